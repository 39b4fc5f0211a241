//! How the people of a group can be reached, as a part of a record's page.

use askama::Template;
use uuid::Uuid;

use super::DeskRequest;
use crate::domain::PersonId;
use crate::http::pages::PageError;
use crate::views::MemberContact;

/// The fewest digits that a phone can dial.
const DIGITS_MIN: usize = 6;

/// The people of a group who can be reached, for staff who work with groups.
#[derive(Template)]
#[template(path = "parts/contacts.html")]
pub(super) struct Contacts {
    group: Uuid,
    people: Vec<ContactLine>,
}

struct ContactLine {
    person: PersonId,
    name: String,
    phone: Option<Phone>,
    email: Option<String>,
    postal_address: Option<String>,
}

/// A phone number as it was entered: the number, what a phone dials, and the words after it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Phone {
    pub number: String,
    /// Empty if it is not a number that can be dialled.
    pub dial: String,
    pub note: String,
}

impl Phone {
    pub fn of(entered: &str) -> Self {
        let of_number = |letter: char| letter.is_ascii_digit() || "+ ()-./".contains(letter);
        let at = entered
            .find(|letter| !of_number(letter))
            .unwrap_or(entered.len());
        let number = &entered[..at];
        let digits = |letter: &char| letter.is_ascii_digit() || *letter == '+';
        let dial: String = number.chars().filter(digits).collect();
        if dial.len() < DIGITS_MIN {
            return Self {
                number: entered.to_owned(),
                dial: String::new(),
                note: String::new(),
            };
        }
        let number = number.trim_end();
        Self {
            note: entered[number.len()..].to_owned(),
            number: number.to_owned(),
            dial,
        }
    }
}

impl Contacts {
    /// The address of the first person who has an email.
    pub fn email(&self) -> Option<&str> {
        self.people
            .iter()
            .find_map(|contact| contact.email.as_deref())
    }
}

impl DeskRequest<'_> {
    /// The contacts of a group. `None` if the reader does not work with groups.
    pub(super) async fn contacts(&self, group: Uuid) -> Result<Option<Contacts>, PageError> {
        let reader = &self.signed.reader;
        if !reader.works_with_groups() {
            return Ok(None);
        }
        let found = self.app.views.contacts_of_group(reader, group).await?;
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
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::Phone;

    #[test]
    fn a_number_is_dialled_without_the_words_after_it() {
        let phone = Phone::of("07700 900 112, after 3pm");
        assert_eq!(
            (
                phone.number.as_str(),
                phone.dial.as_str(),
                phone.note.as_str()
            ),
            ("07700 900 112", "07700900112", ", after 3pm")
        );
        assert_eq!(Phone::of("+44 161 496 0177").dial, "+441614960177");
        assert_eq!(Phone::of("ask next door").dial, "");
        assert_eq!(Phone::of("").number, "");
    }
}
