//! Applications from their first saved answer to the decision. The answers themselves are rows of their own.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::application::{ApplicationState, Channel, Help, Summary};
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event, FundId, GroupId, Money, PersonId};
use crate::log::record::Recorded;

/// An application as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Application)]
pub struct ApplicationRow {
    pub id: Uuid,
    pub version: i64,
    pub state: ApplicationState,
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub form: u32,
    pub requested: Option<Money>,
    pub area: Option<Slug>,
    pub activity: Option<Slug>,
    pub channel: Option<Channel>,
    pub help: Option<Help>,
    #[schema(value_type = Option<String>, format = "date")]
    pub submitted_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub decided_on: Option<Date>,
    /// The questions that the group was asked to answer again.
    pub changes_to: BTreeSet<Slug>,
    #[schema(value_type = Option<String>, format = "date")]
    pub changes_due_on: Option<Date>,
    /// What staff wrote to the group with the last decision or request.
    pub note: Option<String>,
    pub summary: Option<Summary>,
    pub awarded: Option<Money>,
    pub rank: Option<u16>,
    pub scores: Vec<ScoreRow>,
}

/// One assessor's score.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ScoreGiven)]
pub struct ScoreRow {
    pub by: PersonId,
    #[schema(value_type = BTreeMap<String, u8>)]
    pub criteria: BTreeMap<Slug, u8>,
    pub note: String,
}

pub(super) struct Applications;

impl Projection for Applications {
    const NAME: &'static str = "applications";
    type Row = ApplicationRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        matches!(event.event, Event::Application(_)).then(|| Touches::one(&event.stream))
    }

    fn project(event: &Recorded, row: Option<ApplicationRow>, _: Option<ApplicationRow>) -> Option<ApplicationRow> {
        let Event::Application(happened) = &event.event else { return None };
        if let ApplicationEvent::ApplicationStarted { fund, round, group, form } = happened {
            return Some(started(event, *fund, round, *group, *form));
        }
        let mut row = row?;
        row.version = event.sequence;
        row.take(event, happened);
        Some(row)
    }
}

fn started(event: &Recorded, fund: FundId, round: &Slug, group: GroupId, form: u32) -> ApplicationRow {
    ApplicationRow {
        id: event.stream,
        version: event.sequence,
        state: ApplicationState::Draft,
        fund,
        round: round.clone(),
        group,
        form,
        requested: None,
        area: None,
        activity: None,
        channel: None,
        help: None,
        submitted_on: None,
        decided_on: None,
        changes_to: BTreeSet::new(),
        changes_due_on: None,
        note: None,
        summary: None,
        awarded: None,
        rank: None,
        scores: Vec::new(),
    }
}

impl ApplicationRow {
    fn take(&mut self, event: &Recorded, happened: &ApplicationEvent) {
        use ApplicationEvent as E;
        use ApplicationState as S;
        match happened {
            E::ApplicationStarted { .. } => {}
            E::AnswersSaved { requested, area, activity, .. } => {
                self.requested = requested.or(self.requested);
                self.area = area.clone().or_else(|| self.area.take());
                self.activity = activity.clone().or_else(|| self.activity.take());
            }
            E::ApplicationSubmitted { requested, area, channel, received_on, help, .. } => {
                self.state = S::Submitted;
                (self.requested, self.area) = (Some(*requested), Some(area.clone()));
                (self.channel, self.help) = (Some(*channel), help.clone());
                self.submitted_on = Some(*received_on);
            }
            E::ChangesRequested { questions, note, due_on } => {
                self.state = S::ChangesRequested;
                self.changes_to.clone_from(questions);
                self.changes_due_on = Some(*due_on);
                self.note = Some(note.to_string());
            }
            E::ApplicationResubmitted { requested, area } => {
                self.state = S::Submitted;
                (self.requested, self.area) = (Some(*requested), Some(area.clone()));
                self.changes_to.clear();
                self.changes_due_on = None;
                self.note = None;
            }
            E::EligibilityConfirmed {} => self.state = S::Eligible,
            E::EligibilityRefused { reason } => self.decide(S::Ineligible, event, Some(reason.to_string())),
            E::ScoreGiven { by, criteria, note } => {
                self.state = S::InAssessment;
                self.scores.push(ScoreRow { by: *by, criteria: criteria.clone(), note: note.to_string() });
            }
            E::PublicSummaryWritten { summary } => self.summary = Some(summary.clone()),
            E::Awarded { terms, reason } => {
                self.awarded = Some(terms.amount);
                self.decide(S::Awarded, event, reason.as_ref().map(ToString::to_string));
            }
            E::Declined { reason } => self.decide(S::Declined, event, Some(reason.to_string())),
            E::Deferred { reason } => self.decide(S::Deferred, event, Some(reason.to_string())),
            E::Reserved { rank, reason } => {
                self.rank = Some(*rank);
                self.decide(S::ReserveList, event, Some(reason.to_string()));
            }
            E::ApplicationWithdrawn {} => self.state = S::Withdrawn,
            E::ApplicationLapsed {} => self.state = S::Lapsed,
        }
    }

    fn decide(&mut self, state: ApplicationState, event: &Recorded, note: Option<String>) {
        self.state = state;
        self.decided_on = Some(event.recorded_on());
        self.note = note;
    }
}
