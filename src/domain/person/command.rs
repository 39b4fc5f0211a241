//! What can be asked about a person, and what can happen to them.

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
    /// What can be asked about a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(RegisterPerson) = "register", Who::Anyone;
        /// Replaces a person's name and contact details: at once for oneself. What an officer
        /// changes for somebody else waits for a second person; what one keyed in oneself can be
        /// put right on the same day.
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
        /// Erases a person's name and how to reach them, once they hold no role. It cannot be
        /// undone.
        Erase(Because) = "erase", Who::Staff(&[Role::Administrator]);
        /// Erases again what a backup brought back.
        EraseAgain(Because) = "erase-again", Who::Operator;
        /// Registers somebody who typed a name into a public page: nobody knows yet who it is.
        Introduce(RegisterPerson) = "introduce", Who::Job;
        /// Counts what somebody begins who has not shown that an address is theirs.
        Begin(Begun) = "begin", Who::Consequence;
        /// Ends what somebody began and left without showing an address, and erases what is
        /// personal in it.
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
            /// They typed their name into a public page, and have not shown that an address is
            /// theirs.
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
