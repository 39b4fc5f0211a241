//! Mails: each is written once, for its addressee, in the staff's text where there is one.

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::application::{ChooseLanguage, RequestChanges, Resubmit};
use microgrants::domain::command::{ProposalRef, WithReason};
use microgrants::domain::file::{FilePurpose, KeepFile, MediaType};
use microgrants::domain::grant::SendPayment;
use microgrants::domain::group::MergeGroup;
use microgrants::domain::language::Language;
use microgrants::domain::mail::{MailKind, PublishMailText};
use microgrants::domain::person::{MailedAddress, PersonDetails};
use microgrants::domain::personal_data::{BlindIndexKind, PersonalInput};
use microgrants::domain::{
    ApplicationCommand, Command, FundId, GrantCommand, GroupCommand, OrganisationCommand, Person,
    PersonCommand, PersonId, Refusal,
};
use microgrants::jobs::Jobs;
use microgrants::mail::{MailTransport, Mailer};
use microgrants::store::outbox::{MailRow, newest};
use serde_json::json;
use uuid::Uuid;

use crate::support::fixtures::{Office, approve, open, submit, text};
use crate::support::scenario::command_from_json;
use crate::support::test_app::{ORGANISATION, TestApp};

pub fn mail_folder(app: &TestApp) -> PathBuf {
    app.folder.path().join("mails")
}

pub fn mailer(app: &TestApp) -> Mailer {
    let outbox = MailTransport::folder("Grants <grants@example.org>", &mail_folder(app)).unwrap();
    Mailer::new(
        app.commands.clone(),
        app.views(),
        outbox,
        "https://grants.example.org/",
    )
}

/// Delivers mails until none is due.
pub async fn deliver_all(app: &TestApp, post: &Mailer) {
    app.catch_up().await;
    while post.run_once().await.expect("the post runs") {}
}

/// The mails in the folder, by id.
pub fn mails_in_folder(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return BTreeMap::new();
    };
    let read = |entry: std::fs::DirEntry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        let parsed = mail_parser::MessageParser::default().parse(&bytes)?;
        let says = format!(
            "{}\n{}\n{}",
            parsed.to()?.first()?.address()?,
            parsed.subject()?,
            parsed.body_text(0)?
        );
        Some((parsed.message_id()?.to_owned(), says))
    };
    entries.flatten().filter_map(read).collect()
}

pub async fn outbox_rows(app: &TestApp) -> Vec<MailRow> {
    newest(app.store(), ORGANISATION, "", 1000).await.unwrap()
}

/// Sets a member's e-mail address, with which they can sign in.
pub async fn set_email(app: &TestApp, member: PersonId, email: &str) {
    let details = PersonDetails {
        name: open("Zofia"),
        email: Some(PersonalInput::Open(email.into())),
        telephone: None,
        postal_address: None,
        typed_email: None,
    };
    app.issue_ok(
        member,
        Command::Person(member, PersonCommand::ChangeContact(details)),
    )
    .await;
    let person = app.log.refresh::<Person>(member.0).await.unwrap().state;
    let address = person.email().expect("an address").digest.clone();
    let prove = Command::Person(
        member,
        PersonCommand::ProveAddress(MailedAddress { address }),
    );
    app.commands
        .execute(CommandRequest::new(Caller::job(), prove))
        .await
        .expect("it is theirs");
}

on_each_engine!(a_group_is_written_to_once);
async fn a_group_is_written_to_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (application, _, member) = office.draft(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    app.issue_ok(
        member,
        Command::Application(application, ApplicationCommand::Submit(submit())),
    )
    .await;
    app.catch_up().await;
    let (one, two) = (post.clone(), post.clone());
    let (one, two) = tokio::join!(async { deliver_all(&app, &one).await }, async {
        deliver_all(&app, &two).await;
    });
    let ((), ()) = (one, two);
    let found = mails_in_folder(&mail_folder(&app));
    assert_eq!(found.len(), 1, "{found:?}");
    let (id, says) = found.first_key_value().unwrap();
    let row: microgrants::projections::ApplicationRow =
        app.views().find(application, None).await.unwrap().unwrap();
    let reference = microgrants::domain::reference::Reference::parse(&row.reference)
        .unwrap()
        .to_string();
    assert!(
        says.starts_with("zofia@example.org\n")
            && says.contains(&reference)
            && says.contains("Dear Zofia") | says.contains("Hello Zofia"),
        "{says}"
    );
    assert!(
        says.contains(&format!(
            "https://grants.example.org/my/applications/{application}"
        )),
        "{says}"
    );
    let rows = outbox_rows(&app).await;
    assert_eq!(
        (rows.len(), rows[0].state.as_str(), rows[0].tries),
        (1, "sent", 1)
    );
    assert_eq!(
        *id,
        format!("{}@example.org", rows[0].id),
        "the Message-ID follows from what it is about"
    );
    let stored = format!("{rows:?}");
    assert!(
        !stored.contains("zofia") && !stored.contains("Zofia"),
        "nothing personal stands in the table"
    );
    deliver_all(&app, &post).await;
    assert_eq!(
        mails_in_folder(&mail_folder(&app)).len(),
        1,
        "and it is sent once"
    );
}

on_each_engine!(nobody_is_written_to_about_what_was_before);
async fn nobody_is_written_to_about_what_was_before(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (_, _, member) = office.submitted(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    deliver_all(&app, &post).await;
    assert!(
        outbox_rows(&app).await.is_empty(),
        "mail was switched on later"
    );
}

on_each_engine!(a_reminder_stops_when_it_was_answered);
async fn a_reminder_stops_when_it_was_answered(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let (application, _, member) = office.submitted(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    deliver_all(&app, &post).await;
    let ask = RequestChanges {
        questions: [text("idea")].into(),
        note: text("Who would come?"),
        notes: BTreeMap::new(),
        due_on: app.in_days(14),
    };
    app.issue_ok(
        office.ada,
        Command::Application(application, ApplicationCommand::RequestChanges(ask)),
    )
    .await;
    app.issue_ok(
        member,
        Command::Application(
            application,
            ApplicationCommand::Resubmit(Resubmit::default()),
        ),
    )
    .await;
    deliver_all(&app, &post).await;
    let asked: Vec<_> = outbox_rows(&app)
        .await
        .into_iter()
        .filter(|row| row.kind == "changes_requested")
        .collect();
    assert_eq!(
        (asked.len(), asked[0].state.as_str()),
        (1, "dropped"),
        "the group was quicker"
    );
    // A reminder is sent, and not repeated once the update has arrived.
    let (grant, _, member) = office.payable(&app, 900).await;
    set_email(&app, member, "adam@example.org").await;
    app.pass_days(400);
    app.catch_up().await;
    Jobs::new(app.commands.clone(), app.views())
        .run_once()
        .await
        .unwrap();
    deliver_all(&app, &post).await;
    let reminders = |rows: Vec<MailRow>| {
        rows.into_iter()
            .filter(|row| row.kind == "update_due")
            .map(|row| row.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(reminders(outbox_rows(&app).await), ["sent"], "{grant}");
    assert!(
        mails_in_folder(&mail_folder(&app))
            .values()
            .any(|says| says.contains("adam@example.org") && says.contains(&grant.to_string()))
    );
    Jobs::new(app.commands.clone(), app.views())
        .run_once()
        .await
        .unwrap();
    deliver_all(&app, &post).await;
    assert_eq!(
        reminders(outbox_rows(&app).await).len(),
        1,
        "one reminder is enough"
    );
}

on_each_engine!(what_is_asked_about_one_answer_follows_its_question_in_the_groups_language);
async fn what_is_asked_about_one_answer_follows_its_question_in_the_groups_language(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let (application, _, member) = office.draft(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let choose = ChooseLanguage {
        language: Language::Pl,
        helper: None,
        spoken_language: None,
    };
    let ask = RequestChanges {
        questions: [text("idea"), text("requested")].into(),
        note: text("We have two questions."),
        notes: [
            (text("idea"), text("Who will come?")),
            (text("requested"), text("Is it enough?")),
        ]
        .into(),
        due_on: app.in_days(14),
    };
    for (by, command) in [
        (member, ApplicationCommand::ChooseLanguage(choose)),
        (member, ApplicationCommand::Submit(submit())),
        (office.ada, ApplicationCommand::RequestChanges(ask)),
    ] {
        app.issue_ok(by, Command::Application(application, command))
            .await;
    }

    deliver_all(&app, &post).await;

    let mails = mails_in_folder(&mail_folder(&app));
    let mail = mails
        .values()
        .find(|says| says.contains("We have two questions."))
        .expect("the group gets a mail");
    let parts = [
        "Mamy do Ciebie pytanie",
        "We have two questions.",
        "Ile pieniędzy potrzebujesz?",
        "Is it enough?",
        "What would you like to do?",
        "Who will come?",
    ];
    let places: Vec<_> = parts.iter().map(|part| mail.find(part)).collect();
    assert!(
        places.iter().all(Option::is_some) && places.is_sorted(),
        "{mail}"
    );
}

on_each_engine!(words_are_the_funds_own_then_staffs_then_ours);
async fn words_are_the_funds_own_then_staffs_then_ours(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let mailer = mailer(&app);
    mailer.subscribe().await.unwrap();
    let subject = async |email: &str, language: Language| {
        subject_of_receipt(&app, &office, &mailer, email, language).await
    };

    assert!(
        subject("a@example.org", Language::En)
            .await
            .starts_with("We have your application")
    );
    assert!(
        subject("b@example.org", Language::Pl)
            .await
            .starts_with("Mamy Twój wniosek")
    );

    publish_text(&app, &office, None, "Staff's words for {{ group }}").await;
    assert!(
        subject("c@example.org", Language::En)
            .await
            .starts_with("Staff's words for")
    );

    publish_text(&app, &office, Some(office.fund), "The fund's words").await;
    assert_eq!(
        subject("d@example.org", Language::En).await,
        "The fund's words"
    );
    assert!(
        subject("e@example.org", Language::Pl)
            .await
            .starts_with("Mamy Twój wniosek"),
        "other languages keep theirs"
    );
}

/// Publishes an English text of the mail on a submitted application.
async fn publish_text(app: &TestApp, office: &Office, fund: Option<FundId>, subject: &str) {
    let words = PublishMailText {
        mail: MailKind::Submitted,
        fund,
        language: Language::En,
        subject: text(subject),
        body: text("{{ link }}"),
    };
    app.issue_ok(
        office.ada,
        Command::Organisation(
            app.commands.organisation(),
            OrganisationCommand::PublishMailText(words),
        ),
    )
    .await;
}

/// Submits an application in a language. Returns the subject of the mail on it.
async fn subject_of_receipt(
    app: &TestApp,
    office: &Office,
    mailer: &Mailer,
    email: &str,
    language: Language,
) -> String {
    let (application, _, member) = office.draft(app, 900).await;
    set_email(app, member, email).await;
    let choose = ChooseLanguage {
        language,
        helper: Some(open("A neighbour")),
        spoken_language: None,
    };
    for command in [
        ApplicationCommand::ChooseLanguage(choose),
        ApplicationCommand::Submit(submit()),
    ] {
        app.issue_ok(member, Command::Application(application, command))
            .await;
    }
    deliver_all(app, mailer).await;
    let mail = mails_in_folder(&mail_folder(app))
        .into_values()
        .find(|says| says.starts_with(email))
        .expect("a mail");
    mail.lines().nth(1).unwrap().to_owned()
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

on_each_engine!(a_server_that_does_not_answer_is_tried_again);
async fn a_server_that_does_not_answer_is_tried_again(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let silent = format!("smtp://127.0.0.1:{}", free_port());
    let outbox = MailTransport::server("grants@example.org", &silent).unwrap();
    let silent = Mailer::new(
        app.commands.clone(),
        app.views(),
        outbox,
        "https://grants.example.org",
    );
    let (application, _, member) = office.draft(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    silent.subscribe().await.unwrap();
    app.issue_ok(
        member,
        Command::Application(application, ApplicationCommand::Submit(submit())),
    )
    .await;
    deliver_all(&app, &silent).await;
    let row = outbox_rows(&app).await.remove(0);
    assert_eq!(
        (row.state.as_str(), row.tries),
        ("due", 1),
        "{application}: {row:?}"
    );
    let minutes = (row.due_at - app.commands.now().as_microsecond()) / 60_000_000;
    assert!(
        (0..=1).contains(&minutes),
        "it is tried again in a minute, not at once: {minutes}"
    );
    deliver_all(&app, &silent).await;
    assert_eq!(outbox_rows(&app).await[0].tries, 1);
    app.pass_days(1);
    deliver_all(&app, &mailer(&app)).await;
    assert_eq!(
        (
            outbox_rows(&app).await[0].state.as_str(),
            mails_in_folder(&mail_folder(&app)).len()
        ),
        ("sent", 1),
        "and arrives once somebody takes it"
    );
}

on_each_engine!(a_merged_groups_own_members_are_written_to_as_well);
async fn a_merged_groups_own_members_are_written_to_as_well(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, old, member) = office.prepared(&app, 600).await;
    let (heir, other) = office.group(&app).await;
    set_email(&app, member, "old@example.org").await;
    set_email(&app, other, "heir@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let merge = MergeGroup {
        into: heir,
        reason: text("The same people under a new name"),
    };
    app.issue_ok(office.ada, Command::Group(old, GroupCommand::Merge(merge)))
        .await;
    app.issue_ok(office.ben, Command::Grant(grant, approve(1)))
        .await;
    let sent = GrantCommand::SendPayment(SendPayment {
        payment: 1,
        happened_on: app.today(),
    });
    app.issue_ok(office.ben, Command::Grant(grant, sent)).await;
    deliver_all(&app, &post).await;
    let found = mails_in_folder(&mail_folder(&app));
    let to = |merge: bool| {
        let of_kind = found
            .values()
            .filter(|says| says.contains("joined with another") == merge);
        let mut to: Vec<_> = of_kind.filter_map(|says| says.lines().next()).collect();
        to.sort_unstable();
        to
    };
    assert_eq!(
        to(false),
        ["heir@example.org", "old@example.org"],
        "each is told once that the money is on its way"
    );
    assert_eq!(
        to(true),
        ["heir@example.org", "old@example.org"],
        "and once that the groups are one"
    );
}

/// A member whose address is changed by two officers, with mail switched on.
struct AddressChange {
    app: TestApp,
    office: Office,
    member: PersonId,
    mailer: Mailer,
}

impl AddressChange {
    async fn of(app: TestApp) -> Self {
        let office = Office::open(&app, 10_000).await;
        let (_, _, member) = office.draft(&app, 900).await;
        set_email(&app, member, "zofia@example.org").await;
        let mailer = mailer(&app);
        mailer.subscribe().await.unwrap();
        Self {
            app,
            office,
            member,
            mailer,
        }
    }

    /// Proposes the new address as Ada, and delivers mails.
    async fn propose(&self) {
        let change = PersonDetails {
            name: open("Zofia"),
            email: Some(open("new@example.org")),
            telephone: None,
            postal_address: None,
            typed_email: None,
        };
        let change = Command::Person(self.member, PersonCommand::ChangeContact(change));
        self.app.issue_ok(self.office.ada, change).await;
        self.deliver().await;
    }

    fn confirmation(&self) -> Command {
        let proposal = ProposalRef { proposal: 1 };
        Command::Person(self.member, PersonCommand::ConfirmContact(proposal))
    }

    /// Confirms the new address as Ben, and delivers mails.
    async fn confirm(&self) {
        self.app
            .issue_ok(self.office.ben, self.confirmation())
            .await;
        self.deliver().await;
    }

    async fn deliver(&self) {
        deliver_all(&self.app, &self.mailer).await;
    }

    fn mails(&self) -> BTreeMap<String, String> {
        mails_in_folder(&mail_folder(&self.app))
    }

    /// Who is found by the old address, and who by the new one.
    async fn holders(&self) -> [Option<Uuid>; 2] {
        let vault = self.app.log.vault();
        [
            vault
                .subject_of(BlindIndexKind::Email, "zofia@example.org")
                .await
                .unwrap(),
            vault
                .subject_of(BlindIndexKind::Email, "new@example.org")
                .await
                .unwrap(),
        ]
    }
}

on_each_engine!(a_change_of_address_tells_the_old_one_and_counts_once_confirmed);
async fn a_change_of_address_tells_the_old_one_and_counts_once_confirmed(app: TestApp) {
    // Given
    let change = AddressChange::of(app).await;
    let (app, member) = (&change.app, change.member);

    // When
    change.propose().await;

    // Then
    assert_eq!(
        change.holders().await,
        [Some(member.0), None],
        "an address that is only proposed finds nobody"
    );
    assert!(change.mails().is_empty(), "and nothing was changed yet");
    assert_eq!(
        app.issue_refused(change.office.ada, change.confirmation())
            .await,
        Refusal::SamePerson
    );

    // When
    change.confirm().await;

    // Then
    assert_eq!(change.holders().await, [None, Some(member.0)]);
    let told = change.mails();
    let says = told.values().next().expect("a mail");
    assert!(
        told.len() == 1 && says.starts_with("zofia@example.org\nYour contact details were changed"),
        "{told:?}"
    );
    assert!(
        !says.contains("/sign-in") && !says.contains("new@example.org") && !says.contains("Zofia"),
        "{says}"
    );

    // When
    let invited = NewSignInLink {
        person: member,
        joins: None,
        valid_minutes: 30,
        by_mail: true,
    };
    links::issue(&app.commands, invited).await.unwrap();
    change.deliver().await;

    // Then
    let (_, link) = change
        .mails()
        .into_iter()
        .find(|(id, _)| !told.contains_key(id))
        .expect("a link");
    assert!(
        link.starts_with("new@example.org\n") && link.contains("/sign-in/"),
        "{link}"
    );
}

on_each_engine!(an_erased_person_is_not_told_of_a_change_of_address);
async fn an_erased_person_is_not_told_of_a_change_of_address(app: TestApp) {
    let change = AddressChange::of(app).await;
    change.propose().await;
    change.confirm().await;
    set_email(&change.app, change.member, "third@example.org").await;

    let erase = PersonCommand::Erase(WithReason {
        reason: text("They asked for it"),
    });
    change
        .app
        .issue_ok(change.office.ada, Command::Person(change.member, erase))
        .await;
    change.deliver().await;

    let states = outbox_rows(&change.app)
        .await
        .into_iter()
        .filter(|row| row.kind == "contact_changed")
        .map(|row| row.state)
        .collect::<BTreeSet<_>>();
    assert_eq!(
        states,
        BTreeSet::from(["dropped".to_owned(), "sent".to_owned()])
    );
}

on_each_engine!(the_news_of_a_group_is_acknowledged);
async fn the_news_of_a_group_is_acknowledged(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let news = json!({ "channel": "web", "words": "The new oven works" });
    app.issue_ok(
        member,
        command_from_json("grant", grant.0, "send-news", &news),
    )
    .await;
    deliver_all(&app, &post).await;
    let rows = outbox_rows(&app).await;
    let sent: Vec<_> = rows
        .iter()
        .map(|row| (row.kind.as_str(), row.state.as_str()))
        .collect();
    assert_eq!(sent, [("update_received", "sent")]);
}

on_each_engine!(papers_of_one_day_are_acknowledged_once);
async fn papers_of_one_day_are_acknowledged_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let (_, group, member) = office.payable(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    let post = mailer(&app);
    post.subscribe().await.unwrap();
    let paper = |digits: &str| {
        let keep = KeepFile {
            file: digits.repeat(32).parse().unwrap(),
            media: MediaType::Pdf,
            bytes: 900,
            purpose: FilePurpose::Document,
            application: None,
        };
        Command::Group(group, GroupCommand::KeepFile(keep))
    };

    // What staff file for the group needs no thanks.
    app.issue_ok(office.ada, paper("aa")).await;
    app.issue_ok(member, paper("bb")).await;
    app.issue_ok(member, paper("cc")).await;
    deliver_all(&app, &post).await;

    let rows = outbox_rows(&app).await;
    let sent: Vec<_> = rows
        .iter()
        .map(|row| (row.kind.as_str(), row.state.as_str()))
        .collect();
    assert_eq!(sent, [("paper_received", "sent")]);
    let mails = mails_in_folder(&mail_folder(&app));
    assert!(
        mails
            .values()
            .all(|mail| mail.contains("We have the paper that you sent")),
        "{mails:?}"
    );
}
