//! An update as the group sent it.

use actix_web::HttpResponse;
use askama::Template;

use super::{draft, photographs, states};
use crate::domain::outcome::{Sign, Strength};
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::words::Tag;
use crate::http::pages::{PageContext, PageError, Visitor, render_page};
use crate::projections::{GrantRow, UpdateRow};
use crate::views::{OutcomeView, UpdateView};

#[derive(Template)]
#[template(path = "my/report.html")]
struct ReportPage {
    page: PageContext,
    row: GrantRow,
    update: UpdateView,
    state: Tag,
    signs: Vec<SeenSign>,
    /// Files by their digest, and whether each is a picture.
    files: Vec<(String, bool)>,
}

/// A sign that the group has seen.
struct SeenSign {
    title: String,
    strength: &'static str,
    words: Option<String>,
}

/// The update with the group's words decrypted.
pub(super) async fn opened(app: &AppState, update: UpdateRow) -> Result<UpdateView, PageError> {
    app.views
        .decrypt_updates(true, false, vec![update])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)
}

pub(super) async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GrantRow,
    update: UpdateRow,
    signs: &[Sign],
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let state = states::update_tag(&update, language);
    let update = opened(app, update).await?;
    let seen = |outcome: &OutcomeView| SeenSign {
        title: signs
            .iter()
            .find(|sign| sign.sign == outcome.sign)
            .map(|sign| translate(sign.title.as_str(), language).to_owned())
            .unwrap_or_default(),
        strength: draft::strength_text(outcome.said.unwrap_or(Strength::None), language),
        words: outcome.words.clone(),
    };
    let files = photographs::with_kinds(app, row.group.0, &update.files).await?;
    let mut shell =
        PageContext::load(visitor, app, translate("What you told us", language)).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    render_page(&ReportPage {
        page: shell,
        signs: update.outcomes.iter().map(seen).collect(),
        files,
        state,
        row,
        update,
    })
}
