//! CSV output that no spreadsheet program interprets as formulas.
//!
//! Spreadsheet programs start a formula at `=`, `+`, `-` or `@`, also in their full-width forms,
//! and skip spaces and invisible characters before it. In locales with a decimal comma they split
//! lines at semicolons, even inside quotes. A cell may therefore start at the beginning of a text
//! and after each semicolon, tab and line break. At each such place an apostrophe is inserted
//! before a formula. The rest is unchanged, and [`unescape_formula`] reverses it. Numbers that the
//! program computed stay numbers, including negative ones.

/// The beginning of a CSV file by which Excel knows that it is UTF-8. Without it Excel garbles
/// letters such as `é`.
pub const BYTE_ORDER_MARK: char = '\u{FEFF}';

/// A cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvCell {
    /// Text of any origin. It is escaped.
    Text(String),
    /// A number or date that the program computed. It is not escaped.
    Plain(String),
}

/// Writes a table as CSV (RFC 4180). Every text is quoted and escaped.
#[must_use]
pub fn write_table(titles: &[&str], rows: impl IntoIterator<Item = Vec<CsvCell>>) -> String {
    let said = |cell: CsvCell| match cell {
        CsvCell::Text(text) => escape_formula(&text),
        CsvCell::Plain(plain) => plain,
    };
    let titles: Vec<String> = titles.iter().map(|title| (*title).to_owned()).collect();
    let rows = rows
        .into_iter()
        .map(|row| row.into_iter().map(said).collect());
    write_records(std::iter::once(titles).chain(rows))
}

/// Writes records as CSV without escaping formulas: the caller has checked them. Non-numeric fields
/// are quoted.
#[must_use]
pub fn write_records(records: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut csv = ::csv::WriterBuilder::new()
        .terminator(::csv::Terminator::CRLF)
        .quote_style(::csv::QuoteStyle::NonNumeric)
        .from_writer(Vec::new());
    for record in records {
        let _ = csv.write_record(record);
    }
    csv.into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

/// Characters that start a formula, and characters that look like them.
const FORMULA_SIGNS: [char; 13] = [
    '=', '+', '-', '@', '\u{FF1D}', '\u{FF0B}', '\u{FF0D}', '\u{FF20}', '\u{FE66}', '\u{FE62}',
    '\u{FE63}', '\u{FE6B}', '\u{2212}',
];
/// Characters after which a cell may start.
const CELL_BREAKS: [char; 4] = [';', '\t', '\r', '\n'];

/// Whether a program may skip the character before a formula: spaces, quotes, control characters
/// and invisible characters.
fn is_ignored_before_formula(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '"' | '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}'
            | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
            | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}'
            | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
            | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}

/// Splits a text where a cell may start, and returns for each part whether it would be read as a
/// formula.
fn cell_parts(text: &str) -> impl Iterator<Item = (bool, &str)> {
    text.split_inclusive(CELL_BREAKS)
        .enumerate()
        .map(|(number, part)| {
            // A typed apostrophe gets a second one, so that it survives when `as_typed` removes
            // ours.
            let rest = part.trim_start_matches('\'');
            let begins = number == 0 && rest.starts_with(['\t', '\r']);
            (
                begins
                    || rest
                        .trim_start_matches(is_ignored_before_formula)
                        .starts_with(FORMULA_SIGNS),
                part,
            )
        })
}

/// Escapes a text so that no spreadsheet program reads it as a formula.
#[must_use]
pub fn escape_formula(text: &str) -> String {
    cell_parts(text)
        .flat_map(|(formula, part)| [if formula { "'" } else { "" }, part])
        .collect()
}

/// Reverses [`escape_formula`].
#[must_use]
pub fn unescape_formula(text: &str) -> String {
    cell_parts(text)
        .map(|(formula, part)| {
            if formula {
                part.strip_prefix('\'').unwrap_or(part)
            } else {
                part
            }
        })
        .collect()
}

/// Whether a spreadsheet may compute the text, or a part of it, as a formula. Two kinds of text do
/// not count: a dash and a space at the start of a later line, which are a list item, and plain
/// words after a sign.
#[must_use]
pub fn contains_formula(text: &str) -> bool {
    let listed = |part: &str| {
        part.trim_start_matches(is_ignored_before_formula)
            .starts_with("- ")
    };
    cell_parts(text)
        .enumerate()
        .any(|(number, (formula, part))| {
            formula && !is_plain_words(part) && (number == 0 || !listed(part))
        })
}

/// Whether a part has only words after its sign, as in `@ The Hall` and `-ish`. Without `=`,
/// digits, brackets and operators a spreadsheet cannot call a function or refer to a cell; at worst
/// it shows an unknown name.
fn is_plain_words(part: &str) -> bool {
    const SIGNS: [char; 3] = ['@', '-', '+'];
    part.trim_end_matches(CELL_BREAKS)
        .trim_start_matches(' ')
        .strip_prefix(SIGNS)
        .is_some_and(|words| {
            words
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '&' | ',' | '.' | '\'' | '’'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_formula_gets_an_apostrophe_wherever_a_cell_may_begin() {
        for (typed, written) in [
            ("Soup & song", "Soup & song"),
            ("Soup - and song; bread", "Soup - and song; bread"),
            ("=1+1", "'=1+1"),
            ("\u{FF1D}1+1", "'\u{FF1D}1+1"),
            ("\u{FEFF}=1", "'\u{FEFF}=1"),
            (" \u{200B}@x", "' \u{200B}@x"),
            ("'=1", "''=1"),
            ("'tis", "'tis"),
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("x; \"+1\"", "x;' \"+1\""),
            ("a\t-1\n=2", "a\t'-1\n'=2"),
            ("\ta", "'\ta"),
        ] {
            assert_eq!(escape_formula(typed), written, "{typed}");
            assert_eq!(unescape_formula(written), typed, "{typed}");
        }
    }

    #[test]
    fn a_list_is_no_formula() {
        assert!(!contains_formula(
            "We cook:\n- soup\n- bread (2); and - at times - cake"
        ));
        for text in [
            "- soup (2)",
            "=x",
            "We cook;=x",
            "We cook:\n-soup 2",
            "\u{FF0B}44",
        ] {
            assert!(contains_formula(text), "{text}");
        }
    }

    #[test]
    fn plain_words_after_a_sign_are_not_a_formula() {
        for text in [
            "@ The Hall",
            "@TheHall",
            "-ish",
            "- hire of the hall\n- food",
            "+ more",
            "+Ółdham & Søn's, est. -ish-",
            "We cook; - soup;\n@ The Hall",
            "-",
        ] {
            assert!(!contains_formula(text), "{text}");
        }
        for text in [
            "@SUM(A1)",
            "@A1",
            "-2+3",
            "+44 161 496 0000",
            "-x|y",
            "@x!y",
            "-[x]y",
            "-\"x\"",
            "-x=y",
            "=ish",
            "\u{FF1D}ish",
            "\u{FF20} The Hall",
            "\u{200B}-ish",
            "\t-ish",
            "-ish;=x",
            "-x:y",
            "-x*y",
            "@{x}",
        ] {
            assert!(contains_formula(text), "{text}");
        }
    }

    /// Models a spreadsheet program: skips invisible characters and looks for a sign.
    fn is_formula(cell: &str) -> bool {
        cell.trim_start_matches(is_ignored_before_formula)
            .starts_with(FORMULA_SIGNS)
    }

    fn is_number(cell: &str) -> bool {
        let digits = cell.strip_prefix('-').unwrap_or(cell);
        !digits.is_empty()
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    }

    const TRICKS: &str =
        "[=+\\-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20};,\t\r\n\"' \u{FEFF}\u{200B}a1|]{0,12}";

    proptest! {
        #[test]
        fn no_cell_begins_with_a_sign_whatever_lines_are_split_at(
            rows in prop::collection::vec((TRICKS, -500_i64..500, TRICKS), 1..6),
        ) {
            let row = |(first, number, last): &(String, i64, String)| {
                vec![CsvCell::Text(first.clone()), CsvCell::Plain(number.to_string()),
                    CsvCell::Text(last.clone())]
            };
            let csv = write_table(&["Name", "Change", "Note"], rows.iter().map(row));
            for delimiter in *b",;\t" {
                let mut reader = ::csv::ReaderBuilder::new().has_headers(false).flexible(true)
                    .delimiter(delimiter).from_reader(csv.as_bytes());
                for record in reader.records() {
                    for cell in &record.expect("a line") {
                        let is_safe = !is_formula(cell) || is_number(cell);
                        let delimiter = char::from(delimiter);
                        prop_assert!(is_safe, "{cell:?} of {csv:?} at {delimiter:?}");
                    }
                }
            }
            let mut reader = ::csv::Reader::from_reader(csv.as_bytes());
            let read: Vec<_> = reader.records().map(|record| record.expect("a line")).collect();
            prop_assert_eq!(read.len(), rows.len());
            for (record, (first, number, last)) in read.iter().zip(&rows) {
                let read = (unescape_formula(&record[0]), record[1].to_owned(),
                    unescape_formula(&record[2]));
                prop_assert_eq!(read, (first.clone(), number.to_string(), last.clone()));
            }
        }
    }
}
