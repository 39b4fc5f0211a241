//! Re-encodes pictures: turns them upright, scales them down, and removes the camera's metadata.
//! Photographs become JPEG. Logos become PNG, which keeps transparency.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilterType, PngEncoder};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder as _, ImageFormat, ImageReader, Limits};

use super::FileError;

/// The longest side of a stored picture, in pixels. Larger ones are scaled down.
const SIDE_MAX: u32 = 2048;
/// The longest side of an uploaded picture, in pixels. One whose header states more is not decoded.
const SOURCE_SIDE_MAX: u32 = 12_000;
/// The most bytes of a decoded picture: 64 million pixels of three bytes. The decoders cannot scale
/// while decoding, and may need as much memory again; both must fit into the memory limit of the
/// sandbox.
const DECODED_BYTES_MAX: u64 = 192 * 1024 * 1024;
const JPEG_QUALITY: u8 = 85;
/// The lengths of a logo's longer side to try, until its file is small enough.
const LOGO_SIDES: [u32; 5] = [480, 320, 240, 160, 96];
/// The maximum size of a logo in bytes. Every page loads the logo.
const LOGO_BYTES_MAX: usize = 24 * 1024;

pub(super) fn is_picture(begins: &[u8]) -> bool {
    matches!(
        image::guess_format(begins),
        Ok(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)
    )
}

/// Re-encodes a picture. One that cannot be read, or is too large, is [`FileError::Picture`].
pub fn reencode_picture(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    let mut painted = Vec::new();
    decode(bytes)?
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut painted, JPEG_QUALITY))
        .map_err(unreadable)?;
    Ok(painted)
}

/// Re-encodes a logo as a small PNG. Fails with [`FileError::Picture`] if it cannot be read, or if
/// its file is too large even at the smallest size.
pub fn reencode_logo(bytes: &[u8]) -> Result<Vec<u8>, FileError> {
    let picture = decode(bytes)?;
    for side in LOGO_SIDES {
        let scaled = if picture.width().max(picture.height()) > side {
            picture.resize(side, side, FilterType::Triangle)
        } else {
            picture.clone()
        };
        let mut painted = Vec::new();
        let encoder = PngEncoder::new_with_quality(
            &mut painted,
            CompressionType::Best,
            PngFilterType::Adaptive,
        );
        scaled
            .to_rgba8()
            .write_with_encoder(encoder)
            .map_err(unreadable)?;
        if painted.len() <= LOGO_BYTES_MAX {
            return Ok(painted);
        }
    }
    Err(FileError::Picture)
}

fn unreadable(_: image::ImageError) -> FileError {
    FileError::Picture
}

/// Decodes a picture within limits, scales it down and turns it upright.
fn decode(bytes: &[u8]) -> Result<DynamicImage, FileError> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(FileError::Store)?;
    let mut limits = Limits::default();
    (
        limits.max_image_width,
        limits.max_image_height,
        limits.max_alloc,
    ) = (
        Some(SOURCE_SIDE_MAX),
        Some(SOURCE_SIDE_MAX),
        Some(DECODED_BYTES_MAX),
    );
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    if decoder.total_bytes() > DECODED_BYTES_MAX {
        return Err(FileError::Picture);
    }
    let orientation = decoder.orientation().map_err(unreadable)?;
    let mut picture = scale_down(DynamicImage::from_decoder(decoder).map_err(unreadable)?);
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Scales a picture down to the size that is stored. Filtering needs four bytes for each colour of
/// a pixel, more than decoding: a very large picture is first reduced coarsely to twice the final
/// size, and its original freed.
fn scale_down(mut picture: DynamicImage) -> DynamicImage {
    if picture.width().max(picture.height()) > 2 * SIDE_MAX {
        picture = picture.thumbnail(2 * SIDE_MAX, 2 * SIDE_MAX);
    }
    if picture.width().max(picture.height()) > SIDE_MAX {
        picture = picture.resize(SIDE_MAX, SIDE_MAX, FilterType::Triangle);
    }
    picture
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_was_noted_beside_a_picture_remains() {
        let mut png = Vec::new();
        let picture = DynamicImage::new_rgb8(30, 20);
        picture
            .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
            .unwrap();
        // A text chunk after the header, as cameras and editors write it.
        let mut chunk = b"\x00\x00\x00\x0ftEXtGPS\x0053.54,-2.11".to_vec();
        chunk.extend([0; 4]);
        png.splice(33..33, chunk);
        assert!(png.windows(5).any(|bytes| bytes == b"53.54"));
        let painted = reencode_picture(&png).unwrap();
        assert_eq!(image::guess_format(&painted).unwrap(), ImageFormat::Jpeg);
        assert!(!painted.windows(5).any(|bytes| bytes == b"53.54"));
        let again = image::load_from_memory(&painted).unwrap();
        assert_eq!((again.width(), again.height()), (30, 20));
    }

    #[test]
    fn a_logo_is_small_and_stays_transparent() {
        let mut drawn = image::RgbaImage::new(1200, 600);
        for (x, y, pixel) in drawn.enumerate_pixels_mut() {
            let [shade, other] = [x, y].map(|side| u8::try_from(side % 251).unwrap());
            *pixel = image::Rgba([shade, other, shade ^ other, if x < 600 { 0 } else { 255 }]);
        }
        let mut webp = Vec::new();
        DynamicImage::from(drawn)
            .write_to(&mut Cursor::new(&mut webp), ImageFormat::WebP)
            .unwrap();

        let logo = reencode_logo(&webp).unwrap();

        assert!(logo.len() <= LOGO_BYTES_MAX, "{} bytes", logo.len());
        assert_eq!(image::guess_format(&logo).unwrap(), ImageFormat::Png);
        let again = image::load_from_memory(&logo).unwrap().to_rgba8();
        let (width, height) = again.dimensions();
        assert!(width.abs_diff(2 * height) <= 1, "{width} x {height}");
        assert_eq!(again.get_pixel(0, 0).0[3], 0);
        assert_eq!(again.get_pixel(width - 1, 0).0[3], 255);
        assert!(matches!(reencode_logo(b"<svg/>"), Err(FileError::Picture)));
    }

    #[test]
    fn a_large_picture_becomes_as_large_as_is_kept() {
        for (width, height, kept) in [
            (9000, 30, (2048, 7)),
            (3000, 1500, (2048, 1024)),
            (2048, 9, (2048, 9)),
            (30, 5000, (13, 2048)),
        ] {
            let small = scale_down(DynamicImage::new_rgb8(width, height));
            assert_eq!((small.width(), small.height()), kept, "{width} x {height}");
        }
    }

    #[test]
    fn a_picture_that_claims_to_be_endless_is_not_decoded() {
        let png = |width, height| {
            let mut png = Vec::new();
            DynamicImage::new_luma8(width, height)
                .write_to(&mut Cursor::new(&mut png), ImageFormat::Png)
                .unwrap();
            png
        };
        assert!(reencode_picture(&png(SOURCE_SIDE_MAX, 1)).is_ok());
        assert!(matches!(
            reencode_picture(&png(SOURCE_SIDE_MAX + 1, 1)),
            Err(FileError::Picture)
        ));
        assert!(matches!(
            reencode_picture(&png(1, SOURCE_SIDE_MAX + 1)),
            Err(FileError::Picture)
        ));
    }
}
