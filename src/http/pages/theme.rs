//! The stylesheet with the organisation's accent colour, and its logo. Their addresses contain a
//! digest of the content, so that browsers may cache them for ever.
//!
//! The stylesheet sets only the colours of the general one that depend on the accent. All of them
//! follow from the accent in OKLCH, where a step of lightness is the same for every hue.

use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};
use sha2::{Digest as _, Sha256};

use super::PageError;
use crate::domain::colour::{Colour, Oklch};
use crate::domain::file::FileDigest;
use crate::domain::organisation::{Accent, CONTRAST_MIN};
use crate::files::FileError;
use crate::http::AppState;
use crate::projections::OrganisationRow;

const IMMUTABLE: (actix_web::http::header::HeaderName, &str) =
    (CACHE_CONTROL, "public, max-age=31536000, immutable");
/// The digits of a stylesheet's digest in its address.
const DIGITS: usize = 16;
/// The first bytes of a PNG file.
const PNG_BEGINS: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

// Colours of the general stylesheet (`--paper`, `--sunk` and `--sun`), which a theme keeps.
const PAPER_LIGHT: Colour = Colour::WHITE;
const PAPER_DARK: Colour = Colour::new(0x1e, 0x1a, 0x24);
const SUNK_LIGHT: Colour = Colour::new(0xf0, 0xec, 0xe7);
const SUNK_DARK: Colour = Colour::new(0x29, 0x24, 0x2f);
const SUN: Colour = Colour::new(0xff, 0xc8, 0x3d);
/// The contrast of a bar in a chart with the page.
const BAR_CONTRAST_MIN: f64 = 3.0;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(web::resource("/assets/theme-{digest}.css").route(web::get().to(show_theme)))
        .service(web::resource("/assets/logo-{digest}").route(web::get().to(show_logo)));
}

/// The stylesheet of an accent, with its address.
struct AccentSheet {
    accent: Accent,
    path: String,
    css: String,
}

/// The theme that was made last. An organisation has one accent.
static NEWEST: Mutex<Option<Arc<AccentSheet>>> = Mutex::new(None);

/// The theme of an accent, made at its first use.
fn theme_of(accent: &Accent) -> Arc<AccentSheet> {
    let mut newest = NEWEST.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = newest.as_ref().filter(|known| known.accent == *accent) {
        return Arc::clone(known);
    }
    let css = theme_css(accent.colour());
    let digest = hex::encode(Sha256::digest(css.as_bytes()));
    let made = Arc::new(AccentSheet {
        accent: accent.clone(),
        path: format!("/assets/theme-{}.css", &digest[..DIGITS]),
        css,
    });
    *newest = Some(Arc::clone(&made));
    made
}

/// The address of the stylesheet of an accent.
#[must_use]
pub fn theme_path(accent: &Accent) -> String {
    theme_of(accent).path.clone()
}

/// The address of a logo.
pub(super) fn logo_path(logo: &FileDigest) -> String {
    format!("/assets/logo-{}", logo.short())
}

/// The colours that follow from an accent, on a light page and on a dark one.
#[expect(
    clippy::float_arithmetic,
    reason = "a colour space is computed in fractions"
)]
fn theme_css(accent: Colour) -> String {
    let base = accent.oklch();
    let shade = |lightness: f64, chroma: f64| Oklch {
        lightness,
        chroma: base.chroma * chroma,
        ..base
    };
    let soft = shade(0.97, 0.15).colour();
    let link = base.darkened_until(|colour| reads_on(colour, &[SUNK_LIGHT, soft, PAPER_LIGHT]));
    let deep = shade(0.22, 1.0).colour();
    let light = [
        ("accent", accent),
        ("accent-deep", deep),
        ("accent-soft", soft),
        ("accent-line", shade(0.86, 0.4).colour()),
        ("link", link),
        ("sun", SUN),
        ("c1", deep),
        (
            "c2",
            shade(0.62, 0.9).darkened_until(|bar| bar.contrast(PAPER_LIGHT) >= BAR_CONTRAST_MIN),
        ),
        ("c3", shade(0.9, 0.3).colour()),
    ];
    let soft = shade(0.27, 0.35).colour();
    let raised = Oklch {
        lightness: base.lightness.max(0.54),
        ..base
    };
    let dark = [
        (
            "accent",
            raised.darkened_until(|colour| reads_on(colour, &[Colour::WHITE])),
        ),
        ("accent-deep", shade(0.2, 0.8).colour()),
        ("accent-soft", soft),
        ("accent-line", shade(0.42, 0.6).colour()),
        (
            "link",
            shade(0.82, 0.6)
                .lightened_until(|colour| reads_on(colour, &[SUNK_DARK, soft, PAPER_DARK])),
        ),
        ("sun", SUN),
        ("c1", shade(0.84, 0.7).colour()),
        (
            "c2",
            shade(0.6, 0.9).lightened_until(|bar| bar.contrast(PAPER_DARK) >= BAR_CONTRAST_MIN),
        ),
        ("c3", shade(0.35, 0.4).colour()),
    ];
    format!(
        "{}\n@media screen and (prefers-color-scheme:dark){{{}}}\n",
        rule(&light),
        rule(&dark)
    )
}

/// Whether words in a colour can be read on each of these.
fn reads_on(colour: Colour, grounds: &[Colour]) -> bool {
    grounds
        .iter()
        .all(|ground| colour.contrast(*ground) >= CONTRAST_MIN)
}

fn rule(colours: &[(&str, Colour)]) -> String {
    let mut css = String::from(":root{");
    for (name, colour) in colours {
        let _ = write!(css, "--{name}:{colour};");
    }
    css.push('}');
    css
}

async fn own_row(app: &AppState) -> Result<OrganisationRow, PageError> {
    app.views
        .find(app.commands.organisation(), None)
        .await?
        .ok_or_else(PageError::not_found)
}

async fn show_theme(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let own = own_row(&app).await?;
    let accent = own.settings.and_then(|settings| settings.values.accent);
    let theme = accent
        .map(|accent| theme_of(&accent))
        .filter(|theme| theme.path == request.path())
        .ok_or_else(PageError::not_found)?;
    Ok(HttpResponse::Ok()
        .insert_header(IMMUTABLE)
        .content_type("text/css; charset=utf-8")
        .body(theme.css.clone()))
}

/// The logo in force, or the one that is proposed. Other files of the store are not shown.
async fn show_logo(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let own = own_row(&app).await?;
    let in_force = own.settings.and_then(|settings| settings.values.logo);
    let proposed = own
        .proposed_settings
        .and_then(|proposed| proposed.values.logo);
    let logo = in_force
        .into_iter()
        .chain(proposed)
        .find(|logo| logo.short() == request.match_info().query("digest"))
        .ok_or_else(PageError::not_found)?;
    let bytes = match app.files.read_public(&logo).await {
        Ok(bytes) if bytes.starts_with(&PNG_BEGINS) => bytes,
        Ok(_) | Err(FileError::Missing | FileError::TooLarge) => {
            return Err(PageError::not_found());
        }
        Err(error) => return Err(error.into()),
    };
    Ok(HttpResponse::Ok()
        .insert_header(IMMUTABLE)
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .content_type("image/png")
        .body(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The value of a colour in one half of a theme.
    fn colour(half: &str, name: &str) -> Colour {
        let (_, rest) = half.split_once(&format!("--{name}:")).expect("a colour");
        Colour::from_hex(&rest[..7]).expect("hexadecimal")
    }

    #[test]
    fn every_accent_that_is_taken_makes_a_theme_that_can_be_read() {
        for accent in [
            "#5b2a86", "#0f6b66", "#b00020", "#8a5a00", "#1a1aff", "#000000", "#767676", "#006400",
            "#a6006b",
        ] {
            let accent: Accent = accent.parse().unwrap();
            assert_eq!(accent.must_be_readable(), Ok(()), "{accent}");
            let css = theme_css(accent.colour());
            let (light, dark) = css.split_once("\n@media").unwrap();
            for (half, paper, sunk) in [
                (light, PAPER_LIGHT, SUNK_LIGHT),
                (dark, PAPER_DARK, SUNK_DARK),
            ] {
                let get = |name| colour(half, name);
                assert!(
                    reads_on(get("link"), &[paper, sunk, get("accent-soft")]),
                    "{accent}: {half}"
                );
                assert!(
                    reads_on(get("accent"), &[Colour::WHITE]),
                    "{accent}: {half}"
                );
                let deep = get("accent-deep");
                assert!(
                    reads_on(deep, &[Colour::WHITE]) && reads_on(deep, &[SUN]),
                    "{accent}: {half}"
                );
                assert!(
                    get("c2").contrast(paper) >= BAR_CONTRAST_MIN,
                    "{accent}: {half}"
                );
            }
            assert!(light.contains(&format!("--accent:{accent};")));
        }
    }

    #[test]
    fn a_theme_is_small_and_only_sets_colours() {
        let css = theme_css(Colour::new(0x0f, 0x6b, 0x66));
        assert!(css.len() < 600, "{css}");
        let plain = |c: char| c.is_ascii_alphanumeric() || " :;#(){}@-\n".contains(c);
        assert!(css.chars().all(plain), "{css}");
    }
}
