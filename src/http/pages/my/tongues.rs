//! The buttons under a long form that change the page's language without losing what was typed. The
//! language in the page's head is a link, which a browser follows without sending the form.

use crate::domain::language::Language;
use crate::http::pages::FormData;

/// The language of the button that was pressed, if it was one of these.
pub(super) fn to_read(posted: &FormData) -> Option<Language> {
    let language = posted.text("then").strip_prefix("language-")?;
    language.parse().ok()
}

/// The address that changes to a language and leads to a page.
pub(super) fn path_to(language: Language, page: &str) -> String {
    format!("/language/{}?to={page}", language.code())
}
