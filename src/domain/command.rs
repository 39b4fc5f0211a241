//! The tables of commands: name, summary in the API contract, body and permission of each command.
//!
//! # Example
//!
//! ```text
//! commands! {
//!     FundCommand {
//!         /// Plans a round.
//!         PlanRound(PlanRound) = "plan-round", Permission::Staff(&[Role::Officer]);
//!     }
//! }
//! ```
//!
//! declares the variant `FundCommand::PlanRound(PlanRound)` and a row of `FundCommand::SPECS`. The
//! API serves the command as `plan-round` of a fund, and its contract shows the doc comment as
//! summary.

use utoipa::openapi::{RefOr, schema::Schema};

use super::role::Permission;

/// One row of an aggregate's table of commands.
#[derive(Clone, Copy)]
pub struct CommandSpec {
    /// The name in API paths, in the event log's metadata and in idempotency scopes.
    pub name: &'static str,
    pub summary: &'static str,
    pub permission: Permission,
    /// The name of the body's schema in the API contract.
    pub body: fn() -> String,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// A command without parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoBody {}

/// A command whose only parameter is a reason.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WithReason {
    /// Why, for the record. It must not contain names of people.
    pub reason: super::text::Prose,
}

/// A proposal by its number. A confirmation with an outdated number is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalRef {
    #[schema(minimum = 1)]
    pub proposal: u32,
}

pub(crate) fn collect_schemas<T: utoipa::ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

/// Declares an aggregate's commands: an enum with one variant and body for each, and the table from
/// which the API contract, the routes and the permissions are made.
macro_rules! commands {
    ($(#[$meta:meta])* $noun:ident { $( $(#[doc = $says:literal])+ $variant:ident($body:ty) =
        $name:literal, $who:expr; )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $noun { $( $(#[doc = $says])+ $variant($body) ),+ }

        impl $noun {
            /// All commands of this aggregate.
            pub const SPECS: &'static [$crate::domain::command::CommandSpec] = &[ $(
                $crate::domain::command::CommandSpec {
                name: $name,
                summary: concat!($($says),+),
                permission: $who,
                body: || <$body as utoipa::ToSchema>::name().into_owned(),
                schemas: $crate::domain::command::collect_schemas::<$body>,
            } ),+ ];

            /// The command's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name ),+ }
            }

            /// Who may issue the command.
            #[must_use]
            pub fn permission(&self) -> $crate::domain::role::Permission {
                match self { $( Self::$variant(_) => $who ),+ }
            }

            /// Deserialises the body of the command with this name; `None` if there is no such
            /// command.
            pub fn read<'de, D: serde::Deserializer<'de>>(name: &str, body: D) ->
                Option<Result<Self, D::Error>> {
                match name {
                    $( $name => Some(<$body as serde::Deserialize>::deserialize(body)
                        .map(Self::$variant)), )+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use commands;
