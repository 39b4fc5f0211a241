//! The record of accesses to personal data in bulk: a subject access file, or everyone's e-mail
//! addresses.

use jiff::Timestamp;

use super::{Reader, ViewError, Views};
use crate::clock::day_of;
use crate::store::accesses as stored;
pub use crate::store::accesses::{AccessFilter, AccessRow, AccessedData};

impl Views {
    /// Records an access. Callers do this before they send the data, so that nothing leaves
    /// unrecorded.
    pub async fn record_access(
        &self,
        reader: &Reader,
        accessed: AccessedData<'_>,
        now: Timestamp,
    ) -> Result<(), ViewError> {
        Ok(stored::record(
            self.log.store(),
            self.log.organisation(),
            &reader.person.to_string(),
            accessed,
            day_of(now),
            now.as_microsecond(),
        )
        .await?)
    }

    /// The accesses selected, the newest first, starting after the id `after`.
    pub async fn newest_accesses(
        &self,
        which: AccessFilter<'_>,
        after: &str,
        most: i64,
    ) -> Result<Vec<AccessRow>, ViewError> {
        Ok(stored::newest(
            self.log.store(),
            self.log.organisation(),
            which,
            after,
            most,
        )
        .await?)
    }
}
