//! Drafts, submission and resubmission, withdrawal and lapsing.

use std::collections::BTreeSet;

use super::{
    Application, ApplicationEvent, ApplicationHelp, ApplicationState, Channel, HelpKind,
    RequestChanges, Resubmit, SaveAnswers, StartApplication, Submit,
};
use crate::domain::money::Money;
use crate::domain::organisation::Question;
use crate::domain::role::Role;
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// The key of the amount, which is not a question of the form.
pub const REQUESTED: &str = "requested";
/// Keys that the office can ask about again although they are not questions of the form.
const FIXED_QUESTIONS: [&str; 4] = [REQUESTED, "area", "activity", "people-at-risk"];
/// A group is reminded of its draft within this many days before the round closes.
const DRAFT_REMINDER_DAYS: i64 = 3;

impl Application {
    pub(super) fn start(
        &self,
        start: &StartApplication,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        if self.place.is_some() {
            return Err(Refusal::Exists("application"));
        }
        let fund = facts.fund()?;
        fund.must_be_open()?;
        let round = fund.round(&start.round).ok_or(Refusal::Unknown("round"))?;
        if start.late {
            must_be_officer(facts)?;
        }
        round
            .must_accept_on(facts.today)
            .or_else(|closed| if start.late { Ok(()) } else { Err(closed) })?;
        facts.group()?.must_be_active()?;
        Ok(ApplicationEvent::ApplicationStarted {
            fund: start.fund,
            round: start.round.clone(),
            group: start.group,
            form: round.form(),
            late: start.late,
            started_on: Some(facts.today),
            started_by: if facts.of_group()? {
                facts.by().ok()
            } else {
                None
            },
        })
    }

    pub(super) fn save_answers(
        &self,
        answers: &SaveAnswers,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft, ApplicationState::ChangesRequested])?;
        must_name_known_questions(answers, self.questions(facts)?)?;
        facts.group()?.must_be_active_or_merged()?;
        self.must_change_only_requested(answers, facts)?;
        let fund = facts.fund()?;
        if let Some(requested) = answers.requested {
            fund.must_be_within_bounds(requested)?;
        }
        if answers
            .area
            .as_ref()
            .is_some_and(|area| !fund.has_area(area))
        {
            return Err(Refusal::UnknownArea);
        }
        if let Some(activity) = &answers.activity {
            let organisation = facts.organisation()?;
            organisation.must_have_theme(activity, "activity")?;
            let texts = &fund.rules().texts;
            texts.must_list_activity(activity, organisation.themes())?;
        }
        if *answers == SaveAnswers::default() {
            return Err(Refusal::NoChange);
        }
        Ok(ApplicationEvent::AnswersSaved {
            requested: answers.requested,
            area: answers.area.clone(),
            activity: answers.activity.clone(),
            people_at_risk: answers.people_at_risk,
            answers: answers
                .answers
                .iter()
                .map(|(question, answer)| (question.clone(), answer.sealed()))
                .collect(),
            keyed_by: if facts.of_group()? {
                None
            } else {
                facts.by().ok()
            },
            unfinished: answers.unfinished.clone(),
        })
    }

    /// While changes are requested, only the requested answers may be changed, until their due day.
    fn must_change_only_requested(
        &self,
        answers: &SaveAnswers,
        facts: &DecisionContext,
    ) -> Result<(), Refusal> {
        if self.state != ApplicationState::ChangesRequested {
            return Ok(());
        }
        self.must_be_before_change_deadline(facts)?;
        let SaveAnswers {
            requested,
            area,
            activity,
            people_at_risk,
            answers,
            unfinished: _,
        } = answers;
        let beside = [
            requested.is_some(),
            area.is_some(),
            activity.is_some(),
            people_at_risk.is_some(),
        ];
        let given = FIXED_QUESTIONS
            .iter()
            .zip(beside)
            .filter(|(_, given)| *given)
            .map(|(name, _)| *name);
        let asked = |name: &str| self.changes_to.iter().any(|key| key.as_str() == name);
        if given.chain(answers.keys().map(Slug::as_str)).all(asked) {
            Ok(())
        } else {
            Err(Refusal::NotAskedFor)
        }
    }

    fn must_be_before_change_deadline(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        match self.changes_due_on {
            Some(due_on) if facts.today > due_on => Err(Refusal::ChangesOverdue(due_on)),
            _ => Ok(()),
        }
    }

    /// Refuses unless the office may assess it now: it is submitted, or requested changes are
    /// overdue.
    pub(super) fn must_be_assessable(&self, facts: &DecisionContext) -> Result<(), Refusal> {
        let overdue = self.state == ApplicationState::ChangesRequested
            && self.must_be_before_change_deadline(facts).is_err();
        if overdue {
            Ok(())
        } else {
            self.must_be(&[ApplicationState::Submitted])
        }
    }

    fn questions<'a>(&self, facts: &'a DecisionContext) -> Result<&'a [Question], Refusal> {
        facts
            .organisation()?
            .form(self.must_be_started()?.form)
            .ok_or(Refusal::Unknown("form"))
    }

    fn must_be_complete(&self, facts: &DecisionContext) -> Result<(Money, Slug), Refusal> {
        if let Some(question) = self.unfinished.first() {
            return Err(Refusal::AnswerMissing(question.to_string()));
        }
        let missing = self
            .questions(facts)?
            .iter()
            .find(|question| question.required && !self.answered.contains(&question.question));
        if let Some(question) = missing {
            return Err(Refusal::AnswerMissing(question.question.to_string()));
        }
        let (Some(requested), Some(area)) = (self.requested, &self.area) else {
            return Err(Refusal::RequestIncomplete);
        };
        facts.fund()?.must_be_within_bounds(requested)?;
        Ok((requested, area.clone()))
    }

    pub(super) fn submit(
        &self,
        submit: &Submit,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft])?;
        facts.group()?.must_be_active()?;
        let (requested, area) = self.must_be_complete(facts)?;
        if self.people_at_risk.is_none() {
            return Err(Refusal::RequestIncomplete);
        }
        let fund = facts.fund()?;
        fund.must_be_open()?;
        let round = fund
            .round(&self.must_be_started()?.round)
            .ok_or(Refusal::Unknown("round"))?;
        if submit.channel != Channel::Web
            || submit.received_on.is_some()
            || submit.late_reason.is_some()
        {
            must_be_officer(facts)?;
        }
        must_declare_help(submit.help.as_ref(), facts)?;
        if let Some(received_on) = submit.received_on {
            facts.not_future(received_on)?;
            round.must_accept_on(received_on)?;
        }
        if let Err(closed) = round.must_be_open_on(facts.today) {
            must_have_come_in_time(submit, closed)?;
        }
        Ok(ApplicationEvent::ApplicationSubmitted {
            requested,
            area,
            channel: submit.channel,
            received_on: submit.received_on.unwrap_or(facts.today),
            late_reason: submit.late_reason.clone(),
            help: submit.help.clone(),
            help_agreed: is_help_confirmed(submit.help.as_ref(), facts)?,
            reached_by: facts.reached_by()?,
        })
    }

    pub(super) fn request_changes(
        &self,
        changes: &RequestChanges,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[
            ApplicationState::Submitted,
            ApplicationState::ChangesRequested,
        ])?;
        facts
            .connections(Some(self))?
            .permit(facts.by()?, RestrictedAction::Prepare)?;
        let questions = self.questions(facts)?;
        let is_known = |key: &Slug| {
            FIXED_QUESTIONS.contains(&key.as_str())
                || questions.iter().any(|known| known.question == *key)
        };
        let unknown = changes.questions.iter().find(|key| !is_known(key));
        if let Some(question) = unknown {
            return Err(Refusal::UnknownQuestion(question.to_string()));
        }
        if changes.questions.is_empty() {
            return Err(Refusal::NoChange);
        }
        let unasked = changes
            .notes
            .keys()
            .find(|key| !changes.questions.contains(*key));
        if let Some(question) = unasked {
            return Err(Refusal::NoteWithoutQuestion(question.to_string()));
        }
        if changes.due_on < facts.today {
            return Err(Refusal::DatesOutOfOrder(
                "choose today or a later day for the changes",
            ));
        }
        Ok(ApplicationEvent::ChangesRequested {
            questions: changes.questions.clone(),
            note: changes.note.clone(),
            notes: changes.notes.clone(),
            due_on: changes.due_on,
        })
    }

    pub(super) fn resubmit(
        &self,
        again: &Resubmit,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::ChangesRequested])?;
        facts.group()?.must_be_active_or_merged()?;
        self.must_be_before_change_deadline(facts)?;
        must_declare_help(again.help.as_ref(), facts)?;
        let (requested, area) = self.must_be_complete(facts)?;
        facts.fund()?.must_be_open()?;
        let (help, help_agreed) = (
            again.help.clone(),
            is_help_confirmed(again.help.as_ref(), facts)?,
        );
        Ok(ApplicationEvent::ApplicationResubmitted {
            requested,
            area,
            help,
            help_agreed,
            reached_by: facts.reached_by()?,
        })
    }

    /// Withdraws an application that has no decision, or whose decision the group does not know
    /// yet.
    pub(super) fn withdraw(&self, facts: &DecisionContext) -> Result<ApplicationEvent, Refusal> {
        use ApplicationState as S;
        let undecided = [
            S::Draft,
            S::Submitted,
            S::ChangesRequested,
            S::Eligible,
            S::InAssessment,
            S::ReserveList,
            S::Deferred,
            S::UnderReview,
        ];
        let state = self.state_known_to_group(facts.now);
        if !undecided.contains(&state) {
            return Err(Refusal::ApplicationNotInState(state.into()));
        }
        Ok(ApplicationEvent::ApplicationWithdrawn {})
    }

    pub(super) fn lapse(&self, facts: &DecisionContext) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft])?;
        let round = facts
            .fund()?
            .round(&self.must_be_started()?.round)
            .ok_or(Refusal::Unknown("round"))?;
        // Forms that staff key in arrived in time; keying may take until the round is completed.
        if (self.late || self.interests.was_keyed()) && !round.is_completed() {
            return Err(Refusal::RoundNotInState(
                "not completed, and staff are keying this in",
            ));
        }
        match round.must_accept_on(facts.today) {
            Ok(()) => Err(Refusal::RoundNotInState("open")),
            Err(_) => Ok(ApplicationEvent::ApplicationLapsed {}),
        }
    }
}

impl Application {
    /// Lapses the draft of a person who never proved an address. A draft that staff keyed in, or
    /// that was submitted, is refused, so that the person is not erased.
    pub(super) fn expire_draft(&self) -> Result<Vec<ApplicationEvent>, Refusal> {
        match self.state {
            ApplicationState::Draft if !self.late && !self.interests.was_keyed() => {
                Ok(vec![ApplicationEvent::ApplicationLapsed {}])
            }
            ApplicationState::Lapsed | ApplicationState::Withdrawn => Ok(Vec::new()),
            _ => Err(Refusal::NotExpired),
        }
    }

    /// Reopens a lapsed draft while its round is open.
    pub(super) fn reopen_draft(
        &self,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Lapsed])?;
        facts.group()?.must_be_active()?;
        facts
            .fund()?
            .round(&self.must_be_started()?.round)
            .ok_or(Refusal::Unknown("round"))?
            .must_be_open_on(facts.today)?;
        Ok(ApplicationEvent::DraftReopened {})
    }

    /// Sends at most one reminder for each deadline, in its last days.
    pub(super) fn remind_draft(
        &self,
        facts: &DecisionContext,
    ) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft])?;
        let round = facts
            .fund()?
            .round(&self.must_be_started()?.round)
            .ok_or(Refusal::Unknown("round"))?;
        round.must_be_open_on(facts.today)?;
        let closes_on = round.closes_on();
        let from = closes_on.saturating_sub(jiff::Span::new().days(DRAFT_REMINDER_DAYS));
        if facts.today < from || self.reminded_of == Some(closes_on) {
            return Err(Refusal::ReminderNotDue);
        }
        Ok(ApplicationEvent::DraftReminded { closes_on })
    }
}

/// Refuses answers to questions that the form does not have. An unfinished answer must have its
/// text among the answers. Only an unfinished answer can be the amount.
fn must_name_known_questions(answers: &SaveAnswers, questions: &[Question]) -> Result<(), Refusal> {
    let SaveAnswers {
        answers,
        unfinished,
        ..
    } = answers;
    let is_known = |key: &Slug| {
        questions.iter().any(|known| known.question == *key)
            || (key.as_str() == REQUESTED && unfinished.contains(key))
    };
    let unknown = answers
        .keys()
        .find(|key| !is_known(key))
        .or_else(|| unfinished.iter().find(|key| !answers.contains_key(*key)));
    match unknown {
        Some(question) => Err(Refusal::UnknownQuestion(question.to_string())),
        None => Ok(()),
    }
}

/// Keeps which answers are unfinished after an event. A saved amount replaces an unfinished one.
pub fn note_unfinished(unfinished: &mut BTreeSet<Slug>, event: &ApplicationEvent) {
    let ApplicationEvent::AnswersSaved {
        requested,
        answers,
        unfinished: now,
        ..
    } = event
    else {
        return;
    };
    unfinished.retain(|key| {
        let is_amount = key.as_str() == REQUESTED;
        !(answers.contains_key(key) || is_amount && requested.is_some())
    });
    unfinished.extend(now.iter().cloned());
}

/// A form that arrived on paper or by phone before the deadline may be keyed in afterwards,
/// with the day on which it was received and a reason.
fn must_have_come_in_time(submit: &Submit, closed: Refusal) -> Result<(), Refusal> {
    match (submit.channel, submit.received_on, &submit.late_reason) {
        (Channel::Web, ..) => Err(closed),
        (_, Some(_), Some(_)) => Ok(()),
        _ => Err(Refusal::LateWithoutReason),
    }
}

/// Staff who submit an application must declare how they helped. A form that was keyed in unchanged
/// needs its scan, or must have been read back to the group.
fn must_declare_help(
    help: Option<&ApplicationHelp>,
    facts: &DecisionContext,
) -> Result<(), Refusal> {
    let Some(ApplicationHelp { by, kind }) = help else {
        return if facts.of_group()? {
            Ok(())
        } else {
            Err(Refusal::HelpUnsaid)
        };
    };
    if facts.by()? != *by {
        // Staff declare only their own help. Only a member of the group may name another helper.
        if !facts.of_group()? {
            return Err(Refusal::HelpUnsaid);
        }
        if !facts.person()?.exists() {
            return Err(Refusal::Unknown("person"));
        }
    }
    match kind {
        HelpKind::KeyedVerbatim {
            read_back: false,
            scan: None,
        } => Err(Refusal::NotReadBack),
        HelpKind::KeyedVerbatim { scan, .. } => facts.has_file(scan.as_ref()),
        HelpKind::HelpedToWord => Ok(()),
    }
}

/// Whether the help counts immediately: the helper declares it, or nobody helped. A helper named by
/// someone else counts only once they or an officer confirm it.
fn is_help_confirmed(
    help: Option<&ApplicationHelp>,
    facts: &DecisionContext,
) -> Result<bool, Refusal> {
    let by = facts.by()?;
    Ok(help.is_none_or(|help| help.by == by))
}

/// Only an officer may state that an application came by another channel than the web, or when.
fn must_be_officer(facts: &DecisionContext) -> Result<(), Refusal> {
    if facts.roles().contains(&Role::Officer) {
        Ok(())
    } else {
        Err(Refusal::NotYours)
    }
}
