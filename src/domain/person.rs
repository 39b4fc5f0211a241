//! Somebody who acts here. Names and addresses are sealed; what is clear is only that the person exists.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::command::{Because, Nothing, ProposalOf, commands};
use super::erasure::Erasure;
use super::event::events;
use super::follows;
use super::id::{ApplicationId, GroupId};
use super::role::{Role, Who};
use super::sealed::{Index, Personal, PersonalLine, Sealed, Slot, email, personal_name};
use super::text::Prose;
use super::unproven::{Begun, Unproven};
use super::{Actor, Command, Facts, PersonId, Refusal, Stream};

commands! {
    /// What can be asked about a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(RegisterPerson) = "register", Who::Anyone;
        /// Replaces a person's name and contact details: at once for oneself. What an officer changes for somebody else
        /// waits for a second person; what one keyed in oneself can be put right on the same day.
        ChangeContact(RegisterPerson) = "change-contact", Who::Anyone;
        /// Confirms, as a second person, the contact details that an officer proposed.
        ConfirmContact(ProposalOf) = "confirm-contact", Who::Anyone;
        /// Refuses the contact details that an officer proposed, with the reason.
        RefuseContact(Because) = "refuse-contact", Who::Anyone;
        /// Notes that the person signed in by what was mailed to their address: it is theirs.
        ProveAddress(MailedTo) = "prove-address", Who::Job;
        /// Ends every session and every token of a person, with the reason: they sign in anew.
        EndAccess(Because) = "end-access", Who::Staff(&[Role::Administrator]);
        /// Asks, for oneself or as an officer, that what is personal of somebody be erased.
        RequestErasure(Nothing) = "request-erasure", Who::Anyone;
        /// Refuses to erase, with the reason.
        RefuseErasure(Because) = "refuse-erasure", Who::Staff(&[Role::Administrator]);
        /// Erases a person's name and how to reach them, once they hold no role. It cannot be undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases again what a backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
        /// Registers somebody who typed a name into a public page: nobody knows yet who it is.
        Introduce(RegisterPerson) = "introduce", Who::Job;
        /// Counts what somebody begins who has not shown that an address is theirs.
        Begin(Begun) = "begin", Who::Consequence;
        /// Ends what somebody began and left without showing an address, and erases what is personal in it.
        Expire(Nothing) = "expire", Who::Job;
    }
}

/// A person's name and how to reach them.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct RegisterPerson {
    #[serde(deserialize_with = "personal_name")]
    #[schema(value_type = PersonalLine)]
    pub name: Personal,
    /// One e-mail address is one person.
    #[serde(default, deserialize_with = "email_if_given")]
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    pub email: Option<Personal>,
    #[serde(default)]
    #[schema(value_type = Option<Personal>)]
    pub telephone: Option<Personal>,
}

/// The address that a link to sign in was mailed to.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailedTo {
    /// The digest under which the log keeps the address: the person may have another since.
    pub address: String,
}

fn email_if_given<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Personal>, D::Error> {
    #[derive(Deserialize)]
    struct Given(#[serde(deserialize_with = "email")] Personal);
    Ok(Option::<Given>::deserialize(input)?.map(|given| given.0))
}

impl PersonCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        let (Self::Register(details) | Self::ChangeContact(details) | Self::Introduce(details)) = self else { return Vec::new() };
        let mut slots = vec![Slot { field: "name", value: &mut details.name, index: None }];
        slots.extend(details.email.as_mut().map(|value| Slot { field: "email", value, index: Some(Index::Email) }));
        slots.extend(details.telephone.as_mut().map(|value| Slot { field: "telephone", value, index: None }));
        slots
    }
}

events! {
    /// What happened to a person.
    PersonEvent {
        PersonRegistered {
            name: Sealed,
            email: Option<Sealed>,
            telephone: Option<Sealed>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_on: Option<Date>,
            /// They typed their name into a public page, and have not shown that an address is theirs.
            #[serde(default, skip_serializing_if = "std::ops::Not::not")]
            unproven: bool,
        },
        GroupBegun { group: GroupId },
        DraftBegun { application: ApplicationId },
        ContactChangeProposed {
            proposal: u32,
            name: Sealed,
            email: Option<Sealed>,
            telephone: Option<Sealed>,
            proposed_by: PersonId,
        },
        ContactChangeRefused { reason: Prose, by: PersonId },
        ContactChanged {
            name: Sealed,
            email: Option<Sealed>,
            telephone: Option<Sealed>,
            /// The officer who asked for it; nothing where the person did it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            confirmed_by: Option<PersonId>,
            /// The address until now: it is told of the change.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            replaced: Option<Sealed>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_on: Option<Date>,
        },
        /// The person signed in by what was mailed to this address.
        AddressProven { email: Sealed },
        AccessEnded { reason: Prose },
        ErasureRequested {},
        ErasureRefused { reason: Prose },
        PersonalDataErased { reason: Prose },
    }
}

/// A person, as far as rules care.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    details: Option<Contact>,
    /// The contact details that an officer proposed, and who did.
    proposed: Option<(Contact, PersonId)>,
    proposals: u32,
    registered_by: Option<PersonId>,
    registered_on: Option<Date>,
    /// Who registered them or asked for a change of their contact: it never shrinks, since a change
    /// under the person's own name may be that other person's.
    known_by: BTreeSet<PersonId>,
    contact_changes: u32,
    contact_changed_on: Option<Date>,
    /// The address that the person has shown to be theirs.
    proven: Option<Sealed>,
    /// How often their sessions and tokens were ended.
    access_ended: u32,
    erasure: Erasure,
    /// What they began, for as long as nobody knows who they are.
    unproven: Option<Unproven>,
}

/// A person's name and how to reach them, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: Sealed,
    pub email: Option<Sealed>,
    pub telephone: Option<Sealed>,
}

impl Contact {
    fn of(details: &RegisterPerson) -> Self {
        let option = |value: &Option<Personal>| value.as_ref().map(Personal::sealed);
        Self { name: details.name.sealed(), email: option(&details.email), telephone: option(&details.telephone) }
    }

    fn person(&self) -> PersonId {
        PersonId(self.name.subject)
    }
}

impl Person {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.details.is_some()
    }

    /// The person's own id: the subject of what is sealed of them.
    pub(super) fn id(&self) -> PersonId {
        self.details.as_ref().map_or(PersonId(uuid::Uuid::nil()), Contact::person)
    }

    /// Those on whose word the person is known here: who registered them, and who asked for a change of their contact.
    pub fn known_by(&self) -> impl Iterator<Item = PersonId> {
        self.known_by.iter().copied()
    }

    /// The address that counts now.
    #[must_use]
    pub fn email(&self) -> Option<&Sealed> {
        self.details.as_ref().and_then(|details| details.email.as_ref())
    }

    /// The contact details that wait for a second person.
    #[must_use]
    pub fn proposed_contact(&self) -> Option<&Contact> {
        self.proposed.as_ref().map(|(contact, _)| contact)
    }

    /// How often the contact details changed since the person was registered.
    #[must_use]
    pub fn contact_changes(&self) -> u32 {
        self.contact_changes
    }

    /// The day on which the contact details changed last, where that is known.
    #[must_use]
    pub fn contact_changed_on(&self) -> Option<Date> {
        self.contact_changed_on
    }

    /// Whether the person signed in with a link that was mailed to the address that stands.
    #[must_use]
    pub fn has_proven_address(&self) -> bool {
        self.email().is_some() && self.email() == self.proven.as_ref()
    }

    #[must_use]
    pub fn has_email(&self) -> bool {
        self.email().is_some()
    }

    /// How often their sessions and tokens were ended: what began before the last time is worth nothing.
    #[must_use]
    pub fn access_ended(&self) -> u32 {
        self.access_ended
    }

    #[must_use]
    pub fn erasure(&self) -> Erasure {
        self.erasure
    }

    /// What they began while they have not shown that an address is theirs; nothing once they have, or where somebody
    /// else registered them.
    #[must_use]
    pub fn unproven(&self) -> Option<&Unproven> {
        self.unproven.as_ref()
    }

    /// Refuses somebody who is not known, or was erased.
    ///
    /// # Errors
    /// [`Refusal::Unknown`], [`Refusal::Erased`].
    pub fn must_stand(&self) -> Result<(), Refusal> {
        if self.exists() { self.erasure.must_not_be_done() } else { Err(Refusal::Unknown("person")) }
    }
}

impl Person {
    fn register(&self, details: &RegisterPerson, facts: &Facts) -> Result<PersonEvent, Refusal> {
        if self.exists() {
            return Err(Refusal::Exists("person"));
        }
        let contact = Contact::of(details);
        let staff = [Role::Administrator, Role::Officer].iter().any(|role| facts.roles().contains(role));
        // An applicant registers themselves, under an id that is new.
        let own = facts.actor() == Actor::Person(contact.person());
        if facts.actor() != Actor::Operator && !staff && !own {
            return Err(Refusal::NotYours);
        }
        let registered_by = facts.by().ok().filter(|_| !own);
        let Contact { name, email, telephone } = contact;
        let registered_on = registered_by.map(|_| facts.today);
        Ok(PersonEvent::PersonRegistered { name, email, telephone, registered_by, registered_on, unproven: false })
    }

    fn introduce(&self, details: &RegisterPerson, facts: &Facts) -> Result<PersonEvent, Refusal> {
        if self.exists() {
            return Err(Refusal::Exists("person"));
        }
        let Contact { name, email, telephone } = Contact::of(details);
        let registered_on = Some(facts.today);
        Ok(PersonEvent::PersonRegistered { name, email, telephone, registered_by: None, registered_on, unproven: true })
    }

    /// An address is the key with which a person signs in: nobody changes another's alone.
    fn change_contact(&self, details: &RegisterPerson, facts: &Facts) -> Result<PersonEvent, Refusal> {
        self.must_stand()?;
        let contact = Contact::of(details);
        let person = contact.person();
        if facts.actor() == Actor::Person(person) {
            return Ok(self.changed(contact, None, None, facts));
        }
        let by = facts.by()?;
        if facts.organisation()?.is_trusted(person) || !facts.roles().contains(&Role::Officer) {
            return Err(Refusal::NotYours);
        }
        // The contact rests on this officer's word already, so a slip can be put right at once.
        if self.registered_by == Some(by) && self.registered_on == Some(facts.today) {
            return Ok(self.changed(contact, Some(by), None, facts));
        }
        let Contact { name, email, telephone } = contact;
        Ok(PersonEvent::ContactChangeProposed { proposal: self.proposals + 1, name, email, telephone, proposed_by: by })
    }

    fn changed(&self, to: Contact, changed_by: Option<PersonId>, confirmed_by: Option<PersonId>, facts: &Facts) -> PersonEvent {
        let Contact { name, email, telephone } = to;
        let replaced = self.details.as_ref().and_then(|details| details.email.clone());
        let changed_on = Some(facts.today);
        PersonEvent::ContactChanged { name, email, telephone, changed_by, confirmed_by, replaced, changed_on }
    }

    fn answer_proposal(&self, command: &PersonCommand, facts: &Facts) -> Result<PersonEvent, Refusal> {
        self.must_stand()?;
        let by = facts.by()?;
        let (contact, proposed_by) = self.proposed.clone().ok_or(Refusal::NotProposed)?;
        let person = contact.person();
        if by != person && !facts.roles().contains(&Role::Officer) {
            return Err(Refusal::NotYours);
        }
        if let PersonCommand::RefuseContact(Because { reason }) = command {
            return Ok(PersonEvent::ContactChangeRefused { reason: reason.clone(), by });
        }
        if let PersonCommand::ConfirmContact(seen) = command
            && seen.proposal != self.proposals
        {
            return Err(Refusal::NotProposed);
        }
        facts.are_two(proposed_by, by)?;
        if facts.organisation()?.is_trusted(person) {
            return Err(Refusal::NotYours);
        }
        facts.still_holds(proposed_by, &[Role::Officer])?;
        Ok(self.changed(contact, Some(proposed_by), Some(by), facts))
    }

    fn prove(&self, mailed: &MailedTo) -> Result<PersonEvent, Refusal> {
        self.must_stand()?;
        let email = self.email().filter(|email| email.digest == mailed.address && self.proven.as_ref() != Some(*email));
        Ok(PersonEvent::AddressProven { email: email.cloned().ok_or(Refusal::NoChange)? })
    }

    /// Asks for erasing, refuses it, or does it: not while the person holds a role, since others rely on who acts in it.
    fn erase(&self, command: &PersonCommand, facts: &Facts) -> Result<Vec<PersonEvent>, Refusal> {
        self.must_stand()?;
        let person = self.id();
        let event = match command {
            PersonCommand::RefuseErasure(Because { reason }) => {
                self.erasure.refuse()?;
                PersonEvent::ErasureRefused { reason: reason.clone() }
            }
            PersonCommand::Erase(Because { reason }) => {
                if !facts.organisation()?.roles_of(person).is_empty() {
                    return Err(Refusal::StillInRole);
                }
                PersonEvent::PersonalDataErased { reason: reason.clone() }
            }
            _ => {
                if facts.actor() != Actor::Person(person) && !facts.roles().contains(&Role::Officer) {
                    return Err(Refusal::NotYours);
                }
                self.erasure.ask()?;
                PersonEvent::ErasureRequested {}
            }
        };
        Ok(vec![event])
    }
}

impl Stream for Person {
    const TYPE: &'static str = "person";
    type Command = PersonCommand;
    type Event = PersonEvent;

    fn decide(&self, command: &PersonCommand, facts: &Facts) -> Result<Vec<PersonEvent>, Refusal> {
        match command {
            PersonCommand::Register(details) => Ok(vec![self.register(details, facts)?]),
            PersonCommand::ChangeContact(details) => Ok(vec![self.change_contact(details, facts)?]),
            PersonCommand::ConfirmContact(_) | PersonCommand::RefuseContact(_) => Ok(vec![self.answer_proposal(command, facts)?]),
            PersonCommand::ProveAddress(mailed) => Ok(vec![self.prove(mailed)?]),
            PersonCommand::EndAccess(Because { reason }) => {
                self.must_stand()?;
                Ok(vec![PersonEvent::AccessEnded { reason: reason.clone() }])
            }
            PersonCommand::EraseAgain(Because { reason }) if self.exists() => {
                Ok(vec![PersonEvent::PersonalDataErased { reason: reason.clone() }])
            }
            PersonCommand::RequestErasure(_) | PersonCommand::RefuseErasure(_) | PersonCommand::Erase(_) | PersonCommand::EraseAgain(_) => {
                self.erase(command, facts)
            }
            PersonCommand::Introduce(details) => Ok(vec![self.introduce(details, facts)?]),
            PersonCommand::Begin(begun) => self.begin(*begun),
            PersonCommand::Expire(_) => Ok(vec![self.expire(facts)?]),
        }
    }

    fn apply(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::PersonRegistered { name, email, telephone, registered_by, registered_on, unproven } => {
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                self.unproven = registered_on.filter(|_| *unproven).map(Unproven::since);
                self.details = Some(Contact { name, email, telephone });
                (self.registered_by, self.registered_on) = (*registered_by, *registered_on);
                self.known_by.extend(registered_by);
            }
            PersonEvent::ContactChangeProposed { proposal, name, email, telephone, proposed_by } => {
                self.proposals = *proposal;
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                self.proposed = Some((Contact { name, email, telephone }, *proposed_by));
            }
            PersonEvent::ContactChangeRefused { .. } => self.proposed = None,

            PersonEvent::ContactChanged { name, email, telephone, changed_by, changed_on, .. } => {
                self.contact_changes += 1;
                self.contact_changed_on = *changed_on;
                // Two of the office answer for what they changed.
                self.unproven = self.unproven.take().filter(|_| changed_by.is_none());
                self.known_by.extend(changed_by);
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                self.details = Some(Contact { name, email, telephone });
                self.proposed = None;
            }
            PersonEvent::AddressProven { email } => (self.proven, self.unproven) = (Some(email.clone()), None),
            PersonEvent::GroupBegun { group } => {
                if let Some(unproven) = &mut self.unproven {
                    unproven.begin_group(*group);
                }
            }
            PersonEvent::DraftBegun { application } => {
                if let Some(unproven) = &mut self.unproven {
                    unproven.begin_draft(*application);
                }
            }
            PersonEvent::AccessEnded { .. } => self.access_ended += 1,
            PersonEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            PersonEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            PersonEvent::PersonalDataErased { .. } => (self.erasure, self.unproven) = (Erasure::Done, None),
        }
    }

    fn obliges(&self, id: uuid::Uuid, command: &PersonCommand, event: &PersonEvent, _: &Self) -> Vec<Command> {
        follows::of_person(PersonId(id), self, command, event)
    }
}
