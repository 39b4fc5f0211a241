//! Text of files that people send, in the encodings that office programs and banks write.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes are examined for UTF-16 without a byte order mark.
const SAMPLE_BYTES: usize = 512;

/// A text, and the encoding of the file that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodedText {
    /// Without a byte order mark. Line breaks are as in the file.
    pub text: String,
    pub encoding: &'static Encoding,
}

impl DecodedText {
    /// Whether a person should check the letters: the file had no byte order mark and is not UTF-8,
    /// so it was read as Windows-1252, which other one-byte encodings resemble.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.encoding == WINDOWS_1252 && !self.text.is_ascii()
    }
}

/// The bytes are not a text in UTF-8, UTF-16 or Windows-1252.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is not a text file in UTF-8, UTF-16 or Windows-1252")]
pub struct DecodeError;

/// Decodes a text. A byte order mark decides the encoding. Without one it is UTF-16 if many bytes
/// are zero, else UTF-8 if the bytes are valid UTF-8, else Windows-1252. No byte is ever replaced.
pub fn decode_text(bytes: &[u8]) -> Result<DecodedText, DecodeError> {
    let (encoding, mark) =
        Encoding::for_bom(bytes).unwrap_or_else(|| (encoding_without_mark(bytes), 0));
    let text = encoding
        .decode_without_bom_handling_and_without_replacement(&bytes[mark..])
        .ok_or(DecodeError)?;
    // Windows-1252 has no letter for five bytes, which become control characters.
    let is_foreign = |c: char| {
        c == '\0' || (encoding == WINDOWS_1252 && c.is_control() && !is_control_of_text_files(c))
    };
    if text.chars().any(is_foreign) {
        return Err(DecodeError);
    }
    Ok(DecodedText {
        text: text.into_owned(),
        encoding,
    })
}

/// The encoding of a text that has no byte order mark. A text of a western office program or bank
/// that is not Unicode is Windows-1252.
fn encoding_without_mark(bytes: &[u8]) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let zeros = |odd: usize| {
        let at_places = sample.iter().skip(odd).step_by(2);
        at_places.filter(|byte| **byte == 0).count()
    };
    let (even, odd) = (zeros(0), zeros(1));
    // In UTF-16 one of the two bytes of each Latin letter, digit and separator is zero. Fewer zeros
    // are no text in any encoding.
    let least = sample.len() / 8;
    if even.max(odd) > least && least > 0 {
        if odd > even { UTF_16LE } else { UTF_16BE }
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

/// Control characters that text files have: tabs, line breaks, page breaks and the end mark of DOS.
fn is_control_of_text_files(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | '\u{1a}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn utf16(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn each_encoding_of_office_programs_is_read() {
        let text = "Café, £850.50 – “Łódź”";
        let western = "Café, £850.50 – “Lodz”";
        let (windows, _, lost) = WINDOWS_1252.encode(western);
        assert!(!lost);
        for (bytes, said, encoding) in [
            (text.as_bytes().to_vec(), text, UTF_8),
            (
                [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
                text,
                UTF_8,
            ),
            (utf16(text, u16::to_le_bytes), text, UTF_16LE),
            (utf16(text, u16::to_be_bytes), text, UTF_16BE),
            (
                utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
                text,
                UTF_16LE,
            ),
            (
                utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
                text,
                UTF_16BE,
            ),
            (windows.into_owned(), western, WINDOWS_1252),
        ] {
            let decoded = decode_text(&bytes).expect("a text");
            assert_eq!((decoded.text.as_str(), decoded.encoding), (said, encoding));
            assert_eq!(decoded.is_guess(), encoding == WINDOWS_1252);
        }
    }

    #[test]
    fn bytes_that_are_not_a_text_are_refused() {
        for bytes in [
            &b"\xff\xfea"[..],
            b"\xef\xbb\xbf\xff",
            b"caf\x81",
            b"\xe9\x01",
            b"\0\0",
            b"Date,Amount\n26/11/2026,\x0018.00\n",
            b"\x7fELF\x02\x01\x01\x00\x00\x00",
            b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
        ] {
            assert_eq!(decode_text(bytes), Err(DecodeError), "{bytes:?}");
        }
        assert_eq!(
            decode_text(b"").map(|decoded| decoded.text),
            Ok(String::new())
        );
    }

    proptest! {
        #[test]
        fn a_text_with_a_mark_comes_back(text in "[^\\x00\u{feff}]{0,40}") {
            for bytes in [
                [&b"\xef\xbb\xbf"[..], text.as_bytes()].concat(),
                utf16(&format!("\u{feff}{text}"), u16::to_le_bytes),
                utf16(&format!("\u{feff}{text}"), u16::to_be_bytes),
            ] {
                prop_assert_eq!(decode_text(&bytes).map(|decoded| decoded.text), Ok(text.clone()));
            }
        }

        #[test]
        fn any_bytes_are_a_text_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            if let Ok(decoded) = decode_text(&bytes) {
                prop_assert!(!decoded.text.contains('\0'));
            }
        }
    }
}
