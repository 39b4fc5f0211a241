//! The pages of updates: overdue, due and received ones. What the group reported is shown apart
//! from the assessment by staff.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::act::{Act, Offered, shown};
use super::sheets::{self, named};
use super::{Asked, choices, said};
use crate::domain::application::Channel;
use crate::domain::grant::{
    CorrectUpdate, JudgeOutcome, QueryUpdate, ReceiveUpdate, UpdateBecause, UpdateOf,
    UpdateState as U,
};
use crate::domain::outcome::Strength;
use crate::domain::sealed::Personal;
use crate::domain::{Command, GrantCommand as C, GrantId, Money};
use crate::export::sheets::{Cell, Sheet as Spreadsheet};
use crate::http::pages::open::names;
use crate::http::pages::{Failed, Form, Shell, own};
use crate::log::record::day_of;
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};
use crate::views::{Page as Wanted, UpdateSeen};

#[derive(Template)]
#[template(path = "desk/updates.html")]
struct List {
    page: Shell,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<Row>,
    next: Option<String>,
    sheets: [(&'static str, String); 2],
}

struct Row {
    path: String,
    title: String,
    group: String,
    state: String,
    due_on: jiff::civil::Date,
    overdue: bool,
    reminded_on: Option<jiff::civil::Date>,
}

/// The filters of the query. Without a state: the received updates.
fn filters(asked: &Asked<'_>, today: Date) -> Vec<(&'static str, Vec<String>)> {
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
pub(super) async fn sheet(asked: &Asked<'_>) -> Result<Spreadsheet, Failed> {
    let rows = asked
        .every::<UpdateRow>(filters(asked, day_of(asked.desk.commands.now())))
        .await?;
    let grants: BTreeMap<Uuid, GrantRow> = asked
        .every::<GrantRow>(Vec::new())
        .await?
        .into_iter()
        .map(|row| (row.id, row))
        .collect();
    let groups = asked
        .names_of(grants.values().map(|row| row.group.to_string()))
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
    Ok(sheets::sheet("Updates", columns, rows, |row| {
        let grant = grants.get(&row.grant);
        let came = row.received_on.is_some();
        [
            grant.map(|grant| grant.title.clone()).into(),
            grant.map_or(Cell::Nothing, |grant| named(&groups, &grant.group)),
            row.update.into(),
            said(row.state).into(),
            row.due_on.into(),
            row.received_on.into(),
            came.then_some(row.people).into(),
            came.then_some(row.volunteers).into(),
            row.spent.into(),
            row.reminded_on.into(),
            row.grant.to_string().into(),
        ]
    }))
}

pub(super) async fn list(asked: &Asked<'_>) -> Result<HttpResponse, Failed> {
    let today = day_of(asked.desk.commands.now());
    let filters = filters(asked, today);
    let after = Some(asked.text("after").to_owned()).filter(|after| !after.is_empty());
    let as_at = asked.as_at().await?;
    let listed = asked
        .desk
        .views
        .list::<UpdateRow>(as_at, filters, &Wanted { after, most: 50 })
        .await?;
    let mut rows = Vec::new();
    for row in listed.items {
        let grant: GrantRow = asked
            .desk
            .views
            .find(&row.grant.to_string(), as_at)
            .await?
            .ok_or_else(Failed::nothing)?;
        let group = names(asked.desk, vec![grant.group.to_string()])
            .await?
            .into_values()
            .next()
            .unwrap_or_default();
        let waits = matches!(row.state, U::Requested | U::Queried);
        rows.push(Row {
            path: format!("/desk/updates/{}/{}", row.grant, row.update),
            title: grant.title,
            group,
            state: said(row.state),
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
    let page = List {
        page: asked.shell("Updates").await?,
        filter: asked
            .forms()
            .form("filter")
            .known("state", state)
            .known("as_at", asked.text("as_at")),
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
        sheets: asked.sheets(),
        next: listed
            .next
            .map(|next| super::applications::with(asked, "after", &next)),
    };
    asked.page(&page)
}

#[derive(Template)]
#[template(path = "desk/update.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    grant: GrantRow,
    group: String,
    seen: UpdateSeen,
    state: String,
    acts: Vec<Act>,
}

pub(super) async fn show(
    asked: &Asked<'_>,
    grant: &str,
    number: &str,
) -> Result<HttpResponse, Failed> {
    let number: u16 = number.parse().map_err(|_| Failed::nothing())?;
    let grant: GrantRow = asked
        .desk
        .views
        .find(&own::uuid(grant)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let row: UpdateRow = asked
        .desk
        .views
        .find(&format!("{}/{number:05}", grant.id), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let reader = &asked.signed.reader;
    let seen = asked
        .desk
        .views
        .open_updates(reader.reads_words(), reader.sees_all(), vec![row])
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let group = names(asked.desk, vec![grant.group.to_string()])
        .await?
        .into_values()
        .next()
        .unwrap_or_default();
    let forms = asked.forms();
    let acts = acts(asked, &forms, &grant, &seen).await?;
    let page = Sheet {
        page: asked.shell(&format!("Update of {group}")).await?,
        wrong: forms.wrong(),
        state: said(seen.state),
        grant,
        group,
        seen,
        acts,
    };
    asked.page(&page)
}

async fn acts(
    asked: &Asked<'_>,
    forms: &crate::http::pages::Forms,
    grant: &GrantRow,
    seen: &UpdateSeen,
) -> Result<Vec<Act>, Failed> {
    let update = seen.update;
    let prose = || "why".parse().expect("a short text");
    let act = async |name: &str, title: &str, command: C| -> Result<Act, Failed> {
        let offered = Offered::of(
            asked.desk,
            asked.visitor,
            Command::Grant(GrantId(grant.id), command),
        )
        .await?;
        Ok(Act::new(
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
            C::AcceptUpdate(UpdateOf { update }),
        )
        .await?
        .opened(),
        act(
            "query-update",
            "Ask something about it",
            C::QueryUpdate(query),
        )
        .await?
        .words_with("question", "What you ask", "The group gets a mail.")
        .day("due_on", "By when it answers")
        .known("due_on", in_two_weeks),
        act(
            "excuse-update",
            "Excuse the group from it",
            C::ExcuseUpdate(UpdateBecause {
                update,
                reason: prose(),
            }),
        )
        .await?
        .words("reason", "Why"),
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
            .one("sign", "Which sign", known)
            .one(
                "strength",
                "How strongly",
                choices(["none", "some", "strong"]),
            )
            .words("reason", "Why"),
        );
    }
    let receive = ReceiveUpdate {
        update,
        channel: Channel::Phone,
        words: Personal::Open("words".to_owned()),
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
        .one(
            "channel",
            "How it came",
            choices(["phone", "paper", "in_person"]),
        )
        .words("words", "What happened, in the group's words")
        .words("learned", "What was hard, and what was learned")
        .number("people:n", "How many came")
        .number("volunteers:n", "How many helped")
        .money("spent:m", "Spent so far")
        .some(
            "consent:b",
            "Consent",
            vec![(
                "yes".to_owned(),
                "The group agrees to what is written down here".to_owned(),
            )],
        )
        // A comma without keys is an empty list: no outcome is reported.
        .hidden("outcomes:w", ",")
        .known("people:n", 0)
        .known("volunteers:n", 0)
        .known("spent:m", "0"),
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
        .words("reason", "What was wrong")
        .known("people:n", seen.people)
        .known("volunteers:n", seen.volunteers)
        .known("spent:m", String::from(spent)),
    );
    Ok(shown(acts))
}
