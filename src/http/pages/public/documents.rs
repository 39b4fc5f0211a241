//! The organisation's privacy notice and accessibility statement.

use actix_web::{HttpResponse, web};
use askama::Template;

use crate::domain::text::Document;
use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{PageContext, PageError, Visitor, render_page};
use crate::projections::OrganisationRow;

#[derive(Template)]
#[template(path = "open/document.html")]
struct DocumentPage {
    page: PageContext,
    heading: String,
    blocks: Vec<DocumentBlock>,
    /// Shown while there is no document.
    instead: String,
}

/// A part of a document between empty lines.
enum DocumentBlock {
    /// A line that begins with `#`.
    Heading(String),
    Paragraph(Vec<String>),
}

pub(super) async fn privacy(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let own = own_row(&app).await?;
    let document = own.and_then(|own| own.settings?.values.privacy);
    let heading = translate("How we use your information", language);
    let instead = translate(
        "Ask us how we use your information. We will explain it, or post it to you.",
        language,
    );
    show(&visitor, &app, heading, document, instead).await
}

pub(super) async fn accessibility(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let language = visitor.language;
    let own = own_row(&app).await?;
    let document = own.and_then(|own| own.settings?.values.accessibility);
    let heading = translate("Accessibility", language);
    let instead = translate(
        "If you cannot use a part of this site, tell us. We will help you in another way.",
        language,
    );
    show(&visitor, &app, heading, document, instead).await
}

async fn own_row(app: &AppState) -> Result<Option<OrganisationRow>, PageError> {
    Ok(app.views.find(app.commands.organisation(), None).await?)
}

async fn show(
    visitor: &Visitor,
    app: &AppState,
    heading: &str,
    document: Option<Document>,
    instead: &str,
) -> Result<HttpResponse, PageError> {
    render_page(&DocumentPage {
        page: PageContext::load(visitor, app, heading).await?,
        heading: heading.to_owned(),
        blocks: document.map_or_else(Vec::new, |document| blocks_of(document.as_str())),
        instead: instead.to_owned(),
    })
}

fn blocks_of(text: &str) -> Vec<DocumentBlock> {
    let mut blocks = Vec::new();
    let mut lines = Vec::new();
    let mut end_paragraph = |lines: &mut Vec<String>, heading: Option<&str>| {
        if !lines.is_empty() {
            blocks.push(DocumentBlock::Paragraph(std::mem::take(lines)));
        }
        if let Some(heading) = heading {
            blocks.push(DocumentBlock::Heading(heading.to_owned()));
        }
    };
    for line in text.lines().map(str::trim) {
        let heading = line
            .strip_prefix('#')
            .map(|rest| rest.trim_start_matches('#').trim());
        match heading {
            Some(heading) if !heading.is_empty() => end_paragraph(&mut lines, Some(heading)),
            Some(_) => {}
            None if line.is_empty() => end_paragraph(&mut lines, None),
            None => lines.push(line.to_owned()),
        }
    }
    end_paragraph(&mut lines, None);
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headings_and_empty_lines_divide_a_document() {
        let blocks = blocks_of("# What we keep\nYour name.\nYour phone.\r\n\r\n\nNothing else.\n#");
        let said: Vec<_> = blocks
            .iter()
            .map(|block| match block {
                DocumentBlock::Heading(heading) => format!("h2 {heading}"),
                DocumentBlock::Paragraph(lines) => format!("p {}", lines.join("/")),
            })
            .collect();
        assert_eq!(
            said,
            [
                "h2 What we keep",
                "p Your name./Your phone.",
                "p Nothing else."
            ]
        );
    }
}
