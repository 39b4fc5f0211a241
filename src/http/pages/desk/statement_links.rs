//! The links to a funder's statements, on the funder's statement: make one, copy it, end it.

use askama::Template;
use askama::filters::HtmlSafe;
use jiff::civil::Date;

use super::DeskRequest;
use super::action::{Action, ActionSpec};
use crate::auth::statement_links;
use crate::clock::day_of;
use crate::domain::organisation::{ShareStatement, StatementLinkRef};
use crate::domain::text::Slug;
use crate::domain::{Command, Organisation, OrganisationCommand as C, Role};
use crate::http::pages::PageError;
use crate::http::pages::days::short_day;

/// The roles that may share a statement, as the commands have them.
const SHARING_ROLES: [Role; 3] = [Role::Administrator, Role::Officer, Role::Finance];

/// The links to a funder's statements, and the form that makes one.
#[derive(Template)]
#[template(path = "parts/statement_links.html")]
pub struct StatementSharing {
    links: Vec<SharedLink>,
    share: Vec<Action>,
}

impl HtmlSafe for StatementSharing {}

/// A link that still opens.
struct SharedLink {
    number: u32,
    days: String,
    expires_on: String,
    address: String,
    end: Vec<Action>,
}

/// The links to a funder's statements; `None` for readers who may not share one.
pub(super) async fn sharing(
    request: &DeskRequest<'_>,
    funder: &str,
    (from, until): (Date, Date),
) -> Result<Option<StatementSharing>, PageError> {
    let roles = &request.signed.reader.roles;
    let Ok(slug) = funder.parse::<Slug>() else {
        return Ok(None);
    };
    if !SHARING_ROLES.iter().any(|role| roles.contains(role)) {
        return Ok(None);
    }
    let (log, forms) = (request.app.commands.log(), request.forms());
    let organisation = request.app.commands.organisation();
    let state = log.refresh::<Organisation>(organisation.0).await?.state;
    let today = day_of(request.app.commands.now());
    let in_words = |day: Date| short_day(day, today);
    let service = request.app.site.public_address(&request.app.commands);
    let service = service.await?;
    let mut links = Vec::new();
    for (number, link) in state.statement_links().open_of(funder, today) {
        let end = C::EndStatementLink(StatementLinkRef { link: number });
        let end = ActionSpec::new("End this link", Command::Organisation(organisation, end))
            .form(format!("end-statement-link-{number}"))
            .hidden_number("link", number)
            .destructive();
        let path = statement_links::path(log.vault(), number, link);
        links.push(SharedLink {
            number,
            days: format!("{} to {}", in_words(link.from), in_words(link.until)),
            expires_on: in_words(link.expires_on),
            address: format!("{service}{path}"),
            end: request.actions(&forms, vec![end]).await?,
        });
    }
    let share = C::ShareStatement(ShareStatement {
        funder: slug,
        from,
        until,
    });
    let share = ActionSpec::new("Make a link", Command::Organisation(organisation, share))
        .about(
            "Anyone with the link can read this statement for 90 days, without an account. It \
             shows no names of people and no transactions.",
        )
        .hidden("funder", funder)
        .hidden("from", from)
        .hidden("until", until);
    Ok(Some(StatementSharing {
        links,
        share: request.actions(&forms, vec![share]).await?,
    }))
}
