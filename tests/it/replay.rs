//! Replay of a whole log, as an auditor does it: there must be no finding.

use microgrants::audit::Replay;

use crate::house::House;

/// Replays the whole log of an app. Returns the number of awards.
pub async fn whole(house: &House) -> usize {
    let mut replay = Replay::default();
    let all = house
        .log
        .page(0, 1_000_000)
        .await
        .expect("the log can be read");
    for (event, position) in all.iter().zip(0..) {
        assert_eq!(event.position, position, "positions are dense");
        replay.take(event);
    }
    replay.end();
    assert_eq!(replay.findings, [], "the rules hold at every position");
    replay.awards
}
