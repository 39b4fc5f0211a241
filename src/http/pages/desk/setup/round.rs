//! The first round: its dates, a look at it as a group sees it, and opening it.

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::ToSpan as _;
use jiff::civil::Date;

use super::super::action::Availability;
use super::super::texts::organisation;
use super::super::{DeskRequest, render_page_at};
use super::state::SetupState;
use super::{execute_in_order, require_administrator, steps_of};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::fund::{FundState, PlanRound, RoundRef, RoundState};
use crate::domain::language::Language;
use crate::domain::text::{Line, Slug};
use crate::domain::{Command, FundCommand, FundId};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::{Form, FormData, FormErrors, PageContext, PageError, PostedForm};
use crate::projections::{FundRow, OrganisationRow, RoundRow};

const PAGE: &str = "/desk/setup/round";
/// How long a first round is open, unless other days are chosen.
const OPEN_DAYS: i64 = 42;

/// A planned or open round of a fund.
struct FirstRound {
    fund: FundRow,
    key: Slug,
    row: RoundRow,
}

#[derive(Template)]
#[template(path = "desk/setup/round.html")]
struct FirstRoundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    open_form: Form,
    funds: Vec<(String, String)>,
    round: Option<FirstRound>,
    /// Whether the round takes applications.
    is_open: bool,
    /// What must be done before it can open: the words, and the page that mends it.
    missing: Vec<(String, &'static str)>,
    /// Why the rules refuse to open it, if they do although no step is missing.
    refused: Option<String>,
}

pub(in super::super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let forms = request.forms();
    let today = day_of(request.app.commands.now());
    let missing: Vec<_> = steps_of(&state, request)
        .into_iter()
        .filter(|step| !step.done && step.path != PAGE)
        .map(|step| (step.title.to_owned(), step.path))
        .collect();
    let (is_open, round) = (state.is_over(), first_round(&state.funds));
    let refused = match &round {
        Some(round) if missing.is_empty() && !is_open => refusal_to_open(request, round).await?,
        _ => None,
    };
    let form = forms
        .form("first-round")
        .prefill("opens_on", &today.to_string())
        .prefill(
            "closes_on",
            &today.saturating_add(OPEN_DAYS.days()).to_string(),
        );
    let page = FirstRoundPage {
        page: request.page_context("Open your first round").await?,
        wrong: forms.error_summary(),
        form,
        open_form: forms.form("open-round"),
        funds: state
            .funds
            .iter()
            .map(|fund| (fund.id.to_string(), fund.name.clone()))
            .collect(),
        round,
        is_open,
        missing,
        refused,
    };
    request.render(&page)
}

/// The round that was planned first.
fn first_round(funds: &[FundRow]) -> Option<FirstRound> {
    let rounds = funds.iter().flat_map(|fund| {
        fund.rounds.iter().map(move |(key, row)| FirstRound {
            fund: fund.clone(),
            key: key.clone(),
            row: row.clone(),
        })
    });
    let is_past =
        |round: &FirstRound| !matches!(round.row.state, RoundState::Planned | RoundState::Open);
    rounds.min_by_key(|round| (is_past(round), round.row.opens_on))
}

/// Why the fund of a round cannot be opened, although every step is done.
async fn refusal_to_open(
    request: &DeskRequest<'_>,
    round: &FirstRound,
) -> Result<Option<String>, PageError> {
    if round.fund.state != FundState::Draft {
        return Ok(None);
    }
    let open = Command::Fund(FundId(round.fund.id), FundCommand::Open(NoBody {}));
    Ok(match request.availability(open, None).await? {
        Availability::Unavailable(why) => Some(why),
        Availability::Available | Availability::Hidden => None,
    })
}

pub(super) async fn plan(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let form = organisation(&request).await?.form_version;
    let today = day_of(app.commands.now());
    let (fund, plan) = match read(&posted, form, today) {
        Ok(read) => read,
        Err(wrong) => {
            let rejected = FormErrors::new("first-round", &posted, wrong);
            return render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
        }
    };
    let command = Command::Fund(fund, FundCommand::PlanRound(plan));
    let next = format!("{PAGE}?done=round-planned");
    execute_in_order(&app, &visitor, &posted, vec![("", command)], (PAGE, &next)).await
}

fn read(posted: &FormData, form: u32, today: Date) -> Result<(FundId, PlanRound), FieldErrors> {
    let mut reader = FormReader::new(posted, Language::En);
    let fund = reader.required(
        "fund",
        |text| text.parse().ok().map(FundId),
        "Choose the fund",
    );
    let name: Option<(Line, Slug)> = reader.required(
        "name",
        |text| Some((text.parse().ok()?, slug_of(text).parse().ok()?)),
        "Enter a name that begins with a letter, such as Autumn 2026",
    );
    let day = |text: &str| text.parse::<Date>().ok();
    let opens_on = reader.required("opens_on", day, "Enter the first day");
    let closes_on = reader.required(
        "closes_on",
        |text| {
            day(text).filter(|last| *last >= today && opens_on.is_none_or(|first| *last >= first))
        },
        "Enter a last day that is after the first day and not in the past",
    );
    let panel_meets_on = reader.optional(
        "panel_meets_on",
        |text| day(text).filter(|meets| closes_on.is_none_or(|last| *meets > last)),
        "The panel must meet after the last day",
    );
    let whole = fund.zip(name).zip(opens_on.zip(closes_on));
    reader.finish(whole.map(|((fund, (name, round)), (opens_on, closes_on))| {
        let plan = PlanRound {
            round,
            name,
            opens_on,
            closes_on,
            panel_meets_on,
            hear_by: None,
            form,
        };
        (fund, plan)
    }))
}

/// Opens the round, and its fund first if it is a draft.
pub(super) async fn open(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    require_administrator(&visitor)?;
    let request = DeskRequest::new(&app, &visitor, PAGE, None)?;
    let round = first_round(&request.funds().await?).ok_or_else(PageError::not_found)?;
    let fund = FundId(round.fund.id);
    let mut commands = Vec::new();
    if round.fund.state == FundState::Draft {
        let open = Command::Fund(fund, FundCommand::Open(NoBody {}));
        commands.push(("fund", open));
    }
    let open = FundCommand::OpenRound(RoundRef { round: round.key });
    commands.push(("round", Command::Fund(fund, open)));
    let next = format!("{PAGE}?done=round-open");
    execute_in_order(&app, &visitor, &posted, commands, (PAGE, &next)).await
}

#[derive(Template)]
#[template(path = "desk/setup/look.html")]
struct LookPage {
    page: PageContext,
    own: OrganisationRow,
    round: Option<FirstRound>,
    shown_in: Language,
    languages: Vec<Language>,
}

/// The form as a group sees it. Nothing can be sent from here.
pub(in super::super) async fn show_look(
    request: &DeskRequest<'_>,
) -> Result<HttpResponse, PageError> {
    use strum::VariantArray as _;
    require_administrator(request.visitor)?;
    let page = LookPage {
        page: request.page_context("As a group sees it").await?,
        own: organisation(request).await?,
        round: first_round(&request.funds().await?),
        shown_in: request.text("language").parse().unwrap_or_default(),
        languages: Language::VARIANTS.to_vec(),
    };
    request.render(&page)
}
