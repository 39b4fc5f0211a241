//! The page of one application: answers, group, scores, history, and the actions of the reader.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;

use super::action::Action;
use super::application_actions::ApplicationActions;
use super::{DeskRequest, HistoryEntry, PersonNames, history, label_of};
use crate::domain::application::ApplicationState;
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::{PersonId, Role};
use crate::http::pages::apply::sections;
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{ApplicationRow, FundRow, GroupRow, RoundRow};
use crate::views::{ApplicationView, HistoryLine};

/// The criteria of a score, each with its question. Each gets 0 to 5 points.
pub(super) const CRITERIA: [(&str, &str); 3] = [
    (
        "need",
        "Need: would it reach people who are often left out?",
    ),
    ("people", "People: is it led by those it is for?"),
    ("local", "Local: does it build on what is there?"),
];

#[derive(Template)]
#[template(path = "desk/application.html")]
struct ApplicationPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    seen: ApplicationView,
    reference: String,
    state: String,
    group: GroupRow,
    fund: FundRow,
    round: RoundRow,
    answers: Vec<sections::Section>,
    before: Vec<HistoryLine>,
    scores: Vec<ScoreView>,
    scores_wait: bool,
    keyed_by: Option<String>,
    acts: Vec<Action>,
    history: Vec<HistoryEntry>,
    reads: bool,
}

struct ScoreView {
    by: String,
    values: Vec<(String, u8)>,
    total: u32,
    note: String,
    set_aside: Option<String>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let row: ApplicationRow = request.row(ownership::parse_uuid(id)?).await?;
    let given = row.scores.len();
    let seen = crate::http::api::applications::application_views(app, request.signed, vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let row = seen.row.clone();
    let group: GroupRow = request.row(row.group).await?;
    let (fund, round) =
        ownership::fund_and_round(app, &row.fund.to_string(), row.round.as_str()).await?;
    let reads = request.signed.reader.may_read_words();
    let answers = if reads {
        sections::all_sections(app, &row, Language::En).await?
    } else {
        Vec::new()
    };
    let before = app
        .views
        .history(row.group.0, None)
        .await?
        .into_iter()
        .filter(|line| line.id != row.id)
        .collect();
    let forms = request.forms();
    let panel = panel_members(request).await?;
    let mut people: BTreeSet<PersonId> = row.scores.iter().map(|score| score.by).collect();
    people.extend(row.help.iter().map(|help| help.by));
    let names = request.names_of_people(people).await?;
    let page = ApplicationPage {
        page: request
            .page_context(&format!("{}: {}", group.name, round.name))
            .await?,
        wrong: forms.error_summary(),
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: label_of(row.state),
        scores_wait: row.scores.len() < given,
        scores: scores(&row, &names),
        keyed_by: row
            .help
            .as_ref()
            .filter(|help| row.interests.named_helpers().all(|named| named != help.by))
            .map(|help| names.of(&help.by)),
        acts: ApplicationActions {
            request,
            forms: &forms,
            row: &row,
            fund: &fund,
            round: &round,
            panel: &panel,
        }
        .all()
        .await?,
        history: history(request, row.id).await?,
        seen,
        group,
        fund,
        round,
        answers,
        before,
        reads,
    };
    request.render(&page)
}

fn scores(row: &ApplicationRow, names: &PersonNames) -> Vec<ScoreView> {
    let seen = |score: &crate::projections::ScoreRow| ScoreView {
        by: names.of(&score.by),
        values: score
            .criteria
            .iter()
            .map(|(criterion, value)| (criterion.to_string(), *value))
            .collect(),
        total: score.criteria.values().map(|value| u32::from(*value)).sum(),
        note: score.note.clone(),
        set_aside: score.set_aside.clone(),
    };
    row.scores.iter().map(seen).collect()
}

/// The people with the panel role except the reader, by id and name, to be chosen as present.
pub(super) async fn panel_members(
    request: &DeskRequest<'_>,
) -> Result<Vec<(String, String)>, PageError> {
    let own = request.signed.reader.person.0;
    let mut rows = request.people_with_roles().await?;
    rows.retain(|row| row.roles.contains(&Role::Panel) && row.id != own);
    let seen = request
        .app
        .views
        .decrypt_people(&crate::views::Reader::service(), rows)
        .await?;
    Ok(seen
        .into_iter()
        .map(|seen| {
            (
                seen.id.to_string(),
                seen.name.unwrap_or_else(|| "somebody".to_owned()),
            )
        })
        .collect())
}

/// The panel members who may decide on the application, because they have no connection to it. They
/// are the sample values with which decisions are tried.
pub(super) async fn unconflicted(
    request: &DeskRequest<'_>,
    application: uuid::Uuid,
    panel: &[(String, String)],
) -> Result<BTreeSet<PersonId>, PageError> {
    let connected = request
        .app
        .commands
        .connected_streams(application)
        .await
        .map_err(crate::views::ViewError::from)?;
    let ids = panel
        .iter()
        .filter_map(|(id, _)| id.parse().ok().map(PersonId));
    let may = |id: &PersonId| {
        connected.as_ref().is_some_and(|streams| {
            streams
                .connections()
                .permit(*id, crate::domain::RestrictedAction::Decide)
                .is_ok()
        })
    };
    Ok(ids.filter(may).collect())
}

/// Whether the panel can still decide on an application.
pub(super) fn is_undecided(state: ApplicationState) -> bool {
    use ApplicationState as S;
    matches!(
        state,
        S::Eligible | S::InAssessment | S::ReserveList | S::Deferred
    )
}
