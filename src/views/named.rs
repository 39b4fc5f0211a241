//! Names for the ids in records, looked up for a whole page together.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::{ApplicationSeen, GrantSeen, PaymentSeen, UpdateSeen, ViewError, Views};
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
pub trait Named {
    /// The group and the fund to which it refers.
    fn of(&self) -> Option<(Uuid, Uuid)> {
        None
    }

    /// The grant to which it refers. Group and fund are then those of the grant.
    fn of_grant(&self) -> Option<Uuid> {
        None
    }

    fn name(&mut self, names: Names);
}

impl Named for ApplicationSeen {
    fn of(&self) -> Option<(Uuid, Uuid)> {
        Some((self.row.group.0, self.row.fund.0))
    }

    fn name(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl Named for GrantSeen {
    fn of(&self) -> Option<(Uuid, Uuid)> {
        Some((self.row.group.0, self.row.fund.0))
    }

    fn name(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl Named for PaymentSeen {
    fn of_grant(&self) -> Option<Uuid> {
        Some(self.row.grant)
    }

    fn name(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl Named for UpdateSeen {
    fn of_grant(&self) -> Option<Uuid> {
        Some(self.grant)
    }

    fn name(&mut self, names: Names) {
        self.names = Some(names);
    }
}

impl Views {
    /// Adds names to records. `asked` selects them: `group`, `fund`, `grant`.
    pub async fn name<T: Named>(
        &self,
        asked: &BTreeSet<&str>,
        records: &mut [T],
    ) -> Result<(), ViewError> {
        if asked.is_empty() {
            return Ok(());
        }
        let grants = distinct(records.iter().filter_map(T::of_grant));
        let grants: BTreeMap<Uuid, GrantRow> = self
            .grants(grants)
            .await?
            .into_iter()
            .map(|row| (row.id, row))
            .collect();
        let of = |record: &T| {
            let grant = record.of_grant().and_then(|id| grants.get(&id));
            record
                .of()
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
                .of_grant()
                .and_then(|id| grants.get(&id))
                .filter(|_| asked.contains("grant"));
            let (group, fund) = of(&*record).unzip();
            record.name(Names {
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
            .standing("grants", &ids)
            .await?
            .into_iter()
            .map(|(_, row)| row)
            .collect())
    }

    async fn funds(&self, ids: Vec<String>) -> Result<Vec<FundRow>, ViewError> {
        Ok(self
            .standing("funds", &ids)
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
