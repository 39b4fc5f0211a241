//! Access of members to their own group's records, and executing commands for visitors. Records of
//! other groups are answered like records that do not exist.

use uuid::Uuid;

use super::desk::forget_header;
use super::{FormData, PageError, Visitor};
use crate::commands::{CommandError, CommandRequest};
use crate::domain::organisation::Question;
use crate::domain::{Actor, Command, Organisation, PersonId, Refusal};
use crate::eventlog::append::AppendReceipt;
use crate::http::AppState;
use crate::projections::{ApplicationRow, FundRow, GrantRow, RoundRow};

/// An application of one of the visitor's groups, without a decision whose letter is held.
pub(super) async fn own_application(
    visitor: &Visitor,
    app: &AppState,
    id: &str,
) -> Result<ApplicationRow, PageError> {
    let row: ApplicationRow = app
        .views
        .find(parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    require_own_group(visitor, app, row.group.0).await?;
    Ok(row.before_held_decision(app.commands.now()))
}

/// A grant of one of the visitor's groups.
pub(super) async fn own_grant(
    visitor: &Visitor,
    app: &AppState,
    id: &str,
) -> Result<GrantRow, PageError> {
    let row: GrantRow = app
        .views
        .find(parse_uuid(id)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    require_own_group(visitor, app, row.group.0).await?;
    if row.is_shown_to_group() {
        Ok(row)
    } else {
        Err(PageError::not_found())
    }
}

pub(super) async fn require_own_group(
    visitor: &Visitor,
    app: &AppState,
    group: Uuid,
) -> Result<(), PageError> {
    let own = app.views.groups_of(visitor.person()?).await?;
    if own.contains(&group) {
        Ok(())
    } else {
        Err(PageError::not_found())
    }
}

/// The questions of a version of the form. If the version is not in the cached state of the
/// organisation, the log is read again.
pub(super) async fn form_questions(app: &AppState, form: u32) -> Result<Vec<Question>, PageError> {
    let organisation = app
        .commands
        .log()
        .load::<Organisation>(app.commands.organisation().0)
        .await?
        .state;
    if let Some(questions) = organisation.form(form) {
        return Ok(questions.to_vec());
    }
    let organisation = app
        .commands
        .log()
        .refresh::<Organisation>(app.commands.organisation().0)
        .await?
        .state;
    Ok(organisation
        .form(form)
        .map(<[Question]>::to_vec)
        .unwrap_or_default())
}

/// A fund with one of its rounds.
pub(super) async fn fund_and_round(
    app: &AppState,
    fund: &str,
    round: &str,
) -> Result<(FundRow, RoundRow), PageError> {
    let fund: FundRow = app
        .views
        .find(parse_uuid(fund)?, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let key = round.parse().map_err(|_| PageError::not_found())?;
    let round = fund
        .rounds
        .get(&key)
        .cloned()
        .ok_or_else(PageError::not_found)?;
    Ok((fund, round))
}

pub(super) fn parse_uuid(text: &str) -> Result<Uuid, PageError> {
    text.parse().map_err(|_| PageError::not_found())
}

/// Executes a command for the visitor, and waits until the read models show its result. `step`
/// distinguishes several commands of one form in their idempotency keys. Rate limits apply.
pub(super) async fn issue(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    step: &str,
    command: Command,
) -> Result<AppendReceipt, PageError> {
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key = format!("{}{step}", repeat.key);
    let signed = visitor.require_signed_in()?;
    let within = app.site.limits.check_command(&signed.reader, &command);
    within.map_err(|problem| {
        PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
    })?;
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(signed.caller.clone(), command)
    };
    execute_and_wait(app, request).await
}

/// Executes a form's command. Returns the refusal, if a rule refuses it.
pub(super) async fn try_execute(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    command: Command,
) -> Result<Option<Refusal>, PageError> {
    match issue(visitor, app, posted, "", command).await {
        Ok(_) => Ok(None),
        Err(PageError::Refused(CommandError::Refused(refusal))) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

/// Executes a request, and waits until the read models show its result. Afterwards the work that
/// waits for the caller is counted again.
pub(super) async fn execute_and_wait(
    app: &AppState,
    request: CommandRequest,
) -> Result<AppendReceipt, PageError> {
    let actor = request.caller.actor;
    let answer = app.commands.execute(request).await?;
    app.views.wait_until_shown(answer.last_position).await;
    if let Actor::Person(person) = actor {
        forget_header(app, person);
    }
    Ok(answer)
}

/// The id of a new person, derived from the form's key and the session: pressing the button twice
/// registers one person.
pub(super) fn person_id_of_form(visitor: &Visitor, app: &AppState, posted: &FormData) -> PersonId {
    let name = format!("begins/{}/{}", posted.text("key"), visitor.digest(app));
    PersonId(Uuid::new_v5(
        &app.commands.organisation().0,
        name.as_bytes(),
    ))
}
