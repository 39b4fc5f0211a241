//! Gatherings and sign-ups with personal values decrypted.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::personal_data::Encrypted;
use crate::domain::{GroupId, PersonId};
use crate::projections::{GatheringRow, Moment, PersonRow, SignUpRow, SignUpState};
use crate::views::{Filter, ViewError, Views};

/// A gathering.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Gathering)]
pub struct GatheringView {
    #[serde(flatten)]
    pub row: GatheringRow,
    /// What the lead wrote who last asked for a hand. Absent if there is none, if it was erased,
    /// or if the reader may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hand_words: Option<String>,
}

/// A person who signed up for a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = SignUpRecord)]
pub struct SignUpView {
    pub gathering: Uuid,
    pub session: u16,
    pub person: PersonId,
    /// The person's name. Absent if it was erased, or if the reader may not see it.
    pub name: Option<String>,
    /// The group as whose member they come.
    pub group: Option<GroupId>,
    pub state: SignUpState,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    /// The position of the log at which they signed up last. Of those who wait, the lowest gets the
    /// next place.
    pub joined: i64,
    /// What they need there. Absent if they did not say, if it was forgotten, or if the reader may
    /// not see it.
    pub needs: Option<String>,
}

impl Views {
    /// Decrypts what a lead wrote who asked for a hand if `words` is true, which the caller decides
    /// by the reader's roles.
    pub async fn decrypt_gatherings(
        &self,
        words: bool,
        rows: Vec<GatheringRow>,
    ) -> Result<Vec<GatheringView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows.iter().filter(|_| words) {
            wanted.add("words", row.hand.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: GatheringRow| {
            let hand = row.hand.take();
            GatheringView {
                hand_words: decrypted_text(&opened, hand.as_ref()),
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    /// Decrypts the names and what people need of those rows that `may_read` allows.
    pub async fn decrypt_sign_ups(
        &self,
        may_read: impl Fn(&SignUpRow) -> bool,
        rows: Vec<SignUpRow>,
    ) -> Result<Vec<SignUpView>, ViewError> {
        let readable: Vec<_> = rows.iter().filter(|row| may_read(row)).collect();
        let ids = readable.iter().map(|row| row.person);
        let people: Vec<PersonRow> = self.all_rows(None, vec![Filter::any_of("id", ids)]).await?;
        let names: BTreeMap<Uuid, &Encrypted> =
            people.iter().map(|row| (row.id, &row.name)).collect();
        let mut wanted = DecryptRequest::default();
        for row in readable {
            wanted.add("name", names.get(&row.person.0).copied());
            wanted.add("needs", row.needs.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |row: SignUpRow| SignUpView {
            name: decrypted_text(&opened, names.get(&row.person.0).copied()),
            needs: decrypted_text(&opened, row.needs.as_ref()),
            gathering: row.gathering,
            session: row.session,
            person: row.person,
            group: row.group,
            state: row.state,
            created_at: row.created_at,
            updated_at: row.updated_at,
            joined: row.joined,
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
