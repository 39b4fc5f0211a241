//! Import of tables: dry run, recording once, and a message for each wrong row.

use microgrants::commands::Caller;
use microgrants::domain::{Actor, PersonId};
use microgrants::export::open_data::{
    Places, build_package, past_grant_records, past_grants_csv, past_grants_json,
};
use microgrants::export::spreadsheets::Spreadsheet;
use microgrants::import::{ImportKind, ImportReport, Importer};
use microgrants::projections::{FundRow, GroupRow, PastGrantRow};
use microgrants::views::{GroupBy, Sums};
use serde_json::{Value, json};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::Office;
use crate::support::seeded::with_seeds;
use crate::support::service::sandbox;
use crate::support::test_app::TestApp;

async fn dry_run(app: &TestApp, by: PersonId, kind: ImportKind, table: &str) -> ImportReport {
    import(app, by, kind, table.as_bytes(), true).await
}

pub async fn record(app: &TestApp, by: PersonId, kind: ImportKind, table: &str) -> ImportReport {
    import(app, by, kind, table.as_bytes(), false).await
}

pub async fn import(
    app: &TestApp,
    by: PersonId,
    kind: ImportKind,
    table: &[u8],
    only_try: bool,
) -> ImportReport {
    app.catch_up().await;
    let imported = importer(app, by).run(kind, table, only_try).await.unwrap();
    app.catch_up().await;
    imported
}

pub fn importer(app: &TestApp, by: PersonId) -> Importer {
    Importer {
        commands: app.commands.clone(),
        views: app.views(),
        caller: Caller {
            actor: Actor::Person(by),
            role_scope: None,
        },
        sandbox: sandbox(),
    }
}

pub async fn groups(app: &TestApp) -> Vec<GroupRow> {
    app.views().all_rows(None, Vec::new()).await.unwrap()
}

pub async fn fund_name(app: &TestApp, office: &Office) -> String {
    app.catch_up().await;
    let row: FundRow = app.views().find(office.fund, None).await.unwrap().unwrap();
    row.name
}

/// The lines of a table that were reported as wrong.
fn wrong_lines(report: &ImportReport) -> Vec<usize> {
    report.wrong.iter().map(|(line, _)| *line).collect()
}

const GROUPS_CSV: &str = "Reference,Name,Area,Standing,Charity number\n\
    1,Knit and natter,High Peak,existing,1234567\n2,\"Łódź, friends of\",oldham,new,\n";

on_each_engine!(groups_are_recorded_once);
async fn groups_are_recorded_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let before = app.log.length().await.unwrap();

    let tried = dry_run(&app, office.ada, ImportKind::Groups, GROUPS_CSV).await;

    assert_eq!(
        (tried.rows.len(), tried.wrong.len(), tried.recorded),
        (3, 0, 0),
        "{tried:?}"
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing is recorded"
    );

    let first = record(&app, office.ada, ImportKind::Groups, GROUPS_CSV).await;

    assert_eq!(
        (first.recorded, first.known, first.wrong.len()),
        (3, 0, 0),
        "{first:?}"
    );
    let registered = groups(&app).await;
    let knit = registered
        .iter()
        .find(|group| group.name == "Knit and natter")
        .unwrap();
    assert_eq!(
        (
            knit.area.as_str(),
            knit.identifiers.iter().next().unwrap().as_str()
        ),
        ("high-peak", "GB-CHC-1234567")
    );

    let second = record(&app, office.ada, ImportKind::Groups, GROUPS_CSV).await;

    assert_eq!(
        (second.recorded, second.known, second.wrong.len()),
        (0, 3, 0),
        "{second:?}"
    );

    let other_name = GROUPS_CSV.replace("Knit and natter", "Knit");
    let changed = record(&app, office.ada, ImportKind::Groups, &other_name).await;

    assert!(
        changed.recorded == 0 && changed.wrong[0].1.contains("with different values"),
        "{changed:?}"
    );
}

on_each_engine!(funding_is_recorded_once);
async fn funding_is_recorded_once(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let funding = format!(
        "reference,fund,funder,area,amount,received_on\n\
            L-1,{},Health Partnership,,\"£2,000.50\",2026-01-05\n",
        fund_name(&app, &office).await
    );

    for (recorded, who) in [(1, office.ben), (0, office.ben), (0, office.ada)] {
        let imported = record(&app, who, ImportKind::Funding, &funding).await;

        assert_eq!(
            (imported.recorded, imported.wrong.len()),
            (recorded, 0),
            "{imported:?}"
        );
        assert_eq!(allocated(&app).await, "£12,000.50");
    }
}

/// The money allocated to the only fund.
async fn allocated(app: &TestApp) -> String {
    let sums = Sums {
        by: GroupBy::Fund,
        fund: None,
        area: None,
        position: app.projector.next_position() - 1,
        effective_on: None,
    };
    app.views().budget(sums).await.unwrap().lines[0]
        .allocated
        .to_string()
}

on_each_engine!(each_wrong_row_is_named_and_nothing_is_recorded);
async fn each_wrong_row_is_named_and_nothing_is_recorded(app: TestApp) {
    const PAST_GRANTS: &str = "reference,group,title,amount,awarded_on,funder\n\
        P1,New group,Tools,12,50,x\nP2,New group,Tools,0,2020-01-01,Somebody\n\
        P3,New group,Tools,5.00,2999-01-01,Somebody\nP4,,Tools,5.00,2020-01-01,Somebody\n";
    let office = Office::open(&app, 10_000).await;
    let before = app.log.length().await.unwrap();

    let told = record(
        &app,
        office.ada,
        ImportKind::Groups,
        "reference,name,area,standing,charity_number\n1,Good,oldham,,\n,No reference,oldham,,\n\
            3,No area,,,\n4,Odd,oldham,perhaps,\n5,Bad number,oldham,,12\n1,Again,oldham,,\n",
    )
    .await;
    assert_eq!(wrong_lines(&told), [3, 4, 5, 6, 7], "{told:?}");

    let told = record(&app, office.ada, ImportKind::PastGrants, PAST_GRANTS).await;
    assert_eq!(
        (wrong_lines(&told), told.recorded),
        (vec![2, 3, 4, 5], 0),
        "{:?}",
        told.wrong
    );

    let told = record(
        &app,
        office.ada,
        ImportKind::PastGrants,
        "reference,group,title,amount,awarded_on,funder\nP5,New group,Tools,5.00,2020-01-01,x\n\
            P6,New group,Tools,5.00,2999-01-01,x\n",
    )
    .await;
    assert!(
        told.recorded == 0 && told.wrong[0].0 == 3,
        "what rests on a new group is tried as well: {told:?}"
    );

    let told = record(
        &app,
        office.ben,
        ImportKind::Funding,
        "reference,fund,funder,amount,received_on\nF1,No such fund,somebody,5.00,2026-01-01\n",
    )
    .await;
    assert!(told.wrong[0].1.contains("there is no fund"), "{told:?}");

    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing was recorded of any of them"
    );
}

on_each_engine!(an_amount_with_a_decimal_comma_is_wrong);
/// A decimal comma is not a thousands separator: 850,50 is not eighty-five thousand.
async fn an_amount_with_a_decimal_comma_is_wrong(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    let before = app.log.length().await.unwrap();
    let fund = fund_name(&app, &office).await;

    for (amount, meant) in [
        ("850,50", "£850.50"),
        ("1,5", "£1.50"),
        ("2000,00", "£2,000"),
        ("£1.850,00", "£1,850"),
    ] {
        let funding = format!(
            "reference,fund,funder,amount,received_on\nF1,{fund},somebody,\"{amount}\",2026-01-01\n"
        );
        let past = format!(
            "reference,group,title,amount,awarded_on,funder\n\
                P1,New group,Tools,\"{amount}\",2020-01-01,Somebody\n"
        );
        for (by, kind, table) in [
            (office.ben, ImportKind::Funding, funding),
            (office.ada, ImportKind::PastGrants, past),
        ] {
            let told = dry_run(&app, by, kind, &table).await;

            assert!(
                told.rows.is_empty()
                    && told.wrong[0]
                        .1
                        .contains(&format!("use a point for pence, not a comma: {meant}")),
                "{amount}: {told:?}"
            );
        }
    }
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing was recorded of any of them"
    );
}

on_each_engine!(a_file_that_is_no_table_is_refused);
async fn a_file_that_is_no_table_is_refused(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    app.catch_up().await;

    for bytes in [
        &b""[..],
        b"PK\x03\x04 no workbook",
        b"{}",
        b"{\"grants\": 1}",
        b"title\n",
    ] {
        let tried = importer(&app, office.ada)
            .run(ImportKind::Groups, bytes, true)
            .await;

        assert!(tried.is_err(), "{bytes:?}");
    }
}

/// The fields of grants that must survive the way through another system.
fn comparable_grants(grants: &Value) -> Vec<Value> {
    let mut kept: Vec<Value> = grants
        .as_array()
        .unwrap()
        .iter()
        .map(|grant| {
            json!([
                grant["id"],
                grant["title"],
                grant["description"],
                grant["currency"],
                grant["amountAwarded"],
                grant["awardDate"],
                grant["recipientOrganization"][0]["id"],
                grant["recipientOrganization"][0]["name"],
                grant["fundingOrganization"][0]["id"],
                grant["fundingOrganization"][0]["name"],
            ])
        })
        .collect();
    kept.sort_by_key(ToString::to_string);
    kept
}

on_each_engine!(open_data_goes_out_and_comes_in_as_history_and_goes_out_the_same);
async fn open_data_goes_out_and_comes_in_as_history_and_goes_out_the_same(app: TestApp) {
    let app = with_seeds(app).await;
    let published = app.views().published().await.unwrap();
    let package = build_package(
        &published,
        &crate::operations::open_data::publisher(),
        &Places::illustrative(),
        app.today(),
    )
    .package;
    let sent: Value = serde_json::from_str(&package.to_json()).unwrap();
    for table in [package.to_json(), package.to_csv()] {
        let empty = TestApp::sqlite().await;
        let office = Office::open(&empty, 10_000).await;

        let first = record(&empty, office.ada, ImportKind::PastGrants, &table).await;
        let second = record(&empty, office.ada, ImportKind::PastGrants, &table).await;

        assert!(
            first.wrong.is_empty() && first.recorded > package.grants.len(),
            "{first:?}"
        );
        assert_eq!((second.recorded, second.wrong.len()), (0, 0), "{second:?}");
        let past_grants: Vec<PastGrantRow> =
            empty.views().all_rows(None, Vec::new()).await.unwrap();
        let back = past_grant_records(&groups(&empty).await, &past_grants);
        let json: Value = serde_json::from_str(&past_grants_json(&back)).unwrap();
        assert_eq!(
            comparable_grants(&json["grants"]),
            comparable_grants(&sent["grants"])
        );
        assert_eq!(past_grants_csv(&back).lines().count(), back.len() + 1);
        crate::support::replay::replay_log(&empty).await;
    }
}

on_sqlite!(a_workbook_and_a_page_do_the_same);
async fn a_workbook_and_a_page_do_the_same(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let row = vec!["7".into(), "Walks on Fridays".into(), "Oldham".into()];
    let sheet = Spreadsheet {
        name: "Groups",
        columns: vec!["Reference", "Name", "Area"],
        rows: vec![row],
    };
    let tried = import(
        &app,
        office.ada,
        ImportKind::Groups,
        &sheet.to_xlsx().unwrap(),
        true,
    )
    .await;
    assert_eq!((tried.rows.len(), tried.wrong.len()), (1, 0), "{tried:?}");
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/desk/import");
    let csrf = page.hidden_field("csrf");
    let mut send = |what: &str, table: &str| {
        let fields = [
            ("csrf", csrf.as_str()),
            ("form", "import"),
            ("at", "/desk/import"),
            ("kind", "groups"),
            ("what", what),
        ];
        browser.post_files("/desk/do/import", &fields, &[("file", table)])
    };
    let seen = send("try", GROUPS_CSV);
    assert!(
        seen.contains("This is what the import would do") && seen.contains("Knit and natter"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        !groups(&app)
            .await
            .iter()
            .any(|group| group.name == "Knit and natter")
    );
    let done = send("record", GROUPS_CSV);
    assert!(
        done.contains("Recorded: 3 new. There before: 0.") && !done.contains("will be added"),
        "{}",
        visible_text(&done)
    );
    let wrong = send("record", "reference,name\n1,x\n");
    assert!(
        wrong.contains("1 row needs fixing. Nothing was recorded"),
        "{}",
        visible_text(&wrong)
    );
    let none = send("try", "");
    assert!(
        none.status == 422 && none.contains("Choose the file again"),
        "{}",
        visible_text(&none)
    );
}
