//! People with their contact details decrypted.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use uuid::Uuid;

use super::{DecryptRequest, decrypted_text};
use crate::domain::erasure::Erasure;
use crate::domain::language::Language;
use crate::domain::{PersonId, Role, Roles};
use crate::projections::{Moment, PersonRow, ProposedContactRow};
use crate::views::{Reader, ViewError, Views};

/// A person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = Person)]
pub struct PersonView {
    pub id: Uuid,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    /// Absent if it was erased, or if the reader may not see it.
    pub name: Option<String>,
    pub email: Option<String>,
    pub telephone: Option<String>,
    pub postal_address: Option<String>,
    /// An email address that the person entered on a public page, although it belongs to someone
    /// else. For staff who work with groups only.
    pub typed_email: Option<String>,
    #[schema(value_type = BTreeSet<Role>)]
    pub roles: Roles,
    /// Roles that await confirmation by a second person.
    #[schema(value_type = BTreeSet<Role>)]
    pub proposed: Roles,
    /// The number of each role's proposal, needed to confirm it.
    #[schema(value_type = BTreeMap<String, u32>)]
    pub proposals: BTreeMap<Role, u32>,
    pub groups: BTreeSet<Uuid>,
    /// The groups that invited the person.
    pub invited_to: BTreeSet<Uuid>,
    /// Contact details that an officer proposed, until the person or another officer confirms them.
    pub proposed_contact: Option<ProposedContactView>,
    /// The language of the emails to the person, if one was chosen.
    pub mail_language: Option<Language>,
    /// The state of the erasure of the person's personal data.
    pub erasure: Erasure,
}

/// Contact details that await confirmation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[schema(as = ProposedContact)]
pub struct ProposedContactView {
    /// Its number, needed to confirm it.
    pub proposal: u32,
    pub name: Option<String>,
    pub email: Option<String>,
    pub telephone: Option<String>,
    pub postal_address: Option<String>,
    /// The person who proposed them. Absent for a reader without a role.
    pub by: Option<PersonId>,
}

impl Views {
    /// Decrypts people for staff who work with groups, and each person for themselves.
    pub async fn decrypt_people(
        &self,
        reader: &Reader,
        rows: Vec<PersonRow>,
    ) -> Result<Vec<PersonView>, ViewError> {
        let mut wanted = DecryptRequest::default();
        for row in rows
            .iter()
            .filter(|row| reader.works_with_groups() || reader.person.0 == row.id)
        {
            wanted.add("name", Some(&row.name));
            wanted.add("email", row.email.as_ref());
            wanted.add("telephone", row.telephone.as_ref());
            wanted.add("postal_address", row.postal_address.as_ref());
            // It would show the person that the address belongs to someone else.
            wanted.add(
                "email",
                row.typed_email
                    .as_ref()
                    .filter(|_| reader.works_with_groups()),
            );
            if let Some(proposed) = &row.proposed_contact {
                wanted.add("name", Some(&proposed.name));
                wanted.add("email", proposed.email.as_ref());
                wanted.add("telephone", proposed.telephone.as_ref());
                wanted.add("postal_address", proposed.postal_address.as_ref());
            }
        }
        let opened = wanted.decrypt(self).await?;
        let contact = |proposed: &ProposedContactRow| ProposedContactView {
            proposal: proposed.proposal,
            name: decrypted_text(&opened, Some(&proposed.name)),
            email: decrypted_text(&opened, proposed.email.as_ref()),
            telephone: decrypted_text(&opened, proposed.telephone.as_ref()),
            postal_address: decrypted_text(&opened, proposed.postal_address.as_ref()),
            by: reader.sees_all().then_some(proposed.by),
        };
        let seen = |row: PersonRow| PersonView {
            proposed_contact: row.proposed_contact.as_ref().map(contact),
            name: decrypted_text(&opened, Some(&row.name)),
            email: decrypted_text(&opened, row.email.as_ref()),
            telephone: decrypted_text(&opened, row.telephone.as_ref()),
            postal_address: decrypted_text(&opened, row.postal_address.as_ref()),
            typed_email: decrypted_text(&opened, row.typed_email.as_ref()),
            id: row.id,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            roles: row.roles,
            proposed: row.proposed,
            proposals: row.proposals,
            groups: row.groups,
            invited_to: row.invited_to,
            mail_language: row.mail_language,
            erasure: row.erasure,
        };
        Ok(rows.into_iter().map(seen).collect())
    }
}
