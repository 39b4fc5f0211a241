//! The list of payments, and approving or rejecting several of them together.

mod at_bank;
mod of_grant;

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use at_bank::AtBank;

use super::bank::{self, BatchProposal, UnsentBatch, batch_title, number_end};
use super::list::{
    BulkAction, List, ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListTab, Tick,
    build_spreadsheet, column, have_pence, name_cell, pounds_in,
};
use super::{DeskRequest, PersonNames, payment_route_name};
use crate::domain::grant::PaymentState;
use crate::domain::payee::PaymentRoute;
use crate::domain::{Money, PersonId, Role};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::days::short_day;
use crate::http::pages::words::{Tag, TagKind, Tagged as _};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{GrantRow, GroupRow, PaymentRow};
use crate::views::{Filter, GroupView, ListAmount, PayeeView, PaymentColumn as C, Reader};

pub(super) use super::bank::send_batch;

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "payments",
    title: "Payments",
    lead: "Every payment takes two people: someone who prepared it, or entered the bank details, \
        can’t approve it.",
    nouns: ("payment", "payments"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "To approve",
            query: &[("state", "prepared")],
        },
        ListTab {
            label: "To send",
            query: &[("state", "approved")],
        },
        ListTab {
            label: "With the bank",
            query: &[("state", "sent")],
        },
        ListTab {
            label: "Confirmed",
            query: &[("state", "confirmed")],
        },
        ListTab {
            label: "Bounced",
            query: &[("state", "failed"), ("state", "reversed")],
        },
        ListTab {
            label: "Rejected",
            query: &[("state", "rejected")],
        },
        ListTab {
            label: "Not paid yet",
            query: &[],
        },
        ListTab {
            label: "All",
            query: &[("state", "all")],
        },
    ],
    usual: (None, C::Urgency.key()),
    amounts: [Some(("In all", ListAmount::Amount)), None],
    search: None,
    filters,
    fields: |_, _| {
        let states = [
            ("prepared", "To approve"),
            ("approved", "To send"),
            ("sent", "With the bank"),
            ("confirmed", "Confirmed"),
            ("failed", "Bounced"),
            ("reversed", "Taken back by the bank"),
            ("rejected", "Rejected"),
            ("cancelled", "Cancelled"),
            ("all", "All"),
        ];
        vec![ListFilter::status("Not paid yet", &states)]
    },
    has_past: false,
    has_counts: true,
    has_contacts: false,
    bulk: &[
        BulkAction {
            id: "approve",
            label: "Approve selected",
            roles: &[Role::Finance],
        },
        BulkAction {
            id: "reject",
            label: "Reject …",
            roles: &[Role::Finance],
        },
    ],
    purpose: "A payment is prepared on the page of its grant, and then waits here for a second \
        person.",
};

const COLUMNS: [ListColumn; 9] = [
    column("group", "Group", Some(C::Group.key())),
    column("amount", "Amount", Some(C::Amount.key())).numeric(),
    column("state", "Status", Some(C::State.key())),
    column("payee", "Paid to", None),
    column("checked", "Bank details", None),
    column("prepared", "Two people", Some(C::Prepared.key())),
    column("sent", "Sent on", Some(C::Sent.key())).unusual(),
    column("paid", "Paid on", Some(C::Paid.key())).unusual(),
    column("batch", "Batch", Some(C::Batch.key())).unusual(),
];

#[derive(Template)]
#[template(path = "desk/payments.html")]
struct PaymentsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    list: List,
    head_links: Vec<(&'static str, &'static str)>,
    row_button: &'static str,
    /// Files that were made and are not marked as sent.
    unsent: Vec<UnsentBatch>,
    batches: Vec<BatchProposal>,
    at_bank: Option<AtBank>,
}

/// The conditions of the query. Without a state and a grant: the payments that wait for someone to
/// act.
fn filters(request: &DeskRequest<'_>) -> Result<Vec<Filter>, PageError> {
    let mut filters = Vec::new();
    let grant = request.text("grant");
    if !grant.is_empty() {
        filters.push(Filter::equals("grant_id", ownership::parse_uuid(grant)?));
    }
    match request.text("state") {
        "" if grant.is_empty() => filters.push(Filter::in_state([
            PaymentState::Prepared,
            PaymentState::Approved,
            PaymentState::Sent,
        ])),
        "all" | "" => {}
        _ => filters.push(Filter::any_of("state", request.all("state"))),
    }
    Ok(filters)
}

/// The grants of payments by their ids, and the names of the groups.
async fn grants_and_groups(
    request: &DeskRequest<'_>,
    rows: &[PaymentRow],
) -> Result<(BTreeMap<Uuid, GrantRow>, BTreeMap<String, String>), PageError> {
    let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.grant).collect();
    let grants: BTreeMap<Uuid, GrantRow> = request
        .rows_by_id::<GrantRow>(ids)
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    Ok((grants, groups))
}

pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows: Vec<PaymentRow> = request.whole_list(&LIST).await?;
    let (grants, groups) = grants_and_groups(request, &rows).await?;
    let people = request
        .names_of_actors(
            rows.iter()
                .flat_map(|row| row.approved_by.iter().copied().chain(row.prepared_by)),
        )
        .await?;
    let columns = [
        "Grant",
        "Group",
        "Payment",
        "Amount",
        "Status",
        "Paid to",
        "Batch",
        "Prepared on",
        "Prepared by",
        "Approved by",
        "Sent on",
        "Paid on",
        "Grant id",
    ];
    Ok(build_spreadsheet("Payments", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(SpreadsheetCell::Empty, |grant| {
                name_cell(&groups, &grant.group)
            }),
            row.payment.into(),
            row.amount.into(),
            row.state.word().into(),
            payment_route_name(&row.route).into(),
            row.batch.map(|batch| batch.to_string()).into(),
            row.prepared_on.into(),
            row.prepared_by.map(|person| people.of(&person)).into(),
            row.approved_by
                .iter()
                .map(|person| people.of(person))
                .collect::<Vec<_>>()
                .join(", ")
                .into(),
            row.sent_on.into(),
            row.paid_on.into(),
            row.grant.to_string().into(),
        ]
    }))
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !request.text("grant").is_empty() {
        return of_grant::show(request).await;
    }
    let found = request.list_rows::<PaymentRow>(&LIST).await?;
    let items = &found.page.items;
    let table = PaymentTable::load(request, items).await?;
    let rows = items.iter().map(|row| table.row(row)).collect();
    let forms = request.forms();
    let is_finance = request.signed.reader.roles.contains(&Role::Finance);
    let sends = is_finance && matches!(request.text("state"), "" | "approved");
    let page = PaymentsPage {
        page: request.page_context(LIST.title).await?,
        wrong: forms.error_summary(),
        unsent: if sends {
            bank::unsent_batches(request).await?
        } else {
            Vec::new()
        },
        batches: if sends {
            bank::proposals(request, &forms).await?
        } else {
            Vec::new()
        },
        at_bank: if sends {
            at_bank::payments_at_bank(request).await?
        } else {
            None
        },
        list: request.list(&LIST, &found, rows).await?,
        head_links: if is_finance {
            vec![("Bank files and statements", "/desk/bank")]
        } else {
            Vec::new()
        },
        row_button: "Approve",
    };
    request.render(&page)
}

/// For each payment, the account that it goes to in words, and how it was checked.
pub(super) async fn accounts_in_words(
    request: &DeskRequest<'_>,
    rows: &[PaymentRow],
) -> Result<Vec<String>, PageError> {
    let table = PaymentTable::load(request, rows).await?;
    Ok(rows.iter().map(|row| table.account(row)).collect())
}

/// The payments of each of these grants, in the order of their numbers, without those that were
/// refused or that came back.
async fn parts_of(
    request: &DeskRequest<'_>,
    grants: &BTreeSet<Uuid>,
) -> Result<BTreeMap<Uuid, Vec<(u16, Money)>>, PageError> {
    let ids: Vec<String> = grants.iter().map(Uuid::to_string).collect();
    let mut parts: BTreeMap<Uuid, Vec<(u16, Money)>> = BTreeMap::new();
    if ids.is_empty() {
        return Ok(parts);
    }
    let filters = vec![Filter::any_of("grant_id", ids)];
    let rows: Vec<PaymentRow> = request.app.views.all_rows(None, filters).await?;
    let counts = |row: &PaymentRow| {
        matches!(
            row.state,
            PaymentState::Prepared
                | PaymentState::Approved
                | PaymentState::Sent
                | PaymentState::Confirmed
        )
    };
    for row in rows.into_iter().filter(counts) {
        let of_grant = parts.entry(row.grant).or_default();
        of_grant.push((row.payment, row.amount));
    }
    for of_grant in parts.values_mut() {
        of_grant.sort_unstable_by_key(|(number, _)| *number);
    }
    Ok(parts)
}

/// Why a payment that was rejected, cancelled or returned by the bank has ended.
fn end_reason(row: &PaymentRow) -> Option<&str> {
    let has_ended = matches!(
        row.state,
        PaymentState::Rejected
            | PaymentState::Cancelled
            | PaymentState::Failed
            | PaymentState::Reversed
    );
    row.reason.as_deref().filter(|_| has_ended)
}

/// Until when a payment that is not sent yet has to wait.
pub(super) fn waits_until(row: &PaymentRow, today: Date) -> Option<Date> {
    let is_open = matches!(row.state, PaymentState::Prepared | PaymentState::Approved);
    row.waits_until.filter(|day| is_open && *day > today)
}

/// A text that stays on one line.
fn unbroken(text: &str) -> String {
    text.replace(' ', "\u{a0}")
}

/// The columns of the list, with what its cells show.
struct PaymentTable<'a> {
    columns: Vec<&'static ListColumn>,
    grants: BTreeMap<Uuid, GrantRow>,
    /// The payments of each grant that were not refused or returned: their numbers and amounts.
    parts: BTreeMap<Uuid, Vec<(u16, Money)>>,
    /// The groups with their bank details, as far as the reader may see them.
    groups: BTreeMap<Uuid, GroupView>,
    people: PersonNames,
    reader: &'a Reader,
    today: Date,
    with_pence: bool,
}

impl<'a> PaymentTable<'a> {
    async fn load(request: &'a DeskRequest<'_>, rows: &[PaymentRow]) -> Result<Self, PageError> {
        let ids: BTreeSet<Uuid> = rows.iter().map(|row| row.grant).collect();
        let grants = request.rows_by_id::<GrantRow>(&ids).await?;
        let parts = parts_of(request, &ids).await?;
        let ids: BTreeSet<Uuid> = grants.iter().map(|row| row.group.0).collect();
        let groups = request.rows_by_id::<GroupRow>(ids).await?;
        let reader = &request.signed.reader;
        let groups = request
            .app
            .views
            .decrypt_groups(reader, groups, None)
            .await?;
        let payees = || groups.iter().filter_map(|group| group.payee.as_ref());
        let staff = rows
            .iter()
            .flat_map(|row| row.approved_by.iter().copied().chain(row.prepared_by))
            .chain(payees().filter_map(|payee| payee.verified_by));
        let staff = request.names_of_colleagues(staff).await?;
        // Members of groups enter their own details.
        let keyers = payees().filter_map(|payee| payee.keyed_by);
        let keyers = request.names_of_actors(keyers).await?;
        Ok(Self {
            columns: request.shown_columns(&LIST),
            people: keyers.and(staff),
            grants: grants.into_iter().map(|row| (row.id, row)).collect(),
            parts,
            groups: groups.into_iter().map(|group| (group.id, group)).collect(),
            reader,
            today: request.today(),
            with_pence: have_pence(rows.iter().map(|row| row.amount)),
        })
    }

    fn group(&self, row: &PaymentRow) -> Option<&GroupView> {
        let grant = self.grants.get(&row.grant)?;
        self.groups.get(&grant.group.0)
    }

    /// The bank details for which the payment was prepared; none if they have changed since.
    fn payee(&self, row: &PaymentRow) -> Option<&PayeeView> {
        let payee = self.group(row)?.payee.as_ref()?;
        (payee.payee == row.payee).then_some(payee)
    }

    /// The account in words, and how it was checked: "Soup and song, ends in 418. Ada checked it: I
    /// phoned them".
    fn account(&self, row: &PaymentRow) -> String {
        let Some(payee) = self.payee(row) else {
            return "The bank details have changed since.".to_owned();
        };
        let account: Vec<String> = payee
            .holder
            .iter()
            .cloned()
            .chain([bank::number_end(payee)])
            .filter(|part| !part.is_empty())
            .collect();
        match (&payee.verified_how, payee.verified_by) {
            (Some(how), Some(by)) => {
                let by = self.name_of(by);
                format!("{}. {by} checked it: {how}", account.join(", "))
            }
            _ => account.join(", "),
        }
    }

    fn row(&self, row: &PaymentRow) -> ListRow {
        let name = self.group(row).map(|group| group.name.clone());
        ListRow {
            id: format!("{}/{:05}", row.grant, row.payment),
            path: format!("/desk/payments?grant={}", row.grant),
            name: name.unwrap_or_else(|| "A group".to_owned()),
            sub: self.part(row),
            cells: self
                .columns
                .iter()
                .skip(1)
                .map(|column| self.cell(column.id, row))
                .collect(),
            tick: self.tick(row),
            ..ListRow::default()
        }
    }

    /// Which part of the grant the payment is: by the plan of its payments, or without one by the
    /// payments that were made.
    fn part(&self, row: &PaymentRow) -> String {
        let Some(grant) = self.grants.get(&row.grant) else {
            return String::new();
        };
        let planned = grant.instalments.len();
        if let Some(number) = row.instalment.filter(|_| planned > 1) {
            return format!("Part {number} of {planned}");
        }
        if row.amount >= grant.award {
            return "Whole grant".to_owned();
        }
        let parts = self.parts.get(&row.grant).map_or(&[][..], Vec::as_slice);
        let place = parts.iter().position(|(number, _)| *number == row.payment);
        let paid: Money = parts.iter().map(|(_, amount)| *amount).sum();
        match place {
            Some(place) if paid >= grant.award => format!("Part {} of {}", place + 1, parts.len()),
            Some(place) => format!("Part {}", place + 1),
            None => "Part of the grant".to_owned(),
        }
    }

    /// Whether the reader can approve the payment, as far as its row says. The confirmation tries
    /// each command before anything is done.
    fn tick(&self, row: &PaymentRow) -> Tick {
        if row.state != PaymentState::Prepared || !self.reader.roles.contains(&Role::Finance) {
            return Tick::No;
        }
        let reader = Some(self.reader.person);
        let keyed_by = self.payee(row).and_then(|payee| payee.keyed_by);
        let why = if row.prepared_by == reader {
            "You prepared it, so a colleague approves it"
        } else if keyed_by == reader {
            "You entered the bank details, so a colleague approves it"
        } else if row.approved_by.contains(&self.reader.person) {
            "You approved it. Another colleague has to approve it too"
        } else {
            return Tick::Yes;
        };
        Tick::Shut(why.to_owned())
    }

    fn name_of(&self, person: PersonId) -> String {
        if person == self.reader.person {
            "You".to_owned()
        } else {
            self.people.of(&person)
        }
    }

    /// The name within a sentence.
    fn name_within(&self, person: PersonId) -> String {
        if person == self.reader.person {
            "you".to_owned()
        } else {
            self.people.of(&person)
        }
    }

    fn cell(&self, column: &str, row: &PaymentRow) -> ListCell {
        let day = |day: Date| short_day(day, self.today);
        match column {
            "amount" => ListCell::text(pounds_in(row.amount, self.with_pence)),
            "state" => ListCell::tag(row.state.tag()).sub(self.why(row)),
            "payee" => self.paid_to(row),
            "checked" => self.bank_details(row),
            "prepared" => {
                let people = row.prepared_by.iter().chain(&row.approved_by);
                let people: Vec<_> = people
                    .map(|person| unbroken(&self.name_of(*person)))
                    .collect();
                let prepared = unbroken(&format!("Prepared {}", day(row.prepared_on)));
                ListCell::text(people.join(", ")).sub(prepared)
            }
            "sent" => ListCell::text(row.sent_on.map(day).unwrap_or_default()),
            "paid" => ListCell::text(row.paid_on.map(day).unwrap_or_default()),
            "batch" => {
                let batch = row.batch.as_ref();
                let title = batch.map(|batch| batch_title(batch, row.sent_on, self.today));
                ListCell::text(title.unwrap_or_default())
            }
            _ => ListCell::default(),
        }
    }

    /// Until when an approved or prepared payment has to wait, or why the payment ended.
    fn why(&self, row: &PaymentRow) -> String {
        if let Some(reason) = end_reason(row) {
            return reason.to_owned();
        }
        waits_until(row, self.today).map_or_else(String::new, |day| {
            let day = short_day(day, self.today);
            format!("Waits until {day}: bank details, a member or an address changed")
        })
    }

    /// Who entered the bank details, and who checked them, how and when.
    fn bank_details(&self, row: &PaymentRow) -> ListCell {
        let Some(payee) = self.payee(row) else {
            return ListCell::default();
        };
        let entered = payee
            .keyed_by
            .map(|by| format!("Entered by {}", self.name_within(by)))
            .unwrap_or_default();
        let Some(by) = payee.verified_by else {
            return ListCell::tag(Tag::new(TagKind::Todo, "To check")).sub(entered);
        };
        match (&payee.verified_how, payee.verified_on) {
            (Some(how), Some(day)) => {
                let day = unbroken(&short_day(day, self.today));
                ListCell::text(how.clone()).sub(format!("{}, {day}. {entered}", self.name_of(by)))
            }
            _ => ListCell::text(format!("Checked by {}", self.name_within(by))).sub(entered),
        }
    }

    /// The account's name, and the end of its number.
    fn paid_to(&self, row: &PaymentRow) -> ListCell {
        if let (PaymentRoute::PurchaseForGroup, Some(supplier)) = (row.route, &row.supplier) {
            return ListCell::text(supplier.clone()).sub("We buy it for them");
        }
        let Some(payee) = self.payee(row) else {
            return ListCell::text("The bank details changed").late(true);
        };
        let name = payee.holder.clone().or_else(|| payee.body.clone());
        ListCell::text(name.unwrap_or_default()).sub(number_end(payee))
    }
}
