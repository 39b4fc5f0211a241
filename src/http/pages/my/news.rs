//! News of a group: a text and photos, sent at any time while the grant runs, and shown as it was
//! sent.

use std::collections::BTreeSet;

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use super::{notices, photographs, to_do};
use crate::domain::application::Channel;
use crate::domain::file::FileDigest;
use crate::domain::grant::SendNews;
use crate::domain::language::Language;
use crate::domain::{Command, GrantCommand, GrantId};
use crate::http::AppState;
use crate::http::pages::apply::refusal_says;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::{
    Form, FormData, FormErrors, PageContext, PageError, PageForms, Visitor, file_upload, kept_form,
    language_buttons, ownership, render_form_page, render_page, see_other,
};
use crate::projections::GrantRow;

#[derive(Template)]
#[template(path = "my/news.html")]
struct NewsFormPage {
    page: PageContext,
    form: Form,
    wrong: Vec<(String, String)>,
    row: GrantRow,
    /// Files from an earlier attempt, by their digest, and whether each is a picture.
    kept: Vec<(String, bool)>,
    /// The other languages, each with the button that changes to it.
    other_languages: Vec<(Language, String)>,
}

#[derive(Template)]
#[template(path = "my/news_sent.html")]
struct NewsSentPage {
    page: PageContext,
    row: GrantRow,
    sent_on: Date,
    words: Option<String>,
    /// What the photos show; empty if the group did not say.
    pictured: String,
    files: Vec<(String, bool)>,
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let kept = photographs::of_kept_form(&visitor, &app, row.group.0, "news").await?;
    render(&visitor, &app, row, &kept.unwrap_or_default(), None).await
}

async fn render(
    visitor: &Visitor,
    app: &AppState,
    row: GrantRow,
    kept: &[FileDigest],
    rejected: Option<FormErrors>,
) -> Result<HttpResponse, PageError> {
    if !to_do::is_running(&row) {
        return Ok(see_other(&format!("/my/grants/{}", row.id)));
    }
    let forms = PageForms::new(visitor, rejected);
    let wrong = forms.error_summary();
    let title = translate("Send news or photos", visitor.language);
    let mut shell = PageContext::load(visitor, app, title).await?;
    shell.back = Some(format!("/my/grants/{}", row.id));
    shell.quiet = true;
    shell.has_errors = !wrong.is_empty();
    let page = NewsFormPage {
        page: shell,
        form: forms.form("news"),
        other_languages: language_buttons::others(visitor.language),
        wrong,
        kept: photographs::with_kinds(app, row.group.0, kept).await?,
        row,
    };
    render_form_page(visitor, app, page.page.has_errors, &page)
}

pub(super) async fn submit(
    request: HttpRequest,
    body: Multipart,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let body = kept_form::require_signed_in(&request, &app, &visitor, body).await?;
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let uploaded = file_upload::read(&request, body, &visitor, &app, row.group.0).await?;
    let posted = uploaded.posted.clone();
    let (files, more) = photographs::received(&uploaded, &visitor, &app, row.group.0).await?;
    let has_photos = !files.is_empty() || !more.is_empty();
    let (news, mut wrong) = match parse_news(&posted, has_photos, visitor.language) {
        Ok(news) => (Some(news), Vec::new()),
        Err(wrong) => (None, wrong),
    };
    kept_form::note_values(&request, &photographs::with_files(&posted, &files));
    if let Some(pressed) = language_buttons::pressed(&posted)
        && more.is_empty()
    {
        let typed = photographs::with_files(&posted, &files);
        kept_form::keep_as_typed(&request, &app, &visitor, &typed).await?;
        let page = format!("/my/grants/{}/news", row.id);
        return Ok(see_other(&language_buttons::path_to(pressed, &page)));
    }
    wrong.extend(more);
    wrong.extend(photographs::missing_consent(
        &files,
        &posted,
        visitor.language,
    ));
    if let Some(news) = news.filter(|_| wrong.is_empty()) {
        let photographs: BTreeSet<FileDigest> = files.iter().cloned().collect();
        let sent = photographs.len();
        let news = GrantCommand::SendNews(SendNews {
            photographs,
            ..news
        });
        let command = Command::Grant(GrantId(row.id), news);
        match ownership::try_execute(&visitor, &app, &posted, command).await? {
            None => {
                let done = notices::sent_key("news", sent);
                return Ok(see_other(&format!("/my/grants/{}?done={done}", row.id)));
            }
            Some(refusal) => {
                wrong.push((String::new(), refusal_says(&refusal, visitor.language)));
            }
        }
    }
    let rejected = FormErrors::new("news", &posted, wrong);
    render(&visitor, &app, row, &files, Some(rejected)).await
}

/// The news as typed, without its photos. Photos need no words.
fn parse_news(
    posted: &FormData,
    has_photos: bool,
    language: Language,
) -> Result<SendNews, FieldErrors> {
    let mut form = FormReader::new(posted, language);
    let words = if has_photos {
        form.optional_text("words")
    } else {
        form.required_text("words", "Tell us what happened, or add a photo.")
    };
    let pictured = form.optional_text("pictured");
    form.finish(Some(SendNews {
        channel: Channel::Web,
        words,
        pictured,
        photographs: BTreeSet::new(),
        consent: true,
    }))
}

/// News as the group sent it.
pub(super) async fn show_sent(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let row = ownership::own_grant(&visitor, &app, request.match_info().query("id")).await?;
    let number: u16 = request
        .match_info()
        .query("number")
        .parse()
        .map_err(|_| PageError::not_found())?;
    let mut seen = app
        .views
        .decrypt_grants(true, vec![row])
        .await?
        .pop()
        .ok_or_else(PageError::not_found)?;
    let news = seen
        .row
        .news
        .get(&number)
        .ok_or_else(PageError::not_found)?;
    let files = photographs::with_kinds(&app, seen.row.group.0, &news.photographs).await?;
    let sent_on = news.sent_on;
    let written = seen.news_words.remove(&number);
    let (words, pictured) = written.map_or((None, None), |news| (news.words, news.pictured));
    let title = translate("The news that you sent", visitor.language);
    let mut shell = PageContext::load(&visitor, &app, title).await?;
    shell.back = Some(format!("/my/grants/{}", seen.row.id));
    render_page(&NewsSentPage {
        page: shell,
        sent_on,
        words,
        pictured: pictured.unwrap_or_default(),
        files,
        row: seen.row,
    })
}
