//! The names of themes: what a group can choose, and what a record is about.

use std::sync::{Arc, LazyLock};

use super::PageError;
use super::words::place_name;
use crate::domain::fund::{ActivityKind, FundTexts};
use crate::domain::language::Language;
use crate::domain::theme::Theme;
use crate::http::AppState;
use crate::projections::{FundRow, OrganisationRow};
use crate::starter;

/// The themes of an organisation that has adopted none.
static USUAL: LazyLock<Vec<Theme>> = LazyLock::new(starter::themes);

/// The themes of the organisation, with those that it had before, and the kinds of its funds.
pub struct ThemeNames {
    own: Option<Arc<OrganisationRow>>,
    funds: Arc<Vec<FundRow>>,
}

impl ThemeNames {
    pub async fn load(app: &AppState) -> Result<Self, PageError> {
        let id = app.commands.organisation();
        Ok(Self {
            own: app.views.cached_organisation(id).await?,
            funds: app.views.cached_funds().await?,
        })
    }

    /// The themes that are adopted now.
    pub fn adopted(&self) -> &[Theme] {
        self.own.as_ref().map_or(&[], |own| own.themes.as_slice())
    }

    /// The themes that were adopted before and are not any more.
    pub fn former(&self) -> &[Theme] {
        self.own
            .as_ref()
            .map_or(&[], |own| own.former_themes.as_slice())
    }

    /// The themes of the organisation, or the usual ones if it has adopted none.
    pub fn current(&self) -> &[Theme] {
        match self.adopted() {
            [] => &USUAL,
            adopted => adopted,
        }
    }

    /// What a group can choose in a fund, by key and label: the fund's own kinds, or else all
    /// themes.
    pub fn choices(&self, texts: &FundTexts, language: Language) -> Vec<(String, String)> {
        let own = texts.kinds_among(self.adopted());
        if own.is_empty() {
            let choice =
                |theme: &Theme| (theme.theme.to_string(), theme.name_in(language).to_owned());
            return self.current().iter().map(choice).collect();
        }
        own.into_iter()
            .map(|kind| (kind.activity.to_string(), label_of(kind, language)))
            .collect()
    }

    /// The name of a theme, also of one that is not adopted any more. A key that was never a theme
    /// has the label of a fund that asked for it, or is shown in words. Empty for no theme.
    pub fn name(&self, key: &str, language: Language) -> String {
        let is_named = |theme: &&Theme| theme.theme.as_str() == key;
        let mut own = self.own.iter().flat_map(|own| own.all_themes());
        if let Some(theme) = own.find(is_named) {
            return theme.name_in(language).to_owned();
        }
        let mut kinds = self
            .funds
            .iter()
            .flat_map(|fund| &fund.rules.texts.activities);
        if let Some(kind) = kinds.find(|kind| kind.activity.as_str() == key) {
            return label_of(kind, language);
        }
        let usual = USUAL.iter().find(is_named);
        usual.map_or_else(
            || place_name(key),
            |theme| theme.name_in(language).to_owned(),
        )
    }

    /// The label of a theme in a fund: its own, or else the theme's name.
    pub fn label(&self, texts: &FundTexts, key: &str, language: Language) -> String {
        let own = texts
            .activities
            .iter()
            .find(|kind| kind.activity.as_str() == key);
        own.map_or_else(|| self.name(key, language), |kind| label_of(kind, language))
    }

    /// The choices of a filter: the themes, those of before, and other kinds of the funds.
    pub fn for_filters(&self) -> Vec<(String, String)> {
        let choice = |theme: &Theme| (theme.theme.to_string(), theme.name.to_string());
        let former = self.own.iter().flat_map(|own| &own.former_themes);
        let mut choices: Vec<_> = self.current().iter().chain(former).map(choice).collect();
        for fund in self.funds.iter() {
            for kind in &fund.rules.texts.activities {
                let key = kind.activity.as_str();
                if choices.iter().all(|(known, _)| known != key) {
                    choices.push((key.to_owned(), kind.label.to_string()));
                }
            }
        }
        choices
    }
}

fn label_of(kind: &ActivityKind, language: Language) -> String {
    let label = kind.other_languages.get(&language).unwrap_or(&kind.label);
    label.to_string()
}
