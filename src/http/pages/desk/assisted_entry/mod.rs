//! Assisted entry: an officer enters an application that came on paper, by telephone or in person.
//!
//! # Submitting again
//!
//! One form becomes several commands: person, group, application, answers, submission. If one is
//! refused, the form is shown again and can be submitted again: records that exist are found by
//! idempotency keys made of the form's id (`began`), and updated to what the form contains now. A
//! value that cannot be changed any more is reported at its field.

mod parse;
mod record;

use actix_web::{HttpResponse, web};
use askama::Template;

use self::parse::parse_entry;
use self::record::{EntryError, record_entry};
use super::{DeskRequest, choices};
use crate::clock;
use crate::commands::CommandError;
use crate::domain::Role;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::pages::apply::activity_choices;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PostedForm, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::projections::FundRow;

const CHANNELS: [(&str, &str); 3] = [
    ("paper", "on paper"),
    ("phone", "by telephone"),
    ("in_person", "in person"),
];

const HELPS: [(&str, &str); 2] = [
    (
        "read_back",
        "keyed in as it was, and read back to the group",
    ),
    (
        "helped_to_word",
        "I helped with the words: I am interested by that",
    ),
];

const LANGUAGES: [(&str, &str); 2] = [("en", "English"), ("pl", "Polski")];

#[derive(Template)]
#[template(path = "desk/keyed.html")]
struct AssistedEntryPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    began: String,
    rounds: Vec<(String, String)>,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    activities: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    helps: Vec<(String, String)>,
    languages: Vec<(String, String)>,
    yes_no: Vec<(String, String)>,
    questions: Vec<(String, String, String)>,
    chosen: Option<String>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Officer) {
        return Err(PageError::forbidden());
    }
    let rounds = round_choices(&request.funds().await?);
    let chosen = Some(request.text("round").to_owned()).filter(|round| !round.is_empty());
    let RoundFields { areas, questions } =
        match chosen.as_deref().and_then(|chosen| chosen.split_once('/')) {
            Some((fund, key)) => RoundFields::load(request, fund, key).await?,
            None => RoundFields::default(),
        };
    let forms = request.forms();
    let page = AssistedEntryPage {
        page: request.page_context("Key in a form").await?,
        wrong: forms.error_summary(),
        form: forms
            .form("keyed")
            .prefill("round", chosen.as_deref().unwrap_or_default()),
        began: form_id(request),
        rounds,
        areas,
        standings: choices(["new", "existing"]),
        activities: activity_choices(Language::En),
        channels: labelled_choices(&CHANNELS),
        helps: labelled_choices(&HELPS),
        languages: labelled_choices(&LANGUAGES),
        yes_no: choices(["yes", "no"]),
        questions,
        chosen,
    };
    request.render(&page)
}

/// The rounds that a form can be for. A round after its deadline is one of them: a form can be
/// keyed in late.
fn round_choices(funds: &[FundRow]) -> Vec<(String, String)> {
    let mut rounds = Vec::new();
    for fund in funds.iter().filter(|fund| fund.state == FundState::Open) {
        for (key, round) in &fund.rounds {
            if !matches!(round.state, RoundState::Planned | RoundState::Completed) {
                rounds.push((
                    format!("{}/{key}", fund.id),
                    format!("{}: {}", fund.name, round.name),
                ));
            }
        }
    }
    rounds
}

/// What a round adds to the form: the fund's areas, and the questions by field name, label and
/// help.
#[derive(Default)]
struct RoundFields {
    areas: Vec<(String, String)>,
    questions: Vec<(String, String, String)>,
}

impl RoundFields {
    async fn load(request: &DeskRequest<'_>, fund: &str, key: &str) -> Result<Self, PageError> {
        let (fund, round) = ownership::fund_and_round(request.app, fund, key).await?;
        let questions = ownership::form_questions(request.app, round.form).await?;
        Ok(Self {
            areas: choices(fund.areas.iter().map(Slug::as_str)),
            questions: questions
                .into_iter()
                .map(|question| {
                    (
                        format!("q-{}", question.question),
                        question.label.to_string(),
                        question.help.to_string(),
                    )
                })
                .collect(),
        })
    }
}

/// The form's id: that of the rejected form, or a new one.
fn form_id(request: &DeskRequest<'_>) -> String {
    request
        .rejected
        .as_ref()
        .and_then(|rejected| rejected.values.iter().find(|(name, _)| name == "began"))
        .map_or_else(|| clock::new_id().to_string(), |(_, id)| id.clone())
}

fn labelled_choices(labels: &[(&str, &str)]) -> Vec<(String, String)> {
    labels
        .iter()
        .map(|(key, label)| ((*key).to_owned(), (*label).to_owned()))
        .collect()
}

pub(super) async fn submit_entry(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let recorded = match parse_entry(&posted, visitor.person()?) {
        Ok(entry) => record_entry(&app, &visitor, &posted, entry).await,
        Err(wrong) => Err(EntryError::Fields(wrong)),
    };
    let rejected = match recorded {
        Ok(id) => return Ok(see_other(&format!("/desk/applications/{id}?done=keyed-in"))),
        Err(EntryError::Fields(wrong)) => FormErrors::new("keyed", &posted, wrong),
        Err(EntryError::Page(PageError::Refused(CommandError::KeyReused))) => {
            let says = "This form was handed in already, with other words. Look for the group to correct what was handed in";
            FormErrors::new("keyed", &posted, vec![(String::new(), says.to_owned())])
        }
        Err(EntryError::Page(PageError::Refused(error))) => {
            FormErrors::from_problem(&posted, &Problem::from_command_error(&error))
        }
        Err(EntryError::Page(error)) => return Err(error),
    };
    let back = format!(
        "/desk/applications/new?{}",
        serde_html_form::to_string([("round", posted.text("round"))]).unwrap_or_default()
    );
    super::render_page_at(&app, &visitor, &back, Some(rejected)).await
}
