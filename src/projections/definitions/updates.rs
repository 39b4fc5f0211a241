//! Updates of grants, for the lists of those due, overdue and to be read. The group's texts stay
//! encrypted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::grant::{DraftField, EncryptedOutcome, UpdateState};
use crate::domain::outcome::Strength;
use crate::domain::personal_data::Encrypted;
use crate::domain::text::Slug;
use crate::domain::{Event, GrantEvent, Money};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// An update, with the group's texts encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateRow {
    pub grant: Uuid,
    pub update: u16,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub state: UpdateState,
    pub due_on: Date,
    pub last: bool,
    pub received_on: Option<Date>,
    pub channel: Option<Channel>,
    pub words: Option<Encrypted>,
    pub learned: Option<Encrypted>,
    pub people: u32,
    pub volunteers: u32,
    pub spent: Option<Money>,
    pub outcomes: Vec<OutcomeRow>,
    pub reason: Option<String>,
    /// The last question from staff.
    pub question: Option<String>,
    pub files: BTreeSet<FileDigest>,
    /// What the photographs show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictured: Option<Encrypted>,
    /// When the group was last reminded.
    pub reminded_on: Option<Date>,
    /// How often the due day was moved. `asked` and `reminders` count the questions from staff and
    /// the reminders.
    #[serde(default)]
    pub moved: u16,
    #[serde(default)]
    pub asked: u16,
    #[serde(default)]
    pub reminders: u16,
    /// What the group has saved and not sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<UpdateDraftRow>,
}

/// What the group saved of an update that it has not sent yet, with its texts encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateDraftRow {
    pub answers: BTreeMap<DraftField, Encrypted>,
    pub strengths: BTreeMap<Slug, Strength>,
    pub noticed: BTreeMap<Slug, Encrypted>,
    pub files: BTreeSet<FileDigest>,
    pub saved_on: Date,
}

/// The strength of a sign as the group reported it, and as staff assessed it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeRow {
    pub sign: Slug,
    pub said: Option<Strength>,
    pub words: Option<Encrypted>,
    pub judged: Option<Strength>,
    pub judgement: Option<String>,
}

pub(in crate::projections) struct UpdatesProjection;

impl Projection for UpdatesProjection {
    const NAME: &'static str = "updates";
    const SCHEMA_VERSION: i64 = 3;
    type Row = UpdateRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use GrantEvent as E;
        let Event::Grant(
            E::UpdateRequested { update, .. }
            | E::UpdateSaved { update, .. }
            | E::UpdateReceived { update, .. }
            | E::UpdateAccepted { update, .. }
            | E::UpdateQueried { update, .. }
            | E::UpdateExcused { update, .. }
            | E::UpdateCorrected { update, .. }
            | E::ReminderSent { update, .. }
            | E::UpdateMoved { update, .. }
            | E::OutcomeJudged { update, .. },
        ) = &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&format_args!(
            "{}/{update:05}",
            event.stream
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<UpdateRow>,
        _: Option<UpdateRow>,
    ) -> Option<UpdateRow> {
        let Event::Grant(happened) = &event.event else {
            return None;
        };
        if let Some(requested) = requested_row(event, happened) {
            return Some(requested);
        }
        let mut row = row?;
        row.updated_at = Moment::of(event);
        row.apply(happened);
        row.apply_draft(happened, event.recorded_on());
        Some(row)
    }
}

/// The row of a newly requested update.
fn requested_row(event: &RecordedEvent, happened: &GrantEvent) -> Option<UpdateRow> {
    let GrantEvent::UpdateRequested {
        update,
        due_on,
        last,
        ..
    } = happened
    else {
        return None;
    };
    Some(UpdateRow {
        grant: event.stream,
        update: *update,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: UpdateState::Requested,
        due_on: *due_on,
        last: *last,
        received_on: None,
        channel: None,
        words: None,
        learned: None,
        people: 0,
        volunteers: 0,
        spent: None,
        outcomes: Vec::new(),
        reason: None,
        question: None,
        files: BTreeSet::new(),
        pictured: None,
        reminded_on: None,
        moved: 0,
        asked: 0,
        reminders: 0,
        draft: None,
    })
}

impl UpdateRow {
    fn apply(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::UpdateReceived {
                channel,
                words,
                learned,
                people,
                volunteers,
                spent,
                outcomes,
                files,
                pictured,
                received_on,
                ..
            } => {
                self.state = UpdateState::Received;
                self.files.clone_from(files);
                self.pictured.clone_from(pictured);
                (self.received_on, self.channel) = (Some(*received_on), Some(*channel));
                (self.words, self.learned) = (Some(words.clone()), learned.clone());
                (self.people, self.volunteers, self.spent) = (*people, *volunteers, Some(*spent));
                self.replace_outcomes(outcomes);
            }
            E::UpdateAccepted { .. } => self.state = UpdateState::Accepted,
            E::UpdateQueried {
                question, due_on, ..
            } => {
                self.due_on = due_on.unwrap_or(self.due_on);
                self.asked = self.asked.saturating_add(1);
                self.state = UpdateState::Queried;
                self.question = Some(question.to_string());
            }
            E::UpdateCorrected {
                people,
                volunteers,
                spent,
                ..
            } => {
                (self.people, self.volunteers, self.spent) = (*people, *volunteers, Some(*spent));
            }
            E::UpdateMoved { due_on, .. } => {
                (self.due_on, self.moved) = (*due_on, self.moved.saturating_add(1));
            }
            E::ReminderSent { sent_on, .. } => {
                self.reminded_on = Some(*sent_on);
                self.reminders = self.reminders.saturating_add(1);
            }
            E::UpdateExcused { reason, .. } => {
                self.state = UpdateState::Excused;
                self.reason = Some(reason.to_string());
            }
            E::OutcomeJudged {
                sign,
                strength,
                reason,
                ..
            } => self.set_judgement(sign, *strength, reason.to_string()),
            _ => {}
        }
    }

    /// A draft lasts until the update is sent, or need not be sent any more.
    fn apply_draft(&mut self, happened: &GrantEvent, today: Date) {
        use GrantEvent as E;
        match happened {
            E::UpdateSaved {
                answers,
                strengths,
                noticed,
                files,
                ..
            } => {
                self.draft = Some(UpdateDraftRow {
                    answers: answers.clone(),
                    strengths: strengths.clone(),
                    noticed: noticed.clone(),
                    files: files.clone(),
                    saved_on: today,
                });
            }
            E::UpdateReceived { .. } | E::UpdateExcused { .. } => self.draft = None,
            _ => {}
        }
    }

    /// Replaces what the group reported. An assessment that staff made before they queried the
    /// update remains.
    fn replace_outcomes(&mut self, reported: &[EncryptedOutcome]) {
        let said = |outcome: &EncryptedOutcome| OutcomeRow {
            sign: outcome.sign.clone(),
            said: Some(outcome.strength),
            words: Some(outcome.words.clone()),
            judged: None,
            judgement: None,
        };
        let before = std::mem::replace(&mut self.outcomes, reported.iter().map(said).collect());
        for outcome in before {
            if let (Some(strength), Some(judgement)) = (outcome.judged, outcome.judgement) {
                self.set_judgement(&outcome.sign, strength, judgement);
            }
        }
    }

    fn set_judgement(&mut self, sign: &Slug, strength: Strength, judgement: String) {
        let (judged, judgement) = (Some(strength), Some(judgement));
        match self
            .outcomes
            .iter_mut()
            .find(|outcome| outcome.sign == *sign)
        {
            Some(outcome) => (outcome.judged, outcome.judgement) = (judged, judgement),
            None => self.outcomes.push(OutcomeRow {
                sign: sign.clone(),
                said: None,
                words: None,
                judged,
                judgement,
            }),
        }
    }
}
