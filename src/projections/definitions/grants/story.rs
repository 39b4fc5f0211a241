//! Stories that groups published about a grant.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::GrantRow;
use crate::domain::GrantEvent;
use crate::domain::file::FileDigest;

/// A published story. It stays listed after it was withdrawn.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Story)]
pub struct StoryRow {
    /// Absent once the story was withdrawn.
    pub words: Option<String>,
    #[schema(value_type = String, format = "date")]
    pub consented_on: Date,
    pub photographs: BTreeSet<FileDigest>,
    /// What the photographs show.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pictured: Option<String>,
}

impl GrantRow {
    pub(super) fn apply_story(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::StoryPublished {
                story,
                words,
                consented_on,
                photographs,
                pictured,
                ..
            } => {
                let words = Some(words.to_string());
                self.stories.insert(
                    *story,
                    StoryRow {
                        words,
                        consented_on: *consented_on,
                        photographs: photographs.clone(),
                        pictured: pictured.as_ref().map(ToString::to_string),
                    },
                );
            }
            E::StoryWithdrawn { story, .. } => {
                if let Some(found) = self.stories.get_mut(story) {
                    (found.words, found.pictured) = (None, None);
                    found.photographs.clear();
                }
            }
            _ => {}
        }
    }
}
