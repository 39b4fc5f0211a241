//! The page on which staff note that people at a gathering chose the story of a grant, and why.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::texts::organisation;
use crate::http::pages::words::place_name;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{ChosenStoryRow, GatheringRow, GrantRow};
use crate::views::Filter;

/// The most stories that a search shows.
const FOUND_MAX: usize = 20;
/// So many letters of a story are shown in the list.
const BEGINNING: usize = 240;

#[derive(Template)]
#[template(path = "desk/gatherings/story.html")]
struct ChooseStoryPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    gathering: GatheringRow,
    search: Form,
    found: Vec<ToldStory>,
    /// The story that was picked, with the form that notes the choice.
    picked: Option<(ToldStory, Form)>,
    aims: Choices,
}

/// A published story of a grant.
#[derive(Clone)]
struct ToldStory {
    grant: String,
    number: u16,
    title: String,
    group: String,
    area: String,
    words: String,
}

impl ToldStory {
    /// Names the story in the page's address.
    fn key(&self) -> String {
        format!("{}.{}", self.grant, self.number)
    }

    /// How the story begins.
    fn beginning(&self) -> String {
        let mut letters = self.words.chars();
        let start: String = letters.by_ref().take(BEGINNING).collect();
        let more = if letters.next().is_some() { "…" } else { "" };
        format!("{start}{more}")
    }

    /// Whether it has a text in its words, its title, its place or the name of its group.
    fn has(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        [&self.words, &self.title, &self.group, &self.area]
            .into_iter()
            .any(|known| known.to_lowercase().contains(&text))
    }
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let gathering: GatheringRow = request.row(ownership::parse_uuid(id)?).await?;
    if !request.signed.reader.works_with_people() {
        return Err(PageError::forbidden());
    }
    let forms = request.forms();
    let stories = told_stories(request).await?;
    let picked = stories
        .iter()
        .find(|story| story.key() == request.text("story"));
    let picked = picked.map(|story| (story.clone(), forms.form("choose-story")));
    let text = request.text("q");
    let found = stories.iter().filter(|story| story.has(text));
    let mut aims = vec![(String::new(), "None in particular".to_owned())];
    let own = organisation(request).await?;
    aims.extend(
        own.aims
            .iter()
            .map(|aim| (aim.aim.to_string(), aim.name.to_string())),
    );
    let page = ChooseStoryPage {
        page: request.page_context("Choose a story").await?,
        wrong: forms.error_summary(),
        search: forms.form("search").prefill("q", text),
        found: found.take(FOUND_MAX).cloned().collect(),
        picked,
        aims,
        gathering,
    };
    request.render(&page)
}

/// A story that people chose at a gathering.
pub(super) struct ChosenStory {
    /// The title of its grant.
    pub title: String,
    pub why: String,
    /// Whether the group has withdrawn it since.
    pub is_withdrawn: bool,
}

/// The stories that people chose at a gathering.
pub(super) async fn chosen_stories(
    request: &DeskRequest<'_>,
    gathering: Uuid,
) -> Result<Vec<ChosenStory>, PageError> {
    let of_gathering = vec![Filter::equals("gathering", gathering)];
    let rows: Vec<ChosenStoryRow> = request.app.views.all_rows(None, of_gathering).await?;
    let mut chosen = Vec::new();
    for row in rows {
        let grant: GrantRow = request.row(row.grant).await?;
        let story = grant.stories.get(&row.story);
        chosen.push(ChosenStory {
            is_withdrawn: story.is_none_or(|story| story.words.is_none()),
            title: grant.title,
            why: row.why,
        });
    }
    Ok(chosen)
}

/// All stories that are published, in the order of their grants' titles.
async fn told_stories(request: &DeskRequest<'_>) -> Result<Vec<ToldStory>, PageError> {
    let mut grants: Vec<GrantRow> = request.app.views.all_rows(None, Vec::new()).await?;
    grants.retain(|row| row.stories.values().any(|story| story.words.is_some()));
    grants.sort_by(|one, other| one.title.cmp(&other.title));
    let groups = grants.iter().map(|row| row.group.to_string());
    let groups = request.group_names(groups).await?;
    let mut told = Vec::new();
    for row in &grants {
        let group = groups
            .get(&row.group.to_string())
            .cloned()
            .unwrap_or_default();
        for (number, story) in &row.stories {
            told.extend(story.words.as_ref().map(|words| ToldStory {
                grant: row.id.to_string(),
                number: *number,
                title: row.title.clone(),
                group: group.clone(),
                area: place_name(row.area.as_str()),
                words: words.clone(),
            }));
        }
    }
    Ok(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_is_found_by_its_words_its_place_and_its_group() {
        let story = ToldStory {
            grant: "1".to_owned(),
            number: 2,
            title: "Soup Club".to_owned(),
            group: "Mill Lane Cooks".to_owned(),
            area: "Oldham".to_owned(),
            words: "We cook together. ".repeat(20),
        };
        for text in ["", "soup", "COOK", "oldham", "mill"] {
            assert!(story.has(text), "{text}");
        }
        assert!(!story.has("dance"));
        assert_eq!(story.key(), "1.2");
        assert!(story.beginning().ends_with('…'));
    }
}
