//! Colours: contrast as WCAG 2 defines it, and lightness, chroma and hue in OKLCH, in which equal
//! steps look equal.

#![expect(
    clippy::float_arithmetic,
    reason = "a colour space is computed in fractions; no amount of money is"
)]

/// A colour of a screen (sRGB), as red, green and blue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Colour([u8; 3]);

/// A colour as lightness from 0 to 1, chroma, and hue in radians.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Oklch {
    pub lightness: f64,
    pub chroma: f64,
    pub hue: f64,
}

type Matrix = [[f64; 3]; 3];

/// From linear sRGB to the responses of the eye's cones, and back.
const TO_CONES: Matrix = [
    [0.412_221_470_8, 0.536_332_536_3, 0.051_445_992_9],
    [0.211_903_498_2, 0.680_699_545_1, 0.107_396_956_6],
    [0.088_302_461_9, 0.281_718_837_6, 0.629_978_700_5],
];
const FROM_CONES: Matrix = [
    [4.076_741_662_1, -3.307_711_591_3, 0.230_969_929_2],
    [-1.268_438_004_6, 2.609_757_401_1, -0.341_319_396_5],
    [-0.004_196_086_3, -0.703_418_614_7, 1.707_614_701_0],
];
/// From the cube roots of these responses to lightness and the two axes of colour, and back.
const TO_LAB: Matrix = [
    [0.210_454_255_3, 0.793_617_785_0, -0.004_072_046_8],
    [1.977_998_495_1, -2.428_592_205_0, 0.450_593_709_9],
    [0.025_904_037_1, 0.782_771_766_2, -0.808_675_766_0],
];
const FROM_LAB: Matrix = [
    [1.0, 0.396_337_777_4, 0.215_803_757_3],
    [1.0, -0.105_561_345_8, -0.063_854_172_8],
    [1.0, -0.089_484_177_5, -1.291_485_548_0],
];
/// The step in which a colour is darkened or lightened, and its chroma reduced.
const STEP: f64 = 0.002;

fn multiply(matrix: &Matrix, vector: [f64; 3]) -> [f64; 3] {
    matrix.map(|row| row.iter().zip(vector).map(|(a, b)| a * b).sum())
}

impl Colour {
    pub const WHITE: Self = Self([255; 3]);

    #[must_use]
    pub const fn new(red: u8, green: u8, blue: u8) -> Self {
        Self([red, green, blue])
    }

    /// Parses `#` and six hexadecimal digits.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
        let channel = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
        let known = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        known.then_some(Self([channel(0)?, channel(2)?, channel(4)?]))
    }

    fn linear(self) -> [f64; 3] {
        self.0.map(|channel| {
            let value = f64::from(channel) / 255.0;
            if value <= 0.040_45 {
                value / 12.92
            } else {
                ((value + 0.055) / 1.055).powf(2.4)
            }
        })
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.linear();
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }

    /// The contrast with another colour, from 1 to 21.
    #[must_use]
    pub fn contrast(self, other: Self) -> f64 {
        let (one, two) = (self.luminance() + 0.05, other.luminance() + 0.05);
        if one > two { one / two } else { two / one }
    }

    #[must_use]
    pub fn oklch(self) -> Oklch {
        let roots = multiply(&TO_CONES, self.linear()).map(f64::cbrt);
        let [lightness, green_red, blue_yellow] = multiply(&TO_LAB, roots);
        Oklch {
            lightness,
            chroma: green_red.hypot(blue_yellow),
            hue: blue_yellow.atan2(green_red),
        }
    }
}

impl std::fmt::Display for Colour {
    /// Writes `#` and six hexadecimal digits.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl Oklch {
    /// The colour of the screen. Where screens have none of this chroma, the chroma is reduced.
    #[must_use]
    pub fn colour(self) -> Colour {
        let mut near = Self {
            lightness: self.lightness.clamp(0.0, 1.0),
            ..self
        };
        loop {
            let linear = near.linear();
            let shown = linear
                .iter()
                .all(|value| (-0.0005..=1.0005).contains(value));
            if shown || near.chroma <= 0.0 {
                return Colour(linear.map(channel));
            }
            near.chroma = (near.chroma - STEP).max(0.0);
        }
    }

    fn linear(self) -> [f64; 3] {
        let (sine, cosine) = self.hue.sin_cos();
        let lab = [self.lightness, self.chroma * cosine, self.chroma * sine];
        let cones = multiply(&FROM_LAB, lab).map(|root| root.powi(3));
        multiply(&FROM_CONES, cones)
    }

    /// The first colour that is good enough, starting with this one and getting darker.
    #[must_use]
    pub fn darkened_until(self, enough: impl Fn(Colour) -> bool) -> Colour {
        self.moved_until(-STEP, enough)
    }

    /// The first colour that is good enough, starting with this one and getting lighter.
    #[must_use]
    pub fn lightened_until(self, enough: impl Fn(Colour) -> bool) -> Colour {
        self.moved_until(STEP, enough)
    }

    fn moved_until(mut self, step: f64, enough: impl Fn(Colour) -> bool) -> Colour {
        loop {
            let colour = self.colour();
            if enough(colour) || !(0.0..=1.0).contains(&self.lightness) {
                return colour;
            }
            self.lightness += step;
        }
    }
}

/// A channel of sRGB, from a linear value.
fn channel(linear: f64) -> u8 {
    let value = if linear <= 0.003_130_8 {
        linear * 12.92
    } else {
        1.055 * linear.powf(1.0 / 2.4) - 0.055
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value lies between 0 and 255"
    )]
    let channel = (value * 255.0).round().clamp(0.0, 255.0) as u8;
    channel
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colour(text: &str) -> Colour {
        Colour::from_hex(text).expect("a colour")
    }

    #[test]
    fn a_colour_comes_back_from_oklch() {
        for text in [
            "#000000", "#ffffff", "#5b2a86", "#0f6b66", "#ff0000", "#123456",
        ] {
            assert_eq!(colour(text).oklch().colour().to_string(), text);
        }
    }

    #[test]
    fn contrast_is_that_of_wcag() {
        let white = |text| colour(text).contrast(Colour::WHITE);
        assert!((white("#000000") - 21.0).abs() < 0.01);
        assert!((white("#767676") - 4.54).abs() < 0.01);
        assert!((white("#5b2a86") - 9.9).abs() < 0.1);
    }

    #[test]
    fn only_six_digits_are_a_colour() {
        for text in [
            "", "#fff", "5b2a86", "#5b2a8g", "#5b2a866", "#é2a86", "#+12345",
        ] {
            assert_eq!(Colour::from_hex(text), None, "{text}");
        }
    }

    #[test]
    fn a_colour_that_no_screen_shows_loses_chroma() {
        let bright = Oklch {
            lightness: 0.22,
            chroma: 0.4,
            hue: 3.0,
        };
        assert!((bright.colour().oklch().lightness - 0.22).abs() < 0.02);
    }
}
