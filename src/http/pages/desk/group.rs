//! The page of one group: members, payee, files, related groups, and what it applied for.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::accesses::{self, AccessLine};
use super::action::{Action, Availability, visible};
use super::erasures::erasure_actions;
use super::{DeskRequest, HistoryEntry, choices, history};
use crate::clock::day_of;
use crate::domain::command::{ProposalRef, WithReason};
use crate::domain::file::{FileDigest, FilePurpose};
use crate::domain::group::{
    CorrectGroup, MemberRef, MergeGroup, RecordIdentifier, SetContact, VerifyPayee,
};
use crate::domain::payee::PayeeInput;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GroupCommand as C, GroupId, PersonId};
use crate::http::file_response::{self, DownloadContext};
use crate::http::pages::{
    Form, FormErrors, PageContext, PageError, PageForms, Visitor, file_upload, ownership, see_other,
};
use crate::http::{self, AppState};
use crate::projections::{FileRow, GroupRow, PersonRow};
use crate::store::accesses::AccessedData;
use crate::views::{GroupView, HistoryLine, PageRequest as Wanted, PersonView, RelatedGroup};

#[derive(Template)]
#[template(path = "desk/group.html")]
struct GroupPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    group: GroupView,
    members: Vec<(String, String)>,
    links: Vec<RelatedGroup>,
    before: Vec<HistoryLine>,
    correction_acts: Vec<Action>,
    payee_acts: Vec<Action>,
    acts: Vec<Action>,
    upload: Option<Form>,
    purposes: Vec<(String, String)>,
    /// Who read the group's subject access report; only for auditors and administrators.
    accesses: Option<Vec<AccessLine>>,
    history: Vec<HistoryEntry>,
}

pub(super) async fn show(asked: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    let desk = asked.desk;
    let row: GroupRow = desk
        .views
        .find(&ownership::parse_uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let members = row.members.clone();
    let names = asked.names_of_people(members.iter().copied()).await?;
    let group = desk
        .views
        .decrypt_groups(&asked.signed.reader, vec![row], None)
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let links = if asked.signed.reader.works_with_groups() {
        desk.views.related_groups(group.id).await?
    } else {
        Vec::new()
    };
    let forms = asked.forms();
    let members: Vec<_> = members
        .iter()
        .map(|person| (person.to_string(), names.of(person)))
        .collect();
    let page = GroupPage {
        page: asked.page_context(&group.name).await?,
        wrong: forms.error_summary(),
        links,
        before: desk.views.history(group.id, None).await?,
        correction_acts: correction_actions(asked, &forms, &group).await?,
        payee_acts: payee_actions(asked, &forms, &group).await?,
        acts: actions(asked, &forms, &group, &members).await?,
        upload: asked
            .signed
            .reader
            .works_with_groups()
            .then(|| forms.form("keep-file")),
        purposes: choices(["scan", "receipt", "document", "photograph", "signed_form"]),
        accesses: accesses::recent(asked, &group.id.to_string()).await?,
        history: history(asked, group.id).await?,
        members,
        group,
    };
    asked.render(&page)
}

/// An action on the group, with the result of its dry run.
async fn action(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    group: &GroupView,
    form: &str,
    title: &str,
    command: C,
) -> Result<Action, PageError> {
    let path = format!("/desk/do/groups/{}/{}", group.id, command.name());
    let offered = Availability::check(
        asked.desk,
        asked.visitor,
        Command::Group(GroupId(group.id), command),
    )
    .await?;
    Ok(Action::new(forms, form, title, &path, offered))
}

/// Accepting or refusing the name and area that a member proposed.
async fn correction_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    group: &GroupView,
) -> Result<Vec<Action>, PageError> {
    let Some(proposal) = group.proposal else {
        return Ok(Vec::new());
    };
    let take = C::TakeCorrection(ProposalRef { proposal });
    let refuse = C::RefuseCorrection(WithReason {
        reason: "why".parse().expect("a short text"),
    });
    Ok(visible(vec![
        action(
            asked,
            forms,
            group,
            "take-correction",
            "Take them over",
            take,
        )
        .await?
        .hidden("proposal:n", proposal),
        action(
            asked,
            forms,
            group,
            "refuse-correction",
            "Leave the group's name and area as they are",
            refuse,
        )
        .await?
        .text_area_with_hint("reason", "Why", "Names of people do not belong here."),
    ]))
}

/// Entering the group's payee, and verifying it as a second person.
async fn payee_actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    group: &GroupView,
) -> Result<Vec<Action>, PageError> {
    let act = async |form: &str, title: &str, command: C| {
        action(asked, forms, group, form, title, command).await
    };
    let mut acts = Vec::new();
    if let Some(payee) = &group.payee {
        let verify = VerifyPayee {
            payee: payee.payee,
            method: "seen".parse().expect("a line"),
        };
        acts.push(
            act("verify-payee", "Verify the payee", C::VerifyPayee(verify))
                .await?
                .hidden("payee:n", payee.payee)
                .text_with_hint(
                    "method",
                    "How",
                    "A bank statement was seen, the body was called.",
                ),
        );
    }
    let purchase = || C::ProvidePayee(PayeeInput::PurchaseForGroup {});
    acts.push(
        act("own-account", "Key in the group's own account", purchase())
            .await?
            .hidden("route", "own_account")
            .text("account.holder", "The name on the account")
            .text_with_hint(
                "account.numbers",
                "Sort code and account number",
                "Such as 12-34-56 12345678.",
            ),
    );
    acts.push(
        act(
            "holding-body",
            "Key in another body that holds the money",
            purchase(),
        )
        .await?
        .hidden("route", "holding_body")
        .text("body", "The body")
        .day("consented_on", "When it consented")
        .text("account.holder", "The name on the account")
        .text_with_hint(
            "account.numbers",
            "Sort code and account number",
            "Such as 12-34-56 12345678.",
        )
        .prefill("consented_on", day_of(asked.desk.commands.now())),
    );
    acts.push(
        act("purchase", "We buy for the group", purchase())
            .await?
            .hidden("route", "purchase_for_group"),
    );
    Ok(visible(acts))
}

/// People who can be invited, by id and by name with e-mail address. Those with a role are left
/// out: inviting them is rare, and possible through the API.
async fn invitable_people(
    asked: &DeskRequest<'_>,
    group: &GroupView,
) -> Result<Vec<(String, String)>, PageError> {
    let rows = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                limit: 500,
            },
        )
        .await?
        .items;
    let could = |row: &PersonRow| {
        let person = PersonId(row.id);
        row.roles.is_empty()
            && row.proposed.is_empty()
            && !group.members.contains(&person)
            && !group.invited.contains(&person)
    };
    let seen = asked
        .desk
        .views
        .decrypt_people(
            &asked.signed.reader,
            rows.into_iter().filter(could).collect(),
        )
        .await?;
    let named = |seen: PersonView| {
        let email = seen
            .email
            .map(|email| format!(", {email}"))
            .unwrap_or_default();
        Some((seen.id.to_string(), format!("{}{email}", seen.name?)))
    };
    let mut choices: Vec<_> = seen.into_iter().filter_map(named).collect();
    choices.sort_by_key(|(_, a)| a.to_lowercase());
    Ok(choices)
}

async fn actions(
    asked: &DeskRequest<'_>,
    forms: &PageForms,
    group: &GroupView,
    members: &[(String, String)],
) -> Result<Vec<Action>, PageError> {
    let personal = || PersonalInput::Open("words".to_owned());
    let act = async |form: &str, title: &str, command: C| {
        action(asked, forms, group, form, title, command).await
    };
    let choices = invitable_people(asked, group).await?;
    let first = choices
        .first()
        .and_then(|(id, _)| id.parse().ok())
        .map_or(asked.signed.reader.person, PersonId);
    let add = C::AddMember(MemberRef { person: first });
    let add = act("add-member", "Ask somebody to join", add)
        .await?
        .select("person", "Whom", choices);
    let own = || MemberRef {
        person: asked.signed.reader.person,
    };
    let join = act(
        "join",
        "Join the group, as you were asked to",
        C::Join(own()),
    )
    .await?
    .hidden("person", own().person);
    let refuse = act(
        "refuse-invitation",
        "Do not join the group",
        C::RefuseInvitation(own()),
    )
    .await?;
    let mut acts = vec![add, join, refuse.hidden("person", own().person)];
    for (id, name) in members {
        let member = MemberRef {
            person: PersonId(ownership::parse_uuid(id)?),
        };
        acts.push(
            act(
                &format!("remove-{id}"),
                &format!("Remove {name}"),
                C::RemoveMember(member),
            )
            .await?
            .hidden("person", id)
            .destructive(),
        );
    }
    for person in &group.invited {
        let name = asked.names_of_people([*person]).await?.of(person);
        let (title, back) = (
            format!("Take back that {name} was asked to join"),
            C::RemoveMember(MemberRef { person: *person }),
        );
        acts.push(
            act(&format!("take-back-{person}"), &title, back)
                .await?
                .hidden("person", person),
        );
        // An invited person without an e-mail address accepts by way of an officer.
        let (title, join) = (
            format!("{name} has said yes"),
            C::Join(MemberRef { person: *person }),
        );
        acts.push(
            act(&format!("join-{person}"), &title, join)
                .await?
                .hidden("person", person),
        );
    }
    let contact = C::SetContact(SetContact {
        postcode: Some(personal()),
        telephone: None,
    });
    acts.push(
        act("set-contact", "Set postcode and telephone", contact)
            .await?
            .text("postcode", "Postcode")
            .text("telephone", "Telephone")
            .prefill("postcode", group.postcode.clone().unwrap_or_default())
            .prefill("telephone", group.telephone.clone().unwrap_or_default()),
    );
    let correct = CorrectGroup {
        name: format!("{} ", group.name)
            .parse()
            .unwrap_or_else(|_| "name".parse().expect("a line")),
        area: "elsewhere".parse().expect("a slug"),
        reason: personal(),
    };
    acts.push(
        act(
            "correct",
            "Correct the name or the area",
            C::Correct(correct),
        )
        .await?
        .text("name", "Name")
        .text("area", "Area")
        .text_area("reason", "What was wrong")
        .prefill("name", &group.name)
        .prefill("area", &group.area),
    );
    let record = C::RecordIdentifier(RecordIdentifier {
        identifier: "GB-CHC-0000000".parse().expect("an identifier"),
    });
    acts.push(
        act(
            "record-identifier",
            "Record a charity or company number",
            record,
        )
        .await?
        .text_with_hint(
            "identifier",
            "Number",
            "GB-CHC- and a charity number, or GB-COH- and a company number.",
        ),
    );
    let merge = C::Merge(MergeGroup {
        into: GroupId(uuid::Uuid::nil()),
        reason: "why".parse().expect("a short text"),
    });
    acts.push(
        act("merge", "Merge it into another group", merge)
            .await?
            .text_with_hint(
                "into",
                "The id of the group that goes on",
                "The end of its page's address.",
            )
            .text_area("reason", "Why")
            .destructive(),
    );
    acts.extend(
        erasure_actions(asked, forms, "groups", group.id, &|command| {
            Command::Group(GroupId(group.id), command.into_group_command())
        })
        .await?,
    );
    Ok(visible(acts))
}

/// The group's subject access report. The access is recorded.
pub(super) async fn subject_access(
    asked: &DeskRequest<'_>,
    id: &str,
) -> Result<HttpResponse, PageError> {
    if !asked.signed.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(id)?;
    let held = asked.desk.views.subject_access_for_group(group).await?;
    http::accesses::record_access(
        asked.desk,
        &asked.signed.reader,
        AccessedData::SubjectAccess(&group.to_string()),
    )
    .await?;
    crate::http::pages::subject_access::render_report(asked.desk, "this group", &[held]).await
}

/// Stores uploaded files for a group: the scan of a form, a receipt, a signed agreement.
pub(super) async fn upload_file(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    if !visitor.require_staff()?.reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let uploaded = file_upload::read(&request, body, &visitor, &desk, group).await?;
    let back = format!("/desk/groups/{group}");
    let purpose = uploaded.posted.text("purpose").parse::<FilePurpose>();
    let says = match (
        &uploaded.file_error,
        purpose.is_ok(),
        uploaded.files.is_empty(),
    ) {
        (Some(error), ..) => Some(("file", format!("{error}"))),
        (None, _, true) => Some(("file", "Choose a picture or a PDF".to_owned())),
        (None, false, _) => Some(("purpose", "Say what it is".to_owned())),
        _ => None,
    };
    if let Some((field, says)) = says {
        uploaded.discard(&desk).await?;
        let rejected = FormErrors::new(
            "keep-file",
            &uploaded.posted,
            vec![(field.to_owned(), says)],
        );
        return super::render_page_at(&desk, &visitor, &back, Some(rejected)).await;
    }
    if let Ok(purpose) = purpose {
        uploaded
            .record_files(&visitor, &desk, group, purpose)
            .await?;
    }
    Ok(see_other(&format!("{back}?done=keep-file")))
}

/// A file of a group, decrypted. Panel members may see scans and photographs only.
pub(super) async fn download_file(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let reader = &visitor.require_staff()?.reader;
    let group = ownership::parse_uuid(request.match_info().query("group"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let known: FileRow = desk
        .views
        .find(&FileRow::id_of(group, &file), None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let open_to_panel = matches!(known.purpose, FilePurpose::Scan | FilePurpose::Photograph);
    if !reader.may_read_words() || (!reader.works_with_groups() && !open_to_panel) {
        return Err(PageError::forbidden());
    }
    let stream = desk
        .files
        .open(desk.commands.log().vault(), group, &file)
        .await?;
    Ok(file_response::stream_file(
        &file,
        known.media,
        DownloadContext::Page,
        stream,
    ))
}
