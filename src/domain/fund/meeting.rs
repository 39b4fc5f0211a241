//! Commands that concern many items: a panel's meeting, a batch of payments, a round's reserve
//! list.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{
    BatchLine, Fund, FundEvent, FundState, MakeBankFile, MoveLetters, PaymentBatch, RecordMeeting,
    ReleaseLetters, ReserveEntry, SendBatch,
};
use crate::domain::text::Slug;
use crate::domain::{Actor, DecisionContext, GrantId, Money, Refusal};

/// The largest number of decisions of a meeting, and of payments in a batch.
const DECISIONS_MAX: usize = 200;
const PAYMENTS_MAX: usize = 500;

fn must_name_each_once<T: Ord>(
    named: &[T],
    most: usize,
    if_none: &'static str,
) -> Result<(), Refusal> {
    if named.is_empty() {
        return Err(Refusal::Nothing(if_none));
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

/// The day on which letters go out; `None` if they go out today. Refuses a day that has passed.
fn letters_day(day: Option<Date>, facts: &DecisionContext) -> Result<Option<Date>, Refusal> {
    if day.is_some_and(|day| day < facts.today) {
        return Err(Refusal::DatesOutOfOrder(
            "choose today or a later day for the letters",
        ));
    }
    Ok(day.filter(|day| *day > facts.today))
}

impl PaymentBatch {
    /// A batch that is not sent yet.
    pub(super) fn of(lines: &[BatchLine], files: u32) -> Self {
        Self {
            payments: u32::try_from(lines.len()).unwrap_or(u32::MAX),
            total: lines.iter().map(|line| line.amount).sum(),
            files,
            unsent: lines.to_vec(),
        }
    }

    fn is_sent(&self) -> bool {
        self.unsent.is_empty()
    }

    /// Whether the bank file of the batch has exactly these payments.
    fn has_exactly(&self, lines: &[BatchLine]) -> bool {
        let set = |lines: &[BatchLine]| -> BTreeSet<(GrantId, u16, Money)> {
            let key = |line: &BatchLine| (line.grant, line.payment, line.amount);
            lines.iter().map(key).collect()
        };
        set(&self.unsent) == set(lines)
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
                "the panel cannot have met before the round opened",
            ));
        }
        let applications: Vec<_> = meeting
            .decisions
            .iter()
            .map(|line| line.application)
            .collect();
        must_name_each_once(&applications, DECISIONS_MAX, "add at least one decision")?;
        let letters_on = letters_day(meeting.letters_on, facts)?;
        if let Some(held) = round.held_letters(meeting.met_on)
            && letters_on.is_some_and(|day| day != held.letters_on)
        {
            return Err(Refusal::LettersDiffer(held.letters_on));
        }
        Ok(FundEvent::PanelMet {
            round: meeting.round.clone(),
            met_on: meeting.met_on,
            applications,
            letters_on,
        })
    }

    pub(super) fn release_letters(
        &self,
        of: &ReleaseLetters,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        let round = self.round(&of.round).ok_or(Refusal::Unknown("round"))?;
        let held = round.held_letters(of.met_on).ok_or(Refusal::LetterGone)?;
        if facts.actor() == Actor::Job && facts.today < held.letters_on {
            return Err(Refusal::LettersNotDue(held.letters_on));
        }
        Ok(FundEvent::LettersReleased {
            round: of.round.clone(),
            met_on: of.met_on,
            applications: held.applications.iter().copied().collect(),
        })
    }

    pub(super) fn move_letters(
        &self,
        to: &MoveLetters,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        let round = self.round(&to.round).ok_or(Refusal::Unknown("round"))?;
        let held = round.held_letters(to.met_on).ok_or(Refusal::LetterGone)?;
        let letters_on = letters_day(Some(to.letters_on), facts)?
            .filter(|day| *day != held.letters_on)
            .ok_or(Refusal::NoChange)?;
        Ok(FundEvent::LettersMoved {
            round: to.round.clone(),
            met_on: to.met_on,
            letters_on,
            applications: held.applications.iter().copied().collect(),
        })
    }

    pub(super) fn send_batch(
        &self,
        batch: &SendBatch,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        self.must_be(&[FundState::Open, FundState::Paused])?;
        let made = self.batches.get(&batch.batch);
        if made.is_some_and(PaymentBatch::is_sent) {
            return Err(Refusal::Exists("batch"));
        }
        facts.not_future(batch.sent_on)?;
        self.can_be_batched(&batch.batch, &batch.payments)?;
        if made.is_some_and(|made| !made.has_exactly(&batch.payments)) {
            return Err(Refusal::FileMade);
        }
        let PaymentBatch {
            payments, total, ..
        } = PaymentBatch::of(&batch.payments, 0);
        Ok(FundEvent::BatchSent {
            batch: batch.batch.clone(),
            sent_on: batch.sent_on,
            payments,
            total,
        })
    }

    /// The grants of a batch whose bank file is made, until it is sent.
    pub fn unsent_grants(&self, batch: &Slug) -> impl Iterator<Item = GrantId> {
        let lines = self.batches.get(batch).map(|made| made.unsent.as_slice());
        lines.unwrap_or_default().iter().map(|line| line.grant)
    }

    pub(super) fn make_bank_file(
        &self,
        made: &MakeBankFile,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        let known = self.batches.get(&made.batch);
        let files = known.map_or(0, |known| known.files);
        let batch = if made.lines.is_empty() {
            known.cloned().ok_or(Refusal::Unknown("batch"))?
        } else {
            if known.is_some_and(PaymentBatch::is_sent) {
                return Err(Refusal::Exists("batch"));
            }
            self.must_be(&[FundState::Open, FundState::Paused])?;
            let mut lines = made.lines.iter();
            if lines.any(|line| !self.budget.has_commitment(line.grant)) {
                return Err(Refusal::Unknown("grant of this fund"));
            }
            self.can_be_batched(&made.batch, &made.lines)?;
            PaymentBatch::of(&made.lines, files)
        };
        if !made.grants.is_empty() {
            must_name_each_once(&made.grants, PAYMENTS_MAX, "name the grants of the file")?;
        }
        if made.payments == 0 || made.total.is_zero() {
            return Err(Refusal::Nothing(
                "there is no payment to put into this file",
            ));
        }
        if made.payments > batch.payments || made.total > batch.total {
            return Err(Refusal::AmountDiffers {
                said: made.total,
                is: batch.total,
            });
        }
        if files > 0 && made.reason.is_none() {
            return Err(Refusal::FileMade);
        }
        Ok(FundEvent::BankFileMade {
            batch: made.batch.clone(),
            number: files + 1,
            payments: made.payments,
            total: made.total,
            digest: made.digest.clone(),
            reason: made.reason.clone(),
            by: facts.by()?,
            lines: made.lines.clone(),
        })
    }

    /// Refuses payments that are named twice, or that are in the bank file of another batch that is
    /// not sent yet: the bank could pay them twice.
    fn can_be_batched(&self, batch: &Slug, lines: &[BatchLine]) -> Result<(), Refusal> {
        let named: Vec<_> = lines
            .iter()
            .map(|line| (line.grant, line.payment))
            .collect();
        must_name_each_once(&named, PAYMENTS_MAX, "select at least one payment")?;
        let mut others = self.batches.iter().filter(|(key, _)| *key != batch);
        let in_other_file = others.any(|(_, other)| {
            let mut unsent = other.unsent.iter();
            unsent.any(|line| named.contains(&(line.grant, line.payment)))
        });
        if in_other_file {
            Err(Refusal::FileMade)
        } else {
            Ok(())
        }
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
