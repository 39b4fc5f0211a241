//! What an unproven person may begin, on pages and in the API, and what is erased if they do not
//! come back.

use microgrants::clock::new_id;
use microgrants::commands::{Caller, CommandError, CommandRequest};
use microgrants::domain::application::{SaveAnswers, StartApplication};
use microgrants::domain::command::NoBody;
use microgrants::domain::group::{GroupMaturity, RegisterGroup};
use microgrants::domain::person::{MailedAddress, PersonDetails};
use microgrants::domain::personal_data::BlindIndexKind;
use microgrants::domain::unproven::{DRAFTS_MAX, GROUPS_MAX, SAVES_MAX};
use microgrants::domain::{
    Application, ApplicationCommand, ApplicationId, Command, Group, GroupCommand, GroupId, Person,
    PersonCommand, PersonId, Refusal,
};
use microgrants::jobs::Jobs;
use microgrants::projections::GroupRow;

use crate::pages::journeys::{as_fields, serve_office, signed_in, visible_text, walk_to_draft};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{FORM_ANSWER, Office, gbp, open, sign_in, submit, text};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

async fn introduce_person(app: &TestApp) -> PersonId {
    let person = PersonId(new_id());
    let details = PersonDetails {
        name: open("Zofia"),
        email: Some(open(&format!("{}@example.org", person.0.simple()))),
        telephone: None,
        postal_address: None,
        typed_email: None,
    };
    issue_as_job(
        app,
        Command::Person(person, PersonCommand::Introduce(details)),
    )
    .await
    .expect("they are registered");
    person
}

async fn issue_as_job(app: &TestApp, command: Command) -> Result<(), CommandError> {
    app.commands
        .execute(CommandRequest::new(Caller::job(), command))
        .await
        .map(|_| ())
}

fn register() -> Command {
    let register = RegisterGroup {
        name: text("Soup and song"),
        area: text("oldham"),
        standing: GroupMaturity::New,
        member: None,
    };
    Command::Group(GroupId(new_id()), GroupCommand::Register(register))
}

fn start(office: &Office, group: GroupId, application: ApplicationId) -> Command {
    let start = StartApplication {
        fund: office.fund,
        round: text("first"),
        group,
        late: false,
    };
    Command::Application(application, ApplicationCommand::Start(start))
}

fn save(application: ApplicationId) -> Command {
    let answers = SaveAnswers {
        requested: Some(gbp(600)),
        area: Some(text("oldham")),
        people_at_risk: Some(false),
        answers: std::iter::once((text("idea"), open(FORM_ANSWER))).collect(),
        ..SaveAnswers::default()
    };
    Command::Application(application, ApplicationCommand::SaveAnswers(answers))
}

/// A draft of an unproven person, with their group.
async fn unknown_draft(app: &TestApp, office: &Office) -> (PersonId, GroupId, ApplicationId) {
    let person = introduce_person(app).await;
    let group = GroupId(app.issue_ok(person, register()).await.id);
    let application = ApplicationId(new_id());
    app.issue_ok(person, start(office, group, application))
        .await;
    app.issue_ok(person, save(application)).await;
    (person, group, application)
}

/// Somebody on the pages who has not proved an address, and has named as many groups as they may.
struct UnknownApplicant {
    address: String,
    /// The path of the round's form.
    form: String,
    browser: Browser,
    person: PersonId,
}

impl UnknownApplicant {
    async fn at_limit(app: &TestApp) -> Self {
        let (office, address) = serve_office(app).await;
        let form = format!("/apply/{}/first", office.fund);
        let mut browser = Browser::new(&address);
        let (_, fields) = walk_to_draft(&mut browser, &form, "Monday soup", "zofia@example.org");
        let sent = browser.post_fields(&format!("{form}/you"), &as_fields(&fields));
        assert_eq!(sent.status, 303, "{}", visible_text(&sent));
        for number in 1..GROUPS_MAX {
            let page = name_group(&mut browser, &form, &format!("Soup {number}"));
            assert_eq!(page.status, 200, "{}", visible_text(&page));
        }
        app.catch_up().await;
        let holder = app
            .log
            .vault()
            .subject_of(BlindIndexKind::Email, "zofia@example.org")
            .await
            .unwrap()
            .unwrap();
        Self {
            address,
            form,
            browser,
            person: PersonId(holder),
        }
    }
}

/// Answers the question about the group with a new one.
fn name_group(browser: &mut Browser, form: &str, name: &str) -> Page {
    let at = format!("{form}/group");
    let page = browser.get(&at);
    let fields = [("name", name), ("area", "oldham"), ("standing", "new")];
    browser.submit_form(&page, &at, &fields)
}

on_each_engine!(somebody_unknown_begins_little_on_the_pages);
async fn somebody_unknown_begins_little_on_the_pages(app: TestApp) {
    let mut unknown = UnknownApplicant::at_limit(&app).await;
    let before = app.log.length().await.unwrap();

    for number in 0..15 {
        let name = format!("More soup {number}");
        let page = name_group(&mut unknown.browser, &unknown.form, &name);
        assert!(
            page.status == 422
                && page.contains("You have started one already")
                && page.contains(&name),
            "{}",
            visible_text(&page)
        );
    }

    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing more was recorded"
    );
}

on_each_engine!(somebody_unknown_starts_no_other_application_for_a_group_of_theirs);
async fn somebody_unknown_starts_no_other_application_for_a_group_of_theirs(app: TestApp) {
    let mut unknown = UnknownApplicant::at_limit(&app).await;
    let before = app.log.length().await.unwrap();
    let own = app.views().groups_of(unknown.person).await.unwrap();
    let at = format!("{}/group", unknown.form);

    let page = unknown.browser.get(&at);
    let page = unknown
        .browser
        .submit_form(&page, &at, &[("own", &own[0].to_string())]);

    assert!(
        page.status == 422 && page.contains("You have started one already"),
        "{}",
        visible_text(&page)
    );
    assert_eq!(app.log.length().await.unwrap(), before);
}

on_each_engine!(who_proved_an_address_begins_more_on_the_pages);
async fn who_proved_an_address_begins_more_on_the_pages(app: TestApp) {
    let unknown = UnknownApplicant::at_limit(&app).await;
    sign_in(&app, unknown.person).await;
    let mut browser = signed_in(&app, &unknown.address, unknown.person).await;

    let page = name_group(&mut browser, &unknown.form, "Third soup");

    assert_eq!(page.status, 200, "{}", visible_text(&page));
    app.catch_up().await;
    let groups: Vec<GroupRow> = app.views().all_rows(None, vec![]).await.unwrap();
    assert_eq!(groups.len(), GROUPS_MAX + 1);
}

on_each_engine!(somebody_unknown_begins_little_on_any_way);
/// The domain enforces the limit, so it holds for the API as well.
async fn somebody_unknown_begins_little_on_any_way(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (person, group, application) = unknown_draft(&app, &office).await;
    for _ in 1..GROUPS_MAX {
        app.issue_ok(person, register()).await;
    }
    assert_eq!(
        app.issue_refused(person, register()).await,
        Refusal::AddressUnproven
    );
    for _ in 1..DRAFTS_MAX {
        app.issue_ok(person, start(&office, group, ApplicationId(new_id())))
            .await;
    }
    assert_eq!(
        app.issue_refused(person, start(&office, group, ApplicationId(new_id())))
            .await,
        Refusal::AddressUnproven
    );
    for _ in 1..SAVES_MAX {
        app.issue_ok(person, save(application)).await;
    }
    assert_eq!(
        app.issue_refused(person, save(application)).await,
        Refusal::AddressUnproven
    );
    app.catch_up().await;
    let client = serve(&app, person);
    let body = serde_json::json!({ "name": "Soup", "area": "oldham", "standing": "new" });
    client
        .post("/api/v1/groups", &body)
        .assert_problem(409, "address_unproven");
    // A person cannot declare their own address proven.
    let prove = PersonCommand::ProveAddress(MailedAddress {
        address: "ab".repeat(32),
    });
    assert_eq!(
        app.issue_refused(person, Command::Person(person, prove))
            .await,
        Refusal::NotYours
    );
    sign_in(&app, person).await;
    app.issue_ok(person, save(application)).await;
    app.issue_ok(person, register()).await;
}

async fn jobs(app: &TestApp) -> usize {
    app.catch_up().await;
    let taken = Jobs::new(app.commands.clone(), app.views())
        .run_once()
        .await
        .expect("jobs run");
    app.catch_up().await;
    taken
}

on_each_engine!(what_somebody_unknown_left_goes_after_two_weeks);
async fn what_somebody_unknown_left_goes_after_two_weeks(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (person, group, application) = unknown_draft(&app, &office).await;
    assert!(
        !app.log
            .vault()
            .decrypt_all(group.0)
            .await
            .unwrap()
            .is_empty()
    );
    app.pass_days(14);
    assert_eq!(jobs(&app).await, 0, "it is kept for two weeks");
    app.pass_days(1);
    assert_eq!(
        (jobs(&app).await, jobs(&app).await),
        (1, 0),
        "and then goes, once"
    );
    assert!(
        app.log
            .refresh::<Person>(person.0)
            .await
            .unwrap()
            .state
            .erasure()
            .is_done()
    );
    assert!(
        app.log
            .refresh::<Group>(group.0)
            .await
            .unwrap()
            .state
            .erasure()
            .is_done()
    );
    assert_eq!(
        <&str>::from(
            app.log
                .refresh::<Application>(application.0)
                .await
                .unwrap()
                .state
                .state()
        ),
        "lapsed"
    );
    for subject in [person.0, group.0] {
        assert!(
            app.log
                .vault()
                .decrypt_all(subject)
                .await
                .unwrap()
                .is_empty(),
            "what was sealed of it is gone"
        );
    }
    assert_eq!(
        app.issue_refused(person, save(application)).await,
        Refusal::ApplicationNotInState("lapsed")
    );
}

on_each_engine!(what_somebody_else_goes_on_with_stays);
async fn what_somebody_else_goes_on_with_stays(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    // Drafts that remain: one that was submitted, one whose member signed in, one that staff work
    // on, and one whose group has another member.
    let (first, _, handed_in) = unknown_draft(&app, &office).await;
    app.issue_ok(
        first,
        Command::Application(handed_in, ApplicationCommand::Submit(submit())),
    )
    .await;
    let (second, ..) = unknown_draft(&app, &office).await;
    sign_in(&app, second).await;
    let (third, _, keyed) = unknown_draft(&app, &office).await;
    app.issue_ok(office.ada, save(keyed)).await;
    let (fourth, group, _) = unknown_draft(&app, &office).await;
    let colleague = crate::support::fixtures::person(&app, "Cass").await;
    let add = microgrants::domain::group::MemberRef { person: colleague };
    app.issue_ok(
        office.ada,
        Command::Group(group, GroupCommand::AddMember(add)),
    )
    .await;
    app.issue_ok(colleague, Command::Group(group, GroupCommand::Join(add)))
        .await;
    app.pass_days(15);
    let before = app.log.length().await.unwrap();
    assert_eq!(
        (jobs(&app).await, app.log.length().await.unwrap()),
        (0, before),
        "none of it goes"
    );
    for person in [first, second, third, fourth] {
        let expire = issue_as_job(
            &app,
            Command::Person(person, PersonCommand::Expire(NoBody {})),
        )
        .await;
        assert!(
            matches!(expire, Err(CommandError::Refused(Refusal::NotExpired))),
            "{expire:?}"
        );
    }
}
