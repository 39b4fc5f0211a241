//! The page on which the first administrator begins, with the link that the service prints when it
//! starts. Without the link's secret the page is not found. Once there is an administrator, it
//! redirects to the sign-in page.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use serde_json::json;

use super::form_reader::{FieldErrors, FormReader};
use super::visitor::new_browser_key;
use super::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, render_form_page,
    see_other,
};
use crate::auth::founding::{self, FirstAdministrator};
use crate::commands::CommandError;
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::text::Line;
use crate::http::AppState;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config.service(
        web::resource("/begin/{secret}")
            .route(web::get().to(show))
            .route(web::post().to(submit)),
    );
}

#[derive(Template)]
#[template(path = "desk/setup/begin.html")]
struct BeginPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    /// Whether nobody is an administrator yet.
    open: bool,
}

async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    require_secret(&request, &app)?;
    render(&visitor, &app, None).await
}

/// Fails with "not found" if the request does not contain the secret of the link.
fn require_secret(request: &HttpRequest, app: &AppState) -> Result<(), PageError> {
    let typed = request.match_info().query("secret");
    if founding::is_secret(app.commands.log().vault(), typed) {
        Ok(())
    } else {
        Err(PageError::not_found())
    }
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let open = founding::is_needed(&app.commands).await?;
    let forms = PageForms::new(visitor, rejected).with_address("");
    let title = if open {
        "Begin"
    } else {
        "Your office has begun"
    };
    let mut page = PageContext::load(visitor, app, title).await?;
    // The page's path must not contain the secret, because links on the page would pass it on.
    "/".clone_into(&mut page.path);
    let wrong = forms.error_summary();
    page.has_errors = !wrong.is_empty();
    let page = BeginPage {
        page,
        forms,
        wrong,
        open,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    app.site.limits.check_sign_in(&request)?;
    require_secret(&request, &app)?;
    if !founding::is_needed(&app.commands).await? {
        return render(&visitor, &app, None).await;
    }
    let first = match read(&posted) {
        Ok(first) => first,
        Err(wrong) => {
            let rejected = FormErrors::new("begin", &posted, wrong);
            return render(&visitor, &app, Some(rejected)).await;
        }
    };
    let person = match founding::begin(&app.commands, first).await {
        Ok(person) => person,
        // Another person used the link first, or the form was sent twice.
        Err(CommandError::KeyReused | CommandError::Refused(Refusal::FoundingOver)) => {
            return render(&visitor, &app, None).await;
        }
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let says = "This email address is in use here already. Enter another one.";
            let wrong = vec![("email".to_owned(), says.to_owned())];
            let rejected = FormErrors::new("begin", &posted, wrong);
            return render(&visitor, &app, Some(rejected)).await;
        }
        Err(error) => return Err(error.into()),
    };
    let length = app.commands.log().length().await?;
    app.views.wait_until_shown(length - 1).await;
    let mut response = see_other("/desk/setup");
    visitor.end(&app, &mut response).await?;
    Visitor::start_session(
        &request,
        &app,
        person,
        true,
        &new_browser_key(),
        &mut response,
    )
    .await?;
    Ok(response)
}

fn read(posted: &FormData) -> Result<FirstAdministrator, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let organisation = form.required(
        "organisation",
        |text| text.parse::<Line>().ok(),
        "Enter your organisation's name, in at most 140 letters",
    );
    let details = read_person(&mut form, posted);
    let whole = organisation.zip(details);
    form.finish(whole.map(|(organisation, details)| FirstAdministrator {
        organisation,
        details,
    }))
}

/// A colleague's name, email address and phone number. The first two are required.
pub(super) fn read_person(form: &mut FormReader<'_>, posted: &FormData) -> Option<PersonDetails> {
    let details = |name: &str| {
        let read = json!({ "name": name });
        serde_json::from_value::<PersonDetails>(read).ok()
    };
    let name = form.required("name", details, "Enter the name");
    let email = form.own_email();
    let telephone = form.optional_phone_words();
    name?;
    email?;
    let read = json!({ "name": posted.text("name"), "email": posted.text("email") });
    let details: PersonDetails = serde_json::from_value(read).ok()?;
    Some(PersonDetails {
        telephone,
        ..details
    })
}
