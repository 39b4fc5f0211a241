//! Public pages of gatherings: the list, each gathering with its sessions, booking a place without
//! an account, giving it up, and the calendar.

mod booked;
mod booking;
mod feed;
mod gathering;
mod list;
mod session;
mod taken_over;
mod words;

use std::collections::BTreeMap;

use actix_web::{HttpRequest, web};
use uuid::Uuid;

use super::{PageError, Visitor, ownership};
use crate::http::AppState;
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpRow, SignUpState};
use crate::views::Filter;
use session::PublicSession;

pub(super) use taken_over::{booked_session, take_over};
pub(super) use words::kind_name;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/gatherings").route(web::get().to(list::show)))
        .service(web::resource("/gatherings.ics").route(web::get().to(feed::all)))
        .service(web::resource("/gatherings/{gathering}.ics").route(web::get().to(feed::one)))
        .service(web::resource("/gatherings/{gathering}").route(web::get().to(gathering::show)))
        .service(
            web::resource("/gatherings/{gathering}/{session}/book")
                .route(web::get().to(booking::show_person))
                .route(web::post().to(booking::submit_person)),
        )
        .service(
            web::resource("/gatherings/{gathering}/{session}/needs")
                .route(web::get().to(booking::show_needs))
                .route(web::post().to(booking::submit_needs)),
        )
        .service(
            web::resource("/gatherings/{gathering}/{session}/booked")
                .route(web::get().to(booked::show)),
        )
        .service(
            web::resource("/gatherings/{gathering}/{session}/step-down")
                .route(web::get().to(booked::show_step_down))
                .route(web::post().to(booked::submit_step_down)),
        );
}

/// A gathering that everyone may see, its sessions in their order, and what the visitor has there.
struct PublicGathering {
    row: GatheringRow,
    sessions: Vec<GatheringSessionRow>,
    own: BTreeMap<u16, SignUpState>,
    /// Whether the visitor leads it, or is staff.
    is_insider: bool,
}

impl PublicGathering {
    /// The gathering in the address of a request.
    async fn of_request(
        request: &HttpRequest,
        app: &AppState,
        visitor: &Visitor,
    ) -> Result<Self, PageError> {
        let id = ownership::parse_uuid(request.match_info().query("gathering"))?;
        let row: Option<GatheringRow> = app.views.find(id, None).await?;
        let row = row
            .filter(GatheringRow::is_public)
            .ok_or_else(PageError::not_found)?;
        let of_gathering = vec![Filter::equals("gathering", id)];
        let mut sessions: Vec<GatheringSessionRow> = app.views.all_rows(None, of_gathering).await?;
        sessions.sort_by_key(|session| (session.day, session.starts_at.clone(), session.session));
        let reader = visitor.signed_in.as_ref().map(|signed| &signed.reader);
        Ok(Self {
            own: own_sign_ups(app, visitor, id).await?,
            is_insider: reader.is_some_and(|reader| {
                reader.sees_all() || reader.works_with_people() || row.is_led_by(reader.person)
            }),
            row,
            sessions,
        })
    }

    /// A session for the visitor.
    fn view(
        &self,
        session: &GatheringSessionRow,
        app: &AppState,
        visitor: &Visitor,
    ) -> PublicSession {
        let own = self.own.get(&session.session).copied();
        let sees_place = self.is_insider || own == Some(SignUpState::Place);
        let now = app.commands.now();
        PublicSession::new(
            &self.row,
            session,
            (sees_place, own),
            (now, visitor.language),
        )
    }
}

/// The session in the address of a request.
async fn session_of_request(
    request: &HttpRequest,
    app: &AppState,
    visitor: &Visitor,
) -> Result<PublicSession, PageError> {
    let found = PublicGathering::of_request(request, app, visitor).await?;
    let number: Option<u16> = request.match_info().query("session").parse().ok();
    let mut sessions = found.sessions.iter();
    let session = sessions.find(|session| Some(session.session) == number);
    let session = session.ok_or_else(PageError::not_found)?;
    Ok(found.view(session, app, visitor))
}

/// What the visitor has at the sessions of a gathering, by their numbers.
async fn own_sign_ups(
    app: &AppState,
    visitor: &Visitor,
    gathering: Uuid,
) -> Result<BTreeMap<u16, SignUpState>, PageError> {
    let Some(signed) = &visitor.signed_in else {
        return Ok(BTreeMap::new());
    };
    let own = vec![
        Filter::equals("gathering", gathering),
        Filter::equals("person", signed.reader.person),
    ];
    let rows: Vec<SignUpRow> = app.views.all_rows(None, own).await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.session, row.state))
        .collect())
}
