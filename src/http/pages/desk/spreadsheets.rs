//! The lists of the desk as spreadsheets, with the same filters: the address is that of the page
//! with `/sheets` before the list.

use actix_web::HttpResponse;
use actix_web::http::header::CONTENT_DISPOSITION;

use super::{
    DeskRequest, applications, assets, barriers, funds, gatherings, grants, groups, payments,
    people, statement, updates, value,
};
use crate::http::pages::PageError;

const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

pub(super) async fn show(request: &DeskRequest<'_>, list: &str) -> Result<HttpResponse, PageError> {
    let (list, kind) = list.rsplit_once('.').ok_or_else(PageError::not_found)?;
    let sheet = match list {
        "applications" => applications::spreadsheet(request).await?,
        "grants" => grants::spreadsheet(request).await?,
        "payments" => payments::spreadsheet(request).await?,
        "updates" => updates::spreadsheet(request).await?,
        "groups" => groups::spreadsheet(request).await?,
        "funds" => funds::spreadsheet(request).await?,
        "people" => people::spreadsheet(request).await?,
        "gatherings" => gatherings::spreadsheet(request).await?,
        "assets" => assets::spreadsheet(request).await?,
        "barriers" => barriers::spreadsheet(request).await?,
        "statement" => statement::spreadsheet(request).await?,
        "value" => value::spreadsheet(request).await?,
        _ => return Err(PageError::not_found()),
    };
    let (media, bytes) = match kind {
        "csv" => ("text/csv; charset=utf-8", sheet.to_csv().into_bytes()),
        "xlsx" => (
            XLSX,
            sheet
                .to_xlsx()
                .map_err(|error| PageError::internal(&error))?,
        ),
        _ => return Err(PageError::not_found()),
    };
    let name = format!("attachment; filename=\"{list}.{kind}\"");
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_DISPOSITION, name))
        .content_type(media)
        .body(bytes))
}
