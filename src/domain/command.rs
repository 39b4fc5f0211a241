//! One table per noun: each command's name, what it says in the contract, its body, and whose it
//! is.

use utoipa::openapi::{RefOr, schema::Schema};

use super::role::Who;

/// One row of a noun's table of commands.
#[derive(Clone, Copy)]
pub struct Spec {
    /// The name in addresses, in the log's metadata and in idempotency scopes.
    pub name: &'static str,
    pub summary: &'static str,
    pub who: Who,
    /// The schema's name and what it refers to, for the contract.
    pub body: fn() -> String,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// A command that needs nothing said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// A command that needs only a reason.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why, for the record. Names of people do not belong here.
    pub reason: super::text::Prose,
}

/// A proposal by its number: nobody confirms another than the one that they saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposalOf {
    #[schema(minimum = 1)]
    pub proposal: u32,
}

pub(crate) fn schemas_of<T: utoipa::ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    found.push((T::name().into_owned(), T::schema()));
    T::schemas(found);
}

/// Declares a noun's commands: an enum with one body each, and the table that contract and
/// permissions read.
macro_rules! commands {
    ($(#[$meta:meta])* $noun:ident { $( $(#[doc = $says:literal])+ $variant:ident($body:ty) = $name:literal, $who:expr; )+ }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq)]
        pub enum $noun { $( $(#[doc = $says])+ $variant($body) ),+ }

        impl $noun {
            /// Every command of this noun.
            pub const SPECS: &'static [$crate::domain::command::Spec] = &[ $( $crate::domain::command::Spec {
                name: $name,
                summary: concat!($($says),+),
                who: $who,
                body: || <$body as utoipa::ToSchema>::name().into_owned(),
                schemas: $crate::domain::command::schemas_of::<$body>,
            } ),+ ];

            /// The command's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self { $( Self::$variant(_) => $name ),+ }
            }

            /// Whose the command is.
            #[must_use]
            pub fn who(&self) -> $crate::domain::role::Who {
                match self { $( Self::$variant(_) => $who ),+ }
            }

            /// Reads the body of the command with this name; `None` when there is no such command.
            pub fn read<'de, D: serde::Deserializer<'de>>(name: &str, body: D) -> Option<Result<Self, D::Error>> {
                match name {
                    $( $name => Some(<$body as serde::Deserialize>::deserialize(body).map(Self::$variant)), )+
                    _ => None,
                }
            }
        }
    };
}
pub(crate) use commands;
