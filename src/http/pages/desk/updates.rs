//! The pages of updates: overdue, due and received ones. What the group reported is shown apart
//! from the assessment by staff.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::DeskRequest;
use super::by_hand::{have_no_email, late_report_step};
use super::contacts::Contacts;
use super::list::{
    BulkAction, ListCell, ListColumn, ListDefinition, ListFilter, ListRow, ListTab, Neighbours,
    Tick, build_spreadsheet, column, name_cell, neighbours, update_tag,
};
use super::next_step::NextStep;
use super::papers::Papers;
use super::update_actions::update_actions;
use crate::domain::grant::UpdateState as U;
use crate::domain::language::day_text;
use crate::domain::outcome::{Sign, Strength};
use crate::domain::{PersonId, Role};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::days::{due_text, short_day};
use crate::http::pages::phone::phone_text;
use crate::http::pages::public::names_of_groups;
use crate::http::pages::words::{Tag, Tagged as _, place_name};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{GrantRow, GroupRow, OrganisationRow, PersonRow, UpdateRow};
use crate::views::{Filter, PersonView, UpdateColumn as C, UpdateView};

/// A difference of fewer pence between what was paid and what was spent does not count.
const DIFFERENCE_MIN: i64 = 1000;
/// A report that is due within so many days is due soon.
const DAYS_SOON: i64 = 14;

pub(super) static LIST: ListDefinition = ListDefinition {
    name: "updates",
    title: "Updates and reports",
    lead: "We email each group before its report is due, and again when it is late.",
    nouns: ("report", "reports"),
    columns: &COLUMNS,
    tabs: &[
        ListTab {
            label: "Waiting",
            query: &[],
        },
        ListTab {
            label: "Overdue",
            query: &[("state", "overdue")],
        },
        ListTab {
            label: "To read",
            query: &[("state", "received")],
        },
        ListTab {
            label: "Still to come",
            query: &[("state", "due")],
        },
        ListTab {
            label: "Accepted",
            query: &[("state", "accepted")],
        },
        ListTab {
            label: "Not needed",
            query: &[("state", "excused")],
        },
        ListTab {
            label: "All",
            query: &[("state", "all")],
        },
    ],
    usual: (None, C::Urgency.key()),
    amounts: [None, None],
    search: None,
    filters: |request| Ok(filters(request)),
    fields: |_, _| {
        let states = [
            ("overdue", "Overdue"),
            ("received", "To read"),
            ("due", "Still to come"),
            ("accepted", "Accepted"),
            ("excused", "Not needed"),
            ("all", "All"),
        ];
        vec![ListFilter::status("Waiting", &states)]
    },
    has_past: true,
    has_counts: true,
    has_contacts: true,
    bulk: &[BulkAction {
        id: "remind",
        label: "Send a reminder",
        roles: &[Role::Officer],
    }],
    purpose: "We ask for a report when a group accepts a grant. Reports appear here with the day \
        they are due.",
};

const COLUMNS: [ListColumn; 10] = [
    column("group", "Group", Some(C::Group.key())),
    column("due", "Due", Some(C::Due.key())),
    column("state", "Status", Some(C::State.key())),
    column("reminded", "Reminded", Some(C::Reminded.key())).minor(),
    column("contact", "Contact", None),
    column("received", "Received", Some(C::Received.key())).minor(),
    column("grant", "Grant", None).unusual(),
    column("people", "People", Some(C::People.key()))
        .numeric()
        .unusual(),
    column("volunteers", "Helpers", Some(C::Volunteers.key()))
        .numeric()
        .unusual(),
    column("spent", "Spent", Some(C::Spent.key()))
        .numeric()
        .unusual(),
];

/// The conditions of the query. Without a state: the reports that wait for someone.
fn filters(request: &DeskRequest<'_>) -> Vec<Filter> {
    let open = Filter::in_state([U::Requested, U::Queried]);
    let yesterday = request.today().saturating_sub(jiff::Span::new().days(1));
    match request.text("state") {
        "" => vec![Filter::in_state([U::Requested, U::Queried, U::Received])],
        "all" => Vec::new(),
        "overdue" => vec![open, Filter::at_most("due_on", yesterday)],
        "due" => vec![open],
        _ => vec![Filter::any_of("state", request.all("state"))],
    }
}

/// Grants by their ids.
async fn grants_of(
    request: &DeskRequest<'_>,
    ids: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, GrantRow>, PageError> {
    let ids: BTreeSet<Uuid> = ids.collect();
    let rows = request.rows_by_id::<GrantRow>(ids).await?;
    Ok(rows.into_iter().map(|row| (row.id, row)).collect())
}

/// The list as a spreadsheet, with figures and without texts.
pub(super) async fn spreadsheet(request: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows: Vec<UpdateRow> = request.whole_list(&LIST).await?;
    let grants = grants_of(request, rows.iter().map(|row| row.grant)).await?;
    let groups = request
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Grant", "Group", "Update", "Status", "Due", "Received", "People", "Helpers", "Spent",
        "Reminded", "Grant id",
    ];
    let owners: Vec<_> = rows
        .iter()
        .map(|row| grants.get(&row.grant).map(|grant| grant.group.0))
        .collect();
    let mut sheet = build_spreadsheet("Updates", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        let came = row.received_on.is_some();
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(SpreadsheetCell::Empty, |grant| {
                name_cell(&groups, &grant.group)
            }),
            row.update.into(),
            row.state.word().into(),
            row.due_on.into(),
            row.received_on.into(),
            came.then_some(row.people).into(),
            came.then_some(row.volunteers).into(),
            row.spent.into(),
            row.reminded_on.into(),
            row.grant.to_string().into(),
        ]
    });
    request.add_contacts(&mut sheet, &owners).await?;
    Ok(sheet)
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let found = request.list_rows::<UpdateRow>(&LIST).await?;
    let items = &found.page.items;
    let grants = grants_of(request, items.iter().map(|row| row.grant)).await?;
    let ids: BTreeSet<Uuid> = grants.values().map(|row| row.group.0).collect();
    let groups: Vec<GroupRow> = request.rows_by_id(ids).await?;
    let columns = request.shown_columns(&LIST);
    let shows_contact = columns.iter().any(|column| column.id == "contact");
    let contacts = if shows_contact {
        contacts(request, &groups).await?
    } else {
        BTreeMap::new()
    };
    let names = groups.into_iter().map(|row| (row.id.to_string(), row.name));
    let table = UpdateTable {
        columns,
        grants,
        groups: names.collect(),
        contacts,
        today: request.today(),
        from_list: request.list_suffix(),
        may_remind: request.signed.reader.roles.contains(&Role::Officer),
    };
    let rows = if request.text("state").is_empty() && request.text("sort").is_empty() {
        table.rows_in_parts(items)
    } else {
        items.iter().map(|row| table.row(row)).collect()
    };
    request
        .render_list(&LIST, &found, rows, Vec::new(), "Remind")
        .await
}

/// The part of the waiting reports that a report is in, and what the part is called.
fn part_of(row: &UpdateRow, today: Date) -> (u8, &'static str) {
    let soon = today.saturating_add(jiff::Span::new().days(DAYS_SOON));
    if row.state == U::Received {
        (1, "To read")
    } else if row.due_on < today {
        (0, "Overdue")
    } else if row.due_on <= soon {
        (2, "Due in the next two weeks")
    } else {
        (3, "Due later")
    }
}

/// How each group can be reached, as a cell: the first member with a phone number, or else with an
/// email. Empty for a reader who does not work with groups.
async fn contacts(
    request: &DeskRequest<'_>,
    groups: &[GroupRow],
) -> Result<BTreeMap<Uuid, ListCell>, PageError> {
    let reader = &request.signed.reader;
    if !reader.works_with_groups() {
        return Ok(BTreeMap::new());
    }
    let members: BTreeSet<PersonId> = groups
        .iter()
        .flat_map(|group| group.members.iter().copied())
        .collect();
    let rows: Vec<PersonRow> = request.rows_by_id(members).await?;
    let people = request.app.views.decrypt_people(reader, rows).await?;
    let contact = |group: &GroupRow| {
        let members = people
            .iter()
            .filter(|seen| group.members.contains(&PersonId(seen.id)));
        let way = |seen: &&PersonView| match (&seen.telephone, &seen.email) {
            (Some(_), _) => 0,
            (None, Some(_)) => 1,
            (None, None) => 2,
        };
        let seen = members.min_by_key(way)?;
        let phone = seen.telephone.as_deref().map(phone_text);
        let way = phone.or_else(|| seen.email.clone());
        let cell = ListCell::text(seen.name.clone().unwrap_or_default());
        Some((group.id, cell.sub(way.unwrap_or_default())))
    };
    Ok(groups.iter().filter_map(contact).collect())
}

/// The columns of the list, with the names that its cells show.
struct UpdateTable {
    columns: Vec<&'static ListColumn>,
    grants: BTreeMap<Uuid, GrantRow>,
    groups: BTreeMap<String, String>,
    contacts: BTreeMap<Uuid, ListCell>,
    today: Date,
    from_list: String,
    may_remind: bool,
}

impl UpdateTable {
    /// The rows of a page, in their parts. Within a part they keep their order.
    fn rows_in_parts(&self, items: &[UpdateRow]) -> Vec<ListRow> {
        let mut sorted: Vec<_> = items
            .iter()
            .map(|row| (part_of(row, self.today), row))
            .collect();
        sorted.sort_by_key(|(part, _)| *part);
        sorted
            .chunk_by(|(a, _), (b, _)| a == b)
            .flat_map(|rows| {
                rows.iter()
                    .enumerate()
                    .map(move |(at, ((_, title), row))| ListRow {
                        part: (at == 0).then_some((*title, rows.len())),
                        ..self.row(row)
                    })
            })
            .collect()
    }

    fn row(&self, row: &UpdateRow) -> ListRow {
        let open = matches!(row.state, U::Requested | U::Queried);
        let grant = self.grants.get(&row.grant);
        let name = grant.and_then(|grant| self.groups.get(&grant.group.to_string()));
        ListRow {
            id: format!("{}/{:05}", row.grant, row.update),
            path: format!(
                "/desk/updates/{}/{}{}",
                row.grant, row.update, self.from_list
            ),
            name: name.cloned().unwrap_or_else(|| "A group".to_owned()),
            sub: if row.last { "Final report" } else { "Report" }.to_owned(),
            cells: self
                .columns
                .iter()
                .skip(1)
                .map(|column| self.cell(column.id, row))
                .collect(),
            tick: if self.may_remind && open {
                Tick::Yes
            } else {
                Tick::No
            },
            link: match row.state {
                U::Received => "Read",
                _ if open && !(self.may_remind && row.due_on < self.today) => "Open",
                _ => "",
            },
            ..ListRow::default()
        }
    }

    fn cell(&self, column: &str, row: &UpdateRow) -> ListCell {
        let open = matches!(row.state, U::Requested | U::Queried);
        let overdue = open && row.due_on < self.today;
        let day = |day: Option<Date>| {
            let says = day.map(|day| short_day(day, self.today));
            ListCell::text(says.unwrap_or_default())
        };
        let figure = |figure: u32| {
            let came = row.received_on.is_some();
            let says = if came {
                figure.to_string()
            } else {
                String::new()
            };
            ListCell::text(says)
        };
        match column {
            "due" if open => ListCell::text(short_day(row.due_on, self.today))
                .sub(due_text(row.due_on, self.today))
                .late(overdue),
            "due" => day(Some(row.due_on)),
            "state" => ListCell::tag(update_tag(row.state, overdue)),
            "reminded" => day(row.reminded_on),
            "contact" => self
                .grants
                .get(&row.grant)
                .and_then(|grant| self.contacts.get(&grant.group.0))
                .cloned()
                .unwrap_or_default(),
            "received" => day(row.received_on),
            "grant" => {
                let grant = self.grants.get(&row.grant);
                ListCell::text(grant.map(|grant| grant.title.clone()).unwrap_or_default())
            }
            "people" => figure(row.people),
            "volunteers" => figure(row.volunteers),
            "spent" => ListCell::text(row.spent.map(|spent| spent.to_string()).unwrap_or_default()),
            _ => ListCell::default(),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/update.html")]
struct UpdatePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    grant: GrantRow,
    group: String,
    contacts: Option<Contacts>,
    /// The reader may read the words of groups.
    reads_words: bool,
    /// The reader may write a lesson from it.
    writes_lessons: bool,
    seen: UpdateView,
    tag: Tag,
    /// "3 days overdue", while the group has not answered.
    late: String,
    /// Spent more or less than was paid, by so much that someone should ask.
    differs: String,
    signs: Vec<SignView>,
    papers: Papers,
    next: NextStep,
    /// The place of the update in the list that it was opened from.
    neighbours: Option<Neighbours>,
}

/// A sign as the group reported it, and as the office sees it.
struct SignView {
    title: String,
    said: &'static str,
    words: Option<String>,
    judged: &'static str,
    judgement: Option<String>,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    grant: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let number: u16 = number.parse().map_err(|_| PageError::not_found())?;
    let grant: GrantRow = request.row(ownership::parse_uuid(grant)?).await?;
    let id = format!("{}/{number:05}", grant.id);
    let row: UpdateRow = request.row(&id).await?;
    let reader = &request.signed.reader;
    let views = &request.app.views;
    let seen = views
        .decrypt_updates(reader.may_read_words(), reader.sees_all(), vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let group = names_of_groups(request.app, vec![grant.group.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let own: Option<OrganisationRow> = views
        .find(request.app.commands.organisation(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let mut files = views.files_of(&[grant.group.to_string()], None).await?;
    files.retain(|file| seen.files.contains(&file.file));
    let forms = request.forms();
    let contacts = views.contacts_of_group(reader, grant.group.0).await?;
    let by_hand = have_no_email(&contacts);
    let actions = update_actions(request, &grant, (&seen, by_hand), &signs);
    let actions = request.actions(&forms, actions).await?;
    let kind = if seen.last { "Final report" } else { "Report" };
    let page = request.page_context(&format!("{kind}: {group}")).await?;
    let open = matches!(seen.state, U::Requested | U::Queried);
    let overdue = open && seen.due_on < page.today;
    let (title, why, next) = next_of(&seen, page.today);
    let page = UpdatePage {
        wrong: forms.error_summary(),
        contacts: request.contacts(grant.group.0).await?,
        tag: update_tag(seen.state, overdue),
        late: if open {
            due_text(seen.due_on, page.today)
        } else {
            String::new()
        },
        differs: difference(&grant, &seen),
        reads_words: reader.may_read_words(),
        writes_lessons: reader.works_with_people(),
        signs: sign_views(&seen, &signs),
        papers: Papers::of(reader, grant.group.0, &files, page.today),
        next: if overdue && by_hand {
            late_report_step(request, &grant, &seen, actions).await?
        } else {
            request.next_step(title, &why, next, actions)
        },
        neighbours: neighbours(request, "updates", &id).await?,
        grant,
        group,
        seen,
        page,
    };
    request.render(&page)
}

/// What is next on a report: the heading, why, and the action that is shown.
fn next_of(seen: &UpdateView, today: Date) -> (&'static str, String, &'static str) {
    let due = format!(
        "Due {}, {}.",
        day_text(seen.due_on),
        due_text(seen.due_on, today)
    );
    let reminded = seen
        .reminded_on
        .map(|day| format!(" We last reminded them on {}.", day_text(day)))
        .unwrap_or_default();
    match seen.state {
        U::Requested if seen.due_on < today => (
            "Next: remind them",
            format!("{due}{reminded}"),
            "remind-now",
        ),
        U::Requested => ("Waiting for the group", format!("{due}{reminded}"), ""),
        U::Received => (
            "Next: read the report",
            "Accept it, or ask the group a question.".to_owned(),
            "accept-update",
        ),
        U::Queried => (
            "Waiting for an answer",
            format!("We asked a question. {due}{reminded}"),
            "",
        ),
        U::Accepted => (
            "Nothing to do",
            "We have read and accepted this report.".to_owned(),
            "",
        ),
        U::Excused => (
            "Nothing to do",
            "The group does not need to send this report.".to_owned(),
            "",
        ),
    }
}

/// How much less or more was spent than paid, if it is a last report or too much was spent. Small
/// differences do not count.
fn difference(grant: &GrantRow, seen: &UpdateView) -> String {
    let (Some(spent), Some(_)) = (seen.spent, seen.received_on) else {
        return String::new();
    };
    let (spent_pence, paid_pence) = (spent.pence(), grant.paid_net.pence());
    if (spent_pence - paid_pence).abs() < DIFFERENCE_MIN.max(paid_pence / 50) {
        return String::new();
    }
    match grant.paid_net.minus(spent) {
        Ok(left) if seen.last => format!("{left} not spent"),
        Ok(_) => String::new(),
        Err(_) => {
            let more = spent.minus(grant.paid_net).unwrap_or_default();
            format!("{more} more than we paid")
        }
    }
}

fn strength_word(strength: Option<Strength>) -> &'static str {
    match strength {
        None => "",
        Some(Strength::None) => "Not seen",
        Some(Strength::Some) => "A little",
        Some(Strength::Strong) => "A lot",
    }
}

fn sign_views(seen: &UpdateView, signs: &[Sign]) -> Vec<SignView> {
    let title = |key: &str| {
        signs
            .iter()
            .find(|sign| sign.sign.as_str() == key)
            .map_or_else(|| place_name(key), |sign| sign.title.to_string())
    };
    seen.outcomes
        .iter()
        .map(|outcome| SignView {
            title: title(outcome.sign.as_str()),
            said: strength_word(outcome.said),
            words: outcome.words.clone(),
            judged: strength_word(outcome.judged),
            judgement: outcome.judgement.clone(),
        })
        .collect()
}
