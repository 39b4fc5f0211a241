//! Counts the blocks in the compressed data of a JPEG. The decoder paints missing blocks grey, and
//! reports no error.

use super::containers::{JpegFrame, is_frame, jpeg_segments, marker};

/// The frames that are compressed with Huffman codes.
const HUFFMAN_FRAMES: [u8; 3] = [
    marker::BASELINE_FRAME,
    marker::EXTENDED_FRAME,
    marker::PROGRESSIVE_FRAME,
];
/// The last of a block's 64 coefficients.
const LAST_COEFFICIENT: u8 = 63;

/// Whether the scans of a JPEG describe all blocks of the picture.
///
/// The decoder decides about what is not counted here: other compressions than Huffman codes, wrong
/// codes, the last block of a scan, whose last bits some encoders leave out, and the scans of a
/// progressive picture that only make it sharper.
pub(super) fn are_all_there(bytes: &[u8]) -> bool {
    let mut tables = HuffmanTables::default();
    let mut frame = None;
    let mut interval = 0;
    for segment in jpeg_segments(bytes) {
        let content = segment.content;
        match segment.kind {
            marker::END_OF_IMAGE => break,
            marker::HUFFMAN_TABLES => tables.define(content),
            marker::RESTART_INTERVAL => {
                let number = content.get(2..).and_then(|rest| rest.first_chunk::<2>());
                interval = number.map_or(0, |number| u64::from(u16::from_be_bytes(*number)));
            }
            marker::START_OF_SCAN => {
                let scan = frame
                    .as_ref()
                    .and_then(|frame| JpegScan::parse(frame, &tables, content));
                if scan.is_some_and(|scan| scan.runs_out(segment.behind, interval)) {
                    return false;
                }
            }
            kind if is_frame(kind) && frame.is_none() => {
                frame = JpegFrame::parse(kind, content).filter(|_| HUFFMAN_FRAMES.contains(&kind));
            }
            _ => {}
        }
    }
    true
}

/// Why reading compressed data stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ScanFault {
    /// A marker, or the end of the file, came too early.
    RanOut,
    Unreadable,
}

/// Reads compressed data bit by bit, up to a marker.
struct BitReader<'a> {
    bytes: &'a [u8],
    held: u8,
    left: u8,
}

impl BitReader<'_> {
    fn bit(&mut self) -> Result<usize, ScanFault> {
        if self.left == 0 {
            self.held = self.byte()?;
            self.left = 8;
        }
        self.left -= 1;
        Ok(usize::from((self.held >> self.left) & 1))
    }

    /// The next byte of the data, in which a zero follows each 0xFF.
    fn byte(&mut self) -> Result<u8, ScanFault> {
        let bytes = self.bytes;
        let (byte, rest) = match bytes {
            [0xFF, 0, rest @ ..] => (0xFF, rest),
            [] | [0xFF, ..] => return Err(ScanFault::RanOut),
            [byte, rest @ ..] => (*byte, rest),
        };
        self.bytes = rest;
        Ok(byte)
    }

    fn skip(&mut self, length: u8) -> Result<(), ScanFault> {
        for _ in 0..length {
            self.bit()?;
        }
        Ok(())
    }

    fn number(&mut self, length: u8) -> Result<u64, ScanFault> {
        let mut number = 0;
        for _ in 0..length {
            number = number * 2 + u64::from(self.bit()? == 1);
        }
        Ok(number)
    }

    /// Passes the restart marker that must be next.
    fn pass_restart(&mut self) -> Result<(), ScanFault> {
        self.left = 0;
        let mut bytes = self.bytes;
        while bytes.starts_with(&[0xFF, 0xFF]) {
            bytes = &bytes[1..];
        }
        match bytes {
            [0xFF, 0xD0..=0xD7, rest @ ..] => {
                self.bytes = rest;
                Ok(())
            }
            [] | [0xFF] | [0xFF, 1..=0xFF, ..] => Err(ScanFault::RanOut),
            _ => Err(ScanFault::Unreadable),
        }
    }
}

/// Huffman codes: how many there are of each length, and their values in the order of the codes.
struct HuffmanTable {
    counts: [u8; 16],
    values: Vec<u8>,
}

impl HuffmanTable {
    fn value(&self, bits: &mut BitReader) -> Result<u8, ScanFault> {
        let (mut code, mut first, mut before) = (0, 0, 0);
        for count in self.counts.map(usize::from) {
            code |= bits.bit()?;
            if (first..first + count).contains(&code) {
                let value = self.values.get(before + code - first);
                return value.copied().ok_or(ScanFault::Unreadable);
            }
            before += count;
            first = (first + count) << 1;
            code <<= 1;
        }
        Err(ScanFault::Unreadable)
    }
}

/// The tables for the first coefficient of a block, and for its others.
#[derive(Default)]
struct HuffmanTables {
    first: [Option<HuffmanTable>; 4],
    others: [Option<HuffmanTable>; 4],
}

impl HuffmanTables {
    /// Takes the tables of a segment, which replace those of the same number.
    fn define(&mut self, content: &[u8]) {
        let mut rest = content.get(2..).unwrap_or_default();
        while let Some((&kind, after)) = rest.split_first() {
            let Some((counts, after)) = after.split_first_chunk::<16>() else {
                return;
            };
            let count: usize = counts.iter().copied().map(usize::from).sum();
            let Some((values, behind)) = after.split_at_checked(count) else {
                return;
            };
            let tables = match kind >> 4 {
                0 => &mut self.first,
                _ => &mut self.others,
            };
            if let Some(table) = tables.get_mut(usize::from(kind & 15)) {
                *table = Some(HuffmanTable {
                    counts: *counts,
                    values: values.to_vec(),
                });
            }
            rest = behind;
        }
    }
}

/// Which coefficients of its blocks a scan describes.
#[derive(Clone, Copy)]
enum BlockCoding {
    All,
    First,
    /// One more bit of the first coefficient.
    FirstRefined,
    Others {
        from: u8,
        to: u8,
    },
}

/// A colour in a scan.
struct ScanColour<'a> {
    /// Its blocks in each unit.
    blocks: u64,
    first: Option<&'a HuffmanTable>,
    others: Option<&'a HuffmanTable>,
}

/// A scan: its units, each with the blocks of all of its colours for one part of the picture.
struct JpegScan<'a> {
    coding: BlockCoding,
    units: u64,
    colours: Vec<ScanColour<'a>>,
}

impl<'a> JpegScan<'a> {
    /// Parses the header of a scan: its length, its colours with the numbers of their tables, and
    /// its coefficients. `None` for one whose blocks cannot be counted.
    fn parse(frame: &JpegFrame, tables: &'a HuffmanTables, content: &[u8]) -> Option<Self> {
        let count = usize::from(*content.get(2)?);
        let (listed, coefficients) = content.get(3..)?.split_at_checked(2 * count)?;
        let [from, to, bits] = *coefficients.first_chunk::<3>()?;
        let coding = match (frame.is_progressive(), from, bits >> 4) {
            (false, ..) => BlockCoding::All,
            (true, 0, 0) => BlockCoding::First,
            (true, 0, _) => BlockCoding::FirstRefined,
            (true, _, 0) => BlockCoding::Others { from, to },
            _ => return None,
        };
        let (across, down) = frame.samples_max();
        let mut units = frame.width.div_ceil(8 * across) * frame.height.div_ceil(8 * down);
        let mut colours = Vec::new();
        for named in listed.chunks_exact(2) {
            let mut components = frame.components.iter();
            let component = components.find(|component| component.id == named[0])?;
            let mut blocks = component.across * component.down;
            if count == 1 {
                // Without other colours, the blocks beyond the edge of the picture are left out.
                blocks = 1;
                units = (frame.width * component.across).div_ceil(8 * across)
                    * (frame.height * component.down).div_ceil(8 * down);
            }
            colours.push(ScanColour {
                blocks,
                first: tables.first.get(usize::from(named[1] >> 4))?.as_ref(),
                others: tables.others.get(usize::from(named[1] & 15))?.as_ref(),
            });
        }
        let has_blocks = !colours.is_empty() && colours.iter().all(|colour| colour.blocks > 0);
        has_blocks.then_some(Self {
            coding,
            units,
            colours,
        })
    }

    /// Whether the compressed data ends before the last unit. A restart marker follows each
    /// `interval` of units; 0 if there are none.
    fn runs_out(&self, data: &[u8], interval: u64) -> bool {
        let mut bits = BitReader {
            bytes: data,
            held: 0,
            left: 0,
        };
        let mut left = self.units.saturating_sub(1);
        while left > 0 {
            let count = if interval == 0 {
                left
            } else {
                left.min(interval)
            };
            let read = self.read_units(count, &mut bits);
            left -= count;
            if read == Err(ScanFault::Unreadable) || (read.is_ok() && left == 0) {
                return false;
            }
            if let Err(fault) = bits.pass_restart() {
                return fault == ScanFault::RanOut;
            }
        }
        false
    }

    fn read_units(&self, count: u64, bits: &mut BitReader) -> Result<(), ScanFault> {
        let mut left = count;
        while left > 0 {
            left -= 1;
            for colour in &self.colours {
                for _ in 0..colour.blocks {
                    left = left.saturating_sub(self.read_block(colour, bits)?);
                }
            }
        }
        Ok(())
    }

    /// Reads a block. Returns how many blocks after it are empty, and so not in the data.
    fn read_block(&self, colour: &ScanColour, bits: &mut BitReader) -> Result<u64, ScanFault> {
        match self.coding {
            BlockCoding::All => {
                read_first(colour, bits)?;
                read_others(colour, (1, LAST_COEFFICIENT), bits)?;
            }
            BlockCoding::First => read_first(colour, bits)?,
            BlockCoding::FirstRefined => {
                bits.bit()?;
            }
            BlockCoding::Others { from, to } => return read_others(colour, (from, to), bits),
        }
        Ok(0)
    }
}

fn read_first(colour: &ScanColour, bits: &mut BitReader) -> Result<(), ScanFault> {
    let table = colour.first.ok_or(ScanFault::Unreadable)?;
    let length = table.value(bits)?;
    bits.skip(length)
}

/// Reads the coefficients of a block after its first. Each value of the table has the number of
/// zeros before a coefficient, and the length of the coefficient; a length of 0 ends the block,
/// except after 15 zeros.
fn read_others(
    colour: &ScanColour,
    (from, to): (u8, u8),
    bits: &mut BitReader,
) -> Result<u64, ScanFault> {
    let table = colour.others.ok_or(ScanFault::Unreadable)?;
    let mut at = from;
    while at <= to.min(LAST_COEFFICIENT) {
        let value = table.value(bits)?;
        let (zeros, length) = (value >> 4, value & 15);
        if length == 0 && zeros < 15 {
            return Ok((1_u64 << zeros) - 1 + bits.number(zeros)?);
        }
        bits.skip(length)?;
        at += zeros + 1;
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use image::DynamicImage;
    use image::codecs::jpeg::JpegEncoder;

    use super::*;

    /// The end mark, which a damaged file may have although its data was cut off.
    const END: [u8; 2] = [0xFF, marker::END_OF_IMAGE];

    fn position(jpeg: &[u8], begins: &[u8]) -> usize {
        let mut parts = jpeg.windows(begins.len());
        parts.position(|part| part == begins).unwrap()
    }

    /// A picture with a different colour in each of its pixels.
    fn drawn(width: u32, height: u32) -> Vec<u8> {
        let picture = image::RgbImage::from_fn(width, height, |x, y| {
            let shade = |factor: u32| u8::try_from((x * factor + y * y) % 251).unwrap();
            image::Rgb([shade(3), shade(7), shade(11)])
        });
        encoded(&picture.into())
    }

    fn encoded(picture: &DynamicImage) -> Vec<u8> {
        let mut jpeg = Vec::new();
        picture
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 85))
            .unwrap();
        jpeg
    }

    /// A black picture of 32 by 8 pixels with this compressed data, which has four units.
    fn with_data(frame: u8, last_coefficient: u8, interval: u8, data: &[u8]) -> Vec<u8> {
        let mut jpeg = encoded(&DynamicImage::new_rgb8(32, 8));
        let at = position(&jpeg, &[0xFF, 0xC0, 0, 17]);
        let scan = position(&jpeg, &[0xFF, 0xDA, 0, 12]);
        jpeg.truncate(scan + 14);
        jpeg[at + 1] = frame;
        jpeg[scan + 12] = last_coefficient;
        jpeg.splice(
            scan..scan,
            [0xFF, marker::RESTART_INTERVAL, 0, 4, 0, interval],
        );
        [&jpeg[..], data, &END].concat()
    }

    #[test]
    fn a_part_of_the_data_with_an_end_mark_is_not_a_picture() {
        for (width, height) in [(256, 256), (333, 97), (40, 900)] {
            let jpeg = drawn(width, height);
            assert!(are_all_there(&jpeg), "{width} by {height}");
            for percent in [30, 50, 80, 95] {
                let kept = &jpeg[..jpeg.len() * percent / 100];
                assert!(!are_all_there(&[kept, &END].concat()), "{percent} %");
            }
        }
        let grey = encoded(&DynamicImage::new_luma8(200, 200));
        assert!(are_all_there(&grey));
        assert!(!are_all_there(&[&grey[..grey.len() - 40], &END].concat()));
    }

    #[test]
    fn what_follows_the_end_does_not_count() {
        let jpeg = drawn(64, 64);
        let half = &jpeg[..jpeg.len() / 2];
        assert!(are_all_there(&[&jpeg[..], half].concat()));
        assert!(are_all_there(&[&jpeg[..], half, &END].concat()));
    }

    #[test]
    fn the_units_between_restart_markers_are_counted() {
        // The codes of three empty blocks, and bits that fill the last byte.
        let unit = [0x28, 0x03];
        let restart = |number: u8| [0xFF, 0xD0 + number];
        let three = [unit, restart(0), unit, restart(1), unit].concat();
        let all = [&three[..], &restart(2), &unit].concat();
        let picture = |data: &[u8]| with_data(marker::BASELINE_FRAME, 63, 1, data);
        assert!(are_all_there(&picture(&all)));
        assert!(are_all_there(&picture(&three)), "the last is not counted");
        assert!(!are_all_there(&picture(&three[..6])));
        assert!(!are_all_there(&picture(&unit)));
        // A unit that ends at a restart marker was damaged, not cut off.
        let damaged = [&unit[..1], &restart(0), &all[4..]].concat();
        assert!(are_all_there(&picture(&damaged)));
    }

    #[test]
    fn the_first_scan_of_a_progressive_picture_is_counted() {
        // Four units of three colours: two bits each.
        let picture = |data: &[u8]| with_data(marker::PROGRESSIVE_FRAME, 0, 0, data);
        assert!(are_all_there(&picture(&[0, 0, 0])));
        assert!(!are_all_there(&picture(&[0, 0])));
        assert!(!are_all_there(&picture(&[])));
    }

    /// Counting such a scan would take long: it needs no data.
    #[test]
    fn a_scan_without_blocks_is_not_read() {
        let mut jpeg = with_data(marker::BASELINE_FRAME, 63, 0, &[]);
        let at = position(&jpeg, &[0xFF, 0xC0, 0, 17]);
        for component in 0..3 {
            jpeg[at + 11 + 3 * component] = 0;
        }
        jpeg[at + 5..at + 9].fill(0xFF);
        assert!(are_all_there(&jpeg));
    }

    #[test]
    fn what_cannot_be_counted_is_left_to_the_decoder() {
        // An arithmetic code, and no frame at all.
        assert!(are_all_there(&with_data(0xC9, 63, 0, &[])));
        for bytes in [&b""[..], b"\xFF\xD8", b"\xFF\xD8\xFF\xDA\x00\x02\xFF\xD9"] {
            assert!(are_all_there(bytes));
        }
    }
}
