//! What a page says after an action of the group: fixed sentences, by the key in the address.

use actix_web::HttpRequest;

use crate::domain::language::Language;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::sign_in::query_param;

/// The key of a report that was sent with this many photos.
pub(super) fn report_key(photographs: usize) -> String {
    match photographs {
        0 => "report".to_owned(),
        photographs => format!("report-{photographs}"),
    }
}

/// The notice for the query parameter `done`. Anything unknown in it is ignored, because anybody
/// can write a link with it.
pub(super) fn notice(request: &HttpRequest, language: Language) -> Option<String> {
    notice_text(&query_param(request, "done"), language)
}

fn notice_text(done: &str, language: Language) -> Option<String> {
    let says = match done {
        "accepted" => "Thank you. You have accepted the grant.",
        "declined" => "You have said no to the grant. Thank you for telling us.",
        "bank" => "Thank you, we have your bank details. Two people here will check them.",
        "paper" => "Thank you, we have it. We'll check it.",
        "more-time" => "We have your request for more time. You will find our answer on this page.",
        "unspent" => "Thank you for telling us what you will not need.",
        "story" => "Your story is off the public page.",
        "withdrawn" => "You have withdrawn your application.",
        "review" => "We have your request. Someone new will look at your application.",
        "invited" => "We have invited them. They need to sign in with that email and say yes.",
        "joined" => "You have joined the group.",
        "not-joined" => "You have said no to the invitation.",
        "report" => "Thank you, we have your report.",
        "report-1" => "Thank you, we have your report and your photo.",
        other => {
            let photographs: u8 = other.strip_prefix("report-")?.parse().ok()?;
            let known = (2..=12).contains(&photographs) && report_key(photographs.into()) == other;
            return known.then(|| {
                translate_with(
                    "Thank you, we have your report and your {} photos.",
                    &photographs.to_string(),
                    language,
                )
            });
        }
    };
    Some(translate(says, language).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_keys_have_a_notice() {
        let says = |done: &str| notice_text(done, Language::En);
        assert_eq!(
            says("report-3").as_deref(),
            Some("Thank you, we have your report and your 3 photos.")
        );
        assert!(says("bank").is_some());
        for done in [
            "",
            "report-0",
            "report-03",
            "report-99",
            "report-x",
            "Bank",
            "You won",
        ] {
            assert_eq!(says(done), None, "{done}");
        }
    }
}
