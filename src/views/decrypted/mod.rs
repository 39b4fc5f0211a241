//! Records with personal values decrypted, for readers who may see them.

mod application;
mod asset;
mod barrier;
mod gathering;
mod grant;
mod group;
mod introduction;
mod payment;
mod person;
mod update;

use std::collections::BTreeMap;

use super::{ViewError, Views};
use crate::crypto::vault::DecryptedValue;
use crate::domain::personal_data::Encrypted;

pub use application::{Answer, ApplicationView};
pub use asset::AssetView;
pub use barrier::BarrierView;
pub use gathering::{GatheringView, SignUpView};
pub use grant::{GrantView, NewsWords};
pub use group::{GroupView, PayeeView};
pub use introduction::{IntroductionReader, IntroductionView};
pub use payment::PaymentView;
pub use person::{PersonView, ProposedContactView};
pub use update::{OutcomeView, UpdateDraftView, UpdateView};

/// Personal values collected from rows, to be decrypted with one look-up of keys.
#[derive(Default)]
struct DecryptRequest<'a>(Vec<(&'static str, &'a Encrypted)>);

impl<'a> DecryptRequest<'a> {
    fn add(&mut self, field: &'static str, value: Option<&'a Encrypted>) {
        self.0.extend(value.map(|value| (field, value)));
    }

    async fn decrypt(self, views: &Views) -> Result<BTreeMap<String, String>, ViewError> {
        let opened = views.log.vault().decrypt(&self.0).await?;
        let texts = self
            .0
            .iter()
            .zip(opened)
            .filter_map(|((_, sealed), opened)| {
                Some((sealed.digest.clone(), DecryptedValue::text(opened)?))
            });
        Ok(texts.collect())
    }
}

fn decrypted_text(opened: &BTreeMap<String, String>, sealed: Option<&Encrypted>) -> Option<String> {
    opened.get(&sealed?.digest).cloned()
}
