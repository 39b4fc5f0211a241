//! The settings in force, as pages show them: the look, the contact details, and the lines of help
//! in the languages of the area.

use super::phone::phone_text;
use super::theme;
use crate::domain::language::Language;
use crate::domain::organisation::{AreaLanguage, Settings, dialled};
use crate::http::SiteConfig;
use crate::projections::OrganisationRow;

/// How the organisation looks and is reached. Texts that are not set are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SiteDetails {
    pub telephone: String,
    /// The number for `tel:`; empty without a number.
    pub tel_link: String,
    /// When someone answers the telephone.
    pub hours: String,
    /// The lines of the postal address.
    pub postal_address: Vec<String>,
    pub email: String,
    /// The line about the registration as a charity.
    pub charity: String,
    /// The address of the logo.
    pub logo: Option<String>,
    /// The address of the stylesheet with the accent colour.
    pub theme: Option<String>,
    /// Lines of help in the languages of the area; none without a telephone number.
    pub language_lines: Vec<LanguageLine>,
}

/// One line in one language that says how to get help by telephone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LanguageLine {
    /// For the attribute `lang`.
    pub tag: String,
    /// For the attribute `dir`.
    pub dir: &'static str,
    pub own_name: String,
    pub line_before: String,
    pub phone: String,
    pub line_after: String,
    /// Whether a speaker of the language has checked the line.
    pub checked: bool,
}

impl SiteDetails {
    /// The settings in force. Until they are first set, those of the operator's configuration.
    pub(super) fn in_force(
        own: Option<&OrganisationRow>,
        site: &SiteConfig,
        language: Language,
    ) -> Self {
        match own.and_then(|own| own.settings.as_ref()) {
            Some(settings) => Self::of(&settings.values, language),
            None => Self {
                telephone: phone_text(&site.telephone),
                tel_link: dialled(&site.telephone),
                ..Self::default()
            },
        }
    }

    /// The details of some settings, in force or proposed, in a language.
    pub(super) fn of(settings: &Settings, language: Language) -> Self {
        let telephone = text_of(settings.telephone.as_ref());
        let language_lines = if telephone.is_empty() {
            Vec::new()
        } else {
            let line = |language: &AreaLanguage| LanguageLine::new(language, &telephone);
            settings.languages.iter().map(line).collect()
        };
        Self {
            tel_link: dialled(&telephone),
            hours: text_of(settings.hours_in_language(language)),
            postal_address: text_of(settings.address.as_ref())
                .lines()
                .map(|line| line.trim().to_owned())
                .collect(),
            email: text_of(settings.email.as_ref()),
            charity: text_of(settings.charity.as_ref()),
            logo: settings.logo.as_ref().map(theme::logo_path),
            theme: settings.accent.as_ref().map(theme::theme_path),
            language_lines,
            telephone: phone_text(&telephone),
        }
    }

    /// Whether there is any way to reach the office.
    pub fn can_be_reached(&self) -> bool {
        let known = [&self.telephone, &self.hours, &self.email];
        known.iter().any(|text| !text.is_empty()) || !self.postal_address.is_empty()
    }

    /// Whether a speaker still has to check one of the lines of help.
    pub fn has_unchecked_lines(&self) -> bool {
        self.language_lines.iter().any(|line| !line.checked)
    }
}

impl LanguageLine {
    fn new(language: &AreaLanguage, telephone: &str) -> Self {
        let (before, after) = language.line.around_phone();
        Self {
            tag: language.tag.to_string(),
            dir: language.direction.into(),
            own_name: language.own_name.to_string(),
            line_before: before.to_owned(),
            phone: phone_text(telephone),
            line_after: after.to_owned(),
            checked: language.checked,
        }
    }
}

/// An optional value as text; empty without one.
pub(super) fn text_of(value: Option<&impl ToString>) -> String {
    value.map(ToString::to_string).unwrap_or_default()
}
