//! The page of one introduction: what is next, who it is about and what they share, and the notice
//! to be read aloud before they agree.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::actions::IntroductionActions;
use super::words::{answer_in_words, shared_in_words};
use super::{NamedIntroduction, notice_in_force, with_names};
use crate::domain::introduction::IntroductionState;
use crate::domain::language::day_text;
use crate::domain::{GroupId, PersonId, Role};
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::consents::{ConsentCard, consent_card};
use crate::http::pages::desk::next_step::NextStep;
use crate::http::pages::desk::{DeskRequest, HistoryEntry, PersonNames, channel_name, history};
use crate::http::pages::words::{Tag, Tagged as _};
use crate::http::pages::{PageContext, PageError, ownership};
use crate::projections::{GroupRow, IntroductionRow};
use crate::views::Filter;

/// The page on which administrators publish notices.
const NOTICES: &str = "/desk/texts/notices";

#[derive(Template)]
#[template(path = "desk/introductions/record.html")]
struct IntroductionRecordPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    named: NamedIntroduction,
    tag: Tag,
    /// The notice to be read aloud: its version and its words. Only before they agree.
    notice: Option<(u32, String)>,
    /// The group that holds the entry.
    holder: Option<(Uuid, String)>,
    host: Option<String>,
    asked_by: Option<String>,
    /// How they agreed, in a sentence.
    agreed: Option<String>,
    shares: String,
    answers: Vec<(&'static str, &'static str)>,
    next: NextStep,
    /// What else the person agreed to.
    consents: Option<ConsentCard>,
    history: Vec<HistoryEntry>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let row: IntroductionRow = request.row(ownership::parse_uuid(id)?).await?;
    let named = with_names(request, vec![row]).await?.pop();
    let named = named.ok_or_else(PageError::not_found)?;
    let row = &named.seen.row;
    let notice = if row.state == IntroductionState::Asked {
        notice_in_force(request.app).await?
    } else {
        None
    };
    let holder = holder_of(request, row.holder).await?;
    let hosts = hosts(request, holder.as_ref(), row.person).await?;
    let people = [row.asked_by, row.keyed_by, row.host];
    // The names of hosts are no secret of the group: they are who people ask for at the door.
    let colleagues = request
        .names_of_colleagues(people.into_iter().flatten())
        .await?;
    let forms = request.forms();
    let actions = IntroductionActions {
        request,
        forms: &forms,
        row,
        notice: notice.as_ref().map(|(version, _)| *version),
        hosts,
        known_at_risk: known_at_risk(request, row).await?,
    };
    let words = next_words(request, row, notice.is_some());
    let next = request.next_step(words.title, words.why, words.form, actions.all().await?);
    let next = match words.link {
        Some((label, path)) => next.with_link(label, path),
        None => next,
    };
    let consents = match row.person {
        Some(person) => consent_card(request, &forms, person).await?,
        None => None,
    };
    let page = IntroductionRecordPage {
        page: request.page_context(&named.title()).await?,
        wrong: forms.error_summary(),
        tag: row.state.tag(),
        holder: holder.map(|group| (group.id, group.name)),
        host: name_of(row.host, &colleagues).or_else(|| named.seen.host_name.clone()),
        asked_by: name_of(row.asked_by, &colleagues),
        agreed: agreed_text(row, &colleagues),
        shares: shared_in_words(&row.shares),
        answers: answer_in_words(row.decline_reason, row.came_to, row.close_reason),
        history: history(request, row.id).await?,
        notice,
        next,
        consents,
        named,
    };
    request.render(&page)
}

/// Whether another introduction says that those who are introduced may be at risk.
async fn known_at_risk(
    request: &DeskRequest<'_>,
    row: &IntroductionRow,
) -> Result<bool, PageError> {
    let of_same = match (row.person, row.group) {
        (Some(person), _) => Filter::equals("person", person),
        (None, Some(group)) => Filter::equals("group_id", group),
        (None, None) => return Ok(false),
    };
    let rows: Vec<IntroductionRow> = request.list_all(vec![of_same]).await?;
    Ok(rows.iter().any(|other| other.at_risk))
}

fn name_of(person: Option<PersonId>, names: &PersonNames) -> Option<String> {
    person.map(|person| names.of(&person))
}

/// The group that holds the entry. If it was merged into another one, that one answers for it.
async fn holder_of(
    request: &DeskRequest<'_>,
    holder: Option<GroupId>,
) -> Result<Option<GroupRow>, PageError> {
    let mut next = holder;
    let mut found: Option<GroupRow> = None;
    while let Some(id) = next {
        found = request.app.views.find(id, None).await?;
        next = found.as_ref().and_then(|group| group.merged_into);
    }
    Ok(found)
}

/// The members of a group who can welcome somebody, by id and name. Nobody welcomes themselves.
async fn hosts(
    request: &DeskRequest<'_>,
    group: Option<&GroupRow>,
    introduced: Option<PersonId>,
) -> Result<Choices, PageError> {
    let Some(group) = group else {
        return Ok(Vec::new());
    };
    let members = group.members.iter();
    let members = members.filter(|member| Some(**member) != introduced);
    let names = request
        .names_of_colleagues(members.clone().copied())
        .await?;
    let choice = |member: &PersonId| (member.to_string(), names.of(member));
    Ok(members.map(choice).collect())
}

/// How they agreed: "12 May 2027, by phone, on notice 2. It was read back. Noted by Morgan Price."
fn agreed_text(row: &IntroductionRow, names: &PersonNames) -> Option<String> {
    let mut says = day_text(row.agreed_on?);
    if let Some(channel) = row.channel {
        says = format!("{says}, {}", channel_name(&channel));
    }
    if let Some(notice) = row.notice {
        says = format!("{says}, on notice {notice}");
    }
    says.push('.');
    if row.read_back {
        says.push_str(" It was read back.");
    }
    if let Some(by) = name_of(row.keyed_by, names) {
        says = format!("{says} Noted by {by}.");
    }
    Some(says)
}

/// What is next, in words, with the form or the page on which it is done.
struct IntroductionNextWords {
    title: &'static str,
    why: &'static str,
    form: &'static str,
    link: Option<(&'static str, String)>,
}

fn next_words(
    request: &DeskRequest<'_>,
    row: &IntroductionRow,
    has_notice: bool,
) -> IntroductionNextWords {
    use IntroductionState as S;
    let (title, why, form) = match row.state {
        S::Asked if !has_notice => (
            "Next: publish the notice",
            "An administrator must first write what people are told before they agree.",
            "",
        ),
        S::Asked => (
            "Next: ask if they agree",
            "Read them the notice on this page. Then note what they say.",
            "agree",
        ),
        S::Agreed => ("Next: make the introduction", "They agreed.", "make"),
        S::Made => (
            "Next: hear who welcomes them",
            "They can answer online. If they tell you, note it here.",
            "welcome",
        ),
        S::Welcomed => (
            "Next: ask how it went",
            "Phone them a few weeks later.",
            "say-how",
        ),
        S::Declined => (
            "Next: find another place",
            "Then you can close this one.",
            "",
        ),
        S::CameTo => (
            "Nothing to do now",
            "Say it again if it changes, or close it.",
            "",
        ),
        S::TakenBack => (
            "They changed their mind",
            "No one outside our office sees anything.",
            "",
        ),
        S::Closed => ("This is closed", "There is nothing more to do.", ""),
    };
    let link = match row.state {
        S::Asked if !has_notice && request.signed.reader.roles.contains(&Role::Administrator) => {
            Some(("Open the notices", NOTICES.to_owned()))
        }
        S::Declined => Some(("Find another place", another_place(row))),
        _ => None,
    };
    IntroductionNextWords {
        title,
        why,
        form,
        link,
    }
}

/// The page of a talk with the same person or group.
fn another_place(row: &IntroductionRow) -> String {
    let person = row.person.map(|person| format!("?person={person}"));
    let group = row.group.map(|group| format!("?group={group}"));
    let of = person.or(group).unwrap_or_default();
    format!("/desk/introductions/new{of}")
}
