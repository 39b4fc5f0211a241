//! The modulus check of sort codes and account numbers, by Vocalink's "Validating account numbers",
//! with its exceptions 1 to 14.
//!
//! The tables are published and change, so the operator supplies them: `valacdos.txt` (weights) and
//! `scsubtab.txt` (substituted sort codes). A sort code outside every range cannot be checked, and
//! is accepted.

use std::collections::BTreeMap;
use std::path::Path;

/// Both numbers as fourteen digits, named as in the publication: `u v w x y z` of the sort code, `a
/// b c d e f g h` of the account number.
type Digits = [i32; 14];
const A: usize = 6;
const B: usize = 7;
const C: usize = 8;
const G: usize = 12;
const H: usize = 13;

/// The published tables.
#[derive(Clone, Debug)]
pub struct ModulusTables {
    rows: Vec<WeightRow>,
    substitutes: BTreeMap<String, String>,
}

/// Why the tables cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ModulusError {
    #[error("{file}: {cause}")]
    File { file: String, cause: std::io::Error },
    #[error("{file}, line {line}: this is not a row of the published table")]
    Row { file: String, line: usize },
}

#[derive(Clone, Debug)]
struct WeightRow {
    from: String,
    to: String,
    method: ModulusMethod,
    weights: [i32; 14],
    exception: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ModulusMethod {
    Mod10,
    Mod11,
    DoubleAlternate,
}

impl ModulusTables {
    /// Reads both tables from a folder.
    pub fn read(folder: &Path) -> Result<Self, ModulusError> {
        let text = |name: &str| {
            let file = folder.join(name);
            std::fs::read_to_string(&file).map_err(|cause| ModulusError::File {
                file: file.display().to_string(),
                cause,
            })
        };
        let (weights, substitutes) = (text("valacdos.txt")?, text("scsubtab.txt")?);
        Self::parse(&weights, &substitutes)
    }

    fn parse(weights: &str, substitutes: &str) -> Result<Self, ModulusError> {
        let wrong = |file: &str, line: usize| ModulusError::Row {
            file: file.to_owned(),
            line,
        };
        let filled = |text: &str| {
            text.lines()
                .enumerate()
                .filter(|(_, line)| !line.trim().is_empty())
                .map(|(at, line)| (at + 1, line.to_owned()))
                .collect::<Vec<_>>()
        };
        let rows = filled(weights)
            .into_iter()
            .map(|(at, line)| WeightRow::parse(&line).ok_or_else(|| wrong("valacdos.txt", at)))
            .collect::<Result<_, _>>()?;
        let pair = |(at, line): (usize, String)| {
            let mut words = line.split_whitespace();
            let pair = (
                words.next().map(str::to_owned),
                words.next().map(str::to_owned),
            );
            match pair {
                (Some(from), Some(to)) if is_sort_code(&from) && is_sort_code(&to) => {
                    Ok((from, to))
                }
                _ => Err(wrong("scsubtab.txt", at)),
            }
        };
        let substitutes = filled(substitutes)
            .into_iter()
            .map(pair)
            .collect::<Result<_, _>>()?;
        Ok(Self { rows, substitutes })
    }

    /// Whether `123456 12345678` (sort code, account number) passes the check.
    #[must_use]
    pub fn accepts(&self, numbers: &str) -> bool {
        let Some((sort_code, account)) = numbers.split_once(' ') else {
            return false;
        };
        let Some(digits) = digits_of(sort_code, account) else {
            return false;
        };
        let rows: Vec<_> = self.rows_of(sort_code).collect();
        match rows.as_slice() {
            [] => true,
            [only] => self.row_accepts(only, sort_code, &digits),
            [first, second, ..] => {
                let either = matches!(
                    (first.exception, second.exception),
                    (2, 9) | (10, 11) | (12, 13)
                );
                let one = self.row_accepts(first, sort_code, &digits);
                if either {
                    one || self.row_accepts(second, sort_code, &digits)
                } else {
                    one && self.row_accepts(second, sort_code, &digits)
                }
            }
        }
    }

    fn rows_of(&self, sort_code: &str) -> impl Iterator<Item = &WeightRow> {
        self.rows
            .iter()
            .filter(move |row| row.from.as_str() <= sort_code && sort_code <= row.to.as_str())
    }

    fn row_accepts(&self, row: &WeightRow, sort_code: &str, digits: &Digits) -> bool {
        let mut digits = *digits;
        let mut weights = row.weights;
        match row.exception {
            // Exception 6: accounts in a foreign currency cannot be checked.
            6 if (4..=8).contains(&digits[A]) && digits[G] == digits[H] => return true,
            3 if row.method == ModulusMethod::DoubleAlternate && matches!(digits[C], 6 | 9) => {
                return true;
            }
            2 if digits[A] != 0 && digits[G] != 9 => {
                weights = [0, 0, 1, 2, 5, 3, 6, 4, 8, 7, 10, 9, 3, 1];
            }
            2 if digits[A] != 0 => weights = [0, 0, 0, 0, 0, 0, 0, 0, 8, 7, 10, 9, 3, 1],
            7 if digits[G] == 9 => weights[..=B].fill(0),
            10 if digits[G] == 9 && digits[B] == 9 && matches!(digits[A], 0 | 9) => {
                weights[..=B].fill(0);
            }
            5 => replace_sort_code(
                &mut digits,
                self.substitutes
                    .get(sort_code)
                    .map_or(sort_code, String::as_str),
            ),
            8 => replace_sort_code(&mut digits, "090126"),
            9 => replace_sort_code(&mut digits, "309634"),
            _ => {}
        }
        let sum: i32 = match row.method {
            ModulusMethod::DoubleAlternate => digits
                .iter()
                .zip(weights)
                .map(|(digit, weight)| digit * weight)
                .map(|part| part / 10 + part % 10)
                .sum(),
            ModulusMethod::Mod10 | ModulusMethod::Mod11 => digits
                .iter()
                .zip(weights)
                .map(|(digit, weight)| digit * weight)
                .sum(),
        };
        let sum = if row.exception == 1 { sum + 27 } else { sum };
        let rest = sum
            % if row.method == ModulusMethod::Mod11 {
                11
            } else {
                10
            };
        match (row.exception, row.method) {
            (4, _) => rest == digits[G] * 10 + digits[H],
            (5, ModulusMethod::Mod11) => {
                if rest == 0 {
                    digits[G] == 0
                } else {
                    rest != 1 && digits[G] == 11 - rest
                }
            }
            (5, _) => digits[H] == (10 - rest) % 10,
            (14, _) if rest != 0 => passes_exception_14(&digits, &row.weights),
            _ => rest == 0,
        }
    }
}

/// Exception 14: an account number that ends in 0, 1 or 9 may have one digit too many, so it is
/// checked again without its last digit.
fn passes_exception_14(digits: &Digits, weights: &[i32; 14]) -> bool {
    if !matches!(digits[H], 0 | 1 | 9) {
        return false;
    }
    let mut moved = *digits;
    moved.copy_within(A..H, B);
    moved[A] = 0;
    moved
        .iter()
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum::<i32>()
        % 11
        == 0
}

fn is_sort_code(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn digits_of(sort_code: &str, account: &str) -> Option<Digits> {
    let digits: Option<Vec<i32>> = sort_code
        .chars()
        .chain(account.chars())
        .map(|c| c.to_digit(10)?.try_into().ok())
        .collect();
    digits?.try_into().ok()
}

fn replace_sort_code(digits: &mut Digits, sort_code: &str) {
    for (digit, byte) in digits.iter_mut().zip(sort_code.bytes()) {
        *digit = i32::from(byte - b'0');
    }
}

impl WeightRow {
    /// Parses a row: first and last sort code, method, fourteen weights, and perhaps the number of
    /// an exception.
    fn parse(line: &str) -> Option<Self> {
        let words: Vec<_> = line.split_whitespace().collect();
        let (from, to) = (words.first()?, words.get(1)?);
        let method = match *words.get(2)? {
            "MOD10" => ModulusMethod::Mod10,
            "MOD11" => ModulusMethod::Mod11,
            "DBLAL" => ModulusMethod::DoubleAlternate,
            _ => return None,
        };
        let weights: Option<Vec<i32>> = words
            .get(3..17)?
            .iter()
            .map(|word| word.parse().ok())
            .collect();
        let exception = words.get(17).map_or(Some(0), |word| word.parse().ok())?;
        let whole = words.len() <= 18 && is_sort_code(from) && is_sort_code(to);
        let weights = weights?.try_into().ok()?;
        whole.then(|| Self {
            from: (*from).to_owned(),
            to: (*to).to_owned(),
            method,
            weights,
            exception,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made-up ranges; the first two are the worked examples of the published description.
    const ROWS: &str = "\
        000000 000001 MOD11 0 0 0 0 0 0 7 5 8 3 4 6 2 1\n\
        499273 499273 DBLAL 2 1 2 1 2 1 2 1 2 1 2 1 2 1\n\
        100000 100000 MOD10 0 0 0 0 0 0 0 0 0 0 0 0 1 1\n\
        100000 100000 DBLAL 0 0 0 0 0 0 0 0 0 0 0 0 2 1 3\n\
        200000 200000 MOD11 0 0 0 0 0 0 0 0 0 0 0 1 0 0 4\n\
        300000 300000 MOD11 0 0 0 0 0 0 1 0 0 0 0 0 0 0 10\n\
        300000 300000 MOD11 0 0 0 0 0 0 0 0 0 0 0 0 0 1 11\n\
        400000 400000 MOD11 1 0 0 0 0 0 0 0 0 0 0 0 0 0 5\n\
        400000 400000 DBLAL 1 0 0 0 0 0 0 0 0 0 0 0 0 0 5\n\
        500000 500000 DBLAL 0 0 0 0 0 0 0 0 0 0 0 0 0 1 1\n\
        600000 600000 MOD11 0 0 0 0 0 0 0 0 0 0 0 0 0 1 6\n\
        700000 700000 MOD10 1 0 0 0 0 0 0 0 0 0 0 0 0 1 7\n\
        800000 800000 MOD11 0 0 0 0 0 0 0 0 0 0 0 0 1 1 14\n";

    fn fits(numbers: &str) -> bool {
        ModulusTables::parse(ROWS, "400000 300000\n")
            .unwrap()
            .accepts(numbers)
    }

    #[test]
    fn the_worked_examples_hold() {
        assert!(fits("000000 58177632") && !fits("000000 58177633"));
        assert!(fits("499273 12345678") && !fits("499273 12345679"));
    }

    #[test]
    fn a_sort_code_in_no_range_cannot_be_checked() {
        assert!(fits("999999 00000001"));
        assert!(!fits("999999 0000000"));
    }

    #[test]
    fn two_rows_must_both_hold_unless_an_exception_says_otherwise() {
        // 1 + 9 is ten, but doubled, 2 + 9 is eleven. Exception 3 skips the second row if the third
        // digit is 6 or 9.
        assert!(!fits("100000 00000019") && fits("100000 00600019") && fits("100000 00900019"));
        // Exceptions 10 and 11: one of the two rows is enough, here a first digit 0 or a last digit
        // 0.
        assert!(fits("300000 00000001") && fits("300000 10000000") && !fits("300000 10000001"));
    }

    #[test]
    fn exceptions_change_what_is_added_up() {
        // Exception 4: the remainder must equal the last two digits.
        assert!(fits("200000 00000303") && !fits("200000 00000304"));
        // Exception 5: the substituted sort code has the remainder 3, so the seventh digit is 8,
        // the eighth 7.
        assert!(fits("400000 00000087") && !fits("400000 00000086") && !fits("400000 00000077"));
        // Exception 1: 27 is added to the sum.
        assert!(fits("500000 00000003") && !fits("500000 00000004"));
        // Exception 6: an account in a foreign currency.
        assert!(fits("600000 40000055") && !fits("600000 00000055"));
        // Exception 7: with 9 as the seventh digit, the sort code does not count.
        assert!(fits("700000 00000090") && !fits("700000 00000080") && fits("700000 00000083"));
        // Exception 14: one digit too many at the end.
        assert!(fits("800000 00000056") && fits("800000 00000560") && !fits("800000 00000562"));
    }

    #[test]
    fn what_is_not_the_table_is_named_by_its_line() {
        let wrong = ModulusTables::parse("000000 000001 MOD12 1\n", "").unwrap_err();
        assert!(
            wrong.to_string().contains("valacdos.txt, line 1"),
            "{wrong}"
        );
        assert!(ModulusTables::parse("", "40000 300000").is_err());
    }
}
