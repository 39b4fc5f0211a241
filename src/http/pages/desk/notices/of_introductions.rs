//! The sentences after actions on introductions, on consent and on notices.

use super::{ActionNotice, says};

pub(super) const OF_INTRODUCTIONS: &[ActionNotice] = &[
    says("introductions", "ask", "Saved. Now ask if they agree."),
    says("introductions", "agree", "Saved that they agree."),
    says("introductions", "make", "Introduction made."),
    says("introductions", "welcome", "Saved who welcomes them."),
    says(
        "introductions",
        "decline",
        "Saved. They need another place to go.",
    ),
    says("introductions", "say-how", "Saved what came of it."),
    says(
        "introductions",
        "take-back",
        "Consent withdrawn. Only our office sees it now.",
    ),
    says("introductions", "close", "Introduction closed."),
    says("people", "agree", "Saved that they agree."),
    says("people", "take-back", "Saved that they no longer agree."),
    says("organisation", "publish-notice", "Notice published."),
];
