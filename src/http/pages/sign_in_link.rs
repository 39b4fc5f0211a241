//! The page of a sign-in link, and redeeming a link.
//!
//! Opening a link only shows a button, because mail programs open links too. Pressing the button
//! redeems the link.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::device::device_name;
use super::i18n::{translate, translate_with};
use super::visitor::new_browser_key;
use super::{
    FormData, FormErrors, PageContext, PageError, PageForms, PostedForm, Visitor, kept_form,
    render_form_page, see_other,
};
use crate::auth::links::{self, LinkRow, NewSignInLink, UnprovenSessions};
use crate::auth::{load_signed_in, sessions};
use crate::domain::PersonId;
use crate::domain::language::Language;
use crate::domain::text::contains_url;
use crate::http::AppState;
use crate::projections::{GroupRow, PersonRow};
use crate::views::Reader;

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
    wrong: Vec<(String, String)>,
    /// The two answers to whether the person began an application in another browser; empty if
    /// nobody did.
    stay: Vec<(String, String)>,
    /// Which browsers the question is about.
    began: String,
}

/// The browsers in which a link's person began an application without having proven the address.
struct BegunElsewhere {
    /// Their names, with how many there are of a kind.
    names: Vec<String>,
    /// A keyed digest of their sessions: an answer is about these only.
    key: String,
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
    let (whom, joins, began) = match link {
        Some(link) => (
            masked_person(app, &link.person).await?,
            group_to_join(app, link).await?,
            Some(unproven_elsewhere(visitor, app, link).await?),
        ),
        None => (None, None, None),
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
        stay: began
            .as_ref()
            .map_or_else(Vec::new, |began| answers(&began.names, visitor.language)),
        began: began.map(|began| began.key).unwrap_or_default(),
        wrong,
    };
    render_form_page(visitor, app, sheet.page.has_errors, &sheet)
}

/// The answers to whether the person began in these browsers. Neither is preselected: an oversight
/// must not keep the session of somebody else, nor end the person's own.
fn answers(began: &[String], language: Language) -> Vec<(String, String)> {
    if began.is_empty() {
        return Vec::new();
    }
    let named = began.join(", ");
    let yes = translate_with(
        "Yes, that was me. Keep me signed in there too: {}",
        &named,
        language,
    );
    let no = translate("No, that was someone else. Sign them out.", language);
    vec![("yes".to_owned(), yes), ("no".to_owned(), no.to_owned())]
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

/// The browsers other than the visitor's in which a link's person began without a proven address.
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
    let mut counted: Vec<(String, usize)> = Vec::new();
    for session in &sessions {
        let name = device_name(&session.device, visitor.language);
        match counted.iter_mut().find(|(known, _)| *known == name) {
            Some((_, count)) => *count += 1,
            None => counted.push((name, 1)),
        }
    }
    let names = counted.into_iter().map(|(name, count)| match count {
        1 => name,
        count => format!("{name} × {count}"),
    });
    let mut digests: Vec<String> = sessions.into_iter().map(|session| session.digest).collect();
    digests.sort();
    let vault = app.commands.log().vault();
    Ok(BegunElsewhere {
        names: names.collect(),
        key: vault.request_hash(digests.concat().as_bytes()),
    })
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
    // The group was named by someone else, so the person joins only if they agree.
    let joins = if posted.text("join") == "yes" {
        link.joins.clone()
    } else {
        String::new()
    };
    let began = unproven_elsewhere(&visitor, &app, &link).await?;
    let unproven = match posted.text("stay") {
        "no" => UnprovenSessions::End,
        _ if began.names.is_empty() => UnprovenSessions::End,
        "yes" if posted.text("began") == began.key => UnprovenSessions::Keep,
        // Nothing was chosen, or somebody began elsewhere after the page was shown.
        _ => {
            let says = translate("Choose yes or no", visitor.language).to_owned();
            let others = posted.pairs().iter().filter(|(name, _)| name != "stay");
            let posted = FormData::new(others.cloned().collect());
            let rejected = FormErrors::new("link", &posted, vec![("stay".to_owned(), says)]);
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

/// Redeems a link, adds its person to its group, and signs them in under a new key.
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
    let staff = load_signed_in(&app.commands, person, None)
        .await?
        .reader
        .sees_all();
    if !staff && links::join_group(&app.commands, &app.views, person, link).await? {
        // They began with an address that is known, so that their words were kept for a stranger.
        let began = link
            .brought_by
            .parse()
            .map_err(|_| PageError::not_found())?;
        kept_form::hand_over(request, app, [PersonId(began), person]).await?;
    }
    let kept = kept_form::page_of_newest(request, app, person).await?;
    let to = match to {
        "/" => kept
            .as_deref()
            .unwrap_or(if staff { "/desk" } else { "/my" }),
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
