//! Values of imported tables: each is read as it was meant, or refused with its cell. A table with
//! a doubtful value is not recorded.

use std::fmt::Write as _;
use std::io::{Cursor, Write as _};

use encoding_rs::WINDOWS_1252;
use microgrants::domain::text::Identifier;
use microgrants::import::{ImportError, ImportKind, ImportReport};
use microgrants::projections::PastGrantRow;

use crate::operations::importing::{fund_name, groups, import, importer, record};
use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::Office;
use crate::support::test_app::TestApp;

const PAST_TITLES: &str = "reference,group,title,amount,awarded_on,funder,recipient_id";

/// A table of past grants with one row.
fn past(row: &str) -> String {
    format!("{PAST_TITLES}\n{row}\n")
}

/// Tries to record a table. Returns what is wrong with it, after checking that nothing was
/// recorded.
async fn wrong(app: &TestApp, office: &Office, kind: ImportKind, table: &[u8]) -> Vec<String> {
    let before = app.log.length().await.unwrap();
    let by = if kind == ImportKind::Funding {
        office.ben
    } else {
        office.ada
    };
    let report = import(app, by, kind, table, false).await;
    assert_eq!(app.log.length().await.unwrap(), before, "{report:?}");
    report.wrong.into_iter().map(|(_, says)| says).collect()
}

on_each_engine!(a_doubtful_value_is_named_by_its_cell);
async fn a_doubtful_value_is_named_by_its_cell(app: TestApp) {
    let office = Office::open(&app, 10_000).await;

    for (row, cell, says) in [
        ("P,G,T,\"850,50\",2025-03-31,F,", "D2 “850,50”", "£850.50"),
        ("P,G,T,850 50,2025-03-31,F,", "D2 “850 50”", "such as 850"),
        ("P,G,T,1.850,2025-03-31,F,", "D2 “1.850”", "£1,850"),
        (
            "P,G,T,(850.50),2025-03-31,F,",
            "D2 “(850.50)”",
            "such as 850",
        ),
        ("P,G,T,500,03/31/2025,F,", "E2 “03/31/2025”", "day first"),
        ("P,G,T,500,31/03/2O25,F,", "E2", "not a date"),
        ("P,G,T,500,45747,F,", "E2 “45747”", "not a date"),
        ("P,G,T,500,0025-03-31,F,", "E2", "this is 31 March"),
        ("P,G,T,500,31/03/1125,F,", "E2", "31 March 1125"),
        ("P,G,T,500,31/03/2999,F,", "E2", "31 March 2999"),
        ("P,G,T,500,2025-03-311,F,", "E2", "not a date"),
        ("P,G,T,500,#######,F,", "E2 “#######”", "too narrow"),
        ("P,#REF!,T,500,2025-03-31,F,", "B2 “#REF!”", "error"),
        ("P,G,T,500,2025-03-31,F,#N/A", "G2 “#N/A”", "error"),
        ("1.23457E+11,G,T,500,2025-03-31,F,", "A2", "shortened"),
        ("P,Caf\u{fffd},T,500,2025-03-31,F,", "B2", "letter was lost"),
        ("P,G,T,500,2025-03-31,F,1234567", "G2 “1234567”", "GB-CHC-"),
        ("P,G,T,500,2025-03-31,F,GB-CHC- 12", "G2", "GB-CHC-1234567"),
        ("P,G,T,500,2025-03-31,F,,over", "H2", "no title"),
    ] {
        let named = wrong(&app, &office, ImportKind::PastGrants, past(row).as_bytes()).await;

        assert!(
            named.len() == 1 && named[0].starts_with(cell) && named[0].contains(says),
            "{row}: {named:?}"
        );
    }
    let fund = fund_name(&app, &office).await;
    let cut = format!("reference,fund,funder,received_on,amount\nL1,{fund},x,2026-01-05,850,50\n");
    let named = wrong(&app, &office, ImportKind::Funding, cut.as_bytes()).await;
    assert!(named[0].starts_with("F2 has no title"), "{named:?}");
    let decade = format!("reference,fund,funder,received_on,amount\nL1,{fund},x,2006-01-05,850\n");
    let named = wrong(&app, &office, ImportKind::Funding, decade.as_bytes()).await;
    assert!(named[0].starts_with("D2 “2006-01-05”"), "{named:?}");
}

on_each_engine!(a_day_that_could_be_two_days_is_named_where_rows_differ);
async fn a_day_that_could_be_two_days_is_named_where_rows_differ(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let rows = |days: &[&str]| {
        let rows: Vec<String> = (1..)
            .zip(days)
            .map(|(number, day)| format!("P{number},G,T,500,{day},F,\n"))
            .collect();
        format!("{PAST_TITLES}\n{}", rows.concat())
    };

    let mixed = rows(&["03/04/2025", "04/25/2025", "25/03/2025"]);
    let named = wrong(&app, &office, ImportKind::PastGrants, mixed.as_bytes()).await;

    assert!(
        named.len() == 2
            && named[0].starts_with("E2 “03/04/2025”: this could be two days, because E3")
            && named[1].starts_with("E3 “04/25/2025”"),
        "{named:?}"
    );
    let british = rows(&["03/04/2025", "25/03/2025"]);
    let tried = import(
        &app,
        office.ada,
        ImportKind::PastGrants,
        british.as_bytes(),
        true,
    )
    .await;
    assert!(tried.wrong.is_empty(), "{tried:?}");
    assert_eq!(
        values(&tried, "Awarded on"),
        ["3 April 2025", "25 March 2025"]
    );
}

/// The values with a name, as the trial shows them.
fn values(report: &ImportReport, name: &str) -> Vec<String> {
    report
        .rows
        .iter()
        .flat_map(|row| &row.values)
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value.clone())
        .collect()
}

on_each_engine!(each_usual_spelling_is_read_as_the_same_grant);
async fn each_usual_spelling_is_read_as_the_same_grant(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let table = |number: u8, separator: char, amount: &str, day: &str| {
        let titles = "reference,group,title,amount,awarded_on,funder".replace(',', "\u{1}");
        let row = format!("W-{number},Café Group,Tools,{amount},{day},Old Trust – North");
        format!("{titles}\r\n{}\r\n", row.replace(',', "\u{1}"))
            .replace('\u{1}', &separator.to_string())
    };
    let windows = |text: &str| WINDOWS_1252.encode(text).0.into_owned();
    let utf16 = |text: &str| -> Vec<u8> {
        format!("\u{feff}{text}")
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect()
    };
    let json = r#"{"grants": [{"id": "W-9", "title": "Tools", "currency": "GBP",
        "amountAwarded": 850.5, "awardDate": "2025-03-30T23:30:00Z",
        "recipientOrganization": [{"name": "Cafe\u0301  group"}],
        "fundingOrganization": [{"name": "Old Trust – North"}]}]}"#;
    for bytes in [
        table(1, ',', "850.50", "2025-03-31").into_bytes(),
        windows(&table(2, ',', "£850.50", "31/03/25")),
        table(3, ';', "850.5", "31/03/2025").into_bytes(),
        utf16(&table(4, '\t', "£ 850.50", "31-Mar-25")),
        format!("sep=;\r\n{}", table(5, ';', "850.50", "31.03.2025")).into_bytes(),
        format!("\u{feff}{}", table(6, ',', "850.50", "31 March 2025")).into_bytes(),
        table(7, '|', "0850.50", "31/3/2025 00:00").into_bytes(),
        utf16(&table(8, ',', "850.50", "2025/03/31")),
        format!("\u{feff}{json}").into_bytes(),
    ] {
        let report = import(&app, office.ada, ImportKind::PastGrants, &bytes, false).await;
        assert!(report.wrong.is_empty(), "{report:?}");
    }

    let grants: Vec<PastGrantRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    assert_eq!(grants.len(), 9);
    for row in &grants {
        let past = &row.past;
        assert_eq!(
            (
                past.amount.to_string().as_str(),
                past.awarded_on.to_string().as_str(),
                past.funder.as_str(),
                row.group,
            ),
            (
                "£850.50",
                "2025-03-31",
                "Old Trust – North",
                grants[0].group
            ),
            "{}",
            past.reference
        );
    }
    let named: Vec<String> = groups(&app)
        .await
        .into_iter()
        .map(|group| group.name)
        .filter(|name| name.contains("Caf"))
        .collect();
    assert_eq!(named, ["Café Group"]);
}

on_each_engine!(numbers_of_every_register_are_recorded);
async fn numbers_of_every_register_are_recorded(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let table = "reference,name,area,charity_number,company_number,society_number,number\n\
        1,Scottish,oldham,sc 012345,,,\n\
        2,Irish,oldham,NIC100012,,,\n\
        3,English,oldham,1 234 567,1234567,,GB-CHC-1234567\n\
        4,Scots company,oldham,,sc123456,,\n\
        5,Society,oldham,,,IP12345R,\n\
        6,By org-id,oldham,,,, gb-sc- sc012346 \n";
    let report = record(&app, office.ada, ImportKind::Groups, table).await;
    assert!(report.wrong.is_empty(), "{report:?}");
    let registered = groups(&app).await;
    for (name, numbers) in [
        ("Scottish", vec!["GB-SC-SC012345"]),
        ("Irish", vec!["GB-NIC-100012"]),
        ("English", vec!["GB-CHC-1234567", "GB-COH-01234567"]),
        ("Scots company", vec!["GB-COH-SC123456"]),
        ("Society", vec!["GB-MPR-12345R"]),
        ("By org-id", vec!["GB-SC-SC012346"]),
    ] {
        let group = registered.iter().find(|group| group.name == name).unwrap();
        let kept: Vec<&str> = group.identifiers.iter().map(Identifier::as_str).collect();
        assert_eq!(kept, numbers, "{name}");
    }

    for (row, cell) in [
        ("7,A,oldham,12345678,,,", "D2"),
        ("7,A,oldham,100012,,,", "D2"),
        ("7,A,oldham,1234567-1,,,", "D2"),
        ("7,A,oldham,,123,,", "E2"),
        ("7,A,oldham,,,,1234567", "G2"),
        ("7,A,oldham,1234567,,,GB-CHC-7654321", "G2"),
        ("7,A,oldham,#N/A,,,", "D2"),
    ] {
        let titles = table.lines().next().unwrap();
        let named = format!("{titles}\n{row}\n");
        let named = wrong(&app, &office, ImportKind::Groups, named.as_bytes()).await;
        assert!(
            named.len() == 1 && named[0].starts_with(cell),
            "{row}: {named:?}"
        );
    }
    for name in ["Cafe\u{301}  unity", "Cafe Unity"] {
        let twice = format!("reference,name,area\n8,Café Unity,oldham\n9,{name},oldham\n");
        let named = wrong(&app, &office, ImportKind::Groups, twice.as_bytes()).await;
        assert!(named[0].contains("line 2 has the same group"), "{named:?}");
    }
}

/// A workbook of sheets with a name, a state, and cells as XML.
fn workbook(sheets: &[(&str, &str, &str)]) -> Vec<u8> {
    const OFFICE: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006/relationships";
    let relation = |number: usize, kind: &str, to: &str| {
        format!("<Relationship Id=\"r{number}\" Type=\"{OFFICE}/{kind}\" Target=\"{to}\"/>")
    };
    let relations =
        |inside: &str| format!("<Relationships xmlns=\"{PACKAGE}\">{inside}</Relationships>");
    let (mut listed, mut related) = (String::new(), String::new());
    let mut parts = Vec::new();
    for (number, (name, state, cells)) in (1..).zip(sheets) {
        let place = format!("sheetId=\"{number}\" r:id=\"r{number}\"");
        write!(listed, "<sheet name=\"{name}\" state=\"{state}\" {place}/>").unwrap();
        related += &relation(
            number,
            "worksheet",
            &format!("worksheets/sheet{number}.xml"),
        );
        parts.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet><sheetData>{cells}</sheetData></worksheet>"),
        ));
    }
    let book = format!("<workbook xmlns:r=\"{OFFICE}\"><sheets>{listed}</sheets></workbook>");
    parts.extend([
        ("[Content_Types].xml".to_owned(), "<Types/>".to_owned()),
        (
            "_rels/.rels".to_owned(),
            relations(&relation(1, "officeDocument", "xl/workbook.xml")),
        ),
        ("xl/workbook.xml".to_owned(), book),
        ("xl/_rels/workbook.xml.rels".to_owned(), relations(&related)),
    ]);
    let mut archive = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in parts {
        archive
            .start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        archive.write_all(part.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A row of a sheet with texts, and further cells as XML.
fn sheet_row(number: u8, texts: &[&str], more: &str) -> String {
    let cells: Vec<String> = ('A'..)
        .zip(texts)
        .map(|(column, text)| {
            format!("<c r=\"{column}{number}\" t=\"inlineStr\"><is><t>{text}</t></is></c>")
        })
        .collect();
    format!("<row r=\"{number}\">{}{more}</row>", cells.concat())
}

on_each_engine!(a_workbook_is_read_as_the_spreadsheet_shows_it);
async fn a_workbook_is_read_as_the_spreadsheet_shows_it(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    for (more, says) in [
        (
            "<c r=\"D2\" t=\"e\"><v>#N/A</v></c>",
            "D2 “#N/A”: the spreadsheet shows an error",
        ),
        (
            "<c r=\"D2\"><f>1+1</f><v></v></c>",
            "D2: this formula has no result",
        ),
        (
            "<c r=\"D2\"><f>1+1</f></c>",
            "D2: this formula has no result",
        ),
        (
            "<c r=\"D2\" t=\"b\"><v>1</v></c>",
            "D2 “TRUE”: a spreadsheet has turned this",
        ),
        (
            "<c r=\"D2\"><v>1234567890123456</v></c>",
            "D2 “1234567890123456”: a spreadsheet keeps",
        ),
        (
            "<c r=\"D2\" t=\"d\"><v>2025-03-31</v></c>",
            "D2 “2025-03-31”: the spreadsheet has",
        ),
        ("<c r=\"F2\"><v>9</v></c>", "F2 has no title"),
    ] {
        let sheet = sheet_of_group("R-1", "Sheet group", more);
        let book = workbook(&[("Groups", "visible", &sheet)]);
        let named = wrong(&app, &office, ImportKind::Groups, &book).await;
        assert!(
            named.len() == 1 && named[0].starts_with(says),
            "{more}: {named:?}"
        );
    }
}

/// A sheet of one group, with further cells as XML.
fn sheet_of_group(reference: &str, name: &str, more: &str) -> String {
    let titles = sheet_row(1, &["reference", "name", "area", "charity_number"], "");
    let row = sheet_row(2, &[reference, name, "oldham"], more);
    format!("{titles}{row}")
}

on_each_engine!(the_first_sheet_that_can_be_seen_is_read);
async fn the_first_sheet_that_can_be_seen_is_read(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let titles = sheet_row(1, &["reference", "name", "area", "charity_number"], "");
    let number = "<c r=\"D2\"><v>1234567</v></c>";
    let book = workbook(&[
        (
            "Lookups",
            "hidden",
            &sheet_of_group("H-1", "From the hidden sheet", ""),
        ),
        (
            "Groups",
            "visible",
            &sheet_of_group("V-1", "From the visible sheet", number),
        ),
        ("Notes", "visible", &titles),
    ]);
    let report = import(&app, office.ada, ImportKind::Groups, &book, false).await;
    assert!(report.wrong.is_empty(), "{report:?}");
    assert_eq!(
        report.notes,
        ["We read the sheet “Groups”. The file has 2 other sheets, which were not read."]
    );
    assert_eq!(values(&report, "Number"), ["GB-CHC-1234567"]);
    let names: Vec<String> = groups(&app)
        .await
        .into_iter()
        .map(|group| group.name)
        .collect();
    assert!(
        names.contains(&"From the visible sheet".to_owned())
            && !names.contains(&"From the hidden sheet".to_owned()),
        "{names:?}"
    );
}

on_each_engine!(a_table_that_can_be_read_in_two_ways_is_refused);
async fn a_table_that_can_be_read_in_two_ways_is_refused(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    app.catch_up().await;
    let hidden = workbook(&[(
        "Groups",
        "hidden",
        &sheet_row(1, &["reference", "name"], ""),
    )]);
    let doubled = "reference,group,title,amount,awarded_on,funder,Amount\n\
        D,G,T,500,2025-03-31,F,9999\n";
    let json = "{\"grants\": [{\"amountAwarded\": 500, \"amountAwarded\": 9999}]}";
    let tables: [(&[u8], &str); 7] = [
        (
            doubled.as_bytes(),
            "the columns D and G have the same title, “amount”",
        ),
        (
            b"reference,group\n1,\"Knit\n2,Soup\n",
            "row 2 has a quotation mark that is never closed",
        ),
        (b"one,two\n1,2\n", "no column has a title that we read"),
        (b"\xd0\xcf\x11\xe0 a book", "this is an old Excel file"),
        (hidden.as_slice(), "every sheet of this file is hidden"),
        (json.as_bytes(), "it has “amountAwarded” twice"),
        (b"reference,group\n1,Caf\x81\n", "this is not a text file"),
    ];
    for (bytes, says) in tables {
        let refused = importer(&app, office.ada)
            .run(ImportKind::PastGrants, bytes, true)
            .await;
        assert!(
            matches!(&refused, Err(ImportError::Table(error)) if error.to_string().contains(says)),
            "{says}: {refused:?}"
        );
    }
    let differ = "reference,group,title,amount,amount awarded,awarded_on,funder\n\
        D,G,T,500,9999,2025-03-31,F\n";
    let named = wrong(&app, &office, ImportKind::PastGrants, differ.as_bytes()).await;
    assert!(
        named[0].starts_with("D2 “500”: E2 says “9999”"),
        "{named:?}"
    );
}

on_each_engine!(the_trial_says_who_else_has_a_number);
async fn the_trial_says_who_else_has_a_number(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let table = "reference,name,area,charity_number\n\
        1,Same number A,oldham,1112223\n2,Same number B,oldham,1112223\n";
    let numbers = |report: &ImportReport| -> Vec<String> {
        let rows = report.rows.iter().map(|row| row.says.clone());
        rows.filter(|says| says.contains("its number")).collect()
    };

    let first = record(&app, office.ada, ImportKind::Groups, table).await;
    let later = "reference,name,area,charity_number\n3,Same number C,oldham,1112223\n";
    let tried = import(&app, office.ada, ImportKind::Groups, later.as_bytes(), true).await;

    assert_eq!(
        numbers(&first),
        [
            "its number GB-CHC-1112223 will be added",
            "its number GB-CHC-1112223 will be added, although line 2 has it already",
        ]
    );
    let says = numbers(&tried).concat();
    assert!(
        says.contains("although the group “Same number") && says.ends_with("has it already"),
        "{says}"
    );
}

on_sqlite!(the_trial_shows_each_value_as_it_was_read);
async fn the_trial_shows_each_value_as_it_was_read(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let csrf = browser.get("/desk/import").hidden_field("csrf");
    let fields = [
        ("csrf", csrf.as_str()),
        ("form", "import"),
        ("at", "/desk/import"),
        ("kind", "past-grants"),
        ("what", "try"),
    ];
    let table = "reference,group,title,amount,awarded_on,funder,Our notes\n\
        T-1,Soup Friends,Tools,£1250.5,03/04/25,Old Trust,secret\n";
    let page = browser.post_files("/desk/do/import", &fields, &[("file", table)]);
    let text = visible_text(&page);
    for shown in [
        "Reference T-1",
        "Amount £1,250.50",
        "Awarded on 3 April 2025",
        "Funder Old Trust",
        "Area Elsewhere",
        "These columns are not read: “our notes”.",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
}
