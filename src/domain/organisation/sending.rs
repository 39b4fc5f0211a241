//! How emails leave the service: the mail server, their sender, and the address that their links
//! lead to. They are a part of the settings, so the same two administrators change them. The
//! password of the mail server is not here: an event has its id only.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::settings::OfficeEmail;
use super::webhook::parse_web_address;
use crate::domain::text::{Line, TextError, normalise, text_type};

text_type!(
    /// The host of a mail server.
    MailHost, parse_host, "The host of an email server", "^[A-Za-z0-9-]+([.][A-Za-z0-9-]+)*$", 253,
    "smtp.example.org"
);
text_type!(
    /// The public address of the service. Emails, letters and forms on paper lead to it.
    ServiceAddress, parse_service_address,
    "An https address without a path; http only to localhost",
    "^https?://[A-Za-z0-9.:\\[\\]-]+/?$", 300, "https://grants.example.org"
);

fn parse_host(text: &str) -> Result<String, TextError> {
    let text = normalise(text, 253, false)?.to_ascii_lowercase();
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    if text.split('.').all(is_label) {
        Ok(text)
    } else {
        Err(TextError::NotAHost)
    }
}

fn parse_service_address(text: &str) -> Result<String, TextError> {
    let address = parse_web_address(text)?;
    let address = address.trim_end_matches('/');
    match address.split_once("://") {
        Some((_, host)) if !host.contains('/') => Ok(address.to_owned()),
        _ => Err(TextError::NotAWebAddress),
    }
}

/// How the connection to a mail server is encrypted. A server on this machine is reached without
/// encryption.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MailEncryption {
    /// TLS from the first byte, usually on port 465.
    #[default]
    Tls,
    /// STARTTLS, which must succeed before anything is sent, usually on port 587.
    Starttls,
}

/// A mail server that accepts the service's emails.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailServer {
    pub host: MailHost,
    pub port: u16,
    #[serde(default)]
    pub encryption: MailEncryption,
    /// The user name with which the service signs in to the mail server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<Line>,
    /// The id of the password, which is encrypted outside the log for this host, port and user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "uuid")]
    pub password: Option<Uuid>,
}

impl MailServer {
    /// Whether the mail server is on the service's own machine.
    #[must_use]
    pub fn is_on_this_machine(&self) -> bool {
        ["localhost", "127.0.0.1"].contains(&self.host.as_str())
    }
}

/// Who emails come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MailSender {
    pub name: Line,
    pub email: OfficeEmail,
}

/// How emails leave the service, as far as the operator's configuration does not say it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Sending {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<MailServer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<MailSender>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<ServiceAddress>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_of_the_service_has_no_path_and_is_encrypted() {
        let read = |text: &str| text.parse::<ServiceAddress>().map(String::from);
        for (text, address) in [
            ("https://grants.example.org/", "https://grants.example.org"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(address));
        }
        for text in [
            "http://grants.example.org",
            "https://grants.example.org/pages",
            "https://user@grants.example.org",
            "grants.example.org",
        ] {
            assert_eq!(read(text), Err(TextError::NotAWebAddress), "{text}");
        }
    }

    #[test]
    fn a_host_is_a_name_alone() {
        let host: MailHost = " SMTP.Example.org ".parse().unwrap();
        assert_eq!(host.as_str(), "smtp.example.org");
        for text in [
            "smtps://smtp.example.org",
            "smtp.example.org:465",
            "a..b",
            "a b",
            "u@h",
        ] {
            assert_eq!(text.parse::<MailHost>(), Err(TextError::NotAHost), "{text}");
        }
    }
}
