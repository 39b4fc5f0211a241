//! Texts to start from: the signs of success, the themes, the questions of the form, and the
//! agreement. The set-up page and the demonstration use the same ones.

use serde::Deserialize;

use crate::domain::organisation::Question;
use crate::domain::outcome::Sign;
use crate::domain::text::Document;
use crate::domain::theme::Theme;

#[derive(Deserialize)]
struct StarterAgreement {
    text: Document,
}

/// How many questions every form asks: the group, the kind of activity, the area and the money.
pub const QUESTIONS_OF_EVERY_FORM: usize = 4;

/// The eight signs of success.
///
/// # Panics
/// If `texts/starter/signs.json` is malformed. A test ensures that it is not.
#[must_use]
pub fn signs() -> Vec<Sign> {
    serde_json::from_str(include_str!("../texts/starter/signs.json"))
        .expect("the signs to start from are whole")
}

/// The themes, in English and Polish. An organisation that has adopted none asks for one of these.
///
/// # Panics
/// If `texts/starter/themes.json` is malformed. A test ensures that it is not.
#[must_use]
pub fn themes() -> Vec<Theme> {
    serde_json::from_str(include_str!("../texts/starter/themes.json"))
        .expect("the themes to start from are whole")
}

/// The questions of the form, in English and Polish. With the four that every form asks, a group
/// answers nine.
///
/// # Panics
/// If `texts/starter/questions.json` is malformed. A test ensures that it is not.
#[must_use]
pub fn questions() -> Vec<Question> {
    serde_json::from_str(include_str!("../texts/starter/questions.json"))
        .expect("the questions to start from are whole")
}

/// The grant agreement.
///
/// # Panics
/// If `texts/starter/agreement.json` is malformed. A test ensures that it is not.
#[must_use]
pub fn agreement() -> Document {
    let read: StarterAgreement =
        serde_json::from_str(include_str!("../texts/starter/agreement.json"))
            .expect("the agreement to start from is whole");
    read.text
}

#[cfg(test)]
mod tests {
    use strum::VariantArray as _;

    use super::*;
    use crate::domain::language::Language;

    #[test]
    fn the_starter_texts_are_whole() {
        assert_eq!(signs().len(), 8);
        assert!(agreement().as_str().len() > 1000);
        let questions = questions();
        assert_eq!(questions.len(), 5);
        let themes = themes();
        assert_eq!(themes.len(), 5);
        for language in Language::VARIANTS
            .iter()
            .filter(|one| **one != Language::En)
        {
            for theme in &themes {
                assert!(
                    theme.other_languages.contains_key(language),
                    "{} is not in {language:?}",
                    theme.theme
                );
            }
        }
        for question in questions {
            for language in Language::VARIANTS
                .iter()
                .filter(|one| **one != Language::En)
            {
                assert!(
                    question.other_languages.contains_key(language),
                    "{} is not in {language:?}",
                    question.question
                );
            }
        }
    }
}
