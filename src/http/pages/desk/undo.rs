//! The button "Undo" of a notice: it takes back the step that the notice is about.

use std::collections::BTreeSet;

use uuid::Uuid;

use super::DeskRequest;
use super::action::{Availability, sample};
use super::notices::Done;
use crate::domain::application::TakeBackDecision;
use crate::domain::command::NoBody;
use crate::domain::person::WaitingMailRef;
use crate::domain::{ApplicationCommand, ApplicationId, Command, PersonCommand, PersonId};
use crate::http::pages::PageError;
use crate::http::pages::components::UndoButton;
use crate::outbox;

/// The reason that is recorded for a decision that was taken back in this way.
const REASON: &str = "It was recorded by mistake.";

/// The command that takes a step back, and its form.
struct Undoing {
    command: Command,
    /// The address that the form is posted to.
    path: String,
    reason: Option<&'static str>,
}

/// The button for the parameter `done` of a page, if the reader may take that step back now.
pub(super) async fn undo_button(
    request: &DeskRequest<'_>,
) -> Result<Option<UndoButton>, PageError> {
    let done = Done::parse(request.text("done"));
    let undoing = match done.map_or("", |done| done.name) {
        "confirm-eligibility" | "refuse-eligibility" => {
            let take_back = ApplicationCommand::TakeBackEligibility(NoBody {});
            on_application(request, take_back, None)
        }
        "decline" => {
            let take_back = ApplicationCommand::TakeBackDecision(TakeBackDecision {
                reason: sample(REASON),
                present: BTreeSet::new(),
            });
            on_application(request, take_back, Some(REASON))
        }
        "told" => telling(request).await?,
        _ => None,
    };
    let Some(Undoing {
        command,
        path,
        reason,
    }) = undoing
    else {
        return Ok(None);
    };
    let may = request.availability(command, None).await?;
    let button = UndoButton {
        path,
        form: request.forms().form("undo"),
        reason,
    };
    Ok(matches!(may, Availability::Available).then_some(button))
}

/// A command on the application of the page.
fn on_application(
    request: &DeskRequest<'_>,
    command: ApplicationCommand,
    reason: Option<&'static str>,
) -> Option<Undoing> {
    let id: Uuid = request
        .path
        .strip_prefix("/desk/applications/")?
        .parse()
        .ok()?;
    Some(Undoing {
        path: format!("/desk/do/applications/{id}/{}", command.name()),
        command: Command::Application(ApplicationId(id), command),
        reason,
    })
}

/// Taking back that a person knows what a message says: the parameter `mail` names the message.
async fn telling(request: &DeskRequest<'_>) -> Result<Option<Undoing>, PageError> {
    let Ok(id) = request.text("mail").parse::<Uuid>() else {
        return Ok(None);
    };
    let mail = outbox::find(request.app.commands.log(), &id.to_string()).await?;
    let person = mail.and_then(|mail| mail.person.parse::<Uuid>().ok());
    Ok(person.map(|person| {
        let command = PersonCommand::TakeBackTelling(WaitingMailRef { mail: id });
        Undoing {
            command: Command::Person(PersonId(person), command),
            path: format!("/desk/do/tell/{id}/back"),
            reason: None,
        }
    }))
}
