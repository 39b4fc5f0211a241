//! The sentence that the desk shows after an action: what happened, and who is informed.
//!
//! The query parameter `done` of the next page names the sentence: the name of a command, or of a
//! task of the desk that is not a single command, and after full stops for some commands a day, and
//! the positions of the events that the command recorded, as in
//! `done=request-changes.2026-12-11.e120-121`. Anything else in the parameter is ignored, because
//! anyone can write a link with it.

mod counted;
mod mailed;
mod of_assets;
mod of_barriers;
mod of_gatherings;
mod of_grants;
mod of_introductions;
mod of_records;
mod of_setup;

use jiff::civil::Date;

pub(super) use self::counted::counted_notice;
pub(super) use self::mailed::{mailed, released_letters};
use self::of_assets::OF_ASSETS;
use self::of_barriers::OF_BARRIERS;
use self::of_gatherings::OF_GATHERINGS;
use self::of_grants::OF_GRANTS;
use self::of_introductions::OF_INTRODUCTIONS;
use self::of_records::OF_RECORDS;
use self::of_setup::OF_SETUP;
use super::DeskRequest;
use crate::domain::days;
use crate::domain::language::day_text;
use crate::eventlog::append::AppendReceipt;
use crate::http::pages::FormData;

/// The sentence after an action.
#[derive(Clone, Copy)]
struct ActionNotice {
    /// The room of the command; empty for a task of the desk.
    room: &'static str,
    name: &'static str,
    sentence: &'static str,
    /// The field of the form with a day, and the sentence that names it after `{day}`.
    until: Option<(&'static str, &'static str)>,
}

/// All sentences. They mention the group only if the service writes to the group.
fn notices() -> impl Iterator<Item = &'static ActionNotice> {
    [
        OF_SETUP,
        OF_RECORDS,
        OF_GRANTS,
        OF_GATHERINGS,
        OF_ASSETS,
        OF_INTRODUCTIONS,
        OF_BARRIERS,
    ]
    .into_iter()
    .flatten()
}

const fn says(room: &'static str, name: &'static str, sentence: &'static str) -> ActionNotice {
    ActionNotice {
        room,
        name,
        sentence,
        until: None,
    }
}

impl ActionNotice {
    const fn until(mut self, field: &'static str, sentence: &'static str) -> Self {
        self.until = Some((field, sentence));
        self
    }
}

/// What the parameter `done` of a page says.
pub(super) struct Done<'a> {
    pub name: &'a str,
    day: Option<Date>,
    /// The first and the last position of the events that were recorded.
    events: Option<(i64, i64)>,
}

impl<'a> Done<'a> {
    /// Parses the parameter. `None` if it is not one that the service writes.
    pub fn parse(done: &'a str) -> Option<Self> {
        let mut parts = done.split('.');
        let mut parsed = Self {
            name: parts.next().unwrap_or_default(),
            day: None,
            events: None,
        };
        for part in parts {
            match part.strip_prefix('e') {
                Some(range) => {
                    let (first, last) = range.split_once('-')?;
                    parsed.events = Some((first.parse().ok()?, last.parse().ok()?));
                }
                None => parsed.day = Some(written_day(part)?),
            }
        }
        Some(parsed)
    }
}

/// The position of the log before the action that led to a page, if its address names one.
pub(super) fn position_before_action(request: &DeskRequest<'_>) -> Option<i64> {
    let (first, _) = Done::parse(request.text("done"))?.events?;
    first.checked_sub(1)
}

/// The notice for the parameter `done` of a page. Where two rooms have a command of the same name,
/// the room of the page decides.
pub(super) fn notice_text(done: &str, path: &str) -> Option<String> {
    let Done { name, day, .. } = Done::parse(done)?;
    let room = path.trim_start_matches("/desk/").split('/').next();
    let named = || notices().filter(|notice| notice.name == name);
    let found = named()
        .find(|notice| Some(notice.room) == room)
        .or_else(|| named().next())?;
    match (day, found.until) {
        (None, _) => Some(found.sentence.to_owned()),
        (Some(day), Some((_, sentence))) => Some(sentence.replace("{day}", &day_text(day))),
        (Some(_), None) => None,
    }
}

/// Parses a day from an address. `None` if it is not a plausible day of the service.
fn written_day(text: &str) -> Option<Date> {
    let day: Date = text.parse().ok()?;
    let known = day >= days::EARLIEST_DAY && day.year() < 2100 && day.to_string() == text;
    known.then_some(day)
}

/// The parameter `done` after several commands of one form, with the first and the last position of
/// their events.
pub(super) fn done_parameter_of_several(name: &str, (first, last): (i64, i64)) -> String {
    format!("{name}.e{first}-{last}")
}

/// The parameter `done` after an action: its name, the day of its form if the sentence has one, and
/// the positions of its events.
pub(super) fn done_parameter(name: &str, posted: &FormData, receipt: &AppendReceipt) -> String {
    let field = notices()
        .filter(|notice| notice.name == name)
        .find_map(|notice| notice.until);
    let sent = posted.to_json();
    let day = field.and_then(|(field, _)| written_day(sent.get(field)?.as_str()?));
    let day = day.map(|day| format!(".{day}")).unwrap_or_default();
    let (first, last) = (receipt.first_position, receipt.last_position);
    format!("{name}{day}.e{first}-{last}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::api::{RESOURCES, is_offered};

    #[test]
    fn every_command_of_the_desk_has_a_sentence() {
        for noun in &RESOURCES {
            for spec in noun.commands.iter().filter(|spec| is_offered(spec)) {
                let has =
                    |notice: &&ActionNotice| (notice.room, notice.name) == (noun.plural, spec.name);
                assert!(
                    notices().any(|notice| has(&notice)),
                    "{} {}",
                    noun.plural,
                    spec.name
                );
            }
        }
    }

    #[test]
    fn every_sentence_is_of_a_command_and_the_only_one() {
        for notice in notices() {
            let twins =
                notices().filter(|other| (other.room, other.name) == (notice.room, notice.name));
            assert_eq!(twins.count(), 1, "{} {}", notice.room, notice.name);
            let known = RESOURCES
                .iter()
                .filter(|noun| noun.plural == notice.room)
                .any(|noun| noun.commands.iter().any(|spec| spec.name == notice.name));
            assert!(known || notice.room.is_empty(), "{}", notice.name);
            assert!(notice.sentence.ends_with('.'), "{}", notice.sentence);
        }
    }

    #[test]
    fn a_notice_is_in_no_words_of_an_address() {
        assert_eq!(
            notice_text("approve-payment", "/desk/payments").as_deref(),
            Some("Payment approved. Its status says if it can go to the bank now.")
        );
        assert!(notice_text("keyed-in", "/desk/applications/1").is_some());
        for done in [
            "",
            "payment-of-£2,500-to-Alex-was-approved",
            "approve-payment ",
            "Approve-payment",
            "approve-payment.2026-12-11",
            "request-changes.tomorrow",
            "request-changes.2026-12-11.",
            "request-changes.e7",
            "request-changes.e7-x",
            "7-entries-of-the-statement",
        ] {
            assert_eq!(notice_text(done, "/desk"), None, "{done}");
        }
    }

    #[test]
    fn a_sentence_names_the_day_and_the_room() {
        assert_eq!(
            notice_text("request-changes.2026-12-11", "/desk/applications/1").as_deref(),
            Some("Question sent. The group has until 11 December 2026.")
        );
        assert_eq!(
            notice_text("request-changes.2026-12-11.e7-9", "/desk/applications/1"),
            notice_text("request-changes.2026-12-11", "/desk/applications/1")
        );
        assert_eq!(
            notice_text("record-meeting.2026-12-11", "/desk/panel/1/spring/letters").as_deref(),
            Some("Meeting recorded. Letters are held until 11 December 2026.")
        );
        assert_ne!(
            notice_text("close", "/desk/funds/1"),
            notice_text("close", "/desk/grants/1")
        );
    }
}
