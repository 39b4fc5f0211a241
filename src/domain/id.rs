//! Ids of aggregates. Each has its own type, so that the compiler rejects a fund's id in place of a
//! grant's.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! identity {
    ($($(#[$doc:meta])* $type:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
            utoipa::ToSchema)]
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
    /// Id of a person: staff, panel member, auditor, or member of a group.
    PersonId,
    /// Id of the organisation that runs the funds.
    OrganisationId,
    /// Id of a fund.
    FundId,
    /// Id of a group that applies for money.
    GroupId,
    /// Id of an application.
    ApplicationId,
    /// Id of a gathering.
    GatheringId,
    /// Id of an entry of the directory.
    AssetId,
    /// Id of an introduction.
    IntroductionId,
    /// Id of a barrier.
    BarrierId,
    /// Id of a grant. It equals the id of the application from which the grant came.
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
