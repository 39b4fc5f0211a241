//! Import of groups: one group per line.

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::group::{GroupMaturity, RecordIdentifier, RegisterGroup};
use crate::domain::text::{
    Identifier, Line as Reference, Name, Slug, TextError, name_key, place_name,
};
use crate::domain::{Command, GroupCommand, GroupId};

/// Titles of the columns that are read.
pub(super) const TITLES: &[&str] = &[
    "reference",
    "id",
    "name",
    "group",
    "area",
    "standing",
    "charity number",
    "company number",
    "society number",
    "number",
];

/// A column of numbers: its title, how a number is read, and how one looks.
type NumberColumn = (
    &'static str,
    fn(&str) -> Result<Identifier, TextError>,
    &'static str,
);

/// The columns of numbers. Each register has its own, so that a number is never assigned to the
/// wrong one.
const NUMBER_COLUMNS: [NumberColumn; 4] = [
    (
        "charity number",
        Identifier::of_charity,
        "a charity number, such as 1234567 (England and Wales), SC012345 (Scotland) or NIC100012 \
            (Northern Ireland)",
    ),
    (
        "company number",
        Identifier::of_company,
        "a company number, such as 01234567 or SC123456",
    ),
    (
        "society number",
        Identifier::of_society,
        "the number of a society, such as 12345R",
    ),
    (
        "number",
        org_id,
        "a number with its register, such as GB-CHC-1234567, GB-SC-SC012345 or GB-COH-01234567",
    ),
];

fn org_id(text: &str) -> Result<Identifier, TextError> {
    text.parse()
}

/// A group that a row registers.
pub(super) struct NewGroup {
    pub line: usize,
    /// The key of the row, from which the group's id is derived.
    pub reference: String,
    pub name: Name,
    pub area: Slug,
    pub standing: GroupMaturity,
    pub identifiers: Vec<Identifier>,
}

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &mut ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let reference: Reference = line.parse(&["reference", "id"])?;
    let name: Name = line.parse(&["name", "group"])?;
    let standing = match line.text(&["standing"])? {
        None => GroupMaturity::Existing,
        Some(cell) => match cell.text.to_lowercase().as_str() {
            "existing" => GroupMaturity::Existing,
            "new" => GroupMaturity::New,
            _ => return Err(cell.error("write “existing” or “new”")),
        },
    };
    let area = slugify(line.required_text(&["area"])?)?;
    let identifiers = group_identifiers(line)?;
    let group = NewGroup {
        line: line.number,
        reference: reference.as_str().to_owned(),
        name,
        area,
        standing,
        identifiers,
    };
    require_one_row(&group, there)?;
    Ok(plan_registration(group, there).1)
}

/// The group's numbers, at most one of each register.
fn group_identifiers(line: &ImportLine) -> Result<Vec<Identifier>, RowError> {
    let mut identifiers: Vec<Identifier> = Vec::new();
    for (title, read, example) in NUMBER_COLUMNS {
        let Some(cell) = line.text(&[title])? else {
            continue;
        };
        let number = read(&cell.text).map_err(|_| cell.error(format!("this is not {example}")))?;
        let same_register = identifiers
            .iter()
            .find(|other| other.register_prefix() == number.register_prefix());
        match same_register {
            None => identifiers.push(number),
            Some(other) if *other == number => {}
            Some(other) => {
                return Err(cell.error(format!("another column has the number {other}")));
            }
        }
    }
    Ok(identifiers)
}

/// Refuses a second row of the same table for a group with the same name in the same area, unless
/// their numbers differ.
fn require_one_row(group: &NewGroup, there: &mut ExistingRecords) -> Result<(), RowError> {
    let rows = there
        .named_rows
        .entry((name_key(group.name.as_str()), group.area.clone()))
        .or_default();
    let is_other = |numbers: &[Identifier]| {
        !numbers.is_empty()
            && !group.identifiers.is_empty()
            && !numbers
                .iter()
                .any(|number| group.identifiers.contains(number))
    };
    if let Some((line, _)) = rows.iter().find(|(_, numbers)| !is_other(numbers)) {
        return Err(RowError(format!(
            "line {line} has the same group “{}” in the same area: keep one of the two rows",
            group.name
        )));
    }
    rows.push((group.line, group.identifiers.clone()));
    Ok(())
}

/// Plans the registration of a group under a reference. Returns the group's id, which is derived
/// from the reference, and the commands.
pub(super) fn plan_registration(
    new: NewGroup,
    there: &mut ExistingRecords,
) -> (GroupId, Vec<PlannedCommand>) {
    let own = format!("import/group/{}", new.reference);
    let group = GroupId(there.derived_id(&own));
    let standing = match new.standing {
        GroupMaturity::Existing => "existing",
        GroupMaturity::New => "new",
    };
    let values = vec![
        ("Reference", new.reference.clone()),
        ("Name", new.name.to_string()),
        ("Area", place_name(new.area.as_str())),
        ("Standing", standing.to_owned()),
    ];
    let wanted = name_key(new.name.as_str());
    let already = there
        .existing_groups()
        .any(|(known, name)| known.id != group.0 && *name == wanted);
    let says = if already {
        format!(
            "the group “{}” will be added, although there is a group with this name already",
            new.name
        )
    } else {
        format!("the group “{}” will be added", new.name)
    };
    there.planned_groups.insert(new.reference, group);
    let register = GroupCommand::Register(RegisterGroup {
        name: new.name,
        area: new.area,
        standing: new.standing,
        member: None,
    });
    let mut steps = vec![PlannedCommand {
        line: new.line,
        description: says,
        values,
        key: own.clone(),
        command: Command::Group(group, register),
        needs_new_group: false,
    }];
    for (at, identifier) in new.identifiers.into_iter().enumerate() {
        // The first key is that of earlier versions, which recorded one number.
        let key = if at == 0 {
            format!("{own}/number")
        } else {
            format!("{own}/number/{identifier}")
        };
        steps.push(PlannedCommand {
            line: new.line,
            description: describe_number(&identifier, group, new.line, there),
            values: vec![("Number", identifier.to_string())],
            key,
            command: Command::Group(
                group,
                GroupCommand::RecordIdentifier(RecordIdentifier { identifier }),
            ),
            needs_new_group: true,
        });
    }
    (group, steps)
}

/// Says that a number will be added, and who has it already: a group, or another row of the table.
fn describe_number(
    number: &Identifier,
    group: GroupId,
    line: usize,
    there: &mut ExistingRecords,
) -> String {
    let (holder, called) = there
        .number_holders
        .entry(number.clone())
        .or_insert_with(|| (group.0, format!("line {line}")));
    if *holder == group.0 {
        format!("its number {number} will be added")
    } else {
        format!("its number {number} will be added, although {called} has it already")
    }
}
