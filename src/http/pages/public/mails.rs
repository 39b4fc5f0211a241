//! The mails of a demonstration, public. Outside a demonstration these pages do not exist.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::http::AppState;
use crate::http::pages::days::format_instant;
use crate::http::pages::{PageContext, PageError, PageWidth, Visitor, ownership, render_page};

/// The largest number of mails in the list, the newest first.
const MAILS_MAX: usize = 50;

#[derive(Template)]
#[template(path = "open/mails.html")]
struct DemoMailsPage {
    page: PageContext,
    mails: Vec<DemoMail>,
}

#[derive(Template)]
#[template(path = "open/mail.html")]
struct DemoMailPage {
    page: PageContext,
    mail: DemoMail,
}

/// A mail, parsed from its file.
struct DemoMail {
    id: String,
    to: String,
    subject: String,
    /// The language of its text, if the mail declares one.
    lang: Option<String>,
    sent: String,
    words: String,
    link: Option<String>,
}

pub(super) async fn list(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let folder = mail_folder(&app)?;
    let mut found = Vec::new();
    let mut page = PageContext::load(&visitor, &app, "Emails of this demonstration").await?;
    page.width = PageWidth::Wide;
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else {
        let mails = Vec::new();
        return render_page(&DemoMailsPage { page, mails });
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let (Some(id), Ok(about)) = (name.strip_suffix(".eml"), entry.metadata().await) {
            found.push((about.modified().ok(), id.to_owned()));
        }
    }
    found.sort();
    let mut mails = Vec::new();
    for (_, id) in found.into_iter().rev().take(MAILS_MAX) {
        mails.extend(read_mail(folder, &id).await);
    }
    render_page(&DemoMailsPage { page, mails })
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let id = ownership::parse_uuid(request.match_info().query("mail"))?.to_string();
    let mail = read_mail(mail_folder(&app)?, &id)
        .await
        .ok_or_else(PageError::not_found)?;
    let mut shell = PageContext::load(&visitor, &app, &mail.subject).await?;
    shell.back = Some("/mails".to_owned());
    render_page(&DemoMailPage { page: shell, mail })
}

fn mail_folder(app: &AppState) -> Result<&std::path::Path, PageError> {
    app.site
        .mail_folder
        .as_deref()
        .filter(|_| app.site.demo)
        .ok_or_else(PageError::not_found)
}

async fn read_mail(folder: &std::path::Path, id: &str) -> Option<DemoMail> {
    let bytes = tokio::fs::read(folder.join(format!("{id}.eml")))
        .await
        .ok()?;
    let parsed = mail_parser::MessageParser::default().parse(&bytes)?;
    let words = parsed.body_text(0)?.into_owned();
    let link = words
        .lines()
        .map(str::trim)
        .find(|line| line.starts_with("http"))
        .map(str::to_owned);
    let lang = parsed.body_html(0).and_then(|html| {
        let (_, rest) = html.split_once("<html lang=\"")?;
        Some(rest.split('"').next()?.to_owned())
    });
    Some(DemoMail {
        lang,
        id: id.to_owned(),
        to: parsed.to()?.first()?.address()?.to_owned(),
        subject: parsed.subject()?.to_owned(),
        sent: parsed
            .date()
            .map(|date| format_instant(date.to_timestamp() * 1_000_000))
            .unwrap_or_default(),
        words,
        link,
    })
}
