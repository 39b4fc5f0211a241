//! Appends that sleep in their transactions after they were given positions, while others commit:
//! no subscriber reads past one.

use std::time::Duration;

use microgrants::domain::{ApplicationCommand, Command};
use microgrants::store::events;
use microgrants::store::tlog as stored;
use microgrants::webhooks::ConfiguredWebhooks;

use crate::audit::transparency_log::sealer;
use crate::http::event_delivery::{receiver, secret};
use crate::log::appends::execute_raw;
use crate::operations::mails::{mailer, mails_in_folder, set_email};
use crate::projections::read_models::assert_equals_rebuild;
use crate::support::fixtures::{Office, person, submit};
use crate::support::replay;
use crate::support::test_app::{ORGANISATION, TestApp};

/// Number of appends that sleep.
const SLOW_APPENDS: usize = 3;

on_postgres!(no_follower_skips_an_append_that_sleeps);
async fn no_follower_skips_an_append_that_sleeps(house: TestApp) {
    Box::pin(nobody_skips(house)).await;
}

on_postgres!(views_that_go_along_skip_none_either);
async fn views_that_go_along_skip_none_either(house: TestApp) {
    house.projector.enable_inline();
    Box::pin(nobody_skips(house)).await;
}

async fn nobody_skips(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let mut drafts = Vec::new();
    for number in 0..SLOW_APPENDS {
        let (application, _, member) = office.draft(&house, 500).await;
        set_email(&house, member, &format!("group{number}@example.org")).await;
        drafts.push((application, member));
    }
    house.catch_up().await;
    let (post, sealer) = (mailer(&house), sealer(&house));
    post.subscribe().await.unwrap();
    let (address, told) = receiver(Vec::new());
    let webhooks = ConfiguredWebhooks::new(house.log.clone(), vec![address], secret());
    webhooks.begin().await.unwrap();
    let begins = house.log.length().await.unwrap();
    execute_raw(
        &house,
        "CREATE FUNCTION sleepy() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.7); RETURN NEW; END $$;
         CREATE TRIGGER sleepy BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = 'ApplicationSubmitted') EXECUTE FUNCTION sleepy();",
    )
    .await;
    let other = house.second_process().await;
    let slow = async {
        for (application, member) in drafts {
            house
                .issue_ok(
                    member,
                    Command::Application(application, ApplicationCommand::Submit(submit())),
                )
                .await;
        }
    };
    let quick = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            person(&other, "Quick").await;
        }
    };
    let follow = async || {
        house.projector.advance().await.unwrap();
        post.run_once().await.unwrap();
        sealer.catch_up().await.unwrap();
        webhooks.run_once(1_700_000_000_000_000).await.unwrap();
    };
    let follows = async {
        for _ in 0..120 {
            follow().await;
            let read = house.projector.next_position();
            let there = events::read_page(house.store(), ORGANISATION, 0, 10_000)
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
    };
    tokio::join!(slow, quick, follows);
    for _ in 0..3 {
        follow().await;
    }
    let length = house.log.length().await.unwrap();
    let mails = mails_in_folder(&house.folder.path().join("mails"));
    assert_eq!(
        mails.len(),
        SLOW_APPENDS,
        "each group is written to: {mails:?}"
    );
    let mut next = begins;
    for delivery in told.try_iter() {
        let json = delivery.json();
        assert_eq!(json["from"], next, "none is left out, and none comes twice");
        for event in json["events"].as_array().unwrap() {
            assert_eq!(event["position"], next);
            next += 1;
        }
    }
    assert_eq!(next, length, "other systems were told of everything");
    assert_eq!(
        stored::newest_checkpoint(house.store(), ORGANISATION)
            .await
            .unwrap()
            .expect("a head")
            .size,
        length
    );
    sealer.check().await.unwrap();
    assert_equals_rebuild(&house).await;
    replay::replay_log(&house).await;
}
