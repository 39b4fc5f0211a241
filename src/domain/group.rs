//! Who asks: a community group, its members, and how money reaches it.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::command::commands;
use super::event::events;
use super::id::PersonId;
use super::payee::{PayeeSealed, PayeeTyped, Route};
use super::role::{Role, Roles, Who};
use super::sealed::Slot;
use super::text::{Identifier, Line, Slug};
use super::{Facts, Refusal, Stream};

commands! {
    /// What can be asked about a group.
    GroupCommand {
        /// Registers a group. Whoever is not staff becomes its first member.
        Register(RegisterGroup) = "register", Who::Anyone;
        /// Corrects a group's public name or its area.
        Correct(CorrectGroup) = "correct", Who::StaffOrOwn(&[Role::Officer]);
        /// Records a charity or company number.
        RecordIdentifier(RecordIdentifier) = "record-identifier", Who::StaffOrOwn(&[Role::Officer]);
        /// Lets a person act for the group.
        AddMember(MemberOf) = "add-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Ends a person's acting for the group.
        RemoveMember(MemberOf) = "remove-member", Who::StaffOrOwn(&[Role::Officer]);
        /// Says where the group's money should go. A change un-verifies, and holds unpaid payments.
        ProvidePayee(PayeeTyped) = "provide-payee", Who::StaffOrOwn(&[Role::Officer, Role::Finance]);
        /// Verifies the payee, as somebody who did not key it.
        VerifyPayee(VerifyPayee) = "verify-payee", Who::Staff(&[Role::Officer, Role::Finance]);
    }
}

/// Whether a group stood before the programme.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    Existing,
    New,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterGroup {
    /// The group's public name: it must not be a person's.
    pub name: Line,
    pub area: Slug,
    pub standing: Standing,
    /// The first member, when staff register the group for somebody.
    #[serde(default)]
    pub member: Option<PersonId>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectGroup {
    pub name: Line,
    pub area: Slug,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordIdentifier {
    pub identifier: Identifier,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberOf {
    pub person: PersonId,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VerifyPayee {
    /// The number of the payee that was looked at: another may have been keyed since.
    #[schema(minimum = 1)]
    pub payee: u32,
    /// How it was verified: a bank statement seen, a call to the holding body.
    pub method: Line,
}

impl GroupCommand {
    /// The personal values in this command.
    pub fn slots(&mut self) -> Vec<Slot<'_>> {
        match self {
            Self::ProvidePayee(payee) => payee.slots(),
            _ => Vec::new(),
        }
    }
}

events! {
    /// What happened to a group.
    GroupEvent {
        GroupRegistered { name: Line, area: Slug, standing: Standing },
        GroupCorrected { name: Line, area: Slug },
        IdentifierRecorded { identifier: Identifier },
        MemberAdded { person: PersonId },
        MemberRemoved { person: PersonId },
        PayeeProvided { payee: u32, details: PayeeSealed, keyed_by: PersonId },
        PayeeVerified { payee: u32, method: Line, verified_by: PersonId, verified_on: Date },
    }
}

/// A group's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    name: Option<(Line, Slug)>,
    identifiers: BTreeSet<Identifier>,
    members: BTreeSet<PersonId>,
    payee: Option<Payee>,
}

/// The group's payee as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payee {
    /// Counts up with each change, so that a payment knows for which payee it was prepared.
    pub number: u32,
    pub route: Route,
    pub keyed_by: PersonId,
    pub verified: bool,
}

impl Group {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.name.is_some()
    }

    #[must_use]
    pub fn has_member(&self, person: PersonId) -> bool {
        self.members.contains(&person)
    }

    #[must_use]
    pub fn payee(&self) -> Option<&Payee> {
        self.payee.as_ref()
    }

    /// The payee that money may go to.
    ///
    /// # Errors
    /// [`Refusal::PayeeNotVerified`].
    pub fn verified_payee(&self) -> Result<&Payee, Refusal> {
        self.payee.as_ref().filter(|payee| payee.verified).ok_or(Refusal::PayeeNotVerified)
    }

    fn register(command: &RegisterGroup, facts: &Facts) -> Result<Vec<GroupEvent>, Refusal> {
        let by = facts.by()?;
        let registered = GroupEvent::GroupRegistered { name: command.name.clone(), area: command.area.clone(), standing: command.standing };
        let officer = facts.roles().contains(&Role::Officer);
        let member = match command.member {
            Some(person) if person != by && !officer => return Err(Refusal::NotYours),
            Some(person) => Some(person),
            None if facts.roles() == Roles::new() => Some(by),
            None => None,
        };
        if command.member.is_some() && !facts.person()?.exists() {
            return Err(Refusal::Unknown("person"));
        }
        Ok(std::iter::once(registered).chain(member.map(|person| GroupEvent::MemberAdded { person })).collect())
    }

    fn verify(&self, verify: &VerifyPayee, facts: &Facts) -> Result<GroupEvent, Refusal> {
        let by = facts.by()?;
        let payee = self.payee.ok_or(Refusal::Unknown("payee"))?;
        if payee.number != verify.payee {
            return Err(Refusal::PayeeChanged);
        }
        if payee.verified {
            return Err(Refusal::NoChange);
        }
        if payee.keyed_by == by {
            return Err(Refusal::KeyedPayee);
        }
        Ok(GroupEvent::PayeeVerified { payee: payee.number, method: verify.method.clone(), verified_by: by, verified_on: facts.today })
    }
}

impl Stream for Group {
    const TYPE: &'static str = "group";
    type Command = GroupCommand;
    type Event = GroupEvent;

    fn decide(&self, command: &GroupCommand, facts: &Facts) -> Result<Vec<GroupEvent>, Refusal> {
        use GroupCommand as C;
        if let C::Register(register) = command {
            return if self.exists() { Err(Refusal::Exists("group")) } else { Self::register(register, facts) };
        }
        let (name, area) = self.name.as_ref().ok_or(Refusal::Unknown("group"))?;
        let event = match command {
            C::Register(_) => return Err(Refusal::Exists("group")),
            C::Correct(to) if to.name == *name && to.area == *area => return Err(Refusal::NoChange),
            C::Correct(to) => GroupEvent::GroupCorrected { name: to.name.clone(), area: to.area.clone() },
            C::RecordIdentifier(RecordIdentifier { identifier }) if self.identifiers.contains(identifier) => return Err(Refusal::NoChange),
            C::RecordIdentifier(record) => GroupEvent::IdentifierRecorded { identifier: record.identifier.clone() },
            C::AddMember(MemberOf { person }) => {
                if !facts.person()?.exists() {
                    return Err(Refusal::Unknown("person"));
                }
                if self.has_member(*person) {
                    return Err(Refusal::NoChange);
                }
                GroupEvent::MemberAdded { person: *person }
            }
            C::RemoveMember(MemberOf { person }) if !self.has_member(*person) => return Err(Refusal::NoChange),
            C::RemoveMember(MemberOf { person }) => GroupEvent::MemberRemoved { person: *person },
            C::ProvidePayee(typed) => GroupEvent::PayeeProvided {
                payee: self.payee.map_or(1, |payee| payee.number + 1),
                details: typed.sealed(facts)?,
                keyed_by: facts.by()?,
            },
            C::VerifyPayee(verify) => self.verify(verify, facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::GroupRegistered { name, area, .. } | GroupEvent::GroupCorrected { name, area } => {
                self.name = Some((name.clone(), area.clone()));
            }
            GroupEvent::IdentifierRecorded { identifier } => {
                self.identifiers.insert(identifier.clone());
            }
            GroupEvent::MemberAdded { person } => {
                self.members.insert(*person);
            }
            GroupEvent::MemberRemoved { person } => {
                self.members.remove(person);
            }
            GroupEvent::PayeeProvided { payee, details, keyed_by } => {
                self.payee = Some(Payee { number: *payee, route: details.route(), keyed_by: *keyed_by, verified: false });
            }
            GroupEvent::PayeeVerified { payee, .. } => {
                if let Some(own) = self.payee.as_mut().filter(|own| own.number == *payee) {
                    own.verified = true;
                }
            }
        }
    }
}
