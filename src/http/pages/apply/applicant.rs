//! The pages that ask for the group and the person who applies. After them the draft exists, and
//! the person can return to it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::sections::{self, place_name};
use super::{refusal_text, start};
use crate::clock;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::application::{ChooseLanguage, SaveAnswers, StartApplication};
use crate::domain::group::{GroupMaturity, RegisterGroup};
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{BlindIndexKind, PersonalInput, parse_email};
use crate::domain::text::Name;
use crate::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, FundId, GroupCommand, GroupId,
    PersonCommand, PersonId, Refusal,
};
use crate::eventlog::LogError;
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other, sign_in, visitor,
};
use crate::mail::sign_in_links;
use crate::projections::GroupRow;
use crate::store::sessions;

/// A form that is submitted again within this time counts as a double press of its button.
const RESEND_WINDOW: SignedDuration = SignedDuration::from_mins(2);

#[derive(Template)]
#[template(path = "apply/group.html")]
struct ApplicantGroupPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    path: String,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    /// The groups of which the visitor is a member.
    own: Vec<(String, String)>,
    typed: TypedGroup,
}

#[derive(Template)]
#[template(path = "apply/you.html")]
struct ApplicantPersonPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    path: String,
    typed: TypedGroup,
}

/// The group as it was entered. The pages pass it on in their query until the person is known; only
/// then is it registered.
#[derive(Clone, Debug, Default)]
struct TypedGroup {
    name: String,
    area: String,
    standing: String,
}

impl TypedGroup {
    fn from_query(request: &HttpRequest) -> Self {
        let query = |name| sign_in::query_param(request, name);
        Self {
            name: query("name"),
            area: query("area"),
            standing: query("standing"),
        }
    }

    fn from_form(posted: &FormData) -> Self {
        let text = |name| posted.text(name).to_owned();
        Self {
            name: text("name"),
            area: text("area"),
            standing: text("standing"),
        }
    }

    /// Parses the entered group, or lists the errors by field.
    fn parse(
        &self,
        fund: &crate::projections::FundRow,
        language: Language,
    ) -> Result<RegisterGroup, FieldErrors> {
        let mut wrong = Vec::new();
        let mut miss = |field: &str, says: &str| {
            wrong.push((field.to_owned(), translate(says, language).to_owned()));
        };
        let name = self.name.parse::<Name>();
        if name.is_err() {
            miss(
                "name",
                if self.name.is_empty() {
                    "Write the name of your group"
                } else {
                    "Write a name of at most 100 letters, without the address of a web page"
                },
            );
        }
        let area = fund
            .areas
            .iter()
            .find(|area| area.as_str() == self.area)
            .cloned();
        if area.is_none() {
            miss("area", "Choose one of the places");
        }
        let standing = match self.standing.as_str() {
            "existing" => Some(GroupMaturity::Existing),
            "new" => Some(GroupMaturity::New),
            _ => None,
        };
        if standing.is_none() {
            miss("standing", "Say whether your group is new");
        }
        match (name, area, standing) {
            (Ok(name), Some(area), Some(standing)) => Ok(RegisterGroup {
                name,
                area,
                standing,
                member: None,
            }),
            _ => Err(wrong),
        }
    }
}

pub(super) async fn show_group(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render_group(
        &request,
        &visitor,
        &desk,
        TypedGroup::from_query(&request),
        None,
    )
    .await
}

async fn render_group(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &AppState,
    typed: TypedGroup,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(request, desk).await?;
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, desk, translate("Your group", language)).await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(format!("{path}/fits/3"));
    let areas = fund
        .areas
        .iter()
        .map(|area| (area.to_string(), place_name(area.as_str())))
        .collect();
    let standings = [
        ("new", translate("New: we are only beginning", language)),
        (
            "existing",
            translate("We have been meeting already", language),
        ),
    ];
    let standings = standings
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .to_vec();
    let own = own_groups(visitor, desk).await?;
    let sheet = ApplicantGroupPage {
        page: shell,
        forms,
        wrong,
        path,
        areas,
        standings,
        own,
        typed,
    };
    render_form_page(visitor, desk, sheet.page.has_errors, &sheet)
}

/// The groups of which the visitor is a member, by id and name; none for staff.
async fn own_groups(
    visitor: &Visitor,
    desk: &AppState,
) -> Result<Vec<(String, String)>, PageError> {
    let Some(signed) = visitor
        .signed_in
        .as_ref()
        .filter(|signed| !signed.reader.sees_all())
    else {
        return Ok(Vec::new());
    };
    let mut own = Vec::new();
    for id in desk.views.groups_of(signed.reader.person).await? {
        let row: Option<GroupRow> = desk.views.find(&id.to_string(), None).await?;
        own.extend(
            row.filter(|row| row.merged_into.is_none())
                .map(|row| (row.id.to_string(), row.name)),
        );
    }
    Ok(own)
}

pub(super) async fn submit_group(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    match continue_with_group(&request, &visitor, &posted, &desk).await {
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            let wrong = vec![(
                String::new(),
                refusal_text::refusal_text(&refusal, visitor.language),
            )];
            let rejected = FormErrors::new("group", &posted, wrong);
            render_group(
                &request,
                &visitor,
                &desk,
                TypedGroup::from_form(&posted),
                Some(rejected),
            )
            .await
        }
        answer => answer,
    }
}

/// Continues after the page of the group. A visitor who is not signed in is asked for their own
/// name next. A member's application is started immediately, for an existing group or a new one.
async fn continue_with_group(
    request: &HttpRequest,
    visitor: &Visitor,
    posted: &FormData,
    desk: &AppState,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(request, desk).await?;
    let member = visitor
        .signed_in
        .as_ref()
        .is_some_and(|signed| !signed.reader.sees_all());
    if let (true, Ok(group)) = (member, posted.text("own").parse::<Uuid>()) {
        ownership::require_own_group(visitor, desk, group).await?;
        let row: GroupRow = desk
            .views
            .find(&group.to_string(), None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let caller = visitor.require_signed_in()?.caller.clone();
        return start_application(
            request,
            desk,
            posted,
            visitor,
            caller,
            GroupId(group),
            &row.area,
        )
        .await;
    }
    let typed = TypedGroup::from_form(posted);
    let register = match typed.parse(&fund, visitor.language) {
        Ok(register) => register,
        Err(wrong) => {
            return render_group(
                request,
                visitor,
                desk,
                typed,
                Some(FormErrors::new("group", posted, wrong)),
            )
            .await;
        }
    };
    if member {
        let area = register.area.to_string();
        let register = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
        let group = GroupId(
            ownership::issue(visitor, desk, posted, "/group", register)
                .await?
                .id,
        );
        let caller = visitor.require_signed_in()?.caller.clone();
        return start_application(request, desk, posted, visitor, caller, group, &area).await;
    }
    let TypedGroup {
        name,
        area,
        standing,
    } = typed;
    let query =
        serde_html_form::to_string([("name", name), ("area", area), ("standing", standing)])
            .unwrap_or_default();
    Ok(see_other(&format!("{path}/you?{query}")))
}

pub(super) async fn show_person(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(&request, &desk).await?;
    let typed = TypedGroup::from_query(&request);
    if typed.parse(&fund, visitor.language).is_err() {
        return Ok(see_other(&format!("{path}/group")));
    }
    render_person(&visitor, &desk, path, typed, None).await
}

async fn render_person(
    visitor: &Visitor,
    desk: &AppState,
    path: String,
    typed: TypedGroup,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, desk, translate("You", visitor.language)).await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(format!("{path}/group"));
    let sheet = ApplicantPersonPage {
        page: shell,
        forms,
        wrong,
        path,
        typed,
    };
    render_form_page(visitor, desk, sheet.page.has_errors, &sheet)
}

/// Registers the person and the group, starts the draft, signs the browser in as unproven, and
/// mails a sign-in link.
///
/// The response does not reveal whether the address belongs to somebody already. In that case the
/// new person is registered without it, and the link lets the owner of the address join the group.
pub(super) async fn submit_person(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let (fund, _, path) = start::round_of_request(&request, &desk).await?;
    let typed = TypedGroup::from_form(&posted);
    let Ok(register) = typed.parse(&fund, visitor.language) else {
        return Ok(see_other(&format!("{path}/group")));
    };
    let (name, email) = match parse_person(&posted, visitor.language) {
        Ok(who) => who,
        Err(wrong) => {
            return render_person(
                &visitor,
                &desk,
                path,
                typed,
                Some(FormErrors::new("you", &posted, wrong)),
            )
            .await;
        }
    };
    desk.site
        .limits
        .check_application_start(&request)
        .map_err(|problem| {
            PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
        })?;
    let person = ownership::person_id_of_form(&visitor, &desk, &posted);
    let caller = Caller {
        actor: Actor::Person(person),
        role_scope: None,
    };
    let (taken, position) =
        register_person(&desk, &posted, &visitor, person, name, email.as_deref()).await?;
    if !registered_just_now(&desk, person, position).await? {
        let says = "This form was sent before. Choose “Sign in” to go on with it, or go back and begin again.";
        let says = vec![(String::new(), translate(says, visitor.language).to_owned())];
        return render_person(
            &visitor,
            &desk,
            path,
            typed,
            Some(FormErrors::new("you", &posted, says)),
        )
        .await;
    }
    let area = register.area.to_string();
    let command = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
    let group = GroupId(execute_step(&desk, &posted, &visitor, &caller, "/group", command).await?);
    let mut response =
        start_application(&request, &desk, &posted, &visitor, caller, group, &area).await?;
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_browser_key();
    let asks = visitor::code_request_digest(&desk, &key);
    if let Some(email) = email {
        if taken {
            sign_in::send_link(&desk, &email, Some((group.0, person)), &asks).await?;
        } else if desk.site.limits.allow_link(&email) {
            sign_in_links::issue_by_mail(&desk.commands, Some(person), None, &asks).await?;
        }
    }
    let device = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Visitor::start_session(&desk, person, false, device, &key, &mut response).await?;
    Ok(response)
}

/// Parses the person's name, and their address if they entered one.
fn parse_person(
    posted: &FormData,
    language: Language,
) -> Result<(PersonalInput, Option<String>), FieldErrors> {
    let mut wrong = Vec::new();
    let name = PersonalInput::name(posted.text("person")).ok();
    if name.is_none() {
        let says = if posted.text("person").is_empty() {
            "Write your name"
        } else {
            "Write a name of at most 100 letters, without the address of a web page"
        };
        wrong.push(("person".to_owned(), translate(says, language).to_owned()));
    }
    let email = match posted.text("email") {
        "" => None,
        text => {
            let email = parse_email(text).ok();
            if email.is_none() {
                wrong.push((
                    "email".to_owned(),
                    translate(
                        "Enter an e-mail address, such as name@example.org",
                        language,
                    )
                    .to_owned(),
                ));
            }
            email
        }
    };
    match name {
        Some(name) if wrong.is_empty() => Ok((name, email)),
        _ => Err(wrong),
    }
}

/// Whether this form registered the person just now, at the log position `position`. Otherwise
/// somebody who submits it again from the browser's history would be signed in. Never true once the
/// person has a session with a proven address.
async fn registered_just_now(
    desk: &AppState,
    person: PersonId,
    position: i64,
) -> Result<bool, PageError> {
    let log = desk.commands.log();
    let now = desk.commands.now();
    let event = log.read_events(position, 1).await?.pop();
    let came = event.and_then(|event| event.metadata.get("decided_at")?.parse::<Timestamp>().ok());
    let sessions = sessions::active_of_person(
        log.store(),
        log.organisation(),
        &person.to_string(),
        now.as_microsecond(),
    )
    .await?;
    let known = sessions.iter().any(|session| session.proven == 1);
    Ok(!known && came.is_some_and(|came| now.duration_since(came) < RESEND_WINDOW))
}

/// Registers the unproven person. Returns whether the address belongs to somebody else, in which
/// case it is left out, and the log position of the registration.
async fn register_person(
    desk: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    person: PersonId,
    name: PersonalInput,
    email: Option<&str>,
) -> Result<(bool, i64), PageError> {
    let holder = match email {
        Some(email) => desk
            .commands
            .log()
            .vault()
            .subject_of(BlindIndexKind::Email, email)
            .await
            .map_err(LogError::from)?,
        None => None,
    };
    let taken = holder.is_some_and(|holder| holder != person.0);
    let own_email = email
        .filter(|_| !taken)
        .map(|email| PersonalInput::Open(email.to_owned()));
    let details = |email| PersonDetails {
        name: name.clone(),
        email,
        telephone: None,
    };
    let register = |email| Command::Person(person, PersonCommand::Introduce(details(email)));
    let mut repeat = posted.idempotency_key(desk, &visitor.path);
    repeat.key = format!("{}/person/{person}", repeat.key);
    // Nobody is signed in yet, so that the service itself is the actor.
    let request = |command| CommandRequest {
        idempotency_key: Some(repeat.clone()),
        ..CommandRequest::new(Caller::job(), command)
    };
    match desk.commands.execute(request(register(own_email))).await {
        Ok(answer) => Ok((taken, answer.first_position)),
        // Another request registered the address in the meantime.
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let answer = desk.commands.execute(request(register(None))).await?;
            Ok((true, answer.first_position))
        }
        Err(error) => Err(error.into()),
    }
}

async fn execute_step(
    desk: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    caller: &Caller,
    step: &str,
    command: Command,
) -> Result<Uuid, PageError> {
    let mut repeat = posted.idempotency_key(desk, &visitor.path);
    repeat.key.push_str(step);
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(caller.clone(), command)
    };
    Ok(ownership::execute_and_wait(desk, request).await?.id)
}

/// Starts the draft with the group's area and the visitor's language, and redirects to its first
/// question.
async fn start_application(
    request: &HttpRequest,
    desk: &AppState,
    posted: &FormData,
    visitor: &Visitor,
    caller: Caller,
    group: GroupId,
    area: &str,
) -> Result<HttpResponse, PageError> {
    let (fund, ..) = start::round_of_request(request, desk).await?;
    let round = request
        .match_info()
        .query("round")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let start = StartApplication {
        fund: FundId(fund.id),
        round,
        group,
        late: false,
    };
    let start = Command::Application(
        ApplicationId(clock::new_id()),
        ApplicationCommand::Start(start),
    );
    let id = ApplicationId(execute_step(desk, posted, visitor, &caller, "/start", start).await?);
    if visitor.language != Language::En {
        let choose = ApplicationCommand::ChooseLanguage(ChooseLanguage {
            language: visitor.language,
            helper: None,
        });
        execute_step(
            desk,
            posted,
            visitor,
            &caller,
            "/language",
            Command::Application(id, choose),
        )
        .await?;
    }
    if let Some(area) = fund.areas.iter().find(|known| known.as_str() == area) {
        let answers = ApplicationCommand::SaveAnswers(SaveAnswers {
            area: Some(area.clone()),
            ..SaveAnswers::default()
        });
        execute_step(
            desk,
            posted,
            visitor,
            &caller,
            "/area",
            Command::Application(id, answers),
        )
        .await?;
    }
    Ok(see_other(&format!(
        "/my/applications/{id}/answer/{}",
        sections::ACTIVITY
    )))
}
