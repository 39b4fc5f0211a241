//! The page of the signs of success: adding, rewording and removing them. Publishing adopts them as
//! the next version.

use actix_web::{HttpResponse, web};
use askama::Template;

use super::DeskRequest;
use super::text_list::{self, TextListPage, field_name, key_of};
use crate::domain::OrganisationCommand;
use crate::domain::organisation::AdoptSigns;
use crate::domain::outcome::Sign;
use crate::domain::text::{Line, Prose};
use crate::http::AppState;
use crate::http::pages::form::slug_of;
use crate::http::pages::form_reader::FieldErrors;
use crate::http::pages::{Form, FormData, PageContext, PageError, PostedForm};
use crate::starter;

const PAGE: TextListPage = TextListPage {
    path: "/desk/texts/signs",
    form: "signs",
    command: "adopt-signs",
};
/// The number of signs that can be adopted.
const SIGNS_MAX: usize = 20;
/// The number of empty signs at the end of the form.
const NEW_SIGNS: usize = 2;

#[derive(Template)]
#[template(path = "desk/signs.html")]
struct SignsPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    form: Form,
    version: u32,
    signs: Vec<SignFieldNames>,
}

/// The names of the fields of one sign.
struct SignFieldNames {
    key: String,
    title: String,
    meaning: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let own = text_list::known_texts(request).await?;
    let known = if own.signs.is_empty() {
        starter::signs()
    } else {
        own.signs
    };
    let forms = request.forms();
    let mut form = forms.form("signs");
    for (at, sign) in known.iter().enumerate() {
        form = form
            .prefill(&field_name("key", at), sign.sign.as_str())
            .prefill(&field_name("title", at), sign.title.as_str())
            .prefill(&field_name("meaning", at), sign.meaning.as_str());
    }
    let count = (known.len() + NEW_SIGNS).min(SIGNS_MAX);
    let names = |at| SignFieldNames {
        key: field_name("key", at),
        title: field_name("title", at),
        meaning: field_name("meaning", at),
    };
    let page = SignsPage {
        page: request.page_context("Signs of success").await?,
        wrong: forms.error_summary(),
        form,
        version: own.signs_version,
        signs: (0..count).map(names).collect(),
    };
    request.render(&page)
}

pub(super) async fn adopt(
    sent: PostedForm,
    app: web::Data<AppState>,
) -> Result<HttpResponse, PageError> {
    sent.visitor.require_staff()?;
    let signs = parse_signs(&sent.posted);
    let adopt = signs.map(|signs| OrganisationCommand::AdoptSigns(AdoptSigns { signs }));
    PAGE.publish(&app, sent, adopt).await
}

/// The signs in their order, or the errors of all of them. A sign without name and meaning is left
/// out.
fn parse_signs(posted: &FormData) -> Result<Vec<Sign>, FieldErrors> {
    let (mut signs, mut wrong): (Vec<Sign>, _) = (Vec::new(), FieldErrors::new());
    for at in 0..SIGNS_MAX {
        let text = |name: &str| posted.text(&field_name(name, at));
        let (title, meaning) = (text("title"), text("meaning"));
        if title.is_empty() && meaning.is_empty() {
            continue;
        }
        let mut error = |name: &str, says: &str| {
            wrong.push((field_name(name, at), says.to_owned()));
        };
        let name: Option<Line> = title.parse().ok();
        if name.is_none() {
            error(
                "title",
                "Enter a name for this sign, in at most 140 letters",
            );
        }
        let meaning: Option<Prose> = meaning.parse().ok();
        if meaning.is_none() {
            error("meaning", &format!("Say what “{title}” means"));
        }
        let key = match text("key") {
            "" => key_of(title),
            key => slug_of(key),
        };
        let known = signs.iter().any(|sign| sign.sign.as_str() == key);
        if known && name.is_some() {
            error("title", &format!("“{title}” is in the list already"));
        }
        let key = key.parse().ok();
        if key.is_none() && name.is_some() {
            error("title", "Begin the name with a letter from A to Z");
        }
        if let (Some(sign), Some(title), Some(meaning)) = (key, name, meaning) {
            signs.push(Sign {
                sign,
                title,
                meaning,
            });
        }
    }
    if signs.is_empty() && wrong.is_empty() {
        wrong.push((field_name("title", 0), "Enter at least one sign".to_owned()));
    }
    if wrong.is_empty() {
        Ok(signs)
    } else {
        Err(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(fields: &[(&str, &str)]) -> FormData {
        let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        FormData::new(fields.iter().map(pair).collect())
    }

    #[test]
    fn keys_are_made_from_names_and_kept_when_a_sign_is_reworded() {
        let signs = parse_signs(&posted(&[
            ("key-0", "acting-early"),
            ("title-0", "Acting sooner"),
            ("meaning-0", "We look after health early."),
            ("title-4", "Growing together"),
            ("meaning-4", "We grow."),
        ]))
        .unwrap();
        let keys: Vec<_> = signs.iter().map(|sign| sign.sign.as_str()).collect();
        assert_eq!(keys, ["acting-early", "growing-together"]);
    }

    #[test]
    fn each_wrong_sign_is_named_at_its_field() {
        let wrong = parse_signs(&posted(&[
            ("title-0", "One"),
            ("meaning-1", "Without a name"),
        ]))
        .unwrap_err();
        let fields: Vec<_> = wrong.iter().map(|(field, _)| field.as_str()).collect();
        assert_eq!(fields, ["meaning-0", "title-1"]);
        assert_eq!(parse_signs(&posted(&[])).unwrap_err().len(), 1);
    }
}
