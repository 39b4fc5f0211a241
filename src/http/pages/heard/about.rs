//! The form fields of a barrier that someone reports, and the choices of its area and theme.

use std::collections::BTreeSet;

use crate::domain::application::Channel;
use crate::domain::barrier::{BarrierCommand, RaiseBarrier};
use crate::domain::language::Language;
use crate::domain::personal_data::PersonalInput;
use crate::domain::text::Slug;
use crate::domain::{BarrierId, Command, PersonId};
use crate::http::AppState;
use crate::http::pages::form_reader::{FieldErrors, FormReader};
use crate::http::pages::i18n::translate;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{FormData, PageError};

/// The areas and themes that a form offers, each after a choice of nothing.
pub(in crate::http::pages) struct AboutChoices {
    pub areas: Vec<(String, String)>,
    pub themes: Vec<(String, String)>,
}

impl AboutChoices {
    pub async fn load(app: &AppState, language: Language) -> Result<Self, PageError> {
        let funds = app.views.cached_funds().await?;
        let areas: BTreeSet<&Slug> = funds.iter().flat_map(|fund| &fund.areas).collect();
        let names = ThemeNames::load(app).await?;
        let pair = |key: &str, label: &str| (key.to_owned(), label.to_owned());
        let everywhere = pair("", translate("Everywhere", language));
        let anything = pair("", translate("None of these", language));
        let area = |key: &Slug| (key.to_string(), place_name(key.as_str()));
        let themes = names.current().iter();
        let themes = themes.map(|theme| pair(theme.theme.as_str(), theme.name_in(language)));
        Ok(Self {
            areas: std::iter::once(everywhere)
                .chain(areas.into_iter().map(area))
                .collect(),
            themes: std::iter::once(anything).chain(themes).collect(),
        })
    }
}

/// The key that was chosen, if it is among the choices.
fn key_among(choices: &[(String, String)], chosen: &str) -> Option<Slug> {
    let found = choices.iter().find(|(key, _)| key == chosen)?;
    found.0.parse().ok()
}

/// What somebody tells us.
pub(in crate::http::pages) struct EnteredBarrier {
    words: PersonalInput,
    area: Option<Slug>,
    theme: Option<Slug>,
}

impl EnteredBarrier {
    pub fn parse(
        posted: &FormData,
        choices: &AboutChoices,
        language: Language,
    ) -> Result<Self, FieldErrors> {
        let mut form = FormReader::new(posted, language);
        let words =
            form.required_text("words", translate("Tell us what gets in the way", language));
        let area = form.optional(
            "area",
            |chosen| key_among(&choices.areas, chosen),
            translate("Choose a place from the list", language),
        );
        let theme = form.optional(
            "theme",
            |chosen| key_among(&choices.themes, chosen),
            translate("Choose what it is about from the list", language),
        );
        form.finish(words.map(|words| Self { words, area, theme }))
    }

    /// The command that raises it for a person. `channel` says how it reached the office; `None` if
    /// the person raises it themselves.
    pub fn command(
        self,
        barrier: BarrierId,
        person: PersonId,
        channel: Option<Channel>,
    ) -> Command {
        let raise = RaiseBarrier {
            person,
            group: None,
            area: self.area,
            theme: self.theme,
            words: self.words,
            gathering: None,
            channel,
        };
        Command::Barrier(barrier, BarrierCommand::Raise(raise))
    }
}
