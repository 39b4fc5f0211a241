//! Mails whose texts staff cannot edit: access notices and warnings.

use std::collections::BTreeMap;

use askama::Template;

use super::compose::MailDraft;
use super::letter::Letter;
use super::{Composer, MailError};
use crate::domain::language::Language;
use crate::domain::mail::fill_in;
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
    pub(super) to: Option<String>,
    pub(super) language: Language,
}

#[derive(Template)]
#[template(path = "mails/fixed_text.txt")]
struct FixedTextLetter<'a> {
    words: &'a str,
    link: &'a str,
    organisation: &'a str,
}

impl Composer {
    /// The reader of a mail, at their present address.
    pub(super) async fn load_fixed_text_reader(
        &self,
        mail: &MailRow,
    ) -> Result<FixedTextReader, MailError> {
        let (person, _) = self.load_person(&mail.person).await?;
        let language = self.language_of(&person).await?;
        Ok(FixedTextReader {
            to: person.email,
            language,
        })
    }

    pub(super) async fn write_fixed_text(
        &self,
        reader: FixedTextReader,
        text: &FixedText,
    ) -> Result<MailDraft, MailError> {
        let organisation = self.load_organisation().await?;
        let signature = self.office.signature(&organisation, reader.language);
        let link = format!("{}{}", self.address, text.path);
        let phone = signature.phone_in_words(reader.language);
        let values = BTreeMap::from([("phone", phone)]);
        let plain = FixedTextLetter {
            words: &fill_in(text.words, &values),
            link: &link,
            organisation: &signature.organisation,
        }
        .render()?;
        let letter = Letter {
            language: reader.language,
            subject: text.subject.to_owned(),
            plain,
            link,
            signature: Some(signature),
            look: self.look_of(&organisation),
            ..Letter::default()
        };
        Ok(MailDraft {
            to: reader.to,
            letter,
        })
    }
}
