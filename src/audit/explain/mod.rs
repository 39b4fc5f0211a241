//! Tells the story of one grant from an exported folder, in plain words. It begins with a verdict,
//! lists the events by day with their positions, and ends with what the log lacks.

mod application_sentences;
mod barrier;
mod facts;
mod gathering;
mod grant_sentences;
mod introduction;
mod known_names;
mod payment_sentences;
mod sentences;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;

use askama::Template;
use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::log_reader::for_each_event;
use super::{AuditError, FolderCheck};
use crate::domain::language::day_text;
use crate::domain::reference::Reference;
use crate::domain::text::capitalised;
use crate::domain::{ApplicationEvent, Event, GrantEvent};
use crate::eventlog::recorded_event::RecordedEvent;
pub use barrier::{BarrierStory, explain_barrier};
pub use facts::FileEvidence;
use facts::{GrantFacts, PaymentFacts};
pub use gathering::{GatheringStory, explain_gathering};
pub use introduction::{IntroductionStory, explain_introduction};
use known_names::{KnownNames, list_text};
use sentences::{event_name, sentence_of};

/// What happened on a day.
#[derive(Clone, Debug, Serialize)]
pub struct StoryDay {
    pub day: String,
    pub lines: Vec<StoryLine>,
}

/// A sentence, the events that it is about, and the events on which it rests.
#[derive(Clone, Debug, Serialize)]
pub struct StoryLine {
    pub says: String,
    pub positions: Vec<i64>,
    pub related: Vec<i64>,
}

impl StoryLine {
    /// The positions in brackets: "(942; 792, 817)".
    #[must_use]
    pub fn positions_text(&self) -> String {
        let list = |positions: &[i64]| {
            let all: Vec<String> = positions.iter().map(ToString::to_string).collect();
            all.join(", ")
        };
        if self.related.is_empty() {
            format!("({})", list(&self.positions))
        } else {
            format!("({}; {})", list(&self.positions), list(&self.related))
        }
    }
}

/// A payment of the grant, as a row of a table.
#[derive(Clone, Debug, Serialize)]
pub struct StoryPayment {
    pub number: u16,
    pub amount: String,
    pub state: &'static str,
    pub prepared_by: String,
    pub approved_by: String,
    pub sent_on: String,
    pub paid_on: String,
}

impl StoryPayment {
    fn of(number: u16, payment: &PaymentFacts) -> Self {
        let day = |day: Option<Date>| day.map_or_else(String::new, day_text);
        Self {
            number,
            amount: payment.amount.to_string(),
            state: payment.step.into(),
            prepared_by: payment.prepared_by.clone(),
            approved_by: list_text(&payment.approved_by),
            sent_on: day(payment.sent_on),
            paid_on: day(payment.paid_on),
        }
    }
}

/// The name and position of an event of a grant.
#[derive(Clone, Debug, Serialize)]
pub struct GrantEventLine {
    pub position: i64,
    pub event: &'static str,
    pub day: String,
    pub says: String,
}

/// The story of one grant, or of an application that was not awarded.
#[derive(Clone, Debug, Serialize)]
pub struct GrantStory {
    pub grant: Uuid,
    pub heading: String,
    pub verdict: String,
    pub days: Vec<StoryDay>,
    pub payments: Vec<StoryPayment>,
    pub files: Vec<FileEvidence>,
    pub missing: Vec<String>,
    pub check: FolderCheck,
}

/// The page of a story. It needs no other file.
#[derive(Template)]
#[template(path = "audit/story.html")]
struct StoryPage<'a> {
    story: &'a GrantStory,
    warning: Option<String>,
}

impl GrantStory {
    /// The story as an HTML page, for a browser or a printer.
    pub fn to_html(&self) -> Result<String, askama::Error> {
        let page = StoryPage {
            story: self,
            warning: self.check.warning(),
        };
        page.render()
    }
}

/// Tells the story of a grant. `grant` is the id of the grant or its application, or the number of
/// the application. None if the log has no such application.
pub fn explain(
    folder: &Path,
    check: &FolderCheck,
    grant: &str,
) -> Result<Option<GrantStory>, AuditError> {
    let origins = Origins::read(folder)?;
    let Some((id, group)) = origins.find(grant) else {
        return Ok(None);
    };
    let (files, names) = read_grants(folder, &[(id, group)])?;
    let story = files.into_iter().next();
    Ok(story.map(|file| file.into_story(check, &names)))
}

/// The applications of a log with their groups and numbers, and which of them became grants.
#[derive(Default)]
pub(super) struct Origins {
    applications: BTreeMap<Uuid, (Uuid, Reference)>,
    grants: BTreeSet<Uuid>,
}

impl Origins {
    pub(super) fn read(folder: &Path) -> Result<Self, AuditError> {
        let mut origins = Self::default();
        for_each_event(folder, None, |event| origins.apply(event))?;
        Ok(origins)
    }

    fn apply(&mut self, event: &RecordedEvent) {
        match &event.event {
            Event::Application(ApplicationEvent::ApplicationStarted { group, .. }) => {
                let number = Reference::from_position(event.position);
                self.applications.insert(event.stream, (group.0, number));
            }
            Event::Grant(GrantEvent::GrantOffered { .. }) => {
                self.grants.insert(event.stream);
            }
            _ => {}
        }
    }

    /// The application with this id or number, and its group.
    fn find(&self, text: &str) -> Option<(Uuid, Uuid)> {
        if let Ok(id) = text.trim().parse::<Uuid>() {
            return self.applications.get(&id).map(|(group, _)| (id, *group));
        }
        let wanted = Reference::parse(text)?;
        self.applications
            .iter()
            .find(|(_, (_, number))| *number == wanted)
            .map(|(id, (group, _))| (*id, *group))
    }

    /// The ids of the grants.
    pub(super) fn grants(&self) -> impl Iterator<Item = Uuid> {
        self.grants.iter().copied()
    }

    /// The group of an application; the nil id if it never began.
    pub(super) fn group_of(&self, application: Uuid) -> Uuid {
        self.applications
            .get(&application)
            .map_or_else(Uuid::nil, |(group, _)| *group)
    }
}

/// All that a log has about one grant.
pub(super) struct GrantFile {
    facts: GrantFacts,
    days: Vec<StoryDay>,
    events: Vec<GrantEventLine>,
}

/// Reads the files of several grants, each with its group, in one pass.
pub(super) fn read_grants(
    folder: &Path,
    grants: &[(Uuid, Uuid)],
) -> Result<(Vec<GrantFile>, KnownNames), AuditError> {
    let mut names = KnownNames::default();
    let mut files: Vec<GrantFile> = grants
        .iter()
        .map(|(grant, group)| GrantFile {
            facts: GrantFacts::of(*grant, *group),
            days: Vec::new(),
            events: Vec::new(),
        })
        .collect();
    for_each_event(folder, None, |event| {
        names.apply(event);
        for file in &mut files {
            file.take(event, &names);
        }
    })?;
    Ok((files, names))
}

/// Adds a sentence to its day. A sentence that repeats the one before only adds its position.
fn add_line(days: &mut Vec<StoryDay>, day: String, position: i64, says: String, related: Vec<i64>) {
    if days.last().is_none_or(|last| last.day != day) {
        let lines = Vec::new();
        days.push(StoryDay { day, lines });
    }
    let Some(last) = days.last_mut() else {
        return;
    };
    match last.lines.last_mut() {
        Some(line) if line.says == says => line.positions.push(position),
        _ => last.lines.push(StoryLine {
            says,
            positions: vec![position],
            related,
        }),
    }
}

/// Tells what happened to one record, by day. `tell` is called with each event of the log and the
/// names that are known so far, and returns a sentence for those of the record.
fn days_of_record(
    folder: &Path,
    mut tell: impl FnMut(&RecordedEvent, &KnownNames) -> Option<String>,
) -> Result<Vec<StoryDay>, AuditError> {
    let (mut names, mut days) = (KnownNames::default(), Vec::new());
    for_each_event(folder, None, |event| {
        names.apply(event);
        if let Some(says) = tell(event, &names) {
            let day = day_text(event.recorded_on());
            add_line(
                &mut days,
                day,
                event.position,
                capitalised(&says),
                Vec::new(),
            );
        }
    })?;
    Ok(days)
}

impl GrantFile {
    fn take(&mut self, event: &RecordedEvent, names: &KnownNames) {
        self.facts.apply(event, names);
        if !self.facts.concerns(event) {
            return;
        }
        let (says, related) = sentence_of(event, &self.facts, names);
        let day = day_text(event.recorded_on());
        self.events.push(GrantEventLine {
            position: event.position,
            event: event_name(&event.event),
            day: day.clone(),
            says: says.clone(),
        });
        add_line(&mut self.days, day, event.position, says, related);
    }

    pub(super) fn id(&self) -> Uuid {
        self.facts.id
    }

    pub(super) fn heading(&self, names: &KnownNames) -> String {
        format!(
            "Grant {} to {}, from {}",
            self.facts.number,
            names.of_record(self.facts.group),
            names.of_record(self.facts.fund)
        )
    }

    pub(super) fn verdict(&self) -> String {
        verdict::verdict(&self.facts)
    }

    pub(super) fn missing(&self, names: &KnownNames) -> Vec<String> {
        verdict::missing(&self.facts, names)
    }

    /// Its events, and the digests of files that they name.
    pub(super) fn into_evidence(self) -> (Vec<GrantEventLine>, Vec<FileEvidence>) {
        (self.events, self.facts.files)
    }

    fn into_story(self, check: &FolderCheck, names: &KnownNames) -> GrantStory {
        let payments = self.facts.payments.iter();
        GrantStory {
            grant: self.id(),
            heading: self.heading(names),
            verdict: self.verdict(),
            payments: payments
                .map(|(number, payment)| StoryPayment::of(*number, payment))
                .collect(),
            missing: self.missing(names),
            days: self.days,
            files: self.facts.files,
            check: check.clone(),
        }
    }
}

/// The first part of a story: whether the folder holds, the heading and the verdict, and what
/// happened by day.
fn write_days(
    f: &mut fmt::Formatter<'_>,
    check: &FolderCheck,
    (heading, verdict): (&str, &str),
    days: &[StoryDay],
) -> fmt::Result {
    if let Some(warning) = check.warning() {
        writeln!(f, "{warning}\n")?;
    }
    writeln!(f, "{heading}\n\n{verdict}\n\nWhat happened")?;
    for day in days {
        writeln!(f, "\n{}", day.day)?;
        for line in &day.lines {
            writeln!(f, "  {} {}", line.says, line.positions_text())?;
        }
    }
    Ok(())
}

/// Writes the end of a story: what is missing, and the log that the story comes from.
fn write_missing(
    f: &mut fmt::Formatter<'_>,
    missing: &[String],
    check: &FolderCheck,
) -> fmt::Result {
    writeln!(f, "\nWhat is missing")?;
    for one in missing {
        writeln!(f, "  {one}")?;
    }
    if missing.is_empty() {
        writeln!(f, "  Nothing.")?;
    }
    writeln!(f, "\n{}", check.source_text())
}

/// Writes the story of a record that has no files.
fn write_record(
    f: &mut fmt::Formatter<'_>,
    check: &FolderCheck,
    told: (&str, &str),
    days: &[StoryDay],
    missing: &[String],
) -> fmt::Result {
    write_days(f, check, told, days)?;
    write_missing(f, missing, check)
}

impl fmt::Display for GrantStory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let told = (self.heading.as_str(), self.verdict.as_str());
        write_days(f, &self.check, told, &self.days)?;
        writeln!(f, "\nFiles")?;
        for file in &self.files {
            writeln!(f, "  {}  {} ({})", file.digest, file.what, file.position)?;
        }
        if self.files.is_empty() {
            writeln!(f, "  The log names no file of this grant.")?;
        }
        write_missing(f, &self.missing, &self.check)
    }
}
