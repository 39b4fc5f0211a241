//! Import of past grants: one grant per line, with our titles or those of 360Giving.

use super::groups::registering;
use super::table::{Line, Wrong};
use super::{Step, There, key};
use crate::domain::group::{PastGrant, Standing};
use crate::domain::text::{Identifier, Line as Title, Name};
use crate::domain::{Command, GroupCommand, GroupId};

pub(super) fn steps(line: &Line, there: &mut There) -> Result<Vec<Step>, Wrong> {
    let title: Title = line.parsed(&["title"])?;
    let past = PastGrant {
        reference: line.parsed(&["reference", "identifier"])?,
        description: match line.find(&["description"]) {
            Some(_) => line.parsed(&["description"])?,
            None => title
                .as_str()
                .parse()
                .map_err(|_| Wrong("title".to_owned()))?,
        },
        title,
        amount: line.money(&["amount", "amount awarded"])?,
        awarded_on: line.day(&["awarded_on", "award date"])?,
        funder: line.parsed(&["funder", "funding org:name", "funding org:0:name"])?,
        funder_id: optional(
            line,
            &[
                "funder_id",
                "funding org:identifier",
                "funding org:0:identifier",
            ],
        )?,
        recipient_id: optional(
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
        return Err(Wrong(format!(
            "the currency is {currency}: only pounds are recorded"
        )));
    }
    let (group, mut steps) = recipient(line, &past, there)?;
    let of = there
        .groups
        .iter()
        .find(|known| known.id == group.0)
        .map_or_else(|| "the new group".to_owned(), |known| known.name.clone());
    let says = format!(
        "“{}” of {} from {} stands in the history of {of}",
        past.title, past.amount, past.funder
    );
    let own = format!("import/past/{}", past.reference);
    let rests_on_new = !steps.is_empty() || !there.groups.iter().any(|known| known.id == group.0);
    let command = Command::Group(group, GroupCommand::RecordPastGrant(past));
    steps.push(Step {
        line: line.number,
        says,
        key: own,
        command,
        rests_on_new,
    });
    Ok(steps)
}

fn optional(line: &Line, titles: &[&str]) -> Result<Option<Title>, Wrong> {
    line.find(titles).map(|_| line.parsed(titles)).transpose()
}

/// Finds the group that received the grant: the group that already recorded it, or a group with its
/// identifier or name. Otherwise plans the registration of a new group.
fn recipient(
    line: &Line,
    past: &PastGrant,
    there: &mut There,
) -> Result<(GroupId, Vec<Step>), Wrong> {
    if let Some(known) = there.past_grants.get(past.reference.as_str()) {
        return Ok((*known, Vec::new()));
    }
    let name = line
        .must(&["group", "recipient org:name", "recipient org:0:name"])?
        .to_owned();
    let id = past.recipient_id.as_ref().map(|id| id.as_str().to_owned());
    let reference = id.clone().unwrap_or_else(|| name.clone());
    if let Some(known) = there.new.get(&reference) {
        return Ok((*known, Vec::new()));
    }
    // An earlier import of the same reference created a group with this derived id.
    if let Some(own) = there.heir(there.id_of(&format!("import/group/{reference}"))) {
        return Ok((own, Vec::new()));
    }
    let by_number = id
        .as_deref()
        .map(|id| there.group(id))
        .transpose()?
        .flatten();
    if let Some(found) = by_number.map_or_else(|| there.group(&name), |found| Ok(Some(found)))? {
        same_number(id.as_deref(), found, there)?;
        return Ok((found, Vec::new()));
    }
    let place = line.find(&[
        "area",
        "beneficiary location:name",
        "beneficiary location:0:name",
    ]);
    let area = place.map_or_else(|| key("elsewhere"), key)?;
    let called: Name = name
        .parse()
        .map_err(|error| Wrong(format!("group “{name}”: {error}")))?;
    let number = id.and_then(|id| id.parse::<Identifier>().ok());
    let (group, steps) = registering(
        line.number,
        &reference,
        called,
        area,
        Standing::Existing,
        number,
        there,
    );
    // A later line may name the group without its identifier.
    there.new.insert(name, group);
    Ok((group, steps))
}

/// Rejects a group that was found by name but has a different number in the same register: it is
/// another organisation.
fn same_number(id: Option<&str>, found: GroupId, there: &There) -> Result<(), Wrong> {
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
        Some(other) => Err(Wrong(format!(
            "the group of this name has the number {other}, and not {id}"
        ))),
        None => Ok(()),
    }
}
