//! Corrections of a group's public name and area. A member's correction waits until staff adopt it.

use serde::{Deserialize, Serialize};

use super::{Group, GroupCommand, GroupEvent};
use crate::domain::personal_data::Encrypted;
use crate::domain::role::Role;
use crate::domain::text::{Line, Slug};
use crate::domain::{DecisionContext, Refusal};

/// A name and area proposed by a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Correction {
    pub(super) name: Line,
    pub(super) area: Slug,
    pub(super) reason: Encrypted,
}

impl Group {
    pub(super) fn decide_correction(
        &self,
        command: &GroupCommand,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        let corrects = self.named_by;
        match command {
            GroupCommand::Correct(to) => {
                let (name, area, reason) = (
                    Line::from(to.name.clone()),
                    to.area.clone(),
                    to.reason.sealed(),
                );
                if self
                    .name
                    .as_ref()
                    .is_some_and(|known| known.0 == name && known.1 == area)
                {
                    return Err(Refusal::NoChange);
                }
                if facts.roles().contains(&Role::Officer) && !facts.of_group()? {
                    Ok(GroupEvent::GroupCorrected {
                        name,
                        area,
                        reason,
                        corrects,
                    })
                } else {
                    Ok(GroupEvent::GroupCorrectionProposed {
                        proposal: self.proposals + 1,
                        name,
                        area,
                        reason,
                        by: facts.by()?,
                    })
                }
            }
            GroupCommand::TakeCorrection(_) if facts.of_group()? => Err(Refusal::Interested),
            GroupCommand::TakeCorrection(seen) => {
                let proposed = self
                    .proposed
                    .clone()
                    .filter(|_| seen.proposal == self.proposals);
                let Correction { name, area, reason } = proposed.ok_or(Refusal::NotProposed)?;
                Ok(GroupEvent::GroupCorrected {
                    name,
                    area,
                    reason,
                    corrects,
                })
            }
            GroupCommand::RefuseCorrection(because) => {
                self.proposed.as_ref().ok_or(Refusal::NotProposed)?;
                Ok(GroupEvent::GroupCorrectionRefused {
                    reason: because.reason.clone(),
                    by: facts.by()?,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    /// Applies an event that sets the name and area, or proposes or refuses others.
    pub(super) fn apply_name(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::GroupRegistered { name, area, .. }
            | GroupEvent::GroupCorrected { name, area, .. } => {
                self.name = Some((name.clone(), area.clone()));
                self.named_by = self.events;
                self.proposed = None;
            }
            GroupEvent::GroupCorrectionProposed {
                proposal,
                name,
                area,
                reason,
                ..
            } => {
                self.proposals = *proposal;
                self.proposed = Some(Correction {
                    name: name.clone(),
                    area: area.clone(),
                    reason: reason.clone(),
                });
            }
            GroupEvent::GroupCorrectionRefused { .. } => self.proposed = None,
            _ => {}
        }
    }
}
