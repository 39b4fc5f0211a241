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

use super::visitor::{new_browser_key, remember_language};
use super::{
    FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, render_form_page,
    render_page, see_other,
};
use crate::commands::{Caller, CommandError, CommandRequest};
use crate::domain::group::MemberRef;
use crate::domain::language::Language;
use crate::domain::personal_data::{BlindIndexKind, parse_email};
use crate::domain::text::contains_url;
use crate::domain::{Actor, Command, GroupCommand, GroupId, PersonId, Refusal};
use crate::http::AppState;
use crate::mail::sign_in_links::{self, NewSignInLink, SignInSecret, WRONG_CODES_MAX};
use crate::mail::warnings;
use crate::projections::{GroupRow, PersonRow};
use crate::store::sessions::{self, LinkRow, SessionsToEnd};
use crate::views::Reader;

pub(super) fn configure(config: &mut web::ServiceConfig) {
    config
        .service(
            web::resource("/sign-in")
                .route(web::get().to(show))
                .route(web::post().to(submit)),
        )
        .service(
            web::resource("/sign-in/code")
                .route(web::get().to(show_code))
                .route(web::post().to(submit_code)),
        )
        .service(
            web::resource("/sign-in/{token}")
                .route(web::get().to(show_link))
                .route(web::post().to(submit_link)),
        )
        .service(web::resource("/sign-out").route(web::post().to(sign_out)))
        .service(web::resource("/language/{language}").route(web::get().to(change_language)));
}

#[derive(Template)]
#[template(path = "open/sign_in.html")]
struct SignInPage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    to: String,
}

#[derive(Template)]
#[template(path = "open/code.html")]
struct SignInCodePage {
    page: PageContext,
    forms: PageForms,
    wrong: Vec<(String, String)>,
    to: String,
}

#[derive(Template)]
#[template(path = "open/link.html")]
struct SignInLinkPage {
    page: PageContext,
    forms: PageForms,
    good: bool,
    /// The masked name and address of the person whom the link signs in.
    whom: Option<String>,
    /// The name of the group that the person can join by the link.
    joins: Option<String>,
}

/// The path, if it is a path of this service; otherwise a redirect could lead to another site.
pub(super) fn local_path(to: &str) -> Option<&str> {
    let own = to.starts_with('/')
        && !to.starts_with("//")
        && to
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    Some(to).filter(|_| own)
}

pub(super) fn query_param(request: &HttpRequest, name: &str) -> String {
    let pairs: Vec<(String, String)> =
        serde_html_form::from_str(request.query_string()).unwrap_or_default();
    pairs
        .into_iter()
        .find(|(known, _)| known == name)
        .map(|(_, value)| value)
        .unwrap_or_default()
}

async fn show(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let to = query_param(&request, "to");
    render(&visitor, &desk, None, to).await
}

async fn render(
    visitor: &Visitor,
    desk: &AppState,
    rejected: Option<FormErrors>,
    to: String,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let mut shell = PageContext::load(
        visitor,
        desk,
        super::i18n::translate("Sign in", visitor.language),
    )
    .await?;
    let wrong = forms.error_summary();
    shell.has_errors = !wrong.is_empty();
    let sheet = SignInPage {
        page: shell,
        forms,
        wrong,
        to,
    };
    render_form_page(visitor, desk, sheet.page.has_errors, &sheet)
}

async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    desk.site.limits.check_sign_in(&request)?;
    let to = local_path(posted.text("to")).unwrap_or("/").to_owned();
    let Ok(email) = parse_email(posted.text("email")) else {
        let says = super::i18n::translate(
            "Enter an e-mail address, such as name@example.org",
            visitor.language,
        )
        .to_owned();
        return render(
            &visitor,
            &desk,
            Some(FormErrors::new(
                "sign-in",
                &posted,
                vec![("email".into(), says)],
            )),
            to,
        )
        .await;
    };
    send_link(&desk, &email, None, &visitor.code_request_digest(&desk)).await?;
    let query = serde_html_form::to_string([("to", &to)]).unwrap_or_default();
    Ok(see_other(&format!("/sign-in/code?{query}")))
}

/// Mails a sign-in link, with a code for one browser, to the person with this address. The response
/// does not reveal whether there is one.
pub(super) async fn send_link(
    desk: &AppState,
    email: &str,
    joins: Option<(Uuid, PersonId)>,
    browser: &str,
) -> Result<(), PageError> {
    let holder = desk
        .commands
        .log()
        .vault()
        .subject_of(BlindIndexKind::Email, email)
        .await
        .map_err(crate::eventlog::LogError::from)?;
    if desk.site.limits.allow_link(email) {
        sign_in_links::issue_by_mail(&desk.commands, holder.map(PersonId), joins, browser).await?;
    }
    Ok(())
}

async fn show_code(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render_code(&visitor, &desk, None, query_param(&request, "to")).await
}

async fn render_code(
    visitor: &Visitor,
    desk: &AppState,
    rejected: Option<FormErrors>,
    to: String,
) -> Result<HttpResponse, PageError> {
    let forms = PageForms::new(visitor, rejected);
    let mut shell = PageContext::load(
        visitor,
        desk,
        super::i18n::translate("Look in your mail", visitor.language),
    )
    .await?;
    shell.back = Some("/sign-in".to_owned());
    let wrong = forms.error_summary();
    shell.has_errors = !wrong.is_empty();
    let sheet = SignInCodePage {
        page: shell,
        forms,
        wrong,
        to,
    };
    render_form_page(visitor, desk, sheet.page.has_errors, &sheet)
}

async fn submit_code(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    desk.site.limits.check_sign_in(&request)?;
    let to = local_path(posted.text("to")).unwrap_or("/").to_owned();
    if let Some(link) = check_code(&desk, &visitor, posted.text("code")).await? {
        // Only the page of the link asks whether to join its group; a code never joins.
        let link = LinkRow {
            joins: String::new(),
            ..link
        };
        return redeem_link(&request, &visitor, &desk, &link, &to).await;
    }
    crate::http::monitoring::count_wrong_code();
    let says = super::i18n::translate(
        "This code is wrong, or it has run out. Look in your newest mail, or ask for a new link.",
        visitor.language,
    );
    let rejected = FormErrors::new("code", &posted, vec![("code".into(), says.to_owned())]);
    render_code(&visitor, &desk, Some(rejected), to).await
}

/// The link that this browser asked for last, if `typed` is its code. Each attempt is counted
/// before the code is compared, so that parallel attempts do not exceed the limit. At the last
/// wrong attempt the person is warned by mail. If nobody has the address, attempts are counted
/// alike and never succeed.
async fn check_code(
    desk: &AppState,
    visitor: &Visitor,
    typed: &str,
) -> Result<Option<LinkRow>, PageError> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    let open = sessions::count_code_attempt(
        log.store(),
        log.organisation(),
        &visitor.code_request_digest(desk),
        now,
        WRONG_CODES_MAX,
    )
    .await?;
    let Some(link) = open else { return Ok(None) };
    let known = !link.person.is_empty();
    let may = desk
        .site
        .limits
        .allow_code(if known { &link.person } else { &link.browser });
    let right = SignInSecret::derive(log.vault(), &link.id).matches_code(typed);
    if known && right && may {
        return Ok(Some(link));
    }
    if known && link.wrong_codes >= WRONG_CODES_MAX {
        warnings::warn_of_wrong_codes(&desk.commands, &link).await?;
    }
    Ok(None)
}

/// Shows the button that redeems the link.
async fn show_link(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let link = find_unused_link(&desk, request.match_info().query("token")).await?;
    let staff = match link.as_ref().and_then(|link| link.person.parse().ok()) {
        Some(person) => crate::http::bearer_auth::load_signed_in(&desk, PersonId(person), None)
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
        .filter(|name| !contains_url(name));
    let whom = match &link {
        Some(link) => masked_person(&desk, &link.person).await?,
        None => None,
    };
    let mut shell = PageContext::load(
        &visitor,
        &desk,
        super::i18n::translate("Sign in", visitor.language),
    )
    .await?;
    // The page's path must not contain the link's token, because links on the page would pass it
    // on.
    "/sign-in".clone_into(&mut shell.path);
    let mut response = render_page(&SignInLinkPage {
        page: shell,
        forms: PageForms::new(&visitor, None).with_address(""),
        good: link.is_some(),
        whom,
        joins,
    })?;
    visitor.set_new_key_cookie(&desk, &mut response);
    Ok(response)
}

/// A person, masked for a page that anybody with the link can see: enough to recognise oneself, or
/// that the link is somebody else's.
async fn masked_person(desk: &AppState, person: &str) -> Result<Option<String>, PageError> {
    let row: Option<PersonRow> = desk.views.find(person, None).await?;
    let seen = desk
        .views
        .decrypt_people(&Reader::service(), row.into_iter().collect())
        .await?
        .pop();
    Ok(seen.map(|seen| mask_person(&seen.name.unwrap_or_default(), seen.email.as_deref())))
}

/// The initials of a name, and the first letter of an address.
fn mask_person(name: &str, email: Option<&str>) -> String {
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

async fn find_unused_link(desk: &AppState, token: &str) -> Result<Option<LinkRow>, PageError> {
    let log = desk.commands.log();
    let now = desk.commands.now().as_microsecond();
    let Some(id) = sign_in_links::link_id(log.vault(), token) else {
        return Ok(None);
    };
    let link = sessions::find_link(log.store(), log.organisation(), &id).await?;
    Ok(link.filter(|link| link.used_at.is_none() && link.expires_at > now))
}

async fn submit_link(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let link = find_unused_link(&desk, request.match_info().query("token")).await?;
    match link {
        Some(link) => {
            // The group was named by somebody else, so the person joins only if they agree.
            let joins = if posted.text("join") == "yes" {
                link.joins.clone()
            } else {
                String::new()
            };
            redeem_link(&request, &visitor, &desk, &LinkRow { joins, ..link }, "/").await
        }
        None => show_link(request, visitor, desk).await,
    }
}

/// Signs in a person of a demonstration, by a link that is never mailed.
pub(super) async fn without_mail(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &AppState,
    person: PersonId,
) -> Result<HttpResponse, PageError> {
    let new = NewSignInLink {
        person,
        joins: None,
        valid_minutes: 1,
        by_mail: false,
    };
    let secret = sign_in_links::issue(&desk.commands, new).await?;
    let link = find_unused_link(desk, &secret.token).await?;
    let link = link.ok_or_else(PageError::not_found)?;
    redeem_link(request, visitor, desk, &link, "/").await
}

/// Redeems a link and signs its person in under a new key. Unproven sessions of the person end.
async fn redeem_link(
    request: &HttpRequest,
    visitor: &Visitor,
    desk: &AppState,
    link: &LinkRow,
    to: &str,
) -> Result<HttpResponse, PageError> {
    let log = desk.commands.log();
    let person = PersonId(link.person.parse().map_err(|_| PageError::not_found())?);
    if !sessions::redeem_link(
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
    if let Err(error) = sign_in_links::prove_address(&desk.commands, link, person).await {
        tracing::warn!(%error, "that an address was proven could not be recorded");
    }
    sessions::end(
        log.store(),
        log.organisation(),
        &link.person,
        SessionsToEnd::Unproven,
    )
    .await?;
    let staff = crate::http::bearer_auth::load_signed_in(desk, person, None)
        .await?
        .reader
        .sees_all();
    if !staff {
        join_group(desk, person, link).await?;
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
    Visitor::start_session(
        desk,
        person,
        true,
        device,
        &new_browser_key(),
        &mut response,
    )
    .await?;
    Ok(response)
}

/// Adds the person to the link's group, if the rules permit it. The caller does not do this for
/// staff: otherwise anybody could give a member of staff a connection to a group by entering their
/// address. A refusal does not stop the sign-in.
async fn join_group(desk: &AppState, person: PersonId, link: &LinkRow) -> Result<(), PageError> {
    let (Ok(group), Ok(by)) = (link.joins.parse::<Uuid>(), link.brought_by.parse::<Uuid>()) else {
        return Ok(());
    };
    let caller = Caller {
        actor: Actor::Person(PersonId(by)),
        role_scope: None,
    };
    let add = Command::Group(
        GroupId(group),
        GroupCommand::AddMember(MemberRef { person }),
    );
    match desk
        .commands
        .execute(CommandRequest::new(caller, add))
        .await
    {
        Ok(_) | Err(CommandError::Refused(Refusal::NoChange)) => {}
        Err(CommandError::Refused(_) | CommandError::RefusedFor { .. }) => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    let own = Caller {
        actor: Actor::Person(person),
        role_scope: None,
    };
    let join = Command::Group(GroupId(group), GroupCommand::Join(MemberRef { person }));
    match desk.commands.execute(CommandRequest::new(own, join)).await {
        Ok(answer) => {
            desk.views.wait_until_shown(answer.last_position).await;
            Ok(())
        }
        Err(CommandError::Refused(_) | CommandError::RefusedFor { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn sign_out(sent: PostedForm, desk: web::Data<AppState>) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, .. } = sent;
    let mut response = see_other("/");
    visitor.end(&desk, &mut response).await?;
    Ok(response)
}

/// An instant in London time, such as "3 May 2026, 14:05".
pub(super) fn format_instant(microsecond: i64) -> String {
    let zoned = Timestamp::from_microsecond(microsecond)
        .ok()
        .and_then(|instant| instant.in_tz("Europe/London").ok());
    zoned
        .map(|zoned| zoned.strftime("%-d %B %Y, %H:%M").to_string())
        .unwrap_or_default()
}

/// Changes the language, and redirects to the page.
async fn change_language(
    request: HttpRequest,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let language: Language = request
        .match_info()
        .query("language")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let to = query_param(&request, "to");
    let mut response = see_other(local_path(&to).unwrap_or("/"));
    remember_language(&desk, language, &mut response);
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_person_only_the_first_letters_are_shown() {
        assert_eq!(
            mask_person("Yusuf  El-Amin", Some("yusuf@example.org")),
            "Y… E… (y…@…)"
        );
        assert_eq!(mask_person("Żaneta", None), "Ż…");
        assert_eq!(mask_person("", Some("a@example.org")), "a…@…");
    }

    #[test]
    fn only_a_path_of_our_own_is_gone_to() {
        assert_eq!(local_path("/my/grants?x=1"), Some("/my/grants?x=1"));
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
            assert_eq!(local_path(elsewhere), None, "{elsewhere:?}");
        }
    }
}
