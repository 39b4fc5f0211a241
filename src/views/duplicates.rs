//! Groups that may be the same: they share a name, a number, people or contact details.
//!
//! Names of people, phone numbers and addresses are stored encrypted, and neither the log nor the
//! database has a digest of them. They are compared in the memory of the service, in the index of
//! [`super::search_index`]. Accounts, postcodes and phone numbers of groups are found by blind
//! indexes: see [`Views::related_groups`]. No rule depends on what is found here.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::search_index::{GroupKeys, IndexState};
use super::{ViewError, Views};
use crate::domain::text;
use crate::projections::{GroupRow, PublishedRow};

/// A detail by which two records of one group are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
enum GroupDetail {
    Name,
    /// A charity or company number.
    Number,
    Email,
    Telephone,
    /// The postal address of a person.
    Address,
    /// A member or someone who was invited, or another person of the same full name.
    Person,
}

/// Another group that is probably the same as one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LikelyDuplicate {
    pub name: String,
    /// When the group was registered.
    pub since: Timestamp,
    /// The other group: the one that was registered first.
    pub other: Uuid,
    pub other_name: String,
    pub shares: BTreeSet<&'static str>,
    /// The group was registered after the other one.
    pub is_newer: bool,
}

/// Calls `visit` with each detail of a group.
fn visit_details<'a>(
    index: &'a IndexState,
    group: &'a GroupKeys,
    mut visit: impl FnMut(GroupDetail, &'a str),
) {
    let mut some = |detail, key: &'a str| {
        if !key.is_empty() {
            visit(detail, key);
        }
    };
    some(GroupDetail::Name, &group.name);
    for number in &group.identifiers {
        some(GroupDetail::Number, number);
    }
    for (person, id) in &group.people {
        some(GroupDetail::Person, id);
        let Some(keys) = index.people.get(person) else {
            continue;
        };
        some(GroupDetail::Person, &keys.full_name);
        some(GroupDetail::Email, &keys.mailbox);
        some(GroupDetail::Telephone, &keys.whole_phone);
        some(GroupDetail::Address, &keys.address);
    }
}

/// The groups that share details with one, and which.
fn sharing(index: &IndexState, group: Uuid) -> BTreeMap<Uuid, BTreeSet<&'static str>> {
    let Some(own) = index.groups.get(&group) else {
        return BTreeMap::new();
    };
    let mut wanted: BTreeSet<(GroupDetail, &str)> = BTreeSet::new();
    visit_details(index, own, |detail, key| {
        wanted.insert((detail, key));
    });
    let mut found: BTreeMap<Uuid, BTreeSet<&'static str>> = BTreeMap::new();
    for (id, other) in &index.groups {
        if *id == group || !other.is_current {
            continue;
        }
        visit_details(index, other, |detail, key| {
            if wanted.contains(&(detail, key)) {
                found.entry(*id).or_default().insert(detail.into());
            }
        });
    }
    found
}

/// The groups that are probably the same as another, each with the first of these. That two groups
/// have a person in common is not enough: people belong to several.
fn likely(index: &IndexState) -> BTreeMap<Uuid, LikelyDuplicate> {
    let mut holders: BTreeMap<(GroupDetail, &str), BTreeSet<(Timestamp, Uuid)>> = BTreeMap::new();
    for (id, group) in index.groups.iter().filter(|(_, group)| group.is_current) {
        visit_details(index, group, |detail, key| {
            if detail != GroupDetail::Person {
                let of_key = holders.entry((detail, key)).or_default();
                of_key.insert((group.since, *id));
            }
        });
    }
    let mut found: BTreeMap<Uuid, LikelyDuplicate> = BTreeMap::new();
    for ((detail, _), groups) in &holders {
        for own in groups {
            let Some(other) = groups.iter().find(|other| *other != own) else {
                continue;
            };
            let name = |id: &Uuid| {
                let group = index.groups.get(id);
                group.map(|group| group.shown_name.clone())
            };
            let entry = found.entry(own.1).or_insert_with(|| LikelyDuplicate {
                name: name(&own.1).unwrap_or_default(),
                since: own.0,
                other: other.1,
                other_name: name(&other.1).unwrap_or_default(),
                shares: BTreeSet::new(),
                is_newer: own > other,
            });
            if entry.other == other.1 {
                entry.shares.insert((*detail).into());
            }
        }
    }
    found
}

impl Views {
    /// The groups that share a name, a number or people with this one, and what they share.
    pub(super) async fn groups_sharing_details(
        &self,
        group: Uuid,
    ) -> Result<BTreeMap<Uuid, BTreeSet<&'static str>>, ViewError> {
        let index = self.current_index().await?;
        Ok(sharing(&index, group))
    }

    /// All groups that are probably the same as another.
    pub async fn likely_duplicates(&self) -> Result<BTreeMap<Uuid, LikelyDuplicate>, ViewError> {
        let index = self.current_index().await?;
        Ok(likely(&index))
    }

    /// The groups with a name, however its capitals, accents, spaces and quotes are written.
    /// Merged and erased groups are left out.
    pub async fn groups_of_name(&self, name: &str) -> Result<Vec<GroupRow>, ViewError> {
        let wanted = text::name_key(name);
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let ids = {
            let index = self.current_index().await?;
            let same = |group: &GroupKeys| group.is_current && group.name == wanted;
            let found = index.groups.iter().filter(|(_, group)| same(group));
            found.map(|(id, _)| id.to_string()).collect()
        };
        self.groups(ids).await
    }

    /// Whether a group of this name has a grant that anyone may know of: one that was accepted, and
    /// is in the open data. That a group applied without a grant is not public.
    pub async fn has_public_grant(&self, name: &str) -> Result<bool, ViewError> {
        for group in self.groups_of_name(name).await? {
            if group.was_paid {
                return Ok(true);
            }
            for grant in &group.open_grants {
                let row: Option<PublishedRow> = self.find(format!("grant/{grant}"), None).await?;
                if matches!(row, Some(PublishedRow::Grant(grant)) if grant.accepted_on.is_some()) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

#[cfg(test)]
mod tests {
    use super::super::search_index::SearchKeys;
    use super::*;

    fn group(name: &str, people: &[u128], since: i64) -> GroupKeys {
        let people = people.iter().map(|id| Uuid::from_u128(*id));
        GroupKeys {
            shown_name: name.to_owned(),
            name: text::name_key(name),
            people: people.map(|id| (id, id.to_string())).collect(),
            since: Timestamp::from_second(since).unwrap(),
            is_current: true,
            ..GroupKeys::default()
        }
    }

    fn index(groups: Vec<GroupKeys>, people: Vec<(u128, SearchKeys)>) -> IndexState {
        let groups = (1..).zip(groups);
        IndexState {
            groups: groups
                .map(|(id, keys)| (Uuid::from_u128(id), keys))
                .collect(),
            people: people
                .into_iter()
                .map(|(id, keys)| (Uuid::from_u128(id), keys))
                .collect(),
            ..IndexState::default()
        }
    }

    #[test]
    fn each_detail_leads_to_the_other_group() {
        for detail in ["email", "telephone", "address", "person"] {
            let text = |own: &str| if own == detail { "1 high street" } else { "" };
            let keys = SearchKeys {
                mailbox: text("email").to_owned(),
                whole_phone: text("telephone").to_owned(),
                address: text("address").to_owned(),
                full_name: text("person").to_owned(),
                ..SearchKeys::default()
            };
            let two = vec![group("Tea", &[7], 1), group("Soup", &[8], 2)];
            let index = index(two, vec![(7, keys.clone()), (8, keys)]);
            let found = sharing(&index, Uuid::from_u128(1));
            assert_eq!(
                found,
                BTreeMap::from([(Uuid::from_u128(2), BTreeSet::from([detail]))])
            );
        }
    }

    #[test]
    fn a_name_or_number_is_likely_and_a_common_member_is_not() {
        let mut numbered = [group("Tea", &[1], 1), group("Coffee", &[2], 2)];
        for group in &mut numbered {
            group.identifiers.insert("GB-CHC-1234567".to_owned());
        }
        let common = vec![group("Walks", &[9], 3), group("Talks", &[9], 4)];
        let mut all = numbered.to_vec();
        all.extend(common);
        let mut gone = group("Tea", &[], 5);
        gone.is_current = false;
        all.push(gone);

        let found = likely(&index(all, Vec::new()));

        let ids: Vec<Uuid> = found.keys().copied().collect();
        assert_eq!(ids, [Uuid::from_u128(1), Uuid::from_u128(2)]);
        let newer = &found[&Uuid::from_u128(2)];
        assert!(newer.is_newer && newer.other == Uuid::from_u128(1));
        assert_eq!(newer.shares, BTreeSet::from(["number"]));
        assert!(!found[&Uuid::from_u128(1)].is_newer);
    }
}
