//! A report that the group saves unfinished and continues on another day or device. No field is
//! required, and numbers stay as they were typed. If it was saved elsewhere after a page was
//! opened, the page shows both versions, and the group chooses.

use std::collections::{BTreeMap, BTreeSet};

use strum::VariantArray as _;

use super::update::{strength_field, words_field};
use crate::domain::file::FileDigest;
use crate::domain::grant::{DraftField, SaveUpdate};
use crate::domain::language::Language;
use crate::domain::outcome::{Sign, Strength};
use crate::domain::personal_data::PersonalInput;
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::i18n::translate;
use crate::http::pages::{Form, FormData};
use crate::views::UpdateDraftView;

/// The field with the version of the draft that the visitor saw.
pub(super) const SHOWN: &str = "shown";
/// The label of the box that says that the people in the photos agree.
const AGREED: &str = "Everyone in these photos is happy for us to keep them";

/// What is saved now, if it was saved after the visitor opened the page.
pub(super) struct SavedDraft {
    /// What was typed, by the question.
    pub lines: Vec<(String, String)>,
    pub photos: usize,
}

/// What was typed so far. Only a text that is too long to be kept is an error.
pub(super) fn parse(
    posted: &FormData,
    language: Language,
    signs: &[Sign],
) -> Result<SaveUpdate, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let (mut answers, mut strengths, mut noticed) =
        (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for field in DraftField::VARIANTS {
        let typed = form.optional_text(<&str>::from(*field));
        answers.extend(typed.map(|typed| (*field, typed)));
    }
    for sign in signs {
        let known = [Strength::None, Strength::Some, Strength::Strong];
        let known = known.map(|strength| (<&'static str>::from(strength), strength));
        let chosen = value_of_key(posted.text(&strength_field(&sign.sign)), known);
        strengths.extend(chosen.map(|chosen| (sign.sign.clone(), chosen)));
        let typed = form.optional_text(&words_field(&sign.sign));
        noticed.extend(typed.map(|typed| (sign.sign.clone(), typed)));
    }
    form.finish(Some(SaveUpdate {
        update: 0,
        answers,
        strengths,
        noticed,
        files: BTreeSet::new(),
    }))
}

/// Fills the form in with the values that were saved.
pub(super) fn prefilled(mut form: Form, draft: &UpdateDraftView) -> Form {
    for (field, typed) in &draft.answers {
        form = form.prefill(<&str>::from(*field), typed);
    }
    for (sign, strength) in &draft.strengths {
        form = form.prefill(&strength_field(sign), <&str>::from(*strength));
    }
    for (sign, typed) in &draft.noticed {
        form = form.prefill(&words_field(sign), typed);
    }
    form
}

/// The version of what is saved: a keyed digest, so that the page does not repeat what was typed.
pub(super) fn version(app: &AppState, saved: Option<&UpdateDraftView>) -> String {
    let typed = serde_json::to_string(&saved).unwrap_or_default();
    app.commands.log().vault().request_hash(typed.as_bytes())
}

/// Whether another draft was saved since the visitor opened the page. What they typed may be saved
/// already, if they sent it twice.
pub(super) fn has_changed(
    app: &AppState,
    saved: Option<&UpdateDraftView>,
    (posted, files): (&FormData, &BTreeSet<FileDigest>),
    (language, signs): (Language, &[Sign]),
) -> bool {
    let shown = posted.text(SHOWN);
    let (Some(draft), Ok(typed)) = (saved, parse(posted, language, signs)) else {
        return false;
    };
    !shown.is_empty()
        && shown != version(app, saved)
        && !(draft.files == *files && is_typed(&typed, draft))
}

/// Whether the draft has what was typed, apart from its files.
fn is_typed(typed: &SaveUpdate, draft: &UpdateDraftView) -> bool {
    typed.strengths == draft.strengths
        && are_same(&typed.answers, &draft.answers)
        && are_same(&typed.noticed, &draft.noticed)
}

fn are_same<K: Ord>(typed: &BTreeMap<K, PersonalInput>, saved: &BTreeMap<K, String>) -> bool {
    let texts = typed.iter().map(|(key, text)| (key, text.plaintext()));
    texts.eq(saved.iter().map(|(key, text)| (key, Some(text.as_str()))))
}

/// The saved values, which the page shows next to the typed ones.
pub(super) fn saved_draft(
    draft: &UpdateDraftView,
    signs: &[Sign],
    language: Language,
) -> SavedDraft {
    let answers = draft.answers.iter();
    let mut lines: Vec<(String, String)> = answers
        .map(|(field, typed)| {
            let says = match field {
                DraftField::Agreed => translate(AGREED, language),
                _ => typed.as_str(),
            };
            (question(*field, language).to_owned(), says.to_owned())
        })
        .collect();
    for sign in signs {
        let strength = draft.strengths.get(&sign.sign);
        let strength = strength.map(|strength| strength_text(*strength, language));
        let noticed = draft.noticed.get(&sign.sign).map(String::as_str);
        let says: Vec<&str> = strength.into_iter().chain(noticed).collect();
        if !says.is_empty() {
            let title = translate(sign.title.as_str(), language).to_owned();
            lines.push((title, says.join(": ")));
        }
    }
    SavedDraft {
        lines,
        photos: draft.files.len(),
    }
}

/// The label of a field on the page.
fn question(field: DraftField, language: Language) -> &'static str {
    match field {
        DraftField::Words => translate("What happened?", language),
        DraftField::Learned => translate("What was hard, and what did you learn?", language),
        DraftField::People => translate("How many people came?", language),
        DraftField::Volunteers => translate("How many helped?", language),
        DraftField::Spent => translate("How much have you spent so far?", language),
        DraftField::Pictured => translate("What do the photos show?", language),
        DraftField::Agreed => translate("The people in the photos", language),
    }
}

/// How much of a sign the group has seen, as the page says it.
pub(super) fn strength_text(strength: Strength, language: Language) -> &'static str {
    match strength {
        Strength::None => translate("No", language),
        Strength::Some => translate("A little", language),
        Strength::Strong => translate("A lot", language),
    }
}
