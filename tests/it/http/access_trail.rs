//! Subject access to colleagues' data, and its audit trail: who took a subject access report, and
//! who exported the addresses of all groups.

use microgrants::domain::organisation::RoleRef;
use microgrants::domain::{Command, GroupId, OrganisationCommand, PersonId, Role};
use serde_json::{Value, json};

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

/// A person with this one role.
async fn holder(app: &TestApp, office: &Office, name: &str, role: Role) -> PersonId {
    let holder = person(app, name).await;
    office.give_role(app, holder, role).await;
    holder
}

on_each_engine!(what_is_held_on_a_colleague_is_for_them_and_administrators);
async fn what_is_held_on_a_colleague_is_for_them_and_administrators(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let sam = holder(&app, &office, "Sam", Role::Officer).await;
    let alex = holder(&app, &office, "Alex", Role::Finance).await;
    let (_, member) = office.group(&app).await;
    let proposed = person(&app, "Nia").await;
    let of = RoleRef {
        person: proposed,
        role: Role::Finance,
    };
    let propose = Command::Organisation(
        app.commands.organisation(),
        OrganisationCommand::ProposeRole(of),
    );
    app.issue_ok(office.ada, propose).await;
    let address = serve(&app, sam).address().to_owned();
    app.catch_up().await;
    let held = |person: PersonId| format!("/desk/people/{person}/held");
    let link = |person: PersonId| format!("href=\"{}\"", held(person));
    for by in [sam, alex] {
        let mut browser = signed_in(&app, &address, by).await;
        for colleague in [office.ada, sam, alex, proposed]
            .into_iter()
            .filter(|colleague| *colleague != by)
        {
            let refused = browser.get(&held(colleague));
            assert_eq!(refused.status, 403, "{}", visible_text(&refused));
            assert!(
                !browser
                    .get(&format!("/desk/people/{colleague}"))
                    .contains(&link(colleague))
            );
        }
        for known in [by, member] {
            assert_eq!(
                browser.get(&held(known)).status,
                200,
                "their own, and a group's member's"
            );
            assert!(
                browser
                    .get(&format!("/desk/people/{known}"))
                    .contains(&link(known))
            );
        }
    }
    let mut administrator = signed_in(&app, &address, office.ben).await;
    assert_eq!(administrator.get(&held(sam)).status, 200);
}

const ACCESSES: &str = "/api/v1/log/accesses";

/// An office in which an officer looked at what is held on others, and exported all addresses.
struct Trail {
    office: Office,
    group: GroupId,
    member: PersonId,
    /// The officer who left the trail.
    sam: PersonId,
    /// An auditor.
    pat: PersonId,
    ada: Client,
    /// The length of the log before the officer looked.
    before: i64,
}

impl Trail {
    async fn leave(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let sam = holder(app, &office, "Sam", Role::Officer).await;
        let pat = holder(app, &office, "Pat", Role::Auditor).await;
        let (group, member) = office.group(app).await;
        let ada = serve(app, office.ada);
        app.catch_up().await;
        let before = app.log.length().await.unwrap();
        let mut browser = signed_in(app, ada.address(), sam).await;
        for _ in 0..3 {
            browser.get(&format!("/desk/people/{member}/held"));
        }
        browser.get(&format!("/desk/groups/{group}/held"));
        browser.get(&format!("/desk/people/{sam}/held"));
        browser.get("/desk/sheets/people.csv?all=yes");
        browser.get("/desk/people?all=yes");
        let officer = ada.with_token(&token(app, sam));
        assert_eq!(officer.get("/api/v1/people").status, 200);
        let auditor = ada.with_token(&token(app, pat));
        assert_eq!(
            auditor.get("/api/v1/people").status,
            200,
            "without addresses, and without a trace"
        );
        Self {
            office,
            group,
            member,
            sam,
            pat,
            ada,
            before,
        }
    }

    async fn assert_log_unchanged(&self, app: &TestApp) {
        assert_eq!(
            app.log.length().await.unwrap(),
            self.before,
            "reading changes nothing"
        );
    }
}

on_each_engine!(taking_what_is_held_and_all_addresses_leaves_a_trace);
async fn taking_what_is_held_and_all_addresses_leaves_a_trace(app: TestApp) {
    let trail = Trail::leave(&app).await;
    let auditor = trail.ada.with_token(&token(&app, trail.pat));

    for reader in [&trail.ada, &auditor] {
        let items = reader.get(ACCESSES).body["items"]
            .as_array()
            .unwrap()
            .clone();

        for (of_whom, what, times) in [
            (json!(trail.member), "held", 3),
            (json!(trail.group), "held", 1),
            (Value::Null, "addresses", 3),
        ] {
            let found = items
                .iter()
                .find(|item| item.get("of").cloned().unwrap_or_default() == of_whom)
                .unwrap_or_else(|| panic!("{of_whom}: {items:?}"));
            assert_eq!(
                (&found["by"], &found["what"], &found["times"]),
                (&json!(trail.sam), &json!(what), &json!(times)),
                "{found}"
            );
            assert_eq!(found["day"], json!(app.today()));
        }
        assert_eq!(
            items.len(),
            3,
            "one's own is nobody else's to know: {items:?}"
        );
    }
    trail.assert_log_unchanged(&app).await;
}

on_each_engine!(the_trace_is_read_in_pages_and_not_by_officers);
async fn the_trace_is_read_in_pages_and_not_by_officers(app: TestApp) {
    let trail = Trail::leave(&app).await;
    let officer = trail.ada.with_token(&token(&app, trail.sam));
    let auditor = trail.ada.with_token(&token(&app, trail.pat));

    let first = auditor.get(&format!("{ACCESSES}?limit=2"));
    let next = first.body["next"].as_str().unwrap().replace('/', "%2F");
    let rest = auditor.get(&format!("{ACCESSES}?after={next}")).body;

    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );
    officer.get(ACCESSES).assert_problem(403, "not_yours");
    trail.assert_log_unchanged(&app).await;
}

on_each_engine!(the_desk_shows_the_trace_to_administrators_and_auditors);
async fn the_desk_shows_the_trace_to_administrators_and_auditors(app: TestApp) {
    let trail = Trail::leave(&app).await;
    let pages = [
        (
            format!("/desk/people/{}", trail.member),
            "Who downloaded what we hold on this person",
        ),
        (
            format!("/desk/groups/{}", trail.group),
            "Who downloaded what we hold on this group",
        ),
        (
            "/desk/people".to_owned(),
            "Who has seen everyone’s addresses",
        ),
    ];
    let readers = [
        (trail.office.ada, true),
        (trail.pat, true),
        (trail.sam, false),
    ];

    for (path, says) in pages {
        for (reader, sees) in readers {
            let page = signed_in(&app, trail.ada.address(), reader)
                .await
                .get(&path);
            assert_eq!(
                (page.contains(says), page.contains(": Sam")),
                (sees, sees),
                "{path}: {}",
                visible_text(&page)
            );
        }
    }
    trail.assert_log_unchanged(&app).await;
}

on_each_engine!(what_is_held_on_people_says_who_looked_at_it);
async fn what_is_held_on_people_says_who_looked_at_it(app: TestApp) {
    let trail = Trail::leave(&app).await;

    let own = signed_in(&app, trail.ada.address(), trail.member)
        .await
        .get("/account/held");
    let sams = signed_in(&app, trail.ada.address(), trail.sam)
        .await
        .get("/account/held");

    assert!(
        own.contains("Who looked at what we hold about them")
            && own.contains("someone in the office"),
        "{}",
        own.text
    );
    assert!(
        !own.contains(&trail.sam.to_string()),
        "which colleague it was is for auditors and administrators"
    );
    assert!(
        sams.contains(&format!("everything we hold about {}", trail.member)),
        "{}",
        sams.text
    );
    trail.assert_log_unchanged(&app).await;
}
