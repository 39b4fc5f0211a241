//! The layers of the code: which module may use which, checked against the `use` lines and paths of
//! the source.

use std::path::{Path, PathBuf};

use crate::cases::Cases;
use crate::folders::files_below;

/// Each module, and the modules that it may use.
const ROOMS: [(&str, &[&str]); 20] = [
    ("domain", &[]),
    ("store", &["domain"]),
    ("log", &["domain", "store"]),
    ("commands", &["domain", "log"]),
    ("sandbox", &[]),
    ("files", &["domain", "log", "sandbox", "store"]),
    ("projections", &["domain", "log", "store"]),
    ("seal", &["domain", "log", "store"]),
    (
        "audit",
        &["domain", "log", "projections", "seal", "store", "views"],
    ),
    (
        "backup",
        &["domain", "files", "log", "audit", "seal", "store"],
    ),
    ("bank", &["domain", "log"]),
    ("erasure", &["domain", "files", "log", "store"]),
    ("views", &["domain", "store", "log", "projections"]),
    ("export", &["domain", "projections", "views"]),
    (
        "import",
        &[
            "commands",
            "domain",
            "log",
            "projections",
            "sandbox",
            "views",
        ],
    ),
    (
        "jobs",
        &["domain", "log", "commands", "projections", "views"],
    ),
    (
        "mail",
        &["domain", "store", "log", "commands", "projections", "views"],
    ),
    ("webhooks", &["domain", "log", "seal", "store"]),
    (
        "http",
        &[
            "bank",
            "domain",
            "commands",
            "export",
            "files",
            "import",
            "mail",
            "sandbox",
            "seal",
            "views",
            "log",
            "projections",
            "store",
            "webhooks",
        ],
    ),
    (
        "config.rs",
        &["domain", "export", "http", "import", "sandbox"],
    ),
];

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

pub fn cases(cases: &mut Cases) {
    cases.without_database("layers::no_room_uses_one_above_it", floors);
    cases.without_database("layers::the_rules_are_pure", pure);
    cases.without_database("layers::only_the_store_knows_sql", sql);
    cases.without_database("layers::files_are_small", small);
}

fn sources() -> Vec<(String, String)> {
    let source = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"));
    let files = files_below(source)
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let read = |path: PathBuf| {
        let name = path
            .strip_prefix(source)
            .expect("a source")
            .display()
            .to_string();
        (name, std::fs::read_to_string(&path).expect("text"))
    };
    let found: Vec<_> = files.map(read).collect();
    assert!(found.len() > 60, "{} sources", found.len());
    found
}

/// A source file without its unit tests.
fn without_tests(text: &str) -> &str {
    text.split("#[cfg(test)]").next().unwrap_or_default()
}

fn floors() {
    for (file, text) in sources() {
        let Some((room, may_use)) = ROOMS.iter().find(|(room, _)| file.starts_with(room)) else {
            continue;
        };
        for used in without_tests(&text).split("crate::").skip(1) {
            let used = used
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or_default();
            let inside = used == *room || used.is_empty();
            assert!(
                inside || may_use.contains(&used),
                "{file} uses {used}, which is not below {room}"
            );
        }
    }
}

fn pure() {
    for (file, text) in sources()
        .iter()
        .filter(|(file, _)| file.starts_with("domain"))
    {
        for name in NOT_IN_DOMAIN {
            assert!(
                !without_tests(text).contains(&format!("{name}::")),
                "{file} uses {name}"
            );
        }
        for word in [
            "async ",
            ".await",
            "std::fs",
            "std::env",
            "rand::",
            "Timestamp::now",
        ] {
            assert!(!without_tests(text).contains(word), "{file} says {word}");
        }
    }
}

fn sql() {
    for (file, text) in sources()
        .iter()
        .filter(|(file, _)| !file.starts_with("store"))
    {
        for word in [
            "SELECT ",
            "INSERT INTO",
            "UPDATE ",
            "DELETE FROM",
            "sqlx::query",
            "PgPool",
        ] {
            assert!(!without_tests(text).contains(word), "{file} says {word}");
        }
    }
}

fn small() {
    for (file, text) in sources() {
        let lines = without_tests(&text).lines().count();
        assert!(lines <= 700, "{file} has {lines} lines");
    }
}
