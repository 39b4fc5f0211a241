//! The receipt for what a group submitted: positions in the event log, and inclusion proofs as
//! downloads.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::reference::Reference;
use crate::domain::{ApplicationEvent, Event, GrantEvent};
use crate::http::Desk;
use crate::http::pages::sealed::{proof_file, sealed};
use crate::http::pages::signin::moment;
use crate::http::pages::words::say;
use crate::http::pages::{Failed, Shell, Visitor, own, page};
use crate::log::record::Recorded;
use crate::projections::ApplicationRow;
use crate::seal::prover::Prover;
use crate::store::search::{self, Search};

#[derive(Template)]
#[template(path = "my/receipt.html")]
struct Sheet {
    page: Shell,
    id: String,
    reference: String,
    sent: Vec<Line>,
}

/// Something that the group submitted.
struct Line {
    what: &'static str,
    when: String,
    position: i64,
    sealed: bool,
}

/// The label of an event that a group causes; `None` for all other events.
fn in_words(event: &Event) -> Option<&'static str> {
    use {ApplicationEvent as A, GrantEvent as G};
    Some(match event {
        Event::Application(A::ApplicationSubmitted { .. }) => "You handed in your form",
        Event::Application(A::ApplicationResubmitted { .. }) => "You handed in your form again",
        Event::Application(A::ApplicationWithdrawn { .. }) => "You took your form back",
        Event::Grant(G::AgreementAccepted { .. }) => "You said yes to the agreement",
        Event::Grant(G::UpdateReceived { .. }) => "You sent an update",
        Event::Grant(G::UnderspendDeclared { .. }) => "You told us what was left over",
        _ => return None,
    })
}

/// What the group submitted. A grant has the id of its application, so one search finds the events
/// of both.
async fn sent(desk: &Desk, row: &ApplicationRow) -> Result<Vec<(&'static str, Recorded)>, Failed> {
    let log = desk.commands.log();
    let wanted = Search {
        stream: format!("{}/{}", log.organisation(), row.id),
        before: i64::MAX,
        most: 1000,
        ..Search::default()
    };
    let rows = search::events(log.store(), log.organisation(), &wanted).await?;
    let events = rows
        .iter()
        .map(Recorded::read)
        .collect::<Result<Vec<_>, _>>()?;
    Ok(events
        .into_iter()
        .filter_map(|event| Some((in_words(&event.event)?, event)))
        .collect())
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let size = sealed(&desk).await?.map_or(0, |sealed| sealed.size);
    let line = |(what, event): (&'static str, Recorded)| Line {
        what: say(what, visitor.language),
        when: moment(event.recorded_at.as_microsecond()),
        position: event.position,
        sealed: event.position < size,
    };
    let sent = sent(&desk, &row).await?.into_iter().map(line).collect();
    let mut shell = Shell::around(&visitor, &desk, say("Your receipt", visitor.language)).await?;
    shell.back = Some(format!("/my/applications/{}", row.id));
    let reference = Reference::heard(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default();
    page(&Sheet {
        page: shell,
        id: row.id.to_string(),
        reference,
        sent,
    })
}

pub(super) async fn proof(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let position: i64 = request
        .match_info()
        .query("position")
        .parse()
        .map_err(|_| Failed::nothing())?;
    if !sent(&desk, &row)
        .await?
        .iter()
        .any(|(_, event)| event.position == position)
    {
        return Err(Failed::nothing());
    }
    proof_file(
        Prover::new(desk.commands.log().clone())
            .proof(position)
            .await?,
        position,
    )
}
