//! Shared parts of the pages about tallies, for groups and the office: the questions of the aims as
//! paper slips and as form fields, and the recorded tallies.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::aim_words::{hidden_answer, occasion_name, shown_number};
use super::form::FieldType;
use super::form_reader::{FieldErrors, FormReader};
use super::i18n::translate;
use super::words::place_name;
use super::{FormData, PageError};
use crate::domain::aim::{AimOption, AimQuestion};
use crate::domain::language::Language;
use crate::domain::tally::{CorrectTally, GiveTally, TallyOccasion};
use crate::domain::text::{Prose, Slug};
use crate::domain::thousands;
use crate::http::AppState;
use crate::mail::format_day;
use crate::views::TallyView;

/// The questions that people can be asked now.
pub struct AskedQuestions {
    /// The version of the aims; 0 before any were adopted.
    pub version: u32,
    questions: Vec<AimQuestion>,
}

impl AskedQuestions {
    pub async fn load(app: &AppState) -> Result<Self, PageError> {
        let own = app
            .views
            .cached_organisation(app.commands.organisation())
            .await?;
        let aims = own.iter().flat_map(|own| &own.aims);
        Ok(Self {
            version: own.as_ref().map_or(0, |own| own.aims_version),
            questions: aims.flat_map(|aim| aim.questions.clone()).collect(),
        })
    }

    pub fn all(&self, language: Language) -> Vec<TallyQuestion> {
        let questions = self.questions.iter();
        questions
            .map(|question| TallyQuestion::new(question, language))
            .collect()
    }

    pub fn find(&self, key: &str, language: Language) -> Option<TallyQuestion> {
        let mut questions = self.questions.iter();
        let found = questions.find(|one| one.question.as_str() == key)?;
        Some(TallyQuestion::new(found, language))
    }

    /// The question of a tally. One that is not asked any more has its keys, in words.
    pub fn of_tally(&self, tally: &TallyView, language: Language) -> TallyQuestion {
        let found = self.find(tally.question.as_str(), language);
        found.unwrap_or_else(|| TallyQuestion {
            key: tally.question.to_string(),
            words: place_name(tally.question.as_str()),
            lang: None,
            options: tally
                .counts
                .keys()
                .map(|option| TallyOption {
                    field: field_of(option),
                    label: place_name(option.as_str()),
                    option: option.clone(),
                })
                .collect(),
        })
    }

    /// What was given, the newest first, as its readers may see it.
    pub fn given(&self, tallies: &[TallyView], language: Language) -> Vec<ShownTally> {
        let newest = tallies.iter().rev();
        newest
            .map(|tally| ShownTally::new(tally, &self.of_tally(tally, language), language))
            .collect()
    }
}

/// A question as slips and forms show it.
pub struct TallyQuestion {
    pub key: String,
    pub words: String,
    /// The language of the words, if it is not that of the page.
    pub lang: Option<&'static str>,
    pub options: Vec<TallyOption>,
}

pub struct TallyOption {
    option: Slug,
    /// The name of the field for its number.
    pub field: String,
    pub label: String,
}

/// The name of the field for the number of people who chose an option.
fn field_of(option: &Slug) -> String {
    FieldType::Number.name_of(&format!("counts.{option}"))
}

impl TallyQuestion {
    fn new(question: &AimQuestion, language: Language) -> Self {
        let is_here = language == Language::En || question.other_languages.contains_key(&language);
        let option = |option: &AimOption| TallyOption {
            field: field_of(&option.option),
            label: option.label_in(language).to_owned(),
            option: option.option.clone(),
        };
        Self {
            key: question.question.to_string(),
            words: question.words_in(language).to_owned(),
            lang: (!is_here).then(|| Language::En.code()),
            options: question.options.iter().map(option).collect(),
        }
    }

    /// The numbers of a form. At least one has to be there.
    fn counts(
        &self,
        (posted, language): (&FormData, Language),
        form: &mut FormReader<'_>,
    ) -> BTreeMap<Slug, u32> {
        let not_a_number = translate("Enter a number of people, such as 7", language);
        let mut counts = BTreeMap::new();
        for one in &self.options {
            let count = form.optional(&one.field, parse_count, not_a_number);
            counts.extend(count.map(|count| (one.option.clone(), count)));
        }
        let is_empty = |one: &TallyOption| posted.text(&one.field).is_empty();
        if let Some(first) = self.options.first()
            && self.options.iter().all(is_empty)
        {
            let says = translate("Enter how many people chose each answer", language);
            form.error(&first.field, says);
        }
        counts
    }

    /// A new tally, or the errors of its form.
    pub fn read_new(
        &self,
        posted: &FormData,
        version: u32,
        language: Language,
    ) -> Result<GiveTally, FieldErrors> {
        let mut form = FormReader::new(posted, language);
        let counts = self.counts((posted, language), &mut form);
        let occasion: Option<TallyOccasion> = form.required(
            "occasion",
            |text| text.parse().ok(),
            translate(
                "Choose whether you asked at the beginning or later",
                language,
            ),
        );
        let asked_on: Option<Date> = form.required(
            "asked_on",
            |text| text.parse().ok(),
            translate("Enter the day on which you asked", language),
        );
        let question: Option<Slug> = self.key.parse().ok();
        let whole = occasion.zip(asked_on).zip(question);
        form.finish(whole.map(|((occasion, asked_on), question)| GiveTally {
            version,
            question,
            counts,
            asked_on,
            occasion,
        }))
    }

    /// The correction of a tally, or the errors of its form.
    pub fn read_correction(
        &self,
        posted: &FormData,
        tally: u16,
        language: Language,
    ) -> Result<CorrectTally, FieldErrors> {
        let mut form = FormReader::new(posted, language);
        let counts = self.counts((posted, language), &mut form);
        let reason: Option<Prose> = form.required(
            "reason",
            |text| text.parse().ok(),
            translate("Write what was wrong", language),
        );
        form.finish(reason.map(|reason| CorrectTally {
            tally,
            counts,
            reason,
        }))
    }
}

fn parse_count(text: &str) -> Option<u32> {
    text.replace(',', "").parse().ok()
}

/// The two occasions, by key and label.
pub fn occasions(language: Language) -> Vec<(String, String)> {
    [TallyOccasion::Baseline, TallyOccasion::FollowUp]
        .map(|occasion| {
            let key: &str = occasion.into();
            (key.to_owned(), occasion_name(occasion, language).to_owned())
        })
        .into()
}

/// A tally that was given, in words.
pub struct ShownTally {
    pub tally: u16,
    pub question: String,
    pub lang: Option<&'static str>,
    /// When in the life of the group people were asked, and the day.
    pub when: String,
    pub people: String,
    /// How often it was corrected, for the office.
    pub corrections: usize,
    /// The options with their numbers.
    pub counts: Vec<(String, String)>,
}

impl ShownTally {
    fn new(tally: &TallyView, question: &TallyQuestion, language: Language) -> Self {
        let count = |one: &TallyOption| {
            let number = match tally.counts.get(&one.option) {
                Some(Some(count)) => thousands(*count),
                Some(None) => hidden_answer(tally.people, language),
                None => translate("none", language).to_owned(),
            };
            (one.label.clone(), number)
        };
        Self {
            tally: tally.tally,
            question: question.words.clone(),
            lang: question.lang,
            when: format!(
                "{}, {}",
                occasion_name(tally.occasion, language),
                format_day(tally.asked_on, language)
            ),
            people: shown_number(tally.people, language),
            corrections: tally.corrections.len(),
            counts: question.options.iter().map(count).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::aim::starter_aims;

    fn posted(fields: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(fields.iter().map(pair).collect())
    }

    fn lonely() -> TallyQuestion {
        let asked = AskedQuestions {
            version: 1,
            questions: starter_aims()
                .into_iter()
                .flat_map(|aim| aim.questions)
                .collect(),
        };
        asked.find("lonely", Language::En).expect("the question")
    }

    fn wrong_fields(fields: &[(&str, &str)]) -> Vec<String> {
        let read = lonely().read_new(&posted(fields), 1, Language::En);
        let wrong = read.err().unwrap_or_default();
        wrong.into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn numbers_are_read_by_their_options() {
        let typed = posted(&[
            ("counts.never:number", "1,002"),
            ("counts.hardly-ever:number", "0"),
            ("occasion", "follow_up"),
            ("asked_on", "2026-11-02"),
        ]);
        let given = lonely().read_new(&typed, 3, Language::En).expect("a tally");
        assert_eq!(given.version, 3);
        assert_eq!(given.occasion, TallyOccasion::FollowUp);
        let counts: Vec<(&str, u32)> = given
            .counts
            .iter()
            .map(|(option, count)| (option.as_str(), *count))
            .collect();
        assert_eq!(counts, [("hardly-ever", 0), ("never", 1002)]);
    }

    #[test]
    fn what_is_missing_is_named_at_its_field() {
        assert_eq!(
            wrong_fields(&[]),
            ["counts.often-always:number", "occasion", "asked_on"]
        );
        let wordy = [
            ("counts.never:number", "many"),
            ("occasion", "baseline"),
            ("asked_on", "2026-11-02"),
        ];
        assert_eq!(wrong_fields(&wordy), ["counts.never:number"]);
    }
}
