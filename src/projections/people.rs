//! People and their roles. Names stay sealed here; `views` opens them for those who may see them.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Moment, Projection, Touches, Waiting};
use crate::domain::erasure::Erasure;
use crate::domain::sealed::Sealed;
use crate::domain::{Event, GroupEvent, OrganisationEvent, PersonEvent, PersonId, Roles};
use crate::log::record::Recorded;

/// A person with their roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    pub id: Uuid,
    pub version: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub name: Sealed,
    pub email: Option<Sealed>,
    pub telephone: Option<Sealed>,
    pub roles: Roles,
    /// Roles that were proposed and wait for a second person.
    pub proposed: Roles,
    /// The groups that the person is a member of.
    pub groups: BTreeSet<Uuid>,
    /// The contact details that an officer proposed, and who did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_contact: Option<ProposedContactRow>,
    #[serde(default)]
    pub contact_waits: Waiting,
    /// How erasing what is personal of them stands.
    #[serde(default)]
    pub erasure: Erasure,
}

/// Contact details that wait for a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedContactRow {
    /// Its number: confirming names it.
    pub proposal: u32,
    pub name: Sealed,
    pub email: Option<Sealed>,
    pub telephone: Option<Sealed>,
    pub by: PersonId,
}

pub(super) struct People;

impl Projection for People {
    const NAME: &'static str = "people";
    const SHAPE: i64 = 3;
    type Row = PersonRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        use OrganisationEvent as O;
        match &event.event {
            Event::Person(_) => Some(Touches::one(&event.stream)),
            Event::Organisation(
                O::FounderNamed { person, .. }
                | O::RoleGiven { person, .. }
                | O::RoleProposed { person, .. }
                | O::RoleConfirmed { person, .. }
                | O::RoleEnded { person, .. },
            )
            | Event::Group(GroupEvent::MemberAdded { person, .. } | GroupEvent::MemberRemoved { person, .. }) => Some(Touches::one(person)),
            _ => None,
        }
    }

    fn project(event: &Recorded, row: Option<PersonRow>, _: Option<PersonRow>) -> Option<PersonRow> {
        use OrganisationEvent as O;
        if let Event::Person(PersonEvent::PersonRegistered { name, email, telephone, .. }) = &event.event {
            let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
            let (roles, proposed, groups) = (Roles::new(), Roles::new(), BTreeSet::new());
            return Some(PersonRow {
                id: event.stream,
                version: event.sequence,
                created_at: Moment::of(event),
                updated_at: Moment::of(event),
                name,
                email,
                telephone,
                roles,
                proposed,
                groups,
                proposed_contact: None,
                contact_waits: Waiting::Nothing,
                erasure: Erasure::NotAsked,
            });
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        match &event.event {
            Event::Person(PersonEvent::ContactChangeProposed { proposal, name, email, telephone, proposed_by }) => {
                row.version = event.sequence;
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                row.proposed_contact = Some(ProposedContactRow { proposal: *proposal, name, email, telephone, by: *proposed_by });
                row.contact_waits = Waiting::Waiting;
            }
            Event::Person(PersonEvent::ContactChangeRefused { .. }) => {
                row.version = event.sequence;
                (row.proposed_contact, row.contact_waits) = (None, Waiting::Nothing);
            }
            Event::Person(PersonEvent::ContactChanged { name, email, telephone, .. }) => {
                row.version = event.sequence;
                (row.proposed_contact, row.contact_waits) = (None, Waiting::Nothing);
                (row.name, row.email, row.telephone) = (name.clone(), email.clone(), telephone.clone());
            }
            Event::Person(changed) => {
                row.version = event.sequence;
                row.erasure = match changed {
                    PersonEvent::ErasureRequested {} => Erasure::Asked,
                    PersonEvent::ErasureRefused { .. } => Erasure::Refused,
                    PersonEvent::PersonalDataErased { .. } => Erasure::Done,
                    _ => row.erasure,
                };
            }
            Event::Group(GroupEvent::MemberAdded { .. }) => {
                row.groups.insert(event.stream);
            }
            Event::Group(GroupEvent::MemberRemoved { .. }) => {
                row.groups.remove(&event.stream);
            }
            Event::Organisation(O::FounderNamed { roles, .. }) => row.roles.extend(roles),
            Event::Organisation(O::RoleGiven { role, .. }) => {
                row.roles.insert(*role);
            }
            Event::Organisation(O::RoleProposed { role, .. }) => {
                row.proposed.insert(*role);
            }
            Event::Organisation(O::RoleConfirmed { role, .. }) => {
                row.proposed.remove(role);
                row.roles.insert(*role);
            }
            Event::Organisation(O::RoleEnded { role, .. }) => {
                row.proposed.remove(role);
                row.roles.remove(role);
            }
            _ => {}
        }
        Some(row)
    }
}
