//! Links and codes to sign in with. Both follow from the link's id and a key outside the database,
//! so nothing that is stored lets anybody in.

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

/// The letters and digits of codes: none that is taken for another.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// How many of them a code has.
const LENGTH: usize = 8;

/// What the mail carries: the end of the link's address, and a code to type instead.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret {
    pub token: String,
    /// In two groups, as it is shown.
    pub code: String,
}

impl Secret {
    /// The secret of a link.
    #[must_use]
    pub fn of(vault: &Vault, link: &str) -> Self {
        let digest = vault.secret_of("sign-in link", link);
        let bits = u64::from_str_radix(&digest[..10], 16).unwrap_or_default();
        let letter = |at: usize| {
            char::from(LETTERS[usize::try_from((bits >> (5 * at)) & 31).unwrap_or_default()])
        };
        let code: String = (0..LENGTH).map(letter).collect();
        let (first, second) = code.split_at(LENGTH / 2);
        Self {
            token: format!("{link}.{}", &digest[16..48]),
            code: format!("{first} {second}"),
        }
    }

    /// Whether this is its code, however it is typed: in small letters, without the space or with a
    /// hyphen, with an O for a nought.
    #[must_use]
    pub fn has_code(&self, typed: &str) -> bool {
        same(&plain(&self.code), &plain(typed))
    }
}

/// A code in capitals, with nothing between them and each letter that is not among [`LETTERS`] as
/// the digit that it looks like.
fn plain(code: &str) -> String {
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
    a.len() == b.len()
        && a.bytes()
            .zip(b.bytes())
            .fold(0, |differs, (a, b)| differs | (a ^ b))
            == 0
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

/// Makes a link, and the mail that carries it if one does. No browser asked for it, so its code can
/// be typed in none.
///
/// # Errors
/// When the database does not answer.
pub async fn offer(commands: &Commands, invited: Invited) -> Result<Secret, MailError> {
    let (id, now) = (clock::new_id().to_string(), commands.now().as_microsecond());
    let (joins, brought_by) = invited
        .joins
        .map(|(group, by)| (group.to_string(), by.to_string()))
        .unwrap_or_default();
    let link = LinkRow {
        joins,
        brought_by,
        ..link_to(
            &id,
            invited.person.to_string(),
            now + invited.minutes * super::MINUTE,
        )
    };
    put_in(commands, &link, invited.by_mail, now).await?;
    Ok(Secret::of(commands.log().vault(), &id))
}

/// Answers a browser that asks for a link, by its keyed digest: with a mail to whoever has the
/// address. Where nobody has it, nobody is written to, and as much is written down.
///
/// # Errors
/// When the database does not answer.
pub async fn answer(
    commands: &Commands,
    holder: Option<PersonId>,
    joins: Option<(Uuid, PersonId)>,
    browser: &str,
) -> Result<(), MailError> {
    let (id, now) = (clock::new_id().to_string(), commands.now().as_microsecond());
    let (joins, brought_by) = joins
        .map(|(group, by)| (group.to_string(), by.to_string()))
        .unwrap_or_default();
    let person = holder.map(|holder| holder.to_string()).unwrap_or_default();
    let link = LinkRow {
        joins,
        brought_by,
        browser: browser.to_owned(),
        ..link_to(&id, person, now + MINUTES * super::MINUTE)
    };
    put_in(commands, &link, true, now).await
}

fn link_to(id: &str, person: String, expires_at: i64) -> LinkRow {
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

async fn put_in(
    commands: &Commands,
    link: &LinkRow,
    by_mail: bool,
    now: i64,
) -> Result<(), MailError> {
    let log = commands.log();
    let kind = <&str>::from(MailKind::SignIn).to_owned();
    let mail = NewMail {
        id: clock::new_id().to_string(),
        kind,
        person: link.person.clone(),
        about: link.id.clone(),
    };
    Ok(sessions::offer_link(
        log.store(),
        log.organisation(),
        link,
        by_mail.then_some(&mail),
        now,
    )
    .await?)
}

/// Notes that whoever used a link has shown the address to which it was mailed to be theirs. Where
/// they have another by now, or had shown it before, nothing is recorded.
///
/// # Errors
/// When the database does not answer.
pub async fn prove(
    commands: &Commands,
    link: &LinkRow,
    person: PersonId,
) -> Result<(), CommandError> {
    let log = commands.log();
    let mailed_to = sessions::mailed_to(log.store(), log.organisation(), &link.id)
        .await
        .map_err(crate::log::LogError::from)?;
    let Some(address) = mailed_to else {
        return Ok(());
    };
    let prove = Command::Person(person, PersonCommand::ProveAddress(MailedTo { address }));
    match commands.issue(Request::new(Caller::job(), prove)).await {
        Ok(_) | Err(CommandError::Refused(_)) => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_however_it_is_typed() {
        let secret = Secret {
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
            assert!(secret.has_code(typed), "{typed}");
        }
        for typed in ["", "10AB CDX", "10AB CDXZZ", "11AB CDXZ", "é"] {
            assert!(!secret.has_code(typed), "{typed}");
        }
    }
}
