//! The pages that review the answers and submit the application, and those that confirm that it was
//! submitted or saved.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::refused;
use super::sections::{self, Section};
use crate::domain::application::{ApplicationState, Channel, Resubmit, Submit};
use crate::domain::reference::Reference;
use crate::domain::{ApplicationCommand, ApplicationId, Command, Refusal};
use crate::http::Desk;
use crate::http::pages::words::say;
use crate::http::pages::{
    Failed, Forms, Rejected, Sent, Shell, Visitor, own, page, see_other, shown,
};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, RoundRow};
use crate::views::Reader;

#[derive(Template)]
#[template(path = "apply/check.html")]
struct Check {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    sections: Vec<Section>,
    group: String,
    open: Vec<String>,
    again: bool,
}

#[derive(Template)]
#[template(path = "apply/done.html")]
struct Done {
    page: Shell,
    row: ApplicationRow,
    reference: String,
    round: RoundRow,
    email: Option<String>,
}

#[derive(Template)]
#[template(path = "apply/later.html")]
struct Later {
    page: Shell,
    row: ApplicationRow,
    reference: String,
    round: RoundRow,
    email: Option<String>,
    /// The visitor's address is unproven: the draft lapses after two weeks.
    unproven: bool,
}

pub(super) async fn check(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(desk.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    render(&visitor, &desk, row, None).await
}

async fn render(
    visitor: &Visitor,
    desk: &Desk,
    row: ApplicationRow,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    if !matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    let open = sections::of(desk, &row, visitor.language).await?;
    let all = sections::all(desk, &row, visitor.language).await?;
    let group = desk
        .views
        .find::<crate::projections::GroupRow>(&row.group.to_string(), None)
        .await?;
    let forms = Forms::new(visitor, rejected);
    let mut wrong = forms.wrong();
    if !wrong.is_empty() {
        let missing = open
            .iter()
            .filter(|section| section.required && !section.is_answered());
        wrong.extend(
            missing.map(|section| (format!("section-{}", section.key), section.title.clone())),
        );
    }
    let mut shell =
        Shell::around(visitor, desk, say("Check your answers", visitor.language)).await?;
    shell.wrong = !wrong.is_empty();
    shell.back = Some(format!("/my/applications/{}", row.id));
    let page = Check {
        page: shell,
        forms,
        wrong,
        sections: all,
        group: group.map(|group| group.name).unwrap_or_default(),
        open: open.into_iter().map(|section| section.key).collect(),
        again: row.state == ApplicationState::ChangesRequested,
        row,
    };
    shown(visitor, desk, page.page.wrong, &page)
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let command = if row.state == ApplicationState::ChangesRequested {
        ApplicationCommand::Resubmit(Resubmit::default())
    } else {
        ApplicationCommand::Submit(Submit {
            channel: Channel::Web,
            received_on: None,
            late_reason: None,
            help: None,
        })
    };
    let done = format!("/my/applications/{}/done", row.id);
    match own::attempt(
        &visitor,
        &desk,
        &posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::ApplicationNotInState("submitted")) => Ok(see_other(&done)),
        Some(refusal) => {
            let says = refused::says(&refusal, visitor.language);
            render(
                &visitor,
                &desk,
                row,
                Some(Rejected::with(
                    "check",
                    &posted,
                    vec![(String::new(), says)],
                )),
            )
            .await
        }
    }
}

pub(super) async fn done(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    if matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}/check", row.id)));
    }
    let (_, round) = own::round(&desk, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = Shell::around(
        &visitor,
        &desk,
        say("We have your application", visitor.language),
    )
    .await?;
    page(&Done {
        page: shell,
        reference: spoken(&row),
        round,
        email: own_email(&visitor, &desk).await?,
        row,
    })
}

pub(super) async fn later(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let (_, round) = own::round(&desk, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = Shell::around(
        &visitor,
        &desk,
        say("Your answers are saved", visitor.language),
    )
    .await?;
    let (email, unproven) = (own_email(&visitor, &desk).await?, !visitor.proven);
    page(&Later {
        page: shell,
        reference: spoken(&row),
        round,
        email,
        unproven,
        row,
    })
}

fn spoken(row: &ApplicationRow) -> String {
    Reference::heard(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default()
}

/// The visitor's address, if it is proven.
async fn own_email(visitor: &Visitor, desk: &Desk) -> Result<Option<String>, Failed> {
    let reader: &Reader = &visitor.signed()?.reader;
    if !visitor.proven {
        return Ok(None);
    }
    let row = desk.views.find(&reader.person.to_string(), None).await?;
    Ok(desk
        .views
        .open_people(reader, row.into_iter().collect())
        .await?
        .pop()
        .and_then(|seen| seen.email))
}
