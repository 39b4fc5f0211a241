//! Receiving uploads: daily quotas of groups and people, and reading the body.

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{FILE_SIZE_MAX, FileError};
use crate::clock::{day_of, time_left_in_day};
use crate::domain::PersonId;
use crate::eventlog::Log;
use crate::sandbox::Sandbox;
use crate::store::uploads::{self, UploadUsage};

/// The most files that a group, or a person, may send in a day, accepted or not: ten forms with as
/// many pictures as one can have.
pub const FILES_A_DAY: u64 = 60;
/// The most bytes that a group, or a person, may send in a day: thirty photographs of a phone.
pub const BYTES_A_DAY: u64 = 150 * 1024 * 1024;

/// What an upload needs in addition to its body.
#[derive(Clone, Copy)]
pub struct UploadContext<'a> {
    pub log: &'a Log,
    pub sandbox: &'a Sandbox,
    pub now: Timestamp,
    /// The group that the file belongs to.
    pub group: Uuid,
    /// The person who sends it, counted as well as the group. `None` for staff, who are not
    /// counted.
    pub sender: Option<PersonId>,
}

impl UploadContext<'_> {
    /// Adds to the day's count of the group and of the sender, so that a person with several groups
    /// has one quota. Beyond the quota it returns [`FileError::Quota`].
    pub(super) async fn count_upload(&self, files: u64, bytes: u64) -> Result<(), FileError> {
        let today = day_of(self.now).to_string();
        for counted in std::iter::once(self.group).chain(self.sender.map(|sender| sender.0)) {
            let sent = UploadUsage { files, bytes };
            let sent = uploads::add(
                self.log.store(),
                self.log.organisation(),
                &counted.to_string(),
                &today,
                sent,
            )
            .await?;
            if sent.files > FILES_A_DAY || sent.bytes > BYTES_A_DAY {
                return Err(FileError::Quota {
                    wait: time_left_in_day(self.now),
                });
            }
        }
        Ok(())
    }
}

/// An upload that is being received.
pub(super) struct UploadReader<S> {
    body: S,
    /// The bytes received so far.
    pub read: u64,
    content: Sha256,
}

impl<S, E> UploadReader<S>
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

    /// Reads at least `wanted` bytes, fewer at the end of the body, and `None` after it. Fails as
    /// soon as more than [`FILE_SIZE_MAX`] bytes were received.
    pub(super) async fn read_at_least(
        &mut self,
        wanted: usize,
    ) -> Result<Option<Vec<u8>>, FileError> {
        let mut bytes = Vec::new();
        while bytes.len() < wanted {
            let Some(part) = self.body.next().await else {
                break;
            };
            let part = part.map_err(|_| FileError::BrokenOff)?;
            self.read += part.len() as u64;
            if self.read > FILE_SIZE_MAX {
                return Err(FileError::TooLarge);
            }
            self.content.update(&part);
            bytes.extend_from_slice(&part);
        }
        Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
    }

    /// The SHA-256 of the bytes received.
    pub(super) fn digest(self) -> [u8; 32] {
        self.content.finalize().into()
    }
}
