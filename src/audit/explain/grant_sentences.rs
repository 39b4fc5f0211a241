//! What happened to a grant apart from its payments, in sentences.

use super::known_names::list_text;
use super::sentences::{Teller, quoted, sources_text};
use crate::domain::grant::{AcceptanceMethod, ReturnReason, VariationChanges};
use crate::domain::language::day_text;
use crate::domain::{FundEvent, GrantEvent, GroupEvent};

/// The sentence of an event of the fund about this grant.
pub(super) fn fund_sentence(by: &Teller<'_>, happened: &FundEvent) -> Option<String> {
    Some(match happened {
        FundEvent::Committed { sources, .. } => {
            format!("The money was set aside: {}.", sources_text(sources))
        }
        FundEvent::CommitmentIncreased { sources, .. } => {
            format!("More money was set aside: {}.", sources_text(sources))
        }
        FundEvent::CommitmentReduced { sources, .. }
        | FundEvent::CommitmentReleased { sources, .. }
        | FundEvent::CommitmentTakenBack { sources, .. } => {
            if sources.is_empty() {
                return None;
            }
            format!(
                "{} is not set aside any more, and is free in the fund again. Set aside now: {}.",
                sources_text(sources),
                by.facts.grant.award().total()
            )
        }
        _ => return None,
    })
}

/// The sentence of an event of the group.
pub(super) fn group_sentence(by: &Teller<'_>, happened: &GroupEvent) -> Option<String> {
    let actor = &by.actor;
    Some(match happened {
        GroupEvent::PayeeProvided {
            payee,
            keyed_by,
            behind,
            ..
        } => {
            let mut says = format!(
                "{} gave the account to which the group's money goes (number {payee}).",
                by.names.name(*keyed_by)
            );
            if !behind.is_empty() {
                says.push_str(" They are known on the word of ");
                says.push_str(&by.names.names(behind.iter().copied()));
                says.push('.');
            }
            says
        }
        GroupEvent::PayeeVerified {
            payee,
            method,
            verified_by,
            verified_on,
        } => format!(
            "{} checked account number {payee} on {}: {}.",
            by.names.name(*verified_by),
            day_text(*verified_on),
            quoted(method.as_str())
        ),
        GroupEvent::PersonalDataErased { .. } => {
            format!("{actor} erased the group's personal data. What follows stays readable.")
        }
        _ => return None,
    })
}

/// The sentence of an event of the grant that is about no payment.
pub(super) fn sentence(by: &Teller<'_>, happened: &GrantEvent) -> Option<String> {
    use GrantEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::GrantOffered {
            sources,
            expires_on,
            waits,
            ..
        } => {
            let mut says = format!(
                "The grant of {} was offered. The offer ends on {}.",
                sources.total(),
                day_text(*expires_on)
            );
            if *waits {
                says.push_str(" It waits until those who were there have confirmed it.");
            }
            says
        }
        E::OfferSent { .. } => "The offer went out to the group.".to_owned(),
        E::AwardTakenBack {} => {
            "The award was taken back before the group had heard of it.".to_owned()
        }
        E::AgreementIssued { version, .. } => format!("Agreement {version} was issued with it."),
        E::AgreementSigned { .. } => format!("{actor} signed the agreement."),
        E::AgreementAccepted { method, names, .. } => format!(
            "The agreement was accepted {}, with {} named.",
            acceptance_text(method),
            count_text(names.len(), "person", "people")
        ),
        E::OfferDeclined {} => format!("{actor} declined the offer."),
        E::OfferLapsed {} => "The offer lapsed.".to_owned(),
        E::OfferWithdrawn { reason } => {
            format!("The panel withdrew the offer: {}.", quoted(reason.as_str()))
        }
        E::CheckRequested { check, note, .. } => format!(
            "{actor} asked for the check {check}: {}.",
            quoted(note.as_str())
        ),
        E::CheckPassed {
            check,
            note,
            evidence,
            ..
        } => format!(
            "{actor} passed the check {check}: {}. {}",
            quoted(note.as_str()),
            match evidence {
                Some(_) => "The document is kept.",
                None => "No document is kept.",
            }
        ),
        E::CheckReused { check, .. } => {
            format!("The check {check} was taken from an earlier grant of the group.")
        }
        E::CheckFailed { check, note, .. } => format!(
            "{actor} did not pass the check {check}: {}.",
            quoted(note.as_str())
        ),
        E::WaiverProposed { check, reason, .. } => format!(
            "{actor} proposed to waive the check {check}: {}.",
            quoted(reason.as_str())
        ),
        E::CheckWaived { check, .. } => {
            format!("{actor} confirmed that the check {check} is waived.")
        }
        _ => return change_sentence(by, happened),
    })
}

fn change_sentence(by: &Teller<'_>, happened: &GrantEvent) -> Option<String> {
    use GrantEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::VariationRequested { change, .. } => {
            format!("{actor} asked for a change: {}.", change_text(change))
        }
        E::VariationApproved { change, .. } => {
            format!("{actor} agreed to the change: {}.", change_text(change))
        }
        E::VariationRefused { reason, .. } => {
            format!("{actor} refused the change: {}.", quoted(reason.as_str()))
        }
        E::AwardGrown { sources } => format!(
            "The award grew by {} to {}.",
            sources.total(),
            by.facts.grant.award().total()
        ),
        E::GrantHeld { reason, .. } => {
            format!(
                "{actor} put the grant on hold: {}.",
                quoted(reason.as_str())
            )
        }
        E::GrantResumed {} => format!("{actor} ended the hold."),
        E::RevocationProposed { kind, reason, .. } => {
            let kind: &str = (*kind).into();
            format!(
                "The panel decided to {}: {}. Those who were there confirm it first.",
                kind.replace('_', " "),
                quoted(reason.as_str())
            )
        }
        E::RevocationConfirmed { .. } => format!("{actor} confirmed that they were there."),
        E::GrantTerminated { reason, .. } => {
            format!("The grant ended early: {}.", quoted(reason.as_str()))
        }
        E::UnderspendDeclared {
            amount, due_back, ..
        } => format!(
            "{actor} recorded that {amount} will not be spent. {due_back} of it was paid already \
                and is due back."
        ),
        E::ClawbackDemanded { amount, reason } => format!(
            "The panel asked for {amount} back: {}.",
            quoted(reason.as_str())
        ),
        E::ReturnRequested { owed, due_on } => format!(
            "{actor} asked the group to return the {} by {}.",
            owed_text(*owed),
            day_text(*due_on)
        ),
        E::ReturnWaiverProposed { amount, reason, .. } => format!(
            "{actor} proposed that the group keeps {amount}: {}.",
            quoted(reason.as_str())
        ),
        E::ReturnWaived { amount, .. } => {
            format!("{actor} confirmed that the group keeps {amount}.")
        }
        E::GrantClosed { .. } => format!("{actor} closed the grant."),
        _ => return report_sentence(by, happened),
    })
}

fn report_sentence(by: &Teller<'_>, happened: &GrantEvent) -> Option<String> {
    use GrantEvent as E;
    let actor = &by.actor;
    Some(match happened {
        E::UpdateRequested {
            update,
            due_on,
            last,
        } => format!(
            "Report {update}{} was asked for by {}.",
            if *last { ", the final one," } else { "" },
            day_text(*due_on)
        ),
        E::UpdateMoved { update, due_on } => {
            format!("Report {update} is now due on {}.", day_text(*due_on))
        }
        E::ReminderSent { update, .. } => {
            format!("{actor} reminded the group of report {update}.")
        }
        E::UpdateSaved { .. } => format!("{actor} saved a report that is not sent yet."),
        E::UpdateReceived {
            update,
            people,
            spent,
            files,
            received_on,
            ..
        } => format!(
            "{actor} sent report {update}, which came on {}: {spent} spent, {people} people, {}.",
            day_text(*received_on),
            count_text(files.len(), "file", "files")
        ),
        E::UpdateAccepted { update } => format!("{actor} accepted report {update}."),
        E::UpdateQueried {
            update, question, ..
        } => format!(
            "{actor} had a question about report {update}: {}.",
            quoted(question.as_str())
        ),
        E::UpdateExcused { update, reason } => format!(
            "{actor} excused report {update}: {}.",
            quoted(reason.as_str())
        ),
        E::UpdateCorrected { update, reason, .. } => format!(
            "{actor} corrected the figures of report {update}: {}.",
            quoted(reason.as_str())
        ),
        _ => return None,
    })
}

/// A number of things: "1 file", "3 files", "no files".
pub(super) fn count_text(count: usize, one: &str, many: &str) -> String {
    match count {
        0 => format!("no {many}"),
        1 => format!("1 {one}"),
        count => format!("{count} {many}"),
    }
}

fn acceptance_text(method: &AcceptanceMethod) -> &'static str {
    match method {
        AcceptanceMethod::Web | AcceptanceMethod::WebEach => "on the web",
        AcceptanceMethod::PaperScan { .. } => "on paper, of which a scan is kept",
        AcceptanceMethod::ReadOverTelephone => "after it was read out by phone",
    }
}

fn owed_text(owed: ReturnReason) -> &'static str {
    match owed {
        ReturnReason::Underspend => "money that was not spent",
        ReturnReason::Clawback => "money that the panel asked back",
    }
}

fn change_text(change: &VariationChanges) -> String {
    let mut parts = Vec::new();
    if let Some(amount) = change.amount {
        parts.push(format!("the award becomes {amount}"));
    }
    if let Some(day) = change.ends_on {
        parts.push(format!("the activity ends on {}", day_text(day)));
    }
    if let Some(day) = change.update_due_on {
        parts.push(format!("the report is due on {}", day_text(day)));
    }
    if let Some(purpose) = &change.purpose {
        parts.push(format!("the purpose is {}", quoted(purpose.title.as_str())));
    }
    list_text(&parts)
}
