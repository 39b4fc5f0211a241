//! What runs beside serving: followers, mail, jobs. One that failed is told to whoever asks whether
//! the service is ready.

use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::JoinHandle;

/// What runs beside serving, and what of it failed.
#[derive(Clone, Debug, Default)]
pub struct Beside {
    failed: Arc<Mutex<BTreeSet<&'static str>>>,
}

impl Beside {
    /// Has it run beside serving, under a name for operators.
    pub fn run(
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

    /// Tells of something for a while, which is over where nothing more happens until then.
    pub fn tell_for(&self, name: &'static str, time: Duration) {
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

    /// The names of what failed.
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
