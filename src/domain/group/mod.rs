//! The group aggregate: a community group, its members and its payee.

mod command;
mod correction;
mod erasure;
mod event;
mod members;
mod payee;
mod tally;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

pub use command::{
    AbsorbGroup, CorrectGroup, GrantEnd, GrantRef, GroupCommand, GroupMaturity, MemberRef,
    MergeGroup, PassedCheck, PastGrant, RecordIdentifier, RegisterGroup, SetContact, VerifyPayee,
};
pub use event::GroupEvent;
pub use payee::Payee;

use super::application::ApplicationState;
use super::erasure::{Erasure, retain_until};
use super::file::{FileDigest, KeepFile, RemoveFile};
use super::id::{ApplicationId, GrantId, GroupId, PersonId};
use super::money::BelowZero;
use super::personal_data::PersonalInput;
use super::role::{Role, Roles};
use super::tally::GivenTallies;
use super::text::{Identifier, Line, Slug};
use super::{Aggregate, DecisionContext, Refusal};
use correction::Correction;

/// State of the group aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Group {
    name: Option<(Line, Slug)>,
    identifiers: BTreeSet<Identifier>,
    members: BTreeSet<PersonId>,
    /// Invited people who have not answered, with the person who invited them.
    invited: BTreeMap<PersonId, PersonId>,
    /// The last day on which the payee or the membership changed; `None` in old logs.
    changed_on: Option<Date>,
    /// How often the payee or the membership changed.
    changes: u32,
    /// Those who invited each person, ever. It never shrinks, even when a member leaves.
    brought_in_by: BTreeMap<PersonId, BTreeSet<PersonId>>,
    /// Former members, and their last day if known.
    former_members: BTreeMap<PersonId, Option<Date>>,
    /// The name and area proposed by a member, until staff adopt or refuse them.
    proposed: Option<Correction>,
    proposals: u32,
    payee: Option<Payee>,
    /// The day on which each payee was keyed, if known.
    payee_days: BTreeMap<u32, Date>,
    files: BTreeSet<FileDigest>,
    /// The files that were handed in with an application.
    handed_in: BTreeMap<FileDigest, ApplicationId>,
    on_file: BTreeMap<Slug, CheckOnFile>,
    merged: Option<GroupId>,
    merged_by: Option<PersonId>,
    /// Groups that were merged into it.
    took_in: BTreeSet<GroupId>,
    /// References of its recorded past grants.
    past_grants: BTreeSet<Line>,
    /// Its grants that have not ended.
    open_grants: BTreeSet<GrantId>,
    /// The last day on which records of money paid to it must be retained.
    kept_until: Option<Date>,
    #[serde(default)]
    tallies: GivenTallies,
    erasure: Erasure,
    /// The number of events so far, and the number of the event that last set the name.
    events: u32,
    named_by: u32,
}

/// A check that one of the group's grants passed and other grants can reuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckOnFile {
    pub grant: GrantId,
    pub good_until: Date,
}

impl Group {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.name.is_some()
    }

    /// The group that it was merged into.
    #[must_use]
    pub fn merged_into(&self) -> Option<GroupId> {
        self.merged
    }

    /// Groups that were merged into it.
    pub fn absorbed_groups(&self) -> impl Iterator<Item = GroupId> {
        self.took_in.iter().copied()
    }

    /// The digests of its files.
    pub fn files(&self) -> impl Iterator<Item = &FileDigest> {
        self.files.iter()
    }

    #[must_use]
    pub fn erasure(&self) -> Erasure {
        self.erasure
    }

    #[must_use]
    pub fn has_file(&self, file: &FileDigest) -> bool {
        self.files.contains(file)
    }

    /// A check on file that is still valid.
    #[must_use]
    pub fn check_on_file(&self, check: &Slug, today: Date) -> Option<CheckOnFile> {
        self.on_file
            .get(check)
            .copied()
            .filter(|on_file| today <= on_file.good_until)
    }

    /// Refuses a group that does not exist or was erased. A merged group passes, so that its open
    /// applications and grants can continue.
    ///
    /// Refuses with [`Refusal::Unknown`] or [`Refusal::Erased`].
    pub fn must_be_active_or_merged(&self) -> Result<(), Refusal> {
        if self.exists() {
            self.erasure.must_not_be_erased()
        } else {
            Err(Refusal::Unknown("group"))
        }
    }

    /// Refuses a group that does not exist, was erased, or was merged into another, with
    /// [`Refusal::Unknown`], [`Refusal::Erased`] or [`Refusal::GroupMerged`].
    pub fn must_be_active(&self) -> Result<(), Refusal> {
        self.must_be_active_or_merged()?;
        if self.merged.is_some() {
            Err(Refusal::GroupMerged)
        } else {
            Ok(())
        }
    }

    /// Its grants that have not ended.
    pub fn open_grants(&self) -> impl Iterator<Item = GrantId> {
        self.open_grants.iter().copied()
    }

    fn register(
        command: &RegisterGroup,
        facts: &DecisionContext,
    ) -> Result<Vec<GroupEvent>, Refusal> {
        let by = facts.by()?;
        let name = command.name.clone().into();
        let registered = GroupEvent::GroupRegistered {
            name,
            area: command.area.clone(),
            standing: command.standing,
        };
        let officer = facts.roles().contains(&Role::Officer);
        let member = match command.member {
            Some(person) if person != by && !officer => return Err(Refusal::NotYours),
            Some(person) => Some(person),
            None if facts.roles() == Roles::new() => Some(by),
            None => None,
        };
        if command.member.is_some() {
            facts.person()?.must_be_active()?;
        }
        // An invited person becomes a member only once they accept.
        let joins = |person| {
            if person == by {
                GroupEvent::MemberAdded {
                    person,
                    added_by: None,
                    added_on: Some(facts.today),
                }
            } else {
                GroupEvent::MemberInvited {
                    person,
                    invited_by: by,
                }
            }
        };
        Ok(std::iter::once(registered)
            .chain(member.map(joins))
            .collect())
    }

    fn record_identifier(
        &self,
        record: &RecordIdentifier,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        if self.identifiers.contains(&record.identifier) {
            return Err(Refusal::NoChange);
        }
        if facts.of_group()? {
            return Err(Refusal::Interested);
        }
        Ok(GroupEvent::IdentifierRecorded {
            identifier: record.identifier.clone(),
        })
    }

    fn merge(&self, merge: &MergeGroup, facts: &DecisionContext) -> Result<GroupEvent, Refusal> {
        self.must_be_active()?;
        Ok(GroupEvent::GroupMerged {
            into: merge.into,
            reason: merge.reason.clone(),
            merged_by: facts.by().ok(),
            merged_on: Some(facts.today),
        })
    }

    fn record_past_grant(
        &self,
        past: &PastGrant,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        self.must_be_active()?;
        facts.not_future(past.awarded_on)?;
        if past.amount.is_zero() {
            return Err(Refusal::Nothing("enter an amount of more than £0"));
        }
        if self.past_grants.contains(&past.reference) {
            return Err(Refusal::Exists("past grant"));
        }
        Ok(GroupEvent::PastGrantRecorded { past: past.clone() })
    }

    fn keep_file(&self, keep: &KeepFile, facts: &DecisionContext) -> Result<GroupEvent, Refusal> {
        if self.has_file(&keep.file) {
            return Err(Refusal::Exists("file"));
        }
        let KeepFile {
            file,
            media,
            bytes,
            purpose,
            application,
        } = keep.clone();
        Ok(GroupEvent::FileKept {
            file,
            media,
            bytes,
            purpose,
            kept_by: facts.by()?,
            application,
        })
    }

    /// A file of an application that was sent remains, because the office decides with it.
    fn remove_file(
        &self,
        remove: &RemoveFile,
        facts: &DecisionContext,
    ) -> Result<GroupEvent, Refusal> {
        if self.handed_in.get(&remove.file) != Some(&remove.application) {
            return Err(Refusal::Unknown("file"));
        }
        match facts.application()?.state() {
            ApplicationState::Draft => Ok(GroupEvent::FileRemoved {
                file: remove.file.clone(),
                removed_by: facts.by()?,
            }),
            state => Err(Refusal::ApplicationNotInState(state.into())),
        }
    }
}

impl Group {
    fn apply_files(&mut self, event: &GroupEvent) {
        match event {
            GroupEvent::FileKept {
                file, application, ..
            } => {
                self.files.insert(file.clone());
                let handed_in = application.map(|application| (file.clone(), application));
                self.handed_in.extend(handed_in);
            }
            GroupEvent::FileRemoved { file, .. } => {
                self.files.remove(file);
                self.handed_in.remove(file);
            }
            GroupEvent::CheckFiled {
                check,
                grant,
                good_until,
                ..
            } => {
                let on_file = CheckOnFile {
                    grant: *grant,
                    good_until: *good_until,
                };
                self.on_file.insert(check.clone(), on_file);
            }
            _ => {}
        }
    }
}

impl Aggregate for Group {
    const TYPE: &'static str = "group";
    type Command = GroupCommand;
    type Event = GroupEvent;

    fn decide(
        &self,
        command: &GroupCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GroupEvent>, Refusal> {
        use GroupCommand as C;
        if let C::Register(register) = command {
            return if self.exists() {
                Err(Refusal::Exists("group"))
            } else {
                Self::register(register, facts)
            };
        }
        self.name.as_ref().ok_or(Refusal::Unknown("group"))?;
        if let C::Expire(MemberRef { person }) = command {
            return self.expire_unproven(*person, facts);
        }
        if !matches!(command, C::FileCheck(_) | C::EndGrant(_) | C::EraseAgain(_)) {
            self.erasure.must_not_be_erased()?;
        }
        let event = match command {
            C::Register(_) | C::Expire(_) => return Err(Refusal::Exists("group")),
            C::Correct(_) | C::TakeCorrection(_) | C::RefuseCorrection(_) => {
                self.decide_correction(command, facts)?
            }
            C::SetContact(contact) => GroupEvent::ContactSet {
                postcode: contact.postcode.as_ref().map(PersonalInput::sealed),
                telephone: contact.telephone.as_ref().map(PersonalInput::sealed),
            },
            C::RecordIdentifier(record) => self.record_identifier(record, facts)?,
            C::AddMember(_) | C::Join(_) | C::RefuseInvitation(_) | C::RemoveMember(_) => {
                self.change_members(command, facts)?
            }
            C::ProvidePayee(typed) => self.provide_payee(typed, facts)?,
            C::VerifyPayee(verify) => self.verify_payee(verify, facts)?,
            C::KeepFile(keep) => self.keep_file(keep, facts)?,
            C::RemoveFile(remove) => self.remove_file(remove, facts)?,
            C::FileCheck(filed) => GroupEvent::CheckFiled {
                check: filed.check.clone(),
                grant: filed.grant,
                passed_on: facts.today,
                good_until: filed.good_until,
            },
            C::Merge(merge) => self.merge(merge, facts)?,
            C::TakeIn(taken) => {
                self.must_be_active()?;
                GroupEvent::GroupTakenIn { group: taken.group }
            }
            C::OpenGrant(GrantRef { grant }) => GroupEvent::GrantOpened { grant: *grant },
            C::EndGrant(GrantEnd { grant, paid }) => GroupEvent::GrantEnded {
                grant: *grant,
                paid: *paid,
                ended_on: facts.today,
            },
            C::RecordPastGrant(past) => self.record_past_grant(past, facts)?,
            C::GiveTally(_) | C::CorrectTally(_) => self.decide_tally(command, facts)?,
            C::RequestErasure(_) => self.request_erasure()?,
            C::RefuseErasure(because) => self.refuse_erasure(because)?,
            C::Erase(because) => self.erase(because, facts)?,
            C::EraseAgain(because) => GroupEvent::PersonalDataErased {
                reason: because.reason.clone(),
            },
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &GroupEvent) -> Result<(), BelowZero> {
        self.events += 1;
        match event {
            GroupEvent::GroupRegistered { .. }
            | GroupEvent::GroupCorrected { .. }
            | GroupEvent::GroupCorrectionProposed { .. }
            | GroupEvent::GroupCorrectionRefused { .. } => self.apply_name(event),
            GroupEvent::ContactSet { .. } => {}
            GroupEvent::GroupTakenIn { group } => {
                self.took_in.insert(*group);
            }
            GroupEvent::IdentifierRecorded { identifier } => {
                self.identifiers.insert(identifier.clone());
            }
            GroupEvent::MemberInvited { .. }
            | GroupEvent::InvitationRefused { .. }
            | GroupEvent::MemberAdded { .. }
            | GroupEvent::MemberRemoved { .. } => self.apply_members(event),
            GroupEvent::PayeeProvided { .. } | GroupEvent::PayeeVerified { .. } => {
                self.apply_payee(event);
            }
            GroupEvent::FileKept { .. }
            | GroupEvent::FileRemoved { .. }
            | GroupEvent::CheckFiled { .. } => self.apply_files(event),
            // From now on the members of the other group act for this one.
            GroupEvent::GroupMerged {
                into,
                merged_by,
                merged_on,
                ..
            } => {
                self.record_change(*merged_on);
                (self.merged, self.merged_by) = (Some(*into), *merged_by);
            }
            GroupEvent::GrantOpened { grant } => {
                self.open_grants.insert(*grant);
            }
            GroupEvent::GrantEnded {
                grant,
                paid,
                ended_on,
            } => {
                self.open_grants.remove(grant);
                if *paid {
                    self.kept_until = self.kept_until.max(Some(retain_until(*ended_on)));
                }
            }
            GroupEvent::PastGrantRecorded { past } => {
                self.past_grants.insert(past.reference.clone());
            }
            GroupEvent::TallyGiven { .. } | GroupEvent::TallyCorrected { .. } => {
                self.apply_tally(event);
            }
            GroupEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            GroupEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            GroupEvent::PersonalDataErased { .. } => self.erasure = Erasure::Done,
        }
        Ok(())
    }
}
