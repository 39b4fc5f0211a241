//! What a page says after an action of the group: fixed sentences, by the key in the address.

use actix_web::HttpRequest;

use crate::domain::language::Language;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::sign_in::query_param;

/// The key of what was sent, a report or news, with this many photos.
pub(super) fn sent_key(what: &str, photographs: usize) -> String {
    match photographs {
        0 => what.to_owned(),
        photographs => format!("{what}-{photographs}"),
    }
}

/// The notice for the query parameter `done`. Anything unknown in it is ignored, because anyone
/// can write a link with it.
pub(super) fn notice(request: &HttpRequest, language: Language) -> Option<String> {
    notice_text(&query_param(request, "done"), language)
}

fn notice_text(done: &str, language: Language) -> Option<String> {
    let says = match done {
        "accepted" => "Thank you. You have accepted the grant.",
        "signed" => "Thank you. You have signed the agreement.",
        "declined" => "You have said no to the grant. Thank you for telling us.",
        "bank" => "Thank you, we have your bank details. Two people here will check them.",
        "paper" => "Thank you, we have it. We’ll check it.",
        "more-time" => "We have your request for more time. You will find our answer on this page.",
        "unspent" => "Thank you for telling us what you will not need.",
        "story" => "Your story is off the public page.",
        "withdrawn" => "You have withdrawn your application.",
        "review" => "We have your request. Someone new will look at your application.",
        "invited" => "We have invited them. They need to sign in with that email and say yes.",
        "invited-again" => {
            "We write to them again, once a day at most. They need to sign in and say yes."
        }
        "entry-words" => "Thank you. We’ll read your words before anyone else does.",
        "entry-confirmed" => "Thank you. Everyone sees that it was checked today.",
        "entry-paused" => "It is not in the directory for now. You can put it back here.",
        "entry-resumed" => "It is back in the directory.",
        "entry-withdrawn" => "It is out of the directory for good.",
        "hours" => "Thank you. We have counted the time.",
        "joined" => "You have joined the group.",
        "not-joined" => "You have said no to the invitation.",
        "report" => "Thank you, we have your report.",
        "report-1" => "Thank you, we have your report and your photo.",
        "saved" => "Saved. You can finish it another day, on any phone or computer.",
        "stepped-down" => "You are off the list. Thank you for telling us.",
        "lead-taken" => "Thank you. You lead this now.",
        "lead-left" => "You do not lead this any more. Thank you for all you did.",
        "hand" => "We have your message. Someone in our office will get in touch.",
        "told" => "Thank you for telling us. We’ll tell you what comes of it.",
        "pledged" => "Thank you. We have noted what you pledged.",
        "kept" => "Well done, and thank you.",
        "dropped" => "That is fine. We won’t ask you about it.",
        "attendance" => "Thank you. We have noted how many came.",
        "agreed" => "Thank you. We have noted that you said yes.",
        "taken-back" => "You changed your mind, and that is fine. They see nothing about you now.",
        "no-longer" => "You said no. We have noted it, and we have stopped.",
        "welcomed" => "Thank you. We’ll tell them who will welcome them.",
        "not-welcomed" => "Thank you for telling us. We’ll help them find somewhere else.",
        "how" => "Thank you for telling us how it went.",
        "feelings" => "Thank you. We have the numbers.",
        "feelings-corrected" => "Thank you. We have the corrected numbers.",
        "news" => "Thank you, we have your news.",
        "news-1" => "Thank you, we have your news and your photo.",
        other => return with_photographs(other, language),
    };
    Some(translate(says, language).to_owned())
}

/// The notice after something was sent with several photos.
fn with_photographs(done: &str, language: Language) -> Option<String> {
    let (what, photographs) = done.split_once('-')?;
    let says = match what {
        "report" => "Thank you, we have your report and your {} photos.",
        "news" => "Thank you, we have your news and your {} photos.",
        _ => return None,
    };
    let photographs: u8 = photographs.parse().ok()?;
    let known = (2..=12).contains(&photographs) && sent_key(what, photographs.into()) == done;
    known.then(|| translate_with(says, &photographs.to_string(), language))
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
        assert_eq!(
            says("news-2").as_deref(),
            Some("Thank you, we have your news and your 2 photos.")
        );
        assert!(says("bank").is_some() && says("saved").is_some());
        for done in [
            "",
            "report-0",
            "report-03",
            "report-99",
            "report-x",
            "bank-2",
            "Bank",
            "You won",
        ] {
            assert_eq!(says(done), None, "{done}");
        }
    }
}
