//! Links to a funder's statement for readers without an account. A link shows one funder's
//! statement between two days, for some months, until the office ends it. Events have the number
//! of a link, never its secret.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::OrganisationEvent;
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal};

/// How many days a link opens its statement.
const VALID_DAYS: i64 = 90;

/// A funder's statement that is to be shared.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ShareStatement {
    pub funder: Slug,
    /// The first day of the statement.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// Its last day: today or earlier.
    #[schema(value_type = String, format = "date")]
    pub until: Date,
}

/// A link to a statement by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementLinkRef {
    #[schema(minimum = 1)]
    pub link: u32,
}

/// A statement that a link opens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLink {
    pub funder: Slug,
    pub from: Date,
    pub until: Date,
    /// The last day on which the link opens.
    pub expires_on: Date,
}

impl StatementLink {
    #[must_use]
    pub fn is_open(&self, today: Date) -> bool {
        today <= self.expires_on
    }
}

/// The links that the office has not ended, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatementLinks {
    made: u32,
    by_number: BTreeMap<u32, StatementLink>,
}

impl StatementLinks {
    #[must_use]
    pub fn get(&self, link: u32) -> Option<&StatementLink> {
        self.by_number.get(&link)
    }

    /// The links to a funder's statements that still open, with their numbers.
    pub fn open_of<'a>(
        &'a self,
        funder: &'a str,
        today: Date,
    ) -> impl Iterator<Item = (u32, &'a StatementLink)> {
        self.by_number
            .iter()
            .filter(move |(_, link)| link.funder.as_str() == funder && link.is_open(today))
            .map(|(number, link)| (*number, link))
    }

    pub(super) fn share(
        &self,
        share: &ShareStatement,
        facts: &DecisionContext,
    ) -> Result<OrganisationEvent, Refusal> {
        let ShareStatement {
            funder,
            from,
            until,
        } = share.clone();
        if from > until {
            return Err(Refusal::DatesOutOfOrder(
                "a statement must end on its first day or later",
            ));
        }
        facts.not_future(until)?;
        facts.has_funder(&funder)?;
        let is_shared = self
            .open_of(funder.as_str(), facts.today)
            .any(|(_, link)| (link.from, link.until) == (from, until));
        if is_shared {
            return Err(Refusal::Exists("link"));
        }
        Ok(OrganisationEvent::StatementShared {
            link: self.made + 1,
            funder,
            from,
            until,
            expires_on: facts.today.saturating_add(Span::new().days(VALID_DAYS)),
            shared_by: facts.by()?,
        })
    }

    pub(super) fn end(
        &self,
        StatementLinkRef { link }: StatementLinkRef,
    ) -> Result<OrganisationEvent, Refusal> {
        self.get(link).ok_or(Refusal::Unknown("link"))?;
        Ok(OrganisationEvent::StatementLinkEnded { link })
    }

    pub(super) fn apply(&mut self, event: &OrganisationEvent) {
        match event {
            OrganisationEvent::StatementShared {
                link,
                funder,
                from,
                until,
                expires_on,
                ..
            } => {
                self.made = *link;
                let shared = StatementLink {
                    funder: funder.clone(),
                    from: *from,
                    until: *until,
                    expires_on: *expires_on,
                };
                self.by_number.insert(*link, shared);
            }
            OrganisationEvent::StatementLinkEnded { link } => {
                self.by_number.remove(link);
            }
            _ => {}
        }
    }
}
