//! Errors of the desk's forms: each names its field by the label, and none shows a message of a
//! parser.

use std::collections::BTreeSet;

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::browser::{Browser, Page};
use crate::support::test_app::TestApp;

/// Words of parsers, which no page says.
const OF_PARSERS: [&str; 7] = [
    "missing field",
    "invalid type",
    "invalid value",
    "uuid",
    "expected",
    "parsing",
    "unknown variant",
];

/// A form of a page: its address, and its fields with their values.
struct PageForm {
    action: String,
    fields: Vec<(String, String)>,
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    let value = rest.split('"').next()?;
    Some(value.replace("&#38;", "&").replace("&#x2f;", "/"))
}

/// The forms of a page that issue a command.
fn forms_of(page: &Page) -> Vec<PageForm> {
    let forms = page.text.split("<form").skip(1);
    let form = |text: &str| {
        let text = text.split("</form>").next()?;
        let action = attribute(text.split('>').next()?, "action")?;
        let fields = text.split('<').filter(|tag| {
            ["input ", "select ", "textarea "]
                .iter()
                .any(|kind| tag.starts_with(kind))
        });
        let mut names = BTreeSet::new();
        let fields = fields
            .filter_map(|tag| {
                let name = attribute(tag, "name")?;
                let hidden = tag.contains("type=\"hidden\"");
                let value = if hidden {
                    attribute(tag, "value")?
                } else {
                    String::new()
                };
                (hidden || names.insert(name.clone())).then_some((name, value))
            })
            .collect();
        Some(PageForm { action, fields })
    };
    forms
        .filter_map(form)
        .filter(|form| form.action.starts_with("/desk/do/"))
        .collect()
}

/// Posts a form with every visible field filled with `value`, and reads the answer.
fn post(browser: &mut Browser, form: &PageForm, value: &str) {
    let hidden = ["csrf", "key", "at", "form"];
    let fields: Vec<(&str, &str)> = form
        .fields
        .iter()
        .map(|(name, own)| {
            let sent = if own.is_empty() && !hidden.contains(&name.as_str()) {
                value
            } else {
                own
            };
            (name.as_str(), sent)
        })
        .collect();
    let answer = browser.post_fields(&form.action, &fields);
    assert!(answer.status < 500, "{}: {}", form.action, answer.status);
    let says = visible_text(&answer).to_lowercase();
    for word in OF_PARSERS {
        assert!(
            !says.contains(word),
            "{} with “{value}” says {word}: {says}",
            form.action
        );
    }
}

on_each_engine!(no_form_of_the_desk_shows_a_parsers_message);
async fn no_form_of_the_desk_shows_a_parsers_message(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, group, member) = office.prepared(&app, 700).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let pages = [
        format!("/desk/funds/{}", office.fund),
        "/desk/funds/new".to_owned(),
        format!("/desk/applications/{grant}"),
        format!("/desk/grants/{grant}"),
        format!("/desk/groups/{group}"),
        format!("/desk/people/{member}?give=role"),
        "/desk/people".to_owned(),
        "/desk/texts/agreement".to_owned(),
        "/desk/texts/report".to_owned(),
        "/desk/texts/signs".to_owned(),
        "/desk/texts/themes".to_owned(),
        "/desk/texts/pledges".to_owned(),
        "/desk/barriers/new".to_owned(),
        "/desk/texts/aims".to_owned(),
        "/desk/learning/new".to_owned(),
        "/desk/texts/mail/submitted".to_owned(),
        "/desk/webhooks".to_owned(),
        "/desk/payments".to_owned(),
        "/desk/setup/fund".to_owned(),
        "/desk/setup/round".to_owned(),
    ];
    let mut tried = 0;
    for path in pages {
        let page = browser.get(&path);
        assert_eq!(page.status, 200, "{path}");
        // Forms without fields would change the record that the next ones are about.
        let filled = |form: &PageForm| form.fields.iter().any(|(_, value)| value.is_empty());
        for form in forms_of(&page).iter().filter(|form| filled(form)) {
            for value in ["", "\u{1F98A} {not} <one> 99999999999999999999999"] {
                post(&mut browser, form, value);
                tried += 1;
            }
        }
    }
    assert!(tried > 20, "{tried} forms were tried");
}

on_each_engine!(an_empty_field_is_named_by_its_label);
async fn an_empty_field_is_named_by_its_label(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let mut browser = signed_in(&app, &address, office.ada).await;
    let path = format!("/desk/funds/{}", office.fund);
    let page = browser.get(&path);
    let forms = forms_of(&page);
    let allocate = forms
        .iter()
        .find(|form| form.action.ends_with("/allocate"))
        .expect("money can be recorded");
    let fields: Vec<_> = allocate
        .fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let answer = browser.post_fields(&allocate.action, &fields);
    let says = visible_text(&answer);
    assert_eq!(answer.status, 422, "{says}");
    for error in ["Enter how much", "Enter the funder's reference"] {
        assert!(
            says.contains(error) || says.contains(&error.replace('\'', "&#39;")),
            "{error} is not in: {says}"
        );
    }
    assert!(
        answer.contains("href=\"#allocate-"),
        "the errors lead to their fields"
    );
}
