//! Emails about introductions: the group hears that somebody would like to come and not who, those
//! who are introduced hear what was answered, and nobody hears more once it is taken back.

use microgrants::domain::PersonId;
use microgrants::outbox;
use serde_json::json;
use uuid::Uuid;

use crate::operations::mails::{
    deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows, set_email,
};
use crate::pages::introductions::Village;
use crate::support::fixtures::{person, reach_by_phone_only};
use crate::support::test_app::TestApp;

/// The kinds of a person's mails with their states, in alphabetical order.
async fn mails_of(app: &TestApp, person: PersonId) -> Vec<String> {
    let id = person.to_string();
    let rows = outbox_rows(app).await;
    let own = rows.into_iter().filter(|row| row.person == id);
    let mut mails: Vec<String> = own
        .map(|row| format!("{} {}", row.kind, row.state))
        .collect();
    mails.sort();
    mails
}

/// A village whose people have an email, and somebody who can be phoned only.
async fn with_addresses(app: &TestApp) -> (Village, PersonId, PersonId) {
    let village = Village::begin(app).await;
    let guest = person(app, "Jo Walker").await;
    let phones = person(app, "Phoner").await;
    set_email(app, guest, "jo@example.org").await;
    set_email(app, village.member, "cass@example.org").await;
    reach_by_phone_only(app, phones, "Phoner").await;
    app.catch_up().await;
    mailer(app).subscribe().await.expect("a subscription");
    (village, guest, phones)
}

async fn deliver(app: &TestApp) {
    deliver_all(app, &mailer(app)).await;
}

/// All mails to an address.
fn mails_to(app: &TestApp, address: &str) -> Vec<String> {
    let mails = mails_in_folder(&mail_folder(app));
    let own = mails.into_values().filter(|mail| mail.starts_with(address));
    own.collect()
}

fn page_of(id: Uuid) -> String {
    format!("/my/introductions/{id}")
}

on_each_engine!(a_group_hears_that_somebody_would_like_to_come_and_not_who);
async fn a_group_hears_that_somebody_would_like_to_come_and_not_who(app: TestApp) {
    let (village, guest, phones) = with_addresses(&app).await;
    let id = village.made(&app, guest).await;
    let by_phone = village.made(&app, phones).await;
    deliver(&app).await;
    let asks = ["introduction_asks sent", "introduction_asks sent"];
    assert_eq!(mails_of(&app, village.member).await, asks);
    assert_eq!(mails_of(&app, guest).await, ["introduced sent"]);
    assert_eq!(mails_of(&app, phones).await, ["introduced by_hand"]);
    let waiting = outbox::count_waiting_by_hand(&app.log).await;
    assert_eq!(waiting.expect("a count"), 1, "somebody phones them");
    for mail in mails_to(&app, "cass@example.org") {
        assert!(mail.contains("Soup on Sundays"), "{mail}");
        assert!(mail.contains(&page_of(id)) || mail.contains(&page_of(by_phone)));
        for hidden in ["Jo", "Phoner", "warm room", "07700"] {
            assert!(!mail.contains(hidden), "{hidden}: {mail}");
        }
    }

    let welcome = json!({ "host": village.member, "channel": "phone" });
    let of = ("introduction", id);
    village.take(&app, of, "welcome", &welcome).await;
    let decline = json!({ "reason": "full", "channel": "phone" });
    let of = ("introduction", by_phone);
    village.take(&app, of, "decline", &decline).await;
    deliver(&app).await;
    let hears = ["introduced sent", "introduction_answered sent"];
    assert_eq!(mails_of(&app, guest).await, hears);
    let hears = ["introduced by_hand", "introduction_answered by_hand"];
    assert_eq!(mails_of(&app, phones).await, hears);
    let answers = mails_to(&app, "jo@example.org").concat();
    assert!(answers.contains("You are welcome there."), "{answers}");
}

on_each_engine!(nobody_hears_more_once_it_is_taken_back);
async fn nobody_hears_more_once_it_is_taken_back(app: TestApp) {
    let (village, guest, _) = with_addresses(&app).await;
    let id = village.made(&app, guest).await;
    let take_back = json!({ "channel": "phone" });
    let of = ("introduction", id);
    village.take(&app, of, "take-back", &take_back).await;
    deliver(&app).await;
    let nothing = ["introduction_asks dropped"];
    assert_eq!(mails_of(&app, village.member).await, nothing);
    assert_eq!(mails_of(&app, guest).await, ["introduced dropped"]);
}
