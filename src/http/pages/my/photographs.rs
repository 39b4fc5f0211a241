//! The photos of a form. The form names the photos that were accepted while the rest of it was
//! rejected, so that nobody has to choose them again.

use uuid::Uuid;

use crate::domain::file::{FileDigest, FilePurpose, MediaType};
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::pages::file_upload::{self, UploadedForm};
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::translate;
use crate::http::pages::{FormData, PageError, Visitor};
use crate::projections::FileRow;

/// The most photos that one report can keep from earlier attempts.
const KEPT_MAX: usize = 12;

/// The photos that came with a form and those that it keeps, and the error about a photo that was
/// not stored. If another field is wrong, the form keeps the photos that arrived whole, so that
/// nobody has to choose them again and none goes missing unnoticed.
pub(super) async fn received(
    uploaded: &UploadedForm,
    visitor: &Visitor,
    app: &AppState,
    group: Uuid,
) -> Result<(Vec<FileDigest>, FieldErrors), PageError> {
    let mut files = kept(app, group, &uploaded.posted).await?;
    let stored = uploaded
        .record_files(visitor, app, group, FilePurpose::Photograph)
        .await?;
    files.extend(stored);
    let wrong = uploaded.file_error.iter().map(|error| {
        let says = file_upload::file_error_text(error, visitor.language);
        ("pictures".to_owned(), says)
    });
    Ok((files, wrong.collect()))
}

/// The error of a form with photos that does not say that the people in them agreed.
pub(super) fn missing_consent(
    files: &[FileDigest],
    posted: &FormData,
    language: Language,
) -> Option<(String, String)> {
    let is_missing = !files.is_empty() && posted.text("agreed") != "yes";
    let says = "Ask the people in the photos, then tick the box";
    is_missing.then(|| ("agreed".to_owned(), translate(says, language).to_owned()))
}

/// The photos that a kept form names. `None` if no form of this name was kept until the visitor
/// signed in again.
pub(super) async fn of_kept_form(
    visitor: &Visitor,
    app: &AppState,
    group: Uuid,
    name: &str,
) -> Result<Option<Vec<FileDigest>>, PageError> {
    let Some(form) = visitor.kept.as_ref().filter(|form| form.form == name) else {
        return Ok(None);
    };
    let typed = FormData::new(form.values.clone());
    Ok(Some(kept(app, group, &typed).await?))
}

/// The photos that a form names, except those to be left out. Each is one of the group's files.
async fn kept(
    app: &AppState,
    group: Uuid,
    posted: &FormData,
) -> Result<Vec<FileDigest>, PageError> {
    let mut kept = Vec::new();
    for name in posted.all("kept").take(KEPT_MAX) {
        if posted.all("drop").any(|dropped| dropped == name) {
            continue;
        }
        let Ok(file) = name.parse::<FileDigest>() else {
            continue;
        };
        let known: Option<FileRow> = app.views.find(FileRow::id_of(group, &file), None).await?;
        if known.is_some() {
            kept.push(file);
        }
    }
    Ok(kept)
}

/// A form that names these photos in place of those that it named.
pub(super) fn with_files(posted: &FormData, files: &[FileDigest]) -> FormData {
    let others = posted
        .pairs()
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "kept" | "drop"));
    let named = files
        .iter()
        .map(|file| ("kept".to_owned(), file.to_string()));
    FormData::new(others.cloned().chain(named).collect())
}

/// Files by their digest, and whether each is a picture.
pub(super) async fn with_kinds(
    app: &AppState,
    group: Uuid,
    files: impl IntoIterator<Item = &FileDigest>,
) -> Result<Vec<(String, bool)>, PageError> {
    let mut seen = Vec::new();
    for file in files {
        let known: Option<FileRow> = app.views.find(FileRow::id_of(group, file), None).await?;
        let picture = known.is_some_and(|known| known.media == MediaType::Jpeg);
        seen.push((file.to_string(), picture));
    }
    Ok(seen)
}
