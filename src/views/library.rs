//! The library: what the programme learned, for everyone. It consists of lessons, stories that were
//! chosen at gatherings, notes of sessions, reports of the office on areas, and answers to
//! barriers. It stores no texts itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{ViewError, Views};
use crate::domain::gathering::GatheringState;
use crate::domain::language::Language;
use crate::domain::organisation::{AreaReportTranslation, LessonKind, LessonLink, LessonOrigin};
use crate::domain::outcome::Strength;
use crate::domain::text::{Line, Slug};
use crate::domain::{GatheringId, GrantId, GroupId};
use crate::projections::{
    BarrierRow, ChosenStoryRow, GatheringRow, GatheringSessionRow, GrantRow, LessonRow,
    OrganisationRow, PublishedGrant, PublishedRow,
};
use crate::store::filter::Filter;

/// Where an entry of the library comes from.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LibrarySource {
    /// A lesson that the office published.
    Lesson,
    /// A story of a grant that was chosen at a gathering.
    Story,
    /// What was learned at a session.
    Notes,
    /// The office's report on an area.
    Report,
    /// The answer to a barrier.
    Answer,
}

/// An entry of the library.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LibraryEntry {
    /// Names the entry among all entries.
    pub id: String,
    pub source: LibrarySource,
    /// The kind of a lesson.
    pub kind: Option<LessonKind>,
    /// Absent for the report on an area, which has its name.
    pub title: Option<String>,
    pub words: String,
    /// The words in other languages.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, String>,
    /// Why people chose a story.
    pub why: Option<String>,
    /// The aim of which a chosen story tells.
    pub aim: Option<Slug>,
    /// Ideas that came up at a session.
    pub ideas: Vec<Line>,
    pub area: Option<Slug>,
    pub themes: BTreeSet<Slug>,
    pub signs: BTreeSet<Slug>,
    pub link: Option<LessonLink>,
    /// The day of the lesson, the choice, the session or the report.
    #[schema(value_type = Option<String>, format = "date")]
    pub day: Option<Date>,
    /// What a lesson grew from.
    pub grew_from: Option<LessonOrigin>,
    /// The grant of a story.
    pub grant: Option<GrantId>,
    /// The group of that grant.
    pub group: Option<GroupId>,
    /// The gathering at which a story was chosen, or of the session.
    pub gathering: Option<GatheringId>,
}

/// Which entries are asked for. Without a condition, all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibraryFilter {
    /// The keys of a theme, a sign and an area. An unknown one allows nothing.
    pub theme: Option<String>,
    pub sign: Option<String>,
    pub area: Option<String>,
    pub kind: Option<LessonKind>,
    pub source: Option<LibrarySource>,
}

impl LibraryFilter {
    #[must_use]
    pub fn allows(&self, entry: &LibraryEntry) -> bool {
        has_any(&entry.themes, self.theme.as_deref())
            && has_any(&entry.signs, self.sign.as_deref())
            && has_any(&entry.area, self.area.as_deref())
            && (self.kind.is_none() || entry.kind == self.kind)
            && self.source.is_none_or(|source| entry.source == source)
    }
}

/// Whether one of the keys is the wanted one, if one is wanted.
fn has_any<'a>(keys: impl IntoIterator<Item = &'a Slug>, wanted: Option<&str>) -> bool {
    let mut keys = keys.into_iter();
    wanted.is_none_or(|wanted| keys.any(|key| key.as_str() == wanted))
}

/// The library with what a filter allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Library {
    /// The newest first.
    pub entries: Vec<LibraryEntry>,
    /// How many stories were chosen, including those that were withdrawn since.
    pub stories_chosen: usize,
}

impl Views {
    /// The entries of the library that a filter allows, current or as at a position. Entries that
    /// were withdrawn since then are not shown for past days either.
    pub async fn library(
        &self,
        filter: &LibraryFilter,
        as_at: Option<i64>,
    ) -> Result<Library, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_library(as_at);
        let cache = &self.list_cache.library;
        let whole = cache.read_as_at(as_at, (), next, read).await?;
        let allowed = whole.entries.iter().filter(|entry| filter.allows(entry));
        Ok(Library {
            entries: allowed.cloned().collect(),
            stories_chosen: whole.stories_chosen,
        })
    }

    async fn read_library(&self, as_at: Option<i64>) -> Result<Arc<Library>, ViewError> {
        let mut gatherings: Vec<GatheringRow> = self.all_rows(as_at, Vec::new()).await?;
        let mut sessions: Vec<GatheringSessionRow> = self.all_rows(as_at, Vec::new()).await?;
        if as_at.is_some() {
            self.give_words_of_now(&mut gatherings).await?;
            self.give_notes_of_now(&mut sessions).await?;
        }
        let gatherings: BTreeMap<Uuid, GatheringRow> =
            gatherings.into_iter().map(|row| (row.id, row)).collect();
        let chosen: Vec<ChosenStoryRow> = self.all_rows(as_at, Vec::new()).await?;
        let organisations: Vec<OrganisationRow> = self.all_rows(as_at, Vec::new()).await?;
        let mut entries = self.lessons_that_stand(as_at).await?;
        let stories = self.stories_that_stand(&chosen).await?;
        entries.extend(chosen.iter().filter_map(|row| {
            let story = stories.get(&(row.grant, row.story))?;
            Some(story.entry(row))
        }));
        let notes = sessions.iter().filter_map(|session| {
            let gathering = gatherings.get(&session.gathering)?;
            notes_entry(gathering, session)
        });
        entries.extend(notes);
        entries.extend(organisations.iter().flat_map(report_entries));
        let barriers = self.barriers_for_all(as_at, Vec::new()).await?;
        entries.extend(barriers.iter().filter_map(answer_entry));
        entries.sort_by(|one, other| other.day.cmp(&one.day).then(one.id.cmp(&other.id)));
        Ok(Arc::new(Library {
            entries,
            stories_chosen: chosen.len(),
        }))
    }

    /// The lessons as at a position, without those that are withdrawn now.
    async fn lessons_that_stand(&self, as_at: Option<i64>) -> Result<Vec<LibraryEntry>, ViewError> {
        let mut lessons: Vec<LessonRow> = self.all_rows(as_at, Vec::new()).await?;
        if as_at.is_some() {
            let now: Vec<LessonRow> = self.all_rows(None, Vec::new()).await?;
            let withdrawn: BTreeSet<u32> = now
                .iter()
                .filter(|row| row.withdrawn_on.is_some())
                .map(|row| row.lesson)
                .collect();
            lessons.retain(|row| !withdrawn.contains(&row.lesson));
        }
        let standing = lessons.into_iter().filter(|row| row.withdrawn_on.is_none());
        Ok(standing.map(lesson_entry).collect())
    }

    /// The chosen stories that are not withdrawn now, by grant and number.
    async fn stories_that_stand(
        &self,
        chosen: &[ChosenStoryRow],
    ) -> Result<BTreeMap<(GrantId, u16), StandingStory>, ViewError> {
        let grants: BTreeSet<GrantId> = chosen.iter().map(|row| row.grant).collect();
        if grants.is_empty() {
            return Ok(BTreeMap::new());
        }
        let of_grants = vec![Filter::any_of("id", &grants)];
        let rows: Vec<GrantRow> = self.all_rows(None, of_grants).await?;
        let ids = grants.iter().map(|grant| format!("grant/{grant}"));
        let of_grants = vec![Filter::any_of("id", ids)];
        let published: Vec<PublishedRow> = self.all_rows(None, of_grants).await?;
        let mut signs: BTreeMap<Uuid, BTreeSet<Slug>> = BTreeMap::new();
        for row in &published {
            if let PublishedRow::Grant(grant) = row {
                signs.insert(grant.id, seen_signs(grant));
            }
        }
        let mut stories = BTreeMap::new();
        for grant in rows {
            for (number, story) in &grant.stories {
                let Some(words) = &story.words else {
                    continue;
                };
                let standing = StandingStory {
                    title: grant.title.clone(),
                    words: words.clone(),
                    area: grant.area.clone(),
                    themes: grant.theme.iter().cloned().collect(),
                    signs: signs.get(&grant.id).cloned().unwrap_or_default(),
                    group: grant.group,
                };
                stories.insert((GrantId(grant.id), *number), standing);
            }
        }
        Ok(stories)
    }
}

/// The signs that were seen at a grant.
fn seen_signs(grant: &PublishedGrant) -> BTreeSet<Slug> {
    let seen = grant
        .signs
        .iter()
        .filter(|(_, strength)| **strength != Strength::None);
    seen.map(|(sign, _)| sign.clone()).collect()
}

/// A published story of a grant.
struct StandingStory {
    title: String,
    words: String,
    area: Slug,
    themes: BTreeSet<Slug>,
    signs: BTreeSet<Slug>,
    group: GroupId,
}

impl StandingStory {
    fn entry(&self, chosen: &ChosenStoryRow) -> LibraryEntry {
        let ChosenStoryRow {
            gathering,
            grant,
            story,
            ..
        } = chosen;
        LibraryEntry {
            title: Some(self.title.clone()),
            why: Some(chosen.why.clone()),
            aim: chosen.aim.clone(),
            area: Some(self.area.clone()),
            themes: self.themes.clone(),
            signs: self.signs.clone(),
            day: Some(chosen.chosen_on),
            grant: Some(*grant),
            group: Some(self.group),
            gathering: Some(GatheringId(*gathering)),
            ..LibraryEntry::new(
                format!("story-{grant}-{story}-{gathering}"),
                LibrarySource::Story,
                self.words.clone(),
            )
        }
    }
}

impl LibraryEntry {
    fn new(id: String, source: LibrarySource, words: String) -> Self {
        Self {
            id,
            source,
            kind: None,
            title: None,
            words,
            other_languages: BTreeMap::new(),
            why: None,
            aim: None,
            ideas: Vec::new(),
            area: None,
            themes: BTreeSet::new(),
            signs: BTreeSet::new(),
            link: None,
            day: None,
            grew_from: None,
            grant: None,
            group: None,
            gathering: None,
        }
    }

    /// The words in a language, or in English without a translation.
    #[must_use]
    pub fn words_in(&self, language: Language) -> &str {
        self.other_languages.get(&language).unwrap_or(&self.words)
    }
}

fn lesson_entry(row: LessonRow) -> LibraryEntry {
    LibraryEntry {
        kind: Some(row.kind),
        title: Some(row.title),
        area: row.area,
        themes: row.themes,
        signs: row.signs,
        link: row.link,
        day: Some(row.published_on),
        grew_from: row.grew_from,
        ..LibraryEntry::new(
            format!("lesson-{}", row.lesson),
            LibrarySource::Lesson,
            row.words,
        )
    }
}

/// What was learned at a session of a gathering that everyone sees.
fn notes_entry(gathering: &GatheringRow, session: &GatheringSessionRow) -> Option<LibraryEntry> {
    let learned = session.learned.as_ref()?;
    if gathering.state == GatheringState::Draft {
        return None;
    }
    let (id, number) = (gathering.id, session.session);
    Some(LibraryEntry {
        title: Some(gathering.title.clone()),
        ideas: session.ideas.clone(),
        area: gathering.area.clone(),
        themes: gathering.themes.clone(),
        signs: session.signs.clone(),
        day: Some(session.day),
        gathering: Some(GatheringId(id)),
        ..LibraryEntry::new(
            format!("notes-{id}-{number}"),
            LibrarySource::Notes,
            learned.clone(),
        )
    })
}

/// The newest answer to a barrier that everyone may read.
fn answer_entry(barrier: &BarrierRow) -> Option<LibraryEntry> {
    let answer = barrier.answers.last().filter(|_| barrier.is_public())?;
    Some(LibraryEntry {
        title: barrier.summary.clone(),
        area: barrier.area.clone(),
        themes: barrier.theme.iter().cloned().collect(),
        day: Some(answer.answered_on),
        gathering: barrier.gathering,
        ..LibraryEntry::new(
            format!("answer-{}", barrier.id),
            LibrarySource::Answer,
            answer.answer.clone(),
        )
    })
}

/// What the office learned in each area.
fn report_entries(organisation: &OrganisationRow) -> impl Iterator<Item = LibraryEntry> {
    organisation.reports.iter().map(|(area, report)| {
        let others = report.other_languages.iter();
        let words = |(language, text): (&Language, &AreaReportTranslation)| {
            (*language, text.lessons.to_string())
        };
        LibraryEntry {
            area: Some(area.clone()),
            day: report.published_on,
            other_languages: others.map(words).collect(),
            ..LibraryEntry::new(
                format!("report-{area}"),
                LibrarySource::Report,
                report.lessons.clone(),
            )
        }
    })
}
