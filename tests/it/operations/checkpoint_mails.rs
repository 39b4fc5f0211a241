//! Mails with checkpoints, to people outside: daily, at the end of a round, and an alarm to
//! administrators once the log contradicts what was signed.

use std::path::Path;

use microgrants::mail::Mailer;

use crate::audit::transparency_log::{checkpoints, rewrite_log, sealer};
use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows};
use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

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

/// A mailer that sends checkpoints to an auditor and a trustee.
fn checkpoint_mailer(app: &TestApp) -> Mailer {
    mailer(app).sending_checkpoints_to(vec![
        "auditor@example.org".to_owned(),
        "trustee@example.org".to_owned(),
    ])
}

async fn newest_checkpoint(app: &TestApp) -> String {
    checkpoints(app).await.pop().unwrap().note
}

on_each_engine!(checkpoints_leave_the_building_daily);
async fn checkpoints_leave_the_building_daily(app: TestApp) {
    Office::open(&app, 10_000).await;
    let mailer = checkpoint_mailer(&app);
    mailer.subscribe().await.unwrap();
    deliver_all(&app, &mailer).await;
    assert!(!mail_folder(&app).exists(), "nothing was signed yet");

    sealer(&app).catch_up().await.unwrap();
    for _ in 0..2 {
        deliver_all(&app, &mailer).await;
        deliver_all(&app, &checkpoint_mailer(&app)).await;
    }

    let first = newest_checkpoint(&app).await;
    assert_eq!(
        attachments(&mail_folder(&app)),
        [
            ("auditor@example.org".to_owned(), first.clone()),
            ("trustee@example.org".to_owned(), first)
        ],
        "once a day to each"
    );
    let stored = format!("{:?}", outbox_rows(&app).await);
    assert!(
        !stored.contains("example.org"),
        "no address stands in the table"
    );
}

on_each_engine!(checkpoints_leave_the_building_at_a_rounds_end);
/// The mail about a completed round attaches a checkpoint that covers the event, so it waits for
/// the signer.
async fn checkpoints_leave_the_building_at_a_rounds_end(app: TestApp) {
    // Given
    let office = Office::open(&app, 10_000).await;
    let mailer = checkpoint_mailer(&app);
    mailer.subscribe().await.unwrap();
    sealer(&app).catch_up().await.unwrap();
    deliver_all(&app, &mailer).await;
    assert_eq!(attachments(&mail_folder(&app)).len(), 2);

    // When
    app.pass_days(31);
    for name in ["close-round", "start-deciding", "complete-round"] {
        let round = serde_json::json!({ "round": "first" });
        app.issue_ok(
            office.ada,
            command_from_json("fund", office.fund.0, name, &round),
        )
        .await;
    }
    deliver_all(&app, &mailer).await;

    // Then
    let waiting = outbox_rows(&app)
        .await
        .iter()
        .filter(|row| row.kind == "signed_head" && row.state == "due")
        .count();
    assert_eq!(
        (attachments(&mail_folder(&app)).len(), waiting),
        (4, 2),
        "today's were sent, those of the round wait"
    );

    // When
    sealer(&app).catch_up().await.unwrap();
    app.pass_seconds(5);
    deliver_all(&app, &mailer).await;

    // Then
    let last = newest_checkpoint(&app).await;
    let sent = attachments(&mail_folder(&app));
    assert_eq!(
        sent.iter().filter(|(_, note)| *note == last).count(),
        2,
        "{sent:?}"
    );
}

on_each_engine!(administrators_are_told_once_of_a_rewritten_log);
async fn administrators_are_told_once_of_a_rewritten_log(app: TestApp) {
    Office::open(&app, 10_000).await;
    let mailer = checkpoint_mailer(&app);
    mailer.subscribe().await.unwrap();
    sealer(&app).catch_up().await.unwrap();
    deliver_all(&app, &mailer).await;

    rewrite_log(
        &app,
        "UPDATE events SET command_id = '00000000-0000-0000-0000-000000000000' WHERE position = 3",
    )
    .await;
    sealer(&app).check().await.unwrap_err();
    for _ in 0..3 {
        deliver_all(&app, &mailer).await;
    }

    let alarms = mails_in_folder(&mail_folder(&app))
        .into_values()
        .filter(|says| says.contains("ALARM"))
        .count();
    assert_eq!(alarms, 2);
}
