//! One sentence for each event of a grant, in plain words.

use super::facts::GrantFacts;
use super::known_names::{KnownNames, list_text};
use super::{application_sentences, grant_sentences, payment_sentences};
use crate::audit::ledger::one_line;
use crate::domain::Event;
use crate::domain::event::event_label;
use crate::domain::funding_source::FundingSplit;
use crate::domain::text::capitalised;
use crate::eventlog::recorded_event::RecordedEvent;

/// What a sentence needs besides the event: the facts after it, the names, and who did it.
pub(super) struct Teller<'a> {
    pub(super) facts: &'a GrantFacts,
    pub(super) names: &'a KnownNames,
    pub(super) actor: String,
}

/// The sentence of an event, and the positions of other events on which it rests.
pub(in crate::audit) fn sentence_of(
    event: &RecordedEvent,
    facts: &GrantFacts,
    names: &KnownNames,
) -> (String, Vec<i64>) {
    let by = Teller {
        facts,
        names,
        actor: names.actor(event),
    };
    let own = match &event.event {
        Event::Application(happened) => plain(application_sentences::sentence(&by, happened)),
        Event::Fund(happened) => plain(grant_sentences::fund_sentence(&by, happened)),
        Event::Group(happened) => plain(grant_sentences::group_sentence(&by, happened)),
        Event::Grant(happened) => payment_sentences::sentence(&by, happened)
            .or_else(|| plain(grant_sentences::sentence(&by, happened))),
        Event::Person(_)
        | Event::Organisation(_)
        | Event::Gathering(_)
        | Event::Asset(_)
        | Event::Introduction(_)
        | Event::Barrier(_) => None,
    };
    let (says, related) = own.unwrap_or_else(|| {
        let label = event_label(event_name(&event.event));
        (format!("{label}, by {}.", by.actor), Vec::new())
    });
    (capitalised(&says), related)
}

fn plain(says: Option<String>) -> Option<(String, Vec<i64>)> {
    says.map(|says| (says, Vec::new()))
}

/// The name of an event.
pub(in crate::audit) fn event_name(event: &Event) -> &'static str {
    event.kind().1
}

/// A text of the office or the bank in quotation marks, on one line, without the full stop at its
/// end.
pub(super) fn quoted(text: &str) -> String {
    let text = one_line(text);
    format!("“{}”", text.trim().trim_end_matches('.'))
}

/// An amount by funder: "£500 of the lottery for all areas".
pub(super) fn sources_text(sources: &FundingSplit) -> String {
    let parts: Vec<String> = sources
        .parts()
        .map(|part| {
            let area = part.source.area.as_ref();
            let area = area.map_or_else(
                || "for all areas".to_owned(),
                |area| format!("for {area} only"),
            );
            format!("{} of {} {area}", part.amount, part.source.funder)
        })
        .collect();
    list_text(&parts)
}
