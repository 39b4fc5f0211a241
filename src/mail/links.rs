//! Links and codes to sign in with. Both follow from the link's id and a key outside the database, so nothing that is
//! stored lets anybody in.

use uuid::Uuid;

use super::MailError;
use crate::commands::{Caller, CommandError, Commands, Request, clock};
use crate::domain::mail::MailKind;
use crate::domain::person::MailedTo;
use crate::domain::{Command, PersonCommand, PersonId};
use crate::log::vault::Vault;
use crate::store::mails::NewMail;
use crate::store::sessions::{self, LinkRow};

/// How long a link in a mail is good, in minutes.
pub const MINUTES: i64 = 30;
/// How many wrong codes use a link's code up.
pub const WRONG_CODES: i64 = 5;

/// What the mail carries: the end of the link's address, and six digits to type instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub token: String,
    pub code: String,
}

impl Secret {
    /// The secret of a link.
    #[must_use]
    pub fn of(vault: &Vault, link: &str) -> Self {
        let digest = vault.secret_of("sign-in link", link);
        let number = u64::from_str_radix(&digest[..12], 16).unwrap_or_default();
        Self { token: format!("{link}.{}", &digest[16..48]), code: format!("{:06}", number % 1_000_000) }
    }
}

/// The id of the link that a token is for, if the token is one of ours.
#[must_use]
pub fn link_of(vault: &Vault, token: &str) -> Option<String> {
    let (link, _) = token.split_once('.')?;
    let link: Uuid = link.parse().ok()?;
    same(&Secret::of(vault, &link.to_string()).token, token).then(|| link.to_string())
}

/// Compares without telling by the time how much was right.
#[must_use]
pub fn same(a: &str, b: &str) -> bool {
    a.len() == b.len() && a.bytes().zip(b.bytes()).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

/// Whom a link is for.
#[derive(Clone, Copy, Debug)]
pub struct Invited {
    pub person: PersonId,
    /// The group that they join by it, and who brings them in.
    pub joins: Option<(Uuid, PersonId)>,
    /// For how many minutes it is good.
    pub minutes: i64,
    /// Whether a mail carries it.
    pub by_mail: bool,
}

/// Makes a link, and the mail that carries it.
///
/// # Errors
/// When the database does not answer.
pub async fn offer(commands: &Commands, invited: Invited) -> Result<Secret, MailError> {
    let log = commands.log();
    let now = commands.now().as_microsecond();
    let id = clock::new_id().to_string();
    let (joins, brought_by) = invited.joins.map(|(group, by)| (group.to_string(), by.to_string())).unwrap_or_default();
    let link = LinkRow {
        id: id.clone(),
        person: invited.person.to_string(),
        joins,
        brought_by,
        wrong_codes: 0,
        expires_at: now + invited.minutes * super::MINUTE,
        used_at: None,
    };
    let mail = NewMail {
        id: clock::new_id().to_string(),
        kind: <&str>::from(MailKind::SignIn).to_owned(),
        person: invited.person.to_string(),
        about: id.clone(),
    };
    sessions::offer_link(log.store(), log.organisation(), &link, invited.by_mail.then_some(&mail), now).await?;
    Ok(Secret::of(log.vault(), &id))
}

/// Notes that whoever used a link has shown the address to which it was mailed to be theirs. Where they have another by now,
/// or had shown it before, nothing is recorded.
///
/// # Errors
/// When the database does not answer.
pub async fn prove(commands: &Commands, link: &LinkRow, person: PersonId) -> Result<(), CommandError> {
    let log = commands.log();
    let mailed_to = sessions::mailed_to(log.store(), log.organisation(), &link.id).await.map_err(crate::log::LogError::from)?;
    let Some(address) = mailed_to else { return Ok(()) };
    let prove = Command::Person(person, PersonCommand::ProveAddress(MailedTo { address }));
    match commands.issue(Request::new(Caller::job(), prove)).await {
        Ok(_) | Err(CommandError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}
