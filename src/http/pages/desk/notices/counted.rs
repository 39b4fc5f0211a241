//! Notices that say how many payments or lines of a statement were recorded.

use super::Done;
use super::mailed::own_events;
use crate::domain::{Event, GrantEvent};
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::list::counted;

/// A text for one and a text for several.
type Texts = (&'static str, &'static str);

/// The notice after a batch was marked as sent, or lines of a statement were recorded, by the
/// events that the reader has just caused. `None` for other actions.
pub(in crate::http::pages::desk) async fn counted_notice(
    request: &DeskRequest<'_>,
) -> Result<Option<String>, PageError> {
    let name = Done::parse(request.text("done")).map_or("", |done| done.name);
    if !matches!(name, "send-batch" | "bank-entries") {
        return Ok(None);
    }
    let mut counts: Vec<(Texts, usize)> = Vec::new();
    for recorded in own_events(request).await? {
        let Event::Grant(happened) = &recorded.event else {
            continue;
        };
        let Some(texts) = texts_of(name, happened) else {
            continue;
        };
        match counts.iter_mut().find(|(known, _)| *known == texts) {
            Some((_, count)) => *count += 1,
            None => counts.push((texts, 1)),
        }
    }
    let sentences: Vec<_> = counts
        .into_iter()
        .map(|(texts, count)| counted(count, texts))
        .collect();
    Ok((!sentences.is_empty()).then(|| sentences.join(" ")))
}

fn texts_of(name: &str, event: &GrantEvent) -> Option<Texts> {
    use GrantEvent as E;
    Some(match (name, event) {
        ("send-batch", E::PaymentSent { .. }) => (
            "1 payment is marked as sent. The group hears that its money is on the way.",
            "{} payments are marked as sent. Each group hears that its money is on the way.",
        ),
        ("bank-entries", E::PaymentConfirmed { .. }) => (
            "1 payment is marked as paid.",
            "{} payments are marked as paid.",
        ),
        ("bank-entries", E::PaymentFailed { .. }) => (
            "1 payment bounced. Check the bank details, then prepare it again.",
            "{} payments bounced. Check the bank details, then prepare them again.",
        ),
        ("bank-entries", E::PaymentReversed { .. }) => (
            "1 payment came back after it was paid.",
            "{} payments came back after they were paid.",
        ),
        ("bank-entries", E::ReturnReceived { .. }) => {
            ("1 line is returned money.", "{} lines are returned money.")
        }
        ("bank-entries", E::EntryUnsettled { .. }) => (
            "1 line is kept with its grant. Two people must agree what it is.",
            "{} lines are kept with their grants. Two people must agree what each is.",
        ),
        _ => return None,
    })
}
