//! Subject access to colleagues' data, and its audit trail: who took a subject access report, and
//! who exported the addresses of all groups.

use microgrants::domain::organisation::RoleRef;
use microgrants::domain::{Command, OrganisationCommand, PersonId, Role};
use serde_json::{Value, json};

use crate::pages::journeys::{signed_in, visible_text};
use crate::support::fixtures::{Office, person};
use crate::support::service::{serve, token};
use crate::support::test_app::TestApp;

/// A person with this one role.
async fn holder(house: &TestApp, office: &Office, name: &str, role: Role) -> PersonId {
    let holder = person(house, name).await;
    office.give_role(house, holder, role).await;
    holder
}

on_each_engine!(what_is_held_on_a_colleague_is_for_them_and_administrators);
async fn what_is_held_on_a_colleague_is_for_them_and_administrators(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let sam = holder(&house, &office, "Sam", Role::Officer).await;
    let alex = holder(&house, &office, "Alex", Role::Finance).await;
    let (_, member) = office.group(&house).await;
    let proposed = person(&house, "Nia").await;
    let of = RoleRef {
        person: proposed,
        role: Role::Finance,
    };
    let propose = Command::Organisation(
        house.commands.organisation(),
        OrganisationCommand::ProposeRole(of),
    );
    house.issue_ok(office.ada, propose).await;
    let address = serve(&house, sam).address().to_owned();
    house.catch_up().await;
    let held = |person: PersonId| format!("/desk/people/{person}/held");
    let link = |person: PersonId| format!("href=\"{}\"", held(person));
    for by in [sam, alex] {
        let mut browser = signed_in(&house, &address, by).await;
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
    let mut administrator = signed_in(&house, &address, office.ben).await;
    assert_eq!(administrator.get(&held(sam)).status, 200);
}

on_each_engine!(taking_what_is_held_and_all_addresses_leaves_a_trace);
async fn taking_what_is_held_and_all_addresses_leaves_a_trace(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let sam = holder(&house, &office, "Sam", Role::Officer).await;
    let pat = holder(&house, &office, "Pat", Role::Auditor).await;
    let (group, member) = office.group(&house).await;
    let ada = serve(&house, office.ada);
    let (officer, auditor) = (
        ada.with_token(&token(&house, sam)),
        ada.with_token(&token(&house, pat)),
    );
    house.catch_up().await;
    let before = house.log.length().await.unwrap();
    let mut browser = signed_in(&house, ada.address(), sam).await;
    for _ in 0..3 {
        browser.get(&format!("/desk/people/{member}/held"));
    }
    browser.get(&format!("/desk/groups/{group}/held"));
    browser.get(&format!("/desk/people/{sam}/held"));
    browser.get("/desk/sheets/people.csv?all=yes");
    browser.get("/desk/people?all=yes");
    assert_eq!(officer.get("/api/v1/people").status, 200);
    assert_eq!(
        auditor.get("/api/v1/people").status,
        200,
        "without addresses, and without a trace"
    );

    let accesses = "/api/v1/log/accesses";
    officer.get(accesses).assert_problem(403, "not_yours");
    for reader in [&ada, &auditor] {
        let items = reader.get(accesses).body["items"]
            .as_array()
            .unwrap()
            .clone();
        let of = |of: Value| {
            items
                .iter()
                .find(|item| item.get("of").cloned().unwrap_or_default() == of)
                .cloned()
        };
        let access = |of_whom: Value, what: &str, times: i64| {
            let found = of(of_whom.clone()).unwrap_or_else(|| panic!("{of_whom}: {items:?}"));
            assert_eq!(
                (&found["by"], &found["what"], &found["times"]),
                (&json!(sam), &json!(what), &json!(times)),
                "{found}"
            );
            assert_eq!(found["day"], json!(house.today()));
        };
        access(json!(member), "held", 3);
        access(json!(group), "held", 1);
        access(Value::Null, "addresses", 3);
        assert_eq!(
            items.len(),
            3,
            "one's own is nobody else's to know: {items:?}"
        );
    }
    let first = auditor.get(&format!("{accesses}?limit=2"));
    let next = first.body["next"].as_str().unwrap().replace('/', "%2F");
    let rest = auditor.get(&format!("{accesses}?after={next}")).body;
    assert_eq!(
        (rest["items"].as_array().unwrap().len(), &rest["next"]),
        (1, &Value::Null)
    );

    for (path, says) in [
        (
            format!("/desk/people/{member}"),
            "Who took what is held on this person",
        ),
        (
            format!("/desk/groups/{group}"),
            "Who took what is held on this group",
        ),
        (
            "/desk/people".to_owned(),
            "Who took the addresses of everybody",
        ),
    ] {
        for (reader, sees) in [(office.ada, true), (pat, true), (sam, false)] {
            let page = signed_in(&house, ada.address(), reader).await.get(&path);
            assert_eq!(
                (page.contains(says), page.contains(": Sam")),
                (sees, sees),
                "{path}: {}",
                visible_text(&page)
            );
        }
    }
    let own = signed_in(&house, ada.address(), member)
        .await
        .get("/account/held");
    assert!(
        own.contains("Who looked at what is held on them")
            && own.contains("somebody of the office"),
        "{}",
        own.text
    );
    assert!(
        !own.contains(&sam.to_string()),
        "which colleague it was is for auditors and administrators"
    );
    let sams = signed_in(&house, ada.address(), sam)
        .await
        .get("/account/held");
    assert!(
        sams.contains(&format!("everything that is held on {member}")),
        "{}",
        sams.text
    );
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "reading changes nothing"
    );
}
