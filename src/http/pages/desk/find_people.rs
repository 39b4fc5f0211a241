//! Search for people by name, phone number or email, for staff who enter a request for someone.
//! Staff who work with groups see full contact details. A connector sees only as much as
//! distinguishes two people of the same name, so that nobody is registered twice.

use super::DeskRequest;
use crate::http::pages::PageError;
use crate::views::{PersonView, Reader};

/// How many digits of a phone number a connector sees.
const DIGITS_SHOWN: usize = 3;

/// The people who match a text, by name. Nobody for readers who may not look for people.
pub(super) async fn find_people(
    request: &DeskRequest<'_>,
    text: &str,
    limit: usize,
) -> Result<Vec<PersonView>, PageError> {
    let (reader, views) = (&request.signed.reader, &request.app.views);
    if reader.works_with_groups() || !reader.works_with_people() {
        return Ok(views.find_people(reader, text, limit).await?);
    }
    let found = views
        .find_people(&Reader::service(), text, limit)
        .await?
        .into_iter();
    Ok(found.map(masked).collect())
}

/// Whether the reader may look for people: staff who work with groups, and connectors.
pub(super) fn may_find_people(request: &DeskRequest<'_>) -> bool {
    let reader = &request.signed.reader;
    reader.works_with_groups() || reader.works_with_people()
}

/// A person with the end of their phone number and the beginning of their email.
fn masked(person: PersonView) -> PersonView {
    PersonView {
        telephone: person.telephone.as_deref().map(end_of_number),
        email: person.email.as_deref().map(beginning_of_email),
        postal_address: None,
        typed_email: None,
        proposed_contact: None,
        ..person
    }
}

fn end_of_number(telephone: &str) -> String {
    // The number comes first, and words such as "after 3pm" follow a comma.
    let number = telephone.split(',').next().unwrap_or_default();
    let digits: Vec<char> = number.chars().filter(char::is_ascii_digit).collect();
    let before = digits.len().saturating_sub(DIGITS_SHOWN);
    let end: String = digits.iter().skip(before).collect();
    format!("… {end}")
}

fn beginning_of_email(email: &str) -> String {
    let first: String = email.chars().take(1).collect();
    format!("{first}…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connector_sees_the_ends_only() {
        assert_eq!(end_of_number("+441614960123, after 3pm"), "… 123");
        assert_eq!(beginning_of_email("jo@example.org"), "j…");
    }
}
