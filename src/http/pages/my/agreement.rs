//! The agreement of a grant as the group signed it, to read and to print.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::members;
use crate::domain::personal_data::Encrypted;
use crate::domain::{Event, GrantEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{PageContext, PageError, Visitor, ownership, render_page};
use crate::mail::format_day;
use crate::projections::{AgreementRow, GrantRow, GroupRow};

/// The most events of an application and its grant that are looked at.
const EVENTS_MAX: i64 = 1000;

#[derive(Template)]
#[template(path = "my/agreement.html")]
struct AgreementPage {
    page: PageContext,
    row: GrantRow,
    group: String,
    agreement: String,
    signed: Option<Signed>,
}

/// Who signed an agreement, and when.
pub(super) struct Signed {
    pub day: String,
    pub names: String,
}

/// The text of the agreement that was issued with the grant.
pub(super) async fn text_of(app: &AppState, row: &GrantRow) -> Result<String, PageError> {
    let agreement: Option<AgreementRow> = app
        .views
        .find(AgreementRow::id_of(row.agreement_version), None)
        .await?;
    Ok(agreement
        .map(|agreement| agreement.text)
        .unwrap_or_default())
}

/// The events of a grant and of its application, in their order.
pub(super) async fn events_of(
    app: &AppState,
    row: &GrantRow,
) -> Result<Vec<RecordedEvent>, PageError> {
    Ok(app.views.events_with_id(row.id, EVENTS_MAX).await?)
}

/// The names of those who signed, without those that were erased.
pub(in crate::http::pages) async fn signer_names<'a>(
    app: &AppState,
    names: impl IntoIterator<Item = &'a Encrypted>,
) -> Result<String, PageError> {
    let sealed: Vec<_> = names.into_iter().collect();
    Ok(members::decrypted(app, "signer", &sealed).await?.join(", "))
}

/// Who signed, from the events of the grant.
pub(super) async fn signed(
    app: &AppState,
    visitor: &Visitor,
    events: &[RecordedEvent],
) -> Result<Option<Signed>, PageError> {
    for event in events {
        if let Event::Grant(GrantEvent::AgreementAccepted { names, .. }) = &event.event {
            return Ok(Some(Signed {
                day: format_day(event.recorded_on(), visitor.language),
                names: signer_names(app, names).await?,
            }));
        }
    }
    Ok(None)
}

/// The names of those who signed the newest agreement for themselves, and whether the visitor did.
pub(super) async fn own_signatures(
    app: &AppState,
    visitor: &Visitor,
    events: &[RecordedEvent],
) -> Result<(String, bool), PageError> {
    let own = visitor.person()?;
    let (mut names, mut has_signed) = (Vec::new(), false);
    for event in events {
        match &event.event {
            Event::Grant(GrantEvent::AgreementIssued { .. }) => {
                (names, has_signed) = (Vec::new(), false);
            }
            Event::Grant(GrantEvent::AgreementSigned { name, by, .. }) => {
                names.push(name);
                has_signed |= *by == own;
            }
            _ => {}
        }
    }
    Ok((signer_names(app, names).await?, has_signed))
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let events = events_of(&app, &row).await?;
    let signed = signed(&app, &visitor, &events).await?;
    let title = match signed {
        Some(_) => "The agreement you signed",
        None => "The agreement",
    };
    let group: Option<GroupRow> = app.views.find(row.group, None).await?;
    let mut shell = PageContext::load(&visitor, &app, translate(title, visitor.language)).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    render_page(&AgreementPage {
        page: shell,
        agreement: text_of(&app, &row).await?,
        group: group.map(|group| group.name).unwrap_or_default(),
        row,
        signed,
    })
}
