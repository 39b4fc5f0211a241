//! Replay of a whole log, as an auditor does it: there must be no finding.

use microgrants::audit::RuleChecker;

use crate::support::test_app::TestApp;

/// Replays the whole log of an app. Returns the number of awards.
pub async fn replay_log(app: &TestApp) -> usize {
    let mut replay = RuleChecker::default();
    let all = app
        .log
        .read_events(0, 1_000_000)
        .await
        .expect("the log can be read");
    for (event, position) in all.iter().zip(0..) {
        assert_eq!(event.position, position, "positions are dense");
        replay.process(event);
    }
    let report = replay.finish();
    assert_eq!(
        report.findings.sorted(),
        [],
        "the rules hold at every position"
    );
    report.awards
}
