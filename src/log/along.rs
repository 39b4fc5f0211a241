//! What is stored in the same transaction as the events that it is made of. A process's views are,
//! for as long as they stand where its log ends: then an append brings them along, and whoever
//! waits for them has them with its answer.

use futures::future::BoxFuture;

use crate::store::events::EventRow;
use crate::store::moves::Moves;
use crate::store::{StoreError, Tx};

/// Something that can be brought along by an append.
pub trait Along: Send + Sync {
    /// Claims it, unless somebody else has it or does not know how far it is.
    fn claim(&self) -> Option<Box<dyn Claimed>>;
}

/// Held until the append is over. One that is dropped without a word is not known to stand
/// anywhere.
pub trait Claimed: Send {
    /// The position of the event that it needs first.
    fn next_position(&self) -> i64;

    /// What events make of it, those between it and the end of the log and those that are appended;
    /// `None` when it cannot be brought along. It is an error, and changes nothing, where something
    /// must be read and there is no transaction to read it in.
    fn take<'a>(
        &'a mut self,
        tx: Option<&'a mut Tx>,
        organisation: &'a str,
        between: &'a [EventRow],
        events: &'a [EventRow],
    ) -> BoxFuture<'a, Result<Option<Moves>, StoreError>>;

    /// Everything was committed.
    fn stored(self: Box<Self>);
}
