//! Members of a group, former members, and the people on whose word each of them is known.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Group, GroupCommand, GroupEvent, MemberRef};
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::{DecisionContext, Refusal};

impl Group {
    #[must_use]
    pub fn has_member(&self, person: PersonId) -> bool {
        self.members.contains(&person)
    }

    pub fn members(&self) -> impl Iterator<Item = PersonId> {
        self.members.iter().copied()
    }

    /// The people through whom the group can be reached: its members, and people who were invited
    /// and have not answered, such as the person who sent an application on paper.
    pub fn people_to_reach(&self) -> impl Iterator<Item = PersonId> {
        self.members().chain(self.invited.keys().copied())
    }

    /// The last day on which the payee was replaced, a member joined or left, or the group was
    /// merged; `None` if that never happened, or only in old logs without dates.
    #[must_use]
    pub fn payee_or_members_changed_on(&self) -> Option<Date> {
        self.changed_on
    }

    /// How often the payee was replaced, a member joined or left, or the group was merged.
    #[must_use]
    pub fn payee_or_member_changes(&self) -> u32 {
        self.changes
    }

    pub(super) fn record_change(&mut self, day: Option<Date>) {
        self.changed_on = self.changed_on.max(day);
        self.changes += 1;
    }

    /// Whether a person is a member, or was one on this day or later. An unknown day counts.
    #[must_use]
    pub fn has_member_since(&self, person: PersonId, since: Option<Date>) -> bool {
        let left_since =
            |left: &Option<Date>| left.zip(since).is_none_or(|(left, since)| left >= since);
        self.has_member(person) || self.former_members.get(&person).is_some_and(left_since)
    }

    /// Members, and those who were members on this day or later.
    pub fn members_since(&self, day: Date) -> impl Iterator<Item = PersonId> {
        let former = self
            .former_members
            .iter()
            .filter(move |(_, left)| left.is_some_and(|left| left >= day));
        self.members().chain(former.map(|(person, _)| *person))
    }

    /// Those who invited the person into this group.
    fn vouchers_in_group(&self, person: PersonId) -> impl Iterator<Item = PersonId> {
        self.brought_in_by
            .get(&person)
            .into_iter()
            .flatten()
            .copied()
    }

    /// The people on whose word a person acts for the group: those who invited them into it or into
    /// a group that it was merged with, and those who merged it if the person acts only through the
    /// group that it was merged into.
    pub fn vouchers_for<'a>(
        &'a self,
        relatives: impl Iterator<Item = &'a Self> + Clone,
        person: PersonId,
    ) -> BTreeSet<PersonId> {
        let groups = std::iter::once(self).chain(relatives);
        let merged_by = groups
            .clone()
            .filter_map(|group| group.merged_by)
            .filter(|_| !self.has_member(person));
        groups
            .flat_map(|group| group.vouchers_in_group(person))
            .chain(merged_by)
            .collect()
    }

    /// The people on whose word the keyer of a payee is known, directly or through others. The
    /// search stops at people whose role two administrators gave.
    pub(super) fn keyer_vouchers(
        &self,
        keyer: PersonId,
        facts: &DecisionContext,
    ) -> Result<BTreeSet<PersonId>, Refusal> {
        let organisation = facts.organisation()?;
        let relatives: Vec<_> = facts.relatives().collect();
        let (mut behind, mut waiting) = (BTreeSet::new(), vec![keyer]);
        while let Some(person) = waiting.pop() {
            if organisation.is_known_to_two(person) {
                continue;
            }
            for other in self
                .vouchers_for(relatives.iter().copied(), person)
                .into_iter()
                .chain(facts.known_by(person))
            {
                if other != keyer && behind.insert(other) {
                    waiting.push(other);
                }
            }
        }
        Ok(behind)
    }

    /// Erases a group together with the unproven person who registered it. Refuses if someone else
    /// acts for the group, if it was merged, or if its records must be retained.
    pub(super) fn expire_unproven(
        &self,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<Vec<GroupEvent>, Refusal> {
        if self.erasure.is_done() {
            return Ok(Vec::new());
        }
        let others = self.members.iter().any(|member| *member != person);
        if others
            || self.merged.is_some()
            || !self.took_in.is_empty()
            || self.must_be_erasable(facts).is_err()
        {
            return Err(Refusal::NotExpired);
        }
        let reason = "Registered online by someone who did not confirm an email address."
            .parse()
            .expect("a short text");
        Ok(vec![GroupEvent::PersonalDataErased { reason }])
    }

    pub(super) fn change_members(
        &self,
        command: &GroupCommand,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        match command {
            GroupCommand::AddMember(of) => self.invite(of.person, facts),
            GroupCommand::Join(of) => self.join(of.person, facts),
            GroupCommand::RefuseInvitation(MemberRef { person }) => {
                self.inviter(*person)?;
                if facts.by()? == *person {
                    Ok(GroupEvent::InvitationRefused { person: *person })
                } else {
                    Err(Refusal::NotYours)
                }
            }
            GroupCommand::RemoveMember(MemberRef { person }) if self.has_member(*person) => {
                Ok(GroupEvent::MemberRemoved {
                    person: *person,
                    removed_on: Some(facts.today),
                })
            }
            GroupCommand::RemoveMember(MemberRef { person })
                if self.invited.contains_key(person) =>
            {
                Ok(GroupEvent::InvitationRefused { person: *person })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn inviter(&self, person: PersonId) -> Result<PersonId, Refusal> {
        self.invited
            .get(&person)
            .copied()
            .ok_or(Refusal::NotInvited)
    }

    /// A merged group cannot invite: its members are those of the group that it was merged into,
    /// whose membership depends on the person who merged it.
    fn invite(&self, person: PersonId, facts: &DecisionContext) -> Result<GroupEvent, Refusal> {
        self.must_be_active()?;
        facts.person()?.must_be_active()?;
        let by = facts.by()?;
        if self.has_member(person) || self.invited.get(&person) == Some(&by) {
            return Err(Refusal::NoChange);
        }
        Self::must_be_able_to_bring_in(by, person, facts)?;
        Ok(GroupEvent::MemberInvited {
            person,
            invited_by: by,
        })
    }

    /// Membership excludes staff from deciding, so a group cannot make a colleague a member. An
    /// officer who is not a member may invite a colleague, but never themselves.
    fn must_be_able_to_bring_in(
        by: PersonId,
        person: PersonId,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        let organisation = facts.organisation()?;
        if !organisation.has_or_awaits_role(person) {
            return Ok(());
        }
        let officer = organisation.roles_of(by).contains(&Role::Officer) && !facts.is_member(by)?;
        if officer && by != person {
            facts.must_be_two_people(by, person)
        } else {
            Err(Refusal::NotYours)
        }
    }

    fn join(&self, person: PersonId, facts: &DecisionContext) -> Result<GroupEvent, Refusal> {
        self.must_be_active()?;
        facts.person()?.must_be_active()?;
        let by = facts.by()?;
        if self.has_member(person) {
            return Err(Refusal::NoChange);
        }
        let inviter = self.inviter(person)?;
        let writes_for_them = facts.roles().contains(&Role::Officer)
            && !facts.person()?.has_email()
            && !facts.organisation()?.has_or_awaits_role(person);
        if by != person && !writes_for_them {
            return Err(Refusal::NotYours);
        }
        Self::must_be_able_to_bring_in(inviter, person, facts)?;
        Ok(GroupEvent::MemberAdded {
            person,
            added_by: Some(inviter),
            added_on: Some(facts.today),
        })
    }

    pub(super) fn apply_members(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::MemberInvited { person, invited_by } => {
                self.invited.insert(*person, *invited_by);
            }
            GroupEvent::InvitationRefused { person } => drop(self.invited.remove(person)),
            GroupEvent::MemberAdded {
                person,
                added_by,
                added_on,
            } => {
                // Registering a group replaces no earlier member, so it starts no wait for
                // payments.
                if added_by.is_some() {
                    self.record_change(*added_on);
                }
                self.invited.remove(person);
                self.members.insert(*person);
                self.brought_in_by
                    .entry(*person)
                    .or_default()
                    .extend(added_by);
            }
            GroupEvent::MemberRemoved { person, removed_on } if self.members.remove(person) => {
                self.record_change(*removed_on);
                self.former_members.insert(*person, *removed_on);
            }
            _ => {}
        }
    }
}
