//! Parser of 360Giving packages in JSON: each grant becomes a line with the standard's CSV titles.

use serde_json::Value;

use super::line::{ImportLine, LINES_MAX, TableError, unknown_format};

/// Fields of a grant that are read: the CSV title, and the path in the JSON.
const FIELDS: [(&str, &str); 11] = [
    ("identifier", "/id"),
    ("title", "/title"),
    ("description", "/description"),
    ("currency", "/currency"),
    ("amount awarded", "/amountAwarded"),
    ("award date", "/awardDate"),
    ("recipient org:identifier", "/recipientOrganization/0/id"),
    ("recipient org:name", "/recipientOrganization/0/name"),
    ("funding org:identifier", "/fundingOrganization/0/id"),
    ("funding org:name", "/fundingOrganization/0/name"),
    ("beneficiary location:name", "/beneficiaryLocation/0/name"),
];

/// Reads the grants to organisations. Grants to individuals are skipped, since groups are
/// organisations.
pub(super) fn lines(bytes: &[u8]) -> Result<Vec<ImportLine>, TableError> {
    let package: Value = serde_json::from_slice(bytes).map_err(unknown_format)?;
    let grants = package
        .get("grants")
        .and_then(Value::as_array)
        .ok_or_else(|| TableError::Unknown("it has no grants".to_owned()))?;
    if grants.len() > LINES_MAX {
        return Err(TableError::TooLong);
    }
    let line = |(number, grant): (usize, &Value)| {
        let field = |(title, path): (&'static str, &str)| match grant.pointer(path)? {
            Value::String(text) => Some((title, text.clone())),
            Value::Number(number) => Some((title, number.to_string())),
            _ => None,
        };
        ImportLine::new(number, FIELDS.into_iter().filter_map(field))
    };
    Ok((1..)
        .zip(grants)
        .filter(|(_, grant)| grant.get("recipientIndividual").is_none())
        .map(line)
        .collect())
}
