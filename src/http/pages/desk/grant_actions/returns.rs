//! Money that comes back: declaring an underspend, demanding a clawback, requesting, receiving and
//! waiving returns.

use std::collections::BTreeSet;

use super::GrantActions;
use super::endings::PRESENT_LABEL;
use crate::clock::day_of;
use crate::domain::grant::{
    ConfirmReturnWaiver, DeclareUnderspend, DemandClawback, ProposeReturnWaiver, ReceiveReturn,
    RequestReturn, ReturnReason,
};
use crate::domain::{GrantCommand as C, Money, PersonId};
use crate::http::pages::desk::action::{ActionSpec, sample};

impl GrantActions<'_> {
    pub(super) fn returns(&self, present: &BTreeSet<PersonId>) -> Vec<ActionSpec> {
        let pound = Money::from_pounds(1);
        let declare = C::DeclareUnderspend(DeclareUnderspend { amount: pound });
        let demand = C::DemandClawback(DemandClawback {
            amount: pound,
            reason: sample("why"),
            present: present.clone(),
        });
        let mut table = vec![
            self.spec("Record an underspend", declare)
                .money("amount", "How much"),
            self.spec("Ask for money back", demand)
                .money("amount", "How much")
                .text_area("reason", "Why")
                .checkboxes("present", PRESENT_LABEL, self.panel.to_vec())
                .destructive(),
        ];
        let owed = [
            (ReturnReason::Underspend, self.row.underspend_due),
            (ReturnReason::Clawback, self.row.clawback_due),
        ];
        for (owed, amount) in owed.into_iter().filter(|(_, amount)| !amount.is_zero()) {
            table.extend(self.return_due(owed, amount));
        }
        // A group may return money that was not requested.
        if self.row.due_back.is_zero() && !self.row.paid.is_zero() {
            let title = "Record money returned";
            table.push(self.receive_return("receive-return", title, ReturnReason::default(), None));
        }
        table
    }

    /// The actions on money that is due.
    fn return_due(&self, owed: ReturnReason, amount: Money) -> [ActionSpec; 4] {
        let key: &str = owed.into();
        let of = match owed {
            ReturnReason::Underspend => "",
            ReturnReason::Clawback => " that we asked back",
        };
        let due_on = day_of(self.request.app.commands.now());
        let request = C::RequestReturn(RequestReturn { owed, due_on });
        let propose = C::ProposeReturnWaiver(ProposeReturnWaiver {
            owed,
            amount,
            reason: sample("why"),
        });
        let confirm = C::ConfirmReturnWaiver(ConfirmReturnWaiver { owed, amount });
        [
            self.spec(format!("Ask the group to return {amount}{of}"), request)
                .form(format!("request-return-{key}"))
                .hidden("owed", key)
                .day("due_on", "By when"),
            self.receive_return(
                &format!("receive-return-{key}"),
                &format!("Record money returned{of}"),
                owed,
                Some(amount),
            ),
            self.spec(
                format!("Ask a colleague to let them keep the {amount}{of}"),
                propose,
            )
            .form(format!("propose-waiver-{key}"))
            .hidden("owed", key)
            .money("amount", "How much")
            .prefill(amount.as_typed())
            .text_area("reason", "Why"),
            self.spec(format!("Agree that they keep the {amount}{of}"), confirm)
                .form(format!("confirm-waiver-{key}"))
                .hidden("owed", key)
                .money("amount", "How much")
                .prefill(amount.as_typed()),
        ]
    }

    fn receive_return(
        &self,
        form: &str,
        title: &str,
        owed: ReturnReason,
        due: Option<Money>,
    ) -> ActionSpec {
        let today = day_of(self.request.app.commands.now());
        let receive = C::ReceiveReturn(ReceiveReturn {
            owed,
            amount: Money::from_pounds(1),
            received_on: today,
        });
        self.spec(title, receive)
            .form(form)
            .hidden("owed", <&str>::from(owed))
            .money("amount", "How much")
            .prefill(due.map(Money::as_typed).unwrap_or_default())
            .day("received_on", "Date at the bank")
            .prefill(today)
    }
}
