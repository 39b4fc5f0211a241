//! Revocations: an offer is withdrawn, a grant terminated or money demanded back by as many people
//! as the award needed.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::sittings::{Presence, Sittings, find_undeclared, wrong_people};
use super::{Broken, LogState, RuleRoom};
use crate::domain::application::PanelSitting;
use crate::domain::grant::RevocationKind;
use crate::domain::text::Prose;
use crate::domain::{Event, GrantEvent, Money, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Revocations {
    sittings: Sittings,
    /// By grant: the newest revocation that was proposed.
    proposed: BTreeMap<Uuid, ProposedRevocation>,
    /// The command and the grant of the last revocation that enough people have confirmed.
    confirmed: Option<(Uuid, Uuid)>,
}

struct ProposedRevocation {
    terms: RevocationTerms,
    number: u32,
    presence: Presence,
}

/// What a revocation does, and why.
#[derive(PartialEq)]
struct RevocationTerms {
    kind: RevocationKind,
    amount: Option<Money>,
    reason: Prose,
}

impl RuleRoom for Revocations {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::RevocationByPanel]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        if let Event::Grant(happened) = &event.event
            && let Err(says) = self.check_grant(event, happened, before)
            && before.has_people_rules()
        {
            broken.report(Rule::RevocationByPanel, says);
        }
        self.sittings.follow(event);
    }
}

impl Revocations {
    fn check_grant(
        &mut self,
        event: &RecordedEvent,
        happened: &GrantEvent,
        before: &LogState,
    ) -> Result<(), String> {
        let id = event.stream;
        match happened {
            GrantEvent::GrantOffered { .. } => drop(self.proposed.remove(&id)),
            GrantEvent::RevocationProposed {
                revocation,
                kind,
                amount,
                reason,
                sitting,
            } => {
                let proposed = ProposedRevocation {
                    terms: RevocationTerms {
                        kind: *kind,
                        amount: *amount,
                        reason: reason.clone(),
                    },
                    number: *revocation,
                    presence: Presence::new(*revocation, sitting),
                };
                self.proposed.insert(id, proposed);
                return self.check_sitting(event, sitting, before);
            }
            GrantEvent::RevocationConfirmed { revocation, by } => {
                return self.confirm(event, *revocation, *by, before);
            }
            GrantEvent::OfferWithdrawn { reason } => {
                let kind = RevocationKind::WithdrawOffer;
                return self.check_effect(event, kind, None, reason, before);
            }
            GrantEvent::GrantTerminated { reason, .. } => {
                let kind = RevocationKind::Terminate;
                return self.check_effect(event, kind, None, reason, before);
            }
            GrantEvent::ClawbackDemanded { amount, reason } => {
                let kind = RevocationKind::DemandClawback;
                return self.check_effect(event, kind, Some(*amount), reason, before);
            }
            _ => {}
        }
        Ok(())
    }

    fn check_sitting(
        &self,
        event: &RecordedEvent,
        sitting: &PanelSitting,
        before: &LogState,
    ) -> Result<(), String> {
        if let Some(wrong) = wrong_people(sitting, event, before) {
            return Err(wrong);
        }
        if let Some(person) = find_undeclared(event.stream, sitting, before) {
            return Err(format!(
                "{person} is named as present when a grant was to end, and had not declared that \
                 they have no interest"
            ));
        }
        let needed = self.sittings.needed_to_end(event.stream, before);
        let (present, said) = (sitting.present.len(), sitting.quorum.map(usize::from));
        if present < needed || said != Some(needed) {
            return Err(format!(
                "a grant was to end with {present} people present, and the award needed {needed}"
            ));
        }
        Ok(())
    }

    fn confirm(
        &mut self,
        event: &RecordedEvent,
        revocation: u32,
        by: PersonId,
        before: &LogState,
    ) -> Result<(), String> {
        let newest = self.proposed.get_mut(&event.stream);
        let Some(proposed) = newest.filter(|newest| newest.number == revocation) else {
            return Err(format!(
                "{by} confirmed the end of a grant that nobody had proposed"
            ));
        };
        if !proposed.presence.confirm(revocation, by, by) {
            return Err(format!(
                "{by} confirmed the end of a grant, and was not asked to"
            ));
        }
        if proposed.presence.has_quorum() {
            self.confirmed = Some((event.command_id, event.stream));
        }
        if LogState::actor(event) != Some(by) {
            return Err(format!(
                "another person confirmed the end of a grant in the name of {by}"
            ));
        }
        if before.holds_role(by, Role::Panel) {
            Ok(())
        } else {
            Err(format!(
                "{by} confirmed the end of a grant, and does not sit on the panel"
            ))
        }
    }

    /// Checks that a revocation takes effect as enough people have confirmed it. Where one person
    /// awarded, one revokes.
    fn check_effect(
        &mut self,
        event: &RecordedEvent,
        kind: RevocationKind,
        amount: Option<Money>,
        reason: &Prose,
        before: &LogState,
    ) -> Result<(), String> {
        let id = event.stream;
        if self.confirmed == Some((event.command_id, id)) {
            let terms = RevocationTerms {
                kind,
                amount,
                reason: reason.clone(),
            };
            // A proposal takes effect once.
            self.confirmed = None;
            let proposed = self.proposed.remove(&id).map(|proposed| proposed.terms);
            return if proposed == Some(terms) {
                Ok(())
            } else {
                Err("a grant ended in another way than was confirmed".to_owned())
            };
        }
        let needed = self.sittings.needed_to_end(id, before);
        if needed > 1 {
            return Err(format!(
                "a grant ended, and the {needed} people whom it needs had not confirmed it"
            ));
        }
        let actor = LogState::actor(event);
        if actor.is_some_and(|actor| before.holds_role(actor, Role::Panel)) {
            Ok(())
        } else {
            Err("a grant ended, and nobody of the panel decided it".to_owned())
        }
    }
}
