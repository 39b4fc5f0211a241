//! `tests/bank/validate.py` checks the two statements of the first tests against the official
//! schemas, and compares them with what an independent reader finds.

use jiff::civil::date;
use proptest::prelude::*;

use super::*;

fn entry(on: Date, pence: u64, direction: Direction, description: &str) -> StatementEntry {
    StatementEntry {
        on,
        pence,
        direction: Some(direction),
        description: description.to_owned(),
    }
}

/// A statement of version 8 with this content of its only entry.
fn statement_of(content: &str) -> String {
    format!(
        "<Document xmlns=\"{NAMESPACE}08\">\n<BkToCstmrStmt><Stmt>\n<Ntry>{content}</Ntry>\n\
            </Stmt></BkToCstmrStmt></Document>"
    )
}

/// An entry of £850 out on 31 March 2026, with other content after it.
fn payment(more: &str) -> String {
    statement_of(&format!(
        "<Amt Ccy=\"GBP\">850.00</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
            <BookgDt><Dt>2026-03-31</Dt></BookgDt>{more}"
    ))
}

fn only_entry(text: &str) -> StatementEntry {
    let mut entries = read(text).expect(text).entries;
    assert_eq!(entries.len(), 1, "{text}");
    entries.remove(0)
}

#[test]
fn a_statement_of_version_8_is_read() {
    let text = include_str!("../../../../tests/bank/camt.053.001.08.xml");
    let statement = read(text).unwrap();
    assert!(is_it(text));
    assert_eq!(
        statement.entries,
        [
            entry(
                date(2026, 9, 1),
                180_000,
                Direction::Out,
                "GR013782P1 SOUP & SONG CIC"
            ),
            entry(date(2026, 9, 2), 85_050, Direction::Out, "GR000018P1"),
            entry(date(2026, 9, 2), 120_000, Direction::Out, "GR000019P2"),
            entry(
                date(2026, 9, 2),
                30_000,
                Direction::In,
                "RETURNED GR000020P1 ACCOUNT CLOSED"
            ),
        ]
    );
    let pending = SkippedLine {
        line: 82,
        why: SkippedReason::Pending,
    };
    assert_eq!(statement.skipped, [pending]);
}

#[test]
fn a_statement_of_version_2_is_read() {
    let statement = read(include_str!("../../../../tests/bank/camt.053.001.02.xml")).unwrap();
    let on = date(2026, 3, 31);
    assert_eq!(
        statement.entries,
        [
            entry(on, 85_050, Direction::Out, "GR000018P1 SOUP AND SONG"),
            entry(on, 50_000, Direction::Out, "GR000019P1"),
            entry(on, 60_000, Direction::Out, "GR000020P1"),
            entry(on, 2550, Direction::In, "REFUND GR-000-021"),
        ]
    );
    let information = SkippedLine {
        line: 58,
        why: SkippedReason::NotBooked,
    };
    assert_eq!(statement.skipped, [information]);
}

#[test]
fn each_version_and_prefix_is_read() {
    for version in ["02", "03", "04", "05", "06", "07", "08"] {
        let text = payment("").replace("001.08", &format!("001.{version}"));
        assert!(is_it(&text), "{version}");
        assert_eq!(only_entry(&text).pence, 85_000, "{version}");
    }
    let prefixed = payment("<AddtlNtryInf>GR000018P1</AddtlNtryInf>")
        .replace("xmlns=", "xmlns:n=")
        .replace("</", "</n:")
        .replace('<', "<n:")
        .replace("<n:/n:", "</n:");
    assert_eq!(only_entry(&prefixed).description, "GR000018P1");
    for other in ["camt.052.001.08", "camt.054.001.08", "pain.001.001.09"] {
        let text = payment("").replace("camt.053.001.08", other);
        assert!(!is_it(&text), "{other}");
        assert_eq!(read(&text), Err(StatementError::UnknownFormat), "{other}");
    }
    assert!(!is_it(
        "Date,Amount\n2026-03-31,urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"
    ));
}

#[test]
fn a_day_is_that_of_london() {
    for (written, day) in [
        ("2026-09-01", Some(date(2026, 9, 1))),
        ("2026-09-01Z", Some(date(2026, 9, 1))),
        ("2026-09-01+01:00", Some(date(2026, 9, 1))),
        ("2026-09-01T23:00:00Z", Some(date(2026, 9, 2))),
        ("2026-09-01T22:59:59Z", Some(date(2026, 9, 1))),
        ("2026-09-02T00:30:00+02:00", Some(date(2026, 9, 1))),
        ("2026-12-01T23:59:59.999Z", Some(date(2026, 12, 1))),
        ("2026-12-01T23:30:00-01:00", Some(date(2026, 12, 2))),
        ("2026-09-01T23:30:00", Some(date(2026, 9, 1))),
        ("2026-02-29", None),
        ("01/09/2026", None),
        ("2026-09-01 later", None),
        ("0026-09-01", None),
        ("2026-09", None),
        ("", None),
    ] {
        assert_eq!(parse_day(written), day, "{written}");
    }
}

#[test]
fn the_direction_is_that_of_the_entry() {
    let with = |indicator: &str, reversal: &str| {
        let text = payment("").replace(
            "<CdtDbtInd>DBIT</CdtDbtInd>",
            &format!("{indicator}{reversal}"),
        );
        only_entry(&text).direction
    };
    let (debit, credit) = ("<CdtDbtInd>DBIT</CdtDbtInd>", "<CdtDbtInd>CRDT</CdtDbtInd>");
    let reversal = "<RvslInd>true</RvslInd>";
    assert_eq!(with(debit, ""), Some(Direction::Out));
    assert_eq!(with(credit, ""), Some(Direction::In));
    assert_eq!(with(credit, reversal), Some(Direction::In), "it came back");
    assert_eq!(with(debit, reversal), Some(Direction::Out));
    assert_eq!(with("", ""), None);
    assert_eq!(with("<CdtDbtInd>D</CdtDbtInd>", ""), None);

    let details = format!("<NtryDtls><TxDtls>{credit}</TxDtls></NtryDtls>");
    assert_eq!(
        only_entry(&payment(&details)).direction,
        None,
        "they disagree"
    );
}

#[test]
fn a_batch_that_does_not_add_up_is_one_entry() {
    let part = |reference: &str, amount: &str| {
        format!("<TxDtls><Refs><EndToEndId>{reference}</EndToEndId></Refs>{amount}</TxDtls>")
    };
    let batch = |first: &str, second: &str| {
        let parts = [part("GR000018P1", first), part("GR000019P1", second)].concat();
        read(&payment(&format!("<NtryDtls>{parts}</NtryDtls>")))
            .unwrap()
            .entries
    };
    let pounds = |amount: &str| format!("<Amt Ccy=\"GBP\">{amount}</Amt>");
    let came_back = |amount: &str| format!("{}<CdtDbtInd>CRDT</CdtDbtInd>", pounds(amount));
    let euros = "<Amt Ccy=\"EUR\">350.00</Amt>";

    assert_eq!(batch(&pounds("500.00"), &pounds("350.00")).len(), 2);
    let mixed = batch(&pounds("900.00"), &came_back("50.00"));
    assert_eq!(
        mixed
            .iter()
            .map(|entry| (entry.pence, entry.direction))
            .collect::<Vec<_>>(),
        [(90_000, Some(Direction::Out)), (5000, Some(Direction::In))]
    );
    let (less, comma) = (pounds("349.99"), pounds("350,00"));
    for second in [less.as_str(), comma.as_str(), euros, ""] {
        let whole = batch(&pounds("500.00"), second);
        assert_eq!(
            whole,
            [entry(
                date(2026, 3, 31),
                85_000,
                Direction::Out,
                "GR000018P1 GR000019P1"
            )],
            "{second}"
        );
    }
}

#[test]
fn entries_that_are_not_booked_are_skipped_and_named() {
    for (status, why) in [
        ("<Sts>PDNG</Sts>", SkippedReason::Pending),
        ("<Sts><Cd>FUTR</Cd></Sts>", SkippedReason::Pending),
        ("<Sts><Cd>INFO</Cd></Sts>", SkippedReason::NotBooked),
        ("<Sts><Prtry>OURS</Prtry></Sts>", SkippedReason::NotBooked),
        ("<Sts/>", SkippedReason::NotBooked),
        ("", SkippedReason::NotBooked),
    ] {
        let text = payment("").replace("<Sts><Cd>BOOK</Cd></Sts>", status);
        let statement = read(&text).unwrap();
        assert!(statement.entries.is_empty(), "{status}");
        assert_eq!(
            statement.skipped,
            [SkippedLine { line: 3, why }],
            "{status}"
        );
    }
}

#[test]
fn what_cannot_be_read_names_its_line() {
    let amount = "<Amt Ccy=\"GBP\">850.00</Amt>";
    let day = "<BookgDt><Dt>2026-03-31</Dt></BookgDt>";
    for (from, to, says) in [
        (
            amount,
            "<Amt Ccy=\"EUR\">850.00</Amt>",
            "the amount is not in pounds",
        ),
        (amount, "<Amt>850.00</Amt>", "the amount is not in pounds"),
        (
            amount,
            "<Amt Ccy=\"GBP\">850,00</Amt>",
            "we cannot read the amount",
        ),
        (
            amount,
            "<Amt Ccy=\"GBP\">-850.00</Amt>",
            "we cannot read the amount",
        ),
        (
            amount,
            "<Amt Ccy=\"GBP\">850.001</Amt>",
            "we cannot read the amount",
        ),
        (amount, "", "we cannot read the amount"),
        (day, "", "we cannot read the date"),
        (
            day,
            "<BookgDt><Dt>31/03/2026</Dt></BookgDt>",
            "we cannot read the date",
        ),
    ] {
        let text = payment("").replace(from, to);
        assert_eq!(
            read(&text),
            Err(StatementError::UnreadableLine(3, says)),
            "{to}"
        );
    }
}

#[test]
fn a_text_that_is_cut_is_an_error_and_never_a_panic() {
    let text = include_str!("../../../../tests/bank/camt.053.001.08.xml");
    for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
        let cut = read(&text[..end]);
        // Without its start it is empty, and only white space may be left out at the end.
        let is_read = cut.is_ok_and(|statement| !statement.entries.is_empty());
        assert_eq!(is_read, end + 1 >= text.len(), "{end}");
    }
}

prop_compose! {
    fn any_entry()(
        (year, month, day) in (2000_i16..2100, 1_i8..=12, 1_i8..=28),
        pence in 0_u64..100_000_000_000,
        is_out in any::<bool>(),
        description in "[A-Z0-9&<>'\"é]{1,30}( [A-Z0-9&<>é]{1,10})?",
    ) -> StatementEntry {
        let direction = if is_out { Direction::Out } else { Direction::In };
        entry(date(year, month, day), pence, direction, &description)
    }
}

/// An entry as a bank writes it, with or without the details of its transaction.
fn written(entry: &StatementEntry, has_details: bool) -> String {
    let text = quick_xml::escape::escape(entry.description.as_str());
    let words = if has_details {
        format!("<NtryDtls><TxDtls><RmtInf><Ustrd>{text}</Ustrd></RmtInf></TxDtls></NtryDtls>")
    } else {
        format!("<AddtlNtryInf>{text}</AddtlNtryInf>")
    };
    let direction = match entry.direction {
        Some(Direction::Out) => "DBIT",
        _ => "CRDT",
    };
    let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
    format!(
        "<Ntry><Amt Ccy=\"GBP\">{pounds}.{pence:02}</Amt><CdtDbtInd>{direction}</CdtDbtInd>\
            <Sts>BOOK</Sts><BookgDt><Dt>{}</Dt></BookgDt>{words}</Ntry>",
        entry.on
    )
}

proptest! {
    #[test]
    fn what_was_written_is_read_exactly(
        entries in prop::collection::vec(any_entry(), 1..20),
        has_details in any::<bool>(),
    ) {
        let written: String = entries.iter().map(|one| written(one, has_details)).collect();
        let text = format!("<Document xmlns=\"{NAMESPACE}02\">{written}</Document>");
        let read = read(&text).map(|statement| statement.entries);
        prop_assert_eq!(read, Ok(entries));
    }

    #[test]
    fn no_text_is_a_panic(text in "[<>/a-zN\"= &;!\\[\\]?-]{0,60}", inner in ".{0,60}") {
        let _ = read(&text);
        let _ = read(&payment(&text));
        let _ = read(&payment(&inner));
        let _ = parse_day(&inner);
    }
}
