//! Roles, actors and permissions. Roles come from the event log; each command declares its
//! permission in the table of its aggregate.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::id::PersonId;
use super::{DecisionContext, Refusal};

/// A role of a person in the organisation.
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
    /// Works with groups, applications and grants from day to day.
    Officer,
    /// Records funding, prepares and approves payments.
    Finance,
    /// Scores and decides.
    Panel,
    /// Reads the log and every view; changes nothing.
    Auditor,
    /// Talks to people and brings them to groups and places. Sees the people to reach, gatherings,
    /// the directory and introductions; no application, score, account or sum of money.
    Connector,
}

impl Role {
    /// Whether no person may have both roles.
    #[must_use]
    pub fn excludes(self, other: Self) -> bool {
        matches!(
            (self, other),
            (Self::Auditor, Self::Panel) | (Self::Panel, Self::Auditor)
        )
    }
}

pub type Roles = BTreeSet<Role>;

/// The actor of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Person(PersonId),
    /// Someone with a shell on the machine, who names the first people and loads seeds.
    Operator,
    /// The service itself on a schedule: lapses, reminders.
    Job,
}

/// Who may issue a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Any person who is signed in.
    Anyone,
    /// A person with one of these roles.
    Staff(&'static [Role]),
    /// A person with one of these roles, or a member of the group concerned.
    StaffOrMember(&'static [Role]),
    /// A person with one of these roles, or one who leads the gathering concerned.
    StaffOrLead(&'static [Role]),
    /// A person with one of these roles, or the service itself.
    StaffOrJob(&'static [Role]),
    /// A person with one of these roles, or a member of the group, when they upload a file.
    Upload(&'static [Role]),
    /// A person with one of these roles, when they download a file that the service makes.
    Download(&'static [Role]),
    /// The service itself.
    Job,
    /// The operator of the machine.
    Operator,
    /// No caller: only another command triggers it, in the same append.
    FollowUp,
}

impl Permission {
    /// Refuses an actor who may not issue the command: with [`Refusal::NotOfGroup`] if a member of
    /// the group could, with [`Refusal::NotYours`] otherwise.
    pub fn check(self, facts: &DecisionContext) -> Result<(), Refusal> {
        let holds = |roles: &[Role]| roles.iter().any(|role| facts.roles().contains(role));
        let job = facts.actor() == Actor::Job;
        let allowed = match self {
            Self::Anyone => true,
            Self::Operator => facts.actor() == Actor::Operator,
            Self::Job => job,
            Self::FollowUp => facts.is_consequence(),
            Self::Staff(roles) | Self::Download(roles) => holds(roles),
            Self::StaffOrJob(roles) => job || holds(roles),
            Self::StaffOrLead(roles) => holds(roles) || facts.leads_gathering()?,
            Self::StaffOrMember(roles) | Self::Upload(roles) => {
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
