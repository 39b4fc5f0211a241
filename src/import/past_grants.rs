//! Import of past grants: one grant per line, with our titles or those of 360Giving.

use super::groups::{NewGroup, plan_registration};
use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::days::EARLIEST_DAY;
use crate::domain::group::{GroupMaturity, PastGrant};
use crate::domain::language::day_text;
use crate::domain::text::{Identifier, Line as Title, Name, Prose, name_key};
use crate::domain::{Command, GroupCommand, GroupId};

/// Titles of the columns that are read: ours, and those of 360Giving.
pub(super) const TITLES: &[&str] = &[
    "reference",
    "identifier",
    "group",
    "recipient org:name",
    "recipient org:0:name",
    "title",
    "description",
    "amount",
    "amount awarded",
    "currency",
    "awarded on",
    "award date",
    "funder",
    "funding org:name",
    "funding org:0:name",
    "funder id",
    "funding org:identifier",
    "funding org:0:identifier",
    "recipient id",
    "recipient org:identifier",
    "recipient org:0:identifier",
    "area",
    "beneficiary location:name",
    "beneficiary location:0:name",
];
/// Titles of the column of days.
pub(super) const DAYS: &[&str] = &["awarded on", "award date"];
const GROUP: &[&str] = &["group", "recipient org:name", "recipient org:0:name"];
const AREA: &[&str] = &[
    "area",
    "beneficiary location:name",
    "beneficiary location:0:name",
];
const RECIPIENT_ID: &[&str] = &[
    "recipient id",
    "recipient org:identifier",
    "recipient org:0:identifier",
];
const FUNDER_ID: &[&str] = &[
    "funder id",
    "funding org:identifier",
    "funding org:0:identifier",
];

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &mut ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    require_pounds(line)?;
    let past = past_grant(line, there)?;
    let (group, mut steps) = find_or_plan_recipient(line, &past, there)?;
    let of = there
        .groups
        .iter()
        .find(|known| known.id == group.0)
        .map_or_else(|| "the new group".to_owned(), |known| known.name.clone());
    let says = format!(
        "“{}” of {} from {} will be added to the earlier grants of {of}",
        past.title, past.amount, past.funder
    );
    let own = format!("import/past/{}", past.reference);
    let rests_on_new = !steps.is_empty() || !there.groups.iter().any(|known| known.id == group.0);
    steps.push(PlannedCommand {
        line: line.number,
        description: says,
        values: values_of(&past, of),
        key: own,
        command: Command::Group(group, GroupCommand::RecordPastGrant(past)),
        needs_new_group: rests_on_new,
    });
    Ok(steps)
}

fn past_grant(line: &ImportLine, there: &ExistingRecords) -> Result<PastGrant, RowError> {
    let title: Title = line.parse(&["title"])?;
    let description: Prose = match line.parse_optional(&["description"])? {
        Some(description) => description,
        None => title
            .as_str()
            .parse()
            .map_err(|_| RowError("use a shorter title".to_owned()))?,
    };
    Ok(PastGrant {
        reference: line.parse(&["reference", "identifier"])?,
        description,
        title,
        amount: line.money(&["amount", "amount awarded"])?,
        awarded_on: line.day(DAYS, EARLIEST_DAY, there.today)?,
        funder: line.parse(&["funder", "funding org:name", "funding org:0:name"])?,
        funder_id: org_id(line, FUNDER_ID)?,
        recipient_id: recipient_id(line)?,
    })
}

fn require_pounds(line: &ImportLine) -> Result<(), RowError> {
    match line.text(&["currency"])? {
        Some(currency) if !currency.text.eq_ignore_ascii_case("GBP") => Err(currency.error(
            "only pounds can be imported: change the amount to pounds, and the currency to GBP",
        )),
        _ => Ok(()),
    }
}

fn values_of(past: &PastGrant, group: String) -> Vec<(&'static str, String)> {
    let optional = |id: &Option<Title>| id.as_ref().map(ToString::to_string);
    let mut values = vec![
        ("Reference", past.reference.to_string()),
        ("Group", group),
        ("Title", past.title.to_string()),
        ("Amount", past.amount.to_string()),
        ("Awarded on", day_text(past.awarded_on)),
        ("Funder", past.funder.to_string()),
        ("Description", past.description.to_string()),
    ];
    values.extend(optional(&past.recipient_id).map(|id| ("Group’s number", id)));
    values.extend(optional(&past.funder_id).map(|id| ("Funder’s number", id)));
    values
}

/// An org-id. A number of a register that we know is kept as the register writes it.
fn org_id(line: &ImportLine, titles: &[&str]) -> Result<Option<Title>, RowError> {
    let Some(cell) = line.text(titles)? else {
        return Ok(None);
    };
    if !Identifier::names_register(&cell.text) {
        return line.parse(titles).map(Some);
    }
    let number: Identifier = cell.text.parse().map_err(|error| cell.error(error))?;
    let kept: Title = number.as_str().parse().map_err(|error| cell.error(error))?;
    Ok(Some(kept))
}

/// The recipient's org-id. A number without a register is an error: no group is found by it, and
/// none gets it.
fn recipient_id(line: &ImportLine) -> Result<Option<Title>, RowError> {
    let id = org_id(line, RECIPIENT_ID)?;
    if let Some(cell) = line.text(RECIPIENT_ID)?
        && cell.text.split('-').filter(|part| !part.is_empty()).count() < 2
    {
        return Err(cell.error(
            "write the register before the number, such as GB-CHC-1234567 for a charity, or clear \
                the cell",
        ));
    }
    Ok(id)
}

/// Finds the group that received the grant: the group that already recorded it, or a group with its
/// identifier or name. Otherwise plans the registration of a new group.
fn find_or_plan_recipient(
    line: &ImportLine,
    past: &PastGrant,
    there: &mut ExistingRecords,
) -> Result<(GroupId, Vec<PlannedCommand>), RowError> {
    if let Some(known) = there.past_grants.get(past.reference.as_str()) {
        return Ok((*known, Vec::new()));
    }
    let named = line.required_text(GROUP)?;
    let name: Name = named.text.parse().map_err(|error| named.error(error))?;
    let by_name = name_key(name.as_str());
    let id = past.recipient_id.as_ref().map(|id| id.as_str().to_owned());
    let reference = id.clone().unwrap_or_else(|| name.as_str().to_owned());
    let by_name_alone = id.is_none().then_some(&by_name);
    let planned = [Some(&reference), by_name_alone]
        .into_iter()
        .flatten()
        .find_map(|key| there.planned_groups.get(key));
    if let Some(known) = planned {
        return Ok((*known, Vec::new()));
    }
    // An earlier import of the same reference created a group with this derived id.
    if let Some(own) = there.surviving_group(there.derived_id(&format!("import/group/{reference}")))
    {
        return Ok((own, Vec::new()));
    }
    let by_number = id
        .as_deref()
        .map(|id| there.find_group(id))
        .transpose()?
        .flatten();
    if let Some(found) =
        by_number.map_or_else(|| there.find_group(name.as_str()), |found| Ok(Some(found)))?
    {
        require_same_number(id.as_deref(), found, there)?;
        return Ok((found, Vec::new()));
    }
    let area = match line.text(AREA)? {
        Some(cell) => slugify(cell)?,
        None => "elsewhere"
            .parse()
            .map_err(|_| RowError("area is missing".to_owned()))?,
    };
    let number = id.and_then(|id| id.parse::<Identifier>().ok());
    let new = NewGroup {
        line: line.number,
        reference,
        name,
        area,
        standing: GroupMaturity::Existing,
        identifiers: number.into_iter().collect(),
    };
    let (group, steps) = plan_registration(new, there);
    // A later line may name the group without its identifier.
    there.planned_groups.insert(by_name, group);
    Ok((group, steps))
}

/// Rejects a group that was found by name but has a different number in the same register: it is
/// another organisation.
fn require_same_number(
    id: Option<&str>,
    found: GroupId,
    there: &ExistingRecords,
) -> Result<(), RowError> {
    let list = |number: &str| number.get(..7).map(str::to_owned);
    let Some(id) = id.filter(|id| id.starts_with("GB-")) else {
        return Ok(());
    };
    let group = there.groups.iter().find(|group| group.id == found.0);
    let other = group.and_then(|group| {
        group
            .identifiers
            .iter()
            .find(|own| list(own.as_str()) == list(id) && own.as_str() != id)
    });
    match other {
        Some(other) => Err(RowError(format!(
            "the group with this name has the number {other}, not {id}"
        ))),
        None => Ok(()),
    }
}
