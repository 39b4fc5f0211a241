//! Reader of CSV files: commas, semicolons or tabs between the cells, as spreadsheet programs write
//! them in different countries.

use super::cell::TableCell;
use super::line::{
    CELL_BYTES_MAX, COLUMNS_MAX, LINES_MAX, TableError, column_title, unknown_format,
};
use super::table::is_known_title;

/// The separators that are tried. The first has precedence.
const SEPARATORS: [u8; 4] = *b",;\t|";
/// A line that is appended to the file. If a quotation mark is still open, it becomes part of a
/// cell.
const END_MARK: &str = "\u{10fffe}end\u{10fffe}";

/// The cells row by row. Empty lines are rows without cells, so that rows count as in a spreadsheet
/// program.
pub(super) fn rows(text: String) -> Result<Vec<Vec<TableCell>>, TableError> {
    let mut text = with_plain_line_breaks(text);
    let (separator, skipped) = separator_line(&text);
    let separator = separator.unwrap_or_else(|| separator_of(&text[skipped..]));
    text.extend(["\n", END_MARK, "\n"]);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator)
        .from_reader(&text.as_bytes()[skipped..]);
    let mut record = csv::StringRecord::new();
    let mut rows: Vec<Vec<TableCell>> = Vec::new();
    loop {
        let before = reader.position().line();
        if !reader.read_record(&mut record).map_err(unknown_format)? {
            return Err(TableError::OpenQuote(rows.len()));
        }
        let lines = usize::try_from(reader.position().line() - before).unwrap_or_default();
        let within: usize = record.iter().map(|cell| cell.matches('\n').count()).sum();
        let row = rows.len() + lines.saturating_sub(within + 1);
        if record.len() == 1 && &record[0] == END_MARK {
            return Ok(rows);
        }
        if record.iter().any(|cell| cell.contains(END_MARK)) {
            return Err(TableError::OpenQuote(row + 1));
        }
        if row > LINES_MAX
            || record.len() > COLUMNS_MAX
            || record.iter().any(|cell| cell.len() > CELL_BYTES_MAX)
        {
            return Err(TableError::TooLong);
        }
        rows.resize_with(row, Vec::new);
        rows.push(record.iter().map(TableCell::typed).collect());
    }
}

fn with_plain_line_breaks(text: String) -> String {
    if text.contains('\r') {
        text.replace("\r\n", "\n").replace('\r', "\n")
    } else {
        text
    }
}

/// The separator that the first line names, as in `sep=;`, and the length of that line.
fn separator_line(text: &str) -> (Option<u8>, usize) {
    let first = text.split('\n').next().unwrap_or_default();
    let named = first.trim_matches('"');
    let mark = named
        .get(..4)
        .filter(|word| word.eq_ignore_ascii_case("sep="))
        .and_then(|_| named.get(4..));
    match mark.map(str::as_bytes) {
        Some([separator]) if separator.is_ascii() => {
            (Some(*separator), (first.len() + 1).min(text.len()))
        }
        _ => (None, 0),
    }
}

/// The separator that gives the first filled line the most known titles.
fn separator_of(text: &str) -> u8 {
    let first = text
        .lines()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let known_titles = |separator: u8| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .delimiter(separator)
            .from_reader(first.as_bytes());
        let record = reader.records().next().and_then(Result::ok);
        record.map_or(0, |record| {
            record
                .iter()
                .filter(|cell| is_known_title(&column_title(cell)))
                .count()
        })
    };
    let mut best = (SEPARATORS[0], 0);
    for separator in SEPARATORS {
        let known = known_titles(separator);
        if known > best.1 {
            best = (separator, known);
        }
    }
    best.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<Vec<String>> {
        let rows = rows(text.to_owned()).expect("a table");
        rows.into_iter()
            .map(|row| row.into_iter().map(|cell| cell.text).collect())
            .collect()
    }

    #[test]
    fn each_separator_is_read() {
        let wanted = [
            ["reference", "name", "area"],
            ["1", "soup, and song", "oldham"],
        ];
        for text in [
            "reference,name,area\n1,\"Soup, and song\",oldham\n",
            "reference;name;area\r\n1;Soup, and song;oldham",
            "Reference\tName\tArea\r1\tSoup, and song\toldham\r",
            "sep=;\r\nreference;name;area\r\n1;Soup, and song;oldham\r\n",
            "SEP=,\nreference,name,area\n1,\"Soup, and song\",oldham\n",
            "\"sep=|\"\nreference|name|area\n1|Soup, and song|oldham\n",
        ] {
            let read = texts(&text.to_lowercase());
            assert_eq!(read, wanted, "{text:?}");
        }
    }

    #[test]
    fn rows_count_as_in_a_spreadsheet() {
        for line_end in ["\n", "\r\n", "\r"] {
            let text = ["name", "", "\"two", "lines\"", "", "", "last"].join(line_end);
            let read = texts(&text);
            let filled: Vec<usize> = (1..)
                .zip(&read)
                .filter(|(_, row)| !row.is_empty())
                .map(|(number, _)| number)
                .collect();
            assert_eq!(filled, [1, 3, 6], "{read:?}");
            assert_eq!(read[2], ["two\nlines"]);
        }
    }

    #[test]
    fn an_open_quotation_mark_swallows_no_row() {
        for (text, row) in [
            ("reference,name\n1,\"Knit\n2,Soup\n3,Song\n", 2),
            ("reference,name\n1,Knit\n2,\"Soup", 3),
            ("\"reference,name\n1,Knit\n", 1),
        ] {
            assert_eq!(
                rows(text.to_owned()),
                Err(TableError::OpenQuote(row)),
                "{text:?}"
            );
        }
        assert_eq!(texts("name\n6\" nails\n")[1], ["6\" nails"]);
    }
}
