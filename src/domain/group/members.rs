//! Who belongs to a group, who did, and on whose word each is known here.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Group, GroupCommand, GroupEvent, MemberOf};
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::{Facts, Refusal};

impl Group {
    #[must_use]
    pub fn has_member(&self, person: PersonId) -> bool {
        self.members.contains(&person)
    }

    pub fn members(&self) -> impl Iterator<Item = PersonId> {
        self.members.iter().copied()
    }

    /// The day on which another payee was keyed, somebody joined or left, or the group was merged,
    /// last.
    #[must_use]
    pub fn payee_or_members_changed_on(&self) -> Option<Date> {
        self.changed_on
    }

    /// How often another payee was keyed, somebody joined or left, or the group was merged.
    #[must_use]
    pub fn payee_or_member_changes(&self) -> u32 {
        self.changes
    }

    pub(super) fn changed(&mut self, day: Option<Date>) {
        self.changed_on = self.changed_on.max(day);
        self.changes += 1;
    }

    /// Whether a person is a member, or was one on a day or after it. A day that is not known
    /// counts.
    #[must_use]
    pub fn has_member_since(&self, person: PersonId, since: Option<Date>) -> bool {
        let left_since =
            |left: &Option<Date>| left.zip(since).is_none_or(|(left, since)| left >= since);
        self.has_member(person) || self.former_members.get(&person).is_some_and(left_since)
    }

    /// Whoever is a member, or was one on a day or after it.
    pub fn members_since(&self, day: Date) -> impl Iterator<Item = PersonId> {
        let former = self
            .former_members
            .iter()
            .filter(move |(_, left)| left.is_some_and(|left| left >= day));
        self.members().chain(former.map(|(person, _)| *person))
    }

    /// Who brought a person into the group, or merged it with the one through which the person
    /// acts.
    fn brought_in(&self, person: PersonId) -> impl Iterator<Item = PersonId> {
        self.brought_in_by
            .get(&person)
            .into_iter()
            .flatten()
            .copied()
    }

    /// Those on whose word a person acts for a group: who brought them into it or into one that it
    /// was merged with, and who merged it where they act through the heir.
    pub fn word_for<'a>(
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
            .flat_map(|group| group.brought_in(person))
            .chain(merged_by)
            .collect()
    }

    /// Those on whose word a keyer of the payee is known here, and those on whose word these are,
    /// up to people who were given a role by two.
    pub(super) fn behind(
        &self,
        keyer: PersonId,
        facts: &Facts,
    ) -> Result<BTreeSet<PersonId>, Refusal> {
        let organisation = facts.organisation()?;
        let relatives: Vec<_> = facts.relatives().collect();
        let (mut behind, mut waiting) = (BTreeSet::new(), vec![keyer]);
        while let Some(person) = waiting.pop() {
            if organisation.is_known_to_two(person) {
                continue;
            }
            for other in self
                .word_for(relatives.iter().copied(), person)
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

    /// What somebody unknown registered goes with them: not where anybody else acts for the group,
    /// or money went to it.
    pub(super) fn expire(
        &self,
        person: PersonId,
        facts: &Facts,
    ) -> Result<Vec<GroupEvent>, Refusal> {
        if self.erasure.is_done() {
            return Ok(Vec::new());
        }
        let others = self.members.iter().any(|member| *member != person);
        if others
            || self.merged.is_some()
            || !self.took_in.is_empty()
            || self.may_be_erased(facts).is_err()
        {
            return Err(Refusal::NotExpired);
        }
        let reason = "Registered on a public page by somebody who never showed an address."
            .parse()
            .expect("a short text");
        Ok(vec![GroupEvent::PersonalDataErased { reason }])
    }

    pub(super) fn change_members(
        &self,
        command: &GroupCommand,
        facts: &Facts,
    ) -> Result<GroupEvent, Refusal> {
        match command {
            GroupCommand::AddMember(of) => self.invite(of.person, facts),
            GroupCommand::Join(of) => self.join(of.person, facts),
            GroupCommand::RefuseInvitation(MemberOf { person }) => {
                self.inviter(*person)?;
                if facts.by()? == *person {
                    Ok(GroupEvent::InvitationRefused { person: *person })
                } else {
                    Err(Refusal::NotYours)
                }
            }
            GroupCommand::RemoveMember(MemberOf { person }) if self.has_member(*person) => {
                Ok(GroupEvent::MemberRemoved {
                    person: *person,
                    removed_on: Some(facts.today),
                })
            }
            GroupCommand::RemoveMember(MemberOf { person })
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

    /// The heir's members act for a merged group. Whoever joined it now would no longer rest on the
    /// word of who merged it.
    fn invite(&self, person: PersonId, facts: &Facts) -> Result<GroupEvent, Refusal> {
        self.must_stand()?;
        facts.person()?.must_stand()?;
        let by = facts.by()?;
        if self.has_member(person) || self.invited.get(&person) == Some(&by) {
            return Err(Refusal::NoChange);
        }
        Self::may_bring_in(by, person, facts)?;
        Ok(GroupEvent::MemberInvited {
            person,
            invited_by: by,
        })
    }

    /// Membership shuts staff out of deciding, so a group cannot bring that about: an officer who
    /// is not of the group asks a colleague, never oneself.
    fn may_bring_in(by: PersonId, person: PersonId, facts: &Facts) -> Result<(), Refusal> {
        let organisation = facts.organisation()?;
        if !organisation.is_trusted(person) {
            return Ok(());
        }
        let officer = organisation.roles_of(by).contains(&Role::Officer) && !facts.is_member(by)?;
        if officer && by != person {
            facts.are_two(by, person)
        } else {
            Err(Refusal::NotYours)
        }
    }

    fn join(&self, person: PersonId, facts: &Facts) -> Result<GroupEvent, Refusal> {
        self.must_stand()?;
        facts.person()?.must_stand()?;
        let by = facts.by()?;
        if self.has_member(person) {
            return Err(Refusal::NoChange);
        }
        let inviter = self.inviter(person)?;
        let writes_for_them = facts.roles().contains(&Role::Officer)
            && !facts.person()?.has_email()
            && !facts.organisation()?.is_trusted(person);
        if by != person && !writes_for_them {
            return Err(Refusal::NotYours);
        }
        Self::may_bring_in(inviter, person, facts)?;
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
                // Whoever registers a group changes nothing that stood before.
                if added_by.is_some() {
                    self.changed(*added_on);
                }
                self.invited.remove(person);
                self.members.insert(*person);
                self.brought_in_by
                    .entry(*person)
                    .or_default()
                    .extend(added_by);
            }
            GroupEvent::MemberRemoved { person, removed_on } => {
                self.changed(*removed_on);
                self.members.remove(person);
                self.former_members.insert(*person, *removed_on);
            }
            _ => {}
        }
    }
}
