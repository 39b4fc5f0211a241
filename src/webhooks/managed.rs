//! Webhooks of administrators: each receives the kinds of events that were chosen for it, at its
//! own pace.
//!
//! # Claims
//!
//! A process claims a webhook for 60 seconds by advancing its `due_at`, so two processes never send
//! for the same webhook at the same time.
//!
//! # Deliveries
//!
//! The next events become a delivery, which is stored before it is sent. A delivery that fails is
//! tried again at growing intervals for three days; the following ones are sent meanwhile. A
//! webhook of which every delivery failed for three days is paused until an administrator resumes
//! it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::{
    EVENTS_MAX, POLL_INTERVAL, SECOND_US, WebhookError, WebhookMessage, WebhookSecret,
    public_resolver, retry_delay,
};
use crate::crypto::vault::Vault;
use crate::domain::organisation::{Webhook, WebhookTarget};
use crate::domain::{Aggregate as _, Organisation, OrganisationId};
use crate::eventlog::Log;
use crate::store::events;
use crate::store::webhook_deliveries::{
    self as stored, AttemptOutcome, DeliveryRow, WebhookProgress,
};

/// How long a claim is valid, and how long a delivery is tried, in microseconds.
pub const CLAIM_US: i64 = 60 * SECOND_US;
pub const GIVE_UP_AFTER_US: i64 = 3 * 86_400 * SECOND_US;
/// How old the cached state of the organisation may be.
const STATE_AGE_MAX: Duration = Duration::from_secs(2);
/// A webhook without a row in the database starts at its confirmation if that is younger than this,
/// in microseconds. If it is older, a backup was restored, and the webhook starts at the end of the
/// log.
const CONFIRMED_AGE_MAX_US: i64 = 3600 * SECOND_US;

/// Sends the webhooks of one organisation's administrators.
#[derive(Clone)]
pub struct ManagedWebhooks {
    log: Log,
    organisation: OrganisationId,
    agent: ureq::Agent,
}

/// A webhook that is confirmed and has a secret.
struct ActiveWebhook {
    number: u32,
    name: String,
    target: WebhookTarget,
    secret: u32,
}

impl ActiveWebhook {
    /// `None` if the webhook is not confirmed, or no secret was made yet.
    fn from_confirmed(number: u32, webhook: &Webhook) -> Option<Self> {
        let target = webhook.target.clone().filter(|_| webhook.secret > 0)?;
        Some(Self {
            number,
            name: name_of(number),
            target,
            secret: webhook.secret,
        })
    }
}

/// The name of a webhook in the database.
#[must_use]
pub fn name_of(number: u32) -> String {
    number.to_string()
}

/// The `secret`-th secret of a webhook. It is derived from both numbers and a key outside the
/// database, and stored nowhere.
#[must_use]
pub fn derive_secret(vault: &Vault, number: u32, secret: u32) -> WebhookSecret {
    WebhookSecret::from_bytes(
        hex::decode(vault.derive_secret("webhook", &format!("{number}/{secret}")))
            .unwrap_or_default(),
    )
}

impl ManagedWebhooks {
    /// `inside` is the operator's setting: whether private addresses are allowed.
    #[must_use]
    pub fn new(log: Log, organisation: OrganisationId, inside: bool) -> Self {
        Self {
            log,
            organisation,
            agent: public_resolver::build_agent(inside),
        }
    }

    /// Follows the log until it is stopped, and finishes the deliveries that are being sent.
    /// `clock` returns microseconds since 1970.
    pub async fn run(self, clock: fn() -> i64, mut stop: watch::Receiver<bool>) {
        let (mut under_way, mut busy) = (JoinSet::new(), BTreeSet::new());
        while !*stop.borrow() {
            while let Some(done) = under_way.try_join_next() {
                match done {
                    Ok(number) => drop(busy.remove(&number)),
                    Err(error) => std::panic::resume_unwind(error.into_panic()),
                }
            }
            let pause = match self.load_due(clock()).await {
                Ok(ready) => {
                    for number in ready.into_iter().filter(|number| busy.insert(*number)) {
                        under_way.spawn(self.clone().follow(number, clock, stop.clone()));
                    }
                    POLL_INTERVAL
                }
                Err(error) => {
                    tracing::error!(
                        %error,
                        "the webhooks that were made could not be seen to; trying again"
                    );
                    POLL_INTERVAL * 5
                }
            };
            if let Ok(Err(_)) = tokio::time::timeout(pause, stop.changed()).await {
                break;
            }
        }
        under_way.join_all().await;
    }

    /// Sends the due deliveries of one webhook. Returns its number.
    async fn follow(self, number: u32, clock: fn() -> i64, stop: watch::Receiver<bool>) -> u32 {
        while !*stop.borrow() {
            match self.deliver(number, clock()).await {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    tracing::error!(
                        %error, webhook = number,
                        "a webhook could not be seen to; trying again"
                    );
                    break;
                }
            }
        }
        number
    }

    /// Sends one delivery of each webhook that is due. Returns how many webhooks had something to
    /// do. A delivery that the receiver rejects is no error: it is tried again later.
    pub async fn run_once(&self, now: i64) -> Result<usize, WebhookError> {
        let mut seen_to = 0;
        for number in self.load_due(now).await? {
            seen_to += usize::from(self.deliver(number, now).await?);
        }
        Ok(seen_to)
    }

    /// The numbers of the webhooks that are due. New webhooks get a row, and rows of ended ones are
    /// deleted.
    async fn load_due(&self, now: i64) -> Result<Vec<u32>, WebhookError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let known = stored::all(store, organisation).await?;
        let mut state = self.organisation_state().await?;
        if known.iter().any(|standing| is_ended(&state, standing)) {
            // Another process may have inserted the row of a webhook that this process has not seen
            // yet.
            state = self
                .log
                .refresh::<Organisation>(self.organisation.0)
                .await?
                .state;
        }
        for gone in known.iter().filter(|standing| is_ended(&state, standing)) {
            stored::delete(store, organisation, &gone.name).await?;
        }
        let mut ready = Vec::new();
        for (number, webhook) in state
            .webhooks()
            .iter()
            .filter(|(_, webhook)| webhook.target.is_some())
        {
            let name = name_of(number);
            match known.iter().find(|standing| standing.name == name) {
                None => {
                    stored::begin(
                        store,
                        organisation,
                        &name,
                        self.start_position(number, now).await?,
                    )
                    .await?;
                }
                Some(standing) if is_due(standing, now) && webhook.secret > 0 => ready.push(number),
                Some(_) => {}
            }
        }
        Ok(ready)
    }

    /// The organisation, at most [`STATE_AGE_MAX`] old.
    async fn organisation_state(&self) -> Result<Arc<Organisation>, WebhookError> {
        Ok(self
            .log
            .load_recent::<Organisation>(self.organisation.0, STATE_AGE_MAX)
            .await?
            .state)
    }

    /// The position after the first confirmation of a webhook, or the end of the log: see
    /// [`CONFIRMED_AGE_MAX_US`].
    async fn start_position(&self, number: u32, now: i64) -> Result<i64, WebhookError> {
        let id = format!("{}/{}", self.log.organisation(), self.organisation);
        let rows = events::stream_events(
            self.log.store(),
            self.log.organisation(),
            Organisation::TYPE,
            &id,
            0,
        )
        .await?;
        let confirms = |payload: &str| {
            let payload: serde_json::Value = serde_json::from_str(payload).unwrap_or_default();
            payload["WebhookConfirmed"]["webhook"] == number
        };
        let confirmed = rows
            .iter()
            .find(|row| row.event_type == "WebhookConfirmed" && confirms(&row.payload));
        match confirmed.filter(|row| row.recorded_at > now - CONFIRMED_AGE_MAX_US) {
            Some(row) => Ok(row.position + 1),
            None => Ok(self.log.length().await?),
        }
    }

    /// Claims one webhook and sends a delivery. Returns whether there was something to do.
    async fn deliver(&self, number: u32, now: i64) -> Result<bool, WebhookError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        // Read each time, because the webhook may be changed or ended while there is much to send.
        let state = self.organisation_state().await?;
        let Some(webhook) = state
            .webhooks()
            .get(number)
            .and_then(|webhook| ActiveWebhook::from_confirmed(number, webhook))
        else {
            return Ok(false);
        };
        let Some(standing) = stored::find(store, organisation, &webhook.name).await? else {
            return Ok(false);
        };
        let waiting = stored::due(store, organisation, &webhook.name, now).await?;
        let has_more = standing.next < self.log.length().await?;
        let claim = now + CLAIM_US;
        if !is_due(&standing, now)
            || (waiting.is_none() && !has_more)
            || !stored::claim(store, organisation, &standing, claim).await?
        {
            return Ok(false);
        }
        // While deliveries fail, new events are as good a probe as a waiting delivery, and sending
        // them advances the position. Otherwise waiting deliveries come first.
        let waiting = waiting.filter(|_| standing.failures == 0 || !has_more);
        let delivery = match waiting {
            Some(delivery) => Some(delivery),
            None => {
                self.create_delivery(&webhook, &standing, (now, claim))
                    .await?
            }
        };
        if let Some(delivery) = delivery {
            self.send_delivery(&webhook, &standing, &delivery, (now, claim))
                .await?;
        }
        Ok(true)
    }

    /// Creates a delivery of the next events of a claimed webhook. `None` if it wants none of them,
    /// in which case its position is advanced past them, or if the claim has expired.
    async fn create_delivery(
        &self,
        webhook: &ActiveWebhook,
        standing: &WebhookProgress,
        (now, claim): (i64, i64),
    ) -> Result<Option<DeliveryRow>, WebhookError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let rows = events::read_page(store, organisation, standing.next, EVENTS_MAX).await?;
        let through = rows.last().map_or(standing.next, |row| row.position + 1);
        if !rows
            .iter()
            .any(|row| webhook.target.accepts(&row.aggregate_type, &row.event_type))
        {
            stored::skip_to(store, organisation, &webhook.name, through, claim).await?;
            return Ok(None);
        }
        let delivery = DeliveryRow {
            from: standing.next,
            through,
            state: "waiting".to_owned(),
            tries: 0,
            made_at: now,
            due_at: now,
            give_up_at: now + GIVE_UP_AFTER_US,
            tried_at: None,
            error: None,
        };
        Ok(
            stored::enqueue(store, organisation, &webhook.name, &delivery, claim)
                .await?
                .then_some(delivery),
        )
    }

    /// Sends a delivery of a claimed webhook and records the outcome. The kinds of events may have
    /// changed since the delivery was created: the current choice applies.
    async fn send_delivery(
        &self,
        webhook: &ActiveWebhook,
        standing: &WebhookProgress,
        delivery: &DeliveryRow,
        (now, claim): (i64, i64),
    ) -> Result<(), WebhookError> {
        let (store, organisation, name) = (
            self.log.store(),
            self.log.organisation(),
            webhook.name.as_str(),
        );
        let rows = events::read_page(
            store,
            organisation,
            delivery.from,
            delivery.through - delivery.from,
        )
        .await?;
        let wanted = rows
            .iter()
            .filter(|row| webhook.target.accepts(&row.aggregate_type, &row.event_type));
        let message = WebhookMessage::new(
            organisation,
            name,
            (delivery.from, delivery.through),
            wanted,
            now,
        );
        // The receiver may need time to install a new secret, so the previous one signs as well.
        let numbers = [
            Some(webhook.secret),
            webhook.secret.checked_sub(1).filter(|before| *before > 0),
        ];
        let secrets: Vec<WebhookSecret> = numbers
            .into_iter()
            .flatten()
            .map(|number| derive_secret(self.log.vault(), webhook.number, number))
            .collect();
        let came = match message
            .post(
                &self.agent,
                webhook.target.address.as_str(),
                &secrets.iter().collect::<Vec<_>>(),
            )
            .await
        {
            Ok(()) => AttemptOutcome::Accepted,
            Err(error) => {
                let (webhook, from, tries) = (webhook.number, delivery.from, delivery.tries + 1);
                tracing::warn!(webhook, from, tries, %error, "a webhook was not taken");
                after_failure(standing, delivery, error, now)
            }
        };
        Ok(stored::record_attempt(
            store,
            organisation,
            name,
            delivery.from,
            &came,
            (now, claim),
        )
        .await?)
    }
}

fn is_ended(state: &Organisation, standing: &WebhookProgress) -> bool {
    !state
        .webhooks()
        .iter()
        .any(|(number, _)| name_of(number) == standing.name)
}

fn is_due(standing: &WebhookProgress, now: i64) -> bool {
    standing.paused_at.is_none() && standing.due_at <= now
}

/// The outcome of a failed delivery: when it is tried again, when its webhook is, and whether the
/// webhook is paused.
fn after_failure(
    standing: &WebhookProgress,
    delivery: &DeliveryRow,
    error: String,
    now: i64,
) -> AttemptOutcome {
    let again_at = now + with_jitter(retry_delay(delivery.tries + 1), &standing.name, delivery);
    let due_at = now + retry_delay(standing.failures + 1);
    let paused = standing
        .failing_since
        .is_some_and(|since| since <= now - GIVE_UP_AFTER_US);
    AttemptOutcome::Failed {
        error,
        again_at: Some(again_at).filter(|at| *at <= delivery.give_up_at),
        due_at,
        paused,
    }
}

/// Adds up to a quarter, derived from the delivery, so that deliveries that failed together are not
/// all repeated together.
fn with_jitter(pause: i64, name: &str, delivery: &DeliveryRow) -> i64 {
    let digest = Sha256::digest(format!("{name}/{}/{}", delivery.from, delivery.tries).as_bytes());
    pause + pause / 1024 * i64::from(digest[0])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(failures: i64, failing_since: Option<i64>) -> WebhookProgress {
        WebhookProgress {
            name: "1".into(),
            next: 9,
            due_at: 0,
            failures,
            failing_since,
            paused_at: None,
            took_at: None,
            error: None,
        }
    }

    fn delivery(tries: i64) -> DeliveryRow {
        let state = "waiting".to_owned();
        DeliveryRow {
            from: 5,
            through: 9,
            state,
            tries,
            made_at: 0,
            due_at: 0,
            give_up_at: GIVE_UP_AFTER_US,
            tried_at: None,
            error: None,
        }
    }

    #[test]
    fn a_delivery_is_tried_later_and_later_for_three_days() {
        let (mut now, mut tries) = (0, 0);
        while let AttemptOutcome::Failed {
            again_at: Some(at), ..
        } = after_failure(
            &standing(tries, Some(0)),
            &delivery(tries),
            String::new(),
            now,
        ) {
            assert!(
                at - now >= retry_delay(tries + 1) && at - now <= retry_delay(tries + 1) * 5 / 4,
                "try {tries} waits {}",
                at - now
            );
            (now, tries) = (at, tries + 1);
        }
        assert!(
            now > GIVE_UP_AFTER_US - 2 * 3600 * SECOND_US
                && now <= GIVE_UP_AFTER_US
                && (60..100).contains(&tries),
            "{tries} tries until {now}"
        );
    }

    #[test]
    fn a_webhook_that_took_nothing_for_three_days_is_paused() {
        let paused = |since| {
            matches!(
                after_failure(
                    &standing(9, since),
                    &delivery(9),
                    String::new(),
                    2 * GIVE_UP_AFTER_US
                ),
                AttemptOutcome::Failed { paused: true, .. }
            )
        };
        assert!(
            paused(Some(GIVE_UP_AFTER_US)) && !paused(Some(GIVE_UP_AFTER_US + 1)) && !paused(None)
        );
    }
}
