//! Submitting a refused form again: the last attempt is the one that is recorded.

use microgrants::domain::application::{ApplicationState, HelpKind};
use microgrants::projections::{ApplicationRow, GroupRow, PersonRow};
use microgrants::views::{PageRequest, Reader};

use crate::pages::journeys::{
    as_fields, serve_office, signed_in, signed_in_officer, visible_text, walk_to_draft,
};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// An opened form that is submitted several times.
struct OpenedForm {
    page: Page,
    fields: Vec<(String, String)>,
}

impl OpenedForm {
    async fn opened(app: &TestApp) -> (Browser, Self) {
        let (office, address) = serve_office(app).await;
        let mut browser = signed_in_officer(app, &office, &address).await;
        let round = format!("{}/first", office.fund);
        let page = browser.get(&format!("/desk/applications/new?round={round}&group=new"));
        let began = page.hidden_field("began");
        let today = app.today().to_string();
        let fields = [
            ("began", began.as_str()),
            ("round", round.as_str()),
            ("form", "keyed"),
            ("channel", "paper"),
            ("received_on", today.as_str()),
            ("help", "read_back"),
            ("consent", "yes"),
            ("group", "Tea on paper"),
            ("standing", "new"),
            ("area", "oldham"),
            ("person", "Zofia"),
            ("email", "zofia@example.org"),
            ("language", "en"),
            ("requested", "1200"),
            ("activity", "food"),
            ("at_risk", "no"),
            ("q-idea", "Tea"),
        ];
        let fields = fields
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec();
        (browser, Self { page, fields })
    }

    /// Submits it with some fields changed.
    fn submit(&self, browser: &mut Browser, otherwise: &[(&str, &str)]) -> Page {
        let usual = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()));
        let usual = usual.filter(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
        let fields: Vec<_> = usual.chain(otherwise.iter().copied()).collect();
        browser.submit_form(&self.page, "/desk/do/keyed", &fields)
    }
}

async fn groups(app: &TestApp) -> Vec<GroupRow> {
    app.catch_up().await;
    app.views()
        .list(None, Vec::new(), &FIRST_PAGE)
        .await
        .unwrap()
        .items
}

const FIRST_PAGE: PageRequest = PageRequest {
    after: None,
    limit: 50,
};

/// Name, address and telephone of those who were invited to a group.
async fn invited_to(
    app: &TestApp,
    group: &GroupRow,
) -> Vec<(Option<String>, Option<String>, Option<String>)> {
    let people: Vec<PersonRow> = app
        .views()
        .people(group.invited.iter().map(ToString::to_string).collect())
        .await
        .unwrap();
    app.views()
        .decrypt_people(&Reader::service(), people)
        .await
        .unwrap()
        .into_iter()
        .map(|person| (person.name, person.email, person.telephone))
        .collect()
}

/// The only application.
async fn single_application(app: &TestApp) -> ApplicationRow {
    let mut rows: Vec<ApplicationRow> = app
        .views()
        .list(None, Vec::new(), &FIRST_PAGE)
        .await
        .unwrap()
        .items;
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}

on_each_engine!(a_second_try_records_what_it_says);
async fn a_second_try_records_what_it_says(app: TestApp) {
    // Given
    let (mut browser, form) = OpenedForm::opened(&app).await;
    let tomorrow = app.in_days(1).to_string();
    let first = [
        ("received_on", tomorrow.as_str()),
        ("group", "Tee on papper"),
        ("area", "stockport"),
        ("person", "Sofia"),
        ("email", "sofia@example.org"),
        ("telephone", "0161 496 0000"),
        ("language", "pl"),
        ("helper", "Ola"),
        ("q-idea", "Tee"),
    ];
    let refused = form.submit(&mut browser, &first);
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    assert!(
        groups(&app)
            .await
            .iter()
            .any(|group| group.name == "Tee on papper"),
        "the first try brought the group in"
    );

    // When
    let taken = form.submit(&mut browser, &[]);

    // Then
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );
    let groups = groups(&app).await;
    let group = groups
        .iter()
        .find(|group| group.name == "Tea on paper")
        .expect("the group's name was put right");
    assert_eq!(
        (groups.len(), group.area.as_str()),
        (1, "oldham"),
        "the one group, with its area put right"
    );
    assert_eq!(
        invited_to(&app, group).await,
        [(
            Some("Zofia".to_owned()),
            Some("zofia@example.org".to_owned()),
            None
        )]
    );
    let row = single_application(&app).await;
    assert_eq!(
        row.area.as_ref().map(ToString::to_string).as_deref(),
        Some("oldham")
    );
    assert!(
        row.helper_sealed.is_none() && row.language.code() == "en",
        "nobody helps with the language"
    );
    let answers = app.views().answers(row.id, None).await.unwrap();
    assert_eq!(
        answers
            .into_iter()
            .filter_map(|answer| answer.answer)
            .collect::<Vec<_>>(),
        ["Tea"]
    );
}

on_each_engine!(what_cannot_change_any_more_is_said);
async fn what_cannot_change_any_more_is_said(app: TestApp) {
    let (mut browser, form) = OpenedForm::opened(&app).await;
    let tomorrow = app.in_days(1).to_string();
    let on = ("received_on", tomorrow.as_str());
    let refused = form.submit(
        &mut browser,
        &[on, ("late_reason", "It lay in the other office")],
    );
    assert_eq!(refused.status, 422, "{}", visible_text(&refused));
    let late = [("late_reason", "It lay in the other office")];
    let before = app.log.length().await.unwrap();
    for (otherwise, says) in [
        (
            vec![("standing", "existing"), late[0]],
            "this group with the other answer",
        ),
        (
            vec![("person", ""), ("email", ""), late[0]],
            "Enter the name of the person who is applying",
        ),
        (
            vec![("q-idea", ""), late[0]],
            "We already have an answer to this",
        ),
        (vec![], "This application came in late. Say why"),
    ] {
        let refused = form.submit(&mut browser, &otherwise);
        assert!(
            refused.status == 422 && refused.contains(says),
            "{says}: {} {}",
            refused.status,
            visible_text(&refused)
        );
    }
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "what is refused records nothing"
    );
    let taken = form.submit(&mut browser, &late);
    assert!(
        taken.status == 200 && taken.path.contains("/desk/applications/"),
        "{} {}",
        taken.path,
        visible_text(&taken)
    );
}

on_each_engine!(any_language_can_be_recorded_at_the_desk);
async fn any_language_can_be_recorded_at_the_desk(app: TestApp) {
    let (mut browser, form) = OpenedForm::opened(&app).await;
    assert!(
        form.page.contains(r#"list="keyed-spoken-language-list""#)
            && form.page.contains(r#"<option value="Urdu">"#),
        "{}",
        form.page.text
    );

    let long = "x".repeat(101);
    let refused = form.submit(&mut browser, &[("spoken_language", long.as_str())]);
    let by_phone = [
        ("channel", "phone"),
        ("spoken_language", "Sylheti"),
        ("helper", "Her daughter Sana"),
    ];
    let taken = form.submit(&mut browser, &by_phone);

    assert!(
        refused.status == 422 && refused.contains("Enter the name of a language"),
        "{}",
        visible_text(&refused)
    );
    let text = visible_text(&taken);
    assert!(
        taken.path.contains("/desk/applications/")
            && text.contains("They speak Sylheti")
            && text.contains("Her daughter Sana"),
        "{}: {text}",
        taken.path
    );
    let row = single_application(&app).await;
    assert_eq!(row.language.code(), "en", "it is written to in English");
    let spoken = app
        .views()
        .spoken_languages(&Reader::service(), &[row.group.0])
        .await
        .unwrap();
    assert_eq!(spoken.into_values().collect::<Vec<_>>(), ["Sylheti"]);
}

/// A draft that was saved half done, with the fields that send it from its page.
struct SavedDraft {
    page: Page,
    row: ApplicationRow,
    fields: Vec<(String, String)>,
}

impl SavedDraft {
    /// Saves the form as a draft, without what is only known at the end.
    async fn saved(app: &TestApp, browser: &mut Browser, form: &OpenedForm) -> Self {
        let at_end = [
            "requested",
            "at_risk",
            "channel",
            "received_on",
            "help",
            "consent",
        ];
        let empty = at_end.map(|name| (name, ""));
        let page = form.submit(browser, &[&empty[..], &[("then", "later")]].concat());
        let row = single_application(app).await;
        let group = groups(app).await.remove(0);
        let speaker = group.invited.first().expect("the person of the form");
        let known = [
            ("began", page.hidden_field("began")),
            ("draft", row.id.to_string()),
            ("found", group.id.to_string()),
            ("member", speaker.to_string()),
            ("help", "copied".to_owned()),
        ];
        let new = ["group", "standing", "person", "email", "began", "help"];
        let typed = form
            .fields
            .iter()
            .filter(|(name, _)| !new.contains(&name.as_str()));
        let known = known.map(|(name, value)| (name.to_owned(), value));
        let fields = typed.cloned().chain(known).collect();
        Self { page, row, fields }
    }

    /// Sends it from a page with some fields changed, and with these files as its scans.
    fn send(
        &self,
        browser: &mut Browser,
        from: &Page,
        otherwise: &[(&str, &str)],
        scans: &[(&str, &str)],
    ) -> Page {
        let (csrf, key) = (from.hidden_field("csrf"), from.hidden_field("key"));
        let usual = self
            .fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .filter(|(name, _)| !otherwise.iter().any(|(other, _)| other == name));
        let fields: Vec<_> = [("csrf", csrf.as_str()), ("key", key.as_str())]
            .into_iter()
            .chain(usual)
            .chain(otherwise.iter().copied())
            .collect();
        let path = format!("/desk/do/keyed/{}", self.row.group);
        browser.post_files(&path, &fields, scans)
    }
}

on_each_engine!(a_draft_is_continued_and_sent_with_the_scan_of_its_paper);
async fn a_draft_is_continued_and_sent_with_the_scan_of_its_paper(app: TestApp) {
    // Given
    let (mut browser, form) = OpenedForm::opened(&app).await;
    let draft = SavedDraft::saved(&app, &mut browser, &form).await;
    let page = &draft.page;
    assert!(
        page.status == 200
            && page.contains("Draft saved.")
            && page.contains("Tea</textarea>")
            && draft.row.state == ApplicationState::Draft,
        "{} {}",
        page.status,
        visible_text(page)
    );
    let record = browser.get(&format!("/desk/applications/{}", draft.row.id));
    assert!(
        record.contains("Continue the draft"),
        "{}",
        visible_text(&record)
    );

    // When
    let without = draft.send(&mut browser, page, &[], &[]);
    let unread = draft.send(
        &mut browser,
        page,
        &[("q-idea", "Tea at ten")],
        &[("scan", "no picture")],
    );
    let paper = "%PDF-1.4\nillustrative\n%%EOF\n";
    let no_consent = draft.send(&mut browser, page, &[("consent", "")], &[("scan", paper)]);
    let scan = no_consent.hidden_field("kept_scan");
    let sent = draft.send(&mut browser, &no_consent, &[("kept_scan", &scan)], &[]);

    // Then
    assert!(
        without.status == 422 && without.contains("Add the scan of the paper first"),
        "{}",
        visible_text(&without)
    );
    assert!(
        unread.status == 422 && unread.contains("Tea at ten</textarea>"),
        "{}",
        visible_text(&unread)
    );
    assert_eq!(no_consent.status, 422, "{}", visible_text(&no_consent));
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    let record = browser.get(&sent.headers["location"]);
    assert!(
        record.contains("The number to read out to the group is")
            && record.contains("Scan of the paper form")
            && record.contains(&scan),
        "{}",
        visible_text(&record)
    );
    app.catch_up().await;
    let row = single_application(&app).await;
    let kind = row.help.map(|help| help.kind);
    let copied = HelpKind::KeyedVerbatim {
        read_back: false,
        scan: scan.parse().ok(),
    };
    assert_eq!(
        (row.state, kind),
        (ApplicationState::Submitted, Some(copied))
    );
    assert_eq!(groups(&app).await.len(), 1);
}

on_each_engine!(a_form_sent_again_with_other_words_says_what_is_saved);
async fn a_form_sent_again_with_other_words_says_what_is_saved(app: TestApp) {
    // Given: the first press of the button was recorded, though the browser never saw the answer.
    let (office, address) = serve_office(&app).await;
    let (group, member) = office.group(&app).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    let path = format!("/my/groups/{group}/invite");
    let page = browser.get(&path);
    let typed_by = page.hidden_field("typed_by");
    let invite = |browser: &mut Browser, name: &str, email: &str| {
        let fields = [
            ("at", path.as_str()),
            ("form", "invite"),
            ("typed_by", typed_by.as_str()),
            ("name", name),
            ("email", email),
        ];
        browser.submit_form(&page, &path, &fields)
    };
    let first = invite(&mut browser, "Ola Novak", "ola@example.org");
    let before = app.log.length().await.unwrap();

    // When
    let again = invite(&mut browser, "Ola Nowak", "ola.nowak@example.org");
    let form = browser.get(&path);

    // Then
    assert_eq!(first.status, 200, "{}", visible_text(&first));
    assert!(
        again.status == 422
            && again.contains("We saved what you sent first.")
            && again.contains("Ola Nowak"),
        "{} {}",
        again.status,
        visible_text(&again)
    );
    assert_eq!(app.log.length().await.unwrap(), before);
    assert!(
        form.contains("You sent this before with other words")
            && form.contains("ola.nowak@example.org"),
        "{}",
        visible_text(&form)
    );
}

on_each_engine!(a_desk_form_sent_again_with_other_words_keeps_them);
async fn a_desk_form_sent_again_with_other_words_keeps_them(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/desk/people");
    let register = |browser: &mut Browser, name: &str| {
        let fields = [
            ("at", "/desk/people"),
            ("form", "register"),
            ("name", name),
            ("telephone", "0161 496 0000"),
        ];
        browser.submit_form(&page, "/desk/do/people/register", &fields)
    };

    // When
    let first = register(&mut browser, "Ola Novak");
    let again = register(&mut browser, "Ola Nowak");

    // Then
    assert_eq!(first.status, 200, "{}", visible_text(&first));
    assert!(
        again.status == 422
            && again.contains("You sent this form before with other answers")
            && again.contains("Ola Nowak"),
        "{} {}",
        again.status,
        visible_text(&again)
    );
}

on_each_engine!(a_new_applicant_who_sends_other_words_keeps_them);
async fn a_new_applicant_who_sends_other_words_keeps_them(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Walks", "zofia@example.org");
    let mut again = Browser::new(&address);
    again.cookies.clone_from(&browser.cookies);
    let you = format!("{start}/you");
    let first = browser.post_fields(&you, &as_fields(&fields));
    let before = app.log.length().await.unwrap();

    // When: the same page is sent with another name, as if the first answer never came.
    let mut other = fields.clone();
    for (name, value) in &mut other {
        if name == "person" {
            "Zofia Nowak".clone_into(value);
        }
    }
    let second = again.post_fields(&you, &as_fields(&other));

    // Then
    assert_eq!(first.status, 303, "{}", visible_text(&first));
    assert!(
        second.status == 422
            && second.contains("You sent this page before.")
            && second.contains("Zofia Nowak"),
        "{} {}",
        second.status,
        visible_text(&second)
    );
    assert_eq!(app.log.length().await.unwrap(), before);
}

on_each_engine!(papers_that_arrived_whole_are_kept_with_one_that_did_not);
async fn papers_that_arrived_whole_are_kept_with_one_that_did_not(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.awarded(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let path = format!("/my/grants/{grant}");
    let page = browser.get(&path);
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("form", "hand-in"),
    ];
    let whole = ("file", "%PDF-1.4\nillustrative\n%%EOF\n");

    // When
    let sent_to = format!("{path}/files");
    let refused = browser.post_files(&sent_to, &fields, &[whole, ("file", "no picture")]);
    app.catch_up().await;

    // Then
    assert!(
        refused.status == 422 && refused.contains("We have the other files."),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    let files = app.views().files_of(&[group.to_string()], None).await;
    assert_eq!(files.unwrap().len(), 1);
}
