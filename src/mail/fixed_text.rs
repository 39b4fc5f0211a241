//! Mails whose texts staff cannot edit: access notices and warnings.

use askama::Template;

use super::addresses::NO_ADDRESS;
use super::letter::{Email, Letter};
use super::{MailError, Mailer};
use crate::domain::language::Language;
use crate::outbox::MailRow;

/// The text of such a mail.
pub(super) struct FixedText {
    pub(super) subject: &'static str,
    pub(super) words: &'static str,
    /// Path of the page that the mail links to, with its leading slash.
    pub(super) path: String,
}

/// The person who reads such a mail.
pub(super) struct FixedTextReader {
    to: String,
    pub(super) language: Language,
}

#[derive(Template)]
#[template(path = "mails/fixed_text.txt")]
struct FixedTextLetter<'a> {
    words: &'a str,
    link: &'a str,
    organisation: &'a str,
}

impl Mailer {
    /// The reader of a mail, at their present address.
    pub(super) async fn load_fixed_text_reader(
        &self,
        mail: &MailRow,
    ) -> Result<FixedTextReader, MailError> {
        let (person, _) = self.load_person(&mail.person).await?;
        let language = self.language_of(&person).await?;
        let to = person.email.ok_or(MailError::NotNeeded(NO_ADDRESS))?;
        Ok(FixedTextReader { to, language })
    }

    pub(super) async fn write_fixed_text(
        &self,
        mail: &MailRow,
        reader: FixedTextReader,
        text: &FixedText,
    ) -> Result<Email, MailError> {
        let organisation = self.load_organisation().await?.name;
        let link = format!("{}{}", self.address, text.path);
        let plain = FixedTextLetter {
            words: text.words,
            link: &link,
            organisation: &organisation,
        }
        .render()?;
        let letter = Letter {
            language: reader.language,
            subject: text.subject.to_owned(),
            plain,
            link,
        };
        Ok(letter.into_email(&mail.id, reader.to)?)
    }
}
