//! A payment that the bank returned, of a grant that still waits for its money.

use crate::domain::grant::{GrantState, PaymentState as P};
use crate::projections::{GrantRow, PaymentRow};

/// Whether the grant is running, and waits for money that is not on hold.
pub(super) fn waits_for_money(grant: &GrantRow) -> bool {
    matches!(grant.state, GrantState::Accepted | GrantState::Live)
        && !grant.on_hold
        && !grant.paid.covers(grant.award)
}

/// The newest of the grant's payments that the bank returned or reversed, if the grant waits for
/// the money and no payment to later bank details was prepared.
pub(super) fn bounced_payment<'a>(
    grant: &GrantRow,
    payments: &'a [PaymentRow],
) -> Option<&'a PaymentRow> {
    let bounced = payments
        .iter()
        .filter(|payment| matches!(payment.state, P::Failed | P::Reversed))
        .max_by_key(|payment| payment.payment)?;
    (waits_for_money(grant) && !goes_again(bounced, payments)).then_some(bounced)
}

/// Whether a payment to later bank details than a bounced one was prepared or sent.
pub(super) fn goes_again(bounced: &PaymentRow, payments: &[PaymentRow]) -> bool {
    let is_later = |payment: &PaymentRow| {
        payment.payee > bounced.payee
            && matches!(
                payment.state,
                P::Prepared | P::Approved | P::Sent | P::Confirmed
            )
    };
    payments.iter().any(is_later)
}
