//! What staff call the states of an introduction, the reasons and what came of it.

use std::collections::BTreeSet;

use strum::VariantArray as _;

use crate::domain::application::Channel;
use crate::domain::introduction::{CameTo, CloseReason, DeclineReason, IntroductionState, Shared};
use crate::http::pages::desk::action::Choices;
use crate::http::pages::words::{Tag, TagKind, Tagged, capitalised};

impl Tagged for IntroductionState {
    fn tag(self) -> Tag {
        use TagKind::{Good, Quiet, Todo, Wait};
        let (kind, word) = match self {
            Self::Asked => (Todo, "Ask if they agree"),
            Self::Agreed => (Todo, "Ready to introduce"),
            Self::Made => (Wait, "Waiting for an answer"),
            Self::Welcomed => (Good, "Welcomed"),
            Self::Declined => (Quiet, "No room for them"),
            Self::CameTo => (Good, "We know how it went"),
            Self::TakenBack => (Quiet, "Consent withdrawn"),
            Self::Closed => (Quiet, "Closed"),
        };
        Tag { kind, word }
    }
}

fn shared_word(what: Shared) -> &'static str {
    match what {
        Shared::Name => "Their name",
        Shared::Telephone => "Their phone number",
        Shared::Email => "Their email",
        Shared::Matters => "What matters to them",
    }
}

fn decline_word(reason: DeclineReason) -> &'static str {
    match reason {
        DeclineReason::Full => "There is no room now",
        DeclineReason::NoHost => "No one can welcome them",
        DeclineReason::NotRight => "It is not right for them",
        DeclineReason::Other => "Another reason",
    }
}

fn came_to_word(how: CameTo) -> &'static str {
    match how {
        CameTo::Went => "They went",
        CameTo::GoesOn => "They keep going",
        CameTo::DidNotGo => "They did not go",
        CameTo::Stopped => "They went for a while",
    }
}

fn close_word(reason: CloseReason) -> &'static str {
    match reason {
        CloseReason::Done => "All is done",
        CloseReason::NoAnswer => "No one answered",
        CloseReason::NotReached => "We could not reach them",
        CloseReason::FoundOther => "They found something else",
        CloseReason::Other => "Another reason",
    }
}

/// Values with their words, for a choice.
fn choices_of<T: Copy + Into<&'static str>>(values: &[T], word: fn(T) -> &'static str) -> Choices {
    let choice = |value: &T| {
        let key: &str = (*value).into();
        (key.to_owned(), word(*value).to_owned())
    };
    values.iter().map(choice).collect()
}

/// What a person can share.
pub(super) fn shared_choices() -> Choices {
    choices_of(Shared::VARIANTS, shared_word)
}

pub(super) fn decline_choices() -> Choices {
    choices_of(DeclineReason::VARIANTS, decline_word)
}

pub(super) fn came_to_choices() -> Choices {
    choices_of(CameTo::VARIANTS, came_to_word)
}

pub(super) fn close_choices() -> Choices {
    choices_of(CloseReason::VARIANTS, close_word)
}

/// What is shared, in a sentence.
pub(super) fn shared_in_words(shares: &BTreeSet<Shared>) -> String {
    if shares.is_empty() {
        return "Nothing".to_owned();
    }
    let words: Vec<String> = shares
        .iter()
        .map(|what| shared_word(*what).to_lowercase())
        .collect();
    capitalised(&words.join(", "))
}

/// What was answered, what came of it and why it was closed, as far as it is known: label and
/// words.
pub(super) fn answer_in_words(
    declined: Option<DeclineReason>,
    came_to: Option<CameTo>,
    closed: Option<CloseReason>,
) -> Vec<(&'static str, &'static str)> {
    let declined = declined.map(|reason| ("Why not", decline_word(reason)));
    let came_to = came_to.map(|how| ("What came of it", came_to_word(how)));
    let closed = closed.map(|reason| ("Why it was closed", close_word(reason)));
    [declined, came_to, closed].into_iter().flatten().collect()
}

/// How somebody reached the office, by key and label.
pub(super) fn channel_choices() -> Choices {
    [
        (Channel::Phone, "By phone"),
        (Channel::Paper, "On paper"),
        (Channel::InPerson, "In person"),
    ]
    .map(|(channel, label)| (<&str>::from(channel).to_owned(), label.to_owned()))
    .into()
}
