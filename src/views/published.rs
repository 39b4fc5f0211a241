//! The public data of an organisation: all grants, with the groups, funds and organisation to which
//! they refer.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use uuid::Uuid;

use super::{ViewError, Views};
use crate::domain::outcome::Sign;
use crate::domain::text::{Identifier, Slug};
use crate::domain::theme::Theme;
use crate::projections::{PublishedGrant, PublishedRow};
use crate::store::view_rows;

const TABLE: &str = "published";

/// All public data of an organisation.
#[derive(Clone, Debug, Default)]
pub struct Published {
    /// The position of the last event that changed any of it.
    pub through: i64,
    pub organisation: String,
    pub signs: Vec<Sign>,
    /// All themes that were ever adopted.
    pub themes: Vec<Theme>,
    pub funds: BTreeMap<Uuid, PublishedFund>,
    pub groups: BTreeMap<Uuid, PublishedGroup>,
    pub grants: Vec<PublishedGrant>,
}

#[derive(Clone, Debug)]
pub struct PublishedFund {
    pub name: String,
    pub rounds: BTreeMap<Slug, String>,
}

#[derive(Clone, Debug)]
pub struct PublishedGroup {
    pub name: String,
    pub identifiers: BTreeSet<Identifier>,
    pub area: Option<Slug>,
    pub modified: Timestamp,
}

impl Published {
    /// Adds a row.
    pub fn take(&mut self, row: PublishedRow) {
        match row {
            PublishedRow::Organisation {
                name,
                signs,
                themes,
            } => {
                (self.organisation, self.signs, self.themes) = (name, signs, themes);
            }
            PublishedRow::Fund { id, name, rounds } => {
                drop(self.funds.insert(id, PublishedFund { name, rounds }));
            }
            PublishedRow::Group {
                id,
                name,
                identifiers,
                area,
                modified,
            } => {
                self.groups.insert(
                    id,
                    PublishedGroup {
                        name,
                        identifiers,
                        area,
                        modified,
                    },
                );
            }
            PublishedRow::Grant(grant) => self.grants.push(*grant),
        }
    }
}

impl Views {
    /// Reads all public data.
    pub async fn published(&self) -> Result<Published, ViewError> {
        let mut published = Published {
            through: self.published_through().await?,
            ..Published::default()
        };
        self.all_rows::<PublishedRow>(None, Vec::new())
            .await?
            .into_iter()
            .for_each(|row| published.take(row));
        Ok(published)
    }

    /// The position of the last event that changed public data; -1 before the first.
    pub async fn published_through(&self) -> Result<i64, ViewError> {
        Ok(view_rows::newest_position(self.log.store(), self.log.organisation(), TABLE).await?)
    }
}
