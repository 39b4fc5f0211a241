//! A form that carries files: its words as any other form, its files looked at, sealed and put away
//! as they arrive.

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

/// How many files one form may carry, and how many bytes of words.
const FILES_MOST: usize = 6;
const WORDS_MOST: usize = 128 * 1024;
/// How many bytes of a form that says beforehand how long it is.
const BYTES_MOST: u64 = FILES_MOST as u64 * FILE_MOST + 1024 * 1024;

/// A form with its files.
pub(super) struct Uploaded {
    pub posted: Posted,
    pub files: Vec<Kept>,
    /// What was wrong with a file that was not kept: the file's own name stands in no log.
    pub wrong: Option<FileError>,
}

/// Reads a form that was sent from one of our own pages: its token stands before its files. What
/// was put away of a form that is refused is taken back.
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

/// What a group is told of a file of its own that was not kept.
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

/// The file that an event of the log names.
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
            // An empty file field sends an empty file.
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
                    // Nothing more is read: it may have no end.
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

    /// Records the files among the group's; their names in the store. Of a form that is sent twice
    /// the first copies stay.
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
            // The same file in the same form: another one that is sent from the same page is kept
            // as well.
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
                    // Only where it is certain that no event names it; otherwise it stays, sealed.
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

    /// Takes back what was put away, when the form is not taken.
    pub(super) async fn give_up(&self, desk: &Desk) -> Result<(), Failed> {
        for kept in &self.files {
            desk.files.remove(&kept.file).await?;
        }
        Ok(())
    }
}
