//! Faults: a failing command in a batch, a lost acknowledgement of COMMIT, a cancelled caller.
//! Crashes have their own module.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use microgrants::domain::command::{NoBody, WithReason};
use microgrants::domain::{Command, FundCommand};
use microgrants::store::{Store, events};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use crate::log::appends::execute_raw;
use crate::support::fixtures::{Office, award, person, text};
use crate::support::replay;
use crate::support::test_app::{ORGANISATION, TestApp, request};

fn pause() -> FundCommand {
    FundCommand::Pause(WithReason {
        reason: text("A pause"),
    })
}

on_each_engine!(transactions_that_are_given_up_keep_nobody_waiting);
/// Callers are cancelled at every moment while a transaction begins, is used and commits; the next
/// caller is served.
async fn transactions_that_are_given_up_keep_nobody_waiting(app: TestApp) {
    for micros in (0..2000).step_by(5) {
        let whole = async {
            let mut tx = app.store().begin().await.unwrap();
            events::lock_head(&mut tx, ORGANISATION).await.unwrap();
            tx.commit().await.unwrap();
        };
        let _ = tokio::time::timeout(Duration::from_micros(micros), whole).await;
    }
    let next = tokio::time::timeout(Duration::from_secs(5), app.store().begin()).await;
    next.expect("nobody waits for ever")
        .unwrap()
        .commit()
        .await
        .unwrap();
}

on_each_engine!(a_batch_with_one_bad_command_loses_nobody_elses);
async fn a_batch_with_one_bad_command_loses_nobody_elses(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let refuse = match app.store() {
        Store::Postgres(_) => {
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION \
                'refused'; END $$;
             CREATE TRIGGER refuse BEFORE INSERT ON events FOR EACH ROW WHEN (NEW.event_type = \
             'FundPaused') EXECUTE FUNCTION refuse();"
        }
        Store::Sqlite(_) => {
            "CREATE TRIGGER refuse BEFORE INSERT ON events WHEN NEW.event_type = 'FundPaused' \
                BEGIN SELECT RAISE(ABORT, 'refused'); END;"
        }
    };
    execute_raw(&app, refuse).await;
    let before = app.log.length().await.unwrap();
    let many = futures::future::join_all((0..40).map(|_| person(&app, "Somebody")));
    let bad = app
        .commands
        .execute(request(office.ada, Command::Fund(office.fund, pause())));
    let (people, refused) = tokio::join!(many, bad);
    assert!(refused.is_err(), "{refused:?}");
    assert_eq!(people.len(), 40);
    assert_eq!(app.log.length().await.unwrap(), before + 40);
    replay::replay_log(&app).await;
}

/// Where an armed proxy cuts the connection: at the reply to a statement that contains these bytes,
/// or at the statement itself, which with `Late` still arrives after the connection has been given
/// up.
#[derive(Clone, Copy)]
pub enum CutPoint {
    Answer(&'static [u8]),
    Statement(&'static [u8]),
    Late(&'static [u8]),
}

/// Delay of a late statement.
pub const LATE_BY: Duration = Duration::from_millis(700);

impl CutPoint {
    fn matches(self, bytes: &[u8]) -> bool {
        let (Self::Answer(words) | Self::Statement(words) | Self::Late(words)) = self;
        bytes.windows(words.len()).any(|window| window == words)
    }
}

/// A proxy between the service and PostgreSQL that cuts the connection.
pub struct FaultyProxy {
    pub url: String,
    armed: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
}

impl FaultyProxy {
    pub async fn in_front_of(app: &TestApp, at: CutPoint) -> Self {
        let to = app
            .url
            .split('@')
            .nth(1)
            .and_then(|rest| rest.split('/').next())
            .unwrap()
            .to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = app
            .url
            .replace(&to, &listener.local_addr().unwrap().to_string());
        let proxy = Self {
            url,
            armed: Arc::default(),
            cuts: Arc::default(),
        };
        let (armed, cuts) = (Arc::clone(&proxy.armed), Arc::clone(&proxy.cuts));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(&to).await.unwrap();
                tokio::spawn(forward(
                    client,
                    server,
                    at,
                    Arc::clone(&armed),
                    Arc::clone(&cuts),
                ));
            }
        });
        proxy
    }

    /// Arms the proxy, runs the work, and asserts that the connection was cut once.
    pub async fn with_cut<T>(&self, work: impl Future<Output = T>) -> T {
        self.armed.store(true, Ordering::SeqCst);
        let done = work.await;
        assert_eq!(self.cuts.load(Ordering::SeqCst), 1, "the line was cut");
        done
    }
}

async fn forward(
    client: TcpStream,
    server: TcpStream,
    at: CutPoint,
    armed: Arc<AtomicBool>,
    cuts: Arc<AtomicUsize>,
) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let asked = Arc::new(AtomicBool::new(false));
    let (asks, gone) = (Arc::clone(&asked), Arc::clone(&cuts));
    let there = async move {
        let mut bytes = vec![0; 65536];
        while let Ok(read @ 1..) = from_client.read(&mut bytes).await {
            if at.matches(&bytes[..read]) && armed.swap(false, Ordering::SeqCst) {
                match at {
                    CutPoint::Answer(_) => asks.store(true, Ordering::SeqCst),
                    CutPoint::Statement(_) => {
                        gone.fetch_add(1, Ordering::SeqCst);
                        break;
                    }
                    CutPoint::Late(_) => {
                        gone.fetch_add(1, Ordering::SeqCst);
                        bytes.truncate(read);
                        tokio::spawn(async move {
                            tokio::time::sleep(LATE_BY).await;
                            to_server.write_all(&bytes).await.unwrap();
                            tokio::time::sleep(LATE_BY).await;
                        });
                        break;
                    }
                }
            }
            if to_server.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    let back = async move {
        let mut bytes = vec![0; 65536];
        while let Ok(read @ 1..) = from_server.read(&mut bytes).await {
            if asked.load(Ordering::SeqCst) {
                cuts.fetch_add(1, Ordering::SeqCst);
                break;
            }
            if to_client.write_all(&bytes[..read]).await.is_err() {
                break;
            }
        }
    };
    // The end of either direction ends the other.
    tokio::select! {
        () = there => {}
        () = back => {}
    }
}

on_postgres!(a_lost_answer_to_commit_is_found_out);
async fn a_lost_answer_to_commit_is_found_out(app: TestApp) {
    let office = Office::open(&app, 1000).await;
    let proxy = FaultyProxy::in_front_of(&app, CutPoint::Answer(b"COMMIT")).await;
    let far = TestApp::open(Arc::clone(&app.folder), proxy.url.clone()).await;
    person(&far, "Before").await;
    let command = request(office.ada, Command::Fund(office.fund, pause()));
    let answer = proxy
        .with_cut(far.commands.execute(command))
        .await
        .expect("the command was in the log, so it is answered");
    let rows = events::read_page(app.store(), ORGANISATION, 0, 1000)
        .await
        .unwrap();
    let paused: Vec<_> = rows
        .iter()
        .filter(|row| row.event_type == "FundPaused")
        .map(|row| row.position)
        .collect();
    assert_eq!(paused, [answer.first_position]);
    far.issue_ok(
        office.ada,
        Command::Fund(office.fund, FundCommand::Resume(NoBody {})),
    )
    .await;
}

on_each_engine!(a_caller_that_goes_away_leaves_all_or_nothing);
async fn a_caller_that_goes_away_leaves_all_or_nothing(app: TestApp) {
    let office = Office::open(&app, 100_000).await;
    for micros in (0..60_u64).map(|step| step * 150) {
        let (application, ..) = office.ready(&app, 500).await;
        let awarding = app
            .commands
            .execute(request(office.ada, award(&app, application, 500)));
        let _ = tokio::time::timeout(Duration::from_micros(micros), awarding).await;
    }
    let found = replay::replay_log(&app).await;
    assert!(found <= 60);
    // The next command works, whether the cancelled ones were recorded or not.
    office.awarded(&app, 500).await;
    // A command that was accepted is completed without its caller, possibly only now.
    let after = replay::replay_log(&app).await;
    assert!((found + 1..=61).contains(&after), "{after} after {found}");
}
