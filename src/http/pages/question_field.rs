//! The field of a form's question, by the question's kind, what was entered in it, and an answer in
//! words.
//!
//! A question of a kind with several values has several fields: options are posted under one name,
//! and the lines of a budget as pairs of `item-NAME` and `amount-NAME`. Files that are uploaded
//! already are posted by their digests, those to be removed as `drop`, and new ones as `file-NAME`.

use std::collections::BTreeMap;

use askama::Template;
use askama::filters::HtmlSafe;

use super::FormData;
use super::apply::answer_files::{FileLink, upload_field};
use super::i18n::{translate, translate_with};
use super::kept_files::ShownFile;
use crate::domain::application::{AnswerError, AnswerValue, BUDGET_LINES_MAX, LineError};
use crate::domain::language::Language;
use crate::domain::money::{AmountFault, strip_formatting};
use crate::domain::organisation::{Question, QuestionKind};
use crate::domain::text::Slug;
use crate::mail::format_day;

/// The number of lines that a budget offers at least.
const BUDGET_LINES_MIN: usize = 4;

/// The field or fields of one question.
#[derive(Template)]
#[template(path = "parts/question.html")]
pub struct QuestionField {
    pub kind: QuestionKind,
    pub id: String,
    pub name: String,
    pub label: String,
    pub hint: String,
    /// The language of label and hint, if it differs from that of the page.
    pub lang: Option<&'static str>,
    /// Whether the label is the heading of its page.
    pub heading: bool,
    pub value: String,
    /// The options: key, label, and whether it is chosen.
    pub options: Vec<(String, String, bool)>,
    /// The lines of a budget: item and amount.
    pub lines: Vec<(String, String)>,
    /// The files that are uploaded already.
    pub files: Vec<FileLink>,
    /// The files that were chosen in a form that was kept.
    pub kept_files: Vec<ShownFile>,
    remove_word: &'static str,
    /// Whether files can be added now.
    pub takes_files: bool,
    pub wrong: Option<String>,
    /// The line of a budget that cannot be read, counted from 1.
    wrong_line: Option<usize>,
    pub language: Language,
}

impl HtmlSafe for QuestionField {}

impl QuestionField {
    /// The field of a question, filled in with an answer as it was entered or stored.
    pub fn new(
        question: &Question,
        id: String,
        name: &str,
        typed: &str,
        language: Language,
    ) -> Self {
        let (label, hint) = question.in_language(language);
        let untranslated = !question.is_translated(language);
        Self {
            kind: question.kind,
            id,
            name: name.to_owned(),
            label: label.to_owned(),
            hint: hint.to_owned(),
            lang: untranslated.then(|| Language::En.code()),
            heading: false,
            value: typed.to_owned(),
            options: option_choices(question, typed, language),
            lines: if question.kind == QuestionKind::Budget {
                budget_lines(typed)
            } else {
                Vec::new()
            },
            files: Vec::new(),
            kept_files: Vec::new(),
            remove_word: translate("Remove", language),
            takes_files: true,
            wrong: None,
            wrong_line: match AnswerValue::parse(question, typed) {
                Err(AnswerError::Line { line, .. }) => Some(line),
                _ => None,
            },
            language,
        }
    }

    /// Makes the label the heading of its page.
    pub fn into_heading(self) -> Self {
        Self {
            heading: true,
            ..self
        }
    }

    /// Shows an error at the field.
    pub fn with_error(self, wrong: Option<&str>) -> Self {
        Self {
            wrong: wrong.map(str::to_owned),
            ..self
        }
    }

    fn t<'a>(&self, text: &'a str) -> &'a str {
        translate(text, self.language)
    }

    fn t_with(&self, text: &str, value: &str) -> String {
        translate_with(text, value, self.language)
    }

    fn upload_field(&self) -> String {
        upload_field(&self.name)
    }

    /// Whether it consists of several fields under one legend.
    fn is_set(&self) -> bool {
        !self.options.is_empty() || self.kind == QuestionKind::Budget
    }

    /// The id of the field to correct: in a budget that of the line that cannot be read.
    pub fn wrong_id(&self) -> String {
        match self.wrong_line {
            Some(line) => self.id_at(&(line - 1)),
            None => self.id.clone(),
        }
    }

    /// Whether an error is about the line of a budget at an index.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn is_wrong_at(&self, at: &usize) -> bool {
        self.wrong.is_some() && self.wrong_line == Some(*at + 1)
    }

    /// The ids of the elements that describe the field, for `aria-describedby`.
    fn described_by(&self) -> String {
        let hint = (!self.hint.is_empty()).then(|| format!("{}-hint", self.id));
        let wrong = self.wrong.is_some().then(|| format!("{}-error", self.id));
        let ids: Vec<String> = hint.into_iter().chain(wrong).collect();
        ids.join(" ")
    }

    /// The id of the field at an index: that of the question for the first one.
    #[expect(
        clippy::trivially_copy_pass_by_ref,
        reason = "a template passes references"
    )]
    fn id_at(&self, at: &usize) -> String {
        if *at == 0 {
            self.id.clone()
        } else {
            format!("{}-{at}", self.id)
        }
    }
}

/// The options of a question, and which of them an answer chooses.
fn option_choices(
    question: &Question,
    typed: &str,
    language: Language,
) -> Vec<(String, String, bool)> {
    if question.kind == QuestionKind::YesNo {
        let choice = |key: &str, label: &str| {
            let label = translate(label, language).to_owned();
            (key.to_owned(), label, typed.eq_ignore_ascii_case(key))
        };
        return vec![choice("yes", "Yes"), choice("no", "No")];
    }
    let chosen = match AnswerValue::parse(question, typed) {
        Ok(AnswerValue::Options(chosen)) => chosen,
        _ => Vec::new(),
    };
    question
        .options
        .iter()
        .map(|option| {
            (
                option.option.to_string(),
                option.in_language(language).to_owned(),
                chosen.contains(&option.option),
            )
        })
        .collect()
}

/// The lines of a budget as fields, with some empty ones. An amount that cannot be read stays as it
/// was typed.
fn budget_lines(typed: &str) -> Vec<(String, String)> {
    let mut lines: Vec<_> = typed
        .lines()
        .map(|line| {
            let (item, amount) = line.rsplit_once(':').unwrap_or((line, ""));
            let amount = match AmountFault::parse(amount) {
                Ok(_) => strip_formatting(amount),
                Err(_) => amount.trim().to_owned(),
            };
            (item.trim().to_owned(), amount)
        })
        .collect();
    let count = (lines.len() + 2).clamp(BUDGET_LINES_MIN, BUDGET_LINES_MAX);
    if lines.len() < count {
        lines.resize(count, (String::new(), String::new()));
    }
    lines
}

/// Joins the values of all fields with a name to one text. Empty lines between others stay, so that
/// each line keeps its number.
pub fn entered(posted: &FormData, name: &str) -> String {
    let (item, amount) = (format!("item-{name}"), format!("amount-{name}"));
    let items = posted.all(&item);
    let amounts = posted.all(&amount);
    let line = |(item, amount): (&str, &str)| {
        if item.is_empty() && amount.is_empty() {
            String::new()
        } else {
            format!("{item}: {amount}")
        }
    };
    let mut lines: Vec<String> = items.zip(amounts).map(line).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    let values = posted
        .all(name)
        .filter(|value| !value.is_empty())
        .map(str::to_owned);
    lines
        .into_iter()
        .chain(values)
        .collect::<Vec<_>>()
        .join("\n")
}

/// What was entered for questions, by their keys. The fields are named with a prefix and the key.
pub fn entered_answers(posted: &FormData, prefix: &str) -> BTreeMap<Slug, String> {
    let key_of = |name: &str| {
        let name = name.strip_prefix("item-").unwrap_or(name);
        name.strip_prefix(prefix)?.parse::<Slug>().ok()
    };
    posted
        .pairs()
        .iter()
        .filter_map(|(name, _)| key_of(name))
        .map(|key| {
            let typed = entered(posted, &format!("{prefix}{key}"));
            (key, typed)
        })
        .filter(|(_, typed)| !typed.is_empty())
        .collect()
}

/// A stored answer in words. A text that does not fit its question is shown unchanged.
pub fn in_words(question: &Question, stored: &str, language: Language) -> String {
    match AnswerValue::parse(question, stored) {
        Ok(AnswerValue::Options(chosen)) => chosen
            .iter()
            .filter_map(|key| question.option_named(key.as_str()))
            .map(|option| option.in_language(language))
            .collect::<Vec<_>>()
            .join("\n"),
        Ok(AnswerValue::YesNo(yes)) => {
            translate(if yes { "Yes" } else { "No" }, language).to_owned()
        }
        Ok(AnswerValue::Date(day)) => format_day(day, language),
        Ok(AnswerValue::Files(files)) => (1..=files.len())
            .map(|number| translate_with("File {}", &number.to_string(), language))
            .collect::<Vec<_>>()
            .join("\n"),
        _ => stored.to_owned(),
    }
}

/// The error for a text that is not an amount.
pub fn amount_error_text(fault: AmountFault, language: Language) -> String {
    match fault {
        AmountFault::CommaBeforePence(meant) => translate_with(
            "Use a point for pence, not a comma: {}",
            &meant.to_string(),
            language,
        ),
        AmountFault::PointInThousands(meant) => translate_with(
            "Leave out the point between thousands: {}",
            &meant.to_string(),
            language,
        ),
        AmountFault::Unreadable => {
            translate("Enter an amount in pounds, such as 850", language).to_owned()
        }
    }
}

/// What a group reads if its answer does not fit the question.
pub fn answer_error_text(why: AnswerError, language: Language) -> String {
    let says = match why {
        AnswerError::NotAnOption => translate("Choose one of these", language),
        AnswerError::NotANumber => translate("Enter a number in figures, such as 40", language),
        AnswerError::NotYesOrNo => translate("Choose yes or no", language),
        AnswerError::NotADate => translate("Enter a day, such as 05/07/2026", language),
        AnswerError::Line { line, why } => {
            let why = match why {
                LineError::Amount(fault) => amount_error_text(fault, language),
                LineError::NoItem => translate(
                    "Say what the money is for, in at most 100 letters",
                    language,
                )
                .to_owned(),
            };
            let line = translate_with("Line {}:", &line.to_string(), language);
            return format!("{line} {why}");
        }
        AnswerError::TextTooLong(over) => {
            return translate_with(
                "Use at most 5,000 letters. This is {} too many.",
                &over.to_string(),
                language,
            );
        }
        AnswerError::TooManyLines => translate("Use at most 40 lines", language),
        AnswerError::TooLong => translate("Use at most 200 letters, on one line", language),
        AnswerError::NotAFile => translate("Add a photo or a PDF", language),
        AnswerError::TooManyFiles => translate("Use at most 6 files", language),
    };
    says.to_owned()
}
