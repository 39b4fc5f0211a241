//! Requesting changes to an application, and entering the changes for a group that answers by
//! telephone or on paper.

use std::collections::BTreeSet;

use super::action::{Action, Availability};
use super::{DeskRequest, choices, choices_or_none};
use crate::clock::day_of;
use crate::domain::application::{
    ApplicationHelp, ApplicationState, HelpKind, RequestChanges, Resubmit, SaveAnswers,
};
use crate::domain::language::Language;
use crate::domain::organisation::Question;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Slug;
use crate::domain::{ApplicationCommand as C, ApplicationId, Command};
use crate::http::pages::apply::activity_choices;
use crate::http::pages::{PageError, PageForms, ownership};
use crate::projections::{ApplicationRow, FundRow, RoundRow};

const REQUESTED: &str = "requested";
const AREA: &str = "area";
const ACTIVITY: &str = "activity";
const AT_RISK: &str = "people-at-risk";

/// What can be asked again apart from the form's questions, by key and label.
const FIXED_QUESTIONS: [(&str, &str); 4] = [
    (REQUESTED, "How much they ask for"),
    (AREA, "The area"),
    (ACTIVITY, "The kind of activity"),
    (AT_RISK, "Whether children or adults at risk take part"),
];

/// An application whose group is asked for changes, or that is changed for its group.
pub(super) struct AssistedChanges<'a> {
    pub asked: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a ApplicationRow,
    pub fund: &'a FundRow,
    pub round: &'a RoundRow,
}

impl AssistedChanges<'_> {
    fn path(&self, name: &str) -> String {
        format!("/desk/do/applications/{}/{name}", self.row.id)
    }

    async fn availability(&self, command: C) -> Result<Availability, PageError> {
        Availability::check(
            self.asked.desk,
            self.asked.visitor,
            Command::Application(ApplicationId(self.row.id), command),
        )
        .await
    }

    fn is_requested(&self, key: &str) -> bool {
        self.row
            .changes_to
            .iter()
            .any(|asked| asked.as_str() == key)
    }

    /// The action that asks the group for changes. While the group has not answered, the request
    /// can be repeated with another day.
    pub async fn request_changes(&self) -> Result<Action, PageError> {
        let today = day_of(self.asked.desk.commands.now());
        let questions = ownership::form_questions(self.asked.desk, self.round.form).await?;
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
        let trial = RequestChanges {
            questions: first,
            note: "note".parse().expect("a short text"),
            due_on: today,
        };
        let again = self.row.state == ApplicationState::ChangesRequested;
        let title = if again {
            "Ask the group again, or give it another day"
        } else {
            "Ask the group to change something"
        };
        let offered = self.availability(C::RequestChanges(trial)).await?;
        let mut act = Action::new(
            self.forms,
            "request-changes",
            title,
            &self.path("request-changes"),
            offered,
        )
        .checkboxes("questions:l", "Which answers", keys)
        .text_area_with_hint("note", "What you ask", "The group reads this.")
        .day("due_on", "By when")
        .prefill("due_on", today.saturating_add(jiff::Span::new().days(14)));
        for key in self.row.changes_to.iter().filter(|_| again) {
            act = act.prefill("questions:l", key);
        }
        Ok(act.prefill(
            "note",
            self.row.note.clone().filter(|_| again).unwrap_or_default(),
        ))
    }

    /// The actions that enter the group's changes and submit the application again. None unless
    /// changes are requested.
    pub async fn answer_actions(&self) -> Result<Vec<Action>, PageError> {
        if self.row.state != ApplicationState::ChangesRequested {
            return Ok(Vec::new());
        }
        let verbatim = HelpKind::KeyedVerbatim {
            read_back: true,
            scan: None,
        };
        let title = "Hand it in again for the group: I keyed it in as it was, and read it back";
        let read_back = self
            .resubmit("resubmit-read-back", title, verbatim)
            .await?
            .hidden("help.kind.keyed_verbatim.read_back:b", "yes");
        let title = "Hand it in again for the group: I helped with the words, and leave the decision to others";
        let helped = self
            .resubmit("resubmit-helped", title, HelpKind::HelpedToWord)
            .await?
            .hidden("help.kind", "helped_to_word");
        Ok(vec![self.save_answers().await?, read_back, helped])
    }

    async fn resubmit(&self, form: &str, title: &str, kind: HelpKind) -> Result<Action, PageError> {
        let by = self.asked.signed.reader.person;
        let offered = self
            .availability(C::Resubmit(Resubmit {
                help: Some(ApplicationHelp { by, kind }),
            }))
            .await?;
        Ok(
            Action::new(self.forms, form, title, &self.path("resubmit"), offered)
                .hidden("help.by", by)
                .button("Hand it in again"),
        )
    }

    /// The action that saves new answers, with fields only for what the group was asked to change.
    async fn save_answers(&self) -> Result<Action, PageError> {
        let questions = ownership::form_questions(self.asked.desk, self.round.form).await?;
        let open: Vec<_> = questions
            .into_iter()
            .filter(|question| self.is_requested(question.question.as_str()))
            .collect();
        let offered = self
            .availability(C::SaveAnswers(self.sample_answers(&open)))
            .await?;
        let mut act = Action::new(
            self.forms,
            "save-answers",
            "Write down the group's new answers",
            &self.path("save-answers"),
            offered,
        );
        for (key, says) in FIXED_QUESTIONS
            .into_iter()
            .filter(|(key, _)| self.is_requested(key))
        {
            act = self.fixed_question_field(act, key, says);
        }
        for question in &open {
            act = act.text_area(
                &format!("answers.{}", question.question),
                question.label.as_str(),
            );
        }
        Ok(act)
    }

    /// Adds the field of a key of [`FIXED_QUESTIONS`], filled in with the recorded value.
    fn fixed_question_field(&self, act: Action, key: &str, says: &str) -> Action {
        let row = self.row;
        let as_it_was = "as it was";
        match key {
            REQUESTED => act.money("requested:m", says).prefill(
                "requested:m",
                row.requested.map(String::from).unwrap_or_default(),
            ),
            AREA => act
                .select(
                    "area",
                    says,
                    choices_or_none(as_it_was, self.fund.areas.iter().map(Slug::as_str)),
                )
                .prefill(
                    "area",
                    row.area
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                ),
            ACTIVITY => {
                let kinds = std::iter::once((String::new(), as_it_was.to_owned()))
                    .chain(activity_choices(Language::En))
                    .collect();
                act.select("activity", says, kinds).prefill(
                    "activity",
                    row.activity
                        .as_ref()
                        .map(ToString::to_string)
                        .unwrap_or_default(),
                )
            }
            _ => {
                let known = row
                    .people_at_risk
                    .map_or("", |yes| if yes { "yes" } else { "no" });
                let yes_or_no = std::iter::once((String::new(), as_it_was.to_owned()))
                    .chain(choices(["yes", "no"]))
                    .collect();
                act.select("people_at_risk:b", says, yes_or_no)
                    .prefill("people_at_risk:b", known)
            }
        }
    }

    /// Sample answers to all requested questions, for the dry run.
    fn sample_answers(&self, open: &[Question]) -> SaveAnswers {
        let row = self.row;
        SaveAnswers {
            requested: self
                .is_requested(REQUESTED)
                .then_some(row.requested.unwrap_or(self.fund.rules.minimum)),
            area: row.area.clone().filter(|_| self.is_requested(AREA)),
            activity: self
                .is_requested(ACTIVITY)
                .then(|| "other".parse().expect("a slug")),
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
        }
    }
}
