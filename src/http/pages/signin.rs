//! Signing in with a link or a code from a mail, and signing out.
//!
//! # Links
//!
//! Opening a link only shows a button, because mail programs open links too. Pressing the button
//! redeems the link.
//!
//! # No disclosure
//!
//! Asking for a link has the same response whether or not somebody has the address; so has entering
//! a wrong code. A code works only in the browser that asked for it, so no page needs to contain
//! the address.

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
    /// The masked name and address of the person whom the link signs in.
    whom: Option<String>,
    /// The name of the group that the person can join by the link.
    joins: Option<String>,
}

/// The path, if it is a path of this service; otherwise a redirect could lead to another site.
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

/// Mails a sign-in link, with a code for one browser, to the person with this address. The response
/// does not reveal whether there is one.
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
        // Only the page of the link asks whether to join its group; a code never joins.
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

/// The link that this browser asked for last, if `typed` is its code. Each attempt is counted
/// before the code is compared, so that parallel attempts do not exceed the limit. At the last
/// wrong attempt the person is warned by mail. If nobody has the address, attempts are counted
/// alike and never succeed.
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

/// Shows the button that redeems the link.
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
    // Old names that contain an e-mail or web address are not shown to people who are invited.
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
    // The page's path must not contain the link's token, because links on the page would pass it
    // on.
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

/// A person, masked for a page that anybody with the link can see: enough to recognise oneself, or
/// that the link is somebody else's.
async fn whom(desk: &Desk, person: &str) -> Result<Option<String>, Failed> {
    let row: Option<PersonRow> = desk.views.find(person, None).await?;
    let seen = desk
        .views
        .open_people(&Reader::service(), row.into_iter().collect())
        .await?
        .pop();
    Ok(seen.map(|seen| shortened(&seen.name.unwrap_or_default(), seen.email.as_deref())))
}

/// The initials of a name, and the first letter of an address.
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
            // The group was named by somebody else, so the person joins only if they agree.
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

/// Redeems a link and signs its person in under a new key. Unproven sessions of the person end.
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
    // The link is used up at this point. The person is signed in even if the proof of the address
    // cannot be recorded now; the next sign-in records it.
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
    // Ends the session of the browser's old key.
    visitor.end(desk, &mut response).await?;
    let device = request
        .headers()
        .get("user-agent")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    Visitor::begin(desk, person, true, device, &new_key(), &mut response).await?;
    Ok(response)
}

/// Adds the person to the link's group, if the rules permit it. The caller does not do this for
/// staff: otherwise anybody could give a member of staff a connection to a group by entering their
/// address. A refusal does not stop the sign-in.
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

/// An instant in London time, such as "3 May 2026, 14:05".
pub(super) fn moment(microsecond: i64) -> String {
    let zoned = Timestamp::from_microsecond(microsecond)
        .ok()
        .and_then(|instant| instant.in_tz("Europe/London").ok());
    zoned
        .map(|zoned| zoned.strftime("%-d %B %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// Changes the language, and redirects to the page.
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
