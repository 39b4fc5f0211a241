//! The stages of a record, as the bar at the top of its page.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;

use crate::domain::application::ApplicationState;
use crate::domain::grant::GrantState;
use crate::http::pages::days::{ago_text, short_day};
use crate::projections::{ApplicationRow, CheckRow, GrantRow};

/// The stages of a record, in order.
#[derive(Template)]
#[template(path = "parts/steps.html")]
pub(super) struct Steps {
    steps: Vec<ShownStep>,
}

impl HtmlSafe for Steps {}

struct ShownStep {
    name: &'static str,
    note: String,
    stage: StepState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum StepState {
    Done,
    Now,
    /// The record ended here.
    Stopped,
    Later,
}

/// The names of the stages, each with its note.
type Stages = [(&'static str, String); 7];

impl Steps {
    /// The stages, up to the one with the index `at`.
    fn at(at: usize, stopped: bool, stages: Stages) -> Self {
        let step = |(index, (name, note)): (usize, (&'static str, String))| ShownStep {
            name,
            note,
            stage: match index.cmp(&at) {
                std::cmp::Ordering::Less => StepState::Done,
                std::cmp::Ordering::Equal if stopped => StepState::Stopped,
                std::cmp::Ordering::Equal => StepState::Now,
                std::cmp::Ordering::Greater => StepState::Later,
            },
        };
        Self {
            steps: stages.into_iter().enumerate().map(step).collect(),
        }
    }

    pub(super) fn of_application(row: &ApplicationRow, today: Date) -> Self {
        use ApplicationState as S;
        let (at, stopped) = match row.state {
            S::Blank | S::Draft => (0, false),
            S::Lapsed => (0, true),
            S::Submitted | S::ChangesRequested => (1, false),
            S::Ineligible => (1, true),
            S::Eligible | S::InAssessment => (2, false),
            S::ReserveList | S::Deferred | S::UnderReview => (3, false),
            S::Declined | S::Withdrawn => (3, true),
            S::Awarded => (4, false),
        };
        let waiting = |day| format!("sent {}", ago_text(day, today));
        let scores = match row.scores.len() {
            0 => String::new(),
            1 => "1 score".to_owned(),
            scores => format!("{scores} scores"),
        };
        let day = |day: Option<Date>| day.map(|day| short_day(day, today)).unwrap_or_default();
        let check = row.submitted_on.filter(|_| at == 1).map(waiting);
        let later = String::new;
        Self::at(
            at,
            stopped,
            [
                ("Sent", day(row.submitted_on)),
                ("Eligibility check", check.unwrap_or_default()),
                ("Scoring", scores),
                ("Panel", day(row.decided_on.filter(|_| at >= 3))),
                ("Offer", later()),
                ("Payment", later()),
                ("Final report", later()),
            ],
        )
    }

    /// The stages of a grant. `signed_on` is the day on which the group accepted the agreement.
    pub(super) fn of_grant(row: &GrantRow, signed_on: Option<Date>, today: Date) -> Self {
        use GrantState as S;
        let checked = row.checks.values().all(CheckRow::is_settled);
        let (at, stopped) = match row.state {
            S::Blank | S::Offered if row.offer_waits => (0, false),
            S::Blank | S::Offered => (1, false),
            S::OfferDeclined | S::OfferLapsed | S::OfferWithdrawn | S::TakenBack => (1, true),
            S::Accepted if !checked => (2, false),
            S::Accepted => (3, false),
            // The bank returned what was sent.
            S::Live if row.paid.is_zero() && !row.award.is_zero() => (3, false),
            S::Live | S::Reported => (5, false),
            S::Terminated => (5, true),
            S::Closed => (7, false),
        };
        let day = |day| short_day(day, today);
        let offered = match at {
            0 => "not sent yet".to_owned(),
            _ => day(row.offered_on),
        };
        let offer = match at {
            1 => format!("open until {}", day(row.expires_on)),
            _ => signed_on.map(day).unwrap_or_default(),
        };
        let paid = (!row.paid_net.is_zero()).then(|| row.paid_net.to_string());
        let report = (at <= 5).then(|| format!("due {}", day(row.update_due_on)));
        Self::at(
            at,
            stopped,
            [
                ("Offered", offered),
                ("Accepted", offer),
                ("Checks", String::new()),
                ("Paid", paid.unwrap_or_default()),
                ("Running", format!("to {}", day(row.ends_on))),
                ("Final report", report.unwrap_or_default()),
                ("Finished", String::new()),
            ],
        )
    }
}
