//! The page of one group: contacts, checks, bank details, papers, and what it applied for.

use std::collections::{BTreeMap, BTreeSet};

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::accesses::{self, AccessLine};
use super::action::Action;
use super::assets::{self, HeldEntries};
use super::contacts::Contacts;
use super::group_actions::GroupActions;
use super::list::{Neighbours, neighbours};
use super::next_step::NextStep;
use super::papers::{self, Papers, purpose_choices};
use super::{DeskRequest, HistoryEntry, history};
use crate::domain::application::ApplicationState;
use crate::domain::file::{FileDigest, FilePurpose};
use crate::domain::grant::GrantState;
use crate::domain::language::Language;
use crate::domain::text::Slug;
use crate::domain::{Money, PersonId};
use crate::http::file_response::{self, DownloadContext};
use crate::http::pages::phone::Phone;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::{Tag, TagKind, Tagged, check_name, check_tag, place_name};
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, Visitor, file_upload, ownership, see_other,
};
use crate::http::{self, AppState};
use crate::projections::{ApplicationRow, CheckOnFileRow, FileRow, FundRow, GroupRow};
use crate::views::{AccessedData, GroupView, HistoryLine, RelatedGroup};

/// The days before its end on which a check is to be made again.
const RENEW_DAYS: i64 = 30;

#[derive(Template)]
#[template(path = "desk/group.html")]
struct GroupPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    group: GroupView,
    area: String,
    tag: Option<Tag>,
    /// What the group was paid, less what it returned, and in how many grants.
    received: Option<(Money, usize)>,
    members: Vec<(String, String)>,
    invited: Vec<(String, String)>,
    contacts: Option<Contacts>,
    phone: Option<Phone>,
    next: NextStep,
    links: Vec<SharedDetails>,
    lines: Vec<GroupLine>,
    checks: Vec<ShownCheck>,
    held: HeldEntries,
    papers: Papers,
    upload: Option<Form>,
    purposes: Vec<(String, String)>,
    neighbours: Option<Neighbours>,
    /// Whether the reader may download the group's subject access report.
    takes_held: bool,
    /// Who read the group's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    history: Vec<HistoryEntry>,
}

/// An application of a group, or the grant that came of it.
pub(super) struct GroupLine {
    pub path: String,
    pub round: String,
    /// The title that the office gave it; empty before that.
    pub purpose: String,
    /// The name of its theme; empty if it has none.
    pub theme: String,
    pub tag: Tag,
    pub submitted_on: Option<Date>,
    pub requested: Option<Money>,
    pub awarded: Option<Money>,
    pub paid_net: Option<Money>,
}

/// Another group that has the same details.
struct SharedDetails {
    group: Uuid,
    name: String,
    shares: String,
}

/// A check on which other grants of the group can rely.
struct ShownCheck {
    name: String,
    good_until: Date,
    tag: Tag,
}

/// The applications and grants of a group, with the names of their rounds.
pub(super) async fn group_lines(
    request: &DeskRequest<'_>,
    lines: Vec<HistoryLine>,
) -> Result<Vec<GroupLine>, PageError> {
    let funds: BTreeSet<String> = lines.iter().map(|line| line.fund.to_string()).collect();
    let funds: Vec<FundRow> = request.rows_by_id(funds).await?;
    let purposes = purposes(request, &lines).await?;
    let themes = ThemeNames::load(request.app).await?;
    let round_of = |line: &HistoryLine| {
        funds
            .iter()
            .find(|fund| fund.id == line.fund.0)
            .and_then(|fund| {
                let mut rounds = fund.rounds.iter();
                rounds.find(|(key, _)| key.as_str() == line.round)
            })
            .map_or_else(|| place_name(&line.round), |(_, round)| round.name.clone())
    };
    let seen = |line: HistoryLine| {
        let application = line.application.parse::<ApplicationState>();
        let application = application.unwrap_or(ApplicationState::Blank).tag();
        let grant = line.grant.as_ref().map(|state| state.parse::<GrantState>());
        GroupLine {
            round: round_of(&line),
            purpose: purposes.get(&line.id).cloned().unwrap_or_default(),
            theme: themes.name(line.theme.as_ref().map_or("", Slug::as_str), Language::En),
            path: match grant {
                Some(_) => format!("/desk/grants/{}", line.id),
                None => format!("/desk/applications/{}", line.id),
            },
            tag: match grant {
                Some(Ok(state)) => state.tag(),
                _ => application,
            },
            submitted_on: line.submitted_on,
            requested: line.requested,
            awarded: line.awarded,
            paid_net: line.paid_net,
        }
    };
    Ok(lines.into_iter().map(seen).collect())
}

/// The titles of applications, by their ids, for a reader who may read the words of groups.
async fn purposes(
    request: &DeskRequest<'_>,
    lines: &[HistoryLine],
) -> Result<BTreeMap<Uuid, String>, PageError> {
    if !request.signed.reader.may_read_words() {
        return Ok(BTreeMap::new());
    }
    let ids = lines.iter().map(|line| line.id);
    let rows: Vec<ApplicationRow> = request.rows_by_id(ids).await?;
    let title = |row: ApplicationRow| Some((row.id, row.summary?.title.to_string()));
    Ok(rows.into_iter().filter_map(title).collect())
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let app = request.app;
    let reader = &request.signed.reader;
    let row: GroupRow = request.row(ownership::parse_uuid(id)?).await?;
    let people = row.members.iter().chain(&row.invited).copied();
    let names = request.names_of_people(people).await?;
    let with_names = |people: &BTreeSet<PersonId>| -> Vec<(String, String)> {
        people
            .iter()
            .map(|person| (person.to_string(), names.of(person)))
            .collect()
    };
    let (members, invited) = (with_names(&row.members), with_names(&row.invited));
    let group = app
        .views
        .decrypt_groups(reader, vec![row], None)
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let forms = request.forms();
    let acts = GroupActions {
        request,
        forms: &forms,
        group: &group,
    };
    let lines = group_lines(request, app.views.history(group.id, None).await?).await?;
    let page = request.page_context(&group.name).await?;
    let page = GroupPage {
        wrong: forms.error_summary(),
        area: place_name(&group.area),
        tag: tag_of(&group, &lines),
        received: received(&lines),
        links: shared_details(request, group.id).await?,
        next: next_step(request, &group, acts.all(&members).await?),
        contacts: request.contacts(group.id).await?,
        phone: group.telephone.as_deref().map(Phone::of),
        checks: checks_on_file(&group, page.today),
        held: assets::of_group(request, group.id).await?,
        papers: Papers::of(reader, group.id, &group.files, page.today),
        upload: (reader.works_with_groups() && !group.erasure.is_done())
            .then(|| forms.form("keep-file")),
        purposes: purpose_choices(),
        neighbours: neighbours(request, "groups", id).await?,
        takes_held: reader.works_with_groups(),
        accesses: accesses::recent(request, &group.id.to_string()).await?,
        history: history(request, group.id).await?,
        lines,
        members,
        invited,
        group,
        page,
    };
    request.render(&page)
}

/// The state that the page shows for a group: that of a running grant, or of the newest
/// application.
fn tag_of(group: &GroupView, lines: &[GroupLine]) -> Option<Tag> {
    if group.erasure.is_done() {
        return Some(Tag::new(TagKind::Quiet, "Erased"));
    }
    if group.merged_into.is_some() {
        return Some(Tag::new(TagKind::Quiet, "Merged"));
    }
    let running = GrantState::Live.tag();
    if lines.iter().any(|line| line.tag == running) {
        return Some(Tag::new(TagKind::Good, "Grant running"));
    }
    lines
        .iter()
        .max_by_key(|line| line.submitted_on)
        .map(|line| line.tag)
}

/// What a group was paid, less what it returned, and in how many grants.
fn received(lines: &[GroupLine]) -> Option<(Money, usize)> {
    let paid = lines.iter().filter_map(|line| line.paid_net);
    let paid: Vec<Money> = paid.filter(|paid| !paid.is_zero()).collect();
    let sum = paid.iter().fold(Money::ZERO, |sum, paid| sum.plus(*paid));
    (!paid.is_empty()).then_some((sum, paid.len()))
}

/// What groups share, in words: "name, phone number and postcode".
pub(super) fn shared_in_words<'a>(shares: impl IntoIterator<Item = &'a str>) -> String {
    let word = |what: &str| match what {
        "account" => "bank account",
        "address" => "postal address",
        "email" => "email address",
        "name" => "name",
        "number" => "charity or company number",
        "person" => "person",
        "telephone" => "phone number",
        _ => "postcode",
    };
    let mut words: Vec<&str> = shares.into_iter().map(word).collect();
    match (words.pop(), words.as_slice()) {
        (Some(last), []) => last.to_owned(),
        (Some(last), first) => format!("{} and {last}", first.join(", ")),
        (None, _) => String::new(),
    }
}

/// The other groups that have the same details.
async fn shared_details(
    request: &DeskRequest<'_>,
    group: Uuid,
) -> Result<Vec<SharedDetails>, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Ok(Vec::new());
    }
    let related = request.app.views.related_groups(group).await?;
    let seen = |other: RelatedGroup| SharedDetails {
        shares: shared_in_words(other.shares.iter().map(String::as_str)),
        group: other.group,
        name: other.name,
    };
    Ok(related.into_iter().map(seen).collect())
}

/// The checks of other grants that still count, or are about to end.
fn checks_on_file(group: &GroupView, today: Date) -> Vec<ShownCheck> {
    let soon = today.saturating_add(jiff::Span::new().days(RENEW_DAYS));
    let check = |(check, on_file): (&Slug, &CheckOnFileRow)| ShownCheck {
        name: check_name(check.as_str()),
        good_until: on_file.good_until,
        tag: if on_file.good_until <= soon {
            Tag::new(TagKind::Todo, "Renew")
        } else {
            check_tag("passed")
        },
    };
    group.on_file.iter().map(check).collect()
}

fn next_step(request: &DeskRequest<'_>, group: &GroupView, actions: Vec<Action>) -> NextStep {
    let unchecked = group.payee.as_ref().is_some_and(|payee| !payee.verified);
    let (title, why, next) = if group.erasure.is_done() {
        (
            "Nothing to do",
            "We have erased this group’s personal data.",
            "",
        )
    } else if group.merged_into.is_some() {
        ("Nothing to do", "This group was merged into another.", "")
    } else if group.proposal.is_some() {
        (
            "Next: a new name or area",
            "A member of the group asks for it. Others see it once you agree.",
            "take-correction",
        )
    } else if unchecked {
        (
            "Next: check the bank details",
            "Someone who did not enter them must check them.",
            "verify-payee",
        )
    } else {
        ("This group", "There is nothing for you to do here.", "")
    };
    request.next_step(title, why, next, actions)
}

/// The group's subject access report. The access is recorded.
pub(super) async fn subject_access(
    request: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    if !request.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(id)?;
    let held = request.app.views.subject_access_for_group(group).await?;
    http::accesses::record_access(
        request.app,
        &request.signed.reader,
        AccessedData::SubjectAccess(&group.to_string()),
    )
    .await?;
    crate::http::pages::subject_access::render_report(request.app, "this group", &[held]).await
}

/// Stores uploaded files for a group: the scan of a form, a receipt, a signed agreement.
pub(super) async fn upload_file(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let (group, uploaded) = file_upload::read_at_desk(&request, body, &visitor, &app).await?;
    let back = format!("/desk/groups/{group}");
    let purpose = uploaded.posted.text("purpose").parse::<FilePurpose>();
    let says = match (
        &uploaded.file_error,
        purpose.is_ok(),
        uploaded.files.is_empty(),
    ) {
        (Some(error), ..) => Some(("file", format!("{error}"))),
        (None, _, true) => Some(("file", "Choose a picture or a PDF".to_owned())),
        (None, false, _) => Some(("purpose", "Choose what the file is".to_owned())),
        _ => None,
    };
    // The files that arrived whole are kept, also if another one was not, and wait for a purpose if
    // they have none.
    let waiting = match purpose {
        Ok(purpose) => {
            uploaded
                .record_files(&visitor, &app, group, purpose)
                .await?;
            uploaded.waiting.clone()
        }
        Err(_) => {
            uploaded
                .keep_for_later(&request, &visitor, &app, group)
                .await?
        }
    };
    if let Some((field, says)) = says {
        let wrong = vec![(field.to_owned(), says)];
        let rejected = FormErrors {
            files: waiting,
            ..FormErrors::new("keep-file", &uploaded.posted, wrong)
        };
        return super::render_page_at(&app, &visitor, &back, Some(rejected)).await;
    }
    Ok(see_other(&format!("{back}?done=keep-file")))
}

/// A file of a group, decrypted. Panel members may see scans and photographs only.
pub(super) async fn download_file(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let reader = &visitor.require_staff()?.reader;
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let known: FileRow = app
        .views
        .find(FileRow::id_of(group, &file), None)
        .await?
        .filter(|known: &FileRow| known.removed_on.is_none())
        .ok_or_else(PageError::not_found)?;
    if !papers::may_open(reader, known.purpose) {
        return Err(PageError::forbidden());
    }
    let stream = app
        .files
        .open(app.commands.log().vault(), group, &file)
        .await?;
    Ok(file_response::stream_file(
        &file,
        known.media,
        DownloadContext::Page,
        stream,
    ))
}

#[cfg(test)]
mod tests {
    use super::shared_in_words;

    #[test]
    fn what_groups_share_is_a_list_in_words() {
        for (shares, says) in [
            (vec!["number"], "charity or company number"),
            (vec!["name", "telephone"], "name and phone number"),
            (
                vec!["account", "name", "postcode"],
                "bank account, name and postcode",
            ),
        ] {
            assert_eq!(shared_in_words(shares), says);
        }
    }
}
