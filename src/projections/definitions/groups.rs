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
use crate::domain::text::{Identifier, Slug};
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
pub fn name_key(name: &str) -> String {
    deunicode::deunicode(name.trim()).to_lowercase()
}

pub(in crate::projections) struct GroupsProjection;

impl Projection for GroupsProjection {
    const NAME: &'static str = "groups";
    const SCHEMA_VERSION: i64 = 3;
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
        if let GroupEvent::GroupRegistered {
            name,
            area,
            standing,
            ..
        } = happened
        {
            return Some(GroupRow {
                id: event.stream,
                version: event.sequence,
                created_at: Moment::of(event),
                updated_at: Moment::of(event),
                name: name.to_string(),
                name_key: name_key(name.as_str()),
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
            });
        }
        let mut row = row?;
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        match happened {
            GroupEvent::GroupCorrected { name, area, .. } => {
                (row.name, row.area) = (name.to_string(), area.to_string());
                row.name_key = name_key(name.as_str());
                (row.proposed, row.correction_waits) = (None, Waiting::Nothing);
            }
            GroupEvent::IdentifierRecorded { identifier, .. } => {
                row.identifiers.insert(identifier.clone());
            }
            GroupEvent::MemberInvited { person, .. } => {
                row.invited.insert(*person);
            }
            GroupEvent::InvitationRefused { person } => {
                row.invited.remove(person);
            }
            GroupEvent::MemberAdded { person, .. } => {
                row.invited.remove(person);
                row.members.insert(*person);
            }
            GroupEvent::MemberRemoved { person, .. } => {
                row.members.remove(person);
            }
            GroupEvent::PayeeProvided {
                payee,
                details,
                keyed_by,
                ..
            } => {
                let (payee, keyed_by) = (*payee, *keyed_by);
                row.payee = Some(PayeeRow {
                    payee,
                    route: details.route(),
                    keyed_by,
                    verified_by: None,
                    details: details.clone(),
                });
            }
            GroupEvent::ContactSet {
                postcode,
                telephone,
                ..
            } => (row.postcode, row.telephone) = (postcode.clone(), telephone.clone()),
            GroupEvent::CheckFiled {
                check,
                grant,
                passed_on,
                good_until,
                ..
            } => {
                row.on_file.insert(
                    check.clone(),
                    CheckOnFileRow {
                        grant: *grant,
                        passed_on: *passed_on,
                        good_until: *good_until,
                    },
                );
            }
            GroupEvent::GroupMerged { into, .. } => row.merged_into = Some(*into),
            GroupEvent::GrantOpened { grant, .. } => {
                row.open_grants.insert(*grant);
            }
            GroupEvent::GrantEnded {
                grant,
                paid,
                ended_on,
                ..
            } => {
                row.open_grants.remove(grant);
                row.kept_from = row.kept_from.max(Some(*ended_on));
                row.was_paid |= paid;
            }
            GroupEvent::GroupCorrectionProposed {
                proposal,
                name,
                area,
                reason,
                by,
            } => {
                let (name, area) = (name.to_string(), area.to_string());
                row.proposed = Some(ProposedCorrectionRow {
                    proposal: *proposal,
                    name,
                    area,
                    reason: reason.clone(),
                    by: *by,
                });
                row.correction_waits = Waiting::Waiting;
            }
            GroupEvent::GroupCorrectionRefused { .. } => {
                (row.proposed, row.correction_waits) = (None, Waiting::Nothing);
            }
            GroupEvent::ErasureRequested {} => row.erasure = Erasure::Asked,
            GroupEvent::ErasureRefused { .. } => row.erasure = Erasure::Refused,
            GroupEvent::PersonalDataErased { .. } => row.erasure = Erasure::Done,
            GroupEvent::GroupTakenIn { group, .. } => {
                row.took_in.insert(*group);
            }
            GroupEvent::PayeeVerified { verified_by, .. } => {
                if let Some(payee) = &mut row.payee {
                    payee.verified_by = Some(*verified_by);
                }
            }
            _ => {}
        }
        Some(row)
    }
}
