//! The library at the desk: the lessons, withdrawing one, and writing one.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use serde_json::json;
use uuid::Uuid;

use super::DeskRequest;
use super::action::{Action, ActionSpec, Choices};
use super::list::ListFilter;
use super::texts::organisation;
use crate::domain::barrier::BarrierState;
use crate::domain::grant::GrantState;
use crate::domain::language::Language;
use crate::domain::organisation::{LessonKind, LessonRef};
use crate::domain::outcome::Sign;
use crate::domain::text::Slug;
use crate::domain::theme::Theme;
use crate::domain::{Command, OrganisationCommand};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{Form, PageContext, PageError};
use crate::projections::{BarrierRow, GatheringRow, GrantRow, LessonRow, OrganisationRow};
use crate::views::{Filter, SortKey, SortOrder, TableRow};

/// The most gatherings, grants and barriers, of each kind, from which one is chosen.
const ORIGINS_MAX: i64 = 500;
/// The address of the list.
pub(super) const PAGE: &str = "/desk/learning";

#[derive(Template)]
#[template(path = "desk/learning.html")]
struct LessonsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    lessons: Vec<LessonLine>,
    /// The days of lessons that were withdrawn, by their numbers.
    withdrawn: Vec<(u32, String)>,
    writes: bool,
    /// Whether the reader may see the figures of the aims.
    sees_aims: bool,
}

/// A lesson that everyone reads.
struct LessonLine {
    number: u32,
    title: String,
    words: String,
    kind: &'static str,
    /// Its day, its place and its themes, in one line.
    facts: String,
    /// The form that withdraws it, for those who may.
    withdraw: Option<Action>,
}

#[derive(Template)]
#[template(path = "desk/lesson_new.html")]
struct LessonPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    kinds: Choices,
    voices: Choices,
    origins: Choices,
    areas: Choices,
    themes: Choices,
    signs: Choices,
}

/// What staff call each kind of lesson.
fn kind_name(kind: LessonKind) -> &'static str {
    match kind {
        LessonKind::Lesson => "Lesson",
        LessonKind::HowTo => "How to do it",
        LessonKind::Victory => "Small victory",
        LessonKind::Finding => "What people found out",
    }
}

fn pair(key: &str, label: &str) -> (String, String) {
    (key.to_owned(), label.to_owned())
}

/// A page below `/desk/learning`.
pub(super) async fn show_page(
    request: &DeskRequest<'_>,
    steps: &[&str],
) -> Result<HttpResponse, PageError> {
    match steps {
        [] => show(request).await,
        ["new"] => show_new(request).await,
        _ => Err(PageError::not_found()),
    }
}

async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let writes = request.signed.reader.works_with_people();
    let mut rows: Vec<LessonRow> = request.app.views.all_rows(None, Vec::new()).await?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.published_on, row.lesson)));
    let themes = ThemeNames::load(request.app).await?;
    let forms = request.forms();
    let (mut lessons, mut withdrawn) = (Vec::new(), Vec::new());
    for row in rows {
        if let Some(day) = row.withdrawn_on {
            withdrawn.push((row.lesson, crate::domain::language::day_text(day)));
            continue;
        }
        let withdraw = if writes {
            Some(
                request
                    .action(&forms, withdrawal(request, row.lesson))
                    .await?,
            )
        } else {
            None
        };
        lessons.push(LessonLine {
            number: row.lesson,
            kind: kind_name(row.kind),
            facts: facts_of(&row, &themes),
            title: row.title,
            words: row.words,
            withdraw,
        });
    }
    let page = LessonsPage {
        page: request.page_context("Learning").await?,
        wrong: forms.error_summary(),
        lessons,
        withdrawn,
        writes,
        sees_aims: request.signed.reader.sees_all(),
    };
    request.render(&page)
}

/// The form that withdraws a lesson. The list shows it only to those who may.
fn withdrawal(request: &DeskRequest<'_>, lesson: u32) -> ActionSpec {
    let command = OrganisationCommand::WithdrawLesson(LessonRef { lesson });
    let command = Command::Organisation(request.app.commands.organisation(), command);
    ActionSpec::new("Withdraw it", command)
        .form(format!("withdraw-lesson-{lesson}"))
        .hidden_number("lesson", lesson)
        .must_tick(
            "Are you sure?",
            "No one can read it any more, on any day. This cannot be undone.",
        )
        .destructive()
        .unchecked()
}

fn facts_of(row: &LessonRow, themes: &ThemeNames) -> String {
    let area = row.area.as_ref();
    let area = area.map_or_else(|| "Everywhere".to_owned(), |area| place_name(area.as_str()));
    let names = row
        .themes
        .iter()
        .map(|key| themes.name(key.as_str(), Language::En));
    let day = crate::domain::language::day_text(row.published_on);
    let facts: Vec<String> = [day, area].into_iter().chain(names).collect();
    facts.join(" · ")
}

/// The page on which a lesson is written. Its form is the command itself.
async fn show_new(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_people() {
        return Err(PageError::forbidden());
    }
    let own = organisation(request).await?;
    let themes = ThemeNames::load(request.app).await?;
    let forms = request.forms();
    let mut areas = vec![pair("", "Everywhere")];
    areas.extend(ListFilter::area(&request.funds().await?).choices);
    let mut kinds = vec![pair("", "Choose a kind")];
    let kind = |kind: LessonKind| pair(kind.into(), kind_name(kind));
    kinds.extend(
        <LessonKind as strum::VariantArray>::VARIANTS
            .iter()
            .copied()
            .map(kind),
    );
    let theme = |theme: &Theme| (theme.theme.to_string(), theme.name.to_string());
    let sign = |sign: &Sign| (sign.sign.to_string(), sign.title.to_string());
    let page = LessonPage {
        page: request.page_context("Write a lesson").await?,
        wrong: forms.error_summary(),
        form: forms
            .form("publish-lesson")
            .prefill("grew_from:json", &asked_origin(request)),
        kinds,
        voices: vec![
            pair("staff", "Ours: someone in the office wrote it"),
            pair(
                "group",
                "The group’s: we quote them, or tell their own story",
            ),
        ],
        origins: origins(request, &own).await?,
        areas,
        themes: themes.current().iter().map(theme).collect(),
        signs: own.signs.iter().map(sign).collect(),
    };
    request.render(&page)
}

/// What the lesson grows from, if the page was opened from there: `gathering`, `grant` or `barrier`
/// in the address has the id, and `update` the number of an update of the grant.
fn asked_origin(request: &DeskRequest<'_>) -> String {
    if let Some(update) = asked_update(request) {
        return update_key(request.text("grant"), update);
    }
    ["gathering", "grant", "barrier"]
        .into_iter()
        .find(|kind| !request.text(kind).is_empty())
        .map(|kind| json!({ "from": kind, kind: request.text(kind) }).to_string())
        .unwrap_or_default()
}

/// The number of the update of a grant in the address.
fn asked_update(request: &DeskRequest<'_>) -> Option<u16> {
    request.text("update").parse().ok()
}

fn update_key(grant: &str, update: u16) -> String {
    json!({ "from": "grant", "grant": grant, "update": update }).to_string()
}

/// Adds the record whose id the address has, if it is not among the newest.
async fn add_asked<T: TableRow>(
    request: &DeskRequest<'_>,
    kind: &str,
    rows: &mut Vec<T>,
    id_of: fn(&T) -> Uuid,
) -> Result<(), PageError> {
    let asked = request.text(kind).parse::<Uuid>().ok();
    let is_new = |asked: &Uuid| rows.iter().all(|row| id_of(row) != *asked);
    if let Some(asked) = asked.filter(is_new) {
        let found: Option<T> = request.app.views.find(asked, None).await?;
        rows.extend(found);
    }
    Ok(())
}

/// What a lesson can grow from, by name: the newest gatherings, grants and barriers that everyone
/// may read of, and our reports on areas. The page for an older one has its id in the address.
async fn origins(request: &DeskRequest<'_>, own: &OrganisationRow) -> Result<Choices, PageError> {
    use BarrierState as B;
    use GrantState as S;
    let mut found = vec![pair("", "Nothing in particular")];
    let newest = SortOrder {
        key: SortKey::Created,
        descending: true,
    };
    let views = &request.app.views;
    let listed = views.list_ordered::<GatheringRow>(None, Vec::new(), newest, (None, ORIGINS_MAX));
    let mut gatherings = listed.await?.items;
    add_asked(request, "gathering", &mut gatherings, |row| row.id).await?;
    gatherings.sort_by(|one, other| one.title.cmp(&other.title));
    found.extend(gatherings.iter().map(|row| {
        let key = json!({ "from": "gathering", "gathering": row.id.to_string() });
        (key.to_string(), format!("Gathering: {}", row.title))
    }));
    let accepted = [S::Accepted, S::Live, S::Reported, S::Closed, S::Terminated];
    let accepted = vec![Filter::in_state(accepted)];
    let listed = views.list_ordered::<GrantRow>(None, accepted, newest, (None, ORIGINS_MAX));
    let mut grants = listed.await?.items;
    add_asked(request, "grant", &mut grants, |row| row.id).await?;
    grants.sort_by(|one, other| one.title.cmp(&other.title));
    let groups = grants.iter().map(|row| row.group.to_string());
    let groups: BTreeMap<String, String> = request.group_names(groups).await?;
    let titled = |row: &GrantRow| {
        let group = groups.get(&row.group.to_string());
        let group = group.map(|name| format!(" ({name})")).unwrap_or_default();
        format!("{}{group}", row.title)
    };
    found.extend(grants.iter().map(|row| {
        let key = json!({ "from": "grant", "grant": row.id.to_string() });
        (key.to_string(), format!("Grant: {}", titled(row)))
    }));
    let asked = grants
        .iter()
        .find(|row| row.id.to_string() == request.text("grant"));
    found.extend(asked.zip(asked_update(request)).map(|(row, update)| {
        let key = update_key(&row.id.to_string(), update);
        (key, format!("Report {update}: {}", titled(row)))
    }));
    let public = [B::PassedOn, B::Answered, B::Closed];
    let public = vec![Filter::in_state(public)];
    let listed = views.list_ordered::<BarrierRow>(None, public, newest, (None, ORIGINS_MAX));
    let mut barriers = listed.await?.items;
    add_asked(request, "barrier", &mut barriers, |row| row.id).await?;
    found.extend(barriers.iter().filter_map(|row| {
        let key = json!({ "from": "barrier", "barrier": row.id.to_string() });
        let summary = row.summary.as_ref()?;
        Some((key.to_string(), format!("What we hear: {summary}")))
    }));
    found.extend(own.reports.keys().map(|area: &Slug| {
        let key = json!({ "from": "report", "area": area.as_str() });
        (
            key.to_string(),
            format!("Our report on {}", place_name(area.as_str())),
        )
    }));
    Ok(found)
}
