//! Background tasks. A task that panics is reported by `/readyz`.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::JoinHandle;

/// Starts background tasks and remembers the names of those that failed. Clones share the list.
#[derive(Clone, Debug, Default)]
pub struct Supervisor {
    failed: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Supervisor {
    /// Starts a background task under a name for operators. If it panics, it is not restarted, and
    /// its name stays in [`Self::failed`] until the process ends.
    pub fn spawn(
        &self,
        name: &'static str,
        work: impl Future<Output = ()> + Send + 'static,
    ) -> JoinHandle<()> {
        let beside = self.clone();
        tokio::spawn(async move {
            if AssertUnwindSafe(work).catch_unwind().await.is_err() {
                tracing::error!(
                    work = name,
                    "the program failed at it: it stands still until the next start"
                );
                beside
                    .failed
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .insert(name);
            }
        })
    }

    /// Reports a name as failed for a limited time. A second call does not extend the first one:
    /// the name is removed when the time of the earliest call is over.
    pub fn report_for(&self, name: &'static str, time: Duration) {
        self.failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(name);
        let beside = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep(time).await;
            beside
                .failed
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(name);
        });
    }

    /// The names of failed tasks and current reports, sorted.
    #[must_use]
    pub fn failed(&self) -> Vec<&'static str> {
        self.failed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .copied()
            .collect()
    }
}
