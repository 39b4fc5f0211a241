//! Files that answer a question: uploading and removing them, and showing them.

use actix_multipart::Multipart;
use actix_web::guard::GuardContext;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use super::answer;
use super::sections::{self, Section};
use crate::clock::day_of;
use crate::commands::CommandError;
use crate::domain::application::ANSWER_FILES_MAX;
use crate::domain::file::{FileDigest, FilePurpose, MediaType, RemoveFile};
use crate::domain::language::Language;
use crate::domain::{ApplicationId, Command, GroupCommand};
use crate::http::AppState;
use crate::http::pages::i18n::translate_with;
use crate::http::pages::{
    FormData, FormErrors, PageError, Visitor, file_upload, group_files, kept_form, ownership,
    see_other,
};
use crate::projections::FileRow;

/// How many files of one answer are looked up and shown. A person who added too many sees them all,
/// and can remove some.
const SHOWN_MAX: usize = 2 * ANSWER_FILES_MAX;

/// The box that takes a file out of an answer.
const DROP: &str = "drop";

/// A file that answers a question.
#[derive(Clone, Debug)]
pub struct FileLink {
    pub file: FileDigest,
    pub path: String,
    pub name: String,
    pub is_picture: bool,
}

/// The files of an answer as a list, pictures with a small view.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/answer_files.html")]
pub struct AnswerFiles {
    pub links: Vec<FileLink>,
}

impl HtmlSafe for AnswerFiles {}

impl AnswerFiles {
    /// The files of a group that a stored answer names, at the addresses of an application's group.
    pub async fn of_group(
        app: &AppState,
        (application, group): (Uuid, Uuid),
        stored: &str,
        language: Language,
    ) -> Result<Self, PageError> {
        let folder = format!("/my/applications/{application}/files");
        Self::find(app, group, (stored, &folder), language).await
    }

    /// The same at the addresses of the desk.
    pub async fn at_desk(app: &AppState, group: Uuid, stored: &str) -> Result<Self, PageError> {
        let folder = format!("/desk/files/{group}");
        Self::find(app, group, (stored, &folder), Language::En).await
    }

    async fn find(
        app: &AppState,
        group: Uuid,
        (stored, folder): (&str, &str),
        language: Language,
    ) -> Result<Self, PageError> {
        let mut links = Vec::new();
        for file in named_files(stored) {
            let known: Option<FileRow> = app.views.find(FileRow::id_of(group, &file), None).await?;
            let Some(known) = known.filter(|known| known.removed_on.is_none()) else {
                continue;
            };
            links.push(FileLink {
                path: format!("{folder}/{file}"),
                name: translate_with("File {}", &(links.len() + 1).to_string(), language),
                is_picture: known.media == MediaType::Jpeg,
                file,
            });
        }
        Ok(Self { links })
    }

    /// The same files, which belong to a group, at the addresses of the desk.
    pub fn to_desk(&self, group: impl std::fmt::Display) -> Self {
        let mut files = self.clone();
        for link in &mut files.links {
            link.path = format!("/desk/files/{group}/{}", link.file);
        }
        files
    }

    pub fn is_empty(&self) -> bool {
        self.links.is_empty()
    }
}

/// The first files that a stored answer names, each once. An answer that is not finished may have
/// hundreds of lines.
fn named_files(stored: &str) -> Vec<FileDigest> {
    let mut named: Vec<FileDigest> = Vec::new();
    for file in stored.lines().filter_map(|line| line.trim().parse().ok()) {
        if named.len() == SHOWN_MAX {
            break;
        }
        if !named.contains(&file) {
            named.push(file);
        }
    }
    named
}

/// The name of the field that takes new files for an answer, from the name of the answer's field.
pub fn upload_field(name: &str) -> String {
    format!("file-{name}")
}

/// Adds the stored files to a form. Each becomes a value of the field of its answer. Files that the
/// visitor wants to remove are left out.
pub fn with_files(posted: &FormData, stored: &[(String, FileDigest)]) -> FormData {
    let is_dropped = |value: &str| posted.all(DROP).any(|dropped| dropped == value);
    let kept = posted
        .pairs()
        .iter()
        .filter(|(name, value)| name != DROP && !is_dropped(value.trim()));
    let new = stored.iter().filter_map(|(field, file)| {
        let name = field.strip_prefix("file-")?;
        Some((name.to_owned(), file.to_string()))
    });
    FormData::new(kept.cloned().chain(new).collect())
}

/// Whether a request has a form with files.
pub(super) fn is_multipart(request: &GuardContext<'_>) -> bool {
    let media = request.head().headers().get(CONTENT_TYPE);
    media
        .and_then(|media| media.to_str().ok())
        .is_some_and(|media| media.starts_with("multipart/"))
}

/// Saves an answer with files. If one cannot be stored, the page keeps the others.
pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let group = row.group.0;
    let uploaded = file_upload::read(&request, body, &visitor, &app, group).await?;
    if !sections::is_open(&row, day_of(app.commands.now())) {
        uploaded.discard(&app).await?;
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    let stored = uploaded
        .record_named(
            &visitor,
            &app,
            (group, Some(ApplicationId(row.id))),
            |_: &str| FilePurpose::Enclosure,
        )
        .await?;
    let posted = with_files(&uploaded.posted, &stored);
    kept_form::note_values(&request, &posted);
    if let Some(error) = &uploaded.file_error {
        let says = file_upload::file_error_text(error, visitor.language);
        let wrong = vec![("answer".to_owned(), says)];
        let rejected = FormErrors {
            files: uploaded.waiting.clone(),
            ..FormErrors::new("answer", &posted, wrong)
        };
        return answer::render(&request, &visitor, &app, row, Some(rejected), false).await;
    }
    let saved = answer::save(&request, &visitor, &app, &posted).await?;
    if saved.status().is_redirection() {
        remove_dropped(&request, &visitor, &app, &uploaded.posted).await?;
    }
    Ok(saved)
}

/// Removes the files that a form takes out, if no answer names them any more. Those of an
/// application that was sent remain files of the group.
async fn remove_dropped(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<(), PageError> {
    let parsed = posted.all(DROP).filter_map(|file| file.trim().parse().ok());
    let dropped: Vec<FileDigest> = parsed.collect();
    if dropped.is_empty() {
        return Ok(());
    }
    let row = ownership::own_application(visitor, app, request.match_info().query("id")).await?;
    let answers = sections::all_sections(app, &row, visitor.language).await?;
    for file in dropped {
        let is_named = |section: &Section| section.stored.lines().any(|line| line == file.as_str());
        if answers.iter().any(is_named) {
            continue;
        }
        let step = format!("/drop/{file}");
        let remove = GroupCommand::RemoveFile(RemoveFile {
            file,
            application: ApplicationId(row.id),
        });
        let remove = Command::Group(row.group, remove);
        match ownership::issue(visitor, app, posted, &step, remove).await {
            Ok(_) | Err(PageError::Refused(CommandError::Refused(_))) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A file of the group that applies, for its members.
pub(super) async fn download(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    group_files::serve_file(&request, &app, row.group.0).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unfinished_answer_has_few_of_its_lines_looked_up() {
        let lines = |count: usize| {
            let lines = (0..count).map(|number| format!("{number:064x}\n"));
            lines.collect::<Vec<_>>().concat()
        };
        let full = lines(SHOWN_MAX);
        assert_eq!(named_files(&full).len(), SHOWN_MAX);
        assert_eq!(named_files(&lines(300)), named_files(&full));
        let again = format!("no file\n{}{}", lines(1).repeat(300), lines(2));
        assert_eq!(named_files(&again).len(), 2, "each is looked up once");
    }
}
