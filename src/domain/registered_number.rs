//! Registered numbers of charities, companies and societies, in the spellings that people use.
//!
//! A number is kept as an org-id (<https://org-id.guide>): the register and the number as the
//! register writes it. A number without its register is never guessed from its length alone.

use super::text::{Identifier, TextError, is_invisible};

/// Pattern of the kept form.
pub const IDENTIFIER_PATTERN: &str = concat!(
    "^GB-(CHC-[0-9]{6,7}|SC-SC[0-9]{6}|NIC-1[0-9]{5}",
    "|COH-([A-Z0-9]{2}[0-9]{6}|[A-Z]{2}[0-9]{5}[A-Z]|[A-Z]{2}[0-9]{4}[A-Z]{2})",
    "|MPR-[0-9]{1,6}[A-Z]{0,2})$"
);
/// Length of the longest kept form, in bytes.
pub const IDENTIFIER_LENGTH_MAX: usize = 15;

/// A register of organisations in the United Kingdom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OrgRegister {
    /// Charity Commission for England and Wales.
    EnglandAndWales,
    /// Office of the Scottish Charity Regulator.
    Scotland,
    /// Charity Commission for Northern Ireland.
    NorthernIreland,
    /// Companies House.
    Companies,
    /// Mutuals Public Register: co-operative and community benefit societies, credit unions.
    Societies,
}

impl OrgRegister {
    const ALL: [Self; 5] = [
        Self::EnglandAndWales,
        Self::Scotland,
        Self::NorthernIreland,
        Self::Companies,
        Self::Societies,
    ];

    /// The register's name in an org-id.
    fn prefix(self) -> &'static str {
        match self {
            Self::EnglandAndWales => "GB-CHC-",
            Self::Scotland => "GB-SC-",
            Self::NorthernIreland => "GB-NIC-",
            Self::Companies => "GB-COH-",
            Self::Societies => "GB-MPR-",
        }
    }

    /// The number as the register writes it. `compact` is as [`compact`] returns it.
    fn number(self, compact: &str) -> Option<String> {
        match self {
            Self::EnglandAndWales => digits(compact, 6, 7).map(str::to_owned),
            Self::Scotland => {
                let number = compact.strip_prefix("SC").unwrap_or(compact);
                digits(number, 6, 6).map(|number| format!("SC{number}"))
            }
            Self::NorthernIreland => {
                let number = compact.strip_prefix("NIC").unwrap_or(compact);
                let number = digits(number, 6, 6)?;
                number.starts_with('1').then(|| number.to_owned())
            }
            Self::Companies => company_number(compact),
            Self::Societies => society_number(compact),
        }
    }

    /// The register and the number of an org-id, in any usual spelling.
    fn split(text: &str) -> Option<(Self, String)> {
        let compact = compact(text);
        Self::ALL.into_iter().find_map(|register| {
            let prefix: String = register.prefix().split('-').collect();
            let number = compact.strip_prefix(&prefix)?;
            Some((register, register.number(number)?))
        })
    }
}

/// A company number. Spreadsheets drop the noughts in front of one without letters.
fn company_number(compact: &str) -> Option<String> {
    if let Some(number) = digits(compact, 6, 8) {
        return Some(format!("{number:0>8}"));
    }
    let (prefix, rest) = compact.split_at_checked(2)?;
    let in_capitals = prefix.bytes().all(|b| b.is_ascii_uppercase());
    let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let is_known_form = match letters.len() {
        0 => prefix
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit()),
        1 | 2 => in_capitals && letters.bytes().all(|b| b.is_ascii_uppercase()),
        _ => false,
    };
    (rest.len() == 6 && is_known_form).then(|| compact.to_owned())
}

/// A number of the Mutuals Public Register. Companies House writes the same societies with `IP`,
/// `RS` or `SP` and noughts in front.
fn society_number(compact: &str) -> Option<String> {
    let bare = ["IP", "RS", "SP"]
        .iter()
        .find_map(|prefix| compact.strip_prefix(prefix))
        .map(|number| number.trim_start_matches('0'));
    let number = bare.unwrap_or(compact);
    let letters = number.trim_start_matches(|c: char| c.is_ascii_digit());
    let count = number.len() - letters.len();
    let fits = (1..=6).contains(&count)
        && letters.len() <= 2
        && letters.bytes().all(|b| b.is_ascii_uppercase());
    fits.then(|| number.to_owned())
}

fn digits(number: &str, least: usize, most: usize) -> Option<&str> {
    let fits = (least..=most).contains(&number.len());
    (fits && number.bytes().all(|b| b.is_ascii_digit())).then_some(number)
}

/// A number in capitals, without blanks, and without hyphens behind a letter. A hyphen behind a
/// digit remains: it leads to a part of another charity, as in `1234567-1`.
fn compact(text: &str) -> String {
    let mut kept = String::new();
    for c in text.chars() {
        let is_hyphen = matches!(c, '-' | '\u{2010}'..='\u{2013}');
        let is_dropped = c.is_whitespace()
            || is_invisible(c)
            || (is_hyphen && kept.ends_with(|before: char| before.is_ascii_alphabetic()));
        if !is_dropped {
            kept.push(c.to_ascii_uppercase());
        }
    }
    kept
}

/// Reads an org-id in any usual spelling. A number in the kept form is returned as it is.
pub(super) fn parse_identifier(text: &str) -> Result<String, TextError> {
    OrgRegister::split(text)
        .map(|(register, number)| format!("{}{number}", register.prefix()))
        .ok_or(TextError::NotAnIdentifier)
}

impl Identifier {
    /// Reads a charity number: of England and Wales (`1234567`), of Scotland (`SC012345`), or of
    /// Northern Ireland (`NIC100012`), or one as an org-id.
    ///
    /// Six digits that begin with 1 are refused: they may be a number of Northern Ireland.
    pub fn of_charity(text: &str) -> Result<Self, TextError> {
        use OrgRegister as R;
        if let Some((register, _)) = OrgRegister::split(text) {
            return match register {
                R::EnglandAndWales | R::Scotland | R::NorthernIreland => text.parse(),
                R::Companies | R::Societies => Err(TextError::NotAnIdentifier),
            };
        }
        let compact = compact(text);
        let register = if compact.starts_with("SC") {
            R::Scotland
        } else if compact.starts_with("NIC") {
            R::NorthernIreland
        } else if compact.len() == 6 && compact.starts_with('1') {
            return Err(TextError::NotAnIdentifier);
        } else {
            R::EnglandAndWales
        };
        of_register(register, &compact)
    }

    /// Reads a company number: `01234567`, `SC123456`, or one as an org-id.
    pub fn of_company(text: &str) -> Result<Self, TextError> {
        of_register_or_org_id(OrgRegister::Companies, text)
    }

    /// Reads the number of a society in the Mutuals Public Register: `12345R`, `IP12345R`, or one
    /// as an org-id.
    pub fn of_society(text: &str) -> Result<Self, TextError> {
        of_register_or_org_id(OrgRegister::Societies, text)
    }

    /// Whether a text begins as an org-id of a register that this type knows.
    #[must_use]
    pub fn names_register(text: &str) -> bool {
        let compact = compact(text);
        OrgRegister::ALL.iter().any(|register| {
            let prefix: String = register.prefix().split('-').collect();
            compact.starts_with(&prefix)
        })
    }

    /// The register's name in the org-id, such as `GB-CHC-`.
    #[must_use]
    pub fn register_prefix(&self) -> &'static str {
        OrgRegister::ALL
            .into_iter()
            .map(OrgRegister::prefix)
            .find(|prefix| self.as_str().starts_with(prefix))
            .unwrap_or_default()
    }
}

fn of_register(register: OrgRegister, compact: &str) -> Result<Identifier, TextError> {
    let number = register.number(compact).ok_or(TextError::NotAnIdentifier)?;
    format!("{}{number}", register.prefix()).parse()
}

fn of_register_or_org_id(register: OrgRegister, text: &str) -> Result<Identifier, TextError> {
    match OrgRegister::split(text) {
        Some((found, _)) if found == register => text.parse(),
        Some(_) => Err(TextError::NotAnIdentifier),
        None => of_register(register, &compact(text)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Reader = fn(&str) -> Result<Identifier, TextError>;

    fn org_id(text: &str) -> Result<Identifier, TextError> {
        text.parse()
    }

    fn assert_read(reader: Reader, text: &str, kept: &str) {
        assert_eq!(
            reader(text).map(String::from),
            Ok(kept.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn an_org_id_is_read_in_any_usual_spelling() {
        for (text, kept) in [
            ("GB-CHC-1234567", "GB-CHC-1234567"),
            ("GB-CHC-123456", "GB-CHC-123456"),
            (" gb-chc- 1234567 ", "GB-CHC-1234567"),
            ("GB CHC 1 234 567", "GB-CHC-1234567"),
            ("GB-SC-SC012345", "GB-SC-SC012345"),
            ("GB-SC-012345", "GB-SC-SC012345"),
            ("gb\u{2013}sc\u{2013}sc 012345", "GB-SC-SC012345"),
            ("GB-NIC-100012", "GB-NIC-100012"),
            ("GB-NIC-NIC100012", "GB-NIC-100012"),
            ("GB-COH-01234567", "GB-COH-01234567"),
            ("GB-COH-1234567", "GB-COH-01234567"),
            ("GB-COH-sc123456", "GB-COH-SC123456"),
            ("GB-COH-IP12345R", "GB-COH-IP12345R"),
            ("GB-COH-SP1234RS", "GB-COH-SP1234RS"),
            ("GB-MPR-17815R", "GB-MPR-17815R"),
            ("GB-MPR-500w", "GB-MPR-500W"),
            ("GB-MPR-RS007654", "GB-MPR-7654"),
        ] {
            assert_read(org_id, text, kept);
        }
        for text in [
            "",
            "1234567",
            "SC012345",
            "GB-CHC-12",
            "GB-CHC-12345678",
            "GB-CHC-1234567-1",
            "GB-CHC-123456-1",
            "GB-SC-SC12345",
            "GB-NIC-200012",
            "GB-COH-12345",
            "GB-COH-é1234567",
            "GB-MPR-",
            "GB-MPR-1234567",
            "GB-EDU-123456",
            "GB-CHC-１２３４５６７",
        ] {
            assert_eq!(org_id(text), Err(TextError::NotAnIdentifier), "{text}");
        }
    }

    #[test]
    fn a_column_says_the_register() {
        let charity: Reader = Identifier::of_charity;
        for (text, kept) in [
            ("1234567", "GB-CHC-1234567"),
            ("1 234 567", "GB-CHC-1234567"),
            ("202918", "GB-CHC-202918"),
            ("SC012345", "GB-SC-SC012345"),
            ("sc 012345", "GB-SC-SC012345"),
            ("SC-012345", "GB-SC-SC012345"),
            ("NIC100012", "GB-NIC-100012"),
            ("nic 100 012", "GB-NIC-100012"),
            ("GB-CHC-1234567", "GB-CHC-1234567"),
        ] {
            assert_read(charity, text, kept);
        }
        let company: Reader = Identifier::of_company;
        for (text, kept) in [
            ("1234567", "GB-COH-01234567"),
            ("01234567", "GB-COH-01234567"),
            ("sc123456", "GB-COH-SC123456"),
            ("NI 012345", "GB-COH-NI012345"),
            ("GB-COH-CE012345", "GB-COH-CE012345"),
        ] {
            assert_read(company, text, kept);
        }
        let society: Reader = Identifier::of_society;
        for (text, kept) in [
            ("12345R", "GB-MPR-12345R"),
            ("IP 12345 R", "GB-MPR-12345R"),
            ("RS007654", "GB-MPR-7654"),
            ("GB-MPR-7654", "GB-MPR-7654"),
        ] {
            assert_read(society, text, kept);
        }
        for (reader, text) in [
            (charity, "100012"),
            (charity, "12345678"),
            (charity, "SC12345"),
            (charity, "GB-COH-01234567"),
            (charity, "1234567/1"),
            (company, "123"),
            (company, "123456789"),
            (company, "GB-CHC-1234567"),
            (society, "R12345"),
            (society, "GB-COH-01234567"),
        ] {
            assert_eq!(reader(text), Err(TextError::NotAnIdentifier), "{text}");
        }
    }

    #[test]
    fn another_register_is_no_identifier_but_a_broken_one_names_its_register() {
        assert!(Identifier::names_register("gb-chc- 12"));
        for text in ["GB-EDU-123456", "360G-example-7", "1234567"] {
            assert!(!Identifier::names_register(text), "{text}");
        }
        let prefix = |text: &str| org_id(text).map(|number| number.register_prefix());
        assert_eq!(prefix("GB-SC-SC012345"), Ok("GB-SC-"));
    }

    proptest! {
        #[test]
        fn the_stored_form_is_read_unchanged(kept in
            "GB-(CHC-[0-9]{6,7}|SC-SC[0-9]{6}|NIC-1[0-9]{5}|COH-[A-Z0-9]{2}[0-9]{6}|\
                COH-[A-Z]{2}[0-9]{5}[A-Z]|MPR-[0-9]{1,6}[A-Z]{0,2})"
        ) {
            prop_assert_eq!(org_id(&kept).map(String::from), Ok(kept.clone()));
            prop_assert!(kept.len() <= IDENTIFIER_LENGTH_MAX);
            let typed = kept.to_lowercase().replace("gb-", " gb - ");
            prop_assert_eq!(org_id(&typed).map(String::from), Ok(kept));
        }
    }
}
