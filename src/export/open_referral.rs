//! The directory as open data in the profile Open Referral UK 3.0: what is offered is a service,
//! those who hold it its organisation, a place its location, and the themes are one taxonomy.
//!
//! It is made only from the public rows of the directory, so it names no person. Entries that ask
//! for something are not services and are left out.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::{Date, Time};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::open_data::Places;
use crate::domain::asset::AssetKind;
use crate::domain::language::Language;
use crate::domain::rhythm::Rhythm;
use crate::domain::text::{Slug, contains_url, place_name};
use crate::domain::theme::Theme;
use crate::projections::{DirectoryRow, OrganisationRow};
use crate::starter;
use crate::views::{ViewError, Views};

/// The version of the standard.
pub const VERSION: &str = "HSDS-UK-3.0";
/// The page that describes the profile.
pub const PROFILE: &str = "https://docs.openreferraluk.org/en/latest/";
/// The profile's own contract.
pub const CONTRACT: &str =
    "https://raw.githubusercontent.com/openreferraluk/uk-profile/main/schema/openapi.json";
/// Addresses of areas, by their codes of the Office for National Statistics.
const AREAS: &str = "http://statistics.data.gov.uk/id/statistical-geography/";
/// The fields of a service that lists leave out, because they have many values.
const OF_MANY: [&str; 5] = [
    "schedules",
    "service_areas",
    "service_at_locations",
    "languages",
    "attributes",
];

/// The published offers of the directory.
#[derive(Clone, Debug, PartialEq)]
pub struct OpenReferral {
    /// By name; those that are out of date last.
    pub services: Vec<OfferedService>,
    /// Each place with the service at it.
    pub service_at_locations: Vec<Value>,
    pub taxonomy: Value,
    pub terms: Vec<Value>,
}

/// An offer, as a service with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct OfferedService {
    pub id: Uuid,
    pub full: Value,
    /// The ids of its themes.
    pub terms: BTreeSet<Uuid>,
}

impl OfferedService {
    /// The service without the fields that have many values, as lists show it.
    #[must_use]
    pub fn short(&self) -> Value {
        let mut short = self.full.clone();
        if let Value::Object(fields) = &mut short {
            fields.retain(|name, _| !OF_MANY.contains(&name.as_str()));
        }
        short
    }

    /// Whether its name or its description has a text.
    #[must_use]
    pub fn says(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        ["name", "description"].iter().any(|field| {
            let words = self.full.get(field).and_then(Value::as_str);
            words.is_some_and(|words| words.to_lowercase().contains(&text))
        })
    }
}

/// What the feed is made of besides the directory's rows.
struct FeedContext<'a> {
    /// The id of the organisation that keeps the directory.
    office: Uuid,
    own: Option<&'a OrganisationRow>,
    places: &'a Places,
    /// The names of groups, by their ids.
    groups: BTreeMap<String, String>,
    /// What the directory says of what each group does.
    about_groups: BTreeMap<Uuid, String>,
    today: Date,
}

/// Reads the published offers. Places give areas their official codes.
pub async fn read(
    views: &Views,
    office: Uuid,
    places: &Places,
    today: Date,
) -> Result<OpenReferral, ViewError> {
    let mut rows = views.directory(today).await?;
    rows.retain(|row| !row.is_wish());
    let own = views.cached_organisation(office).await?;
    let groups: BTreeSet<String> = rows
        .iter()
        .filter_map(|row| row.group)
        .map(|group| group.to_string())
        .collect();
    let mut groups = views.names_of_groups(groups).await?;
    groups.retain(|_, name| !contains_url(name));
    let about_groups = rows
        .iter()
        .filter(|row| row.kind == AssetKind::Group)
        .filter_map(|row| Some((row.group?.0, row.description.clone())))
        .collect();
    let context = FeedContext {
        office,
        own: own.as_deref(),
        places,
        groups,
        about_groups,
        today,
    };
    Ok(context.feed(&rows))
}

impl FeedContext<'_> {
    fn feed(&self, rows: &[DirectoryRow]) -> OpenReferral {
        let services: Vec<OfferedService> = rows.iter().map(|row| self.service(row)).collect();
        let at_places = rows.iter().zip(&services).filter_map(|(row, service)| {
            let mut at = self.at_location(row)?;
            if let Value::Object(fields) = &mut at {
                fields.insert("service".to_owned(), service.short());
            }
            Some(at)
        });
        OpenReferral {
            service_at_locations: at_places.collect(),
            taxonomy: json!({
                "id": self.taxonomy_id(),
                "name": "Themes",
                "description": "What the entries of the directory are about.",
            }),
            terms: self.terms(rows),
            services,
        }
    }

    fn service(&self, row: &DirectoryRow) -> OfferedService {
        let organization = self.organization(row);
        let description = match &row.access {
            Some(access) => format!("{}\n\n{access}", row.description),
            None => row.description.clone(),
        };
        let status = if row.is_stale(self.today) {
            "inactive"
        } else {
            "active"
        };
        let changed = row.updated_at.timestamp();
        let attributes: Vec<Value> = row
            .themes
            .iter()
            .map(|theme| self.attribute(row.id, theme))
            .collect();
        let full = without_nulls(json!({
            "id": row.id,
            "organization_id": organization.get("id"),
            "name": row.name,
            "description": description,
            "url": row.website.as_ref().map(ToString::to_string),
            "status": status,
            "assured_date": row.confirmed_on.map(|day| day.to_string()),
            "assurer_email": self.office_email(),
            "last_modified": changed.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string(),
            "organization": organization,
            "schedules": schedule(row).into_iter().collect::<Vec<_>>(),
            "service_areas": self.area(row).into_iter().collect::<Vec<_>>(),
            "service_at_locations": self.at_location(row).into_iter().collect::<Vec<_>>(),
            "attributes": attributes,
        }));
        OfferedService {
            id: row.id,
            full,
            terms: row.themes.iter().map(|theme| self.term_id(theme)).collect(),
        }
    }

    fn office_email(&self) -> Option<String> {
        let settings = self.own?.settings.as_ref()?;
        settings.values.email.as_ref().map(ToString::to_string)
    }

    /// Those who hold an offer: its group, the organisation that the entry is about, or else the
    /// one that keeps the directory.
    fn organization(&self, row: &DirectoryRow) -> Value {
        if let Some(group) = row.group {
            let name = self.groups.get(&group.to_string());
            let about = self.about_groups.get(&group.0);
            return json!({
                "id": group.0,
                "name": name.map_or("A local group", String::as_str),
                "description": about.unwrap_or(&row.description),
            });
        }
        if row.kind == AssetKind::Organisation {
            return without_nulls(json!({
                "id": Uuid::new_v5(&row.id, b"organization"),
                "name": row.name,
                "description": row.description,
                "website": row.website.as_ref().map(ToString::to_string),
            }));
        }
        json!({
            "id": self.office,
            "name": self.own.map_or("", |own| own.name.as_str()),
            "description": "Keeps this directory.",
        })
    }

    /// The area of an offer, with its official code if the operator gave it.
    fn area(&self, row: &DirectoryRow) -> Option<Value> {
        let area = row.area.as_ref()?;
        let place = self.places.get(area);
        Some(without_nulls(json!({
            "id": Uuid::new_v5(&row.id, b"service_area"),
            "service_id": row.id,
            "name": place.map_or_else(|| place_name(area.as_str()), |place| place.name.clone()),
            "uri": place.map(|place| format!("{AREAS}{}", place.code)),
        })))
    }

    /// The location of an offer that is a place. Its address is not known.
    fn at_location(&self, row: &DirectoryRow) -> Option<Value> {
        if row.kind != AssetKind::Place {
            return None;
        }
        let location = Uuid::new_v5(&row.id, b"location");
        let access = row.access.as_ref().map(|access| {
            json!([{
                "id": Uuid::new_v5(&location, b"accessibility"),
                "location_id": location,
                "description": access,
            }])
        });
        let place = row.area.as_ref().and_then(|area| self.places.get(area));
        let location = without_nulls(json!({
            "id": location,
            "location_type": "physical",
            "name": row.name,
            "description": row.description,
            "external_identifier": place.map(|place| place.code.clone()),
            "external_identifier_type": place.map(|_| "ONS"),
            "accessibility": access,
        }));
        Some(json!({
            "id": Uuid::new_v5(&row.id, b"service_at_location"),
            "service_id": row.id,
            "location_id": location.get("id"),
            "location": location,
        }))
    }

    fn taxonomy_id(&self) -> Uuid {
        Uuid::new_v5(&self.office, b"taxonomy/themes")
    }

    fn term_id(&self, theme: &Slug) -> Uuid {
        Uuid::new_v5(&self.taxonomy_id(), theme.as_str().as_bytes())
    }

    /// All themes: those that are adopted, and those of offers.
    fn terms(&self, rows: &[DirectoryRow]) -> Vec<Value> {
        let adopted = self.own.into_iter().flat_map(|own| &own.themes);
        let mut keys: BTreeSet<Slug> = adopted.map(|theme| theme.theme.clone()).collect();
        keys.extend(rows.iter().flat_map(|row| row.themes.iter().cloned()));
        keys.iter().map(|theme| self.term(theme)).collect()
    }

    fn term(&self, theme: &Slug) -> Value {
        let name = self.theme_name(theme);
        json!({
            "id": self.term_id(theme),
            "name": name,
            "description": name,
            "taxonomy": "Themes",
            "taxonomy_id": self.taxonomy_id(),
        })
    }

    fn theme_name(&self, key: &Slug) -> String {
        let name = |theme: &Theme| theme.name_in(Language::En).to_owned();
        let mut own = self.own.into_iter().flat_map(OrganisationRow::all_themes);
        if let Some(theme) = own.find(|theme| theme.theme == *key) {
            return name(theme);
        }
        let usual = starter::themes();
        let theme = usual.iter().find(|theme| theme.theme == *key);
        theme.map_or_else(|| place_name(key.as_str()), name)
    }

    fn attribute(&self, service: Uuid, theme: &Slug) -> Value {
        let term = self.term_id(theme);
        json!({
            "id": Uuid::new_v5(&service, term.as_bytes()),
            "link_id": service,
            "link_type": "service",
            "taxonomy_term_id": term,
            "taxonomy_term": self.term(theme),
        })
    }
}

/// When an offer is on: by its days if the words are understood, else in words alone.
fn schedule(row: &DirectoryRow) -> Option<Value> {
    let when = row.when.as_ref()?;
    let rhythm = Rhythm::of(when);
    let freq = rhythm.as_ref().map(|rhythm| {
        if rhythm.is_monthly {
            "MONTHLY"
        } else {
            "WEEKLY"
        }
    });
    let hours = rhythm.as_ref().and_then(|rhythm| rhythm.hours);
    let time = |time: Time| time.strftime("%H:%M").to_string();
    Some(without_nulls(json!({
        "id": Uuid::new_v5(&row.id, b"schedule"),
        "service_id": row.id,
        "freq": freq,
        "interval": freq.map(|_| 1),
        "byday": rhythm.as_ref().map(|rhythm| rhythm.days.clone()),
        "opens_at": hours.map(|(from, _)| time(from)),
        "closes_at": hours.map(|(_, to)| time(to)),
        "description": when,
    })))
}

/// An object without its empty fields: the profile has no null.
fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(
            fields
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .collect::<Map<String, Value>>(),
        ),
        other => other,
    }
}

/// A page of a list with the profile's fields about pages. The first page has the number 1.
#[must_use]
pub fn page_of(items: &[Value], number: usize, size: usize) -> Value {
    let size = size.max(1);
    let pages = items.len().div_ceil(size).max(1);
    let first = number.saturating_sub(1).saturating_mul(size);
    let contents: Vec<&Value> = items.iter().skip(first).take(size).collect();
    json!({
        "total_items": items.len(),
        "total_pages": pages,
        "page_number": number,
        "size": contents.len(),
        "first_page": number <= 1,
        "last_page": number >= pages,
        "empty": contents.is_empty(),
        "contents": contents,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_says_where_it_is_in_the_list() {
        let items: Vec<Value> = (0..5).map(Value::from).collect();
        let middle = page_of(&items, 2, 2);
        assert_eq!(
            middle,
            json!({
                "total_items": 5,
                "total_pages": 3,
                "page_number": 2,
                "size": 2,
                "first_page": false,
                "last_page": false,
                "empty": false,
                "contents": [2, 3],
            })
        );
        let last = page_of(&items, 3, 2);
        assert_eq!(
            (&last["size"], &last["last_page"]),
            (&json!(1), &json!(true))
        );
        let beyond = page_of(&items, 9, 2);
        assert_eq!(beyond["empty"], json!(true));
        let none = page_of(&[], 1, 50);
        assert_eq!(
            (&none["total_pages"], &none["empty"], &none["last_page"]),
            (&json!(1), &json!(true), &json!(true))
        );
    }
}
