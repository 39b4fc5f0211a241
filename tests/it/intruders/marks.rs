//! Markup in every text that somebody may type, looked for on every page that can be reached from the first, by everybody.

use std::collections::{BTreeSet, VecDeque};

use microgrants::domain::Role;
use serde_json::{Value, json};

use crate::browser::Browser;
use crate::cases::Cases;
use crate::house::House;
use crate::office::{Office, person};
use crate::pages::signed_in;
use crate::service::{Client, serve, token};

pub fn cases(cases: &mut Cases) {
    cases.sqlite("intruders::markup_that_was_typed_is_text_on_every_page", every_text);
}

/// What would run, end an attribute, or be a template, if it were ever taken for anything but text.
const MARK: &str = "<script>mark()</script>\"'><img src=x onerror=mark()>{{7*7}}";

fn on(client: &Client, path: &str, body: &Value) {
    let answer = client.post(&format!("/api/v1/{path}"), body);
    assert!(answer.status < 300, "{path}: {} {}", answer.status, answer.body);
}

/// One grant from its beginning to a published story, with markup wherever anybody writes.
fn tell(house: &House, office: &Office, ada: &Client, ben: &Client, cass: &Client) {
    let group = cass.post("/api/v1/groups", &json!({ "name": MARK, "area": "oldham", "standing": "new" })).id();
    on(cass, &format!("groups/{group}/set-contact"), &json!({ "postcode": "OL1 1AA" }));
    on(cass, &format!("groups/{group}/correct"), &json!({ "name": format!("{MARK}."), "area": "oldham", "reason": MARK }));
    let past = json!({ "reference": "360G-x-1", "title": MARK, "description": MARK, "amount": "900.00", "awarded_on": "2020-05-01", "funder": MARK });
    on(ada, &format!("groups/{group}/record-past-grant"), &past);
    for other in [false, true] {
        let start = json!({ "fund": office.fund, "round": "first", "group": group });
        let application = cass.post("/api/v1/applications", &start).id();
        let at = |command: &str| format!("applications/{application}/{command}");
        on(cass, &at("choose-language"), &json!({ "language": "pl", "helper": MARK }));
        let answers =
            json!({ "requested": "800.00", "area": "oldham", "activity": "food", "people_at_risk": false, "answers": { "idea": MARK } });
        on(cass, &at("save-answers"), &answers);
        on(cass, &at("submit"), &json!({ "channel": "web" }));
        on(ada, &at("request-changes"), &json!({ "questions": ["idea"], "note": MARK, "due_on": house.in_days(20) }));
        on(cass, &at("resubmit"), &json!({}));
        on(ada, &at("confirm-eligibility"), &json!({}));
        on(ada, &at("declare"), &json!({}));
        on(ada, &at("score"), &json!({ "criteria": { "need": 4 }, "note": MARK }));
        on(ada, &at("revise-score"), &json!({ "criteria": { "need": 3 }, "note": MARK, "reason": MARK }));
        on(ada, &at("write-summary"), &json!({ "title": MARK, "description": format!("{MARK} It says more than the title.") }));
        if other {
            on(ada, &at("decline"), &json!({ "reason": MARK, "feedback": MARK }));
            on(cass, &at("request-review"), &json!({ "words": MARK }));
            continue;
        }
        let award = json!({ "amount": "750.00", "reason": MARK, "ends_on": house.in_days(60), "update_due_on": house.in_days(80) });
        on(ada, &at("award"), &award);
        let at = |command: &str| format!("grants/{application}/{command}");
        let hash = cass.get(&format!("/api/v1/grants/{application}")).body["agreement_hash"].clone();
        on(cass, &at("accept-agreement"), &json!({ "hash": hash, "method": "web", "names": [MARK, format!("{MARK} again")] }));
        let payee = json!({ "route": "own_account", "account": { "holder": MARK, "numbers": "12-34-56 12345678" } });
        on(cass, &format!("groups/{group}/provide-payee"), &payee);
        on(ada, &format!("groups/{group}/verify-payee"), &json!({ "payee": 1, "method": MARK }));
        on(ada, &at("fail-check"), &json!({ "check": "identity", "note": MARK }));
        on(ada, &at("pass-check"), &json!({ "check": "identity", "note": MARK }));
        on(ada, &at("hold"), &json!({ "reason": MARK }));
        on(ada, &at("resume"), &json!({}));
        on(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        on(ben, &at("reject-payment"), &json!({ "payment": 1, "reason": MARK }));
        on(ada, &at("prepare-payment"), &json!({ "amount": "750.00" }));
        on(ben, &at("approve-payment"), &json!({ "payment": 2 }));
        on(ben, &at("send-payment"), &json!({ "payment": 2, "happened_on": house.today() }));
        on(ben, &at("confirm-payment"), &json!({ "payment": 2, "happened_on": house.today() }));
        on(cass, &at("request-variation"), &json!({ "change": { "ends_on": house.in_days(70) }, "words": MARK }));
        on(ada, &at("refuse-variation"), &json!({ "variation": 1, "reason": MARK }));
        let outcome = json!({ "sign": "bringing-people-together", "strength": "strong", "words": MARK });
        let update = json!({
            "update": 1, "channel": "web", "words": MARK, "people": 20, "volunteers": 3, "spent": "700.00", "learned": MARK, "outcomes": [outcome],
        });
        on(cass, &at("receive-update"), &update);
        on(ada, &at("query-update"), &json!({ "update": 1, "question": MARK }));
        on(cass, &at("receive-update"), &update);
        on(ada, &at("judge-outcome"), &json!({ "update": 1, "sign": "bringing-people-together", "strength": "some", "reason": MARK }));
        on(ada, &at("accept-update"), &json!({ "update": 1 }));
        on(ada, &at("correct-update"), &json!({ "update": 1, "people": 21, "volunteers": 3, "spent": "700.00", "reason": MARK }));
        on(ada, &at("publish-story"), &json!({ "words": MARK, "consented_on": house.today(), "consent": MARK }));
        on(ada, &at("demand-clawback"), &json!({ "amount": "10.00", "reason": MARK }));
        on(ada, &at("propose-return-waiver"), &json!({ "owed": "clawback", "amount": "10.00", "reason": MARK }));
    }
}

/// What the organisation says of itself, its funds and its forms.
fn set_up(house: &House, office: &Office, ada: &Client) {
    on(ada, "organisation/adopt-signs", &json!({ "signs": [{ "sign": "bringing-people-together", "title": MARK, "meaning": MARK }] }));
    on(ada, "organisation/publish-form", &json!({ "questions": [{ "question": "idea", "label": MARK, "help": MARK, "required": true }] }));
    on(ada, "organisation/publish-agreement", &json!({ "text": MARK }));
    on(ada, "organisation/publish-report", &json!({ "area": "oldham", "context": MARK, "hard": MARK, "lessons": MARK }));
    let mail =
        json!({ "mail": "declined", "language": "en", "subject": "<script>mark()</script>", "body": "<script>mark()</script> {{ name }}" });
    on(ada, "organisation/publish-mail-text", &mail);
    let rules = serde_json::to_value(crate::office::rules()).unwrap();
    let fund = ada.post("/api/v1/funds", &json!({ "name": MARK, "purpose": MARK, "areas": ["oldham"], "rules": rules })).id();
    let source = json!({ "funder": "health-partnership" });
    let allocate = json!({ "source": source, "amount": "5000.00", "reference": MARK, "received_on": house.today() });
    on(ada, &format!("funds/{fund}/allocate"), &allocate);
    on(ada, &format!("funds/{fund}/withdraw-funding"), &json!({ "source": source, "amount": "1.00", "reason": MARK }));
    on(ada, &format!("funds/{fund}/open"), &json!({}));
    let plan = json!({ "round": "marked", "name": MARK, "opens_on": house.today(), "closes_on": house.in_days(20), "form": 2 });
    on(ada, &format!("funds/{fund}/plan-round"), &plan);
    on(ada, &format!("funds/{fund}/open-round"), &json!({ "round": "marked" }));
    on(ada, &format!("funds/{}/pause", office.fund), &json!({ "reason": MARK }));
    on(ada, &format!("funds/{}/resume", office.fund), &json!({}));
}

async fn every_text(house: House) {
    let office = Office::open(&house, 10_000).await;
    let cass = person(&house, MARK).await;
    let auditor = person(&house, MARK).await;
    let give = microgrants::domain::organisation::RoleOf { person: auditor, role: Role::Auditor };
    let give = microgrants::domain::OrganisationCommand::GiveRole(give);
    house.takes(office.ada, microgrants::domain::Command::Organisation(house.commands.organisation(), give)).await;
    let ada = serve(&house, office.ada);
    let [ben, own] = [office.ben, cass].map(|person| ada.by(&token(&house, person)));
    set_up(&house, &office, &ada);
    tell(&house, &office, &ada, &ben, &own);
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
            for bad in ["<script", "<img src=x", "onerror=mark()>", "mark()&#62;49", "mark()&gt;49"] {
                assert!(!text.contains(bad), "{bad} on {path}");
            }
            showing += usize::from(text.contains("mark()"));
            pages.insert(path);
        }
    }
    assert!(showing > 40, "{showing} pages showed what was typed");
    eprintln!("markup: {} addresses looked at, {showing} pages showed it as text", pages.len());
}

/// Every page that can be reached by following links, with what stands on it.
fn crawl(browser: &mut Browser) -> Vec<(String, String)> {
    const MOST: usize = 2000;
    let first = ["/", "/desk", "/my", "/apply", "/impact", "/account", "/desk/texts", "/desk/figures", "/desk/panel"];
    let mut waiting: VecDeque<String> = first.map(str::to_owned).into();
    let (mut met, mut pages): (BTreeSet<String>, _) = (waiting.iter().cloned().collect(), Vec::new());
    while let Some(path) = waiting.pop_front() {
        assert!(pages.len() < MOST, "the pages have no end: {path}");
        let page = browser.get(&path);
        assert!(page.status < 500, "{path}: {}", page.status);
        if !page.headers.get("content-type").is_some_and(|media| media.starts_with("text/html")) {
            continue;
        }
        for link in page.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()) {
            let link = link.replace("&#38;", "&").replace("&amp;", "&");
            // Lists can be filtered in more ways than anybody looks at.
            let plain = link.split('#').next().unwrap_or_default();
            if plain.starts_with('/') && plain.matches('&').count() < 2 && met.insert(plain.to_owned()) {
                waiting.push_back(plain.to_owned());
            }
        }
        pages.push((path, page.text));
    }
    pages
}
