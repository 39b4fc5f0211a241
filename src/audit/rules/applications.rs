//! Applications: someone in the group can be reached, they are eligible before they are assessed,
//! and the people who score have declared that they have no interest.
//!
//! A submission names how the group could be reached: by email, by phone or by post. The check
//! works out the members, the invited people and their contact details from earlier events, and
//! compares. It starts at the first submission that names a way, because earlier programs recorded
//! none.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::person::ContactMethod;
use crate::domain::{ApplicationEvent, Event, GroupEvent, PersonEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

type Methods = BTreeSet<ContactMethod>;

#[derive(Default)]
pub(super) struct Applications {
    names_ways: bool,
    /// By person: how they can be reached.
    people: BTreeMap<Uuid, Methods>,
    /// By group: its members, and people who were invited and have not answered.
    people_of: BTreeMap<Uuid, BTreeSet<Uuid>>,
    merged_into: BTreeMap<Uuid, Uuid>,
    assessments: BTreeMap<Uuid, Assessment>,
    /// By application and person: whether they have a score that counts.
    scores: BTreeSet<(Uuid, PersonId)>,
    /// The scores of people who declare an interest in the current command, each with the position
    /// of the declaration.
    to_set_aside: Vec<(i64, (Uuid, PersonId))>,
    /// The last confirmed help: its command, the application and who helped.
    helped: Option<(Uuid, Uuid, PersonId)>,
}

/// How far an application is with the office.
#[derive(Clone, Copy, Default)]
struct Assessment {
    submitted: bool,
    eligible: bool,
    /// Whether the panel has awarded or declined it, or the group has withdrawn it.
    over: bool,
}

impl RuleRoom for Applications {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::ApplicationReachable,
            Rule::EligibleFirst,
            Rule::DeclaredBeforeScore,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let id = event.stream;
        match &event.event {
            Event::Person(happened) => self.follow_person(id, happened),
            Event::Group(happened) => self.follow_group(id, happened),
            Event::Application(happened) => {
                if let Err(says) = self.check_reach(id, happened, before) {
                    broken.report(Rule::ApplicationReachable, says);
                }
                if let Some(says) = self.too_early(id, happened) {
                    broken.report(Rule::EligibleFirst, says);
                }
                let wrong = wrong_scorer(id, happened, before);
                if let Some(says) = wrong.or_else(|| wrong_declaration(id, happened, before)) {
                    broken.report(Rule::DeclaredBeforeScore, says);
                }
                if before.has_people_rules() && self.is_wrongly_set_aside(event, happened, before) {
                    let says = "a person who may not set it aside set a score aside";
                    broken.report(Rule::DeclaredBeforeScore, says);
                }
                self.follow_scores(event.position, id, happened);
                self.follow_application(id, happened);
            }
            Event::Organisation(_)
            | Event::Fund(_)
            | Event::Grant(_)
            | Event::Gathering(_)
            | Event::Asset(_)
            | Event::Introduction(_)
            | Event::Barrier(_) => {}
        }
    }

    fn end_command(&mut self, after: &LogState, broken: &mut Broken<'_>) {
        for (position, score) in std::mem::take(&mut self.to_set_aside) {
            if self.scores.contains(&score) && after.has_people_rules() {
                let says = format!("{} declared an interest, and their score counts", score.1);
                broken.report_at(position, score.0, Rule::DeclaredBeforeScore, says);
            }
        }
    }
}

impl Applications {
    /// Whether a score was set aside by a person other than the one who gave it, who is no
    /// administrator without an interest. Help with the words sets it aside, too.
    fn is_wrongly_set_aside(
        &mut self,
        event: &RecordedEvent,
        happened: &ApplicationEvent,
        before: &LogState,
    ) -> bool {
        let (command, id) = (event.command_id, event.stream);
        match happened {
            ApplicationEvent::HelpConfirmed { helper, .. } => {
                self.helped = Some((command, id, *helper));
                false
            }
            ApplicationEvent::ScoreSetAside { of, by, .. } => {
                let is_helped = self.helped == Some((command, id, *of));
                let is_actor = LogState::actor(event) == Some(*by);
                let may_for_others = before.holds_role(*by, Role::Administrator)
                    && before.has_declared_no_interest(id, *by) == Some(true);
                !is_helped && !(is_actor && (of == by || may_for_others))
            }
            _ => false,
        }
    }

    fn check_reach(
        &mut self,
        id: Uuid,
        event: &ApplicationEvent,
        before: &LogState,
    ) -> Result<(), &'static str> {
        let (ApplicationEvent::ApplicationSubmitted { reached_by, .. }
        | ApplicationEvent::ApplicationResubmitted { reached_by, .. }) = event
        else {
            return Ok(());
        };
        self.names_ways |= !reached_by.is_empty();
        if !self.names_ways {
            return Ok(());
        }
        if reached_by.is_empty() {
            return Err("an application was submitted, and nobody in the group could be reached");
        }
        let group = before.application(id).map(|origin| origin.group);
        if *reached_by == self.methods_of(group) {
            Ok(())
        } else {
            Err("the group could be reached in other ways than the submission says")
        }
    }

    /// The ways to reach the people of a group and of those that it was merged into.
    fn methods_of(&self, group: Option<Uuid>) -> Methods {
        let (mut found, mut met) = (Methods::new(), BTreeSet::new());
        let mut next = group;
        while let Some(group) = next.filter(|group| met.insert(*group)) {
            for person in self.people_of.get(&group).into_iter().flatten() {
                found.extend(self.people.get(person).into_iter().flatten());
            }
            next = self.merged_into.get(&group).copied();
        }
        found
    }

    /// What is wrong if the application is assessed or decided now.
    fn too_early(&self, id: Uuid, event: &ApplicationEvent) -> Option<&'static str> {
        use ApplicationEvent as E;
        let is_assessed = matches!(
            event,
            E::ScoreGiven { .. }
                | E::Awarded { .. }
                | E::Declined { .. }
                | E::Deferred { .. }
                | E::Reserved { .. }
        );
        if !is_assessed {
            return None;
        }
        let now = self.assessments.get(&id).copied().unwrap_or_default();
        if now.over {
            Some("an application was scored or decided that was decided or withdrawn already")
        } else if now.eligible {
            None
        } else if now.submitted {
            Some("an application was scored or decided that nobody had found eligible")
        } else {
            Some("an application was scored or decided that was not submitted")
        }
    }

    /// Follows which scores count. While an application is undecided, the score of a person with
    /// an interest does not.
    fn follow_scores(&mut self, position: i64, id: Uuid, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        match event {
            E::ScoreGiven { by, .. } | E::ScoreRevised { by, .. } => {
                self.scores.insert((id, *by));
            }
            E::ScoreSetAside { of, .. } => {
                self.scores.remove(&(id, *of));
            }
            E::InterestDeclared { by, .. } => {
                let is_over = self.assessments.get(&id).is_some_and(|now| now.over);
                if !is_over {
                    self.to_set_aside.push((position, (id, *by)));
                }
            }
            _ => {}
        }
    }

    fn follow_application(&mut self, id: Uuid, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        let now = self.assessments.entry(id).or_default();
        match event {
            E::ApplicationSubmitted { .. } | E::ApplicationResubmitted { .. } => {
                now.submitted = true;
            }
            E::EligibilityConfirmed { .. } => now.eligible = now.submitted,
            E::EligibilityRefused { .. } | E::EligibilityTakenBack { .. } => {
                now.eligible = false;
            }
            E::Awarded { .. } | E::Declined { .. } | E::ApplicationWithdrawn {} => {
                now.over = true;
            }
            E::DecisionTakenBack { .. } | E::ReviewDecided { upheld: true, .. } => {
                now.over = false;
            }
            _ => {}
        }
    }

    fn follow_person(&mut self, id: Uuid, event: &PersonEvent) {
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
            PersonEvent::PersonalDataErased { .. } => drop(self.people.remove(&id)),
            _ => {}
        }
    }

    fn follow_group(&mut self, id: Uuid, event: &GroupEvent) {
        match event {
            GroupEvent::MemberInvited { person, .. } | GroupEvent::MemberAdded { person, .. } => {
                self.people_of.entry(id).or_default().insert(person.0);
            }
            GroupEvent::InvitationRefused { person } | GroupEvent::MemberRemoved { person, .. } => {
                self.people_of.entry(id).or_default().remove(&person.0);
            }
            GroupEvent::GroupMerged { into, .. } => drop(self.merged_into.insert(id, into.0)),
            _ => {}
        }
    }
}

/// What is wrong with a declaration: an interest does not end.
fn wrong_declaration(id: Uuid, event: &ApplicationEvent, before: &LogState) -> Option<String> {
    let ApplicationEvent::NoInterestDeclared { by, .. } = event else {
        return None;
    };
    let had_interest = before.has_declared_no_interest(id, *by) == Some(false);
    had_interest.then(|| format!("{by} had declared an interest, and declared that it is none"))
}

/// What is wrong with the person who scores, if somebody does.
fn wrong_scorer(id: Uuid, event: &ApplicationEvent, before: &LogState) -> Option<String> {
    let (ApplicationEvent::ScoreGiven { by, .. } | ApplicationEvent::ScoreRevised { by, .. }) =
        event
    else {
        return None;
    };
    if !before.holds_role(*by, Role::Panel) {
        return Some(format!("{by} scored, and does not sit on the panel"));
    }
    match before.has_declared_no_interest(id, *by) {
        Some(true) => None,
        Some(false) => Some(format!("{by} scored, and had declared an interest")),
        None => Some(format!(
            "{by} scored, and had not declared that they have no interest"
        )),
    }
}
