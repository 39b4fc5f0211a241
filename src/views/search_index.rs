//! Search of people by name, phone number or email, for staff who work with groups, and of groups
//! by the words of their names.
//!
//! People's names are stored encrypted, so no database can search them, and no index of a database
//! finds a word within a name. The service has an index of search keys in memory only, built on the
//! first search. Before each search it reads the events since the last one, and reads the people
//! and groups that they concern again. A person whose data was erased has no keys any more. The
//! index finds ids only. The records are read, and decrypted for the reader, after the search.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use uuid::Uuid;

use super::{PageRequest, PersonView, Reader, ViewError, Views};
use crate::domain::personal_data::{mailbox_key, phone_key};
use crate::domain::text::name_key;
use crate::domain::{Event, GroupEvent, PersonEvent};
use crate::projections::{GroupRow, PersonRow, search_key};

/// People per query.
const CHUNK: usize = 500;
/// Events per query.
const EVENTS_CHUNK: i64 = 1000;
/// The largest number of events that the index reads to catch up. After more events it is built
/// anew.
const EVENTS_MAX: i64 = 50_000;
/// The fewest digits of a phone number. A shorter run of digits is not searched as one.
const PHONE_DIGITS_MIN: usize = 4;
/// A phone number with fewer digits, or a postal address with fewer letters, is not compared with
/// others.
const COMPARED_MIN: usize = 6;

/// The search keys of all people and groups.
#[derive(Default)]
pub(super) struct SearchIndex(Mutex<IndexState>);

#[derive(Default)]
pub(super) struct IndexState {
    /// The position of the next event to read; `None` until the index is built.
    pub(super) next: Option<i64>,
    pub(super) people: BTreeMap<Uuid, SearchKeys>,
    pub(super) groups: BTreeMap<Uuid, GroupKeys>,
}

/// What a group is found by, and what it is compared with other groups by.
#[derive(Clone, Default)]
pub(super) struct GroupKeys {
    /// The words of its name in plain small letters.
    pub(super) words: Vec<String>,
    pub(super) shown_name: String,
    /// [`name_key`] of its name.
    pub(super) name: String,
    pub(super) identifiers: BTreeSet<String>,
    /// Its members and those who were invited, by id, and the id as a text.
    pub(super) people: BTreeMap<Uuid, String>,
    /// When it was registered.
    pub(super) since: Timestamp,
    /// Whether it was neither merged into another group nor erased.
    pub(super) is_current: bool,
}

impl GroupKeys {
    fn of(row: &GroupRow) -> Self {
        let people = row.members.iter().chain(&row.invited);
        Self {
            words: words(&row.name_key),
            shown_name: row.name.clone(),
            name: name_key(&row.name),
            identifiers: row.identifiers.iter().map(ToString::to_string).collect(),
            people: people
                .map(|person| (person.0, person.to_string()))
                .collect(),
            since: row.created_at.timestamp(),
            is_current: row.merged_into.is_none() && !row.erasure.is_done(),
        }
    }
}

/// The people and groups whose keys changed.
#[derive(Default)]
struct Changed {
    people: BTreeSet<Uuid>,
    groups: BTreeSet<Uuid>,
}

/// What a person is found by, and what groups are compared by.
#[derive(Clone, Default)]
pub(super) struct SearchKeys {
    /// The words of the name in plain small letters.
    pub(super) name: Vec<String>,
    pub(super) phone: String,
    pub(super) email: String,
    /// [`name_key`] of a name of two words or more: many people share a first name.
    pub(super) full_name: String,
    /// [`mailbox_key`] of the email address.
    pub(super) mailbox: String,
    /// The digits of the phone number, without words after it.
    pub(super) whole_phone: String,
    /// The letters and digits of the postal address.
    pub(super) address: String,
}

impl SearchKeys {
    /// The keys of a person; `None` if the name was erased.
    fn of(person: &PersonView) -> Option<Self> {
        let called = person.name.as_deref()?;
        let email = person.email.as_ref().or(person.typed_email.as_ref());
        let full_name = if called.split_whitespace().nth(1).is_some() {
            name_key(called)
        } else {
            String::new()
        };
        let mailbox = email.map(|email| mailbox_key(&email.to_lowercase()));
        let address = person.postal_address.as_deref().map(address_key);
        Some(Self {
            name: words(&search_key(called)),
            full_name,
            mailbox: mailbox.unwrap_or_default(),
            whole_phone: person
                .telephone
                .as_deref()
                .map(whole_phone)
                .unwrap_or_default(),
            address: address.unwrap_or_default(),
            phone: person
                .telephone
                .as_deref()
                .map(phone_key)
                .unwrap_or_default(),
            email: email.map(|email| email.to_lowercase()).unwrap_or_default(),
        })
    }

    fn matches(&self, query: &PeopleQuery) -> bool {
        match query {
            PeopleQuery::Email(text) => self.email.contains(text),
            PeopleQuery::Phone(digits) => self.phone.contains(digits),
            PeopleQuery::Name(wanted) => begin_with(&self.name, wanted),
        }
    }
}

/// The key of a phone number, without the words after it; empty if it is too short.
fn whole_phone(text: &str) -> String {
    let number = text.split(char::is_alphabetic).next().unwrap_or_default();
    Some(phone_key(number))
        .filter(|digits| digits.len() >= COMPARED_MIN)
        .unwrap_or_default()
}

/// The letters and digits of a postal address; empty if there are few.
fn address_key(text: &str) -> String {
    let plain = search_key(text);
    let key: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(key)
        .filter(|key| key.len() >= COMPARED_MIN)
        .unwrap_or_default()
}

/// What a text looks for.
#[derive(Debug, PartialEq, Eq)]
enum PeopleQuery {
    Email(String),
    Phone(String),
    Name(Vec<String>),
}

impl PeopleQuery {
    /// `None` if the text is too short to look for.
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.contains('@') {
            return Some(Self::Email(text.to_lowercase()));
        }
        if text
            .chars()
            .all(|c| c.is_ascii_digit() || " +-()/.".contains(c))
        {
            let digits = phone_key(text);
            return (digits.len() >= PHONE_DIGITS_MIN).then_some(Self::Phone(digits));
        }
        let words = words(&search_key(text));
        (words.iter().map(String::len).sum::<usize>() > 1).then_some(Self::Name(words))
    }
}

/// Whether each wanted word begins one of these words.
fn begin_with(words: &[String], wanted: &[String]) -> bool {
    wanted
        .iter()
        .all(|word| words.iter().any(|own| own.starts_with(word)))
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Views {
    /// People by a part of their name, phone number or email, at most `limit`, in the order of
    /// their names. Empty for a reader who does not work with groups.
    pub async fn find_people(
        &self,
        reader: &Reader,
        text: &str,
        limit: usize,
    ) -> Result<Vec<PersonView>, ViewError> {
        let Some(query) = PeopleQuery::parse(text).filter(|_| reader.works_with_groups()) else {
            return Ok(Vec::new());
        };
        let ids = self.matching_people(&query, limit).await?;
        let rows = self.people(ids).await?;
        let mut found = self.decrypt_people(reader, rows).await?;
        found.retain(|person| person.name.is_some());
        found.sort_by_cached_key(|person| person.name.as_deref().map(search_key));
        Ok(found)
    }

    async fn matching_people(
        &self,
        query: &PeopleQuery,
        limit: usize,
    ) -> Result<Vec<String>, ViewError> {
        let index = self.current_index().await?;
        let mut found: Vec<_> = index
            .people
            .iter()
            .filter(|(_, keys)| keys.matches(query))
            .collect();
        found.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        Ok(found
            .into_iter()
            .take(limit)
            .map(|(person, _)| person.to_string())
            .collect())
    }

    /// Groups by the beginnings of words of their names, at most `limit`, in the order of their
    /// names.
    pub async fn find_groups(&self, text: &str, limit: usize) -> Result<Vec<GroupRow>, ViewError> {
        let wanted = words(&search_key(text));
        if wanted.iter().map(String::len).sum::<usize>() < 2 {
            return Ok(Vec::new());
        }
        let ids = {
            let index = self.current_index().await?;
            let mut found: Vec<_> = index
                .groups
                .iter()
                .filter(|(_, group)| begin_with(&group.words, &wanted))
                .collect();
            found.sort_by(|a, b| a.1.words.cmp(&b.1.words));
            found
                .into_iter()
                .take(limit)
                .map(|(group, _)| group.to_string())
                .collect()
        };
        let mut rows = self.groups(ids).await?;
        rows.sort_by(|a, b| a.name_key.cmp(&b.name_key));
        Ok(rows)
    }

    /// The index, up to date with the views.
    pub(super) async fn current_index(&self) -> Result<MutexGuard<'_, IndexState>, ViewError> {
        let mut index = self.search_index.0.lock().await;
        let until = self.projector.next_position();
        match index.next {
            Some(next) if until - next <= EVENTS_MAX => {
                let changed = self.changed_between(next, until).await?;
                self.index_changed(&mut index, changed).await?;
            }
            _ => self.index_everything(&mut index).await?,
        }
        index.next = Some(until);
        Ok(index)
    }

    async fn index_everything(&self, index: &mut IndexState) -> Result<(), ViewError> {
        *index = IndexState::default();
        let mut page = PageRequest::up_to_max();
        loop {
            let listed = self.list::<PersonRow>(None, Vec::new(), &page).await?;
            self.index_people(index, listed.items).await?;
            match listed.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let mut page = PageRequest::up_to_max();
        loop {
            let listed = self.list::<GroupRow>(None, Vec::new(), &page).await?;
            index_groups(index, &listed.items);
            match listed.next {
                Some(next) => page.after = Some(next),
                None => return Ok(()),
            }
        }
    }

    /// The people and groups whose names or contact details changed between two positions.
    async fn changed_between(&self, from: i64, until: i64) -> Result<Changed, ViewError> {
        let (mut changed, mut next) = (Changed::default(), from);
        while next < until {
            let events = self.log.read_events(next, EVENTS_CHUNK).await?;
            let Some(last) = events.last() else { break };
            next = last.position + 1;
            for event in &events {
                match &event.event {
                    Event::Person(
                        PersonEvent::PersonRegistered { .. }
                        | PersonEvent::ContactChanged { .. }
                        | PersonEvent::PersonalDataErased { .. },
                    ) => {
                        changed.people.insert(event.stream);
                    }
                    Event::Group(
                        GroupEvent::GroupRegistered { .. }
                        | GroupEvent::GroupCorrected { .. }
                        | GroupEvent::IdentifierRecorded { .. }
                        | GroupEvent::MemberInvited { .. }
                        | GroupEvent::InvitationRefused { .. }
                        | GroupEvent::MemberAdded { .. }
                        | GroupEvent::MemberRemoved { .. }
                        | GroupEvent::GroupMerged { .. }
                        | GroupEvent::PersonalDataErased { .. },
                    ) => {
                        changed.groups.insert(event.stream);
                    }
                    _ => {}
                }
            }
        }
        Ok(changed)
    }

    async fn index_changed(
        &self,
        index: &mut IndexState,
        changed: Changed,
    ) -> Result<(), ViewError> {
        for person in &changed.people {
            index.people.remove(person);
        }
        let ids: Vec<String> = changed.people.iter().map(Uuid::to_string).collect();
        for some in ids.chunks(CHUNK) {
            let rows = self.people(some.to_vec()).await?;
            self.index_people(index, rows).await?;
        }
        let ids: Vec<String> = changed.groups.iter().map(Uuid::to_string).collect();
        for some in ids.chunks(CHUNK) {
            index_groups(index, &self.groups(some.to_vec()).await?);
        }
        Ok(())
    }

    async fn index_people(
        &self,
        index: &mut IndexState,
        rows: Vec<PersonRow>,
    ) -> Result<(), ViewError> {
        let seen = self.decrypt_people(&Reader::service(), rows).await?;
        index.people.extend(
            seen.iter()
                .filter_map(|person| Some((person.id, SearchKeys::of(person)?))),
        );
        Ok(())
    }
}

fn index_groups(index: &mut IndexState, rows: &[GroupRow]) {
    index
        .groups
        .extend(rows.iter().map(|row| (row.id, GroupKeys::of(row))));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(name: &str, phone: &str) -> SearchKeys {
        SearchKeys {
            name: words(&search_key(name)),
            phone: phone_key(phone),
            email: "zofia@example.org".to_owned(),
            ..SearchKeys::default()
        }
    }

    fn finds(keys: &SearchKeys, text: &str) -> bool {
        PeopleQuery::parse(text).is_some_and(|query| keys.matches(&query))
    }

    #[test]
    fn names_are_found_without_regard_to_case_and_accents() {
        let zofia = keys("Zofia Łukasiewicz-Nowak", "");
        for text in ["zofia", "LUKA", "nowak zof", "Łuk"] {
            assert!(finds(&zofia, text), "{text}");
        }
        for text in ["ofia", "zofia smith", "z", ""] {
            assert!(!finds(&zofia, text), "{text}");
        }
    }

    #[test]
    fn phones_are_found_in_every_way_of_writing_them() {
        let zofia = keys("Zofia", "+44 7700 900112");
        for text in [
            "07700 900112",
            "+447700900112",
            "0044 7700-900112",
            "900 112",
        ] {
            assert!(finds(&zofia, text), "{text}");
        }
        for text in ["112", "07700 900113", "()"] {
            assert!(!finds(&zofia, text), "{text}");
        }
        assert!(finds(&zofia, "Zofia@Example.org"));
    }

    #[test]
    fn phones_and_addresses_are_compared_however_they_are_written() {
        for text in [
            "07700 900112",
            "+44 (0)7700 900112",
            "0044 7700 900112",
            "07700-900112, after 3pm",
        ] {
            assert_eq!(whole_phone(text), "7700900112", "{text}");
        }
        assert_eq!(whole_phone("12, after 3pm"), "");
        assert_eq!(
            address_key("1 High Street,\nOldham"),
            address_key("1, high street Oldham")
        );
        assert_eq!(address_key("Oldh"), "");
    }
}
