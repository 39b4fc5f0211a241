//! Signing in by a link or a code from a mail, signing out, and ending sessions elsewhere.
//!
//! Following a link only shows a button: mail programs follow links too. Asking for one is answered
//! alike whether or not anybody has the address, and so is typing a code: that belongs to the
//! browser that asked, and the address stands in no page's.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;
use uuid::Uuid;

use super::visitor::{new_key, remember_language};
use super::{Failed, Forms, Rejected, Sent, Shell, Visitor, page, see_other, shown};
use crate::commands::{Caller, CommandError, Request};
use crate::domain::group::MemberOf;
use crate::domain::language::Language;
use crate::domain::sealed::{Index, parse_email};
use crate::domain::text::holds_address;
use crate::domain::{Actor, Command, GroupCommand, GroupId, PersonId, Refusal};
use crate::http::Desk;
use crate::mail::links::{self, Secret, WRONG_CODES};
use crate::mail::warnings;
use crate::projections::{GroupRow, PersonRow};
use crate::store::sessions::{self, Ends, LinkRow};
use crate::views::Reader;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(ask))
                .route(web::post().to(send)),
        )
        .service(
            web::resource("/sign-in/code")
                .route(web::get().to(code))
                .route(web::post().to(try_code)),
        )
        .service(
            web::resource("/sign-in/{token}")
                .route(web::get().to(follow))
                .route(web::post().to(take)),
        )
        .service(web::resource("/sign-out").route(web::post().to(out)))
        .service(web::resource("/language/{language}").route(web::get().to(language)));
}

#[derive(Template)]
#[template(path = "open/sign_in.html")]
struct AskPage {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    to: String,
}

#[derive(Template)]
#[template(path = "open/code.html")]
struct CodePage {
    page: Shell,
    forms: Forms,
    wrong: Vec<(String, String)>,
    to: String,
}

#[derive(Template)]
#[template(path = "open/link.html")]
struct LinkPage {
    page: Shell,
    forms: Forms,
    good: bool,
    /// Whom it signs in, as far as anybody may see who holds it.
    whom: Option<String>,
    /// The group that the person can join by it.
    joins: Option<String>,
}

/// A page of our own to go to, and no other.
pub(super) fn own_path(to: &str) -> Option<&str> {
    let own = to.starts_with('/')
        && !to.starts_with("//")
        && to
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    Some(to).filter(|_| own)
}

pub(super) fn query(request: &HttpRequest, name: &str) -> String {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.query_string()).unwrap_or_default();
    pairs
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

async fn ask(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let to = query(&request, "to");
    render_ask(&visitor, &desk, None, to).await
}

async fn render_ask(
    visitor: &Visitor,
    desk: &Desk,
    rejected: Option<Rejected>,
    to: String,
) -> Result<HttpResponse, Failed> {
    let forms = Forms::new(visitor, rejected);
    let mut shell = Shell::around(
        visitor,
        desk,
        super::words::say("Sign in", visitor.language),
    )
    .await?;
    let wrong = forms.wrong();
    shell.wrong = !wrong.is_empty();
    let sheet = AskPage {
        page: shell,
        forms,
        wrong,
        to,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

async fn send(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    desk.site.limits.peer(&request)?;
    let to = own_path(posted.text("to")).unwrap_or("/").to_owned();
    let Ok(email) = parse_email(posted.text("email")) else {
        let says = super::words::say(
            "Enter an e-mail address, such as name@example.org",
            visitor.language,
        )
        .to_owned();
        return render_ask(
            &visitor,
            &desk,
            Some(Rejected::with(
                "sign-in",
                &posted,
                vec![("email".into(), says)],
            )),
            to,
        )
        .await;
    };
    send_link(&desk, &email, None, &visitor.asks(&desk)).await?;
    let query = serde_html_form::to_string([("to", &to)]).unwrap_or_default();
    Ok(see_other(&format!("/sign-in/code?{query}")))
}

/// Sends a link to whoever has an address, with a code that one browser may type; nothing tells
/// whether anybody has.
pub(super) async fn send_link(
    desk: &Desk,
    email: &str,
    joins: Option<(Uuid, PersonId)>,
    browser: &str,
) -> Result<(), Failed> {
    let holder = desk
        .commands
        .log()
        .vault()
        .holder(Index::Email, email)
        .await
        .map_err(crate::log::LogError::from)?;
    if desk.site.limits.link_to(email) {
        links::answer(&desk.commands, holder.map(PersonId), joins, browser).await?;
    }
    Ok(())
}

async fn code(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    render_code(&visitor, &desk, None, query(&request, "to")).await
}

async fn render_code(
    visitor: &Visitor,
    desk: &Desk,
    rejected: Option<Rejected>,
    to: String,
) -> Result<HttpResponse, Failed> {
    let forms = Forms::new(visitor, rejected);
    let mut shell = Shell::around(
        visitor,
        desk,
        super::words::say("Look in your mail", visitor.language),
    )
    .await?;
    shell.back = Some("/sign-in".to_owned());
    let wrong = forms.wrong();
    shell.wrong = !wrong.is_empty();
    let sheet = CodePage {
        page: shell,
        forms,
        wrong,
        to,
    };
    shown(visitor, desk, sheet.page.wrong, &sheet)
}

async fn try_code(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    desk.site.limits.peer(&request)?;
    let to = own_path(posted.text("to")).unwrap_or("/").to_owned();
    if let Some(link) = link_with_code(&desk, &visitor, posted.text("code")).await? {
        // Only the link's own page says which group one joins by it.
        let link = LinkRow {
            joins: String::new(),
            ..link
        };
        return enter(&request, &visitor, &desk, &link, &to).await;
    }
    crate::http::operator::count_wrong_code();
    let says = super::words::say(
        "This code is wrong, or it has run out. Look in your newest mail, or ask for a new link.",
        visitor.language,
    );
    let rejected = Rejected::with("code", &posted, vec![("code".into(), says.to_owned())]);
    render_code(&visitor, &desk, Some(rejected), to).await
}

/// The link that a browser asked for last, if this is its code. Each try is counted before it is
/// compared: many at once are still few. Of the last wrong one its person is told; where nobody has
/// the address, there is nobody to tell and nobody to let in.
async fn link_with_code(
    desk: &Desk,
    visitor: &Visitor,
    typed: &str,
) -> Result<Option<LinkRow>, Failed> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    let open = sessions::try_code(
        log.store(),
        log.organisation(),
        &visitor.asks(desk),
        now,
        WRONG_CODES,
    )
    .await?;
    let Some(link) = open else { return Ok(None) };
    let known = !link.person.is_empty();
    let may = desk
        .site
        .limits
        .code_for(if known { &link.person } else { &link.browser });
    let right = Secret::of(log.vault(), &link.id).has_code(typed);
    if known && right && may {
        return Ok(Some(link));
    }
    if known && link.wrong_codes >= WRONG_CODES {
        warnings::code_tried(&desk.commands, &link).await?;
    }
    Ok(None)
}

/// Shows a button: only pressing it uses the link up.
async fn follow(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let link = open_link(&request, &desk).await?;
    let staff = match link.as_ref().and_then(|link| link.person.parse().ok()) {
        Some(person) => crate::http::signin::sign_in(&desk, PersonId(person), None)
            .await
            .is_ok_and(|signed| signed.reader.sees_all()),
        None => false,
    };
    let group: Option<GroupRow> = match link
        .as_ref()
        .and_then(|link| link.joins.parse::<Uuid>().ok())
        .filter(|_| !staff)
    {
        Some(group) => desk.views.find(&group.to_string(), None).await?,
        None => None,
    };
    // A name from before names could hold no address is not put before whoever is asked to join.
    let joins = group
        .map(|group| group.name)
        .filter(|name| !holds_address(name));
    let whom = match &link {
        Some(link) => whom(&desk, &link.person).await?,
        None => None,
    };
    let mut shell = Shell::around(
        &visitor,
        &desk,
        super::words::say("Sign in", visitor.language),
    )
    .await?;
    // The link stands in no address that this page leads to.
    "/sign-in".clone_into(&mut shell.path);
    let mut response = page(&LinkPage {
        page: shell,
        forms: Forms::new(&visitor, None).at(""),
        good: link.is_some(),
        whom,
        joins,
    })?;
    visitor.greet(&desk, &mut response);
    Ok(response)
}

/// A person as whoever holds a link may see them: enough to know oneself by, and somebody else's
/// link from one's own.
async fn whom(desk: &Desk, person: &str) -> Result<Option<String>, Failed> {
    let row: Option<PersonRow> = desk.views.find(person, None).await?;
    let seen = desk
        .views
        .open_people(&Reader::service(), row.into_iter().collect())
        .await?
        .pop();
    Ok(seen.map(|seen| shortened(&seen.name.unwrap_or_default(), seen.email.as_deref())))
}

/// The first letter of each word of a name, and the first of an address.
fn shortened(name: &str, email: Option<&str>) -> String {
    let first = |word: &str| word.chars().next().map(|letter| format!("{letter}…"));
    let name = name
        .split_whitespace()
        .filter_map(first)
        .collect::<Vec<_>>()
        .join(" ");
    let email = email.and_then(first).map(|first| format!("{first}@…"));
    match email {
        Some(email) if name.is_empty() => email,
        Some(email) => format!("{name} ({email})"),
        None => name,
    }
}

async fn open_link(request: &HttpRequest, desk: &Desk) -> Result<Option<LinkRow>, Failed> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    let Some(id) = links::link_of(log.vault(), request.match_info().query("token")) else {
        return Ok(None);
    };
    let link = sessions::link(log.store(), log.organisation(), &id).await?;
    Ok(link.filter(|link| link.used_at.is_none() && link.expires_at > now))
}

async fn take(
    request: HttpRequest,
    sent: Sent,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let Sent { visitor, posted } = sent;
    let link = open_link(&request, &desk).await?;
    match link {
        Some(link) => {
            // Somebody else named the group: whoever signs in joins it only if they say so.
            let joins = if posted.text("join") == "yes" {
                link.joins.clone()
            } else {
                String::new()
            };
            enter(&request, &visitor, &desk, &LinkRow { joins, ..link }, "/").await
        }
        None => follow(request, visitor, desk).await,
    }
}

/// Uses a link up and signs its person in; sessions that were never proven end.
async fn enter(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &Desk,
    link: &LinkRow,
    to: &str,
) -> Result<HttpResponse, Failed> {
    let log = desk.commands.log();
    let person = PersonId(link.person.parse().map_err(|_| Failed::nothing())?);
    if !sessions::use_link(
        log.store(),
        log.organisation(),
        &link.id,
        desk.commands.now().as_microsecond(),
    )
    .await?
    {
        return Ok(see_other("/sign-in"));
    }
    // The link is used up by now: whoever holds it comes in also while nothing can be recorded, and
    // proves it the next time.
    if let Err(error) = links::prove(&desk.commands, link, person).await {
        tracing::warn!(%error, "that an address was proven could not be recorded");
    }
    sessions::end(
        log.store(),
        log.organisation(),
        &link.person,
        Ends::Unproven,
    )
    .await?;
    let staff = crate::http::signin::sign_in(desk, person, None)
        .await?
        .reader
        .sees_all();
    if !staff {
        join(desk, person, link).await?;
    }
    let to = match to {
        "/" if staff => "/desk",
        "/" => "/my",
        to => to,
    };
    let mut response = see_other(to);
    // The browser's old session ends with its key.
    visitor.end(desk, &mut response).await?;
    let device = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Visitor::begin(desk, person, true, device, &new_key(), &mut response).await?;
    Ok(response)
}

/// Brings the person into the group that the link was for, where the rules let them. Nobody with a
/// role joins one: whoever types an address in could so make staff of it interested. Signing in
/// goes on either way.
async fn join(desk: &Desk, person: PersonId, link: &LinkRow) -> Result<(), Failed> {
    let (Ok(group), Ok(by)) = (link.joins.parse::<Uuid>(), link.brought_by.parse::<Uuid>()) else {
        return Ok(());
    };
    let caller = Caller {
        actor: Actor::Person(PersonId(by)),
        narrowed: None,
    };
    let add = Command::Group(GroupId(group), GroupCommand::AddMember(MemberOf { person }));
    match desk.commands.issue(Request::new(caller, add)).await {
        Ok(_) | Err(CommandError::Refused(Refusal::NoChange)) => {}
        Err(CommandError::Refused(_) | CommandError::RefusedFor { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let own = Caller {
        actor: Actor::Person(person),
        narrowed: None,
    };
    let join = Command::Group(GroupId(group), GroupCommand::Join(MemberOf { person }));
    match desk.commands.issue(Request::new(own, join)).await {
        Ok(answer) => {
            desk.views.shown(answer.last_position).await;
            Ok(())
        }
        Err(CommandError::Refused(_) | CommandError::RefusedFor { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn out(sent: Sent, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let Sent { visitor, .. } = sent;
    let mut response = see_other("/");
    visitor.end(&desk, &mut response).await?;
    Ok(response)
}

/// An instant as people in the office say it.
pub(super) fn moment(microsecond: i64) -> String {
    let zoned = Timestamp::from_microsecond(microsecond)
        .ok()
        .and_then(|instant| instant.in_tz("Europe/London").ok());
    zoned
        .map(|zoned| zoned.strftime("%-d %B %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// Turns to another language, and stays on the page.
async fn language(request: HttpRequest, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let language: Language = request
        .match_info()
        .query("language")
        .parse()
        .map_err(|_| Failed::nothing())?;
    let to = query(&request, "to");
    let mut response = see_other(own_path(&to).unwrap_or("/"));
    remember_language(&desk, language, &mut response);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_person_only_the_first_letters_are_shown() {
        assert_eq!(
            shortened("Yusuf  El-Amin", Some("yusuf@example.org")),
            "Y… E… (y…@…)"
        );
        assert_eq!(shortened("Żaneta", None), "Ż…");
        assert_eq!(shortened("", Some("a@example.org")), "a…@…");
    }

    #[test]
    fn only_a_path_of_our_own_is_gone_to() {
        assert_eq!(own_path("/my/grants?x=1"), Some("/my/grants?x=1"));
        for elsewhere in [
            "",
            "my",
            "https://elsewhere.example",
            "//elsewhere.example",
            "/\\elsewhere.example",
            "/\t/elsewhere.example",
            "/\n/x",
            "/é",
        ] {
            assert_eq!(own_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
