//! Records accesses to personal data in bulk: a subject access file, or everybody's e-mail
//! addresses.

use super::Desk;
use crate::log::LogError;
use crate::log::record::day_of;
use crate::store::accesses::{self, Looked};
use crate::views::Reader;

/// Records an access. Callers must do this before they send the data, so that nothing leaves
/// unrecorded.
pub(super) async fn note(desk: &Desk, reader: &Reader, looked: Looked<'_>) -> Result<(), LogError> {
    let (log, now) = (desk.commands.log(), desk.commands.now());
    let person = reader.person.to_string();
    Ok(accesses::note(
        log.store(),
        log.organisation(),
        &person,
        looked,
        day_of(now),
        now.as_microsecond(),
    )
    .await?)
}
