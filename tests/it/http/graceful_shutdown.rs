//! Graceful shutdown: the service completes the commands, mail and webhook that it has begun.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use microgrants::domain::{self, ApplicationCommand};
use microgrants::store::{Store, events, outbox, webhooks};
use microgrants::webhooks::ConfiguredWebhooks;

use crate::http::event_delivery::{WEBHOOK_KEY, secret, slow_receiver};
use crate::log::crashes::ledger::{ClientLedger, Workload, reconcile};
use crate::operations::mails::{mailer, set_email};
use crate::support::fixtures::{Office, submit};
use crate::support::replay;
use crate::support::service::{Client, ServiceProcess, token};
use crate::support::test_app::{ORGANISATION, TestApp};

/// Delay of a slow receiver.
const RECEIVER_PAUSE: Duration = Duration::from_millis(1500);

fn ask_to_stop(process: &ServiceProcess) {
    Command::new("kill")
        .args(["-TERM", &process.id().to_string()])
        .status()
        .expect("it is asked to stop");
}

on_each_engine!(what_was_taken_is_answered);
/// Clients write while the service is asked to stop: every accepted command is answered.
async fn what_was_taken_is_answered(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let work = Workload::prepare(&app, &office, 20).await;
    let token = token(&app, office.ada);
    let place = app.close().await;
    let process = ServiceProcess::start(&place);
    let client = Client::new(&process.address, &token);
    let mut books: Vec<ClientLedger> = (0..16).map(|_| ClientLedger::default()).collect();
    let told = AtomicUsize::new(0);
    let took = std::thread::scope(|scope| {
        let write = |book| {
            let (client, told, work) = (client.clone(), &told, &work);
            scope.spawn(move || {
                ClientLedger::write_until_stopped(
                    book,
                    &client,
                    work,
                    told,
                    &AtomicUsize::new(usize::MAX),
                );
            })
        };
        let clients: Vec<_> = books.iter_mut().map(write).collect();
        while told.load(Ordering::SeqCst) < 100 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let since = Instant::now();
        ask_to_stop(&process);
        assert!(process.wait_for_exit().success(), "it ends well");
        for client in clients {
            client.join().expect("a client comes through");
        }
        since.elapsed()
    });
    assert!(took < Duration::from_secs(40), "{took:?}");
    let app = TestApp::open(place.folder, place.url).await;
    let rows = events::read_page(app.store(), ORGANISATION, 0, 1_000_000)
        .await
        .unwrap();
    let settled = reconcile(&books, &rows);
    assert!(settled.acknowledged >= 100, "{settled:?}");
    assert_eq!(
        settled.found_unacknowledged, 0,
        "what was taken was answered: {settled:?}"
    );
    replay::replay_log(&app).await;
}

/// A slow mail server that signals each message.
fn slow_mail_server() -> (String, Receiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let lines = BufReader::new(stream.try_clone().unwrap()).lines();
            stream.write_all(b"220 here\r\n").unwrap();
            let mut in_message = false;
            for line in lines.map_while(Result::ok) {
                let answer = match line.as_str() {
                    "." if in_message => {
                        in_message = false;
                        tell.send(()).unwrap();
                        std::thread::sleep(RECEIVER_PAUSE);
                        "250 taken"
                    }
                    _ if in_message => continue,
                    "DATA" => {
                        in_message = true;
                        "354 go on"
                    }
                    "QUIT" => "221 bye",
                    _ => "250 well",
                };
                stream
                    .write_all(format!("{answer}\r\n").as_bytes())
                    .unwrap();
            }
        }
    });
    (url, told)
}

/// Stops a service in use while a mail or webhook is in delivery: it exits successfully, and only
/// after the delivery.
fn stop_while<T>(process: ServiceProcess, token: &str, told: &Receiver<T>) {
    told.recv_timeout(Duration::from_secs(20))
        .expect("something is on its way");
    let since = Instant::now();
    let client = Client::new(&process.address, token);
    // By now the worker threads have connections to the database.
    std::thread::scope(|scope| {
        for _ in 0..24 {
            scope.spawn(|| assert_eq!(client.get("/api/v1/applications").status, 200));
        }
    });
    ask_to_stop(&process);
    assert!(process.wait_for_exit().success(), "it ends well");
    assert!(
        since.elapsed() + Duration::from_millis(100) >= RECEIVER_PAUSE,
        "it waited for the answer"
    );
}

on_each_engine!(a_mail_that_is_being_sent_is_sent_once);
async fn a_mail_that_is_being_sent_is_sent_once(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (application, _, member) = office.draft(&app, 900).await;
    set_email(&app, member, "zofia@example.org").await;
    mailer(&app).subscribe().await.unwrap();
    app.issue_ok(
        member,
        domain::Command::Application(application, ApplicationCommand::Submit(submit())),
    )
    .await;
    let token = token(&app, office.ada);
    let place = app.close().await;
    let (url, told) = slow_mail_server();
    let mut program = place.program();
    program
        .env("MICROGRANTS_SMTP_URL", url)
        .env("MICROGRANTS_MAIL_FROM", "grants@example.org");
    stop_while(ServiceProcess::from_command(program), &token, &told);
    let store = Store::open(&place.url).await.unwrap();
    let rows = outbox::newest(&store, ORGANISATION, "", 10).await.unwrap();
    let row = &rows[0];
    assert_eq!(
        (rows.len(), row.state.as_str(), row.tries),
        (1, "sent", 1),
        "{row:?}"
    );
    assert!(told.try_recv().is_err(), "and none came twice");
}

on_each_engine!(a_webhook_that_is_being_sent_is_sent_once);
async fn a_webhook_that_is_being_sent_is_sent_once(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (address, told) = slow_receiver(RECEIVER_PAUSE, Vec::new());
    ConfiguredWebhooks::new(app.log.clone(), vec![address.clone()], secret())
        .begin()
        .await
        .unwrap();
    office.group(&app).await;
    let length = app.log.length().await.unwrap();
    let token = token(&app, office.ada);
    let place = app.close().await;
    let mut program = place.program();
    program.env("MICROGRANTS_WEBHOOKS", address).env(
        "MICROGRANTS_WEBHOOK_SECRET",
        format!("whsec_{}", STANDARD.encode(WEBHOOK_KEY)),
    );
    stop_while(ServiceProcess::from_command(program), &token, &told);
    let store = Store::open(&place.url).await.unwrap();
    let known = webhooks::all(&store, ORGANISATION).await.unwrap();
    let (_, next, error) = &known[0];
    assert_eq!(
        (known.len(), *next, error),
        (1, length, &None),
        "it is noted that it was taken"
    );
    assert!(told.try_recv().is_err(), "and none came twice");
}
