//! The people of a demonstration, with a button to become each of them and one for a token of the
//! API. Outside a demonstration this page does not exist.

use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::auth::tokens::NewToken;
use crate::domain::PersonId;
use crate::http::pages::{
    PageContext, PageError, PageForms, PostedForm, Visitor, render_form_page, sign_in_link,
};
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
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    render(&visitor, &app, None).await
}

/// Signs the chosen person in, or shows a new token of theirs.
pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let PostedForm { visitor, posted } = sent;
    let chosen = posted.text("person");
    let account = accounts(&app)?
        .iter()
        .find(|account| account.person.to_string() == chosen)
        .ok_or_else(PageError::not_found)?;
    if posted.text("want") == "token" {
        let token = new_token(&app, account.person).await?;
        return render(&visitor, &app, Some((token, account.title()))).await;
    }
    sign_in_link::without_mail(&request, &visitor, &app, account.person).await
}

async fn new_token(app: &AppState, person: PersonId) -> Result<String, PageError> {
    let new = NewToken::by_operator(person, "demonstration", TOKEN_VALID_FOR);
    let issued = app.tokens.issue(&app.commands, new, app.commands.now());
    issued.await.map_err(|error| PageError::internal(&error))
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    token: Option<(String, String)>,
) -> Result<HttpResponse, PageError> {
    let people = DemoPeoplePage {
        accounts: accounts(app)?.to_vec(),
        page: PageContext::load(visitor, app, "People of this demonstration").await?,
        forms: PageForms::new(visitor, None).with_address("/demo"),
        address: app.site.address.clone(),
        token,
    };
    render_form_page(visitor, app, false, &people)
}

fn accounts(app: &AppState) -> Result<&[DemoAccount], PageError> {
    match app.site.demo_accounts.as_slice() {
        [] => Err(PageError::not_found()),
        accounts => Ok(accounts),
    }
}
