//! The entries of a bank statement as rows: each with the payment or return that it seems to be
//! about, and with the command that records it if a person ticks it.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::web;
use uuid::Uuid;

use super::super::DeskRequest;
use super::super::list::{have_pence, pounds_in};
use super::entry_lines::{
    act_line, any_recorded, is_return, needs_number, parse_line, return_line, settle_line,
    was_answered, was_recorded,
};
use super::known_money::{KnownGrant, comparable_names, known_money, named_payments, paid_grants};
use super::money_back::{
    DueReturn, PaidGrant, ReturnMatch, ReturnedMoney, named_grant, recalled_payment,
    recorded_return, take_return,
};
use crate::bank::{
    self, ComparableName, Direction, ExpectedPayment, MatchOutcome, MatchedEntry, NamedPayment,
    StatementEntry,
};
use crate::commands::CommandError;
use crate::domain::Money;
use crate::domain::grant::{PaymentState, ReturnReason};
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, capitalised};

/// What the page says of an entry that was recorded before.
const RECORDED_BEFORE: &str = "We have this already.";
/// What the page says of an entry without a direction.
pub(super) const NO_DIRECTION: &str = "The statement does not say if this went out or came in. \
    Look in your online banking, then choose.";
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
    /// If a person must say what the entry is: the answers of which they choose one, and the value
    /// that records each.
    pub(super) ways: Vec<(String, String)>,
    /// The question to these answers, after the entry and a colon.
    pub(super) question: &'static str,
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

/// What the rows of one statement have in common.
pub(super) struct RowContext<'a> {
    pub(super) request: &'a DeskRequest<'a>,
    grants: &'a BTreeMap<Uuid, KnownGrant>,
    /// The names of the groups.
    names: &'a BTreeMap<String, String>,
    /// The same as they are compared, by grant.
    comparable: &'a BTreeMap<Uuid, ComparableName>,
    payments: &'a [ExpectedPayment],
    returned: &'a [ReturnedMoney],
    with_pence: bool,
}

impl RowContext<'_> {
    /// The name of the group of a grant, and the grant's title.
    pub(super) fn known(&self, grant: Uuid) -> (String, String) {
        let Some(grant) = self.grants.get(&grant) else {
            return (String::new(), String::new());
        };
        let name = self.names.get(&grant.group).cloned().unwrap_or_default();
        (name, grant.title.clone())
    }

    /// A row with what the statement contains, and the grant that it is about.
    pub(super) fn row_of(
        &self,
        entry: &StatementEntry,
        kind: MatchKind,
        grant: Option<Uuid>,
    ) -> StatementRow {
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
            question: "did it go out or come in?",
        }
    }
}

/// An entry with the payment that it names, or with what its text may mean if it names none.
struct FoundEntry {
    matched: MatchedEntry,
    hints: Option<EntryHints>,
}

/// What the text and the amount of an entry without a payment may mean.
struct EntryHints {
    text: ComparableName,
    /// The only grant that it names.
    grant: Option<Uuid>,
    could_be: Vec<ExpectedPayment>,
}

impl FoundEntry {
    fn new(matched: MatchedEntry, named: &[NamedPayment], paid: &[PaidGrant]) -> Self {
        let entry = &matched.entry;
        let hints = (matched.outcome == MatchOutcome::NoPayment).then(|| {
            let text = ComparableName::of(&entry.description);
            EntryHints {
                grant: named_grant(entry, &text, paid),
                could_be: bank::possible_payments(entry, &text, named),
                text,
            }
        });
        Self { matched, hints }
    }
}

/// What earlier rows of a statement have used.
struct UsedRecords {
    /// The money that is still due back.
    due: Vec<DueReturn>,
    /// How many equal lines the form has.
    alike: BTreeMap<String, u32>,
    /// The payments that entries without a reference were.
    chosen: BTreeSet<(Uuid, u16)>,
}

/// The entries as the page shows them, each with what it seems to be about.
pub(super) async fn statement_rows(
    request: &DeskRequest<'_>,
    entries: Vec<StatementEntry>,
) -> Result<Vec<StatementRow>, PageError> {
    let known = known_money(request).await?;
    let with_pence = have_pence(entries.iter().map(sum_of));
    let groups: BTreeSet<String> = known
        .grants
        .values()
        .map(|grant| grant.group.clone())
        .collect();
    let names = request.group_names(groups.into_iter()).await?;
    let candidates = named_payments(request, &entries, &known, &names).await?;
    let comparable = comparable_names(&known.grants, &names);
    let paid = paid_grants(&known.payments, &known.grants, &comparable);
    let found = find_payments(entries, known.payments.clone(), candidates, paid).await?;
    let context = RowContext {
        request,
        grants: &known.grants,
        names: &names,
        comparable: &comparable,
        payments: &known.payments,
        returned: &known.returned,
        with_pence,
    };
    let mut used = UsedRecords {
        due: known.due,
        alike: BTreeMap::new(),
        chosen: BTreeSet::new(),
    };
    let mut rows = Vec::new();
    for FoundEntry { matched, hints } in found {
        let mut row = match hints {
            Some(hints) => context.other_row(&matched.entry, &hints, &mut used).await?,
            None => context.payment_row(matched).await?,
        };
        number_lines(&mut row, &mut used.alike);
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

/// Numbers the lines of a row. Two entries of the same day may be equal, and a number makes their
/// idempotency keys differ. Answers of which a person chooses one may record money back: they count
/// once they are recorded.
fn number_lines(row: &mut StatementRow, alike: &mut BTreeMap<String, u32>) {
    if let Some((field, line, _)) = &mut row.tick
        && *field != "line"
        && needs_number(line)
    {
        let count = alike.entry(line.clone()).or_default();
        *count += 1;
        *line = format!("{line}/{count}");
    }
    for (_, line) in row.ways.iter_mut().filter(|(_, line)| needs_number(line)) {
        let count = alike.entry(line.clone()).or_default();
        let number = *count + 1;
        if !is_return(line) {
            *count = number;
        }
        *line = format!("{line}/{number}");
    }
}

/// Whether an entry with the reference of a payment is the one that paid it.
fn is_paid_by(one: &MatchedEntry) -> bool {
    use MatchOutcome as M;
    let fits = matches!(
        one.outcome,
        M::Confirm | M::AlreadyRecorded | M::UnknownDirection { .. }
    );
    fits && one.entry.direction != Some(Direction::In)
}

/// Matches entries with payments on a thread for long work, since many of them take seconds.
async fn find_payments(
    entries: Vec<StatementEntry>,
    payments: Vec<ExpectedPayment>,
    mut named: Vec<NamedPayment>,
    paid: Vec<PaidGrant>,
) -> Result<Vec<FoundEntry>, PageError> {
    web::block(move || {
        let found = bank::reconcile(entries, payments);
        // A payment that another entry pays by its reference is not this one.
        let by_reference: BTreeSet<(Uuid, u16)> = found
            .iter()
            .filter(|one| is_paid_by(one))
            .filter_map(|one| one.payment)
            .collect();
        named.retain(|one| !by_reference.contains(&(one.payment.grant, one.payment.payment)));
        found
            .into_iter()
            .map(|matched| FoundEntry::new(matched, &named, &paid))
            .collect()
    })
    .await
    .map_err(|error| PageError::internal(&error))
}

/// The row of an entry that was recorded before: it cannot be ticked.
pub(super) fn recorded_before(row: StatementRow) -> StatementRow {
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

    /// An entry that names none of our payments: money that is due back, a payment by its payee and
    /// amount, money or a payment that came back from a grant that it names, or nothing of ours.
    async fn other_row(
        &self,
        entry: &StatementEntry,
        hints: &EntryHints,
        used: &mut UsedRecords,
    ) -> Result<StatementRow, PageError> {
        let is_named = |grant: Uuid| {
            let name = self.comparable.get(&grant);
            name.is_some_and(|name| name.is_in(&hints.text))
        };
        let recorded =
            recorded_return(self.request, entry, self.returned, &used.alike, is_named).await?;
        if let Some((grant, line)) = recorded {
            return Ok(StatementRow {
                tick: Some(("back", line, false)),
                ..self.row_of(entry, MatchKind::Recorded, Some(grant))
            });
        }
        match take_return(entry, &mut used.due, is_named) {
            Some(ReturnMatch::Numbered(due)) => return Ok(self.due_row(entry, &due, true)),
            Some(ReturnMatch::Likely(due)) => return Ok(self.due_row(entry, &due, false)),
            Some(ReturnMatch::Several(due)) => return Ok(self.return_choices(entry, &due)),
            None => {}
        }
        let could_be = self.could_be_row(entry, &hints.could_be, &mut used.chosen);
        if let Some(row) = could_be.await? {
            return Ok(row);
        }
        match hints.grant {
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

    /// "£50 is due by 31 March".
    pub(super) fn due_words(&self, due: &DueReturn) -> String {
        let today = self.request.today();
        let by = due
            .due_on
            .map(|day| format!(" by {}", short_day(day, today)));
        format!("{} is due{}", due.amount, by.unwrap_or_default())
    }

    /// An entry that seems to be money that is due back. It is ticked if it has the number of the
    /// grant.
    fn due_row(&self, entry: &StatementEntry, due: &DueReturn, has_number: bool) -> StatementRow {
        let row = self.row_of(entry, MatchKind::MoneyBack, Some(due.grant));
        let (group, due_words) = (&row.group, self.due_words(due));
        let says = if has_number {
            format!("Money back from {group}: {due_words}.")
        } else {
            format!("It may be money back from {group}: {due_words}. Tick it if it is theirs.")
        };
        let line = return_line(due.grant, entry, due.owed);
        StatementRow {
            says,
            tick: Some(("back", line, has_number)),
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
