//! Records with their dependent rows: a fund with its batches, the organisation with its
//! agreements.

use std::collections::BTreeMap;

use serde::Serialize;
use uuid::Uuid;

use super::{ViewError, Views};
use crate::domain::text::Slug;
use crate::projections::{AgreementRow, FundRow, OrganisationRow, PaymentBatchRow};

/// A fund with its batches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Fund)]
pub struct FundView {
    #[serde(flatten)]
    pub row: FundRow,
    /// The newest batches, at most 500, by key.
    pub batches: BTreeMap<Slug, PaymentBatchRow>,
}

/// The organisation with its agreements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Organisation)]
pub struct OrganisationView {
    #[serde(flatten)]
    pub row: OrganisationRow,
    /// The newest agreements, at most 500, by version. A grant keeps the version that it was
    /// offered with.
    #[schema(value_type = BTreeMap<String, String>)]
    pub agreements: BTreeMap<u32, String>,
}

impl Views {
    /// Adds to funds their batches.
    pub async fn with_batches(
        &self,
        rows: Vec<FundRow>,
        as_at: Option<i64>,
    ) -> Result<Vec<FundView>, ViewError> {
        let funds: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut of: BTreeMap<Uuid, BTreeMap<Slug, PaymentBatchRow>> = BTreeMap::new();
        for batch in self
            .newest_of::<PaymentBatchRow>("fund", &funds, as_at)
            .await?
        {
            of.entry(batch.fund)
                .or_default()
                .insert(batch.batch.clone(), batch);
        }
        Ok(rows
            .into_iter()
            .map(|row| FundView {
                batches: of.remove(&row.id).unwrap_or_default(),
                row,
            })
            .collect())
    }

    /// Adds to the organisation its agreements.
    pub async fn with_agreements(
        &self,
        row: OrganisationRow,
        as_at: Option<i64>,
    ) -> Result<OrganisationView, ViewError> {
        let own = [self.log.organisation().to_owned()];
        let agreements = self
            .newest_of::<AgreementRow>("organisation", &own, as_at)
            .await?;
        Ok(OrganisationView {
            row,
            agreements: agreements
                .into_iter()
                .map(|one| (one.version, one.text))
                .collect(),
        })
    }
}
