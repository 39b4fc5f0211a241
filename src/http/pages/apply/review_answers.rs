//! The pages that review the answers and submit the application, and those that confirm that it was
//! submitted or saved.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::applicant::{correction_notice, standing_text};
use super::refusal_text;
use super::sections::{self, BudgetSum, Section};
use crate::clock::day_of;
use crate::domain::application::{ApplicationState, Channel, Resubmit, Submit};
use crate::domain::language::Language;
use crate::domain::reference::Reference;
use crate::domain::unproven::last_day;
use crate::domain::{ApplicationCommand, ApplicationId, Command, Refusal};
use crate::http::AppState;
use crate::http::pages::account_contact::OwnContact;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::phone::phone_text;
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, ownership,
    render_form_page, render_page, see_other,
};
use crate::projections::{ApplicationRow, GroupRow, PersonRow, RoundRow};
use crate::views::Reader;

#[derive(Template)]
#[template(path = "apply/check.html")]
struct ReviewAnswersPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: ApplicationRow,
    /// The sections, and how a budget compares with the amount.
    sections: Vec<(Section, Option<BudgetSum>)>,
    group: GroupLines,
    open: Vec<String>,
    again: bool,
    /// The questions that still need an answer: key and title.
    missing: Vec<(String, String)>,
    /// The person who applies, and one line for each way to reach them.
    contact_name: String,
    contact_lines: Vec<String>,
    /// The day by which the requested changes are due.
    due_on: Option<Date>,
}

/// What the page shows about the group that applies.
#[derive(Default)]
struct GroupLines {
    name: String,
    /// Whether it is new.
    standing: &'static str,
    /// The note about a name or area that a member proposed and that the office has not decided on.
    waiting: Option<String>,
}

#[derive(Template)]
#[template(path = "apply/done.html")]
struct SubmittedPage {
    page: PageContext,
    row: ApplicationRow,
    reference: String,
    round: RoundRow,
    /// The proven address, to which the number is emailed.
    email: Option<String>,
    /// How we ask about something that is not clear, and how we send the panel's decision.
    unclear: String,
    decision: String,
}

#[derive(Template)]
#[template(path = "apply/later.html")]
struct SavedForLaterPage {
    page: PageContext,
    row: ApplicationRow,
    reference: String,
    /// The last day on which the answers can be changed.
    until: Date,
    /// The visitor's address, empty if they gave none.
    email: String,
    /// The visitor's address is unproven.
    unproven: bool,
    /// What they began is erased later, unless they prove the address or phone.
    is_erased_later: bool,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if !sections::is_open(&row, day_of(app.commands.now())) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    render(&visitor, &app, row, None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: ApplicationRow,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    if !matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}", row.id)));
    }
    let open = sections::open_sections(app, &row, visitor.language).await?;
    let all = sections::all_sections(app, &row, visitor.language).await?;
    let group: Option<GroupRow> = app.views.find(row.group, None).await?;
    let forms = PageForms::new(visitor, rejected);
    let mut wrong = forms.error_summary();
    if !wrong.is_empty() {
        let missing = open.iter().filter(|section| section.is_to_do());
        wrong.extend(
            missing.map(|section| (format!("section-{}", section.key), section.title.clone())),
        );
    }
    let missing = open
        .iter()
        .filter(|section| section.is_to_do())
        .map(|section| (section.key.clone(), section.title.clone()))
        .collect();
    let contact = own_contact(visitor, app).await?;
    let mut shell = PageContext::load(
        visitor,
        app,
        translate("Check your answers", visitor.language),
    )
    .await?;
    shell.has_errors = !wrong.is_empty();
    shell.back = Some(format!("/my/applications/{}", row.id));
    let page = ReviewAnswersPage {
        page: shell,
        forms,
        wrong,
        sections: all
            .into_iter()
            .map(|section| {
                let sum = BudgetSum::new(&section, &row, visitor.language)
                    .filter(|_| section.needs.is_none());
                (section, sum)
            })
            .collect(),
        group: group.map_or_else(GroupLines::default, |group| {
            GroupLines::of(group, visitor.language)
        }),
        open: open.into_iter().map(|section| section.key).collect(),
        again: row.state == ApplicationState::ChangesRequested,
        missing,
        due_on: sections::reply_due_on(&row),
        contact_lines: [
            phone_text(&contact.telephone),
            contact.email,
            contact.postal_address,
        ]
        .into_iter()
        .filter(|line| !line.is_empty())
        .collect(),
        contact_name: contact.name,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

impl GroupLines {
    fn of(row: GroupRow, language: Language) -> Self {
        Self {
            waiting: correction_notice(&row, language),
            standing: standing_text(row.standing, language),
            name: row.name,
        }
    }
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
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
    match ownership::try_execute(
        &visitor,
        &app,
        &posted,
        Command::Application(ApplicationId(row.id), command),
    )
    .await?
    {
        None | Some(Refusal::ApplicationNotInState("submitted")) => Ok(see_other(&done)),
        Some(refusal) => {
            let says = refusal_text::refusal_text(&refusal, visitor.language);
            render(
                &visitor,
                &app,
                row,
                Some(FormErrors::new(
                    "check",
                    &posted,
                    vec![(String::new(), says)],
                )),
            )
            .await
        }
    }
}

pub(super) async fn show_submitted(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    if matches!(
        row.state,
        ApplicationState::Draft | ApplicationState::ChangesRequested
    ) {
        return Ok(see_other(&format!("/my/applications/{}/check", row.id)));
    }
    let (_, round) =
        ownership::fund_and_round(&app, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = PageContext::load(
        &visitor,
        &app,
        translate("We have your application", visitor.language),
    )
    .await?;
    let contact = own_contact(&visitor, &app).await?;
    let (unclear, decision) = promises(&contact, visitor.language);
    render_page(&SubmittedPage {
        page: shell,
        unclear,
        decision,
        reference: reference_text(&row),
        round,
        email: proven_email(&visitor, &app).await?,
        row,
    })
}

pub(super) async fn show_saved(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_application(&visitor, &app, request.match_info().query("id")).await?;
    let (_, round) =
        ownership::fund_and_round(&app, &row.fund.to_string(), row.round.as_str()).await?;
    let shell = PageContext::load(
        &visitor,
        &app,
        translate("Your answers are saved", visitor.language),
    )
    .await?;
    let OwnContact { email, .. } = own_contact(&visitor, &app).await?;
    let person: Option<PersonRow> = app.views.find(visitor.person()?, None).await?;
    let kept_until = person
        .and_then(|person| person.unproven_since)
        .map(last_day);
    let closes_on = sections::reply_due_on(&row).unwrap_or(round.closes_on);
    render_page(&SavedForLaterPage {
        page: shell,
        reference: reference_text(&row),
        until: kept_until.map_or(closes_on, |day| day.min(closes_on)),
        email,
        unproven: !visitor.proven,
        is_erased_later: kept_until.is_some(),
        row,
    })
}

/// The visitor's own name and contact details, as far as this session may show them.
async fn own_contact(visitor: &Visitor, app: &AppState) -> Result<OwnContact, PageError> {
    let row = app.views.find(visitor.person()?, None).await?;
    OwnContact::load(visitor, app, row).await
}

/// Two sentences: how we ask about something that is not clear, and how we send the panel's
/// decision. We use email if we have an address, then phone, then post.
fn promises(contact: &OwnContact, language: Language) -> (String, String) {
    let plain = |text: &str| translate(text, language).to_owned();
    let with = |text: &str, value: &str| translate_with(text, value, language);
    if !contact.email.is_empty() {
        return (
            plain("We will email you if anything isn’t clear."),
            with(
                "We’ll email you at {} as soon as they have decided, and explain why.",
                &contact.email,
            ),
        );
    }
    if !contact.telephone.is_empty() {
        return (
            plain("We will phone you if anything isn’t clear."),
            with(
                "We’ll phone you on {} as soon as they have decided, and explain why.",
                &phone_text(&contact.telephone),
            ),
        );
    }
    if !contact.postal_address.is_empty() {
        return (
            plain("We will write to you if anything isn’t clear."),
            plain("We’ll send you a letter as soon as they have decided, and explain why."),
        );
    }
    (
        plain("We will get in touch if anything isn’t clear."),
        plain("We’ll tell you as soon as they have decided, and explain why."),
    )
}

fn reference_text(row: &ApplicationRow) -> String {
    Reference::parse(&row.reference)
        .map(|reference| reference.to_string())
        .unwrap_or_default()
}

/// The visitor's address, if it is proven.
async fn proven_email(visitor: &Visitor, app: &AppState) -> Result<Option<String>, PageError> {
    let reader: &Reader = &visitor.require_signed_in()?.reader;
    if !visitor.proven {
        return Ok(None);
    }
    let row = app.views.find(reader.person, None).await?;
    Ok(app
        .views
        .decrypt_people(reader, row.into_iter().collect())
        .await?
        .pop()
        .and_then(|seen| seen.email))
}
