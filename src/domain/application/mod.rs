//! A request for money: from its first saved answer to the decision.

mod command;
mod decision;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use command::{
    Answers, ApplicationCommand, ApplicationEvent, Award, Channel, Help, HelpKind, Rank, RequestChanges, Score, StartApplication, Submit,
    Summary,
};
pub use decision::Terms;

use super::id::{FundId, GroupId, PersonId};
use super::money::Money;
use super::organisation::Question;
use super::role::Role;
use super::text::Slug;
use super::{Facts, Refusal, Stream};

/// Where an application stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::EnumString, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ApplicationState {
    #[default]
    Blank,
    Draft,
    Submitted,
    ChangesRequested,
    Eligible,
    Ineligible,
    InAssessment,
    Awarded,
    ReserveList,
    Declined,
    Deferred,
    Withdrawn,
    Lapsed,
}

/// An application's state.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Application {
    state: ApplicationState,
    place: Option<Place>,
    requested: Option<Money>,
    area: Option<Slug>,
    answered: BTreeSet<Slug>,
    changes_to: BTreeSet<Slug>,
    scores: BTreeMap<PersonId, BTreeMap<Slug, u8>>,
    summary: Option<Summary>,
    terms: Option<Terms>,
}

/// Which fund and round an application is for, by which group, on which version of the form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub form: u32,
}

impl Application {
    #[must_use]
    pub fn state(&self) -> ApplicationState {
        self.state
    }

    /// Which fund, round and group it concerns; `None` before it was started.
    #[must_use]
    pub fn place(&self) -> Option<&Place> {
        self.place.as_ref()
    }

    /// The terms on which it was awarded.
    #[must_use]
    pub fn terms(&self) -> Option<&Terms> {
        self.terms.as_ref()
    }

    #[must_use]
    pub fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    fn must_be(&self, states: &[ApplicationState]) -> Result<(), Refusal> {
        if states.contains(&self.state) { Ok(()) } else { Err(Refusal::ApplicationNotInState(self.state.into())) }
    }

    fn started(&self) -> Result<&Place, Refusal> {
        self.place.as_ref().ok_or(Refusal::Unknown("application"))
    }

    fn start(&self, start: &StartApplication, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        if self.place.is_some() {
            return Err(Refusal::Exists("application"));
        }
        let fund = facts.fund()?;
        fund.must_be_open()?;
        let round = fund.round(&start.round).ok_or(Refusal::Unknown("round"))?;
        if start.late {
            keyed_by_officer(facts)?;
        }
        round.takes_on(facts.today).or_else(|closed| if start.late { Ok(()) } else { Err(closed) })?;
        if !facts.group()?.exists() {
            return Err(Refusal::Unknown("group"));
        }
        Ok(ApplicationEvent::ApplicationStarted { fund: start.fund, round: start.round.clone(), group: start.group, form: round.form() })
    }

    fn save(&self, answers: &Answers, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft, ApplicationState::ChangesRequested])?;
        let questions = self.questions(facts)?;
        for question in answers.answers.keys() {
            if !questions.iter().any(|known| known.question == *question) {
                return Err(Refusal::UnknownQuestion(question.to_string()));
            }
            if self.state == ApplicationState::ChangesRequested && !self.changes_to.contains(question) {
                return Err(Refusal::ApplicationNotInState(self.state.into()));
            }
        }
        let fund = facts.fund()?;
        if let Some(requested) = answers.requested {
            fund.within_bounds(requested)?;
        }
        if answers.area.as_ref().is_some_and(|area| !fund.has_area(area)) {
            return Err(Refusal::UnknownArea);
        }
        if *answers == Answers::default() {
            return Err(Refusal::NoChange);
        }
        Ok(ApplicationEvent::AnswersSaved {
            requested: answers.requested,
            area: answers.area.clone(),
            activity: answers.activity.clone(),
            answers: answers.answers.iter().map(|(question, answer)| (question.clone(), answer.sealed())).collect(),
        })
    }

    fn questions<'a>(&self, facts: &'a Facts) -> Result<&'a [Question], Refusal> {
        facts.organisation()?.form(self.started()?.form).ok_or(Refusal::Unknown("form"))
    }

    fn complete(&self, facts: &Facts) -> Result<(Money, Slug), Refusal> {
        let missing = self.questions(facts)?.iter().find(|question| question.required && !self.answered.contains(&question.question));
        if let Some(question) = missing {
            return Err(Refusal::AnswerMissing(question.question.to_string()));
        }
        let (Some(requested), Some(area)) = (self.requested, &self.area) else {
            return Err(Refusal::RequestIncomplete);
        };
        facts.fund()?.within_bounds(requested)?;
        Ok((requested, area.clone()))
    }

    fn submit(&self, submit: &Submit, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft])?;
        let (requested, area) = self.complete(facts)?;
        let fund = facts.fund()?;
        fund.must_be_open()?;
        let round = fund.round(&self.started()?.round).ok_or(Refusal::Unknown("round"))?;
        if submit.channel != Channel::Web || submit.received_on.is_some() {
            keyed_by_officer(facts)?;
        }
        if let Some(received_on) = submit.received_on {
            facts.not_future(received_on)?;
            round.takes_on(received_on)?;
        }
        if let Err(closed) = round.open_on(facts.today) {
            came_in_time(submit, closed)?;
        }
        Ok(ApplicationEvent::ApplicationSubmitted {
            requested,
            area,
            channel: submit.channel,
            received_on: submit.received_on.unwrap_or(facts.today),
            late_reason: submit.late_reason.clone(),
            help: submit.help.clone(),
        })
    }

    fn request_changes(&self, changes: &RequestChanges, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Submitted])?;
        let questions = self.questions(facts)?;
        let unknown = changes.questions.iter().find(|key| !questions.iter().any(|known| known.question == **key));
        if let Some(question) = unknown {
            return Err(Refusal::UnknownQuestion(question.to_string()));
        }
        if changes.questions.is_empty() {
            return Err(Refusal::NoChange);
        }
        if changes.due_on < facts.today {
            return Err(Refusal::DatesOutOfOrder);
        }
        Ok(ApplicationEvent::ChangesRequested { questions: changes.questions.clone(), note: changes.note.clone(), due_on: changes.due_on })
    }

    fn lapse(&self, facts: &Facts) -> Result<ApplicationEvent, Refusal> {
        self.must_be(&[ApplicationState::Draft])?;
        let round = facts.fund()?.round(&self.started()?.round).ok_or(Refusal::Unknown("round"))?;
        match round.takes_on(facts.today) {
            Ok(()) => Err(Refusal::RoundNotInState("open")),
            Err(_) => Ok(ApplicationEvent::ApplicationLapsed {}),
        }
    }
}

/// A form that came on paper or by telephone before the deadline may be keyed in after it, with its date and a reason.
fn came_in_time(submit: &Submit, closed: Refusal) -> Result<(), Refusal> {
    match (submit.channel, submit.received_on, &submit.late_reason) {
        (Channel::Web, ..) => Err(closed),
        (_, Some(_), Some(_)) => Ok(()),
        _ => Err(Refusal::LateWithoutReason),
    }
}

/// What did not come through the web, and when it came, is for the office to say.
fn keyed_by_officer(facts: &Facts) -> Result<(), Refusal> {
    if facts.roles().contains(&Role::Officer) { Ok(()) } else { Err(Refusal::NotYours) }
}

impl Stream for Application {
    const TYPE: &'static str = "application";
    type Command = ApplicationCommand;
    type Event = ApplicationEvent;

    fn decide(&self, command: &ApplicationCommand, facts: &Facts) -> Result<Vec<ApplicationEvent>, Refusal> {
        use ApplicationCommand as C;
        use ApplicationState as S;
        if !matches!(command, C::Start(_)) {
            self.started()?;
        }
        let event = match command {
            C::Start(start) => self.start(start, facts)?,
            C::SaveAnswers(answers) => self.save(answers, facts)?,
            C::Submit(submit) => self.submit(submit, facts)?,
            C::RequestChanges(changes) => self.request_changes(changes, facts)?,
            C::Resubmit(_) => {
                self.must_be(&[S::ChangesRequested])?;
                let (requested, area) = self.complete(facts)?;
                facts.fund()?.must_be_open()?;
                ApplicationEvent::ApplicationResubmitted { requested, area }
            }
            C::Withdraw(_) => {
                self.must_be(&[S::Draft, S::Submitted, S::ChangesRequested, S::Eligible, S::InAssessment, S::ReserveList, S::Deferred])?;
                ApplicationEvent::ApplicationWithdrawn {}
            }
            C::Lapse(_) => self.lapse(facts)?,
            _ => self.judge(command, facts)?,
        };
        Ok(vec![event])
    }

    fn apply(&mut self, event: &ApplicationEvent) {
        use ApplicationState as S;
        self.state = match event {
            ApplicationEvent::ApplicationStarted { fund, round, group, form } => {
                self.place = Some(Place { fund: *fund, round: round.clone(), group: *group, form: *form });
                S::Draft
            }
            ApplicationEvent::AnswersSaved { requested, area, answers, .. } => {
                self.requested = requested.or(self.requested);
                self.area = area.clone().or_else(|| self.area.take());
                self.answered.extend(answers.keys().cloned());
                return;
            }
            ApplicationEvent::ApplicationSubmitted { .. } | ApplicationEvent::ApplicationResubmitted { .. } => S::Submitted,
            ApplicationEvent::ChangesRequested { questions, .. } => {
                self.changes_to.clone_from(questions);
                S::ChangesRequested
            }
            ApplicationEvent::EligibilityConfirmed {} => S::Eligible,
            ApplicationEvent::EligibilityRefused { .. } => S::Ineligible,
            ApplicationEvent::ScoreGiven { by, criteria, .. } => {
                self.scores.insert(*by, criteria.clone());
                S::InAssessment
            }
            ApplicationEvent::PublicSummaryWritten { summary } => {
                self.summary = Some(summary.clone());
                return;
            }
            ApplicationEvent::Awarded { terms, .. } => {
                self.terms = Some(terms.clone());
                S::Awarded
            }
            ApplicationEvent::Reserved { .. } => S::ReserveList,
            ApplicationEvent::Declined { .. } => S::Declined,
            ApplicationEvent::Deferred { .. } => S::Deferred,
            ApplicationEvent::ApplicationWithdrawn {} => S::Withdrawn,
            ApplicationEvent::ApplicationLapsed {} => S::Lapsed,
        };
    }
}
