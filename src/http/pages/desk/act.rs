//! An action on a page of the desk: the form of a command, or the reason why the command would be
//! refused.
//!
//! Whether an action is available is decided by the domain's rules themselves: each page runs its
//! commands as a dry run, with likely values.

use askama::Template;

use crate::commands::CommandError;
use crate::domain::{Command, Kind, Refusal};
use crate::http::Desk;
use crate::http::pages::{Failed, Form, Forms, Visitor};

/// An action, with its form.
#[derive(Template)]
#[template(path = "parts/act.html")]
pub struct Act {
    pub title: String,
    /// The address that the form is posted to.
    pub path: String,
    pub button: String,
    /// A second button for a preview: the address that it posts to, and its label.
    pub first: Option<(String, String)>,
    pub fields: Vec<Ask>,
    pub form: Form,
    pub offered: Offered,
    /// The action cannot be undone. Its button is coloured as a warning.
    pub grave: bool,
    /// The form is unfolded when the page is shown.
    pub open: bool,
}

/// A field of an action: its name, then its label, then a hint or choices where it has any. A
/// hidden field has a name and a value.
pub enum Ask {
    Hidden(String, String),
    Line(String, String, String),
    Words(String, String, String),
    Money(String, String),
    Number(String, String),
    Day(String, String),
    One(String, String, Vec<(String, String)>),
    Some(String, String, Vec<(String, String)>),
}

/// Whether an action is available to the reader.
pub enum Offered {
    Yes,
    /// The reason, shown instead of the form.
    Not(String),
    /// Nothing is shown, because the action does not fit the record's state or the reader's roles.
    Hidden,
}

impl Offered {
    /// Runs the command as a dry run for the visitor.
    pub async fn of(desk: &Desk, visitor: &Visitor, command: Command) -> Result<Self, Failed> {
        let caller = visitor.signed()?.caller.clone();
        match desk.commands.consider(&caller, command).await {
            Ok(()) => Ok(Self::Yes),
            Err(CommandError::Refused(refusal) | CommandError::RefusedFor { refusal, .. }) => {
                Ok(Self::after(&refusal))
            }
            Err(error) => Err(error.into()),
        }
    }

    fn after(refusal: &Refusal) -> Self {
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
            other if other.kind() == Kind::Input => Self::Yes,
            other => Self::Not(format!("{other}. {}", other.advice())),
        }
    }

    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

impl Act {
    /// An action on a record. `name` identifies the form on its page, `path` is the address that it
    /// is posted to. The title is also the label of the button.
    pub fn new(forms: &Forms, name: &str, title: &str, path: &str, offered: Offered) -> Self {
        let form = forms.form(name);
        let open = form.was_rejected();
        Self {
            title: title.to_owned(),
            path: path.to_owned(),
            button: title.to_owned(),
            first: None,
            fields: Vec::new(),
            form,
            offered,
            grave: false,
            open,
        }
    }

    pub fn ask(mut self, field: Ask) -> Self {
        self.fields.push(field);
        self
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids, sums and days are said where they are made"
    )]
    pub fn hidden(self, name: &str, value: impl ToString) -> Self {
        self.ask(Ask::Hidden(name.to_owned(), value.to_string()))
    }

    pub fn line(self, name: &str, label: &str) -> Self {
        self.ask(Ask::Line(name.to_owned(), label.to_owned(), String::new()))
    }

    pub fn line_with(self, name: &str, label: &str, hint: &str) -> Self {
        self.ask(Ask::Line(
            name.to_owned(),
            label.to_owned(),
            hint.to_owned(),
        ))
    }

    pub fn words(self, name: &str, label: &str) -> Self {
        self.ask(Ask::Words(name.to_owned(), label.to_owned(), String::new()))
    }

    pub fn words_with(self, name: &str, label: &str, hint: &str) -> Self {
        self.ask(Ask::Words(
            name.to_owned(),
            label.to_owned(),
            hint.to_owned(),
        ))
    }

    pub fn money(self, name: &str, label: &str) -> Self {
        self.ask(Ask::Money(name.to_owned(), label.to_owned()))
    }

    pub fn number(self, name: &str, label: &str) -> Self {
        self.ask(Ask::Number(name.to_owned(), label.to_owned()))
    }

    pub fn day(self, name: &str, label: &str) -> Self {
        self.ask(Ask::Day(name.to_owned(), label.to_owned()))
    }

    pub fn one(self, name: &str, label: &str, choices: Vec<(String, String)>) -> Self {
        self.ask(Ask::One(name.to_owned(), label.to_owned(), choices))
    }

    pub fn some(self, name: &str, label: &str, choices: Vec<(String, String)>) -> Self {
        self.ask(Ask::Some(name.to_owned(), label.to_owned(), choices))
    }

    /// Fills in a likely value.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "ids, sums and days are said where they are made"
    )]
    pub fn known(mut self, name: &str, value: impl ToString) -> Self {
        self.form = self.form.known(name, &value.to_string());
        self
    }

    pub fn button(mut self, says: &str) -> Self {
        says.clone_into(&mut self.button);
        self
    }

    /// Adds a second button, for a preview that records nothing.
    pub fn look_first(mut self, path: &str, says: &str) -> Self {
        self.first = Some((path.to_owned(), says.to_owned()));
        self
    }

    pub fn grave(self) -> Self {
        Self {
            grave: true,
            ..self
        }
    }

    pub fn opened(self) -> Self {
        Self { open: true, ..self }
    }
}

/// Leaves out the actions that are hidden.
pub fn shown(acts: Vec<Act>) -> Vec<Act> {
    acts.into_iter()
        .filter(|act| !act.offered.is_hidden())
        .collect()
}
