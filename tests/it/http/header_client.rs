//! Requests to the API whose response headers matter.

use std::collections::BTreeMap;
use std::time::Duration;

use microgrants::domain::PersonId;
use serde_json::Value;

use crate::support::service::{Client, token};
use crate::support::test_app::TestApp;

/// A client that also returns response headers.
pub struct HeaderClient {
    address: String,
    token: String,
    agent: ureq::Agent,
}

pub struct RawResponse {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: Value,
}

impl RawResponse {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

impl HeaderClient {
    pub fn of(app: &TestApp, client: &Client, person: PersonId) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build();
        Self {
            address: client.address().to_owned(),
            token: token(app, person),
            agent: config.into(),
        }
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> RawResponse {
        self.without_body(self.agent.get(format!("{}{path}", self.address)), headers)
    }

    pub fn head(&self, path: &str) -> RawResponse {
        self.without_body(self.agent.head(format!("{}{path}", self.address)), &[])
    }

    fn without_body(
        &self,
        request: ureq::RequestBuilder<ureq::typestate::WithoutBody>,
        headers: &[(&str, &str)],
    ) -> RawResponse {
        let request = request.header("Authorization", format!("Bearer {}", self.token));
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read_response(request.call().unwrap())
    }

    pub fn post(&self, path: &str, body: &str, headers: &[(&str, &str)]) -> RawResponse {
        let request = self
            .agent
            .post(format!("{}{path}", self.address))
            .header("Authorization", format!("Bearer {}", self.token));
        let request = request.header("Content-Type", "application/json");
        let request = headers.iter().fold(request, |request, (name, value)| {
            request.header(*name, *value)
        });
        read_response(request.send(body).unwrap())
    }
}

fn read_response(mut response: ureq::http::Response<ureq::Body>) -> RawResponse {
    let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
        (
            name.as_str().to_owned(),
            value.to_str().unwrap_or_default().to_owned(),
        )
    };
    let headers = response.headers().iter().map(header).collect();
    let status = response.status().as_u16();
    let text = response.body_mut().read_to_string().unwrap_or_default();
    RawResponse {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    }
}
