//! The money of funds: no more is committed than is free, and what is committed for a grant is what
//! the grant may spend.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::funding_source::FundingSplit;
use crate::domain::{Event, FundEvent, Grant, GrantId, Money, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Budgets {
    /// The grants that the current command changes, each with the position of its first change.
    touched: BTreeSet<(Uuid, i64)>,
}

impl RuleRoom for Budgets {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::Budget, Rule::CommitmentMatches]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Grant(_) => self.touch(event.stream, event.position),
            Event::Fund(happened) => {
                if let Some(grant) = grant_of(happened) {
                    self.touch(grant.0, event.position);
                }
                check_free(event.stream, happened, before, broken);
                check_raised_as_offered(happened, before, broken);
            }
            _ => {}
        }
    }

    fn end_command(&mut self, after: &LogState, broken: &mut Broken<'_>) {
        for (grant, position) in std::mem::take(&mut self.touched) {
            if !after.is_committed_as_awarded(grant) {
                let (committed, award) = (after.committed_for(grant), after.award_of(grant));
                let says = format!(
                    "{committed} is committed for the grant {grant}, which may spend {award}: the \
                     amount, a source or the fund differs"
                );
                broken.report_at(position, grant, Rule::CommitmentMatches, says);
            }
        }
    }
}

impl Budgets {
    fn touch(&mut self, grant: Uuid, position: i64) {
        if !self.touched.iter().any(|(known, _)| *known == grant) {
            self.touched.insert((grant, position));
        }
    }
}

/// The grant whose commitment an event changes.
fn grant_of(event: &FundEvent) -> Option<GrantId> {
    match event {
        FundEvent::Committed { grant, .. }
        | FundEvent::CommitmentIncreased { grant, .. }
        | FundEvent::CommitmentReduced { grant, .. }
        | FundEvent::CommitmentReleased { grant, .. }
        | FundEvent::CommitmentTakenBack { grant, .. } => Some(*grant),
        _ => None,
    }
}

/// Checks that an award is raised with money for the area of its offer.
fn check_raised_as_offered(event: &FundEvent, before: &LogState, broken: &mut Broken<'_>) {
    let FundEvent::CommitmentIncreased {
        grant, area, round, ..
    } = event
    else {
        return;
    };
    let offered = before.grant(grant.0).and_then(Grant::area_and_round);
    broken.unless(
        offered == Some((area, round)),
        Rule::Budget,
        "an award was raised for another area or round than it was offered for",
    );
}

/// Checks that money is free when it is committed or withdrawn. The fold itself reports a
/// commitment that falls below zero.
fn check_free(fund: Uuid, event: &FundEvent, before: &LogState, broken: &mut Broken<'_>) {
    let nothing = FundingSplit::default();
    let budget = before.fund(fund).map(crate::domain::Fund::budget);
    match event {
        FundEvent::Committed { sources, area, .. }
        | FundEvent::CommitmentIncreased { sources, area, .. } => {
            let free = budget.map_or(nothing, |budget| budget.uncommitted_in(area));
            broken.unless(
                free.minus(sources).is_ok(),
                Rule::Budget,
                format!(
                    "{} was committed, and {} was free for the area",
                    sources.total(),
                    free.total()
                ),
            );
        }
        FundEvent::FundingWithdrawn { source, amount, .. } => {
            let free = budget.map_or(Money::ZERO, |budget| {
                let committed = budget.committed().from(source);
                let allocated = budget.allocated().from(source);
                allocated.minus(committed).unwrap_or_default()
            });
            broken.unless(
                *amount <= free,
                Rule::Budget,
                format!("{amount} was withdrawn from a fund, and {free} was free"),
            );
        }
        _ => {}
    }
}
