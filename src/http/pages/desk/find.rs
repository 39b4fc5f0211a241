//! The search of the desk: groups, people, applications, grants, payments, gatherings and entries
//! of the directory for one text.

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use crate::domain::Role;
use crate::http::pages::phone::phone_text;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError};
use crate::projections::search_key;
use crate::views::{HitKind, HitState, SearchHit};

/// Hits of each kind on the page of all kinds.
const FEW: usize = 8;
/// Hits on the page of one kind.
const MANY: usize = 50;
/// The kinds with their names in the address and on the page.
const KINDS: [(HitKind, &str, &str); 7] = [
    (HitKind::Group, "groups", "Groups"),
    (HitKind::Person, "people", "People"),
    (HitKind::Application, "applications", "Applications"),
    (HitKind::Grant, "grants", "Grants"),
    (HitKind::Payment, "payments", "Payments"),
    (HitKind::Gathering, "gatherings", "Gatherings"),
    (HitKind::Asset, "assets", "Directory"),
];

#[derive(Template)]
#[template(path = "desk/find.html")]
struct FindPage {
    page: PageContext,
    text: String,
    kinds: Vec<KindTab>,
    found: Vec<FoundRow>,
    total: usize,
    /// The kinds that have results, as in "groups and grants".
    within: String,
    more: bool,
    adds_applications: bool,
}

/// A kind of result, with the address of the page that shows it alone.
struct KindTab {
    label: &'static str,
    path: String,
    count: usize,
    current: bool,
}

/// A hit as a row of the page.
struct FoundRow {
    kind: &'static str,
    icon: &'static str,
    path: String,
    title: Vec<TextPart>,
    about: Vec<TextPart>,
    state: Option<Tag>,
}

/// A part of a text, marked if it matches the search.
struct TextPart {
    text: String,
    marked: bool,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let text = request.text("q").to_owned();
    let chosen = KINDS
        .iter()
        .find(|(_, key, _)| *key == request.text("kind"))
        .map(|(kind, ..)| *kind);
    let limit = if chosen.is_some() { MANY } else { FEW };
    let result = request
        .app
        .views
        .search(&request.signed.reader, &text, limit)
        .await?;
    let hits: Vec<&SearchHit> = result
        .hits
        .iter()
        .filter(|hit| chosen.is_none_or(|kind| hit.kind == kind))
        .collect();
    let mut shell = request.page_context("Search").await?;
    shell.find.clone_from(&text);
    let page = FindPage {
        page: shell,
        kinds: tabs(&result.hits, &text, chosen),
        found: hits.iter().map(|hit| FoundRow::new(hit, &text)).collect(),
        total: result.hits.len(),
        within: kinds_text(&result.hits),
        more: result.more && chosen.is_none(),
        adds_applications: request.signed.reader.roles.contains(&Role::Officer),
        text,
    };
    request.render(&page)
}

/// The kinds of the hits in a sentence: "groups, applications and grants".
fn kinds_text(hits: &[SearchHit]) -> String {
    let found = KINDS
        .iter()
        .filter(|(kind, ..)| hits.iter().any(|hit| hit.kind == *kind));
    let mut names: Vec<&str> = found.map(|(_, key, _)| *key).collect();
    let last = names.pop().unwrap_or_default();
    if names.is_empty() {
        last.to_owned()
    } else {
        format!("{} and {last}", names.join(", "))
    }
}

fn tabs(hits: &[SearchHit], text: &str, chosen: Option<HitKind>) -> Vec<KindTab> {
    let tab = |kind: Option<HitKind>, key: &str, label| {
        let query = [("q", text), ("kind", key)];
        let query = serde_html_form::to_string(query).unwrap_or_default();
        KindTab {
            label,
            path: format!("/desk/find?{query}"),
            count: hits
                .iter()
                .filter(|hit| kind.is_none_or(|kind| hit.kind == kind))
                .count(),
            current: kind == chosen,
        }
    };
    let all = tab(None, "", "All");
    let kinds = KINDS.map(|(kind, key, label)| tab(Some(kind), key, label));
    std::iter::once(all)
        .chain(kinds.into_iter().filter(|tab| tab.count > 0))
        .collect()
}

impl FoundRow {
    fn new(hit: &SearchHit, text: &str) -> Self {
        let [list, id] = hit.address();
        let title = match (hit.kind, &hit.reference) {
            (HitKind::Application | HitKind::Payment, Some(reference)) => {
                format!("{reference} {}", hit.title)
            }
            _ => hit.title.clone(),
        };
        Self {
            kind: kind_label(hit.kind),
            icon: match hit.kind {
                HitKind::Group | HitKind::Person => "people",
                HitKind::Application => "inbox",
                HitKind::Grant => "heart",
                HitKind::Payment => "pound",
                HitKind::Gathering => "day",
                HitKind::Asset => "home",
            },
            path: format!("/desk/{list}/{id}"),
            title: marked(&title, text),
            about: marked(&about(hit), text),
            state: hit.state.map(state_tag),
        }
    }
}

fn kind_label(kind: HitKind) -> &'static str {
    match kind {
        HitKind::Group => "Group",
        HitKind::Person => "Person",
        HitKind::Application => "Application",
        HitKind::Grant => "Grant",
        HitKind::Payment => "Payment",
        HitKind::Gathering => "Gathering",
        HitKind::Asset => "Entry",
    }
}

/// One line on a hit: where, whose, how to reach them, how much.
fn about(hit: &SearchHit) -> String {
    let kind = kind_label(hit.kind);
    let groups = hit.groups.join(", ");
    let mut parts = vec![match hit.kind {
        HitKind::Grant | HitKind::Payment if !groups.is_empty() => format!("{kind} to {groups}"),
        HitKind::Person if !groups.is_empty() => groups,
        _ => match &hit.area {
            Some(area) => format!("{kind} in {}", place_name(area)),
            None => kind.to_owned(),
        },
    }];
    parts.extend(hit.telephone.as_deref().map(phone_text));
    parts.extend(hit.email.clone());
    parts.extend(hit.amount.map(|amount| amount.to_string()));
    parts.join(" · ")
}

fn state_tag(state: HitState) -> Tag {
    match state {
        HitState::Application(state) => state.tag(),
        HitState::Grant(state) => state.tag(),
        HitState::Payment(state) => state.tag(),
        HitState::Gathering(state) => state.tag(),
        HitState::Asset(state) => state.tag(),
    }
}

/// The text in parts. Words that begin with a word of the search are marked, without regard to case
/// and accents.
fn marked(text: &str, search: &str) -> Vec<TextPart> {
    let wanted: Vec<String> = search_key(search)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    let mut parts: Vec<TextPart> = Vec::new();
    for piece in text.split_inclusive(|c: char| !c.is_alphanumeric()) {
        let word = piece.trim_end_matches(|c: char| !c.is_alphanumeric());
        let key = search_key(word);
        let is_hit = !word.is_empty() && wanted.iter().any(|wanted| key.starts_with(wanted));
        for (text, marked) in [(word, is_hit), (&piece[word.len()..], false)] {
            match parts.last_mut() {
                Some(last) if last.marked == marked => last.text.push_str(text),
                _ if text.is_empty() => {}
                _ => parts.push(TextPart {
                    text: text.to_owned(),
                    marked,
                }),
            }
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_is_marked() {
        let shown = |text, search| {
            marked(text, search)
                .into_iter()
                .map(|part| {
                    if part.marked {
                        format!("[{}]", part.text)
                    } else {
                        part.text
                    }
                })
                .collect::<String>()
        };
        assert_eq!(
            shown("Kitchen on wheels, Edgeley", "edge"),
            "Kitchen on wheels, [Edgeley]"
        );
        assert_eq!(shown("Łuk & co", "luk"), "[Łuk] & co");
        assert_eq!(shown("Soup", ""), "Soup");
    }
}
