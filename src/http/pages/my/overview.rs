//! The overview of a member: their groups, with applications and grants.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::clock::day_of;
use crate::commands::CommandRequest;
use crate::domain::group::MemberRef;
use crate::domain::language::Language;
use crate::domain::text::contains_url;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::pages::apply::sections::{is_overdue, place_name};
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::{
    PageContext, PageError, PageForms, PostedForm, Visitor, ownership, render_page, see_other,
};
use crate::projections::{ApplicationRow, FundRow, GrantRow, GroupRow, PersonRow, UpdateRow};
use crate::views::{Filter, PageRequest};

#[derive(Template)]
#[template(path = "my/overview.html")]
struct OwnOverviewPage {
    page: PageContext,
    /// Whether proposed contact details wait for the visitor's answer.
    contact_waits: bool,
    forms: PageForms,
    /// The groups that invited the visitor, by id and name.
    invited_to: Vec<(String, String)>,
    groups: Vec<OwnGroup>,
}

struct OwnGroup {
    row: GroupRow,
    /// A correction that a member proposed and the office has not decided on.
    waiting: Option<String>,
    applications: Vec<OwnApplicationLine>,
}

/// An application, or the grant that it led to.
struct OwnApplicationLine {
    title: String,
    path: String,
    state: (&'static str, &'static str),
    /// What the group should do now.
    to_do: Option<&'static str>,
}

pub(super) async fn show(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let signed = visitor.require_signed_in()?;
    if signed.reader.sees_all() {
        return Ok(see_other("/desk"));
    }
    render(&visitor, &app).await
}

/// Accepts or refuses an invitation to a group.
pub(super) async fn answer_invitation(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let signed = visitor.require_signed_in()?;
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    let of = MemberRef {
        person: signed.reader.person,
    };
    let answer = if posted.text("join") == "yes" {
        GroupCommand::Join(of)
    } else {
        GroupCommand::RefuseInvitation(of)
    };
    let command = Command::Group(
        GroupId(ownership::parse_uuid(posted.text("group"))?),
        answer,
    );
    ownership::execute_and_wait(&app, CommandRequest::new(signed.caller.clone(), command)).await?;
    Ok(see_other("/my"))
}

async fn render(visitor: &Visitor, app: &AppState) -> Result<HttpResponse, PageError> {
    let signed = visitor.require_signed_in()?;
    let mut groups = Vec::new();
    for id in app.views.groups_of(signed.reader.person).await? {
        let Some(row) = app.views.find::<GroupRow>(&id.to_string(), None).await? else {
            continue;
        };
        let of = vec![Filter::equals("group_id", id)];
        let all = PageRequest::up_to_max();
        let mut applications = Vec::new();
        for application in app
            .views
            .list::<ApplicationRow>(None, of, &all)
            .await?
            .items
            .into_iter()
            .rev()
        {
            applications.push(application_line(app, &application).await?);
        }
        groups.push(OwnGroup {
            waiting: correction_notice(&row, visitor.language),
            row,
            applications,
        });
    }
    let own: Option<PersonRow> = app.views.find(signed.reader.person, None).await?;
    let contact_waits = visitor.proven
        && own
            .as_ref()
            .is_some_and(|own| own.proposed_contact.is_some());
    render_page(&OwnOverviewPage {
        page: PageContext::load(visitor, app, translate("My group", visitor.language)).await?,
        contact_waits,
        forms: PageForms::new(visitor, None),
        invited_to: invitations(visitor, app, own).await?,
        groups,
    })
}

/// The groups that invited the visitor. Old names that contain an e-mail or web address are not
/// shown: such names are refused by now, but may exist.
async fn invitations(
    visitor: &Visitor,
    app: &AppState,
    own: Option<PersonRow>,
) -> Result<Vec<(String, String)>, PageError> {
    let ids: Vec<_> = own
        .filter(|_| visitor.proven)
        .into_iter()
        .flat_map(|own| own.invited_to)
        .collect();
    let mut found = Vec::new();
    for id in ids {
        let group: Option<GroupRow> = app.views.find(id, None).await?;
        found.extend(
            group
                .map(|group| (id.to_string(), group.name))
                .filter(|(_, name)| !contains_url(name)),
        );
    }
    Ok(found)
}

/// The text about a name or area that a member proposed and the office has not decided on.
fn correction_notice(row: &GroupRow, language: Language) -> Option<String> {
    let proposed = row.proposed.as_ref()?;
    let (says, to) = if proposed.name == row.name {
        (
            "You asked us to write down that you are in {}. Somebody in our office looks at it first.",
            place_name(&proposed.area),
        )
    } else {
        (
            "You asked us to call your group {}. Somebody in our office looks at it first.",
            proposed.name.clone(),
        )
    };
    Some(translate_with(says, &to, language))
}

async fn application_line(
    app: &AppState,
    row: &ApplicationRow,
) -> Result<OwnApplicationLine, PageError> {
    use crate::domain::application::ApplicationState as S;
    let fund: Option<FundRow> = app.views.find(row.fund, None).await?;
    let round = fund
        .as_ref()
        .and_then(|fund| fund.rounds.get(&row.round))
        .map(|round| round.name.clone())
        .unwrap_or_default();
    let title = format!(
        "{}: {round}",
        fund.map(|fund| fund.name).unwrap_or_default()
    );
    if let Some(grant) = app
        .views
        .find::<GrantRow>(&row.id.to_string(), None)
        .await?
    {
        let due = updates_due(app, &grant).await?;
        let to_do = match grant.state {
            crate::domain::grant::GrantState::Offered if grant.offer_waits => None,
            crate::domain::grant::GrantState::Offered => {
                Some("Please read the agreement and answer.")
            }
            _ if due > 0 => Some("Please tell us how it is going."),
            _ => None,
        };
        return Ok(OwnApplicationLine {
            title: grant.title.clone(),
            path: format!("/my/grants/{}", row.id),
            state: super::grant::state_tag(&grant),
            to_do,
        });
    }
    let to_do = match row.state {
        S::Draft => Some("Go on with your form."),
        S::ChangesRequested if !is_overdue(row, day_of(app.commands.now())) => {
            Some("Please look at what we ask.")
        }
        _ => None,
    };
    Ok(OwnApplicationLine {
        title,
        path: format!("/my/applications/{}", row.id),
        state: super::application::state_tag(row.state),
        to_do,
    })
}

async fn updates_due(app: &AppState, grant: &GrantRow) -> Result<usize, PageError> {
    use crate::domain::grant::UpdateState as U;
    let of = vec![Filter::equals("grant_id", grant.id)];
    let updates = app
        .views
        .list::<UpdateRow>(
            None,
            of,
            &PageRequest {
                after: None,
                limit: 100,
            },
        )
        .await?
        .items;
    Ok(updates
        .iter()
        .filter(|update| matches!(update.state, U::Requested | U::Queried))
        .count())
}
