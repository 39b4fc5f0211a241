//! The rules, and nothing else: commands and facts enter, events or a refusal leave.
//!
//! Pure and synchronous: no clock, no randomness, no I/O, no other room. A rule stands here once;
//! the API, the pages and the command line all reach it through `commands`.

pub mod application;
pub mod command;
mod connection;
pub mod csv;
pub mod days;
pub mod erasure;
pub mod event;
mod facts;
pub mod file;
mod follows;
pub mod fund;
pub mod grant;
pub mod group;
pub mod id;
mod independence;
pub mod language;
pub mod mail;
pub mod money;
pub mod organisation;
pub mod outcome;
pub mod payee;
pub mod person;
pub mod reference;
mod refusal;
mod related;
pub mod role;
pub mod sealed;
pub mod source;
pub mod text;
pub mod unproven;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

pub use application::{Application, ApplicationCommand, ApplicationEvent};
pub use connection::{Act, Connection, Connections};
pub use event::{Event, StreamEvent};
pub use facts::{ChangeMark, Facts, PayeeWait, Seen};
pub use follows::made;
pub use fund::{Fund, FundCommand, FundEvent};
pub use grant::{Grant, GrantCommand, GrantEvent};
pub use group::{Group, GroupCommand, GroupEvent};
pub use id::{ApplicationId, FundId, GrantId, GroupId, OrganisationId, PersonId};
pub use money::Money;
pub use organisation::{Organisation, OrganisationCommand, OrganisationEvent};
pub use person::{Person, PersonCommand, PersonEvent};
pub use refusal::{Kind, Refusal};
pub use related::Related;
pub use role::{Actor, Role, Roles};

/// A stream of events and the state that they fold into.
pub trait Stream:
    Clone + Default + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The type under which its events are stored.
    const TYPE: &'static str;
    type Command: Clone + std::fmt::Debug + Send + Sync + 'static;
    type Event: StreamEvent + Into<Event>;

    /// What follows from the command, or the rule that is against it.
    ///
    /// # Errors
    /// The refusal, when a rule says no. Nothing has changed then.
    fn decide(&self, command: &Self::Command, facts: &Facts) -> Result<Vec<Self::Event>, Refusal>;

    /// Folds one event in.
    fn apply(&mut self, event: &Self::Event);

    /// What one event of a command obliges other streams to do in the same append, given the state
    /// after all of them.
    fn obliges(
        &self,
        _id: Uuid,
        _command: &Self::Command,
        _event: &Self::Event,
        _after: &Self,
    ) -> Vec<Command> {
        Vec::new()
    }
}

/// Anything that can be asked, with the stream that it is asked of.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Person(PersonId, PersonCommand),
    Organisation(OrganisationId, OrganisationCommand),
    Fund(FundId, FundCommand),
    Group(GroupId, GroupCommand),
    Application(ApplicationId, ApplicationCommand),
    Grant(GrantId, GrantCommand),
}

/// Runs the same words for whichever noun a command is of.
macro_rules! each_noun {
    ($command:expr, ($id:ident, $inner:ident) => $body:expr) => {
        match $command {
            Command::Person($id, $inner) => $body,
            Command::Organisation($id, $inner) => $body,
            Command::Fund($id, $inner) => $body,
            Command::Group($id, $inner) => $body,
            Command::Application($id, $inner) => $body,
            Command::Grant($id, $inner) => $body,
        }
    };
}

impl Command {
    /// The command's name within its noun.
    #[must_use]
    pub fn name(&self) -> &'static str {
        each_noun!(self, (_id, inner) => inner.name())
    }

    /// The type of the stream that it is asked of.
    #[must_use]
    pub fn noun(&self) -> &'static str {
        match self {
            Self::Person(..) => Person::TYPE,
            Self::Organisation(..) => Organisation::TYPE,
            Self::Fund(..) => Fund::TYPE,
            Self::Group(..) => Group::TYPE,
            Self::Application(..) => Application::TYPE,
            Self::Grant(..) => Grant::TYPE,
        }
    }

    /// The stream that it is asked of.
    #[must_use]
    pub fn id(&self) -> Uuid {
        each_noun!(self, (id, _inner) => id.0)
    }

    /// Whether it is about many things at once, so that a refusal must say which.
    #[must_use]
    pub fn is_many(&self) -> bool {
        matches!(
            self,
            Self::Fund(_, FundCommand::RecordMeeting(_) | FundCommand::SendBatch(_))
        )
    }

    /// Whose the command is.
    #[must_use]
    pub fn who(&self) -> role::Who {
        each_noun!(self, (_id, inner) => inner.who())
    }

    /// How what it says reached the organisation, where it says so.
    #[must_use]
    pub fn channel(&self) -> Option<application::Channel> {
        match self {
            Self::Application(_, ApplicationCommand::Submit(submit)) => Some(submit.channel),
            Self::Grant(_, GrantCommand::ReceiveUpdate(update)) => Some(update.channel),
            Self::Grant(_, GrantCommand::AcceptAgreement(accept)) => Some(match accept.method {
                grant::Method::Web => application::Channel::Web,
                grant::Method::PaperScan { .. } => application::Channel::Paper,
                grant::Method::ReadOverTelephone => application::Channel::Phone,
            }),
            _ => None,
        }
    }

    /// The personal values in it.
    pub fn slots(&mut self) -> Vec<sealed::Slot<'_>> {
        match self {
            Self::Person(_, command) => command.slots(),
            Self::Group(_, command) => command.slots(),
            Self::Application(_, command) => command.slots(),
            Self::Grant(_, command) => command.slots(),
            Self::Organisation(..) | Self::Fund(..) => Vec::new(),
        }
    }
}
