//! What a group is asked to do, the most urgent first.

use jiff::civil::Date;

use crate::domain::application::ApplicationState;
use crate::domain::file::FilePurpose;
use crate::domain::grant::{GrantState, UpdateState};
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::text::Slug;
use crate::http::pages::apply::sections::is_overdue;
use crate::http::pages::bounced::bounced_payment;
use crate::http::pages::days::days_between;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::words::check_description;
use crate::mail::format_day;
use crate::projections::{
    ApplicationRow, CheckRow, FileRow, GrantRow, PaymentRow, RoundRow, UpdateRow,
};

/// A report is asked for on the first page from this many days before it is due.
const REPORT_SOON_DAYS: i32 = 30;

/// Something that the group is asked to do.
pub(super) struct ToDo {
    pub text: String,
    pub button: &'static str,
    pub path: String,
    pub due_on: Option<Date>,
}

/// The records of a grant that decide what its group is asked.
pub(super) struct GrantRecords<'a> {
    pub row: &'a GrantRow,
    pub updates: &'a [UpdateRow],
    pub payments: &'a [PaymentRow],
    /// The group's files.
    pub files: &'a [FileRow],
    /// The number of the group's bank details, if it has given some.
    pub payee: Option<u32>,
    pub today: Date,
    pub language: Language,
}

/// The amount of a grant before the group returned any of it.
pub(super) fn awarded(row: &GrantRow) -> Money {
    if row.awarded.is_zero() {
        row.offered
    } else {
        row.awarded
    }
}

/// Whether the group still works with the grant.
pub(super) fn is_running(row: &GrantRow) -> bool {
    matches!(
        row.state,
        GrantState::Accepted | GrantState::Live | GrantState::Reported
    )
}

/// Whether the group is asked to send or to complete an update.
pub(super) fn is_due(update: &UpdateRow) -> bool {
    matches!(update.state, UpdateState::Requested | UpdateState::Queried)
}

/// Whether a paper is still missing.
pub(super) fn is_open(check: &CheckRow) -> bool {
    !check.is_settled()
}

/// What a check is about, in words for groups.
pub(super) fn paper_name(key: &Slug, check: &CheckRow, language: Language) -> String {
    check
        .condition
        .clone()
        .unwrap_or_else(|| check_description(key, language))
}

/// The documents that the group sent since the grant was offered.
pub(super) fn documents<'a>(row: &GrantRow, files: &'a [FileRow]) -> Vec<&'a FileRow> {
    files
        .iter()
        .filter(|file| file.purpose == FilePurpose::Document && file.kept_on >= row.offered_on)
        .collect()
}

/// Whether enough documents arrived to cover every missing paper. A document does not say which
/// paper it is.
pub(super) fn all_arrived(row: &GrantRow, files: &[FileRow]) -> bool {
    let missing = row.checks.values().filter(|check| is_open(check)).count();
    documents(row, files).len() >= missing
}

/// Whether a missing paper may be among those that arrived. A paper that the office asked for again
/// is not.
pub(super) fn has_arrived(check: &CheckRow, all_arrived: bool) -> bool {
    all_arrived && check.note.is_none() && check.state != "failed"
}

impl GrantRecords<'_> {
    fn item(&self, text: String, button: &'static str, rest: &str, due_on: Option<Date>) -> ToDo {
        ToDo {
            text,
            button: translate(button, self.language),
            path: format!("/my/grants/{}{rest}", self.row.id),
            due_on,
        }
    }

    fn with_day(&self, text: &'static str, day: Date) -> String {
        translate_with(text, &format_day(day, self.language), self.language)
    }

    /// What the group is asked to do for the grant.
    pub fn to_do(&self) -> Vec<ToDo> {
        let row = self.row;
        let mut asked = Vec::new();
        if row.state == GrantState::Offered && !row.offer_waits {
            asked.push(self.item(
                self.with_day("Read the agreement and answer by {}.", row.expires_on),
                "Read the agreement",
                "#agreement",
                Some(row.expires_on),
            ));
        }
        if !row.due_back.is_zero() {
            asked.push(self.money_back());
        }
        if is_running(row) {
            if let Some(text) = self.missing_payee() {
                asked.push(self.item(
                    translate(text, self.language).to_owned(),
                    "Give your bank details",
                    "/payee",
                    None,
                ));
            }
            asked.extend(self.papers());
            asked.extend(self.reports());
        }
        asked
    }

    /// Why the group gives its bank details: it has not yet, or the bank returned the money.
    fn missing_payee(&self) -> Option<&'static str> {
        let Some(payee) = self.payee else {
            return Some("Tell us where the money should go.");
        };
        bounced_payment(self.row, self.payments)
            .filter(|bounced| payee <= bounced.payee)
            .map(|_| "The bank could not pay you. Tell us which account is right.")
    }

    fn money_back(&self) -> ToDo {
        let row = self.row;
        let amount = translate_with(
            "Please return {} of your grant.",
            &row.due_back.to_string(),
            self.language,
        );
        let text = match row.return_due_on {
            Some(day) => format!("{amount} {}", self.with_day("It is due by {}.", day)),
            None => amount,
        };
        self.item(text, "How to pay it back", "#pay-back", row.return_due_on)
    }

    fn papers(&self) -> Vec<ToDo> {
        let arrived = all_arrived(self.row, self.files);
        let open = self
            .row
            .checks
            .iter()
            .filter(|(_, check)| is_open(check) && !has_arrived(check, arrived));
        open.map(|(key, check)| {
            let name = paper_name(key, check, self.language);
            let mut text = translate_with("Send us this paper: {}.", &name, self.language);
            if let Some(note) = &check.note {
                text = format!("{text} {note}");
            }
            self.item(text, "Send it", &format!("#paper-{key}"), None)
        })
        .collect()
    }

    fn reports(&self) -> Vec<ToDo> {
        let mut asked = Vec::new();
        for update in self.updates {
            let rest = format!("/updates/{}", update.update);
            let late = days_between(self.today, update.due_on);
            let (text, button) = match update.state {
                UpdateState::Queried => ("Answer our question by {}.", "Answer the question"),
                UpdateState::Requested if late > REPORT_SOON_DAYS => continue,
                UpdateState::Requested if late < 0 => (
                    "Your report was due on {}. Please send it, or phone us.",
                    "Write your report",
                ),
                UpdateState::Requested => ("Send us your report by {}.", "Write your report"),
                _ => continue,
            };
            let button = if update.draft.is_some() && update.state == UpdateState::Requested {
                "Continue your report"
            } else {
                button
            };
            let text = self.with_day(text, update.due_on);
            asked.push(self.item(text, button, &rest, Some(update.due_on)));
        }
        asked
    }
}

/// What the group is asked to do for an application.
pub(super) fn application_to_do(
    row: &ApplicationRow,
    round: Option<&RoundRow>,
    today: Date,
    language: Language,
) -> Option<ToDo> {
    let (text, button, due_on) = match row.state {
        ApplicationState::Draft => (
            "Send your application by {}.",
            "Continue your application",
            round.map(|round| round.closes_on),
        ),
        ApplicationState::ChangesRequested if !is_overdue(row, today) => (
            "We have a question for you. Please reply by {}.",
            "Read it and reply",
            row.changes_due_on,
        ),
        _ => return None,
    };
    let text = match due_on {
        Some(day) => translate_with(text, &format_day(day, language), language),
        None => translate("We have a question for you.", language).to_owned(),
    };
    Some(ToDo {
        text,
        button: translate(button, language),
        path: format!("/my/applications/{}", row.id),
        due_on,
    })
}

/// Sorts by urgency. Entries without a day are last.
pub(super) fn sort(asked: &mut [ToDo]) {
    asked.sort_by_key(|item| (item.due_on.is_none(), item.due_on));
}
