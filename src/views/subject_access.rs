//! Subject access (UK GDPR): all data on a person or a group, with personal values decrypted.
//! Events are in the order of the log.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;
use uuid::Uuid;

use super::{Filter, ViewError, Views};
use crate::domain::asset::Party;
use crate::domain::event::{SCORE_EVENTS, event_label};
use crate::domain::mail::MailKind;
use crate::domain::organisation::LessonOrigin;
use crate::domain::{GroupId, PersonId};
use crate::eventlog::LogError;
use crate::projections::{
    AssetRow, ChosenStoryRow, GatheringRow, GroupRow, LessonRow, PersonRow, SignUpRow,
};
use crate::store::accesses::AccessFilter;
use crate::store::event_search::{self, EventSearch};
use crate::store::events::EventRow;
use crate::store::{accesses, outbox, sessions, tokens};

/// Number of events, or of accesses, read with one query.
const EVENTS_PAGE_SIZE: i64 = 500;

/// The data on a person or a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAccessReport {
    /// The last position of the log that was read.
    pub through: i64,
    pub sections: Vec<SubjectAccessSection>,
}

/// A section of the report.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SubjectAccessSection {
    pub title: String,
    /// Entries, each with its fields as pairs of name and value.
    pub items: Vec<(String, Vec<(String, String)>)>,
}

impl SubjectAccessSection {
    pub(super) fn new(title: &str) -> Self {
        Self {
            title: title.to_owned(),
            items: Vec::new(),
        }
    }
}

impl Views {
    /// All data on a person: their own data, groups, sign-ups, entries of the directory, hours,
    /// introductions, consents, pledges, barriers, actions, sessions, tokens and mails, and who
    /// accessed it. [`ViewError::NotFound`] if there is no such person.
    pub async fn subject_access_for_person(
        &self,
        person: PersonId,
    ) -> Result<SubjectAccessReport, ViewError> {
        let row: PersonRow = self.find(person, None).await?.ok_or(ViewError::NotFound)?;
        let opened = self.log.vault().decrypt_all(person.0).await?;
        let given = self.recorded_events(&[person.0], &opened).await?;
        let id = person.to_string();
        let acted = self.list_actions(&id).await?;
        let signed_in = self.list_sessions(&id).await?;
        let programs = self.list_tokens(&id).await?;
        let written = self.list_mails(&id).await?;
        let looked = self
            .accesses(
                AccessFilter::Of(&id),
                "Who looked at what we hold about them",
            )
            .await?;
        let looks = self
            .accesses(AccessFilter::By(&id), "What they looked at")
            .await?;
        let groups = self.list_memberships(&row).await?;
        let gatherings = self.list_sign_ups(&id, &opened).await?;
        let entries = self.list_entries(Party::Person(person), &opened).await?;
        let hours = self.list_hours(Party::Person(person)).await?;
        let introductions = self.list_introductions("person", person, &opened).await?;
        let consents = self.list_consents(&id).await?;
        let pledges = self.list_pledges(&row).await?;
        let barriers = self.list_barriers(&row, &opened).await?;
        Ok(SubjectAccessReport {
            through: self.log.length().await? - 1,
            sections: vec![
                given,
                groups,
                gatherings,
                entries,
                hours,
                introductions,
                consents,
                pledges,
                barriers,
                acted,
                signed_in,
                programs,
                written,
                looked,
                looks,
            ],
        })
    }

    /// All data on a group: its events, those of groups merged into it, its applications and
    /// grants, and who accessed it. [`ViewError::NotFound`] if there is no such group.
    pub async fn subject_access_for_group(
        &self,
        group: Uuid,
    ) -> Result<SubjectAccessReport, ViewError> {
        let row: GroupRow = self.find(group, None).await?.ok_or(ViewError::NotFound)?;
        let mut parts = vec![
            self.recorded_events(&[group], &self.log.vault().decrypt_all(group).await?)
                .await?,
        ];
        for merged in self.with_merged(group, None).await?.into_iter().skip(1) {
            let mut part = self
                .recorded_events(&[merged], &self.log.vault().decrypt_all(merged).await?)
                .await?;
            part.title = format!("What we recorded about group {merged}, which was merged into it");
            parts.push(part);
        }
        let mut grants = BTreeSet::new();
        for line in self.history(group, None).await? {
            grants.insert(line.id);
            // A merged group keeps its own encryption key.
            let opened = self.log.vault().decrypt_all(line.group).await?;
            let mut part = self.recorded_events(&[line.id], &opened).await?;
            part.title = format!(
                "Application from {}",
                line.submitted_on
                    .map_or_else(|| "a day not set yet".to_owned(), |day| day.to_string())
            );
            parts.push(part);
        }
        parts.extend(self.list_lessons(&grants).await?);
        if let Some(first) = parts.first_mut() {
            first.title = format!("What we recorded about {}", row.name);
        }
        let holder = Party::Group(GroupId(group));
        let opened = self.log.vault().decrypt_all(group).await?;
        parts.push(self.list_entries(holder, &opened).await?);
        parts.push(self.list_hours(holder).await?);
        parts.push(self.list_introductions("group_id", group, &opened).await?);
        parts.push(self.list_group_barriers(group, &opened).await?);
        parts.push(
            self.accesses(
                AccessFilter::Of(&group.to_string()),
                "Who looked at what we hold about it",
            )
            .await?,
        );
        Ok(SubjectAccessReport {
            through: self.log.length().await? - 1,
            sections: parts,
        })
    }

    /// Lessons that grew from some grants, and their stories that were chosen. None if there are
    /// none. Those who ask for erasure can also ask for these to be withdrawn.
    async fn list_lessons(
        &self,
        grants: &BTreeSet<Uuid>,
    ) -> Result<Option<SubjectAccessSection>, ViewError> {
        let mut found = SubjectAccessSection::new("Lessons and chosen stories from its grants");
        for row in self.all_rows::<LessonRow>(None, Vec::new()).await? {
            let Some(LessonOrigin::Grant { grant, .. }) = &row.grew_from else {
                continue;
            };
            if grants.contains(&grant.0) && row.withdrawn_on.is_none() {
                let says = vec![
                    ("title".to_owned(), row.title),
                    ("words".to_owned(), row.words),
                    ("published".to_owned(), row.published_on.to_string()),
                ];
                found.items.push((format!("Lesson {}", row.lesson), says));
            }
        }
        for row in self.all_rows::<ChosenStoryRow>(None, Vec::new()).await? {
            if grants.contains(&row.grant.0) {
                let says = vec![
                    ("gathering".to_owned(), row.gathering.to_string()),
                    ("why it was chosen".to_owned(), row.why),
                    ("chosen".to_owned(), row.chosen_on.to_string()),
                ];
                found
                    .items
                    .push((format!("Story {} of grant {}", row.story, row.grant), says));
            }
        }
        Ok(Some(found).filter(|found| !found.items.is_empty()))
    }

    async fn list_actions(&self, person: &str) -> Result<SubjectAccessSection, ViewError> {
        let search = EventSearch {
            actor: person.to_owned(),
            ..whole_log()
        };
        let mut acted = SubjectAccessSection::new("What they did");
        for row in self.all_events(&search).await? {
            let of = format!("{} {}", row.aggregate_type, stream_id(&row));
            acted
                .items
                .push((event_title(&row), vec![("record".to_owned(), of)]));
        }
        Ok(acted)
    }

    async fn list_sessions(&self, person: &str) -> Result<SubjectAccessSection, ViewError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let mut signed_in = SubjectAccessSection::new("Where they are signed in");
        for session in sessions::all_of_person(store, organisation, person).await? {
            let since = vec![
                ("since".to_owned(), format_instant(session.started_at)),
                ("last used".to_owned(), format_instant(session.seen_at)),
            ];
            signed_in.items.push((session.device, since));
        }
        Ok(signed_in)
    }

    async fn list_tokens(&self, person: &str) -> Result<SubjectAccessSection, ViewError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let mut programs = SubjectAccessSection::new("Tokens for their programs");
        for token in tokens::all_of_person(store, organisation, person).await? {
            let mut says = vec![
                ("made".to_owned(), format_instant(token.made_at)),
                ("good until".to_owned(), format_instant(token.expires_at)),
            ];
            says.extend(
                token
                    .used_at
                    .map(|at| ("last used".to_owned(), format_instant(at))),
            );
            says.extend(
                token
                    .ended_at
                    .map(|at| ("ended".to_owned(), format_instant(at))),
            );
            programs.items.push((token.name, says));
        }
        Ok(programs)
    }

    async fn list_mails(&self, person: &str) -> Result<SubjectAccessSection, ViewError> {
        let (store, organisation) = (self.log.store(), self.log.organisation());
        let mut written = SubjectAccessSection::new("Emails to them");
        let refusals = [MailKind::Ineligible, MailKind::Declined].map(<&str>::from);
        for mail in outbox::all_of_person(store, organisation, person).await? {
            // A refusal that can still be taken back is not theirs to know yet, and one that was
            // taken back was never sent.
            let is_refusal = refusals.contains(&mail.kind.as_str());
            let is_waiting = mail.state == "due" && mail.tries == 0;
            if is_refusal && (is_waiting || mail.state == "dropped") {
                continue;
            }
            let says = vec![
                ("made".to_owned(), format_instant(mail.made_at)),
                ("state".to_owned(), mail.state),
            ];
            written.items.push((mail.kind.replace('_', " "), says));
        }
        Ok(written)
    }

    async fn list_memberships(&self, row: &PersonRow) -> Result<SubjectAccessSection, ViewError> {
        let ids = row.groups.iter().map(ToString::to_string).collect();
        let mut groups = SubjectAccessSection::new("Groups that they act for");
        for group in self.groups(ids).await? {
            groups
                .items
                .push((group.name, vec![("id".to_owned(), group.id.to_string())]));
        }
        Ok(groups)
    }

    /// The sessions of gatherings that they signed up for, with what they need there.
    async fn list_sign_ups(
        &self,
        person: &str,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let own = vec![Filter::equals("person", person)];
        let rows: Vec<SignUpRow> = self.all_rows(None, own).await?;
        let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.gathering).collect();
        let known = vec![Filter::any_of("id", ids)];
        let known: Vec<GatheringRow> = self.all_rows(None, known).await?;
        let titles: BTreeMap<Uuid, String> =
            known.into_iter().map(|row| (row.id, row.title)).collect();
        let mut gatherings = SubjectAccessSection::new("Gatherings that they signed up for");
        for row in rows {
            let needs = row
                .needs
                .and_then(|needs| opened.get(&needs.digest).cloned());
            let mut says = vec![
                ("id".to_owned(), row.gathering.to_string()),
                ("session".to_owned(), row.session.to_string()),
                ("signed up".to_owned(), row.created_at.to_string()),
                ("state".to_owned(), <&str>::from(row.state).to_owned()),
            ];
            says.extend(needs.map(|needs| ("needs".to_owned(), needs)));
            let title = titles.get(&row.gathering).cloned().unwrap_or_default();
            gatherings.items.push((title, says));
        }
        Ok(gatherings)
    }

    /// The entries of the directory that they hold, with what they wrote about each.
    async fn list_entries(
        &self,
        holder: Party,
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let column = match holder {
            Party::Person(_) => "person",
            Party::Group(_) => "group_id",
        };
        let own = vec![Filter::equals(column, holder.id())];
        let mut entries = SubjectAccessSection::new("What they have in the directory");
        for row in self.all_rows::<AssetRow>(None, own).await? {
            let words = row
                .words
                .and_then(|words| opened.get(&words.digest).cloned());
            let mut says = vec![
                ("kind".to_owned(), <&str>::from(row.kind).to_owned()),
                ("state".to_owned(), <&str>::from(row.state).to_owned()),
                ("recorded".to_owned(), row.recorded_on.to_string()),
            ];
            says.extend(words.map(|words| ("words".to_owned(), words)));
            let title = row.name.unwrap_or_else(|| format!("Entry {}", row.id));
            entries.items.push((title, says));
        }
        Ok(entries)
    }

    /// The hours that they gave and received.
    async fn list_hours(&self, party: Party) -> Result<SubjectAccessSection, ViewError> {
        let mut hours = SubjectAccessSection::new("Time that they gave or received");
        for row in self.hours_of(party, None).await? {
            let side = if row.giver == party {
                "gave"
            } else {
                "received"
            };
            let says = vec![
                (side.to_owned(), format!("{} minutes", row.minutes)),
                ("entry".to_owned(), row.asset.to_string()),
            ];
            hours.items.push((row.on.to_string(), says));
        }
        Ok(hours)
    }

    /// A section on accesses to personal data, of someone or by someone. It does not name the
    /// colleague: only auditors and administrators may see that.
    async fn accesses(
        &self,
        which: AccessFilter<'_>,
        title: &str,
    ) -> Result<SubjectAccessSection, ViewError> {
        let rows = accesses::newest(
            self.log.store(),
            self.log.organisation(),
            which,
            "",
            EVENTS_PAGE_SIZE,
        )
        .await?;
        let things = rows.into_iter().map(|row| {
            let what = match (row.what.as_str(), which) {
                ("held", AccessFilter::By(_)) => {
                    format!("everything we hold about {}", row.subject)
                }
                ("held", _) => {
                    "someone in the office downloaded everything we hold, as one file".to_owned()
                }
                _ => "the addresses of everyone".to_owned(),
            };
            (
                row.day,
                vec![
                    ("what".to_owned(), what),
                    ("times".to_owned(), row.times.to_string()),
                ],
            )
        });
        Ok(SubjectAccessSection {
            title: title.to_owned(),
            items: things.collect(),
        })
    }

    /// All events of these streams, with personal values decrypted. Assessments are mentioned
    /// without their content, because not everyone who may get the report may see it.
    async fn recorded_events(
        &self,
        streams: &[Uuid],
        opened: &BTreeMap<String, String>,
    ) -> Result<SubjectAccessSection, ViewError> {
        let mut part = SubjectAccessSection::new("What was recorded");
        for id in streams {
            let stream = format!("{}/{id}", self.log.organisation());
            for row in self
                .all_events(&EventSearch {
                    stream,
                    ..whole_log()
                })
                .await?
            {
                let payload: Value =
                    serde_json::from_str(&row.payload).map_err(|cause| ViewError::Unreadable {
                        table: "events",
                        row: row.position.to_string(),
                        cause,
                    })?;
                if SCORE_EVENTS.contains(&row.event_type.as_str()) {
                    let where_ =
                        "is shown on the application's page to those who may see it".to_owned();
                    part.items.push((
                        event_title(&row),
                        vec![("the assessment".to_owned(), where_)],
                    ));
                    continue;
                }
                let mut says = Vec::new();
                // The payload is an object whose only key is the event's name.
                let fields = payload
                    .as_object()
                    .and_then(|named| named.values().next())
                    .unwrap_or(&Value::Null);
                flatten("", fields, opened, &mut says);
                part.items.push((event_title(&row), says));
            }
        }
        Ok(part)
    }

    async fn all_events(&self, search: &EventSearch) -> Result<Vec<EventRow>, ViewError> {
        let mut all: Vec<EventRow> = Vec::new();
        loop {
            let from = all.last().map_or(0, |row| row.position + 1);
            let wanted = EventSearch {
                from,
                limit: EVENTS_PAGE_SIZE,
                ..search.clone()
            };
            let page = event_search::events(self.log.store(), self.log.organisation(), &wanted)
                .await
                .map_err(LogError::from)?;
            let full = i64::try_from(page.len()).is_ok_and(|read| read == EVENTS_PAGE_SIZE);
            all.extend(page);
            if !full {
                return Ok(all);
            }
        }
    }
}

fn whole_log() -> EventSearch {
    EventSearch {
        before: i64::MAX,
        ..EventSearch::default()
    }
}

fn stream_id(row: &EventRow) -> &str {
    row.aggregate_id.rsplit_once('/').map_or("", |(_, id)| id)
}

fn event_title(row: &EventRow) -> String {
    format!(
        "{}, {} (position {})",
        event_label(&row.event_type),
        format_instant(row.recorded_at),
        row.position
    )
}

fn format_instant(micros: i64) -> String {
    let instant = Timestamp::from_microsecond(micros).unwrap_or_default();
    instant.strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// Lists the fields of an event as pairs of name and value. An encrypted value is replaced by its
/// text, or by `(erased)`.
fn flatten(
    name: &str,
    value: &Value,
    opened: &BTreeMap<String, String>,
    says: &mut Vec<(String, String)>,
) {
    let inner = |key: &str| {
        if name.is_empty() {
            key.replace('_', " ")
        } else {
            format!("{name}, {}", key.replace('_', " "))
        }
    };
    match value {
        Value::Object(fields) => match (
            fields.get("digest").and_then(Value::as_str),
            fields.get("subject"),
        ) {
            (Some(digest), Some(_)) => {
                says.push((
                    name.to_owned(),
                    opened
                        .get(digest)
                        .cloned()
                        .unwrap_or_else(|| "(erased)".to_owned()),
                ));
            }
            _ => fields
                .iter()
                .for_each(|(key, value)| flatten(&inner(key), value, opened, says)),
        },
        Value::Array(items) => {
            (1..).zip(items).for_each(|(number, item): (usize, _)| {
                flatten(&inner(&number.to_string()), item, opened, says);
            });
        }
        Value::Null => {}
        Value::String(text) => says.push((name.to_owned(), text.clone())),
        other => says.push((name.to_owned(), other.to_string())),
    }
}
