//! The pages that ask for the group that applies: its name on one, whether it is new and where it
//! is on the other.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::applicant::{TypedGroup, standing_text, start_application};
use super::{refusal_text, start};
use crate::clock;
use crate::commands::CommandError;
use crate::domain::group::GroupMaturity;
use crate::domain::language::Language;
use crate::domain::text::name_key;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::layout::url_encoded;
use crate::http::pages::words::place_name;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, language_buttons,
    ownership, render_form_page, see_other, sign_in,
};
use crate::projections::GroupRow;

/// What one of the pages asks.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
enum GroupStep {
    Name,
    /// Whether the group is new, and where it is: two short choices.
    Details,
}

impl GroupStep {
    fn key(self) -> &'static str {
        self.into()
    }

    fn title(self, language: Language) -> &'static str {
        match self {
            Self::Name => translate("What is your group called?", language),
            Self::Details => translate("About your group", language),
        }
    }

    /// Whether its page asks for a field.
    fn asks_for(self, field: &str) -> bool {
        match self {
            Self::Name => field == "name",
            Self::Details => matches!(field, "standing" | "area"),
        }
    }

    /// The first step whose field has an error.
    fn first_of(wrong: &[(String, String)]) -> Option<Self> {
        use strum::VariantArray as _;
        let is_wrong = |step: &&Self| wrong.iter().any(|(field, _)| step.asks_for(field));
        Self::VARIANTS.iter().find(is_wrong).copied()
    }

    /// The step with this name, as a form or the query of a link contains it.
    fn named(name: &str) -> Option<Self> {
        name.parse().ok()
    }

    /// The address of the page before the one that asks this.
    fn back(self, path: &str, typed: &TypedGroup) -> String {
        match self {
            Self::Name => format!("{path}/fits"),
            Self::Details => Self::Name.address(path, typed),
        }
    }

    /// The address of the page that asks this. Its query repeats the answers so far.
    fn address(self, path: &str, typed: &TypedGroup) -> String {
        format!("{path}/group?{}&{ASK}={}", typed.to_query(), self.key())
    }
}

/// The name of the form field and of the query parameter that contain the step.
const ASK: &str = "ask";

#[derive(Template)]
#[template(path = "apply/group.html")]
struct ApplicantGroupPage {
    page: PageContext,
    step: GroupStep,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    path: String,
    areas: Vec<(String, String)>,
    standings: Vec<(String, String)>,
    /// The groups of which the visitor is a member.
    own: Vec<(String, String)>,
    typed: TypedGroup,
    /// The note about a group with the name that was entered; empty if there is none.
    same_name: String,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (fund, ..) = start::round_of_request(&request, &app).await?;
    let typed = TypedGroup::from_query(&request);
    let step = GroupStep::named(&sign_in::query_param(&request, ASK)).unwrap_or_else(|| {
        let wrong = typed.parse(&fund, visitor.language).err();
        wrong
            .and_then(|wrong| GroupStep::first_of(&wrong))
            .unwrap_or(GroupStep::Details)
    });
    render(&request, &visitor, &app, step, typed, None).await
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    step: GroupStep,
    typed: TypedGroup,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let (fund, _, path) = start::round_of_request(request, app).await?;
    let language = visitor.language;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let own = match step {
        GroupStep::Name => own_groups(visitor, app).await?,
        GroupStep::Details => Vec::new(),
    };
    let title = if own.is_empty() {
        step.title(language)
    } else {
        translate("Which group are you applying for?", language)
    };
    let mut shell = PageContext::load(visitor, app, title).await?;
    (shell.quiet, shell.has_errors) = (true, !wrong.is_empty());
    shell.saves_language = true;
    shell.back = Some(step.back(&path, &typed));
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
    let sheet = ApplicantGroupPage {
        page: shell,
        step,
        forms,
        wrong,
        path,
        areas,
        standings,
        own,
        same_name: same_name_notice(visitor, app, step, &typed.name).await?,
        typed,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The note about a group with the name that was entered. A member is reminded of their own group.
/// Anybody else learns only of a group whose grant is public, because an application is not public.
async fn same_name_notice(
    visitor: &Visitor,
    app: &AppState,
    step: GroupStep,
    name: &str,
) -> Result<String, PageError> {
    let language = visitor.language;
    if step == GroupStep::Name || name.is_empty() {
        return Ok(String::new());
    }
    let wanted = name_key(name);
    let own = own_groups(visitor, app).await?;
    if own.iter().any(|(_, own)| name_key(own) == wanted) {
        let says = "You already belong to a group called {}. To apply for that group, go back and \
            choose it.";
        return Ok(translate_with(says, name, language));
    }
    if app.views.has_public_grant(name).await? {
        let says = "A group called {} has had a grant from us before. If it is your group, sign in \
            with the email address that it used, and apply from there.";
        return Ok(translate_with(says, name, language));
    }
    Ok(String::new())
}

/// Shows the page that was sent, if its answer has an error. Otherwise redirects to the first page
/// whose answer is missing or wrong.
async fn ask_again(
    request: &HttpRequest,
    visitor: &Visitor,
    posted: &FormData,
    app: &AppState,
    typed: TypedGroup,
    mut wrong: FieldErrors,
) -> Result<HttpResponse, PageError> {
    let open = GroupStep::first_of(&wrong).unwrap_or(GroupStep::Name);
    let step = GroupStep::named(posted.text(ASK)).unwrap_or(open);
    wrong.retain(|(field, _)| step.asks_for(field));
    if wrong.is_empty() {
        let (_, _, path) = start::round_of_request(request, app).await?;
        return Ok(see_other(&open.address(&path, &typed)));
    }
    let rejected = FormErrors::new("group", posted, wrong);
    render(request, visitor, app, step, typed, Some(rejected)).await
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
    let own = app.views.active_groups_of(signed.reader.person).await?;
    Ok(own
        .into_iter()
        .map(|row| (row.id.to_string(), row.name))
        .collect())
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    match continue_with(&request, &visitor, &posted, &app).await {
        Err(PageError::Refused(error @ (CommandError::Refused(_) | CommandError::KeyReused))) => {
            let says = match error {
                CommandError::Refused(refusal) => {
                    refusal_text::refusal_text(&refusal, visitor.language)
                }
                _ => translate(
                    "You sent this page before, with another group. Its application is under “My \
                        group”. To apply for this group too, send this page again.",
                    visitor.language,
                )
                .to_owned(),
            };
            let wrong = vec![(String::new(), says)];
            let rejected = FormErrors::new("group", &posted, wrong);
            let step = GroupStep::named(posted.text(ASK)).unwrap_or(GroupStep::Name);
            let typed = TypedGroup::from_form(&posted);
            render(&request, &visitor, &app, step, typed, Some(rejected)).await
        }
        answer => answer,
    }
}

/// Leads to the next page about the group that has no answer yet. Once all have one, a visitor who
/// is not signed in is asked for their own name. A member's application is started immediately, for
/// an existing group or a new one.
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
    if let Some(language) = language_buttons::pressed(posted) {
        let step = GroupStep::named(posted.text(ASK)).unwrap_or(GroupStep::Name);
        let to = url_encoded(&step.address(&path, &typed));
        return Ok(see_other(&language_buttons::path_to(language, &to)));
    }
    let register = match typed.parse(&fund, visitor.language) {
        Ok(register) => register,
        Err(wrong) => return ask_again(request, visitor, posted, app, typed, wrong).await,
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
