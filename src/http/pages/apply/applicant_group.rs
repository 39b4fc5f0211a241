//! The page that asks for the group that applies.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::applicant::{TypedGroup, standing_text, start_application};
use super::sections::place_name;
use super::{refusal_text, start};
use crate::clock;
use crate::commands::CommandError;
use crate::domain::group::GroupMaturity;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::GroupRow;

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

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render(
        &request,
        &visitor,
        &app,
        TypedGroup::from_query(&request),
        None,
    )
    .await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    typed: TypedGroup,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(request, app).await?;
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, translate("Your group", language)).await?;
    (shell.quiet, shell.has_errors) = (true, !wrong.is_empty());
    shell.back = Some(format!("{path}/fits"));
    let areas = fund
        .areas
        .iter()
        .map(|area| (area.to_string(), place_name(area.as_str())))
        .collect();
    let standings = [
        ("new", GroupMaturity::New),
        ("existing", GroupMaturity::Existing),
    ];
    let standings = standings
        .map(|(key, standing)| (key.to_owned(), standing_text(standing, language).to_owned()))
        .to_vec();
    let own = own_groups(visitor, app).await?;
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
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The groups of which the visitor is a member, by id and name; none for staff.
async fn own_groups(visitor: &Visitor, app: &AppState) -> Result<Vec<(String, String)>, PageError> {
    let Some(signed) = visitor
        .signed_in
        .as_ref()
        .filter(|signed| !signed.reader.sees_all())
    else {
        return Ok(Vec::new());
    };
    let mut own = Vec::new();
    for id in app.views.groups_of(signed.reader.person).await? {
        let row: Option<GroupRow> = app.views.find(id, None).await?;
        own.extend(
            row.filter(|row| row.merged_into.is_none())
                .map(|row| (row.id.to_string(), row.name)),
        );
    }
    Ok(own)
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    match continue_with(&request, &visitor, &posted, &app).await {
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            let wrong = vec![(
                String::new(),
                refusal_text::refusal_text(&refusal, visitor.language),
            )];
            let rejected = FormErrors::new("group", &posted, wrong);
            render(
                &request,
                &visitor,
                &app,
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
async fn continue_with(
    request: &HttpRequest,
    visitor: &Visitor,
    posted: &FormData,
    app: &AppState,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(request, app).await?;
    let member = visitor
        .signed_in
        .as_ref()
        .is_some_and(|signed| !signed.reader.sees_all());
    if let (true, Ok(group)) = (member, posted.text("own").parse::<Uuid>()) {
        ownership::require_own_group(visitor, app, group).await?;
        let row: GroupRow = app
            .views
            .find(group, None)
            .await?
            .ok_or_else(PageError::not_found)?;
        let caller = visitor.require_signed_in()?.caller.clone();
        return start_application(
            request,
            app,
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
            return render(
                request,
                visitor,
                app,
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
            ownership::issue(visitor, app, posted, "/group", register)
                .await?
                .id,
        );
        let caller = visitor.require_signed_in()?.caller.clone();
        return start_application(request, app, posted, visitor, caller, group, &area).await;
    }
    let query = typed.to_query();
    Ok(see_other(&format!("{path}/you?{query}")))
}
