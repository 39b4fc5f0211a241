//! What the templates `parts/list_*.html` show of a list.

use super::definition::BulkAction;
use crate::http::pages::Form;
use crate::http::pages::words::Tag;

/// One list, filtered and sorted as the address says.
pub struct List {
    pub name: &'static str,
    pub title: &'static str,
    pub lead: &'static str,
    pub path: String,
    pub purpose: &'static str,
    pub tabs: Vec<TabLink>,
    pub chips: Vec<(String, String)>,
    pub fields: Vec<FilterField>,
    /// The label and value of the search.
    pub search: Option<(&'static str, String)>,
    /// The value of "as it was on", if the list has it.
    pub day: Option<String>,
    /// Query parameters that the form of filters keeps.
    pub kept_by_filters: Vec<(String, String)>,
    /// Query parameters that the form of columns keeps.
    pub kept_by_columns: Vec<(String, String)>,
    /// Sums over the whole list, with their names.
    pub totals: Vec<(&'static str, String)>,
    pub columns: Vec<ColumnChoice>,
    pub heads: Vec<ListHead>,
    pub rows: Vec<ListRow>,
    pub pages: PageLinks,
    pub bulk: Vec<&'static BulkAction>,
    pub sheets: [(&'static str, String); 2],
    /// What the spreadsheets have besides the columns; often nothing.
    pub sheets_have: &'static str,
    pub bulk_form: Form,
    pub save_form: Form,
    /// The query without its page, for saving and for record pages.
    pub query: String,
    pub may_share: bool,
    pub is_filtered: bool,
    /// Whether rows have a button, or a reason why they have none.
    pub has_buttons: bool,
    /// The link that ticks all rows of the page, or none.
    pub select: (bool, String),
}

impl List {
    /// The words of the link that ticks all rows of the page that can be ticked, or none.
    pub fn select_label(&self) -> String {
        if self.select.0 {
            return "Select none".to_owned();
        }
        let has_more_pages = self.pages.previous.is_some() || self.pages.next.is_some();
        let tickable = self.rows.iter().filter(|row| row.tick == Tick::Yes).count();
        let label = match tickable {
            1 => "Select 1".to_owned(),
            2 => "Select both".to_owned(),
            count => format!("Select all {count}"),
        };
        if has_more_pages {
            format!("{label} on this page")
        } else {
            label
        }
    }

    /// The number of columns of the table, with those of ticks and buttons.
    pub fn width(&self, row_button: &str) -> usize {
        let has_buttons = !row_button.is_empty() && self.has_buttons;
        self.heads.len() + usize::from(!self.bulk.is_empty()) + usize::from(has_buttons)
    }
}

/// A link to a list with a filter: ready-made or saved.
pub struct TabLink {
    pub label: String,
    pub path: String,
    pub count: String,
    pub is_current: bool,
    /// The id of a saved view that the reader may delete.
    pub removable: Option<String>,
}

/// A filter that can be added.
pub struct FilterField {
    pub name: &'static str,
    pub label: &'static str,
    /// The value, label, and whether it is chosen.
    pub choices: Vec<(String, String, bool)>,
}

/// A column that can be shown.
pub struct ColumnChoice {
    pub id: &'static str,
    pub heading: &'static str,
    pub is_shown: bool,
}

/// The heading of a column.
pub struct ListHead {
    pub heading: &'static str,
    /// The classes of its cells.
    pub class: &'static str,
    /// The address that sorts by it.
    pub path: Option<String>,
    /// `ascending` or `descending`, if the list is sorted by it.
    pub sorted: Option<&'static str>,
}

/// A row of a list.
#[derive(Default)]
pub struct ListRow {
    /// The heading of a part of the list that begins with this row, and how many rows the part has.
    pub part: Option<(&'static str, usize)>,
    /// What a bulk action is given for the row.
    pub id: String,
    pub path: String,
    pub name: String,
    pub sub: String,
    pub cells: Vec<ListCell>,
    pub tick: Tick,
    /// The label of a link to the row, in place of its button.
    pub link: &'static str,
}

/// Whether a row can be ticked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Tick {
    #[default]
    No,
    Yes,
    /// Not by this reader, and why.
    Shut(String),
}

/// A cell of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCell {
    pub text: String,
    pub sub: String,
    /// `sub` says that something is late.
    pub is_late: bool,
    pub tag: Option<Tag>,
}

impl ListCell {
    pub fn text(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }

    pub fn tag(tag: Tag) -> Self {
        Self {
            tag: Some(tag),
            ..Self::default()
        }
    }

    pub fn sub(self, sub: impl Into<String>) -> Self {
        Self {
            sub: sub.into(),
            ..self
        }
    }

    pub fn late(self, is_late: bool) -> Self {
        Self { is_late, ..self }
    }
}

/// Which rows of a list a page shows, and the links to the others.
pub struct PageLinks {
    pub from: i64,
    pub to: i64,
    pub count: String,
    pub previous: Option<String>,
    pub next: Option<String>,
}
