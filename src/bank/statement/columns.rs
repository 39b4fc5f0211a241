//! The columns of a CSV statement: by the titles that banks use, or by the operator's layout.

use super::{Direction, StatementError};
use crate::bank::layout::{StatementColumn, StatementLayout};

/// Titles of the column of the day, as [`plain_words`] writes them; the first of them that the file
/// has is used.
const DAY_TITLES: [&str; 15] = [
    "date",
    "transaction date",
    "posting date",
    "posted",
    "posted date",
    "date posted",
    "booking date",
    "entry date",
    "date completed",
    "completed date",
    "date and time",
    "date time",
    "datetime",
    "value date",
    "date started",
];
/// Titles of a single column of amounts.
const AMOUNT_TITLES: [&str; 5] = [
    "amount",
    "value",
    "transaction amount",
    "amount in gbp",
    "transaction value",
];
/// Titles of the column of money out, where the statement has two columns of amounts.
const MONEY_OUT_TITLES: [&str; 14] = [
    "paid out",
    "money out",
    "debit",
    "debit amount",
    "debits",
    "withdrawn",
    "withdrawal",
    "withdrawals",
    "out",
    "payment",
    "payments",
    "amount out",
    "amount debited",
    "outgoing",
];
/// Titles of the column of money in.
const MONEY_IN_TITLES: [&str; 15] = [
    "paid in",
    "money in",
    "credit",
    "credit amount",
    "credits",
    "paid into",
    "deposit",
    "deposits",
    "in",
    "receipt",
    "receipts",
    "amount in",
    "amount credited",
    "incoming",
    "lodged",
];
/// Titles of columns that may give the direction in words. All that exist are read.
const DIRECTION_TITLES: [&str; 17] = [
    "dr cr",
    "cr dr",
    "debit credit",
    "credit debit",
    "debit or credit",
    "credit or debit",
    "dr cr indicator",
    "cr dr indicator",
    "debit credit indicator",
    "credit debit indicator",
    "d c",
    "c d",
    "direction",
    "in out",
    "sign",
    "type",
    "transaction type",
];
const STATE_TITLES: [&str; 3] = ["state", "status", "transaction status"];
const CURRENCY_TITLES: [&str; 4] = ["currency", "account currency", "payment currency", "ccy"];
/// Titles of columns whose text may contain the payment's reference, without a number at their end.
/// All that exist are read.
const DESCRIPTION_TITLES: [&str; 22] = [
    "reference",
    "payment reference",
    "customer reference",
    "transaction reference",
    "bank reference",
    "description",
    "transaction description",
    "details",
    "transaction details",
    "payment details",
    "narrative",
    "particulars",
    "memo",
    "notes",
    "text",
    "remittance information",
    "additional information",
    "name",
    "payee",
    "payer",
    "counter party",
    "counterparty",
];

/// Words of banks in a column of directions.
const OUT_WORDS: [&str; 14] = [
    "dr",
    "d",
    "db",
    "dbit",
    "debit",
    "debited",
    "out",
    "outgoing",
    "money out",
    "paid out",
    "payment out",
    "withdrawal",
    "sent",
    "fpo",
];
const IN_WORDS: [&str; 13] = [
    "cr",
    "c",
    "crdt",
    "credit",
    "credited",
    "in",
    "incoming",
    "money in",
    "paid in",
    "payment in",
    "deposit",
    "received",
    "fpi",
];

/// The numbers of the columns from which an entry is read.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pub day: usize,
    pub amount: AmountColumns,
    pub directions: Vec<usize>,
    pub states: Vec<usize>,
    pub currencies: Vec<usize>,
    pub descriptions: Vec<usize>,
    /// How many columns the file has.
    pub count: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum AmountColumns {
    One(usize),
    /// A column of money out and one of money in.
    OutAndIn(usize, usize),
}

impl Columns {
    /// The columns that a line of titles describes. `number` is that of the line.
    pub(super) fn by_titles(
        line: &::csv::StringRecord,
        number: usize,
    ) -> Result<Self, StatementError> {
        let titles: Vec<String> = line.iter().map(plain_words).collect();
        let places = |name: &str| -> Vec<usize> {
            (0..titles.len())
                .filter(|place| titles[*place] == name)
                .collect()
        };
        let one_of = |names: &[&str]| -> Result<Option<usize>, StatementError> {
            let mut found = names.iter().map(|name| places(name));
            match found.find(|places| !places.is_empty()) {
                None => Ok(None),
                Some(places) if places.len() == 1 => Ok(places.first().copied()),
                Some(_) => Err(StatementError::UnreadableLine(
                    number,
                    "two columns have the same title",
                )),
            }
        };
        let all_of = |names: &[&str]| -> Vec<usize> {
            let is_one = |place: &usize| {
                let title = titles[*place].trim_end_matches(|c: char| c.is_ascii_digit());
                names.contains(&title.trim_end())
            };
            (0..titles.len()).filter(is_one).collect()
        };
        let day = one_of(&DAY_TITLES)?.ok_or(StatementError::MissingColumn("the date"))?;
        let out_and_in = one_of(&MONEY_OUT_TITLES)?.zip(one_of(&MONEY_IN_TITLES)?);
        let amount = match out_and_in {
            Some((out, into)) => AmountColumns::OutAndIn(out, into),
            None => one_of(&AMOUNT_TITLES)?.map(AmountColumns::One).ok_or(
                StatementError::MissingColumn("the amount, or for money out and money in"),
            )?,
        };
        let descriptions = all_of(&DESCRIPTION_TITLES);
        if descriptions.is_empty() {
            return Err(StatementError::MissingColumn(
                "the reference or the description",
            ));
        }
        Ok(Self {
            day,
            amount,
            directions: all_of(&DIRECTION_TITLES),
            states: all_of(&STATE_TITLES),
            currencies: all_of(&CURRENCY_TITLES),
            descriptions,
            count: titles.len(),
        })
    }

    /// The columns of the operator's layout.
    pub(super) fn by_layout(layout: &StatementLayout) -> Result<Self, StatementError> {
        let all_of = |wanted: StatementColumn| -> Vec<usize> {
            (0..layout.columns.len())
                .filter(|place| layout.columns[*place] == wanted)
                .collect()
        };
        let one_of = |wanted| all_of(wanted).first().copied();
        let out_and_in = one_of(StatementColumn::MoneyOut).zip(one_of(StatementColumn::MoneyIn));
        let amount = match out_and_in {
            Some((out, into)) => AmountColumns::OutAndIn(out, into),
            None => one_of(StatementColumn::Amount)
                .map(AmountColumns::One)
                .ok_or(StatementError::MissingColumn("the amount"))?,
        };
        Ok(Self {
            day: one_of(StatementColumn::Day).ok_or(StatementError::MissingColumn("the date"))?,
            amount,
            directions: all_of(StatementColumn::Direction),
            states: all_of(StatementColumn::State),
            currencies: all_of(StatementColumn::Currency),
            descriptions: all_of(StatementColumn::Description),
            count: layout.columns.len(),
        })
    }

    pub(super) fn amounts(&self) -> Vec<usize> {
        match self.amount {
            AmountColumns::One(amount) => vec![amount],
            AmountColumns::OutAndIn(out, into) => vec![out, into],
        }
    }
}

/// Whether a field is the title of the day's column.
pub(super) fn is_day_title(field: &str) -> bool {
    DAY_TITLES.contains(&plain_words(field).as_str())
}

/// The direction that a bank's word means; `None` for other words.
pub(super) fn direction_of_word(field: &str) -> Option<Direction> {
    let words = plain_words(field);
    let is_in = |list: &[&str]| list.contains(&words.as_str());
    if is_in(&OUT_WORDS) || field.trim() == "-" {
        Some(Direction::Out)
    } else if is_in(&IN_WORDS) || field.trim() == "+" {
        Some(Direction::In)
    } else {
        None
    }
}

/// A field in small letters, without punctuation and without the words that say that an amount is
/// in pounds or a time in UTC: "Amount (GBP)" is "amount".
pub(super) fn plain_words(field: &str) -> String {
    let letters: String = field
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    let letters = letters.to_lowercase();
    let words: Vec<&str> = letters.split_whitespace().collect();
    let said = words.join(" ");
    if said == "amount in gbp" {
        return said;
    }
    words
        .into_iter()
        .filter(|word| !matches!(*word, "gbp" | "sterling" | "utc"))
        .collect::<Vec<_>>()
        .join(" ")
}
