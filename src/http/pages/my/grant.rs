//! The page of one grant for its group: the agreement, open requirements, payments, and updates.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use crate::domain::command::Nothing;
use crate::domain::file::{FileDigest, FilePurpose, Media};
use crate::domain::grant::{
    AcceptAgreement, AmountOf, GrantState, Method, PaymentState, RequestVariation, StoryOf,
    UpdateState, Varied,
};
use crate::domain::sealed::Personal;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::Desk;
use crate::http::api::grants::for_group;
use crate::http::kept_file::{self, Opened};
use crate::http::pages::apply::{amount, refusal_says};
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Forms, Posted, Rejected, Sent, Shell, Visitor, own, see_other, shown, upload,
};
use crate::projections::{
    AgreementRow, FileRow, FundRow, GrantRow, GroupRow, PaymentRow, UpdateRow,
};
use crate::views::Page as Wanted;

#[derive(Template)]
#[template(path = "my/grant.html")]
struct Sheet {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    state: (&'static str, &'static str),
    agreement: String,
    signers: usize,
    payee: Option<bool>,
    files: Vec<FileRow>,
    payments: Vec<PaymentRow>,
    updates: Vec<UpdateRow>,
    runs: bool,
}

/// The label of a grant's state for groups, and the colour of its tag.
pub fn stands(row: &GrantRow) -> (&'static str, &'static str) {
    use GrantState as S;
    if row.on_hold {
        return ("Payments wait", "orange");
    }
    if row.offer_waits && row.state == S::Offered {
        return ("We are checking the decision", "blue");
    }
    match row.state {
        S::Blank | S::Offered => ("Waiting for your answer", "yellow"),
        S::Accepted => ("Accepted", "green"),
        S::Live => ("Running", "green"),
        S::Reported => ("You have told us how it went", "blue"),
        S::Closed => ("Finished", "grey"),
        S::Terminated => ("Ended early", "grey"),
        S::OfferDeclined => ("You said no", "grey"),
        S::OfferLapsed => ("The offer ran out", "grey"),
        S::OfferWithdrawn => ("The offer was taken back", "grey"),
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::grant(&visitor, &desk, request.match_info().query("id")).await?;
    render(&visitor, &desk, row, None).await
}

async fn render(
    visitor: &Visitor,
    desk: &Desk,
    row: GrantRow,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    let row = for_group(row);
    let agreement: Option<AgreementRow> = desk
        .views
        .find(&AgreementRow::id_of(row.agreement_version), None)
        .await?;
    let fund: FundRow = desk
        .views
        .find(&row.fund.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let group: GroupRow = desk
        .views
        .find(&row.group.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let of = || vec![("grant_id", vec![row.id.to_string()])];
    let all = Wanted {
        after: None,
        most: 100,
    };
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, &row.title).await?;
    shell.back = Some("/my".to_owned());
    shell.wrong = !wrong.is_empty();
    let page = Sheet {
        page: shell,
        forms,
        wrong,
        state: stands(&row),
        agreement: agreement
            .map(|agreement| agreement.text)
            .unwrap_or_default(),
        signers: usize::from(fund.rules.signers),
        payee: group
            .payee
            .as_ref()
            .map(|payee| payee.verified_by.is_some()),
        files: desk.views.files_of(&[row.group.to_string()], None).await?,
        payments: desk.views.list(None, of(), &all).await?.items,
        updates: desk.views.list(None, of(), &all).await?.items,
        runs: matches!(
            row.state,
            GrantState::Accepted | GrantState::Live | GrantState::Reported
        ),
        row,
    };
    shown(visitor, desk, page.page.wrong, &page)
}

/// Handles the forms of the page: accepting or declining the offer, requesting a variation,
/// declaring an underspend, withdrawing a story.
pub(super) async fn act(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let row = own::grant(&visitor, &desk, request.match_info().query("id")).await?;
    let command = match read(&posted, &visitor) {
        Ok(command) => command,
        Err((field, says)) => {
            let rejected =
                Rejected::with(posted.text("form"), &posted, vec![(field.to_owned(), says)]);
            return render(&visitor, &desk, row, Some(rejected)).await;
        }
    };
    let Some(refusal) = own::attempt(
        &visitor,
        &desk,
        &posted,
        Command::Grant(GrantId(row.id), command),
    )
    .await?
    else {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    };
    let says = refusal_says(&refusal, visitor.language);
    render(
        &visitor,
        &desk,
        row,
        Some(Rejected::with(
            posted.text("form"),
            &posted,
            vec![(String::new(), says)],
        )),
    )
    .await
}

/// Parses a form into a command, or returns the field with an error and its text.
fn read(posted: &Posted, visitor: &Visitor) -> Result<GrantCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, say(says, visitor.language).to_owned());
    Ok(match posted.text("form") {
        "accept" => {
            let names: Vec<_> = posted
                .all("signer[]")
                .filter(|name| !name.is_empty())
                .collect();
            let distinct: BTreeSet<_> = names.iter().map(|name| name.to_lowercase()).collect();
            if posted.text("agree") != "yes" {
                return Err(miss("agree", "Tick the box if you agree"));
            }
            if names.is_empty() || distinct.len() != names.len() {
                return Err(miss(
                    "signer",
                    "Write the name of everybody who signs, each once",
                ));
            }
            let names = names
                .into_iter()
                .map(Personal::name)
                .collect::<Result<_, _>>();
            let names = names
                .map_err(|_| miss("signer", "Write the name of everybody who signs, each once"))?;
            GrantCommand::AcceptAgreement(AcceptAgreement {
                hash: posted.text("hash").to_owned(),
                method: Method::Web,
                names,
            })
        }
        "decline" if posted.text("sure") == "yes" => GrantCommand::DeclineOffer(Nothing {}),
        "decline" => return Err(miss("sure", "Tick the box if you do not want the grant")),
        "vary" => {
            let words = Personal::try_from(posted.text("words").to_owned());
            let words =
                words.map_err(|_| miss("words", "Write what you would like to change, and why"))?;
            let ends_on = match posted.text("ends_on") {
                "" => None,
                text => Some(
                    text.parse()
                        .map_err(|_| miss("ends_on", "This is not a day"))?,
                ),
            };
            let change = Varied {
                ends_on,
                update_due_on: ends_on,
                ..Varied::default()
            };
            GrantCommand::RequestVariation(RequestVariation { change, words })
        }
        "unspent" => {
            let amount = amount(posted.text("amount"))
                .ok_or_else(|| miss("amount", "Write a sum in pounds, such as 850"))?;
            GrantCommand::DeclareUnderspend(AmountOf { amount })
        }
        "withdraw-story" => {
            let story = posted
                .text("story")
                .parse()
                .map_err(|_| miss("story", "This is no story of yours"))?;
            GrantCommand::WithdrawStory(StoryOf { story })
        }
        _ => return Err(miss("form", "This form is not known here")),
    })
}

/// Stores documents for the grant's checks.
pub(super) async fn hand_in(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::grant(&visitor, &desk, request.match_info().query("id")).await?;
    let uploaded = upload::read(&request, body, &visitor, &desk, row.group.0).await?;
    let nothing = uploaded.files.is_empty();
    if nothing || uploaded.wrong.is_some() {
        uploaded.give_up(&desk).await?;
        let says = match &uploaded.wrong {
            Some(error) => upload::wrong_says(error, visitor.language),
            None => say("Choose a picture or a PDF", visitor.language),
        };
        let says = says.to_owned();
        return render(
            &visitor,
            &desk,
            row,
            Some(Rejected::with(
                "hand-in",
                &uploaded.posted,
                vec![("file".to_owned(), says)],
            )),
        )
        .await;
    }
    uploaded
        .record(&visitor, &desk, row.group.0, FilePurpose::Document)
        .await?;
    Ok(see_other(&format!("/my/grants/{}", row.id)))
}

/// A picture of a published story. Public; only pictures of stories that are published now are
/// served.
pub(in crate::http::pages) async fn picture(
    request: HttpRequest,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let id: Uuid = own::uuid(request.match_info().query("grant"))?;
    let file: FileDigest = request
        .match_info()
        .query("file")
        .parse()
        .map_err(|_| Failed::nothing())?;
    let row: GrantRow = desk
        .views
        .find(&id.to_string(), None)
        .await?
        .ok_or_else(Failed::nothing)?;
    let public = row
        .stories
        .values()
        .any(|story| story.words.is_some() && story.photographs.contains(&file));
    if !public {
        return Err(Failed::nothing());
    }
    let known: Option<FileRow> = desk
        .views
        .find(&FileRow::id_of(row.group.0, &file), None)
        .await?;
    if known.is_none_or(|known| known.media != Media::Jpeg) {
        return Err(Failed::nothing());
    }
    let stream = desk
        .files
        .open(desk.commands.log().vault(), row.group.0, &file)
        .await?;
    Ok(kept_file::answer(
        &file,
        Media::Jpeg,
        Opened::OnPage,
        stream,
    ))
}

pub(super) fn is_due(update: &UpdateRow) -> bool {
    matches!(update.state, UpdateState::Requested | UpdateState::Queried)
}
