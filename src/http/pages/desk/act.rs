//! Something that can be done on a page of the desk: its form, or the reason why it is not offered
//! to whoever looks.
//!
//! Whether it is offered is asked of the rules themselves, with the command as it would most likely
//! be sent.

use askama::Template;

use crate::commands::CommandError;
use crate::domain::{Command, Kind, Refusal};
use crate::http::Desk;
use crate::http::pages::{Failed, Form, Forms, Visitor};

/// Something that can be done, with its form.
#[derive(Template)]
#[template(path = "parts/act.html")]
pub struct Act {
    pub title: String,
    /// Where it is sent.
    pub path: String,
    pub button: String,
    /// Where the same form is sent to be looked at first, and what that button says.
    pub first: Option<(String, String)>,
    pub fields: Vec<Ask>,
    pub form: Form,
    pub offered: Offered,
    /// It cannot be undone.
    pub grave: bool,
    /// The form stands open, and is not unfolded first.
    pub open: bool,
}

/// A field of an act.
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

/// Whether an act is offered.
pub enum Offered {
    Yes,
    /// Why not.
    Not(String),
    /// It has nothing to do with this state, or with this person's roles.
    Hidden,
}

impl Offered {
    /// Asks the rules.
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
            // What was not said yet is what the form asks for.
            other if other.kind() == Kind::Input => Self::Yes,
            other => Self::Not(format!("{other}. {}", other.advice())),
        }
    }

    pub fn is_hidden(&self) -> bool {
        matches!(self, Self::Hidden)
    }
}

impl Act {
    /// An act on one record: where it is sent follows from what it is about.
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

    /// Fills in what is likely.
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

    /// A second button, which shows and records nothing.
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

/// The acts of a page that are offered, or say why they are not.
pub fn shown(acts: Vec<Act>) -> Vec<Act> {
    acts.into_iter()
        .filter(|act| !act.offered.is_hidden())
        .collect()
}
