//! A person's name and contact details, and how they can be reached.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{PersonDetails, PersonEvent};
use crate::domain::PersonId;
use crate::domain::personal_data::{Encrypted, PersonalInput};

/// A person's name and contact details, encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    pub name: Encrypted,
    pub email: Option<Encrypted>,
    pub telephone: Option<Encrypted>,
    #[serde(default)]
    pub postal_address: Option<Encrypted>,
    /// An email address that the person entered and that is not theirs yet: one of someone else, or
    /// one that they ask to use in place of a proven one.
    #[serde(default)]
    pub typed_email: Option<Encrypted>,
}

/// How a person can be reached.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ContactMethod {
    Email,
    Phone,
    Post,
}

impl Contact {
    pub(super) fn from_details(details: &PersonDetails) -> Self {
        let option = |value: &Option<PersonalInput>| value.as_ref().map(PersonalInput::sealed);
        Self {
            name: details.name.sealed(),
            email: option(&details.email),
            telephone: option(&details.telephone),
            postal_address: option(&details.postal_address),
            typed_email: option(&details.typed_email),
        }
    }

    pub(super) fn person(&self) -> PersonId {
        PersonId(self.name.subject)
    }

    /// How these details reach the person. A typed address counts: the office can write to it.
    pub(super) fn reached_by(&self) -> BTreeSet<ContactMethod> {
        let given = [
            (
                ContactMethod::Email,
                self.email.is_some() || self.typed_email.is_some(),
            ),
            (ContactMethod::Phone, self.telephone.is_some()),
            (ContactMethod::Post, self.postal_address.is_some()),
        ];
        given
            .into_iter()
            .filter_map(|(method, given)| given.then_some(method))
            .collect()
    }

    /// The event that registers a person with these details.
    pub(super) fn registered(
        self,
        registered_by: Option<PersonId>,
        registered_on: Option<Date>,
        unproven: bool,
    ) -> PersonEvent {
        PersonEvent::PersonRegistered {
            name: self.name,
            email: self.email,
            telephone: self.telephone,
            postal_address: self.postal_address,
            typed_email: self.typed_email,
            registered_by,
            registered_on,
            unproven,
        }
    }

    /// The details in an event that registers a person or changes them, or proposes a change.
    pub(super) fn of_event(event: &PersonEvent) -> Option<Self> {
        let (name, email, telephone, postal_address, typed_email) = match event {
            PersonEvent::PersonRegistered {
                name,
                email,
                telephone,
                postal_address,
                typed_email,
                ..
            }
            | PersonEvent::ContactChanged {
                name,
                email,
                telephone,
                postal_address,
                typed_email,
                ..
            } => (name, email, telephone, postal_address, typed_email),
            PersonEvent::ContactChangeProposed {
                name,
                email,
                telephone,
                postal_address,
                ..
            } => (name, email, telephone, postal_address, &None),
            _ => return None,
        };
        Some(Self {
            name: name.clone(),
            email: email.clone(),
            telephone: telephone.clone(),
            postal_address: postal_address.clone(),
            typed_email: typed_email.clone(),
        })
    }
}
