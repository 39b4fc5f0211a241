//! Lessons, aims, tallies and chosen stories.

use microgrants::domain::Actor;
use serde_json::{Value, json};

use super::SeenRefusals;
use crate::domain::matrix::samples::{GATHERING, sample};
use crate::domain::matrix::states;
use crate::support::in_memory_domain::ORGANISATION;
use crate::support::scenario::{Scenario, command_from_json};

pub fn refusals(seen: &mut SeenRefusals) {
    let mut case = LearningCase {
        seen,
        setting: states::with_lessons(),
    };
    case.lessons();
    case.aims();
    case.tallies();
    case.choosing();
}

struct LearningCase<'a> {
    seen: &'a mut SeenRefusals,
    setting: Scenario,
}

/// The sample of a command, with another value in one field.
fn changed(noun: &str, name: &str, field: &str, value: Value) -> Value {
    let mut body = sample(noun, name).1;
    body[field] = value;
    body
}

impl LearningCase<'_> {
    fn refuse_office(&mut self, code: &'static str, name: &str, body: &Value) {
        let command = command_from_json("organisation", ORGANISATION.0, name, body);
        self.seen
            .assert_refused(&mut self.setting, 0, code, command);
    }

    fn refuse_gathering(&mut self, code: &'static str, name: &str, body: &Value) {
        let command = command_from_json("gathering", GATHERING, name, body);
        self.seen
            .assert_refused(&mut self.setting, 0, code, command);
    }

    fn refuse_lesson(&mut self, code: &'static str, field: &str, value: Value) {
        let body = changed("organisation", "publish-lesson", field, value);
        self.refuse_office(code, "publish-lesson", &body);
    }

    fn lessons(&mut self) {
        self.refuse_lesson("consent_missing", "consent", Value::Null);
        let mut of_update = changed(
            "organisation",
            "publish-lesson",
            "grew_from",
            json!({ "from": "grant", "grant": states::APPLICATION, "update": 1 }),
        );
        self.refuse_office("unknown", "publish-lesson", &of_update);
        of_update["grew_from"] = json!({ "from": "gathering", "gathering": ORGANISATION });
        self.refuse_office("unknown", "publish-lesson", &of_update);
        let later = json!({ "consented_on": "2026-06-02", "how": "A phone call" });
        self.refuse_lesson("date_in_future", "consent", later);
        self.refuse_lesson("unknown_sign", "signs", json!(["shouting"]));
        self.refuse_lesson("unknown", "area", json!("atlantis"));
        for words in [
            "Write to amina@example.org.",
            "Ring 0161 496 0000.",
            "She lives at OL1 1AA.",
        ] {
            self.refuse_lesson("looks_personal", "words", json!(words));
        }
        let withdraw = "withdraw-lesson";
        self.refuse_office("lesson_withdrawn", withdraw, &json!({ "lesson": 1 }));
        self.refuse_office("unknown", withdraw, &json!({ "lesson": 2 }));
    }

    fn aims(&mut self) {
        let adopt = "adopt-aims";
        let aims = sample("organisation", adopt).1;
        self.refuse_office("no_change", adopt, &aims);
        self.refuse_office("nothing", adopt, &json!({ "aims": [] }));
        let first = &aims["aims"][0];
        self.refuse_office("exists", adopt, &json!({ "aims": [first, first] }));
        let mut one_option = aims.clone();
        one_option["aims"][0]["questions"][0]["options"] =
            json!([{ "option": "often", "label": "Often" }]);
        self.refuse_office("options_missing", adopt, &one_option);
        let mut other_words = aims.clone();
        other_words["aims"][0]["questions"][0]["words"] = json!("Are you lonely?");
        self.refuse_office("question_changed", adopt, &other_words);
    }

    fn tallies(&mut self) {
        let give = "give-tally";
        for (field, value) in [
            ("version", json!(2)),
            ("question", json!("happy")),
            ("counts", json!({ "sometimes": 7 })),
        ] {
            let body = changed("gathering", give, field, value);
            self.refuse_gathering("not_in_aims", give, &body);
        }
        let refused = [
            ("nothing", json!({ "often": 0 })),
            ("single_answer", json!({ "often": 1 })),
            ("too_many_items", json!({ "often": 10_001 })),
        ];
        for (code, counts) in refused {
            let body = changed("gathering", give, "counts", counts);
            self.refuse_gathering(code, give, &body);
        }
        let tomorrow = changed("gathering", give, "asked_on", json!("2026-06-02"));
        self.refuse_gathering("date_in_future", give, &tomorrow);
        let again = sample("gathering", "correct-tally").1;
        self.refuse_gathering("no_change", "correct-tally", &again);
    }

    fn choosing(&mut self) {
        let choose = "choose-story";
        let chosen = sample("gathering", choose).1;
        self.refuse_gathering("exists", choose, &chosen);
        let other = changed("gathering", choose, "story", json!(2));
        self.refuse_gathering("unknown", choose, &other);
        let aim = changed("gathering", choose, "aim", json!("riches"));
        self.refuse_gathering("not_in_aims", choose, &aim);
        let why = changed("gathering", choose, "why", json!("Ask amina@example.org"));
        self.refuse_gathering("looks_personal", choose, &why);
        let member = Actor::Person(self.setting.members[0]);
        let first = json!({ "story": 1 });
        self.setting
            .issue_json(
                member,
                "grant",
                states::APPLICATION,
                "withdraw-story",
                &first,
            )
            .expect("a member withdraws a story");
        self.refuse_gathering("story_withdrawn", choose, &chosen);
    }
}
