//! What pages for groups call the states of their records, in the group's language.

use jiff::civil::Date;

use crate::domain::application::ApplicationState;
use crate::domain::gathering::SessionState;
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::domain::language::Language;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{Tag, TagKind};
use crate::projections::{
    GatheringSessionRow, GrantRow, PaymentRow, SignUpRow, SignUpState, UpdateRow,
};

fn tag(kind: TagKind, word: &'static str, language: Language) -> Tag {
    Tag::new(kind, translate(word, language))
}

pub(super) fn application_tag(state: ApplicationState, language: Language) -> Tag {
    use ApplicationState as S;
    use TagKind::{Good, Hold, Quiet, Todo, Wait};
    let (kind, word) = match state {
        S::Blank | S::Draft => (Todo, "Not sent yet"),
        S::Submitted => (Wait, "We have it"),
        S::ChangesRequested => (Todo, "We have a question for you"),
        S::Eligible | S::InAssessment => (Wait, "With the panel"),
        S::Ineligible => (Quiet, "Does not fit this fund"),
        S::Awarded => (Good, "Yes: you have a grant"),
        S::ReserveList => (Hold, "On the reserve list"),
        S::Declined => (Quiet, "Not this time"),
        S::Deferred => (Hold, "Decision later"),
        S::UnderReview => (Wait, "We are looking again"),
        S::Withdrawn => (Quiet, "You withdrew it"),
        S::Lapsed => (Quiet, "Never sent"),
    };
    tag(kind, word, language)
}

pub(super) fn grant_tag(row: &GrantRow, today: Date, language: Language) -> Tag {
    use GrantState as S;
    use TagKind::{Good, Hold, Quiet, Todo, Wait};
    let (kind, word) = if row.on_hold {
        (Hold, "Payments on hold")
    } else if row.offer_waits && row.state == S::Offered {
        (Wait, "We are checking the decision")
    } else {
        match row.state {
            S::Blank | S::TakenBack | S::Offered => (Todo, "Waiting for your answer"),
            S::Accepted => (Good, "Accepted"),
            S::Live if row.ends_on < today => (Todo, "Report due"),
            S::Live => (Good, "Running"),
            S::Reported => (Wait, "We are reading your report"),
            S::Closed => (Quiet, "Finished"),
            S::Terminated => (Quiet, "Ended early"),
            S::OfferDeclined => (Quiet, "You said no"),
            S::OfferLapsed => (Quiet, "The offer ran out"),
            S::OfferWithdrawn => (Quiet, "The offer was withdrawn"),
        }
    };
    tag(kind, word, language)
}

/// The tag of a payment. `goes_again` says that the money of a bounced one was prepared again.
pub(super) fn payment_tag(row: &PaymentRow, goes_again: bool, language: Language) -> Tag {
    use PaymentState as S;
    use TagKind::{Good, Quiet, Todo, Wait};
    let (kind, word) = match row.state {
        S::Prepared | S::Approved => (Wait, "We are preparing it"),
        S::Sent => (Wait, "On its way"),
        S::Confirmed => (Good, "Paid"),
        S::Failed | S::Reversed if goes_again => (Quiet, "Not paid: we made a new payment"),
        S::Failed | S::Reversed => (Todo, "The bank could not pay it"),
        S::Rejected | S::Cancelled => (Quiet, "Not sent"),
    };
    tag(kind, word, language)
}

pub(super) fn update_tag(row: &UpdateRow, language: Language) -> Tag {
    use TagKind::{Good, Quiet, Todo, Wait};
    use UpdateState as S;
    let (kind, word) = match row.state {
        S::Requested => (Quiet, "Not sent yet"),
        S::Received => (Wait, "We have it"),
        S::Accepted => (Good, "We have read it"),
        S::Queried => (Todo, "We have a question for you"),
        S::Excused => (Quiet, "Not needed"),
    };
    tag(kind, word, language)
}

/// The tag of a paper that a check needs. `arrived` says whether the group sent enough documents
/// since the offer that this one may be among them.
pub(super) fn paper_tag(state: &str, arrived: bool, language: Language) -> Tag {
    let (kind, word) = match state {
        "passed" | "waived" => (TagKind::Good, "OK"),
        "failed" => (TagKind::Bad, "Not accepted"),
        _ if arrived => (TagKind::Wait, "We are checking"),
        _ => (TagKind::Todo, "Please send it"),
    };
    tag(kind, word, language)
}

/// The tag of what a person has at a session.
pub(super) fn sign_up_tag(
    sign_up: &SignUpRow,
    session: &GatheringSessionRow,
    today: Date,
    language: Language,
) -> Tag {
    use TagKind::{Good, Quiet, Wait};
    let came = session.came.as_ref();
    let came = came.is_some_and(|came| came.named.contains(&sign_up.person));
    let (kind, word) = match (session.state, sign_up.state) {
        (SessionState::Cancelled, _) => return cancelled_tag(language),
        (SessionState::Held, _) if came => (Good, "You came"),
        (SessionState::Held, _) => (Quiet, "Over"),
        (SessionState::Planned, _) if session.day < today => (Quiet, "Over"),
        (_, SignUpState::Place) => (Good, "You have a place"),
        (_, SignUpState::Waiting) => (Wait, "On the waiting list"),
        (_, SignUpState::GivenUp) => (Quiet, "You are not coming"),
    };
    tag(kind, word, language)
}

/// The tag of a session that was cancelled.
pub(super) fn cancelled_tag(language: Language) -> Tag {
    tag(TagKind::Hold, "Cancelled", language)
}
