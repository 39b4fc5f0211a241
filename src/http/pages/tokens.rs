//! API tokens on a person's account page: listing, creating and ending them.

use std::collections::BTreeSet;
use std::time::Duration;

use actix_web::{HttpResponse, web};
use askama::Template;
use uuid::Uuid;

use super::account::render_account;
use super::days::format_instant;
use super::i18n::translate;
use super::words::role_name;
use super::{
    FormData, FormErrors, PageContext, PageError, PostedForm, Visitor, render_form_page, see_other,
};
use crate::auth::SignedIn;
use crate::auth::tokens::{self, NewToken, TokenError, TokenRow};
use crate::domain::text::Line;
use crate::domain::{Actor, Role};
use crate::http::AppState;
use crate::mail::warnings;

/// The most tokens that a person may have, and the lifetime of a token in days.
const TOKENS_MAX: usize = 20;
const LIFETIME_DAYS: std::ops::RangeInclusive<u64> = 1..=365;

/// A row of the list of tokens.
pub(super) struct TokenView {
    pub jti: String,
    pub name: String,
    pub roles: String,
    pub made_at: String,
    pub expires_at: String,
    pub used_at: Option<String>,
}

#[derive(Template)]
#[template(path = "open/token.html")]
struct TokenPage {
    page: PageContext,
    token: String,
}

/// The person's tokens that are valid, the newest first.
pub(super) async fn current_tokens(
    app: &AppState,
    signed: &SignedIn,
) -> Result<Vec<TokenView>, PageError> {
    let rows = tokens::valid(&app.commands, signed).await?;
    let seen = |row: TokenRow| TokenView {
        jti: row.jti,
        name: row.name,
        roles: role_names(&row.roles),
        made_at: format_instant(row.made_at),
        expires_at: format_instant(row.expires_at),
        used_at: row.used_at.map(format_instant),
    };
    Ok(rows.into_iter().map(seen).collect())
}

/// The roles that the person may give to a token, by value and label.
pub(super) fn grantable_roles(signed: &SignedIn) -> Vec<(String, String)> {
    signed
        .reader
        .roles
        .iter()
        .map(|role| (<&str>::from(*role).to_owned(), role_name(*role).to_owned()))
        .collect()
}

/// The names of roles that are stored with commas between them.
fn role_names(stored: &str) -> String {
    let names: Vec<&str> = stored
        .split(',')
        .filter_map(|role| role.trim().parse::<Role>().ok())
        .map(role_name)
        .collect();
    names.join(", ")
}

/// Creates or ends a token.
pub(super) async fn submit(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let person = visitor.person()?;
    if !visitor.proven {
        return Err(PageError::forbidden());
    }
    if posted.text("form") == "make-token" {
        return create(&visitor, &app, &posted).await;
    }
    app.tokens
        .end(
            app.commands.log(),
            person,
            posted.text("token"),
            app.commands.now(),
        )
        .await?;
    Ok(see_other("/account"))
}

async fn create(
    visitor: &Visitor,
    app: &AppState,
    posted: &FormData,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let again = async |wrong: Vec<(String, String)>| {
        render_account(
            visitor,
            app,
            Some(FormErrors::new("make-token", posted, wrong)),
        )
        .await
    };
    let signed = visitor.require_signed_in()?;
    let new = match parse_new_token(visitor, app, signed, posted) {
        Ok(new) => new,
        Err(wrong) => return again(wrong).await,
    };
    if current_tokens(app, signed).await?.len() >= TOKENS_MAX {
        return again(vec![(
            String::new(),
            translate("You have 20 tokens. End one of them first.", language).to_owned(),
        )])
        .await;
    }
    let (person, id) = (new.person, new.id);
    let token = match app
        .tokens
        .issue(&app.commands, new, app.commands.now())
        .await
    {
        Ok(token) => token,
        Err(TokenError::AlreadyIssued) => {
            let says = translate(
                "You made this token before, and we show it only once. End it, and make another.",
                language,
            );
            return again(vec![(String::new(), says.to_owned())]).await;
        }
        Err(TokenError::Log(error)) => return Err(error.into()),
        Err(error @ TokenError::Sign(_)) => return Err(PageError::internal(&error)),
    };
    warnings::warn_of_new_token(&app.commands, person, id).await?;
    let mut page = PageContext::load(visitor, app, translate("Your new token", language)).await?;
    page.back = Some("/account".to_owned());
    // The page is the response to a form; changing the language leads to the account page.
    "/account".clone_into(&mut page.path);
    render_form_page(visitor, app, false, &TokenPage { page, token })
}

/// Parses the form, or lists the errors by field. The token's id is derived from the form's key, so
/// submitting the form again does not create another token.
fn parse_new_token(
    visitor: &Visitor,
    app: &AppState,
    signed: &SignedIn,
    posted: &FormData,
) -> Result<NewToken, Vec<(String, String)>> {
    let language = visitor.language;
    let mut wrong = Vec::new();
    let mut miss = |field: &str, says: &str| wrong.push((field.to_owned(), says.to_owned()));
    let name = posted.text("name").parse::<Line>();
    if name.is_err() {
        miss(
            "name",
            translate("Say in a few words what it is for", language),
        );
    }
    let days = posted
        .text("days")
        .parse::<u64>()
        .ok()
        .filter(|days| LIFETIME_DAYS.contains(days));
    if days.is_none() {
        miss(
            "days",
            translate("Enter a number of days from 1 to 365", language),
        );
    }
    let chosen = posted
        .all("roles")
        .filter_map(|role| role.parse::<Role>().ok());
    let roles: BTreeSet<Role> = chosen
        .filter(|role| signed.reader.roles.contains(role))
        .collect();
    if roles.is_empty() && !signed.reader.roles.is_empty() {
        miss("roles", translate("Choose at least one role", language));
    }
    let id = format!("token/{}/{}", posted.text("key"), visitor.digest(app));
    match (name, days) {
        (Ok(name), Some(days)) if wrong.is_empty() => Ok(NewToken {
            id: Uuid::new_v5(&app.commands.organisation().0, id.as_bytes()),
            person: signed.reader.person,
            name: name.to_string(),
            roles: Some(roles),
            made_by: Actor::Person(signed.reader.person),
            lifetime: Duration::from_hours(24 * days),
        }),
        _ => Err(wrong),
    }
}
