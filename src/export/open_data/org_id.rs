//! Org-ids of recipients in open data (<https://org-id.guide>).
//!
//! A charity number comes before a company number, and that before the number of a society. A group
//! without any gets an id made of the publisher's prefix and the group's id in the event log, which
//! reveals nothing about the group.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::text::Identifier;

/// Registers of charities, and how their numbers begin outside an org-id.
const CHARITY_REGISTERS: [(&str, &str); 3] = [("GB-CHC-", ""), ("GB-SC-", ""), ("GB-NIC-", "NIC")];
const COMPANY_REGISTER: &str = "GB-COH-";
const SOCIETY_REGISTER: &str = "GB-MPR-";

/// Identifiers of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrgIdentifiers {
    /// Org-id of the recipient.
    pub id: String,
    /// Charity number as the register writes it.
    pub charity: Option<String>,
    /// Company number, without the register's prefix.
    pub company: Option<String>,
}

/// Chooses a group's identifiers from those that are recorded for it.
#[must_use]
pub fn group_identifiers(
    group: Uuid,
    identifiers: &BTreeSet<Identifier>,
    prefix: &str,
) -> OrgIdentifiers {
    let number = |register: &str| {
        identifiers.iter().find_map(|identifier| {
            identifier
                .as_str()
                .strip_prefix(register)
                .map(str::to_owned)
        })
    };
    let charity = CHARITY_REGISTERS
        .iter()
        .find_map(|(register, begins)| Some((*register, *begins, number(register)?)));
    let company = number(COMPANY_REGISTER);
    let official = charity
        .as_ref()
        .map(|(register, _, number)| format!("{register}{number}"))
        .or_else(|| {
            company
                .as_ref()
                .map(|number| format!("{COMPANY_REGISTER}{number}"))
        })
        .or_else(|| number(SOCIETY_REGISTER).map(|number| format!("{SOCIETY_REGISTER}{number}")));
    OrgIdentifiers {
        id: official.unwrap_or_else(|| format!("{prefix}-{group}")),
        charity: charity.map(|(_, begins, number)| format!("{begins}{number}")),
        company,
    }
}

/// Parses the prefix of a publisher: `360G-`, followed by letters, digits, hyphens or underscores.
/// The error is a message for the operator.
pub fn parse_publisher_prefix(text: &str) -> Result<String, String> {
    let name = text.strip_prefix("360G-").unwrap_or_default();
    let plain = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if plain {
        Ok(text.to_owned())
    } else {
        Err("this is the prefix that 360Giving gave, such as 360G-example".into())
    }
}

/// Parses the org-id of a publisher, such as `GB-CHC-1234567`: country, register and number,
/// separated by hyphens. The error is a message for the operator.
pub fn parse_org_id(text: &str) -> Result<String, String> {
    let mut parts = text.splitn(3, '-');
    let country = parts
        .next()
        .filter(|part| part.len() == 2 && part.chars().all(|c| c.is_ascii_uppercase()));
    let list = parts
        .next()
        .filter(|part| !part.is_empty() && part.chars().all(|c| c.is_ascii_uppercase()));
    let number = parts.next().filter(|part| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
    });
    let whole = country.is_some() && list.is_some() && number.is_some();
    if whole {
        Ok(text.to_owned())
    } else {
        Err("this is an org-id, such as GB-CHC-1234567 (https://org-id.guide)".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charity_number_comes_before_a_company_number_and_no_number_says_nothing() {
        let group = Uuid::from_u128(7);
        let recorded = |texts: &[&str]| {
            texts
                .iter()
                .map(|text| text.parse().unwrap())
                .collect::<BTreeSet<Identifier>>()
        };
        let both = group_identifiers(
            group,
            &recorded(&["GB-COH-01234567", "GB-CHC-1234567"]),
            "360G-example",
        );
        assert_eq!(
            (both.id.as_str(), both.company.as_deref()),
            ("GB-CHC-1234567", Some("01234567"))
        );
        assert_eq!(
            group_identifiers(group, &recorded(&["GB-COH-SC123456"]), "360G-example").id,
            "GB-COH-SC123456"
        );
        for (numbers, id, charity) in [
            (
                ["GB-COH-SC123456", "GB-SC-SC012345"],
                "GB-SC-SC012345",
                Some("SC012345"),
            ),
            (
                ["GB-COH-NI012345", "GB-NIC-100012"],
                "GB-NIC-100012",
                Some("NIC100012"),
            ),
            (
                ["GB-COH-01234567", "GB-MPR-17815R"],
                "GB-COH-01234567",
                None,
            ),
            (["GB-MPR-17815R", "GB-MPR-17815R"], "GB-MPR-17815R", None),
        ] {
            let chosen = group_identifiers(group, &recorded(&numbers), "360G-example");
            assert_eq!(
                (chosen.id.as_str(), chosen.charity.as_deref()),
                (id, charity)
            );
        }
        assert_eq!(
            group_identifiers(group, &recorded(&[]), "360G-example").id,
            format!("360G-example-{group}")
        );
    }

    #[test]
    fn prefixes_and_org_ids_are_told_from_other_texts() {
        assert!(
            parse_publisher_prefix("360G-example").is_ok()
                && parse_org_id("GB-CHC-1234567").is_ok()
                && parse_org_id("GB-COH-SC123456").is_ok()
        );
        for text in ["", "360G-", "example", "360G-a/b"] {
            assert!(parse_publisher_prefix(text).is_err(), "{text}");
        }
        for text in ["", "GB", "GB-CHC", "GB-CHC-", "gb-chc-1", "1234567"] {
            assert!(parse_org_id(text).is_err(), "{text}");
        }
    }
}
