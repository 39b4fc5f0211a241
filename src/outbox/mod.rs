//! The outbox: mails that are due, claimed, sent or failed. Times are in microseconds since 1970.
//!
//! The mails that events cause are enqueued in the transaction that advances the mail subscription,
//! so that each event causes its mails exactly once.

use crate::eventlog::{Log, LogError};
use crate::store::outbox as stored;
pub use crate::store::outbox::{BY_HAND, DeliveryOutcome, MailRow, NewMail};
use crate::store::{Tx, subscriptions};

/// Name of the subscription; it is stored.
const SUBSCRIPTION: &str = "mail";

/// Starts the mail subscription at a position, unless it exists.
pub async fn subscribe_at(log: &Log, position: i64) -> Result<(), LogError> {
    let subscription = MailSubscription::lock(log, position).await?;
    Ok(subscription.tx.commit().await?)
}

/// A mail that staff pass on by phone, by letter or in person, and what they did with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailByHand {
    pub id: String,
    pub change: ByHandChange,
}

/// What staff did with a mail that waited for a call or a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByHandChange {
    /// The person knows, in this way.
    PassedOn(&'static str),
    /// That was a mistake.
    WaitsAgain,
    /// The mail is sent by email after all.
    Emailed,
}

/// The mail subscription in an open transaction, locked until it is advanced or dropped.
pub struct MailSubscription<'a> {
    log: &'a Log,
    tx: Tx,
    next_position: i64,
}

impl<'a> MailSubscription<'a> {
    /// Locks the subscription. Creates it at `begins` if it has never read.
    pub async fn lock(log: &'a Log, begins: i64) -> Result<Self, LogError> {
        let mut tx = log.store().begin().await?;
        let next_position =
            subscriptions::lock(&mut tx, log.organisation(), SUBSCRIPTION, begins).await?;
        Ok(Self {
            log,
            tx,
            next_position,
        })
    }

    /// The position that the subscription reads next.
    #[must_use]
    pub fn next_position(&self) -> i64 {
        self.next_position
    }

    /// Applies what staff did with mails, in the subscription's transaction.
    pub async fn apply_by_hand(&mut self, mails: &[MailByHand], now: i64) -> Result<(), LogError> {
        for mail in mails {
            apply_change(&mut self.tx, self.log, mail, now).await?;
        }
        Ok(())
    }

    /// Enqueues the mails of a number of events, advances over these events, and commits.
    pub async fn advance(
        mut self,
        events: i64,
        mails: &[NewMail],
        now: i64,
    ) -> Result<(), LogError> {
        insert_all(&mut self.tx, self.log, mails, now).await?;
        subscriptions::advance(
            &mut self.tx,
            self.log.organisation(),
            SUBSCRIPTION,
            self.next_position + events,
        )
        .await?;
        Ok(self.tx.commit().await?)
    }
}

/// Enqueues mails that no event causes, in one transaction.
pub async fn enqueue(log: &Log, mails: &[NewMail], now: i64) -> Result<(), LogError> {
    let mut tx = log.store().begin().await?;
    insert_all(&mut tx, log, mails, now).await?;
    Ok(tx.commit().await?)
}

/// Inserts mails, except those whose ids exist.
async fn insert_all(tx: &mut Tx, log: &Log, mails: &[NewMail], now: i64) -> Result<(), LogError> {
    for mail in mails {
        stored::insert(tx, log.organisation(), mail, now).await?;
    }
    Ok(())
}

/// Claims, until a time, the mail that has been due for longest. A mail whose claim has expired is
/// due again.
pub async fn claim(log: &Log, now: i64, until: i64) -> Result<Option<MailRow>, LogError> {
    Ok(stored::claim(log.store(), log.organisation(), now, until).await?)
}

/// Records the outcome of a mail, unless its claim has expired and another process has claimed it.
pub async fn record_outcome(
    log: &Log,
    mail: &MailRow,
    outcome: &DeliveryOutcome,
    now: i64,
) -> Result<(), LogError> {
    Ok(stored::record_outcome(log.store(), log.organisation(), mail, outcome, now).await?)
}

/// Applies what staff did with a mail.
pub async fn apply_by_hand(log: &Log, mail: &MailByHand, now: i64) -> Result<(), LogError> {
    let mut tx = log.store().begin().await?;
    apply_change(&mut tx, log, mail, now).await?;
    Ok(tx.commit().await?)
}

async fn apply_change(
    tx: &mut Tx,
    log: &Log,
    MailByHand { id, change }: &MailByHand,
    now: i64,
) -> Result<(), LogError> {
    let organisation = log.organisation();
    match change {
        ByHandChange::PassedOn(how) => {
            stored::settle_by_hand(tx, organisation, id, how, now).await?;
        }
        ByHandChange::WaitsAgain => stored::wait_by_hand_again(tx, organisation, id).await?,
        ByHandChange::Emailed => stored::retry(tx, organisation, id, now).await?,
    }
    Ok(())
}

/// A mail.
pub async fn find(log: &Log, id: &str) -> Result<Option<MailRow>, LogError> {
    Ok(stored::find(log.store(), log.organisation(), id).await?)
}

/// The mails that wait for a call or a letter, the oldest first.
pub async fn waiting_by_hand(log: &Log, most: i64) -> Result<Vec<MailRow>, LogError> {
    Ok(stored::waiting_by_hand(log.store(), log.organisation(), most).await?)
}

/// The number of mails that wait for a call or a letter.
pub async fn count_waiting_by_hand(log: &Log) -> Result<i64, LogError> {
    Ok(stored::count_in_state(log.store(), log.organisation(), BY_HAND).await?)
}

/// Makes a failed mail, or one that waits for a call or a letter, due again.
pub async fn retry(log: &Log, id: &str, now: i64) -> Result<(), LogError> {
    let mut tx = log.store().begin().await?;
    stored::retry(&mut tx, log.organisation(), id, now).await?;
    Ok(tx.commit().await?)
}

/// The newest mails, in one state, or in all if `state` is empty.
pub async fn newest(log: &Log, state: &str, most: i64) -> Result<Vec<MailRow>, LogError> {
    Ok(stored::newest(log.store(), log.organisation(), state, most).await?)
}

/// The number of mails in each unfinished state: due, claimed, failed.
pub async fn count_unsettled(log: &Log) -> Result<Vec<(String, i64)>, LogError> {
    Ok(stored::count_unsettled(log.store(), log.organisation()).await?)
}
