//! The letters of a round that are held: release them, move their day, take a decision back.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::{DeskRequest, PanelRound, load};
use crate::domain::Role;
use crate::http::pages::desk::application::panel_members;
use crate::http::pages::words::Tagged as _;
use crate::http::pages::{Form, PageContext, PageError, PageForms};

#[derive(Template)]
#[template(path = "desk/panel/letters.html")]
struct HeldLettersPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    of: PanelRound,
    meetings: Vec<HeldMeeting>,
    panel: Vec<(String, String)>,
    releases: bool,
    takes_back: bool,
}

/// The letters of one meeting.
struct HeldMeeting {
    met_on: Date,
    letters_on: Date,
    release: Form,
    moves: Form,
    letters: Vec<HeldLetterLine>,
}

/// One letter, by the index of its application in the round.
struct HeldLetterLine {
    at: usize,
    take_back: Form,
}

pub(super) async fn show(
    request: &DeskRequest<'_>,
    fund: &str,
    key: &str,
) -> Result<HttpResponse, PageError> {
    let of = load(request, fund, key).await?;
    let forms = request.forms();
    let roles = &request.signed.reader.roles;
    let may_release = [Role::Panel, Role::Officer, Role::Administrator];
    let page = HeldLettersPage {
        page: request
            .page_context(&format!("Letters held: {}", of.round.name))
            .await?,
        wrong: forms.error_summary(),
        meetings: held_meetings(&of, &forms),
        panel: panel_members(request).await?,
        releases: may_release.iter().any(|role| roles.contains(role)),
        takes_back: roles.contains(&Role::Panel),
        of,
    };
    request.render(&page)
}

fn held_meetings(of: &PanelRound, forms: &PageForms) -> Vec<HeldMeeting> {
    let meeting = |(met_on, held): (&Date, &crate::projections::HeldLettersRow)| {
        let lines = of.lines.iter().enumerate();
        let of_meeting = lines.filter(|(_, line)| {
            line.row
                .letter
                .is_some_and(|letter| letter.met_on == *met_on)
        });
        HeldMeeting {
            met_on: *met_on,
            letters_on: held.letters_on,
            release: forms.form(&format!("release-{met_on}")),
            moves: forms
                .form(&format!("move-{met_on}"))
                .prefill("letters_on", &held.letters_on.to_string()),
            letters: of_meeting
                .map(|(at, line)| HeldLetterLine {
                    at,
                    take_back: forms.form(&format!("take-back-{}", line.row.id)),
                })
                .collect(),
        }
    };
    of.round
        .letters
        .iter()
        .map(meeting)
        .filter(|meeting| !meeting.letters.is_empty())
        .collect()
}
