//! The mails of a demonstration, public. Outside a demonstration these pages do not exist.

use actix_web::{HttpRequest, HttpResponse, web};
use askama::Template;

use crate::http::Desk;
use crate::http::pages::{Failed, Shell, Visitor, own, page};

/// At most so many mails are listed, the newest first.
const MOST: usize = 50;

#[derive(Template)]
#[template(path = "open/mails.html")]
struct Mails {
    page: Shell,
    mails: Vec<Mail>,
}

#[derive(Template)]
#[template(path = "open/mail.html")]
struct MailPage {
    page: Shell,
    mail: Mail,
}

/// A mail, parsed from its file.
struct Mail {
    id: String,
    to: String,
    subject: String,
    sent: String,
    words: String,
    link: Option<String>,
}

pub(super) async fn list(visitor: Visitor, desk: web::Data<Desk>) -> Result<HttpResponse, Failed> {
    let folder = folder(&desk)?;
    let mut found = Vec::new();
    let Ok(mut entries) = tokio::fs::read_dir(folder).await else {
        return page(&Mails {
            page: Shell::around(&visitor, &desk, "Mails of this demonstration").await?,
            mails: Vec::new(),
        });
    };
    while let Ok(Some(entry)) = entries.next_entry().await {
        let name = entry.file_name().to_string_lossy().into_owned();
        if let (Some(id), Ok(about)) = (name.strip_suffix(".eml"), entry.metadata().await) {
            found.push((about.modified().ok(), id.to_owned()));
        }
    }
    found.sort();
    let mut mails = Vec::new();
    for (_, id) in found.into_iter().rev().take(MOST) {
        mails.extend(read(folder, &id).await);
    }
    page(&Mails {
        page: Shell::around(&visitor, &desk, "Mails of this demonstration").await?,
        mails,
    })
}

pub(super) async fn show(
    request: HttpRequest,
    visitor: Visitor,
    desk: web::Data<Desk>,
) -> Result<HttpResponse, Failed> {
    let id = own::uuid(request.match_info().query("mail"))?.to_string();
    let mail = read(folder(&desk)?, &id)
        .await
        .ok_or_else(Failed::nothing)?;
    let mut shell = Shell::around(&visitor, &desk, &mail.subject).await?;
    shell.back = Some("/mails".to_owned());
    page(&MailPage { page: shell, mail })
}

fn folder(desk: &Desk) -> Result<&std::path::Path, Failed> {
    desk.site
        .mails
        .as_deref()
        .filter(|_| desk.site.demo)
        .ok_or_else(Failed::nothing)
}

async fn read(folder: &std::path::Path, id: &str) -> Option<Mail> {
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
    Some(Mail {
        id: id.to_owned(),
        to: parsed.to()?.first()?.address()?.to_owned(),
        subject: parsed.subject()?.to_owned(),
        sent: parsed
            .date()
            .map(mail_parser::DateTime::to_rfc3339)
            .unwrap_or_default(),
        words,
        link,
    })
}
