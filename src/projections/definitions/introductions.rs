//! Introductions: who is introduced to which entry of the directory, and the outcome. The `matters`
//! text and the host's name stay encrypted.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::application::Channel;
use crate::domain::asset::Party;
use crate::domain::introduction::{
    CameTo, CloseReason, DeclineReason, IntroductionState, Shared, answer_due_on,
    matters_kept_until,
};
use crate::domain::personal_data::Encrypted;
use crate::domain::{AssetId, Event, GroupId, IntroductionEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// An introduction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = IntroductionRecord)]
pub struct IntroductionRow {
    pub id: Uuid,
    /// The sequence of the newest event of its stream.
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: IntroductionState,
    /// The person who is introduced; absent if a group is, and for those who hold the entry if the
    /// name is not shared.
    pub person: Option<PersonId>,
    /// The group that is introduced; absent if a person is.
    pub group: Option<GroupId>,
    /// The entry of the directory.
    pub to: AssetId,
    /// The group that holds the entry, once the introduction is made.
    pub holder: Option<GroupId>,
    /// Whether they may be at risk. Those who hold the entry do not see it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_risk: bool,
    /// Who asked for it. Those who hold the entry do not see it.
    pub asked_by: Option<PersonId>,
    #[schema(value_type = String, format = "date")]
    pub asked_on: Date,
    /// The version of the notice on which they agreed.
    pub notice: Option<u32>,
    /// How their agreement reached the office.
    pub channel: Option<Channel>,
    /// Whether what was recorded was read back to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_back: bool,
    /// Who recorded the agreement; absent if they did it themselves.
    pub keyed_by: Option<PersonId>,
    /// What those who hold the entry may see.
    pub shares: BTreeSet<Shared>,
    #[schema(value_type = Option<String>, format = "date")]
    pub agreed_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub made_on: Option<Date>,
    /// The day on which those who hold the entry are reminded of their answer; absent if they have
    /// answered or were reminded.
    #[schema(value_type = Option<String>, format = "date")]
    pub answer_due: Option<Date>,
    /// The member of the group who welcomes them.
    pub host: Option<PersonId>,
    #[schema(value_type = Option<String>, format = "date")]
    pub welcomed_on: Option<Date>,
    pub decline_reason: Option<DeclineReason>,
    #[schema(value_type = Option<String>, format = "date")]
    pub declined_on: Option<Date>,
    /// What came of it.
    pub came_to: Option<CameTo>,
    #[schema(value_type = Option<String>, format = "date")]
    pub said_on: Option<Date>,
    #[schema(value_type = Option<String>, format = "date")]
    pub taken_back_on: Option<Date>,
    pub close_reason: Option<CloseReason>,
    #[schema(value_type = Option<String>, format = "date")]
    pub closed_on: Option<Date>,
    /// The last day on which it is kept what matters to them; absent if nothing is kept.
    #[schema(value_type = Option<String>, format = "date")]
    pub kept_until: Option<Date>,
    /// What matters to them. It is stored encrypted, and readers who may see it get it decrypted.
    #[serde(
        default,
        rename = "sealed_matters",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(ignore)]
    pub matters: Option<Encrypted>,
    /// Who welcomes them where no group holds the entry. It is stored encrypted.
    #[serde(
        default,
        rename = "sealed_host_name",
        skip_serializing_if = "Option::is_none"
    )]
    #[schema(ignore)]
    pub host_name: Option<Encrypted>,
}

impl IntroductionRow {
    /// Who is introduced.
    #[must_use]
    pub fn of(&self) -> Option<Party> {
        let person = self.person.map(Party::Person);
        person.or_else(|| self.group.map(Party::Group))
    }

    fn forget(&mut self) {
        (self.matters, self.host_name, self.kept_until) = (None, None, None);
    }
}

pub(in crate::projections) struct IntroductionsProjection;

impl Projection for IntroductionsProjection {
    const NAME: &'static str = "introductions";
    type Row = IntroductionRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Introduction(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<IntroductionRow>,
        _: Option<IntroductionRow>,
    ) -> Option<IntroductionRow> {
        let Event::Introduction(happened) = &event.event else {
            return None;
        };
        let mut row = match row {
            Some(row) => row,
            None => asked_row(event, happened)?,
        };
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply_agreement(happened);
        row.apply_answer(happened);
        Some(row)
    }
}

fn asked_row(event: &RecordedEvent, happened: &IntroductionEvent) -> Option<IntroductionRow> {
    let IntroductionEvent::IntroductionAsked {
        of,
        to,
        at_risk,
        asked_on,
    } = happened
    else {
        return None;
    };
    let asked_by = event.metadata.get("actor");
    Some(IntroductionRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: IntroductionState::Asked,
        person: of.person(),
        group: of.group(),
        to: *to,
        holder: None,
        at_risk: *at_risk,
        asked_by: asked_by.and_then(|by| by.parse().ok()),
        asked_on: *asked_on,
        notice: None,
        channel: None,
        read_back: false,
        keyed_by: None,
        shares: BTreeSet::new(),
        agreed_on: None,
        made_on: None,
        answer_due: None,
        host: None,
        welcomed_on: None,
        decline_reason: None,
        declined_on: None,
        came_to: None,
        said_on: None,
        taken_back_on: None,
        close_reason: None,
        closed_on: None,
        kept_until: None,
        matters: None,
        host_name: None,
    })
}

impl IntroductionRow {
    /// What they agreed to, and whether it holds.
    fn apply_agreement(&mut self, happened: &IntroductionEvent) {
        use IntroductionEvent as E;
        match happened {
            E::IntroductionAgreed {
                notice,
                channel,
                read_back,
                keyed_by,
                matters,
                shares,
                agreed_on,
            } => {
                self.state = IntroductionState::Agreed;
                (self.notice, self.channel) = (Some(*notice), Some(*channel));
                (self.read_back, self.keyed_by) = (*read_back, *keyed_by);
                self.shares.clone_from(shares);
                self.agreed_on = Some(*agreed_on);
                self.matters.clone_from(matters);
                self.kept_until = matters.as_ref().map(|_| matters_kept_until(*agreed_on));
            }
            E::IntroductionTakenBack { taken_back_on, .. } => {
                self.state = IntroductionState::TakenBack;
                (self.taken_back_on, self.answer_due) = (Some(*taken_back_on), None);
                self.forget();
            }
            E::MattersForgotten { .. } => self.forget(),
            _ => {}
        }
    }

    /// What those who hold the entry answered, and what came of it.
    fn apply_answer(&mut self, happened: &IntroductionEvent) {
        use IntroductionEvent as E;
        match happened {
            E::IntroductionMade {
                holder,
                at_risk,
                made_on,
                ..
            } => {
                self.state = IntroductionState::Made;
                self.at_risk |= at_risk;
                (self.holder, self.made_on) = (*holder, Some(*made_on));
                self.answer_due = Some(answer_due_on(*made_on));
            }
            E::IntroductionWelcomed {
                host,
                host_name,
                welcomed_on,
                ..
            } => {
                self.state = IntroductionState::Welcomed;
                (self.host, self.welcomed_on) = (*host, Some(*welcomed_on));
                self.answer_due = None;
                self.host_name.clone_from(host_name);
                let keeps_name = host_name.as_ref().and(self.agreed_on);
                self.kept_until = self
                    .kept_until
                    .or_else(|| keeps_name.map(matters_kept_until));
            }
            E::IntroductionDeclined {
                reason,
                declined_on,
                ..
            } => {
                self.state = IntroductionState::Declined;
                (self.decline_reason, self.declined_on) = (Some(*reason), Some(*declined_on));
                self.answer_due = None;
            }
            E::IntroductionCameTo { how, said_on } => {
                self.state = IntroductionState::CameTo;
                (self.came_to, self.said_on) = (Some(*how), Some(*said_on));
            }
            E::IntroductionClosed { reason, closed_on } => {
                self.state = IntroductionState::Closed;
                (self.close_reason, self.closed_on) = (Some(*reason), Some(*closed_on));
                self.answer_due = None;
            }
            E::IntroductionReminded { .. } => self.answer_due = None,
            _ => {}
        }
    }
}
