//! The fund, round and area of each application and grant, and the postings of figures under these
//! dimensions.
//!
//! Postings are append-only: a budget or an outcome as at any position or day is a sum of postings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::funding_source::FundingSplit;
use crate::domain::group::GroupMaturity;
use crate::domain::outcome::Strength;
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, GroupEvent, Money};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};
use crate::store::postings::PostingRow;

/// The values that postings need of an application or grant, or of a group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct DimensionRow {
    fund: String,
    round: String,
    area: String,
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
    const SCHEMA_VERSION: i64 = 2;
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
                | FundEvent::CommitmentReleased { grant, .. },
            ) => Some(AffectedRows::one(grant)),
            Event::Application(_) | Event::Grant(_) | Event::Fund(_) | Event::Group(_) => {
                Some(AffectedRows::one(&row))
            }
            Event::Person(_) | Event::Organisation(_) => None,
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
            Event::Application(ApplicationEvent::ReviewDecided { upheld: true, .. }) => {
                Some(DimensionRow {
                    decided: None,
                    ..row?
                })
            }
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
            GrantEvent::PaymentSent { sources, .. } => self.paid = self.paid.plus(sources),
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

struct PostingBuilder<'a> {
    event: &'a RecordedEvent,
    dimensions: &'a DimensionRow,
    postings: Vec<PostingRow>,
}

impl PostingBuilder<'_> {
    fn add(&mut self, figure: &str, amount: i64) -> &mut PostingRow {
        let day = self.event.recorded_on().to_string();
        let of_grant = matches!(self.event.event, Event::Application(_) | Event::Grant(_));
        self.postings.push(PostingRow {
            position: self.event.position,
            ordinal: i64::try_from(self.postings.len()).unwrap_or_default(),
            figure: figure.to_owned(),
            amount,
            fund: self.dimensions.fund.clone(),
            round: self.dimensions.round.clone(),
            area: self.dimensions.area.clone(),
            funder: String::new(),
            restricted: String::new(),
            grant_id: if of_grant {
                self.event.stream.to_string()
            } else {
                String::new()
            },
            sign: String::new(),
            recorded_on: day.clone(),
            effective_on: day,
        });
        let last = self.postings.len() - 1;
        &mut self.postings[last]
    }

    /// Adds one posting for each funding source, with `direction` (1 or -1) as the sign.
    fn post_money(
        &mut self,
        figure: &str,
        sources: &FundingSplit,
        direction: i64,
        effective_on: Option<Date>,
    ) {
        for part in sources.parts() {
            let posting = self.add(figure, direction * part.amount.pence());
            posting.funder = part.source.funder.to_string();
            posting.restricted = part
                .source
                .area
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default();
            if let Some(day) = effective_on {
                posting.effective_on = day.to_string();
            }
        }
    }

    fn post_fund_event(&mut self, happened: &FundEvent) {
        match happened {
            FundEvent::FundingAllocated {
                source,
                amount,
                received_on,
                ..
            } => {
                self.post_money(
                    "allocated",
                    &FundingSplit::of(source, *amount),
                    1,
                    Some(*received_on),
                );
            }
            FundEvent::FundingWithdrawn {
                source,
                amount,
                withdrawn_on,
                ..
            } => {
                self.post_money(
                    "allocated",
                    &FundingSplit::of(source, *amount),
                    -1,
                    Some(*withdrawn_on),
                );
            }
            FundEvent::Committed { grant, sources, .. } => {
                self.post_money("committed", sources, 1, None);
                self.add("awards", 1);
                // A fund counts an award once. Each of its funders counts it too.
                for funder in sources
                    .parts()
                    .map(|part| &part.source.funder)
                    .collect::<BTreeSet<_>>()
                {
                    self.add("awards_from", 1).funder = funder.to_string();
                }
                self.set_grant(&grant.to_string());
            }
            FundEvent::CommitmentIncreased { grant, sources, .. } => {
                self.post_money("committed", sources, 1, None);
                self.set_grant(&grant.to_string());
            }
            FundEvent::CommitmentReduced {
                grant,
                sources,
                effective_on,
                ..
            } => {
                self.post_money("committed", sources, -1, *effective_on);
                self.set_grant(&grant.to_string());
            }
            FundEvent::CommitmentReleased { grant, sources, .. } => {
                self.post_money("committed", sources, -1, None);
                self.set_grant(&grant.to_string());
            }
            _ => {}
        }
        for posting in self
            .postings
            .iter_mut()
            .filter(|posting| posting.fund.is_empty())
        {
            posting.fund = self.event.stream.to_string();
            posting.area.clone_from(&posting.restricted);
        }
    }

    fn set_grant(&mut self, grant: &str) {
        for posting in &mut self.postings {
            grant.clone_into(&mut posting.grant_id);
        }
    }

    fn post_application_event(&mut self, happened: &ApplicationEvent) {
        match happened {
            ApplicationEvent::ApplicationSubmitted {
                requested,
                area,
                received_on,
                ..
            } => {
                for (figure, amount) in [("requested", requested.pence()), ("submitted", 1)] {
                    let posting = self.add(figure, amount);
                    posting.area = area.to_string();
                    posting.effective_on = received_on.to_string();
                }
            }
            ApplicationEvent::ApplicationResubmitted {
                requested, area, ..
            } => {
                let before = self.dimensions.requested.pence();
                self.add("requested", -before);
                self.add("submitted", -1);
                self.add("requested", requested.pence()).area = area.to_string();
                self.add("submitted", 1).area = area.to_string();
            }
            ApplicationEvent::Awarded { .. } | ApplicationEvent::Declined { .. } => {
                self.add("decided", 1);
                self.add("decision_days", self.dimensions.days_until(self.event));
            }
            ApplicationEvent::ReviewDecided { upheld: true, .. } => {
                if let Some(days) = self.dimensions.decided {
                    self.add("decided", -1);
                    self.add("decision_days", -days);
                }
            }
            _ => {}
        }
    }

    fn post_grant_event(&mut self, happened: &GrantEvent) {
        match happened {
            GrantEvent::AgreementAccepted { .. } => {
                self.add("grants", 1);
                if self.dimensions.standing == Some(GroupMaturity::New) {
                    self.add("grants_to_new_groups", 1);
                }
            }
            GrantEvent::PaymentSent {
                sources, sent_on, ..
            } => self.post_money("paid", sources, 1, Some(*sent_on)),
            GrantEvent::PaymentFailed {
                sources, failed_on, ..
            } => self.post_money("paid", sources, -1, Some(*failed_on)),
            GrantEvent::PaymentReversed {
                sources,
                reversed_on,
                ..
            } => self.post_money("paid", sources, -1, Some(*reversed_on)),
            GrantEvent::ReturnWaived { amount, .. } => self.post_waiver(*amount),
            GrantEvent::PaymentConfirmed {
                leaving: Some(moved),
                ..
            }
            | GrantEvent::PaymentCorrected {
                leaving: Some(moved),
                ..
            } => {
                self.post_money("paid", &moved.sources, -1, Some(moved.from));
                self.post_money("paid", &moved.sources, 1, Some(moved.to));
            }
            GrantEvent::ReturnReceived {
                sources,
                received_on: day,
                ..
            }
            | GrantEvent::EntrySettled {
                sources,
                happened_on: day,
                ..
            } => {
                self.post_money("returned", sources, 1, Some(*day));
            }
            GrantEvent::UpdateAccepted { update, .. } => {
                if let Some(figures) = self
                    .dimensions
                    .reported
                    .get(update)
                    .filter(|figures| !figures.accepted)
                {
                    self.post_update(figures);
                }
            }
            GrantEvent::UpdateCorrected {
                update,
                people,
                volunteers,
                spent,
                ..
            } => {
                if let Some(before) = self.dimensions.accepted_figures(*update) {
                    self.add("people", i64::from(*people) - i64::from(before.people));
                    self.add(
                        "volunteers",
                        i64::from(*volunteers) - i64::from(before.volunteers),
                    );
                    self.add("spent", spent.pence() - before.spent.pence());
                }
            }
            GrantEvent::OutcomeJudged {
                update,
                sign,
                strength,
                ..
            } => {
                let Some(figures) = self.dimensions.accepted_figures(*update) else {
                    return;
                };
                let sign = sign.to_string();
                if let Some(earlier) = figures.judged.get(&sign) {
                    self.post_judgement(&sign, *earlier, -1);
                }
                self.post_judgement(&sign, *strength, 1);
            }
            _ => {}
        }
    }

    fn post_waiver(&mut self, amount: Money) {
        let from = self.dimensions.split_waiver(amount);
        self.post_money("waived", &from, 1, None);
        let rest = amount.minus(from.total()).unwrap_or_default();
        if !rest.is_zero() {
            self.add("waived", rest.pence());
        }
    }

    fn post_update(&mut self, figures: &UpdateFigures) {
        self.add("updates", 1);
        self.add("people", i64::from(figures.people));
        self.add("volunteers", i64::from(figures.volunteers));
        self.add("spent", figures.spent.pence());
        for (sign, points) in &figures.said {
            self.add("said", *points).sign.clone_from(sign);
            self.add("said_by", 1).sign.clone_from(sign);
        }
        for (sign, strength) in &figures.judged {
            self.post_judgement(sign, *strength, 1);
        }
    }

    fn post_judgement(&mut self, sign: &str, strength: Strength, direction: i64) {
        sign.clone_into(&mut self.add("judged", direction * strength.points()).sign);
        sign.clone_into(&mut self.add("judged_of", direction).sign);
    }
}
