//! `tests/bank/validate.py` compares the statement of the first test with what an independent
//! reader finds in it.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

/// A statement in pounds with these lines.
fn statement_of(lines: &str) -> String {
    format!(
        ":20:S\r\n:25:1\r\n:28C:1\r\n:60F:C261231GBP1,00\r\n{lines}\r\n:62F:C261231GBP1,00\r\n-}}"
    )
}

fn only_entry(lines: &str) -> StatementEntry {
    let mut entries = read(&statement_of(lines)).expect(lines).entries;
    assert_eq!(entries.len(), 1, "{lines}");
    entries.remove(0)
}

#[test]
fn a_statement_is_read() {
    let text = include_str!("../../../../tests/bank/statement.mt940");
    assert!(is_it(text));
    let entry = |on, pence, direction, description: &str| StatementEntry {
        on,
        pence,
        direction: Some(direction),
        description: description.to_owned(),
    };
    assert_eq!(
        read(text),
        Ok(Statement {
            entries: vec![
                entry(
                    date(2026, 12, 31),
                    180_000,
                    Direction::Out,
                    "GR013782P1 B27010200001 SOUP AND SONG CIC FPO GR 013782 P1 SOUP AND SONG CIC \
                        OF THE LONG NAME, AND REST OF THE LINE 26NOV"
                ),
                entry(
                    date(2027, 1, 2),
                    85_050,
                    Direction::Out,
                    "B27010200002 /EREF/GR000018P1/REMI/FOR FOOD"
                ),
                entry(
                    date(2027, 1, 2),
                    30_000,
                    Direction::In,
                    "166 RETURN SVWZ+GR0000 20P1 ACCOUNT CLOSED"
                ),
                entry(date(2027, 1, 2), 1234, Direction::Out, "GR000021P1"),
                entry(date(2027, 1, 2), 2550, Direction::In, "REFUND"),
            ],
            skipped: Vec::new(),
        })
    );
}

#[test]
fn a_movement_is_on_the_day_that_it_was_booked() {
    for (days, on) in [
        ("261231", date(2026, 12, 31)),
        ("2612311231", date(2026, 12, 31)),
        ("2701020102", date(2027, 1, 2)),
        ("2701021231", date(2026, 12, 31)),
        ("2612310102", date(2027, 1, 2)),
        ("2802290229", date(2028, 2, 29)),
        ("270301    ", date(2027, 3, 1)),
    ] {
        assert_eq!(only_entry(&format!(":61:{days}D1,NTRFX")).on, on, "{days}");
    }
}

#[test]
fn a_mark_says_where_the_money_went() {
    for (mark, direction) in [
        ("D", Direction::Out),
        ("C", Direction::In),
        ("RC", Direction::Out),
        ("RD", Direction::In),
        ("DP", Direction::Out),
        ("CR", Direction::In),
        ("RCP", Direction::Out),
    ] {
        let entry = only_entry(&format!(":61:261231{mark}1800,00NTRFGR000018P1"));
        assert_eq!(entry.direction, Some(direction), "{mark}");
        assert_eq!(entry.pence, 180_000, "{mark}");
    }
    for mark in ["EC", "ED"] {
        let text = statement_of(&format!(
            ":61:261231{mark}1,NTRFX\r\n:86:EXPECTED\r\n:61:261231D2,NTRFY\r\n:86:PAID"
        ));
        let statement = read(&text).unwrap();
        let expected = SkippedLine {
            line: 5,
            why: SkippedReason::Pending,
        };
        assert_eq!(statement.skipped, [expected], "{mark}");
        assert_eq!(statement.entries.len(), 1, "{mark}");
        assert_eq!(statement.entries[0].description, "Y PAID", "{mark}");
    }
}

#[test]
fn what_cannot_be_read_names_its_line() {
    for (line, says) in [
        (":61:261331D1,NTRFX", "we cannot read the date"),
        (":61:26123", "we cannot read the date"),
        (":61:2612311331D1,NTRFX", "we cannot read the date"),
        (
            ":61:261231X1,NTRFX",
            "we cannot tell if the money came in or went out",
        ),
        (
            ":61:2612311,NTRFX",
            "we cannot tell if the money came in or went out",
        ),
        (":61:261231D1800.00NTRFX", "we cannot read the amount"),
        (":61:261231D1,800,00NTRFX", "we cannot read the amount"),
        (":61:261231D1,800NTRFX", "we cannot read the amount"),
        (":61:261231D-1,00NTRFX", "we cannot read the amount"),
        (":61:261231DNTRFX", "we cannot read the amount"),
    ] {
        assert_eq!(
            read(&statement_of(line)),
            Err(StatementError::UnreadableLine(5, says)),
            "{line}"
        );
    }
    let euros = statement_of(":61:261231D1,NTRFX").replace("GBP", "EUR");
    let says = "the amount is not in pounds";
    assert_eq!(read(&euros), Err(StatementError::UnreadableLine(5, says)));
    let nothing = statement_of(":61:261231D1,NTRFX").replace(":60F:", ":99:");
    let says = "we cannot tell the currency";
    assert_eq!(read(&nothing), Err(StatementError::UnreadableLine(5, says)));
}

#[test]
fn words_belong_to_the_movement_before_them() {
    let text = statement_of(
        ":61:261231D1,NTRFA\r\nMORE OF A\r\n:86:WORDS\r\nGO ON\r\n:61:261231C2,NTRFB\r\n\
            :62M:C261231GBP1,00\r\n:86:OF ALL",
    );
    let words: Vec<String> = read(&text)
        .unwrap()
        .entries
        .into_iter()
        .map(|entry| entry.description)
        .collect();
    assert_eq!(words, ["A MORE OF A WORDS GO ON", "B"]);
    let message = "{1:F01BANKGB2LXXXX0000000000}{4:\n:20:S\n:60F:C261231GBP1,00\n:61:261231D1,\n\
        -}{5:}\nWORDS OF NO MESSAGE\n";
    assert!(is_it(message));
    assert_eq!(read(message).unwrap().entries[0].description, "");
}

#[test]
fn files_in_other_formats_are_not_recognised() {
    for text in [
        "",
        "Date,Amount,Reference\n2026-03-31,1.00,:61:\n",
        "<OFX>\n:61:261231D1,NTRFX",
        ":20:S\n:25:1\n",
        "{\"a\": 1}",
    ] {
        assert!(!is_it(text), "{text}");
    }
}

#[test]
fn a_text_that_is_cut_is_never_a_panic() {
    let text = include_str!("../../../../tests/bank/statement.mt940").replace("SOUP", "Łódź");
    for (end, _) in text.char_indices() {
        let _ = read(&text[..end]);
        let _ = read(&text[end..]);
    }
}

prop_compose! {
    fn any_entry()(
        (year, month, day) in (2000_i16..2100, 1_i8..=12, 1_i8..=28),
        pence in 0_u64..100_000_000_000,
        is_out in any::<bool>(),
        description in "[A-Z][A-Z0-9]{0,15}",
    ) -> StatementEntry {
        StatementEntry {
            on: date(year, month, day),
            pence,
            direction: Some(if is_out { Direction::Out } else { Direction::In }),
            description,
        }
    }
}

/// A movement as a bank writes it. Its reference is in the line itself, or in the words after it.
fn written(entry: &StatementEntry, lag: i64, has_words: bool) -> String {
    let value_day = entry.on.saturating_add(jiff::Span::new().days(lag));
    let mark = match entry.direction {
        Some(Direction::Out) => "D",
        _ => "RD",
    };
    let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
    let line = format!(
        ":61:{}{}{mark}{pounds},{pence:02}NTRF",
        value_day.strftime("%y%m%d"),
        entry.on.strftime("%m%d"),
    );
    if has_words {
        format!("{line}NONREF\r\n:86:{}\r\n", entry.description)
    } else {
        format!("{line}{}\r\n", entry.description)
    }
}

proptest! {
    #[test]
    fn what_was_written_is_read_exactly(
        entries in prop::collection::vec((any_entry(), -40_i64..40, any::<bool>()), 1..20),
    ) {
        let inside = |day: Date| (2000..2100).contains(&day.year());
        let entries: Vec<_> = entries
            .into_iter()
            .filter(|(entry, lag, _)| {
                inside(entry.on.saturating_add(jiff::Span::new().days(*lag)))
            })
            .collect();
        let lines: String = entries
            .iter()
            .map(|(entry, lag, has_words)| written(entry, *lag, *has_words))
            .collect();
        let read = read(&statement_of(&lines)).map(|statement| statement.entries);
        let entries: Vec<_> = entries.into_iter().map(|(entry, ..)| entry).collect();
        prop_assert_eq!(read, Ok(entries));
    }

    #[test]
    fn no_text_is_a_panic(line in ".{0,60}", mark in "[0-9DCR,N/?:é]{0,40}") {
        let _ = read(&line);
        let _ = read(&statement_of(&format!(":61:{line}\r\n:86:{line}")));
        let _ = read(&statement_of(&format!(":61:{mark}\r\n:86:{mark}")));
    }
}
