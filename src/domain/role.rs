//! Who may do what. Roles come from the log; each command says beside its name whose it is.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::id::PersonId;
use super::{Facts, Refusal};

/// What a person of the organisation is trusted with.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Role {
    /// Sets up funds and rounds, gives roles.
    Administrator,
    /// Works with groups, applications and grants day by day.
    Officer,
    /// Records funding, prepares and approves payments.
    Finance,
    /// Scores and decides.
    Panel,
    /// Reads the log and every view; changes nothing.
    Auditor,
}

impl Role {
    /// Whether nobody may hold both.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Auditor, Self::Panel) | (Self::Panel, Self::Auditor)
        )
    }
}

pub type Roles = BTreeSet<Role>;

/// Who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(PersonId),
    /// Somebody with a shell on the machine: names the first people, loads seeds.
    Operator,
    /// The service itself, when a day has come: lapses, reminders.
    Job,
}

/// Whose a command is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Anybody who is signed in.
    Anyone,
    /// A person with one of these roles.
    Staff(&'static [Role]),
    /// A person with one of these roles, or a member of the group that it concerns.
    StaffOrOwn(&'static [Role]),
    /// A person with one of these roles, or the service itself.
    StaffOrJob(&'static [Role]),
    /// A member of the group, or a person with one of these roles, who uploads a file.
    Upload(&'static [Role]),
    /// A person with one of these roles, who takes a file that the service makes.
    Download(&'static [Role]),
    /// The service itself.
    Job,
    /// The operator of the machine.
    Operator,
    /// Nobody: it follows from another command, in the same append.
    Consequence,
}

impl Who {
    /// Lets the actor through, or says why not.
    ///
    /// # Errors
    /// [`Refusal::NotYours`] when the actor has none of the roles; [`Refusal::NotOfGroup`] when a
    /// group's member was needed.
    pub fn permit(self, facts: &Facts) -> Result<(), Refusal> {
        let holds = |roles: &[Role]| roles.iter().any(|role| facts.roles().contains(role));
        let job = facts.actor() == Actor::Job;
        let allowed = match self {
            Self::Anyone => true,
            Self::Operator => facts.actor() == Actor::Operator,
            Self::Job => job,
            Self::Consequence => facts.is_consequence(),
            Self::Staff(roles) | Self::Download(roles) => holds(roles),
            Self::StaffOrJob(roles) => job || holds(roles),
            Self::StaffOrOwn(roles) | Self::Upload(roles) => {
                if !holds(roles) && !facts.of_group()? {
                    return Err(Refusal::NotOfGroup);
                }
                true
            }
        };
        if allowed {
            Ok(())
        } else {
            Err(Refusal::NotYours)
        }
    }
}
