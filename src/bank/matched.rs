//! Reconciliation: which payment each entry of a bank statement refers to, and how the payment's
//! state should change.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::statement::Entry;
use crate::domain::Money;
use crate::domain::grant::PaymentState;

/// A payment that a statement entry may refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
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
pub struct Matched {
    pub entry: Entry,
    /// Grant and number of the payment.
    pub payment: Option<(Uuid, u16)>,
    pub outcome: Outcome,
}

/// Conclusion that is drawn from an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The bank paid: the payment can be confirmed.
    Confirm,
    /// The money came back before the payment was confirmed: the payment failed.
    Fail,
    /// The money came back after the payment was confirmed: the payment is reversed.
    Reverse,
    /// The movement is already recorded.
    Known,
    /// The entry mentions no payment of ours.
    None,
    /// The entry mentions several payments. A person must review it.
    Several,
    /// The entry contradicts the payment, for the reason given. A person must review it.
    Look(String),
}

/// Matches entries with payments, in the statement's order. The states in `known` are updated
/// between entries: an entry may return a payment that an earlier entry confirmed.
#[must_use]
pub fn matched(entries: Vec<Entry>, mut known: Vec<Known>) -> Vec<Matched> {
    let mut told = BTreeSet::new();
    let mut one = |entry: Entry| {
        let said = plain(&entry.says);
        let mut about = known
            .iter_mut()
            .filter(|payment| names(&said, &entry.says, &plain(&payment.reference)));
        let (first, second) = (about.next(), about.next());
        let outcome = match (&first, second) {
            (_, Some(_)) => Outcome::Several,
            (None, None) => Outcome::None,
            (Some(payment), None) => {
                // The same amount moved twice in the same direction may be a double payment, so a
                // person must review the second movement.
                let same = entry.pence.abs() == payment.amount.pence();
                let again = same && !told.insert((payment.grant, payment.payment, entry.pence < 0));
                if again {
                    Outcome::Look("the same sum moved a second time".to_owned())
                } else {
                    outcome(&entry, payment)
                }
            }
        };
        let payment = first.map(|payment| {
            match outcome {
                Outcome::Confirm => {
                    (payment.state, payment.paid_on) = (PaymentState::Confirmed, Some(entry.on));
                }
                Outcome::Fail => payment.state = PaymentState::Failed,
                Outcome::Reverse => payment.state = PaymentState::Reversed,
                _ => {}
            }
            (payment.grant, payment.payment)
        });
        Matched {
            entry,
            payment,
            outcome,
        }
    };
    entries.into_iter().map(&mut one).collect()
}

fn outcome(entry: &Entry, payment: &Known) -> Outcome {
    use PaymentState as S;
    if entry.pence.abs() != payment.amount.pence() {
        let sum = Money::of_pence(entry.pence.unsigned_abs());
        return Outcome::Look(format!(
            "the bank says {sum}, and the payment is {}",
            payment.amount
        ));
    }
    match (entry.pence < 0, payment.state) {
        (true, S::Sent) => Outcome::Confirm,
        (true, S::Confirmed | S::Reversed) if payment.paid_on == Some(entry.on) => Outcome::Known,
        (true, S::Confirmed | S::Reversed) => {
            Outcome::Look("it was paid on another day, so it may have been paid twice".to_owned())
        }
        (false, S::Failed | S::Reversed) => Outcome::Known,
        (false, S::Sent) => Outcome::Fail,
        (false, S::Confirmed) => Outcome::Reverse,
        (_, state) => Outcome::Look(format!("the payment is {}", <&str>::from(state))),
    }
}

/// Keeps only letters and digits, as capitals. Banks insert spaces and slashes into references.
fn plain(text: &str) -> String {
    text.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .collect()
}

/// Whether a text contains a reference: as a whole word of the text, or anywhere in the same text
/// without separators. More digits must not follow: `GR000018P1` is not in `GR000018P12`.
fn names(said: &str, words: &str, reference: &str) -> bool {
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

    fn entry(pence: i64, says: &str) -> Entry {
        Entry {
            on: jiff::civil::date(2026, 3, 31),
            pence,
            says: says.to_owned(),
        }
    }

    fn known(payment: u16, state: PaymentState) -> Known {
        Known {
            grant: Uuid::from_u128(1),
            payment,
            amount: Money::of_pounds(850),
            state,
            paid_on: None,
            reference: format!("GR000018P{payment}"),
        }
    }

    #[test]
    fn what_is_known_is_known_of_one_day_only() {
        let paid = Known {
            paid_on: Some(jiff::civil::date(2026, 3, 31)),
            ..known(1, PaymentState::Confirmed)
        };
        let says = |on: Date| {
            let entry = Entry {
                on,
                ..entry(-85_000, "GR000018P1")
            };
            matched(vec![entry], vec![paid.clone()]).remove(0).outcome
        };
        assert_eq!(says(jiff::civil::date(2026, 3, 31)), Outcome::Known);
        assert!(matches!(
            says(jiff::civil::date(2026, 4, 1)),
            Outcome::Look(_)
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
            known(1, PaymentState::Sent),
            known(2, PaymentState::Sent),
            known(3, PaymentState::Prepared),
        ];
        let says: Vec<_> = matched(entries, payments)
            .into_iter()
            .map(|one| (one.payment.map(|(_, number)| number), one.outcome))
            .collect();
        let look = |says: &str| Outcome::Look(says.to_owned());
        assert_eq!(
            says,
            [
                (Some(1), Outcome::Confirm),
                (None, Outcome::None),
                (Some(1), look("the same sum moved a second time")),
                (Some(1), Outcome::Reverse),
                (Some(2), Outcome::Fail),
                (
                    Some(2),
                    look("the bank says £800.00, and the payment is £850.00")
                ),
                (Some(3), look("the payment is prepared")),
                (None, Outcome::None),
                (Some(1), Outcome::Several),
            ]
        );
    }
}
