//! The page of one grant for its group, rendered.

use actix_web::HttpResponse;
use askama::Template;
use jiff::civil::Date;

use super::agreement::{self, Signed};
use super::states;
use super::to_do::{self, GrantRecords, ToDo};
use crate::clock::day_of;
use crate::domain::grant::{GrantState, PaymentState, UpdateState, VariationState};
use crate::domain::language::Language;
use crate::domain::money::Money;
use crate::domain::organisation::ReturnAccount;
use crate::domain::reference::Reference;
use crate::domain::text::Slug;
use crate::domain::{Event, GrantEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::AppState;
use crate::http::api::grants::redact_for_group;
use crate::http::pages::bounced::goes_again;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::words::Tag;
use crate::http::pages::{
    FormErrors, PageContext, PageError, PageForms, PageWidth, Visitor, render_form_page,
};
use crate::mail::format_day;
use crate::projections::{
    ApplicationRow, CheckRow, FileRow, FundRow, GrantRow, GroupRow, OrganisationRow, PaymentRow,
    UpdateRow,
};
use crate::views::{Filter, GrantView, PageRequest};

#[derive(Template)]
#[template(path = "my/grant.html")]
struct OwnGrantPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    group: String,
    /// The number of the application, by which a payment back is recognised.
    reference: String,
    /// Where to pay money back; only for a group that owes some.
    return_account: Option<ReturnAccount>,
    state: Tag,
    to_do: Vec<ToDo>,
    agreement: String,
    /// The names of those who sign, as entered, or empty.
    signers: Vec<String>,
    signed: Option<Signed>,
    /// The names of those who signed for themselves, and whether the visitor did.
    signed_so_far: String,
    has_signed: bool,
    money: MoneyLines,
    payee: Option<PayeeLine>,
    papers: Vec<Paper>,
    /// How many documents the group sent since the offer, and the day of the last one.
    sent: Option<(usize, Date)>,
    payments: Vec<(PaymentRow, Tag)>,
    updates: Vec<(UpdateRow, Tag)>,
    answers: Vec<Answered>,
    runs: bool,
}

/// The amounts of a grant as its group knows them.
struct MoneyLines {
    awarded: Money,
    confirmed: Money,
    on_its_way: Money,
    gave_back: Money,
}

/// The bank details on file.
pub(super) struct PayeeLine {
    /// The last digits of the account; empty without one.
    pub ending: String,
    pub verified: bool,
}

/// A paper that a check needs.
struct Paper {
    key: String,
    name: String,
    state: Tag,
    note: Option<String>,
    open: bool,
}

/// Something that the group asked, and what the office answered.
struct Answered {
    title: String,
    text: String,
    class: &'static str,
}

pub(super) async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GrantRow,
    notice: Option<String>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let group: GroupRow = found(app.views.find(row.group, None).await?)?;
    let fund: FundRow = found(app.views.find(row.fund, None).await?)?;
    let of = || vec![Filter::equals("grant_id", row.id)];
    let all = PageRequest::up_to_max();
    let payments: Vec<PaymentRow> = app.views.list(None, of(), &all).await?.items;
    let updates: Vec<UpdateRow> = app.views.list(None, of(), &all).await?.items;
    let files = app.views.files_of(&[row.group.to_string()], None).await?;
    let events = agreement::events_of(app, &row).await?;
    let payee = payee_line(visitor, app, &group).await?;
    let opened = opened(app, row).await?;
    let answers = answers(&opened, &events, language);
    let row = opened.row;
    let records = GrantRecords {
        row: &row,
        updates: &updates,
        files: &files,
        payments: &payments,
        payee: group.payee.as_ref().map(|payee| payee.payee),
        today: day_of(app.commands.now()),
        language,
    };
    let mut to_do = records.to_do();
    to_do::sort(&mut to_do);
    let (signed_so_far, has_signed) = agreement::own_signatures(app, visitor, &events).await?;
    let signers = entered_signers(rejected.as_ref(), fund.rules.signers.into());
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let mut shell = PageContext::load(visitor, app, &row.title).await?;
    shell.back = Some("/my".to_owned());
    shell.has_errors = !wrong.is_empty();
    shell.width = PageWidth::Wide;
    shell.notice = notice;
    let page = OwnGrantPage {
        page: shell,
        forms,
        wrong,
        reference: reference(app, &row).await?,
        return_account: return_account(app, &row).await?,
        state: states::grant_tag(&row, records.today, language),
        to_do,
        agreement: agreement::text_of(app, &row).await?,
        signers,
        signed_so_far,
        has_signed,
        signed: agreement::signed(app, visitor, &events).await?,
        money: money(&row, &payments),
        payee,
        papers: papers(&row, &files, language),
        sent: sent(&row, &files),
        payments: payments_with_tags(payments, language),
        updates: with_tags(updates, |row| states::update_tag(row, language)),
        answers,
        runs: to_do::is_running(&row),
        group: group.name,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

fn found<T>(row: Option<T>) -> Result<T, PageError> {
    row.ok_or_else(PageError::not_found)
}

fn payments_with_tags(rows: Vec<PaymentRow>, language: Language) -> Vec<(PaymentRow, Tag)> {
    let tags: Vec<Tag> = rows
        .iter()
        .map(|row| states::payment_tag(row, goes_again(row, &rows), language))
        .collect();
    rows.into_iter().zip(tags).collect()
}

fn with_tags<T>(rows: Vec<T>, tag: impl Fn(&T) -> Tag) -> Vec<(T, Tag)> {
    rows.into_iter()
        .map(|row| {
            let tag = tag(&row);
            (row, tag)
        })
        .collect()
}

/// The grant as its group sees it, with the group's own words decrypted.
async fn opened(app: &AppState, row: GrantRow) -> Result<GrantView, PageError> {
    let rows = vec![redact_for_group(row)];
    found(app.views.decrypt_grants(true, rows).await?.pop())
}

async fn reference(app: &AppState, row: &GrantRow) -> Result<String, PageError> {
    let application: Option<ApplicationRow> = app.views.find(row.id, None).await?;
    Ok(application
        .and_then(|application| Reference::parse(&application.reference))
        .map(|reference| reference.to_string())
        .unwrap_or_default())
}

/// The organisation's account, for a group that owes money.
async fn return_account(
    app: &AppState,
    row: &GrantRow,
) -> Result<Option<ReturnAccount>, PageError> {
    if row.due_back.is_zero() {
        return Ok(None);
    }
    let own: Option<OrganisationRow> = app.views.find(app.commands.organisation(), None).await?;
    Ok(own.and_then(|own| own.settings?.values.return_account))
}

pub(super) async fn payee_line(
    visitor: &Visitor,
    app: &AppState,
    group: &GroupRow,
) -> Result<Option<PayeeLine>, PageError> {
    let reader = &visitor.require_signed_in()?.reader;
    let seen = app
        .views
        .decrypt_groups(reader, vec![group.clone()], None)
        .await?;
    let payee = seen.into_iter().next().and_then(|group| group.payee);
    Ok(payee.map(|payee| PayeeLine {
        ending: payee.numbers.map(|all| ending(&all)).unwrap_or_default(),
        verified: payee.verified,
    }))
}

/// The last three digits of an account.
fn ending(numbers: &str) -> String {
    let digits: Vec<char> = numbers.chars().filter(char::is_ascii_digit).collect();
    digits[digits.len().saturating_sub(3)..].iter().collect()
}

/// The names in the fields for those who sign: as entered if the form was rejected.
fn entered_signers(rejected: Option<&FormErrors>, signers: usize) -> Vec<String> {
    let entered = rejected
        .iter()
        .filter(|rejected| rejected.form == "accept")
        .flat_map(|rejected| &rejected.values)
        .filter(|(name, _)| name == "signer[]")
        .map(|(_, value)| value.clone());
    let mut names: Vec<String> = entered.take(signers).collect();
    names.resize(signers, String::new());
    names
}

fn money(row: &GrantRow, payments: &[PaymentRow]) -> MoneyLines {
    let on_its_way = payments
        .iter()
        .filter(|payment| payment.state == PaymentState::Sent)
        .fold(Money::ZERO, |sum, payment| sum.plus(payment.amount));
    MoneyLines {
        awarded: to_do::awarded(row),
        confirmed: row.confirmed,
        on_its_way,
        gave_back: row.returned,
    }
}

fn papers(row: &GrantRow, files: &[FileRow], language: Language) -> Vec<Paper> {
    let arrived = to_do::all_arrived(row, files);
    let paper = |(key, check): (&Slug, &CheckRow)| {
        let arrived = to_do::has_arrived(check, arrived);
        Paper {
            key: key.to_string(),
            name: to_do::paper_name(key, check, language),
            state: states::paper_tag(&check.state, arrived, language),
            note: check.note.clone(),
            open: to_do::is_open(check),
        }
    };
    row.checks.iter().map(paper).collect()
}

fn sent(row: &GrantRow, files: &[FileRow]) -> Option<(usize, Date)> {
    let sent = to_do::documents(row, files);
    let last = sent.iter().map(|file| file.kept_on).max()?;
    Some((sent.len(), last))
}

/// What the group asked and what the office answered, the newest first.
fn answers(grant: &GrantView, events: &[RecordedEvent], language: Language) -> Vec<Answered> {
    let mut lines: Vec<Answered> = grant
        .row
        .variations
        .iter()
        .map(|(number, variation)| {
            let (asked, decided) = days_of(events, *number);
            let with = |text, day| translate_with(text, &format_day(day, language), language);
            let title = match variation.change.ends_on {
                Some(day) if variation.state == VariationState::Approved => {
                    with("Run until {}", day)
                }
                Some(day) => with("You asked to run until {}", day),
                None => translate("A change to your grant", language).to_owned(),
            };
            let mut text: Vec<String> = Vec::new();
            text.extend(asked.map(|day| with("You asked on {}.", day)));
            text.extend(grant.variation_words.get(number).cloned());
            let class = match variation.state {
                VariationState::Requested => {
                    text.push(translate("We have not decided yet.", language).to_owned());
                    "now"
                }
                VariationState::Approved => {
                    text.extend(decided.map(|day| with("We said yes on {}.", day)));
                    "good"
                }
                VariationState::Refused => {
                    text.extend(decided.map(|day| with("We said no on {}.", day)));
                    text.extend(variation.reason.clone());
                    "done"
                }
            };
            let text = text.join("\n");
            Answered { title, text, class }
        })
        .collect();
    lines.reverse();
    lines
}

/// The days on which a variation was requested and decided.
fn days_of(events: &[RecordedEvent], number: u16) -> (Option<Date>, Option<Date>) {
    use GrantEvent as E;
    let (mut asked, mut decided) = (None, None);
    for event in events {
        match &event.event {
            Event::Grant(E::VariationRequested { variation, .. }) if *variation == number => {
                asked = Some(event.recorded_on());
            }
            Event::Grant(
                E::VariationApproved { variation, .. } | E::VariationRefused { variation, .. },
            ) if *variation == number => decided = Some(event.recorded_on()),
            _ => {}
        }
    }
    (asked, decided)
}
