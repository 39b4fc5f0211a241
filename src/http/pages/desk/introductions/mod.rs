//! Introductions at the desk: the list, the page for a conversation in which someone asks to be
//! introduced, and the page of one introduction. Only officers and connectors may open them.

mod actions;
mod record;
mod table;
mod talk;
mod talk_form;
mod words;

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use jiff::civil::Date;
use uuid::Uuid;

pub(super) use talk_form::submit as submit_talk;

use super::{DeskRequest, history};
use crate::domain::AssetId;
use crate::domain::introduction::IntroductionState;
use crate::domain::language::Language;
use crate::domain::organisation::NoticePurpose;
use crate::http::AppState;
use crate::http::pages::PageError;
use crate::projections::{AssetRow, IntroductionRow, NoticeRow};
use crate::views::{Filter, IntroductionView};

/// A page below `/desk/introductions`.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_people() {
        return Err(PageError::forbidden());
    }
    match steps {
        [] => table::show(request).await,
        ["new"] => talk::show(request).await,
        [id] => record::show(request, id).await,
        _ => Err(PageError::not_found()),
    }
}

pub(super) fn path_of(introduction: Uuid) -> String {
    format!("/desk/introductions/{introduction}")
}

/// An introduction, with the names by which staff call it.
pub(super) struct NamedIntroduction {
    pub seen: IntroductionView,
    /// Who is introduced.
    pub who: String,
    /// The name of the entry.
    pub entry: String,
}

impl NamedIntroduction {
    /// "Yusuf Khan to Boccia on Thursdays".
    pub fn title(&self) -> String {
        format!("{} to {}", self.who, self.entry)
    }
}

/// Introductions with their names, in the order of the rows.
pub(super) async fn with_names(
    request: &DeskRequest<'_>,
    rows: Vec<IntroductionRow>,
) -> Result<Vec<NamedIntroduction>, PageError> {
    let entries = names_of_entries(request.app, rows.iter().map(|row| row.to)).await?;
    let groups = rows.iter().filter_map(|row| row.group);
    let groups = groups.map(|group| group.to_string());
    let groups = request.group_names(groups).await?;
    let seen = request
        .app
        .views
        .introductions_for(&request.signed.reader, rows)
        .await?;
    let named = |seen: IntroductionView| {
        let group = seen.row.group.map(|group| group.to_string());
        let group = group.and_then(|group| groups.get(&group).cloned());
        let who = seen.name.clone().or(group);
        let entry = entries.get(&seen.row.to.0).cloned();
        NamedIntroduction {
            who: who.unwrap_or_else(|| "Someone".to_owned()),
            entry: entry.unwrap_or_else(|| "An entry of the directory".to_owned()),
            seen,
        }
    };
    Ok(seen.into_iter().map(named).collect())
}

/// The names of entries of the directory, by their ids.
async fn names_of_entries(
    app: &AppState,
    ids: impl Iterator<Item = AssetId>,
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let rows: Vec<AssetRow> = app
        .views
        .all_rows(None, vec![Filter::any_of("id", ids)])
        .await?;
    let name = |row: AssetRow| row.name.map(|name| (row.id, name));
    Ok(rows.into_iter().filter_map(name).collect())
}

/// The day since which an introduction waits for its next step; for one that is over, the day on
/// which it ended.
pub(super) fn waits_since(row: &IntroductionRow) -> Date {
    let since = match row.state {
        IntroductionState::Asked => None,
        IntroductionState::Agreed => row.agreed_on,
        IntroductionState::Made => row.made_on,
        IntroductionState::Welcomed => row.welcomed_on,
        IntroductionState::Declined => row.declined_on,
        IntroductionState::CameTo => row.said_on,
        IntroductionState::TakenBack => row.taken_back_on,
        IntroductionState::Closed => row.closed_on,
    };
    since.unwrap_or(row.asked_on)
}

/// The notice on introductions that is in force: its version, and its words to be read aloud.
async fn notice_in_force(app: &AppState) -> Result<Option<(u32, String)>, PageError> {
    let of = vec![Filter::equals(
        "purpose",
        <&str>::from(NoticePurpose::Introductions),
    )];
    let rows: Vec<NoticeRow> = app.views.all_rows(None, of).await?;
    let newest = rows.into_iter().max_by_key(|row| row.version);
    Ok(newest.map(|row| (row.version, row.text_in(Language::En).to_owned())))
}
