//! Safety of the pages over HTTP: origin checks of forms, links that work once, expiring sessions,
//! rate limits; and a form submitted twice is one command.

use microgrants::auth::links::{self, NewSignInLink};
use microgrants::domain::person::PersonDetails;
use microgrants::domain::personal_data::PersonalInput;
use microgrants::domain::{Command, GrantId, GroupId, PersonCommand, PersonId, Role};
use microgrants::projections::{ApplicationRow, GroupRow};
use microgrants::views::PageRequest;

use crate::support::browser::{Browser, Page};
use crate::support::fixtures::Office;
use crate::support::service::serve;
use crate::support::test_app::TestApp;

pub async fn sign_in_link(app: &TestApp, person: PersonId) -> String {
    let invited = NewSignInLink {
        person,
        joins: None,
        valid_minutes: 30,
        by_mail: false,
    };
    format!(
        "/sign-in/{}",
        links::issue(&app.commands, invited).await.unwrap().token
    )
}

/// The fields in which the page of a link asks about the browsers where somebody began.
pub fn stay_fields(page: &Page) -> Vec<String> {
    let mut fields: Vec<String> = page
        .text
        .split("name=\"stay-")
        .skip(1)
        .filter_map(|rest| Some(format!("stay-{}", rest.split('"').next()?)))
        .collect();
    fields.dedup();
    fields
}

pub async fn signed_in(app: &TestApp, address: &str, person: PersonId) -> Browser {
    let mut browser = Browser::new(address);
    let at = sign_in_link(app, person).await;
    let page = browser.get(&at);
    // The owner of an address did not begin what a stranger began with it.
    let fields = stay_fields(&page);
    let answers: Vec<_> = fields.iter().map(|field| (field.as_str(), "no")).collect();
    let page = browser.submit_form(&page, &at, &answers);
    assert_eq!(page.status, 200, "{}: {}", page.path, visible_text(&page));
    browser
}

/// The text of a page, without its markup.
pub fn visible_text(page: &Page) -> String {
    page.text
        .split('<')
        .filter_map(|part| part.split_once('>'))
        .map(|(_, words)| words.trim())
        .filter(|words| !words.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Walks from the first page to the page before the draft.
pub fn walk_to_draft(
    browser: &mut Browser,
    start: &str,
    name: &str,
    email: &str,
) -> (Page, Vec<(String, String)>) {
    let fits = format!("{start}/fits");
    let page = browser.get(&fits);
    let yes = ["fits-1", "fits-2", "fits-3", "fits-4"].map(|name| (name, "yes"));
    let page = browser.submit_form(&page, &fits, &yes);
    assert!(page.path.ends_with("/group"), "{}", visible_text(&page));
    let page = browser.submit_form(
        &page,
        &format!("{start}/group"),
        &[("name", name), ("area", "oldham"), ("standing", "new")],
    );
    assert!(
        page.path.contains("/you"),
        "{} {}",
        page.path,
        visible_text(&page)
    );
    let fields = [
        ("csrf", page.hidden_field("csrf")),
        ("key", page.hidden_field("key")),
    ];
    let fields = fields
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value));
    let typed = [
        ("name", name),
        ("area", "oldham"),
        ("standing", "new"),
        ("person", "Zofia"),
        ("email", email),
    ];
    let typed = typed
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value.to_owned()));
    (page, fields.chain(typed).collect())
}

pub fn as_fields(fields: &[(String, String)]) -> Vec<(&str, &str)> {
    fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

pub async fn serve_office(app: &TestApp) -> (Office, String) {
    let office = Office::open(app, 10_000).await;
    app.catch_up().await;
    let address = serve(app, office.ada).address().to_owned();
    (office, address)
}

on_each_engine!(forms_from_elsewhere_are_refused);
async fn forms_from_elsewhere_are_refused(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let page = browser.get("/account");
    let csrf = page.hidden_field("csrf");
    let before = app.log.length().await.unwrap();
    for (header, value) in [
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Origin", "https://elsewhere.example"),
    ] {
        browser.headers = vec![(header, value.to_owned())];
        let refused = browser.post_fields(
            "/desk/do/people/register",
            &[("csrf", &csrf), ("name", "Mallory")],
        );
        assert_eq!(refused.status, 403, "{header}: {value}");
    }
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    for token in ["", "0", &"0".repeat(64)] {
        assert_eq!(
            browser
                .post_fields(
                    "/desk/do/people/register",
                    &[("csrf", token), ("name", "Mallory")]
                )
                .status,
            403,
            "{token}"
        );
    }
    let mut other = Browser::new(&address);
    let theirs = other.get("/sign-in").hidden_field("csrf");
    assert_eq!(
        browser
            .post_fields("/sign-out", &[("csrf", &theirs)])
            .status,
        403,
        "another browser's token"
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nothing was recorded"
    );
    let taken = browser.post_fields(
        "/desk/do/people/register",
        &[("csrf", &csrf), ("name", "Grace")],
    );
    assert_eq!(taken.status, 303, "{}", taken.text);
}

on_each_engine!(a_link_works_once_and_never_by_following_it);
async fn a_link_works_once_and_never_by_following_it(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let at = sign_in_link(&app, office.ada).await;
    let mut browser = Browser::new(&address);
    for _ in 0..3 {
        let page = browser.get(&at);
        assert!(
            page.contains("Select “Sign in” to continue."),
            "following it changes nothing: {}",
            page.text
        );
        assert!(
            browser.get("/desk").path.contains("/sign-in"),
            "and lets nobody in"
        );
    }
    let planted = browser.cookies["session"].clone();
    let page = browser.get(&at);
    assert!(browser.submit_form(&page, &at, &[]).contains("Today"));
    assert_ne!(
        browser.cookies["session"], planted,
        "a key that somebody may have planted is worth nothing"
    );
    let mut second = Browser::new(&address);
    assert!(second.get(&at).contains("This link no longer works"));
    let page = second.get("/sign-in");
    second.post_fields(&at, &[("csrf", &page.hidden_field("csrf"))]);
    assert!(
        second.get("/desk").path.contains("/sign-in"),
        "a used link lets nobody in"
    );
    let forged = format!("{}0", &at[..at.len() - 1]);
    if forged != at {
        assert!(second.get(&forged).contains("This link no longer works"));
    }
}

on_each_engine!(a_session_ends_in_every_browser_or_unused_after_a_day);
async fn a_session_ends_in_every_browser_or_unused_after_a_day(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    // A session that was ended in another browser is over.
    let mut other = signed_in(&app, &address, office.ada).await;
    assert_eq!(browser.get("/desk").status, 200);
    let page = other.get("/account");
    other.submit_form(&page, "/account", &[("session", "")]);
    assert!(
        browser.get("/desk").path.contains("/sign-in")
            && other.get("/desk").path.contains("/sign-in")
    );
    // An unused session expires.
    let mut unused = signed_in(&app, &address, office.ada).await;
    assert_eq!(unused.get("/desk").status, 200);
    app.pass_days(1);
    assert!(unused.get("/desk").path.contains("/sign-in"));
    // A group member's session and its cookie last longer, but not once the person has a role.
    let person = register_zofia(&app, "later@example.org").await;
    let mut member = signed_in(&app, &address, person).await;
    app.pass_days(1);
    let renewed = member.get("/my");
    assert!(
        renewed.status == 200
            && renewed
                .headers
                .get("set-cookie")
                .is_some_and(|cookie| cookie.contains("session="))
    );
    assert!(
        !member.get("/my").headers.contains_key("set-cookie"),
        "once an hour at most"
    );
    office.give_role(&app, person, Role::Officer).await;
    app.catch_up().await;
    app.pass_days(1);
    for _ in 0..2 {
        assert!(
            member.get("/desk").path.contains("/sign-in"),
            "a session that was idle too long stays ended"
        );
    }
}

/// Registers a person called Zofia with this address.
pub async fn register_zofia(app: &TestApp, email: &str) -> PersonId {
    let person = PersonId(microgrants::clock::new_id());
    let details = PersonDetails {
        name: PersonalInput::Open("Zofia".into()),
        email: Some(PersonalInput::Open(email.into())),
        telephone: None,
        postal_address: None,
        typed_email: None,
    };
    app.issue_ok(
        person,
        Command::Person(person, PersonCommand::Register(details)),
    )
    .await;
    app.catch_up().await;
    person
}

on_each_engine!(nothing_tells_whether_an_address_is_known);
async fn nothing_tells_whether_an_address_is_known(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    register_zofia(&app, "zofia@example.org").await;
    let answers = ["zofia@example.org", "nobody@example.org"].map(|email| {
        let mut browser = Browser::new(&address);
        let page = browser.get("/sign-in");
        let answer = browser.submit_form(&page, "/sign-in", &[("email", email), ("to", "/")]);
        let (csrf, key) = (answer.hidden_field("csrf"), answer.hidden_field("key"));
        let plain = answer
            .text
            .replace(&csrf, "")
            .replace(&key, "")
            .replace(email, "")
            .replace(&email.replace('@', "%40"), "")
            .replace(&email.replace('@', "%2540"), "");
        (
            answer.status,
            plain,
            answer.headers.get("content-security-policy").cloned(),
        )
    });
    assert!(answers[0] == answers[1]);
}

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

/// The browser of a signed-in officer.
pub async fn signed_in_officer(app: &TestApp, office: &Office, address: &str) -> Browser {
    let officer = register_zofia(app, "officer@example.org").await;
    office.give_role(app, officer, Role::Officer).await;
    app.catch_up().await;
    signed_in(app, address, officer).await
}

on_each_engine!(a_mail_is_looked_at_before_it_is_published);
async fn a_mail_is_looked_at_before_it_is_published(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in_officer(&app, &office, &address).await;
    let page = browser.get("/desk/texts/mail/declined");
    let before = app.log.length().await.unwrap();
    let fields = |body: &'static str| {
        [
            ("at", "/desk/texts/mail/declined"),
            ("form", "publish-mail-text"),
            ("mail", "declined"),
            ("language", "en"),
            ("subject", "About {{ reference }}"),
            ("body", body),
        ]
    };
    let shown = browser.submit_form(
        &page,
        "/desk/try/organisation/publish-mail-text",
        &fields("Sorry, {{ name }}."),
    );
    assert_eq!(shown.status, 200, "{}", visible_text(&shown));
    for says in [
        "About 010 427",
        "Sorry, Amina.",
        "Sorry, {{ name }}.",
        "With best wishes",
        "Preview this email",
    ] {
        assert!(shown.contains(says), "{says}: {}", visible_text(&shown));
    }
    let refused = browser.submit_form(
        &page,
        "/desk/try/organisation/publish-mail-text",
        &fields("Sorry, {{ nme }}."),
    );
    assert!(
        refused.status == 422 && refused.contains("nme"),
        "{}",
        visible_text(&refused)
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "looking records nothing"
    );
    let published = browser.submit_form(
        &shown,
        "/desk/do/organisation/publish-mail-text",
        &fields("Sorry, {{ name }}."),
    );
    assert!(
        published.status == 200 && app.log.length().await.unwrap() == before + 1,
        "{}",
        visible_text(&published)
    );
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

on_each_engine!(who_begins_with_anothers_address_gets_no_rights_of_theirs);
async fn who_begins_with_anothers_address_gets_no_rights_of_theirs(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (staff, email) = (
        register_zofia(&app, "staff@example.org").await,
        "staff@example.org",
    );
    office.give_role(&app, staff, Role::Officer).await;
    app.catch_up().await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Not theirs", email);
    let draft = browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(draft.status, 303, "{}", draft.text);
    assert_eq!(
        browser.get("/desk").status,
        404,
        "the session has none of the address's rights"
    );
    assert_eq!(
        browser.get(&draft.headers["location"]).status,
        200,
        "and keeps its own draft"
    );
    // A new person without a proven address: once it is proven, sessions begun without proof end.
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, "Walks", "new@example.org");
    browser.post_fields(&format!("{start}/you"), &as_fields(&fields));
    assert_eq!(browser.get("/my").status, 200);
    let holder = app
        .log
        .vault()
        .subject_of(
            microgrants::domain::personal_data::BlindIndexKind::Email,
            "new@example.org",
        )
        .await
        .unwrap()
        .unwrap();
    app.catch_up().await;
    let mut owner = signed_in(&app, &address, PersonId(holder)).await;
    assert!(
        owner.get("/my").contains("Walks"),
        "the address's owner has the draft"
    );
    assert!(
        browser.get("/my").path.contains("/sign-in"),
        "the session that never showed the address has ended"
    );
}

on_each_engine!(what_somebody_typed_is_text_wherever_it_stands);
async fn what_somebody_typed_is_text_wherever_it_stands(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let marker = "<script>alert('x')</script>";
    let mut browser = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut browser, &start, marker, "zofia@example.org");
    let draft = browser
        .post_fields(&format!("{start}/you"), &as_fields(&fields))
        .headers["location"]
        .clone();
    let idea = draft.replace("/answer/activity", "/answer/idea");
    let page = browser.get(&idea);
    browser.submit_form(&page, &idea, &[("answer", marker), ("then", "next")]);
    app.catch_up().await;
    let row: Vec<ApplicationRow> = app
        .views()
        .list(
            None,
            Vec::new(),
            &PageRequest {
                after: None,
                limit: 10,
            },
        )
        .await
        .unwrap()
        .items;
    let id = draft.split('/').nth(3).unwrap();
    assert!(row.iter().any(|row| row.id.to_string() == id));
    let mut desk = signed_in(&app, &address, office.ada).await;
    let pages = [
        browser.get(&idea),
        browser.get(&draft.replace("/answer/activity", "/check")),
        browser.get("/my"),
        desk.get("/desk/groups"),
        desk.get(&format!("/desk/applications/{id}")),
    ];
    for page in pages {
        assert_eq!(page.status, 200, "{}", page.path);
        assert!(
            !page.contains(marker) && page.contains("alert("),
            "{}",
            page.path
        );
    }
    let reflected =
        desk.get("/desk/applications?q=%3Cscript%3Ealert(1)%3C/script%3E&state=%22%3E%3Cb%3E");
    assert!(!reflected.contains("<script") && !reflected.contains("\"><b>"));
    assert!(
        !browser
            .get("/sign-in?to=%22%3E%3Cscript%3E")
            .contains("<script")
    );
}

/// Pages of the desk that need no record, below `/desk`.
const DESK_PAGES: [&str; 34] = [
    "",
    "/applications",
    "/applications?state=draft&state=submitted&fund=x&area=oldham",
    "/applications?q=000%20018",
    "/applications?q=group",
    "/applications/new",
    "/panel",
    "/grants",
    "/grants?state=live&q=group",
    "/grants?asks=change",
    "/payments",
    "/payments?state=sent",
    "/updates",
    "/updates?state=overdue",
    "/groups",
    "/groups?q=gr%25o_up",
    "/funds",
    "/people",
    "/people?all=yes",
    "/texts",
    "/texts/mails",
    "/texts/mails?state=due",
    "/texts/form",
    "/texts/form?from=1&view=preview",
    "/texts/agreement",
    "/texts/report",
    "/texts/mail/offered?language=pl",
    "/figures",
    "/figures?slide=3",
    "/log",
    "/log?after=-1",
    "/log?actor=operator",
    "/log?from=2020-01-01&to=2020-12-31",
    "/log/0",
];

/// An office with a prepared payment, and the browser of Ada, who prepared it.
async fn desk_with_payment(app: &TestApp) -> (Office, GrantId, GroupId, Browser) {
    let (office, address) = serve_office(app).await;
    let (grant, group, _) = office.prepared(app, 900).await;
    app.catch_up().await;
    let browser = signed_in(app, &address, office.ada).await;
    (office, grant, group, browser)
}

on_each_engine!(every_page_of_the_desk_opens);
async fn every_page_of_the_desk_opens(app: TestApp) {
    let (office, grant, group, mut browser) = desk_with_payment(&app).await;
    let fund = office.fund;
    let of_records = [
        format!("/desk/applications/{grant}"),
        format!("/desk/grants/{grant}"),
        format!("/desk/payments?grant={grant}"),
        format!("/desk/updates/{grant}/1"),
        format!("/desk/groups/{group}"),
        format!("/desk/funds/{fund}"),
        format!("/desk/funds/{fund}/words"),
        format!("/desk/funds/{fund}/rounds/new"),
        format!("/desk/panel/{fund}/first"),
        format!("/desk/people/{}", office.ada),
        format!("/desk/texts/mail/declined?fund={fund}"),
        format!("/desk/log?stream={grant}"),
        format!("/desk/applications/new?round={fund}/first"),
    ];
    let paths = DESK_PAGES
        .map(|path| format!("/desk{path}"))
        .into_iter()
        .chain(of_records);

    for path in paths {
        let page = browser.get(&path);
        let closed = path == "/desk/applications/new" || path.starts_with("/desk/texts");
        assert!(
            page.status == 200 || (closed && page.status == 403),
            "{path}: {} {}",
            page.status,
            visible_text(&page)
        );
    }
    for path in [
        "/desk/nothing",
        "/desk/grants/no-id",
        "/desk/updates/x/y",
        "/desk/panel/x/y",
        "/desk/log/-5",
        "/desk/texts/mail/none",
    ] {
        assert_eq!(browser.get(path).status, 404, "{path}");
    }
}

on_each_engine!(finance_can_record_that_a_funder_took_money_back);
async fn finance_can_record_that_a_funder_took_money_back(app: TestApp) {
    let (office, _, _, mut browser) = desk_with_payment(&app).await;
    let at = format!("/desk/funds/{}", office.fund);
    let take_back = format!("/desk/do/funds/{}/withdraw-funding", office.fund);
    let page = browser.get(&at);
    assert!(page.contains(&take_back), "{}", visible_text(&page));
    let fields = [
        ("at", at.as_str()),
        ("form", "withdraw-funding"),
        ("source.funder", "lottery"),
        ("amount:money", "£1,000"),
        ("reason", "Why"),
    ];

    let refused = browser.submit_form(&page, &take_back, &fields);

    assert!(
        refused.status == 409 && refused.contains("£1,000 is more than"),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
}

on_each_engine!(who_prepared_a_payment_sees_why_there_is_no_button);
async fn who_prepared_a_payment_sees_why_there_is_no_button(app: TestApp) {
    let (_, grant, _, mut browser) = desk_with_payment(&app).await;

    let page = browser.get(&format!("/desk/payments?grant={grant}"));

    assert!(page.contains("you have already had a part in it"));
}

on_each_engine!(what_a_page_says_is_not_what_its_address_says);
async fn what_a_page_says_is_not_what_its_address_says(app: TestApp) {
    const LIE: &str = "lies-that-somebody-wrote";
    let (office, address) = serve_office(&app).await;
    office.prepared(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    assert!(
        browser
            .get("/desk/payments?done=approve-payment")
            .contains("Payment approved.")
    );
    let spaced = LIE.replace('-', " ");
    for path in [
        format!("/desk/payments?done={LIE}"),
        format!("/desk?done=approve-payment-{LIE}"),
        format!("/desk/applications?{LIE}=yes"),
        format!("/desk/applications?state={LIE}"),
        format!("/desk/applications?fund={LIE}&round={LIE}&area={LIE}"),
        format!("/desk/applications?column={LIE}"),
        format!("/desk/grants?error={LIE}"),
        format!("/desk/figures?from={LIE}&day={LIE}"),
        format!("/impact?day={LIE}"),
        format!("/account?done={LIE}"),
    ] {
        let page = browser.get(&path);
        let said = visible_text(&page);
        assert!(
            page.status == 200 && !said.contains(LIE) && !said.contains(&spaced),
            "{path}: {} {said}",
            page.status
        );
    }
    let searched = browser.get("/desk/applications?state=in_assessment&area=oldham");
    assert!(
        searched.contains("aria-current=\"page\">Being scored")
            && searched.contains("Area: Oldham"),
        "{}",
        visible_text(&searched)
    );
}

on_each_engine!(lists_of_the_desk_stand_as_they_stood);
async fn lists_of_the_desk_stand_as_they_stood(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    app.catch_up().await;
    let before = app.projector.next_position() - 1;
    let (grant, group, _) = office.prepared(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let (grant, group) = (grant.to_string(), group.to_string());
    for (list, row) in [
        ("applications?area=oldham", &grant),
        ("grants?state=accepted", &grant),
        ("groups?q=", &group),
    ] {
        let now = browser.get(&format!("/desk/{list}"));
        assert!(now.contains(row), "{list}: {}", visible_text(&now));
        let then = browser.get(&format!("/desk/{list}&as_at={before}"));
        assert!(
            then.status == 200 && !then.contains(row),
            "{list}: {}",
            visible_text(&then)
        );
        assert_eq!(
            browser.get(&format!("/desk/{list}&as_at=yesterday")).status,
            400,
            "{list}"
        );
    }
}

on_sqlite!(links_are_asked_for_only_so_often);
async fn links_are_asked_for_only_so_often(app: TestApp) {
    let (_, address) = serve_office(&app).await;
    let person = register_zofia(&app, "zofia@example.org").await;
    let mut browser = Browser::new(&address);
    let page = browser.get("/sign-in");
    let mut limited = None;
    for asked in 1..=60 {
        let sent = browser.post_fields(
            "/sign-in",
            &[
                ("csrf", &page.hidden_field("csrf")),
                ("email", "zofia@example.org"),
            ],
        );
        if sent.status == 429 {
            assert!(sent.headers.contains_key("retry-after"));
            limited = Some(asked);
            break;
        }
        assert_eq!(sent.status, 303);
    }
    assert_eq!(limited, Some(41), "one peer asks forty times");
    let mails = microgrants::store::outbox::newest(app.store(), app.log.organisation(), "", 100)
        .await
        .unwrap();
    let links = mails
        .iter()
        .filter(|mail| mail.kind == "sign_in" && mail.person == person.to_string())
        .count();
    assert_eq!(links, 5, "one address gets five links, whoever asks");
}

on_sqlite!(every_page_forbids_scripts_and_frames);
async fn every_page_forbids_scripts_and_frames(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    for path in [
        "/",
        "/apply",
        "/help",
        "/impact",
        "/sign-in",
        "/desk",
        "/desk/applications",
        "/desk/figures",
        "/desk/log",
        "/no-such-page",
    ] {
        let page = browser.get(path);
        let policy = page.headers.get("content-security-policy").expect(path);
        assert!(
            policy.starts_with("default-src 'none'")
                && !policy.contains("unsafe")
                && !policy.contains("script"),
            "{path}: {policy}"
        );
        assert!(
            policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"),
            "{path}"
        );
        for inline in ["<script", " style=\"", " onclick", " onload", "javascript:"] {
            assert!(!page.contains(inline), "{path} has {inline}");
        }
        assert_eq!(
            page.headers
                .get("x-content-type-options")
                .map(String::as_str),
            Some("nosniff"),
            "{path}"
        );
    }
}

on_sqlite!(an_applicants_pages_are_light);
async fn an_applicants_pages_are_light(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut browser = Browser::new(&address);
    let home = browser.get("/");
    let styles = home
        .text
        .split("href=\"")
        .find_map(|rest| {
            rest.split('"')
                .next()
                .filter(|path| path.starts_with("/assets/") && path.contains(".css"))
        })
        .unwrap()
        .to_owned();
    let weight = |path: &str| {
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let mut response = agent
            .get(format!("{address}{path}"))
            .header("Accept-Encoding", "gzip")
            .call()
            .unwrap();
        response
            .headers()
            .get("content-length")
            .and_then(|length| length.to_str().ok()?.parse().ok())
            .unwrap_or_else(|| response.body_mut().read_to_vec().unwrap().len())
    };
    let pictures: Vec<&str> = home
        .text
        .split("<img ")
        .skip(1)
        .filter_map(|rest| rest.split("src=\"").nth(1)?.split('"').next())
        .collect();
    assert_eq!(pictures.len(), 1, "{pictures:?}");
    let bytes = weight(pictures[0]);
    assert!(bytes < 60_000, "{pictures:?}: {bytes} bytes");
    for path in [
        "/".to_owned(),
        "/apply".to_owned(),
        start.clone(),
        format!("{start}/form"),
        format!("{start}/fits"),
        format!("{start}/group"),
    ] {
        let page = browser.get(&path);
        let others = page.text.matches("<link rel=\"stylesheet\"").count()
            + page.text.matches("<script").count();
        assert_eq!(
            others, 1,
            "{path}: the page, then its styles: two round trips"
        );
        assert_eq!(
            page.text.matches("<img").count(),
            usize::from(path == "/"),
            "{path}: the first page alone has a picture, and nothing waits for it"
        );
        let bytes = page.text.len() + weight(&styles);
        assert!(
            bytes < 60_000,
            "{path}: {bytes} bytes even before the page itself is compressed"
        );
    }
}
