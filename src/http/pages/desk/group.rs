//! The page of one group: members, payee, files, related groups, and what it applied for.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::accesses::{self, Access};
use super::act::{Act, Offered, shown};
use super::erasures::erasing;
use super::{Asked, Happened, choices, history};
use crate::domain::command::{Because, ProposalOf};
use crate::domain::file::{FileDigest, FilePurpose};
use crate::domain::group::{
    CorrectGroup, MemberOf, MergeGroup, RecordIdentifier, SetContact, VerifyPayee,
};
use crate::domain::payee::PayeeTyped;
use crate::domain::sealed::Personal;
use crate::domain::{Command, GroupCommand as C, GroupId, PersonId};
use crate::http::kept_file::{self, Opened};
use crate::http::pages::{Failed, Form, Forms, Rejected, Shell, Visitor, own, see_other, upload};
use crate::http::{self, Desk};
use crate::log::record::day_of;
use crate::projections::{FileRow, GroupRow, PersonRow};
use crate::store::accesses::Looked;
use crate::views::{GroupSeen, HistoryLine, Link, Page as Wanted, PersonSeen};

#[derive(Template)]
#[template(path = "desk/group.html")]
struct Sheet {
    page: Shell,
    wrong: Vec<(String, String)>,
    group: GroupSeen,
    members: Vec<(String, String)>,
    links: Vec<Link>,
    before: Vec<HistoryLine>,
    correction_acts: Vec<Act>,
    payee_acts: Vec<Act>,
    acts: Vec<Act>,
    upload: Option<Form>,
    purposes: Vec<(String, String)>,
    /// Who read the group's subject access report; only for auditors and administrators.
    accesses: Option<Vec<Access>>,
    history: Vec<Happened>,
}

pub(super) async fn show(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    let desk = asked.desk;
    let row: GroupRow = desk
        .views
        .find(&own::uuid(id)?.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let members = row.members.clone();
    let names = asked.people(members.iter().copied()).await?;
    let group = desk
        .views
        .open_groups(&asked.signed.reader, vec![row], None)
        .await?
        .pop()
        .ok_or_else(Failed::nothing)?;
    let links = if asked.signed.reader.works_with_groups() {
        desk.views.links(group.id).await?
    } else {
        Vec::new()
    };
    let forms = asked.forms();
    let members: Vec<_> = members
        .iter()
        .map(|person| (person.to_string(), names.of(person)))
        .collect();
    let page = Sheet {
        page: asked.shell(&group.name).await?,
        wrong: forms.wrong(),
        links,
        before: desk.views.history(group.id, None).await?,
        correction_acts: correction_acts(asked, &forms, &group).await?,
        payee_acts: payee_acts(asked, &forms, &group).await?,
        acts: acts(asked, &forms, &group, &members).await?,
        upload: asked
            .signed
            .reader
            .works_with_groups()
            .then(|| forms.form("keep-file")),
        purposes: choices(["scan", "receipt", "document", "photograph", "signed_form"]),
        accesses: accesses::of(asked, &group.id.to_string()).await?,
        history: history(asked, group.id).await?,
        members,
        group,
    };
    asked.page(&page)
}

/// An action on the group, with the result of its dry run.
async fn offer(
    asked: &Asked<'_>,
    forms: &Forms,
    group: &GroupSeen,
    form: &str,
    title: &str,
    command: C,
) -> Result<Act, Failed> {
    let path = format!("/desk/do/groups/{}/{}", group.id, command.name());
    let offered = Offered::of(
        asked.desk,
        asked.visitor,
        Command::Group(GroupId(group.id), command),
    )
    .await?;
    Ok(Act::new(forms, form, title, &path, offered))
}

/// Accepting or refusing the name and area that a member proposed.
async fn correction_acts(
    asked: &Asked<'_>,
    forms: &Forms,
    group: &GroupSeen,
) -> Result<Vec<Act>, Failed> {
    let Some(proposal) = group.proposal else {
        return Ok(Vec::new());
    };
    let take = C::TakeCorrection(ProposalOf { proposal });
    let refuse = C::RefuseCorrection(Because {
        reason: "why".parse().expect("a short text"),
    });
    Ok(shown(vec![
        offer(
            asked,
            forms,
            group,
            "take-correction",
            "Take them over",
            take,
        )
        .await?
        .hidden("proposal:n", proposal),
        offer(
            asked,
            forms,
            group,
            "refuse-correction",
            "Leave the group's name and area as they are",
            refuse,
        )
        .await?
        .words_with("reason", "Why", "Names of people do not belong here."),
    ]))
}

/// Entering the group's payee, and verifying it as a second person.
async fn payee_acts(
    asked: &Asked<'_>,
    forms: &Forms,
    group: &GroupSeen,
) -> Result<Vec<Act>, Failed> {
    let act = async |form: &str, title: &str, command: C| {
        offer(asked, forms, group, form, title, command).await
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
                .line_with(
                    "method",
                    "How",
                    "A bank statement was seen, the body was called.",
                ),
        );
    }
    let purchase = || C::ProvidePayee(PayeeTyped::PurchaseForGroup {});
    acts.push(
        act("own-account", "Key in the group's own account", purchase())
            .await?
            .hidden("route", "own_account")
            .line("account.holder", "The name on the account")
            .line_with(
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
        .line("body", "The body")
        .day("consented_on", "When it consented")
        .line("account.holder", "The name on the account")
        .line_with(
            "account.numbers",
            "Sort code and account number",
            "Such as 12-34-56 12345678.",
        )
        .known("consented_on", day_of(asked.desk.commands.now())),
    );
    acts.push(
        act("purchase", "We buy for the group", purchase())
            .await?
            .hidden("route", "purchase_for_group"),
    );
    Ok(shown(acts))
}

/// People who can be invited, by id and by name with e-mail address. Those with a role are left
/// out: inviting them is rare, and possible through the API.
async fn joinable(asked: &Asked<'_>, group: &GroupSeen) -> Result<Vec<(String, String)>, Failed> {
    let rows = asked
        .desk
        .views
        .list::<PersonRow>(
            None,
            Vec::new(),
            &Wanted {
                after: None,
                most: 500,
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
        .open_people(
            &asked.signed.reader,
            rows.into_iter().filter(could).collect(),
        )
        .await?;
    let named = |seen: PersonSeen| {
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

async fn acts(
    asked: &Asked<'_>,
    forms: &Forms,
    group: &GroupSeen,
    members: &[(String, String)],
) -> Result<Vec<Act>, Failed> {
    let personal = || Personal::Open("words".to_owned());
    let act = async |form: &str, title: &str, command: C| {
        offer(asked, forms, group, form, title, command).await
    };
    let choices = joinable(asked, group).await?;
    let first = choices
        .first()
        .and_then(|(id, _)| id.parse().ok())
        .map_or(asked.signed.reader.person, PersonId);
    let add = C::AddMember(MemberOf { person: first });
    let add = act("add-member", "Ask somebody to join", add)
        .await?
        .one("person", "Whom", choices);
    let own = || MemberOf {
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
        let member = MemberOf {
            person: PersonId(own::uuid(id)?),
        };
        acts.push(
            act(
                &format!("remove-{id}"),
                &format!("Remove {name}"),
                C::RemoveMember(member),
            )
            .await?
            .hidden("person", id)
            .grave(),
        );
    }
    for person in &group.invited {
        let name = asked.people([*person]).await?.of(person);
        let (title, back) = (
            format!("Take back that {name} was asked to join"),
            C::RemoveMember(MemberOf { person: *person }),
        );
        acts.push(
            act(&format!("take-back-{person}"), &title, back)
                .await?
                .hidden("person", person),
        );
        // An invited person without an e-mail address accepts by way of an officer.
        let (title, join) = (
            format!("{name} has said yes"),
            C::Join(MemberOf { person: *person }),
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
            .line("postcode", "Postcode")
            .line("telephone", "Telephone")
            .known("postcode", group.postcode.clone().unwrap_or_default())
            .known("telephone", group.telephone.clone().unwrap_or_default()),
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
        .line("name", "Name")
        .line("area", "Area")
        .words("reason", "What was wrong")
        .known("name", &group.name)
        .known("area", &group.area),
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
        .line_with(
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
            .line_with(
                "into",
                "The id of the group that goes on",
                "The end of its page's address.",
            )
            .words("reason", "Why")
            .grave(),
    );
    acts.extend(
        erasing(asked, forms, "groups", group.id, &|command| {
            Command::Group(GroupId(group.id), command.of_group())
        })
        .await?,
    );
    Ok(shown(acts))
}

/// The group's subject access report. The access is recorded.
pub(super) async fn held(asked: &Asked<'_>, id: &str) -> Result<HttpResponse, Failed> {
    if !asked.signed.reader.works_with_groups() {
        return Err(Failed::not_yours());
    }
    let group = own::uuid(id)?;
    let held = asked.desk.views.held_on_group(group).await?;
    http::accesses::note(
        asked.desk,
        &asked.signed.reader,
        Looked::Held(&group.to_string()),
    )
    .await?;
    crate::http::pages::held::answer(asked.desk, "this group", &[held]).await
}

/// Stores uploaded files for a group: the scan of a form, a receipt, a signed agreement.
pub(super) async fn keep(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    if !visitor.staff()?.reader.works_with_groups() {
        return Err(Failed::not_yours());
    }
    let group = own::uuid(request.match_info().query("group"))?;
    let uploaded = upload::read(&request, body, &visitor, &desk, group).await?;
    let back = format!("/desk/groups/{group}");
    let purpose = uploaded.posted.text("purpose").parse::<FilePurpose>();
    let says = match (&uploaded.wrong, purpose.is_ok(), uploaded.files.is_empty()) {
        (Some(error), ..) => Some(("file", format!("{error}"))),
        (None, _, true) => Some(("file", "Choose a picture or a PDF".to_owned())),
        (None, false, _) => Some(("purpose", "Say what it is".to_owned())),
        _ => None,
    };
    if let Some((field, says)) = says {
        uploaded.give_up(&desk).await?;
        let rejected = Rejected::with(
            "keep-file",
            &uploaded.posted,
            vec![(field.to_owned(), says)],
        );
        return super::at(&desk, &visitor, &back, Some(rejected)).await;
    }
    if let Ok(purpose) = purpose {
        uploaded.record(&visitor, &desk, group, purpose).await?;
    }
    Ok(see_other(&format!("{back}?done=keep-file")))
}

/// A file of a group, decrypted. Panel members may see scans and photographs only.
pub(super) async fn file(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let reader = &visitor.staff()?.reader;
    let group = own::uuid(request.match_info().query("group"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| Failed::nothing())?;
    let known: FileRow = desk
        .views
        .find(&FileRow::id_of(group, &file), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let open_to_panel = matches!(known.purpose, FilePurpose::Scan | FilePurpose::Photograph);
    if !reader.reads_words() || (!reader.works_with_groups() && !open_to_panel) {
        return Err(Failed::not_yours());
    }
    let stream = desk
        .files
        .open(desk.commands.log().vault(), group, &file)
        .await?;
    Ok(kept_file::answer(
        &file,
        known.media,
        Opened::OnPage,
        stream,
    ))
}
