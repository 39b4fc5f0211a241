//! Payees: how money reaches a group. To its own account, to a holding body, or by purchases for
//! the group.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::personal_data::{
    BlindIndexKind, Encrypted, PersonalField, PersonalInput, PersonalLine, personal_name,
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
}

fn numbers<'de, D: serde::Deserializer<'de>>(input: D) -> Result<PersonalInput, D::Error> {
    parse_numbers(&String::deserialize(input)?)
        .map(PersonalInput::Open)
        .map_err(serde::de::Error::custom)
}

/// Normalises a sort code and account number: six digits, a space, eight digits. Fails with
/// [`TextError::NotAnAccount`].
pub fn parse_numbers(text: &str) -> Result<String, TextError> {
    let (sort_code, account) = text.trim().split_once(' ').ok_or(TextError::NotAnAccount)?;
    let sort_code = sort_code.replace('-', "");
    let digits =
        |part: &str, length| part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(&sort_code, 6) && digits(account, 8) {
        Ok(format!("{sort_code} {account}"))
    } else {
        Err(TextError::NotAnAccount)
    }
}

/// A payee with its personal values encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "route", rename_all = "snake_case")]
pub enum EncryptedPayee {
    OwnAccount {
        holder: Encrypted,
        numbers: Encrypted,
    },
    HoldingBody {
        body: Line,
        consented_on: Date,
        holder: Encrypted,
        numbers: Encrypted,
    },
    PurchaseForGroup {},
}

impl PayeeInput {
    pub(crate) fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::OwnAccount { account } | Self::HoldingBody { account, .. } => vec![
                PersonalField {
                    field: "holder",
                    value: &mut account.holder,
                    index: None,
                },
                PersonalField {
                    field: "numbers",
                    value: &mut account.numbers,
                    index: Some(BlindIndexKind::Account),
                },
            ],
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
}
