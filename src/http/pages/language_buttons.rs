//! The buttons under a form that change the page's language without losing what was typed. The
//! language in the page's head is a link, which a browser follows without sending the form.

use actix_web::HttpResponse;
use strum::VariantArray as _;

use super::i18n::translate;
use super::{FormData, PageError, visitor};
use crate::domain::language::Language;
use crate::http::AppState;

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

/// A page in the language that was chosen, which the browser remembers.
pub(super) fn in_language(
    app: &AppState,
    chosen: Language,
    page: Result<HttpResponse, PageError>,
) -> Result<HttpResponse, PageError> {
    let mut page = page?;
    visitor::remember_language(app, chosen, &mut page);
    Ok(page)
}
