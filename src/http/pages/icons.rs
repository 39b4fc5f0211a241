//! The icons of the pages: outlines on a grid of 20 units, as inline SVG, so that no page loads a
//! font or another file for them.

use std::fmt;

use askama::filters::HtmlSafe;

/// An icon by its name. It is decoration: the text next to it says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Icon(&'static str);

/// The icon with this name. An unknown name draws nothing; a test compares the names in the
/// templates with the table.
#[must_use]
pub fn icon(name: &str) -> Icon {
    Icon(
        OUTLINES
            .iter()
            .find(|(known, _)| *known == name)
            .map_or("", |(_, outline)| outline),
    )
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(
            f,
            "<svg class=\"icon\" viewBox=\"0 0 20 20\" aria-hidden=\"true\" \
                focusable=\"false\"><path d=\"{}\"/></svg>",
            self.0
        )
    }
}

/// It contains no user input, so it needs no escaping.
impl HtmlSafe for Icon {}

/// The outline of each icon, by name.
const OUTLINES: &[(&str, &str)] = &[
    (
        "search",
        "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11ZM13 13l4 4",
    ),
    ("menu", "M3 5.5h14M3 10h14M3 14.5h14"),
    ("down", "m5.5 8 4.5 4.5L14.5 8"),
    ("right", "m8 5 5 5-5 5"),
    ("left", "m12 5-5 5 5 5"),
    ("check", "m4 10.5 4 4 8-9"),
    (
        "clock",
        "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14Zm0 3.5V10l2.5 2",
    ),
    ("alert", "M10 3 2.5 16.5h15L10 3Zm0 5v4m0 2.2v.1"),
    (
        "pound",
        "M13.5 6.2C13 4.6 11.8 3.8 10.4 3.8 8.5 3.8 7.2 5.2 7.2 7c0 1.6.8 2.4.8 4.3 0 2-1 3.4-2.3 \
            4.7h8.6M5.5 10.5h6",
    ),
    ("day", "M3.5 5h13v11.5h-13zM3.5 8.5h13M7 3v3.5M13 3v3.5"),
    (
        "people",
        "M7.5 9.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM2 16.5c.3-3 2.5-5 5.5-5s5.2 2 5.5 5M13 3.8a3 3 0 0 \
            1 0 5.4M15 11.8c1.8.7 2.8 2.4 3 4.7",
    ),
    (
        "home",
        "M3 9.5 10 3.5l7 6M5 8.2v8.3h10V8.2M8.5 16.5v-4.5h3v4.5",
    ),
    (
        "inbox",
        "M3 11.5 5 4h10l2 7.5V16H3v-4.5Zm0 0h4.2c.3 1.3 1.3 2 2.8 2s2.5-.7 2.8-2H17",
    ),
    (
        "panel",
        "M10 11.5a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM10 2.5v.1M4 5.5v.1M16 5.5v.1M3 12v.1M17 12v.1M6 \
            16v.1M14 16v.1M10 17.5v.1",
    ),
    (
        "heart",
        "M10 16.5C5.5 13.2 3 10.7 3 7.7 3 5.5 4.6 4 6.5 4c1.5 0 2.8.8 3.5 2.2C10.7 4.8 12 4 13.5 4 \
            15.4 4 17 5.5 17 7.7c0 3-2.5 5.5-7 8.8Z",
    ),
    (
        "bank",
        "M3 8 10 3.5 17 8H3Zm2 2.5V14m3.3-3.5V14m3.4-3.5V14M15 10.5V14M3 16.5h14",
    ),
    ("talk", "M3.5 4.5h13v9H10l-3.5 3v-3h-3v-9Z"),
    ("chart", "M3.5 16.5h13M5.5 13.5v-4M10 13.5v-9M14.5 13.5v-6"),
    (
        "gear",
        "M4 6h6m4 0h2M4 14h2m4 0h6M12 4.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6ZM8 12.2a1.8 1.8 \
            0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6Z",
    ),
    (
        "seal",
        "M10 3l5.5 2v4.5c0 3.4-2.2 5.8-5.5 7.5-3.3-1.7-5.5-4.1-5.5-7.5V5L10 3Zm-2.5 7 1.8 1.8 \
            3.2-3.6",
    ),
    (
        "pin",
        "M10 17.5c3.5-4 5.2-6.7 5.2-9.2a5.2 5.2 0 0 0-10.4 0c0 2.5 1.7 5.2 5.2 9.2Zm0-7.3a2 2 0 1 \
            0 0-4 2 2 0 0 0 0 4Z",
    ),
    (
        "phone",
        "M5 3.5h2.5L9 7.5 7.2 8.8c.8 1.7 2.2 3.1 4 4L12.5 11l4 1.5V15c0 1-.7 1.7-1.7 1.6C8.7 16 4 \
            11.3 3.4 5.2 3.3 4.2 4 3.5 5 3.5Z",
    ),
    ("mail", "M3 5h14v10.5H3zM3.3 5.5 10 11l6.7-5.5"),
    (
        "print",
        "M6 7.5V3.5h8v4M6 13.5H3.5v-6h13v6H14M6 11.5h8v5H6z",
    ),
    ("take", "M10 3.5v9m-3.5-3.3L10 12.7l3.5-3.5M4 16.5h12"),
    ("dots", "M4.5 10h.1M10 10h.1M15.5 10h.1"),
    ("plus", "M10 4.5v11M4.5 10h11"),
    ("x", "m5.5 5.5 9 9m0-9-9 9"),
    ("note", "M4.5 3.5h11v9l-4 4h-7v-13Zm7 13v-4h4"),
    (
        "clip",
        "m14.5 9-5 5a2.5 2.5 0 0 1-3.6-3.6l6-6a1.7 1.7 0 0 1 2.4 2.4l-5.6 5.6",
    ),
    ("arrow", "M4 10h12m-4.5-4.5L16 10l-4.5 4.5"),
    (
        "star",
        "m10 3 2.1 4.5 4.9.6-3.6 3.4.9 4.9L10 14l-4.3 2.4.9-4.9L3 8.1l4.9-.6L10 3Z",
    ),
    ("flag", "M5 17V3.5h9l-1.8 3 1.8 3H5"),
    (
        "eye",
        "M2.5 10C4.3 6.8 6.9 5.2 10 5.2s5.7 1.6 7.5 4.8c-1.8 3.2-4.4 4.8-7.5 4.8S4.3 13.2 2.5 \
            10ZM10 7.8a2.2 2.2 0 1 0 0 4.4 2.2 2.2 0 0 0 0-4.4Z",
    ),
    ("file", "M5 3.5h6.5L15 7v9.5H5zM11.5 3.5V7H15"),
    (
        "link",
        "M8.5 11.5a3 3 0 0 0 4.2 0l2.5-2.5a3 3 0 0 0-4.2-4.2l-.8.8m1.3 2.9a3 3 0 0 0-4.2 0L4.8 \
            11A3 3 0 0 0 9 15.2l.8-.8",
    ),
    (
        "hand",
        "M6 16.5c-2-1.5-3-3.3-3-5.5l3 1.5V5.2a1.2 1.2 0 0 1 2.3 0v4-5.5a1.2 1.2 0 0 1 2.4 \
            0v5.5-4.5a1.2 1.2 0 0 1 2.4 0v4.8-3a1.2 1.2 0 0 1 2.4 0v5.7c0 2.7-1.7 4.3-4.2 4.3H6Z",
    ),
    ("pencil", "m4 16 .8-3.5L13 4.3l2.7 2.7-8.2 8.2L4 16Z"),
    (
        "globe",
        "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM3 10h14M10 3c2 2 3 4.4 3 7s-1 5-3 \
            7c-2-2-3-4.4-3-7s1-5 3-7Z",
    ),
    (
        "sun",
        "M10 6.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM10 2v1.5M10 16.5V18M2 10h1.5M16.5 10H18M4.3 \
            4.3l1.1 1.1M14.6 14.6l1.1 1.1M4.3 15.7l1.1-1.1M14.6 5.4l1.1-1.1",
    ),
    (
        "books",
        "M4 3.5h3.5v13H4zM7.5 3.5H11v13H7.5zM11.3 5l3.3-.9 2.4 11.6-3.3.8z",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The names that a text of a template or of code asks for.
    fn names_asked_for(text: &str) -> impl Iterator<Item = &str> {
        text.split("icon(\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
    }

    #[test]
    fn each_icon_that_is_asked_for_exists() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut folders = vec![root.join("templates"), root.join("src/http/pages")];
        let mut asked = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap().flatten() {
                if entry.path().is_dir() {
                    folders.push(entry.path());
                    continue;
                }
                let text = std::fs::read_to_string(entry.path()).unwrap();
                for name in names_asked_for(text.split("#[cfg(test)]").next().unwrap()) {
                    asked += 1;
                    assert_ne!(icon(name), Icon(""), "{name} in {}", entry.path().display());
                }
            }
        }
        assert!(asked > 5, "the templates ask for icons: {asked}");
    }
}
