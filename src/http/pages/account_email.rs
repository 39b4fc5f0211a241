//! The page of the link that is mailed to a person's new email address. Opening it only shows a
//! button, because mail programs open links too. Both steps need the session of the person who
//! asked, because a mistyped address may belong to a stranger.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::i18n::translate;
use super::layout::url_encoded;
use super::sign_in_link::masked_person;
use super::{PageContext, PageError, PageForms, PostedForm, Visitor, render_page, see_other};
use crate::auth::new_address::{self, NewAddress};
use crate::commands::CommandError;
use crate::domain::Refusal;
use crate::http::AppState;

#[derive(Template)]
#[template(path = "open/new_address.html")]
struct NewAddressPage {
    page: PageContext,
    forms: PageForms,
    step: NewAddressStep,
}

/// What the page shows.
enum NewAddressStep {
    /// The link is valid. The values are the new address, and the masked name and present address
    /// of the person.
    Confirm(String, Option<String>),
    Changed,
    /// The address belongs to someone else.
    Taken,
    /// The link was used or has run out.
    Gone,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let token = request.match_info().query("token");
    let Some(new) = new_address::find(&app.commands, token).await? else {
        return render(&visitor, &app, NewAddressStep::Gone).await;
    };
    if !is_of_visitor(&new, &visitor) {
        return Ok(to_sign_in(token));
    }
    let whom = masked_person(&app, &new.person.to_string()).await?;
    render(&visitor, &app, NewAddressStep::Confirm(new.address, whom)).await
}

fn is_of_visitor(new: &NewAddress, visitor: &Visitor) -> bool {
    visitor.proven && visitor.person().is_ok_and(|person| person == new.person)
}

/// Leads to the sign-in page, and from there back to the link.
fn to_sign_in(token: &str) -> HttpResponse {
    let link = format!("/account/email/{token}");
    see_other(&format!("/sign-in?to={}", url_encoded(&link)))
}

pub(super) async fn submit(
    request: HttpRequest,
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let token = request.match_info().query("token");
    let Some(new) = new_address::find(&app.commands, token).await? else {
        return render(&sent.visitor, &app, NewAddressStep::Gone).await;
    };
    if !is_of_visitor(&new, &sent.visitor) {
        return Ok(to_sign_in(token));
    }
    let step = match new_address::confirm(&app.commands, new).await {
        Ok(position) => {
            app.views.wait_until_shown(position).await;
            NewAddressStep::Changed
        }
        Err(CommandError::Refused(Refusal::Taken(_))) => NewAddressStep::Taken,
        Err(error) => return Err(error.into()),
    };
    render(&sent.visitor, &app, step).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    step: NewAddressStep,
) -> Result<HttpResponse, PageError> {
    let title = translate("Your new email address", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    // The page's path must not contain the link's token, because links on the page would pass it
    // on.
    "/account".clone_into(&mut shell.path);
    let mut response = render_page(&NewAddressPage {
        page: shell,
        forms: PageForms::new(visitor, None).with_address(""),
        step,
    })?;
    visitor.set_new_key_cookie(app, &mut response);
    Ok(response)
}
