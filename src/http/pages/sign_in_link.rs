//! The page of a sign-in link, and redeeming a link.
//!
//! Opening a link only shows a button, because mail programs open links too. Pressing the button
//! redeems the link.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::Timestamp;
use uuid::Uuid;

use super::days::time_in_words;
use super::device::device_name;
use super::i18n::translate;
use super::visitor::new_browser_key;
use super::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, champions,
    gatherings, heard, kept_form, render_form_page, see_other,
};
use crate::auth::links::{self, LinkRow, NewSignInLink, UnprovenSessions};
use crate::auth::{load_signed_in, sessions};
use crate::clock::day_of;
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::domain::text::contains_url;
use crate::http::AppState;
use crate::mail::format_day;
use crate::projections::{GroupRow, PersonRow};
use crate::views::Reader;

/// About how many browsers the page asks. A stranger may begin with somebody's address many times.
const BROWSERS_ASKED_ABOUT_MAX: usize = 6;
/// The length of the part of a field's name that names a session.
const FIELD_HASH_LENGTH: usize = 16;

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
    /// The session at which a place was booked with the person's address.
    booked: Option<String>,
    /// The pledges that were taken with the person's address.
    pledged: Option<String>,
    /// Whether the link hands over a barrier that somebody typed with the person's address.
    told: bool,
    wrong: Vec<(String, String)>,
    /// The browsers about which the page asks whether the person began an application there.
    began: Vec<OtherBrowser>,
    /// The two answers about each browser. Neither is preselected: an oversight must not keep the
    /// session of somebody else, nor end the person's own.
    answers: Vec<(String, String)>,
}

/// A browser in which a link's person began an application without having proven the address.
struct OtherBrowser {
    /// The digest of its session.
    session: String,
    /// The field for the answer. It names the session, so that an answer is about this one only.
    field: String,
    /// The name of the browser, and when the person was signed in there.
    name: String,
}

/// The browsers other than the visitor's in which a link's person began without a proven address.
struct BegunElsewhere {
    /// The newest. The page asks about each of them.
    asked: Vec<OtherBrowser>,
    /// The digests of all older sessions. They end.
    older: Vec<String>,
}

/// Shows the button that redeems the link.
pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let token = request.match_info().query("token");
    let link = links::find_unused(&app.commands, token).await?;
    render(&visitor, &app, link.as_ref(), None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    link: Option<&LinkRow>,
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    let (whom, joins, booked, began) = match link {
        Some(link) => (
            masked_person(app, &link.person).await?,
            group_to_join(app, link).await?,
            gatherings::booked_session(app, link, visitor.language).await?,
            unproven_elsewhere(visitor, app, link).await?.asked,
        ),
        None => (None, None, None, Vec::new()),
    };
    let pledged = match link {
        Some(link) => champions::promised(app, link, visitor.language).await?,
        None => None,
    };
    let mut shell = PageContext::load(visitor, app, translate("Sign in", visitor.language)).await?;
    // The page's path must not contain the link's token, because links on the page would pass it
    // on.
    "/sign-in".clone_into(&mut shell.path);
    let forms = PageForms::new(visitor, rejected).with_address("");
    let wrong = forms.error_summary();
    shell.has_errors = !wrong.is_empty();
    let sheet = SignInLinkPage {
        page: shell,
        forms,
        good: link.is_some(),
        whom,
        joins,
        booked,
        pledged,
        told: link.is_some_and(heard::gives_words),
        began,
        answers: answers(visitor.language),
        wrong,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The answers to whether the person began in a browser.
fn answers(language: Language) -> Vec<(String, String)> {
    let yes = translate("Yes, that was me. Keep me signed in there too.", language);
    let no = translate("No, that was someone else. Sign them out.", language);
    let answer = |value: &str, says: &str| (value.to_owned(), says.to_owned());
    vec![answer("yes", yes), answer("no", no)]
}

/// The name of the group that the person can join by the link; none for staff.
async fn group_to_join(app: &AppState, link: &LinkRow) -> Result<Option<String>, PageError> {
    let Ok(group) = link.joins.parse::<Uuid>() else {
        return Ok(None);
    };
    let staff = match link.person.parse::<Uuid>() {
        Ok(person) => load_signed_in(&app.commands, PersonId(person), None)
            .await
            .is_ok_and(|signed| signed.reader.sees_all()),
        Err(_) => false,
    };
    if staff {
        return Ok(None);
    }
    let group: Option<GroupRow> = app.views.find(group, None).await?;
    // Old names that contain an e-mail or web address are not shown to people who are invited.
    Ok(group
        .map(|group| group.name)
        .filter(|name| !contains_url(name)))
}

async fn unproven_elsewhere(
    visitor: &Visitor,
    app: &AppState,
    link: &LinkRow,
) -> Result<BegunElsewhere, PageError> {
    let person = link
        .person
        .parse::<Uuid>()
        .map_err(|_| PageError::not_found())?;
    let own = visitor.digest(app);
    let mut sessions = sessions::unproven(&app.commands, PersonId(person)).await?;
    sessions.retain(|session| session.digest != own);
    let older = sessions.split_off(sessions.len().min(BROWSERS_ASKED_ABOUT_MAX));
    let vault = app.commands.log().vault();
    let asked = sessions.into_iter().map(|session| {
        let hash = vault.request_hash(session.digest.as_bytes());
        let device = device_name(&session.device, visitor.language);
        let started = Timestamp::from_microsecond(session.started_at).unwrap_or_default();
        let day = format_day(day_of(started), visitor.language);
        OtherBrowser {
            field: format!("stay-{}", &hash[..FIELD_HASH_LENGTH]),
            name: format!("{device}, {day}, {}", time_in_words(session.started_at)),
            session: session.digest,
        }
    });
    Ok(BegunElsewhere {
        asked: asked.collect(),
        older: older.into_iter().map(|session| session.digest).collect(),
    })
}

impl BegunElsewhere {
    /// What becomes of the sessions by the answers. Fails with the fields without an answer:
    /// nothing was chosen, or somebody began elsewhere after the page was shown.
    fn after(self, posted: &FormData) -> Result<UnprovenSessions, Vec<String>> {
        if self.asked.is_empty() {
            return Ok(UnprovenSessions::End);
        }
        let (mut to_end, mut unanswered) = (self.older, Vec::new());
        for browser in self.asked {
            match posted.text(&browser.field) {
                "yes" => {}
                "no" => to_end.push(browser.session),
                _ => unanswered.push(browser.field),
            }
        }
        if unanswered.is_empty() {
            Ok(UnprovenSessions::EndOnly(to_end))
        } else {
            Err(unanswered)
        }
    }
}

/// A person, masked for a page that anyone with the link can see: enough to recognise oneself, or
/// that the link is someone else's.
pub(super) async fn masked_person(
    app: &AppState,
    person: &str,
) -> Result<Option<String>, PageError> {
    let row: Option<PersonRow> = app.views.find(person, None).await?;
    let seen = app
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

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let token = request.match_info().query("token");
    let Some(link) = links::find_unused(&app.commands, token).await? else {
        return show(request, visitor, app).await;
    };
    // The group or the session was named by someone else, so that the person has to agree.
    let joins = if posted.text("join") == "yes" {
        link.joins.clone()
    } else {
        String::new()
    };
    let began = unproven_elsewhere(&visitor, &app, &link).await?;
    let unproven = match began.after(&posted) {
        Ok(unproven) => unproven,
        Err(fields) => {
            let says = translate("Choose yes or no", visitor.language);
            let errors = fields.into_iter().map(|field| (field, says.to_owned()));
            let rejected = FormErrors::new("link", &posted, errors.collect());
            return render(&visitor, &app, Some(&link), Some(rejected)).await;
        }
    };
    let link = LinkRow { joins, ..link };
    redeem(&request, &visitor, &app, (&link, unproven), "/").await
}

/// Signs in a person of a demonstration, by a link that is never mailed.
pub(super) async fn without_mail(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    person: PersonId,
) -> Result<HttpResponse, PageError> {
    let new = NewSignInLink {
        person,
        joins: None,
        valid_minutes: 1,
        by_mail: false,
    };
    let secret = links::issue(&app.commands, new).await?;
    let link = links::find_unused(&app.commands, &secret.token).await?;
    let link = link.ok_or_else(PageError::not_found)?;
    redeem(request, visitor, app, (&link, UnprovenSessions::End), "/").await
}

/// Redeems a link, gives its person what it is for, and signs them in under a new key.
pub(super) async fn redeem(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    (link, unproven): (&LinkRow, UnprovenSessions),
    to: &str,
) -> Result<HttpResponse, PageError> {
    let person = PersonId(link.person.parse().map_err(|_| PageError::not_found())?);
    if !links::redeem(&app.commands, link, person, unproven).await? {
        return Ok(see_other("/sign-in"));
    }
    let reader = load_signed_in(&app.commands, person, None).await?.reader;
    let staff = reader.sees_all();
    let works_at_desk = staff || reader.works_with_people();
    if !staff && links::join_group(&app.commands, &app.views, person, link).await? {
        // They began with an address that is known, so that their words were kept for a stranger.
        let began = link
            .brought_by
            .parse()
            .map_err(|_| PageError::not_found())?;
        kept_form::hand_over(request, app, [PersonId(began), person]).await?;
    }
    heard::take_over(request, app, link, person).await?;
    let booked = match gatherings::take_over(app, link, person).await? {
        Some(path) => Some(path),
        None => champions::take_over(app, link, person).await?,
    };
    let kept = kept_form::page_of_newest(request, app, person).await?;
    let to = match to {
        "/" => booked
            .as_deref()
            .or(kept.as_deref())
            .unwrap_or(if works_at_desk { "/desk" } else { "/my" }),
        to => to,
    };
    let mut response = see_other(to);
    // Ends the session of the browser's old key.
    visitor.end(app, &mut response).await?;
    Visitor::start_session(
        request,
        app,
        person,
        true,
        &new_browser_key(),
        &mut response,
    )
    .await?;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::mask_person;

    #[test]
    fn of_a_person_only_the_first_letters_are_shown() {
        assert_eq!(
            mask_person("Yusuf  El-Amin", Some("yusuf@example.org")),
            "Y… E… (y…@…)"
        );
        assert_eq!(mask_person("Żaneta", None), "Ż…");
        assert_eq!(mask_person("", Some("a@example.org")), "a…@…");
    }
}
