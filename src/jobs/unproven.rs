//! Expiry of unproven people: if somebody who began something never proved their address, it
//! expires after two weeks, and its personal data is erased.

use super::{Due, JobError, Jobs};
use crate::domain::command::Nothing;
use crate::domain::unproven::DAYS_KEPT;
use crate::domain::{Command, PersonCommand, PersonId};
use crate::log::record::day_of;
use crate::projections::PersonRow;

impl Jobs {
    pub(super) async fn unproven(&self) -> Result<Vec<Due>, JobError> {
        let last = day_of(self.commands.now())
            .saturating_sub(jiff::Span::new().days(DAYS_KEPT + 1))
            .to_string();
        let expire = |row: PersonRow| Due {
            key: format!("expire/{}", row.id),
            command: Command::Person(PersonId(row.id), PersonCommand::Expire(Nothing {})),
        };
        let rows = self
            .views
            .every::<PersonRow>(None, vec![("unproven_since <=", vec![last])])
            .await?;
        Ok(rows.into_iter().map(expire).collect())
    }
}
