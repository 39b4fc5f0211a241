//! What is sent: how much of it there may be in a day of one group and of one person, and what has
//! arrived of a file.

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{FILE_MOST, FileError};
use crate::domain::PersonId;
use crate::log::Log;
use crate::log::record::{day_of, left_of_day};
use crate::sandbox::Sandbox;
use crate::store::uploads::{self, Sent};

/// How many files a group, or a person, sends in a day at most, whatever comes of them: ten forms
/// with all the pictures that one carries.
pub const FILES_A_DAY: u64 = 60;
/// How many bytes: thirty photographs as phones take them.
pub const BYTES_A_DAY: u64 = 150 * 1024 * 1024;

/// What files are taken in with.
#[derive(Clone, Copy)]
pub struct Intake<'a> {
    pub log: &'a Log,
    pub sandbox: &'a Sandbox,
    pub now: Timestamp,
    /// The group whose file it is.
    pub group: Uuid,
    /// Who sends it; nobody is counted who works in the office.
    pub sender: Option<PersonId>,
}

impl Intake<'_> {
    /// Counts what is sent, of the group and of the sender: whoever has many groups sends no more
    /// for it.
    ///
    /// # Errors
    /// [`FileError::Quota`] when that is more than either may send in a day.
    pub(super) async fn count(&self, files: u64, bytes: u64) -> Result<(), FileError> {
        let today = day_of(self.now).to_string();
        for counted in std::iter::once(self.group).chain(self.sender.map(|sender| sender.0)) {
            let sent = Sent { files, bytes };
            let sent = uploads::count(
                self.log.store(),
                self.log.organisation(),
                &counted.to_string(),
                &today,
                sent,
            )
            .await?;
            if sent.files > FILES_A_DAY || sent.bytes > BYTES_A_DAY {
                return Err(FileError::Quota {
                    wait: left_of_day(self.now),
                });
            }
        }
        Ok(())
    }
}

/// A file as it arrives.
pub(super) struct Arriving<S> {
    body: S,
    /// How many bytes have arrived.
    pub read: u64,
    content: Sha256,
}

impl<S, E> Arriving<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
{
    pub(super) fn new(body: S) -> Self {
        Self {
            body,
            read: 0,
            content: Sha256::new(),
        }
    }

    /// So many bytes or more, fewer at its end; none after it.
    pub(super) async fn next(&mut self, wanted: usize) -> Result<Option<Vec<u8>>, FileError> {
        let mut bytes = Vec::new();
        while bytes.len() < wanted {
            let Some(part) = self.body.next().await else {
                break;
            };
            let part = part.map_err(|_| FileError::BrokenOff)?;
            self.read += part.len() as u64;
            if self.read > FILE_MOST {
                return Err(FileError::TooLarge);
            }
            self.content.update(&part);
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The SHA-256 of what has arrived.
    pub(super) fn digest(self) -> [u8; 32] {
        self.content.finalize().into()
    }
}
