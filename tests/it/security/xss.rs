//! Cross-site scripting: markup in every text that a person can type, searched for on every page
//! reachable from the first, for every kind of person.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Mutex;

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::domain::matrix::samples::sample;
use crate::pages::journeys::signed_in;
use crate::security::access_matrix::{command_of, operations};
use crate::support::browser::Browser;
use crate::support::fixtures::{Office, person};
use crate::support::folders::files_below;
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

/// Every value on a page is escaped, except the output of components, whose own templates escape
/// their input.
#[test]
fn only_our_own_components_are_not_escaped() {
    let made = ["form", "filter", "chosen", "known", "upload", "batch.form"]
        .map(|maker| format!("{maker}."));
    let mut seen = 0;
    for file in files_below(Path::new("templates")) {
        let text = std::fs::read_to_string(&file).unwrap();
        for before in text
            .split("|safe")
            .collect::<Vec<_>>()
            .split_last()
            .unwrap()
            .1
        {
            let said = before.rsplit("{{").next().unwrap().trim();
            assert!(
                said == "act" || made.iter().any(|maker| said.starts_with(maker)),
                "{}: {said}",
                file.display()
            );
            seen += 1;
        }
        assert!(
            !text.contains("| safe") && !text.contains("autoescape"),
            "{}",
            file.display()
        );
    }
    assert!(seen > 100, "{seen}");
    let inline = std::fs::read_to_string("src/http/pages/components.rs").unwrap();
    assert!(
        inline.contains("source = r#\"")
            && !inline.contains("safe")
            && !inline.contains("escape = \"none\"")
    );
}

/// Markup that would run, end an attribute or be evaluated as a template if a page did not escape
/// it.
const PAYLOAD: &str = "<script>mark()</script>\"'><img src=x onerror=mark()>{{7*7}}";

/// The free-text fields of commands.
const FREE_TEXT_FIELDS: [&str; 6] = ["reason", "note", "words", "question", "feedback", "hard"];
/// Commands with such a field that are not sent here: they can succeed only on a later day.
const WITHOUT_PAYLOAD: [&str; 2] = ["grants/correct-payment", "grants/propose-early-payment"];
/// The commands that were sent, such as `grants/hold`.
static SENT_COMMANDS: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The command of a path, without the record's id: `grants/hold`.
fn command_name(path: &str) -> String {
    format!(
        "{}/{}",
        path.split('/').next().unwrap(),
        path.rsplit('/').next().unwrap()
    )
}

fn send_command(client: &Client, path: &str, body: &Value) {
    SENT_COMMANDS.lock().unwrap().insert(command_name(path));
    let answer = client.post(&format!("/api/v1/{path}"), body);
    assert!(
        answer.status < 300,
        "{path}: {} {}",
        answer.status,
        answer.body
    );
}

/// A filled-in application.
fn filled_draft(office: &Office, cass: &Client, group: &str) -> String {
    let application = cass
        .post(
            "/api/v1/applications",
            &json!({ "fund": office.fund, "round": "first", "group": group }),
        )
        .id();
    let answers = json!({ "requested": "800.00", "area": "oldham", "activity": "food", "people_at_risk": false, "answers": { "idea": PAYLOAD } });
    send_command(
        cass,
        &format!("applications/{application}/save-answers"),
        &answers,
    );
    application
}

/// The public summary of a grant.
fn summary() -> Value {
    json!({ "title": PAYLOAD, "description": format!("{PAYLOAD} It says more than the title.") })
}

/// Accepts the agreement of a grant.
fn accept_agreement(cass: &Client, grant: &str) {
    let hash = cass.get(&format!("/api/v1/grants/{grant}")).body["agreement_hash"].clone();
    let names = [PAYLOAD.to_owned(), format!("{PAYLOAD} again")];
    send_command(
        cass,
        &format!("grants/{grant}/accept-agreement"),
        &json!({ "hash": hash, "method": "web", "names": names }),
    );
}

/// Takes one grant from its application to a published story, with markup in every text.
fn grant_to_story(
    house: &TestApp,
    office: &Office,
    ada: &Client,
    ben: &Client,
    cass: &Client,
) -> String {
    let group = cass
        .post(
            "/api/v1/groups",
            &json!({ "name": PAYLOAD, "area": "oldham", "standing": "new" }),
        )
        .id();
    send_command(
        cass,
        &format!("groups/{group}/set-contact"),
        &json!({ "postcode": "OL1 1AA" }),
    );
    let correct = json!({ "name": format!("{PAYLOAD}."), "area": "oldham", "reason": PAYLOAD });
    for end in ["refuse-correction", "take-correction"] {
        send_command(cass, &format!("groups/{group}/correct"), &correct);
        let answer = if end == "refuse-correction" {
            json!({ "reason": PAYLOAD })
        } else {
            json!({ "proposal": 2 })
        };
        send_command(ada, &format!("groups/{group}/{end}"), &answer);
    }
    let past = json!({ "reference": "360G-x-1", "title": PAYLOAD, "description": PAYLOAD, "amount": "900.00", "awarded_on": "2020-05-01", "funder": PAYLOAD });
    send_command(ada, &format!("groups/{group}/record-past-grant"), &past);
    for other in [false, true] {
        let application = filled_draft(office, cass, &group);
        let at = |command: &str| format!("applications/{application}/{command}");
        send_command(
            cass,
            &at("choose-language"),
            &json!({ "language": "pl", "helper": PAYLOAD }),
        );
        send_command(cass, &at("submit"), &json!({ "channel": "web" }));
        send_command(
            ada,
            &at("request-changes"),
            &json!({ "questions": ["idea"], "note": PAYLOAD, "due_on": house.in_days(20) }),
        );
        send_command(cass, &at("resubmit"), &json!({}));
        send_command(ada, &at("confirm-eligibility"), &json!({}));
        send_command(ada, &at("declare"), &json!({}));
        send_command(
            ada,
            &at("score"),
            &json!({ "criteria": { "need": 4 }, "note": PAYLOAD }),
        );
        send_command(
            ada,
            &at("revise-score"),
            &json!({ "criteria": { "need": 3 }, "note": PAYLOAD, "reason": PAYLOAD }),
        );
        send_command(ada, &at("write-summary"), &summary());
        if other {
            send_command(
                ada,
                &at("decline"),
                &json!({ "reason": PAYLOAD, "feedback": PAYLOAD }),
            );
            send_command(cass, &at("request-review"), &json!({ "words": PAYLOAD }));
            send_command(ben, &at("declare"), &json!({}));
            send_command(
                ben,
                &at("decide-review"),
                &json!({ "upheld": false, "reason": PAYLOAD }),
            );
            continue;
        }
        let award = json!({ "amount": "750.00", "reason": PAYLOAD, "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
        send_command(ada, &at("award"), &award);
        let at = |command: &str| format!("grants/{application}/{command}");
        accept_agreement(cass, &application);
        let payee = json!({ "route": "own_account", "account": { "holder": PAYLOAD, "numbers": "12-34-56 12345678" } });
        send_command(cass, &format!("groups/{group}/provide-payee"), &payee);
        send_command(
            ada,
            &format!("groups/{group}/verify-payee"),
            &json!({ "payee": 1, "method": PAYLOAD }),
        );
        send_command(
            ada,
            &at("fail-check"),
            &json!({ "check": "identity", "note": PAYLOAD }),
        );
        send_command(
            ada,
            &at("pass-check"),
            &json!({ "check": "identity", "note": PAYLOAD }),
        );
        send_command(ada, &at("hold"), &json!({ "reason": PAYLOAD }));
        send_command(ada, &at("resume"), &json!({}));
        send_command(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        send_command(
            ben,
            &at("reject-payment"),
            &json!({ "payment": 1, "reason": PAYLOAD }),
        );
        send_command(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        send_command(ben, &at("approve-payment"), &json!({ "payment": 2 }));
        send_command(
            ben,
            &at("send-payment"),
            &json!({ "payment": 2, "happened_on": house.today() }),
        );
        send_command(
            ben,
            &at("confirm-payment"),
            &json!({ "payment": 2, "happened_on": house.today() }),
        );
        send_command(
            cass,
            &at("request-variation"),
            &json!({ "change": { "ends_on": house.in_days(70) }, "words": PAYLOAD }),
        );
        send_command(
            ada,
            &at("refuse-variation"),
            &json!({ "variation": 1, "reason": PAYLOAD }),
        );
        let outcome =
            json!({ "sign": "bringing-people-together", "strength": "strong", "words": PAYLOAD });
        let update = json!({
            "update": 1, "channel": "web", "words": PAYLOAD, "people": 20, "volunteers": 3, "spent": "700.00", "learned": PAYLOAD, "outcomes": [outcome],
        });
        send_command(cass, &at("receive-update"), &update);
        send_command(
            ada,
            &at("query-update"),
            &json!({ "update": 1, "question": PAYLOAD }),
        );
        send_command(cass, &at("receive-update"), &update);
        send_command(
            ada,
            &at("judge-outcome"),
            &json!({ "update": 1, "sign": "bringing-people-together", "strength": "some", "reason": PAYLOAD }),
        );
        send_command(ada, &at("accept-update"), &json!({ "update": 1 }));
        send_command(
            ada,
            &at("correct-update"),
            &json!({ "update": 1, "people": 21, "volunteers": 3, "spent": "700.00", "reason": PAYLOAD }),
        );
        send_command(
            ada,
            &at("publish-story"),
            &json!({ "words": PAYLOAD, "consented_on": house.today(), "consent": PAYLOAD }),
        );
        send_command(
            ada,
            &at("demand-clawback"),
            &json!({ "amount": "10.00", "reason": PAYLOAD }),
        );
        send_command(
            ada,
            &at("propose-return-waiver"),
            &json!({ "owed": "clawback", "amount": "10.00", "reason": PAYLOAD }),
        );
        let entry = json!({ "kind": "came_in", "amount": "9.00", "happened_on": house.today(), "note": PAYLOAD });
        send_command(ben, &at("record-bank-entry"), &entry);
        send_command(
            ada,
            &at("propose-settlement"),
            &json!({ "entry": 1, "counts": "9.00", "reason": PAYLOAD }),
        );
    }
    group
}

/// The other outcomes: applications that are refused, deferred or reserved, a withdrawn offer, and
/// a grant whose payments fail.
fn other_endings(house: &TestApp, office: &Office, [ada, ben, cass]: [&Client; 3], group: &str) {
    let because = || json!({ "reason": PAYLOAD });
    let applied = || {
        let application = filled_draft(office, cass, group);
        send_command(
            cass,
            &format!("applications/{application}/submit"),
            &json!({ "channel": "web" }),
        );
        application
    };
    let scored = || {
        let application = applied();
        send_command(
            ada,
            &format!("applications/{application}/confirm-eligibility"),
            &json!({}),
        );
        send_command(
            ada,
            &format!("applications/{application}/declare"),
            &json!({}),
        );
        send_command(
            ada,
            &format!("applications/{application}/score"),
            &json!({ "criteria": { "need": 4 }, "note": PAYLOAD }),
        );
        application
    };
    let awarded = || {
        let application = scored();
        send_command(
            ada,
            &format!("applications/{application}/write-summary"),
            &summary(),
        );
        let award = json!({ "amount": "800.00", "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
        send_command(ada, &format!("applications/{application}/award"), &award);
        application
    };
    send_command(
        ada,
        &format!("applications/{}/refuse-eligibility", applied()),
        &because(),
    );
    send_command(ada, &format!("applications/{}/defer", scored()), &because());
    send_command(
        ada,
        &format!("applications/{}/reserve", scored()),
        &json!({ "rank": 1, "reason": PAYLOAD }),
    );
    send_command(
        ada,
        &format!("applications/{}/set-aside-score", scored()),
        &json!({ "of": office.ada, "reason": PAYLOAD }),
    );
    send_command(
        ada,
        &format!("grants/{}/withdraw-offer", awarded()),
        &because(),
    );
    let grant = awarded();
    let at = |command: &str| format!("grants/{grant}/{command}");
    accept_agreement(cass, &grant);
    send_command(
        ada,
        &at("request-check"),
        &json!({ "check": "insurance", "note": PAYLOAD }),
    );
    send_command(
        ada,
        &at("propose-waiver"),
        &json!({ "check": "insurance", "note": PAYLOAD }),
    );
    send_command(
        ada,
        &at("pass-check"),
        &json!({ "check": "insurance", "note": PAYLOAD }),
    );
    send_command(
        ada,
        &at("pass-check"),
        &json!({ "check": "identity", "note": PAYLOAD }),
    );
    let day = house.today();
    for (payment, end) in [
        (1, "cancel-payment"),
        (2, "fail-payment"),
        (3, "reverse-payment"),
    ] {
        send_command(ada, &at("prepare-payment"), &json!({ "amount": "800.00" }));
        send_command(ben, &at("approve-payment"), &json!({ "payment": payment }));
        if payment > 1 {
            send_command(
                ben,
                &at("send-payment"),
                &json!({ "payment": payment, "happened_on": day }),
            );
        }
        if payment > 2 {
            send_command(
                ben,
                &at("confirm-payment"),
                &json!({ "payment": payment, "happened_on": day }),
            );
        }
        let mut ended = json!({ "payment": payment, "reason": PAYLOAD });
        if payment > 2 {
            ended["happened_on"] = json!(day);
        }
        send_command(ben, &at(end), &ended);
    }
    send_command(
        ada,
        &at("excuse-update"),
        &json!({ "update": 1, "reason": PAYLOAD }),
    );
    send_command(ada, &at("terminate"), &because());
    let double = cass
        .post(
            "/api/v1/groups",
            &json!({ "name": format!("{PAYLOAD} again"), "area": "oldham", "standing": "new" }),
        )
        .id();
    send_command(
        ada,
        &format!("groups/{double}/merge"),
        &json!({ "into": group, "reason": PAYLOAD }),
    );
    let deferred =
        json!({ "application": scored(), "verdict": { "defer": { "reason": PAYLOAD } } });
    let meeting = json!({ "round": "first", "met_on": day, "decisions": [deferred] });
    send_command(
        ada,
        &format!("funds/{}/record-meeting", office.fund),
        &meeting,
    );
    let left = ada
        .post(
            "/api/v1/groups",
            &json!({ "name": format!("{PAYLOAD} left"), "area": "oldham", "standing": "new" }),
        )
        .id();
    let gone = ada.post("/api/v1/people", &json!({ "name": PAYLOAD })).id();
    send_command(
        ben,
        &format!("people/{gone}/change-contact"),
        &json!({ "name": format!("{PAYLOAD}.") }),
    );
    send_command(ada, &format!("people/{gone}/refuse-contact"), &because());
    send_command(
        ben,
        &format!("people/{gone}/change-contact"),
        &json!({ "name": format!("{PAYLOAD}.") }),
    );
    send_command(ada, &format!("people/{gone}/end-access"), &because());
    for record in [format!("groups/{left}"), format!("people/{gone}")] {
        send_command(ada, &format!("{record}/request-erasure"), &json!({}));
        send_command(ada, &format!("{record}/refuse-erasure"), &because());
        send_command(ada, &format!("{record}/erase"), &because());
    }
}

/// Every command with a free-text field is sent by this module.
fn none_is_missing() {
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

/// The public texts of the organisation, its funds and its forms.
fn set_up(house: &TestApp, office: &Office, ada: &Client) {
    send_command(
        ada,
        "organisation/adopt-signs",
        &json!({ "signs": [{ "sign": "bringing-people-together", "title": PAYLOAD, "meaning": PAYLOAD }] }),
    );
    send_command(
        ada,
        "organisation/publish-form",
        &json!({ "questions": [{ "question": "idea", "label": PAYLOAD, "help": PAYLOAD, "required": true }] }),
    );
    send_command(
        ada,
        "organisation/publish-agreement",
        &json!({ "text": PAYLOAD }),
    );
    send_command(
        ada,
        "organisation/publish-report",
        &json!({ "area": "oldham", "context": PAYLOAD, "hard": PAYLOAD, "lessons": PAYLOAD }),
    );
    let mail = json!({ "mail": "declined", "language": "en", "subject": "<script>mark()</script>", "body": "<script>mark()</script> {{ name }}" });
    send_command(ada, "organisation/publish-mail-text", &mail);
    let sign_in = json!({ "mail": "sign_in", "language": "en", "subject": "<script>mark()</script>",
        "body": "<script>mark()</script>\n{{ link }}\n{{ code }}" });
    send_command(ada, "organisation/propose-mail-text", &sign_in);
    send_command(
        ada,
        "organisation/refuse-mail-text",
        &json!({ "proposal": 1, "reason": PAYLOAD }),
    );
    send_command(ada, "organisation/propose-mail-text", &sign_in);
    let rules = serde_json::to_value(crate::support::fixtures::rules()).unwrap();
    let fund = ada
        .post(
            "/api/v1/funds",
            &json!({ "name": PAYLOAD, "purpose": PAYLOAD, "areas": ["oldham"], "rules": rules }),
        )
        .id();
    let source = json!({ "funder": "health-partnership" });
    let allocate = json!({ "source": source, "amount": "5000.00", "reference": PAYLOAD, "received_on": house.today() });
    send_command(ada, &format!("funds/{fund}/allocate"), &allocate);
    send_command(
        ada,
        &format!("funds/{fund}/withdraw-funding"),
        &json!({ "source": source, "amount": "1.00", "reason": PAYLOAD }),
    );
    send_command(ada, &format!("funds/{fund}/open"), &json!({}));
    let plan = json!({ "round": "marked", "name": PAYLOAD, "opens_on": house.today(), "closes_on": house.in_days(20), "form": 2 });
    send_command(ada, &format!("funds/{fund}/plan-round"), &plan);
    send_command(
        ada,
        &format!("funds/{fund}/open-round"),
        &json!({ "round": "marked" }),
    );
    send_command(
        ada,
        &format!("funds/{}/pause", office.fund),
        &json!({ "reason": PAYLOAD }),
    );
    send_command(ada, &format!("funds/{}/resume", office.fund), &json!({}));
}

on_sqlite!(markup_that_was_typed_is_text_on_every_page);
async fn markup_that_was_typed_is_text_on_every_page(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let cass = person(&house, PAYLOAD).await;
    let auditor = person(&house, PAYLOAD).await;
    office.give_role(&house, auditor, Role::Auditor).await;
    let ada = serve(&house, office.ada);
    let [ben, own] = [office.ben, cass].map(|person| ada.with_token(&token(&house, person)));
    set_up(&house, &office, &ada);
    let group = grant_to_story(&house, &office, &ada, &ben, &own);
    other_endings(&house, &office, [&ada, &ben, &own], &group);
    none_is_missing();
    crate::audit::transparency_log::sealer(&house)
        .catch_up()
        .await
        .unwrap();
    house.catch_up().await;
    let address = ada.address().to_owned();
    let (mut pages, mut showing) = (BTreeSet::new(), 0);
    let mut visitors = vec![Browser::new(&address)];
    for person in [office.ada, cass, auditor] {
        visitors.push(signed_in(&house, &address, person).await);
    }
    for browser in &mut visitors {
        for (path, text) in crawl(browser) {
            for bad in [
                "<script",
                "script&#62;\"'",
                "script&#62;\"&#39;",
                "<img src=x",
                "onerror=mark()>",
                "mark()&#62;49",
                "mark()&gt;49",
            ] {
                assert!(!text.contains(bad), "{bad} on {path}");
            }
            showing += usize::from(text.contains("mark()"));
            pages.insert(path);
        }
    }
    assert!(showing > 40, "{showing} pages showed what was typed");
    eprintln!(
        "markup: {} addresses looked at, {showing} pages showed it as text",
        pages.len()
    );
}

/// Every page that can be reached by links, with its text.
fn crawl(browser: &mut Browser) -> Vec<(String, String)> {
    const PAGES_MAX: usize = 2000;
    let first = [
        "/",
        "/desk",
        "/my",
        "/apply",
        "/impact",
        "/account",
        "/desk/texts",
        "/desk/figures",
        "/desk/panel",
    ];
    let mut waiting: VecDeque<String> = first.map(str::to_owned).into();
    let (mut met, mut pages): (BTreeSet<String>, _) =
        (waiting.iter().cloned().collect(), Vec::new());
    while let Some(path) = waiting.pop_front() {
        assert!(pages.len() < PAGES_MAX, "the pages have no end: {path}");
        let page = browser.get(&path);
        assert!(page.status < 500, "{path}: {}", page.status);
        if !page
            .headers
            .get("content-type")
            .is_some_and(|media| media.starts_with("text/html"))
        {
            continue;
        }
        for link in page
            .text
            .split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
        {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            // Links that only change a list's filter are not followed: there are too many.
            let plain = link.split('#').next().unwrap_or_default();
            if plain.starts_with('/')
                && plain.matches('&').count() < 2
                && met.insert(plain.to_owned())
            {
                waiting.push_back(plain.to_owned());
            }
        }
        pages.push((path, page.text));
    }
    pages
}
