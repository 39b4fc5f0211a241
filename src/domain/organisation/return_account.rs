//! The organisation's own account, to which groups return money.

use serde::{Deserialize, Serialize};

use crate::domain::payee::parse_numbers;
use crate::domain::text::{Line, text_type};

text_type!(
    /// Sort code and account number: six digits, a space, eight digits.
    AccountNumbers, parse_numbers, "Sort code and account number",
    "^[0-9]{2}-?[0-9]{2}-?[0-9]{2} [0-9]{8}$", 17, "12-34-56 12345678"
);

/// The account to which groups return money. Only staff see it, and a group that owes money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnAccount {
    /// The name on the account.
    pub holder: Line,
    pub numbers: AccountNumbers,
}

impl ReturnAccount {
    /// The sort code as a bank card has it: `12-34-56`.
    #[must_use]
    pub fn sort_code(&self) -> String {
        let (digits, _) = self.digits();
        match (digits.get(..2), digits.get(2..4), digits.get(4..)) {
            (Some(bank), Some(middle), Some(branch)) => format!("{bank}-{middle}-{branch}"),
            _ => digits.to_owned(),
        }
    }

    /// The account number, without the sort code.
    #[must_use]
    pub fn account_number(&self) -> &str {
        self.digits().1
    }

    /// Sort code and account number: six digits, eight digits.
    #[must_use]
    pub fn digits(&self) -> (&str, &str) {
        let numbers = self.numbers.as_str();
        numbers.split_once(' ').unwrap_or((numbers, ""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_as_on_a_bank_card() {
        let account = ReturnAccount {
            holder: "Neighbourhood Action".parse().unwrap(),
            numbers: "12-34-56 12345678".parse().unwrap(),
        };
        assert_eq!(
            (account.sort_code().as_str(), account.account_number()),
            ("12-34-56", "12345678")
        );
        assert!("12-34-56".parse::<AccountNumbers>().is_err());
    }
}
