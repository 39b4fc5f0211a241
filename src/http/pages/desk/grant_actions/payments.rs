//! Verifying the payee, preparing payments, asking for updates and entering news.

use std::collections::BTreeSet;

use super::{GrantActions, file_choices};
use crate::clock::day_of;
use crate::domain::application::Channel;
use crate::domain::file::FilePurpose;
use crate::domain::grant::{PreparePayment, RequestUpdate, SendNews};
use crate::domain::group::VerifyPayee;
use crate::domain::payee::PaymentRoute;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand as C, GroupCommand, GroupId};
use crate::http::pages::PageError;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::desk::update_actions::ways;
use crate::projections::FileRow;
use crate::views::GroupView;

impl GrantActions<'_> {
    pub async fn payee(&self, group: &GroupView) -> Result<Vec<Action>, PageError> {
        let Some(payee) = &group.payee else {
            return Ok(Vec::new());
        };
        self.offered(vec![verify_payee(GroupId(group.id), payee.payee)])
            .await
    }

    pub async fn payments(&self, group: &GroupView) -> Result<Vec<Action>, PageError> {
        let left = self.row.award.minus(self.row.paid).unwrap_or_default();
        let open = self
            .row
            .instalments
            .iter()
            .filter(|(_, instalment)| instalment.payment.is_none());
        let mut table: Vec<_> = open
            .map(|(number, instalment)| {
                let title = format!("Prepare payment {number}, {}", instalment.amount);
                let prepare = PreparePayment {
                    amount: None,
                    instalment: Some(*number),
                    supplier: None,
                };
                self.spec(title, C::PreparePayment(prepare))
                    .form(format!("prepare-{number}"))
                    .hidden_number("instalment", number)
            })
            .collect();
        if table.is_empty() && !left.is_zero() {
            let prepare = PreparePayment {
                amount: Some(left),
                instalment: None,
                supplier: None,
            };
            table.push(
                self.spec("Prepare the payment", C::PreparePayment(prepare))
                    .form("prepare")
                    .money("amount", "How much")
                    .prefill(left.as_typed()),
            );
        }
        let route = group.payee.as_ref().map(|payee| payee.route);
        let with_supplier = |spec: ActionSpec| match route {
            Some(PaymentRoute::PurchaseForGroup) => spec.text("supplier", "Who you buy it from"),
            _ => spec,
        };
        self.offered(table.into_iter().map(with_supplier).collect())
            .await
    }

    pub async fn updates(&self, files: &[FileRow]) -> Result<Vec<Action>, PageError> {
        let request = RequestUpdate {
            due_on: day_of(self.request.app.commands.now()),
        };
        let ask = self
            .spec("Ask for another report", C::RequestUpdate(request))
            .day("due_on", "By when");
        self.offered(vec![ask, self.news(files)]).await
    }

    /// News that the group gave by phone, on paper or in person.
    fn news(&self, files: &[FileRow]) -> ActionSpec {
        let news = SendNews {
            channel: Channel::Phone,
            words: Some(PersonalInput::Open("words".to_owned())),
            pictured: None,
            photographs: BTreeSet::new(),
            consent: true,
        };
        self.spec("Enter news for the group", C::SendNews(news))
            .select("channel", "How did it come?", ways())
            .text_area(
                "words",
                "What happened, in the group’s words (optional with photos)",
            )
            .checkboxes(
                "photographs",
                "Photographs",
                file_choices(files, &[FilePurpose::Photograph]),
            )
            .text_area("pictured", "What the photographs show (optional)")
            .tick(
                "consent",
                "Consent",
                "The group agrees to what I entered here",
            )
    }
}

/// Verifying a group's payee as a second person. The group's page has it, too.
pub(in crate::http::pages::desk) fn verify_payee(group: GroupId, payee: u32) -> ActionSpec {
    let verify = GroupCommand::VerifyPayee(VerifyPayee {
        payee,
        method: sample("seen"),
    });
    ActionSpec::new("Check the bank details", Command::Group(group, verify))
        .hidden_number("payee", payee)
        .text("method", "How did you check them?")
        .hint("Such as: I saw a bank statement, or I phoned them.")
}
