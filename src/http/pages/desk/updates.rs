//! The pages of updates: overdue, due and received ones. What the group reported is shown apart
//! from the assessment by staff.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::action::{Action, Availability, visible};
use super::spreadsheets::{self, name_cell};
use super::{DeskRequest, choices, label_of};
use crate::clock::day_of;
use crate::domain::application::Channel;
use crate::domain::grant::{
    CorrectUpdate, JudgeOutcome, QueryUpdate, ReceiveUpdate, UpdateReason, UpdateRef,
    UpdateState as U,
};
use crate::domain::outcome::Strength;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GrantCommand as C, GrantId, Money};
use crate::export::spreadsheets::{Spreadsheet, SpreadsheetCell};
use crate::http::pages::public::names_of_groups;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};
use crate::views::{PageRequest as Wanted, UpdateView};

#[derive(Template)]
#[template(path = "desk/updates.html")]
struct UpdatesPage {
    page: PageContext,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<UpdateListRow>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
}

struct UpdateListRow {
    path: String,
    title: String,
    group: String,
    state: String,
    due_on: jiff::civil::Date,
    overdue: bool,
    reminded_on: Option<jiff::civil::Date>,
}

/// The filters of the query. Without a state: the received updates.
fn filters(asked: &DeskRequest<'_>, today: Date) -> Vec<(&'static str, Vec<String>)> {
    let open = || {
        [U::Requested, U::Queried]
            .map(|state| <&str>::from(state).to_owned())
            .to_vec()
    };
    let yesterday = today.saturating_sub(jiff::Span::new().days(1));
    match asked.text("state") {
        "overdue" => vec![
            ("state", open()),
            ("due_on <=", vec![yesterday.to_string()]),
        ],
        "due" => vec![("state", open())],
        "accepted" | "excused" => vec![("state", asked.all("state"))],
        _ => vec![("state", vec![<&str>::from(U::Received).to_owned()])],
    }
}

/// The list as a spreadsheet, with figures and without texts.
pub(super) async fn spreadsheet(asked: &DeskRequest<'_>) -> Result<Spreadsheet, PageError> {
    let rows = asked
        .list_all::<UpdateRow>(filters(asked, day_of(asked.desk.commands.now())))
        .await?;
    let grants: BTreeMap<Uuid, GrantRow> = asked
        .list_all::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = asked
        .group_names(grants.values().map(|row| row.group.to_string()))
        .await?;
    let columns = [
        "Grant",
        "Group",
        "Update",
        "State",
        "Due on",
        "Received on",
        "People",
        "Volunteers",
        "Spent",
        "Reminded on",
        "Grant id",
    ];
    Ok(spreadsheets::build_spreadsheet(
        "Updates",
        columns,
        rows,
        |row| {
            let grant = grants.get(&row.grant);
            let came = row.received_on.is_some();
            [
                grant.map(|grant| grant.title.clone()).into(),
                grant.map_or(SpreadsheetCell::Empty, |grant| {
                    name_cell(&groups, &grant.group)
                }),
                row.update.into(),
                label_of(row.state).into(),
                row.due_on.into(),
                row.received_on.into(),
                came.then_some(row.people).into(),
                came.then_some(row.volunteers).into(),
                row.spent.into(),
                row.reminded_on.into(),
                row.grant.to_string().into(),
            ]
        },
    ))
}

pub(super) async fn list(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let today = day_of(asked.desk.commands.now());
    let filters = filters(asked, today);
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let as_at = asked.as_at().await?;
    let listed = asked
        .desk
        .views
        .list::<UpdateRow>(as_at, filters, &Wanted { after, limit: 50 })
        .await?;
    let mut rows = Vec::new();
    for row in listed.items {
        let grant: GrantRow = asked
            .desk
            .views
            .find(&row.grant.to_string(), as_at)
            .await?
            .ok_or_else(PageError::not_found)?;
        let group = names_of_groups(asked.desk, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let waits = matches!(row.state, U::Requested | U::Queried);
        rows.push(UpdateListRow {
            path: format!("/desk/updates/{}/{}", row.grant, row.update),
            title: grant.title,
            group,
            state: label_of(row.state),
            overdue: waits && row.due_on < today,
            due_on: row.due_on,
            reminded_on: row.reminded_on,
        });
    }
    let state = if asked.text("state").is_empty() {
        "received"
    } else {
        asked.text("state")
    };
    let page = UpdatesPage {
        page: asked.page_context("Updates").await?,
        filter: asked
            .forms()
            .form("filter")
            .prefill("state", state)
            .prefill("as_at", asked.text("as_at")),
        states: [
            ("received", "to read"),
            ("overdue", "overdue"),
            ("due", "still to come"),
            ("accepted", "accepted"),
            ("excused", "excused"),
        ]
        .map(|(key, says)| (key.to_owned(), says.to_owned()))
        .to_vec(),
        rows,
        sheets: asked.spreadsheet_links(),
        next: listed
            .next
            .map(|next| super::applications::url_with(asked, "after", &next)),
    };
    asked.render(&page)
}

#[derive(Template)]
#[template(path = "desk/update.html")]
struct UpdatePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    grant: GrantRow,
    group: String,
    seen: UpdateView,
    state: String,
    acts: Vec<Action>,
}

pub(super) async fn show(
    asked: &DeskRequest<'_>,
    grant: &str,
    number: &str,
) -> Result<HttpResponse, PageError> {
    let number: u16 = number.parse().map_err(|_| PageError::not_found())?;
    let grant: GrantRow = asked
        .desk
        .views
        .find(&ownership::parse_uuid(grant)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let row: UpdateRow = asked
        .desk
        .views
        .find(&format!("{}/{number:05}", grant.id), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let reader = &asked.signed.reader;
    let seen = asked
        .desk
        .views
        .decrypt_updates(reader.may_read_words(), reader.sees_all(), vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let group = names_of_groups(asked.desk, vec![grant.group.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let forms = asked.forms();
    let acts = actions(asked, &forms, &grant, &seen).await?;
    let page = UpdatePage {
        page: asked.page_context(&format!("Update of {group}")).await?,
        wrong: forms.error_summary(),
        state: label_of(seen.state),
        grant,
        group,
        seen,
        acts,
    };
    asked.render(&page)
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &crate::http::pages::PageForms,
    grant: &GrantRow,
    seen: &UpdateView,
) -> Result<Vec<Action>, PageError> {
    let update = seen.update;
    let prose = || "why".parse().expect("a short text");
    let act = async |name: &str, title: &str, command: C| -> Result<Action, PageError> {
        let offered = Availability::check(
            asked.desk,
            asked.visitor,
            Command::Grant(GrantId(grant.id), command),
        )
        .await?;
        Ok(Action::new(
            forms,
            name,
            title,
            &format!("/desk/do/grants/{}/{name}", grant.id),
            offered,
        )
        .hidden("update:n", update))
    };
    let own: Option<OrganisationRow> = asked
        .desk
        .views
        .find(&asked.desk.commands.organisation().to_string(), None)
        .await?;
    let signs = own.map(|own| own.signs).unwrap_or_default();
    let in_two_weeks = day_of(asked.desk.commands.now()).saturating_add(jiff::Span::new().days(14));
    let query = QueryUpdate {
        update,
        question: prose(),
        due_on: Some(in_two_weeks),
    };
    let mut acts = vec![
        act(
            "accept-update",
            "Accept it",
            C::AcceptUpdate(UpdateRef { update }),
        )
        .await?
        .expanded(),
        act(
            "query-update",
            "Ask something about it",
            C::QueryUpdate(query),
        )
        .await?
        .text_area_with_hint("question", "What you ask", "The group gets a mail.")
        .day("due_on", "By when it answers")
        .prefill("due_on", in_two_weeks),
        act(
            "excuse-update",
            "Excuse the group from it",
            C::ExcuseUpdate(UpdateReason {
                update,
                reason: prose(),
            }),
        )
        .await?
        .text_area("reason", "Why"),
    ];
    if let Some(sign) = signs.first() {
        let judge = JudgeOutcome {
            update,
            sign: sign.sign.clone(),
            strength: Strength::Some,
            reason: prose(),
        };
        let known = signs
            .iter()
            .map(|sign| (sign.sign.to_string(), sign.title.to_string()))
            .collect();
        acts.push(
            act(
                "judge-outcome",
                "Judge an outcome yourself",
                C::JudgeOutcome(judge),
            )
            .await?
            .select("sign", "Which sign", known)
            .select(
                "strength",
                "How strongly",
                choices(["none", "some", "strong"]),
            )
            .text_area("reason", "Why"),
        );
    }
    let receive = ReceiveUpdate {
        update,
        channel: Channel::Phone,
        words: PersonalInput::Open("words".to_owned()),
        learned: None,
        people: 0,
        volunteers: 0,
        spent: Money::ZERO,
        outcomes: Vec::new(),
        files: std::collections::BTreeSet::new(),
        consent: true,
    };
    acts.push(
        act(
            "receive-update",
            "Write it down for the group",
            C::ReceiveUpdate(receive),
        )
        .await?
        .select(
            "channel",
            "How it came",
            choices(["phone", "paper", "in_person"]),
        )
        .text_area("words", "What happened, in the group's words")
        .text_area("learned", "What was hard, and what was learned")
        .number("people:n", "How many came")
        .number("volunteers:n", "How many helped")
        .money("spent:m", "Spent so far")
        .checkboxes(
            "consent:b",
            "Consent",
            vec![(
                "yes".to_owned(),
                "The group agrees to what is written down here".to_owned(),
            )],
        )
        // A comma without keys is an empty list: no outcome is reported.
        .hidden("outcomes:w", ",")
        .prefill("people:n", 0)
        .prefill("volunteers:n", 0)
        .prefill("spent:m", "0"),
    );
    let spent = seen.spent.unwrap_or(Money::ZERO);
    let correct = CorrectUpdate {
        update,
        people: seen.people + 1,
        volunteers: seen.volunteers,
        spent,
        reason: prose(),
    };
    acts.push(
        act(
            "correct-update",
            "Correct its figures",
            C::CorrectUpdate(correct),
        )
        .await?
        .number("people:n", "How many came")
        .number("volunteers:n", "How many helped")
        .money("spent:m", "Spent")
        .text_area("reason", "What was wrong")
        .prefill("people:n", seen.people)
        .prefill("volunteers:n", seen.volunteers)
        .prefill("spent:m", String::from(spent)),
    );
    Ok(visible(acts))
}
