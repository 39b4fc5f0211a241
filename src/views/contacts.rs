//! How the people of a group can be reached, for staff who work with groups: its members, and those
//! who were invited and have not answered. One call serves a record, one a list of groups.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::{Reader, ViewError, Views};
use crate::domain::PersonId;
use crate::projections::GroupRow;

/// Rows per query.
const CHUNK: usize = 500;

/// A member of a group, or an invited person, who can be reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct MemberContact {
    pub person: PersonId,
    /// Absent if it was erased.
    pub name: Option<String>,
    pub telephone: Option<String>,
    /// The person's address, or the one that they entered on a public page.
    pub email: Option<String>,
    pub postal_address: Option<String>,
}

impl MemberContact {
    /// Whether the contact has a phone number, an email or a postal address.
    fn can_be_reached(&self) -> bool {
        [&self.telephone, &self.email, &self.postal_address]
            .iter()
            .any(|given| given.is_some())
    }
}

impl Views {
    /// The people of a group who can be reached. First those with a phone number or email, by
    /// name. Empty for a reader who does not work with groups.
    pub async fn contacts_of_group(
        &self,
        reader: &Reader,
        group: Uuid,
    ) -> Result<Vec<MemberContact>, ViewError> {
        let mut found = self.contacts_of_groups(reader, &[group]).await?;
        Ok(found.remove(&group).unwrap_or_default())
    }

    /// The people of each group who can be reached, in the same order. Those of a group that was
    /// merged into another are the people of both. Empty for a reader who does not work with
    /// groups.
    ///
    /// A caller who passes the result on as a list records the access first, see
    /// [`Views::record_access`].
    pub async fn contacts_of_groups(
        &self,
        reader: &Reader,
        groups: &[Uuid],
    ) -> Result<BTreeMap<Uuid, Vec<MemberContact>>, ViewError> {
        if !reader.works_with_groups() {
            return Ok(BTreeMap::new());
        }
        let rows = self.groups_with_heirs(groups).await?;
        let people: BTreeSet<PersonId> = rows
            .values()
            .flat_map(|row| &row.members)
            .copied()
            .collect();
        let people = self.contacts_of_people(reader, people).await?;
        let contacts = |group: &Uuid| {
            let mut found: Vec<MemberContact> = people_to_reach(&rows, *group)
                .into_iter()
                .filter_map(|person| people.get(&person).cloned())
                .collect();
            found
                .sort_by_cached_key(|contact| contact.name.clone().map(|name| name.to_lowercase()));
            (*group, found)
        };
        Ok(groups.iter().map(contacts).collect())
    }

    /// The groups, and those that they were merged into.
    async fn groups_with_heirs(
        &self,
        groups: &[Uuid],
    ) -> Result<BTreeMap<Uuid, GroupRow>, ViewError> {
        let mut rows = BTreeMap::new();
        let mut wanted: BTreeSet<Uuid> = groups.iter().copied().collect();
        while !wanted.is_empty() {
            let ids: Vec<String> = wanted.iter().map(Uuid::to_string).collect();
            let mut found = Vec::new();
            for some in ids.chunks(CHUNK) {
                found.extend(self.groups(some.to_vec()).await?);
            }
            wanted = found
                .iter()
                .filter_map(|row| row.merged_into.map(|into| into.0))
                .collect();
            rows.extend(found.into_iter().map(|row| (row.id, row)));
            wanted.retain(|group| !rows.contains_key(group));
        }
        Ok(rows)
    }

    async fn contacts_of_people(
        &self,
        reader: &Reader,
        people: BTreeSet<PersonId>,
    ) -> Result<BTreeMap<PersonId, MemberContact>, ViewError> {
        let ids: Vec<String> = people.iter().map(ToString::to_string).collect();
        let mut contacts = BTreeMap::new();
        for some in ids.chunks(CHUNK) {
            let rows = self.people(some.to_vec()).await?;
            for seen in self.decrypt_people(reader, rows).await? {
                let contact = MemberContact {
                    person: PersonId(seen.id),
                    name: seen.name,
                    telephone: seen.telephone,
                    email: seen.email.or(seen.typed_email),
                    postal_address: seen.postal_address,
                };
                if contact.can_be_reached() {
                    contacts.insert(contact.person, contact);
                }
            }
        }
        Ok(contacts)
    }
}

/// The people of a group, and of those that it was merged into.
fn people_to_reach(rows: &BTreeMap<Uuid, GroupRow>, group: Uuid) -> BTreeSet<PersonId> {
    let (mut found, mut met) = (BTreeSet::new(), BTreeSet::new());
    let mut next = rows.get(&group);
    while let Some(row) = next.filter(|row| met.insert(row.id)) {
        found.extend(people_of(row));
        next = row.merged_into.and_then(|into| rows.get(&into.0));
    }
    found
}

fn people_of(row: &GroupRow) -> impl Iterator<Item = PersonId> {
    row.members.iter().chain(&row.invited).copied()
}
