//! Import of tables: dry run, recording once, and a message for each wrong row.

use microgrants::commands::Caller;
use microgrants::domain::{Actor, PersonId};
use microgrants::export::open_data::{
    Places, build_package, past_grant_records, past_grants_csv, past_grants_json,
};
use microgrants::export::spreadsheets::Spreadsheet;
use microgrants::import::{ImportKind, ImportReport, Importer};
use microgrants::projections::{GroupRow, PastGrantRow};
use microgrants::views::GroupBy;
use serde_json::{Value, json};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::fixtures::Office;
use crate::support::service::sandbox;
use crate::support::test_app::TestApp;

async fn import(
    house: &TestApp,
    by: PersonId,
    kind: ImportKind,
    table: &[u8],
    only_try: bool,
) -> ImportReport {
    house.catch_up().await;
    let caller = Caller {
        actor: Actor::Person(by),
        role_scope: None,
    };
    let importing = Importer {
        commands: house.commands.clone(),
        views: house.views(),
        caller,
        sandbox: sandbox(),
    };
    let imported = importing.run(kind, table, only_try).await.unwrap();
    house.catch_up().await;
    imported
}

async fn groups(house: &TestApp) -> Vec<GroupRow> {
    house.views().all_rows(None, Vec::new()).await.unwrap()
}

const GROUPS_CSV: &str = "Reference,Name,Area,Standing,Charity number\n1,Knit and natter,High Peak,existing,1234567\n2,\"Łódź, friends of\",oldham,new,\n";

on_each_engine!(groups_and_funding_are_recorded_once);
async fn groups_and_funding_are_recorded_once(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let before = house.log.length().await.unwrap();
    let tried = import(
        &house,
        office.ada,
        ImportKind::Groups,
        GROUPS_CSV.as_bytes(),
        true,
    )
    .await;
    assert_eq!(
        (tried.rows.len(), tried.wrong.len(), tried.recorded),
        (3, 0, 0),
        "{tried:?}"
    );
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "nothing is recorded"
    );
    let first = import(
        &house,
        office.ada,
        ImportKind::Groups,
        GROUPS_CSV.as_bytes(),
        false,
    )
    .await;
    assert_eq!(
        (first.recorded, first.known, first.wrong.len()),
        (3, 0, 0),
        "{first:?}"
    );
    let registered = groups(&house).await;
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
    let second = import(
        &house,
        office.ada,
        ImportKind::Groups,
        GROUPS_CSV.as_bytes(),
        false,
    )
    .await;
    assert_eq!(
        (second.recorded, second.known, second.wrong.len()),
        (0, 3, 0),
        "{second:?}"
    );
    let changed = import(
        &house,
        office.ada,
        ImportKind::Groups,
        GROUPS_CSV.replace("Knit and natter", "Knit").as_bytes(),
        false,
    )
    .await;
    assert!(
        changed.recorded == 0 && changed.wrong[0].1.contains("with other values"),
        "{changed:?}"
    );

    let funding = "reference,fund,funder,area,amount,received_on\nL-1,Loneliness fund,Health Partnership,,\"£2,000.50\",2026-01-05\n";
    let fund: microgrants::projections::FundRow = house
        .views()
        .find(&office.fund.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    let funding = funding.replace("Loneliness fund", &fund.name);
    let allocated = async || {
        let position = house.projector.next_position() - 1;
        let sums = microgrants::views::Sums {
            by: GroupBy::Fund,
            fund: None,
            area: None,
            position,
            effective_on: None,
        };
        house.views().budget(sums).await.unwrap().lines[0]
            .allocated
            .to_string()
    };
    for (recorded, who) in [(1, office.ben), (0, office.ben), (0, office.ada)] {
        let imported = import(&house, who, ImportKind::Funding, funding.as_bytes(), false).await;
        assert_eq!(
            (imported.recorded, imported.wrong.len()),
            (recorded, 0),
            "{imported:?}"
        );
        assert_eq!(allocated().await, "£12,000.50");
    }
}

on_each_engine!(each_wrong_row_is_named_and_nothing_is_recorded);
async fn each_wrong_row_is_named_and_nothing_is_recorded(house: TestApp) {
    let office = Office::open(&house, 10_000).await;
    let before = house.log.length().await.unwrap();
    let table = "reference,name,area,standing,charity_number\n1,Good,oldham,,\n,No reference,oldham,,\n3,No area,,,\n4,Odd,oldham,perhaps,\n5,Bad number,oldham,,12\n1,Again,oldham,,\n";
    let told = import(
        &house,
        office.ada,
        ImportKind::Groups,
        table.as_bytes(),
        false,
    )
    .await;
    let lines: Vec<usize> = told.wrong.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7], "{told:?}");
    let past = "reference,group,title,amount,awarded_on,funder\nP1,New group,Tools,12,50,x\nP2,New group,Tools,0,2020-01-01,Somebody\nP3,New group,Tools,5.00,2999-01-01,Somebody\nP4,,Tools,5.00,2020-01-01,Somebody\n";
    let told = import(
        &house,
        office.ada,
        ImportKind::PastGrants,
        past.as_bytes(),
        false,
    )
    .await;
    let lines: Vec<usize> = told.wrong.iter().map(|(line, _)| *line).collect();
    assert_eq!(
        (lines, told.recorded),
        (vec![2, 3, 4, 5], 0),
        "{:?}",
        told.wrong
    );
    let later = "reference,group,title,amount,awarded_on,funder\nP5,New group,Tools,5.00,2020-01-01,x\nP6,New group,Tools,5.00,2999-01-01,x\n";
    let told = import(
        &house,
        office.ada,
        ImportKind::PastGrants,
        later.as_bytes(),
        false,
    )
    .await;
    assert!(
        told.recorded == 0 && told.wrong[0].0 == 3,
        "what rests on a new group is tried as well: {told:?}"
    );
    // A decimal comma is not a thousands separator: 850,50 is not eighty-five thousand.
    let fund: microgrants::projections::FundRow = house
        .views()
        .find(&office.fund.to_string(), None)
        .await
        .unwrap()
        .unwrap();
    for amount in ["850,50", "1,5", "2000,00", "£1.850,00"] {
        let funding = format!(
            "reference,fund,funder,amount,received_on\nF1,{},somebody,\"{amount}\",2026-01-01\n",
            fund.name
        );
        let told = import(
            &house,
            office.ben,
            ImportKind::Funding,
            funding.as_bytes(),
            true,
        )
        .await;
        assert!(
            told.rows.is_empty()
                && told.wrong[0]
                    .1
                    .contains("write an amount in pounds and pence"),
            "{amount}: {told:?}"
        );
        let past = format!(
            "reference,group,title,amount,awarded_on,funder\nP1,New group,Tools,\"{amount}\",2020-01-01,Somebody\n"
        );
        let told = import(
            &house,
            office.ada,
            ImportKind::PastGrants,
            past.as_bytes(),
            true,
        )
        .await;
        assert!(
            told.rows.is_empty()
                && told.wrong[0]
                    .1
                    .contains("write an amount in pounds and pence"),
            "{amount}: {told:?}"
        );
    }
    let funding =
        "reference,fund,funder,amount,received_on\nF1,No such fund,somebody,5.00,2026-01-01\n";
    let told = import(
        &house,
        office.ben,
        ImportKind::Funding,
        funding.as_bytes(),
        false,
    )
    .await;
    assert!(told.wrong[0].1.contains("there is no fund"), "{told:?}");
    assert_eq!(
        house.log.length().await.unwrap(),
        before,
        "nothing was recorded of any of them"
    );
    for bytes in [
        &b""[..],
        b"PK\x03\x04 no workbook",
        b"{}",
        b"{\"grants\": 1}",
        b"title\n",
    ] {
        let caller = Caller {
            actor: Actor::Person(office.ada),
            role_scope: None,
        };
        let importing = Importer {
            commands: house.commands.clone(),
            views: house.views(),
            caller,
            sandbox: sandbox(),
        };
        assert!(
            importing
                .run(ImportKind::Groups, bytes, true)
                .await
                .is_err(),
            "{bytes:?}"
        );
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
async fn open_data_goes_out_and_comes_in_as_history_and_goes_out_the_same(house: TestApp) {
    crate::operations::seeds::load_seeds(&house).await;
    house.catch_up().await;
    let published = house.views().published().await.unwrap();
    let package = build_package(
        &published,
        &crate::operations::open_data::publisher(),
        &Places::illustrative(),
        house.today(),
    )
    .package;
    let sent: Value = serde_json::from_str(&package.to_json()).unwrap();
    for table in [package.to_json(), package.to_csv()] {
        let empty = TestApp::sqlite().await;
        let office = Office::open(&empty, 10_000).await;
        let first = import(
            &empty,
            office.ada,
            ImportKind::PastGrants,
            table.as_bytes(),
            false,
        )
        .await;
        assert!(
            first.wrong.is_empty() && first.recorded > package.grants.len(),
            "{first:?}"
        );
        let second = import(
            &empty,
            office.ada,
            ImportKind::PastGrants,
            table.as_bytes(),
            false,
        )
        .await;
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
async fn a_workbook_and_a_page_do_the_same(house: TestApp) {
    let (office, address) = serve_office(&house).await;
    let row = vec!["7".into(), "Walks on Fridays".into(), "Oldham".into()];
    let sheet = Spreadsheet {
        name: "Groups",
        columns: vec!["Reference", "Name", "Area"],
        rows: vec![row],
    };
    let tried = import(
        &house,
        office.ada,
        ImportKind::Groups,
        &sheet.to_xlsx().unwrap(),
        true,
    )
    .await;
    assert_eq!((tried.rows.len(), tried.wrong.len()), (1, 0), "{tried:?}");
    let mut browser = signed_in(&house, &address, office.ada).await;
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
        seen.contains("This is what it would do") && seen.contains("Knit and natter"),
        "{}",
        visible_text(&seen)
    );
    assert!(
        !groups(&house)
            .await
            .iter()
            .any(|group| group.name == "Knit and natter")
    );
    let done = send("record", GROUPS_CSV);
    assert!(
        done.contains("3 were recorded, and 0 had been before"),
        "{}",
        visible_text(&done)
    );
    let wrong = send("record", "reference,name\n1,x\n");
    assert!(
        wrong.contains("1 lines are wrong, so nothing was recorded"),
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
