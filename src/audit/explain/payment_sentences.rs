//! What happened to the money of a grant, in sentences with running totals.

use super::facts::{GrantFacts, PayeeFacts};
use super::known_names::list_text;
use super::sentences::{Teller, quoted};
use crate::domain::grant::EntryKind;
use crate::domain::language::day_text;
use crate::domain::payee::PaymentRoute;
use crate::domain::{GrantEvent, Money};

/// The sentence of an event about a payment or a line of the bank, and the positions of the events
/// on which it rests.
pub(super) fn sentence(by: &Teller<'_>, happened: &GrantEvent) -> Option<(String, Vec<i64>)> {
    use GrantEvent as E;
    let (actor, facts) = (&by.actor, by.facts);
    let says = match happened {
        E::PaymentPrepared { .. } => return prepared(by, happened),
        E::PaymentApproved { payment, .. } => format!("{actor} approved payment {payment}."),
        E::PaymentRejected { payment, reason } => format!(
            "{actor} did not approve payment {payment}: {}.",
            quoted(reason.as_str())
        ),
        E::PaymentCancelled { payment, reason } => format!(
            "{actor} cancelled payment {payment}: {}.",
            quoted(reason.as_str())
        ),
        E::PaymentSent {
            payment,
            sources,
            sent_on,
            batch,
        } => {
            let batch = batch.as_ref();
            format!(
                "{actor} sent payment {payment} of {} on {}{}. {}",
                sources.total(),
                day_text(*sent_on),
                batch.map_or_else(String::new, |batch| format!(", in the batch {batch}")),
                paid_so_far(facts)
            )
        }
        E::PaymentConfirmed {
            payment,
            paid_on,
            receipt,
            ..
        } => format!(
            "{actor} recorded that the bank paid payment {payment} on {}{}.",
            day_text(*paid_on),
            if receipt.is_some() {
                ", and kept the receipt"
            } else {
                ""
            }
        ),
        E::PaymentCorrected {
            payment,
            paid_on,
            reason,
            ..
        } => format!(
            "{actor} corrected the day of payment {payment} to {}: {}.",
            day_text(*paid_on),
            quoted(reason.as_str())
        ),
        E::PaymentReversed { .. } => return reversed(by, happened).map(|says| (says, Vec::new())),
        _ => return entry_sentence(by, happened).map(|says| (says, Vec::new())),
    };
    Some((says, Vec::new()))
}

fn reversed(by: &Teller<'_>, happened: &GrantEvent) -> Option<String> {
    let GrantEvent::PaymentReversed {
        payment,
        sources,
        reason,
        reversed_on,
        released,
        ..
    } = happened
    else {
        return None;
    };
    let promise = if released.is_empty() {
        "The money stays promised to the group.".to_owned()
    } else {
        format!(
            "{} of it is not promised to the group any more.",
            released.total()
        )
    };
    Some(format!(
        "On {} the bank took back {} of payment {payment} ({}); {} recorded it. {} {promise}",
        day_text(*reversed_on),
        sources.total(),
        quoted(reason.as_str()),
        by.actor,
        paid_so_far(by.facts)
    ))
}

/// The sentence of money that came back, or of a line of the bank that matches nothing.
fn entry_sentence(by: &Teller<'_>, happened: &GrantEvent) -> Option<String> {
    use GrantEvent as E;
    let (actor, facts) = (&by.actor, by.facts);
    Some(match happened {
        E::PaymentFailed {
            payment,
            sources,
            reason,
            failed_on,
        } => format!(
            "Payment {payment} of {} failed on {} ({}); {actor} recorded it. {} The money stays \
                promised to the group.",
            sources.total(),
            day_text(*failed_on),
            quoted(reason.as_str()),
            paid_so_far(facts)
        ),
        E::ReturnReceived {
            sources,
            received_on,
            ..
        } => format!(
            "{} came back from the group on {}; {actor} recorded it. {}",
            sources.total(),
            day_text(*received_on),
            paid_so_far(facts)
        ),
        E::EntryUnsettled {
            entry,
            kind,
            details,
            ..
        } => format!(
            "{actor} recorded entry {entry} at the bank, which matches nothing: {} {} on {}.",
            details.amount,
            match kind {
                EntryKind::CameIn => "came",
                EntryKind::WentOut => "left",
            },
            day_text(details.happened_on)
        ),
        E::SettlementProposed {
            entry,
            counts,
            reason,
            ..
        } => format!(
            "{actor} proposed to count {counts} of entry {entry} as money that came back: {}.",
            quoted(reason.as_str())
        ),
        E::EntrySettled { entry, sources, .. } => format!(
            "{actor} settled entry {entry}: {} of it came back from the grant. {}",
            sources.total(),
            paid_so_far(facts)
        ),
        _ => return None,
    })
}

fn prepared(by: &Teller<'_>, happened: &GrantEvent) -> Option<(String, Vec<i64>)> {
    let GrantEvent::PaymentPrepared {
        payment,
        amount,
        route,
        payee,
        ..
    } = happened
    else {
        return None;
    };
    let facts = by.facts;
    let mut related = Vec::new();
    let mut says = format!(
        "{} prepared payment {payment}: {amount} of the {} awarded, {}.",
        by.actor,
        facts
            .award
            .as_ref()
            .map_or(Money::ZERO, |award| award.amount),
        route_text(*route)
    );
    if let Some(payee) = facts.payees.get(payee) {
        says.push(' ');
        says.push_str(&payee_text(payee, &mut related));
    }
    says.push_str(" Before this: ");
    says.push_str(&what_was_clear(facts, &mut related));
    says.push('.');
    Some((says, related))
}

fn payee_text(payee: &PayeeFacts, related: &mut Vec<i64>) -> String {
    related.push(payee.position);
    let given = format!(
        "The account was given by {} on {}",
        payee.keyed_by_name,
        day_text(payee.keyed_on)
    );
    let Some(verified) = &payee.verified else {
        return format!("{given}, and nobody had checked it.");
    };
    related.push(verified.position);
    format!(
        "{given} and checked by {} on {}: {}.",
        verified.by_name,
        day_text(verified.on),
        quoted(&verified.method)
    )
}

/// The agreement and the checks before a payment.
fn what_was_clear(facts: &GrantFacts, related: &mut Vec<i64>) -> String {
    let agreement = match &facts.agreement {
        Some(agreement) => {
            related.push(agreement.position);
            format!("the agreement accepted on {}", day_text(agreement.on))
        }
        None => "no agreement accepted".to_owned(),
    };
    let mut parts = vec![agreement];
    let (mut clear, mut open) = (Vec::new(), Vec::new());
    for (check, found) in &facts.checks {
        if found.is_clear {
            related.push(found.position);
            clear.push(check.to_string());
        } else {
            open.push(check.to_string());
        }
    }
    if !clear.is_empty() {
        parts.push(format!("clear: {}", list_text(&clear)));
    }
    if !open.is_empty() {
        parts.push(format!("not clear: {}", list_text(&open)));
    }
    parts.join("; ")
}

fn route_text(route: PaymentRoute) -> &'static str {
    match route {
        PaymentRoute::OwnAccount => "to the group's own account",
        PaymentRoute::HoldingBody => "to the account of a body that holds the group's money",
        PaymentRoute::PurchaseForGroup => "for things that the office buys for the group",
    }
}

fn paid_so_far(facts: &GrantFacts) -> String {
    format!("Paid so far: {}.", facts.grant.paid().total())
}
