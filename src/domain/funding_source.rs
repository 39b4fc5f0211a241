//! Funding sources, and sums split by source.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use super::money::{BelowZero, Money};
use super::text::Slug;

/// A funder's money, for one area or for all. Restricted money sorts first and is spent first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FundingSource {
    /// The key of the funder.
    pub funder: Slug,
    /// The area that the money is restricted to; absent if it is for all areas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<Slug>,
}

impl FundingSource {
    /// Whether the money may be spent in this area.
    #[must_use]
    pub fn serves(&self, area: &Slug) -> bool {
        self.area.as_ref().is_none_or(|own| own == area)
    }

    fn rank(&self) -> (bool, &Option<Slug>, &Slug) {
        (self.area.is_none(), &self.area, &self.funder)
    }
}

/// A sum split by source. Each source occurs once, with more than zero.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct FundingSplit(Vec<FundingShare>);

impl<'de> Deserialize<'de> for FundingSplit {
    /// Fails if a source occurs twice.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let parts: Vec<FundingShare> = Vec::deserialize(deserializer)?;
        for (at, part) in parts.iter().enumerate() {
            if parts
                .iter()
                .take(at)
                .any(|before| before.source == part.source)
            {
                return Err(D::Error::custom("a sum has the same source twice"));
            }
        }
        Ok(Self(parts))
    }
}

/// One source's share of an amount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FundingShare {
    #[serde(flatten)]
    pub source: FundingSource,
    pub amount: Money,
}

/// Written by hand: the derived schema of the flattened [`FundingSource`] would forbid `amount` as
/// an additional property.
impl utoipa::PartialSchema for FundingShare {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
        let refer = utoipa::openapi::Ref::from_schema_name;
        utoipa::openapi::ObjectBuilder::new()
            .description(Some(
                "One source's share of an amount. Money for all areas has no `area`.",
            ))
            .property("funder", refer("Slug"))
            .required("funder")
            .property("area", refer("Slug"))
            .property("amount", refer("Money"))
            .required("amount")
            .into()
    }
}

impl utoipa::ToSchema for FundingShare {}

impl FundingSplit {
    #[must_use]
    pub fn of(source: &FundingSource, amount: Money) -> Self {
        let mut sources = Self::default();
        sources.add(source, amount);
        sources
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[must_use]
    pub fn total(&self) -> Money {
        self.0.iter().map(|part| part.amount).sum()
    }

    pub fn parts(&self) -> impl Iterator<Item = &FundingShare> {
        self.0.iter()
    }

    #[must_use]
    pub fn from(&self, source: &FundingSource) -> Money {
        self.0
            .iter()
            .find(|part| part.source == *source)
            .map_or(Money::ZERO, |part| part.amount)
    }

    pub fn add(&mut self, source: &FundingSource, amount: Money) {
        if amount.is_zero() {
            return;
        }
        if let Some(part) = self.0.iter_mut().find(|part| part.source == *source) {
            part.amount = part.amount.plus(amount);
        } else {
            self.0.push(FundingShare {
                source: source.clone(),
                amount,
            });
            self.0.sort_by(|a, b| a.source.rank().cmp(&b.source.rank()));
        }
    }

    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        for part in &other.0 {
            self.add(&part.source, part.amount);
        }
        self
    }

    /// Subtracts by source. Fails with [`BelowZero`] if a source has less than is subtracted from
    /// it.
    pub fn minus(&self, other: &Self) -> Result<Self, BelowZero> {
        let mut left = Self::default();
        for part in &self.0 {
            left.add(&part.source, part.amount.minus(other.from(&part.source))?);
        }
        for part in &other.0 {
            self.from(&part.source).minus(part.amount)?;
        }
        Ok(left)
    }

    /// Subtracts when an event is applied. If a source has less than the event takes, it goes to
    /// zero, and the error has the amounts.
    pub(super) fn take(&mut self, taken: &Self) -> Result<(), BelowZero> {
        let left = self.minus(taken);
        *self = left.clone().unwrap_or_else(|_| self.less(taken));
        left.map(drop)
    }

    /// Subtracts by source, down to zero.
    #[must_use]
    pub fn less(&self, other: &Self) -> Self {
        let mut left = Self::default();
        for part in &self.0 {
            left.add(
                &part.source,
                part.amount
                    .minus(other.from(&part.source))
                    .unwrap_or_default(),
            );
        }
        left
    }

    /// The smaller amount of each source.
    #[must_use]
    pub fn at_most(&self, other: &Self) -> Self {
        let mut both = Self::default();
        for part in &self.0 {
            both.add(&part.source, part.amount.min(other.from(&part.source)));
        }
        both
    }

    /// Takes an amount from this sum, restricted money first. Fails with [`BelowZero`] if the sum
    /// is too small.
    pub fn first(&self, amount: Money) -> Result<Self, BelowZero> {
        self.draw(amount, self.0.iter())
    }

    /// Takes an amount from this sum, unrestricted money first, as for money that is given back.
    /// Fails with [`BelowZero`] if the sum is too small.
    pub fn last(&self, amount: Money) -> Result<Self, BelowZero> {
        self.draw(amount, self.0.iter().rev())
    }

    fn draw<'a>(
        &self,
        amount: Money,
        parts: impl Iterator<Item = &'a FundingShare>,
    ) -> Result<Self, BelowZero> {
        let mut wanted = amount;
        let mut drawn = Self::default();
        for part in parts {
            let share = part.amount.min(wanted);
            drawn.add(&part.source, share);
            wanted = wanted.minus(share)?;
        }
        if wanted.is_zero() {
            Ok(drawn)
        } else {
            Err(BelowZero {
                from: self.total(),
                taken: amount,
            })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(funder: &str, area: Option<&str>) -> FundingSource {
        FundingSource {
            funder: funder.parse().unwrap(),
            area: area.map(|area| area.parse().unwrap()),
        }
    }

    #[test]
    fn a_sum_has_each_source_once() {
        let read = |area: &str| {
            serde_json::from_value::<FundingSplit>(serde_json::json!([
                { "funder": "council", "area": "oldham", "amount": "900.00" },
                { "funder": "council", "area": area, "amount": "37.00" },
            ]))
        };
        assert!(read("tameside").is_ok());
        assert!(read("oldham").is_err());
    }

    #[test]
    fn restricted_money_is_spent_first_and_given_back_last() {
        let mut money = FundingSplit::of(&source("health", None), Money::from_pounds(100));
        money.add(&source("council", Some("oldham")), Money::from_pounds(50));
        let drawn = money.first(Money::from_pounds(70)).unwrap();
        assert_eq!(
            drawn.from(&source("council", Some("oldham"))),
            Money::from_pounds(50)
        );
        assert_eq!(drawn.from(&source("health", None)), Money::from_pounds(20));
        let back = drawn.last(Money::from_pounds(30)).unwrap();
        assert_eq!(back.from(&source("health", None)), Money::from_pounds(20));
        assert_eq!(drawn.minus(&back).unwrap().total(), Money::from_pounds(40));
    }

    #[test]
    fn no_more_is_drawn_than_there_is() {
        let money = FundingSplit::of(&source("health", None), Money::from_pounds(10));
        assert!(money.first(Money::from_pounds(11)).is_err());
        assert!(
            money
                .minus(&FundingSplit::of(
                    &source("other", None),
                    Money::from_pence(1)
                ))
                .is_err()
        );
    }
}
