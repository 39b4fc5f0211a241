//! Passwords of mail servers. An event names a password by an id, and the database has it encrypted
//! under a key derived from that id, the server, the user and a key outside the database. A
//! password therefore decrypts only for the server for which it was entered, and must be entered
//! again for another one.

use uuid::Uuid;

use crate::commands::Commands;
use crate::domain::organisation::MailServer;
use crate::eventlog::LogError;
use crate::store::mail_passwords::{self as stored, MailPasswordRow};

const ENCRYPTION: &str = "password of a mail server";
const IDENTITY: &str = "id of a password of a mail server";

/// Stores a password for a server, and returns its id: the same for the same password of the same
/// server from the same form. Other passwords than that in force are deleted.
pub async fn keep(
    commands: &Commands,
    server: &MailServer,
    (form, password): (&str, &str),
    in_force: Option<Uuid>,
) -> Result<Uuid, LogError> {
    let log = commands.log();
    let name = format!("{form}\n{}\n{password}", place_of(server));
    let digest = log.vault().derive_secret(IDENTITY, &name);
    let id = Uuid::new_v5(&commands.organisation().0, digest.as_bytes());
    let row = MailPasswordRow {
        id: id.to_string(),
        sealed: log
            .vault()
            .encrypt_with_secret(ENCRYPTION, &secret_of(id, server), password)?,
        entered_at: commands.now().as_microsecond(),
    };
    let in_force = in_force.map(|id| id.to_string()).unwrap_or_default();
    stored::put(log.store(), log.organisation(), &row, &in_force).await?;
    Ok(id)
}

/// The password of a server; none if it has none, or it was entered for another server.
pub(super) async fn find(
    commands: &Commands,
    server: &MailServer,
) -> Result<Option<String>, LogError> {
    let Some(id) = server.password else {
        return Ok(None);
    };
    let log = commands.log();
    let sealed = stored::find(log.store(), log.organisation(), &id.to_string()).await?;
    Ok(sealed.and_then(|sealed| {
        log.vault()
            .decrypt_with_secret(ENCRYPTION, &secret_of(id, server), &sealed)
    }))
}

/// The server and the user that a password belongs to.
fn place_of(server: &MailServer) -> String {
    let user = server.user.as_ref().map(ToString::to_string);
    format!(
        "{}:{}\n{}",
        server.host,
        server.port,
        user.unwrap_or_default()
    )
}

fn secret_of(id: Uuid, server: &MailServer) -> String {
    format!("{id}\n{}", place_of(server))
}
