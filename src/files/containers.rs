//! Reads the outer structure of a picture: whether it is complete, which decoders do not check, and
//! how much memory decoding needs.

use image::ImageFormat;

/// Whether a picture reaches its own end mark. Bytes after the mark are ignored: phones add a
/// second picture or a short film there.
pub(super) fn is_whole(bytes: &[u8], format: ImageFormat) -> bool {
    match format {
        ImageFormat::Jpeg => JpegOutline::read(bytes).ended,
        ImageFormat::Png => png_ends(bytes),
        ImageFormat::WebP => webp_ends(bytes),
        _ => true,
    }
}

/// The bytes that a decoder keeps for a JPEG in addition to its pixels.
pub(super) fn jpeg_coefficient_bytes(bytes: &[u8]) -> u64 {
    JpegOutline::read(bytes).coefficient_bytes
}

/// Markers of segments of a JPEG.
pub(super) mod marker {
    pub const BASELINE_FRAME: u8 = 0xC0;
    pub const EXTENDED_FRAME: u8 = 0xC1;
    /// The frame of a picture whose scans each refine all of it.
    pub const PROGRESSIVE_FRAME: u8 = 0xC2;
    pub const HUFFMAN_TABLES: u8 = 0xC4;
    /// Not frames, although their numbers are among those of frames.
    pub const TABLES_AND_EXTENSIONS: [u8; 3] = [HUFFMAN_TABLES, 0xC8, 0xCC];
    pub const END_OF_IMAGE: u8 = 0xD9;
    pub const START_OF_SCAN: u8 = 0xDA;
    pub const RESTART_INTERVAL: u8 = 0xDD;
}

/// What the segments of a JPEG say, up to its end.
#[derive(Default)]
struct JpegOutline {
    /// Whether the end was reached after at least one scan.
    ended: bool,
    /// The coefficients that must be kept until the last scan; 0 if there is one scan only, which
    /// is decoded row by row.
    coefficient_bytes: u64,
}

impl JpegOutline {
    fn read(bytes: &[u8]) -> Self {
        let mut outline = Self::default();
        let mut frame = None;
        let mut scans = 0_u32;
        for JpegSegment { kind, content, .. } in jpeg_segments(bytes) {
            if kind == marker::END_OF_IMAGE {
                outline.ended = scans > 0;
                break;
            }
            if is_frame(kind) && frame.is_none() {
                frame = JpegFrame::parse(kind, content);
            }
            if kind == marker::START_OF_SCAN {
                let in_scan = content.get(2).copied().map_or(0, usize::from);
                let kept = frame
                    .as_ref()
                    .filter(|frame| frame.is_progressive() || in_scan < frame.components.len());
                if let Some(frame) = kept {
                    outline.coefficient_bytes = frame.all_coefficients();
                }
                scans += 1;
            }
        }
        outline
    }
}

/// A segment of a JPEG.
pub(super) struct JpegSegment<'a> {
    /// The second byte of its marker.
    pub kind: u8,
    /// Its bytes after the marker. The first two are its length.
    pub content: &'a [u8],
    /// What is behind it: after the header of a scan, the compressed data.
    pub behind: &'a [u8],
}

/// The segments of a JPEG, as far as they are whole.
pub(super) fn jpeg_segments(bytes: &[u8]) -> impl Iterator<Item = JpegSegment<'_>> {
    let mut rest = bytes.get(2..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (kind, after) = next_marker(rest)?;
        let length = match kind {
            marker::END_OF_IMAGE => 0,
            _ => usize::from(u16::from_be_bytes(*after.first_chunk::<2>()?)),
        };
        let (content, behind) = after.split_at_checked(length)?;
        rest = behind;
        Some(JpegSegment {
            kind,
            content,
            behind,
        })
    })
}

pub(super) fn is_frame(kind: u8) -> bool {
    (0xC0..=0xCF).contains(&kind) && !marker::TABLES_AND_EXTENSIONS.contains(&kind)
}

/// The frame of a JPEG: its size and its colours.
pub(super) struct JpegFrame {
    pub kind: u8,
    pub width: u64,
    pub height: u64,
    pub components: Vec<JpegComponent>,
}

/// A colour of a JPEG: its number, and its samples in each block of the picture.
pub(super) struct JpegComponent {
    pub id: u8,
    pub across: u64,
    pub down: u64,
}

impl JpegFrame {
    /// Parses a segment: its length, the precision, the height, the width, and for each component
    /// its id, its sampling factors and its table.
    pub fn parse(kind: u8, segment: &[u8]) -> Option<Self> {
        let number = |at: usize| {
            let bytes = segment.get(at..)?.first_chunk::<2>().copied()?;
            Some(u64::from(u16::from_be_bytes(bytes)))
        };
        let components: Vec<_> = segment
            .get(8..)?
            .chunks_exact(3)
            .map(|component| JpegComponent {
                id: component[0],
                across: u64::from(component[1] >> 4),
                down: u64::from(component[1] & 15),
            })
            .collect();
        (!components.is_empty()).then_some(Self {
            kind,
            width: number(5)?,
            height: number(3)?,
            components,
        })
    }

    /// Whether each scan refines all of the picture.
    pub fn is_progressive(&self) -> bool {
        self.kind == marker::PROGRESSIVE_FRAME
    }

    /// The most samples of a colour across and down.
    pub fn samples_max(&self) -> (u64, u64) {
        let most = |side: fn(&JpegComponent) -> u64| self.components.iter().map(side).max();
        let across = most(|component| component.across).unwrap_or(1);
        let down = most(|component| component.down).unwrap_or(1);
        (across.max(1), down.max(1))
    }

    /// The bytes of all coefficients: two for each sample.
    fn all_coefficients(&self) -> u64 {
        let (across, down) = self.samples_max();
        let samples = |component: &JpegComponent| component.across * component.down;
        let for_each_block: u64 = self.components.iter().map(samples).sum();
        self.width * self.height * for_each_block * 2 / (across * down)
    }
}

/// Finds the next marker that begins a segment or ends the picture. Returns it with the bytes after
/// it. Skips fill bytes, escaped bytes and restart markers in the compressed data.
fn next_marker(bytes: &[u8]) -> Option<(u8, &[u8])> {
    let at = bytes
        .windows(2)
        .position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0x01 | 0xD0..=0xD8 | 0xFF))?;
    Some((bytes[at + 1], &bytes[at + 2..]))
}

/// Whether the chunks of a PNG go up to a complete `IEND`.
fn png_ends(bytes: &[u8]) -> bool {
    let mut rest = bytes.get(8..).unwrap_or_default();
    while let Some((length, chunk)) = rest.split_first_chunk::<4>() {
        // The name and the checksum are not counted in the length.
        let behind = usize::try_from(u32::from_be_bytes(*length))
            .ok()
            .and_then(|length| chunk.get(length.checked_add(8)?..));
        let Some(behind) = behind else {
            return false;
        };
        if chunk.starts_with(b"IEND") {
            return true;
        }
        rest = behind;
    }
    false
}

/// Whether a WebP is as long as its header says.
fn webp_ends(bytes: &[u8]) -> bool {
    let stated = bytes
        .get(4..)
        .and_then(|rest| rest.first_chunk::<4>().copied());
    stated.is_some_and(|stated| u64::from(u32::from_le_bytes(stated)) + 8 <= bytes.len() as u64)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use image::DynamicImage;

    use super::*;

    fn painted(format: ImageFormat) -> Vec<u8> {
        let mut picture = image::RgbImage::new(64, 48);
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let [shade, other] = [x, y].map(|side| u8::try_from(side * 37 % 251).unwrap());
            *pixel = image::Rgb([shade, other, shade ^ other]);
        }
        let mut bytes = Vec::new();
        DynamicImage::from(picture)
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    #[test]
    fn a_picture_without_its_end_is_not_whole() {
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let bytes = painted(format);
            assert!(is_whole(&bytes, format), "{format:?}");
            for kept in [bytes.len() - 1, bytes.len() / 2, 40, 2, 0] {
                assert!(
                    !is_whole(&bytes[..kept], format),
                    "{format:?}: {kept} bytes"
                );
            }
        }
    }

    #[test]
    fn what_phones_add_after_the_end_does_not_count() {
        let jpeg = painted(ImageFormat::Jpeg);
        let film = b"\x00\x00\x00\x18ftypmp42 a film that ends too early".to_vec();
        let second = jpeg[..jpeg.len() / 2].to_vec();
        for added in [film, second, vec![0; 3]] {
            for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
                let bytes = [painted(format), added.clone()].concat();
                assert!(is_whole(&bytes, format), "{format:?}");
            }
        }
    }

    #[test]
    fn the_end_of_a_small_picture_in_a_jpeg_is_not_its_own() {
        let jpeg = painted(ImageFormat::Jpeg);
        // A segment of the camera, which contains a whole small picture.
        let mut camera = vec![0xFF, 0xE1];
        camera.extend(u16::try_from(jpeg.len() + 2).unwrap().to_be_bytes());
        camera.extend(&jpeg);
        let bytes = [&jpeg[..2], &camera[..], &jpeg[2..]].concat();
        assert!(is_whole(&bytes, ImageFormat::Jpeg));
        let half = &bytes[..bytes.len() - jpeg.len() / 3];
        assert!(!is_whole(half, ImageFormat::Jpeg));
    }

    #[test]
    fn a_jpeg_of_several_scans_needs_its_coefficients() {
        let frame = |kind: u8, in_first_scan: u8| {
            // 4000 by 3000 pixels, with half of the colours across and down.
            let mut bytes = vec![0xFF, 0xD8, 0xFF, kind, 0, 17, 8, 0x0B, 0xB8, 0x0F, 0xA0, 3];
            bytes.extend([1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1]);
            bytes.extend([0xFF, 0xDA, 0, 4, in_first_scan, 0, 0xFF, 0xD9]);
            bytes
        };
        let all = 4000 * 3000 * 3;
        for (kind, in_first_scan, needed) in [(0xC0, 3, 0), (0xC2, 3, all), (0xC0, 1, all)] {
            let bytes = frame(kind, in_first_scan);
            assert_eq!(jpeg_coefficient_bytes(&bytes), needed);
            assert!(is_whole(&bytes, ImageFormat::Jpeg));
        }
        assert_eq!(jpeg_coefficient_bytes(b"\xFF\xD8\xFF\xC2\x00\x02"), 0);
        assert_eq!(jpeg_coefficient_bytes(b""), 0);
    }
}
