//! Values of a mail about an event of an application or a grant, from the event and the read
//! models. The mail is not needed any more if the group answered in the meantime.

use std::collections::BTreeMap;

use super::compose::{MailContext, TemplateValues, format_day, without_address};
use super::{Composer, MailError};
use crate::domain::application::ApplicationState;
use crate::domain::grant::{GrantState, ReturnReason, UpdateState};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::reference::Reference;
use crate::domain::text::{Prose, Slug};
use crate::domain::{Application, ApplicationEvent, Event, GrantEvent, Organisation};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{ApplicationRow, FundRow, GrantRow, GroupRow, UpdateRow};

/// The questions that every application has, by their key in a request for changes, in English and
/// Polish. The pages have the same texts.
const FIXED_QUESTIONS: [(&str, &str, &str); 4] = [
    ("area", "Where will it happen?", "Gdzie to będzie?"),
    (
        "activity",
        "What kind of activity is it?",
        "Jaki to rodzaj działania?",
    ),
    (
        "requested",
        "How much money do you need?",
        "Ile pieniędzy potrzebujesz?",
    ),
    (
        "people-at-risk",
        "Will children, or adults who need support, take part?",
        "Czy wezmą udział dzieci lub dorośli, którzy potrzebują wsparcia?",
    ),
];

impl Composer {
    /// The context of a mail about an event, in the language that its reader chose or that of the
    /// application.
    pub(super) async fn event_context(
        &self,
        position: &str,
        kind: MailKind,
        chosen: Option<Language>,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        self.must_not_be_taken_back(&event).await?;
        let id = event.stream;
        let application: ApplicationRow = self
            .views
            .find(id, None)
            .await?
            .ok_or(MailError::ViewsBehind)?;
        let grant: Option<GrantRow> = self.views.find(id, None).await?;
        if self
            .is_answered(&event, kind, &application, grant.as_ref())
            .await?
        {
            return Err(MailError::NotNeeded("it was answered meanwhile"));
        }
        let group: Option<GroupRow> = self.views.find(application.group, None).await?;
        let mut values = BTreeMap::from([
            (
                "group",
                without_address(group.map(|group| group.name).unwrap_or_default()),
            ),
            (
                "reference",
                Reference::parse(&application.reference)
                    .map(|reference| reference.to_string())
                    .unwrap_or_default(),
            ),
        ]);
        if let Some(grant) = &grant {
            values.insert("title", grant.title.clone());
        }
        let language = chosen.unwrap_or(application.language);
        values.extend(match &event.event {
            Event::Application(happened) => {
                self.application_values(happened, &application, language)
                    .await?
            }
            Event::Grant(happened) => self.grant_values(&event, happened, language).await?,
            _ => TemplateValues::new(),
        });
        let answers = match &event.event {
            Event::Application(
                ApplicationEvent::ApplicationSubmitted { .. }
                | ApplicationEvent::ApplicationResubmitted { .. },
            ) => self.answers(&application).await?,
            _ => Vec::new(),
        };
        let path = if grant.is_some() {
            format!("/my/grants/{id}")
        } else {
            format!("/my/applications/{id}")
        };
        Ok(MailContext {
            values,
            answers,
            path,
            fund: Some(application.fund),
            language,
        })
    }

    /// Fails while the mail's event can be taken back, and if it was.
    async fn must_not_be_taken_back(&self, event: &RecordedEvent) -> Result<(), MailError> {
        let Event::Application(
            ApplicationEvent::EligibilityRefused {
                take_back_until: Some(until),
                ..
            }
            | ApplicationEvent::Declined {
                take_back_until: Some(until),
                ..
            },
        ) = &event.event
        else {
            return Ok(());
        };
        if !until.is_known(self.commands.now()) {
            return Err(MailError::Held(until.known_from()));
        }
        // Another decision may have followed, which has a mail of its own.
        let log = self.commands.log();
        let application = log.refresh::<Application>(event.stream).await?.state;
        if application.keeps_step(*until) {
            Ok(())
        } else {
            Err(MailError::NotNeeded("we said something else meanwhile"))
        }
    }

    /// The group's latest answers, by question, in the order of the form.
    async fn answers(
        &self,
        application: &ApplicationRow,
    ) -> Result<Vec<(String, String)>, MailError> {
        let form = self.load_organisation().await?.form;
        let mut answers = self.views.answers(application.id, None).await?;
        let place = |question: &Slug| form.iter().position(|asked| asked.question == *question);
        answers.sort_by_key(|answer| place(&answer.question));
        let said = answers.into_iter().filter_map(|answer| {
            let label = form
                .iter()
                .find(|asked| asked.question == answer.question)
                .map(|asked| asked.in_language(application.language).0.to_owned())?;
            Some((label, answer.answer?))
        });
        Ok(said.collect())
    }

    /// Whether the group has done what the mail asks for, or the request was withdrawn.
    async fn is_answered(
        &self,
        event: &RecordedEvent,
        kind: MailKind,
        application: &ApplicationRow,
        grant: Option<&GrantRow>,
    ) -> Result<bool, MailError> {
        Ok(match (kind, &event.event) {
            (MailKind::ChangesRequested, _) => {
                application.state != ApplicationState::ChangesRequested
            }
            (MailKind::DraftClosing | MailKind::DraftReopened, _) => {
                application.state != ApplicationState::Draft
            }
            (MailKind::Offered, _) => grant.is_some_and(|grant| grant.state != GrantState::Offered),
            (
                _,
                Event::Grant(
                    GrantEvent::ReminderSent { update, .. }
                    | GrantEvent::UpdateQueried { update, .. },
                ),
            ) => self.update_row(event, *update).await?.is_some_and(|row| {
                !matches!(row.state, UpdateState::Requested | UpdateState::Queried)
            }),
            _ => false,
        })
    }

    /// What was asked about single questions, each below the question in the group's language, in
    /// the order of the pages.
    async fn notes_in_words(
        &self,
        notes: &BTreeMap<Slug, Prose>,
        form: u32,
        language: Language,
    ) -> Result<Vec<String>, MailError> {
        let organisation = self.commands.organisation().0;
        let organisation = self
            .commands
            .log()
            .refresh::<Organisation>(organisation)
            .await?
            .state;
        let own = organisation.form(form).unwrap_or_default();
        let own = own.iter().map(|question| {
            let (label, _) = question.in_language(language);
            (question.question.as_str(), label)
        });
        let fixed = FIXED_QUESTIONS.iter().map(|(key, en, pl)| {
            let label = match language {
                Language::En => *en,
                Language::Pl => *pl,
            };
            (*key, label)
        });
        let written = |(key, label): (&str, &str)| {
            let (_, note) = notes.iter().find(|(of, _)| of.as_str() == key)?;
            Some(format!("{label}\n{note}"))
        };
        Ok(fixed.chain(own).filter_map(written).collect())
    }

    async fn application_values(
        &self,
        event: &ApplicationEvent,
        application: &ApplicationRow,
        language: Language,
    ) -> Result<TemplateValues, MailError> {
        use ApplicationEvent as E;
        Ok(match event {
            E::ApplicationSubmitted { .. }
            | E::ApplicationResubmitted { .. }
            | E::DraftReminded { .. }
            | E::DraftReopened {} => self.round_values(application, language).await?,
            E::ChangesRequested {
                note,
                notes,
                due_on,
                ..
            } => {
                let about = self
                    .notes_in_words(notes, application.form, language)
                    .await?;
                let note = std::iter::once(note.to_string()).chain(about);
                BTreeMap::from([
                    ("note", note.collect::<Vec<_>>().join("\n\n")),
                    ("due_on", format_day(*due_on, language)),
                ])
            }
            E::EligibilityRefused { reason: note, .. }
            | E::Declined { feedback: note, .. }
            | E::Deferred {
                message: Some(note),
                ..
            }
            | E::Deferred { reason: note, .. }
            | E::Reserved {
                message: Some(note),
                ..
            }
            | E::Reserved { reason: note, .. }
            | E::LetterReleased {
                message: Some(note),
                ..
            }
            | E::ReviewDecided { reason: note, .. } => BTreeMap::from([("note", note.to_string())]),
            _ => TemplateValues::new(),
        })
    }

    /// The round that an application is in.
    async fn round_values(
        &self,
        application: &ApplicationRow,
        language: Language,
    ) -> Result<TemplateValues, MailError> {
        let fund: Option<FundRow> = self.views.find(application.fund, None).await?;
        let round = fund
            .as_ref()
            .and_then(|fund| fund.rounds.get(&application.round));
        Ok(round.map_or_else(TemplateValues::new, |round| {
            BTreeMap::from([
                ("round", round.name.clone()),
                ("closes_on", format_day(round.closes_on, language)),
            ])
        }))
    }

    /// Values of an event of a grant: `happened` is the event of the domain in `event`.
    async fn grant_values(
        &self,
        event: &RecordedEvent,
        happened: &GrantEvent,
        language: Language,
    ) -> Result<TemplateValues, MailError> {
        use GrantEvent as E;
        Ok(match happened {
            E::OfferSent { expires_on } => {
                let row: Option<GrantRow> = self.views.find(event.stream, None).await?;
                let amount = row.map(|row| row.offered.to_string()).unwrap_or_default();
                BTreeMap::from([
                    ("amount", amount),
                    ("due_on", format_day(*expires_on, language)),
                ])
            }
            E::GrantOffered {
                sources,
                expires_on,
                ..
            } => BTreeMap::from([
                ("amount", sources.total().to_string()),
                ("due_on", format_day(*expires_on, language)),
            ]),
            E::CheckRequested { note, .. } => BTreeMap::from([("note", note.to_string())]),
            E::UpdateQueried { question, .. } => BTreeMap::from([("note", question.to_string())]),
            E::PaymentSent { sources, .. } | E::ReturnReceived { sources, .. } => {
                BTreeMap::from([("amount", sources.total().to_string())])
            }
            E::ReminderSent { update, note, .. } => {
                let row = self.update_row(event, *update).await?;
                let due_on = row.map(|row| format_day(row.due_on, language));
                let note = note.as_ref().map(ToString::to_string);
                BTreeMap::from([
                    ("due_on", due_on.unwrap_or_default()),
                    ("note", note.unwrap_or_default()),
                ])
            }
            E::ReturnRequested { owed, due_on } => {
                let row: Option<GrantRow> = self.views.find(event.stream, None).await?;
                let amount = row.map(|row| match owed {
                    ReturnReason::Underspend => row.underspend_due,
                    ReturnReason::Clawback => row.clawback_due,
                });
                BTreeMap::from([
                    ("due_on", format_day(*due_on, language)),
                    (
                        "amount",
                        amount.map(|amount| amount.to_string()).unwrap_or_default(),
                    ),
                    ("pay_to", self.pay_to(language).await?),
                ])
            }
            E::VariationRefused { reason: note, .. } | E::GrantTerminated { reason: note, .. } => {
                BTreeMap::from([("note", note.to_string())])
            }
            _ => TemplateValues::new(),
        })
    }

    /// How a group pays money back, as the end of a sentence: the organisation's account, or whom
    /// to phone for it.
    async fn pay_to(&self, language: Language) -> Result<String, MailError> {
        let organisation = self.load_organisation().await?;
        let account = organisation
            .settings
            .as_ref()
            .and_then(|settings| settings.values.return_account.as_ref());
        let Some(account) = account else {
            let phone = self
                .office
                .signature(&organisation, language)
                .phone_in_words(language);
            return Ok(match language {
                Language::En => {
                    format!("phone us on {phone} and we will give you our account number.")
                }
                Language::Pl => format!("zadzwoń do nas: {phone}. Podamy Ci numer naszego konta."),
            });
        };
        let (sort_code, number) = (account.sort_code(), account.account_number());
        let holder = without_address(account.holder.to_string());
        Ok(match language {
            Language::En => {
                format!("pay it to {holder}, sort code {sort_code}, account number {number}.")
            }
            Language::Pl => {
                format!("wpłać na konto {holder}, sort code {sort_code}, numer konta {number}.")
            }
        })
    }

    async fn update_row(
        &self,
        event: &RecordedEvent,
        update: u16,
    ) -> Result<Option<UpdateRow>, MailError> {
        Ok(self
            .views
            .find(format!("{}/{update:05}", event.stream), None)
            .await?)
    }
}
