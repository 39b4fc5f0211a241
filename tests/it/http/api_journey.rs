//! One grant, from its application to its end, through the API alone.

use serde_json::{Value, json};

use crate::support::fixtures::{Office, person};
use crate::support::service::{Client, serve, token};
use crate::support::test_app::TestApp;

on_sqlite!(one_application_from_start_to_close);
/// A grant from application to closure through the API alone, by the people who are needed for it.
async fn one_application_from_start_to_close(app: TestApp) {
    let journey = ApiJourney::start(&app).await;

    journey.award();
    journey.accept_offer();
    journey.pay();
    journey.report_and_close();

    journey.assert_figures();
}

/// A journey of one group's application through the API, and those who take part in it.
struct ApiJourney<'a> {
    app: &'a TestApp,
    ada: Client,
    ben: Client,
    cass: Client,
    group: String,
    /// The id of the application, and of its grant.
    application: String,
}

impl<'a> ApiJourney<'a> {
    /// A group starts an application.
    async fn start(app: &'a TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let cass = person(app, "Cass").await;
        let ada = serve(app, office.ada);
        let ben = ada.with_token(&token(app, office.ben));
        let cass = ada.with_token(&token(app, cass));
        let group = cass
            .post(
                "/api/v1/groups",
                &json!({ "name": "Soup and song", "area": "oldham", "standing": "new" }),
            )
            .id();
        let application = cass
            .post(
                "/api/v1/applications",
                &json!({ "fund": office.fund, "round": "first", "group": group }),
            )
            .id();
        Self {
            app,
            ada,
            ben,
            cass,
            group,
            application,
        }
    }

    fn on_application(&self, client: &Client, command: &str, body: &Value) {
        post_ok(
            client,
            &format!("/api/v1/applications/{}/{command}", self.application),
            body,
        );
    }

    fn on_group(&self, client: &Client, command: &str, body: &Value) {
        post_ok(
            client,
            &format!("/api/v1/groups/{}/{command}", self.group),
            body,
        );
    }

    fn on_grant(&self, client: &Client, command: &str, body: &Value) {
        post_ok(client, &self.grant_path(command), body);
    }

    fn grant_path(&self, command: &str) -> String {
        format!("/api/v1/grants/{}/{command}", self.application)
    }

    fn award(&self) {
        let answers = json!({
            "requested": "800.00", "area": "oldham", "people_at_risk": false,
            "answers": { "idea": "Soup" },
        });
        let score = json!({ "criteria": { "need": 4 }, "note": "Good." });
        let summary = json!({ "title": "Soup", "description": "Neighbours cook together." });
        let award = json!({
            "amount": "750.00", "reason": "Without the hall", "ends_on": self.app.in_days(60),
            "update_due_on": self.app.in_days(80),
        });

        self.on_application(&self.cass, "save-answers", &answers);
        self.on_application(&self.cass, "submit", &json!({ "channel": "web" }));
        self.on_application(&self.ada, "confirm-eligibility", &json!({}));
        self.on_application(&self.ada, "declare", &json!({}));
        self.on_application(&self.ada, "score", &score);
        self.on_application(&self.ada, "write-summary", &summary);
        self.on_application(&self.ada, "award", &award);
    }

    fn accept_offer(&self) {
        let grant = self
            .cass
            .get(&format!("/api/v1/grants/{}", self.application));
        let acceptance = json!({
            "hash": grant.body["agreement_hash"], "method": "web", "names": ["Cass", "Dee"],
        });

        self.on_grant(&self.cass, "accept-agreement", &acceptance);
    }

    fn pay(&self) {
        let account = json!({ "holder": "Soup and song", "numbers": "12-34-56 12345678" });
        let payee = json!({ "route": "own_account", "account": account });
        let seen = json!({ "payee": 1, "method": "Statement seen" });
        let check = json!({ "check": "identity", "note": "Seen." });
        let today = json!({ "payment": 1, "happened_on": self.app.today() });

        self.on_group(&self.cass, "provide-payee", &payee);
        self.on_group(&self.ada, "verify-payee", &seen);
        self.on_grant(&self.ada, "pass-check", &check);
        self.on_grant(&self.ada, "prepare-payment", &json!({ "amount": "750.00" }));
        self.ada
            .post(
                &self.grant_path("approve-payment"),
                &json!({ "payment": 1 }),
            )
            .assert_problem(403, "same_person");
        self.on_grant(&self.ben, "approve-payment", &json!({ "payment": 1 }));
        self.on_grant(&self.ben, "send-payment", &today);
        self.on_grant(&self.ben, "confirm-payment", &today);
    }

    fn report_and_close(&self) {
        let outcome = json!({
            "sign": "bringing-people-together", "strength": "strong", "words": "Nobody eats alone.",
        });
        let update = json!({
            "update": 1, "channel": "web", "words": "It went well.", "people": 20, "volunteers": 3,
            "spent": "700.00", "outcomes": [outcome],
        });
        let judged = json!({
            "update": 1, "sign": "bringing-people-together", "strength": "some",
            "reason": "Seen on a visit.",
        });
        let underspend = json!({ "amount": "50.00" });
        let returned = json!({ "amount": "50.00", "received_on": self.app.today() });

        self.on_grant(&self.cass, "receive-update", &update);
        self.on_grant(&self.ada, "judge-outcome", &judged);
        self.on_grant(&self.ada, "accept-update", &json!({ "update": 1 }));
        self.on_grant(&self.cass, "declare-underspend", &underspend);
        self.ada
            .post(&self.grant_path("close"), &json!({}))
            .assert_problem(409, "return_outstanding");
        self.on_grant(&self.ben, "receive-return", &returned);
        self.on_grant(&self.ada, "close", &json!({}));
    }

    fn assert_figures(&self) {
        let budget = self.ada.get("/api/v1/budget").body["lines"][0].clone();
        for (figure, amount) in [
            ("allocated", "5000.00"),
            ("committed", "700.00"),
            ("paid", "750.00"),
            ("returned", "50.00"),
            ("uncommitted", "4300.00"),
            ("unpaid", "0.00"),
        ] {
            assert_eq!(budget[figure], amount, "{figure}");
        }
        let all = self.ada.get("/api/v1/outcomes").body;
        let outcomes = &all["lines"][0];
        assert_eq!(
            (&outcomes["said_points"], &outcomes["judged_points"]),
            (&json!(2), &json!(1))
        );
        assert_eq!(
            all["cost_per_person"],
            json!({ "grants": 1, "people": 20, "paid_net": "700.00", "per_person": "35.00" })
        );
        let grant = self
            .ada
            .get(&format!("/api/v1/grants/{}", self.application));
        assert_eq!(grant.body["state"], "closed");
    }
}

fn post_ok(client: &Client, path: &str, body: &Value) {
    let answer = client.post(path, body);
    assert_eq!(answer.status, 200, "{path}: {}", answer.body);
}
