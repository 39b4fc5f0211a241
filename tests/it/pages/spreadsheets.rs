//! Spreadsheets: every list of the desk with its filter, read back by another program.

use std::fs;
use std::path::PathBuf;
use std::process::{Command as Program, Stdio};

use tempfile::TempDir;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// Gnumeric's converter, if it is installed.
fn ssconvert() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join("ssconvert"))
        .find(|program| program.is_file())
}

fn lists(fund: &impl std::fmt::Display) -> Vec<String> {
    let lists = [
        "applications?",
        "grants?",
        "payments?state=prepared&state=confirmed",
        "updates?state=due",
        "groups?",
        "funds?",
        "people?",
    ];
    lists
        .into_iter()
        .map(str::to_owned)
        .chain([
            format!("statement?fund={fund}"),
            "statement?funder=health-partnership".to_owned(),
        ])
        .collect()
}

fn spreadsheet_path(list: &str, kind: &str) -> String {
    list.replacen('?', &format!(".{kind}?"), 1)
}

fn table(browser: &mut Browser, list: &str) -> Vec<Vec<String>> {
    let (bytes, media) =
        browser.download(&format!("/desk/sheets/{}", spreadsheet_path(list, "csv")));
    assert_eq!(media, "text/csv; charset=utf-8");
    let text = String::from_utf8(bytes).unwrap();
    let table = text.strip_prefix('\u{feff}');
    lines(table.expect("a mark by which Excel knows UTF-8"))
}

fn lines(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    reader
        .records()
        .map(|line| line.unwrap().iter().map(str::to_owned).collect())
        .collect()
}

on_each_engine!(are_the_list_as_it_is_filtered_and_the_same_bytes_again);
async fn are_the_list_as_it_is_filtered_and_the_same_bytes_again(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.prepared(&app, 900).await;
    office.awarded(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    for list in lists(&office.fund) {
        let rows = table(&mut browser, &list);
        assert!(
            rows.len() > 1 && rows.iter().all(|row| row.len() == rows[0].len()),
            "{list}: {rows:?}"
        );
        let xlsx = |browser: &mut Browser| {
            browser
                .download(&format!("/desk/sheets/{}", spreadsheet_path(&list, "xlsx")))
                .0
        };
        assert_eq!(xlsx(&mut browser), xlsx(&mut browser), "{list}");
    }
    assert_eq!(table(&mut browser, "grants?").len(), 3);
    let accepted = table(&mut browser, "grants?state=accepted");
    let cell = |title: &str| {
        let column = accepted[0].iter().position(|found| found == title);
        accepted[1][column.expect(title)].as_str()
    };
    assert_eq!(
        (accepted.len(), cell("Awarded"), cell("Status")),
        (2, "900.00", "To be paid")
    );
    assert_eq!(
        table(&mut browser, "grants?as_at=0").len(),
        1,
        "there was none"
    );
    let page = browser.get("/desk/grants?state=accepted&after=&done=accept");
    assert!(
        page.contains("/desk/sheets/grants.xlsx?state=accepted\""),
        "{}",
        page.text
    );
    for path in [
        "/desk/sheets/grants",
        "/desk/sheets/grants.pdf",
        "/desk/sheets/nothing.csv",
        "/desk/sheets/statement.csv",
    ] {
        let none = browser.get(path);
        assert_eq!(none.status, 404, "{path}: {}", visible_text(&none));
    }
    let mut stranger = Browser::new(&address);
    assert!(
        stranger
            .get("/desk/sheets/grants.csv")
            .path
            .starts_with("/sign-in"),
        "only staff"
    );
}

on_each_engine!(and_pages_answer_head_as_get_without_a_body);
async fn and_pages_answer_head_as_get_without_a_body(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.prepared(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    for path in [
        "/desk",
        "/desk/grants?state=accepted",
        "/desk/sheets/grants.csv",
        "/desk/sheets/grants.xlsx",
        "/desk/sheets/nothing.csv",
        "/account",
        "/impact",
    ] {
        let (head, get) = (browser.head(path), browser.get(path));
        let media = |page: &Page| page.headers.get("content-type").cloned();
        assert_eq!(
            (head.status, media(&head), head.text.as_str()),
            (get.status, media(&get), ""),
            "{path}"
        );
    }
}

on_sqlite!(are_read_back_by_another_program, ignore = "needs ssconvert");
async fn are_read_back_by_another_program(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let named =
        microgrants::domain::GroupCommand::Correct(microgrants::domain::group::CorrectGroup {
            name: crate::support::fixtures::text("=HYPERLINK(A1)"),
            area: crate::support::fixtures::text("oldham"),
            reason: crate::support::fixtures::open("To see"),
        });
    let (_, group, _) = office.prepared(&app, 900).await;
    app.issue_ok(
        office.ada,
        microgrants::domain::Command::Group(group, named),
    )
    .await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let folder = TempDir::new().unwrap();
    for list in lists(&office.fund) {
        let own = table(&mut browser, &list);
        let (bytes, _) =
            browser.download(&format!("/desk/sheets/{}", spreadsheet_path(&list, "xlsx")));
        let (xlsx, back) = (
            folder.path().join("list.xlsx"),
            folder.path().join("list.txt"),
        );
        fs::write(&xlsx, bytes).unwrap();
        let mut convert = Program::new(ssconvert().expect("it was found"));
        convert.args([
            "-T",
            "Gnumeric_stf:stf_assistant",
            "-O",
            "separator=, quoting-mode=auto format=preserve",
        ]);
        let said = convert
            .arg(&xlsx)
            .arg(&back)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert!(
            said.status.success(),
            "{}",
            String::from_utf8_lossy(&said.stderr)
        );
        let read: Vec<Vec<String>> = lines(&fs::read_to_string(&back).unwrap());
        let plain = |rows: Vec<Vec<String>>| -> Vec<Vec<String>> {
            rows.into_iter()
                .map(|row| row.into_iter().map(|cell| plain_cell(&cell)).collect())
                .collect()
        };
        assert_eq!(plain(read), plain(own), "{list}");
    }
}

/// A cell without the additions of each format: thousands separators, and the apostrophe that
/// protects against formulas.
fn plain_cell(cell: &str) -> String {
    let number = !cell.is_empty()
        && cell
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, ',' | '.' | '-'));
    // Gnumeric writes U+2212 as the minus sign.
    let cell = &cell.replace('\u{2212}', "-");
    let cell = cell.strip_prefix('\'').unwrap_or(cell);
    if number {
        cell.replace(',', "")
    } else {
        cell.to_owned()
    }
}
