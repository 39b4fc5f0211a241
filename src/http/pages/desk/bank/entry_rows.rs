//! The entries of a bank statement as rows: each with the payment or return that it seems to be
//! about, and with the command that records it if a person ticks it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::DeskRequest;
use super::super::list::{have_pence, pounds_in};
use super::entry_lines::{
    act_line, any_recorded, needs_number, parse_line, return_line, settle_line, was_answered,
    was_recorded,
};
use super::money_back::{
    DueReturn, PaidGrant, ReturnedMoney, named_grant, recalled_payment, recorded_return,
    take_return,
};
use crate::bank::{self, Direction, ExpectedPayment, MatchOutcome, MatchedEntry, StatementEntry};
use crate::commands::CommandError;
use crate::domain::Money;
use crate::domain::grant::{PaymentState, ReturnReason};
use crate::domain::reference::Reference;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, capitalised};
use crate::projections::{ApplicationRow, GrantRow, PaymentRow};
use crate::views::Filter;

/// Records per lookup.
const LOOKUP_CHUNK: usize = 500;
/// What the page says of an entry that was recorded before.
const RECORDED_BEFORE: &str = "We have this already.";
/// What the page says of an entry without a direction.
const NO_DIRECTION: &str = "The statement does not say if this went out or came in. Look in your \
    online banking, then choose.";
/// What the page says of such an entry that names none of our payments.
const NO_DIRECTION_NO_PAYMENT: &str = "It names none of our payments, and the statement does not \
    say if it went out or came in. If it is money back, record it on the page of its grant.";

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
    /// If the statement does not say the direction: the answers of which a person chooses one, and
    /// the value that records each.
    pub(super) ways: Vec<(String, String)>,
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
    reference: String,
}

/// The records that an entry of a statement may refer to.
struct KnownMoney {
    payments: Vec<ExpectedPayment>,
    grants: BTreeMap<Uuid, KnownGrant>,
    due: Vec<DueReturn>,
    returned: Vec<ReturnedMoney>,
}

/// What the rows of one statement have in common.
struct RowContext<'a> {
    request: &'a DeskRequest<'a>,
    grants: &'a BTreeMap<Uuid, KnownGrant>,
    /// The names of the groups.
    names: &'a BTreeMap<String, String>,
    payments: &'a [ExpectedPayment],
    paid: &'a [PaidGrant],
    returned: &'a [ReturnedMoney],
    with_pence: bool,
}

impl RowContext<'_> {
    /// The name of the group of a grant, and the grant's title.
    fn known(&self, grant: Uuid) -> (String, String) {
        let Some(grant) = self.grants.get(&grant) else {
            return (String::new(), String::new());
        };
        let name = self.names.get(&grant.group).cloned().unwrap_or_default();
        (name, grant.title.clone())
    }

    /// A row with what the statement contains, and the grant that it is about.
    fn row_of(&self, entry: &StatementEntry, kind: MatchKind, grant: Option<Uuid>) -> StatementRow {
        let (group, title) = grant.map(|grant| self.known(grant)).unwrap_or_default();
        let sign = match entry.direction {
            Some(Direction::Out) => "\u{2212}",
            Some(Direction::In) => "+",
            None => "",
        };
        StatementRow {
            day: entry.on.strftime("%-d %b %Y").to_string(),
            description: entry.description.clone(),
            sum: format!("{sign}{}", pounds_in(sum_of(entry), self.with_pence)),
            kind,
            tag: kind.tag(),
            grant,
            group,
            title,
            says: String::new(),
            tick: None,
            ways: Vec::new(),
        }
    }
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
    let with_pence = have_pence(entries.iter().map(sum_of));
    let found = bank::reconcile(entries, payments.clone());
    let groups: BTreeSet<String> = grants.values().map(|grant| grant.group.clone()).collect();
    let names = request.group_names(groups.into_iter()).await?;
    let paid = paid_grants(&payments, &grants, &names);
    let context = RowContext {
        request,
        grants: &grants,
        names: &names,
        payments: &payments,
        paid: &paid,
        returned: &returned,
        with_pence,
    };
    let mut rows = Vec::new();
    let mut alike: BTreeMap<String, u32> = BTreeMap::new();
    for one in found {
        let mut row = if one.outcome == MatchOutcome::NoPayment {
            context.other_row(&one.entry, &mut due, &alike).await?
        } else {
            context.payment_row(one).await?
        };
        // Two entries of the same day may be equal. A number makes their idempotency keys differ.
        let tick = row.tick.iter_mut().map(|(field, line, _)| (*field, line));
        let ways = row.ways.iter_mut().map(|(_, line)| ("way", line));
        for (field, line) in tick.chain(ways) {
            if field != "line" && needs_number(line) {
                let count = alike.entry(line.clone()).or_default();
                *count += 1;
                *line = format!("{line}/{count}");
            }
        }
        let is_recorded = match &row.tick {
            Some(("settle" | "back", line, _)) => was_recorded(request, line).await?,
            _ => any_recorded(request, &row.ways).await?,
        };
        rows.push(if is_recorded {
            recorded_before(row)
        } else {
            row
        });
    }
    Ok(rows)
}

/// The grants from which money was sent, as an entry may name them.
fn paid_grants(
    payments: &[ExpectedPayment],
    grants: &BTreeMap<Uuid, KnownGrant>,
    names: &BTreeMap<String, String>,
) -> Vec<PaidGrant> {
    let has_left = |payment: &&ExpectedPayment| {
        use PaymentState as S;
        let state = payment.state;
        matches!(state, S::Sent | S::Confirmed | S::Failed | S::Reversed)
    };
    let paid = payments.iter().filter(has_left);
    let ids: BTreeSet<Uuid> = paid.map(|payment| payment.grant).collect();
    let paid_grant = |id: Uuid| {
        let grant = grants.get(&id)?;
        Some(PaidGrant {
            grant: id,
            reference: grant.reference.clone(),
            group: names.get(&grant.group).cloned().unwrap_or_default(),
        })
    };
    ids.into_iter().filter_map(paid_grant).collect()
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
            let known = KnownGrant {
                title: row.title,
                group,
                reference,
            };
            grants.insert(row.id, known);
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

/// The row of an entry that was recorded before: it cannot be ticked.
fn recorded_before(row: StatementRow) -> StatementRow {
    StatementRow {
        kind: MatchKind::Recorded,
        tag: MatchKind::Recorded.tag(),
        says: RECORDED_BEFORE.to_owned(),
        tick: None,
        ways: Vec::new(),
        ..row
    }
}

/// The amount of an entry, whether it went out or came in.
fn sum_of(entry: &StatementEntry) -> Money {
    Money::from_pence(entry.pence)
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
        MatchOutcome::UnknownDirection { .. } => (MatchKind::ToLookAt, None, NO_DIRECTION),
        MatchOutcome::NeedsReview(says) => {
            return (MatchKind::ToLookAt, None, format!("{}.", capitalised(says)));
        }
    };
    (kind, act, says.to_owned())
}

impl RowContext<'_> {
    /// An entry that names a payment.
    async fn payment_row(&self, one: MatchedEntry) -> Result<StatementRow, PageError> {
        let MatchedEntry {
            entry,
            payment,
            outcome,
        } = one;
        let (kind, act, says) = suggested_action(&outcome);
        let grant = payment.map(|(grant, _)| grant);
        let mut row = StatementRow {
            says,
            ..self.row_of(&entry, kind, grant)
        };
        let Some((grant, payment)) = payment else {
            return Ok(row);
        };
        if matches!(outcome, MatchOutcome::UnknownDirection { .. })
            && was_answered(self.request, grant, payment, &entry).await?
        {
            return Ok(recorded_before(row));
        }
        offer_to_look(&mut row, &outcome, (grant, payment), &entry);
        let Some(act) = act else {
            return Ok(row);
        };
        let line = act_line(grant, payment, act, &entry);
        // A dry run of this entry alone. A refusal that an earlier entry causes shows only when
        // both are recorded.
        let command = parse_line(&line).filter(|_| act == "confirm");
        if let Some(command) = command
            && let Err(CommandError::Refused(refusal)) = self
                .request
                .app
                .commands
                .dry_run(&self.request.signed.caller, command)
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

    /// An entry that names none of our payments: money that is due back, money or a payment that
    /// came back from a grant that it names, or nothing of ours.
    async fn other_row(
        &self,
        entry: &StatementEntry,
        due: &mut Vec<DueReturn>,
        alike: &BTreeMap<String, u32>,
    ) -> Result<StatementRow, PageError> {
        let group_of = |grant: Uuid| self.known(grant).0;
        let recorded = recorded_return(self.request, entry, self.returned, alike, group_of).await?;
        if let Some((grant, line)) = recorded {
            return Ok(StatementRow {
                tick: Some(("back", line, false)),
                ..self.row_of(entry, MatchKind::Recorded, Some(grant))
            });
        }
        if let Some((due, is_named)) = take_return(entry, due, group_of) {
            return Ok(self.due_row(entry, &due, is_named));
        }
        match named_grant(entry, self.paid) {
            Some(grant) => self.named_row(entry, grant).await,
            None => Ok(StatementRow {
                says: match entry.direction {
                    Some(_) => "It does not match any payment or any money due back.",
                    None => NO_DIRECTION_NO_PAYMENT,
                }
                .to_owned(),
                ..self.row_of(entry, MatchKind::NotOurs, None)
            }),
        }
    }

    /// An entry that seems to be money that is due back.
    fn due_row(&self, entry: &StatementEntry, due: &DueReturn, is_named: bool) -> StatementRow {
        let row = self.row_of(entry, MatchKind::MoneyBack, Some(due.grant));
        let today = self.request.today();
        let by = due
            .due_on
            .map(|day| format!(" by {}", short_day(day, today)));
        let due_words = format!("{} is due{}", due.amount, by.unwrap_or_default());
        let says = if is_named {
            format!("Money back from {}: {due_words}.", row.group)
        } else {
            let group = &row.group;
            format!("It may be money back from {group}: {due_words}. Tick it if it is theirs.")
        };
        let line = return_line(due.grant, entry, due.owed);
        StatementRow {
            says,
            tick: Some(("back", line, is_named)),
            ..row
        }
    }

    /// An entry that names a grant or its group, and no payment. Money that came in is offered as a
    /// payment that came back, or as money back; nothing is ticked.
    async fn named_row(
        &self,
        entry: &StatementEntry,
        grant: Uuid,
    ) -> Result<StatementRow, PageError> {
        if entry.direction != Some(Direction::In) {
            let row = self.row_of(entry, MatchKind::NotOurs, Some(grant));
            let group = &row.group;
            let says = format!(
                "It names {group}, and none of our payments. If it is one, record it on the page \
                    of its grant."
            );
            return Ok(StatementRow { says, ..row });
        }
        if let Some(payment) = recalled_payment(entry, grant, self.payments) {
            let act = match payment.state {
                PaymentState::Sent | PaymentState::Failed => "fail",
                _ => "reverse",
            };
            let line = act_line(grant, payment.payment, act, entry);
            let row = self.row_of(entry, MatchKind::MoneyBack, Some(grant));
            if was_recorded(self.request, &line).await? {
                return Ok(recorded_before(row));
            }
            if matches!(payment.state, PaymentState::Sent | PaymentState::Confirmed) {
                let says = format!(
                    "It may be our payment of {} that came back from {}. Tick it if it is.",
                    payment.amount, row.group
                );
                let tick = Some(("line", line, false));
                return Ok(StatementRow { says, tick, ..row });
            }
        }
        let row = self.row_of(entry, MatchKind::MoneyBack, Some(grant));
        let says = format!(
            "It may be money back from {}, though none is due. Tick it if it is theirs.",
            row.group
        );
        let line = return_line(grant, entry, ReturnReason::default());
        Ok(StatementRow {
            says,
            tick: Some(("back", line, false)),
            ..row
        })
    }
}

/// Adds to a row what a person can record after looking at its entry: a line that two people
/// settle, or one of two answers if the statement does not say the direction.
fn offer_to_look(
    row: &mut StatementRow,
    outcome: &MatchOutcome,
    (grant, payment): (Uuid, u16),
    entry: &StatementEntry,
) {
    let settle = |way: Direction| settle_line(grant, payment, entry, way);
    match (outcome, entry.direction) {
        (MatchOutcome::NeedsReview(_), Some(way)) => {
            row.tick = Some(("settle", settle(way), false));
        }
        (MatchOutcome::NeedsReview(_), None) => {
            row.says = format!("{} {NO_DIRECTION}", row.says);
            row.ways = vec![
                ("It went out".to_owned(), settle(Direction::Out)),
                ("It came in".to_owned(), settle(Direction::In)),
            ];
        }
        (MatchOutcome::UnknownDirection { went_out, came_in }, _) => {
            let way = |label: &str, way: Direction, outcome: &MatchOutcome| {
                way_of(label, outcome, (grant, payment), entry, way)
            };
            row.ways = [
                way("It went out", Direction::Out, went_out),
                way("It came in", Direction::In, came_in),
            ]
            .into_iter()
            .flatten()
            .collect();
        }
        _ => {}
    }
}

/// One answer about an entry without a direction, and the line that records it. `None` if that is
/// recorded already.
fn way_of(
    label: &str,
    outcome: &MatchOutcome,
    (grant, payment): (Uuid, u16),
    entry: &StatementEntry,
    way: Direction,
) -> Option<(String, String)> {
    let (_, act, says) = suggested_action(outcome);
    let line = match (act, outcome) {
        (Some(act), _) => act_line(grant, payment, act, entry),
        (None, MatchOutcome::NeedsReview(_)) => settle_line(grant, payment, entry, way),
        (None, _) => return None,
    };
    Some((format!("{label}. {says}"), line))
}
