//! What pages call roles, checks and the states of records. A state has one word, with one of six
//! kinds of tag. The names of states in the log and in the API never reach a page.

use std::borrow::Borrow;
use std::fmt;

use askama::filters::HtmlSafe;

use super::i18n::translate;
use crate::domain::Role;
use crate::domain::application::ApplicationState;
use crate::domain::asset::AssetState;
use crate::domain::barrier::BarrierState;
use crate::domain::fund::{FundState, RoundState};
use crate::domain::gathering::{GatheringState, SessionState};
use crate::domain::grant::{GrantState, PaymentState, UpdateState, VariationState};
use crate::domain::language::Language;
use crate::domain::text::Slug;
pub use crate::domain::text::{capitalised, place_name};

/// What pages call a sum of money. `docs/reference/sums.md` says what each one is.
#[must_use]
pub fn sum_word(sum: &str) -> &'static str {
    match sum {
        "allocated" => "From funders",
        "awarded" => "Awarded",
        "committed" => "Committed",
        "unpaid" => "Promised, not yet paid",
        "sent" => "Sent to the bank",
        "confirmed" => "Confirmed by the bank",
        "returned" => "Returned",
        "paid_net" => "Paid, less returned",
        _ => "Left to award",
    }
}

/// The kind of a tag. It decides the colour and the shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "lowercase")]
pub enum TagKind {
    /// Staff must act.
    Todo,
    /// Under way, or others must act.
    Wait,
    /// Done, with a good result.
    Good,
    /// Late or wrong.
    Bad,
    /// Postponed.
    Hold,
    /// Over, or not begun.
    Quiet,
}

/// A state as a page shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tag {
    pub kind: TagKind,
    pub word: &'static str,
}

impl Tag {
    #[must_use]
    pub const fn new(kind: TagKind, word: &'static str) -> Self {
        Self { kind, word }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind: &str = self.kind.into();
        write!(f, "<span class=\"tag {kind}\">{}</span>", self.word)
    }
}

/// Its text consists of constants, so it needs no escaping.
impl HtmlSafe for Tag {}

/// A state that has a tag.
pub trait Tagged: Copy {
    fn tag(self) -> Tag;

    /// The word of the tag.
    fn word(self) -> &'static str {
        self.tag().word
    }
}

impl Tagged for ApplicationState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Hold, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Blank | Self::Draft => (Quiet, "Not sent yet"),
            Self::Submitted => (Todo, "To check"),
            Self::ChangesRequested => (Wait, "Waiting for group"),
            Self::Eligible => (Wait, "Ready to score"),
            Self::InAssessment => (Wait, "Being scored"),
            Self::Ineligible => (Quiet, "Not eligible"),
            Self::Awarded => (Good, "Awarded"),
            Self::ReserveList => (Hold, "Reserve list"),
            Self::Deferred => (Hold, "Decision later"),
            Self::Declined => (Quiet, "Not funded"),
            Self::UnderReview => (Todo, "Review asked for"),
            Self::Withdrawn => (Quiet, "Withdrawn"),
            Self::Lapsed => (Quiet, "Never sent"),
        };
        Tag { kind, word }
    }
}

impl Tagged for GrantState {
    fn tag(self) -> Tag {
        use TagKind::{Bad, Good, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Blank | Self::Offered => (Wait, "Offer sent"),
            Self::Accepted => (Todo, "To be paid"),
            Self::Live => (Good, "Running"),
            Self::Reported => (Wait, "Final report in"),
            Self::Closed => (Quiet, "Finished"),
            Self::Terminated => (Bad, "Stopped"),
            Self::OfferDeclined => (Quiet, "Offer declined"),
            Self::OfferLapsed => (Quiet, "Offer ran out"),
            Self::OfferWithdrawn => (Quiet, "Offer withdrawn"),
            Self::TakenBack => (Quiet, "Award taken back"),
        };
        Tag { kind, word }
    }
}

impl Tagged for PaymentState {
    fn tag(self) -> Tag {
        use TagKind::{Bad, Good, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Prepared => (Todo, "To approve"),
            Self::Approved => (Wait, "To send"),
            Self::Sent => (Wait, "With the bank"),
            Self::Confirmed => (Good, "Confirmed"),
            Self::Rejected => (Bad, "Rejected"),
            Self::Cancelled => (Quiet, "Cancelled"),
            Self::Failed => (Bad, "Bounced"),
            Self::Reversed => (Quiet, "Returned"),
        };
        Tag { kind, word }
    }
}

impl Tagged for UpdateState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Requested => (Wait, "Asked for"),
            Self::Received => (Todo, "To read"),
            Self::Accepted => (Good, "Accepted"),
            Self::Queried => (Wait, "Question sent"),
            Self::Excused => (Quiet, "Not needed"),
        };
        Tag { kind, word }
    }
}

impl Tagged for VariationState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet, Todo};
        let (kind, word) = match self {
            Self::Requested => (Todo, "To decide"),
            Self::Approved => (Good, "Agreed"),
            Self::Refused => (Quiet, "Not agreed"),
        };
        Tag { kind, word }
    }
}

/// The tag of a check that a grant needs, by its stored state.
#[must_use]
pub fn check_tag(state: &str) -> Tag {
    match state {
        "passed" => Tag::new(TagKind::Good, "OK"),
        "failed" => Tag::new(TagKind::Bad, "Not accepted"),
        "waiver_proposed" => Tag::new(TagKind::Todo, "To confirm"),
        "waived" => Tag::new(TagKind::Quiet, "Waived"),
        _ => Tag::new(TagKind::Todo, "Missing"),
    }
}

/// The tag of an email, by its stored state.
#[must_use]
pub fn mail_tag(state: &str) -> Tag {
    use TagKind::{Bad, Good, Quiet, Todo, Wait};
    match state {
        "due" => Tag::new(Wait, "Waiting"),
        "claimed" => Tag::new(Wait, "Being sent"),
        "sent" => Tag::new(Good, "Sent"),
        "failed" => Tag::new(Bad, "Failed"),
        crate::outbox::BY_HAND => Tag::new(Todo, "To phone or write to"),
        "told" => Tag::new(Good, "Told"),
        _ => Tag::new(Quiet, "Not needed"),
    }
}

/// What a person with a role is called.
#[must_use]
pub fn role_name(role: impl Borrow<Role>) -> &'static str {
    match role.borrow() {
        Role::Administrator => "Administrator",
        Role::Officer => "Grants officer",
        Role::Finance => "Finance",
        Role::Panel => "Panel member",
        Role::Auditor => "Auditor",
        Role::Connector => "Connector",
    }
}

/// What staff call a check, by its key.
#[must_use]
pub fn check_name(key: &str) -> String {
    match key {
        "governing-document" => "Constitution".to_owned(),
        "identity" => "Proof of identity".to_owned(),
        "safeguarding" => "Safeguarding policy".to_owned(),
        other => capitalised(&other.replace('-', " ")),
    }
}

/// What a group must provide for a check, in its language.
pub fn check_description(check: &Slug, language: Language) -> String {
    match check.as_str() {
        "governing-document" => {
            translate("Your constitution, or one page about your group", language).to_owned()
        }
        "identity" => translate("Proof of who two of you are (ID)", language).to_owned(),
        "safeguarding" => translate(
            "Your plan to keep children, and adults who need support, safe",
            language,
        )
        .to_owned(),
        other => place_name(other),
    }
}

impl Tagged for FundState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Hold, Quiet};
        let (kind, word) = match self {
            Self::Blank | Self::Draft => (Quiet, "Being set up"),
            Self::Open => (Good, "Open"),
            Self::Paused => (Hold, "Paused"),
            Self::Closed => (Quiet, "Closed"),
            Self::Archived => (Quiet, "Archived"),
        };
        Tag { kind, word }
    }
}

impl Tagged for RoundState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet, Wait};
        let (kind, word) = match self {
            Self::Planned => (Quiet, "Planned"),
            Self::Open => (Good, "Open"),
            Self::Closed => (Wait, "Closed"),
            Self::Deciding => (Wait, "Deciding"),
            Self::Completed => (Quiet, "Finished"),
        };
        Tag { kind, word }
    }
}

impl Tagged for GatheringState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet};
        let (kind, word) = match self {
            Self::Draft => (Quiet, "Not open yet"),
            Self::Open => (Good, "Open"),
            Self::Ended => (Quiet, "Ended"),
        };
        Tag { kind, word }
    }
}

impl Tagged for AssetState {
    fn tag(self) -> Tag {
        use TagKind::{Bad, Good, Quiet, Wait};
        let (kind, word) = match self {
            Self::Recorded => (Wait, "Not published"),
            Self::Published => (Good, "In the directory"),
            Self::Paused => (Quiet, "Hidden for now"),
            Self::Withdrawn => (Bad, "Withdrawn"),
        };
        Tag { kind, word }
    }
}

impl Tagged for BarrierState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Raised => (Todo, "To summarise"),
            Self::SummedUp => (Todo, "To pass on"),
            Self::PassedOn => (Wait, "Waiting for an answer"),
            Self::Answered => (Good, "Answered"),
            Self::Closed => (Quiet, "Closed"),
            Self::Joined => (Quiet, "Joined to another"),
        };
        Tag { kind, word }
    }
}

impl Tagged for SessionState {
    fn tag(self) -> Tag {
        use TagKind::{Bad, Good, Wait};
        let (kind, word) = match self {
            Self::Planned => (Wait, "To come"),
            Self::Held => (Good, "Held"),
            Self::Cancelled => (Bad, "Cancelled"),
        };
        Tag { kind, word }
    }
}

/// Minutes as hours and minutes, in signs that all languages of the pages share.
#[must_use]
pub fn hours_text(minutes: i64) -> String {
    match (minutes / 60, minutes % 60) {
        (0, minutes) => format!("{minutes} min"),
        (hours, 0) => format!("{hours} h"),
        (hours, minutes) => format!("{hours} h {minutes} min"),
    }
}

/// Names as a sentence lists them, with a word before the last: "Oldham, Stockport and Tameside".
pub fn names_in_words(names: &[String], joint: &str) -> String {
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => {
            format!("{} {joint} {last}", rest.join(", "))
        }
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_word_in_a_tag() {
        assert_eq!(
            ApplicationState::Submitted.tag().to_string(),
            "<span class=\"tag todo\">To check</span>"
        );
        assert_eq!(PaymentState::Failed.word(), "Bounced");
    }

    #[test]
    fn minutes_are_shown_as_hours() {
        assert_eq!(hours_text(45), "45 min");
        assert_eq!(hours_text(120), "2 h");
        assert_eq!(hours_text(150), "2 h 30 min");
    }
}
