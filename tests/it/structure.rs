//! The structure of the code: which room may use which, SQL in one room, pure rules, small files,
//! and names and comments that a stranger understands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use regex::Regex;

use crate::support::folders::files_below;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Crates that the domain must not use.
const NOT_IN_DOMAIN: [&str; 7] = [
    "sqlx",
    "actix_web",
    "tokio",
    "cqrs_es",
    "postgres_es",
    "tracing",
    "futures",
];

/// Type names that two files may declare, with the reason.
const SHARED_TYPE_NAMES: [&str; 2] = [
    // The fund's own budget, and its view for readers: both are what the field calls a budget.
    "Budget",
    // A bank's statement of an account, and the statement of a fund: offices call both so.
    "Statement",
];

/// Idioms that made comments hard to read. A plain verb says the same.
const IDIOMS: &str =
    r"(?i)\b(held against|whoever|whatever|at once|told|along|stands|stood|beside)\b";

/// Rust files below a folder of the project, by path from there.
fn rust_files(folder: &str) -> Vec<(String, String)> {
    let folder = Path::new(ROOT).join(folder);
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(&folder)
            .expect("below")
            .display()
            .to_string();
        (name, std::fs::read_to_string(&path).expect("text"))
    };
    files_below(&folder)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(read)
        .collect()
}

fn sources() -> Vec<(String, String)> {
    let files = rust_files("src");
    assert!(files.len() > 60, "{} sources", files.len());
    files
}

/// The part of a source that is not its tests, without lines of comment.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]").next().unwrap_or_default();
    let lines = code
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"));
    lines.collect::<Vec<_>>().join("\n")
}

/// The room of a file: the first folder, or the file itself.
fn room_of(file: &str) -> &str {
    let first = file.split('/').next().unwrap_or_default();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// The rooms that a source uses.
fn used_rooms(text: &str) -> BTreeSet<String> {
    let single = Regex::new(r"\bcrate::(\w+)").expect("a pattern");
    let several = Regex::new(r"\bcrate::\{([^;]*)\}").expect("a pattern");
    let code = code(text);
    let grouped = several.captures_iter(&code).flat_map(|group| {
        let names = Regex::new(r"(?:^|[,{]\s*)(\w+)").expect("a pattern");
        let text = group[1].to_owned();
        names
            .captures_iter(&text)
            .map(|name| name[1].to_owned())
            .collect::<Vec<_>>()
    });
    let named = single.captures_iter(&code).map(|name| name[1].to_owned());
    named.chain(grouped).collect()
}

/// The table of rooms in `docs/architecture.md`, in its order: each room, and what it may use.
fn documented_rooms() -> Vec<(String, Option<BTreeSet<String>>)> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("docs/architecture.md")).expect("text");
    let (_, section) = text
        .split_once("\n## Rooms\n")
        .expect("a section about rooms");
    let table = section.split("\n### ").next().unwrap_or_default();
    let row = |line: &str| {
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        let [_, room, _, uses, _] = cells.as_slice() else {
            return None;
        };
        let room = room.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        let uses = match *uses {
            "all" => None,
            "nothing" => Some(BTreeSet::new()),
            rooms => Some(
                rooms
                    .split(", ")
                    .map(|room| room.trim_matches('`').to_owned())
                    .collect(),
            ),
        };
        Some((room, uses))
    };
    let rooms: Vec<_> = table.lines().filter_map(row).collect();
    assert!(rooms.len() > 15, "{rooms:?}");
    rooms
}

#[test]
fn rooms_use_each_other_as_documented() {
    let mut by_room: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (file, text) in sources() {
        let room = room_of(&file);
        if room == "lib" || room == "main" {
            continue;
        }
        let uses = by_room.entry(room.to_owned()).or_default();
        uses.extend(used_rooms(&text).into_iter().filter(|other| other != room));
    }
    let mut above = BTreeSet::new();
    for (room, may_use) in documented_rooms() {
        let uses = by_room.remove(&room).unwrap_or_default();
        if let Some(may_use) = may_use {
            assert_eq!(
                uses, may_use,
                "{room} uses other rooms than docs/architecture.md says"
            );
        }
        let later: Vec<_> = uses.difference(&above).collect();
        assert!(
            later.is_empty(),
            "{room} uses {later:?}, which come later in docs/architecture.md"
        );
        above.insert(room);
    }
    assert!(
        by_room.is_empty(),
        "not in docs/architecture.md: {:?}",
        by_room.keys()
    );
}

#[test]
fn the_rules_are_pure() {
    for (file, text) in sources()
        .iter()
        .filter(|(file, _)| file.starts_with("domain"))
    {
        let code = code(text);
        for name in NOT_IN_DOMAIN {
            assert!(!code.contains(&format!("{name}::")), "{file} uses {name}");
        }
        for word in [
            "async ",
            ".await",
            "std::fs",
            "std::env",
            "rand::",
            "Timestamp::now",
        ] {
            assert!(!code.contains(word), "{file} says {word}");
        }
    }
}

#[test]
fn only_the_store_knows_sql() {
    for (file, text) in sources()
        .iter()
        .filter(|(file, _)| !file.starts_with("store"))
    {
        let code = code(text);
        for word in [
            "SELECT ",
            "INSERT INTO",
            "UPDATE ",
            "DELETE FROM",
            "sqlx::query",
            "PgPool",
        ] {
            assert!(!code.contains(word), "{file} says {word}");
        }
    }
}

/// Refusals are one enum, so that each has its code, its words and its advice in one place.
const ONE_TABLE: &str = "domain/refusal/mod.rs";

#[test]
fn files_are_small() {
    for (file, text) in sources().into_iter().filter(|(file, _)| file != ONE_TABLE) {
        let lines = text
            .split("#[cfg(test)]")
            .next()
            .unwrap_or_default()
            .lines()
            .count();
        assert!(lines <= 600, "{file} has {lines} lines");
    }
}

#[test]
fn a_type_name_is_declared_once() {
    let declared =
        Regex::new(r"(?m)^(?:pub(?:\([^)]*\))? )?(?:struct|enum|trait|type|union) ([A-Z]\w*)")
            .expect("a pattern");
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, text) in sources() {
        for name in declared.captures_iter(&text) {
            files
                .entry(name[1].to_owned())
                .or_default()
                .push(file.clone());
        }
    }
    files.retain(|name, files| files.len() > 1 && !SHARED_TYPE_NAMES.contains(&name.as_str()));
    assert!(files.is_empty(), "{files:#?}");
}

#[test]
fn comments_are_plain() {
    let idioms = Regex::new(IDIOMS).expect("a pattern");
    let mut riddles = Vec::new();
    for folder in ["src", "tests", "benches", "fuzz"] {
        for (file, text) in rust_files(folder) {
            for (number, line) in text.lines().enumerate() {
                let comment = line.trim_start().strip_prefix("//");
                if comment.is_some_and(|comment| idioms.is_match(comment)) {
                    riddles.push(format!("{folder}/{file}:{}: {}", number + 1, line.trim()));
                }
            }
        }
    }
    // In documents a few of the words have their plain sense.
    let idioms = Regex::new(r"(?i)\b(held against|whoever|stands)\b").expect("a pattern");
    let documents = files_below(&Path::new(ROOT).join("docs"));
    for file in documents
        .iter()
        .filter(|file| file.extension().is_some_and(|extension| extension == "md"))
    {
        let text = std::fs::read_to_string(file).expect("text");
        let lines = text.lines().filter(|line| idioms.is_match(line));
        riddles.extend(lines.map(|line| format!("{}: {line}", file.display())));
    }
    assert!(riddles.is_empty(), "{riddles:#?}");
}
