//! Pages for everyone: what the home page and a round say of a fund, and the note on translations.

use microgrants::domain::language::Language;
use microgrants::projections::FundRow;
use microgrants::views::PageRequest;
use serde_json::json;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::scenario::command_from_json;
use crate::support::seeded::with_seeds;
use crate::support::test_app::TestApp;

on_each_engine!(the_home_page_says_what_the_open_fund_gives_and_where);
async fn the_home_page_says_what_the_open_fund_gives_and_where(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let home = Browser::new(&address).get("/");
    assert!(
        home.contains("We give £500 to £2,500 to groups in Oldham and Stockport.")
            && home.contains("To meet"),
        "{}",
        visible_text(&home)
    );
}

on_each_engine!(what_a_grant_achieved_is_on_the_public_page_and_in_the_statement);
async fn what_a_grant_achieved_is_on_the_public_page_and_in_the_statement(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.prepared(&app, 900).await;
    office.paid(&app, grant).await;
    let outcome = json!({
        "sign": "bringing-people-together", "strength": "strong", "words": "Nobody eats alone.",
    });
    let update = json!({
        "update": 1, "channel": "web", "words": "It went well.", "people": 20, "volunteers": 3,
        "spent": "900.00", "outcomes": [outcome],
    });
    let accept = json!({ "update": 1 });
    for (by, name, body) in [
        (member, "receive-update", &update),
        (office.ada, "accept-update", &accept),
    ] {
        app.issue_ok(by, command_from_json("grant", grant.0, name, body))
            .await;
    }
    app.catch_up().await;
    let impact = visible_text(&Browser::new(&address).get("/impact"));
    for says in [
        "Seen most often: Bringing people together, 1 of 1.",
        "people helped out 3",
        "Cost for each person who came: £45. This counts the grants with a report, so far 1.",
        "Not funded",
    ] {
        assert!(impact.contains(says), "{says}: {impact}");
    }
    assert_eq!(
        impact.matches("people came along 20").count(),
        2,
        "in all, and in the area: {impact}"
    );
    let mut ada = signed_in(&app, &address, office.ada).await;
    let statement = ada.get("/desk/funders/health-partnership");
    assert!(
        statement.contains("So far: 20 people came, 3 helped.")
            && statement.contains(
                "Cost for each person who came: £45. This counts 1 grant with a report: £900 was \
                 paid by all funders, and 20 people came.",
            ),
        "{}",
        visible_text(&statement)
    );
    let sheet = ada.get("/desk/sheets/statement.csv?funder=health-partnership");
    assert!(
        sheet.contains("\"Cost for each person who came (1 with a report)\",45.00"),
        "{}",
        sheet.text
    );
    let figures = visible_text(&ada.get("/desk/figures"));
    for says in [
        "In all areas, each person who came cost £45.",
        "Grants with a report: 1. With so few, small differences mean little.",
        "Quarter by quarter",
    ] {
        assert!(figures.contains(says), "{says}: {figures}");
    }
}

on_each_engine!(a_round_says_how_many_people_the_fund_asks_for);
async fn a_round_says_how_many_people_the_fund_asks_for(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let path = format!("/apply/{}/first", office.fund);
    let mut visitor = Browser::new(&address);
    let start = visitor.get(&path);
    assert!(
        start.contains("Two or more people in your group.") && start.contains("End of "),
        "{}",
        visible_text(&start)
    );

    // The fund asks its own question instead of the usual ones.
    let rules = |signers: u8| {
        json!({
            "minimum": "500.00", "maximum": "2500.00", "eyes": 2, "quorum": 1,
            "checks": ["identity"], "offer_days": 28, "signers": signers,
            "texts": { "eligibility": [{ "question": "Is it free?", "if_no": "It must be." }] },
        })
    };
    for (signers, says) in [(1, None), (3, Some("3 or more people in your group."))] {
        office.change_rules(&app, &rules(signers)).await;
        app.catch_up().await;
        let start = visitor.get(&path);
        let found = start.contains(says.unwrap_or("people in your group"));
        assert_eq!(found, says.is_some(), "{}", visible_text(&start));
    }
}

on_each_engine!(a_polish_page_says_at_its_top_that_a_machine_drafted_it);
async fn a_polish_page_says_at_its_top_that_a_machine_drafted_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut visitor = Browser::new(&address);
    assert!(!visitor.get("/apply").contains("A machine drafted"));
    let start = format!("/apply/{}/first", office.fund);
    assert!(!visitor.get(&start).contains("in English only"));
    let polish = visitor.get("/language/pl?to=/apply");
    let (top, _) = polish.text.split_once("<main").expect("a main part");
    assert!(top.contains("Czeka jeszcze na sprawdzenie"), "{top}");
    // Nobody has written about this fund in Polish.
    assert!(visitor.get(&start).contains("tylko po angielsku"));
}

on_each_engine!(the_fund_of_the_demonstration_is_in_polish_as_well);
async fn the_fund_of_the_demonstration_is_in_polish_as_well(app: TestApp) {
    let app = with_seeds(app).await;
    let listed = app
        .views()
        .list::<FundRow>(None, Vec::new(), &PageRequest::up_to_max())
        .await
        .unwrap();
    let open = listed.items.iter().find(|fund| !fund.rounds.is_empty());
    let open = open.expect("a fund with rounds");
    assert!(open.name_in(Language::Pl).starts_with("Fundusz przeciw"));
    assert_eq!(open.purpose_in(Language::Pl).1, Language::Pl);
}
