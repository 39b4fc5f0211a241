//! People and their roles. Names stay encrypted; `views` decrypts them for readers who may see
//! them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::erasure::Erasure;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, GroupEvent, OrganisationEvent, PersonEvent, PersonId, Role, Roles};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection, Waiting};

/// A person with their roles.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonRow {
    pub id: Uuid,
    pub version: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub name: Encrypted,
    pub email: Option<Encrypted>,
    pub telephone: Option<Encrypted>,
    pub roles: Roles,
    /// Proposed roles that await confirmation by a second person.
    pub proposed: Roles,
    /// The groups of which the person is a member.
    pub groups: BTreeSet<Uuid>,
    /// The groups that invited the person.
    #[serde(default)]
    pub invited_to: BTreeSet<Uuid>,
    /// The number of each role's proposal, needed to confirm it.
    #[serde(default)]
    pub proposals: BTreeMap<Role, u32>,
    /// Contact details that an officer proposed, and that officer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_contact: Option<ProposedContactRow>,
    /// The address that is known to be the person's: they signed in by a mail to it, or a member of
    /// staff entered or confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_email: Option<Encrypted>,
    #[serde(default)]
    pub contact_waits: Waiting,
    /// The day of registration of a person who registered without proving an address. Absent once
    /// one is proven or a member of staff has entered the contact details.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unproven_since: Option<Date>,
    /// The state of the erasure of the person's personal data.
    #[serde(default)]
    pub erasure: Erasure,
}

/// Contact details that await confirmation by a second person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedContactRow {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub name: Encrypted,
    pub email: Option<Encrypted>,
    pub telephone: Option<Encrypted>,
    pub by: PersonId,
}

pub(in crate::projections) struct PeopleProjection;

impl Projection for PeopleProjection {
    const NAME: &'static str = "people";
    const SCHEMA_VERSION: i64 = 3;
    type Row = PersonRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use OrganisationEvent as O;
        match &event.event {
            Event::Person(_) => Some(AffectedRows::one(&event.stream)),
            Event::Organisation(
                O::FounderNamed { person, .. }
                | O::RoleGiven { person, .. }
                | O::RoleProposed { person, .. }
                | O::RoleConfirmed { person, .. }
                | O::RoleEnded { person, .. },
            )
            | Event::Group(
                GroupEvent::MemberInvited { person, .. }
                | GroupEvent::InvitationRefused { person }
                | GroupEvent::MemberAdded { person, .. }
                | GroupEvent::MemberRemoved { person, .. },
            ) => Some(AffectedRows::one(person)),
            _ => None,
        }
    }

    fn project(
        event: &RecordedEvent,
        row: Option<PersonRow>,
        _: Option<PersonRow>,
    ) -> Option<PersonRow> {
        use OrganisationEvent as O;
        if let Some(registered) = registered_row(event) {
            return Some(registered);
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        match &event.event {
            Event::Person(PersonEvent::ContactChangeProposed {
                proposal,
                name,
                email,
                telephone,
                proposed_by,
            }) => {
                row.version = event.sequence;
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                row.proposed_contact = Some(ProposedContactRow {
                    proposal: *proposal,
                    name,
                    email,
                    telephone,
                    by: *proposed_by,
                });
                row.contact_waits = Waiting::Waiting;
            }
            Event::Person(PersonEvent::ContactChangeRefused { .. }) => {
                row.version = event.sequence;
                (row.proposed_contact, row.contact_waits) = (None, Waiting::Nothing);
            }
            Event::Person(PersonEvent::AddressProven { email }) => {
                row.version = event.sequence;
                row.known_email = Some(email.clone());
                row.unproven_since = None;
            }
            Event::Person(PersonEvent::ContactChanged {
                name,
                email,
                telephone,
                changed_by,
                ..
            }) => {
                row.version = event.sequence;
                if changed_by.is_some() {
                    row.known_email.clone_from(email);
                }
                row.unproven_since = row.unproven_since.filter(|_| changed_by.is_none());
                (row.proposed_contact, row.contact_waits) = (None, Waiting::Nothing);
                (row.name, row.email, row.telephone) =
                    (name.clone(), email.clone(), telephone.clone());
            }
            Event::Person(changed) => {
                row.version = event.sequence;
                if matches!(changed, PersonEvent::PersonalDataErased { .. }) {
                    row.unproven_since = None;
                }
                row.erasure = match changed {
                    PersonEvent::ErasureRequested {} => Erasure::Asked,
                    PersonEvent::ErasureRefused { .. } => Erasure::Refused,
                    PersonEvent::PersonalDataErased { .. } => Erasure::Done,
                    _ => row.erasure,
                };
            }
            Event::Group(GroupEvent::MemberInvited { .. }) => {
                row.invited_to.insert(event.stream);
            }
            Event::Group(GroupEvent::InvitationRefused { .. }) => {
                row.invited_to.remove(&event.stream);
            }
            Event::Group(GroupEvent::MemberAdded { .. }) => {
                row.invited_to.remove(&event.stream);
                row.groups.insert(event.stream);
            }
            Event::Group(GroupEvent::MemberRemoved { .. }) => {
                row.groups.remove(&event.stream);
            }
            Event::Organisation(O::FounderNamed { roles, .. }) => row.roles.extend(roles),
            Event::Organisation(O::RoleGiven { role, .. }) => {
                row.roles.insert(*role);
            }
            Event::Organisation(O::RoleProposed { role, proposal, .. }) => {
                row.proposed.insert(*role);
                row.proposals
                    .extend(proposal.map(|proposal| (*role, proposal)));
            }
            Event::Organisation(O::RoleConfirmed { role, .. }) => {
                row.proposed.remove(role);
                row.proposals.remove(role);
                row.roles.insert(*role);
            }
            Event::Organisation(O::RoleEnded { role, .. }) => {
                row.proposed.remove(role);
                row.proposals.remove(role);
                row.roles.remove(role);
            }
            _ => {}
        }
        Some(row)
    }
}

/// The row of a newly registered person.
fn registered_row(event: &RecordedEvent) -> Option<PersonRow> {
    let Event::Person(PersonEvent::PersonRegistered {
        name,
        email,
        telephone,
        registered_by,
        registered_on,
        unproven,
    }) = &event.event
    else {
        return None;
    };
    let by_office = registered_by.is_some() || event.metadata.get("actor") == Some("operator");
    let known_email = email.clone().filter(|_| by_office);
    let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
    let (roles, proposed, groups) = (Roles::new(), Roles::new(), BTreeSet::new());
    Some(PersonRow {
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
        invited_to: BTreeSet::new(),
        proposals: BTreeMap::new(),
        proposed_contact: None,
        known_email,
        contact_waits: Waiting::Nothing,
        unproven_since: registered_on.filter(|_| *unproven),
        erasure: Erasure::NotAsked,
    })
}
