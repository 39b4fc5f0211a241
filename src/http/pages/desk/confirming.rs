//! Actions by which a second person confirms: presence at a panel meeting, help with a form,
//! revoking a grant, and a schedule of payments.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::Asked;
use super::act::{Act, Offered, shown};
use super::erasures::in_full;
use super::grant_acts::Acts;
use crate::domain::application::{AttendanceOf, ConfirmHelp};
use crate::domain::command::ProposalOf;
use crate::domain::grant::{Instalment, Released, RevocationKind};
use crate::domain::{ApplicationCommand, ApplicationId, Command, GrantCommand, PersonId};
use crate::http::pages::{Failed, Forms};
use crate::projections::ApplicationRow;

/// A decision, and the people who were named as present and have not confirmed it.
pub(super) struct Meeting<'a> {
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
pub(super) async fn attendance(
    asked: &Asked<'_>,
    forms: &Forms,
    meeting: Meeting<'_>,
    command: &impl Fn(AttendanceOf) -> Command,
) -> Result<Vec<Act>, Failed> {
    let Meeting {
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
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        command(AttendanceOf { person, decision }),
    )
    .await?;
    let form = format!("confirm-attendance-{person}");
    let act = Act::new(forms, &form, &format!("I was there {when}"), &path, offered)
        .button("I was there")
        .opened();
    Ok(vec![
        act.hidden("person", person).hidden("decision:n", decision),
    ])
}

/// Confirming or refusing that a person whom the group named as its helper did help.
pub(super) async fn help(
    asked: &Asked<'_>,
    forms: &Forms,
    row: &ApplicationRow,
) -> Result<Vec<Act>, Failed> {
    let own = asked.signed.reader.person;
    let helpers: Vec<PersonId> = row.interests.named().collect();
    let names = asked.people(helpers.iter().copied()).await?;
    let path = format!("/desk/do/applications/{}/confirm-help", row.id);
    let mut acts = Vec::new();
    for helper in helpers {
        let confirm = ApplicationCommand::ConfirmHelp(ConfirmHelp { helper });
        let offered = Offered::of(
            asked.desk,
            asked.visitor,
            Command::Application(ApplicationId(row.id), confirm),
        )
        .await?;
        let form = format!("confirm-help-{helper}");
        let act = if helper == own {
            let title = "The group says that you helped with the form. Did you?";
            Act::new(forms, &form, title, &path, offered)
                .button("Yes, I helped")
                .opened()
        } else {
            let name = names.of(&helper);
            let title = format!("The group says that {name} helped with the form. Did they?");
            Act::new(forms, &form, &title, &path, offered).button(&format!("Yes, {name} helped"))
        };
        acts.push(act.hidden("helper", helper));
        let refuse = ApplicationCommand::RefuseHelp(ConfirmHelp { helper });
        let offered = Offered::of(
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
            Act::new(forms, &form, &title, &path, offered)
                .button(&title)
                .hidden("helper", helper),
        );
    }
    Ok(acts)
}

/// A revocation that is not yet confirmed by everybody who was named as present.
pub(super) struct RevocationSeen {
    pub says: String,
    pub reason: String,
    pub by: String,
    /// The names of those who have not confirmed it.
    pub waits_for: String,
    pub acts: Vec<Act>,
}

impl Acts<'_> {
    pub async fn revocation(&self) -> Result<Option<RevocationSeen>, Failed> {
        let Some(found) = &self.row.revocation else {
            return Ok(None);
        };
        let names = self
            .asked
            .colleagues(
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
        let confirm = GrantCommand::ConfirmRevocation(ProposalOf {
            proposal: found.proposal,
        });
        let confirm = self
            .act(
                "confirm-revocation",
                "confirm-revocation",
                "I was there, and confirm it",
                confirm,
            )
            .await?;
        let waits = found.unconfirmed.contains(&self.asked.signed.reader.person);
        let acts = if waits {
            shown(vec![confirm.hidden("proposal:n", found.proposal).opened()])
        } else {
            Vec::new()
        };
        Ok(Some(RevocationSeen {
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
pub(super) struct ScheduleSeen {
    pub instalments: Vec<String>,
    pub by: String,
    pub acts: Vec<Act>,
}

impl Acts<'_> {
    /// The proposed schedule, with the action that confirms it.
    pub async fn schedule(&self) -> Result<Option<ScheduleSeen>, Failed> {
        let Some(proposed) = &self.row.proposed_schedule else {
            return Ok(None);
        };
        let names = self.asked.colleagues([proposed.by]).await?;
        let title = "Confirm that the payments are scheduled so";
        let confirm = GrantCommand::ConfirmSchedule(ProposalOf {
            proposal: proposed.proposal,
        });
        let confirm = self
            .act("confirm-schedule", "confirm-schedule", title, confirm)
            .await?
            .hidden("proposal:n", proposed.proposal);
        Ok(Some(ScheduleSeen {
            instalments: proposed.instalments.iter().map(instalment).collect(),
            by: names.of(&proposed.by),
            acts: shown(vec![confirm]),
        }))
    }
}

fn instalment(instalment: &Instalment) -> String {
    let released = match &instalment.released {
        Released::AtOnce => "at once".to_owned(),
        Released::FromDay { day } => format!("from {}", in_full(*day)),
        Released::AfterCheck { check } => format!(
            "once this check has passed: {}",
            check.as_str().replace('-', " ")
        ),
    };
    format!("{}, {released}", instalment.amount)
}
