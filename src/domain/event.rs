//! Events of all aggregates: names, versions, and the type [`Event`] for readers of the whole log.

use super::application::ApplicationEvent;
use super::asset::AssetEvent;
use super::barrier::BarrierEvent;
use super::fund::FundEvent;
use super::gathering::GatheringEvent;
use super::grant::GrantEvent;
use super::group::GroupEvent;
use super::introduction::IntroductionEvent;
use super::organisation::OrganisationEvent;
use super::person::PersonEvent;
use super::personal_data::Encrypted;
use super::text::{TextError, text_type};
use super::{
    Aggregate, Application, Asset, Barrier, DomainEvent, Fund, Gathering, Grant, Group,
    Introduction, Organisation, Person,
};

/// Events that contain a score. Who may see them depends on who has scored: see
/// [`super::Connections::may_see_scores`].
pub const SCORE_EVENTS: [&str; 3] = ["ScoreGiven", "ScoreRevised", "ScoreSetAside"];

/// Events with what a group has typed and not sent. Staff do not see their content.
pub const UNSENT_EVENTS: [&str; 1] = ["UpdateSaved"];

text_type!(
    /// A kind of event: type of the aggregate and name of the event.
    EventKind, parse_event_kind, "A kind of event: its stream's type and its name",
    "^(person|organisation|fund|group|application|grant|gathering|asset|introduction|barrier)\\\
        .[A-Z][A-Za-z]+$",
    80, "grant.PaymentConfirmed"
);

impl EventKind {
    /// Whether it is the kind of this event of an aggregate of this type.
    #[must_use]
    pub fn matches(&self, stream: &str, event: &str) -> bool {
        self.as_str().split_once('.') == Some((stream, event))
    }
}

/// The types of aggregates with the names of their events.
pub(crate) const EVENT_NAMES: [(&str, &[&str]); 10] = [
    (Person::TYPE, PersonEvent::NAMES),
    (Organisation::TYPE, OrganisationEvent::NAMES),
    (Fund::TYPE, FundEvent::NAMES),
    (Group::TYPE, GroupEvent::NAMES),
    (Application::TYPE, ApplicationEvent::NAMES),
    (Grant::TYPE, GrantEvent::NAMES),
    (Gathering::TYPE, GatheringEvent::NAMES),
    (Asset::TYPE, AssetEvent::NAMES),
    (Introduction::TYPE, IntroductionEvent::NAMES),
    (Barrier::TYPE, BarrierEvent::NAMES),
];

fn parse_event_kind(text: &str) -> Result<String, TextError> {
    let (stream, name) = text.split_once('.').ok_or(TextError::NotAnEvent)?;
    let known = EVENT_NAMES
        .iter()
        .any(|(known, names)| *known == stream && names.contains(&name));
    if known {
        Ok(text.to_owned())
    } else {
        Err(TextError::NotAnEvent)
    }
}

/// The event's name as a label: `PaymentPrepared` becomes "Payment prepared".
#[must_use]
pub fn event_label(event: &str) -> String {
    let mut words = String::new();
    for (at, letter) in event.chars().enumerate() {
        if at > 0 && letter.is_uppercase() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

/// An event of any aggregate.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    Person(PersonEvent),
    Organisation(OrganisationEvent),
    Fund(FundEvent),
    Group(GroupEvent),
    Application(ApplicationEvent),
    Grant(GrantEvent),
    Gathering(GatheringEvent),
    Asset(AssetEvent),
    Introduction(IntroductionEvent),
    Barrier(BarrierEvent),
}

impl Event {
    /// The type of its stream, and its name.
    #[must_use]
    pub fn kind(&self) -> (&'static str, &'static str) {
        match self {
            Self::Person(happened) => (Person::TYPE, happened.name()),
            Self::Organisation(happened) => (Organisation::TYPE, happened.name()),
            Self::Fund(happened) => (Fund::TYPE, happened.name()),
            Self::Group(happened) => (Group::TYPE, happened.name()),
            Self::Application(happened) => (Application::TYPE, happened.name()),
            Self::Grant(happened) => (Grant::TYPE, happened.name()),
            Self::Gathering(happened) => (Gathering::TYPE, happened.name()),
            Self::Asset(happened) => (Asset::TYPE, happened.name()),
            Self::Introduction(happened) => (Introduction::TYPE, happened.name()),
            Self::Barrier(happened) => (Barrier::TYPE, happened.name()),
        }
    }

    /// The personal values that this event deletes. Those of an erasure are not among them.
    #[must_use]
    pub fn forgotten_values(&self) -> &[Encrypted] {
        match self {
            Self::Gathering(
                GatheringEvent::NeedsForgotten { needs: values, .. }
                | GatheringEvent::HandForgotten { words: values },
            )
            | Self::Asset(AssetEvent::WordsForgotten { words: values })
            | Self::Introduction(
                IntroductionEvent::MattersForgotten { forgotten: values }
                | IntroductionEvent::IntroductionTakenBack {
                    forgotten: values, ..
                },
            ) => values,
            Self::Barrier(BarrierEvent::BarrierWordsForgotten { words }) => {
                std::slice::from_ref(words)
            }
            _ => &[],
        }
    }

    /// The payload as this program writes it.
    pub fn to_json(&self) -> Result<serde_json::Value, serde_json::Error> {
        match self {
            Self::Person(happened) => serde_json::to_value(happened),
            Self::Organisation(happened) => serde_json::to_value(happened),
            Self::Fund(happened) => serde_json::to_value(happened),
            Self::Group(happened) => serde_json::to_value(happened),
            Self::Application(happened) => serde_json::to_value(happened),
            Self::Grant(happened) => serde_json::to_value(happened),
            Self::Gathering(happened) => serde_json::to_value(happened),
            Self::Asset(happened) => serde_json::to_value(happened),
            Self::Introduction(happened) => serde_json::to_value(happened),
            Self::Barrier(happened) => serde_json::to_value(happened),
        }
    }

    /// Parses a stored payload of the current version. Fails if the stream type is unknown, or the
    /// payload is not one of its events.
    pub fn from_json(stream_type: &str, payload: &str) -> Result<Self, serde_json::Error> {
        fn read<E: DomainEvent>(
            payload: &str,
            of: fn(E) -> Event,
        ) -> Result<Event, serde_json::Error> {
            serde_json::from_str(payload).map(of)
        }
        match stream_type {
            Person::TYPE => read(payload, Self::Person),
            Organisation::TYPE => read(payload, Self::Organisation),
            Fund::TYPE => read(payload, Self::Fund),
            Group::TYPE => read(payload, Self::Group),
            Application::TYPE => read(payload, Self::Application),
            Grant::TYPE => read(payload, Self::Grant),
            Gathering::TYPE => read(payload, Self::Gathering),
            Asset::TYPE => read(payload, Self::Asset),
            Introduction::TYPE => read(payload, Self::Introduction),
            Barrier::TYPE => read(payload, Self::Barrier),
            other => Err(serde::de::Error::custom(format_args!(
                "no stream has the type {other}"
            ))),
        }
    }
}

macro_rules! from_stream_event {
    ($($noun:ident($event:ty)),+) => {$(
        impl From<$event> for Event {
            fn from(event: $event) -> Self {
                Self::$noun(event)
            }
        }
    )+};
}
from_stream_event!(
    Person(PersonEvent),
    Organisation(OrganisationEvent),
    Fund(FundEvent),
    Group(GroupEvent),
    Application(ApplicationEvent),
    Grant(GrantEvent),
    Gathering(GatheringEvent),
    Asset(AssetEvent),
    Introduction(IntroductionEvent),
    Barrier(BarrierEvent)
);
