//! Somebody who acts here. Names and addresses are sealed; what is clear is only that the person exists.

use serde::{Deserialize, Serialize};

use super::command::{Because, Nothing, commands};
use super::erasure::Erasure;
use super::event::events;
use super::role::{Role, Who};
use super::sealed::{Index, Personal, Sealed, Slot, email, line};
use super::text::Prose;
use super::{Actor, Facts, Refusal, Stream};

commands! {
    /// What can be asked about a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(RegisterPerson) = "register", Who::Anyone;
        /// Replaces a person's name and contact details.
        ChangeContact(RegisterPerson) = "change-contact", Who::Anyone;
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
    #[schema(value_type = Personal)]
    pub name: Personal,
    /// One e-mail address is one person.
    #[serde(default, deserialize_with = "email_if_given")]
    #[schema(value_type = Option<String>, format = "email")]
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
        PersonRegistered { name: Sealed, email: Option<Sealed>, telephone: Option<Sealed> },
        ContactChanged { name: Sealed, email: Option<Sealed>, telephone: Option<Sealed> },
        ErasureRequested {},
        ErasureRefused { reason: Prose },
        PersonalDataErased { reason: Prose },
    }
}

/// A person, as far as rules care.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    name: Option<Sealed>,
    erasure: Erasure,
}

impl Person {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.name.is_some()
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
    /// Asks for erasing, refuses it, or does it: not while the person holds a role, since others rely on who acts in it.
    fn erase(&self, command: &PersonCommand, facts: &Facts) -> Result<Vec<PersonEvent>, Refusal> {
        self.must_stand()?;
        let person = super::PersonId(self.name.as_ref().map(|name| name.subject).unwrap_or_default());
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
        let sealed = |details: &RegisterPerson| {
            let option = |value: &Option<Personal>| value.as_ref().map(Personal::sealed);
            (details.name.sealed(), option(&details.email), option(&details.telephone))
        };
        match command {
            PersonCommand::Register(_) if self.exists() => Err(Refusal::Exists("person")),
            PersonCommand::Register(details) => {
                let staff = [Role::Administrator, Role::Officer].iter().any(|role| facts.roles().contains(role));
                // Who begins an application brings themselves in, under an id that is new.
                let own = facts.actor() == Actor::Person(super::PersonId(details.name.sealed().subject));
                if facts.actor() != Actor::Operator && !staff && !own {
                    return Err(Refusal::NotYours);
                }
                let (name, email, telephone) = sealed(details);
                Ok(vec![PersonEvent::PersonRegistered { name, email, telephone }])
            }
            PersonCommand::ChangeContact(details) => {
                self.must_stand()?;
                let (name, email, telephone) = sealed(details);
                let person = super::PersonId(name.subject);
                let own = facts.actor() == Actor::Person(person);
                // Whoever could change the address of somebody with a role could sign in as them.
                let trusted = !facts.organisation()?.roles_of(person).is_empty();
                if !own && (trusted || !facts.roles().contains(&Role::Officer)) {
                    return Err(Refusal::NotYours);
                }
                Ok(vec![PersonEvent::ContactChanged { name, email, telephone }])
            }
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
            PersonEvent::PersonRegistered { name, .. } | PersonEvent::ContactChanged { name, .. } => self.name = Some(name.clone()),
            PersonEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            PersonEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            PersonEvent::PersonalDataErased { .. } => self.erasure = Erasure::Done,
        }
    }
}
