//! Lessons: what the programme learned, in the words of staff or, with consent, of a group. They
//! are published for everyone and withdrawn for good.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::webhook::parse_web_address;
use super::{Organisation, OrganisationEvent};
use crate::domain::id::{BarrierId, GatheringId, GrantId};
use crate::domain::public_words::must_not_look_personal;
use crate::domain::text::{Line, Prose, Slug, text_type};
use crate::domain::{DecisionContext, Refusal};

text_type!(
    /// The address of a page to read on. It leads to a document of its own, so it has no query.
    LessonLink, parse_web_address,
    "An https address without a password, a query or a fragment, of at most 300 characters; http \
        only to localhost",
    "^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$", 300,
    "https://www.example.org/how-to-begin"
);

/// What kind of lesson it is.
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
pub enum LessonKind {
    /// What somebody would do again, or not.
    Lesson,
    /// How something is done, step by step.
    HowTo,
    /// A small thing that went well.
    Victory,
    /// What people found out by looking into a question.
    Finding,
}

/// Whose words a lesson is in.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum LessonVoice {
    /// In the words of staff, who wrote it.
    Staff,
    /// With words of a group, such as those of its update. It needs the group's consent.
    Group,
}

/// What a lesson grew from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
pub enum LessonOrigin {
    /// A grant, or what its group wrote in one of its updates.
    Grant {
        grant: GrantId,
        /// The update whose words are used. It needs the group's consent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[schema(minimum = 1, maximum = 65535)]
        update: Option<u16>,
    },
    Gathering {
        gathering: GatheringId,
    },
    Barrier {
        barrier: BarrierId,
    },
    /// The office's report on an area.
    Report {
        area: Slug,
    },
}

/// The consent of those whose words are used.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonConsent {
    /// The day on which they agreed.
    #[schema(value_type = String, format = "date")]
    pub consented_on: Date,
    /// How consent was given: a signed form, a phone call. It must not contain names of people.
    pub how: Line,
}

/// A lesson for everyone to read.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishLesson {
    pub title: Line,
    /// The text for everyone. It may name people only with their consent, and never how to reach
    /// them.
    pub words: Prose,
    pub kind: LessonKind,
    /// Whose words it is in.
    pub voice: LessonVoice,
    /// The keys of its themes.
    #[serde(default)]
    pub themes: BTreeSet<Slug>,
    /// The keys of the signs of success that it tells of.
    #[serde(default)]
    pub signs: BTreeSet<Slug>,
    /// The key of the area; absent if it is for everyone.
    #[serde(default)]
    pub area: Option<Slug>,
    /// A page to read on.
    #[serde(default)]
    pub link: Option<LessonLink>,
    /// What it grew from, if it did.
    #[serde(default)]
    pub grew_from: Option<LessonOrigin>,
    /// The consent of the group. It is needed where a group's words are used.
    #[serde(default)]
    pub consent: Option<LessonConsent>,
}

/// A lesson by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LessonRef {
    #[schema(minimum = 1)]
    pub lesson: u32,
}

/// Whether a lesson uses words of a group.
#[must_use]
pub fn uses_group_words(voice: LessonVoice, grew_from: Option<&LessonOrigin>) -> bool {
    let of_update = |origin: &LessonOrigin| {
        matches!(
            origin,
            LessonOrigin::Grant {
                update: Some(_),
                ..
            }
        )
    };
    voice == LessonVoice::Group || grew_from.is_some_and(of_update)
}

/// How many lessons were published, and which of them were withdrawn.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PublishedLessons {
    published: u32,
    withdrawn: BTreeSet<u32>,
}

impl PublishedLessons {
    pub(super) fn publish(
        &self,
        lesson: &PublishLesson,
        organisation: &Organisation,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        must_not_look_personal("title", lesson.title.as_str())?;
        must_not_look_personal("words", lesson.words.as_str())?;
        for theme in &lesson.themes {
            organisation.must_have_theme(theme, "themes")?;
        }
        if let Some(sign) = lesson
            .signs
            .iter()
            .find(|sign| !organisation.has_sign(sign))
        {
            return Err(Refusal::UnknownSign(sign.to_string()));
        }
        if let Some(area) = &lesson.area {
            facts.has_area(area)?;
        }
        if let Some(origin) = &lesson.grew_from {
            origin.must_be_known(facts)?;
        }
        match &lesson.consent {
            Some(consent) => facts.not_future(consent.consented_on)?,
            None if uses_group_words(lesson.voice, lesson.grew_from.as_ref()) => {
                return Err(Refusal::ConsentMissing);
            }
            None => {}
        }
        let PublishLesson {
            title,
            words,
            kind,
            voice,
            themes,
            signs,
            area,
            link,
            grew_from,
            consent,
        } = lesson.clone();
        Ok(OrganisationEvent::LessonPublished {
            lesson: self.published.saturating_add(1),
            title,
            words,
            kind,
            voice,
            themes,
            signs,
            area,
            link,
            grew_from,
            consent,
            published_on: facts.today,
        })
    }

    pub(super) fn withdraw(&self, of: LessonRef) -> Result<OrganisationEvent, Refusal> {
        if of.lesson == 0 || of.lesson > self.published {
            return Err(Refusal::Unknown("lesson"));
        }
        if self.withdrawn.contains(&of.lesson) {
            return Err(Refusal::LessonWithdrawn);
        }
        Ok(OrganisationEvent::LessonWithdrawn { lesson: of.lesson })
    }

    pub(super) fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::LessonPublished { lesson, .. } => self.published = *lesson,
            OrganisationEvent::LessonWithdrawn { lesson } => {
                self.withdrawn.insert(*lesson);
            }
            _ => {}
        }
    }
}

impl LessonOrigin {
    /// Refuses an origin that does not exist. Nobody can look up a barrier by a wrong id, so only
    /// its form is checked.
    fn must_be_known(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        match self {
            Self::Grant { update, .. } => {
                let grant = facts.grant()?;
                match update {
                    Some(update) if !grant.has_received_update(*update) => {
                        Err(Refusal::Unknown("update"))
                    }
                    _ if grant.exists() => Ok(()),
                    _ => Err(Refusal::Unknown("grant")),
                }
            }
            Self::Gathering { .. } if facts.gathering()?.exists() => Ok(()),
            Self::Gathering { .. } => Err(Refusal::Unknown("gathering")),
            Self::Report { area } => facts.has_area(area),
            Self::Barrier { .. } if facts.barrier()?.exists() => Ok(()),
            Self::Barrier { .. } => Err(Refusal::Unknown("barrier")),
        }
    }
}
