//! The books of a log: journal entries in the order of their days, and the balances of accounts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::accounts::{AccountKind, FundNames, LedgerAccount, Restriction};

/// A journal entry: what one command did to the money of one grant, or of one funder, on one day.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// The day on which it took effect.
    pub date: Date,
    /// The events that it comes from.
    pub positions: BTreeSet<i64>,
    /// The id of the grant, or of the fund for money of a funder.
    pub record: Uuid,
    /// The group or the funder.
    pub party: String,
    pub says: String,
    /// Pence by account; a debit is positive. They add up to zero.
    pub lines: BTreeMap<LedgerAccount, i64>,
}

impl JournalEntry {
    #[must_use]
    pub fn first_position(&self) -> i64 {
        self.positions.first().copied().unwrap_or_default()
    }

    /// The positions, separated by blanks.
    #[must_use]
    pub fn positions_text(&self) -> String {
        let all: Vec<String> = self.positions.iter().map(ToString::to_string).collect();
        all.join(" ")
    }
}

/// A line of the trial balance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrialBalanceLine {
    pub account: String,
    pub debit: i64,
    pub credit: i64,
}

/// The sums of one fund, in pence.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FundBalances {
    /// Income, less what was withdrawn.
    pub allocated: i64,
    /// Expenses: awarded, less what was released or came back.
    pub committed: i64,
    /// The liability to groups: committed, and not sent to the bank yet.
    pub payable: i64,
    /// Money at the bank, less entries that are not settled.
    pub cash: i64,
}

impl FundBalances {
    /// Sent, less what came back: the income that is not at the bank any more.
    #[must_use]
    pub fn sent_net(&self) -> i64 {
        self.allocated.saturating_sub(self.cash)
    }

    /// The fund's free reserves.
    #[must_use]
    pub fn uncommitted(&self) -> i64 {
        self.allocated.saturating_sub(self.committed)
    }

    fn add(&mut self, kind: AccountKind, pence: i64) {
        let (sum, more) = match kind {
            AccountKind::GrantsReceived => (&mut self.allocated, pence.saturating_neg()),
            AccountKind::GrantsAwarded | AccountKind::GrantsRecovered => {
                (&mut self.committed, pence)
            }
            AccountKind::GrantsPayable => (&mut self.payable, pence.saturating_neg()),
            AccountKind::Bank | AccountKind::Unpresented | AccountKind::EntriesToSettle => {
                (&mut self.cash, pence)
            }
        };
        *sum = sum.saturating_add(more);
    }
}

/// All entries of a log, by day and then by position.
#[derive(Clone, Debug)]
pub struct Books {
    pub entries: Vec<JournalEntry>,
    pub funds: FundNames,
    /// The last position that the entries include; -1 for an empty log.
    pub position: i64,
}

impl Books {
    /// The balance of each account, in pence; a debit is positive. Accounts that were used and are
    /// empty again are among them.
    #[must_use]
    pub fn balances(&self) -> BTreeMap<LedgerAccount, i64> {
        let mut balances = BTreeMap::new();
        for (account, pence) in self.entries.iter().flat_map(|entry| &entry.lines) {
            add(&mut balances, account.clone(), *pence);
        }
        balances
    }

    /// The trial balance by the accounts' names.
    #[must_use]
    pub fn trial_balance(&self) -> Vec<TrialBalanceLine> {
        let mut by_name: BTreeMap<String, i64> = BTreeMap::new();
        for (account, pence) in self.balances() {
            add(&mut by_name, account.name(&self.funds), pence);
        }
        by_name
            .into_iter()
            .map(|(account, pence)| TrialBalanceLine {
                account,
                debit: pence.max(0),
                credit: pence.saturating_neg().max(0),
            })
            .collect()
    }

    /// The sums of each fund that had money.
    #[must_use]
    pub fn by_fund(&self) -> BTreeMap<Uuid, FundBalances> {
        let mut funds: BTreeMap<Uuid, FundBalances> = BTreeMap::new();
        for (account, pence) in self.balances() {
            funds
                .entry(account.fund)
                .or_default()
                .add(account.kind, pence);
        }
        funds
    }

    /// The entries of each fund and restriction, in order, with their lines of that restriction.
    /// Entries at the bank that are not settled have no restriction yet.
    #[must_use]
    pub fn by_restriction(&self) -> LedgersByRestriction<'_> {
        let mut ledgers = LedgersByRestriction::new();
        for entry in &self.entries {
            let mut parts: BTreeMap<(Uuid, Option<Restriction>), BTreeMap<AccountKind, i64>> =
                BTreeMap::new();
            for (account, pence) in &entry.lines {
                let key = (account.fund, account.restriction.clone());
                add(parts.entry(key).or_default(), account.kind, *pence);
            }
            for (key, lines) in parts {
                ledgers
                    .entry(key)
                    .or_default()
                    .push(RestrictedEntry { entry, lines });
            }
        }
        ledgers
    }
}

/// Ledgers by fund and restriction.
pub type LedgersByRestriction<'a> = BTreeMap<(Uuid, Option<Restriction>), Vec<RestrictedEntry<'a>>>;

/// The part of an entry that concerns one fund and restriction.
#[derive(Clone, Debug)]
pub struct RestrictedEntry<'a> {
    pub entry: &'a JournalEntry,
    pub lines: BTreeMap<AccountKind, i64>,
}

impl RestrictedEntry<'_> {
    fn of(&self, kinds: &[AccountKind]) -> i64 {
        let pence = |kind: &AccountKind| self.lines.get(kind).copied().unwrap_or_default();
        kinds.iter().map(pence).fold(0, i64::saturating_add)
    }

    /// Money received from the funder, less what was withdrawn.
    #[must_use]
    pub fn received(&self) -> i64 {
        self.of(&[AccountKind::GrantsReceived]).saturating_neg()
    }

    /// Awarded, less what was released or came back.
    #[must_use]
    pub fn awarded(&self) -> i64 {
        self.of(&[AccountKind::GrantsAwarded, AccountKind::GrantsRecovered])
    }

    /// Paid to groups, less what came back.
    #[must_use]
    pub fn paid(&self) -> i64 {
        self.awarded()
            .saturating_add(self.of(&[AccountKind::GrantsPayable]))
    }

    /// Money that came to the bank and is not settled; negative if it left.
    #[must_use]
    pub fn to_settle(&self) -> i64 {
        self.of(&[AccountKind::EntriesToSettle]).saturating_neg()
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, i64>, key: K, pence: i64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(pence);
}
