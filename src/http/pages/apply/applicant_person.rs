//! The page that asks for the person who applies.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};

use super::applicant::{TypedGroup, execute_step, start_application};
use super::start;
use crate::auth::links;
use crate::auth::sessions;
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Actor, Command, GroupCommand, GroupId, PersonCommand, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, language_buttons,
    ownership, render_form_page, see_other, sign_in, visitor,
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
    let mut shell =
        PageContext::load(visitor, app, translate("Who are you?", visitor.language)).await?;
    (shell.quiet, shell.has_errors) = (true, !wrong.is_empty());
    shell.saves_language = true;
    shell.back = Some(format!("{path}/group?{}", typed.to_query()));
    let sheet = ApplicantPersonPage {
        page: shell,
        forms,
        wrong,
        path,
        typed,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// Shows the page in another language with the values that were typed. Records nothing.
async fn render_in_language(
    mut visitor: Visitor,
    app: &AppState,
    path: String,
    typed: TypedGroup,
    posted: &FormData,
    language: Language,
) -> Result<HttpResponse, PageError> {
    visitor.language = language;
    let entered = FormErrors::new("you", posted, Vec::new());
    let mut page = render(&visitor, app, path, typed, Some(entered)).await?;
    visitor::remember_language(app, language, &mut page);
    Ok(page)
}

/// Registers the person and the group, starts the draft, signs the browser in as unproven, and
/// mails a sign-in link.
///
/// The response does not reveal whether the address belongs to someone already. In that case the
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
    if let Some(language) = language_buttons::pressed(&posted) {
        return render_in_language(visitor, &app, path, typed, &posted, language).await;
    }
    let who = match parse_person(&posted, visitor.language) {
        Ok(who) => who,
        Err(wrong) => {
            let rejected = FormErrors::new("you", &posted, wrong);
            return render(&visitor, &app, path, typed, Some(rejected)).await;
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
    let email = who.email.clone();
    let registered = match register_person(&app, &posted, &visitor, person, who).await {
        // The page was sent before with other words, which are registered.
        Err(PageError::Refused(CommandError::KeyReused)) => None,
        registered => Some(registered?),
    };
    let just_now = match &registered {
        Some((_, position)) => registered_just_now(&app, person, *position).await?,
        None => false,
    };
    let Some((taken, _)) = registered.filter(|_| just_now) else {
        let says = "You sent this page before. Choose “Sign in” to continue your application, or \
            go back and start again.";
        let says = vec![(String::new(), translate(says, visitor.language).to_owned())];
        return render(
            &visitor,
            &app,
            path,
            typed,
            Some(FormErrors::new("you", &posted, says)),
        )
        .await;
    };
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

/// The person who applies, as entered.
struct EnteredPerson {
    name: PersonalInput,
    telephone: Option<PersonalInput>,
    email: Option<String>,
    postal_address: Option<PersonalInput>,
}

/// Parses the person's name and contact details, at least one of which is needed.
fn parse_person(posted: &FormData, language: Language) -> Result<EnteredPerson, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let says = if posted.text("person").is_empty() {
        "Enter your name"
    } else {
        "Enter a name of at most 100 letters, without a web address"
    };
    let name = form.required("person", |text| PersonalInput::name(text).ok(), says);
    let telephone = form.optional_phone();
    let email = form.optional_email();
    let postal_address = form.optional_text("postal_address");
    form.require_contact(
        "Add a phone number, an email or a postal address, so that we can reach you.",
    );
    form.finish(name.map(|name| EnteredPerson {
        name,
        telephone,
        email,
        postal_address,
    }))
}

/// Whether this form registered the person just now, at the log position `position`. Otherwise
/// someone who submits it again from the browser's history would be signed in. Never true once the
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

/// Registers the unproven person. Returns whether the address belongs to someone else, and the log
/// position of the registration. Such an address is recorded as typed: nobody signs in with it.
async fn register_person(
    app: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    person: PersonId,
    who: EnteredPerson,
) -> Result<(bool, i64), PageError> {
    let holder = match &who.email {
        Some(email) => links::holder_of_address(app.commands.log(), email).await?,
        None => None,
    };
    let taken = holder.is_some_and(|holder| holder != person);
    let register = |taken| {
        let email = who.email.clone().map(PersonalInput::Open);
        let (email, typed_email) = if taken { (None, email) } else { (email, None) };
        let details = PersonDetails {
            name: who.name.clone(),
            email,
            telephone: who.telephone.clone(),
            postal_address: who.postal_address.clone(),
            typed_email,
        };
        Command::Person(person, PersonCommand::Introduce(details))
    };
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key = format!("{}/person/{person}", repeat.key);
    // Nobody is signed in yet, so that the service itself is the actor.
    let request = |command| CommandRequest {
        idempotency_key: Some(repeat.clone()),
        ..CommandRequest::new(Caller::job(), command)
    };
    match app.commands.execute(request(register(taken))).await {
        Ok(answer) => Ok((taken, answer.first_position)),
        // Another request registered the address in the meantime.
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let answer = app.commands.execute(request(register(true))).await?;
            Ok((true, answer.first_position))
        }
        Err(error) => Err(error.into()),
    }
}
