//! The page that plans a round: its name, its dates, and the questions that it asks.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::form_draft::{free_key, other_languages};
use super::form_editor::published_forms;
use super::funds::fund_in_path;
use super::{DeskRequest, submit_command};
use crate::domain::fund::{FundState, PlanRound};
use crate::domain::language::Language;
use crate::domain::organisation::{PublishForm, Question};
use crate::domain::text::{Line, Slug};
use crate::domain::{Command, FundCommand, FundId, OrganisationCommand, Role};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::projections::FundRow;

/// The values of the choice of questions that are no version of a form.
const STARTER: &str = "starter";
const OWN: &str = "own";
/// The fields of the form that the editor of questions hands back.
const ENTERED: [&str; 5] = ["name", "opens_on", "closes_on", "panel_meets_on", "hear_by"];
/// The most forms that can be chosen from.
const FORMS_MAX: usize = 12;

#[derive(Template)]
#[template(path = "desk/round_new.html")]
struct NewRoundPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    fund: FundRow,
    forms: Vec<FormChoice>,
}

/// Questions that the round may ask.
struct FormChoice {
    value: String,
    label: String,
    note: String,
    /// The address of the page that shows the questions as a group sees them.
    preview: Option<String>,
}

pub(super) async fn show_new(
    request: &DeskRequest<'_>,
    fund: &str,
) -> Result<HttpResponse, PageError> {
    let may = [Role::Officer, Role::Administrator]
        .iter()
        .any(|role| request.signed.reader.roles.contains(role));
    if !may {
        return Err(PageError::forbidden());
    }
    let fund: FundRow = request.row(ownership::parse_uuid(fund)?).await?;
    if matches!(fund.state, FundState::Closed | FundState::Archived) {
        return Err(PageError::not_found());
    }
    let forms = form_choices(request.app, &fund).await?;
    let pages = request.forms();
    let form = ENTERED.iter().fold(pages.form("plan-round"), |form, name| {
        form.prefill(name, request.text(name))
    });
    let page = NewRoundPage {
        page: request.page_context("Plan a round").await?,
        wrong: pages.error_summary(),
        form,
        fund,
        forms,
    };
    request.render(&page)
}

/// The forms to choose from, the newest first, and writing one.
async fn form_choices(app: &AppState, fund: &FundRow) -> Result<Vec<FormChoice>, PageError> {
    let published = published_forms(app).await?;
    let mut choices: Vec<FormChoice> = published
        .iter()
        .take(FORMS_MAX)
        .map(|(version, name, questions)| FormChoice {
            value: version.to_string(),
            label: name.clone(),
            note: form_note(fund, *version, questions),
            preview: Some(format!("/desk/texts/form?from={version}&view=preview")),
        })
        .collect();
    if choices.is_empty() {
        choices.push(FormChoice {
            value: STARTER.to_owned(),
            label: "Our starter questions".to_owned(),
            note: languages_note(&crate::starter::questions()),
            preview: Some("/desk/texts/form?from=starter&view=preview".to_owned()),
        });
    }
    choices.push(FormChoice {
        value: OWN.to_owned(),
        label: "Write your own".to_owned(),
        note: "Text, choices, numbers, dates or a budget".to_owned(),
        preview: None,
    });
    Ok(choices)
}

/// A note about a form: the rounds of the fund that use it, and its languages.
fn form_note(fund: &FundRow, version: u32, questions: &[Question]) -> String {
    let rounds: Vec<&str> = fund
        .rounds
        .values()
        .filter(|round| round.form == version)
        .map(|round| round.name.as_str())
        .collect();
    let used = match rounds.as_slice() {
        [] => String::new(),
        [one] => format!("As in the {one} round. "),
        many => format!("As in the rounds {}. ", many.join(", ")),
    };
    format!("{used}{}", languages_note(questions))
}

fn languages_note(questions: &[Question]) -> String {
    let complete = other_languages()
        .filter(|language| {
            questions
                .iter()
                .all(|question| question.is_translated(*language))
        })
        .map(Language::english_name);
    let languages: Vec<&str> = std::iter::once("English").chain(complete).collect();
    let count = match questions.len() {
        1 => "1 question of your own".to_owned(),
        many => format!("{many} questions of your own"),
    };
    format!("{count}, in {}", languages.join(" and "))
}

/// A round as it was entered.
struct EnteredRound {
    name: Line,
    opens_on: Date,
    closes_on: Date,
    panel_meets_on: Option<Date>,
    hear_by: Option<Date>,
}

fn parse_round(posted: &FormData) -> Result<EnteredRound, FieldErrors> {
    let mut reader = FormReader::new(posted, Language::En);
    let day = |text: &str| text.parse::<Date>().ok();
    let name = reader.required(
        "name",
        |text| text.parse::<Line>().ok(),
        "Enter the name of the round",
    );
    let opens_on = reader.required("opens_on", day, "Enter the day it opens");
    let closes_on = reader.required("closes_on", day, "Enter the last day to apply");
    let after_it = |text: &str| day(text).filter(|day| closes_on.is_none_or(|last| *day > last));
    let panel_meets_on = reader.optional(
        "panel_meets_on",
        after_it,
        "The panel must meet after the last day to apply",
    );
    let hear_by = reader.optional(
        "hear_by",
        |text| after_it(text).filter(|day| panel_meets_on.is_none_or(|meets| *day >= meets)),
        "Groups can hear only after the last day, and not before the panel meets",
    );
    let whole = name.zip(opens_on.zip(closes_on));
    reader.finish(whole.map(|(name, (opens_on, closes_on))| EnteredRound {
        name,
        opens_on,
        closes_on,
        panel_meets_on,
        hear_by,
    }))
}

/// Plans the round, or leads to the editor of questions. The starter questions are published first
/// if they are chosen.
pub(super) async fn plan(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let fund = fund_in_path(&request, &app).await?;
    let back = format!("/desk/funds/{}/rounds/new", fund.id);
    if posted.text("form_version") == OWN {
        return Ok(see_other(&editor_address(&back, &posted)));
    }
    let entered = match parse_round(&posted) {
        Ok(entered) => entered,
        Err(wrong) => return refuse(&app, &visitor, &posted, &back, wrong).await,
    };
    let form = match posted.text("form_version") {
        STARTER => Some(publish_starter(&app, &visitor, &posted).await?),
        version => version.parse().ok(),
    };
    let Some(form) = form else {
        let wrong = vec![("form_version".to_owned(), "Choose the questions".to_owned())];
        return refuse(&app, &visitor, &posted, &back, wrong).await;
    };
    let plan = PlanRound {
        round: free_round_key(&fund, &entered.name),
        name: entered.name,
        opens_on: entered.opens_on,
        closes_on: entered.closes_on,
        panel_meets_on: entered.panel_meets_on,
        hear_by: entered.hear_by,
        form,
    };
    let command = Command::Fund(FundId(fund.id), FundCommand::PlanRound(plan));
    let next = format!("/desk/funds/{}", fund.id);
    submit_command::execute(
        &app,
        &visitor,
        &posted,
        command,
        "plan-round",
        &back,
        |_| next,
    )
    .await
}

async fn refuse(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    back: &str,
    wrong: FieldErrors,
) -> Result<HttpResponse, PageError> {
    let rejected = FormErrors::new("plan-round", posted, wrong);
    super::render_page_at(app, visitor, back, Some(rejected)).await
}

/// The editor of questions, which returns to this page with what was entered here.
fn editor_address(back: &str, posted: &FormData) -> String {
    let entered: Vec<_> = ENTERED
        .iter()
        .map(|name| (*name, posted.text(name)))
        .filter(|(_, value)| !value.is_empty())
        .collect();
    let query = serde_html_form::to_string(entered).unwrap_or_default();
    let back = if query.is_empty() {
        back.to_owned()
    } else {
        format!("{back}?{query}")
    };
    format!("/desk/texts/form?from=starter&back={}", url_encoded(&back))
}

/// The key of a new round, from its name.
fn free_round_key(fund: &FundRow, name: &Line) -> Slug {
    free_key(name.as_str(), "round", |key| !fund.rounds.contains_key(key))
}

/// Publishes the starter questions. Returns their version.
async fn publish_starter(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
) -> Result<u32, PageError> {
    let publish = OrganisationCommand::PublishForm(PublishForm {
        name: "Our starter questions".parse().ok(),
        questions: crate::starter::questions(),
    });
    let publish = Command::Organisation(app.commands.organisation(), publish);
    let receipt = ownership::issue(visitor, app, posted, "/form", publish).await?;
    Ok(receipt.made.unwrap_or(1))
}
