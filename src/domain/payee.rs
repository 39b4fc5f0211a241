//! Payees: how money reaches a group. To its own account, to a holding body, or by purchases for
//! the group.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::personal_data::{
    BlindIndexKind, Encrypted, PersonalField, PersonalInput, PersonalLine, deserialize_optional,
    personal_name,
};
use super::text::{Line, Name, TextError};
use super::{DecisionContext, Refusal};

/// The route of payment. It is stored unencrypted, since rules need it.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum PaymentRoute {
    OwnAccount,
    HoldingBody,
    PurchaseForGroup,
}

/// A payee as entered.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(tag = "route", rename_all = "snake_case", deny_unknown_fields)]
pub enum PayeeInput {
    OwnAccount {
        account: BankAccount,
    },
    /// Another body holds the money in trust for the group. It has consented.
    HoldingBody {
        body: Name,
        #[schema(value_type = String, format = "date")]
        consented_on: Date,
        account: BankAccount,
    },
    /// The organisation buys things for the group.
    PurchaseForGroup {},
}

/// A bank account in the United Kingdom.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BankAccount {
    /// The name on the account.
    #[serde(deserialize_with = "personal_name")]
    #[schema(value_type = PersonalLine)]
    pub holder: PersonalInput,
    /// Sort code and account number, such as `12-34-56 12345678`.
    #[serde(deserialize_with = "numbers")]
    #[schema(
        value_type = String,
        pattern = "^[0-9]{2}-?[0-9]{2}-?[0-9]{2} [0-9]{8}$",
        max_length = 17,
        example = "12-34-56 12345678"
    )]
    pub numbers: PersonalInput,
    /// The roll number, if it is an account of a building society that has one. Letters, digits,
    /// spaces, hyphens, slashes and full stops.
    #[serde(default, deserialize_with = "roll_number")]
    #[schema(
        value_type = Option<String>,
        pattern = "^[A-Za-z0-9 ./-]*[A-Za-z0-9][A-Za-z0-9 ./-]*$",
        max_length = 18,
        example = "A/123456-7"
    )]
    pub roll_number: Option<PersonalInput>,
}

/// Why an account's numbers are refused, with what to enter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountProblem {
    #[error("a sort code has six digits")]
    SortCode,
    #[error(
        "an account number has digits only; the letters of a building society's account are in its \
            roll number"
    )]
    Letters,
    /// The account number with noughts in front.
    #[error("an account number has eight digits: put noughts in front of a shorter one")]
    TooShort(String),
    #[error(
        "an account number has eight digits: ask the bank which eight, and which sort code, others \
            use to pay into it"
    )]
    TooLong,
    #[error("enter an account number of eight digits")]
    NotEight,
    #[error("a roll number has up to 18 letters and digits")]
    RollNumber,
}

fn numbers<'de, D: serde::Deserializer<'de>>(input: D) -> Result<PersonalInput, D::Error> {
    let text = String::deserialize(input)?;
    let (sort_code, account) = text.trim().split_once(' ').unwrap_or((text.as_str(), ""));
    parse_account(sort_code, account)
        .map(PersonalInput::Open)
        .map_err(serde::de::Error::custom)
}

fn roll_number<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<PersonalInput>, D::Error> {
    deserialize_optional(input, parse_roll_number)
}

/// Normalises a sort code and an account number: six digits, a space, eight digits. Spaces and
/// hyphens are dropped. Letters are refused: the numbers of an account may not change unnoticed.
pub fn parse_account(sort_code: &str, account: &str) -> Result<String, AccountProblem> {
    let plain = |text: &str| -> String {
        let separators =
            |c: &char| c.is_whitespace() || matches!(*c, '-' | '\u{2010}'..='\u{2015}');
        text.chars().filter(|c| !separators(c)).collect()
    };
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (sort_code, account) = (plain(sort_code), plain(account));
    if sort_code.len() != 6 || !are_digits(&sort_code) {
        return Err(AccountProblem::SortCode);
    }
    if !are_digits(&account) {
        return Err(AccountProblem::Letters);
    }
    match account.len() {
        8 => Ok(format!("{sort_code} {account}")),
        6 | 7 => Err(AccountProblem::TooShort(format!("{account:0>8}"))),
        9 | 10 => Err(AccountProblem::TooLong),
        _ => Err(AccountProblem::NotEight),
    }
}

/// Normalises a roll number: capitals, and single spaces.
pub fn parse_roll_number(text: &str) -> Result<String, AccountProblem> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = words.join(" ").to_uppercase();
    let fits = plain.len() <= 18
        && plain.contains(|c: char| c.is_ascii_alphanumeric())
        && plain
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '/' | '-'));
    if fits {
        Ok(plain)
    } else {
        Err(AccountProblem::RollNumber)
    }
}

/// Normalises a sort code and account number with a space between them. Fails with
/// [`TextError::NotAnAccount`].
pub fn parse_numbers(text: &str) -> Result<String, TextError> {
    let (sort_code, account) = text.trim().split_once(' ').ok_or(TextError::NotAnAccount)?;
    parse_account(sort_code, account).map_err(|_| TextError::NotAnAccount)
}

/// A payee with its personal values encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "route", rename_all = "snake_case")]
pub enum EncryptedPayee {
    /// The group's own account.
    OwnAccount {
        /// The name on the account.
        holder: Encrypted,
        /// Sort code and account number.
        numbers: Encrypted,
        /// The roll number of a building society's account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roll_number: Option<Encrypted>,
    },
    /// The account of a body that holds the group's money.
    HoldingBody {
        /// The name of the body.
        body: Line,
        /// The day on which the body agreed.
        consented_on: Date,
        /// The name on the account.
        holder: Encrypted,
        /// Sort code and account number.
        numbers: Encrypted,
        /// The roll number of a building society's account.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        roll_number: Option<Encrypted>,
    },
    /// The organisation buys for the group.
    PurchaseForGroup {},
}

impl BankAccount {
    /// Groups are compared by the numbers of their accounts, whether or not there is a roll number:
    /// a bank ignores one that was made up. Members of one building society may share the numbers,
    /// and the office sees that they have roll numbers.
    fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        let roll_number = self.roll_number.as_mut().map(|value| PersonalField {
            field: "roll_number",
            value,
            index: None,
        });
        let holder = PersonalField {
            field: "holder",
            value: &mut self.holder,
            index: None,
        };
        let numbers = PersonalField {
            field: "numbers",
            value: &mut self.numbers,
            index: Some(BlindIndexKind::Account),
        };
        [holder, numbers].into_iter().chain(roll_number).collect()
    }
}

impl PayeeInput {
    pub(crate) fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::OwnAccount { account } | Self::HoldingBody { account, .. } => {
                account.personal_fields()
            }
            Self::PurchaseForGroup {} => Vec::new(),
        }
    }

    /// Sort code and account number if they are not encrypted yet: six digits, a space, eight
    /// digits.
    #[must_use]
    pub fn plaintext_numbers(&self) -> Option<&str> {
        match self {
            Self::OwnAccount {
                account:
                    BankAccount {
                        numbers: PersonalInput::Open(numbers),
                        ..
                    },
            }
            | Self::HoldingBody {
                account:
                    BankAccount {
                        numbers: PersonalInput::Open(numbers),
                        ..
                    },
                ..
            } => Some(numbers),
            _ => None,
        }
    }

    pub(crate) fn encrypted(&self, facts: &DecisionContext) -> Result<EncryptedPayee, Refusal> {
        Ok(match self {
            Self::OwnAccount { account } => EncryptedPayee::OwnAccount {
                holder: account.holder.sealed(),
                numbers: account.numbers.sealed(),
                roll_number: account.roll_number.as_ref().map(PersonalInput::sealed),
            },
            Self::HoldingBody {
                body,
                consented_on,
                account,
            } => {
                facts.not_future(*consented_on)?;
                EncryptedPayee::HoldingBody {
                    body: body.clone().into(),
                    consented_on: *consented_on,
                    holder: account.holder.sealed(),
                    numbers: account.numbers.sealed(),
                    roll_number: account.roll_number.as_ref().map(PersonalInput::sealed),
                }
            }
            Self::PurchaseForGroup {} => EncryptedPayee::PurchaseForGroup {},
        })
    }
}

impl EncryptedPayee {
    #[must_use]
    pub fn route(&self) -> PaymentRoute {
        match self {
            Self::OwnAccount { .. } => PaymentRoute::OwnAccount,
            Self::HoldingBody { .. } => PaymentRoute::HoldingBody,
            Self::PurchaseForGroup {} => PaymentRoute::PurchaseForGroup,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_numbers_have_one_form() {
        assert_eq!(
            parse_numbers("12-34-56 12345678"),
            Ok("123456 12345678".to_owned())
        );
        for text in [
            "123456",
            "12345 12345678",
            "123456 1234567",
            "abcdef 12345678",
        ] {
            assert_eq!(parse_numbers(text), Err(TextError::NotAnAccount), "{text}");
        }
    }

    #[test]
    fn advice_is_about_what_was_entered() {
        use AccountProblem as P;
        let short = |padded: &str| Err(P::TooShort(padded.to_owned()));
        for (sort_code, account, is) in [
            ("12-34-56", "1234 5678", Ok("123456 12345678".to_owned())),
            ("12 34 56", "12-345678", Ok("123456 12345678".to_owned())),
            ("12–34–56", "12345678", Ok("123456 12345678".to_owned())),
            ("123456", "1234567", short("01234567")),
            ("123456", "123456", short("00123456")),
            ("123456", "123456789", Err(P::TooLong)),
            ("123456", "1234567890", Err(P::TooLong)),
            ("123456", "12345", Err(P::NotEight)),
            ("123456", "", Err(P::NotEight)),
            ("123456", "ROLL 12345678", Err(P::Letters)),
            ("123456", "1234567O", Err(P::Letters)),
            ("123456", "١٢٣٤٥٦٧٨", Err(P::Letters)),
            ("12345", "12345678", Err(P::SortCode)),
            ("12345A", "12345678", Err(P::SortCode)),
        ] {
            assert_eq!(
                parse_account(sort_code, account),
                is,
                "{sort_code} {account}"
            );
        }
    }

    #[test]
    fn roll_numbers_keep_their_letters() {
        for (text, is) in [
            (" a/123456-7 ", Ok("A/123456-7")),
            ("Roll  12345678", Ok("ROLL 12345678")),
            ("1234.567.89", Ok("1234.567.89")),
            ("1234567890123456789", Err(AccountProblem::RollNumber)),
            ("A_1", Err(AccountProblem::RollNumber)),
            ("-/-", Err(AccountProblem::RollNumber)),
            ("", Err(AccountProblem::RollNumber)),
        ] {
            assert_eq!(parse_roll_number(text), is.map(str::to_owned), "{text}");
        }
    }
}
