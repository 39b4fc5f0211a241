//! Updates: requested → received → accepted, queried or excused. The group's report and staff's
//! assessment are stored separately.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{Grant, GrantCommand, GrantEvent, GrantState, next_number};
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::money::Money;
use crate::domain::outcome::{ReportedOutcome, Strength};
use crate::domain::personal_data::{Encrypted, PersonalInput};
use crate::domain::text::{Prose, Slug};
use crate::domain::{DecisionContext, Refusal, RestrictedAction};

/// Days in which a group answers a question about its update, unless another day is given.
const ANSWER_DAYS: i64 = 14;
/// A question is reminded of at most this many days before its answer is due.
const QUESTION_REMIND_DAYS: u16 = 3;
/// Days between two reminders of an overdue update, and the largest number of them.
const REMIND_AGAIN_DAYS: i64 = 14;
const REMINDERS_MAX: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestUpdate {
    #[schema(value_type = String, format = "date")]
    pub due_on: Date,
}

/// Kind of a reminder.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReminderKind {
    /// Before the update is due, by as many days as the fund's rules say.
    Before,
    /// From the day after it was due, then every two weeks, three times in all.
    Overdue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct RemindUpdate {
    pub update: u16,
    pub occasion: ReminderKind,
}

/// A reminder that a member of staff sends.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemindNow {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    /// A sentence that the office adds to the mail.
    #[serde(default)]
    pub note: Option<Prose>,
}

#[derive(Clone, Debug, PartialEq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReceiveUpdate {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    pub channel: Channel,
    /// The report, in the group's words.
    #[schema(value_type = PersonalInput)]
    pub words: PersonalInput,
    /// Difficulties and lessons.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub learned: Option<PersonalInput>,
    /// How many people took up the activity.
    pub people: u32,
    /// How many people helped.
    pub volunteers: u32,
    pub spent: Money,
    pub outcomes: Vec<ReportedOutcome>,
    /// Receipts and photographs, each one of the group's files.
    #[serde(default)]
    pub files: BTreeSet<FileDigest>,
    /// What the photographs show, for people who cannot see them.
    #[serde(default)]
    #[schema(value_type = Option<PersonalInput>)]
    pub pictured: Option<PersonalInput>,
    /// Whether the group agreed to what staff wrote for it. Needed if staff record the update.
    #[serde(default)]
    pub consent: bool,
}

/// A reported outcome, with its words encrypted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct EncryptedOutcome {
    /// The key of the sign of success.
    pub sign: Slug,
    /// How strong a change the group saw.
    pub strength: Strength,
    /// What the group noticed.
    pub words: Encrypted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRef {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateReason {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QueryUpdate {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    /// The question to the group.
    pub question: Prose,
    /// The day by which the group answers; two weeks from today if it is absent.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = "date")]
    pub due_on: Option<Date>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectUpdate {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    pub people: u32,
    pub volunteers: u32,
    pub spent: Money,
    /// The mistake in the figures.
    pub reason: Prose,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgeOutcome {
    #[schema(minimum = 1, maximum = 65535)]
    pub update: u16,
    pub sign: Slug,
    pub strength: Strength,
    pub reason: Prose,
}

/// State of an update.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::VariantNames,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum UpdateState {
    Requested,
    Received,
    Accepted,
    /// Staff asked a question. The group answers by submitting the update again.
    Queried,
    Excused,
}

/// A grantee's report.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Update {
    state: UpdateState,
    due_on: Date,
    last: bool,
    /// By kind of reminder, the number of reminders sent and the day of the last one.
    reminded: BTreeMap<ReminderKind, (u8, Date)>,
    /// The number of the event by which it was received, and its figures: people, volunteers,
    /// spent.
    received_by: u32,
    figures: (u32, u32, Money),
    /// How often the group saved a draft of it.
    #[serde(default)]
    pub(super) saves: u16,
}

impl Update {
    fn requested(due_on: Date, last: bool) -> Self {
        Self {
            state: UpdateState::Requested,
            due_on,
            last,
            reminded: BTreeMap::new(),
            received_by: 0,
            figures: (0, 0, Money::ZERO),
            saves: 0,
        }
    }

    pub(super) fn must_be(&self, states: &[UpdateState]) -> Result<(), Refusal> {
        if states.contains(&self.state) {
            Ok(())
        } else {
            Err(Refusal::UpdateNotInState(self.state.into()))
        }
    }
}

/// Refuses text that staff recorded for a group, unless it came by another way than the pages and
/// the group agreed to it.
pub(super) fn must_be_words_of_group(
    channel: Channel,
    consent: bool,
    facts: &DecisionContext,
) -> Result<(), Refusal> {
    match (facts.of_group()?, channel) {
        (true, _) => Ok(()),
        (false, Channel::Web) => Err(Refusal::MembersOwnAct),
        (false, _) if consent => Ok(()),
        (false, _) => Err(Refusal::ConsentMissing),
    }
}

impl Grant {
    /// Whether the group has written an update with this number.
    #[must_use]
    pub fn has_received_update(&self, number: u16) -> bool {
        self.updates
            .get(&number)
            .is_some_and(|update| update.state != UpdateState::Requested)
    }

    pub(super) fn decide_update(
        &self,
        command: &GrantCommand,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.must_be_in_force_or_terminated()?;
        match command {
            GrantCommand::RequestUpdate(request) => {
                if request.due_on < facts.today {
                    return Err(Refusal::DatesOutOfOrder(
                        "choose today or a later day for when the update is due",
                    ));
                }
                let number = next_number(self.updates.keys().next_back().copied())?;
                Ok(GrantEvent::UpdateRequested {
                    update: number,
                    due_on: request.due_on,
                    last: false,
                })
            }
            GrantCommand::RemindUpdate(remind) => self.remind_update(*remind, facts),
            GrantCommand::RemindNow(remind) => self.remind_now(remind, facts),
            GrantCommand::SaveUpdate(save) => self.save_update(save, facts),
            GrantCommand::ReceiveUpdate(update) => self.receive_update(update, facts),
            GrantCommand::AcceptUpdate(of) => {
                self.update(of.update)?.must_be(&[UpdateState::Received])?;
                facts.permit(facts.by()?, RestrictedAction::Prepare)?;
                Ok(GrantEvent::UpdateAccepted { update: of.update })
            }
            GrantCommand::QueryUpdate(query) => {
                self.update(query.update)?
                    .must_be(&[UpdateState::Received])?;
                let in_two_weeks = facts
                    .today
                    .saturating_add(jiff::Span::new().days(ANSWER_DAYS));
                let due_on = query.due_on.unwrap_or(in_two_weeks);
                if due_on < facts.today {
                    return Err(Refusal::DatesOutOfOrder(
                        "choose today or a later day for the answer",
                    ));
                }
                Ok(GrantEvent::UpdateQueried {
                    update: query.update,
                    question: query.question.clone(),
                    due_on: Some(due_on),
                })
            }
            GrantCommand::ExcuseUpdate(because) => {
                self.update(because.update)?
                    .must_be(&[UpdateState::Requested, UpdateState::Queried])?;
                facts.permit(facts.by()?, RestrictedAction::Prepare)?;
                Ok(GrantEvent::UpdateExcused {
                    update: because.update,
                    reason: because.reason.clone(),
                })
            }
            GrantCommand::CorrectUpdate(correct) => self.correct_update(correct),
            GrantCommand::JudgeOutcome(judge) => self.judge_outcome(judge, facts),
            _ => Err(Refusal::GrantNotInState(self.state.into())),
        }
    }

    fn remind_update(
        &self,
        remind: RemindUpdate,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let update = self.update(remind.update)?;
        update.must_be(&[UpdateState::Requested, UpdateState::Queried])?;
        let days = facts.fund()?.rules().remind_days;
        // The question was mailed when it was asked, so its reminder waits until the answer is
        // nearly due.
        let days = if update.state == UpdateState::Queried {
            days.min(QUESTION_REMIND_DAYS)
        } else {
            days
        };
        let first = update
            .due_on
            .saturating_sub(jiff::Span::new().days(i64::from(days)));
        let due = match remind.occasion {
            ReminderKind::Before => (first..=update.due_on).contains(&facts.today),
            ReminderKind::Overdue => facts.today > update.due_on,
        };
        let again = match update.reminded.get(&remind.occasion) {
            None => true,
            Some((times, last)) => {
                let pause = last.saturating_add(jiff::Span::new().days(REMIND_AGAIN_DAYS));
                remind.occasion == ReminderKind::Overdue
                    && *times < REMINDERS_MAX
                    && facts.today >= pause
            }
        };
        if !due || !again {
            return Err(Refusal::ReminderNotDue);
        }
        Ok(GrantEvent::ReminderSent {
            update: remind.update,
            occasion: remind.occasion,
            sent_on: facts.today,
            note: None,
            by: None,
        })
    }

    /// A reminder of an overdue update by a member of staff, at most one a day. It does not count
    /// as one of the reminders that the service sends; the next of those waits its usual time.
    fn remind_now(
        &self,
        remind: &RemindNow,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        let update = self.update(remind.update)?;
        update.must_be(&[UpdateState::Requested, UpdateState::Queried])?;
        let today = facts.today;
        if today <= update.due_on || update.reminded.values().any(|(_, last)| *last >= today) {
            return Err(Refusal::ReminderNotDue);
        }
        Ok(GrantEvent::ReminderSent {
            update: remind.update,
            occasion: ReminderKind::Overdue,
            sent_on: today,
            note: remind.note.clone(),
            by: Some(facts.by()?),
        })
    }

    fn correct_update(&self, correct: &CorrectUpdate) -> Result<GrantEvent, Refusal> {
        let found = self.update(correct.update)?;
        found.must_be(&[UpdateState::Received, UpdateState::Accepted])?;
        if found.figures == (correct.people, correct.volunteers, correct.spent) {
            return Err(Refusal::NoChange);
        }
        let CorrectUpdate {
            update,
            people,
            volunteers,
            spent,
            reason,
        } = correct.clone();
        Ok(GrantEvent::UpdateCorrected {
            update,
            people,
            volunteers,
            spent,
            reason,
            corrects: found.received_by,
        })
    }

    pub(super) fn update(&self, number: u16) -> Result<&Update, Refusal> {
        self.updates
            .get(&number)
            .map(Box::as_ref)
            .ok_or(Refusal::Unknown("update"))
    }

    fn receive_update(
        &self,
        update: &ReceiveUpdate,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.update(update.update)?
            .must_be(&[UpdateState::Requested, UpdateState::Queried])?;
        must_be_words_of_group(update.channel, update.consent, facts)?;
        for file in &update.files {
            facts.has_file(Some(file))?;
        }
        let organisation = facts.organisation()?;
        let mut signs = BTreeSet::new();
        for said in &update.outcomes {
            if !organisation.has_sign(&said.sign) {
                return Err(Refusal::UnknownSign(said.sign.to_string()));
            }
            if !signs.insert(&said.sign) {
                return Err(Refusal::NamedTwice);
            }
        }
        let kept = |said: &ReportedOutcome| EncryptedOutcome {
            sign: said.sign.clone(),
            strength: said.strength,
            words: said.words.sealed(),
        };
        Ok(GrantEvent::UpdateReceived {
            update: update.update,
            channel: update.channel,
            words: update.words.sealed(),
            learned: update.learned.as_ref().map(PersonalInput::sealed),
            people: update.people,
            volunteers: update.volunteers,
            spent: update.spent,
            signs: organisation.signs_version(),
            outcomes: update.outcomes.iter().map(kept).collect(),
            files: update.files.clone(),
            pictured: update.pictured.as_ref().map(PersonalInput::sealed),
            received_on: facts.today,
        })
    }

    fn judge_outcome(
        &self,
        judge: &JudgeOutcome,
        facts: &DecisionContext,
    ) -> Result<GrantEvent, Refusal> {
        self.update(judge.update)?
            .must_be(&[UpdateState::Received, UpdateState::Accepted])?;
        facts.permit(facts.by()?, RestrictedAction::Prepare)?;
        if !facts.organisation()?.has_sign(&judge.sign) {
            return Err(Refusal::UnknownSign(judge.sign.to_string()));
        }
        Ok(GrantEvent::OutcomeJudged {
            update: judge.update,
            sign: judge.sign.clone(),
            strength: judge.strength,
            reason: judge.reason.clone(),
            by: facts.by()?,
        })
    }

    /// Whether the final update is accepted or excused.
    pub(super) fn is_reported(&self) -> bool {
        self.updates.values().any(|update| {
            update.last && matches!(update.state, UpdateState::Accepted | UpdateState::Excused)
        })
    }

    /// The event that moves the final update to another day, if it is still open.
    pub(super) fn move_final_update(&self, due_on: Date) -> Option<GrantEvent> {
        let open = |update: &Update| {
            update.last && matches!(update.state, UpdateState::Requested | UpdateState::Queried)
        };
        let (number, _) = self.updates.iter().find(|(_, update)| open(update))?;
        Some(GrantEvent::UpdateMoved {
            update: *number,
            due_on,
        })
    }

    pub(super) fn apply_update_event(&mut self, event: &GrantEvent) {
        match event {
            GrantEvent::UpdateRequested {
                update,
                due_on,
                last,
            } => {
                let requested = Update::requested(*due_on, *last);
                self.updates.insert(*update, Box::new(requested));
            }
            GrantEvent::UpdateMoved { update, due_on } => {
                if let Some(found) = self.updates.get_mut(update) {
                    found.due_on = *due_on;
                    found.reminded.clear();
                }
            }
            GrantEvent::ReminderSent {
                update,
                occasion,
                sent_on,
                by,
                ..
            } => {
                if let Some(found) = self.updates.get_mut(update) {
                    let reminded = found.reminded.entry(*occasion).or_insert((0, *sent_on));
                    let count = reminded.0.saturating_add(u8::from(by.is_none()));
                    *reminded = (count, *sent_on);
                }
            }
            GrantEvent::UpdateReceived {
                update,
                people,
                volunteers,
                spent,
                ..
            } => {
                let by = self.events;
                if let Some(found) = self.updates.get_mut(update) {
                    (found.received_by, found.figures) = (by, (*people, *volunteers, *spent));
                }
                self.set_update_state(*update, UpdateState::Received);
            }
            GrantEvent::UpdateCorrected {
                update,
                people,
                volunteers,
                spent,
                ..
            } => {
                if let Some(found) = self.updates.get_mut(update) {
                    found.figures = (*people, *volunteers, *spent);
                }
            }
            GrantEvent::UpdateAccepted { update } => {
                self.set_update_state(*update, UpdateState::Accepted);
            }
            GrantEvent::UpdateQueried { update, due_on, .. } => {
                if let Some(found) = self.updates.get_mut(update) {
                    found.due_on = due_on.unwrap_or(found.due_on);
                    found.reminded.clear();
                }
                self.set_update_state(*update, UpdateState::Queried);
            }
            GrantEvent::UpdateExcused { update, .. } => {
                self.set_update_state(*update, UpdateState::Excused);
            }
            _ => {}
        }
    }

    /// Sets the state of an update. The final one, once received or excused, makes the grant
    /// reported, unless it is terminated.
    fn set_update_state(&mut self, number: u16, state: UpdateState) {
        let Some(found) = self.updates.get_mut(&number) else {
            return;
        };
        found.state = state;
        let reports = found.last && matches!(state, UpdateState::Received | UpdateState::Excused);
        if reports && self.state != GrantState::Terminated {
            self.state = GrantState::Reported;
        }
    }
}
