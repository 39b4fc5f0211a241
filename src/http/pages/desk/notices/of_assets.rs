//! The sentences after actions on entries of the directory.

use super::{ActionNotice, says};

pub(super) const OF_ASSETS: &[ActionNotice] = &[
    says(
        "assets",
        "record",
        "Entry recorded. You look after it, and no one else sees it yet.",
    ),
    says(
        "assets",
        "propose",
        "Words saved. Publish them if they are right.",
    ),
    says("assets", "publish", "Published. Everyone can read it now."),
    says("assets", "pause", "Taken out of the directory for now."),
    says("assets", "resume", "Back in the directory."),
    says("assets", "confirm", "Confirmed that it is still right."),
    says("assets", "withdraw", "Withdrawn from the directory."),
    says("assets", "tie", "Saved that they know each other."),
    says(
        "assets",
        "untie",
        "They are no longer shown as knowing each other.",
    ),
    says("assets", "take-over", "You look after this entry now."),
    says("assets", "record-exchange", "Time saved."),
    says("assets", "correct-exchange", "Time corrected."),
];
