//! The page on the open data: what it is, how fresh, under which licence, and how to cite it. Where
//! no open data is published it does not exist.

use actix_web::{HttpResponse, web};
use askama::Template;
use jiff::civil::Date;

use crate::http::AppState;
use crate::http::pages::i18n::translate;
use crate::http::pages::{PageContext, PageError, Visitor, render_page};

/// Licences by the beginning of their address. The last value says whether users only have to name
/// the source.
const LICENCES: [(&str, &str, bool); 4] = [
    (
        "https://creativecommons.org/licenses/by/4.0",
        "Creative Commons Attribution 4.0 (CC BY 4.0)",
        true,
    ),
    (
        "https://creativecommons.org/licenses/by-sa/4.0",
        "Creative Commons Attribution-ShareAlike 4.0 (CC BY-SA 4.0)",
        false,
    ),
    (
        "https://creativecommons.org/publicdomain/zero/1.0",
        "Creative Commons Zero 1.0 (CC0)",
        false,
    ),
    (
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3",
        "Open Government Licence 3.0",
        true,
    ),
];

#[derive(Template)]
#[template(path = "open/open_data.html")]
struct OpenDataPage {
    page: PageContext,
    publisher: String,
    website: Option<String>,
    /// The address of the licence.
    licence: String,
    /// The address of the data, as it is cited.
    address: String,
    /// How many grants are published.
    grants: usize,
    /// The day of the last change of a published grant.
    changed_on: Option<Date>,
}

impl OpenDataPage {
    fn known_licence(&self) -> Option<&'static (&'static str, &'static str, bool)> {
        LICENCES
            .iter()
            .find(|(address, ..)| self.licence.starts_with(address))
    }

    /// The name of the licence, or its address if the name is not known.
    fn licence_name(&self) -> &str {
        self.known_licence()
            .map_or(self.licence.as_str(), |(_, name, _)| name)
    }

    /// Whether the licence only asks to name the source.
    fn asks_for_source_only(&self) -> bool {
        self.known_licence().is_some_and(|(.., source)| *source)
    }
}

pub(super) async fn show(
    visitor: Visitor,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    let open_data = app
        .site
        .open_data
        .as_ref()
        .ok_or_else(PageError::not_found)?;
    let made = open_data.current(&app).await?;
    let package = &made.checked.package;
    let changed_on = package
        .modified
        .as_deref()
        .and_then(|modified| modified.get(..10)?.parse().ok());
    let page = PageContext::load(&visitor, &app, translate("Open data", visitor.language)).await?;
    render_page(&OpenDataPage {
        page,
        publisher: package.publisher.name.clone(),
        website: package.publisher.website.clone(),
        licence: package.license.clone(),
        address: package.download_url.clone(),
        grants: package.grants.len(),
        changed_on,
    })
}
