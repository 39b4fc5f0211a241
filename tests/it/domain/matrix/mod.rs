//! Every command in every state: the outcome matches the tables in `tests/matrix`, and a refusal
//! changes nothing. The same walk writes `docs/reference/states.md` and a golden file for each
//! event.
//!
//! A cell is the refusal's code, `ok`, or `-> state` for a change of state.

mod current_state;
mod learning;
pub mod samples;
pub mod states;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::LazyLock;

use microgrants::domain::command::CommandSpec;
use microgrants::domain::{
    ApplicationCommand, AssetCommand, BarrierCommand, DomainEvent, Event, FundCommand,
    GatheringCommand, GrantCommand, GroupCommand, IntroductionCommand, OrganisationCommand,
    PersonCommand,
};

use current_state::current_state;
use samples::sample;
use states::{StateTable, TABLES};

fn specs(noun: &str) -> &'static [CommandSpec] {
    match noun {
        "person" => PersonCommand::SPECS,
        "organisation" => OrganisationCommand::SPECS,
        "fund" => FundCommand::SPECS,
        "group" => GroupCommand::SPECS,
        "application" => ApplicationCommand::SPECS,
        "gathering" => GatheringCommand::SPECS,
        "asset" => AssetCommand::SPECS,
        "introduction" => IntroductionCommand::SPECS,
        "barrier" => BarrierCommand::SPECS,
        _ => GrantCommand::SPECS,
    }
}

fn commands(table: &StateTable) -> Vec<&'static str> {
    let all = specs(table.noun).iter().map(|spec| spec.name);
    all.filter(|name| table.commands.is_empty() || table.commands.contains(name))
        .collect()
}

/// The outcome of a command in a state.
fn outcome(table: &StateTable, state: &str, command: &str, happened: &mut Vec<Event>) -> String {
    let (mut setting, id) = (table.reach)(state);
    let (by, body) = sample(table.noun, command);
    let (actor, before) = (by.actor(&setting), setting.world.history.len());
    let stood = current_state(table.name, &setting.world, id);
    match setting.issue_json(actor, table.noun, id, command, &body) {
        Ok(()) => {
            happened.extend(setting.world.history.drain(..).map(|(_, event)| event));
            let after = current_state(table.name, &setting.world, id);
            if after == stood {
                "ok".into()
            } else {
                format!("-> {after}")
            }
        }
        Err(refusal) => {
            assert_eq!(
                current_state(table.name, &setting.world, id),
                stood,
                "{command} in {state}: a refusal changes nothing"
            );
            assert_eq!(
                setting.world.history.len(),
                before,
                "{command} in {state}: a refusal is not recorded"
            );
            refusal.code().to_owned()
        }
    }
}

type Cells = BTreeMap<(String, String), String>;

/// The walk of all tables: the cells of each by its name, and all events that happened.
struct Walk {
    cells: BTreeMap<&'static str, Cells>,
    happened: Vec<Event>,
}

/// The walk takes long, so the tests of one process share one.
static WALK: LazyLock<Walk> = LazyLock::new(|| {
    let mut happened = Vec::new();
    let cells = TABLES
        .iter()
        .map(|table| (table.name, walk(table, &mut happened)))
        .collect();
    Walk { cells, happened }
});

fn walk(table: &StateTable, happened: &mut Vec<Event>) -> Cells {
    let mut cells = Cells::new();
    for command in commands(table) {
        for state in table.states {
            cells.insert(
                (command.to_owned(), (*state).to_owned()),
                outcome(table, state, command, happened),
            );
        }
    }
    cells
}

/// Reads a hand-written table: states in the first line, then one line per command.
fn read_table(name: &str) -> Cells {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/matrix"))
        .join(format!("{name}.txt"));
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut lines = text
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    let split = |line: &str| {
        line.split('|')
            .map(|part| part.trim().to_owned())
            .collect::<Vec<_>>()
    };
    let states = lines.next().map(split).unwrap_or_default();
    let mut cells = Cells::new();
    for line in lines {
        let parts = split(line);
        for (state, cell) in states.iter().zip(&parts).skip(1) {
            cells.insert((parts[0].clone(), state.clone()), cell.clone());
        }
    }
    cells
}

#[test]
fn every_command_in_every_state_is_as_it_is_written() {
    let mut wrong = Vec::new();
    let mut pairs = 0;

    for table in TABLES {
        let (by_hand, found) = (read_table(table.name), &WALK.cells[table.name]);
        pairs += found.len();
        for ((command, state), cell) in found {
            match by_hand.get(&(command.clone(), state.clone())) {
                None => wrong.push(format!(
                    "{}: {command} in {state} is not written down; it is: {cell}",
                    table.name
                )),
                Some(said) if said != cell => wrong.push(format!(
                    "{}: {command} in {state} should be {said}, and is {cell}",
                    table.name
                )),
                Some(_) => {}
            }
        }
        let gone: Vec<_> = by_hand
            .keys()
            .filter(|key| !found.contains_key(*key))
            .collect();
        assert!(
            gone.is_empty(),
            "{}: written down, and not there: {gone:?}",
            table.name
        );
    }

    assert!(
        wrong.is_empty(),
        "{} of {pairs} cells differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The reference document: for each kind of record its states, and the commands that lead from one
/// to another.
fn states_document() -> String {
    let mut text = String::from(
        "# States and transitions\n\n\
         Generated from the rules by `matrix::the_table_of_states_is_the_one_that_the_rules_make`: \
         do not edit.\n\
         Refusals by state, with their codes, are in `tests/matrix`.\n",
    );
    for table in TABLES {
        let cells = &WALK.cells[table.name];
        let states = table.states.join(", ");
        let _ = write!(
            text,
            "\n## {}\n\nStates: {states}.\n\n| Command | Accepted in | Leads to |\n|---|---|---|\n",
            table.name
        );
        for command in commands(table) {
            let mut leads: BTreeMap<String, Vec<&str>> = BTreeMap::new();
            for state in table.states {
                let cell = &cells[&(command.to_owned(), (*state).to_owned())];
                if let Some(to) = cell
                    .strip_prefix("-> ")
                    .or((cell == "ok").then_some("the same"))
                {
                    leads.entry(to.to_owned()).or_default().push(state);
                }
            }
            for (to, from) in leads {
                let _ = writeln!(text, "| `{command}` | {} | {to} |", from.join(", "));
            }
        }
    }
    text
}

#[test]
fn the_table_of_states_is_the_one_that_the_rules_make() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reference/states.md");
    let (made, committed) = (
        states_document(),
        std::fs::read_to_string(path).unwrap_or_default(),
    );

    if made != committed {
        std::fs::write(path, &made).expect("docs can be written");
        panic!(
            "docs/reference/states.md was out of date; it has been written anew: look at it and \
                commit it"
        );
    }
}

/// The name and content of an event's golden file.
fn golden_file<E: DomainEvent>(noun: &str, event: &E) -> (String, String) {
    let payload = serde_json_canonicalizer::to_string(event).expect("JSON");
    (
        format!("{noun}.{}.{}.json", event.name(), event.version()),
        payload,
    )
}

/// The walk produces every event, so each has a golden file.
#[test]
fn every_event_happens_somewhere() {
    let settings = [
        states::with_an_interest(),
        states::with_one_signature(),
        states::with_a_bank_file(),
        states::with_somebody_unknown(),
        states::with_lessons(),
    ];
    let histories = settings.iter().flat_map(|setting| &setting.world.history);

    let met: BTreeMap<_, _> = WALK
        .happened
        .iter()
        .chain(histories.map(|(_, event)| event))
        .map(|event| match event {
            Event::Person(event) => golden_file("person", event),
            Event::Organisation(event) => golden_file("organisation", event),
            Event::Fund(event) => golden_file("fund", event),
            Event::Group(event) => golden_file("group", event),
            Event::Application(event) => golden_file("application", event),
            Event::Grant(event) => golden_file("grant", event),
            Event::Gathering(event) => golden_file("gathering", event),
            Event::Asset(event) => golden_file("asset", event),
            Event::Introduction(event) => golden_file("introduction", event),
            Event::Barrier(event) => golden_file("barrier", event),
        })
        .collect();
    // Only earlier versions wrote this event, when one administrator could give a role alone.
    let retired = ["organisation.RoleGiven.1.0.json"];
    let missing: Vec<_> = crate::log::golden::newest_names()
        .into_iter()
        .filter(|name| !met.contains_key(name) && !retired.contains(&name.as_str()))
        .collect();
    assert!(
        missing.is_empty(),
        "these happen in no state that is walked: {missing:?}"
    );
    crate::log::golden::write_missing(&met);
}
