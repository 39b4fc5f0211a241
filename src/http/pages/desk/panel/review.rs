//! The review page of a meeting: every letter as it will be sent, and the totals. The next press
//! records it.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;
use uuid::Uuid;

use super::posted_meeting::{ChosenDecision, MeetingSums, PostedMeeting, people_present, refused};
use super::record::{render_again, round_of};
use super::{DeskRequest, PanelLine, PanelRound, load};
use crate::clock::day_of;
use crate::domain::application::ApplicationState;
use crate::domain::language::Language;
use crate::domain::mail::{MailKind, fill_in};
use crate::domain::working_days::next_working_day;
use crate::http::AppState;
use crate::http::pages::kept_form::TYPED_BY;
use crate::http::pages::words::{Tag, Tagged as _};
use crate::http::pages::{Form, PageContext, PageError, PostedForm};
use crate::mail::{OfficeContact, default_template, format_day};
use crate::projections::OrganisationRow;
use crate::views::{MemberContact, Reader};

#[derive(Template)]
#[template(path = "desk/panel/check.html")]
struct ReviewPage {
    page: PageContext,
    of: PanelRound,
    form: Form,
    /// The fields of the meeting's form, to be sent again.
    posted: Vec<(String, String)>,
    sums: MeetingSums,
    met_on: Date,
    /// The day on which the letters go out; absent if they go out immediately.
    letters_on: Option<Date>,
    present: usize,
    letters: Vec<LetterPreview>,
}

/// A letter as a group will read it.
struct LetterPreview {
    group: String,
    reference: String,
    tag: Tag,
    amount: String,
    /// How it reaches the group.
    how: &'static str,
    subject: String,
    body: String,
    language: Language,
}

/// The values that the letters of a meeting have in common.
struct LetterDays {
    /// The last day on which an offer can be accepted.
    offer_until: Date,
    organisation: OrganisationRow,
    office: OfficeContact,
}

/// Checks a meeting without recording it, and shows what each group will read.
pub(in crate::http::pages::desk) async fn check(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let place = round_of(&request);
    let address = format!("/desk/panel/{}/{}/check", place.0, place.1);
    let page = DeskRequest::new(&app, &sent.visitor, &address, None)?;
    let of = load(&page, &place.0, &place.1).await?;
    let read = PostedMeeting::read(&of, &sent.posted);
    let Some(command) = read.command.clone() else {
        return render_again(&app, &sent, &place, read.wrong).await;
    };
    if let Err(error) = app.commands.dry_run(&page.signed.caller, command).await {
        let present = people_present(&sent.posted, page.signed.reader.person);
        return match refused(&of, &error, &present) {
            Some(wrong) => render_again(&app, &sent, &place, wrong).await,
            None => Err(error.into()),
        };
    }
    render_review(&page, &sent, of, &read).await
}

async fn render_review(
    page: &DeskRequest<'_>,
    sent: &PostedForm,
    of: PanelRound,
    read: &PostedMeeting,
) -> Result<HttpResponse, PageError> {
    let today = day_of(page.app.commands.now());
    let day = |name: &str| sent.posted.text(name).parse::<Date>().ok();
    let letters_on = day("letters_on").filter(|day| *day > today);
    let organisation: OrganisationRow = page.row(page.app.commands.organisation()).await?;
    let offer_days = jiff::Span::new().days(i64::from(of.fund.rules.offer_days));
    let days = LetterDays {
        offer_until: next_working_day(letters_on.unwrap_or(today).saturating_add(offer_days)),
        organisation,
        office: page.app.site.office_contact(),
    };
    let groups: Vec<Uuid> = read
        .chosen
        .iter()
        .map(|chosen| of.lines[chosen.at].row.group.0)
        .collect();
    let contacts = page
        .app
        .views
        .contacts_of_groups(&Reader::service(), &groups)
        .await?;
    let letters = read
        .chosen
        .iter()
        .map(|chosen| {
            let line = &of.lines[chosen.at];
            let reached = contacts
                .get(&line.row.group.0)
                .map_or(&[][..], Vec::as_slice);
            LetterPreview {
                how: how_it_goes(reached),
                ..letter_preview(&of, line, chosen, &days)
            }
        })
        .collect();
    let kept = |(name, _): &&(String, String)| {
        !matches!(
            name.as_str(),
            "csrf" | "key" | "at" | "form" | "then" | TYPED_BY
        )
    };
    let review = ReviewPage {
        page: page
            .page_context(&format!("Check before recording: {}", of.round.name))
            .await?,
        form: page.forms().form("meeting"),
        posted: sent.posted.pairs().iter().filter(kept).cloned().collect(),
        sums: read.sums(of.available),
        met_on: day("met_on").unwrap_or(today),
        letters_on,
        present: sent.posted.all("present").count() + 1,
        letters,
        of,
    };
    page.render(&review)
}

/// How a letter reaches a group: only members with an email address get it by itself.
fn how_it_goes(reached: &[MemberContact]) -> &'static str {
    let emails = reached.iter().filter(|one| one.email.is_some()).count();
    let phones = reached.iter().any(|one| one.telephone.is_some());
    match (emails, phones) {
        (0, _) if reached.is_empty() => "No way to reach them",
        (0, true) => "Phone or letter: someone in the office tells them",
        (0, false) => "Letter: someone in the office prints it",
        (emails, _) if emails == reached.len() => "Email",
        _ => "Email; those without it by phone or letter",
    }
}

fn letter_preview(
    of: &PanelRound,
    line: &PanelLine,
    chosen: &ChosenDecision,
    days: &LetterDays,
) -> LetterPreview {
    let language = line.row.language;
    let (kind, state) = match chosen.choice {
        "award" => (MailKind::Offered, ApplicationState::Awarded),
        "reserve" => (MailKind::Reserved, ApplicationState::ReserveList),
        "later" => (MailKind::Deferred, ApplicationState::Deferred),
        _ => (MailKind::Declined, ApplicationState::Declined),
    };
    let amount = chosen
        .amount
        .filter(|_| kind == MailKind::Offered)
        .map(|amount| amount.to_string())
        .unwrap_or_default();
    let default = default_template(kind, language);
    let values = BTreeMap::from([
        ("name", "…".to_owned()),
        ("group", line.group.clone()),
        ("reference", line.reference.clone()),
        ("note", chosen.message.clone()),
        ("title", chosen.title.clone()),
        ("amount", amount.clone()),
        ("due_on", format_day(days.offer_until, language)),
        ("organisation", days.organisation.name.clone()),
        (
            "phone",
            days.office.phone_in_words(&days.organisation, language),
        ),
        ("link", format!("[{}]", default.button)),
    ]);
    let fund = Some(crate::domain::FundId(of.fund.id));
    let published = days
        .organisation
        .mail_text(kind, fund, language)
        .filter(|text| text.unused_reason().is_none());
    let (subject, body) = published.map_or((&default.subject, &default.body), |text| {
        (&text.subject, &text.body)
    });
    LetterPreview {
        group: line.group.clone(),
        reference: line.reference.clone(),
        tag: state.tag(),
        amount,
        how: "",
        subject: fill_in(subject, &values),
        body: fill_in(body, &values),
        language,
    }
}
