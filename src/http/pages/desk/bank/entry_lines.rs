//! Lines of the form that records statement entries: each is the value of a field, and describes
//! one command.

use serde_json::json;
use uuid::Uuid;

use super::super::DeskRequest;
use crate::bank::{Direction, StatementEntry};
use crate::commands::{Caller, CommandRequest, IdempotencyKey};
use crate::domain::grant::ReturnReason;
use crate::domain::{Command, GrantCommand, GrantId, Money};
use crate::http::pages::PageError;

/// The line of the form that records what the bank did with a payment.
pub(super) fn act_line(grant: Uuid, payment: u16, act: &str, entry: &StatementEntry) -> String {
    format!("{grant}/{payment}/{act}/{}", entry.on)
}

/// The line of the form that keeps an entry for two people, without its number.
pub(super) fn settle_line(
    grant: Uuid,
    payment: u16,
    entry: &StatementEntry,
    way: Direction,
) -> String {
    let way = match way {
        Direction::Out => "went_out",
        Direction::In => "came_in",
    };
    format!(
        "{grant}/{payment}/settle/{}/{way}/{}",
        entry.on, entry.pence
    )
}

/// The line of the form that records an entry as returned money, without its number.
pub(super) fn return_line(grant: Uuid, entry: &StatementEntry, owed: ReturnReason) -> String {
    let owed: &str = owed.into();
    format!("{grant}/0/back/{}/{owed}/{}", entry.on, entry.pence)
}

/// Whether a line of the form still needs a number: lines of returned money, and lines that two
/// people settle.
pub(super) fn needs_number(line: &str) -> bool {
    line.contains("/settle/") || is_return(line)
}

/// Whether a line of the form records returned money.
pub(super) fn is_return(line: &str) -> bool {
    line.contains("/back/")
}

/// Parses the command that a line of the form describes.
pub(super) fn parse_line(line: &str) -> Option<Command> {
    let parts: Vec<&str> = line.split('/').collect();
    let [grant, payment, act, on, more @ ..] = parts.as_slice() else {
        return None;
    };
    let (grant, payment) = (GrantId(grant.parse().ok()?), payment.parse::<u16>().ok()?);
    let reason = format!("The bank's statement of {on} says that it came back.");
    let (name, body) = match (*act, more) {
        ("confirm", []) => (
            "confirm-payment",
            json!({ "payment": payment, "happened_on": on }),
        ),
        ("fail", []) => (
            "fail-payment",
            json!({ "payment": payment, "happened_on": on, "reason": reason }),
        ),
        ("reverse", []) => (
            "reverse-payment",
            json!({ "payment": payment, "happened_on": on, "reason": reason }),
        ),
        ("back", [owed, pence, _]) => {
            let amount = Money::from_pence(pence.parse().ok()?);
            (
                "receive-return",
                json!({ "owed": owed, "amount": amount, "received_on": on }),
            )
        }
        ("settle", [way, pence, _]) => {
            let amount = Money::from_pence(pence.parse().ok()?);
            let note = format!(
                "The bank's statement of {on} names this payment, and the entry fits nothing that \
                    is on record."
            );
            (
                "record-bank-entry",
                json!({
                    "kind": way, "amount": amount, "payment": payment, "happened_on": on,
                    "note": note,
                }),
            )
        }
        _ => return None,
    };
    Some(Command::Grant(grant, GrantCommand::read(name, body)?.ok()?))
}

/// The command that a line of the form describes, with an idempotency key made of the line, so that
/// each line is recorded once, by any of the people in finance.
pub(super) fn line_request(caller: Caller, line: &str, command: Command) -> CommandRequest {
    CommandRequest {
        idempotency_key: Some(IdempotencyKey::shared(format!("bank/{line}"), "bank")),
        ..CommandRequest::new(caller, command)
    }
}

/// Whether a line of the form was recorded before, by anyone.
pub(super) async fn was_recorded(request: &DeskRequest<'_>, line: &str) -> Result<bool, PageError> {
    let Some(command) = parse_line(line) else {
        return Ok(false);
    };
    let asked = line_request(request.signed.caller.clone(), line, command);
    let reply = request.app.commands.previous_reply(asked).await?;
    Ok(reply.is_some())
}

/// Whether an entry without a direction was recorded before, in either direction.
pub(super) async fn any_recorded(
    request: &DeskRequest<'_>,
    ways: &[(String, String)],
) -> Result<bool, PageError> {
    for (_, line) in ways {
        if was_recorded(request, line).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a person answered before what an entry without a direction did to a payment.
pub(super) async fn was_answered(
    request: &DeskRequest<'_>,
    grant: Uuid,
    payment: u16,
    entry: &StatementEntry,
) -> Result<bool, PageError> {
    for act in ["confirm", "fail", "reverse"] {
        if was_recorded(request, &act_line(grant, payment, act, entry)).await? {
            return Ok(true);
        }
    }
    Ok(false)
}
