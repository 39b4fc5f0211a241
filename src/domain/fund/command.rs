//! What can be asked of a fund, and what can happen to it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::Refusal;
use crate::domain::application::Verdict;
use crate::domain::command::{Because, Nothing, commands};
use crate::domain::event::events;
use crate::domain::file::FileDigest;
use crate::domain::id::{ApplicationId, GrantId, PersonId};
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
        /// Confirms, as a second person, the rules that were proposed: they are said again, so that
        /// nobody confirms others.
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
        /// Records a meeting of the panel with everything that it decided: all of it, or nothing.
        RecordMeeting(RecordMeeting) = "record-meeting", Who::Staff(&[Role::Panel]);
        /// Sends approved payments to the bank together: all of them, or none.
        SendBatch(SendBatch) = "send-batch", Who::Staff(&[Role::Finance]);
        /// Records that a file of a batch was made for the bank; once more only with a reason.
        MakeBankFile(MakeBankFile) = "make-bank-file", Who::Download(&[Role::Finance]);
        /// Commits money for an award.
        Commit(Commit) = "commit", Who::Consequence;
        /// Commits more money for a grant whose award rises.
        Increase(Commit) = "increase", Who::Consequence;
        /// Puts an application on a round's reserve list.
        List(Listed) = "list", Who::Consequence;
        /// Takes an application off a round's reserve list.
        Unlist(Listed) = "unlist", Who::Consequence;
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
    /// How many panel members without an interest decide. From one to nine.
    #[schema(minimum = 1, maximum = 9)]
    pub quorum: u8,
    /// The checks that must pass, or be waived by two, before money is paid.
    pub checks: BTreeSet<Slug>,
    /// Further checks where children or adults at risk take part.
    #[serde(default)]
    pub checks_at_risk: BTreeSet<Slug>,
    /// How many days an offer stands.
    #[schema(minimum = 1, maximum = 365)]
    pub offer_days: u16,
    /// How many people of the group sign the agreement.
    #[schema(minimum = 1, maximum = 5)]
    pub signers: u8,
    /// How many days lie between updates; without it, only the final one is asked for.
    #[serde(default)]
    #[schema(minimum = 7, maximum = 365)]
    pub update_every_days: Option<u16>,
    /// How many days before an update is due the group is reminded.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60)]
    pub remind_days: u16,
    /// How many days no money leaves after the payee, the group's members or an address of theirs
    /// changed; 3 unless it is said. Two people can let a payment leave earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 30, default = 3)]
    pub payee_wait_days: Option<u16>,
    /// How many days after a decision those named as present may still confirm that they were
    /// there: the offer goes out at once. Unless it is said, the offer waits until they have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 60)]
    pub confirm_days: Option<u16>,
}

impl Rules {
    /// How many people must act on a payment.
    #[must_use]
    pub fn eyes(&self) -> usize {
        usize::from(self.eyes)
    }

    /// How many days no money leaves after a change at the group.
    #[must_use]
    pub fn payee_wait_days(&self) -> u16 {
        self.payee_wait_days.unwrap_or(3)
    }
}

/// Awards are from £500.00 to £2,500.00; a fund may narrow these bounds, never widen them.
pub(super) fn bounds_hold(rules: &Rules) -> Result<(), Refusal> {
    let (floor, ceiling) = (Money::of_pounds(500), Money::of_pounds(2500));
    if rules.minimum < floor || rules.maximum > ceiling || rules.minimum > rules.maximum {
        return Err(Refusal::BoundsTooWide);
    }
    if !(2..=3).contains(&rules.eyes) {
        return Err(Refusal::RulesIncomplete(
            "two or three people act on a payment",
        ));
    }
    if !(1..=365).contains(&rules.offer_days) {
        return Err(Refusal::RulesIncomplete(
            "an offer stands from 1 to 365 days",
        ));
    }
    if !(1..=5).contains(&rules.signers) {
        return Err(Refusal::RulesIncomplete(
            "from one to five people sign the agreement",
        ));
    }
    if !(1..=9).contains(&rules.quorum) {
        return Err(Refusal::RulesIncomplete(
            "from one to nine people without an interest decide",
        ));
    }
    if rules
        .update_every_days
        .is_some_and(|days| !(7..=365).contains(&days))
    {
        return Err(Refusal::RulesIncomplete(
            "from 7 to 365 days lie between updates",
        ));
    }
    if rules.remind_days > 60 {
        return Err(Refusal::RulesIncomplete(
            "a reminder goes out at most 60 days before",
        ));
    }
    if rules.payee_wait_days() > 30 {
        return Err(Refusal::RulesIncomplete(
            "money waits at most 30 days after a change at the group",
        ));
    }
    if rules
        .confirm_days
        .is_some_and(|days| !(1..=60).contains(&days))
    {
        return Err(Refusal::RulesIncomplete(
            "those present confirm within 1 to 60 days",
        ));
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

/// What a meeting of the panel decided.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMeeting {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub met_on: Date,
    /// The decisions, each with its own reasons and with those who were present for it.
    #[schema(min_items = 1, max_items = 200)]
    pub decisions: Vec<DecisionLine>,
}

/// What was decided on one application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionLine {
    pub application: ApplicationId,
    pub verdict: Verdict,
}

/// Payments that go to the bank together.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendBatch {
    /// The batch's key within the fund.
    pub batch: Slug,
    #[schema(value_type = String, format = "date")]
    pub sent_on: Date,
    #[schema(min_items = 1, max_items = 500)]
    pub payments: Vec<BatchLine>,
}

/// One payment of a batch, with its amount said again.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchLine {
    pub grant: GrantId,
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    pub amount: Money,
}

/// A file for the bank that was made of a batch, as it is handed out.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBankFile {
    pub batch: Slug,
    /// How many payments are in it, and what they add up to: those of the batch that go to an
    /// account and did not fail.
    #[schema(minimum = 1)]
    pub payments: u32,
    pub total: Money,
    /// SHA-256 of the file's bytes.
    pub digest: FileDigest,
    /// Why it is made again.
    #[serde(default)]
    pub reason: Option<Prose>,
}

/// An application's place on a round's reserve list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Listed {
    pub application: ApplicationId,
    pub round: Slug,
    pub rank: u16,
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
        PanelMet { round: Slug, met_on: Date, applications: Vec<ApplicationId> },
        BatchSent { batch: Slug, sent_on: Date, payments: u32, total: Money },
        BankFileMade { batch: Slug, number: u32, payments: u32, total: Money, digest: FileDigest, reason: Option<Prose>, by: PersonId },
        ReserveListed { application: ApplicationId, round: Slug, rank: u16 },
        ReserveUnlisted { application: ApplicationId, round: Slug, rank: u16 },
        CommitmentIncreased { grant: GrantId, area: Slug, round: Slug, sources: Sources },
        Committed { grant: GrantId, area: Slug, round: Slug, sources: Sources },
        CommitmentReduced { grant: GrantId, sources: Sources, effective_on: Option<Date> },
        CommitmentReleased { grant: GrantId, sources: Sources },
    }
}
