//! The page of the themes: adding, renaming and removing them. Publishing adopts them as the next
//! version. Records that name a theme that is left out keep it.

use std::collections::BTreeMap;

use actix_web::{HttpResponse, web};
use askama::Template;

use super::DeskRequest;
use super::form_draft::{language_field, other_languages};
use super::text_list::{self, TextListPage, field_name, key_of};
use crate::domain::OrganisationCommand;
use crate::domain::organisation::AdoptThemes;
use crate::domain::text::{Line, Slug};
use crate::domain::theme::{THEMES_MAX, Theme};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::{Form, FormData, PageContext, PageError, PostedForm};
use crate::starter;

const PAGE: TextListPage = TextListPage {
    path: "/desk/texts/themes",
    form: "themes",
    command: "adopt-themes",
};
/// The number of empty themes at the end of the form.
const NEW_THEMES: usize = 3;
const NAME_TOO_LONG: &str = "Enter a name in at most 140 letters";

#[derive(Template)]
#[template(path = "desk/themes.html")]
struct ThemesPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    themes: Vec<ThemeFieldNames>,
    /// Themes that were left out, and that records may still name.
    former: Vec<String>,
}

/// The names of the fields of one theme.
struct ThemeFieldNames {
    key: String,
    name: String,
    /// Its name in each other language: the field and its label.
    translated: Vec<(String, String)>,
}

impl ThemeFieldNames {
    fn at(at: usize) -> Self {
        let translated = other_languages().map(|language| {
            let label = format!("Name in {}", language.english_name());
            (language_field(&field_name("name", at), language), label)
        });
        Self {
            key: field_name("key", at),
            name: field_name("name", at),
            translated: translated.collect(),
        }
    }
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let own = text_list::known_texts(request).await?;
    let known = if own.themes.is_empty() {
        starter::themes()
    } else {
        own.themes
    };
    let forms = request.forms();
    let mut form = forms.form("themes");
    for (at, theme) in known.iter().enumerate() {
        form = form
            .prefill(&field_name("key", at), theme.theme.as_str())
            .prefill(&field_name("name", at), theme.name.as_str());
        for (language, name) in &theme.other_languages {
            let field = language_field(&field_name("name", at), *language);
            form = form.prefill(&field, name.as_str());
        }
    }
    let count = (known.len() + NEW_THEMES).min(THEMES_MAX);
    let page = ThemesPage {
        page: request.page_context("Themes").await?,
        wrong: forms.error_summary(),
        form,
        version: own.themes_version,
        themes: (0..count).map(ThemeFieldNames::at).collect(),
        former: own
            .former_themes
            .iter()
            .map(|theme| theme.name.to_string())
            .collect(),
    };
    request.render(&page)
}

pub(super) async fn adopt(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    sent.visitor.require_staff()?;
    let names = ThemeNames::load(&app).await?;
    let themes = parse_themes(&sent.posted, names.former());
    let adopt = themes.map(|themes| OrganisationCommand::AdoptThemes(AdoptThemes { themes }));
    PAGE.publish(&app, sent, adopt).await
}

/// The themes in their order, or the errors of all of them. A theme without a name is left out. One
/// with the name of a former theme has its key again.
fn parse_themes(posted: &FormData, former: &[Theme]) -> Result<Vec<Theme>, FieldErrors> {
    let (mut themes, mut wrong): (Vec<Theme>, _) = (Vec::new(), FieldErrors::new());
    for at in 0..THEMES_MAX {
        let parsed = parse_theme((posted, at), &themes, former, &mut wrong);
        themes.extend(parsed);
    }
    if themes.is_empty() && wrong.is_empty() {
        wrong.push((field_name("name", 0), "Enter at least one theme".to_owned()));
    }
    if wrong.is_empty() {
        Ok(themes)
    } else {
        Err(wrong)
    }
}

/// The theme at an index, after those before it. `None` if it is left out or has an error. A theme
/// that there was is left out once its English name is empty.
fn parse_theme(
    (posted, at): (&FormData, usize),
    before: &[Theme],
    former: &[Theme],
    wrong: &mut FieldErrors,
) -> Option<Theme> {
    let field = field_name("name", at);
    let (typed, key) = (posted.text(&field), posted.text(&field_name("key", at)));
    let mut theme = None;
    let mut miss = |field: &str, says: &str| wrong.push((field.to_owned(), says.to_owned()));
    if !typed.is_empty() {
        let name: Option<Line> = typed.parse().ok();
        if name.is_none() {
            miss(&field, NAME_TOO_LONG);
        }
        let key = match key {
            "" => former
                .iter()
                .find(|known| known.name.as_str() == typed)
                .map_or_else(|| key_of(typed), |known| known.theme.to_string()),
            key => slug_of(key),
        };
        if before.iter().any(|known| known.theme.as_str() == key) {
            miss(&field, &format!("“{typed}” is in the list already"));
        }
        let key: Option<Slug> = key.parse().ok();
        if key.is_none() {
            miss(&field, "Begin the name with a letter from A to Z");
        }
        theme = key.zip(name);
    }
    let mut translations = BTreeMap::new();
    for language in other_languages() {
        let translated = language_field(&field, language);
        match (posted.text(&translated), typed) {
            ("", _) => {}
            (_, "") if key.is_empty() => miss(&field, "Enter the name in English as well"),
            (_, "") => {}
            (name, _) => match name.parse::<Line>() {
                Ok(name) => drop(translations.insert(language, name)),
                Err(_) => miss(&translated, NAME_TOO_LONG),
            },
        }
    }
    let (theme, name) = theme?;
    Some(Theme {
        theme,
        name,
        other_languages: translations,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(fields.iter().map(pair).collect())
    }

    #[test]
    fn keys_are_made_from_names_and_kept_when_a_theme_is_renamed() {
        let posted = posted(&[
            ("key-0", "food"),
            ("name-0", "Food and drink"),
            ("name-4", "Growing together"),
            ("name-5", "Meeting neighbours"),
        ]);
        let themes = parse_themes(&posted, &starter::themes()).unwrap();
        let keys: Vec<_> = themes.iter().map(|theme| theme.theme.as_str()).collect();
        assert_eq!(keys, ["food", "growing-together", "neighbours"]);
    }

    #[test]
    fn each_wrong_theme_is_named_at_its_field() {
        let typed = posted(&[
            ("name-0", "Food"),
            ("name-1", "Food"),
            ("name-2", "2026"),
            ("name-3-pl", "Taniec"),
            ("key-4", "arts"),
            ("name-4-pl", "Sztuka"),
        ]);
        let wrong = parse_themes(&typed, &[]).unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["name-1", "name-2", "name-3"]);
        assert_eq!(parse_themes(&posted(&[]), &[]).unwrap_err().len(), 1);
    }
}
