//! Actions on the ticked rows of a list.
//!
//! The list posts the ticked rows to [`confirm`], which shows by name what will be done and what
//! will be refused, and records nothing. Its form posts to [`run`], which issues one command for
//! each row, the same as the button on the row's own page, and reports on each by name. The key of
//! each command is that of the form and the row, so that a form sent twice does everything once.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::bulk_next::{BulkNext, next_step};
use super::bulk_words::BulkWords;
use super::definition::{BulkAction, ListDefinition};
use super::tags::{have_pence, pounds_in};
use crate::commands::{CommandError, CommandRequest, IdempotencyKey};
use crate::domain::command::NoBody;
use crate::domain::grant::{PaymentReason, PaymentRef, RemindNow};
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::text::Prose;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, GrantCommand, GrantId, Money, Role,
};
use crate::http::AppState;
use crate::http::pages::apply::sections::{self, Section};
use crate::http::pages::desk::action::sample;
use crate::http::pages::desk::payments::accounts_in_words;
use crate::http::pages::desk::{DeskRequest, forget_header};
use crate::http::pages::sign_in::local_path;
use crate::http::pages::words::place_name;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, ownership,
};
use crate::http::problem::Problem;
use crate::projections::{ApplicationRow, GrantRow, PaymentRow, UpdateRow};

/// Takes back that applications are eligible. The page that says that they are offers it.
static UNDO_ELIGIBLE: BulkAction = BulkAction {
    id: "undo-eligible",
    label: "Back to check",
    roles: &[Role::Officer],
};

/// The largest number of rows of one action: several pages, but not the whole list.
const PICKED_MAX: usize = 200;
/// The name of the form on the page before an action.
const FORM: &str = "bulk";

#[derive(Template)]
#[template(path = "desk/bulk.html")]
struct BulkPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    words: BulkWords,
    action: &'static str,
    list: &'static str,
    back: String,
    form: Form,
    done: Vec<BulkLine>,
    refused: Vec<BulkLine>,
    total: Option<String>,
    /// The results of the commands that were issued.
    is_result: bool,
    /// What comes after the action.
    next: BulkNext,
    /// Whether the action needs a reason.
    asks_why: bool,
    /// The action that takes them back.
    undo: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "desk/bulk_print.html")]
struct BulkPrintPage {
    page: PageContext,
    back: String,
    sheets: Vec<PrintedApplication>,
}

struct PrintedApplication {
    group: String,
    reference: String,
    requested: String,
    area: String,
    answers: Vec<Section>,
}

/// A row that is acted on, in words.
struct BulkLine {
    id: String,
    name: String,
    /// What the reader should know of it; empty if nothing.
    about: String,
    amount: String,
    /// Why it is refused; empty if it is not.
    reason: String,
}

/// A row that is acted on, and the command.
struct BulkItem {
    id: String,
    name: String,
    about: String,
    amount: Option<Money>,
    command: Command,
}

/// Shows what an action would do with each of the ticked rows. Nothing is recorded.
pub(in crate::http::pages::desk) async fn confirm(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let list = list_of(&request)?;
    let desk = DeskRequest::new(&app, &visitor, &list.path(), None)?;
    if posted.text("do") == "print" && list.name == "applications" {
        return print(&desk, &posted).await;
    }
    let action = action_of(&desk, list, &posted)?;
    show_confirmation(&desk, list, action, &posted).await
}

/// The page before an action. Each command is tried first.
async fn show_confirmation(
    desk: &DeskRequest<'_>,
    list: &ListDefinition,
    action: &BulkAction,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    let (mut done, mut refused, mut total) = (Vec::new(), Vec::new(), Money::ZERO);
    let items = items(desk, action, &picked(posted), &sample("why")).await?;
    let with_pence = any_pence(&items);
    for item in items {
        let tried = desk
            .app
            .commands
            .dry_run(&desk.signed.caller, item.command.clone())
            .await;
        match tried {
            Ok(()) => {
                total = total.plus(item.amount.unwrap_or(Money::ZERO));
                done.push(item.line(String::new(), with_pence));
            }
            Err(error) => refused.push(item.line(reason(error)?, with_pence)),
        }
    }
    let words = BulkWords::of(action.id);
    let page = BulkPage {
        page: desk.page_context(&words.asks(done.len())).await?,
        wrong: desk.forms().error_summary(),
        words,
        action: action.id,
        list: list.name,
        back: back_of(posted, list),
        form: desk.forms().form(FORM),
        total: (!total.is_zero()).then(|| pounds_in(total, with_pence)),
        done,
        refused,
        is_result: false,
        next: BulkNext::default(),
        asks_why: asks_why(action),
        undo: None,
    };
    desk.render(&page)
}

/// Runs the action with one command for each row, and shows the result of each.
pub(in crate::http::pages::desk) async fn run(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let list = list_of(&request)?;
    let desk = DeskRequest::new(&app, &visitor, &list.path(), None)?;
    let action = action_of(&desk, list, &posted)?;
    let key = ownership::parse_uuid(posted.text("key"))?;
    let why = match why_of(action, &posted) {
        Ok(why) => why,
        Err(wrong) => {
            let rejected = FormErrors::new(FORM, &posted, wrong);
            let desk = DeskRequest::new(&app, &visitor, &list.path(), Some(rejected))?;
            return show_confirmation(&desk, list, action, &posted).await;
        }
    };
    let (mut done, mut refused, mut last_position) = (Vec::new(), Vec::new(), None);
    let items = items(&desk, action, &picked(&posted), &why).await?;
    let with_pence = any_pence(&items);
    for item in items {
        let line = item.line(String::new(), with_pence);
        match issue(&desk, action, key, item).await {
            Ok(position) => {
                last_position = last_position.max(Some(position));
                done.push(line);
            }
            Err(error) => {
                let reason = reason(error)?;
                refused.push(BulkLine { reason, ..line });
            }
        }
    }
    if let Some(position) = last_position {
        app.views.wait_until_shown(position).await;
        forget_header(&app, desk.signed.reader.person);
    }
    let words = BulkWords::of(action.id);
    let ids = done.iter().map(|line| line.id.clone()).collect();
    let page = BulkPage {
        page: desk.page_context(&words.done(done.len())).await?,
        wrong: desk.forms().error_summary(),
        words,
        next: next_step(&desk, action, ids).await?,
        action: action.id,
        list: list.name,
        back: back_of(&posted, list),
        form: desk.forms().form(FORM),
        total: None,
        undo: (action.id == "eligible" && !done.is_empty()).then_some(UNDO_ELIGIBLE.id),
        done,
        refused,
        is_result: true,
        asks_why: false,
    };
    desk.render(&page)
}

/// Whether an action needs a reason.
fn asks_why(action: &BulkAction) -> bool {
    action.id == "reject"
}

/// The reason that was entered, if the action needs one, or what is wrong with it.
fn why_of(action: &BulkAction, posted: &FormData) -> Result<Prose, Vec<(String, String)>> {
    if !asks_why(action) {
        return Ok(sample("why"));
    }
    posted
        .text("reason")
        .parse()
        .map_err(|_| vec![("reason".to_owned(), "Enter why you reject them".to_owned())])
}

/// Issues the command of one row. Returns the position of its last event.
async fn issue(
    desk: &DeskRequest<'_>,
    action: &BulkAction,
    key: Uuid,
    item: BulkItem,
) -> Result<i64, CommandError> {
    let (app, signed) = (desk.app, desk.signed);
    let content = format!("bulk/{}/{}", action.id, item.id);
    let hash = app.commands.log().vault().request_hash(content.as_bytes());
    let request = CommandRequest {
        idempotency_key: Some(IdempotencyKey::per_caller(
            format!("{key}/{}", item.id),
            hash,
        )),
        ..CommandRequest::new(signed.caller.clone(), item.command)
    };
    Ok(app.commands.execute(request).await?.last_position)
}

/// Why a command was refused, without the id of a record.
fn reason(error: CommandError) -> Result<String, PageError> {
    let refusal = match error {
        CommandError::Refused(refusal) => Some(refusal),
        CommandError::RefusedFor(records) => records.into_iter().next().map(|one| one.refusal),
        other => return Err(other.into()),
    };
    let problem = Problem::from(
        refusal.unwrap_or(crate::domain::Refusal::Nothing("select at least one row")),
    );
    let (mut says, advice) = (problem.detail().to_owned(), problem.advice());
    if let Some(first) = says.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    Ok(format!("{says}. {advice}"))
}

fn list_of(request: &HttpRequest) -> Result<&'static ListDefinition, PageError> {
    let name = request.match_info().query("list");
    ListDefinition::by_name(name).ok_or_else(PageError::not_found)
}

/// The action of the form. Fails if the list has none of this name, or not for the reader's roles.
fn action_of(
    desk: &DeskRequest<'_>,
    list: &ListDefinition,
    posted: &FormData,
) -> Result<&'static BulkAction, PageError> {
    // A button on a row has no action of its own: it takes the first of the list.
    let name = posted.text("do");
    let one = !posted.text("one").is_empty();
    let undo = (list.name == "applications").then_some(&UNDO_ELIGIBLE);
    let found = list
        .bulk
        .iter()
        .chain(undo)
        .find(|action| action.id == name || (one && name.is_empty()))
        .ok_or_else(PageError::not_found)?;
    let roles = &desk.signed.reader.roles;
    if found.roles.iter().any(|role| roles.contains(role)) {
        Ok(found)
    } else {
        Err(PageError::forbidden())
    }
}

/// The rows that were ticked, or the one whose own button was pressed.
fn picked(posted: &FormData) -> Vec<String> {
    let one = posted.text("one");
    if one.is_empty() {
        posted
            .all("pick")
            .take(PICKED_MAX)
            .map(str::to_owned)
            .collect()
    } else {
        vec![one.to_owned()]
    }
}

/// The list that the form was on.
fn back_of(posted: &FormData, list: &ListDefinition) -> String {
    local_path(posted.text("back"))
        .or_else(|| local_path(posted.text("at")))
        .filter(|path| path.starts_with(&list.path()))
        .map_or_else(|| list.path(), str::to_owned)
}

/// The picked rows with their commands, in the order in which they were picked.
async fn items(
    desk: &DeskRequest<'_>,
    action: &BulkAction,
    picked: &[String],
    why: &Prose,
) -> Result<Vec<BulkItem>, PageError> {
    let mut items = match action.id {
        "approve" => {
            let approve = |payment| GrantCommand::ApprovePayment(PaymentRef { payment });
            payments_to_decide(desk, picked, approve).await?
        }
        "reject" => {
            let reject = |payment| {
                let reason = why.clone();
                GrantCommand::RejectPayment(PaymentReason { payment, reason })
            };
            payments_to_decide(desk, picked, reject).await?
        }
        "remind" => updates_to_remind(desk, picked).await?,
        "undo-eligible" => {
            let take_back = ApplicationCommand::TakeBackEligibility(NoBody {});
            applications_to_check(desk, picked, &take_back).await?
        }
        _ => {
            let confirm = ApplicationCommand::ConfirmEligibility(NoBody {});
            applications_to_check(desk, picked, &confirm).await?
        }
    };
    let place = |item: &BulkItem| picked.iter().position(|id| *id == item.id);
    items.sort_by_key(place);
    Ok(items)
}

async fn applications_to_check(
    desk: &DeskRequest<'_>,
    picked: &[String],
    command: &ApplicationCommand,
) -> Result<Vec<BulkItem>, PageError> {
    let rows: Vec<ApplicationRow> = desk.rows_by_id(picked).await?;
    let groups = desk
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let item = |row: ApplicationRow| BulkItem {
        id: row.id.to_string(),
        name: name_of(&groups, &row.group),
        about: String::new(),
        amount: row.requested,
        command: Command::Application(ApplicationId(row.id), command.clone()),
    };
    Ok(rows.into_iter().map(item).collect())
}

async fn payments_to_decide(
    desk: &DeskRequest<'_>,
    picked: &[String],
    command: impl Fn(u16) -> GrantCommand,
) -> Result<Vec<BulkItem>, PageError> {
    let rows: Vec<PaymentRow> = desk.rows_by_id(picked).await?;
    let names = names_by_grant(desk, rows.iter().map(|row| row.grant)).await?;
    let accounts = accounts_in_words(desk, &rows).await?;
    let item = |(row, about): (PaymentRow, String)| BulkItem {
        id: format!("{}/{:05}", row.grant, row.payment),
        name: names.get(&row.grant).cloned().unwrap_or_default(),
        about,
        amount: Some(row.amount),
        command: Command::Grant(GrantId(row.grant), command(row.payment)),
    };
    Ok(rows.into_iter().zip(accounts).map(item).collect())
}

async fn updates_to_remind(
    desk: &DeskRequest<'_>,
    picked: &[String],
) -> Result<Vec<BulkItem>, PageError> {
    let rows: Vec<UpdateRow> = desk.rows_by_id(picked).await?;
    let names = names_by_grant(desk, rows.iter().map(|row| row.grant)).await?;
    let item = |row: UpdateRow| BulkItem {
        id: format!("{}/{:05}", row.grant, row.update),
        name: names.get(&row.grant).cloned().unwrap_or_default(),
        about: String::new(),
        amount: None,
        command: Command::Grant(
            GrantId(row.grant),
            GrantCommand::RemindNow(RemindNow {
                update: row.update,
                note: None,
            }),
        ),
    };
    Ok(rows.into_iter().map(item).collect())
}

/// The name of the group of each grant.
async fn names_by_grant(
    desk: &DeskRequest<'_>,
    grants: impl Iterator<Item = Uuid>,
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let grants: Vec<GrantRow> = desk.rows_by_id(grants).await?;
    let groups = desk
        .group_names(grants.iter().map(|row| row.group.to_string()))
        .await?;
    let name = |row: &GrantRow| (row.id, name_of(&groups, &row.group));
    Ok(grants.iter().map(name).collect())
}

fn name_of(groups: &BTreeMap<String, String>, group: &impl ToString) -> String {
    groups
        .get(&group.to_string())
        .cloned()
        .unwrap_or_else(|| "A group".to_owned())
}

/// Whether any of the amounts has pence, so that all are shown with them.
fn any_pence(items: &[BulkItem]) -> bool {
    have_pence(items.iter().filter_map(|item| item.amount))
}

impl BulkItem {
    fn line(&self, reason: String, with_pence: bool) -> BulkLine {
        BulkLine {
            id: self.id.clone(),
            name: self.name.clone(),
            about: self.about.clone(),
            amount: self
                .amount
                .map(|amount| pounds_in(amount, with_pence))
                .unwrap_or_default(),
            reason,
        }
    }
}

/// The ticked applications, one on each sheet.
async fn print(desk: &DeskRequest<'_>, posted: &FormData) -> Result<HttpResponse, PageError> {
    if !desk.signed.reader.may_read_words() {
        return Err(PageError::forbidden());
    }
    let list = &super::super::applications::LIST;
    let rows: Vec<ApplicationRow> = desk.rows_by_id(picked(posted)).await?;
    let groups = desk
        .group_names(rows.iter().map(|row| row.group.to_string()))
        .await?;
    let mut sheets = Vec::new();
    for row in rows {
        sheets.push(PrintedApplication {
            group: name_of(&groups, &row.group),
            reference: Reference::parse(&row.reference)
                .map(|reference| reference.to_string())
                .unwrap_or_default(),
            requested: row
                .requested
                .map(|amount| amount.to_string())
                .unwrap_or_default(),
            area: row
                .area
                .as_ref()
                .map(|area| place_name(area.as_str()))
                .unwrap_or_default(),
            answers: sections::all_sections(desk.app, &row, Language::En).await?,
        });
    }
    let page = BulkPrintPage {
        page: desk.page_context("Applications to print").await?,
        back: back_of(posted, list),
        sheets,
    };
    desk.render(&page)
}
