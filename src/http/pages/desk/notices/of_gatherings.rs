//! The sentences after actions on gatherings.

use super::{ActionNotice, says};

pub(super) const OF_GATHERINGS: &[ActionNotice] = &[
    says(
        "gatherings",
        "plan",
        "Gathering planned. No one else sees it yet.",
    ),
    says("gatherings", "describe", "Saved."),
    says("gatherings", "open", "Gathering open. People can sign up."),
    says("gatherings", "end", "Gathering ended."),
    says("gatherings", "add-session", "Session added."),
    says("gatherings", "move-session", "Session changed."),
    says("gatherings", "cancel-session", "Session cancelled."),
    says("gatherings", "sign-up", "Signed up."),
    says("gatherings", "count-sign-ups", "Number saved."),
    says("gatherings", "step-down", "They are off the list."),
    says("gatherings", "record-attendance", "Saved who came."),
    says("gatherings", "correct-attendance", "Corrected who came."),
    says("gatherings", "write-notes", "Notes saved."),
    says(
        "gatherings",
        "choose-story",
        "Story chosen. It is in the library now.",
    ),
    says("gatherings", "give-tally", "Numbers saved."),
    says("gatherings", "correct-tally", "Numbers corrected."),
    says(
        "gatherings",
        "offer-lead",
        "Lead offered. They must take it.",
    ),
    says("gatherings", "take-lead", "The lead is theirs now."),
    says(
        "gatherings",
        "leave-lead",
        "They no longer lead this gathering.",
    ),
    says(
        "gatherings",
        "ask-for-hand",
        "We have your message, and will be in touch.",
    ),
    says("gatherings", "pass-risk-check", "Risk check saved."),
];
