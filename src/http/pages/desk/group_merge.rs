//! The page that merges a duplicate into another group: the other group is found by name, and both
//! are shown side by side before anything happens.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::group::shared_in_words;
use crate::domain::group::MergeGroup;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::pages::words::place_name;
use crate::http::pages::{Form, PageContext, PageError, ownership, see_other};
use crate::projections::GroupRow;
use crate::views::HistoryLine;

/// The most groups that a search shows.
const FOUND_MAX: usize = 20;

#[derive(Template)]
#[template(path = "desk/group_merge.html")]
struct MergePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    search: Form,
    searched: bool,
    /// The group that ends, and the group that remains once it is picked.
    from: ComparedGroup,
    into: Option<ComparedGroup>,
    /// Groups that share details with the one that ends, or that the search found.
    found: Vec<OtherGroup>,
    act: Option<Action>,
}

/// A group with the details that distinguish it from another.
struct ComparedGroup {
    row: GroupRow,
    area: String,
    members: Vec<String>,
    lines: Vec<HistoryLine>,
}

struct OtherGroup {
    id: Uuid,
    name: String,
    area: String,
    /// What it shares with the group, in words.
    shares: String,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let row: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
    if let Some(into) = row.merged_into {
        return Ok(see_other(&format!("/desk/groups/{into}?done=merge")));
    }
    let text = request.text("q");
    let forms = request.forms();
    let into = match request.text("into") {
        "" => None,
        into => Some(ownership::parse_uuid(into)?).filter(|into| *into != row.id),
    };
    let (into, act) = match into {
        Some(into) => {
            let into = compared(request, request.row(into).await?).await?;
            let spec = merge_spec(row.id, &into.row);
            (Some(into), Some(request.action(&forms, spec).await?))
        }
        None => (None, None),
    };
    let page = MergePage {
        page: request.page_context("Merge two groups").await?,
        wrong: forms.error_summary(),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        found: found_groups(request, row.id, text).await?,
        from: compared(request, row).await?,
        into,
        act,
    };
    request.render(&page)
}

fn merge_spec(from: Uuid, into: &GroupRow) -> ActionSpec {
    let merge = GroupCommand::Merge(MergeGroup {
        into: GroupId(into.id),
        reason: sample("why"),
    });
    ActionSpec::new(
        format!("Merge into {}", into.name),
        Command::Group(GroupId(from), merge),
    )
    .hidden("into", into.id)
    .text_area("reason", "Why they are the same group")
    .hint("Leave out names of people.")
    .expanded()
    .destructive()
}

async fn compared(request: &DeskRequest<'_>, row: GroupRow) -> Result<ComparedGroup, PageError> {
    let names = request.names_of_people(row.members.iter().copied()).await?;
    Ok(ComparedGroup {
        members: row.members.iter().map(|member| names.of(member)).collect(),
        lines: request.app.views.history(row.id, None).await?,
        area: place_name(&row.area),
        row,
    })
}

/// The groups that the text finds; without a text, those that share details with the group.
async fn found_groups(
    request: &DeskRequest<'_>,
    own: Uuid,
    text: &str,
) -> Result<Vec<OtherGroup>, PageError> {
    let views = &request.app.views;
    let related = views.related_groups(own).await?;
    let shares = |id: Uuid| {
        let found = related.iter().find(|other| other.group == id);
        let details = found.map(|other| other.shares.iter().map(String::as_str));
        details.map(shared_in_words).unwrap_or_default()
    };
    let mut rows = if text.is_empty() {
        let ids = related.iter().map(|other| other.group.to_string());
        views.groups(ids.collect()).await?
    } else {
        views.find_groups(text, FOUND_MAX).await?
    };
    rows.retain(|row| row.id != own && row.merged_into.is_none());
    let found = |row: GroupRow| OtherGroup {
        shares: shares(row.id),
        id: row.id,
        name: row.name,
        area: place_name(&row.area),
    };
    Ok(rows.into_iter().map(found).collect())
}

impl MergePage {
    /// Both groups: the one that ends, and the one that remains.
    fn both(&self) -> Vec<&ComparedGroup> {
        std::iter::once(&self.from).chain(&self.into).collect()
    }
}

impl ComparedGroup {
    fn grants(&self) -> impl Iterator<Item = &HistoryLine> {
        self.lines.iter().filter(|line| line.grant.is_some())
    }
}
