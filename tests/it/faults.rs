//! Faults: a bad command in a batch, a lost answer to COMMIT, a caller that goes away. Crashes are next door.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use microgrants::domain::command::{Because, Nothing};
use microgrants::domain::{Command, FundCommand};
use microgrants::store::{Store, events};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::cases::Cases;
use crate::house::{House, ORGANISATION, request};
use crate::log::meddle;
use crate::office::{Office, award, person, text};
use crate::replay;

pub fn cases(cases: &mut Cases) {
    cases.both("faults::a_batch_with_one_bad_command_loses_nobody_elses", bad_in_batch);
    cases.postgres("faults::a_lost_answer_to_commit_is_found_out", lost_commit);
    cases.both("faults::a_caller_that_goes_away_leaves_all_or_nothing", gone_away);
    cases.both("faults::transactions_that_are_given_up_keep_nobody_waiting", given_up);
}

fn pause() -> FundCommand {
    FundCommand::Pause(Because { reason: text("A pause") })
}

/// Callers go away while a transaction begins, is used and commits, at every moment; whoever comes next is served.
async fn given_up(house: House) {
    for micros in (0..2000).step_by(5) {
        let whole = async {
            let mut tx = house.store().begin().await.unwrap();
            events::lock_head(&mut tx, ORGANISATION).await.unwrap();
            tx.commit().await.unwrap();
        };
        let _ = tokio::time::timeout(Duration::from_micros(micros), whole).await;
    }
    let next = tokio::time::timeout(Duration::from_secs(5), house.store().begin()).await;
    next.expect("nobody waits for ever").unwrap().commit().await.unwrap();
}

async fn bad_in_batch(house: House) {
    let office = Office::open(&house, 1000).await;
    let refuse = match house.store() {
        Store::Postgres(_) => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = 'FundPaused') EXECUTE FUNCTION refuse();"
        }
        Store::Sqlite(_) => {
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.event_type = 'FundPaused' BEGIN SELECT RAISE(ABORT, 'refused'); END;"
        }
    };
    meddle(&house, refuse).await;
    let before = house.log.length().await.unwrap();
    let many = futures::future::join_all((0..40).map(|_| person(&house, "Somebody")));
    let bad = house.commands.issue(request(office.ada, Command::Fund(office.fund, pause())));
    let (people, refused) = tokio::join!(many, bad);
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(people.len(), 40);
    assert_eq!(house.log.length().await.unwrap(), before + 40);
    replay::whole(&house).await;
}

/// Stands between the service and PostgreSQL, and cuts the line when the answer to a COMMIT comes back.
async fn cutting_proxy(to: String) -> (u16, Arc<AtomicBool>, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (armed, cuts) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let (arm, count) = (Arc::clone(&armed), Arc::clone(&cuts));
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (arm, count, server) = (Arc::clone(&arm), Arc::clone(&count), TcpStream::connect(&to).await.unwrap());
            tokio::spawn(async move {
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let committing = Arc::new(AtomicBool::new(false));
                let commits = Arc::clone(&committing);
                tokio::spawn(async move {
                    let mut bytes = vec![0; 65536];
                    while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
                        if arm.load(Ordering::SeqCst) && bytes[..read].windows(6).any(|word| word == b"COMMIT") {
                            commits.store(true, Ordering::SeqCst);
                        }
                        if to_server.write_all(&bytes[..read]).await.is_err() {
                            break;
                        }
                    }
                });
                let mut bytes = vec![0; 65536];
                while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
                    if committing.load(Ordering::SeqCst) {
                        count.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    if to_client.write_all(&bytes[..read]).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (port, armed, cuts)
}

async fn lost_commit(house: House) {
    let office = Office::open(&house, 1000).await;
    let server = house.url.split('@').nth(1).and_then(|rest| rest.split('/').next()).unwrap().to_owned();
    let (port, armed, cuts) = cutting_proxy(server.clone()).await;
    let through = house.url.replace(&server, &format!("127.0.0.1:{port}"));
    let far = House::open(Arc::clone(&house.folder), through).await;
    person(&far, "Before").await;
    armed.store(true, Ordering::SeqCst);
    let command = request(office.ada, Command::Fund(office.fund, pause()));
    let issued = far.commands.clone();
    let answer = tokio::spawn(async move { issued.issue(command).await });
    while cuts.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    armed.store(false, Ordering::SeqCst);
    let answer = answer.await.unwrap().expect("the command was in the log, so it is answered");
    let rows = events::page(house.store(), ORGANISATION, 0, 1000).await.unwrap();
    let paused: Vec<_> = rows.iter().filter(|row| row.event_type == "FundPaused").map(|row| row.position).collect();
    assert_eq!(paused, [answer.first_position]);
    far.takes(office.ada, Command::Fund(office.fund, FundCommand::Resume(Nothing {}))).await;
}

async fn gone_away(house: House) {
    let office = Office::open(&house, 100_000).await;
    for micros in (0..60_u64).map(|step| step * 150) {
        let (application, ..) = office.ready(&house, 500).await;
        let awarding = house.commands.issue(request(office.ada, award(&house, application, 500)));
        let _ = tokio::time::timeout(Duration::from_micros(micros), awarding).await;
    }
    let found = replay::whole(&house).await;
    assert!(found <= 60);
    // The next command works on what was left, whatever it is.
    office.awarded(&house, 500).await;
    // What was taken is finished without its caller, and may have been so only now.
    let after = replay::whole(&house).await;
    assert!((found + 1..=61).contains(&after), "{after} after {found}");
}
