//! Who belongs to a group, who did, and on whose word each is known here.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{Group, GroupEvent};
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::{Facts, Refusal};

impl Group {
    /// Whether a person is a member, or was one on a day or after it. A day that is not known counts.
    #[must_use]
    pub fn has_member_since(&self, person: PersonId, since: Option<Date>) -> bool {
        let left_since = |left: &Option<Date>| left.zip(since).is_none_or(|(left, since)| left >= since);
        self.has_member(person) || self.former_members.get(&person).is_some_and(left_since)
    }

    /// A person and those who brought them in, one after another.
    #[must_use]
    pub fn chain_of(&self, person: PersonId) -> BTreeSet<PersonId> {
        let mut chain = BTreeSet::new();
        let mut next = Some(person);
        while let Some(person) = next.filter(|person| chain.insert(*person)) {
            next = self.members.get(&person).copied().flatten();
        }
        chain
    }

    /// Those on whose word a keyer of the payee is known here: who brought them in or registered them,
    /// and so on. Staff are known by their roles, which two people give.
    pub(super) fn behind(&self, keyer: PersonId, facts: &Facts) -> Result<BTreeSet<PersonId>, Refusal> {
        let organisation = facts.organisation()?;
        let (mut behind, mut waiting) = (BTreeSet::new(), vec![keyer]);
        while let Some(person) = waiting.pop() {
            if !organisation.roles_of(person).is_empty() {
                continue;
            }
            let brought_in = self.members.get(&person).copied().flatten();
            for other in brought_in.into_iter().chain(facts.registered_by(person)) {
                if other != keyer && behind.insert(other) {
                    waiting.push(other);
                }
            }
        }
        Ok(behind)
    }

    pub(super) fn add_member(&self, person: PersonId, facts: &Facts) -> Result<GroupEvent, Refusal> {
        facts.person()?.must_stand()?;
        if self.has_member(person) {
            return Err(Refusal::NoChange);
        }
        let by = facts.by()?;
        // Membership shuts staff out of deciding: a group does not do that to them.
        let officer = facts.roles().contains(&Role::Officer) && !facts.of_group()?;
        if by != person && facts.organisation()?.is_trusted(person) && !officer {
            return Err(Refusal::NotYours);
        }
        Ok(GroupEvent::MemberAdded { person, added_by: Some(by).filter(|by| *by != person) })
    }
}
