//! Reviews: the person who decides a review took no part in the decision under review, and has
//! declared no interest.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::panel::Decision;
use crate::domain::{ApplicationEvent, Event, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Reviews {
    /// By application: who took each decision against the group that was not taken back.
    adverse: BTreeMap<Uuid, Vec<BTreeSet<PersonId>>>,
    /// Applications whose latest eligibility decision is a refusal.
    refused: BTreeSet<Uuid>,
}

impl RuleRoom for Reviews {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ReviewByAnother]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        use ApplicationEvent as E;
        let Event::Application(happened) = &event.event else {
            return;
        };
        let id = event.stream;
        let adverse = self.adverse.entry(id).or_default();
        match happened {
            E::Declined { sitting, .. } => adverse.push(sitting.present.clone()),
            E::EligibilityRefused { by, .. } => {
                adverse.push(BTreeSet::from([*by]));
                self.refused.insert(id);
            }
            E::EligibilityConfirmed { .. } => {
                self.refused.remove(&id);
            }
            E::EligibilityTakenBack { .. } if self.refused.remove(&id) => drop(adverse.pop()),
            E::DecisionTakenBack {
                decision: Decision::Decline,
                ..
            } => drop(adverse.pop()),
            E::ReviewDecided { by, .. } if before.has_people_rules() => {
                let decided = adverse.last().is_some_and(|people| people.contains(by));
                let says = format!("{by} reviewed a decision that they had taken");
                broken.unless(!decided, Rule::ReviewByAnother, says);
                let has_declared = before.has_declared_no_interest(id, *by) == Some(true);
                let says =
                    format!("{by} reviewed, and had not declared that they have no interest");
                broken.unless(has_declared, Rule::ReviewByAnother, says);
            }
            _ => {}
        }
    }
}
