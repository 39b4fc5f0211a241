//! An action on a page of the desk: the form of a command, or the reason why the command would be
//! refused.
//!
//! Whether an action is available is decided by the domain's rules themselves: each page runs its
//! commands as a dry run, with likely values.

use askama::Template;

use crate::commands::CommandError;
use crate::domain::{Command, Refusal, RefusalKind};
use crate::http::AppState;
use crate::http::pages::{Form, PageError, PageForms, Visitor};

/// An action, with its form.
#[derive(Template)]
#[template(path = "parts/act.html")]
pub struct Action {
    pub title: String,
    /// The address that the form is posted to.
    pub path: String,
    pub button: String,
    /// A second button for a preview: the address that it posts to, and its label.
    pub preview: Option<(String, String)>,
    pub fields: Vec<ActionField>,
    pub form: Form,
    pub availability: Availability,
    /// The action cannot be undone. Its button is coloured as a warning.
    pub destructive: bool,
    /// The form is unfolded when the page is shown.
    pub open: bool,
}

/// A field of an action: its name, then its label, then a hint or choices where it has any. A
/// hidden field has a name and a value.
pub enum ActionField {
    Hidden(String, String),
    Text(String, String, String),
    TextArea(String, String, String),
    Money(String, String),
    Number(String, String),
    Day(String, String),
    Select(String, String, Vec<(String, String)>),
    Checkboxes(String, String, Vec<(String, String)>),
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
    /// Runs the command as a dry run for the visitor.
    pub async fn check(
        desk: &AppState,
        visitor: &Visitor,
        command: Command,
    ) -> Result<Self, PageError> {
        let caller = visitor.require_signed_in()?.caller.clone();
        match desk.commands.dry_run(&caller, command).await {
            Ok(()) => Ok(Self::Available),
            Err(CommandError::Refused(refusal) | CommandError::RefusedFor { refusal, .. }) => {
                Ok(Self::from_refusal(&refusal))
            }
            Err(error) => Err(error.into()),
        }
    }

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
            | R::NoChange => Self::Hidden,
            // The sample command lacks input that the form asks for.
            other if other.kind() == RefusalKind::Input => Self::Available,
            other => Self::Unavailable(format!("{other}. {}", other.advice())),
        }
    }

    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

impl Action {
    /// An action on a record. `name` identifies the form on its page, `path` is the address that it
    /// is posted to. The title is also the label of the button.
    pub fn new(
        forms: &PageForms,
        name: &str,
        title: &str,
        path: &str,
        availability: Availability,
    ) -> Self {
        let form = forms.form(name);
        let open = form.was_rejected();
        Self {
            title: title.to_owned(),
            path: path.to_owned(),
            button: title.to_owned(),
            preview: None,
            fields: Vec::new(),
            form,
            availability,
            destructive: false,
            open,
        }
    }

    pub fn ask(mut self, field: ActionField) -> Self {
        self.fields.push(field);
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids, sums and days are said where they are made"
    )]
    pub fn hidden(self, name: &str, value: impl ToString) -> Self {
        self.ask(ActionField::Hidden(name.to_owned(), value.to_string()))
    }

    pub fn text(self, name: &str, label: &str) -> Self {
        self.ask(ActionField::Text(
            name.to_owned(),
            label.to_owned(),
            String::new(),
        ))
    }

    pub fn text_with_hint(self, name: &str, label: &str, hint: &str) -> Self {
        self.ask(ActionField::Text(
            name.to_owned(),
            label.to_owned(),
            hint.to_owned(),
        ))
    }

    pub fn text_area(self, name: &str, label: &str) -> Self {
        self.ask(ActionField::TextArea(
            name.to_owned(),
            label.to_owned(),
            String::new(),
        ))
    }

    pub fn text_area_with_hint(self, name: &str, label: &str, hint: &str) -> Self {
        self.ask(ActionField::TextArea(
            name.to_owned(),
            label.to_owned(),
            hint.to_owned(),
        ))
    }

    pub fn money(self, name: &str, label: &str) -> Self {
        self.ask(ActionField::Money(name.to_owned(), label.to_owned()))
    }

    pub fn number(self, name: &str, label: &str) -> Self {
        self.ask(ActionField::Number(name.to_owned(), label.to_owned()))
    }

    pub fn day(self, name: &str, label: &str) -> Self {
        self.ask(ActionField::Day(name.to_owned(), label.to_owned()))
    }

    pub fn select(self, name: &str, label: &str, choices: Vec<(String, String)>) -> Self {
        self.ask(ActionField::Select(
            name.to_owned(),
            label.to_owned(),
            choices,
        ))
    }

    pub fn checkboxes(self, name: &str, label: &str, choices: Vec<(String, String)>) -> Self {
        self.ask(ActionField::Checkboxes(
            name.to_owned(),
            label.to_owned(),
            choices,
        ))
    }

    /// Fills in a likely value.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids, sums and days are said where they are made"
    )]
    pub fn prefill(mut self, name: &str, value: impl ToString) -> Self {
        self.form = self.form.prefill(name, &value.to_string());
        self
    }

    pub fn button(mut self, says: &str) -> Self {
        says.clone_into(&mut self.button);
        self
    }

    /// Adds a second button, for a preview that records nothing.
    pub fn with_preview(mut self, path: &str, says: &str) -> Self {
        self.preview = Some((path.to_owned(), says.to_owned()));
        self
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
}

/// Leaves out the actions that are hidden.
pub fn visible(acts: Vec<Action>) -> Vec<Action> {
    acts.into_iter()
        .filter(|act| !act.availability.is_hidden())
        .collect()
}
