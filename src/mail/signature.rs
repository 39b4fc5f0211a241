//! How the office signs its mails: its name, phone number and opening hours.

use crate::domain::language::Language;
use crate::domain::organisation::OfficePhone;
use crate::domain::phone::PhoneNumber;
use crate::projections::OrganisationRow;

/// How people reach the office. Empty values are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficeContact {
    pub phone: String,
    pub hours: String,
}

/// The office's signature under a mail or a letter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Signature {
    pub organisation: String,
    pub phone: String,
    pub hours: String,
}

impl OfficeContact {
    /// The signature for an organisation: from its settings, or from the configuration until they
    /// are set. It is the only place that says where name, phone and hours come from.
    pub(super) fn signature(
        &self,
        organisation: &OrganisationRow,
        language: Language,
    ) -> Signature {
        let settings = organisation.settings.as_ref();
        let phone = settings.and_then(|own| own.values.telephone.as_ref());
        let hours = settings.and_then(|own| own.values.hours_in_language(language));
        Signature {
            organisation: organisation.name.clone(),
            phone: phone.map_or_else(|| written(&self.phone), OfficePhone::written),
            hours: hours.map_or_else(|| self.hours.trim().to_owned(), ToString::to_string),
        }
    }

    /// The phone number as the mails of an organisation name it: "phone us on …".
    #[must_use]
    pub fn phone_in_words(&self, organisation: &OrganisationRow, language: Language) -> String {
        self.signature(organisation, language)
            .phone_in_words(language)
    }
}

/// A phone number of the configuration as people write it.
fn written(phone: &str) -> String {
    let phone = phone.trim();
    PhoneNumber::parse(phone).map_or_else(|| phone.to_owned(), |number| number.written())
}

impl Signature {
    /// The lines under a text.
    #[must_use]
    pub fn lines(&self, language: Language) -> Vec<String> {
        let greeting = match language {
            Language::En => "With best wishes",
            Language::Pl => "Z serdecznymi pozdrowieniami",
        };
        let reach = [self.phone.as_str(), self.hours.as_str()]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(". ");
        [greeting.to_owned(), self.organisation.clone(), reach]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// The phone number as a sentence names it: "phone us on …".
    pub(super) fn phone_in_words(&self, language: Language) -> String {
        match (self.phone.as_str(), language) {
            ("", Language::En) => "the number on our website".to_owned(),
            ("", Language::Pl) => "numer z naszej strony".to_owned(),
            (phone, _) => phone.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_leaves_out_what_is_not_known() {
        let mut signature = Signature {
            organisation: "Neighbourhood Action".to_owned(),
            ..Signature::default()
        };
        assert_eq!(
            signature.lines(Language::En),
            ["With best wishes", "Neighbourhood Action"]
        );
        signature.phone = "0161 496 0000".to_owned();
        signature.hours = "Monday to Thursday, 10am to 3pm".to_owned();
        assert_eq!(
            signature.lines(Language::En)[2],
            "0161 496 0000. Monday to Thursday, 10am to 3pm"
        );
    }
}
