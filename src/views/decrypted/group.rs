//! Groups with personal values decrypted, and with their files and past grants.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::erasure::Erasure;
use crate::domain::group::{GroupMaturity, PastGrant};
use crate::domain::payee::{EncryptedPayee, PaymentRoute};
use crate::domain::personal_data::Encrypted;
use crate::domain::text::{Identifier, Slug};
use crate::domain::{GroupId, PersonId};
use crate::projections::{CheckOnFileRow, FileRow, GroupRow, Moment, PastGrantRow, PayeeRow};
use crate::views::{Reader, ViewError, Views};

/// A group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Group)]
pub struct GroupView {
    pub id: Uuid,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub name: String,
    pub area: String,
    /// The number of the name and area that a member proposed, until staff accept or refuse them.
    pub proposal: Option<u32>,
    pub proposed_name: Option<String>,
    pub proposed_area: Option<String>,
    /// Why the name or area is wrong, in the member's words.
    pub proposed_reason: Option<String>,
    pub standing: GroupMaturity,
    pub identifiers: BTreeSet<Identifier>,
    pub members: BTreeSet<PersonId>,
    /// People who were invited and have not replied.
    pub invited: BTreeSet<PersonId>,
    pub payee: Option<PayeeView>,
    pub postcode: Option<String>,
    pub telephone: Option<String>,
    /// The newest files, at most 500.
    pub files: Vec<FileRow>,
    /// Checks on which other grants of the group can rely.
    pub on_file: BTreeMap<Slug, CheckOnFileRow>,
    /// The newest grants from before this programme, at most 500, by reference. No budget includes
    /// them.
    pub past_grants: BTreeMap<String, PastGrant>,
    /// The group that this one was merged into.
    pub merged_into: Option<GroupId>,
    /// Groups that were merged into this one.
    pub took_in: BTreeSet<GroupId>,
    /// The state of the erasure of the group's personal data.
    pub erasure: Erasure,
}

/// The account that a group's money goes to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Payee)]
pub struct PayeeView {
    pub payee: u32,
    pub route: PaymentRoute,
    /// Absent for a member of the group if the person is a member of staff.
    pub keyed_by: Option<PersonId>,
    /// Whether a second person has verified it.
    pub verified: bool,
    /// Absent for a member of the group.
    pub verified_by: Option<PersonId>,
    /// How it was verified, such as by a call. Absent for a member of the group.
    pub verified_how: Option<String>,
    /// Absent for a member of the group.
    #[schema(value_type = Option<String>, format = "date")]
    pub verified_on: Option<Date>,
    pub body: Option<String>,
    pub holder: Option<String>,
    /// Sort code and account number.
    pub numbers: Option<String>,
    /// The roll number of a building society's account.
    pub roll_number: Option<String>,
}

impl Views {
    /// Decrypts groups, and adds their files and past grants. Account details are decrypted for
    /// staff who work with groups and for members. The caller passes to members only their own
    /// groups.
    pub async fn decrypt_groups(
        &self,
        reader: &Reader,
        rows: Vec<GroupRow>,
        as_at: Option<i64>,
    ) -> Result<Vec<GroupView>, ViewError> {
        let ids: Vec<_> = rows.iter().map(|row| row.id.to_string()).collect();
        let mut files = self.files_by_group(&ids, as_at).await?;
        let mut past_grants = self.past_grants_by_group(&ids, as_at).await?;
        let mut wanted = DecryptRequest::default();
        for row in rows
            .iter()
            .filter(|_| reader.works_with_groups() || !reader.sees_all())
        {
            add_encrypted_values(&mut wanted, row);
        }
        let opened = wanted.decrypt(self).await?;
        let seen = |row: GroupRow| GroupView {
            payee: row.payee.as_ref().map(|payee| payee_view(payee, &opened)),
            postcode: decrypted_text(&opened, row.postcode.as_ref()),
            proposed_reason: decrypted_text(
                &opened,
                row.proposed.as_ref().map(|proposed| &proposed.reason),
            ),
            proposal: row.proposed.as_ref().map(|proposed| proposed.proposal),
            proposed_name: row.proposed.as_ref().map(|proposed| proposed.name.clone()),
            proposed_area: row.proposed.map(|proposed| proposed.area),
            telephone: decrypted_text(&opened, row.telephone.as_ref()),
            files: files.remove(&row.id).unwrap_or_default(),
            on_file: row.on_file,
            past_grants: past_grants.remove(&row.id).unwrap_or_default(),
            merged_into: row.merged_into,
            took_in: row.took_in,
            erasure: row.erasure,
            id: row.id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            name: row.name,
            area: row.area,
            standing: row.standing,
            identifiers: row.identifiers,
            members: row.members,
            invited: row.invited,
        };
        Ok(rows.into_iter().map(seen).collect())
    }

    async fn files_by_group(
        &self,
        ids: &[String],
        as_at: Option<i64>,
    ) -> Result<BTreeMap<Uuid, Vec<FileRow>>, ViewError> {
        let mut files: BTreeMap<Uuid, Vec<FileRow>> = BTreeMap::new();
        for file in self.files_of(ids, as_at).await? {
            files.entry(file.group).or_default().push(file);
        }
        Ok(files)
    }

    /// The past grants of each group, by reference.
    async fn past_grants_by_group(
        &self,
        ids: &[String],
        as_at: Option<i64>,
    ) -> Result<BTreeMap<Uuid, BTreeMap<String, PastGrant>>, ViewError> {
        let mut past_grants: BTreeMap<Uuid, BTreeMap<String, PastGrant>> = BTreeMap::new();
        for PastGrantRow { group, past } in self
            .newest_of::<PastGrantRow>("group_id", ids, as_at)
            .await?
        {
            past_grants
                .entry(group)
                .or_default()
                .insert(past.reference.to_string(), past);
        }
        Ok(past_grants)
    }
}

fn add_encrypted_values<'a>(wanted: &mut DecryptRequest<'a>, row: &'a GroupRow) {
    wanted.add("postcode", row.postcode.as_ref());
    wanted.add("telephone", row.telephone.as_ref());
    wanted.add(
        "reason",
        row.proposed.as_ref().map(|proposed| &proposed.reason),
    );
    if let Some(account) = row.payee.as_ref().and_then(|payee| account(&payee.details)) {
        wanted.add("holder", Some(account.holder));
        wanted.add("numbers", Some(account.numbers));
        wanted.add("roll_number", account.roll_number);
    }
}

fn payee_view(payee: &PayeeRow, opened: &BTreeMap<String, String>) -> PayeeView {
    let account = account(&payee.details);
    let (method, verified_on) = payee.verified_how.clone().unzip();
    PayeeView {
        payee: payee.payee,
        route: payee.route,
        keyed_by: Some(payee.keyed_by),
        verified: payee.verified_by.is_some(),
        verified_by: payee.verified_by,
        verified_how: method.map(|method| method.to_string()),
        verified_on,
        body: if let EncryptedPayee::HoldingBody { body, .. } = &payee.details {
            Some(body.to_string())
        } else {
            None
        },
        holder: decrypted_text(opened, account.as_ref().map(|account| account.holder)),
        numbers: decrypted_text(opened, account.as_ref().map(|account| account.numbers)),
        roll_number: decrypted_text(opened, account.and_then(|account| account.roll_number)),
    }
}

/// The encrypted details of an account.
struct EncryptedAccount<'a> {
    holder: &'a Encrypted,
    numbers: &'a Encrypted,
    roll_number: Option<&'a Encrypted>,
}

fn account(details: &EncryptedPayee) -> Option<EncryptedAccount<'_>> {
    match details {
        EncryptedPayee::OwnAccount {
            holder,
            numbers,
            roll_number,
        }
        | EncryptedPayee::HoldingBody {
            holder,
            numbers,
            roll_number,
            ..
        } => Some(EncryptedAccount {
            holder,
            numbers,
            roll_number: roll_number.as_ref(),
        }),
        EncryptedPayee::PurchaseForGroup {} => None,
    }
}
