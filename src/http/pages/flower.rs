//! The flower: a chart with one petal for each sign of success, as long as the share of reports
//! that saw the sign. The labels around it say the same in numbers.

#![expect(
    clippy::float_arithmetic,
    reason = "a drawing is computed in fractions; no amount of money is"
)]

use std::f64::consts::TAU;

use askama::Template;
use askama::filters::HtmlSafe;

/// The length of a full petal, and the centre, in units of the drawing.
const RADIUS: f64 = 132.0;
const CENTRE: (f64, f64) = (250.0, 195.0);
/// The length of a petal that nobody saw.
const SHORTEST: f64 = 26.0;
/// The width of a full petal, as a part of its length.
const BREADTH: f64 = 0.3;
/// The space between the tip of a petal and its label, and between two lines of a label.
const LABEL_GAP: f64 = 14.0;
const LINE_HEIGHT: f64 = 16.0;
/// The longest name that is one line.
const LINE_MAX: usize = 15;

/// What the flower shows of one sign.
pub struct Petal {
    pub name: String,
    /// How many reports saw the sign.
    pub seen: i64,
}

/// The chart, as SVG.
#[derive(Template)]
#[template(path = "parts/flower.html")]
pub struct Flower {
    /// What the chart says, for those who do not see it.
    title: String,
    labelled: bool,
    full: Vec<String>,
    seen: Vec<String>,
    labels: Vec<Label>,
}

impl HtmlSafe for Flower {}

struct Label {
    anchor: &'static str,
    lines: Vec<LabelLine>,
}

struct LabelLine {
    x: i64,
    y: i64,
    text: String,
    is_number: bool,
}

impl Flower {
    /// A flower of `petals` from a number of reports. `of` puts a count into words: "19 of 24".
    pub fn new(
        title: &str,
        petals: &[Petal],
        reports: i64,
        of: impl Fn(i64) -> String,
        labelled: bool,
    ) -> Self {
        let says: Vec<String> = petals
            .iter()
            .map(|petal| format!("{}, {}", petal.name, of(petal.seen)))
            .collect();
        let outline = |at: usize, share: f64| {
            let length = SHORTEST + (RADIUS - SHORTEST) * share;
            let width = RADIUS * BREADTH * (0.45 + 0.55 * share);
            petal_outline(angle(at, petals.len()), length, width)
        };
        Self {
            title: format!("{title}: {}", says.join("; ")),
            labelled,
            full: (0..petals.len()).map(|at| outline(at, 1.0)).collect(),
            seen: petals
                .iter()
                .enumerate()
                .map(|(at, petal)| outline(at, share(petal.seen, reports)))
                .collect(),
            labels: petals
                .iter()
                .enumerate()
                .map(|(at, petal)| label(angle(at, petals.len()), &petal.name, of(petal.seen)))
                .collect(),
        }
    }
}

/// The part of the reports, from 0 to 1.
#[expect(clippy::cast_precision_loss, reason = "counts of reports are small")]
fn share(seen: i64, reports: i64) -> f64 {
    if reports <= 0 {
        return 0.0;
    }
    (seen as f64 / reports as f64).clamp(0.0, 1.0)
}

/// The angle of a petal from the top, clockwise, in radians.
#[expect(clippy::cast_precision_loss, reason = "there are at most 20 signs")]
fn angle(at: usize, petals: usize) -> f64 {
    TAU * at as f64 / petals.max(1) as f64
}

/// The outline of a petal from the centre and back, as the data of a path.
fn petal_outline(angle: f64, length: f64, width: f64) -> String {
    let (sine, cosine) = angle.sin_cos();
    let point = |along: f64, across: f64| {
        let x = CENTRE.0 + sine * along + cosine * across;
        let y = CENTRE.1 - cosine * along + sine * across;
        format!("{x:.1} {y:.1}")
    };
    let centre = point(0.0, 0.0);
    format!(
        "M{centre}C{} {} {}C{} {} {centre}Z",
        point(length * 0.35, -width),
        point(length * 0.95, -width * 1.05),
        point(length, 0.0),
        point(length * 0.95, width * 1.05),
        point(length * 0.35, width),
    )
}

/// The label of a petal: its name on one or two lines, and the count below.
fn label(angle: f64, name: &str, count: String) -> Label {
    let (sine, cosine) = angle.sin_cos();
    let mut lines = name_lines(name);
    lines.push(count);
    let x = round(CENTRE.0 + sine * (RADIUS + LABEL_GAP));
    let y = CENTRE.1 - cosine * (RADIUS + LABEL_GAP);
    let names = lines.len() - 1;
    let last = names;
    let lines = lines.into_iter().zip(0_u8..).enumerate();
    let lines = lines.map(|(at, (text, line))| LabelLine {
        x,
        y: round(y + lift(cosine, names) + f64::from(line) * LINE_HEIGHT),
        text,
        is_number: at == last,
    });
    Label {
        anchor: if sine.abs() < 0.1 {
            "middle"
        } else if sine > 0.0 {
            "start"
        } else {
            "end"
        },
        lines: lines.collect(),
    }
}

/// How far a label moves down from its place, so that it does not cover its petal. The label has a
/// number of lines above its count.
#[expect(clippy::cast_precision_loss, reason = "a name has at most two lines")]
fn lift(cosine: f64, names: usize) -> f64 {
    let names = names as f64;
    if cosine > 0.99 {
        2.0 - names * LINE_HEIGHT
    } else if cosine < -0.99 {
        12.0
    } else if cosine.abs() < 0.1 {
        4.0 - names * 8.0
    } else if cosine > 0.0 {
        4.0 - names * 12.0
    } else {
        4.0
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the drawing is 500 units wide"
)]
fn round(value: f64) -> i64 {
    value.round() as i64
}

/// A name on one line, or on two if it is long.
fn name_lines(name: &str) -> Vec<String> {
    let words: Vec<&str> = name.split_whitespace().collect();
    if name.chars().count() <= LINE_MAX || words.len() < 2 {
        return vec![name.to_owned()];
    }
    let (first, second) = words.split_at(words.len().div_ceil(2));
    vec![first.join(" "), second.join(" ")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_petal_is_as_long_as_its_share() {
        let petals = ["Acting early", "Bringing people together"].map(|name| Petal {
            name: name.to_owned(),
            seen: if name.starts_with('A') { 0 } else { 4 },
        });
        let flower = Flower::new("Signs", &petals, 4, |seen| format!("{seen} of 4"), true);
        assert_eq!(
            flower.title,
            "Signs: Acting early, 0 of 4; Bringing people together, 4 of 4"
        );
        assert_ne!(flower.seen[0], flower.full[0]);
        assert_eq!(flower.seen[1], flower.full[1]);
        let texts: Vec<_> = flower.labels[1]
            .lines
            .iter()
            .map(|line| line.text.as_str())
            .collect();
        assert_eq!(texts, ["Bringing people", "together", "4 of 4"]);
    }
}
