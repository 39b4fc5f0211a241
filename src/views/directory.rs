//! The directory: public entries, entries without a keeper, ties between entries, and the hours of
//! the time bank.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{Filter, ViewError, Views};
use crate::domain::PersonId;
use crate::domain::asset::{AssetState, Party};
use crate::domain::role::Role;
use crate::projections::{AssetRow, DirectoryRow, ExchangeRow, PersonRow, TieRow, TieState};

/// Whose work it is to keep entries of the directory.
const KEEPERS: [Role; 2] = [Role::Officer, Role::Connector];

/// The hours of the time bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct HoursSummary {
    /// How many exchanges there were, without those that were corrected to nothing.
    pub exchanges: i64,
    /// How many minutes were given in all.
    pub minutes: i64,
    /// The balances of all parties. Together they are nought.
    pub balances: Vec<PartyBalance>,
}

/// Unlike other whole numbers, it can be negative.
fn minutes_of_balance() -> utoipa::openapi::schema::Object {
    utoipa::openapi::ObjectBuilder::new()
        .schema_type(utoipa::openapi::Type::Integer)
        .minimum(Some(-9_007_199_254_740_991_i64))
        .description(Some(
            "The minutes that they gave less those that they received. Negative if they received more.",
        ))
        .build()
}

/// What a person or a group gave and received.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PartyBalance {
    pub party: Party,
    /// The minutes that they gave.
    pub given: i64,
    /// The minutes that they received.
    pub received: i64,
    /// The minutes that they gave less those that they received.
    #[schema(schema_with = minutes_of_balance)]
    pub balance: i64,
}

impl Views {
    /// The public entries of the directory: by name, those that are out of date on a day last. They
    /// are cached until the log moves on.
    pub async fn directory(&self, today: Date) -> Result<Vec<DirectoryRow>, ViewError> {
        let read = async {
            let published = vec![Filter::in_state([AssetState::Published])];
            let mut rows: Vec<DirectoryRow> = self.all_rows(None, published).await?;
            rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.id));
            Ok(Arc::new(rows))
        };
        let next = self.projector.next_position();
        let rows = self
            .list_cache
            .directory
            .get_or_read((), next, read)
            .await?;
        let (stale, fresh): (Vec<_>, Vec<_>) =
            rows.iter().cloned().partition(|row| row.is_stale(today));
        Ok(fresh.into_iter().chain(stale).collect())
    }

    /// A public entry of the directory, current or as at a position.
    pub async fn listed_entry(
        &self,
        asset: Uuid,
        as_at: Option<i64>,
    ) -> Result<Option<DirectoryRow>, ViewError> {
        let found: Option<DirectoryRow> = self.find(asset, as_at).await?;
        Ok(found.filter(|row| row.state == AssetState::Published))
    }

    /// The keepers of current entries who no longer hold a role that looks after the directory.
    pub async fn former_keepers(
        &self,
        as_at: Option<i64>,
    ) -> Result<BTreeSet<PersonId>, ViewError> {
        let next = self.projector.next_position();
        let read = self.read_former_keepers(as_at);
        let cache = &self.list_cache.former_keepers;
        cache.read_as_at(as_at, (), next, read).await
    }

    async fn read_former_keepers(
        &self,
        as_at: Option<i64>,
    ) -> Result<BTreeSet<PersonId>, ViewError> {
        let standing = [
            AssetState::Recorded,
            AssetState::Published,
            AssetState::Paused,
        ];
        let rows: Vec<AssetRow> = self
            .all_rows(as_at, vec![Filter::in_state(standing)])
            .await?;
        let mut keepers: BTreeSet<PersonId> = rows.iter().filter_map(|row| row.keeper).collect();
        let ids = keepers.iter().copied();
        let people: Vec<PersonRow> = self
            .all_rows(as_at, vec![Filter::any_of("id", ids)])
            .await?;
        for person in people {
            if KEEPERS.iter().any(|role| person.roles.contains(role)) {
                keepers.remove(&PersonId(person.id));
            }
        }
        Ok(keepers)
    }

    /// Whether a keeper still has a role for it. Reads this person only.
    pub async fn keeps_directory_now(&self, keeper: Option<PersonId>) -> Result<bool, ViewError> {
        let found: Option<PersonRow> = match keeper {
            Some(keeper) => self.find(keeper, None).await?,
            None => None,
        };
        Ok(found.is_some_and(|person| KEEPERS.iter().any(|role| person.roles.contains(role))))
    }

    /// The entries without a keeper: those that are not withdrawn, and whose keeper has no role for
    /// it any more.
    pub async fn entries_without_keeper(
        &self,
        as_at: Option<i64>,
    ) -> Result<Vec<AssetRow>, ViewError> {
        let keepers = self.former_keepers(as_at).await?;
        let mut rows: Vec<AssetRow> = self
            .all_rows(as_at, vec![Filter::any_of("keeper", keepers)])
            .await?;
        rows.retain(|row| row.state != AssetState::Withdrawn);
        Ok(rows)
    }

    /// The standing ties of an entry, also those in the records of others.
    pub async fn ties_of(&self, asset: Uuid, as_at: Option<i64>) -> Result<Vec<TieRow>, ViewError> {
        let mut ties = Vec::new();
        for end in ["asset", "other"] {
            let filters = vec![
                Filter::equals(end, asset),
                Filter::in_state([TieState::Standing]),
            ];
            ties.extend(self.all_rows::<TieRow>(as_at, filters).await?);
        }
        Ok(ties)
    }

    /// The hours of the time bank, current or as at a position. The current ones are cached until
    /// the log moves on.
    pub async fn hours(&self, as_at: Option<i64>) -> Result<Arc<HoursSummary>, ViewError> {
        let next = self.projector.next_position();
        let read = async {
            let exchanges: Vec<ExchangeRow> = self.all_rows(as_at, Vec::new()).await?;
            Ok(Arc::new(HoursSummary::of(&exchanges)))
        };
        let cache = &self.list_cache.hours;
        cache.read_as_at(as_at, (), next, read).await
    }

    /// The hours that a person or a group gave and received.
    pub async fn hours_of(
        &self,
        party: Party,
        as_at: Option<i64>,
    ) -> Result<Vec<ExchangeRow>, ViewError> {
        let mut rows: Vec<ExchangeRow> = Vec::new();
        for side in ["giver_id", "receiver_id"] {
            let filters = vec![Filter::equals(side, party.id())];
            rows.extend(self.all_rows(as_at, filters).await?);
        }
        rows.sort_by_key(|row| (row.on, row.asset, row.exchange));
        Ok(rows)
    }
}

impl HoursSummary {
    /// Adds up exchanges. Each counts once for its giver and once against its receiver.
    #[must_use]
    pub fn of(exchanges: &[ExchangeRow]) -> Self {
        let mut totals: BTreeMap<Party, (i64, i64)> = BTreeMap::new();
        let mut minutes = 0;
        for exchange in exchanges {
            let given = i64::from(exchange.minutes);
            minutes += given;
            totals.entry(exchange.giver).or_default().0 += given;
            totals.entry(exchange.receiver).or_default().1 += given;
        }
        let happened = exchanges.iter().filter(|exchange| exchange.minutes > 0);
        let balance = |(party, (given, received))| PartyBalance {
            party,
            given,
            received,
            balance: given - received,
        };
        Self {
            exchanges: i64::try_from(happened.count()).unwrap_or(i64::MAX),
            minutes,
            balances: totals.into_iter().map(balance).collect(),
        }
    }
}
