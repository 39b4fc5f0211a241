//! A gathering for somebody who signed up for it, leads it or is asked to lead it: its sessions,
//! stepping down, taking and leaving the lead, and asking the office for a hand.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::gatherings::session_line;
use super::{notices, states};
use crate::clock::day_of;
use crate::domain::gathering::{AskForHand, GatheringState, LeadRef, SessionState, StepDown};
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, GatheringCommand, GatheringId, PersonId, Refusal};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::Tag;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, see_other,
};
use crate::projections::{GatheringRow, GatheringSessionRow, SignUpRow, SignUpState};
use crate::views::Filter;

#[derive(Template)]
#[template(path = "my/gathering.html")]
struct OwnGatheringPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: GatheringRow,
    leads: bool,
    is_asked: bool,
    sessions: Vec<ShownSession>,
}

/// A session on the page.
struct ShownSession {
    number: u16,
    line: String,
    /// What the visitor has there, or what became of it.
    state: Option<Tag>,
    /// Whether the visitor can still say that they do not come.
    can_step_down: bool,
    waits: bool,
    /// How many have a place and how many wait, for a lead.
    taken: u32,
    waiting: u32,
    learned: Option<String>,
}

/// A gathering that the visitor may see: everyone sees one that has opened; those who lead it or
/// are asked to also see a draft.
pub(super) async fn visible(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
) -> Result<GatheringRow, PageError> {
    let signed = visitor.require_signed_in()?;
    let person = signed.reader.person;
    let id = ownership::parse_uuid(request.match_info().query("id"))?;
    let row: Option<GatheringRow> = app.views.find(id, None).await?;
    row.filter(|row| {
        row.is_public()
            || row.is_led_by(person)
            || row.offered_to == Some(person)
            || signed.reader.sees_all()
            || signed.reader.works_with_people()
    })
    .ok_or_else(PageError::not_found)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = visible(&request, &visitor, &app).await?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, row, notice, None).await
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = visible(&request, &visitor, &app).await?;
    let form = posted.text("form");
    let (field, says) = match parse_command(&posted, visitor.person()?, visitor.language) {
        Ok(command) => {
            let command = Command::Gathering(GatheringId(row.id), command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => return Ok(see_other(&done_path(form, &row))),
                Some(refusal) => ("", refusal_text(&refusal, visitor.language)),
            }
        }
        Err(wrong) => wrong,
    };
    let rejected = FormErrors::new(form, &posted, vec![(field.to_owned(), says)]);
    render(&visitor, &app, row, None, Some(rejected)).await
}

/// The page after a form. Somebody who left the lead of a draft does not see it any more.
fn done_path(form: &str, row: &GatheringRow) -> String {
    let own = format!("/my/gatherings/{}", row.id);
    match form {
        "step-down" => format!("{own}?done=stepped-down"),
        "take-lead" => format!("{own}?done=lead-taken"),
        "leave-lead" => "/my?done=lead-left".to_owned(),
        _ => format!("{own}?done=hand"),
    }
}

/// Parses a form into a command, or returns the field with an error and its text.
fn parse_command(
    posted: &FormData,
    person: PersonId,
    language: Language,
) -> Result<GatheringCommand, (&'static str, String)> {
    let miss = |field, says: &str| (field, translate(says, language).to_owned());
    let unreadable = || miss("form", "We could not read this form. Please try again");
    Ok(match posted.text("form") {
        "step-down" => {
            let session = posted.text("session").parse().map_err(|_| unreadable())?;
            GatheringCommand::StepDown(StepDown { session, person })
        }
        "take-lead" => GatheringCommand::TakeLead(LeadRef { person }),
        "leave-lead" => GatheringCommand::LeaveLead(LeadRef { person }),
        "hand" => {
            let words = PersonalInput::try_from(posted.text("words").to_owned());
            let words = words.map_err(|_| miss("words", "Tell us what would help"))?;
            GatheringCommand::AskForHand(AskForHand {
                lead: person,
                words,
            })
        }
        _ => return Err(unreadable()),
    })
}

/// A refusal in the words of somebody who comes or leads.
pub(super) fn refusal_text(refusal: &Refusal, language: Language) -> String {
    let says = match refusal {
        Refusal::SessionPassed => "It is over already.",
        Refusal::NotSignedUp => "You are not on the list any more.",
        Refusal::LeadNotOffered => "This is not waiting for you any more. Phone us to talk.",
        Refusal::AddressUnproven => {
            "First open the link in the email that we sent you. If you have no email, phone us."
        }
        Refusal::LastLead => "You are the only lead. Phone us, and we will find someone with you.",
        Refusal::SessionNotOver => "It is not over yet. Come back after it has ended.",
        Refusal::SessionNotInState(_) => "This was noted before. Phone us if it is not right.",
        other => return refusal_says(other, language),
    };
    translate(says, language).to_owned()
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GatheringRow,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let person = visitor.person()?;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &row.title).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notice;
    shell.has_errors = !wrong.is_empty();
    let page = OwnGatheringPage {
        page: shell,
        forms,
        wrong,
        leads: row.is_led_by(person),
        is_asked: row.offered_to == Some(person),
        sessions: sessions(visitor, app, &row).await?,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// The sessions of a gathering, in their order, as the visitor may see them.
async fn sessions(
    visitor: &Visitor,
    app: &AppState,
    row: &GatheringRow,
) -> Result<Vec<ShownSession>, PageError> {
    let person = visitor.person()?;
    let of_gathering = vec![Filter::equals("gathering", row.id)];
    let mut rows = app
        .views
        .all_rows::<GatheringSessionRow>(None, of_gathering.clone())
        .await?;
    rows.sort_by(|one, other| {
        (one.day, &one.starts_at, one.session).cmp(&(other.day, &other.starts_at, other.session))
    });
    let mut own = of_gathering;
    own.push(Filter::equals("person", person));
    let sign_ups = app.views.all_rows::<SignUpRow>(None, own).await?;
    let sign_ups: BTreeMap<u16, SignUpRow> = sign_ups
        .into_iter()
        .map(|sign_up| (sign_up.session, sign_up))
        .collect();
    let today = day_of(app.commands.now());
    let leads = row.is_led_by(person);
    let shown = |session: GatheringSessionRow| {
        let sign_up = sign_ups.get(&session.session);
        let is = |state: SignUpState| sign_up.is_some_and(|sign_up| sign_up.state == state);
        let (has_place, waits) = (is(SignUpState::Place), is(SignUpState::Waiting));
        let is_to_come = session.state == SessionState::Planned && session.day >= today;
        let cancelled = (session.state == SessionState::Cancelled)
            .then(|| states::cancelled_tag(visitor.language));
        ShownSession {
            number: session.session,
            line: session_line(&session, has_place || leads, visitor.language),
            state: sign_up
                .map(|own| states::sign_up_tag(own, &session, today, visitor.language))
                .or(cancelled),
            can_step_down: is_to_come && (has_place || waits),
            waits,
            taken: session.taken.saturating_add(session.counted),
            waiting: session.waiting,
            learned: session.learned,
        }
    };
    Ok(rows.into_iter().map(shown).collect())
}
