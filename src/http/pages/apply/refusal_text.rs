//! Refusals as texts for groups, short and in their language.

use super::sections::with_two;
use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::question_field::answer_error_text;
use crate::mail::format_day;

/// The text of a refusal for a group. Refusals that groups rarely meet have the domain's text, in
/// English.
pub fn refusal_text(refusal: &Refusal, language: Language) -> String {
    match plain_text(refusal) {
        Some(text) => translate(text, language).to_owned(),
        None => text_with_values(refusal, language),
    }
}

/// The text of a refusal that always says the same.
fn plain_text(refusal: &Refusal) -> Option<&'static str> {
    let text = match refusal {
        Refusal::RoundNotInState(_) => {
            "This round is not open for applications at the moment. Phone us and we will tell you \
                when the next one opens."
        }
        Refusal::FundNotInState(_) => {
            "This fund is not open for applications at the moment. Phone us and we will tell you \
                more."
        }
        Refusal::AnswerMissing(_) | Refusal::RequestIncomplete => {
            "One question still needs an answer. It is marked below."
        }
        Refusal::ApplicationNotInState(_) => {
            "This application can no longer be changed. Phone us if something in it is wrong."
        }
        Refusal::NotAskedFor => {
            "You can change only the answers we asked about. Phone us if something else needs to \
                change."
        }
        Refusal::LetterHeld => {
            "The panel has met to decide on your application. We will write to you soon. Phone us \
                if it is urgent."
        }
        Refusal::UnknownArea => "Choose one of the places.",
        Refusal::ThemeUnknown { .. } => "Choose one of these",
        Refusal::TooFewSigners(_) => "More people need to sign. Enter one name in each box.",
        Refusal::AccountFails => {
            "This sort code and account number do not match. Check them on a bank statement."
        }
        Refusal::NobodyReached => {
            "Add a phone number, an email or a postal address, so that we can reach you."
        }
        Refusal::NoChange => "You have not changed anything.",
        Refusal::AddressUnproven => {
            "You have started one already. To start another, first sign in with the link in the \
                email we sent you. If you have no email, phone us."
        }
        Refusal::AgreementDiffers => {
            "The agreement has changed since you opened this page. Please read it again."
        }
        _ => return None,
    };
    Some(text)
}

/// The text of a refusal that names a value, or of one without a text for groups.
fn text_with_values(refusal: &Refusal, language: Language) -> String {
    match refusal {
        Refusal::OutsideBounds { minimum, maximum } => with_two(
            "Enter an amount between {} and {}",
            minimum,
            maximum,
            language,
        ),
        Refusal::RoundClosed { closes_on, .. } => translate_with(
            "This round closed on {}. Phone us and we will tell you when the next one opens.",
            &format_day(*closes_on, language),
            language,
        ),
        Refusal::ChangesOverdue(day_) => translate_with(
            "You could change your answers until {}. Phone us if something still needs to \
                change.",
            &format_day(*day_, language),
            language,
        ),
        Refusal::OfferExpired(day_) => translate_with(
            "This offer ran out on {}. Please phone us.",
            &format_day(*day_, language),
            language,
        ),
        Refusal::AnswerUnfit { why, .. } => answer_error_text(*why, language),
        other => format!("{other}. {}", other.advice()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_reads_its_own_language() {
        let refusal = Refusal::UnknownArea;
        assert_eq!(
            refusal_text(&refusal, Language::En),
            "Choose one of the places."
        );
        assert_ne!(
            refusal_text(&refusal, Language::Pl),
            refusal_text(&refusal, Language::En)
        );
    }
}
