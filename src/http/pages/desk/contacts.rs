//! How the people of a group can be reached, as a part of a record's page.

use askama::Template;
use askama::filters::HtmlSafe;
use uuid::Uuid;

use super::DeskRequest;
use crate::domain::PersonId;
use crate::http::pages::PageError;
use crate::http::pages::phone::Phone;
use crate::views::MemberContact;

/// The people of a group who can be reached, for staff who work with groups.
#[derive(Template)]
#[template(path = "parts/contacts.html")]
pub(super) struct Contacts {
    group: Uuid,
    people: Vec<ContactLine>,
    /// The language that they speak, if it is on record.
    language: Option<String>,
}

impl HtmlSafe for Contacts {}

struct ContactLine {
    person: PersonId,
    name: String,
    phone: Option<Phone>,
    email: Option<String>,
    postal_address: Option<String>,
}

impl Contacts {
    /// The address of the first person who has an email.
    pub fn email(&self) -> Option<&str> {
        self.people
            .iter()
            .find_map(|contact| contact.email.as_deref())
    }

    /// Whether nobody can be reached.
    pub fn is_empty(&self) -> bool {
        self.people.is_empty()
    }
}

impl DeskRequest<'_> {
    /// The contacts of a group. `None` if the reader does not work with groups.
    pub(super) async fn contacts(&self, group: Uuid) -> Result<Option<Contacts>, PageError> {
        let reader = &self.signed.reader;
        if !reader.works_with_groups() {
            return Ok(None);
        }
        let views = &self.app.views;
        let found = views.contacts_of_group(reader, group).await?;
        let language = views
            .spoken_languages(reader, &[group])
            .await?
            .remove(&group);
        let contact = |seen: MemberContact| ContactLine {
            person: seen.person,
            name: seen.name.unwrap_or_else(|| "A person".to_owned()),
            phone: seen.telephone.as_deref().map(Phone::of),
            email: seen.email,
            postal_address: seen.postal_address,
        };
        Ok(Some(Contacts {
            group,
            people: found.into_iter().map(contact).collect(),
            language,
        }))
    }
}
