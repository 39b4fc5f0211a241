//! What each person who came cost: the money of grants that have reported, divided by the people
//! in their reports.
//!
//! Only grants with an accepted report count, on both sides of the division. The money of a grant
//! that runs and has not reported yet would raise the cost of people whom others have reached.

use std::collections::BTreeMap;

use serde::Serialize;

use super::budget::{FigureTotals, figure_of, sums_of_grants};
use super::{GroupBy, Sums, ViewError, Views};
use crate::domain::Money;

/// What was paid for each person who came, over the grants that have an accepted report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CostPerPerson {
    /// The grants with an accepted report. Only these count here.
    pub grants: i64,
    /// The people who came, in all accepted reports of these grants.
    pub people: i64,
    /// What the bank paid to these grants, less what they returned, from all funders together.
    pub paid_net: Money,
    /// `paid_net` divided by `people`, to the nearest penny. Absent while there are no people.
    pub per_person: Option<Money>,
}

/// Sums over grants, in pence.
#[derive(Clone, Copy, Debug, Default)]
struct ReportedSums {
    grants: i64,
    people: i64,
    paid_net: i64,
}

impl ReportedSums {
    /// Adds a grant if it has an accepted report.
    fn add(&mut self, figures: &FigureTotals) {
        if figure_of(figures, "updates") > 0 {
            self.grants += 1;
            self.people += figure_of(figures, "people");
            self.paid_net += sums_of_grants(figures).paid_net();
        }
    }

    fn divide(self) -> CostPerPerson {
        // As at a day, a sum may be below zero, see `BudgetLine::out_of_order`.
        let paid = u64::try_from(self.paid_net).unwrap_or_default();
        let people = u64::try_from(self.people).unwrap_or_default();
        let per_person = (people > 0).then(|| Money::from_pence((paid + people / 2) / people));
        CostPerPerson {
            grants: self.grants,
            people: self.people,
            paid_net: Money::from_pence(paid),
            per_person,
        }
    }
}

impl Views {
    /// The cost for each person over the grants of a query that `counts` accepts, by their ids.
    pub async fn cost_per_person(
        &self,
        wanted: Sums<'_>,
        counts: impl Fn(&str) -> bool,
    ) -> Result<CostPerPerson, ViewError> {
        let by_grant = Sums {
            by: GroupBy::Grant,
            ..wanted
        };
        let totals = self.totals(by_grant).await?;
        let mut sums = ReportedSums::default();
        for (_, figures) in totals.sums.iter().filter(|(grant, _)| counts(grant)) {
            sums.add(figures);
        }
        Ok(sums.divide())
    }

    /// The cost for each person in each area. An area without a report is left out.
    pub async fn cost_per_person_by_area(
        &self,
        position: i64,
    ) -> Result<BTreeMap<String, CostPerPerson>, ViewError> {
        self.cost_per_person_in(GroupBy::AreaAndGrant, position)
            .await
    }

    /// The cost for each person by theme. A theme without a report is left out.
    pub async fn cost_per_person_by_theme(
        &self,
        position: i64,
    ) -> Result<BTreeMap<String, CostPerPerson>, ViewError> {
        self.cost_per_person_in(GroupBy::ThemeAndGrant, position)
            .await
    }

    /// The cost for each person in each area or theme.
    async fn cost_per_person_in(
        &self,
        by: GroupBy,
        position: i64,
    ) -> Result<BTreeMap<String, CostPerPerson>, ViewError> {
        let query = Sums {
            by,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        let totals = self.totals(query).await?;
        let mut by_part: BTreeMap<String, ReportedSums> = BTreeMap::new();
        for (key, figures) in &totals.sums {
            if let Some((part, grant)) = key.split_once('/')
                && !grant.is_empty()
            {
                by_part.entry(part.to_owned()).or_default().add(figures);
            }
        }
        let with_reports = by_part.into_iter().filter(|(_, sums)| sums.grants > 0);
        Ok(with_reports
            .map(|(part, sums)| (part, sums.divide()))
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(grants: &[&[(&str, i64)]]) -> CostPerPerson {
        let mut sums = ReportedSums::default();
        for figures in grants {
            let figures = figures
                .iter()
                .map(|(figure, amount)| ((*figure).to_owned(), *amount));
            sums.add(&figures.collect());
        }
        sums.divide()
    }

    #[test]
    fn the_money_of_a_grant_without_a_report_does_not_count() {
        let reported = [("updates", 1), ("people", 40), ("confirmed", 90_000)];
        let running = [("confirmed", 200_000)];
        let found = cost(&[&reported, &running]);
        assert_eq!((found.grants, found.people), (1, 40));
        assert_eq!(found.per_person, Some(Money::from_pence(2250)));
    }

    #[test]
    fn what_was_returned_is_no_cost() {
        let returned = [
            ("updates", 2),
            ("people", 3),
            ("confirmed", 1000),
            ("returned", 900),
        ];
        let found = cost(&[&returned]);
        assert_eq!(found.paid_net, Money::from_pence(100));
        assert_eq!(found.per_person, Some(Money::from_pence(33)));
    }

    #[test]
    fn nobody_has_no_cost() {
        let found = cost(&[&[("updates", 1), ("confirmed", 1000)]]);
        assert_eq!((found.grants, found.per_person), (1, None));
        assert_eq!(cost(&[]), CostPerPerson::default());
    }

    #[test]
    fn a_cost_is_rounded_to_the_nearest_penny() {
        let found = cost(&[&[("updates", 1), ("people", 3), ("confirmed", 200)]]);
        assert_eq!(found.per_person, Some(Money::from_pence(67)));
    }
}
