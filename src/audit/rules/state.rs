//! The state of a log after the events so far, as far as several rooms need it.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::earlier_programs::EarlierPrograms;
use crate::audit::derived_tables::GrantsById;
use crate::domain::asset::Party;
use crate::domain::text::Slug;
use crate::domain::{
    Aggregate, ApplicationEvent, Asset, Event, Fund, FundId, Gathering, Grant, GrantEvent, GrantId,
    Group, GroupId, Introduction, Money, Organisation, PersonEvent, PersonId, Role, Rule,
};
use crate::eventlog::recorded_event::RecordedEvent;

/// Where an application came from. Its grant has the same id.
#[derive(Clone, Debug)]
pub(in crate::audit) struct ApplicationOrigin {
    pub(in crate::audit) fund: FundId,
    pub(in crate::audit) group: Uuid,
    pub(super) round: Slug,
    /// The number of events in the log when it began.
    pub(in crate::audit) began: usize,
}

#[derive(Default)]
pub(in crate::audit) struct LogState {
    organisation: Organisation,
    funds: BTreeMap<Uuid, Fund>,
    groups: BTreeMap<Uuid, Group>,
    grants: GrantsById,
    gatherings: BTreeMap<Uuid, Gathering>,
    assets: BTreeMap<Uuid, Asset>,
    introductions: BTreeMap<Uuid, Introduction>,
    applications: BTreeMap<Uuid, ApplicationOrigin>,
    /// By application and person: whether they declared last that they have no interest.
    no_interest_declared: BTreeMap<(Uuid, PersonId), bool>,
    /// The people whose personal data were erased.
    erased: BTreeSet<Uuid>,
    had_two_administrators: bool,
    event_count: usize,
    earlier_programs: EarlierPrograms,
}

impl LogState {
    /// The person who gave the command of an event. None for the operator and for jobs.
    pub(in crate::audit) fn actor(event: &RecordedEvent) -> Option<PersonId> {
        event
            .metadata
            .get("actor")
            .and_then(|actor| actor.parse().ok())
    }

    pub(in crate::audit) fn organisation(&self) -> &Organisation {
        &self.organisation
    }

    pub(in crate::audit) fn fund(&self, id: Uuid) -> Option<&Fund> {
        self.funds.get(&id)
    }

    pub(in crate::audit) fn group(&self, id: Uuid) -> Option<&Group> {
        self.groups.get(&id)
    }

    pub(in crate::audit) fn grant(&self, id: Uuid) -> Option<&Grant> {
        self.grants.get(&id)
    }

    /// Whether a funder has given money to a fund.
    pub(super) fn has_funder(&self, funder: &Slug) -> bool {
        let mut funds = self.funds.values();
        funds.any(|fund| fund.budget().has_funder(funder))
    }

    /// What all funds together hold for a grant.
    pub(super) fn committed_for(&self, grant: Uuid) -> Money {
        self.funds
            .values()
            .map(|fund| fund.budget().committed_for(GrantId(grant)))
            .sum()
    }

    /// Whether what is committed for a grant is what it may spend: by source, in its own fund, and
    /// in no other.
    pub(super) fn is_committed_as_awarded(&self, id: Uuid) -> bool {
        let grant = self.grant(id);
        let own = grant.and_then(Grant::fund).map(|fund| fund.0);
        let award = grant.map(|grant| grant.award().clone()).unwrap_or_default();
        let committed_in = |fund: &Fund| fund.budget().sources_of(GrantId(id)).cloned();
        let in_own = own.and_then(|own| self.fund(own)).and_then(committed_in);
        let others = self.funds.iter().filter(|(fund, _)| own != Some(**fund));
        let in_others = others.filter_map(|(_, fund)| committed_in(fund));
        let elsewhere: Money = in_others.map(|split| split.total()).sum();
        in_own.unwrap_or_default() == award && elsewhere.is_zero()
    }

    /// What a grant may spend: its award, less what was released or came back.
    pub(super) fn award_of(&self, grant: Uuid) -> Money {
        self.grant(grant)
            .map_or(Money::ZERO, |grant| grant.award().total())
    }

    pub(super) fn into_grants(self) -> GrantsById {
        self.grants
    }

    pub(in crate::audit) fn application(&self, id: Uuid) -> Option<&ApplicationOrigin> {
        self.applications.get(&id)
    }

    pub(in crate::audit) fn applications(&self) -> impl Iterator<Item = &ApplicationOrigin> {
        self.applications.values()
    }

    /// Whether a person declared last that they have no interest in an application. None without a
    /// declaration.
    pub(super) fn has_declared_no_interest(
        &self,
        application: Uuid,
        person: PersonId,
    ) -> Option<bool> {
        let declared = self.no_interest_declared.get(&(application, person));
        declared.copied()
    }

    /// The fund of an application or a grant.
    pub(in crate::audit) fn fund_of(&self, application: Uuid) -> Option<&Fund> {
        self.fund(self.application(application)?.fund.0)
    }

    /// The group of a grant.
    pub(in crate::audit) fn group_of(&self, grant: Uuid) -> Option<&Group> {
        self.group(self.grant(grant)?.group()?.0)
    }

    /// The group of a grant, and the groups that it was merged into, directly or through others.
    pub(in crate::audit) fn group_and_heirs(&self, grant: Uuid) -> Vec<&Group> {
        self.with_heirs(self.grant(grant).and_then(Grant::group))
    }

    /// Whether a person is a member of a group, or of one that it was merged into.
    pub(super) fn is_member(&self, person: PersonId, group: Uuid) -> bool {
        let groups = self.with_heirs(Some(GroupId(group)));
        groups.iter().any(|group| group.has_member(person))
    }

    /// Whether a person leads a gathering.
    pub(super) fn is_lead(&self, person: PersonId, gathering: Uuid) -> bool {
        let gathering = self.gatherings.get(&gathering);
        gathering.is_some_and(|gathering| gathering.is_led_by(person))
    }

    pub(super) fn asset(&self, id: Uuid) -> Option<&Asset> {
        self.assets.get(&id)
    }

    /// The person or group that holds an entry of the directory.
    pub(super) fn holder_of(&self, asset: Uuid) -> Option<Party> {
        self.asset(asset).and_then(Asset::holder)
    }

    /// The party, or the group that it is part of now, after all merges.
    pub(super) fn heir_of(&self, party: Party) -> Party {
        let mut heir = party;
        let mut met = BTreeSet::new();
        while let Party::Group(group) = heir {
            let next = self.group(group.0).and_then(Group::merged_into);
            match next.filter(|_| met.insert(group)) {
                Some(next) => heir = Party::Group(next),
                None => break,
            }
        }
        heir
    }

    pub(super) fn introduction(&self, id: Uuid) -> Option<&Introduction> {
        self.introductions.get(&id)
    }

    /// A group, and the groups that it was merged into, directly or through others.
    pub(super) fn with_heirs(&self, group: Option<GroupId>) -> Vec<&Group> {
        let (mut met, mut groups) = (BTreeSet::new(), Vec::new());
        let mut next = group;
        while let Some(id) = next.filter(|id| met.insert(*id)) {
            let found = self.group(id.0);
            groups.extend(found);
            next = found.and_then(Group::merged_into);
        }
        groups
    }

    pub(in crate::audit) fn holds_role(&self, person: PersonId, role: Role) -> bool {
        self.organisation.roles_of(person).contains(&role)
    }

    /// Whether a person still holds one of the roles in which they proposed something. Earlier
    /// programs are not checked.
    pub(super) fn still_holds(&self, proposer: PersonId, roles: &[Role]) -> bool {
        let holds = roles.iter().any(|role| self.holds_role(proposer, *role));
        holds || !self.has_people_rules()
    }

    pub(in crate::audit) fn has_role(&self, person: PersonId) -> bool {
        !self.organisation.roles_of(person).is_empty()
    }

    /// The number of administrators.
    pub(super) fn administrators(&self) -> usize {
        self.organisation.holders(Role::Administrator).count()
    }

    /// Whether there have ever been two administrators.
    pub(super) fn had_two_administrators(&self) -> bool {
        self.had_two_administrators
    }

    /// Whether the personal data of a person were erased.
    pub(in crate::audit) fn is_erased(&self, person: Uuid) -> bool {
        self.erased.contains(&person)
    }

    /// Whether an event with the fields of the rules about people has occurred. Earlier programs
    /// did not write what these rules need.
    pub(in crate::audit) fn has_people_rules(&self) -> bool {
        self.earlier_programs.has_people_rules()
    }

    pub(super) fn earlier_programs(&self) -> &EarlierPrograms {
        &self.earlier_programs
    }

    /// The number of events so far.
    pub(in crate::audit) fn event_count(&self) -> usize {
        self.event_count
    }

    /// Notes the event before it is checked: rules about people hold for the first event that has
    /// their fields, too.
    pub(super) fn count(&mut self, event: &RecordedEvent) {
        self.event_count += 1;
        self.earlier_programs.count(event);
    }

    /// Applies an event. If it takes more money than there is, the state goes on at zero; the error
    /// has the broken rule and what is wrong.
    pub(super) fn apply(&mut self, event: &RecordedEvent) -> Result<(), (Rule, String)> {
        let id = event.stream;
        let (applied, rule) = match &event.event {
            Event::Organisation(happened) => {
                let applied = self.organisation.apply(happened);
                self.had_two_administrators |= self.administrators() >= 2;
                (applied, Rule::Budget)
            }
            Event::Fund(happened) => {
                let fund = self.funds.entry(id).or_default();
                (fund.apply(happened), Rule::Budget)
            }
            Event::Group(happened) => {
                let group = self.groups.entry(id).or_default();
                (group.apply(happened), Rule::Budget)
            }
            Event::Grant(happened) => {
                let grant = self.grants.entry(id).or_default();
                (grant.apply(happened), rule_of_sum(happened))
            }
            Event::Gathering(happened) => {
                let gathering = self.gatherings.entry(id).or_default();
                (gathering.apply(happened), Rule::GatheringLed)
            }
            Event::Asset(happened) => {
                let asset = self.assets.entry(id).or_default();
                (asset.apply(happened), Rule::HoursBalanced)
            }
            Event::Introduction(happened) => {
                let introduction = self.introductions.entry(id).or_default();
                (introduction.apply(happened), Rule::IntroductionAgreed)
            }
            Event::Application(happened) => {
                self.apply_to_application(id, happened);
                return Ok(());
            }
            Event::Person(PersonEvent::PersonalDataErased { .. }) => {
                self.erased.insert(id);
                return Ok(());
            }
            Event::Person(_) | Event::Barrier(_) => return Ok(()),
        };
        applied.map_err(|below| (rule, below.to_string()))
    }

    fn apply_to_application(&mut self, id: Uuid, event: &ApplicationEvent) {
        match event {
            ApplicationEvent::ApplicationStarted {
                fund, group, round, ..
            } => {
                let origin = ApplicationOrigin {
                    fund: *fund,
                    group: group.0,
                    round: round.clone(),
                    began: self.event_count,
                };
                self.applications.insert(id, origin);
            }
            ApplicationEvent::NoInterestDeclared { by, .. } => {
                self.no_interest_declared.insert((id, *by), true);
            }
            ApplicationEvent::InterestDeclared { by, .. } => {
                self.no_interest_declared.insert((id, *by), false);
            }
            _ => {}
        }
    }
}

/// The rule that an event of a grant breaks if it takes more than there is.
fn rule_of_sum(event: &GrantEvent) -> Rule {
    match event {
        GrantEvent::ReturnReceived { .. }
        | GrantEvent::EntrySettled { .. }
        | GrantEvent::PaymentReversed { .. }
        | GrantEvent::ReturnWaived { .. } => Rule::ReturnCovered,
        GrantEvent::PaymentSent { .. } | GrantEvent::PaymentFailed { .. } => Rule::PaymentAmount,
        _ => Rule::CommitmentMatches,
    }
}
