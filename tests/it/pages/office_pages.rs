//! Pages of the office: what a record asks of its reader first, and forms without identifiers.

use microgrants::clock::new_id;
use microgrants::domain::Role;
use microgrants::domain::fund::FundState;
use microgrants::projections::FundRow;
use serde_json::json;

use crate::pages::journeys::{serve_office, signed_in, signed_in_officer, visible_text};
use crate::support::browser::Browser;
use crate::support::fixtures::person;
use crate::support::scenario::command_from_json;
use crate::support::steps::{declare_underspend, excuse_update, prepare_payment};
use crate::support::test_app::TestApp;

on_each_engine!(the_checks_of_a_fund_are_ticked);
async fn the_checks_of_a_fund_are_ticked(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/desk/funds/new");
    assert!(
        page.contains("Proof of identity") && page.contains("Constitution"),
        "{}",
        visible_text(&page)
    );
    assert!(!page.contains("With commas") && !page.contains("<h3"));
    let fields = [
        ("at", "/desk/funds/new"),
        ("form", "create"),
        ("name", "Warm spaces"),
        ("purpose", "To meet in winter."),
        ("areas:keys", "Oldham\r\nHigh Peak"),
        ("rules.minimum:money", "500"),
        ("rules.maximum:money", "2,500"),
        ("rules.eyes:number", "2"),
        ("rules.quorum:number", "2"),
        ("rules.checks:list", "identity"),
        ("rules.checks:list", "insurance"),
        ("rules.offer_days:number", "28"),
        ("rules.signers:number", "2"),
    ];
    let made = browser.submit_form(&page, "/desk/do/funds/create", &fields);
    assert!(
        made.contains("Warm spaces") && made.contains("Insurance"),
        "{}",
        visible_text(&made)
    );
}

on_each_engine!(a_fund_that_lacks_something_is_opened_knowingly);
async fn a_fund_that_lacks_something_is_opened_knowingly(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let id = new_id();
    let create = json!({
        "name": "Warm spaces", "purpose": "To meet in winter.", "areas": ["oldham"],
        "rules": {
            "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 2,
            "checks": ["identity"], "offer_days": 28, "signers": 2,
        },
    });
    app.issue_ok(office.ada, command_from_json("fund", id, "create", &create))
        .await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk/funds/{id}");
    let path = format!("/desk/do/funds/{id}/open");
    let form = [("at", at.as_str()), ("form", "open"), ("sure", "")];

    let page = ada.get(&at);
    assert!(
        page.contains("Not ready yet: ")
            && page.contains("Money, A round")
            && page.contains("only when two administrators agree"),
        "{}",
        visible_text(&page)
    );
    let refused = ada.submit_form(&page, &path, &form);
    assert!(
        refused.status == 422 && refused.contains("Tick the box if you want to continue"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    let opened = ada.submit_form(&refused, &path, &[&form[..], &[("sure", "yes")]].concat());
    assert_eq!(opened.status, 200, "{}", visible_text(&opened));
    let fund: FundRow = app.views().find(id, None).await.unwrap().expect("a fund");
    assert_eq!(fund.state, FundState::Open);
}

on_each_engine!(whether_an_idea_fits_is_asked_on_one_page);
async fn whether_an_idea_fits_is_asked_on_one_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let fits = format!("/apply/{}/first/fits", office.fund);
    let mut visitor = Browser::new(&address);
    let page = visitor.get(&fits);
    let wrong = visitor.submit_form(&page, &fits, &[("fits-1", "yes")]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.contains("Choose yes or no: Is it run for the community, not for profit?")
            && wrong.text.matches("not for profit?").count() == 2,
        "{}",
        visible_text(&wrong)
    );
    let no = visitor.submit_form(&wrong, &fits, &[("fits-1", "yes"), ("fits-2", "no")]);
    assert!(no.path.ends_with("/not-now/2"), "{}", no.path);
    assert!(no.contains(&format!("href=\"{fits}\">Change your answers")));
    assert_eq!(
        visitor
            .get(&format!("/apply/{}/first/not-now/0", office.fund))
            .status,
        404
    );
}

on_each_engine!(presence_at_the_decision_is_asked_first);
async fn presence_at_the_decision_is_asked_first(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.awarded_with_ben(&app, 700).await;
    let nia = person(&app, "Nia").await;
    office.give_role(&app, nia, Role::Panel).await;
    app.catch_up().await;
    let path = format!("/desk/applications/{}", grant.0);

    let mut ben = signed_in(&app, &address, office.ben).await;
    let page = ben.get(&path);
    assert!(
        page.contains("Next: confirm that you were there"),
        "{}",
        visible_text(&page)
    );
    let confirmed = ben.submit_form(
        &page,
        &format!("/desk/do/applications/{}/confirm-attendance", grant.0),
        &[
            ("at", &path),
            ("form", &format!("confirm-attendance-{}", office.ben)),
            ("person", &page.hidden_field("person")),
            ("decision:number", &page.hidden_field("decision:number")),
        ],
    );
    assert!(
        confirmed.contains("Open the grant")
            && !confirmed.contains("Next: confirm that you were there"),
        "{}",
        visible_text(&confirmed)
    );

    // Somebody who only sits on the panel reads the names of colleagues.
    let seen = signed_in(&app, &address, nia).await.get(&path);
    assert!(
        seen.contains("<span>Ada</span>") && seen.contains("<span>Ben</span>"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        seen.contains("Someone in the group"),
        "{}",
        visible_text(&seen)
    );
}

on_each_engine!(a_payment_that_is_prepared_is_what_a_grant_waits_for);
async fn a_payment_that_is_prepared_is_what_a_grant_waits_for(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    let (parts, ..) = office.payable(&app, 700).await;
    app.issue_ok(office.ada, prepare_payment(parts, 500)).await;
    app.catch_up().await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let part = ben.get(&format!("/desk/grants/{}", parts.0));
    assert!(part.contains("£200 is not prepared yet."));
    let page = ben.get(&format!("/desk/grants/{}", grant.0));
    assert!(!page.contains("is not prepared yet."));
    assert!(
        page.contains("Waiting: £700 to be approved")
            && page.contains(&format!("/desk/payments?grant={}", grant.0)),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(a_list_says_when_nothing_is_selected);
async fn a_list_says_when_nothing_is_selected(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.submitted(&app, 700).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let page = ada.get("/desk/applications");
    for path in ["/desk/bulk/applications", "/desk/bulk/applications/run"] {
        let answer = ada.submit_form(&page, path, &[("do", "eligible")]);
        assert!(
            answer.contains("Nothing is selected"),
            "{path}: {}",
            visible_text(&answer)
        );
    }
}

on_each_engine!(a_grant_says_who_signed_what_was_paid_and_what_comes_back);
async fn a_grant_says_who_signed_what_was_paid_and_what_comes_back(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.payable(&app, 700).await;
    for (payment, pounds) in [(1, 500), (2, 200)] {
        app.issue_ok(office.ada, prepare_payment(grant, pounds))
            .await;
        office.complete_payment(&app, grant, payment).await;
    }
    app.issue_ok(office.ada, declare_underspend(grant, 50))
        .await;
    app.issue_ok(office.ada, excuse_update(grant)).await;
    app.catch_up().await;
    let mut ben = signed_in(&app, &address, office.ben).await;

    let page = ben.get(&format!("/desk/grants/{}", grant.0));
    assert!(
        page.contains("Signed by Cass, Dee, ")
            && page.contains("Next: ask for the money")
            && !page.contains("Next: finish the grant")
            && page.contains("<b>Accepted<span class=\"sr\">, done</span></b><span>")
            && !page.contains("<b>Accepted<span class=\"sr\">, done</span></b><span></span>"),
        "{}",
        visible_text(&page)
    );
    let paid = ben.get("/desk/payments?state=confirmed");
    assert!(
        paid.contains("Part 1 of 2")
            && paid.contains("Part 2 of 2")
            && !paid.contains("Whole grant"),
        "{}",
        visible_text(&paid)
    );
    let bank = ben.get("/desk/bank");
    assert!(
        bank.contains("Paid without a bank file")
            && bank.contains("£500")
            && !bank.contains("No payments went to the bank yet")
            && bank.contains("href=\"/desk/payments\" aria-current=\"page\""),
        "{}",
        visible_text(&bank)
    );
}

on_each_engine!(today_says_whether_an_officer_decides_on_a_change);
async fn today_says_whether_an_officer_decides_on_a_change(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    let mut officer = signed_in_officer(&app, &office, &address).await;
    for (change, decides) in [
        (json!({ "amount": "800.00" }), false),
        (json!({ "update_due_on": app.in_days(200) }), true),
    ] {
        let body = json!({ "change": change, "words": "Please" });
        let asked = command_from_json("grant", grant.0, "request-variation", &body);
        app.issue_ok(member, asked).await;
        app.catch_up().await;

        let today = officer.get("/desk");
        let says = visible_text(&today);
        assert!(today.contains("The group asked for a change."), "{says}");
        assert_eq!(today.contains("The panel decides."), !decides, "{says}");
    }
    let page = officer.get(&format!("/desk/grants/{}", grant.0));
    assert!(
        page.contains("<b>Final report by "),
        "what is asked for begins with a capital: {}",
        visible_text(&page)
    );
}

on_each_engine!(a_change_is_decided_where_the_reader_declares_first);
async fn a_change_is_decided_where_the_reader_declares_first(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    let body = json!({ "change": { "update_due_on": app.in_days(200) }, "words": "Please" });
    let asked = command_from_json("grant", grant.0, "request-variation", &body);
    app.issue_ok(member, asked).await;
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let at = format!("/desk/grants/{}", grant.0);

    // When
    let page = officer.get(&at);
    let action = format!("/desk/do/applications/{}/declare", grant.0);
    assert!(
        page.contains("Next: say if you have a conflict of interest") && page.contains(&action),
        "{}",
        visible_text(&page)
    );
    let fields = [("at", at.as_str()), ("form", "declare-none")];
    let declared = officer.submit_form(&page, &action, &fields);

    // Then
    assert!(
        declared.path.starts_with(&at)
            && declared.contains("Next: decide on a change")
            && declared.contains("Agree to the change")
            && !declared.contains("Next: say if you have"),
        "{} {}",
        declared.path,
        visible_text(&declared)
    );
}

on_each_engine!(the_grants_to_finish_are_listed_alone_with_their_next_step);
async fn the_grants_to_finish_are_listed_alone_with_their_next_step(app: TestApp) {
    // Given two grants to finish, and one whose money is to come back.
    let (office, address) = serve_office(&app).await;
    for _ in 0..2 {
        let (grant, ..) = office.payable(&app, 500).await;
        app.issue_ok(office.ada, excuse_update(grant)).await;
    }
    let (owing, ..) = office.prepared(&app, 700).await;
    office.paid(&app, owing).await;
    app.issue_ok(office.ada, declare_underspend(owing, 50))
        .await;
    app.issue_ok(office.ada, excuse_update(owing)).await;
    let mut officer = signed_in_officer(&app, &office, &address).await;

    // When
    let today = officer.get("/desk");
    assert!(
        today.contains("2 grants to finish"),
        "{}",
        visible_text(&today)
    );
    let (_, rest) = today.text.split_once("/desk/grants?id=").expect("a link");
    let ids = rest.split('"').next().unwrap_or_default();
    let ids = ids.replace("&#38;", "&").replace("&amp;", "&");
    let list = officer.get(&format!("/desk/grants?id={ids}"));
    let all = officer.get("/desk/grants?state=reported");

    // Then
    assert_eq!(list.text.matches("Finish the grant").count(), 2);
    assert!(!list.contains("Ask for the money"));
    assert!(all.contains("Ask for the money") && all.contains("Finish the grant"));
}

on_each_engine!(an_auditor_reads_what_is_hidden_and_the_entries_of_one_grant);
async fn an_auditor_reads_what_is_hidden_and_the_entries_of_one_grant(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    office.prepared(&app, 500).await;
    let pat = person(&app, "Pat").await;
    office.give_role(&app, pat, Role::Auditor).await;
    app.catch_up().await;
    let mut auditor = signed_in(&app, &address, pat).await;

    // When
    let of_member = auditor.get(&format!("/desk/people/{member}"));
    let of_grant = auditor.get(&format!("/desk/grants/{}", grant.0));
    let of_group = auditor.get(&format!("/desk/groups/{}", group.0));
    let log = format!("/desk/log?stream={}", grant.0);
    let entries = auditor.get(&log);

    // Then
    assert!(
        of_member.contains("Not shown to you") && !visible_text(&of_member).contains("Phone None"),
        "{}",
        visible_text(&of_member)
    );
    assert!(of_grant.contains(&format!("href=\"{log}\"")));
    assert!(
        !of_grant.contains("Waiting: £700 to be approved")
            && of_grant.contains("Payments of this grant"),
        "an auditor has no next step: {}",
        visible_text(&of_grant)
    );
    assert!(of_group.contains(&format!("href=\"/desk/log?stream={}\"", group.0)));
    assert!(
        entries.contains("Only one record of ")
            && entries.contains("Payment prepared")
            && entries.contains(">Ada</a>"),
        "{}",
        visible_text(&entries)
    );
}

on_each_engine!(what_makes_an_application_eligible_is_listed_where_it_is_checked);
async fn what_makes_an_application_eligible_is_listed_where_it_is_checked(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (submitted, ..) = office.submitted(&app, 700).await;
    let (eligible, ..) = office.ready(&app, 700).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;

    let to_check = ada.get(&format!("/desk/applications/{submitted}"));
    let checked = ada.get(&format!("/desk/applications/{eligible}"));
    let list = ada.get("/desk/applications?state=submitted");

    let question = "Is it run for the community, not for profit?";
    assert!(to_check.contains(question), "{}", visible_text(&to_check));
    assert!(!checked.contains(question), "{}", visible_text(&checked));
    assert!(
        list.contains("aria-current=\"page\">To check <span class=\"n\">1</span>"),
        "the list of Today is a tab: {}",
        visible_text(&list)
    );
}
