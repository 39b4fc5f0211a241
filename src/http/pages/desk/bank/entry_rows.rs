//! The entries of a bank statement as rows: each with the payment or return that it seems to be
//! about, and with the command that records it if a person ticks it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde_json::json;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::list::{have_pence, pounds_in};
use crate::bank::{self, ExpectedPayment, MatchOutcome, MatchedEntry, StatementEntry};
use crate::commands::{Caller, CommandError, CommandRequest, IdempotencyKey};
use crate::domain::grant::ReturnReason;
use crate::domain::reference::Reference;
use crate::domain::{Command, GrantCommand, GrantId, Money};
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, capitalised};
use crate::projections::{ApplicationRow, GrantRow, PaymentRow};
use crate::views::Filter;

/// Records per lookup.
const LOOKUP_CHUNK: usize = 500;
/// The number of letters of a group's name that an entry must contain. Banks cut names short.
const NAME_LETTERS: usize = 12;
/// What the page says of an entry that was recorded before.
const RECORDED_BEFORE: &str = "We have this already.";

/// An entry of the statement.
pub(super) struct StatementRow {
    pub(super) day: String,
    pub(super) description: String,
    pub(super) sum: String,
    pub(super) kind: MatchKind,
    pub(super) tag: Tag,
    pub(super) grant: Option<Uuid>,
    pub(super) group: String,
    pub(super) title: String,
    pub(super) says: String,
    /// The field and value that record the entry, and whether it is ticked. [`parse_line`] parses
    /// the value.
    pub(super) tick: Option<(&'static str, String, bool)>,
}

/// What an entry seems to be.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum MatchKind {
    Matched,
    ToLookAt,
    /// Money that a group has to give back.
    MoneyBack,
    NotOurs,
    Recorded,
}

impl MatchKind {
    fn tag(self) -> Tag {
        match self {
            Self::Matched => Tag::new(TagKind::Good, "Matched"),
            Self::ToLookAt => Tag::new(TagKind::Todo, "To look at"),
            Self::MoneyBack => Tag::new(TagKind::Todo, "Money back"),
            Self::NotOurs => Tag::new(TagKind::Quiet, "Not a payment"),
            Self::Recorded => Tag::new(TagKind::Quiet, "Recorded"),
        }
    }
}

/// A grant that a statement may be about.
struct KnownGrant {
    title: String,
    group: String,
}

/// Money that a group has to give back.
struct DueReturn {
    grant: Uuid,
    reference: String,
    owed: ReturnReason,
    amount: Money,
    due_on: Option<Date>,
}

/// Money that a group has given back.
struct ReturnedMoney {
    grant: Uuid,
    reference: String,
    amount: Money,
}

/// The records that an entry of a statement may refer to.
struct KnownMoney {
    payments: Vec<ExpectedPayment>,
    grants: BTreeMap<Uuid, KnownGrant>,
    due: Vec<DueReturn>,
    returned: Vec<ReturnedMoney>,
}

/// The entries as the page shows them, each with what it seems to be about.
pub(super) async fn statement_rows(
    request: &DeskRequest<'_>,
    entries: Vec<StatementEntry>,
) -> Result<Vec<StatementRow>, PageError> {
    let KnownMoney {
        payments,
        grants,
        mut due,
        returned,
    } = known_money(request).await?;
    let sums = entries.iter().map(sum_of);
    let with_pence = have_pence(sums);
    let found = bank::reconcile(entries, payments);
    let wanted: BTreeSet<Uuid> = found
        .iter()
        .filter_map(|one| Some(one.payment?.0))
        .chain(due.iter().map(|due| due.grant))
        .chain(returned.iter().map(|money| money.grant))
        .collect();
    let groups = wanted.iter().filter_map(|id| grants.get(id));
    let names = request
        .group_names(groups.map(|grant| grant.group.clone()))
        .await?;
    let known = |id: Uuid| -> (String, String) {
        let Some(grant) = grants.get(&id) else {
            return (String::new(), String::new());
        };
        let name = names.get(&grant.group).cloned().unwrap_or_default();
        (name, grant.title.clone())
    };
    let mut rows = Vec::new();
    let mut alike: BTreeMap<String, u32> = BTreeMap::new();
    for one in found {
        let group_of = |grant: Uuid| known(grant).0;
        let mut row = if one.outcome != MatchOutcome::NoPayment {
            entry_row(request, one, known, with_pence).await?
        } else if let Some((grant, line)) =
            recorded_return(request, &one.entry, &returned, &alike, group_of).await?
        {
            let (group, title) = known(grant);
            StatementRow {
                grant: Some(grant),
                group,
                title,
                tick: Some(("back", line, false)),
                ..row_of(&one.entry, MatchKind::Recorded, with_pence)
            }
        } else {
            let back = take_return(&one.entry, &mut due, group_of);
            other_row(&one.entry, back, known, request.today(), with_pence)
        };
        // Two entries of the same day may be equal. A number makes their idempotency keys differ.
        if let Some(("settle" | "back", line, _)) = &mut row.tick {
            let count = alike.entry(line.clone()).or_default();
            *count += 1;
            *line = format!("{line}/{count}");
        }
        let is_recorded = match &row.tick {
            Some(("settle" | "back", line, _)) => was_recorded(request, line).await?,
            _ => false,
        };
        rows.push(if is_recorded {
            recorded_before(row)
        } else {
            row
        });
    }
    Ok(rows)
}

/// All payments, as a statement may name them, with their grants, and the money that is due back.
async fn known_money(request: &DeskRequest<'_>) -> Result<KnownMoney, PageError> {
    let payments = request.list_all::<PaymentRow>(Vec::new()).await?;
    let ids: BTreeSet<String> = payments.iter().map(|row| row.grant.to_string()).collect();
    let (mut references, mut grants) = (BTreeMap::new(), BTreeMap::new());
    let (mut due, mut returned) = (Vec::new(), Vec::new());
    for some in ids.into_iter().collect::<Vec<_>>().chunks(LOOKUP_CHUNK) {
        let of_these = || vec![Filter::any_of("id", some)];
        let applications = request.list_all::<ApplicationRow>(of_these()).await?;
        references.extend(applications.into_iter().map(|row| (row.id, row.reference)));
        for row in request.list_all::<GrantRow>(of_these()).await? {
            let reference = references.get(&row.id).cloned().unwrap_or_default();
            if !row.returned.is_zero() {
                returned.push(ReturnedMoney {
                    grant: row.id,
                    reference: reference.clone(),
                    amount: row.returned,
                });
            }
            let owed = [
                (ReturnReason::Underspend, row.underspend_due),
                (ReturnReason::Clawback, row.clawback_due),
            ];
            let owed = owed.into_iter().filter(|(_, amount)| !amount.is_zero());
            due.extend(owed.map(|(owed, amount)| DueReturn {
                grant: row.id,
                reference: reference.clone(),
                owed,
                amount,
                due_on: row.return_due_on,
            }));
            let group = row.group.to_string();
            let title = row.title;
            grants.insert(row.id, KnownGrant { title, group });
        }
    }
    let expected = payments.into_iter().filter_map(|row| {
        let heard = Reference::parse(references.get(&row.grant)?)?;
        let reference = bank::payment_reference(&heard, row.payment);
        Some(ExpectedPayment {
            grant: row.grant,
            payment: row.payment,
            amount: row.amount,
            state: row.state,
            paid_on: row.paid_on,
            reference,
        })
    });
    Ok(KnownMoney {
        payments: expected.collect(),
        grants,
        due,
        returned,
    })
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
async fn was_recorded(request: &DeskRequest<'_>, line: &str) -> Result<bool, PageError> {
    let Some(command) = parse_line(line) else {
        return Ok(false);
    };
    let asked = line_request(request.signed.caller.clone(), line, command);
    let reply = request.app.commands.previous_reply(asked).await?;
    Ok(reply.is_some())
}

/// The row of an entry that was recorded before: it cannot be ticked.
fn recorded_before(row: StatementRow) -> StatementRow {
    StatementRow {
        kind: MatchKind::Recorded,
        tag: MatchKind::Recorded.tag(),
        says: RECORDED_BEFORE.to_owned(),
        tick: None,
        ..row
    }
}

/// The grant for which an entry was recorded as returned money, and its line of the form. Such
/// money is no longer due. `alike` has how many equal lines the statement had so far.
async fn recorded_return(
    request: &DeskRequest<'_>,
    entry: &StatementEntry,
    returned: &[ReturnedMoney],
    alike: &BTreeMap<String, u32>,
    group_of: impl Fn(Uuid) -> String,
) -> Result<Option<(Uuid, String)>, PageError> {
    if entry.pence <= 0 {
        return Ok(None);
    }
    let fits = |money: &&ReturnedMoney| {
        money.amount.pence() == entry.pence
            || names_grant(entry, &money.reference, &group_of(money.grant))
    };
    for money in returned.iter().filter(fits) {
        for owed in [ReturnReason::Underspend, ReturnReason::Clawback] {
            let line = return_line(money.grant, entry, owed);
            let number = alike.get(&line).map_or(1, |count| count + 1);
            if was_recorded(request, &format!("{line}/{number}")).await? {
                return Ok(Some((money.grant, line)));
            }
        }
    }
    Ok(None)
}

/// The line of the form that records an entry as returned money, without its number.
fn return_line(grant: Uuid, entry: &StatementEntry, owed: ReturnReason) -> String {
    let owed: &str = owed.into();
    format!("{grant}/0/back/{}/{owed}/{}", entry.on, entry.pence)
}

/// Whether an entry has the number of a grant, or the name of its group.
fn names_grant(entry: &StatementEntry, reference: &str, group: &str) -> bool {
    let said = plain(&entry.description);
    let group: String = plain(group).chars().take(NAME_LETTERS).collect();
    let has_number = !reference.is_empty() && said.contains(&plain(reference));
    has_number || (!group.is_empty() && said.contains(&group))
}

/// The money due back that an entry pays, and whether the entry names the grant or its group. An
/// entry that has only the amount counts if nobody else owes as much. Money that is found is
/// removed from the list, because it can come back only once.
fn take_return(
    entry: &StatementEntry,
    due: &mut Vec<DueReturn>,
    group_of: impl Fn(Uuid) -> String,
) -> Option<(DueReturn, bool)> {
    if entry.pence <= 0 {
        return None;
    }
    let is_named = |due: &DueReturn| names_grant(entry, &due.reference, &group_of(due.grant));
    let fits: Vec<usize> = (0..due.len())
        .filter(|place| due[*place].amount.pence() == entry.pence)
        .collect();
    if let Some(place) = fits.iter().find(|place| is_named(&due[**place])) {
        return Some((due.swap_remove(*place), true));
    }
    match fits.as_slice() {
        [only] => Some((due.swap_remove(*only), false)),
        _ => None,
    }
}

/// Letters and digits of a text, as capitals.
fn plain(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_uppercase)
        .collect()
}

/// An entry that names none of our payments.
fn other_row(
    entry: &StatementEntry,
    back: Option<(DueReturn, bool)>,
    known: impl Fn(Uuid) -> (String, String),
    today: Date,
    with_pence: bool,
) -> StatementRow {
    let Some((due, is_named)) = back else {
        let says = "It does not match any payment or any money due back.".to_owned();
        let row = row_of(entry, MatchKind::NotOurs, with_pence);
        return StatementRow { says, ..row };
    };
    let (group, title) = known(due.grant);
    let by = due
        .due_on
        .map(|day| format!(" by {}", short_day(day, today)));
    let due_words = format!("{} is due{}", due.amount, by.unwrap_or_default());
    let says = if is_named {
        format!("Money back from {group}: {due_words}.")
    } else {
        format!("It may be money back from {group}: {due_words}. Tick it if it is theirs.")
    };
    let line = return_line(due.grant, entry, due.owed);
    StatementRow {
        grant: Some(due.grant),
        group,
        title,
        says,
        tick: Some(("back", line, is_named)),
        ..row_of(entry, MatchKind::MoneyBack, with_pence)
    }
}

/// The amount of an entry, whether it went out or came in.
fn sum_of(entry: &StatementEntry) -> Money {
    Money::from_pence(entry.pence.unsigned_abs())
}

/// A row with only what the statement contains.
fn row_of(entry: &StatementEntry, kind: MatchKind, with_pence: bool) -> StatementRow {
    let sign = if entry.pence < 0 { "\u{2212}" } else { "+" };
    StatementRow {
        day: entry.on.strftime("%-d %b %Y").to_string(),
        description: entry.description.clone(),
        sum: format!("{sign}{}", pounds_in(sum_of(entry), with_pence)),
        kind,
        tag: kind.tag(),
        grant: None,
        group: String::new(),
        title: String::new(),
        says: String::new(),
        tick: None,
    }
}

/// The kind of an entry about a payment, the action that records it, if any, and its text.
fn suggested_action(outcome: &MatchOutcome) -> (MatchKind, Option<&'static str>, String) {
    let (kind, act, says) = match outcome {
        MatchOutcome::Confirm => (MatchKind::Matched, Some("confirm"), "The bank has paid it."),
        MatchOutcome::Fail => (
            MatchKind::Matched,
            Some("fail"),
            "It came back: the bank did not pay it.",
        ),
        MatchOutcome::Reverse => (
            MatchKind::Matched,
            Some("reverse"),
            "It came back after it was paid.",
        ),
        MatchOutcome::AlreadyRecorded => (MatchKind::Recorded, None, RECORDED_BEFORE),
        MatchOutcome::NoPayment => (MatchKind::NotOurs, None, ""),
        MatchOutcome::SeveralPayments => (
            MatchKind::ToLookAt,
            None,
            "It names several payments. Record each on the page of its grant.",
        ),
        MatchOutcome::NeedsReview(says) => {
            return (MatchKind::ToLookAt, None, format!("{}.", capitalised(says)));
        }
    };
    (kind, act, says.to_owned())
}

/// An entry that names a payment.
async fn entry_row(
    request: &DeskRequest<'_>,
    one: MatchedEntry,
    known: impl Fn(Uuid) -> (String, String),
    with_pence: bool,
) -> Result<StatementRow, PageError> {
    let MatchedEntry {
        entry,
        payment,
        outcome,
    } = one;
    let (kind, act, says) = suggested_action(&outcome);
    let (group, title) = payment.map(|(grant, _)| known(grant)).unwrap_or_default();
    let mut row = StatementRow {
        grant: payment.map(|(grant, _)| grant),
        group,
        title,
        says,
        ..row_of(&entry, kind, with_pence)
    };
    let Some((grant, payment)) = payment else {
        return Ok(row);
    };
    if let MatchOutcome::NeedsReview(_) = outcome {
        let way = if entry.pence < 0 {
            "went_out"
        } else {
            "came_in"
        };
        let pence = entry.pence.unsigned_abs();
        let line = format!("{grant}/{payment}/settle/{}/{way}/{pence}", entry.on);
        row.tick = Some(("settle", line, false));
    }
    let Some(act) = act else {
        return Ok(row);
    };
    let line = format!("{grant}/{payment}/{act}/{}", entry.on);
    // A dry run of this entry alone. A refusal that an earlier entry causes shows only when both
    // are recorded.
    let command = parse_line(&line).filter(|_| act == "confirm");
    if let Some(command) = command
        && let Err(CommandError::Refused(refusal)) = request
            .app
            .commands
            .dry_run(&request.signed.caller, command)
            .await
    {
        let says = format!("We cannot record it: {refusal}.");
        return Ok(StatementRow {
            says,
            kind: MatchKind::ToLookAt,
            tag: MatchKind::ToLookAt.tag(),
            ..row
        });
    }
    row.tick = Some(("line", line, true));
    Ok(row)
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
