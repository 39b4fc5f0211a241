//! The organisation aggregate: roles, signs of success, themes, pledges, aims, versions of forms,
//! lessons, agreements, mail templates, settings, webhooks and links to statements.

mod accent;
mod aims;
mod checkpoint_key;
mod command;
mod event;
mod lesson;
mod mail_text;
mod notice;
mod pledge;
mod question;
mod return_account;
mod roles;
mod sending;
mod settings;
mod statement_link;
mod webhook;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use accent::{Accent, CONTRAST_MIN};
pub use aims::AdoptAims;
use aims::AdoptedAims;
pub use checkpoint_key::{CheckpointKey, RecordKeyRotation};
pub use command::{
    AdoptSigns, AdoptThemes, AreaReportTranslation, ConfirmRole, FoundOrganisation, NameFounder,
    OrganisationCommand, PersonRef, PublishAgreement, PublishForm, PublishReport, RecordRestore,
    RefuseMailText, RoleRef,
};
pub use event::OrganisationEvent;
use lesson::PublishedLessons;
pub use lesson::{
    LessonConsent, LessonKind, LessonLink, LessonOrigin, LessonRef, LessonVoice, PublishLesson,
    uses_group_words,
};
use mail_text::MailTexts;
use notice::NoticeInForce;
pub use notice::{NoticePurpose, PublishNotice};
pub use pledge::{PLEDGES_MAX, Pledge, PublishPledges, PublishedPledges};
pub use question::{Question, QuestionKind, QuestionOption, QuestionTranslation};
pub use return_account::{AccountNumbers, ReturnAccount};
pub use sending::{MailEncryption, MailHost, MailSender, MailServer, Sending, ServiceAddress};
use settings::SettingsHistory;
pub use settings::{
    AreaLanguage, HelpLine, LANGUAGES_MAX, LanguageTag, OfficeEmail, OfficePhone, PostalAddress,
    RefuseSettings, Settings, WritingDirection, dialled,
};
pub use statement_link::{ShareStatement, StatementLink, StatementLinkRef, StatementLinks};
pub(in crate::domain) use webhook::parse_web_address;
pub use webhook::{
    OrganisationWebhooks, ProposeWebhook, ProposedTarget, WEBHOOKS_MAX, Webhook, WebhookAddress,
    WebhookRef, WebhookTarget,
};

use super::id::PersonId;
use super::money::BelowZero;
use super::outcome::Sign;
use super::role::{Role, Roles};
use super::text::{Line, Slug};
use super::theme::{THEMES_MAX, Theme};
use super::{Aggregate, DecisionContext, Refusal};
use roles::RoleProposal;

/// State of the organisation aggregate.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Organisation {
    founded: bool,
    simulated: Option<Date>,
    roles: BTreeMap<PersonId, Roles>,
    proposed: BTreeMap<PersonId, BTreeMap<Role, RoleProposal>>,
    role_proposals: u32,
    signs: Vec<Sign>,
    signs_version: u32,
    #[serde(default)]
    themes: Vec<Theme>,
    #[serde(default)]
    themes_version: u32,
    #[serde(default)]
    pledges: PublishedPledges,
    #[serde(default)]
    aims: AdoptedAims,
    #[serde(default)]
    lessons: PublishedLessons,
    forms: Vec<Vec<Question>>,
    /// The names of the forms, in the same order.
    #[serde(default)]
    form_names: Vec<Option<Line>>,
    agreements: Vec<String>,
    #[serde(default)]
    notices: BTreeMap<NoticePurpose, NoticeInForce>,
    mail_texts: MailTexts,
    settings: SettingsHistory,
    reports: u32,
    /// For former auditors, the last day of the role. Auditors read every score.
    audited_until: BTreeMap<PersonId, Date>,
    /// For former administrators, the last day of the role.
    administrator_until: BTreeMap<PersonId, Date>,
    /// People with a role that two administrators gave, or with one that the operator gave when the
    /// log began.
    known_to_two: BTreeSet<PersonId>,
    /// How often each role of a person was ended.
    roles_ended: BTreeMap<PersonId, BTreeMap<Role, u32>>,
    webhooks: OrganisationWebhooks,
    #[serde(default)]
    statement_links: StatementLinks,
    /// The key for checkpoints that was recorded last.
    #[serde(default)]
    checkpoint_key: Option<CheckpointKey>,
}

impl Organisation {
    #[must_use]
    pub fn exists(&self) -> bool {
        self.founded
    }

    /// The day on which the simulation that made the log ends; `None` for a real log.
    #[must_use]
    pub fn simulated(&self) -> Option<Date> {
        self.simulated
    }

    #[must_use]
    pub fn roles_of(&self, person: PersonId) -> Roles {
        self.roles.get(&person).cloned().unwrap_or_default()
    }

    /// Whether there has never been a second administrator. Until then the only one may change the
    /// settings alone.
    #[must_use]
    pub fn settings_may_be_set_alone(&self) -> bool {
        self.settings.may_be_set_alone()
    }

    /// How emails leave the service, by the settings in force.
    #[must_use]
    pub fn sending(&self) -> Option<&Sending> {
        self.settings.sending()
    }

    /// The webhooks that receive events.
    #[must_use]
    pub fn webhooks(&self) -> &OrganisationWebhooks {
        &self.webhooks
    }

    /// The links to funders' statements.
    #[must_use]
    pub fn statement_links(&self) -> &StatementLinks {
        &self.statement_links
    }

    /// The last day on which a person was an auditor, if the role has ended.
    #[must_use]
    pub fn audited_until(&self, person: PersonId) -> Option<Date> {
        self.audited_until.get(&person).copied()
    }

    /// Administrators, and those who were administrators on this day or later.
    pub fn administrators_since(&self, day: Date) -> impl Iterator<Item = PersonId> {
        let former = self
            .administrator_until
            .iter()
            .filter(move |(_, until)| **until >= day);
        self.holders(Role::Administrator)
            .chain(former.map(|(person, _)| *person))
    }

    /// How many people may approve payments.
    #[must_use]
    pub fn approver_count(&self) -> usize {
        self.holders(Role::Finance).count()
    }

    /// How often each role of a person was ended. Tokens that depend on an ended role stay invalid
    /// when the role is given again.
    #[must_use]
    pub fn roles_ended(&self, person: PersonId) -> BTreeMap<Role, u32> {
        self.roles_ended.get(&person).cloned().unwrap_or_default()
    }

    /// The people who hold a role, or for whom one is proposed.
    pub fn people_with_roles(&self) -> BTreeSet<PersonId> {
        let holders = self.roles.iter().filter(|(_, roles)| !roles.is_empty());
        let proposed = self.proposed.iter().filter(|(_, roles)| !roles.is_empty());
        holders
            .map(|(person, _)| *person)
            .chain(proposed.map(|(person, _)| *person))
            .collect()
    }

    /// The people with a role.
    pub fn holders(&self, role: Role) -> impl Iterator<Item = PersonId> {
        self.roles
            .iter()
            .filter(move |(_, roles)| roles.contains(&role))
            .map(|(person, _)| *person)
    }

    #[must_use]
    pub fn has_sign(&self, sign: &Slug) -> bool {
        self.signs.iter().any(|known| known.sign == *sign)
    }

    #[must_use]
    pub fn signs_version(&self) -> u32 {
        self.signs_version
    }

    /// The themes that were adopted last; none before any are adopted.
    #[must_use]
    pub fn themes(&self) -> &[Theme] {
        &self.themes
    }

    /// Refuses with [`Refusal::ThemeUnknown`] a theme that is not adopted. An organisation that has
    /// adopted none takes any: its page offers the usual ones, and it has not said which it wants.
    pub fn must_have_theme(&self, theme: &Slug, field: &'static str) -> Result<(), Refusal> {
        if self.themes.is_empty() || self.themes.iter().any(|known| known.theme == *theme) {
            Ok(())
        } else {
            Err(Refusal::ThemeUnknown {
                field,
                theme: theme.to_string(),
            })
        }
    }

    /// The pledges that people can take.
    #[must_use]
    pub fn pledges(&self) -> &PublishedPledges {
        &self.pledges
    }

    /// Refuses with [`Refusal::NotInAims`] a question that is not in the aims of a version, and
    /// options that the question did not have then.
    pub fn must_have_answers<'a>(
        &self,
        version: u32,
        question: &Slug,
        options: impl Iterator<Item = &'a Slug>,
    ) -> Result<(), Refusal> {
        self.aims.must_have_answers(version, question, options)
    }

    /// Refuses with [`Refusal::NotInAims`] an aim that is not in force.
    pub fn must_have_aim(&self, aim: &Slug) -> Result<(), Refusal> {
        self.aims.must_have_aim(aim)
    }

    /// The questions of a version of the form.
    #[must_use]
    pub fn form(&self, version: u32) -> Option<&[Question]> {
        let at = usize::try_from(version.checked_sub(1)?).ok()?;
        self.forms.get(at).map(Vec::as_slice)
    }

    /// The published forms, the newest first: version, name and questions.
    pub fn forms(&self) -> impl Iterator<Item = (u32, Option<&Line>, &[Question])> {
        let named = |at: usize| self.form_names.get(at).and_then(Option::as_ref);
        self.forms
            .iter()
            .enumerate()
            .map(move |(at, questions)| (version_number(at) + 1, named(at), questions.as_slice()))
            .rev()
    }

    /// The version of the current agreement, and the SHA-256 of its text.
    #[must_use]
    pub fn agreement(&self) -> Option<(u32, &str)> {
        self.agreements
            .last()
            .map(|hash| (version_number(self.agreements.len()), hash.as_str()))
    }

    fn adopt_signs(&self, adopted: &AdoptSigns) -> Result<OrganisationEvent, Refusal> {
        must_be_distinct(
            adopted.signs.iter().map(|sign| &sign.sign),
            20,
            "sign",
            "add at least one sign",
        )?;
        Ok(OrganisationEvent::SignsAdopted {
            version: self.signs_version + 1,
            signs: adopted.signs.clone(),
        })
    }

    fn adopt_themes(&self, adopted: &AdoptThemes) -> Result<OrganisationEvent, Refusal> {
        must_be_distinct(
            adopted.themes.iter().map(|theme| &theme.theme),
            THEMES_MAX,
            "theme",
            "add at least one theme",
        )?;
        if adopted.themes == self.themes {
            return Err(Refusal::NoChange);
        }
        Ok(OrganisationEvent::ThemesAdopted {
            version: self.themes_version + 1,
            themes: adopted.themes.clone(),
        })
    }

    fn publish_form(&self, form: &PublishForm) -> Result<OrganisationEvent, Refusal> {
        must_be_distinct(
            form.questions.iter().map(|question| &question.question),
            60,
            "question",
            "add at least one question",
        )?;
        form.questions
            .iter()
            .try_for_each(Question::check_options)?;
        Ok(OrganisationEvent::FormPublished {
            version: version_number(self.forms.len()) + 1,
            questions: form.questions.clone(),
            name: form.name.clone(),
        })
    }

    fn publish_agreement(&self, agreement: &PublishAgreement) -> OrganisationEvent {
        OrganisationEvent::AgreementPublished {
            version: version_number(self.agreements.len()) + 1,
            hash: sha256_hex(agreement.text.as_str()),
            text: agreement.text.clone(),
        }
    }

    fn publish_report(&self, report: &PublishReport) -> OrganisationEvent {
        let PublishReport {
            area,
            context,
            hard,
            lessons,
            other_languages,
        } = report.clone();
        OrganisationEvent::ReportPublished {
            version: self.reports + 1,
            area,
            context,
            hard,
            lessons,
            other_languages,
        }
    }
}

fn version_number(length: usize) -> u32 {
    u32::try_from(length).expect("versions are published by hand")
}

/// SHA-256 of an unencrypted text, in hexadecimal.
#[must_use]
pub fn sha256_hex(text: &str) -> String {
    format!("{:x}", Sha256::digest(text.as_bytes()))
}

fn must_be_distinct<'a>(
    keys: impl Iterator<Item = &'a Slug>,
    most: usize,
    noun: &'static str,
    if_none: &'static str,
) -> Result<(), Refusal> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(Refusal::Exists(noun));
        }
    }
    if seen.is_empty() {
        return Err(Refusal::Nothing(if_none));
    }
    if seen.len() > most {
        return Err(Refusal::TooManyItems(most));
    }
    Ok(())
}

impl Aggregate for Organisation {
    const TYPE: &'static str = "organisation";
    type Command = OrganisationCommand;
    type Event = OrganisationEvent;

    fn decide(
        &self,
        command: &OrganisationCommand,
        facts: &DecisionContext,
    ) -> Result<Vec<OrganisationEvent>, Refusal> {
        use OrganisationCommand as C;
        match (self.founded, command) {
            (true, C::Found(_)) => return Err(Refusal::Exists("organisation")),
            (false, C::Found(_)) | (true, _) => {}
            (false, _) => return Err(Refusal::Unknown("organisation")),
        }
        if let C::NameFounder(_) = command {
            facts.person()?.must_be_active()?;
        }
        if let C::EndRolesOfErased(PersonRef { person }) = command {
            return self.end_roles_of_erased(*person, facts);
        }
        let event = match command {
            C::Found(found) => OrganisationEvent::OrganisationFounded {
                name: found.name.clone(),
                simulated: found.simulated,
            },
            C::NameFounder(founder) => self.name_founder(founder)?,
            C::RecordRestore(restore) => {
                let RecordRestore {
                    origin,
                    sealed,
                    known,
                    reason,
                } = restore.clone();
                OrganisationEvent::LogRestored {
                    origin,
                    sealed,
                    known,
                    reason,
                }
            }
            C::RecordKeyRotation(rotation) => rotation.decide(self.checkpoint_key.as_ref())?,
            C::ProposeRole(_) | C::ConfirmRole(_) | C::EndRole(_) => {
                self.change_role(command, facts)?
            }
            C::EndRolesOfErased(_) => return Err(Refusal::NoChange),
            C::AdoptSigns(adopted) => self.adopt_signs(adopted)?,
            C::AdoptThemes(adopted) => self.adopt_themes(adopted)?,
            C::PublishPledges(publish) => self.pledges.publish(publish, facts)?,
            C::AdoptAims(adopted) => self.aims.adopt(adopted)?,
            C::PublishForm(form) => self.publish_form(form)?,
            C::PublishAgreement(agreement) => self.publish_agreement(agreement),
            C::PublishNotice(notice) => self.publish_notice(notice)?,
            C::PublishReport(report) => {
                facts.has_area(&report.area)?;
                self.publish_report(report)
            }
            C::PublishLesson(lesson) => self.lessons.publish(lesson, self, facts)?,
            C::WithdrawLesson(of) => self.lessons.withdraw(*of)?,
            C::PublishMailText(_)
            | C::ProposeMailText(_)
            | C::ConfirmMailText(_)
            | C::RefuseMailText(_) => self.mail_texts.decide(command, facts)?,
            C::SetSettings(_)
            | C::ProposeSettings(_)
            | C::ConfirmSettings(_)
            | C::RefuseSettings(_) => self.settings.decide(command, facts)?,
            C::ProposeWebhook(propose) => self.webhooks.propose(propose, facts)?,
            C::ConfirmWebhook(of) => self.webhooks.confirm(of.proposal, facts)?,
            C::EndWebhook(of) => self.webhooks.end(*of)?,
            C::MakeWebhookSecret(of) => self.webhooks.make_secret(*of)?,
            C::ShareStatement(share) => self.statement_links.share(share, facts)?,
            C::EndStatementLink(of) => self.statement_links.end(*of)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &OrganisationEvent) -> Result<(), BelowZero> {
        match event {
            OrganisationEvent::OrganisationFounded { simulated, .. } => {
                self.founded = true;
                self.simulated = *simulated;
            }
            OrganisationEvent::LogRestored { .. } => {}
            OrganisationEvent::CheckpointKeyRotated { key } => {
                self.checkpoint_key = Some(key.clone());
            }
            OrganisationEvent::RoleGiven { .. }
            | OrganisationEvent::FounderNamed { .. }
            | OrganisationEvent::RoleProposed { .. }
            | OrganisationEvent::RoleConfirmed { .. }
            | OrganisationEvent::RoleEnded { .. } => {
                self.apply_role(event);
                if self.holders(Role::Administrator).count() >= 2 {
                    self.settings.end_founding();
                }
            }
            OrganisationEvent::SignsAdopted { version, signs } => {
                self.signs.clone_from(signs);
                self.signs_version = *version;
            }
            OrganisationEvent::ThemesAdopted { version, themes } => {
                self.themes.clone_from(themes);
                self.themes_version = *version;
            }
            OrganisationEvent::PledgesPublished {
                version, pledges, ..
            } => self.pledges.replace(*version, pledges),
            OrganisationEvent::AimsAdopted { aims, .. } => self.aims.apply(aims),
            OrganisationEvent::FormPublished {
                questions, name, ..
            } => {
                self.form_names.resize(self.forms.len(), None);
                self.forms.push(questions.clone());
                self.form_names.push(name.clone());
            }
            OrganisationEvent::AgreementPublished { hash, .. } => {
                self.agreements.push(hash.clone());
            }
            OrganisationEvent::NoticePublished { .. } => self.apply_notice(event),
            OrganisationEvent::ReportPublished { version, .. } => self.reports = *version,
            OrganisationEvent::LessonPublished { .. }
            | OrganisationEvent::LessonWithdrawn { .. } => self.lessons.apply(event),
            OrganisationEvent::MailTextPublished { .. }
            | OrganisationEvent::MailTextProposed { .. }
            | OrganisationEvent::MailTextRefused { .. } => self.mail_texts.apply(event),
            OrganisationEvent::SettingsSet { .. }
            | OrganisationEvent::SettingsProposed { .. }
            | OrganisationEvent::SettingsRefused { .. } => self.settings.apply(event),
            OrganisationEvent::WebhookProposed { .. }
            | OrganisationEvent::WebhookConfirmed { .. }
            | OrganisationEvent::WebhookEnded { .. }
            | OrganisationEvent::WebhookSecretMade { .. } => self.webhooks.apply(event),
            OrganisationEvent::StatementShared { .. }
            | OrganisationEvent::StatementLinkEnded { .. } => self.statement_links.apply(event),
        }
        Ok(())
    }
}
