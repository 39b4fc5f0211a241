//! Pledges in force, and how many people took and kept each, as at any day.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{ViewError, Views};
use crate::domain::GatheringId;
use crate::domain::organisation::Pledge;
use crate::domain::text::Slug;
use crate::projections::{OrganisationRow, PledgeState, TakenPledgesRow};

/// The pledges that people can take, and what became of those that were taken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PledgeFigures {
    /// The version of the pledges; 0 if none was published yet.
    pub version: u32,
    /// The gathering at which people wrote them together.
    pub written_at: Option<GatheringId>,
    /// How many people took a pledge and did not drop all of theirs. Absent for others than staff
    /// if it is from one to four.
    pub champions: Option<usize>,
    /// The pledges that stand, in their order.
    pub pledges: Vec<PledgeFiguresLine>,
}

/// A pledge, and how many people took and kept it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PledgeFiguresLine {
    #[serde(flatten)]
    pub pledge: Pledge,
    /// How many people took it and did not drop it. Those who kept it count here too. Absent for
    /// others than staff if it is from one to four.
    pub taken: Option<usize>,
    /// How many people kept it. Absent for others than staff if it is from one to four.
    pub kept: Option<usize>,
}

/// Fewer people than this are not counted outside the office: somebody could know who they are.
const FEW_CHAMPIONS: usize = 5;

impl PledgeFigures {
    /// The figures without numbers of so few people that somebody could know who they are.
    #[must_use]
    pub fn without_few_people(mut self) -> Self {
        let hide = |count: Option<usize>| count.filter(|n| !(1..FEW_CHAMPIONS).contains(n));
        self.champions = hide(self.champions);
        for line in &mut self.pledges {
            (line.taken, line.kept) = (hide(line.taken), hide(line.kept));
        }
        self
    }
}

impl Views {
    /// The pledges in force with their figures, current or as at a position.
    pub async fn pledge_figures(&self, as_at: Option<i64>) -> Result<PledgeFigures, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_pledge_figures(as_at);
        let cache = &self.list_cache.pledges;
        cache.read_as_at(as_at, (), next, read).await
    }

    async fn read_pledge_figures(&self, as_at: Option<i64>) -> Result<PledgeFigures, ViewError> {
        let organisations: Vec<OrganisationRow> = self.all_rows(as_at, Vec::new()).await?;
        let Some(organisation) = organisations.into_iter().next() else {
            return Ok(PledgeFigures::default());
        };
        let people: Vec<TakenPledgesRow> = self.all_rows(as_at, Vec::new()).await?;
        let mut figures: BTreeMap<&Slug, (usize, usize)> = BTreeMap::new();
        let mut champions = 0;
        for person in &people {
            let standing = person
                .pledges
                .iter()
                .filter(|(_, taken)| taken.state != PledgeState::Dropped);
            let mut has_one = false;
            for (key, taken) in standing {
                let (all, kept) = figures.entry(key).or_default();
                *all += 1;
                *kept += usize::from(taken.state == PledgeState::Kept);
                has_one = true;
            }
            champions += usize::from(has_one);
        }
        let line = |pledge: Pledge| {
            let (taken, kept) = figures.get(&pledge.pledge).copied().unwrap_or_default();
            PledgeFiguresLine {
                pledge,
                taken: Some(taken),
                kept: Some(kept),
            }
        };
        Ok(PledgeFigures {
            version: organisation.pledges_version,
            written_at: organisation.pledges_written_at,
            champions: Some(champions),
            pledges: organisation.pledges.into_iter().map(line).collect(),
        })
    }
}
