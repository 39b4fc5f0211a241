//! A visitor who submits a public form without an account: parsing their name and contact details,
//! registering them without a proven address, and executing the commands of the form.

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::form_reader::{FieldErrors, FormReader};
use super::{FormData, PageError, Visitor, ownership};
use crate::auth::links::{self, LinkPurpose};
use crate::auth::sessions;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Actor, Command, PersonCommand, PersonId, Refusal};
use crate::http::AppState;

/// A form that is submitted again within this time counts as a double press of its button.
const RESEND_WINDOW: SignedDuration = SignedDuration::from_mins(2);

/// A person as entered.
pub(super) struct EnteredPerson {
    name: PersonalInput,
    telephone: Option<PersonalInput>,
    email: Option<String>,
    postal_address: Option<PersonalInput>,
}

impl EnteredPerson {
    /// Parses a person's name and contact details. If all of these are empty, `says` asks for one.
    pub(super) fn parse(
        posted: &FormData,
        language: Language,
        says: &str,
    ) -> Result<Self, FieldErrors> {
        let mut form = FormReader::new(posted, language);
        let about_name = if posted.text("person").is_empty() {
            "Enter your name"
        } else {
            "Enter a name of at most 100 letters, without a web address"
        };
        let name = form.required("person", |text| PersonalInput::name(text).ok(), about_name);
        let telephone = form.optional_phone();
        let email = form.optional_email();
        let postal_address = form.optional_text("postal_address");
        form.require_contact(says);
        form.finish(name.map(|name| Self {
            name,
            telephone,
            email,
            postal_address,
        }))
    }

    /// The details to register. An address that belongs to someone else is recorded as typed:
    /// nobody signs in with it.
    fn details(&self, is_taken: bool) -> PersonDetails {
        let email = self.email.clone().map(PersonalInput::Open);
        let (email, typed_email) = if is_taken {
            (None, email)
        } else {
            (email, None)
        };
        PersonDetails {
            name: self.name.clone(),
            email,
            telephone: self.telephone.clone(),
            postal_address: self.postal_address.clone(),
            typed_email,
        }
    }
}

/// A person who was registered just now.
pub(super) struct Newcomer {
    pub person: PersonId,
    email: Option<String>,
    /// Whether the address belongs to someone else.
    is_taken: bool,
}

impl Newcomer {
    /// Registers the person without a proven address. `None` if the page was sent before: with
    /// other words, or so long ago that someone else may have found it in the browser's history.
    pub(super) async fn register(
        app: &AppState,
        posted: &FormData,
        visitor: &Visitor,
        who: EnteredPerson,
    ) -> Result<Option<Self>, PageError> {
        let person = ownership::person_id_of_form(visitor, app, posted);
        let (is_taken, position) = match introduce(app, posted, visitor, person, &who).await {
            // The page was sent before with other words, which are registered.
            Err(PageError::Refused(CommandError::KeyReused)) => return Ok(None),
            registered => registered?,
        };
        let is_new = registered_just_now(app, person, position).await?;
        Ok(is_new.then_some(Self {
            person,
            email: who.email,
            is_taken,
        }))
    }

    /// The person as the caller of commands.
    pub(super) fn caller(&self) -> Caller {
        Caller {
            actor: Actor::Person(self.person),
            role_scope: None,
        }
    }

    /// Mails a sign-in link to the address, if one was entered. If it belongs to someone else, the
    /// link gives them what the person began. `browser` is the digest of the browser's key.
    pub(super) async fn send_link(
        &self,
        app: &AppState,
        purpose: LinkPurpose,
        browser: &str,
    ) -> Result<(), PageError> {
        let Some(email) = &self.email else {
            return Ok(());
        };
        if self.is_taken {
            super::sign_in::send_link(app, email, Some((purpose, self.person)), browser).await
        } else {
            if app.site.limits.allow_link(email) {
                links::issue_by_mail(&app.commands, Some(self.person), None, browser).await?;
            }
            Ok(())
        }
    }
}

/// Whether this form registered the person just now, at the log position `position`. Otherwise
/// someone who submits it again from the browser's history would be signed in. Never true once the
/// person has a session with a proven address.
async fn registered_just_now(
    app: &AppState,
    person: PersonId,
    position: i64,
) -> Result<bool, PageError> {
    let log = app.commands.log();
    let now = app.commands.now();
    let event = log.read_events(position, 1).await?.pop();
    let came = event.and_then(|event| event.metadata.get("decided_at")?.parse::<Timestamp>().ok());
    let known = sessions::has_proven(&app.commands, person).await?;
    Ok(!known && came.is_some_and(|came| now.duration_since(came) < RESEND_WINDOW))
}

/// Registers the unproven person. Returns whether the address belongs to someone else, and the log
/// position of the registration.
async fn introduce(
    app: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    person: PersonId,
    who: &EnteredPerson,
) -> Result<(bool, i64), PageError> {
    let holder = match &who.email {
        Some(email) => links::holder_of_address(app.commands.log(), email).await?,
        None => None,
    };
    let is_taken = holder.is_some_and(|holder| holder != person);
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key = format!("{}/person/{person}", repeat.key);
    // Nobody is signed in yet, so that the service itself is the actor.
    let request = |is_taken| {
        let introduce = PersonCommand::Introduce(who.details(is_taken));
        CommandRequest {
            idempotency_key: Some(repeat.clone()),
            ..CommandRequest::new(Caller::job(), Command::Person(person, introduce))
        }
    };
    match app.commands.execute(request(is_taken)).await {
        Ok(answer) => Ok((is_taken, answer.first_position)),
        // Another request registered the address in the meantime.
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let answer = app.commands.execute(request(true)).await?;
            Ok((true, answer.first_position))
        }
        Err(error) => Err(error.into()),
    }
}

/// Executes one command of a form, and waits until the views show it. `step` makes its idempotency
/// key differ from the keys of the form's other commands.
pub(super) async fn execute_step(
    app: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    caller: &Caller,
    step: &str,
    command: Command,
) -> Result<Uuid, PageError> {
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key.push_str(step);
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(caller.clone(), command)
    };
    Ok(ownership::execute_and_wait(app, request).await?.id)
}
