//! The page of an entry of the directory.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::{group_name, kind_name, way_name};
use crate::clock::day_of;
use crate::domain::text::Slug;
use crate::http::AppState;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, ownership, render_page};
use crate::projections::DirectoryRow;

#[derive(Template)]
#[template(path = "directory/entry.html")]
struct DirectoryEntryPage {
    page: PageContext,
    row: DirectoryRow,
    kind: &'static str,
    way: &'static str,
    /// Empty for an entry that is for everyone.
    area: String,
    themes: String,
    /// The name of the group that holds it.
    group: Option<String>,
    /// The addresses and names of entries that know it.
    known: Vec<(String, String)>,
    is_stale: bool,
    is_signed_in: bool,
    /// Whether the visitor may say that the group gave them time.
    may_receive: bool,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("entry"))?;
    let row = app.views.listed_entry(id, None).await?;
    let row = row.ok_or_else(PageError::not_found)?;
    let mut page = PageContext::load(&visitor, &app, &row.name).await?;
    page.width = PageWidth::Wide;
    page.back = Some("/directory".to_owned());
    let may_receive = match (&visitor.signed_in, row.group) {
        (Some(signed), Some(giver)) if !row.is_wish() => {
            let own = app.views.groups_of(signed.reader.person).await?;
            !own.contains(&giver.0)
        }
        _ => false,
    };
    let names = ThemeNames::load(&app).await?;
    let name = |theme: &Slug| names.name(theme.as_str(), visitor.language);
    let themes: Vec<String> = row.themes.iter().map(name).collect();
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    render_page(&DirectoryEntryPage {
        kind: kind_name(row.kind, visitor.language),
        way: way_name(row.way, visitor.language),
        area: area.unwrap_or_default(),
        themes: themes.join("; "),
        group: group_name(&app, row.group).await?,
        known: known(&app, id).await?,
        is_stale: row.is_stale(day_of(app.commands.now())),
        is_signed_in: visitor.signed_in.is_some(),
        may_receive,
        page,
        row,
    })
}

/// The addresses and names of the public entries that this one is tied to.
async fn known(app: &AppState, id: Uuid) -> Result<Vec<(String, String)>, PageError> {
    let ties = app.views.ties_of(id, None).await?;
    let others: BTreeSet<Uuid> = ties
        .iter()
        .flat_map(|tie| [tie.asset.0, tie.other.0])
        .filter(|other| *other != id)
        .collect();
    let mut known = Vec::new();
    for other in others {
        if let Some(row) = app.views.listed_entry(other, None).await? {
            known.push((format!("/directory/{}", row.id), row.name));
        }
    }
    known.sort_by(|one, other| one.1.cmp(&other.1));
    Ok(known)
}
