//! The words of the lists that depend on more than one state: what is overdue or on hold, and
//! amounts in a column.

use jiff::civil::Date;

use crate::domain::Money;
use crate::domain::grant::{GrantState, UpdateState};
use crate::http::pages::words::{Tag, TagKind, Tagged as _};
use crate::projections::GrantRow;

pub(in crate::http::pages::desk) fn grant_tag(row: &GrantRow, today: Date) -> Tag {
    let is_offered = row.state == GrantState::Offered;
    if row.on_hold {
        Tag::new(TagKind::Hold, "On hold")
    } else if is_offered && row.letters_on.is_some() {
        Tag::new(TagKind::Hold, "Letter held")
    } else if is_offered && row.offer_waits {
        Tag::new(TagKind::Wait, "Waiting to be confirmed")
    } else if is_offered && row.expires_on < today {
        Tag::new(TagKind::Bad, "Offer overdue")
    } else if row.state == GrantState::Live && row.ends_on < today {
        Tag::new(TagKind::Todo, "Ended, report due")
    } else {
        row.state.tag()
    }
}

pub(in crate::http::pages::desk) fn update_tag(state: UpdateState, is_overdue: bool) -> Tag {
    if is_overdue {
        Tag::new(TagKind::Bad, "Overdue")
    } else {
        state.tag()
    }
}

/// An amount in a column: with pence if any amount of the column has some.
pub(in crate::http::pages::desk) fn pounds_in(amount: Money, with_pence: bool) -> String {
    let text = amount.to_string();
    if with_pence && !text.contains('.') {
        format!("{text}.00")
    } else {
        text
    }
}

/// Whether any of these amounts has pence.
pub(in crate::http::pages::desk) fn have_pence(amounts: impl IntoIterator<Item = Money>) -> bool {
    amounts.into_iter().any(|amount| amount.pence() % 100 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_has_pence_if_one_amount_has() {
        let (whole, part) = (Money::from_pounds(1250), Money::from_pence(90_050));
        assert!(have_pence([whole, part]) && !have_pence([whole]));
        assert_eq!(pounds_in(whole, true), "£1,250.00");
        assert_eq!(pounds_in(part, true), "£900.50");
        assert_eq!(pounds_in(whole, false), "£1,250");
    }
}
