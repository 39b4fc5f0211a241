//! News: what a group tells us at any time, in addition to its updates. News is never due, and
//! nobody has to accept it.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::update::must_be_words_of_group;
use super::{Grant, GrantEvent, next_number};
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{DecisionContext, Refusal};

/// The largest number of news items of one grant, so that its record stays small.
const NEWS_MAX: u16 = 200;

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendNews {
    pub channel: Channel,
    /// What happened, in the group's words. Photographs need none.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub words: Option<PersonalInput>,
    /// What the photographs show, for people who cannot see them.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub pictured: Option<PersonalInput>,
    /// Photographs, each one of the group's files.
    #[serde(default)]
    pub photographs: BTreeSet<FileDigest>,
    /// Whether the group agreed to what staff wrote for it. Needed if staff record the news.
    #[serde(default)]
    pub consent: bool,
}

impl Grant {
    /// Decides news: the grant must be in force. Its state and its updates stay as they are.
    pub(super) fn send_news(
        &self,
        news: &SendNews,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be_in_force()?;
        must_be_words_of_group(news.channel, news.consent, facts)?;
        if news.words.is_none() && news.photographs.is_empty() {
            return Err(Refusal::Nothing("write what happened, or add a photo"));
        }
        for photograph in &news.photographs {
            facts.has_file(Some(photograph))?;
        }
        if self.news >= NEWS_MAX {
            return Err(Refusal::TooManyItems(NEWS_MAX.into()));
        }
        Ok(GrantEvent::NewsSent {
            news: next_number(Some(self.news))?,
            channel: news.channel,
            words: news.words.as_ref().map(PersonalInput::sealed),
            pictured: news.pictured.as_ref().map(PersonalInput::sealed),
            photographs: news.photographs.clone(),
            sent_on: facts.today,
        })
    }
}
