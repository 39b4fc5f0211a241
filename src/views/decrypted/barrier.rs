//! Barriers with the words of those who raised them decrypted.

use serde::Serialize;

use super::{DecryptRequest, decrypted_text};
use crate::projections::BarrierRow;
use crate::views::{ViewError, Views};

/// A barrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Barrier)]
pub struct BarrierView {
    #[serde(flatten)]
    pub row: BarrierRow,
    /// What those who raised it said. Absent if it was deleted or erased, or if the reader may not
    /// see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

impl Views {
    /// Decrypts the words of those barriers that `may_read` allows.
    pub async fn decrypt_barriers(
        &self,
        may_read: impl Fn(&BarrierRow) -> bool,
        rows: Vec<BarrierRow>,
    ) -> Result<Vec<BarrierView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows.iter().filter(|row| may_read(row)) {
            wanted.add("words", row.sealed.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: BarrierRow| {
            let sealed = row.sealed.take();
            BarrierView {
                words: decrypted_text(&opened, sealed.as_ref()),
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
