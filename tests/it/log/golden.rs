//! Golden files: every version of every event ever written still loads, and serialises to the same
//! bytes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use microgrants::domain::{
    Aggregate, Application, ApplicationEvent, Asset, AssetEvent, Barrier, BarrierEvent,
    DomainEvent, Event, Fund, FundEvent, Gathering, GatheringEvent, Grant, GrantEvent, Group,
    GroupEvent, Introduction, IntroductionEvent, Organisation, OrganisationEvent, Person,
    PersonEvent,
};
use microgrants::eventlog::recorded_event::RecordedEvent;
use microgrants::store::events::EventRow;

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"))
}

/// The golden file names of all events at their newest version.
pub fn newest_names() -> BTreeSet<String> {
    fn of<S: Aggregate>() -> impl Iterator<Item = String> {
        <S::Event as DomainEvent>::NAMES
            .iter()
            .map(|name| format!("{}.{name}.1.0.json", S::TYPE))
    }
    of::<Person>()
        .chain(of::<Organisation>())
        .chain(of::<Fund>())
        .chain(of::<Group>())
        .chain(of::<Application>())
        .chain(of::<Grant>())
        .chain(of::<Gathering>())
        .chain(of::<Asset>())
        .chain(of::<Introduction>())
        .chain(of::<Barrier>())
        .collect()
}

fn stored_names() -> BTreeSet<String> {
    std::fs::read_dir(folder())
        .expect("golden files")
        .flatten()
        .map(|entry| entry.file_name().into_string().expect("a name"))
        .collect()
}

/// Writes golden files for events that have none. Review and commit them.
pub fn write_missing(payloads: &BTreeMap<String, String>) {
    for (name, payload) in payloads
        .iter()
        .filter(|(name, _)| !folder().join(name).exists())
    {
        std::fs::write(folder().join(name), format!("{payload}\n"))
            .expect("golden files can be written");
    }
}

#[test]
fn every_event_has_a_golden_file() {
    let missing: Vec<_> = newest_names()
        .difference(&stored_names())
        .cloned()
        .collect();
    assert!(missing.is_empty(), "no golden file: {missing:?}");
}

#[test]
fn every_golden_file_loads_and_is_canonical() {
    for name in stored_names() {
        let text = std::fs::read_to_string(folder().join(&name)).expect("text");
        let payload = text.trim_end().to_owned();
        let [stream, event_type, version] = name
            .trim_end_matches(".json")
            .splitn(3, '.')
            .collect::<Vec<_>>()[..]
        else {
            panic!("{name}")
        };
        let row = EventRow {
            position: 0,
            recorded_at: 0,
            aggregate_type: stream.into(),
            aggregate_id: format!("case/{}", uuid::Uuid::nil()),
            sequence: 1,
            event_type: event_type.into(),
            event_version: version.into(),
            payload: payload.clone(),
            metadata: "{}".into(),
            command_id: uuid::Uuid::nil().to_string(),
        };
        let event = RecordedEvent::from_row(&row)
            .unwrap_or_else(|error| panic!("{name}: {error}"))
            .event;
        let (again, its_name, newest) = serialised(&event);
        assert_eq!(its_name, event_type, "{name}");
        if version == newest {
            assert_eq!(again, payload, "{name}");
        }
    }
}

fn serialised(event: &Event) -> (String, &'static str, &'static str) {
    fn of<E: DomainEvent>(event: &E) -> (String, &'static str, &'static str) {
        (
            serde_json_canonicalizer::to_string(event).expect("JSON"),
            event.name(),
            event.version(),
        )
    }
    match event {
        Event::Person(event) => of::<PersonEvent>(event),
        Event::Organisation(event) => of::<OrganisationEvent>(event),
        Event::Fund(event) => of::<FundEvent>(event),
        Event::Group(event) => of::<GroupEvent>(event),
        Event::Application(event) => of::<ApplicationEvent>(event),
        Event::Grant(event) => of::<GrantEvent>(event),
        Event::Gathering(event) => of::<GatheringEvent>(event),
        Event::Asset(event) => of::<AssetEvent>(event),
        Event::Introduction(event) => of::<IntroductionEvent>(event),
        Event::Barrier(event) => of::<BarrierEvent>(event),
    }
}
