//! People and their roles. Names stay encrypted; `views` decrypts them for readers who may see
//! them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::erasure::Erasure;
use crate::domain::language::Language;
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<Encrypted>,
    /// An email address that the person entered on a public page, although it belongs to someone
    /// else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub typed_email: Option<Encrypted>,
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
    /// The language of the emails to the person, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail_language: Option<Language>,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub postal_address: Option<Encrypted>,
    pub by: PersonId,
}

pub(in crate::projections) struct PeopleProjection;

impl Projection for PeopleProjection {
    const NAME: &'static str = "people";
    const SCHEMA_VERSION: i64 = 4;
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
        if let Some(registered) = registered_row(event) {
            return Some(registered);
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        match &event.event {
            Event::Person(happened) => {
                row.version = event.sequence;
                row.apply(happened);
            }
            Event::Group(happened) => row.apply_membership(event.stream, happened),
            Event::Organisation(happened) => row.apply_role(happened),
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
        postal_address,
        typed_email,
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
        postal_address: postal_address.clone(),
        typed_email: typed_email.clone(),
        roles,
        proposed,
        groups,
        invited_to: BTreeSet::new(),
        proposals: BTreeMap::new(),
        proposed_contact: None,
        known_email,
        contact_waits: Waiting::Nothing,
        unproven_since: registered_on.filter(|_| *unproven),
        mail_language: None,
        erasure: Erasure::NotAsked,
    })
}

impl PersonRow {
    fn apply(&mut self, happened: &PersonEvent) {
        match happened {
            PersonEvent::ContactChangeProposed {
                proposal,
                name,
                email,
                telephone,
                postal_address,
                proposed_by,
            } => {
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                self.proposed_contact = Some(ProposedContactRow {
                    proposal: *proposal,
                    name,
                    email,
                    telephone,
                    postal_address: postal_address.clone(),
                    by: *proposed_by,
                });
                self.contact_waits = Waiting::Waiting;
            }
            PersonEvent::ContactChangeRefused { .. } => {
                (self.proposed_contact, self.contact_waits) = (None, Waiting::Nothing);
            }
            PersonEvent::MailLanguageChosen { language } => self.mail_language = *language,
            PersonEvent::AddressProven { email } => {
                self.known_email = Some(email.clone());
                self.unproven_since = None;
            }
            PersonEvent::ContactChanged {
                name,
                email,
                telephone,
                postal_address,
                typed_email,
                changed_by,
                ..
            } => {
                if changed_by.is_some() {
                    self.known_email.clone_from(email);
                }
                self.unproven_since = self.unproven_since.filter(|_| changed_by.is_none());
                (self.proposed_contact, self.contact_waits) = (None, Waiting::Nothing);
                (self.name, self.email, self.telephone) =
                    (name.clone(), email.clone(), telephone.clone());
                self.postal_address.clone_from(postal_address);
                self.typed_email.clone_from(typed_email);
            }
            PersonEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            PersonEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            PersonEvent::PersonalDataErased { .. } => {
                self.unproven_since = None;
                self.erasure = Erasure::Done;
            }
            _ => {}
        }
    }

    fn apply_membership(&mut self, group: Uuid, happened: &GroupEvent) {
        match happened {
            GroupEvent::MemberInvited { .. } => {
                self.invited_to.insert(group);
            }
            GroupEvent::InvitationRefused { .. } => {
                self.invited_to.remove(&group);
            }
            GroupEvent::MemberAdded { .. } => {
                self.invited_to.remove(&group);
                self.groups.insert(group);
            }
            GroupEvent::MemberRemoved { .. } => {
                self.groups.remove(&group);
            }
            _ => {}
        }
    }

    fn apply_role(&mut self, happened: &OrganisationEvent) {
        use OrganisationEvent as O;
        match happened {
            O::FounderNamed { roles, .. } => self.roles.extend(roles),
            O::RoleGiven { role, .. } => {
                self.roles.insert(*role);
            }
            O::RoleProposed { role, proposal, .. } => {
                self.proposed.insert(*role);
                self.proposals
                    .extend(proposal.map(|proposal| (*role, proposal)));
            }
            O::RoleConfirmed { role, .. } => {
                self.proposed.remove(role);
                self.proposals.remove(role);
                self.roles.insert(*role);
            }
            O::RoleEnded { role, .. } => {
                self.proposed.remove(role);
                self.proposals.remove(role);
                self.roles.remove(role);
            }
            _ => {}
        }
    }
}
