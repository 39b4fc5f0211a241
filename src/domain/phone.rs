//! Phone numbers: as people type them, and as they are kept, in E.164.

use phonenumber::country;

use super::text::tidy;

/// Maximum number of characters of a number with the words around it.
const TEXT_MAX: usize = 80;
/// The country code of the United Kingdom, whose numbers are typed without one.
const BRITISH: u16 = 44;
/// The digits of a number with its country code, in E.164.
const DIGITS: std::ops::RangeInclusive<usize> = 8..=15;
/// The fewest digits of a number in another country, without the country code.
const FOREIGN_DIGITS_MIN: usize = 5;

/// A phone number, with the words that were typed around it: "ext 12", "after 3pm".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneNumber {
    before: String,
    number: phonenumber::PhoneNumber,
    after: String,
}

impl PhoneNumber {
    /// Finds the number in a text; `None` if it has none that can exist. A number without a country
    /// code is British.
    ///
    /// Of several, a number that its country's numbering plan uses comes before one that only has
    /// the right length.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = tidy(text);
        if text.chars().count() > TEXT_MAX {
            return None;
        }
        let readings: Vec<_> = spans(&text)
            .into_iter()
            .filter_map(|(begins, ends)| Some((begins, ends, read(&text[begins..ends])?)))
            .collect();
        let known = readings.iter().find(|(_, _, number)| number.is_valid());
        let (begins, ends, number) = known.or(readings.first())?;
        Some(Self {
            before: text[..*begins].to_owned(),
            number: number.clone(),
            after: text[*ends..].to_owned(),
        })
    }

    /// The number in E.164: a plus sign, the country code and the number.
    #[must_use]
    pub fn e164(&self) -> String {
        format!("+{}{}", self.number.code().value(), self.number.national())
    }

    /// The text that is kept: the number in E.164, with the words around it.
    #[must_use]
    pub fn kept(&self) -> String {
        format!("{}{}{}", self.before, self.e164(), self.after)
    }

    /// The words before and after the number, with the spaces and punctuation between them and the
    /// number.
    #[must_use]
    pub fn words(&self) -> (&str, &str) {
        (&self.before, &self.after)
    }

    /// Whether the text is a number and nothing else.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        self.before.trim().is_empty() && self.after.trim().is_empty()
    }

    /// The number in groups: the usual ones of the United Kingdom without a country code, those of
    /// any other country with it.
    #[must_use]
    pub fn grouped(&self) -> String {
        let is_british = self.number.code().value() == BRITISH;
        if is_british && let Some(grouped) = british_groups(&format!("0{}", self.number.national()))
        {
            return grouped;
        }
        let mode = if is_british {
            phonenumber::Mode::National
        } else {
            phonenumber::Mode::International
        };
        self.number.format().mode(mode).to_string()
    }

    /// The number as people write it, with the words around it.
    #[must_use]
    pub fn written(&self) -> String {
        format!("{}{}{}", self.before, self.grouped(), self.after)
    }

    /// The forms in which this number was kept while the zeros after a country code, and "00"
    /// before one, were not understood. Blind indexes of that time have them.
    #[must_use]
    pub fn former_forms(&self) -> Vec<String> {
        let (code, national) = (self.number.code().value(), self.number.national());
        let mut forms = vec![format!("+{BRITISH}0{code}{national}")];
        if code == BRITISH {
            forms.push(format!("+{BRITISH}0{national}"));
        }
        forms
    }
}

/// A number of the United Kingdom, as it is dialled there, in its usual groups; `None` if it has
/// none.
fn british_groups(national: &str) -> Option<String> {
    let second = national.strip_prefix('0')?;
    let has_short_code = second.starts_with("11") || second.get(..3)?.ends_with('1');
    let sizes: &[usize] = match (second.get(..1)?, national.len()) {
        ("2", 11) => &[3, 4, 4],
        ("1", 11) if has_short_code => &[4, 3, 4],
        ("3" | "8" | "9", 11) => &[4, 3, 4],
        ("1" | "7", 11) => &[5, 3, 3],
        ("8", 10) => &[4, 3, 3],
        _ => return None,
    };
    let (mut groups, mut at) = (Vec::new(), 0);
    for size in sizes {
        groups.push(national.get(at..at + size)?);
        at += size;
    }
    Some(groups.join(" "))
}

/// The value of a digit, in the scripts whose keyboards have digits of their own.
fn digit_of(letter: char) -> Option<char> {
    let zeros = ['0', '\u{660}', '\u{6f0}', '\u{966}', '\u{9e6}', '\u{ff10}'];
    let value = |zero: char| {
        u32::from(letter)
            .checked_sub(u32::from(zero))
            .filter(|at| *at < 10)
    };
    zeros
        .into_iter()
        .find_map(value)
        .and_then(|value| char::from_digit(value, 10))
}

/// Whether a character may be part of a written number.
fn is_of_number(letter: char) -> bool {
    digit_of(letter).is_some()
        || "+ ()-./".contains(letter)
        || matches!(letter, '\u{2010}'..='\u{2015}' | '\u{2212}')
}

/// The parts of a text that may be a number: each stretch of digits and signs, up to the end of
/// each of its groups of digits, the longest first.
fn spans(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(is_of_number) {
        let begins = at + offset;
        let ends = text[begins..]
            .find(|letter: char| !is_of_number(letter))
            .map_or(text.len(), |offset| begins + offset);
        let stretch = &text[begins..ends];
        let first = |letter: char| matches!(letter, '+' | '(') || digit_of(letter).is_some();
        if let Some(first) = stretch.find(first) {
            for end in group_ends(stretch).into_iter().rev() {
                let part = &stretch[first..end];
                let is_open = part.starts_with('(') && !part.contains(')');
                found.push((begins + first + usize::from(is_open), begins + end));
            }
        }
        at = ends;
    }
    found
}

/// Where the groups of digits in a stretch end.
fn group_ends(stretch: &str) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut in_group = false;
    for (offset, letter) in stretch.char_indices() {
        let is_digit = digit_of(letter).is_some();
        if in_group && !is_digit {
            ends.push(offset);
        }
        in_group = is_digit;
    }
    if in_group {
        ends.push(stretch.len());
    }
    ends
}

/// Reads a number without words. A zero in brackets is dialled within the country only.
fn read(written: &str) -> Option<phonenumber::PhoneNumber> {
    let written = written.replace("(0)", "");
    let digits: String = written.chars().filter_map(digit_of).collect();
    let is_international = written.trim_start_matches('(').starts_with('+');
    if is_international || digits.starts_with("00") {
        read_international(&digits)
    } else {
        read_british(&digits)
    }
}

/// Reads a number that begins with a country code, after any zeros. Zeros between the code of the
/// United Kingdom and the number are skipped; what cannot be British then may be a number of
/// another country behind "+44 00".
fn read_international(digits: &str) -> Option<phonenumber::PhoneNumber> {
    let digits = digits.trim_start_matches('0');
    if let Some(rest) = digits.strip_prefix("44") {
        let national = rest.trim_start_matches('0');
        let read = read_british(&format!("0{national}"));
        return if read.is_none() && national.len() < rest.len() {
            read_international(national)
        } else {
            read
        };
    }
    let number = phonenumber::parse(None, format!("+{digits}")).ok()?;
    let national = number.national().to_string().len();
    let code = number.code().value().to_string().len();
    let fits = national >= FOREIGN_DIGITS_MIN && DIGITS.contains(&(code + national));
    fits.then_some(number)
}

/// Reads a number of the United Kingdom, as it is dialled there. Ten digits after the zero are
/// accepted if any number begins like them; shorter numbers only if they are in use.
fn read_british(digits: &str) -> Option<phonenumber::PhoneNumber> {
    let number = phonenumber::parse(Some(country::GB), digits).ok()?;
    let national = number.national().to_string();
    let is_usual = national.len() == 10 && !national.starts_with(['0', '4', '6']);
    (number.code().value() == BRITISH && (is_usual || number.is_valid())).then_some(number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_spelling_of_a_number_is_that_number(national in "[1235789][0-9]{9}") {
            let plain = kept(&format!("0{national}"));
            for typed in [
                format!(" 0{national} "),
                format!("+44{national}"),
                format!("+44 {national}"),
                format!("+44-{national}"),
                format!("+44 (0){national}"),
                format!("+440{national}"),
                format!("0044{national}"),
                format!("0044 (0){national}"),
            ] {
                let read = kept(&typed).map(|kept| kept.trim().to_owned());
                prop_assert_eq!(&read, &plain, "{}", typed);
            }
            if let Some(once) = plain {
                prop_assert_eq!(kept(&once), Some(once.clone()));
            }
        }
    }

    fn kept(text: &str) -> Option<String> {
        PhoneNumber::parse(text).map(|number| number.kept())
    }

    #[test]
    fn a_number_has_one_form_however_it_is_typed() {
        for text in [
            "0161 496 0000",
            "(0161) 496 0000",
            "0161-496-0000",
            "0161.496.0000",
            "0161\u{2013}496\u{2013}0000",
            "161 496 0000",
            "+44 161 496 0000",
            "+44 (0)161 496 0000",
            "+44 (0) 161 496 0000",
            "+44 0161 496 0000",
            "+44(161)4960000",
            "(+44) 161 496 0000",
            "0044 161 496 0000",
            "0044 (0)161 496 0000",
            "+0044 161 496 0000",
            "44 161 496 0000",
            "\u{feff}0161\u{a0}496\u{a0}0000",
            "\u{660}\u{661}\u{666}\u{661} \u{664}\u{669}\u{666} \u{660}\u{660}\u{660}\u{660}",
            "０１６１ ４９６ ００００",
        ] {
            assert_eq!(kept(text).as_deref(), Some("+441614960000"), "{text}");
        }
        for text in [
            "07700 900123",
            "+44 07700 900123",
            "7700900123",
            "00447700900123",
        ] {
            assert_eq!(kept(text).as_deref(), Some("+447700900123"), "{text}");
        }
    }

    #[test]
    fn numbers_of_other_countries_are_taken() {
        for (text, number) in [
            ("+48 22 510 00 00", "+48225100000"),
            ("0048 22 510 00 00", "+48225100000"),
            ("+33 (0)6 31 96 65 43", "+33631966543"),
            ("+39 02 3661 8300", "+390236618300"),
            ("+1 (520) 878-2491", "+15208782491"),
            ("+353 1 234 5678", "+35312345678"),
        ] {
            assert_eq!(kept(text).as_deref(), Some(number), "{text}");
        }
    }

    #[test]
    fn a_number_has_the_groups_of_its_country() {
        for (text, grouped) in [
            ("07700900352", "07700 900 352"),
            ("01614960000", "0161 496 0000"),
            ("01632960001", "01632 960 001"),
            ("02079460000", "020 7946 0000"),
            ("08001111", "0800 1111"),
            ("+48225100000", "+48 22 510 00 00"),
        ] {
            let number = PhoneNumber::parse(text).unwrap();
            assert_eq!(number.grouped(), grouped, "{text}");
            let again = PhoneNumber::parse(&number.written()).unwrap();
            assert_eq!(again, number, "what is written is read as the same number");
        }
    }

    #[test]
    fn words_around_a_number_stay() {
        for (text, kept_text) in [
            ("07700 900112, after 3pm", "+447700900112, after 3pm"),
            ("0161 496 0000 ext 12", "+441614960000 ext 12"),
            ("0161 496 0000 x12", "+441614960000 x12"),
            ("07700 900112 (2nd floor)", "+447700900112 (2nd floor)"),
            ("Home: 0161 496 0000", "Home: +441614960000"),
            ("Work (0161 496 0000)", "Work (+441614960000)"),
            (
                "07700 900112 / 0161 496 0000",
                "+447700900112 / 0161 496 0000",
            ),
        ] {
            let found = PhoneNumber::parse(text).map(|number| number.is_bare());
            assert_eq!(kept(text).as_deref(), Some(kept_text), "{text}");
            assert_eq!(found, Some(false), "{text}");
        }
        assert!(PhoneNumber::parse(" 0161 496 0000 ").unwrap().is_bare());
    }

    #[test]
    fn a_stored_value_is_read_unchanged() {
        for text in [
            "+441614960000",
            "+447700900112, after 3pm",
            "+441614960000 ext 12",
            "Home: +441614960000",
            "+390236618300",
        ] {
            assert_eq!(kept(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_number_that_cannot_exist_is_none() {
        for text in [
            "",
            "12",
            "call me",
            "0161",
            "0161 496",
            "496 0000",
            "0161 496 000",
            "0161 496 00001",
            "0461 496 0000",
            "0000 000 0000",
            "+44 12",
            "+999 161 496 0000",
            "+1234567890123456",
            "1110@example.org",
        ] {
            assert_eq!(kept(text), None, "{text}");
        }
    }

    #[test]
    fn former_forms_lead_to_the_number() {
        for text in ["+441614960000", "+48225100000"] {
            let number = PhoneNumber::parse(text).unwrap();
            for former in number.former_forms() {
                assert_eq!(kept(&former).as_deref(), Some(text), "{former}");
            }
        }
        let number = PhoneNumber::parse("0161 496 0000").unwrap();
        assert_eq!(
            number.former_forms(),
            ["+440441614960000", "+4401614960000"]
        );
    }
}
