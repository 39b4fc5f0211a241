//! The people of a group: their names for each other, and inviting another one.

use std::collections::BTreeSet;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::auth::links;
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::group::MemberRef;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{Encrypted, PersonalInput};
use crate::domain::{
    Command, Event, GroupCommand, GroupEvent, GroupId, PersonCommand, PersonId, Refusal,
};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::mail;
use crate::projections::GroupRow;

#[derive(Template)]
#[template(path = "my/invite.html")]
struct InvitePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    group: String,
    path: String,
    /// Whether the visitor has proved an address, without which nobody can invite.
    proven: bool,
}

/// The texts of encrypted values of this field, without those that were erased.
pub(super) async fn decrypted(
    app: &AppState,
    field: &str,
    values: &[&Encrypted],
) -> Result<Vec<String>, PageError> {
    let sealed: Vec<_> = values.iter().map(|value| (field, *value)).collect();
    let opened = app
        .commands
        .log()
        .vault()
        .decrypt(&sealed)
        .await
        .map_err(crate::eventlog::LogError::from)?;
    Ok(opened
        .into_iter()
        .filter_map(crate::crypto::vault::DecryptedValue::text)
        .collect())
}

/// The names of a group's members. People who were invited are not named before they join: a
/// person who enters an address must not learn whose it is.
pub(super) async fn names(
    app: &AppState,
    members: &BTreeSet<PersonId>,
) -> Result<Vec<String>, PageError> {
    let ids = members.iter().map(ToString::to_string).collect();
    let rows = app.views.people(ids).await?;
    let sealed: Vec<_> = rows.iter().map(|row| &row.name).collect();
    let mut names = decrypted(app, "name", &sealed).await?;
    names.sort();
    Ok(names)
}

pub(super) async fn own_group(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<GroupRow, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("id"))?;
    ownership::require_own_group(visitor, app, id).await?;
    app.views
        .find(id, None)
        .await?
        .ok_or_else(PageError::not_found)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let group = own_group(&request, &visitor, &app).await?;
    render(&visitor, &app, group, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    group: GroupRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = translate("Invite someone to your group", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    let page = InvitePage {
        page: shell,
        forms,
        wrong,
        path: format!("/my/groups/{}/invite", group.id),
        group: group.name,
        proven: visitor.proven,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// Invites the person with an address. If nobody has it, the person is introduced first, as on the
/// public pages. The page answers alike in both cases.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let group = own_group(&request, &visitor, &app).await?;
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let (email, details) = match read(&posted, &visitor) {
        Ok(read) => read,
        Err(wrong) => {
            let rejected = FormErrors::new("invite", &posted, wrong);
            return render(&visitor, &app, group, Some(rejected)).await;
        }
    };
    match invite(&visitor, &app, &posted, group.id, &email, details).await {
        Ok(()) => Ok(see_other("/my?done=invited")),
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            let says = refusal_says(&refusal, visitor.language);
            let rejected = FormErrors::new("invite", &posted, vec![(String::new(), says)]);
            render(&visitor, &app, group, Some(rejected)).await
        }
        Err(error) => Err(error),
    }
}

/// The most events of a group that are looked at.
const EVENTS_MAX: i64 = 1000;

/// Sends the invitations again that nobody has answered. Who they are for is not said.
pub(super) async fn invite_again(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    let group = own_group(&request, &visitor, &app).await?;
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let events = app.views.events_with_id(group.id, EVENTS_MAX).await?;
    for event in events.iter().rev() {
        if let Event::Group(GroupEvent::MemberInvited { person, .. }) = &event.event
            && group.invited.contains(person)
        {
            mail::invite_again(&app.commands, *person, event.position).await?;
        }
    }
    Ok(see_other("/my?done=invited-again"))
}

async fn invite(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    group: uuid::Uuid,
    email: &str,
    details: PersonDetails,
) -> Result<(), PageError> {
    let signed = visitor.require_signed_in()?;
    let add = |person| {
        Command::Group(
            GroupId(group),
            GroupCommand::AddMember(MemberRef { person }),
        )
    };
    let new = ownership::person_id_of_form(visitor, app, posted);
    let limited = app.site.limits.check_command(&signed.reader, &add(new));
    limited.map_err(|problem| {
        PageError::rate_limited(problem, visitor.path.clone(), posted.pairs().to_vec())
    })?;
    let person = match links::holder_of_address(app.commands.log(), email).await? {
        Some(holder) => holder,
        None => introduce(visitor, app, posted, new, details).await?,
    };
    let request = CommandRequest::new(signed.caller.clone(), add(person));
    match ownership::execute_and_wait(app, request).await {
        // Someone has the address who was invited before, is a member, or works in the office.
        Ok(_)
        | Err(PageError::Refused(CommandError::Refused(Refusal::NoChange | Refusal::NotYours))) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Introduces someone whom nobody knows yet. Without a proved address they expire.
async fn introduce(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    person: PersonId,
    details: PersonDetails,
) -> Result<PersonId, PageError> {
    let mut repeat = posted.idempotency_key(app, &visitor.path);
    repeat.key = format!("{}/person", repeat.key);
    let command = Command::Person(person, PersonCommand::Introduce(details));
    let request = CommandRequest {
        idempotency_key: Some(repeat),
        ..CommandRequest::new(Caller::job(), command)
    };
    ownership::execute_and_wait(app, request).await?;
    Ok(person)
}

fn read(posted: &FormData, visitor: &Visitor) -> Result<(String, PersonDetails), FieldErrors> {
    let mut form = FormReader::new(posted, visitor.language);
    let name = form.required(
        "name",
        |text| PersonalInput::name(text).ok(),
        "Enter their name",
    );
    let email = form.required_email("Enter their email address, such as name@example.org");
    let telephone = form.optional_phone();
    let whole = name.zip(email).map(|(name, email)| {
        let details = PersonDetails {
            name,
            email: Some(PersonalInput::Open(email.clone())),
            telephone,
            postal_address: None,
            typed_email: None,
        };
        (email, details)
    });
    form.finish(whole)
}
