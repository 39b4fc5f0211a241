//! Commands and events of a person.

use serde::Deserialize;

use super::consent::{AgreeToPurpose, TakeBackConsent};
use super::pledge::{PledgeRef, TakePledges};
use super::telling::{TellPerson, WaitingMail, WaitingMailRef};
use crate::domain::application::Channel;
use crate::domain::command::{NoBody, ProposalRef, WithReason, commands};
use crate::domain::language::Language;
use crate::domain::personal_data::{
    BlindIndexKind, PersonalField, PersonalInput, PersonalLine, email, personal_name,
};
use crate::domain::role::{Permission, Role};
use crate::domain::unproven::UnprovenActivity;

commands! {
    /// Commands of a person.
    PersonCommand {
        /// Registers a person, so that they can sign in, be given roles or join a group.
        Register(PersonDetails) = "register", Permission::Anyone;
        /// Replaces a person's name and contact details. A person's own change takes effect
        /// immediately, except of an address by which they have signed in: that stays, and a new
        /// one is emailed a link. People with a role do not change it. A change by an officer waits
        /// for a second person, except a correction on the day on which the same officer registered
        /// the person.
        ChangeContact(PersonDetails) = "change-contact", Permission::Anyone;
        /// Confirms, as a second person, contact details that an officer proposed.
        ConfirmContact(ProposalRef) = "confirm-contact", Permission::Anyone;
        /// Refuses contact details that an officer proposed, with the reason.
        RefuseContact(WithReason) = "refuse-contact", Permission::Anyone;
        /// Chooses the language of the emails to a person, for oneself or as an officer; or,
        /// without a language, that of their newest application again.
        ChooseLanguage(ChooseMailLanguage) = "choose-language", Permission::Anyone;
        /// Records that the person signed in by a link or code that was emailed to their address,
        /// which proves the address.
        ProveAddress(MailedAddress) = "prove-address", Permission::Job;
        /// Ends all sessions and tokens of a person, with the reason. The person must sign in
        /// again.
        EndAccess(WithReason) = "end-access", Permission::Staff(&[Role::Administrator]);
        /// Requests, for oneself or as an officer, that a person's personal data be erased.
        RequestErasure(NoBody) = "request-erasure", Permission::Anyone;
        /// Refuses to erase the personal data, with the reason.
        RefuseErasure(WithReason) = "refuse-erasure", Permission::Staff(&[Role::Administrator]);
        /// Erases a person's name and contact details. The person must hold no role. It cannot be
        /// undone.
        Erase(WithReason) = "erase", Permission::Staff(&[Role::Administrator]);
        /// Erases personal data again that a restored backup brought back.
        EraseAgain(WithReason) = "erase-again", Permission::Operator;
        /// Records that a message to the person cannot be emailed, so that staff phone them or
        /// write a letter.
        AwaitTelling(WaitingMail) = "await-telling", Permission::Job;
        /// Records that the person knows what a waiting message says: by phone, by letter or in
        /// person.
        Tell(TellPerson) = "tell",
            Permission::Staff(&[Role::Officer, Role::Finance, Role::Administrator]);
        /// Sends a waiting message by email after all, because the person has an address now.
        EmailInstead(WaitingMailRef) = "email-instead",
            Permission::Staff(&[Role::Officer, Role::Finance, Role::Administrator]);
        /// Takes back that the person knows what a message says, because it was recorded by
        /// mistake. The message waits for a call or a letter again.
        TakeBackTelling(WaitingMailRef) = "take-back-telling",
            Permission::Staff(&[Role::Officer, Role::Finance, Role::Administrator]);
        /// Records that a person agrees to a purpose, on the notice that is in force: for oneself,
        /// or by an officer or a connector with the way by which they said so.
        Agree(AgreeToPurpose) = "agree", Permission::Anyone;
        /// Takes back what a person agreed to: for oneself, or by an officer or a connector.
        TakeBack(TakeBackConsent) = "take-back", Permission::Anyone;
        /// Registers a person who entered a name on a public page and has not proved an address.
        Introduce(PersonDetails) = "introduce", Permission::Job;
        /// Counts what a person starts who has not proved an address.
        Begin(UnprovenActivity) = "begin", Permission::FollowUp;
        /// Erases a person who did not prove an address in time, with what they started.
        Expire(NoBody) = "expire", Permission::Job;
        /// Takes pledges, for oneself or as an officer or a connector.
        Pledge(TakePledges) = "pledge", Permission::Anyone;
        /// Records that a pledge was kept.
        KeepPledge(PledgeRef) = "keep-pledge", Permission::Anyone;
        /// Drops a pledge.
        DropPledge(PledgeRef) = "drop-pledge", Permission::Anyone;
        /// Asks a person about their pledges, once, if one is due and they kept none.
        RemindOfPledges(NoBody) = "remind-of-pledges", Permission::Job;
    }
}

/// A person's name and contact details.
#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PersonDetails)]
pub struct PersonDetails {
    #[serde(deserialize_with = "personal_name")]
    #[schema(value_type = PersonalLine)]
    pub name: PersonalInput,
    /// The email address. No two people have the same one.
    #[serde(default, deserialize_with = "email_if_given")]
    #[schema(value_type = Option<String>, format = "email", max_length = 254)]
    pub email: Option<PersonalInput>,
    /// A number, which is kept in E.164, with the words around it, such as "after 3pm".
    #[serde(default, deserialize_with = "telephone_if_given")]
    #[schema(value_type = Option<PersonalInput>)]
    pub telephone: Option<PersonalInput>,
    /// Where a letter reaches the person.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub postal_address: Option<PersonalInput>,
    /// An email address that the person entered and that is not theirs yet: one of someone else, or
    /// one that they ask to use in place of a proven one. It has no blind index: nobody can sign in
    /// with it, and no page says whose it is.
    /// Clients cannot set it.
    #[serde(skip)]
    #[schema(ignore)]
    pub typed_email: Option<PersonalInput>,
}

impl PersonDetails {
    /// Whether the details say at least one way to reach the person.
    #[must_use]
    pub fn can_be_reached(&self) -> bool {
        [
            &self.email,
            &self.telephone,
            &self.postal_address,
            &self.typed_email,
        ]
        .iter()
        .any(|given| given.is_some())
    }
}

/// The language of the emails to a person.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChooseMailLanguage {
    /// Without a language the emails are in that of the person's newest application.
    #[serde(default)]
    pub language: Option<Language>,
}

/// The address to which a sign-in link was mailed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailedAddress {
    /// The digest of the encrypted address, as stored in the event log. It is refused if the person
    /// has another address now.
    pub address: String,
}

fn email_if_given<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<PersonalInput>, D::Error> {
    #[derive(Deserialize)]
    struct OptionalEmail(#[serde(deserialize_with = "email")] PersonalInput);
    Ok(Option::<OptionalEmail>::deserialize(input)?.map(|given| given.0))
}

fn telephone_if_given<'de, D: serde::Deserializer<'de>>(
    input: D,
) -> Result<Option<PersonalInput>, D::Error> {
    let text = Option::<String>::deserialize(input)?;
    text.map(|text| PersonalInput::telephone(&text).map_err(serde::de::Error::custom))
        .transpose()
}

impl PersonCommand {
    /// The channel by which its content reached the organisation, if it says so.
    #[must_use]
    pub fn channel(&self) -> Option<Channel> {
        match self {
            Self::Agree(to) => to.channel,
            Self::TakeBack(of) => of.channel,
            _ => None,
        }
    }

    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        let (Self::Register(details) | Self::ChangeContact(details) | Self::Introduce(details)) =
            self
        else {
            return Vec::new();
        };
        let mut slots = vec![PersonalField {
            field: "name",
            value: &mut details.name,
            index: None,
        }];
        slots.extend(details.email.as_mut().map(|value| PersonalField {
            field: "email",
            value,
            index: Some(BlindIndexKind::Email),
        }));
        let unindexed = [
            ("telephone", &mut details.telephone),
            ("postal_address", &mut details.postal_address),
            ("email", &mut details.typed_email),
        ];
        slots.extend(unindexed.into_iter().filter_map(|(field, value)| {
            Some(PersonalField {
                field,
                value: value.as_mut()?,
                index: None,
            })
        }));
        slots
    }
}
