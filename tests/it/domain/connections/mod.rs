//! Connections with a group exclude a person from its decisions and its money: members now and
//! since the application began, people who keyed data and those who vouched for them, helpers, and
//! people who saw the scores.

mod contacts;
mod decisions;
mod helpers;
mod interests;
mod members;
mod payees;
mod proposals;
mod scores;

use microgrants::domain::{Command, PersonId, Refusal};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::fixtures::Office;
use crate::support::scenario::command_from_json;
use crate::support::steps;
use crate::support::test_app::TestApp;

/// A command from its noun and name, and a body as the API takes it.
pub fn command(path: &str, id: impl Into<Uuid>, body: &Value) -> Command {
    let (noun, name) = path.split_once('/').expect("a noun and a name");
    command_from_json(noun, id.into(), name, body)
}

/// Commands on a test app, in the terms of the API.
pub struct ApiCommands<'a> {
    pub house: &'a TestApp,
}

impl ApiCommands<'_> {
    pub async fn issue_ok(
        &self,
        by: PersonId,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) -> Option<u32> {
        self.house.issue_ok(by, command(path, id, &body)).await.made
    }

    pub async fn issue_refused(
        &self,
        by: PersonId,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) -> Refusal {
        self.house.issue_refused(by, command(path, id, &body)).await
    }

    pub async fn assert_refused(
        &self,
        by: PersonId,
        code: &str,
        path: &str,
        id: impl Into<Uuid>,
        body: Value,
    ) {
        steps::assert_refused(self.house, by, code, command(path, id, &body)).await;
    }

    /// Gives a role, as two administrators do.
    pub async fn give_role(&self, office: &Office, person: PersonId, role: &str) {
        office
            .give_role(self.house, person, role.parse().expect("a role"))
            .await;
    }
}

pub fn account_details() -> Value {
    json!({
        "route": "own_account",
        "account": { "holder": "Soup and song", "numbers": "12-34-56 12345678" },
    })
}

pub fn bank_statement_seen() -> Value {
    json!({ "payee": 1, "method": "A statement was seen" })
}
