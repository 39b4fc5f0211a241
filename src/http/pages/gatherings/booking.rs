//! Booking a place in two pages: who comes, and what would help them. Somebody who is signed in
//! sees the second only.
//!
//! Each page carries the values of the other one in hidden fields, never in its address. The
//! response does not reveal whether an email address is known: see [`Newcomer`].

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::session::PublicSession;
use super::session_of_request;
use crate::auth::links::{self, LinkPurpose};
use crate::commands::CommandError;
use crate::domain::gathering::{AgreedNeeds, GatheringCommand, SignUp};
use crate::domain::language::Language;
use crate::domain::person::ChooseMailLanguage;
use crate::domain::{Command, GatheringId, PersonCommand, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::newcomer::{EnteredPerson, Newcomer, execute_step};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, language_buttons,
    ownership, render_form_page, see_other, visitor,
};
use crate::projections::PersonRow;
use crate::views::Reader;

/// The forms of the two pages.
const PERSON_FORM: &str = "you";
const NEEDS_FORM: &str = "needs";

#[derive(Template)]
#[template(path = "gatherings/book.html")]
struct BookingPersonPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    session: PublicSession,
    typed: TypedBooking,
}

#[derive(Template)]
#[template(path = "gatherings/needs.html")]
struct BookingNeedsPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    session: PublicSession,
    typed: TypedBooking,
    /// The name of the person who is signed in.
    name: Option<String>,
}

/// What was typed so far, on both pages.
#[derive(Default)]
struct TypedBooking {
    person: String,
    telephone: String,
    email: String,
    needs: String,
    consent: String,
}

impl TypedBooking {
    fn from_form(posted: &FormData) -> Self {
        let text = |name| posted.text(name).to_owned();
        Self {
            person: text("person"),
            telephone: text("telephone"),
            email: text("email"),
            needs: text("needs"),
            consent: text("consent"),
        }
    }
}

/// Where a visitor is led who cannot book a place at a session: to what they have booked, or to the
/// page of the gathering.
fn elsewhere(session: &PublicSession) -> Option<HttpResponse> {
    if session.can_be_booked() {
        return None;
    }
    let path = if session.has_booked() {
        booked_path(session)
    } else {
        format!("/gatherings/{}", session.gathering)
    };
    Some(see_other(&path))
}

/// What was sent from one of the two pages.
struct SentPage {
    /// The visitor, in the language of the button that was pressed.
    visitor: Visitor,
    posted: FormData,
    /// The language, if its button was pressed: then the page is shown again in it.
    chosen: Option<Language>,
    session: PublicSession,
}

impl SentPage {
    /// What was sent, or where the visitor is led who cannot book.
    async fn of(
        request: &HttpRequest,
        sent: PostedForm,
        app: &AppState,
    ) -> Result<Result<Self, HttpResponse>, PageError> {
        let PostedForm {
            mut visitor,
            posted,
        } = sent;
        let chosen = language_buttons::pressed(&posted);
        visitor.language = chosen.unwrap_or(visitor.language);
        let session = session_of_request(request, app, &visitor).await?;
        Ok(match elsewhere(&session) {
            Some(response) => Err(response),
            None => Ok(Self {
                visitor,
                posted,
                chosen,
                session,
            }),
        })
    }
}

/// A page in the language that was chosen, which the browser remembers.
fn in_language(
    app: &AppState,
    chosen: Option<Language>,
    page: Result<HttpResponse, PageError>,
) -> Result<HttpResponse, PageError> {
    let mut page = page?;
    if let Some(language) = chosen {
        visitor::remember_language(app, language, &mut page);
    }
    Ok(page)
}

/// The address of the page that thanks.
fn booked_path(session: &PublicSession) -> String {
    format!("{}/booked", session.path())
}

pub(super) async fn show_person(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let session = session_of_request(&request, &app, &visitor).await?;
    if let Some(response) = elsewhere(&session) {
        return Ok(response);
    }
    if visitor.signed_in.is_some() {
        return Ok(see_other(&format!("{}/needs", session.path())));
    }
    render_person(&visitor, &app, session, None).await
}

/// Takes what was typed to the second page. Records nothing.
pub(super) async fn submit_person(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let SentPage {
        visitor,
        posted,
        chosen,
        session,
    } = match SentPage::of(&request, sent, &app).await? {
        Ok(sent) => sent,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if chosen.is_some() {
        let page = render_person(&visitor, &app, session, Some((&posted, Vec::new()))).await;
        return in_language(&app, chosen, page);
    }
    match parse_person(&posted, visitor.language) {
        Ok(_) => render_needs(&visitor, &app, session, Some((&posted, Vec::new()))).await,
        Err(wrong) => render_person(&visitor, &app, session, Some((&posted, wrong))).await,
    }
}

pub(super) async fn show_needs(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let session = session_of_request(&request, &app, &visitor).await?;
    if let Some(response) = elsewhere(&session) {
        return Ok(response);
    }
    if visitor.signed_in.is_none() {
        return Ok(see_other(&format!("{}/book", session.path())));
    }
    render_needs(&visitor, &app, session, None).await
}

/// Signs the visitor up. Somebody who is not signed in is registered first, as applying does: the
/// browser is signed in as unproven, and a sign-in link is mailed.
pub(super) async fn submit_needs(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let SentPage {
        visitor,
        posted,
        chosen,
        session,
    } = match SentPage::of(&request, sent, &app).await? {
        Ok(sent) => sent,
        Err(elsewhere) => return Ok(elsewhere),
    };
    if chosen.is_some() {
        let page = render_needs(&visitor, &app, session, Some((&posted, Vec::new()))).await;
        return in_language(&app, chosen, page);
    }
    if posted.text("then") == "back" {
        return render_person(&visitor, &app, session, Some((&posted, Vec::new()))).await;
    }
    let needs = match parse_needs(&posted, visitor.language) {
        Ok(needs) => needs,
        Err(wrong) => return render_needs(&visitor, &app, session, Some((&posted, wrong))).await,
    };
    if visitor.signed_in.is_some() {
        book_as_visitor(&visitor, &app, session, &posted, needs).await
    } else {
        book_as_newcomer(&request, &visitor, &app, session, &posted, needs).await
    }
}

fn sign_up(session: &PublicSession, person: PersonId, needs: Option<AgreedNeeds>) -> Command {
    let sign_up = SignUp {
        session: session.number,
        person,
        group: None,
        needs,
        channel: None,
    };
    Command::Gathering(
        GatheringId(session.gathering),
        GatheringCommand::SignUp(sign_up),
    )
}

async fn book_as_visitor(
    visitor: &Visitor,
    app: &AppState,
    session: PublicSession,
    posted: &FormData,
    needs: Option<AgreedNeeds>,
) -> Result<HttpResponse, PageError> {
    let command = sign_up(&session, visitor.person()?, needs);
    let issued = ownership::issue(visitor, app, posted, "/sign-up", command).await;
    match refusal_of(issued.map(|_| ()))? {
        None => Ok(see_other(&booked_path(&session))),
        Some(refusal) => render_refusal(visitor, app, session, posted, &refusal).await,
    }
}

async fn book_as_newcomer(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    session: PublicSession,
    posted: &FormData,
    needs: Option<AgreedNeeds>,
) -> Result<HttpResponse, PageError> {
    let who = match parse_person(posted, visitor.language) {
        Ok(who) => who,
        Err(wrong) => return render_person(visitor, app, session, Some((posted, wrong))).await,
    };
    let within = app.site.limits.check_application_start(request);
    within.map_err(|problem| {
        PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
    })?;
    let Some(newcomer) = Newcomer::register(app, posted, visitor, who).await? else {
        let says = translate(
            "You sent this page before. Choose “Sign in” to see what you booked, or go back and \
                start again.",
            visitor.language,
        );
        let says = vec![(String::new(), says.to_owned())];
        return render_needs(visitor, app, session, Some((posted, says))).await;
    };
    let caller = newcomer.caller();
    if visitor.language != Language::En {
        let language = Some(visitor.language);
        let choose = PersonCommand::ChooseLanguage(ChooseMailLanguage { language });
        let choose = Command::Person(newcomer.person, choose);
        execute_step(app, posted, visitor, &caller, "/language", choose).await?;
    }
    let command = sign_up(&session, newcomer.person, needs);
    let signed_up = execute_step(app, posted, visitor, &caller, "/sign-up", command).await;
    if let Some(refusal) = refusal_of(signed_up.map(|_| ()))? {
        return render_refusal(visitor, app, session, posted, &refusal).await;
    }
    let mut response = see_other(&booked_path(&session));
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = links::browser_digest(app.commands.log().vault(), &key);
    let purpose = LinkPurpose::TakePlace {
        gathering: session.gathering,
        session: session.number,
    };
    newcomer.send_link(app, purpose, &asks).await?;
    Visitor::start_session(request, app, newcomer.person, false, &key, &mut response).await?;
    Ok(response)
}

/// The rule that refused a sign-up. Someone who had signed up before is not refused.
fn refusal_of(issued: Result<(), PageError>) -> Result<Option<Refusal>, PageError> {
    match issued {
        Ok(()) | Err(PageError::Refused(CommandError::Refused(Refusal::SignedUpAlready))) => {
            Ok(None)
        }
        Err(PageError::Refused(CommandError::Refused(refusal))) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

/// The second page with what a refusal means for the visitor, and all that was typed.
async fn render_refusal(
    visitor: &Visitor,
    app: &AppState,
    session: PublicSession,
    posted: &FormData,
    refusal: &Refusal,
) -> Result<HttpResponse, PageError> {
    let says = match refusal {
        Refusal::AddressUnproven => translate(
            "You cannot book more just now. To book more, open the link in the email that we sent \
                you. If you have no email, phone us.",
            visitor.language,
        ),
        _ => translate(
            "This has changed since you opened the page. Look at the days again, or phone us.",
            visitor.language,
        ),
    };
    let says = vec![(String::new(), says.to_owned())];
    render_needs(visitor, app, session, Some((posted, says))).await
}

/// Parses the person, with a phone number or an email.
fn parse_person(posted: &FormData, language: Language) -> Result<EnteredPerson, FieldErrors> {
    let says = translate(
        "Add a phone number or an email, so that we can reach you.",
        language,
    );
    EnteredPerson::parse(posted, language, says)
}

/// Parses what would help, which is kept only with consent.
fn parse_needs(posted: &FormData, language: Language) -> Result<Option<AgreedNeeds>, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let words = form.optional_text("needs");
    let consent = posted.text("consent") == "yes";
    if words.is_some() && !consent {
        let says = translate(
            "Tick the box if we may keep this, or leave the box above empty.",
            language,
        );
        form.error("consent", says);
    }
    form.finish(Some(words.map(|words| AgreedNeeds { words, consent })))
}

/// What was typed, with its errors by field.
type Entered<'a> = Option<(&'a FormData, FieldErrors)>;

/// The context, the forms and the values of one of the two pages.
async fn parts_of_page(
    visitor: &Visitor,
    app: &AppState,
    (form, title): (&str, &str),
    entered: Entered<'_>,
) -> Result<(PageContext, PageForms, TypedBooking), PageError> {
    let typed = entered
        .as_ref()
        .map(|(posted, _)| TypedBooking::from_form(posted))
        .unwrap_or_default();
    let entered = entered.map(|(posted, wrong)| FormErrors::new(form, posted, wrong));
    let forms = PageForms::new(visitor, entered);
    let mut page = PageContext::load(visitor, app, title).await?;
    (page.quiet, page.has_errors) = (true, !forms.error_summary().is_empty());
    page.saves_language = true;
    Ok((page, forms, typed))
}

async fn render_person(
    visitor: &Visitor,
    app: &AppState,
    session: PublicSession,
    entered: Entered<'_>,
) -> Result<HttpResponse, PageError> {
    let title = translate("Who is coming?", visitor.language);
    let (mut page, forms, typed) =
        parts_of_page(visitor, app, (PERSON_FORM, title), entered).await?;
    page.back = Some(format!("/gatherings/{}", session.gathering));
    let wrong = forms.error_summary();
    let shown = BookingPersonPage {
        page,
        forms,
        wrong,
        session,
        typed,
    };
    render_form_page(visitor, app, shown.page.has_errors, &shown)
}

async fn render_needs(
    visitor: &Visitor,
    app: &AppState,
    session: PublicSession,
    entered: Entered<'_>,
) -> Result<HttpResponse, PageError> {
    let title = translate("What would help you come?", visitor.language);
    let (mut page, forms, typed) =
        parts_of_page(visitor, app, (NEEDS_FORM, title), entered).await?;
    let name = own_name(visitor, app).await?;
    if visitor.signed_in.is_some() {
        page.back = Some(format!("/gatherings/{}", session.gathering));
    }
    let wrong = forms.error_summary();
    let shown = BookingNeedsPage {
        page,
        forms,
        wrong,
        session,
        typed,
        name,
    };
    render_form_page(visitor, app, shown.page.has_errors, &shown)
}

/// The name of the visitor, if they are signed in.
async fn own_name(visitor: &Visitor, app: &AppState) -> Result<Option<String>, PageError> {
    let Some(signed) = &visitor.signed_in else {
        return Ok(None);
    };
    let row: Option<PersonRow> = app.views.find(signed.reader.person, None).await?;
    let rows = row.into_iter().collect();
    let mut seen = app.views.decrypt_people(&Reader::service(), rows).await?;
    Ok(seen.pop().and_then(|seen| seen.name))
}
