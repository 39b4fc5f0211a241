//! Actions by which a second person confirms: presence at a panel meeting, help with a form,
//! revoking a grant, and a schedule of payments.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::DeskRequest;
use super::action::{Action, Availability, visible};
use super::erasures::day_text;
use super::grant_actions::GrantActions;
use crate::domain::application::{AttendanceRef, HelperRef};
use crate::domain::command::ProposalRef;
use crate::domain::grant::{Instalment, ReleaseCondition, RevocationKind};
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, PersonId};
use crate::http::pages::{PageError, PageForms};
use crate::projections::ApplicationRow;

/// A decision, and the people who were named as present and have not confirmed it.
pub(super) struct DecisionAttendance<'a> {
    pub noun: &'static str,
    pub id: Uuid,
    /// The decision's number. The confirmation names it, so that it cannot confirm a later
    /// decision.
    pub decision: u32,
    pub unconfirmed: &'a BTreeSet<PersonId>,
    /// When it was, as part of a sentence: "when it was decided".
    pub when: &'static str,
}

/// The reader's confirmation that they were present. Nobody can confirm for somebody else.
pub(super) async fn attendance_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    meeting: DecisionAttendance<'_>,
    command: &impl Fn(AttendanceRef) -> Command,
) -> Result<Vec<Action>, PageError> {
    let DecisionAttendance {
        noun,
        id,
        decision,
        unconfirmed,
        when,
    } = meeting;
    let person = asked.signed.reader.person;
    if !unconfirmed.contains(&person) {
        return Ok(Vec::new());
    }
    let path = format!("/desk/do/{noun}/{id}/confirm-attendance");
    let offered = Availability::check(
        asked.desk,
        asked.visitor,
        command(AttendanceRef { person, decision }),
    )
    .await?;
    let form = format!("confirm-attendance-{person}");
    let act = Action::new(forms, &form, &format!("I was there {when}"), &path, offered)
        .button("I was there")
        .expanded();
    Ok(vec![
        act.hidden("person", person).hidden("decision:n", decision),
    ])
}

/// Confirming or refusing that a person whom the group named as its helper did help.
pub(super) async fn helper_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    row: &ApplicationRow,
) -> Result<Vec<Action>, PageError> {
    let own = asked.signed.reader.person;
    let helpers: Vec<PersonId> = row.interests.named_helpers().collect();
    let names = asked.names_of_people(helpers.iter().copied()).await?;
    let path = format!("/desk/do/applications/{}/confirm-help", row.id);
    let mut acts = Vec::new();
    for helper in helpers {
        let confirm = ApplicationCommand::ConfirmHelp(HelperRef { helper });
        let offered = Availability::check(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), confirm),
        )
        .await?;
        let form = format!("confirm-help-{helper}");
        let act = if helper == own {
            let title = "The group says that you helped with the form. Did you?";
            Action::new(forms, &form, title, &path, offered)
                .button("Yes, I helped")
                .expanded()
        } else {
            let name = names.of(&helper);
            let title = format!("The group says that {name} helped with the form. Did they?");
            Action::new(forms, &form, &title, &path, offered).button(&format!("Yes, {name} helped"))
        };
        acts.push(act.hidden("helper", helper));
        let refuse = ApplicationCommand::RefuseHelp(HelperRef { helper });
        let offered = Availability::check(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), refuse),
        )
        .await?;
        let (form, path) = (
            format!("refuse-help-{helper}"),
            format!("/desk/do/applications/{}/refuse-help", row.id),
        );
        let title = format!(
            "{} did not help",
            if helper == own {
                "I".to_owned()
            } else {
                names.of(&helper)
            }
        );
        acts.push(
            Action::new(forms, &form, &title, &path, offered)
                .button(&title)
                .hidden("helper", helper),
        );
    }
    Ok(acts)
}

/// A revocation that is not yet confirmed by everybody who was named as present.
pub(super) struct RevocationView {
    pub says: String,
    pub reason: String,
    pub by: String,
    /// The names of those who have not confirmed it.
    pub waits_for: String,
    pub acts: Vec<Action>,
}

impl GrantActions<'_> {
    pub async fn revocation(&self) -> Result<Option<RevocationView>, PageError> {
        let Some(found) = &self.row.revocation else {
            return Ok(None);
        };
        let names = self
            .asked
            .names_of_colleagues(
                found
                    .recorded_by
                    .into_iter()
                    .chain(found.unconfirmed.iter().copied()),
            )
            .await?;
        let says = match (found.kind, found.amount) {
            (RevocationKind::WithdrawOffer, _) => "The offer is to be taken back".to_owned(),
            (RevocationKind::Terminate, _) => "The grant is to end before its time".to_owned(),
            (RevocationKind::DemandClawback, amount) => {
                format!(
                    "{} is to be demanded back",
                    amount.map(|amount| amount.to_string()).unwrap_or_default()
                )
            }
        };
        let confirm = GrantCommand::ConfirmRevocation(ProposalRef {
            proposal: found.proposal,
        });
        let confirm = self
            .action(
                "confirm-revocation",
                "confirm-revocation",
                "I was there, and confirm it",
                confirm,
            )
            .await?;
        let waits = found.unconfirmed.contains(&self.asked.signed.reader.person);
        let acts = if waits {
            visible(vec![
                confirm.hidden("proposal:n", found.proposal).expanded(),
            ])
        } else {
            Vec::new()
        };
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
        let names = self.asked.names_of_colleagues([proposed.by]).await?;
        let title = "Confirm that the payments are scheduled so";
        let confirm = GrantCommand::ConfirmSchedule(ProposalRef {
            proposal: proposed.proposal,
        });
        let confirm = self
            .action("confirm-schedule", "confirm-schedule", title, confirm)
            .await?
            .hidden("proposal:n", proposed.proposal);
        Ok(Some(ScheduleView {
            instalments: proposed.instalments.iter().map(instalment_text).collect(),
            by: names.of(&proposed.by),
            acts: visible(vec![confirm]),
        }))
    }
}

fn instalment_text(instalment: &Instalment) -> String {
    let released = match &instalment.released {
        ReleaseCondition::AtOnce => "at once".to_owned(),
        ReleaseCondition::FromDay { day } => format!("from {}", day_text(*day)),
        ReleaseCondition::AfterCheck { check } => format!(
            "once this check has passed: {}",
            check.as_str().replace('-', " ")
        ),
    };
    format!("{}, {released}", instalment.amount)
}
