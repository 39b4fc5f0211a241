//! Import of groups: one group per line.

use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::group::{GroupMaturity, RecordIdentifier, RegisterGroup};
use crate::domain::text::{Identifier, Line as Reference, Name, Slug};
use crate::domain::{Command, GroupCommand, GroupId};

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &mut ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let reference: Reference = line.parse(&["reference", "id"])?;
    let name: Name = line.parse(&["name", "group"])?;
    let standing = match line.find(&["standing"]) {
        None | Some("existing") => GroupMaturity::Existing,
        Some("new") => GroupMaturity::New,
        Some(other) => {
            return Err(RowError(format!(
                "standing “{other}” must be “existing” or “new”"
            )));
        }
    };
    let number = group_identifier(line)?;
    Ok(plan_registration(
        line.number,
        reference.as_str(),
        name,
        slugify(line.required(&["area"])?)?,
        standing,
        number,
        there,
    )
    .1)
}

/// The group's charity or company number, as an org-id. Each register has its own column, so that a
/// number is never assigned to the wrong register.
fn group_identifier(line: &ImportLine) -> Result<Option<Identifier>, RowError> {
    let written = if let Some(charity) = line.find(&["charity_number", "charity number"]) {
        format!("GB-CHC-{charity}")
    } else if let Some(company) = line.find(&["company_number", "company number"]) {
        // Spreadsheets drop leading zeros; a company number has eight characters.
        format!("GB-COH-{company:0>8}")
    } else if let Some(org_id) = line.find(&["number"]) {
        org_id.to_owned()
    } else {
        return Ok(None);
    };
    written.parse().map(Some).map_err(|_| {
        RowError(format!(
            "“{written}” is not a charity or company number, such as GB-CHC-1234567"
        ))
    })
}

/// Plans the registration of a group under a reference. Returns the group's id, which is derived
/// from the reference, and the commands.
pub(super) fn plan_registration(
    line: usize,
    reference: &str,
    name: Name,
    area: Slug,
    standing: GroupMaturity,
    number: Option<Identifier>,
    there: &mut ExistingRecords,
) -> (GroupId, Vec<PlannedCommand>) {
    let own = format!("import/group/{reference}");
    let group = GroupId(there.derived_id(&own));
    there.planned_groups.insert(reference.to_owned(), group);
    let says = format!("the group “{name}” will be added");
    let register = GroupCommand::Register(RegisterGroup {
        name,
        area,
        standing,
        member: None,
    });
    let mut steps = vec![PlannedCommand {
        line,
        description: says,
        key: own.clone(),
        command: Command::Group(group, register),
        needs_new_group: false,
    }];
    if let Some(identifier) = number {
        let says = format!("its number {identifier} will be added");
        let record = Command::Group(
            group,
            GroupCommand::RecordIdentifier(RecordIdentifier { identifier }),
        );
        steps.push(PlannedCommand {
            line,
            description: says,
            key: format!("{own}/number"),
            command: record,
            needs_new_group: true,
        });
    }
    (group, steps)
}
