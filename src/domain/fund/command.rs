//! What can be asked of a fund, and what can happen to it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::Refusal;
use crate::domain::command::{Because, Nothing, commands};
use crate::domain::event::events;
use crate::domain::id::{GrantId, PersonId};
use crate::domain::money::Money;
use crate::domain::role::{Role, Who};
use crate::domain::source::{Source, Sources};
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// What can be asked of a fund.
    FundCommand {
        /// Creates a fund in draft, with its rules.
        Create(CreateFund) = "create", Who::Staff(&[Role::Administrator]);
        /// Sets the rules of a fund that is still in draft.
        SetRules(SetRules) = "set-rules", Who::Staff(&[Role::Administrator]);
        /// Proposes other rules for a fund that has opened.
        ProposeRules(SetRules) = "propose-rules", Who::Staff(&[Role::Administrator]);
        /// Confirms, as a second person, the rules that were proposed: they are said again, so that nobody confirms others.
        ConfirmRules(SetRules) = "confirm-rules", Who::Staff(&[Role::Administrator]);
        /// Records money that came from a funder, for all areas or for one.
        Allocate(Allocate) = "allocate", Who::Staff(&[Role::Finance]);
        /// Records that a funder took uncommitted money back.
        WithdrawFunding(WithdrawFunding) = "withdraw-funding", Who::Staff(&[Role::Finance]);
        /// Opens the fund: two people at least must be able to approve payments.
        Open(Nothing) = "open", Who::Staff(&[Role::Administrator]);
        /// Pauses the fund: nothing is submitted or awarded until it resumes.
        Pause(Because) = "pause", Who::Staff(&[Role::Administrator]);
        /// Resumes a paused fund.
        Resume(Nothing) = "resume", Who::Staff(&[Role::Administrator]);
        /// Closes a fund all of whose grants are closed.
        Close(Nothing) = "close", Who::Staff(&[Role::Administrator]);
        /// Puts a closed fund away.
        Archive(Nothing) = "archive", Who::Staff(&[Role::Administrator]);
        /// Plans a round: a dated call for applications.
        PlanRound(PlanRound) = "plan-round", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Opens a planned round.
        OpenRound(RoundOf) = "open-round", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Moves a round's deadline later.
        ExtendRound(ExtendRound) = "extend-round", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Closes an open round.
        CloseRound(RoundOf) = "close-round", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Starts deciding on a closed round.
        StartDeciding(RoundOf) = "start-deciding", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Completes a round that was decided.
        CompleteRound(RoundOf) = "complete-round", Who::Staff(&[Role::Administrator, Role::Officer]);
        /// Commits money for an award.
        Commit(Commit) = "commit", Who::Consequence;
        /// Takes back a part of a commitment.
        Reduce(Uncommit) = "reduce", Who::Consequence;
        /// Takes back what is unpaid of a commitment, and ends it.
        Release(Uncommit) = "release", Who::Consequence;
    }
}

/// What a fund holds its applications, awards and payments to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The smallest award; £500.00 or more.
    pub minimum: Money,
    /// The largest award; £2,500.00 or less.
    pub maximum: Money,
    /// How many people must act on a payment: the preparer and the approvers. Two or three.
    #[schema(minimum = 2, maximum = 3)]
    pub eyes: u8,
    /// The checks that must pass, or be waived by two, before money is paid.
    pub checks: BTreeSet<Slug>,
    /// How many days an offer stands.
    #[schema(minimum = 1, maximum = 365)]
    pub offer_days: u16,
    /// How many people of the group sign the agreement.
    #[schema(minimum = 1, maximum = 5)]
    pub signers: u8,
}

impl Rules {
    /// How many people must act on a payment.
    #[must_use]
    pub fn eyes(&self) -> usize {
        usize::from(self.eyes)
    }
}

/// Awards are from £500.00 to £2,500.00; a fund may narrow these bounds, never widen them.
pub(super) fn bounds_hold(rules: &Rules) -> Result<(), Refusal> {
    let (floor, ceiling) = (Money::of_pounds(500), Money::of_pounds(2500));
    if rules.minimum < floor || rules.maximum > ceiling || rules.minimum > rules.maximum {
        return Err(Refusal::BoundsTooWide);
    }
    if !(2..=3).contains(&rules.eyes) {
        return Err(Refusal::RulesIncomplete("two or three people act on a payment"));
    }
    if !(1..=365).contains(&rules.offer_days) {
        return Err(Refusal::RulesIncomplete("an offer stands from 1 to 365 days"));
    }
    if !(1..=5).contains(&rules.signers) {
        return Err(Refusal::RulesIncomplete("from one to five people sign the agreement"));
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateFund {
    pub name: Line,
    pub purpose: Prose,
    /// The areas that the fund serves.
    #[schema(min_items = 1)]
    pub areas: BTreeSet<Slug>,
    pub rules: Rules,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetRules {
    pub rules: Rules,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocate {
    pub source: Source,
    pub amount: Money,
    /// The funder's own reference.
    pub reference: Line,
    #[schema(value_type = String, format = "date")]
    pub received_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawFunding {
    pub source: Source,
    pub amount: Money,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanRound {
    /// The round's key within the fund.
    pub round: Slug,
    pub name: Line,
    #[schema(value_type = String, format = "date")]
    pub opens_on: Date,
    /// The last day: until its end in Europe/London.
    #[schema(value_type = String, format = "date")]
    pub closes_on: Date,
    /// The version of the form that applicants fill in.
    pub form: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundOf {
    pub round: Slug,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendRound {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub closes_on: Date,
}

/// Money to be committed for an award in an area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Commit {
    pub grant: GrantId,
    pub area: Slug,
    pub round: Slug,
    pub amount: Money,
}

/// Money to be taken back from a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Uncommit {
    pub grant: GrantId,
    #[schema(value_type = Vec<Object>)]
    pub sources: Sources,
    /// When it happened, if not on the day on which it is recorded.
    #[schema(value_type = Option<String>, format = "date")]
    pub effective_on: Option<Date>,
}

events! {
    /// What happened to a fund.
    FundEvent {
        FundCreated { name: Line, purpose: Prose, areas: BTreeSet<Slug>, rules: Rules },
        RulesSet { rules: Rules },
        RulesProposed { rules: Rules, proposed_by: PersonId },
        RulesConfirmed { rules: Rules, confirmed_by: PersonId },
        FundOpened {},
        FundPaused { reason: Prose },
        FundResumed {},
        FundClosed {},
        FundArchived {},
        FundingAllocated { source: Source, amount: Money, reference: Line, received_on: Date },
        FundingWithdrawn { source: Source, amount: Money, reason: Prose, withdrawn_on: Date },
        RoundPlanned { round: Slug, name: Line, opens_on: Date, closes_on: Date, form: u32 },
        RoundOpened { round: Slug },
        RoundExtended { round: Slug, closes_on: Date },
        RoundClosed { round: Slug },
        DecidingStarted { round: Slug },
        RoundCompleted { round: Slug },
        Committed { grant: GrantId, area: Slug, round: Slug, sources: Sources },
        CommitmentReduced { grant: GrantId, sources: Sources, effective_on: Option<Date> },
        CommitmentReleased { grant: GrantId, sources: Sources },
    }
}
