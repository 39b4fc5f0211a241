//! Re-encodes pictures: paints them on white, scales them down, turns them upright, and removes the
//! camera's metadata. Photographs become JPEG. Logos become PNG, which keeps transparency.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType as PngFilterType, PngEncoder};
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{
    DynamicImage, ImageBuffer, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Pixel,
    Primitive,
};

use super::fault::UploadFault;
use super::{containers, jpeg_blocks};

/// The longest side of a stored picture, in pixels. Larger ones are scaled down.
const SIDE_MAX: u32 = 2048;
/// The most bytes that decoding may need: 133 million pixels of three bytes. A phone takes up to
/// 108 million. The decoders cannot scale while decoding. The memory limit of the sandbox has room
/// for this, for two copies of the upload, and for the picture after its first reduction.
const DECODING_BYTES_MAX: u64 = 400_000_000;
const JPEG_QUALITY: u8 = 85;
/// The lengths of a logo's longer side to try, until its file is small enough.
const LOGO_SIDES: [u32; 5] = [480, 320, 240, 160, 96];
/// The maximum size of a logo in bytes. Every page loads the logo.
const LOGO_BYTES_MAX: usize = 24 * 1024;
/// The kinds of file in which phones keep photographs and films, by the names in their first bytes.
/// No decoder of them is among our libraries.
const PHONE_KINDS: [&[u8; 4]; 10] = [
    b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis",
];

pub(super) fn is_picture(begins: &[u8]) -> bool {
    matches!(
        image::guess_format(begins),
        Ok(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)
    )
}

/// Whether a file is a HEIC, HEIF or AVIF picture. Its first box lists the kinds of the file.
pub(super) fn is_phone_kind(begins: &[u8]) -> bool {
    let Some((length, rest)) = begins.split_first_chunk::<4>() else {
        return false;
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let kinds = begins.get(8..length.min(begins.len())).unwrap_or_default();
    rest.starts_with(b"ftyp")
        && kinds
            .chunks_exact(4)
            .any(|kind| PHONE_KINDS.iter().any(|known| kind == known.as_slice()))
}

/// Re-encodes a picture as a JPEG.
pub fn reencode_picture(bytes: &[u8]) -> Result<Vec<u8>, UploadFault> {
    let (mut picture, orientation) = decode(bytes)?;
    // Before scaling, which would mix the colours of transparent pixels into their neighbours.
    paint_on_white(&mut picture);
    let mut painted = Vec::new();
    finish(picture, orientation)
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut painted, JPEG_QUALITY))
        .map_err(damaged)?;
    Ok(painted)
}

/// Re-encodes a logo as a small PNG. Fails if its file is too large even at the smallest size.
pub fn reencode_logo(bytes: &[u8]) -> Result<Vec<u8>, UploadFault> {
    let (picture, orientation) = decode(bytes)?;
    let picture = finish(picture, orientation);
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
            .map_err(damaged)?;
        if painted.len() <= LOGO_BYTES_MAX {
            return Ok(painted);
        }
    }
    Err(UploadFault::Damaged)
}

fn damaged(_: ImageError) -> UploadFault {
    UploadFault::Damaged
}

/// Decodes a picture within limits.
fn decode(bytes: &[u8]) -> Result<(DynamicImage, Orientation), UploadFault> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| UploadFault::Damaged)?;
    let format = reader.format().ok_or(UploadFault::Damaged)?;
    if !containers::is_whole(bytes, format) {
        return Err(UploadFault::CutOff);
    }
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(DECODING_BYTES_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(damaged)?;
    if decoding_bytes(bytes, format, &decoder) > DECODING_BYTES_MAX {
        let (width, height) = decoder.dimensions();
        return Err(UploadFault::TooManyPixels { width, height });
    }
    if format == ImageFormat::Jpeg && !jpeg_blocks::are_all_there(bytes) {
        return Err(UploadFault::CutOff);
    }
    let orientation = decoder.orientation().map_err(damaged)?;
    let picture = DynamicImage::from_decoder(decoder).map_err(damaged)?;
    Ok((picture, orientation))
}

/// The bytes that decoding needs: the pixels, and what the decoder keeps until the end.
fn decoding_bytes(bytes: &[u8], format: ImageFormat, decoder: &impl ImageDecoder) -> u64 {
    let (width, height) = decoder.dimensions();
    let kept = match format {
        ImageFormat::Jpeg => containers::jpeg_coefficient_bytes(bytes),
        // Its pixels once more, with transparency.
        ImageFormat::WebP => 4 * u64::from(width) * u64::from(height),
        _ => 0,
    };
    decoder.total_bytes().saturating_add(kept)
}

/// Paints a picture on white, in its own memory.
fn paint_on_white(picture: &mut DynamicImage) {
    match picture {
        DynamicImage::ImageLumaA8(pixels) => blend_with_white(pixels),
        DynamicImage::ImageRgba8(pixels) => blend_with_white(pixels),
        DynamicImage::ImageLumaA16(pixels) => blend_with_white(pixels),
        DynamicImage::ImageRgba16(pixels) => blend_with_white(pixels),
        _ => {}
    }
}

/// Blends pixels whose last channel is their opacity with white.
fn blend_with_white<P>(pixels: &mut ImageBuffer<P, Vec<P::Subpixel>>)
where
    P: Pixel,
    P::Subpixel: Into<u32> + TryFrom<u32>,
{
    let most = <P::Subpixel as Primitive>::DEFAULT_MAX_VALUE;
    let white: u32 = most.into();
    for pixel in pixels.pixels_mut() {
        let Some((opacity, colours)) = pixel.channels_mut().split_last_mut() else {
            continue;
        };
        let opaque: u32 = (*opacity).into();
        for colour in colours {
            let own: u32 = (*colour).into();
            let blended = (own * opaque + white * (white - opaque) + white / 2) / white;
            *colour = P::Subpixel::try_from(blended).unwrap_or(most);
        }
        *opacity = most;
    }
}

/// Scales a picture down and turns it upright.
fn finish(picture: DynamicImage, orientation: Orientation) -> DynamicImage {
    let mut picture = scale_down(picture);
    picture.apply_orientation(orientation);
    picture
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
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

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

    /// Row 72 of the review of what people send.
    #[test]
    fn a_picture_of_a_camera_is_turned_upright_without_its_notes() {
        let drawn = image::RgbImage::from_fn(32, 16, |x, y| {
            image::Rgb([if x < 16 && y < 8 { 0 } else { 255 }; 3])
        });
        // Where the dark quarter is afterwards. 0 and 9 mean nothing.
        for (orientation, size, dark) in [
            (0, (32, 16), (4, 4)),
            (1, (32, 16), (4, 4)),
            (9, (32, 16), (4, 4)),
            (3, (32, 16), (28, 12)),
            (6, (16, 32), (12, 4)),
            (8, (16, 32), (4, 28)),
        ] {
            let mut jpeg = encoded(drawn.clone(), ImageFormat::Jpeg);
            let mut notes =
                b"\xff\xe1\x00\x22Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
            notes.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
            jpeg.splice(2..2, notes);

            let painted = reencode_picture(&jpeg).unwrap();

            let again = image::load_from_memory(&painted).unwrap().to_luma8();
            let (width, height) = again.dimensions();
            assert_eq!((width, height), size, "{orientation}");
            for place in [
                (4, 4),
                (width - 4, 4),
                (4, height - 4),
                (width - 4, height - 4),
            ] {
                let is_dark = again.get_pixel(place.0, place.1).0[0] < 128;
                assert_eq!(is_dark, place == dark, "{orientation}: {place:?}");
            }
            assert!(!painted.windows(4).any(|bytes| bytes == b"Exif"));
        }
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
        assert_eq!(reencode_logo(b"<svg/>"), Err(UploadFault::Damaged));
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

    /// A flat grey JPEG of any size, made from the headers of a small one. The count of its blocks
    /// of 8 by 8 pixels must be a multiple of four.
    fn flat_jpeg(width: u16, height: u16) -> Vec<u8> {
        let mut jpeg = Vec::new();
        DynamicImage::new_rgb8(8, 8)
            .write_with_encoder(JpegEncoder::new_with_quality(&mut jpeg, 100))
            .unwrap();
        let position = |begins: [u8; 4]| jpeg.windows(4).position(|part| part == begins).unwrap();
        let frame = position([0xFF, 0xC0, 0, 17]);
        let scan = position([0xFF, 0xDA, 0, 12]);
        jpeg.truncate(scan + 14);
        jpeg[frame + 5..frame + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[frame + 7..frame + 9].copy_from_slice(&width.to_be_bytes());
        let blocks = usize::from(width.div_ceil(8)) * usize::from(height.div_ceil(8));
        assert_eq!(blocks % 4, 0);
        // The codes of four blocks of three colours without any coefficient.
        jpeg.extend([0x28, 0, 0xA0, 2, 0x80, 0x0A, 0].repeat(blocks / 4));
        jpeg.extend([0xFF, 0xD9]);
        jpeg
    }

    fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
        encoded(picture, ImageFormat::Png)
    }

    fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Vec::new();
        picture
            .into()
            .write_to(&mut Cursor::new(&mut bytes), format)
            .unwrap();
        bytes
    }

    #[test]
    fn panoramas_and_very_many_pixels_are_scaled_down() {
        for (bytes, kept) in [
            (flat_jpeg(12_001, 2048), (2048, 350)),
            // 108 megapixels.
            (flat_jpeg(12_001, 8992), (2048, 1535)),
            (flat_jpeg(1000, 30_016), (68, 2048)),
            (png(image::GrayImage::new(40_000, 3)), (2048, 1)),
        ] {
            let painted = reencode_picture(&bytes).unwrap();
            let again = image::load_from_memory(&painted).unwrap();
            assert_eq!((again.width(), again.height()), kept);
        }
    }

    #[test]
    fn too_many_pixels_are_refused_with_their_size() {
        let sized = |width, height| UploadFault::TooManyPixels { width, height };
        let jpeg = flat_jpeg(16_320, 12_288);
        assert_eq!(reencode_picture(&jpeg), Err(sized(16_320, 12_288)));
        assert_eq!(reencode_logo(&jpeg), Err(sized(16_320, 12_288)));
        // A progressive picture of 54 megapixels needs its coefficients as well.
        let mut progressive = flat_jpeg(9000, 6016);
        let position = |begins: [u8; 4]| {
            let mut parts = progressive.windows(4);
            parts.position(|part| part == begins).unwrap()
        };
        let frame = position([0xFF, 0xC0, 0, 17]);
        let scan = position([0xFF, 0xDA, 0, 12]);
        progressive[frame + 1] = 0xC2;
        // The first scan has the first coefficients only.
        progressive[scan + 12] = 0;
        assert_eq!(reencode_picture(&progressive), Err(sized(9000, 6016)));
    }

    /// Asserts that black ink on a transparent ground becomes black on white.
    fn assert_on_white(bytes: &[u8], kind: &str) {
        let painted = reencode_picture(bytes).unwrap();
        let again = image::load_from_memory(&painted).unwrap().to_luma8();
        let (paper, ink) = (again.get_pixel(8, 8).0[0], again.get_pixel(56, 8).0[0]);
        assert!(paper > 250 && ink < 5, "{kind}: {paper} and {ink}");
    }

    #[test]
    fn transparent_pictures_are_painted_on_white() {
        let opaque = |x: u32| x >= 32;
        let rgba = image::RgbaImage::from_fn(64, 32, |x, _| {
            image::Rgba([0, 0, 0, if opaque(x) { 255 } else { 0 }])
        });
        let grey = image::GrayAlphaImage::from_fn(64, 32, |x, _| {
            image::LumaA([0, if opaque(x) { 255 } else { 0 }])
        });
        let deep: ImageBuffer<image::Rgba<u16>, Vec<u16>> = ImageBuffer::from_fn(64, 32, |x, _| {
            image::Rgba([0, 0, 0, if opaque(x) { 65_535 } else { 0 }])
        });
        let deep_grey: ImageBuffer<image::LumaA<u16>, Vec<u16>> =
            ImageBuffer::from_fn(64, 32, |x, _| {
                image::LumaA([0, if opaque(x) { 65_535 } else { 0 }])
            });
        assert_on_white(&encoded(rgba.clone(), ImageFormat::WebP), "WebP");
        assert_on_white(&png(rgba), "RGBA");
        assert_on_white(&png(grey), "LA");
        assert_on_white(&png(deep), "RGBA of 16 bits");
        assert_on_white(&png(deep_grey), "LA of 16 bits");
        assert_on_white(&palette_png(), "palette");
    }

    /// A JPEG for printers, in four inks as Adobe writes them: eight columns each without ink, of
    /// cyan, of magenta and of black.
    const FOUR_INKS: &str = "/9j/7gAOQWRvYmUAZAAAAAAA/9sAQwACAQEBAQECAQEBAgICAgIEAwICAgIFBAQDBAYF\
        BgYGBQYGBgcJCAYHCQcGBggLCAkKCgoKCgYICwwLCgwJCgoK/8AAFAgACAAgBEMRAE0R\
        AFkRAEsRAP/EAB8AAAEFAQEBAQEBAAAAAAAAAAABAgMEBQYHCAkKC//EALUQAAIBAwMC\
        BAMFBQQEAAABfQECAwAEEQUSITFBBhNRYQcicRQygZGhCCNCscEVUtHwJDNicoIJChYX\
        GBkaJSYnKCkqNDU2Nzg5OkNERUZHSElKU1RVVldYWVpjZGVmZ2hpanN0dXZ3eHl6g4SF\
        hoeIiYqSk5SVlpeYmZqio6Slpqeoqaqys7S1tre4ubrCw8TFxsfIycrS09TV1tfY2drh\
        4uPk5ebn6Onq8fLz9PX29/j5+v/aAA4EQwBNAFkASwAAPwD9/K/fyv38r9/K/gDooor+\
        /wAr+AOiiiv7/KK/gDr/2Q==";

    #[test]
    fn a_jpeg_for_printers_keeps_its_colours() {
        let printed = STANDARD.decode(FOUR_INKS).unwrap();
        let kept = reencode_picture(&printed).unwrap();
        let kept = image::load_from_memory(&kept).unwrap().to_rgb8();
        for (column, colour) in [
            (4, [255, 255, 255]),
            (12, [0, 255, 255]),
            (20, [255, 0, 255]),
            (28, [0, 0, 0]),
        ] {
            let pixel = kept.get_pixel(column, 4).0;
            let is_near = |(is, expected): (&u8, &u8)| is.abs_diff(*expected) < 8;
            assert!(
                pixel.iter().zip(&colour).all(is_near),
                "{column}: {pixel:?}"
            );
        }
    }

    #[test]
    fn a_picture_of_sixteen_bits_keeps_its_shades() {
        let shade = |x: u32| match x / 16 {
            0 => 0_u16,
            1 => 257,
            2 => 0x7f7f,
            _ => 65_535,
        };
        let grey = ImageBuffer::from_fn(64, 16, |x, _| image::Luma([shade(x)]));
        let coloured = ImageBuffer::from_fn(64, 16, |x, _| image::Rgb([shade(x); 3]));
        let pictures = [
            png(DynamicImage::ImageLuma16(grey)),
            png(DynamicImage::ImageRgb16(coloured)),
        ];
        for picture in pictures {
            let kept = reencode_picture(&picture).unwrap();
            let kept = image::load_from_memory(&kept).unwrap().to_luma8();
            for (column, shade) in [(8, 0), (24, 1), (40, 0x7f), (56, 255)] {
                let pixel = kept.get_pixel(column, 8).0[0];
                assert!(pixel.abs_diff(shade) < 8, "{column}: {pixel}");
            }
        }
    }

    /// A PNG with a palette of black that is transparent and of black that is not.
    fn palette_png() -> Vec<u8> {
        use std::io::Write as _;
        let mut png = b"\x89PNG\r\n\x1A\n".to_vec();
        let mut chunk = |name: &[u8; 4], data: &[u8]| {
            png.extend(u32::try_from(data.len()).unwrap().to_be_bytes());
            let mut sum = flate2::Crc::new();
            sum.update(name);
            sum.update(data);
            png.extend_from_slice(name);
            png.extend_from_slice(data);
            png.extend(sum.sum().to_be_bytes());
        };
        // 64 by 32 pixels of eight bits that are numbers of colours.
        chunk(b"IHDR", &[0, 0, 0, 64, 0, 0, 0, 32, 8, 3, 0, 0, 0]);
        chunk(b"PLTE", &[0, 0, 0, 0, 0, 0]);
        chunk(b"tRNS", &[0, 255]);
        let row = [&[0_u8][..], &[0; 32], &[1; 32]].concat();
        let mut packed =
            flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
        packed.write_all(&row.repeat(32)).unwrap();
        chunk(b"IDAT", &packed.finish().unwrap());
        chunk(b"IEND", &[]);
        png
    }

    #[test]
    fn half_transparent_pixels_are_blended() {
        let mut picture = DynamicImage::from(image::RgbaImage::from_pixel(
            2,
            1,
            image::Rgba([255, 0, 51, 51]),
        ));
        paint_on_white(&mut picture);
        assert_eq!(picture.to_rgba8().get_pixel(0, 0).0, [255, 204, 214, 255]);
        let deep = ImageBuffer::from_pixel(1, 1, image::LumaA([0_u16, 13_107]));
        let mut deep = DynamicImage::ImageLumaA16(deep);
        paint_on_white(&mut deep);
        assert_eq!(deep.to_luma16().get_pixel(0, 0).0, [52_428]);
    }

    #[test]
    fn a_picture_that_is_cut_off_is_refused() {
        let drawn = image::RgbImage::from_fn(64, 64, |x, y| {
            let shade = u8::try_from(x * y % 251).unwrap();
            image::Rgb([shade, 255 - shade, shade / 2])
        });
        for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
            let bytes = encoded(drawn.clone(), format);
            for kept in [bytes.len() / 2, bytes.len() - 2] {
                assert_eq!(
                    reencode_picture(&bytes[..kept]),
                    Err(UploadFault::CutOff),
                    "{format:?}: {kept}"
                );
            }
            let longer = [&bytes[..], &bytes[..bytes.len() / 2]].concat();
            assert!(reencode_picture(&longer).is_ok(), "{format:?}");
        }
    }

    #[test]
    fn a_jpeg_that_was_cut_off_is_refused_with_an_end_mark_too() {
        let drawn = image::RgbImage::from_fn(300, 200, |x, y| {
            let shade = u8::try_from(x * y % 251).unwrap();
            image::Rgb([shade, 255 - shade, shade / 2])
        });
        let bytes = encoded(drawn, ImageFormat::Jpeg);
        assert!(reencode_picture(&bytes).is_ok());
        for percent in [30, 50, 80, 95] {
            let kept = &bytes[..bytes.len() * percent / 100];
            let ended = [kept, b"\xFF\xD9"].concat();
            assert_eq!(
                reencode_picture(&ended),
                Err(UploadFault::CutOff),
                "{percent} %"
            );
        }
    }

    #[test]
    fn the_kinds_of_phones_are_recognised() {
        let file = |kinds: &[u8]| {
            let length = u32::try_from(kinds.len() + 8).unwrap().to_be_bytes();
            [&length[..], b"ftyp", kinds, b"\0\0\0\x20meta"].concat()
        };
        for kinds in [
            &b"heic\0\0\0\0mif1heicmiaf"[..],
            b"mif1\0\0\0\0mif1heix",
            b"avif\0\0\0\0avifmif1",
            b"MiHE\0\0\0\0heic",
        ] {
            assert!(is_phone_kind(&file(kinds)));
        }
        for kinds in [
            &b"mp42\0\0\0\0isommp42"[..],
            b"qt  \0\0\0\0qt  ",
            b"M4A \0\0\0\0",
        ] {
            assert!(!is_phone_kind(&file(kinds)));
        }
        for other in [&b""[..], b"heic", b"\xFF\xD8\xFF\xE0 heic"] {
            assert!(!is_phone_kind(other));
        }
    }
}
