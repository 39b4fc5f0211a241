//! The home page, and the page with help.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::http::AppState;
use crate::http::pages::apply::{OpenRound, open_rounds};
use crate::http::pages::i18n::translate;
use crate::http::pages::{PageContext, PageError, Visitor, render_page};

#[derive(Template)]
#[template(path = "open/home.html")]
struct HomePage {
    page: PageContext,
    rounds: Vec<OpenRound>,
}

#[derive(Template)]
#[template(path = "open/help.html")]
struct HelpPage {
    page: PageContext,
    rounds: Vec<OpenRound>,
}

pub(super) async fn show(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let rounds = open_rounds(&app).await?;
    render_page(&HomePage {
        page: PageContext::load(
            &visitor,
            &app,
            translate("Small grants for good ideas", visitor.language),
        )
        .await?,
        rounds,
    })
}

pub(super) async fn help(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let rounds = open_rounds(&app).await?;
    render_page(&HelpPage {
        page: PageContext::load(
            &visitor,
            &app,
            translate("Help, telephone and paper", visitor.language),
        )
        .await?,
        rounds,
    })
}
