//! The locked path: locks the head, reads what a batch refers to, resolves and writes it.

use super::in_doubt::{IfNotWritten, InDoubtCommit};
use super::resolve::{AcceptedAppend, LogSnapshot};
use super::{Append, LogError, Step, ViewRows, WriterTask};
use crate::crypto::personal_rows::PersonalRows;
use crate::store::events::{self, LogHead};
use crate::store::lookups::{
    self, CommandLookup, IndexLookup, Lookups, StreamLookup, SubjectLookup,
};
use crate::store::{StoreError, Tx, personal_data, sessions};

impl WriterTask {
    pub(super) async fn write_under_lock(&mut self, appends: &[Append], views: ViewRows) -> Step {
        self.try_under_lock(appends, views)
            .await
            .unwrap_or_else(|failure| match failure {
                Failure::OfViewRows(error) => {
                    tracing::warn!(
                        %error,
                        "a batch could not be written with its views; it is written without"
                    );
                    Step::Locked(ViewRows::LeftToProjector)
                }
                Failure::OfBatch(error) => Step::Individually(error),
            })
    }

    async fn try_under_lock(
        &mut self,
        appends: &[Append],
        views: ViewRows,
    ) -> Result<Step, Failure> {
        let mut tx = self.begin_with_retry().await?;
        let (head, snapshot) = self.lock_and_look_up(&mut tx, appends).await?;
        self.head_cache.update_under_lock(head, &snapshot);
        let batch = self.resolve(appends, head, snapshot)?;
        if batch.accepted.is_empty() {
            return Ok(Step::Done(batch.outcomes.into_iter().map(Ok).collect()));
        }
        let rows = batch.rows(&self.organisation);
        let inline = match views {
            ViewRows::LeftToProjector => None,
            ViewRows::Included => self
                .fold_inline(Some(&mut tx), head, &rows.events)
                .await
                .map_err(Failure::OfViewRows)?,
        };
        let before = self.head_cache.take_head();
        let view_rows = inline.as_ref().map(|(_, rows)| rows);
        let wrote = events::write(&mut tx, &self.organisation, &rows.to_store(view_rows, None))
            .await
            .map_err(|error| match view_rows {
                Some(_) => Failure::OfViewRows(error),
                None => error.into(),
            })?;
        self.write_personal_rows(&mut tx, &batch.accepted).await?;
        match tx.commit().await {
            Ok(()) => Ok(self.after_commit(before, batch, rows, inline, wrote)),
            Err(cause) => Ok(Step::InDoubt(InDoubtCommit {
                cause,
                outcomes: batch.outcomes,
                if_not_written: IfNotWritten::TellCallers,
            })),
        }
    }

    async fn lock_and_look_up(
        &self,
        tx: &mut Tx,
        appends: &[Append],
    ) -> Result<(LogHead, LogSnapshot), StoreError> {
        let mut streams: Vec<_> = appends
            .iter()
            .flat_map(|append| append.reads.iter().map(|(stream, _)| *stream))
            .collect();
        streams.sort_unstable();
        streams.dedup();
        let ids: Vec<_> = streams
            .iter()
            .map(|stream| stream.stored_id(&self.organisation))
            .collect();
        let streams = streams.iter().zip(&ids);
        let personal = || appends.iter().map(|append| &append.personal);
        let wanted = Lookups {
            streams: streams
                .map(|(stream, id)| StreamLookup {
                    aggregate_type: stream.kind,
                    aggregate_id: id,
                })
                .collect(),
            commands: appends
                .iter()
                .map(|append| CommandLookup::of(append.command))
                .collect(),
            subjects: personal()
                .flat_map(|rows| &rows.used_keys)
                .map(|subject| SubjectLookup {
                    subject: subject.to_string(),
                })
                .collect(),
            index: personal()
                .flat_map(|rows| &rows.index)
                .map(|entry| IndexLookup {
                    kind: entry.row.kind,
                    digest: &entry.row.digest,
                })
                .collect(),
        };
        let (head, found) = lookups::lock_and_look_up(tx, &self.organisation, &wanted).await?;
        Ok((head, found.into()))
    }

    async fn write_personal_rows(
        &self,
        tx: &mut Tx,
        accepted: &[AcceptedAppend<'_>],
    ) -> Result<(), StoreError> {
        let rows = accepted.iter().map(|one| &one.append.personal);
        let keys: Vec<_> = rows
            .clone()
            .flat_map(|rows| rows.keys.iter().cloned())
            .collect();
        if !keys.is_empty() {
            personal_data::insert_keys(tx, &self.organisation, &keys).await?;
        }
        // One append after the other, as the batch was resolved: a value that one releases, a later
        // one may take.
        for rows in rows {
            self.write_index(tx, rows).await?;
        }
        Ok(())
    }

    async fn write_index(&self, tx: &mut Tx, rows: &PersonalRows) -> Result<(), StoreError> {
        for (kind, subject) in &rows.released {
            personal_data::release_index(tx, &self.organisation, kind, &subject.to_string())
                .await?;
        }
        let index: Vec<_> = rows.index.iter().map(|entry| entry.row.clone()).collect();
        personal_data::replace_index(tx, &self.organisation, &index).await?;
        for person in &rows.signed_out {
            sessions::end_access(tx, &self.organisation, &person.to_string()).await?;
        }
        for subject in &rows.erased {
            personal_data::erase_subject(tx, &self.organisation, &subject.to_string()).await?;
        }
        Ok(())
    }
}

/// An error before the commit: nothing was written.
enum Failure {
    OfBatch(LogError),
    /// One that the rows of the inline projection may have caused.
    OfViewRows(StoreError),
}

impl<E: Into<LogError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::OfBatch(error.into())
    }
}
