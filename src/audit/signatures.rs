//! Checks that people sign agreements for themselves, each once, and that staff share statements in
//! their own name.
//!
//! The rules are written here once more, independently of `domain::grant` and
//! `domain::organisation`, which decide: a fault in those must not hide itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use crate::domain::grant::AcceptanceMethod;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, GrantEvent, Organisation, OrganisationEvent, PersonId, Role};
use crate::eventlog::recorded_event::RecordedEvent;

/// The roles that share statements.
const SHARING_ROLES: [Role; 3] = [Role::Administrator, Role::Officer, Role::Finance];
/// How many days a link opens its statement, and one, as the clocks of a program and of its
/// database differ.
const LINK_DAYS_MAX: i32 = 91;

/// The agreements that are on offer, and the links to statements so far.
#[derive(Default)]
pub struct SignatureChecker {
    agreements: BTreeMap<Uuid, OfferedAgreement>,
    /// The number of the newest link.
    newest_link: u32,
}

/// The newest agreement of a grant, and who signed it for themselves.
#[derive(Default)]
struct OfferedAgreement {
    hash: String,
    /// How many people must sign.
    needed: usize,
    signed: BTreeMap<PersonId, Encrypted>,
}

impl SignatureChecker {
    /// Checks and applies the next event; `organisation` is in the state before it. The error
    /// describes the broken rule.
    pub fn process(
        &mut self,
        event: &RecordedEvent,
        organisation: &Organisation,
    ) -> Result<(), String> {
        let actor: Option<PersonId> = event
            .metadata
            .get("actor")
            .and_then(|actor| actor.parse().ok());
        match &event.event {
            Event::Grant(happened) => self.check_agreement(event.stream, happened, actor),
            Event::Organisation(OrganisationEvent::StatementShared {
                link,
                expires_on,
                shared_by,
                ..
            }) => {
                let is_next = *link == self.newest_link.saturating_add(1);
                self.newest_link = *link;
                if !is_next {
                    return Err(format!("the link {link} does not follow the one before"));
                }
                if actor != Some(*shared_by) {
                    return Err(format!("somebody else shared a statement as {shared_by}"));
                }
                must_share(actor, organisation)?;
                must_expire(*expires_on, event.recorded_on())
            }
            Event::Organisation(OrganisationEvent::StatementLinkEnded { .. }) => {
                must_share(actor, organisation)
            }
            _ => Ok(()),
        }
    }

    fn check_agreement(
        &mut self,
        grant: Uuid,
        event: &GrantEvent,
        actor: Option<PersonId>,
    ) -> Result<(), String> {
        let agreement = self.agreements.entry(grant).or_default();
        match event {
            GrantEvent::GrantOffered { signers, .. } => agreement.needed = usize::from(*signers),
            GrantEvent::AgreementIssued { hash, .. } => {
                agreement.hash.clone_from(hash);
                agreement.signed.clear();
            }
            GrantEvent::AgreementSigned { hash, name, by } => {
                let is_first = agreement.signed.insert(*by, name.clone()).is_none();
                if actor != Some(*by) {
                    return Err(format!("somebody else signed an agreement as {by}"));
                }
                if !is_first {
                    return Err(format!("{by} signed an agreement twice"));
                }
                if *hash != agreement.hash {
                    return Err(format!("{by} signed another agreement than was offered"));
                }
            }
            GrantEvent::AgreementAccepted {
                hash,
                method: AcceptanceMethod::WebEach,
                names,
                ..
            } => return agreement.must_be_signed(hash, names),
            _ => {}
        }
        Ok(())
    }
}

impl OfferedAgreement {
    /// Checks an acceptance by people who each signed for themselves.
    fn must_be_signed(&self, hash: &str, names: &[Encrypted]) -> Result<(), String> {
        if hash != self.hash {
            return Err("another agreement was accepted than was offered".to_owned());
        }
        if self.signed.len() < self.needed {
            return Err(format!(
                "{} signed an agreement that {} must sign",
                self.signed.len(),
                self.needed
            ));
        }
        let signed: BTreeSet<&Encrypted> = self.signed.values().collect();
        if names.len() != self.signed.len() || names.iter().collect::<BTreeSet<_>>() != signed {
            return Err("an agreement names other people than those who signed it".to_owned());
        }
        Ok(())
    }
}

fn must_share(actor: Option<PersonId>, organisation: &Organisation) -> Result<(), String> {
    let may = actor.is_some_and(|actor| {
        let roles = organisation.roles_of(actor);
        SHARING_ROLES.iter().any(|role| roles.contains(role))
    });
    if may {
        Ok(())
    } else {
        Err("who shared a statement, or ended its link, does not hold the role".to_owned())
    }
}

fn must_expire(expires_on: Date, shared_on: Date) -> Result<(), String> {
    if (expires_on - shared_on).get_days() <= LINK_DAYS_MAX {
        Ok(())
    } else {
        Err("a link opens a statement for longer than 90 days".to_owned())
    }
}
