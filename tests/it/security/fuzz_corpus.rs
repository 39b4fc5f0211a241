//! Parsers of untrusted bytes, given mutated copies of the corpus for a limited time: each refuses
//! its input or returns something valid. `scripts/fuzz` does the same guided by coverage. Multipart
//! forms are sent to a running service.

use std::path::Path;
use std::time::{Duration, Instant};

use microgrants::http::rate_limit::RateLimits;
use microgrants::projections::FileRow;
use microgrants::views::Filter;

use crate::support::fixtures::Office;
use crate::support::random::SeededRandom;
use crate::support::service::serve_with;
use crate::support::test_app::TestApp;

#[path = "../../../fuzz/targets.rs"]
mod targets;

/// Seconds per parser: `MICROGRANTS_FUZZ_SECONDS`, or one.
fn time_budget() -> Duration {
    let given = std::env::var("MICROGRANTS_FUZZ_SECONDS")
        .ok()
        .and_then(|seconds| seconds.parse().ok());
    Duration::from_secs(given.unwrap_or(1))
}

#[test]
fn whatever_arrives_is_refused_or_holds() {
    let mut moments = SeededRandom::from_environment();
    let seed = moments.seed();
    for (name, target) in targets::TARGETS {
        let corpus = corpus(name);
        assert!(corpus.len() >= 3, "the corpus of {name} is in fuzz/corpus");
        let read = corpus.iter().filter(|bytes| target(bytes)).count();
        assert!(read > 0, "nothing of the corpus of {name} is read any more");
        let (since, mut tried) = (Instant::now(), 0_u64);
        while since.elapsed() < time_budget() {
            let bytes = mutated(&corpus, &mut moments);
            let outcome = std::panic::catch_unwind(|| target(&bytes));
            if outcome.is_err() {
                let at = std::env::temp_dir().join(format!("microgrants-{name}"));
                std::fs::write(&at, &bytes).unwrap();
                panic!(
                    "{name} fell over what lies in {} (seed {seed})",
                    at.display()
                );
            }
            tried += 1;
        }
        eprintln!(
            "fuzzed: {name}, {tried} inputs from {} (seed {seed})",
            corpus.len()
        );
    }
}

/// The corpus of a parser.
pub fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new("fuzz/corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect();
    files.sort();
    files
        .iter()
        .map(|file| std::fs::read(file).unwrap())
        .collect()
}

/// A copy of one input with a few mutations: bytes flipped, removed, duplicated, copied from
/// another input, or replaced by values that often break parsers.
pub fn mutated(corpus: &[Vec<u8>], moments: &mut SeededRandom) -> Vec<u8> {
    const BREAKERS: [&[u8]; 12] = [
        b"\0",
        b"\r\n",
        b"\"",
        b"\\u0000",
        b"-1",
        b"9223372036854775808",
        b"1e400",
        b"\xff\xfe",
        b"\xe2\x80\xa8",
        b"[[[[[[[[",
        b"{}",
        b"=\x01",
    ];
    let pick = |moments: &mut SeededRandom, most: usize| moments.below(most.max(1));
    let mut bytes = corpus[pick(moments, corpus.len())].clone();
    for _ in 0..=pick(moments, 4) {
        let (at, length) = (
            pick(moments, bytes.len() + 1).min(bytes.len()),
            pick(moments, 24),
        );
        let until = (at + length).min(bytes.len());
        match moments.below(6) {
            0 => bytes
                .iter_mut()
                .skip(at)
                .take(1)
                .for_each(|byte| *byte ^= 1 << moments.below(8)),
            1 => drop(bytes.drain(at..until)),
            2 => {
                let part = bytes[at..until].to_vec();
                let to = pick(moments, bytes.len() + 1).min(bytes.len());
                drop(bytes.splice(to..to, part));
            }
            3 => {
                let other = &corpus[pick(moments, corpus.len())];
                let from = pick(moments, other.len());
                drop(
                    bytes.splice(
                        at..until,
                        other[from..(from + length).min(other.len())]
                            .iter()
                            .copied(),
                    ),
                );
            }
            4 => drop(bytes.splice(at..until, moments.choose(&BREAKERS).iter().copied())),
            _ => bytes.truncate(at),
        }
    }
    bytes
}

on_sqlite!(a_form_with_files_is_taken_or_refused);
/// Bodies that are almost multipart forms: accepted or refused, but never a server error, and
/// stored files are exactly the recorded ones.
async fn a_form_with_files_is_taken_or_refused(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let (grant, group, member) = office.awarded(&app, 900).await;
    app.catch_up().await;
    let client = serve_with(&app, member, |site| {
        site.limits = RateLimits::new(&"forms=off,senders=off".parse().unwrap(), None);
    });
    let mut browser = crate::pages::journeys::signed_in(&app, client.address(), member).await;
    let page = browser.get(&format!("/my/grants/{grant}"));
    let field = |name: &str, value: &str| {
        format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let file = |name: &str, content: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
                Content-Type: application/pdf\r\n\r\n{content}\r\n"
        )
    };
    let words = [
        field("csrf", &page.hidden_field("csrf")),
        field("key", &page.hidden_field("key")),
        field("form", "hand-in"),
    ]
    .concat();
    let good = format!(
        "{words}{}--b--\r\n",
        file("a", "%PDF-1.4\nillustrative\n%%EOF\n")
    );
    let two = format!(
        "{words}{}{}--b--\r\n",
        file("a", "%PDF-1.4\none\n%%EOF\n"),
        file("b", "%PDF-1.4\ntwo\n%%EOF\n")
    );
    let corpus = vec![good.into_bytes(), two.into_bytes()];
    let mut moments = SeededRandom::from_environment();
    let (since, mut tried, mut taken) = (Instant::now(), 0, 0);
    while since.elapsed() < time_budget() || tried < 80 {
        let body = if tried == 0 {
            corpus[0].clone()
        } else {
            mutated(&corpus, &mut moments)
        };
        let answer = browser.post_bytes(
            &format!("/my/grants/{grant}/files"),
            "multipart/form-data; boundary=b",
            &body,
        );
        assert!(
            answer.status == 303 || (400..500).contains(&answer.status),
            "{} to {:?}",
            answer.status,
            String::from_utf8_lossy(&body)
        );
        taken += usize::from(answer.status == 303);
        tried += 1;
    }
    app.catch_up().await;
    let of = vec![Filter::equals("group_id", group)];
    let recorded = app.views().all_rows::<FileRow>(None, of).await.unwrap();
    let recorded = recorded.len();
    let stored = crate::operations::files::stored_files(&app).len();
    assert_eq!(stored, recorded, "what is kept is what was recorded");
    assert!(
        taken > 0 && stored > 0 && taken < tried,
        "{taken} of {tried} were taken"
    );
    eprintln!("fuzzed: {tried} forms with files, {taken} taken, {stored} files kept");
}
