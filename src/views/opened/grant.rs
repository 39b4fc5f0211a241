//! Grants with the words of their groups opened.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Wanted, text};
use crate::projections::{GrantRow, VariationRow};
use crate::views::{Names, ViewError, Views};

/// A grant, with the group's words about variations opened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantSeen {
    #[serde(flatten)]
    pub row: GrantRow,
    /// Why each variation was asked for.
    #[schema(value_type = BTreeMap<String, String>)]
    pub variation_words: BTreeMap<u16, String>,
    /// Names beside ids, where `expand` asks for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

impl Views {
    /// Opens what the group said about variations, for those who may read it.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn open_grants(
        &self,
        words: bool,
        rows: Vec<GrantRow>,
    ) -> Result<Vec<GrantSeen>, ViewError> {
        let mut wanted = Wanted::default();
        for variation in rows
            .iter()
            .filter(|_| words)
            .flat_map(|row| row.variations.values())
        {
            wanted.add("variation", variation.sealed.as_ref());
        }
        let opened = wanted.open(self).await?;
        let seen = |mut row: GrantRow| {
            let said = |(number, variation): (&u16, &mut VariationRow)| {
                let sealed = variation.sealed.take();
                Some((*number, text(&opened, sealed.as_ref())?))
            };
            let variation_words = row.variations.iter_mut().filter_map(said).collect();
            GrantSeen {
                row,
                variation_words,
                names: None,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
