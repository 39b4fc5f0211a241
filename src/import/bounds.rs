//! What a workbook says of its size, looked at before a library makes room for it.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::table::{TableError, unknown};
use super::workbook::BYTES_MOST;

/// How many cells a workbook has at most, once its repeats are written out: twenty thousand lines
/// of fifty. As many texts may be shared.
const CELLS_MOST: u64 = 1_000_000;

/// Refuses shared texts of an XLSX that are said to be more than there may be.
pub(super) fn strings(part: &[u8]) -> Result<(), TableError> {
    each(part, |event| match event {
        Event::Start(tag) if tag.local_name().into_inner() == "sst" => {
            if count(tag, "uniqueCount", 0)?.max(count(tag, "count", 0)?) > CELLS_MOST {
                Err(TableError::TooLong)
            } else {
                Ok(())
            }
        }
        _ => Ok(()),
    })
}

/// Refuses the content of an ODS whose repeats come to more than there may be.
pub(super) fn repeats(part: &[u8]) -> Result<(), TableError> {
    let mut room = Room::default();
    each(part, |event| room.take(event))
}

/// Walks through a part, and ends at the first refusal.
fn each(
    part: &[u8],
    mut take: impl FnMut(&Event<'_>) -> Result<(), TableError>,
) -> Result<(), TableError> {
    let mut reader = Reader::from_reader(part);
    let config = reader.config_mut();
    (config.check_end_names, config.expand_empty_elements) = (false, true);
    let mut buffer = Vec::new();
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer).map_err(unknown)? {
            Event::Eof => return Ok(()),
            event => take(&event)?,
        }
    }
}

/// The number that a tag says under a name, in either kind of quotes; the largest where it says
/// several.
fn count(tag: &BytesStart<'_>, name: &str, usual: u64) -> Result<u64, TableError> {
    let mut most: Option<u64> = None;
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.map_err(unknown)?;
        if attribute.key.into_inner() == name {
            let said = unescape(&attribute.value).map_err(unknown)?;
            let number = said
                .parse::<u64>()
                .map_err(|_| unknown(format!("{name} is no number")))?;
            most = most.max(Some(number));
        }
    }
    Ok(most.unwrap_or(usual))
}

/// How much room the sheets of an ODS take when their repeats are written out: every cell up to the
/// last one with something in it, as often as its row is repeated.
#[derive(Default)]
struct Room {
    /// The cells and the bytes of all rows, and the cells of the sheets that are at their end.
    cells: u64,
    bytes: u64,
    ended: u64,
    /// The rows of this sheet so far, those up to the last one with something in it, and the widest
    /// of these.
    rows: u64,
    filled_rows: u64,
    widest: u64,
    row: Option<Row>,
    cell: Option<Cell>,
}

#[derive(Default)]
struct Row {
    times: u64,
    columns: u64,
    /// The columns up to its last cell, and up to the last one with something in it.
    written: u64,
    filled: u64,
    bytes: u64,
}

struct Cell {
    times: u64,
    is_filled: bool,
    bytes: u64,
}

impl Room {
    fn take(&mut self, event: &Event<'_>) -> Result<(), TableError> {
        match event {
            Event::Start(tag) => return self.open(tag),
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

    fn open(&mut self, tag: &BytesStart<'_>) -> Result<(), TableError> {
        match tag.name().into_inner() {
            "table:table" => {
                self.end_row()?;
                self.ended = self
                    .ended
                    .saturating_add(self.filled_rows.saturating_mul(self.widest));
                (self.rows, self.filled_rows, self.widest) = (0, 0, 0);
            }
            "table:table-row" => {
                self.end_row()?;
                self.row = Some(Row {
                    times: count(tag, "table:number-rows-repeated", 1)?,
                    ..Row::default()
                });
            }
            "table:table-cell" | "table:covered-table-cell" => {
                self.end_cell();
                let says = tag.attributes_raw();
                self.cell = Some(Cell {
                    times: count(tag, "table:number-columns-repeated", 1)?,
                    is_filled: says.contains("office:") || says.contains("table:formula"),
                    bytes: says.len() as u64,
                });
            }
            // So many spaces.
            "text:s" => {
                let spaces = count(tag, "text:c", 1)?;
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
        row.written = row.columns;
        row.columns = row.columns.saturating_add(cell.times);
        if cell.is_filled {
            (row.written, row.filled) = (row.columns, row.columns);
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
        self.cells = self.cells.saturating_add(row.written);
        self.bytes = self
            .bytes
            .saturating_add(row.bytes.saturating_mul(row.times));
        if row.filled > 0 {
            self.filled_rows = self.rows;
            self.widest = self.widest.max(row.filled);
        }
        let sheet = self.filled_rows.saturating_mul(self.widest);
        let all = self.cells.saturating_add(self.ended).saturating_add(sheet);
        if all > CELLS_MOST || self.bytes > BYTES_MOST {
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
        repeats(format!("<table:table table:name='a'>{rows}</table:table>").as_bytes())
    }

    fn cell(says: &str) -> String {
        format!(
            "<table:table-row><table:table-cell {says}><text:p>x</text:p></table:table-cell></table:table-row>"
        )
    }

    #[test]
    fn what_repeats_come_to_is_bounded_in_either_kind_of_quotes() {
        for quote in ["\"", "'"] {
            let row = |rows: &str, columns: &str| {
                format!(
                    "<table:table-row table:number-rows-repeated={quote}{rows}{quote}><table:table-cell office:value={quote}1{quote} \
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
        let empty = "<table:table-row table:number-rows-repeated='1048000'><table:table-cell table:number-columns-repeated='16384'/>\
                     </table:table-row>";
        let tail = cell(
            "office:value-type='string'/><table:table-cell table:style-name='ce1' table:number-columns-repeated='16383'",
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
            "office:value-type='string' office:string-value='{text}' table:number-columns-repeated='500'"
        );
        assert_eq!(table(&cell(&long)), Ok(()));
        assert_eq!(table(&cell(&long).repeat(20)), Err(TableError::TooLong));
        let spaces = "<table:table-row><table:table-cell office:value-type='string'><text:p><text:s text:c='99999999'/></text:p>\
                      </table:table-cell></table:table-row>";
        assert_eq!(table(spaces), Err(TableError::TooLong));
    }

    #[test]
    fn texts_are_no_more_than_there_are_cells() {
        let part = |says: &str| {
            strings(format!("<?xml version='1.0'?><x:sst {says}><x:si/></x:sst>").as_bytes())
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
