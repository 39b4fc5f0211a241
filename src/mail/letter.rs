//! A mail as it is sent: its plain text, and the same text as HTML.

use askama::Template;

use super::look::Look;
use super::signature::Signature;
use crate::domain::language::Language;

/// A composed mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Id of the mail in the outbox, and of its Message-ID.
    pub id: String,
    pub to: String,
    pub language: &'static str,
    pub subject: String,
    pub plain: String,
    pub html: String,
    pub attachment: Option<EmailAttachment>,
}

/// A text file attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAttachment {
    pub name: String,
    pub text: String,
}

/// What a mail says.
#[derive(Clone, Debug, Default)]
pub(super) struct Letter {
    pub(super) language: Language,
    pub(super) subject: String,
    /// The text, with the link on a line of its own.
    pub(super) plain: String,
    /// Address of the page that the text links to.
    pub(super) link: String,
    /// Label of the button; the address itself if it is empty.
    pub(super) button: String,
    /// Names and values in a small table below the text, such as the number of the application.
    pub(super) facts: Vec<(&'static str, String)>,
    /// The group's own answers, by question.
    pub(super) answers: Vec<(String, String)>,
    /// Absent from mails to people outside, such as those with checkpoints.
    pub(super) signature: Option<Signature>,
    pub(super) look: Look,
    /// Address of the linked page in the other language, if the page has one.
    pub(super) translated: Option<(Language, String)>,
}

/// A mail without links, for staff to read out on the phone or to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpokenLetter {
    pub language: Language,
    pub subject: String,
    pub paragraphs: Vec<String>,
    pub facts: Vec<(&'static str, String)>,
    pub answers: Vec<(String, String)>,
    pub signature: Vec<String>,
}

/// A small text of the layout.
#[derive(Clone, Copy)]
enum LayoutText {
    YourAnswers,
    LinkInstead,
    WhyAndNever,
    /// The link to the page in this language.
    InThisLanguage,
}

impl LayoutText {
    fn text(self, language: Language) -> &'static str {
        match (self, language) {
            (Self::YourAnswers, Language::En) => "What you sent us",
            (Self::YourAnswers, Language::Pl) => "To nam wysłano",
            (Self::LinkInstead, Language::En) => "Button not working? Copy this into your browser:",
            (Self::LinkInstead, Language::Pl) => {
                "Przycisk nie działa? Skopiuj ten adres do przeglądarki:"
            }
            (Self::WhyAndNever, Language::En) => {
                "We never ask for passwords or bank details by email."
            }
            (Self::WhyAndNever, Language::Pl) => {
                "Nigdy nie prosimy w wiadomościach o hasła ani o dane konta."
            }
            (Self::InThisLanguage, Language::En) => "See this in English",
            (Self::InThisLanguage, Language::Pl) => "Zobacz to po polsku",
        }
    }
}

impl Letter {
    /// The mail to an address, with the text as HTML too.
    pub(super) fn into_email(self, id: &str, to: String) -> Result<Email, askama::Error> {
        Ok(Email {
            id: id.to_owned(),
            to,
            language: self.language.code(),
            html: self.render_html()?,
            plain: self.render_plain(),
            subject: self.subject,
            attachment: None,
        })
    }

    /// The words without links, for a call or a letter on paper.
    pub(super) fn into_spoken(self) -> SpokenLetter {
        let mut paragraphs: Vec<String> = Vec::new();
        for paragraph in self.paragraphs() {
            if paragraph != self.link {
                paragraphs.push(paragraph.to_owned());
            } else if let Some(before) = paragraphs.pop() {
                paragraphs.extend(without_pointer(&before));
            }
        }
        SpokenLetter {
            language: self.language,
            signature: self.signature_lines(),
            subject: self.subject,
            paragraphs,
            facts: self.facts,
            answers: self.answers,
        }
    }

    /// The paragraphs of the text. A name of the organisation at the end is left out where the
    /// signature repeats it.
    fn paragraphs(&self) -> Vec<&str> {
        let mut paragraphs: Vec<&str> = self
            .plain
            .split("\n\n")
            .map(str::trim)
            .filter(|paragraph| !paragraph.is_empty())
            .collect();
        if let (Some(signature), Some(last)) = (&self.signature, paragraphs.last())
            && *last == signature.organisation
        {
            paragraphs.pop();
        }
        paragraphs
    }

    fn signature_lines(&self) -> Vec<String> {
        self.signature
            .as_ref()
            .map(|signature| signature.lines(self.language))
            .unwrap_or_default()
    }

    pub(super) fn render_plain(&self) -> String {
        let Some(_) = &self.signature else {
            return self.plain.clone();
        };
        let mut parts: Vec<String> = self.paragraphs().into_iter().map(str::to_owned).collect();
        if !self.facts.is_empty() {
            let facts = self.facts.iter();
            let lines: Vec<_> = facts
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            parts.push(lines.join("\n"));
        }
        if !self.answers.is_empty() {
            parts.push(LayoutText::YourAnswers.text(self.language).to_owned());
            let answers = self.answers.iter();
            parts.extend(answers.map(|(question, answer)| format!("{question}\n{answer}")));
        }
        parts.push(self.signature_lines().join("\n"));
        parts.push(LayoutText::WhyAndNever.text(self.language).to_owned());
        parts.join("\n\n")
    }

    fn render_html(&self) -> Result<String, askama::Error> {
        let paragraphs = self
            .paragraphs()
            .into_iter()
            .map(|paragraph| LetterParagraph {
                is_link: paragraph == self.link,
                lines: paragraph.split('\n').collect(),
            });
        let page = LetterPage {
            language: self.language.code(),
            subject: &self.subject,
            link: &self.link,
            button: if self.button.is_empty() {
                &self.link
            } else {
                &self.button
            },
            paragraphs: paragraphs.collect(),
            facts: &self.facts,
            answers: &self.answers,
            your_answers: LayoutText::YourAnswers.text(self.language),
            organisation: self
                .signature
                .as_ref()
                .map_or("", |signature| &signature.organisation),
            signature: self.signature_lines(),
            look: &self.look,
            translated: self.translated.as_ref().map(|(language, address)| {
                let label = LayoutText::InThisLanguage.text(*language);
                (language.code(), address.as_str(), label)
            }),
            link_instead: LayoutText::LinkInstead.text(self.language),
            never: LayoutText::WhyAndNever.text(self.language),
        };
        page.render()
    }
}

/// The paragraph before a link, without the sentence that points at the link. A sentence that also
/// says something else stays, and ends with a full stop.
fn without_pointer(paragraph: &str) -> Option<String> {
    let Some(text) = paragraph.strip_suffix(':') else {
        return Some(paragraph.to_owned());
    };
    let start = [". ", "! ", "? ", "\n"]
        .iter()
        .filter_map(|end| text.rfind(end).map(|at| at + end.len()))
        .max()
        .unwrap_or(0);
    let (kept, last) = text.split_at(start);
    let points = |word: &str| ["here", "tutaj"].contains(&word.to_lowercase().as_str());
    if last.split(|c: char| !c.is_alphabetic()).any(points) {
        let kept = kept.trim();
        return (!kept.is_empty()).then(|| kept.to_owned());
    }
    Some(format!("{text}."))
}

#[derive(Template)]
#[template(path = "mails/letter.html")]
struct LetterPage<'a> {
    language: &'static str,
    subject: &'a str,
    link: &'a str,
    button: &'a str,
    paragraphs: Vec<LetterParagraph<'a>>,
    facts: &'a [(&'static str, String)],
    answers: &'a [(String, String)],
    your_answers: &'static str,
    organisation: &'a str,
    signature: Vec<String>,
    look: &'a Look,
    /// Language, address and label of the link to the page in the other language.
    translated: Option<(&'static str, &'a str, &'static str)>,
    link_instead: &'static str,
    never: &'static str,
}

struct LetterParagraph<'a> {
    /// Whether it is the link alone, which is shown as a button.
    is_link: bool,
    lines: Vec<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            language: Language::Pl,
            subject: "\"Hello\"".to_owned(),
            plain:
                "Dear <b>\n\nPrzeczytaj umowę. Odpowiedz tutaj:\n\nhttps://a.example/x\n\nBye & \
                    thanks\nAda\n\nThe office"
                    .to_owned(),
            link: "https://a.example/x".to_owned(),
            button: "Odpowiedz".to_owned(),
            signature: Some(Signature {
                organisation: "The office".to_owned(),
                phone: "0161 496 0000".to_owned(),
                hours: String::new(),
            }),
            ..Letter::default()
        }
    }

    #[test]
    fn what_somebody_typed_stays_text() {
        let page = letter().render_html().unwrap();

        assert!(
            page.contains(">Dear &#60;b&#62;</p>")
                && page.contains(">Bye &#38; thanks<br>Ada</p>")
                && page.contains("lang=\"pl\"")
                && page.contains("<title>&#34;Hello&#34;</title>"),
            "{page}"
        );
        assert!(
            page.contains("<a href=\"https://a.example/x\"") && page.contains(">Odpowiedz</a>"),
            "{page}"
        );
    }

    #[test]
    fn a_mail_looks_like_the_pages_and_links_to_the_other_language() {
        let mut own = letter();
        own.look = Look {
            accent: "#0f6b66".to_owned(),
            logo: "https://a.example/assets/logo-1".to_owned(),
        };
        own.translated = Some((
            Language::En,
            "https://a.example/language/en?to=x".to_owned(),
        ));
        let page = own.render_html().unwrap();

        assert!(
            page.contains("bgcolor=\"#0f6b66\"")
                && page.contains("src=\"https://a.example/assets/logo-1\"")
                && page.contains("lang=\"en\">See this in English</a>"),
            "{page}"
        );
        let page = letter().render_html().unwrap();
        assert!(
            !page.contains("<img") && !page.contains("/language/"),
            "{page}"
        );
    }

    #[test]
    fn every_mail_is_signed_once() {
        let plain = letter().render_plain();

        assert_eq!(plain.matches("The office").count(), 1, "{plain}");
        assert!(plain.contains("The office\n0161 496 0000"), "{plain}");
    }

    #[test]
    fn words_for_a_call_have_no_link() {
        let spoken = letter().into_spoken();

        assert_eq!(
            spoken.paragraphs,
            ["Dear <b>", "Przeczytaj umowę.", "Bye & thanks\nAda"]
        );
        assert_eq!(
            without_pointer("Please answer by 3 May:").as_deref(),
            Some("Please answer by 3 May.")
        );
        assert_eq!(without_pointer("You can read it here:"), None);
    }
}
