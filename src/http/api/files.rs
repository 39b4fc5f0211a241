//! Keeping a group's files, and opening them again. The body of an upload is the file itself.

use actix_web::http::header::CONTENT_DISPOSITION;
use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::accepted;
use super::asked::{Asked, nothing};
use super::commands::repeat_key;
use super::groups::visible;
use crate::commands::Request;
use crate::domain::file::{FileDigest, FilePurpose, KeepFile};
use crate::domain::{Command, GroupCommand, GroupId, Refusal};
use crate::files::Kept;
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::projections::GroupRow;

pub(super) async fn keep(http: HttpRequest, body: web::Payload, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["purpose"])?;
    let purpose = asked.parsed::<FilePurpose>("purpose", "this is scan, receipt, document, photograph or signed_form")?;
    let purpose = purpose.ok_or_else(|| Fault::InvalidQuery.problem("say what the file is for").about("purpose"))?;
    // What a repeat repeats is the name of the upload: its bytes are sealed anew each time.
    let repeat = repeat_key(&http, http.query_string().as_bytes(), &desk)?;
    let group = visible(&http, &signed, &desk).await?;
    if signed.reader.sees_all() && !signed.reader.works_with_groups() {
        return Err(Refusal::NotYours.into());
    }
    let Kept { file, media, bytes } = desk.files.keep(desk.commands.log().vault(), group, body).await?;
    let keep = GroupCommand::KeepFile(KeepFile { file: file.clone(), media, bytes, purpose });
    let request = Request { repeat: Some(repeat), ..Request::new(signed.caller.clone(), Command::Group(GroupId(group), keep)) };
    let answer = match desk.commands.issue(request).await {
        Ok(answer) => answer,
        Err(error) => {
            desk.files.remove(&file).await?;
            return Err(error.into());
        }
    };
    let _ = desk.views.passed(answer.last_position).await;
    let kept = desk.views.find::<GroupRow>(&group.to_string(), None).await?.is_some_and(|row| row.files.iter().any(|row| row.file == file));
    if !kept {
        // A repeat: the file that was kept the first time stands, and this one is nobody's.
        desk.files.remove(&file).await?;
    }
    Ok(accepted(answer, kept.then(|| format!("{}/groups/{group}/files/{file}", super::PREFIX))))
}

pub(super) async fn open(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    Asked::read(&http, &[])?;
    let group = visible(&http, &signed, &desk).await?;
    if !signed.reader.reads_words() {
        return Err(Refusal::NotYours.into());
    }
    let file: FileDigest = http.match_info().query("file").parse().map_err(|_| nothing())?;
    let row: GroupRow = desk.views.find(&group.to_string(), None).await?.ok_or_else(nothing)?;
    let known = row.files.iter().find(|known| known.file == file).ok_or_else(nothing)?;
    let stream = desk.files.open(desk.commands.log().vault(), group, &file).await?;
    let mut response = HttpResponse::Ok();
    response.content_type(<&str>::from(known.media));
    response.insert_header((CONTENT_DISPOSITION, "attachment"));
    response.insert_header(("Content-Security-Policy", "default-src 'none'; sandbox"));
    Ok(response.streaming(stream))
}
