//! The list of groups, and the search by a part of their name.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use jiff::civil::Date;
use uuid::Uuid;

use super::DeskRequest;
use super::group::shared_in_words;
use super::list::{
    ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListSearch, ListTab,
    build_spreadsheet, column,
};
use crate::clock::day_of;
use crate::domain::group::GroupMaturity;
use crate::domain::{Money, Role};
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::projections::{FundRow, GrantRow, GroupRow};
use crate::views::{Filter, GroupColumn as C, LikelyDuplicate};

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "groups",
    title: "Groups",
    lead: "",
    nouns: ("group", "groups"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "All",
            query: &[],
        },
        ListTab {
            label: "Current grant",
            query: &[("view", "current")],
        },
        ListTab {
            label: "New this year",
            query: &[("view", "new")],
        },
    ],
    usual: (Some("group"), C::Name.key()),
    amounts: [None, None],
    search: Some(ListSearch::Own),
    filters: |request| Ok(filters(request)),
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: true,
    bulk: &[],
    purpose: "Groups are added when they apply. You can also import those that you know already.",
};

const COLUMNS: [ListColumn; 10] = [
    column("group", "Group", Some(C::Name.key())),
    column("area", "Area", Some(C::Area.key())).unusual(),
    column("standing", "Status", Some(C::Standing.key())),
    column("payee", "Bank details", None),
    column("members", "Members", Some(C::Members.key())).numeric(),
    column("grants", "Open grants", Some(C::OpenGrants.key())).numeric(),
    column("received", "Paid, less returned", None).numeric(),
    column("active", "Last activity", None).minor(),
    column("registered", "Added", Some(C::Registered.key())).unusual(),
    column("changed", "Last changed", Some(C::Changed.key())).unusual(),
];

/// The conditions of the query.
fn filters(request: &DeskRequest<'_>) -> Vec<Filter> {
    let mut filters = request.filters_by_column(&["area"]);
    match request.text("view") {
        "current" => filters.push(Filter::equals("current_grant", "yes")),
        "new" => filters.push(Filter::at_least(
            "created_at",
            request.today().first_of_year(),
        )),
        _ => {}
    }
    filters
}

/// What a group had of its grants.
struct GroupActivity {
    /// What was paid, less what came back.
    received: Money,
    /// When the group or one of its grants changed last.
    last: Date,
}

/// What the groups of a page had of their grants, by the group's id.
async fn activity(
    request: &DeskRequest<'_>,
    groups: &[GroupRow],
) -> Result<BTreeMap<Uuid, GroupActivity>, PageError> {
    let of_group = |row: &GroupRow| {
        let last = day_of(row.updated_at.timestamp());
        let received = Money::ZERO;
        (row.id, GroupActivity { received, last })
    };
    let mut known: BTreeMap<Uuid, GroupActivity> = groups.iter().map(of_group).collect();
    let of = vec![Filter::any_of("group_id", known.keys())];
    let grants: Vec<GrantRow> = request.list_all(of).await?;
    for grant in grants {
        if let Some(of) = known.get_mut(&grant.group.0) {
            of.received = of.received.plus(grant.paid_net);
            of.last = of.last.max(day_of(grant.updated_at.timestamp()));
        }
    }
    Ok(known)
}

fn fields(funds: &[FundRow], _: &ThemeNames) -> Vec<ListFilter> {
    vec![ListFilter::area(funds)]
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<GroupRow>(&LIST).await?;
    let columns = request.shown_columns(&LIST);
    let shows_activity = columns
        .iter()
        .any(|column| matches!(column.id, "received" | "active"));
    let activity = if shows_activity {
        activity(request, &found.page.items).await?
    } else {
        BTreeMap::new()
    };
    let (today, from_list) = (request.today(), request.list_suffix());
    let is_past = !request.text("as_at").is_empty();
    let similar = if is_past || !request.signed.reader.works_with_groups() {
        BTreeMap::new()
    } else {
        request.app.views.likely_duplicates().await?
    };
    let row = |row: &GroupRow| ListRow {
        id: row.id.to_string(),
        path: format!("/desk/groups/{}{from_list}", row.id),
        name: row.name.clone(),
        sub: below_name(row, similar.get(&row.id)),
        cells: columns
            .iter()
            .skip(1)
            .map(|column| cell(column.id, row, activity.get(&row.id), today))
            .collect(),
        ..ListRow::default()
    };
    let rows = found.page.items.iter().map(row).collect();
    let links = if request.signed.reader.roles.contains(&Role::Officer) {
        vec![("Import groups", "/desk/import?kind=groups")]
    } else {
        Vec::new()
    };
    request.render_list(&LIST, &found, rows, links, "").await
}

/// The text below a group's name in the list: where it is, and whether it may be the same as
/// another.
fn below_name(row: &GroupRow, similar: Option<&LikelyDuplicate>) -> String {
    let area = place_name(&row.area);
    match similar {
        _ if row.merged_into.is_some() => format!("{area}. Merged into another group"),
        Some(similar) => {
            let shares = shared_in_words(similar.shares.iter().copied());
            format!("{area}. Same {shares} as {}", similar.other_name)
        }
        None => area,
    }
}

fn cell(column: &str, row: &GroupRow, activity: Option<&GroupActivity>, today: Date) -> ListCell {
    match column {
        "area" => ListCell::text(place_name(&row.area)),
        "standing" => ListCell::text(standing_in_words(row.standing)),
        "payee" => ListCell::text(payee_in_words(row)),
        "members" => ListCell::text(row.members.len().to_string()),
        "grants" => ListCell::text(row.open_grants.len().to_string()),
        "received" => {
            let received = activity.map(|activity| activity.received.to_string());
            ListCell::text(received.unwrap_or_default())
        }
        "active" => {
            let last = activity.map(|activity| short_day(activity.last, today));
            ListCell::text(last.unwrap_or_default())
        }
        "registered" => ListCell::text(short_day(day_of(row.created_at.timestamp()), today)),
        "changed" => ListCell::text(short_day(day_of(row.updated_at.timestamp()), today)),
        _ => ListCell::default(),
    }
}

fn standing_in_words(standing: GroupMaturity) -> &'static str {
    match standing {
        GroupMaturity::Existing => "Already running",
        GroupMaturity::New => "New",
    }
}

fn payee_in_words(row: &GroupRow) -> &'static str {
    match &row.payee {
        Some(payee) if payee.verified_by.is_some() => "Checked",
        Some(_) => "To check",
        None => "None yet",
    }
}

/// The list as a spreadsheet: public data of the groups, the state of their payee, and for those
/// who may see it how they can be reached.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows: Vec<GroupRow> = request.whole_list(&LIST).await?;
    let columns = [
        "Group",
        "Area",
        "Status",
        "Numbers",
        "Members",
        "Bank details",
        "Merged into",
        "Id",
    ];
    let owners: Vec<_> = rows.iter().map(|row| Some(row.id)).collect();
    let mut sheet = build_spreadsheet("Groups", columns, rows, |row| {
        let payee = payee_in_words(&row);
        [
            row.name.into(),
            place_name(&row.area).into(),
            standing_in_words(row.standing).into(),
            row.identifiers
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            i64::try_from(row.members.len()).unwrap_or_default().into(),
            payee.into(),
            row.merged_into.map(|into| into.to_string()).into(),
            row.id.to_string().into(),
        ]
    });
    request.add_contacts(&mut sheet, &owners).await?;
    Ok(sheet)
}
