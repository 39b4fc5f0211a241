//! The application aggregate: from the first saved answer to the decision.

mod answer;
mod attendance;
mod command;
mod decision;
mod eligibility;
mod event;
mod interest;
mod language;
mod letter;
mod review;
mod submission;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use answer::{
    ANSWER_FILES_MAX, AnswerError, AnswerValue, BUDGET_LINES_MAX, BudgetItem, LineError,
    SHORT_TEXT_MAX,
};
pub use attendance::{Attendance, AttendanceRef};
pub use command::{
    ApplicationCommand, ApplicationHelp, Channel, HelpKind, RequestChanges, Resubmit, SaveAnswers,
    StartApplication, Submit,
};
pub use decision::{MeetingItem, ReviseScore, Score, SetAsideScore, Terms};
pub use event::ApplicationEvent;
pub use interest::{DeclareInterest, HelperRef, Interest, InterestKind, Interests, PanelSitting};
pub use language::ChooseLanguage;
pub use letter::{LetterDay, MeetingDay, TakeBackDecision};
pub use review::{DecideReview, RequestReview};
pub use submission::{REQUESTED, note_unfinished};

pub use super::panel::Summary;

use super::id::{FundId, GroupId, PersonId};
use super::money::{BelowZero, Money};
use super::text::Slug;
use super::{Aggregate, DecisionContext, Refusal};
use eligibility::EligibilityStep;
use letter::HeldDecision;

/// State of an application.
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
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ApplicationState {
    #[default]
    Blank,
    Draft,
    Submitted,
    ChangesRequested,
    Eligible,
    Ineligible,
    InAssessment,
    Awarded,
    ReserveList,
    Declined,
    Deferred,
    /// The group asked for a review of the decision.
    UnderReview,
    Withdrawn,
    Lapsed,
}

/// State of the application aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Application {
    state: ApplicationState,
    place: Option<ApplicationTarget>,
    requested: Option<Money>,
    area: Option<Slug>,
    #[serde(default)]
    theme: Option<Slug>,
    answered: BTreeSet<Slug>,
    /// The saved answers that are not finished. It is not sent with them.
    #[serde(default)]
    unfinished: BTreeSet<Slug>,
    changes_to: BTreeSet<Slug>,
    changes_due_on: Option<Date>,
    started_on: Option<Date>,
    /// The member who started it. `saves` counts how often members saved something in it.
    started_by: Option<PersonId>,
    saves: u16,
    /// The deadline of which the group was reminded last.
    reminded_of: Option<Date>,
    attendance: Attendance,
    /// The number of decisions taken so far. It numbers them.
    sittings: u32,
    late: bool,
    /// `None` until it is answered. It decides which checks a grant needs.
    people_at_risk: Option<bool>,
    interests: Interests,
    scores: BTreeMap<PersonId, RecordedScore>,
    rank: Option<u16>,
    summary: Option<Summary>,
    terms: Option<Terms>,
    decided: Option<AdverseDecision>,
    reviewed: bool,
    /// The last decision, while its letter is held.
    #[serde(default)]
    held: Option<Box<HeldDecision>>,
    /// What was last said about the eligibility, until the panel decides or it is taken back.
    #[serde(default)]
    eligibility: Option<Box<EligibilityStep>>,
}

/// A score, which does not count once it is set aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct RecordedScore {
    criteria: BTreeMap<Slug, u8>,
    set_aside: bool,
}

/// A decision against the group and the people who took it. A review reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct AdverseDecision {
    state: ApplicationState,
    by: BTreeSet<PersonId>,
}

/// The fund, round and group of an application, and the version of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApplicationTarget {
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub form: u32,
}

impl Application {
    #[must_use]
    pub fn state(&self) -> ApplicationState {
        self.state
    }

    /// The fund, round, group and form; `None` before it is started.
    #[must_use]
    pub fn target(&self) -> Option<&ApplicationTarget> {
        self.place.as_ref()
    }

    /// The day on which it was started; `None` in old logs.
    #[must_use]
    pub fn started_on(&self) -> Option<Date> {
        self.started_on
    }

    /// The member who started it, and how often members saved something in it; `None` if staff
    /// started it.
    #[must_use]
    pub fn saved_by_members(&self) -> Option<(PersonId, u16)> {
        self.started_by.map(|person| (person, self.saves))
    }

    /// The terms of the award, if there is one.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.terms.as_ref()
    }

    /// The rank on the reserve list, if it is on it.
    #[must_use]
    pub fn reserve_rank(&self) -> Option<u16> {
        self.rank
            .filter(|_| self.state == ApplicationState::ReserveList)
    }

    /// The theme that its answers name.
    #[must_use]
    pub fn theme(&self) -> Option<&Slug> {
        self.theme.as_ref()
    }

    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    fn must_be(&self, states: &[ApplicationState]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::ApplicationNotInState(self.state.into()))
        }
    }

    fn must_be_started(&self) -> Result<&ApplicationTarget, Refusal> {
        self.place.as_ref().ok_or(Refusal::Unknown("application"))
    }
}

impl Aggregate for Application {
    const TYPE: &'static str = "application";
    type Command = ApplicationCommand;
    type Event = ApplicationEvent;

    fn decide(
        &self,
        command: &ApplicationCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<ApplicationEvent>, Refusal> {
        use ApplicationCommand as C;
        if !matches!(command, C::Start(_)) {
            self.must_be_started()?;
        }
        self.must_not_disclose(command, facts)?;
        self.must_not_disclose_refusal(command, facts)?;
        let event = match command {
            C::Start(start) => self.start(start, facts)?,
            C::SaveAnswers(answers) => self.save_answers(answers, facts)?,
            C::Submit(submit) => self.submit(submit, facts)?,
            C::RequestChanges(changes) => self.request_changes(changes, facts)?,
            C::Resubmit(again) => self.resubmit(again, facts)?,
            C::ConfirmHelp(confirm) => return self.answer_help(*confirm, true, facts),
            C::RefuseHelp(confirm) => return self.answer_help(*confirm, false, facts),
            C::ConfirmAttendance(of) => self.confirm_attendance(*of, facts)?,
            C::ReopenDraft(_) => self.reopen_draft(facts)?,
            C::RemindDraft(_) => self.remind_draft(facts)?,
            C::Withdraw(_) => self.withdraw(facts)?,
            C::Lapse(_) => self.lapse(facts)?,
            C::Declare(declare) => return self.declare(declare, facts),
            C::RequestReview(request) => self.request_review(request, facts)?,
            C::DecideReview(review) => self.decide_review(review, facts)?,
            C::ChooseLanguage(choose) => self.choose_language(choose)?,
            C::Expire(_) => return self.expire_draft(),
            C::Award(_)
            | C::Promote(_)
            | C::Decline(_)
            | C::Defer(_)
            | C::Reserve(_)
            | C::DecideAtMeeting(_) => return self.decide_verdict(command, facts),
            C::TakeBackDecision(_) | C::ReleaseLetter(_) | C::MoveLetter(_) => {
                return self.decide_letter(command, facts);
            }
            _ => self.assess(command, facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &ApplicationEvent) -> Result<(), BelowZero> {
        use ApplicationEvent as E;
        use ApplicationState as S;
        self.interests.apply(event);
        match event {
            E::ApplicationStarted { .. }
            | E::AnswersSaved { .. }
            | E::LanguageChosen { .. }
            | E::DraftReminded { .. }
            | E::DraftReopened {} => self.apply_draft_event(event),
            E::ApplicationSubmitted { .. } | E::ApplicationResubmitted { .. } => {
                self.state = S::Submitted;
            }
            E::ChangesRequested {
                questions, due_on, ..
            } => {
                self.changes_due_on = Some(*due_on);
                self.changes_to.clone_from(questions);
                self.state = S::ChangesRequested;
            }
            E::NoInterestDeclared { .. }
            | E::InterestDeclared { .. }
            | E::HelpConfirmed { .. }
            | E::HelpRefused { .. } => {}
            E::AttendanceConfirmed { person, .. } => self.attendance.confirm(*person),
            E::ScoreGiven { by, criteria, .. } | E::ScoreRevised { by, criteria, .. } => {
                self.scores.insert(
                    *by,
                    RecordedScore {
                        criteria: criteria.clone(),
                        set_aside: false,
                    },
                );
                self.state = S::InAssessment;
            }
            E::ScoreSetAside { of, .. } => {
                if let Some(given) = self.scores.get_mut(of) {
                    given.set_aside = true;
                }
            }
            E::PublicSummaryWritten { summary } => self.summary = Some(summary.clone()),
            E::ReviewRequested { .. } => self.state = S::UnderReview,
            E::ReviewDecided { upheld, .. } => {
                self.state = self.state_after_review(*upheld);
                self.reviewed = true;
            }
            E::ApplicationWithdrawn {} => {
                // A refusal that the group has not heard of is not sent any more.
                (self.held, self.eligibility) = (None, None);
                self.state = S::Withdrawn;
            }
            E::ApplicationLapsed {} => self.state = S::Lapsed,
            E::LetterMoved { .. } | E::LetterReleased { .. } | E::DecisionTakenBack { .. } => {
                self.apply_letter(event);
            }
            E::EligibilityConfirmed { .. }
            | E::EligibilityRefused { .. }
            | E::EligibilityTakenBack { .. } => self.apply_eligibility(event),
            _ => self.apply_decision(event),
        }
        Ok(())
    }
}

impl Application {
    fn apply_draft_event(&mut self, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        match event {
            E::ApplicationStarted {
                fund,
                round,
                group,
                form,
                late,
                started_on,
                started_by,
            } => {
                (self.started_on, self.started_by) = (*started_on, *started_by);
                self.late = *late;
                self.place = Some(ApplicationTarget {
                    fund: *fund,
                    round: round.clone(),
                    group: *group,
                    form: *form,
                });
                self.state = ApplicationState::Draft;
            }
            E::AnswersSaved {
                requested,
                area,
                activity,
                people_at_risk,
                answers,
                keyed_by,
                ..
            } => {
                self.saves = self.saves.saturating_add(u16::from(keyed_by.is_none()));
                self.requested = requested.or(self.requested);
                self.area = area.clone().or_else(|| self.area.take());
                self.theme = activity.clone().or_else(|| self.theme.take());
                self.people_at_risk = people_at_risk.or(self.people_at_risk);
                self.answered.extend(answers.keys().cloned());
                note_unfinished(&mut self.unfinished, event);
            }
            E::LanguageChosen { .. } => self.saves = self.saves.saturating_add(1),
            E::DraftReminded { closes_on } => self.reminded_of = Some(*closes_on),
            E::DraftReopened {} => self.state = ApplicationState::Draft,
            _ => {}
        }
    }

    fn apply_decision(&mut self, event: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        if let E::Awarded { sitting, .. }
        | E::Reserved { sitting, .. }
        | E::Declined { sitting, .. }
        | E::Deferred { sitting, .. } = event
        {
            self.held = self.newly_held(event);
            self.eligibility = None;
            self.sittings += 1;
            self.attendance = Attendance::new(self.sittings, sitting);
        }
        self.state = match event {
            E::Awarded { terms, .. } => {
                self.terms = Some(terms.clone());
                S::Awarded
            }
            E::Reserved { rank, .. } => {
                self.rank = Some(*rank);
                S::ReserveList
            }
            E::Declined { sitting, .. } => {
                self.decided = Some(AdverseDecision {
                    state: S::Declined,
                    by: sitting.present.clone(),
                });
                S::Declined
            }
            E::Deferred { .. } => S::Deferred,
            _ => self.state,
        };
    }
}
