//! Refusals as texts for groups, short and in their language.

use crate::domain::Refusal;
use crate::domain::language::Language;
use crate::http::pages::i18n::{translate, translate_with};
use crate::mail::format_day;

/// The text of a refusal for a group. Refusals that groups rarely meet have the domain's text, in
/// English.
pub fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let plain = match refusal {
        Refusal::OutsideBounds { minimum, maximum } => {
            let bounds = format!("{minimum} – {maximum}");
            return translate_with("Ask for a sum between these two: {}", &bounds, language);
        }
        Refusal::RoundClosed { closes_on, .. } => {
            return translate_with(
                "This round closed on {}. Call us, and we tell you when the next one opens.",
                &format_day(*closes_on, language),
                language,
            );
        }
        Refusal::ChangesOverdue(day_) => {
            return translate_with(
                "You could change your answers until {}. Call us if something still needs to change.",
                &format_day(*day_, language),
                language,
            );
        }
        Refusal::OfferExpired(day_) => {
            return translate_with(
                "This offer ran out on {}. Call us.",
                &format_day(*day_, language),
                language,
            );
        }
        Refusal::RoundNotInState(_) => {
            "This round takes no forms now. Call us, and we tell you when the next one opens."
        }
        Refusal::FundNotInState(_) => {
            "This fund takes no forms now. Call us, and we tell you more."
        }
        Refusal::AnswerMissing(_) | Refusal::RequestIncomplete => {
            "One question still needs an answer. It is marked below."
        }
        Refusal::ApplicationNotInState(_) => {
            "This form can no longer be changed. Call us if something in it is wrong."
        }
        Refusal::NotAskedFor => {
            "Only the answers that we ask about can be changed now. Call us if something else needs to change."
        }
        Refusal::UnknownArea => "Choose one of the places.",
        Refusal::TooFewSigners(_) => "More people need to sign. Write one name in each box.",
        Refusal::AccountFails => {
            "This account number and sort code do not fit together. Look at a bank statement."
        }
        Refusal::NoChange => "Nothing was changed.",
        Refusal::AddressUnproven => {
            "Sign in first, by the link in the mail that we sent you. Then you can begin more. If you have no e-mail address, call us."
        }
        Refusal::AgreementDiffers => {
            "The agreement has changed since you opened this page. Please read it again."
        }
        other => return format!("{other}. {}", other.advice()),
    };
    translate(plain, language).to_owned()
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
