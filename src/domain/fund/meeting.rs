//! Commands that concern many items: a panel's meeting, a batch of payments, a round's reserve
//! list.

use std::collections::BTreeSet;

use super::{Fund, FundEvent, FundState, MakeBankFile, RecordMeeting, ReserveEntry, SendBatch};
use crate::domain::{DecisionContext, Refusal};

/// The largest number of decisions of a meeting, and of payments in a batch.
const DECISIONS_MAX: usize = 200;
const PAYMENTS_MAX: usize = 500;

fn must_name_each_once<T: Ord>(named: &[T], most: usize) -> Result<(), Refusal> {
    if named.is_empty() {
        return Err(Refusal::Nothing);
    }
    if named.len() > most {
        return Err(Refusal::TooManyItems(most));
    }
    let distinct: BTreeSet<_> = named.iter().collect();
    if distinct.len() == named.len() {
        Ok(())
    } else {
        Err(Refusal::NamedTwice)
    }
}

impl Fund {
    pub(super) fn record_meeting(
        &self,
        meeting: &RecordMeeting,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        self.must_be_open()?;
        let round = self
            .round(&meeting.round)
            .ok_or(Refusal::Unknown("round"))?;
        facts.not_future(meeting.met_on)?;
        if meeting.met_on < round.opens_on() {
            return Err(Refusal::DatesOutOfOrder(
                "the panel met before the round opened",
            ));
        }
        let applications: Vec<_> = meeting
            .decisions
            .iter()
            .map(|line| line.application)
            .collect();
        must_name_each_once(&applications, DECISIONS_MAX)?;
        Ok(FundEvent::PanelMet {
            round: meeting.round.clone(),
            met_on: meeting.met_on,
            applications,
        })
    }

    pub(super) fn send_batch(
        &self,
        batch: &SendBatch,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        self.must_be(&[FundState::Open, FundState::Paused])?;
        if self.batches.contains_key(&batch.batch) {
            return Err(Refusal::Exists("batch"));
        }
        facts.not_future(batch.sent_on)?;
        let payments: Vec<_> = batch
            .payments
            .iter()
            .map(|line| (line.grant, line.payment))
            .collect();
        must_name_each_once(&payments, PAYMENTS_MAX)?;
        let payments = u32::try_from(payments.len()).unwrap_or(u32::MAX);
        let total = batch.payments.iter().map(|line| line.amount).sum();
        Ok(FundEvent::BatchSent {
            batch: batch.batch.clone(),
            sent_on: batch.sent_on,
            payments,
            total,
        })
    }

    pub(super) fn make_bank_file(
        &self,
        made: &MakeBankFile,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        let sent = self
            .batches
            .get(&made.batch)
            .ok_or(Refusal::Unknown("batch"))?;
        if made.payments == 0 || made.total.is_zero() {
            return Err(Refusal::Nothing);
        }
        if made.payments > sent.payments || made.total > sent.total {
            return Err(Refusal::AmountDiffers {
                said: made.total,
                is: sent.total,
            });
        }
        if sent.files > 0 && made.reason.is_none() {
            return Err(Refusal::FileMade);
        }
        Ok(FundEvent::BankFileMade {
            batch: made.batch.clone(),
            number: sent.files + 1,
            payments: made.payments,
            total: made.total,
            digest: made.digest.clone(),
            reason: made.reason.clone(),
            by: facts.by()?,
        })
    }

    pub(super) fn list(&self, at: &ReserveEntry) -> Result<FundEvent, Refusal> {
        self.must_be(&[FundState::Open, FundState::Paused])?;
        self.rank_must_be_free(&at.round, at.rank)?;
        Ok(FundEvent::ReserveListed {
            application: at.application,
            round: at.round.clone(),
            rank: at.rank,
        })
    }

    pub(super) fn unlist(&self, at: &ReserveEntry) -> Result<FundEvent, Refusal> {
        if !self.rounds.is_reserved(&at.round, at.rank, at.application) {
            return Err(Refusal::Unknown("place on the reserve list"));
        }
        Ok(FundEvent::ReserveUnlisted {
            application: at.application,
            round: at.round.clone(),
            rank: at.rank,
        })
    }
}
