//! Open data: grants in the 360Giving Data Standard, version 1.4
//! (<https://standard.threesixtygiving.org>), as JSON and CSV. Only public values are used.

mod csv;
pub mod org_id;
mod past_grants;
mod places;
mod preflight;
mod record;

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::csv::BYTE_ORDER_MARK;
use crate::projections::PublishedGrant;
use crate::views::Published;
pub use past_grants::{PastGrantRecord, past_grant_records, past_grants_csv, past_grants_json};
pub use places::{Place, Places, PlacesError};
pub use preflight::{PublishingDefect, preflight};
pub use record::OpenDataGrant;

/// Version of the standard, which packages declare.
const VERSION: &str = "1.4";

/// The publishing organisation, as registered with 360Giving.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publisher {
    /// Prefix assigned by 360Giving, such as `360G-example`.
    pub prefix: String,
    /// The organisation's org-id, such as `GB-CHC-1234567`. Without it an id under the prefix is
    /// used.
    pub org_id: Option<String>,
    pub website: Option<String>,
    /// URL of the licence.
    pub licence: String,
    /// Public base URL of the service, without a trailing slash.
    pub address: String,
}

impl Publisher {
    fn org_id(&self) -> String {
        self.org_id
            .clone()
            .unwrap_or_else(|| format!("{}-publisher", self.prefix))
    }
}

/// A package of grants, as published. Field names are those of 360Giving's package schema.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Package {
    pub version: &'static str,
    pub title: String,
    pub description: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub modified: Option<String>,
    pub publisher: PublisherRecord,
    pub license: String,
    #[serde(rename = "downloadURL")]
    pub download_url: String,
    #[serde(rename = "accessURL")]
    pub access_url: String,
    pub grants: Vec<OpenDataGrant>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PublisherRecord {
    pub identifier: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub website: Option<String>,
}

/// A package, and the grants that the pre-flight held back, with their faults.
#[derive(Clone, Debug)]
pub struct CheckedPackage {
    pub package: Package,
    pub held_back: Vec<(Uuid, Vec<PublishingDefect>)>,
}

/// Makes the package of all published grants without those that fail the pre-flight.
#[must_use]
pub fn build_package(
    all: &Published,
    publisher: &Publisher,
    places: &Places,
    today: Date,
) -> CheckedPackage {
    let mut package = Package {
        version: VERSION,
        title: format!("Grants made by {}", all.organisation),
        description: format!(
            "Every grant that a group has accepted. What was released or came back is taken off \
                the awards, and off what was paid. Made from a log that only grows, as at position \
                {}.",
            all.through
        ),
        modified: None,
        publisher: PublisherRecord {
            identifier: publisher.org_id(),
            name: all.organisation.clone(),
            website: publisher.website.clone(),
        },
        license: publisher.licence.clone(),
        download_url: format!("{}/open-data/360giving.json", publisher.address),
        access_url: format!("{}/impact", publisher.address),
        grants: Vec::new(),
    };
    let mut ids: BTreeMap<String, Uuid> = BTreeMap::new();
    for grant in all.grants.iter().filter(|grant| grant.is_published()) {
        if let Some(made) = record::grant_record(all, grant, publisher, places) {
            ids.insert(made.id.clone(), grant.id);
            package.grants.push(made);
        }
    }
    let mut held_back: BTreeMap<Uuid, Vec<PublishingDefect>> = BTreeMap::new();
    for fault in preflight(&serde_json::to_value(&package).unwrap_or_default(), today) {
        if let Some(id) = fault.grant.as_ref().and_then(|id| ids.get(id)) {
            held_back.entry(*id).or_default().push(fault);
        }
    }
    package.grants.retain(|grant| {
        !ids.get(&grant.id)
            .is_some_and(|id| held_back.contains_key(id))
    });
    package.modified = package
        .grants
        .iter()
        .map(|grant| grant.date_modified.clone())
        .max();
    CheckedPackage {
        package,
        held_back: held_back.into_iter().collect(),
    }
}

impl Package {
    /// Serialises the package as JSON. The same grants give the same bytes.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut json = serde_json::to_string_pretty(self).unwrap_or_default();
        json.push('\n');
        json
    }

    /// Serialises the grants as CSV with the standard's titles and a byte order mark, one line per
    /// grant.
    #[must_use]
    pub fn to_csv(&self) -> String {
        format!("{BYTE_ORDER_MARK}{}", csv::table(&self.grants))
    }
}

/// Id of a transaction, made of the grant's id, so that it does not change between packages.
fn transaction_id(grant: &PublishedGrant, kind: &str, number: impl std::fmt::Display) -> String {
    format!("{}-{kind}-{number}", grant.id)
}
