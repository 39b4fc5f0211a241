//! A payment that the bank returned: who hears of it, and what they do next.

use serde_json::json;

use crate::pages::journeys::{serve_office, signed_in, signed_in_officer, visible_text};
use crate::support::scenario::command_from_json;
use crate::support::steps::{approve_payment, provide_payee, send_payment, verify_payee};
use crate::support::test_app::TestApp;

on_each_engine!(a_payment_that_the_bank_returned_is_work_until_it_goes_again);
async fn a_payment_that_the_bank_returned_is_work_until_it_goes_again(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    app.issue_ok(office.ben, approve_payment(grant, 1)).await;
    app.issue_ok(office.ben, send_payment(grant, 1, app.today()))
        .await;
    let returned = json!({ "payment": 1, "reason": "That account is closed" });
    let fail = command_from_json("grant", grant.0, "fail-payment", &returned);
    app.issue_ok(office.ben, fail).await;
    let mut officer = signed_in_officer(&app, &office, &address).await;
    let mut ben = signed_in(&app, &address, office.ben).await;
    let mut cass = signed_in(&app, &address, member).await;
    let at = format!("/desk/grants/{}", grant.0);
    for path in ["/my".to_owned(), format!("/my/grants/{}", grant.0)] {
        let page = cass.get(&path);
        assert!(
            page.contains("The bank could not pay you. Tell us which account is right."),
            "{path}: {}",
            visible_text(&page)
        );
    }

    for (work, next) in [
        (
            "The bank returned £700. Ask for new bank details.",
            "Next: ask for new bank details",
        ),
        (
            "The bank returned £700. Check the new bank details.",
            "Next: check the new bank details",
        ),
        (
            "The bank returned £700. The bank details were checked again since.",
            "Next: pay again",
        ),
    ] {
        // Then
        app.catch_up().await;
        for reader in [&mut officer, &mut ben] {
            let today = reader.get("/desk");
            assert!(today.contains(work), "{work}: {}", visible_text(&today));
            let page = reader.get(&at);
            assert!(page.contains(next), "{next}: {}", visible_text(&page));
            assert!(page.contains("That account is closed"));
        }

        // When
        if next.ends_with("ask for new bank details") {
            app.issue_ok(member, provide_payee(group)).await;
        } else if next.ends_with("check the new bank details") {
            app.issue_ok(office.ada, verify_payee(group, 2)).await;
        }
    }
}
