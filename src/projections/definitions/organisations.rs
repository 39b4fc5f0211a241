//! The organisation: its name, settings, signs of success, themes, current form and agreement, mail
//! texts and public reports.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::domain::aim::Aim;
use crate::domain::language::Language;
use crate::domain::mail::{self, MailKind};
use crate::domain::organisation::{AreaReportTranslation, Pledge, Question, Settings};
use crate::domain::outcome::Sign;
use crate::domain::text::Slug;
use crate::domain::theme::{Theme, with_former};
use crate::domain::{Event, FundId, GatheringId, OrganisationEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// The organisation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OrganisationRecord)]
pub struct OrganisationRow {
    pub name: String,
    /// The last day of a simulated log; absent for a real one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub simulated: Option<Date>,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub signs_version: u32,
    pub signs: Vec<Sign>,
    #[serde(default)]
    pub themes_version: u32,
    /// The themes to choose from.
    #[serde(default)]
    pub themes: Vec<Theme>,
    /// Themes that were adopted before and are not any more. Records that name one keep it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_themes: Vec<Theme>,
    #[serde(default)]
    pub pledges_version: u32,
    /// The pledges that people can take.
    #[serde(default)]
    pub pledges: Vec<Pledge>,
    /// Pledges that were published before and are not any more. People who took one keep it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_pledges: Vec<Pledge>,
    /// The gathering at which people wrote the pledges together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pledges_written_at: Option<GatheringId>,
    #[serde(default)]
    pub aims_version: u32,
    /// The aims in force, with the questions that people are asked.
    #[serde(default)]
    pub aims: Vec<Aim>,
    pub form_version: u32,
    pub form: Vec<Question>,
    pub agreement_version: u32,
    pub agreement_hash: String,
    pub agreement: String,
    /// The organisation's own texts for mails, the newest of each.
    #[serde(default)]
    pub mail_texts: Vec<MailTextRow>,
    /// Texts for mails that await confirmation by a second administrator.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub proposed_mail_texts: Vec<ProposedMailTextRow>,
    /// The texts of the public report, by area.
    #[serde(default)]
    pub reports: BTreeMap<Slug, AreaReportRow>,
    /// The settings in force; absent until they are set for the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<SettingsRow>,
    /// Settings that await confirmation by a second administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_settings: Option<ProposedSettingsRow>,
}

/// The organisation's settings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = SettingsInForce)]
pub struct SettingsRow {
    pub version: u32,
    pub values: Settings,
}

/// Settings that await confirmation by a second administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProposedSettings)]
pub struct ProposedSettingsRow {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub values: Settings,
    pub proposed_by: PersonId,
}

/// The text of the public report on one area.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = AreaReport)]
pub struct AreaReportRow {
    pub version: u32,
    pub context: String,
    pub hard: String,
    pub lessons: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub published_on: Option<Date>,
    /// The same text in other languages.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub other_languages: BTreeMap<Language, AreaReportTranslation>,
}

/// The organisation's own text for one mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = MailText)]
pub struct MailTextRow {
    pub version: u32,
    pub mail: MailKind,
    /// The fund that the text is for; absent if it is for all funds without a text of their own.
    pub fund: Option<FundId>,
    pub language: Language,
    pub subject: String,
    pub body: String,
    /// The second administrator, if the text needed two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_by: Option<PersonId>,
}

impl MailTextRow {
    /// Why the text is not used, if it is not. Texts published before a rule existed may break it.
    #[must_use]
    pub fn unused_reason(&self) -> Option<String> {
        if self.mail.needs_two_people() && self.confirmed_by.is_none() {
            return Some(
                "one person published them, and the words of this mail take two administrators"
                    .to_owned(),
            );
        }
        mail::check_mail_text(self.mail, &self.subject, &self.body)
            .err()
            .map(|refusal| refusal.to_string())
    }
}

/// A text for one mail that awaits confirmation by a second administrator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ProposedMailText)]
pub struct ProposedMailTextRow {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub mail: MailKind,
    pub fund: Option<FundId>,
    pub language: Language,
    pub subject: String,
    pub body: String,
    pub proposed_by: PersonId,
}

impl OrganisationRow {
    /// The themes, and those that were adopted before.
    pub fn all_themes(&self) -> impl Iterator<Item = &Theme> {
        self.themes.iter().chain(&self.former_themes)
    }

    /// The organisation's text for a mail: that of the fund, or else the general one. It may be one
    /// that is not used; see [`MailTextRow::unused_reason`].
    #[must_use]
    pub fn mail_text(
        &self,
        mail: MailKind,
        fund: Option<FundId>,
        language: Language,
    ) -> Option<&MailTextRow> {
        let of = |fund: Option<FundId>| {
            self.mail_texts
                .iter()
                .find(move |text| (text.mail, text.fund, text.language) == (mail, fund, language))
        };
        fund.and_then(|fund| of(Some(fund))).or_else(|| of(None))
    }
}

pub(in crate::projections) struct OrganisationsProjection;

impl Projection for OrganisationsProjection {
    const NAME: &'static str = "organisations";
    const SCHEMA_VERSION: i64 = 5;
    type Row = OrganisationRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Organisation(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<OrganisationRow>,
        _: Option<OrganisationRow>,
    ) -> Option<OrganisationRow> {
        let Event::Organisation(happened) = &event.event else {
            return None;
        };
        if let OrganisationEvent::OrganisationFounded {
            name, simulated, ..
        } = happened
        {
            return Some(OrganisationRow {
                name: name.to_string(),
                simulated: *simulated,
                version: event.sequence,
                created_at: Moment::of(event),
                updated_at: Moment::of(event),
                signs_version: 0,
                signs: Vec::new(),
                themes_version: 0,
                themes: Vec::new(),
                former_themes: Vec::new(),
                pledges_version: 0,
                pledges: Vec::new(),
                former_pledges: Vec::new(),
                pledges_written_at: None,
                aims_version: 0,
                aims: Vec::new(),
                form_version: 0,
                form: Vec::new(),
                agreement_version: 0,
                agreement_hash: String::new(),
                agreement: String::new(),
                mail_texts: Vec::new(),
                proposed_mail_texts: Vec::new(),
                reports: BTreeMap::new(),
                settings: None,
                proposed_settings: None,
            });
        }
        let mut row = row?;
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        match happened {
            OrganisationEvent::SignsAdopted { .. }
            | OrganisationEvent::ThemesAdopted { .. }
            | OrganisationEvent::AimsAdopted { .. } => row.apply_adopted(happened),
            OrganisationEvent::PledgesPublished { .. } => row.apply_pledges(happened),
            OrganisationEvent::FormPublished {
                version, questions, ..
            } => {
                row.form_version = *version;
                row.form.clone_from(questions);
            }
            OrganisationEvent::AgreementPublished {
                version,
                text,
                hash,
                ..
            } => {
                row.agreement_version = *version;
                row.agreement_hash.clone_from(hash);
                row.agreement = text.to_string();
            }
            OrganisationEvent::ReportPublished { .. } => row.apply_report(happened, event),
            OrganisationEvent::SettingsProposed { .. }
            | OrganisationEvent::SettingsSet { .. }
            | OrganisationEvent::SettingsRefused { .. } => row.apply_settings(happened),
            _ => row.apply_mail_text(happened),
        }
        Some(row)
    }
}

impl OrganisationRow {
    fn apply_pledges(&mut self, happened: &OrganisationEvent) {
        let OrganisationEvent::PledgesPublished {
            version,
            pledges,
            co_designed_at,
        } = happened
        else {
            return;
        };
        let is_former = |known: &Pledge| pledges.iter().all(|pledge| pledge.pledge != known.pledge);
        let before = std::mem::replace(&mut self.pledges, pledges.clone());
        let older = std::mem::take(&mut self.former_pledges);
        let is_older = |known: &Pledge| before.iter().all(|pledge| pledge.pledge != known.pledge);
        let older: Vec<Pledge> = older.into_iter().filter(is_older).collect();
        self.former_pledges = before.into_iter().chain(older).filter(is_former).collect();
        (self.pledges_version, self.pledges_written_at) = (*version, *co_designed_at);
    }

    fn apply_adopted(&mut self, happened: &OrganisationEvent) {
        match happened {
            OrganisationEvent::SignsAdopted { version, signs } => {
                self.signs_version = *version;
                self.signs.clone_from(signs);
            }
            OrganisationEvent::ThemesAdopted { version, themes } => {
                self.themes_version = *version;
                let before = self.all_themes().cloned().collect::<Vec<_>>();
                self.former_themes = with_former(themes, &before).split_off(themes.len());
                self.themes.clone_from(themes);
            }
            OrganisationEvent::AimsAdopted { version, aims } => {
                self.aims_version = *version;
                self.aims.clone_from(aims);
            }
            _ => {}
        }
    }

    fn apply_report(&mut self, happened: &OrganisationEvent, event: &RecordedEvent) {
        let OrganisationEvent::ReportPublished {
            version,
            area,
            context,
            hard,
            lessons,
            other_languages,
        } = happened
        else {
            return;
        };
        let [context, hard, lessons] = [context, hard, lessons].map(ToString::to_string);
        self.reports.insert(
            area.clone(),
            AreaReportRow {
                version: *version,
                context,
                hard,
                lessons,
                published_on: Some(event.recorded_on()),
                other_languages: other_languages.clone(),
            },
        );
    }

    /// The newest proposal replaces one that waits. Settings that are in force name the
    /// organisation.
    fn apply_settings(&mut self, happened: &OrganisationEvent) {
        match happened {
            OrganisationEvent::SettingsProposed {
                proposal,
                settings,
                proposed_by,
            } => {
                self.proposed_settings = Some(ProposedSettingsRow {
                    proposal: *proposal,
                    values: settings.clone(),
                    proposed_by: *proposed_by,
                });
            }
            OrganisationEvent::SettingsSet {
                version, settings, ..
            } => {
                self.name = settings.name.to_string();
                self.settings = Some(SettingsRow {
                    version: *version,
                    values: settings.clone(),
                });
                self.proposed_settings = None;
            }
            _ => self.proposed_settings = None,
        }
    }

    /// A proposed or published text replaces the pending proposal for the same mail.
    fn apply_mail_text(&mut self, happened: &OrganisationEvent) {
        match happened {
            OrganisationEvent::MailTextPublished {
                version,
                mail,
                fund,
                language,
                subject,
                body,
                confirmed_by,
                ..
            } => {
                let of = (*mail, *fund, *language);
                self.mail_texts
                    .retain(|text| (text.mail, text.fund, text.language) != of);
                self.proposed_mail_texts
                    .retain(|text| (text.mail, text.fund, text.language) != of);
                let (mail, fund, language) = of;
                let (subject, body) = (subject.to_string(), body.to_string());
                let confirmed_by = *confirmed_by;
                self.mail_texts.push(MailTextRow {
                    version: *version,
                    mail,
                    fund,
                    language,
                    subject,
                    body,
                    confirmed_by,
                });
            }
            OrganisationEvent::MailTextProposed {
                proposal,
                mail,
                fund,
                language,
                subject,
                body,
                proposed_by,
            } => {
                let of = (*mail, *fund, *language);
                self.proposed_mail_texts
                    .retain(|text| (text.mail, text.fund, text.language) != of);
                let (mail, fund, language) = of;
                let (subject, body) = (subject.to_string(), body.to_string());
                let (proposal, proposed_by) = (*proposal, *proposed_by);
                self.proposed_mail_texts.push(ProposedMailTextRow {
                    proposal,
                    mail,
                    fund,
                    language,
                    subject,
                    body,
                    proposed_by,
                });
            }
            OrganisationEvent::MailTextRefused { proposal, .. } => self
                .proposed_mail_texts
                .retain(|text| text.proposal != *proposal),
            _ => {}
        }
    }
}
