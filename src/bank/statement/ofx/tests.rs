use jiff::civil::date;
use proptest::prelude::*;

use super::super::{Direction, LINES_MAX};
use super::movements::{FIELDS_MAX, single_spaced};
use super::*;

fn header(rest: &str) -> String {
    format!(
        "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1>\
            <STMTTRNRS><STMTRS><CURDEF>GBP<BANKTRANLIST>\n{rest}\n</BANKTRANLIST></STMTRS>\
            </STMTTRNRS></BANKMSGSRSV1></OFX>\n"
    )
}

/// A movement of OFX 1 with these fields instead of the usual ones.
fn movement(fields: &str) -> String {
    format!("<STMTTRN>\n<DTPOSTED>20261126\n{fields}\n<FITID>1\n</STMTTRN>")
}

fn entries(text: &str) -> Vec<StatementEntry> {
    assert!(is_it(text), "{text}");
    read(text).expect(text).entries
}

fn only(fields: &str) -> StatementEntry {
    let mut entries = entries(&header(&movement(fields)));
    assert_eq!(entries.len(), 1, "{fields}");
    entries.remove(0)
}

fn out_of_1800(description: &str) -> StatementEntry {
    StatementEntry {
        on: date(2026, 11, 26),
        pence: 180_000,
        direction: Some(Direction::Out),
        description: description.to_owned(),
    }
}

#[test]
fn both_versions_of_the_format_say_the_same() {
    let sgml = header(&movement(
        "<TRNTYPE>DEBIT\n<TRNAMT>-1800.00\n<NAME>SOUP &amp; SONG\n<MEMO>GR013782P1",
    ));
    let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<?OFX OFXHEADER=\"200\" \
        VERSION=\"211\" SECURITY=\"NONE\"?>\r\n<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS>\
        <CURDEF>GBP</CURDEF><BANKTRANLIST><!-- <STMTTRN> --><STMTTRN><TRNTYPE>DEBIT</TRNTYPE>\
        <DTPOSTED>20261126</DTPOSTED><TRNAMT>-1800.00</TRNAMT><FITID>1</FITID><PAYEE>\
        <NAME>SOUP &#38; SONG</NAME><ADDR1>1 High Street</ADDR1></PAYEE>\
        <MEMO>GR013782P1</MEMO></STMTTRN></BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS>\
        </CREDITCARDMSGSRSV1></OFX>";
    let small = sgml.to_lowercase();
    let same = vec![out_of_1800("SOUP & SONG GR013782P1")];
    assert_eq!(entries(&sgml), same);
    assert_eq!(entries(xml), same);
    assert_eq!(entries(&small)[0].description, "soup & song gr013782p1");
    assert_eq!(entries(&small)[0].direction, Some(Direction::Out));
}

#[test]
fn a_description_is_whole_however_it_is_written() {
    for (fields, description) in [
        (
            "<NAME>FASTER PAYMENT</NAME><MEMO><![CDATA[GR013782P1]]></MEMO>",
            "FASTER PAYMENT GR013782P1",
        ),
        (
            "<NAME><![CDATA[A & B <C> &amp;]]></NAME>",
            "A & B <C> &amp;",
        ),
        (
            "<NAME>FASTER PAYMENT\n<MEMO>FPO 26 NOV<BR/>GR013782P1",
            "FASTER PAYMENT FPO 26 NOV GR013782P1",
        ),
        ("<MEMO>FPO<br>GR013782P1<BR />X</MEMO>", "FPO GR013782P1 X"),
        ("<NAME>SOUP & SONG GR013782P1", "SOUP & SONG GR013782P1"),
        ("<NAME>R&D; A&B &#163;5 &#xA3;5 &x", "R&D; A&B £5 £5 &x"),
        ("<NAME>A &lt;B&gt; &apos;C&apos; &nbsp;D", "A <B> 'C' D"),
        ("<NAME>3 < 5 <\n<MEMO>GR013782P1", "3 < 5 < GR013782P1"),
        (
            "<MEMO>FPO\r\n   GR013782P1\r\n26NOV",
            "FPO GR013782P1 26NOV",
        ),
        ("<MEMO>FPO\n<MEMO>GR013782P1\n<MEMO>FPO", "FPO GR013782P1"),
        (
            "<NAME>SOUP\n<EXTDNAME>SOUP AND SONG GR013782P1",
            "SOUP SOUP AND SONG GR013782P1",
        ),
        (
            "<PAYEE>SOUP\n<REFNUM>GR013782P1\n<CHECKNUM>12",
            "12 GR013782P1 SOUP",
        ),
        ("<MEMO/><NAME></NAME><MEMO>\tGR013782P1\u{a0}", "GR013782P1"),
        (
            "<MEMO>CAF\u{c9} \u{142}\u{f3}d\u{17a}",
            "CAF\u{c9} \u{142}\u{f3}d\u{17a}",
        ),
    ] {
        let read = only(&format!("<TRNTYPE>DEBIT\n<TRNAMT>-1800.00\n{fields}"));
        assert_eq!(read, out_of_1800(description), "{fields}");
    }
}

#[test]
fn the_type_decides_only_where_there_is_no_sign() {
    let (out, into) = (Some(Direction::Out), Some(Direction::In));
    for (kind, amount, direction) in [
        ("DEBIT", "1800.00", out),
        ("DEBIT", "-1800.00", out),
        ("DEBIT", "1800.00-", out),
        ("DEBIT", "+1800.00", None),
        ("CREDIT", "1800.00", into),
        ("CREDIT", "+1800.00", into),
        ("CREDIT", "-1800.00", None),
        ("credit", "1800.00", into),
        ("DIRECTDEP", "1800.00", into),
        ("DIRECTDEBIT", "-1800.00", out),
        ("DIRECTDEBIT", "1800.00", None),
        ("FEE", "+1800.00", into),
        ("XFER", "-1800.00", out),
        ("XFER", "+1800.00", into),
        // Nothing in the file says how it writes money out.
        ("XFER", "1800.00", None),
        ("PAYMENT", "-1800.00", out),
        ("OTHER", "1800.00", None),
    ] {
        let read = only(&format!("<TRNTYPE>{kind}\n<TRNAMT>{amount}"));
        assert_eq!(
            (read.direction, read.pence),
            (direction, 180_000),
            "{kind} {amount}"
        );
    }
    assert_eq!(only("<TRNAMT>-5.00").direction, out);
    let corrected = "<TRNTYPE>DEBIT\n<TRNAMT>-5.00\n<CORRECTACTION>DELETE\n<CORRECTFITID>0";
    assert_eq!(only(corrected).direction, None);
}

#[test]
fn an_amount_without_sign_is_money_in_where_money_out_has_a_minus() {
    let directions = |lines: &[(&str, &str)]| -> Vec<Option<Direction>> {
        let movements: String = lines
            .iter()
            .map(|(kind, amount)| movement(&format!("<TRNTYPE>{kind}\n<TRNAMT>{amount}")))
            .collect();
        let entries = entries(&header(&movements));
        entries.iter().map(|entry| entry.direction).collect()
    };
    let (out, into) = (Some(Direction::Out), Some(Direction::In));
    assert_eq!(
        directions(&[("XFER", "5.00"), ("PAYMENT", "-5.00")]),
        [into, out]
    );
    // This bank writes no minus.
    assert_eq!(
        directions(&[("XFER", "5.00"), ("DEBIT", "5.00"), ("CREDIT", "5.00")]),
        [None, out, into]
    );
    // A debit without a minus contradicts the one that has it.
    assert_eq!(
        directions(&[("DEBIT", "5.00"), ("DEBIT", "-5.00"), ("OTHER", "5.00")]),
        [None, out, None]
    );
}

#[test]
fn amounts_are_exact_or_not_read() {
    for (written, pence) in [
        ("-1800,00", 180_000),
        ("-1,800.00", 180_000),
        ("-1.800,00", 180_000),
        ("1 800,00", 180_000),
        ("1'800.00", 180_000),
        ("1800", 180_000),
        ("1800.5", 180_050),
        ("1800,5", 180_050),
        ("1800.000000", 180_000),
        ("1800,000", 180_000),
        ("0,500", 50),
        (".5", 50),
        ("-,05", 5),
        ("1,234,567", 123_456_700),
        ("1.234.567,8", 123_456_780),
        ("+25.", 2500),
        ("\u{2212}0.01", 1),
        ("0", 0),
    ] {
        let read = read_amount(written).map(|(_, pence)| pence);
        assert_eq!(read, Some(pence), "{written}");
    }
    for written in [
        "",
        "-",
        ".",
        ",",
        "1,800",
        "-12,345",
        "1800.005",
        "0.001",
        "1,80,00",
        "1,8.00",
        "12,34.00",
        "1800,000,00",
        "1.800.00",
        "--5",
        "5+",
        "(5.00)",
        "1e3",
        "5 GBP",
        "99999999999999999999",
        "1,,800.00",
        "£5",
        "٥",
    ] {
        assert_eq!(read_amount(written), None, "{written}");
    }
}

#[test]
fn an_instant_is_the_day_in_london() {
    for (written, day) in [
        ("20260901", date(2026, 9, 1)),
        ("20260901230000[0:GMT]", date(2026, 9, 2)),
        ("20260901230000.000[0:GMT]", date(2026, 9, 2)),
        ("20260901225959[0:GMT]", date(2026, 9, 1)),
        ("20261201230000[0:GMT]", date(2026, 12, 1)),
        ("20260901200000[-5:EST]", date(2026, 9, 2)),
        ("20260901200000.000[-5]", date(2026, 9, 2)),
        ("20260901200000[-5.0:EST]", date(2026, 9, 2)),
        ("20260902013000[+5.30:IST]", date(2026, 9, 1)),
        ("20260902040000[5.5]", date(2026, 9, 1)),
        ("20260902043000[+5.50:IST]", date(2026, 9, 2)),
        ("20260901235959", date(2026, 9, 1)),
        ("202609012359", date(2026, 9, 1)),
        ("20260901235960", date(2026, 9, 1)),
        ("20260901000000[+10:AEST]", date(2026, 9, 1)),
        ("20260901000000.000[+0:UTC]", date(2026, 9, 1)),
        ("20260901120000[GMT]", date(2026, 9, 1)),
        ("20260901 [0:GMT]", date(2026, 9, 1)),
        // The clocks go back at 01:00 GMT on 25 October.
        ("20261024233000[0:GMT]", date(2026, 10, 25)),
        ("20261025233000[0:GMT]", date(2026, 10, 25)),
    ] {
        assert_eq!(read_day(written), Some(day), "{written}");
    }
    for written in [
        "",
        "2026",
        "2026090",
        "20261301",
        "20260230",
        "2026-09-01",
        "19260901",
        "01092026",
        "20260901250000",
        "2026090123",
        "20260901230000[",
        "20260901230000[0:GMT",
        "20260901230000[x]",
        "20260901230000[+15]",
        "20260901230000[+5.17]",
        "2026090é",
    ] {
        assert_eq!(read_day(written), None, "{written}");
    }
}

#[test]
fn accounts_are_read_together_and_pending_movements_skipped() {
    let text = "<OFX><STMTRS><CURDEF>GBP<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT\
        <DTPOSTED>20261126<TRNAMT>-1.00<NAME>A</STMTTRN></BANKTRANLIST><BANKTRANLISTP>\
        <STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20261126<TRNAMT>-2.00<NAME>B</STMTTRNP>\
        </BANKTRANLISTP><LEDGERBAL><BALAMT>5.00<DTASOF>20261126</LEDGERBAL></STMTRS>\
        <CCSTMTRS><CURDEF>GBP</CURDEF><BANKTRANLIST><STMTTRN><TRNTYPE>HOLD<DTPOSTED>20261126\
        <TRNAMT>-3.00<NAME>C</STMTTRN><STMTTRN><TRNTYPE>PAYMENT<DTPOSTED>20261127\
        <TRNAMT>4.00<MEMO>D</STMTTRN></BANKTRANLIST></CCSTMTRS></OFX>";
    let read = read(text).expect("a statement");
    let seen: Vec<_> = read
        .entries
        .iter()
        .map(|entry| {
            (
                entry.on,
                entry.pence,
                entry.direction,
                entry.description.as_str(),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            (date(2026, 11, 26), 100, Some(Direction::Out), "A"),
            (date(2026, 11, 27), 400, Some(Direction::In), "D"),
        ]
    );
    let skipped = |line| SkippedLine {
        line,
        why: SkippedReason::Pending,
    };
    assert_eq!(read.skipped, [skipped(2), skipped(3)]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let good = movement("<TRNTYPE>DEBIT\n<TRNAMT>-1.00");
    for (wrong, says) in [
        ("<STMTTRN><TRNAMT>1.00</STMTTRN>", "we cannot read the date"),
        (
            "<STMTTRN><DTPOSTED>2026<TRNAMT>1</STMTTRN>",
            "we cannot read the date",
        ),
        (
            "<STMTTRN><DTPOSTED>20261126</STMTTRN>",
            "we cannot read the amount",
        ),
        (
            "<STMTTRN><DTPOSTED>20261126<TRNAMT>-1,800</STMTTRN>",
            "we cannot read the amount",
        ),
        (
            "<STMTTRN><DTPOSTED>20261126<TRNAMT>-1.00<CURRENCY><CURRATE>1.2<CURSYM>EUR\
                </CURRENCY></STMTTRN>",
            "this amount is not in pounds",
        ),
    ] {
        let text = header(&format!("{good}{wrong}"));
        assert_eq!(
            read(&text),
            Err(StatementError::UnreadableLine(2, says)),
            "{wrong}"
        );
    }
    let euros = header(&good).replace("GBP", "EUR");
    let says = "this amount is not in pounds";
    assert_eq!(read(&euros), Err(StatementError::UnreadableLine(1, says)));
    let converted =
        only("<TRNTYPE>DEBIT\n<TRNAMT>-1.00\n<ORIGCURRENCY><CURRATE>1.2<CURSYM>EUR</ORIGCURRENCY>");
    assert_eq!(converted.pence, 100);
    for other in [
        "",
        "Date,Amount,Reference\n",
        "<Document></Document>",
        "<OF",
    ] {
        assert!(!is_it(other), "{other}");
    }
}

/// Spellings of an amount that the reader must accept.
fn spelling(pence: u64, way: usize) -> String {
    let (pounds, pence) = (pence / 100, pence % 100);
    let grouped = |separator: &str| {
        let digits = pounds.to_string();
        let groups: Vec<&str> = digits
            .as_bytes()
            .rchunks(3)
            .rev()
            .map(|group| std::str::from_utf8(group).expect("digits"))
            .collect();
        groups.join(separator)
    };
    match way {
        0 => format!("{pounds}.{pence:02}"),
        1 => format!("{pounds},{pence:02}"),
        2 => format!("{}.{pence:02}", grouped(",")),
        3 => format!("{},{pence:02}", grouped(".")),
        4 => format!("{pounds}.{pence:02}0000"),
        _ => format!("{},{pence:02}", grouped(" ")),
    }
}

#[test]
fn what_no_bank_writes_is_refused_before_it_fills_the_memory() {
    let many = "<STMTTRN>".repeat(LINES_MAX + 1);
    assert_eq!(read(&many), Err(StatementError::TooLong));
    let fields = (0..=FIELDS_MAX).map(|n| format!("<MEMO>{n}"));
    let fields = fields.collect::<Vec<_>>().concat();
    let too_many = StatementError::UnreadableLine(1, "this payment has too many fields");
    assert_eq!(read(&header(&movement(&fields))), Err(too_many));
    let currency = format!("<CURDEF>{}<STMTTRN>", "GBP ".repeat(1000));
    let kept = movements(&currency)
        .expect("read")
        .remove(0)
        .account_currency;
    assert_eq!(kept, "GBP GBP ");
    let amount = StatementError::UnreadableLine(1, "we cannot read the amount");
    let sum = movement("<TRNTYPE>DEBIT\n<TRNAMT>-1000000000000.00");
    assert_eq!(read(&header(&sum)), Err(amount));
}

proptest! {
    #[test]
    fn any_spelling_of_an_amount_is_read_exactly(
        pence in 0_u64..100_000_000_000, way in 0_usize..6,
    ) {
        let written = spelling(pence, way);
        prop_assert_eq!(read_amount(&written), Some((None, pence)), "{}", written);
        let out = Some((Some(Direction::Out), pence));
        prop_assert_eq!(read_amount(&format!("-{written}")), out);
    }

    #[test]
    fn no_text_is_read_as_another_amount(written in "[-+0-9.,' ]{0,12}") {
        // The amount has the digits that were written, except zeros at either end.
        if let Some((_, pence)) = read_amount(&written) {
            let digits: String = written.chars().filter(char::is_ascii_digit).collect();
            let (read, digits) = (pence.to_string(), digits.trim_matches('0').to_owned());
            prop_assert_eq!(read.trim_matches('0'), digits, "{}", written);
        }
    }

    #[test]
    fn a_statement_of_random_movements_is_read_whole(
        lines in prop::collection::vec(
            (0_u64..10_000_000, any::<bool>(), 0_usize..6, "[A-Za-z&<>';£ ]{0,20}"), 1..20,
        ),
        xml in any::<bool>(),
    ) {
        let escape = |text: &str| {
            text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
        };
        let end = |tag: &str| if xml { format!("</{tag}>\n") } else { "\n".to_owned() };
        let written: Vec<String> = lines.iter().map(|(pence, out, way, name)| {
            let (kind, sign) = if *out { ("DEBIT", "-") } else { ("CREDIT", "") };
            format!(
                "<STMTTRN>\n<TRNTYPE>{kind}{}<DTPOSTED>20261126120000[0:GMT]{}\
                    <TRNAMT>{sign}{}{}<NAME>{}{}</STMTTRN>\n",
                end("TRNTYPE"), end("DTPOSTED"), spelling(*pence, *way), end("TRNAMT"),
                escape(name), end("NAME"),
            )
        }).collect();
        let expected: Vec<_> = lines.iter().map(|(pence, out, _, name)| StatementEntry {
            on: date(2026, 11, 26),
            pence: *pence,
            direction: Some(if *out { Direction::Out } else { Direction::In }),
            description: single_spaced(name),
        }).collect();
        prop_assert_eq!(entries(&header(&written.concat())), expected);
    }

    #[test]
    fn any_text_is_read_or_refused(parts in prop::collection::vec(
        prop::sample::select(vec![
            "<STMTTRN>", "</STMTTRN>", "<TRNAMT>", "<DTPOSTED>", "<![CDATA[", "]]>", "<!--",
            "<?", "<", ">", "&", "&#", ";", "/", "\u{e9}", "20261126", "[0:GMT]", "-1.5",
        ]),
        0..30,
    )) {
        let _ = read(&parts.concat());
    }
}
