//! The sheet of a session to print: who has a place, with a box to tick, and lines for others.

use actix_web::HttpResponse;
use askama::Template;

use super::sessions::{name_of, names_of_groups, sign_ups_of, when_text};
use super::{sees_people, session_of};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::{PageContext, PageError};
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpState};
use crate::views::SignUpView;

#[derive(Template)]
#[template(path = "desk/gatherings/sheet.html")]
struct SheetPage {
    page: PageContext,
    gathering: GatheringRow,
    session: GatheringSessionRow,
    when: String,
    lines: Vec<SheetLine>,
}

struct SheetLine {
    name: String,
    group: String,
    needs: String,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    id: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let (gathering, session) = session_of(request, id, number).await?;
    if !sees_people(request, &gathering) {
        return Err(PageError::forbidden());
    }
    let sign_ups = sign_ups_of(request, &gathering, Some(&session)).await?;
    let groups = names_of_groups(request, &sign_ups, &[]).await?;
    let had_place = sign_ups
        .iter()
        .filter(|one| one.state == SignUpState::Place && session.kept_until.is_some());
    let line = |one: &SignUpView| SheetLine {
        name: name_of(one),
        group: one
            .group
            .and_then(|group| groups.get(&group.to_string()).cloned())
            .unwrap_or_default(),
        needs: one.needs.clone().unwrap_or_default(),
    };
    let mut lines: Vec<SheetLine> = had_place.map(line).collect();
    lines.sort_by(|one, other| one.name.cmp(&other.name));
    let page = SheetPage {
        page: request.page_context("Sheet to print").await?,
        when: when_text(&session),
        gathering,
        session,
        lines,
    };
    request.render(&page)
}
