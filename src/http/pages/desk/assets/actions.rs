//! The actions on an entry of the directory.

use std::collections::BTreeSet;

use super::{PartyNames, path_of};
use crate::domain::asset::{
    AssetListing, AssetState, CorrectExchange, Party, ProposeWords, TieKind, TieRef, TieTo,
};
use crate::domain::command::NoBody;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::{Line, Prose, Slug};
use crate::domain::{AssetCommand as C, AssetId, Command};
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::{Action, ActionSpec, sample};
use crate::http::pages::desk::gatherings::{or_none, theme_choices};
use crate::http::pages::desk::list::ListFilter;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{PageError, PageForms};
use crate::projections::{AssetRow, ExchangeRow, FundRow};

/// The values from which all actions on an entry are made.
pub(super) struct AssetActions<'a> {
    pub request: &'a DeskRequest<'a>,
    pub forms: &'a PageForms,
    pub row: &'a AssetRow,
    pub themes: &'a ThemeNames,
    pub funds: &'a [FundRow],
    /// What those who hold it proposed, if the reader may see it.
    pub proposed: Option<&'a str>,
    /// The entries to which this one is tied in its own record, by name.
    pub ties: &'a [(AssetId, String)],
    /// The exchange that the address names, and the names of its parties.
    pub exchange: Option<&'a ExchangeRow>,
    pub names: &'a PartyNames,
}

impl AssetActions<'_> {
    fn spec(&self, title: impl Into<String>, command: C) -> ActionSpec {
        ActionSpec::new(title, Command::Asset(AssetId(self.row.id), command))
    }

    /// All actions, in the order of the page.
    pub async fn all(&self) -> Result<Vec<Action>, PageError> {
        let mut table = vec![
            self.spec("Confirm that it is right", C::Confirm(NoBody {})),
            self.spec("Look after it", C::TakeOver(NoBody {})),
        ];
        let is_of_person = self.row.person.is_some();
        if !is_of_person {
            table.push(self.publish());
        }
        if self.row.holder().is_some() {
            table.push(self.propose());
        }
        table.extend(self.exchange.map(|exchange| self.correct(exchange)));
        if !is_of_person {
            table.push(self.tie());
        }
        table.extend(self.untie());
        table.push(
            self.spec("Hide it for now", C::Pause(NoBody {}))
                .about("It leaves the directory for now. You can put it back at any time."),
        );
        table.push(self.spec("Put it back", C::Resume(NoBody {})));
        table.push(
            self.spec("Withdraw it", C::Withdraw(NoBody {}))
                .must_tick(
                    "Are you sure?",
                    "It leaves the directory for good. This cannot be undone.",
                )
                .destructive(),
        );
        self.request.actions(self.forms, table).await
    }

    /// Publishes the entry, or replaces its words. The form is filled in with the published words,
    /// or else with the proposed ones.
    fn publish(&self) -> ActionSpec {
        let row = self.row;
        let listing = row.listing.as_ref();
        let title = if row.state == AssetState::Recorded {
            "Publish it"
        } else {
            "Change what the directory says"
        };
        let description = listing.map(|listing| listing.description.to_string());
        let description = description.or_else(|| self.proposed.map(str::to_owned));
        let line =
            |of: fn(&AssetListing) -> Option<String>| listing.and_then(of).unwrap_or_default();
        let areas = or_none("Everywhere", ListFilter::area(self.funds).choices);
        let spec = self
            .spec(title, C::Publish(sample_listing()))
            .about("Everyone can read this. Leave out names of people, and how to reach them.")
            .button("Publish")
            .text("name", "Name")
            .prefill(row.name.clone().unwrap_or_default())
            .text_area("description", "What it is, and for whom")
            .prefill(description.unwrap_or_default())
            .select("area", "Area", areas)
            .prefill(row.area.as_ref().map(Slug::to_string).unwrap_or_default())
            .text("when", "When it is on")
            .hint("Such as: Every Tuesday, 2pm to 4pm.")
            .prefill(line(|it| it.when.as_ref().map(Line::to_string)))
            .text_area("access", "Getting in and taking part")
            .hint("Such as a step at the door, or how to get there. Leave it empty if unknown.")
            .prefill(line(|it| it.access.as_ref().map(Prose::to_string)))
            .text("website", "Website")
            .hint("Such as https://bowls.example.org")
            .prefill(line(|it| it.website.as_ref().map(ToString::to_string)))
            .tick("welcomes", "New people", "They welcome people we introduce");
        let spec = if listing.is_some_and(|listing| listing.welcomes) {
            spec.prefill("yes")
        } else {
            spec
        };
        let choices = theme_choices(self.themes, &row.themes);
        if choices.is_empty() {
            return spec;
        }
        let spec = spec.checkboxes("themes", "Themes", choices);
        row.themes.iter().fold(spec, ActionSpec::prefill)
    }

    fn propose(&self) -> ActionSpec {
        let words = PersonalInput::Open("words".to_owned());
        self.spec("Write down their words", C::Propose(ProposeWords { words }))
            .about("For those who phoned or wrote. Only staff and they themselves read it.")
            .button("Save")
            .text_area("words", "What they want the entry to say")
    }

    fn tie(&self) -> ActionSpec {
        let nobody = TieTo {
            to: AssetId(uuid::Uuid::nil()),
            how: TieKind::Partner,
        };
        self.spec("Say who they know", C::Tie(nobody))
            .button("Find")
            .picks(
                "entry",
                format!("{}/tie", path_of(self.row.id)),
                "Part of the name of the other entry",
                "Two entries that work together, or that you introduced to each other.",
            )
    }

    /// One form for each tie, as there is nothing to choose in it.
    fn untie(&self) -> impl Iterator<Item = ActionSpec> {
        self.ties.iter().map(|(to, name)| {
            self.spec(
                format!("No longer connected to {name}"),
                C::Untie(TieRef { to: *to }),
            )
            .form(format!("untie-{to}"))
            .hidden("to", to)
            .destructive()
        })
    }

    fn correct(&self, exchange: &ExchangeRow) -> ActionSpec {
        let other = u32::from(exchange.minutes == 0);
        let command = C::CorrectExchange(CorrectExchange {
            exchange: exchange.exchange,
            minutes: other,
            reason: sample("why"),
        });
        let name = |party: Party| self.names.of(party);
        let about = format!(
            "{} gave {} minutes to {}.",
            name(exchange.giver),
            exchange.minutes,
            name(exchange.receiver)
        );
        self.spec("Correct the minutes", command)
            .about(about)
            .button("Save")
            .hidden_number("exchange", exchange.exchange)
            .number("minutes", "Minutes")
            .hint("Enter 0 if it did not happen.")
            .prefill(exchange.minutes)
            .text_area("reason", "What was wrong?")
            .hint("Leave out names of people.")
    }
}

/// Words for a dry run.
fn sample_listing() -> AssetListing {
    AssetListing {
        name: sample("name"),
        description: sample("words"),
        area: None,
        themes: BTreeSet::new(),
        when: None,
        access: None,
        website: None,
        welcomes: false,
    }
}
