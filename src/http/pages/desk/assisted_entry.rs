//! Assisted entry: an officer enters an application that came on paper, by telephone or in person.
//!
//! # Submitting again
//!
//! One form becomes several commands: person, group, application, answers, submission. If one is
//! refused, the form is shown again and can be submitted again: records that exist are found by
//! idempotency keys made of the form's id (`began`), and updated to what the form contains now. A
//! value that cannot be changed any more is reported at its field.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::{DeskRequest, choices};
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest, IdempotencyKey};
use crate::domain::application::{
    ApplicationHelp, Channel, ChooseLanguage, HelpKind, SaveAnswers, StartApplication, Submit,
};
use crate::domain::fund::{FundState, RoundState};
use crate::domain::group::{CorrectGroup, GroupMaturity, MemberRef, RegisterGroup};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{PersonalInput, parse_email};
use crate::domain::text::Slug;
use crate::domain::{
    ApplicationCommand, ApplicationId, Command, FundId, GroupCommand, GroupId, PersonCommand,
    PersonId, Refusal, Role,
};
use crate::http::AppState;
use crate::http::pages::apply::{activity_choices, parse_amount};
use crate::http::pages::form_reader::{FieldErrors, FormReader, value_of_key};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::projections::{ApplicationRow, FundRow, GroupRow, PersonRow};
use crate::views::{PageRequest, Reader};

#[derive(Template)]
#[template(path = "desk/keyed.html")]
struct AssistedEntryPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    began: String,
    rounds: Vec<(String, String)>,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    activities: Vec<(String, String)>,
    channels: Vec<(String, String)>,
    helps: Vec<(String, String)>,
    languages: Vec<(String, String)>,
    yes_no: Vec<(String, String)>,
    questions: Vec<(String, String, String)>,
    chosen: Option<String>,
}

pub(super) async fn show(asked: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    if !asked.signed.reader.roles.contains(&Role::Officer) {
        return Err(PageError::forbidden());
    }
    let funds: Vec<FundRow> = asked
        .desk
        .views
        .list(None, Vec::new(), &PageRequest::up_to_max())
        .await?
        .items;
    let mut rounds = Vec::new();
    for fund in funds.iter().filter(|fund| fund.state == FundState::Open) {
        for (key, round) in &fund.rounds {
            if !matches!(round.state, RoundState::Planned | RoundState::Completed) {
                rounds.push((
                    format!("{}/{key}", fund.id),
                    format!("{}: {}", fund.name, round.name),
                ));
            }
        }
    }
    let round = asked.text("round").to_owned();
    let chosen = if round.is_empty() { None } else { Some(round) };
    let (mut areas, mut questions) = (Vec::new(), Vec::new());
    if let Some((fund, key)) = chosen.as_ref().and_then(|chosen| chosen.split_once('/')) {
        let (fund, round) = ownership::fund_and_round(asked.desk, fund, key).await?;
        areas = choices(fund.areas.iter().map(Slug::as_str));
        let asks = ownership::form_questions(asked.desk, round.form).await?;
        questions = asks
            .into_iter()
            .map(|question| {
                (
                    format!("q-{}", question.question),
                    question.label.to_string(),
                    question.help.to_string(),
                )
            })
            .collect();
    }
    let forms = asked.forms();
    let began = asked.rejected.as_ref().and_then(|rejected| {
        rejected
            .values
            .iter()
            .find(|(name, _)| name == "began")
            .map(|(_, value)| value.clone())
    });
    let page = AssistedEntryPage {
        page: asked.page_context("Key in a form").await?,
        wrong: forms.error_summary(),
        form: forms
            .form("keyed")
            .prefill("round", chosen.as_deref().unwrap_or_default()),
        began: began.unwrap_or_else(|| clock::new_id().to_string()),
        rounds,
        areas,
        standings: choices(["new", "existing"]),
        activities: activity_choices(Language::En),
        channels: vec![
            ("paper".into(), "on paper".into()),
            ("phone".into(), "by telephone".into()),
            ("in_person".into(), "in person".into()),
        ],
        helps: vec![
            (
                "read_back".into(),
                "keyed in as it was, and read back to the group".into(),
            ),
            (
                "helped_to_word".into(),
                "I helped with the words: I am interested by that".into(),
            ),
        ],
        languages: vec![
            ("en".into(), "English".into()),
            ("pl".into(), "Polski".into()),
        ],
        yes_no: choices(["yes", "no"]),
        questions,
        chosen,
    };
    asked.render(&page)
}

/// The parsed form.
struct AssistedEntry {
    fund: FundId,
    round: Slug,
    person: Option<PersonDetails>,
    group: RegisterGroup,
    answers: SaveAnswers,
    language: ChooseLanguage,
    submit: Submit,
}

fn parse_entry(posted: &FormData, by: PersonId) -> Result<AssistedEntry, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let round = form.required(
        "round",
        |text| {
            text.split_once('/')
                .and_then(|(fund, key)| Some((FundId(fund.parse().ok()?), key.parse().ok()?)))
        },
        "Choose a round",
    );
    let person = parse_person(posted, &mut form);
    let group = form.required(
        "group",
        |text| text.parse().ok(),
        "Write the group's name, in at most 100 letters and without the address of a web page",
    );
    let area: Option<Slug> = form.required("area", |text| text.parse().ok(), "Choose an area");
    let standings = [
        ("existing", GroupMaturity::Existing),
        ("new", GroupMaturity::New),
    ];
    let standing = form.required(
        "standing",
        |text| value_of_key(text, standings),
        "Say whether the group is new",
    );
    let requested = form.required("requested", parse_amount, "Write a sum in pounds");
    let at_risk = form.required(
        "at_risk",
        |text| value_of_key(text, [("yes", true), ("no", false)]),
        "Say whether children, or adults who need looking after, would take part",
    );
    let mut answers = BTreeMap::new();
    for (field, question) in posted
        .pairs()
        .iter()
        .filter_map(|(field, _)| Some((field, field.strip_prefix("q-")?)))
    {
        if let (Ok(question), Some(answer)) = (question.parse::<Slug>(), form.optional_text(field))
        {
            answers.insert(question, answer);
        }
    }
    let helper = form.optional_text("helper");
    let channels = [
        ("paper", Channel::Paper),
        ("phone", Channel::Phone),
        ("in_person", Channel::InPerson),
    ];
    let channel = form.required(
        "channel",
        |text| value_of_key(text, channels),
        "Say how it came",
    );
    let received_on = form.required(
        "received_on",
        |text| text.parse().ok(),
        "Say on which day it came",
    );
    let late_reason = form.optional(
        "late_reason",
        |text| text.parse().ok(),
        "This is too long. Use at most 4,000 letters.",
    );
    let kinds = [
        (
            "read_back",
            HelpKind::KeyedVerbatim {
                read_back: true,
                scan: None,
            },
        ),
        ("helped_to_word", HelpKind::HelpedToWord),
    ];
    let kind = form.required(
        "help",
        |text| value_of_key(text, kinds),
        "Say how you helped: what is keyed in as it was must be read back to the group",
    );
    if posted.text("consent") != "yes" {
        form.error(
            "consent",
            "Ask the group whether it agrees to what you wrote down",
        );
    }
    let whole = || {
        let (fund, round) = round?;
        Some(AssistedEntry {
            fund,
            round,
            person,
            group: RegisterGroup {
                name: group?,
                area: area.clone()?,
                standing: standing?,
                member: None,
            },
            answers: SaveAnswers {
                requested: Some(requested?),
                area,
                activity: posted.text("activity").parse().ok(),
                people_at_risk: at_risk,
                answers,
            },
            language: ChooseLanguage {
                language: posted.text("language").parse().unwrap_or_default(),
                helper,
            },
            submit: Submit {
                channel: channel?,
                received_on,
                late_reason,
                help: Some(ApplicationHelp { by, kind: kind? }),
            },
        })
    };
    let whole = whole();
    form.finish(whole)
}

/// Parses the person who applies. The name is required if an address or telephone number is
/// entered.
fn parse_person(posted: &FormData, form: &mut FormReader<'_>) -> Option<PersonDetails> {
    let email = form.optional(
        "email",
        |text| parse_email(text).ok().map(PersonalInput::Open),
        "This is not an e-mail address",
    );
    let telephone = form.optional_text("telephone");
    let reached = ["email", "telephone"]
        .iter()
        .any(|field| !posted.text(field).is_empty());
    let line = |text: &str| PersonalInput::name(text).ok();
    let says = "Write whose address or number this is";
    let name = if reached {
        form.required("person", line, says)
    } else {
        form.optional("person", line, says)
    };
    name.map(|name| PersonDetails {
        name,
        email,
        telephone,
    })
}

pub(super) async fn submit_entry(
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let back = format!(
        "/desk/applications/new?{}",
        serde_html_form::to_string([("round", posted.text("round"))]).unwrap_or_default()
    );
    let keyed = match parse_entry(&posted, visitor.person()?) {
        Ok(keyed) => keyed,
        Err(wrong) => {
            return super::render_page_at(
                &desk,
                &visitor,
                &back,
                Some(FormErrors::new("keyed", &posted, wrong)),
            )
            .await;
        }
    };
    match record_entry(&desk, &visitor, &posted, keyed).await {
        Ok(Ok(id)) => Ok(see_other(&format!("/desk/applications/{id}?done=keyed-in"))),
        Ok(Err(wrong)) => {
            super::render_page_at(
                &desk,
                &visitor,
                &back,
                Some(FormErrors::new("keyed", &posted, wrong)),
            )
            .await
        }
        Err(PageError::Refused(CommandError::KeyReused)) => {
            let says = "This form was handed in already, with other words. Look for the group to correct what was handed in".to_owned();
            super::render_page_at(
                &desk,
                &visitor,
                &back,
                Some(FormErrors::new(
                    "keyed",
                    &posted,
                    vec![(String::new(), says)],
                )),
            )
            .await
        }
        Err(PageError::Refused(error)) => {
            let rejected = FormErrors::from_problem(&posted, &Problem::from_command_error(&error));
            super::render_page_at(&desk, &visitor, &back, Some(rejected)).await
        }
        Err(error) => Err(error),
    }
}

/// Executes the commands of the form and returns the application's id, or errors by field. Can be
/// repeated, see the module's documentation.
async fn record_entry(
    desk: &AppState,
    visitor: &Visitor,
    posted: &FormData,
    keyed: AssistedEntry,
) -> Result<Result<Uuid, FieldErrors>, PageError> {
    let AssistedEntry {
        fund,
        round,
        person,
        group,
        answers,
        language,
        submit,
    } = keyed;
    let steps = EntrySteps {
        desk,
        caller: visitor.require_signed_in()?.caller.clone(),
        began: posted.text("began"),
    };
    // The idempotency key of the submission contains a digest of the form: submitting the same form
    // again gets the first reply, and a form with other values is refused with `KeyReused`.
    let repeat = IdempotencyKey {
        key: format!("{}/submit", steps.began),
        ..posted.idempotency_key(desk, &visitor.path)
    };
    let hand_in = |id: ApplicationId| {
        let submit = Command::Application(id, ApplicationCommand::Submit(submit.clone()));
        CommandRequest {
            idempotency_key: Some(repeat.clone()),
            ..CommandRequest::new(steps.caller.clone(), submit)
        }
    };
    if let Some(answer) = desk
        .commands
        .previous_reply(hand_in(ApplicationId(Uuid::nil())))
        .await?
    {
        return Ok(Ok(answer.id));
    }
    let member = match &person {
        Some(details) => Some(steps.register_person(details.clone()).await?),
        None => None,
    };
    let group_id = match steps
        .register_group(RegisterGroup {
            member,
            ..group.clone()
        })
        .await?
    {
        Ok(id) => id,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let start = StartApplication {
        fund,
        round,
        group: group_id,
        late: submit.late_reason.is_some(),
    };
    let id = match steps.start_application(start).await? {
        Ok(id) => id,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let left_out = steps.emptied_answers(id, &answers).await?;
    if !left_out.is_empty() {
        return Ok(Err(left_out));
    }
    let of_application = |command| Command::Application(id, command);
    steps
        .record_current(of_application(ApplicationCommand::SaveAnswers(answers)))
        .await?;
    let reason = PersonalInput::Open("Put right while the form was keyed in.".to_owned());
    let correct = CorrectGroup {
        name: group.name,
        area: group.area,
        reason,
    };
    steps
        .record_current(Command::Group(group_id, GroupCommand::Correct(correct)))
        .await?;
    if let Some((person, details)) = member.zip(person) {
        steps
            .record_current(Command::Group(
                group_id,
                GroupCommand::AddMember(MemberRef { person }),
            ))
            .await?;
        // A person without an e-mail address accepts the membership by the form itself.
        if details.email.is_none() {
            steps
                .record_current(Command::Group(
                    group_id,
                    GroupCommand::Join(MemberRef { person }),
                ))
                .await?;
        }
        steps.update_contact(person, details).await?;
    }
    if steps.language_differs(id, &language).await? {
        steps
            .record_current(of_application(ApplicationCommand::ChooseLanguage(language)))
            .await?;
    }
    ownership::execute_and_wait(desk, hand_in(id)).await?;
    Ok(Ok(id.0))
}

/// The commands of one form. Each record is created once, however often the form is submitted.
struct EntrySteps<'a> {
    desk: &'a AppState,
    caller: Caller,
    began: &'a str,
}

impl EntrySteps<'_> {
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
            self.desk,
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
            ownership::execute_and_wait(self.desk, self.request("person", "keyed", register))
                .await?
                .id,
        ))
    }

    async fn register_group(
        &self,
        group: RegisterGroup,
    ) -> Result<Result<GroupId, FieldErrors>, PageError> {
        let (standing, nobody) = (<&str>::from(group.standing), group.member.is_none());
        let register = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(group));
        let id = match ownership::execute_and_wait(
            self.desk,
            self.request("group", standing, register),
        )
        .await
        {
            Ok(answer) => answer.id,
            Err(PageError::Refused(CommandError::KeyReused)) => {
                return Ok(Err(field_error(
                    "standing",
                    "The group is on record with the other answer, which cannot be changed. Choose that one",
                )));
            }
            Err(error) => return Err(error),
        };
        let row: Option<GroupRow> = self.desk.views.find(id, None).await?;
        if nobody && row.is_some_and(|row| !row.members.is_empty() || !row.invited.is_empty()) {
            let says = "Somebody is on record for this group. Write their name, or remove them on the group's page first";
            return Ok(Err(field_error("person", says)));
        }
        Ok(Ok(GroupId(id)))
    }

    async fn start_application(
        &self,
        start: StartApplication,
    ) -> Result<Result<ApplicationId, FieldErrors>, PageError> {
        let says = |late: bool| format!("{}/{}/{late}", start.fund, start.round);
        let command = Command::Application(
            ApplicationId(clock::new_id()),
            ApplicationCommand::Start(start.clone()),
        );
        match ownership::execute_and_wait(
            self.desk,
            self.request("start", &says(start.late), command.clone()),
        )
        .await
        {
            Ok(answer) => return Ok(Ok(ApplicationId(answer.id))),
            Err(PageError::Refused(CommandError::KeyReused)) => {}
            Err(error) => return Err(error),
        }
        match self
            .desk
            .commands
            .previous_reply(self.request("start", &says(!start.late), command))
            .await
        {
            // The application was started before it was late. The reason is recorded when it is
            // submitted.
            Ok(Some(answer)) if start.late => Ok(Ok(ApplicationId(answer.id))),
            Ok(_) => Ok(Err(field_error(
                "late_reason",
                "It is on record that this form is keyed in late. Write why",
            ))),
            Err(CommandError::KeyReused) => Ok(Err(field_error(
                "",
                "This form was begun for another round. Choose that round, or begin a new form for this one",
            ))),
            Err(error) => Err(error.into()),
        }
    }

    /// Errors for questions whose answer was saved by an earlier attempt and is empty now. A saved
    /// answer can be changed but not removed.
    async fn emptied_answers(
        &self,
        id: ApplicationId,
        answers: &SaveAnswers,
    ) -> Result<FieldErrors, PageError> {
        let known = self.desk.views.answers(id.0, None).await?;
        let left_out = known
            .into_iter()
            .filter(|answer| !answers.answers.contains_key(&answer.question));
        let says = "An answer to this is on record already. Write the answer as it should be";
        Ok(left_out
            .flat_map(|answer| field_error(&format!("q-{}", answer.question), says))
            .collect())
    }

    /// Changes the person's name and contact details, if the form contains others.
    async fn update_contact(
        &self,
        person: PersonId,
        details: PersonDetails,
    ) -> Result<(), PageError> {
        let row: Option<PersonRow> = self.desk.views.find(person, None).await?;
        let seen = self
            .desk
            .views
            .decrypt_people(&Reader::service(), row.into_iter().collect())
            .await?
            .pop();
        let known = seen.and_then(|seen| {
            let (email, telephone) = (
                seen.email.map(PersonalInput::Open),
                seen.telephone.map(PersonalInput::Open),
            );
            Some(PersonDetails {
                name: PersonalInput::Open(seen.name?),
                email,
                telephone,
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

    /// Whether the language or the helper has to be recorded. A helper's name is encrypted and not
    /// compared, so that a form with a helper always records it.
    async fn language_differs(
        &self,
        id: ApplicationId,
        language: &ChooseLanguage,
    ) -> Result<bool, PageError> {
        let row: Option<ApplicationRow> = self.desk.views.find(id, None).await?;
        let (known, is_helped) = row
            .map(|row| (row.language, row.helper_sealed.is_some()))
            .unwrap_or_default();
        Ok(known != language.language || is_helped || language.helper.is_some())
    }
}

fn field_error(field: &str, says: &str) -> FieldErrors {
    vec![(field.to_owned(), says.to_owned())]
}
