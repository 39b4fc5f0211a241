//! The accent colour of the organisation's pages. It is the background of buttons, whose text is
//! white.

use crate::domain::Refusal;
use crate::domain::colour::Colour;
use crate::domain::text::{TextError, text_type};

/// The contrast that words need, as WCAG 2 defines it (level AA).
pub const CONTRAST_MIN: f64 = 4.5;

text_type!(
    /// A colour as `#` and six hexadecimal digits, in lower case.
    Accent, parse_accent, "A colour as # and six hexadecimal digits, on which white words can be \
        read",
    "^#[0-9A-Fa-f]{6}$", 7, "#0f6b66"
);

fn parse_accent(text: &str) -> Result<String, TextError> {
    let known = Colour::from_hex(text.trim()).ok_or(TextError::NotAColour)?;
    Ok(known.to_string())
}

impl Accent {
    #[must_use]
    pub fn colour(&self) -> Colour {
        Colour::from_hex(self.as_str()).unwrap_or(Colour::WHITE)
    }

    /// Refuses a colour on which white text is not readable. The refusal names the nearest darker
    /// colour of the same hue on which it is.
    pub fn must_be_readable(&self) -> Result<(), Refusal> {
        let (colour, reads) = (self.colour(), |colour: Colour| {
            colour.contrast(Colour::WHITE) >= CONTRAST_MIN
        });
        if reads(colour) {
            Ok(())
        } else {
            let nearest = colour.oklch().darkened_until(reads);
            Err(Refusal::AccentTooPale(nearest.to_string()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pale_colour_is_refused_with_one_that_can_be_read() {
        for text in ["#ffd400", "#ffffff", "#7fd4cd", "#ff8080", "#00ff00"] {
            let accent: Accent = text.parse().unwrap();
            let Err(Refusal::AccentTooPale(nearest)) = accent.must_be_readable() else {
                panic!("{text} is pale");
            };
            let nearest: Accent = nearest.parse().unwrap();
            assert_eq!(nearest.must_be_readable(), Ok(()), "{text}: {nearest}");
            let contrast = nearest.colour().contrast(Colour::WHITE);
            assert!(contrast < 4.7, "{text}: {nearest} has {contrast}");
        }
    }

    #[test]
    fn a_deep_colour_is_kept_as_it_is() {
        for text in ["#5b2a86", "#0F6B66", "#000000"] {
            let accent: Accent = text.parse().unwrap();
            assert_eq!(accent.must_be_readable(), Ok(()));
            assert_eq!(accent.as_str(), text.to_lowercase());
        }
        assert_eq!("teal".parse::<Accent>(), Err(TextError::NotAColour));
    }
}
