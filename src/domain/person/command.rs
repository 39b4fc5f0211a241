//! Commands and events of a person.

use jiff::civil::Date;
use serde::Deserialize;

use crate::domain::PersonId;
use crate::domain::command::{Because, Nothing, ProposalOf, commands};
use crate::domain::event::events;
use crate::domain::id::{ApplicationId, GroupId};
use crate::domain::role::{Role, Who};
use crate::domain::sealed::{Index, Personal, PersonalLine, Sealed, Slot, email, personal_name};
use crate::domain::text::Prose;
use crate::domain::unproven::Begun;

commands! {
    /// Commands of a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(RegisterPerson) = "register", Who::Anyone;
        /// Replaces a person's name and contact details. A person's own change takes effect
        /// immediately. A change by an officer waits for a second person, except a correction on
        /// the day on which the same officer registered the person.
        ChangeContact(RegisterPerson) = "change-contact", Who::Anyone;
        /// Confirms, as a second person, contact details that an officer proposed.
        ConfirmContact(ProposalOf) = "confirm-contact", Who::Anyone;
        /// Refuses contact details that an officer proposed, with the reason.
        RefuseContact(Because) = "refuse-contact", Who::Anyone;
        /// Records that the person signed in by a link or code that was mailed to their address,
        /// which proves the address.
        ProveAddress(MailedTo) = "prove-address", Who::Job;
        /// Ends all sessions and tokens of a person, with the reason. The person must sign in
        /// again.
        EndAccess(Because) = "end-access", Who::Staff(&[Role::Administrator]);
        /// Requests, for oneself or as an officer, that a person's personal data be erased.
        RequestErasure(Nothing) = "request-erasure", Who::Anyone;
        /// Refuses to erase the personal data, with the reason.
        RefuseErasure(Because) = "refuse-erasure", Who::Staff(&[Role::Administrator]);
        /// Erases a person's name and contact details. The person must hold no role. It cannot be
        /// undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases personal data again that a restored backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
        /// Registers a person who entered a name on a public page and has not proved an address.
        Introduce(RegisterPerson) = "introduce", Who::Job;
        /// Counts what a person starts who has not proved an address.
        Begin(Begun) = "begin", Who::Consequence;
        /// Erases a person who did not prove an address in time, with what they started.
        Expire(Nothing) = "expire", Who::Job;
    }
}

/// A person's name and contact details.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct RegisterPerson {
    #[serde(deserialize_with = "personal_name")]
    #[schema(value_type = PersonalLine)]
    pub name: Personal,
    /// The e-mail address. No two people have the same one.
    #[serde(default, deserialize_with = "email_if_given")]
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    pub email: Option<Personal>,
    #[serde(default)]
    #[schema(value_type = Option<Personal>)]
    pub telephone: Option<Personal>,
}

/// The address to which a sign-in link was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailedTo {
    /// The digest of the encrypted address, as stored in the event log. It is refused if the person
    /// has another address now.
    pub address: String,
}

fn email_if_given<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<Personal>, D::Error> {
    #[derive(Deserialize)]
    struct Given(#[serde(deserialize_with = "email")] Personal);
    Ok(Option::<Given>::deserialize(input)?.map(|given| given.0))
}

impl PersonCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        let (Self::Register(details) | Self::ChangeContact(details) | Self::Introduce(details)) =
            self
        else {
            return Vec::new();
        };
        let mut slots = vec![Slot {
            field: "name",
            value: &mut details.name,
            index: None,
        }];
        slots.extend(details.email.as_mut().map(|value| Slot {
            field: "email",
            value,
            index: Some(Index::Email),
        }));
        slots.extend(details.telephone.as_mut().map(|value| Slot {
            field: "telephone",
            value,
            index: None,
        }));
        slots
    }
}

events! {
    /// Events of a person.
    PersonEvent {
        PersonRegistered {
            name: Sealed,
            email: Option<Sealed>,
            telephone: Option<Sealed>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            registered_on: Option<Date>,
            /// Whether the person entered their name on a public page and has not proved an
            /// address.
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
            /// The officer who proposed it; absent if the person changed it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_by: Option<PersonId>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            confirmed_by: Option<PersonId>,
            /// The previous address. It receives a mail about the change.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            replaced: Option<Sealed>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            changed_on: Option<Date>,
        },
        /// The person signed in by a link or code that was mailed to this address.
        AddressProven { email: Sealed },
        AccessEnded { reason: Prose },
        ErasureRequested {},
        ErasureRefused { reason: Prose },
        PersonalDataErased { reason: Prose },
    }
}
