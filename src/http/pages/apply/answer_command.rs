//! The command that saves what was typed as the answer to a question.

use std::collections::{BTreeMap, BTreeSet};

use super::sections::{ACTIVITY, AMOUNT, AREA, PEOPLE_AT_RISK, Section, parse_requested};
use crate::domain::application::{AnswerValue, ChooseLanguage, REQUESTED, SaveAnswers};
use crate::domain::language::Language;
use crate::domain::organisation::{Question, QuestionKind};
use crate::domain::personal_data::PersonalInput;
use crate::domain::{ApplicationCommand, Money};
use crate::http::pages::FormData;
use crate::http::pages::form_reader::text_error;
use crate::http::pages::i18n::translate;
use crate::http::pages::question_field::{self, answer_error_text};
use crate::projections::FundRow;

/// Parses an answer into a command. `None` if an optional question was left empty.
pub(super) fn parse_answer(
    section: &Section,
    fund: &FundRow,
    posted: &FormData,
    language: Language,
) -> Result<Option<ApplicationCommand>, String> {
    if let Some(question) = &section.own {
        return parse_own_answer((question, &section.stored), posted, language);
    }
    let typed = posted.text("answer");
    let miss = |says: &str| Err(translate(says, language).to_owned());
    let save = |answers: SaveAnswers| Ok(Some(ApplicationCommand::SaveAnswers(answers)));
    match section.key.as_str() {
        AMOUNT => save(SaveAnswers {
            requested: Some(parse_requested(typed, fund, language)?),
            ..SaveAnswers::default()
        }),
        AREA | ACTIVITY => match typed.parse() {
            Ok(chosen) if section.key == AREA => save(SaveAnswers {
                area: Some(chosen),
                ..SaveAnswers::default()
            }),
            Ok(chosen) => save(SaveAnswers {
                activity: Some(chosen),
                ..SaveAnswers::default()
            }),
            Err(_) => miss("Choose one of these"),
        },
        PEOPLE_AT_RISK => match typed {
            "yes" | "no" => save(SaveAnswers {
                people_at_risk: Some(typed == "yes"),
                ..SaveAnswers::default()
            }),
            _ => miss("Choose yes or no"),
        },
        _ if typed.is_empty() && language == Language::En => Ok(None),
        _ => {
            let helper = match typed {
                "" => None,
                typed => Some(
                    PersonalInput::try_from(typed.to_owned())
                        .map_err(|error| translate(text_error(&error), language).to_owned())?,
                ),
            };
            Ok(Some(ApplicationCommand::ChooseLanguage(ChooseLanguage {
                language,
                helper,
                spoken_language: None,
            })))
        }
    }
}

/// Parses the answer to a question of the form. If the question is optional, an empty field removes
/// the saved answer.
fn parse_own_answer(
    (question, stored): (&Question, &str),
    posted: &FormData,
    language: Language,
) -> Result<Option<ApplicationCommand>, String> {
    let typed = question_field::entered(posted, "answer");
    if typed.is_empty() {
        if !question.required {
            let empty = PersonalInput::Open(String::new());
            return Ok((!stored.is_empty()).then(|| save_answer(question, empty)));
        }
        let says = match question.kind {
            QuestionKind::LongText | QuestionKind::ShortText => {
                translate("Enter an answer. A sentence or two is fine.", language)
            }
            QuestionKind::OneChoice | QuestionKind::SeveralChoices => {
                translate("Choose one of these", language)
            }
            QuestionKind::YesNo => translate("Choose yes or no", language),
            QuestionKind::Number => translate("Enter a number in figures, such as 40", language),
            QuestionKind::Date => translate("Enter a day, such as 05/07/2026", language),
            QuestionKind::Budget => translate("Enter at least one line", language),
            QuestionKind::File => translate("Add a photo or a PDF", language),
        };
        return Err(says.to_owned());
    }
    let answer =
        AnswerValue::parse(question, &typed).map_err(|why| answer_error_text(why, language))?;
    let words = PersonalInput::try_from(answer.stored())
        .map_err(|error| translate(text_error(&error), language).to_owned())?;
    Ok(Some(save_answer(question, words)))
}

fn save_answer(question: &Question, words: PersonalInput) -> ApplicationCommand {
    ApplicationCommand::SaveAnswers(SaveAnswers {
        answers: BTreeMap::from([(question.question.clone(), words)]),
        ..SaveAnswers::default()
    })
}

/// The command that takes the last file out of an answer that is required. The question is then
/// still to be answered. `None` if it had no file.
pub(super) fn answer_without_files(section: &Section, typed: &str) -> Option<ApplicationCommand> {
    let question = section.own.as_ref()?;
    let had_files = question.kind == QuestionKind::File && !section.stored.is_empty();
    (typed.is_empty() && had_files).then(|| {
        let key = question.question.clone();
        ApplicationCommand::SaveAnswers(SaveAnswers {
            answers: BTreeMap::from([(key.clone(), PersonalInput::Open(String::new()))]),
            unfinished: BTreeSet::from([key]),
            ..SaveAnswers::default()
        })
    })
}

/// The command that saves an answer as it was typed, to be finished later. `None` for the sections
/// that every form has, except the amount, and if the text is too long even for an unfinished
/// answer.
pub(super) fn unfinished_answer(section: &Section, typed: &str) -> Option<ApplicationCommand> {
    let key = match &section.own {
        Some(question) => question.question.clone(),
        None if section.key == AMOUNT => REQUESTED.parse().ok()?,
        None => return None,
    };
    let words = PersonalInput::unfinished(typed).ok()?;
    Some(ApplicationCommand::SaveAnswers(SaveAnswers {
        answers: BTreeMap::from([(key.clone(), words)]),
        unfinished: BTreeSet::from([key]),
        ..SaveAnswers::default()
    }))
}

/// Parses an amount in pounds, with or without a pound sign, commas and spaces.
pub(in crate::http::pages) fn parse_amount(typed: &str) -> Option<Money> {
    Money::parse_formatted(typed).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_read_as_people_type_it() {
        for (typed, pounds) in [("850", 850), ("£1,200", 1200), (" 1 200.00 ", 1200)] {
            assert_eq!(
                parse_amount(typed),
                Some(Money::from_pounds(pounds)),
                "{typed}"
            );
        }
        for typed in ["", "about 800", "-5", "1.234"] {
            assert_eq!(parse_amount(typed), None, "{typed}");
        }
    }
}
