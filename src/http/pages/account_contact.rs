//! The form of the account page by which a person changes their own name and contact details.
//!
//! # An address that is not proven
//!
//! A person whose address is not proven may have mistyped it. They can see and correct it in the
//! same session. An address that belongs to someone else is recorded as typed, and the page does
//! not reveal this.
//!
//! # A proven address
//!
//! A person without a role enters a new address. It is recorded as typed, and a link is mailed to
//! it: see [`crate::auth::new_address`]. The page does not reveal whether it belongs to someone
//! else. People with roles ask the office.

use actix_web::{HttpRequest, HttpResponse};

use super::form_reader::{FieldErrors, FormReader, parse_phone, phone_error};
use super::phone::typed_phone;
use super::sign_in::local_path;
use super::{
    FormData, FormErrors, PageError, Visitor, account, apply, ownership, see_other, sign_in,
    visitor,
};
use crate::auth::links::{self, LinkPurpose};
use crate::auth::sessions;
use crate::clock::day_of;
use crate::domain::person::PersonDetails;
use crate::domain::personal_data::PersonalInput;
use crate::domain::{Command, Person, PersonCommand, PersonId, Refusal};
use crate::http::AppState;
use crate::projections::PersonRow;
use crate::views::Reader;

/// The name of the form.
pub(super) const FORM: &str = "contact";
/// The name of the form for a new address in place of a proven one.
pub(super) const EMAIL_FORM: &str = "new-email";

/// A person's own details as the form shows them.
pub(super) struct OwnContact {
    pub name: String,
    pub telephone: String,
    pub email: String,
    pub postal_address: String,
    /// The visitor may change the address.
    pub email_changes: bool,
    /// The visitor may ask for another address in place of a proven one.
    pub asks_new_email: bool,
    /// The address that they asked for, until they open the link to it.
    pub asked_email: String,
    /// The visitor may change the details.
    pub changes: bool,
}

impl OwnContact {
    pub(super) async fn load(
        visitor: &Visitor,
        app: &AppState,
        row: Option<PersonRow>,
    ) -> Result<Self, PageError> {
        let begun_here = row.as_ref().is_some_and(|row| row.unproven_since.is_some());
        let has_email = row.as_ref().is_some_and(|row| row.email.is_some());
        let of_office = row
            .as_ref()
            .is_some_and(|row| !row.roles.is_empty() || !row.proposed.is_empty());
        let seen = app
            .views
            .decrypt_people(&Reader::service(), row.into_iter().collect())
            .await?
            .pop();
        let changes = visitor.proven || begun_here;
        let shows_email = changes;
        let (name, telephone, email, postal_address, asked) = seen
            .map(|seen| {
                let asked = seen.typed_email.clone().filter(|_| has_email);
                let email = seen.email.or(seen.typed_email).filter(|_| shows_email);
                (seen.name, seen.telephone, email, seen.postal_address, asked)
            })
            .unwrap_or_default();
        let shown = |text: Option<String>| text.filter(|_| changes).unwrap_or_default();
        Ok(Self {
            name: name.unwrap_or_default(),
            telephone: typed_phone(&shown(telephone)),
            email: shown(email),
            postal_address: shown(postal_address),
            email_changes: !visitor.proven && begun_here,
            asks_new_email: visitor.proven && has_email && !of_office,
            asked_email: shown(asked),
            changes,
        })
    }
}

/// What the visitor entered.
struct EnteredContact {
    name: PersonalInput,
    telephone: Option<PersonalInput>,
    email: Option<String>,
    postal_address: Option<PersonalInput>,
}

/// The visitor, their row, and what they may change of their contact.
async fn own_contact(
    visitor: &Visitor,
    app: &AppState,
) -> Result<(PersonId, PersonRow, OwnContact), PageError> {
    let person = visitor.person()?;
    let row: PersonRow = app
        .views
        .find(person, None)
        .await?
        .ok_or_else(PageError::not_found)?;
    let known = OwnContact::load(visitor, app, Some(row.clone())).await?;
    Ok((person, row, known))
}

/// Changes the details, and shows the page again. An address that was corrected gets a sign-in
/// link, and the browser a new session, since a change of the address ends all sessions.
pub(super) async fn submit(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    let (person, row, known) = own_contact(visitor, app).await?;
    if !known.changes {
        return Err(PageError::forbidden());
    }
    let entered = match parse(visitor, posted, &known) {
        Ok(entered) => entered,
        Err(wrong) => return rejected(visitor, app, FORM, posted, wrong).await,
    };
    let corrected = entered
        .email
        .clone()
        .filter(|email| known.email_changes && *email != known.email);
    let taken = match &corrected {
        Some(email) => links::holder_of_address(app.commands.log(), email)
            .await?
            .is_some_and(|holder| holder != person),
        None => false,
    };
    let refused = match change(visitor, app, posted, &row, &known, &entered, taken).await? {
        // Another request registered the address in the meantime.
        Some(Refusal::Taken(_)) if corrected.is_some() => {
            change(visitor, app, posted, &row, &known, &entered, true).await?
        }
        refused => refused,
    };
    if let Some(refusal) = refused {
        let says = apply::refusal_says(&refusal, visitor.language);
        let wrong = vec![(String::new(), says)];
        return rejected(visitor, app, FORM, posted, wrong).await;
    }
    // Saving drops a new address that was asked for, and the link to it.
    let after = match local_path(posted.text("to")) {
        _ if !known.asked_email.is_empty() => account::path_after("saved-without-link"),
        Some(to) => to.to_owned(),
        None => account::path_after("saved"),
    };
    let mut response = see_other(&after);
    if known.email_changes && entered.email.as_deref().unwrap_or_default() != known.email {
        let key = visitor::new_browser_key();
        if let Some(email) = corrected {
            let joins = row.groups.iter().next().filter(|_| taken);
            let joins = joins.map(|group| (LinkPurpose::JoinGroup(*group), person));
            let browser = links::browser_digest(app.commands.log().vault(), &key);
            sign_in::send_link(app, &email, joins, &browser).await?;
        }
        restart_session(request, visitor, app, person, &key, &mut response).await?;
    }
    Ok(response)
}

/// Records a new address in place of a proven one. A link is mailed to it.
pub(super) async fn ask_new_email(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    let (person, row, known) = own_contact(visitor, app).await?;
    if !known.asks_new_email {
        return Err(PageError::forbidden());
    }
    let mut form = FormReader::new(posted, visitor.language);
    let email = form.own_email();
    let email = match form.finish(email) {
        Ok(email) => email,
        Err(wrong) => return rejected(visitor, app, EMAIL_FORM, posted, wrong).await,
    };
    let again = email == known.asked_email && asked_today(app, person).await?;
    // Nothing reveals that others had links sent to the address.
    if email == known.email || again || !app.site.limits.allow_link(&email) {
        return Ok(see_other("/account"));
    }
    let stored = |sealed: Option<_>| sealed.map(PersonalInput::Sealed);
    let details = PersonDetails {
        name: PersonalInput::Sealed(row.name),
        email: stored(row.email),
        telephone: stored(row.telephone),
        postal_address: stored(row.postal_address),
        typed_email: Some(PersonalInput::Open(email)),
    };
    let ask = Command::Person(person, PersonCommand::ChangeContact(details));
    match ownership::try_execute(visitor, app, posted, ask).await? {
        None => Ok(see_other("/account")),
        Some(refusal) => {
            let says = apply::refusal_says(&refusal, visitor.language);
            let wrong = vec![(String::new(), says)];
            rejected(visitor, app, EMAIL_FORM, posted, wrong).await
        }
    }
}

/// Whether the person asked for the new address today, so that the link which was mailed works.
async fn asked_today(app: &AppState, person: PersonId) -> Result<bool, PageError> {
    let known = app.commands.log().refresh::<Person>(person.0).await?.state;
    let today = day_of(app.commands.now());
    Ok(known.asked_address().is_some() && known.contact_changed_on() == Some(today))
}

async fn restart_session(
    request: &HttpRequest,
    visitor: &Visitor,
    app: &AppState,
    person: PersonId,
    key: &str,
    response: &mut HttpResponse,
) -> Result<(), PageError> {
    let own = visitor.digest(app);
    let ended = sessions::SessionsToEnd::One(&own);
    sessions::end(app.commands.log(), person, ended).await?;
    Visitor::start_session(request, app, person, false, key, response).await
}

async fn rejected(
    visitor: &Visitor,
    app: &AppState,
    form: &str,
    posted: &FormData,
    wrong: FieldErrors,
) -> Result<HttpResponse, PageError> {
    account::render_account(visitor, app, Some(FormErrors::new(form, posted, wrong))).await
}

fn parse(
    visitor: &Visitor,
    posted: &FormData,
    known: &OwnContact,
) -> Result<EnteredContact, FieldErrors> {
    let mut form = FormReader::new(posted, visitor.language);
    let name = form.required(
        "name",
        |text| PersonalInput::name(text).ok(),
        "Enter your name",
    );
    let telephone = form.optional(
        "telephone",
        |text| parse_phone(text).or_else(|| unchanged(text, &known.telephone)),
        phone_error(posted.text("telephone")),
    );
    let email = if known.email_changes {
        form.optional_email()
    } else {
        Some(known.email.clone()).filter(|email| !email.is_empty())
    };
    let postal_address = form.optional_text("postal_address");
    let entered = |field: &str| !posted.text(field).is_empty();
    let by_email = if known.email_changes {
        entered("email")
    } else {
        email.is_some()
    };
    if !by_email && !entered("telephone") && !entered("postal_address") {
        form.error(
            "telephone",
            "Add a phone number, an email or a postal address, so that we can reach you.",
        );
    }
    form.finish(name.map(|name| EnteredContact {
        name,
        telephone,
        email,
        postal_address,
    }))
}

/// Accepts an unchanged number that the office entered in another form.
fn unchanged(text: &str, known: &str) -> Option<PersonalInput> {
    (text == known)
        .then(|| PersonalInput::try_from(text.to_owned()).ok())
        .flatten()
}

/// Issues the change. An unchanged address is passed on as it is stored, so that it remains proven.
/// A new address that was asked for in its place is dropped.
async fn change(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
    row: &PersonRow,
    known: &OwnContact,
    entered: &EnteredContact,
    taken: bool,
) -> Result<Option<Refusal>, PageError> {
    let stays = entered.email.as_deref().unwrap_or_default() == known.email;
    let stored = |sealed: &Option<_>| sealed.clone().map(PersonalInput::Sealed);
    let typed = entered.email.clone().map(PersonalInput::Open);
    let (email, typed_email) = match (stays, taken) {
        (true, _) => {
            let typed = stored(&row.typed_email).filter(|_| row.email.is_none());
            (stored(&row.email), typed)
        }
        (false, true) => (None, typed),
        (false, false) => (typed, None),
    };
    let details = PersonDetails {
        name: entered.name.clone(),
        email,
        telephone: entered.telephone.clone(),
        postal_address: entered.postal_address.clone(),
        typed_email,
    };
    let change = PersonCommand::ChangeContact(details);
    ownership::try_execute(
        visitor,
        app,
        posted,
        Command::Person(PersonId(row.id), change),
    )
    .await
}
