//! The outbox: mails that were sent or wait, and sending a failed one again.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::DeskRequest;
use super::texts::{mail_kind_label, require_editor};
use crate::domain::PersonId;
use crate::http::AppState;
use crate::http::pages::days::instant_in_words;
use crate::http::pages::words::{Tag, capitalised, mail_tag};
use crate::http::pages::{Form, PageContext, PageError, PostedForm, ownership, see_other};
use crate::outbox;

#[derive(Template)]
#[template(path = "desk/outbox.html")]
struct OutboxPage {
    page: PageContext,
    /// The views of the list by state: key, label, and whether it is shown.
    states: Vec<(&'static str, &'static str, bool)>,
    rows: Vec<OutboxMailView>,
}

struct OutboxMailView {
    id: String,
    kind: String,
    state: Tag,
    /// Details that the word of the state does not give.
    detail: String,
    to: String,
    when: String,
    /// The page with the words, if there is one.
    words: Option<String>,
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
    let (forms, today) = (request.forms(), request.today());
    let seen = |row: outbox::MailRow| OutboxMailView {
        again: (row.state == "failed").then(|| forms.form("again")),
        kind: mail_kind_label(&row.kind),
        to: people.of(&row.person),
        when: capitalised(&instant_in_words(row.sent_at.unwrap_or(row.made_at), today)),
        state: mail_tag(&row.state),
        detail: detail_of(&row),
        words: row
            .about
            .parse::<i64>()
            .is_ok_and(|_| row.person.parse::<uuid::Uuid>().is_ok())
            .then(|| format!("/desk/tell/{}", row.id)),
        id: row.id,
    };
    let page = OutboxPage {
        page: request.page_context("Emails").await?,
        states: STATES
            .iter()
            .map(|key| {
                let label = if key.is_empty() {
                    "All"
                } else {
                    mail_tag(key).word
                };
                (*key, label, *key == state)
            })
            .collect(),
        rows: rows.into_iter().map(seen).collect(),
    };
    request.render(&page)
}

/// The states in the order of the views.
const STATES: [&str; 8] = [
    "",
    "due",
    "claimed",
    "sent",
    "failed",
    outbox::BY_HAND,
    "told",
    "dropped",
];

/// The state of a mail with its reason, as a sentence.
pub(super) fn state_in_words(mail: &outbox::MailRow) -> String {
    let (state, detail) = (mail_tag(&mail.state).word, detail_of(mail));
    if detail.is_empty() {
        state.to_owned()
    } else {
        format!("{state}. {detail}")
    }
}

/// The reason of a mail's state, or how often it was tried.
fn detail_of(mail: &outbox::MailRow) -> String {
    let why = mail.error.as_deref().unwrap_or_default();
    match mail.state.as_str() {
        "due" if mail.tries > 0 => format!("Tried {} times so far", mail.tries),
        "due" | "claimed" | "sent" => String::new(),
        "failed" => format!("After {} tries: {why}", mail.tries),
        outbox::BY_HAND => "They have no email address".to_owned(),
        "told" => match why {
            "letter" => "By letter".to_owned(),
            "in_person" => "In person".to_owned(),
            _ => "By phone".to_owned(),
        },
        _ => capitalised(why),
    }
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
