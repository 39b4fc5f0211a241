//! Commands and events of a fund.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::texts::FundTexts;
use crate::domain::Refusal;
use crate::domain::command::{NoBody, WithReason, commands};
use crate::domain::file::FileDigest;
use crate::domain::funding_source::{FundingSource, FundingSplit};
use crate::domain::id::{ApplicationId, GrantId};
use crate::domain::money::Money;
use crate::domain::panel::Verdict;
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Line, Prose, Slug};

commands! {
    /// Commands of a fund.
    FundCommand {
        /// Creates a fund in draft, with its rules.
        Create(CreateFund) = "create", Permission::Staff(&[Role::Administrator]);
        /// Sets the rules of a fund that is still in draft.
        SetRules(SetRules) = "set-rules", Permission::Staff(&[Role::Administrator]);
        /// Proposes new rules for a fund that has been opened.
        ProposeRules(SetRules) = "propose-rules", Permission::Staff(&[Role::Administrator]);
        /// Confirms, as a second person, proposed rules. The body repeats them in full; it is
        /// refused if they differ from the proposal.
        ConfirmRules(SetRules) = "confirm-rules", Permission::Staff(&[Role::Administrator]);
        /// Refuses proposed rules, or withdraws one's own, with the reason. The body repeats the
        /// rules in full; it is refused if they differ from the proposal.
        RefuseRules(RefuseRules) = "refuse-rules", Permission::Staff(&[Role::Administrator]);
        /// Records money received from a funder, for all areas or for one.
        Allocate(Allocate) = "allocate", Permission::Staff(&[Role::Finance]);
        /// Records that a funder took back uncommitted money.
        WithdrawFunding(WithdrawFunding) = "withdraw-funding", Permission::Staff(&[Role::Finance]);
        /// Opens the fund. It needs as many people who may approve payments as its rules say, and
        /// two administrators who have proved their addresses.
        Open(NoBody) = "open", Permission::Staff(&[Role::Administrator]);
        /// Pauses the fund: nothing is submitted or awarded until it resumes.
        Pause(WithReason) = "pause", Permission::Staff(&[Role::Administrator]);
        /// Resumes a paused fund.
        Resume(NoBody) = "resume", Permission::Staff(&[Role::Administrator]);
        /// Closes a fund. All of its grants must be closed.
        Close(NoBody) = "close", Permission::Staff(&[Role::Administrator]);
        /// Archives a closed fund.
        Archive(NoBody) = "archive", Permission::Staff(&[Role::Administrator]);
        /// Plans a round: a dated call for applications.
        PlanRound(PlanRound) = "plan-round",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Opens a planned round.
        OpenRound(RoundRef) = "open-round",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Moves a round's deadline later.
        ExtendRound(ExtendRound) = "extend-round",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Closes an open round.
        CloseRound(RoundRef) = "close-round",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Starts deciding on a closed round.
        StartDeciding(RoundRef) = "start-deciding",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Completes a round after its applications were decided.
        CompleteRound(RoundRef) = "complete-round",
            Permission::Staff(&[Role::Administrator, Role::Officer]);
        /// Records a meeting of the panel with all its decisions. All of them are recorded, or
        /// none.
        RecordMeeting(RecordMeeting) = "record-meeting", Permission::Staff(&[Role::Panel]);
        /// Releases the letters of a meeting that are held, before their day. The service does it
        /// on that day.
        ReleaseLetters(ReleaseLetters) = "release-letters",
            Permission::StaffOrJob(&[Role::Panel, Role::Officer, Role::Administrator]);
        /// Moves the day on which the letters of a meeting go out.
        MoveLetters(MoveLetters) = "move-letters",
            Permission::Staff(&[Role::Panel, Role::Officer, Role::Administrator]);
        /// Sends approved payments to the bank together. All of them are sent, or none.
        SendBatch(SendBatch) = "send-batch", Permission::Staff(&[Role::Finance]);
        /// Records that a bank file was made for a batch. Making another one needs a reason.
        MakeBankFile(MakeBankFile) = "make-bank-file", Permission::Download(&[Role::Finance]);
        /// Commits money for an award.
        Commit(Commit) = "commit", Permission::FollowUp;
        /// Commits more money for a grant whose award is raised.
        Increase(Commit) = "increase", Permission::FollowUp;
        /// Puts an application on a round's reserve list.
        List(ReserveEntry) = "list", Permission::FollowUp;
        /// Removes an application from a round's reserve list.
        Unlist(ReserveEntry) = "unlist", Permission::FollowUp;
        /// Releases a part of a commitment.
        Reduce(Uncommit) = "reduce", Permission::FollowUp;
        /// Releases the unpaid part of a commitment, and ends the commitment.
        Release(Uncommit) = "release", Permission::FollowUp;
        /// Takes back a commitment whose award was taken back before the group heard of it.
        TakeBack(Uncommit) = "take-back", Permission::FollowUp;
    }
}

/// Rules of a fund for its applications, awards and payments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The smallest award, at least £500.
    pub minimum: Money,
    /// The largest award, at most £2,500.
    pub maximum: Money,
    /// How many people must act on a payment: the one who prepares it and those who approve it.
    #[schema(minimum = 2, maximum = 3)]
    #[serde(rename = "eyes")]
    pub people_per_payment: u8,
    /// How many panel members without an interest are needed for a decision.
    #[schema(minimum = 1, maximum = 9)]
    pub quorum: u8,
    /// The checks that must pass, or be waived by two people, before money is paid.
    pub checks: BTreeSet<Slug>,
    /// Further checks if children or adults at risk are involved.
    #[serde(default)]
    pub checks_at_risk: BTreeSet<Slug>,
    /// For how many days an offer can be accepted.
    #[schema(minimum = 1, maximum = 365)]
    pub offer_days: u16,
    /// How many people of the group sign the agreement.
    #[schema(minimum = 1, maximum = 5)]
    pub signers: u8,
    /// Days between two updates. If it is absent, only the final update is requested.
    #[serde(default)]
    #[schema(minimum = 7, maximum = 365)]
    pub update_every_days: Option<u16>,
    /// The group is reminded this many days before an update is due.
    #[serde(default)]
    #[schema(minimum = 0, maximum = 60)]
    pub remind_days: u16,
    /// Days for which no money leaves after a change of the payee, the group's members or a
    /// member's address. Two people can let a payment leave earlier.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 30, default = 3)]
    pub payee_wait_days: Option<u16>,
    /// Days after a decision on which those named as present may confirm their attendance; the
    /// offer goes out immediately. If it is absent, the offer waits until they have confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1, maximum = 60)]
    pub confirm_days: Option<u16>,
    /// The texts that groups read, the questions on eligibility, and the criteria of the panel.
    #[serde(default, skip_serializing_if = "FundTexts::is_empty")]
    pub texts: FundTexts,
}

impl Rules {
    /// How many people must act on a payment.
    #[must_use]
    pub fn people_per_payment(&self) -> usize {
        usize::from(self.people_per_payment)
    }

    /// Refuses with [`Refusal::OutsideBounds`] an amount that no group can ask for.
    pub fn must_allow(&self, amount: Money) -> Result<(), Refusal> {
        let (minimum, maximum) = (self.minimum, self.maximum);
        if minimum <= amount && amount <= maximum {
            Ok(())
        } else {
            Err(Refusal::OutsideBounds { minimum, maximum })
        }
    }

    /// Days for which no money leaves after a change at the group; 3 if the rules set none.
    #[must_use]
    pub fn payee_wait_days(&self) -> u16 {
        self.payee_wait_days.unwrap_or(3)
    }
}

/// Refuses rules outside the limits of the programme. Awards are between £500 and £2,500; a
/// fund may narrow this range, never widen it.
pub(super) fn validate_rules(rules: &Rules) -> Result<(), Refusal> {
    let (floor, ceiling) = (Money::from_pounds(500), Money::from_pounds(2500));
    if rules.minimum < floor || rules.maximum > ceiling || rules.minimum > rules.maximum {
        return Err(Refusal::BoundsTooWide);
    }
    if !(2..=3).contains(&rules.people_per_payment) {
        return Err(Refusal::RulesIncomplete(
            "each payment needs two or three people",
        ));
    }
    if !(1..=365).contains(&rules.offer_days) {
        return Err(Refusal::RulesIncomplete(
            "a group has from 1 to 365 days to accept an offer",
        ));
    }
    if !(1..=5).contains(&rules.signers) {
        return Err(Refusal::RulesIncomplete(
            "one to five people must sign the agreement",
        ));
    }
    if !(1..=9).contains(&rules.quorum) {
        return Err(Refusal::RulesIncomplete(
            "one to nine panel members must take part in a decision",
        ));
    }
    if rules
        .update_every_days
        .is_some_and(|days| !(7..=365).contains(&days))
    {
        return Err(Refusal::RulesIncomplete(
            "there must be 7 to 365 days between updates",
        ));
    }
    if rules.remind_days > 60 {
        return Err(Refusal::RulesIncomplete(
            "a reminder can be sent up to 60 days before",
        ));
    }
    if rules.payee_wait_days() > 30 {
        return Err(Refusal::RulesIncomplete(
            "payments can wait up to 30 days after a group changes its details",
        ));
    }
    if rules
        .confirm_days
        .is_some_and(|days| !(1..=60).contains(&days))
    {
        return Err(Refusal::RulesIncomplete(
            "panel members must have 1 to 60 days to confirm that they were there",
        ));
    }
    rules.texts.validate()
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

/// Proposed rules as they were read, and why they are refused.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefuseRules {
    pub rules: Rules,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Allocate {
    pub source: FundingSource,
    pub amount: Money,
    /// The funder's own reference.
    pub reference: Line,
    #[schema(value_type = String, format = "date")]
    pub received_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithdrawFunding {
    pub source: FundingSource,
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
    /// The last day. The round closes at its end, in Europe/London.
    #[schema(value_type = String, format = "date")]
    pub closes_on: Date,
    /// The day on which the panel meets, if it is known: after the last day. Groups see it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub panel_meets_on: Option<Date>,
    /// The day by which every group has its answer, if it is promised: after the last day, and not
    /// before the panel meets. Groups see it.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub hear_by: Option<Date>,
    /// The version of the form that applicants fill in.
    pub form: u32,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoundRef {
    pub round: Slug,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtendRound {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub closes_on: Date,
    /// The new day on which the panel meets. If it is absent, the day stays as it is.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub panel_meets_on: Option<Date>,
    /// The new day by which every group has its answer. If it is absent, the day stays as it is.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub hear_by: Option<Date>,
}

/// The decisions of a panel meeting.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordMeeting {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub met_on: Date,
    /// The day on which the letters about the decisions go out. Until then they are held, and the
    /// groups see nothing of the decisions. If it is absent, they go out immediately.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub letters_on: Option<Date>,
    /// The decisions. Each has its own reasons and its own list of people present.
    #[schema(min_items = 1, max_items = 200)]
    pub decisions: Vec<DecisionLine>,
}

/// The meeting whose letters are released, by its round and day.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseLetters {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub met_on: Date,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveLetters {
    pub round: Slug,
    #[schema(value_type = String, format = "date")]
    pub met_on: Date,
    /// The new day, after today.
    #[schema(value_type = String, format = "date")]
    pub letters_on: Date,
}

/// The decision on one application.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionLine {
    pub application: ApplicationId,
    pub verdict: Verdict,
}

/// Payments that are sent to the bank together.
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

/// One payment of a batch. The amount must equal that of the payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchLine {
    /// The grant whose payment it is.
    pub grant: GrantId,
    /// The number of the payment within the grant.
    #[schema(minimum = 1, maximum = 65535)]
    pub payment: u16,
    /// The amount of the payment.
    pub amount: Money,
}

/// A bank file that was made for a batch: before the batch is sent, or again afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeBankFile {
    pub batch: Slug,
    /// How many payments the file contains, and their total: payments of the batch to a bank
    /// account that have not failed.
    #[schema(minimum = 1)]
    pub payments: u32,
    pub total: Money,
    /// SHA-256 of the file's bytes. The log keeps it under keys of the service only: the file has
    /// account numbers, which somebody could compute from the plain digest.
    pub digest: FileDigest,
    /// Why another file is made. Needed from the second file on.
    #[serde(default)]
    pub reason: Option<Prose>,
    /// The payments of a batch that is not sent yet. It can then be sent only with exactly these.
    /// Leave it empty for another file of the same payments.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub lines: Vec<BatchLine>,
    /// The grants whose payments are in the file, for a batch that was sent. The log keeps `digest`
    /// under the keys of their groups, too, so that nobody can test an account with it once one of
    /// the groups is erased.
    #[serde(default)]
    #[schema(max_items = 500)]
    pub grants: Vec<GrantId>,
}

/// An application's rank on a round's reserve list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct ReserveEntry {
    pub application: ApplicationId,
    pub round: Slug,
    pub rank: u16,
}

/// Money to commit for an award in an area.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Commit {
    pub grant: GrantId,
    pub area: Slug,
    pub round: Slug,
    pub amount: Money,
}

/// Money to release from a commitment.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Uncommit {
    pub grant: GrantId,
    #[schema(value_type = Vec<Object>)]
    pub sources: FundingSplit,
    /// The day on which it happened, if it differs from the day on which it is recorded.
    #[schema(value_type = Option<String>, format = "date")]
    pub effective_on: Option<Date>,
}
