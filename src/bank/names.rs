//! Names in a bank statement, where banks write them in capitals and cut them short.

use super::reconciliation::ExpectedPayment;
use super::statement::{Direction, StatementEntry};
use crate::domain::Money;
use crate::domain::text::name_key;

/// The number of letters of a name that a text must contain. Banks cut names short.
const LETTERS_MAX: usize = 12;
/// The fewest letters of a name that is also found without spaces around it.
const LETTERS_MIN: usize = 6;

/// A name, or the text of an entry, as they are compared: by letters and digits only, and without
/// "the" at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparableName {
    /// The words, with a space before and after each.
    words: String,
    letters: String,
    /// The first letters, as far as they are compared.
    start: String,
}

impl ComparableName {
    #[must_use]
    pub fn of(text: &str) -> Self {
        let key = name_key(text);
        let mut words: Vec<&str> = key
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect();
        if words.len() > 1 && words.first() == Some(&"the") {
            words.remove(0);
        }
        let letters = words.concat();
        Self {
            words: format!(" {} ", words.join(" ")),
            start: letters.chars().take(LETTERS_MAX).collect(),
            letters,
        }
    }

    /// Whether the name is long enough to recognise a payee by nothing else.
    #[must_use]
    pub fn is_long(&self) -> bool {
        self.start.chars().count() >= LETTERS_MIN
    }

    /// Whether a text contains the name, or its first letters. A short name must be whole words:
    /// "Art" is not in "PARTY".
    #[must_use]
    pub fn is_in(&self, text: &Self) -> bool {
        if self.is_long() {
            text.letters.contains(&self.start)
        } else {
            !self.letters.is_empty() && text.words.contains(&self.words)
        }
    }
}

/// A payment with the names under which a bank may list it: the group's and the account holder's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPayment {
    pub payment: ExpectedPayment,
    pub names: Vec<ComparableName>,
}

/// The payments that an entry without a reference may be: those of the same amount whose payee it
/// names. A person decides, since a name and an amount prove nothing.
#[must_use]
pub fn possible_payments(
    entry: &StatementEntry,
    text: &ComparableName,
    payments: &[NamedPayment],
) -> Vec<ExpectedPayment> {
    let amount = Money::from_pence(entry.pence);
    let may_be = |named: &&NamedPayment| {
        entry.direction != Some(Direction::In)
            && named.payment.amount == amount
            && named.names.iter().any(|name| name.is_in(text))
    };
    let found = payments.iter().filter(may_be);
    found.map(|named| named.payment.clone()).collect()
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::domain::grant::PaymentState;

    fn is_in(name: &str, text: &str) -> bool {
        ComparableName::of(name).is_in(&ComparableName::of(text))
    }

    #[test]
    fn a_name_is_found_as_banks_write_it() {
        for (name, text) in [
            ("The Garden Gate, Leeds", "BACS THE GARDEN GATE LEES"),
            ("Garden Gate (Leeds)", "BACS THE GARDEN GATE LEES"),
            ("The Garden Gate", "GARDEN GATE BP"),
            ("Soup & Song", "FPO SOUP AND SONG CIC 26NOV"),
            ("Café Łódź", "CAFE LODZ"),
            ("O’Neill’s", "TO ONEILLS"),
            ("The Hub", "THE HUB"),
            ("Hub", "FPO HUB 26NOV"),
        ] {
            assert!(is_in(name, text), "{name} in {text}");
        }
        for (name, text) in [
            ("Art", "PARTY HIRE"),
            ("O", "SOUP AND SONG"),
            ("Garden Gate", "GARDEN CENTRE"),
            ("", "SOUP AND SONG"),
            ("%", "SOUP AND SONG"),
        ] {
            assert!(!is_in(name, text), "{name} in {text}");
        }
    }

    #[test]
    fn a_payment_is_possible_by_amount_and_name_together() {
        let payment = |number: u16, pounds: u32, name: &str| NamedPayment {
            payment: ExpectedPayment {
                grant: Uuid::from_u128(u128::from(number)),
                payment: 1,
                amount: Money::from_pounds(pounds),
                state: PaymentState::Sent,
                paid_on: None,
                reference: format!("GR00000{number}P1"),
            },
            names: vec![ComparableName::of(name)],
        };
        let payments = [
            payment(1, 1811, "The Garden Gate Leeds"),
            payment(2, 1811, "Garden Gate Leeds"),
            payment(3, 1810, "The Garden Gate Leeds"),
            payment(4, 1811, "Soup and Song"),
        ];
        let found = |direction: Option<Direction>| -> Vec<String> {
            let entry = StatementEntry {
                on: jiff::civil::date(2026, 11, 26),
                pence: 181_100,
                direction,
                description: "BACS THE GARDEN GATE LEES".to_owned(),
            };
            let text = ComparableName::of(&entry.description);
            let found = possible_payments(&entry, &text, &payments).into_iter();
            found.map(|payment| payment.reference).collect()
        };
        assert_eq!(found(Some(Direction::Out)), ["GR000001P1", "GR000002P1"]);
        assert_eq!(found(None), ["GR000001P1", "GR000002P1"]);
        assert!(found(Some(Direction::In)).is_empty());
    }
}
