//! The page of one application: answers, contact, scores, history, and the actions of the reader.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::Timestamp;

use super::action::{Action, Availability};
use super::application_actions::ApplicationActions;
use super::assisted_entry::{can_be_continued, draft_path};
use super::changes::{AnswerView, answer_views};
use super::confirmations::attendance_form;
use super::contacts::Contacts;
use super::group::{GroupLine, group_lines};
use super::list::{Neighbours, neighbours};
use super::next_step::NextStep;
use super::papers;
use super::steps::Steps;
use super::{DeskRequest, HistoryEntry, PersonNames, history};
use crate::clock::day_of;
use crate::domain::application::{ApplicationState, HelpKind};
use crate::domain::file::FilePurpose;
use crate::domain::language::{Language, day_text};
use crate::domain::reference::Reference;
use crate::domain::{PersonId, Role};
use crate::http::pages::apply::sections::{self, HELPER};
use crate::http::pages::words::{Tag, Tagged, place_name};
use crate::http::pages::{PageContext, PageError, fund_texts, ownership};
use crate::projections::{ApplicationRow, FundRow, GroupRow, RoundRow};
use crate::views::ApplicationView;

/// The name of the form that asks the group about its answers.
const ASK: &str = "request-changes";
/// The most points of one criterion.
const SCORE_MAX: usize = 5;

#[derive(Template)]
#[template(path = "desk/application.html")]
struct ApplicationPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    seen: ApplicationView,
    reference: String,
    tag: Tag,
    steps: Steps,
    next: NextStep,
    /// What makes it eligible, as questions, while that is to be checked.
    fits: Vec<String>,
    /// How the reader declares a conflict of interest or none, if they have not.
    declare: Vec<Action>,
    /// Who declared, and whether they have a conflict of interest.
    declared: Vec<(String, bool)>,
    kind: String,
    area: String,
    group: GroupRow,
    fund: FundRow,
    round: RoundRow,
    contacts: Option<Contacts>,
    answers: Vec<AnswerView>,
    /// The address at which the reader asks about an answer, by its key.
    ask_at: BTreeMap<String, String>,
    before: Vec<GroupLine>,
    scores: Vec<ScoreView>,
    scores_wait: bool,
    keyed_by: Option<String>,
    /// The address of the scan of its paper form.
    scan: Option<String>,
    /// The place of the application in the list that it was opened from.
    neighbours: Option<Neighbours>,
    history: Vec<HistoryEntry>,
    reads: bool,
}

struct ScoreView {
    by: String,
    values: Vec<(String, u8)>,
    total: u32,
    /// The most that the total can be.
    most: usize,
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
    let answers = answer_views(request, &row).await?;
    let mut lines = app.views.history(row.group.0, None).await?;
    lines.retain(|line| line.id != row.id);
    let forms = request.forms();
    let panel = panel_members(request).await?;
    let names = request.names_of_colleagues(people_of(&row)).await?;
    let actions = ApplicationActions {
        request,
        forms: &forms,
        row: &row,
        fund: &fund,
        round: &round,
        panel: &panel,
    };
    let next = attendance_first(&row, request.signed.reader.person)
        .unwrap_or_else(|| next_of(&row, &answers, app.commands.now()));
    let all = actions.all().await?;
    let page = page_context(request, &row, &format!("{}: {}", group.name, round.name)).await?;
    let page = ApplicationPage {
        ask_at: ask_addresses(request, &all, &answers),
        wrong: forms.error_summary(),
        reference: spoken(&row),
        tag: row.state.tag(),
        steps: Steps::of_application(&row, page.today),
        next: with_buttons(
            request,
            &row,
            request.next_step(next.title, &next.why, &next.action, all),
        ),
        fits: eligibility_questions(&row, &fund),
        declare: actions.declarations().await?,
        declared: row
            .interests
            .declarations()
            .map(|(person, interested)| (names.of(&person), interested))
            .collect(),
        kind: sections::activity_label(request.app, &row, &fund, Language::En).await?,
        area: area_of(&row),
        page,
        scores_wait: row.scores.len() < given,
        scores: scores(&row, &fund, &names),
        contacts: request.contacts(row.group.0).await?,
        before: group_lines(request, lines).await?,
        keyed_by: keyed_by(&row, &names),
        scan: scan_path(request, &row),
        neighbours: neighbours(request, "applications", id).await?,
        history: history(request, row.id).await?,
        seen,
        group,
        fund,
        round,
        answers,
        reads,
    };
    request.render(&page)
}

/// Where the reader asks the group about each answer, if they can ask.
fn ask_addresses(
    request: &DeskRequest<'_>,
    actions: &[Action],
    answers: &[AnswerView],
) -> BTreeMap<String, String> {
    let can_ask = actions.iter().any(|action| {
        action.form.name() == ASK && matches!(action.availability, Availability::Available)
    });
    let address = |answer: &AnswerView| {
        let address = request.address_of_action(ASK, &answer.key);
        (answer.key.clone(), address)
    };
    let asked = answers
        .iter()
        .filter(|answer| can_ask && answer.key != HELPER);
    asked.map(address).collect()
}

/// The people whose names the page shows.
fn people_of(row: &ApplicationRow) -> BTreeSet<PersonId> {
    let mut people: BTreeSet<PersonId> = row.scores.iter().map(|score| score.by).collect();
    people.extend(row.help.iter().map(|help| help.by));
    people.extend(row.interests.declarations().map(|(person, _)| person));
    people
}

/// The number that a group can give by phone.
fn spoken(row: &ApplicationRow) -> String {
    Reference::parse(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default()
}

fn area_of(row: &ApplicationRow) -> String {
    let area = row.area.as_ref();
    area.map(|area| place_name(area.as_str()))
        .unwrap_or_default()
}

/// Who typed the application in for the group.
fn keyed_by(row: &ApplicationRow, names: &PersonNames) -> Option<String> {
    row.help
        .as_ref()
        .filter(|help| row.interests.named_helpers().all(|named| named != help.by))
        .map(|help| names.of(&help.by))
}

/// The address of the scan of the paper form, if the reader may open it.
fn scan_path(request: &DeskRequest<'_>, row: &ApplicationRow) -> Option<String> {
    let HelpKind::KeyedVerbatim {
        scan: Some(scan), ..
    } = &row.help.as_ref()?.kind
    else {
        return None;
    };
    let may_open = papers::may_open(&request.signed.reader, FilePurpose::Scan);
    may_open.then(|| format!("/desk/files/{}/{scan}", row.group))
}

/// The page's context. The notice after typing an application in has the number to read out.
async fn page_context(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
    title: &str,
) -> Result<PageContext, PageError> {
    let mut page = request.page_context(title).await?;
    if request.text("done") == "keyed-in" {
        let number = spoken(row);
        page.notice = page
            .notice
            .map(|says| format!("{says} The number to read out to the group is {number}."));
    }
    Ok(page)
}

/// The questions that groups are asked on the web before they apply, for an application that is to
/// be checked.
fn eligibility_questions(row: &ApplicationRow, fund: &FundRow) -> Vec<String> {
    if row.state != ApplicationState::Submitted {
        return Vec::new();
    }
    fund_texts::eligibility(fund, Language::En)
        .into_iter()
        .map(|asked| asked.question)
        .collect()
}

/// Who writes a draft.
fn draft_why(row: &ApplicationRow) -> &'static str {
    if can_be_continued(row) {
        "The office has started to type it in. An officer can finish it and send it."
    } else {
        "The group is still writing it."
    }
}

/// What is next on an application.
struct NextTask {
    title: &'static str,
    why: String,
    /// The action that is shown.
    action: String,
}

/// The action that confirms the reader's presence at the decision, if it is not confirmed yet. It
/// comes before all others.
fn attendance_first(row: &ApplicationRow, reader: PersonId) -> Option<NextTask> {
    row.unconfirmed.contains(&reader).then(|| NextTask {
        title: "Next: confirm that you were there",
        why: "A colleague named you as present when this was decided.".to_owned(),
        action: attendance_form(reader),
    })
}

fn next_of(row: &ApplicationRow, answers: &[AnswerView], now: Timestamp) -> NextTask {
    use ApplicationState as S;
    let next = |title, why: &str, action: &str| NextTask {
        title,
        why: why.to_owned(),
        action: action.to_owned(),
    };
    let answered = answers
        .iter()
        .filter_map(|answer| answer.change.as_ref()?.answered_on)
        .max();
    let can_be_taken_back = row.take_back_until.is_some_and(|until| until.is_open(now));
    match row.state {
        S::Blank | S::Draft => next("Not sent yet", draft_why(row), ""),
        S::Submitted => {
            let why = match answered {
                Some(day) => format!(
                    "They answered our question on {}. The answers are marked.",
                    day_text(day)
                ),
                None => "Read it. If anything is not clear, ask the group a question.".to_owned(),
            };
            next("Next: check eligibility", &why, "confirm-eligibility")
        }
        S::ChangesRequested => {
            let why = match row.changes_due_on {
                Some(day) if day < day_of(now) => format!(
                    "They had until {} to answer. Phone them, or give them more time.",
                    day_text(day)
                ),
                Some(day) => format!("They have until {} to answer.", day_text(day)),
                None => "They have not answered yet.".to_owned(),
            };
            next("Waiting for the group", &why, "")
        }
        S::Eligible | S::InAssessment => next(
            "Next: score and decide",
            "The panel scores it, and decides at its meeting.",
            "score",
        ),
        S::ReserveList => next(
            "On the reserve list",
            "It can be awarded when there is money.",
            "promote",
        ),
        S::Deferred => next("Next: decide", "The panel put off the decision.", ""),
        S::UnderReview => next(
            "Next: decide the review",
            "The group asked us to look at the decision again.",
            "decide-review",
        ),
        S::Awarded => next(
            "Awarded",
            "Everything else is on the page of the grant.",
            "",
        ),
        S::Ineligible | S::Declined if can_be_taken_back => next(
            "The group has not heard of it",
            "We email them in about ten minutes. Until then you can undo it.",
            "take-back-eligibility",
        ),
        S::Ineligible | S::Declined | S::Withdrawn | S::Lapsed => {
            next("Nothing to do", "This application is over.", "")
        }
    }
}

/// Adds the link to the grant, once there is one, or to the form of a draft. Before that, deciding
/// is not in the menu.
fn with_buttons(request: &DeskRequest<'_>, row: &ApplicationRow, next: NextStep) -> NextStep {
    if can_be_continued(row) && request.signed.reader.roles.contains(&Role::Officer) {
        next.with_link("Continue the draft", draft_path(row.id))
    } else if row.state == ApplicationState::Awarded {
        next.with_link("Open the grant", format!("/desk/grants/{}", row.id))
    } else if is_undecided(row.state) {
        next.with_two_buttons()
    } else {
        next
    }
}

fn scores(row: &ApplicationRow, fund: &FundRow, names: &PersonNames) -> Vec<ScoreView> {
    let criteria = fund_texts::criteria(&fund.rules.texts);
    let label = |key: &str| {
        let known = criteria.iter().find(|criterion| criterion.key == key);
        let label = known.map_or(key, |known| known.label.as_str());
        label.split([':', '?']).next().unwrap_or(label).to_owned()
    };
    let seen = |score: &crate::projections::ScoreRow| ScoreView {
        by: names.of(&score.by),
        values: score
            .criteria
            .iter()
            .map(|(criterion, value)| (label(criterion.as_str()), *value))
            .collect(),
        total: score.criteria.values().map(|value| u32::from(*value)).sum(),
        most: score.criteria.len() * SCORE_MAX,
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
                seen.name.unwrap_or_else(|| "A colleague".to_owned()),
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
