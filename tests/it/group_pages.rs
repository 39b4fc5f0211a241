//! A group's own pages: answers that staff ask for again, pending contact details, and lapsed
//! drafts.

use microgrants::domain::application::RequestChanges;
use microgrants::domain::group::CorrectGroup;
use microgrants::domain::person::RegisterPerson;
use microgrants::domain::sealed::Index;
use microgrants::domain::{ApplicationCommand, Command, GroupCommand, PersonCommand};
use microgrants::jobs::Jobs;

use crate::browser::{Browser, Page};
use crate::cases::Cases;
use crate::house::House;
use crate::office::{open, text};
use crate::pages::{signed_in, started, words};

pub fn cases(cases: &mut Cases) {
    cases.both(
        "group_pages::only_what_was_asked_is_open_and_nothing_typed_is_lost",
        changes,
    );
    cases.both(
        "group_pages::a_member_answers_contact_details_that_an_officer_proposed",
        contact,
    );
    cases.both(
        "group_pages::a_name_that_waits_and_a_draft_that_lapsed_are_explained",
        explained,
    );
}

async fn changes(house: House) {
    let (office, address) = started(&house).await;
    let (application, _, member) = office.submitted(&house, 900).await;
    let ask = RequestChanges {
        questions: [text("requested")].into(),
        note: text("Is it enough?"),
        due_on: house.in_days(14),
    };
    house
        .takes(
            office.ada,
            Command::Application(application, ApplicationCommand::RequestChanges(ask)),
        )
        .await;
    house.catch_up().await;
    let mut browser = signed_in(&house, &address, member).await;
    let path = format!("/my/applications/{application}");
    let (amount, idea) = (
        format!("{path}/answer/amount"),
        format!("{path}/answer/idea"),
    );
    let shown = browser.get(&path);
    assert!(
        shown.says(&amount) && !shown.says(&idea),
        "{}",
        words(&shown)
    );
    let page = browser.get(&amount);
    let next = browser.fill(&page, &amount, &[("answer", "1,200"), ("then", "next")]);
    assert_eq!((next.status, next.path), (200, format!("{path}/check")));
    // A post to a question that was not asked about is refused, and the page shows the typed answer
    // again.
    let refused = browser.fill(
        &shown,
        &idea,
        &[("answer", "Another idea"), ("then", "next")],
    );
    assert!(
        refused.status == 422 && refused.says("Another idea"),
        "{} {}",
        refused.status,
        words(&refused)
    );
    assert!(
        refused.says("Only the answers that we ask about can be changed now."),
        "{}",
        words(&refused)
    );
    let page = browser.get(&amount);
    house.pass_days(15);
    let late = browser.fill(&page, &amount, &[("answer", "1,300"), ("then", "next")]);
    assert!(
        late.status == 422
            && late.says("1,300")
            && late.says("You could change your answers until"),
        "{}",
        words(&late)
    );
    let shown = browser.get(&amount);
    assert_eq!(shown.path, path, "nobody types in vain");
    assert!(
        shown.says("They can no longer be changed here.") && !shown.says(&amount),
        "{}",
        words(&shown)
    );
}

/// Answers a proposed change of contact details as the page shows it.
fn answer(browser: &mut Browser, page: &Page, form: &str) -> Page {
    browser.fill(
        page,
        "/account",
        &[("form", form), ("proposal", &page.hidden("proposal"))],
    )
}

async fn contact(house: House) {
    let (office, address) = started(&house).await;
    let (_, member) = office.group(&house).await;
    let propose = async |email: &str| {
        let details = RegisterPerson {
            name: open("Cass"),
            email: Some(open(email)),
            telephone: Some(open("0161 496 0000")),
        };
        house
            .takes(
                office.ada,
                Command::Person(member, PersonCommand::ChangeContact(details)),
            )
            .await;
        house.catch_up().await;
    };
    propose("other@example.org").await;
    let mut browser = signed_in(&house, &address, member).await;
    assert!(
        browser
            .get("/my")
            .says("Somebody in our office would like to change your contact details.")
    );
    let page = browser.get("/account");
    assert!(
        page.says("other@example.org") && page.says("0161 496 0000"),
        "{}",
        words(&page)
    );
    let after = answer(&mut browser, &page, "refuse-contact");
    assert!(
        after.status == 200 && !after.says("other@example.org"),
        "{}",
        words(&after)
    );
    propose("other@example.org").await;
    let before = browser.get("/account");
    propose("new@example.org").await;
    let shown = answer(&mut browser, &before, "confirm-contact");
    assert!(
        shown.says("Are these your new contact details?") && shown.says("new@example.org"),
        "only what was shown is confirmed"
    );
    let after = answer(&mut browser, &shown, "confirm-contact");
    assert!(
        after.path.contains("/sign-in"),
        "a new address ends every session: {}",
        words(&after)
    );
    let mut browser = signed_in(&house, &address, member).await;
    let after = browser.get("/account");
    assert!(
        after.says("new@example.org") && !after.says("Are these your new contact details?"),
        "{}",
        words(&after)
    );
    let holder = house
        .log
        .vault()
        .holder(Index::Email, "new@example.org")
        .await
        .unwrap();
    assert_eq!(holder, Some(member.0));
    assert!(
        !browser
            .get("/my")
            .says("would like to change your contact details")
    );
}

async fn explained(house: House) {
    let (office, address) = started(&house).await;
    let (draft, group, member) = office.draft(&house, 900).await;
    let correct = CorrectGroup {
        name: text("Soup and songs"),
        area: text("oldham"),
        reason: open("A letter was missing"),
    };
    house
        .takes(
            member,
            Command::Group(group, GroupCommand::Correct(correct)),
        )
        .await;
    house.pass_days(31);
    house.catch_up().await;
    Jobs::new(house.commands.clone(), house.views())
        .once()
        .await
        .unwrap();
    house.catch_up().await;
    let mut browser = signed_in(&house, &address, member).await;
    let page = browser.get("/my");
    assert!(
        page.says("You asked us to call your group Soup and songs."),
        "{}",
        words(&page)
    );
    let page = browser.get(&format!("/my/applications/{draft}"));
    assert!(
        page.says("so it lapsed") && page.says("your form opens again by itself"),
        "{}",
        words(&page)
    );
}
