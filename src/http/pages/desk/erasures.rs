//! The page of erasures: requests of people and groups, groups whose retention period has ended,
//! and the actions that erase.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::Asked;
use super::act::{Act, Offered};
use crate::domain::command::{Because, Nothing};
use crate::domain::erasure::{FUNDED_YEARS, UNFUNDED_YEARS};
use crate::domain::text::Prose;
use crate::domain::{Command, GroupCommand, PersonCommand};
use crate::http::pages::{Failed, Forms, Shell};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, GroupRow, PersonRow};
use crate::views::Page as Wanted;

/// At most so many people and so many groups with a request are listed.
const ROWS: i64 = 100;
/// At most about so many groups are examined for the end of their retention period.
const MOST: usize = 100;

#[derive(Template)]
#[template(path = "desk/erasures.html")]
struct Sheet {
    page: Shell,
    people: Vec<(Uuid, String)>,
    groups: Vec<(Uuid, String)>,
    due: Vec<Due>,
}

/// A group whose retention period has ended.
struct Due {
    id: Uuid,
    name: String,
    since: String,
    was_paid: bool,
}

pub(super) async fn show(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    if !asked.signed.reader.works_with_groups() {
        return Err(Failed::not_yours());
    }
    let views = &asked.desk.views;
    let most = || Wanted {
        after: None,
        most: ROWS,
    };
    let asked_for = || vec![("erasure", vec!["asked".to_owned()])];
    let rows = views
        .list::<PersonRow>(None, asked_for(), &most())
        .await?
        .items;
    let people = views.open_people(&asked.signed.reader, rows).await?;
    let groups = views
        .list::<GroupRow>(None, asked_for(), &most())
        .await?
        .items;
    let page = Sheet {
        page: asked.shell("Erasing").await?,
        people: people
            .into_iter()
            .map(|person| {
                (
                    person.id,
                    person.name.unwrap_or_else(|| "A person".to_owned()),
                )
            })
            .collect(),
        groups: groups
            .into_iter()
            .map(|group| (group.id, group.name))
            .collect(),
        due: due(asked).await?,
    };
    asked.page(&page)
}

/// Groups without an open grant whose last grant or application is older than the retention period:
/// [`FUNDED_YEARS`] after a payment, otherwise [`UNFUNDED_YEARS`].
async fn due(asked: &Asked<'_>) -> Result<Vec<Due>, Failed> {
    let views = &asked.desk.views;
    let today = day_of(asked.desk.commands.now());
    let before = |years: i64| today.saturating_sub(jiff::Span::new().years(years));
    let mut candidates = Vec::new();
    let mut page = Wanted {
        after: None,
        most: ROWS,
    };
    loop {
        let filters = vec![
            ("kept_from <=", vec![before(UNFUNDED_YEARS).to_string()]),
            (
                "erasure",
                ["not_asked", "asked", "refused"]
                    .map(str::to_owned)
                    .to_vec(),
            ),
        ];
        let listed = views.list::<GroupRow>(None, filters, &page).await?;
        let within = |row: &GroupRow| row.was_paid && row.kept_from > Some(before(FUNDED_YEARS));
        candidates.extend(
            listed
                .items
                .into_iter()
                .filter(|row| row.open_grants.is_empty() && !within(row)),
        );
        page.after = listed.next;
        if page.after.is_none() || candidates.len() >= MOST {
            break;
        }
    }
    let mut due = Vec::new();
    for row in candidates {
        let own = vec![("group_id", vec![row.id.to_string()])];
        let applications = views
            .list::<ApplicationRow>(
                None,
                own,
                &Wanted {
                    after: None,
                    most: ROWS,
                },
            )
            .await?
            .items;
        let last = applications
            .iter()
            .filter_map(|application| application.decided_on.or(application.submitted_on))
            .max();
        let Some(since) = last.max(row.kept_from) else {
            continue;
        };
        let years = if row.was_paid {
            FUNDED_YEARS
        } else {
            UNFUNDED_YEARS
        };
        if since < before(years) {
            due.push(Due {
                id: row.id,
                name: row.name,
                since: in_full(since),
                was_paid: row.was_paid,
            });
        }
    }
    Ok(due)
}

/// A day in English words, as in "3 May 2026".
pub(super) fn in_full(day: Date) -> String {
    crate::mail::day(day, crate::domain::language::Language::En)
}

/// The commands on erasure that people and groups have in common.
pub(super) enum Erasing {
    Request,
    Refuse(Because),
    Erase(Because),
}

impl Erasing {
    pub(super) fn of_person(self) -> PersonCommand {
        match self {
            Self::Request => PersonCommand::RequestErasure(Nothing {}),
            Self::Refuse(because) => PersonCommand::RefuseErasure(because),
            Self::Erase(because) => PersonCommand::Erase(because),
        }
    }

    pub(super) fn of_group(self) -> GroupCommand {
        match self {
            Self::Request => GroupCommand::RequestErasure(Nothing {}),
            Self::Refuse(because) => GroupCommand::RefuseErasure(because),
            Self::Erase(because) => GroupCommand::Erase(because),
        }
    }
}

/// The actions on erasure, for the page of a person or of a group.
pub(super) async fn erasing(
    asked: &Asked<'_>,
    forms: &Forms,
    noun: &str,
    id: Uuid,
    command: &impl Fn(Erasing) -> Command,
) -> Result<Vec<Act>, Failed> {
    let because = || Because {
        reason: "as asked".parse::<Prose>().expect("words"),
    };
    let act = async |name: &str, title: &str, erasing: Erasing| -> Result<Act, Failed> {
        let offered = Offered::of(asked.desk, asked.visitor, command(erasing)).await?;
        Ok(Act::new(
            forms,
            name,
            title,
            &format!("/desk/do/{noun}/{id}/{name}"),
            offered,
        ))
    };
    let why = "Why, for the record, without anybody's name";
    Ok(vec![
        act(
            "request-erasure",
            "Note that they ask to be erased",
            Erasing::Request,
        )
        .await?,
        act(
            "refuse-erasure",
            "Refuse to erase",
            Erasing::Refuse(because()),
        )
        .await?
        .words("reason", why),
        act(
            "erase",
            "Erase what is personal for ever",
            Erasing::Erase(because()),
        )
        .await?
        .words("reason", why)
        .grave(),
    ])
}
