//! Somebody who acts here. Names and addresses are sealed; what is clear is only that the person exists.

use serde::{Deserialize, Serialize};

use super::command::commands;
use super::event::events;
use super::role::{Role, Who};
use super::sealed::{Index, Personal, Sealed, Slot, email};
use super::{Actor, Facts, Refusal, Stream};

commands! {
    /// What can be asked about a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(RegisterPerson) = "register", Who::Anyone;
        /// Replaces a person's name and contact details.
        ChangeContact(RegisterPerson) = "change-contact", Who::Anyone;
    }
}

/// A person's name and how to reach them.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct RegisterPerson {
    #[schema(value_type = String)]
    pub name: Personal,
    /// One e-mail address is one person.
    #[serde(default, deserialize_with = "email_if_given")]
    #[schema(value_type = Option<String>, format = "email")]
    pub email: Option<Personal>,
    #[serde(default)]
    #[schema(value_type = Option<String>)]
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
        let (Self::Register(details) | Self::ChangeContact(details)) = self;
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
    }
}

/// A person, as far as rules care.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    name: Option<Sealed>,
}

impl Person {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.name.is_some()
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
            PersonCommand::ChangeContact(_) if !self.exists() => Err(Refusal::Unknown("person")),
            PersonCommand::ChangeContact(details) => {
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
        }
    }

    fn apply(&mut self, event: &PersonEvent) {
        let (PersonEvent::PersonRegistered { name, .. } | PersonEvent::ContactChanged { name, .. }) = event;
        self.name = Some(name.clone());
    }
}
