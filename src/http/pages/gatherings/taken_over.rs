//! A place that was booked with the address of someone else: the link that was mailed there gives
//! it to the owner of the address.

use super::words::long_day;
use crate::auth::links::{LinkPurpose, LinkRow};
use crate::commands::{Caller, CommandRequest};
use crate::domain::gathering::{AgreedNeeds, GatheringCommand, SignUp, StepDown};
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Actor, Command, GatheringId, PersonId};
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

/// Gives a link's person what was booked with their address, with what was said about needs.
/// Returns the address of the page that says so; `None` if it could not be given.
///
/// A place for which others wait stays with whom it was booked for: given up, it would go to the
/// first of those who wait.
pub(in crate::http::pages) async fn take_over(
    app: &AppState,
    link: &LinkRow,
    person: PersonId,
) -> Result<Option<String>, PageError> {
    let Some(booked) = BookedByStranger::of_link(app, link).await? else {
        return Ok(None);
    };
    let BookedByStranger {
        sign_up,
        gathering,
        session,
    } = booked;
    if sign_up.state == SignUpState::Place && session.waiting > 0 {
        return Ok(None);
    }
    let (number, stranger) = (sign_up.session, sign_up.person);
    let opened = app.views.decrypt_sign_ups(|_| true, vec![sign_up]).await?;
    let words = opened.into_iter().find_map(|row| row.needs);
    let words = words.and_then(|words| PersonalInput::try_from(words).ok());
    let step_down = GatheringCommand::StepDown(StepDown {
        session: number,
        person: stranger,
    });
    let sign_up = GatheringCommand::SignUp(SignUp {
        session: number,
        person,
        group: None,
        needs: words.map(|words| AgreedNeeds {
            words,
            consent: true,
        }),
        channel: None,
    });
    let id = GatheringId(gathering.id);
    if !issue(app, stranger, Command::Gathering(id, step_down)).await? {
        return Ok(None);
    }
    issue(app, person, Command::Gathering(id, sign_up)).await?;
    Ok(Some(format!("/gatherings/{id}/{number}/booked")))
}

/// Issues a command as a person. Returns whether the rules permitted it.
async fn issue(app: &AppState, by: PersonId, command: Command) -> Result<bool, PageError> {
    let caller = Caller {
        actor: Actor::Person(by),
        role_scope: None,
    };
    let request = CommandRequest::new(caller, command);
    match ownership::execute_and_wait(app, request).await {
        Ok(_) => Ok(true),
        Err(PageError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
