//! Introductions at the desk: a talk that is noted on one page, its next steps by phone, and the
//! notices that people read or hear.

use microgrants::clock::new_id;
use microgrants::domain::{PersonId, Role};
use microgrants::projections::{IntroductionRow, NoticeRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

const NEW: &str = "/desk/introductions/new";
const NOTICES: &str = "/desk/texts/notices";
/// What people read or hear in these tests.
pub const NOTICE: &str = "We’ll tell them only what you allow.";

/// An office with a connector, and a group whose entry of the directory welcomes people.
pub struct Village {
    pub office: Office,
    pub address: String,
    pub connector: PersonId,
    /// The member of the group that holds the entry, whose name is Cass.
    pub member: PersonId,
    pub entry: Uuid,
}

impl Village {
    /// The village before anything is published for people to agree on.
    async fn without_notices(app: &TestApp) -> Self {
        let (office, address) = serve_office(app).await;
        let connector = person(app, "Connie").await;
        office.give_role(app, connector, Role::Connector).await;
        let (group, member) = office.group(app).await;
        let village = Self {
            office,
            address,
            connector,
            member,
            entry: new_id(),
        };
        let record = json!({
            "way": "offer", "kind": "group", "name": "Soup on Sundays",
            "holder": { "group": group },
        });
        let listing = json!({
            "name": "Soup on Sundays", "description": "We cook and sing.", "welcomes": true,
        });
        let entry = ("asset", village.entry);
        village.take(app, entry, "record", &record).await;
        village.take(app, entry, "publish", &listing).await;
        village
    }

    pub async fn begin(app: &TestApp) -> Self {
        let village = Self::without_notices(app).await;
        let organisation = app.commands.organisation().0;
        for purpose in ["introductions", "invitations"] {
            let notice = json!({ "purpose": purpose, "text": NOTICE });
            let publish =
                command_from_json("organisation", organisation, "publish-notice", &notice);
            app.issue_ok(village.office.ada, publish).await;
        }
        app.catch_up().await;
        village
    }

    /// Takes a command in the name of the connector.
    pub async fn take(&self, app: &TestApp, of: (&str, Uuid), name: &str, body: &Value) {
        let command = command_from_json(of.0, of.1, name, body);
        app.issue_ok(self.connector, command).await;
        app.catch_up().await;
    }

    /// An introduction of somebody to the entry, that the connector asked for.
    pub async fn ask(&self, app: &TestApp, guest: PersonId) -> Uuid {
        let id = new_id();
        let ask = json!({ "of": { "person": guest }, "to": self.entry });
        self.take(app, ("introduction", id), "ask", &ask).await;
        id
    }

    /// An introduction that is made: the group sees the name and what matters.
    pub async fn made(&self, app: &TestApp, guest: PersonId) -> Uuid {
        let id = self.ask(app, guest).await;
        let agree = json!({
            "notice": 1, "channel": "paper", "matters": "A warm room, and company",
            "shares": ["name", "matters"],
        });
        self.take(app, ("introduction", id), "agree", &agree).await;
        self.take(app, ("introduction", id), "make", &json!({}))
            .await;
        id
    }

    pub async fn browser(&self, app: &TestApp, person: PersonId) -> Browser {
        signed_in(app, &self.address, person).await
    }
}

pub fn assert_shows(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(page.contains(text), "{text}: {}", visible_text(page));
    }
}

pub fn assert_hides(page: &Page, texts: &[&str]) {
    for text in texts {
        assert!(!page.contains(text), "{text}: {}", visible_text(page));
    }
}

/// Sends the form of a talk from the page at an address.
fn send_talk(desk: &mut Browser, at: &str, fields: &[(&str, &str)]) -> Page {
    let page = desk.get(at);
    let own = [("at", at), ("form", "talk"), ("notice", "1")];
    desk.submit_form(&page, "/desk/do/talk", &[&own[..], fields].concat())
}

/// Sends a form of an introduction's page.
fn send(desk: &mut Browser, at: &str, command: &str, fields: &[(&str, &str)]) -> Page {
    let page = desk.get(at);
    let own = [("at", at), ("form", command)];
    let id = at.rsplit('/').next().unwrap();
    let to = format!("/desk/do/introductions/{id}/{command}");
    desk.submit_form(&page, &to, &[&own[..], fields].concat())
}

on_each_engine!(a_talk_is_noted_on_one_page);
async fn a_talk_is_noted_on_one_page(app: TestApp) {
    let village = Village::begin(&app).await;
    let mut desk = village.browser(&app, village.connector).await;
    let at = format!("{NEW}?q=Jo%20Walker");
    let page = desk.get(&at);
    assert_shows(
        &page,
        &[
            "Nobody we know matches",
            "Soup on Sundays",
            NOTICE,
            "Jo Walker",
        ],
    );

    let empty = send_talk(&mut desk, &at, &[]);
    assert_eq!(empty.status, 422, "{}", visible_text(&empty));
    assert_shows(
        &empty,
        &[
            "Write the name",
            "so that we can reach them",
            "Choose where they would like to go",
            "Choose if they agree",
        ],
    );
    let entry = village.entry.to_string();
    let talk = [
        ("name", "Jo Walker"),
        ("telephone", "0161 496 0123"),
        ("to", entry.as_str()),
        ("agreed", "yes"),
        ("channel", "phone"),
        ("shares", "name"),
        ("shares", "matters"),
    ];
    let wrong = send_talk(&mut desk, &at, &talk);
    assert_eq!(wrong.status, 422);
    assert_shows(
        &wrong,
        &["Read back what you noted", "Write what matters to them"],
    );
    let more = [("read_back", "yes"), ("matters", "Songs")];
    let noted = send_talk(&mut desk, &at, &[&talk[..], &more].concat());
    assert_eq!(noted.status, 200, "{}", visible_text(&noted));
    assert!(
        noted.path.starts_with("/desk/introductions/"),
        "{}",
        noted.path
    );
    assert_shows(
        &noted,
        &[
            "Jo Walker to Soup on Sundays",
            "Ready to introduce",
            "Next: make the introduction",
            "by phone, on notice 1. It was read back.",
            "Songs",
        ],
    );

    find_again(&app, &village, &mut desk).await;
}

/// Who is known is found again, with no more than tells two people of one name apart.
async fn find_again(app: &TestApp, village: &Village, desk: &mut Browser) {
    let found = desk.get(&format!("{NEW}?q=Jo%20W"));
    assert_shows(&found, &["… 123"]);
    assert_hides(&found, &["496 0123", "4960123"]);
    let rows: Vec<IntroductionRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let [row] = rows.as_slice() else {
        panic!("one introduction: {rows:?}");
    };
    let guest = row.person.expect("a person").to_string();
    let entry = village.entry.to_string();
    let again = format!("{NEW}?person={guest}");
    let not_yet = [
        ("person", guest.as_str()),
        ("to", entry.as_str()),
        ("agreed", "no"),
    ];
    let asked = send_talk(desk, &again, &not_yet);
    assert_shows(
        &asked,
        &["Ask if they agree", "Read this aloud", NOTICE, "Jo Walker"],
    );
    let list = desk.get("/desk/introductions");
    assert_shows(
        &list,
        &["Jo Walker to Soup on Sundays", "Ready to introduce"],
    );
}

on_each_engine!(what_is_said_by_phone_is_noted_step_by_step);
async fn what_is_said_by_phone_is_noted_step_by_step(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = village.ask(&app, guest).await;
    let at = format!("/desk/introductions/{id}");
    let mut desk = village.browser(&app, village.office.ada).await;
    let page = desk.get(&at);
    assert_shows(&page, &["Next: ask if they agree", NOTICE]);
    assert_hides(&page, &["Make the introduction"]);

    let agree = [
        ("notice:number", "1"),
        ("channel", "phone"),
        ("shares:list", "name"),
    ];
    let refused = send(&mut desk, &at, "agree", &agree);
    assert_eq!(refused.status, 422, "it was not read back");
    let read_back = [("read_back:yes-no", "yes")];
    let agreed = send(&mut desk, &at, "agree", &[&agree[..], &read_back].concat());
    assert_shows(&agreed, &["Saved that they agree.", "Next: make"]);
    let made = send(&mut desk, &at, "make", &[]);
    assert_shows(
        &made,
        &["Waiting for an answer", "Who welcomes them?", "Cass"],
    );
    let host = village.member.to_string();
    let welcome = [("host", host.as_str()), ("channel", "phone")];
    let welcomed = send(&mut desk, &at, "welcome", &welcome);
    assert_shows(&welcomed, &["Cass welcomes them.", "Next: ask how it went"]);
    let went = send(&mut desk, &at, "say-how", &[("how", "went")]);
    assert_shows(&went, &["They went"]);
    let unsure = [("channel", "phone"), ("sure", "")];
    assert_eq!(send(&mut desk, &at, "take-back", &unsure).status, 422);
    let sure = [("channel", "phone"), ("sure", ""), ("sure", "yes")];
    let taken = send(&mut desk, &at, "take-back", &sure);
    assert_shows(&taken, &["They changed their mind on", "Consent withdrawn"]);

    let auditor = person(&app, "Auditor").await;
    let office = &village.office;
    office.give_role(&app, auditor, Role::Auditor).await;
    let mut others = village.browser(&app, auditor).await;
    for path in ["/desk/introductions", NEW, at.as_str()] {
        assert!(others.get(path).status >= 403, "{path} is not for auditors");
    }
}

on_each_engine!(notices_are_published_in_versions_that_stay_readable);
async fn notices_are_published_in_versions_that_stay_readable(app: TestApp) {
    let village = Village::without_notices(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let id = village.ask(&app, guest).await;
    let mut desk = village.browser(&app, village.office.ada).await;
    let record = desk.get(&format!("/desk/introductions/{id}"));
    assert_shows(&record, &["Next: publish the notice", NOTICES]);
    for (version, text) in [("Version 1", "Old words."), ("Version 2", "New words.")] {
        let page = desk.get(NOTICES);
        let fields = [
            ("at", NOTICES),
            ("form", "publish-introductions"),
            ("purpose", "introductions"),
            ("text", text),
            ("other_languages.pl", "Po polsku."),
        ];
        let to = "/desk/do/organisation/publish-notice";
        let published = desk.submit_form(&page, to, &fields);
        assert_eq!(published.status, 200, "{}", visible_text(&published));
        assert_shows(&published, &[version, text, "Po polsku."]);
    }
    assert_shows(&desk.get(NOTICES), &["Earlier versions", "Old words."]);
    let rows: Vec<NoticeRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    assert_eq!(rows.len(), 2);
    let record = desk.get(&format!("/desk/introductions/{id}"));
    assert_shows(&record, &["Next: ask if they agree", "New words."]);
}

on_each_engine!(what_a_person_agrees_to_is_noted_on_their_pages);
async fn what_a_person_agrees_to_is_noted_on_their_pages(app: TestApp) {
    let village = Village::begin(&app).await;
    let guest = person(&app, "Jo Walker").await;
    let at = format!("/desk/people/{guest}");
    let mut desk = village.browser(&app, village.office.ada).await;
    let page = desk.get(&at);
    assert_shows(&page, &["Invitations and news", "They have not agreed."]);
    let agree = [
        ("at", at.as_str()),
        ("form", "agree-invitations"),
        ("purpose", "invitations"),
        ("notice:number", "1"),
        ("basis", "consent"),
        ("channel", "in_person"),
    ];
    let to = format!("/desk/do/people/{guest}/agree");
    let agreed = desk.submit_form(&page, &to, &agree);
    assert_shows(&agreed, &["They agreed on", "in person, on notice 1."]);
    let take_back = [
        ("at", at.as_str()),
        ("form", "take-back-invitations"),
        ("purpose", "invitations"),
        ("channel", "phone"),
    ];
    let to = format!("/desk/do/people/{guest}/take-back");
    let taken = desk.submit_form(&agreed, &to, &take_back);
    assert_shows(&taken, &["They changed their mind on"]);
}
