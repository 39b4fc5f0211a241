//! The context of the layout that surrounds every page: organisation, visitor, language,
//! navigation.

use super::PageError;
use super::components::UndoButton;
use super::icons::{Icon, icon};
use super::phone::phone_text;
use super::site::SiteDetails;
use super::visitor::Visitor;
use super::{assets, i18n, language_buttons};
use crate::domain::language::Language;
use crate::domain::{Role, Roles};
use crate::http::AppState;
use crate::projections::OrganisationRow;

/// How wide the main part of a page outside the desk is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PageWidth {
    /// One column of text.
    #[default]
    Text,
    /// The full frame.
    Wide,
    /// The template sets the widths of its sections.
    Full,
}

/// Pages that belong to a section of the desk under another address.
const PAGES_OF_ROOMS: [(&str, &str); 8] = [
    ("/desk/bank", "/desk/payments"),
    ("/desk/tell", "/desk"),
    ("/desk/setup", "/desk/settings"),
    ("/desk/erase", "/desk/erasures"),
    ("/desk/funders", "/desk/figures"),
    ("/desk/open-data", "/desk/figures"),
    ("/desk/value", "/desk/figures"),
    ("/desk/aims", "/desk/figures"),
];

/// Who gets a message about an action, each as a sentence; empty if nobody.
pub struct NoticeMailed {
    pub emailed: String,
    /// Those without an email.
    pub by_hand: String,
}

/// A group of rooms in the desk's navigation.
pub struct NavigationGroup {
    pub title: &'static str,
    pub rooms: Vec<NavigationRoom>,
}

/// A room of the desk.
#[derive(Clone)]
pub struct NavigationRoom {
    pub name: &'static str,
    pub icon: &'static str,
    pub address: &'static str,
    /// Where its link leads: to the address, or to a part of a list.
    pub link: String,
}

impl NavigationRoom {
    fn new(name: &'static str, icon: &'static str, address: &'static str) -> Self {
        Self {
            name,
            icon,
            address,
            link: address.to_owned(),
        }
    }
}

/// What the desk's header and navigation say of the reader.
#[derive(Clone, Debug, Default)]
pub struct DeskHeader {
    /// The reader's name; empty if it is not known.
    pub name: String,
    pub initials: String,
    /// How much waits for the reader, by the address of the room.
    counts: Vec<(&'static str, i64)>,
    /// The reader sets up the office: the way to the set-up pages is shown.
    sets_up: bool,
}

impl DeskHeader {
    pub(super) fn new(name: String, counts: Vec<(&'static str, i64)>) -> Self {
        let words: Vec<&str> = name.split_whitespace().collect();
        let ends = match words.as_slice() {
            [] => Vec::new(),
            [one] => vec![*one],
            [first, .., last] => vec![*first, *last],
        };
        let initials = ends
            .iter()
            .filter_map(|word| word.chars().next())
            .flat_map(char::to_uppercase)
            .collect();
        Self {
            name,
            initials,
            counts,
            sets_up: false,
        }
    }

    pub(super) fn with_setup(self, sets_up: bool) -> Self {
        Self { sets_up, ..self }
    }

    /// The first word of the name.
    pub fn first_name(&self) -> &str {
        self.name.split_whitespace().next().unwrap_or_default()
    }

    /// How much waits for the reader in a room.
    pub fn waiting_in(&self, address: &str) -> i64 {
        let room = self.counts.iter().find(|(room, _)| *room == address);
        room.map_or(0, |(_, count)| *count)
    }
}

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
    /// Whether the visitor is a connector and has no other role at the office.
    pub connector: bool,
    pub member: bool,
    /// The visitor's roles.
    pub roles: Roles,
    pub demo: bool,
    /// Whether open data is published.
    pub open_data: bool,
    /// Whether there is a gathering that everyone sees.
    pub gatherings: bool,
    /// Whether there is an entry of the directory that everyone sees.
    pub directory: bool,
    pub csrf: String,
    pub path: String,
    pub today: jiff::civil::Date,
    /// The office's telephone number, as in `site`.
    pub telephone: String,
    /// How the organisation looks and is reached.
    pub site: SiteDetails,
    /// The address of the link "back".
    pub back: Option<String>,
    /// A message on the result of the previous form.
    pub notice: Option<String>,
    /// Who gets a message about it.
    pub mailed: Option<NoticeMailed>,
    /// The button that takes back what the message is about.
    pub undo: Option<UndoButton>,
    pub has_errors: bool,
    /// Whether the desk's navigation is shown.
    pub at_desk: bool,
    /// A page for answering: without the links of the site.
    pub quiet: bool,
    /// Whether the header changes the language by sending the form with the id `typed`, so that
    /// what was typed is saved. Otherwise it has links.
    pub saves_language: bool,
    pub width: PageWidth,
    /// The text in the desk's search box.
    pub find: String,
    pub desk_header: DeskHeader,
}

impl PageContext {
    pub(super) async fn load(
        visitor: &Visitor,
        app: &AppState,
        title: &str,
    ) -> Result<Self, PageError> {
        let own = app
            .views
            .cached_organisation(app.commands.organisation())
            .await?;
        Ok(Self {
            gatherings: app.views.has_public_gatherings().await?,
            directory: app.views.has_public_directory().await?,
            ..Self::of(visitor, app, title, own.as_deref())
        })
    }

    /// The context of a visitor's page, with what is known of the organisation.
    pub(super) fn of(
        visitor: &Visitor,
        app: &AppState,
        title: &str,
        own: Option<&OrganisationRow>,
    ) -> Self {
        let roles = visitor
            .signed_in
            .as_ref()
            .map(|signed| signed.reader.roles.clone())
            .unwrap_or_default();
        let site = SiteDetails::in_force(own, &app.site, visitor.language);
        Self {
            title: title.to_owned(),
            organisation: own.map_or_else(|| "Microgrants".to_owned(), |own| own.name.clone()),
            illustrative: own.is_some_and(|own| own.simulated.is_some()),
            language: visitor.language,
            signed_in: visitor.signed_in.is_some(),
            staff: roles
                .iter()
                .any(|role| ![Role::Auditor, Role::Connector].contains(role)),
            connector: roles.iter().eq([&Role::Connector]),
            auditor: roles.contains(&Role::Auditor) || roles.contains(&Role::Administrator),
            member: visitor.signed_in.is_some() && roles.is_empty(),
            roles,
            demo: app.site.demo,
            open_data: app.site.open_data.is_some(),
            gatherings: false,
            directory: false,
            csrf: visitor.csrf.clone(),
            path: visitor.path.clone(),
            today: crate::clock::day_of(app.commands.now()),
            telephone: site.telephone.clone(),
            site,
            back: None,
            notice: None,
            mailed: None,
            undo: None,
            has_errors: false,
            at_desk: false,
            quiet: false,
            saves_language: false,
            width: PageWidth::default(),
            find: String::new(),
            desk_header: DeskHeader::default(),
        }
    }

    /// Where an application that was begun is continued: on their own page, if the visitor is
    /// signed in as somebody of a group.
    pub fn continue_path(&self) -> &'static str {
        if self.member { "/my" } else { "/sign-in" }
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

    /// A day in a table: without its year if that is this year.
    pub fn short_day(&self, day: impl std::borrow::Borrow<jiff::civil::Date>) -> String {
        super::days::short_day(*day.borrow(), self.today)
    }

    /// A phone number, as it is shown.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through the page"
    )]
    pub fn phone(&self, entered: &str) -> String {
        phone_text(entered)
    }

    /// An icon, by its name.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through the page"
    )]
    pub fn icon(&self, name: &str) -> Icon {
        icon(name)
    }

    /// The address of a file in `assets`.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through the page"
    )]
    pub fn asset(&self, name: &str) -> &'static str {
        assets::asset_path(name)
    }

    pub fn is_wide(&self) -> bool {
        self.width == PageWidth::Wide
    }

    pub fn is_full(&self) -> bool {
        self.width == PageWidth::Full
    }

    /// The languages, each with the address that changes to it, and whether it is the page's own.
    pub fn languages(&self) -> Vec<(Language, String, bool)> {
        use strum::VariantArray as _;
        let to = url_encoded(&self.path);
        let link = |language: &Language| {
            let address = language_buttons::path_to(*language, &to);
            (*language, address, *language == self.language)
        };
        Language::VARIANTS.iter().map(link).collect()
    }

    /// Whether a native reader has still to check the page's texts. No translation was checked yet.
    pub fn is_drafted_by_machine(&self) -> bool {
        self.language != Language::En
    }

    /// Whether the pages exist in a language.
    #[expect(
        clippy::unused_self,
        reason = "templates reach everything through the page"
    )]
    pub fn has_language(&self, tag: &str) -> bool {
        use strum::VariantArray as _;
        Language::VARIANTS
            .iter()
            .any(|language| language.code() == tag)
    }

    /// The public pages in the header, by address and name.
    pub fn open_navigation(&self) -> Vec<(&'static str, &str)> {
        let mut pages = vec![
            ("/apply", self.t("Apply")),
            ("/impact", self.t("What we’ve funded")),
        ];
        if self.gatherings {
            pages.push(("/gatherings", self.t("What’s on")));
        }
        if self.directory {
            pages.push(("/directory", self.t("Directory")));
        }
        pages.push(("/help", self.t("Help")));
        pages
    }

    /// The rooms of the desk that the visitor may enter.
    pub fn desk_navigation(&self) -> Vec<NavigationGroup> {
        let room = NavigationRoom::new;
        let (mut grants, mut community, mut reports) = (Vec::new(), Vec::new(), Vec::new());
        if self.staff {
            grants.extend([
                NavigationRoom {
                    link: super::desk::applications_address(),
                    ..room("Applications", "inbox", "/desk/applications")
                },
                room("Panel meetings", "panel", "/desk/panel"),
                room("Grants", "heart", "/desk/grants"),
                room("Payments", "bank", "/desk/payments"),
                room("Updates", "talk", "/desk/updates"),
            ]);
            community.push(room("Groups", "people", "/desk/groups"));
        }
        community.push(room("Gatherings", "day", "/desk/gatherings"));
        community.push(room("What we hear", "talk", "/desk/barriers"));
        community.push(room("Directory", "link", "/desk/assets"));
        if self.roles.contains(&Role::Officer) || self.roles.contains(&Role::Connector) {
            community.push(room("Introductions", "phone", "/desk/introductions"));
        }
        community.push(room("Learning", "note", "/desk/learning"));
        if !self.connector {
            reports.push(room("Figures", "chart", "/desk/figures"));
        }
        reports.push(room("Network", "dots", "/desk/network"));
        if self.auditor {
            reports.push(room("Audit log", "seal", "/desk/log"));
        }
        let group = |title, rooms| NavigationGroup { title, rooms };
        let mut groups = vec![
            group("", vec![room("Today", "sun", "/desk")]),
            group("Grants", grants),
            group("Community", community),
            group("Reports", reports),
            group("Set up", self.setup_rooms()),
        ];
        groups.retain(|group| !group.rooms.is_empty());
        groups
    }

    /// The rooms in which the office is set up. Each is shown to those who may open it.
    fn setup_rooms(&self) -> Vec<NavigationRoom> {
        let holds = |roles: &[Role]| roles.iter().any(|role| self.roles.contains(role));
        let edits = holds(&[Role::Officer, Role::Administrator]);
        let works_with_groups = holds(&[Role::Officer, Role::Finance, Role::Administrator]);
        let rooms = [
            (
                self.desk_header.sets_up,
                ("First steps", "flag", "/desk/setup"),
            ),
            (self.staff, ("Your organisation", "home", "/desk/settings")),
            (self.staff, ("Funds and rounds", "pound", "/desk/funds")),
            (self.staff, ("People and roles", "hand", "/desk/people")),
            (self.staff, ("Wording and emails", "mail", "/desk/texts")),
            (edits, ("Emails sent", "inbox", "/desk/texts/mails")),
            (self.auditor, ("Connections", "link", "/desk/webhooks")),
            (works_with_groups, ("Erasing", "x", "/desk/erasures")),
        ];
        rooms
            .into_iter()
            .filter(|(may, _)| *may)
            .map(|(_, (name, icon, address))| NavigationRoom::new(name, icon, address))
            .collect()
    }

    /// The address of the room that the page belongs to: the longest that fits.
    pub fn current_room(&self) -> &'static str {
        let rooms = self
            .desk_navigation()
            .into_iter()
            .flat_map(|group| group.rooms)
            .map(|room| room.address)
            .filter(|address| self.is_current_section(address));
        let elsewhere = || {
            let mut pages = PAGES_OF_ROOMS.iter();
            let page = pages.find(|(page, _)| self.is_current_section(page));
            page.map_or("", |(_, room)| *room)
        };
        rooms
            .max_by_key(|address| address.len())
            .unwrap_or_else(elsewhere)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_last_name() {
        let initials = |name: &str| DeskHeader::new(name.to_owned(), Vec::new()).initials;
        assert_eq!(initials("Morgan Price"), "MP");
        assert_eq!(initials("ana de la cruz"), "AC");
        assert_eq!(initials("Shabnam"), "S");
        assert_eq!(initials(""), "");
    }
}
