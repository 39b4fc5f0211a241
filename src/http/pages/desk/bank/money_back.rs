//! Money that comes back from a group: the statement entries that may be it, although they name
//! none of our payments.

use std::collections::BTreeMap;

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::entry_lines::{return_line, was_recorded};
use crate::bank::{ComparableName, Direction, ExpectedPayment, StatementEntry};
use crate::domain::Money;
use crate::domain::grant::{PaymentState, ReturnReason};
use crate::domain::reference::Reference;
use crate::http::pages::PageError;

/// Words of banks for a payment that comes back, in capitals.
const RECALL_WORDS: [&str; 10] = [
    "RTN", "RETURN", "RETURNED", "RECALL", "RECALLED", "REVERSAL", "REVERSED", "UNPAID", "BOUNCED",
    "REJECTED",
];

/// Money that a group has to give back.
#[derive(Clone)]
pub(super) struct DueReturn {
    pub grant: Uuid,
    pub reference: String,
    pub owed: ReturnReason,
    pub amount: Money,
    pub due_on: Option<Date>,
}

/// Money that a group has given back.
pub(super) struct ReturnedMoney {
    pub grant: Uuid,
    pub reference: String,
    pub amount: Money,
}

/// A grant that an entry may name, though the group owes nothing.
pub(super) struct PaidGrant {
    pub grant: Uuid,
    pub reference: String,
    pub group: ComparableName,
}

/// The grant for which an entry was recorded as returned money, and its line of the form. Such
/// money is no longer due. `alike` has how many equal lines the statement had so far, and
/// `is_named` says whether the entry has the name of a grant's group.
pub(super) async fn recorded_return(
    request: &DeskRequest<'_>,
    entry: &StatementEntry,
    returned: &[ReturnedMoney],
    alike: &BTreeMap<String, u32>,
    is_named: impl Fn(Uuid) -> bool,
) -> Result<Option<(Uuid, String)>, PageError> {
    if entry.direction != Some(Direction::In) {
        return Ok(None);
    }
    let fits = |money: &&ReturnedMoney| {
        money.amount == Money::from_pence(entry.pence)
            || names_number(&entry.description, &money.reference)
            || is_named(money.grant)
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

/// Whether a text has the number of an application, in one piece or in groups of three digits, and
/// not within a longer number.
fn names_number(text: &str, reference: &str) -> bool {
    let is_digit = |c: char| c.is_ascii_digit();
    let has = |number: &str| {
        text.match_indices(number).any(|(place, found)| {
            !text[..place].ends_with(is_digit) && !text[place + found.len()..].starts_with(is_digit)
        })
    };
    let spaced = Reference::parse(reference).map(|reference| reference.to_string());
    let spaced = spaced.unwrap_or_else(|| reference.to_owned());
    !reference.is_empty() && (has(reference) || has(&spaced) || has(&spaced.replace(' ', "-")))
}

/// The money due back that an entry may be.
pub(super) enum ReturnMatch {
    /// It has the number of the grant.
    Numbered(DueReturn),
    /// It has the name of its group, or nobody else owes as much.
    Likely(DueReturn),
    /// One of these, among which a person chooses.
    Several(Vec<DueReturn>),
}

/// The money due back that an entry may be, by its amount: with the number of the grant, or else
/// with the name of the group, or else with neither. Money that only one entry can be is removed
/// from the list, because it can come back only once.
pub(super) fn take_return(
    entry: &StatementEntry,
    due: &mut Vec<DueReturn>,
    is_named: impl Fn(Uuid) -> bool,
) -> Option<ReturnMatch> {
    if entry.direction != Some(Direction::In) {
        return None;
    }
    let fits: Vec<usize> = (0..due.len())
        .filter(|place| due[*place].amount == Money::from_pence(entry.pence))
        .collect();
    let has_number = |place: &&usize| names_number(&entry.description, &due[**place].reference);
    if let Some(place) = fits.iter().find(has_number).copied() {
        return Some(ReturnMatch::Numbered(due.swap_remove(place)));
    }
    let has_name = |place: &usize| is_named(due[*place].grant);
    let named: Vec<usize> = fits.iter().copied().filter(has_name).collect();
    let found = if named.is_empty() { fits } else { named };
    match found.as_slice() {
        [] => None,
        [only] => Some(ReturnMatch::Likely(due.swap_remove(*only))),
        several => {
            let several = several.iter().map(|place| due[*place].clone());
            Some(ReturnMatch::Several(several.collect()))
        }
    }
}

/// The only grant that an entry names, by its number or by the name of its group.
pub(super) fn named_grant(
    entry: &StatementEntry,
    text: &ComparableName,
    paid: &[PaidGrant],
) -> Option<Uuid> {
    let only = |mut found: Vec<Uuid>| (found.len() == 1).then(|| found.pop()).flatten();
    let by_number = paid
        .iter()
        .filter(|paid| names_number(&entry.description, &paid.reference))
        .map(|paid| paid.grant)
        .collect::<Vec<_>>();
    if !by_number.is_empty() {
        return only(by_number);
    }
    let is_named = |paid: &&PaidGrant| paid.group.is_long() && paid.group.is_in(text);
    only(
        paid.iter()
            .filter(is_named)
            .map(|paid| paid.grant)
            .collect(),
    )
}

/// The payment of a grant that an entry seems to bring back: the entry says that it is a return,
/// and the amount is that of one payment only.
pub(super) fn recalled_payment<'a>(
    entry: &StatementEntry,
    grant: Uuid,
    payments: &'a [ExpectedPayment],
) -> Option<&'a ExpectedPayment> {
    let said = entry.description.to_uppercase();
    let mut words = said.split(|c: char| !c.is_alphanumeric());
    if !words.any(|word| RECALL_WORDS.contains(&word)) {
        return None;
    }
    let amount = Money::from_pence(entry.pence);
    let has_left = |state| {
        use PaymentState as S;
        matches!(state, S::Sent | S::Confirmed | S::Failed | S::Reversed)
    };
    let mut fits = payments.iter().filter(|payment| {
        payment.grant == grant && payment.amount == amount && has_left(payment.state)
    });
    let first = fits.next()?;
    fits.next().is_none().then_some(first)
}
