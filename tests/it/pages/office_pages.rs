//! Pages of the office: what a record asks of its reader first, and forms without identifiers.

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::Browser;
use crate::support::test_app::TestApp;

on_each_engine!(the_checks_of_a_fund_are_ticked);
async fn the_checks_of_a_fund_are_ticked(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/desk/funds/new");
    assert!(
        page.contains("Proof of identity") && page.contains("Constitution"),
        "{}",
        visible_text(&page)
    );
    assert!(!page.contains("With commas") && !page.contains("<h3"));
    let fields = [
        ("at", "/desk/funds/new"),
        ("form", "create"),
        ("name", "Warm spaces"),
        ("purpose", "To meet in winter."),
        ("areas:keys", "Oldham\r\nHigh Peak"),
        ("rules.minimum:money", "500"),
        ("rules.maximum:money", "2,500"),
        ("rules.eyes:number", "2"),
        ("rules.quorum:number", "2"),
        ("rules.checks:list", "identity"),
        ("rules.checks:list", "insurance"),
        ("rules.offer_days:number", "28"),
        ("rules.signers:number", "2"),
    ];
    let made = browser.submit_form(&page, "/desk/do/funds/create", &fields);
    assert!(
        made.contains("Warm spaces") && made.contains("Insurance"),
        "{}",
        visible_text(&made)
    );
}

on_each_engine!(whether_an_idea_fits_is_asked_on_one_page);
async fn whether_an_idea_fits_is_asked_on_one_page(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let fits = format!("/apply/{}/first/fits", office.fund);
    let mut visitor = Browser::new(&address);
    let page = visitor.get(&fits);
    let wrong = visitor.submit_form(&page, &fits, &[("fits-1", "yes")]);
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.contains("Choose yes or no: Are at least two of you running it?"),
        "{}",
        visible_text(&wrong)
    );
    let no = visitor.submit_form(&wrong, &fits, &[("fits-1", "yes"), ("fits-2", "no")]);
    assert!(no.path.ends_with("/not-now/2"), "{}", no.path);
    assert_eq!(
        visitor
            .get(&format!("/apply/{}/first/not-now/0", office.fund))
            .status,
        404
    );
}
