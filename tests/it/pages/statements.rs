//! Statements to funders: what they say, and the links that open them without an account.

use microgrants::auth::statement_links;
use microgrants::domain::{Organisation, Refusal, Role};
use microgrants::views::{StatementLine, StatementSubject};
use serde_json::{Value, json};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, gbp, person};
use crate::support::scenario::command_from_json;
use crate::support::test_app::TestApp;

const PAGE: &str = "/desk/funders/health-partnership";

/// Makes a link to the funder's statement of these days. Returns its path.
async fn share(app: &TestApp, office: &Office, days: &Value) -> String {
    let organisation = app.commands.organisation().0;
    let share = command_from_json("organisation", organisation, "share-statement", days);
    app.issue_ok(office.ada, share).await;
    let known = app.log.refresh::<Organisation>(organisation).await.unwrap();
    let link = known.state.statement_links().get(1).expect("a link");
    statement_links::path(app.log.vault(), 1, link)
}

fn days(app: &TestApp) -> Value {
    json!({ "funder": "health-partnership", "from": app.today(), "until": app.today() })
}

/// The path of the first link on the office's page.
fn shared_path(page: &Page) -> String {
    let text = page.text.replace("&#x2f;", "/").replace("&#47;", "/");
    let (_, rest) = text.split_once("/statement/1/").expect("a link");
    let secret = rest.split('"').next().expect("a secret");
    format!("/statement/1/{secret}")
}

on_each_engine!(a_shared_statement_opens_without_an_account_until_it_is_ended);
async fn a_shared_statement_opens_without_an_account_until_it_is_ended(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    office.payable(&app, 700).await;
    office.awarded(&app, 900).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let page = ada.get(PAGE);
    assert!(
        page.contains("you had given us £10,000. Of this, £1,600 had been awarded"),
        "{}",
        visible_text(&page)
    );
    let (from, until) = (page.hidden_field("from"), page.hidden_field("until"));
    let fields = [
        ("at", PAGE),
        ("form", "share-statement"),
        ("funder", "health-partnership"),
        ("from", from.as_str()),
        ("until", until.as_str()),
    ];
    let made = ada.submit_form(&page, "/desk/do/organisation/share-statement", &fields);
    assert!(made.contains("Link made."), "{}", visible_text(&made));

    let path = shared_path(&made);
    let mut funder = Browser::new(&address);
    let read = funder.get(&path);
    assert!(
        read.status == 200
            && read.contains("Soup and song")
            && read.contains("A group that has not accepted its offer")
            && read.contains("£900"),
        "{}",
        visible_text(&read)
    );
    assert!(!read.contains("/desk/grants/") && !read.contains("Transactions"));
    assert!(read.text.matches("Soup and song").count() == 1);
    let guessed = format!("/statement/1/{}", "0".repeat(64));
    assert_eq!(funder.get(&guessed).status, 404);

    let end = [
        ("at", PAGE),
        ("form", "end-statement-link-1"),
        ("link:number", "1"),
    ];
    let ended = ada.submit_form(&made, "/desk/do/organisation/end-statement-link", &end);
    assert!(ended.contains("Link ended."), "{}", visible_text(&ended));
    let gone = funder.get(&path);
    assert!(
        gone.status == 404 && gone.contains("This link no longer works"),
        "{}",
        visible_text(&gone)
    );
}

on_each_engine!(a_link_to_a_statement_expires);
async fn a_link_to_a_statement_expires(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let path = share(&app, &office, &days(&app)).await;
    let mut funder = Browser::new(&address);
    app.pass_days(90);
    assert_eq!(funder.get(&path).status, 200);
    app.pass_days(1);
    assert_eq!(funder.get(&path).status, 404);
}

on_each_engine!(a_statement_is_shared_once_and_never_ahead);
async fn a_statement_is_shared_once_and_never_ahead(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    share(&app, &office, &days(&app)).await;
    let organisation = app.commands.organisation().0;
    let command =
        |body: Value| command_from_json("organisation", organisation, "share-statement", &body);
    assert_eq!(
        app.issue_refused(office.ada, command(days(&app))).await,
        Refusal::Exists("link")
    );
    let mut ahead = days(&app);
    ahead["until"] = json!(app.in_days(1));
    assert_eq!(
        app.issue_refused(office.ada, command(ahead)).await,
        Refusal::DateInFuture(app.in_days(1))
    );

    // Someone who may not share a statement sees no link either.
    let nia = person(&app, "Nia").await;
    office.give_role(&app, nia, Role::Panel).await;
    app.catch_up().await;
    let page = signed_in(&app, &address, nia).await.get(PAGE);
    assert!(
        !page.contains("/statement/1/") && !page.contains("Share with this funder"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(a_link_leads_to_the_address_of_the_settings);
async fn a_link_leads_to_the_address_of_the_settings(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    share(&app, &office, &days(&app)).await;
    let settings = json!({
        "name": "An anchor", "sending": { "address": "https://apply.example.org" },
    });
    let organisation = app.commands.organisation().0;
    for (by, name, body) in [
        (office.ada, "propose-settings", settings),
        (office.ben, "confirm-settings", json!({ "proposal": 1 })),
    ] {
        let command = command_from_json("organisation", organisation, name, &body);
        app.issue_ok(by, command).await;
    }
    app.catch_up().await;
    let page = signed_in(&app, &address, office.ada).await.get(PAGE);
    let text = page.text.replace("&#x2f;", "/").replace("&#47;", "/");
    assert!(
        text.contains("https://apply.example.org/statement/1/"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(an_award_that_came_to_nothing_is_no_empty_row);
async fn an_award_that_came_to_nothing_is_no_empty_row(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.awarded(&app, 900).await;
    let decline = command_from_json("grant", grant.0, "decline-offer", &json!({}));
    app.issue_ok(member, decline).await;
    app.catch_up().await;
    let page = signed_in(&app, &address, office.ada).await.get(PAGE);
    assert!(
        page.contains("Not in the table: one award that ended")
            && !page.contains("Group and purpose"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(a_past_day_of_the_figures_is_kept_and_an_impossible_one_is_said);
async fn a_past_day_of_the_figures_is_kept_and_an_impossible_one_is_said(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let first = app.today();
    office.awarded(&app, 900).await;
    app.pass_days(10);
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let day = app.in_days(-3);

    // When
    let past = ada.get(&format!("/desk/figures?day={day}"));
    let early = ada.get("/desk/figures?day=2001-01-01");
    let late = ada.get(&format!("/impact?day={}", app.in_days(3)));

    // Then
    let of_funder = format!("{PAGE}?until={day}");
    let of_fund = format!("/desk/funds/{}/statement?until={day}", office.fund);
    for path in [&of_funder, &of_fund] {
        assert!(past.contains(&format!("href=\"{path}\"")), "{}", past.text);
        let page = ada.get(path);
        assert!(page.contains(&format!("value=\"{day}\"")), "{}", page.text);
        assert!(page.contains(&format!("href=\"/desk/figures?day={day}\"")));
    }
    let first = first.strftime("%-d %B %Y").to_string();
    assert!(
        early.contains("We have nothing for 1 January 2001.") && early.contains(&first),
        "{}",
        visible_text(&early)
    );
    assert!(late.contains("is still to come. This is today."));
    assert!(!past.contains("We have nothing for"));
}

on_each_engine!(a_funders_statement_begins_on_the_day_that_was_chosen);
async fn a_funders_statement_begins_on_the_day_that_was_chosen(app: TestApp) {
    // Given an award of £900, and ten days later one of £650.
    let (office, address) = serve_office(&app).await;
    office.awarded(&app, 900).await;
    app.pass_days(10);
    office.awarded(&app, 650).await;
    app.catch_up().await;
    let mut ada = signed_in(&app, &address, office.ada).await;
    let (from, today) = (app.in_days(-3), app.today());
    let funder = StatementSubject::Funder("health-partnership");

    // When
    let statement = app.views().statement(funder, from, today).await.unwrap();
    let page = ada.get(&format!("{PAGE}?from={from}&until={today}"));
    let days = json!({ "funder": "health-partnership", "from": from, "until": today });
    let link = share(&app, &office, &days).await;
    let shared = Browser::new(&address).get(&link);

    // Then
    let (opening, closing) = (statement.opening, statement.closing);
    assert_eq!(
        (opening.allocated, opening.awarded),
        (gbp(10_000), gbp(900))
    );
    assert_eq!(closing.awarded, gbp(1550));
    let is_within = |line: &StatementLine| line.effective_on >= from.to_string();
    assert!(statement.lines.iter().all(is_within), "{statement:?}");
    let first = from.strftime("%-d %B %Y").to_string();
    assert!(page.contains(&format!("value=\"{from}\"")), "{}", page.text);
    for page in [page, shared] {
        let text = visible_text(&page);
        assert_eq!(page.status, 200, "{text}");
        assert!(text.contains(&first) && text.contains("£1,550"), "{text}");
    }
}
