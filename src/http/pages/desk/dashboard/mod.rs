//! The page of today: what needs the reader by their roles, the most urgent first; the round, the
//! money, the days to come, and what waits for others.
//!
//! Each kind of work is a query of an index that holds only what waits, limited to a hundred rows,
//! or a count that is cached until the log moves on. Nothing is read for roles that the reader
//! lacks.

mod activity;
mod applications;
mod assets;
mod barriers;
mod confirmations;
mod connector;
mod gatherings;
mod grants;
mod introductions;
mod money;
mod reports;
mod sides;
mod work;

use actix_web::HttpResponse;
use askama::Template;

use self::activity::{ActivityLine, RecentEvents};
use self::grants::OpenGrants;
use self::reports::OpenReports;
use self::sides::{DayToCome, FundsBar, RoundBars};
use self::work::WorkRow;
use super::{DeskRequest, setup};
use crate::domain::Role;
use crate::domain::application::ApplicationState;
use crate::domain::grant::UpdateState;
use crate::http::pages::{PageContext, PageError, see_other};
use crate::projections::FundRow;
use crate::views::{ApplicationColumn, Filter, UpdateColumn};

#[derive(Template)]
#[template(path = "desk/today.html")]
struct DashboardPage {
    page: PageContext,
    day: String,
    greeting: &'static str,
    work: Vec<WorkRow>,
    round: Option<RoundBars>,
    activity: Vec<ActivityLine>,
    money: Option<FundsBar>,
    to_come: Vec<DayToCome>,
    others: Vec<(&'static str, &'static str, i64)>,
    adds_applications: bool,
}

fn holds(request: &DeskRequest<'_>, role: Role) -> bool {
    request.signed.reader.roles.contains(&role)
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.sees_all() {
        return connector::show(request).await;
    }
    if setup::is_wanted(request).await? {
        return Ok(see_other("/desk/setup"));
    }
    let funds = request.app.views.cached_funds().await?;
    let events = RecentEvents::load(request).await?;
    let works_with_grants = holds(request, Role::Officer) || holds(request, Role::Finance);
    let open_grants = if works_with_grants {
        Some(grants::open_grants(request).await?)
    } else {
        None
    };
    let mut work = work_of(request, &funds, &events, open_grants.as_ref()).await?;
    work.sort_by_key(WorkRow::order);
    let page = DashboardPage {
        page: request.page_context("Today").await?,
        day: request.today().strftime("%A %-d %B %Y").to_string(),
        greeting: greeting(request),
        work,
        round: sides::round(request, &funds).await?,
        activity: events.lines(request).await?,
        money: sides::money(request).await?,
        to_come: sides::days_to_come(request, &funds, open_grants.as_ref()).await?,
        others: sides::others(request).await?,
        adds_applications: holds(request, Role::Officer),
    };
    request.render(&page)
}

/// The greeting for the time of the day.
fn greeting(request: &DeskRequest<'_>) -> &'static str {
    let now = request.app.commands.now();
    let local = now
        .in_tz("Europe/London")
        .unwrap_or_else(|_| now.to_zoned(jiff::tz::TimeZone::UTC));
    match local.hour() {
        ..12 => "Good morning",
        12..18 => "Good afternoon",
        _ => "Good evening",
    }
}

/// What needs the reader, by their roles.
async fn work_of(
    request: &DeskRequest<'_>,
    funds: &[FundRow],
    events: &RecentEvents,
    open_grants: Option<&OpenGrants>,
) -> Result<Vec<WorkRow>, PageError> {
    let mut work = Vec::new();
    if let Some(open) = open_grants {
        work.extend(work_on_grants(request, open).await?);
    }
    if holds(request, Role::Officer) {
        work.extend(applications::checking(request, &events.answered()).await?);
        work.extend(confirmations::contacts(request).await?);
        work.extend(confirmations::group_names(request).await?);
        work.extend(confirmations::similar_groups(request).await?);
        work.extend(gatherings::work(request).await?);
        work.extend(introductions::work(request).await?);
    }
    if super::assets::keeps_directory(request) {
        work.extend(assets::work(request).await?);
    }
    if holds(request, Role::Officer) || holds(request, Role::Connector) {
        work.extend(barriers::work(request).await?);
    }
    work.extend(applications::rounds(request, funds));
    if holds(request, Role::Panel) {
        work.extend(applications::panel(request, funds).await?);
        work.extend(confirmations::attendance(request).await?);
    }
    if holds(request, Role::Officer) || holds(request, Role::Panel) {
        work.extend(grants::changes(request).await?);
    }
    if holds(request, Role::Administrator) {
        work.extend(confirmations::of_administrators(request, funds).await?);
    }
    if request.signed.reader.works_with_groups() {
        let to_tell = confirmations::people_to_tell(request, &work).await?;
        work.extend(to_tell);
    }
    if request.signed.reader.may_read_words() {
        work.extend(confirmations::helpers(request).await?);
    }
    Ok(work)
}

/// The work with grants, of officers and finance.
async fn work_on_grants(
    request: &DeskRequest<'_>,
    open: &OpenGrants,
) -> Result<Vec<WorkRow>, PageError> {
    let payments = money::open_payments(request).await?;
    let mut work = grants::before_payment(request, open, &payments).await?;
    work.extend(money::unsettled(request).await?);
    work.extend(money::rejected(request, &payments).await?);
    work.extend(money::bounced(request).await?);
    work.extend(grants::late_returns(request).await?);
    if holds(request, Role::Finance) {
        work.extend(money::payments(request, &payments));
    }
    let unread = if holds(request, Role::Officer) {
        let waiting = OpenReports::load(request).await?;
        work.extend(grants::late_offers(request, open));
        work.extend(grants::waiting_offers(request, open));
        work.extend(reports::reports(request, &waiting).await?);
        waiting.unread()
    } else {
        std::collections::BTreeSet::new()
    };
    work.extend(grants::after_report(request, open, &unread));
    Ok(work)
}

/// How much waits for the reader in each room of the navigation: one or two queries for each role.
pub(super) async fn count_by_room(
    request: &DeskRequest<'_>,
) -> Result<Vec<(&'static str, i64)>, PageError> {
    let person = request.signed.reader.person;
    let mut rooms = Vec::new();
    if holds(request, Role::Officer) {
        let to_check = vec![Filter::in_state([ApplicationState::Submitted])];
        let key = ApplicationColumn::Urgency.key();
        rooms.push((
            "/desk/applications",
            work::count(request, key, to_check).await?,
        ));
        let to_read = vec![Filter::in_state([UpdateState::Received])];
        let key = UpdateColumn::Urgency.key();
        rooms.push(("/desk/updates", work::count(request, key, to_read).await?));
    }
    if holds(request, Role::Panel) {
        let mut open = applications::before_panel(request).await?;
        open.retain(|row| applications::waits_for_score_of(row, person));
        rooms.push(("/desk/panel", open.count));
    }
    if holds(request, Role::Finance) {
        let open = money::open_payments(request).await?;
        let count = money::count_for(&open, person, request.today());
        rooms.push(("/desk/payments", count));
    }
    Ok(rooms)
}
