//! No event has a plain digest of a personal value or of a file with personal values: everybody who
//! reads the log could try values until one has the digest, also after an erasure.

use std::collections::{BTreeSet, HashSet};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use microgrants::domain::file::FileDigest;
use microgrants::domain::{Event, FundEvent, OrganisationEvent};
use microgrants::store::events;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::operations::files::pdf;
use crate::support::fixtures::{Office, text};
use crate::support::scenario::command_from_json;
use crate::support::service::serve;
use crate::support::test_app::{ORGANISATION, TestApp};

/// How many characters of a digest are compared, so that a shortened one is found too.
const COMPARED: usize = 22;

/// A file for the bank with the account of the fixtures' groups.
const BANK_FILE: &str = "Sort code,Account number,Name,Amount\r\n123456,12345678,SOUP,900.00\r\n";

/// The fields of events that have a digest, besides those of encrypted values.
const DIGEST_FIELDS: [&str; 19] = [
    // Keyed.
    "fund.BankFileMade.digest",
    // Of the agreement's text, which is public.
    "grant.AgreementAccepted.hash",
    "grant.AgreementIssued.hash",
    "grant.AgreementSigned.hash",
    "organisation.AgreementPublished.hash",
    // Of a notice, which is public.
    "organisation.NoticePublished.hash",
    // Of an encrypted file, with its random nonce.
    "application.ApplicationResubmitted.help.kind.keyed_verbatim.scan",
    "application.ApplicationSubmitted.help.kind.keyed_verbatim.scan",
    "grant.AgreementAccepted.method.paper_scan.scan",
    "grant.CheckPassed.evidence",
    "grant.NewsSent.photographs",
    "grant.PaymentConfirmed.receipt",
    "grant.StoryPublished.photographs",
    "grant.UpdateReceived.files",
    "grant.UpdateSaved.files",
    "group.FileKept.file",
    "group.FileRemoved.file",
    // Of the logo, which is public.
    "organisation.SettingsProposed.settings.logo",
    "organisation.SettingsSet.settings.logo",
];

/// The beginnings of everything in the log that is long enough for a digest.
struct LoggedDigests(HashSet<String>);

impl LoggedDigests {
    async fn read(app: &TestApp) -> Self {
        let rows = events::read_page(app.store(), ORGANISATION, 0, 100_000).await;
        let mut found = HashSet::new();
        for row in rows.unwrap() {
            for text in [&row.payload, &row.metadata, &row.command_id] {
                let hexadecimal = text.split(|c: char| !c.is_ascii_alphanumeric());
                let base64 =
                    text.split(|c: char| !(c.is_ascii_alphanumeric() || "+/_-".contains(c)));
                let long = hexadecimal
                    .chain(base64)
                    .filter_map(|word| word.get(..COMPARED));
                found.extend(long.flat_map(|word| [word.to_owned(), word.to_lowercase()]));
            }
        }
        Self(found)
    }

    fn has(&self, content: &[u8]) -> bool {
        let digest: [u8; 32] = Sha256::digest(content).into();
        let spelt = [
            hex::encode(digest),
            STANDARD.encode(digest),
            URL_SAFE.encode(digest),
        ];
        spelt
            .iter()
            .any(|spelt| self.0.contains(&spelt[..COMPARED]))
    }
}

/// Asserts that no event has the digest of a personal value in the database, or of these files.
pub async fn assert_no_plain_digests(app: &TestApp, files: &[&[u8]]) {
    let logged = LoggedDigests::read(app).await;
    let events = app.log.read_events(0, 100_000).await.unwrap();
    let mut values = BTreeSet::new();
    for subject in events
        .iter()
        .map(|event| event.stream)
        .collect::<BTreeSet<_>>()
    {
        let opened = app.log.vault().decrypt_all(subject).await.unwrap();
        values.extend(opened.into_values().flat_map(|value| spellings(&value)));
    }
    assert!(
        values.len() > 20,
        "the history has personal values: {values:?}"
    );
    for value in &values {
        assert!(
            !logged.has(value.as_bytes()),
            "the digest of {value} is in the log"
        );
    }
    for file in files {
        assert!(!logged.has(file), "{}", String::from_utf8_lossy(file));
    }
    let agreement = events.iter().find_map(|event| match &event.event {
        Event::Organisation(OrganisationEvent::AgreementPublished { text, .. }) => Some(text),
        _ => None,
    });
    let agreement = agreement.expect("an agreement").as_str();
    assert!(logged.has(agreement.as_bytes()), "a plain digest is found");
}

/// A value as it is stored, and as other programs write it.
fn spellings(value: &str) -> Vec<String> {
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    let account = value.rsplit(' ').next().unwrap_or_default().to_owned();
    let close = value.replace([' ', '-'], "");
    let spelt = [
        value.to_owned(),
        value.to_lowercase(),
        digits,
        account,
        close,
    ];
    spelt
        .into_iter()
        .filter(|spelt| !spelt.is_empty())
        .collect()
}

on_each_engine!(no_digest_of_a_personal_value_is_in_the_log);
async fn no_digest_of_a_personal_value_is_in_the_log(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (grant, group, member) = office.approved(&app, 900).await;
    app.catch_up().await;
    let receipt = pdf(2000);
    let client = serve(&app, member);
    let path = format!("/api/v1/groups/{group}/files?purpose=receipt");
    let kept = client.upload(&path, &receipt, "one");
    assert_eq!(kept.status, 201, "{}", kept.body);

    // When
    let plain = hex::encode(Sha256::digest(BANK_FILE));
    let made = json!({
        "batch": "june", "payments": 1, "total": "900.00", "digest": plain, "reason": null,
        "lines": [{ "grant": grant, "payment": 1, "amount": "900.00" }],
    });
    let made = command_from_json("fund", office.fund.0, "make-bank-file", &made);
    app.issue_ok(office.ben, made).await;

    // Then
    assert_no_plain_digests(&app, &[BANK_FILE.as_bytes(), &receipt]).await;
    let events = app.log.read_events(0, 100_000).await.unwrap();
    let recorded = events.iter().find_map(|event| match &event.event {
        Event::Fund(FundEvent::BankFileMade { digest, .. }) => Some(digest.clone()),
        _ => None,
    });
    let groups = BTreeSet::from([group.0]);
    let plain: FileDigest = text(&plain);
    let keyed = app.log.vault().bank_file_digest(&plain, &groups).await;
    assert_eq!(recorded, Some(keyed.unwrap()));
}

on_each_engine!(no_key_that_is_left_tests_a_bank_file_after_an_erasure);
async fn no_key_that_is_left_tests_a_bank_file_after_an_erasure(app: TestApp) {
    // Given
    let office = Office::open(&app, 5000).await;
    let (group, _) = office.group(&app).await;
    let (other, _) = office.group(&app).await;
    let plain: FileDigest = text(&hex::encode(Sha256::digest(BANK_FILE)));
    let both = BTreeSet::from([group.0, other.0]);
    let vault = app.log.vault();
    let before = vault.bank_file_digest(&plain, &both).await.unwrap();
    let again = vault.bank_file_digest(&plain, &both).await.unwrap();
    assert_eq!(before, again);

    // When
    let because = json!({ "reason": "Asked for on the phone." });
    let erase = command_from_json("group", group.0, "erase", &because);
    app.issue_ok(office.ada, erase).await;
    vault.evict(group.0);

    // Then
    for groups in [both, BTreeSet::from([other.0]), BTreeSet::new()] {
        let after = vault.bank_file_digest(&plain, &groups).await.unwrap();
        assert_ne!(after, before, "{groups:?}");
    }
}

#[test]
fn every_digest_in_the_schema_of_an_event_is_of_a_known_kind() {
    let contract = microgrants::http::openapi_json();
    let schemas = &contract["components"]["schemas"];
    let mut found = BTreeSet::new();
    for (noun, schema) in [
        ("person", "PersonEvent"),
        ("organisation", "OrganisationEvent"),
        ("fund", "FundEvent"),
        ("group", "GroupEvent"),
        ("application", "ApplicationEvent"),
        ("grant", "GrantEvent"),
        ("gathering", "GatheringEvent"),
        ("asset", "AssetEvent"),
        ("introduction", "IntroductionEvent"),
        ("barrier", "BarrierEvent"),
    ] {
        collect_from_schema(noun, &schemas[schema], (schemas, &[]), &mut found);
    }
    let known: BTreeSet<String> = DIGEST_FIELDS.map(str::to_owned).into();
    assert_eq!(found, known, "say in DIGEST_FIELDS of what a new digest is");
}

/// Collects the paths of the digests that a schema has, but for encrypted values. `above` are the
/// names of the schemas that lead to it, so that none is visited within itself.
fn collect_from_schema(
    path: &str,
    schema: &Value,
    (schemas, above): (&Value, &[&str]),
    found: &mut BTreeSet<String>,
) {
    if !schema.is_object() {
        return;
    }
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        if !above.contains(&name) && name != "Encrypted" {
            let above = [above, &[name]].concat();
            collect_from_schema(path, &schemas[name], (schemas, &above), found);
        }
        return;
    }
    if schema["pattern"] == "^[0-9a-f]{64}$" {
        found.insert(path.to_owned());
    }
    for parts in ["oneOf", "anyOf", "allOf"] {
        for part in schema[parts].as_array().into_iter().flatten() {
            collect_from_schema(path, part, (schemas, above), found);
        }
    }
    for inner in ["items", "additionalProperties"] {
        collect_from_schema(path, &schema[inner], (schemas, above), found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        if ["digest", "hash"].contains(&name.as_str()) {
            found.insert(path.clone());
        }
        collect_from_schema(&path, property, (schemas, above), found);
    }
}

#[test]
fn every_digest_in_an_event_is_of_a_known_kind() {
    let folder = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden"));
    let mut found = BTreeSet::new();
    for file in std::fs::read_dir(folder).unwrap().flatten() {
        let name = file.file_name().into_string().unwrap();
        let noun = name.split('.').next().unwrap();
        let text = std::fs::read_to_string(file.path()).unwrap();
        collect_digests(noun, &serde_json::from_str(&text).unwrap(), &mut found);
    }
    let unknown = found
        .iter()
        .filter(|field| !DIGEST_FIELDS.contains(&field.as_str()));
    assert_eq!(unknown.collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(found.contains("fund.BankFileMade.digest"), "{found:?}");
}

/// Collects the paths of the values that look like a digest, but for encrypted values.
fn collect_digests(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) if fields.len() == 2 && fields.contains_key("subject") => {}
        Value::Object(fields) => {
            for (name, value) in fields {
                collect_digests(&format!("{path}.{name}"), value, found);
            }
        }
        Value::Array(items) => {
            for item in items {
                collect_digests(path, item, found);
            }
        }
        Value::String(text) if is_digest(text) => {
            found.insert(path.to_owned());
        }
        _ => {}
    }
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
