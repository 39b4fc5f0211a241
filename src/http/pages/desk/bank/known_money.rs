//! The records that a bank statement may be about: payments, money that is due back, and money that
//! came back.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use uuid::Uuid;

use super::super::DeskRequest;
use super::money_back::{DueReturn, PaidGrant, ReturnedMoney};
use crate::bank::{ComparableName, Direction, ExpectedPayment, NamedPayment, StatementEntry};
use crate::domain::Money;
use crate::domain::grant::{PaymentState, ReturnReason};
use crate::domain::reference::Reference;
use crate::http::pages::PageError;
use crate::projections::{ApplicationRow, GrantRow, GroupRow, PaymentRow};
use crate::views::Filter;

/// Records per lookup.
const LOOKUP_CHUNK: usize = 500;

/// A grant that a statement may be about.
pub(super) struct KnownGrant {
    pub title: String,
    pub group: String,
    pub reference: String,
}

/// The records that an entry of a statement may refer to.
pub(super) struct KnownMoney {
    pub payments: Vec<ExpectedPayment>,
    pub grants: BTreeMap<Uuid, KnownGrant>,
    pub due: Vec<DueReturn>,
    pub returned: Vec<ReturnedMoney>,
}

/// All payments, as a statement may name them, with their grants, and the money that is due back.
pub(super) async fn known_money(request: &DeskRequest<'_>) -> Result<KnownMoney, PageError> {
    let payments = request.list_all::<PaymentRow>(Vec::new()).await?;
    let ids: BTreeSet<String> = payments.iter().map(|row| row.grant.to_string()).collect();
    let (mut references, mut grants) = (BTreeMap::new(), BTreeMap::new());
    let (mut due, mut returned) = (Vec::new(), Vec::new());
    for some in ids.into_iter().collect::<Vec<_>>().chunks(LOOKUP_CHUNK) {
        let of_these = || vec![Filter::any_of("id", some)];
        let applications = request.list_all::<ApplicationRow>(of_these()).await?;
        references.extend(applications.into_iter().map(|row| (row.id, row.reference)));
        for row in request.list_all::<GrantRow>(of_these()).await? {
            let reference = references.get(&row.id).cloned().unwrap_or_default();
            if !row.returned.is_zero() {
                returned.push(ReturnedMoney {
                    grant: row.id,
                    reference: reference.clone(),
                    amount: row.returned,
                });
            }
            let owed = [
                (ReturnReason::Underspend, row.underspend_due),
                (ReturnReason::Clawback, row.clawback_due),
            ];
            let owed = owed.into_iter().filter(|(_, amount)| !amount.is_zero());
            due.extend(owed.map(|(owed, amount)| DueReturn {
                grant: row.id,
                reference: reference.clone(),
                owed,
                amount,
                due_on: row.return_due_on,
            }));
            let group = row.group.to_string();
            let known = KnownGrant {
                title: row.title,
                group,
                reference,
            };
            grants.insert(row.id, known);
        }
    }
    let expected = payments.into_iter().filter_map(|row| {
        let heard = Reference::parse(references.get(&row.grant)?)?;
        let reference = heard.of_payment(row.payment);
        Some(ExpectedPayment {
            grant: row.grant,
            payment: row.payment,
            amount: row.amount,
            state: row.state,
            paid_on: row.paid_on,
            reference,
        })
    });
    Ok(KnownMoney {
        payments: expected.collect(),
        grants,
        due,
        returned,
    })
}

/// The names of the groups as they are compared, by grant.
pub(super) fn comparable_names(
    grants: &BTreeMap<Uuid, KnownGrant>,
    names: &BTreeMap<String, String>,
) -> BTreeMap<Uuid, ComparableName> {
    let comparable = |(id, grant): (&Uuid, &KnownGrant)| {
        let name = names.get(&grant.group).map_or("", String::as_str);
        (*id, ComparableName::of(name))
    };
    grants.iter().map(comparable).collect()
}

/// The grants from which money was sent, as an entry may name them.
pub(super) fn paid_grants(
    payments: &[ExpectedPayment],
    grants: &BTreeMap<Uuid, KnownGrant>,
    comparable: &BTreeMap<Uuid, ComparableName>,
) -> Vec<PaidGrant> {
    let has_left = |payment: &&ExpectedPayment| {
        use PaymentState as S;
        let state = payment.state;
        matches!(state, S::Sent | S::Confirmed | S::Failed | S::Reversed)
    };
    let paid = payments.iter().filter(has_left);
    let ids: BTreeSet<Uuid> = paid.map(|payment| payment.grant).collect();
    let paid_grant = |id: Uuid| {
        let grant = grants.get(&id)?;
        Some(PaidGrant {
            grant: id,
            reference: grant.reference.clone(),
            group: comparable.get(&id)?.clone(),
        })
    };
    ids.into_iter().filter_map(paid_grant).collect()
}

/// The payments that an entry without a reference may be, by its amount, with the names of their
/// payees. Those of which the bank has reported are among them if it may have been on a day of the
/// statement: the entry may have been recorded before.
pub(super) async fn named_payments(
    request: &DeskRequest<'_>,
    entries: &[StatementEntry],
    known: &KnownMoney,
    names: &BTreeMap<String, String>,
) -> Result<Vec<NamedPayment>, PageError> {
    let out = || {
        let entries = entries.iter();
        entries.filter(|entry| entry.direction != Some(Direction::In))
    };
    let amounts: BTreeSet<Money> = out().map(|entry| Money::from_pence(entry.pence)).collect();
    let days: BTreeSet<Date> = out().map(|entry| entry.on).collect();
    let may_be = |payment: &&ExpectedPayment| {
        use PaymentState as S;
        amounts.contains(&payment.amount)
            && match payment.state {
                S::Sent | S::Failed => true,
                S::Confirmed | S::Reversed => {
                    payment.paid_on.is_some_and(|day| days.contains(&day))
                }
                S::Prepared | S::Approved | S::Rejected | S::Cancelled => false,
            }
    };
    let payments: Vec<&ExpectedPayment> = known.payments.iter().filter(may_be).collect();
    let group_of = |payment: &ExpectedPayment| known.grants.get(&payment.grant).map(|g| &g.group);
    let groups: BTreeSet<&String> = payments.iter().copied().filter_map(group_of).collect();
    let groups: Vec<GroupRow> = request.rows_by_id(groups).await?;
    let reader = &request.signed.reader;
    let groups = request
        .app
        .views
        .decrypt_groups(reader, groups, None)
        .await?;
    let holders: BTreeMap<String, String> = groups
        .into_iter()
        .filter_map(|group| Some((group.id.to_string(), group.payee?.holder?)))
        .collect();
    let with_group = |payment: &ExpectedPayment| {
        let group = group_of(payment);
        let both = group.map(|group| [names.get(group), holders.get(group)]);
        let both = both.into_iter().flatten().flatten();
        NamedPayment {
            payment: payment.clone(),
            names: both.map(|name| ComparableName::of(name)).collect(),
        }
    };
    Ok(payments.into_iter().map(with_group).collect())
}
