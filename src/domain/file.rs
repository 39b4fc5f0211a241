//! Files that groups and staff upload: scans, receipts, photographs. The log stores their digest,
//! type and purpose, never their content.

use serde::{Deserialize, Serialize};

use super::id::ApplicationId;
use super::text::TextError;

super::text::text_type!(
    /// SHA-256 of an encrypted file, in hexadecimal. The file is stored under it.
    FileDigest, parse_digest,
    "SHA-256 of an encrypted file, from the response to its upload", "^[0-9a-f]{64}$", 64,
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
);

/// How many digits of a digest are written in an address.
const SHORT_DIGITS: usize = 16;

impl FileDigest {
    /// The first digits, which tell an organisation's few public files apart in an address.
    #[must_use]
    pub fn short(&self) -> &str {
        self.as_str().get(..SHORT_DIGITS).unwrap_or_default()
    }
}

fn parse_digest(text: &str) -> Result<String, TextError> {
    let hexadecimal = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    if text.len() == 64 && text.bytes().all(hexadecimal) {
        Ok(text.to_owned())
    } else {
        Err(TextError::NotAFile)
    }
}

/// Media type of a file, detected from its bytes.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
)]
pub enum MediaType {
    #[serde(rename = "image/jpeg")]
    #[strum(serialize = "image/jpeg")]
    Jpeg,
    #[serde(rename = "application/pdf")]
    #[strum(serialize = "application/pdf")]
    Pdf,
}

/// Purpose of a file.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum FilePurpose {
    /// A paper form.
    Scan,
    Receipt,
    /// A governing document, a policy, a bank statement.
    Document,
    Photograph,
    /// An agreement that was signed on paper.
    SignedForm,
    /// A paper or picture that answers a question of an application.
    Enclosure,
}

impl FilePurpose {
    /// Whether the panel may open it. Other files may show accounts or signatures, and are for
    /// staff who work with groups.
    #[must_use]
    pub fn is_open_to_panel(self) -> bool {
        matches!(self, Self::Scan | Self::Photograph | Self::Enclosure)
    }
}

/// A file that was encrypted and stored.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
pub struct KeepFile {
    pub file: FileDigest,
    pub media: MediaType,
    /// Size of the unencrypted file in bytes.
    pub bytes: u64,
    pub purpose: FilePurpose,
    /// The application that it was handed in with, if it answers one of its questions. Until that
    /// is sent, the group can remove the file.
    #[serde(default)]
    pub application: Option<ApplicationId>,
}

/// A file to remove, and the application that it was handed in with.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveFile {
    pub file: FileDigest,
    pub application: ApplicationId,
}
