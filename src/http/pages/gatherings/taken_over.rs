//! A place that someone booked with another person's email address. The link that is mailed to the
//! address transfers it to the owner of the address.

use super::words::long_day;
use crate::auth::links::{LinkPurpose, LinkRow};
use crate::commands::{Caller, CommandRequest};
use crate::domain::gathering::{AgreedNeeds, GatheringCommand, HandOver};
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GatheringId, PersonId};
use crate::http::AppState;
use crate::http::pages::{PageError, ownership};
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpRow, SignUpState};
use crate::views::Filter;

/// What a stranger booked with an address.
struct BookedByStranger {
    sign_up: SignUpRow,
    gathering: GatheringRow,
    session: GatheringSessionRow,
}

impl BookedByStranger {
    /// What the link gives its person, if it still can be given.
    async fn of_link(app: &AppState, link: &LinkRow) -> Result<Option<Self>, PageError> {
        let Some((LinkPurpose::TakePlace { gathering, session }, stranger)) = LinkPurpose::of(link)
        else {
            return Ok(None);
        };
        let id = GatheringSessionRow::id_of(gathering, session);
        let filters = vec![
            Filter::equals("gathering", gathering),
            Filter::equals("person", stranger),
            Filter::in_state([SignUpState::Place, SignUpState::Waiting]),
        ];
        let sign_ups: Vec<SignUpRow> = app.views.all_rows(None, filters).await?;
        let sign_up = sign_ups.into_iter().find(|row| row.session == session);
        let gathering: Option<GatheringRow> = app.views.find(gathering, None).await?;
        let session: Option<GatheringSessionRow> = app.views.find(id, None).await?;
        let (Some(sign_up), Some(gathering), Some(session)) = (sign_up, gathering, session) else {
            return Ok(None);
        };
        Ok(Some(Self {
            sign_up,
            gathering,
            session,
        }))
    }
}

/// The session that was booked with the address of a link's person: its title and its day.
pub(in crate::http::pages) async fn booked_session(
    app: &AppState,
    link: &LinkRow,
    language: Language,
) -> Result<Option<String>, PageError> {
    let booked = BookedByStranger::of_link(app, link).await?;
    Ok(booked.map(|booked| {
        let day = long_day(booked.session.day, language);
        format!("{}, {day}", booked.gathering.title)
    }))
}

/// Transfers to a link's person what was booked with their address, including the needs that were
/// entered. People who wait do not get the place. Returns the address of the page that confirms it;
/// `None` if it was not possible.
pub(in crate::http::pages) async fn take_over(
    app: &AppState,
    link: &LinkRow,
    person: PersonId,
) -> Result<Option<String>, PageError> {
    let Some(booked) = BookedByStranger::of_link(app, link).await? else {
        return Ok(None);
    };
    let sign_up = booked.sign_up;
    let (gathering, session) = (GatheringId(sign_up.gathering), sign_up.session);
    let from = sign_up.person;
    let opened = app.views.decrypt_sign_ups(|_| true, vec![sign_up]).await?;
    let words = opened.into_iter().find_map(|row| row.needs);
    let words = words.and_then(|words| PersonalInput::try_from(words).ok());
    let hand_over = GatheringCommand::HandOver(HandOver {
        session,
        from,
        to: person,
        needs: words.map(|words| AgreedNeeds {
            words,
            consent: true,
        }),
    });
    let command = Command::Gathering(gathering, hand_over);
    let request = CommandRequest::new(Caller::job(), command);
    match ownership::execute_and_wait(app, request).await {
        Ok(_) => Ok(Some(format!("/gatherings/{gathering}/{session}/booked"))),
        Err(PageError::Refused(_)) => Ok(None),
        Err(error) => Err(error),
    }
}
