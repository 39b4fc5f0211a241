//! One question of an application per page. Each page saves its answer when it is submitted.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sections::{self, ACTIVITY, AMOUNT, AREA, HELPER, PEOPLE_AT_RISK, Section, place_name};
use super::{activity_choices, refusal_text, start};
use crate::clock::day_of;
use crate::domain::application::{ApplicationState, ChooseLanguage, SaveAnswers};
use crate::domain::language::Language;
use crate::domain::money::strip_formatting;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{ApplicationCommand, ApplicationId, Command, Money, Refusal};
use crate::http::AppState;
use crate::http::pages::form_reader::TOO_LONG_TEXT;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{ApplicationRow, FundRow};

#[derive(Template)]
#[template(path = "apply/answer.html")]
struct AnswerPage {
    page: PageContext,
    form: Form,
    wrong: Vec<(String, String)>,
    section: Section,
    hint: String,
    choices: Vec<(String, String)>,
    number: usize,
    of: usize,
    note: Option<String>,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(app.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    render(&request, &visitor, &app, row, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let key = request.match_info().query("section");
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let mut open = sections::retain_open(&row, all.clone());
    // A rejected answer is shown again, also for a question that the office did not ask to change.
    if rejected.is_some() && !open.iter().any(|section| section.key == key) {
        open = all;
    }
    let at = open
        .iter()
        .position(|section| section.key == key)
        .ok_or_else(PageError::not_found)?;
    let section = open[at].clone();
    let fund: FundRow = app
        .views
        .find(row.fund, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &section.title).await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(sections::path_before(row.id, &open, key));
    let (choices, known) = choices_and_prefill(&section, &row, &fund, visitor);
    let page = AnswerPage {
        form: forms.form("answer").prefill("answer", &known),
        hint: hint(&section, &fund, visitor.language),
        note: row
            .note
            .clone()
            .filter(|_| row.state == ApplicationState::ChangesRequested),
        page: shell,
        wrong,
        choices,
        number: at + 1,
        of: open.len(),
        section,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// The choices of a question, empty for free text, and the value that the field is filled in with.
fn choices_and_prefill(
    section: &Section,
    row: &ApplicationRow,
    fund: &FundRow,
    visitor: &Visitor,
) -> (Vec<(String, String)>, String) {
    match section.key.as_str() {
        AREA if section.own.is_none() => {
            let areas = fund
                .areas
                .iter()
                .map(|area| (area.to_string(), place_name(area.as_str())))
                .collect();
            (
                areas,
                row.area
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            )
        }
        ACTIVITY if section.own.is_none() => (
            activity_choices(visitor.language),
            row.activity
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        PEOPLE_AT_RISK if section.own.is_none() => {
            let known = row
                .people_at_risk
                .map_or("", |yes| if yes { "yes" } else { "no" });
            (start::yes_no_choices(visitor), known.to_owned())
        }
        AMOUNT if section.own.is_none() => (Vec::new(), strip_formatting(&section.answer)),
        _ => (Vec::new(), section.answer.clone()),
    }
}

fn hint(section: &Section, fund: &FundRow, language: Language) -> String {
    if let Some(question) = &section.own {
        return question.in_language(language).1.to_owned();
    }
    match section.key.as_str() {
        AMOUNT => format!("{} – {}", fund.rules.minimum, fund.rules.maximum),
        PEOPLE_AT_RISK => translate("Then we help you with a plan to keep everybody safe.", language).to_owned(),
        HELPER => translate("Write the name of who helps you, so that we can ask for them. Leave it empty if nobody does.", language).to_owned(),
        _ => String::new(),
    }
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let all = sections::all_sections(&app, &row, visitor.language).await?;
    let open = sections::retain_open(&row, all.clone());
    let key = request.match_info().query("section");
    let section = all
        .iter()
        .find(|section| section.key == key)
        .ok_or_else(PageError::not_found)?;
    let next = if posted.text("then") == "later" {
        format!("/my/applications/{}/later", row.id)
    } else {
        sections::path_after(row.id, &open, key)
    };
    let command = match parse_answer(section, &posted, visitor.language) {
        Ok(Some(command)) => command,
        Ok(None) => return Ok(see_other(&next)),
        Err(says) => {
            // Saving for later needs no answer.
            if posted.text("then") == "later" && posted.text("answer").is_empty() {
                return Ok(see_other(&next));
            }
            let rejected = FormErrors::new("answer", &posted, vec![("answer".to_owned(), says)]);
            return render(&request, &visitor, &app, row, Some(rejected)).await;
        }
    };
    match ownership::try_execute(
        &visitor,
        &app,
        &posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::NoChange) => Ok(see_other(&next)),
        Some(refusal) => {
            let says = refusal_text::refusal_text(&refusal, visitor.language);
            let rejected = FormErrors::new("answer", &posted, vec![("answer".to_owned(), says)]);
            render(&request, &visitor, &app, row, Some(rejected)).await
        }
    }
}

/// Parses an answer into a command. `None` if an optional question was left empty.
fn parse_answer(
    section: &Section,
    posted: &FormData,
    language: Language,
) -> Result<Option<ApplicationCommand>, String> {
    let typed = posted.text("answer");
    let miss = |says: &str| Err(translate(says, language).to_owned());
    let save = |answers: SaveAnswers| Ok(Some(ApplicationCommand::SaveAnswers(answers)));
    if let Some(question) = &section.own {
        if typed.is_empty() {
            return if section.required {
                miss("Write an answer. A few words are enough.")
            } else {
                Ok(None)
            };
        }
        let Ok(words) = PersonalInput::try_from(typed.to_owned()) else {
            return miss(TOO_LONG_TEXT);
        };
        return save(SaveAnswers {
            answers: BTreeMap::from([(question.question.clone(), words)]),
            ..SaveAnswers::default()
        });
    }
    match section.key.as_str() {
        AMOUNT => match parse_amount(typed) {
            Some(requested) => save(SaveAnswers {
                requested: Some(requested),
                ..SaveAnswers::default()
            }),
            None => miss("Write a sum in pounds, such as 850"),
        },
        AREA | ACTIVITY => match typed.parse() {
            Ok(chosen) if section.key == AREA => save(SaveAnswers {
                area: Some(chosen),
                ..SaveAnswers::default()
            }),
            Ok(chosen) => save(SaveAnswers {
                activity: Some(chosen),
                ..SaveAnswers::default()
            }),
            Err(_) => miss("Choose one of these"),
        },
        PEOPLE_AT_RISK => match typed {
            "yes" | "no" => save(SaveAnswers {
                people_at_risk: Some(typed == "yes"),
                ..SaveAnswers::default()
            }),
            _ => miss("Choose yes or no"),
        },
        _ if typed.is_empty() && language == Language::En => Ok(None),
        _ => {
            let helper = match typed {
                "" => None,
                typed => Some(
                    PersonalInput::try_from(typed.to_owned())
                        .map_err(|_| translate(TOO_LONG_TEXT, language).to_owned())?,
                ),
            };
            Ok(Some(ApplicationCommand::ChooseLanguage(ChooseLanguage {
                language,
                helper,
            })))
        }
    }
}

/// Parses a sum in pounds, with or without a pound sign, commas and spaces.
pub(in crate::http::pages) fn parse_amount(typed: &str) -> Option<Money> {
    Money::parse_formatted(typed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_people_type_it() {
        for (typed, pounds) in [("850", 850), ("£1,200", 1200), (" 1 200.00 ", 1200)] {
            assert_eq!(
                parse_amount(typed),
                Some(Money::from_pounds(pounds)),
                "{typed}"
            );
        }
        for typed in ["", "about 800", "-5", "1.234"] {
            assert_eq!(parse_amount(typed), None, "{typed}");
        }
    }
}
