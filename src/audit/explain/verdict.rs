//! The verdict on a grant in a few sentences, and the evidence that the log does not hold.

use std::collections::BTreeSet;

use super::facts::{GrantFacts, PaymentStep};
use super::grant_sentences::count_text;
use super::known_names::KnownNames;
use super::sentences::quoted;
use crate::domain::grant::GrantState;
use crate::domain::language::day_text;

/// The verdict: what was awarded by whom, what was paid, and how it ended.
pub(super) fn verdict(facts: &GrantFacts) -> String {
    let Some(award) = &facts.award else {
        return no_award_text(facts);
    };
    let interested = award
        .present
        .iter()
        .filter(|person| facts.declared.get(*person) != Some(&false))
        .count();
    let interest = match interested {
        0 => "nobody with an interest".to_owned(),
        count => format!("{count} of them with an interest, or without a declaration"),
    };
    let mut parts = vec![format!(
        "Awarded {} on {} by a panel of {}, {interest}",
        award.amount,
        day_text(award.on),
        award.present.len()
    )];
    parts.push(paid_text(facts));
    parts.extend(returned_text(facts));
    parts.extend(ending_text(facts));
    parts.push(report_text(facts));
    format!("{}.", parts.join("; "))
}

fn no_award_text(facts: &GrantFacts) -> String {
    match facts.ended {
        Some(ended) => format!("No award. {ended}. {} was asked for.", facts.requested),
        None => format!("No award yet. {} is asked for.", facts.requested),
    }
}

fn paid_text(facts: &GrantFacts) -> String {
    let count = |steps: &[PaymentStep]| {
        let payments = facts.payments.values();
        payments.filter(|one| steps.contains(&one.step)).count()
    };
    let left = count(&[PaymentStep::Sent, PaymentStep::Confirmed]);
    let (reversed, failed) = (
        count(&[PaymentStep::Reversed]),
        count(&[PaymentStep::Failed]),
    );
    let paid = facts.grant.paid().total().plus(facts.returned);
    let mut text = if paid.is_zero() {
        "nothing is paid".to_owned()
    } else {
        format!("paid {paid} in {}", count_text(left, "payment", "payments"))
    };
    if reversed > 0 {
        text.push_str(", besides ");
        text.push_str(&count_text(reversed, "payment", "payments"));
        text.push_str(" that the bank reversed");
    }
    if failed > 0 {
        text.push_str(", besides ");
        text.push_str(&count_text(failed, "payment", "payments"));
        text.push_str(" that failed");
    }
    text
}

fn returned_text(facts: &GrantFacts) -> Vec<String> {
    let mut parts = Vec::new();
    if !facts.returned.is_zero() {
        parts.push(format!("{} came back", facts.returned));
    }
    if !facts.waived.is_zero() {
        parts.push(format!("the group was allowed to keep {}", facts.waived));
    }
    let due = facts.grant.due_back();
    if !due.is_zero() {
        parts.push(format!("{due} is due back"));
    }
    parts
}

/// How the grant ended, or that it is on hold.
fn ending_text(facts: &GrantFacts) -> Option<String> {
    let says = match facts.grant.state() {
        GrantState::Offered => "the offer is open",
        GrantState::Closed => "closed",
        GrantState::Terminated => "ended early",
        GrantState::OfferDeclined => "the group declined the offer",
        GrantState::OfferLapsed => "the offer lapsed",
        GrantState::OfferWithdrawn => "the offer was withdrawn",
        GrantState::TakenBack => "the award was taken back",
        _ if facts.is_held => "on hold",
        _ => return None,
    };
    Some(says.to_owned())
}

fn report_text(facts: &GrantFacts) -> String {
    let open = || facts.reports.values().filter(|report| !report.is_settled);
    let overdue = open()
        .filter(|report| report.received_on.is_none() && report.due_on < facts.until)
        .map(|report| report.due_on)
        .min();
    if facts.reports.is_empty() {
        return "no report is asked for".to_owned();
    }
    if let Some(since) = overdue.filter(|_| is_running(facts)) {
        return format!("report overdue since {}", day_text(since));
    }
    if open().next().is_none() {
        return "every report that was asked for is settled".to_owned();
    }
    if open().all(|report| report.received_on.is_some()) {
        return "the report is here and waits for an answer".to_owned();
    }
    let due = open().map(|report| report.due_on).min();
    due.map_or_else(
        || "no report is due".to_owned(),
        |due| format!("report due on {}", day_text(due)),
    )
}

/// Whether the group still owes reports.
fn is_running(facts: &GrantFacts) -> bool {
    matches!(
        facts.grant.state(),
        GrantState::Accepted | GrantState::Live | GrantState::Reported
    )
}

/// What an auditor would ask for and the log does not hold, a sentence each.
pub(in crate::audit) fn missing(facts: &GrantFacts, names: &KnownNames) -> Vec<String> {
    let mut missing = Vec::new();
    missing_decision(facts, names, &mut missing);
    missing_checks(facts, &mut missing);
    missing_payments(facts, &mut missing);
    missing_reports(facts, &mut missing);
    if let Some(position) = facts.erased_at {
        missing.push(format!(
            "The group's personal data were erased ({position}): names, accounts and words cannot \
                be opened any more. Their digests stay."
        ));
    }
    missing
}

fn missing_decision(facts: &GrantFacts, names: &KnownNames, missing: &mut Vec<String>) {
    let Some(award) = &facts.award else {
        return;
    };
    if !award.unconfirmed.is_empty() {
        missing.push(format!(
            "The log names people as present at the panel's decision who have not confirmed it: \
                {} ({}).",
            names.names(award.unconfirmed.iter().copied()),
            award.position
        ));
    }
    let has_scan = facts
        .files
        .iter()
        .any(|file| file.what == "scan of the signed agreement");
    match &facts.agreement {
        None if !facts.payments.is_empty() => {
            missing.push("No agreement was accepted, and payments were prepared.".to_owned());
        }
        Some(agreement) if !has_scan => missing.push(format!(
            "No signed form of the agreement is kept: {} named, and the log has the digest of the \
                text ({}).",
            count_text(agreement.names, "person is", "people are"),
            agreement.position
        )),
        _ => {}
    }
}

fn missing_checks(facts: &GrantFacts, missing: &mut Vec<String>) {
    for (check, found) in &facts.checks {
        if found.is_passed && !found.has_evidence {
            missing.push(format!(
                "No document is kept with the check {check}: it is in words only ({}).",
                found.position
            ));
        } else if !found.is_clear && is_running(facts) {
            missing.push(format!(
                "The check {check} is not clear ({}).",
                found.position
            ));
        }
    }
}

fn missing_payments(facts: &GrantFacts, missing: &mut Vec<String>) {
    let mut payees: BTreeSet<u32> = BTreeSet::new();
    for (number, payment) in &facts.payments {
        if payment.paid_on.is_some() && !payment.has_receipt {
            missing.push(format!(
                "No receipt is kept with payment {number} ({}).",
                payment.position
            ));
        }
        if payment.step == PaymentStep::Sent {
            missing.push(format!(
                "The bank has not confirmed payment {number} ({}).",
                payment.position
            ));
        }
        payees.insert(payment.payee);
    }
    for payee in payees {
        match facts
            .payees
            .get(&payee)
            .map(|found| (found, &found.verified))
        {
            Some((found, Some(verified))) if found.keyed_by == verified.by => {
                missing.push(format!(
                    "No second person checked account number {payee}: it was given and checked by \
                        {} ({}).",
                    verified.by_name, verified.position
                ));
            }
            Some((_, Some(verified))) => missing.push(format!(
                "How account number {payee} was checked is in words only, {} ({}).",
                quoted(&verified.method),
                verified.position
            )),
            Some((found, None)) => missing.push(format!(
                "Nobody checked account number {payee} ({}).",
                found.position
            )),
            None => missing.push(format!(
                "Who gave account number {payee} is not in the log."
            )),
        }
    }
    for (entry, position) in &facts.unsettled {
        missing.push(format!(
            "Entry {entry} at the bank is not settled ({position})."
        ));
    }
}

fn missing_reports(facts: &GrantFacts, missing: &mut Vec<String>) {
    for (number, report) in &facts.reports {
        if report.received_on.is_some() && !report.has_files {
            missing.push(format!(
                "No receipt or photograph came with report {number} ({}).",
                report.position
            ));
        } else if report.received_on.is_none()
            && !report.is_settled
            && report.due_on < facts.until
            && is_running(facts)
        {
            missing.push(format!(
                "Report {number} was due on {} and has not come ({}).",
                day_text(report.due_on),
                report.position
            ));
        }
    }
}
