//! The character encoding of a statement: UTF-8, UTF-16 or Windows-1252.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

/// How many bytes are examined for UTF-16 without a byte order mark.
const SAMPLE_BYTES: usize = 512;

/// Decodes a file, without its byte order mark. `None` if the bytes are not valid in the detected
/// encoding.
pub(super) fn decode(bytes: &[u8]) -> Option<String> {
    let (encoding, mark) = Encoding::for_bom(bytes).unwrap_or_else(|| (without_mark(bytes), 0));
    let (text, has_errors) = encoding.decode_without_bom_handling(&bytes[mark..]);
    (!has_errors && !text.contains('\0')).then(|| text.into_owned())
}

/// The encoding of a text without a byte order mark. Files of UK banks that are not Unicode are
/// Windows-1252.
fn without_mark(bytes: &[u8]) -> &'static Encoding {
    let sample = &bytes[..bytes.len().min(SAMPLE_BYTES)];
    let zeros_at = |remainder: usize| {
        let at_places = sample.iter().skip(remainder).step_by(2);
        at_places.filter(|byte| **byte == 0).count()
    };
    // In UTF-16 one of the two bytes of nearly every letter is zero.
    let most = sample.len() / 4;
    if most > 0 && zeros_at(1) > most {
        UTF_16LE
    } else if most > 0 && zeros_at(0) > most {
        UTF_16BE
    } else if std::str::from_utf8(bytes).is_ok() {
        UTF_8
    } else {
        WINDOWS_1252
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Date,Paid out (£)\n";

    fn utf_16(bytes_of: fn(u16) -> [u8; 2], mark: &[u8]) -> Vec<u8> {
        let units = TEXT.encode_utf16().flat_map(bytes_of);
        mark.iter().copied().chain(units).collect()
    }

    #[test]
    fn each_encoding_is_recognised_by_itself() {
        let windows = [b"Date,Paid out (\xa3)\n".as_slice()].concat();
        for bytes in [
            TEXT.as_bytes().to_vec(),
            [b"\xef\xbb\xbf".as_slice(), TEXT.as_bytes()].concat(),
            utf_16(u16::to_le_bytes, b"\xff\xfe"),
            utf_16(u16::to_be_bytes, b"\xfe\xff"),
            utf_16(u16::to_le_bytes, b""),
            utf_16(u16::to_be_bytes, b""),
            windows,
        ] {
            assert_eq!(decode(&bytes).as_deref(), Some(TEXT), "{bytes:?}");
        }
    }

    #[test]
    fn a_truncated_letter_and_a_program_are_refused() {
        let mut cut = utf_16(u16::to_le_bytes, b"\xff\xfe");
        cut.pop();
        assert_eq!(decode(&cut), None);
        assert_eq!(decode(b"\x7fELF\x02\x01\x01\x00\x00\x00"), None);
        assert_eq!(decode(b"").as_deref(), Some(""));
    }
}
