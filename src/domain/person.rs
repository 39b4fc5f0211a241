//! Somebody who acts here. Names and addresses are sealed; what is clear is only that the person exists.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::command::{Because, Nothing, ProposalOf, commands};
use super::erasure::Erasure;
use super::event::events;
use super::role::{Role, Who};
use super::sealed::{Index, Personal, PersonalLine, Sealed, Slot, email, line};
use super::text::Prose;
use super::{Actor, Facts, PersonId, Refusal, Stream};

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
        /// Asks, for oneself or as an officer, that what is personal of somebody be erased.
        RequestErasure(Nothing) = "request-erasure", Who::Anyone;
        /// Refuses to erase, with the reason.
        RefuseErasure(Because) = "refuse-erasure", Who::Staff(&[Role::Administrator]);
        /// Erases a person's name and how to reach them, once they hold no role. It cannot be undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases again what a backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
    }
}

/// A person's name and how to reach them.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct RegisterPerson {
    #[serde(deserialize_with = "line")]
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

fn email_if_given<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<Personal>, D::Error> {
    #[derive(Deserialize)]
    struct Given(#[serde(deserialize_with = "email")] Personal);
    Ok(Option::<Given>::deserialize(input)?.map(|given| given.0))
}

impl PersonCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        let (Self::Register(details) | Self::ChangeContact(details)) = self else { return Vec::new() };
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
        },
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
        },
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
    erasure: Erasure,
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

    /// Those on whose word the person is known here: who registered them, and who asked for a change of their contact.
    pub fn known_by(&self) -> impl Iterator<Item = PersonId> {
        self.known_by.iter().copied()
    }

    /// The contact details that wait for a second person.
    #[must_use]
    pub fn proposed_contact(&self) -> Option<&Contact> {
        self.proposed.as_ref().map(|(contact, _)| contact)
    }

    #[must_use]
    pub fn erasure(&self) -> Erasure {
        self.erasure
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
        Ok(PersonEvent::PersonRegistered { name, email, telephone, registered_by, registered_on })
    }

    /// An address is the key with which a person signs in: nobody changes another's alone.
    fn change_contact(&self, details: &RegisterPerson, facts: &Facts) -> Result<PersonEvent, Refusal> {
        self.must_stand()?;
        let contact = Contact::of(details);
        let person = contact.person();
        if facts.actor() == Actor::Person(person) {
            return Ok(self.changed(contact, None, None));
        }
        let by = facts.by()?;
        if facts.organisation()?.is_trusted(person) || !facts.roles().contains(&Role::Officer) {
            return Err(Refusal::NotYours);
        }
        // The contact rests on this officer's word already, so a slip can be put right at once.
        if self.registered_by == Some(by) && self.registered_on == Some(facts.today) {
            return Ok(self.changed(contact, Some(by), None));
        }
        let Contact { name, email, telephone } = contact;
        Ok(PersonEvent::ContactChangeProposed { proposal: self.proposals + 1, name, email, telephone, proposed_by: by })
    }

    fn changed(&self, to: Contact, changed_by: Option<PersonId>, confirmed_by: Option<PersonId>) -> PersonEvent {
        let Contact { name, email, telephone } = to;
        let replaced = self.details.as_ref().and_then(|details| details.email.clone());
        PersonEvent::ContactChanged { name, email, telephone, changed_by, confirmed_by, replaced }
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
        if by == proposed_by {
            return Err(Refusal::SamePerson);
        }
        if facts.organisation()?.is_trusted(person) {
            return Err(Refusal::NotYours);
        }
        facts.still_holds(proposed_by, &[Role::Officer])?;
        Ok(self.changed(contact, Some(proposed_by), Some(by)))
    }

    /// Asks for erasing, refuses it, or does it: not while the person holds a role, since others rely on who acts in it.
    fn erase(&self, command: &PersonCommand, facts: &Facts) -> Result<Vec<PersonEvent>, Refusal> {
        self.must_stand()?;
        let person = self.details.as_ref().map_or(PersonId(uuid::Uuid::nil()), Contact::person);
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
            PersonCommand::EraseAgain(Because { reason }) if self.exists() => {
                Ok(vec![PersonEvent::PersonalDataErased { reason: reason.clone() }])
            }
            PersonCommand::RequestErasure(_) | PersonCommand::RefuseErasure(_) | PersonCommand::Erase(_) | PersonCommand::EraseAgain(_) => {
                self.erase(command, facts)
            }
        }
    }

    fn apply(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::PersonRegistered { name, email, telephone, registered_by, registered_on } => {
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
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
            PersonEvent::ContactChanged { name, email, telephone, changed_by, .. } => {
                self.known_by.extend(changed_by);
                let (name, email, telephone) = (name.clone(), email.clone(), telephone.clone());
                self.details = Some(Contact { name, email, telephone });
                self.proposed = None;
            }
            PersonEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            PersonEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            PersonEvent::PersonalDataErased { .. } => self.erasure = Erasure::Done,
        }
    }
}
