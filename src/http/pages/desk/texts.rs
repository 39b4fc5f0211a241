//! The pages of texts that staff write: the agreement, the list of mail texts, the public report.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use strum::VariantArray as _;

use super::DeskRequest;
use super::action::{Action, ActionSpec, sample};
use crate::domain::mail::MailKind;
use crate::domain::organisation::{PublishAgreement, PublishReport};
use crate::domain::text::Slug;
use crate::domain::{Command, OrganisationCommand as C, Role};
use crate::http::pages::{PageContext, PageError};
use crate::projections::{GrantRow, OrganisationRow, UpdateRow};
use crate::views::{Filter, PageRequest};

#[derive(Template)]
#[template(path = "desk/texts.html")]
struct TextsPage {
    page: PageContext,
    mails: Vec<MailTextStatus>,
    own: OrganisationRow,
}

/// A mail in the list, and the state of its texts.
struct MailTextStatus {
    key: &'static str,
    says: String,
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
    let mails = MailKind::VARIANTS
        .iter()
        .map(|kind| MailTextStatus::of(*kind, &own))
        .collect();
    let page = TextsPage {
        page: request.page_context("Texts").await?,
        mails,
        own,
    };
    request.render(&page)
}

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
        "This is version {}. Grants that were offered keep the version that they were offered with.",
        own.agreement_version
    );
    let page = ActionsPage {
        page: request.page_context("The agreement").await?,
        wrong: forms.error_summary(),
        says,
        acts: request.actions(&forms, vec![publish]).await?,
        words: vec![("As it stands".to_owned(), own.agreement)],
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
        page: request.page_context("The public report").await?,
        wrong: forms.error_summary(),
        says: "Nothing that a group typed becomes public by itself: write the report in your own words. What groups said was hard stands below.".to_owned(),
        acts: request.actions(&forms, table.collect()).await?,
        words: learned_texts(request).await?,
    };
    request.render(&page)
}

/// Publishing the report of one area. The page is for editors only.
fn report_action(request: &DeskRequest<'_>, own: &OrganisationRow, area: &Slug) -> ActionSpec {
    let known = own.reports.get(area);
    let text = |pick: fn(&crate::projections::AreaReportRow) -> &String| {
        known.map(|report| pick(report).clone()).unwrap_or_default()
    };
    let publish = C::PublishReport(PublishReport {
        area: area.clone(),
        context: sample("context"),
        hard: sample("hard"),
        lessons: sample("lessons"),
    });
    let publish = Command::Organisation(request.app.commands.organisation(), publish);
    let public = "The public reads this.";
    ActionSpec::new(format!("Publish what the report says of {area}"), publish)
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
        .prefill(text(|report| &report.lessons))
        .unchecked()
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
        words.extend(grant.map(|grant| (format!("{} ({})", grant.title, grant.area), learned)));
    }
    Ok(words)
}

pub(super) fn mail_kind_label(key: &str) -> String {
    key.replace('_', " ")
}
