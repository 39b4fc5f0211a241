//! What surrounds every page: who we are, who is signed in, in which language, and what to skip to.

use super::Failed;
use super::visitor::Visitor;
use super::words;
use crate::domain::Role;
use crate::domain::language::Language;
use crate::http::Desk;
use crate::projections::OrganisationRow;

/// The frame of a page, for its template.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a question that the frame asks by itself"
)]
pub struct Shell {
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
    /// Where the page before this one is.
    pub back: Option<String>,
    /// What was just done.
    pub notice: Option<String>,
    pub wrong: bool,
    /// The desk's own navigation stands above the page.
    pub at_desk: bool,
}

impl Shell {
    pub(super) async fn around(
        visitor: &Visitor,
        desk: &Desk,
        title: &str,
    ) -> Result<Self, Failed> {
        let own: Option<OrganisationRow> = desk
            .views
            .find(&desk.commands.organisation().to_string(), None)
            .await?;
        let roles = visitor
            .signed
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
            signed_in: visitor.signed.is_some(),
            staff: roles.iter().any(|role| *role != Role::Auditor),
            auditor: roles.contains(&Role::Auditor) || roles.contains(&Role::Administrator),
            member: visitor.signed.is_some() && roles.is_empty(),
            demo: desk.site.demo,
            csrf: visitor.csrf.clone(),
            path: visitor.path.clone(),
            telephone: desk.site.telephone.clone(),
            back: None,
            notice: None,
            wrong: false,
            at_desk: false,
        })
    }

    /// A text in the page's language.
    pub fn t<'a>(&self, text: &'a str) -> &'a str {
        words::say(text, self.language)
    }

    /// A text with one place to fill in.
    pub fn t_with(&self, text: &str, value: impl std::fmt::Display) -> String {
        words::say_with(text, &value.to_string(), self.language)
    }

    /// A day as it is said.
    pub fn day(&self, day: impl std::borrow::Borrow<jiff::civil::Date>) -> String {
        crate::mail::day(*day.borrow(), self.language)
    }

    /// The other languages that the page can be had in, with the address that turns to each.
    pub fn other_languages(&self) -> Vec<(Language, String)> {
        use strum::VariantArray as _;
        let others = Language::VARIANTS
            .iter()
            .filter(|language| **language != self.language);
        others
            .map(|language| {
                (
                    *language,
                    format!("/language/{}?to={}", language.code(), encoded(&self.path)),
                )
            })
            .collect()
    }

    /// The rooms of the desk, with their addresses.
    pub fn rooms(&self) -> Vec<(&'static str, &'static str)> {
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

    /// Whether a room is the one that the page is in.
    pub fn is_in(&self, address: &str) -> bool {
        let path = self.path.split('?').next().unwrap_or_default();
        path == address
            || (address != "/desk"
                && path
                    .strip_prefix(address)
                    .is_some_and(|rest| rest.starts_with('/')))
    }

    /// The page's title as the window shows it.
    pub fn window_title(&self) -> String {
        let wrong = if self.wrong {
            format!("{}: ", self.t("Error"))
        } else {
            String::new()
        };
        format!("{wrong}{} – {}", self.title, self.organisation)
    }
}

/// A text as it stands in a query.
pub(super) fn encoded(text: &str) -> String {
    serde_html_form::to_string([("", text)])
        .map(|pair| pair.trim_start_matches('=').to_owned())
        .unwrap_or_default()
}
