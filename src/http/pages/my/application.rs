//! The page of one application for its group: its state in plain words, and what the group can do:
//! continue, change answers, withdraw, request a review.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::application::{ApplicationState, RequestReview};
use crate::domain::command::Nothing;
use crate::domain::reference::Reference;
use crate::domain::sealed::Personal;
use crate::domain::{ApplicationCommand, ApplicationId, Command};
use crate::http::Desk;
use crate::http::pages::apply::{refusal_says, sections};
use crate::http::pages::words::say;
use crate::http::pages::{Failed, Forms, Rejected, Sent, Shell, Visitor, own, see_other, shown};
use crate::log::record::day_of;
use crate::projections::{ApplicationRow, FundRow, RoundRow};

#[derive(Template)]
#[template(path = "my/application.html")]
struct Sheet {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    reference: String,
    state: (&'static str, &'static str),
    fund: FundRow,
    round: RoundRow,
    sections: Vec<sections::Section>,
    /// The address of the first section that lacks a required answer; if none does, of the first
    /// section with requested changes, or of the review of the answers.
    next: String,
    open: bool,
    /// The day has passed by which the answers could be changed.
    overdue: bool,
    withdrawable: bool,
}

/// The label of a state for groups, and the colour of its tag.
pub fn stands(state: ApplicationState) -> (&'static str, &'static str) {
    use ApplicationState as S;
    match state {
        S::Blank | S::Draft => ("Not handed in yet", "yellow"),
        S::Submitted => ("We have it", "blue"),
        S::ChangesRequested => ("We ask you something", "orange"),
        S::Eligible | S::InAssessment => ("The panel reads it", "blue"),
        S::Ineligible => ("It does not fit this fund", "grey"),
        S::Awarded => ("Yes: a grant is offered", "green"),
        S::ReserveList => ("On the reserve list", "blue"),
        S::Declined => ("Not this time", "grey"),
        S::Deferred => ("To be decided later", "blue"),
        S::UnderReview => ("We look at it again", "blue"),
        S::Withdrawn => ("You took it back", "grey"),
        S::Lapsed => ("Not handed in by the last day", "grey"),
    }
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    render(&visitor, &desk, row, None).await
}

async fn render(
    visitor: &Visitor,
    desk: &Desk,
    row: ApplicationRow,
    rejected: Option<Rejected>,
) -> Result<HttpResponse, Failed> {
    use ApplicationState as S;
    if row.state == S::Awarded {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let (fund, round) = own::round(desk, &row.fund.to_string(), row.round.as_str()).await?;
    let today = day_of(desk.commands.now());
    let open = sections::is_open(&row, today);
    let sections = if open {
        sections::of(desk, &row, visitor.language).await?
    } else {
        sections::all(desk, &row, visitor.language).await?
    };
    let first = sections
        .iter()
        .find(|section| section.required && !section.is_answered());
    let next = first.or_else(|| {
        sections
            .first()
            .filter(|_| row.state == S::ChangesRequested)
    });
    let next = next.map_or_else(
        || format!("/my/applications/{}/check", row.id),
        |next| format!("/my/applications/{}/answer/{}", row.id, next.key),
    );
    let forms = Forms::new(visitor, rejected);
    let wrong = forms.wrong();
    let mut shell = Shell::around(visitor, desk, &format!("{}: {}", fund.name, round.name)).await?;
    shell.back = Some("/my".to_owned());
    shell.wrong = !wrong.is_empty();
    let page = Sheet {
        page: shell,
        forms,
        wrong,
        reference: Reference::heard(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: stands(row.state),
        fund,
        round,
        sections,
        next,
        open,
        overdue: sections::is_overdue(&row, today),
        withdrawable: !matches!(
            row.state,
            S::Declined | S::Ineligible | S::Withdrawn | S::Lapsed
        ),
        row,
    };
    shown(visitor, desk, page.page.wrong, &page)
}

/// Withdraws the application, or requests a review of the decision.
pub(super) async fn act(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let row = own::application(&visitor, &desk, request.match_info().query("id")).await?;
    let command = match posted.text("form") {
        "withdraw" if posted.text("sure") == "yes" => ApplicationCommand::Withdraw(Nothing {}),
        "withdraw" => {
            let says = say("Tick the box if you want to take it back", visitor.language).to_owned();
            return render(
                &visitor,
                &desk,
                row,
                Some(Rejected::with(
                    "withdraw",
                    &posted,
                    vec![("sure".to_owned(), says)],
                )),
            )
            .await;
        }
        "review" => {
            let Ok(words) = Personal::try_from(posted.text("words").to_owned()) else {
                let says = say("Write why we should look again", visitor.language).to_owned();
                return render(
                    &visitor,
                    &desk,
                    row,
                    Some(Rejected::with(
                        "review",
                        &posted,
                        vec![("words".to_owned(), says)],
                    )),
                )
                .await;
            };
            ApplicationCommand::RequestReview(RequestReview { words })
        }
        _ => return Err(Failed::nothing()),
    };
    let command = Command::Application(ApplicationId(row.id), command);
    let Some(refusal) = own::attempt(&visitor, &desk, &posted, command).await? else {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
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
