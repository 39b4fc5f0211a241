//! Commands and events of an application.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::attendance::AttendanceRef;
use super::decision::{MeetingItem, ReviseScore, Score, SetAsideScore};
use super::interest::{DeclareInterest, HelperRef};
use super::language::ChooseLanguage;
use super::letter::{LetterDay, MeetingDay, TakeBackDecision};
use super::review::{DecideReview, RequestReview};
use crate::domain::command::{NoBody, WithReason, commands};
use crate::domain::file::FileDigest;
use crate::domain::id::{FundId, GroupId, PersonId};
use crate::domain::money::Money;
use crate::domain::panel::{Award, Decline, Defer, Reserve, Summary};
use crate::domain::personal_data::{PersonalField, PersonalInput};
use crate::domain::role::{Permission, Role};
use crate::domain::text::{Prose, Slug};

commands! {
    /// Commands of an application.
    ApplicationCommand {
        /// Starts a group's application to a round.
        Start(StartApplication) = "start", Permission::StaffOrMember(&[Role::Officer]);
        /// Saves answers, any number at a time.
        SaveAnswers(SaveAnswers) = "save-answers", Permission::StaffOrMember(&[Role::Officer]);
        /// Submits a complete application while its round is open.
        Submit(Submit) = "submit", Permission::StaffOrMember(&[Role::Officer]);
        /// Records the language in which the group wants to be written to, the language that the
        /// applicant speaks, and who helps the group with English.
        ChooseLanguage(ChooseLanguage) = "choose-language",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Asks the group to change some answers.
        RequestChanges(RequestChanges) = "request-changes", Permission::Staff(&[Role::Officer]);
        /// Submits the application again after changes were requested.
        Resubmit(Resubmit) = "resubmit", Permission::StaffOrMember(&[Role::Officer]);
        /// Confirms that a helper named by the group did help. The helper confirms it, or an
        /// officer who is not a member of the group.
        ConfirmHelp(HelperRef) = "confirm-help",
            Permission::Staff(&[Role::Officer, Role::Panel, Role::Administrator, Role::Finance]);
        /// Records that the application is eligible.
        ConfirmEligibility(NoBody) = "confirm-eligibility", Permission::Staff(&[Role::Officer]);
        /// Records that the application is ineligible, with the reason.
        RefuseEligibility(WithReason) = "refuse-eligibility", Permission::Staff(&[Role::Officer]);
        /// Takes back, within ten minutes, that the application is eligible or ineligible. It is as
        /// it was before. No email about it has gone out, and no refusal was shown to the group.
        TakeBackEligibility(NoBody) = "take-back-eligibility", Permission::Staff(&[Role::Officer]);
        /// Declares an interest in the application, or that there is none. It is needed before
        /// scoring, deciding or seeing the assessment.
        Declare(DeclareInterest) = "declare",
            Permission::Staff(&[Role::Panel, Role::Officer, Role::Administrator, Role::Finance]);
        /// Scores an eligible application.
        Score(Score) = "score", Permission::Staff(&[Role::Panel]);
        /// Revises one's own score, with the reason.
        ReviseScore(ReviseScore) = "revise-score", Permission::Staff(&[Role::Panel]);
        /// Sets a score aside, with the reason: one's own or, as an administrator, anyone's.
        SetAsideScore(SetAsideScore) = "set-aside-score",
            Permission::Staff(&[Role::Panel, Role::Administrator]);
        /// Writes the public title and description of what would be funded.
        WriteSummary(Summary) = "write-summary", Permission::Staff(&[Role::Officer]);
        /// Awards an amount, commits the money and offers the grant, in one step.
        Award(Award) = "award", Permission::Staff(&[Role::Panel]);
        /// Awards an application on the reserve list when money is available.
        Promote(Award) = "promote", Permission::Staff(&[Role::Panel]);
        /// Declines, with the reason and with feedback for the group.
        Decline(Decline) = "decline", Permission::Staff(&[Role::Panel]);
        /// Postpones the decision.
        Defer(Defer) = "defer", Permission::Staff(&[Role::Panel]);
        /// Puts the application on the reserve list.
        Reserve(Reserve) = "reserve", Permission::Staff(&[Role::Panel]);
        /// Applies the decision of a panel meeting.
        DecideAtMeeting(MeetingItem) = "decide-at-meeting", Permission::FollowUp;
        /// Takes back a decision of a meeting while its letter is held, or a decline until the time
        /// that it names, with the reason. The application returns to its earlier state. If the
        /// quorum has confirmed an award, the same quorum must agree to take it back.
        TakeBackDecision(TakeBackDecision) = "take-back-decision",
            Permission::Staff(&[Role::Panel]);
        /// Releases the letter about a decision of a meeting.
        ReleaseLetter(MeetingDay) = "release-letter", Permission::FollowUp;
        /// Moves the day of the letter about a decision of a meeting.
        MoveLetter(LetterDay) = "move-letter", Permission::FollowUp;
        /// States that a helper named by the group did not help. The helper states it, or an
        /// officer who is not a member of the group.
        RefuseHelp(HelperRef) = "refuse-help",
            Permission::Staff(&[Role::Officer, Role::Panel, Role::Administrator, Role::Finance]);
        /// Confirms, as a panel member who was named as present, that one was there. Unless the
        /// fund's rules set a deadline for confirming, the offer goes out once the quorum has
        /// confirmed.
        ConfirmAttendance(AttendanceRef) = "confirm-attendance", Permission::Staff(&[Role::Panel]);
        /// Asks for a review of a decision against the group.
        RequestReview(RequestReview) = "request-review",
            Permission::StaffOrMember(&[Role::Officer]);
        /// Decides a review. The panel member must have had no part in the decision under review.
        DecideReview(DecideReview) = "decide-review", Permission::Staff(&[Role::Panel]);
        /// Withdraws the application.
        Withdraw(NoBody) = "withdraw", Permission::StaffOrMember(&[Role::Officer]);
        /// Lapses a draft whose round no longer takes applications.
        Lapse(NoBody) = "lapse", Permission::StaffOrJob(&[Role::Officer]);
        /// Reopens a lapsed draft while its round accepts applications.
        ReopenDraft(NoBody) = "reopen-draft", Permission::StaffOrJob(&[Role::Officer]);
        /// Reminds the group of a draft whose round ends soon.
        RemindDraft(NoBody) = "remind-draft", Permission::Job;
        /// Lapses the draft of a person who never proved an address, even while its round is open.
        Expire(NoBody) = "expire", Permission::FollowUp;
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StartApplication {
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    /// Whether the form arrived in time on paper or by phone and is keyed in after the
    /// deadline.
    #[serde(default)]
    pub late: bool,
}

/// Answers to the form's questions. Only the values that rules and budgets need are stored
/// unencrypted.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveAnswers {
    #[serde(default)]
    pub requested: Option<Money>,
    #[serde(default)]
    pub area: Option<Slug>,
    /// The key of the theme: arts, food, neighbours. One of the themes that the organisation has
    /// adopted, if it has adopted any.
    #[serde(default)]
    pub activity: Option<Slug>,
    /// Whether children or adults at risk would be involved. If so, the fund's further checks are
    /// needed.
    #[serde(default)]
    pub people_at_risk: Option<bool>,
    /// The answers by question key. They are stored encrypted. The form of an answer depends on the
    /// kind of its question: text; an option's key; the keys of several options, one a line; a
    /// number in figures; `yes` or `no`; a day such as `2026-07-05`; for a budget one line for each
    /// item, such as `Hall, 24 weeks: £480.00`; or the digests of files of the group that were
    /// uploaded before, at most six, one a line, or `none`.
    #[serde(default)]
    pub answers: BTreeMap<Slug, PersonalInput>,
    /// The keys of `answers` that are not finished. Their texts are saved as they were typed,
    /// without a check, and the application cannot be sent until they are saved as finished.
    /// `requested` is allowed here and in `answers`: it is the amount as it was typed.
    #[serde(default)]
    pub unfinished: BTreeSet<Slug>,
}

/// How an application or update reached the organisation.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Channel {
    Web,
    Phone,
    Paper,
    InPerson,
}

/// Who helped the group, and how.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ApplicationHelp {
    /// The person who helped.
    pub by: PersonId,
    /// How they helped.
    pub kind: HelpKind,
}

/// Whether the helper chose words, or keyed in the group's words unchanged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HelpKind {
    HelpedToWord,
    KeyedVerbatim {
        /// Whether it was read back to the group.
        #[serde(default)]
        read_back: bool,
        /// The scan of the paper form. It must be one of the group's files.
        #[serde(default)]
        scan: Option<FileDigest>,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Submit {
    pub channel: Channel,
    /// The day on which a paper or phone application was received.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub received_on: Option<Date>,
    /// Why it is keyed in after the deadline. Needed for an application that is submitted late.
    #[serde(default)]
    pub late_reason: Option<Prose>,
    #[serde(default)]
    pub help: Option<ApplicationHelp>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resubmit {
    /// Who helped, and how. Needed when staff submit it again.
    #[serde(default)]
    pub help: Option<ApplicationHelp>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestChanges {
    /// The keys of the questions to answer again. Four keys do not belong to the form: `requested`
    /// is the amount, `area` the area, `activity` the kind of activity, and `people-at-risk`
    /// whether children or adults at risk would be involved.
    #[schema(min_items = 1)]
    pub questions: BTreeSet<Slug>,
    /// What the group is asked about all of them.
    pub note: Prose,
    /// What the group is asked about one of them alone, by the question's key.
    #[serde(default)]
    pub notes: BTreeMap<Slug, Prose>,
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

impl ApplicationCommand {
    /// The personal values in this command.
    pub fn personal_fields(&mut self) -> Vec<PersonalField<'_>> {
        match self {
            Self::SaveAnswers(answers) => answers
                .answers
                .values_mut()
                .map(|value| PersonalField {
                    field: "answer",
                    value,
                    index: None,
                })
                .collect(),
            Self::ChooseLanguage(choose) => [
                ("helper", choose.helper.as_mut()),
                ("spoken_language", choose.spoken_language.as_mut()),
            ]
            .into_iter()
            .filter_map(|(field, value)| {
                Some(PersonalField {
                    field,
                    value: value?,
                    index: None,
                })
            })
            .collect(),
            Self::RequestReview(request) => vec![PersonalField {
                field: "review",
                value: &mut request.words,
                index: None,
            }],
            _ => Vec::new(),
        }
    }
}
