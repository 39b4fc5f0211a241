//! Names as far as a log has them: of funds and groups, and instead of people's names their roles
//! at that time and the first digits of their id.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use crate::audit::ledger::accounts::short_id;
use crate::audit::ledger::one_line;
use crate::domain::{Aggregate as _, Event, FundEvent, GroupEvent, Organisation, PersonId, Role};
use crate::eventlog::recorded_event::RecordedEvent;

/// The names after the events so far.
#[derive(Default)]
pub(in crate::audit) struct KnownNames {
    organisation: Organisation,
    members: BTreeSet<PersonId>,
    funds_and_groups: BTreeMap<Uuid, String>,
}

impl KnownNames {
    pub(in crate::audit) fn apply(&mut self, event: &RecordedEvent) {
        match &event.event {
            Event::Organisation(happened) => {
                // The organisation has no money, so that no event of it can take too much.
                self.organisation.apply(happened).ok();
            }
            Event::Fund(FundEvent::FundCreated { name, .. })
            | Event::Group(
                GroupEvent::GroupRegistered { name, .. } | GroupEvent::GroupCorrected { name, .. },
            ) => {
                self.funds_and_groups
                    .insert(event.stream, one_line(name.as_str()));
            }
            Event::Group(
                GroupEvent::MemberAdded { person, .. } | GroupEvent::MemberInvited { person, .. },
            ) => {
                self.members.insert(*person);
            }
            _ => {}
        }
    }

    /// The name of a fund or a group.
    pub(in crate::audit) fn of_record(&self, id: Uuid) -> String {
        self.funds_and_groups
            .get(&id)
            .cloned()
            .unwrap_or_else(|| short_id(id))
    }

    /// A person by what they are: "finance officer 1bbcfca9", "member 36514df1".
    pub(super) fn name(&self, person: PersonId) -> String {
        let roles: Vec<&str> = self
            .organisation
            .roles_of(person)
            .into_iter()
            .map(role_text)
            .collect();
        let what = if !roles.is_empty() {
            roles.join(" and ")
        } else if self.members.contains(&person) {
            "member".to_owned()
        } else {
            "person".to_owned()
        };
        format!("{what} {}", short_id(person.0))
    }

    pub(super) fn names(&self, people: impl IntoIterator<Item = PersonId>) -> String {
        let names: Vec<String> = people.into_iter().map(|person| self.name(person)).collect();
        list_text(&names)
    }

    /// Who gave the command of an event.
    pub(super) fn actor(&self, event: &RecordedEvent) -> String {
        match event.metadata.get("actor") {
            Some("job") => "the service".to_owned(),
            Some("operator") => "the operator".to_owned(),
            Some(person) => person.parse::<Uuid>().map_or_else(
                |_| "an unknown actor".to_owned(),
                |person| self.name(PersonId(person)),
            ),
            None => "an unknown actor".to_owned(),
        }
    }
}

fn role_text(role: Role) -> &'static str {
    match role {
        Role::Administrator => "administrator",
        Role::Officer => "officer",
        Role::Finance => "finance officer",
        Role::Panel => "panel member",
        Role::Auditor => "auditor",
        Role::Connector => "connector",
    }
}

/// Items as a list in a sentence: "a, b and c".
pub(super) fn list_text(items: &[String]) -> String {
    match items {
        [] => "nobody".to_owned(),
        [one] => one.clone(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}
