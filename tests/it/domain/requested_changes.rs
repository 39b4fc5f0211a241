//! Requests are decided as they were made: a variation only against the award at that time, changes
//! only to the answers that were asked about, and a condition tied to the instalment that two
//! people chose.

use microgrants::domain::personal_data::BlindIndexKind;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::ApiCommands;
use crate::support::fixtures::{Office, gbp};
use crate::support::test_app::TestApp;

on_each_engine!(an_old_variation_does_not_raise_an_award_again);
async fn an_old_variation_does_not_raise_an_award_again(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (grant, _, member) = office.payable(&house, 1000).await;
    asking
        .issue_ok(ben, "application/declare", grant.0, json!({}))
        .await;
    asking
        .issue_ok(
            member,
            "grant/request-variation",
            grant.0,
            json!({ "change": { "amount": "800.00" }, "words": "Less" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/declare-underspend",
            grant.0,
            json!({ "amount": "400.00" }),
        )
        .await;
    let refusal = asking
        .issue_refused(
            ben,
            "grant/approve-variation",
            grant.0,
            json!({ "variation": 1 }),
        )
        .await;
    assert_eq!(refusal.code(), "award_changed");
    house.catch_up().await;
    let row: microgrants::projections::GrantRow = house
        .views()
        .find(&grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.award, gbp(600));
    // A new request can be approved. A variation of dates alone does not depend on the award.
    asking
        .issue_ok(
            member,
            "grant/request-variation",
            grant.0,
            json!({ "change": { "amount": "550.00" }, "words": "Less" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/approve-variation",
            grant.0,
            json!({ "variation": 2 }),
        )
        .await;
    let dates = json!({ "change": { "update_due_on": house.in_days(200) }, "words": "Later" });
    asking
        .issue_ok(member, "grant/request-variation", grant.0, dates)
        .await;
    asking
        .issue_ok(
            ada,
            "grant/declare-underspend",
            grant.0,
            json!({ "amount": "50.00" }),
        )
        .await;
    asking
        .issue_ok(
            ben,
            "grant/approve-variation",
            grant.0,
            json!({ "variation": 3 }),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(only_what_was_asked_changes_until_its_day);
async fn only_what_was_asked_changes_until_its_day(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let ada = office.ada;
    let (application, _, member) = office.submitted(&house, 900).await;
    let ask = |questions: Value, days: i64| json!({ "questions": questions, "note": "Say more", "due_on": house.in_days(days) });
    asking
        .issue_ok(
            ada,
            "application/request-changes",
            application.0,
            ask(json!(["idea"]), 5),
        )
        .await;
    for other in [
        json!({ "requested": "2000.00" }),
        json!({ "area": "stockport" }),
        json!({ "people_at_risk": true }),
        json!({ "activity": "arts" }),
    ] {
        let refusal = asking
            .issue_refused(
                member,
                "application/save-answers",
                application.0,
                other.clone(),
            )
            .await;
        assert_eq!(refusal.code(), "not_asked_for", "{other}");
    }
    let words = json!({ "answers": { "idea": "More of it" } });
    asking
        .issue_ok(
            member,
            "application/save-answers",
            application.0,
            words.clone(),
        )
        .await;
    // Once staff ask about the amount as well, it can change.
    asking
        .issue_ok(
            ada,
            "application/request-changes",
            application.0,
            ask(json!(["idea", "requested"]), 6),
        )
        .await;
    asking
        .issue_ok(
            member,
            "application/save-answers",
            application.0,
            json!({ "requested": "800.00" }),
        )
        .await;
    house.pass_days(7);
    for late in [
        ("application/save-answers", words),
        ("application/resubmit", json!({})),
    ] {
        assert_eq!(
            asking
                .issue_refused(member, late.0, application.0, late.1)
                .await
                .code(),
            "changes_overdue",
            "{}",
            late.0
        );
    }
    // Staff can set a new day, or judge the application unchanged.
    asking
        .issue_ok(
            ada,
            "application/request-changes",
            application.0,
            ask(json!(["idea"]), 3),
        )
        .await;
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "application/confirm-eligibility",
                application.0,
                json!({})
            )
            .await
            .code(),
        "application_not_in_state"
    );
    asking
        .issue_ok(member, "application/resubmit", application.0, json!({}))
        .await;
    asking
        .issue_ok(
            ada,
            "application/request-changes",
            application.0,
            ask(json!(["idea"]), 0),
        )
        .await;
    house.pass_days(1);
    asking
        .issue_ok(
            ada,
            "application/confirm-eligibility",
            application.0,
            json!({}),
        )
        .await;
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(a_condition_of_the_panel_is_tied_by_two);
async fn a_condition_of_the_panel_is_tied_by_two(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (ada, ben) = (office.ada, office.ben);
    let (application, group, member) = office.ready(&house, 1000).await;
    let award = json!({ "amount": "1000.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120),
        "conditions": { "hall": { "text": "The hall is booked", "one_instalment": true } } });
    asking
        .issue_ok(ada, "application/award", application.0, award)
        .await;
    let hash =
        microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
    asking
        .issue_ok(
            member,
            "grant/accept-agreement",
            application.0,
            json!({ "hash": hash, "method": "web", "names": ["A", "B"] }),
        )
        .await;
    let account = json!({ "route": "own_account", "account": { "holder": "Soup", "numbers": "12-34-56 12345678" } });
    asking
        .issue_ok(member, "group/provide-payee", group.0, account)
        .await;
    asking
        .issue_ok(
            ada,
            "group/verify-payee",
            group.0,
            json!({ "payee": 1, "method": "Seen" }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/pass-check",
            application.0,
            json!({ "check": "identity", "note": "Seen" }),
        )
        .await;
    let tie = |held: &str, rest: &str| {
        let after = json!({ "amount": held, "released": { "after_check": { "check": "hall" } } });
        json!({ "instalments": [{ "amount": rest, "released": "at_once" }, after] })
    };
    // One officer ties the condition to a penny: the schedule waits for a second person, and no
    // payment can be prepared meanwhile.
    assert_eq!(
        asking
            .issue_ok(
                ada,
                "grant/schedule-payments",
                application.0,
                tie("0.01", "999.99")
            )
            .await,
        Some(1)
    );
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/prepare-payment",
                application.0,
                json!({ "instalment": 1 })
            )
            .await
            .code(),
        "check_outstanding"
    );
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/confirm-schedule",
                application.0,
                json!({ "proposal": 1 })
            )
            .await
            .code(),
        "same_person"
    );
    asking
        .issue_ok(
            ada,
            "grant/schedule-payments",
            application.0,
            tie("400.00", "600.00"),
        )
        .await;
    assert_eq!(
        asking
            .issue_refused(
                ben,
                "grant/confirm-schedule",
                application.0,
                json!({ "proposal": 1 })
            )
            .await
            .code(),
        "not_proposed"
    );
    asking
        .issue_ok(
            ben,
            "grant/confirm-schedule",
            application.0,
            json!({ "proposal": 2 }),
        )
        .await;
    asking
        .issue_ok(
            ada,
            "grant/prepare-payment",
            application.0,
            json!({ "instalment": 1 }),
        )
        .await;
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/prepare-payment",
                application.0,
                json!({ "instalment": 2 })
            )
            .await
            .code(),
        "check_outstanding"
    );
    // A schedule without the condition does not release the money either.
    let untied = json!({ "instalments": [{ "amount": "400.00", "released": "at_once" }] });
    asking
        .issue_ok(ada, "grant/schedule-payments", application.0, untied)
        .await;
    assert_eq!(
        asking
            .issue_refused(
                ada,
                "grant/prepare-payment",
                application.0,
                json!({ "instalment": 3 })
            )
            .await
            .code(),
        "check_outstanding"
    );
    crate::support::replay::replay_log(&house).await;
}

on_each_engine!(a_draft_of_an_erased_or_merged_group_is_not_handed_in);
async fn a_draft_of_an_erased_or_merged_group_is_not_handed_in(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (application, group, _) = office.draft(&house, 900).await;
    let (merged, old, member) = office.draft(&house, 800).await;
    let (other, _) = office.group(&house).await;
    asking
        .issue_ok(
            office.ada,
            "group/merge",
            old.0,
            json!({ "into": other, "reason": "The same people" }),
        )
        .await;
    let submit = json!({ "channel": "web" });
    assert_eq!(
        asking
            .issue_refused(member, "application/submit", merged.0, submit)
            .await
            .code(),
        "group_merged"
    );
    asking
        .issue_ok(
            office.ada,
            "group/erase",
            group.0,
            json!({ "reason": "Asked for" }),
        )
        .await;
    let help = json!({ "by": office.ada, "kind": { "keyed_verbatim": { "read_back": true } } });
    let keyed = json!({ "channel": "phone", "received_on": house.today(), "help": help });
    assert_eq!(
        asking
            .issue_refused(office.ada, "application/submit", application.0, keyed)
            .await
            .code(),
        "erased"
    );
}

on_each_engine!(an_heir_is_not_erased_while_a_grant_that_it_took_in_is_open);
async fn an_heir_is_not_erased_while_a_grant_that_it_took_in_is_open(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (_, old, _) = office.payable(&house, 700).await;
    let (heir, _) = office.group(&house).await;
    asking
        .issue_ok(
            office.ada,
            "group/merge",
            old.0,
            json!({ "into": heir, "reason": "The same people" }),
        )
        .await;
    let because = || json!({ "reason": "Asked for" });
    assert_eq!(
        asking
            .issue_refused(office.ada, "group/erase", heir.0, because())
            .await
            .code(),
        "grant_open"
    );
    assert_eq!(
        asking
            .issue_refused(office.ada, "group/erase", old.0, because())
            .await
            .code(),
        "grant_open"
    );
}

on_each_engine!(a_blank_stream_is_never_remembered);
/// A process that read a stream before it existed must read it again later: nothing panics, and
/// personal values are encrypted under the right key. On PostgreSQL another process begins the
/// stream.
async fn a_blank_stream_is_never_remembered(house: TestApp) {
    let office = Office::open(&house, 5000).await;
    let asking = ApiCommands { house: &house };
    let (group, member) = office.group(&house).await;
    let other = if house.store().postgres_pool().is_some() {
        house.second_process().await
    } else {
        house.restarted().await
    };
    let begun_elsewhere = ApiCommands { house: &other };
    for number in 0..5 {
        let application = Uuid::from_u128(900 + number);
        let answers = json!({ "requested": "700.00", "area": "oldham", "people_at_risk": false, "answers": { "idea": "Soup" } });
        // Reading the missing stream must leave nothing in the cache.
        let refusal = asking
            .issue_refused(
                member,
                "application/save-answers",
                application,
                answers.clone(),
            )
            .await;
        assert_eq!(refusal.code(), "unknown");
        assert_eq!(
            asking
                .issue_refused(
                    office.ada,
                    "grant/hold",
                    application,
                    json!({ "reason": "No" })
                )
                .await
                .code(),
            "unknown"
        );
        let start = json!({ "fund": office.fund, "round": "first", "group": group });
        begun_elsewhere
            .issue_ok(member, "application/start", application, start)
            .await;
        asking
            .issue_ok(member, "application/save-answers", application, answers)
            .await;
        begun_elsewhere
            .issue_ok(
                member,
                "application/submit",
                application,
                json!({ "channel": "web" }),
            )
            .await;
        for step in ["confirm-eligibility", "declare"] {
            begun_elsewhere
                .issue_ok(
                    office.ada,
                    &format!("application/{step}"),
                    application,
                    json!({}),
                )
                .await;
        }
        let summary = json!({ "title": "Soup", "description": "Neighbours cook." });
        begun_elsewhere
            .issue_ok(
                office.ada,
                "application/write-summary",
                application,
                summary,
            )
            .await;
        let award = json!({ "amount": "700.00", "ends_on": house.in_days(90), "update_due_on": house.in_days(120) });
        begun_elsewhere
            .issue_ok(office.ada, "application/award", application, award)
            .await;
        // The other process made the grant; this one accepts and changes it.
        let hash =
            microgrants::domain::organisation::sha256_hex(crate::support::fixtures::AGREEMENT_TEXT);
        let accept = json!({ "hash": hash, "method": "read_over_telephone", "names": ["A", "B"] });
        asking
            .issue_ok(office.ada, "grant/accept-agreement", application, accept)
            .await;
        asking
            .issue_ok(
                office.ada,
                "grant/declare-underspend",
                application,
                json!({ "amount": "10.00" }),
            )
            .await;
    }
    assert_eq!(
        house
            .log
            .vault()
            .subject_of(BlindIndexKind::Email, "nobody@example.org")
            .await
            .unwrap(),
        None
    );
    crate::support::replay::replay_log(&house).await;
}
