//! Refusals of an erasure.

use microgrants::domain::command::WithReason;
use microgrants::domain::erasure::retain_until;
use microgrants::domain::group::GrantEnd;
use microgrants::domain::{Actor, Command, GroupCommand, PersonCommand};

use super::SeenRefusals;
use crate::support::fixtures::{gbp, text};
use crate::support::scenario::Scenario;

/// Nobody can be erased while they hold a role or a grant is open, or while payments must be
/// accounted for.
pub fn refusals(seen: &mut SeenRefusals) {
    let erase = || WithReason {
        reason: text("They asked"),
    };
    let mut setting = Scenario::ready(1);
    let (group, ada) = (setting.group(0), setting.staff[0]);
    let of_group = |command| Command::Group(group, command);

    seen.assert_refused(
        &mut setting,
        1,
        "still_in_role",
        Command::Person(ada, PersonCommand::Erase(erase())),
    );
    seen.assert_refused(
        &mut setting,
        0,
        "unknown",
        of_group(GroupCommand::RefuseErasure(erase())),
    );

    let award = setting.award(0, gbp(500));
    setting.issue_ok(0, award);
    seen.assert_refused(
        &mut setting,
        0,
        "grant_open",
        of_group(GroupCommand::Erase(erase())),
    );

    let ended = GrantEnd {
        grant: setting.application(0).into(),
        paid: true,
    };
    setting
        .world
        .issue_consequence(Actor::Person(ada), of_group(GroupCommand::EndGrant(ended)))
        .unwrap();
    seen.assert_refused(
        &mut setting,
        0,
        "records_kept",
        of_group(GroupCommand::Erase(erase())),
    );

    setting.world.today = retain_until(setting.world.today).tomorrow().unwrap();
    setting.issue_ok(0, of_group(GroupCommand::Erase(erase())));
}
