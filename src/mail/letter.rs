//! A mail as it is sent: its plain text, and the same text as HTML.

use askama::Template;

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
pub(super) struct Letter {
    pub(super) language: Language,
    pub(super) subject: String,
    pub(super) plain: String,
    /// Address of the page that the text links to.
    pub(super) link: String,
}

impl Letter {
    /// The mail to an address, with the text as HTML too.
    pub(super) fn into_email(self, id: &str, to: String) -> Result<Email, askama::Error> {
        Ok(Email {
            id: id.to_owned(),
            to,
            language: self.language.code(),
            html: self.render_html()?,
            subject: self.subject,
            plain: self.plain,
            attachment: None,
        })
    }

    fn render_html(&self) -> Result<String, askama::Error> {
        let paragraphs = self
            .plain
            .split("\n\n")
            .map(str::trim)
            .filter(|paragraph| !paragraph.is_empty())
            .map(|paragraph| LetterParagraph {
                is_link: paragraph == self.link,
                lines: paragraph.split('\n').collect(),
            });
        let page = LetterPage {
            language: self.language.code(),
            subject: &self.subject,
            link: &self.link,
            paragraphs: paragraphs.collect(),
        };
        page.render()
    }
}

#[derive(Template)]
#[template(path = "mails/letter.html")]
struct LetterPage<'a> {
    language: &'static str,
    subject: &'a str,
    link: &'a str,
    paragraphs: Vec<LetterParagraph<'a>>,
}

struct LetterParagraph<'a> {
    /// Whether it is the link alone, which is shown as a button.
    is_link: bool,
    lines: Vec<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_typed_stays_text() {
        let letter = Letter {
            language: Language::Pl,
            subject: "\"Hello\"".to_owned(),
            plain: "Dear <b>\n\nhttps://a.example/x\n\nBye & thanks\nAda".to_owned(),
            link: "https://a.example/x".to_owned(),
        };
        let page = letter.render_html().unwrap();
        assert!(
            page.contains("\n<p>Dear &#60;b&#62;</p>\n")
                && page.contains("\n<p>Bye &#38; thanks<br>\nAda</p>\n</body>")
                && page.contains("lang=\"pl\"")
                && page.contains("<title>&#34;Hello&#34;</title>"),
            "{page}"
        );
        assert!(
            page.contains("\n<p><a href=\"https://a.example/x\""),
            "{page}"
        );
    }
}
