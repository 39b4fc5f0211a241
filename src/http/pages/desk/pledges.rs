//! The page of the pledges: writing, changing and removing them. Publishing makes the next version.
//! A key is made from the words of a new pledge, and kept when the words change.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::action::Choices;
use super::form_draft::{language_field, other_languages};
use super::text_list::{TextListPage, field_name, key_of};
use super::{DeskRequest, texts};
use crate::domain::language::Language;
use crate::domain::organisation::{PLEDGES_MAX, Pledge, PublishPledges};
use crate::domain::public_words::must_not_look_personal;
use crate::domain::text::{Line, Slug};
use crate::domain::{GatheringId, OrganisationCommand, Role};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::{Form, FormData, PageContext, PageError, PostedForm};
use crate::projections::GatheringRow;

const PAGE: TextListPage = TextListPage {
    path: "/desk/texts/pledges",
    form: "pledges",
    command: "publish-pledges",
};
/// The number of empty pledges at the end of the form.
const NEW_PLEDGES: usize = 3;
/// So many days after it was taken a person is asked about a new pledge, as the form suggests.
const DUE_AFTER_DAYS: u16 = 30;
const TOO_LONG: &str = "Write it in at most 140 letters";
const LOOKS_PERSONAL: &str = "Leave out emails, phone numbers and postcodes. Everyone can read it.";
const NOT_A_NUMBER: &str = "Enter a number of days from 1 to 366";

#[derive(Template)]
#[template(path = "desk/pledges.html")]
struct PledgesPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    pledges: Vec<PledgeFieldNames>,
    gatherings: Choices,
}

/// The names of the fields of one pledge.
struct PledgeFieldNames {
    key: String,
    words: String,
    /// Its words in each other language: the field and its label.
    translated: Vec<(String, String)>,
    not_before: String,
    due: String,
}

impl PledgeFieldNames {
    fn at(at: usize) -> Self {
        let translated = other_languages().map(|language| {
            let label = format!("In {}", language.english_name());
            (language_field(&field_name("words", at), language), label)
        });
        Self {
            key: field_name("key", at),
            words: field_name("words", at),
            translated: translated.collect(),
            not_before: field_name("not_before", at),
            due: field_name("due", at),
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.roles.contains(&Role::Officer) {
        return Err(PageError::forbidden());
    }
    let own = texts::organisation(request).await?;
    let forms = request.forms();
    let mut form = forms.form(PAGE.form);
    for (at, pledge) in own.pledges.iter().enumerate() {
        let names = PledgeFieldNames::at(at);
        let not_before = pledge.not_before.map(|day| day.to_string());
        form = form
            .prefill(&names.key, pledge.pledge.as_str())
            .prefill(&names.words, pledge.words.as_str())
            .prefill(&names.not_before, &not_before.unwrap_or_default())
            .prefill(&names.due, &pledge.due_after_days.to_string());
        for (language, words) in &pledge.other_languages {
            form = form.prefill(&language_field(&names.words, *language), words.as_str());
        }
    }
    let count = (own.pledges.len() + NEW_PLEDGES).min(PLEDGES_MAX);
    for at in own.pledges.len()..count {
        form = form.prefill(&field_name("due", at), &DUE_AFTER_DAYS.to_string());
    }
    if let Some(gathering) = own.pledges_written_at {
        form = form.prefill("written_at", &gathering.to_string());
    }
    let page = PledgesPage {
        page: request.page_context("Pledges").await?,
        wrong: forms.error_summary(),
        form,
        version: own.pledges_version,
        pledges: (0..count).map(PledgeFieldNames::at).collect(),
        gatherings: gatherings(request).await?,
    };
    request.render(&page)
}

/// The gatherings that everyone sees, after a choice of none.
async fn gatherings(request: &DeskRequest<'_>) -> Result<Choices, PageError> {
    let mut rows: Vec<GatheringRow> = request.app.views.all_rows(None, Vec::new()).await?;
    rows.retain(GatheringRow::is_public);
    rows.sort_by(|one, other| one.title.cmp(&other.title));
    let none = (String::new(), "Not at a gathering".to_owned());
    let named = rows.into_iter().map(|row| (row.id.to_string(), row.title));
    Ok(std::iter::once(none).chain(named).collect())
}

pub(super) async fn publish(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    sent.visitor.require_staff()?;
    let pledges = parse_pledges(&sent.posted);
    let publish = pledges.map(OrganisationCommand::PublishPledges);
    PAGE.publish(&app, sent, publish).await
}

/// The pledges in their order, or the errors of all of them. A pledge without words is left out.
fn parse_pledges(posted: &FormData) -> Result<PublishPledges, FieldErrors> {
    let (mut pledges, mut wrong): (Vec<Pledge>, _) = (Vec::new(), FieldErrors::new());
    for at in 0..PLEDGES_MAX {
        let parsed = parse_pledge(posted, &PledgeFieldNames::at(at), &pledges, &mut wrong);
        pledges.extend(parsed);
    }
    let gathering = posted.text("written_at");
    let co_designed_at: Option<GatheringId> = gathering.parse().ok();
    if co_designed_at.is_none() && !gathering.is_empty() {
        wrong.push((
            "written_at".to_owned(),
            "Choose one from the list".to_owned(),
        ));
    }
    if pledges.is_empty() && wrong.is_empty() {
        let says = "Write at least one pledge".to_owned();
        wrong.push((field_name("words", 0), says));
    }
    if wrong.is_empty() {
        Ok(PublishPledges {
            pledges,
            co_designed_at,
        })
    } else {
        Err(wrong)
    }
}

/// The pledge of these fields, after those before it. `None` if it is left out or has an error.
fn parse_pledge(
    posted: &FormData,
    names: &PledgeFieldNames,
    before: &[Pledge],
    wrong: &mut FieldErrors,
) -> Option<Pledge> {
    let typed = posted.text(&names.words);
    if typed.is_empty() {
        let has_other = names
            .translated
            .iter()
            .any(|(field, _)| !posted.text(field).is_empty());
        if has_other && posted.text(&names.key).is_empty() {
            miss(wrong, &names.words, "Write it in English as well");
        }
        return None;
    }
    let words = parse_words(&names.words, typed, wrong);
    let key = match posted.text(&names.key) {
        "" => free_key(typed, before),
        key => key.parse().ok(),
    };
    if key.is_none() {
        miss(wrong, &names.words, "Begin it with a letter from A to Z");
    }
    let due: Option<u16> = posted.text(&names.due).parse().ok();
    let due = due.filter(|days| (1..=366).contains(days));
    if due.is_none() {
        miss(wrong, &names.due, NOT_A_NUMBER);
    }
    let day = posted.text(&names.not_before);
    let not_before: Option<Date> = day.parse().ok();
    if not_before.is_none() && !day.is_empty() {
        miss(wrong, &names.not_before, "Enter a day, such as 5 July 2026");
    }
    let other_languages = translations(posted, names, wrong);
    Some(Pledge {
        pledge: key?,
        words: words?,
        other_languages,
        not_before,
        due_after_days: due?,
    })
}

fn miss(wrong: &mut FieldErrors, field: &str, says: &str) {
    wrong.push((field.to_owned(), says.to_owned()));
}

/// Words that everyone can read.
fn parse_words(field: &str, typed: &str, wrong: &mut FieldErrors) -> Option<Line> {
    let Ok(words) = typed.parse::<Line>() else {
        miss(wrong, field, TOO_LONG);
        return None;
    };
    if must_not_look_personal("words", words.as_str()).is_err() {
        miss(wrong, field, LOOKS_PERSONAL);
        return None;
    }
    Some(words)
}

fn translations(
    posted: &FormData,
    names: &PledgeFieldNames,
    wrong: &mut FieldErrors,
) -> BTreeMap<Language, Line> {
    let mut found = BTreeMap::new();
    for language in other_languages() {
        let field = language_field(&names.words, language);
        let typed = posted.text(&field);
        if !typed.is_empty()
            && let Some(words) = parse_words(&field, typed, wrong)
        {
            found.insert(language, words);
        }
    }
    found
}

/// A key for the words of a new pledge that none before it has.
fn free_key(words: &str, before: &[Pledge]) -> Option<Slug> {
    let key = key_of(words);
    let is_free = |key: &Slug| before.iter().all(|known| known.pledge != *key);
    let numbered = (2..=PLEDGES_MAX).map(|number| format!("{key}-{number}"));
    std::iter::once(key.clone())
        .chain(numbered)
        .filter_map(|key| key.parse().ok())
        .find(is_free)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(fields.iter().map(pair).collect())
    }

    #[test]
    fn keys_are_made_from_words_and_kept_when_these_change() {
        let typed = posted(&[
            ("key-0", "tell-three"),
            ("words-0", "I tell four people."),
            ("due-0", "5"),
            ("words-2", "I hold a stall."),
            ("words-2-pl", "Poprowadzę stoisko."),
            ("due-2", "30"),
            ("words-3", "I hold a stall"),
            ("due-3", "30"),
        ]);
        let pledges = parse_pledges(&typed).unwrap().pledges;
        let keys: Vec<_> = pledges.iter().map(|one| one.pledge.as_str()).collect();
        assert_eq!(keys, ["tell-three", "i-hold-a-stall", "i-hold-a-stall-2"]);
    }

    #[test]
    fn each_wrong_pledge_is_named_at_its_field() {
        let typed = posted(&[
            ("words-0", "Ring 0161 496 0000"),
            ("due-0", "5"),
            ("words-1", "I hold a stall."),
            ("due-1", "0"),
            ("words-2-pl", "Poprowadzę stoisko."),
        ]);
        let wrong = parse_pledges(&typed).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["words-0", "due-1", "words-2"]);
        assert_eq!(parse_pledges(&posted(&[])).unwrap_err().len(), 1);
    }
}
