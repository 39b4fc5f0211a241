//! An office of exactly two people can do everything: a paper form that one of them keys in, a
//! payee keyed by staff, checks, a waiver, a failed payment, a variation, an update taken by
//! telephone, money returned in parts, the closure.

use microgrants::clock;
use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{Command, PersonId};
use microgrants::views::{GroupBy, Sums, Views};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::matrix::samples::rules;
use crate::support::fixtures::{AGREEMENT_TEXT, Office, gbp};
use crate::support::replay::replay_log;
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

/// Commands of the two officers, in the terms of the API.
struct TwoPersonOffice<'a> {
    app: &'a TestApp,
    ada: PersonId,
    ben: PersonId,
    today: jiff::civil::Date,
    group: Uuid,
    application: Uuid,
    fund: Uuid,
}

impl TwoPersonOffice<'_> {
    fn command(&self, path: &str, body: &Value) -> Command {
        let (noun, name) = path.split_once('/').expect("a noun and a name");
        let id = match noun {
            "group" => self.group,
            "fund" => self.fund,
            _ => self.application,
        };
        command_from_json(noun, id, name, body)
    }

    async fn issue_as(&self, person: PersonId, path: &str, body: Value) {
        self.app.issue_ok(person, self.command(path, &body)).await;
    }

    async fn assert_refused(&self, person: PersonId, code: &str, path: &str, body: Value) {
        let refusal = self
            .app
            .issue_refused(person, self.command(path, &body))
            .await;
        assert_eq!(refusal.code(), code, "{path}");
    }
}

on_each_engine!(runs_everything);
async fn runs_everything(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let two = TwoPersonOffice {
        app: &app,
        ada: office.ada,
        ben: office.ben,
        today: app.today(),
        group: Uuid::from_u128(1),
        application: Uuid::from_u128(2),
        fund: office.fund.0,
    };

    applies(&two).await;
    is_decided(&two).await;
    is_made_ready(&two).await;
    is_paid(&two).await;
    is_varied_and_reported(&two).await;
    is_closed(&two).await;

    replay_log(&app).await;
    app.catch_up().await;
    adds_up(&app.views()).await;
    crate::projections::read_models::assert_equals_rebuild(&app).await;
}

/// What the year came to, in pounds and in people.
async fn adds_up(views: &Views) {
    let sums = || Sums {
        by: GroupBy::Fund,
        fund: None,
        area: None,
        position: i64::MAX,
        effective_on: None,
    };
    let budget = views.budget(sums()).await.unwrap().lines.remove(0);
    assert_eq!(
        (
            budget.committed,
            budget.paid,
            budget.returned,
            budget.waived
        ),
        (gbp(850), gbp(1000), gbp(150), gbp(50))
    );
    assert_eq!(budget.uncommitted, Some(gbp(9150)));

    let outcomes = views.outcomes(sums()).await.unwrap().lines.remove(0);
    assert_eq!(
        (outcomes.updates, outcomes.people, outcomes.volunteers),
        (1, 26, 2),
        "what was queried or corrected counts once"
    );
}

async fn applies(two: &TwoPersonOffice<'_>) {
    let (ada, ben, today) = (two.ada, two.ben, two.today);
    let mut strict = rules(28);
    (strict["quorum"], strict["remind_days"]) = (json!(2), json!(14));
    two.issue_as(ada, "fund/propose-rules", json!({ "rules": strict }))
        .await;
    two.issue_as(ben, "fund/confirm-rules", json!({ "rules": strict }))
        .await;

    // A paper form, keyed in by Ada and read back to the group.
    two.issue_as(
        ada,
        "group/register",
        json!({ "name": "Soup and song", "area": "oldham", "standing": "new" }),
    )
    .await;
    // Somebody of the group who can be reached.
    let member = PersonId(clock::new_id());
    let details = json!({ "name": "Cass", "telephone": "0161 496 0001" });
    let register = command_from_json("person", member.0, "register", &details);
    two.app.issue_ok(ada, register).await;
    two.issue_as(ada, "group/add-member", json!({ "person": member }))
        .await;
    two.issue_as(
        ada,
        "application/start",
        json!({ "fund": two.fund, "round": "first", "group": two.group }),
    )
    .await;

    let answers = json!({
        "requested": "1000.00",
        "area": "oldham",
        "people_at_risk": true,
        "answers": { "idea": "Soup" },
    });
    two.issue_as(ada, "application/save-answers", answers).await;

    let help = json!({ "by": ada, "kind": { "keyed_verbatim": { "read_back": true } } });
    two.issue_as(
        ada,
        "application/submit",
        json!({ "channel": "paper", "received_on": today, "help": help }),
    )
    .await;
    two.issue_as(ada, "application/confirm-eligibility", json!({}))
        .await;
}

async fn is_decided(two: &TwoPersonOffice<'_>) {
    let (ada, ben, today) = (two.ada, two.ben, two.today);
    for person in [ada, ben] {
        two.issue_as(person, "application/declare", json!({})).await;
        two.issue_as(
            person,
            "application/score",
            json!({ "criteria": { "need": 4 }, "note": "Good" }),
        )
        .await;
    }

    two.issue_as(
        ben,
        "application/write-summary",
        json!({ "title": "Soup", "description": "Neighbours cook together." }),
    )
    .await;

    let (ends_on, update_due_on) = (two.app.in_days(60), two.app.in_days(80));
    let award = json!({
        "amount": "1000.00",
        "ends_on": ends_on,
        "update_due_on": update_due_on,
        "conditions": { "hall": { "text": "The hall is booked" } },
    });
    let line = |mut award: Value, present: PersonId| {
        award["present"] = json!([present]);
        json!({
            "round": "first",
            "met_on": today,
            "decisions": [{ "application": two.application, "verdict": { "award": award } }],
        })
    };

    two.assert_refused(ada, "quorum_missing", "application/award", award.clone())
        .await;
    two.issue_as(ben, "fund/record-meeting", line(award, ada))
        .await;

    two.assert_refused(
        ben,
        "not_yours",
        "application/confirm-attendance",
        json!({ "person": ada, "decision": 1 }),
    )
    .await;
    two.issue_as(
        ada,
        "application/confirm-attendance",
        json!({ "person": ada, "decision": 1 }),
    )
    .await;
}

/// A centre takes the money in for the group: Ada enters its account.
async fn payee_is_entered(two: &TwoPersonOffice<'_>) {
    let payee = json!({
        "route": "holding_body",
        "body": "A community centre",
        "consented_on": two.today,
        "account": { "holder": "A community centre", "numbers": "12-34-56 12345678" },
    });
    two.issue_as(two.ada, "group/provide-payee", payee).await;
}

async fn is_made_ready(two: &TwoPersonOffice<'_>) {
    let (ada, ben) = (two.ada, two.ben);

    // The agreement is read out over the telephone; staff key the payee.
    let accept = json!({
        "hash": sha256_hex(AGREEMENT_TEXT),
        "method": "read_over_telephone",
        "names": ["Cass", "Dee"],
    });
    two.issue_as(ada, "grant/accept-agreement", accept).await;

    payee_is_entered(two).await;
    two.assert_refused(
        ada,
        "keyed_payee",
        "group/verify-payee",
        json!({ "payee": 1, "method": "A call" }),
    )
    .await;
    two.issue_as(
        ben,
        "group/verify-payee",
        json!({ "payee": 1, "method": "A call to the centre" }),
    )
    .await;

    two.issue_as(
        ada,
        "grant/pass-check",
        json!({ "check": "identity", "note": "Seen", "good_until": two.app.in_days(365) }),
    )
    .await;
    two.issue_as(
        ada,
        "grant/pass-check",
        json!({ "check": "hall", "note": "The booking was seen" }),
    )
    .await;

    two.issue_as(
        ada,
        "grant/propose-waiver",
        json!({ "check": "safeguarding", "note": "Parents stay" }),
    )
    .await;
    two.assert_refused(
        ada,
        "same_person",
        "grant/confirm-waiver",
        json!({ "check": "safeguarding" }),
    )
    .await;
    two.issue_as(
        ben,
        "grant/confirm-waiver",
        json!({ "check": "safeguarding" }),
    )
    .await;
}

async fn is_paid(two: &TwoPersonOffice<'_>) {
    let (ada, ben, today) = (two.ada, two.ben, two.today);
    two.assert_refused(
        ben,
        "check_not_in_state",
        "grant/fail-check",
        json!({ "check": "identity", "note": "No" }),
    )
    .await;

    // Ada prepares; Ben, who neither keyed the payee nor prepared the payment, approves. The bank
    // rejects the first payment, so the account is entered and verified again.
    for payment in [1, 2] {
        two.issue_as(ada, "grant/prepare-payment", json!({ "amount": "1000.00" }))
            .await;
        two.assert_refused(
            ada,
            "same_person",
            "grant/approve-payment",
            json!({ "payment": payment }),
        )
        .await;
        two.issue_as(ben, "grant/approve-payment", json!({ "payment": payment }))
            .await;
        let batch = json!({
            "batch": format!("batch-{payment}"),
            "sent_on": today,
            "payments": [{ "grant": two.application, "payment": payment, "amount": "1000.00" }],
        });
        two.issue_as(ada, "fund/send-batch", batch).await;
        if payment == 1 {
            two.issue_as(
                ben,
                "grant/fail-payment",
                json!({ "payment": 1, "reason": "Sent back" }),
            )
            .await;
            two.assert_refused(
                ada,
                "payee_not_verified",
                "grant/prepare-payment",
                json!({ "amount": "1000.00" }),
            )
            .await;
            payee_is_entered(two).await;
            two.issue_as(
                ben,
                "group/verify-payee",
                json!({ "payee": 2, "method": "A call to the centre" }),
            )
            .await;
        }
    }

    two.issue_as(
        ben,
        "grant/confirm-payment",
        json!({ "payment": 2, "happened_on": today }),
    )
    .await;
}

async fn is_varied_and_reported(two: &TwoPersonOffice<'_>) {
    let (ada, ben) = (two.ada, two.ben);

    // A variation raises the award; an update taken by telephone is queried and submitted again.
    two.issue_as(
        ada,
        "grant/request-variation",
        json!({ "change": { "amount": "1200.00" }, "words": "The hall costs more" }),
    )
    .await;
    two.assert_refused(
        ada,
        "same_person",
        "grant/approve-variation",
        json!({ "variation": 1 }),
    )
    .await;
    two.assert_refused(
        ben,
        "quorum_missing",
        "grant/approve-variation",
        json!({ "variation": 1 }),
    )
    .await;
    two.issue_as(
        ben,
        "grant/approve-variation",
        json!({ "variation": 1, "present": [ada] }),
    )
    .await;

    let update = |people: u32| {
        let outcome = json!({
            "sign": "bringing-people-together",
            "strength": "some",
            "words": "Nobody eats alone.",
        });
        json!({
            "update": 1,
            "channel": "phone",
            "consent": true,
            "words": "It went well.",
            "people": people,
            "volunteers": 2,
            "spent": "800.00",
            "outcomes": [outcome],
        })
    };
    two.issue_as(ada, "grant/receive-update", update(20)).await;
    two.issue_as(
        ben,
        "grant/query-update",
        json!({ "update": 1, "question": "How many came twice?" }),
    )
    .await;
    two.issue_as(ada, "grant/receive-update", update(25)).await;
    two.issue_as(ben, "grant/accept-update", json!({ "update": 1 }))
        .await;
    two.issue_as(
        ben,
        "grant/correct-update",
        json!({
            "update": 1,
            "people": 26,
            "volunteers": 2,
            "spent": "800.00",
            "reason": "One was left out",
        }),
    )
    .await;
}

async fn is_closed(two: &TwoPersonOffice<'_>) {
    let (ada, ben, today) = (two.ada, two.ben, two.today);

    // £400 is unspent: £200 was not paid, and £200 is due back. £150 is returned in two parts, the
    // rest is waived.
    two.issue_as(
        ada,
        "grant/declare-underspend",
        json!({ "amount": "400.00" }),
    )
    .await;
    two.issue_as(
        ada,
        "grant/request-return",
        json!({ "due_on": two.app.in_days(30) }),
    )
    .await;
    for amount in ["100.00", "50.00"] {
        two.issue_as(
            ben,
            "grant/receive-return",
            json!({ "amount": amount, "received_on": today }),
        )
        .await;
    }

    two.issue_as(
        ada,
        "grant/propose-return-waiver",
        json!({ "amount": "50.00", "reason": "Spent on cups" }),
    )
    .await;
    two.assert_refused(
        ada,
        "same_person",
        "grant/confirm-return-waiver",
        json!({ "amount": "50.00" }),
    )
    .await;
    two.issue_as(
        ben,
        "grant/confirm-return-waiver",
        json!({ "amount": "50.00" }),
    )
    .await;

    two.issue_as(ada, "grant/close", json!({})).await;
    two.issue_as(
        ben,
        "grant/publish-story",
        json!({ "words": "They cook together.", "consented_on": today, "consent": "A call" }),
    )
    .await;
}
