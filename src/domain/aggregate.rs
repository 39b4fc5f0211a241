//! What every aggregate is made of: the trait [`Aggregate`], its events, and the macro that
//! declares them.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::money::BelowZero;
use super::{DecisionContext, Refusal};

/// An aggregate: the unit that decides commands, and the state that its events fold into.
pub trait Aggregate:
    Clone + Default + std::fmt::Debug + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// The stream type under which its events are stored.
    const TYPE: &'static str;
    type Command: Clone + std::fmt::Debug + Send + Sync + 'static;
    type Event: DomainEvent;

    /// Decides a command: the events that it causes, or the refusal of the rule that forbids it.
    /// The state does not change.
    fn decide(
        &self,
        command: &Self::Command,
        facts: &DecisionContext,
    ) -> Result<Vec<Self::Event>, Refusal>;

    /// Applies one event to the state.
    ///
    /// Fails with [`BelowZero`] if the event takes more money than there is. No decision writes
    /// such an event, but a log that was edited can have one: the state then goes on at zero.
    fn apply(&mut self, event: &Self::Event) -> Result<(), BelowZero>;
}

/// The events of one aggregate.
pub trait DomainEvent:
    Serialize + DeserializeOwned + Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static
{
    /// Names of all events of the aggregate. Tests with stored examples use it.
    const NAMES: &'static [&'static str];

    /// The event's name, in the past tense.
    fn name(&self) -> &'static str;

    /// The version of the payload that this code writes.
    fn version(&self) -> &'static str {
        "1.0"
    }
}

/// Declares an aggregate's events as an enum, with their names.
///
/// Variant and field names are stored. A renamed variant or field needs `#[serde(rename = "…")]`.
macro_rules! events {
    ($(#[$meta:meta])* $events:ident { $( $(#[$on_event:meta])* $event:ident { $(
        $(#[$on_field:meta])* $field:ident : $type:ty ),* $(,)? } ),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(
            Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize, strum::IntoStaticStr,
                strum::VariantNames, utoipa::ToSchema,
        )]
        pub enum $events {
            $( $(#[$on_event])* $event { $( $(#[$on_field])* $field: $type ),* } ),+
        }
        impl $crate::domain::DomainEvent for $events {
            const NAMES: &'static [&'static str] = <$events as strum::VariantNames>::VARIANTS;
            fn name(&self) -> &'static str {
                self.into()
            }
        }
    };
}
pub(crate) use events;
