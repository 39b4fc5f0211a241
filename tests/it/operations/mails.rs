//! Mails: each is written once, for its addressee, in the staff's text where there is one; and none
//! is lost while the process is killed again and again during delivery to a real mail server.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command as Program, Stdio};
use std::time::{Duration, Instant};

use microgrants::commands::{Caller, CommandRequest};
use microgrants::domain::application::{ChooseLanguage, RequestChanges, Resubmit};
use microgrants::domain::command::{ProposalRef, WithReason};
use microgrants::domain::grant::SendPayment;
use microgrants::domain::group::MergeGroup;
use microgrants::domain::language::Language;
use microgrants::domain::mail::{MailKind, PublishMailText};
use microgrants::domain::person::{MailedAddress, PersonDetails};
use microgrants::domain::personal_data::{BlindIndexKind, PersonalInput};
use microgrants::domain::{
    ApplicationCommand, ApplicationId, Command, GrantCommand, GroupCommand, OrganisationCommand,
    Person, PersonCommand, PersonId, Refusal,
};
use microgrants::jobs::Jobs;
use microgrants::mail::sign_in_links::{self, NewSignInLink};
use microgrants::mail::{MailTransport, Mailer};
use microgrants::store::Store;
use microgrants::store::outbox::{MailRow, newest};

use crate::audit::transparency_log::sealer;
use crate::support::fixtures::{Office, approve, open, submit, text};
use crate::support::test_app::{ORGANISATION, TestApp};

pub fn mail_folder(house: &TestApp) -> PathBuf {
    house.folder.path().join("mails")
}

pub fn mailer(house: &TestApp) -> Mailer {
    let outbox = MailTransport::folder("Grants <grants@example.org>", &mail_folder(house)).unwrap();
    Mailer::new(
        house.commands.clone(),
        house.views(),
        outbox,
        "https://grants.example.org/",
    )
}

/// Delivers mails until none is due.
pub async fn deliver_all(house: &TestApp, post: &Mailer) {
    house.catch_up().await;
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

async fn outbox_rows(house: &TestApp) -> Vec<MailRow> {
    newest(house.store(), ORGANISATION, "", 1000).await.unwrap()
}

/// Sets a member's e-mail address, with which they can sign in.
pub async fn set_email(house: &TestApp, member: PersonId, email: &str) {
    let details = PersonDetails {
        name: open("Zofia"),
        email: Some(PersonalInput::Open(email.into())),
        telephone: None,
    };
    house
        .issue_ok(
            member,
            Command::Person(member, PersonCommand::ChangeContact(details)),
        )
        .await;
    let person = house.log.refresh::<Person>(member.0).await.unwrap().state;
    let address = person.email().expect("an address").digest.clone();
    let prove = Command::Person(
        member,
        PersonCommand::ProveAddress(MailedAddress { address }),
    );
    house
        .commands
        .execute(CommandRequest::new(Caller::job(), prove))
        .await
        .expect("it is theirs");
}

on_each_engine!(a_group_is_written_to_once);
async fn a_group_is_written_to_once(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (application, _, member) = office.draft(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    house
        .issue_ok(
            member,
            Command::Application(application, ApplicationCommand::Submit(submit())),
        )
        .await;
    house.catch_up().await;
    let (one, two) = (post.clone(), post.clone());
    let (one, two) = tokio::join!(async { deliver_all(&house, &one).await }, async {
        deliver_all(&house, &two).await;
    });
    let ((), ()) = (one, two);
    let found = mails_in_folder(&mail_folder(&house));
    assert_eq!(found.len(), 1, "{found:?}");
    let (id, says) = found.first_key_value().unwrap();
    let row: microgrants::projections::ApplicationRow = house
        .views()
        .find(&application.to_string(), None)
        .await
        .unwrap()
        .unwrap();
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
    let rows = outbox_rows(&house).await;
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
    deliver_all(&house, &post).await;
    assert_eq!(
        mails_in_folder(&mail_folder(&house)).len(),
        1,
        "and it is sent once"
    );
}

/// The attachments of the mails in the folder, by addressee.
fn attachments(folder: &Path) -> Vec<(String, String)> {
    let read = |entry: std::fs::DirEntry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        let parsed = mail_parser::MessageParser::default().parse(&bytes)?;
        let note = parsed.attachment(0)?.text_contents()?.replace("\r\n", "\n");
        Some((parsed.to()?.first()?.address()?.to_owned(), note))
    };
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .flatten()
        .filter_map(read)
        .collect();
    found.sort();
    found
}

on_each_engine!(heads_leave_the_building_daily_at_a_rounds_end_and_on_alarm);
async fn heads_leave_the_building_daily_at_a_rounds_end_and_on_alarm(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let to = || {
        vec![
            "auditor@example.org".to_owned(),
            "trustee@example.org".to_owned(),
        ]
    };
    let post = mailer(&house).sending_checkpoints_to(to());
    post.subscribe().await.unwrap();
    deliver_all(&house, &post).await;
    assert!(!mail_folder(&house).exists(), "nothing was sealed yet");
    sealer(&house).catch_up().await.unwrap();
    for _ in 0..2 {
        deliver_all(&house, &post).await;
        deliver_all(&house, &self::mailer(&house).sending_checkpoints_to(to())).await;
    }
    let first = crate::audit::transparency_log::checkpoints(&house)
        .await
        .pop()
        .unwrap()
        .note;
    let sent = attachments(&mail_folder(&house));
    assert_eq!(
        sent,
        [
            ("auditor@example.org".to_owned(), first.clone()),
            ("trustee@example.org".to_owned(), first)
        ],
        "once a day to each"
    );
    let stored = format!("{:?}", outbox_rows(&house).await);
    assert!(
        !stored.contains("example.org"),
        "no address stands in the table"
    );
    // The mail about a completed round attaches a checkpoint that covers the event, so it waits for
    // the signer.
    house.pass_days(31);
    for name in ["close-round", "start-deciding", "complete-round"] {
        let round = serde_json::json!({ "round": "first" });
        house
            .issue_ok(
                office.ada,
                crate::support::scenario::command_from_json("fund", office.fund.0, name, &round),
            )
            .await;
    }
    deliver_all(&house, &post).await;
    let waiting = outbox_rows(&house)
        .await
        .iter()
        .filter(|row| row.kind == "signed_head" && row.state == "due")
        .count();
    assert_eq!(
        (attachments(&mail_folder(&house)).len(), waiting),
        (4, 2),
        "today's were sent, those of the round wait"
    );
    sealer(&house).catch_up().await.unwrap();
    house.pass_seconds(5);
    deliver_all(&house, &post).await;
    let last = crate::audit::transparency_log::checkpoints(&house)
        .await
        .pop()
        .unwrap()
        .note;
    let sent = attachments(&mail_folder(&house));
    assert_eq!(
        sent.iter().filter(|(_, note)| *note == last).count(),
        2,
        "{sent:?}"
    );
    // A rewritten log is reported to administrators once.
    crate::audit::transparency_log::rewrite_log(
        &house,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    sealer(&house).check().await.unwrap_err();
    for _ in 0..3 {
        deliver_all(&house, &post).await;
    }
    let alarms = mails_in_folder(&mail_folder(&house))
        .into_values()
        .filter(|says| says.contains("ALARM"))
        .count();
    assert_eq!(alarms, 2);
}

on_each_engine!(nobody_is_written_to_about_what_was_before);
async fn nobody_is_written_to_about_what_was_before(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (_, _, member) = office.submitted(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    deliver_all(&house, &post).await;
    assert!(
        outbox_rows(&house).await.is_empty(),
        "mail was switched on later"
    );
}

on_each_engine!(a_reminder_stops_when_it_was_answered);
async fn a_reminder_stops_when_it_was_answered(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    let (application, _, member) = office.submitted(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    deliver_all(&house, &post).await;
    let ask = RequestChanges {
        questions: [text("idea")].into(),
        note: text("Who would come?"),
        due_on: house.in_days(14),
    };
    house
        .issue_ok(
            office.ada,
            Command::Application(application, ApplicationCommand::RequestChanges(ask)),
        )
        .await;
    house
        .issue_ok(
            member,
            Command::Application(
                application,
                ApplicationCommand::Resubmit(Resubmit::default()),
            ),
        )
        .await;
    deliver_all(&house, &post).await;
    let asked: Vec<_> = outbox_rows(&house)
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
    let (grant, _, member) = office.payable(&house, 900).await;
    set_email(&house, member, "adam@example.org").await;
    house.pass_days(400);
    house.catch_up().await;
    Jobs::new(house.commands.clone(), house.views())
        .run_once()
        .await
        .unwrap();
    deliver_all(&house, &post).await;
    let reminders = |rows: Vec<MailRow>| {
        rows.into_iter()
            .filter(|row| row.kind == "update_due")
            .map(|row| row.state)
            .collect::<Vec<_>>()
    };
    assert_eq!(reminders(outbox_rows(&house).await), ["sent"], "{grant}");
    assert!(
        mails_in_folder(&mail_folder(&house))
            .values()
            .any(|says| says.contains("adam@example.org") && says.contains(&grant.to_string()))
    );
    Jobs::new(house.commands.clone(), house.views())
        .run_once()
        .await
        .unwrap();
    deliver_all(&house, &post).await;
    assert_eq!(
        reminders(outbox_rows(&house).await).len(),
        1,
        "one reminder is enough"
    );
}

on_each_engine!(words_are_the_funds_own_then_staffs_then_ours);
async fn words_are_the_funds_own_then_staffs_then_ours(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    let publish = async |fund, language, subject: &str| {
        let words = PublishMailText {
            mail: MailKind::Submitted,
            fund,
            language,
            subject: text(subject),
            body: text("{{ link }}"),
        };
        house
            .issue_ok(
                office.ada,
                Command::Organisation(
                    house.commands.organisation(),
                    OrganisationCommand::PublishMailText(words),
                ),
            )
            .await;
    };
    let hand_in = async |email: &str, language: Language| {
        let (application, _, member) = office.draft(&house, 900).await;
        set_email(&house, member, email).await;
        let choose = ApplicationCommand::ChooseLanguage(ChooseLanguage {
            language,
            helper: Some(open("A neighbour")),
        });
        house
            .issue_ok(member, Command::Application(application, choose))
            .await;
        house
            .issue_ok(
                member,
                Command::Application(application, ApplicationCommand::Submit(submit())),
            )
            .await;
        deliver_all(&house, &post).await;
        let found = mails_in_folder(&mail_folder(&house))
            .into_values()
            .find(|says| says.starts_with(email))
            .expect("a mail");
        found.lines().nth(1).unwrap().to_owned()
    };
    assert!(
        hand_in("a@example.org", Language::En)
            .await
            .starts_with("We have your application")
    );
    assert!(
        hand_in("b@example.org", Language::Pl)
            .await
            .starts_with("Mamy Twój wniosek")
    );
    publish(None, Language::En, "Staff's words for {{ group }}").await;
    assert!(
        hand_in("c@example.org", Language::En)
            .await
            .starts_with("Staff's words for")
    );
    publish(Some(office.fund), Language::En, "The fund's words").await;
    assert_eq!(
        hand_in("d@example.org", Language::En).await,
        "The fund's words"
    );
    assert!(
        hand_in("e@example.org", Language::Pl)
            .await
            .starts_with("Mamy Twój wniosek"),
        "other languages keep theirs"
    );
}

on_each_engine!(a_server_that_does_not_answer_is_tried_again);
async fn a_server_that_does_not_answer_is_tried_again(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let outbox =
        MailTransport::server("grants@example.org", &format!("smtp://127.0.0.1:{port}")).unwrap();
    let silent = Mailer::new(
        house.commands.clone(),
        house.views(),
        outbox,
        "https://grants.example.org",
    );
    let (application, _, member) = office.draft(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    silent.subscribe().await.unwrap();
    house
        .issue_ok(
            member,
            Command::Application(application, ApplicationCommand::Submit(submit())),
        )
        .await;
    deliver_all(&house, &silent).await;
    let row = outbox_rows(&house).await.remove(0);
    assert_eq!(
        (row.state.as_str(), row.tries),
        ("due", 1),
        "{application}: {row:?}"
    );
    let minutes = (row.due_at - house.commands.now().as_microsecond()) / 60_000_000;
    assert!(
        (0..=1).contains(&minutes),
        "it is tried again in a minute, not at once: {minutes}"
    );
    deliver_all(&house, &silent).await;
    assert_eq!(outbox_rows(&house).await[0].tries, 1);
    house.pass_days(1);
    deliver_all(&house, &mailer(&house)).await;
    assert_eq!(
        (
            outbox_rows(&house).await[0].state.as_str(),
            mails_in_folder(&mail_folder(&house)).len()
        ),
        ("sent", 1),
        "and arrives once somebody takes it"
    );
}

on_each_engine!(a_merged_groups_own_members_are_written_to_as_well);
async fn a_merged_groups_own_members_are_written_to_as_well(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (grant, old, member) = office.prepared(&house, 600).await;
    let (heir, other) = office.group(&house).await;
    set_email(&house, member, "old@example.org").await;
    set_email(&house, other, "heir@example.org").await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    let merge = MergeGroup {
        into: heir,
        reason: text("The same people under a new name"),
    };
    house
        .issue_ok(office.ada, Command::Group(old, GroupCommand::Merge(merge)))
        .await;
    house
        .issue_ok(office.ben, Command::Grant(grant, approve(1)))
        .await;
    let sent = GrantCommand::SendPayment(SendPayment {
        payment: 1,
        happened_on: house.today(),
    });
    house
        .issue_ok(office.ben, Command::Grant(grant, sent))
        .await;
    deliver_all(&house, &post).await;
    let found = mails_in_folder(&mail_folder(&house));
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

on_each_engine!(a_change_of_address_tells_the_old_one_and_counts_once_confirmed);
async fn a_change_of_address_tells_the_old_one_and_counts_once_confirmed(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let (_, _, member) = office.draft(&house, 900).await;
    set_email(&house, member, "zofia@example.org").await;
    let post = mailer(&house);
    post.subscribe().await.unwrap();
    let holder = async |email: &str| {
        house
            .log
            .vault()
            .subject_of(BlindIndexKind::Email, email)
            .await
            .unwrap()
    };
    let both = async || {
        (
            holder("zofia@example.org").await,
            holder("new@example.org").await,
        )
    };
    let person = |command| Command::Person(member, command);
    let change = PersonDetails {
        name: open("Zofia"),
        email: Some(open("new@example.org")),
        telephone: None,
    };
    house
        .issue_ok(office.ada, person(PersonCommand::ChangeContact(change)))
        .await;
    deliver_all(&house, &post).await;
    assert_eq!(
        both().await,
        (Some(member.0), None),
        "an address that is only proposed finds nobody"
    );
    assert!(
        mails_in_folder(&mail_folder(&house)).is_empty(),
        "and nothing was changed yet"
    );
    let refused = house
        .issue_refused(
            office.ada,
            person(PersonCommand::ConfirmContact(ProposalRef { proposal: 1 })),
        )
        .await;
    assert_eq!(refused, Refusal::SamePerson);
    house
        .issue_ok(
            office.ben,
            person(PersonCommand::ConfirmContact(ProposalRef { proposal: 1 })),
        )
        .await;
    deliver_all(&house, &post).await;
    assert_eq!(both().await, (None, Some(member.0)));
    let told = mails_in_folder(&mail_folder(&house));
    let says = told.values().next().expect("a mail");
    assert!(
        told.len() == 1 && says.starts_with("zofia@example.org\nYour contact details were changed"),
        "{told:?}"
    );
    assert!(
        !says.contains("/sign-in") && !says.contains("new@example.org") && !says.contains("Zofia"),
        "{says}"
    );
    let invited = NewSignInLink {
        person: member,
        joins: None,
        valid_minutes: 30,
        by_mail: true,
    };
    sign_in_links::issue(&house.commands, invited)
        .await
        .unwrap();
    deliver_all(&house, &post).await;
    let link = mails_in_folder(&mail_folder(&house))
        .into_iter()
        .find(|(id, _)| !told.contains_key(id))
        .expect("a link")
        .1;
    assert!(
        link.starts_with("new@example.org\n") && link.contains("/sign-in/"),
        "{link}"
    );
    // An erased person has no address.
    set_email(&house, member, "third@example.org").await;
    let erase = PersonCommand::Erase(WithReason {
        reason: text("They asked for it"),
    });
    house.issue_ok(office.ada, person(erase)).await;
    deliver_all(&house, &post).await;
    let last = outbox_rows(&house)
        .await
        .into_iter()
        .filter(|row| row.kind == "contact_changed")
        .map(|row| row.state)
        .collect::<BTreeSet<_>>();
    assert_eq!(
        last,
        BTreeSet::from(["dropped".to_owned(), "sent".to_owned()])
    );
}

/// The Python interpreter that has aiosmtpd, if there is one.
fn find_aiosmtpd() -> Option<PathBuf> {
    let python = PathBuf::from(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/target/validators/bin/python"
    ));
    let has = Program::new(&python)
        .args(["-c", "import aiosmtpd"])
        .stderr(Stdio::null())
        .status();
    has.is_ok_and(|status| status.success()).then_some(python)
}

struct MailServer(Child);

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts a mail server that stores its mails in a folder.
fn serve_smtp(python: &Path, port: u16, folder: &Path) -> MailServer {
    let listen = format!("127.0.0.1:{port}");
    let mut program = Program::new(python);
    program
        .args([
            "-m",
            "aiosmtpd",
            "-n",
            "-l",
            &listen,
            "-c",
            "aiosmtpd.handlers.Mailbox",
        ])
        .arg(folder);
    let child = program
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the mail server starts");
    let since = Instant::now();
    while TcpStream::connect(&listen).is_err() {
        assert!(
            since.elapsed() < Duration::from_secs(20),
            "the mail server answers"
        );
        std::thread::sleep(Duration::from_millis(50));
    }
    MailServer(child)
}

/// The Message-IDs in the mail server's folder.
fn received_message_ids(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("new")) else {
        return Vec::new();
    };
    let id = |entry: std::fs::DirEntry| {
        let bytes = std::fs::read(entry.path()).ok()?;
        Some(
            mail_parser::MessageParser::default()
                .parse(&bytes)?
                .message_id()?
                .to_owned(),
        )
    };
    entries.flatten().filter_map(id).collect()
}

on_sqlite!(
    none_is_lost_when_the_process_is_killed,
    ignore = "needs aiosmtpd"
);
/// Groups submit applications; then the service is killed again and again while it sends mails, a
/// little later each time.
async fn none_is_lost_when_the_process_is_killed(house: TestApp) {
    const GROUPS: usize = 30;
    const KILLS: u64 = 24;
    let office = Office::open(&house, 10_000).await;
    let mut drafts = Vec::new();
    for number in 0..GROUPS {
        let (application, _, member) = office.draft(&house, 900).await;
        set_email(&house, member, &format!("group{number}@example.org")).await;
        drafts.push((application, member));
    }
    mailer(&house).subscribe().await.unwrap();
    for (application, member) in drafts {
        house
            .issue_ok(
                member,
                Command::Application(
                    ApplicationId(application.0),
                    ApplicationCommand::Submit(submit()),
                ),
            )
            .await;
    }
    let place = house.close().await;
    let mailbox = place.folder.path().join("mailbox");
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let _server = serve_smtp(&find_aiosmtpd().unwrap(), port, &mailbox);
    let start = || {
        let mut program = place.program();
        program
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--mail-claim-seconds",
                "1",
            ])
            .env("MICROGRANTS_MAIL_FROM", "grants@example.org");
        program
            .env("MICROGRANTS_SMTP_URL", format!("smtp://127.0.0.1:{port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        program.spawn().expect("the program starts")
    };
    for kill in 0..KILLS {
        let mut running = start();
        std::thread::sleep(Duration::from_millis(150 + kill * 23));
        running.kill().unwrap();
        running.wait().unwrap();
    }
    let mut running = start();
    let since = Instant::now();
    let all: Vec<String> = loop {
        let ids = received_message_ids(&mailbox);
        let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
        if distinct.len() >= GROUPS || since.elapsed() > Duration::from_mins(1) {
            std::thread::sleep(Duration::from_millis(1500));
            break received_message_ids(&mailbox);
        }
        std::thread::sleep(Duration::from_millis(200));
    };
    running.kill().unwrap();
    running.wait().unwrap();
    let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
    for id in &all {
        *counts.entry(id).or_default() += 1;
    }
    let store = Store::open(&place.url).await.unwrap();
    let rows = newest(&store, ORGANISATION, "", 1000).await.unwrap();
    store.close().await;
    assert_eq!(
        (counts.len(), rows.len()),
        (GROUPS, GROUPS),
        "every group got its mail, and no other was sent"
    );
    assert!(rows.iter().all(|row| row.state == "sent"), "{rows:?}");
    let repeated: usize = counts.values().map(|count| count - 1).sum();
    assert!(
        repeated <= usize::try_from(KILLS).unwrap(),
        "at most one is repeated a kill: {repeated}"
    );
    for row in &rows {
        assert!(
            counts.contains_key(&format!("{}@example.org", row.id)),
            "each under the Message-ID that it always had"
        );
    }
    let _ = writeln!(
        std::io::stderr(),
        "mails: {GROUPS} sent over {KILLS} kills, {repeated} repeated under the same Message-ID"
    );
}
