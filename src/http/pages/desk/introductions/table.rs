//! The list of introductions by state: open ones first, the longest waiting first, then finished
//! ones.

use actix_web::HttpResponse;
use askama::Template;

use super::{NamedIntroduction, path_of, waits_since, with_names};
use crate::domain::introduction::IntroductionState;
use crate::http::pages::days::ago_text;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::words::{Tag, Tagged as _};
use crate::http::pages::{PageContext, PageError};
use crate::projections::IntroductionRow;
use crate::views::{Filter, SortKey, SortOrder};

/// The most rows of one state that the page shows. The address of a state shows all of them.
const SHOWN_MAX: usize = 20;

/// The states in the order of the page: those in which our office has to do something come first.
const ORDER: [IntroductionState; 8] = [
    IntroductionState::Asked,
    IntroductionState::Agreed,
    IntroductionState::Made,
    IntroductionState::Welcomed,
    IntroductionState::Declined,
    IntroductionState::CameTo,
    IntroductionState::TakenBack,
    IntroductionState::Closed,
];

/// What has to be done with introductions in a state.
fn advice(state: IntroductionState) -> &'static str {
    match state {
        IntroductionState::Asked => "Read them the notice, and ask if they agree.",
        IntroductionState::Agreed => "They agreed. Make the introduction.",
        IntroductionState::Made => "We are waiting for an answer. Phone if it takes long.",
        IntroductionState::Welcomed => "Someone is ready to welcome them. Ask later how it went.",
        IntroductionState::Declined => "Find another place, and close this one.",
        IntroductionState::CameTo => "We know how it went. You can close it.",
        IntroductionState::TakenBack => "They changed their mind. No one else sees anything.",
        IntroductionState::Closed => "",
    }
}

#[derive(Template)]
#[template(path = "desk/introductions/list.html")]
struct IntroductionListPage {
    page: PageContext,
    parts: Vec<StatePart>,
    /// The page shows one state only.
    is_part: bool,
}

/// The introductions in one state.
struct StatePart {
    tag: Tag,
    key: &'static str,
    advice: &'static str,
    rows: Vec<ListedIntroduction>,
    /// How many more there are.
    more: usize,
}

struct ListedIntroduction {
    path: String,
    title: String,
    at_risk: bool,
    when: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let chosen: Option<IntroductionState> = request.text("state").parse().ok();
    let mut parts = Vec::new();
    for state in ORDER {
        if chosen.is_some_and(|chosen| chosen != state) {
            continue;
        }
        let part = part(request, state, chosen.is_some()).await?;
        if !part.rows.is_empty() || chosen.is_some() {
            parts.push(part);
        }
    }
    let page = IntroductionListPage {
        page: request.page_context("Introductions").await?,
        parts,
        is_part: chosen.is_some(),
    };
    request.render(&page)
}

/// The introductions in a state that changed last, and how many more there are. Those that are over
/// become ever more: only what is shown is read.
async fn newest_of(
    request: &DeskRequest<'_>,
    state: IntroductionState,
) -> Result<(Vec<IntroductionRow>, usize), PageError> {
    let views = &request.app.views;
    let of_state = || vec![Filter::in_state([state])];
    let newest = SortOrder {
        key: SortKey::Updated,
        descending: true,
    };
    let most = i64::try_from(SHOWN_MAX).unwrap_or(i64::MAX);
    let found = views.list_ordered::<IntroductionRow>(None, of_state(), newest, (None, most));
    let rows = found.await?.items;
    let all = views.total::<IntroductionRow>(None, of_state()).await?;
    let all = usize::try_from(all).unwrap_or(usize::MAX);
    let more = all.saturating_sub(rows.len());
    Ok((rows, more))
}

/// The introductions in a state, the longest waiting first, or the newest first if they are over;
/// and how many more there are.
async fn rows_of(
    request: &DeskRequest<'_>,
    state: IntroductionState,
    (is_whole, is_over): (bool, bool),
) -> Result<(Vec<IntroductionRow>, usize), PageError> {
    let views = &request.app.views;
    let mut rows: Vec<IntroductionRow> = views
        .all_rows(None, vec![Filter::in_state([state])])
        .await?;
    rows.sort_by_key(|row| (waits_since(row), row.id));
    if is_over {
        rows.reverse();
    }
    let all = rows.len();
    if !is_whole {
        rows.truncate(SHOWN_MAX);
    }
    let more = all - rows.len();
    Ok((rows, more))
}

async fn part(
    request: &DeskRequest<'_>,
    state: IntroductionState,
    is_whole: bool,
) -> Result<StatePart, PageError> {
    let is_over = matches!(
        state,
        IntroductionState::TakenBack | IntroductionState::Closed
    );
    let (rows, more) = if is_over && !is_whole {
        newest_of(request, state).await?
    } else {
        rows_of(request, state, (is_whole, is_over)).await?
    };
    let today = request.today();
    let listed = |named: NamedIntroduction| ListedIntroduction {
        path: path_of(named.seen.row.id),
        title: named.title(),
        at_risk: named.seen.row.at_risk,
        when: ago_text(waits_since(&named.seen.row), today),
    };
    let named = with_names(request, rows).await?;
    Ok(StatePart {
        tag: state.tag(),
        key: state.into(),
        advice: advice(state),
        rows: named.into_iter().map(listed).collect(),
        more,
    })
}
