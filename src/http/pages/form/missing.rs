//! The error of a field that was left empty, in a sentence made of its label.

use super::errors::with_first;
use crate::http::pages::components::FieldKind;

/// Labels that are no nouns, or short for more, and the error of each.
const OWN_SENTENCES: [(&str, &str); 31] = [
    ("Answer by", "Enter the day by which you need the answer"),
    ("Areas", "Enter at least one area"),
    ("By when", "Enter the day by which it has to be done"),
    ("Consent", "Tick the box if they agreed"),
    (
        "Did it come in or go out?",
        "Choose whether it came in or went out",
    ),
    ("Email", "Enter the email address"),
    ("Final report by", "Enter the last day for the final report"),
    ("For our records", "Enter a few words for our records"),
    ("How did it come?", "Choose how it came"),
    ("How did they tell us?", "Choose how they told us"),
    ("How did you check them?", "Say how you checked them"),
    (
        "How much of it do you see?",
        "Choose how much of it you see",
    ),
    (
        "It may be spent in",
        "Choose the area in which it may be spent",
    ),
    ("Look at the application again?", "Choose yes or no"),
    ("Of the money for", "Choose the area of the money"),
    ("Phone", "Enter the phone number"),
    ("Received on", "Enter the day you received it"),
    ("Spent", "Enter how much was spent"),
    ("Spent so far", "Enter how much was spent so far"),
    ("Valid until", "Enter the last day on which it is valid"),
    ("What did you learn?", "Say what you learned"),
    ("What do they say?", "Say what they say"),
    ("What do we ask of them?", "Say what we ask of them"),
    ("What do you need?", "Say what you need"),
    ("What is it?", "Choose what it is"),
    ("When", "Enter the day"),
    (
        "Which answers is it about?",
        "Choose the answers that it is about",
    ),
    (
        "Which one is about the same?",
        "Choose the one that is about the same",
    ),
    (
        "Which payment is it about?",
        "Choose the payment that it is about",
    ),
    ("Which scan?", "Choose the scan"),
    ("Which sign?", "Choose the sign"),
];

/// First words after which a noun has no article.
const WITHOUT_ARTICLE: [&str; 19] = [
    "what", "who", "whom", "whose", "which", "why", "when", "where", "how", "whether", "the", "a",
    "an", "your", "our", "their", "its", "one", "at",
];

/// The error of an empty field: "Enter who gives the money", "Choose the area". A question whose
/// words would need another order is repeated as it is.
pub(super) fn missing_text(label: &str, kind: FieldKind) -> String {
    let label = label.trim_end_matches([':', ' ']);
    if let Some((_, sentence)) = OWN_SENTENCES.iter().find(|(own, _)| *own == label) {
        return (*sentence).to_owned();
    }
    let plain = label.trim_end_matches('?');
    if plain != label && is_inverted(plain) {
        return format!("Answer the question: {label}");
    }
    let noun = if begins_with_capitals(plain) {
        plain.to_owned()
    } else {
        with_first(plain, char::to_lowercase)
    };
    let first = first_word(&noun);
    let article = if WITHOUT_ARTICLE.contains(&first) {
        ""
    } else {
        "the "
    };
    let verb = match kind {
        FieldKind::Select
        | FieldKind::Radios
        | FieldKind::Choice
        | FieldKind::Checkboxes
        | FieldKind::File
        | FieldKind::Table => "Choose",
        _ if first == "why" => "Say",
        _ => "Enter",
    };
    format!("{verb} {article}{noun}")
}

/// Whether a question has its verb before its subject, as in "How did it come" or "Is it new".
fn is_inverted(question: &str) -> bool {
    const VERBS: [&str; 17] = [
        "am", "are", "can", "could", "did", "do", "does", "had", "has", "have", "is", "must",
        "should", "was", "were", "will", "would",
    ];
    // "Who was there" and "What was wrong" ask for the subject itself.
    let asks_for_subject = ["who", "what"].contains(&first_word(&question.to_lowercase()))
        && question.split_whitespace().count() < 5
        && !question
            .split_whitespace()
            .any(|word| ["do", "did", "is"].contains(&word));
    !asks_for_subject
        && question
            .split_whitespace()
            .any(|word| VERBS.contains(&word.to_lowercase().as_str()))
}

fn first_word(text: &str) -> &str {
    text.split(|c: char| !c.is_alphanumeric())
        .next()
        .unwrap_or_default()
}

/// Whether the first word is an abbreviation, such as PDF.
fn begins_with_capitals(label: &str) -> bool {
    label
        .split_whitespace()
        .next()
        .is_some_and(|word| word.len() > 1 && word.chars().all(char::is_uppercase))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    /// The fields of an action on the desk, and what kind of field each makes.
    const FIELDS: [(&str, FieldKind); 11] = [
        (".text(", FieldKind::Text),
        (".key(", FieldKind::Text),
        (".keys(", FieldKind::TextArea),
        (".text_area(", FieldKind::TextArea),
        (".money(", FieldKind::Money),
        (".number(", FieldKind::Number),
        (".day(", FieldKind::Day),
        (".select(", FieldKind::Select),
        (".checkboxes(", FieldKind::Checkboxes),
        (".noted_checkboxes(", FieldKind::Checkboxes),
        (".tick(", FieldKind::Checkboxes),
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                found.push(path);
            }
        }
    }

    /// The two texts with which a call begins: name and label.
    fn two_texts(call: &str) -> Option<(&str, &str)> {
        let (name, rest) = call.trim_start().strip_prefix('"')?.split_once('"')?;
        let rest = rest.trim_start().strip_prefix(',')?.trim_start();
        let (label, _) = rest.strip_prefix('"')?.split_once('"')?;
        Some((name, label))
    }

    /// The labels of all fields of actions on the desk.
    fn labels() -> BTreeSet<(String, usize)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http/pages/desk");
        let (mut files, mut labels) = (Vec::new(), BTreeSet::new());
        sources(&folder, &mut files);
        for file in files {
            let text = fs::read_to_string(file).unwrap();
            for (at, (call, _)) in FIELDS.iter().enumerate() {
                let calls = text.split(call).skip(1).filter_map(two_texts);
                // The first texts of other calls are the name of a field and what to say.
                let own = calls.filter(|(_, label)| label.starts_with(char::is_uppercase));
                labels.extend(own.map(|(_, label)| (label.to_owned(), at)));
            }
        }
        labels
    }

    #[test]
    fn what_is_missing_is_said_in_words_that_read_well() {
        const NO_NOUNS: [&str; 22] = [
            "and", "answer", "by", "did", "do", "does", "for", "from", "good", "if", "in", "is",
            "it", "more", "of", "on", "received", "spent", "to", "until", "valid", "when",
        ];
        let labels = labels();
        assert!(labels.len() > 60, "only {} labels were found", labels.len());
        for (label, kind) in labels {
            let is_optional = [
                "(optional)",
                ", if ",
                "Leave it empty",
                "(0 if none)",
                "More checks",
            ]
            .iter()
            .any(|part| label.contains(part));
            if is_optional {
                continue;
            }
            let says = missing_text(&label, FIELDS[kind].1);
            let after_article = says.split_once(" the ").map_or("", |(_, rest)| rest);
            let bad = says.contains('?')
                || (!OWN_SENTENCES.iter().any(|(own, _)| *own == label)
                    && NO_NOUNS.contains(&first_word(after_article)));
            assert!(!bad, "{label}: {says}. It needs a sentence of its own");
        }
    }

    #[test]
    fn every_sentence_of_its_own_has_its_label() {
        let labels = labels();
        let select_as = [
            "Look at the application again?",
            "Which payment is it about?",
        ];
        for (own, _) in OWN_SENTENCES {
            let known = labels.iter().any(|(label, _)| label == own);
            assert!(
                known || select_as.contains(&own),
                "no field is called {own}"
            );
        }
        assert!(OWN_SENTENCES.is_sorted());
    }

    #[test]
    fn a_label_becomes_a_sentence() {
        for (label, kind, says) in [
            (
                "By when",
                FieldKind::Day,
                "Enter the day by which it has to be done",
            ),
            ("Area", FieldKind::Select, "Choose the area"),
            ("Why", FieldKind::TextArea, "Say why"),
            (
                "What was wrong?",
                FieldKind::TextArea,
                "Enter what was wrong",
            ),
            (
                "Who else was there?",
                FieldKind::Checkboxes,
                "Choose who else was there",
            ),
            (
                "How did you help?",
                FieldKind::Radios,
                "Answer the question: How did you help?",
            ),
            (
                "PDF of the form",
                FieldKind::File,
                "Choose the PDF of the form",
            ),
            ("How much?", FieldKind::Money, "Enter how much"),
        ] {
            assert_eq!(missing_text(label, kind), says);
        }
    }
}
