//! Groups: public names, the ids of members, and the payee. Account details stay encrypted. Files
//! and past grants are rows of other projections.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::erasure::Erasure;
use crate::domain::group::GroupMaturity;
use crate::domain::payee::{EncryptedPayee, PaymentRoute};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Identifier, Line, Slug};
use crate::domain::{Event, GrantId, GroupEvent, GroupId, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection, Waiting};

/// A group, with personal values encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    pub id: Uuid,
    pub version: i64,
    pub created_at: Moment,
    pub updated_at: Moment,
    pub name: String,
    /// The key by which the name is searched and sorted: ASCII, lower case.
    pub name_key: String,
    pub area: String,
    pub standing: GroupMaturity,
    pub identifiers: BTreeSet<Identifier>,
    pub members: BTreeSet<PersonId>,
    /// People who were invited and have not replied.
    #[serde(default)]
    pub invited: BTreeSet<PersonId>,
    pub payee: Option<PayeeRow>,
    pub postcode: Option<Encrypted>,
    pub telephone: Option<Encrypted>,
    pub on_file: BTreeMap<Slug, CheckOnFileRow>,
    /// The group that this one was merged into.
    pub merged_into: Option<GroupId>,
    /// Groups that were merged into this one.
    pub took_in: BTreeSet<GroupId>,
    /// Grants that have not ended.
    #[serde(default)]
    pub open_grants: BTreeSet<GrantId>,
    /// The day from which the retention period counts: the end of the last grant, or the
    /// registration.
    #[serde(default)]
    pub kept_from: Option<Date>,
    /// Whether the group was ever paid.
    #[serde(default)]
    pub was_paid: bool,
    /// A name and area that a member proposed, until staff accept or refuse them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed: Option<ProposedCorrectionRow>,
    #[serde(default)]
    pub correction_waits: Waiting,
    /// The state of the erasure of the group's personal data.
    #[serde(default)]
    pub erasure: Erasure,
}

/// A check that one of the group's grants passed, and the last day on which it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OnFile)]
pub struct CheckOnFileRow {
    pub grant: GrantId,
    #[schema(value_type = String, format = "date")]
    pub passed_on: Date,
    #[schema(value_type = String, format = "date")]
    pub good_until: Date,
}

/// The account that a group's money goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeRow {
    pub payee: u32,
    pub route: PaymentRoute,
    pub keyed_by: PersonId,
    pub verified_by: Option<PersonId>,
    /// How it was verified, and when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified_how: Option<(Line, Date)>,
    pub details: EncryptedPayee,
}

/// A name and area that a member proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedCorrectionRow {
    /// Its number, needed to accept it.
    pub proposal: u32,
    pub name: String,
    pub area: String,
    pub reason: Encrypted,
    pub by: PersonId,
}

/// The key by which a name is searched and sorted: transliterated to ASCII, in lower case.
#[must_use]
pub fn search_key(name: &str) -> String {
    deunicode::deunicode(name.trim()).to_lowercase()
}

pub(in crate::projections) struct GroupsProjection;

impl Projection for GroupsProjection {
    const NAME: &'static str = "groups";
    const SCHEMA_VERSION: i64 = 4;
    type Row = GroupRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Group(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<GroupRow>,
        _: Option<GroupRow>,
    ) -> Option<GroupRow> {
        let Event::Group(happened) = &event.event else {
            return None;
        };
        if let Some(registered) = registered_row(event, happened) {
            return Some(registered);
        }
        let mut row = row?;
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened);
        Some(row)
    }
}

/// The row of a newly registered group.
fn registered_row(event: &RecordedEvent, happened: &GroupEvent) -> Option<GroupRow> {
    let GroupEvent::GroupRegistered {
        name,
        area,
        standing,
        ..
    } = happened
    else {
        return None;
    };
    Some(GroupRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        name: name.to_string(),
        name_key: search_key(name.as_str()),
        area: area.to_string(),
        standing: *standing,
        identifiers: BTreeSet::new(),
        members: BTreeSet::new(),
        invited: BTreeSet::new(),
        payee: None,
        postcode: None,
        telephone: None,
        on_file: BTreeMap::new(),
        merged_into: None,
        took_in: BTreeSet::new(),
        open_grants: BTreeSet::new(),
        kept_from: Some(event.recorded_on()),
        was_paid: false,
        proposed: None,
        correction_waits: Waiting::Nothing,
        erasure: Erasure::NotAsked,
    })
}

impl GroupRow {
    fn apply(&mut self, happened: &GroupEvent) {
        match happened {
            GroupEvent::GroupCorrected { .. }
            | GroupEvent::GroupCorrectionProposed { .. }
            | GroupEvent::GroupCorrectionRefused { .. } => self.apply_correction(happened),
            GroupEvent::MemberInvited { .. }
            | GroupEvent::InvitationRefused { .. }
            | GroupEvent::MemberAdded { .. }
            | GroupEvent::MemberRemoved { .. } => self.apply_membership(happened),
            GroupEvent::PayeeProvided { .. } | GroupEvent::PayeeVerified { .. } => {
                self.apply_payee(happened);
            }
            GroupEvent::CheckFiled { .. }
            | GroupEvent::GrantOpened { .. }
            | GroupEvent::GrantEnded { .. } => self.apply_grant(happened),
            GroupEvent::IdentifierRecorded { identifier, .. } => {
                self.identifiers.insert(identifier.clone());
            }
            GroupEvent::ContactSet {
                postcode,
                telephone,
                ..
            } => (self.postcode, self.telephone) = (postcode.clone(), telephone.clone()),
            GroupEvent::GroupMerged { into, .. } => self.merged_into = Some(*into),
            GroupEvent::GroupTakenIn { group, .. } => {
                self.took_in.insert(*group);
            }
            GroupEvent::ErasureRequested {} => self.erasure = Erasure::Asked,
            GroupEvent::ErasureRefused { .. } => self.erasure = Erasure::Refused,
            GroupEvent::PersonalDataErased { .. } => self.erasure = Erasure::Done,
            _ => {}
        }
    }

    fn apply_correction(&mut self, happened: &GroupEvent) {
        match happened {
            GroupEvent::GroupCorrected { name, area, .. } => {
                (self.name, self.area) = (name.to_string(), area.to_string());
                self.name_key = search_key(name.as_str());
                (self.proposed, self.correction_waits) = (None, Waiting::Nothing);
            }
            GroupEvent::GroupCorrectionProposed {
                proposal,
                name,
                area,
                reason,
                by,
            } => {
                let (name, area) = (name.to_string(), area.to_string());
                self.proposed = Some(ProposedCorrectionRow {
                    proposal: *proposal,
                    name,
                    area,
                    reason: reason.clone(),
                    by: *by,
                });
                self.correction_waits = Waiting::Waiting;
            }
            GroupEvent::GroupCorrectionRefused { .. } => {
                (self.proposed, self.correction_waits) = (None, Waiting::Nothing);
            }
            _ => {}
        }
    }

    fn apply_membership(&mut self, happened: &GroupEvent) {
        match happened {
            GroupEvent::MemberInvited { person, .. } => {
                self.invited.insert(*person);
            }
            GroupEvent::InvitationRefused { person } => {
                self.invited.remove(person);
            }
            GroupEvent::MemberAdded { person, .. } => {
                self.invited.remove(person);
                self.members.insert(*person);
            }
            GroupEvent::MemberRemoved { person, .. } => {
                self.members.remove(person);
            }
            _ => {}
        }
    }

    fn apply_payee(&mut self, happened: &GroupEvent) {
        match happened {
            GroupEvent::PayeeProvided {
                payee,
                details,
                keyed_by,
                ..
            } => {
                let (payee, keyed_by) = (*payee, *keyed_by);
                self.payee = Some(PayeeRow {
                    payee,
                    route: details.route(),
                    keyed_by,
                    verified_by: None,
                    verified_how: None,
                    details: details.clone(),
                });
            }
            GroupEvent::PayeeVerified {
                method,
                verified_by,
                verified_on,
                ..
            } => {
                if let Some(payee) = &mut self.payee {
                    payee.verified_by = Some(*verified_by);
                    payee.verified_how = Some((method.clone(), *verified_on));
                }
            }
            _ => {}
        }
    }

    /// Applies what a grant of the group leaves with it.
    fn apply_grant(&mut self, happened: &GroupEvent) {
        match happened {
            GroupEvent::CheckFiled {
                check,
                grant,
                passed_on,
                good_until,
                ..
            } => {
                self.on_file.insert(
                    check.clone(),
                    CheckOnFileRow {
                        grant: *grant,
                        passed_on: *passed_on,
                        good_until: *good_until,
                    },
                );
            }
            GroupEvent::GrantOpened { grant, .. } => {
                self.open_grants.insert(*grant);
            }
            GroupEvent::GrantEnded {
                grant,
                paid,
                ended_on,
                ..
            } => {
                self.open_grants.remove(grant);
                self.kept_from = self.kept_from.max(Some(*ended_on));
                self.was_paid |= paid;
            }
            _ => {}
        }
    }
}
