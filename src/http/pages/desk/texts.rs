//! The pages of texts that staff write: the agreement, the list of mail texts, the public report.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use crate::domain::language::Language;
use crate::domain::mail::MailKind;
use crate::domain::organisation::{PublishAgreement, PublishReport};
use crate::domain::text::Slug;
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError};
use crate::projections::{AreaReportRow, GrantRow, OrganisationRow, UpdateRow};
use crate::views::{Filter, PageRequest};

#[derive(Template)]
#[template(path = "desk/texts.html")]
struct TextsPage {
    page: PageContext,
    /// The emails in parts.
    parts: Vec<(&'static str, Vec<MailTextStatus>)>,
    own: OrganisationRow,
    /// Whether the reader may change the wording.
    edits: bool,
    /// Whether the reader may choose the signs of success and the themes, and change the agreement.
    administers: bool,
}

/// A mail in the list, and the state of its texts.
struct MailTextStatus {
    key: &'static str,
    says: String,
    /// When it goes out.
    when: &'static str,
    /// Whether staff published texts of their own that are in use, and whether some are published
    /// and not in use.
    own: bool,
    unused: bool,
    /// A proposed text waits for a second administrator.
    waits: bool,
}

impl MailTextStatus {
    fn of(kind: MailKind, own: &OrganisationRow) -> Self {
        let key: &str = kind.into();
        let (used, unused): (Vec<_>, Vec<_>) = own
            .mail_texts
            .iter()
            .filter(|text| text.mail == kind)
            .partition(|text| text.unused_reason().is_none());
        let waits = own.proposed_mail_texts.iter().any(|text| text.mail == kind);
        Self {
            key,
            says: mail_kind_label(key),
            when: MAILS
                .iter()
                .find(|(known, ..)| *known == key)
                .map_or("", |(_, _, when)| when),
            own: !used.is_empty(),
            unused: !unused.is_empty(),
            waits,
        }
    }
}

pub(super) async fn organisation(request: &DeskRequest<'_>) -> Result<OrganisationRow, PageError> {
    request
        .app
        .views
        .find(request.app.commands.organisation(), None)
        .await?
        .ok_or_else(PageError::not_found)
}

pub(super) fn require_editor(request: &DeskRequest<'_>) -> Result<(), PageError> {
    let may = [Role::Officer, Role::Administrator]
        .iter()
        .any(|role| request.signed.reader.roles.contains(role));
    if may {
        Ok(())
    } else {
        Err(PageError::forbidden())
    }
}

pub(super) async fn list(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let own = organisation(request).await?;
    let page = TextsPage {
        page: request.page_context("Wording and emails").await?,
        parts: mail_parts(&own),
        own,
        edits: require_editor(request).is_ok(),
        administers: request.signed.reader.roles.contains(&Role::Administrator),
    };
    request.render(&page)
}

/// All emails by the part of the work that they belong to.
fn mail_parts(own: &OrganisationRow) -> Vec<(&'static str, Vec<MailTextStatus>)> {
    let part_of = |kind: MailKind| {
        let key: &str = kind.into();
        MAILS
            .iter()
            .find(|(known, ..)| *known == key)
            .map_or(MAIL_PARTS[3], |(_, part, _)| *part)
    };
    MAIL_PARTS
        .iter()
        .map(|part| {
            let kinds = MailKind::VARIANTS.iter().copied();
            let mails = kinds.filter(|kind| part_of(*kind) == *part);
            (
                *part,
                mails.map(|kind| MailTextStatus::of(kind, own)).collect(),
            )
        })
        .collect()
}

const MAIL_PARTS: [&str; 8] = [
    "Applying",
    "The decision",
    "The grant",
    "People and access",
    "Gatherings",
    "Pledges and barriers",
    "The directory",
    "Introductions",
];

/// Each email by its key, with its part and when it goes out.
const MAILS: [(&str, &str, &str); 44] = [
    (
        "draft_closing",
        MAIL_PARTS[0],
        "Before a round closes, to groups who started but did not send",
    ),
    (
        "draft_reopened",
        MAIL_PARTS[0],
        "When a round gets a later last day",
    ),
    (
        "submitted",
        MAIL_PARTS[0],
        "When a group sends its application",
    ),
    (
        "changes_requested",
        MAIL_PARTS[0],
        "When you ask a question about an application",
    ),
    (
        "ineligible",
        MAIL_PARTS[0],
        "When an application is not eligible",
    ),
    ("offered", MAIL_PARTS[1], "When the panel makes an award"),
    ("declined", MAIL_PARTS[1], "When the panel says no"),
    ("deferred", MAIL_PARTS[1], "When the panel decides later"),
    (
        "reserved",
        MAIL_PARTS[1],
        "When an application goes on the reserve list",
    ),
    ("reviewed", MAIL_PARTS[1], "When the panel has looked again"),
    (
        "offer_ended",
        MAIL_PARTS[1],
        "When an offer was not answered in time",
    ),
    (
        "agreement_accepted",
        MAIL_PARTS[2],
        "When a group accepts the agreement",
    ),
    ("check_requested", MAIL_PARTS[2], "When you ask for a paper"),
    (
        "paper_received",
        MAIL_PARTS[2],
        "When a group sends a paper",
    ),
    ("paid", MAIL_PARTS[2], "When the bank has the payment"),
    (
        "update_due",
        MAIL_PARTS[2],
        "Before an update is due, and once it is late",
    ),
    (
        "update_queried",
        MAIL_PARTS[2],
        "When you ask a question about an update",
    ),
    (
        "update_received",
        MAIL_PARTS[2],
        "When a group sends an update or news",
    ),
    (
        "update_accepted",
        MAIL_PARTS[2],
        "When you accept an update",
    ),
    (
        "variation_asked",
        MAIL_PARTS[2],
        "When a group asks for a change",
    ),
    (
        "variation_approved",
        MAIL_PARTS[2],
        "When you agree to a change",
    ),
    (
        "variation_refused",
        MAIL_PARTS[2],
        "When you do not agree to a change",
    ),
    (
        "return_requested",
        MAIL_PARTS[2],
        "When money must be returned",
    ),
    ("return_received", MAIL_PARTS[2], "When money was returned"),
    ("grant_stopped", MAIL_PARTS[2], "When a grant is stopped"),
    ("grant_closed", MAIL_PARTS[2], "When a grant is finished"),
    (
        "sign_in",
        MAIL_PARTS[3],
        "When someone asks for a link to sign in",
    ),
    (
        "colleague_invited",
        MAIL_PARTS[3],
        "When a colleague gets a role",
    ),
    (
        "contact_changed",
        MAIL_PARTS[3],
        "When someone’s contact details change",
    ),
    (
        "erasure_asked",
        MAIL_PARTS[3],
        "When someone asks us to erase their details",
    ),
    (
        "signed_up",
        MAIL_PARTS[4],
        "When someone signs up and has a place",
    ),
    (
        "waiting_joined",
        MAIL_PARTS[4],
        "When someone signs up and there is no place left",
    ),
    (
        "place_free",
        MAIL_PARTS[4],
        "When someone who waited gets a place",
    ),
    (
        "session_moved",
        MAIL_PARTS[4],
        "When the day, the time or the place changes",
    ),
    (
        "session_cancelled",
        MAIL_PARTS[4],
        "When you cancel a session, also to those who wait",
    ),
    (
        "session_soon",
        MAIL_PARTS[4],
        "In the two days before a session",
    ),
    (
        "session_after",
        MAIL_PARTS[4],
        "When you record who came, to those named",
    ),
    (
        "lead_offered",
        MAIL_PARTS[4],
        "When you ask someone to lead",
    ),
    (
        "pledge_due",
        MAIL_PARTS[5],
        "When someone has not kept a pledge yet, once",
    ),
    (
        "barrier_answered",
        MAIL_PARTS[5],
        "When you record an answer, to everyone who told us",
    ),
    (
        "asset_due",
        MAIL_PARTS[5],
        "10, 11 and 12 months after an entry was confirmed, to those who hold it",
    ),
    (
        "introduction_asks",
        MAIL_PARTS[5],
        "When you introduce someone, to the group that they would like to meet",
    ),
    (
        "introduced",
        MAIL_PARTS[5],
        "When you introduce someone, to them",
    ),
    (
        "introduction_answered",
        MAIL_PARTS[5],
        "When the group says if they are welcome",
    ),
];

#[derive(Template)]
#[template(path = "desk/act_page.html")]
struct ActionsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    says: String,
    acts: Vec<Action>,
    words: Vec<(String, String)>,
}

pub(super) async fn show_agreement(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let own = organisation(request).await?;
    let forms = request.forms();
    let publish = C::PublishAgreement(PublishAgreement {
        text: sample("text"),
    });
    let publish = Command::Organisation(request.app.commands.organisation(), publish);
    let publish = ActionSpec::new("Publish the next version", publish)
        .text_area("text", "The agreement")
        .prefill(&own.agreement);
    let says = format!(
        "Version {} is in use. A grant keeps the version that it was offered with.",
        own.agreement_version
    );
    let page = ActionsPage {
        page: request.page_context("The agreement").await?,
        wrong: forms.error_summary(),
        says,
        acts: request.actions(&forms, vec![publish]).await?,
        words: vec![("In use now".to_owned(), own.agreement)],
    };
    request.render(&page)
}

/// The public report: a form for each area, and what groups wrote that they learned.
pub(super) async fn show_report(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let own = organisation(request).await?;
    let forms = request.forms();
    let funds = request.funds().await?;
    let areas: BTreeSet<Slug> = funds.into_iter().flat_map(|fund| fund.areas).collect();
    let table = areas.iter().map(|area| report_action(request, &own, area));
    let page = ActionsPage {
        page: request.page_context("Reports on areas").await?,
        wrong: forms.error_summary(),
        says: "Nothing that a group typed becomes public by itself. Write the report in your own \
            words. Below you can read what groups learned."
            .to_owned(),
        acts: request.actions(&forms, table.collect()).await?,
        words: learned_texts(request).await?,
    };
    request.render(&page)
}

/// Publishing the report of one area. The page is for editors only.
fn report_action(request: &DeskRequest<'_>, own: &OrganisationRow, area: &Slug) -> ActionSpec {
    let known = own.reports.get(area);
    let text = |pick: fn(&AreaReportRow) -> &String| {
        known.map(|report| pick(report).clone()).unwrap_or_default()
    };
    let publish = C::PublishReport(PublishReport {
        area: area.clone(),
        context: sample("context"),
        hard: sample("hard"),
        lessons: sample("lessons"),
        other_languages: BTreeMap::new(),
    });
    let publish = Command::Organisation(request.app.commands.organisation(), publish);
    let public = "The public reads this.";
    let publish = ActionSpec::new(
        format!("Publish the report on {}", place_name(area.as_str())),
        publish,
    )
    .form(format!("report-{area}"))
    .hidden("area", area)
    .text_area("context", "The place, and what was set out to do")
    .hint(public)
    .prefill(text(|report| &report.context))
    .text_area("hard", "What was hard")
    .hint(public)
    .prefill(text(|report| &report.hard))
    .text_area("lessons", "What we learned")
    .hint(public)
    .prefill(text(|report| &report.lessons));
    with_translations(publish, known).unchecked()
}

/// The fields for the report in each other language. A language is all or nothing.
fn with_translations(mut publish: ActionSpec, known: Option<&AreaReportRow>) -> ActionSpec {
    let others = Language::VARIANTS
        .iter()
        .filter(|language| **language != Language::En);
    for language in others {
        let known = known.and_then(|report| report.other_languages.get(language));
        let texts = known.map(|report| [&report.context, &report.hard, &report.lessons]);
        let fields = [
            ("context", "The place"),
            ("hard", "What was hard"),
            ("lessons", "What we learned"),
        ];
        for (at, (field, label)) in fields.into_iter().enumerate() {
            let name = format!("other_languages.{}.{field}", language.code());
            let label = format!("{label}, in {} (optional)", language.english_name());
            let text = texts.map(|texts| texts[at].to_string());
            publish = publish
                .text_area(&name, &label)
                .prefill(text.unwrap_or_default());
        }
    }
    publish
}

async fn learned_texts(request: &DeskRequest<'_>) -> Result<Vec<(String, String)>, PageError> {
    let rows = request
        .app
        .views
        .list::<UpdateRow>(
            None,
            vec![Filter::in_state(["received", "accepted"])],
            &PageRequest {
                after: None,
                limit: 200,
            },
        )
        .await?
        .items;
    let seen = request
        .app
        .views
        .decrypt_updates(request.signed.reader.may_read_words(), true, rows)
        .await?;
    let mut words = Vec::new();
    for update in seen {
        let Some(learned) = update.learned else {
            continue;
        };
        let grant: Option<GrantRow> = request.app.views.find(update.grant, None).await?;
        words.extend(grant.map(|grant| {
            let place = place_name(grant.area.as_str());
            (format!("{}, {place}", grant.title), learned)
        }));
    }
    Ok(words)
}

pub(super) fn mail_kind_label(key: &str) -> String {
    let label = match key {
        "sign_in" => "Link to sign in",
        "colleague_invited" => "Invitation to a colleague",
        "submitted" => "We have your application",
        "changes_requested" => "Question about the application",
        "ineligible" => "Application not eligible",
        "declined" => "Application not funded",
        "deferred" => "Decision later",
        "reserved" => "On the reserve list",
        "reviewed" => "Result of the review",
        "offered" => "Offer of a grant",
        "offer_ended" => "Offer ended",
        "check_requested" => "Something we still need",
        "paid" => "Money on its way",
        "update_due" => "Reminder of an update",
        "update_queried" => "Question about an update",
        "return_requested" => "Money to return",
        "contact_changed" => "Contact details changed",
        "new_address" => "Link to a new email address",
        "draft_closing" => "Application not sent yet",
        "draft_reopened" => "Round open again",
        "agreement_accepted" => "Agreement accepted",
        "paper_received" => "Paper received",
        "variation_asked" => "Change asked for",
        "variation_approved" => "Change agreed",
        "variation_refused" => "Change not agreed",
        "update_received" => "Update received",
        "update_accepted" => "Update accepted",
        "return_received" => "Money returned",
        "grant_stopped" => "Grant stopped",
        "grant_closed" => "Grant finished",
        "erasure_asked" => "Details to be erased",
        "payee_changed" => "Bank details received",
        "members_changed" => "Someone joined or left the group",
        "groups_merged" => "Groups joined",
        "member_changed" => "A member's details changed",
        "invited" => "Invitation to a group",
        "role_given" => "A role was given",
        "colleague_changed" => "A colleague's details changed",
        "hand_asked" => "A lead asks for a hand",
        "code_tried" => "Wrong codes typed",
        "token_made" => "Token made",
        "signed_up" => "Signed up for a session",
        "waiting_joined" => "On the waiting list",
        "place_free" => "A place is free",
        "session_moved" => "Session moved",
        "session_cancelled" => "Session cancelled",
        "session_soon" => "Reminder of a session",
        "session_after" => "Thank you for coming",
        "lead_offered" => "Asked to lead a gathering",
        "pledge_due" => "Reminder of a pledge",
        "barrier_answered" => "Answer to what we heard",
        "asset_due" => "Reminder to confirm an entry",
        "introduction_asks" => "Someone would like to meet the group",
        "introduced" => "We introduced you",
        "introduction_answered" => "Answer from the group",
        "signed_head" => "Checkpoint of the log",
        _ => return key.replace('_', " "),
    };
    label.to_owned()
}
