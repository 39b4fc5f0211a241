//! By which id an organisation is known in open data: its official one where it has one, else one
//! that says nothing of anybody.
//!
//! Charities come before companies (<https://org-id.guide>). A group without a number gets an id
//! under the publisher's prefix, made from its id here, which is no name, no token and no number of
//! anything else.

use std::collections::BTreeSet;

use uuid::Uuid;

use crate::domain::text::Identifier;

const CHARITY: &str = "GB-CHC-";
const COMPANY: &str = "GB-COH-";

/// How a recipient is named by numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Numbers {
    pub id: String,
    pub charity: Option<String>,
    pub company: Option<String>,
}

/// The numbers of a group, out of those that were recorded for it.
#[must_use]
pub fn of_group(group: Uuid, identifiers: &BTreeSet<Identifier>, prefix: &str) -> Numbers {
    let number = |scheme: &str| {
        identifiers
            .iter()
            .find_map(|identifier| identifier.as_str().strip_prefix(scheme).map(str::to_owned))
    };
    let (charity, company) = (number(CHARITY), number(COMPANY));
    let official = charity.as_ref().map(|number| format!("{CHARITY}{number}"));
    let official = official.or_else(|| company.as_ref().map(|number| format!("{COMPANY}{number}")));
    Numbers {
        id: official.unwrap_or_else(|| format!("{prefix}-{group}")),
        charity,
        company,
    }
}

/// A text as the prefix that 360Giving gives to publishers: `360G-` and letters, digits, hyphens.
///
/// # Errors
/// When it is none.
pub fn prefix(text: &str) -> Result<String, String> {
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

/// A text as the org-id of a publisher, such as `GB-CHC-1234567`: a list's code, a hyphen, a
/// number.
///
/// # Errors
/// When it is none.
pub fn org_id(text: &str) -> Result<String, String> {
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
        let both = of_group(
            group,
            &recorded(&["GB-COH-01234567", "GB-CHC-1234567"]),
            "360G-example",
        );
        assert_eq!(
            (both.id.as_str(), both.company.as_deref()),
            ("GB-CHC-1234567", Some("01234567"))
        );
        assert_eq!(
            of_group(group, &recorded(&["GB-COH-SC123456"]), "360G-example").id,
            "GB-COH-SC123456"
        );
        assert_eq!(
            of_group(group, &recorded(&[]), "360G-example").id,
            format!("360G-example-{group}")
        );
    }

    #[test]
    fn prefixes_and_org_ids_are_told_from_other_texts() {
        assert!(
            prefix("360G-example").is_ok()
                && org_id("GB-CHC-1234567").is_ok()
                && org_id("GB-COH-SC123456").is_ok()
        );
        for text in ["", "360G-", "example", "360G-a/b"] {
            assert!(prefix(text).is_err(), "{text}");
        }
        for text in ["", "GB", "GB-CHC", "GB-CHC-", "gb-chc-1", "1234567"] {
            assert!(org_id(text).is_err(), "{text}");
        }
    }
}
