//! Reader of OFX statements: OFX 1, which is SGML whose fields have no end tags, and OFX 2, which
//! is XML. Bank and credit card accounts, one or several in a file.
//!
//! Both are split into tags and text by the same rules, which also accept what banks write against
//! the standard: a bare `&`, `<BR/>` in a text, small letters in tags, a field that is repeated or
//! folded over several lines.

use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use super::decimals::{is_digits, to_pence};
use super::{
    Direction, LINES_MAX, SkippedLine, SkippedReason, Statement, StatementEntry, StatementError,
};
use crate::clock::day_of;

/// Fields whose text may contain a payment's reference. Numbers come first: digits after a
/// reference could be read as part of it.
const DESCRIPTION_FIELDS: [&str; 6] = ["CHECKNUM", "REFNUM", "NAME", "PAYEE", "EXTDNAME", "MEMO"];
/// Types of movements into the account. The others can go either way, as a transfer does.
const MONEY_IN_TYPES: [&str; 4] = ["CREDIT", "DEP", "DIRECTDEP", "DIV"];
/// Types of movements out of the account, except `DEBIT`. One with a plus is a refund.
const MONEY_OUT_TYPES: [&str; 5] = ["CASH", "CHECK", "DIRECTDEBIT", "FEE", "SRVCHG"];
/// What may be written between thousands.
const SEPARATORS: [char; 6] = [',', '.', ' ', '\u{a0}', '\u{202f}', '\''];
/// The only currency that is read.
const CURRENCY: &str = "GBP";
/// The most characters of a currency that are kept. Each movement has a copy.
const CURRENCY_CHARS_MAX: usize = 8;
/// The most fields of a movement. The standard has fewer than fifty.
const FIELDS_MAX: usize = 200;

/// Whether a text is an OFX file.
pub(super) fn is_it(text: &str) -> bool {
    ["<OFX>", "<STMTTRN>"].iter().any(|tag| {
        text.as_bytes()
            .windows(tag.len())
            .any(|part| part.eq_ignore_ascii_case(tag.as_bytes()))
    })
}

/// Reads all movements of all accounts. Pending ones are skipped. A line of the result is the
/// number of the movement in the file, which may be a single line of text.
pub(super) fn read(text: &str) -> Result<Statement, StatementError> {
    let mut skipped = Vec::new();
    let mut amounts = Vec::new();
    for (at, movement) in movements(text)?.into_iter().enumerate() {
        let line = at + 1;
        let wrong = |says| StatementError::UnreadableLine(line, says);
        if movement.is_pending() {
            let why = SkippedReason::Pending;
            skipped.push(SkippedLine { line, why });
            continue;
        }
        if !movement.is_in_pounds() {
            return Err(wrong("this amount is not in pounds"));
        }
        let on = movement
            .value("DTPOSTED")
            .and_then(|written| read_day(&written))
            .ok_or_else(|| wrong("we cannot read the date"))?;
        let (sign, pence) = movement
            .value("TRNAMT")
            .and_then(|written| read_amount(&written))
            .ok_or_else(|| wrong("we cannot read the amount"))?;
        amounts.push((movement, on, sign, pence));
    }
    let signs = OfxSigns::of(
        amounts
            .iter()
            .map(|(movement, _, sign, pence)| (movement.kind(), *sign, *pence)),
    );
    let entries = amounts
        .into_iter()
        .map(|(movement, on, sign, pence)| StatementEntry {
            on,
            pence,
            direction: movement.direction(sign, signs),
            description: movement.description(),
        })
        .collect();
    Ok(Statement { entries, skipped })
}

/// How the file marks the direction of amounts.
#[derive(Clone, Copy, Debug, Default)]
struct OfxSigns {
    /// Money out has a minus somewhere.
    minus: bool,
    /// A `DEBIT` has no sign somewhere.
    bare_debit: bool,
}

impl OfxSigns {
    fn of(amounts: impl Iterator<Item = (String, Option<Direction>, u64)>) -> Self {
        let mut signs = Self::default();
        for (kind, sign, pence) in amounts {
            signs.minus |= sign == Some(Direction::Out);
            signs.bare_debit |= kind == "DEBIT" && sign.is_none() && pence > 0;
        }
        signs
    }
}

/// The fields of a `STMTTRN` or `STMTTRNP` in the order of the file, with those of its parts, such
/// as the name in `PAYEE`.
#[derive(Debug, Default)]
struct OfxMovement {
    /// Whether it is a `STMTTRNP`, which the bank has not booked.
    pending: bool,
    /// The account's currency; empty if the file does not say it.
    account_currency: String,
    fields: Vec<(String, String)>,
}

impl OfxMovement {
    /// All values of a field, with single spaces.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = String> + 'a {
        self.fields
            .iter()
            .filter(move |(known, _)| known == name)
            .map(|(_, value)| single_spaced(value))
    }

    fn value(&self, name: &str) -> Option<String> {
        self.values(name).next()
    }

    fn kind(&self) -> String {
        self.value("TRNTYPE")
            .unwrap_or_default()
            .to_ascii_uppercase()
    }

    /// A `HOLD` reserves money and moves none.
    fn is_pending(&self) -> bool {
        self.pending || self.kind() == "HOLD"
    }

    /// `CURRENCY` is that of the amount if it is not the account's. `ORIGCURRENCY` is that of an
    /// amount which the bank has converted.
    fn is_in_pounds(&self) -> bool {
        let own = self
            .fields
            .iter()
            .skip_while(|(name, _)| name != "CURRENCY")
            .find(|(name, _)| name == "CURSYM")
            .map(|(_, value)| value.trim());
        let currency = own.unwrap_or(self.account_currency.trim());
        currency.is_empty() || currency.eq_ignore_ascii_case(CURRENCY)
    }

    /// The direction that type and sign agree on. In the standard an amount without a sign came in,
    /// but some banks write no sign before money out. It is therefore believed only in a file that
    /// has a minus, and no `DEBIT` without one. A correction of another movement has no direction.
    fn direction(&self, sign: Option<Direction>, signs: OfxSigns) -> Option<Direction> {
        if self.value("CORRECTACTION").is_some() {
            return None;
        }
        match (self.kind().as_str(), sign) {
            ("DEBIT", Some(Direction::In)) | ("CREDIT", Some(Direction::Out)) => None,
            (_, Some(direction)) => Some(direction),
            ("DEBIT", None) => (!signs.minus).then_some(Direction::Out),
            (kind, None) if MONEY_IN_TYPES.contains(&kind) => Some(Direction::In),
            (kind, None) if MONEY_OUT_TYPES.contains(&kind) => None,
            (_, None) => (signs.minus && !signs.bare_debit).then_some(Direction::In),
        }
    }

    fn description(&self) -> String {
        let mut texts: Vec<String> = Vec::new();
        for text in DESCRIPTION_FIELDS.iter().flat_map(|name| self.values(name)) {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.join(" ")
    }
}

fn single_spaced(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Collects the movements of all accounts of a file.
fn movements(text: &str) -> Result<Vec<OfxMovement>, StatementError> {
    let mut movements: Vec<OfxMovement> = Vec::new();
    let mut account_currency = String::new();
    // Where text belongs: to the last field of the last movement, to the account's currency, or
    // nowhere.
    let (mut in_movement, mut in_currency) = (false, false);
    for token in (OfxTokens { rest: text }) {
        match token {
            OfxToken::Open(name) if name == "STMTTRN" || name == "STMTTRNP" => {
                if movements.len() == LINES_MAX {
                    return Err(StatementError::TooLong);
                }
                movements.push(OfxMovement {
                    pending: name == "STMTTRNP",
                    account_currency: account_currency.clone(),
                    fields: Vec::new(),
                });
                (in_movement, in_currency) = (true, false);
            }
            // A line break in a text.
            OfxToken::Open(name) if name == "BR" => {
                append_text(&mut movements, in_movement, "\n");
            }
            OfxToken::Open(name) if in_movement => {
                let line = movements.len();
                if let Some(movement) = movements.last_mut() {
                    if movement.fields.len() == FIELDS_MAX {
                        let says = "this payment has too many fields";
                        return Err(StatementError::UnreadableLine(line, says));
                    }
                    movement.fields.push((name, String::new()));
                }
            }
            OfxToken::Open(name) => {
                in_currency = name == "CURDEF";
                if in_currency {
                    account_currency.clear();
                }
            }
            OfxToken::Text(text) if in_currency => {
                let left = CURRENCY_CHARS_MAX.saturating_sub(account_currency.len());
                account_currency.extend(text.trim().chars().take(left));
            }
            OfxToken::Text(text) => append_text(&mut movements, in_movement, &text),
            OfxToken::Close(name) => {
                in_currency = false;
                if name.starts_with("STMTTRN") || name.starts_with("BANKTRANLIST") {
                    in_movement = false;
                }
            }
        }
    }
    Ok(movements)
}

/// Appends a text to the last field of the last movement, if the text is in it.
fn append_text(movements: &mut [OfxMovement], in_movement: bool, text: &str) {
    if in_movement
        && let Some(movement) = movements.last_mut()
        && let Some((_, value)) = movement.fields.last_mut()
    {
        value.push_str(text);
    }
}

/// A part of a file. Names of tags are in capital letters, entities in texts are replaced.
#[derive(Debug, PartialEq, Eq)]
enum OfxToken {
    Open(String),
    Close(String),
    Text(String),
}

/// The tags and texts of SGML or XML. What cannot be a tag is text.
struct OfxTokens<'a> {
    rest: &'a str,
}

impl Iterator for OfxTokens<'_> {
    type Item = OfxToken;

    fn next(&mut self) -> Option<OfxToken> {
        loop {
            if let Some(inside) = self.rest.strip_prefix("<![CDATA[") {
                let (text, rest) = inside.split_once("]]>").unwrap_or((inside, ""));
                self.rest = rest;
                return Some(OfxToken::Text(text.to_owned()));
            }
            if let Some(inside) = self.rest.strip_prefix("<!--") {
                self.rest = inside.split_once("-->").map_or("", |(_, rest)| rest);
            } else if self.rest.starts_with("<?") || self.rest.starts_with("<!") {
                self.rest = self.rest.split_once('>').map_or("", |(_, rest)| rest);
            } else {
                return self.tag().or_else(|| self.text());
            }
        }
    }
}

impl OfxTokens<'_> {
    fn tag(&mut self) -> Option<OfxToken> {
        let inside = self.rest.strip_prefix('<')?;
        let (closes, inside) = inside
            .strip_prefix('/')
            .map_or((false, inside), |inside| (true, inside));
        let end = inside.find(['<', '>'])?;
        let (tag, rest) = inside.split_at(end);
        let rest = rest.strip_prefix('>')?;
        let name: String = tag
            .chars()
            .take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
            .collect();
        if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            return None;
        }
        self.rest = rest;
        let name = name.to_ascii_uppercase();
        Some(if closes {
            OfxToken::Close(name)
        } else {
            OfxToken::Open(name)
        })
    }

    /// The text up to the next `<`. A `<` at its beginning is part of it, since it begins no tag.
    fn text(&mut self) -> Option<OfxToken> {
        let first = self.rest.chars().next()?.len_utf8();
        let after = self.rest.get(first..)?;
        let end = after.find('<').map_or(self.rest.len(), |at| first + at);
        let (text, rest) = self.rest.split_at(end);
        self.rest = rest;
        Some(OfxToken::Text(replace_entities(text)))
    }
}

/// Replaces entities by their characters. An `&` that begins none stays.
fn replace_entities(text: &str) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        replaced.push_str(before);
        if let Some((character, after)) = read_entity(after) {
            replaced.push(character);
            rest = after;
        } else {
            replaced.push('&');
            rest = after;
        }
    }
    replaced.push_str(rest);
    replaced
}

/// The character that an entity means, and the text after it. Starts after the `&`.
fn read_entity(text: &str) -> Option<(char, &str)> {
    /// Length of the longest entity that is read, `#x10FFFF`.
    const NAME_MAX: usize = 8;
    let end = text
        .bytes()
        .take(NAME_MAX + 1)
        .position(|byte| byte == b';')?;
    let (name, rest) = text.split_at(end);
    let character = match name {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => ' ',
        "pound" => '£',
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)?
        }
    };
    Some((character, rest.strip_prefix(';')?))
}

/// Reads the day in London of `20261126`, `20261126091200` or `20261126091200.000[-5:EST]`. A time
/// without a zone is taken for the bank's own day, and midnight for a day without a time: programs
/// write it so in any zone.
fn read_day(written: &str) -> Option<Date> {
    let (moment, zone) = match written.split_once('[') {
        Some((moment, zone)) => (moment.trim(), Some(zone.strip_suffix(']')?)),
        None => (written, None),
    };
    let (day, time) = moment.split_at_checked(8)?;
    let numbers = two_digit_numbers(day)?;
    // A day in another century is a mistake of the bank.
    let &[20, year, month, day] = numbers.as_slice() else {
        return None;
    };
    let date = Date::new(2000 + i16::from(year), month, day).ok()?;
    let time = read_time(time)?;
    let Some(zone) = zone else {
        return Some(date);
    };
    let instant = read_offset(zone)?
        .to_timestamp(date.to_datetime(time))
        .ok()?;
    Some(if time == Time::midnight() {
        date
    } else {
        day_of(instant)
    })
}

/// Reads a time without separators: hours, minutes and perhaps seconds and their fraction.
fn read_time(written: &str) -> Option<Time> {
    let (clock, fraction) = written.split_once('.').unwrap_or((written, ""));
    if !is_digits(fraction) {
        return None;
    }
    match two_digit_numbers(clock)?.as_slice() {
        [] => Some(Time::midnight()),
        [hour, minute] => Time::new(*hour, *minute, 0, 0).ok(),
        // A leap second belongs to the day before.
        [hour, minute, second] => Time::new(*hour, *minute, (*second).min(59), 0).ok(),
        _ => None,
    }
}

fn two_digit_numbers(digits: &str) -> Option<Vec<i8>> {
    if !is_digits(digits) || !digits.len().is_multiple_of(2) {
        return None;
    }
    (0..digits.len())
        .step_by(2)
        .map(|at| digits.get(at..at + 2)?.parse().ok())
        .collect()
}

/// Reads the offset of a time zone: `-5:EST`, `0:GMT`, `+5.30`. Half an hour is written as `.30`
/// or `.5`.
fn read_offset(zone: &str) -> Option<Offset> {
    let offset = zone.split(':').next().unwrap_or_default().trim();
    if matches!(offset, "GMT" | "UTC") {
        return Some(Offset::UTC);
    }
    let (sign, number) = match offset.strip_prefix('-') {
        Some(number) => (-1, number),
        None => (1, offset.strip_prefix('+').unwrap_or(offset)),
    };
    let (hours, part) = number.split_once('.').unwrap_or((number, ""));
    let hours: i32 = Some(hours).filter(|hours| is_digits(hours))?.parse().ok()?;
    let minutes = match part {
        "" | "0" | "00" => 0,
        "15" | "25" => 15,
        "30" | "5" | "50" => 30,
        "45" | "75" => 45,
        _ => return None,
    };
    if hours > 14 {
        return None;
    }
    Offset::from_seconds(sign * (hours * 60 + minutes) * 60).ok()
}

/// Reads an amount into its direction, if it has a sign, and pence.
fn read_amount(written: &str) -> Option<(Option<Direction>, u64)> {
    const MINUS: [char; 2] = ['-', '\u{2212}'];
    let without_minus = written
        .strip_prefix(MINUS)
        .or_else(|| written.strip_suffix(MINUS));
    let (sign, digits) = match (without_minus, written.strip_prefix('+')) {
        (Some(digits), _) => (Some(Direction::Out), digits),
        (None, Some(digits)) => (Some(Direction::In), digits),
        (None, None) => (None, written),
    };
    let (pounds, fraction) = split_decimals(digits.trim())?;
    Some((sign, to_pence(pounds, fraction, &SEPARATORS)?))
}

/// Splits an amount at its decimal sign, which may be a dot or a comma. None if it could be either
/// thousands or decimals: `1,800`.
fn split_decimals(digits: &str) -> Option<(&str, &str)> {
    let Some(at) = digits.rfind(['.', ',']) else {
        return Some((digits, ""));
    };
    let (pounds, rest) = digits.split_at(at);
    let (sign, decimals) = rest.split_at(1);
    if pounds.contains(sign) {
        // A repeated sign separates thousands.
        return Some((digits, ""));
    }
    let like_thousands = decimals.len() == 3
        && (1..=3).contains(&pounds.len())
        && is_digits(pounds)
        && !pounds.starts_with('0');
    if sign == "," && like_thousands {
        return None;
    }
    Some((pounds, decimals))
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn header(rest: &str) -> String {
        format!(
            "OFXHEADER:100\nDATA:OFXSGML\nVERSION:102\nCHARSET:1252\n\n<OFX><BANKMSGSRSV1>\
                <STMTTRNRS><STMTRS><CURDEF>GBP<BANKTRANLIST>\n{rest}\n</BANKTRANLIST></STMTRS>\
                </STMTTRNRS></BANKMSGSRSV1></OFX>\n"
        )
    }

    /// A movement of OFX 1 with these fields instead of the usual ones.
    fn movement(fields: &str) -> String {
        format!("<STMTTRN>\n<DTPOSTED>20261126\n{fields}\n<FITID>1\n</STMTTRN>")
    }

    fn entries(text: &str) -> Vec<StatementEntry> {
        assert!(is_it(text), "{text}");
        read(text).expect(text).entries
    }

    fn only(fields: &str) -> StatementEntry {
        let mut entries = entries(&header(&movement(fields)));
        assert_eq!(entries.len(), 1, "{fields}");
        entries.remove(0)
    }

    fn out_of_1800(description: &str) -> StatementEntry {
        StatementEntry {
            on: date(2026, 11, 26),
            pence: 180_000,
            direction: Some(Direction::Out),
            description: description.to_owned(),
        }
    }

    #[test]
    fn both_versions_of_the_format_say_the_same() {
        let sgml = header(&movement(
            "<TRNTYPE>DEBIT\n<TRNAMT>-1800.00\n<NAME>SOUP &amp; SONG\n<MEMO>GR013782P1",
        ));
        let xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<?OFX OFXHEADER=\"200\" \
            VERSION=\"211\" SECURITY=\"NONE\"?>\r\n<OFX><CREDITCARDMSGSRSV1><CCSTMTTRNRS><CCSTMTRS>\
            <CURDEF>GBP</CURDEF><BANKTRANLIST><!-- <STMTTRN> --><STMTTRN><TRNTYPE>DEBIT</TRNTYPE>\
            <DTPOSTED>20261126</DTPOSTED><TRNAMT>-1800.00</TRNAMT><FITID>1</FITID><PAYEE>\
            <NAME>SOUP &#38; SONG</NAME><ADDR1>1 High Street</ADDR1></PAYEE>\
            <MEMO>GR013782P1</MEMO></STMTTRN></BANKTRANLIST></CCSTMTRS></CCSTMTTRNRS>\
            </CREDITCARDMSGSRSV1></OFX>";
        let small = sgml.to_lowercase();
        let same = vec![out_of_1800("SOUP & SONG GR013782P1")];
        assert_eq!(entries(&sgml), same);
        assert_eq!(entries(xml), same);
        assert_eq!(entries(&small)[0].description, "soup & song gr013782p1");
        assert_eq!(entries(&small)[0].direction, Some(Direction::Out));
    }

    #[test]
    fn a_description_is_whole_however_it_is_written() {
        for (fields, description) in [
            (
                "<NAME>FASTER PAYMENT</NAME><MEMO><![CDATA[GR013782P1]]></MEMO>",
                "FASTER PAYMENT GR013782P1",
            ),
            (
                "<NAME><![CDATA[A & B <C> &amp;]]></NAME>",
                "A & B <C> &amp;",
            ),
            (
                "<NAME>FASTER PAYMENT\n<MEMO>FPO 26 NOV<BR/>GR013782P1",
                "FASTER PAYMENT FPO 26 NOV GR013782P1",
            ),
            ("<MEMO>FPO<br>GR013782P1<BR />X</MEMO>", "FPO GR013782P1 X"),
            ("<NAME>SOUP & SONG GR013782P1", "SOUP & SONG GR013782P1"),
            ("<NAME>R&D; A&B &#163;5 &#xA3;5 &x", "R&D; A&B £5 £5 &x"),
            ("<NAME>A &lt;B&gt; &apos;C&apos; &nbsp;D", "A <B> 'C' D"),
            ("<NAME>3 < 5 <\n<MEMO>GR013782P1", "3 < 5 < GR013782P1"),
            (
                "<MEMO>FPO\r\n   GR013782P1\r\n26NOV",
                "FPO GR013782P1 26NOV",
            ),
            ("<MEMO>FPO\n<MEMO>GR013782P1\n<MEMO>FPO", "FPO GR013782P1"),
            (
                "<NAME>SOUP\n<EXTDNAME>SOUP AND SONG GR013782P1",
                "SOUP SOUP AND SONG GR013782P1",
            ),
            (
                "<PAYEE>SOUP\n<REFNUM>GR013782P1\n<CHECKNUM>12",
                "12 GR013782P1 SOUP",
            ),
            ("<MEMO/><NAME></NAME><MEMO>\tGR013782P1\u{a0}", "GR013782P1"),
            (
                "<MEMO>CAF\u{c9} \u{142}\u{f3}d\u{17a}",
                "CAF\u{c9} \u{142}\u{f3}d\u{17a}",
            ),
        ] {
            let read = only(&format!("<TRNTYPE>DEBIT\n<TRNAMT>-1800.00\n{fields}"));
            assert_eq!(read, out_of_1800(description), "{fields}");
        }
    }

    #[test]
    fn the_type_decides_only_where_there_is_no_sign() {
        let (out, into) = (Some(Direction::Out), Some(Direction::In));
        for (kind, amount, direction) in [
            ("DEBIT", "1800.00", out),
            ("DEBIT", "-1800.00", out),
            ("DEBIT", "1800.00-", out),
            ("DEBIT", "+1800.00", None),
            ("CREDIT", "1800.00", into),
            ("CREDIT", "+1800.00", into),
            ("CREDIT", "-1800.00", None),
            ("credit", "1800.00", into),
            ("DIRECTDEP", "1800.00", into),
            ("DIRECTDEBIT", "-1800.00", out),
            ("DIRECTDEBIT", "1800.00", None),
            ("FEE", "+1800.00", into),
            ("XFER", "-1800.00", out),
            ("XFER", "+1800.00", into),
            // Nothing in the file says how it writes money out.
            ("XFER", "1800.00", None),
            ("PAYMENT", "-1800.00", out),
            ("OTHER", "1800.00", None),
        ] {
            let read = only(&format!("<TRNTYPE>{kind}\n<TRNAMT>{amount}"));
            assert_eq!(
                (read.direction, read.pence),
                (direction, 180_000),
                "{kind} {amount}"
            );
        }
        assert_eq!(only("<TRNAMT>-5.00").direction, out);
        let corrected = "<TRNTYPE>DEBIT\n<TRNAMT>-5.00\n<CORRECTACTION>DELETE\n<CORRECTFITID>0";
        assert_eq!(only(corrected).direction, None);
    }

    #[test]
    fn an_amount_without_sign_is_money_in_where_money_out_has_a_minus() {
        let directions = |lines: &[(&str, &str)]| -> Vec<Option<Direction>> {
            let movements: String = lines
                .iter()
                .map(|(kind, amount)| movement(&format!("<TRNTYPE>{kind}\n<TRNAMT>{amount}")))
                .collect();
            let entries = entries(&header(&movements));
            entries.iter().map(|entry| entry.direction).collect()
        };
        let (out, into) = (Some(Direction::Out), Some(Direction::In));
        assert_eq!(
            directions(&[("XFER", "5.00"), ("PAYMENT", "-5.00")]),
            [into, out]
        );
        // This bank writes no minus.
        assert_eq!(
            directions(&[("XFER", "5.00"), ("DEBIT", "5.00"), ("CREDIT", "5.00")]),
            [None, out, into]
        );
        // A debit without a minus contradicts the one that has it.
        assert_eq!(
            directions(&[("DEBIT", "5.00"), ("DEBIT", "-5.00"), ("OTHER", "5.00")]),
            [None, out, None]
        );
    }

    #[test]
    fn amounts_are_exact_or_not_read() {
        for (written, pence) in [
            ("-1800,00", 180_000),
            ("-1,800.00", 180_000),
            ("-1.800,00", 180_000),
            ("1 800,00", 180_000),
            ("1'800.00", 180_000),
            ("1800", 180_000),
            ("1800.5", 180_050),
            ("1800,5", 180_050),
            ("1800.000000", 180_000),
            ("1800,000", 180_000),
            ("0,500", 50),
            (".5", 50),
            ("-,05", 5),
            ("1,234,567", 123_456_700),
            ("1.234.567,8", 123_456_780),
            ("+25.", 2500),
            ("\u{2212}0.01", 1),
            ("0", 0),
        ] {
            let read = read_amount(written).map(|(_, pence)| pence);
            assert_eq!(read, Some(pence), "{written}");
        }
        for written in [
            "",
            "-",
            ".",
            ",",
            "1,800",
            "-12,345",
            "1800.005",
            "0.001",
            "1,80,00",
            "1,8.00",
            "12,34.00",
            "1800,000,00",
            "1.800.00",
            "--5",
            "5+",
            "(5.00)",
            "1e3",
            "5 GBP",
            "99999999999999999999",
            "1,,800.00",
            "£5",
            "٥",
        ] {
            assert_eq!(read_amount(written), None, "{written}");
        }
    }

    #[test]
    fn an_instant_is_the_day_in_london() {
        for (written, day) in [
            ("20260901", date(2026, 9, 1)),
            ("20260901230000[0:GMT]", date(2026, 9, 2)),
            ("20260901230000.000[0:GMT]", date(2026, 9, 2)),
            ("20260901225959[0:GMT]", date(2026, 9, 1)),
            ("20261201230000[0:GMT]", date(2026, 12, 1)),
            ("20260901200000[-5:EST]", date(2026, 9, 2)),
            ("20260901200000.000[-5]", date(2026, 9, 2)),
            ("20260901200000[-5.0:EST]", date(2026, 9, 2)),
            ("20260902013000[+5.30:IST]", date(2026, 9, 1)),
            ("20260902040000[5.5]", date(2026, 9, 1)),
            ("20260902043000[+5.50:IST]", date(2026, 9, 2)),
            ("20260901235959", date(2026, 9, 1)),
            ("202609012359", date(2026, 9, 1)),
            ("20260901235960", date(2026, 9, 1)),
            ("20260901000000[+10:AEST]", date(2026, 9, 1)),
            ("20260901000000.000[+0:UTC]", date(2026, 9, 1)),
            ("20260901120000[GMT]", date(2026, 9, 1)),
            ("20260901 [0:GMT]", date(2026, 9, 1)),
            // The clocks go back at 01:00 GMT on 25 October.
            ("20261024233000[0:GMT]", date(2026, 10, 25)),
            ("20261025233000[0:GMT]", date(2026, 10, 25)),
        ] {
            assert_eq!(read_day(written), Some(day), "{written}");
        }
        for written in [
            "",
            "2026",
            "2026090",
            "20261301",
            "20260230",
            "2026-09-01",
            "19260901",
            "01092026",
            "20260901250000",
            "2026090123",
            "20260901230000[",
            "20260901230000[0:GMT",
            "20260901230000[x]",
            "20260901230000[+15]",
            "20260901230000[+5.17]",
            "2026090é",
        ] {
            assert_eq!(read_day(written), None, "{written}");
        }
    }

    #[test]
    fn accounts_are_read_together_and_pending_movements_skipped() {
        let text = "<OFX><STMTRS><CURDEF>GBP<BANKTRANLIST><STMTTRN><TRNTYPE>DEBIT\
            <DTPOSTED>20261126<TRNAMT>-1.00<NAME>A</STMTTRN></BANKTRANLIST><BANKTRANLISTP>\
            <STMTTRNP><TRNTYPE>DEBIT<DTTRAN>20261126<TRNAMT>-2.00<NAME>B</STMTTRNP>\
            </BANKTRANLISTP><LEDGERBAL><BALAMT>5.00<DTASOF>20261126</LEDGERBAL></STMTRS>\
            <CCSTMTRS><CURDEF>GBP</CURDEF><BANKTRANLIST><STMTTRN><TRNTYPE>HOLD<DTPOSTED>20261126\
            <TRNAMT>-3.00<NAME>C</STMTTRN><STMTTRN><TRNTYPE>PAYMENT<DTPOSTED>20261127\
            <TRNAMT>4.00<MEMO>D</STMTTRN></BANKTRANLIST></CCSTMTRS></OFX>";
        let read = read(text).expect("a statement");
        let seen: Vec<_> = read
            .entries
            .iter()
            .map(|entry| {
                (
                    entry.on,
                    entry.pence,
                    entry.direction,
                    entry.description.as_str(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                (date(2026, 11, 26), 100, Some(Direction::Out), "A"),
                (date(2026, 11, 27), 400, Some(Direction::In), "D"),
            ]
        );
        let skipped = |line| SkippedLine {
            line,
            why: SkippedReason::Pending,
        };
        assert_eq!(read.skipped, [skipped(2), skipped(3)]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let good = movement("<TRNTYPE>DEBIT\n<TRNAMT>-1.00");
        for (wrong, says) in [
            ("<STMTTRN><TRNAMT>1.00</STMTTRN>", "we cannot read the date"),
            (
                "<STMTTRN><DTPOSTED>2026<TRNAMT>1</STMTTRN>",
                "we cannot read the date",
            ),
            (
                "<STMTTRN><DTPOSTED>20261126</STMTTRN>",
                "we cannot read the amount",
            ),
            (
                "<STMTTRN><DTPOSTED>20261126<TRNAMT>-1,800</STMTTRN>",
                "we cannot read the amount",
            ),
            (
                "<STMTTRN><DTPOSTED>20261126<TRNAMT>-1.00<CURRENCY><CURRATE>1.2<CURSYM>EUR\
                    </CURRENCY></STMTTRN>",
                "this amount is not in pounds",
            ),
        ] {
            let text = header(&format!("{good}{wrong}"));
            assert_eq!(
                read(&text),
                Err(StatementError::UnreadableLine(2, says)),
                "{wrong}"
            );
        }
        let euros = header(&good).replace("GBP", "EUR");
        let says = "this amount is not in pounds";
        assert_eq!(read(&euros), Err(StatementError::UnreadableLine(1, says)));
        let converted = only(
            "<TRNTYPE>DEBIT\n<TRNAMT>-1.00\n<ORIGCURRENCY><CURRATE>1.2<CURSYM>EUR</ORIGCURRENCY>",
        );
        assert_eq!(converted.pence, 100);
        for other in [
            "",
            "Date,Amount,Reference\n",
            "<Document></Document>",
            "<OF",
        ] {
            assert!(!is_it(other), "{other}");
        }
    }

    /// Spellings of an amount that the reader must accept.
    fn spelling(pence: u64, way: usize) -> String {
        let (pounds, pence) = (pence / 100, pence % 100);
        let grouped = |separator: &str| {
            let digits = pounds.to_string();
            let groups: Vec<&str> = digits
                .as_bytes()
                .rchunks(3)
                .rev()
                .map(|group| std::str::from_utf8(group).expect("digits"))
                .collect();
            groups.join(separator)
        };
        match way {
            0 => format!("{pounds}.{pence:02}"),
            1 => format!("{pounds},{pence:02}"),
            2 => format!("{}.{pence:02}", grouped(",")),
            3 => format!("{},{pence:02}", grouped(".")),
            4 => format!("{pounds}.{pence:02}0000"),
            _ => format!("{},{pence:02}", grouped(" ")),
        }
    }

    #[test]
    fn what_no_bank_writes_is_refused_before_it_fills_the_memory() {
        let many = "<STMTTRN>".repeat(LINES_MAX + 1);
        assert_eq!(read(&many), Err(StatementError::TooLong));
        let fields = (0..=FIELDS_MAX).map(|n| format!("<MEMO>{n}"));
        let fields = fields.collect::<Vec<_>>().concat();
        let too_many = StatementError::UnreadableLine(1, "this payment has too many fields");
        assert_eq!(read(&header(&movement(&fields))), Err(too_many));
        let currency = format!("<CURDEF>{}<STMTTRN>", "GBP ".repeat(1000));
        let kept = movements(&currency)
            .expect("read")
            .remove(0)
            .account_currency;
        assert_eq!(kept, "GBP GBP ");
        let amount = StatementError::UnreadableLine(1, "we cannot read the amount");
        let sum = movement("<TRNTYPE>DEBIT\n<TRNAMT>-1000000000000.00");
        assert_eq!(read(&header(&sum)), Err(amount));
    }

    proptest! {
        #[test]
        fn any_spelling_of_an_amount_is_read_exactly(
            pence in 0_u64..100_000_000_000, way in 0_usize..6,
        ) {
            let written = spelling(pence, way);
            prop_assert_eq!(read_amount(&written), Some((None, pence)), "{}", written);
            let out = Some((Some(Direction::Out), pence));
            prop_assert_eq!(read_amount(&format!("-{written}")), out);
        }

        #[test]
        fn no_text_is_read_as_another_amount(written in "[-+0-9.,' ]{0,12}") {
            // The amount has the digits that were written, except zeros at either end.
            if let Some((_, pence)) = read_amount(&written) {
                let digits: String = written.chars().filter(char::is_ascii_digit).collect();
                let (read, digits) = (pence.to_string(), digits.trim_matches('0').to_owned());
                prop_assert_eq!(read.trim_matches('0'), digits, "{}", written);
            }
        }

        #[test]
        fn a_statement_of_random_movements_is_read_whole(
            lines in prop::collection::vec(
                (0_u64..10_000_000, any::<bool>(), 0_usize..6, "[A-Za-z&<>';£ ]{0,20}"), 1..20,
            ),
            xml in any::<bool>(),
        ) {
            let escape = |text: &str| {
                text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
            };
            let end = |tag: &str| if xml { format!("</{tag}>\n") } else { "\n".to_owned() };
            let written: Vec<String> = lines.iter().map(|(pence, out, way, name)| {
                let (kind, sign) = if *out { ("DEBIT", "-") } else { ("CREDIT", "") };
                format!(
                    "<STMTTRN>\n<TRNTYPE>{kind}{}<DTPOSTED>20261126120000[0:GMT]{}\
                        <TRNAMT>{sign}{}{}<NAME>{}{}</STMTTRN>\n",
                    end("TRNTYPE"), end("DTPOSTED"), spelling(*pence, *way), end("TRNAMT"),
                    escape(name), end("NAME"),
                )
            }).collect();
            let expected: Vec<_> = lines.iter().map(|(pence, out, _, name)| StatementEntry {
                on: date(2026, 11, 26),
                pence: *pence,
                direction: Some(if *out { Direction::Out } else { Direction::In }),
                description: single_spaced(name),
            }).collect();
            prop_assert_eq!(entries(&header(&written.concat())), expected);
        }

        #[test]
        fn any_text_is_read_or_refused(parts in prop::collection::vec(
            prop::sample::select(vec![
                "<STMTTRN>", "</STMTTRN>", "<TRNAMT>", "<DTPOSTED>", "<![CDATA[", "]]>", "<!--",
                "<?", "<", ">", "&", "&#", ";", "/", "\u{e9}", "20261126", "[0:GMT]", "-1.5",
            ]),
            0..30,
        )) {
            let _ = read(&parts.concat());
        }
    }
}
