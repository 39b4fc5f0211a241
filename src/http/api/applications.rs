//! Reading applications. A group's member sees their own, without what assessors wrote.

use actix_web::{HttpRequest, HttpResponse, web};

use super::answers::{Collection, record};
use super::asked::{Asked, id, list_own, nothing, own_groups};
use crate::domain::Role;
use crate::http::Desk;
use crate::http::problem::Problem;
use crate::http::signin::SignedIn;
use crate::projections::ApplicationRow;
use crate::views::Reader;

const FILTERS: [(&str, &str); 5] = [("state", "state"), ("fund", "fund"), ("round", "round"), ("group", "group_id"), ("area", "area")];

pub(super) async fn list(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(&http, &["after", "limit", "as_at", "min_position", "state", "fund", "round", "group", "area"])?;
    let listed = list_own::<ApplicationRow>(&desk, &signed, &asked, asked.filters(&FILTERS)?, "group_id").await?;
    let items = listed.items.into_iter().map(|row| for_reader(&signed.reader, row)).collect();
    Ok(Collection { items, next: listed.next }.answer())
}

pub(super) async fn show(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let (row, _) = find(&http, &signed, &desk).await?;
    let row = for_reader(&signed.reader, row);
    Ok(record(&row, row.version))
}

pub(super) async fn answers(http: HttpRequest, signed: SignedIn, desk: web::Data<Desk>) -> Result<HttpResponse, Problem> {
    let (row, as_at) = find(&http, &signed, &desk).await?;
    let reader = &signed.reader;
    if reader.sees_all() && !reader.works_with_groups() && !reader.roles.contains(&Role::Panel) {
        return Err(crate::domain::Refusal::NotYours.into());
    }
    Ok(Collection { items: desk.views.answers(row.id, as_at).await?, next: None }.answer())
}

async fn find(http: &HttpRequest, signed: &SignedIn, desk: &Desk) -> Result<(ApplicationRow, Option<i64>), Problem> {
    let asked = Asked::read(http, &["as_at", "min_position"])?;
    let as_at = asked.as_at(desk).await?;
    let row: ApplicationRow = desk.views.find(&id(http, "application")?.to_string(), as_at).await?.ok_or_else(nothing)?;
    match own_groups(desk, signed).await? {
        Some(own) if !own.contains(&row.group.0) => Err(nothing()),
        _ => Ok((row, as_at)),
    }
}

fn for_reader(reader: &Reader, row: ApplicationRow) -> ApplicationRow {
    if reader.sees_all() { row } else { ApplicationRow { scores: Vec::new(), help: None, rank: None, ..row } }
}
