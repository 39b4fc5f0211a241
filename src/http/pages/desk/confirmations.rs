//! Actions by which a second person confirms: presence at a panel meeting, help with a form,
//! revoking a grant, and a schedule of payments.

use std::collections::BTreeSet;

use super::DeskRequest;
use super::action::{Action, ActionSpec};
use super::grant_actions::GrantActions;
use crate::domain::application::{AttendanceRef, HelperRef};
use crate::domain::command::ProposalRef;
use crate::domain::grant::{Instalment, ReleaseCondition, RevocationKind};
use crate::domain::language::day_text;
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, GrantId, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::words::check_name;
use crate::projections::ApplicationRow;

/// A decision, and the people who were named as present and have not confirmed it.
pub(super) struct DecisionAttendance<'a> {
    /// The decision's number. The confirmation names it, so that it cannot confirm a later
    /// decision.
    pub decision: u32,
    pub unconfirmed: &'a BTreeSet<PersonId>,
    /// The occasion as a part of a sentence: "when it was decided".
    pub when: &'static str,
}

/// The name of the form that confirms a person's presence.
pub(super) fn attendance_form(person: PersonId) -> String {
    format!("confirm-attendance-{person}")
}

impl DecisionAttendance<'_> {
    /// The confirmation of a person that they were present. Nobody can confirm for someone else.
    pub(super) fn action_of(
        self,
        person: PersonId,
        command: impl FnOnce(AttendanceRef) -> Command,
    ) -> Option<ActionSpec> {
        let decision = self.decision;
        self.unconfirmed.contains(&person).then(|| {
            let title = format!("I was there {}", self.when);
            ActionSpec::new(title, command(AttendanceRef { person, decision }))
                .form(attendance_form(person))
                .button("I was there")
                .expanded()
                .hidden("person", person)
                .hidden_number("decision", decision)
        })
    }
}

/// Confirming or refusing that a person whom the group named as its helper did help.
pub(super) async fn helper_actions(
    request: &DeskRequest<'_>,
    row: &ApplicationRow,
) -> Result<Vec<ActionSpec>, PageError> {
    let own = request.signed.reader.person;
    let helpers: Vec<PersonId> = row.interests.named_helpers().collect();
    let names = request.names_of_people(helpers.iter().copied()).await?;
    let actions = |helper: PersonId| {
        let name = names.of(&helper);
        let on_application = |title: &str, command| {
            ActionSpec::new(title, Command::Application(ApplicationId(row.id), command))
                .hidden("helper", helper)
        };
        let confirm = ApplicationCommand::ConfirmHelp(HelperRef { helper });
        let confirm = if helper == own {
            on_application(
                "The group says you helped with the wording. Did you?",
                confirm,
            )
            .button("Yes, I helped")
            .expanded()
        } else {
            let title = format!("The group says {name} helped with the wording. Is that right?");
            on_application(&title, confirm).button(format!("Yes, {name} helped"))
        };
        let subject = if helper == own { "I" } else { &name };
        let refuse = ApplicationCommand::RefuseHelp(HelperRef { helper });
        let refuse = on_application(&format!("{subject} did not help"), refuse);
        [
            confirm.form(format!("confirm-help-{helper}")),
            refuse.form(format!("refuse-help-{helper}")),
        ]
    };
    Ok(helpers.into_iter().flat_map(actions).collect())
}

/// A revocation that is not yet confirmed by everyone who was named as present.
pub(super) struct RevocationView {
    pub says: String,
    pub reason: String,
    pub by: String,
    /// The names of those who have not confirmed it.
    pub waits_for: String,
    pub acts: Vec<Action>,
}

impl GrantActions<'_> {
    /// The reader's confirmation that they were present when the award was raised.
    pub async fn attendance(&self) -> Result<Vec<Action>, PageError> {
        let meeting = DecisionAttendance {
            decision: self.row.raised_by,
            unconfirmed: &self.row.unconfirmed,
            when: "when the award was raised",
        };
        let confirm = meeting.action_of(self.request.signed.reader.person, |person| {
            Command::Grant(
                GrantId(self.row.id),
                GrantCommand::ConfirmAttendance(person),
            )
        });
        self.offered(confirm.into_iter().collect()).await
    }

    pub async fn revocation(&self) -> Result<Option<RevocationView>, PageError> {
        let Some(found) = &self.row.revocation else {
            return Ok(None);
        };
        let names = self
            .request
            .names_of_colleagues(
                found
                    .recorded_by
                    .into_iter()
                    .chain(found.unconfirmed.iter().copied()),
            )
            .await?;
        let says = match (found.kind, found.amount) {
            (RevocationKind::WithdrawOffer, _) => "Withdraw the offer".to_owned(),
            (RevocationKind::Terminate, _) => "Stop the grant".to_owned(),
            (RevocationKind::DemandClawback, amount) => {
                format!(
                    "Ask for {} back",
                    amount.map(|amount| amount.to_string()).unwrap_or_default()
                )
            }
        };
        let confirm = GrantCommand::ConfirmRevocation(ProposalRef {
            proposal: found.proposal,
        });
        let waits = found
            .unconfirmed
            .contains(&self.request.signed.reader.person);
        let confirm = waits.then(|| {
            self.spec("I was there and I agree", confirm)
                .hidden_number("proposal", found.proposal)
                .expanded()
        });
        let acts = self.offered(confirm.into_iter().collect()).await?;
        Ok(Some(RevocationView {
            says,
            reason: found.reason.clone(),
            by: found
                .recorded_by
                .map(|person| names.of(&person))
                .unwrap_or_default(),
            waits_for: found
                .unconfirmed
                .iter()
                .map(|person| names.of(person))
                .collect::<Vec<_>>()
                .join(", "),
            acts,
        }))
    }
}

/// A schedule of payments that a second person has not confirmed.
pub(super) struct ScheduleView {
    pub instalments: Vec<String>,
    pub by: String,
    pub acts: Vec<Action>,
}

impl GrantActions<'_> {
    /// The proposed schedule, with the action that confirms it.
    pub async fn schedule(&self) -> Result<Option<ScheduleView>, PageError> {
        let Some(proposed) = &self.row.proposed_schedule else {
            return Ok(None);
        };
        let names = self.request.names_of_colleagues([proposed.by]).await?;
        let title = "Confirm this plan";
        let confirm = GrantCommand::ConfirmSchedule(ProposalRef {
            proposal: proposed.proposal,
        });
        let confirm = self
            .spec(title, confirm)
            .hidden_number("proposal", proposed.proposal);
        Ok(Some(ScheduleView {
            instalments: proposed.instalments.iter().map(instalment_text).collect(),
            by: names.of(&proposed.by),
            acts: self.offered(vec![confirm]).await?,
        }))
    }
}

fn instalment_text(instalment: &Instalment) -> String {
    let released = match &instalment.released {
        ReleaseCondition::AtOnce => "now".to_owned(),
        ReleaseCondition::FromDay { day } => format!("from {}", day_text(*day)),
        ReleaseCondition::AfterCheck { check } => {
            format!("once this check is done: {}", check_name(check.as_str()))
        }
    };
    format!("{}, {released}", instalment.amount)
}
