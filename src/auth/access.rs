//! The person of a session or token, and whether its basis still holds.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::AuthError;
use super::sessions::{self, SessionRow};
use super::tokens::{self, TokenRow};
use crate::commands::{Caller, Commands};
use crate::domain::{Actor, Organisation, Person, PersonId, Role};
use crate::eventlog::LogError;
use crate::views::Reader;

/// The oldest cached person and organisation that authentication uses, in a process that did not
/// append to them itself. Commands read the current state in any case.
pub(super) const IDENTITY_MAX_AGE: Duration = Duration::from_millis(500);

/// An authenticated person, by token or session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    pub caller: Caller,
    pub reader: Reader,
    pub(super) ended: AccessEndings,
}

impl SignedIn {
    /// Whether a session or token with this basis is still valid: not ended, and its person still
    /// holds the roles.
    pub(super) fn is_valid_on(&self, basis: AccessBasis<'_>) -> bool {
        let held = |role: &str| {
            role.parse::<Role>()
                .is_ok_and(|role| self.reader.granted_roles.contains(&role))
        };
        self.ended.allows(basis)
            && basis
                .roles
                .split(',')
                .filter(|role| !role.is_empty())
                .all(held)
    }
}

/// How often a person's access was ended so far: all of it, and what rests on each role.
#[derive(Clone, Debug)]
pub(super) struct AccessEndings {
    all: u32,
    by_role: BTreeMap<Role, u32>,
}

impl AccessEndings {
    pub(super) fn of_person(id: PersonId, person: &Person, organisation: &Organisation) -> Self {
        Self {
            all: person.access_ended(),
            by_role: organisation.roles_ended(id),
        }
    }

    /// The count that applies to a session or token with these roles.
    pub(super) fn count_for<'a>(&self, roles: impl IntoIterator<Item = &'a Role>) -> i64 {
        let of_roles: u32 = roles
            .into_iter()
            .filter_map(|role| self.by_role.get(role))
            .sum();
        i64::from(self.all) + i64::from(of_roles)
    }

    /// Whether access that began on this basis was not ended since then.
    fn allows(&self, basis: AccessBasis<'_>) -> bool {
        let roles: BTreeSet<Role> = basis
            .roles
            .split(',')
            .filter_map(|role| role.parse().ok())
            .collect();
        basis.endings >= self.count_for(&roles)
    }
}

/// What a session or token rests on. Not included: a change of the person's e-mail address, which
/// ends the stored row directly.
#[derive(Clone, Copy, Debug)]
pub(super) struct AccessBasis<'a> {
    /// The roles that its person held when it began, with commas between them.
    roles: &'a str,
    /// [`AccessEndings::count_for`] of these roles when it began.
    endings: i64,
}

impl<'a> From<&'a SessionRow> for AccessBasis<'a> {
    fn from(session: &'a SessionRow) -> Self {
        Self {
            roles: &session.roles,
            endings: session.access,
        }
    }
}

impl<'a> From<&'a TokenRow> for AccessBasis<'a> {
    fn from(token: &'a TokenRow) -> Self {
        Self {
            roles: &token.roles,
            endings: token.access,
        }
    }
}

/// Roles as a session or token row stores them.
pub(super) fn join_roles(roles: &BTreeSet<Role>) -> String {
    roles
        .iter()
        .map(|role| <&str>::from(*role))
        .collect::<Vec<_>>()
        .join(",")
}

/// A person with the roles that they hold, limited to `role_scope` if given.
pub async fn load_signed_in(
    commands: &Commands,
    person: PersonId,
    role_scope: Option<BTreeSet<Role>>,
) -> Result<SignedIn, AuthError> {
    let log = commands.log();
    let known = log
        .load_recent::<Person>(person.0, IDENTITY_MAX_AGE)
        .await?
        .state;
    if known.must_be_active().is_err() {
        return Err(AuthError::UnknownPerson);
    }
    let organisation = log
        .load_recent::<Organisation>(commands.organisation().0, IDENTITY_MAX_AGE)
        .await?;
    let held = organisation.state.roles_of(person);
    let mut roles = held.clone();
    if let Some(left) = &role_scope {
        roles.retain(|role| left.contains(role));
    }
    let caller = Caller {
        actor: Actor::Person(person),
        role_scope,
    };
    let ended = AccessEndings::of_person(person, &known, &organisation.state);
    Ok(SignedIn {
        caller,
        reader: Reader {
            person,
            roles,
            granted_roles: held,
        },
        ended,
    })
}

/// The person of a session or token; `None` if its basis is no longer valid. Reads the current
/// state before it gives this answer, because a cached person or organisation may be older than the
/// session.
pub(super) async fn load_signed_in_on(
    commands: &Commands,
    person: PersonId,
    role_scope: Option<BTreeSet<Role>>,
    basis: AccessBasis<'_>,
) -> Result<Option<SignedIn>, AuthError> {
    let signed = load_signed_in(commands, person, role_scope.clone()).await?;
    if signed.is_valid_on(basis) {
        return Ok(Some(signed));
    }
    let log = commands.log();
    log.refresh::<Person>(person.0).await?;
    log.refresh::<Organisation>(commands.organisation().0)
        .await?;
    let signed = load_signed_in(commands, person, role_scope).await?;
    Ok(Some(signed).filter(|signed| signed.is_valid_on(basis)))
}

/// A person's sessions and tokens that were not ended and have not expired.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenAccess {
    /// The number of sessions.
    pub sessions: usize,
    /// The names of the tokens.
    pub tokens: Vec<String>,
}

/// The sessions and tokens of a person, for administrators.
pub async fn open_access(commands: &Commands, person: PersonId) -> Result<OpenAccess, LogError> {
    let log = commands.log();
    let known = log
        .load_recent::<Person>(person.0, IDENTITY_MAX_AGE)
        .await?
        .state;
    let organisation = log
        .load_recent::<Organisation>(commands.organisation().0, IDENTITY_MAX_AGE)
        .await?
        .state;
    let ended = AccessEndings::of_person(person, &known, &organisation);
    let sessions = sessions::unexpired(commands, person).await?;
    let tokens = tokens::unexpired(commands, person).await?;
    Ok(OpenAccess {
        sessions: sessions
            .iter()
            .filter(|session| ended.allows(AccessBasis::from(*session)))
            .count(),
        tokens: tokens
            .into_iter()
            .filter(|token| ended.allows(AccessBasis::from(token)))
            .map(|token| token.name)
            .collect(),
    })
}
