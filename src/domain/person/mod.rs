//! The person aggregate: someone who acts here. Name and contact details are encrypted.

mod command;
mod consent;
mod contact;
mod event;
mod pledge;
mod telling;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{ChooseMailLanguage, MailedAddress, PersonCommand, PersonDetails};
pub(super) use consent::channel_of;
pub use consent::{AgreeToPurpose, ConsentBasis, ConsentPurpose, TakeBackConsent};
pub use contact::{Contact, ContactMethod};
pub use event::PersonEvent;
use pledge::PersonPledges;
pub use pledge::{PledgeRef, TakePledges};
use telling::WaitingMails;
pub use telling::{TellPerson, ToldHow, WaitingMail, WaitingMailRef};

use super::command::WithReason;
use super::erasure::Erasure;
use super::language::Language;
use super::money::BelowZero;
use super::personal_data::Encrypted;
use super::role::Role;
use super::unproven::Unproven;
use super::{Actor, Aggregate, DecisionContext, PersonId, Refusal};

/// State of the person aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Person {
    details: Option<Contact>,
    /// The contact details that an officer proposed, with the officer.
    proposed: Option<(Contact, PersonId)>,
    proposals: u32,
    registered_by: Option<PersonId>,
    registered_on: Option<Date>,
    /// Those who registered the person or requested a change of their contact details. It never
    /// shrinks: after such a change the account may belong to the person who requested it.
    known_by: BTreeSet<PersonId>,
    contact_changes: u32,
    contact_changed_on: Option<Date>,
    /// The address that the person has proved.
    proven: Option<Encrypted>,
    /// How often their sessions and tokens were ended.
    access_ended: u32,
    erasure: Erasure,
    /// What they started, as long as they are unproven.
    unproven: Option<Unproven>,
    /// Mails that cannot be sent by email, until staff have informed the person.
    #[serde(default)]
    waiting_mails: WaitingMails,
    /// The language of their emails, if they chose one.
    #[serde(default)]
    mail_language: Option<Language>,
    /// What they agree to, each with the version of the notice that they were given.
    #[serde(default)]
    consents: BTreeMap<ConsentPurpose, u32>,
    #[serde(default)]
    pledges: PersonPledges,
}

impl Person {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.details.is_some()
    }

    /// The person's id, which is the subject of their encrypted values.
    pub(super) fn id(&self) -> PersonId {
        self.details
            .as_ref()
            .map_or(PersonId(uuid::Uuid::nil()), Contact::person)
    }

    /// Those on whose word the person is known: who registered them, and who requested a change of
    /// their contact details.
    pub fn vouched_for_by(&self) -> impl Iterator<Item = PersonId> {
        self.known_by.iter().copied()
    }

    /// The current address.
    #[must_use]
    pub fn email(&self) -> Option<&Encrypted> {
        self.details
            .as_ref()
            .and_then(|details| details.email.as_ref())
    }

    /// The address that the person asked to use, until they open the link that is mailed to it.
    #[must_use]
    pub fn asked_address(&self) -> Option<&Encrypted> {
        let details = self.details.as_ref()?;
        details
            .typed_email
            .as_ref()
            .filter(|_| details.email.is_some())
    }

    /// The contact details; `None` before the registration.
    #[must_use]
    pub fn contact(&self) -> Option<&Contact> {
        self.details.as_ref()
    }

    /// The contact details that wait for a second person.
    #[must_use]
    pub fn proposed_contact(&self) -> Option<&Contact> {
        self.proposed.as_ref().map(|(contact, _)| contact)
    }

    /// How often the contact details have changed since the person was registered.
    #[must_use]
    pub fn contact_changes(&self) -> u32 {
        self.contact_changes
    }

    /// The day of the last change of the contact details, if known.
    #[must_use]
    pub fn contact_changed_on(&self) -> Option<Date> {
        self.contact_changed_on
    }

    /// Whether the person has signed in by a link or code emailed to their current address.
    #[must_use]
    pub fn has_proven_address(&self) -> bool {
        self.email().is_some() && self.email() == self.proven.as_ref()
    }

    #[must_use]
    pub fn has_email(&self) -> bool {
        self.email().is_some()
    }

    /// How the person can be reached. Empty after an erasure.
    #[must_use]
    pub fn reached_by(&self) -> BTreeSet<ContactMethod> {
        match &self.details {
            Some(details) if self.erasure != Erasure::Done => details.reached_by(),
            _ => BTreeSet::new(),
        }
    }

    /// How often their sessions and tokens were ended. Those that began before the last time are
    /// invalid.
    #[must_use]
    pub fn access_ended(&self) -> u32 {
        self.access_ended
    }

    #[must_use]
    pub fn erasure(&self) -> Erasure {
        self.erasure
    }

    /// The records that they started before they proved an address. `None` once they have proved
    /// one, or if someone else registered them.
    #[must_use]
    pub fn unproven(&self) -> Option<&Unproven> {
        self.unproven.as_ref()
    }

    /// Refuses a person who does not exist or was erased, with [`Refusal::Unknown`] or
    /// [`Refusal::Erased`].
    pub fn must_be_active(&self) -> Result<(), Refusal> {
        if self.exists() {
            self.erasure.must_not_be_erased()
        } else {
            Err(Refusal::Unknown("person"))
        }
    }
}

impl Person {
    fn register(
        &self,
        details: &PersonDetails,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        if self.exists() {
            return Err(Refusal::Exists("person"));
        }
        let contact = Contact::from_details(details);
        let staff = [Role::Administrator, Role::Officer, Role::Connector]
            .iter()
            .any(|role| facts.roles().contains(role));
        // Applicants register themselves, under a new id.
        let own = facts.actor() == Actor::Person(contact.person());
        if facts.actor() != Actor::Operator && !staff && !own {
            return Err(Refusal::NotYours);
        }
        let registered_by = facts.by().ok().filter(|_| !own);
        let registered_on = registered_by.map(|_| facts.today);
        Ok(contact.registered(registered_by, registered_on, false))
    }

    fn introduce(
        &self,
        details: &PersonDetails,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        if self.exists() {
            return Err(Refusal::Exists("person"));
        }
        Ok(Contact::from_details(details).registered(None, Some(facts.today), true))
    }

    /// Changes the contact details. An address lets its owner sign in as the person, so nobody
    /// changes another person's address alone, and a token of the person does not change a proven
    /// one. A job does once the link to a new address was opened.
    fn change_contact(
        &self,
        details: &PersonDetails,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let contact = Contact::from_details(details);
        let person = contact.person();
        if facts.actor() == Actor::Person(person) {
            if self.has_proven_address() && contact.email.as_ref() != self.email() {
                return Err(Refusal::NotYours);
            }
            return Ok(self.contact_changed(contact, None, None, facts));
        }
        if facts.actor() == Actor::Job && !facts.organisation()?.has_or_awaits_role(person) {
            return Ok(self.contact_changed(contact, None, None, facts));
        }
        let by = facts.by()?;
        if facts.organisation()?.has_or_awaits_role(person)
            || !facts.roles().contains(&Role::Officer)
        {
            return Err(Refusal::NotYours);
        }
        // The details are this officer's own entry from today, so the officer can correct a mistake
        // alone.
        if self.registered_by == Some(by) && self.registered_on == Some(facts.today) {
            return Ok(self.contact_changed(contact, Some(by), None, facts));
        }
        let Contact {
            name,
            email,
            telephone,
            postal_address,
            ..
        } = contact;
        Ok(PersonEvent::ContactChangeProposed {
            proposal: self.proposals + 1,
            name,
            email,
            telephone,
            postal_address,
            proposed_by: by,
        })
    }

    fn contact_changed(
        &self,
        to: Contact,
        changed_by: Option<PersonId>,
        confirmed_by: Option<PersonId>,
        facts: &DecisionContext,
    ) -> PersonEvent {
        let Contact {
            name,
            email,
            telephone,
            postal_address,
            typed_email,
        } = to;
        let replaced = self
            .details
            .as_ref()
            .and_then(|details| details.email.clone());
        let changed_on = Some(facts.today);
        PersonEvent::ContactChanged {
            name,
            email,
            telephone,
            postal_address,
            typed_email,
            changed_by,
            confirmed_by,
            replaced,
            changed_on,
        }
    }

    fn answer_proposal(
        &self,
        command: &PersonCommand,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let by = facts.by()?;
        let (contact, proposed_by) = self.proposed.clone().ok_or(Refusal::NotProposed)?;
        let person = contact.person();
        if by != person && !facts.roles().contains(&Role::Officer) {
            return Err(Refusal::NotYours);
        }
        if let PersonCommand::RefuseContact(WithReason { reason }) = command {
            return Ok(PersonEvent::ContactChangeRefused {
                reason: reason.clone(),
                by,
            });
        }
        if let PersonCommand::ConfirmContact(seen) = command
            && seen.proposal != self.proposals
        {
            return Err(Refusal::NotProposed);
        }
        facts.must_be_two_people(proposed_by, by)?;
        if facts.organisation()?.has_or_awaits_role(person) {
            return Err(Refusal::NotYours);
        }
        facts.still_holds(proposed_by, &[Role::Officer])?;
        Ok(self.contact_changed(contact, Some(proposed_by), Some(by), facts))
    }

    fn choose_language(
        &self,
        language: Option<Language>,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let own = facts.actor() == Actor::Person(self.id());
        if !own && !facts.roles().contains(&Role::Officer) {
            Err(Refusal::NotYours)
        } else if self.mail_language == language {
            Err(Refusal::NoChange)
        } else {
            Ok(PersonEvent::MailLanguageChosen { language })
        }
    }

    fn prove_address(&self, mailed: &MailedAddress) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let email = self
            .email()
            .filter(|email| email.digest == mailed.address && self.proven.as_ref() != Some(*email));
        Ok(PersonEvent::AddressProven {
            email: email.cloned().ok_or(Refusal::NoChange)?,
        })
    }

    /// Requests an erasure, refuses it, or erases. A person with a role cannot be erased, since
    /// others rely on knowing who acts in it.
    fn erase(
        &self,
        command: &PersonCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<PersonEvent>, Refusal> {
        self.must_be_active()?;
        let person = self.id();
        let event = match command {
            PersonCommand::RefuseErasure(WithReason { reason }) => {
                self.erasure.must_be_requested()?;
                PersonEvent::ErasureRefused {
                    reason: reason.clone(),
                }
            }
            PersonCommand::Erase(WithReason { reason }) => {
                if !facts.organisation()?.roles_of(person).is_empty() {
                    return Err(Refusal::StillInRole);
                }
                PersonEvent::PersonalDataErased {
                    reason: reason.clone(),
                }
            }
            _ => {
                if facts.actor() != Actor::Person(person) && !facts.roles().contains(&Role::Officer)
                {
                    return Err(Refusal::NotYours);
                }
                self.erasure.must_not_be_requested()?;
                PersonEvent::ErasureRequested {}
            }
        };
        Ok(vec![event])
    }
}

impl Aggregate for Person {
    const TYPE: &'static str = "person";
    type Command = PersonCommand;
    type Event = PersonEvent;

    fn decide(
        &self,
        command: &PersonCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<PersonEvent>, Refusal> {
        match command {
            PersonCommand::Register(details) => Ok(vec![self.register(details, facts)?]),
            PersonCommand::ChangeContact(details) => Ok(vec![self.change_contact(details, facts)?]),
            PersonCommand::ConfirmContact(_) | PersonCommand::RefuseContact(_) => {
                Ok(vec![self.answer_proposal(command, facts)?])
            }
            PersonCommand::ChooseLanguage(chosen) => {
                Ok(vec![self.choose_language(chosen.language, facts)?])
            }
            PersonCommand::ProveAddress(mailed) => Ok(vec![self.prove_address(mailed)?]),
            PersonCommand::EndAccess(WithReason { reason }) => {
                self.must_be_active()?;
                Ok(vec![PersonEvent::AccessEnded {
                    reason: reason.clone(),
                }])
            }
            PersonCommand::EraseAgain(WithReason { reason }) if self.exists() => {
                Ok(vec![PersonEvent::PersonalDataErased {
                    reason: reason.clone(),
                }])
            }
            PersonCommand::RequestErasure(_)
            | PersonCommand::RefuseErasure(_)
            | PersonCommand::Erase(_)
            | PersonCommand::EraseAgain(_) => self.erase(command, facts),
            PersonCommand::Introduce(details) => Ok(vec![self.introduce(details, facts)?]),
            PersonCommand::Begin(begun) => self.count_unproven(*begun),
            PersonCommand::Expire(_) => {
                let erased = self.expire_unproven(facts)?;
                Ok(self.without_pledges().chain([erased]).collect())
            }
            PersonCommand::Pledge(take) => self.take_pledges(take, facts),
            PersonCommand::KeepPledge(of) => Ok(vec![self.keep_pledge(of, facts)?]),
            PersonCommand::DropPledge(of) => Ok(vec![self.drop_pledge(of, facts)?]),
            PersonCommand::RemindOfPledges(_) => Ok(vec![self.remind_of_pledges(facts)?]),
            PersonCommand::Agree(_) | PersonCommand::TakeBack(_) => {
                Ok(vec![self.decide_consent(command, facts)?])
            }
            PersonCommand::AwaitTelling(_)
            | PersonCommand::Tell(_)
            | PersonCommand::TakeBackTelling(_)
            | PersonCommand::EmailInstead(_) => Ok(vec![self.decide_telling(command, facts)?]),
        }
    }

    fn apply(&mut self, event: &PersonEvent) -> Result<(), BelowZero> {
        self.waiting_mails.apply(event);
        self.apply_consent(event);
        match event {
            PersonEvent::PersonRegistered { .. }
            | PersonEvent::ContactChangeProposed { .. }
            | PersonEvent::ContactChangeRefused { .. }
            | PersonEvent::ContactChanged { .. } => self.apply_contact(event),
            PersonEvent::AddressProven { email } => {
                (self.proven, self.unproven) = (Some(email.clone()), None);
            }
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
            PersonEvent::SignUpBegun { gathering, session } => {
                if let Some(unproven) = &mut self.unproven {
                    unproven.begin_sign_up(*gathering, *session);
                }
            }
            PersonEvent::MailLanguageChosen { language } => self.mail_language = *language,
            PersonEvent::AccessEnded { .. } => self.access_ended += 1,
            PersonEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            PersonEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            PersonEvent::PersonalDataErased { .. } => {
                (self.erasure, self.unproven) = (Erasure::Done, None);
            }
            PersonEvent::ConsentGiven { .. }
            | PersonEvent::ConsentTakenBack { .. }
            | PersonEvent::PersonToTell { .. }
            | PersonEvent::PersonTold { .. }
            | PersonEvent::TellingTakenBack { .. }
            | PersonEvent::EmailedInstead { .. } => {}
            PersonEvent::PledgeTaken { .. }
            | PersonEvent::PledgeKept { .. }
            | PersonEvent::PledgeDropped { .. }
            | PersonEvent::PledgesReminded {} => self.pledges.apply(event),
        }
        Ok(())
    }
}

impl Person {
    fn apply_contact(&mut self, event: &PersonEvent) {
        let contact = Contact::of_event(event);
        match event {
            PersonEvent::PersonRegistered {
                registered_by,
                registered_on,
                unproven,
                ..
            } => {
                self.unproven = registered_on.filter(|_| *unproven).map(Unproven::new);
                self.details = contact;
                (self.registered_by, self.registered_on) = (*registered_by, *registered_on);
                self.known_by.extend(registered_by);
            }
            PersonEvent::ContactChangeProposed {
                proposal,
                proposed_by,
                ..
            } => {
                self.proposals = *proposal;
                self.proposed = contact.map(|contact| (contact, *proposed_by));
            }
            PersonEvent::ContactChangeRefused { .. } => self.proposed = None,
            PersonEvent::ContactChanged {
                changed_by,
                changed_on,
                ..
            } => {
                self.contact_changes += 1;
                self.contact_changed_on = *changed_on;
                // Two members of staff vouch for the change, so the person is no longer unproven.
                self.unproven = self.unproven.take().filter(|_| changed_by.is_none());
                self.known_by.extend(changed_by);
                self.details = contact;
                self.proposed = None;
            }
            _ => {}
        }
    }
}
