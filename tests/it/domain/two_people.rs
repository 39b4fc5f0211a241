//! Work that waits for a second person, through the desk: people who can do it see it in their
//! day's work, the person who began it is refused, and the second person does it.

use std::collections::BTreeSet;

use microgrants::domain::application::{ApplicationHelp, ApplicationState, HelpKind, Submit};
use microgrants::domain::group::CorrectGroup;
use microgrants::domain::panel::Award;
use microgrants::domain::{ApplicationCommand, Command, GroupCommand, PersonId};
use microgrants::projections::{ApplicationRow, GrantRow, GroupRow, PersonRow};
use microgrants::views::TableRow;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{award_of, gbp, no_interest, open, submit, text};
use crate::support::test_app::TestApp;

/// A page of the desk, in one person's browser.
struct DeskWork<'a> {
    browser: &'a mut Browser,
    path: String,
}

impl DeskWork<'_> {
    fn page(&mut self) -> Page {
        self.browser.get(&self.path)
    }

    /// Submits a form of the page.
    fn submit(&mut self, command: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.page();
        let path = self.path.clone();
        let unseen = [("at", path.as_str()), ("form", form)];
        self.browser
            .submit_form(&page, command, &[&unseen, fields].concat())
    }

    fn submit_ok(&mut self, command: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.submit(command, form, fields);
        assert_eq!(page.status, 200, "{command}: {}", visible_text(&page));
        page
    }
}

async fn row<T: TableRow>(house: &TestApp, id: impl std::fmt::Display) -> T {
    house.catch_up().await;
    house
        .views()
        .find(&id.to_string(), None)
        .await
        .unwrap()
        .unwrap()
}

fn sees(browser: &mut Browser, work: &str) -> bool {
    browser.get("/desk").contains(work)
}

on_each_engine!(money_at_the_bank_is_settled_on_the_grants_page);
async fn money_at_the_bank_is_settled_on_the_grants_page(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (grant, ..) = office.prepared(&house, 900).await;
    office.paid(&house, grant).await;
    house.catch_up().await;
    let (mut ada, mut ben) = (
        signed_in(&house, &address, office.ada).await,
        signed_in(&house, &address, office.ben).await,
    );
    let (path, act) = (
        format!("/desk/grants/{grant}"),
        format!("/desk/do/grants/{grant}"),
    );
    let mut page_of_ben = DeskWork {
        browser: &mut ben,
        path: path.clone(),
    };
    let today = house.today().to_string();
    let entry = [
        ("kind", "came_in"),
        ("amount:m", "25"),
        ("happened_on", today.as_str()),
        ("note", "A credit without a name"),
    ];
    let page = page_of_ben.submit_ok(
        &format!("{act}/record-bank-entry"),
        "record-bank-entry",
        &entry,
    );
    assert!(
        page.contains("To be settled")
            && page.contains("£25.00 came in on")
            && page.contains("A credit without a name"),
        "{}",
        visible_text(&page)
    );
    assert!(sees(&mut ada, "Money at the bank to be settled"));

    let propose = [
        ("entry:n", "1"),
        ("counts:m", "25"),
        ("reason", "The group paid back what it did not need"),
    ];
    let mut page_of_ada = DeskWork {
        browser: &mut ada,
        path: path.clone(),
    };
    let page = page_of_ada.submit_ok(
        &format!("{act}/propose-settlement"),
        "propose-settlement-1",
        &propose,
    );
    assert!(
        page.contains("Ada proposes that £25.00 of it counts as money that came back"),
        "{}",
        visible_text(&page)
    );
    let confirm = [("entry:n", "1"), ("counts:m", "25.00")];
    let alone = page_of_ada.submit(
        &format!("{act}/confirm-settlement"),
        "confirm-settlement-1",
        &confirm,
    );
    assert_eq!(alone.status, 403, "{}", visible_text(&alone));
    let mut page_of_ben = DeskWork {
        browser: &mut ben,
        path,
    };
    let page = page_of_ben.submit_ok(
        &format!("{act}/confirm-settlement"),
        "confirm-settlement-1",
        &confirm,
    );
    assert!(!page.contains("To be settled"), "{}", visible_text(&page));
    let row: GrantRow = row(&house, grant).await;
    assert_eq!(
        (row.paid, row.returned, row.unsettled.len()),
        (gbp(875), gbp(25), 0)
    );
    assert!(!sees(&mut ada, "Money at the bank to be settled"));
}

on_each_engine!(contact_details_wait_for_a_colleague);
async fn contact_details_wait_for_a_colleague(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (_, member) = office.group(&house).await;
    house.catch_up().await;
    let (mut ada, mut ben) = (
        signed_in(&house, &address, office.ada).await,
        signed_in(&house, &address, office.ben).await,
    );
    let (path, act) = (
        format!("/desk/people/{member}"),
        format!("/desk/do/people/{member}"),
    );
    let mut page_of_ada = DeskWork {
        browser: &mut ada,
        path: path.clone(),
    };
    assert!(
        page_of_ada
            .page()
            .contains("a colleague or the person must confirm it"),
        "it is said before it is sent"
    );
    let change = [("name", "Cass"), ("email", "cass@example.org")];
    let page = page_of_ada.submit_ok(&format!("{act}/change-contact"), "change-contact", &change);
    assert!(
        page.contains("Contact details to confirm")
            && page.contains("cass@example.org")
            && page.contains("Ada asks"),
        "{}",
        visible_text(&page)
    );
    let alone = page_of_ada.submit(
        &format!("{act}/confirm-contact"),
        "confirm-contact",
        &[("proposal:n", "1")],
    );
    assert_eq!(alone.status, 403, "{}", visible_text(&alone));
    assert!(
        !sees(&mut ada, "Contact details to confirm")
            && sees(&mut ben, "Contact details to confirm"),
        "only whoever can confirm it"
    );
    let mut page_of_ben = DeskWork {
        browser: &mut ben,
        path,
    };
    let page = page_of_ben.submit_ok(
        &format!("{act}/confirm-contact"),
        "confirm-contact",
        &[("proposal:n", "1")],
    );
    assert!(
        page.contains("cass@example.org") && !page.contains("Contact details to confirm"),
        "{}",
        visible_text(&page)
    );
    let row: PersonRow = row(&house, member).await;
    assert!(row.proposed_contact.is_none());
}

on_each_engine!(a_name_that_a_member_wrote_is_taken_over);
async fn a_name_that_a_member_wrote_is_taken_over(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (group, member) = office.group(&house).await;
    let to = |name: &str| {
        let correct = CorrectGroup {
            name: text(name),
            area: text("stockport"),
            reason: open("We moved"),
        };
        Command::Group(group, GroupCommand::Correct(correct))
    };
    house.issue_ok(member, to("Song and soup")).await;
    house.catch_up().await;
    let mut ada = signed_in(&house, &address, office.ada).await;
    assert!(sees(&mut ada, "Group names to take over"));
    let act = format!("/desk/do/groups/{group}");
    let mut page_of_ada = DeskWork {
        browser: &mut ada,
        path: format!("/desk/groups/{group}"),
    };
    let page = page_of_ada.page();
    assert!(
        page.contains("Song and soup") && page.contains("We moved"),
        "{}",
        visible_text(&page)
    );
    page_of_ada.submit_ok(
        &format!("{act}/refuse-correction"),
        "refuse-correction",
        &[("reason", "The rules name another")],
    );
    assert_eq!(row::<GroupRow>(&house, group).await.name, "Soup and song");
    house.issue_ok(member, to("Soup, song and tea")).await;
    house.catch_up().await;
    let refused = page_of_ada.submit(
        &format!("{act}/take-correction"),
        "take-correction",
        &[("proposal:n", "1")],
    );
    assert_eq!(
        refused.status,
        409,
        "that one was refused: {}",
        visible_text(&refused)
    );
    page_of_ada.submit_ok(
        &format!("{act}/take-correction"),
        "take-correction",
        &[("proposal:n", "2")],
    );
    let found: GroupRow = row(&house, group).await;
    assert_eq!(
        (found.name.as_str(), found.area.as_str()),
        ("Soup, song and tea", "stockport")
    );
}

on_each_engine!(who_was_there_and_who_helped_say_so);
async fn who_was_there_and_who_helped_say_so(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (application, _, member) = office.draft(&house, 900).await;
    let help = Some(ApplicationHelp {
        by: office.ben,
        kind: HelpKind::HelpedToWord,
    });
    house
        .issue_ok(
            member,
            Command::Application(
                application,
                ApplicationCommand::Submit(Submit { help, ..submit() }),
            ),
        )
        .await;
    let (ready, ..) = office.ready(&house, 800).await;
    house
        .issue_ok(office.ben, Command::Application(ready, no_interest()))
        .await;
    let award = Award {
        present: BTreeSet::from([office.ben]),
        ..award_of(gbp(800), house.in_days(90), house.in_days(120))
    };
    house
        .issue_ok(
            office.ada,
            Command::Application(ready, ApplicationCommand::Award(award)),
        )
        .await;
    house.catch_up().await;
    let (mut ada, mut ben) = (
        signed_in(&house, &address, office.ada).await,
        signed_in(&house, &address, office.ben).await,
    );
    assert!(
        sees(&mut ben, "Helpers to confirm")
            && sees(&mut ben, "Confirm that you were at the panel")
    );
    assert!(
        !sees(&mut ada, "were at the panel"),
        "who recorded the decision confirms nobody"
    );

    let by = office.ben.to_string();
    let path = format!("/desk/applications/{application}");
    let page = DeskWork {
        browser: &mut ben,
        path,
    }
    .submit_ok(
        &format!("/desk/do/applications/{application}/confirm-help"),
        &format!("confirm-help-{by}"),
        &[("helper", by.as_str())],
    );
    assert!(
        !page.contains("The group says that"),
        "{}",
        visible_text(&page)
    );
    assert!(
        row::<ApplicationRow>(&house, application)
            .await
            .interests
            .helped_to_word(office.ben)
    );

    let act = format!("/desk/do/applications/{ready}/confirm-attendance");
    let form = format!("confirm-attendance-{by}");
    let path = format!("/desk/applications/{ready}");
    let recorder = DeskWork {
        browser: &mut ada,
        path: path.clone(),
    }
    .submit(&act, &form, &[("person", by.as_str()), ("decision:n", "1")]);
    assert_eq!(recorder.status, 403, "{}", visible_text(&recorder));
    DeskWork {
        browser: &mut ben,
        path,
    }
    .submit_ok(&act, &form, &[("person", by.as_str()), ("decision:n", "1")]);
    assert_eq!(
        row::<ApplicationRow>(&house, ready).await.unconfirmed,
        BTreeSet::<PersonId>::new()
    );
    assert!(!sees(&mut ben, "were at the panel") && !sees(&mut ben, "Helpers to confirm"));
}

on_each_engine!(an_officer_writes_down_only_what_was_asked_again);
async fn an_officer_writes_down_only_what_was_asked_again(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let (application, ..) = office.submitted(&house, 900).await;
    house.catch_up().await;
    let mut ada = signed_in(&house, &address, office.ada).await;
    let act = format!("/desk/do/applications/{application}");
    let mut page_of_ada = DeskWork {
        browser: &mut ada,
        path: format!("/desk/applications/{application}"),
    };
    let (soon, later) = (house.in_days(7).to_string(), house.in_days(21).to_string());
    for due_on in [&soon, &later] {
        let ask = [
            ("questions:l", "requested"),
            ("questions:l", "people-at-risk"),
            ("note", "Is it enough?"),
            ("due_on", due_on.as_str()),
        ];
        page_of_ada.submit_ok(&format!("{act}/request-changes"), "request-changes", &ask);
    }
    let asked: ApplicationRow = row(&house, application).await;
    assert_eq!(
        asked.changes_due_on,
        Some(house.in_days(21)),
        "it is asked again with a later day"
    );
    let page = page_of_ada.page();
    assert!(
        page.contains("name=\"requested:m\"") && page.contains("name=\"people_at_risk:b\""),
        "{}",
        visible_text(&page)
    );
    assert!(
        !page.contains("name=\"answers.idea\"") && !page.contains("name=\"activity\""),
        "nothing else is offered"
    );
    page_of_ada.submit_ok(
        &format!("{act}/save-answers"),
        "save-answers",
        &[("requested:m", "1000"), ("people_at_risk:b", "yes")],
    );
    let unsaid = page_of_ada.submit(&format!("{act}/resubmit"), "resubmit-read-back", &[]);
    assert_eq!(
        unsaid.status,
        422,
        "staff say how they helped: {}",
        visible_text(&unsaid)
    );
    let by = office.ada.to_string();
    let help = [
        ("help.by", by.as_str()),
        ("help.kind.keyed_verbatim.read_back:b", "yes"),
    ];
    page_of_ada.submit_ok(&format!("{act}/resubmit"), "resubmit-read-back", &help);
    let found: ApplicationRow = row(&house, application).await;
    assert_eq!(
        (found.state, found.requested, found.people_at_risk),
        (ApplicationState::Submitted, Some(gbp(1000)), Some(true))
    );
    assert!(found.interests.keyed_by(office.ada));
}
