//! The people of a demonstration, with a button to become each of them and one for a token of the
//! API. Outside a demonstration this page does not exist.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::domain::PersonId;
use crate::http::pages::{
    PageContext, PageError, PageForms, PostedForm, Visitor, render_form_page, sign_in,
};
use crate::http::tokens::NewToken;
use crate::http::{AppState, DemoAccount};

/// How long a token is valid.
const TOKEN_VALID_FOR: Duration = Duration::from_hours(24);

#[derive(Template)]
#[template(path = "open/demo.html")]
struct DemoPeoplePage {
    page: PageContext,
    forms: PageForms,
    accounts: Vec<DemoAccount>,
    address: String,
    /// A new token, and the title of the person who owns it.
    token: Option<(String, String)>,
}

pub(super) async fn show(
    visitor: Visitor,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render(&visitor, &desk, None).await
}

/// Signs the chosen person in, or shows a new token of theirs.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    desk: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let chosen = posted.text("person");
    let account = accounts(&desk)?
        .iter()
        .find(|account| account.person.to_string() == chosen)
        .ok_or_else(PageError::not_found)?;
    if posted.text("want") == "token" {
        let token = new_token(&desk, account.person).await?;
        return render(&visitor, &desk, Some((token, account.title()))).await;
    }
    sign_in::without_mail(&request, &visitor, &desk, account.person).await
}

async fn new_token(desk: &AppState, person: PersonId) -> Result<String, PageError> {
    let new = NewToken::by_operator(person, "demonstration", TOKEN_VALID_FOR);
    let issued = desk.tokens.issue(&desk.commands, new, desk.commands.now());
    issued.await.map_err(|error| PageError::internal(&error))
}

async fn render(
    visitor: &Visitor,
    desk: &AppState,
    token: Option<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let people = DemoPeoplePage {
        accounts: accounts(desk)?.to_vec(),
        page: PageContext::load(visitor, desk, "People of this demonstration").await?,
        forms: PageForms::new(visitor, None).with_address("/demo"),
        address: desk.site.address.clone(),
        token,
    };
    render_form_page(visitor, desk, false, &people)
}

fn accounts(desk: &AppState) -> Result<&[DemoAccount], PageError> {
    match desk.site.demo_accounts.as_slice() {
        [] => Err(PageError::not_found()),
        accounts => Ok(accounts),
    }
}
