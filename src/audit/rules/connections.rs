//! Connections with a group: its members, and people who declared an interest, leave its money to
//! others.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{ApplicationEvent, Event, Grant, GrantEvent, GroupEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct GroupTies {
    groups: BTreeMap<Uuid, GroupTie>,
    /// By application: who declared an interest.
    interested: BTreeMap<Uuid, BTreeSet<PersonId>>,
    /// By grant and payment: who prepared it.
    prepared_by: BTreeMap<(Uuid, u16), PersonId>,
}

/// The people and groups that belong to a group.
#[derive(Default)]
struct GroupTie {
    members: BTreeSet<PersonId>,
    /// The number of events in the log when each former member left last.
    left_at: BTreeMap<PersonId, usize>,
    merged_with: BTreeSet<Uuid>,
    payee_verified_by: Option<PersonId>,
}

impl RuleRoom for GroupTies {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::Unconnected]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Application(happened) => {
                self.check_application(event.stream, happened, before, broken);
            }
            Event::Group(happened) => self.check_group(event.stream, happened, before, broken),
            Event::Grant(happened) => self.check_grant(event.stream, happened, before, broken),
            _ => {}
        }
    }
}

impl GroupTies {
    fn check_application(
        &mut self,
        id: Uuid,
        event: &ApplicationEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        use ApplicationEvent as E;
        match event {
            E::InterestDeclared { by, .. } => {
                self.interested.entry(id).or_default().insert(*by);
            }
            E::EligibilityConfirmed { by, .. }
            | E::EligibilityRefused { by, .. }
            | E::ScoreGiven { by, .. }
            | E::ScoreRevised { by, .. }
            | E::ReviewDecided { by, .. } => {
                self.must_leave_to_others(id, *by, "assessed an application", before, broken);
            }
            E::AttendanceConfirmed { person, .. } => {
                self.must_leave_to_others(id, *person, "confirmed a decision", before, broken);
            }
            E::Awarded { sitting, .. }
            | E::Declined { sitting, .. }
            | E::Deferred { sitting, .. }
            | E::Reserved { sitting, .. }
            | E::DecisionTakenBack { sitting, .. } => {
                for person in &sitting.present {
                    self.must_leave_to_others(id, *person, "decided", before, broken);
                }
            }
            _ => {}
        }
    }

    /// Reports a person who is connected with the group of an application or a grant.
    fn must_leave_to_others(
        &self,
        id: Uuid,
        person: PersonId,
        did: &str,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        if self.is_tied(id, person, before) {
            let says =
                format!("{person} {did}, and belongs to the group or declared an interest in it");
            broken.report(Rule::Unconnected, says);
        }
    }

    fn check_group(
        &mut self,
        id: Uuid,
        event: &GroupEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        match event {
            GroupEvent::MemberAdded { person, .. } => {
                self.groups.entry(id).or_default().members.insert(*person);
            }
            GroupEvent::MemberRemoved { person, .. } => {
                let group = self.groups.entry(id).or_default();
                if group.members.remove(person) {
                    group.left_at.insert(*person, before.event_count());
                }
            }
            GroupEvent::GroupMerged { into, .. } => {
                let group = self.groups.entry(id).or_default();
                group.merged_with.insert(into.0);
                let heir = self.groups.entry(into.0).or_default();
                heir.merged_with.insert(id);
            }
            GroupEvent::PayeeProvided { .. } => {
                self.groups.entry(id).or_default().payee_verified_by = None;
            }
            GroupEvent::PayeeVerified { verified_by, .. } => {
                let since = newest_application_of(id, before);
                if before.has_people_rules() && self.belongs(id, since, *verified_by) {
                    let says = "bank details were verified by a person who belongs to the group";
                    broken.report(Rule::Unconnected, says);
                }
                let group = self.groups.entry(id).or_default();
                group.payee_verified_by = Some(*verified_by);
            }
            _ => {}
        }
    }

    fn check_grant(
        &mut self,
        grant: Uuid,
        event: &GrantEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let mut must_leave_to_others = |person: Option<PersonId>, did: &str| {
            if let Some(person) = person {
                self.must_leave_to_others(grant, person, did, before, broken);
            }
        };
        match event {
            GrantEvent::PaymentPrepared {
                payment,
                prepared_by,
                ..
            } => {
                must_leave_to_others(Some(*prepared_by), "prepared a payment");
                must_leave_to_others(
                    self.payee_verified_by(grant, before),
                    "verified the bank details of a payment",
                );
                self.prepared_by.insert((grant, *payment), *prepared_by);
            }
            GrantEvent::PaymentApproved {
                payment,
                approved_by,
                ..
            } => {
                must_leave_to_others(Some(*approved_by), "approved a payment");
                must_leave_to_others(
                    self.prepared_by.get(&(grant, *payment)).copied(),
                    "prepared a payment that was approved",
                );
                must_leave_to_others(
                    self.payee_verified_by(grant, before),
                    "verified the bank details of a payment",
                );
            }
            GrantEvent::EarlyPaymentConfirmed { by, .. } => {
                must_leave_to_others(Some(*by), "let a payment leave early");
            }
            GrantEvent::EntrySettled { by, .. } => {
                must_leave_to_others(Some(*by), "settled an entry of the bank");
            }
            GrantEvent::ReturnWaived { by, .. } => {
                must_leave_to_others(Some(*by), "gave up money that was due back");
            }
            GrantEvent::CheckWaived { by, .. } => {
                must_leave_to_others(Some(*by), "waived a check");
            }
            _ => {
                for person in people_who_decide(event) {
                    must_leave_to_others(Some(person), "decided");
                }
            }
        }
    }

    fn payee_verified_by(&self, grant: Uuid, before: &LogState) -> Option<PersonId> {
        let group = before.grant(grant)?.group()?;
        self.groups.get(&group.0)?.payee_verified_by
    }

    /// Whether a person must leave the money of a grant to others. Earlier programs are not
    /// checked.
    fn is_tied(&self, grant: Uuid, person: PersonId, before: &LogState) -> bool {
        let Some(origin) = before
            .application(grant)
            .filter(|_| before.has_people_rules())
        else {
            return false;
        };
        let interested = self.interested.get(&grant);
        let paid = before.grant(grant).and_then(Grant::group);
        let group = paid.map_or(origin.group, |group| group.0);
        interested.is_some_and(|interested| interested.contains(&person))
            || self.belongs(group, origin.began, person)
    }

    /// Whether a person is a member of the group or of one that it was merged with, or left after
    /// so many events.
    fn belongs(&self, group: Uuid, since: usize, person: PersonId) -> bool {
        let (mut met, mut next) = (BTreeSet::new(), vec![group]);
        while let Some(id) = next.pop() {
            let Some(group) = self.groups.get(&id).filter(|_| met.insert(id)) else {
                continue;
            };
            let left_at = group.left_at.get(&person);
            if group.members.contains(&person) || left_at.is_some_and(|left| *left > since) {
                return true;
            }
            next.extend(&group.merged_with);
        }
        false
    }
}

/// The people who decide on a change or the end of a grant, or confirm that they did.
fn people_who_decide(event: &GrantEvent) -> Vec<PersonId> {
    match event {
        GrantEvent::VariationApproved { by, sitting, .. } => {
            let present = sitting.iter().flat_map(|sitting| &sitting.present);
            present.chain([by]).copied().collect()
        }
        GrantEvent::RevocationProposed { sitting, .. } => sitting.present.iter().copied().collect(),
        GrantEvent::VariationRefused { by, .. }
        | GrantEvent::RevocationConfirmed { by, .. }
        | GrantEvent::AttendanceConfirmed { person: by, .. } => vec![*by],
        _ => Vec::new(),
    }
}

/// The number of events in the log when the newest application of a group began. Members who left
/// before do not count as connected.
fn newest_application_of(group: Uuid, before: &LogState) -> usize {
    before
        .applications()
        .filter(|origin| origin.group == group)
        .map(|origin| origin.began)
        .max()
        .unwrap_or_default()
}
