//! The pledges of a person: those that are open, those that were kept, and dropping one.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::gathering::refusal_text;
use super::notices;
use crate::domain::language::Language;
use crate::domain::person::PledgeRef;
use crate::domain::text::Slug;
use crate::domain::{Command, PersonCommand, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::champions::pledge_words;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::mail::format_day;
use crate::projections::{PledgeState, TakenPledge, TakenPledgesRow};

#[derive(Template)]
#[template(path = "my/pledges.html")]
struct OwnPledgesPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    open: Vec<OwnPledge>,
    kept: Vec<OwnPledge>,
    /// Whether there are pledges that everyone can take.
    can_take: bool,
}

/// A pledge of the visitor.
struct OwnPledge {
    key: String,
    words: String,
    /// The day on which it was taken, or kept.
    day: String,
}

/// How many pledges a person has open. `None` if they never took one.
pub(super) async fn count_of(app: &AppState, person: PersonId) -> Result<Option<usize>, PageError> {
    let row: Option<TakenPledgesRow> = app.views.find(person, None).await?;
    Ok(row.map(|row| row.count(PledgeState::Taken)))
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, notice, None).await
}

pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    let form = posted.text("form");
    let pledge: Slug = posted
        .text("pledge")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let (command, done) = match form {
        "keep" => (PersonCommand::KeepPledge(PledgeRef { pledge }), "kept"),
        "drop" => (PersonCommand::DropPledge(PledgeRef { pledge }), "dropped"),
        _ => return Err(PageError::not_found()),
    };
    let command = Command::Person(person, command);
    match ownership::try_execute(&visitor, &app, &posted, command).await? {
        // It was said before.
        None | Some(Refusal::NoChange) => Ok(see_other(&format!("/my/pledges?done={done}"))),
        Some(Refusal::PledgeUnknown(_)) => Ok(see_other("/my/pledges")),
        Some(refusal) => {
            let says = vec![(String::new(), refusal_text(&refusal, visitor.language))];
            let rejected = FormErrors::new(form, &posted, says);
            render(&visitor, &app, None, Some(rejected)).await
        }
    }
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let row: Option<TakenPledgesRow> = app.views.find(visitor.person()?, None).await?;
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?
        .ok_or_else(PageError::not_found)?;
    let pledges = row.map(|row| row.pledges).unwrap_or_default();
    let in_state = |state: PledgeState| -> Vec<OwnPledge> {
        pledges
            .iter()
            .filter(|(_, taken)| taken.state == state)
            .map(|(key, taken)| own_pledge(key, taken, pledge_words(&own, key, language), language))
            .collect()
    };
    let (open, kept) = (in_state(PledgeState::Taken), in_state(PledgeState::Kept));
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = translate("Your pledges", language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let page = OwnPledgesPage {
        page: shell,
        forms,
        wrong,
        open,
        kept,
        can_take: !own.pledges.is_empty(),
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

fn own_pledge(key: &Slug, taken: &TakenPledge, words: String, language: Language) -> OwnPledge {
    let day = taken.kept_on.unwrap_or(taken.taken_on);
    OwnPledge {
        key: key.to_string(),
        words,
        day: format_day(day, language),
    }
}
