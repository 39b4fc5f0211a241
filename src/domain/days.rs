//! Limits of the days that people enter. A day far from today is a typing error, and it would
//! remain in the event log for ever.

use jiff::Span;
use jiff::civil::{Date, date};

use super::application::{RequestChanges, Submit};
use super::fund::DecisionLine;
use super::grant::{Instalment, ReleaseCondition};
use super::payee::PayeeInput;
use super::{
    ApplicationCommand, AssetCommand, BarrierCommand, Command, DecisionContext, FundCommand,
    GatheringCommand, GrantCommand, GroupCommand, OrganisationCommand, PersonCommand, Refusal,
};
use crate::domain::panel::{Award, Verdict};

/// The earliest day that a command accepts if it is about history: when a past grant was awarded,
/// or the period of a statement to a funder.
pub const EARLIEST_DAY: Date = date(1990, 1, 1);
/// The earliest day of any other command is this many years before today.
const YEARS_BACK: i64 = 10;
/// The latest day that a command accepts is this many years after today.
const YEARS_AHEAD: i64 = 10;

/// The earliest day that a command accepts if it is not about history: of money, rounds, meetings,
/// letters, grants and consents.
#[must_use]
pub fn earliest_day(today: Date) -> Date {
    today
        .saturating_sub(Span::new().years(YEARS_BACK))
        .max(EARLIEST_DAY)
}

/// The latest day that a command accepts.
#[must_use]
pub fn latest_day(today: Date) -> Date {
    today.saturating_add(Span::new().years(YEARS_AHEAD))
}

impl Command {
    /// Checks that the actor may issue the command and that every day in it is within limits.
    /// Follow-up commands skip the check of days, since the command that caused them passed it.
    ///
    /// Refuses as [`super::role::Permission::check`] does, or with [`Refusal::DayOutOfRange`],
    /// which names the field.
    pub fn permit(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        self.permission().check(facts)?;
        if facts.is_consequence() {
            return Ok(());
        }
        let (earliest, latest) = self.day_limits(facts.today);
        match self
            .days()
            .into_iter()
            .find(|(_, day)| !(earliest..=latest).contains(day))
        {
            Some((field, day)) => Err(Refusal::DayOutOfRange {
                field,
                day,
                earliest,
                latest,
            }),
            None => Ok(()),
        }
    }

    /// The earliest and the latest day that the command accepts.
    fn day_limits(&self, today: Date) -> (Date, Date) {
        let is_history = matches!(
            self,
            Self::Group(_, GroupCommand::RecordPastGrant(_))
                | Self::Organisation(_, OrganisationCommand::ShareStatement(_))
        );
        let earliest = if is_history {
            EARLIEST_DAY
        } else {
            earliest_day(today)
        };
        (earliest, latest_day(today))
    }

    /// The days in the command that a person entered, with their field names.
    #[must_use]
    pub fn days(&self) -> Vec<(&'static str, Date)> {
        match self {
            Self::Fund(_, command) => fund_days(command),
            Self::Group(_, command) => group_days(command),
            Self::Application(_, command) => application_days(command),
            Self::Grant(_, command) => grant_days(command),
            Self::Gathering(_, command) => gathering_days(command),
            Self::Asset(_, AssetCommand::RecordExchange(exchange)) => vec![("on", exchange.on)],
            Self::Barrier(_, BarrierCommand::PassOn(pass_on)) => vec![("due_on", pass_on.due_on)],
            // The end of a simulation is set by the operator and is not limited.
            Self::Person(_, PersonCommand::Tell(told)) => vec![("told_on", told.told_on)],
            Self::Organisation(_, OrganisationCommand::ShareStatement(share)) => {
                vec![("from", share.from), ("until", share.until)]
            }
            Self::Organisation(_, OrganisationCommand::PublishLesson(lesson)) => {
                let consent = lesson.consent.as_ref();
                optional_day("consent.consented_on", consent.map(|one| one.consented_on))
            }
            Self::Organisation(_, OrganisationCommand::PublishPledges(publish)) => publish
                .pledges
                .iter()
                .filter_map(|pledge| pledge.not_before)
                .map(|day| ("not_before", day))
                .collect(),
            Self::Organisation(..)
            | Self::Person(..)
            | Self::Asset(..)
            | Self::Introduction(..)
            | Self::Barrier(..) => Vec::new(),
        }
    }
}

fn fund_days(command: &FundCommand) -> Vec<(&'static str, Date)> {
    use FundCommand as C;
    match command {
        C::Allocate(allocate) => vec![("received_on", allocate.received_on)],
        C::PlanRound(plan) => [("opens_on", plan.opens_on), ("closes_on", plan.closes_on)]
            .into_iter()
            .chain(optional_day("panel_meets_on", plan.panel_meets_on))
            .chain(optional_day("hear_by", plan.hear_by))
            .collect(),
        C::ExtendRound(extend) => std::iter::once(("closes_on", extend.closes_on))
            .chain(optional_day("panel_meets_on", extend.panel_meets_on))
            .chain(optional_day("hear_by", extend.hear_by))
            .collect(),
        C::RecordMeeting(meeting) => {
            let decided = meeting
                .decisions
                .iter()
                .flat_map(decision_days)
                .map(|day| ("decisions", day));
            std::iter::once(("met_on", meeting.met_on))
                .chain(meeting.letters_on.map(|day| ("letters_on", day)))
                .chain(decided)
                .collect()
        }
        C::ReleaseLetters(of) => vec![("met_on", of.met_on)],
        C::MoveLetters(to) => vec![("met_on", to.met_on), ("letters_on", to.letters_on)],
        C::SendBatch(batch) => vec![("sent_on", batch.sent_on)],
        _ => Vec::new(),
    }
}

fn decision_days(line: &DecisionLine) -> Vec<Date> {
    match &line.verdict {
        Verdict::Award(award) | Verdict::Promote(award) => vec![award.ends_on, award.update_due_on],
        Verdict::Decline(_) | Verdict::Defer(_) | Verdict::Reserve(_) => Vec::new(),
    }
}

fn group_days(command: &GroupCommand) -> Vec<(&'static str, Date)> {
    match command {
        GroupCommand::ProvidePayee(PayeeInput::HoldingBody { consented_on, .. }) => {
            vec![("consented_on", *consented_on)]
        }
        GroupCommand::RecordPastGrant(past) => vec![("awarded_on", past.awarded_on)],
        GroupCommand::GiveTally(give) => vec![("asked_on", give.asked_on)],
        _ => Vec::new(),
    }
}

fn application_days(command: &ApplicationCommand) -> Vec<(&'static str, Date)> {
    use ApplicationCommand as C;
    match command {
        C::Submit(Submit { received_on, .. }) => optional_day("received_on", *received_on),
        C::RequestChanges(RequestChanges { due_on, .. }) => vec![("due_on", *due_on)],
        C::Award(Award {
            ends_on,
            update_due_on,
            ..
        })
        | C::Promote(Award {
            ends_on,
            update_due_on,
            ..
        }) => {
            vec![("ends_on", *ends_on), ("update_due_on", *update_due_on)]
        }
        _ => Vec::new(),
    }
}

fn grant_days(command: &GrantCommand) -> Vec<(&'static str, Date)> {
    use GrantCommand as C;
    match command {
        C::PassCheck(check) => optional_day("good_until", check.good_until),
        C::SchedulePayments(schedule) => schedule
            .instalments
            .iter()
            .filter_map(instalment_day)
            .collect(),
        C::SendPayment(sent) => vec![("happened_on", sent.happened_on)],
        C::ConfirmPayment(confirmed) => vec![("happened_on", confirmed.happened_on)],
        C::FailPayment(failed) => optional_day("happened_on", failed.happened_on),
        C::ReversePayment(reversed) => vec![("happened_on", reversed.happened_on)],
        C::CorrectPayment(corrected) => vec![("paid_on", corrected.paid_on)],
        C::RequestVariation(asked) => {
            let change = &asked.change;
            [
                optional_day("change.ends_on", change.ends_on),
                optional_day("change.update_due_on", change.update_due_on),
            ]
            .concat()
        }
        C::RequestUpdate(asked) => vec![("due_on", asked.due_on)],
        C::QueryUpdate(asked) => optional_day("due_on", asked.due_on),
        C::RequestReturn(asked) => vec![("due_on", asked.due_on)],
        C::ReceiveReturn(received) => vec![("received_on", received.received_on)],
        C::RecordBankEntry(entry) => vec![("happened_on", entry.happened_on)],
        C::PublishStory(story) => vec![("consented_on", story.consented_on)],
        _ => Vec::new(),
    }
}

fn gathering_days(command: &GatheringCommand) -> Vec<(&'static str, Date)> {
    use GatheringCommand as C;
    match command {
        C::AddSession(plan) => vec![("day", plan.day)],
        C::MoveSession(moved) => vec![("to.day", moved.to.day)],
        C::PassRiskCheck(check) => vec![("good_until", check.good_until)],
        C::GiveTally(give) => vec![("asked_on", give.asked_on)],
        _ => Vec::new(),
    }
}

fn instalment_day(instalment: &Instalment) -> Option<(&'static str, Date)> {
    match instalment.released {
        ReleaseCondition::FromDay { day } => Some(("instalments", day)),
        ReleaseCondition::AtOnce | ReleaseCondition::AfterCheck { .. } => None,
    }
}

fn optional_day(field: &'static str, day: Option<Date>) -> Vec<(&'static str, Date)> {
    day.map(|day| (field, day)).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;
    use crate::domain::grant::SendPayment;
    use crate::domain::group::PastGrant;
    use crate::domain::{GrantId, GroupId, Money};

    /// A payment that was sent on a day.
    fn payment(happened_on: Date) -> Command {
        let sent = SendPayment {
            payment: 1,
            happened_on,
        };
        Command::Grant(GrantId(Uuid::nil()), GrantCommand::SendPayment(sent))
    }

    fn past_grant(awarded_on: Date) -> Command {
        let past = PastGrant {
            reference: "P-1".parse().expect("a line"),
            title: "Tools".parse().expect("a line"),
            description: "Tools".parse().expect("a text"),
            amount: Money::from_pounds(5),
            awarded_on,
            funder: "Old Trust".parse().expect("a line"),
            funder_id: None,
            recipient_id: None,
        };
        Command::Group(GroupId(Uuid::nil()), GroupCommand::RecordPastGrant(past))
    }

    fn accepts(command: &Command, today: Date) -> bool {
        let (earliest, latest) = command.day_limits(today);
        command
            .days()
            .iter()
            .all(|(_, day)| (earliest..=latest).contains(day))
    }

    #[test]
    fn a_day_is_of_these_years() {
        let today = date(2026, 6, 1);
        for day in [date(2016, 6, 1), today, date(2036, 6, 1)] {
            assert!(accepts(&payment(day), today), "{day}");
        }
        for day in [
            date(-1, 1, 1),
            date(0, 1, 1),
            date(26, 11, 26),
            date(1126, 2, 6),
            date(2016, 5, 31),
            date(2036, 6, 2),
            date(9999, 12, 31),
        ] {
            assert!(!accepts(&payment(day), today), "{day}");
        }
        assert_eq!(latest_day(Date::MAX), Date::MAX);
        assert_eq!(earliest_day(Date::MIN), EARLIEST_DAY);
    }

    #[test]
    fn history_goes_back_further_than_money() {
        let today = date(2026, 6, 1);
        assert!(accepts(&past_grant(EARLIEST_DAY), today));
        assert!(!accepts(&past_grant(date(1989, 12, 31)), today));
        assert!(!accepts(&payment(EARLIEST_DAY), today));
    }

    proptest! {
        #[test]
        fn a_day_is_accepted_within_ten_years_and_never_outside(
            year in -9999_i16..=9999, month in 1_i8..=12, day in 1_i8..=28,
        ) {
            let (today, day) = (date(2026, 6, 1), date(year, month, day));
            let is_near = date(2016, 6, 1) <= day && day <= date(2036, 6, 1);
            prop_assert_eq!(accepts(&payment(day), today), is_near);
            let is_history = date(1990, 1, 1) <= day && day <= date(2036, 6, 1);
            prop_assert_eq!(accepts(&past_grant(day), today), is_history);
        }
    }
}
