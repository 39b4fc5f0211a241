//! Introductions with personal values decrypted, as far as the reader may see them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::introduction::{IntroductionState, Shared};
use crate::projections::{IntroductionRow, PersonRow};
use crate::views::{Filter, Reader, ViewError, Views};

/// An introduction, as its reader may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Introduction)]
pub struct IntroductionView {
    #[serde(flatten)]
    pub row: IntroductionRow,
    /// The name of the person who is introduced. Absent if it was erased or is not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Their phone number. Absent if they have none, or if it was erased or is not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    /// Their email address. Absent if they have none, or if it was erased or is not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// What matters to them. Absent if they did not say, or if it was deleted or is not shared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub matters: Option<String>,
    /// Who welcomes them where no group holds the entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_name: Option<String>,
}

/// As whom a reader sees an introduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IntroductionReader {
    /// As a member of the group that holds the entry, while it is in force.
    Holder,
    /// As the person who is introduced, or a member of the group that is.
    Introduced,
    /// As an officer or a connector.
    Staff,
}

impl Views {
    /// As whom a reader sees an introduction, by its current row; `None` if they do not see it.
    /// `own` are the reader's groups, as [`Views::groups_of`] returns them.
    #[must_use]
    pub fn introduction_reader(
        reader: &Reader,
        own: &[Uuid],
        row: &IntroductionRow,
    ) -> Option<IntroductionReader> {
        let is_own = |group: Option<crate::domain::GroupId>| {
            group.is_some_and(|group| own.contains(&group.0))
        };
        if reader.works_with_people() {
            Some(IntroductionReader::Staff)
        } else if row.person == Some(reader.person) || is_own(row.group) {
            Some(IntroductionReader::Introduced)
        } else if row.state.is_shared() && is_own(row.holder) {
            Some(IntroductionReader::Holder)
        } else {
            None
        }
    }

    /// An introduction, if the reader may see it. Who may is decided by what holds now, also for a
    /// past day: once it is taken back, the group sees nothing more.
    pub async fn introduction_for(
        &self,
        reader: &Reader,
        id: Uuid,
        as_at: Option<i64>,
    ) -> Result<Option<IntroductionView>, ViewError> {
        let own = self.groups_of(reader.person).await?;
        let Some(now) = self.find::<IntroductionRow>(id, None).await? else {
            return Ok(None);
        };
        let Some(as_whom) = Self::introduction_reader(reader, &own, &now) else {
            return Ok(None);
        };
        let shares = now.shares.clone();
        let row = match as_at {
            None => Some(now),
            Some(_) => self.find::<IntroductionRow>(id, as_at).await?,
        };
        // The group saw nothing before the introduction was made.
        let row = row.filter(|row| as_whom > IntroductionReader::Holder || row.state.is_shared());
        let Some(row) = row else {
            return Ok(None);
        };
        let seen = self
            .decrypt_introductions(vec![(row, as_whom, shares)])
            .await?;
        Ok(seen.into_iter().next())
    }

    /// The ids of the introductions that concern a reader who is neither officer nor connector:
    /// their own, those of their groups, and those to their groups that are shared.
    pub async fn own_introductions(&self, reader: &Reader) -> Result<BTreeSet<Uuid>, ViewError> {
        let own = self.groups_of(reader.person).await?;
        let shared = [
            IntroductionState::Made,
            IntroductionState::Welcomed,
            IntroductionState::CameTo,
        ];
        let mut found = BTreeSet::new();
        for filters in [
            vec![Filter::equals("person", reader.person)],
            vec![Filter::any_of("group_id", own.clone())],
            vec![Filter::any_of("holder", own), Filter::in_state(shared)],
        ] {
            let rows: Vec<IntroductionRow> = self.all_rows(None, filters).await?;
            found.extend(rows.into_iter().map(|row| row.id));
        }
        Ok(found)
    }

    /// Decrypts rows for a reader, and drops those that they may not see. The rows are current, or
    /// of a past day.
    pub async fn introductions_for(
        &self,
        reader: &Reader,
        rows: Vec<IntroductionRow>,
    ) -> Result<Vec<IntroductionView>, ViewError> {
        let own = self.groups_of(reader.person).await?;
        let ids = rows.iter().map(|row| row.id);
        let now: Vec<IntroductionRow> =
            self.all_rows(None, vec![Filter::any_of("id", ids)]).await?;
        let now: BTreeMap<Uuid, IntroductionRow> =
            now.into_iter().map(|row| (row.id, row)).collect();
        let seen = rows.into_iter().filter_map(|row| {
            let current = now.get(&row.id)?;
            let as_whom = Self::introduction_reader(reader, &own, current)?;
            let is_shown = as_whom > IntroductionReader::Holder || row.state.is_shared();
            is_shown.then(|| (row, as_whom, current.shares.clone()))
        });
        self.decrypt_introductions(seen.collect()).await
    }

    /// Decrypts what each reader may see of a row: members of the group that holds the entry only
    /// what is shared.
    async fn decrypt_introductions(
        &self,
        rows: Vec<(IntroductionRow, IntroductionReader, BTreeSet<Shared>)>,
    ) -> Result<Vec<IntroductionView>, ViewError> {
        let ids = rows.iter().filter_map(|(row, ..)| row.person);
        let people: Vec<PersonRow> = self.all_rows(None, vec![Filter::any_of("id", ids)]).await?;
        let people: BTreeMap<Uuid, &PersonRow> =
            people.iter().map(|person| (person.id, person)).collect();
        let mut wanted = DecryptRequest::default();
        for (row, as_whom, shares) in &rows {
            let sees = |what| *as_whom > IntroductionReader::Holder || shares.contains(&what);
            let person = row.person.and_then(|person| people.get(&person.0).copied());
            if let Some(person) = person {
                wanted.add("name", Some(&person.name).filter(|_| sees(Shared::Name)));
                let telephone = person.telephone.as_ref();
                wanted.add("telephone", telephone.filter(|_| sees(Shared::Telephone)));
                let email = person.email.as_ref();
                wanted.add("email", email.filter(|_| sees(Shared::Email)));
            }
            let matters = row.matters.as_ref();
            wanted.add("matters", matters.filter(|_| sees(Shared::Matters)));
            wanted.add("host_name", row.host_name.as_ref());
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |(mut row, as_whom, shares): (
            IntroductionRow,
            IntroductionReader,
            BTreeSet<Shared>,
        )| {
            let sees = |what| as_whom > IntroductionReader::Holder || shares.contains(&what);
            let text = |what, sealed| decrypted_text(&opened, sealed).filter(|_| sees(what));
            let person = row.person.and_then(|person| people.get(&person.0).copied());
            let (matters, host_name) = (row.matters.take(), row.host_name.take());
            if as_whom == IntroductionReader::Holder {
                redact_for_holder(&mut row, &shares);
            }
            IntroductionView {
                name: text(Shared::Name, person.map(|person| &person.name)),
                telephone: text(
                    Shared::Telephone,
                    person.and_then(|person| person.telephone.as_ref()),
                ),
                email: text(
                    Shared::Email,
                    person.and_then(|person| person.email.as_ref()),
                ),
                matters: text(Shared::Matters, matters.as_ref()),
                host_name: decrypted_text(&opened, host_name.as_ref()),
                row,
            }
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}

/// Removes what those who hold the entry may not see: whether someone may be at risk, who at the
/// office recorded what, and the id of a person who does not share their name, because a reader
/// could know the id from elsewhere.
fn redact_for_holder(row: &mut IntroductionRow, shares: &BTreeSet<Shared>) {
    row.person = row.person.filter(|_| shares.contains(&Shared::Name));
    (row.at_risk, row.asked_by, row.keyed_by) = (false, None, None);
    (row.notice, row.channel, row.read_back) = (None, None, false);
    row.kept_until = None;
}
