//! The movements of an OFX file: their fields, and the direction that these give.

use super::super::{Direction, LINES_MAX, StatementError};
use super::tokens::{OfxToken, OfxTokens};

/// Fields whose text may contain a payment's reference. Numbers come first: digits after a
/// reference could be read as part of it.
const DESCRIPTION_FIELDS: [&str; 6] = ["CHECKNUM", "REFNUM", "NAME", "PAYEE", "EXTDNAME", "MEMO"];
/// Types of movements into the account. The others can go either way, as a transfer does.
const MONEY_IN_TYPES: [&str; 4] = ["CREDIT", "DEP", "DIRECTDEP", "DIV"];
/// Types of movements out of the account, except `DEBIT`. One with a plus is a refund.
const MONEY_OUT_TYPES: [&str; 5] = ["CASH", "CHECK", "DIRECTDEBIT", "FEE", "SRVCHG"];
/// The only currency that is read.
const CURRENCY: &str = "GBP";
/// The most characters of a currency that are kept. Each movement has a copy.
const CURRENCY_CHARS_MAX: usize = 8;
/// The most fields of a movement. The standard has fewer than fifty.
pub(super) const FIELDS_MAX: usize = 200;

/// How the file marks the direction of amounts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OfxSigns {
    /// Money out has a minus somewhere.
    minus: bool,
    /// A `DEBIT` has no sign somewhere.
    bare_debit: bool,
}

impl OfxSigns {
    pub(super) fn of(amounts: impl Iterator<Item = (String, Option<Direction>, u64)>) -> Self {
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
pub(super) struct OfxMovement {
    /// Whether it is a `STMTTRNP`, which the bank has not booked.
    pending: bool,
    /// The account's currency; empty if the file does not say it.
    pub(super) account_currency: String,
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

    pub(super) fn value(&self, name: &str) -> Option<String> {
        self.values(name).next()
    }

    pub(super) fn kind(&self) -> String {
        self.value("TRNTYPE")
            .unwrap_or_default()
            .to_ascii_uppercase()
    }

    /// A `HOLD` reserves money and moves none.
    pub(super) fn is_pending(&self) -> bool {
        self.pending || self.kind() == "HOLD"
    }

    /// `CURRENCY` is that of the amount if it is not the account's. `ORIGCURRENCY` is that of an
    /// amount which the bank has converted.
    pub(super) fn is_in_pounds(&self) -> bool {
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
    pub(super) fn direction(&self, sign: Option<Direction>, signs: OfxSigns) -> Option<Direction> {
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

    pub(super) fn description(&self) -> String {
        let mut texts: Vec<String> = Vec::new();
        for text in DESCRIPTION_FIELDS.iter().flat_map(|name| self.values(name)) {
            if !text.is_empty() && !texts.contains(&text) {
                texts.push(text);
            }
        }
        texts.join(" ")
    }
}

pub(super) fn single_spaced(text: &str) -> String {
    text.split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

/// Collects the movements of all accounts of a file.
pub(super) fn movements(text: &str) -> Result<Vec<OfxMovement>, StatementError> {
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
