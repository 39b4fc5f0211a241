//! The rows of work on the page of today, and the rows of the views that they are made from.

use jiff::civil::Date;

use super::super::DeskRequest;
use crate::http::pages::PageError;
use crate::http::pages::days::{ago_text, days_between, due_text};
use crate::http::pages::phone::Phone;
use crate::projections::Waiting;
use crate::views::{
    COUNT_MAX, Filter, ListCursor, ListKey, ListOrder, ListSelection, PageRequest, TableRow,
};

/// The largest number of rows of one kind of work that are read. Any more are only counted.
const ROWS_MAX: i64 = 100;
/// The largest number of records of one kind that have a row each. The others share one row.
pub(super) const NAMED_MAX: usize = 3;

/// How soon something must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    Late,
    /// Someone waits for money or for an answer.
    Today,
    Soon,
    NoRush,
}

/// Something that the reader should do, with its one button.
pub struct WorkRow {
    pub icon: &'static str,
    urgency: Urgency,
    since: Option<Date>,
    pub path: String,
    pub title: String,
    pub about: String,
    /// The phone number as the page shows it, and as a link dials it.
    pub phone: Option<(String, String)>,
    pub when: String,
    pub button: String,
    pub button_path: String,
}

impl WorkRow {
    pub(super) fn new(
        icon: &'static str,
        title: impl Into<String>,
        path: impl Into<String>,
        button: impl Into<String>,
    ) -> Self {
        let path = path.into();
        Self {
            icon,
            urgency: Urgency::Soon,
            since: None,
            button_path: path.clone(),
            path,
            title: title.into(),
            about: String::new(),
            phone: None,
            when: String::new(),
            button: button.into(),
        }
    }

    pub(super) fn about(mut self, about: impl Into<String>) -> Self {
        self.about = about.into();
        self
    }

    /// Marks the work as late since the day on which it was due.
    pub(super) fn late(mut self, due: Date, today: Date) -> Self {
        (self.urgency, self.since) = (Urgency::Late, Some(due));
        self.when = due_text(due, today);
        self
    }

    /// Marks the work as a problem that arose on a day.
    pub(super) fn wrong(mut self, since: Option<Date>, today: Date) -> Self {
        (self.urgency, self.since) = (Urgency::Late, since);
        self.when = since.map_or_else(|| "Now".to_owned(), |since| ago_text(since, today));
        self
    }

    /// Marks the work as waiting since a day, and as due today.
    pub(super) fn today(mut self, since: Date) -> Self {
        (self.urgency, self.since) = (Urgency::Today, Some(since));
        "Today".clone_into(&mut self.when);
        self
    }

    /// Marks the work as waiting since a day.
    pub(super) fn since(mut self, since: Option<Date>, today: Date) -> Self {
        self.since = since;
        self.when = since.map_or_else(String::new, |since| waits_text(since, today));
        self
    }

    pub(super) fn no_rush(mut self) -> Self {
        self.urgency = Urgency::NoRush;
        "No rush".clone_into(&mut self.when);
        self
    }

    /// Gives the row a button that phones someone.
    pub(super) fn phoning(mut self, name: &str, number: &str) -> Self {
        let first = name.split_whitespace().next().unwrap_or("them");
        let Phone { number, dial, note } = Phone::of(number);
        self.button = format!("Phone {first}");
        self.button_path = format!("tel:{dial}");
        self.phone = Some((number + &note, self.button_path.clone()));
        self
    }

    /// A button that leads to another page than the title.
    pub(super) fn leading_to(mut self, button: &str, path: String) -> Self {
        button.clone_into(&mut self.button);
        self.button_path = path;
        self
    }

    pub fn is_late(&self) -> bool {
        self.urgency == Urgency::Late
    }

    /// The class of the icon.
    pub fn kind(&self) -> &'static str {
        match self.urgency {
            Urgency::Late => "bad",
            Urgency::Today | Urgency::Soon => "todo",
            Urgency::NoRush => "wait",
        }
    }

    /// The order of rows: the most urgent first, then what waits longest.
    pub(super) fn order(&self) -> (Urgency, Date) {
        (self.urgency, self.since.unwrap_or(Date::MAX))
    }
}

/// How long something has waited: "new today", "23 days".
fn waits_text(since: Date, today: Date) -> String {
    match days_between(since, today) {
        ..=0 => "New today".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// "The oldest has waited 23 days."
pub(super) fn oldest_text(oldest: Option<Date>, today: Date) -> String {
    oldest.map_or_else(String::new, |oldest| match days_between(oldest, today) {
        ..=0 => "All came today.".to_owned(),
        1 => "The oldest has waited 1 day.".to_owned(),
        days => format!("The oldest has waited {days} days."),
    })
}

/// A number of records: "1 application", "7 applications".
pub(super) fn number_of(count: i64, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 {one}"),
        COUNT_MAX.. => format!("{} {many} or more", crate::domain::thousands(COUNT_MAX)),
        _ => format!("{count} {many}"),
    }
}

/// The first rows of a kind of work, and how many there are.
pub(super) struct WorkQueue<T> {
    pub rows: Vec<T>,
    pub count: i64,
}

impl<T> Default for WorkQueue<T> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            count: 0,
        }
    }
}

impl<T> WorkQueue<T> {
    /// Drops the rows that do not match, and subtracts them from the count.
    pub fn retain(&mut self, keep: impl FnMut(&T) -> bool) {
        let before = self.rows.len();
        self.rows.retain(keep);
        self.count -= i64::try_from(before - self.rows.len()).unwrap_or_default();
    }
}

/// The rows that match, in the order of an index.
pub(super) async fn queue<T: TableRow>(
    request: &DeskRequest<'_>,
    (key, descending): (ListKey, bool),
    filters: Vec<Filter>,
) -> Result<WorkQueue<T>, PageError> {
    let list = ListSelection {
        as_at: None,
        filters,
        order: ListOrder { key, descending },
    };
    let views = &request.app.views;
    let page = views
        .list_page::<T>(&list, ListCursor::First, ROWS_MAX)
        .await?;
    let count = if page.next.is_some() {
        views.list_totals(&list, [None, None]).await?.rows
    } else {
        i64::try_from(page.items.len()).unwrap_or_default()
    };
    Ok(WorkQueue {
        rows: page.items,
        count,
    })
}

/// How many rows match. The count is cached until the log moves on.
pub(super) async fn count(
    request: &DeskRequest<'_>,
    key: ListKey,
    filters: Vec<Filter>,
) -> Result<i64, PageError> {
    let list = ListSelection {
        as_at: None,
        filters,
        order: ListOrder {
            key,
            descending: false,
        },
    };
    let totals = request.app.views.list_totals(&list, [None, None]).await?;
    Ok(totals.rows)
}

/// Rows for which something waits. `column` is the indexed column of the row that shows it.
pub(super) async fn waiting_rows<T: TableRow>(
    request: &DeskRequest<'_>,
    column: &'static str,
) -> Result<Vec<T>, PageError> {
    let filters = vec![Filter::equals(column, <&str>::from(Waiting::Waiting))];
    let page = PageRequest {
        after: None,
        limit: ROWS_MAX,
    };
    Ok(request
        .app
        .views
        .list::<T>(None, filters, &page)
        .await?
        .items)
}

/// Rows for the first few records of a kind that has no list of its own.
pub(super) fn named<T>(rows: &[T], row: impl Fn(&T) -> WorkRow) -> Vec<WorkRow> {
    const MANY: usize = 8;
    rows.iter().take(MANY).map(row).collect()
}

/// One row for a single record, and one for all if there are several.
pub(super) fn one_or_all<T>(
    queue: &WorkQueue<T>,
    one: impl FnOnce(&T) -> WorkRow,
    all: impl FnOnce(&WorkQueue<T>) -> WorkRow,
) -> Option<WorkRow> {
    match queue.rows.as_slice() {
        [] => None,
        [row] if queue.count == 1 => Some(one(row)),
        _ => Some(all(queue)),
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_is_late_comes_first_and_then_what_waits_longest() {
        let today = date(2026, 11, 27);
        let row = || WorkRow::new("inbox", "", "/desk", "Look");
        let mut rows = [
            row().no_rush(),
            row().since(Some(date(2026, 11, 4)), today),
            row().since(Some(date(2026, 11, 2)), today),
            row().today(today),
            row().late(date(2026, 11, 24), today),
        ];
        rows.sort_by_key(WorkRow::order);
        let when = rows.map(|row| row.when);
        assert_eq!(
            when,
            ["3 days overdue", "Today", "25 days", "23 days", "No rush"]
        );
    }

    #[test]
    fn a_number_has_its_noun() {
        assert_eq!(number_of(1, "report", "reports"), "1 report");
        assert_eq!(number_of(3, "report", "reports"), "3 reports");
        assert_eq!(
            number_of(1000, "report", "reports"),
            "1,000 reports or more"
        );
    }

    #[test]
    fn a_phone_number_is_dialled_without_spaces() {
        let row = WorkRow::new("phone", "", "/desk", "").phoning("Yusuf Khan", "07700 900 112");
        assert_eq!(
            (row.button.as_str(), row.button_path.as_str()),
            ("Phone Yusuf", "tel:+447700900112")
        );
    }
}
