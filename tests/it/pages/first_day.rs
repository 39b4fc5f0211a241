//! An office's first day: from the link that the service prints to a public round, on the pages
//! alone. Every link that is followed and every form that is sent counts as a click.

use microgrants::auth::founding;
use microgrants::http::supervisor::Supervisor;

use crate::operations::mails::{deliver_all, mail_folder, mailer, mails_in_folder, outbox_rows};
use crate::pages::journeys::visible_text;
use crate::support::browser::{Browser, Page};
use crate::support::service::serve_with_tasks;
use crate::support::test_app::TestApp;

/// The most clicks from the link to a public round.
const CLICKS_MAX: usize = 30;

/// Somebody at a browser, whose clicks are counted.
struct Walker {
    browser: Browser,
    clicks: usize,
}

impl Walker {
    fn new(address: &str) -> Self {
        Self {
            browser: Browser::new(address),
            clicks: 0,
        }
    }

    fn follow(&mut self, path: &str) -> Page {
        self.clicks += 1;
        let page = self.browser.get(path);
        assert_eq!(page.status, 200, "{path}: {}", visible_text(&page));
        page
    }

    /// Sends the form of a page. Fails unless it is accepted.
    fn send(&mut self, page: &Page, path: &str, fields: &[(&str, &str)]) -> Page {
        self.clicks += 1;
        let answer = self.browser.submit_form(page, path, fields);
        assert_eq!(answer.status, 200, "{path}: {}", visible_text(&answer));
        answer
    }
}

/// The address of a service in which nothing has happened yet.
fn serve_empty(app: &TestApp) -> String {
    tokio::spawn(app.projector.clone().run());
    let client = serve_with_tasks(
        app,
        app.commands.clone(),
        "",
        Supervisor::default(),
        |site| {
            "smtp.example.org".clone_into(&mut site.mail_server);
            "Grants <grants@example.org>".clone_into(&mut site.mail_sender);
        },
    );
    client.address().to_owned()
}

/// Paths of the sign-in links in mails to an address.
async fn mailed_links(app: &TestApp, to: &str) -> Vec<String> {
    deliver_all(app, &mailer(app)).await;
    let mails = mails_in_folder(&mail_folder(app));
    let of = mails.values().filter(|mail| mail.starts_with(to));
    of.filter_map(|mail| {
        let (_, rest) = mail.split_once("/sign-in/")?;
        let token = rest.split_whitespace().next()?;
        Some(format!("/sign-in/{token}"))
    })
    .collect()
}

const FIRST: [(&str, &str); 3] = [
    ("organisation", "Neighbours together"),
    ("name", "Morgan Price"),
    ("email", "morgan@example.org"),
];

fn begin(walker: &mut Walker, app: &TestApp) -> Page {
    let at = founding::path(app.log.vault());
    let page = walker.follow(&at);
    let page = walker.send(&page, &at, &FIRST);
    assert!(
        page.contains("Nine steps to your first round"),
        "{}",
        visible_text(&page)
    );
    page
}

/// Says how groups reach the office. Settings count straight away for the only administrator.
fn say_how_to_reach_us(walker: &mut Walker) {
    let page = walker.follow("/desk/settings");
    let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
    let fields = [
        ("csrf", csrf.as_str()),
        ("key", key.as_str()),
        ("form", "settings"),
        ("at", "/desk/settings"),
        ("name", "Neighbours together"),
        ("telephone", "01614960000"),
        ("address", "1 Mill Lane, Stockport"),
    ];
    walker.clicks += 1;
    let sent = walker
        .browser
        .post_files("/desk/do/settings", &fields, &[("logo_file", "")]);
    assert_eq!(sent.status, 303, "{}", visible_text(&sent));
}

/// Sets up the first fund, with its money.
fn set_up_fund(walker: &mut Walker, app: &TestApp) {
    let page = walker.follow("/desk/setup/fund");
    let fund = [
        ("name", "Good neighbours"),
        ("purpose", "For people who want to meet."),
        ("areas", "Stockport, Oldham"),
        ("minimum", "500"),
        ("maximum", "2,500"),
        ("funder", "Health Partnership"),
        ("amount", "£45,000"),
        ("reference", "HP-01"),
        ("received_on", &app.today().to_string()),
    ];
    walker.send(&page, "/desk/do/setup/fund", &fund);
}

/// Publishes the starter questions, the agreement and themes, and one sign of success.
fn publish_texts(walker: &mut Walker) {
    for (path, post) in [
        ("/desk/setup/questions", "/desk/do/setup/questions"),
        ("/desk/setup/agreement", "/desk/do/setup/agreement"),
    ] {
        let page = walker.follow(path);
        walker.send(&page, post, &[]);
    }
    let page = walker.follow("/desk/texts/signs");
    let signs = [
        ("title-0", "Bringing people together"),
        ("meaning-0", "People meet and do things together."),
    ];
    let page = walker.send(&page, "/desk/do/signs", &signs);
    assert!(page.path.starts_with("/desk/setup"), "{}", page.path);
    let page = walker.follow("/desk/texts/themes");
    let keys = ["arts", "food", "neighbours", "sport", "other"];
    let names = ["Arts", "Food", "Neighbours", "Sport", "Something else"];
    let fields: Vec<(String, &str)> = (0..)
        .zip(keys.into_iter().zip(names))
        .flat_map(|(at, (key, name))| [(format!("key-{at}"), key), (format!("name-{at}"), name)])
        .collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|(field, value)| (field.as_str(), *value))
        .collect();
    let page = walker.send(&page, "/desk/do/themes", &fields);
    assert!(
        page.path.starts_with("/desk/setup") && page.contains("Five themes"),
        "{}: {}",
        page.path,
        visible_text(&page)
    );
}

on_each_engine!(an_office_opens_its_first_round_on_its_pages);
async fn an_office_opens_its_first_round_on_its_pages(app: TestApp) {
    let address = serve_empty(&app);
    let mut morgan = Walker::new(&address);
    begin(&mut morgan, &app);
    say_how_to_reach_us(&mut morgan);

    let page = morgan.follow("/desk/setup/colleague");
    let colleague = [
        ("name", "Robin Hale"),
        ("email", "robin@example.org"),
        ("roles", "finance"),
    ];
    let page = morgan.send(&page, "/desk/do/setup/colleague", &colleague);
    assert!(page.contains("has been invited"), "{}", visible_text(&page));
    let mut robin = Walker::new(&address);
    let links = mailed_links(&app, "robin@example.org").await;
    assert_eq!(links.len(), 1, "one invitation");
    let page = robin.follow(&links[0]);
    robin.send(&page, &links[0], &[]);

    let page = morgan.follow("/desk/setup/email");
    morgan.send(&page, "/desk/do/setup/test-message", &[]);
    let links = mailed_links(&app, "morgan@example.org").await;
    let page = morgan.follow(links.last().expect("a test message"));
    let page = morgan.send(&page, links.last().unwrap(), &[]);
    assert!(
        page.contains("An email reached") && page.contains("morgan@example.org"),
        "{}",
        visible_text(&page)
    );

    set_up_fund(&mut morgan, &app);
    publish_texts(&mut morgan);
    let page = morgan.follow("/desk/setup");
    for done in [
        "8 of 9 done",
        "Neighbours together: 0161\u{a0}496\u{a0}0000, 1 Mill Lane, Stockport",
        "Nine questions, in English and Polish",
        "One sign",
        "Agreement, version 1",
        "Still to do before the panel meets",
        "Nobody is on the panel yet, and 2 must decide together.",
        "Privacy notice",
        "href=\"/desk/setup\"",
    ] {
        assert!(page.contains(done), "{done}: {}", visible_text(&page));
    }

    open_round(&mut morgan, &app);
    let public = Browser::new(&address).get("/");
    assert!(
        public.contains("Good neighbours"),
        "{}",
        visible_text(&public)
    );
    let page = morgan.browser.get("/desk/funds");
    assert!(
        !page.contains("First steps") && page.contains("href=\"/desk/erasures\""),
        "{}",
        visible_text(&page)
    );
    let page = morgan.browser.get("/desk");
    assert!(
        page.contains("Nobody is on the panel yet") && page.contains("Privacy notice"),
        "{}",
        visible_text(&page)
    );
    let clicks = morgan.clicks + robin.clicks;
    assert!(clicks <= CLICKS_MAX, "{clicks} clicks");
}

fn open_round(walker: &mut Walker, app: &TestApp) {
    let page = walker.follow("/desk/setup/round");
    let round = [
        ("fund", page.hidden_field("fund")),
        ("name", "Autumn 2026".to_owned()),
        ("opens_on", app.today().to_string()),
        ("closes_on", app.in_days(42).to_string()),
    ];
    let round: Vec<_> = round
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    walker.send(&page, "/desk/do/setup/round", &round);
    let page = walker.follow("/desk/setup/look");
    assert!(page.contains("What would you like to do?"));
    let page = walker.follow("/desk/setup/round");
    let page = walker.send(&page, "/desk/do/setup/open", &[]);
    assert!(
        page.contains("The round is open"),
        "{}",
        visible_text(&page)
    );
}

on_each_engine!(the_link_of_the_beginning_works_once);
async fn the_link_of_the_beginning_works_once(app: TestApp) {
    let address = serve_empty(&app);
    let at = founding::path(app.log.vault());
    let mut stranger = Browser::new(&address);
    assert_eq!(stranger.get("/begin/0123456789abcdef").status, 404);
    let page = stranger.get(&at);
    let wrong = stranger.submit_form(&page, &at, &[("name", "Morgan"), ("email", "nowhere")]);
    assert_eq!(wrong.status, 422);
    assert!(wrong.contains("Enter your organisation") && wrong.contains("Enter an email address"));
    assert_eq!(app.log.length().await.unwrap(), 0, "nothing was begun");
    let mut morgan = Walker::new(&address);
    begin(&mut morgan, &app);
    let before = app.log.length().await.unwrap();
    let late = stranger.submit_form(&page, &at, &FIRST);
    assert!(
        late.contains("Your office has begun"),
        "{}",
        visible_text(&late)
    );
    assert_eq!(
        app.log.length().await.unwrap(),
        before,
        "nobody else became an administrator"
    );
    assert!(!founding::is_needed(&app.commands).await.unwrap());
}

on_each_engine!(a_step_that_is_not_done_keeps_the_round_closed);
async fn a_step_that_is_not_done_keeps_the_round_closed(app: TestApp) {
    let address = serve_empty(&app);
    let mut morgan = Walker::new(&address);
    begin(&mut morgan, &app);
    let page = morgan.follow("/desk");
    assert!(page.contains("0 of 9 done"));
    assert!(page.contains("First: Your organisation, and 7 more"));
    assert!(
        page.contains("phone number and address are missing"),
        "{}",
        visible_text(&page)
    );
    let page = morgan.follow("/desk/setup/round");
    assert!(page.contains("Set up your fund first"));
    for path in ["colleague", "email", "questions", "agreement", "look"] {
        morgan.follow(&format!("/desk/setup/{path}"));
    }
    let page = morgan.follow("/desk/setup/fund");
    let empty = morgan
        .browser
        .submit_form(&page, "/desk/do/setup/fund", &[]);
    assert_eq!(empty.status, 422);
    assert!(empty.contains("Enter who gives the money") && empty.contains("what the money is for"));
}

on_each_engine!(the_first_administrator_gets_no_mail_about_themselves);
async fn the_first_administrator_gets_no_mail_about_themselves(app: TestApp) {
    let address = serve_empty(&app);
    mailer(&app).subscribe().await.unwrap();
    let mut morgan = Walker::new(&address);
    begin(&mut morgan, &app);
    assert_eq!(role_notices(&app).await, 0, "nobody else is there");

    let page = morgan.follow("/desk/setup/colleague");
    let colleague = [("name", "Robin Hale"), ("email", "robin@example.org")];
    morgan.send(&page, "/desk/do/setup/colleague", &colleague);
    assert_eq!(
        role_notices(&app).await,
        1,
        "the first administrator hears of the second"
    );
    let mails = mails_in_folder(&mail_folder(&app));
    let notice = mails.values().find(|mail| mail.contains("has a new role"));
    let notice = notice.expect("a notice of the role");
    assert!(
        notice.contains("one person can give the first roles alone")
            && !notice.contains("another confirmed"),
        "{notice}"
    );
}

/// How many mails say that a person was given a role.
async fn role_notices(app: &TestApp) -> usize {
    app.catch_up().await;
    deliver_all(app, &mailer(app)).await;
    let mails = outbox_rows(app).await;
    mails
        .iter()
        .filter(|mail| mail.kind == "role_given")
        .count()
}
