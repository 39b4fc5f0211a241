//! The page of the aims at the desk. It compares the counts of a quarter with those of the same
//! quarter a year earlier, and the first answers with later ones, as at any day.

use actix_web::HttpResponse;
use askama::Template;

use super::DeskRequest;
use crate::domain::Role;
use crate::domain::aim::AimOption;
use crate::domain::language::{Language, day_text};
use crate::http::pages::aim_words::{count_name, shown_answer, shown_number};
use crate::http::pages::charts::DaySelection;
use crate::http::pages::words::capitalised;
use crate::http::pages::{PageContext, PageError};
use crate::views::{AimCountLine, AimLine, TallyComparison, TallySum};

#[derive(Template)]
#[template(path = "desk/aims.html")]
struct AimsPage {
    page: PageContext,
    days: DaySelection,
    quarter: String,
    year_before: String,
    aims: Vec<AimCard>,
    /// Whether the reader may choose the aims.
    administers: bool,
}

/// What came of one aim.
struct AimCard {
    name: String,
    level: &'static str,
    /// What was counted, in the quarter and a year before.
    counts: Vec<(String, String, String)>,
    questions: Vec<AimQuestionCard>,
}

/// A question with what people answered at the beginning and later.
struct AimQuestionCard {
    words: String,
    asked: [String; 2],
    options: Vec<(String, [String; 2])>,
}

/// How far an aim is from what the programme does.
pub(super) fn level_name(level: u8) -> &'static str {
    match level {
        1 => "1: what we do",
        2 => "2: what people take from it",
        3 => "3: what people do with it",
        4 => "4: what changes for people",
        _ => "5: what lasts",
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let (day, slide) = (request.text("day"), request.text("slide"));
    let days = DaySelection::from_query(request.app, day, slide).await?;
    let as_at = days.chosen.map(|_| days.position);
    let sees_small = request.signed.reader.sees_all();
    let views = &request.app.views;
    let summary = views.aims(as_at, days.day(), sees_small).await?;
    let page = AimsPage {
        page: request.page_context("What came of our aims").await?,
        days,
        quarter: day_text(summary.quarter),
        year_before: day_text(summary.year_before),
        aims: summary.aims.iter().map(AimCard::new).collect(),
        administers: request.signed.reader.roles.contains(&Role::Administrator),
    };
    request.render(&page)
}

impl AimCard {
    fn new(aim: &AimLine) -> Self {
        let count = |line: &AimCountLine| {
            (
                capitalised(count_name(line.count, Language::En)),
                shown_number(line.quarter, Language::En),
                shown_number(line.year_before, Language::En),
            )
        };
        Self {
            name: aim.name.to_string(),
            level: level_name(aim.level),
            counts: aim.counts.iter().map(count).collect(),
            questions: aim.questions.iter().map(AimQuestionCard::new).collect(),
        }
    }
}

impl AimQuestionCard {
    fn new(of: &TallyComparison) -> Self {
        let option = |option: &AimOption| {
            let answers = [&of.baseline, &of.follow_up]
                .map(|sum| shown_answer(sum, &option.option, Language::En));
            (option.label.to_string(), answers)
        };
        Self {
            words: of.question.words.to_string(),
            asked: [&of.baseline, &of.follow_up].map(asked_text),
            options: of.question.options.iter().map(option).collect(),
        }
    }
}

/// How many people answered, in how many tallies, and when.
fn asked_text(sum: &TallySum) -> String {
    let (Some(first), Some(last)) = (sum.asked_from, sum.asked_until) else {
        return "Not asked yet".to_owned();
    };
    let people = shown_number(sum.people, Language::En);
    let times = if sum.tallies == 1 {
        "asked once".to_owned()
    } else {
        format!("asked {} times", sum.tallies)
    };
    let days = if first == last {
        day_text(first)
    } else {
        format!("{} to {}", day_text(first), day_text(last))
    };
    format!("{people} people, {times}, {days}")
}
