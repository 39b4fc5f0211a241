//! Composition of one mail: recipient, values of the template, and the text as plain text and HTML.
//!
//! The newest text that staff published for the fund or for all funds is used, or the default
//! template. An address that its person has not proven to be theirs gets a neutral text, because
//! the person who typed it may have typed a stranger's address.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use uuid::Uuid;

use super::default_templates::template_for_unproven;
use super::sign_in_links::{MAILED_LINK_MINUTES, SignInSecret};
use super::{MailError, Mailer, default_template};
use crate::crypto::vault::DecryptedValue;
use crate::domain::application::ApplicationState;
use crate::domain::grant::{GrantState, UpdateState};
use crate::domain::language::Language;
use crate::domain::mail::{self, MailKind};
use crate::domain::personal_data::Encrypted;
use crate::domain::reference::Reference;
use crate::domain::text::contains_url;
use crate::domain::{ApplicationEvent, Event, FundId, GrantEvent, Money, Person, PersonEvent};
use crate::eventlog::LogError;
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{
    ApplicationRow, FundRow, GrantRow, GroupRow, OrganisationRow, PersonRow, UpdateRow,
};
use crate::store::outbox::MailRow;
use crate::store::sessions;
use crate::views::{PersonView, Reader};

/// A composed mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    /// Id of the mail in the outbox, and of its Message-ID.
    pub id: String,
    pub to: String,
    pub language: &'static str,
    pub subject: String,
    pub plain: String,
    pub html: String,
    pub attachment: Option<EmailAttachment>,
}

/// A text file attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailAttachment {
    pub name: String,
    pub text: String,
}

/// A composed mail, or the reason why it is not needed any more.
pub enum ComposedMail {
    Email(Email),
    NotNeeded(&'static str),
}

const NO_ADDRESS: &str = "the person has no e-mail address";

type TemplateValues = BTreeMap<&'static str, String>;

/// Values for the template, and the page that the mail links to.
struct MailContext {
    values: TemplateValues,
    /// Path of the page, with its leading slash.
    path: String,
    fund: Option<FundId>,
    language: Language,
}

pub(super) async fn compose(
    post: &Mailer,
    row: &MailRow,
    kind: MailKind,
) -> Result<ComposedMail, MailError> {
    let found = load_person(post, &row.person).await?;
    let Some((person, known_email)) = found else {
        return Ok(ComposedMail::NotNeeded("the person is not known any more"));
    };
    let to = match recipient_address(post, row, kind, &person).await? {
        Ok(to) => to,
        Err(why) => return Ok(ComposedMail::NotNeeded(why)),
    };
    let about = match kind {
        MailKind::SignIn => sign_in_context(post, &row.about, &person).await?,
        MailKind::ContactChanged => Ok(contact_changed_context(post, &row.about, &person).await?),
        _ => event_context(post, &row.about, kind).await?,
    };
    let MailContext {
        values: mut said,
        path,
        fund,
        language,
    } = match about {
        Ok(about) => about,
        Err(why) => return Ok(ComposedMail::NotNeeded(why)),
    };
    let organisation: OrganisationRow = post
        .views
        .find(&post.commands.organisation().to_string(), None)
        .await?
        .ok_or(MailError::ViewsBehind)?;
    if !kind.may_reach_unproven() {
        said.insert("name", without_address(person.name.unwrap_or_default()));
    }
    said.insert("organisation", organisation.name.clone());
    said.insert("link", format!("{}{path}", post.address));
    let (subject, body) =
        if kind.may_reach_unproven() || is_proven(post, known_email.as_ref(), &to).await? {
            let own = default_template(kind, language);
            let given = organisation
                .mail_text(kind, fund, language)
                .filter(|text| text.unused_reason().is_none());
            given.map_or((&own.subject, &own.body), |text| {
                (&text.subject, &text.body)
            })
        } else {
            // The address is unproven and may belong to a stranger.
            let news = template_for_unproven(language);
            (&news.subject, &news.body)
        };
    let (subject, plain) = (mail::fill_in(subject, &said), mail::fill_in(body, &said));
    Ok(ComposedMail::Email(Email {
        id: row.id.clone(),
        to,
        language: language.code(),
        subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
        html: render_html(&plain, &said["link"], &subject, language),
        plain,
        attachment: None,
    }))
}

/// Loads a person, decrypted, and their proven address, still encrypted.
pub(super) async fn load_person(
    post: &Mailer,
    id: &str,
) -> Result<Option<(PersonView, Option<Encrypted>)>, MailError> {
    let row: Option<PersonRow> = post.views.find(id, None).await?;
    let known_email = row.as_ref().and_then(|row| row.known_email.clone());
    let seen = post
        .views
        .decrypt_people(&Reader::service(), row.into_iter().collect())
        .await?
        .pop();
    Ok(seen.map(|seen| (seen, known_email)))
}

/// The address of the recipient, or the reason why there is none.
async fn recipient_address(
    post: &Mailer,
    row: &MailRow,
    kind: MailKind,
    person: &PersonView,
) -> Result<Result<String, &'static str>, MailError> {
    let to = match kind {
        MailKind::SignIn => return sign_in_link_address(post, person.id, &row.about).await,
        MailKind::ContactChanged => replaced_address(post, &row.about).await?,
        _ => person.email.clone(),
    };
    Ok(to.ok_or(NO_ADDRESS))
}

/// Address for a sign-in link: the person's current address in the log. Using the link proves this
/// address, so the link is never mailed to another one.
async fn sign_in_link_address(
    post: &Mailer,
    person: Uuid,
    link: &str,
) -> Result<Result<String, &'static str>, MailError> {
    let log = post.commands.log();
    let person = log.refresh::<Person>(person).await?.state;
    let Some(email) = person.email() else {
        return Ok(Err(NO_ADDRESS));
    };
    if !sessions::bind_link_to_address(log.store(), log.organisation(), link, &email.digest).await?
    {
        return Ok(Err(
            "the link is gone, or was mailed to an address that was changed since",
        ));
    }
    Ok(decrypt_email(post, email).await?.ok_or(NO_ADDRESS))
}

async fn decrypt_email(post: &Mailer, email: &Encrypted) -> Result<Option<String>, MailError> {
    let opened = post
        .commands
        .log()
        .vault()
        .decrypt(&[("email", email)])
        .await
        .map_err(LogError::from)?
        .pop();
    Ok(opened.and_then(DecryptedValue::text))
}

/// Whether an address is the person's proven one.
async fn is_proven(post: &Mailer, known: Option<&Encrypted>, to: &str) -> Result<bool, MailError> {
    match known {
        Some(known) => Ok(decrypt_email(post, known).await?.as_deref() == Some(to)),
        None => Ok(false),
    }
}

/// Drops a name that contains an address. Such names exist in old events; new ones are refused.
fn without_address(name: String) -> String {
    if contains_url(&name) {
        String::new()
    } else {
        name
    }
}

async fn sign_in_context(
    post: &Mailer,
    link: &str,
    person: &PersonView,
) -> Result<Result<MailContext, &'static str>, MailError> {
    let log = post.commands.log();
    let now = post.commands.now().as_microsecond();
    let open = sessions::find_link(log.store(), log.organisation(), link).await?;
    if open.is_none_or(|link| link.used_at.is_some() || link.expires_at <= now) {
        return Ok(Err("the link was used or has run out"));
    }
    let secret = SignInSecret::derive(log.vault(), link);
    let said = BTreeMap::from([
        ("code", secret.code),
        ("minutes", MAILED_LINK_MINUTES.to_string()),
    ]);
    let language = person_language(post, person).await?;
    Ok(Ok(MailContext {
        values: said,
        path: format!("/sign-in/{}", secret.token),
        fund: None,
        language,
    }))
}

/// Language of the newest application of a person's groups; English without one.
pub(super) async fn person_language(
    post: &Mailer,
    person: &PersonView,
) -> Result<Language, MailError> {
    let mut newest = None;
    for group in &person.groups {
        let page = crate::views::PageRequest {
            after: None,
            limit: 200,
        };
        let listed = post
            .views
            .list::<ApplicationRow>(None, vec![("group_id", vec![group.to_string()])], &page)
            .await?;
        newest = newest.max(
            listed
                .items
                .into_iter()
                .map(|row| (row.id, row.language))
                .max(),
        );
    }
    Ok(newest.map(|(_, language)| language).unwrap_or_default())
}

/// Loads the event at a position. An error until the views have reached it.
pub(super) async fn event_at(post: &Mailer, position: &str) -> Result<RecordedEvent, MailError> {
    let position: i64 = position
        .parse()
        .map_err(|_| MailError::InvalidMail("it is about no position".to_owned()))?;
    post.views
        .wait_for_position(position)
        .await
        .map_err(|_| MailError::ViewsBehind)?;
    post.commands
        .log()
        .read_events(position, 1)
        .await?
        .pop()
        .ok_or(MailError::ViewsBehind)
}

/// The previous address of a person whose contact details changed; none after the person's erasure.
async fn replaced_address(post: &Mailer, position: &str) -> Result<Option<String>, MailError> {
    let event = event_at(post, position).await?;
    let Event::Person(PersonEvent::ContactChanged {
        replaced: Some(replaced),
        ..
    }) = &event.event
    else {
        return Ok(None);
    };
    decrypt_email(post, replaced).await
}

/// Values of the notice to a replaced address. The address may belong to somebody else by now, so
/// the mail links to the home page only.
async fn contact_changed_context(
    post: &Mailer,
    position: &str,
    person: &PersonView,
) -> Result<MailContext, MailError> {
    let event = event_at(post, position).await?;
    let language = person_language(post, person).await?;
    let said = BTreeMap::from([("changed_on", format_day(event.recorded_on(), language))]);
    Ok(MailContext {
        values: said,
        path: "/".to_owned(),
        fund: None,
        language,
    })
}

async fn event_context(
    post: &Mailer,
    position: &str,
    kind: MailKind,
) -> Result<Result<MailContext, &'static str>, MailError> {
    let event = event_at(post, position).await?;
    let id = event.stream.to_string();
    let application: ApplicationRow = post
        .views
        .find(&id, None)
        .await?
        .ok_or(MailError::ViewsBehind)?;
    let grant: Option<GrantRow> = post.views.find(&id, None).await?;
    if let Some(why) = reason_not_needed(post, &event, kind, &application, grant.as_ref()).await? {
        return Ok(Err(why));
    }
    let group: Option<GroupRow> = post
        .views
        .find(&application.group.to_string(), None)
        .await?;
    let language = application.language;
    let mut said = BTreeMap::from([(
        "group",
        without_address(group.map(|group| group.name).unwrap_or_default()),
    )]);
    said.insert(
        "reference",
        Reference::parse(&application.reference)
            .map(|heard| heard.to_string())
            .unwrap_or_default(),
    );
    if let Some(grant) = &grant {
        said.insert("title", grant.title.clone());
    }
    match &event.event {
        Event::Application(happened) => {
            add_application_values(post, happened, &application, &mut said, language).await?;
        }
        Event::Grant(happened) => {
            add_grant_values(post, &event, happened, &mut said, language).await?;
        }
        _ => {}
    }
    let path = if grant.is_some() {
        format!("/my/grants/{id}")
    } else {
        format!("/my/applications/{id}")
    };
    Ok(Ok(MailContext {
        values: said,
        path,
        fund: Some(application.fund),
        language,
    }))
}

/// The reason why a mail is not needed any more: the group answered in the meantime, or the request
/// was withdrawn.
async fn reason_not_needed(
    post: &Mailer,
    event: &RecordedEvent,
    kind: MailKind,
    application: &ApplicationRow,
    grant: Option<&GrantRow>,
) -> Result<Option<&'static str>, MailError> {
    let gone = match (kind, &event.event) {
        (MailKind::ChangesRequested, _) => application.state != ApplicationState::ChangesRequested,
        (MailKind::DraftClosing | MailKind::DraftReopened, _) => {
            application.state != ApplicationState::Draft
        }
        (MailKind::Offered, _) => grant.is_some_and(|grant| grant.state != GrantState::Offered),
        (
            _,
            Event::Grant(
                GrantEvent::ReminderSent { update, .. } | GrantEvent::UpdateQueried { update, .. },
            ),
        ) => {
            let row = update_row(post, event, *update).await?;
            row.is_some_and(|row| {
                !matches!(row.state, UpdateState::Requested | UpdateState::Queried)
            })
        }
        _ => false,
    };
    Ok(gone.then_some("it was answered meanwhile"))
}

async fn add_application_values(
    post: &Mailer,
    happened: &ApplicationEvent,
    application: &ApplicationRow,
    said: &mut TemplateValues,
    language: Language,
) -> Result<(), MailError> {
    use ApplicationEvent as E;
    match happened {
        E::ApplicationSubmitted { .. }
        | E::ApplicationResubmitted { .. }
        | E::DraftReminded { .. }
        | E::DraftReopened {} => {
            let fund: Option<FundRow> =
                post.views.find(&application.fund.to_string(), None).await?;
            if let Some(round) = fund
                .as_ref()
                .and_then(|fund| fund.rounds.get(&application.round))
            {
                said.insert("round", round.name.clone());
                said.insert("closes_on", format_day(round.closes_on, language));
            }
        }
        E::ChangesRequested { note, due_on, .. } => {
            said.insert("note", note.to_string());
            said.insert("due_on", format_day(*due_on, language));
        }
        E::EligibilityRefused { reason: note, .. }
        | E::Declined { feedback: note, .. }
        | E::Deferred { reason: note, .. }
        | E::Reserved { reason: note, .. }
        | E::ReviewDecided { reason: note, .. } => {
            said.insert("note", note.to_string());
        }
        _ => {}
    }
    Ok(())
}

async fn add_grant_values(
    post: &Mailer,
    event: &RecordedEvent,
    happened: &GrantEvent,
    said: &mut TemplateValues,
    language: Language,
) -> Result<(), MailError> {
    use GrantEvent as E;
    let amount = |amount: Money| amount.to_string();
    match happened {
        E::OfferSent { expires_on } => {
            let row: Option<GrantRow> = post.views.find(&event.stream.to_string(), None).await?;
            said.insert(
                "amount",
                row.map(|row| amount(row.offered)).unwrap_or_default(),
            );
            said.insert("due_on", format_day(*expires_on, language));
        }
        E::GrantOffered {
            sources,
            expires_on,
            ..
        } => {
            said.insert("amount", amount(sources.total()));
            said.insert("due_on", format_day(*expires_on, language));
        }
        E::CheckRequested { note, .. } => {
            said.insert("note", note.to_string());
        }
        E::UpdateQueried { question, .. } => {
            said.insert("note", question.to_string());
        }
        E::PaymentSent { sources, .. } => {
            said.insert("amount", amount(sources.total()));
        }
        E::ReminderSent { update, .. } => {
            let row = update_row(post, event, *update).await?;
            said.insert(
                "due_on",
                row.map(|row| format_day(row.due_on, language))
                    .unwrap_or_default(),
            );
        }
        E::ReturnRequested { due_on, .. } => {
            said.insert("due_on", format_day(*due_on, language));
        }
        _ => {}
    }
    Ok(())
}

async fn update_row(
    post: &Mailer,
    event: &RecordedEvent,
    update: u16,
) -> Result<Option<UpdateRow>, MailError> {
    Ok(post
        .views
        .find(&format!("{}/{update:05}", event.stream), None)
        .await?)
}

/// Formats a day in a language: `31 March 2026`, `31.03.2026`.
#[must_use]
pub fn format_day(day: Date, language: Language) -> String {
    match language {
        Language::En => day.strftime("%-d %B %Y").to_string(),
        Language::Pl => day.strftime("%-d.%m.%Y").to_string(),
    }
}

/// Renders the plain text as HTML: one element per paragraph, and the link as a button.
pub(super) fn render_html(plain: &str, link: &str, subject: &str, language: Language) -> String {
    let mut paragraphs = String::new();
    for paragraph in plain
        .split("\n\n")
        .map(str::trim)
        .filter(|paragraph| !paragraph.is_empty())
    {
        if paragraph == link {
            let style = "display:inline-block;padding:12px 20px;background:#00703c;color:#ffffff;font-weight:bold;text-decoration:none";
            let _ = writeln!(
                paragraphs,
                "<p><a href=\"{0}\" style=\"{style}\">{0}</a></p>",
                escape_html(link)
            );
        } else {
            let _ = writeln!(
                paragraphs,
                "<p>{}</p>",
                escape_html(paragraph).replace('\n', "<br>\n")
            );
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body style=\"font-family:Arial,sans-serif;font-size:18px;line-height:1.5;color:#0b0c0c;max-width:600px\">\n{paragraphs}</body>\n</html>\n",
        language.code(),
        escape_html(subject),
    )
}

fn escape_html(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_typed_stays_text() {
        let page = render_html(
            "Dear <b>\n\nhttps://a.example/x\n\nBye & thanks",
            "https://a.example/x",
            "\"Hello\"",
            Language::Pl,
        );
        assert!(
            page.contains("<p>Dear &lt;b&gt;</p>")
                && page.contains("Bye &amp; thanks")
                && page.contains("lang=\"pl\"")
        );
        assert!(page.contains("<a href=\"https://a.example/x\""));
    }
}
