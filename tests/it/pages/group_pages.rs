//! A group's own pages: answers that staff ask for again, pending contact details, and lapsed
//! drafts.

use std::collections::BTreeMap;

use microgrants::domain::application::RequestChanges;
use microgrants::domain::group::CorrectGroup;
use microgrants::domain::person::PersonDetails;
use microgrants::domain::personal_data::BlindIndexKind;
use microgrants::domain::{ApplicationCommand, Command, GroupCommand, PersonCommand, PersonId};
use microgrants::jobs::Jobs;
use microgrants::outbox::{self, MailRow};
use microgrants::projections::GrantRow;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, open, person, text};
use crate::support::steps;
use crate::support::test_app::TestApp;

on_each_engine!(only_what_was_asked_is_open_and_nothing_typed_is_lost);
async fn only_what_was_asked_is_open_and_nothing_typed_is_lost(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.submitted(&app, 900).await;
    let ask = RequestChanges {
        questions: [text("requested")].into(),
        note: text("Is it enough?"),
        notes: BTreeMap::new(),
        due_on: app.in_days(14),
    };
    app.issue_ok(
        office.ada,
        Command::Application(application, ApplicationCommand::RequestChanges(ask)),
    )
    .await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let path = format!("/my/applications/{application}");
    let (amount, idea) = (
        format!("{path}/answer/amount"),
        format!("{path}/answer/idea"),
    );
    let shown = browser.get(&path);
    assert!(
        shown.contains(&amount) && !shown.contains(&idea),
        "{}",
        visible_text(&shown)
    );
    let page = browser.get(&amount);
    let next = browser.submit_form(&page, &amount, &[("answer", "1,200"), ("then", "next")]);
    assert_eq!((next.status, next.path), (200, format!("{path}/check")));
    // A post to a question that was not asked about is refused, and the page shows the typed answer
    // again.
    let refused = browser.submit_form(
        &shown,
        &idea,
        &[("answer", "Another idea"), ("then", "next")],
    );
    assert!(
        refused.status == 422 && refused.contains("Another idea"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    assert!(
        refused.contains("You can change only the answers we asked about."),
        "{}",
        visible_text(&refused)
    );
    let page = browser.get(&amount);
    app.pass_days(15);
    let late = browser.submit_form(&page, &amount, &[("answer", "1,300"), ("then", "next")]);
    assert!(
        late.status == 422
            && late.contains("1,300")
            && late.contains("You could change your answers until"),
        "{}",
        visible_text(&late)
    );
    let shown = browser.get(&amount);
    assert_eq!(shown.path, path, "nobody types in vain");
    assert!(
        shown.contains("They can no longer be changed here.") && !shown.contains(&amount),
        "{}",
        visible_text(&shown)
    );
}

on_each_engine!(what_is_asked_about_one_answer_is_read_next_to_it);
async fn what_is_asked_about_one_answer_is_read_next_to_it(app: TestApp) {
    // Given an officer who asks about the idea, from the link at the answer
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.submitted(&app, 900).await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let desk = format!("/desk/applications/{application}");
    let link = format!("{desk}?about=idea&#38;do=request-changes#next");
    let page = ada.get(&desk);
    assert!(page.contains(&link), "{}", page.text);
    let form = ada.get(&format!("{desk}?about=idea&do=request-changes"));
    assert!(form.contains("value=\"idea\" checked"), "{}", form.text);
    let due_on = app.in_days(14).to_string();

    // When
    let asked = ada.submit_form(
        &form,
        &format!("/desk/do/applications/{application}/request-changes"),
        &[
            ("at", &desk),
            ("form", "request-changes"),
            ("questions:list", "idea"),
            ("questions:list", "requested"),
            ("note", "We have two questions."),
            ("notes.idea", "Who will come?"),
            ("due_on", &due_on),
        ],
    );

    // Then
    assert!(
        asked.contains("About this answer:") && asked.contains("Who will come?"),
        "{}",
        visible_text(&asked)
    );
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/applications/{application}");
    for path in [
        own.clone(),
        format!("{own}/check"),
        format!("{own}/answer/idea"),
    ] {
        let page = browser.get(&path);
        assert!(
            page.contains("About this answer:") && page.contains("Who will come?"),
            "{path}: {}",
            visible_text(&page)
        );
    }
    let other = browser.get(&format!("{own}/answer/amount"));
    assert!(
        other.contains("We have two questions.") && !other.contains("Who will come?"),
        "{}",
        visible_text(&other)
    );
}

/// Answers a proposed change of contact details as the page shows it.
fn answer(browser: &mut Browser, page: &Page, form: &str) -> Page {
    browser.submit_form(
        page,
        "/account",
        &[("form", form), ("proposal", &page.hidden_field("proposal"))],
    )
}

/// Proposes contact details for a member, as an officer.
async fn propose(app: &TestApp, office: &Office, member: PersonId, email: &str) {
    let details = PersonDetails {
        name: open("Cass"),
        email: Some(open(email)),
        telephone: Some(open("0161 496 0000")),
        postal_address: None,
        typed_email: None,
    };
    let change = PersonCommand::ChangeContact(details);
    app.issue_ok(office.ada, Command::Person(member, change))
        .await;
    app.catch_up().await;
}

on_each_engine!(a_member_refuses_contact_details_that_an_officer_proposed);
async fn a_member_refuses_contact_details_that_an_officer_proposed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    propose(&app, &office, member, "other@example.org").await;
    let mut browser = signed_in(&app, &address, member).await;
    let start = browser.get("/my");
    assert!(start.contains("Someone in our office would like to change your contact details."));
    let page = browser.get("/account");
    assert!(
        page.contains("other@example.org") && page.contains("0161\u{a0}496\u{a0}0000"),
        "{}",
        visible_text(&page)
    );
    let after = answer(&mut browser, &page, "refuse-contact");
    assert!(
        after.status == 200 && !after.contains("other@example.org"),
        "{}",
        visible_text(&after)
    );
}

on_each_engine!(a_member_confirms_only_the_contact_details_that_the_page_showed);
async fn a_member_confirms_only_the_contact_details_that_the_page_showed(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    let mut browser = signed_in(&app, &address, member).await;
    propose(&app, &office, member, "other@example.org").await;
    let before = browser.get("/account");
    propose(&app, &office, member, "new@example.org").await;
    let shown = answer(&mut browser, &before, "confirm-contact");
    assert!(
        shown.contains("Are these your new contact details?") && shown.contains("new@example.org"),
        "only what was shown is confirmed"
    );
    let after = answer(&mut browser, &shown, "confirm-contact");
    assert!(
        after.path.contains("/sign-in"),
        "a new address ends every session: {}",
        visible_text(&after)
    );
    let mut browser = signed_in(&app, &address, member).await;
    let after = browser.get("/account");
    assert!(
        after.contains("new@example.org") && !after.contains("Are these your new contact details?"),
        "{}",
        visible_text(&after)
    );
    let vault = app.log.vault();
    let holder = vault
        .subject_of(BlindIndexKind::Email, "new@example.org")
        .await
        .unwrap();
    assert_eq!(holder, Some(member.0));
    let start = browser.get("/my");
    assert!(!start.contains("would like to change your contact details"));
}

on_each_engine!(a_name_that_waits_and_a_draft_that_lapsed_are_explained);
async fn a_name_that_waits_and_a_draft_that_lapsed_are_explained(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (draft, group, member) = office.draft(&app, 900).await;
    let correct = CorrectGroup {
        name: text("Soup and songs"),
        area: text("oldham"),
        reason: open("A letter was missing"),
    };
    app.issue_ok(
        member,
        Command::Group(group, GroupCommand::Correct(correct)),
    )
    .await;
    app.pass_days(31);
    app.catch_up().await;
    Jobs::new(app.commands.clone(), app.views())
        .run_once()
        .await
        .unwrap();
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let page = browser.get("/my");
    assert!(
        page.contains("You asked us to change your group’s name to Soup and songs."),
        "{}",
        visible_text(&page)
    );
    let page = browser.get(&format!("/my/applications/{draft}"));
    assert!(
        page.contains("It was not sent by the last day.")
            && page.contains("If the last day is moved, you can send it after all"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(an_agreement_names_the_people_who_signed_it);
async fn an_agreement_names_the_people_who_signed_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;

    let text = visible_text(&browser.get(&format!("/my/grants/{grant}/agreement")));

    assert!(text.contains("Cass, Dee"), "{text}");
}

on_each_engine!(the_name_of_the_group_is_changed_from_the_check_of_the_answers);
async fn the_name_of_the_group_is_changed_from_the_check_of_the_answers(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (application, group, member) = office.draft(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let check = format!("/my/applications/{application}/check");
    let name = format!("/my/groups/{group}/name");
    let shown = browser.get(&check);
    assert!(
        shown.contains(&format!("{name}?to={check}"))
            && shown.contains("Yes, we are just starting"),
        "{}",
        visible_text(&shown)
    );

    let page = browser.get(&format!("{name}?to={check}"));
    let field = |value| {
        [
            ("form", "group-name"),
            ("to", check.as_str()),
            ("name", value),
        ]
    };
    let refused = browser.submit_form(&page, &name, &field("Soup & song"));
    let typed = [&field("Soup & song")[..], &[("reason", "It was misspelt")]].concat();
    let asked = browser.submit_form(&page, &name, &typed);

    assert!(
        refused.status == 422 && refused.contains("Say what was wrong"),
        "{}",
        visible_text(&refused)
    );
    assert_eq!((asked.status, asked.path.as_str()), (200, check.as_str()));
    assert!(
        asked.contains("You asked us to change your group’s name"),
        "{}",
        visible_text(&asked)
    );
    let stranger = crate::support::fixtures::person(&app, "Eve").await;
    app.catch_up().await;
    let mut other = signed_in(&app, &address, stranger).await;
    assert_eq!(other.get(&name).status, 404, "another group's member");
}

on_each_engine!(each_of_two_people_signs_the_agreement_for_themselves);
async fn each_of_two_people_signs_the_agreement_for_themselves(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, group, cass) = office.awarded(&app, 900).await;
    let dee = person(&app, "Dee").await;
    steps::add_member(&app, cass, group, dee).await;
    app.catch_up().await;
    let path = format!("/my/grants/{grant}");
    let sign = |browser: &mut Browser, page: &Page, name: &str| {
        let hash = page.hidden_field("hash");
        let fields = [
            ("form", "sign"),
            ("hash", hash.as_str()),
            ("name", name),
            ("agree", "yes"),
        ];
        browser.submit_form(page, &path, &fields)
    };
    let mut first = signed_in(&app, &address, cass).await;
    let mut second = signed_in(&app, &address, dee).await;
    let page = first.get(&path);

    // When
    let once = sign(&mut first, &page, "Cass Q");
    let twice = sign(&mut first, &once, "Another Person");

    // Then
    assert!(
        once.path == format!("{path}?done=signed") && once.contains("Signed so far: Cass Q."),
        "{}: {}",
        once.path,
        visible_text(&once)
    );
    assert_eq!(twice.status, 422, "{}", visible_text(&twice));

    // When
    let page = second.get(&path);
    assert!(
        page.contains("Signed so far: Cass Q."),
        "{}",
        visible_text(&page)
    );
    let both = sign(&mut second, &page, "Dee R");

    // Then
    let names = ["Your agreement is signed", "Cass Q", "Dee R"];
    assert!(
        names.iter().all(|name| both.contains(name)) && !both.contains("Signed so far"),
        "{}",
        visible_text(&both)
    );
}

on_each_engine!(more_time_is_asked_until_a_later_day);
async fn more_time_is_asked_until_a_later_day(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let row: Option<GrantRow> = app.views().find(grant.0, None).await.unwrap();
    let ends_on = row.expect("a grant").ends_on;
    let mut browser = signed_in(&app, &address, member).await;
    assert_eq!(browser.get("/my/").path, "/my");
    let path = format!("/my/grants/{grant}");

    for (days, shown_at, says) in [
        (0, path.clone(), "Choose a day after"),
        (
            30,
            format!("{path}?done=more-time"),
            "You asked to run until",
        ),
    ] {
        // When
        let day = ends_on.checked_add(jiff::Span::new().days(days)).unwrap();
        let day = day.to_string();
        let fields = [
            ("form", "vary"),
            ("ends_on", day.as_str()),
            ("words", "The hall is closed"),
        ];
        let page = browser.get(&path);
        let asked = browser.submit_form(&page, &path, &fields);

        // Then
        assert!(
            asked.path == shown_at && asked.contains(says),
            "{days}, {}: {}",
            asked.path,
            visible_text(&asked)
        );
    }
}

on_each_engine!(an_invitation_is_sent_again_once_a_day);
async fn an_invitation_is_sent_again_once_a_day(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (group, member) = office.group(&app).await;
    let invited = crate::support::fixtures::person(&app, "Dee").await;
    app.issue_ok(member, steps::invite(group, invited)).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let again = format!("/my/groups/{group}/invite-again");
    let mut mails = Vec::new();

    for _ in 0..2 {
        let page = browser.get("/my");
        assert!(page.contains(&again), "{}", visible_text(&page));
        let sent = browser.submit_form(&page, &again, &[]);
        assert!(
            sent.contains("We write to them again"),
            "{}",
            visible_text(&sent)
        );
        mails.push(mails_to(&app, invited).await);
    }
    app.pass_days(1);
    let page = browser.get("/my");
    browser.submit_form(&page, &again, &[]);
    mails.push(mails_to(&app, invited).await);

    assert_eq!(mails, [1, 1, 2], "of those that a member asked for");
}

/// How many invitations to a group a person is sent. The follower of the log does not run here.
async fn mails_to(app: &TestApp, person: PersonId) -> usize {
    let mails = outbox::newest(&app.log, "", 100).await.unwrap();
    let own = |mail: &&MailRow| mail.kind == "invited" && mail.person == person.to_string();
    mails.iter().filter(own).count()
}

on_each_engine!(a_grant_that_has_ended_waits_for_its_report);
async fn a_grant_that_has_ended_waits_for_its_report(app: TestApp) {
    // Given a grant that ends after 90 days, with its report due after 120.
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.prepared(&app, 700).await;
    office.paid(&app, grant).await;
    app.pass_days(91);
    app.catch_up().await;

    // When
    let mut cass = signed_in(&app, &address, member).await;
    let group = cass.get("/my");
    let report = cass.get(&format!("/my/grants/{}/updates/1", grant.0));
    let list = signed_in(&app, &address, office.ada)
        .await
        .get("/desk/grants?state=live");

    // Then
    assert!(
        group.contains("Report due") && !visible_text(&group).contains(" Running"),
        "{}",
        visible_text(&group)
    );
    assert!(
        report.contains("How much have you spent in all?"),
        "it is the final report: {}",
        visible_text(&report)
    );
    assert!(
        list.contains("Ended, report due"),
        "{}",
        visible_text(&list)
    );
}
