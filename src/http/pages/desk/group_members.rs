//! The page that adds a member to a group: someone who is found by name, phone number or email, or
//! someone new.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::action::{Action, ActionSpec};
use super::notices::Done;
use super::{DeskRequest, render_page_at};
use crate::domain::group::MemberRef;
use crate::domain::language::Language;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::{PersonalInput, parse_email};
use crate::domain::{Command, GroupCommand, GroupId, PersonCommand, PersonId};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader, parse_phone};
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PostedForm, ownership, see_other,
};
use crate::http::problem::Problem;
use crate::projections::GroupRow;
use crate::views::PersonView;

/// The most people that a search shows.
const FOUND_MAX: usize = 20;
/// The name of the form for someone new.
const NEW: &str = "new-member";

#[derive(Template)]
#[template(path = "desk/group_member.html")]
struct AddMemberPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    group: GroupRow,
    search: Form,
    searched: bool,
    found: Vec<(PersonView, Option<Action>)>,
    new: Form,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
    // The form of a person who was found posts to the command, which leads back here.
    let done = request.text("done");
    if Done::parse(done).is_some_and(|done| done.name == "add-member") {
        return Ok(see_other(&format!("/desk/groups/{}?done={done}", group.id)));
    }
    let text = request.text("q");
    let forms = request.forms();
    let people = request
        .app
        .views
        .find_people(&request.signed.reader, text, FOUND_MAX)
        .await?;
    let mut found = Vec::new();
    for person in people {
        let member = PersonId(person.id);
        let known = group.members.contains(&member) || group.invited.contains(&member);
        let action = if known {
            None
        } else {
            let add = GroupCommand::AddMember(MemberRef { person: member });
            let spec = ActionSpec::new("Add", Command::Group(GroupId(group.id), add))
                .form(format!("add-{member}"))
                .hidden("person", member)
                .button("Add to this group")
                .expanded();
            Some(request.action(&forms, spec).await?)
        };
        found.push((person, action));
    }
    let new = new_form(forms.form(NEW), text);
    let page = AddMemberPage {
        page: request.page_context("Add a member").await?,
        wrong: forms.error_summary(),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        group,
        found,
        new,
    };
    request.render(&page)
}

/// The form for someone new, filled in with what was searched for.
fn new_form(form: Form, text: &str) -> Form {
    if parse_email(text).is_ok() {
        form.prefill("email", text)
    } else if parse_phone(text).is_some() {
        form.prefill("telephone", text)
    } else {
        form.prefill("name", text)
    }
}

/// Registers someone new and adds them to a group.
pub(super) async fn register(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let back = format!("/desk/groups/{group}/member");
    let details = match parse(&posted) {
        Ok(details) => details,
        Err(wrong) => {
            let rejected = FormErrors::new(NEW, &posted, wrong);
            return render_page_at(&app, &visitor, &back, Some(rejected)).await;
        }
    };
    let person = ownership::person_id_of_form(&visitor, &app, &posted);
    let member = MemberRef { person };
    for (step, command) in [
        (
            "/person",
            Command::Person(person, PersonCommand::Register(details)),
        ),
        (
            "/member",
            Command::Group(GroupId(group), GroupCommand::AddMember(member)),
        ),
    ] {
        match ownership::issue(&visitor, &app, &posted, step, command).await {
            Ok(_) => {}
            Err(PageError::Refused(error)) => {
                let problem = Problem::from_command_error(&error);
                let rejected = FormErrors::from_problem(&posted, &problem);
                return render_page_at(&app, &visitor, &back, Some(rejected)).await;
            }
            Err(error) => return Err(error),
        }
    }
    Ok(see_other(&format!("/desk/groups/{group}?done=add-member")))
}

fn parse(posted: &FormData) -> Result<PersonDetails, FieldErrors> {
    let mut form = FormReader::new(posted, Language::En);
    let person = new_person(&mut form);
    form.finish(person)
}

/// Parses someone new, with at least one way to reach them.
pub(super) fn new_person(form: &mut FormReader<'_>) -> Option<PersonDetails> {
    let name = form.required(
        "name",
        |text| PersonalInput::name(text).ok(),
        "Write the name",
    );
    let telephone = form.optional_phone();
    let email = form.optional_email().map(PersonalInput::Open);
    let postal_address = form.optional_text("postal_address");
    form.require_contact(
        "Add a phone number, an email or a postal address, so that we can reach them",
    );
    name.map(|name| PersonDetails {
        name,
        email,
        telephone,
        postal_address,
        typed_email: None,
    })
}
