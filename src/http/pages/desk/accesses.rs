//! Who read a subject access report or everyone's addresses. Shown to auditors and administrators.

use super::DeskRequest;
use crate::domain::language::day_text;
use crate::domain::{PersonId, Role};
use crate::http::pages::PageError;
use crate::views::{AccessFilter, AccessRow};

/// The largest number of lines that are shown, the newest first.
const ACCESSES_MAX: i64 = 50;

/// How often one person read it on one day.
pub(super) struct AccessLine {
    pub day: String,
    pub by: String,
    pub times: i64,
}

/// Accesses to the data of a person or group, by its id, or to everyone's addresses if `subject`
/// is empty. `None` for readers who are neither auditor nor administrator.
pub(super) async fn recent(
    request: &DeskRequest<'_>,
    subject: &str,
) -> Result<Option<Vec<AccessLine>>, PageError> {
    if ![Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| request.signed.reader.roles.contains(role))
    {
        return Ok(None);
    }
    let rows = request
        .app
        .views
        .newest_accesses(AccessFilter::Of(subject), "", ACCESSES_MAX)
        .await?;
    let names = request
        .names_of_colleagues(
            rows.iter()
                .filter_map(|row| row.person.parse().ok().map(PersonId)),
        )
        .await?;
    let access = |row: AccessRow| AccessLine {
        by: names.of(&row.person),
        day: row.day.parse().map_or(row.day, day_text),
        times: row.times,
    };
    Ok(Some(rows.into_iter().map(access).collect()))
}
