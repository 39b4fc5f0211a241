//! The side of the page of today: the round, the money, the coming days, and the work that waits
//! for others.

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::grants::OpenGrants;
use super::work::{count, number_of};
use crate::domain::Money;
use crate::domain::application::ApplicationState as A;
use crate::domain::fund::RoundState;
use crate::domain::grant::{GrantState as G, PaymentState as P, UpdateState as U};
use crate::domain::language::day_text;
use crate::http::pages::PageError;
use crate::http::pages::charts::{DaySelection, percent, share, totals_query};
use crate::http::pages::days::due_text;
use crate::projections::{FundRow, RoundRow};
use crate::views::{ApplicationColumn, Filter, GrantColumn, GroupBy, PaymentColumn, UpdateColumn};

/// How far ahead the coming days are shown.
const AHEAD_DAYS: i64 = 14;
/// The largest number of coming days.
const DAYS_MAX: usize = 6;

/// The round that is under way, as three bars.
pub struct RoundBars {
    pub name: String,
    pub path: String,
    pub about: String,
    pub bars: Vec<RoundBar>,
    pub rest: String,
}

/// One bar: how many applications have come so far.
pub struct RoundBar {
    pub path: String,
    pub count: i64,
    pub label: &'static str,
    pub width: String,
    /// The class of its colour.
    pub fill: &'static str,
}

/// All money of the funds.
pub struct FundsBar {
    pub total: Money,
    pub paid: Money,
    pub promised: Money,
    pub left: Money,
    pub paid_width: String,
    pub promised_width: String,
}

/// A day to come.
pub struct DayToCome {
    day: Date,
    pub number: String,
    pub month: String,
    pub says: String,
    pub path: String,
    pub about: String,
}

/// The round of an open fund that groups can apply to or that is being decided: the one that closes
/// last.
fn current_round(funds: &[FundRow]) -> Option<(&FundRow, &str, &RoundRow)> {
    funds
        .iter()
        .flat_map(|fund| {
            let rounds = fund.rounds.iter();
            rounds.map(move |(key, round)| (fund, key.as_str(), round))
        })
        .filter(|(.., round)| !matches!(round.state, RoundState::Planned | RoundState::Completed))
        .max_by_key(|(.., round)| (round.state == RoundState::Open, round.closes_on))
}

async fn count_in_round(
    request: &DeskRequest<'_>,
    (fund, round): (Uuid, &str),
    states: &[A],
) -> Result<i64, PageError> {
    let filters = vec![
        Filter::equals("fund", fund),
        Filter::equals("round", round),
        Filter::in_state(states.iter().copied()),
    ];
    count(request, ApplicationColumn::Urgency.key(), filters).await
}

pub(super) async fn round(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
) -> Result<Option<RoundBars>, PageError> {
    let Some((fund, key, round)) = current_round(funds) else {
        return Ok(None);
    };
    let decided = [A::Awarded, A::Declined, A::ReserveList];
    let scored = [
        &decided[..],
        &[A::InAssessment, A::Deferred, A::UnderReview],
    ]
    .concat();
    let before = [
        A::Submitted,
        A::ChangesRequested,
        A::Eligible,
        A::Ineligible,
    ];
    let received = [&scored[..], &before].concat();
    let of = (fund.id, key);
    let received = count_in_round(request, of, &received).await?;
    let scored = count_in_round(request, of, &scored).await?;
    let decided = count_in_round(request, of, &decided).await?;
    let begun = count_in_round(request, of, &[A::Draft]).await?;
    let list = format!("/desk/applications?fund={}&round={key}", fund.id);
    let bar = |label, count: i64, path: String, fill| RoundBar {
        path,
        count,
        label,
        width: format!("{}%", (count * 100).checked_div(received).unwrap_or(0)),
        fill,
    };
    Ok(Some(RoundBars {
        name: round.name.clone(),
        path: format!("/desk/funds/{}", fund.id),
        about: about_round(round, request.today()),
        bars: vec![
            bar("received", received, list.clone(), "f2"),
            bar(
                "scored",
                scored,
                format!("/desk/panel/{}/{key}", fund.id),
                "f2",
            ),
            bar(
                "decided",
                decided,
                format!("{list}&state=awarded&state=declined&state=reserve_list"),
                "f1",
            ),
        ],
        rest: if begun > 0 {
            format!(
                "{} not sent yet.",
                number_of(begun, "application", "applications")
            )
        } else {
            String::new()
        },
    }))
}

/// When the round closes and the panel meets, in words.
fn about_round(round: &RoundRow, today: Date) -> String {
    let closes = day_text(round.closes_on);
    let meets = round.panel_meets_on.filter(|day| *day >= today);
    let meets = meets.map(|day| format!(" The panel meets on {}.", day_text(day)));
    let meets = meets.unwrap_or_default();
    match round.state {
        RoundState::Open if round.closes_on >= today => {
            format!(
                "Closes {closes}, {}.{meets}",
                due_text(round.closes_on, today)
            )
        }
        RoundState::Deciding => format!("The panel decides now.{meets}"),
        _ => format!("Closed on {closes}.{meets}"),
    }
}

/// The money of all funds. `None` if no money was given yet.
pub(super) async fn money(request: &DeskRequest<'_>) -> Result<Option<FundsBar>, PageError> {
    let days = DaySelection::from_query(request.app, "", "").await?;
    let wanted = totals_query(GroupBy::Fund, None, None, &days);
    let lines = request.app.views.budget(wanted).await?.lines;
    let total: Money = lines.iter().map(|line| line.allocated).sum();
    if total.is_zero() {
        return Ok(None);
    }
    let paid: Money = lines.iter().map(|line| line.paid_net).sum();
    let promised: Money = lines.iter().map(|line| line.unpaid).sum();
    Ok(Some(FundsBar {
        paid_width: percent(share(paid, total)),
        promised_width: percent(share(promised, total)),
        left: lines.iter().filter_map(|line| line.uncommitted).sum(),
        total,
        paid,
        promised,
    }))
}

/// The days to come in the next two weeks: rounds, letters, offers and reports.
pub(super) async fn days_to_come(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
    grants: Option<&OpenGrants>,
) -> Result<Vec<DayToCome>, PageError> {
    let today = request.today();
    let last = today.saturating_add(jiff::Span::new().days(AHEAD_DAYS));
    let mut found: Vec<DayToCome> = funds.iter().flat_map(days_of_fund).collect();
    if let Some(grants) = grants {
        // Rounds are shown further ahead than offers.
        let soon = |row: &&crate::projections::GrantRow| {
            row.letters_on.is_none() && row.expires_on <= last
        };
        found.extend(grants.offered.rows.iter().filter(soon).map(|grant| {
            let path = format!("/desk/grants/{}", grant.id);
            let says = format!("Offer ends: {}", grant.title);
            DayToCome::new(grant.expires_on, says, path, "")
        }));
    }
    let due = vec![
        Filter::in_state([U::Requested, U::Queried]),
        Filter::at_least("due_on", today),
        Filter::at_most("due_on", last),
    ];
    let reports = count(request, UpdateColumn::Urgency.key(), due).await?;
    found.retain(|day| day.day >= today);
    if reports > 0 {
        let says = number_of(reports, "report is due", "reports are due");
        let about = "in the next two weeks";
        found.push(DayToCome::new(
            last,
            says,
            "/desk/updates?state=due".to_owned(),
            about,
        ));
    }
    found.sort_by_key(|day| day.day);
    found.truncate(DAYS_MAX);
    Ok(found)
}

fn days_of_fund(fund: &FundRow) -> Vec<DayToCome> {
    let path = format!("/desk/funds/{}", fund.id);
    let mut to_come = Vec::new();
    for (key, round) in &fund.rounds {
        match round.state {
            RoundState::Planned => {
                let says = format!("{} opens", round.name);
                to_come.push(DayToCome::new(round.opens_on, says, path.clone(), ""));
            }
            RoundState::Open => {
                let says = format!("{} closes", round.name);
                to_come.push(DayToCome::new(round.closes_on, says, path.clone(), ""));
            }
            _ => {}
        }
        if round.state != RoundState::Completed {
            let pack = format!("/desk/panel/{}/{key}", fund.id);
            if let Some(day) = round.panel_meets_on {
                let says = format!("Panel meets: {}", round.name);
                to_come.push(DayToCome::new(day, says, pack.clone(), ""));
            }
            if let Some(day) = round.hear_by {
                let says = format!("Last day to tell groups: {}", round.name);
                to_come.push(DayToCome::new(day, says, pack, ""));
            }
        }
        for letters in round.letters.values() {
            let says = format!("Letters go out: {}", round.name);
            let path = format!("/desk/panel/{}/{key}/letters", fund.id);
            to_come.push(DayToCome::new(letters.letters_on, says, path, ""));
        }
    }
    to_come
}

impl DayToCome {
    fn new(day: Date, says: String, path: String, about: &str) -> Self {
        Self {
            day,
            number: day.day().to_string(),
            month: day.strftime("%b").to_string(),
            says,
            path,
            about: about.to_owned(),
        }
    }
}

/// What others do: how many, and the list that shows them.
pub(super) async fn others(
    request: &DeskRequest<'_>,
) -> Result<Vec<(&'static str, &'static str, i64)>, PageError> {
    let waiting = vec![Filter::in_state([A::ChangesRequested])];
    let offered = vec![Filter::in_state([G::Offered])];
    let at_bank = vec![Filter::in_state([P::Sent])];
    let running = vec![Filter::in_state([G::Live])];
    let found = [
        (
            "Groups to answer us",
            "/desk/applications?state=changes_requested",
            count(request, ApplicationColumn::Urgency.key(), waiting).await?,
        ),
        (
            "Offers to be accepted",
            "/desk/grants?state=offered",
            count(request, GrantColumn::Urgency.key(), offered).await?,
        ),
        (
            "Payments at the bank",
            "/desk/payments?state=sent",
            count(request, PaymentColumn::Urgency.key(), at_bank).await?,
        ),
        (
            "Grants running",
            "/desk/grants?state=live",
            count(request, GrantColumn::Urgency.key(), running).await?,
        ),
    ];
    Ok(found.into_iter().filter(|(.., count)| *count > 0).collect())
}
