//! Whole numbers of events have the same bounds in both verifiers: the second one, in Python, names
//! for each the kind that the type in the domain has.

use std::collections::BTreeMap;
use std::fs;

use regex::Regex;

const STREAMS: [&str; 10] = [
    "person",
    "organisation",
    "fund",
    "group",
    "application",
    "grant",
    "gathering",
    "asset",
    "introduction",
    "barrier",
];

/// A kind of record, an event and a field.
type FieldName = (String, String, String);

fn read(path: &str) -> String {
    let path = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
    fs::read_to_string(path).expect("a source file")
}

/// The kind of each field in the catalogue of the second verifier.
fn kinds_in_python() -> BTreeMap<FieldName, String> {
    let catalogue = read("audit/verifier/catalogue.py").replace("\\\n", " ");
    let (mut kinds, mut stream) = (BTreeMap::new(), None);
    for line in catalogue.lines() {
        if let Some(name) = line.strip_suffix(" = \"\"\"") {
            stream = Some(name.to_lowercase());
        } else if line == "\"\"\"" {
            stream = None;
        } else if let Some(stream) = &stream {
            let mut words = line.split_whitespace();
            let event = words.next().unwrap_or_default();
            for (field, kind) in words.filter_map(|word| word.split_once(':')) {
                let name = (stream.clone(), event.to_owned(), field.to_owned());
                kinds.insert(name, kind.trim_end_matches(['?', '~']).to_owned());
            }
        }
    }
    kinds
}

#[test]
fn each_number_of_an_event_has_the_bounds_of_its_type() {
    let event_name = Regex::new(r"^        ([A-Z]\w+)\s*[{,]").unwrap();
    let number = Regex::new(r"(\w+): (?:Option<)?([iu](?:8|16|32|64))\b").unwrap();
    let (kinds, mut compared) = (kinds_in_python(), 0);
    for stream in STREAMS {
        let mut event = String::new();
        for line in read(&format!("src/domain/{stream}/event.rs")).lines() {
            if let Some(found) = event_name.captures(line) {
                event = found[1].to_owned();
            }
            for found in number.captures_iter(line) {
                let kind = match &found[2] {
                    "u8" => "int8",
                    "u16" => "int16",
                    "u32" => "int32",
                    // No number of a log is negative, or one that a float cannot hold.
                    _ => "int53",
                };
                let name = (stream.to_owned(), event.clone(), found[1].to_owned());
                let said = kinds.get(&name).map(String::as_str);
                assert_eq!(said, Some(kind), "{name:?}");
                compared += 1;
            }
        }
    }
    assert!(compared >= 100, "{compared} numbers were compared");
}
