//! Postings: amounts and counts that totals are summed from.

use serde::Serialize;

use super::view_rows::alias_in_live_generation;
use super::{Engine, Store, StoreResult, on_reader};

/// A posting: the figure, the amount, and the dimensions by which it can be summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct PostingRow {
    pub position: i64,
    pub ordinal: i64,
    pub figure: String,
    /// Pence, or a count.
    pub amount: i64,
    pub fund: String,
    pub round: String,
    pub area: String,
    pub funder: String,
    /// The area that the funder restricted the money to; empty if unrestricted.
    pub restricted: String,
    pub grant_id: String,
    pub sign: String,
    /// The theme of the application or grant; empty if it has none.
    pub theme: String,
    /// The day in Europe/London on which it was recorded.
    pub recorded_on: String,
    /// The day on which it took effect.
    pub effective_on: String,
}

const COLUMNS: [(&str, &str); 14] = [
    ("position", "bigint"),
    ("ordinal", "bigint"),
    ("figure", "text"),
    ("amount", "bigint"),
    ("fund", "text"),
    ("round", "text"),
    ("area", "text"),
    ("funder", "text"),
    ("restricted", "text"),
    ("grant_id", "text"),
    ("sign", "text"),
    ("theme", "text"),
    ("recorded_on", "text"),
    ("effective_on", "text"),
];

fn column_list(prefix: &str) -> String {
    COLUMNS
        .map(|(name, _)| format!("{prefix}\"{name}\""))
        .join(", ")
}

/// The statement that inserts postings.
pub(super) fn insert_sql(engine: Engine, generation: &str, postings: &str, moved: &str) -> String {
    format!(
        "INSERT INTO postings (organisation, generation, {}) SELECT $1, {generation}, {} FROM {} \
            WHERE {moved}",
        column_list(""),
        column_list("r."),
        engine.rows(postings, &COLUMNS)
    )
}

/// The dimension by which totals are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupBy {
    Fund,
    Funder,
    Area,
    Theme,
    Round,
    Sign,
    Grant,
    /// A key has the area and the sign, with a slash between them.
    AreaAndSign,
    /// A key has the area and the grant, with a slash between them.
    AreaAndGrant,
    /// A key has the theme and the sign, with a slash between them.
    ThemeAndSign,
    /// A key has the theme and the grant, with a slash between them.
    ThemeAndGrant,
}

impl GroupBy {
    /// The SQL expression of the key, for postings `t`.
    fn key(self) -> &'static str {
        match self {
            Self::Fund => "t.fund",
            Self::Funder => "t.funder",
            Self::Area => "t.area",
            Self::Theme => "t.theme",
            Self::Round => "t.round",
            Self::Sign => "t.sign",
            Self::Grant => "t.grant_id",
            Self::AreaAndSign => "t.area || '/' || t.sign",
            Self::AreaAndGrant => "t.area || '/' || t.grant_id",
            Self::ThemeAndSign => "t.theme || '/' || t.sign",
            Self::ThemeAndGrant => "t.theme || '/' || t.grant_id",
        }
    }
}

/// Which postings to sum.
#[derive(Clone, Copy, Debug)]
pub struct SumQuery<'a> {
    pub by: GroupBy,
    pub fund: Option<&'a str>,
    pub area: Option<&'a str>,
    /// Only after this position; -1 for all.
    pub after: i64,
    /// Up to and including this position.
    pub position: i64,
    /// Only what took effect on this day or before.
    pub effective_on: Option<&'a str>,
}

/// The live generation of the postings and the position of its projection; zeros if there is none.
pub async fn live_generation(store: &Store, organisation: &str) -> StoreResult<(i64, i64)> {
    const SQL: &str = "SELECT generation, next_position FROM projections WHERE organisation = $1 \
        AND name = 'places' AND state = 'live'";
    Ok(
        on_reader!(store, db => sqlx::query_as(SQL).bind(organisation).fetch_optional(db).await?)
            .unwrap_or_default(),
    )
}

/// Totals by key and figure.
pub async fn sums(
    store: &Store,
    organisation: &str,
    sum: SumQuery<'_>,
) -> StoreResult<Vec<(String, String, i64)>> {
    let key = sum.by.key();
    let sql = format!(
        "SELECT {key}, t.figure, CAST(SUM(t.amount) AS bigint) FROM postings t \
            WHERE t.organisation = $1 AND {} AND t.position <= $2 AND ($3 = '' OR t.fund = $3) \
            AND ($4 = '' OR t.effective_on <= $4) AND ($5 = '' OR t.area = $5) \
            AND t.position > $6 \
            GROUP BY {key}, t.figure ORDER BY {key}, t.figure",
        alias_in_live_generation("t", "places")
    );
    Ok(on_reader!(store, db => {
        sqlx::query_as(&sql).bind(organisation).bind(sum.position).bind(sum.fund
            .unwrap_or_default()).bind(sum.effective_on.unwrap_or_default())
            .bind(sum.area.unwrap_or_default()).bind(sum.after)
            .fetch_all(db).await?
    }))
}

/// The postings with one value of a dimension, after one position and up to another inclusive, in
/// order.
pub async fn between(
    store: &Store,
    organisation: &str,
    (by, of): (GroupBy, &str),
    (after, until): (i64, i64),
) -> StoreResult<Vec<PostingRow>> {
    let sql = format!(
        "SELECT {} FROM postings t WHERE t.organisation = $1 AND {} AND {} = $2 \
            AND t.position > $3 AND t.position <= $4 \
            ORDER BY t.position, t.ordinal",
        column_list("t."),
        alias_in_live_generation("t", "places"),
        by.key()
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(of).bind(after)
            .bind(until).fetch_all(db).await?),
    )
}

/// Totals of the money of the funds, of what was asked for, and of the people who came, by month
/// and figure: of what was recorded after one position and up to another inclusive. A month is
/// written `2026-03`.
pub async fn figures_by_month(
    store: &Store,
    organisation: &str,
    (after, until): (i64, i64),
) -> StoreResult<Vec<(String, String, i64)>> {
    let sql = figures_by_month_sql();
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(after).bind(until)
            .fetch_all(db).await?),
    )
}

fn figures_by_month_sql() -> String {
    format!(
        "SELECT substr(t.recorded_on, 1, 7), t.figure, CAST(SUM(t.amount) AS bigint) \
         FROM postings t WHERE t.organisation = $1 AND {} \
         AND t.position > $2 AND t.position <= $3 AND t.fund <> '' \
         AND t.figure IN ('allocated', 'committed', 'sent', 'confirmed', 'returned', 'requested', \
         'people') \
         GROUP BY 1, 2 ORDER BY 1, 2",
        alias_in_live_generation("t", "places")
    )
}

/// Whether a funder has any posting.
pub async fn is_funder(store: &Store, organisation: &str, funder: &str) -> StoreResult<bool> {
    let sql = format!(
        "SELECT t.position FROM postings t WHERE t.organisation = $1 AND {} AND t.funder = $2 \
            LIMIT 1",
        alias_in_live_generation("t", "places")
    );
    let found: Option<(i64,)> = on_reader!(store, db => sqlx::query_as(&sql).bind(organisation)
        .bind(funder).fetch_optional(db).await?);
    Ok(found.is_some())
}

/// All postings of a generation, in order, to compare a rebuild with the live rows.
pub async fn dump(
    store: &Store,
    organisation: &str,
    generation: i64,
) -> StoreResult<Vec<PostingRow>> {
    let sql = format!(
        "SELECT {} FROM postings WHERE organisation = $1 AND generation = $2 \
            ORDER BY position, ordinal",
        column_list("")
    );
    Ok(
        on_reader!(store, db => sqlx::query_as(&sql).bind(organisation).bind(generation)
            .fetch_all(db).await?),
    )
}

#[cfg(test)]
mod tests {
    use super::super::query_plan_tests::{empty_database, explain};
    use super::*;

    #[tokio::test]
    async fn a_year_reads_only_the_postings_of_the_year() {
        let (_folder, store) = empty_database().await;
        let plan = explain(&store, &figures_by_month_sql()).await;
        let by_position = "SEARCH t USING INDEX sqlite_autoindex_postings_1 \
            (organisation=? AND generation=? AND position>? AND position<?)";
        assert!(plan.iter().any(|step| step == by_position), "{plan:?}");
    }
}
