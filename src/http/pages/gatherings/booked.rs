//! After booking: the page that thanks and says what happens, and giving up what was booked.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::session::PublicSession;
use super::session_of_request;
use crate::commands::CommandError;
use crate::domain::gathering::{GatheringCommand, StepDown};
use crate::domain::{Command, GatheringId, unproven};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    PageContext, PageError, PageForms, PostedForm, Visitor, ownership, render_form_page,
    render_page, see_other,
};
use crate::projections::PersonRow;

#[derive(Template)]
#[template(path = "gatherings/booked.html")]
struct BookedPage {
    page: PageContext,
    session: PublicSession,
    /// Whether the visitor's address is known to be theirs.
    is_proven: bool,
    /// The last day on which the place is kept, if that is before the session.
    kept_until: Option<Date>,
}

#[derive(Template)]
#[template(path = "gatherings/step_down.html")]
struct StepDownPage {
    page: PageContext,
    forms: PageForms,
    session: PublicSession,
}

fn gathering_path(session: &PublicSession) -> String {
    format!("/gatherings/{}", session.gathering)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let session = session_of_request(&request, &app, &visitor).await?;
    if !session.has_booked() {
        return Ok(see_other(&gathering_path(&session)));
    }
    let row: Option<PersonRow> = app.views.find(visitor.person()?, None).await?;
    let since = row.and_then(|row| row.unproven_since);
    let kept_until = since
        .map(unproven::last_day)
        .filter(|last| *last < session.day);
    let title = translate("Thank you", visitor.language);
    let page = PageContext::load(&visitor, &app, title).await?;
    render_page(&BookedPage {
        page,
        session,
        is_proven: since.is_none(),
        kept_until,
    })
}

pub(super) async fn show_step_down(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    let session = session_of_request(&request, &app, &visitor).await?;
    if !session.has_booked() || !session.places_left.is_to_come() {
        return Ok(see_other(&gathering_path(&session)));
    }
    let title = translate("Can’t come after all?", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.back = Some(gathering_path(&session));
    let shown = StepDownPage {
        page,
        forms: PageForms::new(&visitor, None),
        session,
    };
    render_form_page(&visitor, &app, false, &shown)
}

/// Gives up the place, or leaves the waiting list. The page of the gathering says that it was done.
pub(super) async fn submit_step_down(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    let session = session_of_request(&request, &app, &visitor).await?;
    let step_down = StepDown {
        session: session.number,
        person,
    };
    let command = Command::Gathering(
        GatheringId(session.gathering),
        GatheringCommand::StepDown(step_down),
    );
    match ownership::issue(&visitor, &app, &posted, "", command).await {
        // Someone who gave it up already, or whose session is over, sees so on the page.
        Ok(_) | Err(PageError::Refused(CommandError::Refused(_))) => {
            Ok(see_other(&gathering_path(&session)))
        }
        Err(error) => Err(error),
    }
}
