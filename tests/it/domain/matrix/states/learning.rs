//! A programme that learns: aims with tallies, a lesson, and a story that was chosen.

use super::{APPLICATION, GROUP, accepted};
use crate::domain::matrix::samples::GATHERING;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::Scenario;

/// Every event about lessons, aims and tallies has happened here.
pub fn with_lessons() -> Scenario {
    let mut setting = accepted();
    let office = ["adopt-aims", "publish-lesson", "withdraw-lesson"];
    setting.issue_samples("organisation", ORGANISATION.0, &office);
    setting.issue_samples("grant", APPLICATION, &["publish-story"]);
    let at_gathering = [
        "plan",
        "open",
        "choose-story",
        "give-tally",
        "correct-tally",
    ];
    setting.issue_samples("gathering", GATHERING, &at_gathering);
    setting.issue_samples("group", GROUP, &["give-tally", "correct-tally"]);
    setting
}
