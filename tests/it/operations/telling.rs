//! People without an email address: what they should hear waits for a call or a letter.

use microgrants::domain::application::{ChooseLanguage, RequestChanges};
use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::language::Language;
use microgrants::domain::person::{PersonDetails, TellPerson, ToldHow, WaitingMailRef};
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, PersonCommand, PersonId, Refusal,
};
use microgrants::outbox;
use microgrants::projections::ApplicationRow;
use microgrants::store::outbox::MailRow;
use serde_json::json;
use uuid::Uuid;

use super::mails::{deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows, set_email};
use crate::pages::journeys::signed_in;
use crate::support::fixtures::{Office, open, submit, text};
use crate::support::replay::replay_log;
use crate::support::scenario::command_from_json;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

/// A group's only member has no email address, and a mail to them waits.
async fn waiting(app: &TestApp) -> (Office, PersonId, MailRow) {
    let office = Office::open(app, 10_000).await;
    let (application, _, member) = office.draft(app, 900).await;
    let details = PersonDetails {
        name: open("Zofia Nowak"),
        email: None,
        telephone: Some(open("07700 900233")),
        postal_address: Some(open("1 Example Street\nOldham OL1 1AA")),
        typed_email: None,
    };
    let change = Command::Person(member, PersonCommand::ChangeContact(details));
    app.issue_ok(member, change).await;
    let choose = ChooseLanguage {
        language: Language::En,
        helper: None,
        spoken_language: Some(open("Sylheti")),
    };
    let choose = Command::Application(application, ApplicationCommand::ChooseLanguage(choose));
    app.issue_ok(member, choose).await;
    let post = mailer(app);
    post.subscribe().await.unwrap();
    let submit = Command::Application(application, ApplicationCommand::Submit(submit()));
    app.issue_ok(member, submit).await;
    deliver_all(app, &post).await;
    let row = outbox_rows(app).await.remove(0);
    (office, member, row)
}

fn tell(app: &TestApp, member: PersonId, mail: &MailRow, days: i64) -> Command {
    let told = TellPerson {
        mail: mail.id.parse().unwrap(),
        how: ToldHow::Phone,
        told_on: app.in_days(days),
    };
    Command::Person(member, PersonCommand::Tell(told))
}

fn email_instead(member: PersonId, mail: &MailRow) -> Command {
    let mail: Uuid = mail.id.parse().unwrap();
    let of = WaitingMailRef { mail };
    Command::Person(member, PersonCommand::EmailInstead(of))
}

on_each_engine!(nobody_without_an_email_address_is_left_out);
async fn nobody_without_an_email_address_is_left_out(app: TestApp) {
    let (office, member, mail) = waiting(&app).await;
    let log = &app.log;

    assert_eq!(
        (mail.state.as_str(), mail.kind.as_str()),
        ("by_hand", "submitted")
    );
    assert_eq!(outbox::count_waiting_by_hand(log).await.unwrap(), 1);
    assert!(mails_in_folder(&mail_folder(&app)).is_empty());

    for (days, refusal) in [
        (1, Refusal::DateInFuture(app.in_days(1))),
        (
            -1,
            Refusal::DatesOutOfOrder("you cannot have told them before it happened"),
        ),
    ] {
        let refused = app.issue_refused(office.ada, tell(&app, member, &mail, days));
        assert_eq!(refused.await, refusal);
    }
    assert_eq!(
        app.issue_refused(member, tell(&app, member, &mail, 0))
            .await,
        Refusal::NotYours
    );
    assert_eq!(
        app.issue_refused(office.ada, email_instead(member, &mail))
            .await,
        Refusal::NoEmailAddress
    );

    app.issue_ok(office.ada, tell(&app, member, &mail, 0)).await;
    deliver_all(&app, &mailer(&app)).await;
    let row = outbox::find(log, &mail.id).await.unwrap().unwrap();
    assert_eq!(
        (row.state.as_str(), row.error.as_deref()),
        ("told", Some("phone"))
    );
    assert_eq!(outbox::count_waiting_by_hand(log).await.unwrap(), 0);
    assert_eq!(
        app.issue_refused(office.ada, tell(&app, member, &mail, 0))
            .await,
        Refusal::MailNotWaiting
    );
}

on_each_engine!(a_person_taken_off_the_list_by_mistake_goes_back_on_it);
async fn a_person_taken_off_the_list_by_mistake_goes_back_on_it(app: TestApp) {
    let (office, member, mail) = waiting(&app).await;
    let of = WaitingMailRef {
        mail: mail.id.parse().unwrap(),
    };
    let back = Command::Person(member, PersonCommand::TakeBackTelling(of));
    let state = async || {
        deliver_all(&app, &mailer(&app)).await;
        let row = outbox::find(&app.log, &mail.id).await.unwrap().unwrap();
        (row.state, row.sent_at.is_some())
    };

    assert_eq!(
        app.issue_refused(office.ada, back.clone()).await,
        Refusal::MailNotPassedOn
    );
    app.issue_ok(office.ada, tell(&app, member, &mail, 0)).await;
    assert_eq!(state().await, ("told".into(), true));

    app.pass_days(7);
    assert_eq!(
        app.issue_refused(member, back.clone()).await,
        Refusal::NotYours
    );
    app.issue_ok(office.ada, back.clone()).await;
    assert_eq!(state().await, ("by_hand".into(), false));
    assert_eq!(outbox::count_waiting_by_hand(&app.log).await.unwrap(), 1);
    assert_eq!(
        app.issue_refused(office.ada, back).await,
        Refusal::MailNotPassedOn
    );

    app.issue_ok(office.ada, tell(&app, member, &mail, 0)).await;
    assert_eq!(state().await, ("told".into(), true));
    assert_eq!(replay_log(&app).await, 0);
}

on_each_engine!(whoever_gains_an_address_is_emailed_instead);
async fn whoever_gains_an_address_is_emailed_instead(app: TestApp) {
    let (office, member, mail) = waiting(&app).await;
    set_email(&app, member, "zofia@example.org").await;

    app.issue_ok(office.ada, email_instead(member, &mail)).await;
    deliver_all(&app, &mailer(&app)).await;

    let row = outbox::find(&app.log, &mail.id).await.unwrap().unwrap();
    assert_eq!(row.state, "sent");
    let found = mails_in_folder(&mail_folder(&app));
    assert!(
        found.values().any(
            |says| says.starts_with("zofia@example.org\nWe have your application")
                && says.contains("With best wishes")
        ),
        "{found:?}"
    );
}

on_each_engine!(what_waits_for_one_person_is_one_row);
async fn what_waits_for_one_person_is_one_row(app: TestApp) {
    // Given a second message for a person to whom one waits already
    let (office, _, first) = waiting(&app).await;
    app.catch_up().await;
    let rows: Vec<ApplicationRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let application = ApplicationId(rows[0].id);
    let ask = RequestChanges {
        questions: [text("idea")].into(),
        note: text("Who would come?"),
        notes: std::collections::BTreeMap::default(),
        due_on: app.in_days(14),
    };
    let ask = ApplicationCommand::RequestChanges(ask);
    app.issue_ok(office.ada, Command::Application(application, ask))
        .await;
    deliver_all(&app, &mailer(&app)).await;
    let count = outbox::count_waiting_by_hand(&app.log).await.unwrap();
    assert_eq!(count, 2);
    let address = serve(&app, office.ada).address().to_owned();
    let mut browser = signed_in(&app, &address, office.ada).await;

    // When
    let list = browser.get("/desk/tell");

    // Then
    let rows = list.text.matches("Speaks Sylheti").count();
    assert_eq!(rows, 1, "{}", list.text);
    assert!(list.contains(&format!("/desk/tell/{}", first.id)));
    let sent = browser.get("/desk/texts/mails");
    assert!(
        sent.contains("data-label=\"When\">Today, "),
        "{}",
        sent.text
    );
}

on_each_engine!(the_words_to_say_have_no_link_and_the_form_closes_the_task);
async fn the_words_to_say_have_no_link_and_the_form_closes_the_task(app: TestApp) {
    let (office, _, mail) = waiting(&app).await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut browser = signed_in(&app, &address, office.ada).await;

    let list = browser.get("/desk/tell");
    assert!(list.contains("Zofia Nowak") && list.contains("07700\u{a0}900\u{a0}233"));
    assert!(list.contains("Speaks Sylheti"), "{}", list.text);
    let path = format!("/desk/tell/{}", mail.id);
    let page = browser.get(&path);
    assert!(page.contains("Thank you. We have the application from"));
    assert!(page.contains("They speak <b>Sylheti</b>"), "{}", page.text);
    assert!(!page.contains("You can check your application here"));
    let letter = browser.get(&format!("{path}/letter"));
    assert!(letter.contains("1 Example Street") && letter.contains("With best wishes"));

    let today = app.today().to_string();
    let action = format!("/desk/do/tell/{}", mail.id);
    let refused = browser.submit_form(&page, &action, &[("told_on", &today)]);
    assert!(refused.status >= 400, "{}", refused.status);
    let fields = [("how", "letter"), ("told_on", today.as_str())];
    let done = browser.submit_form(&page, &action, &fields);
    assert!(done.contains("They are off the list."));
    assert!(!done.contains("Zofia Nowak"));
    let row = outbox::find(&app.log, &mail.id).await.unwrap().unwrap();
    assert_eq!(
        (row.state.as_str(), row.error.as_deref()),
        ("told", Some("letter"))
    );

    assert!(done.contains(">Undo</button>"));
    let fields = [("at", "/desk/tell"), ("form", "undo")];
    let undone = browser.submit_form(&done, &format!("{action}/back"), &fields);
    assert!(undone.contains("They are back on the list."));
    assert!(browser.get("/desk/tell").contains("Zofia Nowak"));
}

on_each_engine!(a_person_is_emailed_before_they_are_erased);
async fn a_person_is_emailed_before_they_are_erased(app: TestApp) {
    let (office, member, _) = waiting(&app).await;
    set_email(&app, member, "zofia@example.org").await;

    let ask = Command::Person(member, PersonCommand::RequestErasure(NoBody {}));
    app.issue_ok(member, ask).await;
    deliver_all(&app, &mailer(&app)).await;

    let found = mails_in_folder(&mail_folder(&app));
    assert!(
        found
            .values()
            .any(|says| says.contains("We have been asked to erase your details")),
        "{found:?}"
    );
    let erase = PersonCommand::Erase(WithReason {
        reason: text("They asked for it"),
    });
    app.issue_ok(office.ada, Command::Person(member, erase))
        .await;
    deliver_all(&app, &mailer(&app)).await;
    let rows = outbox_rows(&app).await;
    assert!(rows.iter().all(|row| row.state != "due"), "{rows:?}");
}

on_each_engine!(a_reminder_without_an_email_is_a_call_and_one_row_of_work);
async fn a_reminder_without_an_email_is_a_call_and_one_row_of_work(app: TestApp) {
    // Given a late report of a group whose only member has no email.
    let office = Office::open(&app, 10_000).await;
    let (grant, _, member) = office.approved(&app, 700).await;
    let details = PersonDetails {
        name: open("Zofia Nowak"),
        email: None,
        telephone: Some(open("07700 900233")),
        postal_address: None,
        typed_email: None,
    };
    let change = Command::Person(member, PersonCommand::ChangeContact(details));
    app.issue_ok(member, change).await;
    app.pass_days(121);
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    app.catch_up().await;
    let address = serve(&app, office.ada).address().to_owned();
    let mut ada = signed_in(&app, &address, office.ada).await;
    let at = format!("/desk/updates/{}/1", grant.0);
    let late = ada.get(&at);

    // When
    let remind = command_from_json("grant", grant.0, "remind-now", &json!({ "update": 1 }));
    app.issue_ok(office.ada, remind).await;
    deliver_all(&app, &post).await;
    let mail = outbox::waiting_by_hand(&app.log, 10)
        .await
        .unwrap()
        .remove(0);
    let words = format!("/desk/tell/{}", mail.id);
    let today = ada.get("/desk");
    let reminded = ada.get(&at);

    // Then
    assert!(
        late.contains("Next: phone or write to them")
            && late.contains("Get the words to say")
            && !late.contains("Remind now"),
        "{}",
        late.text
    );
    assert!(today.contains("nobody has told them yet") && !today.contains("Reminded once"));
    assert_eq!(today.text.matches(&words).count(), 1, "{}", today.text);
    assert!(
        reminded.contains("nobody has told them yet")
            && reminded.contains(&words)
            && !reminded.contains("Get the words to say"),
        "{}",
        reminded.text
    );
}
