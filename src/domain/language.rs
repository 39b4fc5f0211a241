//! The languages in which a group can apply, and names of languages that people speak.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A language of the pages and mails for groups.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Polish.
    Pl,
}

impl Language {
    /// The language's name in that language.
    #[must_use]
    pub fn own_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Pl => "Polski",
        }
    }

    /// The language's name in English, for the office.
    #[must_use]
    pub fn english_name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Pl => "Polish",
        }
    }

    /// Its code, for the `lang` attribute and the translations.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.into()
    }
}

/// A day in English words, as in `31 March 2026`.
#[must_use]
pub fn day_text(day: Date) -> String {
    day.strftime("%-d %B %Y").to_string()
}

/// Languages that many people in Britain speak: tag and English name, in the order of the names.
pub const SPOKEN_LANGUAGES: [(&str, &str); 54] = [
    ("sq", "Albanian"),
    ("am", "Amharic"),
    ("ar", "Arabic"),
    ("bn", "Bengali"),
    ("bfi", "British Sign Language"),
    ("bg", "Bulgarian"),
    ("yue", "Cantonese"),
    ("cs", "Czech"),
    ("prs", "Dari"),
    ("nl", "Dutch"),
    ("fa", "Farsi"),
    ("fr", "French"),
    ("de", "German"),
    ("el", "Greek"),
    ("gu", "Gujarati"),
    ("hi", "Hindi"),
    ("hu", "Hungarian"),
    ("ig", "Igbo"),
    ("it", "Italian"),
    ("ja", "Japanese"),
    ("ko", "Korean"),
    ("ku", "Kurdish"),
    ("ckb", "Kurdish Sorani"),
    ("lv", "Latvian"),
    ("ln", "Lingala"),
    ("lt", "Lithuanian"),
    ("ml", "Malayalam"),
    ("zh", "Mandarin"),
    ("ne", "Nepali"),
    ("om", "Oromo"),
    ("phr", "Pahari"),
    ("ps", "Pashto"),
    ("pl", "Polish"),
    ("pt", "Portuguese"),
    ("pa", "Punjabi"),
    ("rom", "Romani"),
    ("ro", "Romanian"),
    ("ru", "Russian"),
    ("sn", "Shona"),
    ("sk", "Slovak"),
    ("so", "Somali"),
    ("es", "Spanish"),
    ("sw", "Swahili"),
    ("syl", "Sylheti"),
    ("tl", "Tagalog"),
    ("ta", "Tamil"),
    ("th", "Thai"),
    ("ti", "Tigrinya"),
    ("tr", "Turkish"),
    ("uk", "Ukrainian"),
    ("ur", "Urdu"),
    ("vi", "Vietnamese"),
    ("cy", "Welsh"),
    ("yo", "Yoruba"),
];

/// The English name of a spoken language by its tag, such as `ur` or `zh-Hant`.
#[must_use]
pub fn english_name(tag: &str) -> Option<&'static str> {
    let language = tag.split('-').next()?;
    let known = SPOKEN_LANGUAGES.iter().find(|(tag, _)| *tag == language)?;
    Some(known.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spoken_languages_are_in_order_and_found_by_tag() {
        assert!(SPOKEN_LANGUAGES.is_sorted_by(|(_, one), (_, next)| one < next));
        assert_eq!(english_name("ur"), Some("Urdu"));
        assert_eq!(english_name("zh-Hant"), Some("Mandarin"));
        assert_eq!(english_name("tlh"), None);
    }

    #[test]
    fn languages_of_the_service_have_the_same_english_name_everywhere() {
        for language in [Language::En, Language::Pl] {
            let spoken = english_name(language.code()).unwrap_or("English");
            assert_eq!(language.english_name(), spoken);
        }
        assert_eq!(Language::Pl.english_name(), "Polish");
    }
}
