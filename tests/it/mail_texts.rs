//! Texts of mails: their placeholders are only names, those of sign-in mails need two
//! administrators, and nobody can send a text of their own to a stranger through them. Also the
//! names and addresses that people type.

use microgrants::commands::clock::new_id;
use microgrants::domain::{Group, PersonId};
use microgrants::jobs::Jobs;
use microgrants::mail::links::{self, Invited};
use microgrants::projections::{OrganisationRow, PersonRow};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::browser::{Browser, Page};
use crate::cases::Cases;
use crate::connections::Asking;
use crate::house::House;
use crate::mails::{folder, letters, post, reach, see_to};
use crate::office::{Office, person, submit};
use crate::pages::{signed_in, started, words};
use crate::sealing::rewrite;
use crate::service::serve;

pub fn cases(cases: &mut Cases) {
    cases.both(
        "mail_texts::a_text_that_is_a_program_or_leads_elsewhere_is_refused",
        refused,
    );
    cases.both(
        "mail_texts::words_to_sign_in_with_take_two_administrators",
        two,
    );
    cases.both(
        "mail_texts::proposed_words_are_shown_and_confirmed_on_the_page",
        on_the_page,
    );
    cases.both(
        "mail_texts::what_a_log_holds_from_before_is_not_used",
        from_before,
    );
    cases.both(
        "mail_texts::a_stranger_reads_nothing_that_somebody_typed",
        strangers,
    );
    cases.both(
        "mail_texts::an_address_is_proven_by_what_was_mailed_to_it",
        proven,
    );
    cases.both("mail_texts::a_link_signs_in_without_joining", joining);
    cases.both(
        "mail_texts::names_are_seen_and_one_address_is_one_person",
        names,
    );
    cases.both(
        "mail_texts::addresses_that_resemble_each_other_are_marked",
        twins,
    );
}

const SIGN_IN: &str = "Our own words.\n\n{{ link }}\n\nOr type {{ code }}";

fn text(mail: &str, body: &str) -> Value {
    json!({ "mail": mail, "language": "en", "subject": "Our own subject", "body": body })
}

async fn organisation(house: &House) -> OrganisationRow {
    house.catch_up().await;
    house
        .views()
        .find(&house.commands.organisation().to_string(), None)
        .await
        .unwrap()
        .unwrap()
}

/// The text of a sign-in mail to a person.
async fn sign_in_mail(house: &House, person: PersonId) -> String {
    let post = post(house);
    post.begin().await.unwrap();
    let before = letters(&folder(house));
    links::offer(
        &house.commands,
        Invited {
            person,
            joins: None,
            minutes: 30,
            by_mail: true,
        },
    )
    .await
    .unwrap();
    see_to(house, &post).await;
    let new =
        |(id, mail): &(String, String)| !before.contains_key(id) && mail.contains("/sign-in/");
    letters(&folder(house))
        .into_iter()
        .find(new)
        .expect("a mail")
        .1
}

/// The path of the link in a mail.
fn link_in(mail: &str) -> String {
    let from = mail.find("/sign-in/").expect("a link");
    mail[from..].split_whitespace().next().unwrap().to_owned()
}

async fn refused(house: House) {
    let office = Office::open(&house, 5000).await;
    let asking = Asking { house: &house };
    let id = house.commands.organisation().0;
    let bomb = format!(
        "{{% set l=[name] %}}{}{{{{ l }}}}",
        "{% set l=[l,l,l,l,l,l,l,l] %}".repeat(12)
    );
    let hidden = format!("{{% if name != \"name\" %}}{bomb}{{% endif %}}");
    for body in [
        bomb.as_str(),
        &hidden,
        "{{ name | upper }}",
        "{# a remark #}",
        "https://evil.example/go?to={{ link }}",
        "Go to www.evil.example",
        "evil.example/{{ reference }}",
        "{{ link }}&x=1",
        "{{ link }} {{ link }}",
    ] {
        for mail in ["submitted", "declined"] {
            asking
                .refused(
                    office.ada,
                    "text_broken",
                    "organisation/publish-mail-text",
                    id,
                    text(mail, body),
                )
                .await;
        }
    }
    for body in [
        "No link and no code here",
        "{{ link }}",
        "Only {{ code }}",
        "https://evil.example/go?to={{ link }}&c={{ code }}",
    ] {
        asking
            .refused(
                office.ada,
                "text_broken",
                "organisation/propose-mail-text",
                id,
                text("sign_in", body),
            )
            .await;
    }
    let client = serve(&house, office.ada);
    let answer = client.post(
        "/api/v1/organisation/publish-mail-text",
        &text("declined", "Dear\n\n{% set x = 1 %}"),
    );
    answer.is_problem(422, "text_broken");
    assert!(
        answer.body["detail"]
            .as_str()
            .unwrap()
            .contains("body, line 3"),
        "the place is named: {}",
        answer.body
    );
}

async fn two(house: House) {
    let office = Office::open(&house, 5000).await;
    let asking = Asking { house: &house };
    let (ada, ben, id) = (office.ada, office.ben, house.commands.organisation().0);
    let officer = person(&house, "Olive").await;
    asking.give(&office, officer, "officer").await;
    let propose = "organisation/propose-mail-text";
    for mail in ["sign_in", "contact_changed"] {
        for alone in [ada, officer] {
            asking
                .refused(
                    alone,
                    "needs_two_people",
                    "organisation/publish-mail-text",
                    id,
                    text(mail, SIGN_IN),
                )
                .await;
        }
    }
    asking
        .refused(officer, "not_yours", propose, id, text("sign_in", SIGN_IN))
        .await;
    let confirm = "organisation/confirm-mail-text";
    assert_eq!(
        asking
            .takes(
                ada,
                propose,
                id,
                text("sign_in", "Others.\n{{ link }}\n{{ code }}")
            )
            .await,
        Some(1)
    );
    assert_eq!(
        asking
            .takes(ada, propose, id, text("sign_in", SIGN_IN))
            .await,
        Some(2)
    );
    asking
        .refused(ben, "not_proposed", confirm, id, json!({ "proposal": 1 }))
        .await;
    asking
        .refused(ada, "same_person", confirm, id, json!({ "proposal": 2 }))
        .await;
    asking
        .refused(officer, "not_yours", confirm, id, json!({ "proposal": 2 }))
        .await;
    assert!(
        sign_in_mail(&house, ada)
            .await
            .contains("Your link to sign in"),
        "what is proposed is not used"
    );
    asking
        .takes(ben, confirm, id, json!({ "proposal": 2 }))
        .await;
    let mail = sign_in_mail(&house, ada).await;
    assert!(
        mail.contains("Our own subject")
            && mail.contains("Our own words.")
            && mail.contains("/sign-in/"),
        "{mail}"
    );
    assert_eq!(
        organisation(&house).await.mail_texts[0].confirmed_by,
        Some(ben)
    );
    // A refused text, or one whose proposer may no longer propose, cannot be confirmed.
    asking
        .takes(ada, propose, id, text("sign_in", SIGN_IN))
        .await;
    asking
        .takes(
            ada,
            "organisation/refuse-mail-text",
            id,
            json!({ "proposal": 3, "reason": "A slip" }),
        )
        .await;
    asking
        .refused(ben, "not_proposed", confirm, id, json!({ "proposal": 3 }))
        .await;
    let third = person(&house, "Third").await;
    asking.give(&office, third, "administrator").await;
    asking
        .takes(third, propose, id, text("sign_in", SIGN_IN))
        .await;
    asking
        .takes(
            ada,
            "organisation/end-role",
            id,
            json!({ "person": third, "role": "administrator" }),
        )
        .await;
    asking
        .refused(ben, "proposer_gone", confirm, id, json!({ "proposal": 4 }))
        .await;
}

/// Submits a form on the page of the sign-in mail's text.
fn sends(
    browser: &mut Browser,
    page: &Page,
    command: &str,
    form: &str,
    fields: &[(&str, &str)],
) -> Page {
    let unseen = [("at", "/desk/texts/mail/sign_in"), ("form", form)];
    browser.fill(
        page,
        &format!("/desk/do/organisation/{command}"),
        &[&unseen, fields].concat(),
    )
}

async fn on_the_page(house: House) {
    let (office, address) = started(&house).await;
    let (mut ada, mut ben) = (
        signed_in(&house, &address, office.ada).await,
        signed_in(&house, &address, office.ben).await,
    );
    let path = "/desk/texts/mail/sign_in";
    let page = ada.get(path);
    assert!(
        page.says("Propose these words") && !page.says("Publish these words"),
        "{}",
        words(&page)
    );
    let words_of_ours = [
        ("mail", "sign_in"),
        ("language", "en"),
        ("subject", "Come in"),
        ("body", "Here:\r\n\r\n{{ link }}\r\n\r\nOr {{ code }}"),
    ];
    let page = sends(
        &mut ada,
        &page,
        "propose-mail-text",
        "propose-mail-text",
        &words_of_ours,
    );
    assert!(
        page.status == 200 && page.says("Words to confirm") && page.says("Come in"),
        "{}",
        words(&page)
    );
    assert!(ada.get("/desk/texts").says("to be confirmed"));
    let alone = sends(
        &mut ada,
        &page,
        "confirm-mail-text",
        "confirm-mail-text-1",
        &[("proposal:n", "1")],
    );
    assert_eq!(alone.status, 403, "{}", words(&alone));
    assert!(
        !ada.get("/desk").says("Words of mails to confirm")
            && ben.get("/desk").says("Words of mails to confirm")
    );
    let page = ben.get(path);
    assert!(
        page.says("Ada proposes these words in English"),
        "{}",
        words(&page)
    );
    let page = sends(
        &mut ben,
        &page,
        "confirm-mail-text",
        "confirm-mail-text-1",
        &[("proposal:n", "1")],
    );
    assert!(
        page.status == 200 && !page.says("Words to confirm") && page.says("Come in"),
        "{}",
        words(&page)
    );
    let mail = sign_in_mail(&house, office.ben).await;
    assert!(
        mail.contains("Come in\nHere:") && mail.contains("/sign-in/"),
        "{mail}"
    );
}

/// Rewrites the events that hold a mail's text, as if an earlier version had accepted it.
async fn as_if_before(house: &House, from: &str, to: &str) {
    let (read, written) = if house.store().postgres().is_some() {
        ("payload::text", "::json")
    } else {
        ("payload", "")
    };
    let sql = format!(
        "UPDATE events SET payload = replace({read}, '{from}', '{to}'){written} WHERE event_type = 'MailTextPublished'"
    );
    rewrite(house, &sql).await;
}

async fn from_before(house: House) {
    let office = Office::open(&house, 10_000).await;
    let asking = Asking { house: &house };
    let id = house.commands.organisation().0;
    asking
        .takes(
            office.ada,
            "organisation/publish-mail-text",
            id,
            text("submitted", "The bomb stands here"),
        )
        .await;
    asking
        .takes(
            office.ada,
            "organisation/publish-mail-text",
            id,
            text("deferred", "{{ link }}"),
        )
        .await;
    let bomb = format!(
        "{{% set l=[name] %}}{}{{{{ l }}}}",
        "{% set l=[l,l,l,l,l,l,l,l] %}".repeat(12)
    );
    as_if_before(&house, "The bomb stands here", &bomb).await;
    as_if_before(&house, "\"mail\":\"deferred\"", "\"mail\":\"sign_in\"").await;
    let house = house.open_again().await;
    let post = post(&house);
    post.begin().await.unwrap();
    let mail = sign_in_mail(&house, office.ada).await;
    assert!(
        mail.contains("Your link to sign in") && mail.contains("Or type this code"),
        "one person's words alone let nobody in: {mail}"
    );
    let (application, _, member) = office.draft(&house, 900).await;
    reach(&house, member, "zofia@example.org").await;
    let handed_in = microgrants::domain::ApplicationCommand::Submit(submit());
    house
        .takes(
            member,
            microgrants::domain::Command::Application(application, handed_in),
        )
        .await;
    see_to(&house, &post).await;
    let mail = letters(&folder(&house))
        .into_values()
        .find(|mail| mail.starts_with("zofia@example.org"))
        .expect("a mail");
    assert!(
        mail.contains("We have your application") && mail.len() < 2000,
        "{mail}"
    );
    let mut browser = signed_in(&house, serve(&house, office.ada).address(), office.ada).await;
    for (mail, why) in [
        ("submitted", "body, line 1"),
        ("sign_in", "take two administrators"),
    ] {
        let page = browser.get(&format!("/desk/texts/mail/{mail}"));
        assert!(
            page.status == 200 && page.says("These words are not used") && page.says(why),
            "{}",
            words(&page)
        );
    }
    assert!(browser.get("/desk/texts").says("words that are not used"));
}

/// A person who registers under an address and starts an application for their own group.
async fn begins(house: &House, office: &Office, name: &str, email: &str, group: &str) -> PersonId {
    let (asking, person) = (Asking { house }, PersonId(new_id()));
    asking
        .takes(
            person,
            "person/register",
            person.0,
            json!({ "name": name, "email": email }),
        )
        .await;
    let of = new_id();
    asking
        .takes(
            person,
            "group/register",
            of,
            json!({ "name": group, "area": "oldham", "standing": "new" }),
        )
        .await;
    let start = json!({ "fund": office.fund, "round": "first", "group": of });
    asking
        .takes(person, "application/start", new_id(), start)
        .await;
    person
}

async fn strangers(house: House) {
    let office = Office::open(&house, 5000).await;
    let person = begins(
        &house,
        &office,
        "Call 0900 now",
        "victim@example.org",
        "Claim your prize",
    )
    .await;
    let typed = |mail: &str| mail.contains("0900") || mail.contains("prize");
    let mail = sign_in_mail(&house, person).await;
    assert!(
        mail.starts_with("victim@example.org\nYour link to sign in") && !typed(&mail),
        "{mail}"
    );
    let remind = async || {
        house.catch_up().await;
        Jobs::new(house.commands.clone(), house.views())
            .once()
            .await
            .unwrap();
        see_to(&house, &post(&house)).await;
    };
    house.pass_days(28);
    remind().await;
    let found = letters(&folder(&house));
    let mail = found
        .values()
        .find(|mail| mail.contains("News about an application"))
        .expect("a reminder");
    assert!(
        mail.starts_with("victim@example.org\n")
            && mail.contains("/my/applications/")
            && !typed(mail),
        "{mail}"
    );
    assert!(found.values().all(|mail| !typed(mail)), "{found:?}");
    // Once the address is proven, mails use the person's name.
    let known = begins(
        &house,
        &office,
        "Zofia",
        "to.be.changed@example.org",
        "Soup and song",
    )
    .await;
    reach(&house, known, "zofia@example.org").await;
    remind().await;
    let mail = letters(&folder(&house))
        .into_values()
        .find(|mail| mail.starts_with("zofia@example.org"))
        .expect("a reminder");
    assert!(
        mail.contains("Hello Zofia") && mail.contains("Soup and song"),
        "{mail}"
    );
}

/// Opens a link from a mail, and submits its form.
fn follows(address: &str, link: &str, fields: &[(&str, &str)]) -> Page {
    let mut browser = Browser::new(address);
    let page = browser.get(link);
    browser.fill(&page, link, fields)
}

async fn row(house: &House, person: PersonId) -> PersonRow {
    house.catch_up().await;
    house
        .views()
        .find(&person.to_string(), None)
        .await
        .unwrap()
        .unwrap()
}

async fn proven(house: House) {
    let (office, address) = started(&house).await;
    let person = begins(
        &house,
        &office,
        "Zofia",
        "zofia@example.org",
        "Soup and song",
    )
    .await;
    assert_eq!(
        row(&house, person).await.known_email,
        None,
        "typed is not shown"
    );
    assert!(
        row(&house, office.ada).await.known_email.is_some(),
        "whom the operator registered is known"
    );
    let before = link_in(&sign_in_mail(&house, person).await);
    // The link went to the previous address, so it does not prove the new one.
    let change = json!({ "name": "Zofia", "email": "victim@example.org" });
    Asking { house: &house }
        .takes(person, "person/change-contact", person.0, change)
        .await;
    let mut browser = Browser::new(&address);
    let page = browser.get(&before);
    if page.says("name=\"csrf\"") {
        browser.fill(&page, &before, &[]);
    }
    let known = row(&house, person).await;
    assert!(
        known.known_email.is_none() || known.known_email != known.email,
        "it proves the address that it went to, or nothing"
    );
    follows(&address, &link_in(&sign_in_mail(&house, person).await), &[]);
    let known = row(&house, person).await;
    assert!(
        known.known_email.is_some() && known.known_email == known.email,
        "signing in by a mail to it shows that it is theirs"
    );
    let length = house.log.length().await.unwrap();
    follows(&address, &link_in(&sign_in_mail(&house, person).await), &[]);
    assert_eq!(house.log.length().await.unwrap(), length, "once is enough");
}

async fn joining(house: House) {
    let (office, address) = started(&house).await;
    let (group, member) = office.group(&house).await;
    let invited = person(&house, "Dee").await;
    house.catch_up().await;
    let link = async || {
        let invited = Invited {
            person: invited,
            joins: Some((group.0, member)),
            minutes: 30,
            by_mail: false,
        };
        format!(
            "/sign-in/{}",
            links::offer(&house.commands, invited).await.unwrap().token
        )
    };
    let is_member = async || {
        house
            .log
            .refresh::<Group>(group.0)
            .await
            .unwrap()
            .state
            .has_member(invited)
    };
    let shown = Browser::new(&address).get(&link().await);
    assert!(
        shown.says("Yes, I am one of the group Soup and song") && !shown.says(" checked"),
        "{}",
        words(&shown)
    );
    let page = follows(&address, &link().await, &[]);
    assert_eq!((page.status, page.path.as_str()), (200, "/my"));
    assert!(!is_member().await, "signing in is not joining");
    follows(&address, &link().await, &[("join", "yes")]);
    assert!(is_member().await);
}

async fn names(house: House) {
    let office = Office::open(&house, 5000).await;
    let client = serve(&house, office.ada);
    let long = "x".repeat(101);
    let group = json!({ "name": "Soup", "area": "oldham", "standing": "new" });
    let with = |mut body: Value, name: &str, value: &str| {
        body[name] = json!(value);
        body
    };
    for bad in [
        "\u{200b}",
        "\u{3164}",
        "\u{301}",
        "So\u{202e}up",
        "So\u{200b}up",
        "Go to https://evil.example",
        "www.evil.example",
        &long,
    ] {
        client
            .post("/api/v1/people", &json!({ "name": bad }))
            .is_problem(422, "invalid_field");
        client
            .post("/api/v1/groups", &with(group.clone(), "name", bad))
            .is_problem(422, "invalid_field");
    }
    let said = client.post(
        "/api/v1/organisation/publish-agreement",
        &json!({ "text": "We agree\u{202e} to pay" }),
    );
    said.is_problem(422, "invalid_field");
    assert_eq!(said.body["field"], "text");
    // Different spellings of an address belong to one person.
    let register = |email: &str| {
        client.post(
            "/api/v1/people",
            &json!({ "name": "Morgan", "email": email }),
        )
    };
    assert_eq!(register("morgan@example.org").status, 201);
    for twin in [
        "Morgan@Example.ORG",
        "ｍｏｒｇａｎ@example.org",
        "morgan@ｅｘａｍｐｌｅ.org",
        "morgan@example\u{3002}org",
    ] {
        register(twin).is_problem(409, "taken");
    }
    for twin in [
        "mor\u{200b}gan@example.org",
        "m\u{43e}rgan@example.org",
        "morgan@exam\u{ad}ple.org",
        "morgan\u{301}@example.org",
    ] {
        register(twin).is_problem(422, "invalid_field");
    }
    assert_eq!(register("morgan@b\u{fc}cher.example").status, 201);
    register("morgan@bu\u{308}cher.example").is_problem(409, "taken");
}

async fn twins(house: House) {
    let (office, address) = started(&house).await;
    let asking = Asking { house: &house };
    let of = |email: &str| json!({ "name": "Morgan", "email": email });
    let (one, other) = (Uuid::from_u128(81), Uuid::from_u128(82));
    asking
        .takes(
            office.ada,
            "person/register",
            one,
            of("mor.gan+officer@example.org"),
        )
        .await;
    asking
        .takes(
            office.ada,
            "person/register",
            other,
            of("morgan@example.org"),
        )
        .await;
    asking.give(&office, PersonId(one), "officer").await;
    house.catch_up().await;
    let mut ada = signed_in(&house, &address, office.ada).await;
    assert!(
        !ada.get("/desk/people").says("almost the same as another"),
        "one of the two has no role"
    );
    let page = ada.get(&format!("/desk/people/{other}"));
    assert!(
        page.says("perhaps the same mailbox"),
        "before a role is proposed: {}",
        words(&page)
    );
    asking.give(&office, PersonId(other), "finance").await;
    house.catch_up().await;
    assert_eq!(
        ada.get("/desk/people")
            .text
            .matches("almost the same as another")
            .count(),
        2
    );
}
