//! References of applications for use on the telephone: digits only, with a check digit.
//!
//! The check digit is that of ISO 7064 MOD 11,10. It detects every wrong digit and nearly every
//! transposition.

/// The smallest number of digits, including the check digit.
const DIGITS_MIN: usize = 6;

/// The reference of an application. It encodes a position of the event log, so it is unique.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reference(u64);

impl Reference {
    #[must_use]
    pub fn from_position(position: i64) -> Self {
        Self(u64::try_from(position).unwrap_or_default())
    }

    /// Parses a reference that someone typed. Spaces and hyphens are ignored. `None` if the check
    /// digit is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .collect();
        let plain = (DIGITS_MIN..=18).contains(&digits.len())
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        let (number, check) = digits
            .split_at_checked(digits.len().checked_sub(1)?)
            .filter(|_| plain)?;
        let number: u64 = number.parse().ok()?;
        let own = Self(number);
        (own.padded().len() == digits.len() - 1 && check.parse() == Ok(own.check_digit()))
            .then_some(own)
    }

    /// The reference of a payment at the bank, by which the statement is reconciled. At most 18
    /// letters and digits.
    #[must_use]
    pub fn of_payment(self, payment: u16) -> String {
        format!("GR{}P{payment}", self.digits())
    }

    /// Parses the reference of a payment at the bank, such as `GR000018P1`: the application's
    /// reference and the number of the payment.
    #[must_use]
    pub fn parse_payment(text: &str) -> Option<(Self, u16)> {
        let plain: String = text
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '/'))
            .collect::<String>()
            .to_uppercase();
        let (application, payment) = plain.strip_prefix("GR")?.split_once('P')?;
        Some((Self::parse(application)?, payment.parse().ok()?))
    }

    fn padded(self) -> String {
        format!("{:0width$}", self.0, width = DIGITS_MIN - 1)
    }

    fn check_digit(self) -> u32 {
        let product = self.padded().bytes().fold(10, |product, digit| {
            let sum = (product + u32::from(digit - b'0')) % 10;
            (if sum == 0 { 10 } else { sum }) * 2 % 11
        });
        (11 - product) % 10
    }

    /// The digits without spaces, as stored in read models.
    #[must_use]
    pub fn digits(self) -> String {
        format!("{}{}", self.padded(), self.check_digit())
    }
}

/// In groups of three digits, for reading out.
impl std::fmt::Display for Reference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let digits = self.digits();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                f.write_str(" ")?;
            }
            write!(f, "{digit}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_back_as_it_was_said() {
        for position in [0, 7, 1042, 99_999, 1_234_567] {
            let reference = Reference::from_position(position);
            assert_eq!(
                Reference::parse(&reference.to_string()),
                Some(reference),
                "{reference}"
            );
        }
        assert_eq!(Reference::from_position(1042).to_string().len(), 7);
    }

    #[test]
    fn every_wrong_digit_is_noticed() {
        let digits = Reference::from_position(10_427).digits();
        for at in 0..digits.len() {
            for other in '0'..='9' {
                let mut wrong: Vec<char> = digits.chars().collect();
                if wrong[at] == other {
                    continue;
                }
                wrong[at] = other;
                assert_eq!(Reference::parse(&wrong.iter().collect::<String>()), None);
            }
        }
        for text in ["", "12345", "abc def", "0000000000000000000000"] {
            assert_eq!(Reference::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_reference_of_a_payment_is_read_back() {
        let reference = Reference::from_position(1);
        for text in ["GR000018P1", "gr 000018 p1", "GR/000018/P1"] {
            assert_eq!(
                Reference::parse_payment(text),
                Some((reference, 1)),
                "{text}"
            );
        }
        for text in ["GR000017P1", "GR000018", "GR000018P", "000018P1"] {
            assert_eq!(Reference::parse_payment(text), None, "{text}");
        }
    }
}
