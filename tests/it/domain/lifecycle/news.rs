//! News is sent while a grant is in force and changes nothing else; a draft of an update is the
//! group's own, and is no update.

use microgrants::domain::{Event, GrantEvent};
use serde_json::{Value, json};

use super::RefusalCheck;
use crate::domain::matrix::states::{APPLICATION, STEPS_TO_CONFIRMED, paid};
use crate::domain::refusals::SeenRefusals;

fn news(channel: &str, consent: bool) -> Value {
    json!({ "channel": channel, "words": "The new oven works", "consent": consent })
}

/// The state of the grant, without the counts of its events, its news and its saved drafts.
fn state_without_counts(ask: &RefusalCheck<'_>) -> Value {
    let mut state = serde_json::to_value(&ask.scenario.world.grants[&APPLICATION]).expect("JSON");
    let fields = state.as_object_mut().expect("an object");
    assert!(fields.remove("events").is_some() && fields.remove("news").is_some());
    let updates = fields["updates"].as_object_mut().expect("updates");
    for update in updates.values_mut() {
        let update = update.as_object_mut().expect("an update");
        assert!(update.remove("saves").is_some());
    }
    state
}

#[test]
fn news_changes_nothing_that_is_due() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(paid(&STEPS_TO_CONFIRMED), &mut seen);
    let before = state_without_counts(&ask);

    ask.issue_as_member("grant/send-news", &news("web", false));
    ask.issue_ok(0, "grant/send-news", &news("phone", true));

    assert_eq!(state_without_counts(&ask), before);
    let history = ask.scenario.world.history.iter();
    let numbers: Vec<u16> = history
        .filter_map(|(_, event)| match event {
            Event::Grant(GrantEvent::NewsSent { news, .. }) => Some(*news),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [1, 2]);
}

#[test]
fn news_is_the_groups_and_ends_with_the_grant() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(paid(&STEPS_TO_CONFIRMED), &mut seen);
    let with_strange_photograph = json!({
        "channel": "web",
        "words": "The new oven works",
        "photographs": ["ab".repeat(32)],
    });

    for (code, body) in [
        ("members_own_act", news("web", true)),
        ("consent_missing", news("phone", false)),
        ("nothing", json!({ "channel": "phone", "consent": true })),
    ] {
        ask.assert_refused(0, code, "grant/send-news", &body);
    }
    ask.assert_member_refused("unknown", "grant/send-news", &with_strange_photograph);

    for _ in 0..200 {
        ask.issue_as_member("grant/send-news", &news("web", false));
    }
    ask.assert_member_refused("too_many_items", "grant/send-news", &news("web", false));

    ask.issue_ok(
        0,
        "grant/terminate",
        &json!({ "reason": "They moved away" }),
    );
    ask.assert_member_refused("grant_not_in_state", "grant/send-news", &news("web", false));
}

#[test]
fn a_draft_is_the_groups_own_and_leaves_the_update_due() {
    let mut seen = SeenRefusals::default();
    let mut ask = RefusalCheck::new(paid(&STEPS_TO_CONFIRMED), &mut seen);
    let draft = json!({ "update": 1, "answers": { "people": "about 20" } });
    let strange = json!({ "update": 1, "noticed": { "no-sign": "They came" } });
    let before = state_without_counts(&ask);

    ask.assert_refused(0, "members_own_act", "grant/save-update", &draft);
    ask.assert_member_refused("unknown_sign", "grant/save-update", &strange);
    ask.issue_as_member("grant/save-update", &draft);
    ask.issue_as_member("grant/save-update", &draft);

    assert_eq!(state_without_counts(&ask), before);
    for _ in 2..200 {
        ask.issue_as_member("grant/save-update", &draft);
    }
    ask.assert_member_refused("too_many_items", "grant/save-update", &draft);
}
