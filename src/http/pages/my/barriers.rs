//! The barriers of a visitor: raising one, its page with the answers, and the list on the overview.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::gathering::refusal_text;
use super::notices;
use crate::clock::new_id;
use crate::commands::CommandError;
use crate::domain::barrier::BarrierState;
use crate::domain::language::Language;
use crate::domain::{BarrierId, PersonId};
use crate::http::AppState;
use crate::http::pages::heard::{
    AboutChoices, BARRIER_FORM, EnteredBarrier, OWN_FORM_PATH, ShownAnswer, outcome_tag,
};
use crate::http::pages::i18n::translate;
use crate::http::pages::words::{Tag, TagKind};
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, render_page, see_other,
};
use crate::mail::format_day;
use crate::projections::BarrierRow;
use crate::views::Filter;

#[derive(Template)]
#[template(path = "my/barrier_new.html")]
struct TellUsPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    choices: AboutChoices,
    /// Whether the visitor has still to open the link in the mail.
    is_unproven: bool,
}

#[derive(Template)]
#[template(path = "my/barrier.html")]
struct OwnBarrierPage {
    page: PageContext,
    /// The day on which the visitor said it; absent if somebody else did, and the visitor's own was
    /// joined to it.
    told_on: Option<String>,
    /// The visitor's own words, while they are kept.
    words: Option<String>,
    kept_until: Option<String>,
    state: Tag,
    next: &'static str,
    /// What everyone can read, once it is passed on.
    public: Option<PublicPart>,
}

/// What everyone can read of a barrier.
struct PublicPart {
    summary: String,
    to: String,
    asked: String,
    asked_on: String,
    answers: Vec<ShownAnswer>,
}

/// A barrier on the overview.
pub(super) struct OwnBarrier {
    pub path: String,
    pub told_on: String,
    pub state: Tag,
}

pub(super) async fn show_new(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    visitor.require_signed_in()?;
    render_new(&visitor, &app, None).await
}

pub(super) async fn submit_new(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    let choices = AboutChoices::load(&app, visitor.language).await?;
    let entered = match EnteredBarrier::parse(&posted, &choices, visitor.language) {
        Ok(entered) => entered,
        Err(wrong) => {
            let rejected = FormErrors::new(BARRIER_FORM, &posted, wrong);
            return render_new(&visitor, &app, Some(rejected)).await;
        }
    };
    let command = entered.command(BarrierId(new_id()), person, None);
    match ownership::issue(&visitor, &app, &posted, "", command).await {
        Ok(receipt) => {
            let id = receipt.id;
            Ok(see_other(&format!("/my/barriers/{id}?done=told")))
        }
        Err(PageError::Refused(CommandError::Refused(refusal))) => {
            let says = vec![(String::new(), refusal_text(&refusal, visitor.language))];
            let rejected = FormErrors::new(BARRIER_FORM, &posted, says);
            render_new(&visitor, &app, Some(rejected)).await
        }
        Err(error) => Err(error),
    }
}

async fn render_new(
    visitor: &Visitor,
    app: &AppState,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected).with_address(OWN_FORM_PATH);
    let wrong = forms.error_summary();
    let title = translate("What gets in the way?", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    let page = TellUsPage {
        page: shell,
        forms,
        wrong,
        choices: AboutChoices::load(app, visitor.language).await?,
        is_unproven: !visitor.proven,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let person = visitor.person()?;
    let id = ownership::parse_uuid(request.match_info().query("id"))?;
    let row: Option<BarrierRow> = app.views.find(id, None).await?;
    let row = row
        .filter(|row| row.is_of(person))
        .ok_or_else(PageError::not_found)?;
    let answered = answered_row(&app, row.clone()).await?;
    let is_own = |row: &BarrierRow| row.person == Some(person);
    let seen = app.views.decrypt_barriers(is_own, vec![row]).await?;
    let seen = seen.into_iter().next().ok_or_else(PageError::not_found)?;
    let language = visitor.language;
    let title = translate("What you told us", language);
    let mut shell = PageContext::load(&visitor, &app, title).await?;
    shell.back = Some("/my".to_owned());
    shell.notice = notices::notice(&request, language);
    render_page(&OwnBarrierPage {
        page: shell,
        told_on: is_own(&seen.row).then(|| format_day(seen.row.raised_on, language)),
        kept_until: seen
            .row
            .kept_until
            .filter(|_| seen.words.is_some())
            .map(|day| format_day(day, language)),
        words: seen.words,
        state: state_tag(&answered, language),
        next: next_text(answered.state),
        public: public_part(answered, language),
    })
}

/// The barrier whose answers count for a barrier: the one that it was joined to, or itself.
async fn answered_row(app: &AppState, mut row: BarrierRow) -> Result<BarrierRow, PageError> {
    // What took one in may have been joined to another later.
    while let Some(into) = row.joined_into {
        match app.views.find::<BarrierRow>(into, None).await? {
            Some(next) => row = next,
            None => break,
        }
    }
    Ok(row)
}

fn state_tag(row: &BarrierRow, language: Language) -> Tag {
    if row.passed_on.is_some() {
        let is_closed = row.state == BarrierState::Closed;
        return outcome_tag(row.comes_to, is_closed, language);
    }
    let (kind, says) = match row.state {
        BarrierState::Closed if row.withdrawals > 0 => (TagKind::Quiet, "Closed"),
        BarrierState::Closed => (TagKind::Quiet, "Closed without asking anyone"),
        _ => (TagKind::Wait, "We are looking at it"),
    };
    Tag::new(kind, translate(says, language))
}

/// What happens next, in English.
fn next_text(state: BarrierState) -> &'static str {
    match state {
        BarrierState::Raised | BarrierState::SummedUp | BarrierState::Joined => {
            "We’ll find out who can change it, and ask them. We’ll tell you what they say."
        }
        BarrierState::PassedOn => "We have asked. We’ll tell you what they say.",
        BarrierState::Answered => "If more comes of it, we’ll tell you.",
        BarrierState::Closed => "We have stopped asking. Phone us if you would like to know why.",
    }
}

fn public_part(row: BarrierRow, language: Language) -> Option<PublicPart> {
    if !row.is_public() {
        return None;
    }
    Some(PublicPart {
        answers: ShownAnswer::all(&row.answers, language),
        summary: row.summary?,
        to: row.passed_on_to?,
        asked: row.asked?,
        asked_on: format_day(row.passed_on?, language),
    })
}

/// What a person raised, the newest first.
pub(super) async fn of_person(
    app: &AppState,
    person: PersonId,
    language: Language,
) -> Result<Vec<OwnBarrier>, PageError> {
    // What others raised and took this one in is shown on the page of this one.
    let raised = vec![Filter::equals("person", person)];
    let mut rows: Vec<BarrierRow> = app.views.all_rows(None, raised).await?;
    rows.sort_by_key(|row| std::cmp::Reverse((row.raised_on, row.id)));
    let mut own = Vec::new();
    for row in rows {
        let (id, told_on) = (row.id, format_day(row.raised_on, language));
        let answered = answered_row(app, row).await?;
        own.push(OwnBarrier {
            path: format!("/my/barriers/{id}"),
            told_on,
            state: state_tag(&answered, language),
        });
    }
    Ok(own)
}
