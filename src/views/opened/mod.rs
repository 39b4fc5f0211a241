//! Records with personal values decrypted, for readers who may see them.

mod application;
mod grant;
mod group;
mod payment;
mod person;
mod update;

use std::collections::BTreeMap;

use super::{ViewError, Views};
use crate::domain::sealed::Sealed;
use crate::log::vault::Opened;

pub use application::{Answer, ApplicationSeen};
pub use grant::GrantSeen;
pub use group::{GroupSeen, PayeeSeen};
pub use payment::PaymentSeen;
pub use person::{ContactSeen, PersonSeen};
pub use update::{OutcomeSeen, UpdateSeen};

/// Personal values collected from rows, to be decrypted with one look-up of keys.
#[derive(Default)]
struct Wanted<'a>(Vec<(&'static str, &'a Sealed)>);

impl<'a> Wanted<'a> {
    fn add(&mut self, field: &'static str, value: Option<&'a Sealed>) {
        self.0.extend(value.map(|value| (field, value)));
    }

    async fn open(self, views: &Views) -> Result<BTreeMap<String, String>, ViewError> {
        let opened = views.log.vault().open(&self.0).await?;
        let texts = self
            .0
            .iter()
            .zip(opened)
            .filter_map(|((_, sealed), opened)| {
                Some((sealed.digest.clone(), Opened::text(opened)?))
            });
        Ok(texts.collect())
    }
}

fn text(opened: &BTreeMap<String, String>, sealed: Option<&Sealed>) -> Option<String> {
    opened.get(&sealed?.digest).cloned()
}
