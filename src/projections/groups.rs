//! Groups: their public names, members by id, and how their payee stands. Account details stay sealed.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::group::Standing;
use crate::domain::payee::{PayeeSealed, Route};
use crate::domain::text::Identifier;
use crate::domain::{Event, GroupEvent, PersonId};
use crate::log::record::Recorded;

/// A group as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRow {
    pub id: Uuid,
    pub version: i64,
    pub name: String,
    pub area: String,
    pub standing: Standing,
    pub identifiers: BTreeSet<Identifier>,
    pub members: BTreeSet<PersonId>,
    pub payee: Option<PayeeRow>,
}

/// Where a group's money goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayeeRow {
    pub payee: u32,
    pub route: Route,
    pub keyed_by: PersonId,
    pub verified_by: Option<PersonId>,
    pub details: PayeeSealed,
}

pub(super) struct Groups;

impl Projection for Groups {
    const NAME: &'static str = "groups";
    type Row = GroupRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        matches!(event.event, Event::Group(_)).then(|| Touches::one(&event.stream))
    }

    fn project(event: &Recorded, row: Option<GroupRow>, _: Option<GroupRow>) -> Option<GroupRow> {
        let Event::Group(happened) = &event.event else { return None };
        if let GroupEvent::GroupRegistered { name, area, standing } = happened {
            return Some(GroupRow {
                id: event.stream,
                version: event.sequence,
                name: name.to_string(),
                area: area.to_string(),
                standing: *standing,
                identifiers: BTreeSet::new(),
                members: BTreeSet::new(),
                payee: None,
            });
        }
        let mut row = row?;
        row.version = event.sequence;
        match happened {
            GroupEvent::GroupRegistered { .. } => {}
            GroupEvent::GroupCorrected { name, area } => (row.name, row.area) = (name.to_string(), area.to_string()),
            GroupEvent::IdentifierRecorded { identifier } => {
                row.identifiers.insert(identifier.clone());
            }
            GroupEvent::MemberAdded { person } => {
                row.members.insert(*person);
            }
            GroupEvent::MemberRemoved { person } => {
                row.members.remove(person);
            }
            GroupEvent::PayeeProvided { payee, details, keyed_by } => {
                let (payee, keyed_by) = (*payee, *keyed_by);
                row.payee = Some(PayeeRow { payee, route: details.route(), keyed_by, verified_by: None, details: details.clone() });
            }
            GroupEvent::PayeeVerified { verified_by, .. } => {
                if let Some(payee) = &mut row.payee {
                    payee.verified_by = Some(*verified_by);
                }
            }
        }
        Some(row)
    }
}
