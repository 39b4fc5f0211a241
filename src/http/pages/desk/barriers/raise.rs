//! The page on which staff raise a barrier for someone who reported it by phone, on paper or in
//! person. The person is found by name, phone number or email, or added.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::{carries_up, path_of};
use crate::clock::new_id;
use crate::domain::application::Channel;
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::parse_email;
use crate::domain::{BarrierId, Command, PersonCommand, PersonId};
use crate::http::AppState;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::find_people::find_people;
use crate::http::pages::desk::group_members::new_person;
use crate::http::pages::desk::notices::done_parameter;
use crate::http::pages::desk::submit_command::page_of_form;
use crate::http::pages::desk::{DeskRequest, render_page_at};
use crate::http::pages::form_reader::{FieldErrors, FormReader, parse_phone, value_of_key};
use crate::http::pages::heard::{AboutChoices, EnteredBarrier};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::views::PersonView;

/// The most people that a search shows.
const FOUND_MAX: usize = 20;
/// The name of the form for someone new.
const NEW: &str = "new-person";

#[derive(Template)]
#[template(path = "desk/barriers/new.html")]
struct RaiseForPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    search: Form,
    searched: bool,
    found: Vec<FoundTeller>,
    /// The form for someone new.
    form: Form,
    channels: Choices,
    choices: AboutChoices,
}

/// A person who was found, with the form that notes what they said.
struct FoundTeller {
    person: PersonView,
    form: Form,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !carries_up(request) {
        return Err(PageError::forbidden());
    }
    let text = request.text("q");
    let forms = request.forms();
    let people = find_people(request, text, FOUND_MAX).await?.into_iter();
    let found = people.map(|person| FoundTeller {
        form: forms.form(&format!("tell-{}", person.id)),
        person,
    });
    let found = found.collect();
    let page = RaiseForPage {
        page: request.page_context("Note what someone told us").await?,
        wrong: forms.error_summary(),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        found,
        form: with_searched(forms.form(NEW), text),
        channels: channel_choices(),
        choices: AboutChoices::load(request.app, Language::En).await?,
    };
    request.render(&page)
}

fn channel_choices() -> Choices {
    [
        ("phone", "By phone"),
        ("paper", "On paper"),
        ("in_person", "In person"),
    ]
    .map(|(key, label)| (key.to_owned(), label.to_owned()))
    .into()
}

/// The form for someone new, filled in with what was searched for.
fn with_searched(form: Form, text: &str) -> Form {
    if parse_email(text).is_ok() {
        form.prefill("email", text)
    } else if parse_phone(text).is_some() {
        form.prefill("telephone", text)
    } else {
        form.prefill("name", text)
    }
}

/// Who said it: a person who was found, or someone new.
enum TellingPerson {
    Known(PersonId),
    New(Box<PersonDetails>),
}

/// Notes what a person said, whom it registers first if they are new.
pub(in crate::http::pages::desk) async fn raise_for(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let choices = AboutChoices::load(&app, Language::En).await?;
    let (teller, channel, barrier) = match parse(&posted, &choices) {
        Ok(entered) => entered,
        Err(wrong) => {
            let rejected = FormErrors::new(posted.text("form"), &posted, wrong);
            return render_page_at(&app, &visitor, &page_of_form(&posted), Some(rejected)).await;
        }
    };
    let person = match teller {
        TellingPerson::Known(person) => person,
        TellingPerson::New(details) => {
            let person = ownership::person_id_of_form(&visitor, &app, &posted);
            let register = Command::Person(person, PersonCommand::Register(*details));
            match ownership::issue(&visitor, &app, &posted, "/person", register).await {
                Ok(_) => person,
                Err(error) => return refused(&app, &visitor, &posted, error).await,
            }
        }
    };
    let command = barrier.command(BarrierId(new_id()), person, Some(channel));
    match ownership::issue(&visitor, &app, &posted, "/raise", command).await {
        Ok(receipt) => {
            let done = url_encoded(&done_parameter("raise", &posted, &receipt));
            let page = path_of(receipt.id);
            Ok(see_other(&format!("{page}?done={done}")))
        }
        Err(error) => refused(&app, &visitor, &posted, error).await,
    }
}

/// The page of the form with what was typed and why it was refused.
async fn refused(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    error: PageError,
) -> Result<HttpResponse, PageError> {
    match error {
        PageError::Refused(error) => {
            let problem = Problem::from_command_error(&error);
            let rejected = FormErrors::from_problem(posted, &problem);
            render_page_at(app, visitor, &page_of_form(posted), Some(rejected)).await
        }
        error => Err(error),
    }
}

fn parse(
    posted: &FormData,
    choices: &AboutChoices,
) -> Result<(TellingPerson, Channel, EnteredBarrier), FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let teller = match posted.text("person") {
        "" => new_person(&mut form).map(|details| TellingPerson::New(Box::new(details))),
        known => {
            let known = known.parse().ok().map(TellingPerson::Known);
            if known.is_none() {
                form.error("person", "Find the person first");
            }
            known
        }
    };
    let channels = [
        ("phone", Channel::Phone),
        ("paper", Channel::Paper),
        ("in_person", Channel::InPerson),
    ];
    let channel = form.required(
        "channel",
        |text| value_of_key(text, channels),
        "Choose how they told us",
    );
    match (
        form.finish(teller.zip(channel)),
        EnteredBarrier::parse(posted, choices, Language::En),
    ) {
        (Ok((teller, channel)), Ok(barrier)) => Ok((teller, channel, barrier)),
        (who, barrier) => {
            let wrong = who.err().into_iter().chain(barrier.err());
            Err(wrong.flatten().collect())
        }
    }
}
