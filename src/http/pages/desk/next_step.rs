//! The actions of a record's page: the next one with its form, the others in a menu, and those that
//! are not available yet with the reason. An action that needs input opens on the same page, by the
//! query parameter `do`, so that the record stays in view.

use askama::Template;
use askama::filters::HtmlSafe;

use super::DeskRequest;
use super::action::{Action, ActionFieldKind, Availability};

/// The query parameter that opens an action.
const OPEN: &str = "do";
/// The query parameter that names the subject of an opened action.
pub(super) const ABOUT: &str = "about";

/// The actions of a record, as its page shows them.
#[derive(Template)]
#[template(path = "parts/next.html")]
pub struct NextStep {
    /// What is next: "Next: check eligibility".
    title: String,
    why: String,
    /// The action whose form is shown.
    chosen: Option<Action>,
    /// The other actions.
    menu: Vec<Action>,
    /// Actions that are not available yet, by the reason.
    unavailable: Vec<(String, String)>,
    /// How many of the other actions are buttons at most.
    buttons_max: usize,
    /// Another page on which the next thing is done, with the label of its button.
    link: Option<(String, String)>,
    /// The page's address without an open action, if another than the next one is open.
    back: Option<String>,
    /// The page's address, to which the name of an action is added.
    address: String,
}

impl HtmlSafe for NextStep {}

impl NextStep {
    /// Adds a button that leads to the page on which the next thing is done.
    pub fn with_link(mut self, label: &str, path: String) -> Self {
        self.link = Some((label.to_owned(), path));
        self.buttons_max = 1;
        self
    }

    /// Shows two of the other actions as buttons, also next to a form.
    pub fn with_two_buttons(self) -> Self {
        Self {
            buttons_max: 2,
            ..self
        }
    }

    /// How many of the other actions are buttons. The rest is in the menu.
    fn buttons(&self) -> usize {
        let safe = |action: &&Action| !action.destructive;
        self.menu
            .iter()
            .take(self.buttons_max)
            .take_while(safe)
            .count()
    }

    fn has_dangers(&self) -> bool {
        self.menu[self.buttons()..]
            .iter()
            .any(|action| action.destructive)
    }

    fn item<'a>(&'a self, action: &'a Action) -> NextItem<'a> {
        NextItem {
            address: self.address_of(action),
            action,
            in_menu: false,
        }
    }

    fn item_in_menu<'a>(&'a self, action: &'a Action) -> NextItem<'a> {
        NextItem {
            in_menu: true,
            ..self.item(action)
        }
    }

    fn address_of(&self, action: &Action) -> String {
        address_of(&self.address, action.form.name())
    }
}

/// One of the other actions: a link to its form, or its button if it needs no words.
#[derive(Template)]
#[template(path = "parts/next_item.html")]
struct NextItem<'a> {
    action: &'a Action,
    in_menu: bool,
    address: String,
}

impl HtmlSafe for NextItem<'_> {}

/// The page's address with an open action.
fn address_of(page: &str, action: &str) -> String {
    let join = if page.contains('?') { '&' } else { '?' };
    format!("{page}{join}{OPEN}={action}#next")
}

impl DeskRequest<'_> {
    /// The page's address with an open action about one subject.
    pub fn address_of_action(&self, action: &str, about: &str) -> String {
        let page = self.address_without(&[OPEN, ABOUT]);
        let join = if page.contains('?') { '&' } else { '?' };
        address_of(&format!("{page}{join}{ABOUT}={about}"), action)
    }

    /// Arranges the actions of a record. `title` and `why` say what is next; the action whose form
    /// is named `next` is shown, unless the reader opened another one or one was rejected. Without
    /// an available action named `next`, the first is shown if `next` is not empty.
    pub fn next_step(&self, title: &str, why: &str, next: &str, actions: Vec<Action>) -> NextStep {
        let (mut available, mut unavailable) = (Vec::new(), Vec::new());
        for action in actions {
            match action.availability {
                Availability::Available => available.push(action),
                Availability::Unavailable(why) => unavailable.push((action.title, why)),
                Availability::Hidden => {}
            }
        }
        let named = |name: &str| {
            available
                .iter()
                .position(|action| action.form.name() == name)
        };
        let rejected = available
            .iter()
            .position(|action| action.form.was_rejected());
        // An action that was just taken is not opened again.
        let wanted = if self.text("done").is_empty() {
            self.text(OPEN)
        } else {
            ""
        };
        let opened = rejected.or_else(|| named(wanted));
        let shown = opened.or_else(|| named(next));
        let chosen = shown.map(|at| available.remove(at));
        let opened_title = chosen
            .as_ref()
            .filter(|_| opened.is_some())
            .map(|action| action.title.clone());
        NextStep {
            why: if opened_title.is_some() {
                String::new()
            } else {
                why.to_owned()
            },
            back: opened_title
                .as_ref()
                .map(|_| self.address_without(&[OPEN, ABOUT])),
            title: opened_title.unwrap_or_else(|| title.to_owned()),
            buttons_max: if chosen.is_some() { 1 } else { 2 },
            chosen,
            menu: available,
            unavailable: by_reason(unavailable),
            link: None,
            address: self.address_without(&[OPEN, ABOUT]),
        }
    }
}

/// Joins the titles of actions that have the same reason, so that the page shows it once.
fn by_reason(unavailable: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut joined: Vec<(String, String)> = Vec::new();
    for (title, why) in unavailable {
        match joined.iter_mut().find(|(_, known)| *known == why) {
            Some((titles, _)) => {
                let mut letters = title.chars();
                titles.push_str(", ");
                titles.extend(letters.next().into_iter().flat_map(char::to_lowercase));
                titles.push_str(letters.as_str());
            }
            None => joined.push((title, why)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::by_reason;

    #[test]
    fn a_reason_is_said_once() {
        let one = |title: &str, why: &str| (title.to_owned(), why.to_owned());
        let joined = by_reason(vec![
            one("Score", "declare first."),
            one("Close", "not yet."),
            one("Award", "declare first."),
        ]);
        assert_eq!(
            joined,
            [
                one("Score, award", "declare first."),
                one("Close", "not yet.")
            ]
        );
    }
}
