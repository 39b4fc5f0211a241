//! Identities of streams. Each noun has its own type, so that a fund's can never stand for a grant's.

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
    /// Somebody who acts here: staff, panel, auditor, or a member of a group.
    PersonId,
    /// The anchor organisation.
    OrganisationId,
    /// Money held for a purpose.
    FundId,
    /// Who asks for money.
    GroupId,
    /// A request for money.
    ApplicationId,
    /// An award's agreement and everything after it. It bears the id of the application that it came from.
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
