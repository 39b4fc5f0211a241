//! The words that people read: the pages, the emails, the translated texts and the messages of
//! errors have none of the words that `docs/words.md` replaces.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;
use serde_json::Value;

use crate::support::folders::files_below;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A word that people do not read, as a pattern, and what to write.
const REPLACED: [(&str, &str); 19] = [
    (r"(?i)\be-mail(s|ed|ing)?\b", "email"),
    (r"(?i)(^|[^\w@./-])mail(s|ed|ing|box|boxes)?\b", "email"),
    (r"(?i)\btelephone[sd]?\b", "phone"),
    (r"(?i)\bhand(s|ed|ing)?( \w+){0,3} in\b", "send"),
    (r"(?i)\b(submit(s|ted|ting)?|lodge[sd]?)\b", "send"),
    (r"(?i)\bsomebody\b", "someone"),
    (r"(?i)\beverybody\b", "everyone"),
    (r"(?i)\band in the log\b", "what happened, and who was told"),
    (r"(?i)\bsums?\b", "amount"),
    (
        r"(?i)\b(take|takes|took|taken) (it|(the|your|this) (application|form|offer)) back\b",
        "withdraw",
    ),
    (r"(?i)\bgo(es)? on with\b|\bto go on\b", "continue"),
    (r"(?i)\bdesk\b|\bback office\b", "office"),
    (r"(?i)\bpayees?\b", "bank details"),
    (
        r"(?i)\bclawbacks?\b|\b(give|gives|given|gave) back\b",
        "return",
    ),
    (r"(?i)\bgoverning documents?\b", "constitution"),
    (r"(?i)\b(last update|closing report)\b", "final report"),
    (
        r"(?i)\b(extensions?|variations?)\b",
        "more time, or: change",
    ),
    (
        r"(?i)\bstands? in (the|your|their|people[’']s) way\b",
        "gets in the way",
    ),
    (r"(?i)\bwish(es|ed)? for\b", "wanted, or: looking for"),
];

/// Texts that may have such a word: the file, the phrase, and the reason.
const EXCEPTIONS: [(&str, &str, &str); 1] = [(
    "src/http/pages/desk/payment_actions.rs",
    "The bank took it back",
    "it is money: nobody withdraws an application",
)];

/// A text that people read, and the file that it is in.
struct ReadText {
    file: String,
    text: String,
}

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("a pattern")
}

/// The files below a folder that have this extension, by their paths in the project.
fn read_files(folder: &str, extension: &str) -> Vec<(String, String)> {
    let files = files_below(&Path::new(ROOT).join(folder));
    let read: Vec<_> = files
        .into_iter()
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let name = path
                .strip_prefix(ROOT)
                .expect("below")
                .display()
                .to_string();
            (name, std::fs::read_to_string(&path).expect("text"))
        })
        .collect();
    assert!(!read.is_empty(), "{folder} has no .{extension}");
    read
}

fn json(file: &str) -> Value {
    let text = std::fs::read_to_string(Path::new(ROOT).join(file)).expect("a file");
    serde_json::from_str(&text).expect("JSON")
}

/// A string literal of code, and the end of a line that a literal goes beyond.
static LITERAL: LazyLock<Regex> = LazyLock::new(|| pattern(r#"(?s)"((?:[^"\\]|\\.)*)""#));
static CONTINUED: LazyLock<Regex> = LazyLock::new(|| pattern(r"\\\n\s*"));

/// The string literals of code, without their quotes.
fn literals(code: &str) -> Vec<String> {
    let text = |found: regex::Captures<'_>| {
        let joined = CONTINUED.replace_all(&found[1], "").into_owned();
        joined.replace("\\\"", "'").replace("\\n", " ")
    };
    let code = code.replace("'\"'", "");
    LITERAL.captures_iter(&code).map(text).collect()
}

/// Whether a literal is a text and not a name: it has a space, or begins with a capital.
fn is_text(literal: &str) -> bool {
    literal.contains(' ') || literal.starts_with(char::is_uppercase)
}

/// What a visitor reads of a template. Code becomes the texts that it has, and "…" if it has none;
/// tags become spaces. Of attributes only those that are read out or shown are kept.
fn visible_text(template: &str) -> String {
    let template = pattern(r"(?s)\{#.*?#\}").replace_all(template, " ");
    let shown = pattern(r"(?s)\{\{(.*?)\}\}|\{%(.*?)%\}").replace_all(
        &template,
        |code: &regex::Captures<'_>| {
            let texts: Vec<_> = literals(&code[0])
                .into_iter()
                .filter(|one| is_text(one))
                .collect();
            let joined = texts.join(" | ").replace(['<', '>', '"'], " ");
            match (&code[0][..2], joined.is_empty()) {
                ("{{", true) => "…".to_owned(),
                _ => joined,
            }
        },
    );
    let attribute = pattern(r#"\b(?:placeholder|aria-label|alt|title)="([^"]*)""#);
    let text =
        pattern(r"(?s)<[a-zA-Z/!][^>]*>").replace_all(&shown, |tag: &regex::Captures<'_>| {
            let read = attribute
                .captures_iter(&tag[0])
                .map(|found| found[1].to_owned());
            format!(" {} ", read.collect::<Vec<_>>().join(" "))
        });
    let text = text.replace("&nbsp;", " ").replace("&amp;", "&");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The texts of errors in code: their messages, their advice, and the reasons that rules give.
fn messages(code: &str) -> Vec<String> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let begins =
        r"#\[error\(|#\[strum\(\s*message = |Refusal::\w+\(|\.problem\(|=> |RowError\(|format!\(";
    let message = pattern(&format!(r#"(?s)(?:{begins})\s*("(?:[^"\\]|\\.)*")"#));
    let found = message
        .captures_iter(code)
        .flat_map(|found| literals(&found[1]));
    found.filter(|text| text.contains(' ')).collect()
}

/// The replaced words of texts, a line each: the file, the word with the words around it, and what
/// to write.
fn replaced_words(texts: &[ReadText]) -> Vec<String> {
    assert!(!texts.is_empty());
    let table: Vec<_> = REPLACED
        .iter()
        .map(|(found, write)| (pattern(found), write))
        .collect();
    let mut lines = Vec::new();
    for ReadText { file, text } in texts {
        let excepted = EXCEPTIONS
            .iter()
            .filter(|(known, ..)| known == file)
            .fold(text.clone(), |text, (_, phrase, _)| {
                text.replace(phrase, "…")
            });
        for (word, write) in &table {
            for found in word.find_iter(&excepted) {
                let before: Vec<_> = excepted[..found.start()].split_whitespace().collect();
                let after = excepted[found.end()..].split_whitespace().take(4);
                let before = before.iter().rev().take(4).rev().copied();
                let around: Vec<_> = before.chain([found.as_str().trim()]).chain(after).collect();
                lines.push(format!("{file}: “{}”: write {write}", around.join(" ")));
            }
        }
    }
    lines
}

fn must_have_our_words(texts: &[ReadText]) {
    let found = replaced_words(texts);
    assert!(
        found.is_empty(),
        "{} words that docs/words.md replaces:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn templates_have_the_words_that_people_read() {
    let pages = ["html", "txt"]
        .into_iter()
        .flat_map(|end| read_files("templates", end));
    let texts: Vec<_> = pages
        .map(|(file, text)| ReadText {
            file,
            text: visible_text(&text),
        })
        .collect();
    must_have_our_words(&texts);
}

#[test]
fn no_amount_is_just_called_paid() {
    let label = pattern(r#">\s*Paid\s*(</t?h?d?t?>|</li>|<b)|data-label="Paid""#);
    let found: Vec<_> = read_files("templates", "html")
        .into_iter()
        .filter(|(_, text)| label.is_match(text))
        .map(|(file, _)| file)
        .collect();
    assert!(
        found.is_empty(),
        "docs/reference/sums.md has the word for an amount that was paid: {found:?}"
    );
}

#[test]
fn emails_have_the_words_that_people_read() {
    let mails = json("texts/mails.json");
    let english = mails
        .as_object()
        .expect("an object")
        .values()
        .map(|mail| &mail["en"]);
    let texts: Vec<_> = english
        .flat_map(|mail| ["subject", "button", "body"].map(|part| mail[part].as_str()))
        .flatten()
        .map(|text| ReadText {
            file: "texts/mails.json".to_owned(),
            text: text.replace('\n', " "),
        })
        .collect();
    must_have_our_words(&texts);
}

#[test]
fn translated_texts_have_the_words_that_people_read() {
    let translated = json("texts/pl.json");
    let english = translated.as_object().expect("an object").keys();
    let texts: Vec<_> = english
        .map(|text| ReadText {
            file: "texts/pl.json".to_owned(),
            text: text.clone(),
        })
        .collect();
    must_have_our_words(&texts);
}

#[test]
fn messages_have_the_words_that_people_read() {
    let mut files: Vec<_> = [
        "src/domain",
        "src/bank",
        "src/import",
        "src/files",
        "src/http/api",
    ]
    .into_iter()
    .flat_map(|folder| read_files(folder, "rs"))
    .collect();
    let problems = Path::new(ROOT).join("src/http/problem.rs");
    files.push((
        "src/http/problem.rs".to_owned(),
        std::fs::read_to_string(problems).expect("text"),
    ));
    let in_file = |(file, code): (String, String)| {
        messages(&code).into_iter().map(move |text| ReadText {
            file: file.clone(),
            text,
        })
    };
    let texts: Vec<_> = files.into_iter().flat_map(in_file).collect();
    assert!(texts.len() > 300, "{} messages", texts.len());
    must_have_our_words(&texts);
}

#[test]
fn labels_in_code_have_the_words_that_people_read() {
    let code = |text: &str| {
        let text = text.split("#[cfg(test)]").next().unwrap_or_default();
        let skipped = ["//", "#[expect", "#[allow", "reason =", "#[template"];
        let lines = text.lines().filter(|line| {
            !skipped
                .iter()
                .any(|start| line.trim_start().starts_with(start))
                && !line.contains("tracing::")
                && !line.contains(".expect(")
        });
        lines.collect::<Vec<_>>().join("\n")
    };
    let texts: Vec<_> = read_files("src/http/pages", "rs")
        .into_iter()
        .flat_map(|(file, text)| {
            literals(&code(&text))
                .into_iter()
                .filter(|text| is_text(text))
                .map(move |text| ReadText {
                    file: file.clone(),
                    text,
                })
        })
        .collect();
    must_have_our_words(&texts);
}

#[test]
fn only_what_people_read_of_a_template_counts() {
    let template = r#"{# mail #}<p class="desk">{{ page.t("Send it") }}
<a href="/desk/mail" title="Our desk">{{ sum }}</a>
{% if mail %}<b>Hand</b> it in{% endif %}</p>"#;
    assert_eq!(visible_text(template), "Send it Our desk … Hand it in");
    let texts = [ReadText {
        file: "x.html".to_owned(),
        text: visible_text(template),
    }];
    assert_eq!(
        replaced_words(&texts),
        [
            "x.html: “it Our desk … Hand it in”: write send",
            "x.html: “Send it Our desk … Hand it in”: write office",
        ]
    );
}
