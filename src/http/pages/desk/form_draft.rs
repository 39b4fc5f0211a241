//! A draft of an application form. It is kept in the page that edits it, and recorded only when it
//! is published.

use std::collections::BTreeMap;

use strum::VariantArray as _;

use crate::domain::language::Language;
use crate::domain::organisation::{Question, QuestionKind, QuestionOption, QuestionTranslation};
use crate::domain::text::{Line, Prose, Slug};
use crate::http::pages::FormData;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;

/// The questions of a draft, and which of them is being edited.
#[derive(Clone, Debug, Default)]
pub(super) struct FormDraft {
    pub questions: Vec<Question>,
    /// The index of the question whose fields are shown. An index behind the last question is a
    /// new one.
    pub editing: Option<usize>,
}

impl FormDraft {
    /// The draft in a posted form; `None` if it is incomplete.
    pub fn from_form(posted: &FormData) -> Option<Self> {
        Some(Self {
            questions: serde_json::from_str(posted.text("draft")).ok()?,
            editing: posted.text("editing").parse().ok(),
        })
    }

    /// The questions as the text of the page's hidden field.
    pub fn to_text(&self) -> String {
        serde_json::to_string(&self.questions).unwrap_or_default()
    }

    /// The question being edited, if it is not a new one.
    pub fn edited(&self) -> Option<&Question> {
        self.questions.get(self.editing?)
    }

    /// Moves, removes or opens a question, as a button of the page says.
    pub fn act(&mut self, name: &str, at: usize) {
        let known = at < self.questions.len();
        match name {
            "add" => self.editing = Some(self.questions.len()),
            "edit" if known => self.editing = Some(at),
            "remove" if known => {
                self.questions.remove(at);
            }
            "up" if known && at > 0 => self.questions.swap(at - 1, at),
            "down" if at + 1 < self.questions.len() => self.questions.swap(at, at + 1),
            _ => {}
        }
    }

    /// Reads the fields of the question being edited into the draft.
    pub fn save_edited(&mut self, posted: &FormData) -> Result<(), FieldErrors> {
        let Some(at) = self.editing else {
            return Ok(());
        };
        let question = EditedQuestion {
            posted,
            before: self.edited(),
            others: &self.questions,
        }
        .parse()?;
        match self.questions.get_mut(at) {
            Some(found) => *found = question,
            None => self.questions.push(question),
        }
        self.editing = None;
        Ok(())
    }
}

/// The languages into which questions are translated.
pub(super) fn other_languages() -> impl Iterator<Item = Language> {
    Language::VARIANTS
        .iter()
        .copied()
        .filter(|language| *language != Language::En)
}

/// The fields of a question.
struct EditedQuestion<'a> {
    posted: &'a FormData,
    /// The question as it was, if it is not a new one.
    before: Option<&'a Question>,
    others: &'a [Question],
}

impl EditedQuestion<'_> {
    fn parse(&self) -> Result<Question, FieldErrors> {
        let mut wrong = FieldErrors::new();
        let label = self.line(
            "label",
            "Enter the question, in at most 140 letters",
            &mut wrong,
        );
        let help = self.help("help", &mut wrong);
        let kind: QuestionKind = self.posted.text("kind").parse().unwrap_or_default();
        let options = if kind.has_options() {
            self.options(&mut wrong)
        } else {
            Vec::new()
        };
        let translations = self.translations(&mut wrong);
        match label {
            Some(label) if wrong.is_empty() => Ok(Question {
                question: self.key(&label),
                label,
                help,
                required: self.posted.text("required") == "yes",
                kind,
                options,
                other_languages: translations,
            }),
            _ => Err(wrong),
        }
    }

    fn line(&self, field: &str, says: &str, wrong: &mut FieldErrors) -> Option<Line> {
        let parsed = self.posted.text(field).parse().ok();
        if parsed.is_none() {
            wrong.push((field.to_owned(), says.to_owned()));
        }
        parsed
    }

    fn help(&self, field: &str, wrong: &mut FieldErrors) -> Option<Prose> {
        let text = self.posted.text(field);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            let says = "This help text is too long. Use at most 4,000 letters";
            wrong.push((field.to_owned(), says.to_owned()));
        }
        parsed
    }

    /// The options: one line each, with their translations at the same lines of other fields.
    fn options(&self, wrong: &mut FieldErrors) -> Vec<QuestionOption> {
        let labels = lines(self.posted.text("options"));
        if !(2..=30).contains(&labels.len()) {
            let says = "Enter from 2 to 30 options, one on each line";
            wrong.push(("options".to_owned(), says.to_owned()));
            return Vec::new();
        }
        let translated: Vec<(Language, Vec<&str>)> = other_languages()
            .map(|language| (language, language_field("options", language)))
            .map(|(language, field)| (language, lines(self.posted.text(&field))))
            .collect();
        for (language, labels_there) in &translated {
            if !labels_there.is_empty() && labels_there.len() != labels.len() {
                let says = format!(
                    "Enter {} options in {}, in the same order",
                    labels.len(),
                    language.english_name()
                );
                wrong.push((language_field("options", *language), says));
            }
        }
        let mut options: Vec<QuestionOption> = Vec::new();
        for (at, label) in labels.iter().enumerate() {
            let Ok(line) = label.parse::<Line>() else {
                let says = "Use at most 140 letters for an option";
                wrong.push(("options".to_owned(), says.to_owned()));
                return options;
            };
            let other = |(language, labels): &(Language, Vec<&str>)| {
                Some((*language, labels.get(at)?.parse().ok()?))
            };
            options.push(QuestionOption {
                option: self.option_key(label, &options),
                label: line,
                other_languages: translated.iter().filter_map(other).collect(),
            });
        }
        options
    }

    /// The key of an option: the one that it had, or one made from its label.
    fn option_key(&self, label: &str, taken: &[QuestionOption]) -> Slug {
        let known = self
            .before
            .and_then(|before| before.option_named(label))
            .map(|option| option.option.clone())
            .filter(|key| taken.iter().all(|other| other.option != *key));
        known.unwrap_or_else(|| {
            free_key(label, "o", |key| {
                taken.iter().all(|other| other.option != *key)
            })
        })
    }

    fn translations(&self, wrong: &mut FieldErrors) -> BTreeMap<Language, QuestionTranslation> {
        let mut translations = BTreeMap::new();
        for language in other_languages() {
            let (label, help) = (
                language_field("label", language),
                language_field("help", language),
            );
            let is_empty = |field: &str| self.posted.text(field).is_empty();
            if is_empty(&label) && is_empty(&help) {
                continue;
            }
            let says = format!("Enter the question in {}", language.english_name());
            let help = self.help(&help, wrong);
            if let Some(label) = self.line(&label, &says, wrong) {
                translations.insert(language, QuestionTranslation { label, help });
            }
        }
        translations
    }

    /// The key of the question: the one that it had, or one made from its label.
    fn key(&self, label: &Line) -> Slug {
        match self.before {
            Some(before) => before.question.clone(),
            None => free_key(label.as_str(), "q", |key| {
                self.others.iter().all(|other| other.question != *key)
            }),
        }
    }
}

/// The name of a field in a language other than English.
pub(super) fn language_field(name: &str, language: Language) -> String {
    format!("{name}-{}", language.code())
}

/// The lines of a text that are not empty.
fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}

/// A key from the first words of a label that is free: with a number behind it, if it is taken.
pub(super) fn free_key(label: &str, prefix: &str, is_free: impl Fn(&Slug) -> bool) -> Slug {
    let slug = slug_of(label);
    let words: Vec<_> = slug
        .split('-')
        .filter(|word| !word.is_empty())
        .take(4)
        .collect();
    let base: String = format!("{prefix}-{}", words.join("-"))
        .trim_end_matches('-')
        .chars()
        .take(32)
        .collect();
    let base = base.trim_end_matches('-').to_owned();
    let numbered = (2..).map(|number| format!("{base}-{number}"));
    std::iter::once(base.clone())
        .chain(numbered)
        .filter_map(|key| key.parse::<Slug>().ok())
        .find(|key| is_free(key))
        .expect("some number is free")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(pairs: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(pairs.iter().map(pair).collect())
    }

    #[test]
    fn a_key_is_made_from_the_words_and_is_free() {
        let key = |label: &str, taken: &[&str]| {
            free_key(label, "q", |key| !taken.contains(&key.as_str())).to_string()
        };
        assert_eq!(
            key("What would you like to do?", &[]),
            "q-what-would-you-like"
        );
        assert_eq!(
            key("What would you like to do?", &["q-what-would-you-like"]),
            "q-what-would-you-like-2"
        );
        assert_eq!(key("Żółć", &[]), "q");
    }

    #[test]
    fn a_question_is_added_moved_and_removed() {
        let mut draft = FormDraft {
            questions: crate::starter::questions(),
            editing: None,
        };
        let count = draft.questions.len();
        draft.act("add", 0);
        draft
            .save_edited(&posted(&[
                ("label", "How will you travel?"),
                ("kind", "one_choice"),
                ("options", "On foot\nBy bus, or by tram"),
                ("options-pl", "Pieszo\nAutobusem lub tramwajem"),
                ("label-pl", "Jak dotrzecie?"),
                ("required", "yes"),
            ]))
            .expect("a question");
        assert_eq!(draft.questions.len(), count + 1);
        let added = &draft.questions[count];
        assert_eq!(
            added.options[1].in_language(Language::Pl),
            "Autobusem lub tramwajem"
        );
        draft.act("up", count);
        assert_eq!(
            draft.questions[count - 1].label.as_str(),
            "How will you travel?"
        );
        draft.act("remove", count - 1);
        assert_eq!(draft.questions, crate::starter::questions());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let mut draft = FormDraft::default();
        draft.act("add", 0);
        let wrong = draft
            .save_edited(&posted(&[
                ("kind", "several_choices"),
                ("options", "One"),
                ("help-pl", "Pomoc"),
            ]))
            .expect_err("errors");
        let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["label", "options", "label-pl"]);
    }

    #[test]
    fn the_starter_is_in_every_language() {
        for question in crate::starter::questions() {
            assert!(
                other_languages().all(|language| question.is_translated(language)),
                "{}",
                question.label
            );
        }
    }
}
