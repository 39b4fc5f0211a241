//! Proof of what a group sent: positions in the event log, and inclusion proofs as
//! downloads.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::reference::Reference;
use crate::domain::{ApplicationEvent, Event, GrantEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::AppState;
use crate::http::pages::days::format_instant;
use crate::http::pages::i18n::translate;
use crate::http::pages::log_proof::{newest_checkpoint, proof_file};
use crate::http::pages::{PageContext, PageError, Visitor, ownership, render_page};
use crate::projections::ApplicationRow;
use crate::transparency::prover::Prover;

#[derive(Template)]
#[template(path = "my/receipt.html")]
struct ReceiptPage {
    page: PageContext,
    id: String,
    reference: String,
    sent: Vec<ReceiptLine>,
}

/// Something that the group submitted.
struct ReceiptLine {
    what: &'static str,
    when: String,
    position: i64,
    sealed: bool,
}

/// The label of an event that a group causes; `None` for all other events.
fn event_label(event: &Event) -> Option<&'static str> {
    use {ApplicationEvent as A, GrantEvent as G};
    Some(match event {
        Event::Application(A::ApplicationSubmitted { .. }) => "You sent your application",
        Event::Application(A::ApplicationResubmitted { .. }) => "You sent it again",
        Event::Application(A::ApplicationWithdrawn { .. }) => "You withdrew it",
        Event::Grant(G::AgreementSigned { .. }) => "You signed the agreement",
        Event::Grant(G::AgreementAccepted { .. }) => "You accepted the agreement",
        Event::Grant(G::UpdateReceived { .. }) => "You sent a report",
        Event::Grant(G::NewsSent { .. }) => "You sent news",
        Event::Grant(G::UnderspendDeclared { .. }) => "You told us what was left",
        _ => return None,
    })
}

/// The most events of an application and its grant that are looked at.
const EVENTS_MAX: i64 = 1000;

/// What the group submitted.
async fn sent_events(
    app: &AppState,
    row: &ApplicationRow,
) -> Result<Vec<(&'static str, RecordedEvent)>, PageError> {
    let events = app.views.events_with_id(row.id, EVENTS_MAX).await?;
    Ok(events
        .into_iter()
        .filter_map(|event| Some((event_label(&event.event)?, event)))
        .collect())
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let size = newest_checkpoint(&app)
        .await?
        .map_or(0, |sealed| sealed.size);
    let line = |(what, event): (&'static str, RecordedEvent)| ReceiptLine {
        what: translate(what, visitor.language),
        when: format_instant(event.recorded_at.as_microsecond()),
        position: event.position,
        sealed: event.position < size,
    };
    let sent = sent_events(&app, &row)
        .await?
        .into_iter()
        .map(line)
        .collect();
    let mut shell = PageContext::load(
        &visitor,
        &app,
        translate("Proof that you sent this", visitor.language),
    )
    .await?;
    shell.back = Some(format!("/my/applications/{}", row.id));
    let reference = Reference::parse(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default();
    render_page(&ReceiptPage {
        page: shell,
        id: row.id.to_string(),
        reference,
        sent,
    })
}

pub(super) async fn proof(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let position: i64 = request
        .match_info()
        .query("position")
        .parse()
        .map_err(|_| PageError::not_found())?;
    if !sent_events(&app, &row)
        .await?
        .iter()
        .any(|(_, event)| event.position == position)
    {
        return Err(PageError::not_found());
    }
    proof_file(
        Prover::new(app.commands.log().clone())
            .proof(position)
            .await?,
        position,
    )
}
