//! The page on which staff find the entry that another one knows.

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::{name_of, path_of};
use crate::domain::asset::{TieKind, TieTo};
use crate::domain::{AssetCommand, AssetId, Command};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::{Action, ActionSpec, Choices};
use crate::http::pages::desk::notices::Done;
use crate::http::pages::layout::url_encoded;
use crate::http::pages::{Form, PageContext, PageError, ownership, see_other};
use crate::projections::AssetRow;
use crate::views::{Filter, PageRequest};

/// The most entries that a search shows.
const FOUND_MAX: i64 = 20;

#[derive(Template)]
#[template(path = "desk/assets/tie.html")]
struct TiePage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    id: Uuid,
    name: String,
    search: Form,
    searched: bool,
    /// The entries that were found, each with the form that ties it.
    found: Vec<(String, Action)>,
}

pub(super) async fn show(request: &DeskRequest<'_>, id: &str) -> Result<HttpResponse, PageError> {
    if !super::keeps_directory(request) {
        return Err(PageError::forbidden());
    }
    let row: AssetRow = request.row(ownership::parse_uuid(id)?).await?;
    // The form of an entry that was found posts to the command, which leads back here.
    let done = request.text("done");
    if Done::parse(done).is_some_and(|done| done.name == "tie") {
        let done = url_encoded(done);
        return Ok(see_other(&format!("{}?done={done}", path_of(row.id))));
    }
    let text = request.text("q");
    let forms = request.forms();
    let mut found = Vec::new();
    for other in entries_named(request, text).await? {
        if other.id == row.id {
            continue;
        }
        let to = AssetId(other.id);
        let how = TieKind::Partner;
        let tie = AssetCommand::Tie(TieTo { to, how });
        let spec = ActionSpec::new("They know each other", Command::Asset(AssetId(row.id), tie))
            .form(format!("tie-{to}"))
            .button("Save")
            .hidden("to", to)
            .select("how", "How they know each other", how_choices())
            .if_hidden("they are connected already, or one of them has been withdrawn.");
        found.push((name_of(&other), request.action(&forms, spec).await?));
    }
    let page = TiePage {
        page: request.page_context("Entries that know each other").await?,
        wrong: forms.error_summary(),
        id: row.id,
        name: name_of(&row),
        search: forms.form("search").prefill("q", text),
        searched: !text.is_empty(),
        found,
    };
    request.render(&page)
}

async fn entries_named(request: &DeskRequest<'_>, text: &str) -> Result<Vec<AssetRow>, PageError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let page = PageRequest {
        after: None,
        limit: FOUND_MAX,
    };
    let named = vec![Filter::contains("name", text)];
    Ok(request.app.views.list(None, named, &page).await?.items)
}

pub(super) fn how_name(how: TieKind) -> &'static str {
    match how {
        TieKind::Partner => "They work together",
        TieKind::Introduced => "They were introduced to each other",
        TieKind::GrewFrom => "One grew from the other",
    }
}

fn how_choices() -> Choices {
    [TieKind::Partner, TieKind::Introduced, TieKind::GrewFrom]
        .map(|how| (<&str>::from(how).to_owned(), how_name(how).to_owned()))
        .into()
}
