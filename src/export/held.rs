//! What is held on somebody, as one text that can be read, printed and handed over.

use std::fmt::Write as _;

use jiff::civil::Date;

use crate::views::Held;

/// Writes it; several parts one after another, each under its title.
#[must_use]
pub fn text(organisation: &str, about: &str, on: Date, held: &[Held]) -> String {
    let mut text = format!("What {organisation} holds on {about}\n");
    let through = held.iter().map(|held| held.through).max().unwrap_or(-1);
    let _ = writeln!(
        text,
        "Made on {on}, from the log up to position {through}.\n"
    );
    let _ = writeln!(
        text,
        "What says (erased) was erased and cannot be read by anybody any more."
    );
    for part in held.iter().flat_map(|held| &held.parts) {
        let _ = write!(
            text,
            "\n{}\n{}\n",
            part.title,
            "=".repeat(part.title.chars().count())
        );
        if part.things.is_empty() {
            text.push_str("\nNothing.\n");
        }
        for (thing, says) in &part.things {
            let _ = writeln!(text, "\n{thing}");
            for (name, value) in says {
                let _ = writeln!(text, "  {name}: {}", value.replace('\n', "\n    "));
            }
        }
    }
    text
}
