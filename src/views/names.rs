//! Names for the ids in records, looked up for a whole page together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::{ApplicationView, GrantView, PaymentView, UpdateView, ViewError, Views};
use crate::projections::{FundRow, GrantRow};

/// The names for the ids in a record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Names {
    /// The name of the record's group.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// The name of the record's fund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fund: Option<String>,
    /// The title of the record's grant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant: Option<String>,
}

/// A record to which names can be added.
pub trait HasNames {
    /// The group and the fund to which it refers.
    fn group_and_fund(&self) -> Option<(Uuid, Uuid)> {
        None
    }

    /// The grant to which it refers. Group and fund are then those of the grant.
    fn grant_id(&self) -> Option<Uuid> {
        None
    }

    fn set_names(&mut self, names: Names);
}

impl HasNames for ApplicationView {
    fn group_and_fund(&self) -> Option<(Uuid, Uuid)> {
        Some((self.row.group.0, self.row.fund.0))
    }

    fn set_names(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl HasNames for GrantView {
    fn group_and_fund(&self) -> Option<(Uuid, Uuid)> {
        Some((self.row.group.0, self.row.fund.0))
    }

    fn set_names(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl HasNames for PaymentView {
    fn grant_id(&self) -> Option<Uuid> {
        Some(self.row.grant)
    }

    fn set_names(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl HasNames for UpdateView {
    fn grant_id(&self) -> Option<Uuid> {
        Some(self.grant)
    }

    fn set_names(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl Views {
    /// Adds names to records. `asked` selects them: `group`, `fund`, `grant`.
    pub async fn add_names<T: HasNames>(
        &self,
        asked: &BTreeSet<&str>,
        records: &mut [T],
    ) -> Result<(), ViewError> {
        if asked.is_empty() {
            return Ok(());
        }
        let grants = distinct(records.iter().filter_map(T::grant_id));
        let grants: BTreeMap<Uuid, GrantRow> = self
            .grants(grants)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let of = |record: &T| {
            let grant = record.grant_id().and_then(|id| grants.get(&id));
            record
                .group_and_fund()
                .or_else(|| grant.map(|row| (row.group.0, row.fund.0)))
        };
        let (mut groups, mut funds) = (BTreeMap::new(), BTreeMap::new());
        if asked.contains("group") {
            let rows = self
                .groups(distinct(
                    records.iter().filter_map(of).map(|(group, _)| group),
                ))
                .await?;
            groups.extend(rows.into_iter().map(|row| (row.id, row.name)));
        }
        if asked.contains("fund") {
            let rows = self
                .funds(distinct(
                    records.iter().filter_map(of).map(|(_, fund)| fund),
                ))
                .await?;
            funds.extend(rows.into_iter().map(|row| (row.id, row.name)));
        }
        for record in records {
            let grant = record
                .grant_id()
                .and_then(|id| grants.get(&id))
                .filter(|_| asked.contains("grant"));
            let (group, fund) = of(&*record).unzip();
            record.set_names(Names {
                group: group.and_then(|id| groups.get(&id).cloned()),
                fund: fund.and_then(|id| funds.get(&id).cloned()),
                grant: grant.map(|row| row.title.clone()),
            });
        }
        Ok(())
    }

    async fn grants(&self, ids: Vec<String>) -> Result<Vec<GrantRow>, ViewError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(self
            .current_rows("grants", &ids)
            .await?
            .into_iter()
            .map(|(_, row)| row)
            .collect())
    }

    async fn funds(&self, ids: Vec<String>) -> Result<Vec<FundRow>, ViewError> {
        Ok(self
            .current_rows("funds", &ids)
            .await?
            .into_iter()
            .map(|(_, row)| row)
            .collect())
    }
}

fn distinct(ids: impl Iterator<Item = Uuid>) -> Vec<String> {
    ids.collect::<BTreeSet<_>>()
        .iter()
        .map(Uuid::to_string)
        .collect()
}
