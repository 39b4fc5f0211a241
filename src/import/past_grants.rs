//! Import of past grants: one grant per line, with our titles or those of 360Giving.

use super::groups::plan_registration;
use super::line::{ImportLine, RowError};
use super::{ExistingRecords, PlannedCommand, slugify};
use crate::domain::group::{GroupMaturity, PastGrant};
use crate::domain::text::{Identifier, Line as Title, Name};
use crate::domain::{Command, GroupCommand, GroupId};

pub(super) fn plan_commands(
    line: &ImportLine,
    there: &mut ExistingRecords,
) -> Result<Vec<PlannedCommand>, RowError> {
    let title: Title = line.parse(&["title"])?;
    let past = PastGrant {
        reference: line.parse(&["reference", "identifier"])?,
        description: match line.find(&["description"]) {
            Some(_) => line.parse(&["description"])?,
            None => title
                .as_str()
                .parse()
                .map_err(|_| RowError("use a shorter title".to_owned()))?,
        },
        title,
        amount: line.money(&["amount", "amount awarded"])?,
        awarded_on: line.day(&["awarded_on", "award date"])?,
        funder: line.parse(&["funder", "funding org:name", "funding org:0:name"])?,
        funder_id: parse_optional(
            line,
            &[
                "funder_id",
                "funding org:identifier",
                "funding org:0:identifier",
            ],
        )?,
        recipient_id: parse_optional(
            line,
            &[
                "recipient_id",
                "recipient org:identifier",
                "recipient org:0:identifier",
            ],
        )?,
    };
    if let Some(currency) = line
        .find(&["currency"])
        .filter(|currency| *currency != "GBP")
    {
        return Err(RowError(format!(
            "the currency is {currency}: only pounds can be imported"
        )));
    }
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
    let command = Command::Group(group, GroupCommand::RecordPastGrant(past));
    steps.push(PlannedCommand {
        line: line.number,
        description: says,
        key: own,
        command,
        needs_new_group: rests_on_new,
    });
    Ok(steps)
}

fn parse_optional(line: &ImportLine, titles: &[&str]) -> Result<Option<Title>, RowError> {
    line.find(titles).map(|_| line.parse(titles)).transpose()
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
    let name = line
        .required(&["group", "recipient org:name", "recipient org:0:name"])?
        .to_owned();
    let id = past.recipient_id.as_ref().map(|id| id.as_str().to_owned());
    let reference = id.clone().unwrap_or_else(|| name.clone());
    if let Some(known) = there.planned_groups.get(&reference) {
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
        by_number.map_or_else(|| there.find_group(&name), |found| Ok(Some(found)))?
    {
        require_same_number(id.as_deref(), found, there)?;
        return Ok((found, Vec::new()));
    }
    let place = line.find(&[
        "area",
        "beneficiary location:name",
        "beneficiary location:0:name",
    ]);
    let area = place.map_or_else(|| slugify("elsewhere"), slugify)?;
    let called: Name = name
        .parse()
        .map_err(|error| RowError(format!("group “{name}”: {error}")))?;
    let number = id.and_then(|id| id.parse::<Identifier>().ok());
    let (group, steps) = plan_registration(
        line.number,
        &reference,
        called,
        area,
        GroupMaturity::Existing,
        number,
        there,
    );
    // A later line may name the group without its identifier.
    there.planned_groups.insert(name, group);
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
