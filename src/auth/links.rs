//! Sign-in links and codes. Both are derived from the link's id with a key outside the database, so
//! a copy of the database does not allow anyone to sign in.

use std::fmt;

use subtle::ConstantTimeEq as _;
use uuid::Uuid;

use super::sessions::{self, SessionsToEnd};
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest, Commands};
use crate::crypto::vault::Vault;
use crate::domain::group::MemberRef;
use crate::domain::mail::MailKind;
use crate::domain::person::MailedAddress;
use crate::domain::personal_data::BlindIndexKind;
use crate::domain::{Actor, Command, GroupCommand, GroupId, PersonCommand, PersonId, Refusal};
use crate::eventlog::{Log, LogError};
use crate::outbox::NewMail;
use crate::store::sessions as stored;
pub use crate::store::sessions::LinkRow;
use crate::views::Views;

/// Lifetime of a link that is mailed, in minutes.
pub const MAILED_LINK_MINUTES: i64 = 30;
/// Number of wrong codes after which a link's code is invalid.
pub const WRONG_CODES_MAX: i64 = 5;

const MINUTE_US: i64 = 60_000_000;
/// Alphabet of codes: Crockford's Base32, without the letters I, L, O and U.
const CODE_ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of a code in characters, 40 bits.
const CODE_LENGTH: usize = 8;

/// Secrets of a link: the last part of its address, and a code that can be typed instead.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInSecret {
    pub token: String,
    /// Two groups of four characters, as displayed.
    pub code: String,
}

impl SignInSecret {
    /// Derives the secret of a link from its id.
    #[must_use]
    pub fn derive(vault: &Vault, link: &str) -> Self {
        let digest = vault.derive_secret("sign-in link", link);
        let bits = u64::from_str_radix(&digest[..10], 16).unwrap_or_default();
        let letter = |at: usize| {
            char::from(CODE_ALPHABET[usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default()])
        };
        let code: String = (0..CODE_LENGTH).map(letter).collect();
        let (first, second) = code.split_at(CODE_LENGTH / 2);
        Self {
            token: format!("{link}.{}", &digest[16..48]),
            code: format!("{first} {second}"),
        }
    }

    /// Whether a typed code matches. Case, spaces and hyphens are ignored, and O is read as 0.
    #[must_use]
    pub fn matches_code(&self, typed: &str) -> bool {
        constant_time_eq(&normalise_code(&self.code), &normalise_code(typed))
    }
}

/// Normalises a code: capitals without separators, and the letters O, I and L as the digits that
/// they resemble.
fn normalise_code(code: &str) -> String {
    let letter = |c: char| match c.to_ascii_uppercase() {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    };
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(letter)
        .collect()
}

/// Compares two texts of the same length in constant time, so that the time reveals nothing about
/// the position of the first difference.
#[must_use]
pub fn constant_time_eq(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

/// A sign-in link to make.
#[derive(Clone, Copy, Debug)]
pub struct NewSignInLink {
    pub person: PersonId,
    /// The group that the person joins by using the link, and the person who invited them.
    pub joins: Option<(Uuid, PersonId)>,
    /// Lifetime in minutes.
    pub valid_minutes: i64,
    /// Whether the link is sent by mail.
    pub by_mail: bool,
}

/// What redeeming a link does for its person in addition to the sign-in. Someone else started it
/// and entered the person's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkPurpose {
    /// They join this group.
    JoinGroup(Uuid),
    /// They take the place at a session that was booked with their address.
    TakePlace { gathering: Uuid, session: u16 },
    /// They take the pledges that were taken with their address.
    TakePledges,
    /// They get the barrier that was typed with their address and is not sent yet.
    TellBarrier,
}

/// The value of `LinkRow::joins` for [`LinkPurpose::TakePledges`].
const PLEDGES: &str = "pledges";
/// The value of `LinkRow::joins` for [`LinkPurpose::TellBarrier`].
const BARRIER: &str = "barrier";

impl fmt::Display for LinkPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::JoinGroup(group) => group.fmt(f),
            Self::TakePlace { gathering, session } => write!(f, "{gathering}/{session}"),
            Self::TakePledges => f.write_str(PLEDGES),
            Self::TellBarrier => f.write_str(BARRIER),
        }
    }
}

impl LinkPurpose {
    /// The purpose of a link, and the person who began it; `None` if the link only signs in.
    #[must_use]
    pub fn of(link: &LinkRow) -> Option<(Self, PersonId)> {
        let purpose = match link.joins.split_once('/') {
            None if link.joins == PLEDGES => Self::TakePledges,
            None if link.joins == BARRIER => Self::TellBarrier,
            None => Self::JoinGroup(link.joins.parse().ok()?),
            Some((gathering, session)) => Self::TakePlace {
                gathering: gathering.parse().ok()?,
                session: session.parse().ok()?,
            },
        };
        Some((purpose, PersonId(link.brought_by.parse().ok()?)))
    }
}

/// Makes a link, and enqueues its mail if it is sent by mail. The link belongs to no browser, so
/// its code cannot be typed anywhere; only the link works.
pub async fn issue(commands: &Commands, invited: NewSignInLink) -> Result<SignInSecret, LogError> {
    let (id, now) = (clock::new_id().to_string(), commands.now().as_microsecond());
    let (joins, brought_by) = invited
        .joins
        .map(|(group, by)| (group.to_string(), by.to_string()))
        .unwrap_or_default();
    let link = LinkRow {
        joins,
        brought_by,
        ..new_link_row(
            &id,
            invited.person.to_string(),
            now + invited.valid_minutes * MINUTE_US,
        )
    };
    store_link(commands, &link, invited.by_mail, now).await?;
    Ok(SignInSecret::derive(commands.log().vault(), &id))
}

/// Makes a link for a browser that requested one, and enqueues its mail. `browser` is the digest of
/// the browser's key: see [`browser_digest`].
///
/// If no person has the address, the same rows are written but no mail remains in the outbox, so
/// that the response time does not reveal whether the address is known.
pub async fn issue_by_mail(
    commands: &Commands,
    holder: Option<PersonId>,
    purpose: Option<(LinkPurpose, PersonId)>,
    browser: &str,
) -> Result<(), LogError> {
    let (id, now) = (clock::new_id().to_string(), commands.now().as_microsecond());
    let (joins, brought_by) = purpose
        .map(|(purpose, by)| (purpose.to_string(), by.to_string()))
        .unwrap_or_default();
    let person = holder.map(|holder| holder.to_string()).unwrap_or_default();
    let link = LinkRow {
        joins,
        brought_by,
        browser: browser.to_owned(),
        ..new_link_row(&id, person, now + MAILED_LINK_MINUTES * MINUTE_US)
    };
    store_link(commands, &link, true, now).await
}

/// Creates the sign-in link of a mail, under the mail's id, unless it exists. Any browser can use
/// it.
pub async fn issue_for_mail(
    commands: &Commands,
    mail: &str,
    person: PersonId,
    valid_minutes: i64,
) -> Result<(), LogError> {
    let now = commands.now().as_microsecond();
    if find(commands.log(), mail).await?.is_some() {
        return Ok(());
    }
    let link = new_link_row(mail, person.to_string(), now + valid_minutes * MINUTE_US);
    store_link(commands, &link, false, now).await
}

fn new_link_row(id: &str, person: String, expires_at: i64) -> LinkRow {
    let nothing = String::new;
    LinkRow {
        id: id.to_owned(),
        person,
        joins: nothing(),
        brought_by: nothing(),
        wrong_codes: 0,
        expires_at,
        used_at: None,
        browser: nothing(),
    }
}

async fn store_link(
    commands: &Commands,
    link: &LinkRow,
    by_mail: bool,
    now: i64,
) -> Result<(), LogError> {
    let log = commands.log();
    let kind = <&str>::from(MailKind::SignIn).to_owned();
    let mail = NewMail {
        id: clock::new_id().to_string(),
        kind,
        person: link.person.clone(),
        about: link.id.clone(),
    };
    Ok(stored::issue_link(
        log.store(),
        log.organisation(),
        link,
        by_mail.then_some(&mail),
        now,
    )
    .await?)
}

/// The person with an e-mail address, if there is one.
pub async fn holder_of_address(log: &Log, email: &str) -> Result<Option<PersonId>, LogError> {
    let holder = log.vault().subject_of(BlindIndexKind::Email, email).await?;
    Ok(holder.map(PersonId))
}

/// The digest of a browser's key under which its request for a code is stored.
#[must_use]
pub fn browser_digest(vault: &Vault, key: &str) -> String {
    vault.derive_secret("asks for a code", key)
}

/// A link by its id, unless it is for an unknown address.
pub async fn find(log: &Log, link: &str) -> Result<Option<LinkRow>, LogError> {
    Ok(stored::find_link(log.store(), log.organisation(), link).await?)
}

/// The link of a token, if the token is authentic and the link was neither used nor has expired.
pub async fn find_unused(commands: &Commands, token: &str) -> Result<Option<LinkRow>, LogError> {
    let log = commands.log();
    let now = commands.now().as_microsecond();
    let Some(id) = link_id(log.vault(), token) else {
        return Ok(None);
    };
    let link = find(log, &id).await?;
    Ok(link.filter(|link| link.used_at.is_none() && link.expires_at > now))
}

/// Id of the link that a token belongs to; none if the token is not authentic.
fn link_id(vault: &Vault, token: &str) -> Option<String> {
    let (link, _) = token.split_once('.')?;
    let link: Uuid = link.parse().ok()?;
    constant_time_eq(&SignInSecret::derive(vault, &link.to_string()).token, token)
        .then(|| link.to_string())
}

/// A code that was typed in a browser.
pub struct CodeAttempt {
    /// The link that the browser asked for last. Its number of wrong codes includes this attempt.
    pub link: LinkRow,
    /// Whether the code is the link's, and someone has the address.
    pub is_right: bool,
}

/// Counts and checks a code that was typed in a browser; `None` if the browser asked for no link,
/// or [`WRONG_CODES_MAX`] attempts were made before. Each attempt is counted before the code is
/// compared, so that parallel attempts do not exceed the limit. If nobody has the address, attempts
/// are counted alike and never succeed.
pub async fn try_code(
    commands: &Commands,
    browser: &str,
    typed: &str,
) -> Result<Option<CodeAttempt>, LogError> {
    let log = commands.log();
    let open = stored::count_code_attempt(
        log.store(),
        log.organisation(),
        browser,
        commands.now().as_microsecond(),
        WRONG_CODES_MAX,
    )
    .await?;
    Ok(open.map(|link| {
        // The code is compared even if nobody has the address, so that the response time does not
        // reveal it.
        let matches = SignInSecret::derive(log.vault(), &link.id).matches_code(typed);
        CodeAttempt {
            is_right: matches && !link.person.is_empty(),
            link,
        }
    }))
}

/// Binds a link to the address that it is mailed to, given by its digest. Returns whether it may be
/// mailed there: a link is sent to one address only.
pub async fn bind_to_address(log: &Log, link: &str, address: &str) -> Result<bool, LogError> {
    Ok(stored::bind_link_to_address(log.store(), log.organisation(), link, address).await?)
}

/// The digest of the address that a link was mailed to; `None` if no mail contained it.
pub async fn address(log: &Log, link: &str) -> Result<Option<String>, LogError> {
    Ok(stored::link_address(log.store(), log.organisation(), link).await?)
}

/// What becomes of a person's unproven sessions when they use a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UnprovenSessions {
    /// They end: somebody else may have entered the person's address.
    End,
    /// Only those with these digests end. The others remain, because the person says that they are
    /// their own. They still act in no role.
    EndOnly(Vec<String>),
}

/// Redeems a link of a person: uses it up, records that they have proven the address, and ends
/// their unproven sessions unless the person keeps them. Returns whether the link was valid: of two
/// concurrent calls only one succeeds.
pub async fn redeem(
    commands: &Commands,
    link: &LinkRow,
    person: PersonId,
    unproven: UnprovenSessions,
) -> Result<bool, LogError> {
    let log = commands.log();
    let now = commands.now().as_microsecond();
    if !stored::redeem_link(log.store(), log.organisation(), &link.id, now).await? {
        return Ok(false);
    }
    // The link is used up at this point. The person is signed in even if the proof of the address
    // cannot be recorded now; the next sign-in records it.
    if let Err(error) = prove_address(commands, link, person).await {
        tracing::warn!(%error, "that an address was proven could not be recorded");
    }
    match unproven {
        UnprovenSessions::End => sessions::end(log, person, SessionsToEnd::Unproven).await?,
        UnprovenSessions::EndOnly(digests) => {
            for digest in &digests {
                sessions::end(log, person, SessionsToEnd::One(digest)).await?;
            }
        }
    }
    Ok(true)
}

/// Records that the person who used a link has proven the address to which it was mailed. If their
/// address has changed since, or was proven before, nothing is recorded.
async fn prove_address(
    commands: &Commands,
    link: &LinkRow,
    person: PersonId,
) -> Result<(), CommandError> {
    let Some(address) = address(commands.log(), &link.id).await? else {
        return Ok(());
    };
    let prove = Command::Person(
        person,
        PersonCommand::ProveAddress(MailedAddress { address }),
    );
    match commands
        .execute(CommandRequest::new(Caller::job(), prove))
        .await
    {
        Ok(_) | Err(CommandError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Adds the person to the link's group, if the rules permit it. The caller does not do this for
/// staff: otherwise anyone could give a member of staff a connection to a group by entering their
/// address. A refusal is not an error: it does not stop the sign-in. Returns whether they joined.
pub async fn join_group(
    commands: &Commands,
    views: &Views,
    person: PersonId,
    link: &LinkRow,
) -> Result<bool, CommandError> {
    let Some((LinkPurpose::JoinGroup(group), by)) = LinkPurpose::of(link) else {
        return Ok(false);
    };
    let caller = Caller {
        actor: Actor::Person(by),
        role_scope: None,
    };
    let add = Command::Group(
        GroupId(group),
        GroupCommand::AddMember(MemberRef { person }),
    );
    match commands.execute(CommandRequest::new(caller, add)).await {
        Ok(_) | Err(CommandError::Refused(Refusal::NoChange)) => {}
        Err(CommandError::Refused(_) | CommandError::RefusedFor(_)) => return Ok(false),
        Err(error) => return Err(error),
    }
    let own = Caller {
        actor: Actor::Person(person),
        role_scope: None,
    };
    let join = Command::Group(GroupId(group), GroupCommand::Join(MemberRef { person }));
    match commands.execute(CommandRequest::new(own, join)).await {
        Ok(answer) => {
            views.wait_until_shown(answer.last_position).await;
            Ok(true)
        }
        Err(CommandError::Refused(_) | CommandError::RefusedFor(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_however_it_is_typed() {
        let secret = SignInSecret {
            token: String::new(),
            code: "10AB CDXZ".to_owned(),
        };
        for typed in [
            "10AB CDXZ",
            "10abcdxz",
            "IO-ab-cd-xz",
            " lOabCDxz. ",
            "1 0 A B C D X Z",
        ] {
            assert!(secret.matches_code(typed), "{typed}");
        }
        for typed in ["", "10AB CDX", "10AB CDXZZ", "11AB CDXZ", "é"] {
            assert!(!secret.matches_code(typed), "{typed}");
        }
    }
    #[test]
    fn the_purpose_of_a_link_is_read_as_it_was_stored() {
        let by = PersonId(Uuid::from_u128(9));
        let (gathering, session) = (Uuid::from_u128(7), 12);
        for purpose in [
            LinkPurpose::JoinGroup(gathering),
            LinkPurpose::TakePlace { gathering, session },
            LinkPurpose::TakePledges,
        ] {
            let stored = |brought_by: String| LinkRow {
                joins: purpose.to_string(),
                brought_by,
                ..new_link_row("a link", String::new(), 0)
            };
            assert_eq!(
                LinkPurpose::of(&stored(by.to_string())),
                Some((purpose, by))
            );
            assert_eq!(LinkPurpose::of(&stored(String::new())), None);
        }
        let only_signs_in = new_link_row("a link", String::new(), 0);
        assert_eq!(LinkPurpose::of(&only_signs_in), None);
    }
}
