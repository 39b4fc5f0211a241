//! Rotation of the keys.

use super::audit::not_checked;
use super::{OpenedOrganisation, TaskError, open_organisation};
use crate::clock::Clock;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::config::Config;
use crate::crypto::keys::{self, KeyPurpose};
use crate::crypto::rotation;
use crate::domain::organisation::{CheckpointKey, RecordKeyRotation};
use crate::domain::{Command, OrganisationCommand, Refusal};
use crate::eventlog::TimestampSource;
use crate::store::Store;

/// Wraps the keys of all subjects by a new key-encryption key.
pub(super) async fn rotate_kek(config: &Config) -> Result<(), TaskError> {
    let store = Store::open(&config.database_url).await?;
    let wrapped = rotation::rotate_kek(&store, &config.keys).await?;
    store.close().await;
    print_line!(
        "{wrapped} keys are wrapped by a new key. The old one lies beside it: older backups need \
            it, and nothing else does"
    );
    Ok(())
}

/// Replaces the key that signs tokens, which ends every token.
pub(super) async fn rotate_token(config: &Config) -> Result<(), TaskError> {
    let store = Store::open(&config.database_url).await?;
    let ended =
        rotation::rotate_token(&store, &config.keys, Clock::System.now().as_microsecond()).await?;
    store.close().await;
    print_line!(
        "{ended} tokens have ended. Start every process of the service again: only then it signs \
            by the new key"
    );
    Ok(())
}

/// Replaces the key that signs checkpoints. The log records the new key, the old key signs a
/// checkpoint that covers this event, and only then the new key signs.
pub(super) async fn rotate_checkpoint_key(config: &Config) -> Result<(), TaskError> {
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let store = opened.commands.log().store().clone();
    let (old, new) = keys::begin_rotation(&store, &config.keys, KeyPurpose::Checkpoint).await?;
    let signer = opened.checkpoint_signer();
    record_next_key(&opened, &signer.next_key(&new).await?).await?;
    signer.rotate_key(&old.id, &new).await?;
    keys::install_next_key(&config.keys, KeyPurpose::Checkpoint, Some(&old.id))?;
    store.close().await;
    print_line!(
        "the log names the new key under a head of the old one, and the new key signs from here \
            on. Give it to those who check: /log/key"
    );
    Ok(())
}

/// Records the key that signs next. A rotation that was interrupted has recorded it before.
async fn record_next_key(opened: &OpenedOrganisation, key: &str) -> Result<(), TaskError> {
    let key: CheckpointKey = key.parse().map_err(not_checked)?;
    let command = OrganisationCommand::RecordKeyRotation(RecordKeyRotation { key });
    let command = Command::Organisation(opened.commands.organisation(), command);
    match opened
        .commands
        .execute(CommandRequest::new(Caller::operator(), command))
        .await
    {
        Ok(_) | Err(CommandError::Refused(Refusal::NoChange)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
