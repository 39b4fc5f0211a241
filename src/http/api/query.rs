//! Query parameters of reads: page, order, filters, `as_at` and `min_position`. Unknown parameters
//! are refused.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use actix_web::{HttpRequest, web};
use jiff::Timestamp;
use jiff::civil::Date;
use strum::VariantNames;
use uuid::Uuid;

use super::response::PageEnd;
use crate::auth::SignedIn;
use crate::domain::Refusal;
use crate::http::AppState;
use crate::http::problem::{ErrorCode, Problem};
pub(in crate::http) use crate::views::PAGE_MAX;
use crate::views::{
    AsAt, Cursor, Filter, PageRequest, ParseAsAtError, SortKey, SortOrder, TableRow, ViewError,
};

/// The default number of items on a page. [`PAGE_MAX`] is the most.
const PAGE_DEFAULT: i64 = 50;
/// The longest value, in characters. Cursors are the longest: an id and a group's name.
const VALUE_MAX: usize = 1000;
/// Parameters that may be repeated, or contain several values with commas between them.
const REPEATABLE: [&str; 2] = ["state", "expand"];

/// The query parameters of a request, by name.
pub(super) struct QueryParams(BTreeMap<String, String>);

impl QueryParams {
    /// Parses the query. Fails on parameters that are not in `known`, on repeated ones except those
    /// in [`REPEATABLE`], on overlong values, and on NUL characters.
    pub(super) fn parse(request: &HttpRequest, known: &[&str]) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| ErrorCode::InvalidQuery.problem(error.to_string()))?
            .into_inner();
        let mut params: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(ErrorCode::InvalidQuery
                    .problem(format!("there is no parameter {name} here"))
                    .with_field(name));
            }
            if value.contains('\0') {
                return Err(ErrorCode::InvalidQuery
                    .problem("this has a character that cannot be searched for")
                    .with_field(name));
            }
            if value.chars().count() > VALUE_MAX {
                return Err(ErrorCode::InvalidQuery
                    .problem(format!("use at most {VALUE_MAX} characters"))
                    .with_field(name));
            }
            match params.get_mut(&name) {
                None => {
                    params.insert(name, value);
                }
                Some(before) if REPEATABLE.contains(&name.as_str()) => before.extend([",", &value]),
                Some(_) => {
                    return Err(ErrorCode::InvalidQuery
                        .problem("this parameter is there twice")
                        .with_field(name));
                }
            }
        }
        Ok(Self(params))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Refuses parameters with which readers outside the office could find words of a past day that
    /// were removed later.
    pub(super) fn must_not_search_past(
        &self,
        as_at: Option<i64>,
        names: &[&'static str],
    ) -> Result<(), Problem> {
        let asks = |name: &str| self.get(name).is_some_and(|value| value != "false");
        let asked = names.iter().find(|name| asks(name));
        match asked.filter(|_| as_at.is_some()) {
            Some(name) => Err(ErrorCode::InvalidQuery
                .problem("leave this out of a list as at a past day")
                .with_field(*name)),
            None => Ok(()),
        }
    }

    /// Parses a parameter. `says` is the detail of the problem if it cannot be parsed.
    pub(super) fn parsed<T: FromStr>(
        &self,
        name: &'static str,
        says: &str,
    ) -> Result<Option<T>, Problem> {
        self.get(name)
            .map(str::parse)
            .transpose()
            .map_err(|_| ErrorCode::InvalidQuery.problem(says).with_field(name))
    }

    pub(super) fn day(&self, name: &'static str) -> Result<Option<Date>, Problem> {
        let says = "this is a date such as 2026-10-31";
        // The parser would also accept a time of day.
        if self.get(name).is_some_and(|text| text.len() != 10) {
            return Err(ErrorCode::InvalidQuery.problem(says).with_field(name));
        }
        self.parsed(name, says)
    }

    pub(super) fn limit(&self) -> Result<i64, Problem> {
        self.limit_or(PAGE_DEFAULT)
    }

    fn limit_or(&self, usual: i64) -> Result<i64, Problem> {
        let limit = self
            .parsed("limit", "use a number from 1 to 500")?
            .unwrap_or(usual);
        if (1..=PAGE_MAX).contains(&limit) {
            Ok(limit)
        } else {
            Err(ErrorCode::InvalidQuery
                .problem("use a number from 1 to 500")
                .with_field("limit"))
        }
    }

    /// A page in the order of ids. Lists that had no pages in earlier versions have the longest
    /// page as their default.
    pub(super) fn page_request(&self) -> Result<PageRequest, Problem> {
        self.cursor(SortOrder::default())?;
        Ok(PageRequest {
            after: self.get("after").map(str::to_owned),
            limit: self.limit_or(PAGE_MAX)?,
        })
    }

    /// The row after which the page begins.
    fn cursor(&self, order: SortOrder) -> Result<Option<Cursor>, Problem> {
        let wrong = || {
            ErrorCode::InvalidQuery
                .problem("use the cursor of the page before, with the same order")
                .with_field("after")
        };
        let Some(text) = self.get("after") else {
            return Ok(None);
        };
        Cursor::parse(order, text).map(Some).ok_or_else(wrong)
    }

    /// The order of a list. Only groups can be sorted by name (`named`).
    fn order(&self, named: bool) -> Result<SortOrder, Problem> {
        let Some(text) = self.get("sort") else {
            return Ok(SortOrder::default());
        };
        let (falling, key) = text
            .strip_prefix('-')
            .map_or((false, text), |key| (true, key));
        let key = match key {
            "id" => SortKey::Id,
            "created_at" => SortKey::Created,
            "updated_at" => SortKey::Updated,
            "name" if named => SortKey::Name,
            _ => {
                let name = if named { ", name" } else { "" };
                let says = format!(
                    "this is one of: id, created_at, updated_at{name}, and - before it for the \
                        reverse"
                );
                return Err(ErrorCode::InvalidQuery.problem(says).with_field("sort"));
            }
        };
        Ok(SortOrder {
            key,
            descending: falling,
        })
    }

    /// The references whose names the response should contain, out of `known`.
    pub(super) fn expansions(
        &self,
        known: &[&'static str],
    ) -> Result<BTreeSet<&'static str>, Problem> {
        let one = |name: &str| known.iter().find(|one| **one == name).copied();
        let each = |text: &str| {
            let within = text.split(',').count() <= known.len();
            within.then(|| text.split(',').map(one).collect::<Option<_>>())?
        };
        let all = self.get("expand").map(each);
        let says = || {
            ErrorCode::InvalidQuery
                .problem(format!("choose from: {}", known.join(", ")))
                .with_field("expand")
        };
        all.map_or_else(|| Ok(BTreeSet::new()), |all| all.ok_or_else(says))
    }

    /// Waits until the read models have passed `min_position`, then resolves `as_at` to a position.
    /// A day means its last position in Europe/London; `None` means now.
    pub(super) async fn as_at(&self, app: &AppState) -> Result<Option<i64>, Problem> {
        if let Some(position) =
            self.parsed::<u64>("min_position", "this is a position of the log")?
        {
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            app.views
                .wait_for_position(position)
                .await
                .map_err(|error| blame_parameter(error, "min_position"))?;
        }
        let Some(text) = self.get("as_at") else {
            return Ok(None);
        };
        let as_at: AsAt = text.parse().map_err(|error: ParseAsAtError| {
            ErrorCode::InvalidQuery
                .problem(error.to_string())
                .with_field("as_at")
        })?;
        if let AsAt::Position(position) = as_at {
            app.views
                .wait_for_position(position)
                .await
                .map_err(|error| blame_parameter(error, "as_at"))?;
        }
        Ok(Some(app.views.position_as_at(as_at).await?))
    }

    /// The position in `updated_since`: only rows that changed after it are listed. An instant is
    /// resolved to the last position before it.
    async fn updated_since(&self, app: &AppState) -> Result<Option<i64>, Problem> {
        let Some(text) = self.get("updated_since") else {
            return Ok(None);
        };
        let wrong = || {
            ErrorCode::InvalidQuery
                .problem("use a time such as 2026-10-31T12:00:00Z, or a position")
                .with_field("updated_since")
        };
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map(Some).map_err(|_| wrong());
        }
        let instant: Timestamp = text.parse().map_err(|_| wrong())?;
        Ok(Some(app.views.position_before(instant).await?))
    }

    /// The filters that applications and grants have in common. The column of the theme has another
    /// name in each.
    pub(super) fn record_filters<State: VariantNames>(
        &self,
        theme_column: &'static str,
    ) -> Result<Vec<Filter>, Problem> {
        let mut filters = self.state_filter::<State>()?;
        filters.extend(self.place_filters(theme_column)?);
        Ok(filters)
    }

    /// The filters of applications and grants, without that by state.
    pub(super) fn place_filters(&self, theme_column: &'static str) -> Result<Vec<Filter>, Problem> {
        self.equality_filters(&[
            ("fund", "fund"),
            ("round", "round"),
            ("group", "group_id"),
            ("area", "area"),
            ("theme", theme_column),
        ])
    }

    /// Whether `state` allows a state, by its name.
    pub(super) fn allows_state(&self, state: &str) -> bool {
        self.get("state")
            .is_none_or(|text| text.split(',').any(|allowed| allowed == state))
    }

    /// The filters of payments and updates.
    pub(super) fn grant_item_filters<State: VariantNames>(&self) -> Result<Vec<Filter>, Problem> {
        let mut filters = self.state_filter::<State>()?;
        filters.extend(self.equality_filters(&[("grant", "grant_id")])?);
        for (name, column) in [("fund", "fund"), ("group", "group_id")] {
            let value = self.equality_value(name)?;
            filters.extend(value.map(|value| Filter::of_grant(column, value)));
        }
        Ok(filters)
    }

    /// The filter by `state`. Fails on a state that does not exist.
    pub(super) fn state_filter<State: VariantNames>(&self) -> Result<Vec<Filter>, Problem> {
        let Some(text) = self.get("state") else {
            return Ok(Vec::new());
        };
        let states: BTreeSet<_> = text.split(',').collect();
        let within = text.split(',').count() <= State::VARIANTS.len();
        if !within || states.iter().any(|state| !State::VARIANTS.contains(state)) {
            return Err(ErrorCode::InvalidQuery
                .problem(format!("choose from: {}", State::VARIANTS.join(", ")))
                .with_field("state"));
        }
        Ok(vec![Filter::any_of("state", states)])
    }

    /// Filters by equality: each parameter, if given, with the column that it is compared with.
    pub(super) fn equality_filters(
        &self,
        columns: &[(&str, &'static str)],
    ) -> Result<Vec<Filter>, Problem> {
        let mut filters = Vec::new();
        for (name, column) in columns {
            let value = self.equality_value(name)?;
            filters.extend(value.map(|value| Filter::equals(column, value)));
        }
        Ok(filters)
    }

    /// The value of a parameter that is compared for equality, in the form in which it is stored.
    pub(super) fn equality_value(&self, name: &str) -> Result<Option<String>, Problem> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        if matches!(name, "fund" | "group" | "grant") {
            let id: Uuid = value.parse().map_err(|_| {
                ErrorCode::InvalidQuery
                    .problem("this must be an id")
                    .with_field(name)
            })?;
            return Ok(Some(id.to_string()));
        }
        let short =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
        if matches!(name, "round" | "area" | "theme" | "sign" | "batch")
            && !((1..=60).contains(&value.len()) && value.bytes().all(short))
        {
            return Err(ErrorCode::InvalidQuery
                .problem("use a short name, such as oldham")
                .with_field(name));
        }
        Ok(Some(value.to_owned()))
    }
}

/// Turns a position beyond the end of the log into a problem with the parameter that named it.
fn blame_parameter(error: ViewError, parameter: &str) -> Problem {
    match error {
        ViewError::BeyondLog => Problem::from(error).with_field(parameter),
        other => other.into(),
    }
}

/// The id in the address. One that is not a UUID is answered as one that does not exist.
pub(super) fn path_id(request: &HttpRequest, name: &str) -> Result<Uuid, Problem> {
    request
        .match_info()
        .query(name)
        .parse()
        .map_err(|_| not_found())
}

pub(super) fn not_found() -> Problem {
    ViewError::NotFound.into()
}

/// Refuses readers who do not see all records.
pub(super) fn require_staff(signed: &SignedIn) -> Result<(), Problem> {
    if signed.reader.sees_all() {
        Ok(())
    } else {
        Err(Refusal::NotYours.into())
    }
}

/// The groups whose records the reader may see; `None` means all.
pub(super) async fn own_groups(
    app: &AppState,
    signed: &SignedIn,
) -> Result<Option<Vec<Uuid>>, Problem> {
    if signed.reader.sees_all() {
        return Ok(None);
    }
    Ok(Some(app.views.groups_of(signed.reader.person).await?))
}

/// The ids as values of a filter. The nil id is added, which matches no row, because an empty list
/// would mean no filter.
pub(super) fn only_ids(values: impl IntoIterator<Item = Uuid>) -> Vec<String> {
    values
        .into_iter()
        .chain([Uuid::nil()])
        .map(|id| id.to_string())
        .collect()
}

/// A page of rows, with the total if `count` was requested, and the cursor of the next page.
pub(super) async fn list_rows<T: TableRow>(
    app: &AppState,
    params: &QueryParams,
    as_at: Option<i64>,
    mut filters: Vec<Filter>,
) -> Result<(Vec<T>, PageEnd), Problem> {
    let order = params.order(T::TABLE == "groups")?;
    let (after, most) = (params.cursor(order)?, params.limit()?);
    if let Some(position) = params.updated_since(app).await? {
        filters.push(Filter::changed_after(position));
    }
    let total = match params.parsed::<bool>("count", "this is true or false")? {
        Some(true) => Some(app.views.total::<T>(as_at, filters.clone()).await?),
        _ => None,
    };
    let listed = app
        .views
        .list_ordered(as_at, filters, order, (after.as_ref(), most))
        .await?;
    Ok((
        listed.items,
        PageEnd {
            next: listed.next,
            total,
        },
    ))
}

/// A page of rows that belong to groups: all, or those of the reader's groups. `group_column` holds
/// the group's id.
pub(super) async fn list_own_rows<T: TableRow>(
    app: &AppState,
    signed: &SignedIn,
    params: &QueryParams,
    mut filters: Vec<Filter>,
    group_column: &'static str,
) -> Result<(Vec<T>, PageEnd), Problem> {
    let as_at = params.as_at(app).await?;
    if let Some(own) = own_groups(app, signed).await? {
        filters.push(Filter::any_of(group_column, only_ids(own)));
    }
    list_rows(app, params, as_at, filters).await
}

/// A page of rows for a member of groups. `shown` returns the row as members may see it, or `None`
/// for a hidden row, which the total does not count either.
pub(super) async fn list_shown_rows<T: TableRow>(
    app: &AppState,
    signed: &SignedIn,
    params: &QueryParams,
    filters: Vec<Filter>,
    shown: impl Fn(T) -> Option<T>,
) -> Result<(Vec<T>, PageEnd), Problem> {
    let (rows, mut end) =
        list_own_rows::<T>(app, signed, params, filters.clone(), "group_id").await?;
    if end.total.is_some() {
        let own = app.views.groups_of(signed.reader.person).await?;
        let mut all = filters;
        all.push(Filter::any_of("group_id", only_ids(own)));
        if let Some(position) = params.updated_since(app).await? {
            all.push(Filter::changed_after(position));
        }
        let rows = app
            .views
            .all_rows::<T>(params.as_at(app).await?, all)
            .await?;
        let count = rows.into_iter().filter_map(&shown).count();
        end.total = Some(i64::try_from(count).unwrap_or(i64::MAX));
    }
    Ok((rows.into_iter().filter_map(shown).collect(), end))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn the_length_of_a_value_is_counted_in_characters() {
        let is_taken = |count: usize| {
            let address = format!("/?q={}", "%C5%BB".repeat(count));
            let request = TestRequest::with_uri(&address).to_http_request();
            QueryParams::parse(&request, &["q"]).is_ok()
        };
        assert!(is_taken(VALUE_MAX));
        assert!(!is_taken(VALUE_MAX + 1));
    }
}
