//! Texts of mails: their placeholders are only names, those of sign-in mails need two
//! administrators, and nobody can send a text of their own to a stranger through them.

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::clock::new_id;
use microgrants::domain::PersonId;
use microgrants::jobs::Jobs;
use microgrants::projections::OrganisationRow;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::audit::transparency_log::rewrite_payloads;
use crate::domain::connections::ApiCommands;
use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder, set_email};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person, submit};
use crate::support::service::serve;
use crate::support::test_app::TestApp;

const SIGN_IN_TEXT: &str = "Our own words.\n\n{{ link }}\n\nOr type {{ code }}";

fn text(mail: &str, body: &str) -> Value {
    json!({ "mail": mail, "language": "en", "subject": "Our own subject", "body": body })
}

async fn organisation(app: &TestApp) -> OrganisationRow {
    app.catch_up().await;
    app.views()
        .find(app.commands.organisation(), None)
        .await
        .unwrap()
        .unwrap()
}

/// The text of a sign-in mail to a person.
pub async fn sign_in_mail(app: &TestApp, person: PersonId) -> String {
    let post = mailer(app);
    post.subscribe().await.unwrap();
    let before = mails_in_folder(&mail_folder(app));
    links::issue(
        &app.commands,
        NewSignInLink {
            person,
            joins: None,
            valid_minutes: 30,
            by_mail: true,
        },
    )
    .await
    .unwrap();
    deliver_all(app, &post).await;
    let new =
        |(id, mail): &(String, String)| !before.contains_key(id) && mail.contains("/sign-in/");
    mails_in_folder(&mail_folder(app))
        .into_iter()
        .find(new)
        .expect("a mail")
        .1
}

/// The path of the link in a mail.
pub fn link_in(mail: &str) -> String {
    let from = mail.find("/sign-in/").expect("a link");
    mail[from..].split_whitespace().next().unwrap().to_owned()
}

on_each_engine!(a_text_that_is_a_program_or_leads_elsewhere_is_refused);
async fn a_text_that_is_a_program_or_leads_elsewhere_is_refused(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let id = app.commands.organisation().0;
    let bomb = format!(
        "{{% set l=[name] %}}{}{{{{ l }}}}",
        "{% set l=[l,l,l,l,l,l,l,l] %}".repeat(12)
    );
    let hidden = format!("{{% if name != \"name\" %}}{bomb}{{% endif %}}");
    for body in [
        bomb.as_str(),
        &hidden,
        "{{ name | upper }}",
        "{# a remark #}",
        "https://evil.example/go?to={{ link }}",
        "Go to www.evil.example",
        "evil.example/{{ reference }}",
        "{{ link }}&x=1",
        "{{ link }} {{ link }}",
    ] {
        for mail in ["submitted", "declined"] {
            api.assert_refused(
                office.ada,
                "text_broken",
                "organisation/publish-mail-text",
                id,
                text(mail, body),
            )
            .await;
        }
    }
    for body in [
        "No link and no code here",
        "{{ link }}",
        "Only {{ code }}",
        "https://evil.example/go?to={{ link }}&c={{ code }}",
    ] {
        api.assert_refused(
            office.ada,
            "text_broken",
            "organisation/propose-mail-text",
            id,
            text("sign_in", body),
        )
        .await;
    }
    let client = serve(&app, office.ada);
    let answer = client.post(
        "/api/v1/organisation/publish-mail-text",
        &text("declined", "Dear\n\n{% set x = 1 %}"),
    );
    answer.assert_problem(422, "text_broken");
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("body, line 3"),
        "the place is named: {}",
        answer.body
    );
}

/// The commands on the texts of the sign-in mail.
struct SignInTexts<'a> {
    api: ApiCommands<'a>,
    organisation: Uuid,
}

impl<'a> SignInTexts<'a> {
    fn of(app: &'a TestApp) -> Self {
        Self {
            api: ApiCommands { house: app },
            organisation: app.commands.organisation().0,
        }
    }

    /// Returns the number of the proposal.
    async fn propose(&self, by: PersonId, body: &str) -> Option<u32> {
        self.api
            .issue_ok(
                by,
                "organisation/propose-mail-text",
                self.organisation,
                text("sign_in", body),
            )
            .await
    }

    async fn confirm(&self, by: PersonId, proposal: u32) {
        self.api
            .issue_ok(
                by,
                "organisation/confirm-mail-text",
                self.organisation,
                json!({ "proposal": proposal }),
            )
            .await;
    }

    async fn assert_not_confirmed(&self, by: PersonId, code: &str, proposal: u32) {
        self.api
            .assert_refused(
                by,
                code,
                "organisation/confirm-mail-text",
                self.organisation,
                json!({ "proposal": proposal }),
            )
            .await;
    }
}

on_each_engine!(words_to_sign_in_with_take_two_administrators);
async fn words_to_sign_in_with_take_two_administrators(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let texts = SignInTexts::of(&app);
    let officer = person(&app, "Olive").await;
    texts.api.give_role(&office, officer, "officer").await;

    // When
    let others = texts
        .propose(office.ada, "Others.\n{{ link }}\n{{ code }}")
        .await;
    let own = texts.propose(office.ada, SIGN_IN_TEXT).await;

    // Then
    assert_eq!((others, own), (Some(1), Some(2)));
    assert!(
        sign_in_mail(&app, office.ada)
            .await
            .contains("Your link to sign in"),
        "what is proposed is not used"
    );
    texts
        .assert_not_confirmed(office.ben, "not_proposed", 1)
        .await;
    texts
        .assert_not_confirmed(office.ada, "same_person", 2)
        .await;
    texts.assert_not_confirmed(officer, "not_yours", 2).await;

    // When
    texts.confirm(office.ben, 2).await;

    // Then
    let mail = sign_in_mail(&app, office.ada).await;
    assert!(
        mail.contains("Our own subject")
            && mail.contains("Our own words.")
            && mail.contains("/sign-in/"),
        "{mail}"
    );
    assert_eq!(
        organisation(&app).await.mail_texts[0].confirmed_by,
        Some(office.ben)
    );
}

on_each_engine!(words_to_sign_in_with_are_only_proposed_and_by_administrators);
async fn words_to_sign_in_with_are_only_proposed_and_by_administrators(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let organisation = app.commands.organisation().0;
    let officer = person(&app, "Olive").await;
    api.give_role(&office, officer, "officer").await;

    for mail in ["sign_in", "contact_changed"] {
        for alone in [office.ada, officer] {
            api.assert_refused(
                alone,
                "needs_two_people",
                "organisation/publish-mail-text",
                organisation,
                text(mail, SIGN_IN_TEXT),
            )
            .await;
        }
    }
    api.assert_refused(
        officer,
        "not_yours",
        "organisation/propose-mail-text",
        organisation,
        text("sign_in", SIGN_IN_TEXT),
    )
    .await;
}

on_each_engine!(refused_words_and_those_of_a_former_administrator_are_not_confirmed);
async fn refused_words_and_those_of_a_former_administrator_are_not_confirmed(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let texts = SignInTexts::of(&app);
    let third = person(&app, "Third").await;
    texts.api.give_role(&office, third, "administrator").await;
    let refused = texts.propose(office.ada, SIGN_IN_TEXT).await.unwrap();

    // When
    texts
        .api
        .issue_ok(
            office.ada,
            "organisation/refuse-mail-text",
            texts.organisation,
            json!({ "proposal": refused, "reason": "A slip" }),
        )
        .await;

    // Then
    texts
        .assert_not_confirmed(office.ben, "not_proposed", refused)
        .await;

    // Given
    let orphaned = texts.propose(third, SIGN_IN_TEXT).await.unwrap();

    // When
    texts
        .api
        .issue_ok(
            office.ada,
            "organisation/end-role",
            texts.organisation,
            json!({ "person": third, "role": "administrator" }),
        )
        .await;

    // Then
    texts
        .assert_not_confirmed(office.ben, "proposer_gone", orphaned)
        .await;
}

/// Submits a form on the page of the sign-in mail's text.
fn submit_mail_text(
    browser: &mut Browser,
    page: &Page,
    command: &str,
    form: &str,
    fields: &[(&str, &str)],
) -> Page {
    let unseen = [("at", "/desk/texts/mail/sign_in"), ("form", form)];
    browser.submit_form(
        page,
        &format!("/desk/do/organisation/{command}"),
        &[&unseen, fields].concat(),
    )
}

on_each_engine!(proposed_words_are_shown_and_confirmed_on_the_page);
async fn proposed_words_are_shown_and_confirmed_on_the_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (mut ada, mut ben) = (
        signed_in(&app, &address, office.ada).await,
        signed_in(&app, &address, office.ben).await,
    );
    let path = "/desk/texts/mail/sign_in";
    let page = ada.get(path);
    assert!(
        page.contains("Propose this wording") && !page.contains("Save this wording"),
        "{}",
        visible_text(&page)
    );
    let words_of_ours = [
        ("mail", "sign_in"),
        ("language", "en"),
        ("subject", "Come in"),
        ("body", "Here:\r\n\r\n{{ link }}\r\n\r\nOr {{ code }}"),
    ];
    let page = submit_mail_text(
        &mut ada,
        &page,
        "propose-mail-text",
        "propose-mail-text",
        &words_of_ours,
    );
    assert!(
        page.status == 200 && page.contains("Wording to confirm") && page.contains("Come in"),
        "{}",
        visible_text(&page)
    );
    assert!(ada.get("/desk/texts").contains("To confirm"));
    let alone = submit_mail_text(
        &mut ada,
        &page,
        "confirm-mail-text",
        "confirm-mail-text-1",
        &[("proposal:number", "1")],
    );
    assert_eq!(alone.status, 403, "{}", visible_text(&alone));
    assert!(
        !ada.get("/desk").contains("Email wording to confirm")
            && ben.get("/desk").contains("Email wording to confirm")
    );
    let page = ben.get(path);
    assert!(
        page.contains("Ada proposes this wording in English"),
        "{}",
        visible_text(&page)
    );
    let page = submit_mail_text(
        &mut ben,
        &page,
        "confirm-mail-text",
        "confirm-mail-text-1",
        &[("proposal:number", "1")],
    );
    assert!(
        page.status == 200 && !page.contains("Wording to confirm") && page.contains("Come in"),
        "{}",
        visible_text(&page)
    );
    let mail = sign_in_mail(&app, office.ben).await;
    assert!(
        mail.contains("Come in\nHere:") && mail.contains("/sign-in/"),
        "{mail}"
    );
}

on_each_engine!(what_a_log_holds_from_before_is_not_used);
async fn what_a_log_holds_from_before_is_not_used(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let api = ApiCommands { house: &app };
    let id = app.commands.organisation().0;
    api.issue_ok(
        office.ada,
        "organisation/publish-mail-text",
        id,
        text("submitted", "The bomb stands here"),
    )
    .await;
    api.issue_ok(
        office.ada,
        "organisation/publish-mail-text",
        id,
        text("deferred", "{{ link }}"),
    )
    .await;
    let bomb = format!(
        "{{% set l=[name] %}}{}{{{{ l }}}}",
        "{% set l=[l,l,l,l,l,l,l,l] %}".repeat(12)
    );
    rewrite_payloads(&app, "MailTextPublished", "The bomb stands here", &bomb).await;
    rewrite_payloads(
        &app,
        "MailTextPublished",
        "\"mail\":\"deferred\"",
        "\"mail\":\"sign_in\"",
    )
    .await;
    let app = app.restarted().await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let mail = sign_in_mail(&app, office.ada).await;
    assert!(
        mail.contains("Your link to sign in") && mail.contains("Or type this code"),
        "one person's words alone let nobody in: {mail}"
    );
    let (application, _, member) = office.draft(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let handed_in = microgrants::domain::ApplicationCommand::Submit(submit());
    app.issue_ok(
        member,
        microgrants::domain::Command::Application(application, handed_in),
    )
    .await;
    deliver_all(&app, &post).await;
    let mail = mails_in_folder(&mail_folder(&app))
        .into_values()
        .find(|mail| mail.starts_with("zofia@example.org"))
        .expect("a mail");
    assert!(
        mail.contains("We have your application") && mail.len() < 2000,
        "{mail}"
    );
    let mut browser = signed_in(&app, serve(&app, office.ada).address(), office.ada).await;
    for (mail, why) in [
        ("submitted", "body, line 1"),
        ("sign_in", "take two administrators"),
    ] {
        let page = browser.get(&format!("/desk/texts/mail/{mail}"));
        assert!(
            page.status == 200 && page.contains("This wording is not used") && page.contains(why),
            "{}",
            visible_text(&page)
        );
    }
    assert!(browser.get("/desk/texts").contains("Yours, not used"));
}

/// A person who registers under an address and starts an application for their own group.
pub(super) async fn register_and_start(
    app: &TestApp,
    office: &Office,
    name: &str,
    email: &str,
    group: &str,
) -> PersonId {
    let (api, person) = (ApiCommands { house: app }, PersonId(new_id()));
    api.issue_ok(
        person,
        "person/register",
        person.0,
        json!({ "name": name, "email": email }),
    )
    .await;
    let of = new_id();
    api.issue_ok(
        person,
        "group/register",
        of,
        json!({ "name": group, "area": "oldham", "standing": "new" }),
    )
    .await;
    let start = json!({ "fund": office.fund, "round": "first", "group": of });
    api.issue_ok(person, "application/start", new_id(), start)
        .await;
    person
}

on_each_engine!(a_stranger_reads_nothing_that_somebody_typed);
async fn a_stranger_reads_nothing_that_somebody_typed(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let person = register_and_start(
        &app,
        &office,
        "Call 0900 now",
        "victim@example.org",
        "Claim your prize",
    )
    .await;
    let typed = |mail: &str| mail.contains("0900") || mail.contains("prize");
    let mail = sign_in_mail(&app, person).await;
    assert!(
        mail.starts_with("victim@example.org\nYour link to sign in") && !typed(&mail),
        "{mail}"
    );
    let remind = async || {
        app.catch_up().await;
        Jobs::new(app.commands.clone(), app.views())
            .run_once()
            .await
            .unwrap();
        deliver_all(&app, &mailer(&app)).await;
    };
    app.pass_days(28);
    remind().await;
    let found = mails_in_folder(&mail_folder(&app));
    let mail = found
        .values()
        .find(|mail| mail.contains("News about an application"))
        .expect("a reminder");
    assert!(
        mail.starts_with("victim@example.org\n")
            && mail.contains("/my/applications/")
            && !typed(mail),
        "{mail}"
    );
    assert!(found.values().all(|mail| !typed(mail)), "{found:?}");
    // Once the address is proven, mails use the person's name.
    let known = register_and_start(
        &app,
        &office,
        "Zofia",
        "to.be.changed@example.org",
        "Soup and song",
    )
    .await;
    set_email(&app, known, "zofia@example.org").await;
    remind().await;
    let mail = mails_in_folder(&mail_folder(&app))
        .into_values()
        .find(|mail| mail.starts_with("zofia@example.org"))
        .expect("a reminder");
    assert!(
        mail.contains("Hello Zofia") && mail.contains("Soup and song"),
        "{mail}"
    );
}
