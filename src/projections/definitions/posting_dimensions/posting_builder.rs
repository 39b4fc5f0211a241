//! The postings that each event of a fund, an application or a grant adds.

use std::collections::BTreeSet;

use jiff::civil::Date;

use super::{DimensionRow, UpdateFigures};
use crate::domain::funding_source::FundingSplit;
use crate::domain::group::GroupMaturity;
use crate::domain::outcome::Strength;
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, Money};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::store::postings::PostingRow;

/// The postings of one event, as they are added.
pub(super) struct PostingBuilder<'a> {
    pub(super) event: &'a RecordedEvent,
    pub(super) dimensions: &'a DimensionRow,
    pub(super) postings: Vec<PostingRow>,
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
            theme: self.dimensions.theme.clone(),
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

    pub(super) fn post_fund_event(&mut self, happened: &FundEvent) {
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
                self.post_award(sources, 1);
                self.set_grant(&grant.to_string());
            }
            FundEvent::CommitmentTakenBack { grant, sources } => {
                self.post_award(sources, -1);
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

    /// Posts an award, or with the direction -1 one that was taken back.
    fn post_award(&mut self, sources: &FundingSplit, direction: i64) {
        self.post_money("committed", sources, direction, None);
        self.add("awards", direction);
        // A fund counts an award once. Each of its funders counts it too.
        for funder in sources
            .parts()
            .map(|part| &part.source.funder)
            .collect::<BTreeSet<_>>()
        {
            self.add("awards_from", direction).funder = funder.to_string();
        }
    }

    fn set_grant(&mut self, grant: &str) {
        for posting in &mut self.postings {
            grant.clone_into(&mut posting.grant_id);
        }
    }

    pub(super) fn post_application_event(&mut self, happened: &ApplicationEvent) {
        match happened {
            ApplicationEvent::AnswersSaved {
                activity: Some(theme),
                ..
            } if self.dimensions.submitted_on.is_some() => self.move_to_theme(theme.as_str()),
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
            ApplicationEvent::ReviewDecided { upheld: true, .. }
            | ApplicationEvent::DecisionTakenBack { .. } => {
                if let Some(days) = self.dimensions.decided {
                    self.add("decided", -1);
                    self.add("decision_days", -days);
                }
            }
            _ => {}
        }
    }

    /// Moves an application that was submitted to another theme. Nothing else is posted of it yet
    /// when the group can change its answers.
    fn move_to_theme(&mut self, theme: &str) {
        let before = self.dimensions;
        if before.theme == theme {
            return;
        }
        for (figure, amount) in [("requested", before.requested.pence()), ("submitted", 1)] {
            self.add(figure, -amount);
            theme.clone_into(&mut self.add(figure, amount).theme);
        }
    }

    pub(super) fn post_grant_event(&mut self, happened: &GrantEvent) {
        match happened {
            GrantEvent::AgreementAccepted { .. } => {
                self.add("grants", 1);
                if self.dimensions.standing == Some(GroupMaturity::New) {
                    self.add("grants_to_new_groups", 1);
                }
            }
            GrantEvent::PaymentSent {
                sources, sent_on, ..
            } => self.post_money("sent", sources, 1, Some(*sent_on)),
            GrantEvent::PaymentFailed {
                sources, failed_on, ..
            } => self.post_money("sent", sources, -1, Some(*failed_on)),
            GrantEvent::PaymentReversed {
                sources,
                reversed_on,
                ..
            } => {
                self.post_money("sent", sources, -1, Some(*reversed_on));
                self.post_money("confirmed", sources, -1, Some(*reversed_on));
            }
            GrantEvent::ReturnWaived { amount, .. } => self.post_waiver(*amount),
            GrantEvent::PaymentConfirmed {
                payment,
                paid_on,
                leaving,
                ..
            }
            | GrantEvent::PaymentCorrected {
                payment,
                paid_on,
                leaving,
                ..
            } => {
                if let Some(moved) = leaving {
                    self.post_money("sent", &moved.sources, -1, Some(moved.from));
                    self.post_money("sent", &moved.sources, 1, Some(moved.to));
                }
                self.post_confirmed(*payment, *paid_on);
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
            _ => self.post_update_event(happened),
        }
    }

    /// Posts a payment as confirmed on the bank's day. A day that was confirmed before is replaced.
    fn post_confirmed(&mut self, payment: u16, paid_on: Date) {
        let dimensions = self.dimensions;
        let Some(sent) = dimensions.payments.get(&payment) else {
            return;
        };
        if let Some(earlier) = sent.paid_on {
            self.post_money("confirmed", &sent.sources, -1, Some(earlier));
        }
        self.post_money("confirmed", &sent.sources, 1, Some(paid_on));
    }

    fn post_update_event(&mut self, happened: &GrantEvent) {
        match happened {
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
            if *points > 0 {
                self.add("seen_by", 1).sign.clone_from(sign);
            }
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
