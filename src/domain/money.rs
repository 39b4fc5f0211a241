//! Pounds sterling with two decimal places: never negative, never a float.

use std::fmt;
use std::str::FromStr;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

/// The largest single amount that is accepted as input, in pounds.
const POUNDS_MAX: u32 = 99_999_999;

/// An amount of pounds sterling, zero or more, to the penny.
///
/// It deliberately has no `Sub` and no conversion from floats: subtraction can fail, so
/// [`Money::minus`] returns a `Result`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(try_from = "String", into = "String")]
pub struct Money(Decimal);

/// Why a text is not an amount of money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error(
        "enter an amount in pounds, such as 750.00, with no more than two digits after the point"
    )]
    Malformed,
    #[error("this amount is too large")]
    TooLarge,
}

/// Why a text is not an amount, so that the error can say how to write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountFault {
    /// A comma before the pence, as in `850,50`. The value is the amount that was probably meant.
    #[error("use a point for pence, not a comma: {0}")]
    CommaBeforePence(Money),
    /// A point between thousands, as in `1.850`, likewise.
    #[error("leave out the point between thousands: {0}")]
    PointInThousands(Money),
    #[error("enter an amount in pounds, such as 850")]
    Unreadable,
}

impl AmountFault {
    /// Reads an amount as people write it in a form. The error says why the text is not an amount.
    pub fn parse(text: &str) -> Result<Money, Self> {
        Money::parse_formatted(text).map_err(|_| Self::of(text))
    }

    fn of(text: &str) -> Self {
        let plain = strip_formatting(text);
        if let Some((pounds, pence)) = plain.split_once(',') {
            let pounds = join_thousands(pounds, |c| c == '.');
            let meant = pounds.and_then(|pounds| format!("{pounds}.{pence}").parse().ok());
            return meant.map_or(Self::Unreadable, Self::CommaBeforePence);
        }
        let pounds = join_thousands(&plain, |c| c == '.');
        let meant = pounds.and_then(|pounds| pounds.parse().ok());
        meant.map_or(Self::Unreadable, Self::PointInThousands)
    }
}

/// Removes the separators between thousands. `None` if a separator is anywhere else, so that
/// neither `850,50` nor `1.5` becomes another number.
#[must_use]
pub fn join_thousands(number: &str, is_separator: impl Fn(char) -> bool) -> Option<String> {
    let groups: Vec<&str> = number.split(is_separator).collect();
    let (first, rest) = groups.split_first()?;
    let fits = rest.is_empty()
        || ((1..=3).contains(&first.len()) && rest.iter().all(|group| group.len() == 3));
    fits.then(|| groups.concat())
}

/// A subtraction with a negative result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{taken} is more than {from}")]
pub struct BelowZero {
    pub from: Money,
    pub taken: Money,
}

/// Removes formatting from an amount: a pound sign at an end, and commas or blanks between
/// thousands. If a comma or a blank has another place nothing is replaced, so that parsing fails:
/// neither `850,50` nor `850 50` becomes eighty-five thousand.
#[must_use]
pub fn strip_formatting(sum: &str) -> String {
    let sum = sum.trim();
    let sum = sum.strip_prefix('£').unwrap_or(sum);
    let sum = sum.strip_suffix('£').unwrap_or(sum).trim();
    let is_separator = |c: char| c == ',' || c.is_whitespace();
    let (pounds, pence) = sum.split_at(sum.find('.').unwrap_or(sum.len()));
    let is_mixed = pounds.contains(',') && pounds.contains(char::is_whitespace);
    match join_thousands(pounds, is_separator) {
        Some(pounds) if !is_mixed && !pence.contains(is_separator) => pounds + pence,
        _ => sum.to_owned(),
    }
}

impl Money {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// Parses an amount as people write it in a form, a table or a bank statement: `£1,234.50`, `1
    /// 234.5`, `1234`. Fails if a comma is anywhere but between thousands.
    pub fn parse_formatted(text: &str) -> Result<Self, MoneyError> {
        strip_formatting(text).parse()
    }

    /// An amount of whole pence.
    #[must_use]
    pub fn from_pence(pence: u64) -> Self {
        Self(Decimal::from_i128_with_scale(i128::from(pence), 2))
    }

    /// An amount of whole pounds.
    #[must_use]
    pub fn from_pounds(pounds: u32) -> Self {
        Self::from_pence(u64::from(pounds) * 100)
    }

    /// The amount without its pence, for a headline.
    #[must_use]
    pub fn whole_pounds(self) -> Self {
        Self(self.0.trunc())
    }

    /// As a form shows it in a field that has a pound sign before it: `1250`, `52058.50`.
    #[must_use]
    pub fn as_typed(self) -> String {
        strip_formatting(&self.to_string())
    }

    /// The amount in whole pence, at most 2^63: a thousand times all money in the world.
    #[must_use]
    pub fn pence(self) -> i64 {
        let mut pence = self.0;
        pence.rescale(2);
        i64::try_from(pence.mantissa()).unwrap_or(i64::MAX)
    }

    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Subtracts an amount. Fails with [`BelowZero`] if `other` is larger.
    pub fn minus(self, other: Self) -> Result<Self, BelowZero> {
        if other > self {
            return Err(BelowZero {
                from: self,
                taken: other,
            });
        }
        Ok(Self(self.0 - other.0))
    }

    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        other <= self
    }

    fn to_decimal_string(self) -> String {
        let mut figure = self.0;
        figure.rescale(2);
        figure.to_string()
    }

    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Self::plus)
    }
}

impl FromStr for Money {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let (pounds, pence) = text.split_once('.').unwrap_or((text, "00"));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if pounds.is_empty() || !digits(pounds) || !digits(pence) || !(1..=2).contains(&pence.len())
        {
            return Err(MoneyError::Malformed);
        }
        let amount = Decimal::from_str(text).map_err(|_| MoneyError::TooLarge)?;
        if amount > Decimal::from(POUNDS_MAX) {
            return Err(MoneyError::TooLarge);
        }
        Ok(Self(amount))
    }
}

impl TryFrom<String> for Money {
    type Error = MoneyError;

    fn try_from(text: String) -> Result<Self, MoneyError> {
        text.parse()
    }
}

impl From<Money> for String {
    fn from(money: Money) -> Self {
        money.to_decimal_string()
    }
}

/// A whole number as people read it, with a comma between thousands: 1,019.
#[must_use]
pub fn thousands(number: impl fmt::Display + Copy) -> String {
    let plain = number.to_string();
    let (sign, digits) = plain.split_at(usize::from(plain.starts_with('-')));
    let grouped = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(String::from_utf8_lossy)
        .collect::<Vec<_>>()
        .join(",");
    format!("{sign}{grouped}")
}

/// For people: with commas, and without pence where there are none. "£1,250", "£52,058.50".
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plain = self.to_decimal_string();
        let (pounds, pence) = plain.split_once('.').unwrap_or((&plain, "00"));
        let thousands = thousands(pounds);
        if pence == "00" {
            write!(f, "£{thousands}")
        } else {
            write!(f, "£{thousands}.{pence}")
        }
    }
}

crate::domain::text::text_schema!(
    Money,
    "An amount in pounds sterling",
    "^[0-9]{1,8}(\\.[0-9]{1,2})?$",
    11,
    "750.00"
);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, says) in [
            (0, "0"),
            (999, "999"),
            (1_019, "1,019"),
            (1_234_567, "1,234,567"),
            (-1_000, "-1,000"),
            (-100, "-100"),
        ] {
            assert_eq!(thousands(number), says);
        }
    }

    #[test]
    fn a_form_shows_an_amount_without_empty_pence() {
        assert_eq!(Money::from_pounds(1250).as_typed(), "1250");
        assert_eq!(Money::from_pence(5_205_850).as_typed(), "52058.50");
    }

    #[test]
    fn reads_pounds_and_pence() {
        assert_eq!("500".parse(), Ok(Money::from_pounds(500)));
        assert_eq!("0.5".parse(), Ok(Money::from_pence(50)));
        assert_eq!(String::from(Money::from_pence(123_405)), "1234.05");
    }

    #[test]
    fn refuses_everything_that_is_not_an_amount() {
        for text in [
            "", "-1", "+1", "1e3", "1.", ".5", "1.234", "1,000", " 1", "٣", "NaN", "0x1",
        ] {
            assert_eq!(text.parse::<Money>(), Err(MoneyError::Malformed), "{text}");
        }
        assert_eq!(
            "99999999999999999999999999999999".parse::<Money>(),
            Err(MoneyError::TooLarge)
        );
    }

    #[test]
    fn a_comma_stands_between_thousands_or_the_sum_is_none() {
        for (typed, says) in [
            ("850", "850"),
            ("£1,850.00", "1850.00"),
            (" 12 850 ", "12850"),
            ("£ 12\u{a0}850.5", "12850.5"),
            ("850 £", "850"),
            ("1,234,567", "1234567"),
        ] {
            assert_eq!(strip_formatting(typed), says);
            assert_eq!(Money::parse_formatted(typed), says.parse::<Money>());
        }
        for typed in [
            "850,50",
            "1,85",
            "1,5",
            "1850,000",
            ",850",
            "1,850.0,0",
            "1.850,00",
        ] {
            assert!(strip_formatting(typed).contains(','), "{typed}");
            assert_eq!(
                Money::parse_formatted(typed),
                Err(MoneyError::Malformed),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_blank_has_the_place_of_a_comma_or_the_sum_is_none() {
        for typed in [
            "850 50",
            "1 5",
            "12 50.00",
            "850. 50",
            "850 .50",
            "1,234 567",
            "8£50",
        ] {
            assert_eq!(
                Money::parse_formatted(typed),
                Err(MoneyError::Malformed),
                "{typed}"
            );
        }
        assert_eq!(AmountFault::parse("850 50"), Err(AmountFault::Unreadable));
    }

    proptest! {
        /// Any spelling of an amount is read as exactly that amount, or refused.
        #[test]
        fn an_amount_is_read_exactly_in_each_spelling(pence in 0_u64..9_999_999_900) {
            let money = Money::from_pence(pence);
            let plain = String::from(money);
            let commas = money.to_string();
            for typed in [
                plain.clone(),
                format!("£{plain}"),
                format!(" {plain} £ "),
                commas.clone(),
                commas.replace(',', " "),
                commas.replace(',', "\u{a0}"),
            ] {
                prop_assert_eq!(Money::parse_formatted(&typed), Ok(money), "{}", typed);
            }
            let elsewhere = plain.replace('.', ",");
            prop_assert!(Money::parse_formatted(&elsewhere).is_err());
            prop_assert!(Money::parse_formatted(&plain.replace('.', " ")).is_err());
        }

        /// No separator, wherever it is, changes the digits before and after the point.
        #[test]
        fn no_text_is_read_as_another_amount(typed in "£?[0-9., \u{a0}]{1,14}£?") {
            use AmountFault::{CommaBeforePence, PointInThousands, Unreadable};
            let kept: String = typed
                .chars()
                .filter(|letter| letter.is_ascii_digit() || *letter == '.')
                .collect();
            let (pounds, pence) = kept.split_once('.').unwrap_or((&kept, ""));
            let pounds = match pounds.trim_start_matches('0') {
                "" => "0",
                pounds => pounds,
            };
            let digits = |text: &str| -> String {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                digits.trim_matches('0').to_owned()
            };
            match AmountFault::parse(&typed) {
                Ok(money) => prop_assert_eq!(String::from(money), format!("{pounds}.{pence:0<2}")),
                Err(CommaBeforePence(meant) | PointInThousands(meant)) => {
                    prop_assert_eq!(digits(&String::from(meant)), digits(&typed));
                }
                Err(Unreadable) => {}
            }
        }
    }

    #[test]
    fn an_amount_as_it_is_written_elsewhere_is_refused_with_what_was_meant() {
        use AmountFault as F;
        let pence = Money::from_pence;
        for (typed, fault) in [
            ("850,50", F::CommaBeforePence(pence(85_050))),
            ("£12,5", F::CommaBeforePence(pence(1_250))),
            ("1.850,00", F::CommaBeforePence(pence(185_000))),
            ("1.850", F::PointInThousands(pence(185_000))),
            ("12.345.678", F::PointInThousands(pence(1_234_567_800))),
            ("1850,000", F::Unreadable),
            ("1,850.0,0", F::Unreadable),
            ("1850.000", F::Unreadable),
            ("about 800", F::Unreadable),
            ("", F::Unreadable),
        ] {
            assert_eq!(F::parse(typed), Err(fault), "{typed}");
        }
        assert_eq!(F::parse("£1,850.50"), Ok(pence(185_050)));
    }

    #[test]
    fn is_said_with_its_thousands_apart() {
        for (pence, says) in [
            (5, "£0.05"),
            (85_000, "£850"),
            (123_405, "£1,234.05"),
            (123_456_700, "£1,234,567"),
        ] {
            assert_eq!(Money::from_pence(pence).to_string(), says);
        }
    }

    #[test]
    fn never_goes_below_zero() {
        let (ten, eleven) = (Money::from_pounds(10), Money::from_pounds(11));
        assert_eq!(
            ten.minus(eleven),
            Err(BelowZero {
                from: ten,
                taken: eleven
            })
        );
        assert_eq!(eleven.minus(ten), Ok(Money::from_pounds(1)));
    }
}
