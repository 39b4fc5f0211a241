//! Past grants of groups in 360Giving's terms. They contain only the recorded fields.

use std::collections::BTreeMap;

use serde::Serialize;

use super::record::Pounds;
use crate::domain::csv::{self, BYTE_ORDER_MARK, CsvCell};
use crate::domain::group::PastGrant;
use crate::projections::{GroupRow, PastGrantRow};

const TITLES: [&str; 10] = [
    "Identifier",
    "Title",
    "Description",
    "Currency",
    "Amount Awarded",
    "Award Date",
    "Recipient Org:Identifier",
    "Recipient Org:Name",
    "Funding Org:Identifier",
    "Funding Org:Name",
];

/// A past grant, with 360Giving's field names.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PastGrantRecord {
    pub id: String,
    pub title: String,
    pub description: String,
    pub currency: &'static str,
    pub amount_awarded: Pounds,
    pub award_date: jiff::civil::Date,
    pub recipient_organization: [NamedOrganisation; 1],
    pub funding_organization: [NamedOrganisation; 1],
}

#[derive(Clone, Debug, Serialize)]
pub struct NamedOrganisation {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    pub name: String,
}

/// All past grants of these groups, ordered by reference.
#[must_use]
pub fn past_grant_records(
    groups: &[GroupRow],
    past_grants: &[PastGrantRow],
) -> Vec<PastGrantRecord> {
    let names: BTreeMap<_, _> = groups
        .iter()
        .map(|group| (group.id, group.name.as_str()))
        .collect();
    let mut all: Vec<_> = past_grants
        .iter()
        .filter_map(|row| Some(past_grant_record(names.get(&row.group)?, &row.past)))
        .collect();
    all.sort_by(|one, other| one.id.cmp(&other.id));
    all
}

fn past_grant_record(group: &str, past: &PastGrant) -> PastGrantRecord {
    PastGrantRecord {
        id: past.reference.to_string(),
        title: past.title.to_string(),
        description: past.description.to_string(),
        currency: "GBP",
        amount_awarded: Pounds(past.amount),
        award_date: past.awarded_on,
        recipient_organization: [NamedOrganisation {
            id: past.recipient_id.as_ref().map(ToString::to_string),
            name: group.to_owned(),
        }],
        funding_organization: [NamedOrganisation {
            id: past.funder_id.as_ref().map(ToString::to_string),
            name: past.funder.to_string(),
        }],
    }
}

/// Serialises past grants as JSON with the structure of a package.
#[must_use]
pub fn past_grants_json(history: &[PastGrantRecord]) -> String {
    let json = serde_json::json!({ "version": super::VERSION, "grants": history });
    format!(
        "{}\n",
        serde_json::to_string_pretty(&json).unwrap_or_default()
    )
}

/// Serialises past grants as CSV with the standard's titles and a byte order mark. Texts are
/// escaped against formulas, since past grants do not pass through the pre-flight.
#[must_use]
pub fn past_grants_csv(history: &[PastGrantRecord]) -> String {
    let text = |text: &str| CsvCell::Text(text.to_owned());
    let row = |grant: &PastGrantRecord| {
        let ([recipient], [funder]) = (&grant.recipient_organization, &grant.funding_organization);
        vec![
            text(&grant.id),
            text(&grant.title),
            text(&grant.description),
            text(grant.currency),
            CsvCell::Plain(String::from(grant.amount_awarded.0)),
            CsvCell::Plain(grant.award_date.to_string()),
            text(recipient.id.as_deref().unwrap_or_default()),
            text(&recipient.name),
            text(funder.id.as_deref().unwrap_or_default()),
            text(&funder.name),
        ]
    };
    let table = csv::write_table(&TITLES, history.iter().map(row));
    format!("{BYTE_ORDER_MARK}{table}")
}
