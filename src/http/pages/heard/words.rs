//! The words for the outcome of a barrier, on pages outside the desk.

use crate::domain::barrier::ComesTo;
use crate::domain::language::Language;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{Tag, TagKind};
use crate::mail::format_day;
use crate::projections::BarrierAnswerRow;

/// What came of a barrier that was passed on.
pub(in crate::http::pages) fn outcome_tag(
    comes_to: Option<ComesTo>,
    is_closed: bool,
    language: Language,
) -> Tag {
    let (kind, says) = match comes_to {
        Some(ComesTo::Made) => (TagKind::Good, translate("Changed", language)),
        Some(ComesTo::Planned) => (TagKind::Wait, translate("A change is planned", language)),
        Some(ComesTo::None) => (TagKind::Quiet, translate("No change for now", language)),
        None if is_closed => (TagKind::Quiet, translate("No answer came", language)),
        None => (TagKind::Wait, translate("Waiting for an answer", language)),
    };
    Tag::new(kind, says)
}

/// An answer as a page shows it.
pub(in crate::http::pages) struct ShownAnswer {
    pub words: String,
    pub day: String,
}

impl ShownAnswer {
    /// The answers, the newest first.
    pub fn all(answers: &[BarrierAnswerRow], language: Language) -> Vec<Self> {
        let shown = |answer: &BarrierAnswerRow| Self {
            words: answer.answer.clone(),
            day: format_day(answer.answered_on, language),
        };
        answers.iter().rev().map(shown).collect()
    }
}
