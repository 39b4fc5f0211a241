//! Requests are decided as they were made: a variation only against the award at that time, changes
//! only to the answers that were asked about, and a condition tied to the instalment that two
//! people chose.

use microgrants::domain::organisation::sha256_hex;
use microgrants::domain::{ApplicationId, GrantId, GroupId, PersonId};
use microgrants::projections::{ApplicationRow, GrantRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::domain::connections::ApiCommands;
use crate::support::fixtures::{AGREEMENT_TEXT, Office, gbp, person};
use crate::support::replay::replay_log;
use crate::support::test_app::TestApp;

/// A grant of £1,000 whose payments can be prepared. Ben declared that he has no interest.
async fn grant_to_vary(app: &TestApp) -> (Office, GrantId, PersonId) {
    let office = Office::open(app, 5000).await;
    let (grant, _, member) = office.payable(app, 1000).await;
    ApiCommands { house: app }
        .issue_ok(office.ben, "application/declare", grant.0, json!({}))
        .await;
    (office, grant, member)
}

on_each_engine!(an_old_variation_does_not_raise_an_award_again);
async fn an_old_variation_does_not_raise_an_award_again(app: TestApp) {
    // Given a request for £800, and an underspend that leaves £600
    let (office, grant, member) = grant_to_vary(&app).await;
    let api = ApiCommands { house: &app };
    let to = |amount: &str| json!({ "change": { "amount": amount }, "words": "Less" });
    let underspend = json!({ "amount": "400.00" });
    api.issue_ok(member, "grant/request-variation", grant.0, to("800.00"))
        .await;
    api.issue_ok(office.ada, "grant/declare-underspend", grant.0, underspend)
        .await;

    // When
    let first = json!({ "variation": 1 });
    let refusal = api
        .issue_refused(office.ben, "grant/approve-variation", grant.0, first)
        .await;

    // Then
    assert_eq!(refusal.code(), "award_changed");
    app.catch_up().await;
    let row: GrantRow = app
        .views()
        .find(&grant.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.award, gbp(600));
    // A new request can be approved.
    api.issue_ok(member, "grant/request-variation", grant.0, to("550.00"))
        .await;
    let second = json!({ "variation": 2 });
    api.issue_ok(office.ben, "grant/approve-variation", grant.0, second)
        .await;
    replay_log(&app).await;
}

on_each_engine!(a_variation_of_dates_alone_does_not_depend_on_the_award);
async fn a_variation_of_dates_alone_does_not_depend_on_the_award(app: TestApp) {
    let (office, grant, member) = grant_to_vary(&app).await;
    let api = ApiCommands { house: &app };
    let dates = json!({ "change": { "update_due_on": app.in_days(200) }, "words": "Later" });
    let underspend = json!({ "amount": "50.00" });
    api.issue_ok(member, "grant/request-variation", grant.0, dates)
        .await;
    api.issue_ok(office.ada, "grant/declare-underspend", grant.0, underspend)
        .await;

    let first = json!({ "variation": 1 });
    api.issue_ok(office.ben, "grant/approve-variation", grant.0, first)
        .await;

    replay_log(&app).await;
}

on_each_engine!(an_officer_agrees_to_more_time_and_not_to_money);
async fn an_officer_agrees_to_more_time_and_not_to_money(app: TestApp) {
    // Given
    let (office, grant, member) = grant_to_vary(&app).await;
    let api = ApiCommands { house: &app };
    let olive = person(&app, "Olive").await;
    api.give_role(&office, olive, "officer").await;
    api.issue_ok(olive, "application/declare", grant.0, json!({}))
        .await;
    let money = json!({ "change": { "amount": "900.00" }, "words": "Less" });
    let days = json!({ "change": { "update_due_on": app.in_days(200) }, "words": "Later" });
    for asked in [money, days] {
        api.issue_ok(member, "grant/request-variation", grant.0, asked)
            .await;
    }

    // When
    let refusals = [
        ("grant/approve-variation", json!({ "variation": 1 })),
        (
            "grant/refuse-variation",
            json!({ "variation": 1, "reason": "No" }),
        ),
    ];

    // Then
    for (path, body) in refusals {
        api.assert_refused(olive, "not_yours", path, grant.0, body)
            .await;
    }
    let second = json!({ "variation": 2 });
    api.issue_ok(olive, "grant/approve-variation", grant.0, second)
        .await;
    replay_log(&app).await;
}

/// An application about which staff ask again.
struct AskedAgain<'a> {
    api: ApiCommands<'a>,
    ada: PersonId,
    member: PersonId,
    application: ApplicationId,
}

impl<'a> AskedAgain<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (application, _, member) = office.submitted(app, 900).await;
        Self {
            api: ApiCommands { house: app },
            ada: office.ada,
            member,
            application,
        }
    }

    /// Asks about these questions, until the day in so many days.
    async fn ask(&self, questions: Value, days: i64) {
        let due_on = self.api.house.in_days(days);
        let ask = json!({ "questions": questions, "note": "Say more", "due_on": due_on });
        self.issue_ok(self.ada, "application/request-changes", ask)
            .await;
    }

    async fn issue_ok(&self, by: PersonId, path: &str, body: Value) {
        self.api.issue_ok(by, path, self.application.0, body).await;
    }

    async fn assert_refused(&self, by: PersonId, code: &str, path: &str, body: Value) {
        let says = format!("{path} {body}");
        let refusal = self
            .api
            .issue_refused(by, path, self.application.0, body)
            .await;
        assert_eq!(refusal.code(), code, "{says}");
    }
}

fn more_words() -> Value {
    json!({ "answers": { "idea": "More of it" } })
}

on_each_engine!(only_what_was_asked_changes);
async fn only_what_was_asked_changes(app: TestApp) {
    let asked = AskedAgain::begin(&app).await;
    let member = asked.member;
    asked.ask(json!(["idea"]), 5).await;

    for other in [
        json!({ "requested": "2000.00" }),
        json!({ "area": "stockport" }),
        json!({ "people_at_risk": true }),
        json!({ "activity": "arts" }),
    ] {
        asked
            .assert_refused(member, "not_asked_for", "application/save-answers", other)
            .await;
    }
    asked
        .issue_ok(member, "application/save-answers", more_words())
        .await;

    // Once staff ask about the amount as well, it can change.
    asked.ask(json!(["idea", "requested"]), 6).await;
    let less = json!({ "requested": "800.00" });
    asked
        .issue_ok(member, "application/save-answers", less)
        .await;
    replay_log(&app).await;
}

on_each_engine!(each_question_can_have_words_of_its_own);
async fn each_question_can_have_words_of_its_own(app: TestApp) {
    let asked = AskedAgain::begin(&app).await;
    let ask = |questions: Value, notes: Value| {
        let due_on = app.in_days(5);
        json!({ "questions": questions, "note": "Say more", "notes": notes, "due_on": due_on })
    };
    let row = async || -> ApplicationRow {
        app.catch_up().await;
        let id = asked.application.to_string();
        app.views().find(&id, None).await.unwrap().unwrap()
    };

    let unasked = ask(json!(["idea"]), json!({ "requested": "Is it enough?" }));
    asked
        .assert_refused(
            asked.ada,
            "note_without_question",
            "application/request-changes",
            unasked,
        )
        .await;
    let both = ask(
        json!(["idea", "requested"]),
        json!({ "requested": "Is it enough?" }),
    );
    asked
        .issue_ok(asked.ada, "application/request-changes", both)
        .await;

    let notes = row().await.changes_notes.into_iter();
    let notes: Vec<String> = notes.map(|(key, note)| format!("{key}: {note}")).collect();
    assert_eq!(notes, ["requested: Is it enough?"]);
    asked
        .issue_ok(asked.member, "application/resubmit", json!({}))
        .await;
    assert!(row().await.changes_notes.is_empty());
    replay_log(&app).await;
}

on_each_engine!(what_was_asked_changes_until_its_day);
async fn what_was_asked_changes_until_its_day(app: TestApp) {
    let asked = AskedAgain::begin(&app).await;
    let member = asked.member;
    asked.ask(json!(["idea"]), 5).await;
    asked
        .issue_ok(member, "application/save-answers", more_words())
        .await;

    app.pass_days(6);

    for (path, body) in [
        ("application/save-answers", more_words()),
        ("application/resubmit", json!({})),
    ] {
        asked
            .assert_refused(member, "changes_overdue", path, body)
            .await;
    }
    // Staff can set a new day; then the group answers before it is judged.
    asked.ask(json!(["idea"]), 3).await;
    asked
        .assert_refused(
            asked.ada,
            "application_not_in_state",
            "application/confirm-eligibility",
            json!({}),
        )
        .await;
    asked
        .issue_ok(member, "application/resubmit", json!({}))
        .await;
    replay_log(&app).await;
}

on_each_engine!(staff_judge_what_was_not_changed_by_its_day);
async fn staff_judge_what_was_not_changed_by_its_day(app: TestApp) {
    let asked = AskedAgain::begin(&app).await;
    asked.ask(json!(["idea"]), 0).await;

    app.pass_days(1);

    asked
        .issue_ok(asked.ada, "application/confirm-eligibility", json!({}))
        .await;
    replay_log(&app).await;
}

/// A grant of £1,000 that is ready to be paid but for a condition of the panel: the hall is booked
/// before one instalment.
struct ConditionalGrant<'a> {
    api: ApiCommands<'a>,
    ada: PersonId,
    ben: PersonId,
    grant: Uuid,
}

impl<'a> ConditionalGrant<'a> {
    async fn begin(app: &'a TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (application, group, member) = office.ready(app, 1000).await;
        let conditional = Self {
            api: ApiCommands { house: app },
            ada: office.ada,
            ben: office.ben,
            grant: application.0,
        };
        conditional.award_on_condition().await;
        conditional.accept_and_verify(group, member).await;
        conditional
    }

    async fn award_on_condition(&self) {
        let app = self.api.house;
        let hall = json!({ "text": "The hall is booked", "one_instalment": true });
        let award = json!({
            "amount": "1000.00",
            "ends_on": app.in_days(90),
            "update_due_on": app.in_days(120),
            "conditions": { "hall": hall },
        });
        self.issue_ok(self.ada, "application/award", award).await;
    }

    async fn accept_and_verify(&self, group: GroupId, member: PersonId) {
        let hash = sha256_hex(AGREEMENT_TEXT);
        let accept = json!({ "hash": hash, "method": "web", "names": ["A", "B"] });
        self.issue_ok(member, "grant/accept-agreement", accept)
            .await;
        let account = json!({ "holder": "Soup", "numbers": "12-34-56 12345678" });
        let payee = json!({ "route": "own_account", "account": account });
        self.api
            .issue_ok(member, "group/provide-payee", group.0, payee)
            .await;
        let verify = json!({ "payee": 1, "method": "Seen" });
        self.api
            .issue_ok(self.ada, "group/verify-payee", group.0, verify)
            .await;
        let identity = json!({ "check": "identity", "note": "Seen" });
        self.issue_ok(self.ada, "grant/pass-check", identity).await;
    }

    async fn issue_ok(&self, by: PersonId, path: &str, body: Value) -> Option<u32> {
        self.api.issue_ok(by, path, self.grant, body).await
    }

    async fn assert_refused(&self, by: PersonId, code: &str, path: &str, body: Value) {
        self.api
            .assert_refused(by, code, path, self.grant, body)
            .await;
    }

    /// Ada ties the condition to a part of the grant. Returns the number of her proposal.
    async fn tie(&self, held: &str, rest: &str) -> Option<u32> {
        let after_hall = json!({ "after_check": { "check": "hall" } });
        let instalments = json!([
            { "amount": rest, "released": "at_once" },
            { "amount": held, "released": after_hall },
        ]);
        let schedule = json!({ "instalments": instalments });
        self.issue_ok(self.ada, "grant/schedule-payments", schedule)
            .await
    }

    async fn confirm_as_ben(&self, proposal: u32) {
        let proposal = json!({ "proposal": proposal });
        self.issue_ok(self.ben, "grant/confirm-schedule", proposal)
            .await;
    }

    async fn prepare(&self, instalment: u16) {
        let instalment = json!({ "instalment": instalment });
        self.issue_ok(self.ada, "grant/prepare-payment", instalment)
            .await;
    }

    async fn assert_waits_for_its_check(&self, instalment: u16) {
        self.assert_refused(
            self.ada,
            "check_outstanding",
            "grant/prepare-payment",
            json!({ "instalment": instalment }),
        )
        .await;
    }
}

on_each_engine!(a_condition_of_the_panel_is_tied_by_two);
/// One officer ties the condition to a penny: the schedule waits for a second person, and no
/// payment can be prepared meanwhile.
async fn a_condition_of_the_panel_is_tied_by_two(app: TestApp) {
    let conditional = ConditionalGrant::begin(&app).await;
    let first = || json!({ "proposal": 1 });

    let made = conditional.tie("0.01", "999.99").await;

    assert_eq!(made, Some(1));
    conditional.assert_waits_for_its_check(1).await;
    conditional
        .assert_refused(
            conditional.ada,
            "same_person",
            "grant/confirm-schedule",
            first(),
        )
        .await;
    // The second person confirms the schedule that they saw.
    conditional.tie("400.00", "600.00").await;
    conditional
        .assert_refused(
            conditional.ben,
            "not_proposed",
            "grant/confirm-schedule",
            first(),
        )
        .await;
    conditional.confirm_as_ben(2).await;
    conditional.prepare(1).await;
    conditional.assert_waits_for_its_check(2).await;
    replay_log(&app).await;
}

on_each_engine!(a_schedule_without_the_condition_releases_no_money);
async fn a_schedule_without_the_condition_releases_no_money(app: TestApp) {
    let conditional = ConditionalGrant::begin(&app).await;
    conditional.tie("400.00", "600.00").await;
    conditional.confirm_as_ben(1).await;
    conditional.prepare(1).await;

    let untied = json!({ "instalments": [{ "amount": "400.00", "released": "at_once" }] });
    conditional
        .issue_ok(conditional.ada, "grant/schedule-payments", untied)
        .await;

    conditional.assert_waits_for_its_check(3).await;
    replay_log(&app).await;
}

on_each_engine!(a_draft_of_a_merged_group_is_not_handed_in);
async fn a_draft_of_a_merged_group_is_not_handed_in(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let (draft, old, member) = office.draft(&app, 800).await;
    let (other, _) = office.group(&app).await;
    let merge = json!({ "into": other, "reason": "The same people" });
    api.issue_ok(office.ada, "group/merge", old.0, merge).await;

    let submit = json!({ "channel": "web" });
    api.assert_refused(
        member,
        "group_merged",
        "application/submit",
        draft.0,
        submit,
    )
    .await;
}

on_each_engine!(a_draft_of_an_erased_group_is_not_handed_in);
async fn a_draft_of_an_erased_group_is_not_handed_in(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let (draft, group, _) = office.draft(&app, 900).await;
    let because = json!({ "reason": "Asked for" });
    api.issue_ok(office.ada, "group/erase", group.0, because)
        .await;

    let help = json!({ "by": office.ada, "kind": { "keyed_verbatim": { "read_back": true } } });
    let keyed = json!({ "channel": "phone", "received_on": app.today(), "help": help });
    api.assert_refused(office.ada, "erased", "application/submit", draft.0, keyed)
        .await;
}

on_each_engine!(an_heir_is_not_erased_while_a_grant_that_it_took_in_is_open);
async fn an_heir_is_not_erased_while_a_grant_that_it_took_in_is_open(app: TestApp) {
    let office = Office::open(&app, 5000).await;
    let api = ApiCommands { house: &app };
    let (_, old, _) = office.payable(&app, 700).await;
    let (heir, _) = office.group(&app).await;
    let merge = json!({ "into": heir, "reason": "The same people" });
    api.issue_ok(office.ada, "group/merge", old.0, merge).await;

    for group in [heir, old] {
        let because = json!({ "reason": "Asked for" });
        api.assert_refused(office.ada, "grant_open", "group/erase", group.0, because)
            .await;
    }
}
