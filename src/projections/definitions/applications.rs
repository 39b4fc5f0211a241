//! Applications from their start to the decision. Their answers are rows of another projection.

mod undecided;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::undecided::UndecidedRow;
use crate::domain::application::{
    ApplicationHelp, ApplicationState, Channel, Interests, PanelSitting, Summary, note_unfinished,
};
use crate::domain::language::Language;
use crate::domain::panel::HeldLetter;
use crate::domain::personal_data::Encrypted;
use crate::domain::reference::Reference;
use crate::domain::take_back::TakeBackUntil;
use crate::domain::text::{Prose, Slug};
use crate::domain::{ApplicationEvent, Event, FundId, GroupId, Money, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection, Waiting};

/// An application.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ApplicationRecord)]
pub struct ApplicationRow {
    pub id: Uuid,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    /// The number that a group can give on the phone.
    #[serde(default)]
    pub reference: String,
    pub state: ApplicationState,
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub form: u32,
    pub requested: Option<Money>,
    pub area: Option<Slug>,
    pub activity: Option<Slug>,
    /// Whether children or adults at risk would be involved; absent until answered.
    pub people_at_risk: Option<bool>,
    pub channel: Option<Channel>,
    pub help: Option<ApplicationHelp>,
    #[schema(value_type = Option<String>, format = "date")]
    pub submitted_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub decided_on: Option<Date>,
    /// The saved answers that are not finished, by the keys of their questions; `requested` is the
    /// amount. The application cannot be sent with them.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unfinished: BTreeSet<Slug>,
    /// The questions that the group was asked to answer again.
    pub changes_to: BTreeSet<Slug>,
    #[schema(value_type = Option<String>, format = "date")]
    pub changes_due_on: Option<Date>,
    /// What the group was asked about one of those questions alone, by the question's key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub changes_notes: BTreeMap<Slug, Prose>,
    /// The text that staff sent the group with the last decision or request.
    pub note: Option<String>,
    pub summary: Option<Summary>,
    pub awarded: Option<Money>,
    pub rank: Option<u16>,
    /// The recorded reason for the last decision.
    pub reason: Option<String>,
    /// The people who were present at the last decision, and the people who withdrew from it.
    pub present: BTreeSet<PersonId>,
    pub withdrew: BTreeSet<PersonId>,
    /// The number of the last decision, needed to confirm attendance at it.
    #[serde(default)]
    pub decision: u32,
    /// The person who recorded the last decision.
    #[serde(default)]
    pub recorded_by: Option<PersonId>,
    /// People named as present who have not confirmed it yet.
    #[serde(default)]
    pub unconfirmed: BTreeSet<PersonId>,
    #[serde(default)]
    pub attendance_waits: Waiting,
    /// Whether the group named a helper who is not confirmed yet.
    #[serde(default)]
    pub help_waits: Waiting,
    pub interests: Interests,
    pub scores: Vec<ScoreRow>,
    /// Why the group asked for a review, encrypted. The view decrypts it into a field of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub review_sealed: Option<Encrypted>,
    /// The state before the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub reviewed: Option<ApplicationState>,
    /// The letter about the last decision, while it is held. The group sees nothing of the decision
    /// until it goes out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub letter: Option<HeldLetter>,
    /// Until when the last decision can be taken back, or that the application is eligible or
    /// ineligible. The group sees a refusal two minutes after that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date-time")]
    pub take_back_until: Option<TakeBackUntil>,
    /// What the row was before the decision whose letter is held, or before the step that can be
    /// taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub before_letter: Option<Box<UndecidedRow>>,
    /// The language in which the group wants to be contacted.
    #[serde(default)]
    pub language: Language,
    /// The person who helps the group with English, encrypted. The view decrypts it into a field of
    /// its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub helper_sealed: Option<Encrypted>,
    /// The language that the applicant speaks, encrypted. The view decrypts it into a field of its
    /// own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub spoken_language_sealed: Option<Encrypted>,
}

/// One assessor's score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScoreGiven)]
pub struct ScoreRow {
    pub by: PersonId,
    pub criteria: BTreeMap<Slug, u8>,
    pub note: String,
    /// Why the score does not count; absent if it counts.
    pub set_aside: Option<String>,
}

pub(in crate::projections) struct ApplicationsProjection;

impl Projection for ApplicationsProjection {
    const NAME: &'static str = "applications";
    const SCHEMA_VERSION: i64 = 4;
    type Row = ApplicationRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Application(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<ApplicationRow>,
        _: Option<ApplicationRow>,
    ) -> Option<ApplicationRow> {
        let Event::Application(happened) = &event.event else {
            return None;
        };
        if let ApplicationEvent::ApplicationStarted {
            fund,
            round,
            group,
            form,
            ..
        } = happened
        {
            return Some(draft_row(event, *fund, round, *group, *form));
        }
        let mut row = row?;
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(event, happened);
        Some(row)
    }
}

fn draft_row(
    event: &RecordedEvent,
    fund: FundId,
    round: &Slug,
    group: GroupId,
    form: u32,
) -> ApplicationRow {
    ApplicationRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        reference: Reference::from_position(event.position).digits(),
        state: ApplicationState::Draft,
        fund,
        round: round.clone(),
        group,
        form,
        requested: None,
        area: None,
        activity: None,
        people_at_risk: None,
        channel: None,
        help: None,
        submitted_on: None,
        decided_on: None,
        unfinished: BTreeSet::new(),
        changes_to: BTreeSet::new(),
        changes_due_on: None,
        changes_notes: BTreeMap::new(),
        note: None,
        summary: None,
        awarded: None,
        rank: None,
        reason: None,
        present: BTreeSet::new(),
        withdrew: BTreeSet::new(),
        decision: 0,
        recorded_by: None,
        unconfirmed: BTreeSet::new(),
        attendance_waits: Waiting::Nothing,
        help_waits: Waiting::Nothing,
        interests: Interests::default(),
        scores: Vec::new(),
        review_sealed: None,
        reviewed: None,
        language: Language::En,
        helper_sealed: None,
        spoken_language_sealed: None,
        letter: None,
        take_back_until: None,
        before_letter: None,
    }
}

impl ApplicationRow {
    /// Whether the saved answer to a question is not finished.
    #[must_use]
    pub fn is_unfinished(&self, question: &str) -> bool {
        self.unfinished.iter().any(|key| key.as_str() == question)
    }
}

impl ApplicationRow {
    fn apply(&mut self, event: &RecordedEvent, happened: &ApplicationEvent) {
        self.interests.apply(happened);
        self.help_waits = self.interests.named_helpers().next().is_some().into();
        let was = self.state;
        self.apply_state(event, happened);
        if was == ApplicationState::ReserveList && self.state != was {
            self.rank = None;
        }
    }

    fn apply_state(&mut self, event: &RecordedEvent, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        match happened {
            E::ApplicationStarted { .. }
            | E::NoInterestDeclared { .. }
            | E::InterestDeclared { .. }
            | E::HelpConfirmed { .. }
            | E::HelpRefused { .. }
            | E::DraftReminded { .. } => {}
            E::LanguageChosen { .. }
            | E::AnswersSaved { .. }
            | E::ApplicationSubmitted { .. }
            | E::ChangesRequested { .. }
            | E::ApplicationResubmitted { .. } => self.apply_submission(happened),
            E::EligibilityConfirmed { .. }
            | E::EligibilityRefused { .. }
            | E::EligibilityTakenBack { .. }
            | E::ScoreGiven { .. }
            | E::ScoreRevised { .. }
            | E::ScoreSetAside { .. }
            | E::PublicSummaryWritten { .. } => self.apply_assessment(event, happened),
            E::Awarded { .. }
            | E::Declined { .. }
            | E::Deferred { .. }
            | E::Reserved { .. }
            | E::AttendanceConfirmed { .. } => self.apply_decision(event, happened),
            E::LetterMoved { .. } | E::LetterReleased { .. } | E::DecisionTakenBack { .. } => {
                self.apply_letter(happened);
            }
            E::ReviewRequested { .. } | E::ReviewDecided { .. } => self.apply_review(happened),
            E::ApplicationWithdrawn {} => self.withdraw(),
            E::ApplicationLapsed {} => self.state = ApplicationState::Lapsed,
            E::DraftReopened {} => self.state = ApplicationState::Draft,
        }
    }

    fn apply_submission(&mut self, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        match happened {
            E::LanguageChosen {
                language,
                helper,
                spoken_language,
            } => {
                (self.language, self.helper_sealed) = (*language, helper.clone());
                if spoken_language.is_some() {
                    self.spoken_language_sealed.clone_from(spoken_language);
                }
            }
            E::AnswersSaved {
                requested,
                area,
                activity,
                people_at_risk,
                ..
            } => {
                note_unfinished(&mut self.unfinished, happened);
                self.people_at_risk = people_at_risk.or(self.people_at_risk);
                self.requested = requested.or(self.requested);
                self.area = area.clone().or_else(|| self.area.take());
                self.activity = activity.clone().or_else(|| self.activity.take());
            }
            E::ApplicationSubmitted {
                requested,
                area,
                channel,
                received_on,
                help,
                ..
            } => {
                self.state = S::Submitted;
                (self.requested, self.area) = (Some(*requested), Some(area.clone()));
                (self.channel, self.help) = (Some(*channel), help.clone());
                self.submitted_on = Some(*received_on);
            }
            E::ChangesRequested {
                questions,
                note,
                notes,
                due_on,
            } => {
                self.state = S::ChangesRequested;
                self.changes_to.clone_from(questions);
                self.changes_notes.clone_from(notes);
                (self.changes_due_on, self.note) = (Some(*due_on), Some(note.to_string()));
            }
            E::ApplicationResubmitted {
                requested, area, ..
            } => {
                self.state = S::Submitted;
                (self.requested, self.area) = (Some(*requested), Some(area.clone()));
                self.changes_to.clear();
                self.changes_notes.clear();
                (self.changes_due_on, self.note) = (None, None);
            }
            _ => {}
        }
    }

    fn apply_assessment(&mut self, event: &RecordedEvent, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        match happened {
            E::EligibilityConfirmed {
                take_back_until, ..
            } => {
                self.keep_before_step(*take_back_until);
                self.state = S::Eligible;
            }
            E::EligibilityRefused {
                reason,
                take_back_until,
                ..
            } => {
                self.keep_before_step(*take_back_until);
                self.record_decision(S::Ineligible, event, Some(reason.to_string()));
            }
            E::EligibilityTakenBack { .. } => self.take_back(),
            E::ScoreGiven {
                by, criteria, note, ..
            }
            | E::ScoreRevised {
                by, criteria, note, ..
            } => {
                self.state = S::InAssessment;
                self.scores.retain(|score| score.by != *by);
                self.scores.push(ScoreRow {
                    by: *by,
                    criteria: criteria.clone(),
                    note: note.to_string(),
                    set_aside: None,
                });
            }
            E::ScoreSetAside { of, reason, .. } => {
                if let Some(score) = self.scores.iter_mut().find(|score| score.by == *of) {
                    score.set_aside = Some(reason.to_string());
                }
            }
            E::PublicSummaryWritten { summary, .. } => self.summary = Some(summary.clone()),
            _ => {}
        }
    }

    fn apply_decision(&mut self, event: &RecordedEvent, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        match happened {
            E::Awarded {
                terms,
                reason,
                sitting,
                letter,
            } => {
                self.hold(*letter);
                self.awarded = Some(terms.amount);
                self.record_sitting(sitting, reason.as_ref());
                self.record_decision(S::Awarded, event, reason.as_ref().map(ToString::to_string));
            }
            E::Declined {
                reason,
                feedback,
                sitting,
                letter,
                take_back_until,
            } => {
                self.hold(*letter);
                if take_back_until.is_some() {
                    self.keep_before_step(*take_back_until);
                }
                self.record_sitting(sitting, Some(reason));
                self.record_decision(S::Declined, event, Some(feedback.to_string()));
            }
            E::Deferred {
                reason,
                message,
                sitting,
                letter,
            } => {
                self.hold(*letter);
                self.record_sitting(sitting, Some(reason));
                let note = message.as_ref().unwrap_or(reason).to_string();
                self.record_decision(S::Deferred, event, Some(note));
            }
            E::Reserved {
                rank,
                reason,
                message,
                sitting,
                letter,
            } => {
                self.hold(*letter);
                self.rank = Some(*rank);
                self.record_sitting(sitting, Some(reason));
                let note = message.as_ref().unwrap_or(reason).to_string();
                self.record_decision(S::ReserveList, event, Some(note));
            }
            E::AttendanceConfirmed { person, .. } => {
                self.unconfirmed.remove(person);
                self.attendance_waits = (!self.unconfirmed.is_empty()).into();
            }
            _ => {}
        }
    }

    fn apply_review(&mut self, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        match happened {
            E::ReviewRequested { words, .. } => {
                self.reviewed = Some(self.state);
                self.state = S::UnderReview;
                self.review_sealed = Some(words.clone());
            }
            E::ReviewDecided { upheld, reason, .. } => {
                self.note = Some(reason.to_string());
                self.decided_on = self.decided_on.filter(|_| !upheld);
                self.state = match (self.reviewed.take(), upheld) {
                    (Some(S::Ineligible), true) => S::Submitted,
                    (_, true) => S::InAssessment,
                    (before, false) => before.unwrap_or(S::Declined),
                };
            }
            _ => {}
        }
    }

    fn record_sitting(&mut self, sitting: &PanelSitting, reason: Option<&Prose>) {
        self.present.clone_from(&sitting.present);
        self.withdrew.clone_from(&sitting.withdrew);
        self.decision += 1;
        self.recorded_by = sitting.recorded_by;
        let recorder = sitting.recorded_by;
        self.unconfirmed = sitting
            .present
            .iter()
            .copied()
            .filter(|person| recorder.is_some_and(|recorder| recorder != *person))
            .collect();
        self.attendance_waits = (!self.unconfirmed.is_empty()).into();
        self.reason = reason.map(ToString::to_string);
    }

    fn record_decision(
        &mut self,
        state: ApplicationState,
        event: &RecordedEvent,
        note: Option<String>,
    ) {
        self.state = state;
        self.decided_on = Some(event.recorded_on());
        self.note = note;
    }
}
