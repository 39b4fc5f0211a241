//! Mails about introductions, to the group that is asked and to those who are introduced. A mail
//! names the entry and links to a page. It never contains who someone is or what they share,
//! because they can withdraw their consent.

use std::collections::{BTreeMap, BTreeSet};

use super::compose::{MailContext, without_address};
use super::{Composer, MailError, Mailer};
use crate::domain::introduction::IntroductionState;
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::{Event, GroupId, IntroductionEvent, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AssetRow, IntroductionRow};
use crate::views::PersonView;

impl Mailer {
    /// The members of the group that holds the entry; nobody if no group does.
    pub(super) async fn hosts_of_introduction(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let row = self.introduction_at(event).await?;
        self.members_of(row.holder, event).await
    }

    /// The person who is introduced, or the members of the group that is.
    pub(super) async fn introduced_people(
        &self,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        let row = self.introduction_at(event).await?;
        match row.person {
            Some(person) => Ok(BTreeSet::from([person])),
            None => self.members_of(row.group, event).await,
        }
    }

    async fn members_of(
        &self,
        group: Option<GroupId>,
        event: &RecordedEvent,
    ) -> Result<BTreeSet<PersonId>, MailError> {
        match group {
            Some(group) => self.members_since(group.0, event.recorded_on()).await,
            None => Ok(BTreeSet::new()),
        }
    }

    /// The introduction just after an event.
    async fn introduction_at(&self, event: &RecordedEvent) -> Result<IntroductionRow, MailError> {
        let row = self.views.find(event.stream, Some(event.position)).await?;
        row.ok_or(MailError::ViewsBehind)
    }
}

impl Composer {
    /// The context of a mail about an introduction.
    pub(super) async fn introduction_context(
        &self,
        position: &str,
        kind: MailKind,
        person: &PersonView,
    ) -> Result<MailContext, MailError> {
        let event = self.load_event(position).await?;
        let Event::Introduction(happened) = &event.event else {
            return Err(MailError::InvalidMail(
                "it is about no introduction".to_owned(),
            ));
        };
        let language = self.language_of(person).await?;
        let row: Option<IntroductionRow> = self.views.find(event.stream, None).await?;
        let row = row.ok_or(MailError::ViewsBehind)?;
        if let Some(why) = why_not_needed(kind, happened, row.state) {
            return Err(MailError::NotNeeded(why));
        }
        let entry: Option<AssetRow> = self.views.find(row.to, None).await?;
        let entry = entry.ok_or(MailError::ViewsBehind)?.name;
        let mut values = BTreeMap::from([("title", without_address(entry.unwrap_or_default()))]);
        if kind == MailKind::IntroductionAnswered {
            values.insert("note", answer_text(happened, language).to_owned());
        }
        Ok(MailContext {
            values,
            answers: Vec::new(),
            path: format!("/my/introductions/{}", event.stream),
            fund: None,
            language,
        })
    }
}

/// Why a mail need not be sent any more.
fn why_not_needed(
    kind: MailKind,
    happened: &IntroductionEvent,
    state: IntroductionState,
) -> Option<&'static str> {
    use IntroductionState as S;
    if state == S::TakenBack {
        return Some("the agreement was taken back");
    }
    match kind {
        MailKind::IntroductionAnswered => {
            let was_welcomed = matches!(happened, IntroductionEvent::IntroductionWelcomed { .. });
            // Who was declined hears of it, also if the office closed the introduction since.
            let stands = matches!(state, S::Welcomed | S::CameTo) == was_welcomed;
            (!stands).then_some("the answer does not stand any more")
        }
        _ => (state != S::Made).then_some("the group has answered"),
    }
}

/// What was answered.
fn answer_text(happened: &IntroductionEvent, language: Language) -> &'static str {
    let is_welcome = matches!(happened, IntroductionEvent::IntroductionWelcomed { .. });
    match (is_welcome, language) {
        (true, Language::En) => {
            "You are welcome there. On the page below you see who to ask for when you come."
        }
        (true, Language::Pl) => {
            "Zapraszają Cię. Na stronie poniżej zobaczysz, o kogo zapytać na miejscu."
        }
        (false, Language::En) => "They have no room just now. We’ll help you find somewhere else.",
        (false, Language::Pl) => "Teraz nie mają miejsca. Poszukamy razem innego.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::introduction::DeclineReason;

    #[test]
    fn nobody_hears_more_once_it_is_taken_back() {
        let made = IntroductionEvent::IntroductionReminded {
            reminded_on: jiff::civil::date(2027, 3, 1),
        };
        let why = |kind, state| why_not_needed(kind, &made, state);
        for kind in [MailKind::IntroductionAsks, MailKind::Introduced] {
            assert_eq!(why(kind, IntroductionState::Made), None);
            assert!(why(kind, IntroductionState::TakenBack).is_some());
            assert!(why(kind, IntroductionState::Welcomed).is_some());
        }
    }

    #[test]
    fn who_was_declined_hears_of_it() {
        let declined = IntroductionEvent::IntroductionDeclined {
            reason: DeclineReason::Full,
            channel: crate::domain::application::Channel::Web,
            keyed_by: None,
            declined_on: jiff::civil::date(2027, 3, 1),
        };
        let kind = MailKind::IntroductionAnswered;
        for state in [IntroductionState::Declined, IntroductionState::Closed] {
            assert_eq!(why_not_needed(kind, &declined, state), None);
        }
        let taken_back = IntroductionState::TakenBack;
        assert!(why_not_needed(kind, &declined, taken_back).is_some());
    }
}
