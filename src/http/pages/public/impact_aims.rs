//! The aims on the page of impact: what was counted, compared with the year before, and the first
//! answers compared with later ones.

use crate::domain::aim::AimOption;
use crate::domain::language::Language;
use crate::http::AppState;
use crate::http::pages::aim_words::{count_name, shown_answer, shown_number};
use crate::http::pages::charts::DaySelection;
use crate::http::pages::{PageContext, PageError};
use crate::views::{AimCountLine, AimLine, TallyComparison, TallySum};

/// The aims that have something to show on a day.
pub(super) struct AimsImpact {
    /// The first days of the quarter and of the one a year before, in words.
    pub quarter: String,
    pub year_before: String,
    pub aims: Vec<AimImpact>,
}

pub(super) struct AimImpact {
    pub name: String,
    pub counts: Vec<AimCountShown>,
    pub questions: Vec<AimQuestionShown>,
}

/// Something that was counted for an aim.
pub(super) struct AimCountShown {
    pub name: &'static str,
    pub quarter: String,
    pub year_before: String,
}

/// A question with what people answered.
pub(super) struct AimQuestionShown {
    pub words: String,
    /// The language of the words, if it is not that of the page.
    pub lang: Option<&'static str>,
    /// How many people answered at the beginning and later, and when.
    pub asked: [String; 2],
    /// The options, each with its two numbers.
    pub options: Vec<(String, [String; 2])>,
    pub source: String,
    pub licence: String,
}

/// What came of the aims until a day; none if nothing was counted or answered.
pub(super) async fn aims_impact(
    page: &PageContext,
    app: &AppState,
    days: &DaySelection,
) -> Result<Option<AimsImpact>, PageError> {
    let as_at = days.chosen.map(|_| days.position);
    let summary = app.views.aims(as_at, days.day(), false).await?;
    let aims: Vec<AimImpact> = summary
        .aims
        .iter()
        .map(|aim| AimImpact::new(page, aim))
        .filter(|aim| !aim.counts.is_empty() || !aim.questions.is_empty())
        .collect();
    Ok((!aims.is_empty()).then(|| AimsImpact {
        quarter: page.day(summary.quarter),
        year_before: page.day(summary.year_before),
        aims,
    }))
}

impl AimImpact {
    fn new(page: &PageContext, aim: &AimLine) -> Self {
        let is_asked = |one: &&TallyComparison| one.baseline.tallies + one.follow_up.tallies > 0;
        let name = aim.other_languages.get(&page.language).unwrap_or(&aim.name);
        let count = |line: &AimCountLine| AimCountShown::new(page, line);
        let question = |one: &TallyComparison| AimQuestionShown::new(page, one);
        Self {
            name: name.to_string(),
            counts: aim.counts.iter().map(count).collect(),
            questions: aim
                .questions
                .iter()
                .filter(is_asked)
                .map(question)
                .collect(),
        }
    }
}

impl AimCountShown {
    fn new(page: &PageContext, line: &AimCountLine) -> Self {
        Self {
            name: count_name(line.count, page.language),
            quarter: shown_number(line.quarter, page.language),
            year_before: shown_number(line.year_before, page.language),
        }
    }
}

impl AimQuestionShown {
    fn new(page: &PageContext, of: &TallyComparison) -> Self {
        let (question, language) = (&of.question, page.language);
        let is_here = language == Language::En || question.other_languages.contains_key(&language);
        let option = |option: &AimOption| {
            let answers = [&of.baseline, &of.follow_up]
                .map(|sum| shown_answer(sum, &option.option, language));
            (option.label_in(language).to_owned(), answers)
        };
        Self {
            words: question.words_in(language).to_owned(),
            lang: (!is_here).then(|| Language::En.code()),
            asked: [&of.baseline, &of.follow_up].map(|sum| asked_text(page, sum)),
            options: question.options.iter().map(option).collect(),
            source: question.source.to_string(),
            licence: question.licence.to_string(),
        }
    }
}

/// How many people answered, and when.
fn asked_text(page: &PageContext, sum: &TallySum) -> String {
    let (Some(first), Some(last)) = (sum.asked_from, sum.asked_until) else {
        return page.t("not asked yet").to_owned();
    };
    let people = shown_number(sum.people, page.language);
    let people = page.t_with("People who answered: {}", people);
    let days = if first == last {
        page.day(first)
    } else {
        format!("{} {} {}", page.day(first), page.t("to"), page.day(last))
    };
    format!("{people}, {days}")
}
