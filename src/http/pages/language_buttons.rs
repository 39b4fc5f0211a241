//! The buttons under a form that change the page's language without losing what was typed. The
//! language in the page's head is a link, which a browser follows without sending the form.

use strum::VariantArray as _;

use super::FormData;
use super::i18n::translate;
use crate::domain::language::Language;

/// The languages other than the page's, each with the text of its button in that language.
pub(super) fn others(language: Language) -> Vec<(Language, String)> {
    let says = |other| translate("Save and read this in English", other).to_owned();
    Language::VARIANTS
        .iter()
        .filter(|other| **other != language)
        .map(|other| (*other, says(*other)))
        .collect()
}

/// The language of the button that was pressed, if it was one of these.
pub(super) fn pressed(posted: &FormData) -> Option<Language> {
    let language = posted.text("then").strip_prefix("language-")?;
    language.parse().ok()
}

/// The address that changes to a language and leads to a page.
pub(super) fn path_to(language: Language, page: &str) -> String {
    format!("/language/{}?to={page}", language.code())
}
