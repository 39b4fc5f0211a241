//! Budget of a fund. For each source: allocated = uncommitted + committed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Commit, FundEvent, Uncommit};
use crate::domain::Refusal;
use crate::domain::funding_source::{FundingSource, FundingSplit};
use crate::domain::id::GrantId;
use crate::domain::money::{BelowZero, Money};
use crate::domain::text::Slug;

/// A fund's money. Payments and returns belong to the grants; a return that was received reduces
/// the commitment here.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Budget {
    allocated: FundingSplit,
    committed: FundingSplit,
    commitments: BTreeMap<GrantId, FundingSplit>,
    open: BTreeSet<GrantId>,
    /// Everybody who gave money, also those who took all of it back.
    #[serde(default)]
    funders: BTreeSet<Slug>,
}

impl Budget {
    #[must_use]
    pub fn allocated(&self) -> &FundingSplit {
        &self.allocated
    }

    #[must_use]
    pub fn committed(&self) -> &FundingSplit {
        &self.committed
    }

    /// Whether this funder ever gave money.
    #[must_use]
    pub fn has_funder(&self, funder: &Slug) -> bool {
        self.funders.contains(funder)
    }

    /// Whether money was committed for a grant.
    pub(super) fn has_commitment(&self, grant: GrantId) -> bool {
        self.commitments.contains_key(&grant)
    }

    /// The amount committed for one grant.
    #[must_use]
    pub fn committed_for(&self, grant: GrantId) -> Money {
        self.sources_of(grant)
            .map_or(Money::ZERO, FundingSplit::total)
    }

    /// What is committed for one grant, by source.
    #[must_use]
    pub fn sources_of(&self, grant: GrantId) -> Option<&FundingSplit> {
        self.commitments.get(&grant)
    }

    pub(super) fn has_open_commitments(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn uncommitted_from(&self, source: &FundingSource) -> Money {
        self.allocated
            .from(source)
            .minus(self.committed.from(source))
            .unwrap_or_default()
    }

    /// The uncommitted money that may be spent in an area, by source.
    #[must_use]
    pub fn uncommitted_in(&self, area: &Slug) -> FundingSplit {
        let mut left = FundingSplit::default();
        for part in self
            .allocated
            .parts()
            .filter(|part| part.source.serves(area))
        {
            left.add(&part.source, self.uncommitted_from(&part.source));
        }
        left
    }

    /// The sources that pay for a commitment. Money restricted to the area is used first.
    fn sources_for(&self, commit: &Commit) -> Result<FundingSplit, Refusal> {
        let free = self.uncommitted_in(&commit.area);
        let left = free.total();
        free.first(commit.amount)
            .map_err(|_| Refusal::NotAffordable {
                asked: commit.amount,
                left,
            })
    }

    pub(super) fn commit(&self, commit: &Commit) -> Result<FundEvent, Refusal> {
        if self.commitments.contains_key(&commit.grant) {
            return Err(Refusal::Exists("commitment"));
        }
        let sources = self.sources_for(commit)?;
        Ok(FundEvent::Committed {
            grant: commit.grant,
            area: commit.area.clone(),
            round: commit.round.clone(),
            sources,
        })
    }

    pub(super) fn increase(&self, commit: &Commit) -> Result<FundEvent, Refusal> {
        if !self.open.contains(&commit.grant) {
            return Err(Refusal::Unknown("commitment"));
        }
        let sources = self.sources_for(commit)?;
        Ok(FundEvent::CommitmentIncreased {
            grant: commit.grant,
            area: commit.area.clone(),
            round: commit.round.clone(),
            sources,
        })
    }

    pub(super) fn reduce(&self, uncommit: &Uncommit) -> Result<FundEvent, Refusal> {
        self.commitments
            .get(&uncommit.grant)
            .ok_or(Refusal::Unknown("commitment"))?
            .minus(&uncommit.sources)?;
        let Uncommit {
            grant,
            sources,
            effective_on,
        } = uncommit.clone();
        Ok(FundEvent::CommitmentReduced {
            grant,
            sources,
            effective_on,
        })
    }

    pub(super) fn release(&self, uncommit: &Uncommit) -> Result<FundEvent, Refusal> {
        if !self.open.contains(&uncommit.grant) {
            return Err(Refusal::Unknown("commitment"));
        }
        self.reduce(uncommit)?;
        Ok(FundEvent::CommitmentReleased {
            grant: uncommit.grant,
            sources: uncommit.sources.clone(),
        })
    }

    pub(super) fn take_back(&self, uncommit: &Uncommit) -> Result<FundEvent, Refusal> {
        if !self.open.contains(&uncommit.grant) {
            return Err(Refusal::Unknown("commitment"));
        }
        let (said, is) = (uncommit.sources.total(), self.committed_for(uncommit.grant));
        if said != is {
            return Err(Refusal::AmountDiffers { said, is });
        }
        self.reduce(uncommit)?;
        Ok(FundEvent::CommitmentTakenBack {
            grant: uncommit.grant,
            sources: uncommit.sources.clone(),
        })
    }

    pub(super) fn apply(&mut self, event: &FundEvent) -> Result<(), BelowZero> {
        match event {
            FundEvent::FundingAllocated { source, amount, .. } => {
                self.allocated.add(source, *amount);
                self.funders.insert(source.funder.clone());
            }
            FundEvent::FundingWithdrawn { source, amount, .. } => {
                return self.allocated.take(&FundingSplit::of(source, *amount));
            }
            FundEvent::Committed { grant, sources, .. } => {
                self.committed = std::mem::take(&mut self.committed).plus(sources);
                self.commitments.insert(*grant, sources.clone());
                self.open.insert(*grant);
            }
            FundEvent::CommitmentIncreased { grant, sources, .. } => {
                self.committed = std::mem::take(&mut self.committed).plus(sources);
                let commitment = self.commitments.entry(*grant).or_default();
                *commitment = std::mem::take(commitment).plus(sources);
            }
            FundEvent::CommitmentReduced { grant, sources, .. } => {
                return self.reduce_commitment(*grant, sources);
            }
            FundEvent::CommitmentReleased { grant, sources } => {
                self.open.remove(grant);
                return self.reduce_commitment(*grant, sources);
            }
            FundEvent::CommitmentTakenBack { grant, sources } => {
                let reduced = self.reduce_commitment(*grant, sources);
                self.open.remove(grant);
                // The panel may award the same application again.
                self.commitments.remove(grant);
                return reduced;
            }
            _ => {}
        }
        Ok(())
    }

    fn reduce_commitment(
        &mut self,
        grant: GrantId,
        sources: &FundingSplit,
    ) -> Result<(), BelowZero> {
        let total = self.committed.take(sources);
        let own = self.commitments.entry(grant).or_default().take(sources);
        total.and(own)
    }
}
