//! The outbox: mails that were sent or wait, and sending a failed one again.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::texts::{mail_kind_label, require_editor};
use super::{DeskRequest, choices_or_none};
use crate::domain::PersonId;
use crate::http::AppState;
use crate::http::pages::sign_in::format_instant;
use crate::http::pages::{Form, PageContext, PageError, PostedForm, ownership, see_other};
use crate::outbox;

#[derive(Template)]
#[template(path = "desk/outbox.html")]
struct OutboxPage {
    page: PageContext,
    filter: Form,
    states: Vec<(String, String)>,
    rows: Vec<OutboxMailView>,
}

struct OutboxMailView {
    id: String,
    kind: String,
    state: String,
    to: String,
    when: String,
    tries: i64,
    error: String,
    again: Option<Form>,
}

pub(super) async fn show_outbox(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    require_editor(request)?;
    let state = request.text("state");
    let rows = outbox::newest(request.app.commands.log(), state, 100).await?;
    let people = request
        .names_of_people(
            rows.iter()
                .filter_map(|row| row.person.parse().ok().map(PersonId)),
        )
        .await?;
    let forms = request.forms();
    let seen = |row: outbox::MailRow| OutboxMailView {
        again: (row.state == "failed").then(|| forms.form("again")),
        kind: mail_kind_label(&row.kind),
        to: people.of(&row.person),
        when: format_instant(row.sent_at.unwrap_or(row.made_at)),
        tries: row.tries,
        error: row.error.unwrap_or_default(),
        id: row.id,
        state: row.state,
    };
    let page = OutboxPage {
        page: request.page_context("Mails").await?,
        filter: forms.form("filter").prefill("state", state),
        states: choices_or_none("all", ["due", "claimed", "sent", "dropped", "failed"]),
        rows: rows.into_iter().map(seen).collect(),
    };
    request.render(&page)
}

/// Makes a failed mail due again.
pub(super) async fn resend_mail(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    let reader = &visitor.require_staff()?.reader;
    if !reader.works_with_groups() {
        return Err(PageError::forbidden());
    }
    let id = ownership::parse_uuid(request.match_info().query("mail"))?.to_string();
    let now = app.commands.now().as_microsecond();
    outbox::retry(app.commands.log(), &id, now).await?;
    Ok(see_other("/desk/texts/mails?done=try-again"))
}
