//! The mail that asks whether an entry of the directory is still right.

use std::collections::BTreeMap;

use super::compose::{MailContext, format_day, without_address};
use super::{Composer, MailError};
use crate::projections::AssetRow;
use crate::views::PersonView;

impl Composer {
    /// The context of a mail about an entry of the directory. It is not needed any more if somebody
    /// has confirmed the entry since, or taken it out of the directory.
    pub(super) async fn asset_context(
        &self,
        position: &str,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let entry: AssetRow = self
            .views
            .find(event.stream, None)
            .await?
            .ok_or(MailError::ViewsBehind)?;
        if !entry.is_public() || entry.reminded_months == 0 {
            return Err(MailError::NotNeeded("the entry was confirmed or withdrawn"));
        }
        let language = self.language_of(person).await?;
        let mut values = BTreeMap::from([(
            "title",
            without_address(entry.name.clone().unwrap_or_default()),
        )]);
        values.extend(
            entry
                .stale_on
                .map(|day| ("due_on", format_day(day, language))),
        );
        let path = match entry.group {
            Some(_) => format!("/my/entries/{}", event.stream),
            None => format!("/desk/assets/{}", event.stream),
        };
        Ok(MailContext {
            values,
            answers: Vec::new(),
            path,
            fund: None,
            language,
        })
    }
}
