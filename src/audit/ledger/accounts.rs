//! The accounts of the books, named as a charity's trial balance names them.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::funding_source::FundingSource;
use crate::domain::text::{Slug, capitalised};

/// The account of all lines of one kind. Beancount and hledger read the type of an account from
/// its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
pub enum AccountKind {
    /// Money as the bank statement shows it.
    #[strum(serialize = "Assets:Bank:Statement")]
    Bank,
    /// Payments that were sent and that the bank has not confirmed; a credit.
    #[strum(serialize = "Assets:Bank:Unpresented")]
    Unpresented,
    /// Awarded and not paid yet.
    #[strum(serialize = "Liabilities:Grants-payable")]
    GrantsPayable,
    /// Lines of the bank statement that match nothing, until two people have settled them.
    #[strum(serialize = "Liabilities:Bank-entries-to-settle")]
    EntriesToSettle,
    #[strum(serialize = "Income:Grants-received")]
    GrantsReceived,
    #[strum(serialize = "Expenses:Grants-awarded")]
    GrantsAwarded,
    /// Money of grants that came back; a credit.
    #[strum(serialize = "Expenses:Grants-recovered")]
    GrantsRecovered,
}

impl AccountKind {
    /// Whether all funds share the account.
    #[must_use]
    pub fn is_bank(self) -> bool {
        matches!(self, Self::Bank | Self::Unpresented)
    }
}

/// Whose money it is: a funder's, for one area or for all of the fund's areas.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Restriction {
    pub funder: Slug,
    pub area: Option<Slug>,
}

impl From<&FundingSource> for Restriction {
    fn from(source: &FundingSource) -> Self {
        Self {
            funder: source.funder.clone(),
            area: source.area.clone(),
        }
    }
}

/// The account of one line, with the fund and the restriction of its money. Lines at the bank have
/// them, too, although all funds share the bank's accounts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LedgerAccount {
    pub kind: AccountKind,
    pub fund: Uuid,
    /// Absent for an entry at the bank that is not settled: nobody knows yet whose money it is.
    pub restriction: Option<Restriction>,
}

impl LedgerAccount {
    /// The account's full name.
    #[must_use]
    pub fn name(&self, funds: &FundNames) -> String {
        let kind: &str = self.kind.into();
        if self.kind.is_bank() {
            return kind.to_owned();
        }
        let mut name = format!("{kind}:{}", funds.account_part(self.fund));
        if let Some(Restriction { funder, area }) = &self.restriction {
            name.push(':');
            name.push_str(&capitalised(funder.as_str()));
            name.push(':');
            name.push_str(&area_part(area.as_ref()));
        }
        name
    }
}

/// The part of an account's name that says to which area the money is restricted.
#[must_use]
pub fn area_part(area: Option<&Slug>) -> String {
    area.map_or_else(|| "All-areas".to_owned(), |area| format!("Only-{area}"))
}

/// The names of funds, and the part of account names that each of them gives.
#[derive(Clone, Debug, Default)]
pub struct FundNames {
    names: BTreeMap<Uuid, (String, String)>,
    parts: BTreeSet<String>,
}

impl FundNames {
    /// Adds a fund. If another fund gives the same part of a name, the beginning of the id is
    /// added, or all of it.
    pub(super) fn add(&mut self, fund: Uuid, name: &str) {
        let plain = account_part_of(name);
        let candidates = [
            plain.clone(),
            with_id(&plain, &short_id(fund)),
            with_id(&plain, &fund.to_string()),
        ];
        let part = candidates
            .into_iter()
            .find(|part| !part.is_empty() && !self.parts.contains(part))
            .unwrap_or_else(|| fund_part(&fund.to_string()));
        self.parts.insert(part.clone());
        self.names.insert(fund, (name.to_owned(), part));
    }

    /// The fund's name as people know it.
    #[must_use]
    pub fn name(&self, fund: Uuid) -> String {
        self.names.get(&fund).map_or_else(
            || format!("fund {}", short_id(fund)),
            |(name, _)| name.clone(),
        )
    }

    fn account_part(&self, fund: Uuid) -> String {
        self.names
            .get(&fund)
            .map_or_else(|| fund_part(&short_id(fund)), |(_, part)| part.clone())
    }
}

fn fund_part(id: &str) -> String {
    format!("Fund-{id}")
}

fn with_id(part: &str, id: &str) -> String {
    if part.is_empty() {
        fund_part(id)
    } else {
        format!("{part}-{id}")
    }
}

/// The beginning of an id, enough to tell a person's or a grant's from another's by eye.
pub(in crate::audit) fn short_id(id: Uuid) -> String {
    id.to_string().chars().take(8).collect()
}

/// A name as a part of an account's name: ASCII letters, digits and single hyphens, beginning with
/// a capital letter or a digit.
fn account_part_of(name: &str) -> String {
    let words: Vec<&str> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    capitalised(&words.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn account_names_are_those_that_both_programs_read() {
        assert_eq!(
            account_part_of("Loneliness & social isolation: \"fund\"; (new)"),
            "Loneliness-social-isolation-fund-new"
        );
        assert_eq!(account_part_of("ędzie"), "Dzie");
        let mut funds = FundNames::default();
        let ids = [1, 2, 3].map(Uuid::from_u128);
        for (id, name) in ids.into_iter().zip(["Fund", "fund!", "…"]) {
            funds.add(id, name);
        }
        assert_eq!(
            ids.map(|id| funds.account_part(id)),
            [
                "Fund",
                "Fund-00000000",
                "Fund-00000000-0000-0000-0000-000000000003"
            ]
            .map(str::to_owned)
        );
    }

    #[test]
    fn money_of_one_area_has_an_account_of_its_own() {
        let mut funds = FundNames::default();
        let fund = Uuid::from_u128(1);
        funds.add(fund, "Warm rooms");
        let account = |kind, area: Option<&str>| LedgerAccount {
            kind,
            fund,
            restriction: Some(Restriction {
                funder: "health-partnership".parse().unwrap(),
                area: area.map(|area| area.parse().unwrap()),
            }),
        };
        assert_eq!(
            account(AccountKind::GrantsReceived, Some("oldham")).name(&funds),
            "Income:Grants-received:Warm-rooms:Health-partnership:Only-oldham"
        );
        assert_eq!(
            account(AccountKind::GrantsPayable, None).name(&funds),
            "Liabilities:Grants-payable:Warm-rooms:Health-partnership:All-areas"
        );
        assert_eq!(
            account(AccountKind::Bank, None).name(&funds),
            "Assets:Bank:Statement"
        );
    }
}
