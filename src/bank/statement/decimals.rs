//! Decimals of formats that say exactly how an amount is written.

/// The most digits of whole pounds: far more than any amount, and far less than what overflows.
const DIGITS_MAX: usize = 12;

/// Pence of a decimal without a sign, to the penny. Noughts after the pence are accepted, other
/// digits are not.
pub(super) fn parse_pence(written: &str, point: char) -> Option<u64> {
    let (pounds, fraction) = written.split_once(point).unwrap_or((written, ""));
    let are_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(pounds) || !are_digits(fraction) || pounds.len() + fraction.len() == 0 {
        return None;
    }
    let pounds = pounds.trim_start_matches('0');
    let fraction = fraction.trim_end_matches('0');
    if pounds.len() > DIGITS_MAX || fraction.len() > 2 {
        return None;
    }
    format!("{pounds}{fraction:0<2}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::parse_pence;

    #[test]
    fn an_amount_is_read_to_the_penny_or_not_at_all() {
        for (written, pence) in [
            ("1800.00", Some(180_000)),
            ("1800", Some(180_000)),
            ("1800.", Some(180_000)),
            ("1800.5", Some(180_050)),
            ("1800.05000", Some(180_005)),
            ("000.07", Some(7)),
            (".5", Some(50)),
            ("0", Some(0)),
            ("999999999999.99", Some(99_999_999_999_999)),
            ("1800.005", None),
            ("1,800.00", None),
            ("1800,00", None),
            ("-1800.00", None),
            ("1 800", None),
            ("1.8.0", None),
            ("9999999999999", None),
            ("", None),
            (".", None),
            ("٣", None),
        ] {
            assert_eq!(parse_pence(written, '.'), pence, "{written}");
        }
        assert_eq!(parse_pence("1800,", ','), Some(180_000));
        assert_eq!(parse_pence("1800,50", ','), Some(180_050));
        assert_eq!(parse_pence("1800.50", ','), None);
    }
}
