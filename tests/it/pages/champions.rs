//! Champions: nothing to take before pledges stand, taking some without an account, and keeping
//! them.

use microgrants::auth::links::SignInSecret;
use microgrants::domain::PersonId;
use microgrants::projections::{PledgeState, TakenPledgesRow};
use microgrants::store::outbox::newest;
use serde_json::json;

use crate::pages::journeys::{register_zofia, serve_office, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::{ORGANISATION, TestApp};

const PERSON: [(&str, &str); 2] = [("person", "Nia"), ("telephone", "07700 900112")];

async fn publish(app: &TestApp, office: &Office) {
    let pledges = json!({ "pledges": [
        { "pledge": "tell-three", "words": "I tell three people.", "due_after_days": 5 },
        {
            "pledge": "hold-stall",
            "words": "I hold a stall.",
            "other_languages": { "pl": "Poprowadzę stoisko." },
            "due_after_days": 5,
        },
    ] });
    let command = command_from_json(
        "organisation",
        app.commands.organisation().0,
        "publish-pledges",
        &pledges,
    );
    app.issue_ok(office.ada, command).await;
    app.catch_up().await;
}

/// Sends the form of the page with these pledges.
fn promise(browser: &mut Browser, pledges: &[&str], more: &[(&str, &str)]) -> Page {
    let page = browser.get("/champions");
    let version = page.hidden_field("version");
    let own = [("form", "pledges"), ("version", version.as_str())];
    let chosen: Vec<_> = pledges.iter().map(|key| ("pledges", *key)).collect();
    let fields = [&own[..], &chosen, more].concat();
    browser.submit_form(&page, "/champions", &fields)
}

async fn champions(app: &TestApp) -> Vec<TakenPledgesRow> {
    app.catch_up().await;
    app.views().all_rows(None, Vec::new()).await.unwrap()
}

async fn pledges_of(app: &TestApp, person: PersonId) -> Option<TakenPledgesRow> {
    app.catch_up().await;
    app.views().find(person, None).await.unwrap()
}

on_each_engine!(pledges_are_taken_without_an_account_once_they_stand);
async fn pledges_are_taken_without_an_account_once_they_stand(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = Browser::new(&address);
    let before = browser.get("/champions");
    assert!(
        before.contains("Please come back in a few weeks.") && !before.contains("name=\"pledges\""),
        "{}",
        visible_text(&before)
    );

    publish(&app, &office).await;
    let refused = promise(&mut browser, &[], &PERSON);
    assert!(
        refused.status == 422
            && refused.contains("Tick at least one pledge")
            && refused.contains("value=\"Nia\"")
            && refused.contains("07700 900112"),
        "{}",
        visible_text(&refused)
    );
    let refused = promise(&mut browser, &["fly"], &PERSON);
    assert!(
        refused.status == 422 && refused.contains("The pledges have changed"),
        "{}",
        visible_text(&refused)
    );
    let refused = promise(&mut browser, &["tell-three"], &[("person", "Nia")]);
    assert!(
        refused.status == 422
            && refused.contains("Add a phone number or an email")
            && refused.contains("checked"),
        "{}",
        visible_text(&refused)
    );
    assert!(champions(&app).await.is_empty());

    let both = ["tell-three", "hold-stall"];
    let taken = promise(&mut browser, &both, &PERSON);
    assert!(
        taken.path == "/champions/thanks" && taken.contains("We have noted what you pledged."),
        "{}: {}",
        taken.path,
        visible_text(&taken)
    );
    let rows = champions(&app).await;
    assert_eq!((rows.len(), rows[0].count(PledgeState::Taken)), (1, 2));
    let page = Browser::new(&address).get("/champions");
    assert!(
        page.contains("Fewer than five people pledged this.") && !page.contains("1 people"),
        "{}",
        visible_text(&page)
    );
    keep_one_and_drop_one(&mut browser);
    let rows = champions(&app).await;
    let counts = [PledgeState::Taken, PledgeState::Kept, PledgeState::Dropped]
        .map(|state| rows[0].count(state));
    assert_eq!(counts, [0, 1, 1]);
}

fn keep_one_and_drop_one(browser: &mut Browser) {
    let at = "/my/pledges";
    let page = browser.get(at);
    assert!(
        page.contains("I tell three people.") && page.contains("I hold a stall."),
        "{}",
        visible_text(&page)
    );
    let keep = [("form", "keep"), ("pledge", "tell-three")];
    let kept = browser.submit_form(&page, at, &keep);
    assert!(
        kept.contains("What you have done") && kept.contains("Well done"),
        "{}",
        visible_text(&kept)
    );
    let drop = [("form", "drop"), ("pledge", "hold-stall")];
    let dropped = browser.submit_form(&kept, at, &drop);
    assert!(
        dropped.status == 200 && !dropped.contains("I hold a stall."),
        "{}",
        visible_text(&dropped)
    );
    let unknown = [("form", "keep"), ("pledge", "fly")];
    assert_eq!(browser.submit_form(&dropped, at, &unknown).status, 200);
}

on_each_engine!(whoever_owns_the_address_takes_the_pledges_if_they_say_so);
async fn whoever_owns_the_address_takes_the_pledges_if_they_say_so(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let zofia = register_zofia(&app, "zofia@example.org").await;
    publish(&app, &office).await;
    let mut browser = Browser::new(&address);
    let person = [("person", "Zofia"), ("email", "zofia@example.org")];
    let taken = promise(&mut browser, &["hold-stall"], &person);
    assert_eq!(taken.path, "/champions/thanks", "{}", visible_text(&taken));
    assert!(pledges_of(&app, zofia).await.is_none());

    let at = mailed_link(&app, zofia).await;
    let mut elsewhere = Browser::new(&address);
    let link = elsewhere.get(&at);
    assert!(
        link.contains("Yes, I pledged this: I hold a stall."),
        "{}",
        visible_text(&link)
    );
    let opened = elsewhere.submit_form(&link, &at, &[("join", "yes")]);
    assert!(
        opened.path.starts_with("/my/pledges") && opened.contains("I hold a stall."),
        "{}: {}",
        opened.path,
        visible_text(&opened)
    );
    let row = pledges_of(&app, zofia).await.expect("her pledges");
    assert_eq!(row.count(PledgeState::Taken), 1);
    let open = |row: &TakenPledgesRow| row.count(PledgeState::Taken) > 0;
    assert_eq!(
        champions(&app).await.iter().filter(|row| open(row)).count(),
        1
    );
}

/// The address of the sign-in link that was mailed last to a person.
async fn mailed_link(app: &TestApp, person: PersonId) -> String {
    let mails = newest(app.store(), ORGANISATION, "", 100).await.unwrap();
    let mail = mails
        .into_iter()
        .find(|mail| mail.kind == "sign_in" && mail.person == person.to_string())
        .expect("a mail");
    let token = SignInSecret::derive(app.log.vault(), &mail.about).token;
    format!("/sign-in/{token}")
}
