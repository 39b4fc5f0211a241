//! Access of members to their own group's records, and executing commands for visitors. Records of
//! other groups are answered like records that do not exist.

use uuid::Uuid;

use super::{Failed, Posted, Visitor};
use crate::commands::{CommandError, Request};
use crate::domain::Command;
use crate::domain::organisation::Question;
use crate::domain::{Organisation, PersonId, Refusal};
use crate::http::Desk;
use crate::log::append::Answer;
use crate::projections::{ApplicationRow, FundRow, GrantRow, RoundRow};

/// An application of one of the visitor's groups.
pub(super) async fn application(
    visitor: &Visitor,
    desk: &Desk,
    id: &str,
) -> Result<ApplicationRow, Failed> {
    let row: ApplicationRow = desk
        .views
        .find(&uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    is_own(visitor, desk, row.group.0).await?;
    Ok(row)
}

/// A grant of one of the visitor's groups.
pub(super) async fn grant(visitor: &Visitor, desk: &Desk, id: &str) -> Result<GrantRow, Failed> {
    let row: GrantRow = desk
        .views
        .find(&uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    is_own(visitor, desk, row.group.0).await?;
    Ok(row)
}

pub(super) async fn is_own(visitor: &Visitor, desk: &Desk, group: Uuid) -> Result<(), Failed> {
    let own = desk.views.groups_of(visitor.person()?).await?;
    if own.contains(&group) {
        Ok(())
    } else {
        Err(Failed::nothing())
    }
}

/// The questions of a version of the form. If the version is not in the cached state of the
/// organisation, the log is read again.
pub(super) async fn questions(desk: &Desk, form: u32) -> Result<Vec<Question>, Failed> {
    let organisation = desk
        .commands
        .log()
        .load::<Organisation>(desk.commands.organisation().0)
        .await?
        .state;
    if let Some(questions) = organisation.form(form) {
        return Ok(questions.to_vec());
    }
    let organisation = desk
        .commands
        .log()
        .refresh::<Organisation>(desk.commands.organisation().0)
        .await?
        .state;
    Ok(organisation
        .form(form)
        .map(<[Question]>::to_vec)
        .unwrap_or_default())
}

/// A fund with one of its rounds.
pub(super) async fn round(
    desk: &Desk,
    fund: &str,
    round: &str,
) -> Result<(FundRow, RoundRow), Failed> {
    let fund: FundRow = desk
        .views
        .find(&uuid(fund)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let key = round.parse().map_err(|_| Failed::nothing())?;
    let round = fund.rounds.get(&key).cloned().ok_or_else(Failed::nothing)?;
    Ok((fund, round))
}

pub(super) fn uuid(text: &str) -> Result<Uuid, Failed> {
    text.parse().map_err(|_| Failed::nothing())
}

/// Executes a command for the visitor, and waits until the read models show its result. `step`
/// distinguishes several commands of one form in their idempotency keys. Rate limits apply.
pub(super) async fn issue(
    visitor: &Visitor,
    desk: &Desk,
    posted: &Posted,
    step: &str,
    command: Command,
) -> Result<Answer, Failed> {
    let mut repeat = posted.repeat(desk, &visitor.path);
    repeat.key = format!("{}{step}", repeat.key);
    let signed = visitor.signed()?;
    let within = desk.site.limits.command(&signed.reader, &command);
    within.map_err(|problem| {
        Failed::too_soon(problem, visitor.path.clone(), posted.typed().to_vec())
    })?;
    let request = Request {
        repeat: Some(repeat),
        ..Request::new(signed.caller.clone(), command)
    };
    taken(desk, request).await
}

/// Executes a form's command. Returns the refusal, if a rule refuses it.
pub(super) async fn attempt(
    visitor: &Visitor,
    desk: &Desk,
    posted: &Posted,
    command: Command,
) -> Result<Option<Refusal>, Failed> {
    match issue(visitor, desk, posted, "", command).await {
        Ok(_) => Ok(None),
        Err(Failed::Refused(CommandError::Refused(refusal))) => Ok(Some(refusal)),
        Err(error) => Err(error),
    }
}

/// Executes a request, and waits until the read models show its result.
pub(super) async fn taken(desk: &Desk, request: Request) -> Result<Answer, Failed> {
    let answer = desk.commands.issue(request).await?;
    desk.views.shown(answer.last_position).await;
    Ok(answer)
}

/// The id of a new person, derived from the form's key and the session: pressing the button twice
/// registers one person.
pub(super) fn new_person(visitor: &Visitor, desk: &Desk, posted: &Posted) -> PersonId {
    let name = format!("begins/{}/{}", posted.text("key"), visitor.digest(desk));
    PersonId(Uuid::new_v5(
        &desk.commands.organisation().0,
        name.as_bytes(),
    ))
}
