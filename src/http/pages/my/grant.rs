//! Forms on the page of one grant for its group: accepting or declining the offer, asking for a
//! change, saying what is left, withdrawing a story.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::civil::Date;

use super::{grant_page, notices};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::grant::{
    AcceptAgreement, AcceptanceMethod, DeclareUnderspend, GrantState, RequestVariation, StoryRef,
    VariationChanges,
};
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::AppState;
use crate::http::pages::apply::{parse_amount, refusal_says};
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::{
    FormData, FormErrors, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::mail::format_day;
use crate::projections::GrantRow;

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let notice = notices::notice(&request, visitor.language);
    grant_page::render(&visitor, &app, row, notice, visitor.kept.clone()).await
}

/// The key of the notice after a form.
fn done_key(form: &str) -> &'static str {
    match form {
        "accept" => "accepted",
        "sign" => "signed",
        "decline" => "declined",
        "vary" => "more-time",
        "unspent" => "unspent",
        _ => "story",
    }
}

/// Handles the forms of the page.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let form = posted.text("form");
    let today = day_of(app.commands.now());
    let (field, says) = match parse_command(&posted, &visitor, &row, today) {
        Ok(command) => {
            let command = Command::Grant(GrantId(row.id), command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => {
                    let done = done_key(form);
                    return Ok(see_other(&format!("/my/grants/{}?done={done}", row.id)));
                }
                Some(refusal) => ("", refusal_says(&refusal, visitor.language)),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new(form, &posted, vec![(field.to_owned(), says)]);
    grant_page::render(&visitor, &app, row, None, Some(rejected)).await
}

/// Parses a form into a command, or returns the field with an error and its text.
fn parse_command(
    posted: &FormData,
    visitor: &Visitor,
    row: &GrantRow,
    today: Date,
) -> Result<GrantCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, visitor.language).to_owned());
    Ok(match posted.text("form") {
        "accept" => {
            let names: Vec<_> = posted
                .all("signer[]")
                .filter(|name| !name.is_empty())
                .collect();
            let distinct: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            if posted.text("agree") != "yes" {
                return Err(miss("agree", "Tick the box if you agree"));
            }
            if names.is_empty() || distinct.len() != names.len() {
                return Err(miss(
                    "signer",
                    "Enter the name of everyone who signs, each once",
                ));
            }
            let names = names
                .into_iter()
                .map(PersonalInput::name)
                .collect::<Result<_, _>>();
            let names = names
                .map_err(|_| miss("signer", "Enter the name of everyone who signs, each once"))?;
            GrantCommand::AcceptAgreement(AcceptAgreement {
                hash: posted.text("hash").to_owned(),
                method: AcceptanceMethod::Web,
                names,
            })
        }
        "sign" => {
            if posted.text("agree") != "yes" {
                return Err(miss("agree", "Tick the box if you agree"));
            }
            let name = PersonalInput::name(posted.text("name"));
            let name = name.map_err(|_| miss("name", "Enter your name"))?;
            GrantCommand::AcceptAgreement(AcceptAgreement {
                hash: posted.text("hash").to_owned(),
                method: AcceptanceMethod::WebEach,
                names: vec![name],
            })
        }
        "decline" if posted.text("sure") == "yes" => GrantCommand::DeclineOffer(NoBody {}),
        "decline" => return Err(miss("sure", "Tick the box if you do not want the grant")),
        "vary" => return parse_more_time(posted, visitor.language, row, today),
        "unspent" => {
            let amount = parse_amount(posted.text("amount"))
                .ok_or_else(|| miss("amount", "Enter an amount in pounds, such as 850"))?;
            GrantCommand::DeclareUnderspend(DeclareUnderspend { amount })
        }
        "withdraw-story" => {
            let story = posted
                .text("story")
                .parse()
                .map_err(|_| miss("story", "This story is not on your page"))?;
            GrantCommand::WithdrawStory(StoryRef { story })
        }
        _ => {
            return Err(miss(
                "form",
                "We could not read this form. Please try again",
            ));
        }
    })
}

/// The request for more time: until a day that is later than the present one, before the final
/// report is sent.
fn parse_more_time(
    posted: &FormData,
    language: Language,
    row: &GrantRow,
    today: Date,
) -> Result<GrantCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, language).to_owned());
    if row.state == GrantState::Reported {
        return Err(miss(
            "",
            "You have sent your final report. Phone us if you need more time.",
        ));
    }
    let words = PersonalInput::try_from(posted.text("words").to_owned());
    let words = words.map_err(|_| miss("words", "Tell us why you need more time"))?;
    let ends_on: Date = posted
        .text("ends_on")
        .parse()
        .map_err(|_| miss("ends_on", "Enter the new end date you would like"))?;
    let last = row.ends_on.max(today);
    if ends_on <= last {
        let last = format_day(last, language);
        let says = translate_with("Choose a day after {}", &last, language);
        return Err(("ends_on", says));
    }
    let change = VariationChanges {
        ends_on: Some(ends_on),
        update_due_on: Some(ends_on),
        ..VariationChanges::default()
    };
    Ok(GrantCommand::RequestVariation(RequestVariation {
        change,
        words,
    }))
}
