//! The sentences after actions on barriers and pledges.

use super::{ActionNotice, says};

pub(super) const OF_BARRIERS: &[ActionNotice] = &[
    says("barriers", "raise", "Saved. Thank you for telling us."),
    says("barriers", "sum-up", "Summary saved."),
    says("barriers", "join", "Joined to the other one."),
    says(
        "barriers",
        "pass-on",
        "Passed on. Everyone can read it now.",
    ),
    says(
        "barriers",
        "record-answer",
        "Answer saved. We’ll tell everyone who told us about it.",
    ),
    says(
        "barriers",
        "withdraw",
        "Taken off the public pages. Write a new summary before you pass it on again.",
    ),
    says("barriers", "close", "Closed."),
    says("people", "pledge", "Pledge saved. Thank you."),
    says("people", "keep-pledge", "Pledge kept. Well done."),
    says("people", "drop-pledge", "Pledge dropped."),
    says(
        "organisation",
        "publish-pledges",
        "Pledges published. People can make them now.",
    ),
];
