//! Reads of the directory. Everyone who is signed in sees the published entries; those who hold one
//! see it always, and staff see all.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use uuid::Uuid;

use super::query::{
    QueryParams, list_rows, not_found, only_ids, own_groups, path_id, require_staff,
};
use super::response::{Collection, record_response};
use super::{ReadRoute, ResponseShape};
use crate::auth::SignedIn;
use crate::domain::Role;
use crate::domain::asset::{AssetKind, AssetState, AssetWay};
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
use crate::projections::{AssetRow, ExchangeRow, TieRow, TieState};
use crate::views::{AssetView, Filter, HoursSummary, Reader};

const ASSETS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
    "state",
    "group",
    "area",
    "theme",
    "way",
    "kind",
    "named",
    "keeper",
    "without_keeper",
    "mine",
    "stale_by",
];
const ASSET_ITEMS_PARAMS: &[&str] = &[
    "after",
    "limit",
    "as_at",
    "min_position",
    "sort",
    "count",
    "updated_since",
];

/// The directory, and the hours that were given.
pub(super) fn routes() -> Vec<ReadRoute> {
    vec![
        ReadRoute {
            path: "/assets",
            name: "assets",
            summary: "The directory. Others than staff see what is published, and what they hold.",
            query: ASSETS_PARAMS,
            shape: ResponseShape::page_by_state::<AssetView, AssetState>(),
            route: || web::get().to(list),
        },
        ReadRoute {
            path: "/assets/{asset}",
            name: "asset",
            summary: "One entry of the directory.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<AssetView>(),
            route: || web::get().to(show),
        },
        ReadRoute {
            path: "/assets/{asset}/ties",
            name: "asset_ties",
            summary: "The ties from an entry to others.",
            query: super::GATHERING_ITEMS_PARAMS,
            shape: ResponseShape::page_by_state::<TieRow, TieState>(),
            route: || web::get().to(ties),
        },
        ReadRoute {
            path: "/assets/{asset}/exchanges",
            name: "asset_exchanges",
            summary: "The time that was given for an entry.",
            query: ASSET_ITEMS_PARAMS,
            shape: ResponseShape::page::<ExchangeRow>(),
            route: || web::get().to(exchanges),
        },
        ReadRoute {
            path: "/hours",
            name: "hours",
            summary: "The balances of the time bank.",
            query: &["as_at", "min_position"],
            shape: ResponseShape::record::<HoursSummary>(),
            route: || web::get().to(hours),
        },
    ]
}

/// Whether the reader sees all entries of the directory.
fn sees_directory(reader: &Reader) -> bool {
    reader.sees_all() || reader.roles.contains(&Role::Connector)
}

/// Whether the reader sees what people wrote about entries.
fn reads_words(reader: &Reader) -> bool {
    reader.works_with_groups() || reader.roles.contains(&Role::Connector)
}

pub(super) async fn list(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, ASSETS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    if !sees_directory(&signed.reader) {
        params.must_not_search_past(as_at, &["named", "count"])?;
    }
    let mut filters = params.state_filter::<AssetState>()?;
    filters.extend(params.equality_filters(&[("area", "area"), ("group", "group_id")])?);
    filters.extend(kind_filters(&params)?);
    filters.extend(keeper_filters(&app, &signed, &params, as_at).await?);
    let own = own_groups(&app, &signed).await?.unwrap_or_default();
    let mine = params.parsed::<bool>("mine", "this is true or false")? == Some(true);
    if mine {
        filters.push(Filter::equals("person", signed.reader.person));
    }
    let asked: Option<Uuid> = params.parsed("group", "this must be an id")?;
    let of_own_group = asked.is_some_and(|group| own.contains(&group));
    if !sees_directory(&signed.reader) && !mine && !of_own_group {
        filters.push(Filter::in_state([AssetState::Published]));
    }
    let (mut rows, end) = list_rows::<AssetRow>(&app, &params, as_at, filters).await?;
    if !sees_directory(&signed.reader) && !mine && !of_own_group {
        rows = without_withdrawn(&app, rows).await?;
    }
    let person = signed.reader.person;
    let words = reads_words(&signed.reader);
    let rows = rows
        .into_iter()
        .map(|row| redact(row, &signed.reader))
        .collect();
    let is_held = |row: &AssetRow| {
        row.person == Some(person) || row.group.is_some_and(|group| own.contains(&group.0))
    };
    let items = app
        .views
        .decrypt_assets(|row| words || is_held(row), rows)
        .await?;
    Ok(Collection::new(items, end).to_response())
}

/// The filters by way, kind, theme and name, and by whether an entry is out of date today.
fn kind_filters(params: &QueryParams) -> Result<Vec<Filter>, Problem> {
    let mut filters = Vec::new();
    let way = params.parsed::<AssetWay>("way", "choose from: offer, wish")?;
    filters.extend(way.map(|way| Filter::equals("way", <&str>::from(way))));
    let says = "choose from: group, organisation, place, thing, skill, interest";
    let kind = params.parsed::<AssetKind>("kind", says)?;
    filters.extend(kind.map(|kind| Filter::equals("kind", <&str>::from(kind))));
    let theme = params.equality_value("theme")?;
    filters.extend(theme.map(|theme| Filter::includes("themes", &theme)));
    if let Some(text) = params.get("named") {
        if text.trim().is_empty() || text.chars().count() > 140 {
            return Err(ErrorCode::InvalidQuery
                .problem("use a part of a name, up to 140 characters")
                .with_field("named"));
        }
        filters.push(Filter::contains("name", text.trim()));
    }
    if let Some(day) = params.day("stale_by")? {
        filters.push(Filter::at_most("stale_on", day));
    }
    Ok(filters)
}

/// The filters by keeper, for staff: others do not see who keeps an entry.
async fn keeper_filters(
    app: &AppState,
    signed: &SignedIn,
    params: &QueryParams,
    as_at: Option<i64>,
) -> Result<Vec<Filter>, Problem> {
    let keeper: Option<Uuid> = params.parsed("keeper", "this must be an id")?;
    let without = params.parsed::<bool>("without_keeper", "this is true or false")?;
    if keeper.is_none() && without.is_none() {
        return Ok(Vec::new());
    }
    if !sees_directory(&signed.reader) {
        require_staff(signed)?;
    }
    let mut filters: Vec<Filter> = keeper
        .map(|keeper| Filter::equals("keeper", keeper))
        .into_iter()
        .collect();
    if without == Some(true) {
        let former = app.views.former_keepers(as_at).await?;
        let ids = only_ids(former.into_iter().map(|keeper| keeper.0));
        filters.push(Filter::any_of("keeper", ids));
        filters.push(Filter::in_state([
            AssetState::Recorded,
            AssetState::Published,
            AssetState::Paused,
        ]));
    }
    Ok(filters)
}

pub(super) async fn show(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    asset_response(&app, &signed, path_id(&http, "asset")?, as_at).await
}

/// The response with an entry, as far as the reader may see it.
pub(super) async fn asset_response(
    app: &AppState,
    signed: &SignedIn,
    asset: Uuid,
    as_at: Option<i64>,
) -> Result<HttpResponse, Problem> {
    let found = find_visible(app, signed, asset, as_at).await?;
    let version = found.row.version;
    let words = reads_words(&signed.reader) || found.is_own;
    let row = redact(found.row, &signed.reader);
    let mut rows = app.views.decrypt_assets(|_| words, vec![row]).await?;
    record_response(&rows.pop().ok_or_else(not_found)?, version)
}

/// An entry, and whether the reader holds it.
struct VisibleAsset {
    row: AssetRow,
    is_own: bool,
}

async fn find_visible(
    app: &AppState,
    signed: &SignedIn,
    asset: Uuid,
    as_at: Option<i64>,
) -> Result<VisibleAsset, Problem> {
    let row: AssetRow = app.views.find(asset, as_at).await?.ok_or_else(not_found)?;
    let reader = &signed.reader;
    let is_of_own_group = match row.group {
        Some(group) => app.views.groups_of(reader.person).await?.contains(&group.0),
        None => false,
    };
    let is_own = is_of_own_group || row.person == Some(reader.person);
    if sees_directory(reader) || is_own {
        return Ok(VisibleAsset { row, is_own });
    }
    let mut shown = without_withdrawn(app, vec![row]).await?;
    match shown.pop() {
        Some(row) if row.is_public() => Ok(VisibleAsset { row, is_own }),
        _ => Err(not_found()),
    }
}

/// These rows, as at any day, without entries that are withdrawn now and with the public words of
/// today: text that was withdrawn or removed must not be shown for past days either.
async fn without_withdrawn(
    app: &AppState,
    mut rows: Vec<AssetRow>,
) -> Result<Vec<AssetRow>, Problem> {
    let ids = rows.iter().map(|row| row.id);
    let these = vec![Filter::any_of("id", ids)];
    let found = app.views.all_rows::<AssetRow>(None, these).await?;
    let now: BTreeMap<Uuid, AssetRow> = found.into_iter().map(|row| (row.id, row)).collect();
    rows.retain_mut(|row| {
        let standing = now.get(&row.id);
        let standing = standing.filter(|now| now.state != AssetState::Withdrawn);
        if let Some(now) = standing {
            row.name.clone_from(&now.name);
            row.listing.clone_from(&now.listing);
        }
        standing.is_some()
    });
    Ok(rows)
}

/// Removes the keeper, and the person who holds it if that is not the reader.
fn redact(mut row: AssetRow, reader: &Reader) -> AssetRow {
    if !sees_directory(reader) {
        row.keeper = None;
        row.person = row.person.filter(|person| *person == reader.person);
    }
    row
}

/// The id of the entry in the address, for staff and those who hold it.
async fn own_path_id(
    http: &HttpRequest,
    signed: &SignedIn,
    app: &AppState,
) -> Result<Uuid, Problem> {
    let asset = path_id(http, "asset")?;
    let found = find_visible(app, signed, asset, None).await?;
    if sees_directory(&signed.reader) || found.is_own {
        Ok(asset)
    } else {
        Err(not_found())
    }
}

pub(super) async fn ties(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, super::GATHERING_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let asset = own_path_id(&http, &signed, &app).await?;
    let mut filters = params.state_filter::<TieState>()?;
    filters.push(Filter::equals("asset", asset));
    let (rows, end) = list_rows::<TieRow>(&app, &params, as_at, filters).await?;
    Ok(Collection::new(rows, end).to_response())
}

pub(super) async fn exchanges(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let params = QueryParams::parse(&http, ASSET_ITEMS_PARAMS)?;
    let as_at = params.as_at(&app).await?;
    let asset = own_path_id(&http, &signed, &app).await?;
    let filters = vec![Filter::equals("asset", asset)];
    let (rows, end) = list_rows::<ExchangeRow>(&app, &params, as_at, filters).await?;
    Ok(Collection::new(rows, end).to_response())
}

/// The balances of the time bank, for staff.
pub(super) async fn hours(
    http: HttpRequest,
    signed: SignedIn,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    if !sees_directory(&signed.reader) {
        require_staff(&signed)?;
    }
    let params = QueryParams::parse(&http, &["as_at", "min_position"])?;
    let as_at = params.as_at(&app).await?;
    let hours = app.views.hours(as_at).await?;
    Ok(HttpResponse::Ok().json(hours.as_ref()))
}
