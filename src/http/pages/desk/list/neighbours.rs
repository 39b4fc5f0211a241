//! The next and the previous record of the list that a record was opened from.
//!
//! Links of a list end in `?list=`, followed by the list's own query, encoded. A record's page
//! hands its request to [`neighbours`], and shows what it returns with
//! `parts/list_neighbours.html`.

use super::definition::ListDefinition;
use crate::http::pages::PageError;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::notices::position_before_action;
use crate::http::pages::layout::url_encoded;
use crate::views::COUNT_MAX;
use crate::views::ListSelection;

/// The place of a record in its list.
pub struct Neighbours {
    /// `2 of 21`, or `20 left` if the record is not in the list any more; empty in a long list.
    pub place: String,
    pub list: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}

/// The neighbours of a record in a list, if the record's address says that it was opened from
/// there. `list` is the last part of the list's address, and `id` the id of the record's row there.
pub(in crate::http::pages::desk) async fn neighbours(
    request: &DeskRequest<'_>,
    list: &str,
    id: &str,
) -> Result<Option<Neighbours>, PageError> {
    let from = request.query.iter().find(|(name, _)| name == "list");
    let (Some((_, query)), Some(list)) = (from, ListDefinition::by_name(list)) else {
        return Ok(None);
    };
    let pairs: Vec<(String, String)> = serde_html_form::from_str(query).unwrap_or_default();
    if pairs.iter().any(|(_, value)| value.contains('\0')) {
        return Ok(None);
    }
    let of_list = request.at(list.path(), pairs);
    // Anyone can change an address, so an invalid list does not hide the record.
    let Ok(Some(mut selection)) = list.selection(&of_list).await else {
        return Ok(None);
    };
    let views = &request.app.views;
    let mut found = views.list_neighbours(&selection, id).await?;
    // A record that the reader has just acted on may have left the list. It has the place that it
    // had before.
    let before = position_before_action(request).filter(|_| found.number.is_none());
    if let Some(before) = before {
        let was = ListSelection {
            as_at: Some(before),
            ..selection.clone()
        };
        let earlier = views.list_neighbours(&was, id).await?;
        if earlier.number.is_some() {
            (selection, found) = (was, earlier);
        }
    }
    let count = views.list_totals(&selection, [None, None]).await?.rows;
    let back = url_encoded(query);
    let record = |id: String| format!("/desk/{}/{id}?list={back}", list.name);
    let list_address = if query.is_empty() {
        list.path()
    } else {
        format!("{}?{query}", list.path())
    };
    Ok(Some(Neighbours {
        place: match found.number {
            Some(number) if number <= count => format!("{number} of {count}"),
            None if (1..COUNT_MAX).contains(&count) => format!("{count} left"),
            _ => String::new(),
        },
        list: list_address,
        previous: found.previous.map(record),
        next: found.next.map(record),
    }))
}
