//! Files as people have them: transparent pictures, panoramas, pictures that were cut off, photos
//! of phones, and PDFs with a password. Each refusal says its own reason, to programs and on pages.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat};
use microgrants::files::{UploadFault, check_document};

use crate::pages::journeys::{serve_office, signed_in, visible_text};
use crate::support::encrypted_pdf::{
    AES_128_OWNER, AES_256_PASSWORD, CERTIFICATE, RC4_40_OWNER, RC4_40_PASSWORD, RC4_128_OWNER,
    RC4_128_PASSWORD, encrypted_pdf,
};
use crate::support::fixtures::Office;
use crate::support::service::{ApiResponse, Client, serve};
use crate::support::test_app::TestApp;

/// The first bytes of a photo of an iPhone.
const HEIC: &str = "\0\0\0\x1cftypheic\0\0\0\0mif1heicmiaf\0\0\x01Vmeta";
const AVIF: &str = "\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf\0\0\x01Vmeta";
const FILM: &str = "\0\0\0\x18ftypmp42\0\0\0\0isommp42\0\0\x01Vmoov";

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture
        .write_to(&mut Cursor::new(&mut bytes), format)
        .unwrap();
    bytes
}

fn drawn() -> DynamicImage {
    DynamicImage::from(image::RgbImage::from_fn(64, 64, |x, y| {
        let shade = u8::try_from(x * y % 251).unwrap();
        image::Rgb([shade, 255 - shade, shade / 2])
    }))
}

/// A drawing in black ink on nothing.
fn ink_on_nothing() -> DynamicImage {
    DynamicImage::from(image::RgbaImage::from_fn(64, 32, |x, _| {
        image::Rgba([0, 0, 0, if x < 32 { 0 } else { 255 }])
    }))
}

/// A JPEG whose header states this size.
fn jpeg_of_size(width: u16, height: u16) -> Vec<u8> {
    let mut jpeg = encoded(&drawn(), ImageFormat::Jpeg);
    let at = jpeg
        .windows(4)
        .position(|part| part == [0xFF, 0xC0, 0, 17])
        .unwrap();
    jpeg[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
    jpeg[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
    jpeg
}

/// A group's client, and the address of its files.
async fn group_client(app: &TestApp) -> (Client, String) {
    let office = Office::open(app, 5000).await;
    let (group, member) = office.group(app).await;
    app.catch_up().await;
    (serve(app, member), format!("/api/v1/groups/{group}/files"))
}

fn send(client: &Client, path: &str, bytes: &[u8], key: &str) -> ApiResponse {
    client.upload(&format!("{path}?purpose=document"), bytes, key)
}

#[test]
fn a_pdf_with_a_password_is_refused() {
    for encryption in [
        AES_256_PASSWORD,
        RC4_40_PASSWORD,
        RC4_128_PASSWORD,
        CERTIFICATE,
    ] {
        let pdf = encrypted_pdf(encryption);
        assert_eq!(
            check_document(pdf.as_bytes()),
            Err(UploadFault::Password),
            "{encryption}"
        );
        let late = [b"\xEF\xBB\xBF\r\n".as_slice(), pdf.as_bytes()].concat();
        assert_eq!(
            check_document(&late),
            Err(UploadFault::Password),
            "{encryption}"
        );
    }
}

#[test]
fn a_pdf_with_an_owners_password_only_is_accepted() {
    for encryption in [AES_128_OWNER, RC4_40_OWNER, RC4_128_OWNER] {
        assert_eq!(
            check_document(encrypted_pdf(encryption).as_bytes()),
            Ok(()),
            "{encryption}"
        );
    }
    for unread in [
        &b"%PDF-1.7\nthe word /Encrypt in a text\n%%EOF"[..],
        b"",
        encrypted_pdf("null").as_bytes(),
    ] {
        assert_eq!(check_document(unread), Ok(()));
    }
}

on_each_engine!(each_refusal_has_its_own_words);
async fn each_refusal_has_its_own_words(app: TestApp) {
    let (client, path) = group_client(&app).await;
    let half = |format| {
        let bytes = encoded(&drawn(), format);
        bytes[..bytes.len() / 2].to_vec()
    };
    let ended = [half(ImageFormat::Jpeg), vec![0xFF, 0xD9]].concat();
    for (number, (bytes, reason)) in [
        (HEIC.into(), "choose Most Compatible"),
        (AVIF.into(), "share it as a JPEG"),
        (FILM.into(), "neither a photo"),
        (b"PK\x03\x04letter.docx".to_vec(), "neither a photo"),
        (half(ImageFormat::Jpeg), "only a part of it arrived"),
        (ended, "only a part of it arrived"),
        (half(ImageFormat::Png), "only a part of it arrived"),
        (half(ImageFormat::WebP), "only a part of it arrived"),
        (
            jpeg_of_size(16_320, 12_240),
            "16,320 by 12,240 pixels, too many",
        ),
        (b"\xFF\xD8\xFF\xDA\x00\x02\xFF\xD9".to_vec(), "is damaged"),
        (b"%PDF-1.4\nhalf of it".to_vec(), "cut off or damaged"),
        (
            encrypted_pdf(RC4_128_PASSWORD).into_bytes(),
            "only with a password",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let refused = send(&client, &path, &bytes, &format!("refused-{number}"));
        refused.assert_problem(422, "invalid_file");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(reason), "{reason}: {detail}");
    }
    let large = [b"%PDF-1.4\n".to_vec(), vec![b'.'; 10 * 1024 * 1024]].concat();
    let refused = send(&client, &path, &large, "large");
    refused.assert_problem(413, "too_large");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("up to 10 MB"), "{detail}");
}

on_each_engine!(what_opens_is_accepted);
async fn what_opens_is_accepted(app: TestApp) {
    let (client, path) = group_client(&app).await;
    let owners = encrypted_pdf(RC4_128_OWNER).into_bytes();
    let late = |before: &[u8]| [before, b"%PDF-1.4\nillustrative\n%%EOF\n"].concat();
    for (name, pdf) in [
        ("owner", owners.clone()),
        ("owner-late", [&b"\r\n"[..], &owners[..]].concat()),
        ("mark", late(b"\xEF\xBB\xBF")),
        ("printer", late(b"\x1B%-12345X@PJL ENTER LANGUAGE=PDF\r\n")),
        ("blank", late(&[b'\n'; 1024])),
        ("word", late(b"/Encrypt\n")),
    ] {
        let kept = send(&client, &path, &pdf, name);
        assert_eq!(kept.status, 201, "{name}: {}", kept.body);
        assert_eq!(kept.body["media"], "application/pdf", "{name}");
        let file = kept.body["file"].as_str().unwrap();
        assert_eq!(client.bytes(&format!("{path}/{file}")), pdf, "{name}");
    }
    let jpeg = encoded(&drawn(), ImageFormat::Jpeg);
    let film = [&jpeg[..], FILM.as_bytes()].concat();
    for (name, picture) in [("film", film), ("two", [&jpeg[..], &jpeg[..]].concat())] {
        let kept = send(&client, &path, &picture, name);
        assert_eq!(kept.status, 201, "{name}: {}", kept.body);
    }
    assert_eq!(
        send(&client, &path, &late(&[b'\n'; 1025]), "far").status,
        422
    );
}

on_each_engine!(transparent_pictures_are_kept_on_white);
async fn transparent_pictures_are_kept_on_white(app: TestApp) {
    let (client, path) = group_client(&app).await;
    let ink = ink_on_nothing();
    let grey = DynamicImage::from(ink.to_luma_alpha8());
    let deep = DynamicImage::from(ink.to_rgba16());
    for (name, bytes) in [
        ("rgba", encoded(&ink, ImageFormat::Png)),
        ("la", encoded(&grey, ImageFormat::Png)),
        ("deep", encoded(&deep, ImageFormat::Png)),
        ("webp", encoded(&ink, ImageFormat::WebP)),
    ] {
        let kept = send(&client, &path, &bytes, name);
        assert_eq!(kept.status, 201, "{name}: {}", kept.body);
        let file = kept.body["file"].as_str().unwrap();
        let kept = client.bytes(&format!("{path}/{file}"));
        let kept = image::load_from_memory(&kept).unwrap().to_luma8();
        let (paper, ink) = (kept.get_pixel(8, 8).0[0], kept.get_pixel(56, 8).0[0]);
        assert!(paper > 250 && ink < 5, "{name}: {paper} and {ink}");
    }
}

on_each_engine!(a_panorama_is_made_smaller);
async fn a_panorama_is_made_smaller(app: TestApp) {
    let (client, path) = group_client(&app).await;
    let panorama = DynamicImage::new_luma8(12_001, 100);
    let kept = send(
        &client,
        &path,
        &encoded(&panorama, ImageFormat::Jpeg),
        "wide",
    );
    assert_eq!(kept.status, 201, "{}", kept.body);
    let file = kept.body["file"].as_str().unwrap();
    let kept = image::load_from_memory(&client.bytes(&format!("{path}/{file}"))).unwrap();
    assert_eq!((kept.width(), kept.height()), (2048, 17));
}

on_each_engine!(a_page_says_why_a_file_is_not_kept);
async fn a_page_says_why_a_file_is_not_kept(app: TestApp) {
    let (office, address) = serve_office(&app).await;
    let (grant, _, member) = office.payable(&app, 900).await;
    app.catch_up().await;
    let mut browser = signed_in(&app, &address, member).await;
    let own = format!("/my/grants/{grant}");
    let locked = encrypted_pdf(RC4_128_PASSWORD);
    for (language, kept, reasons) in [
        (
            "en",
            "We keep a photo as a JPEG, without its place and date",
            [
                "Formats and choose Most Compatible",
                "Save a copy without one, or send photos of the pages",
                "One of the PDFs is cut off or damaged",
                "One of the files is not a photo or a PDF",
            ],
        ),
        (
            "pl",
            "Zdjęcie zachowujemy jako JPEG, bez miejsca i daty",
            [
                "wybierz Największa zgodność",
                "otwiera się tylko z hasłem",
                "jest ucięty lub uszkodzony",
                "Jeden z plików nie jest zdjęciem",
            ],
        ),
    ] {
        browser.get(&format!("/language/{language}?to=/my"));
        let page = browser.get(&own);
        assert!(page.contains(kept), "{}", visible_text(&page));
        let files = [HEIC, locked.as_str(), "%PDF-1.4\nhalf of it", "a letter"];
        for (file, reason) in files.into_iter().zip(reasons) {
            let (csrf, key) = (page.hidden_field("csrf"), page.hidden_field("key"));
            let fields = [
                ("csrf", csrf.as_str()),
                ("key", key.as_str()),
                ("form", "hand-in"),
            ];
            let refused = browser.post_files(&format!("{own}/files"), &fields, &[("file", file)]);
            assert_eq!(refused.status, 422, "{}", visible_text(&refused));
            assert!(
                refused.contains(reason),
                "{reason}: {}",
                visible_text(&refused)
            );
        }
    }
}
