//! The page with a fund's own words: its name and purpose in other languages, the kinds of
//! activity, the questions on eligibility, and the criteria of the panel.
//!
//! They are part of the fund's rules. Before the fund opens, one administrator sets them.
//! Afterwards one proposes a change, and another confirms it.

use std::collections::BTreeMap;
use std::str::FromStr;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::form_draft::{free_key, language_field, other_languages};
use super::funds::fund_in_path;
use super::{DeskRequest, submit_command};
use crate::domain::fund::{
    ActivityKind, Criterion, EligibilityQuestion, EligibilityTranslation, FundState, FundTexts,
    FundTranslation, Rules, SetRules,
};
use crate::domain::language::Language;
use crate::domain::text::{Line, Slug};
use crate::domain::{Command, FundCommand, FundId, Role};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, fund_texts, ownership,
};
use crate::projections::FundRow;

/// The number of empty fields for questions and criteria on the page.
const SPARE: usize = 2;
/// The most questions and criteria that are read: as many as a fund may have.
const ITEMS_MAX: usize = 8;

#[derive(Template)]
#[template(path = "desk/fund_words.html")]
struct FundWordsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    fund: FundRow,
    languages: Vec<TranslationFields>,
    questions: Vec<QuestionFields>,
    criteria: Vec<CriterionFields>,
    /// Whether the organisation has adopted themes, so that the kinds of activity are among them.
    governed: bool,
    /// A second administrator must confirm the change.
    proposes: bool,
}

/// The fields of the fund in another language, each with its name and label.
struct TranslationFields {
    name: (String, String),
    purpose: (String, String),
    who: (String, String),
    activities: (String, String),
}

/// The fields of a question on eligibility: name and label of each, in every language.
struct QuestionFields(Vec<(String, String)>);

struct CriterionFields {
    label: String,
    anchors: String,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    let fund: FundRow = request.row(ownership::parse_uuid(id)?).await?;
    let forms = request.forms();
    let texts = &fund.rules.texts;
    let themes = ThemeNames::load(request.app).await?;
    let places = |count: usize| 0..(count + SPARE).min(ITEMS_MAX);
    let page = FundWordsPage {
        page: request.page_context("Words, languages and scoring").await?,
        wrong: forms.error_summary(),
        form: prefill(forms.form("fund-words"), texts, &themes),
        governed: !themes.adopted().is_empty(),
        languages: other_languages().map(TranslationFields::of).collect(),
        questions: places(texts.eligibility.len())
            .map(QuestionFields::at)
            .collect(),
        criteria: places(fund_texts::criteria(texts).len())
            .map(|at| CriterionFields {
                label: numbered("criterion", at),
                anchors: numbered("anchors", at),
            })
            .collect(),
        proposes: fund.state != FundState::Draft,
        fund,
    };
    request.render(&page)
}

impl TranslationFields {
    fn of(language: Language) -> Self {
        let english = language.english_name();
        let field = |field: &str, label: String| (language_field(field, language), label);
        Self {
            name: field("name", format!("The name in {english}")),
            purpose: field("purpose", format!("The purpose in {english}")),
            who: field("who", format!("Who it is for, in {english}")),
            activities: field(
                "activities",
                format!("Kinds of activity in {english}, in the same order"),
            ),
        }
    }
}

impl QuestionFields {
    fn at(at: usize) -> Self {
        let number = at + 1;
        let english = [
            (numbered("question", at), format!("Question {number}")),
            (
                numbered("if-no", at),
                format!("Question {number}: what we say if the answer is no"),
            ),
        ];
        let translated = other_languages().flat_map(|language| {
            let name = language.english_name();
            [
                (
                    language_field(&numbered("question", at), language),
                    format!("Question {number} in {name}"),
                ),
                (
                    language_field(&numbered("if-no", at), language),
                    format!("Question {number}: what we say if the answer is no, in {name}"),
                ),
            ]
        });
        Self(english.into_iter().chain(translated).collect())
    }
}

/// The name of a field of the item at an index.
fn numbered(name: &str, at: usize) -> String {
    format!("{name}-{at}")
}

/// Fills in the fund's words, or the usual ones where the fund has none.
fn prefill(form: Form, texts: &FundTexts, themes: &ThemeNames) -> Form {
    let text = |text: Option<String>| text.unwrap_or_default();
    let activities = |language: Language| {
        let labels = themes.choices(texts, language);
        let labels: Vec<String> = labels.into_iter().map(|(_, label)| label).collect();
        labels.join("\n")
    };
    let mut form = form
        .prefill("who", &text(texts.who.as_ref().map(ToString::to_string)))
        .prefill("activities", &activities(Language::En));
    for language in other_languages() {
        let known = texts.translation(language).cloned().unwrap_or_default();
        let values = [
            ("name", text(known.name.map(|name| name.to_string()))),
            (
                "purpose",
                text(known.purpose.map(|purpose| purpose.to_string())),
            ),
            ("who", text(known.who.map(|who| who.to_string()))),
            ("activities", activities(language)),
        ];
        for (field, value) in values {
            form = form.prefill(&language_field(field, language), &value);
        }
    }
    for (at, question) in texts.eligibility.iter().enumerate() {
        form = prefill_question(form, at, question);
    }
    for (at, criterion) in fund_texts::criteria(texts).iter().enumerate() {
        form = form
            .prefill(&numbered("criterion", at), &criterion.label)
            .prefill(&numbered("anchors", at), &criterion.anchors.join("\n"));
    }
    form
}

fn prefill_question(form: Form, at: usize, question: &EligibilityQuestion) -> Form {
    let (name, if_no) = (numbered("question", at), numbered("if-no", at));
    let form = form
        .prefill(&name, question.question.as_str())
        .prefill(&if_no, question.if_no.as_str());
    question
        .other_languages
        .iter()
        .fold(form, |form, (language, translated)| {
            form.prefill(
                &language_field(&name, *language),
                translated.question.as_str(),
            )
            .prefill(
                &language_field(&if_no, *language),
                translated.if_no.as_str(),
            )
        })
}

/// Sets the words of a fund that is being set up, or proposes them for one that was opened.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let fund = fund_in_path(&request, &app).await?;
    let back = format!("/desk/funds/{}/words", fund.id);
    let themes = ThemeNames::load(&app).await?;
    let texts = match (WordsReader {
        posted: &posted,
        themes: &themes,
        wrong: FieldErrors::new(),
    })
    .read(&fund)
    {
        Ok(texts) => texts,
        Err(wrong) => {
            let rejected = FormErrors::new("fund-words", &posted, wrong);
            return super::render_page_at(&app, &visitor, &back, Some(rejected)).await;
        }
    };
    let rules = SetRules {
        rules: Rules {
            texts,
            ..fund.rules.clone()
        },
    };
    let command = if fund.state == FundState::Draft {
        FundCommand::SetRules(rules)
    } else {
        FundCommand::ProposeRules(rules)
    };
    let name = command.name();
    let command = Command::Fund(FundId(fund.id), command);
    let next = format!("/desk/funds/{}", fund.id);
    submit_command::execute(&app, &visitor, &posted, command, name, &back, |_| next).await
}

/// Reads the posted words, and collects all errors.
struct WordsReader<'a> {
    posted: &'a FormData,
    themes: &'a ThemeNames,
    wrong: FieldErrors,
}

impl WordsReader<'_> {
    fn read(mut self, fund: &FundRow) -> Result<FundTexts, FieldErrors> {
        let texts = FundTexts {
            who: self.optional("who"),
            other_languages: self.translations(),
            activities: self.activities(fund),
            eligibility: (0..ITEMS_MAX).filter_map(|at| self.question(at)).collect(),
            criteria: self.criteria(fund),
        };
        if self.wrong.is_empty() {
            Ok(texts)
        } else {
            Err(self.wrong)
        }
    }

    fn miss(&mut self, field: &str, says: impl Into<String>) {
        self.wrong.push((field.to_owned(), says.into()));
    }

    /// A text that may be left empty.
    fn optional<T: FromStr>(&mut self, field: &str) -> Option<T> {
        let text = self.posted.text(field);
        if text.is_empty() {
            return None;
        }
        let parsed = text.parse().ok();
        if parsed.is_none() {
            self.miss(
                field,
                "This is too long, or has a character that we cannot save",
            );
        }
        parsed
    }

    fn required<T: FromStr>(&mut self, field: &str, says: &str) -> Option<T> {
        if self.posted.text(field).is_empty() {
            self.miss(field, says);
            return None;
        }
        self.optional(field)
    }

    fn translations(&mut self) -> BTreeMap<Language, FundTranslation> {
        let mut translations = BTreeMap::new();
        for language in other_languages() {
            let translation = FundTranslation {
                name: self.optional(&language_field("name", language)),
                purpose: self.optional(&language_field("purpose", language)),
                who: self.optional(&language_field("who", language)),
            };
            if translation != FundTranslation::default() {
                translations.insert(language, translation);
            }
        }
        translations
    }

    /// The kinds of activity. A kind whose label is unchanged keeps its key.
    fn activities(&mut self, fund: &FundRow) -> Vec<ActivityKind> {
        let labels = lines(self.posted.text("activities"));
        let mut known = self.themes.choices(&fund.rules.texts, Language::En);
        let themes = self.themes.current().iter();
        known.extend(themes.map(|theme| (theme.theme.to_string(), theme.name.to_string())));
        let translated: Vec<(Language, Vec<&str>)> = other_languages()
            .map(|language| (language, language_field("activities", language)))
            .map(|(language, field)| (language, lines(self.posted.text(&field))))
            .collect();
        for (language, there) in &translated {
            if !there.is_empty() && there.len() != labels.len() {
                let says = format!(
                    "Enter {} kinds of activity in {}, in the same order",
                    labels.len(),
                    language.english_name()
                );
                self.miss(&language_field("activities", *language), says);
            }
        }
        let mut kinds: Vec<ActivityKind> = Vec::new();
        for (at, label) in labels.iter().enumerate() {
            let Ok(line) = label.parse::<Line>() else {
                self.miss(
                    "activities",
                    "Use at most 140 letters for a kind of activity",
                );
                break;
            };
            let other = |(language, there): &(Language, Vec<&str>)| {
                Some((*language, there.get(at)?.parse().ok()?))
            };
            let kept = known.iter().find(|(_, known)| known == label);
            kinds.push(ActivityKind {
                activity: key_of(kept.map(|(key, _)| key.as_str()), label, "a", |key| {
                    kinds.iter().all(|kind| kind.activity != *key)
                }),
                label: line,
                other_languages: translated.iter().filter_map(other).collect(),
            });
        }
        self.must_be_themes(&kinds);
        kinds
    }

    /// Once the organisation has adopted themes, a fund offers only those.
    fn must_be_themes(&mut self, kinds: &[ActivityKind]) {
        let adopted = self.themes.adopted();
        let is_theme = |kind: &&ActivityKind| {
            adopted.is_empty() || adopted.iter().any(|theme| theme.theme == kind.activity)
        };
        if let Some(other) = kinds.iter().find(|kind| !is_theme(kind)) {
            let says = format!("“{}” is not one of your themes", other.label);
            self.miss("activities", says);
        }
    }

    /// The question on eligibility at an index; `None` if it is left empty.
    fn question(&mut self, at: usize) -> Option<EligibilityQuestion> {
        let (name, if_no) = (numbered("question", at), numbered("if-no", at));
        if self.posted.text(&name).is_empty() && self.posted.text(&if_no).is_empty() {
            return None;
        }
        let question = self.required(&name, "Enter the question");
        let no = self.required(&if_no, "Enter what we say if the answer is no");
        let mut translations = BTreeMap::new();
        for language in other_languages() {
            let fields = [
                language_field(&name, language),
                language_field(&if_no, language),
            ];
            if fields
                .iter()
                .all(|field| self.posted.text(field).is_empty())
            {
                continue;
            }
            let says = format!("Enter both texts in {}", language.english_name());
            let (question, if_no) = (
                self.required(&fields[0], &says),
                self.required(&fields[1], &says),
            );
            if let (Some(question), Some(if_no)) = (question, if_no) {
                let translation = EligibilityTranslation { question, if_no };
                translations.insert(language, translation);
            }
        }
        Some(EligibilityQuestion {
            question: question?,
            if_no: no?,
            other_languages: translations,
        })
    }

    fn criteria(&mut self, fund: &FundRow) -> Vec<Criterion> {
        let known = fund_texts::criteria(&fund.rules.texts);
        let mut criteria: Vec<Criterion> = Vec::new();
        for at in 0..ITEMS_MAX {
            let (name, anchors) = (numbered("criterion", at), numbered("anchors", at));
            let Some(label) = self.optional::<Line>(&name) else {
                continue;
            };
            let said: Option<Vec<Line>> = lines(self.posted.text(&anchors))
                .iter()
                .map(|line| line.parse().ok())
                .collect();
            let said = said.filter(|said| matches!(said.len(), 0 | 6));
            if said.is_none() {
                self.miss(&anchors, "Enter six lines, for 0 to 5 points, or none");
            }
            let kept = known.iter().find(|known| known.label == label.as_str());
            criteria.push(Criterion {
                criterion: key_of(
                    kept.map(|known| known.key.as_str()),
                    label.as_str(),
                    "c",
                    |key| criteria.iter().all(|other| other.criterion != *key),
                ),
                label,
                anchors: said.unwrap_or_default(),
            });
        }
        criteria
    }
}

/// The key that an item had, if it is free, or one made from its label.
fn key_of(known: Option<&str>, label: &str, prefix: &str, is_free: impl Fn(&Slug) -> bool) -> Slug {
    let known = known
        .and_then(|key| key.parse().ok())
        .filter(|key| is_free(key));
    known.unwrap_or_else(|| free_key(label, prefix, is_free))
}

/// The lines of a text that are not empty.
fn lines(text: &str) -> Vec<&str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect()
}
