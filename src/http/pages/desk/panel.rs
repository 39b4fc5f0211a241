//! The panel's pack for a round, and the form that records all decisions of a meeting as one
//! command.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use serde_json::{Value, json};
use strum::VariantArray as _;

use super::application::{is_undecided, panel_members};
use super::{DeskRequest, label_of, submit_command};
use crate::clock::day_of;
use crate::domain::fund::RoundState;
use crate::domain::language::Language;
use crate::domain::panel::Decision;
use crate::domain::reference::Reference;
use crate::domain::{Command, FundCommand, FundId, Money, Role};
use crate::http::AppState;
use crate::http::pages::apply::{parse_amount, sections};
use crate::http::pages::charts::{DaySelection, totals_query};
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, ownership,
};
use crate::projections::{ApplicationRow, FundRow, RoundRow, ScoreRow};
use crate::views::{Filter, GroupBy, PageRequest};

#[derive(Template)]
#[template(path = "desk/panels.html")]
struct PanelRoundsPage {
    page: PageContext,
    rounds: Vec<(FundRow, String, RoundRow, String)>,
}

pub(super) async fn show_rounds(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let mut rounds = Vec::new();
    for fund in request.funds().await? {
        for (key, round) in &fund.rounds {
            if round.state != RoundState::Planned {
                rounds.push((
                    fund.clone(),
                    key.to_string(),
                    round.clone(),
                    label_of(round.state),
                ));
            }
        }
    }
    rounds.sort_by_key(|(_, _, round, _)| std::cmp::Reverse(round.closes_on));
    let page = PanelRoundsPage {
        page: request.page_context("Panel").await?,
        rounds,
    };
    request.render(&page)
}

#[derive(Template)]
#[template(path = "desk/panel.html")]
struct PanelPackPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    fund: FundRow,
    key: String,
    round: RoundRow,
    applications: Vec<PanelPackLine>,
    requested: String,
    available: String,
    meets: Option<Form>,
    present: Vec<(String, String)>,
    today: String,
}

/// One application in the pack.
struct PanelPackLine {
    row: ApplicationRow,
    reference: String,
    state: String,
    group: String,
    answers: Vec<sections::Section>,
    scores: usize,
    /// The mean of the scores' totals, of the scores that the reader may see and that are not set
    /// aside.
    mean: Option<String>,
    /// The same mean in tenths, by which the pack is sorted.
    tenths: Option<u32>,
    hidden: bool,
    open: bool,
    interested: usize,
    decided: DecisionFields,
}

/// The fields of one application in the meeting's form: only the requested sum is filled in, unless
/// the form was rejected.
struct DecisionFields {
    verdict: String,
    /// The decisions that are possible in the application's state.
    verdicts: Vec<(&'static str, &'static str)>,
    amount: String,
    rank: String,
    reason: String,
    feedback: String,
    wrong: Option<String>,
}

/// The label of a decision.
fn decision_label(decision: Decision) -> &'static str {
    match decision {
        Decision::Award => "award",
        Decision::Promote => "award from the reserve list",
        Decision::Decline => "decline",
        Decision::Defer => "decide later",
        Decision::Reserve => "reserve list",
    }
}

impl DecisionFields {
    fn of(form: &Form, row: &ApplicationRow) -> Self {
        let typed = |name: &str| form.value(&format!("{name}-{}", row.id)).to_owned();
        let open = Decision::VARIANTS
            .iter()
            .filter(|decision| decision.allowed_states().contains(&row.state));
        let verdicts = open
            .map(|decision| (<&str>::from(decision), decision_label(*decision)))
            .collect();
        let amount = if form.was_rejected() {
            typed("amount")
        } else {
            row.requested.map(String::from).unwrap_or_default()
        };
        let wrong = form
            .error_of(&format!("verdict-{}", row.id))
            .map(str::to_owned);
        let [verdict, rank, reason, feedback] =
            ["verdict", "rank", "reason", "feedback"].map(typed);
        Self {
            verdict,
            verdicts,
            amount,
            rank,
            reason,
            feedback,
            wrong,
        }
    }
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let (fund, round) = ownership::fund_and_round(app, fund, key).await?;
    let today = day_of(app.commands.now());
    let forms = request.forms();
    let form = meeting_form(&forms, today);
    let lines = pack_lines(request, &fund, key, &form).await?;
    let requested: Money = lines
        .iter()
        .filter(|line| line.open)
        .filter_map(|line| line.row.requested)
        .sum();
    let meets =
        request.signed.reader.roles.contains(&Role::Panel) && lines.iter().any(|line| line.open);
    let page = PanelPackPage {
        page: request
            .page_context(&format!("Panel pack: {}", round.name))
            .await?,
        wrong: forms.error_summary(),
        requested: requested.to_string(),
        available: uncommitted(app, &fund).await?.to_string(),
        meets: meets.then_some(form),
        present: panel_members(request).await?,
        today: today.to_string(),
        key: key.to_owned(),
        applications: lines,
        fund,
        round,
    };
    request.render(&page)
}

/// The meeting's form, with the usual days.
fn meeting_form(forms: &PageForms, today: Date) -> Form {
    let in_days = |days: i32| {
        today
            .saturating_add(jiff::Span::new().days(days))
            .to_string()
    };
    forms
        .form("meeting")
        .prefill("met_on", &today.to_string())
        .prefill("ends_on", &in_days(180))
        .prefill("update_due_on", &in_days(194))
}

/// The lines of the pack: applications to be decided first, the best scores first.
async fn pack_lines(
    request: &DeskRequest<'_>,
    fund: &FundRow,
    key: &str,
    form: &Form,
) -> Result<Vec<PanelPackLine>, PageError> {
    let app = request.app;
    let rows = submitted_applications(app, fund, key).await?;
    let given: Vec<usize> = rows.iter().map(|row| row.scores.len()).collect();
    let seen = crate::http::api::applications::application_views(app, request.signed, rows).await?;
    let groups = names_of_groups(
        app,
        seen.iter().map(|seen| seen.row.group.to_string()).collect(),
    )
    .await?;
    let reads = request.signed.reader.may_read_words();
    let mut lines = Vec::new();
    for (seen, given) in seen.into_iter().zip(given) {
        let row = seen.row;
        let group = groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default();
        let answers = if reads && is_undecided(row.state) {
            answered_questions(app, &row).await?
        } else {
            Vec::new()
        };
        lines.push(PanelPackLine::new(row, given, group, answers, form));
    }
    lines.sort_by(|a, b| b.open.cmp(&a.open).then_with(|| b.tenths.cmp(&a.tenths)));
    Ok(lines)
}

async fn submitted_applications(
    app: &AppState,
    fund: &FundRow,
    key: &str,
) -> Result<Vec<ApplicationRow>, PageError> {
    let filters = vec![
        Filter::equals("fund", fund.id),
        Filter::equals("round", key),
    ];
    let page = PageRequest {
        after: None,
        limit: 200,
    };
    let rows = app
        .views
        .list::<ApplicationRow>(None, filters, &page)
        .await?
        .items;
    Ok(rows
        .into_iter()
        .filter(|row| row.submitted_on.is_some())
        .collect())
}

/// The answers to the questions of the round's form.
async fn answered_questions(
    app: &AppState,
    row: &ApplicationRow,
) -> Result<Vec<sections::Section>, PageError> {
    let all = sections::all_sections(app, row, Language::En).await?;
    Ok(all
        .into_iter()
        .filter(|section| section.own.is_some() && section.is_answered())
        .collect())
}

impl PanelPackLine {
    /// `given` is the number of scores, also of those that the reader may not see.
    fn new(
        row: ApplicationRow,
        given: usize,
        group: String,
        answers: Vec<sections::Section>,
        form: &Form,
    ) -> Self {
        let tenths = mean_in_tenths(&row.scores);
        Self {
            reference: Reference::parse(&row.reference)
                .map(|reference| reference.to_string())
                .unwrap_or_default(),
            state: label_of(row.state),
            group,
            answers,
            scores: given,
            mean: tenths.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)),
            tenths,
            hidden: row.scores.len() < given,
            open: is_undecided(row.state),
            interested: row.withdrew.len(),
            decided: DecisionFields::of(form, &row),
            row,
        }
    }
}

/// The mean of the scores' totals in tenths, rounded down. `None` if no score counts.
fn mean_in_tenths(scores: &[ScoreRow]) -> Option<u32> {
    let totals: Vec<u32> = scores
        .iter()
        .filter(|score| score.set_aside.is_none())
        .map(|score| score.criteria.values().copied().map(u32::from).sum::<u32>())
        .collect();
    let count = u32::try_from(totals.len()).ok()?;
    (totals.iter().sum::<u32>() * 10).checked_div(count)
}

/// The money of the fund that is not committed.
async fn uncommitted(app: &AppState, fund: &FundRow) -> Result<Money, PageError> {
    let days = DaySelection::from_query(app, "", "").await?;
    let id = fund.id.to_string();
    let budget = app
        .views
        .budget(totals_query(GroupBy::Fund, Some(&id), None, &days))
        .await?
        .lines
        .pop();
    Ok(budget
        .and_then(|line| line.uncommitted)
        .unwrap_or(Money::ZERO))
}

/// Records a meeting: the decision on each application for which one was chosen.
pub(super) async fn record_meeting(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let (fund, round) = (
        request.match_info().query("fund").to_owned(),
        request.match_info().query("round").to_owned(),
    );
    let back = format!("/desk/panel/{fund}/{round}");
    let present: Vec<_> = posted.all("present").map(str::to_owned).collect();
    let decisions: Vec<Value> = posted
        .all("application[]")
        .filter_map(|id| decision_json(&posted, id, &present))
        .collect();
    let body = json!({ "round": round, "met_on": posted.text("met_on"), "decisions": decisions });
    let fund = FundId(ownership::parse_uuid(&fund)?);
    match FundCommand::read("record-meeting", body) {
        Some(Ok(command)) if !decisions.is_empty() => {
            let next = back.clone();
            submit_command::execute(
                &app,
                &visitor,
                &posted,
                Command::Fund(fund, command),
                "record-meeting",
                &back,
                |_| next,
            )
            .await
        }
        said => {
            let wrong = match said {
                Some(Err(error)) => {
                    missing_fields(&app, &posted, &decisions, &error.to_string()).await?
                }
                _ => vec![(
                    String::new(),
                    "Choose what was decided on at least one application".to_owned(),
                )],
            };
            super::render_page_at(
                &app,
                &visitor,
                &back,
                Some(FormErrors::new("meeting", &posted, wrong)),
            )
            .await
        }
    }
}

/// The errors of the decisions that could not be parsed, each at its application.
async fn missing_fields(
    app: &AppState,
    posted: &FormData,
    decisions: &[Value],
    otherwise: &str,
) -> Result<Vec<(String, String)>, PageError> {
    let mut wrong = Vec::new();
    for decision in decisions {
        let alone = json!({ "round": "any", "met_on": "2026-01-01", "decisions": [decision] });
        let Some(Err(error)) = FundCommand::read("record-meeting", alone) else {
            continue;
        };
        let id = decision["application"].as_str().unwrap_or_default();
        let row: Option<ApplicationRow> = app.views.find(id, None).await?;
        let group = match &row {
            Some(row) => names_of_groups(app, vec![row.group.to_string()])
                .await?
                .remove(&row.group.to_string()),
            None => None,
        };
        let reason = posted.text(&format!("reason-{id}")).is_empty();
        let says =
            if reason && !matches!(posted.text(&format!("verdict-{id}")), "award" | "promote") {
                "write why".to_owned()
            } else {
                error.to_string()
            };
        wrong.push((
            format!("verdict-{id}"),
            format!("{}: {says}", group.unwrap_or_default()),
        ));
    }
    if wrong.is_empty() {
        wrong.push((String::new(), format!("Something is missing: {otherwise}")));
    }
    Ok(wrong)
}

/// The decision on one application, as JSON of the command. `None` if none was chosen.
fn decision_json(posted: &FormData, id: &str, present: &[String]) -> Option<Value> {
    let field = |name: &str| posted.text(&format!("{name}-{id}")).to_owned();
    let reason = field("reason");
    let optional = if reason.is_empty() {
        Value::Null
    } else {
        Value::String(reason.clone())
    };
    let verdict = match posted.text(&format!("verdict-{id}")) {
        key @ ("award" | "promote") => json!({ key: {
            "amount": parse_amount(&field("amount")).map_or_else(|| Value::String(field("amount")), |sum| Value::String(String::from(sum))), "reason": optional, "present": present,
            "ends_on": posted.text("ends_on"), "update_due_on": posted.text("update_due_on"),
        } }),
        "decline" => {
            json!({ "decline": { "reason": reason, "feedback": field("feedback"), "present": present } })
        }
        "defer" => json!({ "defer": { "reason": reason, "present": present } }),
        "reserve" => {
            let rank = field("rank")
                .parse::<u16>()
                .map_or(Value::Null, Value::from);
            json!({ "reserve": { "rank": rank, "reason": reason, "present": present } })
        }
        _ => return None,
    };
    Some(json!({ "application": id, "verdict": verdict }))
}
