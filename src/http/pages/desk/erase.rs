//! Erasing the personal data of a person or a group, on a page of its own: the name is typed again
//! and a statement is ticked, because it cannot be undone.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::{DeskRequest, render_page_at, submit_command};
use crate::domain::command::WithReason;
use crate::domain::{Command, GroupCommand, GroupId, PersonCommand, PersonId};
use crate::http::AppState;
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PostedForm, Visitor, ownership,
};
use crate::projections::{GroupRow, PersonRow};

/// The name of the form.
const FORM: &str = "erase";

#[derive(Template)]
#[template(path = "desk/erase.html")]
struct ErasePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    name: String,
    /// The record's page, and the address of the form.
    record: String,
    action: String,
    is_group: bool,
}

/// The address of the page that erases a record: `people` or `groups`, and its id.
pub(super) fn path_of(noun: &str, id: uuid::Uuid) -> String {
    format!("/desk/erase/{noun}/{id}")
}

/// The name that has to be typed again.
async fn name_of(request: &DeskRequest<'_>, noun: &str, id: &str) -> Result<String, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let id = ownership::parse_uuid(id)?;
    match noun {
        "groups" => {
            let row: GroupRow = request.row(id).await?;
            Ok(row.name)
        }
        "people" => {
            let row: PersonRow = request.row(id).await?;
            let seen = request
                .app
                .views
                .decrypt_people(&request.signed.reader, vec![row])
                .await?;
            let name = seen.into_iter().find_map(|person| person.name);
            name.ok_or_else(PageError::not_found)
        }
        _ => Err(PageError::not_found()),
    }
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    noun: &str,
    id: &str,
) -> Result<HttpResponse, PageError> {
    let name = name_of(request, noun, id).await?;
    let forms = request.forms();
    let page = ErasePage {
        page: request.page_context("Erase personal data").await?,
        wrong: forms.error_summary(),
        form: forms.form(FORM),
        name,
        record: format!("/desk/{noun}/{id}"),
        action: format!("/desk/do/erase/{noun}/{id}"),
        is_group: noun == "groups",
    };
    request.render(&page)
}

/// Erases, if the name was typed again and the statement is ticked.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    visitor.require_staff()?;
    let path = request.match_info();
    let (noun, id) = (path.query("noun").to_owned(), path.query("id").to_owned());
    let uuid = ownership::parse_uuid(&id)?;
    let back = path_of(&noun, uuid);
    let name = name_at(&app, &visitor, &back, &noun, &id).await?;
    let mut wrong = Vec::new();
    let plain = |text: &str| {
        let words: Vec<&str> = text.split_whitespace().collect();
        words.join(" ").to_lowercase()
    };
    if plain(posted.text("name")) != plain(&name) {
        wrong.push(("name".to_owned(), format!("Type the name: {name}")));
    }
    let reason = posted.text("reason").parse();
    if reason.is_err() {
        let says = "Say why, such as: They asked us to";
        wrong.push(("reason".to_owned(), says.to_owned()));
    }
    if posted.text("sure").is_empty() {
        let says = "Tick the box to confirm that you want to erase it";
        wrong.push(("sure".to_owned(), says.to_owned()));
    }
    let because = match reason {
        Ok(reason) if wrong.is_empty() => WithReason { reason },
        _ => {
            let rejected = FormErrors::new(FORM, &posted, wrong);
            return render_page_at(&app, &visitor, &back, Some(rejected)).await;
        }
    };
    let command = if noun == "groups" {
        Command::Group(GroupId(uuid), GroupCommand::Erase(because))
    } else {
        Command::Person(PersonId(uuid), PersonCommand::Erase(because))
    };
    submit_command::execute(&app, &visitor, &posted, command, FORM, &back, |_| {
        format!("/desk/{noun}/{uuid}")
    })
    .await
}

async fn name_at(
    app: &AppState,
    visitor: &Visitor,
    address: &str,
    noun: &str,
    id: &str,
) -> Result<String, PageError> {
    let request = DeskRequest::new(app, visitor, address, None)?;
    name_of(&request, noun, id).await
}
