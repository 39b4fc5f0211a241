//! The page of one application for its group: its stages, what the group sent, what the office
//! asked, and what the group can do: continue, change answers, withdraw, request a review.

use std::cmp::Ordering;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::{notices, states};
use crate::clock::day_of;
use crate::domain::application::{ApplicationState, RequestReview};
use crate::domain::command::NoBody;
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::reference::Reference;
use crate::domain::{ApplicationCommand, ApplicationEvent, ApplicationId, Command, Event};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::AppState;
use crate::http::pages::apply::{refusal_says, sections};
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::words::Tag;
use crate::http::pages::{
    FormData, FormErrors, PageContext, PageError, PageForms, PageWidth, PostedForm, Visitor,
    ownership, render_form_page, see_other,
};
use crate::mail::format_day;
use crate::projections::{ApplicationRow, FundRow, GrantRow, RoundRow};

#[derive(Template)]
#[template(path = "my/application.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question that the page asks by itself"
)]
struct OwnApplicationPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    reference: String,
    state: Tag,
    fund: FundRow,
    round: RoundRow,
    /// What the group can change now.
    changeable: Vec<sections::Section>,
    /// Everything else that it wrote.
    fixed: Vec<sections::Section>,
    stages: Vec<StageLine>,
    said: Vec<Said>,
    /// The address of the first section that lacks a required answer; if none does, of the first
    /// section with requested changes, or of the review of the answers.
    next: String,
    open: bool,
    /// The day has passed by which the answers could be changed.
    overdue: bool,
    withdrawable: bool,
    /// The grant that it led to can be seen.
    granted: bool,
}

/// A stage of an application, as a group sees it.
struct StageLine {
    title: &'static str,
    text: String,
    /// The class in the list: `done`, `now`, or none for what comes later.
    class: &'static str,
}

/// A question from the office or an answer of the group, with its day.
struct Said {
    title: String,
    words: String,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let notice = notices::notice(&request, visitor.language);
    render(&visitor, &app, row, notice, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    use ApplicationState as S;
    let (fund, round) =
        ownership::fund_and_round(app, &row.fund.to_string(), row.round.as_str()).await?;
    let today = day_of(app.commands.now());
    let open = sections::is_open(&row, today);
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let changeable = if open {
        sections::retain_open(&row, all.clone())
    } else {
        Vec::new()
    };
    let said = said(app, &row, &all, visitor.language).await?;
    let mut fixed = all;
    fixed.retain(|section| changeable.iter().all(|open| open.key != section.key));
    let grant: Option<GrantRow> = app.views.find(row.id, None).await?;
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = format!("{}: {}", fund.name_in(visitor.language), round.name);
    let mut shell = PageContext::load(visitor, app, &title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    shell.width = PageWidth::Wide;
    shell.notice = notice;
    let page = OwnApplicationPage {
        page: shell,
        forms,
        wrong,
        reference: Reference::parse(&row.reference)
            .map(|reference| reference.to_string())
            .unwrap_or_default(),
        state: states::application_tag(row.state, visitor.language),
        next: first_open(&row, &changeable),
        stages: stages(&row, &round, today, visitor.language),
        said,
        fund,
        round,
        changeable,
        fixed,
        open,
        overdue: sections::is_overdue(&row, today),
        withdrawable: !matches!(
            row.state,
            S::Declined | S::Ineligible | S::Withdrawn | S::Lapsed | S::Awarded
        ),
        granted: grant.is_some_and(|grant| grant.is_shown_to_group()),
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

/// The address at which the group continues.
fn first_open(row: &ApplicationRow, open: &[sections::Section]) -> String {
    let missing = open.iter().find(|section| section.is_to_do());
    let asked = || {
        open.first()
            .filter(|_| row.state == ApplicationState::ChangesRequested)
    };
    missing.or_else(asked).map_or_else(
        || format!("/my/applications/{}/check", row.id),
        |next| format!("/my/applications/{}/answer/{}", row.id, next.key),
    )
}

/// The stages of an application that was sent, in the group's words. Empty for one that was not
/// sent, or that has ended.
fn stages(
    row: &ApplicationRow,
    round: &RoundRow,
    today: Date,
    language: Language,
) -> Vec<StageLine> {
    use ApplicationState as S;
    let now = match row.state {
        S::Submitted | S::ChangesRequested => 1,
        S::Eligible | S::InAssessment | S::ReserveList | S::Deferred | S::UnderReview => 2,
        S::Awarded => 4,
        _ => return Vec::new(),
    };
    let t = |text: &'static str| translate(text, language);
    let with = |text, day| translate_with(text, &format_day(day, language), language);
    let to_come = |day: Option<Date>| day.filter(|day| *day >= today);
    let panel = match to_come(round.panel_meets_on) {
        Some(day) => with("The panel meets on {}.", day),
        None => with(
            "Applications close on {}. Then a panel of local people reads each one.",
            round.closes_on,
        ),
    };
    let answer = match to_come(round.hear_by) {
        Some(day) => with("You hear from us by {}.", day),
        None => String::new(),
    };
    let texts = [
        (
            t("You sent it"),
            row.submitted_on
                .map(|day| with("On {}.", day))
                .unwrap_or_default(),
        ),
        (
            t("We read it"),
            t("If anything isn’t clear, we will ask you.").to_owned(),
        ),
        (t("Local people decide"), panel),
        (
            t("You hear from us"),
            format!(
                "{answer} {}",
                t("We tell everyone, even if the answer is no, and we say why.")
            )
            .trim_start()
            .to_owned(),
        ),
        (
            t("We pay you"),
            t("Once you have accepted the grant and we have checked your papers.").to_owned(),
        ),
    ];
    texts
        .into_iter()
        .enumerate()
        .map(|(at, (title, text))| StageLine {
            title,
            text,
            class: match at.cmp(&now) {
                Ordering::Less => "done",
                Ordering::Equal => "now",
                Ordering::Greater => "",
            },
        })
        .collect()
}

/// The most events of an application and its grant that are looked at.
const EVENTS_MAX: i64 = 1000;

/// What the office asked, and when the group answered.
async fn said(
    app: &AppState,
    row: &ApplicationRow,
    all: &[sections::Section],
    language: Language,
) -> Result<Vec<Said>, PageError> {
    let events = app.views.events_with_id(row.id, EVENTS_MAX).await?;
    let line = |event: RecordedEvent| {
        let day = format_day(event.recorded_on(), language);
        let (title, words) = match &event.event {
            Event::Application(ApplicationEvent::ChangesRequested { note, notes, .. }) => {
                let about = all.iter().filter_map(|section| {
                    let key = section.change_key();
                    let (_, note) = notes.iter().find(|(of, _)| of.as_str() == key)?;
                    Some(format!("{}\n{note}", section.title))
                });
                let words: Vec<String> = std::iter::once(note.to_string()).chain(about).collect();
                ("We asked on {}", words.join("\n\n"))
            }
            Event::Application(ApplicationEvent::ApplicationResubmitted { .. }) => {
                ("You replied on {}", String::new())
            }
            _ => return None,
        };
        let title = translate_with(title, &day, language);
        Some(Said { title, words })
    };
    Ok(events.into_iter().filter_map(line).collect())
}

/// Withdraws the application, or requests a review of the decision.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let form = posted.text("form");
    let done = if form == "withdraw" {
        "withdrawn"
    } else {
        "review"
    };
    let (field, says) = match parse_command(&posted)? {
        Ok(command) => {
            let command = Command::Application(ApplicationId(row.id), command);
            match ownership::try_execute(&visitor, &app, &posted, command).await? {
                None => {
                    let next = format!("/my/applications/{}?done={done}", row.id);
                    return Ok(see_other(&next));
                }
                Some(refusal) => ("", refusal_says(&refusal, visitor.language)),
            }
        }
        Err((field, says)) => (field, translate(says, visitor.language).to_owned()),
    };
    let rejected = FormErrors::new(form, &posted, vec![(field.to_owned(), says)]);
    render(&visitor, &app, row, None, Some(rejected)).await
}

/// The command of a form, or the field that lacks something and what to say about it.
fn parse_command(
    posted: &FormData,
) -> Result<Result<ApplicationCommand, (&'static str, &'static str)>, PageError> {
    match posted.text("form") {
        "withdraw" if posted.text("sure") == "yes" => {
            Ok(Ok(ApplicationCommand::Withdraw(NoBody {})))
        }
        "withdraw" => Ok(Err(("sure", "Tick the box if you want to withdraw it"))),
        "review" => {
            let words = PersonalInput::try_from(posted.text("words").to_owned());
            Ok(words
                .map(|words| ApplicationCommand::RequestReview(RequestReview { words }))
                .map_err(|_| ("words", "Tell us why we should look again")))
        }
        _ => Err(PageError::not_found()),
    }
}
