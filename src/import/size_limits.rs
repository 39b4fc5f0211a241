//! Size limits of workbooks, checked before the workbook library allocates memory.
//!
//! An ODS file can declare a cell or row that repeats millions of times in a few bytes, and an XLSX
//! file can declare a huge number of shared strings. The library would allocate all of it, so the
//! declared sizes are added up from the XML first.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::line::{TableError, UNPACKED_BYTES_MAX, unknown_format};

/// Maximum number of cells of a workbook after its repeats are expanded (20,000 lines of 50 cells),
/// and of shared strings.
const CELLS_MAX: u64 = 1_000_000;

/// Rejects the shared strings part of an XLSX file if it declares more than [`CELLS_MAX`] strings.
pub(super) fn check_shared_strings(part: &[u8]) -> Result<(), TableError> {
    for_each_event(part, |event| match event {
        Event::Start(tag) if tag.local_name().into_inner() == "sst" => {
            if count_attribute(tag, "uniqueCount", 0)?.max(count_attribute(tag, "count", 0)?)
                > CELLS_MAX
            {
                Err(TableError::TooLong)
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    })
}

/// Rejects the content of an ODS file if its expanded repeats exceed [`CELLS_MAX`] cells or
/// [`UNPACKED_BYTES_MAX`] bytes.
pub(super) fn check_repeats(part: &[u8]) -> Result<(), TableError> {
    let mut room = ExpandedSize::default();
    for_each_event(part, |event| room.add_event(event))
}

/// Calls `take` for each XML event of an archive part, until the first error.
fn for_each_event(
    part: &[u8],
    mut take: impl FnMut(&Event<'_>) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut reader = Reader::from_reader(part);
    let config = reader.config_mut();
    (config.check_end_names, config.expand_empty_elements) = (false, true);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader
            .read_event_into(&mut buffer)
            .map_err(unknown_format)?
        {
            Event::Eof => return Ok(()),
            event => take(&event)?,
        }
    }
}

/// Numeric value of an attribute, or `usual` if the tag does not have it. If the attribute is
/// repeated the largest value counts: parsers differ in which one they use.
fn count_attribute(tag: &BytesStart<'_>, name: &str, usual: u64) -> Result<u64, TableError> {
    let mut most: Option<u64> = None;
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(unknown_format)?;
        if attribute.key.into_inner() == name {
            let said = unescape(&attribute.value).map_err(unknown_format)?;
            let number = said
                .parse::<u64>()
                .map_err(|_| unknown_format(format!("{name} is no number")))?;
            most = most.max(Some(number));
        }
    }
    Ok(most.unwrap_or(usual))
}

/// Size of the sheets of an ODS file after expansion: every cell up to the last non-empty one of
/// its row, multiplied by the repeats of the row.
#[derive(Default)]
struct ExpandedSize {
    /// Cells and bytes of all rows so far; and the cells of the sheets that have ended, as
    /// rectangles of their non-empty rows and widest row.
    cells: u64,
    bytes: u64,
    ended_sheet_cells: u64,
    /// Of the current sheet: the rows so far, the rows up to the last non-empty one, and the
    /// columns of the widest row.
    rows: u64,
    filled_rows: u64,
    widest: u64,
    row: Option<RepeatedRow>,
    cell: Option<RepeatedCell>,
}

#[derive(Default)]
struct RepeatedRow {
    times: u64,
    columns: u64,
    /// Expanded columns that count as cells (the trailing empty run does not), and columns up to
    /// the last non-empty cell.
    expanded_columns: u64,
    filled_columns: u64,
    bytes: u64,
}

struct RepeatedCell {
    times: u64,
    is_filled: bool,
    bytes: u64,
}

impl ExpandedSize {
    fn add_event(&mut self, event: &Event<'_>) -> Result<(), TableError> {
        match event {
            Event::Start(tag) => return self.start_element(tag),
            Event::End(tag) if tag.name().into_inner() == "table:table-row" => {
                return self.end_row();
            }
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                if let Some(cell) = &mut self.cell {
                    cell.bytes = cell.bytes.saturating_add(event.len() as u64);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn start_element(&mut self, tag: &BytesStart<'_>) -> Result<(), TableError> {
        match tag.name().into_inner() {
            "table:table" => {
                self.end_row()?;
                self.ended_sheet_cells = self
                    .ended_sheet_cells
                    .saturating_add(self.filled_rows.saturating_mul(self.widest));
                (self.rows, self.filled_rows, self.widest) = (0, 0, 0);
            }
            "table:table-row" => {
                self.end_row()?;
                self.row = Some(RepeatedRow {
                    times: count_attribute(tag, "table:number-rows-repeated", 1)?,
                    ..RepeatedRow::default()
                });
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.end_cell();
                let says = tag.attributes_raw();
                self.cell = Some(RepeatedCell {
                    times: count_attribute(tag, "table:number-columns-repeated", 1)?,
                    is_filled: says.contains("office:") || says.contains("table:formula"),
                    bytes: says.len() as u64,
                });
            }
            // `<text:s text:c="N"/>` expands to N spaces.
            "text:s" => {
                let spaces = count_attribute(tag, "text:c", 1)?;
                if let Some(cell) = &mut self.cell {
                    cell.bytes = cell.bytes.saturating_add(spaces);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn end_cell(&mut self) {
        let (Some(cell), Some(row)) = (self.cell.take(), &mut self.row) else {
            return;
        };
        row.expanded_columns = row.columns;
        row.columns = row.columns.saturating_add(cell.times);
        if cell.is_filled {
            (row.expanded_columns, row.filled_columns) = (row.columns, row.columns);
            row.bytes = row
                .bytes
                .saturating_add(cell.bytes.saturating_mul(cell.times));
        }
    }

    fn end_row(&mut self) -> Result<(), TableError> {
        self.end_cell();
        let Some(row) = self.row.take() else {
            return Ok(());
        };
        self.rows = self.rows.saturating_add(row.times);
        self.cells = self.cells.saturating_add(row.expanded_columns);
        self.bytes = self
            .bytes
            .saturating_add(row.bytes.saturating_mul(row.times));
        if row.filled_columns > 0 {
            self.filled_rows = self.rows;
            self.widest = self.widest.max(row.filled_columns);
        }
        let sheet = self.filled_rows.saturating_mul(self.widest);
        let all = self
            .cells
            .saturating_add(self.ended_sheet_cells)
            .saturating_add(sheet);
        if all > CELLS_MAX || self.bytes > UNPACKED_BYTES_MAX {
            Err(TableError::TooLong)
        } else {
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: &str) -> Result<(), TableError> {
        check_repeats(format!("<table:table table:name='a'>{rows}</table:table>").as_bytes())
    }

    fn cell(says: &str) -> String {
        format!(
            "<table:table-row><table:table-cell \
                {says}><text:p>x</text:p></table:table-cell></table:table-row>"
        )
    }

    #[test]
    fn what_repeats_come_to_is_bounded_in_either_kind_of_quotes() {
        for quote in ["\"", "'"] {
            let row = |rows: &str, columns: &str| {
                format!(
                    "<table:table-row \
                        table:number-rows-repeated={quote}{rows}{quote}><table:table-cell \
                        office:value={quote}1{quote} \
                        table:number-columns-repeated={quote}{columns}{quote}/></table:table-row>"
                )
            };
            assert_eq!(table(&row("199000", "490")), Err(TableError::TooLong));
            assert_eq!(table(&row("&#49;99000", "490")), Err(TableError::TooLong));
            assert_eq!(
                table(&row("18446744073709551615", "18446744073709551615")),
                Err(TableError::TooLong)
            );
            assert_eq!(table(&row("1000001", "1")), Err(TableError::TooLong));
            assert_eq!(table(&row("20000", "20")), Ok(()));
            assert_eq!(
                table(&row("10000", "30").repeat(4)),
                Err(TableError::TooLong),
                "rows add up"
            );
            assert!(matches!(
                table(&row("many", "1")),
                Err(TableError::Unknown(_))
            ));
        }
    }

    #[test]
    fn empty_cells_behind_the_last_take_no_room() {
        let empty = "<table:table-row table:number-rows-repeated='1048000'><table:table-cell \
            table:number-columns-repeated='16384'/></table:table-row>";
        let tail = cell(
            "office:value-type='string'/><table:table-cell table:style-name='ce1' \
                table:number-columns-repeated='16383'",
        );
        assert_eq!(table(&tail.repeat(20_000)), Ok(()));
        assert_eq!(table(&(tail.clone() + empty)), Ok(()));
        assert_eq!(
            table(&format!("{tail}{empty}{tail}")),
            Err(TableError::TooLong),
            "those in between do"
        );
        let between = cell("table:number-columns-repeated='16383'/><table:table-cell");
        assert_eq!(table(&between.repeat(100)), Err(TableError::TooLong));
    }

    #[test]
    fn a_text_that_is_repeated_counts_each_time() {
        let text = "x".repeat(9000);
        let long = format!(
            "office:value-type='string' office:string-value='{text}' \
                table:number-columns-repeated='500'"
        );
        assert_eq!(table(&cell(&long)), Ok(()));
        assert_eq!(table(&cell(&long).repeat(20)), Err(TableError::TooLong));
        let spaces = "<table:table-row><table:table-cell \
            office:value-type='string'><text:p><text:s \
            text:c='99999999'/></text:p></table:table-cell></table:table-row>";
        assert_eq!(table(spaces), Err(TableError::TooLong));
    }

    #[test]
    fn texts_are_no_more_than_there_are_cells() {
        let part = |says: &str| {
            check_shared_strings(
                format!("<?xml version='1.0'?><x:sst {says}><x:si/></x:sst>").as_bytes(),
            )
        };
        assert_eq!(
            part("count=\"4294967295\" uniqueCount=\"4294967295\""),
            Err(TableError::TooLong)
        );
        assert_eq!(part("uniqueCount='1000001'"), Err(TableError::TooLong));
        assert_eq!(part("count='200000' uniqueCount='20'"), Ok(()));
        assert_eq!(part(""), Ok(()));
    }
}
