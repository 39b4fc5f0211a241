//! What the composition of every mail looks up: the person, their language, the event, the
//! organisation.

use super::{Composer, MailError};
use crate::domain::erasure::Erasure;
use crate::domain::language::Language;
use crate::domain::personal_data::Encrypted;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{ApplicationRow, OrganisationRow, PersonRow};
use crate::views::{Filter, PageRequest, PersonView, Reader};

/// How many applications of a group are read to find the language of its members.
const APPLICATIONS_MAX: i64 = 200;

impl Composer {
    /// A person, decrypted, and their proven address, still encrypted.
    pub(super) async fn load_person(
        &self,
        id: &str,
    ) -> Result<(PersonView, Option<Encrypted>), MailError> {
        let row: Option<PersonRow> = self.views.find(id, None).await?;
        let proven_address = row.as_ref().and_then(|row| row.known_email.clone());
        let person = self
            .views
            .decrypt_people(&Reader::service(), row.into_iter().collect())
            .await?
            .pop()
            .filter(|person| person.erasure != Erasure::Done)
            .ok_or(MailError::NotNeeded("the person was erased"))?;
        Ok((person, proven_address))
    }

    /// The language that a person chose, or that of the newest application of their groups; English
    /// without one.
    pub(super) async fn language_of(&self, person: &PersonView) -> Result<Language, MailError> {
        if let Some(chosen) = person.mail_language {
            return Ok(chosen);
        }
        let mut newest = None;
        for group in &person.groups {
            let of_group = vec![Filter::equals("group_id", group)];
            let page = PageRequest {
                after: None,
                limit: APPLICATIONS_MAX,
            };
            let listed = self
                .views
                .list::<ApplicationRow>(None, of_group, &page)
                .await?;
            newest = newest.max(
                listed
                    .items
                    .into_iter()
                    .map(|row| (row.id, row.language))
                    .max(),
            );
        }
        Ok(newest.map(|(_, language)| language).unwrap_or_default())
    }

    /// The event at a position. An error until the views have reached it.
    pub(super) async fn load_event(&self, position: &str) -> Result<RecordedEvent, MailError> {
        let position: i64 = position
            .parse()
            .map_err(|_| MailError::InvalidMail("it is about no position".to_owned()))?;
        self.views
            .wait_for_position(position)
            .await
            .map_err(|_| MailError::ViewsBehind)?;
        self.commands
            .log()
            .read_events(position, 1)
            .await?
            .pop()
            .ok_or(MailError::ViewsBehind)
    }

    pub(super) async fn load_organisation(&self) -> Result<OrganisationRow, MailError> {
        let organisation: Option<OrganisationRow> =
            self.views.find(self.commands.organisation(), None).await?;
        organisation.ok_or(MailError::ViewsBehind)
    }
}
