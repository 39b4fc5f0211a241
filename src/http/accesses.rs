//! What leaves the house with everything that is held on somebody, or with everybody's addresses,
//! leaves a trace.

use super::Desk;
use crate::log::LogError;
use crate::log::record::day_of;
use crate::store::accesses::{self, Looked};
use crate::views::Reader;

/// Notes that somebody looked. Nobody sees what could not be noted.
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
