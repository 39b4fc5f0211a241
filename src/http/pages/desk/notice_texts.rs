//! The page of notices: what people read or hear before they agree to something. Publishing makes
//! the next version. Those who agreed keep to the version that they were given, so old ones stay
//! readable.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use super::form_draft::other_languages;
use crate::domain::language::Language;
use crate::domain::organisation::{NoticePurpose, PublishNotice};
use crate::domain::{Command, OrganisationCommand};
use crate::http::pages::{PageContext, PageError, PageForms};
use crate::projections::NoticeRow;

#[derive(Template)]
#[template(path = "desk/notice_texts.html")]
struct NoticeTextsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    notices: Vec<PurposeNotices>,
}

/// The notices for one purpose.
struct PurposeNotices {
    key: &'static str,
    title: &'static str,
    /// The version in force.
    newest: Option<ShownNotice>,
    /// The versions before, the newest first.
    former: Vec<ShownNotice>,
    /// The form of a new version, for administrators.
    publish: Option<Action>,
}

/// A version of a notice.
struct ShownNotice {
    version: u32,
    published_on: jiff::civil::Date,
    text: String,
    /// The text in other languages, by the name of the language.
    others: Vec<(&'static str, String)>,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let rows: Vec<NoticeRow> = request.app.views.all_rows(None, Vec::new()).await?;
    let forms = request.forms();
    let mut notices = Vec::new();
    for purpose in NoticePurpose::VARIANTS {
        let mut own: Vec<&NoticeRow> = rows.iter().filter(|row| row.purpose == *purpose).collect();
        own.sort_by_key(|row| std::cmp::Reverse(row.version));
        let publish = publish(request, &forms, *purpose, own.first().copied()).await?;
        let mut versions = own.into_iter().map(ShownNotice::of);
        notices.push(PurposeNotices {
            key: (*purpose).into(),
            title: title_of(*purpose),
            newest: versions.next(),
            former: versions.collect(),
            publish,
        });
    }
    let page = NoticeTextsPage {
        page: request.page_context("What people are told").await?,
        wrong: forms.error_summary(),
        notices,
    };
    request.render(&page)
}

/// The form of the next version, filled in with the words in force or with words to start from.
async fn publish(
    request: &DeskRequest<'_>,
    forms: &PageForms,
    purpose: NoticePurpose,
    newest: Option<&NoticeRow>,
) -> Result<Option<Action>, PageError> {
    let key: &str = purpose.into();
    let command = OrganisationCommand::PublishNotice(PublishNotice {
        purpose,
        text: sample("What we do with what you tell us"),
        other_languages: BTreeMap::new(),
    });
    let command = Command::Organisation(request.app.commands.organisation(), command);
    let (title, button) = match newest {
        None => ("Write the first version", "Publish it"),
        Some(_) => ("Write a new version", "Publish the new version"),
    };
    let words = |language: Language| match newest {
        Some(newest) if language == Language::En => newest.text.clone(),
        Some(newest) => newest
            .other_languages
            .get(&language)
            .cloned()
            .unwrap_or_default(),
        None => words_to_start_from(purpose, language).to_owned(),
    };
    let mut spec = ActionSpec::new(title, command)
        .form(format!("publish-{key}"))
        .about("Those who agreed before keep to the version that they were given.")
        .button(button)
        .hidden("purpose", key)
        .text_area("text", "What they are told")
        .hint("Plain words that can be read aloud.")
        .prefill(words(Language::En));
    for language in other_languages() {
        let name = format!("other_languages.{}", language.code());
        let label = format!("The same in {}", language.english_name());
        spec = spec
            .text_area(&name, &label)
            .hint("Leave it empty if you have none. People then get it in English.")
            .prefill(words(language));
    }
    let action = request.actions(forms, vec![spec]).await?;
    Ok(action.into_iter().next())
}

impl ShownNotice {
    fn of(row: &NoticeRow) -> Self {
        let others = row
            .other_languages
            .iter()
            .map(|(language, text)| (language.english_name(), text.clone()));
        Self {
            version: row.version,
            published_on: row.published_on,
            text: row.text.clone(),
            others: others.collect(),
        }
    }
}

fn title_of(purpose: NoticePurpose) -> &'static str {
    match purpose {
        NoticePurpose::Introductions => "Before we introduce someone",
        NoticePurpose::Invitations => "Before we invite someone and send news",
        NoticePurpose::Skills => "Before we note what someone can do or lend",
        NoticePurpose::TimeBank => "Before someone gives and gets hours",
    }
}

/// Words to start from, which an administrator reads and changes before they publish them.
fn words_to_start_from(purpose: NoticePurpose, language: Language) -> &'static str {
    match (purpose, language) {
        (NoticePurpose::Introductions, Language::En) => {
            "We would like to introduce you to a group or place that you choose. We’ll tell them \
            only what you allow: your name, how to reach you, or what matters to you. They see it \
                only while you agree. You can change your mind at any time, online, by phone or \
                in person. They then see nothing more, and we delete what matters to you. We \
                delete that after 12 months anyway. If you say no, nothing changes for you."
        }
        (NoticePurpose::Introductions, Language::Pl) => {
            "Chcemy przedstawić Cię grupie lub miejscu, które wybierzesz. Powiemy im tylko to, na \
                co się zgodzisz: jak się nazywasz, jak się z Tobą skontaktować albo co jest dla \
                Ciebie ważne. Widzą to tylko tak długo, jak trwa Twoja zgoda. Możesz ją wycofać w \
                każdej chwili: w internecie, przez telefon albo osobiście. Wtedy nic więcej nie \
                zobaczą, a my usuniemy to, co jest dla Ciebie ważne. Po 12 miesiącach i tak to \
                usuniemy. Jeśli się nie zgodzisz, nic się dla Ciebie nie zmieni."
        }
        (NoticePurpose::Invitations, Language::En) => {
            "We would like to tell you about things to do near you, and about our news. We use \
            your phone number, your email or your address only for this, and give them to no one. \
            You can stop it at any time: online, by phone, or with one click in every \
                email."
        }
        (NoticePurpose::Invitations, Language::Pl) => {
            "Chcemy mówić Ci o tym, co dzieje się w pobliżu, i o naszych nowościach. Twojego \
            telefonu, adresu i e-maila używamy tylko do tego. Nikomu ich nie damy. \
                Możesz to zatrzymać w każdej chwili: w internecie, przez telefon albo jednym \
                kliknięciem w każdym e-mailu."
        }
        (NoticePurpose::Skills, Language::En) => {
            "We would like to note what you can do, lend or teach. Only our office reads it, and \
            asks you before anyone else hears of it. You can change your mind at any time, and we \
            then delete it."
        }
        (NoticePurpose::Skills, Language::Pl) => {
            "Chcemy zapisać, co umiesz, co możesz pożyczyć lub czego możesz nauczyć. Czyta to \
                tylko nasze biuro i pyta Cię, zanim ktoś się o tym dowie. Możesz to wycofać w \
                każdej chwili, a my to wtedy usuniemy."
        }
        (NoticePurpose::TimeBank, Language::En) => {
            "An hour of your time counts the same as an hour of anyone else’s. We note who gave \
                it, who got it and how long it took. Others see only totals. You can stop at any \
                time. The hours so far stay in the totals, without your name."
        }
        (NoticePurpose::TimeBank, Language::Pl) => {
            "Godzina, którą dajesz, liczy się tak samo jak każda inna. Zapisujemy, kto ją dał, kto \
                ją dostał i ile to trwało. Inni widzą tylko sumy. Możesz przestać w każdej chwili. \
                Godziny do tej pory zostają w sumach, bez imienia i nazwiska."
        }
    }
}
