//! Reconciliation: which payment each entry of a bank statement refers to, and how the payment's
//! state should change.

use std::collections::BTreeSet;

use jiff::civil::Date;
use uuid::Uuid;

use super::statement::{Direction, StatementEntry};
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
    /// The statement does not say the direction. A person must choose one of the two conclusions.
    UnknownDirection {
        went_out: Box<MatchOutcome>,
        came_in: Box<MatchOutcome>,
    },
    /// The entry contradicts the payment, for the reason given. A person must review it.
    NeedsReview(String),
}

/// Matches entries with payments in the order of their days, not of the statement. Within a day,
/// money out comes first, because it can only come back later. The states in `known` are updated
/// between entries: an entry may return a payment that an earlier entry confirmed.
#[must_use]
pub fn reconcile(
    mut entries: Vec<StatementEntry>,
    mut known: Vec<ExpectedPayment>,
) -> Vec<MatchedEntry> {
    entries.sort_by_key(|entry| (entry.on, entry.direction == Some(Direction::In)));
    let mut seen = BTreeSet::new();
    let mut one = |entry: StatementEntry| {
        let letters = uppercase_alphanumerics(&entry.description);
        let mut about = known.iter_mut().filter(|payment| {
            letters.contains(&payment.reference)
                && mentions_reference(&entry.description, &payment.reference)
        });
        let (first, second) = (about.next(), about.next());
        let outcome = match (&first, second) {
            (_, Some(_)) => MatchOutcome::SeveralPayments,
            (None, None) => MatchOutcome::NoPayment,
            (Some(payment), None) => {
                // The same amount moved twice in the same direction may be a double payment, so a
                // person must review the second movement.
                let is_whole = Money::from_pence(entry.pence) == payment.amount;
                let way = entry.direction.map(|way| way == Direction::Out);
                let again = is_whole && !seen.insert((payment.grant, payment.payment, way));
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
    let moved = Money::from_pence(entry.pence);
    if moved != payment.amount {
        return MatchOutcome::NeedsReview(format!(
            "the bank paid {moved}, but the payment is {}",
            payment.amount
        ));
    }
    match entry.direction {
        Some(direction) => outcome_of(direction, entry.on, payment),
        None => MatchOutcome::UnknownDirection {
            went_out: Box::new(outcome_of(Direction::Out, entry.on, payment)),
            came_in: Box::new(outcome_of(Direction::In, entry.on, payment)),
        },
    }
}

/// The conclusion from a movement of the whole amount of a payment.
fn outcome_of(direction: Direction, on: Date, payment: &ExpectedPayment) -> MatchOutcome {
    use PaymentState as S;
    match (direction == Direction::Out, payment.state) {
        (true, S::Sent) => MatchOutcome::Confirm,
        (true, S::Confirmed | S::Reversed) if payment.paid_on == Some(on) => {
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

/// Whether a text contains a reference in capitals, in any case and with spaces, hyphens and other
/// marks in it. No digit may follow immediately: `GR000018P1` is not in `GR000018P12`, but it is in
/// `GR 000018 P1 26NOV`.
fn mentions_reference(text: &str, reference: &str) -> bool {
    let text: Vec<char> = text.chars().map(|c| c.to_ascii_uppercase()).collect();
    (0..text.len()).any(|start| {
        let end = end_of_reference(&text, start, reference);
        end.is_some_and(|end| !text.get(end).is_some_and(char::is_ascii_digit))
    })
}

/// The position after a reference that begins at a position of the text.
fn end_of_reference(text: &[char], start: usize, reference: &str) -> Option<usize> {
    let mut place = start;
    for (count, wanted) in reference.chars().enumerate() {
        let is_mark = |c: &char| count > 0 && !c.is_alphanumeric();
        while text.get(place).is_some_and(is_mark) {
            place += 1;
        }
        if text.get(place) != Some(&wanted) {
            return None;
        }
        place += 1;
    }
    Some(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(pence: i64, says: &str) -> StatementEntry {
        let direction = if pence < 0 {
            Direction::Out
        } else {
            Direction::In
        };
        StatementEntry {
            on: jiff::civil::date(2026, 3, 31),
            pence: pence.unsigned_abs(),
            direction: Some(direction),
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

    /// The number of the payment and the outcome of each entry.
    fn matched(
        entries: Vec<StatementEntry>,
        payments: Vec<ExpectedPayment>,
    ) -> Vec<(Option<u16>, MatchOutcome)> {
        reconcile(entries, payments)
            .into_iter()
            .map(|one| (one.payment.map(|(_, number)| number), one.outcome))
            .collect()
    }

    #[test]
    fn each_entry_says_what_became_of_one_payment() {
        let entries = vec![
            entry(-85_000, "FPO gr 000018 p1 Soup"),
            entry(-85_000, "GR000018P12"),
            entry(-85_000, "GR000018P1 20-00-00"),
            entry(-80_000, "GR000018P2"),
            entry(-85_000, "GR000018P3"),
            entry(-85_000, "Rent"),
            entry(-85_000, "GR000018P1 GR000018P2"),
            entry(85_000, "RTN GR000018P1"),
            entry(85_000, "RTN GR000018P2"),
        ];
        let payments = vec![
            expected_payment(1, PaymentState::Sent),
            expected_payment(2, PaymentState::Sent),
            expected_payment(3, PaymentState::Prepared),
        ];
        let look = |says: &str| MatchOutcome::NeedsReview(says.to_owned());
        assert_eq!(
            matched(entries, payments),
            [
                (Some(1), MatchOutcome::Confirm),
                (None, MatchOutcome::NoPayment),
                (Some(1), look("the same amount was paid a second time")),
                (Some(2), look("the bank paid £800, but the payment is £850")),
                (Some(3), look("we have not sent this payment yet")),
                (None, MatchOutcome::NoPayment),
                (Some(1), MatchOutcome::SeveralPayments),
                (Some(1), MatchOutcome::Reverse),
                (Some(2), MatchOutcome::Fail),
            ]
        );
    }

    #[test]
    fn a_reference_is_found_with_marks_and_neighbours_and_never_in_a_longer_number() {
        for says in [
            "GR013782P1",
            "FPO GR 013782 P1 26NOV",
            "gr-013782-p1",
            "Gr013782/P1/FP",
            "GR 01 37 82 P 1 REF 2026",
            "RTNGR013782P1",
            "GR013782P1NOV",
            "TO 12345678 GR013782P1 20-00-00 12345678",
            "SOUP GR\u{a0}013782\u{a0}P1",
        ] {
            assert!(mentions_reference(says, "GR013782P1"), "{says}");
        }
        for says in [
            "GR013782P12",
            "GR013782P126NOV",
            "GR 013782 P10",
            "GR1013782P1",
            "GR0137821P1",
            "GR013782 1 P1",
            "GR013782",
            "013782P1",
            "GR01378 P1",
        ] {
            assert!(!mentions_reference(says, "GR013782P1"), "{says}");
        }
    }

    #[test]
    fn the_order_of_a_statement_does_not_matter() {
        let later = StatementEntry {
            on: jiff::civil::date(2026, 4, 1),
            ..entry(85_000, "RTN GR000018P1")
        };
        let same_day = entry(85_000, "RTN GR000018P2");
        let entries = vec![
            later,
            same_day,
            entry(-85_000, "GR000018P2"),
            entry(-85_000, "GR000018P1"),
        ];
        let payments = || {
            let of = |number| expected_payment(number, PaymentState::Sent);
            vec![of(1), of(2)]
        };
        let oldest_first = entries.iter().rev().cloned().collect();
        let mut newest_first = matched(entries, payments());
        let mut oldest_first = matched(oldest_first, payments());
        newest_first.sort_by_key(|(number, outcome)| (*number, format!("{outcome:?}")));
        oldest_first.sort_by_key(|(number, outcome)| (*number, format!("{outcome:?}")));
        assert_eq!(
            newest_first,
            [
                (Some(1), MatchOutcome::Confirm),
                (Some(1), MatchOutcome::Reverse),
                (Some(2), MatchOutcome::Confirm),
                (Some(2), MatchOutcome::Reverse),
            ]
        );
        assert_eq!(newest_first, oldest_first);
    }

    #[test]
    fn an_entry_without_a_direction_is_left_to_a_person() {
        let says = |state: PaymentState| {
            let entry = StatementEntry {
                direction: None,
                ..entry(85_000, "GR000018P1")
            };
            let mut found = matched(vec![entry], vec![expected_payment(1, state)]);
            found.remove(0).1
        };
        assert_eq!(
            says(PaymentState::Sent),
            MatchOutcome::UnknownDirection {
                went_out: Box::new(MatchOutcome::Confirm),
                came_in: Box::new(MatchOutcome::Fail),
            }
        );
        let MatchOutcome::UnknownDirection { went_out, came_in } = says(PaymentState::Confirmed)
        else {
            panic!("nobody knows the direction");
        };
        assert!(matches!(*went_out, MatchOutcome::NeedsReview(_)));
        assert_eq!(*came_in, MatchOutcome::Reverse);
    }
}
