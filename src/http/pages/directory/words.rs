//! The words of pages about the directory: kinds, and whether something is offered or wished for.

use crate::domain::asset::{AssetKind, AssetWay};
use crate::domain::language::Language;
use crate::http::pages::i18n::translate;

/// The kinds of entry, in the order of forms.
pub(in crate::http::pages) const KINDS: [AssetKind; 6] = [
    AssetKind::Group,
    AssetKind::Organisation,
    AssetKind::Place,
    AssetKind::Thing,
    AssetKind::Skill,
    AssetKind::Interest,
];

/// What people call a kind of entry.
pub(in crate::http::pages) fn kind_name(kind: AssetKind, language: Language) -> &'static str {
    match kind {
        AssetKind::Group => translate("What a group does", language),
        AssetKind::Organisation => translate("An organisation", language),
        AssetKind::Place => translate("A place", language),
        AssetKind::Thing => translate("A thing to lend or give", language),
        AssetKind::Skill => translate("A skill", language),
        AssetKind::Interest => translate("An interest", language),
    }
}

/// Whether an entry is an offer or a wish, in words.
pub(in crate::http::pages) fn way_name(way: AssetWay, language: Language) -> &'static str {
    match way {
        AssetWay::Offer => translate("Offered", language),
        AssetWay::Wish => translate("Wanted", language),
    }
}
