//! Subject access report as a plain text that can be printed and handed over.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::views::SubjectAccessReport;

/// Renders reports as one text, with their parts one after another under their titles.
#[must_use]
pub fn text(organisation: &str, about: &str, on: Date, held: &[SubjectAccessReport]) -> String {
    let mut text = format!("What {organisation} holds about {about}\n");
    let through = held.iter().map(|held| held.through).max().unwrap_or(-1);
    let _ = writeln!(
        text,
        "Made on {on}, from the log up to position {through}.\n"
    );
    let _ = writeln!(
        text,
        "(erased) means that we have erased this and no one can read it any more."
    );
    for part in held.iter().flat_map(|held| &held.sections) {
        let _ = write!(
            text,
            "\n{}\n{}\n",
            part.title,
            "=".repeat(part.title.chars().count())
        );
        if part.items.is_empty() {
            text.push_str("\nNothing.\n");
        }
        for (thing, says) in &part.items {
            let _ = writeln!(text, "\n{thing}");
            for (name, value) in says {
                let _ = writeln!(text, "  {name}: {}", value.replace('\n', "\n    "));
            }
        }
    }
    text
}
