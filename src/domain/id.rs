//! Identities of streams. Each noun has its own type, so that a fund's can never stand for a
//! grant's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identity {
    ($($(#[$doc:meta])* $type:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(transparent)]
        #[schema(value_type = String, format = "uuid")]
        pub struct $type(pub Uuid);

        impl std::fmt::Display for $type {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
        impl std::str::FromStr for $type {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }
    )+};
}

identity!(
    /// The id of somebody who acts here: staff, panel, auditor, or a member of a group.
    PersonId,
    /// The id of the anchor organisation.
    OrganisationId,
    /// The id of a fund: money held for a purpose.
    FundId,
    /// The id of a group, who asks for money.
    GroupId,
    /// The id of an application: a request for money.
    ApplicationId,
    /// The id of a grant: an award's agreement and everything after it. It is the id of the
    /// application that it came from.
    GrantId,
);

impl From<ApplicationId> for GrantId {
    fn from(application: ApplicationId) -> Self {
        Self(application.0)
    }
}

impl From<GrantId> for ApplicationId {
    fn from(grant: GrantId) -> Self {
        Self(grant.0)
    }
}
