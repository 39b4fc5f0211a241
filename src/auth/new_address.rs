//! The change of a proven email address by its person.
//!
//! The new address is recorded as typed, and a link is mailed to it. It becomes the person's
//! address when they open the link; until then they sign in with the old one. People with roles
//! cannot change a proven address, here or by the API: otherwise a program's token would be enough
//! to take over the account.

use super::links::constant_time_eq;
use crate::commands::{Caller, CommandError, CommandRequest, Commands};
use crate::crypto::vault::{DecryptedValue, Vault};
use crate::domain::person::{Contact, MailedAddress, PersonDetails};
use crate::domain::personal_data::{Encrypted, PersonalInput};
use crate::domain::{Command, Event, Organisation, Person, PersonCommand, PersonEvent, PersonId};
use crate::eventlog::LogError;
use crate::eventlog::recorded_event::RecordedEvent;

/// Lifetime of the link: a day, in microseconds.
const LINK_US: i64 = 24 * 60 * 60 * 1_000_000;

/// An address that a person asked to use, and who.
pub struct NewAddress {
    pub person: PersonId,
    pub address: String,
    /// The person's details, and their version.
    contact: Contact,
    version: i64,
}

/// The last part of the link's address, for the event at a position.
#[must_use]
pub fn token(vault: &Vault, position: i64) -> String {
    let digest = vault.derive_secret("new address", &position.to_string());
    format!("{position}.{}", &digest[..32])
}

/// The position of the event that a token is for; none if the token is not authentic.
fn position_of(vault: &Vault, known: &str) -> Option<i64> {
    let (position, _) = known.split_once('.')?;
    let position: i64 = position.parse().ok()?;
    constant_time_eq(&token(vault, position), known).then_some(position)
}

/// The address that a person asks to use by an event, if it does that.
#[must_use]
pub fn asked_by(event: &RecordedEvent) -> Option<&Encrypted> {
    match &event.event {
        Event::Person(PersonEvent::ContactChanged {
            email: Some(_),
            typed_email: Some(typed),
            changed_by: None,
            ..
        }) => Some(typed),
        _ => None,
    }
}

/// The address of a link. None if the link is not authentic, was used or has run out, if the person
/// changed their details since, or has a role.
pub async fn find(commands: &Commands, token: &str) -> Result<Option<NewAddress>, LogError> {
    let log = commands.log();
    let Some(position) = position_of(log.vault(), token) else {
        return Ok(None);
    };
    let Some(event) = log.read_events(position, 1).await?.pop() else {
        return Ok(None);
    };
    let first = commands.now().as_microsecond() - LINK_US;
    let is_fresh = event.recorded_at.as_microsecond() >= first;
    let Some(asked) = asked_by(&event).filter(|_| is_fresh) else {
        return Ok(None);
    };
    let person = PersonId(event.stream);
    let loaded = log.refresh::<Person>(person.0).await?;
    let (known, version) = (loaded.state, loaded.sequence);
    let organisation = commands.organisation().0;
    let organisation = log.refresh::<Organisation>(organisation).await?.state;
    if known.asked_address() != Some(asked) || organisation.people_with_roles().contains(&person) {
        return Ok(None);
    }
    let opened = log.vault().decrypt(&[("email", asked)]).await?.pop();
    let address = opened.and_then(DecryptedValue::text);
    let contact = known.contact().cloned();
    Ok(address.zip(contact).map(|(address, contact)| NewAddress {
        person,
        address,
        contact,
        version,
    }))
}

/// Makes the address the person's, and records that it is proven. Returns the position of the last
/// event. [`crate::domain::Refusal::Taken`] if it belongs to someone else; [`CommandError::Stale`]
/// if the person changed since it was found, so that no other change is undone.
pub async fn confirm(commands: &Commands, new: NewAddress) -> Result<i64, CommandError> {
    let NewAddress {
        person,
        address,
        contact,
        version,
    } = new;
    let sealed = |value: Option<Encrypted>| value.map(PersonalInput::Sealed);
    let details = PersonDetails {
        name: PersonalInput::Sealed(contact.name),
        email: Some(PersonalInput::Open(address)),
        telephone: sealed(contact.telephone),
        postal_address: sealed(contact.postal_address),
        typed_email: None,
    };
    let change = Command::Person(person, PersonCommand::ChangeContact(details));
    let change = CommandRequest {
        if_match: Some(version),
        ..CommandRequest::new(Caller::job(), change)
    };
    let changed = commands.execute(change).await?;
    let known = commands.log().refresh::<Person>(person.0).await?.state;
    let Some(email) = known.email() else {
        return Ok(changed.last_position);
    };
    let address = email.digest.clone();
    let prove = PersonCommand::ProveAddress(MailedAddress { address });
    let prove = CommandRequest::new(Caller::job(), Command::Person(person, prove));
    Ok(commands.execute(prove).await?.last_position)
}
