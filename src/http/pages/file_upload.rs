//! Multipart forms with files to be stored. Each file is checked, encrypted and stored while it
//! arrives; it is recorded as an event only when the whole form is accepted.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use actix_web::web::Bytes;
use futures::TryStreamExt as _;
use uuid::Uuid;

use super::i18n::{translate, translate_with};
use super::kept_files::{LateFiles, NamedFiles};
use super::multipart::{incomplete_form, text};
use super::{FormData, PageError, Visitor, csrf, kept_form, ownership};
use crate::auth::kept_forms::{KeptFile, LateFile};
use crate::commands::{CommandError, CommandRequest, IdempotencyKey};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile};
use crate::domain::language::Language;
use crate::domain::{ApplicationId, Command, Event, GroupCommand, GroupEvent, GroupId, thousands};
use crate::files::{FILE_SIZE_MAX, FILES_IN_FORM_MAX, FileError, StoredFile};
use crate::http::AppState;
use crate::http::problem::ErrorCode;

/// The most bytes of all fields without files together.
const TEXT_BYTES_MAX: usize = 128 * 1024;
/// The most bytes of a form whose length is known before it is read.
const BODY_BYTES_MAX: u64 = FILES_IN_FORM_MAX as u64 * FILE_SIZE_MAX + 1024 * 1024;

/// A parsed form with its stored files.
pub(super) struct UploadedForm {
    pub posted: FormData,
    pub files: Vec<StoredFile>,
    /// The name of the field of each stored file, and the name that the file had.
    fields: Vec<String>,
    names: Vec<String>,
    /// The kept files that cannot be stored just now, for the page to show again.
    pub waiting: Vec<KeptFile>,
    /// Why a file was not stored, if one was not. The file's name is not in it, so that it does not
    /// get into the trace output.
    pub file_error: Option<FileError>,
}

/// Parses the form of a member of staff with files for the group in the request's address. Fails if
/// the reader does not work with groups.
pub(super) async fn read_at_desk(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
    app: &AppState,
) -> Result<(Uuid, UploadedForm), PageError> {
    let body = kept_form::require_signed_in(request, app, visitor, body).await?;
    if !visitor.require_staff()?.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let uploaded = read(request, body, visitor, app, group).await?;
    Ok((group, uploaded))
}

/// Parses a form, and checks that it was submitted from a page of this service: the CSRF token must
/// come before the first file. If the form is refused, its stored files are removed.
pub(super) async fn read(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
    app: &AppState,
    group: Uuid,
) -> Result<UploadedForm, PageError> {
    csrf::check_origin(request)?;
    if known_length(request).is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(ErrorCode::TooLarge
            .problem("this is too much for one form")
            .into());
    }
    let mut uploaded = UploadedForm {
        posted: FormData::default(),
        files: Vec::new(),
        fields: Vec::new(),
        names: Vec::new(),
        waiting: Vec::new(),
        file_error: None,
    };
    let mut read = uploaded
        .read_parts(request, body, visitor, app, group)
        .await;
    if read.is_ok() {
        read = uploaded.add_kept(request, visitor, app, group).await;
    }
    match read {
        Ok(()) => Ok(uploaded),
        Err(error) => {
            uploaded.discard(app).await?;
            Err(error)
        }
    }
}

/// The length of the body, if the request says it.
fn known_length(request: &HttpRequest) -> Option<u64> {
    let length = request.headers().get(CONTENT_LENGTH)?;
    length.to_str().ok()?.parse().ok()
}

/// Reads the text fields after a file that is not stored, so that no typed text is lost. A body of
/// unknown length may be endless, and is not read on.
async fn read_rest(
    request: &HttpRequest,
    body: &mut Multipart,
    pairs: &mut Vec<(String, String)>,
) -> Result<(), PageError> {
    match known_length(request) {
        Some(_) => {
            let mut none = LateFiles::default();
            kept_form::read_texts(body, pairs, (&mut none, |_: &FormData| false)).await
        }
        None => Ok(()),
    }
}

/// The text for a group about a file that was not stored.
pub(super) fn file_error_text(error: &FileError, language: Language) -> String {
    if let FileError::TooManyPixels { width, height } = error {
        let size = format!("{} × {}", thousands(*width), thousands(*height));
        return translate_with(
            "One of the photos is {} pixels, too many for us to open. Send a smaller copy, or a \
                screenshot of it",
            &size,
            language,
        );
    }
    let text = match error {
        FileError::Quota { .. } => translate(
            "Your group has sent as many files as it can in one day. Send the rest tomorrow, or \
                phone us",
            language,
        ),
        FileError::Busy => translate(
            "Many photos are being sent just now. Send yours again in a minute",
            language,
        ),
        FileError::TooMany => translate("Choose up to 6 files at a time", language),
        FileError::TooLarge => translate(
            "One of the files is larger than 10 MB. Choose a smaller one",
            language,
        ),
        FileError::UnknownKind => translate(
            "One of the files is not a photo or a PDF. Choose a JPEG, PNG or WebP photo, or a PDF",
            language,
        ),
        FileError::PhoneKind => translate(
            "One of the photos is a HEIC or AVIF file, which we cannot open. Share it as a JPEG, \
                or send a screenshot of it. For new photos on an iPhone, open Settings, Camera, \
                Formats and choose Most Compatible",
            language,
        ),
        FileError::CutOff => translate(
            "One of the photos was cut off on its way. Choose it again",
            language,
        ),
        FileError::Picture => translate(
            "We cannot open one of the photos. It is damaged. Choose another copy of it",
            language,
        ),
        FileError::Document => translate(
            "One of the PDFs is cut off or damaged. Save it again, and choose the new copy",
            language,
        ),
        FileError::Password => translate(
            "One of the PDFs opens only with a password. Save a copy without one, or send photos \
                of the pages",
            language,
        ),
        _ => translate("Choose photos or PDFs of up to 10 MB each", language),
    };
    text.to_owned()
}

/// The file in the `FileKept` event at a position.
async fn recorded_file(app: &AppState, position: i64) -> Result<FileDigest, PageError> {
    match app
        .commands
        .log()
        .read_events(position, 1)
        .await?
        .pop()
        .map(|event| event.event)
    {
        Some(Event::Group(GroupEvent::FileKept { file, .. })) => Ok(file),
        _ => Err(PageError::not_found()),
    }
}

impl UploadedForm {
    async fn read_parts(
        &mut self,
        request: &HttpRequest,
        mut body: Multipart,
        visitor: &Visitor,
        app: &AppState,
        group: Uuid,
    ) -> Result<(), PageError> {
        let (mut pairs, mut words, mut sent, mut trusted) = (Vec::new(), 0, 0, false);
        let mut late = LateFiles::default();
        while let Some(mut field) = body.try_next().await.map_err(incomplete_form)? {
            let name = field.name().unwrap_or_default().to_owned();
            let Some(file) = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename())
                .map(str::to_owned)
            else {
                words += name.len();
                let text = text(&mut field, TEXT_BYTES_MAX.saturating_sub(words)).await?;
                words += text.len();
                pairs.push((name, text));
                continue;
            };
            if !trusted {
                let before = FormData::new(pairs.clone());
                if csrf::check_form(request, before.text("csrf"), visitor).is_err() {
                    let keeps = kept_form::is_keepable(request, app, visitor, &before);
                    if !keeps || !late.read(&mut field, &file).await? {
                        pairs.extend(kept_form::chosen_file(&file));
                    }
                    drop(field);
                    if keeps {
                        let rest = (&mut late, |_: &FormData| true);
                        kept_form::read_texts(&mut body, &mut pairs, rest).await?;
                    }
                    break;
                }
                trusted = true;
            }
            // Browsers send an empty file for a file field without a choice.
            if file.is_empty() {
                continue;
            }
            sent += 1;
            if sent > FILES_IN_FORM_MAX {
                drop(field);
                self.file_error = Some(FileError::TooMany);
                read_rest(request, &mut body, &mut pairs).await?;
                break;
            }
            match app
                .store_file(group, &visitor.require_signed_in()?.reader, field)
                .await
            {
                Ok(kept) => {
                    self.files.push(kept);
                    self.fields.push(name);
                    self.names.push(kept_form::shown_name(&file));
                }
                Err(error) if error.is_form_error() => self.file_error = Some(error),
                Err(error @ FileError::TooLarge) => {
                    self.file_error = Some(error);
                    read_rest(request, &mut body, &mut pairs).await?;
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.posted = FormData::new(pairs);
        kept_form::check_form_with_files(request, app, visitor, &self.posted, &late.files).await
    }

    /// Stores the files that were kept with the form and that it names.
    async fn add_kept(
        &mut self,
        request: &HttpRequest,
        visitor: &Visitor,
        app: &AppState,
        group: Uuid,
    ) -> Result<(), PageError> {
        let Some(named) = NamedFiles::find(request, app, visitor, &self.posted).await? else {
            return Ok(());
        };
        for file in &named.files {
            if self.files.len() == FILES_IN_FORM_MAX {
                self.file_error = Some(FileError::TooMany);
                break;
            }
            let Some(content) = named.open(app, file).await? else {
                continue;
            };
            let body = futures::stream::iter([Ok::<_, FileError>(Bytes::from(content))]);
            let reader = &visitor.require_signed_in()?.reader;
            match app.store_file(group, reader, body).await {
                Ok(stored) => {
                    self.files.push(stored);
                    self.fields.push(file.field.clone());
                    self.names.push(file.name.clone());
                }
                Err(error @ (FileError::Quota { .. } | FileError::Busy)) => {
                    self.file_error = Some(error);
                    self.waiting.push(file.clone());
                    continue;
                }
                Err(error) if error.is_form_error() => self.file_error = Some(error),
                Err(error) => return Err(error.into()),
            }
            named.remove(app, file).await?;
        }
        Ok(())
    }

    /// Keeps the form with its stored files, because it is rejected and the files can only be
    /// recorded with it. They are used when the form is sent again.
    pub(super) async fn keep_for_later(
        &self,
        request: &HttpRequest,
        visitor: &Visitor,
        app: &AppState,
        group: Uuid,
    ) -> Result<Vec<KeptFile>, PageError> {
        if self.files.is_empty() {
            return Ok(Vec::new());
        }
        let mut late = Vec::new();
        for ((stored, field), name) in self.files.iter().zip(&self.fields).zip(&self.names) {
            let vault = app.commands.log().vault();
            let stream = app.files.open(vault, group, &stored.file).await?;
            let parts: Vec<Bytes> = stream.try_collect().await?;
            late.push(LateFile {
                field: field.clone(),
                name: name.clone(),
                content: parts.concat(),
            });
        }
        let kept = kept_form::keep_rejected(request, app, visitor, &self.posted, &late).await?;
        self.discard(app).await?;
        Ok(kept)
    }

    /// Records the stored files for the group, and returns their digests in the store. If the form
    /// was submitted before, the files of the first submission remain, and the new copies are
    /// removed.
    pub(super) async fn record_files(
        &self,
        visitor: &Visitor,
        app: &AppState,
        group: Uuid,
        purpose: FilePurpose,
    ) -> Result<Vec<FileDigest>, PageError> {
        let purpose = |_: &str| purpose;
        let kept = self
            .record_named(visitor, app, (group, None), purpose)
            .await?;
        Ok(kept.into_iter().map(|(_, file)| file).collect())
    }

    /// Like [`Self::record_files`], for files whose field says their purpose, perhaps handed in
    /// with an application of the group. Returns the field of each file as well.
    pub(super) async fn record_named(
        &self,
        visitor: &Visitor,
        app: &AppState,
        (group, application): (Uuid, Option<ApplicationId>),
        purpose: impl Fn(&str) -> FilePurpose,
    ) -> Result<Vec<(String, FileDigest)>, PageError> {
        let mut kept = Vec::new();
        for (at, (stored, field)) in self.files.iter().zip(&self.fields).enumerate() {
            let StoredFile {
                file,
                media,
                bytes,
                content,
            } = stored;
            let keep = GroupCommand::KeepFile(KeepFile {
                file: file.clone(),
                media: *media,
                bytes: *bytes,
                purpose: purpose(field),
                application,
            });
            let repeat = self.posted.idempotency_key(app, &visitor.path);
            // The key contains a digest of the file, so that another file from the same page is
            // recorded too.
            let content = app.commands.log().vault().request_hash(content);
            let repeat =
                IdempotencyKey::per_caller(format!("{}/file/{content}", repeat.key), content);
            let keep = Command::Group(GroupId(group), keep);
            let request = CommandRequest {
                idempotency_key: Some(repeat),
                ..CommandRequest::new(visitor.require_signed_in()?.caller.clone(), keep)
            };
            match app.commands.execute(request).await {
                Ok(answer) => {
                    app.views.wait_until_shown(answer.last_position).await;
                    let first = recorded_file(app, answer.first_position).await?;
                    if first != *file {
                        app.files.remove(file).await?;
                    }
                    kept.push((field.clone(), first));
                }
                Err(error) => {
                    // The files are removed only if it is certain that no event names them.
                    // Otherwise they remain, encrypted.
                    let certain = matches!(
                        error,
                        CommandError::Refused(_)
                            | CommandError::RefusedFor(_)
                            | CommandError::KeyReused
                            | CommandError::Busy
                    );
                    let from = if certain { at } else { at + 1 };
                    for unnamed in &self.files[from..] {
                        app.files.remove(&unnamed.file).await?;
                    }
                    return Err(error.into());
                }
            }
        }
        Ok(kept)
    }

    /// Removes the stored files of a form that is not accepted.
    pub(super) async fn discard(&self, app: &AppState) -> Result<(), PageError> {
        for kept in &self.files {
            app.files.remove(&kept.file).await?;
        }
        Ok(())
    }
}
