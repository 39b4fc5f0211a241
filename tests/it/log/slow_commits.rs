//! Appends that sleep in their transactions after they were given positions, while others commit:
//! no subscriber reads past one.

use std::sync::mpsc::Receiver;
use std::time::Duration;

use microgrants::domain::{ApplicationCommand, ApplicationId, Command, PersonId};
use microgrants::mail::Mailer;
use microgrants::store::events;
use microgrants::store::tlog as stored;
use microgrants::transparency::checkpoint_signer::CheckpointSigner;
use microgrants::webhooks::ConfiguredWebhooks;

use crate::audit::transparency_log::sealer;
use crate::http::event_delivery::{ReceivedRequest, receiver, secret};
use crate::log::appends::execute_raw;
use crate::operations::mails::{mailer, mails_in_folder, set_email};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person, submit};
use crate::support::replay;
use crate::support::test_app::{ORGANISATION, TestApp};

/// Number of appends that sleep.
const SLOW_APPENDS: usize = 3;

on_postgres!(no_follower_skips_an_append_that_sleeps);
async fn no_follower_skips_an_append_that_sleeps(app: TestApp) {
    Box::pin(nobody_skips(app)).await;
}

on_postgres!(views_that_go_along_skip_none_either);
async fn views_that_go_along_skip_none_either(app: TestApp) {
    app.projector.enable_inline();
    Box::pin(nobody_skips(app)).await;
}

async fn nobody_skips(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let drafts = drafts(&app, &office).await;
    app.catch_up().await;
    let subscribers = Subscribers::start(&app).await;
    delay_submissions(&app).await;
    let other = app.second_process().await;

    let slow = async {
        for (application, member) in drafts {
            let submit = ApplicationCommand::Submit(submit());
            app.issue_ok(member, Command::Application(application, submit))
                .await;
        }
    };
    let quick = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            person(&other, "Quick").await;
        }
    };
    tokio::join!(slow, quick, subscribers.follow_and_watch());
    for _ in 0..3 {
        subscribers.follow().await;
    }

    subscribers.assert_got_everything().await;
    assert_equals_rebuild(&app).await;
    replay::replay_log(&app).await;
}

/// Drafts, each with a member who has an address.
async fn drafts(app: &TestApp, office: &Office) -> Vec<(ApplicationId, PersonId)> {
    let mut drafts = Vec::new();
    for number in 0..SLOW_APPENDS {
        let (application, _, member) = office.draft(app, 500).await;
        set_email(app, member, &format!("group{number}@example.org")).await;
        drafts.push((application, member));
    }
    drafts
}

/// Lets each append of a submission sleep in its transaction.
async fn delay_submissions(app: &TestApp) {
    execute_raw(
        app,
        "CREATE FUNCTION sleepy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM \
            pg_sleep(0.7); RETURN NEW; END $$;
         CREATE TRIGGER sleepy BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = \
         'ApplicationSubmitted') EXECUTE FUNCTION sleepy();",
    )
    .await;
}

/// All that follow the log: the projector, mail, the checkpoint signer and a webhook.
struct Subscribers<'a> {
    app: &'a TestApp,
    mailer: Mailer,
    sealer: CheckpointSigner,
    webhooks: ConfiguredWebhooks,
    deliveries: Receiver<ReceivedRequest>,
    /// The position from which the webhook is sent events.
    begins: i64,
}

impl<'a> Subscribers<'a> {
    async fn start(app: &'a TestApp) -> Self {
        let mailer = mailer(app);
        mailer.subscribe().await.unwrap();
        let (address, deliveries) = receiver(Vec::new());
        let webhooks = ConfiguredWebhooks::new(app.log.clone(), vec![address], secret());
        webhooks.begin().await.unwrap();
        Self {
            app,
            mailer,
            sealer: sealer(app),
            webhooks,
            deliveries,
            begins: app.log.length().await.unwrap(),
        }
    }

    async fn follow(&self) {
        self.app.projector.advance().await.unwrap();
        self.mailer.run_once().await.unwrap();
        self.sealer.catch_up().await.unwrap();
        self.webhooks.run_once(1_700_000_000_000_000).await.unwrap();
    }

    /// Follows the log while others append, and asserts that no position is read before it is
    /// there.
    async fn follow_and_watch(&self) {
        for _ in 0..120 {
            self.follow().await;
            let read = self.app.projector.next_position();
            let there = events::read_page(self.app.store(), ORGANISATION, 0, 10_000)
                .await
                .unwrap();
            assert!(
                (0..).zip(&there).all(|(at, row)| row.position == at),
                "no hole is ever seen"
            );
            assert!(
                read <= i64::try_from(there.len()).unwrap(),
                "nothing is read before it is there"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn assert_got_everything(&self) {
        let length = self.app.log.length().await.unwrap();
        let mails = mails_in_folder(&self.app.folder.path().join("mails"));
        assert_eq!(
            mails.len(),
            SLOW_APPENDS,
            "each group is written to: {mails:?}"
        );
        let mut next = self.begins;
        for delivery in self.deliveries.try_iter() {
            let json = delivery.json();
            assert_eq!(json["from"], next, "none is left out, and none comes twice");
            for event in json["events"].as_array().unwrap() {
                assert_eq!(event["position"], next);
                next += 1;
            }
        }
        assert_eq!(next, length, "other systems were told of everything");
        assert_eq!(
            stored::newest_checkpoint(self.app.store(), ORGANISATION)
                .await
                .unwrap()
                .expect("a head")
                .size,
            length
        );
        self.sealer.check().await.unwrap();
    }
}
