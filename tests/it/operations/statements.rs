//! Every movement is read of bank statements that another program has written.

use std::fs;
use std::path::Path;
use std::process::Command as Program;

use microgrants::bank::{StatementEntry, read_statement};
use tempfile::TempDir;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The line that `tests/bank/ofx.py` writes for a movement.
fn line(entry: &StatementEntry) -> String {
    let StatementEntry {
        on,
        pence,
        direction,
        description,
    } = entry;
    let line = format!("{on} {pence} {direction:?} {description}");
    line.trim_end().to_owned()
}

#[test]
#[ignore = "needs ofxtools"]
fn from_ofxtools_are_read_completely() {
    let folder = TempDir::new().unwrap();
    let seed = std::env::var("MICROGRANTS_SEED").unwrap_or_else(|_| "ofx".to_owned());
    let said = Program::new(Path::new(ROOT).join("target/validators/bin/python"))
        .arg(Path::new(ROOT).join("tests/bank/ofx.py"))
        .arg(folder.path())
        .arg(&seed)
        .output()
        .unwrap();
    assert!(
        said.status.success(),
        "{}",
        String::from_utf8_lossy(&said.stderr)
    );
    let mut statements = 0;
    for number in 0.. {
        let at = |kind: &str| folder.path().join(format!("{number}.{kind}"));
        let Ok(bytes) = fs::read(at("ofx")) else {
            break;
        };
        let statement = read_statement(&bytes).unwrap();
        let lines: Vec<String> = statement.entries.iter().map(line).collect();
        let expected = fs::read_to_string(at("txt")).unwrap();
        assert_eq!(
            lines,
            expected.lines().collect::<Vec<_>>(),
            "seed {seed}, statement {number}: {}",
            String::from_utf8_lossy(&bytes)
        );
        statements += 1;
    }
    assert!(statements > 10, "{statements} statements were written");
}
