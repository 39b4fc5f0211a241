//! Cross-site scripting: markup in every text that a person can type, searched for on every page
//! reachable from the first, for every kind of person.

use std::collections::{BTreeSet, VecDeque};
use std::path::Path;
use std::sync::Mutex;

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::Cases;
use crate::folders::files_below;
use crate::house::House;
use crate::intruders::access::{command_of, operations};
use crate::matrix::samples::sample;
use crate::office::{Office, person};
use crate::pages::signed_in;
use crate::service::{Client, serve, token};

pub fn cases(cases: &mut Cases) {
    cases.sqlite(
        "intruders::markup_that_was_typed_is_text_on_every_page",
        every_text,
    );
    cases.plain(
        "intruders::only_our_own_components_are_not_escaped",
        components,
    );
}

/// Every value on a page is escaped, except the output of components, whose own templates escape
/// their input.
fn components() {
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
const MARK: &str = "<script>mark()</script>\"'><img src=x onerror=mark()>{{7*7}}";

/// The free-text fields of commands.
const WORDS: [&str; 6] = ["reason", "note", "words", "question", "feedback", "hard"];
/// Commands with such a field that are not sent here: they can succeed only on a later day.
const UNMARKED: [&str; 2] = ["grants/correct-payment", "grants/propose-early-payment"];
/// The commands that were sent, such as `grants/hold`.
static SENT: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// The command of a path, without the record's id: `grants/hold`.
fn named(path: &str) -> String {
    format!(
        "{}/{}",
        path.split('/').next().unwrap(),
        path.rsplit('/').next().unwrap()
    )
}

fn on(client: &Client, path: &str, body: &Value) {
    SENT.lock().unwrap().insert(named(path));
    let answer = client.post(&format!("/api/v1/{path}"), body);
    assert!(
        answer.status < 300,
        "{path}: {} {}",
        answer.status,
        answer.body
    );
}

/// A filled-in application.
fn filled(office: &Office, cass: &Client, group: &str) -> String {
    let application = cass
        .post(
            "/api/v1/applications",
            &json!({ "fund": office.fund, "round": "first", "group": group }),
        )
        .id();
    let answers = json!({ "requested": "800.00", "area": "oldham", "activity": "food", "people_at_risk": false, "answers": { "idea": MARK } });
    on(
        cass,
        &format!("applications/{application}/save-answers"),
        &answers,
    );
    application
}

/// The public summary of a grant.
fn summary() -> Value {
    json!({ "title": MARK, "description": format!("{MARK} It says more than the title.") })
}

/// Accepts the agreement of a grant.
fn agree(cass: &Client, grant: &str) {
    let hash = cass.get(&format!("/api/v1/grants/{grant}")).body["agreement_hash"].clone();
    let names = [MARK.to_owned(), format!("{MARK} again")];
    on(
        cass,
        &format!("grants/{grant}/accept-agreement"),
        &json!({ "hash": hash, "method": "web", "names": names }),
    );
}

/// Takes one grant from its application to a published story, with markup in every text.
fn tell(house: &House, office: &Office, ada: &Client, ben: &Client, cass: &Client) -> String {
    let group = cass
        .post(
            "/api/v1/groups",
            &json!({ "name": MARK, "area": "oldham", "standing": "new" }),
        )
        .id();
    on(
        cass,
        &format!("groups/{group}/set-contact"),
        &json!({ "postcode": "OL1 1AA" }),
    );
    let correct = json!({ "name": format!("{MARK}."), "area": "oldham", "reason": MARK });
    for end in ["refuse-correction", "take-correction"] {
        on(cass, &format!("groups/{group}/correct"), &correct);
        let answer = if end == "refuse-correction" {
            json!({ "reason": MARK })
        } else {
            json!({ "proposal": 2 })
        };
        on(ada, &format!("groups/{group}/{end}"), &answer);
    }
    let past = json!({ "reference": "360G-x-1", "title": MARK, "description": MARK, "amount": "900.00", "awarded_on": "2020-05-01", "funder": MARK });
    on(ada, &format!("groups/{group}/record-past-grant"), &past);
    for other in [false, true] {
        let application = filled(office, cass, &group);
        let at = |command: &str| format!("applications/{application}/{command}");
        on(
            cass,
            &at("choose-language"),
            &json!({ "language": "pl", "helper": MARK }),
        );
        on(cass, &at("submit"), &json!({ "channel": "web" }));
        on(
            ada,
            &at("request-changes"),
            &json!({ "questions": ["idea"], "note": MARK, "due_on": house.in_days(20) }),
        );
        on(cass, &at("resubmit"), &json!({}));
        on(ada, &at("confirm-eligibility"), &json!({}));
        on(ada, &at("declare"), &json!({}));
        on(
            ada,
            &at("score"),
            &json!({ "criteria": { "need": 4 }, "note": MARK }),
        );
        on(
            ada,
            &at("revise-score"),
            &json!({ "criteria": { "need": 3 }, "note": MARK, "reason": MARK }),
        );
        on(ada, &at("write-summary"), &summary());
        if other {
            on(
                ada,
                &at("decline"),
                &json!({ "reason": MARK, "feedback": MARK }),
            );
            on(cass, &at("request-review"), &json!({ "words": MARK }));
            on(ben, &at("declare"), &json!({}));
            on(
                ben,
                &at("decide-review"),
                &json!({ "upheld": false, "reason": MARK }),
            );
            continue;
        }
        let award = json!({ "amount": "750.00", "reason": MARK, "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
        on(ada, &at("award"), &award);
        let at = |command: &str| format!("grants/{application}/{command}");
        agree(cass, &application);
        let payee = json!({ "route": "own_account", "account": { "holder": MARK, "numbers": "12-34-56 12345678" } });
        on(cass, &format!("groups/{group}/provide-payee"), &payee);
        on(
            ada,
            &format!("groups/{group}/verify-payee"),
            &json!({ "payee": 1, "method": MARK }),
        );
        on(
            ada,
            &at("fail-check"),
            &json!({ "check": "identity", "note": MARK }),
        );
        on(
            ada,
            &at("pass-check"),
            &json!({ "check": "identity", "note": MARK }),
        );
        on(ada, &at("hold"), &json!({ "reason": MARK }));
        on(ada, &at("resume"), &json!({}));
        on(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        on(
            ben,
            &at("reject-payment"),
            &json!({ "payment": 1, "reason": MARK }),
        );
        on(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        on(ben, &at("approve-payment"), &json!({ "payment": 2 }));
        on(
            ben,
            &at("send-payment"),
            &json!({ "payment": 2, "happened_on": house.today() }),
        );
        on(
            ben,
            &at("confirm-payment"),
            &json!({ "payment": 2, "happened_on": house.today() }),
        );
        on(
            cass,
            &at("request-variation"),
            &json!({ "change": { "ends_on": house.in_days(70) }, "words": MARK }),
        );
        on(
            ada,
            &at("refuse-variation"),
            &json!({ "variation": 1, "reason": MARK }),
        );
        let outcome =
            json!({ "sign": "bringing-people-together", "strength": "strong", "words": MARK });
        let update = json!({
            "update": 1, "channel": "web", "words": MARK, "people": 20, "volunteers": 3, "spent": "700.00", "learned": MARK, "outcomes": [outcome],
        });
        on(cass, &at("receive-update"), &update);
        on(
            ada,
            &at("query-update"),
            &json!({ "update": 1, "question": MARK }),
        );
        on(cass, &at("receive-update"), &update);
        on(
            ada,
            &at("judge-outcome"),
            &json!({ "update": 1, "sign": "bringing-people-together", "strength": "some", "reason": MARK }),
        );
        on(ada, &at("accept-update"), &json!({ "update": 1 }));
        on(
            ada,
            &at("correct-update"),
            &json!({ "update": 1, "people": 21, "volunteers": 3, "spent": "700.00", "reason": MARK }),
        );
        on(
            ada,
            &at("publish-story"),
            &json!({ "words": MARK, "consented_on": house.today(), "consent": MARK }),
        );
        on(
            ada,
            &at("demand-clawback"),
            &json!({ "amount": "10.00", "reason": MARK }),
        );
        on(
            ada,
            &at("propose-return-waiver"),
            &json!({ "owed": "clawback", "amount": "10.00", "reason": MARK }),
        );
        let entry = json!({ "kind": "came_in", "amount": "9.00", "happened_on": house.today(), "note": MARK });
        on(ben, &at("record-bank-entry"), &entry);
        on(
            ada,
            &at("propose-settlement"),
            &json!({ "entry": 1, "counts": "9.00", "reason": MARK }),
        );
    }
    group
}

/// The other outcomes: applications that are refused, deferred or reserved, a withdrawn offer, and
/// a grant whose payments fail.
fn otherwise(house: &House, office: &Office, [ada, ben, cass]: [&Client; 3], group: &str) {
    let because = || json!({ "reason": MARK });
    let applied = || {
        let application = filled(office, cass, group);
        on(
            cass,
            &format!("applications/{application}/submit"),
            &json!({ "channel": "web" }),
        );
        application
    };
    let scored = || {
        let application = applied();
        on(
            ada,
            &format!("applications/{application}/confirm-eligibility"),
            &json!({}),
        );
        on(
            ada,
            &format!("applications/{application}/declare"),
            &json!({}),
        );
        on(
            ada,
            &format!("applications/{application}/score"),
            &json!({ "criteria": { "need": 4 }, "note": MARK }),
        );
        application
    };
    let awarded = || {
        let application = scored();
        on(
            ada,
            &format!("applications/{application}/write-summary"),
            &summary(),
        );
        let award = json!({ "amount": "800.00", "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
        on(ada, &format!("applications/{application}/award"), &award);
        application
    };
    on(
        ada,
        &format!("applications/{}/refuse-eligibility", applied()),
        &because(),
    );
    on(ada, &format!("applications/{}/defer", scored()), &because());
    on(
        ada,
        &format!("applications/{}/reserve", scored()),
        &json!({ "rank": 1, "reason": MARK }),
    );
    on(
        ada,
        &format!("applications/{}/set-aside-score", scored()),
        &json!({ "of": office.ada, "reason": MARK }),
    );
    on(
        ada,
        &format!("grants/{}/withdraw-offer", awarded()),
        &because(),
    );
    let grant = awarded();
    let at = |command: &str| format!("grants/{grant}/{command}");
    agree(cass, &grant);
    on(
        ada,
        &at("request-check"),
        &json!({ "check": "insurance", "note": MARK }),
    );
    on(
        ada,
        &at("propose-waiver"),
        &json!({ "check": "insurance", "note": MARK }),
    );
    on(
        ada,
        &at("pass-check"),
        &json!({ "check": "insurance", "note": MARK }),
    );
    on(
        ada,
        &at("pass-check"),
        &json!({ "check": "identity", "note": MARK }),
    );
    let day = house.today();
    for (payment, end) in [
        (1, "cancel-payment"),
        (2, "fail-payment"),
        (3, "reverse-payment"),
    ] {
        on(ada, &at("prepare-payment"), &json!({ "amount": "800.00" }));
        on(ben, &at("approve-payment"), &json!({ "payment": payment }));
        if payment > 1 {
            on(
                ben,
                &at("send-payment"),
                &json!({ "payment": payment, "happened_on": day }),
            );
        }
        if payment > 2 {
            on(
                ben,
                &at("confirm-payment"),
                &json!({ "payment": payment, "happened_on": day }),
            );
        }
        let mut ended = json!({ "payment": payment, "reason": MARK });
        if payment > 2 {
            ended["happened_on"] = json!(day);
        }
        on(ben, &at(end), &ended);
    }
    on(
        ada,
        &at("excuse-update"),
        &json!({ "update": 1, "reason": MARK }),
    );
    on(ada, &at("terminate"), &because());
    let double = cass
        .post(
            "/api/v1/groups",
            &json!({ "name": format!("{MARK} again"), "area": "oldham", "standing": "new" }),
        )
        .id();
    on(
        ada,
        &format!("groups/{double}/merge"),
        &json!({ "into": group, "reason": MARK }),
    );
    let deferred = json!({ "application": scored(), "verdict": { "defer": { "reason": MARK } } });
    let meeting = json!({ "round": "first", "met_on": day, "decisions": [deferred] });
    on(
        ada,
        &format!("funds/{}/record-meeting", office.fund),
        &meeting,
    );
    let left = ada
        .post(
            "/api/v1/groups",
            &json!({ "name": format!("{MARK} left"), "area": "oldham", "standing": "new" }),
        )
        .id();
    let gone = ada.post("/api/v1/people", &json!({ "name": MARK })).id();
    on(
        ben,
        &format!("people/{gone}/change-contact"),
        &json!({ "name": format!("{MARK}.") }),
    );
    on(ada, &format!("people/{gone}/refuse-contact"), &because());
    on(
        ben,
        &format!("people/{gone}/change-contact"),
        &json!({ "name": format!("{MARK}.") }),
    );
    on(ada, &format!("people/{gone}/end-access"), &because());
    for record in [format!("groups/{left}"), format!("people/{gone}")] {
        on(ada, &format!("{record}/request-erasure"), &json!({}));
        on(ada, &format!("{record}/refuse-erasure"), &because());
        on(ada, &format!("{record}/erase"), &because());
    }
}

/// Every command with a free-text field is sent by this module.
fn none_is_missing() {
    fn takes_words(value: &Value) -> bool {
        match value {
            Value::Object(fields) => fields.iter().any(|(name, value)| {
                WORDS.contains(&name.as_str()) && value.is_string() || takes_words(value)
            }),
            Value::Array(values) => values.iter().any(takes_words),
            _ => false,
        }
    }
    let mut missing = Vec::new();
    for (_, path) in operations().iter().filter(|(method, _)| method == "POST") {
        let (noun, command) = command_of(path);
        let name = named(path.trim_start_matches("/api/v1/"));
        if takes_words(&sample(noun, command).1) && !SENT.lock().unwrap().contains(&name) {
            missing.push(name);
        }
    }
    assert_eq!(missing, UNMARKED);
}

/// The public texts of the organisation, its funds and its forms.
fn set_up(house: &House, office: &Office, ada: &Client) {
    on(
        ada,
        "organisation/adopt-signs",
        &json!({ "signs": [{ "sign": "bringing-people-together", "title": MARK, "meaning": MARK }] }),
    );
    on(
        ada,
        "organisation/publish-form",
        &json!({ "questions": [{ "question": "idea", "label": MARK, "help": MARK, "required": true }] }),
    );
    on(
        ada,
        "organisation/publish-agreement",
        &json!({ "text": MARK }),
    );
    on(
        ada,
        "organisation/publish-report",
        &json!({ "area": "oldham", "context": MARK, "hard": MARK, "lessons": MARK }),
    );
    let mail = json!({ "mail": "declined", "language": "en", "subject": "<script>mark()</script>", "body": "<script>mark()</script> {{ name }}" });
    on(ada, "organisation/publish-mail-text", &mail);
    let sign_in = json!({ "mail": "sign_in", "language": "en", "subject": "<script>mark()</script>",
        "body": "<script>mark()</script>\n{{ link }}\n{{ code }}" });
    on(ada, "organisation/propose-mail-text", &sign_in);
    on(
        ada,
        "organisation/refuse-mail-text",
        &json!({ "proposal": 1, "reason": MARK }),
    );
    on(ada, "organisation/propose-mail-text", &sign_in);
    let rules = serde_json::to_value(crate::office::rules()).unwrap();
    let fund = ada
        .post(
            "/api/v1/funds",
            &json!({ "name": MARK, "purpose": MARK, "areas": ["oldham"], "rules": rules }),
        )
        .id();
    let source = json!({ "funder": "health-partnership" });
    let allocate = json!({ "source": source, "amount": "5000.00", "reference": MARK, "received_on": house.today() });
    on(ada, &format!("funds/{fund}/allocate"), &allocate);
    on(
        ada,
        &format!("funds/{fund}/withdraw-funding"),
        &json!({ "source": source, "amount": "1.00", "reason": MARK }),
    );
    on(ada, &format!("funds/{fund}/open"), &json!({}));
    let plan = json!({ "round": "marked", "name": MARK, "opens_on": house.today(), "closes_on": house.in_days(20), "form": 2 });
    on(ada, &format!("funds/{fund}/plan-round"), &plan);
    on(
        ada,
        &format!("funds/{fund}/open-round"),
        &json!({ "round": "marked" }),
    );
    on(
        ada,
        &format!("funds/{}/pause", office.fund),
        &json!({ "reason": MARK }),
    );
    on(ada, &format!("funds/{}/resume", office.fund), &json!({}));
}

async fn every_text(house: House) {
    let office = Office::open(&house, 10_000).await;
    let cass = person(&house, MARK).await;
    let auditor = person(&house, MARK).await;
    office.gives(&house, auditor, Role::Auditor).await;
    let ada = serve(&house, office.ada);
    let [ben, own] = [office.ben, cass].map(|person| ada.by(&token(&house, person)));
    set_up(&house, &office, &ada);
    let group = tell(&house, &office, &ada, &ben, &own);
    otherwise(&house, &office, [&ada, &ben, &own], &group);
    none_is_missing();
    crate::sealing::sealer(&house).catch_up().await.unwrap();
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
    const MOST: usize = 2000;
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
        assert!(pages.len() < MOST, "the pages have no end: {path}");
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
