//! Themes: answers name adopted ones, and an offer has the theme of its application.
//!
//! Earlier programs adopted none, took any key in answers, and wrote no theme in an offer.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::text::Slug;
use crate::domain::{ApplicationEvent, Event, GrantEvent, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Themes {
    /// By application: the theme that its answers named last.
    named: BTreeMap<Uuid, Slug>,
}

impl RuleRoom for Themes {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ThemeAdopted]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let adopted = before.organisation().themes();
        match &event.event {
            Event::Application(ApplicationEvent::AnswersSaved {
                activity: Some(theme),
                ..
            }) => {
                let mut keys = adopted.iter().map(|known| &known.theme);
                broken.unless(
                    adopted.is_empty() || keys.any(|known| known == theme),
                    Rule::ThemeAdopted,
                    format!("the answers name the theme {theme}, which was not adopted"),
                );
                self.named.insert(event.stream, theme.clone());
            }
            Event::Grant(GrantEvent::GrantOffered { theme, .. }) => {
                let is_of_before = theme.is_none() && adopted.is_empty();
                broken.unless(
                    is_of_before || theme.as_ref() == self.named.get(&event.stream),
                    Rule::ThemeAdopted,
                    "the offer has another theme than its application",
                );
            }
            _ => {}
        }
    }
}
