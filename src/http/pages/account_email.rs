//! The page of the link that is mailed to a person's new email address. Opening it only shows a
//! button, because mail programs open links too.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use super::i18n::translate;
use super::{PageContext, PageError, PageForms, PostedForm, Visitor, render_page};
use crate::auth::new_address;
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
    Confirm,
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
    let step = match new_address::find(&app.commands, token).await? {
        Some(_) => NewAddressStep::Confirm,
        None => NewAddressStep::Gone,
    };
    render(&visitor, &app, step).await
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
