//! Pledges: what champions can promise to do, as the organisation published it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{OrganisationEvent, must_be_distinct};
use crate::domain::id::GatheringId;
use crate::domain::language::Language;
use crate::domain::public_words::must_not_look_personal;
use crate::domain::text::{Line, Slug};
use crate::domain::{DecisionContext, Refusal};

/// The number of pledges that can be published at a time.
pub const PLEDGES_MAX: usize = 20;
/// The most days after which a person is asked about a pledge.
const DUE_AFTER_DAYS_MAX: u16 = 366;

/// Something that a champion can promise to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pledge {
    /// The pledge's key, as people's records keep it.
    pub pledge: Slug,
    /// What the champion promises.
    pub words: Line,
    /// The words in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, Line>,
    /// The first day on which it can be kept; absent if it can be kept from the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub not_before: Option<Date>,
    /// Days after which a person who took it is asked about it.
    #[schema(minimum = 1, maximum = 366)]
    pub due_after_days: u16,
}

impl Pledge {
    /// The words in a language, or in English if it has none in that language.
    #[must_use]
    pub fn words_in(&self, language: Language) -> &str {
        self.other_languages
            .get(&language)
            .unwrap_or(&self.words)
            .as_str()
    }

    /// The day from which a person who takes it today is asked about it.
    #[must_use]
    pub fn due_on(&self, today: Date) -> Date {
        let from = self.not_before.map_or(today, |day| day.max(today));
        from.saturating_add(Span::new().days(i64::from(self.due_after_days)))
    }
}

/// The pledges that people can take. They replace all that were published before.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishPledges {
    /// The pledges in their order.
    #[schema(min_items = 1, max_items = 20)]
    pub pledges: Vec<Pledge>,
    /// The gathering at which people wrote them together, if they did.
    #[serde(default)]
    pub co_designed_at: Option<GatheringId>,
}

/// The pledges in force, and the number of their version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedPledges {
    version: u32,
    pledges: Vec<Pledge>,
}

impl PublishedPledges {
    /// The number of the newest version; 0 if none was published.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// The pledges in force, in their order.
    #[must_use]
    pub fn pledges(&self) -> &[Pledge] {
        &self.pledges
    }

    pub(super) fn publish(
        &self,
        publish: &PublishPledges,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        must_be_distinct(
            publish.pledges.iter().map(|pledge| &pledge.pledge),
            PLEDGES_MAX,
            "pledge",
            "add at least one pledge",
        )?;
        for pledge in &publish.pledges {
            if !(1..=DUE_AFTER_DAYS_MAX).contains(&pledge.due_after_days) {
                return Err(Refusal::Nothing(
                    "ask about a pledge after 1 day or more, and within 366 days",
                ));
            }
            must_not_look_personal("words", pledge.words.as_str())?;
            for words in pledge.other_languages.values() {
                must_not_look_personal("words", words.as_str())?;
            }
        }
        if publish.co_designed_at.is_some() && !facts.gathering()?.exists() {
            return Err(Refusal::Unknown("gathering"));
        }
        if publish.pledges == self.pledges {
            return Err(Refusal::NoChange);
        }
        Ok(OrganisationEvent::PledgesPublished {
            version: self.version + 1,
            pledges: publish.pledges.clone(),
            co_designed_at: publish.co_designed_at,
        })
    }

    pub(super) fn replace(&mut self, version: u32, pledges: &[Pledge]) {
        self.version = version;
        self.pledges = pledges.to_vec();
    }

    /// The pledges with these keys. Refuses with [`Refusal::NoPledges`] before any were published,
    /// and with [`Refusal::PledgeUnknown`] a key that is not in force, or a version that is not the
    /// newest, because its pledges may have been worded differently.
    pub fn chosen(&self, version: u32, keys: &BTreeSet<Slug>) -> Result<Vec<&Pledge>, Refusal> {
        if self.pledges.is_empty() {
            return Err(Refusal::NoPledges);
        }
        if keys.is_empty() {
            return Err(Refusal::Nothing("choose one pledge or more"));
        }
        let find = |key: &Slug| {
            self.pledges
                .iter()
                .find(|pledge| version == self.version && pledge.pledge == *key)
                .ok_or_else(|| Refusal::PledgeUnknown(key.to_string()))
        };
        keys.iter().map(find).collect()
    }
}
