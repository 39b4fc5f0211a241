//! Themes: what applications and grants are about, as the organisation adopted them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::language::Language;
use super::text::{Line, Slug};

/// The number of themes that can be adopted.
pub const THEMES_MAX: usize = 20;

/// A theme, such as arts or food.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Theme {
    /// The theme's key, as applications keep it.
    pub theme: Slug,
    pub name: Line,
    /// The name in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
}

impl Theme {
    /// The name in a language, or in English if it has none in that language.
    #[must_use]
    pub fn name_in(&self, language: Language) -> &str {
        self.other_languages
            .get(&language)
            .unwrap_or(&self.name)
            .as_str()
    }
}

/// The adopted themes, followed by those of before that are not among them.
#[must_use]
pub fn with_former(adopted: &[Theme], before: &[Theme]) -> Vec<Theme> {
    let is_former = |known: &&Theme| adopted.iter().all(|theme| theme.theme != known.theme);
    adopted
        .iter()
        .chain(before.iter().filter(is_former))
        .cloned()
        .collect()
}
