//! Entries of the directory with personal values decrypted.

use serde::Serialize;

use super::{DecryptRequest, decrypted_text};
use crate::projections::AssetRow;
use crate::views::{ViewError, Views};

/// An entry of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Asset)]
pub struct AssetView {
    #[serde(flatten)]
    pub row: AssetRow,
    /// What those who hold it last wrote about it. Absent if there is nothing, if it was forgotten
    /// or erased, or if the reader may not see it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposed_words: Option<String>,
}

impl Views {
    /// Decrypts what was written about those entries that `may_read` allows.
    pub async fn decrypt_assets(
        &self,
        may_read: impl Fn(&AssetRow) -> bool,
        rows: Vec<AssetRow>,
    ) -> Result<Vec<AssetView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows.iter().filter(|row| may_read(row)) {
            wanted.add("words", row.words.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: AssetRow| {
            let words = row.words.take();
            AssetView {
                proposed_words: decrypted_text(&opened, words.as_ref()),
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
