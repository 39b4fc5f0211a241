//! The checks of a grant: they are clear before a payment is prepared, and two people waive one.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::grant::{Instalment, ReleaseCondition};
use crate::domain::text::Slug;
use crate::domain::{Event, FundId, Grant, GrantEvent, GrantId, GroupEvent, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Checks {
    grants: BTreeMap<Uuid, GrantChecks>,
}

/// The checks and conditions of a grant.
#[derive(Default)]
struct GrantChecks {
    results: BTreeMap<Slug, CheckResult>,
    /// Those that hold back every payment.
    for_every_payment: BTreeSet<Slug>,
    /// Those that have ever been tied to an instalment.
    tied: BTreeSet<Slug>,
    /// By instalment: the check that releases it.
    releases: BTreeMap<u16, Slug>,
    /// By instalment: the day that releases it.
    from_days: BTreeMap<u16, Date>,
}

/// What the last event of a check says of it.
#[derive(Clone, Copy)]
enum CheckResult {
    Open,
    Passed { good_until: Option<Date> },
    WaiverProposed(PersonId),
    Waived,
}

impl RuleRoom for Checks {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ChecksPassed, Rule::CheckWaivedByTwo]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        match &event.event {
            Event::Grant(happened) => self.check_grant(event.stream, happened, before, broken),
            Event::Group(GroupEvent::CheckFiled {
                check,
                grant,
                good_until,
                ..
            }) => {
                self.check_filed(check, *grant, *good_until, broken);
                let group = before.grant(grant.0).and_then(Grant::group);
                let is_own = group.is_some_and(|group| group.0 == event.stream);
                let says = "a check was filed that a grant of another group had passed";
                broken.unless(is_own, Rule::ChecksPassed, says);
            }
            _ => {}
        }
    }
}

impl Checks {
    fn check_grant(
        &mut self,
        id: Uuid,
        event: &GrantEvent,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        use GrantEvent as E;
        let grant = self.grants.entry(id).or_default();
        match event {
            E::GrantOffered {
                fund,
                checks,
                conditions,
                ..
            } => {
                let every = conditions
                    .iter()
                    .filter(|(_, condition)| !condition.one_instalment)
                    .map(|(key, _)| key);
                let all = checks.iter().chain(conditions.keys());
                *grant = GrantChecks {
                    results: all.map(|key| (key.clone(), CheckResult::Open)).collect(),
                    for_every_payment: checks.iter().chain(every).cloned().collect(),
                    ..GrantChecks::default()
                };
                check_offer(*fund, checks, before, broken);
            }
            E::CheckRequested { check, .. } | E::CheckFailed { check, .. } => {
                grant.record(check, CheckResult::Open);
            }
            E::CheckPassed {
                check, good_until, ..
            } => {
                let good_until = *good_until;
                grant.record(check, CheckResult::Passed { good_until });
            }
            E::CheckReused {
                check,
                from,
                good_until,
            } => {
                check_reuse(id, check, (*from, *good_until), before, broken);
                let good_until = Some(*good_until);
                grant.record(check, CheckResult::Passed { good_until });
            }
            E::WaiverProposed { check, by, .. } => {
                grant.record(check, CheckResult::WaiverProposed(*by));
            }
            E::CheckWaived { check, by } => grant.check_waiver(check, *by, before, broken),
            E::PaymentsScheduled { first, instalments } => grant.tie(*first, instalments),
            E::PaymentPrepared {
                instalment,
                prepared_on,
                ..
            } => grant.must_be_clear(*instalment, *prepared_on, broken),
            _ => {}
        }
    }

    /// A check that is filed for other grants of the group was passed for this grant.
    fn check_filed(&self, check: &Slug, grant: GrantId, good_until: Date, broken: &mut Broken<'_>) {
        let result = self
            .grants
            .get(&grant.0)
            .and_then(|grant| grant.results.get(check));
        let was_passed = matches!(
            result,
            Some(CheckResult::Passed { good_until: Some(until) }) if *until == good_until
        );
        let says = "a check was filed for other grants that had not passed";
        broken.unless(was_passed, Rule::ChecksPassed, says);
    }
}

impl GrantChecks {
    fn record(&mut self, check: &Slug, result: CheckResult) {
        self.results.insert(check.clone(), result);
    }

    /// Notes which checks and days release which instalments.
    fn tie(&mut self, first: u16, instalments: &[Instalment]) {
        self.from_days.retain(|number, _| *number < first);
        for (number, instalment) in (first..=u16::MAX).zip(instalments) {
            if let ReleaseCondition::FromDay { day } = &instalment.released {
                self.from_days.insert(number, *day);
            }
            if let ReleaseCondition::AfterCheck { check } = &instalment.released {
                self.tied.insert(check.clone());
                self.releases.insert(number, check.clone());
            } else {
                self.releases.remove(&number);
            }
        }
    }

    fn check_waiver(
        &mut self,
        check: &Slug,
        by: PersonId,
        before: &LogState,
        broken: &mut Broken<'_>,
    ) {
        let earlier = self.results.insert(check.clone(), CheckResult::Waived);
        let says = match earlier {
            Some(CheckResult::WaiverProposed(proposed_by)) if proposed_by == by => {
                "one person proposed to waive it and did so"
            }
            Some(CheckResult::WaiverProposed(proposed_by)) => {
                if before.still_holds(proposed_by, &[Role::Officer]) {
                    return;
                }
                "the person who proposed to waive it was no officer any more"
            }
            _ => "nobody had proposed to waive it",
        };
        broken.report(
            Rule::CheckWaivedByTwo,
            format!("the check {check} was waived: {says}"),
        );
    }

    /// Checks that nothing holds back a payment. A check that releases an instalment holds back
    /// that instalment only, unless the offer or the award asks for it before every payment.
    fn must_be_clear(&self, instalment: Option<u16>, on: Date, broken: &mut Broken<'_>) {
        let from_day = instalment.and_then(|number| self.from_days.get(&number));
        let says = "a payment of an instalment was prepared before its day";
        broken.unless(
            from_day.is_none_or(|day| *day <= on),
            Rule::ChecksPassed,
            says,
        );
        let own = instalment.and_then(|number| self.releases.get(&number));
        let holds_back = |check: &Slug| {
            self.for_every_payment.contains(check)
                || !self.tied.contains(check)
                || own == Some(check)
        };
        for (check, result) in &self.results {
            if holds_back(check) && !result.is_clear(on) {
                let says = format!("a payment was prepared while the check {check} was not clear");
                return broken.report(Rule::ChecksPassed, says);
            }
        }
    }
}

impl CheckResult {
    fn is_clear(self, on: Date) -> bool {
        match self {
            Self::Passed { good_until } => good_until.is_none_or(|until| on <= until),
            Self::Waived => true,
            Self::Open | Self::WaiverProposed(_) => false,
        }
    }
}

/// Checks that an offer has each check of the rules of its fund. Earlier programs are not checked.
fn check_offer(fund: FundId, checks: &BTreeSet<Slug>, before: &LogState, broken: &mut Broken<'_>) {
    let Some(fund) = before.fund(fund.0).filter(|_| before.has_people_rules()) else {
        return;
    };
    let says = "an offer leaves out a check that the rules of its fund ask for";
    let has_all = fund.rules().checks.is_subset(checks);
    broken.unless(has_all, Rule::ChecksPassed, says);
}

/// Checks that a check which is used again is on the file of the group.
fn check_reuse(
    grant: Uuid,
    check: &Slug,
    (from, good_until): (GrantId, Date),
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let on_file = before
        .group_of(grant)
        .and_then(|group| group.check_on_file(check, good_until));
    let is_same =
        on_file.is_some_and(|filed| filed.grant == from && filed.good_until == good_until);
    let says = "a check was used again that no other grant of the group has passed";
    broken.unless(is_same, Rule::ChecksPassed, says);
}
