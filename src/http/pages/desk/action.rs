//! An action on a page of the desk: the form of a command, or the reason why the command would be
//! refused.
//!
//! A page lists its actions as a table of [`ActionSpec`]s, with a sample of each command.
//! [`DeskRequest::actions`] decides by a dry run of the sample which of them the reader may take:
//! the rules of the domain alone say so.

use std::str::FromStr;

use askama::Template;
use askama::filters::HtmlSafe;

use super::DeskRequest;
use crate::commands::CommandError;
use crate::domain::language::day_text;
use crate::domain::{Command, Refusal, RefusalKind};
use crate::http::api::{RESOURCES, Resource};
use crate::http::pages::components::NotedChoice;
use crate::http::pages::form::{FieldType, SURE};
use crate::http::pages::words::check_name;
use crate::http::pages::{Form, PageError, PageForms};

/// The choices of a field, by value and label.
pub(super) type Choices = Vec<(String, String)>;

/// An action, with its form, as its page shows it.
#[derive(Template)]
#[template(path = "parts/act.html")]
pub struct Action {
    pub title: String,
    /// What the reader should know before they take the action. Empty if there is nothing to know.
    pub about: String,
    /// The address that the form is posted to.
    pub path: String,
    pub button: String,
    /// A second button for a preview: the address that it posts to, and its label.
    pub preview: Option<(String, String)>,
    /// The address of a page on which the reader searches for a record and picks it. The form leads
    /// there and posts nothing.
    pub search: Option<String>,
    pub fields: Vec<ActionField>,
    pub form: Form,
    pub availability: Availability,
    /// The action cannot be undone. Its button is coloured as a warning.
    pub destructive: bool,
    /// The form is unfolded when the page is shown.
    pub open: bool,
}

impl HtmlSafe for Action {}

/// The form of an action.
#[derive(Template)]
#[template(path = "parts/act_form.html")]
pub struct ActionBody<'a> {
    action: &'a Action,
    /// Whether its button is the main one of the page.
    main: bool,
}

impl HtmlSafe for ActionBody<'_> {}

impl Action {
    pub fn body(&self, main: bool) -> ActionBody<'_> {
        ActionBody { action: self, main }
    }

    /// Whether the form has fields to fill in.
    pub fn needs_words(&self) -> bool {
        let shown = |field: &ActionField| !matches!(field.kind, ActionFieldKind::Hidden(_));
        self.fields.iter().any(shown)
    }
}

/// A field of an action's form. Its name is the path of a JSON field of the command, see
/// [`crate::http::pages::FormData::to_json`].
pub struct ActionField {
    pub name: String,
    pub label: String,
    pub hint: String,
    pub kind: ActionFieldKind,
}

pub enum ActionFieldKind {
    Hidden(String),
    Text,
    TextArea,
    Money,
    Number,
    Day,
    Select(Choices),
    Checkboxes(Choices),
    NotedCheckboxes(Vec<NotedChoice>),
}

/// Whether an action is available to the reader.
pub enum Availability {
    Available,
    /// The reason, shown instead of the form.
    Unavailable(String),
    /// Nothing is shown, because the action does not fit the record's state or the reader's roles.
    Hidden,
}

impl Availability {
    fn from_refusal(refusal: &Refusal) -> Self {
        use Refusal as R;
        match refusal {
            R::NotYours
            | R::NotOfGroup
            | R::Unknown(_)
            | R::NotProposed
            | R::NotInvited
            | R::PayeeWaitsNot
            | R::NothingDue
            | R::Exists(_)
            | R::InterestStands
            | R::MembersOwnAct
            | R::RoleHeld
            | R::RoleNotHeld
            | R::FundNotInState(_)
            | R::RoundNotInState(_)
            | R::ApplicationNotInState(_)
            | R::GrantNotInState(_)
            | R::PaymentNotInState(_)
            | R::UpdateNotInState(_)
            | R::CheckNotInState(_)
            | R::VariationNotInState(_)
            | R::TakenBackTooLate
            | R::NoChange
            | R::CheckNotOnFile
            | R::GatheringNotInState(_)
            | R::SessionNotInState(_)
            | R::IntroductionNotInState(_)
            | R::TakenBack
            | R::SessionPassed
            | R::AssetNotInState(_)
            | R::ListingWithdrawn
            | R::BarrierNotInState(_)
            | R::Joined
            | R::NotSummedUp
            | R::NotPassedOn
            // The record's page shows this separately.
            | R::Erased
            | R::GroupMerged
            // The sample's amount is too much: there is nothing to pay, to return or to take.
            | R::OverPaid { .. }
            | R::UnderspendTooLarge { .. }
            | R::ClawbackTooLarge { .. }
            | R::ReturnNotDue { .. }
            | R::MoreThanPaid { .. }
            | R::BelowZero { .. } => Self::Hidden,
            // The reader can enter a lower amount than the sample's.
            R::NotAffordable { left, .. } if !left.is_zero() => Self::Available,
            // The sample command lacks input that the form asks for.
            other if other.kind() == RefusalKind::Input => Self::Available,
            other => Self::Unavailable(reason_of(other)),
        }
    }
}

/// Why the reader cannot take an action now, in one or two plain sentences.
fn reason_of(refusal: &Refusal) -> String {
    use Refusal as R;
    match refusal {
        R::NotDeclared => "first say if you have a conflict of interest.".to_owned(),
        R::Interested => "you have a conflict of interest, so you take no part.".to_owned(),
        R::SawScores => {
            "you have seen the scores of others. Only people who have not can score.".to_owned()
        }
        R::QuorumMissing { needed, present } => format!(
            "it needs {needed} panel members who have declared no conflict of interest. So far \
             there are {present}."
        ),
        R::SummaryMissing => "write the public summary first.".to_owned(),
        R::NoAgreement => "publish an agreement first.".to_owned(),
        R::AgreementNotAccepted => "the group has not accepted the agreement yet.".to_owned(),
        R::CheckOutstanding(check) => {
            format!(
                "finish this check first: {}.",
                check_name(check).to_lowercase()
            )
        }
        R::PayeeNotVerified => "someone has to check the bank details first.".to_owned(),
        R::NotAffordable { .. } => "no money is left for this area.".to_owned(),
        R::GrantOnHold => "payments of this grant are on hold.".to_owned(),
        R::GrantOpen => "the group has a grant that is not finished.".to_owned(),
        R::StillInRole => "end all of their roles first.".to_owned(),
        R::ReminderNotDue => {
            "it is not late yet, or we sent a reminder today. A group gets at most one a day."
                .to_owned()
        }
        R::RecordsKept(day) => {
            format!(
                "we must keep records of the money until {}.",
                day_text(*day)
            )
        }
        R::OfferStands(day) => format!("the offer is open until {}.", day_text(*day)),
        R::OfferExpired(day) => format!("the offer ran out on {}.", day_text(*day)),
        R::RoundOpen(day) => format!("groups can apply until {}.", day_text(*day)),
        R::ChangesOverdue(day) => format!("they had until {} to answer.", day_text(*day)),
        R::LettersNotDue(day) => format!("the letters go out on {}.", day_text(*day)),
        R::ConfirmedTooLate(day) => format!("the last day to confirm it was {}.", day_text(*day)),
        R::InstalmentNotDue(day) => format!("it is due on {}.", day_text(*day)),
        R::PayeeWaits(day) => format!(
            "details of the group changed. No money goes out before {}.",
            day_text(*day)
        ),
        other => format!("{other}. {}", other.advice()),
    }
}

/// A text of a sample command, for a dry run.
pub fn sample<T: FromStr>(text: &str) -> T {
    text.parse()
        .unwrap_or_else(|_| panic!("{text:?} is a sample of this type"))
}

/// One row of a page's table of actions.
pub struct ActionSpec {
    /// A sample of the command, for the dry run. Its name and record are the address of the form.
    command: Command,
    /// The name of the form on its page. It is the name of the command, unless the page has several
    /// forms for that command.
    form: String,
    title: String,
    about: String,
    button: String,
    preview: Option<String>,
    fields: Vec<ActionField>,
    prefilled: Vec<(String, String)>,
    destructive: bool,
    open: bool,
    /// The kind of record that the sample does not name, and the page on which the reader picks it.
    picked: Option<(&'static str, String)>,
    /// The page itself has checked that the reader may take the action. No dry run.
    unchecked: bool,
    /// Shown in place of the action if it would be hidden.
    if_hidden: Option<&'static str>,
}

impl ActionSpec {
    /// The title is also the label of the button.
    pub fn new(title: impl Into<String>, command: Command) -> Self {
        let title = title.into();
        Self {
            form: command.name().to_owned(),
            command,
            button: title.clone(),
            title,
            about: String::new(),
            preview: None,
            fields: Vec::new(),
            prefilled: Vec::new(),
            destructive: false,
            open: false,
            picked: None,
            unchecked: false,
            if_hidden: None,
        }
    }

    /// Names the form, where a page has several of one command.
    pub fn form(self, name: impl Into<String>) -> Self {
        Self {
            form: name.into(),
            ..self
        }
    }

    pub fn button(self, label: impl Into<String>) -> Self {
        Self {
            button: label.into(),
            ..self
        }
    }

    /// Says above the form what the reader should know.
    pub fn about(self, about: impl Into<String>) -> Self {
        Self {
            about: about.into(),
            ..self
        }
    }

    /// Adds a statement that the reader must tick before the form is accepted. The command does not
    /// contain it.
    pub fn must_tick(self, label: &str, statement: &str) -> Self {
        // The empty field tells a form whose box is not ticked from a form without the box.
        let choice = vec![("yes".to_owned(), statement.to_owned())];
        self.hidden(SURE, "")
            .field(SURE, label, ActionFieldKind::Checkboxes(choice))
    }

    /// Adds a second button, for a preview that records nothing.
    pub fn preview(self, label: &str) -> Self {
        Self {
            preview: Some(label.to_owned()),
            ..self
        }
    }

    pub fn destructive(self) -> Self {
        Self {
            destructive: true,
            ..self
        }
    }

    pub fn expanded(self) -> Self {
        Self { open: true, ..self }
    }

    /// Replaces the form with a search for a record of a kind, on a page where the reader picks it.
    /// The sample names no record, so [`Refusal::Unknown`] for this kind does not hide the action.
    pub fn picks(self, kind: &'static str, page: String, label: &str, hint: &str) -> Self {
        Self {
            picked: Some((kind, page)),
            fields: Vec::new(),
            ..self
        }
        .text("q", label)
        .hint(hint)
    }

    /// Leaves out the dry run: the page has checked that the reader may take the action.
    pub fn unchecked(self) -> Self {
        Self {
            unchecked: true,
            ..self
        }
    }

    /// Shows a reason where the action would be hidden.
    pub fn if_hidden(self, reason: &'static str) -> Self {
        Self {
            if_hidden: Some(reason),
            ..self
        }
    }

    fn field(mut self, name: impl Into<String>, label: &str, kind: ActionFieldKind) -> Self {
        self.fields.push(ActionField {
            name: name.into(),
            label: label.to_owned(),
            hint: String::new(),
            kind,
        });
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass ids and keys that they make for it"
    )]
    pub fn hidden(self, name: &str, value: impl ToString) -> Self {
        self.field(name, "", ActionFieldKind::Hidden(value.to_string()))
    }

    /// Adds a hidden field whose value is not a text in the command's JSON.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass numbers and sums that they make for it"
    )]
    pub fn hidden_as(self, field: FieldType, name: &str, value: impl ToString) -> Self {
        let value = ActionFieldKind::Hidden(value.to_string());
        self.field(field.name_of(name), "", value)
    }

    pub fn hidden_number(self, name: &str, value: impl ToString) -> Self {
        self.hidden_as(FieldType::Number, name, value)
    }

    pub fn text(self, name: &str, label: &str) -> Self {
        self.field(name, label, ActionFieldKind::Text)
    }

    /// Adds a field for a name from which a key is made: "Winter 2026" becomes `winter-2026`.
    pub fn key(self, name: &str, label: &str) -> Self {
        self.field(FieldType::Key.name_of(name), label, ActionFieldKind::Text)
    }

    /// Adds a field for names, one on each line. A key is made from each name.
    pub fn keys(self, name: &str, label: &str) -> Self {
        let name = FieldType::Keys.name_of(name);
        self.field(name, label, ActionFieldKind::TextArea)
    }

    pub fn text_area(self, name: &str, label: &str) -> Self {
        self.field(name, label, ActionFieldKind::TextArea)
    }

    /// Adds a field for texts, one on each line.
    pub fn lines(self, name: &str, label: &str) -> Self {
        let name = FieldType::Lines.name_of(name);
        self.field(name, label, ActionFieldKind::TextArea)
    }

    pub fn money(self, name: &str, label: &str) -> Self {
        self.field(
            FieldType::Money.name_of(name),
            label,
            ActionFieldKind::Money,
        )
    }

    pub fn number(self, name: &str, label: &str) -> Self {
        self.field(
            FieldType::Number.name_of(name),
            label,
            ActionFieldKind::Number,
        )
    }

    pub fn day(self, name: &str, label: &str) -> Self {
        self.field(name, label, ActionFieldKind::Day)
    }

    pub fn select(self, name: &str, label: &str, choices: Choices) -> Self {
        self.field(name, label, ActionFieldKind::Select(choices))
    }

    /// Adds a choice whose values are not texts in the command's JSON.
    pub fn select_as(self, field: FieldType, name: &str, label: &str, choices: Choices) -> Self {
        self.field(field.name_of(name), label, ActionFieldKind::Select(choices))
    }

    /// Adds a list of checkboxes.
    pub fn checkboxes(self, name: &str, label: &str, choices: Choices) -> Self {
        let name = FieldType::List.name_of(name);
        self.field(name, label, ActionFieldKind::Checkboxes(choices))
    }

    /// Adds a list of checkboxes, each with a text box for a note about it.
    pub fn noted_checkboxes(mut self, name: &str, label: &str, choices: Vec<NotedChoice>) -> Self {
        let notes = choices
            .iter()
            .map(|one| (one.note_name.clone(), one.note.clone()));
        self.prefilled.extend(notes);
        let name = FieldType::List.name_of(name);
        self.field(name, label, ActionFieldKind::NotedCheckboxes(choices))
    }

    /// Adds a checkbox with a statement that the reader agrees to.
    pub fn tick(self, name: &str, label: &str, statement: &str) -> Self {
        let choice = vec![("yes".to_owned(), statement.to_owned())];
        let name = FieldType::YesNo.name_of(name);
        self.field(name, label, ActionFieldKind::Checkboxes(choice))
    }

    /// Adds a hint to the last field.
    pub fn hint(mut self, hint: &str) -> Self {
        if let Some(field) = self.fields.last_mut() {
            hint.clone_into(&mut field.hint);
        }
        self
    }

    /// Fills in the last field with a likely value.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "callers pass days and sums that they make for it"
    )]
    pub fn prefill(mut self, value: impl ToString) -> Self {
        if let Some(field) = self.fields.last() {
            self.prefilled.push((field.name.clone(), value.to_string()));
        }
        self
    }

    /// The part of the form's address after `/desk/do`. A new record has no id yet.
    fn address(&self) -> String {
        let (name, resource) = (self.command.name(), resource_of(&self.command));
        if resource.id_parameter.is_none() || resource.create_command == Some(name) {
            format!("{}/{name}", resource.plural)
        } else {
            format!("{}/{}/{name}", resource.plural, self.command.id())
        }
    }
}

fn resource_of(command: &Command) -> &'static Resource {
    let plural = match command {
        Command::Person(..) => "people",
        Command::Organisation(..) => "organisation",
        Command::Fund(..) => "funds",
        Command::Group(..) => "groups",
        Command::Application(..) => "applications",
        Command::Grant(..) => "grants",
        Command::Gathering(..) => "gatherings",
        Command::Asset(..) => "assets",
        Command::Introduction(..) => "introductions",
        Command::Barrier(..) => "barriers",
    };
    RESOURCES
        .iter()
        .find(|resource| resource.plural == plural)
        .expect("each aggregate is a resource of the API")
}

impl DeskRequest<'_> {
    /// The actions of a table that the reader may take, and those that are not available now, with
    /// the reason.
    pub async fn actions(
        &self,
        forms: &PageForms,
        table: Vec<ActionSpec>,
    ) -> Result<Vec<Action>, PageError> {
        let mut actions = Vec::new();
        for spec in table {
            let action = self.action(forms, spec).await?;
            if !matches!(action.availability, Availability::Hidden) {
                actions.push(action);
            }
        }
        Ok(actions)
    }

    /// One action, which may be hidden.
    pub async fn action(&self, forms: &PageForms, spec: ActionSpec) -> Result<Action, PageError> {
        let address = spec.address();
        let picked = spec.picked.as_ref().map(|(kind, _)| *kind);
        let availability = if spec.unchecked {
            Availability::Available
        } else {
            self.availability(spec.command, picked).await?
        };
        let availability = match (availability, spec.if_hidden) {
            (Availability::Hidden, Some(reason)) => Availability::Unavailable(reason.to_owned()),
            (availability, _) => availability,
        };
        let form = spec
            .prefilled
            .iter()
            .fold(forms.form(&spec.form), |form, (name, value)| {
                form.prefill(name, value)
            });
        Ok(Action {
            path: format!("/desk/do/{address}"),
            preview: spec
                .preview
                .map(|label| (format!("/desk/try/{address}"), label)),
            search: spec.picked.map(|(_, page)| page),
            open: spec.open || form.was_rejected(),
            title: spec.title,
            about: spec.about,
            button: spec.button,
            fields: spec.fields,
            form,
            availability,
            destructive: spec.destructive,
        })
    }

    /// Runs a command as a dry run for the reader. `picked` is the kind of record that the reader
    /// picks later.
    pub async fn availability(
        &self,
        command: Command,
        picked: Option<&'static str>,
    ) -> Result<Availability, PageError> {
        match self
            .app
            .commands
            .dry_run(&self.signed.caller, command)
            .await
        {
            Ok(()) => Ok(Availability::Available),
            Err(CommandError::Refused(refusal)) => Ok(match refusal {
                Refusal::Unknown(kind) if Some(kind) == picked => Availability::Available,
                refusal => Availability::from_refusal(&refusal),
            }),
            Err(CommandError::RefusedFor(records)) => {
                Ok(records.first().map_or(Availability::Available, |record| {
                    Availability::from_refusal(&record.refusal)
                }))
            }
            Err(error) => Err(error.into()),
        }
    }
}
