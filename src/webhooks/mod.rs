//! Webhooks: subscriptions of the log that post events to other systems, in order.
//!
//! This file sends to the addresses that the operator configured, `managed` to those of
//! administrators. Both sign as Standard Webhooks do (<https://www.standardwebhooks.com>).
//!
//! A delivery is a range of positions. It is claimed before it is sent, its id is derived from the
//! address and the range, and the range does not change until the address has accepted it. So no
//! event is lost, and a repeat has the same id.

pub mod deliveries;
mod managed;
mod public_resolver;
mod signature;

use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use uuid::Uuid;

use crate::domain::event::{SCORE_EVENTS, UNSENT_EVENTS};
use crate::eventlog::{Log, LogError};
use crate::store::events::{self, EventRow};
use crate::store::webhooks as stored;
use crate::transparency::log_entry;
pub use managed::{
    CLAIM_US, GIVE_UP_AFTER_US, ManagedWebhooks, derive_secret as managed_secret,
    name_of as managed_name,
};
use public_resolver::PrivateAddressError;
pub use signature::{WebhookSecret, WebhookSecretError};

/// How often to check for events that other processes appended.
const POLL_INTERVAL: Duration = Duration::from_secs(1);
/// The most events in one delivery.
const EVENTS_MAX: i64 = 100;
/// How long a receiver may take to respond.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(15);
const SECOND_US: i64 = 1_000_000;

/// Why no delivery could be made. A receiver that fails is no such error.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] crate::store::StoreError),
}

/// Sends one organisation's events to the configured addresses.
#[derive(Clone)]
pub struct ConfiguredWebhooks {
    log: Log,
    addresses: Arc<[String]>,
    secret: Arc<WebhookSecret>,
    agent: ureq::Agent,
}

impl ConfiguredWebhooks {
    #[must_use]
    pub fn new(log: Log, addresses: Vec<String>, secret: WebhookSecret) -> Self {
        let config = ureq::Agent::config_builder()
            .timeout_global(Some(RESPONSE_TIMEOUT))
            .max_redirects(0)
            .max_redirects_will_error(false);
        Self {
            log,
            addresses: addresses.into(),
            secret: Arc::new(secret),
            agent: config.build().into(),
        }
    }

    /// Starts addresses that are configured for the first time at the end of the log.
    pub async fn begin(&self) -> Result<(), WebhookError> {
        let length = self.log.length().await?;
        for address in self.addresses.iter() {
            stored::begin(
                self.log.store(),
                self.log.organisation(),
                &name_of(address),
                length,
            )
            .await?;
        }
        Ok(())
    }

    /// Follows the log until it is stopped, each address at its own pace, and finishes the
    /// deliveries that are being sent. `clock` returns microseconds since 1970.
    pub async fn run(self, clock: fn() -> i64, stop: watch::Receiver<bool>) {
        futures::future::join_all(
            self.addresses
                .iter()
                .map(|address| self.follow(address, clock, stop.clone())),
        )
        .await;
    }

    async fn follow(&self, address: &str, clock: fn() -> i64, mut stop: watch::Receiver<bool>) {
        while !*stop.borrow() {
            let pause = match self.deliver(address, clock()).await {
                Ok(false) => POLL_INTERVAL,
                Ok(true) => continue,
                Err(error) => {
                    tracing::error!(%error, "the webhooks could not be seen to; trying again");
                    POLL_INTERVAL * 5
                }
            };
            if let Ok(Err(_)) = tokio::time::timeout(pause, stop.changed()).await {
                return;
            }
        }
    }

    /// Sends each address its next delivery if one is due. Returns how many were sent. A delivery
    /// that the receiver rejects is no error: it is tried again later.
    pub async fn run_once(&self, now: i64) -> Result<usize, WebhookError> {
        let mut sent = 0;
        for address in self.addresses.iter() {
            sent += usize::from(self.deliver(address, now).await?);
        }
        Ok(sent)
    }

    async fn deliver(&self, address: &str, now: i64) -> Result<bool, WebhookError> {
        let (store, organisation, name) =
            (self.log.store(), self.log.organisation(), name_of(address));
        let length = self.log.length().await?;
        let Some(delivery) = stored::claim(
            store,
            organisation,
            &name,
            (length, EVENTS_MAX),
            (now, now + CLAIM_US),
        )
        .await?
        else {
            return Ok(false);
        };
        let rows = events::read_page(
            store,
            organisation,
            delivery.next,
            delivery.through - delivery.next,
        )
        .await?;
        let message = WebhookMessage::new(
            organisation,
            &name,
            (delivery.next, delivery.through),
            rows.iter(),
            now,
        );
        match message.post(&self.agent, address, &[&self.secret]).await {
            Ok(()) => stored::record_success(store, organisation, &delivery, now).await?,
            Err(why) => {
                tracing::warn!(
                    from = delivery.next, through = delivery.through, tries = delivery.tries, %why,
                    "a webhook was not taken; it is sent again"
                );
                stored::record_failure(
                    store,
                    organisation,
                    &delivery,
                    now + retry_delay(delivery.tries),
                    &why,
                )
                .await?;
            }
        }
        Ok(true)
    }
}

/// A request to one address.
struct WebhookMessage {
    id: String,
    seconds: String,
    body: String,
}

impl WebhookMessage {
    /// A message with events of the range from `from` up to `next`, which is excluded. Events have
    /// the canonical form of the log entry, so that inclusion proofs apply to them.
    fn new<'a>(
        organisation: &str,
        name: &str,
        (from, next): (i64, i64),
        rows: impl Iterator<Item = &'a EventRow>,
        now: i64,
    ) -> Self {
        let events: Vec<String> = rows.map(event_json).collect();
        let about = serde_json::to_string(organisation).unwrap_or_default();
        let range = format!(r#""from":{from},"next":{next}"#);
        let body = format!(
            r#"{{"type":"log.events","organisation":{about},{range},"events":[{}]}}"#,
            events.join(",")
        );
        Self {
            id: message_id(organisation, name, (from, next)),
            seconds: (now / SECOND_US).to_string(),
            body,
        }
    }

    /// Posts the message. The error is a reason that can be shown: it never contains the address,
    /// which may contain a secret.
    async fn post(
        self,
        agent: &ureq::Agent,
        address: &str,
        secrets: &[&WebhookSecret],
    ) -> Result<(), String> {
        let Self { id, seconds, body } = self;
        let signatures: Vec<String> = secrets
            .iter()
            .map(|secret| secret.sign(&id, &seconds, &body))
            .collect();
        let request = agent
            .post(address)
            .header("Content-Type", "application/json")
            .header("webhook-id", &id);
        let request = request
            .header("webhook-timestamp", &seconds)
            .header("webhook-signature", signatures.join(" "));
        let answered = tokio::task::spawn_blocking(move || request.send(body))
            .await
            .map_err(|error| error.to_string())?;
        match answered {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("it answered {}", answer.status())),
            Err(ureq::Error::StatusCode(status)) => Err(format!("it answered {status}")),
            Err(ureq::Error::Timeout(_)) => Err("it did not answer in time".to_owned()),
            Err(ureq::Error::RequireHttpsOnly(_)) => Err(
                "it is not https, and addresses inside our own network are not allowed".to_owned(),
            ),
            Err(ureq::Error::Other(cause)) if cause.is::<PrivateAddressError>() => {
                Err(cause.to_string())
            }
            // The text of the error may contain the address.
            Err(_) => Err("it could not be reached".to_owned()),
        }
    }
}

/// The id of a delivery, derived from the webhook's name and the range.
#[must_use]
pub fn message_id(organisation: &str, name: &str, (from, next): (i64, i64)) -> String {
    let scope = format!("webhook/{organisation}/{name}/{from}-{next}");
    Uuid::new_v5(&Uuid::NAMESPACE_OID, scope.as_bytes()).to_string()
}

/// The log entry of an event. Scores, and what a group has not sent, are confidential, so their
/// payload is replaced by `null`.
fn event_json(row: &EventRow) -> String {
    let kind = row.event_type.as_str();
    if SCORE_EVENTS.contains(&kind) || UNSENT_EVENTS.contains(&kind) {
        return log_entry::canonical_json(&EventRow {
            payload: "null".to_owned(),
            ..row.clone()
        });
    }
    log_entry::canonical_json(row)
}

/// The name of an address in the database: a digest, because the address may contain a secret.
fn name_of(address: &str) -> String {
    hex::encode(&Sha256::digest(address.as_bytes())[..16])
}

/// The time until the next attempt, in microseconds: 10 seconds, doubled after each attempt, an
/// hour at most.
fn retry_delay(tries: i64) -> i64 {
    let doubled = u32::try_from(tries.clamp(1, 12) - 1).unwrap_or_default();
    (10 * SECOND_US)
        .saturating_mul(2_i64.pow(doubled))
        .min(3600 * SECOND_US)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pause_is_twice_as_long_up_to_an_hour() {
        assert_eq!(
            [1, 2, 3].map(|tries| retry_delay(tries) / SECOND_US),
            [10, 20, 40]
        );
        assert_eq!(retry_delay(99) / SECOND_US, 3600);
    }
}
