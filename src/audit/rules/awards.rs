//! Awards: within the bounds of the fund, and recorded, committed and offered together.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom, programme};
use crate::domain::panel::Condition;
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event, FundEvent, GrantEvent, Money, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Awards {
    /// By grant: the parts of its award in the current command.
    parts: BTreeMap<Uuid, AwardParts>,
}

/// What the parts of one award say, and the position of the first part.
#[derive(Default)]
struct AwardParts {
    position: i64,
    awarded: Option<Money>,
    committed: Option<Money>,
    offered: Option<Money>,
    areas: BTreeSet<Slug>,
    rounds: BTreeSet<Slug>,
    conditions: Vec<BTreeMap<Slug, Condition>>,
    /// The day on which its letter goes out, or none if it is not held.
    letters: BTreeSet<Option<Date>>,
    /// The last day of the project, and the day by which the final update is due.
    days: BTreeSet<(Date, Date)>,
    funds: BTreeSet<Uuid>,
    groups: BTreeSet<Uuid>,
}

impl RuleRoom for Awards {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::AwardBounds, Rule::WholeAward]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Application(ApplicationEvent::Awarded { terms, letter, .. }) => {
                check_award(event.stream, terms.amount, before, broken);
                let part = self.part(event.stream, event.position);
                part.awarded = Some(terms.amount);
                part.areas.insert(terms.area.clone());
                part.days.insert((terms.ends_on, terms.update_due_on));
                part.conditions.push(terms.conditions.clone());
                part.letters.insert(letter.map(|letter| letter.letters_on));
            }
            Event::Fund(FundEvent::Committed {
                grant,
                area,
                round,
                sources,
            }) => {
                let part = self.part(grant.0, event.position);
                part.committed = Some(sources.total());
                part.areas.insert(area.clone());
                part.rounds.insert(round.clone());
                part.funds.insert(event.stream);
            }
            Event::Grant(GrantEvent::GrantOffered {
                fund,
                round,
                group,
                area,
                sources,
                conditions,
                ends_on,
                update_due_on,
                letters_on,
                ..
            }) => {
                let part = self.part(event.stream, event.position);
                part.days.insert((*ends_on, *update_due_on));
                part.offered = Some(sources.total());
                part.areas.insert(area.clone());
                part.rounds.insert(round.clone());
                part.conditions.push(conditions.clone());
                part.letters.insert(*letters_on);
                part.funds.insert(fund.0);
                part.groups.insert(group.0);
            }
            Event::Grant(GrantEvent::AwardGrown { sources }) => {
                check_raise(event.stream, sources.total(), before, broken);
            }
            _ => {}
        }
    }

    fn end_command(&mut self, after: &LogState, broken: &mut Broken<'_>) {
        for (grant, parts) in std::mem::take(&mut self.parts) {
            if !parts.are_of_application(grant, after) {
                let says = format!(
                    "the award of the grant {grant} is for another fund, group or round than the \
                     application, or its parts differ in area, days, conditions or letter"
                );
                broken.report_at(parts.position, grant, Rule::WholeAward, says);
            }
            let AwardParts {
                position,
                awarded,
                committed,
                offered,
                ..
            } = parts;
            if awarded.is_none() || awarded != committed || awarded != offered {
                let [awarded, committed, offered] = [awarded, committed, offered]
                    .map(|sum| sum.map_or_else(|| "nothing".to_owned(), |sum| sum.to_string()));
                let says = format!(
                    "of the grant {grant}, {awarded} was awarded, {committed} committed and \
                     {offered} offered together"
                );
                broken.report_at(position, grant, Rule::WholeAward, says);
            }
        }
    }
}

impl Awards {
    fn part(&mut self, grant: Uuid, position: i64) -> &mut AwardParts {
        self.parts.entry(grant).or_insert_with(|| AwardParts {
            position,
            ..AwardParts::default()
        })
    }
}

impl AwardParts {
    /// Whether all parts have one area and the same days, conditions and letter, and the fund, the
    /// group and the round of the application.
    fn are_of_application(&self, grant: Uuid, after: &LogState) -> bool {
        let Some(origin) = after.application(grant) else {
            return false;
        };
        self.areas.len() <= 1
            && self.days.len() <= 1
            && self.letters.len() <= 1
            && self
                .conditions
                .windows(2)
                .all(|pair| pair.first() == pair.last())
            && self.rounds.iter().all(|round| *round == origin.round)
            && self.funds.iter().all(|fund| *fund == origin.fund.0)
            && self.groups.iter().all(|group| *group == origin.group)
    }
}

fn check_award(application: Uuid, amount: Money, before: &LogState, broken: &mut Broken<'_>) {
    let (floor, ceiling) = programme();
    let says = format!("{amount} was awarded, outside {floor} to {ceiling}");
    broken.unless(
        floor <= amount && amount <= ceiling,
        Rule::AwardBounds,
        says,
    );
    let Some(rules) = before.fund_of(application).map(crate::domain::Fund::rules) else {
        let says = format!("{amount} was awarded, and no fund is known for it");
        return broken.report(Rule::AwardBounds, says);
    };
    let (minimum, maximum) = (rules.minimum, rules.maximum);
    broken.unless(
        minimum <= amount && amount <= maximum,
        Rule::AwardBounds,
        format!("{amount} was awarded, and the rules of the fund allow {minimum} to {maximum}"),
    );
}

/// Checks the award after a raise. One that is below the minimum, because money came back, may be
/// raised.
fn check_raise(grant: Uuid, more: Money, before: &LogState, broken: &mut Broken<'_>) {
    let (_, ceiling) = programme();
    let maximum = before
        .fund_of(grant)
        .map_or(Money::ZERO, |fund| fund.rules().maximum.min(ceiling));
    let award = before.award_of(grant).plus(more);
    broken.unless(
        award <= maximum,
        Rule::AwardBounds,
        format!("an award was raised to {award}, and the fund allows {maximum}"),
    );
}
