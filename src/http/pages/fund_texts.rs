//! The words of a fund for groups and for the panel: those of its rules, or else the usual ones.

use super::apply::sections::with_two;
use super::i18n::{translate, translate_with};
use super::words::{names_in_words, place_name};
use crate::domain::fund::FundTexts;
use crate::domain::language::Language;
use crate::projections::FundRow;

/// A question before someone applies, and what is shown to those who answer no.
pub struct Eligibility {
    pub question: String,
    pub if_no: String,
    /// The language of both, if it differs from that of the page.
    pub lang: Option<&'static str>,
}

/// A criterion by which the panel scores from 0 to 5: its key, its question, and what each score
/// means, if the fund says so.
pub struct CriterionText {
    pub key: String,
    pub label: String,
    pub anchors: Vec<String>,
}

/// The usual criteria, by key and question.
const CRITERIA: [(&str, &str); 3] = [
    (
        "need",
        "Need: would it reach people who are often left out?",
    ),
    ("people", "People: is it led by those it is for?"),
    ("local", "Local: does it build on what is there?"),
];

/// What the scores from 0 to 5 usually mean.
const ANCHORS: [&str; 6] = [
    "Not at all",
    "Very little",
    "A little",
    "Fairly well",
    "Well",
    "Very well",
];

/// The questions on eligibility, in their order: the area, those of the fund, the amount.
pub fn eligibility(fund: &FundRow, language: Language) -> Vec<Eligibility> {
    let areas: Vec<String> = fund
        .areas
        .iter()
        .map(|area| place_name(area.as_str()))
        .collect();
    let areas = names_in_words(&areas, translate("or", language));
    let (minimum, maximum) = (fund.rules.minimum, fund.rules.maximum);
    let usual = |question: String, if_no: String| Eligibility {
        question,
        if_no,
        lang: None,
    };
    let mut questions = vec![usual(
        translate_with("Will your activity be for people in {}?", &areas, language),
        translate_with(
            "This fund is only for people in {}. Your own council may know of a fund near you.",
            &areas,
            language,
        ),
    )];
    questions.extend(own_eligibility(&fund.rules.texts, language));
    if fund.rules.texts.eligibility.is_empty() {
        questions.extend(usual_eligibility(language));
    }
    questions.push(usual(
        with_two(
            translate("Do you need between {} and {}?", language),
            minimum,
            maximum,
            language,
        ),
        with_two(
            translate(
                "This fund only gives between {} and {}. Phone us and we will help you look for \
                    other funding.",
                language,
            ),
            minimum,
            maximum,
            language,
        ),
    ));
    questions
}

fn usual_eligibility(language: Language) -> [Eligibility; 2] {
    let texts = [
        (
            translate("Are at least two of you running it?", language),
            translate(
                "This fund is for groups of two or more people. You can ask a friend to join you, \
                    and come back.",
                language,
            ),
        ),
        (
            translate("Is it run for the community, not for profit?", language),
            translate(
                "This fund is only for groups that make no profit for anyone. Phone us if you are \
                    not sure.",
                language,
            ),
        ),
    ];
    texts.map(|(question, if_no)| Eligibility {
        question: question.to_owned(),
        if_no: if_no.to_owned(),
        lang: None,
    })
}

/// How many people a group needs: as many as sign the agreement, and at least two where the usual
/// questions on eligibility are asked.
pub fn people_needed(fund: &FundRow) -> u8 {
    let asked = if fund.rules.texts.eligibility.is_empty() {
        2
    } else {
        1
    };
    fund.rules.signers.max(asked)
}

/// The fund's own questions.
fn own_eligibility(texts: &FundTexts, language: Language) -> impl Iterator<Item = Eligibility> {
    texts.eligibility.iter().map(move |own| {
        let translated = own.other_languages.get(&language);
        let untranslated = translated.is_none() && language != Language::En;
        Eligibility {
            question: translated
                .map_or(&own.question, |translated| &translated.question)
                .to_string(),
            if_no: translated
                .map_or(&own.if_no, |translated| &translated.if_no)
                .to_string(),
            lang: untranslated.then(|| Language::En.code()),
        }
    })
}

/// The criteria of a fund, with what each score means.
pub fn criteria(texts: &FundTexts) -> Vec<CriterionText> {
    let usual = || ANCHORS.map(str::to_owned).to_vec();
    if texts.criteria.is_empty() {
        let text = |(key, label): (&str, &str)| CriterionText {
            key: key.to_owned(),
            label: label.to_owned(),
            anchors: usual(),
        };
        return CRITERIA.map(text).into_iter().collect();
    }
    let text = |own: &crate::domain::fund::Criterion| CriterionText {
        key: own.criterion.to_string(),
        label: own.label.to_string(),
        anchors: if own.anchors.is_empty() {
            usual()
        } else {
            own.anchors.iter().map(ToString::to_string).collect()
        },
    };
    texts.criteria.iter().map(text).collect()
}
