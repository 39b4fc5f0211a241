//! Work that waits for a second person, through the desk: people who can do it see it in their
//! day's work, the person who began it is refused, and the second person does it.

use std::collections::BTreeSet;

use microgrants::domain::application::{ApplicationHelp, ApplicationState, HelpKind, Submit};
use microgrants::domain::group::CorrectGroup;
use microgrants::domain::panel::Award;
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, GroupCommand, GroupId, PersonId,
};
use microgrants::projections::{ApplicationRow, GrantRow, GroupRow, PersonRow};
use microgrants::views::TableRow;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, award_of, gbp, no_interest, open, submit, text};
use crate::support::test_app::TestApp;

/// The pages of one record at the desk, in one person's browser.
struct DeskWork<'a> {
    browser: &'a mut Browser,
    /// The record's noun and id, such as `grants/…`.
    record: String,
}

impl<'a> DeskWork<'a> {
    fn on(browser: &'a mut Browser, noun: &str, id: impl std::fmt::Display) -> Self {
        Self {
            browser,
            record: format!("{noun}/{id}"),
        }
    }

    fn page(&mut self) -> Page {
        self.browser.get(&format!("/desk/{}", self.record))
    }

    /// The page with an action opened, as its link in the menu does.
    fn page_with_open(&mut self, action: &str) -> Page {
        let record = &self.record;
        self.browser.get(&format!("/desk/{record}?do={action}"))
    }

    /// Submits a form of the page. A form has the name of its command, or that and more.
    fn submit_form(&mut self, command: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.page();
        let at = format!("/desk/{}", self.record);
        let to = format!("/desk/do/{}/{command}", self.record);
        let unseen = [("at", at.as_str()), ("form", form)];
        self.browser
            .submit_form(&page, &to, &[&unseen, fields].concat())
    }

    fn submit(&mut self, command: &str, fields: &[(&str, &str)]) -> Page {
        self.submit_form(command, command, fields)
    }

    fn submit_ok(&mut self, command: &str, fields: &[(&str, &str)]) -> Page {
        self.submit_form_ok(command, command, fields)
    }

    fn submit_form_ok(&mut self, command: &str, form: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.submit_form(command, form, fields);
        assert_eq!(page.status, 200, "{command}: {}", visible_text(&page));
        page
    }
}

async fn row<T: TableRow>(app: &TestApp, id: impl std::fmt::Display) -> T {
    app.catch_up().await;
    app.views()
        .find(&id.to_string(), None)
        .await
        .unwrap()
        .unwrap()
}

/// Ada's browser and Ben's, with everything that happened so far.
async fn both_signed_in(app: &TestApp, office: &Office, address: &str) -> (Browser, Browser) {
    app.catch_up().await;
    (
        signed_in(app, address, office.ada).await,
        signed_in(app, address, office.ben).await,
    )
}

/// Whether a person's day's work names this.
fn sees(browser: &mut Browser, work: &str) -> bool {
    browser.get("/desk").contains(work)
}

fn assert_contains_all(page: &Page, texts: &[&str]) {
    assert!(
        texts.iter().all(|text| page.contains(text)),
        "{texts:?}: {}",
        visible_text(page)
    );
}

fn assert_lacks(page: &Page, text: &str) {
    assert!(!page.contains(text), "{text}: {}", visible_text(page));
}

fn assert_status(page: &Page, status: u16) {
    assert_eq!(page.status, status, "{}", visible_text(page));
}

on_each_engine!(money_at_the_bank_is_settled_on_the_grants_page);
async fn money_at_the_bank_is_settled_on_the_grants_page(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    let (mut ada, mut ben) = both_signed_in(&app, &office, &address).await;

    // When Ben records money at the bank that belongs to no payment
    let today = app.today().to_string();
    let page = DeskWork::on(&mut ben, "grants", grant).submit_ok(
        "record-bank-entry",
        &[
            ("kind", "came_in"),
            ("amount:money", "25"),
            ("happened_on", today.as_str()),
            ("note", "A credit without a name"),
        ],
    );

    // Then it waits
    assert_contains_all(
        &page,
        &[
            "Bank lines to settle",
            "£25 came in on",
            "A credit without a name",
        ],
    );
    assert!(sees(&mut ada, "A bank line does not match"));

    // When Ada proposes what it is, and Ben confirms
    let propose = [
        ("entry:number", "1"),
        ("counts:money", "25"),
        ("reason", "The group paid back what it did not need"),
    ];
    let confirm = [("entry:number", "1"), ("counts:money", "25.00")];
    let mut page_of_ada = DeskWork::on(&mut ada, "grants", grant);
    let page = page_of_ada.submit_form_ok("propose-settlement", "propose-settlement-1", &propose);
    let says = "Ada proposes that £25 of it is money returned from this grant";
    assert_contains_all(&page, &[says]);
    let alone = page_of_ada.submit_form("confirm-settlement", "confirm-settlement-1", &confirm);
    assert_status(&alone, 403);
    let page = DeskWork::on(&mut ben, "grants", grant).submit_form_ok(
        "confirm-settlement",
        "confirm-settlement-1",
        &confirm,
    );

    // Then
    assert_lacks(&page, "Bank lines to settle");
    let row: GrantRow = row(&app, grant).await;
    assert_eq!(
        (row.paid, row.returned, row.unsettled.len()),
        (gbp(875), gbp(25), 0)
    );
    assert!(!sees(&mut ada, "A bank line does not match"));
}

on_each_engine!(contact_details_wait_for_a_colleague);
async fn contact_details_wait_for_a_colleague(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, member) = office.group(&app).await;
    let (mut ada, mut ben) = both_signed_in(&app, &office, &address).await;
    let mut page_of_ada = DeskWork::on(&mut ada, "people", member);
    assert!(
        page_of_ada
            .page_with_open("change-contact")
            .contains("A colleague or the person must confirm this first"),
        "it is said before it is sent"
    );

    // When Ada changes them
    let change = [("name", "Cass"), ("email", "cass@example.org")];
    let page = page_of_ada.submit_ok("change-contact", &change);

    // Then they wait for somebody else
    assert_contains_all(
        &page,
        &["Contact details to confirm", "cass@example.org", "Ada asks"],
    );
    let first = [("proposal:number", "1")];
    assert_status(&page_of_ada.submit("confirm-contact", &first), 403);
    assert!(
        !sees(&mut ada, "Contact details to confirm")
            && sees(&mut ben, "Contact details to confirm"),
        "only whoever can confirm it"
    );

    // When Ben confirms them
    let page = DeskWork::on(&mut ben, "people", member).submit_ok("confirm-contact", &first);

    // Then
    assert_contains_all(&page, &["cass@example.org"]);
    assert_lacks(&page, "Contact details to confirm");
    let row: PersonRow = row(&app, member).await;
    assert!(row.proposed_contact.is_none());
}

/// A member's correction of the group's name and area.
fn correct_group(group: GroupId, name: &str) -> Command {
    let correct = CorrectGroup {
        name: text(name),
        area: text("stockport"),
        reason: open("We moved"),
    };
    Command::Group(group, GroupCommand::Correct(correct))
}

on_each_engine!(a_name_that_a_member_wrote_is_taken_over);
async fn a_name_that_a_member_wrote_is_taken_over(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (group, member) = office.group(&app).await;
    app.issue_ok(member, correct_group(group, "Song and soup"))
        .await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    assert!(sees(&mut ada, "asks for another name or area"));
    let mut page_of_ada = DeskWork::on(&mut ada, "groups", group);
    assert_contains_all(&page_of_ada.page(), &["Song and soup", "We moved"]);

    // When the first is refused
    let reason = [("reason", "The rules name another")];
    page_of_ada.submit_ok("refuse-correction", &reason);

    // Then
    assert_eq!(row::<GroupRow>(&app, group).await.name, "Soup and song");

    // When the member writes another
    app.issue_ok(member, correct_group(group, "Soup, song and tea"))
        .await;
    app.catch_up().await;

    // Then only that one is taken over
    let refused = page_of_ada.submit("take-correction", &[("proposal:number", "1")]);
    assert_status(&refused, 409);
    page_of_ada.submit_ok("take-correction", &[("proposal:number", "2")]);
    let found: GroupRow = row(&app, group).await;
    assert_eq!(
        (found.name.as_str(), found.area.as_str()),
        ("Soup, song and tea", "stockport")
    );
}

on_each_engine!(who_helped_says_so);
async fn who_helped_says_so(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (application, _, member) = office.draft(&app, 900).await;
    let help = ApplicationHelp {
        by: office.ben,
        kind: HelpKind::HelpedToWord,
    };
    let sent = Submit {
        help: Some(help),
        ..submit()
    };
    let sent = Command::Application(application, ApplicationCommand::Submit(sent));
    app.issue_ok(member, sent).await;
    app.catch_up().await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    assert!(sees(&mut ben, "The group says who helped with the wording"));

    // When
    let by = office.ben.to_string();
    let page = DeskWork::on(&mut ben, "applications", application).submit_form_ok(
        "confirm-help",
        &format!("confirm-help-{by}"),
        &[("helper", by.as_str())],
    );

    // Then
    assert_lacks(&page, "The group says that");
    let found: ApplicationRow = row(&app, application).await;
    assert!(found.interests.helped_to_word(office.ben));
    assert!(!sees(
        &mut ben,
        "The group says who helped with the wording"
    ));
}

on_each_engine!(who_was_there_says_so);
async fn who_was_there_says_so(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let application = awarded_with_ben(&app, &office).await;
    let (mut ada, mut ben) = both_signed_in(&app, &office, &address).await;
    assert!(sees(&mut ben, "Confirm that you were at the panel"));
    assert!(
        !sees(&mut ada, "were at the panel"),
        "who recorded the decision confirms nobody"
    );

    // When
    let by = office.ben.to_string();
    let form = format!("confirm-attendance-{by}");
    let attended = [("person", by.as_str()), ("decision:number", "1")];
    let recorder = DeskWork::on(&mut ada, "applications", application).submit_form(
        "confirm-attendance",
        &form,
        &attended,
    );
    DeskWork::on(&mut ben, "applications", application).submit_form_ok(
        "confirm-attendance",
        &form,
        &attended,
    );

    // Then
    assert_status(&recorder, 403);
    let found: ApplicationRow = row(&app, application).await;
    assert_eq!(found.unconfirmed, BTreeSet::<PersonId>::new());
    assert!(!sees(&mut ben, "were at the panel"));
}

/// An award that Ada recorded, with Ben present.
async fn awarded_with_ben(app: &TestApp, office: &Office) -> ApplicationId {
    let (application, ..) = office.ready(app, 800).await;
    let award = Award {
        present: BTreeSet::from([office.ben]),
        ..award_of(gbp(800), app.in_days(90), app.in_days(120))
    };
    for (by, command) in [
        (office.ben, no_interest()),
        (office.ada, ApplicationCommand::Award(award)),
    ] {
        app.issue_ok(by, Command::Application(application, command))
            .await;
    }
    application
}

on_each_engine!(an_officer_writes_down_only_what_was_asked_again);
async fn an_officer_writes_down_only_what_was_asked_again(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (application, ..) = office.submitted(&app, 900).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut page_of_ada = DeskWork::on(&mut ada, "applications", application);
    for days in [7, 21] {
        let due_on = app.in_days(days).to_string();
        let ask = [
            ("questions:list", "requested"),
            ("questions:list", "people-at-risk"),
            ("note", "Is it enough?"),
            ("due_on", due_on.as_str()),
        ];
        page_of_ada.submit_ok("request-changes", &ask);
    }
    let asked: ApplicationRow = row(&app, application).await;
    assert_eq!(
        asked.changes_due_on,
        Some(app.in_days(21)),
        "it is asked again with a later day"
    );

    // When
    let page = page_of_ada.page_with_open("save-answers");
    let answers = [
        ("requested:money", "1000"),
        ("people_at_risk:yes-no", "yes"),
    ];
    page_of_ada.submit_ok("save-answers", &answers);
    let unsaid = page_of_ada.submit_form("resubmit", "resubmit-read-back", &[]);
    let by = office.ada.to_string();
    let help = [
        ("help.by", by.as_str()),
        ("help.kind.keyed_verbatim.read_back:yes-no", "yes"),
    ];
    page_of_ada.submit_form_ok("resubmit", "resubmit-read-back", &help);

    // Then nothing else is offered, and staff say how they helped
    assert_contains_all(
        &page,
        &["name=\"requested:money\"", "name=\"people_at_risk:yes-no\""],
    );
    for other in ["name=\"answers.idea\"", "name=\"activity\""] {
        assert_lacks(&page, other);
    }
    assert_status(&unsaid, 422);
    let found: ApplicationRow = row(&app, application).await;
    assert_eq!(
        (found.state, found.requested, found.people_at_risk),
        (ApplicationState::Submitted, Some(gbp(1000)), Some(true))
    );
    assert!(found.interests.keyed_by(office.ada));
}
