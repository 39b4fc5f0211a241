//! One search over groups, people, applications, grants, payments, gatherings and entries
//! of the directory.

use std::collections::BTreeMap;

use super::{Filter, PageRequest, PersonView, Reader, TableRow, ViewError, Views};
use crate::domain::application::ApplicationState;
use crate::domain::asset::AssetState;
use crate::domain::gathering::GatheringState;
use crate::domain::grant::{GrantState, PaymentState};
use crate::domain::money::Money;
use crate::domain::reference::Reference;
use crate::projections::{ApplicationRow, AssetRow, GatheringRow, GrantRow, GroupRow, PaymentRow};

/// The longest text that is searched for, in characters.
const TEXT_MAX: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HitKind {
    Group,
    Person,
    Application,
    Grant,
    Payment,
    Gathering,
    Asset,
}

/// The state of the record that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HitState {
    Application(ApplicationState),
    Grant(GrantState),
    Payment(PaymentState),
    Gathering(GatheringState),
    Asset(AssetState),
}

/// A record that was found, with the details that a list shows. Fields that do not fit the kind are
/// empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchHit {
    pub kind: HitKind,
    /// The id of the record; of a payment, that of its grant.
    pub id: String,
    /// The name of the group or person, the title of the grant, or the reference.
    pub title: String,
    /// The reference of an application or payment.
    pub reference: Option<String>,
    /// The names of the record's group, or of the groups of a person.
    pub groups: Vec<String>,
    pub area: Option<String>,
    pub telephone: Option<String>,
    pub email: Option<String>,
    /// The amount applied for, awarded or paid.
    pub amount: Option<Money>,
    pub state: Option<HitState>,
}

/// What was found, in the order of kinds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub hits: Vec<SearchHit>,
    /// Whether some kind has more than the limit.
    pub more: bool,
}

impl SearchHit {
    fn new(kind: HitKind, id: &impl ToString, title: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.to_string(),
            title: title.into(),
            reference: None,
            groups: Vec::new(),
            area: None,
            telephone: None,
            email: None,
            amount: None,
            state: None,
        }
    }

    /// The pieces of the address of the record's page.
    #[must_use]
    pub fn address(&self) -> [&str; 2] {
        let list = match self.kind {
            HitKind::Group => "groups",
            HitKind::Person => "people",
            HitKind::Application => "applications",
            HitKind::Grant | HitKind::Payment => "grants",
            HitKind::Gathering => "gatherings",
            HitKind::Asset => "assets",
        };
        [list, &self.id]
    }
}

impl Views {
    /// Groups by name, with their applications and grants; applications and grants by number;
    /// payments by their reference at the bank; applications, grants and payments by their amount;
    /// and people, for those who may see them. At most `limit` of each kind. Empty for a reader who
    /// does not see all records.
    pub async fn search(
        &self,
        reader: &Reader,
        text: &str,
        limit: usize,
    ) -> Result<SearchResult, ViewError> {
        let text: String = text.trim().chars().take(TEXT_MAX).collect();
        if !reader.sees_all() || text.is_empty() {
            return Ok(SearchResult::default());
        }
        let mut hits = Vec::new();
        let groups = self.find_groups(&text, limit + 1).await?;
        let people = self.find_people(reader, &text, limit + 1).await?;
        let ids: Vec<String> = groups.iter().map(|row| row.id.to_string()).collect();
        let (mut applications, mut grants) = if let Some(reference) = Reference::parse(&text) {
            self.by_reference(reference).await?
        } else {
            (
                self.of_groups(&ids, limit).await?,
                self.of_groups(&ids, limit).await?,
            )
        };
        let amount = amount_in(&text);
        if let Some(amount) = &amount {
            let more: Vec<ApplicationRow> = self.of_amount("requested", amount, limit).await?;
            let known: Vec<_> = applications.iter().map(|row| row.id).collect();
            applications.extend(more.into_iter().filter(|row| !known.contains(&row.id)));
            let more: Vec<GrantRow> = self.of_amount("awarded", amount, limit).await?;
            let known: Vec<_> = grants.iter().map(|row| row.id).collect();
            grants.extend(more.into_iter().filter(|row| !known.contains(&row.id)));
        }
        let names = self.names_of_hits(&people, &applications, &grants).await?;
        let name = |group: &dyn std::fmt::Display| {
            names.get(&group.to_string()).cloned().unwrap_or_default()
        };
        hits.extend(groups.into_iter().map(group_hit));
        hits.extend(people.into_iter().map(|person| {
            let groups = person.groups.iter().map(|group| name(group)).collect();
            person_hit(person, groups)
        }));
        hits.extend(
            applications
                .iter()
                .map(|row: &ApplicationRow| application_hit(row, name(&row.group))),
        );
        hits.extend(grants.into_iter().map(|row: GrantRow| {
            let group = name(&row.group);
            grant_hit(row, group)
        }));
        hits.extend(self.payment_by_reference(&text).await?);
        if let Some(amount) = &amount {
            hits.extend(self.payments_of_amount(amount, limit).await?);
        }
        hits.extend(self.gatherings_titled(&text, limit).await?);
        hits.extend(self.assets_named(&text, limit).await?);
        Ok(SearchResult::limited(hits, limit))
    }

    /// The rows with this amount in a column, one more than the limit at most.
    async fn of_amount<T: TableRow>(
        &self,
        column: &'static str,
        amount: &str,
        limit: usize,
    ) -> Result<Vec<T>, ViewError> {
        let page = PageRequest {
            after: None,
            limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
        };
        let filter = Filter::equals(column, amount);
        Ok(self.list::<T>(None, vec![filter], &page).await?.items)
    }

    async fn payments_of_amount(
        &self,
        amount: &str,
        limit: usize,
    ) -> Result<Vec<SearchHit>, ViewError> {
        let payments: Vec<PaymentRow> = self.of_amount("amount", amount, limit).await?;
        let mut hits = Vec::new();
        for row in payments {
            let application = self.find::<ApplicationRow>(row.grant, None).await?;
            let grant = self.find::<GrantRow>(row.grant, None).await?;
            let (Some(application), Some(grant)) = (application, grant) else {
                continue;
            };
            let group = self.groups(vec![grant.group.to_string()]).await?;
            let reference = Reference::parse(&application.reference);
            let reference = reference.map(|reference| reference.of_payment(row.payment));
            hits.push(payment_hit(&row, reference, grant.title, group));
        }
        Ok(hits)
    }

    async fn by_reference(
        &self,
        reference: Reference,
    ) -> Result<(Vec<ApplicationRow>, Vec<GrantRow>), ViewError> {
        let found = self
            .list::<ApplicationRow>(
                None,
                vec![Filter::equals("reference", reference.digits())],
                &PageRequest::up_to_max(),
            )
            .await?
            .items;
        let mut grants = Vec::new();
        for row in &found {
            grants.extend(self.find::<GrantRow>(row.id, None).await?);
        }
        Ok((found, grants))
    }

    /// The rows of groups, one more than the limit at most.
    async fn of_groups<T: TableRow>(
        &self,
        groups: &[String],
        limit: usize,
    ) -> Result<Vec<T>, ViewError> {
        if groups.is_empty() {
            return Ok(Vec::new());
        }
        let page = PageRequest {
            after: None,
            limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
        };
        let filter = Filter::any_of("group_id", groups.to_vec());
        Ok(self.list::<T>(None, vec![filter], &page).await?.items)
    }

    async fn payment_by_reference(&self, text: &str) -> Result<Option<SearchHit>, ViewError> {
        let Some((application, number)) = Reference::parse_payment(text) else {
            return Ok(None);
        };
        let (_, grants) = self.by_reference(application).await?;
        let Some(grant) = grants.into_iter().next() else {
            return Ok(None);
        };
        let payments = self
            .list::<PaymentRow>(
                None,
                vec![Filter::equals("grant_id", grant.id)],
                &PageRequest::up_to_max(),
            )
            .await?
            .items;
        let group = self.groups(vec![grant.group.to_string()]).await?;
        let found = payments.into_iter().find(|row| row.payment == number);
        let reference = Some(text.trim().to_uppercase());
        Ok(found.map(|row| payment_hit(&row, reference, grant.title, group)))
    }

    /// The names of the groups that the hits refer to, by id.
    async fn names_of_hits(
        &self,
        people: &[PersonView],
        applications: &[ApplicationRow],
        grants: &[GrantRow],
    ) -> Result<BTreeMap<String, String>, ViewError> {
        let people = people.iter().flat_map(|person| &person.groups);
        let mut ids: Vec<String> = people.map(ToString::to_string).collect();
        ids.extend(applications.iter().map(|row| row.group.to_string()));
        ids.extend(grants.iter().map(|row| row.group.to_string()));
        ids.sort_unstable();
        ids.dedup();
        let rows = self.groups(ids).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.id.to_string(), row.name))
            .collect())
    }
}

impl SearchResult {
    /// At most `limit` hits of each kind.
    fn limited(all: Vec<SearchHit>, limit: usize) -> Self {
        let mut counts: BTreeMap<HitKind, usize> = BTreeMap::new();
        let mut result = Self::default();
        for hit in all {
            let count = counts.entry(hit.kind).or_default();
            *count += 1;
            if *count <= limit {
                result.hits.push(hit);
            } else {
                result.more = true;
            }
        }
        result
    }
}

/// The amount that a text is, as rows have it: `£1,250` and `1250` are `1250.00`. None if it is
/// none or nothing, or begins as a phone number or the number of an application does.
fn amount_in(text: &str) -> Option<String> {
    let amount = Money::parse_formatted(text).ok()?;
    let is_number = text.starts_with('0') && !text.starts_with("0.");
    (!amount.is_zero() && !is_number).then(|| amount.into())
}

fn payment_hit(
    row: &PaymentRow,
    reference: Option<String>,
    title: String,
    group: Vec<GroupRow>,
) -> SearchHit {
    SearchHit {
        reference,
        groups: group.into_iter().map(|row| row.name).collect(),
        amount: Some(row.amount),
        state: Some(HitState::Payment(row.state)),
        ..SearchHit::new(HitKind::Payment, &row.grant, title)
    }
}

fn group_hit(row: GroupRow) -> SearchHit {
    SearchHit {
        area: Some(row.area),
        ..SearchHit::new(HitKind::Group, &row.id, row.name)
    }
}

fn person_hit(person: PersonView, groups: Vec<String>) -> SearchHit {
    SearchHit {
        groups,
        telephone: person.telephone,
        email: person.email.or(person.typed_email),
        ..SearchHit::new(HitKind::Person, &person.id, person.name.unwrap_or_default())
    }
}

fn application_hit(row: &ApplicationRow, group: String) -> SearchHit {
    SearchHit {
        reference: Reference::parse(&row.reference).map(|reference| reference.to_string()),
        area: row.area.as_ref().map(ToString::to_string),
        amount: row.requested,
        state: Some(HitState::Application(row.state)),
        ..SearchHit::new(HitKind::Application, &row.id, group)
    }
}

fn grant_hit(row: GrantRow, group: String) -> SearchHit {
    SearchHit {
        groups: vec![group],
        area: Some(row.area.to_string()),
        amount: Some(row.awarded),
        state: Some(HitState::Grant(row.state)),
        ..SearchHit::new(HitKind::Grant, &row.id, row.title)
    }
}

impl Views {
    /// Gatherings with a text in their title, one more than the limit at most.
    async fn gatherings_titled(
        &self,
        text: &str,
        limit: usize,
    ) -> Result<Vec<SearchHit>, ViewError> {
        let page = PageRequest {
            after: None,
            limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
        };
        let filters = vec![Filter::contains("name", text)];
        let found = self.list::<GatheringRow>(None, filters, &page).await?.items;
        let hit = |row: GatheringRow| SearchHit {
            area: row.area.as_ref().map(ToString::to_string),
            state: Some(HitState::Gathering(row.state)),
            ..SearchHit::new(HitKind::Gathering, &row.id, row.title)
        };
        Ok(found.into_iter().map(hit).collect())
    }

    /// Entries of the directory with a text in their name, one more than the limit at most.
    async fn assets_named(&self, text: &str, limit: usize) -> Result<Vec<SearchHit>, ViewError> {
        let page = PageRequest {
            after: None,
            limit: i64::try_from(limit + 1).unwrap_or(i64::MAX),
        };
        let filters = vec![Filter::contains("name", text)];
        let found = self.list::<AssetRow>(None, filters, &page).await?.items;
        let hit = |row: AssetRow| SearchHit {
            area: row.area.as_ref().map(ToString::to_string),
            state: Some(HitState::Asset(row.state)),
            ..SearchHit::new(HitKind::Asset, &row.id, row.name.unwrap_or_default())
        };
        Ok(found.into_iter().map(hit).collect())
    }
}
