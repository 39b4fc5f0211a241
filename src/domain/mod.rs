//! The rules: commands and context in, events or a refusal out.
//!
//! Pure and synchronous: no clock, no randomness, no I/O, no other room. Every rule is implemented
//! here once; the API, the pages and the command line all use it through `commands`.
//!
//! # Layers
//!
//! Values such as [`Money`] and the macros for commands and events come first. Each folder holds
//! one aggregate ([`Person`], [`Organisation`], [`Fund`], [`Group`], [`Application`], [`Grant`],
//! [`Gathering`], [`Introduction`], [`Barrier`]).
//! The decision context names the aggregates that a decision may read, and aggregates take it as a
//! parameter: this circle is intended. Policies, which trigger commands on other aggregates, use
//! all of them.

mod aggregate;
pub mod aim;
pub mod application;
pub mod asset;
pub mod barrier;
pub mod colour;
pub mod command;
mod connection;
pub mod csv;
pub mod day_parts;
pub mod days;
mod decision_context;
mod email;
pub mod erasure;
pub mod event;
pub mod file;
pub mod fund;
pub mod funding_source;
pub mod gathering;
pub mod grant;
pub mod grant_sums;
pub mod group;
pub mod id;
mod independence;
pub mod introduction;
pub mod language;
pub mod mail;
pub mod money;
pub mod organisation;
pub mod outcome;
pub mod panel;
pub mod payee;
pub mod person;
pub mod personal_data;
pub mod phone;
mod policy;
pub mod postcode;
pub mod public_words;
mod read_dependencies;
pub mod reference;
mod refusal;
pub mod registered_number;
pub mod rhythm;
pub mod role;
mod rule;
pub mod take_back;
pub mod tally;
pub mod text;
pub mod theme;
mod tidy;
pub mod unproven;
pub mod working_days;

use uuid::Uuid;

pub use aggregate::{Aggregate, DomainEvent};
pub use application::{Application, ApplicationCommand, ApplicationEvent};
pub use asset::{Asset, AssetCommand, AssetEvent};
pub use barrier::{Barrier, BarrierCommand, BarrierEvent};
pub use connection::{Connection, Connections, RestrictedAction};
pub use decision_context::{ChangeMark, DecisionContext, PayeeWait, TrackedRead};
pub use event::Event;
pub use fund::{Fund, FundCommand, FundEvent};
pub use gathering::{Gathering, GatheringCommand, GatheringEvent};
pub use grant::{Grant, GrantCommand, GrantEvent};
pub use group::{Group, GroupCommand, GroupEvent};
pub use id::{
    ApplicationId, AssetId, BarrierId, FundId, GatheringId, GrantId, GroupId, IntroductionId,
    OrganisationId, PersonId,
};
pub use introduction::{Introduction, IntroductionCommand, IntroductionEvent};
pub use money::{Money, thousands};
pub use organisation::{Organisation, OrganisationCommand, OrganisationEvent};
pub use person::{Person, PersonCommand, PersonEvent};
pub use policy::{FollowUps, created_number};
pub use read_dependencies::ReadDependencies;
pub use refusal::{Refusal, RefusalKind};
pub use role::{Actor, Role, Roles};
pub use rule::{EventPermission, Giver, Ground, Rule, RuleSubject};

/// A command, with the id of the aggregate that decides it.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    Person(PersonId, PersonCommand),
    Organisation(OrganisationId, OrganisationCommand),
    Fund(FundId, FundCommand),
    Group(GroupId, GroupCommand),
    Application(ApplicationId, ApplicationCommand),
    Grant(GrantId, GrantCommand),
    Gathering(GatheringId, GatheringCommand),
    Asset(AssetId, AssetCommand),
    Introduction(IntroductionId, IntroductionCommand),
    Barrier(BarrierId, BarrierCommand),
}

/// Evaluates the same expression for the command of any aggregate.
macro_rules! for_each_noun {
    ($command:expr, ($id:ident, $inner:ident) => $body:expr) => {
        match $command {
            Command::Person($id, $inner) => $body,
            Command::Organisation($id, $inner) => $body,
            Command::Fund($id, $inner) => $body,
            Command::Group($id, $inner) => $body,
            Command::Application($id, $inner) => $body,
            Command::Grant($id, $inner) => $body,
            Command::Gathering($id, $inner) => $body,
            Command::Asset($id, $inner) => $body,
            Command::Introduction($id, $inner) => $body,
            Command::Barrier($id, $inner) => $body,
        }
    };
}

impl Command {
    /// The command's name within its aggregate.
    #[must_use]
    pub fn name(&self) -> &'static str {
        for_each_noun!(self, (_id, inner) => inner.name())
    }

    /// The type of its aggregate and its name, as in the metadata of its events.
    #[must_use]
    pub fn full_name(&self) -> String {
        format!("{}/{}", self.aggregate_type(), self.name())
    }

    /// The type of the aggregate that decides it.
    #[must_use]
    pub fn aggregate_type(&self) -> &'static str {
        match self {
            Self::Person(..) => Person::TYPE,
            Self::Organisation(..) => Organisation::TYPE,
            Self::Fund(..) => Fund::TYPE,
            Self::Group(..) => Group::TYPE,
            Self::Application(..) => Application::TYPE,
            Self::Grant(..) => Grant::TYPE,
            Self::Gathering(..) => Gathering::TYPE,
            Self::Asset(..) => Asset::TYPE,
            Self::Introduction(..) => Introduction::TYPE,
            Self::Barrier(..) => Barrier::TYPE,
        }
    }

    /// The id of the aggregate that decides it.
    #[must_use]
    pub fn id(&self) -> Uuid {
        for_each_noun!(self, (id, _inner) => id.0)
    }

    /// Whether it triggers commands on many aggregates, so that a refusal must name the one
    /// concerned.
    #[must_use]
    pub fn is_bulk(&self) -> bool {
        matches!(
            self,
            Self::Fund(_, FundCommand::RecordMeeting(_) | FundCommand::SendBatch(_))
        )
    }

    /// Who may issue it.
    #[must_use]
    pub fn permission(&self) -> role::Permission {
        for_each_noun!(self, (_id, inner) => inner.permission())
    }

    /// The channel by which its content reached the organisation, if it has one.
    #[must_use]
    pub fn channel(&self) -> Option<application::Channel> {
        match self {
            Self::Application(_, ApplicationCommand::Submit(submit)) => Some(submit.channel),
            Self::Grant(_, GrantCommand::ReceiveUpdate(update)) => Some(update.channel),
            Self::Grant(_, GrantCommand::AcceptAgreement(accept)) => Some(match accept.method {
                grant::AcceptanceMethod::Web | grant::AcceptanceMethod::WebEach => {
                    application::Channel::Web
                }
                grant::AcceptanceMethod::PaperScan { .. } => application::Channel::Paper,
                grant::AcceptanceMethod::ReadOverTelephone => application::Channel::Phone,
            }),
            Self::Gathering(_, command) => command.channel(),
            Self::Introduction(_, command) => command.channel(),
            Self::Person(_, command) => command.channel(),
            Self::Barrier(_, command) => command.channel(),
            _ => None,
        }
    }

    /// Its personal values, to be encrypted before it is decided.
    pub fn personal_fields(&mut self) -> Vec<personal_data::PersonalField<'_>> {
        match self {
            Self::Person(_, command) => command.personal_fields(),
            Self::Group(_, command) => command.personal_fields(),
            Self::Application(_, command) => command.personal_fields(),
            Self::Grant(_, command) => command.personal_fields(),
            Self::Gathering(_, command) => command.personal_fields(),
            Self::Asset(_, command) => command.personal_fields(),
            Self::Introduction(_, command) => command.personal_fields(),
            Self::Barrier(_, command) => command.personal_fields(),
            Self::Organisation(..) | Self::Fund(..) => Vec::new(),
        }
    }
}
