//! Checks that someone in the group could be reached when an application was submitted.
//!
//! The events name how: by email, by phone or by post. The check works out the members, the invited
//! people and their contact details from earlier events, and compares. It starts at the first
//! submission that names a way to reach someone, because older versions of the program recorded
//! none.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::domain::person::ContactMethod;
use crate::domain::{ApplicationEvent, Event, GroupEvent, PersonEvent};

type Methods = BTreeSet<ContactMethod>;

/// Members and invited people, their contact details and the groups of applications, after the
/// events so far.
#[derive(Default)]
pub(super) struct ReachChecker {
    rule_applies: bool,
    people: BTreeMap<Uuid, Methods>,
    /// By group: its members, and people who were invited and have not answered.
    people_of: BTreeMap<Uuid, BTreeSet<Uuid>>,
    merged_into: BTreeMap<Uuid, Uuid>,
    applications: BTreeMap<Uuid, Uuid>,
}

impl ReachChecker {
    /// Checks and applies the next event of a stream. The error describes the broken rule.
    pub(super) fn process(&mut self, id: Uuid, event: &Event) -> Result<(), &'static str> {
        match event {
            Event::Person(event) => self.apply_person(id, event),
            Event::Group(event) => self.apply_group(id, event),
            Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
                self.applications.insert(id, group.0);
            }
            Event::Application(
                ApplicationEvent::ApplicationSubmitted { reached_by, .. }
                | ApplicationEvent::ApplicationResubmitted { reached_by, .. },
            ) => return self.check(id, reached_by),
            _ => {}
        }
        Ok(())
    }

    fn check(&mut self, application: Uuid, recorded: &Methods) -> Result<(), &'static str> {
        self.rule_applies |= !recorded.is_empty();
        if !self.rule_applies {
            return Ok(());
        }
        if recorded.is_empty() {
            return Err("an application was submitted, and nobody in the group could be reached");
        }
        if *recorded == self.methods_of(application) {
            Ok(())
        } else {
            Err("the group could be reached in other ways than the submission says")
        }
    }

    /// The ways to reach the people of the application's group and of those that it was merged
    /// into.
    fn methods_of(&self, application: Uuid) -> Methods {
        let (mut found, mut met) = (Methods::new(), BTreeSet::new());
        let mut next = self.applications.get(&application);
        while let Some(group) = next.filter(|group| met.insert(**group)) {
            for person in self.people_of.get(group).into_iter().flatten() {
                found.extend(self.people.get(person).into_iter().flatten());
            }
            next = self.merged_into.get(group);
        }
        found
    }

    fn apply_person(&mut self, id: Uuid, event: &PersonEvent) {
        match event {
            PersonEvent::PersonRegistered {
                email,
                telephone,
                postal_address,
                typed_email,
                ..
            }
            | PersonEvent::ContactChanged {
                email,
                telephone,
                postal_address,
                typed_email,
                ..
            } => {
                let mut methods = Methods::new();
                if email.is_some() || typed_email.is_some() {
                    methods.insert(ContactMethod::Email);
                }
                if telephone.is_some() {
                    methods.insert(ContactMethod::Phone);
                }
                if postal_address.is_some() {
                    methods.insert(ContactMethod::Post);
                }
                self.people.insert(id, methods);
            }
            PersonEvent::PersonalDataErased { .. } => {
                self.people.remove(&id);
            }
            _ => {}
        }
    }

    fn apply_group(&mut self, id: Uuid, event: &GroupEvent) {
        match event {
            GroupEvent::MemberInvited { person, .. } | GroupEvent::MemberAdded { person, .. } => {
                self.people_of.entry(id).or_default().insert(person.0);
            }
            GroupEvent::InvitationRefused { person } | GroupEvent::MemberRemoved { person, .. } => {
                self.people_of.entry(id).or_default().remove(&person.0);
            }
            GroupEvent::GroupMerged { into, .. } => {
                self.merged_into.insert(id, into.0);
            }
            _ => {}
        }
    }
}
