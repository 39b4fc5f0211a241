//! The progress of managed webhooks and their deliveries, for administrators and auditors.

use super::managed::{CLAIM_US, GIVE_UP_AFTER_US, name_of};
use crate::eventlog::{Log, LogError};
use crate::store::webhook_deliveries as stored;
pub use crate::store::webhook_deliveries::{DeliveryRow, WebhookProgress};

/// The progress of all managed webhooks.
pub async fn progress_of_all(log: &Log) -> Result<Vec<WebhookProgress>, LogError> {
    Ok(stored::all(log.store(), log.organisation()).await?)
}

/// The deliveries of a webhook before a position, the newest first.
pub async fn newest_deliveries(
    log: &Log,
    webhook: u32,
    before: i64,
    most: i64,
) -> Result<Vec<DeliveryRow>, LogError> {
    Ok(stored::newest(
        log.store(),
        log.organisation(),
        &name_of(webhook),
        before,
        most,
    )
    .await?)
}

/// Resumes a paused webhook.
pub async fn resume(log: &Log, webhook: u32) -> Result<(), LogError> {
    Ok(stored::resume(log.store(), log.organisation(), &name_of(webhook)).await?)
}

/// Schedules a delivery to be sent again; `None` if there is no such delivery.
pub async fn redeliver(
    log: &Log,
    webhook: u32,
    delivery: i64,
    now: i64,
) -> Result<Option<DeliveryRow>, LogError> {
    Ok(stored::redeliver(
        log.store(),
        log.organisation(),
        &name_of(webhook),
        delivery,
        (now, CLAIM_US, now + GIVE_UP_AFTER_US),
    )
    .await?)
}
