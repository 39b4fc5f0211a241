//! The normal form of typed text: texts that look the same become the same.
//!
//! Every text that somebody typed or pasted passes [`tidy`] before it is parsed. Stored texts do
//! not: one that was recorded before this step keeps its characters, because digests are computed
//! from them.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;
use unicode_properties::{GeneralCategory, GeneralCategoryGroup, UnicodeGeneralCategory as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::text::is_invisible;

/// Maximum number of code points for each character that a reader counts. It limits the marks on
/// one letter.
const POINTS_PER_CHARACTER: usize = 10;

/// The first character of the scripts that need joiners. Latin, Greek and Cyrillic come before it.
const JOINED_SCRIPTS: char = '\u{590}';

/// The emoji with which the flags of England, Scotland and Wales begin. Tags spell the rest.
const BLACK_FLAG: char = '\u{1f3f4}';

/// A typed text in its normal form:
///
/// - Letters and their accents are composed (NFC).
/// - Every line break is `\n`. Tabs and other blanks are plain blanks.
/// - U+0080 to U+009F are what Windows-1252 means by them: U+0092 is ’.
/// - Other control characters, zero-width characters and overrides of the direction are removed.
///   Joiners stay where a script or an emoji needs them.
///
/// Quotes and dashes stay as they were typed. The normal form of a normal form is itself.
#[must_use]
pub fn tidy(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte == b'\n' || (b' '..=b'~').contains(&byte);
    if text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut tidied = tidy_once(text);
    loop {
        // A removed character may have separated two that compose.
        let again = tidy_once(&tidied);
        if again == tidied {
            return Cow::Owned(tidied);
        }
        tidied = again;
    }
}

fn tidy_once(text: &str) -> String {
    let composed: String = with_plain_characters(text).nfc().collect();
    without_idle_joiners(&composed).nfc().collect()
}

fn with_plain_characters(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\r' if letters.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}' => plain.push('\n'),
            '\t' => plain.push(' '),
            '\u{80}'..='\u{9f}' => plain.extend(in_windows_1252(letter)),
            _ if letter.is_control() || is_zero_width(letter) => {}
            _ if letter.general_category() == GeneralCategory::SpaceSeparator => plain.push(' '),
            _ => plain.push(letter),
        }
    }
    plain
}

/// The character that Windows-1252 has at a code from U+0080 to U+009F. `None` for the five codes
/// that it leaves undefined.
fn in_windows_1252(letter: char) -> Option<char> {
    let byte = [u8::try_from(letter).ok()?];
    let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(&byte);
    text.chars().next().filter(|meant| !meant.is_control())
}

/// Characters without a width, and those that override the direction of writing. The marks of
/// direction U+200E, U+200F and U+061C stay: texts from right to left need them next to numbers.
fn is_zero_width(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{180e}' | '\u{200b}' | '\u{2060}'..='\u{2064}'
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}')
}

/// Removes joiners that join nothing, and tags that are not part of a flag.
fn without_idle_joiners(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    let mut in_flag = false;
    while let Some(letter) = letters.next() {
        let is_tag = ('\u{e0020}'..='\u{e007f}').contains(&letter);
        let is_needed = match letter {
            '\u{200c}' | '\u{200d}' => {
                is_joiner_needed(kept.chars().next_back(), letters.peek().copied())
            }
            '\u{e0000}'..='\u{e007f}' => in_flag && is_tag,
            _ => true,
        };
        in_flag = letter == BLACK_FLAG || (in_flag && is_tag);
        if is_needed {
            kept.push(letter);
        }
    }
    kept
}

/// Whether a joiner changes what a reader sees: after a letter of a script that needs it, such as
/// Persian or Malayalam, or between the parts of an emoji.
fn is_joiner_needed(before: Option<char>, after: Option<char>) -> bool {
    let Some(before) = before.filter(|letter| *letter >= JOINED_SCRIPTS) else {
        return false;
    };
    if is_symbol(before) || is_variation_selector(before) {
        return after.is_some_and(|letter| letter >= JOINED_SCRIPTS && is_symbol(letter));
    }
    matches!(
        before.general_category_group(),
        GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
    )
}

pub(super) fn is_symbol(letter: char) -> bool {
    letter.general_category_group() == GeneralCategoryGroup::Symbol
}

/// Whether a character chooses between the text and the emoji of the symbol before it.
pub(super) fn is_variation_selector(letter: char) -> bool {
    matches!(letter, '\u{fe0e}' | '\u{fe0f}')
}

/// The number of characters as a reader counts them: a letter with its accents is one, and so is an
/// emoji of several parts.
#[must_use]
pub fn reader_length(text: &str) -> usize {
    text.graphemes(true).count()
}

/// Whether a text has at most this many characters, as a reader counts them.
pub(super) fn is_within(text: &str, most: usize) -> bool {
    let points_max = most.saturating_mul(POINTS_PER_CHARACTER);
    text.chars().count() <= points_max && reader_length(text) <= most
}

/// The key by which names are compared. Names that differ only by case, accents of Latin letters,
/// quotes, dashes, commas, full stops, brackets, blanks, `&` for "and", or how their characters are
/// encoded have the same key.
#[must_use]
pub fn name_key(name: &str) -> String {
    let tidied = tidy(name);
    let visible = |letter: &char| letter.is_whitespace() || !is_invisible(*letter);
    let plain: String = tidied
        .chars()
        .map(in_plain_marks)
        .nfkc()
        .filter(visible)
        .collect();
    let mut folded = String::with_capacity(plain.len());
    for letter in plain.chars() {
        match deunicode::deunicode_char(letter).filter(|_| is_latin(letter)) {
            Some(plain) => folded.push_str(plain),
            None => folded.push(letter),
        }
    }
    let mut words = String::with_capacity(folded.len());
    for letter in folded.to_lowercase().chars() {
        match letter {
            '&' => words.push_str(" and "),
            '\'' | '.' => {}
            ',' | '-' | '(' | ')' => words.push(' '),
            _ => words.push(letter),
        }
    }
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_latin(letter: char) -> bool {
    letter < '\u{250}' || ('\u{1e00}'..='\u{1eff}').contains(&letter)
}

/// Quotes and dashes in the form that keyboards have.
fn in_plain_marks(letter: char) -> char {
    match letter {
        '`'
        | '\u{b4}'
        | '\u{2b9}'
        | '\u{2bb}'..='\u{2bd}'
        | '\u{2018}'..='\u{201b}'
        | '\u{2032}'
        | '\u{2035}'
        | '\u{ff07}' => '\'',
        '\u{ab}' | '\u{bb}' | '\u{201c}'..='\u{201f}' | '\u{2033}' | '\u{2036}' | '\u{ff02}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_pasted_becomes_what_it_means() {
        for (typed, tidied) in [
            ("Short\u{b}text", "Short\ntext"),
            (
                "one\r\ntwo\rthree\u{c}four\u{2028}five\u{2029}six",
                "one\ntwo\nthree\nfour\nfive\nsix",
            ),
            (
                "It\u{92}s \u{93}ours\u{94}\u{85} \u{80}5",
                "It’s “ours”… €5",
            ),
            ("un\u{81}de\u{8d}fi\u{8f}n\u{90}e\u{9d}d", "undefined"),
            ("Soup\tClub", "Soup Club"),
            (
                "Soup\u{a0}Club\u{202f}of\u{2009}two\u{3000}men",
                "Soup Club of two men",
            ),
            ("nu\0ll, be\u{7}ll, de\u{7f}lete", "null, bell, delete"),
            (
                "\u{feff}zero\u{200b}width\u{2060}soft\u{ad}hyphen",
                "zerowidthsofthyphen",
            ),
            (
                "over\u{202e}ride\u{202c} and \u{2067}isolate\u{2069}",
                "override and isolate",
            ),
            ("Cafe\u{301}", "Caf\u{e9}"),
            ("e\u{200d}\u{301}", "\u{e9}"),
            ("O\u{2019}Neill and O'Neill", "O\u{2019}Neill and O'Neill"),
        ] {
            assert_eq!(tidy(typed), tidied, "{typed:?}");
        }
    }

    #[test]
    fn what_scripts_and_emoji_need_stays() {
        for text in [
            "\u{645}\u{6cc}\u{200c}\u{62e}\u{648}\u{627}\u{647}\u{645}",
            "\u{d28}\u{d4d}\u{200d}",
            "\u{915}\u{94d}\u{200d}\u{937}",
            "\u{1f469}\u{200d}\u{1f373}",
            "\u{2764}\u{fe0f}\u{200d}\u{1f525}",
            "\u{1f642}\u{200d}\u{2194}\u{fe0f}",
            "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
            "\u{200f}\u{627}\u{644} 12",
        ] {
            assert_eq!(tidy(text), text, "{text:?}");
        }
        for (typed, tidied) in [
            ("Am\u{200d}ina", "Amina"),
            ("\u{200d}Amina\u{200c}", "Amina"),
            ("\u{1f469}\u{200d}", "\u{1f469}"),
            ("\u{645}\u{200c}\u{200c}\u{62e}", "\u{645}\u{200c}\u{62e}"),
            ("Soup\u{e0067}\u{e007f}", "Soup"),
        ] {
            assert_eq!(tidy(typed), tidied, "{typed:?}");
        }
    }

    #[test]
    fn lengths_are_those_that_a_reader_counts() {
        for (text, length) in [
            ("Caf\u{e9}", 4),
            ("Cafe\u{301}", 4),
            ("\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467}", 1),
            (
                "\u{1f3f4}\u{e0067}\u{e0062}\u{e0073}\u{e0063}\u{e0074}\u{e007f}",
                1,
            ),
            ("\u{928}\u{93f}", 1),
            ("a\nb", 3),
        ] {
            assert_eq!(reader_length(text), length, "{text:?}");
        }
        assert!(is_within(&"\u{1f469}\u{200d}\u{1f373}".repeat(10), 10));
        assert!(!is_within(&"x".repeat(11), 10));
        let piled = format!("a{}", "\u{35f}".repeat(200));
        assert!(
            !is_within(&piled, 10),
            "marks that are piled up are bounded"
        );
    }

    #[test]
    fn names_that_look_alike_have_one_key() {
        for (one, other) in [
            ("Caf\u{e9}", "Cafe\u{301}"),
            ("St Mary\u{2019}s", "St Mary's"),
            ("St Mary`s", "St Mary\u{2bc}s"),
            ("ŁÓDŹ", "Łódź"),
            ("Łódź", "Lodz"),
            ("Soup  Club", " Soup\u{a0}Club "),
            ("Soup\tClub", "soup club"),
            ("Soup\u{200b} Club", "Soup Club"),
            ("\u{201c}Soup\u{201d}", "\"Soup\""),
            ("Soup \u{2013} Club", "Soup - Club"),
            ("Knit & Natter Glodwick", "Knit and natter, Glodwick"),
            ("St. Mary's (Offerton)", "St Marys, Offerton"),
            ("Ｓｏｕｐ", "Soup"),
            ("Straße", "STRASSE"),
            ("\u{645}\u{6cc}\u{200c}\u{62e}", "\u{645}\u{6cc}\u{62e}"),
        ] {
            assert_eq!(name_key(one), name_key(other), "{one:?} and {other:?}");
        }
        for (one, other) in [
            ("Soup Club", "Soup Clubs"),
            ("\u{674e}", "\u{91cc}"),
            ("Group 1", "Group 2"),
        ] {
            assert_ne!(name_key(one), name_key(other), "{one:?} and {other:?}");
        }
    }

    /// Texts with many of the characters that the step is about.
    const TEXTS: &str = "([a-zé '\\-]|[\\x00-\\xad]|[\\u{300}-\\u{310}]|[\\u{5d0}-\\u{65f}]\
        |[\\u{915}-\\u{94d}]|[\\u{200b}-\\u{2069}]|[\\u{2120}-\\u{2130}]|[\\u{fe00}-\\u{ffff}]\
        |[\\u{1f3f4}-\\u{1f480}]|[\\u{e0000}-\\u{e007f}]){0,24}";

    proptest! {
        #[test]
        fn a_second_pass_changes_nothing(text in TEXTS) {
            let once = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&once).into_owned(), once.clone());
            prop_assert!(!once.chars().any(|letter| letter != '\n' && letter.is_control()));
        }

        #[test]
        fn any_text_has_one_normal_form(text in any::<String>()) {
            let once = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&once).into_owned(), once.clone());
            prop_assert_eq!(name_key(&once), name_key(&text));
        }
    }
}
