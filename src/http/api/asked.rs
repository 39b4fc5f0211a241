//! What a read asks for: which page, as at when, after which position. Unknown parameters are refused.

use std::collections::BTreeMap;
use std::str::FromStr;

use actix_web::{HttpRequest, web};
use jiff::civil::Date;
use strum::VariantNames;
use uuid::Uuid;

use crate::domain::Refusal;
use crate::http::Desk;
use crate::http::problem::{Fault, Problem};
use crate::http::signin::SignedIn;
use crate::views::{AsAt, InTable, Listed, NoMoment, Page, ViewError};

/// How many items a page has unless it is said, and at most.
const PAGE: i64 = 50;
pub(in crate::http) const PAGE_MOST: i64 = 500;

/// Columns, each with the values that pass.
type Filters = Vec<(&'static str, Vec<String>)>;

/// The query of a read.
pub(super) struct Asked(BTreeMap<String, String>);

impl Asked {
    /// Reads the query, which may have only these parameters.
    pub(super) fn read(request: &HttpRequest, known: &[&str]) -> Result<Self, Problem> {
        let pairs = web::Query::<Vec<(String, String)>>::from_query(request.query_string())
            .map_err(|error| Fault::InvalidQuery.problem(error.to_string()))?
            .into_inner();
        let mut asked = BTreeMap::new();
        for (name, value) in pairs {
            if !known.contains(&name.as_str()) {
                return Err(Fault::InvalidQuery.problem(format!("there is no parameter {name} here")).about(name));
            }
            if value.contains('\0') {
                return Err(Fault::InvalidQuery.problem("this holds a character that cannot be looked for").about(name));
            }
            if asked.insert(name.clone(), value).is_some() {
                return Err(Fault::InvalidQuery.problem("the parameter stands twice").about(name));
            }
        }
        Ok(Self(asked))
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that parses.
    pub(super) fn parsed<T: FromStr>(&self, name: &'static str, says: &str) -> Result<Option<T>, Problem> {
        self.text(name).map(str::parse).transpose().map_err(|_| Fault::InvalidQuery.problem(says).about(name))
    }

    pub(super) fn day(&self, name: &'static str) -> Result<Option<Date>, Problem> {
        let says = "this is a date such as 2026-10-31";
        // The parser would take a moment, too, and what the contract calls a date is none.
        if self.text(name).is_some_and(|text| text.len() != 10) {
            return Err(Fault::InvalidQuery.problem(says).about(name));
        }
        self.parsed(name, says)
    }

    pub(super) fn limit(&self) -> Result<i64, Problem> {
        let limit = self.parsed("limit", "this is a number from 1 to 500")?.unwrap_or(PAGE);
        if (1..=PAGE_MOST).contains(&limit) {
            Ok(limit)
        } else {
            Err(Fault::InvalidQuery.problem("this is a number from 1 to 500").about("limit"))
        }
    }

    pub(super) fn page(&self) -> Result<Page, Problem> {
        let after = self.text("after").map(str::to_owned);
        if after.as_ref().is_some_and(|after| after.chars().count() > 100) {
            return Err(Fault::InvalidQuery.problem("this is the cursor that a page before gave").about("after"));
        }
        Ok(Page { after, most: self.limit()? })
    }

    /// Waits for `min_position`, and says what `as_at` means: a position, or the end of a day.
    pub(super) async fn as_at(&self, desk: &Desk) -> Result<Option<i64>, Problem> {
        if let Some(position) = self.parsed::<u64>("min_position", "this is a position of the log")? {
            let position = i64::try_from(position).unwrap_or(i64::MAX);
            desk.views.passed(position).await?;
        }
        let Some(text) = self.text("as_at") else { return Ok(None) };
        let as_at: AsAt = text.parse().map_err(|error: NoMoment| Fault::InvalidQuery.problem(error.to_string()).about("as_at"))?;
        if let AsAt::Position(position) = as_at {
            desk.views.passed(position).await?;
        }
        Ok(Some(desk.views.position_as_at(as_at).await?))
    }

    /// The filters of applications and grants alike.
    pub(super) fn of_records<State: VariantNames>(&self) -> Result<Filters, Problem> {
        let mut filters = self.in_state::<State>()?;
        filters.extend(self.filters(&[("fund", "fund"), ("round", "round"), ("group", "group_id"), ("area", "area")])?);
        Ok(filters)
    }

    /// Filters by a state that there is.
    pub(super) fn in_state<State: VariantNames>(&self) -> Result<Filters, Problem> {
        match self.text("state") {
            Some(state) if !State::VARIANTS.contains(&state) => {
                Err(Fault::InvalidQuery.problem(format!("this is one of: {}", State::VARIANTS.join(", "))).about("state"))
            }
            _ => self.filters(&[("state", "state")]),
        }
    }

    /// Filters by columns that equal what was asked.
    pub(super) fn filters(&self, columns: &[(&'static str, &'static str)]) -> Result<Filters, Problem> {
        let mut filters = Vec::new();
        for (name, column) in columns {
            let Some(value) = self.text(name) else { continue };
            if matches!(*name, "fund" | "group") && value.parse::<Uuid>().is_err() {
                return Err(Fault::InvalidQuery.problem("this is an id").about(*name));
            }
            let short = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-".contains(&byte);
            if matches!(*name, "round" | "area") && !((1..=60).contains(&value.len()) && value.bytes().all(short)) {
                return Err(Fault::InvalidQuery.problem("this is a short name, such as oldham").about(*name));
            }
            filters.push((*column, vec![value.to_owned()]));
        }
        Ok(filters)
    }
}

/// The id in an address; one that cannot be an id is one that does not exist.
pub(super) fn id(request: &HttpRequest, name: &str) -> Result<Uuid, Problem> {
    request.match_info().query(name).parse().map_err(|_| nothing())
}

pub(super) fn nothing() -> Problem {
    ViewError::NotFound.into()
}

/// What only those who see all records may read.
pub(super) fn staff(signed: &SignedIn) -> Result<(), Problem> {
    if signed.reader.sees_all() { Ok(()) } else { Err(Refusal::NotYours.into()) }
}

/// The groups that a reader's records are of; `None` for those who see all.
pub(super) async fn own_groups(desk: &Desk, signed: &SignedIn) -> Result<Option<Vec<Uuid>>, Problem> {
    if signed.reader.sees_all() {
        return Ok(None);
    }
    Ok(Some(desk.views.groups_of(signed.reader.person).await?))
}

/// Lists rows that belong to groups: all of them, or the reader's own.
pub(super) async fn list_own<T: InTable>(
    desk: &Desk,
    signed: &SignedIn,
    asked: &Asked,
    mut filters: Filters,
    group_column: &'static str,
) -> Result<Listed<T>, Problem> {
    let as_at = asked.as_at(desk).await?;
    if let Some(own) = own_groups(desk, signed).await? {
        // None of one's own must not become "no filter": an id that nothing has stands in.
        let mut own: Vec<_> = own.iter().map(ToString::to_string).collect();
        own.push(Uuid::nil().to_string());
        filters.push((group_column, own));
    }
    Ok(desk.views.list(as_at, filters, &asked.page()?).await?)
}
