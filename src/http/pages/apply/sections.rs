//! The sections of an application, in their order: first those that rules and budgets use and that
//! are not encrypted, then the form's questions, and last who helped.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::answer_files::AnswerFiles;
use crate::domain::Money;
use crate::domain::application::{AnswerValue, ApplicationState, BudgetItem, REQUESTED};
use crate::domain::language::Language;
use crate::domain::money::AmountFault;
use crate::domain::organisation::{Question, QuestionKind};
use crate::domain::text::{Prose, Slug};
use crate::http::AppState;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::question_field::{amount_error_text, answer_error_text, in_words};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageError, ownership};
use crate::projections::{ApplicationRow, FundRow};

/// Keys of sections, as they appear in addresses.
pub const AMOUNT: &str = "amount";
pub const AREA: &str = "area";
pub const ACTIVITY: &str = "activity";
pub const PEOPLE_AT_RISK: &str = "people-at-risk";
pub const HELPER: &str = "helper";

/// A section of an application, with its answer. One page shows one section.
#[derive(Clone, Debug)]
pub struct Section {
    pub key: String,
    pub title: String,
    /// The answer in words.
    pub answer: String,
    /// The answer to a question of the form, as it is stored.
    pub stored: String,
    /// The files of the answer, at the addresses of the group's pages.
    pub files: AnswerFiles,
    /// The error in an answer that was saved before it was finished.
    pub needs: Option<String>,
    pub required: bool,
    pub own: Option<Question>,
}

/// A budget as a table: its lines and their total.
#[derive(Clone, Debug)]
pub struct BudgetTable {
    pub lines: Vec<BudgetItem>,
    pub total: Money,
}

impl BudgetTable {
    /// Reads a stored answer; `None` if it is no budget.
    pub fn parse(question: &Question, stored: &str) -> Option<Self> {
        let answer = AnswerValue::parse(question, stored).ok()?;
        let total = answer.total()?;
        match answer {
            AnswerValue::Budget(lines) if !lines.is_empty() => Some(Self { lines, total }),
            _ => None,
        }
    }
}

impl Section {
    /// The key by which the office names this section in a request for changes.
    pub fn change_key(&self) -> &str {
        if self.own.is_none() && self.key == AMOUNT {
            REQUESTED
        } else {
            &self.key
        }
    }

    /// What the office asks about this answer alone, until the group has sent it again.
    pub fn note<'a>(&self, row: &'a ApplicationRow) -> Option<&'a str> {
        let is_own = |(key, _): &(&Slug, &Prose)| key.as_str() == self.change_key();
        let own = row.changes_notes.iter().find(is_own);
        own.filter(|_| row.state == ApplicationState::ChangesRequested)
            .map(|(_, note)| note.as_str())
    }

    pub fn is_answered(&self) -> bool {
        !self.answer.is_empty()
    }

    /// Whether the application cannot be sent because of this section.
    pub fn is_to_do(&self) -> bool {
        self.needs.is_some() || (self.required && !self.is_answered())
    }

    /// The answer as a budget. `None` if the question asks for something else.
    pub fn budget(&self) -> Option<BudgetTable> {
        BudgetTable::parse(self.own.as_ref()?, &self.stored)
    }

    /// The language of the title, if it differs from the language of the page.
    pub fn lang(&self, language: impl std::borrow::Borrow<Language>) -> Option<&'static str> {
        self.own
            .as_ref()
            .filter(|question| !question.is_translated(*language.borrow()))
            .map(|_| Language::En.code())
    }
}

/// How the lines of a budget compare with the amount that the group asks for.
#[derive(Clone, Debug)]
pub struct BudgetSum {
    pub text: String,
    /// Whether they differ.
    pub differs: bool,
}

impl BudgetSum {
    /// Adds up the lines of a saved budget; `None` for other answers and unfinished ones.
    pub fn new(section: &Section, row: &ApplicationRow, language: Language) -> Option<Self> {
        let total = section.budget()?.total;
        let lines = translate_with("Your lines add up to {}.", &total.to_string(), language);
        let Some(requested) = row.requested else {
            return Some(Self {
                text: lines,
                differs: false,
            });
        };
        let differs = requested != total;
        let asked = if differs {
            translate_with("You asked for {}.", &requested.to_string(), language)
        } else {
            translate("That is what you asked for.", language).to_owned()
        };
        Some(Self {
            text: format!("{lines} {asked}"),
            differs,
        })
    }
}

/// The sections that the group can change now: all of a draft, and after a request for changes only
/// the requested ones.
pub async fn open_sections(
    app: &AppState,
    row: &ApplicationRow,
    language: Language,
) -> Result<Vec<Section>, PageError> {
    Ok(retain_open(row, all_sections(app, row, language).await?))
}

/// Retains the sections that the group can change now. After a request for changes these are the
/// sections that were sent back.
pub fn retain_open(row: &ApplicationRow, mut sections: Vec<Section>) -> Vec<Section> {
    if row.state == ApplicationState::ChangesRequested {
        sections.retain(|section| {
            row.changes_to
                .iter()
                .any(|asked| asked.as_str() == section.change_key())
        });
    }
    sections
}

/// Whether the day has passed by which the group could make the requested changes.
pub fn is_overdue(row: &ApplicationRow, today: Date) -> bool {
    row.state == ApplicationState::ChangesRequested
        && row.changes_due_on.is_some_and(|due_on| today > due_on)
}

/// The day by which the group is to reply to what the office asked.
pub fn reply_due_on(row: &ApplicationRow) -> Option<Date> {
    row.changes_due_on
        .filter(|_| row.state == ApplicationState::ChangesRequested)
}

/// Whether the group can change answers and submit the application.
pub fn is_open(row: &ApplicationRow, today: Date) -> bool {
    matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) && !is_overdue(row, today)
}

/// All sections of an application, with their answers.
pub async fn all_sections(
    app: &AppState,
    row: &ApplicationRow,
    language: Language,
) -> Result<Vec<Section>, PageError> {
    let fund: FundRow = app
        .views
        .find(row.fund, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let answers = app.views.answers(row.id, None).await?;
    let mut answers: BTreeMap<String, String> = answers
        .into_iter()
        .filter_map(|answer| Some((answer.question.to_string(), answer.answer?)))
        .collect();
    let activity = activity_label(app, row, &fund, language).await?;
    let mut sections = fixed_sections(row, activity, language);
    if row.is_unfinished(REQUESTED) {
        let amount = sections.iter_mut().find(|section| section.key == AMOUNT);
        if let (Some(section), Some(typed)) = (amount, answers.remove(REQUESTED)) {
            let wrong = parse_requested(&typed, &fund, language).err();
            section.needs = Some(wrong.unwrap_or_else(|| save_again(language)));
            section.answer = typed;
        }
    }
    sections.extend(question_sections(app, row, answers, language).await?);
    sections.push(helper_section(app, row, language).await?);
    Ok(sections)
}

/// Reads the amount that a group asks for. The error is the sentence that the page shows at the
/// field.
pub fn parse_requested(typed: &str, fund: &FundRow, language: Language) -> Result<Money, String> {
    let amount = AmountFault::parse(typed).map_err(|fault| amount_error_text(fault, language))?;
    if fund.rules.must_allow(amount).is_ok() {
        return Ok(amount);
    }
    let (minimum, maximum) = (fund.rules.minimum, fund.rules.maximum);
    Err(with_two(
        "Enter an amount between {} and {}",
        minimum,
        maximum,
        language,
    ))
}

/// The note about an answer that was saved as unfinished, although it is valid.
fn save_again(language: Language) -> String {
    translate("Check this answer, and save it again.", language).to_owned()
}

/// The sections that each application has, except the one on who helped.
fn fixed_sections(row: &ApplicationRow, activity: String, language: Language) -> Vec<Section> {
    let section = |key: &str, title: &str, answer: String| Section {
        key: key.to_owned(),
        title: translate(title, language).to_owned(),
        answer,
        stored: String::new(),
        files: AnswerFiles::default(),
        needs: None,
        required: true,
        own: None,
    };
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    let at_risk = match row.people_at_risk {
        Some(true) => translate("Yes", language),
        Some(false) => translate("No", language),
        None => "",
    };
    vec![
        section(AREA, "Where will it happen?", area.unwrap_or_default()),
        section(ACTIVITY, "What kind of activity is it?", activity),
        section(
            AMOUNT,
            "How much money do you need?",
            row.requested.map(|sum| sum.to_string()).unwrap_or_default(),
        ),
        section(
            PEOPLE_AT_RISK,
            "Will children, or adults who need support, take part?",
            at_risk.to_owned(),
        ),
    ]
}

/// The theme that the group chose, as its fund asks for it; empty before it chose.
pub async fn activity_label(
    app: &AppState,
    row: &ApplicationRow,
    fund: &FundRow,
    language: Language,
) -> Result<String, PageError> {
    let activity = row.activity.as_ref().map_or("", Slug::as_str);
    let names = ThemeNames::load(app).await?;
    Ok(names.label(&fund.rules.texts, activity, language))
}

/// A section for each question of the application's form.
async fn question_sections(
    app: &AppState,
    row: &ApplicationRow,
    mut answers: BTreeMap<String, String>,
    language: Language,
) -> Result<Vec<Section>, PageError> {
    let section = |question: Question| {
        let stored = answers
            .remove(question.question.as_str())
            .unwrap_or_default();
        let answer = if stored.is_empty() {
            String::new()
        } else {
            in_words(&question, &stored, language)
        };
        let needs = row.is_unfinished(question.question.as_str()).then(|| {
            AnswerValue::parse(&question, &stored).map_or_else(
                |why| answer_error_text(why, language),
                |_| save_again(language),
            )
        });
        Section {
            needs,
            key: question.question.to_string(),
            title: question.in_language(language).0.to_owned(),
            answer,
            stored,
            files: AnswerFiles::default(),
            required: question.required,
            own: Some(question),
        }
    };
    let questions = ownership::form_questions(app, row.form).await?;
    let mut sections: Vec<Section> = questions.into_iter().map(section).collect();
    for section in &mut sections {
        if is_file(section) {
            let of = (row.id, row.group.0);
            section.files = AnswerFiles::of_group(app, of, &section.stored, language).await?;
        }
    }
    Ok(sections)
}

fn is_file(section: &Section) -> bool {
    let own = section.own.as_ref();
    own.is_some_and(|question| question.kind == QuestionKind::File)
}

/// The section on who helped.
async fn helper_section(
    app: &AppState,
    row: &ApplicationRow,
    language: Language,
) -> Result<Section, PageError> {
    let helper = app
        .views
        .decrypt_applications(true, vec![row.clone()])
        .await?
        .pop()
        .and_then(|seen| seen.helper);
    Ok(Section {
        key: HELPER.to_owned(),
        title: translate("Did someone help you with the language?", language).to_owned(),
        answer: helper.unwrap_or_default(),
        stored: String::new(),
        files: AnswerFiles::default(),
        needs: None,
        required: false,
        own: None,
    })
}

/// Translates a text, and replaces its two placeholders.
pub fn with_two(
    text: &str,
    one: impl std::fmt::Display,
    two: impl std::fmt::Display,
    language: Language,
) -> String {
    translate_with(text, &one.to_string(), language).replacen("{}", &two.to_string(), 1)
}

/// The address of the next section, or of the page that reviews the answers.
pub fn path_after(id: uuid::Uuid, sections: &[Section], key: &str) -> String {
    let next = sections
        .iter()
        .skip_while(|section| section.key != key)
        .nth(1);
    next.map_or_else(
        || format!("/my/applications/{id}/check"),
        |next| format!("/my/applications/{id}/answer/{}", next.key),
    )
}

/// The address of the section before, or of the application's own page.
pub fn path_before(id: uuid::Uuid, sections: &[Section], key: &str) -> String {
    let before = sections
        .iter()
        .take_while(|section| section.key != key)
        .last();
    before.map_or_else(
        || format!("/my/applications/{id}"),
        |before| format!("/my/applications/{id}/answer/{}", before.key),
    )
}
