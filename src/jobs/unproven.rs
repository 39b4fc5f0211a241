//! Expiry of unproven people: if someone who began something never proved their address, it
//! expires after two weeks, and its personal data is erased.

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::command::NoBody;
use crate::domain::unproven::EXPIRES_AFTER_DAYS;
use crate::domain::{Command, PersonCommand, PersonId};
use crate::projections::PersonRow;
use crate::views::Filter;

impl Jobs {
    pub(super) async fn expired_unproven(&self) -> Result<Vec<DueCommand>, JobError> {
        let last = day_of(self.commands.now())
            .saturating_sub(jiff::Span::new().days(EXPIRES_AFTER_DAYS + 1));
        let expired = vec![Filter::at_most("unproven_since", last)];
        let expire = |row: PersonRow| DueCommand {
            key: format!("expire/{}", row.id),
            command: Command::Person(PersonId(row.id), PersonCommand::Expire(NoBody {})),
        };
        let rows = self.views.all_rows::<PersonRow>(None, expired).await?;
        Ok(rows.into_iter().map(expire).collect())
    }
}
