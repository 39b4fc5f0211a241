//! The agreement of a grant: which text the group accepts, who signs it, and that it comes before
//! money.

use std::collections::{BTreeMap, BTreeSet};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::grant::AcceptanceMethod;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, FundId, GrantEvent, OrganisationEvent, PersonId, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Agreements {
    /// By grant: the agreement of its newest offer.
    offers: BTreeMap<Uuid, OfferedAgreement>,
}

/// The agreement of an offer, and what the group did with it.
#[derive(Default)]
struct OfferedAgreement {
    /// How many people must accept it.
    needed: usize,
    /// The hash of the text that was issued last.
    hash: String,
    /// The people who signed with their own account, and the names that they signed.
    signed: BTreeMap<PersonId, Encrypted>,
    is_accepted: bool,
    /// Whether the offer or the grant has ended.
    is_over: bool,
}

impl RuleRoom for Agreements {
    fn rules(&self) -> &'static [Rule] {
        &[
            Rule::AgreementText,
            Rule::AgreementSigners,
            Rule::SignedForSelf,
            Rule::AgreementBeforePayment,
        ]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        use GrantEvent as E;
        if let Event::Organisation(OrganisationEvent::AgreementPublished {
            version,
            text,
            hash,
        }) = &event.event
        {
            let newest = before.organisation().agreement();
            let following = newest.map_or(0, |(version, _)| version).saturating_add(1);
            let says =
                format!("an agreement has the version {version}, and the next is {following}");
            broken.unless(*version == following, Rule::AgreementText, says);
            let is_of_text = hex::encode(Sha256::digest(text.as_str())) == *hash;
            let says = "an agreement was published with the hash of another text";
            broken.unless(is_of_text, Rule::AgreementText, says);
        }
        let Event::Grant(happened) = &event.event else {
            return;
        };
        let offer = self.offers.entry(event.stream).or_default();
        match happened {
            E::GrantOffered { fund, signers, .. } => {
                let needed = usize::from(*signers);
                *offer = OfferedAgreement {
                    needed,
                    ..OfferedAgreement::default()
                };
                check_signers_of_offer(*fund, needed, before, broken);
            }
            E::AgreementIssued { version, hash } => {
                let published = before.organisation().agreement();
                let says = "another agreement was issued than the one that was published last";
                let is_newest = published == Some((*version, hash.as_str()));
                broken.unless(is_newest, Rule::AgreementText, says);
                offer.hash.clone_from(hash);
                offer.signed.clear();
            }
            E::AgreementSigned { hash, name, by } => {
                offer.must_have_text(hash, broken);
                check_signer(event, *by, before, broken);
                let is_first = offer.signed.insert(*by, name.clone()).is_none();
                let says = "one person signed an agreement twice";
                broken.unless(is_first, Rule::SignedForSelf, says);
            }
            E::AgreementAccepted {
                hash,
                method,
                names,
                ..
            } => {
                offer.must_have_text(hash, broken);
                offer.check_names(method, names, broken);
                offer.is_accepted = true;
            }
            E::OfferDeclined {}
            | E::OfferLapsed {}
            | E::OfferWithdrawn { .. }
            | E::AwardTakenBack {}
            | E::GrantTerminated { .. }
            | E::GrantClosed { .. } => offer.is_over = true,
            E::PaymentPrepared { .. } => {
                let says = "a payment was prepared before the group had accepted the agreement";
                broken.unless(offer.is_accepted, Rule::AgreementBeforePayment, says);
                let says = "a payment was prepared for a grant that had ended";
                broken.unless(!offer.is_over, Rule::AgreementBeforePayment, says);
            }
            _ => {}
        }
    }
}

impl OfferedAgreement {
    fn must_have_text(&self, hash: &str, broken: &mut Broken<'_>) {
        let says = "the group agreed to another text than was issued last for its grant";
        broken.unless(self.hash == hash, Rule::AgreementText, says);
    }

    /// Checks who accepted. Where each person signs, the signatures count and not the names.
    fn check_names(&self, method: &AcceptanceMethod, names: &[Encrypted], broken: &mut Broken<'_>) {
        let signs_each = *method == AcceptanceMethod::WebEach;
        let people = if signs_each {
            self.signed.len()
        } else {
            names.iter().collect::<BTreeSet<_>>().len()
        };
        if people < self.needed {
            let says = format!(
                "{people} accepted an agreement that {} must accept",
                self.needed
            );
            broken.report(Rule::AgreementSigners, says);
        }
        if signs_each {
            let signed: BTreeSet<&Encrypted> = self.signed.values().collect();
            let accepted: BTreeSet<&Encrypted> = names.iter().collect();
            let are_same = names.len() == self.signed.len() && accepted == signed;
            let says = "an agreement was accepted in other names than were signed";
            broken.unless(are_same, Rule::SignedForSelf, says);
        }
    }
}

/// Checks that an offer asks for as many people as the rules of its fund. Earlier programs are not
/// checked.
fn check_signers_of_offer(
    fund: FundId,
    signers: usize,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let Some(fund) = before.fund(fund.0).filter(|_| before.has_people_rules()) else {
        return;
    };
    let needed = usize::from(fund.rules().signers);
    if signers != needed {
        let says = format!(
            "an offer asks {signers} to accept its agreement, and the fund asks for {needed}"
        );
        broken.report(Rule::AgreementSigners, says);
    }
}

fn check_signer(
    event: &RecordedEvent,
    signer: PersonId,
    before: &LogState,
    broken: &mut Broken<'_>,
) {
    let says = "a person signed an agreement in the name of another";
    let is_self = LogState::actor(event) == Some(signer);
    broken.unless(is_self, Rule::SignedForSelf, says);
    let groups = before.group_and_heirs(event.stream);
    let is_member = groups.iter().any(|group| group.has_member(signer));
    let says = "a person who is not of the group signed its agreement";
    broken.unless(is_member, Rule::SignedForSelf, says);
}
