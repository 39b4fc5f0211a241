//! The subjects of the rules: the headings of the table.

use strum::EnumMessage as _;

/// What a rule is about. The table is in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumMessage)]
pub enum RuleSubject {
    #[strum(message = "The order of steps")]
    Steps,
    #[strum(message = "People and roles")]
    People,
    #[strum(message = "The organisation’s settings")]
    Settings,
    #[strum(message = "Funds and their money")]
    Funds,
    #[strum(message = "Applications")]
    Applications,
    #[strum(message = "Decisions of the panel")]
    Decisions,
    #[strum(message = "Agreements and checks")]
    Agreements,
    #[strum(message = "Bank details and payments")]
    Payments,
    #[strum(message = "Changes, returns and the end of a grant")]
    Grants,
    #[strum(message = "Gatherings")]
    Gatherings,
    #[strum(message = "The directory")]
    Directory,
    #[strum(message = "Introductions and consent")]
    Introductions,
    #[strum(message = "Pledges and barriers")]
    Barriers,
    #[strum(message = "Lessons, aims and tallies")]
    Learning,
}

impl RuleSubject {
    /// The heading of the subject in documents.
    #[must_use]
    pub fn heading(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }
}
