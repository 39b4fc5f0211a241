//! Recording an assisted entry: the commands that its form becomes.

use uuid::Uuid;

use super::parse::{AssistedEntry, EntryGroup, EntryPerson};
use crate::clock::{self, day_of};
use crate::commands::{Caller, CommandError, CommandRequest, IdempotencyKey};
use crate::domain::application::{ChooseLanguage, SaveAnswers, StartApplication, Submit};
use crate::domain::fund::RoundState;
use crate::domain::group::{CorrectGroup, MemberRef, RegisterGroup};
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, GroupCommand, GroupId, PersonCommand, PersonId,
    Refusal,
};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::{FormData, PageError, Visitor, ownership};
use crate::projections::{ApplicationRow, PersonRow};
use crate::views::Reader;

/// Why an entry was not recorded.
pub(super) enum EntryError {
    /// Values that contradict what an earlier attempt recorded.
    Fields(FieldErrors),
    Page(PageError),
}

impl From<PageError> for EntryError {
    fn from(error: PageError) -> Self {
        Self::Page(error)
    }
}

/// Executes the commands of the form and returns the application's id. A draft is not submitted.
/// Can be repeated, see the documentation of the parent module.
pub(super) async fn record_entry(
    app: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    entry: AssistedEntry,
) -> Result<Uuid, EntryError> {
    let steps = EntrySteps::new(app, visitor, posted)?;
    if let Some(submit) = &entry.submit
        && let Some(id) = steps.submitted_before(submit).await?
    {
        return Ok(id);
    }
    let late = steps.is_late(&entry).await?;
    if let EntryGroup::New {
        group,
        apart: false,
    } = &entry.group
    {
        steps.must_have_a_new_name(group).await?;
    }
    let member = match entry.person {
        EntryPerson::Member => None,
        EntryPerson::New(details) => Some((steps.register_person(details.clone()).await?, details)),
    };
    let group = match &entry.group {
        EntryGroup::Known(group) => *group,
        EntryGroup::New { group, .. } => {
            let group = RegisterGroup {
                member: member.as_ref().map(|(person, _)| *person),
                ..group.clone()
            };
            steps.register_group(group).await?
        }
    };
    let id = if let Some(draft) = entry.draft {
        steps.continue_draft(draft, group).await?
    } else {
        let start = StartApplication {
            fund: entry.fund,
            round: entry.round,
            group,
            late,
        };
        steps.start_application(start, &entry.group).await?
    };
    steps.save_answers(id, entry.answers).await?;
    if let EntryGroup::New { group: values, .. } = entry.group {
        steps.correct_group(group, values).await?;
    }
    if let Some((person, details)) = member {
        steps.record_member(group, person, details).await?;
    }
    steps.choose_language(id, entry.language).await?;
    if let Some(submit) = &entry.submit {
        ownership::execute_and_wait(app, steps.submission(id, submit)).await?;
    }
    Ok(id.0)
}

/// The commands of one form. Each record is created once, however often the form is submitted.
struct EntrySteps<'a> {
    app: &'a AppState,
    caller: Caller,
    /// The form's id.
    began: &'a str,
    /// The idempotency key of the submission. It contains a digest of the form: submitting the same
    /// form again gets the first reply, and a form with other values is refused with `KeyReused`.
    submission_key: IdempotencyKey,
}

impl<'a> EntrySteps<'a> {
    fn new(app: &'a AppState, visitor: &Visitor, posted: &'a FormData) -> Result<Self, PageError> {
        let began = posted.text("began");
        Ok(Self {
            app,
            caller: visitor.require_signed_in()?.caller.clone(),
            began,
            submission_key: IdempotencyKey {
                key: format!("{began}/submit"),
                ..posted.idempotency_key(app, &visitor.path)
            },
        })
    }

    fn submission(&self, id: ApplicationId, submit: &Submit) -> CommandRequest {
        let submit = Command::Application(id, ApplicationCommand::Submit(submit.clone()));
        CommandRequest {
            idempotency_key: Some(self.submission_key.clone()),
            ..CommandRequest::new(self.caller.clone(), submit)
        }
    }

    /// The id of the application, if this very form was submitted before.
    async fn submitted_before(&self, submit: &Submit) -> Result<Option<Uuid>, PageError> {
        let submission = self.submission(ApplicationId(Uuid::nil()), submit);
        let reply = self.app.commands.previous_reply(submission).await?;
        Ok(reply.map(|reply| reply.id))
    }

    /// The request of a step that is executed once. Repeated with another value of `says` it is
    /// refused with `KeyReused`.
    fn request(&self, step: &str, says: &str, command: Command) -> CommandRequest {
        let repeat = IdempotencyKey::per_caller(format!("{}/{step}", self.began), says);
        CommandRequest {
            idempotency_key: Some(repeat),
            ..CommandRequest::new(self.caller.clone(), command)
        }
    }

    /// Executes a command that brings a record to what the form contains now. No change is no
    /// error.
    async fn record_current(&self, command: Command) -> Result<(), PageError> {
        match ownership::execute_and_wait(
            self.app,
            CommandRequest::new(self.caller.clone(), command),
        )
        .await
        {
            Ok(_) | Err(PageError::Refused(CommandError::Refused(Refusal::NoChange))) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn register_person(&self, details: PersonDetails) -> Result<PersonId, PageError> {
        let register = Command::Person(PersonId(clock::new_id()), PersonCommand::Register(details));
        Ok(PersonId(
            ownership::execute_and_wait(self.app, self.request("person", "keyed", register))
                .await?
                .id,
        ))
    }

    async fn register_group(&self, group: RegisterGroup) -> Result<GroupId, EntryError> {
        let standing = <&str>::from(group.standing);
        let register = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(group));
        let id = match ownership::execute_and_wait(
            self.app,
            self.request("group", standing, register),
        )
        .await
        {
            Ok(answer) => answer.id,
            Err(PageError::Refused(CommandError::KeyReused)) => {
                return Err(field_error(
                    "standing",
                    "We already have this group with the other answer, and it cannot be changed. \
                        Choose that one",
                ));
            }
            Err(error) => return Err(error.into()),
        };
        Ok(GroupId(id))
    }

    /// Refuses a new group with the name of a group on record, unless this very form registered
    /// that group.
    async fn must_have_a_new_name(&self, group: &RegisterGroup) -> Result<(), EntryError> {
        let standing = <&str>::from(group.standing);
        let register = GroupCommand::Register(group.clone());
        let register = Command::Group(GroupId(Uuid::nil()), register);
        let register = self.request("group", standing, register);
        let own = match self.app.commands.previous_reply(register).await {
            Ok(reply) => reply.map(|reply| reply.id),
            Err(CommandError::KeyReused) => return Ok(()),
            Err(error) => return Err(PageError::from(error).into()),
        };
        let found = self.app.views.groups_of_name(group.name.as_str()).await;
        let found = found.map_err(PageError::from)?;
        if found.iter().all(|row| Some(row.id) == own) {
            return Ok(());
        }
        Err(field_error(
            "found",
            "We have a group with this name already. Say whether it is the same one",
        ))
    }

    /// Whether the application starts late: its form says why, or it is a draft after the round's
    /// last day.
    async fn is_late(&self, entry: &AssistedEntry) -> Result<bool, PageError> {
        if let Some(submit) = &entry.submit {
            return Ok(submit.late_reason.is_some());
        }
        let fund = entry.fund.to_string();
        let (_, round) = ownership::fund_and_round(self.app, &fund, entry.round.as_str()).await?;
        let today = day_of(self.app.commands.now());
        Ok(round.state != RoundState::Open || round.closes_on < today)
    }

    /// The draft that the form continues. It must be one of the group.
    async fn continue_draft(
        &self,
        draft: ApplicationId,
        group: GroupId,
    ) -> Result<ApplicationId, PageError> {
        let row: Option<ApplicationRow> = self.app.views.find(draft.0, None).await?;
        row.filter(|row| row.group == group)
            .map(|_| draft)
            .ok_or_else(PageError::not_found)
    }

    /// Starts the application. `of` is the group as the form names it.
    async fn start_application(
        &self,
        start: StartApplication,
        of: &EntryGroup,
    ) -> Result<ApplicationId, EntryError> {
        let known = match of {
            EntryGroup::Known(group) => format!("/{group}"),
            EntryGroup::New { .. } => String::new(),
        };
        let says = |late: bool| format!("{}/{}/{late}{known}", start.fund, start.round);
        let command = Command::Application(
            ApplicationId(clock::new_id()),
            ApplicationCommand::Start(start.clone()),
        );
        match ownership::execute_and_wait(
            self.app,
            self.request("start", &says(start.late), command.clone()),
        )
        .await
        {
            Ok(answer) => return Ok(ApplicationId(answer.id)),
            Err(PageError::Refused(CommandError::KeyReused)) => {}
            Err(error) => return Err(error.into()),
        }
        match self
            .app
            .commands
            .previous_reply(self.request("start", &says(!start.late), command))
            .await
        {
            // The application was started before it was late. The reason is recorded when it is
            // submitted.
            Ok(Some(answer)) if start.late => Ok(ApplicationId(answer.id)),
            Ok(_) => Err(field_error(
                "late_reason",
                "This application came in late. Say why",
            )),
            Err(CommandError::KeyReused) => Err(field_error(
                "",
                "You started this form for another round or group. Choose that one, or start a new \
                    form",
            )),
            Err(error) => Err(PageError::from(error).into()),
        }
    }

    /// Saves the answers. A saved answer can be changed but not removed, so that a question whose
    /// answer was saved by an earlier attempt and is empty now is an error.
    async fn save_answers(
        &self,
        id: ApplicationId,
        answers: SaveAnswers,
    ) -> Result<(), EntryError> {
        let known = self
            .app
            .views
            .answers(id.0, None)
            .await
            .map_err(PageError::from)?;
        let says = "We already have an answer to this. Enter the answer as it should be";
        let emptied: FieldErrors = known
            .into_iter()
            .filter(|answer| !answers.answers.contains_key(&answer.question))
            .map(|answer| (format!("q-{}", answer.question), says.to_owned()))
            .collect();
        if !emptied.is_empty() {
            return Err(EntryError::Fields(emptied));
        }
        let save = Command::Application(id, ApplicationCommand::SaveAnswers(answers));
        Ok(self.record_current(save).await?)
    }

    async fn correct_group(&self, id: GroupId, group: RegisterGroup) -> Result<(), PageError> {
        let reason =
            PersonalInput::Open("Corrected while the application was typed in.".to_owned());
        let correct = CorrectGroup {
            name: group.name,
            area: group.area,
            reason,
        };
        self.record_current(Command::Group(id, GroupCommand::Correct(correct)))
            .await
    }

    /// Makes the person a member of the group, with the contact details that the form contains.
    async fn record_member(
        &self,
        group: GroupId,
        person: PersonId,
        details: PersonDetails,
    ) -> Result<(), PageError> {
        let member = MemberRef { person };
        self.record_current(Command::Group(group, GroupCommand::AddMember(member)))
            .await?;
        // A person without an e-mail address accepts the membership by the form itself.
        if details.email.is_none() {
            self.record_current(Command::Group(group, GroupCommand::Join(member)))
                .await?;
        }
        self.update_contact(person, details).await
    }

    /// Changes the person's name and contact details, if the form contains others.
    async fn update_contact(
        &self,
        person: PersonId,
        details: PersonDetails,
    ) -> Result<(), PageError> {
        let row: Option<PersonRow> = self.app.views.find(person, None).await?;
        let seen = self
            .app
            .views
            .decrypt_people(&Reader::service(), row.into_iter().collect())
            .await?
            .pop();
        let known = seen.and_then(|seen| {
            let (email, telephone, postal_address) = (
                seen.email.map(PersonalInput::Open),
                seen.telephone.map(PersonalInput::Open),
                seen.postal_address.map(PersonalInput::Open),
            );
            Some(PersonDetails {
                name: PersonalInput::Open(seen.name?),
                email,
                telephone,
                postal_address,
                typed_email: None,
            })
        });
        if known.is_none_or(|known| known == details) {
            return Ok(());
        }
        self.record_current(Command::Person(
            person,
            PersonCommand::ChangeContact(details),
        ))
        .await
    }

    /// Records the languages and the helper, if the form contains others. A spoken language and a
    /// helper's name are encrypted and not compared, so that a form with one always records it.
    async fn choose_language(
        &self,
        id: ApplicationId,
        language: ChooseLanguage,
    ) -> Result<(), PageError> {
        let row: Option<ApplicationRow> = self.app.views.find(id, None).await?;
        let (known, is_helped) = row
            .map(|row| (row.language, row.helper_sealed.is_some()))
            .unwrap_or_default();
        let is_same = known == language.language && !is_helped;
        if is_same && language.helper.is_none() && language.spoken_language.is_none() {
            return Ok(());
        }
        let choose = Command::Application(id, ApplicationCommand::ChooseLanguage(language));
        self.record_current(choose).await
    }
}

fn field_error(field: &str, says: &str) -> EntryError {
    EntryError::Fields(vec![(field.to_owned(), says.to_owned())])
}
