//! Erasure of a group's personal data, by request.

use super::{Group, GroupEvent};
use crate::domain::command::WithReason;
use crate::domain::{DecisionContext, Refusal};

impl Group {
    pub(super) fn request_erasure(&self) -> Result<GroupEvent, Refusal> {
        self.erasure.must_not_be_requested()?;
        Ok(GroupEvent::ErasureRequested {})
    }

    pub(super) fn refuse_erasure(&self, because: &WithReason) -> Result<GroupEvent, Refusal> {
        self.erasure.must_be_requested()?;
        Ok(GroupEvent::ErasureRefused {
            reason: because.reason.clone(),
        })
    }

    pub(super) fn erase(
        &self,
        because: &WithReason,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        self.must_be_erasable(facts)?;
        Ok(GroupEvent::PersonalDataErased {
            reason: because.reason.clone(),
        })
    }

    /// Refuses to erase while the group, or a group that it was merged with, has an open grant or
    /// payment records that must be retained.
    pub(super) fn must_be_erasable(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let mut family = facts.relatives().chain(std::iter::once(self));
        if family.any(|group| !group.open_grants.is_empty()) {
            return Err(Refusal::GrantOpen);
        }
        let until = facts
            .relatives()
            .chain(std::iter::once(self))
            .filter_map(|group| group.kept_until)
            .max();
        match until {
            Some(until) if facts.today <= until => Err(Refusal::RecordsKept(until)),
            _ => Ok(()),
        }
    }
}
