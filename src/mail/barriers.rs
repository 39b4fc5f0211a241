//! Mails about pledges and barriers: who gets one, and its values. A mail has the words of staff
//! only, and never those of the people who raised a barrier.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{MailContext, TemplateValues, without_address};
use super::{Composer, MailError, Mailer};
use crate::domain::barrier::ComesTo;
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::{BarrierEvent, Event, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{BarrierRow, PledgeState, TakenPledgesRow};
use crate::views::PersonView;

impl Mailer {
    /// Those who raised the barrier of an event, or one that was joined to it.
    pub(super) async fn people_of_barrier(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let row: Option<BarrierRow> = self.views.find(event.stream, Some(event.position)).await?;
        Ok(row.ok_or(MailError::ViewsBehind)?.raised_by)
    }
}

impl Composer {
    /// The context of a mail to a person that is about no group: about a gathering, a pledge or a
    /// barrier.
    pub(super) async fn person_context(
        &self,
        position: &str,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        if kind.is_about_own_words() {
            self.barrier_context(position, kind, person).await
        } else {
            self.gathering_context(position, kind, person).await
        }
    }

    /// The context of a mail about a pledge or a barrier.
    async fn barrier_context(
        &self,
        position: &str,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let language = self.language_of(person).await?;
        let (values, path) = match (kind, &event.event) {
            (MailKind::PledgeDue, Event::Person(_)) => (
                self.open_pledges(person, language).await?,
                "/my/pledges".to_owned(),
            ),
            (MailKind::BarrierAnswered, Event::Barrier(happened)) => (
                self.answer_values(&event, happened, language).await?,
                format!("/my/barriers/{}", event.stream),
            ),
            _ => {
                return Err(MailError::InvalidMail(
                    "it is about no pledge and no barrier".to_owned(),
                ));
            }
        };
        Ok(MailContext {
            values,
            answers: Vec::new(),
            path,
            fund: None,
            language,
        })
    }

    /// What the person promised and has not done yet.
    async fn open_pledges(
        &self,
        person: &PersonView,
        language: Language,
    ) -> Result<TemplateValues, MailError> {
        let row: Option<TakenPledgesRow> = self.views.find(person.id, None).await?;
        let row = row.ok_or(MailError::ViewsBehind)?;
        if row.count(PledgeState::Kept) > 0 {
            return Err(MailError::NotNeeded("the person kept a pledge"));
        }
        let organisation = self.load_organisation().await?;
        let open: Vec<String> = row
            .pledges
            .iter()
            .filter(|(_, taken)| taken.state == PledgeState::Taken)
            .filter_map(|(key, _)| {
                let mut known = organisation
                    .pledges
                    .iter()
                    .chain(&organisation.former_pledges);
                let pledge = known.find(|pledge| pledge.pledge == *key)?;
                Some(format!("- {}", pledge.words_in(language)))
            })
            .collect();
        if open.is_empty() {
            return Err(MailError::NotNeeded("the person dropped their pledges"));
        }
        Ok(BTreeMap::from([("note", open.join("\n"))]))
    }

    /// What staff wrote about a barrier, and the answer of an event to it.
    async fn answer_values(
        &self,
        event: &RecordedEvent,
        happened: &BarrierEvent,
        language: Language,
    ) -> Result<TemplateValues, MailError> {
        let BarrierEvent::BarrierAnswered {
            answer, comes_to, ..
        } = happened
        else {
            return Err(MailError::InvalidMail("it is about no answer".to_owned()));
        };
        let row: Option<BarrierRow> = self.views.find(event.stream, None).await?;
        let row = row.ok_or(MailError::ViewsBehind)?;
        let then: Option<BarrierRow> = self.views.find(event.stream, Some(event.position)).await?;
        if then.is_some_and(|then| then.withdrawals < row.withdrawals) {
            let why = "what everyone could read was withdrawn";
            return Err(MailError::NotNeeded(why));
        }
        Ok(BTreeMap::from([
            ("note", row.summary.unwrap_or_default()),
            (
                "passed_on_to",
                without_address(row.passed_on_to.unwrap_or_default()),
            ),
            ("answer", answer.to_string()),
            ("outcome", outcome_sentence(*comes_to, language).to_owned()),
        ]))
    }
}

/// What comes of an answer, as a sentence.
fn outcome_sentence(comes_to: ComesTo, language: Language) -> &'static str {
    match (comes_to, language) {
        (ComesTo::None, Language::En) => "Nothing is going to change for now.",
        (ComesTo::None, Language::Pl) => "Na razie nic się nie zmieni.",
        (ComesTo::Planned, Language::En) => {
            "A change is planned. We will tell you once it is made."
        }
        (ComesTo::Planned, Language::Pl) => "Planowana jest zmiana. Napiszemy, gdy nastąpi.",
        (ComesTo::Made, Language::En) => "The change has been made.",
        (ComesTo::Made, Language::Pl) => "Zmiana już nastąpiła.",
    }
}
