//! Multipart forms with files to be stored. Each file is checked, encrypted and stored while it
//! arrives; it is recorded as an event only when the whole form is accepted.

use actix_multipart::Multipart;
use actix_web::HttpRequest;
use actix_web::http::header::CONTENT_LENGTH;
use futures::TryStreamExt as _;
use uuid::Uuid;

use super::sent_file::{broken, text};
use super::words::say;
use super::{Failed, Posted, Visitor, guard};
use crate::commands::{CommandError, RepeatKey, Request};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile};
use crate::domain::language::Language;
use crate::domain::{Command, Event, GroupCommand, GroupEvent, GroupId};
use crate::files::{FILE_MOST, FileError, Kept};
use crate::http::Desk;
use crate::http::problem::Fault;

/// The most files in one form, and the most bytes of all other fields together.
const FILES_MOST: usize = 6;
const WORDS_MOST: usize = 128 * 1024;
/// The most bytes of a form whose length is known before it is read.
const BYTES_MOST: u64 = FILES_MOST as u64 * FILE_MOST + 1024 * 1024;

/// A parsed form with its stored files.
pub(super) struct Uploaded {
    pub posted: Posted,
    pub files: Vec<Kept>,
    /// Why a file was not stored, if one was not. The file's name is not in it, so that it does not
    /// get into the trace output.
    pub wrong: Option<FileError>,
}

/// Parses a form, and checks that it was submitted from a page of this service: the CSRF token must
/// come before the first file. If the form is refused, its stored files are removed.
pub(super) async fn read(
    request: &HttpRequest,
    body: Multipart,
    visitor: &Visitor,
    desk: &Desk,
    group: Uuid,
) -> Result<Uploaded, Failed> {
    guard::own_origin(request)?;
    let length = request
        .headers()
        .get(CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if length.is_some_and(|length| length > BYTES_MOST) {
        return Err(Fault::TooLarge
            .problem("this is more than one form can hold")
            .into());
    }
    let mut uploaded = Uploaded {
        posted: Posted::default(),
        files: Vec::new(),
        wrong: None,
    };
    match uploaded.fill(request, body, visitor, desk, group).await {
        Ok(()) => Ok(uploaded),
        Err(error) => {
            uploaded.give_up(desk).await?;
            Err(error)
        }
    }
}

/// The text for a group about a file that was not stored.
pub(super) fn wrong_says(error: &FileError, language: Language) -> &'static str {
    match error {
        FileError::Quota { .. } => say(
            "Your group has sent as many files as it can in one day. Send the rest tomorrow, or call us",
            language,
        ),
        FileError::Busy => say(
            "Many pictures are being sent just now. Send yours again in a minute",
            language,
        ),
        _ => say(
            "Only pictures and PDFs of up to 10 MB can be kept",
            language,
        ),
    }
}

/// The file in the `FileKept` event at a position.
async fn recorded(desk: &Desk, position: i64) -> Result<FileDigest, Failed> {
    match desk
        .commands
        .log()
        .page(position, 1)
        .await?
        .pop()
        .map(|event| event.event)
    {
        Some(Event::Group(GroupEvent::FileKept { file, .. })) => Ok(file),
        _ => Err(Failed::nothing()),
    }
}

impl Uploaded {
    async fn fill(
        &mut self,
        request: &HttpRequest,
        mut body: Multipart,
        visitor: &Visitor,
        desk: &Desk,
        group: Uuid,
    ) -> Result<(), Failed> {
        let (mut pairs, mut words, mut sent, mut trusted) = (Vec::new(), 0, 0, false);
        while let Some(mut field) = body.try_next().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            let Some(file) = field
                .content_disposition()
                .and_then(|disposition| disposition.get_filename())
                .map(str::to_owned)
            else {
                words += name.len();
                let text = text(&mut field, WORDS_MOST.saturating_sub(words)).await?;
                words += text.len();
                pairs.push((name, text));
                continue;
            };
            if !trusted {
                guard::own_page(request, Posted::of(pairs.clone()).text("csrf"), visitor)?;
                trusted = true;
            }
            // Browsers send an empty file for a file field without a choice.
            if file.is_empty() {
                continue;
            }
            sent += 1;
            if sent > FILES_MOST {
                return Err(Fault::TooLarge
                    .problem(format!("one form carries at most {FILES_MOST} files"))
                    .into());
            }
            match desk
                .keep_file(group, &visitor.signed()?.reader, field)
                .await
            {
                Ok(kept) => self.files.push(kept),
                Err(error) if error.is_said_beside_the_form() => self.wrong = Some(error),
                Err(error @ FileError::TooLarge) => {
                    // The rest is not read, because it may be endless.
                    self.wrong = Some(error);
                    break;
                }
                Err(error) => return Err(error.into()),
            }
        }
        self.posted = Posted::of(pairs);
        if trusted {
            Ok(())
        } else {
            guard::own_page(request, self.posted.text("csrf"), visitor)
        }
    }

    /// Records the stored files for the group, and returns their digests in the store. If the form
    /// was submitted before, the files of the first submission remain, and the new copies are
    /// removed.
    pub(super) async fn record(
        &self,
        visitor: &Visitor,
        desk: &Desk,
        group: Uuid,
        purpose: FilePurpose,
    ) -> Result<Vec<FileDigest>, Failed> {
        let mut kept = Vec::new();
        for (
            at,
            Kept {
                file,
                media,
                bytes,
                content,
            },
        ) in self.files.iter().enumerate()
        {
            let keep = GroupCommand::KeepFile(KeepFile {
                file: file.clone(),
                media: *media,
                bytes: *bytes,
                purpose,
            });
            let repeat = self.posted.repeat(desk, &visitor.path);
            // The key contains a digest of the file, so that another file from the same page is
            // recorded too.
            let content = desk.commands.log().vault().request_hash(content);
            let repeat = RepeatKey::own(format!("{}/file/{content}", repeat.key), content);
            let keep = Command::Group(GroupId(group), keep);
            let request = Request {
                repeat: Some(repeat),
                ..Request::new(visitor.signed()?.caller.clone(), keep)
            };
            match desk.commands.issue(request).await {
                Ok(answer) => {
                    desk.views.shown(answer.last_position).await;
                    let first = recorded(desk, answer.first_position).await?;
                    if first != *file {
                        desk.files.remove(file).await?;
                    }
                    kept.push(first);
                }
                Err(error) => {
                    // The files are removed only if it is certain that no event names them.
                    // Otherwise they remain, encrypted.
                    let certain = matches!(
                        error,
                        CommandError::Refused(_)
                            | CommandError::RefusedFor { .. }
                            | CommandError::KeyReused
                            | CommandError::Busy
                    );
                    let from = if certain { at } else { at + 1 };
                    for unnamed in &self.files[from..] {
                        desk.files.remove(&unnamed.file).await?;
                    }
                    return Err(error.into());
                }
            }
        }
        Ok(kept)
    }

    /// Removes the stored files of a form that is not accepted.
    pub(super) async fn give_up(&self, desk: &Desk) -> Result<(), Failed> {
        for kept in &self.files {
            desk.files.remove(&kept.file).await?;
        }
        Ok(())
    }
}
