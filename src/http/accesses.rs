//! Records accesses to personal data in bulk: a subject access file, or everybody's e-mail
//! addresses.

use super::AppState;
use crate::clock::day_of;
use crate::eventlog::LogError;
use crate::store::accesses::{self, AccessedData};
use crate::views::Reader;

/// Records an access. Callers must do this before they send the data, so that nothing leaves
/// unrecorded.
pub(super) async fn record_access(
    desk: &AppState,
    reader: &Reader,
    looked: AccessedData<'_>,
) -> Result<(), LogError> {
    let (log, now) = (desk.commands.log(), desk.commands.now());
    let person = reader.person.to_string();
    Ok(accesses::record(
        log.store(),
        log.organisation(),
        &person,
        looked,
        day_of(now),
        now.as_microsecond(),
    )
    .await?)
}
