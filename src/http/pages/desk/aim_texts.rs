//! The page of the aims: choosing them, what is counted for each, and what people are asked.
//! Publishing adopts them as the next version. A question that people were asked never changes, so
//! one with other words or answers becomes a new question.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::{HttpResponse, web};
use askama::Template;
use strum::VariantArray as _;

use super::action::Choices;
use super::aims::level_name;
use super::form_draft::{language_field, other_languages};
use super::texts::organisation;
use super::{DeskRequest, submit_command};
use crate::domain::aim::{AIMS_MAX, Aim, AimCount, AimOption, AimQuestion, starter_aims};
use crate::domain::language::Language;
use crate::domain::organisation::AdoptAims;
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::{Command, OrganisationCommand, Role};
use crate::http::AppState;
use crate::http::pages::aim_words::count_name;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::words::capitalised;
use crate::http::pages::{Form, FormData, FormErrors, PageContext, PageError, PostedForm};

const PAGE: &str = "/desk/texts/aims";
const FORM: &str = "aims";
/// The number of empty aims at the end of the form, and of empty questions at the end of each.
const NEW_AIMS: usize = 1;
const NEW_QUESTIONS: usize = 1;
/// The most questions of one aim that the form takes.
const QUESTIONS_MAX: usize = 12;
/// The longest key that is made from words.
const KEY_MAX: usize = 40;
const TOO_LONG: &str = "Enter at most 140 letters";

#[derive(Template)]
#[template(path = "desk/aim_texts.html")]
struct AimTextsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    aims: Vec<AimFields>,
    levels: Choices,
    counts: Choices,
}

/// The names of the fields of one aim.
struct AimFields {
    key: String,
    name: String,
    /// Its name in each other language: the field and its label.
    translated: Vec<(String, String)>,
    level: String,
    counts: String,
    questions: Vec<AimQuestionFields>,
}

/// The names of the fields of one question.
struct AimQuestionFields {
    key: String,
    words: String,
    options: String,
    source: String,
    licence: String,
}

impl AimFields {
    fn at(at: usize, questions: usize) -> Self {
        let name = format!("name-{at}");
        let translated = other_languages().map(|language| {
            let label = format!("Name in {}", language.english_name());
            (language_field(&name, language), label)
        });
        Self {
            key: format!("key-{at}"),
            translated: translated.collect(),
            level: format!("level-{at}"),
            counts: format!("counts-{at}"),
            questions: (0..questions)
                .map(|question| AimQuestionFields::at(at, question))
                .collect(),
            name,
        }
    }
}

impl AimQuestionFields {
    fn at(aim: usize, at: usize) -> Self {
        Self {
            key: format!("question-{aim}-{at}"),
            words: format!("words-{aim}-{at}"),
            options: format!("options-{aim}-{at}"),
            source: format!("source-{aim}-{at}"),
            licence: format!("licence-{aim}-{at}"),
        }
    }

    fn is_empty(&self, posted: &FormData) -> bool {
        posted.text(&self.words).is_empty() && posted.text(&self.options).is_empty()
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Administrator) {
        return Err(PageError::forbidden());
    }
    let own = organisation(request).await?;
    let known = if own.aims.is_empty() {
        starter_aims()
    } else {
        own.aims
    };
    let count = (known.len() + NEW_AIMS).min(AIMS_MAX);
    let questions = |at: usize| {
        let known = known.get(at).map_or(0, |aim| aim.questions.len());
        (known + NEW_QUESTIONS).min(QUESTIONS_MAX)
    };
    let fields: Vec<AimFields> = (0..count)
        .map(|at| AimFields::at(at, questions(at)))
        .collect();
    let forms = request.forms();
    let filled = known.iter().zip(&fields);
    let form = filled.fold(forms.form(FORM), |form, (aim, names)| {
        filled_in(form, aim, names)
    });
    let level = |level: u8| (level.to_string(), level_name(level).to_owned());
    let counted = |count: &AimCount| {
        let key: &str = (*count).into();
        let name = capitalised(count_name(*count, Language::En));
        (key.to_owned(), name)
    };
    let page = AimTextsPage {
        page: request.page_context("Aims").await?,
        wrong: forms.error_summary(),
        form,
        version: own.aims_version,
        aims: fields,
        levels: (1..=5).map(level).collect(),
        counts: AimCount::VARIANTS.iter().map(counted).collect(),
    };
    request.render(&page)
}

/// The form with what an aim says now.
fn filled_in(form: Form, aim: &Aim, names: &AimFields) -> Form {
    let mut form = form
        .prefill(&names.key, aim.aim.as_str())
        .prefill(&names.name, aim.name.as_str())
        .prefill(&names.level, &aim.level.to_string());
    for (language, name) in &aim.other_languages {
        form = form.prefill(&language_field(&names.name, *language), name.as_str());
    }
    for count in &aim.counts {
        form = form.prefill(&names.counts, (*count).into());
    }
    for (question, names) in aim.questions.iter().zip(&names.questions) {
        let labels: Vec<&str> = question
            .options
            .iter()
            .map(|option| option.label.as_str())
            .collect();
        form = form
            .prefill(&names.key, question.question.as_str())
            .prefill(&names.words, question.words.as_str())
            .prefill(&names.options, &labels.join("\n"))
            .prefill(&names.source, question.source.as_str())
            .prefill(&names.licence, question.licence.as_str());
    }
    form
}

pub(super) async fn adopt(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let own = app
        .views
        .cached_organisation(app.commands.organisation())
        .await?;
    let (known, version) = own.map_or((Vec::new(), 0), |own| (own.aims.clone(), own.aims_version));
    let reader = AimsReader {
        posted: &posted,
        known: known.into_iter().chain(starter_aims()).collect(),
        next: version.saturating_add(1),
        wrong: FieldErrors::new(),
    };
    let aims = match reader.read() {
        Ok(aims) => aims,
        Err(wrong) => {
            let rejected = FormErrors::new(FORM, &posted, wrong);
            return super::render_page_at(&app, &visitor, PAGE, Some(rejected)).await;
        }
    };
    let command = Command::Organisation(
        app.commands.organisation(),
        OrganisationCommand::AdoptAims(AdoptAims { aims }),
    );
    let next = |_| PAGE.to_owned();
    submit_command::execute(&app, &visitor, &posted, command, "adopt-aims", PAGE, next).await
}

/// Reads the aims of the form, with the errors so far.
struct AimsReader<'a> {
    posted: &'a FormData,
    /// The aims in force, then those to start from.
    known: Vec<Aim>,
    /// The version that is adopted. Keys of new questions end with it, so that they are new.
    next: u32,
    wrong: FieldErrors,
}

impl AimsReader<'_> {
    /// The aims in their order, or the errors of all of them. An aim without a name is left out.
    fn read(mut self) -> Result<Vec<Aim>, FieldErrors> {
        let mut aims: Vec<Aim> = Vec::new();
        for at in 0..AIMS_MAX {
            let aim = self.aim(&AimFields::at(at, QUESTIONS_MAX), &aims);
            aims.extend(aim);
        }
        if aims.is_empty() && self.wrong.is_empty() {
            self.miss("name-0", "Enter at least one aim");
        }
        if self.wrong.is_empty() {
            Ok(aims)
        } else {
            Err(self.wrong)
        }
    }

    fn miss(&mut self, field: &str, says: &str) {
        self.wrong.push((field.to_owned(), says.to_owned()));
    }

    /// An aim, after those before it. `None` if it is left out or has an error.
    fn aim(&mut self, names: &AimFields, before: &[Aim]) -> Option<Aim> {
        let posted = self.posted;
        let typed = posted.text(&names.name);
        let is_known = !posted.text(&names.key).is_empty();
        if typed.is_empty() {
            let has_words = names.questions.iter().any(|one| !one.is_empty(posted));
            if !is_known && has_words {
                self.miss(&names.name, "Say what the aim is");
            }
            return None;
        }
        let name: Option<Line> = self.text(&names.name, TOO_LONG);
        let key = match posted.text(&names.key) {
            "" => key_of(typed),
            key => slug_of(key),
        };
        if before.iter().any(|aim| aim.aim.as_str() == key) {
            self.miss(&names.name, &format!("“{typed}” is in the list already"));
        }
        let key: Option<Slug> = key.parse().ok();
        if key.is_none() {
            self.miss(&names.name, "Begin the name with a letter from A to Z");
        }
        let level = posted.text(&names.level).parse::<u8>().ok();
        let level = level.filter(|level| (1..=5).contains(level));
        if level.is_none() {
            self.miss(&names.level, "Choose how close it is to what we do");
        }
        let counts: BTreeSet<AimCount> = posted
            .all(&names.counts)
            .filter_map(|count| count.parse().ok())
            .collect();
        let questions = self.questions(names, before);
        if counts.is_empty() && questions.is_empty() && self.wrong.is_empty() {
            let says = "Tick what is counted, or enter what people are asked";
            self.miss(&names.counts, says);
        }
        let translated = self.translations(names);
        Some(Aim {
            aim: key?,
            name: name?,
            level: level?,
            counts,
            questions,
            other_languages: translated,
        })
    }

    /// A text that has to be there, or the error that says so.
    fn text<T: std::str::FromStr>(&mut self, field: &str, says: &str) -> Option<T> {
        let text = self.posted.text(field).parse::<T>().ok();
        if text.is_none() {
            self.miss(field, says);
        }
        text
    }

    fn translations(&mut self, names: &AimFields) -> BTreeMap<Language, Line> {
        let mut found = BTreeMap::new();
        for language in other_languages() {
            let field = language_field(&names.name, language);
            if self.posted.text(&field).is_empty() {
                continue;
            }
            if let Some(name) = self.text(&field, TOO_LONG) {
                found.insert(language, name);
            }
        }
        found
    }

    /// The questions of an aim. One whose words and answers are both empty is left out.
    fn questions(&mut self, names: &AimFields, before: &[Aim]) -> Vec<AimQuestion> {
        let mut found: Vec<AimQuestion> = Vec::new();
        for one in &names.questions {
            if one.is_empty(self.posted) {
                continue;
            }
            let Some(question) = self.question(one) else {
                continue;
            };
            let earlier = before.iter().flat_map(|aim| &aim.questions);
            let mut earlier = earlier.chain(&found);
            if earlier.any(|known| known.question == question.question) {
                self.miss(&one.words, "This question is in the list already");
            } else {
                found.push(question);
            }
        }
        found
    }

    /// A question: as it was, if its words and answers are, or else a new one.
    fn question(&mut self, names: &AimQuestionFields) -> Option<AimQuestion> {
        let words: Option<Line> = self.text(&names.words, "Enter the question in one line");
        let options = self.options(&names.options);
        let source: Option<Prose> = self.text(&names.source, "Say who wrote the question");
        let licence = "Say which licence it has";
        let licence: Option<Line> = self.text(&names.licence, licence);
        let (words, options) = (words?, options?);
        let key = self.posted.text(&names.key);
        let is_same = |known: &&AimQuestion| {
            let labels = known.options.iter().map(|option| &option.label);
            known.question.as_str() == key && known.words == words && labels.eq(&options)
        };
        let known = self
            .known
            .iter()
            .flat_map(|aim| &aim.questions)
            .find(is_same);
        if let Some(known) = known {
            return Some(AimQuestion {
                source: source?,
                licence: licence?,
                ..known.clone()
            });
        }
        let Some(question) = question_key(words.as_str(), self.next) else {
            self.miss(&names.words, "Begin the question with a letter from A to Z");
            return None;
        };
        Some(AimQuestion {
            question,
            words,
            options: with_keys(options),
            source: source?,
            licence: licence?,
            other_languages: BTreeMap::new(),
        })
    }

    /// The answers that people choose from, one on each line.
    fn options(&mut self, field: &str) -> Option<Vec<Line>> {
        let lines = self.posted.text(field).lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
        let read: Vec<Line> = lines.iter().filter_map(|line| line.parse().ok()).collect();
        let distinct: BTreeSet<&str> = read.iter().map(Line::as_str).collect();
        let says = if !(2..=30).contains(&lines.len()) {
            "Enter two answers or more, each on a line of its own"
        } else if read.len() < lines.len() {
            "Enter each answer in at most 140 letters"
        } else if distinct.len() < read.len() {
            "Enter each answer once"
        } else {
            return Some(read);
        };
        self.miss(field, says);
        None
    }
}

/// The options of a new question, with keys in their order.
fn with_keys(labels: Vec<Line>) -> Vec<AimOption> {
    let mut used: BTreeSet<String> = BTreeSet::new();
    let mut options = Vec::new();
    for (at, label) in labels.into_iter().enumerate() {
        let made = key_of(label.as_str());
        let made = Some(made).filter(|key| key.parse::<Slug>().is_ok() && !used.contains(key));
        let key = made.unwrap_or_else(|| format!("answer-{}", at.saturating_add(1)));
        used.insert(key.clone());
        if let Ok(option) = key.parse() {
            options.push(AimOption {
                option,
                label,
                other_languages: BTreeMap::new(),
            });
        }
    }
    options
}

/// The key of a new question. It ends with the version in which it is new: no other has it.
fn question_key(words: &str, version: u32) -> Option<Slug> {
    let end = format!("-v{version}");
    let most = KEY_MAX.saturating_sub(end.len());
    let key: String = slug_of(words).chars().take(most).collect();
    format!("{}{end}", key.trim_end_matches('-')).parse().ok()
}

/// A key that is made from words.
fn key_of(words: &str) -> String {
    let key: String = slug_of(words).chars().take(KEY_MAX).collect();
    key.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(fields.iter().map(pair).collect())
    }

    fn read(posted: &FormData) -> Result<Vec<Aim>, FieldErrors> {
        let reader = AimsReader {
            posted,
            known: starter_aims(),
            next: 4,
            wrong: FieldErrors::new(),
        };
        reader.read()
    }

    const BELONGING: &str = "How strongly do you feel you belong to your immediate neighbourhood?";
    const STRENGTHS: &str =
        "Very strongly\nFairly strongly\nNot very strongly\nNot at all strongly";

    #[test]
    fn a_question_keeps_its_key_until_its_words_change() {
        let with = |words: &str| {
            let form = posted(&[
                ("name-0", "People belong"),
                ("level-0", "4"),
                ("question-0-0", "belonging"),
                ("words-0-0", words),
                ("options-0-0", STRENGTHS),
                ("source-0-0", "Community Life Survey"),
                ("licence-0-0", "OGL"),
            ]);
            let aims = read(&form).expect("an aim");
            aims[0].questions[0].clone()
        };
        let same = with(BELONGING);
        assert_eq!(same.question.as_str(), "belonging");
        assert_eq!(same.source.as_str(), "Community Life Survey");
        let other = with("Do you feel at home here?");
        assert_eq!(other.question.as_str(), "do-you-feel-at-home-here-v4");
        assert_eq!(other.options[3].option.as_str(), "not-at-all-strongly");
    }

    #[test]
    fn each_wrong_field_is_named() {
        let form = posted(&[
            ("name-0", "People meet"),
            ("level-0", "9"),
            ("counts-0", "sessions"),
            ("name-1", "People belong"),
            ("level-1", "4"),
            ("words-1-0", "Do you?"),
            ("options-1-0", "Yes"),
        ]);
        let wrong = read(&form).expect_err("errors");
        let fields: Vec<&str> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(
            fields,
            ["level-0", "options-1-0", "source-1-0", "licence-1-0"]
        );
        let nothing = read(&posted(&[])).expect_err("an error");
        assert_eq!(nothing.len(), 1);
        let empty = posted(&[("name-0", "People meet"), ("level-0", "1")]);
        assert_eq!(read(&empty).expect_err("an error")[0].0, "counts-0");
    }

    #[test]
    fn answers_that_make_no_key_are_numbered() {
        let labels = ["0", "1", "Yes", "yes!"].map(|label| label.parse().expect("a line"));
        let options = with_keys(labels.into());
        let keys: Vec<&str> = options.iter().map(|one| one.option.as_str()).collect();
        assert_eq!(keys, ["answer-1", "answer-2", "yes", "answer-4"]);
    }
}
