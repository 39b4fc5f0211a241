//! The page for a conversation with someone who wants to be introduced: the person, the entry,
//! their agreement, what matters to them and what they share, with suggestions from the directory.

use std::collections::BTreeSet;

use actix_web::HttpResponse;
use askama::Template;
use uuid::Uuid;

use super::notice_in_force;
use super::words::{channel_choices, shared_choices};
use crate::domain::PersonId;
use crate::domain::introduction::Shared;
use crate::domain::personal_data::parse_email;
use crate::domain::text::Slug;
use crate::http::pages::desk::DeskRequest;
use crate::http::pages::desk::action::Choices;
use crate::http::pages::desk::find_people::find_people;
use crate::http::pages::desk::list::ListFilter;
use crate::http::pages::form_reader::parse_phone;
use crate::http::pages::phone::phone_text;
use crate::http::pages::theme_names::ThemeNames;
use crate::http::pages::words::place_name;
use crate::http::pages::{Form, PageContext, PageError, ownership};
use crate::projections::{DirectoryRow, GroupRow, PersonRow};
use crate::views::PersonView;

/// The most people or groups that a search shows.
const FOUND_MAX: usize = 10;
/// The most entries that are suggested.
const ENTRIES_MAX: usize = 12;

#[derive(Template)]
#[template(path = "desk/introductions/talk.html")]
struct TalkPage {
    page: PageContext,
    wrong: Vec<(String, String)>,
    search: Form,
    areas: Choices,
    themes: Choices,
    /// Whether somebody was searched for.
    searched: bool,
    people: Vec<FoundParty>,
    groups: Vec<FoundParty>,
    /// Who was picked: the field, the id and the name.
    picked: Option<(&'static str, Uuid, String)>,
    /// The page without who was picked.
    without: String,
    form: Form,
    entries: Choices,
    /// How many more entries match.
    more: usize,
    /// The notice to be read aloud: its version and its words.
    notice: Option<(u32, String)>,
    agrees: Choices,
    channels: Choices,
    shares: Choices,
}

/// A person or a group that was found.
struct FoundParty {
    name: String,
    /// What tells them apart from others of the name.
    hint: String,
    /// The page with them picked.
    path: String,
}

pub(super) async fn show(request: &DeskRequest<'_>) -> Result<HttpResponse, PageError> {
    let picked = picked(request).await?;
    let text = if picked.is_some() {
        ""
    } else {
        request.text("q")
    };
    let (entries, more) = suggested(request).await?;
    let notice = notice_in_force(request.app).await?;
    let forms = request.forms();
    let form = with_searched(forms.form("talk"), text).prefill("to", request.text("to"));
    let form = match notice {
        Some(_) => form,
        None => form.prefill("agreed", "no"),
    };
    let funds = request.funds().await?;
    let themes = ThemeNames::load(request.app).await?;
    let is_group = picked.as_ref().is_some_and(|(field, ..)| *field == "group");
    let search = ["q", "entry", "area", "theme"]
        .iter()
        .fold(forms.form("search"), |form, name| {
            form.prefill(name, request.text(name))
        });
    let page = TalkPage {
        page: request.page_context("Note a conversation").await?,
        wrong: forms.error_summary(),
        search,
        areas: any_of(ListFilter::area(&funds)),
        themes: any_of(ListFilter::theme(&themes)),
        searched: !text.is_empty(),
        people: people(request, text).await?,
        groups: groups(request, text).await?,
        without: request.address_without(&["person", "group"]),
        picked,
        form,
        entries,
        more,
        agrees: agree_choices(notice.is_some()),
        notice,
        channels: channel_choices(),
        shares: shares(is_group),
    };
    request.render(&page)
}

/// The choices of a filter, with the one of no filter first.
fn any_of(filter: ListFilter) -> Choices {
    let any = (String::new(), filter.any.to_owned());
    std::iter::once(any).chain(filter.choices).collect()
}

fn agree_choices(has_notice: bool) -> Choices {
    let pair = |key: &str, label: &str| (key.to_owned(), label.to_owned());
    let mut choices = vec![pair("no", "Not yet: I’ll ask them later")];
    if has_notice {
        choices.insert(
            0,
            pair("yes", "Yes: I read them the notice, and they agree"),
        );
    }
    choices
}

/// What can be shared: a group has no contact details of its own here.
fn shares(is_group: bool) -> Choices {
    let mut choices = shared_choices();
    if is_group {
        let matters = <&str>::from(Shared::Matters);
        choices.retain(|(key, _)| key == matters);
    }
    choices
}

/// The form for someone new, filled in with what was searched for.
fn with_searched(form: Form, text: &str) -> Form {
    if parse_email(text).is_ok() {
        form.prefill("email", text)
    } else if parse_phone(text).is_some() {
        form.prefill("telephone", text)
    } else {
        form.prefill("name", text)
    }
}

/// The person or the group that the address names.
async fn picked(
    request: &DeskRequest<'_>,
) -> Result<Option<(&'static str, Uuid, String)>, PageError> {
    let (person, group) = (request.text("person"), request.text("group"));
    if !person.is_empty() {
        let row: PersonRow = request.row(ownership::parse_uuid(person)?).await?;
        let names = request.names_of_colleagues([PersonId(row.id)]).await?;
        return Ok(Some(("person", row.id, names.of(&row.id))));
    }
    if !group.is_empty() {
        let row: GroupRow = request.row(ownership::parse_uuid(group)?).await?;
        return Ok(Some(("group", row.id, row.name)));
    }
    Ok(None)
}

/// The page with a person or a group picked.
fn path_with(request: &DeskRequest<'_>, field: &str, id: Uuid) -> String {
    let page = request.address_without(&["person", "group", "q"]);
    let join = if page.contains('?') { '&' } else { '?' };
    format!("{page}{join}{field}={id}")
}

async fn people(request: &DeskRequest<'_>, text: &str) -> Result<Vec<FoundParty>, PageError> {
    let party = |person: PersonView| FoundParty {
        path: path_with(request, "person", person.id),
        hint: contact_text(&person),
        name: person.name.unwrap_or_else(|| "Someone".to_owned()),
    };
    let found = find_people(request, text, FOUND_MAX).await?;
    Ok(found.into_iter().map(party).collect())
}

/// How a person is reached, as far as the reader sees it.
fn contact_text(person: &PersonView) -> String {
    let telephone = person.telephone.as_deref().map(phone_text);
    let parts: Vec<String> = telephone.into_iter().chain(person.email.clone()).collect();
    parts.join(" · ")
}

async fn groups(request: &DeskRequest<'_>, text: &str) -> Result<Vec<FoundParty>, PageError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let most = i64::try_from(FOUND_MAX).unwrap_or(i64::MAX);
    let views = &request.app.views;
    let mut found = views.find_groups_by_name(text, most).await?;
    found.retain(|group| group.merged_into.is_none());
    let party = |group: GroupRow| FoundParty {
        path: path_with(request, "group", group.id),
        hint: place_name(&group.area),
        name: group.name,
    };
    Ok(found.into_iter().map(party).collect())
}

/// The entries that welcome people and match what they are looking for, and how many more there
/// are. An entry that the address names comes first.
async fn suggested(request: &DeskRequest<'_>) -> Result<(Choices, usize), PageError> {
    let views = &request.app.views;
    let rows = views.directory(request.today()).await?.into_iter();
    let (area, theme) = (request.text("area"), request.text("theme"));
    let name = request.text("entry").to_lowercase();
    let named = request.text("to").parse::<Uuid>().ok();
    let matches = |row: &DirectoryRow| {
        let in_area = area.is_empty() || row.area.as_ref().is_none_or(|own| own.as_str() == area);
        let has_theme = theme.is_empty() || has_theme(&row.themes, theme);
        let has_name = row.name.to_lowercase().contains(&name);
        (in_area && has_theme && has_name) || named == Some(row.id)
    };
    let mut found: Vec<DirectoryRow> = rows.filter(|row| row.welcomes && matches(row)).collect();
    // What is near is better than what is everywhere.
    found.sort_by_key(|row| {
        let is_near = row.area.as_ref().is_some_and(|own| own.as_str() == area);
        (named != Some(row.id), !is_near)
    });
    let more = found.len().saturating_sub(ENTRIES_MAX);
    found.truncate(ENTRIES_MAX);
    let choice = |row: DirectoryRow| (row.id.to_string(), entry_text(row));
    Ok((found.into_iter().map(choice).collect(), more))
}

fn has_theme(themes: &BTreeSet<Slug>, theme: &str) -> bool {
    themes.iter().any(|own| own.as_str() == theme)
}

/// The name of an entry with its area and its times.
fn entry_text(row: DirectoryRow) -> String {
    let area = row.area.as_ref().map(|area| place_name(area.as_str()));
    let parts = [Some(row.name), area, row.when];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_shares_no_contact_details() {
        let keys = |is_group| -> Vec<String> {
            let choices = shares(is_group);
            choices.into_iter().map(|(key, _)| key).collect()
        };
        assert_eq!(keys(true), ["matters"]);
        assert_eq!(keys(false), ["name", "telephone", "email", "matters"]);
    }
}
