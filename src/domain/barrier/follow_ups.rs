//! Commands that an event of a barrier triggers. None of them moves money.

use uuid::Uuid;

use super::{Barrier, BarrierCommand, BarrierEvent, TakeInBarrier};
use crate::domain::id::BarrierId;
use crate::domain::{Command, FollowUps};

impl FollowUps for Barrier {
    /// A barrier that another one is joined to takes in those who raised that one, so that they are
    /// informed of its answers.
    fn follow_ups(
        &self,
        id: Uuid,
        _: &BarrierCommand,
        event: &BarrierEvent,
        _: &Self,
    ) -> Vec<Command> {
        match event {
            BarrierEvent::BarrierJoined { into } => {
                let taken = TakeInBarrier {
                    barrier: BarrierId(id),
                    raised_by: self.raised_by().collect(),
                };
                vec![Command::Barrier(*into, BarrierCommand::TakeIn(taken))]
            }
            _ => Vec::new(),
        }
    }
}
