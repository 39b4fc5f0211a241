//! A programme in which every text that a person can type is markup: its commands with free text,
//! each sent at least once.

use std::collections::BTreeSet;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::domain::matrix::samples::sample;
use crate::security::access_matrix::{command_of, operations};
use crate::support::fixtures::{Office, rules};
use crate::support::service::{ApiResponse, Client};
use crate::support::test_app::TestApp;

/// Markup that would run, end an attribute or be evaluated as a template if a page did not escape
/// it.
pub const PAYLOAD: &str = "<script>mark()</script>\"'><img src=x onerror=mark()>{{7*7}}";

/// The free-text fields of commands.
const FREE_TEXT_FIELDS: [&str; 6] = ["reason", "note", "words", "question", "feedback", "hard"];
/// Commands with such a field that are not sent here: the first two can succeed only on a later
/// day, and the reason of the others is one of a list.
const WITHOUT_PAYLOAD: [&str; 4] = [
    "grants/correct-payment",
    "grants/propose-early-payment",
    "introductions/close",
    "introductions/decline",
];
/// The commands that were sent, such as `grants/hold`.
static SENT_COMMANDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Asserts that every command with a free-text field was sent.
pub fn assert_every_text_was_sent() {
    fn takes_words(value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(name, value)| {
                FREE_TEXT_FIELDS.contains(&name.as_str()) && value.is_string() || takes_words(value)
            }),
            Value::Array(values) => values.iter().any(takes_words),
            _ => false,
        }
    }
    let mut missing = Vec::new();
    for (_, path) in operations().iter().filter(|(method, _)| method == "POST") {
        let (noun, command) = command_of(path);
        let name = command_name(path.trim_start_matches("/api/v1/"));
        if takes_words(&sample(noun, command).1) && !SENT_COMMANDS.lock().unwrap().contains(&name) {
            missing.push(name);
        }
    }
    assert_eq!(missing, WITHOUT_PAYLOAD);
}

/// The command of a path, without the record's id: `grants/hold`.
fn command_name(path: &str) -> String {
    format!(
        "{}/{}",
        path.split('/').next().unwrap(),
        path.rsplit('/').next().unwrap()
    )
}

fn send_command(client: &Client, path: &str, body: &Value) -> ApiResponse {
    SENT_COMMANDS.lock().unwrap().insert(command_name(path));
    let answer = client.post(&format!("/api/v1/{path}"), body);
    assert!(
        answer.status < 300,
        "{path}: {} {}",
        answer.status,
        answer.body
    );
    answer
}

/// Sends commands to one record.
fn commands_to(record: String) -> impl Fn(&Client, &str, Value) {
    move |by: &Client, command: &str, body: Value| {
        send_command(by, &format!("{record}/{command}"), &body);
    }
}

fn because() -> Value {
    json!({ "reason": PAYLOAD })
}

/// A programme, with clients of its two administrators and of a group's member.
pub struct MarkedProgramme<'a> {
    pub app: &'a TestApp,
    pub office: &'a Office,
    pub ada: &'a Client,
    pub ben: &'a Client,
    pub cass: &'a Client,
}

impl MarkedProgramme<'_> {
    pub fn write(&self) {
        self.publish_texts();
        self.open_fund();
        let group = self.register_group();
        let granted = self.scored_after_changes(&group);
        self.award(&granted);
        self.pay(&granted, &group);
        self.report(&granted);
        self.claim_back(&granted);
        let declined = self.scored_after_changes(&group);
        self.decline_and_review(&declined);
        self.end_applications(&group);
        self.end_grant_without_money(&group);
        self.merge_groups(&group);
        self.record_meeting(&group);
        self.hold_gathering(&group);
        self.list_entry(&group);
        self.make_introduction();
        self.hear_barrier();
        self.erase_records();
        self.remind_late_group(&group);
    }

    /// An entry of the directory, with words of the group, and an exchange that was corrected.
    fn list_entry(&self, group: &str) {
        let own = json!({ "group": group });
        let entry = json!({
            "way": "offer", "kind": "group", "holder": own.clone(), "name": PAYLOAD,
        });
        let id = self.ada.post("/api/v1/assets", &entry).id();
        let other = json!({ "way": "wish", "kind": "place", "name": PAYLOAD });
        let other = self.ada.post("/api/v1/assets", &other).id();
        let on = commands_to(format!("assets/{id}"));
        on(self.ada, "propose", json!({ "words": PAYLOAD }));
        let listing = json!({
            "name": PAYLOAD,
            "description": PAYLOAD,
            "when": PAYLOAD,
            "access": PAYLOAD,
        });
        on(self.ada, "publish", listing);
        on(self.ada, "tie", json!({ "to": other, "how": "partner" }));
        let receiver = new_group(self.cass, &format!("{PAYLOAD} too"));
        let exchange = json!({
            "giver": own,
            "receiver": { "group": receiver },
            "minutes": 90,
            "on": self.app.today(),
        });
        on(self.ada, "record-exchange", exchange);
        let corrected = json!({ "exchange": 1, "minutes": 60, "reason": PAYLOAD });
        on(self.ada, "correct-exchange", corrected);
    }

    /// A barrier that was passed on and answered, and a pledge.
    fn hear_barrier(&self) {
        let raised = json!({ "person": self.office.ada, "words": PAYLOAD });
        let id = send_command(self.ada, "barriers", &raised).id();
        let on = commands_to(format!("barriers/{id}"));
        on(self.ada, "sum-up", json!({ "summary": PAYLOAD }));
        let due_on = self.app.in_days(14);
        on(
            self.ada,
            "pass-on",
            json!({ "to": PAYLOAD, "asked": PAYLOAD, "due_on": due_on }),
        );
        on(
            self.ada,
            "record-answer",
            json!({ "answer": PAYLOAD, "comes_to": "planned" }),
        );
        on(self.ada, "close", json!({ "reason": PAYLOAD }));
        let pledge = json!({ "pledge": "walk", "words": PAYLOAD, "due_after_days": 5 });
        let office = commands_to("organisation".to_owned());
        office(self.ada, "publish-pledges", json!({ "pledges": [pledge] }));
        let own = commands_to(format!("people/{}", self.office.ada));
        own(
            self.ada,
            "pledge",
            json!({ "pledges": ["walk"], "version": 1 }),
        );
    }

    /// A gathering with a session that is over, and one that is cancelled.
    fn hold_gathering(&self, group: &str) {
        let about = json!({ "title": PAYLOAD, "description": PAYLOAD });
        let plan = json!({ "kind": "circle", "about": about, "leads": [self.office.ada] });
        let id = self.ada.post("/api/v1/gatherings", &plan).id();
        let on = commands_to(format!("gatherings/{id}"));
        let session = |days: i64| {
            json!({
                "day": self.app.in_days(days),
                "starts_at": "10:00",
                "ends_at": "11:00",
                "place": PAYLOAD,
            })
        };
        on(self.ada, "add-session", session(-1));
        on(self.ada, "add-session", session(1));
        on(self.ada, "open", json!({}));
        let came = json!({ "people": 3 });
        on(
            self.ada,
            "record-attendance",
            json!({ "session": 1, "came": came }),
        );
        on(
            self.ada,
            "correct-attendance",
            json!({ "session": 1, "came": { "people": 2 }, "reason": PAYLOAD }),
        );
        on(
            self.ada,
            "write-notes",
            json!({ "session": 1, "learned": PAYLOAD, "ideas": [PAYLOAD] }),
        );
        let tally = json!({
            "version": 1, "question": "lonely", "counts": { "often": 5 },
            "asked_on": self.app.today(), "occasion": "baseline",
        });
        let correction = json!({ "tally": 1, "counts": { "often": 6 }, "reason": PAYLOAD });
        on(self.ada, "give-tally", tally.clone());
        on(self.ada, "correct-tally", correction.clone());
        let of_group = commands_to(format!("groups/{group}"));
        of_group(self.ada, "give-tally", tally);
        of_group(self.ada, "correct-tally", correction);
        let needs = json!({ "words": PAYLOAD, "consent": true });
        on(
            self.ada,
            "sign-up",
            json!({ "session": 2, "person": self.office.ada, "needs": needs }),
        );
        on(
            self.ada,
            "ask-for-hand",
            json!({ "lead": self.office.ada, "words": PAYLOAD }),
        );
        on(
            self.ada,
            "cancel-session",
            json!({ "session": 2, "reason": PAYLOAD }),
        );
    }

    /// Somebody who is introduced to an organisation outside, by a notice.
    fn make_introduction(&self) {
        let on_organisation = commands_to("organisation".to_owned());
        let notice = json!({ "purpose": "introductions", "text": PAYLOAD });
        on_organisation(self.ada, "publish-notice", notice);
        let record = json!({ "way": "offer", "kind": "organisation", "name": PAYLOAD });
        let entry = self.ada.post("/api/v1/assets", &record).id();
        let listing = json!({ "name": PAYLOAD, "description": PAYLOAD, "welcomes": true });
        commands_to(format!("assets/{entry}"))(self.ada, "publish", listing);
        let ask = json!({ "of": { "person": self.office.ada }, "to": entry });
        let id = self.ada.post("/api/v1/introductions", &ask).id();
        let on = commands_to(format!("introductions/{id}"));
        on(
            self.ada,
            "agree",
            json!({ "notice": 1, "matters": PAYLOAD, "shares": ["name", "matters"] }),
        );
        on(self.ada, "make", json!({}));
        on(
            self.ada,
            "welcome",
            json!({ "host_name": PAYLOAD, "channel": "phone" }),
        );
    }

    /// The public texts of the organisation.
    fn publish_texts(&self) {
        let on = commands_to("organisation".to_owned());
        let sign =
            json!({ "sign": "bringing-people-together", "title": PAYLOAD, "meaning": PAYLOAD });
        on(self.ada, "adopt-signs", json!({ "signs": [sign] }));
        let theme = json!({ "theme": "food", "name": PAYLOAD });
        on(self.ada, "adopt-themes", json!({ "themes": [theme] }));
        let option = |key: &str| json!({ "option": key, "label": PAYLOAD });
        let asked = json!({
            "question": "lonely", "words": PAYLOAD, "options": [option("often"), option("never")],
            "source": PAYLOAD, "licence": PAYLOAD,
        });
        let aim = json!({ "aim": "connected", "name": PAYLOAD, "level": 4, "questions": [asked] });
        on(self.ada, "adopt-aims", json!({ "aims": [aim] }));
        on(
            self.ada,
            "publish-lesson",
            json!({ "title": PAYLOAD, "words": PAYLOAD, "kind": "lesson", "voice": "group",
                "area": "oldham",
                "consent": { "consented_on": self.app.today(), "how": PAYLOAD } }),
        );
        let question =
            json!({ "question": "idea", "label": PAYLOAD, "help": PAYLOAD, "required": true });
        on(self.ada, "publish-form", json!({ "questions": [question] }));
        on(self.ada, "publish-agreement", json!({ "text": PAYLOAD }));
        on(
            self.ada,
            "publish-report",
            json!({ "area": "oldham", "context": PAYLOAD, "hard": PAYLOAD, "lessons": PAYLOAD,
                "other_languages": { "pl": {
                    "context": PAYLOAD, "hard": PAYLOAD, "lessons": PAYLOAD } } }),
        );
        let mail = json!({
            "mail": "declined", "language": "en", "subject": "<script>mark()</script>",
            "body": "<script>mark()</script> {{ name }}",
        });
        on(self.ada, "publish-mail-text", mail);
        let sign_in = json!({
            "mail": "sign_in", "language": "en", "subject": "<script>mark()</script>",
            "body": "<script>mark()</script>\n{{ link }}\n{{ code }}",
        });
        on(self.ada, "propose-mail-text", sign_in.clone());
        on(
            self.ada,
            "refuse-mail-text",
            json!({ "proposal": 1, "reason": PAYLOAD }),
        );
        on(self.ada, "propose-mail-text", sign_in);
        let line = json!({
            "tag": "ur", "own_name": PAYLOAD, "direction": "rtl",
            "line": format!("{PAYLOAD} {{phone}}"),
        });
        let settings = json!({
            "name": PAYLOAD, "telephone": "0161 496 0000", "hours": PAYLOAD,
            "hours_in": { "pl": PAYLOAD }, "address": PAYLOAD, "privacy": PAYLOAD,
            "accessibility": PAYLOAD, "charity": PAYLOAD, "languages": [line],
        });
        on(self.ada, "propose-settings", settings.clone());
        on(self.ben, "confirm-settings", json!({ "proposal": 1 }));
        let refused = json!({ "proposal": 2, "reason": PAYLOAD });
        let mut other = settings;
        other["accent"] = json!("#0f6b66");
        on(self.ada, "propose-settings", other.clone());
        on(self.ada, "refuse-settings", refused);
        on(self.ada, "propose-settings", other);
    }

    /// A fund with an open round. The office's own fund is paused and resumed.
    fn open_fund(&self) {
        let rules = serde_json::to_value(rules()).unwrap();
        let fund = self
            .ada
            .post(
                "/api/v1/funds",
                &json!({
                    "name": PAYLOAD, "purpose": PAYLOAD, "areas": ["oldham"], "rules": rules,
                }),
            )
            .id();
        let on = commands_to(format!("funds/{fund}"));
        let source = json!({ "funder": "health-partnership" });
        let allocate = json!({
            "source": source, "amount": "5000.00", "reference": PAYLOAD,
            "received_on": self.app.today(),
        });
        on(self.ada, "allocate", allocate);
        on(
            self.ada,
            "withdraw-funding",
            json!({ "source": source, "amount": "1.00", "reason": PAYLOAD }),
        );
        on(self.ada, "open", json!({}));
        let plan = json!({
            "round": "marked", "name": PAYLOAD, "opens_on": self.app.today(),
            "closes_on": self.app.in_days(20), "form": 2,
        });
        on(self.ada, "plan-round", plan);
        on(self.ada, "open-round", json!({ "round": "marked" }));
        let on = commands_to(format!("funds/{}", self.office.fund));
        on(self.ada, "pause", because());
        on(self.ada, "resume", json!({}));
        let mut other = rules;
        other["offer_days"] = json!(20);
        on(self.ada, "propose-rules", json!({ "rules": other }));
        let refused = json!({ "rules": other, "reason": PAYLOAD });
        on(self.ada, "refuse-rules", refused);
    }

    /// A group whose name is corrected, and which had a grant before.
    fn register_group(&self) -> String {
        let group = new_group(self.cass, PAYLOAD);
        let on = commands_to(format!("groups/{group}"));
        on(self.cass, "set-contact", json!({ "postcode": "OL1 1AA" }));
        let correct = json!({ "name": format!("{PAYLOAD}."), "area": "oldham", "reason": PAYLOAD });
        on(self.cass, "correct", correct.clone());
        on(self.ada, "refuse-correction", because());
        on(self.cass, "correct", correct);
        on(self.ada, "take-correction", json!({ "proposal": 2 }));
        let past = json!({
            "reference": "360G-x-1", "title": PAYLOAD, "description": PAYLOAD, "amount": "900.00",
            "awarded_on": "2020-05-01", "funder": PAYLOAD,
        });
        on(self.ada, "record-past-grant", past);
        group
    }

    fn filled_draft(&self, group: &str) -> String {
        let start = json!({ "fund": self.office.fund, "round": "first", "group": group });
        let application = self.cass.post("/api/v1/applications", &start).id();
        let answers = json!({
            "requested": "800.00", "area": "oldham", "activity": "food", "people_at_risk": false,
            "answers": { "idea": PAYLOAD },
        });
        let on = commands_to(format!("applications/{application}"));
        on(self.cass, "save-answers", answers);
        application
    }

    fn submitted(&self, group: &str) -> String {
        let application = self.filled_draft(group);
        let on = commands_to(format!("applications/{application}"));
        on(self.cass, "submit", json!({ "channel": "web" }));
        application
    }

    fn scored(&self, group: &str) -> String {
        let application = self.submitted(group);
        let on = commands_to(format!("applications/{application}"));
        let score = json!({ "criteria": { "need": 4 }, "note": PAYLOAD });
        on(self.ada, "confirm-eligibility", json!({}));
        on(self.ada, "declare", json!({}));
        on(self.ada, "score", score);
        application
    }

    fn awarded(&self, group: &str) -> String {
        let application = self.scored(group);
        let on = commands_to(format!("applications/{application}"));
        let award = json!({
            "amount": "800.00", "ends_on": self.app.in_days(60),
            "update_due_on": self.app.in_days(80),
        });
        on(self.ada, "write-summary", summary());
        on(self.ada, "award", award);
        application
    }

    /// An application that was changed on request, with a revised score and a summary.
    fn scored_after_changes(&self, group: &str) -> String {
        let application = self.filled_draft(group);
        let on = commands_to(format!("applications/{application}"));
        let language = json!({ "language": "pl", "helper": PAYLOAD });
        on(self.cass, "choose-language", language);
        on(self.cass, "submit", json!({ "channel": "web" }));
        let changes = json!({
            "questions": ["idea"], "note": PAYLOAD, "notes": { "idea": PAYLOAD },
            "due_on": self.app.in_days(20),
        });
        on(self.ada, "request-changes", changes);
        on(self.cass, "resubmit", json!({}));
        on(self.ada, "confirm-eligibility", json!({}));
        on(self.ada, "declare", json!({}));
        let score = json!({ "criteria": { "need": 4 }, "note": PAYLOAD });
        on(self.ada, "score", score);
        let revised = json!({ "criteria": { "need": 3 }, "note": PAYLOAD, "reason": PAYLOAD });
        on(self.ada, "revise-score", revised);
        on(self.ada, "write-summary", summary());
        application
    }

    fn decline_and_review(&self, application: &str) {
        let on = commands_to(format!("applications/{application}"));
        let decline = json!({ "reason": PAYLOAD, "feedback": PAYLOAD });
        on(self.ada, "decline", decline);
        on(self.cass, "request-review", json!({ "words": PAYLOAD }));
        on(self.ben, "declare", json!({}));
        let review = json!({ "upheld": false, "reason": PAYLOAD });
        on(self.ben, "decide-review", review);
    }

    fn award(&self, application: &str) {
        let on = commands_to(format!("applications/{application}"));
        let award = json!({
            "amount": "750.00", "reason": PAYLOAD, "ends_on": self.app.in_days(60),
            "update_due_on": self.app.in_days(80),
        });
        on(self.ada, "award", award);
        self.accept_agreement(application);
    }

    fn accept_agreement(&self, grant: &str) {
        let read = self.cass.get(&format!("/api/v1/grants/{grant}")).body;
        let names = [PAYLOAD.to_owned(), format!("{PAYLOAD} again")];
        let on = commands_to(format!("grants/{grant}"));
        on(
            self.cass,
            "accept-agreement",
            json!({ "hash": read["agreement_hash"], "method": "web", "names": names }),
        );
    }

    /// The group enters its bank details, for the given time, and Ada verifies them.
    fn provide_payee(&self, group: &str, payee: u32) {
        let on_group = commands_to(format!("groups/{group}"));
        let account = json!({ "holder": PAYLOAD, "numbers": "12-34-56 12345678" });
        let details = json!({ "route": "own_account", "account": account });
        on_group(self.cass, "provide-payee", details);
        let seen = json!({ "payee": payee, "method": PAYLOAD });
        on_group(self.ada, "verify-payee", seen);
    }

    /// Checks the grant, and pays it with the second of two payments.
    fn pay(&self, grant: &str, group: &str) {
        self.provide_payee(group, 1);
        let on = commands_to(format!("grants/{grant}"));
        let identity = json!({ "check": "identity", "note": PAYLOAD });
        on(self.ada, "fail-check", identity.clone());
        on(self.ada, "pass-check", identity);
        on(self.ada, "hold", because());
        on(self.ada, "resume", json!({}));
        on(self.ada, "prepare-payment", json!({ "amount": "750.00" }));
        let rejected = json!({ "payment": 1, "reason": PAYLOAD });
        on(self.ben, "reject-payment", rejected);
        on(self.ada, "prepare-payment", json!({ "amount": "750.00" }));
        on(self.ben, "approve-payment", json!({ "payment": 2 }));
        let today = json!({ "payment": 2, "happened_on": self.app.today() });
        on(self.ben, "send-payment", today.clone());
        on(self.ben, "confirm-payment", today);
    }

    /// A refused variation, news, an update that is queried and corrected, and a story.
    fn report(&self, grant: &str) {
        let on = commands_to(format!("grants/{grant}"));
        let change = json!({ "ends_on": self.app.in_days(70) });
        let variation = json!({ "change": change, "words": PAYLOAD });
        on(self.cass, "request-variation", variation);
        let refused = json!({ "variation": 1, "reason": PAYLOAD });
        on(self.ada, "refuse-variation", refused);
        let outcome =
            json!({ "sign": "bringing-people-together", "strength": "strong", "words": PAYLOAD });
        let update = json!({
            "update": 1, "channel": "web", "words": PAYLOAD, "people": 20, "volunteers": 3,
            "spent": "700.00", "learned": PAYLOAD, "pictured": PAYLOAD, "outcomes": [outcome],
        });
        let draft = json!({ "update": 1, "answers": { "words": PAYLOAD, "people": PAYLOAD } });
        on(self.cass, "save-update", draft);
        let news = json!({ "channel": "web", "words": PAYLOAD, "pictured": PAYLOAD });
        on(self.cass, "send-news", news);
        on(self.cass, "receive-update", update.clone());
        let query = json!({ "update": 1, "question": PAYLOAD });
        on(self.ada, "query-update", query);
        on(self.cass, "receive-update", update);
        let judged = json!({
            "update": 1, "sign": "bringing-people-together", "strength": "some", "reason": PAYLOAD,
        });
        on(self.ada, "judge-outcome", judged);
        on(self.ada, "accept-update", json!({ "update": 1 }));
        let corrected = json!({
            "update": 1, "people": 21, "volunteers": 3, "spent": "700.00", "reason": PAYLOAD,
        });
        on(self.ada, "correct-update", corrected);
        let story = json!({ "words": PAYLOAD, "consented_on": self.app.today(), "consent": PAYLOAD,
                "pictured": PAYLOAD });
        on(self.ada, "publish-story", story);
    }

    /// A clawback whose waiver is proposed, and money that came in without a reason.
    fn claim_back(&self, grant: &str) {
        let on = commands_to(format!("grants/{grant}"));
        let demand = json!({ "amount": "10.00", "reason": PAYLOAD });
        on(self.ada, "demand-clawback", demand);
        let waiver = json!({ "owed": "clawback", "amount": "10.00", "reason": PAYLOAD });
        on(self.ada, "propose-return-waiver", waiver);
        let entry = json!({
            "kind": "came_in", "amount": "9.00", "happened_on": self.app.today(), "note": PAYLOAD,
        });
        on(self.ben, "record-bank-entry", entry);
        let settlement = json!({ "entry": 1, "counts": "9.00", "reason": PAYLOAD });
        on(self.ada, "propose-settlement", settlement);
    }

    /// Applications that are refused, deferred or reserved, a score set aside, and a withdrawn
    /// offer.
    fn end_applications(&self, group: &str) {
        let on = |application: String| commands_to(format!("applications/{application}"));
        on(self.submitted(group))(self.ada, "refuse-eligibility", because());
        on(self.scored(group))(self.ada, "defer", because());
        let reserve = json!({ "rank": 1, "reason": PAYLOAD });
        on(self.scored(group))(self.ada, "reserve", reserve);
        let set_aside = json!({ "of": self.office.ada, "reason": PAYLOAD });
        on(self.scored(group))(self.ada, "set-aside-score", set_aside);
        let offered = self.awarded(group);
        commands_to(format!("grants/{offered}"))(self.ada, "withdraw-offer", because());
    }

    /// A grant whose payments are cancelled, fail and are reversed, and which is then terminated.
    fn end_grant_without_money(&self, group: &str) {
        let grant = self.awarded(group);
        self.accept_agreement(&grant);
        let on = commands_to(format!("grants/{grant}"));
        let insurance = json!({ "check": "insurance", "note": PAYLOAD });
        on(self.ada, "request-check", insurance.clone());
        on(self.ada, "propose-waiver", insurance.clone());
        on(self.ada, "pass-check", insurance);
        let identity = json!({ "check": "identity", "note": PAYLOAD });
        on(self.ada, "pass-check", identity);
        let day = self.app.today();
        for (payment, end) in [
            (1, "cancel-payment"),
            (2, "fail-payment"),
            (3, "reverse-payment"),
        ] {
            let happened = json!({ "payment": payment, "happened_on": day });
            on(self.ada, "prepare-payment", json!({ "amount": "800.00" }));
            on(self.ben, "approve-payment", json!({ "payment": payment }));
            if payment > 1 {
                on(self.ben, "send-payment", happened.clone());
            }
            let mut ended = json!({ "payment": payment, "reason": PAYLOAD });
            if payment > 2 {
                on(self.ben, "confirm-payment", happened);
                ended["happened_on"] = json!(day);
            }
            on(self.ben, end, ended);
            if payment == 2 {
                self.provide_payee(group, 2);
            }
        }
        let excuse = json!({ "update": 1, "reason": PAYLOAD });
        on(self.ada, "excuse-update", excuse);
        on(self.ada, "terminate", because());
    }

    /// A grant whose report is late. It comes last, as its days pass.
    fn remind_late_group(&self, group: &str) {
        let grant = self.awarded(group);
        self.accept_agreement(&grant);
        self.app.pass_days(120);
        let reminder = json!({ "update": 1, "note": PAYLOAD });
        commands_to(format!("grants/{grant}"))(self.ada, "remind-now", reminder);
    }

    fn merge_groups(&self, group: &str) {
        let double = new_group(self.cass, &format!("{PAYLOAD} again"));
        let on = commands_to(format!("groups/{double}"));
        let merge = json!({ "into": group, "reason": PAYLOAD });
        on(self.ada, "merge", merge);
    }

    fn record_meeting(&self, group: &str) {
        let verdict = json!({ "defer": { "reason": PAYLOAD, "message": PAYLOAD } });
        let application = self.scored(group);
        let deferred = json!({ "application": application, "verdict": verdict });
        let meeting = json!({
            "round": "first",
            "met_on": self.app.today(),
            "letters_on": self.app.in_days(5),
            "decisions": [deferred],
        });
        let on = commands_to(format!("funds/{}", self.office.fund));
        let on_application = commands_to(format!("applications/{application}"));
        on(self.ada, "record-meeting", meeting.clone());
        on_application(self.ada, "take-back-decision", because());
        on(self.ada, "record-meeting", meeting);
    }

    /// A group and a person who are erased after a refusal.
    fn erase_records(&self) {
        let left = new_group(self.ada, &format!("{PAYLOAD} left"));
        let person = json!({ "name": PAYLOAD });
        let gone = self.ada.post("/api/v1/people", &person).id();
        let on = commands_to(format!("people/{gone}"));
        let contact = json!({ "name": format!("{PAYLOAD}.") });
        on(self.ben, "change-contact", contact.clone());
        on(self.ada, "refuse-contact", because());
        on(self.ben, "change-contact", contact);
        on(self.ada, "end-access", because());
        for record in [format!("groups/{left}"), format!("people/{gone}")] {
            let on = commands_to(record);
            on(self.ada, "request-erasure", json!({}));
            on(self.ada, "refuse-erasure", because());
            on(self.ada, "erase", because());
        }
    }
}

fn new_group(by: &Client, name: &str) -> String {
    let body = json!({ "name": name, "area": "oldham", "standing": "new" });
    by.post("/api/v1/groups", &body).id()
}

/// The public summary of a grant.
fn summary() -> Value {
    json!({ "title": PAYLOAD, "description": format!("{PAYLOAD} It says more than the title.") })
}
