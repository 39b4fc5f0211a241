//! Kinds of mails, and the templates that staff may write for them.
//!
//! # Templates
//!
//! A template contains plain text and names in double braces, nothing else: no statement, filter,
//! literal or comment. The length of the rendered mail is therefore bounded by that of the
//! template. The service alone supplies addresses of pages: `{{ link }}` has a line of its own, and
//! no name may be placed where its value could become a part of another address.
//!
//! A template that breaks a rule cannot be published. One that an earlier program published is
//! ignored.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::id::FundId;
use super::language::Language;
use super::text::{Line, Prose, contains_host, contains_url};

/// Kind of email.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MailKind {
    /// A link and a code to sign in with.
    SignIn,
    /// A person was given a role. It has a link to sign in with.
    ColleagueInvited,
    /// The application was submitted.
    Submitted,
    /// Changes to the application are requested.
    ChangesRequested,
    /// The application is not eligible.
    Ineligible,
    /// The application was declined.
    Declined,
    /// The decision was postponed.
    Deferred,
    /// The application is on the reserve list.
    Reserved,
    /// A review was decided.
    Reviewed,
    /// A grant is offered.
    Offered,
    /// An offer expired or was withdrawn.
    OfferEnded,
    /// A check needs something from the group.
    CheckRequested,
    /// A payment was sent.
    Paid,
    /// An update is due soon or overdue.
    UpdateDue,
    /// Staff ask a question about an update.
    UpdateQueried,
    /// Money must be returned.
    ReturnRequested,
    /// A person's contact details changed. It is sent to the previous address.
    ContactChanged,
    /// The round of a draft closes soon.
    DraftClosing,
    /// The round's deadline moved, and a lapsed draft can be submitted.
    DraftReopened,
    /// The group accepted the agreement.
    AgreementAccepted,
    /// The group asks for a change of its grant.
    VariationAsked,
    VariationApproved,
    VariationRefused,
    /// The group sent an update, or news.
    UpdateReceived,
    /// Staff accepted an update.
    UpdateAccepted,
    /// The group returned money.
    ReturnReceived,
    /// The grant was terminated.
    GrantStopped,
    /// The grant was closed.
    GrantClosed,
    /// A person's data is to be erased. It is the last email that they get.
    ErasureAsked,
}

impl MailKind {
    /// The names that only this mail can use, in addition to the common ones.
    fn specific_names(self) -> &'static [&'static str] {
        match self {
            Self::SignIn => &["code", "minutes"],
            Self::ColleagueInvited => &["roles"],
            Self::Submitted | Self::DraftClosing | Self::DraftReopened => {
                &["reference", "round", "closes_on"]
            }
            Self::ChangesRequested => &["reference", "note", "due_on"],
            Self::Ineligible
            | Self::Declined
            | Self::Deferred
            | Self::Reserved
            | Self::Reviewed => &["reference", "note"],
            Self::Offered => &["amount", "due_on", "title"],
            Self::OfferEnded => &["title"],
            Self::CheckRequested
            | Self::UpdateQueried
            | Self::VariationRefused
            | Self::GrantStopped => &["title", "note", "reference"],
            Self::Paid | Self::ReturnReceived => &["amount", "title", "reference"],
            Self::UpdateDue => &["title", "due_on", "note"],
            Self::ReturnRequested => &["title", "due_on", "amount", "reference"],
            Self::ContactChanged => &["changed_on"],
            Self::AgreementAccepted
            | Self::VariationAsked
            | Self::VariationApproved
            | Self::UpdateReceived
            | Self::UpdateAccepted
            | Self::GrantClosed => &["title", "reference"],
            Self::ErasureAsked => &[],
        }
    }

    /// All names that a template of this mail can use.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let typed: &[&str] = if self.may_reach_unproven() {
            &[]
        } else {
            &TYPED_NAMES
        };
        self.specific_names()
            .iter()
            .chain(typed)
            .chain(&COMMON_NAMES)
            .copied()
    }

    /// Whether it may go to an address that nobody has proved to be theirs. Such a mail contains
    /// nothing that a user typed. Otherwise anybody could enter a stranger's address and write to
    /// them in the office's name.
    #[must_use]
    pub fn may_reach_unproven(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::ColleagueInvited | Self::ContactChanged
        )
    }

    /// Whether its template takes two administrators: two mails let people in, and the other warns
    /// them of a change made by staff.
    #[must_use]
    pub fn needs_two_people(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::ColleagueInvited | Self::ContactChanged
        )
    }
}

/// Names that every mail can use.
const COMMON_NAMES: [&str; 3] = ["organisation", "link", "phone"];
/// Names whose values a user typed.
const TYPED_NAMES: [&str; 2] = ["name", "group"];

/// The largest number of names in a template, and of characters inserted for each.
const NAMES_MAX: usize = 20;
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

/// A parsed template.
struct ParsedMailText<'a> {
    /// The field that it belongs to, for error messages.
    field: &'static str,
    pieces: Vec<TextPiece<'a>>,
}

/// A piece of a template, and the line on which it starts.
struct TextPiece<'a> {
    line: usize,
    content: PieceContent<'a>,
}

#[derive(Clone, Copy)]
enum PieceContent<'a> {
    Words(&'a str),
    Name(&'a str),
}

impl<'a> ParsedMailText<'a> {
    /// Splits a template into words and names. Refuses anything else in braces.
    fn parse(field: &'static str, text: &'a str) -> Result<Self, Refusal> {
        const MARKS: [&str; 4] = ["{{", "}}", "{%", "{#"];
        let (mut pieces, mut rest, mut line) = (Vec::new(), text, 1);
        while let Some(at) = MARKS.iter().filter_map(|mark| rest.find(mark)).min() {
            let (words, marked) = rest.split_at(at);
            pieces.push(TextPiece {
                line,
                content: PieceContent::Words(words),
            });
            line += words.matches('\n').count();
            let broken =
                |why: &str| Err(Refusal::TextBroken(format!("{field}, line {line}: {why}")));
            let Some(inner) = marked.strip_prefix("{{") else {
                return broken(&format!(
                    "{} has no partner here: use double braces only around a detail",
                    &marked[..2]
                ));
            };
            let Some((name, after)) = inner.split_once("}}") else {
                return broken("this double brace is not closed");
            };
            let plain = |c: char| c.is_ascii_lowercase() || c == '_';
            if name.trim().is_empty() || !name.trim().chars().all(plain) {
                let shown: String = name.trim().chars().take(40).collect();
                return broken(&format!(
                    "“{shown}” is not one of the details you can insert"
                ));
            }
            pieces.push(TextPiece {
                line,
                content: PieceContent::Name(name.trim()),
            });
            line += name.matches('\n').count();
            rest = after;
        }
        pieces.push(TextPiece {
            line,
            content: PieceContent::Words(rest),
        });
        Ok(Self { field, pieces })
    }

    /// Refuses unknown names, names that are not separated from other words, and addresses in the
    /// words.
    fn must_be_usable_for(&self, mail: MailKind) -> Result<(), Refusal> {
        let mut names = 0;
        for (at, piece) in self.pieces.iter().enumerate() {
            match piece.content {
                PieceContent::Name(name) => {
                    names += 1;
                    if !mail.names().any(|known| known == name) {
                        return Err(Refusal::NameUnknown(name.to_owned()));
                    }
                    if !self.is_set_apart(at) {
                        return Err(self.broken(
                            at,
                            &format!("put a space before and after {{{{ {name} }}}}"),
                        ));
                    }
                }
                PieceContent::Words(words) => {
                    let leads_away = |line: &str| {
                        contains_url(line)
                            || contains_host(line)
                            || line.to_lowercase().contains("href")
                    };
                    let line = words.split('\n').position(leads_away);
                    if let Some(line) = line {
                        let line = piece.line + line;
                        let why = "use {{ link }} in place of this web address";
                        return Err(Refusal::TextBroken(format!(
                            "{}, line {line}: {why}",
                            self.field
                        )));
                    }
                }
            }
        }
        if names > NAMES_MAX {
            return Err(Refusal::TextBroken(format!(
                "{}: use at most {NAMES_MAX} details",
                self.field
            )));
        }
        Ok(())
    }

    fn broken(&self, at: usize, why: &str) -> Refusal {
        Refusal::TextBroken(format!(
            "{}, line {}: {why}",
            self.field, self.pieces[at].line
        ))
    }

    /// The indexes of the pieces with this name.
    fn positions_of(&self, name: &str) -> impl Iterator<Item = usize> {
        self.pieces
            .iter()
            .enumerate()
            .filter(move |(_, piece)| {
                matches!(piece.content, PieceContent::Name(found) if found ==
                name)
            })
            .map(|(at, _)| at)
    }

    /// The text directly before and after a piece. Names and words alternate.
    fn neighbours(&self, at: usize) -> (&'a str, &'a str) {
        let words = |piece: Option<&TextPiece<'a>>| match piece.map(|piece| piece.content) {
            Some(PieceContent::Words(words)) => words,
            _ => "",
        };
        (
            words(at.checked_sub(1).and_then(|at| self.pieces.get(at))),
            words(self.pieces.get(at + 1)),
        )
    }

    /// Whether a name is separated from other words by spaces or punctuation that cannot belong to
    /// an address, so that its value cannot become a part of one.
    fn is_set_apart(&self, at: usize) -> bool {
        const OPEN: &str = "([{“„\"'‘‚«‹—–*";
        const CLOSE: &str = ")]}”“\"'’‘»›—–*.,;:!?…";
        let (before, behind) = self.neighbours(at);
        let before = before
            .rsplit(char::is_whitespace)
            .next()
            .unwrap_or_default();
        let behind = behind.split(char::is_whitespace).next().unwrap_or_default();
        let behind = ["'s", "’s"]
            .iter()
            .find_map(|s| behind.strip_prefix(s))
            .unwrap_or(behind);
        let next_to_name = (at > 1 && self.neighbours(at).0.is_empty())
            || (at + 2 < self.pieces.len() && self.neighbours(at).1.is_empty());
        !next_to_name
            && before.chars().all(|c| OPEN.contains(c))
            && behind.chars().all(|c| CLOSE.contains(c))
    }

    /// Whether a name has a line of its own.
    fn is_alone(&self, at: usize) -> bool {
        let (before, behind) = self.neighbours(at);
        let starts = (at == 1 || before.contains('\n')) && is_blank(before.rsplit('\n').next());
        let ends = (at + 2 == self.pieces.len() || behind.contains('\n'))
            && is_blank(behind.split('\n').next());
        starts && ends
    }
}

fn is_blank(line: Option<&str>) -> bool {
    line.is_none_or(|line| line.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use strum::VariantArray as _;

    use super::*;

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
                let written = fill_in(&text, &BTreeMap::from([("link", "https://own.example/x"), ("code", "CODE")]));
                let lines = written.lines().filter(|line| line.contains("://"));
                prop_assert!(lines.clone().all(|line| line.trim() == "https://own.example/x"), "{written}");
                prop_assert!(mail != MailKind::SignIn || (lines.count() == 1 && written.contains("CODE")), "{written}");
            }
        }
    }
}
