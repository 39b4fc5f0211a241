//! The offer and its answer. Named people of the group accept the agreement on the web, on paper,
//! or after it was read to them over the telephone.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{CheckState, Grant, GrantCommand, GrantEvent, GrantState};
use crate::domain::application::Application;
use crate::domain::file::FileDigest;
use crate::domain::funding_source::FundingSplit;
use crate::domain::personal_data::{PersonalInput, PersonalLine, personal_name};
use crate::domain::text::Slug;
use crate::domain::working_days::next_working_day;
use crate::domain::{DecisionContext, Refusal};

/// The sources of the money that was committed for the grant.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct Offer {
    #[schema(value_type = Vec<Object>)]
    pub sources: FundingSplit,
}

/// The day on which a held offer goes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct OfferDay {
    #[schema(value_type = String, format = "date")]
    pub letters_on: Date,
}

/// How the agreement was accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AcceptanceMethod {
    /// By a member of the group, who names all who sign.
    Web,
    /// By each member who signs, with their own name alone. The agreement is accepted once as many
    /// have signed as the fund asks for.
    WebEach,
    /// On paper; the scan is among the group's files.
    PaperScan { scan: FileDigest },
    /// Read out over the phone by the person who records it.
    ReadOverTelephone,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptAgreement {
    /// SHA-256 of the accepted text, in hexadecimal. It must equal the hash of the agreement that
    /// was issued for the grant.
    #[schema(pattern = "^[0-9a-f]{64}$", max_length = 64)]
    pub hash: String,
    pub method: AcceptanceMethod,
    /// Names of the people who sign for the group, each once.
    #[serde(deserialize_with = "each_once")]
    #[schema(value_type = Vec<PersonalLine>, min_items = 1)]
    pub names: Vec<PersonalInput>,
}

fn each_once<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Vec<PersonalInput>, D::Error> {
    #[derive(Deserialize)]
    struct SignerName(#[serde(deserialize_with = "personal_name")] PersonalInput);
    let names: Vec<_> = Vec::<SignerName>::deserialize(input)?
        .into_iter()
        .map(|name| name.0)
        .collect();
    let plain = |name: &PersonalInput| {
        if let PersonalInput::Open(name) = name {
            name.to_lowercase()
        } else {
            String::new()
        }
    };
    let distinct: BTreeSet<_> = names.iter().map(plain).collect();
    if distinct.len() == names.len() {
        Ok(names)
    } else {
        Err(serde::de::Error::custom("nobody signs twice"))
    }
}

/// The last day on which an offer that goes out on a day can be accepted. It is a working day.
fn offer_expiry(sent_on: Date, facts: &DecisionContext) -> Result<Date, Refusal> {
    let days = jiff::Span::new().days(i64::from(facts.fund()?.rules().offer_days));
    sent_on
        .checked_add(days)
        .map(next_working_day)
        .map_err(|_| Refusal::DatesOutOfOrder("the last day of the offer is too far away"))
}

/// Whether an offer waits until those named as present have confirmed that they were there.
fn must_wait_for_confirmation(
    application: &Application,
    facts: &DecisionContext,
) -> Result<bool, Refusal> {
    Ok(facts.fund()?.rules().confirm_days.is_none()
        && application.decision_must_be_confirmed().is_err())
}

impl Grant {
    /// Refuses commands that would end or disclose an offer while its letter is held. To a member
    /// of the group the grant does not exist yet.
    pub(super) fn must_not_disclose(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        use GrantCommand as C;
        let allowed = matches!(
            command,
            C::ReleaseLetter(_)
                | C::MoveLetter(_)
                | C::TakeBackAward(_)
                | C::SendOffer(_)
                | C::PassCheck(_)
                | C::FailCheck(_)
                | C::ReuseCheck(_)
                | C::ProposeWaiver(_)
                | C::ConfirmWaiver(_)
                | C::SchedulePayments(_)
                | C::ConfirmSchedule(_)
        );
        if self.letters_on.is_none() || allowed {
            return Ok(());
        }
        let is_member = facts.by().is_ok() && facts.roles().is_empty();
        Err(if is_member {
            Refusal::Unknown("grant")
        } else {
            Refusal::LetterHeld
        })
    }

    /// Moves, releases or takes back a held offer. One that is not held stays as it is.
    pub(super) fn decide_letter(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        if self.letters_on.is_none() {
            return Ok(Vec::new());
        }
        Ok(match command {
            GrantCommand::MoveLetter(OfferDay { letters_on }) => vec![GrantEvent::LetterMoved {
                letters_on: *letters_on,
                expires_on: offer_expiry(*letters_on, facts)?,
            }],
            GrantCommand::ReleaseLetter(_) => {
                let waits = must_wait_for_confirmation(facts.application()?, facts)?;
                let sent = GrantEvent::OfferSent {
                    expires_on: offer_expiry(facts.today, facts)?,
                };
                std::iter::once(GrantEvent::LetterReleased {})
                    .chain((!waits).then_some(sent))
                    .collect()
            }
            _ => vec![GrantEvent::AwardTakenBack {}],
        })
    }

    pub(super) fn offer(
        &self,
        offer: &Offer,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        if !matches!(self.state, GrantState::Blank | GrantState::TakenBack) {
            return Err(Refusal::Exists("grant"));
        }
        let application = facts.application()?;
        let (Some(place), Some(terms), Some(summary)) = (
            application.target(),
            application.terms(),
            application.summary(),
        ) else {
            return Err(Refusal::ApplicationNotInState(application.state().into()));
        };
        let rules = facts.fund()?.rules();
        let (version, hash) = facts
            .organisation()?
            .agreement()
            .ok_or(Refusal::NoAgreement)?;
        let mut checks = rules.checks.clone();
        if terms.people_at_risk {
            checks.extend(rules.checks_at_risk.iter().cloned());
        }
        if let Some(condition) = terms
            .conditions
            .keys()
            .find(|condition| checks.contains(condition))
        {
            return Err(Refusal::CheckOutstanding(condition.to_string()));
        }
        let on_file = Self::reusable_checks(&checks, facts)?;
        let letters_on = application.held_letter().map(|letter| letter.letters_on);
        let offered = GrantEvent::GrantOffered {
            fund: place.fund,
            round: place.round.clone(),
            group: place.group,
            area: terms.area.clone(),
            theme: application.theme().cloned(),
            sources: offer.sources.clone(),
            title: summary.title.clone(),
            description: summary.description.clone(),
            checks,
            conditions: terms.conditions.clone(),
            signers: rules.signers,
            eyes: rules.people_per_payment,
            update_every_days: rules.update_every_days,
            expires_on: offer_expiry(letters_on.unwrap_or(facts.today), facts)?,
            ends_on: terms.ends_on,
            update_due_on: terms.update_due_on,
            waits: letters_on.is_some() || must_wait_for_confirmation(application, facts)?,
            letters_on,
        };
        let issued = GrantEvent::AgreementIssued {
            version,
            hash: hash.to_owned(),
        };
        Ok([offered, issued].into_iter().chain(on_file).collect())
    }

    pub(super) fn apply_offered(&mut self, event: &GrantEvent) {
        let GrantEvent::GrantOffered {
            fund,
            round,
            group,
            area,
            sources,
            checks,
            conditions,
            signers,
            eyes,
            update_every_days,
            expires_on,
            ends_on,
            update_due_on,
            waits,
            letters_on,
            ..
        } = event
        else {
            return;
        };
        let outstanding: BTreeMap<Slug, CheckState> = checks
            .iter()
            .chain(conditions.keys())
            .map(|check| (check.clone(), CheckState::Outstanding))
            .collect();
        let every = conditions
            .iter()
            .filter(|(_, condition)| !condition.one_instalment)
            .map(|(key, _)| key.clone());
        *self = Self {
            events: self.events,
            state: GrantState::Offered,
            offer_waits: *waits,
            letters_on: *letters_on,
            fund: Some(*fund),
            round: Some(round.clone()),
            group: Some(*group),
            area: Some(area.clone()),
            award: sources.clone(),
            checks: outstanding,
            conditions: conditions.keys().cloned().collect(),
            for_every_payment: checks.iter().cloned().chain(every).collect(),
            signers: *signers,
            eyes: *eyes,
            update_every_days: *update_every_days,
            expires_on: Some(*expires_on),
            ends_on: Some(*ends_on),
            update_due_on: Some(*update_due_on),
            ..Self::default()
        };
    }

    pub(super) fn answer_offer(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        if let GrantCommand::SendOffer(_) = command {
            let goes_out =
                self.state == GrantState::Offered && self.offer_waits && self.letters_on.is_none();
            return if goes_out {
                Ok(vec![GrantEvent::OfferSent {
                    expires_on: offer_expiry(facts.today, facts)?,
                }])
            } else {
                Ok(Vec::new())
            };
        }
        self.must_be(&[GrantState::Offered])?;
        let expires_on = self.expires_on.ok_or(Refusal::GrantNotInState("blank"))?;
        let expired = facts.today > expires_on;
        match command {
            GrantCommand::AcceptAgreement(_) | GrantCommand::DeclineOffer(_) if expired => {
                Err(Refusal::OfferExpired(expires_on))
            }
            GrantCommand::LapseOffer(_) if !expired => Err(Refusal::OfferStands(expires_on)),
            GrantCommand::AcceptAgreement(_) | GrantCommand::DeclineOffer(_)
                if self.offer_waits =>
            {
                facts.application()?.decision_must_be_confirmed()?;
                Err(Refusal::GrantNotInState(
                    "on offer, but its letter has not been sent",
                ))
            }
            GrantCommand::AcceptAgreement(accept) => {
                facts
                    .application()?
                    .must_be_confirmed_in_time(facts.today)?;
                self.accept(accept, facts)
            }
            GrantCommand::DeclineOffer(_) => Ok(vec![GrantEvent::OfferDeclined {}]),
            GrantCommand::LapseOffer(_) => Ok(vec![GrantEvent::OfferLapsed {}]),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn accept(
        &self,
        accept: &AcceptAgreement,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        if accept.hash != self.agreement {
            return Err(Refusal::AgreementDiffers);
        }
        if accept.method == AcceptanceMethod::WebEach {
            return self.sign(accept, facts);
        }
        if accept.names.len() < usize::from(self.signers) {
            return Err(Refusal::TooFewSigners(usize::from(self.signers)));
        }
        let read_by = match &accept.method {
            AcceptanceMethod::Web if !facts.of_group()? => return Err(Refusal::MembersOwnAct),
            AcceptanceMethod::Web | AcceptanceMethod::WebEach => None,
            AcceptanceMethod::PaperScan { scan } => {
                facts.has_file(Some(scan))?;
                None
            }
            AcceptanceMethod::ReadOverTelephone => Some(facts.by()?),
        };
        let accepted = GrantEvent::AgreementAccepted {
            hash: accept.hash.clone(),
            method: accept.method.clone(),
            names: accept.names.iter().map(PersonalInput::sealed).collect(),
            read_by,
        };
        self.with_updates(vec![accepted], facts)
    }

    /// Records that a member signed for themselves. The last one of those who are needed accepts
    /// the agreement.
    fn sign(
        &self,
        accept: &AcceptAgreement,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let by = facts.by()?;
        let [name] = accept.names.as_slice() else {
            return Err(Refusal::MembersOwnAct);
        };
        if !facts.of_group()? {
            return Err(Refusal::MembersOwnAct);
        }
        if self.signed.contains_key(&by) {
            return Err(Refusal::NoChange);
        }
        let signed = GrantEvent::AgreementSigned {
            hash: accept.hash.clone(),
            name: name.sealed(),
            by,
        };
        let earlier = self.signed.values().cloned();
        let names: Vec<_> = earlier.chain([name.sealed()]).collect();
        if names.len() < usize::from(self.signers) {
            return Ok(vec![signed]);
        }
        let accepted = GrantEvent::AgreementAccepted {
            hash: accept.hash.clone(),
            method: accept.method.clone(),
            names,
            read_by: None,
        };
        self.with_updates(vec![signed, accepted], facts)
    }

    /// These events, and those that ask for the updates of an accepted grant.
    fn with_updates(
        &self,
        events: Vec<GrantEvent>,
        facts: &DecisionContext,
    ) -> Result<Vec<GrantEvent>, Refusal> {
        let due = self.update_days(facts.today)?;
        let last = due.len();
        let requested = (1..)
            .zip(due)
            .map(|(update, due_on)| GrantEvent::UpdateRequested {
                update,
                due_on,
                last: usize::from(update) == last,
            });
        Ok(events.into_iter().chain(requested).collect())
    }

    /// The days on which updates are due: at the interval in the fund's rules until the activity
    /// ends, at most 52, and the final one.
    fn update_days(&self, today: Date) -> Result<Vec<Date>, Refusal> {
        let (Some(ends_on), Some(final_on)) = (self.ends_on, self.update_due_on) else {
            return Err(Refusal::GrantNotInState("blank"));
        };
        let mut days = Vec::new();
        if let Some(every) = self.update_every_days {
            let mut day = today.saturating_add(jiff::Span::new().days(i64::from(every)));
            while day < ends_on && days.len() < 52 {
                days.push(day);
                day = day.saturating_add(jiff::Span::new().days(i64::from(every)));
            }
        }
        days.push(final_on);
        Ok(days)
    }

    pub(super) fn apply_offer_event(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::OfferSent { expires_on } => {
                (self.offer_waits, self.expires_on) = (false, Some(*expires_on));
            }
            GrantEvent::LetterMoved {
                letters_on,
                expires_on,
            } => (self.letters_on, self.expires_on) = (Some(*letters_on), Some(*expires_on)),
            GrantEvent::LetterReleased {} => self.letters_on = None,
            GrantEvent::AwardTakenBack {} => {
                self.state = GrantState::TakenBack;
                self.letters_on = None;
            }
            GrantEvent::AgreementIssued { hash, .. } => {
                self.agreement.clone_from(hash);
                self.signed.clear();
            }
            GrantEvent::AgreementSigned { name, by, .. } => {
                self.signed.insert(*by, name.clone());
            }
            GrantEvent::AgreementAccepted { .. } => self.state = GrantState::Accepted,
            GrantEvent::OfferDeclined {} => self.state = GrantState::OfferDeclined,
            GrantEvent::OfferLapsed {} => self.state = GrantState::OfferLapsed,
            _ => self.state = GrantState::OfferWithdrawn,
        }
        if matches!(
            self.state,
            GrantState::OfferDeclined
                | GrantState::OfferLapsed
                | GrantState::OfferWithdrawn
                | GrantState::TakenBack
        ) {
            self.award = FundingSplit::default();
        }
    }
}
