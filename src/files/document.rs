//! Recognises PDFs, and those that open only with a password.

use lopdf::encryption::DecryptionError;
use lopdf::{Document, LoadOptions, Object};

use super::fault::UploadFault;

/// The most bytes before the header of a PDF. Printers and mail programs write some there, and
/// readers of PDFs skip them.
pub(super) const BYTES_BEFORE_HEADER_MAX: usize = 1024;
const HEADER: &[u8] = b"%PDF-";
/// The key of a PDF's trailer that says how the document is encrypted. It is never encrypted or
/// compressed itself.
pub(super) const ENCRYPTION_KEY: &[u8] = b"/Encrypt";
/// The most bytes of a stream that is unpacked while a PDF is read.
const STREAM_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Whether a file is a PDF by its first bytes. An archive that contains a PDF is not.
pub(super) fn is_pdf(begins: &[u8]) -> bool {
    let window = BYTES_BEFORE_HEADER_MAX + HEADER.len();
    let begins = begins.get(..window).unwrap_or(begins);
    contains(begins, HEADER) && !begins.starts_with(b"PK")
}

pub(super) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// Checks that a PDF opens without a password. One with an owner's password only does: that
/// password limits changes and printing.
///
/// A document that the library cannot read is accepted, because a reader of PDFs may open it.
pub fn check_document(bytes: &[u8]) -> Result<(), UploadFault> {
    let options = LoadOptions {
        max_decompressed_size: Some(STREAM_BYTES_MAX),
        ..LoadOptions::default()
    };
    let Ok(document) = Document::load_mem_with_options(bytes, options) else {
        return Ok(());
    };
    if document.was_encrypted() {
        return Ok(());
    }
    let Ok(encryption) = document.get_encrypted() else {
        return Ok(());
    };
    // Any other handler needs a certificate or a program of the sender.
    let handler = encryption.get(b"Filter").and_then(Object::as_name);
    let is_standard = handler.is_ok_and(|name| name == b"Standard");
    let wants_password = matches!(
        document.authenticate_user_password(""),
        Err(lopdf::Error::Decryption(DecryptionError::IncorrectPassword))
    );
    if wants_password || !is_standard {
        Err(UploadFault::Password)
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pdf_may_begin_late() {
        let after = |count| [vec![b'\n'; count], b"%PDF-1.4".to_vec()].concat();
        let job = b"\x1B%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=PDF\r\n%PDF-1.4";
        for begins in [
            &after(0)[..],
            &after(BYTES_BEFORE_HEADER_MAX)[..],
            b"\xEF\xBB\xBF%PDF-1.4",
            job,
        ] {
            assert!(is_pdf(begins));
        }
        for begins in [
            &after(BYTES_BEFORE_HEADER_MAX + 1)[..],
            b"PK\x03\x04letter.pdf%PDF-1.4",
            b"%PD",
            b"",
        ] {
            assert!(!is_pdf(begins));
        }
    }
}
