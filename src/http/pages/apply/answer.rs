//! One question of an application per page. Each page saves its answer when it is submitted.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::sections::{self, ACTIVITY, AMOUNT, AREA, AT_RISK, HELPER, Section, place};
use super::{activities, refused, start};
use crate::domain::application::{Answers, ApplicationState, ChooseLanguage};
use crate::domain::language::Language;
use crate::domain::money::bare;
use crate::domain::sealed::Personal;
use crate::domain::{ApplicationCommand, ApplicationId, Command, Money, Refusal};
use crate::http::Desk;
use crate::http::pages::reading::TOO_LONG;
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Form, Forms, Posted, Rejected, Sent, Shell, Visitor, own, see_other, shown,
};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow};

#[derive(Template)]
#[template(path = "apply/answer.html")]
struct Sheet {
    page: Shell,
    form: Form,
    wrong: Vec<(String, String)>,
    section: Section,
    hint: String,
    choices: Vec<(String, String)>,
    number: usize,
    of: usize,
    note: Option<String>,
}

pub(super) async fn ask(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(desk.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    render(&request, &visitor, &desk, row, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
    row: ApplicationRow,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let key = request.match_info().query("section");
    let all = sections::all(desk, &row, visitor.language).await?;
    let mut open = sections::asked(&row, all.clone());
    // A rejected answer is shown again, also for a question that the office did not ask to change.
    if rejected.is_some() && !open.iter().any(|section| section.key == key) {
        open = all;
    }
    let at = open
        .iter()
        .position(|section| section.key == key)
        .ok_or_else(Failed::nothing)?;
    let section = open[at].clone();
    let fund: FundRow = desk
        .views
        .find(&row.fund.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, &section.title).await?;
    shell.wrong = !wrong.is_empty();
    shell.back = Some(sections::before(row.id, &open, key));
    let (choices, known) = to_choose(&section, &row, &fund, visitor);
    let page = Sheet {
        form: forms.form("answer").known("answer", &known),
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
    shown(visitor, desk, page.page.wrong, &page)
}

/// The choices of a question, empty for free text, and the value that the field is filled in with.
fn to_choose(
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
                .map(|area| (area.to_string(), place(area.as_str())))
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
            activities(visitor.language),
            row.activity
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
        ),
        AT_RISK if section.own.is_none() => {
            let known = row
                .people_at_risk
                .map_or("", |yes| if yes { "yes" } else { "no" });
            (start::yes_or_no(visitor), known.to_owned())
        }
        AMOUNT if section.own.is_none() => (Vec::new(), bare(&section.answer)),
        _ => (Vec::new(), section.answer.clone()),
    }
}

fn hint(section: &Section, fund: &FundRow, language: Language) -> String {
    if let Some(question) = &section.own {
        return question.said_in(language).1.to_owned();
    }
    match section.key.as_str() {
        AMOUNT => format!("{} – {}", fund.rules.minimum, fund.rules.maximum),
        AT_RISK => say("Then we help you with a plan to keep everybody safe.", language).to_owned(),
        HELPER => say("Write the name of who helps you, so that we can ask for them. Leave it empty if nobody does.", language).to_owned(),
        _ => String::new(),
    }
}

pub(super) async fn save(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let all = sections::all(&desk, &row, visitor.language).await?;
    let open = sections::asked(&row, all.clone());
    let key = request.match_info().query("section");
    let section = all
        .iter()
        .find(|section| section.key == key)
        .ok_or_else(Failed::nothing)?;
    let next = if posted.text("then") == "later" {
        format!("/my/applications/{}/later", row.id)
    } else {
        sections::after(row.id, &open, key)
    };
    let command = match read(section, &posted, visitor.language) {
        Ok(Some(command)) => command,
        Ok(None) => return Ok(see_other(&next)),
        Err(says) => {
            // Saving for later needs no answer.
            if posted.text("then") == "later" && posted.text("answer").is_empty() {
                return Ok(see_other(&next));
            }
            let rejected = Rejected::with("answer", &posted, vec![("answer".to_owned(), says)]);
            return render(&request, &visitor, &desk, row, Some(rejected)).await;
        }
    };
    match own::attempt(
        &visitor,
        &desk,
        &posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::NoChange) => Ok(see_other(&next)),
        Some(refusal) => {
            let says = refused::says(&refusal, visitor.language);
            let rejected = Rejected::with("answer", &posted, vec![("answer".to_owned(), says)]);
            render(&request, &visitor, &desk, row, Some(rejected)).await
        }
    }
}

/// Parses an answer into a command. `None` if an optional question was left empty.
fn read(
    section: &Section,
    posted: &Posted,
    language: Language,
) -> Result<Option<ApplicationCommand>, String> {
    let typed = posted.text("answer");
    let miss = |says: &str| Err(say(says, language).to_owned());
    let save = |answers: Answers| Ok(Some(ApplicationCommand::SaveAnswers(answers)));
    if let Some(question) = &section.own {
        if typed.is_empty() {
            return if section.required {
                miss("Write an answer. A few words are enough.")
            } else {
                Ok(None)
            };
        }
        let Ok(words) = Personal::try_from(typed.to_owned()) else {
            return miss(TOO_LONG);
        };
        return save(Answers {
            answers: BTreeMap::from([(question.question.clone(), words)]),
            ..Answers::default()
        });
    }
    match section.key.as_str() {
        AMOUNT => match amount(typed) {
            Some(requested) => save(Answers {
                requested: Some(requested),
                ..Answers::default()
            }),
            None => miss("Write a sum in pounds, such as 850"),
        },
        AREA | ACTIVITY => match typed.parse() {
            Ok(chosen) if section.key == AREA => save(Answers {
                area: Some(chosen),
                ..Answers::default()
            }),
            Ok(chosen) => save(Answers {
                activity: Some(chosen),
                ..Answers::default()
            }),
            Err(_) => miss("Choose one of these"),
        },
        AT_RISK => match typed {
            "yes" | "no" => save(Answers {
                people_at_risk: Some(typed == "yes"),
                ..Answers::default()
            }),
            _ => miss("Choose yes or no"),
        },
        _ if typed.is_empty() && language == Language::En => Ok(None),
        _ => {
            let helper = match typed {
                "" => None,
                typed => Some(
                    Personal::try_from(typed.to_owned())
                        .map_err(|_| say(TOO_LONG, language).to_owned())?,
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
pub(in crate::http::pages) fn amount(typed: &str) -> Option<Money> {
    Money::written(typed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_people_type_it() {
        for (typed, pounds) in [("850", 850), ("£1,200", 1200), (" 1 200.00 ", 1200)] {
            assert_eq!(amount(typed), Some(Money::of_pounds(pounds)), "{typed}");
        }
        for typed in ["", "about 800", "-5", "1.234"] {
            assert_eq!(amount(typed), None, "{typed}");
        }
    }
}
