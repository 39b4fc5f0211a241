//! Grants as a flat CSV table with the titles of 360Giving's schema. Repeated items are numbered
//! from 0.

use serde_json::Value;

use super::record::OpenDataGrant;
use crate::domain::csv::write_records;

/// Columns that occur once per grant, in the schema's order: title, and path in the grant's JSON.
const SINGLE_COLUMNS: [(&str, &str); 30] = [
    ("Identifier", "/id"),
    ("Title", "/title"),
    ("Description", "/description"),
    ("Currency", "/currency"),
    ("Amount Applied For", "/amountAppliedFor"),
    ("Amount Awarded", "/amountAwarded"),
    ("Amount Disbursed", "/amountDisbursed"),
    ("Award Date", "/awardDate"),
    ("Planned Dates:Start Date", "/plannedDates/0/startDate"),
    ("Planned Dates:End Date", "/plannedDates/0/endDate"),
    ("Recipient Org:Identifier", "/recipientOrganization/0/id"),
    ("Recipient Org:Name", "/recipientOrganization/0/name"),
    (
        "Recipient Org:Charity Number",
        "/recipientOrganization/0/charityNumber",
    ),
    (
        "Recipient Org:Company Number",
        "/recipientOrganization/0/companyNumber",
    ),
    (
        "Recipient Org:Location:Name",
        "/recipientOrganization/0/location/0/name",
    ),
    (
        "Recipient Org:Location:Country Code",
        "/recipientOrganization/0/location/0/countryCode",
    ),
    (
        "Recipient Org:Location:Geographic Code",
        "/recipientOrganization/0/location/0/geoCode",
    ),
    (
        "Recipient Org:Location:Geographic Code Type",
        "/recipientOrganization/0/location/0/geoCodeType",
    ),
    ("Beneficiary Location:Name", "/beneficiaryLocation/0/name"),
    (
        "Beneficiary Location:Country Code",
        "/beneficiaryLocation/0/countryCode",
    ),
    (
        "Beneficiary Location:Geographic Code",
        "/beneficiaryLocation/0/geoCode",
    ),
    (
        "Beneficiary Location:Geographic Code Type",
        "/beneficiaryLocation/0/geoCodeType",
    ),
    ("Funding Org:Identifier", "/fundingOrganization/0/id"),
    ("Funding Org:Name", "/fundingOrganization/0/name"),
    ("Grant Programme:Code", "/grantProgramme/0/code"),
    ("Grant Programme:Title", "/grantProgramme/0/title"),
    ("From An Open Call?", "/fromOpenCall"),
    ("Last Modified", "/dateModified"),
    ("Data Source", "/dataSource"),
    ("Location Scope", "/locationScope"),
];

/// Repeated items: name of the array, and the title and field of each column. The schema has no
/// titles for transactions, so their paths are used.
const REPEATED_COLUMNS: [(&str, &[(&str, &str)]); 3] = [
    (
        "classifications",
        &[
            ("Classifications:{}:Vocabulary", "vocabulary"),
            ("Classifications:{}:Code", "code"),
            ("Classifications:{}:Title", "title"),
        ],
    ),
    (
        "commitmentTransaction",
        &[
            ("commitmentTransaction/{}/id", "id"),
            (
                "commitmentTransaction/{}/transactionDate",
                "transactionDate",
            ),
            ("commitmentTransaction/{}/currency", "currency"),
            ("commitmentTransaction/{}/value", "value"),
        ],
    ),
    (
        "disbursementTransaction",
        &[
            ("disbursementTransaction/{}/id", "id"),
            (
                "disbursementTransaction/{}/transactionDate",
                "transactionDate",
            ),
            ("disbursementTransaction/{}/currency", "currency"),
            ("disbursementTransaction/{}/value", "value"),
        ],
    ),
];

/// Writes one line per grant. Columns in [`SINGLE_COLUMNS`] are written even if no grant fills
/// them.
pub(super) fn table(grants: &[OpenDataGrant]) -> String {
    let grants: Vec<Value> = grants
        .iter()
        .map(|grant| serde_json::to_value(grant).unwrap_or_default())
        .collect();
    let mut columns: Vec<(String, String)> = SINGLE_COLUMNS
        .map(|(title, path)| (title.to_owned(), path.to_owned()))
        .to_vec();
    for (name, fields) in REPEATED_COLUMNS {
        let most = grants
            .iter()
            .filter_map(|grant| grant.get(name)?.as_array().map(Vec::len))
            .max()
            .unwrap_or_default();
        for number in 0..most {
            let column = |(title, field): &(&str, &str)| {
                (
                    title.replace("{}", &number.to_string()),
                    format!("/{name}/{number}/{field}"),
                )
            };
            columns.extend(fields.iter().map(column));
        }
    }
    let titles: Vec<String> = columns.iter().map(|(title, _)| title.clone()).collect();
    let record = |grant: &Value| -> Vec<String> {
        let cell = |(_, path): &(String, String)| match grant.pointer(path) {
            Some(Value::String(text)) => text.clone(),
            Some(value) => value.to_string(),
            None => String::new(),
        };
        columns.iter().map(cell).collect()
    };
    // Texts are not escaped, so that the CSV contains the same texts as the JSON. This is safe
    // because the pre-flight holds back every text that a spreadsheet would read as a formula.
    write_records(std::iter::once(titles).chain(grants.iter().map(record)))
}
