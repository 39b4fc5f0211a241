//! A form that is sent after its session ended is kept, and shown again to its person alone.

use microgrants::auth::kept_forms::{self, KeptForm, LateFile};
use microgrants::auth::links::{self, SignInSecret};
use microgrants::auth::sessions::{self, NewSession};
use microgrants::domain::file::FilePurpose;
use microgrants::domain::{ApplicationId, GroupId, PersonId};
use microgrants::jobs::Jobs;
use microgrants::store::kept_forms::{self as stored, KeptFormLimits, KeptFormRow};
use microgrants::store::outbox;

use crate::log::appends::{RawConnection, raw_connection};
use crate::pages::journeys::{
    as_fields, serve_office, sign_in_link, signed_in, stay_fields, visible_text, walk_to_draft,
};
use crate::support::browser::{Browser, Page};
use crate::support::fixtures::{Office, person};
use crate::support::service::serve;
use crate::support::steps;
use crate::support::test_app::{ORGANISATION, TestApp};

const TYPED: &str = "We cook soup for everyone on Mondays";
const NOTE: &str = "We kept what you typed";

/// A member with the page of a question open, whose session then ended in another browser.
struct SignedOut {
    office: Office,
    application: ApplicationId,
    group: GroupId,
    member: PersonId,
    address: String,
    browser: Browser,
    page: Page,
}

impl SignedOut {
    async fn new(app: &TestApp) -> Self {
        let office = Office::open(app, 5000).await;
        let (application, group, member) = office.draft(app, 700).await;
        app.catch_up().await;
        let address = serve(app, office.ada).address().to_owned();
        let mut browser = signed_in(app, &address, member).await;
        let page = browser.get(&format!("/my/applications/{application}/answer/idea"));
        let signed_out = Self {
            office,
            application,
            group,
            member,
            address,
            browser,
            page,
        };
        signed_out.end_sessions(app, member).await;
        signed_out
    }

    /// Another member of the same group.
    async fn add_member(&self, app: &TestApp) -> PersonId {
        let other = person(app, "Dee").await;
        steps::add_member(app, self.member, self.group, other).await;
        app.catch_up().await;
        other
    }

    /// A person ends all their sessions, in another browser.
    async fn end_sessions(&self, app: &TestApp, person: PersonId) {
        let mut other = signed_in(app, &self.address, person).await;
        let account = other.get("/account");
        other.submit_form(&account, "/account", &[("session", "")]);
    }

    fn path(&self) -> String {
        format!("/my/applications/{}/answer/idea", self.application)
    }

    /// Sends the answer from the page that was open, as a browser does from this kind of site.
    fn send(&mut self, site: &str) -> Page {
        let typed_by = self.page.hidden_field("typed_by");
        self.send_answer(site, &typed_by, TYPED)
    }

    fn send_answer(&mut self, site: &str, typed_by: &str, answer: &str) -> Page {
        let path = self.path();
        let fields = [
            ("at", path.as_str()),
            ("form", "answer"),
            ("typed_by", typed_by),
            ("answer", answer),
            ("then", "next"),
        ];
        self.browser.headers = vec![("Sec-Fetch-Site", site.to_owned())];
        self.browser.submit_form(&self.page, &path, &fields)
    }

    /// Signs a person in, in the same browser. Returns the page to which that leads.
    async fn sign_in(&mut self, app: &TestApp, person: PersonId) -> Page {
        let at = sign_in_link(app, person).await;
        let page = self.browser.get(&at);
        self.browser.submit_form(&page, &at, &[])
    }

    async fn saved(&self, app: &TestApp) -> Vec<String> {
        app.catch_up().await;
        let answers = app.views().answers(self.application.0, None).await.unwrap();
        answers
            .into_iter()
            .filter_map(|answer| answer.answer)
            .collect()
    }
}

/// The number of forms that the database keeps.
async fn kept_rows(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM kept_forms";
    match raw_connection(app).await {
        RawConnection::Postgres(pool) => sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&pool)
            .await
            .unwrap(),
        RawConnection::Sqlite(pool) => sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&pool)
            .await
            .unwrap(),
    }
}

on_each_engine!(an_answer_sent_after_signing_out_is_filled_in_again);
async fn an_answer_sent_after_signing_out_is_filled_in_again(app: TestApp) {
    // Given
    let mut person = SignedOut::new(&app).await;
    let before = person.saved(&app).await;

    // When
    let refused = person.send("same-origin");
    let member = person.member;
    let shown = person.sign_in(&app, member).await;

    // Then
    assert!(
        refused.path.contains("/sign-in") && refused.contains("we have kept what you typed"),
        "{}: {}",
        refused.path,
        visible_text(&refused)
    );
    assert!(
        shown.path == person.path() && shown.contains(TYPED) && shown.contains(NOTE),
        "{}: {}",
        shown.path,
        visible_text(&shown)
    );
    assert_eq!(person.saved(&app).await, before, "it is not sent by itself");

    // A text that is too long is refused.
    person.page = shown;
    let typed_by = person.page.hidden_field("typed_by");
    let refused = person.send_answer("same-origin", &typed_by, &"x".repeat(5001));
    assert!(refused.status >= 400, "{}", visible_text(&refused));
    let path = person.path();
    let shown = person.browser.get(&path);
    assert!(
        shown.contains(TYPED) && shown.contains(NOTE),
        "it is kept until it is saved: {}",
        visible_text(&shown)
    );

    person.page = shown;
    let sent = person.send("same-origin");
    assert_eq!(sent.status, 200, "{}", visible_text(&sent));
    assert_eq!(person.saved(&app).await, [TYPED]);
    assert_eq!(kept_rows(&app).await, 0);
    assert!(!person.browser.get(&path).contains(NOTE), "it was sent");
}

/// The page of a grant, and a browser in which a form with two papers was sent after its session
/// had ended.
struct LatePapers {
    member: PersonId,
    group: GroupId,
    /// The page of the form, and where it is sent.
    at: String,
    sent_to: String,
    browser: Browser,
    late: Page,
}

const PAPER: &str = "%PDF-1.4\nillustrative\n%%EOF\n";

impl LatePapers {
    async fn send(app: &TestApp, form: &str, field: &str) -> Self {
        let (office, address) = serve_office(app).await;
        let (grant, group, member) = office.payable(app, 900).await;
        app.catch_up().await;
        let own = format!("/my/grants/{grant}");
        let (at, sent_to) = match form {
            "news" => (format!("{own}/news"), format!("{own}/news")),
            _ => (own.clone(), format!("{own}/files")),
        };
        let mut browser = signed_in(app, &address, member).await;
        let page = browser.get(&at);
        let mut other = signed_in(app, &address, member).await;
        let account = other.get("/account");
        other.submit_form(&account, "/account", &[("session", "")]);
        browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
        "the-oven.pdf".clone_into(&mut browser.file_name);
        let fields = own_fields(&page, &at, form);
        let mut fields = as_fields(&fields);
        fields.push(("words", TYPED));
        let file = (field, PAPER);
        let late = browser.post_files(&sent_to, &fields, &[file, file]);
        Self {
            member,
            group,
            at,
            sent_to,
            browser,
            late,
        }
    }

    async fn sign_in(&mut self, app: &TestApp, person: PersonId) -> Page {
        let link = sign_in_link(app, person).await;
        let asked = self.browser.get(&link);
        self.browser.submit_form(&asked, &link, &[])
    }
}

/// The hidden fields of a form on a page.
fn own_fields(page: &Page, at: &str, form: &str) -> Vec<(String, String)> {
    let hidden = ["csrf", "key", "typed_by"].map(|name| (name.to_owned(), page.hidden_field(name)));
    let named = [("at", at), ("form", form)].map(|(name, value)| (name.into(), value.into()));
    hidden.into_iter().chain(named).collect()
}

/// The ids of the kept files that a page shows.
fn kept_ids(page: &Page) -> Vec<String> {
    let parts = page.text.split("name=\"kept_file\" value=\"").skip(1);
    let ids = parts.filter_map(|rest| rest.split('"').next());
    ids.map(str::to_owned).collect()
}

/// The number of files that the database keeps.
async fn kept_file_rows(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM kept_files";
    match raw_connection(app).await {
        RawConnection::Postgres(pool) => sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&pool)
            .await
            .unwrap(),
        RawConnection::Sqlite(pool) => sqlx::query_scalar::<_, i64>(sql)
            .fetch_one(&pool)
            .await
            .unwrap(),
    }
}

on_each_engine!(files_of_a_kept_form_are_used_when_it_is_sent_again);
async fn files_of_a_kept_form_are_used_when_it_is_sent_again(app: TestApp) {
    // Given
    let mut papers = LatePapers::send(&app, "hand-in", "file").await;
    let to = papers.late.headers["location"].clone();
    assert!(to.starts_with("/sign-in?kept=yes&to="), "{to}");
    assert!(!papers.browser.get(&to).contains("We could not keep"));
    let member = papers.member;
    let shown = papers.sign_in(&app, member).await;
    let ids = kept_ids(&shown);
    assert!(
        shown.path == papers.at && ids.len() == 2 && shown.contains("the-oven.pdf (1 KB)"),
        "{}: {}",
        shown.path,
        visible_text(&shown)
    );

    // When: one of them is removed, and nothing is chosen again.
    let fields = own_fields(&shown, &papers.at, "hand-in");
    let mut fields = as_fields(&fields);
    fields.extend(ids.iter().map(|id| ("kept_file", id.as_str())));
    fields.push(("drop_file", &ids[0]));
    let sent = papers.browser.post_files(&papers.sent_to, &fields, &[]);

    // Then
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    app.catch_up().await;
    let group = papers.group.to_string();
    let mut stored = app.views().files_of(&[group], None).await.unwrap();
    stored.retain(|file| file.purpose == FilePurpose::Document);
    assert_eq!(stored.len(), 1);
    assert_eq!((kept_file_rows(&app).await, kept_rows(&app).await), (0, 0));
}

on_each_engine!(photos_of_kept_news_are_shown_by_name);
async fn photos_of_kept_news_are_shown_by_name(app: TestApp) {
    let mut papers = LatePapers::send(&app, "news", "pictures").await;
    let member = papers.member;
    let shown = papers.sign_in(&app, member).await;
    assert!(
        shown.path == papers.at && kept_ids(&shown).len() == 2 && shown.contains(TYPED),
        "{}: {}",
        shown.path,
        visible_text(&shown)
    );
}

on_each_engine!(kept_files_are_deleted_when_they_expire_or_another_person_signs_in);
async fn kept_files_are_deleted_when_they_expire_or_another_person_signs_in(app: TestApp) {
    // Given
    let mut papers = LatePapers::send(&app, "hand-in", "file").await;
    let other = person(&app, "Dee").await;
    app.catch_up().await;
    assert_eq!(kept_file_rows(&app).await, 2);

    // When: somebody else uses the computer.
    papers.sign_in(&app, other).await;

    // Then
    assert_eq!(kept_file_rows(&app).await, 0);

    // A file that belongs to a form expires with it, and there is limited room.
    let secret = "5a".repeat(32);
    let form = KeptForm {
        page: "/my/grants".to_owned(),
        form: "hand-in".to_owned(),
        typed_by: "of a person".to_owned(),
        values: Vec::new(),
        sent_before: false,
        files: Vec::new(),
    };
    let file = |length: usize| LateFile {
        field: "file".to_owned(),
        name: "the-oven.pdf".to_owned(),
        content: vec![7; length],
    };
    let keep = |files: Vec<LateFile>| {
        let (app, secret, form) = (&app, secret.as_str(), form.clone());
        async move {
            let kept = kept_forms::keep_with_files(&app.commands, secret, form, &files).await;
            kept.unwrap().expect("it is kept")
        }
    };
    let kept = keep(vec![file(10)]).await;
    assert_eq!(kept.files.len(), 1);
    let opened = kept_forms::open_file(&app.commands, &secret, &kept, &kept.files[0]).await;
    assert_eq!(opened.unwrap(), Some(vec![7; 10]));
    let too_many = keep(vec![file(49 * 1024 * 1024)]).await;
    let chosen_again = ("chosen_file".to_owned(), "the-oven.pdf".to_owned());
    assert!(too_many.files.is_empty() && too_many.values == [chosen_again]);
    keep(vec![file(10)]).await;
    assert_eq!(kept_file_rows(&app).await, 1);
    app.pass_seconds(3601);
    app.catch_up().await;
    let jobs = Jobs::new(app.commands.clone(), app.views());
    jobs.run_once().await.expect("the jobs run");
    assert_eq!(kept_file_rows(&app).await, 0);
}

on_each_engine!(a_file_of_the_desk_waits_until_it_has_a_purpose);
async fn a_file_of_the_desk_waits_until_it_has_a_purpose(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let (_, group, _) = office.draft(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    "the-oven.pdf".clone_into(&mut browser.file_name);
    let (at, sent_to) = (
        format!("/desk/groups/{group}"),
        format!("/desk/do/files/{group}"),
    );
    let page = browser.get(&at);

    // When
    let fields = own_fields(&page, &at, "keep-file");
    let without = browser.post_files(&sent_to, &as_fields(&fields), &[("file", PAPER)]);
    let ids = kept_ids(&without);
    let fields = own_fields(&without, &at, "keep-file");
    let mut fields = as_fields(&fields);
    fields.extend(ids.iter().map(|id| ("kept_file", id.as_str())));
    fields.push(("purpose", "receipt"));
    let sent = browser.post_files(&sent_to, &fields, &[]);

    // Then
    assert!(
        without.status == 422
            && without.contains("Choose what the file is")
            && without.contains("the-oven.pdf (1 KB)"),
        "{}: {}",
        without.status,
        visible_text(&without)
    );
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
    app.catch_up().await;
    let stored = app.views().files_of(&[group.to_string()], None).await;
    assert_eq!((ids.len(), stored.unwrap().len()), (1, 1));
    assert_eq!(kept_file_rows(&app).await, 0);
}

/// Signs a person in again, in a browser whose session has ended.
async fn sign_in_again(app: &TestApp, browser: &mut Browser, person: PersonId) -> Page {
    let link = sign_in_link(app, person).await;
    let asked = browser.get(&link);
    browser.submit_form(&asked, &link, &[])
}

on_each_engine!(statements_and_tables_of_the_desk_wait_until_their_person_has_signed_in);
async fn statements_and_tables_of_the_desk_wait_until_their_person_has_signed_in(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let statement = format!("Date,Description,Amount\n{},A fee,-1.00\n", app.today());
    let table = "reference,name,area\nG1,Tea club,oldham\n".to_owned();
    for (form, at, to, content, answer) in [
        (
            "statement",
            "/desk/bank",
            "/desk/do/bank-statement",
            statement,
            "What the statement says",
        ),
        (
            "import",
            "/desk/import",
            "/desk/do/import",
            table,
            "This is what the import would do",
        ),
    ] {
        for signs_in_first in [false, true] {
            // Given a page whose session ended.
            let mut browser = signed_in(&app, &address, office.ada).await;
            browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
            "october.csv".clone_into(&mut browser.file_name);
            let page = browser.get(at);
            let mut other = signed_in(&app, &address, office.ada).await;
            let account = other.get("/account");
            other.submit_form(&account, "/account", &[("session", "")]);
            if signs_in_first {
                sign_in_again(&app, &mut browser, office.ada).await;
            }

            // When
            let chosen = [("kind", "groups"), ("what", "try")];
            let fields = own_fields(&page, at, form);
            let fields: Vec<_> = as_fields(&fields).into_iter().chain(chosen).collect();
            browser.post_files(to, &fields, &[("file", &content)]);
            let shown = if signs_in_first {
                browser.get(at)
            } else {
                sign_in_again(&app, &mut browser, office.ada).await
            };
            let ids = kept_ids(&shown);
            let fields = own_fields(&shown, at, form);
            let mut fields: Vec<_> = as_fields(&fields).into_iter().chain(chosen).collect();
            fields.extend(ids.iter().map(|id| ("kept_file", id.as_str())));
            let read = browser.post_files(to, &fields, &[]);

            // Then
            assert!(
                shown.path == at && ids.len() == 1 && shown.contains("october.csv (1 KB)"),
                "{}: {}",
                shown.path,
                visible_text(&shown)
            );
            assert!(read.contains(answer), "{}", visible_text(&read));
            assert_eq!(kept_file_rows(&app).await, 0);
        }
    }
}

on_each_engine!(a_kept_form_is_shown_to_its_person_alone);
async fn a_kept_form_is_shown_to_its_person_alone(app: TestApp) {
    // Given: another member of the same group may open the same page.
    let mut first = SignedOut::new(&app).await;
    let other = first.add_member(&app).await;
    first.send("same-origin");
    let path = first.path();

    // When
    first.sign_in(&app, other).await;
    let of_other = first.browser.get(&path);
    let ada = first.office.ada;
    first.sign_in(&app, ada).await;
    let of_officer = first.browser.get(&path);
    let member = first.member;
    let of_member = first.sign_in(&app, member).await;

    // Then
    assert_eq!(of_other.status, 200, "{}", visible_text(&of_other));
    for page in [&of_other, &of_officer] {
        assert!(
            !page.contains(TYPED) && !page.contains(NOTE),
            "{}",
            page.text
        );
    }
    assert!(of_member.contains(TYPED), "{}", visible_text(&of_member));
    let mut elsewhere = signed_in(&app, &first.address, member).await;
    assert!(
        !elsewhere.get(&path).contains(TYPED),
        "another browser of the same person"
    );
}

on_each_engine!(forms_of_two_people_who_share_a_computer_are_kept);
async fn forms_of_two_people_who_share_a_computer_are_kept(app: TestApp) {
    // Given
    const OTHER: &str = "We walk by the river on Fridays";
    let mut first = SignedOut::new(&app).await;
    let other = first.add_member(&app).await;
    first.send("same-origin");

    // When: the other member types an answer to the same question, and their session ends.
    first.sign_in(&app, other).await;
    let path = first.path();
    first.page = first.browser.get(&path);
    first.end_sessions(&app, other).await;
    let typed_by = first.page.hidden_field("typed_by");
    let refused = first.send_answer("same-origin", &typed_by, OTHER);

    // Then
    assert!(refused.contains("we have kept"), "{}", refused.path);
    let member = first.member;
    for (person, own, not_own) in [(member, TYPED, OTHER), (other, OTHER, TYPED)] {
        let shown = first.sign_in(&app, person).await;
        assert!(
            shown.path == path && shown.contains(own) && !shown.contains(not_own),
            "{}: {}",
            shown.path,
            visible_text(&shown)
        );
    }
}

on_each_engine!(a_form_is_kept_without_its_cookie_and_from_an_earlier_session);
async fn a_form_is_kept_without_its_cookie_and_from_an_earlier_session(app: TestApp) {
    let mut person = SignedOut::new(&app).await;
    let member = person.member;
    person.browser.cookies.clear();
    let refused = person.send("same-origin");
    assert!(
        refused.contains("we have kept what you typed"),
        "without a cookie: {} {}",
        refused.status,
        visible_text(&refused)
    );

    // They sign in in another tab, and then send the form of the first once more.
    person.browser.cookies.clear();
    person.sign_in(&app, member).await;
    let stale = person.send("same-origin");
    assert!(
        stale.path == person.path() && stale.contains(TYPED) && stale.contains(NOTE),
        "from an earlier session: {} {}",
        stale.status,
        visible_text(&stale)
    );
}

on_each_engine!(a_form_is_kept_for_an_hour_and_from_no_other_site);
async fn a_form_is_kept_for_an_hour_and_from_no_other_site(app: TestApp) {
    let mut person = SignedOut::new(&app).await;
    let member = person.member;
    for site in ["cross-site", "same-site"] {
        assert_eq!(person.send(site).status, 403, "{site}");
    }
    person.browser.headers = Vec::new();
    assert!(!person.sign_in(&app, member).await.contains(TYPED));

    let path = person.path();
    person.page = person.browser.get(&path);
    person.end_sessions(&app, member).await;
    person.send("same-origin");
    app.pass_seconds(3601);
    person.sign_in(&app, member).await;
    assert!(!person.browser.get(&path).contains(TYPED));
}

on_each_engine!(a_form_that_names_an_invented_person_is_not_kept);
async fn a_form_that_names_an_invented_person_is_not_kept(app: TestApp) {
    // Given
    let mut person = SignedOut::new(&app).await;
    let own = person.page.hidden_field("typed_by");
    let (digest, mark) = own.split_once('.').expect("a mark");
    let invented = "5a".repeat(32);

    for typed_by in [
        String::new(),
        invented.clone(),
        digest.to_owned(),
        format!("{digest}."),
        format!("{digest}.{invented}"),
        format!("{invented}.{mark}"),
    ] {
        // When
        let refused = person.send_answer("same-origin", &typed_by, TYPED);

        // Then
        assert!(
            refused.path.starts_with("/sign-in?to=") && !refused.contains("we have kept"),
            "{typed_by}: {}",
            refused.path
        );
        assert_eq!(kept_rows(&app).await, 0, "{typed_by}");
    }
    person.send("same-origin");
    assert_eq!(kept_rows(&app).await, 1, "the page of the service");
}

on_each_engine!(a_job_deletes_expired_forms);
async fn a_job_deletes_expired_forms(app: TestApp) {
    let mut person = SignedOut::new(&app).await;
    person.send("same-origin");
    let jobs = Jobs::new(app.commands.clone(), app.views());
    for (seconds, rows) in [(3500, 1), (100, 0)] {
        app.pass_seconds(seconds);
        app.catch_up().await;
        jobs.run_once().await.expect("the jobs run");
        assert_eq!(kept_rows(&app).await, rows, "{seconds}");
    }
}

on_each_engine!(a_browser_and_the_organisation_keep_a_limited_number_of_forms);
async fn a_browser_and_the_organisation_keep_a_limited_number_of_forms(app: TestApp) {
    // Of a browser the oldest gives way.
    let secret = "5a".repeat(32);
    let form = |number: u32| KeptForm {
        page: format!("/my/{number}"),
        form: "answer".to_owned(),
        typed_by: "of a person".to_owned(),
        values: vec![("answer".to_owned(), TYPED.to_owned())],
        sent_before: false,
        files: Vec::new(),
    };
    for number in 0..22 {
        app.pass_seconds(1);
        let kept = kept_forms::keep(&app.commands, &secret, &form(number)).await;
        assert!(kept.unwrap(), "{number}");
    }
    assert_eq!(kept_rows(&app).await, 20);
    for (number, is_kept) in [(0, false), (1, false), (2, true), (21, true)] {
        let form = form(number);
        let found = kept_forms::of_page(&app.commands, &secret, &form.typed_by, &form.page).await;
        assert_eq!(found.unwrap(), Some(form).filter(|_| is_kept), "{number}");
    }

    // The organisation keeps no other form than those that it has.
    let bytes: i64 = 1024 * 1024;
    for (most_forms, most_bytes, is_kept) in
        [(20, bytes, false), (21, 10, false), (21, bytes, true)]
    {
        let row = KeptFormRow {
            browser: "another".to_owned(),
            page: "a page".to_owned(),
            sealed: vec![0; 11],
            kept_at: app.commands.now().as_microsecond(),
            expires_at: i64::MAX,
        };
        let most = KeptFormLimits {
            of_browser: 20,
            of_organisation: most_forms,
            bytes: most_bytes,
        };
        let kept = stored::put(app.store(), ORGANISATION, &row, most).await;
        assert_eq!(kept.unwrap(), is_kept, "{most_forms}, {most_bytes}");
        assert_eq!(kept_rows(&app).await, 20 + i64::from(is_kept));
    }
}

on_each_engine!(a_link_on_another_device_asks_who_began_there);
/// The beginner types a stranger's address as easily as their own, so that the session in which an
/// application was begun remains only if the owner of the address says that it is theirs.
async fn a_link_on_another_device_asks_who_began_there(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let mut laptop = Browser::new(&address);
    let (_, fields) = walk_to_draft(&mut laptop, &start, "Walks", "zofia@example.org");
    laptop.post_fields(&format!("{start}/you"), &as_fields(&fields));
    app.catch_up().await;
    let holder = links::holder_of_address(&app.log, "zofia@example.org").await;
    let person = holder.unwrap().expect("they were registered");
    assert_eq!(laptop.get("/my").path, "/my");
    let mut phone = Browser::new(&address);

    for (stay, path) in [("yes", "/my"), ("no", "/sign-in")] {
        // When
        let at = sign_in_link(&app, person).await;
        let page = phone.get(&at);
        assert!(
            page.contains("on another phone or computer"),
            "{}",
            visible_text(&page)
        );
        let unanswered = phone.submit_form(&page, &at, &[]);
        assert!(
            unanswered.status == 422 && unanswered.contains("Choose yes or no"),
            "{}",
            visible_text(&unanswered)
        );
        // An answer is about the browsers that the page named, not about one that began since.
        let other = phone.submit_form(&page, &at, &[("stay-other", "yes")]);
        assert!(
            other.status == 422 && !other.contains("\" checked>"),
            "{}",
            visible_text(&other)
        );
        assert!(laptop.get("/my").path.starts_with("/my"), "it waits");
        let fields = stay_fields(&unanswered);
        assert_eq!(fields.len(), 1);
        phone.submit_form(&unanswered, &at, &[(&fields[0], stay)]);

        // Then
        let shown = laptop.get("/my").path;
        assert!(shown.starts_with(path), "{stay}: {shown}");
        assert_eq!(phone.get("/my").path, "/my");
    }
    let at = sign_in_link(&app, person).await;
    assert!(
        !phone.get(&at).contains("on another phone or computer"),
        "it ended"
    );
}

on_each_engine!(each_browser_that_began_has_an_answer_of_its_own);
async fn each_browser_that_began_has_an_answer_of_its_own(app: TestApp) {
    // Given: the person began on two devices, or somebody else did on one of them.
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let (mut laptop, _) = begun(&address, &start);
    app.catch_up().await;
    let holder = links::holder_of_address(&app.log, "zofia@example.org").await;
    let person = holder.unwrap().expect("they were registered");
    let key = "ab".repeat(32);
    let session = NewSession {
        person,
        proven: false,
        device: "Mozilla/5.0 (iPad; CPU OS 17_0) Firefox/130.0",
        key: &key,
    };
    sessions::open(&app.commands, session).await.unwrap();
    let mut tablet = Browser::new(&address);
    tablet.cookies.insert("session".to_owned(), key);
    let paths = |laptop: &mut Browser, tablet: &mut Browser| {
        [laptop.get("/my").path, tablet.get("/my").path]
    };
    assert_eq!(paths(&mut laptop, &mut tablet), ["/my", "/my"]);

    // When
    let at = sign_in_link(&app, person).await;
    let mut phone = Browser::new(&address);
    let page = phone.get(&at);
    let fields = stay_fields(&page);

    // Then: nothing is chosen, and each needs an answer.
    let shown = visible_text(&page);
    assert_eq!(fields.len(), 2, "{shown}");
    assert!(!page.contains("\" checked>"));
    let (ipad, unknown) = (
        shown.find("Firefox on iPad, "),
        shown.find("An unknown device, "),
    );
    assert!(ipad.is_some() && unknown.is_some(), "{shown}");
    let [of_tablet, of_laptop] = if ipad < unknown { [0, 1] } else { [1, 0] };
    let (of_tablet, of_laptop) = (&fields[of_tablet], &fields[of_laptop]);
    let one = phone.submit_form(&page, &at, &[(of_tablet, "no")]);
    assert_eq!(one.status, 422, "{}", visible_text(&one));
    assert!(
        one.contains("\" checked>"),
        "the answer that was given stays"
    );
    assert_eq!(paths(&mut laptop, &mut tablet), ["/my", "/my"], "they wait");

    // When
    phone.submit_form(&one, &at, &[(of_tablet, "no"), (of_laptop, "yes")]);

    // Then
    assert_eq!(
        paths(&mut laptop, &mut tablet),
        ["/my", "/sign-in?to=%2Fmy"]
    );
    assert_eq!(phone.get("/my").path, "/my");
}

/// The link in the newest mail with one.
async fn mailed_link(app: &TestApp) -> String {
    let mails = outbox::newest(app.store(), ORGANISATION, "", 100).await;
    let mail = mails
        .unwrap()
        .into_iter()
        .find(|mail| mail.kind == "sign_in")
        .expect("a mail");
    let token = SignInSecret::derive(app.log.vault(), &mail.about).token;
    format!("/sign-in/{token}")
}

/// A browser that begins an application, with the page of its first question.
fn begun(address: &str, start: &str) -> (Browser, Page) {
    let mut laptop = Browser::new(address);
    let (_, fields) = walk_to_draft(&mut laptop, start, "Walks", "zofia@example.org");
    let sent = laptop.post_fields(&format!("{start}/you"), &as_fields(&fields));
    let page = laptop.get(&sent.headers["location"]);
    (laptop, page)
}

on_each_engine!(a_link_on_another_device_leaves_the_session_that_asked_for_it);
async fn a_link_on_another_device_leaves_the_session_that_asked_for_it(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let (mut laptop, question) = begun(&address, &start);
    app.catch_up().await;
    let mut phone = Browser::new(&address);

    // When
    let at = mailed_link(&app).await;
    let page = phone.get(&at);
    let fields = stay_fields(&page);
    phone.submit_form(&page, &at, &[(&fields[0], "yes")]);
    let path = question.path.clone();
    let shown = question.hidden_field("shown");
    let fields = [
        ("form", "answer"),
        ("shown", shown.as_str()),
        ("answer", "food"),
        ("then", "next"),
    ];
    let saved = laptop.submit_form(&question, &path, &fields);

    // Then
    assert!(!page.contains("\" checked>"), "nobody answers for them");
    assert_eq!(phone.get("/my").path, "/my");
    assert!(
        saved.status == 200 && saved.path.starts_with("/my/applications/"),
        "{}: {}",
        saved.path,
        visible_text(&saved)
    );
}

on_each_engine!(a_link_in_another_tab_keeps_what_the_first_tab_sends);
async fn a_link_in_another_tab_keeps_what_the_first_tab_sends(app: TestApp) {
    // Given
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    let (mut browser, question) = begun(&address, &start);
    app.catch_up().await;

    // When: the link is opened in the same browser, and then the first tab sends its answer.
    let at = mailed_link(&app).await;
    let page = browser.get(&at);
    browser.submit_form(&page, &at, &[]);
    browser.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
    let typed_by = question.hidden_field("typed_by");
    let shown = question.hidden_field("shown");
    let send = |page: &Page, browser: &mut Browser| {
        let fields = [
            ("at", question.path.as_str()),
            ("form", "answer"),
            ("typed_by", typed_by.as_str()),
            ("shown", shown.as_str()),
            ("answer", "food"),
            ("then", "next"),
        ];
        browser.submit_form(page, &question.path, &fields)
    };
    let kept = send(&question, &mut browser);
    let saved = send(&kept, &mut browser);

    // Then
    assert!(
        kept.status == 200 && kept.path == question.path && kept.contains(NOTE),
        "{} {}: {}",
        kept.status,
        kept.path,
        visible_text(&kept)
    );
    assert!(
        saved.status == 200 && saved.path != question.path,
        "{} {}: {}",
        saved.status,
        saved.path,
        visible_text(&saved)
    );
}

on_each_engine!(words_of_a_beginner_wait_for_the_member_whose_address_they_gave);
async fn words_of_a_beginner_wait_for_the_member_whose_address_they_gave(app: TestApp) {
    // Given: the address is known, so that a person of its own begins.
    let (office, address) = serve_office(&app).await;
    let start = format!("/apply/{}/first", office.fund);
    begun(&address, &start);
    app.catch_up().await;
    let at = mailed_link(&app).await;
    let mut phone = Browser::new(&address);
    let page = phone.get(&at);
    let fields = stay_fields(&page);
    let answers: Vec<_> = fields.iter().map(|field| (field.as_str(), "no")).collect();
    phone.submit_form(&page, &at, &answers);

    for joins in ["", "yes"] {
        let (mut laptop, question) = begun(&address, &start);
        app.catch_up().await;

        // When: the session ends, the answer is sent, and the link is opened here.
        laptop.cookies.clear();
        laptop.headers = vec![("Sec-Fetch-Site", "same-origin".to_owned())];
        let typed_by = question.hidden_field("typed_by");
        let shown = question.hidden_field("shown");
        let fields = [
            ("at", question.path.as_str()),
            ("form", "answer"),
            ("typed_by", typed_by.as_str()),
            ("shown", shown.as_str()),
            ("answer", "food"),
            ("then", "next"),
        ];
        let kept = laptop.submit_form(&question, &question.path, &fields);
        let at = mailed_link(&app).await;
        let page = laptop.get(&at);
        let shown = laptop.submit_form(&page, &at, &[("join", joins)]);

        // Then: they are shown to a member only.
        assert!(kept.path.contains("/sign-in?kept=yes"), "{}", kept.path);
        assert!(page.contains("name=\"join\""), "{}", visible_text(&page));
        assert_eq!(
            (shown.path == question.path, shown.contains(NOTE)),
            (joins == "yes", joins == "yes"),
            "{}: {}",
            shown.path,
            visible_text(&shown)
        );
    }
}

on_each_engine!(words_of_a_page_of_another_person_can_be_copied);
async fn words_of_a_page_of_another_person_can_be_copied(app: TestApp) {
    // Given: another member has signed in on the same computer since the page was opened.
    let mut first = SignedOut::new(&app).await;
    let other = first.add_member(&app).await;
    first.sign_in(&app, other).await;

    // When
    let refused = first.send("same-origin");
    let foreign = first.send("cross-site");

    // Then
    assert!(
        refused.status == 403
            && refused.contains(TYPED)
            && refused.contains("You can copy it from here."),
        "{} {}",
        refused.status,
        visible_text(&refused)
    );
    assert!(foreign.status == 403 && !foreign.contains(TYPED));
    assert_eq!(kept_rows(&app).await, 0);
}
