//! The link with which the first administrator sets up the service.
//!
//! Its secret is derived from a key outside the database. It is therefore not stored, and each
//! start of the service prints the same link. The link opens one page, and only while there is no
//! administrator.

use std::collections::BTreeSet;

use super::links::constant_time_eq;
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest, Commands, IdempotencyKey};
use crate::crypto::vault::Vault;
use crate::domain::organisation::{FoundOrganisation, NameFounder};
use crate::domain::person::PersonDetails;
use crate::domain::text::Line;
use crate::domain::{
    Command, Organisation, OrganisationCommand, PersonCommand, PersonId, Refusal, Role,
};
use crate::eventlog::LogError;

/// Length of the secret, in hexadecimal digits.
const SECRET_DIGITS: usize = 48;
/// The roles of the first administrator. They cover all the work of the set-up except the steps
/// that need a second person.
const FIRST_ROLES: [Role; 3] = [Role::Administrator, Role::Officer, Role::Finance];

/// The first administrator and their organisation.
#[derive(Clone, Debug)]
pub struct FirstAdministrator {
    /// The name of the organisation. It is not changed if the organisation exists already.
    pub organisation: Line,
    pub details: PersonDetails,
}

/// Whether nobody is an administrator yet.
pub async fn is_needed(commands: &Commands) -> Result<bool, LogError> {
    let organisation = commands
        .log()
        .refresh::<Organisation>(commands.organisation().0)
        .await?
        .state;
    Ok(organisation.holders(Role::Administrator).next().is_none())
}

/// Path of the page on which the first administrator begins.
#[must_use]
pub fn path(vault: &Vault) -> String {
    format!("/begin/{}", secret(vault))
}

/// Whether a secret is that of the link.
#[must_use]
pub fn is_secret(vault: &Vault, typed: &str) -> bool {
    constant_time_eq(&secret(vault), typed)
}

fn secret(vault: &Vault) -> String {
    let mut secret = vault.derive_secret("first administrator", "begin");
    secret.truncate(SECRET_DIGITS);
    secret
}

/// Founds the organisation unless it exists, registers the first administrator, and gives them
/// their roles, as the operator. Of two concurrent calls only one gives roles; the other fails with
/// [`CommandError::KeyReused`].
pub async fn begin(
    commands: &Commands,
    first: FirstAdministrator,
) -> Result<PersonId, CommandError> {
    let found = OrganisationCommand::Found(FoundOrganisation {
        name: first.organisation,
        simulated: None,
    });
    match execute(commands, organisation_command(commands, found)).await {
        Ok(()) | Err(CommandError::Refused(Refusal::Exists(_))) => {}
        Err(error) => return Err(error),
    }
    let person = PersonId(clock::new_id());
    let register = Command::Person(person, PersonCommand::Register(first.details));
    execute(commands, register).await?;
    let founder = OrganisationCommand::NameFounder(NameFounder {
        person,
        roles: BTreeSet::from(FIRST_ROLES),
    });
    let request = CommandRequest {
        idempotency_key: Some(IdempotencyKey::shared(
            "first-administrator",
            person.to_string(),
        )),
        ..CommandRequest::new(Caller::operator(), organisation_command(commands, founder))
    };
    let answer = commands.execute_or_replay(request).await?;
    if answer.repeated {
        return Err(CommandError::KeyReused);
    }
    Ok(person)
}

fn organisation_command(commands: &Commands, command: OrganisationCommand) -> Command {
    Command::Organisation(commands.organisation(), command)
}

async fn execute(commands: &Commands, command: Command) -> Result<(), CommandError> {
    commands
        .execute(CommandRequest::new(Caller::operator(), command))
        .await
        .map(drop)
}
