//! Cursors of lists: the position in an order after which the next page begins. Ordered by id, the
//! cursor is the id of the last row. In another order it also contains the row's sort key, because
//! the row may change before the next page is read.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::store::row_query::{RowCursor, SortKey, SortOrder};
use crate::store::view_rows::ViewRow;

/// A decoded cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    key: String,
    id: String,
}

/// The fields of a row by which lists are ordered.
#[derive(Deserialize)]
struct SortFields {
    #[serde(default)]
    created_at: String,
    #[serde(default)]
    name_key: String,
}

impl Cursor {
    /// Decodes a cursor of a list in this order. `None` if it is not one.
    #[must_use]
    pub fn parse(order: SortOrder, text: &str) -> Option<Self> {
        if order.key == SortKey::Id {
            return Some(Self {
                key: String::new(),
                id: text.to_owned(),
            });
        }
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let (key, id) = text.split_once('\n')?;
        let fits =
            !text.contains('\0') && (order.key != SortKey::Updated || key.parse::<i64>().is_ok());
        fits.then(|| Self {
            key: key.to_owned(),
            id: id.to_owned(),
        })
    }

    /// The cursor after a row.
    pub(super) fn for_row(order: SortOrder, row: &ViewRow) -> serde_json::Result<String> {
        let key = match order.key {
            SortKey::Id => return Ok(row.id.clone()),
            SortKey::Updated => row.since.to_string(),
            SortKey::Created => serde_json::from_str::<SortFields>(&row.body)?.created_at,
            SortKey::Name => serde_json::from_str::<SortFields>(&row.body)?.name_key,
        };
        Ok(URL_SAFE_NO_PAD.encode(format!("{key}\n{}", row.id)))
    }

    pub(super) fn as_after(&self) -> RowCursor<'_> {
        RowCursor {
            key: &self.key,
            id: &self.id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_behind_its_row_in_every_order() {
        let body =
            r#"{"created_at":"2026-11-27T20:00:00.000000Z","name_key":"soup & song","since":1}"#
                .to_owned();
        let row = ViewRow {
            id: "one/00001".into(),
            since: 7,
            until: 9,
            body,
        };
        for (key, stands) in [
            (SortKey::Id, ""),
            (SortKey::Updated, "7"),
            (SortKey::Created, "2026-11-27T20:00:00.000000Z"),
            (SortKey::Name, "soup & song"),
        ] {
            let order = SortOrder {
                key,
                descending: false,
            };
            let text = Cursor::for_row(order, &row).unwrap();
            assert!(
                text.bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_/".contains(&byte)),
                "{text}"
            );
            assert_eq!(
                Cursor::parse(order, &text),
                Some(Cursor {
                    key: stands.to_owned(),
                    id: row.id.clone()
                })
            );
        }
        let updated = SortOrder {
            key: SortKey::Updated,
            descending: true,
        };
        for wrong in [
            "",
            "one",
            "%",
            &URL_SAFE_NO_PAD.encode("x\none"),
            &URL_SAFE_NO_PAD.encode("7\n\0"),
        ] {
            assert_eq!(Cursor::parse(updated, wrong), None, "{wrong}");
        }
    }
}
