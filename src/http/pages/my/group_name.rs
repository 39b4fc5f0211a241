//! A member corrects the public name of their group. The office checks it before it is shown.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::members::own_group;
use crate::domain::group::CorrectGroup;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Name, Slug};
use crate::domain::{Command, GroupCommand, GroupId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::sign_in::{local_path, query_param};
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::GroupRow;

#[derive(Template)]
#[template(path = "my/group_name.html")]
struct GroupNamePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    group: GroupRow,
    /// The address to which the page leads.
    to: String,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let group = own_group(&request, &visitor, &app).await?;
    render(&visitor, &app, group, &query_param(&request, "to"), None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    group: GroupRow,
    to: &str,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let to = local_path(to).unwrap_or("/my").to_owned();
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = translate("The name of your group", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some(to.clone());
    shell.has_errors = !wrong.is_empty();
    let page = GroupNamePage {
        page: shell,
        forms,
        wrong,
        group,
        to,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let group = own_group(&request, &visitor, &app).await?;
    let to = posted.text("to");
    let wrong = match read(&posted, &visitor, &group) {
        Ok(correct) => {
            let command = Command::Group(GroupId(group.id), GroupCommand::Correct(correct));
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None | Some(Refusal::NoChange) => {
                    return Ok(see_other(local_path(to).unwrap_or("/my")));
                }
                Some(refusal) => vec![(String::new(), refusal_says(&refusal, visitor.language))],
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new("group-name", &posted, wrong);
    render(&visitor, &app, group, to, Some(rejected)).await
}

fn read(
    posted: &FormData,
    visitor: &Visitor,
    group: &GroupRow,
) -> Result<CorrectGroup, FieldErrors> {
    let mut form = FormReader::new(posted, visitor.language);
    let name = form.required(
        "name",
        |text| text.parse::<Name>().ok(),
        "Enter a name of at most 100 letters, without a web address",
    );
    let reason: Option<PersonalInput> = form.required_text("reason", "Say what was wrong");
    let area = group.area.parse::<Slug>().ok();
    let whole = name.zip(reason).zip(area);
    form.finish(whole.map(|((name, reason), area)| CorrectGroup { name, area, reason }))
}
