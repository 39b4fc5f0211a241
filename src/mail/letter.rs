//! Composition of one mail: recipient, values of the template, and the text as plain text and HTML.
//!
//! The newest text that staff published for the fund or for all funds is used, or the default
//! template. An address that its person has not proven to be theirs gets a neutral text, because
//! the person who typed it may have typed a stranger's address.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::civil::Date;
use uuid::Uuid;

use super::links::{MINUTES, Secret};
use super::texts::text_for_unknown;
use super::{MailError, Post, own_text};
use crate::domain::application::ApplicationState;
use crate::domain::grant::{GrantState, UpdateState};
use crate::domain::language::Language;
use crate::domain::mail::{self, MailKind};
use crate::domain::reference::Reference;
use crate::domain::sealed::Sealed;
use crate::domain::text::holds_address;
use crate::domain::{ApplicationEvent, Event, FundId, GrantEvent, Money, Person, PersonEvent};
use crate::log::LogError;
use crate::log::record::Recorded;
use crate::log::vault::Opened;
use crate::projections::{
    ApplicationRow, FundRow, GrantRow, GroupRow, OrganisationRow, PersonRow, UpdateRow,
};
use crate::store::mails::MailRow;
use crate::store::sessions;
use crate::views::{PersonSeen, Reader};

/// A composed mail, ready to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Id of the mail in the outbox, and of its Message-ID.
    pub id: String,
    pub to: String,
    pub language: &'static str,
    pub subject: String,
    pub plain: String,
    pub html: String,
    pub attached: Option<Attached>,
}

/// A text file attached to a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attached {
    pub name: String,
    pub text: String,
}

/// A composed mail, or the reason why it is not needed any more.
pub enum Written {
    Letter(Letter),
    NotNeeded(&'static str),
}

const NO_ADDRESS: &str = "the person has no e-mail address";

type Said = BTreeMap<&'static str, String>;

/// Values for the template, and the page that the mail links to.
struct About {
    said: Said,
    /// Path of the page, with its leading slash.
    path: String,
    fund: Option<FundId>,
    language: Language,
}

pub(super) async fn write(
    post: &Post,
    row: &MailRow,
    kind: MailKind,
) -> Result<Written, MailError> {
    let found = person(post, &row.person).await?;
    let Some((person, known_email)) = found else {
        return Ok(Written::NotNeeded("the person is not known any more"));
    };
    let to = match address(post, row, kind, &person).await? {
        Ok(to) => to,
        Err(why) => return Ok(Written::NotNeeded(why)),
    };
    let about = match kind {
        MailKind::SignIn => sign_in(post, &row.about, &person).await?,
        MailKind::ContactChanged => Ok(contact_changed(post, &row.about, &person).await?),
        _ => event(post, &row.about, kind).await?,
    };
    let About {
        mut said,
        path,
        fund,
        language,
    } = match about {
        Ok(about) => about,
        Err(why) => return Ok(Written::NotNeeded(why)),
    };
    let organisation: OrganisationRow = post
        .views
        .find(&post.commands.organisation().to_string(), None)
        .await?
        .ok_or(MailError::TooEarly)?;
    if !kind.may_reach_strangers() {
        said.insert("name", without_address(person.name.unwrap_or_default()));
    }
    said.insert("organisation", organisation.name.clone());
    said.insert("link", format!("{}{path}", post.address));
    let (subject, body) =
        if kind.may_reach_strangers() || is_known(post, known_email.as_ref(), &to).await? {
            let own = own_text(kind, language);
            let given = organisation
                .mail_text(kind, fund, language)
                .filter(|text| text.unused().is_none());
            given.map_or((&own.subject, &own.body), |text| {
                (&text.subject, &text.body)
            })
        } else {
            // The address is unproven and may belong to a stranger.
            let news = text_for_unknown(language);
            (&news.subject, &news.body)
        };
    let (subject, plain) = (mail::write(subject, &said), mail::write(body, &said));
    Ok(Written::Letter(Letter {
        id: row.id.clone(),
        to,
        language: language.code(),
        subject: subject.split_whitespace().collect::<Vec<_>>().join(" "),
        html: html(&plain, &said["link"], &subject, language),
        plain,
        attached: None,
    }))
}

/// Loads a person, decrypted, and their proven address, still encrypted.
pub(super) async fn person(
    post: &Post,
    id: &str,
) -> Result<Option<(PersonSeen, Option<Sealed>)>, MailError> {
    let row: Option<PersonRow> = post.views.find(id, None).await?;
    let known_email = row.as_ref().and_then(|row| row.known_email.clone());
    let seen = post
        .views
        .open_people(&Reader::service(), row.into_iter().collect())
        .await?
        .pop();
    Ok(seen.map(|seen| (seen, known_email)))
}

/// The address of the recipient, or the reason why there is none.
async fn address(
    post: &Post,
    row: &MailRow,
    kind: MailKind,
    person: &PersonSeen,
) -> Result<Result<String, &'static str>, MailError> {
    let to = match kind {
        MailKind::SignIn => return address_of_link(post, person.id, &row.about).await,
        MailKind::ContactChanged => replaced_address(post, &row.about).await?,
        _ => person.email.clone(),
    };
    Ok(to.ok_or(NO_ADDRESS))
}

/// Address for a sign-in link: the person's current address in the log. Using the link proves this
/// address, so the link is never mailed to another one.
async fn address_of_link(
    post: &Post,
    person: Uuid,
    link: &str,
) -> Result<Result<String, &'static str>, MailError> {
    let log = post.commands.log();
    let person = log.refresh::<Person>(person).await?.state;
    let Some(email) = person.email() else {
        return Ok(Err(NO_ADDRESS));
    };
    if !sessions::mail_link_to(log.store(), log.organisation(), link, &email.digest).await? {
        return Ok(Err(
            "the link is gone, or was mailed to an address that was changed since",
        ));
    }
    Ok(open_email(post, email).await?.ok_or(NO_ADDRESS))
}

async fn open_email(post: &Post, email: &Sealed) -> Result<Option<String>, MailError> {
    let opened = post
        .commands
        .log()
        .vault()
        .open(&[("email", email)])
        .await
        .map_err(LogError::from)?
        .pop();
    Ok(opened.and_then(Opened::text))
}

/// Whether an address is the person's proven one.
async fn is_known(post: &Post, known: Option<&Sealed>, to: &str) -> Result<bool, MailError> {
    match known {
        Some(known) => Ok(open_email(post, known).await?.as_deref() == Some(to)),
        None => Ok(false),
    }
}

/// Drops a name that contains an address. Such names exist in old events; new ones are refused.
fn without_address(name: String) -> String {
    if holds_address(&name) {
        String::new()
    } else {
        name
    }
}

async fn sign_in(
    post: &Post,
    link: &str,
    person: &PersonSeen,
) -> Result<Result<About, &'static str>, MailError> {
    let log = post.commands.log();
    let now = post.commands.now().as_microsecond();
    let open = sessions::link(log.store(), log.organisation(), link).await?;
    if open.is_none_or(|link| link.used_at.is_some() || link.expires_at <= now) {
        return Ok(Err("the link was used or has run out"));
    }
    let secret = Secret::of(log.vault(), link);
    let said = BTreeMap::from([("code", secret.code), ("minutes", MINUTES.to_string())]);
    let language = language_of(post, person).await?;
    Ok(Ok(About {
        said,
        path: format!("/sign-in/{}", secret.token),
        fund: None,
        language,
    }))
}

/// Language of the newest application of a person's groups; English without one.
pub(super) async fn language_of(post: &Post, person: &PersonSeen) -> Result<Language, MailError> {
    let mut newest = None;
    for group in &person.groups {
        let page = crate::views::Page {
            after: None,
            most: 200,
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
pub(super) async fn event_at(post: &Post, position: &str) -> Result<Recorded, MailError> {
    let position: i64 = position
        .parse()
        .map_err(|_| MailError::Text("it is about no position".to_owned()))?;
    post.views
        .passed(position)
        .await
        .map_err(|_| MailError::TooEarly)?;
    post.commands
        .log()
        .page(position, 1)
        .await?
        .pop()
        .ok_or(MailError::TooEarly)
}

/// The previous address of a person whose contact details changed; none after the person's erasure.
async fn replaced_address(post: &Post, position: &str) -> Result<Option<String>, MailError> {
    let event = event_at(post, position).await?;
    let Event::Person(PersonEvent::ContactChanged {
        replaced: Some(replaced),
        ..
    }) = &event.event
    else {
        return Ok(None);
    };
    open_email(post, replaced).await
}

/// Values of the notice to a replaced address. The address may belong to somebody else by now, so
/// the mail links to the home page only.
async fn contact_changed(
    post: &Post,
    position: &str,
    person: &PersonSeen,
) -> Result<About, MailError> {
    let event = event_at(post, position).await?;
    let language = language_of(post, person).await?;
    let said = BTreeMap::from([("changed_on", day(event.recorded_on(), language))]);
    Ok(About {
        said,
        path: "/".to_owned(),
        fund: None,
        language,
    })
}

async fn event(
    post: &Post,
    position: &str,
    kind: MailKind,
) -> Result<Result<About, &'static str>, MailError> {
    let event = event_at(post, position).await?;
    let id = event.stream.to_string();
    let application: ApplicationRow = post
        .views
        .find(&id, None)
        .await?
        .ok_or(MailError::TooEarly)?;
    let grant: Option<GrantRow> = post.views.find(&id, None).await?;
    if let Some(why) = overtaken(post, &event, kind, &application, grant.as_ref()).await? {
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
        Reference::heard(&application.reference)
            .map(|heard| heard.to_string())
            .unwrap_or_default(),
    );
    if let Some(grant) = &grant {
        said.insert("title", grant.title.clone());
    }
    match &event.event {
        Event::Application(happened) => {
            of_application(post, happened, &application, &mut said, language).await?;
        }
        Event::Grant(happened) => of_grant(post, &event, happened, &mut said, language).await?,
        _ => {}
    }
    let path = if grant.is_some() {
        format!("/my/grants/{id}")
    } else {
        format!("/my/applications/{id}")
    };
    Ok(Ok(About {
        said,
        path,
        fund: Some(application.fund),
        language,
    }))
}

/// The reason why a mail is not needed any more: the group answered in the meantime, or the request
/// was withdrawn.
async fn overtaken(
    post: &Post,
    event: &Recorded,
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

async fn of_application(
    post: &Post,
    happened: &ApplicationEvent,
    application: &ApplicationRow,
    said: &mut Said,
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
                said.insert("closes_on", day(round.closes_on, language));
            }
        }
        E::ChangesRequested { note, due_on, .. } => {
            said.insert("note", note.to_string());
            said.insert("due_on", day(*due_on, language));
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

async fn of_grant(
    post: &Post,
    event: &Recorded,
    happened: &GrantEvent,
    said: &mut Said,
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
            said.insert("due_on", day(*expires_on, language));
        }
        E::GrantOffered {
            sources,
            expires_on,
            ..
        } => {
            said.insert("amount", amount(sources.total()));
            said.insert("due_on", day(*expires_on, language));
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
                row.map(|row| day(row.due_on, language)).unwrap_or_default(),
            );
        }
        E::ReturnRequested { due_on, .. } => {
            said.insert("due_on", day(*due_on, language));
        }
        _ => {}
    }
    Ok(())
}

async fn update_row(
    post: &Post,
    event: &Recorded,
    update: u16,
) -> Result<Option<UpdateRow>, MailError> {
    Ok(post
        .views
        .find(&format!("{}/{update:05}", event.stream), None)
        .await?)
}

/// Formats a day in a language: `31 March 2026`, `31.03.2026`.
#[must_use]
pub fn day(day: Date, language: Language) -> String {
    match language {
        Language::En => day.strftime("%-d %B %Y").to_string(),
        Language::Pl => day.strftime("%-d.%m.%Y").to_string(),
    }
}

/// Renders the plain text as HTML: one element per paragraph, and the link as a button.
pub(super) fn html(plain: &str, link: &str, subject: &str, language: Language) -> String {
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
                escape(link)
            );
        } else {
            let _ = writeln!(
                paragraphs,
                "<p>{}</p>",
                escape(paragraph).replace('\n', "<br>\n")
            );
        }
    }
    format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head><meta charset=\"utf-8\"><title>{}</title></head>\n\
         <body style=\"font-family:Arial,sans-serif;font-size:18px;line-height:1.5;color:#0b0c0c;max-width:600px\">\n{paragraphs}</body>\n</html>\n",
        language.code(),
        escape(subject),
    )
}

fn escape(text: &str) -> String {
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
        let page = html(
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
