//! The task `audit replay`: a view of an exported log, as at a day or a position.

use std::path::Path;

use jiff::civil::Date;
use uuid::Uuid;

use super::TaskError;
use super::audit::not_checked;
use super::folder_verdict::FolderVerdict;
use crate::audit::{self, COMPUTED_VIEWS, ScratchDatabase};
use crate::clock::{Clock, day_of};
use crate::config::{FigureGroup, ReplayQuery};
use crate::projections;
use crate::views::{AsAt, GroupBy, StatementSubject, Sums, ViewError};

/// The events that figures count: up to a position and, if a day is given, in effect on it.
struct CountedEvents {
    position: i64,
    effective_on: Option<Date>,
}

/// Prints a view, one JSON object a line. The rows of a projection are those that the service
/// stores.
pub(super) async fn replay(folder: &Path, query: &ReplayQuery) -> Result<(), TaskError> {
    let verdict = FolderVerdict::of(folder);
    verdict.and_answer(answer(folder, query).await)
}

async fn answer(folder: &Path, query: &ReplayQuery) -> Result<(), TaskError> {
    let replayed = ScratchDatabase::replay(folder).await.map_err(not_checked)?;
    let counted = CountedEvents::parse(&replayed, query).await?;
    let views = replayed.views();
    match query.view.as_str() {
        "budget" => {
            let day = counted.effective_on.map(|day| day.to_string());
            let sums = sums(query, GroupBy::Fund, counted.position, day.as_deref());
            print_json(&views.budget(sums).await?)
        }
        "outcomes" => {
            let day = counted.effective_on.map(|day| day.to_string());
            let sums = sums(query, GroupBy::Sign, counted.position, day.as_deref());
            print_json(&views.outcomes(sums).await?)
        }
        "movement" => {
            must_not_group(query)?;
            let movement = views.movement(Some(counted.position)).await?;
            print_json(&*movement)
        }
        "aims" => {
            must_not_group(query)?;
            let as_at = query.as_at.as_deref().and_then(|text| text.parse().ok());
            let today = day_of(Clock::System.now());
            let day = views.day_counted(as_at, today).await?;
            print_json(&views.aims(Some(counted.position), day, true).await?)
        }
        "network" => {
            must_not_group(query)?;
            let network = views.network(Some(counted.position)).await?;
            print_json(&*network)
        }
        "value" => {
            must_not_group(query)?;
            print_json(&views.value(None, Some(counted.position)).await?)
        }
        "statement" => print_statement(&replayed, query, counted.position).await,
        name => print_rows(&replayed, query, name, counted.position).await,
    }
}

impl CountedEvents {
    async fn parse(replayed: &ScratchDatabase, query: &ReplayQuery) -> Result<Self, TaskError> {
        let newest = replayed.size() - 1;
        let as_at = query
            .as_at
            .as_deref()
            .map(str::parse::<AsAt>)
            .transpose()
            .map_err(|error| not_checked(format!("--as-at: {error}")))?;
        if query.effective {
            // As in the service: all events, by the day on which they took effect.
            let day = match as_at {
                None => day_of(Clock::System.now()),
                Some(AsAt::Day(day)) => day,
                Some(AsAt::Position(_)) => {
                    return Err(not_checked("--as-at: this is a date such as 2026-10-31"));
                }
            };
            return Ok(Self {
                position: newest,
                effective_on: Some(day),
            });
        }
        let position = match as_at {
            None => newest,
            Some(AsAt::Position(position)) if position > newest => {
                return Err(not_checked(format!("--as-at: {}", ViewError::BeyondLog)));
            }
            Some(as_at) => replayed.views().position_as_at(as_at).await?,
        };
        Ok(Self {
            position,
            effective_on: None,
        })
    }
}

fn sums<'a>(
    query: &ReplayQuery,
    usual: GroupBy,
    position: i64,
    effective_on: Option<&'a str>,
) -> Sums<'a> {
    let by = query.by.map_or(usual, |by| match by {
        FigureGroup::Fund => GroupBy::Fund,
        FigureGroup::Funder => GroupBy::Funder,
        FigureGroup::Area => GroupBy::Area,
        FigureGroup::Theme => GroupBy::Theme,
        FigureGroup::Round => GroupBy::Round,
        FigureGroup::Sign => GroupBy::Sign,
        FigureGroup::Grant => GroupBy::Grant,
    });
    Sums {
        by,
        fund: None,
        area: None,
        position,
        effective_on,
    }
}

/// Prints the statement of a fund, or of a funder's money. Without days it is of today, as in the
/// service.
async fn print_statement(
    replayed: &ScratchDatabase,
    query: &ReplayQuery,
    position: i64,
) -> Result<(), TaskError> {
    must_not_group(query)?;
    if query.as_at.is_some() {
        return Err(not_checked(
            "a statement has --from and --until, not --as-at",
        ));
    }
    let of = query
        .of
        .as_deref()
        .ok_or_else(|| not_checked("say the fund or the funder of the statement with --of"))?;
    let (subject, by) = if of.parse::<Uuid>().is_ok() {
        (StatementSubject::Fund(of), GroupBy::Fund)
    } else {
        (StatementSubject::Funder(of), GroupBy::Funder)
    };
    let views = replayed.views();
    let all = views.budget(sums(query, by, position, None)).await?.lines;
    if !all.iter().any(|line| line.of == of) {
        return Err(not_checked(format!(
            "--of: no money of {of} is in this log"
        )));
    }
    let until = query.until.unwrap_or_else(|| day_of(Clock::System.now()));
    let from = query.from.unwrap_or(until);
    if from > until {
        return Err(not_checked("--from: the first day is after the last day"));
    }
    print_json(&views.statement(subject, from, until).await?)
}

async fn print_rows(
    replayed: &ScratchDatabase,
    query: &ReplayQuery,
    name: &str,
    position: i64,
) -> Result<(), TaskError> {
    must_not_group(query)?;
    let table = audit::projection_named(name).ok_or_else(|| {
        let known: Vec<_> = COMPUTED_VIEWS
            .into_iter()
            .chain(projections::names())
            .collect();
        let known = known.join(", ");
        not_checked(format!("there is no view {name}: there are {known}"))
    })?;
    replayed
        .for_each_row(table, position, |row| print_line!("{}", row.body))
        .await
        .map_err(not_checked)
}

/// Refuses options of figures for a view that has no figures.
fn must_not_group(query: &ReplayQuery) -> Result<(), TaskError> {
    if query.by.is_some() || query.effective {
        return Err(not_checked(
            "--by and --effective are for the views budget and outcomes",
        ));
    }
    Ok(())
}

fn print_json(view: &impl serde::Serialize) -> Result<(), TaskError> {
    print_line!("{}", serde_json::to_string(view).map_err(not_checked)?);
    Ok(())
}
