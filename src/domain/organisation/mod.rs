//! The anchor organisation: who holds which role, the signs of success, and the versions of forms and agreements.

mod command;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use command::{
    AdoptSigns, Found, NameFounder, OrganisationCommand, OrganisationEvent, PersonOf, PublishAgreement, PublishForm, PublishReport,
    Question, RecordRestore, RoleOf, Translated,
};
pub use webhook::{ProposeWebhook, ProposedTarget, Target, WEBHOOKS_MAX, Webhook, WebhookAddress, WebhookOf, Webhooks};

use super::id::PersonId;
use super::mail::PublishMailText;
use super::outcome::Sign;
use super::role::{Role, Roles};
use super::text::Slug;
use super::{Facts, Refusal, Stream};

/// The organisation's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Organisation {
    founded: bool,
    simulated: Option<Date>,
    roles: BTreeMap<PersonId, Roles>,
    proposed: BTreeMap<PersonId, BTreeMap<Role, PersonId>>,
    signs: Vec<Sign>,
    signs_version: u32,
    forms: Vec<Vec<Question>>,
    agreements: Vec<String>,
    mail_texts: u32,
    reports: u32,
    /// Until which day somebody was an auditor, and read every score.
    audited_until: BTreeMap<PersonId, Date>,
    /// Who was given a role by two people, or by the operator.
    known_to_two: BTreeSet<PersonId>,
    webhooks: Webhooks,
}

impl Organisation {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.founded
    }

    /// The day on which the simulation that made the log ends; `None` for a real one.
    #[must_use]
    pub fn simulated(&self) -> Option<Date> {
        self.simulated
    }

    #[must_use]
    pub fn roles_of(&self, person: PersonId) -> Roles {
        self.roles.get(&person).cloned().unwrap_or_default()
    }

    /// Whether a person holds a role, or one was proposed for them.
    #[must_use]
    pub fn is_trusted(&self, person: PersonId) -> bool {
        !self.roles_of(person).is_empty() || self.proposed.get(&person).is_some_and(|roles| !roles.is_empty())
    }

    /// Whether two people, or the operator, made a person one of the staff.
    #[must_use]
    pub fn is_known_to_two(&self, person: PersonId) -> bool {
        self.known_to_two.contains(&person)
    }

    /// Who outside is told of events.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// Until which day a person was an auditor.
    #[must_use]
    pub fn audited_until(&self, person: PersonId) -> Option<Date> {
        self.audited_until.get(&person).copied()
    }

    /// How many people may approve payments.
    #[must_use]
    pub fn approvers(&self) -> usize {
        self.holding(Role::Finance)
    }

    /// Who holds a role.
    pub fn holders(&self, role: Role) -> impl Iterator<Item = PersonId> {
        self.roles.iter().filter(move |(_, roles)| roles.contains(&role)).map(|(person, _)| *person)
    }

    fn holding(&self, role: Role) -> usize {
        self.holders(role).count()
    }

    #[must_use]
    pub fn has_sign(&self, sign: &Slug) -> bool {
        self.signs.iter().any(|known| known.sign == *sign)
    }

    #[must_use]
    pub fn signs_version(&self) -> u32 {
        self.signs_version
    }

    /// The questions of a version of the form.
    #[must_use]
    pub fn form(&self, version: u32) -> Option<&[Question]> {
        let at = usize::try_from(version.checked_sub(1)?).ok()?;
        self.forms.get(at).map(Vec::as_slice)
    }

    /// The version of the current agreement and the SHA-256 of its text.
    #[must_use]
    pub fn agreement(&self) -> Option<(u32, &str)> {
        self.agreements.last().map(|hash| (count(self.agreements.len()), hash.as_str()))
    }

    fn may_hold(&self, person: PersonId, role: Role) -> Result<(), Refusal> {
        let held = self.roles_of(person);
        if held.contains(&role) {
            return Err(Refusal::RoleHeld);
        }
        if held.iter().any(|other| other.excludes(role)) { Err(Refusal::RolesExclude) } else { Ok(()) }
    }

    fn name_founder(&self, founder: &NameFounder) -> Result<OrganisationEvent, Refusal> {
        if self.holding(Role::Administrator) >= 2 {
            return Err(Refusal::FoundingOver);
        }
        if founder.roles.is_empty() {
            return Err(Refusal::NoChange);
        }
        let mut trial = self.clone();
        for role in &founder.roles {
            trial.may_hold(founder.person, *role)?;
            trial.roles.entry(founder.person).or_default().insert(*role);
        }
        Ok(OrganisationEvent::FounderNamed { person: founder.person, roles: founder.roles.clone() })
    }

    /// A backup may bring back somebody with roles who was erased since: they are erased again, and
    /// hold none.
    fn end_roles_of_erased(&self, person: PersonId, facts: &Facts) -> Result<Vec<OrganisationEvent>, Refusal> {
        if !facts.person()?.erasure().is_done() {
            return Err(Refusal::StillInRole);
        }
        let proposed = self.proposed.get(&person).into_iter().flat_map(BTreeMap::keys).copied();
        let roles: Roles = self.roles_of(person).into_iter().chain(proposed).collect();
        if roles.is_empty() {
            return Err(Refusal::NoChange);
        }
        let end = |role| OrganisationEvent::RoleEnded { person, role, ended_on: Some(facts.today) };
        Ok(roles.into_iter().map(end).collect())
    }

    fn change_role(
        &self,
        command: &OrganisationCommand,
        RoleOf { person, role }: RoleOf,
        facts: &Facts,
    ) -> Result<OrganisationEvent, Refusal> {
        let by = facts.by()?;
        match command {
            OrganisationCommand::EndRole(_) => {
                if !self.roles_of(person).contains(&role) {
                    return Err(Refusal::RoleNotHeld);
                }
                if role == Role::Administrator && self.holding(role) <= 2 {
                    return Err(Refusal::LastAdministrators);
                }
                Ok(OrganisationEvent::RoleEnded { person, role, ended_on: Some(facts.today) })
            }
            OrganisationCommand::GiveRole(_) if role.needs_two() => Err(Refusal::NeedsTwoPeople),
            OrganisationCommand::GiveRole(_) if person == by => Err(Refusal::SamePerson),
            OrganisationCommand::GiveRole(_) => {
                self.may_hold(person, role)?;
                Ok(OrganisationEvent::RoleGiven { person, role })
            }
            OrganisationCommand::ProposeRole(_) => {
                self.may_hold(person, role)?;
                Ok(OrganisationEvent::RoleProposed { person, role, proposed_by: by })
            }
            _ => {
                let proposed_by = self.proposed.get(&person).and_then(|roles| roles.get(&role)).ok_or(Refusal::NotProposed)?;
                if *proposed_by == by {
                    return Err(Refusal::SamePerson);
                }
                facts.still_holds(*proposed_by, &[Role::Administrator])?;
                self.may_hold(person, role)?;
                Ok(OrganisationEvent::RoleConfirmed { person, role, confirmed_by: by })
            }
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).expect("versions are published by hand")
}

/// SHA-256 of a clear text, in hexadecimal.
#[must_use]
pub fn hash_of(text: &str) -> String {
    format!("{:x}", Sha256::digest(text.as_bytes()))
}

fn each_once<'a>(keys: impl Iterator<Item = &'a Slug>, most: usize, noun: &'static str) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(Refusal::Exists(noun));
        }
    }
    if seen.is_empty() || seen.len() > most { Err(Refusal::Nothing) } else { Ok(()) }
}

impl Stream for Organisation {
    const TYPE: &'static str = "organisation";
    type Command = OrganisationCommand;
    type Event = OrganisationEvent;

    fn decide(&self, command: &OrganisationCommand, facts: &Facts) -> Result<Vec<OrganisationEvent>, Refusal> {
        use OrganisationCommand as C;
        match (self.founded, command) {
            (true, C::Found(_)) => return Err(Refusal::Exists("organisation")),
            (false, C::Found(_)) | (true, _) => {}
            (false, _) => return Err(Refusal::Unknown("organisation")),
        }
        if let C::NameFounder(_) | C::GiveRole(_) | C::ProposeRole(_) | C::ConfirmRole(_) = command {
            facts.person()?.must_stand()?;
        }
        if let C::EndRolesOfErased(PersonOf { person }) = command {
            return self.end_roles_of_erased(*person, facts);
        }
        let event = match command {
            C::Found(found) => OrganisationEvent::OrganisationFounded { name: found.name.clone(), simulated: found.simulated },
            C::NameFounder(founder) => self.name_founder(founder)?,
            C::RecordRestore(restore) => {
                let RecordRestore { origin, sealed, known, reason } = restore.clone();
                OrganisationEvent::LogRestored { origin, sealed, known, reason }
            }
            C::GiveRole(of) | C::ProposeRole(of) | C::ConfirmRole(of) | C::EndRole(of) => self.change_role(command, *of, facts)?,
            C::EndRolesOfErased(_) => return Err(Refusal::NoChange),
            C::AdoptSigns(AdoptSigns { signs }) => {
                each_once(signs.iter().map(|sign| &sign.sign), 20, "sign")?;
                OrganisationEvent::SignsAdopted { version: self.signs_version + 1, signs: signs.clone() }
            }
            C::PublishForm(PublishForm { questions }) => {
                each_once(questions.iter().map(|question| &question.question), 60, "question")?;
                OrganisationEvent::FormPublished { version: count(self.forms.len()) + 1, questions: questions.clone() }
            }
            C::PublishAgreement(PublishAgreement { text }) => OrganisationEvent::AgreementPublished {
                version: count(self.agreements.len()) + 1,
                hash: hash_of(text.as_str()),
                text: text.clone(),
            },
            C::PublishReport(report) => {
                let PublishReport { area, context, hard, lessons } = report.clone();
                OrganisationEvent::ReportPublished { version: self.reports + 1, area, context, hard, lessons }
            }
            C::PublishMailText(text) => {
                text.can_be_written()?;
                let PublishMailText { mail, fund, language, subject, body } = text.clone();
                OrganisationEvent::MailTextPublished { version: self.mail_texts + 1, mail, fund, language, subject, body }
            }
            C::ProposeWebhook(propose) => self.webhooks.propose(propose, facts)?,
            C::ConfirmWebhook(of) => self.webhooks.confirm(of.proposal, facts)?,
            C::EndWebhook(of) => self.webhooks.end(*of)?,
            C::MakeWebhookSecret(of) => self.webhooks.make_secret(*of)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::OrganisationFounded { simulated, .. } => {
                self.founded = true;
                self.simulated = *simulated;
            }
            OrganisationEvent::LogRestored { .. } => {}
            OrganisationEvent::RoleGiven { person, role } => {
                self.roles.entry(*person).or_default().insert(*role);
            }
            OrganisationEvent::FounderNamed { person, roles } => {
                self.known_to_two.insert(*person);
                self.roles.entry(*person).or_default().extend(roles);
            }
            OrganisationEvent::RoleProposed { person, role, proposed_by } => {
                self.proposed.entry(*person).or_default().insert(*role, *proposed_by);
            }
            OrganisationEvent::RoleConfirmed { person, role, .. } => {
                self.known_to_two.insert(*person);
                self.proposed.entry(*person).or_default().remove(role);
                self.roles.entry(*person).or_default().insert(*role);
            }
            OrganisationEvent::RoleEnded { person, role, ended_on } => {
                if let (Role::Auditor, Some(day)) = (role, ended_on) {
                    self.audited_until.insert(*person, *day);
                }
                self.proposed.entry(*person).or_default().remove(role);
                self.roles.entry(*person).or_default().remove(role);
            }
            OrganisationEvent::SignsAdopted { version, signs } => {
                self.signs.clone_from(signs);
                self.signs_version = *version;
            }
            OrganisationEvent::FormPublished { questions, .. } => self.forms.push(questions.clone()),
            OrganisationEvent::AgreementPublished { hash, .. } => self.agreements.push(hash.clone()),
            OrganisationEvent::ReportPublished { version, .. } => self.reports = *version,
            OrganisationEvent::MailTextPublished { version, .. } => self.mail_texts = *version,
            OrganisationEvent::WebhookProposed { .. }
            | OrganisationEvent::WebhookConfirmed { .. }
            | OrganisationEvent::WebhookEnded { .. }
            | OrganisationEvent::WebhookSecretMade { .. } => self.webhooks.apply(event),
        }
    }
}
