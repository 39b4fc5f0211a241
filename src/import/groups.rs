//! Import of groups: one group per line.

use super::table::{Line, Wrong};
use super::{Step, There, key};
use crate::domain::group::{RecordIdentifier, RegisterGroup, Standing};
use crate::domain::text::{Identifier, Line as Reference, Name, Slug};
use crate::domain::{Command, GroupCommand, GroupId};

pub(super) fn steps(line: &Line, there: &mut There) -> Result<Vec<Step>, Wrong> {
    let reference: Reference = line.parsed(&["reference", "id"])?;
    let name: Name = line.parsed(&["name", "group"])?;
    let standing = match line.find(&["standing"]) {
        None | Some("existing") => Standing::Existing,
        Some("new") => Standing::New,
        Some(other) => {
            return Err(Wrong(format!(
                "standing “{other}” is neither existing nor new"
            )));
        }
    };
    let number = number(line)?;
    Ok(registering(
        line.number,
        reference.as_str(),
        name,
        key(line.must(&["area"])?)?,
        standing,
        number,
        there,
    )
    .1)
}

/// The group's charity or company number, as an org-id. Each register has its own column, so that a
/// number is never assigned to the wrong register.
fn number(line: &Line) -> Result<Option<Identifier>, Wrong> {
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
        Wrong(format!(
            "“{written}” is no charity or company number, such as GB-CHC-1234567"
        ))
    })
}

/// Plans the registration of a group under a reference. Returns the group's id, which is derived
/// from the reference, and the commands.
pub(super) fn registering(
    line: usize,
    reference: &str,
    name: Name,
    area: Slug,
    standing: Standing,
    number: Option<Identifier>,
    there: &mut There,
) -> (GroupId, Vec<Step>) {
    let own = format!("import/group/{reference}");
    let group = GroupId(there.id_of(&own));
    there.new.insert(reference.to_owned(), group);
    let says = format!("the group “{name}” is registered");
    let register = GroupCommand::Register(RegisterGroup {
        name,
        area,
        standing,
        member: None,
    });
    let mut steps = vec![Step {
        line,
        says,
        key: own.clone(),
        command: Command::Group(group, register),
        rests_on_new: false,
    }];
    if let Some(identifier) = number {
        let says = format!("its number {identifier} is recorded");
        let record = Command::Group(
            group,
            GroupCommand::RecordIdentifier(RecordIdentifier { identifier }),
        );
        steps.push(Step {
            line,
            says,
            key: format!("{own}/number"),
            command: record,
            rests_on_new: true,
        });
    }
    (group, steps)
}
