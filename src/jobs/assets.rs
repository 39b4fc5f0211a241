//! Entries of the directory: holders are reminded to confirm them, and what people wrote about an
//! entry is deleted once it is withdrawn, consent is withdrawn, or its holder was erased.

use std::collections::BTreeSet;

use jiff::Span;
use uuid::Uuid;

use super::{DueCommand, JobError, Jobs};
use crate::clock::day_of;
use crate::domain::asset::{AssetState, REMINDED_AFTER_MONTHS, reminder_due, reminder_due_on};
use crate::domain::command::NoBody;
use crate::domain::person::ConsentPurpose;
use crate::domain::{AssetCommand, AssetId, Command};
use crate::projections::{AssetRow, ConsentRow, ConsentState, GroupRow, PersonRow};
use crate::views::Filter;

impl Jobs {
    /// Reminders of entries that were not confirmed for 10, 11 or 12 months.
    pub(super) async fn asset_reminders(&self) -> Result<Vec<DueCommand>, JobError> {
        let today = day_of(self.commands.now());
        let [first, ..] = REMINDED_AFTER_MONTHS;
        // Months differ in length: the days more find each that is due.
        let soon = Span::new().months(2).days(5);
        let published = vec![
            Filter::in_state([AssetState::Published]),
            Filter::at_most("stale_on", today.saturating_add(soon)),
        ];
        let rows = self.views.all_rows::<AssetRow>(None, published).await?;
        let due = rows.iter().filter_map(|row| {
            let confirmed_on = row
                .confirmed_on
                .filter(|day| reminder_due_on(*day, first) <= today)?;
            let months = reminder_due(confirmed_on, row.reminded_months, today)?;
            let key = format!("remind-asset/{}/{confirmed_on}/{months}", row.id);
            Some(due_command(key, row.id, AssetCommand::Remind(NoBody {})))
        });
        Ok(due.collect())
    }

    /// Entries that are withdrawn, or whose holder took their consent back or was erased.
    pub(super) async fn assets_to_forget(&self) -> Result<Vec<DueCommand>, JobError> {
        let mut rows = self.views.all_rows::<AssetRow>(None, Vec::new()).await?;
        rows.retain(|row| row.state != AssetState::Withdrawn || row.words_on.is_some());
        let people = self.people_who_agree(&rows).await?;
        let groups = self.groups_that_stand(&rows).await?;
        let is_due = |row: &&AssetRow| {
            row.state == AssetState::Withdrawn
                || row.person.is_some_and(|person| !people.contains(&person.0))
                || row.group.is_some_and(|group| !groups.contains(&group.0))
        };
        let due = rows.iter().filter(is_due).map(|row| {
            let key = format!("forget-words/{}/{}", row.id, row.version);
            due_command(key, row.id, AssetCommand::ForgetWords(NoBody {}))
        });
        Ok(due.collect())
    }

    /// The people who hold some of these entries, and agree that this is kept.
    async fn people_who_agree(&self, rows: &[AssetRow]) -> Result<BTreeSet<Uuid>, JobError> {
        let ids: BTreeSet<Uuid> = rows
            .iter()
            .filter_map(|row| row.person)
            .map(|person| person.0)
            .collect();
        let given = vec![
            Filter::any_of("person", &ids),
            Filter::equals("purpose", <&str>::from(ConsentPurpose::Skills)),
            Filter::in_state([ConsentState::Given]),
        ];
        let consents = self.views.all_rows::<ConsentRow>(None, given).await?;
        let mut agree: BTreeSet<Uuid> = consents.iter().map(|row| row.person.0).collect();
        let holders = vec![Filter::any_of("id", &ids)];
        let people = self.views.all_rows::<PersonRow>(None, holders).await?;
        for person in people.iter().filter(|person| person.erasure.is_done()) {
            agree.remove(&person.id);
        }
        Ok(agree)
    }

    /// The groups that hold some of these entries, and were not erased.
    async fn groups_that_stand(&self, rows: &[AssetRow]) -> Result<BTreeSet<Uuid>, JobError> {
        let ids = rows.iter().filter_map(|row| row.group);
        let holders = vec![Filter::any_of("id", ids)];
        let groups = self.views.all_rows::<GroupRow>(None, holders).await?;
        let stand = groups.iter().filter(|group| !group.erasure.is_done());
        Ok(stand.map(|group| group.id).collect())
    }
}

fn due_command(key: String, asset: Uuid, command: AssetCommand) -> DueCommand {
    DueCommand {
        key,
        command: Command::Asset(AssetId(asset), command),
    }
}
