//! Reconciliation: which payment each entry of a bank statement refers to, and how the payment's
//! state should change.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::statement::StatementEntry;
use crate::domain::Money;
use crate::domain::grant::PaymentState;

/// A payment that a statement entry may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectedPayment {
    pub grant: Uuid,
    pub payment: u16,
    pub amount: Money,
    pub state: PaymentState,
    /// The day on which the bank paid it, once it is confirmed.
    pub paid_on: Option<Date>,
    pub reference: String,
}

/// A statement entry with the payment that it refers to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedEntry {
    pub entry: StatementEntry,
    /// Grant and number of the payment.
    pub payment: Option<(Uuid, u16)>,
    pub outcome: MatchOutcome,
}

/// Conclusion that is drawn from an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MatchOutcome {
    /// The bank paid: the payment can be confirmed.
    Confirm,
    /// The money came back before the payment was confirmed: the payment failed.
    Fail,
    /// The money came back after the payment was confirmed: the payment is reversed.
    Reverse,
    /// The movement is already recorded.
    AlreadyRecorded,
    /// The entry mentions no payment of ours.
    NoPayment,
    /// The entry mentions several payments. A person must review it.
    SeveralPayments,
    /// The entry contradicts the payment, for the reason given. A person must review it.
    NeedsReview(String),
}

/// Matches entries with payments, in the statement's order. The states in `known` are updated
/// between entries: an entry may return a payment that an earlier entry confirmed.
#[must_use]
pub fn reconcile(
    entries: Vec<StatementEntry>,
    mut known: Vec<ExpectedPayment>,
) -> Vec<MatchedEntry> {
    let mut told = BTreeSet::new();
    let mut one = |entry: StatementEntry| {
        let said = uppercase_alphanumerics(&entry.description);
        let mut about = known.iter_mut().filter(|payment| {
            mentions_reference(
                &said,
                &entry.description,
                &uppercase_alphanumerics(&payment.reference),
            )
        });
        let (first, second) = (about.next(), about.next());
        let outcome = match (&first, second) {
            (_, Some(_)) => MatchOutcome::SeveralPayments,
            (None, None) => MatchOutcome::NoPayment,
            (Some(payment), None) => {
                // The same amount moved twice in the same direction may be a double payment, so a
                // person must review the second movement.
                let same = entry.pence.abs() == payment.amount.pence();
                let again = same && !told.insert((payment.grant, payment.payment, entry.pence < 0));
                if again {
                    MatchOutcome::NeedsReview("the same amount was paid a second time".to_owned())
                } else {
                    match_outcome(&entry, payment)
                }
            }
        };
        let payment = first.map(|payment| {
            match outcome {
                MatchOutcome::Confirm => {
                    (payment.state, payment.paid_on) = (PaymentState::Confirmed, Some(entry.on));
                }
                MatchOutcome::Fail => payment.state = PaymentState::Failed,
                MatchOutcome::Reverse => payment.state = PaymentState::Reversed,
                _ => {}
            }
            (payment.grant, payment.payment)
        });
        MatchedEntry {
            entry,
            payment,
            outcome,
        }
    };
    entries.into_iter().map(&mut one).collect()
}

fn match_outcome(entry: &StatementEntry, payment: &ExpectedPayment) -> MatchOutcome {
    use PaymentState as S;
    if entry.pence.abs() != payment.amount.pence() {
        let moved = Money::from_pence(entry.pence.unsigned_abs());
        return MatchOutcome::NeedsReview(format!(
            "the bank paid {moved}, but the payment is {}",
            payment.amount
        ));
    }
    match (entry.pence < 0, payment.state) {
        (true, S::Sent) => MatchOutcome::Confirm,
        (true, S::Confirmed | S::Reversed) if payment.paid_on == Some(entry.on) => {
            MatchOutcome::AlreadyRecorded
        }
        (true, S::Confirmed | S::Reversed) => MatchOutcome::NeedsReview(
            "we have it as paid on another day, so it may have been paid twice".to_owned(),
        ),
        (false, S::Failed | S::Reversed) => MatchOutcome::AlreadyRecorded,
        (false, S::Sent) => MatchOutcome::Fail,
        (false, S::Confirmed) => MatchOutcome::Reverse,
        (_, S::Prepared | S::Approved) => {
            MatchOutcome::NeedsReview("we have not sent this payment yet".to_owned())
        }
        (true, S::Rejected | S::Cancelled | S::Failed) | (false, S::Rejected | S::Cancelled) => {
            MatchOutcome::NeedsReview(
                "we cancelled this payment, or the bank returned it".to_owned(),
            )
        }
    }
}

/// Keeps only letters and digits, as capitals. Banks insert spaces and slashes into references.
fn uppercase_alphanumerics(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Whether a text contains a reference: as a whole word of the text, or anywhere in the same text
/// without separators. More digits must not follow: `GR000018P1` is not in `GR000018P12`.
fn mentions_reference(said: &str, words: &str, reference: &str) -> bool {
    let as_a_word = words
        .split(|c: char| !c.is_ascii_alphanumeric())
        .any(|word| word.eq_ignore_ascii_case(reference));
    as_a_word
        || said
            .match_indices(reference)
            .any(|(at, found)| !said[at + found.len()..].starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pence: i64, says: &str) -> StatementEntry {
        StatementEntry {
            on: jiff::civil::date(2026, 3, 31),
            pence,
            description: says.to_owned(),
        }
    }

    fn expected_payment(payment: u16, state: PaymentState) -> ExpectedPayment {
        ExpectedPayment {
            grant: Uuid::from_u128(1),
            payment,
            amount: Money::from_pounds(850),
            state,
            paid_on: None,
            reference: format!("GR000018P{payment}"),
        }
    }

    #[test]
    fn what_is_known_is_known_of_one_day_only() {
        let paid = ExpectedPayment {
            paid_on: Some(jiff::civil::date(2026, 3, 31)),
            ..expected_payment(1, PaymentState::Confirmed)
        };
        let says = |on: Date| {
            let entry = StatementEntry {
                on,
                ..entry(-85_000, "GR000018P1")
            };
            reconcile(vec![entry], vec![paid.clone()]).remove(0).outcome
        };
        assert_eq!(
            says(jiff::civil::date(2026, 3, 31)),
            MatchOutcome::AlreadyRecorded
        );
        assert!(matches!(
            says(jiff::civil::date(2026, 4, 1)),
            MatchOutcome::NeedsReview(_)
        ));
    }

    #[test]
    fn each_entry_says_what_became_of_one_payment() {
        let entries = vec![
            entry(-85_000, "FPO gr 000018 p1 Soup"),
            entry(-85_000, "GR000018P12"),
            entry(-85_000, "GR000018P1 20-00-00"),
            entry(85_000, "RTN GR000018P1"),
            entry(85_000, "RTN GR000018P2"),
            entry(-80_000, "GR000018P2"),
            entry(-85_000, "GR000018P3"),
            entry(-85_000, "Rent"),
            entry(-85_000, "GR000018P1 GR000018P2"),
        ];
        let payments = vec![
            expected_payment(1, PaymentState::Sent),
            expected_payment(2, PaymentState::Sent),
            expected_payment(3, PaymentState::Prepared),
        ];
        let says: Vec<_> = reconcile(entries, payments)
            .into_iter()
            .map(|one| (one.payment.map(|(_, number)| number), one.outcome))
            .collect();
        let look = |says: &str| MatchOutcome::NeedsReview(says.to_owned());
        assert_eq!(
            says,
            [
                (Some(1), MatchOutcome::Confirm),
                (None, MatchOutcome::NoPayment),
                (Some(1), look("the same amount was paid a second time")),
                (Some(1), MatchOutcome::Reverse),
                (Some(2), MatchOutcome::Fail),
                (Some(2), look("the bank paid £800, but the payment is £850")),
                (Some(3), look("we have not sent this payment yet")),
                (None, MatchOutcome::NoPayment),
                (Some(1), MatchOutcome::SeveralPayments),
            ]
        );
    }
}
