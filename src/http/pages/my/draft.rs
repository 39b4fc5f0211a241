//! A report that the group saves unfinished and continues on another day or device. No field is
//! required, and numbers stay as they were typed.

use std::collections::{BTreeMap, BTreeSet};

use strum::VariantArray as _;

use super::update::{strength_field, words_field};
use crate::domain::grant::{DraftField, SaveUpdate};
use crate::domain::language::Language;
use crate::domain::outcome::{Sign, Strength};
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::{Form, FormData};
use crate::views::UpdateDraftView;

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

/// The form with what was saved of it.
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
