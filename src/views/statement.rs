//! Statements of a fund, or of a funder's money, between two days: opening balances, all movements,
//! closing balances. The movements add up to the difference of the balances.

use jiff::civil::Date;
use serde::Serialize;

use super::{AsAt, GroupBy, Sums, ViewError, Views};
use crate::domain::Money;
use crate::store::postings;

/// The figures in a statement. The other balances are computed from these.
const FIGURES: [&str; 5] = ["allocated", "committed", "sent", "confirmed", "returned"];

/// The fund or funder of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementSubject<'a> {
    Fund(&'a str),
    Funder(&'a str),
}

impl<'a> StatementSubject<'a> {
    fn key(self) -> (GroupBy, &'a str) {
        match self {
            Self::Fund(fund) => (GroupBy::Fund, fund),
            Self::Funder(funder) => (GroupBy::Funder, funder),
        }
    }
}

/// A statement of a fund or of a funder.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Statement {
    /// The id of the fund, or the funder.
    pub of: String,
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    #[schema(value_type = String, format = "date")]
    pub until: Date,
    /// The last position before the first day; -1 before the first event. `until_position` is the
    /// last position of the last day.
    pub from_position: i64,
    pub until_position: i64,
    pub opening: Balances,
    pub lines: Vec<StatementLine>,
    pub closing: Balances,
}

/// Balances at one position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Balances {
    pub allocated: Money,
    /// Awarded by panels, with what later changes made of it: committed, and what was returned.
    pub awarded: Money,
    /// Held for grants: awarded, less what was returned.
    pub committed: Money,
    /// Committed and not paid: not sent yet, or sent and not confirmed by the bank.
    pub unpaid: Money,
    /// Sent to the bank, less what failed or was taken back by the bank.
    pub sent: Money,
    /// Of the sent money, what the bank confirmed that it paid.
    pub confirmed: Money,
    /// Deprecated: the old name of `sent`.
    pub paid: Money,
    /// Came back from groups.
    pub returned: Money,
    /// Paid, less returned: confirmed, less what groups returned.
    pub paid_net: Money,
    /// Allocated and not committed.
    pub uncommitted: Money,
}

/// One movement.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct StatementLine {
    pub position: i64,
    pub recorded_on: String,
    /// The day on which it happened.
    pub effective_on: String,
    /// `allocated`, `committed`, `sent`, `confirmed` or `returned`.
    pub sum: String,
    /// Deprecated: the old name of `sum`. It has `paid` for `sent`.
    pub figure: String,
    /// The change of the sum in pounds, with two decimals; negative if it fell.
    #[schema(pattern = "^-?[0-9]+\\.[0-9]{2}$")]
    pub amount: String,
    #[serde(skip)]
    pub pence: i64,
    pub grant: Option<String>,
    pub fund: String,
    pub funder: Option<String>,
    pub area: Option<String>,
    /// The theme of the grant, if it has one.
    pub theme: Option<String>,
}

impl StatementLine {
    /// The change as text for people: `+£500` or `−£500`.
    #[must_use]
    pub fn change(&self) -> String {
        let sign = if self.pence < 0 { '\u{2212}' } else { '+' };
        format!("{sign}{}", Money::from_pence(self.pence.unsigned_abs()))
    }
}

impl Views {
    /// Whether the live postings include money of this funder.
    pub async fn is_funder(&self, funder: &str) -> Result<bool, ViewError> {
        Ok(postings::is_funder(self.log.store(), self.log.organisation(), funder).await?)
    }

    /// A statement between two days, both included, by the days on which events were recorded.
    pub async fn statement(
        &self,
        of: StatementSubject<'_>,
        from: Date,
        until: Date,
    ) -> Result<Statement, ViewError> {
        let before = from.saturating_sub(jiff::Span::new().days(1));
        let from_position = self.position_as_at(AsAt::Day(before)).await?;
        let until_position = self.position_as_at(AsAt::Day(until)).await?;
        let moved = postings::between(
            self.log.store(),
            self.log.organisation(),
            of.key(),
            (from_position, until_position),
        )
        .await?;
        let some = |text: String| Some(text).filter(|text| !text.is_empty());
        let lines = moved
            .into_iter()
            .filter(|posting| FIGURES.contains(&posting.figure.as_str()))
            .map(|posting| StatementLine {
                position: posting.position,
                recorded_on: posting.recorded_on,
                effective_on: posting.effective_on,
                figure: match posting.figure.as_str() {
                    "sent" => "paid".to_owned(),
                    other => other.to_owned(),
                },
                sum: posting.figure,
                amount: format!(
                    "{}{}.{:02}",
                    if posting.amount < 0 { "-" } else { "" },
                    posting.amount.abs() / 100,
                    posting.amount.abs() % 100
                ),
                pence: posting.amount,
                grant: some(posting.grant_id),
                fund: posting.fund,
                funder: some(posting.funder),
                area: some(posting.area),
                theme: some(posting.theme),
            });
        Ok(Statement {
            of: of.key().1.to_owned(),
            from,
            until,
            from_position,
            until_position,
            opening: self.balances(of, from_position).await?,
            lines: lines.collect(),
            closing: self.balances(of, until_position).await?,
        })
    }

    async fn balances(
        &self,
        of: StatementSubject<'_>,
        position: i64,
    ) -> Result<Balances, ViewError> {
        let (by, key) = of.key();
        let fund = matches!(of, StatementSubject::Fund(_)).then_some(key);
        let lines = self
            .budget(Sums {
                by,
                fund,
                area: None,
                position,
                effective_on: None,
            })
            .await?
            .lines;
        let line = lines.into_iter().find(|line| line.of == key);
        Ok(line.map_or_else(Balances::default, |line| Balances {
            allocated: line.allocated,
            awarded: line.awarded,
            committed: line.committed,
            unpaid: line.unpaid,
            sent: line.sent,
            confirmed: line.confirmed,
            paid: line.paid,
            returned: line.returned,
            paid_net: line.paid_net,
            uncommitted: line.uncommitted.unwrap_or_default(),
        }))
    }
}
