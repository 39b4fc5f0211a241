//! Rotation of the keys.

use super::{TaskError, open_organisation};
use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::keys::{self, KeyPurpose};
use crate::crypto::rotation;
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

/// Replaces the key that signs checkpoints. The old and the new key both sign the newest one.
pub(super) async fn rotate_checkpoint_key(config: &Config) -> Result<(), TaskError> {
    let opened = open_organisation(config, TimestampSource::Database, Clock::System).await?;
    let store = opened.commands.log().store().clone();
    let (old, new) = keys::begin_rotation(&store, &config.keys, KeyPurpose::Checkpoint).await?;
    opened.checkpoint_signer().rotate_key(&old.id, &new).await?;
    keys::install_next_key(&config.keys, KeyPurpose::Checkpoint, Some(&old.id))?;
    store.close().await;
    print_line!(
        "the newest head is signed by both keys, and the new one signs from here on. Give it to \
            those who check: /log/key"
    );
    Ok(())
}
