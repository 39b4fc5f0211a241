//! The fund aggregate: money for one purpose, its rules and its rounds.
//!
//! Invariant: for each source, commitments never exceed the allocation.

mod budget;
mod command;
mod event;
mod meeting;
mod round;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use budget::Budget;
pub use command::{
    Allocate, BatchLine, Commit, CreateFund, DecisionLine, ExtendRound, FundCommand, MakeBankFile,
    MoveLetters, PlanRound, RecordMeeting, RefuseRules, ReleaseLetters, ReserveEntry, RoundRef,
    Rules, SendBatch, SetRules, Uncommit, WithdrawFunding,
};
pub use event::FundEvent;
pub use round::{Round, RoundState};
pub use texts::{
    ActivityKind, Criterion, EligibilityQuestion, EligibilityTranslation, FundTexts,
    FundTranslation,
};

use super::id::PersonId;
use super::money::{BelowZero, Money};
use super::role::Role;
use super::text::Slug;
use super::{Aggregate, DecisionContext, Refusal};
use command::validate_rules;
use round::FundRounds;

/// State of a fund.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FundState {
    #[default]
    Blank,
    Draft,
    Open,
    Paused,
    Closed,
    Archived,
}

/// A batch of payments. `files` counts the bank files that were made for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct PaymentBatch {
    payments: u32,
    total: Money,
    files: u32,
    /// The payments in its bank file, until it is sent. Empty if it was sent.
    #[serde(default)]
    unsent: Vec<BatchLine>,
}

/// State of the fund aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Fund {
    state: FundState,
    areas: BTreeSet<Slug>,
    rules: Rules,
    proposed: Option<(Rules, PersonId)>,
    budget: Budget,
    rounds: FundRounds,
    batches: BTreeMap<Slug, PaymentBatch>,
}

impl Fund {
    #[must_use]
    pub fn state(&self) -> FundState {
        self.state
    }

    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    #[must_use]
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    #[must_use]
    pub fn round(&self, round: &Slug) -> Option<&Round> {
        self.rounds.find(round)
    }

    /// The best rank on a round's reserve list: the application that is next.
    #[must_use]
    pub fn first_reserve(&self, round: &Slug) -> Option<u16> {
        self.rounds.first_reserve(round)
    }

    /// Refuses with [`Refusal::RankTaken`] a rank that another application has.
    pub fn rank_must_be_free(&self, round: &Slug, rank: u16) -> Result<(), Refusal> {
        self.rounds.rank_must_be_free(round, rank)
    }

    #[must_use]
    pub fn has_area(&self, area: &Slug) -> bool {
        self.areas.contains(area)
    }

    /// Refuses with [`Refusal::Unknown`] a fund that was never created.
    pub fn must_exist(&self) -> Result<(), Refusal> {
        if self.state == FundState::Blank {
            Err(Refusal::Unknown("fund"))
        } else {
            Ok(())
        }
    }

    /// Refuses with [`Refusal::OutsideBounds`] an amount outside the fund's rules.
    pub fn must_be_within_bounds(&self, amount: Money) -> Result<(), Refusal> {
        self.rules.must_allow(amount)
    }

    /// Refuses with [`Refusal::FundNotInState`] unless the fund is open.
    pub fn must_be_open(&self) -> Result<(), Refusal> {
        self.must_be(&[FundState::Open])
    }

    fn must_be(&self, states: &[FundState]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::FundNotInState(self.state.into()))
        }
    }

    fn create(&self, create: &CreateFund) -> Result<FundEvent, Refusal> {
        if self.state != FundState::Blank {
            return Err(Refusal::Exists("fund"));
        }
        validate_rules(&create.rules)?;
        if create.areas.is_empty() {
            return Err(Refusal::RulesIncomplete("add at least one place"));
        }
        Ok(FundEvent::FundCreated {
            name: create.name.clone(),
            purpose: create.purpose.clone(),
            areas: create.areas.clone(),
            rules: create.rules.clone(),
        })
    }

    fn change_rules(
        &self,
        command: &FundCommand,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        match command {
            FundCommand::SetRules(SetRules { rules }) => {
                self.must_be(&[FundState::Draft])?;
                validate_rules(rules)?;
                Ok(FundEvent::RulesSet {
                    rules: rules.clone(),
                })
            }
            FundCommand::ProposeRules(SetRules { rules }) => {
                self.must_be(&[FundState::Open, FundState::Paused])?;
                validate_rules(rules)?;
                Ok(FundEvent::RulesProposed {
                    rules: rules.clone(),
                    proposed_by: facts.by()?,
                })
            }
            FundCommand::ConfirmRules(said) => {
                self.must_be(&[FundState::Open, FundState::Paused])?;
                let proposed_by = self.proposer_of(&said.rules)?;
                let confirmed_by = facts.by()?;
                facts.must_be_two_people(proposed_by, confirmed_by)?;
                facts.still_holds(proposed_by, &[Role::Administrator])?;
                Ok(FundEvent::RulesConfirmed {
                    rules: said.rules.clone(),
                    confirmed_by,
                })
            }
            FundCommand::RefuseRules(RefuseRules { rules, reason }) => {
                self.proposer_of(rules)?;
                Ok(FundEvent::RulesRefused {
                    reason: reason.clone(),
                    by: facts.by()?,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    /// Who proposed these rules. Refuses with [`Refusal::NotProposed`] rules that differ from the
    /// proposal.
    fn proposer_of(&self, rules: &Rules) -> Result<PersonId, Refusal> {
        match &self.proposed {
            Some((proposed, by)) if proposed == rules => Ok(*by),
            _ => Err(Refusal::NotProposed),
        }
    }

    fn change_state(
        &self,
        command: &FundCommand,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        match command {
            FundCommand::Open(_) => {
                self.must_be(&[FundState::Draft])?;
                let needed = self.rules.people_per_payment();
                if facts.organisation()?.approver_count() < needed {
                    return Err(Refusal::TooFewApprovers(needed));
                }
                facts.two_administrators_must_have_signed_in()?;
                Ok(FundEvent::FundOpened {})
            }
            FundCommand::Pause(because) => {
                self.must_be(&[FundState::Open])?;
                Ok(FundEvent::FundPaused {
                    reason: because.reason.clone(),
                })
            }
            FundCommand::Resume(_) => {
                self.must_be(&[FundState::Paused])?;
                Ok(FundEvent::FundResumed {})
            }
            FundCommand::Close(_) => {
                self.must_be(&[FundState::Open, FundState::Paused])?;
                if self.budget.has_open_commitments() {
                    Err(Refusal::GrantsOpen)
                } else {
                    Ok(FundEvent::FundClosed {})
                }
            }
            _ => {
                self.must_be(&[FundState::Closed])?;
                Ok(FundEvent::FundArchived {})
            }
        }
    }

    fn change_money(
        &self,
        command: &FundCommand,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        match command {
            FundCommand::Allocate(allocate) => {
                self.must_be(&[FundState::Draft, FundState::Open, FundState::Paused])?;
                facts.not_future(allocate.received_on)?;
                if allocate.amount.is_zero() {
                    return Err(Refusal::Nothing("enter an amount of more than £0"));
                }
                if allocate
                    .source
                    .area
                    .as_ref()
                    .is_some_and(|area| !self.has_area(area))
                {
                    return Err(Refusal::UnknownArea);
                }
                Ok(FundEvent::FundingAllocated {
                    source: allocate.source.clone(),
                    amount: allocate.amount,
                    reference: allocate.reference.clone(),
                    received_on: allocate.received_on,
                })
            }
            FundCommand::WithdrawFunding(withdraw) => {
                self.must_be(&[
                    FundState::Draft,
                    FundState::Open,
                    FundState::Paused,
                    FundState::Closed,
                ])?;
                if withdraw.amount.is_zero() {
                    return Err(Refusal::Nothing("enter an amount of more than £0"));
                }
                let left = self.budget.uncommitted_from(&withdraw.source);
                if !left.covers(withdraw.amount) {
                    return Err(Refusal::NotAffordable {
                        asked: withdraw.amount,
                        left,
                    });
                }
                Ok(FundEvent::FundingWithdrawn {
                    source: withdraw.source.clone(),
                    amount: withdraw.amount,
                    reason: withdraw.reason.clone(),
                    withdrawn_on: facts.today,
                })
            }
            FundCommand::Commit(commit) => {
                self.must_be_open()?;
                self.budget.commit(commit)
            }
            FundCommand::Increase(commit) => {
                self.must_be_open()?;
                self.budget.increase(commit)
            }
            FundCommand::Reduce(uncommit) => self.budget.reduce(uncommit),
            FundCommand::Release(uncommit) => self.budget.release(uncommit),
            FundCommand::TakeBack(uncommit) => self.budget.take_back(uncommit),
            _ => Err(Refusal::NoChange),
        }
    }
}

impl Aggregate for Fund {
    const TYPE: &'static str = "fund";
    type Command = FundCommand;
    type Event = FundEvent;

    fn decide(
        &self,
        command: &FundCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<FundEvent>, Refusal> {
        use FundCommand as C;
        if !matches!(command, C::Create(_)) {
            self.must_exist()?;
        }
        let event = match command {
            C::Create(create) => self.create(create)?,
            C::SetRules(_) | C::ProposeRules(_) | C::ConfirmRules(_) | C::RefuseRules(_) => {
                self.change_rules(command, facts)?
            }
            C::Open(_) | C::Pause(_) | C::Resume(_) | C::Close(_) | C::Archive(_) => {
                self.change_state(command, facts)?
            }
            C::Allocate(_)
            | C::WithdrawFunding(_)
            | C::Commit(_)
            | C::Increase(_)
            | C::Reduce(_)
            | C::Release(_)
            | C::TakeBack(_) => self.change_money(command, facts)?,
            C::RecordMeeting(meeting) => self.record_meeting(meeting, facts)?,
            C::ReleaseLetters(of) => self.release_letters(of, facts)?,
            C::MoveLetters(to) => self.move_letters(to, facts)?,
            C::SendBatch(batch) => self.send_batch(batch, facts)?,
            C::MakeBankFile(made) => self.make_bank_file(made, facts)?,
            C::List(at) => self.list(at)?,
            C::Unlist(at) => self.unlist(at)?,
            C::PlanRound(_)
            | C::OpenRound(_)
            | C::ExtendRound(_)
            | C::CloseRound(_)
            | C::StartDeciding(_)
            | C::CompleteRound(_) => {
                self.must_be(&[FundState::Draft, FundState::Open, FundState::Paused])?;
                self.rounds.decide(command, self, facts)?
            }
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &FundEvent) -> Result<(), BelowZero> {
        match event {
            FundEvent::FundCreated { areas, rules, .. } => {
                self.state = FundState::Draft;
                self.areas.clone_from(areas);
                self.rules = rules.clone();
            }
            FundEvent::RulesSet { rules } => self.rules = rules.clone(),
            FundEvent::RulesProposed { rules, proposed_by } => {
                self.proposed = Some((rules.clone(), *proposed_by));
            }
            FundEvent::RulesConfirmed { rules, .. } => {
                self.rules = rules.clone();
                self.proposed = None;
            }
            FundEvent::RulesRefused { .. } => self.proposed = None,
            FundEvent::FundOpened {} | FundEvent::FundResumed {} => self.state = FundState::Open,
            FundEvent::FundPaused { .. } => self.state = FundState::Paused,
            FundEvent::FundClosed {} => self.state = FundState::Closed,
            FundEvent::FundArchived {} => self.state = FundState::Archived,
            FundEvent::FundingAllocated { .. }
            | FundEvent::FundingWithdrawn { .. }
            | FundEvent::Committed { .. }
            | FundEvent::CommitmentIncreased { .. }
            | FundEvent::CommitmentReduced { .. }
            | FundEvent::CommitmentReleased { .. }
            | FundEvent::CommitmentTakenBack { .. } => return self.budget.apply(event),
            FundEvent::RoundPlanned { .. }
            | FundEvent::RoundOpened { .. }
            | FundEvent::RoundExtended { .. }
            | FundEvent::RoundClosed { .. }
            | FundEvent::DecidingStarted { .. }
            | FundEvent::ReserveListed { .. }
            | FundEvent::ReserveUnlisted { .. }
            | FundEvent::PanelMet { .. }
            | FundEvent::LettersMoved { .. }
            | FundEvent::LettersReleased { .. }
            | FundEvent::RoundCompleted { .. } => self.rounds.apply(event),
            FundEvent::BatchSent {
                batch,
                payments,
                total,
                ..
            } => {
                let files = self.batches.get(batch).map_or(0, |made| made.files);
                self.batches.insert(
                    batch.clone(),
                    PaymentBatch {
                        payments: *payments,
                        total: *total,
                        files,
                        unsent: Vec::new(),
                    },
                );
            }
            FundEvent::BankFileMade {
                batch,
                number,
                lines,
                ..
            } => {
                if !lines.is_empty() {
                    let made = PaymentBatch::of(lines, *number);
                    self.batches.insert(batch.clone(), made);
                } else if let Some(found) = self.batches.get_mut(batch) {
                    found.files = *number;
                }
            }
        }
        Ok(())
    }
}
