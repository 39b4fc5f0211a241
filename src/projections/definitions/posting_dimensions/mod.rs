//! The fund, round, area and theme of each application and grant, and the postings of figures under
//! these dimensions.
//!
//! Postings are append-only: a budget or an outcome as at any position or day is a sum of postings.

mod posting_builder;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::funding_source::FundingSplit;
use crate::domain::group::GroupMaturity;
use crate::domain::outcome::Strength;
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, GroupEvent, Money};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};
use crate::store::postings::PostingRow;
use posting_builder::PostingBuilder;

/// The values that postings need of an application or grant, or of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DimensionRow {
    fund: String,
    round: String,
    area: String,
    #[serde(default)]
    theme: String,
    standing: Option<GroupMaturity>,
    requested: Money,
    submitted_on: Option<Date>,
    /// The number of days that the decision took, once it was made.
    decided: Option<i64>,
    /// The figures of each update. They count once the update is accepted.
    reported: BTreeMap<u16, UpdateFigures>,
    /// Money paid that has not come back, by funding source.
    paid: FundingSplit,
    /// Money waived or written off, by funding source.
    waived: FundingSplit,
    /// The payments that were sent.
    #[serde(default)]
    payments: BTreeMap<u16, PostedPayment>,
}

/// A payment that was sent, and the day on which the bank made it, once the bank confirmed it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct PostedPayment {
    sources: FundingSplit,
    paid_on: Option<Date>,
}

/// The figures of one update.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct UpdateFigures {
    people: u32,
    volunteers: u32,
    spent: Money,
    said: BTreeMap<String, i64>,
    /// The assessment of each sign by staff.
    judged: BTreeMap<String, Strength>,
    accepted: bool,
}

pub(in crate::projections) struct PostingDimensionsProjection;

impl Projection for PostingDimensionsProjection {
    const NAME: &'static str = "places";
    const SCHEMA_VERSION: i64 = 5;
    type Row = DimensionRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        let row = event.stream.to_string();
        match &event.event {
            Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
                Some(AffectedRows {
                    also_read: Some(group.to_string()),
                    ..AffectedRows::one(&row)
                })
            }
            Event::Fund(
                FundEvent::Committed { grant, .. }
                | FundEvent::CommitmentIncreased { grant, .. }
                | FundEvent::CommitmentReduced { grant, .. }
                | FundEvent::CommitmentReleased { grant, .. }
                | FundEvent::CommitmentTakenBack { grant, .. },
            ) => Some(AffectedRows::one(grant)),
            Event::Application(_) | Event::Grant(_) | Event::Fund(_) | Event::Group(_) => {
                Some(AffectedRows::one(&row))
            }
            Event::Person(_)
            | Event::Organisation(_)
            | Event::Gathering(_)
            | Event::Asset(_)
            | Event::Introduction(_)
            | Event::Barrier(_) => None,
        }
    }

    fn project(
        event: &RecordedEvent,
        row: Option<DimensionRow>,
        beside: Option<DimensionRow>,
    ) -> Option<DimensionRow> {
        match &event.event {
            Event::Group(GroupEvent::GroupRegistered { standing, .. }) => Some(DimensionRow {
                standing: Some(*standing),
                ..DimensionRow::default()
            }),
            Event::Application(ApplicationEvent::ApplicationStarted { fund, round, .. }) => {
                Some(DimensionRow {
                    fund: fund.to_string(),
                    round: round.to_string(),
                    standing: beside.and_then(|group| group.standing),
                    ..DimensionRow::default()
                })
            }
            Event::Application(ApplicationEvent::AnswersSaved {
                activity: Some(theme),
                ..
            }) => Some(DimensionRow {
                theme: theme.to_string(),
                ..row?
            }),
            Event::Application(ApplicationEvent::ApplicationSubmitted {
                requested,
                area,
                received_on,
                ..
            }) => Some(DimensionRow {
                requested: *requested,
                area: area.to_string(),
                submitted_on: Some(*received_on),
                ..row?
            }),
            Event::Application(ApplicationEvent::ApplicationResubmitted {
                requested,
                area,
                ..
            }) => Some(DimensionRow {
                requested: *requested,
                area: area.to_string(),
                ..row?
            }),
            Event::Application(
                ApplicationEvent::Awarded { .. } | ApplicationEvent::Declined { .. },
            ) => {
                let mut row = row?;
                row.decided = Some(row.days_until(event));
                Some(row)
            }
            Event::Application(
                ApplicationEvent::ReviewDecided { upheld: true, .. }
                | ApplicationEvent::DecisionTakenBack { .. },
            ) => Some(DimensionRow {
                decided: None,
                ..row?
            }),
            Event::Grant(happened) => row?.apply(happened),
            _ => None,
        }
    }

    fn post(event: &RecordedEvent, before: Option<&DimensionRow>) -> Vec<PostingRow> {
        let unknown = DimensionRow::default();
        let mut post = PostingBuilder {
            event,
            dimensions: before.unwrap_or(&unknown),
            postings: Vec::new(),
        };
        match &event.event {
            Event::Fund(happened) => post.post_fund_event(happened),
            Event::Application(happened) => post.post_application_event(happened),
            Event::Grant(happened) => post.post_grant_event(happened),
            _ => {}
        }
        post.postings
    }
}

impl DimensionRow {
    fn days_until(&self, event: &RecordedEvent) -> i64 {
        let days = |submitted_on: Date| {
            submitted_on
                .until(event.recorded_on())
                .map_or(0, |span| i64::from(span.get_days()))
        };
        self.submitted_on.map_or(0, days)
    }

    /// The row after an event of its grant. `None` if the event changes nothing in it.
    fn apply(mut self, happened: &GrantEvent) -> Option<Self> {
        match happened {
            GrantEvent::PaymentSent {
                payment, sources, ..
            } => {
                self.paid = self.paid.plus(sources);
                let sent = PostedPayment {
                    sources: sources.clone(),
                    paid_on: None,
                };
                self.payments.insert(*payment, sent);
            }
            GrantEvent::PaymentConfirmed {
                payment, paid_on, ..
            }
            | GrantEvent::PaymentCorrected {
                payment, paid_on, ..
            } => self.payments.get_mut(payment)?.paid_on = Some(*paid_on),
            GrantEvent::PaymentFailed { sources, .. }
            | GrantEvent::PaymentReversed { sources, .. }
            | GrantEvent::ReturnReceived { sources, .. }
            | GrantEvent::EntrySettled { sources, .. } => {
                self.paid = self.paid.minus(sources).unwrap_or_default();
            }
            GrantEvent::ReturnWaived { amount, .. } => {
                let from = self.split_waiver(*amount);
                self.waived = self.waived.plus(&from);
            }
            _ => return self.apply_update(happened),
        }
        Some(self)
    }

    fn apply_update(mut self, happened: &GrantEvent) -> Option<Self> {
        match happened {
            GrantEvent::UpdateReceived {
                update,
                people,
                volunteers,
                spent,
                outcomes,
                ..
            } => {
                let figures = self.reported.entry(*update).or_default();
                (figures.people, figures.volunteers, figures.spent) =
                    (*people, *volunteers, *spent);
                figures.said = outcomes
                    .iter()
                    .map(|said| (said.sign.to_string(), said.strength.points()))
                    .collect();
            }
            GrantEvent::UpdateCorrected {
                update,
                people,
                volunteers,
                spent,
                ..
            } => {
                let figures = self.reported.entry(*update).or_default();
                (figures.people, figures.volunteers, figures.spent) =
                    (*people, *volunteers, *spent);
            }
            GrantEvent::UpdateAccepted { update, .. } => {
                self.reported.entry(*update).or_default().accepted = true;
            }
            GrantEvent::OutcomeJudged {
                update,
                sign,
                strength,
                ..
            } => {
                self.reported
                    .entry(*update)
                    .or_default()
                    .judged
                    .insert(sign.to_string(), *strength);
            }
            _ => return None,
        }
        Some(self)
    }

    /// The funding sources from which an amount is waived: unrestricted money first, up to the
    /// amount paid and not waived yet.
    fn split_waiver(&self, amount: Money) -> FundingSplit {
        let mut left = FundingSplit::default();
        for part in self.paid.parts() {
            left.add(
                &part.source,
                part.amount
                    .minus(self.waived.from(&part.source))
                    .unwrap_or_default(),
            );
        }
        left.last(amount.min(left.total())).unwrap_or_default()
    }

    /// The figures of an update, if it is accepted.
    fn accepted_figures(&self, update: u16) -> Option<&UpdateFigures> {
        self.reported
            .get(&update)
            .filter(|figures| figures.accepted)
    }
}
