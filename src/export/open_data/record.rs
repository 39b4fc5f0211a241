//! One grant in 360Giving's grant schema. Unknown values are left out; amounts are numbers of
//! pounds.

use jiff::civil::Date;
use serde::{Serialize, Serializer};

use super::org_id::{OrgIdentifiers, group_identifiers};
use super::places::Places;
use super::{Publisher, transaction_id};
use crate::domain::Money;
use crate::domain::outcome::Strength;
use crate::domain::text::Slug;
use crate::projections::{Movement, PublishedGrant, PublishedOffer};
use crate::views::{Published, PublishedGroup};

/// Names of the vocabularies that the signs of success and the themes belong to.
const SIGNS: &str = "Signs of success";
const THEMES: &str = "Themes";
/// ISO 3166 code of the country of all places.
const COUNTRY: &str = "GB";

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenDataGrant {
    pub id: String,
    pub title: String,
    pub description: String,
    pub currency: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount_applied_for: Option<Pounds>,
    pub amount_awarded: Pounds,
    pub amount_disbursed: Pounds,
    pub award_date: Date,
    pub planned_dates: [PlannedDates; 1],
    pub recipient_organization: [OpenDataOrganisation; 1],
    pub beneficiary_location: [Location; 1],
    pub funding_organization: [OpenDataOrganisation; 1],
    pub grant_programme: [GrantProgramme; 1],
    pub from_open_call: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location_scope: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classifications: Vec<Classification>,
    pub commitment_transaction: Vec<Transaction>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub disbursement_transaction: Vec<Transaction>,
    pub date_modified: String,
    pub data_source: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedDates {
    pub start_date: Date,
    pub end_date: Date,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenDataOrganisation {
    pub id: String,
    pub name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub charity_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub company_number: Option<String>,
    /// The area where a recipient works, never an address.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub location: Vec<Location>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Location {
    pub name: String,
    pub country_code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub geo_code_type: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct GrantProgramme {
    pub code: String,
    pub title: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Classification {
    pub vocabulary: &'static str,
    pub code: String,
    pub title: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Transaction {
    pub id: String,
    #[serde(rename = "transactionDate")]
    pub on: Date,
    pub currency: &'static str,
    pub value: Pounds,
}

/// An amount that is serialised as a number of pounds: an integer if it has no pence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pounds(pub Money);

impl Serialize for Pounds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let pence = self.0.pence();
        if pence % 100 == 0 {
            return serializer.serialize_i64(pence / 100);
        }
        let pounds: f64 = String::from(self.0)
            .parse()
            .map_err(serde::ser::Error::custom)?;
        serializer.serialize_f64(pounds)
    }
}

/// Makes the record of a grant; none if the grant is not accepted or its group is unknown.
pub(super) fn grant_record(
    all: &Published,
    grant: &PublishedGrant,
    publisher: &Publisher,
    places: &Places,
) -> Option<OpenDataGrant> {
    let (offer, accepted_on) = (grant.offer.as_ref()?, grant.accepted_on?);
    let group = all.groups.get(&offer.group.0)?;
    let place = places.get(&offer.area);
    let numbers = group_identifiers(offer.group.0, &group.identifiers, &publisher.prefix);
    let transactions = |kind: &str, movements: Vec<(String, Movement)>| -> Vec<Transaction> {
        let one = |(number, movement): (String, Movement)| Transaction {
            id: transaction_id(grant, kind, number),
            on: movement.on,
            currency: "GBP",
            value: Pounds(movement.amount),
        };
        movements
            .into_iter()
            .filter(|(_, movement)| !movement.amount.is_zero())
            .map(one)
            .collect()
    };
    let committed = grant
        .commitments
        .iter()
        .map(|(number, movement)| (number.to_string(), *movement));
    let paid = grant
        .disbursements
        .iter()
        .map(|(number, movement)| (number.to_string(), *movement));
    Some(OpenDataGrant {
        id: format!("{}-{}", publisher.prefix, grant.id),
        title: offer.title.clone(),
        description: description_with_note(grant, offer),
        currency: "GBP",
        amount_applied_for: grant.applied_for.map(Pounds),
        amount_awarded: Pounds(grant.awarded()),
        amount_disbursed: Pounds(grant.disbursed()),
        award_date: offer.awarded_on,
        planned_dates: [PlannedDates {
            start_date: accepted_on.min(offer.ends_on),
            end_date: offer.ends_on,
        }],
        recipient_organization: [recipient(numbers, group, places)],
        beneficiary_location: [location(&offer.area, places)],
        funding_organization: [OpenDataOrganisation {
            id: publisher.org_id(),
            name: all.organisation.clone(),
            charity_number: None,
            company_number: None,
            location: Vec::new(),
        }],
        grant_programme: [programme(all, offer)],
        from_open_call: "Yes",
        location_scope: place.map(super::Place::scope),
        classifications: theme_classification(all, offer)
            .into_iter()
            .chain(sign_classifications(all, grant))
            .collect(),
        commitment_transaction: transactions("commitment", committed.collect()),
        disbursement_transaction: transactions("payment", paid.collect()),
        date_modified: grant.modified.max(group.modified).to_string(),
        data_source: format!("{}/open-data/360giving.json", publisher.address),
    })
}

fn recipient(
    numbers: OrgIdentifiers,
    group: &PublishedGroup,
    places: &Places,
) -> OpenDataOrganisation {
    let area = group.area.iter();
    OpenDataOrganisation {
        id: numbers.id,
        name: group.name.clone(),
        charity_number: numbers.charity,
        company_number: numbers.company,
        location: area.map(|area| location(area, places)).collect(),
    }
}

fn location(area: &Slug, places: &Places) -> Location {
    let place = places.get(area);
    Location {
        name: place.map_or_else(|| area.to_string(), |place| place.name.clone()),
        country_code: COUNTRY,
        geo_code: place.map(|place| place.code.clone()),
        geo_code_type: place.map(|place| place.kind.clone()),
    }
}

/// The description that staff wrote, with a note if money was released or returned, since the
/// amounts are then smaller than the award.
fn description_with_note(grant: &PublishedGrant, offer: &PublishedOffer) -> String {
    if grant.came_back {
        format!(
            "{} (Some of the money was not needed or was returned. The amounts here are what is \
                left.)",
            offer.description
        )
    } else {
        offer.description.clone()
    }
}

fn programme(published: &Published, offer: &PublishedOffer) -> GrantProgramme {
    let fund = published.funds.get(&offer.fund.0);
    let name = fund.map(|fund| fund.name.clone()).unwrap_or_default();
    let round = fund
        .and_then(|fund| fund.rounds.get(&offer.round).cloned())
        .unwrap_or_else(|| offer.round.to_string());
    GrantProgramme {
        code: format!("{}-{}", offer.fund, offer.round),
        title: format!("{name}: {round}"),
    }
}

/// The theme of the grant, under the name that it has or had last. None if it has no theme, or one
/// that was never adopted.
fn theme_classification(published: &Published, offer: &PublishedOffer) -> Option<Classification> {
    let key = offer.theme.as_ref()?;
    let mut all = published.themes.iter();
    let theme = all.find(|theme| theme.theme == *key)?;
    Some(Classification {
        vocabulary: THEMES,
        code: key.to_string(),
        title: theme.name.to_string(),
    })
}

/// Signs of success with any strength, in the framework's order.
fn sign_classifications(published: &Published, grant: &PublishedGrant) -> Vec<Classification> {
    let seen = |sign: &&crate::domain::outcome::Sign| {
        grant
            .signs
            .get(&sign.sign)
            .is_some_and(|strength| *strength > Strength::None)
    };
    let coded = |sign: &crate::domain::outcome::Sign| Classification {
        vocabulary: SIGNS,
        code: sign.sign.to_string(),
        title: sign.title.to_string(),
    };
    published.signs.iter().filter(seen).map(coded).collect()
}
