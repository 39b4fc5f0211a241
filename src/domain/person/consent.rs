//! Consent of a person: what they agreed to, on which notice, and through which channel. Giving and
//! withdrawing consent are both events.

use serde::{Deserialize, Serialize};

use super::{Person, PersonCommand, PersonEvent};
use crate::domain::application::Channel;
use crate::domain::id::PersonId;
use crate::domain::{DecisionContext, Refusal};

/// What a person can agree to for as long as they wish. An introduction is agreed to by itself.
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
pub enum ConsentPurpose {
    /// Being invited to gatherings and hearing other news.
    Invitations,
    /// Having it kept what they can do, lend or teach.
    Skills,
    /// Giving and receiving hours.
    TimeBank,
}

/// On which ground a purpose may be followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ConsentBasis {
    /// They said yes.
    Consent,
    /// They showed interest in what the organisation does, were offered a way out, and did not take
    /// it. For invitations only.
    SoftOptIn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AgreeToPurpose {
    pub purpose: ConsentPurpose,
    pub basis: ConsentBasis,
    /// The version of the notice that they were given.
    #[schema(minimum = 1)]
    pub notice: u32,
    /// How it reached the office; absent for those who agree themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TakeBackConsent {
    pub purpose: ConsentPurpose,
    /// How it reached the office; absent for those who take it back themselves.
    #[serde(default)]
    pub channel: Option<Channel>,
}

/// How something reached the office: online if the person did it themselves. Refuses with
/// [`Refusal::OwnActOnline`] what somebody keyed for them without saying how it came.
pub(in crate::domain) fn channel_of(
    channel: Option<Channel>,
    keyed_by: Option<PersonId>,
) -> Result<Channel, Refusal> {
    match (keyed_by, channel) {
        (None, _) => Ok(Channel::Web),
        (Some(_), Some(channel)) if channel != Channel::Web => Ok(channel),
        (Some(_), _) => Err(Refusal::OwnActOnline),
    }
}

impl Person {
    /// Whether the person agrees to a purpose now.
    #[must_use]
    pub fn has_agreed(&self, purpose: ConsentPurpose) -> bool {
        self.consents.contains_key(&purpose)
    }

    pub(super) fn decide_consent(
        &self,
        command: &PersonCommand,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let by = facts.by()?;
        let keyed_by = Some(by).filter(|by| *by != self.id());
        if keyed_by.is_some() && !facts.works_with_people() {
            return Err(Refusal::NotYours);
        }
        match command {
            PersonCommand::Agree(to) => self.agree(*to, keyed_by, facts),
            PersonCommand::TakeBack(TakeBackConsent { purpose, channel }) => {
                if !self.has_agreed(*purpose) {
                    return Err(Refusal::NoChange);
                }
                Ok(PersonEvent::ConsentTakenBack {
                    purpose: *purpose,
                    channel: channel_of(*channel, keyed_by)?,
                    keyed_by,
                    taken_back_on: facts.today,
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn agree(
        &self,
        to: AgreeToPurpose,
        keyed_by: Option<PersonId>,
        facts: &DecisionContext,
    ) -> Result<PersonEvent, Refusal> {
        let AgreeToPurpose {
            purpose,
            basis,
            notice,
            channel,
        } = to;
        // What they typed may be the address of another: only the one who reads its mail can agree.
        if keyed_by.is_none() && self.unproven().is_some() {
            return Err(Refusal::AddressUnproven);
        }
        facts
            .organisation()?
            .must_be_notice_in_force(purpose.into(), notice)?;
        if basis == ConsentBasis::SoftOptIn && purpose != ConsentPurpose::Invitations {
            return Err(Refusal::ConsentMissing);
        }
        if self.consents.get(&purpose) == Some(&notice) {
            return Err(Refusal::NoChange);
        }
        Ok(PersonEvent::ConsentGiven {
            purpose,
            basis,
            notice,
            channel: channel_of(channel, keyed_by)?,
            keyed_by,
            given_on: facts.today,
        })
    }

    pub(super) fn apply_consent(&mut self, event: &PersonEvent) {
        match event {
            PersonEvent::ConsentGiven {
                purpose, notice, ..
            } => {
                self.consents.insert(*purpose, *notice);
            }
            PersonEvent::ConsentTakenBack { purpose, .. } => {
                self.consents.remove(purpose);
            }
            PersonEvent::PersonalDataErased { .. } => self.consents.clear(),
            _ => {}
        }
    }
}
