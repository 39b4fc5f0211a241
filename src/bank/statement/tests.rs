use jiff::civil::date;
use uuid::Uuid;

use super::*;
use crate::bank::layout::StatementColumn;
use crate::bank::{ExpectedPayment, MatchOutcome, reconcile};
use crate::domain::Money;
use crate::domain::grant::PaymentState;

const REFERENCE: &str = "GR013782P1";

fn entry(pence: u64, direction: Option<Direction>, says: &str) -> StatementEntry {
    StatementEntry {
        on: date(2026, 11, 26),
        pence,
        direction,
        description: says.to_owned(),
    }
}

/// The payment of £1,800 that every statement of these tests has.
fn paid() -> StatementEntry {
    entry(180_000, Some(Direction::Out), REFERENCE)
}

fn entries(text: &str) -> Result<Vec<StatementEntry>, StatementError> {
    read_statement(text.as_bytes()).map(|statement| statement.entries)
}

/// The directions of the entries of a statement.
fn directions(text: &str) -> Vec<Option<Direction>> {
    let entries = entries(text).expect(text).into_iter();
    entries.map(|entry| entry.direction).collect()
}

pub(super) fn utf_16(text: &str) -> Vec<u8> {
    let units = text.encode_utf16().flat_map(u16::to_le_bytes);
    b"\xff\xfe".iter().copied().chain(units).collect()
}

#[test]
fn statements_in_different_layouts_have_the_same_entries() {
    let same = vec![paid(), entry(2550, Some(Direction::In), "RETURNED")];
    for text in [
        "Date,Amount,Reference\n2026-11-26,-1800.00,GR013782P1\n26/11/2026,25.50,RETURNED\n",
        "\u{feff}Account,12345678\n\nDate,Description,Paid out,Paid in\n\
            26 Nov 2026,GR013782P1,1800.00,\n26/11/26,RETURNED,,25.50\n\n",
        "Transaction Date,Debit Amount,Credit Amount,Transaction Description\n\
            26/11/2026,\"£1,800.00\",,GR013782P1\n26/11/2026,,25.5,RETURNED\n",
        "OFXHEADER:100\n<OFX><STMTTRN>\n<TRNTYPE>DEBIT\n\
            <DTPOSTED>20261126120000[0:GMT]\n<TRNAMT>-1800.00\n<NAME>GR013782P1\n\
            </STMTTRN><STMTTRN><DTPOSTED>20261126</DTPOSTED><TRNAMT>25.50</TRNAMT>\
            <MEMO>RETURNED</MEMO></STMTTRN></OFX>",
    ] {
        assert_eq!(entries(text).as_ref(), Ok(&same), "{text}");
    }
}

#[test]
fn each_layout_that_offices_complained_about_is_one_payment() {
    for text in [
        // The direction in a column of its own.
        "Date,Description,Amount,DR/CR\n26/11/2026,GR013782P1,1800.00,DR\n",
        "Date,Description,Type,Amount\n26/11/2026,GR013782P1,Debit,1800.00\n",
        "Date,Description,Amount,Credit/Debit\n26/11/2026,GR013782P1,1800.00,D\n",
        "Date,Description,Amount,+/-,Sign\n26/11/2026,GR013782P1,1800.00,,-\n",
        "Date,Direction,Description,Amount\n26/11/2026,OUT,GR013782P1,\"1,800.00\"\n",
        // The direction next to the amount.
        "Date,Description,Amount\n26/11/2026,GR013782P1,1800.00 DR\n",
        "Date,Description,Amount\n26/11/2026,GR013782P1,\"(1,800.00)\"\n",
        "Date,Description,Amount\n26/11/2026,GR013782P1,1800.00-\n",
        // Titles with the currency.
        "Date,Counter Party,Reference,Type,Amount (GBP),Balance (GBP)\n\
            26/11/2026,,GR013782P1,FASTER PAYMENT,-1800.00,100.00\n",
        "Date,Description,Money Out (£),Money In (£)\n26/11/2026,GR013782P1,1800.00,\n",
        "Date,Description,Money Out,Money In\n26/11/2026,GR013782P1,-1800.00,\n",
        "Type,Product,Completed Date,Description,Amount,Currency,State\n\
            TRANSFER,Current,2026-11-26 09:12:13,GR013782P1,-1800.00,GBP,COMPLETED\n",
        // Lines above, below and between.
        "\"Account Name:\",\"Office ****12345\"\n\"Account Balance:\",\"£100.00\"\n\n\
            \"Date\",\"Transaction type\",\"Description\",\"Paid out\",\"Paid in\",\"Balance\"\n\
            \"26 Nov 2026\",\"Bank payment\",\"GR013782P1\",\"£1800.00\",\"\",\"£100.00\"\n",
        "Date,26/11/2026\nDate,Description,Amount\n26/11/2026,GR013782P1,-1800.00\n",
        "Date,Description,Amount\n26/11/2026,GR013782P1,-1800.00\n,Closing balance,100.00\n",
        "Date,Description,Amount\n26/11/2026,Opening balance,1900.00\n\
            26/11/2026,GR013782P1,-1800.00\nTotal,,-1800.00\nEnd of statement\n",
        "Date,Description,Amount\nPending,CARD PAYMENT,-5.00\n26/11/2026,GR013782P1,-1800.00\n",
        // Days.
        "Date,Description,Amount\n26-Nov-26,GR013782P1,-1800.00\n",
        "Date,Description,Amount\n26/11/2026 00:00,GR013782P1,-1800.00\n",
        "Date,Description,Amount\n26.11.2026,GR013782P1,-1800.00\n",
        // Separators and decimal commas.
        "Date;Description;Amount\n26/11/2026;GR013782P1;-1800.00\n",
        "Date;Description;Amount\n26.11.2026;GR013782P1;-1.800,00\n",
        "sep=;\nDate;Description;Amount\n26.11.2026;GR013782P1;-1800,00\n",
        "\"sep=|\"\nDate|Description|Amount\n26.11.2026|GR013782P1|-1800\n",
        "Date\tDescription\tAmount\r\n26/11/2026\tGR013782P1\t-1800.00\r\n",
        "Date,Amount,Reference\n26/11/2026,\"-1800,00\",GR013782P1\n",
        // A text in the last column may have a comma.
        "Date,Amount,Reference\n26/11/2026,-1800.00,,GR013782P1\n",
        "Date,Description,Amount\n\n26/11/2026,GR013782P1,-1800.00,,,\n",
    ] {
        assert_eq!(entries(text), Ok(vec![paid()]), "{text}");
        let windows = encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
        for bytes in [windows, utf_16(text)] {
            let read = read_statement(&bytes).map(|statement| statement.entries);
            assert_eq!(read, Ok(vec![paid()]), "{text}");
        }
    }
}

/// The outcome for a payment of £1,800 that is at the bank, from each entry of a statement.
fn outcomes(text: &str) -> Vec<MatchOutcome> {
    let payment = ExpectedPayment {
        grant: Uuid::from_u128(1),
        payment: 1,
        amount: Money::from_pounds(1800),
        state: PaymentState::Sent,
        paid_on: None,
        reference: REFERENCE.to_owned(),
    };
    let matched = reconcile(entries(text).expect(text), vec![payment]);
    matched.into_iter().map(|one| one.outcome).collect()
}

/// Row 20 of the review: Barclays pads with tabs, Lloyds writes an apostrophe before the sort code,
/// `NatWest` before every text and a space before each title, and the Co-op money in before money
/// out.
#[test]
fn the_layouts_of_four_named_banks_confirm_a_payment() {
    for text in [
        "Number,Date,Account,Amount,Subcategory,Memo\n\
            \t ,26/11/2026,20-00-00 12345678,-1800.00,Payment,SOUP AND SONG \tGR 013782 P1 BP\t\n",
        "Transaction Date,Transaction Type,Sort Code,Account Number,Transaction Description,\
            Debit Amount,Credit Amount,Balance\n\
            26/11/2026,FPO,'30-00-00,12345678,SOUP AND SONG GR013782P1,1800.00,,100.00\n",
        "Date, Type, Description, Value, Balance, Account Name, Account Number\n\
            26/11/2026,OTR,\"'SOUP AND SONG , GR013782P1 , FP 26/11/26\",-1800.00,100.00,\
            \"'OFFICE\",\"'300000-12345678\",\n",
        "Date,Description,Type,Money In,Money Out,Balance\n\
            2026-11-26,SOUP AND SONG GR013782P1,FP,,1800.00,100.00\n",
    ] {
        assert_eq!(outcomes(text), [MatchOutcome::Confirm], "{text}");
    }
}

/// Rows 21 and 22 of the review: a bare ampersand ends no name, and a comma is between thousands.
#[test]
fn an_ofx_statement_with_an_ampersand_and_a_comma_confirms_a_payment() {
    let text = "OFXHEADER:100\n<OFX><BANKTRANLIST>\n\
        <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261126<TRNAMT>-1,800.00<FITID>1\n\
        <NAME>SOUP & SONG GR013782P1\n</STMTTRN>\n\
        <STMTTRN><TRNTYPE>DEBIT<DTPOSTED>20261126<TRNAMT>-5.00<FITID>2\n\
        <NAME>R&D LTD\n</STMTTRN>\n</BANKTRANLIST></OFX>\n";
    assert_eq!(
        outcomes(text),
        [MatchOutcome::Confirm, MatchOutcome::NoPayment]
    );
    assert_eq!(
        entries(text).expect(text)[0].description,
        "SOUP & SONG GR013782P1"
    );
}

#[test]
fn a_direction_is_never_guessed() {
    use Direction::{In, Out};
    let of = |lines: &str| directions(&format!("Date,Description,Amount,Type\n{lines}"));
    for (lines, expected) in [
        // Nothing says it.
        ("26/11/2026,x,1800.00,\n", vec![None]),
        ("26/11/2026,x,1800.00,Faster payment\n", vec![None]),
        // The file has a sign for money out, so that the others came in.
        (
            "26/11/2026,x,1800.00,\n26/11/2026,y,-5.00,\n",
            vec![Some(In), Some(Out)],
        ),
        (
            "26/11/2026,x,+1800.00,\n26/11/2026,y,5.00,\n",
            vec![Some(In), None],
        ),
        // Both say it, and disagree.
        ("26/11/2026,x,-1800.00,Credit\n", vec![None]),
        ("26/11/2026,x,+1800.00,Debit\n", vec![None]),
        ("26/11/2026,x,-1800.00 CR,\n", vec![None]),
        (
            "26/11/2026,x,1800.00,Debit\n26/11/2026,y,-5.00,Debit\n",
            vec![None, Some(Out)],
        ),
        // Both say it, and agree.
        ("26/11/2026,x,-1800.00,DR\n", vec![Some(Out)]),
        ("26/11/2026,x,1800.00 CR,Paid in\n", vec![Some(In)]),
        ("26/11/2026,x,1800.00,FPI\n", vec![Some(In)]),
    ] {
        assert_eq!(of(lines), expected, "{lines}");
    }
    let two_columns = "Date,Description,Paid out,Paid in\n\
        26/11/2026,x,5.00 CR,\n26/11/2026,x,,-5.00\n26/11/2026,x,5.00 DR,\n";
    assert_eq!(directions(two_columns), [None, None, Some(Out)]);
}

#[test]
fn lines_that_are_not_movements_are_named() {
    use SkippedReason::{Balance, NotALine, NotBooked, Pending};
    let text = "Account,12345678\nDate,Description,Amount,State\n,Balance brought forward,5.00,\n\
        26/11/2026,GR013782P1,-1800.00,Completed\n26/11/2026,Card,-5.00,PENDING\n\
        26/11/2026,Card,-6.00,Reverted\n26/11/2026,A note,,\nPending,Card,-7.00,\n\
        Date,Description,Amount,State\n26/11/2026,Nothing,0.00,\nTotals,,-1800.00,\n";

    let statement = read_statement(text.as_bytes()).expect("a statement");

    let skipped: Vec<_> = statement
        .skipped
        .iter()
        .map(|skipped| (skipped.line, skipped.why))
        .collect();
    assert_eq!(statement.entries, [paid()]);
    assert_eq!(
        skipped,
        [
            (1, NotALine),
            (3, Balance),
            (5, Pending),
            (6, NotBooked),
            (7, NotALine),
            (8, Pending),
            (9, NotALine),
            (10, NotALine),
            (11, Balance),
        ]
    );
}

#[test]
fn the_operator_can_map_a_file_without_titles() {
    use StatementColumn as C;
    let columns = vec![C::Day, C::Description, C::Amount];
    let plain = StatementLayout {
        separator: ',',
        columns,
    };
    let words = StatementLayout {
        separator: ';',
        columns: vec![C::Ignore, C::Day, C::Direction, C::Amount, C::Description],
    };
    let read = |text: &str, layout: &StatementLayout| {
        let statement = read_statement_with(text.as_bytes(), Some(layout));
        statement.map(|statement| statement.entries)
    };
    for (text, layout) in [
        ("26/11/2026,GR013782P1,-1800.00\n", &plain),
        (
            "Datum,Text,Betrag\n26/11/2026,GR013782P1,-1800.00\n",
            &plain,
        ),
        ("1;26.11.2026;D;1.800,00;GR013782P1\n", &words),
        (
            "Date,Reference,Debit,Credit\n26/11/2026,GR013782P1,1800,\n",
            &words,
        ),
    ] {
        assert_eq!(read(text, layout), Ok(vec![paid()]), "{text}");
    }
    let wrong = "26/11/2026,GR013782P1,-1800.00\nlater,Rent,-5.00\n";
    assert_eq!(
        read(wrong, &plain),
        Err(StatementError::UnreadableLine(2, "we cannot read the date"))
    );
    assert_eq!(
        entries("26/11/2026,GR013782P1,-1800.00\n"),
        Err(StatementError::UnknownFormat)
    );
}

#[test]
fn what_cannot_be_read_names_its_line_and_nothing_of_it() {
    for (text, says) in [
        ("", "cannot read this file"),
        ("hello", "cannot read this file"),
        ("Date,Reference\n2026-03-31,x\n", "amount"),
        ("Date,Amount\n2026-03-31,1\n", "reference"),
        ("Date,Amount (EUR),Reference\n2026-03-31,1,x\n", "amount"),
        (
            "Date,Amount,Amount,Reference\n2026-03-31,1,2,x\n",
            "line 1: two columns have the same title",
        ),
        (
            "Date,Amount,Reference\nyesterday,1.00,x\n",
            "line 2: we cannot read the date",
        ),
        (
            "Date,Amount,Reference\n2026-03-31,1.00,x\n2026-03-31,one,x\n",
            "line 3: we cannot read the amount",
        ),
        (
            "Date,Amount,Reference\n2026-03-31,1.800,x\n",
            "line 2: we cannot read the amount",
        ),
        (
            "Date,Amount,Reference\n2026-03-31,€5,x\n",
            "line 2: we cannot read the amount",
        ),
        (
            "Date,Amount,Currency,Reference\n2026-03-31,5,EUR,x\n",
            "line 2: this amount is not in pounds",
        ),
        // A comma that is not quoted cuts an amount in two.
        (
            "Date,Reference,Amount\n2026-03-31,x,-1,800.00\n",
            "line 2: this line has more columns than there are titles",
        ),
        (
            "Date,Amount,Reference\n2026-03-31,-1800,00,x\n",
            "line 2: this line has more columns than there are titles",
        ),
        (
            "Date,Reference,Amount\n2026-03-31,\"x,-1.00\n2026-03-31,y,-2.00\n",
            "line 2: ",
        ),
        (
            "Date,Amount,Reference\n2026-03-31,-1.00,\"x\n2026-03-31,-2.00,y\n",
            "line 2: a quotation mark is not closed",
        ),
        (
            "Date,Paid out,Paid in,Reference\n2026-03-31,1,2,x\n",
            "line 2: this line has money out and money in",
        ),
        ("Date,Amount,Reference\n", "no payments"),
        (
            "<STMTTRN><DTPOSTED>2026<TRNAMT>1</STMTTRN>",
            "line 1: we cannot read the date",
        ),
        ("x\n".repeat(LINES_MAX + 1).as_str(), "up to 50000 lines"),
    ] {
        let error = entries(text).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
