//! Mails about entries of the directory: those who hold one are asked if it is still right.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{MailContext, format_day, without_address};
use super::{Composer, MailError, Mailer};
use crate::domain::PersonId;
use crate::domain::asset::{AssetState, Party};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::AssetRow;
use crate::views::PersonView;

impl Mailer {
    /// Those who hold the entry of an event: the person, or the members of the group. Nobody for an
    /// entry that nobody here holds: it is on the desk's list of today.
    pub(super) async fn holders_of_entry(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let row: Option<AssetRow> = self.views.find(event.stream, Some(event.position)).await?;
        match row.ok_or(MailError::ViewsBehind)?.holder() {
            Some(Party::Person(person)) => Ok(BTreeSet::from([person])),
            Some(Party::Group(group)) => self.members_since(group.0, event.recorded_on()).await,
            None => Ok(BTreeSet::new()),
        }
    }
}

impl Composer {
    /// The context of a mail that asks if an entry is still right. It is not sent once somebody
    /// said so, or if the entry is not in the directory any more.
    pub(super) async fn entry_context(
        &self,
        position: &str,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let row: Option<AssetRow> = self.views.find(event.stream, None).await?;
        let row = row.ok_or(MailError::ViewsBehind)?;
        if row.state != AssetState::Published {
            return Err(MailError::NotNeeded("the entry is not in the directory"));
        }
        if row.reminded_months == 0 {
            return Err(MailError::NotNeeded("the entry was confirmed"));
        }
        let language = self.language_of(person).await?;
        let checked = row.confirmed_on.unwrap_or(row.recorded_on);
        let name = without_address(row.name.unwrap_or_default());
        Ok(MailContext {
            values: BTreeMap::from([("title", name), ("day", format_day(checked, language))]),
            answers: Vec::new(),
            path: format!("/my/entries/{}", event.stream),
            fund: None,
            language,
        })
    }
}
