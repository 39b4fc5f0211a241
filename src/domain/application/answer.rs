//! The answer to a question: its value, and the text by which it is stored, encrypted.
//!
//! | Kind | Stored text |
//! |---|---|
//! | long or short text | the text |
//! | one choice | the option's key |
//! | several choices | the options' keys, one a line |
//! | number | the figures, such as `40` or `2.5` |
//! | yes or no | `yes` or `no` |
//! | date | the day, such as `2026-07-05` |
//! | budget | one line for each item, such as `Hall, 24 weeks: £480.00` |
//! | file | the digests of files of the group, one a line; `none` once they are removed |
//!
//! Parsing is lenient: it accepts an option by its label, and a number with commas.
//! [`AnswerValue::stored`] writes each value in one form only.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Application, ApplicationCommand, SaveAnswers};
use crate::domain::file::FileDigest;
use crate::domain::money::{AmountFault, Money};
use crate::domain::organisation::{Question, QuestionKind, QuestionOption};
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Slug, reader_length};
use crate::domain::{Group, Organisation, Refusal};

/// The largest number of characters of a short text.
pub const SHORT_TEXT_MAX: usize = 200;
/// The largest number of lines of a budget.
pub const BUDGET_LINES_MAX: usize = 40;
/// The largest number of files of a finished answer.
pub const ANSWER_FILES_MAX: usize = 6;
/// The largest number of characters of an item of a budget.
const ITEM_MAX: usize = 100;

/// Why an answer does not fit its question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub enum AnswerError {
    #[default]
    #[error("choose one of the answers listed")]
    NotAnOption,
    #[error("enter a number in figures, such as 40")]
    NotANumber,
    #[error("choose yes or no")]
    NotYesOrNo,
    #[error("enter a day, such as 05/07/2026")]
    NotADate,
    #[error("line {line}: {why}")]
    Line { line: usize, why: LineError },
    #[error("use at most 40 lines")]
    TooManyLines,
    #[error("use at most 200 letters, on one line")]
    TooLong,
    #[error("add a photo or a PDF of this group")]
    NotAFile,
    #[error("use at most 6 files")]
    TooManyFiles,
    #[error("use at most 5,000 letters; this is {0} too many")]
    TextTooLong(usize),
}

/// Why a line of a budget cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error(transparent)]
    Amount(AmountFault),
    #[error("say what the money is for, in at most 100 letters")]
    NoItem,
}

/// The value of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerValue {
    Text(String),
    /// The chosen options, in the order of the question.
    Options(Vec<Slug>),
    Number(String),
    YesNo(bool),
    Date(Date),
    Budget(Vec<BudgetItem>),
    Files(Vec<FileDigest>),
}

/// A line of a budget.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BudgetItem {
    pub item: String,
    pub amount: Money,
}

impl AnswerValue {
    /// Reads an answer, as entered or as stored.
    pub fn parse(question: &Question, text: &str) -> Result<Self, AnswerError> {
        let typed = text;
        let text = typed.trim();
        match question.kind {
            QuestionKind::LongText => {
                match reader_length(text).saturating_sub(PersonalInput::MOST) {
                    0 => Ok(Self::Text(text.to_owned())),
                    over => Err(AnswerError::TextTooLong(over)),
                }
            }
            QuestionKind::ShortText => {
                if reader_length(text) > SHORT_TEXT_MAX {
                    Err(AnswerError::TooLong)
                } else {
                    Ok(Self::Text(text.replace(['\n', '\r'], " ")))
                }
            }
            QuestionKind::OneChoice => question
                .option_named(text)
                .map(|option| Self::Options(vec![option.option.clone()]))
                .ok_or(AnswerError::NotAnOption),
            QuestionKind::SeveralChoices => parse_options(question, text),
            QuestionKind::Number => parse_number(text).map(Self::Number),
            QuestionKind::YesNo => match text.to_ascii_lowercase().as_str() {
                "yes" => Ok(Self::YesNo(true)),
                "no" => Ok(Self::YesNo(false)),
                _ => Err(AnswerError::NotYesOrNo),
            },
            QuestionKind::Date => parse_date(text).map(Self::Date),
            QuestionKind::Budget => parse_budget(typed).map(Self::Budget),
            QuestionKind::File => parse_files(text).map(Self::Files),
        }
    }

    /// The text by which the answer is stored.
    #[must_use]
    pub fn stored(&self) -> String {
        let lines = |lines: Vec<String>| lines.join("\n");
        match self {
            Self::Text(text) => text.clone(),
            Self::Options(options) => lines(options.iter().map(ToString::to_string).collect()),
            Self::Number(number) => number.clone(),
            Self::YesNo(yes) => if *yes { "yes" } else { "no" }.to_owned(),
            Self::Date(day) => day.to_string(),
            Self::Budget(budget) => lines(
                budget
                    .iter()
                    .map(|line| format!("{}: {}", line.item, line.amount))
                    .collect(),
            ),
            Self::Files(files) => lines(files.iter().map(ToString::to_string).collect()),
        }
    }

    /// The total of a budget; `None` for any other answer.
    #[must_use]
    pub fn total(&self) -> Option<Money> {
        match self {
            Self::Budget(lines) => Some(lines.iter().map(|line| line.amount).sum()),
            _ => None,
        }
    }
}

/// Reads options: one a line, or with commas between them.
fn parse_options(question: &Question, text: &str) -> Result<AnswerValue, AnswerError> {
    let mut chosen: Vec<&QuestionOption> = Vec::new();
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        if let Some(option) = question.option_named(line) {
            chosen.push(option);
            continue;
        }
        for part in line.split(',') {
            chosen.push(
                question
                    .option_named(part)
                    .ok_or(AnswerError::NotAnOption)?,
            );
        }
    }
    let options: Vec<Slug> = question
        .options
        .iter()
        .filter(|option| chosen.contains(option))
        .map(|option| option.option.clone())
        .collect();
    if options.is_empty() {
        Err(AnswerError::NotAnOption)
    } else {
        Ok(AnswerValue::Options(options))
    }
}

/// Reads a number that is not negative, with at most two decimal places.
fn parse_number(text: &str) -> Result<String, AnswerError> {
    let plain: String = text
        .chars()
        .filter(|c| *c != ',' && !c.is_whitespace())
        .collect();
    let (whole, part) = plain.split_once('.').unwrap_or((plain.as_str(), "0"));
    let figures = |text: &str, most: usize| {
        (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    if figures(whole, 12) && figures(part, 2) {
        Ok(plain)
    } else {
        Err(AnswerError::NotANumber)
    }
}

/// Reads a day: `2026-07-05`, or `05/07/2026` as people in Britain write it.
fn parse_date(text: &str) -> Result<Date, AnswerError> {
    if let Ok(day) = text.parse() {
        return Ok(day);
    }
    let parts: Vec<&str> = text.split(['/', '.', ' ']).collect();
    let [day, month, year] = parts.as_slice() else {
        return Err(AnswerError::NotADate);
    };
    match (day.parse(), month.parse(), year.parse()) {
        (Ok(day), Ok(month), Ok(year)) if year > 999 => {
            Date::new(year, month, day).map_err(|_| AnswerError::NotADate)
        }
        _ => Err(AnswerError::NotADate),
    }
}

/// Reads a budget. Its lines are counted from 1, with the empty ones, as a form shows them.
fn parse_budget(text: &str) -> Result<Vec<BudgetItem>, AnswerError> {
    let lines: Vec<(usize, &str)> = (1..)
        .zip(text.lines().map(str::trim))
        .filter(|(_, text)| !text.is_empty())
        .collect();
    if lines.len() > BUDGET_LINES_MAX {
        return Err(AnswerError::TooManyLines);
    }
    if lines.is_empty() {
        let why = LineError::NoItem;
        return Err(AnswerError::Line { line: 1, why });
    }
    lines
        .into_iter()
        .map(|(line, text)| parse_budget_line(text).map_err(|why| AnswerError::Line { line, why }))
        .collect()
}

/// Reads a line: the item, and behind the last colon or space the amount. Without a colon, "Hall 1
/// 250" may be £250 or £1,250, so that it is refused.
fn parse_budget_line(line: &str) -> Result<BudgetItem, LineError> {
    let parted = line.rsplit_once(':').or_else(|| line.rsplit_once(' '));
    let (item, amount) = parted.ok_or(LineError::Amount(AmountFault::Unreadable))?;
    let last_word = item.trim_end().rsplit(' ').next().unwrap_or_default();
    let is_longer = Money::parse_formatted(&format!("{last_word} {amount}")).is_ok();
    if is_longer && !line.contains(':') {
        return Err(LineError::Amount(AmountFault::Unreadable));
    }
    let amount = AmountFault::parse(amount).map_err(LineError::Amount)?;
    if amount.is_zero() {
        return Err(LineError::Amount(AmountFault::Unreadable));
    }
    let item = item.trim();
    if item.is_empty() || reader_length(item) > ITEM_MAX {
        return Err(LineError::NoItem);
    }
    Ok(BudgetItem {
        item: item.to_owned(),
        amount,
    })
}

/// Reads files, one a line.
fn parse_files(text: &str) -> Result<Vec<FileDigest>, AnswerError> {
    let mut files: Vec<FileDigest> = Vec::new();
    let lines = text.lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let file: FileDigest = line.parse().map_err(|_| AnswerError::NotAFile)?;
        if !files.contains(&file) {
            files.push(file);
        }
    }
    if files.len() > ANSWER_FILES_MAX {
        Err(AnswerError::TooManyFiles)
    } else if files.is_empty() {
        Err(AnswerError::NotAFile)
    } else {
        Ok(files)
    }
}

/// Refuses an answer that does not fit its question, or that names a file of another group.
fn check_answer(question: &Question, text: &str, group: &Group) -> Result<(), AnswerError> {
    match AnswerValue::parse(question, text)? {
        AnswerValue::Files(files) if !files.iter().all(|file| group.has_file(file)) => {
            Err(AnswerError::NotAFile)
        }
        _ => Ok(()),
    }
}

impl ApplicationCommand {
    /// Refuses with [`Refusal::AnswerUnfit`] answers of a group that do not fit their questions,
    /// except those that are not finished. An answer that is not required can be taken out again:
    /// then it is empty. It reads plaintext, so that `commands` calls it before it encrypts the
    /// answers.
    pub fn check_answers(
        &self,
        application: &Application,
        organisation: &Organisation,
        group: &Group,
    ) -> Result<(), Refusal> {
        let (Self::SaveAnswers(save), Some(place)) = (self, application.target()) else {
            return Ok(());
        };
        let SaveAnswers {
            answers,
            unfinished,
            ..
        } = save;
        let questions = organisation.form(place.form).unwrap_or_default();
        let finished = questions
            .iter()
            .filter(|question| !unfinished.contains(&question.question));
        for question in finished {
            let text = answers
                .get(&question.question)
                .and_then(|answer| answer.plaintext())
                .filter(|text| question.required || !text.is_empty());
            if let Some(text) = text {
                check_answer(question, text, group).map_err(|why| Refusal::AnswerUnfit {
                    question: question.label.to_string(),
                    why,
                })?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_amount_of_a_budget_is_that_amount_or_refused(pence in 1_u64..9_999_999_900) {
            let money = Money::from_pence(pence);
            let commas = money.to_string();
            for amount in [
                String::from(money),
                commas.clone(),
                commas.replace(',', " "),
                commas.replace(',', "\u{a0}"),
                commas.replace('£', "").replace(',', " "),
            ] {
                let read = parse_budget_line(&format!("Hall: {amount}"));
                prop_assert_eq!(read.map(|line| line.amount), Ok(money), "{}", amount);
                if let Ok(read) = parse_budget_line(&format!("Hall hire {amount}")) {
                    prop_assert_eq!(read.amount, money, "{}", amount);
                }
            }
        }
    }

    #[test]
    fn a_blank_between_thousands_needs_a_colon() {
        for line in ["Hall 1 250", "Hall £1 250", "Hall 12 250.50"] {
            let refused = Err(LineError::Amount(AmountFault::Unreadable));
            assert_eq!(parse_budget_line(line), refused, "{line}");
        }
        for (line, pence) in [
            ("Hall: 1 250", 125_000),
            ("Hall 1,250", 125_000),
            ("Hall 24 weeks 250", 25_000),
            ("Fair 2026 250", 25_000),
        ] {
            let read = parse_budget_line(line).map(|line| line.amount);
            assert_eq!(read, Ok(Money::from_pence(pence)), "{line}");
        }
    }

    const A_FILE: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

    fn question(kind: QuestionKind) -> Question {
        let option = |key: &str, label: &str| QuestionOption {
            option: key.parse().expect("a key"),
            label: label.parse().expect("a label"),
            other_languages: std::collections::BTreeMap::new(),
        };
        let options = if kind.has_options() {
            vec![
                option("arts", "Arts, music or crafts"),
                option("food", "Food"),
            ]
        } else {
            Vec::new()
        };
        Question {
            question: "q".parse().expect("a key"),
            label: "What?".parse().expect("a label"),
            help: None,
            required: true,
            kind,
            options,
            other_languages: std::collections::BTreeMap::new(),
        }
    }

    #[test]
    fn what_is_stored_is_read_as_the_same_answer() {
        use QuestionKind as K;
        let twice = format!("{A_FILE}\n\n{A_FILE}");
        for (kind, typed, stored) in [
            (K::LongText, " Tea.\nAnd soup. ", "Tea.\nAnd soup."),
            (K::ShortText, "Tea", "Tea"),
            (K::ShortText, "one\ntwo", "one two"),
            (K::OneChoice, "Arts, music or crafts", "arts"),
            (K::SeveralChoices, "Food, arts", "arts\nfood"),
            (
                K::SeveralChoices,
                "Arts, music or crafts\nfood",
                "arts\nfood",
            ),
            (K::Number, "1,250.5", "1250.5"),
            (K::YesNo, "Yes", "yes"),
            (K::Date, "5/7/2026", "2026-07-05"),
            (
                K::Budget,
                "Hall, 24 weeks: 480\n\nTea £12.50",
                "Hall, 24 weeks: £480.00\nTea: £12.50",
            ),
            (K::File, twice.as_str(), A_FILE),
        ] {
            let question = question(kind);
            let answer = AnswerValue::parse(&question, typed).expect(typed);
            let read = AnswerValue::parse(&question, &answer.stored());
            assert_eq!(read.as_ref(), Ok(&answer), "{typed}");
            let amounts = |text: &str| text.replace(".00", "");
            assert_eq!(amounts(&answer.stored()), amounts(stored), "{typed}");
        }
    }

    #[test]
    fn an_answer_that_does_not_fit_says_why() {
        use AnswerError as E;
        use QuestionKind as K;
        let long = "x".repeat(SHORT_TEXT_MAX + 1);
        let accents = "e\u{301}".repeat(SHORT_TEXT_MAX);
        let read = AnswerValue::parse(&question(K::ShortText), &accents);
        assert!(read.is_ok(), "an accent is not counted");
        let many = "Tea: 1\n".repeat(BUDGET_LINES_MAX + 1);
        let files = (0..=ANSWER_FILES_MAX).map(|number| format!("{number:064x}\n"));
        let files: String = files.collect();
        let words = "x".repeat(PersonalInput::MOST + 30);
        let no_amount = |line| E::Line {
            line,
            why: LineError::Amount(AmountFault::Unreadable),
        };
        let comma = AmountFault::CommaBeforePence(Money::from_pence(1_250));
        for (kind, typed, why) in [
            (K::ShortText, long.as_str(), E::TooLong),
            (K::OneChoice, "sport", E::NotAnOption),
            (K::SeveralChoices, "food, sport", E::NotAnOption),
            (K::SeveralChoices, "", E::NotAnOption),
            (K::Number, "about forty", E::NotANumber),
            (K::Number, "-4", E::NotANumber),
            (K::YesNo, "perhaps", E::NotYesOrNo),
            (K::Date, "31/02/2026", E::NotADate),
            (K::LongText, words.as_str(), E::TextTooLong(30)),
            (K::Budget, "Hall", no_amount(1)),
            (K::Budget, "Hall: much", no_amount(1)),
            (K::Budget, "Hall: 1\n\nTea: 0", no_amount(3)),
            (
                K::Budget,
                "\nTea: 12,50",
                E::Line {
                    line: 2,
                    why: LineError::Amount(comma),
                },
            ),
            (
                K::Budget,
                ": 12",
                E::Line {
                    line: 1,
                    why: LineError::NoItem,
                },
            ),
            (K::Budget, many.as_str(), E::TooManyLines),
            (K::File, "", E::NotAFile),
            (K::File, "a picture of our hall", E::NotAFile),
            (K::File, files.as_str(), E::TooManyFiles),
        ] {
            assert_eq!(
                AnswerValue::parse(&question(kind), typed),
                Err(why),
                "{typed}"
            );
        }
    }

    #[test]
    fn a_budget_adds_up() {
        let budget = AnswerValue::parse(&question(QuestionKind::Budget), "Hall: 480\nTea: 20");
        assert_eq!(
            budget.ok().and_then(|budget| budget.total()),
            Some(Money::from_pounds(500))
        );
    }
}
