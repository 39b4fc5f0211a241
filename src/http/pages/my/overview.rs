//! The overview of a member: their groups, with applications and grants.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::commands::Request;
use crate::domain::group::MemberOf;
use crate::domain::language::Language;
use crate::domain::text::holds_address;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::Desk;
use crate::http::pages::apply::sections::{is_overdue, place};
use crate::http::pages::words::{say, say_with};
use crate::http::pages::{Failed, Forms, Sent, Shell, Visitor, own, page, see_other};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, GrantRow, GroupRow, PersonRow, UpdateRow};
use crate::views::Page as Wanted;

#[derive(Template)]
#[template(path = "my/overview.html")]
struct Overview {
    page: Shell,
    /// Whether proposed contact details wait for the visitor's answer.
    contact_waits: bool,
    forms: Forms,
    /// The groups that invited the visitor, by id and name.
    invited_to: Vec<(String, String)>,
    groups: Vec<OwnGroup>,
}

struct OwnGroup {
    row: GroupRow,
    /// A correction that a member proposed and the office has not decided on.
    waiting: Option<String>,
    applications: Vec<Line>,
}

/// An application, or the grant that it led to.
struct Line {
    title: String,
    path: String,
    state: (&'static str, &'static str),
    /// What the group should do now.
    to_do: Option<&'static str>,
}

pub(super) async fn show(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let signed = visitor.signed()?;
    if signed.reader.sees_all() {
        return Ok(see_other("/desk"));
    }
    render(&visitor, &desk).await
}

/// Accepts or refuses an invitation to a group.
pub(super) async fn answer(sent: Sent, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let signed = visitor.signed()?;
    if !visitor.proven {
        return Err(Failed::not_yours());
    }
    let of = MemberOf {
        person: signed.reader.person,
    };
    let answer = if posted.text("join") == "yes" {
        GroupCommand::Join(of)
    } else {
        GroupCommand::RefuseInvitation(of)
    };
    let command = Command::Group(GroupId(own::uuid(posted.text("group"))?), answer);
    own::taken(&desk, Request::new(signed.caller.clone(), command)).await?;
    Ok(see_other("/my"))
}

async fn render(visitor: &Visitor, desk: &Desk) -> Result<HttpResponse, Failed> {
    let signed = visitor.signed()?;
    let mut groups = Vec::new();
    for id in desk.views.groups_of(signed.reader.person).await? {
        let Some(row) = desk.views.find::<GroupRow>(&id.to_string(), None).await? else {
            continue;
        };
        let of = vec![("group_id", vec![id.to_string()])];
        let all = Wanted {
            after: None,
            most: 500,
        };
        let mut applications = Vec::new();
        for application in desk
            .views
            .list::<ApplicationRow>(None, of, &all)
            .await?
            .items
            .into_iter()
            .rev()
        {
            applications.push(line(desk, &application).await?);
        }
        groups.push(OwnGroup {
            waiting: waiting(&row, visitor.language),
            row,
            applications,
        });
    }
    let own: Option<PersonRow> = desk
        .views
        .find(&signed.reader.person.to_string(), None)
        .await?;
    let contact_waits = visitor.proven
        && own
            .as_ref()
            .is_some_and(|own| own.proposed_contact.is_some());
    page(&Overview {
        page: Shell::around(visitor, desk, say("My group", visitor.language)).await?,
        contact_waits,
        forms: Forms::new(visitor, None),
        invited_to: invitations(visitor, desk, own).await?,
        groups,
    })
}

/// The groups that invited the visitor. Old names that contain an e-mail or web address are not
/// shown: such names are refused by now, but may exist.
async fn invitations(
    visitor: &Visitor,
    desk: &Desk,
    own: Option<PersonRow>,
) -> Result<Vec<(String, String)>, Failed> {
    let ids: Vec<_> = own
        .filter(|_| visitor.proven)
        .into_iter()
        .flat_map(|own| own.invited_to)
        .collect();
    let mut found = Vec::new();
    for id in ids {
        let group: Option<GroupRow> = desk.views.find(&id.to_string(), None).await?;
        found.extend(
            group
                .map(|group| (id.to_string(), group.name))
                .filter(|(_, name)| !holds_address(name)),
        );
    }
    Ok(found)
}

/// The text about a name or area that a member proposed and the office has not decided on.
fn waiting(row: &GroupRow, language: Language) -> Option<String> {
    let proposed = row.proposed.as_ref()?;
    let (says, to) = if proposed.name == row.name {
        (
            "You asked us to write down that you are in {}. Somebody in our office looks at it first.",
            place(&proposed.area),
        )
    } else {
        (
            "You asked us to call your group {}. Somebody in our office looks at it first.",
            proposed.name.clone(),
        )
    };
    Some(say_with(says, &to, language))
}

async fn line(desk: &Desk, row: &ApplicationRow) -> Result<Line, Failed> {
    use crate::domain::application::ApplicationState as S;
    let fund: Option<FundRow> = desk.views.find(&row.fund.to_string(), None).await?;
    let round = fund
        .as_ref()
        .and_then(|fund| fund.rounds.get(&row.round))
        .map(|round| round.name.clone())
        .unwrap_or_default();
    let title = format!(
        "{}: {round}",
        fund.map(|fund| fund.name).unwrap_or_default()
    );
    if let Some(grant) = desk
        .views
        .find::<GrantRow>(&row.id.to_string(), None)
        .await?
    {
        let due = updates_due(desk, &grant).await?;
        let to_do = match grant.state {
            crate::domain::grant::GrantState::Offered if grant.offer_waits => None,
            crate::domain::grant::GrantState::Offered => {
                Some("Please read the agreement and answer.")
            }
            _ if due > 0 => Some("Please tell us how it is going."),
            _ => None,
        };
        return Ok(Line {
            title: grant.title.clone(),
            path: format!("/my/grants/{}", row.id),
            state: super::grant::stands(&grant),
            to_do,
        });
    }
    let to_do = match row.state {
        S::Draft => Some("Go on with your form."),
        S::ChangesRequested if !is_overdue(row, day_of(desk.commands.now())) => {
            Some("Please look at what we ask.")
        }
        _ => None,
    };
    Ok(Line {
        title,
        path: format!("/my/applications/{}", row.id),
        state: super::application::stands(row.state),
        to_do,
    })
}

async fn updates_due(desk: &Desk, grant: &GrantRow) -> Result<usize, Failed> {
    use crate::domain::grant::UpdateState as U;
    let of = vec![("grant_id", vec![grant.id.to_string()])];
    let updates = desk
        .views
        .list::<UpdateRow>(
            None,
            of,
            &Wanted {
                after: None,
                most: 100,
            },
        )
        .await?
        .items;
    Ok(updates
        .iter()
        .filter(|update| matches!(update.state, U::Requested | U::Queried))
        .count())
}
