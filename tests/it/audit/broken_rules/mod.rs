//! Each rule of the table, broken in a complete and signed log: only a replay of the rules finds
//! it.
//!
//! The base is the log of the seeds. A break edits, removes or inserts events as a holder of the
//! office's signing key could, and the log is signed again.

mod agreed;
mod assets;
mod barriers;
mod days;
mod gatherings;
mod givers;
mod introductions;
mod learning;
mod letters;
mod log_lines;
mod money;
mod named;
mod office;
mod panel;
mod rounds;
mod steps;

use std::collections::BTreeSet;
use std::thread;

use microgrants::audit::{FindingRule, FormRule, export_layout};
use microgrants::domain::Rule;
use strum::IntoEnumIterator as _;

use super::tampered_export::{PythonVerifier, TamperedExport};
use crate::audit::transparency_log::sealer;
use crate::support::seeded::with_seeds;
use crate::support::test_app::TestApp;
pub use log_lines::{LogLines, NewEvent};

/// A way to break a rule.
#[derive(Clone)]
pub struct Break {
    pub rule: Rule,
    /// What the log says afterwards.
    pub says: &'static str,
    pub edit: fn(&mut LogLines),
}

fn all_breaks() -> Vec<Break> {
    [
        office::breaks(),
        panel::breaks(),
        money::breaks(),
        named::breaks(),
        gatherings::breaks(),
        assets::breaks(),
        introductions::breaks(),
        barriers::breaks(),
        learning::breaks(),
        days::breaks(),
        givers::breaks(),
        letters::breaks(),
        steps::breaks(),
        rounds::breaks(),
        agreed::breaks(),
    ]
    .concat()
}

/// The most threads that break a log at the same time.
const THREADS_MAX: usize = 4;

/// Checks each item on one of several threads, each with a folder of its own. Returns what they
/// say.
fn check_on_threads<T: Sync>(
    damaged: &TamperedExport,
    items: &[T],
    check: impl Fn(&mut TamperedExport, &T) -> Option<String> + Sync,
) -> Vec<String> {
    let threads = thread::available_parallelism().map_or(1, |all| all.get().min(THREADS_MAX));
    let check = &check;
    thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|number| {
                let mut folder = damaged.copy(number);
                let own = items.iter().skip(number).step_by(threads);
                scope.spawn(move || -> Vec<String> {
                    own.filter_map(|item| check(&mut folder, item)).collect()
                })
            })
            .collect();
        let ended = running.into_iter().map(|thread| thread.join().unwrap());
        ended.flatten().collect()
    })
}

/// One of so many rules is broken on PostgreSQL too.
const ONE_OF: usize = 8;

on_each_engine!(each_rule_of_the_table_is_broken_and_named);
/// The verifier names the rule at the first position that it names for any rule: the cause comes
/// before what follows from it. Who may give an event is a rule of its own: most breaks put in
/// events without looking for somebody who may.
///
/// On SQLite, one break of each rule is written into the folder, signed and verified as a whole, and
/// the others are replayed without the folder: there the second verifier has the folder of each. An
/// edited folder is the same from each engine, so some of them are enough on PostgreSQL.
async fn each_rule_of_the_table_is_broken_and_named(app: TestApp) {
    let app = with_seeds(app).await;
    let breaks_all = app.store().postgres_pool().is_none();
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    for whole in [damaged.findings_in(&base.to_lines()), base.replay()] {
        assert!(rules_in(&whole).is_empty(), "{whole:?}");
    }
    for (says, edit) in agreed::HARMLESS {
        let mut edited = base.clone();
        edit(&mut edited);
        let found = rules_in(&damaged.findings_in(&edited.to_lines()));
        assert!(found.is_empty(), "{says}: {found:?}");
    }

    let mut broken = BTreeSet::new();
    let breaks = all_breaks().into_iter().map(|one| {
        let is_first = broken.insert(one.rule);
        (one, is_first)
    });
    let breaks: Vec<_> = if breaks_all {
        breaks.collect()
    } else {
        breaks
            .filter(|(_, is_first)| *is_first)
            .step_by(ONE_OF)
            .collect()
    };
    let missed = check_on_threads(&damaged, &breaks, |folder, (one, is_first)| {
        let mut edited = base.clone();
        (one.edit)(&mut edited);
        let found = if *is_first {
            folder.findings_in(&edited.to_lines())
        } else {
            edited.replay()
        };
        let mut rules = rules_in(&found);
        rules.retain(|(_, rule)| *rule == one.rule || *rule != Rule::ActorAllowed);
        let first = rules.first().map(|(position, _)| *position);
        let named = rules
            .iter()
            .any(|(position, rule)| *rule == one.rule && Some(*position) == first);
        (!named).then(|| format!("{:?}, {}: {found:?}", one.rule, one.says))
    });
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    let unbroken: Vec<Rule> = Rule::iter().filter(|rule| !broken.contains(rule)).collect();
    assert_eq!(unbroken, [], "rules that no case breaks");
}

on_sqlite!(
    every_break_is_named_by_both_verifiers,
    ignore = "needs cryptography of Python"
);
/// The second verifier was written from the documents alone: what it names is what they say.
async fn every_break_is_named_by_both_verifiers(app: TestApp) {
    let app = with_seeds(app).await;
    sealer(&app).catch_up().await.unwrap();
    let mut damaged = TamperedExport::export(&app, Some(PythonVerifier::start())).await;
    let base = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    let whole = damaged.rules_of_second(&base.to_lines());
    assert!(whole.iter().all(|rule| is_of_form(rule)), "{whole:?}");

    let missed = check_on_threads(&damaged, &all_breaks(), |folder, one| {
        let mut edited = base.clone();
        (one.edit)(&mut edited);
        let named = folder.rules_of_second(&edited.to_lines());
        let is_named = named.iter().any(|rule| rule == <&str>::from(one.rule));
        (!is_named).then(|| format!("{:?}, {}: {named:?}", one.rule, one.says))
    });
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

/// The fields that earlier programs did not write, each with its event.
const LATER_FIELDS: [(&str, &str); 17] = [
    ("PersonRegistered", "registered_on"),
    ("ContactChanged", "changed_on"),
    ("RoleEnded", "ended_on"),
    ("RoleProposed", "proposal"),
    ("RoleProposed", "contact"),
    ("MemberAdded", "added_on"),
    ("MemberRemoved", "removed_on"),
    ("PayeeProvided", "provided_on"),
    ("GroupMerged", "merged_by"),
    ("GroupMerged", "merged_on"),
    ("ApplicationStarted", "started_on"),
    ("EligibilityConfirmed", "take_back_until"),
    ("EligibilityRefused", "take_back_until"),
    ("PaymentPrepared", "sources"),
    ("PaymentApproved", "approved_on"),
    ("GrantHeld", "held_on"),
    ("ReturnReceived", "satisfied"),
];

/// The events that earlier programs did not write.
const LATER_EVENTS: [&str; 16] = [
    "AttendanceConfirmed",
    "AddressProven",
    "MemberInvited",
    "OfferSent",
    "RevocationConfirmed",
    "SettingsSet",
    "PersonToTell",
    "DecisionTakenBack",
    "LetterReleased",
    "NewsSent",
    "StatementShared",
    "CheckpointKeyRotated",
    "MailLanguageChosen",
    "FileRemoved",
    "AgreementSigned",
    "GatheringPlanned",
];

on_each_engine!(what_is_not_checked_in_a_log_of_an_earlier_program_is_named);
/// The holder of the key leaves out, in the whole log, what earlier programs did not write, so that
/// it is judged as a log of theirs: then the answer says which rules were not checked.
async fn what_is_not_checked_in_a_log_of_an_earlier_program_is_named(app: TestApp) {
    let app = with_seeds(app).await;
    sealer(&app).catch_up().await.unwrap();
    let damaged = TamperedExport::export(&app, None).await;
    let mut log = LogLines::parse(&damaged.lines(export_layout::EVENTS));
    let of_whole = damaged.not_checked_in(&log.to_lines());
    assert!(of_whole.is_empty(), "{of_whole:?}");

    for (event, field) in LATER_FIELDS {
        for at in log.all(event) {
            log.unset(at, field);
        }
    }
    for event in LATER_EVENTS {
        for at in log.all(event).into_iter().rev() {
            log.remove(at);
        }
    }
    let open = damaged.not_checked_in(&log.to_lines()).join("\n");
    for says in [
        "unconnected",
        "payment-waits",
        "no PaymentApproved.approved_on",
        "no PayeeProvided.provided_on",
        "no ReturnReceived.satisfied",
    ] {
        assert!(open.contains(says), "{says}: {open}");
    }

    // One field that is left shows the program, and all others are missing.
    log.set(log.first("EligibilityConfirmed"), "take_back_until", UNTIL);
    let found = rules_in(&damaged.findings_in(&log.to_lines()));
    let missing = found.iter().any(|(_, rule)| *rule == Rule::FieldsComplete);
    assert!(missing, "{found:?}");
}

const UNTIL: &str = "2026-01-01T09:10:00Z";

/// Whether a rule is one of the format of a folder. The log is signed by one new head here, and its
/// tables are those from before.
fn is_of_form(rule: &str) -> bool {
    FormRule::iter().any(|form| <&str>::from(form) == rule)
}

/// The broken rules of the table, by position.
fn rules_in(found: &[microgrants::audit::Finding]) -> Vec<(i64, Rule)> {
    let of_table = found.iter().filter_map(|finding| match finding.rule {
        FindingRule::Domain(rule) => Some((finding.position?, rule)),
        FindingRule::Form(_) => None,
    });
    let mut all: Vec<_> = of_table.collect();
    all.sort();
    all
}
