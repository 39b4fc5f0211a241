//! Import of entries of the directory: one entry per line, published directly if the line says what
//! it is.

use std::collections::BTreeSet;

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, TableCell, slugify};
use crate::domain::asset::{AssetKind, AssetListing, AssetWay, Party, RecordAsset, Website};
use crate::domain::public_words::must_not_look_personal;
use crate::domain::text::{Line as Name, Prose, Slug, place_name};
use crate::domain::{AssetCommand, AssetId, Command, GroupId};

/// Titles of the columns that are read.
pub(super) const TITLES: &[&str] = &[
    "reference",
    "name",
    "kind",
    "offer or wish",
    "area",
    "themes",
    "group",
    "description",
    "when",
    "access",
    "website",
    "welcomes",
];

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let reference: Name = line.parse(&["reference"])?;
    let name: Name = line.parse(&["name"])?;
    let kind = kind_in(line.required_text(&["kind"])?)?;
    let way = line.text(&["offer or wish"])?.map(way_in).transpose()?;
    let way = way.unwrap_or(AssetWay::Offer);
    let area = line.text(&["area"])?.map(slugify).transpose()?;
    let themes = match line.text(&["themes"])? {
        Some(cell) => themes_in(cell)?,
        None => BTreeSet::new(),
    };
    let group = line.text(&["group"])?.map(|cell| group_in(cell, there));
    let group = group.transpose()?;
    let listing = listing(line, (&name, area.as_ref(), &themes))?;
    let key = format!("import/assets/{reference}");
    let id = AssetId(there.derived_id(&key));
    let values = vec![
        ("Reference", reference.to_string()),
        ("Name", name.to_string()),
        ("Kind", <&str>::from(kind).to_owned()),
        ("Offer or wish", <&str>::from(way).to_owned()),
        ("Area", area.as_ref().map_or_else(everywhere, area_name)),
        ("Themes", names_of(&themes)),
        ("Group", group_name(group, there)),
    ];
    let record = AssetCommand::Record(RecordAsset {
        way,
        kind,
        holder: group.map(Party::Group),
        name: Some(name.clone()),
        words: None,
        area,
        themes,
    });
    let mut planned = vec![PlannedCommand {
        line: line.number,
        description: format!("{name} will be recorded"),
        values,
        key: key.clone(),
        command: Command::Asset(id, record),
        needs_new_group: false,
    }];
    if let Some(listing) = listing {
        planned.push(PlannedCommand {
            line: line.number,
            description: format!("{name} will be published"),
            values: vec![("Description", listing.description.to_string())],
            key: format!("{key}/publish"),
            command: Command::Asset(id, AssetCommand::Publish(listing)),
            // The entry is recorded by the same line, so there is nothing to try it on yet.
            needs_new_group: true,
        });
    }
    Ok(planned)
}

/// What the directory says of the entry; none for a line without a description. Words that look
/// personal are found here, as the command cannot be tried before the entry is recorded.
fn listing(
    line: &ImportLine,
    (name, area, themes): (&Name, Option<&Slug>, &BTreeSet<Slug>),
) -> Result<Option<AssetListing>, RowError> {
    let when: Option<Name> = line.parse_optional(&["when"])?;
    let access: Option<Prose> = line.parse_optional(&["access"])?;
    let website: Option<Website> = line.parse_optional(&["website"])?;
    let welcomes = line.text(&["welcomes"])?.map(yes_or_no).transpose()?;
    let Some(cell) = line.text(&["description"])? else {
        let rest = [when.is_some(), access.is_some(), website.is_some()];
        return if rest.contains(&true) {
            Err(RowError(
                "description is missing: without it the entry is not published".to_owned(),
            ))
        } else {
            Ok(None)
        };
    };
    let description: Prose = line.parse(&["description"])?;
    let texts = [
        Some(name.to_string()),
        Some(description.to_string()),
        when.as_ref().map(ToString::to_string),
        access.as_ref().map(ToString::to_string),
    ];
    let is_personal = |text: &String| must_not_look_personal("words", text).is_err();
    if texts.iter().flatten().any(is_personal) {
        return Err(cell.error(
            "everyone can read these words: leave out email addresses, phone numbers and postcodes",
        ));
    }
    Ok(Some(AssetListing {
        name: name.clone(),
        description,
        area: area.cloned(),
        themes: themes.clone(),
        when,
        access,
        website,
        welcomes: welcomes.unwrap_or(false),
    }))
}

fn kind_in(cell: &TableCell) -> Result<AssetKind, RowError> {
    let says = "choose from: group, organisation, place, thing, skill, interest";
    let kind = cell.text.trim().to_lowercase().parse();
    kind.map_err(|_| cell.error(says))
}

fn way_in(cell: &TableCell) -> Result<AssetWay, RowError> {
    let way = cell.text.trim().to_lowercase().parse();
    way.map_err(|_| cell.error("choose from: offer, wish"))
}

fn yes_or_no(cell: &TableCell) -> Result<bool, RowError> {
    match cell.text.trim().to_lowercase().as_str() {
        "yes" => Ok(true),
        "no" => Ok(false),
        _ => Err(cell.error("write yes or no")),
    }
}

/// The themes of a cell such as `arts; food`.
fn themes_in(cell: &TableCell) -> Result<BTreeSet<Slug>, RowError> {
    let parts = cell.text.split([';', ',']).map(str::trim);
    parts
        .filter(|part| !part.is_empty())
        .map(|part| {
            let key = part.to_lowercase().replace(' ', "-");
            let says = format!("“{part}” is no theme: write the themes as in “arts; food”");
            key.parse().map_err(|_| cell.error(says))
        })
        .collect()
}

fn group_in(cell: &TableCell, there: &ExistingRecords) -> Result<GroupId, RowError> {
    let name = cell.text.trim();
    there
        .find_group(name)?
        .ok_or_else(|| cell.error(format!("there is no group called “{name}”")))
}

fn group_name(group: Option<GroupId>, there: &ExistingRecords) -> String {
    let row = group.and_then(|group| there.groups.iter().find(|row| row.id == group.0));
    row.map_or_else(|| "None".to_owned(), |row| row.name.clone())
}

fn everywhere() -> String {
    "Everywhere".to_owned()
}

fn area_name(area: &Slug) -> String {
    place_name(area.as_str())
}

fn names_of(themes: &BTreeSet<Slug>) -> String {
    let names: Vec<&str> = themes.iter().map(Slug::as_str).collect();
    names.join("; ")
}
