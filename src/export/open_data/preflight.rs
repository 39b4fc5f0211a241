//! Pre-flight: checks of a 360Giving package before publication, beyond the standard's JSON schema.
//!
//! They cover rules that a schema cannot express, and the protection of people: no contact details,
//! no places smaller than a ward, no e-mail addresses or postcodes, and no texts that spreadsheets
//! read as formulas. The command line can check any package, also one made elsewhere.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde_json::Value;

use crate::domain::csv::contains_formula;
use crate::domain::public_words::{has_email, has_postcode};

/// A defect that prevents the publication of a grant or a package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishingDefect {
    /// Id of the grant in the package; none if the defect concerns the package.
    pub grant: Option<String>,
    pub description: String,
}

impl std::fmt::Display for PublishingDefect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.grant {
            Some(grant) => write!(f, "{grant}: {}", self.description),
            None => f.write_str(&self.description),
        }
    }
}

/// Texts that every grant must have.
const REQUIRED_TEXTS: [&str; 5] = ["/id", "/title", "/description", "/currency", "/awardDate"];
/// Fields of contact details and addresses, which must not be published.
const CONTACT_FIELDS: [&str; 8] = [
    "email",
    "telephone",
    "streetAddress",
    "contactName",
    "postalCode",
    "addressLocality",
    "addressRegion",
    "addressCountry",
];
/// Types of geographic codes that are too small to publish.
const SMALL_AREA_CODES: [&str; 4] = ["OA", "LSOA", "MSOA", "DZ"];
/// Maximum length of a title, in characters.
const TITLE_CHARS_MAX: usize = 140;

/// Checks a package and returns its faults. A grant with a fault must not be published.
#[must_use]
pub fn preflight(package: &Value, today: Date) -> Vec<PublishingDefect> {
    let mut faults = Vec::new();
    let grants = package
        .get("grants")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    if package.get("version").and_then(Value::as_str) != Some(super::VERSION) {
        faults.push(PublishingDefect {
            grant: None,
            description: format!("the version is not {}", super::VERSION),
        });
    }
    let mut seen = BTreeSet::new();
    for grant in grants {
        let id = text_at(grant, "/id");
        let mut says: Vec<String> = Vec::new();
        if !seen.insert(id) {
            says.push("the id stands twice".into());
        }
        check_grant(grant, today, &mut says);
        faults.extend(says.into_iter().map(|says| PublishingDefect {
            grant: Some(id.to_owned()),
            description: says,
        }));
    }
    faults
}

fn check_grant(grant: &Value, today: Date, says: &mut Vec<String>) {
    for path in REQUIRED_TEXTS {
        if text_at(grant, path).trim().is_empty() {
            says.push(format!("{} is missing", &path[1..]));
        }
    }
    if !text_at(grant, "/id").starts_with("360G-") {
        says.push("the id does not begin with 360G-".into());
    }
    if text_at(grant, "/title").chars().count() > TITLE_CHARS_MAX {
        says.push(format!(
            "the title is longer than {TITLE_CHARS_MAX} characters"
        ));
    }
    if text_at(grant, "/title") == text_at(grant, "/description") {
        says.push("the title and the description are the same".into());
    }
    match text_at(grant, "/awardDate").parse::<Date>() {
        Ok(day) if day > today => says.push("the day of the award has not come yet".into()),
        Ok(_) => {}
        Err(_) => says.push("the day of the award is none".into()),
    }
    check_recipient(grant, says);
    check_amounts(grant, says);
    check_fields("", grant, says);
}

fn check_recipient(grant: &Value, says: &mut Vec<String>) {
    let organisations = grant
        .get("recipientOrganization")
        .and_then(Value::as_array)
        .map_or(0, Vec::len);
    if (organisations == 1) == grant.get("recipientIndividual").is_some() {
        says.push("there is not exactly one recipient".into());
    }
    for (kind, whose) in [
        ("recipientOrganization", "recipient"),
        ("fundingOrganization", "funder"),
    ] {
        for name in ["id", "name"] {
            if organisations == 1
                && text_at(grant, &format!("/{kind}/0/{name}"))
                    .trim()
                    .is_empty()
            {
                says.push(format!("the {whose}'s {name} is missing"));
            }
        }
    }
}

fn check_amounts(grant: &Value, says: &mut Vec<String>) {
    let Some(awarded) = pounds_to_pence(grant.get("amountAwarded")) else {
        return says.push("what was awarded is no number of pounds".into());
    };
    let disbursed = grant
        .get("amountDisbursed")
        .map_or(Some(0), |amount| pounds_to_pence(Some(amount)));
    if awarded <= 0
        || disbursed.is_none_or(|disbursed| disbursed < 0)
        || pounds_to_pence(grant.get("amountAppliedFor")).is_some_and(|sum| sum < 0)
    {
        says.push("an amount is below nothing, or nothing was awarded".into());
    }
    if disbursed.is_some_and(|disbursed| disbursed > awarded) {
        says.push("more was paid than was awarded".into());
    }
    for (kind, sum) in [
        ("commitmentTransaction", Some(awarded)),
        ("disbursementTransaction", disbursed),
    ] {
        let Some(transactions) = grant.get(kind).and_then(Value::as_array) else {
            continue;
        };
        let values: Option<Vec<i64>> = transactions
            .iter()
            .map(|one| pounds_to_pence(one.get("value")).filter(|value| *value > 0))
            .collect();
        if values.map(|values| values.iter().sum()) != sum {
            says.push(format!(
                "the values of {kind} do not add up to the grant's amount"
            ));
        }
    }
}

/// Checks all fields, at any depth, for contact details, homes and formulas.
fn check_fields(name: &str, value: &Value, says: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields
            .iter()
            .for_each(|(name, value)| check_fields(name, value, says)),
        Value::Array(items) => items.iter().for_each(|item| check_fields(name, item, says)),
        Value::String(said) => {
            if CONTACT_FIELDS.contains(&name) {
                says.push(format!("{name} tells how somebody is reached"));
            } else if name == "geoCodeType" && SMALL_AREA_CODES.contains(&said.as_str()) {
                says.push("a place is smaller than a ward".into());
            } else if contains_formula(said) {
                says.push(format!(
                    "{name} begins as a formula does, or a part of it, and \
                        spreadsheets would take it for one"
                ));
            } else if has_email(said) || has_postcode(said) {
                says.push(format!("{name} holds an e-mail address or a postcode"));
            }
        }
        _ => {}
    }
}

fn text_at<'a>(value: &'a Value, path: &str) -> &'a str {
    value
        .pointer(path)
        .and_then(Value::as_str)
        .unwrap_or_default()
}

/// Converts a JSON number of pounds to pence; none if it has more than two decimals. The digits are
/// parsed as text, so there is no rounding.
fn pounds_to_pence(amount: Option<&Value>) -> Option<i64> {
    let Value::Number(number) = amount? else {
        return None;
    };
    let written = number.to_string();
    let (sign, written) = written
        .strip_prefix('-')
        .map_or((1, written.as_str()), |rest| (-1, rest));
    let (pounds, decimals) = written.split_once('.').unwrap_or((written, ""));
    if decimals.len() > 2 {
        return None;
    }
    let pence: i64 = format!("{decimals:0<2}").parse().ok()?;
    Some(sign * (pounds.parse::<i64>().ok()?.checked_mul(100)? + pence))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Spoil = fn(&mut Value);

    fn good() -> Value {
        json!({
            "id": "360G-example-1", "title": "Lunch club", "description": "Food for neighbours.",
            "currency": "GBP",
            "amountAwarded": 850, "amountDisbursed": 400.5, "awardDate": "2026-03-01",
            "recipientOrganization": [{ "id": "360G-example-2", "name": "Lunch club" }],
            "fundingOrganization": [{ "id": "GB-CHC-1234567", "name": "Office" }],
            "commitmentTransaction": [{ "value": 850 }],
            "disbursementTransaction": [{ "value": 400.5 }],
        })
    }

    fn defects_after(change: impl FnOnce(&mut Value)) -> String {
        let mut grant = good();
        change(&mut grant);
        let package = json!({ "version": "1.4", "grants": [grant] });
        preflight(&package, jiff::civil::date(2026, 11, 1))
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    }

    #[test]
    fn a_good_grant_passes_and_each_spoilt_one_is_named() {
        assert_eq!(defects_after(|_| ()), "");
        let spoilt: [(&str, Spoil); 18] = [
            ("360G-", |grant| grant["id"] = json!("x-1")),
            ("title is missing", |grant| grant["title"] = json!(" ")),
            ("longer than 140", |grant| {
                grant["title"] = json!("x".repeat(141));
            }),
            ("are the same", |grant| {
                grant["description"] = json!("Lunch club");
            }),
            ("has not come", |grant| {
                grant["awardDate"] = json!("2026-11-02");
            }),
            ("is none", |grant| grant["awardDate"] = json!("01/03/2026")),
            ("exactly one recipient", |grant| {
                grant["recipientIndividual"] =
                    json!({ "id": "360G-example-3", "name": "Recipient" });
            }),
            ("recipient's name", |grant| {
                grant["recipientOrganization"][0]["name"] = json!("");
            }),
            ("funder's id", |grant| {
                grant["fundingOrganization"] = json!([]);
            }),
            ("below nothing", |grant| grant["amountAwarded"] = json!(-1)),
            ("more was paid", |grant| {
                grant["amountDisbursed"] = json!(900);
            }),
            ("no number", |grant| grant["amountAwarded"] = json!("850")),
            ("add up", |grant| {
                grant["commitmentTransaction"][0]["value"] = json!(849.99);
            }),
            ("as a formula", |grant| {
                grant["recipientOrganization"][0]["name"] = json!("=HYPERLINK(\"x\")");
            }),
            ("as a formula", |grant| {
                grant["title"] = json!("Lunch;\u{FF1D}cmd|' /C calc'!A0");
            }),
            ("postcode", |grant| {
                grant["description"] = json!("We meet at OL1 1AA.");
            }),
            ("e-mail", |grant| {
                grant["title"] = json!("Ask ann@example.org");
            }),
            ("reached", |grant| {
                grant["recipientOrganization"][0]["telephone"] = json!("0161");
            }),
        ];
        for (says, spoil) in spoilt {
            let told = defects_after(spoil);
            assert!(told.contains(says), "{says}: {told}");
            assert!(
                told.contains("360G-example-1") || says == "360G-",
                "the grant is named: {told}"
            );
        }
    }

    #[test]
    fn only_what_can_be_a_postcode_is_one() {
        for text in [
            "Homework help for KS2 9am to noon on Saturdays.",
            "Training for U12 7pm on Fridays.",
            "Tutoring for Y9 6PM sessions.",
            "Take the X43 9AM bus to the coast.",
            "Litter picking along the A62 3mi stretch.",
            "Leave the M60 2nd exit, for the U12 1st team",
            "A bed in plot B12 5ft wide and 4kg of seeds",
            "Rooms OL1 1AM, Q1 1AA and OZ1 1AA",
        ] {
            assert_eq!(
                defects_after(|grant| grant["description"] = json!(text)),
                "",
                "{text}"
            );
        }
        for text in [
            "We meet at OL1 1AA.",
            "we meet at ol1 1aa",
            "OL11AA",
            "Hall, M60 1NW",
            "W1A-1HQ",
            "EC1A 1BB (2nd floor)",
            "gir 0aa",
        ] {
            let told = defects_after(|grant| grant["description"] = json!(text));
            assert!(told.contains("postcode"), "{text}: {told}");
        }
    }

    #[test]
    fn names_that_begin_with_a_sign_are_published() {
        for name in ["@ The Hall", "-ish", "+ more"] {
            let told = defects_after(|grant| {
                grant["recipientOrganization"][0]["name"] = json!(name);
            });
            assert_eq!(told, "", "{name}");
        }
    }

    #[test]
    fn a_package_of_another_version_and_a_doubled_grant_are_refused() {
        let twice = json!({ "version": "1.3", "grants": [good(), good()] });
        let faults = preflight(&twice, jiff::civil::date(2026, 11, 1));
        assert_eq!(
            faults
                .iter()
                .map(|fault| fault.description.as_str())
                .collect::<Vec<_>>(),
            ["the version is not 1.4", "the id stands twice"]
        );
    }
}
