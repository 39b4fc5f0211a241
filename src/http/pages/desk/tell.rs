//! People to phone or write to: mails that cannot be sent by email, with the words to say, a letter
//! to print, and the form that closes the task.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;
use uuid::Uuid;

use super::DeskRequest;
use super::render_page_at;
use super::submit_command::execute;
use super::texts::mail_kind_label;
use crate::clock::day_of;
use crate::domain::language::day_text;
use crate::domain::person::WaitingMailRef;
use crate::domain::{Command, Event, Person, PersonCommand, PersonId};
use crate::http;
use crate::http::AppState;
use crate::http::api::{RESOURCES, Resource, commands};
use crate::http::pages::phone::{Phone, with_whole_numbers};
use crate::http::pages::{Form, FormErrors, PageContext, PageError, PostedForm, ownership};
use crate::mail::{Composer, MailError, SpokenLetter};
use crate::outbox::{self, BY_HAND, ByHandChange, MailByHand, MailRow};
use crate::projections::{ApplicationRow, GroupRow, PersonRow};
use crate::views::{AccessedData, PersonView};

/// The most people on the list. The rest follow once these are done.
const ROWS_MAX: i64 = 50;
const LIST_PATH: &str = "/desk/tell";

#[derive(Template)]
#[template(path = "desk/tell.html")]
struct TellPage {
    page: PageContext,
    rows: Vec<TellRow>,
    /// How many wait in all.
    count: i64,
}

/// A person to phone or write to, and what about.
struct TellRow {
    person: String,
    /// What waits for them, the longest wait first.
    about: Vec<TellAbout>,
    name: String,
    phone: Option<Phone>,
    record: MailRecord,
    since: String,
    days: i64,
}

impl TellRow {
    /// The page of the message that has waited longest.
    fn path(&self) -> String {
        let first = self.about.first().map(|about| about.id.as_str());
        format!("{LIST_PATH}/{}", first.unwrap_or_default())
    }
}

/// A message that waits for a person.
struct TellAbout {
    id: String,
    kind: String,
}

/// The record that a mail is about.
#[derive(Default)]
struct MailRecord {
    group: String,
    /// The language that its people speak, if it is on record.
    language: Option<String>,
    /// Address of the record's page, and its name.
    link: Option<(String, String)>,
}

#[derive(Template)]
#[template(path = "desk/tell_one.html")]
struct TellOnePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    id: String,
    kind: String,
    name: String,
    person: String,
    phone: Option<Phone>,
    postal_address: Option<String>,
    /// Whether the person has an email address, to which the words can be sent.
    has_email: bool,
    record: MailRecord,
    since: String,
    words: Option<SpokenLetter>,
    /// Why the words are not needed any more, or how the mail ended.
    settled: Option<String>,
    /// Absent if nothing waits.
    form: Option<Form>,
    /// Puts it back on the list, if staff have taken it off.
    put_back: Option<Form>,
    ways: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "desk/letter.html")]
struct SpokenLetterPage {
    page: PageContext,
    id: String,
    name: String,
    postal_address: String,
    words: SpokenLetter,
    today: String,
}

/// The number of people to phone or write to, for the reader's page of today.
pub(super) async fn count_waiting_by_hand(request: &DeskRequest<'_>) -> Result<i64, PageError> {
    Ok(outbox::count_waiting_by_hand(request.app.commands.log()).await?)
}

fn require_work_with_groups(request: &DeskRequest<'_>) -> Result<(), PageError> {
    if request.signed.reader.works_with_groups() {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_work_with_groups(request)?;
    let mails = outbox::waiting_by_hand(request.app.commands.log(), ROWS_MAX).await?;
    let mut rows: Vec<TellRow> = Vec::new();
    for mail in mails {
        let record = load_record(request, &mail).await?;
        let about = TellAbout {
            id: mail.id.clone(),
            kind: mail_kind_label(&mail.kind),
        };
        // One call is enough for all messages that wait for a person of a group.
        let same =
            |row: &&mut TellRow| row.person == mail.person && row.record.group == record.group;
        if let Some(row) = rows.iter_mut().find(same) {
            row.about.push(about);
            continue;
        }
        let person = load_person(request, &mail).await?;
        rows.push(TellRow {
            name: name_of(person.as_ref()),
            phone: person.and_then(|person| Some(Phone::of(person.telephone.as_deref()?))),
            about: vec![about],
            record,
            since: day_in_words(mail.made_at),
            days: days_since(request, mail.made_at),
            person: mail.person,
        });
    }
    if !rows.is_empty() {
        http::accesses::record_access(request.app, &request.signed.reader, AccessedData::Addresses)
            .await?;
    }
    let page = TellPage {
        page: request.page_context("People to phone or write to").await?,
        rows,
        count: count_waiting_by_hand(request).await?,
    };
    request.render(&page)
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    require_work_with_groups(request)?;
    let mail = load_mail(request.app, id).await?;
    let person = load_person(request, &mail).await?;
    let waits = awaits(request.app, &mail).await?;
    let (words, not_needed) = load_words(request, &mail).await?;
    let words = words.map(|words| SpokenLetter {
        paragraphs: words
            .paragraphs
            .iter()
            .map(|text| with_whole_numbers(text))
            .collect(),
        ..words
    });
    let forms = request.forms();
    let today = day_of(request.app.commands.now());
    let name = name_of(person.as_ref());
    let title = if waits {
        format!("Tell {name}")
    } else {
        mail_kind_label(&mail.kind)
    };
    let page = TellOnePage {
        page: request.page_context(&title).await?,
        wrong: forms.error_summary(),
        kind: mail_kind_label(&mail.kind),
        name,
        person: mail.person.clone(),
        phone: person
            .as_ref()
            .and_then(|person| Some(Phone::of(person.telephone.as_deref()?))),
        postal_address: person
            .as_ref()
            .and_then(|person| person.postal_address.clone()),
        has_email: person.is_some_and(|person| person.email.is_some()),
        record: load_record(request, &mail).await?,
        since: day_in_words(mail.made_at),
        words,
        settled: not_needed.or_else(|| (!waits).then(|| super::outbox::state_in_words(&mail))),
        form: waits.then(|| forms.form("tell").prefill("told_on", &today.to_string())),
        put_back: (mail.state == "told").then(|| forms.form("put-back")),
        ways: ways_to_tell(),
        id: mail.id,
    };
    request.render(&page)
}

/// The letter to print.
pub(super) async fn letter(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    require_work_with_groups(request)?;
    let mail = load_mail(request.app, id).await?;
    let person = load_person(request, &mail).await?;
    let (words, _) = load_words(request, &mail).await?;
    let words = words.ok_or_else(PageError::not_found)?;
    let page = SpokenLetterPage {
        page: request.page_context(&words.subject).await?,
        today: crate::mail::format_day(day_of(request.app.commands.now()), words.language),
        name: name_of(person.as_ref()),
        postal_address: person
            .and_then(|person| person.postal_address)
            .unwrap_or_default(),
        words,
        id: mail.id,
    };
    request.render(&page)
}

/// Records that a person was informed, and takes the mail off the list.
pub(super) async fn submit_told(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let mail = load_mail(&app, request.match_info().query("mail")).await?;
    let mut body = posted.to_json();
    body["mail"] = mail.id.clone().into();
    let back = format!("{LIST_PATH}/{}", mail.id);
    let (people, spec) = tell_command().ok_or_else(PageError::not_found)?;
    let person = ownership::parse_uuid(&mail.person)?;
    let command = match commands::parse_body(people, spec, person, body.to_string().as_bytes()) {
        Ok(command) => command,
        Err(problem) => {
            let errors = FormErrors::from_problem(&posted, &problem);
            return render_page_at(&app, &visitor, &back, Some(errors)).await;
        }
    };
    let Command::Person(_, PersonCommand::Tell(told)) = &command else {
        return Err(PageError::not_found());
    };
    let change = ByHandChange::PassedOn(told.how.into());
    let next = format!("{LIST_PATH}?mail={}", mail.id);
    let response = execute(&app, &visitor, &posted, command, "told", &back, |_| next).await?;
    if !awaits(&app, &mail).await? {
        apply(&app, mail, change).await?;
    }
    Ok(response)
}

/// Puts a mail back on the list that was taken off it by mistake.
pub(super) async fn submit_back(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let mail = load_mail(&app, request.match_info().query("mail")).await?;
    let command = command_on(&mail, PersonCommand::TakeBackTelling)?;
    let back = format!("{LIST_PATH}/{}", mail.id);
    let next = back.clone();
    let done = "not-told";
    let response = execute(&app, &visitor, &posted, command, done, &back, |_| next).await?;
    if waits_in_log(&app, &mail).await? {
        apply(&app, mail, ByHandChange::WaitsAgain).await?;
    }
    Ok(response)
}

/// A command about a waiting mail to the person whom the mail is for.
fn command_on(
    mail: &MailRow,
    command: fn(WaitingMailRef) -> PersonCommand,
) -> Result<Command, PageError> {
    let of = WaitingMailRef {
        mail: ownership::parse_uuid(&mail.id)?,
    };
    let person = PersonId(ownership::parse_uuid(&mail.person)?);
    Ok(Command::Person(person, command(of)))
}

/// Applies a change to the outbox that the log has recorded. The mailer does so too, a moment
/// later.
async fn apply(app: &AppState, mail: MailRow, change: ByHandChange) -> Result<(), PageError> {
    let now = app.commands.now().as_microsecond();
    let mail = MailByHand {
        id: mail.id,
        change,
    };
    Ok(outbox::apply_by_hand(app.commands.log(), &mail, now).await?)
}

/// Sends a mail by email after all, to a person who has an address now.
pub(super) async fn submit_email_instead(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let mail = load_mail(&app, request.match_info().query("mail")).await?;
    let command = command_on(&mail, PersonCommand::EmailInstead)?;
    let back = format!("{LIST_PATH}/{}", mail.id);
    let next = LIST_PATH.to_owned();
    let response = execute(&app, &visitor, &posted, command, "emailed", &back, |_| next).await?;
    if !awaits(&app, &mail).await? {
        apply(&app, mail, ByHandChange::Emailed).await?;
    }
    Ok(response)
}

fn tell_command() -> Option<(
    &'static Resource,
    &'static crate::domain::command::CommandSpec,
)> {
    let people = RESOURCES.iter().find(|noun| noun.plural == "people")?;
    let spec = people.commands.iter().find(|spec| spec.name == "tell")?;
    Some((people, spec))
}

fn ways_to_tell() -> Vec<(String, String)> {
    [
        ("phone", "I phoned and told them"),
        ("in_person", "I told them in person"),
        ("letter", "I posted the letter"),
    ]
    .map(|(key, label)| (key.to_owned(), label.to_owned()))
    .to_vec()
}

pub(super) async fn composer(app: &AppState) -> Result<Composer, PageError> {
    Ok(Composer::new(
        app.commands.clone(),
        app.views.clone(),
        &app.site.public_address(&app.commands).await?,
        app.site.office_contact(),
    ))
}

/// The words of a mail, or why there are none.
async fn load_words(
    request: &DeskRequest<'_>,
    mail: &MailRow,
) -> Result<(Option<SpokenLetter>, Option<String>), PageError> {
    match composer(request.app).await?.spoken(mail).await {
        Ok(words) => Ok((Some(words), None)),
        Err(MailError::Log(error)) => Err(error.into()),
        Err(MailError::View(error)) => Err(error.into()),
        Err(MailError::NotNeeded(why)) => Ok((None, Some(format!("Not needed: {why}.")))),
        Err(_) => Ok((None, Some("We cannot show the words right now.".to_owned()))),
    }
}

async fn load_mail(app: &AppState, id: &str) -> Result<MailRow, PageError> {
    let id = ownership::parse_uuid(id)?.to_string();
    let found = outbox::find(app.commands.log(), &id).await?;
    found.ok_or_else(PageError::not_found)
}

/// Whether the log says that the mail waits for a call or a letter, and it is not on its way by
/// email again.
async fn awaits(app: &AppState, mail: &MailRow) -> Result<bool, PageError> {
    let may_wait = [BY_HAND, "failed"].contains(&mail.state.as_str());
    Ok(may_wait && waits_in_log(app, mail).await?)
}

async fn waits_in_log(app: &AppState, mail: &MailRow) -> Result<bool, PageError> {
    let (Ok(id), Ok(person)) = (mail.id.parse::<Uuid>(), mail.person.parse::<Uuid>()) else {
        return Ok(false);
    };
    let person = app.commands.log().refresh::<Person>(person).await?.state;
    Ok(person.waits_to_tell(id))
}

async fn load_person(
    request: &DeskRequest<'_>,
    mail: &MailRow,
) -> Result<Option<PersonView>, PageError> {
    let views = &request.app.views;
    let row: Option<PersonRow> = views.find(&mail.person, None).await?;
    let rows = row.into_iter().collect();
    let seen = views.decrypt_people(&request.signed.reader, rows).await?;
    Ok(seen.into_iter().next())
}

fn name_of(person: Option<&PersonView>) -> String {
    person
        .and_then(|person| person.name.clone())
        .unwrap_or_else(|| "A person".to_owned())
}

/// The group and the record that a mail is about.
async fn load_record(request: &DeskRequest<'_>, mail: &MailRow) -> Result<MailRecord, PageError> {
    let Ok(position) = mail.about.parse::<i64>() else {
        return Ok(MailRecord::default());
    };
    let log = request.app.commands.log();
    let Some(event) = log.read_events(position, 1).await?.pop() else {
        return Ok(MailRecord::default());
    };
    let views = &request.app.views;
    let (id, room) = match &event.event {
        Event::Grant(_) => (event.stream, "grants"),
        Event::Application(_) => (event.stream, "applications"),
        Event::Group(_) => {
            let group: Option<GroupRow> = views.find(event.stream, None).await?;
            let path = format!("/desk/groups/{}", event.stream);
            let link = (path, "the group".to_owned());
            return group_record(request, group, link).await;
        }
        Event::Gathering(_) => {
            let path = format!("/desk/gatherings/{}", event.stream);
            let link = (path, "the gathering".to_owned());
            return group_record(request, None, link).await;
        }
        Event::Introduction(_) => {
            let path = format!("/desk/introductions/{}", event.stream);
            let link = (path, "the introduction".to_owned());
            return group_record(request, None, link).await;
        }
        Event::Barrier(_) => {
            let path = format!("/desk/barriers/{}", event.stream);
            let link = (path, "what we heard".to_owned());
            return group_record(request, None, link).await;
        }
        Event::Asset(_) => {
            let path = format!("/desk/assets/{}", event.stream);
            let link = (path, "the entry".to_owned());
            return group_record(request, None, link).await;
        }
        _ => return Ok(MailRecord::default()),
    };
    let application: Option<ApplicationRow> = views.find(id, None).await?;
    let Some(application) = application else {
        return Ok(MailRecord::default());
    };
    let group: Option<GroupRow> = views.find(application.group, None).await?;
    let name = if room == "grants" {
        "the grant"
    } else {
        "the application"
    };
    let link = (format!("/desk/{room}/{id}"), name.to_owned());
    group_record(request, group, link).await
}

async fn group_record(
    request: &DeskRequest<'_>,
    group: Option<GroupRow>,
    link: (String, String),
) -> Result<MailRecord, PageError> {
    let Some(group) = group else {
        return Ok(MailRecord {
            link: Some(link),
            ..MailRecord::default()
        });
    };
    let reader = &request.signed.reader;
    let mut spoken = request
        .app
        .views
        .spoken_languages(reader, &[group.id])
        .await?;
    Ok(MailRecord {
        language: spoken.remove(&group.id),
        group: group.name,
        link: Some(link),
    })
}

fn day_in_words(microseconds: i64) -> String {
    let instant = Timestamp::from_microsecond(microseconds).unwrap_or_default();
    day_text(day_of(instant))
}

fn days_since(request: &DeskRequest<'_>, microseconds: i64) -> i64 {
    const DAY_US: i64 = 86_400_000_000;
    (request.app.commands.now().as_microsecond() - microseconds).max(0) / DAY_US
}
