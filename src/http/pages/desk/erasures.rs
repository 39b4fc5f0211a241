//! The page of erasures: requests of people and groups, groups and people whose retention period
//! has ended, and the actions that erase.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::DeskRequest;
use super::action::{ActionSpec, sample};
use super::erasable_people::{ErasablePerson, erasable_people};
use crate::clock::day_of;
use crate::domain::command::{NoBody, WithReason};
use crate::domain::erasure::{FUNDED_YEARS, UNFUNDED_YEARS};
use crate::domain::language::day_text;
use crate::domain::{Command, GroupCommand, PersonCommand, Role};
use crate::http::pages::{PageContext, PageError};
use crate::projections::{ApplicationRow, GroupRow, PersonRow};
use crate::views::{Filter, PageRequest};

/// The largest number of people, and of groups, with a request in the list.
const ROWS_MAX: i64 = 100;
/// About how many groups are examined for the end of their retention period.
const CANDIDATES_MAX: usize = 100;

#[derive(Template)]
#[template(path = "desk/erasures.html")]
struct ErasuresPage {
    page: PageContext,
    people: Vec<(Uuid, String)>,
    groups: Vec<(Uuid, String)>,
    due: Vec<ErasableGroup>,
    /// People who signed up for sessions that are long over.
    due_people: Vec<ErasablePerson>,
    /// The reader may erase.
    erases: bool,
}

/// A group whose retention period has ended.
struct ErasableGroup {
    id: Uuid,
    name: String,
    since: String,
    was_paid: bool,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let views = &request.app.views;
    let most = || PageRequest {
        after: None,
        limit: ROWS_MAX,
    };
    let asked_for = || vec![Filter::equals("erasure", "asked")];
    let rows = views
        .list::<PersonRow>(None, asked_for(), &most())
        .await?
        .items;
    let people = views.decrypt_people(&request.signed.reader, rows).await?;
    let groups = views
        .list::<GroupRow>(None, asked_for(), &most())
        .await?
        .items;
    let page = ErasuresPage {
        page: request.page_context("Erasing").await?,
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
        due: erasable_groups(request).await?,
        due_people: erasable_people(request).await?,
        erases: request.signed.reader.roles.contains(&Role::Administrator),
    };
    request.render(&page)
}

/// Groups without an open grant whose last grant or application is older than the retention period:
/// [`FUNDED_YEARS`] after a payment, otherwise [`UNFUNDED_YEARS`].
async fn erasable_groups(request: &DeskRequest<'_>) -> Result<Vec<ErasableGroup>, PageError> {
    let views = &request.app.views;
    let today = day_of(request.app.commands.now());
    let before = |years: i64| today.saturating_sub(jiff::Span::new().years(years));
    let mut candidates = Vec::new();
    let mut page = PageRequest {
        after: None,
        limit: ROWS_MAX,
    };
    loop {
        let filters = vec![
            Filter::at_most("kept_from", before(UNFUNDED_YEARS)),
            Filter::any_of("erasure", ["not_asked", "asked", "refused"]),
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
        if page.after.is_none() || candidates.len() >= CANDIDATES_MAX {
            break;
        }
    }
    let mut due = Vec::new();
    for row in candidates {
        let own = vec![Filter::equals("group_id", row.id)];
        let applications = views
            .list::<ApplicationRow>(
                None,
                own,
                &PageRequest {
                    after: None,
                    limit: ROWS_MAX,
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
            due.push(ErasableGroup {
                id: row.id,
                name: row.name,
                since: day_text(since),
                was_paid: row.was_paid,
            });
        }
    }
    Ok(due)
}

/// The commands on erasure that people and groups have in common.
pub(super) enum ErasureAction {
    Request,
    Refuse(WithReason),
    Erase(WithReason),
}

impl ErasureAction {
    pub(super) fn into_person_command(self) -> PersonCommand {
        match self {
            Self::Request => PersonCommand::RequestErasure(NoBody {}),
            Self::Refuse(because) => PersonCommand::RefuseErasure(because),
            Self::Erase(because) => PersonCommand::Erase(because),
        }
    }

    pub(super) fn into_group_command(self) -> GroupCommand {
        match self {
            Self::Request => GroupCommand::RequestErasure(NoBody {}),
            Self::Refuse(because) => GroupCommand::RefuseErasure(because),
            Self::Erase(because) => GroupCommand::Erase(because),
        }
    }
}

/// The actions on erasure, for the page of a person or of a group. Erasing has a page of its own.
pub(super) fn erasure_actions(
    page: String,
    command: &impl Fn(ErasureAction) -> Command,
) -> [ActionSpec; 3] {
    let because = || WithReason {
        reason: sample("as asked"),
    };
    let spec = |title: &str, action| ActionSpec::new(title, command(action));
    [
        spec(
            "Record a request to erase their data",
            ErasureAction::Request,
        ),
        spec(
            "Refuse the request to erase",
            ErasureAction::Refuse(because()),
        )
        .text_area("reason", "Why")
        .hint("For our records. Leave out names of people."),
        spec("Erase personal data", ErasureAction::Erase(because()))
            .picks("record", page, "Name", "")
            .destructive(),
    ]
}
