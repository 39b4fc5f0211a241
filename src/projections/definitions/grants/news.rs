//! News that groups sent of a grant.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::GrantEvent;
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::personal_data::Encrypted;

/// News that the group sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = News)]
pub struct NewsRow {
    #[schema(value_type = String, format = "date")]
    pub sent_on: Date,
    pub channel: Channel,
    /// Photographs, which are among the group's files.
    pub photographs: BTreeSet<FileDigest>,
    /// The group's words and what the photographs show, encrypted. The view decrypts them into a
    /// field of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub words: Option<Encrypted>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub pictured: Option<Encrypted>,
}

impl GrantRow {
    pub(super) fn apply_news(&mut self, happened: &GrantEvent) {
        if let GrantEvent::NewsSent {
            news,
            channel,
            words,
            pictured,
            photographs,
            sent_on,
        } = happened
        {
            self.news.insert(
                *news,
                NewsRow {
                    sent_on: *sent_on,
                    channel: *channel,
                    photographs: photographs.clone(),
                    words: words.clone(),
                    pictured: pictured.clone(),
                },
            );
        }
    }
}
