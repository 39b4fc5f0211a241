//! A form or a file that is sent twice is recorded once, and a refused form records nothing.

use microgrants::domain::GroupId;
use microgrants::projections::GroupRow;
use microgrants::views::PageRequest;

use super::journeys::{
    as_fields, serve_office, signed_in, signed_in_officer, visible_text, walk_to_draft,
};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

on_each_engine!(a_form_pressed_twice_is_one_application);
async fn a_form_pressed_twice_is_one_application(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Monday soup", "zofia@example.org");
    let mut twice = Browser::new(&address);
    twice.cookies.clone_from(&browser.cookies);
    let mut found = Browser::new(&address);
    found.cookies.clone_from(&browser.cookies);
    let (one, two) = std::thread::scope(|scope| {
        let first =
            scope.spawn(|| browser.post_fields(&format!("{start}/you"), &as_fields(&fields)));
        let second =
            scope.spawn(|| twice.post_fields(&format!("{start}/you"), &as_fields(&fields)));
        (first.join().unwrap(), second.join().unwrap())
    });
    assert_eq!(
        (one.status, two.status),
        (303, 303),
        "{} {}",
        one.text,
        two.text
    );
    assert_eq!(
        one.headers["location"], two.headers["location"],
        "both lead to the one draft"
    );
    app.catch_up().await;
    let all = PageRequest {
        after: None,
        limit: 100,
    };
    let groups: Vec<GroupRow> = app
        .views()
        .list(None, Vec::new(), &all)
        .await
        .unwrap()
        .items;
    assert_eq!(
        groups
            .iter()
            .filter(|group| group.name == "Monday soup")
            .count(),
        1
    );
    // Sending the same page again from the browser that has since signed in gives nobody new
    // rights.
    let again = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert!([303, 403].contains(&again.status));
    // A person who finds the form in a browser on another day does not get in by sending it.
    app.pass_days(1);
    let late = found.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert!(
        late.status == 422 && late.contains("You sent this page before."),
        "{}",
        visible_text(&late)
    );
    assert!(found.get("/my").path.contains("/sign-in"));
}

/// The page on which a form on paper is keyed in, opened by an officer.
struct PaperForm {
    browser: Browser,
    page: Page,
    began: String,
    round: String,
    today: String,
}

impl PaperForm {
    async fn open(app: &TestApp) -> Self {
        let (office, address) = serve_office(app).await;
        let mut browser = signed_in_officer(app, &office, &address).await;
        let round = format!("{}/first", office.fund);
        let page = browser.get(&format!("/desk/applications/new?round={round}&group=new"));
        Self {
            began: page.hidden_field("began"),
            today: app.in_days(0).to_string(),
            browser,
            page,
            round,
        }
    }

    /// Sends it with these fields more, and without one.
    fn send(&mut self, more: &[(&str, &str)], without: Option<&str>) -> Page {
        let known = [
            ("began", self.began.as_str()),
            ("round", &self.round),
            ("form", "keyed"),
            ("channel", "paper"),
            ("received_on", &self.today),
            ("help", "read_back"),
            ("consent", "yes"),
            ("group", "Tea on paper"),
            ("standing", "new"),
            ("area", "oldham"),
            ("person", "Olga"),
            ("telephone", "07700 900112"),
            ("requested", "£1,200"),
            ("at_risk", "no"),
        ];
        let fields: Vec<_> = known
            .into_iter()
            .filter(|(name, _)| without != Some(*name))
            .chain(more.iter().copied())
            .collect();
        self.browser
            .submit_form(&self.page, "/desk/do/keyed", &fields)
    }
}

on_each_engine!(a_form_on_paper_is_keyed_in_once_and_nothing_of_it_dropped);
async fn a_form_on_paper_is_keyed_in_once_and_nothing_of_it_dropped(app: TestApp) {
    let mut form = PaperForm::open(&app).await;

    let taken = form.send(&[("q-idea", "Tea")], None);
    let after = app.log.length().await.unwrap();
    let again = form.send(&[("q-idea", "Tea")], None);
    let length = app.log.length().await.unwrap();
    let corrected = form.send(&[("q-idea", "Coffee")], None);

    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );
    assert_eq!(
        (again.path, length),
        (taken.path, after),
        "sent twice it leads to the same application"
    );
    assert!(
        corrected.status == 422 && corrected.contains("sent already"),
        "{}",
        visible_text(&corrected)
    );
}

on_each_engine!(a_form_on_paper_that_is_refused_records_nothing);
async fn a_form_on_paper_that_is_refused_records_nothing(app: TestApp) {
    let mut form = PaperForm::open(&app).await;
    let before = app.log.length().await.unwrap();

    let too_long = form.send(&[("q-idea", &"x".repeat(5001))], None);
    let unasked = form.send(&[("q-idea", "Tea")], Some("at_risk"));

    assert!(
        too_long.status == 422
            && too_long.contains("too long")
            && too_long.contains("Tea on paper"),
        "{}",
        visible_text(&too_long)
    );
    assert!(
        unasked.status == 422 && unasked.contains("would take part"),
        "{}",
        visible_text(&unasked)
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "what is refused records nothing"
    );
    let taken = form.send(&[("q-idea", "Tea")], None);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "it can be put right: {} {}",
        taken.path,
        visible_text(&taken)
    );
}

async fn number_of_files(app: &TestApp, group: GroupId) -> usize {
    let files = app.views().files_of(&[group.to_string()], None).await;
    files.unwrap().len()
}

on_each_engine!(a_file_sent_twice_is_kept_once);
async fn a_file_sent_twice_is_kept_once(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.awarded(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let page = browser.get(&format!("/my/grants/{grant}"));
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("form", "hand-in"),
    ];
    let paper = "%PDF-1.4\nillustrative\n%%EOF\n";
    for _ in 0..2 {
        let sent = browser.post_files(
            &format!("/my/grants/{grant}/files"),
            &fields,
            &[("file", paper), ("file", &format!("{paper}%%EOF"))],
        );
        assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    }
    let broken = browser.post_files(
        &format!("/my/grants/{grant}/files"),
        &fields,
        &[("file", "no picture"), ("file", paper)],
    );
    assert_eq!(broken.status, 422, "{}", visible_text(&broken));
    app.catch_up().await;
    assert_eq!(
        number_of_files(&app, group).await,
        2,
        "two files, each kept once"
    );
    let other = browser.post_files(
        &format!("/my/grants/{grant}/files"),
        &fields,
        &[("file", "%PDF-1.4\nanother\n%%EOF\n")],
    );
    assert_eq!(other.status, 303, "{}", visible_text(&other));
    app.catch_up().await;
    assert_eq!(
        number_of_files(&app, group).await,
        3,
        "another file from the same page is another file"
    );
}
