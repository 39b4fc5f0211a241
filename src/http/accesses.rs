//! Records accesses to personal data in bulk: a subject access file, or everyone's e-mail
//! addresses.

use super::AppState;
use crate::views::{AccessedData, Reader, ViewError};

/// Records an access. Callers must do this before they send the data, so that nothing leaves
/// unrecorded.
pub(super) async fn record_access(
    app: &AppState,
    reader: &Reader,
    accessed: AccessedData<'_>,
) -> Result<(), ViewError> {
    app.views
        .record_access(reader, accessed, app.commands.now())
        .await
}
