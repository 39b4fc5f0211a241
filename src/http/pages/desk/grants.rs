//! The list of grants.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use jiff::civil::Date;
use strum::VariantNames as _;
use uuid::Uuid;

use super::DeskRequest;
use super::grant::open_checks;
use super::list::{
    ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListSearch, ListTab,
    build_spreadsheet, column, grant_tag, have_pence, name_cell, names_of_rounds, pounds_in,
};
use crate::domain::Money;
use crate::domain::grant::{GrantState, PaymentState, UpdateState};
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::export::spreadsheets::Spreadsheet;
use crate::http::pages::PageError;
use crate::http::pages::days::{due_text, short_day};
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tagged as _, place_name};
use crate::projections::{FundRow, GrantRow, PaymentRow, UpdateRow};
use crate::views::{Filter, GrantColumn as C, ListAmount};

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "grants",
    title: "Grants",
    lead: "",
    nouns: ("grant", "grants"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "Offer sent",
            query: &[("state", "offered")],
        },
        ListTab {
            label: "To be paid",
            query: &[("state", "accepted")],
        },
        ListTab {
            label: "Running",
            query: &[("state", "live")],
        },
        ListTab {
            label: "Final report in",
            query: &[("state", "reported")],
        },
        ListTab {
            label: "Change asked for",
            query: &[("asks", "change")],
        },
        ListTab {
            label: "Finished",
            query: &[("state", "closed")],
        },
        ListTab {
            label: "All",
            query: &[],
        },
    ],
    usual: (None, C::Urgency.key()),
    amounts: [
        Some(("Awarded", ListAmount::Awarded)),
        Some(("paid, less returned", ListAmount::PaidNet)),
    ],
    search: Some(ListSearch::Group),
    filters: |request| {
        let mut filters =
            request.filters_by_column(&["id", "state", "fund", "round", "area", "theme"]);
        if request.text("asks") == "change" {
            filters.push(Filter::equals("change_waits", "waiting"));
        }
        Ok(filters)
    },
    fields,
    has_past: true,
    has_counts: true,
    has_contacts: true,
    bulk: &[],
    purpose: "A grant starts here when the panel awards an application.",
};

const COLUMNS: [ListColumn; 12] = [
    column("group", "Group", Some(C::Group.key())),
    column("award", "Awarded", Some(C::Awarded.key())).numeric(),
    column("paid", "Paid, less returned", Some(C::PaidNet.key())).numeric(),
    column("state", "Status", Some(C::State.key())),
    column("next", "Next", Some(C::Urgency.key())),
    column("area", "Area", Some(C::Area.key())).minor(),
    column("theme", "Theme", Some(C::Theme.key())).unusual(),
    column("round", "Round", Some(C::Round.key())).unusual(),
    column("due_back", "To come back", Some(C::DueBack.key()))
        .numeric()
        .unusual(),
    column("offered", "Offered", Some(C::Offered.key())).unusual(),
    column("ends", "Ends", Some(C::Ends.key())).unusual(),
    column("report", "Final report due", Some(C::UpdateDue.key())).unusual(),
];

fn fields(funds: &[FundRow], themes: &ThemeNames) -> Vec<ListFilter> {
    let state = |state: &&'static str| {
        let parsed: GrantState = state.parse().ok()?;
        let label = parsed.word().to_owned();
        Some(((*state).to_owned(), label))
    };
    let states = GrantState::VARIANTS
        .iter()
        .filter(|state| **state != "blank");
    vec![
        ListFilter::new(
            "state",
            "Status",
            "Any status",
            states.filter_map(state).collect(),
        ),
        ListFilter::new(
            "asks",
            "Waiting for a decision",
            "Any",
            vec![("change".to_owned(), "A change asked for".to_owned())],
        ),
        ListFilter::fund(funds),
        ListFilter::area(funds),
        ListFilter::theme(themes),
    ]
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<GrantRow>(&LIST).await?;
    let items = &found.page.items;
    let funds = request.app.views.cached_funds().await?;
    let table = GrantTable {
        columns: request.shown_columns(&LIST),
        groups: request
            .group_names(items.iter().map(|row| row.group.to_string()))
            .await?,
        rounds: names_of_rounds(&funds),
        themes: ThemeNames::load(request.app).await?,
        waiting: WaitingFor::load(request, items).await?,
        today: request.today(),
        with_pence: have_pence(items.iter().flat_map(|row| [row.awarded, row.paid_net])),
        from_list: request.list_suffix(),
    };
    let rows = items.iter().map(|row| table.row(row)).collect();
    request
        .render_list(&LIST, &found, rows, Vec::new(), "")
        .await
}

/// The columns of the list, with the names that its cells show.
struct GrantTable {
    columns: Vec<&'static ListColumn>,
    groups: BTreeMap<String, String>,
    rounds: BTreeMap<String, String>,
    themes: ThemeNames,
    waiting: WaitingFor,
    today: Date,
    with_pence: bool,
    from_list: String,
}

/// The name of the theme of a grant; empty if it has none.
pub(super) fn theme_of(themes: &ThemeNames, row: &GrantRow) -> String {
    let key = row.theme.as_ref().map_or("", Slug::as_str);
    themes.name(key, Language::En)
}

/// By grant, the payment that is under way, or else the one that bounced and was not paid since,
/// and the report that is not accepted.
struct WaitingFor {
    payments: BTreeMap<Uuid, PaymentState>,
    reports: BTreeMap<Uuid, UpdateState>,
}

impl WaitingFor {
    async fn load(request: &DeskRequest<'_>, grants: &[GrantRow]) -> Result<Self, PageError> {
        use PaymentState as P;
        use UpdateState as U;
        let of = || Filter::any_of("grant_id", grants.iter().map(|grant| grant.id));
        let mut payments: Vec<PaymentRow> = request.list_all(vec![of()]).await?;
        payments.sort_by_key(|payment| payment.payment);
        let reports = vec![
            of(),
            Filter::in_state([U::Requested, U::Received, U::Queried]),
        ];
        let reports: Vec<UpdateRow> = request.list_all(reports).await?;
        let mut waiting: BTreeMap<Uuid, PaymentState> = BTreeMap::new();
        for payment in payments {
            let before = waiting.get(&payment.grant).copied();
            let has_bounced = matches!(before, None | Some(P::Failed | P::Reversed));
            match payment.state {
                P::Confirmed if has_bounced => drop(waiting.remove(&payment.grant)),
                P::Failed | P::Reversed if has_bounced => {
                    waiting.insert(payment.grant, payment.state);
                }
                P::Prepared | P::Approved | P::Sent => {
                    waiting.insert(payment.grant, payment.state);
                }
                P::Confirmed | P::Rejected | P::Cancelled | P::Failed | P::Reversed => {}
            }
        }
        Ok(Self {
            payments: waiting,
            reports: reports
                .into_iter()
                .map(|report| (report.grant, report.state))
                .collect(),
        })
    }

    /// What the newest payment of a grant waits for.
    fn payment_of(&self, grant: &GrantRow) -> Option<&'static str> {
        Some(match self.payments.get(&grant.id)? {
            PaymentState::Failed | PaymentState::Reversed => "The payment bounced",
            PaymentState::Prepared => "Approve the payment",
            PaymentState::Approved => "Send the payment",
            _ => "Confirm with the bank",
        })
    }

    /// Whether the bank did not pay the newest payment of a grant.
    fn has_bounced(&self, grant: &GrantRow) -> bool {
        let state = self.payments.get(&grant.id);
        matches!(state, Some(PaymentState::Failed | PaymentState::Reversed))
    }

    /// What is next once the final report is in. The page of the grant says the same.
    fn after_report(&self, grant: &GrantRow) -> &'static str {
        match self.reports.get(&grant.id) {
            Some(UpdateState::Received) => "Read the report",
            Some(UpdateState::Queried) => "Their answer about the report",
            Some(_) => "Their report",
            None if !grant.due_back.is_zero() => "Ask for the money",
            None => self.payment_of(grant).unwrap_or("Finish the grant"),
        }
    }
}

impl GrantTable {
    fn row(&self, row: &GrantRow) -> ListRow {
        let id = row.id.to_string();
        let name = self.groups.get(&row.group.to_string()).cloned();
        ListRow {
            path: format!("/desk/grants/{id}{}", self.from_list),
            name: name.unwrap_or_else(|| "A group".to_owned()),
            sub: row.title.clone(),
            cells: self
                .columns
                .iter()
                .skip(1)
                .map(|column| self.cell(column.id, row))
                .collect(),
            id,
            ..ListRow::default()
        }
    }

    fn cell(&self, column: &str, row: &GrantRow) -> ListCell {
        let amount = |amount: Money| ListCell::text(pounds_in(amount, self.with_pence));
        let day = |day: Date| ListCell::text(short_day(day, self.today));
        match column {
            "award" => amount(row.awarded),
            "paid" => amount(row.paid_net),
            "due_back" if row.due_back.is_zero() => ListCell::default(),
            "due_back" => amount(row.due_back),
            "state" => ListCell::tag(grant_tag(row, self.today)),
            "next" => self.next(row),
            "area" => ListCell::text(place_name(row.area.as_str())),
            "theme" => ListCell::text(theme_of(&self.themes, row)),
            "round" => {
                let name = self.rounds.get(row.round.as_str());
                ListCell::text(name.cloned().unwrap_or_default())
            }
            "offered" => day(row.offered_on),
            "ends" => day(row.ends_on),
            "report" => day(row.update_due_on),
            _ => ListCell::default(),
        }
    }

    /// What happens next with a grant, and when.
    fn next(&self, row: &GrantRow) -> ListCell {
        let due = |says: &str, day: Date| {
            ListCell::text(says)
                .sub(due_text(day, self.today))
                .late(day < self.today)
        };
        let returned = row.return_due_on.filter(|_| !row.due_back.is_zero());
        match (row.state, returned) {
            (GrantState::Offered, _) if row.letters_on.is_some() => {
                ListCell::text("Their letter goes out")
            }
            (GrantState::Offered, _) if row.offer_waits => {
                ListCell::text("The panel confirms who was there")
            }
            (GrantState::Offered, _) => due("Their answer to the offer", row.expires_on),
            (GrantState::Accepted, _) => {
                let pay = || {
                    self.waiting
                        .payment_of(row)
                        .unwrap_or("Prepare the payment")
                };
                let next = open_checks(row).unwrap_or_else(|| pay().to_owned());
                ListCell::text(next)
                    .sub(format!("Offered {}", short_day(row.offered_on, self.today)))
            }
            (_, Some(day)) => {
                let says = format!("{} to come back", pounds_in(row.due_back, self.with_pence));
                due(&says, day)
            }
            (GrantState::Live, _) if self.waiting.has_bounced(row) => {
                ListCell::text(self.waiting.payment_of(row).unwrap_or_default()).late(true)
            }
            (GrantState::Live, _) => due("Final report", row.update_due_on),
            (GrantState::Reported, _) => ListCell::text(self.waiting.after_report(row)),
            _ => ListCell::default(),
        }
    }
}

pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows: Vec<GrantRow> = request.whole_list(&LIST).await?;
    let groups = request
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let rounds = names_of_rounds(&request.funds().await?);
    let themes = ThemeNames::load(request.app).await?;
    let columns = [
        "Grant",
        "Group",
        "Area",
        "Theme",
        "Round",
        "Status",
        "On hold",
        "Offered on",
        "Offered",
        "Awarded",
        "Committed",
        "Sent to the bank",
        "Confirmed by the bank",
        "Returned",
        "Paid, less returned",
        "To come back",
        "Ends",
        "Final report due",
        "Id",
    ];
    let owners: Vec<_> = rows.iter().map(|row| Some(row.group.0)).collect();
    let mut sheet = build_spreadsheet("Grants", columns, rows, |row| {
        let theme = theme_of(&themes, &row);
        [
            row.title.into(),
            name_cell(&groups, &row.group),
            place_name(row.area.as_str()).into(),
            theme.into(),
            name_cell(&rounds, &row.round),
            row.state.word().into(),
            if row.on_hold { "yes" } else { "no" }.into(),
            row.offered_on.into(),
            row.offered.into(),
            row.awarded.into(),
            row.committed.into(),
            row.sent.into(),
            row.confirmed.into(),
            row.returned.into(),
            row.paid_net.into(),
            row.due_back.into(),
            row.ends_on.into(),
            row.update_due_on.into(),
            row.id.to_string().into(),
        ]
    });
    request.add_contacts(&mut sheet, &owners).await?;
    Ok(sheet)
}
