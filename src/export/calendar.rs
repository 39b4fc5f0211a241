//! The calendar of gatherings in the format iCalendar (RFC 5545): one event a session. Calendar
//! programs read it again and again, and each reading replaces the one before.
//!
//! An event keeps its UID for ever, and its SEQUENCE counts how often the session changed. Times
//! are in UTC, so that no description of a time zone is needed. No event names a person, and the
//! place of a session is in it only if everyone may read it.

use jiff::civil::Date;
use jiff::{SignedDuration, Span, Timestamp};
use uuid::Uuid;

use crate::clock::day_of;
use crate::domain::gathering::SessionState;
use crate::projections::{GatheringRow, GatheringSessionRow};
use crate::views::{Filter, ViewError, Views};

/// How many days a session is in the calendar after its day, and a cancelled one after it was
/// cancelled.
const SHOWN_DAYS: i64 = 90;
/// The most octets of a line, without the characters that end it (section 3.1).
const LINE_OCTETS_MAX: usize = 75;
/// How often calendar programs should read the calendar again.
const REFRESH: &str = "PT6H";

/// A calendar, as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The name of the calendar.
    pub name: String,
    /// The public address of the service, without a slash at the end.
    pub address: String,
    pub sessions: Vec<CalendarSession>,
}

/// A session, as a calendar shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CalendarSession {
    pub gathering: Uuid,
    pub session: u16,
    pub title: String,
    pub description: String,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    /// Where it is, if everyone may read it.
    pub place: Option<String>,
    pub is_cancelled: bool,
    /// How often it changed.
    pub changes: u32,
    /// When it or the words about its gathering last changed.
    pub changed_at: Timestamp,
}

impl CalendarSession {
    /// A session of a gathering. `None` if its times are beyond the calendar.
    fn new(gathering: &GatheringRow, session: &GatheringSessionRow) -> Option<Self> {
        let changed_at = gathering.described_at.max(session.changed_at);
        let starts_at = session.starts_at.on(session.day)?;
        Some(Self {
            gathering: gathering.id,
            session: session.session,
            title: gathering.title.clone(),
            description: gathering.description.clone(),
            starts_at,
            ends_at: end_after(starts_at, session.ends_at.on(session.day)?)?,
            place: session.place_for_reader(false).map(ToString::to_string),
            is_cancelled: session.state == SessionState::Cancelled,
            changes: session.changes,
            changed_at: changed_at.timestamp(),
        })
    }
}

/// The end of a session, which is after its start (section 3.8.2.2). Where the clocks go forward, a
/// start in the hour that they leave out is as late as an end after that hour.
fn end_after(starts_at: Timestamp, ends_at: Timestamp) -> Option<Timestamp> {
    let soonest = starts_at.checked_add(SignedDuration::from_mins(1)).ok()?;
    Some(ends_at.max(soonest))
}

/// The sessions of all gatherings that opened, or of one of them, in the order of their days.
pub async fn sessions_for_calendar(
    views: &Views,
    gathering: Option<Uuid>,
    today: Date,
) -> Result<Vec<CalendarSession>, ViewError> {
    let first = today.saturating_sub(Span::new().days(SHOWN_DAYS));
    let mut filters = vec![Filter::at_least("day", first)];
    filters.extend(gathering.map(|id| Filter::equals("gathering", id)));
    let sessions: Vec<GatheringSessionRow> = views.all_rows(None, filters).await?;
    let gatherings = views.public_gatherings_of(&sessions).await?;
    let mut shown: Vec<_> = sessions
        .iter()
        .filter(|session| is_shown(session, first))
        .filter_map(|session| CalendarSession::new(gatherings.get(&session.gathering)?, session))
        .collect();
    shown.sort_by_key(|session| (session.starts_at, session.gathering, session.session));
    Ok(shown)
}

/// Whether a session is in the calendar. A cancelled one was cancelled on the day `first` or later.
fn is_shown(session: &GatheringSessionRow, first: Date) -> bool {
    session.state != SessionState::Cancelled || day_of(session.changed_at.timestamp()) >= first
}

impl Calendar {
    /// The calendar as a file.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut file = CalendarFile::default();
        file.line("BEGIN", "VCALENDAR");
        file.line("VERSION", "2.0");
        file.line("PRODID", "-//Microgrants//Gatherings//EN");
        file.line("CALSCALE", "GREGORIAN");
        file.text("NAME", &self.name);
        file.text("X-WR-CALNAME", &self.name);
        file.line("REFRESH-INTERVAL;VALUE=DURATION", REFRESH);
        file.line("X-PUBLISHED-TTL", REFRESH);
        for session in &self.sessions {
            self.write_session(&mut file, session);
        }
        file.line("END", "VCALENDAR");
        file.0
    }

    fn write_session(&self, file: &mut CalendarFile, session: &CalendarSession) {
        let (gathering, number) = (session.gathering, session.session);
        let host = host_of(&self.address);
        file.line("BEGIN", "VEVENT");
        file.line("UID", &format!("{gathering}-{number}@{host}"));
        file.line("DTSTAMP", &utc(session.changed_at));
        file.line("LAST-MODIFIED", &utc(session.changed_at));
        file.line("SEQUENCE", &session.changes.to_string());
        file.line("DTSTART", &utc(session.starts_at));
        file.line("DTEND", &utc(session.ends_at));
        file.text("SUMMARY", &session.title);
        file.text("DESCRIPTION", &session.description);
        if let Some(place) = &session.place {
            file.text("LOCATION", place);
        }
        let address = format!("{}/gatherings/{gathering}", self.address);
        file.line("URL", &address);
        let status = if session.is_cancelled {
            "CANCELLED"
        } else {
            "CONFIRMED"
        };
        file.line("STATUS", status);
        file.line("END", "VEVENT");
    }
}

/// The host of an address, without a port.
fn host_of(address: &str) -> &str {
    let rest = address
        .split_once("://")
        .map_or(address, |(_, after)| after);
    let host = rest.split('/').next().unwrap_or_default();
    match host.strip_prefix('[') {
        Some(literal) => literal.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    }
}

/// An instant as iCalendar writes it in UTC.
fn utc(instant: Timestamp) -> String {
    instant.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The lines of the file so far.
#[derive(Default)]
struct CalendarFile(String);

impl CalendarFile {
    /// Adds a line whose value needs no escaping.
    fn line(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{value}"));
    }

    /// Adds a line with a text.
    fn text(&mut self, name: &str, value: &str) {
        self.fold(&format!("{name}:{}", escape(value)));
    }

    /// Adds a line, folded between characters: each further line begins with a space.
    fn fold(&mut self, line: &str) {
        let mut octets = 0;
        for character in line.chars() {
            let width = character.len_utf8();
            if octets + width > LINE_OCTETS_MAX {
                self.0.push_str("\r\n ");
                octets = 1;
            }
            self.0.push(character);
            octets += width;
        }
        self.0.push_str("\r\n");
    }
}

/// A text with the characters escaped that have a meaning (section 3.3.11), and without other
/// control characters than tabs.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.replace("\r\n", "\n").chars() {
        match character {
            '\\' | ';' | ',' => escaped.extend(['\\', character]),
            '\n' | '\r' => escaped.push_str("\\n"),
            '\t' => escaped.push('\t'),
            other if other.is_control() => {}
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;
    use crate::domain::gathering::ClockTime;

    fn instant(text: &str) -> Timestamp {
        text.parse().expect("an instant")
    }

    fn circle() -> CalendarSession {
        CalendarSession {
            gathering: Uuid::from_u128(7),
            session: 2,
            title: "Sharing a hall; who has the key, who pays?".to_owned(),
            description: "Soup.\nBring a C:\\ drive".to_owned(),
            starts_at: instant("2026-12-03T18:00:00Z"),
            ends_at: instant("2026-12-03T20:00:00Z"),
            place: Some("Mill Lane, Oldham".to_owned()),
            is_cancelled: false,
            changes: 0,
            changed_at: instant("2026-11-28T09:30:15Z"),
        }
    }

    fn calendar(sessions: Vec<CalendarSession>) -> Calendar {
        Calendar {
            name: "Neighbours".to_owned(),
            address: "https://grants.example.org:8443".to_owned(),
            sessions,
        }
    }

    /// The lines of a file after unfolding.
    fn unfolded(text: &str) -> Vec<String> {
        let text = text.replace("\r\n ", "");
        text.split_terminator("\r\n").map(str::to_owned).collect()
    }

    #[test]
    fn a_session_is_one_event() {
        let text = calendar(vec![circle()]).to_text();
        let lines = unfolded(&text);
        assert_eq!(
            lines,
            [
                "BEGIN:VCALENDAR",
                "VERSION:2.0",
                "PRODID:-//Microgrants//Gatherings//EN",
                "CALSCALE:GREGORIAN",
                "NAME:Neighbours",
                "X-WR-CALNAME:Neighbours",
                "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
                "X-PUBLISHED-TTL:PT6H",
                "BEGIN:VEVENT",
                "UID:00000000-0000-0000-0000-000000000007-2@grants.example.org",
                "DTSTAMP:20261128T093015Z",
                "LAST-MODIFIED:20261128T093015Z",
                "SEQUENCE:0",
                "DTSTART:20261203T180000Z",
                "DTEND:20261203T200000Z",
                "SUMMARY:Sharing a hall\\; who has the key\\, who pays?",
                "DESCRIPTION:Soup.\\nBring a C:\\\\ drive",
                "LOCATION:Mill Lane\\, Oldham",
                "URL:https://grants.example.org:8443/gatherings/\
                    00000000-0000-0000-0000-000000000007",
                "STATUS:CONFIRMED",
                "END:VEVENT",
                "END:VCALENDAR",
            ]
        );
    }

    #[test]
    fn a_cancelled_session_keeps_its_uid_and_has_a_higher_sequence() {
        let uid = |text: &str| {
            let lines = unfolded(text);
            let uid = lines.iter().find(|line| line.starts_with("UID:"));
            uid.cloned().expect("a UID")
        };
        let planned = calendar(vec![circle()]).to_text();
        let cancelled = calendar(vec![CalendarSession {
            is_cancelled: true,
            changes: 3,
            place: None,
            ..circle()
        }])
        .to_text();
        assert_eq!(uid(&planned), uid(&cancelled));
        assert!(cancelled.contains("\r\nSEQUENCE:3\r\n"), "{cancelled}");
        assert!(
            cancelled.contains("\r\nSTATUS:CANCELLED\r\n"),
            "{cancelled}"
        );
        assert!(!cancelled.contains("LOCATION"), "{cancelled}");
    }

    #[test]
    fn lines_are_folded_between_characters() {
        let title = "Zażółć gęślą jaźń, ściśle 🎉 mówiąc ".repeat(9);
        let text = calendar(vec![CalendarSession {
            title: title.trim_end().to_owned(),
            ..circle()
        }])
        .to_text();
        assert!(text.ends_with("END:VCALENDAR\r\n"));
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
        let lines: Vec<&str> = text.split_terminator("\r\n").collect();
        assert!(lines.iter().all(|line| line.len() <= LINE_OCTETS_MAX));
        assert!(lines.iter().any(|line| line.len() > LINE_OCTETS_MAX - 4));
        let summary = format!("SUMMARY:{}", escape(title.trim_end()));
        assert!(unfolded(&text).contains(&summary), "{text}");
    }

    /// On 29 March 2026 half past one is left out, and two o'clock is the instant after one.
    #[test]
    fn a_session_ends_after_it_starts_where_the_clocks_go_forward() {
        let at = |time: &str| {
            let time: ClockTime = time.parse().expect("a time");
            time.on(date(2026, 3, 29)).expect("an instant")
        };
        assert!(at("02:00") < at("01:30"));
        let end = end_after(at("01:30"), at("02:00"));
        assert_eq!(end, Some(instant("2026-03-29T01:31:00Z")));
        assert_eq!(end_after(at("13:30"), at("15:00")), Some(at("15:00")));
    }

    #[test]
    fn control_characters_cannot_begin_a_line() {
        assert_eq!(
            escape("a\r\nEND:VEVENT\rb\u{7}\u{85}c\td"),
            "a\\nEND:VEVENT\\nbc\td"
        );
    }

    #[test]
    fn the_host_of_an_address_has_no_port() {
        for (address, host) in [
            ("https://grants.example.org", "grants.example.org"),
            ("http://127.0.0.1:8401", "127.0.0.1"),
            ("http://[::1]:8401/grants", "::1"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(host_of(address), host, "{address}");
        }
    }
}
