//! The overview of a member: what is asked first, their gatherings, and their groups, with
//! applications, grants and members.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::barriers::{self, OwnBarrier};
use super::entries::OwnEntries;
use super::gatherings::{self, GroupSession, OwnGatherings};
use super::introductions::OwnIntroductions;
use super::to_do::{self, GrantRecords, ToDo};
use super::{members, notices, pledges, states};
use crate::clock::day_of;
use crate::commands::CommandRequest;
use crate::domain::group::MemberRef;
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::text::contains_url;
use crate::domain::{Command, GroupCommand, GroupId};
use crate::http::AppState;
use crate::http::api::grants::redact_for_group;
use crate::http::pages::apply::correction_notice;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::words::Tag;
use crate::http::pages::{
    PageContext, PageError, PageForms, PageWidth, PostedForm, Visitor, ownership, render_page,
    see_other,
};
use crate::mail::format_day;
use crate::projections::{ApplicationRow, FileRow, FundRow, GrantRow, GroupRow, PersonRow};
use crate::views::{Filter, PageRequest};

#[derive(Template)]
#[template(path = "my/overview.html")]
struct OwnOverviewPage {
    page: PageContext,
    /// Whether proposed contact details wait for the visitor's answer.
    contact_waits: bool,
    /// Whether the visitor has proven their address, without which nobody can invite.
    proven: bool,
    forms: PageForms,
    /// The groups that invited the visitor, by id and name.
    invited_to: Vec<(String, String)>,
    to_do: Vec<ToDo>,
    groups: Vec<OwnGroup>,
    gatherings: OwnGatherings,
    /// What the visitor has in the directory as a person.
    own: OwnEntries,
    introductions: OwnIntroductions,
    /// The barriers that the visitor raised.
    barriers: Vec<OwnBarrier>,
    /// How many pledges the visitor has open, if they ever took one.
    pledges: Option<usize>,
}

struct OwnGroup {
    row: GroupRow,
    /// A correction that a member proposed and the office has not decided on.
    waiting: Option<String>,
    applications: Vec<OwnRecord>,
    grants: Vec<OwnRecord>,
    /// Sessions to come that members signed up for in the group's name.
    sessions: Vec<GroupSession>,
    /// What the group has in the directory, and what others nearby have.
    entries: OwnEntries,
    members: Vec<String>,
}

impl OwnGroup {
    fn own_entries(&self) -> &OwnEntries {
        &self.entries
    }
}

/// An application, or the grant that it led to.
struct OwnRecord {
    title: String,
    path: String,
    state: Tag,
    /// Its amount and its days, in one line.
    line: String,
}

/// What the overview collects while it reads a group's records.
struct Reading<'a> {
    app: &'a AppState,
    today: Date,
    language: Language,
    payee: Option<u32>,
    files: Vec<FileRow>,
    to_do: Vec<ToDo>,
    applications: Vec<OwnRecord>,
    grants: Vec<OwnRecord>,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let signed = visitor.require_signed_in()?;
    if signed.reader.sees_all() {
        return Ok(see_other("/desk"));
    }
    render(&request, &visitor, &app).await
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
    let (answer, done) = if posted.text("join") == "yes" {
        (GroupCommand::Join(of), "joined")
    } else {
        (GroupCommand::RefuseInvitation(of), "not-joined")
    };
    let command = Command::Group(
        GroupId(ownership::parse_uuid(posted.text("group"))?),
        answer,
    );
    ownership::execute_and_wait(&app, CommandRequest::new(signed.caller.clone(), command)).await?;
    Ok(see_other(&format!("/my?done={done}")))
}

async fn render(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<HttpResponse, PageError> {
    let signed = visitor.require_signed_in()?;
    let (mut groups, mut to_do) = (Vec::new(), Vec::new());
    for id in app.views.groups_of(signed.reader.person).await? {
        let Some(row) = app.views.find::<GroupRow>(&id.to_string(), None).await? else {
            continue;
        };
        groups.push(own_group(app, row, visitor.language, &mut to_do).await?);
    }
    let mut introductions = OwnIntroductions::load(app, &signed.reader, visitor.language).await?;
    to_do.append(&mut introductions.to_do);
    to_do::sort(&mut to_do);
    let own: Option<PersonRow> = app.views.find(signed.reader.person, None).await?;
    let contact_waits = visitor.proven
        && own
            .as_ref()
            .is_some_and(|own| own.proposed_contact.is_some());
    let gatherings = OwnGatherings::load(app, signed.reader.person, visitor.language).await?;
    let barriers = barriers::of_person(app, signed.reader.person, visitor.language).await?;
    let pledges = pledges::count_of(app, signed.reader.person).await?;
    let title = match (groups.is_empty(), gatherings.is_empty()) {
        (true, false) => "My gatherings",
        (true, true) if !introductions.is_empty() => "My introductions",
        (true, true) if !barriers.is_empty() || pledges.is_some() => "My page",
        _ => "My group",
    };
    let title = translate(title, visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.width = PageWidth::Wide;
    shell.notice = notices::notice(request, visitor.language);
    render_page(&OwnOverviewPage {
        page: shell,
        contact_waits,
        proven: visitor.proven,
        forms: PageForms::new(visitor, None),
        invited_to: invitations(visitor, app, own).await?,
        to_do,
        groups,
        gatherings,
        own: OwnEntries::of_person(app, signed.reader.person, visitor.language).await?,
        introductions,
        barriers,
        pledges,
    })
}

/// A group with its applications, the newest first.
async fn own_group(
    app: &AppState,
    row: GroupRow,
    language: Language,
    to_do: &mut Vec<ToDo>,
) -> Result<OwnGroup, PageError> {
    let of = vec![Filter::equals("group_id", row.id)];
    let applications = app
        .views
        .list::<ApplicationRow>(None, of, &PageRequest::up_to_max())
        .await?
        .items;
    let mut reading = Reading {
        app,
        today: day_of(app.commands.now()),
        language,
        payee: row.payee.as_ref().map(|payee| payee.payee),
        files: app.views.files_of(&[row.id.to_string()], None).await?,
        to_do: Vec::new(),
        applications: Vec::new(),
        grants: Vec::new(),
    };
    for application in applications.into_iter().rev() {
        let application = application.before_held_decision(app.commands.now());
        reading.add(&application).await?;
    }
    to_do.append(&mut reading.to_do);
    Ok(OwnGroup {
        waiting: correction_notice(&row, language),
        members: members::names(app, &row.members).await?,
        applications: reading.applications,
        grants: reading.grants,
        sessions: gatherings::of_group(app, &row, language).await?,
        entries: OwnEntries::of_group(app, &row, language).await?,
        row,
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

impl Reading<'_> {
    /// Adds an application, or the grant that it led to.
    async fn add(&mut self, row: &ApplicationRow) -> Result<(), PageError> {
        let grant: Option<GrantRow> = self.app.views.find(row.id, None).await?;
        match grant.filter(GrantRow::is_shown_to_group) {
            Some(grant) => self.add_grant(redact_for_group(grant)).await,
            None => self.add_application(row).await,
        }
    }

    async fn add_application(&mut self, row: &ApplicationRow) -> Result<(), PageError> {
        let fund: Option<FundRow> = self.app.views.find(row.fund, None).await?;
        let round = fund.as_ref().and_then(|fund| fund.rounds.get(&row.round));
        let title = format!(
            "{}: {}",
            fund.as_ref()
                .map(|fund| fund.name_in(self.language))
                .unwrap_or_default(),
            round.map(|round| round.name.clone()).unwrap_or_default()
        );
        let asked = to_do::application_to_do(row, round, self.today, self.language);
        self.to_do.extend(asked);
        self.applications.push(OwnRecord {
            title,
            path: format!("/my/applications/{}", row.id),
            state: states::application_tag(row.state, self.language),
            line: self.application_line(row),
        });
        Ok(())
    }

    fn application_line(&self, row: &ApplicationRow) -> String {
        let mut parts: Vec<String> = row.requested.iter().map(ToString::to_string).collect();
        if let Some(day) = row.submitted_on {
            parts.push(self.with("sent on {}", &format_day(day, self.language)));
            if let Some(number) = Reference::parse(&row.reference) {
                let number = number.to_string();
                parts.push(translate_with("number {}", &number, self.language));
            }
        }
        parts.join(" · ")
    }

    async fn add_grant(&mut self, row: GrantRow) -> Result<(), PageError> {
        let of = || vec![Filter::equals("grant_id", row.id)];
        let all = PageRequest::up_to_max();
        let updates = self.app.views.list(None, of(), &all).await?.items;
        let payments = self.app.views.list(None, of(), &all).await?.items;
        let records = GrantRecords {
            row: &row,
            updates: &updates,
            payments: &payments,
            files: &self.files,
            payee: self.payee,
            today: self.today,
            language: self.language,
        };
        self.to_do.extend(records.to_do());
        let ends_on = format_day(row.ends_on, self.language);
        self.grants.push(OwnRecord {
            path: format!("/my/grants/{}", row.id),
            state: states::grant_tag(&row, self.today, self.language),
            line: format!(
                "{} · {}",
                to_do::awarded(&row),
                self.with("until {}", &ends_on)
            ),
            title: row.title,
        });
        Ok(())
    }

    fn with(&self, text: &str, value: &str) -> String {
        translate_with(text, value, self.language)
    }
}
