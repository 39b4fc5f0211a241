//! The page that asks for the person who applies.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::applicant::{TypedGroup, execute_step, start_application};
use super::start;
use crate::auth::{links, sessions};
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{PersonalInput, parse_email};
use crate::domain::{Actor, Command, GroupCommand, GroupId, PersonCommand, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other, sign_in, visitor,
};

/// A form that is submitted again within this time counts as a double press of its button.
const RESEND_WINDOW: SignedDuration = SignedDuration::from_mins(2);

#[derive(Template)]
#[template(path = "apply/you.html")]
struct ApplicantPersonPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    path: String,
    typed: TypedGroup,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(&request, &app).await?;
    let typed = TypedGroup::from_query(&request);
    if typed.parse(&fund, visitor.language).is_err() {
        return Ok(see_other(&format!("{path}/group")));
    }
    render(&visitor, &app, path, typed, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    path: String,
    typed: TypedGroup,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, translate("You", visitor.language)).await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(format!("{path}/group"));
    let sheet = ApplicantPersonPage {
        page: shell,
        forms,
        wrong,
        path,
        typed,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// Registers the person and the group, starts the draft, signs the browser in as unproven, and
/// mails a sign-in link.
///
/// The response does not reveal whether the address belongs to somebody already. In that case the
/// new person is registered without it, and the link lets the owner of the address join the group.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let (fund, _, path) = start::round_of_request(&request, &app).await?;
    let typed = TypedGroup::from_form(&posted);
    let Ok(register) = typed.parse(&fund, visitor.language) else {
        return Ok(see_other(&format!("{path}/group")));
    };
    let (name, email) = match parse_person(&posted, visitor.language) {
        Ok(who) => who,
        Err(wrong) => {
            return render(
                &visitor,
                &app,
                path,
                typed,
                Some(FormErrors::new("you", &posted, wrong)),
            )
            .await;
        }
    };
    app.site
        .limits
        .check_application_start(&request)
        .map_err(|problem| {
            PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
        })?;
    let person = ownership::person_id_of_form(&visitor, &app, &posted);
    let caller = Caller {
        actor: Actor::Person(person),
        role_scope: None,
    };
    let (taken, position) =
        register_person(&app, &posted, &visitor, person, name, email.as_deref()).await?;
    if !registered_just_now(&app, person, position).await? {
        let says = "This form was sent before. Choose “Sign in” to go on with it, or go back and begin again.";
        let says = vec![(String::new(), translate(says, visitor.language).to_owned())];
        return render(
            &visitor,
            &app,
            path,
            typed,
            Some(FormErrors::new("you", &posted, says)),
        )
        .await;
    }
    let area = register.area.to_string();
    let command = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
    let group = GroupId(execute_step(&app, &posted, &visitor, &caller, "/group", command).await?);
    let mut response =
        start_application(&request, &app, &posted, &visitor, caller, group, &area).await?;
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = links::browser_digest(app.commands.log().vault(), &key);
    if let Some(email) = email {
        if taken {
            sign_in::send_link(&app, &email, Some((group.0, person)), &asks).await?;
        } else if app.site.limits.allow_link(&email) {
            links::issue_by_mail(&app.commands, Some(person), None, &asks).await?;
        }
    }
    Visitor::start_session(&request, &app, person, false, &key, &mut response).await?;
    Ok(response)
}

/// Parses the person's name, and their address if they entered one.
fn parse_person(
    posted: &FormData,
    language: Language,
) -> Result<(PersonalInput, Option<String>), FieldErrors> {
    let mut wrong = Vec::new();
    let name = PersonalInput::name(posted.text("person")).ok();
    if name.is_none() {
        let says = if posted.text("person").is_empty() {
            "Write your name"
        } else {
            "Write a name of at most 100 letters, without the address of a web page"
        };
        wrong.push(("person".to_owned(), translate(says, language).to_owned()));
    }
    let email = match posted.text("email") {
        "" => None,
        text => {
            let email = parse_email(text).ok();
            if email.is_none() {
                wrong.push((
                    "email".to_owned(),
                    translate(
                        "Enter an e-mail address, such as name@example.org",
                        language,
                    )
                    .to_owned(),
                ));
            }
            email
        }
    };
    match name {
        Some(name) if wrong.is_empty() => Ok((name, email)),
        _ => Err(wrong),
    }
}

/// Whether this form registered the person just now, at the log position `position`. Otherwise
/// somebody who submits it again from the browser's history would be signed in. Never true once the
/// person has a session with a proven address.
async fn registered_just_now(
    app: &AppState,
    person: PersonId,
    position: i64,
) -> Result<bool, PageError> {
    let log = app.commands.log();
    let now = app.commands.now();
    let event = log.read_events(position, 1).await?.pop();
    let came = event.and_then(|event| event.metadata.get("decided_at")?.parse::<Timestamp>().ok());
    let known = sessions::has_proven(&app.commands, person).await?;
    Ok(!known && came.is_some_and(|came| now.duration_since(came) < RESEND_WINDOW))
}

/// Registers the unproven person. Returns whether the address belongs to somebody else, in which
/// case it is left out, and the log position of the registration.
async fn register_person(
    app: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    person: PersonId,
    name: PersonalInput,
    email: Option<&str>,
) -> Result<(bool, i64), PageError> {
    let holder = match email {
        Some(email) => links::holder_of_address(app.commands.log(), email).await?,
        None => None,
    };
    let taken = holder.is_some_and(|holder| holder != person);
    let own_email = email
        .filter(|_| !taken)
        .map(|email| PersonalInput::Open(email.to_owned()));
    let details = |email| PersonDetails {
        name: name.clone(),
        email,
        telephone: None,
    };
    let register = |email| Command::Person(person, PersonCommand::Introduce(details(email)));
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key = format!("{}/person/{person}", repeat.key);
    // Nobody is signed in yet, so that the service itself is the actor.
    let request = |command| CommandRequest {
        idempotency_key: Some(repeat.clone()),
        ..CommandRequest::new(Caller::job(), command)
    };
    match app.commands.execute(request(register(own_email))).await {
        Ok(answer) => Ok((taken, answer.first_position)),
        // Another request registered the address in the meantime.
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let answer = app.commands.execute(request(register(None))).await?;
            Ok((true, answer.first_position))
        }
        Err(error) => Err(error.into()),
    }
}
