//! Members of groups: a person registers the group themselves, or joins by an invitation.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{Event, GroupEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

/// The earlier program that first wrote invitations.
const INVITES: u8 = 3;

#[derive(Default)]
pub(super) struct Memberships {
    /// By group and person: who invited them last, until they answer.
    invited: BTreeMap<(Uuid, PersonId), PersonId>,
    /// The command that registered a group last, and the group.
    registered: Option<(Uuid, Uuid)>,
}

impl RuleRoom for Memberships {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::JoinedByInvitation]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let Event::Group(happened) = &event.event else {
            return;
        };
        let group = event.stream;
        match happened {
            GroupEvent::GroupRegistered { .. } => {
                self.registered = Some((event.command_id, group));
            }
            GroupEvent::MemberInvited { person, invited_by } => {
                self.invited.insert((group, *person), *invited_by);
            }
            GroupEvent::InvitationRefused { person } => {
                self.invited.remove(&(group, *person));
            }
            GroupEvent::MemberAdded {
                person, added_by, ..
            } => {
                let inviter = self.invited.remove(&(group, *person));
                let registers = self.registered == Some((event.command_id, group))
                    && LogState::actor(event) == Some(*person);
                let is_joined = match added_by {
                    None => registers,
                    Some(added_by) => inviter == Some(*added_by),
                };
                let says = format!("{person} became a member, and had not been invited so");
                let is_checked = before.earlier_programs().shows(INVITES);
                broken.unless(is_joined || !is_checked, Rule::JoinedByInvitation, says);
            }
            _ => {}
        }
    }
}
