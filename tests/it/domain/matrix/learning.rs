//! A sample of every command about lessons, aims and tallies, for any record that has it.

use serde_json::{Value, json};

use super::states::APPLICATION;

/// The body of a command. None if it is about something else.
pub fn body(name: &str) -> Option<Value> {
    Some(match name {
        "adopt-aims" => aims(),
        "publish-lesson" => json!({
            "title": "Begin with a meal",
            "words": "People talk when they eat.",
            "kind": "lesson",
            "voice": "group",
            "link": "https://www.example.org/meals",
            "grew_from": { "from": "report", "area": "oldham" },
            "consent": { "consented_on": "2026-06-01", "how": "A phone call" },
        }),
        "withdraw-lesson" => json!({ "lesson": 1 }),
        "choose-story" => json!({
            "grant": APPLICATION,
            "story": 1,
            "why": "It tells how a group began.",
        }),
        "give-tally" => json!({
            "version": 1,
            "question": "lonely",
            "counts": { "often": 5, "never": 7 },
            "asked_on": "2026-06-01",
            "occasion": "baseline",
        }),
        "correct-tally" => json!({
            "tally": 1,
            "counts": { "often": 4, "never": 8 },
            "reason": "One was misread.",
        }),
        _ => return None,
    })
}

/// An aim with one count and one question.
fn aims() -> Value {
    let option = |key: &str, label: &str| json!({ "option": key, "label": label });
    let question = json!({
        "question": "lonely",
        "words": "How often do you feel lonely?",
        "options": [option("often", "Often"), option("never", "Never")],
        "source": "Office for National Statistics",
        "licence": "Open Government Licence v3.0",
    });
    let aim = json!({
        "aim": "connected",
        "name": "Fewer people feel lonely",
        "level": 4,
        "counts": ["sessions"],
        "questions": [question],
    });
    json!({ "aims": [aim] })
}
