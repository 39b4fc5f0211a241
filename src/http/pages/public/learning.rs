//! The public page of the library: what groups, gatherings and the office learned, with links to
//! the origin of each entry.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;
use uuid::Uuid;

use super::impact::names_of_groups;
use crate::domain::aim::Aim;
use crate::domain::grant::GrantState;
use crate::domain::language::Language;
use crate::domain::organisation::{LessonKind, LessonOrigin};
use crate::domain::outcome::Sign;
use crate::domain::text::{Slug, contains_url};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_page, sign_in};
use crate::projections::{GatheringRow, GrantRow};
use crate::views::{Filter, LibraryEntry, LibraryFilter, LibrarySource};

/// How many entries a page shows.
const SHOWN_MAX: usize = 30;

#[derive(Template)]
#[template(path = "open/learning.html")]
struct LearningPage {
    page: PageContext,
    entries: Vec<LearnedEntry>,
    themes: Vec<LearningChoice>,
    signs: Vec<LearningChoice>,
    areas: Vec<LearningChoice>,
    kinds: Vec<LearningChoice>,
    sources: Vec<LearningChoice>,
    is_filtered: bool,
    /// The addresses of the pages with newer and with older entries.
    newer: Option<String>,
    older: Option<String>,
}

/// An entry as the page shows it.
struct LearnedEntry {
    id: String,
    /// What it is: a how-to, a story that people chose.
    what: &'static str,
    title: String,
    words: String,
    /// The language of the words, if it is not that of the page.
    lang: Option<&'static str>,
    why: Option<String>,
    /// The name of the aim of which it tells.
    aim: Option<String>,
    ideas: Vec<String>,
    /// Its day, its place and its themes, in one line.
    facts: String,
    signs: String,
    /// A page to read on: its address, and the name of its site.
    link: Option<(String, String)>,
    /// Where it grew from: the words before each link, its address and its title.
    from: Vec<(&'static str, String, String)>,
    group: Option<String>,
}

/// What the library can be filtered by.
struct LearningChoice {
    key: String,
    name: String,
    is_chosen: bool,
}

impl LearningChoice {
    fn new(key: &str, name: impl Into<String>, chosen: Option<&str>) -> Self {
        Self {
            is_chosen: chosen == Some(key),
            key: key.to_owned(),
            name: name.into(),
        }
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let text = |name: &str| Some(sign_in::query_param(&request, name)).filter(|it| !it.is_empty());
    let filter = LibraryFilter {
        theme: text("theme"),
        sign: text("sign"),
        area: text("area"),
        kind: text("kind").and_then(|kind| kind.parse().ok()),
        source: text("source").and_then(|source| source.parse().ok()),
    };
    let whole = app.views.library(&LibraryFilter::default(), None).await?;
    let allowed: Vec<&LibraryEntry> = whole
        .entries
        .iter()
        .filter(|entry| filter.allows(entry))
        .collect();
    let from: usize = text("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let first = from.min(allowed.len());
    let last = first.saturating_add(SHOWN_MAX).min(allowed.len());
    let shown = allowed.get(first..last).unwrap_or_default();
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?;
    let words = LibraryWords {
        themes: ThemeNames::load(&app).await?,
        signs: own
            .as_ref()
            .map(|own| own.signs.clone())
            .unwrap_or_default(),
        aims: own.map(|own| own.aims.clone()).unwrap_or_default(),
        language: visitor.language,
    };
    let records = NamedRecords::load(&app, shown).await?;
    let title = translate("What we’ve learned", visitor.language);
    let mut page = PageContext::load(&visitor, &app, title).await?;
    page.width = PageWidth::Wide;
    let entries = shown.iter().map(|entry| words.entry(entry, &records));
    render_page(&LearningPage {
        page,
        entries: entries.collect(),
        themes: words.themes_of(&whole.entries, &filter),
        signs: words.signs_of(&whole.entries, &filter),
        areas: areas_of(&whole.entries, &filter),
        kinds: words.kinds_of(&whole.entries, &filter),
        sources: words.sources_of(&whole.entries, &filter),
        is_filtered: filter != LibraryFilter::default(),
        newer: (first > 0).then(|| address_of(&filter, first.saturating_sub(SHOWN_MAX))),
        older: (last < allowed.len()).then(|| address_of(&filter, last)),
    })
}

/// The address of the page with the entries from a place on.
fn address_of(filter: &LibraryFilter, from: usize) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    pairs.extend(filter.theme.clone().map(|key| ("theme", key)));
    pairs.extend(filter.sign.clone().map(|key| ("sign", key)));
    pairs.extend(filter.area.clone().map(|key| ("area", key)));
    pairs.extend(
        filter
            .kind
            .map(|kind| ("kind", key_of_kind(kind).to_owned())),
    );
    let source = filter
        .source
        .map(|source| ("source", key_of_source(source).to_owned()));
    pairs.extend(source);
    pairs.extend((from > 0).then(|| ("from", from.to_string())));
    match serde_html_form::to_string(pairs).unwrap_or_default() {
        query if query.is_empty() => "/learning".to_owned(),
        query => format!("/learning?{query}"),
    }
}

fn key_of_kind(kind: LessonKind) -> &'static str {
    kind.into()
}

fn key_of_source(source: LibrarySource) -> &'static str {
    source.into()
}

/// The places that entries are about.
fn areas_of(entries: &[LibraryEntry], filter: &LibraryFilter) -> Vec<LearningChoice> {
    let keys: BTreeSet<&str> = entries
        .iter()
        .filter_map(|entry| entry.area.as_ref().map(Slug::as_str))
        .collect();
    let chosen = filter.area.as_deref();
    let choice = |key: &str| LearningChoice::new(key, place_name(key), chosen);
    keys.into_iter().map(choice).collect()
}

/// The words of the page in its language.
struct LibraryWords {
    themes: ThemeNames,
    signs: Vec<Sign>,
    aims: Vec<Aim>,
    language: Language,
}

impl LibraryWords {
    fn kind(&self, kind: LessonKind) -> &'static str {
        match kind {
            LessonKind::Lesson => translate("Lesson", self.language),
            LessonKind::HowTo => translate("How to do it", self.language),
            LessonKind::Victory => translate("Small victory", self.language),
            LessonKind::Finding => translate("What people found out", self.language),
        }
    }

    fn source(&self, source: LibrarySource) -> &'static str {
        match source {
            LibrarySource::Lesson => translate("Lessons", self.language),
            LibrarySource::Story => translate("Stories that people chose", self.language),
            LibrarySource::Notes => translate("Notes from gatherings", self.language),
            LibrarySource::Report => translate("Our report on a place", self.language),
            LibrarySource::Answer => translate("Answers to what we heard", self.language),
        }
    }

    fn theme(&self, key: &Slug) -> String {
        self.themes.name(key.as_str(), self.language)
    }

    /// The themes that entries are about.
    fn themes_of(&self, all: &[LibraryEntry], filter: &LibraryFilter) -> Vec<LearningChoice> {
        let keys: BTreeSet<&Slug> = all.iter().flat_map(|entry| &entry.themes).collect();
        let chosen = filter.theme.as_deref();
        let choice = |key: &Slug| LearningChoice::new(key.as_str(), self.theme(key), chosen);
        keys.into_iter().map(choice).collect()
    }

    /// The signs that entries tell of, in their own order.
    fn signs_of(&self, all: &[LibraryEntry], filter: &LibraryFilter) -> Vec<LearningChoice> {
        let keys: BTreeSet<&Slug> = all.iter().flat_map(|entry| &entry.signs).collect();
        let known = self.signs.iter().filter(|sign| keys.contains(&sign.sign));
        let chosen = filter.sign.as_deref();
        let choice = |sign: &Sign| {
            let title = translate(sign.title.as_str(), self.language);
            LearningChoice::new(sign.sign.as_str(), title, chosen)
        };
        known.map(choice).collect()
    }

    fn kinds_of(&self, all: &[LibraryEntry], filter: &LibraryFilter) -> Vec<LearningChoice> {
        let is_there = |kind: &&LessonKind| all.iter().any(|entry| entry.kind == Some(**kind));
        let chosen = filter.kind.map(key_of_kind);
        let choice =
            |kind: &LessonKind| LearningChoice::new(key_of_kind(*kind), self.kind(*kind), chosen);
        LessonKind::VARIANTS
            .iter()
            .filter(is_there)
            .map(choice)
            .collect()
    }

    fn sources_of(&self, all: &[LibraryEntry], filter: &LibraryFilter) -> Vec<LearningChoice> {
        let is_there = |source: &&LibrarySource| all.iter().any(|entry| entry.source == **source);
        let chosen = filter.source.map(key_of_source);
        let choice = |source: &LibrarySource| {
            LearningChoice::new(key_of_source(*source), self.source(*source), chosen)
        };
        LibrarySource::VARIANTS
            .iter()
            .filter(is_there)
            .map(choice)
            .collect()
    }

    /// What an entry is, in the singular.
    fn what(&self, entry: &LibraryEntry) -> &'static str {
        match (entry.source, entry.kind) {
            (LibrarySource::Lesson, Some(kind)) => self.kind(kind),
            (LibrarySource::Lesson, None) => translate("Lesson", self.language),
            (LibrarySource::Story, _) => translate("A story that people chose", self.language),
            (LibrarySource::Notes, _) => translate("From a gathering", self.language),
            (LibrarySource::Report, _) => translate("Our report on a place", self.language),
            (LibrarySource::Answer, _) => translate("An answer we got", self.language),
        }
    }

    fn entry(&self, entry: &LibraryEntry, records: &NamedRecords) -> LearnedEntry {
        let area = entry.area.as_ref().map(|area| place_name(area.as_str()));
        let title = entry.title.clone().or_else(|| area.clone());
        let is_here =
            self.language == Language::En || entry.other_languages.contains_key(&self.language);
        let signs = self
            .signs
            .iter()
            .filter(|sign| entry.signs.contains(&sign.sign));
        let signs: Vec<&str> = signs
            .map(|sign| translate(sign.title.as_str(), self.language))
            .collect();
        LearnedEntry {
            id: entry.id.clone(),
            what: self.what(entry),
            title: title.unwrap_or_default(),
            words: entry.words_in(self.language).to_owned(),
            lang: (!is_here).then(|| Language::En.code()),
            why: entry.why.clone(),
            aim: self.aim_of(entry),
            ideas: entry.ideas.iter().map(ToString::to_string).collect(),
            facts: self.facts(entry, area),
            signs: signs.join(", "),
            link: entry
                .link
                .as_ref()
                .map(|link| (link.to_string(), site_of(link.as_str()))),
            from: self.origins(entry, records),
            group: entry
                .group
                .and_then(|group| records.groups.get(&group.to_string()).cloned()),
        }
    }

    /// The name of the aim of which a story tells, if it is in force.
    fn aim_of(&self, entry: &LibraryEntry) -> Option<String> {
        let key = entry.aim.as_ref()?;
        let aim = self.aims.iter().find(|aim| aim.aim == *key)?;
        Some(aim.name_in(self.language).to_owned())
    }

    /// The day, the place and the themes of an entry.
    fn facts(&self, entry: &LibraryEntry, area: Option<String>) -> String {
        let day = entry
            .day
            .map(|day| crate::mail::format_day(day, self.language));
        let place = area.filter(|_| entry.title.is_some());
        let themes = entry.themes.iter().map(|theme| self.theme(theme));
        let facts: Vec<String> = day.into_iter().chain(place).chain(themes).collect();
        facts.join(" · ")
    }

    /// Where an entry grew from, as far as everyone may see it.
    fn origins(
        &self,
        entry: &LibraryEntry,
        records: &NamedRecords,
    ) -> Vec<(&'static str, String, String)> {
        let grew = translate("It comes from", self.language);
        let mut found = Vec::new();
        match &entry.grew_from {
            Some(LessonOrigin::Grant { grant, .. }) => {
                found.extend(records.grant(grant.0).map(|(to, name)| (grew, to, name)));
            }
            Some(LessonOrigin::Gathering { gathering }) => {
                found.extend(
                    records
                        .gathering(gathering.0)
                        .map(|(to, name)| (grew, to, name)),
                );
            }
            Some(LessonOrigin::Report { area }) => {
                let to = format!("/learning?source=report&area={area}");
                let name = translate("Our report on a place", self.language);
                found.push((grew, to, format!("{name}: {}", place_name(area.as_str()))));
            }
            Some(LessonOrigin::Barrier { .. }) => {
                let name = translate("something people told us", self.language);
                found.push((grew, "/heard".to_owned(), name.to_owned()));
            }
            None => {}
        }
        let told = entry.grant.and_then(|grant| records.grant(grant.0));
        let about = translate("It is about", self.language);
        found.extend(told.map(|(to, name)| (about, to, name)));
        let met = entry
            .gathering
            .and_then(|gathering| records.gathering(gathering.0));
        let at = match entry.source {
            LibrarySource::Story => translate("People chose it at", self.language),
            _ => translate("It comes from", self.language),
        };
        found.extend(met.map(|(to, name)| (at, to, name)));
        found
    }
}

/// The name of the site of an address.
fn site_of(address: &str) -> String {
    let (_, rest) = address.split_once("://").unwrap_or(("", address));
    rest.split('/').next().unwrap_or_default().to_owned()
}

/// The public records that entries name, by their ids.
struct NamedRecords {
    grants: BTreeMap<Uuid, String>,
    gatherings: BTreeMap<Uuid, String>,
    groups: BTreeMap<String, String>,
}

impl NamedRecords {
    async fn load(app: &AppState, entries: &[&LibraryEntry]) -> Result<Self, PageError> {
        let (mut grants, mut gatherings) = (BTreeSet::new(), BTreeSet::new());
        for entry in entries {
            grants.extend(entry.grant.map(|grant| grant.0));
            gatherings.extend(entry.gathering.map(|gathering| gathering.0));
            match &entry.grew_from {
                Some(LessonOrigin::Grant { grant, .. }) => {
                    grants.insert(grant.0);
                }
                Some(LessonOrigin::Gathering { gathering }) => {
                    gatherings.insert(gathering.0);
                }
                _ => {}
            }
        }
        let groups = entries.iter().filter_map(|entry| entry.group);
        let groups = groups.map(|group| group.to_string()).collect();
        let mut groups = names_of_groups(app, groups).await?;
        groups.retain(|_, name| !contains_url(name));
        let of_grants = vec![Filter::any_of("id", &grants), accepted()];
        let grants: Vec<GrantRow> = if grants.is_empty() {
            Vec::new()
        } else {
            app.views.all_rows(None, of_grants).await?
        };
        let of_gatherings = vec![Filter::any_of("id", &gatherings)];
        let gatherings: Vec<GatheringRow> = if gatherings.is_empty() {
            Vec::new()
        } else {
            app.views.all_rows(None, of_gatherings).await?
        };
        let public = gatherings.into_iter().filter(GatheringRow::is_public);
        Ok(Self {
            grants: grants.into_iter().map(|row| (row.id, row.title)).collect(),
            gatherings: public.map(|row| (row.id, row.title)).collect(),
            groups,
        })
    }

    /// The address and the title of a grant on the page of impact.
    fn grant(&self, id: Uuid) -> Option<(String, String)> {
        let title = self.grants.get(&id)?.clone();
        Some((format!("/impact#grant-{id}"), title))
    }

    /// The address and the title of a gathering.
    fn gathering(&self, id: Uuid) -> Option<(String, String)> {
        let title = self.gatherings.get(&id)?.clone();
        Some((format!("/gatherings/{id}"), title))
    }
}

/// The states in which the page of impact shows a grant.
fn accepted() -> Filter {
    use GrantState as S;
    Filter::in_state([S::Accepted, S::Live, S::Reported, S::Closed, S::Terminated])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_keeps_what_was_asked_for() {
        let filter = LibraryFilter {
            theme: Some("food & drink".to_owned()),
            kind: Some(LessonKind::HowTo),
            source: Some(LibrarySource::Lesson),
            ..LibraryFilter::default()
        };
        assert_eq!(
            address_of(&filter, 30),
            "/learning?theme=food+%26+drink&kind=how_to&source=lesson&from=30"
        );
        assert_eq!(address_of(&LibraryFilter::default(), 0), "/learning");
    }

    #[test]
    fn a_link_says_to_which_site_it_leads() {
        assert_eq!(site_of("https://www.example.org/how-to"), "www.example.org");
    }
}
