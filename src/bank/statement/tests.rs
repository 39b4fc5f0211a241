use jiff::civil::date;
use proptest::prelude::*;
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

fn utf_16(text: &str) -> Vec<u8> {
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

/// How a bank writes a statement as CSV.
#[derive(Clone, Debug)]
struct Dialect {
    separator: char,
    decimal: char,
    day: &'static str,
    amounts: AmountForm,
    newest_first: bool,
    surrounded: bool,
    encoding: TextEncoding,
}

#[derive(Clone, Copy, Debug)]
enum AmountForm {
    Minus,
    Brackets,
    TwoColumns,
    Letters,
    Column,
}

#[derive(Clone, Copy, Debug)]
enum TextEncoding {
    Utf8,
    Utf8WithMark,
    Utf16,
    Windows,
}

impl Dialect {
    fn write(&self, entries: &[StatementEntry]) -> Vec<u8> {
        let titles: &[&str] = match self.amounts {
            AmountForm::TwoColumns => &["Date", "Details", "Paid out (£)", "Paid in (£)"],
            AmountForm::Column => &["Date", "Details", "Amount (£)", "DR/CR"],
            _ => &["Date", "Details", "Amount (£)"],
        };
        let mut lines: Vec<Vec<String>> = entries.iter().map(|entry| self.line(entry)).collect();
        if self.newest_first {
            lines.reverse();
        }
        lines.insert(0, titles.iter().map(|title| (*title).to_owned()).collect());
        if self.surrounded {
            lines.insert(0, vec!["Account".to_owned(), "****1234".to_owned()]);
            let closing = ["", "Closing balance", "100"].map(str::to_owned);
            lines.push(closing.to_vec());
        }
        let separator = self.separator.to_string();
        let quoted = |field: &String| format!("\"{field}\"");
        let text: String = lines
            .iter()
            .map(|line| line.iter().map(quoted).collect::<Vec<_>>().join(&separator) + "\r\n")
            .collect();
        match self.encoding {
            TextEncoding::Utf8 => text.into_bytes(),
            TextEncoding::Utf8WithMark => format!("\u{feff}{text}").into_bytes(),
            TextEncoding::Utf16 => utf_16(&text),
            TextEncoding::Windows => encoding_rs::WINDOWS_1252.encode(&text).0.into_owned(),
        }
    }

    fn line(&self, entry: &StatementEntry) -> Vec<String> {
        let is_out = entry.direction == Some(Direction::Out);
        let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
        let plain = format!("{pounds}{}{pence:02}", self.decimal);
        let amounts = match (self.amounts, is_out) {
            (AmountForm::Minus, true) => vec![format!("-{plain}")],
            (AmountForm::Brackets, true) => vec![format!("({plain})")],
            (AmountForm::Minus, false) => vec![format!("+{plain}")],
            (AmountForm::Letters, true) => vec![format!("{plain} DR")],
            (AmountForm::Letters | AmountForm::Brackets, false) => vec![format!("{plain} CR")],
            (AmountForm::TwoColumns, true) => vec![plain, String::new()],
            (AmountForm::TwoColumns, false) => vec![String::new(), plain],
            (AmountForm::Column, true) => vec![plain, "DR".to_owned()],
            (AmountForm::Column, false) => vec![plain, "CR".to_owned()],
        };
        let day = entry.on.strftime(self.day).to_string();
        [vec![day, entry.description.clone()], amounts].concat()
    }
}

fn dialect() -> impl Strategy<Value = Dialect> {
    use prop::sample::select;
    let forms = vec![
        AmountForm::Minus,
        AmountForm::Brackets,
        AmountForm::TwoColumns,
        AmountForm::Letters,
        AmountForm::Column,
    ];
    let encodings = vec![
        TextEncoding::Utf8,
        TextEncoding::Utf8WithMark,
        TextEncoding::Utf16,
        TextEncoding::Windows,
    ];
    let days = vec![
        "%Y-%m-%d",
        "%d/%m/%Y",
        "%d/%m/%y",
        "%d.%m.%Y",
        "%d-%b-%y",
        "%d %B %Y",
        "%d/%m/%Y 00:00",
        "%Y%m%d",
    ];
    let marks = (select(vec![',', ';', '\t', '|']), select(vec!['.', ',']));
    let order = (any::<bool>(), any::<bool>());
    (marks, select(days), select(forms), order, select(encodings)).prop_map(
        |((separator, decimal), day, amounts, (newest_first, surrounded), encoding)| Dialect {
            separator,
            decimal,
            day,
            amounts,
            newest_first,
            surrounded,
            encoding,
        },
    )
}

fn movements() -> impl Strategy<Value = Vec<StatementEntry>> {
    let movement = (0_i32..700, 1_u64..1_000_000_000, any::<bool>());
    prop::collection::vec(movement, 1..20).prop_map(|movements| {
        let to_entry = |(place, (days, pence, is_out)): (usize, (i32, u64, bool))| StatementEntry {
            on: date(2026, 1, 1).saturating_add(jiff::Span::new().days(days)),
            pence,
            direction: Some(if is_out {
                Direction::Out
            } else {
                Direction::In
            }),
            description: format!("FPO GR {place:06} P1 £ 26NOV"),
        };
        movements.into_iter().enumerate().map(to_entry).collect()
    })
}

/// The payments that the movements are about, all of them at the bank.
fn payments(movements: &[StatementEntry]) -> Vec<ExpectedPayment> {
    let payment = |(place, movement): (usize, &StatementEntry)| ExpectedPayment {
        grant: Uuid::from_u128(place as u128),
        payment: 1,
        amount: Money::from_pence(movement.pence),
        state: PaymentState::Sent,
        paid_on: None,
        reference: format!("GR{place:06}P1"),
    };
    movements.iter().enumerate().map(payment).collect()
}

/// A format other than CSV, and how a bank writes it.
#[derive(Clone, Debug)]
enum OtherFormat {
    Ofx {
        is_xml: bool,
        decimal: char,
        day: &'static str,
    },
    Camt053 {
        version: u8,
        has_details: bool,
    },
    Mt940 {
        has_entry_day: bool,
    },
}

impl OtherFormat {
    fn write(&self, entries: &[StatementEntry]) -> String {
        let lines: String = entries.iter().map(|entry| self.entry(entry)).collect();
        match self {
            Self::Ofx { is_xml, .. } => {
                let end = if *is_xml { "</CURDEF>" } else { "\n" };
                format!(
                    "<OFX><BANKMSGSRSV1><STMTTRNRS><STMTRS><CURDEF>GBP{end}<BANKTRANLIST>\n{lines}\
                        </BANKTRANLIST></STMTRS></STMTTRNRS></BANKMSGSRSV1></OFX>\n"
                )
            }
            Self::Camt053 { version, .. } => format!(
                "<Document xmlns=\"urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version:02}\">\n\
                    <BkToCstmrStmt><Stmt>\n{lines}</Stmt></BkToCstmrStmt></Document>"
            ),
            Self::Mt940 { .. } => format!(
                ":20:S\r\n:25:1\r\n:28C:1\r\n:60F:C260101GBP1,00\r\n{lines}\
                    :62F:C260101GBP1,00\r\n-\r\n"
            ),
        }
    }

    fn entry(&self, entry: &StatementEntry) -> String {
        let is_out = entry.direction == Some(Direction::Out);
        let (pounds, pence) = (entry.pence / 100, entry.pence % 100);
        let (on, text) = (entry.on, &entry.description);
        match self {
            Self::Ofx {
                is_xml,
                decimal,
                day,
            } => {
                let (kind, sign) = if is_out {
                    ("DEBIT", "-")
                } else {
                    ("CREDIT", "")
                };
                let field = |tag: &str, value: &str| {
                    let end = if *is_xml {
                        format!("</{tag}>")
                    } else {
                        String::new()
                    };
                    format!("<{tag}>{value}{end}\n")
                };
                let fields = [
                    field("TRNTYPE", kind),
                    field("DTPOSTED", &on.strftime(*day).to_string()),
                    field("TRNAMT", &format!("{sign}{pounds}{decimal}{pence:02}")),
                    field("MEMO", text),
                ];
                format!("<STMTTRN>\n{}</STMTTRN>\n", fields.concat())
            }
            Self::Camt053 { has_details, .. } => {
                let indicator = if is_out { "DBIT" } else { "CRDT" };
                let words = if *has_details {
                    let remittance = format!("<RmtInf><Ustrd>{text}</Ustrd></RmtInf>");
                    format!("<NtryDtls><TxDtls>{remittance}</TxDtls></NtryDtls>")
                } else {
                    format!("<AddtlNtryInf>{text}</AddtlNtryInf>")
                };
                format!(
                    "<Ntry><Amt Ccy=\"GBP\">{pounds}.{pence:02}</Amt>\
                        <CdtDbtInd>{indicator}</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>\
                        <BookgDt><Dt>{on}</Dt></BookgDt>{words}</Ntry>\n"
                )
            }
            Self::Mt940 { has_entry_day } => {
                let day = if *has_entry_day {
                    "%y%m%d%m%d"
                } else {
                    "%y%m%d"
                };
                let (day, mark) = (on.strftime(day), if is_out { "D" } else { "C" });
                format!(":61:{day}{mark}{pounds},{pence:02}NTRFNONREF\r\n:86:{text}\r\n")
            }
        }
    }
}

fn other_format() -> impl Strategy<Value = OtherFormat> {
    use prop::sample::select;
    let days = vec!["%Y%m%d", "%Y%m%d120000", "%Y%m%d120000.000[0:GMT]"];
    let ofx =
        (any::<bool>(), select(vec!['.', ',']), select(days)).prop_map(|(is_xml, decimal, day)| {
            OtherFormat::Ofx {
                is_xml,
                decimal,
                day,
            }
        });
    let camt053 =
        (2_u8..=8, any::<bool>()).prop_map(|(version, has_details)| OtherFormat::Camt053 {
            version,
            has_details,
        });
    let mt940 = any::<bool>().prop_map(|has_entry_day| OtherFormat::Mt940 { has_entry_day });
    prop_oneof![ofx, camt053, mt940]
}

/// Fails unless the entries of a statement are these movements, and each is matched with its
/// payment.
fn check_match(
    read: Vec<StatementEntry>,
    movements: &[StatementEntry],
) -> Result<(), TestCaseError> {
    prop_assert_eq!(read.as_slice(), movements);
    let payments = payments(movements);
    let mut matched = reconcile(read, payments.clone());
    matched.sort_by_key(|one| one.payment);
    prop_assert_eq!(matched.len(), payments.len());
    for (place, one) in matched.iter().enumerate() {
        let is_out = movements[place].direction == Some(Direction::Out);
        let expected = if is_out {
            MatchOutcome::Confirm
        } else {
            MatchOutcome::Fail
        };
        prop_assert_eq!(one.payment, Some((payments[place].grant, 1)));
        prop_assert_eq!(&one.outcome, &expected);
        prop_assert_eq!(&one.entry, &movements[place]);
    }
    Ok(())
}

proptest! {
    #[test]
    fn a_statement_in_any_dialect_matches_its_payments_exactly(
        movements in movements(),
        dialect in dialect(),
    ) {
        let statement = read_statement(&dialect.write(&movements));
        let mut read = statement.expect("a statement").entries;
        if dialect.newest_first {
            read.reverse();
        }
        check_match(read, &movements)?;
    }

    #[test]
    fn a_statement_in_any_other_format_matches_its_payments_exactly(
        movements in movements(),
        format in other_format(),
        newest_first in any::<bool>(),
        in_windows in any::<bool>(),
    ) {
        let mut written = movements.clone();
        if newest_first {
            written.reverse();
        }
        let text = format.write(&written);
        let bytes = if in_windows {
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        } else {
            text.into_bytes()
        };
        let mut read = read_statement(&bytes).expect("a statement").entries;
        if newest_first {
            read.reverse();
        }
        check_match(read, &movements)?;
    }

    #[test]
    fn a_statement_in_the_layout_of_an_operator_matches_its_payments_exactly(
        movements in movements(),
        columns in Just(vec![
            StatementColumn::Ignore,
            StatementColumn::Day,
            StatementColumn::Amount,
            StatementColumn::Description,
        ]).prop_shuffle(),
        separator in prop::sample::select(vec![',', ';', '\t', '|']),
    ) {
        let field = |entry: &StatementEntry, column: StatementColumn| match column {
            StatementColumn::Day => entry.on.strftime("%d/%m/%Y").to_string(),
            StatementColumn::Description => entry.description.clone(),
            StatementColumn::Amount => {
                let is_out = entry.direction == Some(Direction::Out);
                let sign = if is_out { '-' } else { '+' };
                format!("{sign}{}.{:02}", entry.pence / 100, entry.pence % 100)
            }
            _ => "x".to_owned(),
        };
        let line = |entry: &StatementEntry| {
            let fields = columns.iter().map(|column| field(entry, *column));
            fields.collect::<Vec<_>>().join(&separator.to_string()) + "\n"
        };
        let text: String = movements.iter().map(line).collect();
        let layout = StatementLayout { separator, columns: columns.clone() };
        let read = read_statement_with(text.as_bytes(), Some(&layout));
        check_match(read.expect("a statement").entries, &movements)?;
    }
}
