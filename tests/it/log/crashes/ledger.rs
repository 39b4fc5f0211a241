//! A record of what clients sent and which answers they got, written by the clients alone and later
//! compared with the log.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use microgrants::clock::new_id;
use microgrants::store::events::EventRow;
use serde_json::{Value, json};

use crate::support::fixtures::Office;
use crate::support::service::{Client, token};
use crate::support::test_app::TestApp;

/// A value that a command leaves in its event, so that the event can be found without ids from our
/// code.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventMark {
    Reference(String),
    Fund(String),
    Submitted(String),
}

/// One command that a client sent.
#[derive(Clone, Debug)]
struct SentCommand {
    mark: EventMark,
    token: Option<String>,
    path: String,
    body: String,
    key: String,
    /// First and last position that were acknowledged.
    acknowledged: Option<(i64, i64)>,
    /// The client did not retry.
    given_up: bool,
}

/// A filled-in application, and the token of a member who may submit it.
struct Draft {
    application: String,
    token: String,
}

/// Commands for the clients: a fund that all of them write to, and applications to submit.
pub struct Workload {
    fund: String,
    rules: Value,
    drafts: Mutex<Vec<Draft>>,
}

impl Workload {
    /// Prepares this many applications.
    pub async fn prepare(app: &TestApp, office: &Office, forms: usize) -> Self {
        let mut drafts = Vec::new();
        for number in 0..forms {
            let (application, _, member) = office.draft(app, 500).await;
            crate::operations::mails::set_email(app, member, &format!("group{number}@example.org"))
                .await;
            drafts.push(Draft {
                application: application.to_string(),
                token: token(app, member),
            });
        }
        let rules = serde_json::to_value(crate::support::fixtures::rules()).unwrap();
        Self {
            fund: office.fund.to_string(),
            rules,
            drafts: Mutex::new(drafts),
        }
    }

    fn next_command(&self, number: usize) -> SentCommand {
        let name = new_id().to_string();
        let line = |mark, token, path: String, body: Value| SentCommand {
            mark,
            token,
            path,
            body: body.to_string(),
            key: new_id().to_string(),
            acknowledged: None,
            given_up: false,
        };
        let draft = if number % 3 == 2 {
            self.drafts.lock().unwrap().pop()
        } else {
            None
        };
        match (number % 3, draft) {
            (_, Some(Draft { application, token })) => {
                let path = format!("/api/v1/applications/{application}/submit");
                line(
                    EventMark::Submitted(application),
                    Some(token),
                    path,
                    json!({ "channel": "web" }),
                )
            }
            (1, None) => {
                let body = json!({
                    "name": name, "purpose": "To meet", "areas": ["oldham"], "rules": self.rules,
                });
                line(
                    EventMark::Fund(name),
                    None,
                    "/api/v1/funds".to_owned(),
                    body,
                )
            }
            (_, None) => {
                let source = json!({ "funder": "health-partnership" });
                let body = json!({
                    "source": source, "amount": "1.00", "reference": name,
                    "received_on": "2026-01-01",
                });
                line(
                    EventMark::Reference(name),
                    None,
                    format!("/api/v1/funds/{}/allocate", self.fund),
                    body,
                )
            }
        }
    }
}

/// All commands of one client, over every restart of the service.
#[derive(Default)]
pub struct ClientLedger(Vec<SentCommand>);

impl ClientLedger {
    /// Sends commands until the service stops answering, or until all clients together have
    /// `enough` acknowledgements. Before that, it retries every second unacknowledged command under
    /// its key and gives up the others, and it repeats one acknowledged command.
    pub fn write_until_stopped(
        &mut self,
        client: &Client,
        work: &Workload,
        told: &AtomicUsize,
        enough: &AtomicUsize,
    ) {
        let open: Vec<_> = (0..self.0.len())
            .filter(|at| self.0[*at].acknowledged.is_none() && !self.0[*at].given_up)
            .collect();
        for at in open {
            if at % 2 == 1 {
                self.0[at].given_up = true;
            } else if !self.send(at, client, told) {
                return;
            }
        }
        if let Some(at) = (0..self.0.len())
            .rev()
            .find(|at| self.0[*at].acknowledged.is_some())
            && !self.send(at, client, told)
        {
            return;
        }
        while told.load(Ordering::SeqCst) < enough.load(Ordering::SeqCst) {
            self.0.push(work.next_command(self.0.len()));
            if !self.send(self.0.len() - 1, client, told) {
                return;
            }
        }
    }

    /// Sends or repeats a command. Returns whether there was an answer.
    fn send(&mut self, at: usize, client: &Client, told: &AtomicUsize) -> bool {
        let line = &mut self.0[at];
        let client = line
            .token
            .as_ref()
            .map_or_else(|| client.clone(), |token| client.with_token(token));
        let Ok(answer) = client.try_post(&line.path, &line.body, &[("Idempotency-Key", &line.key)])
        else {
            return false;
        };
        match answer.status {
            200 | 201 => {
                let position = |name: &str| answer.body[name].as_i64().expect("a position");
                let new = (position("first_position"), position("position"));
                assert!(
                    line.acknowledged.is_none_or(|old| old == new),
                    "a repeat gets the first answer: {line:?} {}",
                    answer.body
                );
                line.acknowledged = Some(new);
                told.fetch_add(1, Ordering::SeqCst);
            }
            // An explicit answer that the command was not recorded.
            503 => {
                assert_eq!(
                    answer.content_type, "application/problem+json",
                    "{}",
                    answer.body
                );
                std::thread::sleep(Duration::from_millis(5));
            }
            other => panic!("{other} {line:?}: {}", answer.body),
        }
        true
    }
}

/// The result of comparing all clients' records with the log.
#[derive(Debug, Default)]
pub struct Reconciliation {
    pub acknowledged: usize,
    pub unacknowledged: usize,
    /// Unacknowledged commands that are in the log: their answers were lost.
    pub found_unacknowledged: usize,
    pub submitted: usize,
}

/// Checks that every acknowledged command is in the log exactly once and at its acknowledged
/// positions, and every other command at most once.
pub fn reconcile(books: &[ClientLedger], rows: &[EventRow]) -> Reconciliation {
    let mut found: BTreeMap<EventMark, Vec<&EventRow>> = BTreeMap::new();
    let mut commands: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *commands.entry(&row.command_id).or_default() += 1;
        if let Some(mark) = mark_of(row) {
            found.entry(mark).or_default().push(row);
        }
    }
    let mut settled = Reconciliation::default();
    for line in books.iter().flat_map(|book| &book.0) {
        let found = found.get(&line.mark).map_or(&[][..], Vec::as_slice);
        assert!(found.len() <= 1, "nothing is in the log twice: {line:?}");
        if matches!(line.mark, EventMark::Submitted(_)) {
            settled.submitted += found.len();
        }
        let Some((first, last)) = line.acknowledged else {
            settled.unacknowledged += 1;
            settled.found_unacknowledged += found.len();
            continue;
        };
        settled.acknowledged += 1;
        let row = found
            .first()
            .unwrap_or_else(|| panic!("an acknowledged command is not in the log: {line:?}"));
        assert!(
            (first..=last).contains(&row.position),
            "{line:?} is at {}",
            row.position
        );
        let positions = usize::try_from(first).unwrap()..=usize::try_from(last).unwrap();
        assert!(
            rows[positions.clone()]
                .iter()
                .all(|one| one.command_id == row.command_id),
            "what was acknowledged is that command's: {line:?}"
        );
        assert_eq!(
            commands[row.command_id.as_str()],
            positions.count(),
            "and all of it: {line:?}"
        );
    }
    settled
}

fn mark_of(row: &EventRow) -> Option<EventMark> {
    let payload: Value = serde_json::from_str(&row.payload).expect("JSON");
    let said = |field: &str| {
        payload[&row.event_type][field]
            .as_str()
            .expect("a text")
            .to_owned()
    };
    match row.event_type.as_str() {
        "FundingAllocated" => Some(EventMark::Reference(said("reference"))),
        "FundCreated" => Some(EventMark::Fund(said("name"))),
        "ApplicationSubmitted" => row
            .aggregate_id
            .rsplit('/')
            .next()
            .map(|id| EventMark::Submitted(id.to_owned())),
        _ => None,
    }
}
