//! The events of an exported log, to be edited as a holder of the signing key could.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use microgrants::audit::{Finding, RuleChecker};
use microgrants::eventlog::recorded_event::RecordedEvent;
use microgrants::transparency::log_entry;
use serde_json::{Value, json};

/// The events of a log as JSON, in order.
#[derive(Clone)]
pub struct LogLines(Vec<LogLine>);

/// An event, with its line and what that says as long as the event is not edited. Most events of a
/// log stay as they are, and to write them in canonical form or to read them anew takes long.
#[derive(Clone)]
struct LogLine {
    event: Arc<Value>,
    line: Option<Arc<str>>,
    decoded: Option<Arc<RecordedEvent>>,
}

impl LogLine {
    fn parse(line: &str) -> Self {
        Self {
            event: Arc::new(serde_json::from_str(line).expect("an event")),
            line: Some(line.into()),
            decoded: decode(line).map(Arc::new),
        }
    }

    fn new(event: Value) -> Self {
        Self {
            event: Arc::new(event),
            line: None,
            decoded: None,
        }
    }

    fn edit(&mut self) -> &mut Value {
        (self.line, self.decoded) = (None, None);
        Arc::make_mut(&mut self.event)
    }

    /// What the line says with these numbers, if it can be read.
    fn read(&self, numbers: LineNumbers) -> Option<Cow<'_, RecordedEvent>> {
        let Some(decoded) = &self.decoded else {
            return decode(&self.written(numbers)).map(Cow::Owned);
        };
        let recorded_at = Timestamp::from_microsecond(numbers.recorded_at).ok()?;
        let is_same = (decoded.position, decoded.sequence, decoded.recorded_at)
            == (numbers.position, numbers.sequence, recorded_at);
        if is_same {
            return Some(Cow::Borrowed(decoded.as_ref()));
        }
        let mut moved = RecordedEvent::clone(decoded);
        (moved.position, moved.sequence) = (numbers.position, numbers.sequence);
        moved.recorded_at = recorded_at;
        Some(Cow::Owned(moved))
    }

    /// The line with these numbers.
    fn written(&self, numbers: LineNumbers) -> String {
        let numbers = [
            ("position", numbers.position),
            ("sequence", numbers.sequence),
            ("recorded_at", numbers.recorded_at),
        ];
        let Some(line) = &self.line else {
            let mut event = (*self.event).clone();
            for (name, number) in numbers {
                event[name] = json!(number);
            }
            return serde_json_canonicalizer::to_string(&event).expect("canonical");
        };
        let mut line = line.to_string();
        for (name, number) in numbers {
            if self.event[name] != number {
                let from = line.rfind(&format!("\"{name}\":")).expect(name) + name.len() + 3;
                let to = from
                    + line[from..]
                        .find(|c: char| !c.is_ascii_digit())
                        .expect(name);
                line.replace_range(from..to, &number.to_string());
            }
        }
        line
    }
}

/// What a line says when it can be read.
fn decode(line: &str) -> Option<RecordedEvent> {
    let row = log_entry::parse(line).ok()?;
    RecordedEvent::from_row(&row).ok()
}

/// The numbers that a writer gives an event.
#[derive(Clone, Copy)]
struct LineNumbers {
    position: i64,
    sequence: i64,
    recorded_at: i64,
}

/// An event to be put into a log.
pub struct NewEvent {
    /// The kind of record: `grant`, `fund` and so on.
    pub stream: &'static str,
    pub id: String,
    pub event: &'static str,
    pub fields: Value,
    pub actor: String,
}

impl LogLines {
    pub fn parse(lines: &[String]) -> Self {
        Self(lines.iter().map(|line| LogLine::parse(line)).collect())
    }

    /// The events in order, with positions, sequences and times as a writer makes them.
    fn numbered(&self) -> impl Iterator<Item = (&LogLine, LineNumbers)> {
        let mut sequences: BTreeMap<(String, String), i64> = BTreeMap::new();
        let mut last_at = 0;
        (0..).zip(&self.0).map(move |(position, line)| {
            let event = &line.event;
            let sequence = sequences
                .entry((text(event, "stream"), text(event, "id")))
                .or_default();
            *sequence += 1;
            last_at = last_at.max(event["recorded_at"].as_i64().unwrap_or_default());
            let numbers = LineNumbers {
                position,
                sequence: *sequence,
                recorded_at: last_at,
            };
            (line, numbers)
        })
    }

    /// The lines in canonical form.
    pub fn to_lines(&self) -> Vec<String> {
        let lines = self.numbered();
        lines.map(|(line, numbers)| line.written(numbers)).collect()
    }

    /// What a replay of the rules finds, as a verifier of the whole folder does after it has read
    /// the lines: that also hashes and parses what no edit has changed, which takes several times
    /// as long.
    pub fn replay(&self) -> Vec<Finding> {
        let mut checker = RuleChecker::default();
        for (line, numbers) in self.numbered() {
            if let Some(event) = line.read(numbers) {
                checker.process(&event);
            }
        }
        checker.finish().findings.sorted()
    }

    /// The places of the events with this name.
    pub fn all(&self, event: &str) -> Vec<usize> {
        let of_name = |at: &usize| self.0[*at].event["event"] == event;
        (0..self.0.len()).filter(of_name).collect()
    }

    /// The place of the first event with this name.
    pub fn first(&self, event: &str) -> usize {
        *self
            .all(event)
            .first()
            .unwrap_or_else(|| panic!("no {event}"))
    }

    /// The place of the first event with this name for which the condition holds.
    pub fn first_where(&self, event: &str, holds: impl Fn(&Value) -> bool) -> usize {
        let found = self
            .all(event)
            .into_iter()
            .find(|at| holds(self.fields(*at)));
        found.unwrap_or_else(|| panic!("no such {event}"))
    }

    /// The place of the first event with this name on the record of another event, after it.
    pub fn next_of(&self, at: usize, event: &str) -> usize {
        let id = self.id(at);
        let later = self.all(event).into_iter();
        later
            .filter(|place| *place > at)
            .find(|place| self.id(*place) == id)
            .unwrap_or_else(|| panic!("no {event} after {at}"))
    }

    /// The id of the record of an event.
    pub fn id(&self, at: usize) -> String {
        text(&self.0[at].event, "id")
    }

    /// The id of the command of an event.
    pub fn command(&self, at: usize) -> Value {
        self.0[at].event["command_id"].clone()
    }

    /// Who gave the command of an event.
    pub fn actor(&self, at: usize) -> String {
        text(&self.0[at].event["metadata"], "actor")
    }

    /// The fields of an event.
    pub fn fields(&self, at: usize) -> &Value {
        let event = self.0[at].event["event"].as_str().expect("a name");
        &self.0[at].event["payload"][event]
    }

    /// A field of an event that is a text.
    pub fn field(&self, at: usize, name: &str) -> String {
        text(self.fields(at), name)
    }

    /// Changes a field of an event.
    pub fn set(&mut self, at: usize, name: &str, value: impl Into<Value>) {
        let event = text(&self.0[at].event, "event");
        self.0[at].edit()["payload"][&event][name] = value.into();
    }

    /// Leaves a field of an event out.
    pub fn unset(&mut self, at: usize, name: &str) {
        let event = text(&self.0[at].event, "event");
        let fields = self.0[at].edit()["payload"][&event].as_object_mut();
        fields.expect("fields").remove(name);
    }

    /// The day on which the event before a place was decided. An event that is put in there was
    /// decided at the same time.
    pub fn day_before(&self, at: usize) -> String {
        let decided_at = text(&self.0[at - 1].event["metadata"], "decided_at");
        decided_at[..10].to_owned()
    }

    /// Changes the whole event.
    pub fn edit(&mut self, at: usize, change: impl FnOnce(&mut Value)) {
        change(self.0[at].edit());
    }

    /// Changes who gave the command of an event.
    pub fn set_actor(&mut self, at: usize, actor: &str) {
        self.0[at].edit()["metadata"]["actor"] = json!(actor);
    }

    /// Changes who gave the command of an event, for all of its events. They claim no role.
    pub fn set_giver(&mut self, at: usize, actor: &str) {
        let command = self.0[at].event["command_id"].clone();
        for line in &mut self.0 {
            if line.event["command_id"] == command
                && let Some(metadata) = line.edit()["metadata"].as_object_mut()
            {
                metadata.insert("actor".to_owned(), json!(actor));
                metadata.remove("roles");
                metadata.remove("on_behalf_of");
            }
        }
    }

    pub fn remove(&mut self, at: usize) {
        self.0.remove(at);
    }

    /// Puts an event in, as a command of its own.
    pub fn insert(&mut self, at: usize, new: NewEvent) {
        let NewEvent {
            stream,
            id,
            event: name,
            fields,
            actor,
        } = new;
        let before = Arc::clone(&self.0[at.saturating_sub(1)].event);
        let command = uuid::Uuid::new_v4().to_string();
        let event = json!({
            "command_id": command,
            "event": name,
            "id": id,
            "metadata": {
                "actor": actor, "causation_id": command, "channel": "web",
                "command": "grant/edited", "command_id": command, "correlation_id": command,
                "decided_at": before["metadata"]["decided_at"],
            },
            "payload": { name: fields },
            "position": 0,
            "recorded_at": before["recorded_at"],
            "sequence": 0,
            "stream": stream,
            "v": 1,
            "version": "1.0",
        });
        self.0.insert(at, LogLine::new(event));
    }

    /// Makes an event one of the command of the event before it.
    pub fn join_command(&mut self, at: usize) {
        let before = Arc::clone(&self.0[at - 1].event);
        let event = self.0[at].edit();
        event["command_id"] = before["command_id"].clone();
        event["metadata"] = before["metadata"].clone();
    }

    /// Puts in a merger of one group into another, by an officer.
    pub fn insert_merger(&mut self, at: usize, group: &str, into: &str, officer: &str) {
        let merged = json!({
            "into": into, "reason": "They are one group now.", "merged_by": officer,
            "merged_on": self.day_before(at),
        });
        let taken_in = json!({ "group": group });
        for (place, id, event, fields) in [
            (at, group, "GroupMerged", merged),
            (at + 1, into, "GroupTakenIn", taken_in),
        ] {
            let new = NewEvent {
                stream: "group",
                id: id.to_owned(),
                event,
                fields,
                actor: officer.to_owned(),
            };
            self.insert(place, new);
        }
        self.join_command(at + 1);
    }

    /// Puts in a copy of an event, as a command of its own.
    pub fn copy_to(&mut self, from: usize, to: usize) {
        let mut event = (*self.0[from].event).clone();
        let command = json!(uuid::Uuid::new_v4().to_string());
        event["command_id"] = command.clone();
        event["metadata"]["command_id"] = command;
        self.0.insert(to, LogLine::new(event));
    }

    /// The people who hold a role at the end of the log, in the order in which it was given.
    pub fn holders(&self, role: &str) -> Vec<String> {
        let mut holders = Vec::new();
        for at in 0..self.0.len() {
            let (event, fields) = (text(&self.0[at].event, "event"), self.fields(at));
            let person = text(fields, "person");
            match event.as_str() {
                "FounderNamed" if fields["roles"].to_string().contains(role) => {
                    holders.push(person);
                }
                "RoleConfirmed" if fields["role"] == role => holders.push(person),
                "RoleEnded" if fields["role"] == role => holders.retain(|one| *one != person),
                _ => {}
            }
        }
        holders
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}
