//! Webhooks: external systems that receive events. One administrator proposes an address and kinds
//! of events, another confirms them; either of them can end it alone. Events contain the number of
//! a webhook's secret, never the secret.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::OrganisationEvent;
use crate::domain::event::EventKind;
use crate::domain::id::PersonId;
use crate::domain::role::Role;
use crate::domain::text::{TextError, normalise, text_type};
use crate::domain::{DecisionContext, Refusal};

/// The largest number of webhooks, including proposed ones.
pub const WEBHOOKS_MAX: usize = 20;
/// The largest number of new webhooks that one administrator may have proposed, so that one person
/// cannot use up all of [`WEBHOOKS_MAX`].
const PROPOSALS_MAX: usize = 5;

text_type!(
    /// The address of a webhook. Auditors and the log can read it, so it has no password and no
    /// query.
    WebhookAddress, parse_web_address,
    "An https address without a password, a query or a fragment, of at most 300 characters; http \
        only to localhost",
    "^https?://[A-Za-z0-9.:\\[\\]-]+(/[A-Za-z0-9._~!$&'()*+,;=:@%/-]*)?$", 300,
    "https://hooks.example.org/grants"
);

/// Parses a web address. Its scheme and host are kept in small letters.
pub(in crate::domain) fn parse_web_address(text: &str) -> Result<String, TextError> {
    let text = with_small_host(&normalise(text, 300, false)?);
    let (plain, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
        (Some(rest), _) => (false, rest),
        (None, Some(rest)) => (true, rest),
        (None, None) => return Err(TextError::NotAWebAddress),
    };
    let (authority, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|inside| inside.split_once(']'))
    {
        Some((address, port)) => (
            address,
            port.strip_prefix(':').or(port.is_empty().then_some("443")),
        ),
        None => authority
            .split_once(':')
            .map_or((authority, Some("443")), |(host, port)| (host, Some(port))),
    };
    let named = !authority.starts_with('[')
        && host
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-.".contains(&b));
    let is_host = (named && !host.is_empty())
        || (authority.starts_with('[') && host.parse::<std::net::Ipv6Addr>().is_ok());
    let is_port = port.is_some_and(|port| {
        port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok_and(|port| port > 0)
    });
    let is_path = path
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@%/".contains(&b));
    let here = ["localhost", "127.0.0.1", "::1"].contains(&host);
    if is_host && is_port && is_path && (here || !plain) {
        Ok(text)
    } else {
        Err(TextError::NotAWebAddress)
    }
}

/// The address with its scheme and host, in which case does not matter, in small letters.
fn with_small_host(address: &str) -> String {
    let host = address.find("://").map_or(0, |at| at + 3);
    let path = address[host..].find('/').map(|at| host + at);
    let (before, path) = address.split_at(path.unwrap_or(address.len()));
    before.to_ascii_lowercase() + path
}

/// A new webhook, or a change of an existing one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProposeWebhook {
    /// The webhook to change; absent for a new one.
    #[serde(default)]
    #[schema(minimum = 1)]
    pub webhook: Option<u32>,
    pub address: WebhookAddress,
    /// The kinds of events to send; all kinds if it is empty.
    #[serde(default)]
    #[schema(value_type = Vec<EventKind>)]
    pub events: BTreeSet<EventKind>,
}

/// A webhook by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookRef {
    #[schema(minimum = 1)]
    pub webhook: u32,
}

/// The address that events are sent to, and the kinds of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookTarget {
    pub address: WebhookAddress,
    /// The kinds of events; all kinds if it is empty.
    pub events: BTreeSet<EventKind>,
}

impl WebhookTarget {
    /// Whether an event of this name is sent.
    #[must_use]
    pub fn accepts(&self, stream: &str, event: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|kind| kind.matches(stream, event))
    }
}

/// A target that waits for a second administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedTarget {
    pub proposal: u32,
    pub target: WebhookTarget,
    pub proposed_by: PersonId,
}

/// A webhook, confirmed or proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// The confirmed target; `None` until it is confirmed.
    pub target: Option<WebhookTarget>,
    pub proposed: Option<ProposedTarget>,
    /// The number of its newest secret; 0 if it has none.
    pub secret: u32,
}

/// All webhooks that have not ended, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganisationWebhooks {
    proposals: u32,
    by_number: BTreeMap<u32, Webhook>,
}

impl OrganisationWebhooks {
    #[must_use]
    pub fn get(&self, webhook: u32) -> Option<&Webhook> {
        self.by_number.get(&webhook)
    }

    /// The webhooks with their numbers.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Webhook)> {
        self.by_number
            .iter()
            .map(|(number, webhook)| (*number, webhook))
    }

    /// How many new webhooks of one administrator wait for a second administrator.
    fn new_proposals_by(&self, person: PersonId) -> usize {
        let anew = |webhook: &&Webhook| {
            webhook.target.is_none()
                && webhook
                    .proposed
                    .as_ref()
                    .is_some_and(|new| new.proposed_by == person)
        };
        self.by_number.values().filter(anew).count()
    }

    fn must_find(&self, webhook: u32) -> Result<&Webhook, Refusal> {
        self.get(webhook).ok_or(Refusal::Unknown("webhook"))
    }

    pub(super) fn propose(
        &self,
        propose: &ProposeWebhook,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        let ProposeWebhook {
            webhook,
            address,
            events,
        } = propose.clone();
        if let Some(webhook) = webhook {
            let known = self.must_find(webhook)?;
            let stands = known
                .target
                .as_ref()
                .is_some_and(|target| target.address == address && target.events == events);
            if stands && known.proposed.is_none() {
                return Err(Refusal::NoChange);
            }
        } else if self.by_number.len() >= WEBHOOKS_MAX {
            return Err(Refusal::WebhooksFull(WEBHOOKS_MAX));
        } else if self.new_proposals_by(facts.by()?) >= PROPOSALS_MAX {
            return Err(Refusal::WebhooksWait(PROPOSALS_MAX));
        }
        let proposal = self.proposals + 1;
        let proposed_by = facts.by()?;
        Ok(OrganisationEvent::WebhookProposed {
            webhook: webhook.unwrap_or(proposal),
            proposal,
            address,
            events,
            proposed_by,
        })
    }

    pub(super) fn confirm(
        &self,
        proposal: u32,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        let waits = |webhook: &Webhook| {
            webhook
                .proposed
                .as_ref()
                .filter(|proposed| proposed.proposal == proposal)
                .cloned()
        };
        let (webhook, proposed) = self
            .iter()
            .find_map(|(number, webhook)| Some((number, waits(webhook)?)))
            .ok_or(Refusal::NotProposed)?;
        let confirmed_by = facts.by()?;
        facts.must_be_two_people(proposed.proposed_by, confirmed_by)?;
        facts.still_holds(proposed.proposed_by, &[Role::Administrator])?;
        Ok(OrganisationEvent::WebhookConfirmed {
            webhook,
            proposal,
            confirmed_by,
        })
    }

    pub(super) fn end(
        &self,
        WebhookRef { webhook }: WebhookRef,
    ) -> Result<OrganisationEvent, Refusal> {
        self.must_find(webhook)?;
        Ok(OrganisationEvent::WebhookEnded { webhook })
    }

    pub(super) fn make_secret(
        &self,
        WebhookRef { webhook }: WebhookRef,
    ) -> Result<OrganisationEvent, Refusal> {
        let secret = self.must_find(webhook)?.secret + 1;
        Ok(OrganisationEvent::WebhookSecretMade { webhook, secret })
    }

    pub(super) fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::WebhookProposed {
                webhook,
                proposal,
                address,
                events,
                proposed_by,
            } => {
                self.proposals = *proposal;
                let target = WebhookTarget {
                    address: address.clone(),
                    events: events.clone(),
                };
                let proposed = ProposedTarget {
                    proposal: *proposal,
                    target,
                    proposed_by: *proposed_by,
                };
                self.by_number.entry(*webhook).or_default().proposed = Some(proposed);
            }
            OrganisationEvent::WebhookConfirmed { webhook, .. } => {
                if let Some(webhook) = self.by_number.get_mut(webhook)
                    && let Some(proposed) = webhook.proposed.take()
                {
                    webhook.target = Some(proposed.target);
                }
            }
            OrganisationEvent::WebhookEnded { webhook } => {
                self.by_number.remove(webhook);
            }
            OrganisationEvent::WebhookSecretMade { webhook, secret } => {
                if let Some(webhook) = self.by_number.get_mut(webhook) {
                    webhook.secret = *secret;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_no_secret_and_leads_nowhere_in_the_clear() {
        for text in [
            "https://hooks.example.org",
            "https://hooks.example.org:8443/grants/new",
            "https://[2001:db8::1]/",
            "https://[2001:db8::1]:8443/",
            "http://localhost:8080/hook",
            "http://127.0.0.1:9/hook",
            "http://[::1]:9/hook",
        ] {
            assert_eq!(
                text.parse::<WebhookAddress>().map(String::from),
                Ok(text.to_owned())
            );
        }
        for text in [
            "http://hooks.example.org/",
            "http://localhost.example.org/",
            "ftp://hooks.example.org/",
            "https://",
            "https:///path",
            "https://user:word@hooks.example.org/",
            "https://user@hooks.example.org/",
            "https://hooks.example.org/?token=1",
            "https://hooks.example.org/#part",
            "https://hooks.example.org:0/",
            "https://hooks.example.org:99999/",
            "https://hooks.example.org:+80/",
            "https://[::1",
            "https://[x]/",
            "https://hooks.example.org\\@elsewhere/",
            "https://hooks.example.org/a b",
            "https://hooks.exämple.org/",
        ] {
            assert_eq!(
                text.parse::<WebhookAddress>(),
                Err(TextError::NotAWebAddress),
                "{text}"
            );
        }
    }

    #[test]
    fn an_address_has_one_form_however_its_host_is_typed() {
        for (typed, kept) in [
            (
                " HTTPS://Hooks.Example.ORG/Grants ",
                "https://hooks.example.org/Grants",
            ),
            (
                "Https://hooks.example.org:8443",
                "https://hooks.example.org:8443",
            ),
            (
                "https://hooks.example.org\u{200b}/a",
                "https://hooks.example.org/a",
            ),
            ("HTTP://LOCALHOST:8080/Hook", "http://localhost:8080/Hook"),
        ] {
            let read = typed.parse::<WebhookAddress>().map(String::from);
            assert_eq!(read.as_deref(), Ok(kept), "{typed}");
        }
    }

    #[test]
    fn no_kinds_are_all_kinds() {
        let address: WebhookAddress = "https://hooks.example.org".parse().expect("an address");
        let all = WebhookTarget {
            address: address.clone(),
            events: BTreeSet::new(),
        };
        let some = WebhookTarget {
            address,
            events: BTreeSet::from(["grant.PaymentConfirmed".parse().expect("a kind")]),
        };
        assert!(all.accepts("fund", "FundOpened") && some.accepts("grant", "PaymentConfirmed"));
        assert!(!some.accepts("grant", "PaymentSent") && !some.accepts("fund", "PaymentConfirmed"));
    }
}
