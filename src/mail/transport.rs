//! Transport of mails: to a mail server over TLS, or into a folder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use lettre::message::header::{ContentType, HeaderName, HeaderValue};
use lettre::message::{Attachment, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::AsyncSmtpTransport;
use lettre::transport::smtp::authentication::Credentials;
use lettre::{AsyncTransport as _, Tokio1Executor};
use tokio::fs::{self, File};

use super::letter::{Email, EmailAttachment};
use crate::domain::organisation::{MailEncryption, MailSender, MailServer};

/// Timeout of each step of the SMTP dialogue.
const TIMEOUT: Duration = Duration::from_secs(30);

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
pub enum MailTransportError {
    #[error("this is not the address of an email server: {0}")]
    InvalidServer(String),
    #[error("this is not an email address for the sender: {0}")]
    InvalidSender(String),
    #[error("the password of the email server is missing: enter it again")]
    NoPassword,
    /// Permanent: repeating the attempt cannot succeed.
    #[error("the email server refused it: {0}")]
    Refused(String),
    /// Temporary: the mail is tried again.
    #[error("the email server could not be reached, or asked us to wait: {0}")]
    Temporary(String),
    #[error("{file}: {cause}")]
    File { file: String, cause: std::io::Error },
}

/// A configured transport with its sender.
#[derive(Clone)]
pub struct MailTransport {
    from: Mailbox,
    transport: Transport,
}

#[derive(Clone)]
enum Transport {
    Folder(PathBuf),
    Server(Box<AsyncSmtpTransport<Tokio1Executor>>),
}

impl MailTransport {
    /// Writes each mail to a file in a folder; used if no mail server is configured. Fails if the
    /// sender's address is invalid.
    pub fn folder(from: &str, folder: &Path) -> Result<Self, MailTransportError> {
        Ok(Self {
            from: parse_sender(from)?,
            transport: Transport::Folder(folder.to_owned()),
        })
    }

    /// Sends to a mail server: `smtps://USER:PASSWORD@HOST`, or `smtp://HOST:PORT?tls=required`.
    /// Fails if the sender's address or the URL is invalid.
    pub fn server(from: &str, url: &str) -> Result<Self, MailTransportError> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
            .map_err(|error| MailTransportError::InvalidServer(error.to_string()))?;
        Ok(Self {
            from: parse_sender(from)?,
            transport: Transport::Server(Box::new(server.timeout(Some(TIMEOUT)).build())),
        })
    }

    /// The same sender, through a mail server of the settings. Fails if the host is invalid.
    pub(super) fn through(
        self,
        server: &MailServer,
        password: Option<String>,
    ) -> Result<Self, MailTransportError> {
        let host = server.host.as_str();
        let builder = if server.is_on_this_machine() {
            AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
        } else {
            let relay = match server.encryption {
                MailEncryption::Tls => AsyncSmtpTransport::<Tokio1Executor>::relay(host),
                MailEncryption::Starttls => {
                    AsyncSmtpTransport::<Tokio1Executor>::starttls_relay(host)
                }
            };
            relay.map_err(|error| MailTransportError::InvalidServer(error.to_string()))?
        };
        let builder = builder.port(server.port).timeout(Some(TIMEOUT));
        let builder = match (&server.user, password) {
            (Some(user), Some(password)) => {
                builder.credentials(Credentials::new(user.to_string(), password))
            }
            _ => builder,
        };
        Ok(Self {
            transport: Transport::Server(Box::new(builder.build())),
            ..self
        })
    }

    /// The same transport with a sender of the settings. Fails if the address is invalid.
    pub(super) fn sent_by(self, sender: &MailSender) -> Result<Self, MailTransportError> {
        let email = sender
            .email
            .as_str()
            .parse()
            .map_err(|_| MailTransportError::InvalidSender(sender.email.to_string()))?;
        Ok(Self {
            from: Mailbox::new(Some(sender.name.to_string()), email),
            ..self
        })
    }

    /// The folder of mails, if they are written to one.
    #[must_use]
    pub fn folder_path(&self) -> Option<&Path> {
        match &self.transport {
            Transport::Folder(folder) => Some(folder),
            Transport::Server(_) => None,
        }
    }

    /// Sends a mail. If it is sent again it has the same Message-ID.
    pub async fn send(&self, letter: &Email) -> Result<(), MailTransportError> {
        let message = self.build_message(letter)?;
        match &self.transport {
            Transport::Server(server) => {
                let sent = server.send(message).await;
                sent.map(|_| ()).map_err(|error| {
                    // Only the status code is recorded, since the server's message may contain the
                    // address.
                    let says = error
                        .status()
                        .map_or_else(|| "no answer".to_owned(), |code| format!("code {code}"));
                    if error.is_permanent() {
                        MailTransportError::Refused(says)
                    } else {
                        MailTransportError::Temporary(says)
                    }
                })
            }
            Transport::Folder(folder) => {
                write_mail_file(folder, &letter.id, message.formatted()).await
            }
        }
    }

    fn build_message(&self, letter: &Email) -> Result<Message, MailTransportError> {
        let refused =
            |error: &dyn std::fmt::Display| MailTransportError::Refused(error.to_string());
        let to: lettre::Address = letter
            .to
            .parse()
            .map_err(|_| MailTransportError::Refused("the address is not one".to_owned()))?;
        let part = |kind: ContentType, text: &str| {
            SinglePart::builder().header(kind).body(text.to_owned())
        };
        let parts = MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, &letter.plain))
            .singlepart(part(ContentType::TEXT_HTML, &letter.html));
        let mut message = Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(letter.subject.clone())
            .message_id(Some(format!(
                "<{}@{}>",
                letter.id,
                self.from.email.domain()
            )))
            .multipart(match &letter.attachment {
                Some(EmailAttachment { name, text }) => {
                    MultiPart::mixed().multipart(parts).singlepart(
                        Attachment::new(name.clone()).body(text.clone(), ContentType::TEXT_PLAIN),
                    )
                }
                None => parts,
            })
            .map_err(|error| refused(&error))?;
        for (name, value) in [
            ("Auto-Submitted", "auto-generated"),
            ("Content-Language", letter.language),
        ] {
            message.headers_mut().insert_raw(HeaderValue::new(
                HeaderName::new_from_ascii_str(name),
                value.to_owned(),
            ));
        }
        Ok(message)
    }
}

fn parse_sender(from: &str) -> Result<Mailbox, MailTransportError> {
    from.parse()
        .map_err(|_| MailTransportError::InvalidSender(from.to_owned()))
}

/// Writes a mail to a file atomically: under a temporary name, then renamed. It is synced to disk
/// before the mail is recorded as sent, so a crash cannot lose a mail that counts as sent.
async fn write_mail_file(
    folder: &Path,
    id: &str,
    bytes: Vec<u8>,
) -> Result<(), MailTransportError> {
    let file = folder.join(format!("{id}.eml"));
    let failed = |cause| MailTransportError::File {
        file: file.display().to_string(),
        cause,
    };
    let written = async {
        fs::create_dir_all(folder).await?;
        let part = folder.join(format!("{id}.part"));
        fs::write(&part, bytes).await?;
        File::open(&part).await?.sync_all().await?;
        fs::rename(&part, &file).await?;
        File::open(folder).await?.sync_all().await
    };
    written.await.map_err(failed)
}
