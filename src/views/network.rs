//! The network: the public groups and entries of the directory, and the ties between them, as at
//! any day. It never contains people.
//!
//! An entry that a group holds is part of that group's node. A merged group is part of the node of
//! the group that it was merged into.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::network_parts::{count_others, parts};
use super::{Filter, ViewError, Views};
use crate::domain::asset::{AssetKind, AssetState, TieKind};
use crate::domain::gathering::{GatheringState, SessionState};
use crate::domain::introduction::IntroductionState;
use crate::domain::text::{Slug, contains_url};
use crate::domain::{AssetId, GatheringId, GroupId};
use crate::projections::{
    DirectoryRow, GatheringRow, GatheringSessionRow, GroupRow, IntroductionRow, PublishedGrant,
    PublishedRow, TieRow, TieState,
};

/// The network of groups and entries of the directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NetworkSummary {
    /// The last position of the log that the network includes.
    pub position: i64,
    pub figures: NetworkFigures,
    /// The groups and entries, in the order of their ids.
    pub nodes: Vec<NetworkNode>,
    /// The ties between them. Two nodes can have a tie of each kind.
    pub ties: Vec<NetworkTie>,
}

/// How closely the network hangs together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NetworkFigures {
    /// How many groups are in it.
    pub groups: i64,
    /// How many organisations, places and things are in it: entries that no group holds.
    pub entries: i64,
    /// How many pairs of nodes know each other, in any way.
    pub pairs: i64,
    /// How many parts it falls into. A node without a tie is a part of its own.
    pub components: i64,
    /// How many nodes are in the largest part.
    pub largest: i64,
    /// The nodes in the largest part, in percent of all, rounded down.
    pub largest_percent: i64,
    /// With how many others a group is tied, as a mean with one decimal, rounded down: `1.7`.
    pub ties_per_group: String,
}

/// A group, or an entry of the directory that no group holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NetworkNode {
    /// The id of the group or the entry.
    pub id: Uuid,
    pub kind: NetworkNodeKind,
    /// Its public name.
    pub label: String,
    /// The key of its area.
    pub area: Option<String>,
    /// The keys of its themes.
    pub themes: BTreeSet<Slug>,
    /// The day from which everyone could know of it.
    #[schema(value_type = String, format = "date")]
    pub since: Date,
    /// The number of its part of the network. The largest part is 1.
    pub component: i64,
    /// With how many others it is tied.
    pub others: i64,
}

/// What a node of the network is.
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
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NetworkNodeKind {
    Group,
    Organisation,
    Place,
    Thing,
}

/// How two nodes know each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct NetworkTie {
    /// The node with the lower id. A tie has no direction.
    pub from: Uuid,
    pub to: Uuid,
    pub tie: NetworkTieKind,
    /// How often: at how many sessions they met, or how many introductions were welcomed. 1 for
    /// the other kinds, and never less.
    #[schema(minimum = 1)]
    pub weight: i64,
    /// The first day.
    #[schema(value_type = String, format = "date")]
    pub since: Date,
}

/// What a tie comes from.
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
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NetworkTieKind {
    /// People of both came to the same session.
    Met,
    /// The one was introduced to the other, and welcomed.
    Introduced,
    /// They work together, as staff know.
    Partner,
    /// What the one runs grew from what the other ran.
    GrewFrom,
}

impl From<TieKind> for NetworkTieKind {
    fn from(how: TieKind) -> Self {
        match how {
            TieKind::Partner => Self::Partner,
            TieKind::Introduced => Self::Introduced,
            TieKind::GrewFrom => Self::GrewFrom,
        }
    }
}

impl NetworkNodeKind {
    /// What an entry that no group holds is. `None` for what people can and would like to do: such
    /// an entry would stand for a person.
    fn of_entry(kind: AssetKind) -> Option<Self> {
        match kind {
            AssetKind::Group => Some(Self::Group),
            AssetKind::Organisation => Some(Self::Organisation),
            AssetKind::Place => Some(Self::Place),
            AssetKind::Thing => Some(Self::Thing),
            AssetKind::Skill | AssetKind::Interest => None,
        }
    }
}

impl Views {
    /// The network, current or as at a position.
    pub async fn network(&self, as_at: Option<i64>) -> Result<Arc<NetworkSummary>, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_network(as_at, next);
        let cache = &self.list_cache.network;
        cache.read_as_at(as_at, (), next, read).await
    }

    async fn read_network(
        &self,
        as_at: Option<i64>,
        next: i64,
    ) -> Result<Arc<NetworkSummary>, ViewError> {
        let rows = self.network_rows(as_at).await?;
        let groups = self.groups_or_heirs(rows.groups(), as_at).await?;
        let mut network = NetworkBuilder::new(groups);
        network.add_nodes(&rows);
        network.add_ties(&rows);
        Ok(Arc::new(network.finish(as_at.unwrap_or(next - 1))))
    }

    async fn network_rows(&self, as_at: Option<i64>) -> Result<NetworkRows, ViewError> {
        let published: Vec<PublishedRow> = self.all_rows(as_at, Vec::new()).await?;
        let grants = published.into_iter().filter_map(|row| match row {
            PublishedRow::Grant(grant) if grant.is_published() => Some(*grant),
            _ => None,
        });
        let listed = vec![Filter::in_state([AssetState::Published])];
        let opened = [GatheringState::Open, GatheringState::Ended];
        let opened = vec![Filter::in_state(opened)];
        let held = vec![Filter::in_state([SessionState::Held])];
        let welcomed = [
            IntroductionState::Welcomed,
            IntroductionState::CameTo,
            IntroductionState::Closed,
        ];
        let welcomed = vec![Filter::in_state(welcomed)];
        let standing = vec![Filter::in_state([TieState::Standing])];
        Ok(NetworkRows {
            grants: grants.collect(),
            entries: self.all_rows(as_at, listed).await?,
            gatherings: self.all_rows(as_at, opened).await?,
            sessions: self.all_rows(as_at, held).await?,
            introductions: self.all_rows(as_at, welcomed).await?,
            ties: self.all_rows(as_at, standing).await?,
        })
    }

    /// The rows of groups by id, and those of the groups that they were merged into.
    async fn groups_or_heirs(
        &self,
        mut wanted: BTreeSet<GroupId>,
        as_at: Option<i64>,
    ) -> Result<BTreeMap<GroupId, GroupRow>, ViewError> {
        let mut found: BTreeMap<GroupId, GroupRow> = BTreeMap::new();
        let mut asked = BTreeSet::new();
        while !wanted.is_empty() {
            let filters = vec![Filter::any_of("id", &wanted)];
            asked.append(&mut wanted);
            let rows: Vec<GroupRow> = self.all_rows(as_at, filters).await?;
            found.extend(rows.into_iter().map(|row| (GroupId(row.id), row)));
            let heirs = found.values().filter_map(|row| row.merged_into);
            wanted = heirs.filter(|heir| !asked.contains(heir)).collect();
        }
        Ok(found)
    }
}

/// The rows that the network is made from.
struct NetworkRows {
    /// The grants that are published.
    grants: Vec<PublishedGrant>,
    /// The entries that are published.
    entries: Vec<DirectoryRow>,
    /// The gatherings that have opened.
    gatherings: Vec<GatheringRow>,
    /// The sessions that were held.
    sessions: Vec<GatheringSessionRow>,
    /// The introductions that were welcomed, and some that were closed without it.
    introductions: Vec<IntroductionRow>,
    /// The ties that have not ended.
    ties: Vec<TieRow>,
}

impl NetworkRows {
    /// All groups that the rows name.
    fn groups(&self) -> BTreeSet<GroupId> {
        let offers = self.grants.iter().filter_map(|grant| grant.offer.as_ref());
        let mut groups: BTreeSet<GroupId> = offers.map(|offer| offer.group).collect();
        groups.extend(self.entries.iter().filter_map(|entry| entry.group));
        groups.extend(self.gatherings.iter().filter_map(|row| row.group));
        let came = self.sessions.iter().filter_map(|row| row.came.as_ref());
        groups.extend(came.flat_map(|came| came.groups.iter().map(|group| group.group)));
        for introduction in &self.introductions {
            groups.extend(introduction.group);
            groups.extend(introduction.holder);
        }
        groups
    }
}

/// The ids of two nodes, the lower one first, and how they know each other.
type TieKey = (Uuid, Uuid, NetworkTieKind);

struct NetworkBuilder {
    groups: BTreeMap<GroupId, GroupRow>,
    nodes: BTreeMap<Uuid, NetworkNode>,
    /// The node of each published entry.
    entries: BTreeMap<AssetId, Uuid>,
    /// The weight of each tie and its first day.
    ties: BTreeMap<TieKey, (i64, Date)>,
}

impl NetworkBuilder {
    fn new(groups: BTreeMap<GroupId, GroupRow>) -> Self {
        Self {
            groups,
            nodes: BTreeMap::new(),
            entries: BTreeMap::new(),
            ties: BTreeMap::new(),
        }
    }

    /// The group that a group was merged into, or itself.
    fn heir(&self, group: GroupId) -> Option<&GroupRow> {
        let mut row = self.groups.get(&group)?;
        while let Some(heir) = row.merged_into {
            row = self.groups.get(&heir)?;
        }
        Some(row)
    }

    fn add_nodes(&mut self, rows: &NetworkRows) {
        for grant in &rows.grants {
            let (Some(offer), Some(accepted_on)) = (&grant.offer, grant.accepted_on) else {
                continue;
            };
            let themes = offer.theme.iter();
            self.add_group(offer.group, accepted_on, themes);
        }
        for gathering in &rows.gatherings {
            if let (Some(group), Some(opened_on)) = (gathering.group, gathering.opened_on) {
                self.add_group(group, opened_on, gathering.themes.iter());
            }
        }
        for entry in &rows.entries {
            let Some(published_on) = entry.published_on else {
                continue;
            };
            let node = match entry.group {
                Some(group) => self.add_group(group, published_on, entry.themes.iter()),
                None => self.add_entry(entry, published_on),
            };
            if let Some(node) = node {
                self.entries.insert(AssetId(entry.id), node);
            }
        }
    }

    /// Adds a group, or updates its first public day and its themes. Returns its node; `None` for
    /// an old name that contains a web address, which no page shows.
    fn add_group<'a>(
        &mut self,
        group: GroupId,
        since: Date,
        themes: impl Iterator<Item = &'a Slug>,
    ) -> Option<Uuid> {
        let row = self.heir(group).filter(|row| !contains_url(&row.name))?;
        let new = NetworkNode {
            id: row.id,
            kind: NetworkNodeKind::Group,
            label: row.name.clone(),
            area: Some(row.area.clone()).filter(|area| !area.is_empty()),
            themes: BTreeSet::new(),
            since,
            component: 0,
            others: 0,
        };
        let node = self.nodes.entry(new.id).or_insert(new);
        node.since = node.since.min(since);
        node.themes.extend(themes.cloned());
        Some(node.id)
    }

    /// Adds an entry that no group holds.
    fn add_entry(&mut self, entry: &DirectoryRow, since: Date) -> Option<Uuid> {
        let node = NetworkNode {
            id: entry.id,
            kind: NetworkNodeKind::of_entry(entry.kind)?,
            label: entry.name.clone(),
            area: entry.area.as_ref().map(Slug::to_string),
            themes: entry.themes.clone(),
            since,
            component: 0,
            others: 0,
        };
        self.nodes.insert(entry.id, node);
        Some(entry.id)
    }

    /// The node of a group, if everyone may know of it.
    fn node_of_group(&self, group: GroupId) -> Option<Uuid> {
        let id = self.heir(group)?.id;
        self.nodes.contains_key(&id).then_some(id)
    }

    fn add_ties(&mut self, rows: &NetworkRows) {
        for session in &rows.sessions {
            self.add_meetings(session);
        }
        for introduction in &rows.introductions {
            self.add_introduction(introduction);
        }
        for tie in &rows.ties {
            let node = |entry: &AssetId| self.entries.get(entry).copied();
            if let Some(ends) = node(&tie.asset).zip(node(&tie.other)) {
                self.add_tie(ends, tie.how.into(), tie.tied_on);
            }
        }
        let by_id: BTreeMap<GatheringId, &GatheringRow> = rows
            .gatherings
            .iter()
            .map(|row| (GatheringId(row.id), row))
            .collect();
        for gathering in &rows.gatherings {
            let before = gathering.grew_from.and_then(|id| by_id.get(&id));
            let ends = before.and_then(|before| before.group).zip(gathering.group);
            if let Some((before, after)) = ends
                && let Some(ends) = self.nodes_of_groups(before, after)
            {
                let since = gathering.opened_on.unwrap_or(gathering.planned_on);
                self.add_tie(ends, NetworkTieKind::GrewFrom, since);
            }
        }
    }

    fn nodes_of_groups(&self, one: GroupId, other: GroupId) -> Option<(Uuid, Uuid)> {
        self.node_of_group(one).zip(self.node_of_group(other))
    }

    /// Each two groups from which people came to a session have met there.
    fn add_meetings(&mut self, session: &GatheringSessionRow) {
        let came = session.came.iter().flat_map(|came| &came.groups);
        let here: BTreeSet<Uuid> = came
            .filter(|group| group.people > 0)
            .filter_map(|group| self.node_of_group(group.group))
            .collect();
        for one in &here {
            for other in here.range((Bound::Excluded(*one), Bound::Unbounded)) {
                self.add_tie((*one, *other), NetworkTieKind::Met, session.day);
            }
        }
    }

    /// A group that was introduced to an entry, and welcomed.
    fn add_introduction(&mut self, introduction: &IntroductionRow) {
        let Some(welcomed_on) = introduction.welcomed_on else {
            return;
        };
        let own = introduction.group.and_then(|id| self.node_of_group(id));
        let theirs = match introduction.holder {
            Some(holder) => self.node_of_group(holder),
            None => self.entries.get(&introduction.to).copied(),
        };
        if let Some(ends) = own.zip(theirs) {
            self.add_tie(ends, NetworkTieKind::Introduced, welcomed_on);
        }
    }

    /// Counts a tie. None is from a node to itself.
    fn add_tie(&mut self, (one, other): (Uuid, Uuid), kind: NetworkTieKind, since: Date) {
        if one == other {
            return;
        }
        let key = (one.min(other), one.max(other), kind);
        let (weight, first) = self.ties.entry(key).or_insert((0, since));
        let counts_each = matches!(kind, NetworkTieKind::Met | NetworkTieKind::Introduced);
        *weight = if counts_each { *weight + 1 } else { 1 };
        *first = since.min(*first);
    }

    fn finish(mut self, position: i64) -> NetworkSummary {
        let ties: Vec<NetworkTie> = self
            .ties
            .into_iter()
            .map(|((from, to, tie), (weight, since))| NetworkTie {
                from,
                to,
                tie,
                weight,
                since,
            })
            .collect();
        let pairs: BTreeSet<(Uuid, Uuid)> = ties.iter().map(|tie| (tie.from, tie.to)).collect();
        for (id, others) in count_others(&pairs) {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.others = others;
            }
        }
        let parts = parts(self.nodes.keys().copied(), &pairs);
        for (number, part) in (1..).zip(&parts) {
            for id in part {
                if let Some(node) = self.nodes.get_mut(id) {
                    node.component = number;
                }
            }
        }
        let nodes: Vec<NetworkNode> = self.nodes.into_values().collect();
        NetworkSummary {
            position,
            figures: NetworkFigures::of(&nodes, pairs.len(), &parts),
            nodes,
            ties,
        }
    }
}

impl NetworkFigures {
    fn of(nodes: &[NetworkNode], pairs: usize, parts: &[BTreeSet<Uuid>]) -> Self {
        let groups = || {
            nodes
                .iter()
                .filter(|node| node.kind == NetworkNodeKind::Group)
        };
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        let (all, of_groups) = (count(nodes.len()), count(groups().count()));
        let largest = count(parts.first().map_or(0, BTreeSet::len));
        let ends: i64 = groups().map(|node| node.others).sum();
        let tenths = ends * 10 / of_groups.max(1);
        Self {
            groups: of_groups,
            entries: all - of_groups,
            pairs: count(pairs),
            components: count(parts.len()),
            largest,
            largest_percent: largest * 100 / all.max(1),
            ties_per_group: format!("{}.{}", tenths / 10, tenths % 10),
        }
    }
}
