//! Grants with personal values decrypted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DecryptRequest, decrypted_text};
use crate::projections::{GrantRow, VariationRow};
use crate::views::{Names, ViewError, Views};

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantView {
    #[serde(flatten)]
    pub row: GrantRow,
    /// The group's reason for each variation, by number. A reason is absent if it was erased or the
    /// reader may not see it.
    #[schema(value_type = BTreeMap<String, String>)]
    pub variation_words: BTreeMap<u16, String>,
    /// Names for the ids, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

impl Views {
    /// Decrypts the group's texts if `words` is true, which the caller decides by the reader's
    /// roles.
    pub async fn decrypt_grants(
        &self,
        words: bool,
        rows: Vec<GrantRow>,
    ) -> Result<Vec<GrantView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for variation in rows
            .iter()
            .filter(|_| words)
            .flat_map(|row| row.variations.values())
        {
            wanted.add("variation", variation.sealed.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: GrantRow| {
            let said = |(number, variation): (&u16, &mut VariationRow)| {
                let sealed = variation.sealed.take();
                Some((*number, decrypted_text(&opened, sealed.as_ref())?))
            };
            let variation_words = row.variations.iter_mut().filter_map(said).collect();
            GrantView {
                row,
                variation_words,
                names: None,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
