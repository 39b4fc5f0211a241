//! Pages and lists of the desk: each opens, and says nothing that only its address says.

use microgrants::domain::{GrantId, GroupId};

use super::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::Office;
use crate::support::test_app::TestApp;

/// Pages of the desk that need no record, below `/desk`.
const DESK_PAGES: [&str; 52] = [
    "",
    "/applications",
    "/applications?state=draft&state=submitted&fund=x&area=oldham",
    "/applications?q=000%20018",
    "/applications?q=group",
    "/applications/new",
    "/panel",
    "/grants",
    "/grants?state=live&q=group",
    "/grants?asks=change",
    "/payments",
    "/payments?state=sent",
    "/updates",
    "/updates?state=overdue",
    "/groups",
    "/groups?q=gr%25o_up",
    "/gatherings",
    "/gatherings?state=open&kind=x&theme=a%25b&q=gr%25o_up",
    "/gatherings/new",
    "/assets",
    "/assets?keeper=none&theme=a%25b&q=gr%25o_up",
    "/assets/new?q=group",
    "/assets/hours",
    "/introductions",
    "/introductions?state=made",
    "/introductions/new",
    "/introductions/new?q=gr%25o_up&area=oldham&theme=x&entry=a%25b",
    "/barriers",
    "/barriers?state=raised&area=x&theme=a%25b&q=gr%25o_up",
    "/barriers?state=closed&sort=-people",
    "/barriers/new",
    "/barriers/new?q=a%25b",
    "/funds",
    "/people",
    "/people?all=yes",
    "/texts",
    "/texts/notices",
    "/texts/mails",
    "/texts/mails?state=due",
    "/texts/form",
    "/texts/form?from=1&view=preview",
    "/texts/agreement",
    "/texts/report",
    "/texts/pledges",
    "/texts/mail/offered?language=pl",
    "/figures",
    "/figures?slide=3",
    "/log",
    "/log?after=-1",
    "/log?actor=operator",
    "/log?from=2020-01-01&to=2020-12-31",
    "/log/0",
];

/// An office with a prepared payment, and the browser of Ada, who prepared it.
async fn desk_with_payment(app: &TestApp) -> (Office, GrantId, GroupId, Browser) {
    let (office, address) = serve_office(app).await;
    let (grant, group, _) = office.prepared(app, 900).await;
    app.catch_up().await;
    let browser = signed_in(app, &address, office.ada).await;
    (office, grant, group, browser)
}

on_each_engine!(every_page_of_the_desk_opens);
async fn every_page_of_the_desk_opens(app: TestApp) {
    let (office, grant, group, mut browser) = desk_with_payment(&app).await;
    let fund = office.fund;
    let of_records = [
        format!("/desk/applications/{grant}"),
        format!("/desk/grants/{grant}"),
        format!("/desk/payments?grant={grant}"),
        format!("/desk/updates/{grant}/1"),
        format!("/desk/groups/{group}"),
        format!("/desk/funds/{fund}"),
        format!("/desk/funds/{fund}/words"),
        format!("/desk/funds/{fund}/rounds/new"),
        format!("/desk/panel/{fund}/first"),
        format!("/desk/people/{}", office.ada),
        format!("/desk/texts/mail/declined?fund={fund}"),
        format!("/desk/log?stream={grant}"),
        format!("/desk/applications/new?round={fund}/first"),
    ];
    let paths = DESK_PAGES
        .map(|path| format!("/desk{path}"))
        .into_iter()
        .chain(of_records);

    for path in paths {
        let page = browser.get(&path);
        let closed = path == "/desk/applications/new" || path.starts_with("/desk/texts");
        assert!(
            page.status == 200 || (closed && page.status == 403),
            "{path}: {} {}",
            page.status,
            visible_text(&page)
        );
    }
    for path in [
        "/desk/nothing",
        "/desk/grants/no-id",
        "/desk/introductions/no-id",
        "/desk/introductions/new?person=no-id",
        "/desk/updates/x/y",
        "/desk/panel/x/y",
        "/desk/log/-5",
        "/desk/texts/mail/none",
    ] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
}

on_each_engine!(finance_can_record_that_a_funder_took_money_back);
async fn finance_can_record_that_a_funder_took_money_back(app: TestApp) {
    let (office, _, _, mut browser) = desk_with_payment(&app).await;
    let at = format!("/desk/funds/{}", office.fund);
    let take_back = format!("/desk/do/funds/{}/withdraw-funding", office.fund);
    let page = browser.get(&at);
    assert!(page.contains(&take_back), "{}", visible_text(&page));
    let fields = [
        ("at", at.as_str()),
        ("form", "withdraw-funding"),
        ("source.funder", "lottery"),
        ("amount:money", "£1,000"),
        ("reason", "Why"),
    ];

    let refused = browser.submit_form(&page, &take_back, &fields);

    assert!(
        refused.status == 409 && refused.contains("£1,000 is more than"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
}

on_each_engine!(who_prepared_a_payment_sees_why_there_is_no_button);
async fn who_prepared_a_payment_sees_why_there_is_no_button(app: TestApp) {
    let (_, grant, _, mut browser) = desk_with_payment(&app).await;

    let page = browser.get(&format!("/desk/payments?grant={grant}"));

    assert!(page.contains("you have already had a part in it"));
}

on_each_engine!(what_a_page_says_is_not_what_its_address_says);
async fn what_a_page_says_is_not_what_its_address_says(app: TestApp) {
    const LIE: &str = "lies-that-somebody-wrote";
    let (office, address) = serve_office(&app).await;
    office.prepared(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    assert!(
        browser
            .get("/desk/payments?done=approve-payment")
            .contains("Payment approved.")
    );
    let spaced = LIE.replace('-', " ");
    for path in [
        format!("/desk/payments?done={LIE}"),
        format!("/desk?done=approve-payment-{LIE}"),
        format!("/desk/applications?{LIE}=yes"),
        format!("/desk/applications?state={LIE}"),
        format!("/desk/applications?fund={LIE}&round={LIE}&area={LIE}"),
        format!("/desk/applications?column={LIE}"),
        format!("/desk/grants?error={LIE}"),
        format!("/desk/figures?from={LIE}&day={LIE}"),
        format!("/impact?day={LIE}"),
        format!("/gatherings?area={LIE}&kind={LIE}"),
        format!("/account?done={LIE}"),
    ] {
        let page = browser.get(&path);
        let said = visible_text(&page);
        assert!(
            page.status == 200 && !said.contains(LIE) && !said.contains(&spaced),
            "{path}: {} {said}",
            page.status
        );
    }
    let searched = browser.get("/desk/applications?state=in_assessment&area=oldham");
    assert!(
        searched.contains("aria-current=\"page\">Being scored")
            && searched.contains("Area: Oldham"),
        "{}",
        visible_text(&searched)
    );
}

on_each_engine!(lists_of_the_desk_stand_as_they_stood);
async fn lists_of_the_desk_stand_as_they_stood(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    app.catch_up().await;
    let before = app.projector.next_position() - 1;
    let (grant, group, _) = office.prepared(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let (grant, group) = (grant.to_string(), group.to_string());
    for (list, row) in [
        ("applications?area=oldham", &grant),
        ("grants?state=accepted", &grant),
        ("groups?q=", &group),
    ] {
        let now = browser.get(&format!("/desk/{list}"));
        assert!(now.contains(row), "{list}: {}", visible_text(&now));
        let then = browser.get(&format!("/desk/{list}&as_at={before}"));
        assert!(
            then.status == 200 && !then.contains(row),
            "{list}: {}",
            visible_text(&then)
        );
        assert_eq!(
            browser.get(&format!("/desk/{list}&as_at=yesterday")).status,
            400,
            "{list}"
        );
    }
}
