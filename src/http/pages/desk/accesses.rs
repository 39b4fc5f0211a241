//! Who took what is held on somebody, or everybody's addresses, as auditors and administrators see
//! it.

use super::Asked;
use crate::domain::{PersonId, Role};
use crate::http::pages::Failed;
use crate::store::accesses::{self, Accesses};

/// How many are shown.
const NEWEST: i64 = 50;

/// What one person looked at on one day.
pub(super) struct Access {
    pub day: String,
    pub by: String,
    pub times: i64,
}

/// Those about somebody, or about everybody where it is empty; none for others than auditors and
/// administrators.
pub(super) async fn of(asked: &Asked<'_>, subject: &str) -> Result<Option<Vec<Access>>, Failed> {
    if ![Role::Auditor, Role::Administrator]
        .iter()
        .any(|role| asked.signed.reader.roles.contains(role))
    {
        return Ok(None);
    }
    let log = asked.desk.commands.log();
    let rows = accesses::newest(
        log.store(),
        log.organisation(),
        Accesses::Of(subject),
        "",
        NEWEST,
    )
    .await?;
    let names = asked
        .colleagues(
            rows.iter()
                .filter_map(|row| row.person.parse().ok().map(PersonId)),
        )
        .await?;
    let access = |row: accesses::AccessRow| Access {
        by: names.of(&row.person),
        day: row.day,
        times: row.times,
    };
    Ok(Some(rows.into_iter().map(access).collect()))
}
