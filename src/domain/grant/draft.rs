//! The draft of an update, which a group saves to continue on another day or device. A draft keeps
//! the text as it was typed. The rules check it only when the update is sent.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::update::UpdateState;
use super::{Grant, GrantEvent};
use crate::domain::file::FileDigest;
use crate::domain::outcome::Strength;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal};

/// How often a draft of one update can be saved.
const SAVES_MAX: u16 = 200;

/// A field of an update that a draft can have, apart from those of signs.
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
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DraftField {
    Words,
    Learned,
    People,
    Volunteers,
    Spent,
    /// What the photographs show.
    Pictured,
    /// "yes" if everyone in the photographs agrees.
    Agreed,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveUpdate {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    /// What was typed so far, by field. It is stored encrypted. A draft replaces the one before.
    #[serde(default)]
    pub answers: BTreeMap<DraftField, PersonalInput>,
    /// How much of each sign the group has seen so far.
    #[serde(default)]
    pub strengths: BTreeMap<Slug, Strength>,
    /// The group's words about each sign of success, by the sign's key.
    #[serde(default)]
    pub noticed: BTreeMap<Slug, PersonalInput>,
    /// Receipts and photographs so far, each one of the group's files.
    #[serde(default)]
    pub files: BTreeSet<FileDigest>,
}

impl Grant {
    /// Only members of the group save drafts. Staff record a complete update.
    pub(super) fn save_update(
        &self,
        save: &SaveUpdate,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let update = self.update(save.update)?;
        update.must_be(&[UpdateState::Requested, UpdateState::Queried])?;
        if !facts.of_group()? {
            return Err(Refusal::MembersOwnAct);
        }
        if update.saves >= SAVES_MAX {
            return Err(Refusal::TooManyItems(SAVES_MAX.into()));
        }
        let organisation = facts.organisation()?;
        let mut signs = save.strengths.keys().chain(save.noticed.keys());
        if let Some(sign) = signs.find(|sign| !organisation.has_sign(sign)) {
            return Err(Refusal::UnknownSign(sign.to_string()));
        }
        for file in &save.files {
            facts.has_file(Some(file))?;
        }
        let answers = save.answers.iter();
        let noticed = save.noticed.iter();
        Ok(GrantEvent::UpdateSaved {
            update: save.update,
            answers: answers
                .map(|(field, typed)| (*field, typed.sealed()))
                .collect(),
            strengths: save.strengths.clone(),
            noticed: noticed
                .map(|(sign, typed)| (sign.clone(), typed.sealed()))
                .collect(),
            files: save.files.clone(),
        })
    }

    pub(super) fn count_save(&mut self, update: u16) {
        if let Some(found) = self.updates.get_mut(&update) {
            found.saves = found.saves.saturating_add(1);
        }
    }
}
