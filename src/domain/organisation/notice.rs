//! Notices: versioned texts that people read or hear before they agree to something. An agreement
//! names the version that was given, so no version is ever removed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Organisation, OrganisationEvent, sha256_hex};
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::domain::person::ConsentPurpose;
use crate::domain::text::Prose;

/// What a notice is about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum NoticePurpose {
    /// Being introduced to a group or place.
    Introductions,
    /// Being invited to gatherings and hearing other news.
    Invitations,
    /// Having it kept what they can do, lend or teach.
    Skills,
    /// Giving and receiving hours.
    TimeBank,
}

impl From<ConsentPurpose> for NoticePurpose {
    fn from(purpose: ConsentPurpose) -> Self {
        match purpose {
            ConsentPurpose::Invitations => Self::Invitations,
            ConsentPurpose::Skills => Self::Skills,
            ConsentPurpose::TimeBank => Self::TimeBank,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishNotice {
    pub purpose: NoticePurpose,
    /// The text that people read or hear, in English.
    pub text: Prose,
    /// The same in other languages.
    #[serde(default)]
    pub other_languages: BTreeMap<Language, Prose>,
}

/// The notice in force for a purpose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NoticeInForce {
    version: u32,
    /// By language: the SHA-256 of the text, in hexadecimal.
    hashes: BTreeMap<Language, String>,
}

impl NoticeInForce {
    fn of_texts(version: u32, text: &Prose, other_languages: &BTreeMap<Language, Prose>) -> Self {
        let others = other_languages
            .iter()
            .map(|(language, text)| (*language, sha256_hex(text.as_str())));
        let english = (Language::En, sha256_hex(text.as_str()));
        Self {
            version,
            hashes: others.chain([english]).collect(),
        }
    }
}

impl Organisation {
    /// The version of the notice in force for a purpose; `None` before one is published.
    #[must_use]
    pub fn notice(&self, purpose: NoticePurpose) -> Option<u32> {
        self.notices.get(&purpose).map(|notice| notice.version)
    }

    /// Refuses with [`Refusal::NoticeOutOfDate`] a version that is not the one in force.
    pub fn must_be_notice_in_force(
        &self,
        purpose: NoticePurpose,
        version: u32,
    ) -> Result<(), Refusal> {
        if self.notice(purpose) == Some(version) {
            Ok(())
        } else {
            Err(Refusal::NoticeOutOfDate)
        }
    }

    pub(super) fn publish_notice(
        &self,
        notice: &PublishNotice,
    ) -> Result<OrganisationEvent, Refusal> {
        let PublishNotice {
            purpose,
            text,
            other_languages,
        } = notice;
        let before = self.notices.get(purpose).cloned().unwrap_or_default();
        let next = NoticeInForce::of_texts(before.version + 1, text, other_languages);
        if next.hashes == before.hashes {
            return Err(Refusal::NoChange);
        }
        Ok(OrganisationEvent::NoticePublished {
            version: next.version,
            purpose: *purpose,
            hash: sha256_hex(text.as_str()),
            text: text.clone(),
            other_languages: other_languages.clone(),
        })
    }

    pub(super) fn apply_notice(&mut self, event: &OrganisationEvent) {
        if let OrganisationEvent::NoticePublished {
            version,
            purpose,
            text,
            other_languages,
            ..
        } = event
        {
            let notice = NoticeInForce::of_texts(*version, text, other_languages);
            self.notices.insert(*purpose, notice);
        }
    }
}
