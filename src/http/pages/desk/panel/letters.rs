//! The letters of a round that are held: release them, move their day, take a decision back.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::{DeskRequest, PanelLine, PanelRound, load};
use crate::domain::Role;
use crate::domain::application::ApplicationState;
use crate::domain::grant::GrantState;
use crate::http::pages::desk::application::panel_members;
use crate::http::pages::desk::application_actions::OTHERS_AGREE;
use crate::http::pages::desk::notices::released_letters;
use crate::http::pages::words::{Tagged as _, names_in_words};
use crate::http::pages::{Form, PageContext, PageError, PageForms};
use crate::projections::GrantRow;

#[derive(Template)]
#[template(path = "desk/panel/letters.html")]
struct HeldLettersPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    of: PanelRound,
    meetings: Vec<HeldMeeting>,
    /// Why released offers have not gone out, by application.
    waiting: BTreeMap<Uuid, String>,
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
    let waiting = waiting_offers(request, &of).await?;
    let mut context = request
        .page_context(&format!("Letters held: {}", of.round.name))
        .await?;
    let released = released_letters(request).await?;
    if !released.is_empty() {
        let waits = released.iter().filter(|id| waiting.contains_key(&id.0));
        context.notice = Some(released_text(released.len() - waits.count()));
        // It would name the people of one group only.
        context.mailed = None;
    }
    let page = HeldLettersPage {
        page: context,
        wrong: forms.error_summary(),
        meetings: held_meetings(&of, &forms),
        waiting,
        panel: panel_members(request).await?,
        releases: may_release.iter().any(|role| roles.contains(role)),
        takes_back: roles.contains(&Role::Panel),
        of,
    };
    request.render(&page)
}

/// What the page says about each offer whose letter is released and that waits until the people
/// named as present have confirmed that they were there.
async fn waiting_offers(
    request: &DeskRequest<'_>,
    of: &PanelRound,
) -> Result<BTreeMap<Uuid, String>, PageError> {
    let may_wait = |line: &&PanelLine| {
        line.row.state == ApplicationState::Awarded
            && line.row.letter.is_none()
            && !line.row.unconfirmed.is_empty()
    };
    let lines: Vec<&PanelLine> = of.lines.iter().filter(may_wait).collect();
    let ids = lines.iter().map(|line| line.row.id);
    let grants: Vec<GrantRow> = request.rows_by_id(ids).await?;
    let people = lines
        .iter()
        .flat_map(|line| line.row.unconfirmed.iter().copied());
    let names = request.names_of_colleagues(people).await?;
    let waits = |line: &&&PanelLine| {
        grants.iter().any(|grant| {
            grant.id == line.row.id && grant.offer_waits && grant.state == GrantState::Offered
        })
    };
    let says = |line: &&PanelLine| {
        let missing = line.row.unconfirmed.iter().map(|person| names.of(person));
        let missing: Vec<String> = missing.collect();
        (line.row.id, waiting_text(&line.group, &missing))
    };
    Ok(lines.iter().filter(waits).map(says).collect())
}

fn waiting_text(group: &str, missing: &[String]) -> String {
    match missing {
        [name] => format!(
            "The letter to {group} waits until {name} confirms that they were at the meeting."
        ),
        names => format!(
            "The letter to {group} waits until enough people confirm that they were at the \
                meeting. Not yet confirmed: {}.",
            names_in_words(names, "and")
        ),
    }
}

/// How many letters went out.
fn released_text(gone: usize) -> String {
    match gone {
        0 => "Letters released. None has gone out yet.".to_owned(),
        1 => "1 letter went out.".to_owned(),
        gone => format!("{gone} letters went out."),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_waits_names_who_has_to_confirm() {
        let names = |names: &[&str]| -> Vec<String> {
            names.iter().map(|name| (*name).to_owned()).collect()
        };
        assert_eq!(
            waiting_text("Soup Club", &names(&["Cass"])),
            "The letter to Soup Club waits until Cass confirms that they were at the meeting."
        );
        assert!(
            waiting_text("Soup Club", &names(&["Cass", "Dora"]))
                .ends_with("Not yet confirmed: Cass and Dora.")
        );
        assert_eq!(released_text(0), "Letters released. None has gone out yet.");
        assert_eq!(released_text(1), "1 letter went out.");
        assert_eq!(released_text(2), "2 letters went out.");
    }
}
