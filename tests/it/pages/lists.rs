//! The lists of the desk: their order and pages, filters, saved views, and actions on several rows.

use std::cmp::Reverse;

use microgrants::domain::Role;
use microgrants::projections::{ApplicationRow, GroupRow};
use microgrants::views::{
    ApplicationColumn, Filter, ListCursor, ListKey, ListOrder, ListSelection, ListTotals,
};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::test_app::TestApp;

fn selection(key: ListKey, descending: bool) -> ListSelection {
    ListSelection {
        as_at: None,
        filters: Vec::new(),
        order: ListOrder { key, descending },
    }
}

/// The ids of a list, read in pages of two from its first page to its last.
async fn forwards(app: &TestApp, list: &ListSelection) -> Vec<String> {
    let (mut ids, mut after) = (Vec::new(), None::<String>);
    loop {
        let cursor = after
            .as_deref()
            .map_or(ListCursor::First, ListCursor::After);
        let page = app
            .views()
            .list_page::<ApplicationRow>(list, cursor, 2)
            .await
            .unwrap();
        assert_eq!(page.previous.is_some(), after.is_some());
        ids.extend(page.items.iter().map(|row| row.id.to_string()));
        match page.next {
            Some(next) => after = Some(next),
            None => return ids,
        }
    }
}

/// The ids of a list, read in pages of two from its last row back to its first page.
async fn backwards(app: &TestApp, list: &ListSelection) -> Vec<String> {
    let mut cursor = ListCursor::First;
    let mut held;
    let mut newest = loop {
        let page = app
            .views()
            .list_page::<ApplicationRow>(list, cursor, 2)
            .await
            .unwrap();
        match page.next.clone() {
            Some(next) => {
                held = next;
                cursor = ListCursor::After(&held);
            }
            None => break page,
        }
    };
    let mut ids: Vec<Vec<String>> = Vec::new();
    loop {
        ids.push(newest.items.iter().map(|row| row.id.to_string()).collect());
        let Some(previous) = newest.previous else {
            break;
        };
        newest = app
            .views()
            .list_page::<ApplicationRow>(list, ListCursor::Before(&previous), 2)
            .await
            .unwrap();
    }
    ids.reverse();
    ids.concat()
}

/// Rows by a key, with empty ones last in both directions, and by id where keys are equal.
fn sorted_in_memory<K: Ord>(
    rows: &[ApplicationRow],
    descending: bool,
    key: impl Fn(&ApplicationRow) -> Option<K>,
) -> Vec<String> {
    let mut keyed: Vec<(bool, Option<K>, String)> = rows
        .iter()
        .map(|row| (key(row).is_none(), key(row), row.id.to_string()))
        .collect();
    if descending {
        keyed.sort_by_key(|(none, _, _)| *none);
        keyed.sort_by(|a, b| (a.0, Reverse((&a.1, &a.2))).cmp(&(b.0, Reverse((&b.1, &b.2)))));
    } else {
        keyed.sort();
    }
    keyed.into_iter().map(|(_, _, id)| id).collect()
}

/// Nine applications in several states: with equal amounts, and some that were not sent.
async fn applications(app: &TestApp, office: &Office) {
    for asked in [600, 700, 600] {
        office.draft(app, asked).await;
        office.submitted(app, asked + 100).await;
    }
    office.ready(app, 700).await;
    office.ready(app, 600).await;
    office.awarded(app, 700).await;
    app.catch_up().await;
}

on_each_engine!(a_list_by_any_column_is_the_same_in_pages_and_in_memory);
async fn a_list_by_any_column_is_the_same_in_pages_and_in_memory(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    applications(&app, &office).await;
    let rows: Vec<ApplicationRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let groups: Vec<GroupRow> = app.views().all_rows(None, Vec::new()).await.unwrap();
    let group = |row: &ApplicationRow| {
        let group = groups.iter().find(|group| group.id == row.group.0);
        group.map(|group| group.name_key.clone())
    };
    let state = |row: &ApplicationRow| Some(<&str>::from(row.state));
    for descending in [false, true] {
        for (key, expected) in [
            (
                ApplicationColumn::Requested,
                sorted_in_memory(&rows, descending, |row| row.requested),
            ),
            (
                ApplicationColumn::Awarded,
                sorted_in_memory(&rows, descending, |row| row.awarded),
            ),
            (
                ApplicationColumn::Submitted,
                sorted_in_memory(&rows, descending, |row| row.submitted_on),
            ),
            (
                ApplicationColumn::State,
                sorted_in_memory(&rows, descending, state),
            ),
            (
                ApplicationColumn::Group,
                sorted_in_memory(&rows, descending, group),
            ),
            (
                ApplicationColumn::Number,
                sorted_in_memory(&rows, descending, |row| Some(row.reference.clone())),
            ),
        ] {
            let list = selection(key.key(), descending);
            assert_eq!(forwards(&app, &list).await, expected, "{list:?}");
            assert_eq!(backwards(&app, &list).await, expected, "{list:?}");
        }
    }
}

on_each_engine!(what_needs_somebody_comes_first_and_is_counted);
async fn what_needs_somebody_comes_first_and_is_counted(app: TestApp) {
    let office = Office::open(&app, 10_000).await;
    applications(&app, &office).await;
    let mut list = selection(ApplicationColumn::Urgency.key(), false);
    let rows: Vec<ApplicationRow> = app.views().whole_list(&list).await.unwrap();
    let states: Vec<&str> = rows.iter().map(|row| row.state.into()).collect();
    assert_eq!(states[..3], ["submitted"; 3], "{states:?}");
    assert_eq!(states[3..5], ["eligible"; 2], "{states:?}");

    list.filters
        .push(Filter::any_of("state", ["draft", "submitted"]));
    let some = forwards(&app, &list).await;
    assert_eq!(some, backwards(&app, &list).await);
    let expected: Vec<String> = rows
        .iter()
        .filter(|row| matches!(row.state.into(), "draft" | "submitted"))
        .map(|row| row.id.to_string())
        .collect();
    assert_eq!(some, expected);

    let amounts = [Some(microgrants::views::ListAmount::Requested), None];
    let totals = app.views().list_totals(&list, amounts).await.unwrap();
    let sum = (600 + 700 + 700 + 800 + 600 + 700) * 100;
    assert_eq!((totals.rows, totals.first), (6, sum));
    office.draft(&app, 500).await;
    app.catch_up().await;
    let later = app.views().list_totals(&list, amounts).await.unwrap();
    assert_eq!(
        later,
        ListTotals {
            rows: 7,
            first: sum + 50_000,
            second: 0
        },
        "the log moved on"
    );

    let near = app.views().list_neighbours(&list, &some[1]).await.unwrap();
    assert_eq!(
        (near.number, near.previous, near.next),
        (Some(2), Some(some[0].clone()), Some(some[2].clone()))
    );
    let gone = rows.last().unwrap().id.to_string();
    list.filters = vec![Filter::in_state(["submitted"])];
    let near = app.views().list_neighbours(&list, &gone).await.unwrap();
    assert_eq!((near.number, near.next), (None, Some(some[0].clone())));
}

on_each_engine!(a_filter_is_a_chip_and_a_heading_sorts);
async fn a_filter_is_a_chip_and_a_heading_sorts(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    applications(&app, &office).await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let page = browser.get("/desk/applications?state=submitted&area=oldham&sort=-requested");

    let says = visible_text(&page);
    assert!(says.contains("Area: Oldham"), "{says}");
    assert!(page.contains("aria-sort=\"descending\""), "{says}");
    assert!(
        page.contains("/desk/applications?state=submitted&#38;sort=-requested\""),
        "the chip leads to the list without it: {}",
        page.text
    );
    assert!(
        page.contains("sort=requested\">Asks for"),
        "the heading sorts the other way: {}",
        page.text
    );
    assert!(says.contains("3 applications"), "{says}");
    let id = page
        .text
        .split("name=\"pick\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap()
        .to_owned();
    let record = browser.get(&format!("/desk/applications/{id}?list=state%3Dsubmitted"));
    assert!(
        visible_text(&record).contains(" of 3"),
        "{}",
        visible_text(&record)
    );
}

on_each_engine!(the_menu_opens_the_applications_that_are_not_decided);
async fn the_menu_opens_the_applications_that_are_not_decided(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (sent, ..) = office.submitted(&app, 700).await;
    let (draft, ..) = office.draft(&app, 600).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;

    let menu = browser.get("/desk").text;
    let link = menu
        .split("href=\"")
        .filter_map(|rest| rest.split('"').next())
        .find(|link| link.starts_with("/desk/applications?state=submitted&#38;state=changes"))
        .expect("a link to the list")
        .replace("&#38;", "&");
    let list = browser.get(&link);

    assert!(
        list.contains(&sent.to_string()) && !list.contains(&draft.to_string()),
        "{}",
        visible_text(&list)
    );
    assert!(
        list.contains("aria-current=\"page\">Not decided"),
        "{}",
        list.text
    );
    let reserves = browser.get("/desk/applications?state=reserve_list&sort=rank");
    assert!(
        reserves.contains("state=reserve_list&#38;sort=rank\" aria-current=\"page\">Reserve list"),
        "{}",
        reserves.text
    );
}

on_each_engine!(a_record_that_left_its_list_leads_to_the_one_after_it);
async fn a_record_that_left_its_list_leads_to_the_one_after_it(app: TestApp) {
    // Given the second of three applications to check, opened from the list
    let (office, address) = serve_office(&app).await;
    let mut ids = Vec::new();
    for asked in [700, 800, 900] {
        ids.push(office.submitted(&app, asked).await.0.to_string());
    }
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let list = ada.get("/desk/applications?state=submitted");
    ids.sort_by_key(|id| list.text.find(id.as_str()).expect("it is in the list"));
    let path = format!("/desk/applications/{}?list=state%3Dsubmitted", ids[1]);
    let page = ada.get(&path);
    assert!(page.contains(">2 of 3<"), "{}", visible_text(&page));

    // When
    let after = ada.submit_form(
        &page,
        &format!("/desk/do/applications/{}/refuse-eligibility", ids[1]),
        &[
            ("at", &path),
            ("form", "refuse-eligibility"),
            ("reason", "It is not in our area."),
        ],
    );

    // Then
    let next = format!(
        "href=\"/desk/applications/{}?list=state%3Dsubmitted\" rel=\"next\"",
        ids[2]
    );
    assert!(
        after.contains(">2 of 3<") && after.contains(&next),
        "{}",
        after.text
    );
    assert!(
        after.contains("<b>Panel</b><span></span>"),
        "the panel has not met about it: {}",
        after.text
    );
}

fn bulk(browser: &mut Browser, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let unseen = [("csrf", csrf.as_str()), ("key", key.as_str())];
    browser.post_fields(path, &[&unseen, fields].concat())
}

on_each_engine!(several_applications_are_confirmed_before_they_are_eligible);
async fn several_applications_are_confirmed_before_they_are_eligible(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (one, ..) = office.submitted(&app, 700).await;
    let (two, ..) = office.submitted(&app, 800).await;
    let (draft, ..) = office.draft(&app, 600).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let list = browser.get("/desk/applications?select=all");
    assert_eq!(
        list.text
            .matches(" checked><span class=\"sr\">Select")
            .count(),
        3
    );
    let ids = [one, two, draft].map(|id| id.to_string());
    let picks: Vec<_> = ids.iter().map(|id| ("pick", id.as_str())).collect();
    let fields = [&[("do", "eligible")], picks.as_slice()].concat();
    let before = app.log.length().await.unwrap();

    let seen = bulk(&mut browser, &list, "/desk/bulk/applications", &fields);

    let says = visible_text(&seen);
    assert!(
        seen.status == 200
            && seen.contains(">Mark 2 applications as eligible</button>")
            && says.contains("£1,500"),
        "{says}"
    );
    assert!(says.contains("Cannot be done now"), "{says}");
    assert_eq!(app.log.length().await.unwrap(), before, "nothing is done");

    let done = bulk(&mut browser, &seen, "/desk/bulk/applications/run", &fields);
    let says = visible_text(&done);
    assert!(
        says.contains("2 applications marked as eligible") && says.contains("Not done: 1"),
        "{says}"
    );
    let after = app.log.length().await.unwrap();
    let again = bulk(&mut browser, &seen, "/desk/bulk/applications/run", &fields);
    assert!(
        visible_text(&again).contains("2 applications marked as eligible"),
        "{}",
        visible_text(&again)
    );
    assert_eq!(app.log.length().await.unwrap(), after, "once is enough");
    let undo = [&[("do", "undo-eligible")], &picks[..2]].concat();
    let undone = bulk(&mut browser, &done, "/desk/bulk/applications/run", &undo);
    let back = visible_text(&undone);
    assert!(back.contains("2 applications are back to check"), "{back}");
    assert!(!ids.iter().any(|id| says.contains(id.as_str())), "{says}");

    let sheets = [&[("do", "print")], picks.as_slice()].concat();
    let printed = bulk(&mut browser, &list, "/desk/bulk/applications", &sheets);
    assert_eq!(printed.text.matches("new-page").count(), 3);
}

on_each_engine!(three_payments_are_approved_together_by_somebody_else);
async fn three_payments_are_approved_together_by_somebody_else(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    for pounds in [600, 700, 800] {
        office.prepared(&app, pounds).await;
    }
    app.catch_up().await;
    let mut own = signed_in(&app, &address, office.ada).await;
    let list = own.get("/desk/payments?state=prepared");
    assert!(
        visible_text(&list).contains("You prepared it, so a colleague approves it")
            && list.contains("Prepared\u{a0}")
            && !list.contains("name=\"pick\""),
        "{}",
        visible_text(&list)
    );
    let mut other = signed_in(&app, &address, office.ben).await;
    let list = other.get("/desk/payments?state=prepared&select=all");
    let picks: Vec<String> = list
        .text
        .split("name=\"pick\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"))
        .collect();
    assert_eq!(picks.len(), 3, "{}", visible_text(&list));
    assert!(
        visible_text(&other.get("/desk/payments?state=prepared")).contains("Select all 3"),
        "{}",
        visible_text(&list)
    );
    let picks: Vec<_> = picks.iter().map(|id| ("pick", id.as_str())).collect();
    let fields = [&[("do", "approve")], picks.as_slice()].concat();

    let seen = bulk(&mut other, &list, "/desk/bulk/payments", &fields);
    assert!(
        visible_text(&seen).contains("Approve 3")
            && visible_text(&seen).contains("£2,100")
            && visible_text(&seen).contains("ends in 678. Ada checked it: A statement was seen"),
        "{}",
        visible_text(&seen)
    );
    let done = bulk(&mut other, &seen, "/desk/bulk/payments/run", &fields);

    let says = visible_text(&done);
    assert!(
        says.contains("3 payments approved")
            && says.contains("3 payments can go to the bank now.")
            && says.contains("Make a bank file"),
        "{says}"
    );
    app.catch_up().await;
    let list = other.get("/desk/payments?state=approved");
    assert!(
        visible_text(&list).contains("3 payments"),
        "{}",
        visible_text(&list)
    );
}

on_each_engine!(payments_are_rejected_together_with_a_reason);
async fn payments_are_rejected_together_with_a_reason(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.prepared(&app, 600).await;
    app.catch_up().await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let list = ben.get("/desk/payments?state=prepared&select=all");
    let id = list.text.split("name=\"pick\" value=\"").nth(1).unwrap();
    let id = id.split('"').next().unwrap().replace("&#x2f;", "/");
    let fields = [("do", "reject"), ("pick", id.as_str())];

    // When
    let seen = bulk(&mut ben, &list, "/desk/bulk/payments", &fields);
    let asked = bulk(&mut ben, &seen, "/desk/bulk/payments/run", &fields);

    // Then
    assert!(
        asked.status == 422 && asked.contains("Enter why you reject them"),
        "{}",
        visible_text(&asked)
    );

    // When
    let why = [fields.as_slice(), &[("reason", "The amount is wrong")]].concat();
    let done = bulk(&mut ben, &asked, "/desk/bulk/payments/run", &why);

    // Then
    let says = visible_text(&done);
    assert!(
        says.contains("1 payment rejected")
            && says.contains("Ada sees why on Today, and can prepare it again."),
        "{says}"
    );
    app.catch_up().await;
    for path in [
        "/desk/payments?state=rejected".to_owned(),
        format!("/desk/payments?grant={grant}"),
    ] {
        let page = ben.get(&path);
        assert!(
            page.contains("The amount is wrong"),
            "{path}: {}",
            visible_text(&page)
        );
    }
}

/// Saves the list of submitted applications under a name.
fn save_view(browser: &mut Browser, name: &str, shared: bool) -> Page {
    let page = browser.get("/desk/applications?state=submitted");
    let mut fields = vec![
        ("list", "applications"),
        ("query", "state=submitted&q=Somebody&sort=-requested"),
        ("name", name),
        ("form", "save-view"),
    ];
    if shared {
        fields.push(("shared", "yes"));
    }
    browser.submit_form(&page, "/desk/do/views", &fields)
}

on_each_engine!(a_view_is_saved_for_oneself_or_for_the_office);
async fn a_view_is_saved_for_oneself_or_for_the_office(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.submitted(&app, 700).await;
    let panel = person(&app, "Pat").await;
    office.give_role(&app, panel, Role::Panel).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let mut pat = signed_in(&app, &address, panel).await;

    let own = save_view(&mut ada, "Mine alone", false);
    assert!(
        own.contains("Mine alone") && !own.contains("Somebody"),
        "{}",
        visible_text(&own)
    );
    let shared = save_view(&mut ada, "For everyone", true);
    assert!(shared.contains("For everyone"), "{}", visible_text(&shared));
    let others = pat.get("/desk/applications?state=submitted&sort=-requested");
    assert!(
        others.contains("For everyone") && !others.contains("Mine alone"),
        "{}",
        visible_text(&others)
    );
    assert!(!others.contains("Delete this view"), "it is not Pat's");
    let refused = save_view(&mut pat, "From the panel", true);
    assert!(
        refused.status == 422 && refused.contains("Only officers and administrators"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );

    let path = own
        .text
        .split("action=\"/desk/do/views/")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .map(|rest| format!("/desk/do/views/{rest}"))
        .expect("the owner may delete it");
    let stolen = pat.submit_form(&others, &path, &[]);
    assert_eq!(stolen.status, 404, "a view of somebody else");
    let deleted = ada.submit_form(&own, &path, &[]);
    assert!(
        deleted.status == 200 && !deleted.contains("Mine alone"),
        "{}",
        visible_text(&deleted)
    );
}

on_each_engine!(groups_are_reminded_once_a_day);
async fn groups_are_reminded_once_a_day(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.approved(&app, 700).await;
    // The report is due after 120 days, and a reminder is for one that is late.
    app.pass_days(121);
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let list = browser.get("/desk/updates?select=all");
    assert!(
        list.contains("class=\"part\"") && visible_text(&list).contains("Overdue 1"),
        "{}",
        visible_text(&list)
    );
    let picks: Vec<String> = list
        .text
        .split("name=\"pick\" value=\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("&#x2f;", "/"))
        .collect();
    assert_eq!(picks.len(), 1, "{}", visible_text(&list));
    assert!(
        visible_text(&list).contains("Cass"),
        "the contact: {}",
        visible_text(&list)
    );
    let fields = [("do", "remind"), ("pick", picks[0].as_str())];

    let seen = bulk(&mut browser, &list, "/desk/bulk/updates", &fields);
    let done = bulk(&mut browser, &seen, "/desk/bulk/updates/run", &fields);
    let again = bulk(&mut browser, &list, "/desk/bulk/updates", &fields);

    assert!(
        visible_text(&done).contains("1 reminder sent"),
        "{}",
        visible_text(&done)
    );
    assert!(
        visible_text(&again).contains("Cannot be done now"),
        "{}",
        visible_text(&again)
    );
}

on_each_engine!(groups_with_a_grant_are_a_view_and_show_what_they_received);
async fn groups_with_a_grant_are_a_view_and_show_what_they_received(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, ..) = office.prepared(&app, 700).await;
    office.paid(&app, grant).await;
    office.group(&app).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;

    // When
    let all = visible_text(&ada.get("/desk/groups"));
    let current = visible_text(&ada.get("/desk/groups?view=current"));

    // Then
    assert!(all.contains("2 groups"), "{all}");
    assert!(
        current.contains("1 group") && current.contains("£700"),
        "{current}"
    );
}
