//! A funder's statement for readers without an account, at a link that the office made.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use crate::auth::statement_links;
use crate::clock::day_of;
use crate::domain::Organisation;
use crate::domain::organisation::StatementLink;
use crate::http::AppState;
use crate::http::pages::i18n::{translate, translate_with};
use crate::http::pages::statement_sheet::{SheetReader, StatementSheet};
use crate::http::pages::words::place_name;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, render_to};
use crate::views::StatementSubject;

#[derive(Template)]
#[template(path = "open/statement.html")]
struct SharedStatementPage {
    page: PageContext,
    sheet: StatementSheet,
    expires_on: Date,
}

#[derive(Template)]
#[template(path = "open/statement_gone.html")]
struct StatementGonePage {
    page: PageContext,
}

/// Shows the statement of an open link. A link that was ended, that has expired or that never
/// existed gives the same answer.
pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let Some(link) = open_link(&request, &app).await? else {
        let title = translate("This link no longer works", visitor.language);
        let page = PageContext::load(&visitor, &app, title).await?;
        return render_to(HttpResponse::NotFound(), &StatementGonePage { page });
    };
    let (of, days) = (link.funder.as_str(), (link.from, link.until));
    let name = place_name(of);
    let title = translate_with("Statement for {}", &name, visitor.language);
    let mut page = PageContext::load(&visitor, &app, &title).await?;
    page.width = PageWidth::Wide;
    let subject = StatementSubject::Funder(of);
    let sheet = StatementSheet::load(&app, subject, name, days, SheetReader::Funder).await?;
    let mut response = HttpResponse::Ok();
    response.insert_header(("X-Robots-Tag", "noindex"));
    let shared = SharedStatementPage {
        page,
        sheet,
        expires_on: link.expires_on,
    };
    render_to(response, &shared)
}

/// The link in the address, if its secret is right and it still opens.
async fn open_link(
    request: &HttpRequest,
    app: &AppState,
) -> Result<Option<StatementLink>, PageError> {
    let address = request.match_info();
    let Ok(number) = address.query("link").parse::<u32>() else {
        return Ok(None);
    };
    let log = app.commands.log();
    let organisation = app.commands.organisation().0;
    let state = log.refresh::<Organisation>(organisation).await?.state;
    let today = day_of(app.commands.now());
    let link = state.statement_links().get(number).filter(|link| {
        link.is_open(today)
            && statement_links::is_secret(log.vault(), number, link, address.query("secret"))
    });
    Ok(link.cloned())
}
