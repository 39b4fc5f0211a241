//! The payments of a batch with what is needed to pay them: the account, the reference at the bank,
//! and whether the rules let them leave today.

use std::collections::{BTreeMap, BTreeSet};

use uuid::Uuid;

use super::super::DeskRequest;
use crate::bank::PaymentLine;
use crate::commands::CommandError;
use crate::domain::grant::SendPayment;
use crate::domain::payee::PaymentRoute;
use crate::domain::reference::Reference;
use crate::domain::{Command, FundId, GrantCommand, GrantId, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::words::capitalised;
use crate::projections::{ApplicationRow, GrantRow, GroupRow, PaymentRow};
use crate::views::PayeeView;

/// A payment to a bank account.
pub(super) struct BatchPayment {
    pub row: PaymentRow,
    pub title: String,
    pub group: String,
    /// The reference that the bank shows with it.
    pub reference: String,
    /// The name on the account, and the end of its number.
    pub holder: String,
    pub end: String,
    /// Its line of the file; none if the account is no longer the verified one for which the
    /// payment was prepared.
    pub line: Option<PaymentLine>,
}

impl BatchPayment {
    /// The id of the payment's row.
    pub fn id(&self) -> String {
        payment_id(self.row.grant, self.row.payment)
    }

    /// Who prepared it, and who approved it.
    pub fn people(&self) -> impl Iterator<Item = PersonId> {
        let prepared_by = self.row.prepared_by.into_iter();
        prepared_by.chain(self.row.approved_by.iter().copied())
    }
}

/// The id of a payment's row.
pub(super) fn payment_id(grant: Uuid, payment: u16) -> String {
    format!("{grant}/{payment:05}")
}

/// The last three digits of an account's number: "ends in 418".
pub(in crate::http::pages::desk) fn number_end(payee: &PayeeView) -> String {
    let digits: Vec<char> = payee
        .numbers
        .iter()
        .flat_map(|numbers| numbers.chars())
        .filter(char::is_ascii_digit)
        .collect();
    let end: String = digits.iter().rev().take(3).rev().collect();
    if end.is_empty() {
        String::new()
    } else {
        format!("ends in {end}")
    }
}

/// Adds to payments of a fund their accounts and references, in the order of the file. Payments of
/// other funds, and purchases for a group, are left out.
pub(super) async fn load(
    request: &DeskRequest<'_>,
    fund: FundId,
    rows: Vec<PaymentRow>,
) -> Result<Vec<BatchPayment>, PageError> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.grant).collect();
    let grants: BTreeMap<Uuid, GrantRow> = request
        .rows_by_id::<GrantRow>(&ids)
        .await?
        .into_iter()
        .filter(|grant| grant.fund == fund)
        .map(|grant| (grant.id, grant))
        .collect();
    let references: BTreeMap<Uuid, String> = request
        .rows_by_id::<ApplicationRow>(&ids)
        .await?
        .into_iter()
        .map(|row| (row.id, row.reference))
        .collect();
    let ids: BTreeSet<Uuid> = grants.values().map(|grant| grant.group.0).collect();
    let groups: Vec<GroupRow> = request.rows_by_id(ids).await?;
    let reader = &request.signed.reader;
    let groups = request
        .app
        .views
        .decrypt_groups(reader, groups, None)
        .await?;
    let mut payments = Vec::new();
    for row in rows {
        let Some(grant) = grants.get(&row.grant) else {
            continue;
        };
        if row.route == PaymentRoute::PurchaseForGroup {
            continue;
        }
        let group = groups.iter().find(|group| group.id == grant.group.0);
        let heard = references
            .get(&row.grant)
            .and_then(|reference| Reference::parse(reference))
            .ok_or_else(PageError::not_found)?;
        let reference = heard.of_payment(row.payment);
        let payee = group
            .and_then(|group| group.payee.as_ref())
            .filter(|payee| payee.payee == row.payee && payee.verified_by.is_some());
        payments.push(BatchPayment {
            title: grant.title.clone(),
            group: group.map(|group| group.name.clone()).unwrap_or_default(),
            holder: payee
                .and_then(|payee| payee.holder.clone())
                .unwrap_or_default(),
            end: payee.map(number_end).unwrap_or_default(),
            line: payee.and_then(|payee| file_line(payee, &row, &reference)),
            reference,
            row,
        });
    }
    payments.sort_by_key(BatchPayment::id);
    Ok(payments)
}

fn file_line(payee: &PayeeView, row: &PaymentRow, reference: &str) -> Option<PaymentLine> {
    let numbers = payee.numbers.as_ref()?;
    let (sort_code, account_number) = numbers.split_once(' ').unwrap_or_default();
    Some(PaymentLine {
        sort_code: sort_code.chars().filter(char::is_ascii_digit).collect(),
        account_number: account_number.to_owned(),
        roll_number: payee.roll_number.clone().unwrap_or_default(),
        holder: payee.holder.clone()?,
        amount: row.amount,
        reference: reference.to_owned(),
    })
}

/// Why the bank's file has no place for a payment; `None` if it has one.
pub(super) fn no_place(request: &DeskRequest<'_>, line: &PaymentLine) -> Option<&'static str> {
    let has_place = line.roll_number.is_empty() || request.app.site.bank_layout.has_roll_numbers();
    (!has_place).then_some(
        "It goes to a building society account with a roll number, and the bank’s file has no \
            place for one. Pay it in your online banking instead, and enter the roll number as \
            the reference. It is on the page of the group.",
    )
}

/// Why a payment cannot leave today; `None` if it can. The rules are asked by a dry run.
pub(super) async fn held_back(
    request: &DeskRequest<'_>,
    payment: &BatchPayment,
) -> Result<Option<String>, PageError> {
    let Some(line) = &payment.line else {
        let says = "The bank details changed since it was prepared. Cancel this payment, and \
            prepare it again.";
        return Ok(Some(says.to_owned()));
    };
    if let Some(says) = no_place(request, line) {
        return Ok(Some(says.to_owned()));
    }
    let send = GrantCommand::SendPayment(SendPayment {
        payment: payment.row.payment,
        happened_on: request.today(),
    });
    let command = Command::Grant(GrantId(payment.row.grant), send);
    let tried = request
        .app
        .commands
        .dry_run(&request.signed.caller, command)
        .await;
    match tried {
        Ok(()) => Ok(None),
        Err(CommandError::Refused(refusal)) => {
            let says = format!("{refusal}. {}", refusal.advice());
            Ok(Some(capitalised(&says)))
        }
        Err(error) => Err(error.into()),
    }
}
