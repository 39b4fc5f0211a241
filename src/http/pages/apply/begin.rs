//! The pages that ask for the group and the person who applies. After them the draft exists, and
//! the person can return to it.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::sections::{self, place};
use super::{refused, start};
use crate::commands::{Caller, CommandError, Request, clock};
use crate::domain::application::{Answers, ChooseLanguage, StartApplication};
use crate::domain::group::{RegisterGroup, Standing};
use crate::domain::language::Language;
use crate::domain::person::RegisterPerson;
use crate::domain::sealed::{Index, Personal, parse_email};
use crate::domain::text::Name;
use crate::domain::{
    Actor, ApplicationCommand, ApplicationId, Command, FundId, GroupCommand, GroupId,
    PersonCommand, PersonId, Refusal,
};
use crate::http::Desk;
use crate::http::pages::reading::Wrong;
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Forms, Posted, Rejected, Sent, Shell, Visitor, own, see_other, shown, signin, visitor,
};
use crate::log::LogError;
use crate::mail::links;
use crate::projections::GroupRow;
use crate::store::sessions;

/// A form that is submitted again within this time counts as a double press of its button.
const TWICE: SignedDuration = SignedDuration::from_mins(2);

#[derive(Template)]
#[template(path = "apply/group.html")]
struct GroupPage {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    path: String,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    /// The groups of which the visitor is a member.
    own: Vec<(String, String)>,
    typed: Typed,
}

#[derive(Template)]
#[template(path = "apply/you.html")]
struct YouPage {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    path: String,
    typed: Typed,
}

/// The group as it was entered. The pages pass it on in their query until the person is known; only
/// then is it registered.
#[derive(Clone, Debug, Default)]
struct Typed {
    name: String,
    area: String,
    standing: String,
}

impl Typed {
    fn asked(request: &HttpRequest) -> Self {
        let query = |name| signin::query(request, name);
        Self {
            name: query("name"),
            area: query("area"),
            standing: query("standing"),
        }
    }

    fn posted(posted: &Posted) -> Self {
        let text = |name| posted.text(name).to_owned();
        Self {
            name: text("name"),
            area: text("area"),
            standing: text("standing"),
        }
    }

    /// Parses the entered group, or lists the errors by field.
    fn parsed(
        &self,
        fund: &crate::projections::FundRow,
        language: Language,
    ) -> Result<RegisterGroup, Wrong> {
        let mut wrong = Vec::new();
        let mut miss = |field: &str, says: &str| {
            wrong.push((field.to_owned(), say(says, language).to_owned()));
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
            "existing" => Some(Standing::Existing),
            "new" => Some(Standing::New),
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

pub(super) async fn group(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    render_group(&request, &visitor, &desk, Typed::asked(&request), None).await
}

async fn render_group(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
    typed: Typed,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let (fund, _, path) = start::of(request, desk).await?;
    let language = visitor.language;
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, say("Your group", language)).await?;
    shell.wrong = !wrong.is_empty();
    shell.back = Some(format!("{path}/fits/3"));
    let areas = fund
        .areas
        .iter()
        .map(|area| (area.to_string(), place(area.as_str())))
        .collect();
    let standings = [
        ("new", say("New: we are only beginning", language)),
        ("existing", say("We have been meeting already", language)),
    ];
    let standings = standings
        .map(|(key, label)| (key.to_owned(), label.to_owned()))
        .to_vec();
    let own = own_groups(visitor, desk).await?;
    let sheet = GroupPage {
        page: shell,
        forms,
        wrong,
        path,
        areas,
        standings,
        own,
        typed,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

/// The groups of which the visitor is a member, by id and name; none for staff.
async fn own_groups(visitor: &Visitor, desk: &Desk) -> Result<Vec<(String, String)>, Failed> {
    let Some(signed) = visitor
        .signed
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

pub(super) async fn with_group(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    match go_on(&request, &visitor, &posted, &desk).await {
        Err(Failed::Refused(CommandError::Refused(refusal))) => {
            let wrong = vec![(String::new(), refused::says(&refusal, visitor.language))];
            let rejected = Rejected::with("group", &posted, wrong);
            render_group(
                &request,
                &visitor,
                &desk,
                Typed::posted(&posted),
                Some(rejected),
            )
            .await
        }
        answer => answer,
    }
}

/// Continues after the page of the group. A visitor who is not signed in is asked for their own
/// name next. A member's application is started immediately, for an existing group or a new one.
async fn go_on(
    request: &HttpRequest,
    visitor: &Visitor,
    posted: &Posted,
    desk: &Desk,
) -> Result<HttpResponse, Failed> {
    let (fund, _, path) = start::of(request, desk).await?;
    let member = visitor
        .signed
        .as_ref()
        .is_some_and(|signed| !signed.reader.sees_all());
    if let (true, Ok(group)) = (member, posted.text("own").parse::<Uuid>()) {
        own::is_own(visitor, desk, group).await?;
        let row: GroupRow = desk
            .views
            .find(&group.to_string(), None)
            .await?
            .ok_or_else(Failed::nothing)?;
        let caller = visitor.signed()?.caller.clone();
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
    let typed = Typed::posted(posted);
    let register = match typed.parsed(&fund, visitor.language) {
        Ok(register) => register,
        Err(wrong) => {
            return render_group(
                request,
                visitor,
                desk,
                typed,
                Some(Rejected::with("group", posted, wrong)),
            )
            .await;
        }
    };
    if member {
        let area = register.area.to_string();
        let register = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
        let group = GroupId(
            own::issue(visitor, desk, posted, "/group", register)
                .await?
                .id,
        );
        let caller = visitor.signed()?.caller.clone();
        return start_application(request, desk, posted, visitor, caller, group, &area).await;
    }
    let Typed {
        name,
        area,
        standing,
    } = typed;
    let query =
        serde_html_form::to_string([("name", name), ("area", area), ("standing", standing)])
            .unwrap_or_default();
    Ok(see_other(&format!("{path}/you?{query}")))
}

pub(super) async fn you(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let (fund, _, path) = start::of(&request, &desk).await?;
    let typed = Typed::asked(&request);
    if typed.parsed(&fund, visitor.language).is_err() {
        return Ok(see_other(&format!("{path}/group")));
    }
    render_you(&visitor, &desk, path, typed, None).await
}

async fn render_you(
    visitor: &Visitor,
    desk: &Desk,
    path: String,
    typed: Typed,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, say("You", visitor.language)).await?;
    shell.wrong = !wrong.is_empty();
    shell.back = Some(format!("{path}/group"));
    let sheet = YouPage {
        page: shell,
        forms,
        wrong,
        path,
        typed,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

/// Registers the person and the group, starts the draft, signs the browser in as unproven, and
/// mails a sign-in link.
///
/// The response does not reveal whether the address belongs to somebody already. In that case the
/// new person is registered without it, and the link lets the owner of the address join the group.
pub(super) async fn begin(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let (fund, _, path) = start::of(&request, &desk).await?;
    let typed = Typed::posted(&posted);
    let Ok(register) = typed.parsed(&fund, visitor.language) else {
        return Ok(see_other(&format!("{path}/group")));
    };
    let (name, email) = match who(&posted, visitor.language) {
        Ok(who) => who,
        Err(wrong) => {
            return render_you(
                &visitor,
                &desk,
                path,
                typed,
                Some(Rejected::with("you", &posted, wrong)),
            )
            .await;
        }
    };
    desk.site.limits.begin(&request).map_err(|problem| {
        Failed::too_soon(problem, visitor.path.clone(), posted.typed().to_vec())
    })?;
    let person = own::new_person(&visitor, &desk, &posted);
    let caller = Caller {
        actor: Actor::Person(person),
        narrowed: None,
    };
    let (taken, position) =
        register_person(&desk, &posted, &visitor, person, name, email.as_deref()).await?;
    if !is_beginning(&desk, person, position).await? {
        let says = "This form was sent before. Choose “Sign in” to go on with it, or go back and begin again.";
        let says = vec![(String::new(), say(says, visitor.language).to_owned())];
        return render_you(
            &visitor,
            &desk,
            path,
            typed,
            Some(Rejected::with("you", &posted, says)),
        )
        .await;
    }
    let area = register.area.to_string();
    let command = Command::Group(GroupId(clock::new_id()), GroupCommand::Register(register));
    let group = GroupId(issue(&desk, &posted, &visitor, &caller, "/group", command).await?);
    let mut response =
        start_application(&request, &desk, &posted, &visitor, caller, group, &area).await?;
    // The browser gets a new key. The code in the mail works only in the browser with this key.
    let key = visitor::new_key();
    let asks = visitor::asks(&desk, &key);
    if let Some(email) = email {
        if taken {
            signin::send_link(&desk, &email, Some((group.0, person)), &asks).await?;
        } else if desk.site.limits.link_to(&email) {
            links::answer(&desk.commands, Some(person), None, &asks).await?;
        }
    }
    let device = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Visitor::begin(&desk, person, false, device, &key, &mut response).await?;
    Ok(response)
}

/// Parses the person's name, and their address if they entered one.
fn who(posted: &Posted, language: Language) -> Result<(Personal, Option<String>), Wrong> {
    let mut wrong = Vec::new();
    let name = Personal::name(posted.text("person")).ok();
    if name.is_none() {
        let says = if posted.text("person").is_empty() {
            "Write your name"
        } else {
            "Write a name of at most 100 letters, without the address of a web page"
        };
        wrong.push(("person".to_owned(), say(says, language).to_owned()));
    }
    let email = match posted.text("email") {
        "" => None,
        text => {
            let email = parse_email(text).ok();
            if email.is_none() {
                wrong.push((
                    "email".to_owned(),
                    say(
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
async fn is_beginning(desk: &Desk, person: PersonId, position: i64) -> Result<bool, Failed> {
    let log = desk.commands.log();
    let now = desk.commands.now();
    let event = log.page(position, 1).await?.pop();
    let came = event.and_then(|event| event.metadata.get("decided_at")?.parse::<Timestamp>().ok());
    let sessions = sessions::of(
        log.store(),
        log.organisation(),
        &person.to_string(),
        now.as_microsecond(),
    )
    .await?;
    let known = sessions.iter().any(|session| session.proven == 1);
    Ok(!known && came.is_some_and(|came| now.duration_since(came) < TWICE))
}

/// Registers the unproven person. Returns whether the address belongs to somebody else, in which
/// case it is left out, and the log position of the registration.
async fn register_person(
    desk: &Desk,
    posted: &Posted,
    visitor: &Visitor,
    person: PersonId,
    name: Personal,
    email: Option<&str>,
) -> Result<(bool, i64), Failed> {
    let holder = match email {
        Some(email) => desk
            .commands
            .log()
            .vault()
            .holder(Index::Email, email)
            .await
            .map_err(LogError::from)?,
        None => None,
    };
    let taken = holder.is_some_and(|holder| holder != person.0);
    let own_email = email
        .filter(|_| !taken)
        .map(|email| Personal::Open(email.to_owned()));
    let details = |email| RegisterPerson {
        name: name.clone(),
        email,
        telephone: None,
    };
    let register = |email| Command::Person(person, PersonCommand::Introduce(details(email)));
    let mut repeat = posted.repeat(desk, &visitor.path);
    repeat.key = format!("{}/person/{person}", repeat.key);
    // Nobody is signed in yet, so that the service itself is the actor.
    let request = |command| Request {
        repeat: Some(repeat.clone()),
        ..Request::new(Caller::job(), command)
    };
    match desk.commands.issue(request(register(own_email))).await {
        Ok(answer) => Ok((taken, answer.first_position)),
        // Another request registered the address in the meantime.
        Err(CommandError::Refused(Refusal::Taken(_))) => {
            let answer = desk.commands.issue(request(register(None))).await?;
            Ok((true, answer.first_position))
        }
        Err(error) => Err(error.into()),
    }
}

async fn issue(
    desk: &Desk,
    posted: &Posted,
    visitor: &Visitor,
    caller: &Caller,
    step: &str,
    command: Command,
) -> Result<Uuid, Failed> {
    let mut repeat = posted.repeat(desk, &visitor.path);
    repeat.key.push_str(step);
    let request = Request {
        repeat: Some(repeat),
        ..Request::new(caller.clone(), command)
    };
    Ok(own::taken(desk, request).await?.id)
}

/// Starts the draft with the group's area and the visitor's language, and redirects to its first
/// question.
async fn start_application(
    request: &HttpRequest,
    desk: &Desk,
    posted: &Posted,
    visitor: &Visitor,
    caller: Caller,
    group: GroupId,
    area: &str,
) -> Result<HttpResponse, Failed> {
    let (fund, ..) = start::of(request, desk).await?;
    let round = request
        .match_info()
        .query("round")
        .parse()
        .map_err(|_| Failed::nothing())?;
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
    let id = ApplicationId(issue(desk, posted, visitor, &caller, "/start", start).await?);
    if visitor.language != Language::En {
        let choose = ApplicationCommand::ChooseLanguage(ChooseLanguage {
            language: visitor.language,
            helper: None,
        });
        issue(
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
        let answers = ApplicationCommand::SaveAnswers(Answers {
            area: Some(area.clone()),
            ..Answers::default()
        });
        issue(
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
