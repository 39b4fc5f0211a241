//! The context of the layout that surrounds every page: organisation, visitor, language,
//! navigation.

use super::PageError;
use super::i18n;
use super::visitor::Visitor;
use crate::domain::Role;
use crate::domain::language::Language;
use crate::http::AppState;
use crate::projections::OrganisationRow;

/// The values of a page's layout, for its template.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question that the frame asks by itself"
)]
pub struct PageContext {
    pub title: String,
    pub organisation: String,
    pub illustrative: bool,
    pub language: Language,
    pub signed_in: bool,
    pub staff: bool,
    pub auditor: bool,
    pub member: bool,
    pub demo: bool,
    pub csrf: String,
    pub path: String,
    pub telephone: String,
    /// The address of the link "back".
    pub back: Option<String>,
    /// A message on the result of the previous form.
    pub notice: Option<String>,
    pub has_errors: bool,
    /// Whether the desk's navigation is shown.
    pub at_desk: bool,
}

impl PageContext {
    pub(super) async fn load(
        visitor: &Visitor,
        app: &AppState,
        title: &str,
    ) -> Result<Self, PageError> {
        let own: Option<OrganisationRow> =
            app.views.find(app.commands.organisation(), None).await?;
        let roles = visitor
            .signed_in
            .as_ref()
            .map(|signed| signed.reader.roles.clone())
            .unwrap_or_default();
        Ok(Self {
            title: title.to_owned(),
            organisation: own
                .as_ref()
                .map_or_else(|| "Microgrants".to_owned(), |own| own.name.clone()),
            illustrative: own.is_some_and(|own| own.simulated.is_some()),
            language: visitor.language,
            signed_in: visitor.signed_in.is_some(),
            staff: roles.iter().any(|role| *role != Role::Auditor),
            auditor: roles.contains(&Role::Auditor) || roles.contains(&Role::Administrator),
            member: visitor.signed_in.is_some() && roles.is_empty(),
            demo: app.site.demo,
            csrf: visitor.csrf.clone(),
            path: visitor.path.clone(),
            telephone: app.site.telephone.clone(),
            back: None,
            notice: None,
            has_errors: false,
            at_desk: false,
        })
    }

    /// A text in the page's language.
    pub fn t<'a>(&self, text: &'a str) -> &'a str {
        i18n::translate(text, self.language)
    }

    /// A text with one placeholder, in the page's language.
    pub fn t_with(&self, text: &str, value: impl std::fmt::Display) -> String {
        i18n::translate_with(text, &value.to_string(), self.language)
    }

    /// A day in words, in the page's language.
    pub fn day(&self, day: impl std::borrow::Borrow<jiff::civil::Date>) -> String {
        crate::mail::format_day(*day.borrow(), self.language)
    }

    /// The other languages, each with the address that changes to it.
    pub fn other_languages(&self) -> Vec<(Language, String)> {
        use strum::VariantArray as _;
        let others = Language::VARIANTS
            .iter()
            .filter(|language| **language != self.language);
        others
            .map(|language| {
                (
                    *language,
                    format!(
                        "/language/{}?to={}",
                        language.code(),
                        url_encoded(&self.path)
                    ),
                )
            })
            .collect()
    }

    /// The sections of the desk that the visitor may see, by label and address.
    pub fn desk_sections(&self) -> Vec<(&'static str, &'static str)> {
        let mut rooms = vec![("Today", "/desk")];
        if self.staff {
            rooms.extend([
                ("Applications", "/desk/applications"),
                ("Panel", "/desk/panel"),
                ("Grants", "/desk/grants"),
                ("Payments", "/desk/payments"),
                ("Updates", "/desk/updates"),
                ("Groups", "/desk/groups"),
                ("Funds", "/desk/funds"),
                ("People", "/desk/people"),
                ("Texts", "/desk/texts"),
            ]);
        }
        rooms.push(("Figures", "/desk/figures"));
        if self.auditor {
            rooms.push(("Log", "/desk/log"));
        }
        rooms
    }

    /// Whether the page belongs to the section of the desk at `address`.
    pub fn is_current_section(&self, address: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path == address
            || (address != "/desk"
                && path
                    .strip_prefix(address)
                    .is_some_and(|rest| rest.starts_with('/')))
    }

    /// The title of the browser's window.
    pub fn window_title(&self) -> String {
        let wrong = if self.has_errors {
            format!("{}: ", self.t("Error"))
        } else {
            String::new()
        };
        format!("{wrong}{} – {}", self.title, self.organisation)
    }
}

/// A text, percent-encoded for a query.
pub(super) fn url_encoded(text: &str) -> String {
    serde_html_form::to_string([("", text)])
        .map(|pair| pair.trim_start_matches('=').to_owned())
        .unwrap_or_default()
}
