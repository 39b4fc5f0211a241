//! Groups that share details, and a group's history over all funds. Shared details are only shown
//! to staff: no rule depends on them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use super::{Filter, PageRequest, Paged, ViewError, Views};
use crate::crypto::vault::DecryptedValue;
use crate::domain::personal_data::BlindIndexKind;
use crate::domain::phone::PhoneNumber;
use crate::domain::text::Slug;
use crate::domain::{FundId, Money};
use crate::projections::{ApplicationRow, CorrectionRow, GrantRow, GroupRow, PersonRow};
use crate::store::{personal_data, view_rows};

/// Another group that shares details with this one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Link)]
pub struct RelatedGroup {
    pub group: Uuid,
    pub name: String,
    /// The shared details: `account`, `address`, `email`, `name`, `number`, `person`, `postcode`,
    /// `telephone`.
    pub shares: BTreeSet<String>,
}

/// One application of a group, and its outcome.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = HistoryLine)]
pub struct HistoryLine {
    /// The id of the application. A grant made from it has the same id.
    pub id: Uuid,
    /// The group that applied. A merged group keeps its applications.
    pub group: Uuid,
    pub fund: FundId,
    pub round: String,
    /// The theme that it names, if it names one.
    pub theme: Option<Slug>,
    #[schema(value_type = Option<String>, format = "date")]
    pub submitted_on: Option<Date>,
    pub application: String,
    pub requested: Option<Money>,
    pub awarded: Option<Money>,
    pub grant: Option<String>,
    /// The sums of the grant, as a grant has them.
    pub sent: Option<Money>,
    pub confirmed: Option<Money>,
    pub returned: Option<Money>,
    pub paid_net: Option<Money>,
    /// Deprecated: `sent` less `returned`.
    pub paid: Option<Money>,
}

impl Views {
    /// The groups that share a name, a charity or company number, people, an email address, a phone
    /// number, a postal address, a postcode or an account with this one.
    pub async fn related_groups(&self, group: Uuid) -> Result<Vec<RelatedGroup>, ViewError> {
        let mut shared: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (kind, other) in personal_data::subjects_sharing_values(
            self.log.store(),
            self.log.organisation(),
            &group.to_string(),
        )
        .await?
        {
            shared.entry(other).or_default().insert(kind);
        }
        for other in self.groups_with_phone_of(group).await? {
            let kinds = shared.entry(other.to_string()).or_default();
            kinds.insert(BlindIndexKind::Telephone.name().to_owned());
        }
        for (other, details) in self.groups_sharing_details(group).await? {
            let details = details.into_iter().map(str::to_owned);
            shared.entry(other.to_string()).or_default().extend(details);
        }
        let ids: Vec<_> = shared.keys().cloned().collect();
        let named = self.groups(ids).await?;
        let link = |row: GroupRow| RelatedGroup {
            group: row.id,
            name: row.name,
            shares: shared.get(&row.id.to_string()).cloned().unwrap_or_default(),
        };
        Ok(named.into_iter().map(link).collect())
    }

    /// The other groups with the phone number of a group. Matches every form in which numbers were
    /// stored over time.
    async fn groups_with_phone_of(&self, group: Uuid) -> Result<BTreeSet<Uuid>, ViewError> {
        let row: Option<GroupRow> = self.find(group, None).await?;
        let vault = self.log.vault();
        let Some(sealed) = row.and_then(|row| row.telephone) else {
            return Ok(BTreeSet::new());
        };
        let opened = vault.decrypt(&[("telephone", &sealed)]).await?.pop();
        let Some(phone) = opened
            .and_then(DecryptedValue::text)
            .and_then(|text| PhoneNumber::parse(&text))
        else {
            return Ok(BTreeSet::new());
        };
        let mut found = BTreeSet::new();
        for form in phone.former_forms().into_iter().chain([phone.e164()]) {
            found.extend(vault.subjects_of(BlindIndexKind::Telephone, &form).await?);
        }
        found.remove(&group);
        Ok(found)
    }

    /// A group, followed by all groups that were merged into it or into one of these.
    pub(super) async fn with_merged(
        &self,
        group: Uuid,
        as_at: Option<i64>,
    ) -> Result<Vec<Uuid>, ViewError> {
        let (mut groups, mut at) = (vec![group], 0);
        while let Some(id) = groups.get(at) {
            let row: Option<GroupRow> = self.find(id, as_at).await?;
            groups.extend(
                row.iter()
                    .flat_map(|row| row.took_in.iter().map(|group| group.0)),
            );
            at += 1;
        }
        Ok(groups)
    }

    /// A group's first 500 applications and grants over all funds, with those of groups that were
    /// merged into it.
    pub async fn history(
        &self,
        group: Uuid,
        as_at: Option<i64>,
    ) -> Result<Vec<HistoryLine>, ViewError> {
        Ok(self
            .history_page(group, as_at, &PageRequest::up_to_max(), None)
            .await?
            .items)
    }

    /// A page of the group's history. A member of the group sees no decision whose letter is held
    /// at the moment, and no refusal that the group cannot know at it.
    pub async fn history_page(
        &self,
        group: Uuid,
        as_at: Option<i64>,
        page: &PageRequest,
        member_reads_at: Option<Timestamp>,
    ) -> Result<Paged<HistoryLine>, ViewError> {
        let groups = self.with_merged(group, as_at).await?;
        let of_groups = vec![Filter::any_of("group_id", groups)];
        let applications = self.list::<ApplicationRow>(as_at, of_groups, page).await?;
        let of_these = vec![Filter::any_of(
            "id",
            applications.items.iter().map(|row| row.id),
        )];
        let all = PageRequest {
            after: None,
            limit: page.limit,
        };
        let grants = self.list::<GrantRow>(as_at, of_these, &all).await?.items;
        let grants: BTreeMap<_, _> = grants
            .into_iter()
            .filter(|grant| member_reads_at.is_none() || grant.is_shown_to_group())
            .map(|grant| (grant.id, grant))
            .collect();
        let line = |row: ApplicationRow| {
            let row = match member_reads_at {
                Some(now) => row.before_held_decision(now),
                None => row,
            };
            let grant = grants.get(&row.id);
            HistoryLine {
                id: row.id,
                group: row.group.0,
                fund: row.fund,
                round: row.round.to_string(),
                theme: row.activity,
                submitted_on: row.submitted_on,
                application: <&str>::from(row.state).to_owned(),
                requested: row.requested,
                awarded: row.awarded,
                grant: grant.map(|grant| <&str>::from(grant.state).to_owned()),
                sent: grant.map(|grant| grant.sent),
                confirmed: grant.map(|grant| grant.confirmed),
                returned: grant.map(|grant| grant.returned),
                paid_net: grant.map(|grant| grant.paid_net),
                paid: grant.map(|grant| grant.paid),
            }
        };
        Ok(Paged {
            items: applications.items.into_iter().map(line).collect(),
            next: applications.next,
        })
    }

    /// The positions of the corrections of events, by the ids of [`CorrectionRow`]s: kind of
    /// stream, its id, and sequence.
    pub async fn corrections(
        &self,
        ids: Vec<String>,
    ) -> Result<BTreeMap<String, Vec<i64>>, ViewError> {
        let found = self
            .current_rows::<CorrectionRow>("corrections", &ids)
            .await?;
        Ok(found
            .into_iter()
            .map(|(id, row)| (id, row.corrected_by))
            .collect())
    }

    /// People by their ids.
    pub async fn people(&self, ids: Vec<String>) -> Result<Vec<PersonRow>, ViewError> {
        Ok(self
            .current_rows("people", &ids)
            .await?
            .into_iter()
            .map(|(_, row)| row)
            .collect())
    }

    /// Groups by their ids.
    pub async fn groups(&self, ids: Vec<String>) -> Result<Vec<GroupRow>, ViewError> {
        Ok(self
            .current_rows("groups", &ids)
            .await?
            .into_iter()
            .map(|(_, row)| row)
            .collect())
    }

    pub(super) async fn current_rows<T: DeserializeOwned>(
        &self,
        table: &'static str,
        ids: &[String],
    ) -> Result<Vec<(String, T)>, ViewError> {
        let found =
            view_rows::find_current(self.log.store(), self.log.organisation(), table, ids).await?;
        let read = |row: view_rows::ViewRow| match serde_json::from_str(&row.body) {
            Ok(body) => Ok((row.id, body)),
            Err(cause) => Err(ViewError::Unreadable {
                table,
                row: row.id,
                cause,
            }),
        };
        found.into_iter().map(read).collect()
    }
}
