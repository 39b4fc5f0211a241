//! Requesting changes to an application, and entering the changes for a group that answers by
//! telephone or on paper.

use std::collections::{BTreeMap, BTreeSet};

use super::action::{ActionSpec, sample};
use super::application_actions::read_by_group;
use super::grant_actions::file_choices;
use super::next_step::ABOUT;
use super::{DeskRequest, choices};
use crate::clock::day_of;
use crate::domain::application::{
    ApplicationHelp, ApplicationState, HelpKind, RequestChanges, Resubmit, SaveAnswers,
};
use crate::domain::file::FilePurpose;
use crate::domain::language::Language;
use crate::domain::organisation::{Question, QuestionKind};
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Slug;
use crate::domain::{ApplicationCommand as C, ApplicationId, Command, Money};
use crate::http::pages::components::NotedChoice;
use crate::http::pages::form::FieldType;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{PageError, ownership};
use crate::projections::{ApplicationRow, FundRow, RoundRow};

/// The purposes of files that can answer a question.
const ANSWER_PURPOSES: [FilePurpose; 4] = [
    FilePurpose::Enclosure,
    FilePurpose::Document,
    FilePurpose::Photograph,
    FilePurpose::Scan,
];

const REQUESTED: &str = "requested";
const AREA: &str = "area";
const ACTIVITY: &str = "activity";
const AT_RISK: &str = "people-at-risk";

/// The first choice of a field that need not be changed.
const UNCHANGED: &str = "As it was";

/// What can be asked again apart from the form's questions, by key and label.
const FIXED_QUESTIONS: [(&str, &str); 4] = [
    (REQUESTED, "How much they ask for"),
    (AREA, "Where it happens"),
    (ACTIVITY, "The theme"),
    (AT_RISK, "Whether children or adults at risk take part"),
];

/// An application whose group is asked for changes, or that is changed for its group.
pub(super) struct AssistedChanges<'a> {
    pub request: &'a DeskRequest<'a>,
    pub row: &'a ApplicationRow,
    pub fund: &'a FundRow,
    pub round: &'a RoundRow,
}

impl AssistedChanges<'_> {
    fn spec(&self, title: &str, command: C) -> ActionSpec {
        ActionSpec::new(
            title,
            Command::Application(ApplicationId(self.row.id), command),
        )
    }

    fn is_requested(&self, key: &str) -> bool {
        self.row
            .changes_to
            .iter()
            .any(|request| request.as_str() == key)
    }

    /// The action that asks the group for changes. While the group has not answered, the request
    /// can be repeated with another day.
    pub async fn request_changes(&self) -> Result<ActionSpec, PageError> {
        let today = day_of(self.request.app.commands.now());
        let questions = ownership::form_questions(self.request.app, self.round.form).await?;
        let is_question = |key: &str| {
            questions
                .iter()
                .any(|question| question.question.as_str() == key)
        };
        let beside = FIXED_QUESTIONS.iter().filter(|(key, _)| !is_question(key));
        let beside = beside.map(|(key, says)| ((*key).to_owned(), (*says).to_owned()));
        let keys: Vec<_> = questions
            .iter()
            .map(|question| (question.question.to_string(), question.label.to_string()))
            .chain(beside)
            .collect();
        let first: BTreeSet<Slug> = keys
            .iter()
            .take(1)
            .filter_map(|(key, _)| key.parse().ok())
            .collect();
        let again = self.row.state == ApplicationState::ChangesRequested;
        let title = if again {
            "Ask again, or give them more time"
        } else {
            "Ask a question"
        };
        let request = C::RequestChanges(RequestChanges {
            questions: first,
            note: sample("note"),
            notes: BTreeMap::new(),
            due_on: today,
        });
        let about = self.request.text(ABOUT).to_owned();
        let requested = self.row.changes_to.iter().filter(|_| again);
        let ticked: BTreeSet<String> = requested
            .map(ToString::to_string)
            .chain(Some(about).filter(|about| keys.iter().any(|(key, _)| key == about)))
            .collect();
        let choices = keys
            .into_iter()
            .map(|(key, label)| self.asked_choice(key, label, again))
            .collect();
        let spec = self.spec(title, request).noted_checkboxes(
            "questions",
            "Which answers is it about?",
            choices,
        );
        Ok(ticked
            .into_iter()
            .fold(spec, ActionSpec::prefill)
            .text_area("note", "Your question")
            .hint(&read_by_group(self.row.language))
            .prefill(self.row.note.clone().filter(|_| again).unwrap_or_default())
            .day("due_on", "By when")
            .prefill(today.saturating_add(jiff::Span::new().days(14))))
    }

    /// A question that can be asked about, with a box for what is asked about it alone.
    fn asked_choice(&self, key: String, label: String, again: bool) -> NotedChoice {
        let notes = &self.row.changes_notes;
        let own = notes.iter().find(|(of, _)| of.as_str() == key);
        let note = own.filter(|_| again).map(|(_, note)| note.to_string());
        NotedChoice {
            note_name: format!("notes.{key}"),
            note_label: format!("Only about “{label}”, if you like"),
            note: note.unwrap_or_default(),
            value: key,
            label,
        }
    }

    /// The actions that enter the group's changes and submit the application again. None unless
    /// changes are requested.
    pub async fn answer_actions(&self) -> Result<Vec<ActionSpec>, PageError> {
        if self.row.state != ApplicationState::ChangesRequested {
            return Ok(Vec::new());
        }
        let verbatim = HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        };
        let title = "Send it again for the group: in their own words, and read back to them";
        let read_back = self
            .resubmit("resubmit-read-back", title, verbatim)
            .hidden_as(
                FieldType::YesNo,
                "help.kind.keyed_verbatim.read_back",
                "yes",
            );
        let title = "Send it again for the group: I helped with the wording, so I have a conflict \
            of interest";
        let helped = self
            .resubmit("resubmit-helped", title, HelpKind::HelpedToWord)
            .hidden("help.kind", "helped_to_word");
        Ok(vec![self.save_answers().await?, read_back, helped])
    }

    fn resubmit(&self, form: &str, title: &str, kind: HelpKind) -> ActionSpec {
        let by = self.request.signed.reader.person;
        let help = Some(ApplicationHelp { by, kind });
        self.spec(title, C::Resubmit(Resubmit { help }))
            .form(form)
            .hidden("help.by", by)
            .button("Send it again")
    }

    /// The action that saves new answers, with fields only for what the group was asked to change.
    async fn save_answers(&self) -> Result<ActionSpec, PageError> {
        let questions = ownership::form_questions(self.request.app, self.round.form).await?;
        let open: Vec<_> = questions
            .into_iter()
            .filter(|question| self.is_requested(question.question.as_str()))
            .collect();
        let themes = ThemeNames::load(self.request.app).await?;
        let themes = themes.choices(&self.fund.rules.texts, Language::En);
        let save = C::SaveAnswers(self.sample_answers(&open, &themes));
        let fixed = FIXED_QUESTIONS
            .into_iter()
            .filter(|(key, _)| self.is_requested(key))
            .fold(
                self.spec("Enter the group’s new answers", save),
                |spec, (key, label)| self.fixed_question_field(spec, (key, label), &themes),
            );
        let group = [self.row.group.to_string()];
        let files = self.request.app.views.files_of(&group, None).await?;
        let files = file_choices(&files, &ANSWER_PURPOSES);
        Ok(open.iter().fold(fixed, |spec, question| {
            own_question_field(spec, question, &files)
        }))
    }

    /// Adds the field of a key of [`FIXED_QUESTIONS`], filled in with the recorded value.
    fn fixed_question_field(
        &self,
        spec: ActionSpec,
        (key, label): (&str, &str),
        themes: &[(String, String)],
    ) -> ActionSpec {
        let row = self.row;
        let or_unchanged = |choices: Vec<(String, String)>| {
            std::iter::once((String::new(), UNCHANGED.to_owned()))
                .chain(choices)
                .collect()
        };
        match key {
            REQUESTED => spec
                .money("requested", label)
                .prefill(row.requested.map(Money::as_typed).unwrap_or_default()),
            AREA => {
                let areas = self.fund.areas.iter();
                let areas = areas.map(|area| (area.to_string(), place_name(area.as_str())));
                spec.select("area", label, or_unchanged(areas.collect()))
                    .prefill(text_or_empty(row.area.as_ref()))
            }
            ACTIVITY => spec
                .select("activity", label, or_unchanged(themes.to_vec()))
                .prefill(text_or_empty(row.activity.as_ref())),
            _ => spec
                .select_as(
                    FieldType::YesNo,
                    "people_at_risk",
                    label,
                    or_unchanged(choices(["yes", "no"])),
                )
                .prefill(match row.people_at_risk {
                    None => "",
                    Some(true) => "yes",
                    Some(false) => "no",
                }),
        }
    }

    /// Sample answers to all requested questions, for the dry run.
    fn sample_answers(&self, open: &[Question], themes: &[(String, String)]) -> SaveAnswers {
        let row = self.row;
        SaveAnswers {
            requested: self
                .is_requested(REQUESTED)
                .then_some(row.requested.unwrap_or(self.fund.rules.minimum)),
            area: row.area.clone().filter(|_| self.is_requested(AREA)),
            activity: themes
                .first()
                .filter(|_| self.is_requested(ACTIVITY))
                .and_then(|(theme, _)| theme.parse().ok()),
            people_at_risk: self
                .is_requested(AT_RISK)
                .then_some(row.people_at_risk == Some(true)),
            answers: open
                .iter()
                .map(|question| {
                    (
                        question.question.clone(),
                        PersonalInput::Open("words".to_owned()),
                    )
                })
                .collect(),
            ..SaveAnswers::default()
        }
    }
}

/// Adds the field of a question of the form. `files` are the group's files that can answer one.
fn own_question_field(
    spec: ActionSpec,
    question: &Question,
    files: &[(String, String)],
) -> ActionSpec {
    let (name, label) = (
        format!("answers.{}", question.question),
        question.label.as_str(),
    );
    let unchanged = (String::new(), UNCHANGED.to_owned());
    let labels = |join: &str| {
        let labels = question.options.iter().map(|option| option.label.as_str());
        labels.collect::<Vec<_>>().join(join)
    };
    match question.kind {
        QuestionKind::OneChoice => {
            let options = question.options.iter();
            let options =
                options.map(|option| (option.option.to_string(), option.label.to_string()));
            spec.select(
                &name,
                label,
                std::iter::once(unchanged).chain(options).collect(),
            )
        }
        QuestionKind::YesNo => {
            let options = choices(["yes", "no"]);
            spec.select(
                &name,
                label,
                std::iter::once(unchanged).chain(options).collect(),
            )
        }
        QuestionKind::File => spec.select(
            &name,
            label,
            std::iter::once(unchanged)
                .chain(files.iter().cloned())
                .collect(),
        ),
        QuestionKind::SeveralChoices => spec
            .text_area(&name, label)
            .hint(&format!("One on each line: {}.", labels("; "))),
        QuestionKind::Budget => spec
            .text_area(&name, label)
            .hint("One item on each line, with its amount: Hall, 24 weeks: £480"),
        QuestionKind::ShortText | QuestionKind::Number => spec.text(&name, label),
        QuestionKind::Date => spec.day(&name, label),
        QuestionKind::LongText => spec.text_area(&name, label),
    }
}

fn text_or_empty(key: Option<&Slug>) -> String {
    key.map(ToString::to_string).unwrap_or_default()
}
