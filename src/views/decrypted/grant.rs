//! Grants with personal values decrypted.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{DecryptRequest, decrypted_text};
use crate::projections::{GrantRow, NewsRow, VariationRow};
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
    /// What the group wrote with its news, by number. Absent if there is none, or if the reader may
    /// not see it.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, NewsWords>)]
    pub news_words: BTreeMap<u16, NewsWords>,
    /// Names for the ids, if `expand` requests them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub names: Option<Names>,
}

/// The words of news.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NewsWords {
    /// What happened. Absent if it was erased, or if only photographs were sent.
    pub words: Option<String>,
    /// What the photographs show.
    pub pictured: Option<String>,
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
        for row in rows.iter().filter(|_| words) {
            for variation in row.variations.values() {
                wanted.add("variation", variation.sealed.as_ref());
            }
            for news in row.news.values() {
                wanted.add("words", news.words.as_ref());
                wanted.add("pictured", news.pictured.as_ref());
            }
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |mut row: GrantRow| {
            let said = |(number, variation): (&u16, &mut VariationRow)| {
                let sealed = variation.sealed.take();
                Some((*number, decrypted_text(&opened, sealed.as_ref())?))
            };
            let variation_words = row.variations.iter_mut().filter_map(said).collect();
            let written = |(number, news): (&u16, &mut NewsRow)| {
                let written = NewsWords {
                    words: decrypted_text(&opened, news.words.take().as_ref()),
                    pictured: decrypted_text(&opened, news.pictured.take().as_ref()),
                };
                words.then_some((*number, written))
            };
            let news_words = row.news.iter_mut().filter_map(written).collect();
            GrantView {
                row,
                variation_words,
                news_words,
                names: None,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
