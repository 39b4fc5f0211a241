//! The page that asks for the person who applies.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::applicant::{TypedGroup, start_application};
use super::start;
use crate::auth::links::{self, LinkPurpose};
use crate::clock;
use crate::domain::language::Language;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::newcomer::{EnteredPerson, Newcomer, execute_step};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, language_buttons,
    render_form_page, see_other, visitor,
};

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
    let says = "Add a phone number, an email or a postal address, so that we can reach you.";
    let who = match EnteredPerson::parse(&posted, visitor.language, says) {
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
    let Some(newcomer) = Newcomer::register(&app, &posted, &visitor, who).await? else {
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
    let caller = newcomer.caller();
    let area = register.area.to_string();
    let command = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
    let group = GroupId(execute_step(&app, &posted, &visitor, &caller, "/group", command).await?);
    let mut response =
        start_application(&request, &app, &posted, &visitor, caller, group, &area).await?;
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = links::browser_digest(app.commands.log().vault(), &key);
    let joins = LinkPurpose::JoinGroup(group.0);
    newcomer.send_link(&app, joins, &asks).await?;
    Visitor::start_session(&request, &app, newcomer.person, false, &key, &mut response).await?;
    Ok(response)
}
