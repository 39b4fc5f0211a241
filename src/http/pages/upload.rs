//! A form that carries files: its words as any other form, its files looked at, sealed and put away as they arrive.

use actix_multipart::{Field, Multipart};
use actix_web::HttpRequest;
use futures::TryStreamExt as _;
use uuid::Uuid;

use super::{Failed, Posted, Visitor, guard};
use crate::commands::{CommandError, RepeatKey, Request};
use crate::domain::file::{FileDigest, FilePurpose, KeepFile};
use crate::domain::{Command, Event, GroupCommand, GroupEvent, GroupId};
use crate::files::{FileError, Kept};
use crate::http::Desk;
use crate::http::problem::Fault;

/// How many files one form may carry, and how many bytes of words.
const FILES_MOST: usize = 6;
const WORDS_MOST: usize = 128 * 1024;

/// A form with its files.
pub(super) struct Uploaded {
    pub posted: Posted,
    pub files: Vec<Kept>,
    /// What was wrong with a file that was not kept: the file's own name stands in no log.
    pub wrong: Option<FileError>,
}

/// Reads a form that was sent from one of our own pages: its token stands before its files.
pub(super) async fn read(
    request: &HttpRequest,
    mut body: Multipart,
    visitor: &Visitor,
    desk: &Desk,
    group: Uuid,
) -> Result<Uploaded, Failed> {
    guard::own_origin(request)?;
    let broken = |_| Fault::InvalidQuery.problem("the form did not arrive whole");
    let (mut pairs, mut files, mut wrong, mut words) = (Vec::new(), Vec::new(), None, 0);
    let mut trusted = false;
    while let Some(mut field) = body.try_next().await.map_err(broken)? {
        let name = field.name().unwrap_or_default().to_owned();
        let is_file = field.content_disposition().is_some_and(|disposition| disposition.get_filename().is_some());
        if !is_file {
            let text = text(&mut field, WORDS_MOST - words).await?;
            words += text.len();
            pairs.push((name, text));
            continue;
        }
        if !trusted {
            let posted = Posted::of(pairs.clone());
            guard::own_page(request, posted.text("csrf"), visitor)?;
            trusted = true;
        }
        // An empty file field sends an empty file.
        let named = field.content_disposition().and_then(|disposition| disposition.get_filename());
        if named.is_none_or(str::is_empty) {
            continue;
        }
        if files.len() >= FILES_MOST {
            return Err(Fault::TooLarge.problem(format!("one form carries at most {FILES_MOST} files")).into());
        }
        match desk.files.keep(desk.commands.log().vault(), group, field).await {
            Ok(kept) => files.push(kept),
            Err(error @ (FileError::TooLarge | FileError::UnknownKind | FileError::Picture | FileError::Document)) => {
                wrong = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
    let posted = Posted::of(pairs);
    if !trusted {
        guard::own_page(request, posted.text("csrf"), visitor)?;
    }
    Ok(Uploaded { posted, files, wrong })
}

/// The file that an event of the log names.
async fn recorded(desk: &Desk, position: i64) -> Result<FileDigest, Failed> {
    match desk.commands.log().page(position, 1).await?.pop().map(|event| event.event) {
        Some(Event::Group(GroupEvent::FileKept { file, .. })) => Ok(file),
        _ => Err(Failed::nothing()),
    }
}

async fn text(field: &mut Field, most: usize) -> Result<String, Failed> {
    let mut bytes = Vec::new();
    while let Some(part) = field.try_next().await.map_err(|_| Fault::InvalidQuery.problem("the form did not arrive whole"))? {
        if bytes.len() + part.len() > most {
            return Err(Fault::TooLarge.problem("this is more than one form can hold").into());
        }
        bytes.extend_from_slice(&part);
    }
    String::from_utf8(bytes).map_err(|_| Fault::InvalidQuery.problem("this is not text").into())
}

impl Uploaded {
    /// Records the files among the group's; their names in the store. Of a form that is sent twice the first copies stay.
    pub(super) async fn record(
        &self,
        visitor: &Visitor,
        desk: &Desk,
        group: Uuid,
        purpose: FilePurpose,
    ) -> Result<Vec<FileDigest>, Failed> {
        let mut kept = Vec::new();
        for (at, Kept { file, media, bytes }) in self.files.iter().enumerate() {
            let keep = GroupCommand::KeepFile(KeepFile { file: file.clone(), media: *media, bytes: *bytes, purpose });
            let repeat = self.posted.repeat(desk, &visitor.path);
            let repeat = RepeatKey { key: format!("{}/file/{at}", repeat.key), ..repeat };
            let keep = Command::Group(GroupId(group), keep);
            let request = Request { repeat: Some(repeat), ..Request::new(visitor.signed()?.caller.clone(), keep) };
            match desk.commands.issue(request).await {
                Ok(answer) => {
                    let _ = desk.views.passed(answer.last_position).await;
                    let first = recorded(desk, answer.first_position).await?;
                    if first != *file {
                        desk.files.remove(file).await?;
                    }
                    kept.push(first);
                }
                Err(error) => {
                    // Only where it is certain that no event names it; otherwise it stays, sealed.
                    let certain = matches!(error, CommandError::Refused(_) | CommandError::RefusedFor { .. } | CommandError::Busy);
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
