//! The wording of a mail: checked when staff publish it, and filled in when the mail is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::kind::MailKind;
use super::parsed_text::{NAMES_MAX, ParsedMailText, PieceContent};
use crate::domain::Refusal;
use crate::domain::id::FundId;
use crate::domain::language::Language;
use crate::domain::text::{Line, Prose};

/// The largest number of characters that replace a name.
const VALUE_CHARS_MAX: usize = 4000;

/// Staff's wording of one email, for one fund or for all funds without their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PublishMailText {
    pub mail: MailKind,
    #[serde(default)]
    pub fund: Option<FundId>,
    pub language: Language,
    /// The subject. It contains neither the link nor the code.
    pub subject: Line,
    /// Plain text. An empty line starts a new paragraph. A name in double braces is replaced by its
    /// value and must be separated from other words. `{{ link }}` has a line of its own and becomes
    /// a button.
    pub body: Prose,
}

impl PublishMailText {
    /// Refuses a template that [`check_mail_text`] refuses, with [`Refusal::TextBroken`] or
    /// [`Refusal::NameUnknown`].
    pub fn must_be_valid(&self) -> Result<(), Refusal> {
        check_mail_text(self.mail, self.subject.as_str(), self.body.as_str())
    }
}

/// Refuses a malformed template, names that the mail does not have, and addresses of other pages.
///
/// Refuses with [`Refusal::TextBroken`], which names the line, or [`Refusal::NameUnknown`].
pub fn check_mail_text(mail: MailKind, subject: &str, body: &str) -> Result<(), Refusal> {
    let (subject, body) = (
        ParsedMailText::parse("subject", subject)?,
        ParsedMailText::parse("body", body)?,
    );
    for text in [&subject, &body] {
        text.must_be_usable_for(mail)?;
    }
    if let Some(piece) = ["link", "code"]
        .iter()
        .find_map(|name| subject.positions_of(name).next())
    {
        return Err(subject.broken(piece, "leave the link and the code out of the subject"));
    }
    let once = |name: &str| body.positions_of(name).count() == 1;
    if mail == MailKind::SignIn && !(once("link") && once("code")) {
        return Err(Refusal::TextBroken(
            "body: use {{ link }} and {{ code }} once each, so that people can sign in".into(),
        ));
    }
    if mail == MailKind::ColleagueInvited && !once("link") {
        return Err(Refusal::TextBroken(
            "body: use {{ link }} once, so that people can sign in".into(),
        ));
    }
    if body.positions_of("link").count() > 1 {
        return Err(Refusal::TextBroken("body: use {{ link }} only once".into()));
    }
    match body.positions_of("link").find(|at| !body.is_alone(*at)) {
        Some(at) => Err(body.broken(at, "put {{ link }} alone on its line")),
        None => Ok(()),
    }
}

/// Renders a template with values. Names without a value become empty, values are cut at a fixed
/// length, and a malformed template is returned unchanged.
#[must_use]
pub fn fill_in(text: &str, said: &BTreeMap<&str, impl AsRef<str>>) -> String {
    let Ok(read) = ParsedMailText::parse("", text) else {
        return text.to_owned();
    };
    let mut written = String::new();
    let mut names = 0;
    for piece in &read.pieces {
        match piece.content {
            PieceContent::Words(words) => written.push_str(&normalise_line_breaks(words)),
            PieceContent::Name(name) if names < NAMES_MAX => {
                names += 1;
                let value = normalise_line_breaks(said.get(name).map_or("", AsRef::as_ref));
                written.extend(value.chars().take(VALUE_CHARS_MAX));
            }
            PieceContent::Name(_) => {}
        }
    }
    written
}

/// Browsers send a line break as two characters, which would hide empty lines.
fn normalise_line_breaks(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray as _;

    use super::*;

    const OWN_LINK: &str = "https://own.example/x";

    fn body(mail: MailKind, body: &str) -> Result<(), Refusal> {
        check_mail_text(mail, "About your form", body)
    }

    fn declined(text: &str) -> Result<(), Refusal> {
        body(MailKind::Declined, text)
    }

    fn place(of: Result<(), Refusal>) -> String {
        match of {
            Err(Refusal::TextBroken(place)) => place,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_text_may_say_what_its_mail_knows() {
        for text in [
            "Dear {{ name }}, {{note}}",
            "“{{ group }}”: ({{ reference }}).",
            "{{ group }}'s form",
            "Hello {name}!",
            "{{ link }}\r\n\r\nBye",
        ] {
            assert_eq!(declined(text), Ok(()), "{text}");
        }
        assert_eq!(
            declined("Call {{ telephone }}"),
            Err(Refusal::NameUnknown("telephone".into()))
        );
        assert_eq!(
            body(MailKind::SignIn, "{{ name }}\n{{ link }}\n{{ code }}"),
            Err(Refusal::NameUnknown("name".into()))
        );
        assert_eq!(
            place(declined("Dear\n\n{{ name")),
            "body, line 3: this double brace is not closed"
        );
    }

    #[test]
    fn nothing_but_a_name_stands_in_braces() {
        for text in [
            "{% set l=[name] %}",
            "{%- if name -%}",
            "{# a remark #}",
            "{{ name | upper }}",
            "{{ name.x }}",
            "{{ name() }}",
            "{{ 'x' }}",
            "{{ 1 }}",
            "{{ [name] }}",
            "{{ name ~ name }}",
            "{{ }}",
            "{{{ name }}}",
            "a }} b",
            "{{ {{ name }} }}",
        ] {
            assert!(
                place(declined(text)).starts_with("body, line 1: "),
                "{text}"
            );
        }
    }

    #[test]
    fn links_stand_where_the_service_puts_them() {
        for text in [
            "See https://a.example/x",
            "See WWW.a.example",
            "See a.example/x",
            "<a href=x>",
            "ｈｔｔｐｓ：//a.example",
            "ht\u{ad}tps:\u{200b}//a.example",
            "https:{{ reference }}//a.example",
            "a.example/{{ reference }}",
            "{{ reference }}.a.example",
            "{{ reference }}@a.example",
            "x={{ reference }}",
            "{{ reference }}{{ group }}",
            "go {{ link }}",
            "{{ link }}.",
            "{{ link }} {{ name }}",
            "{{ link }}\n\n{{ link }}",
        ] {
            assert!(place(declined(text)).starts_with("body"), "{text}");
        }
        let sign_in = |text: &str| body(MailKind::SignIn, text);
        assert_eq!(sign_in("Sign in:\n{{ link }}\nor type {{ code }}"), Ok(()));
        for text in [
            "{{ link }}",
            "{{ code }}",
            "No link",
            "{{ link }}\n{{ code }} {{ code }}",
            "https://a.example/?to={{ link }}&c={{ code }}",
        ] {
            assert!(place(sign_in(text)).starts_with("body"), "{text}");
        }
        for subject in ["{{ link }}", "Code {{ code }}", "https://a.example"] {
            assert!(
                place(check_mail_text(
                    MailKind::SignIn,
                    subject,
                    "{{ link }}\n{{ code }}"
                ))
                .starts_with("subject, line 1"),
                "{subject}"
            );
        }
    }

    #[test]
    fn what_is_filled_in_is_not_read_as_a_text() {
        let said = BTreeMap::from([("name", "{{ link }}")]);
        assert_eq!(
            fill_in("Dear {{ name }}\r\nBye", &said),
            "Dear {{ link }}\nBye"
        );
        assert_eq!(fill_in("Dear {% if name %}", &said), "Dear {% if name %}");
    }

    #[test]
    fn what_a_text_comes_to_is_bounded() {
        let (long, text) = ("x".repeat(100_000), "{{ note }} ".repeat(300));
        assert!(place(declined(&text)).contains("at most 20 details"));
        let written = fill_in(&text, &BTreeMap::from([("note", long)]));
        assert_eq!(written.matches('x').count(), NAMES_MAX * VALUE_CHARS_MAX);
    }

    /// Generates texts of template syntax and of other characters.
    fn texts() -> impl Strategy<Value = String> {
        let bits = prop::sample::select(vec![
            "{{",
            "}}",
            "{%",
            "%}",
            "{#",
            "#}",
            "{",
            "}",
            " ",
            "\n",
            "\r\n",
            "link",
            "code",
            "name",
            "note",
            "set l=[l,l]",
            "for",
            "|",
            ".",
            "://",
            "www.",
            "a.example/",
            "{{ link }}",
            "{{ code }}",
            "{{ name }}",
            "'",
            "\u{202e}",
            "ż",
        ]);
        let made = prop::collection::vec(bits, 0..40).prop_map(|bits| bits.concat());
        prop_oneof![
            made.clone(),
            anything(),
            (made.clone(), made).prop_map(|(before, behind)| format!(
                "{before}\n{{{{ link }}}}\n{behind} {{{{ code }}}}"
            )),
        ]
    }

    fn anything() -> impl Strategy<Value = String> {
        prop::collection::vec(any::<char>(), 0..200).prop_map(String::from_iter)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]

        #[test]
        fn every_text_is_refused_or_written_and_never_long(
            text in texts(),
            value in anything(),
            mail in prop::sample::select(MailKind::VARIANTS),
        ) {
            let said: BTreeMap<&str, &str> = mail.names().map(|name| (name, value.as_str()))
                .collect();
            let written = fill_in(&text, &said);
            prop_assert!(written.len() <= text.len() + NAMES_MAX * value.len());
            if check_mail_text(mail, "About your form", &text).is_ok() {
                let said = BTreeMap::from([("link", OWN_LINK), ("code", "CODE")]);
                let written = fill_in(&text, &said);
                let lines = written.lines().filter(|line| line.contains("://"));
                prop_assert!(lines.clone().all(|line| line.trim() == OWN_LINK), "{written}");
                let is_usable = lines.count() == 1 && written.contains("CODE");
                prop_assert!(mail != MailKind::SignIn || is_usable, "{written}");
            }
        }
    }
}
