//! Themes: answers, gatherings, entries of the directory, barriers and lessons name adopted ones,
//! and an offer has the theme of its application.
//!
//! Earlier programs adopted none, took any key in answers, and wrote no theme in an offer.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::text::Slug;
use crate::domain::{
    ApplicationEvent, AssetEvent, BarrierEvent, Event, GatheringEvent, GrantEvent,
    OrganisationEvent, Rule,
};
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
        let is_known =
            |theme: &Slug| adopted.is_empty() || adopted.iter().any(|known| known.theme == *theme);
        match &event.event {
            Event::Application(ApplicationEvent::AnswersSaved {
                activity: Some(theme),
                ..
            }) => {
                broken.unless(
                    is_known(theme),
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
            Event::Gathering(
                GatheringEvent::GatheringPlanned { about, .. }
                | GatheringEvent::GatheringDescribed { about },
            ) => {
                for theme in about.themes.iter().filter(|theme| !is_known(theme)) {
                    let says =
                        format!("the gathering has the theme {theme}, which was not adopted");
                    broken.report(Rule::ThemeAdopted, says);
                }
            }
            Event::Asset(happened) => {
                let themes = match happened {
                    AssetEvent::AssetRecorded { themes, .. } => Some(themes),
                    AssetEvent::AssetPublished { listing, .. } => Some(&listing.themes),
                    _ => None,
                };
                let mut themes = themes.into_iter().flatten();
                if let Some(theme) = themes.find(|theme| !is_known(theme)) {
                    let says = format!("the entry has the theme {theme}, which was not adopted");
                    broken.report(Rule::ThemeAdopted, says);
                }
            }
            Event::Barrier(BarrierEvent::BarrierRaised {
                theme: Some(theme), ..
            }) => broken.unless(
                is_known(theme),
                Rule::ThemeAdopted,
                format!("the barrier has the theme {theme}, which was not adopted"),
            ),
            Event::Organisation(OrganisationEvent::LessonPublished { themes, .. }) => {
                for theme in themes.iter().filter(|theme| !is_known(theme)) {
                    let says = format!("the lesson has the theme {theme}, which was not adopted");
                    broken.report(Rule::ThemeAdopted, says);
                }
            }
            _ => {}
        }
    }
}
