//! Who signed up for which session: one row a person and session. What they need stays encrypted.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::sessions::GatheringSessionRow;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, GatheringEvent, GroupId, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// What a person has at a session.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum SignUpState {
    Place,
    /// They wait for a place. Those who joined earlier get one first.
    Waiting,
    GivenUp,
}

/// A person who signed up for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignUpRow {
    pub gathering: Uuid,
    pub session: u16,
    /// The id of the session's row.
    pub session_id: String,
    pub person: PersonId,
    pub group: Option<GroupId>,
    pub state: SignUpState,
    pub created_at: Moment,
    pub updated_at: Moment,
    /// The position at which they signed up last. The order of those who wait follows it.
    pub joined: i64,
    pub needs: Option<Encrypted>,
}

impl SignUpRow {
    /// The id of the row of a person at a session.
    #[must_use]
    pub fn id_of(gathering: Uuid, session: u16, person: PersonId) -> String {
        let session = GatheringSessionRow::id_of(gathering, session);
        format!("{session}/{person}")
    }
}

pub(in crate::projections) struct SignUpsProjection;

impl Projection for SignUpsProjection {
    const NAME: &'static str = "sign_ups";
    type Row = SignUpRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use GatheringEvent as E;
        let Event::Gathering(
            E::PlaceTaken {
                session, person, ..
            }
            | E::WaitingJoined {
                session, person, ..
            }
            | E::PlaceGivenUp { session, person }
            | E::WaitingLeft { session, person },
        ) = &event.event
        else {
            return None;
        };
        Some(AffectedRows::one(&SignUpRow::id_of(
            event.stream,
            *session,
            *person,
        )))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<SignUpRow>,
        _: Option<SignUpRow>,
    ) -> Option<SignUpRow> {
        use GatheringEvent as E;
        let Event::Gathering(happened) = &event.event else {
            return None;
        };
        let (state, (session, person), (group, needs)) = match happened {
            E::PlaceTaken { waited: true, .. } => {
                return row.map(|row| SignUpRow {
                    state: SignUpState::Place,
                    updated_at: Moment::of(event),
                    ..row
                });
            }
            E::PlaceGivenUp { .. } | E::WaitingLeft { .. } => {
                return row.map(|row| SignUpRow {
                    state: SignUpState::GivenUp,
                    updated_at: Moment::of(event),
                    needs: None,
                    ..row
                });
            }
            E::PlaceTaken {
                session,
                person,
                group,
                needs,
                ..
            } => (SignUpState::Place, (session, person), (group, needs)),
            E::WaitingJoined {
                session,
                person,
                group,
                needs,
                ..
            } => (SignUpState::Waiting, (session, person), (group, needs)),
            _ => return None,
        };
        Some(SignUpRow {
            gathering: event.stream,
            session: *session,
            session_id: GatheringSessionRow::id_of(event.stream, *session),
            person: *person,
            group: *group,
            state,
            created_at: row.map_or_else(|| Moment::of(event), |row| row.created_at),
            updated_at: Moment::of(event),
            joined: event.position,
            needs: needs.clone(),
        })
    }
}
