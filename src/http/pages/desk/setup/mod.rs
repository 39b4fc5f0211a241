//! The set-up pages: nine steps from an empty log to a public round. The state of the log decides
//! which steps are done.
//!
//! The pages issue the same commands as the rest of the desk. Only the second administrator is
//! named as by the operator, which is possible until two administrators exist.

mod colleague;
mod email;
mod fund;
mod round;
mod starters;
mod state;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::DeskRequest;
use super::readiness::{Readiness, missing_before_panel};
use crate::domain::language::Language;
use crate::domain::{Command, Role};
use crate::http::AppState;
use crate::http::pages::site::SiteDetails;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;
pub(super) use colleague::role_sentence;
use state::{SetupState, missing_contact};

/// The number of steps.
const STEPS: usize = 9;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    let post = |path: &str| web::resource(format!("/desk/do/setup/{path}"));
    config
        .service(post("colleague").route(web::post().to(colleague::submit)))
        .service(post("invite").route(web::post().to(colleague::invite_again)))
        .service(post("link").route(web::post().to(colleague::make_link)))
        .service(post("email").route(web::post().to(email::save)))
        .service(post("test-message").route(web::post().to(email::send_test)))
        .service(post("questions").route(web::post().to(starters::publish_questions)))
        .service(post("agreement").route(web::post().to(starters::publish_agreement)))
        .service(post("fund").route(web::post().to(fund::submit)))
        .service(post("round").route(web::post().to(round::plan)))
        .service(post("open").route(web::post().to(round::open)));
}

/// One step, as the list shows it.
struct SetupStep {
    title: &'static str,
    about: String,
    done: bool,
    /// Whether it is the first step that is not done.
    now: bool,
    /// How long it takes.
    time: &'static str,
    button: &'static str,
    path: &'static str,
    /// Why the step cannot begin yet, in place of its button.
    waits: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/setup/list.html")]
struct SetupPage {
    page: PageContext,
    steps: Vec<SetupStep>,
    done: usize,
    /// A round was opened, so the set-up is over.
    over: bool,
    imports: bool,
    /// What is still to do before the panel meets.
    still: Vec<Readiness>,
}

impl SetupPage {
    /// The width of the bar of progress.
    fn progress(&self) -> String {
        let tenths = self.done * 1000 / STEPS;
        format!("{}.{}%", tenths / 10, tenths % 10)
    }
}

/// Whether the desk opens with the set-up: the reader is an administrator, and no round was ever
/// opened.
pub(super) async fn is_wanted(request: &DeskRequest<'_>) -> Result<bool, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Ok(false);
    }
    let funds = request.funds().await?;
    Ok(!state::was_a_round_opened(&funds))
}

/// The page after a form of the desk that is a step of the set-up as well: the list of steps while
/// the set-up goes on, and otherwise the page of the form.
pub(super) async fn page_after(
    app: &AppState,
    visitor: &Visitor,
    page: &'static str,
) -> Result<&'static str, PageError> {
    let request = DeskRequest::new(app, visitor, page, None)?;
    let goes_on = is_wanted(&request).await?;
    Ok(if goes_on { "/desk/setup" } else { page })
}

/// A page of the set-up, by the rest of its address.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    rest: &[&str],
) -> Result<HttpResponse, PageError> {
    match rest {
        [] => show(request).await,
        ["colleague"] => colleague::show(request).await,
        ["email"] => email::show(request).await,
        ["fund"] => fund::show(request).await,
        ["questions"] => starters::show_questions(request).await,
        ["agreement"] => starters::show_agreement(request).await,
        ["round"] => round::show(request).await,
        ["look"] => round::show_look(request).await,
        _ => Err(PageError::not_found()),
    }
}

async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_administrator(request.visitor)?;
    let state = SetupState::load(request).await?;
    let steps = steps_of(&state, request);
    let page = SetupPage {
        page: request.page_context("Set up").await?,
        done: steps.iter().filter(|step| step.done).count(),
        over: state.is_over(),
        still: missing_before_panel(request.app, &state.funds).await?,
        imports: request.signed.reader.works_with_groups(),
        steps,
    };
    request.render(&page)
}

fn steps_of(state: &SetupState, request: &DeskRequest<'_>) -> Vec<SetupStep> {
    let site = SiteDetails::in_force(Some(&state.own), &request.app.site, Language::En);
    let mut steps = people_steps(
        state,
        &site,
        request.app.site.sends_emails(Some(&state.own)),
    );
    steps.extend(grant_steps(state));
    mark_next(&mut steps);
    steps
}

fn step(
    (title, about): (&'static str, String),
    done: bool,
    (time, button): (&'static str, &'static str),
    path: &'static str,
) -> SetupStep {
    SetupStep {
        title,
        about,
        done,
        now: false,
        time,
        button: if done { "Change" } else { button },
        path,
        waits: None,
    }
}

/// The steps about the organisation and its people.
fn people_steps(state: &SetupState, site: &SiteDetails, has_mail_server: bool) -> Vec<SetupStep> {
    let invite = if state.administrators.len() < 2 {
        "Invite"
    } else {
        "Look"
    };
    vec![
        step(
            ("Your organisation", state.organisation_in_words(site)),
            missing_contact(site).is_empty(),
            ("5 min", "Set up"),
            "/desk/settings",
        ),
        step(
            ("Email", state.email_in_words(has_mail_server)),
            has_mail_server && state.email_works(),
            ("10 min", "Set up"),
            "/desk/setup/email",
        ),
        step(
            ("A second administrator", state.second_in_words()),
            state.has_second(),
            ("5 min", invite),
            "/desk/setup/colleague",
        ),
    ]
}

/// The steps about funds, texts and rounds.
fn grant_steps(state: &SetupState) -> Vec<SetupStep> {
    vec![
        step(
            ("Your fund", state.fund_in_words()),
            state.has_fund(),
            ("20 min", "Set up"),
            "/desk/setup/fund",
        ),
        step(
            ("Application questions", state.questions_in_words()),
            state.own.form_version > 0,
            ("10 min", "Choose"),
            "/desk/setup/questions",
        ),
        step(
            ("Signs of success", state.signs_in_words()),
            state.own.signs_version > 0,
            ("10 min", "Choose"),
            "/desk/texts/signs",
        ),
        step(
            ("Themes", state.themes_in_words()),
            state.own.themes_version > 0,
            ("5 min", "Choose"),
            "/desk/texts/themes",
        ),
        step(
            ("Agreement and emails", state.agreement_in_words()),
            state.own.agreement_version > 0,
            ("40 min", "Read"),
            "/desk/setup/agreement",
        ),
        step(
            ("Open your first round", state.round_in_words()),
            state.is_over(),
            ("15 min", "Plan"),
            "/desk/setup/round",
        ),
    ]
}

/// Marks the first step that is not done. The last one waits for all others, and says for which.
fn mark_next(steps: &mut [SetupStep]) {
    if let Some(first) = steps.iter_mut().find(|step| !step.done) {
        first.now = true;
    }
    let Some((last, before)) = steps.split_last_mut() else {
        return;
    };
    if last.done {
        return;
    }
    let missing: Vec<_> = before
        .iter()
        .filter(|step| !step.done)
        .map(|step| step.title)
        .collect();
    last.waits = match missing.as_slice() {
        [] => None,
        [one] => Some(format!("First: {one}")),
        [one, ..] => Some(format!("First: {one}, and {} more", missing.len() - 1)),
    };
}

/// The set-up is for administrators.
fn require_administrator(visitor: &Visitor) -> Result<(), PageError> {
    let roles = &visitor.require_staff()?.reader.roles;
    if roles.contains(&Role::Administrator) {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

/// Executes the commands of one form in their order, and leads on with a notice. If one is refused
/// the form is shown again with the reason, and a second attempt repeats only what is missing.
async fn execute_in_order(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    commands: Vec<(&'static str, Command)>,
    (back, next): (&str, &str),
) -> Result<HttpResponse, PageError> {
    for (step, command) in commands {
        match ownership::issue(visitor, app, posted, step, command).await {
            Ok(_) => {}
            Err(PageError::Refused(error)) => {
                let problem = Problem::from_command_error(&error);
                let rejected = FormErrors::from_problem(posted, &problem);
                return super::render_page_at(app, visitor, back, Some(rejected)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(see_other(next))
}
