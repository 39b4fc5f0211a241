//! Limits for a person who has not proved an address: what they may start, and for how long it is
//! stored.
//!
//! Anybody can type any name into a public page, so its effects must be bounded.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{ApplicationId, GroupId};
use super::text::Prose;
use super::{Facts, Person, PersonEvent, Refusal};

/// How many groups such a person may register.
pub const GROUPS_MOST: usize = 2;
/// How many applications such a person may start.
pub const DRAFTS_MOST: usize = 2;
/// How often the answers of one of their drafts may be saved. A form has a dozen questions, and
/// people return to them.
pub const SAVES_MOST: u16 = 200;
/// Days after which what they started is erased.
pub const DAYS_KEPT: i64 = 14;

/// Something that a person starts or continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Begun {
    Group(GroupId),
    Draft(ApplicationId),
    /// The answers of a draft, saved this many times.
    Answers(u16),
}

/// What a person has started who has not proved an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproven {
    since: Date,
    groups: BTreeSet<GroupId>,
    drafts: BTreeSet<ApplicationId>,
}

impl Person {
    /// Counts what the person starts. Proved people are not counted.
    pub(super) fn begin(&self, begun: Begun) -> Result<Vec<PersonEvent>, Refusal> {
        let Some(unproven) = self.unproven() else {
            return Ok(Vec::new());
        };
        unproven.permit(begun)?;
        Ok(match begun {
            Begun::Group(group) => vec![PersonEvent::GroupBegun { group }],
            Begun::Draft(application) => vec![PersonEvent::DraftBegun { application }],
            Begun::Answers(_) => Vec::new(),
        })
    }

    /// Erases an unproven person once their time is over. A person who was given, or proposed for,
    /// a role meanwhile is not erased.
    pub(super) fn expire(&self, facts: &Facts) -> Result<PersonEvent, Refusal> {
        self.must_stand()?;
        let unproven = self
            .unproven()
            .filter(|unproven| unproven.has_expired(facts.today))
            .ok_or(Refusal::NotExpired)?;
        if facts.organisation()?.is_trusted(self.id()) {
            return Err(Refusal::NotExpired);
        }
        Ok(PersonEvent::PersonalDataErased {
            reason: unproven.reason(),
        })
    }
}

impl Unproven {
    pub(super) fn since(since: Date) -> Self {
        Self {
            since,
            groups: BTreeSet::new(),
            drafts: BTreeSet::new(),
        }
    }

    /// The groups that they registered.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        self.groups.iter().copied()
    }

    /// The applications that they started.
    pub fn drafts(&self) -> impl Iterator<Item = ApplicationId> {
        self.drafts.iter().copied()
    }

    pub(super) fn begin_group(&mut self, group: GroupId) {
        self.groups.insert(group);
    }

    pub(super) fn begin_draft(&mut self, application: ApplicationId) {
        self.drafts.insert(application);
    }

    /// Refuses with [`Refusal::AddressUnproven`] to start more than the limits allow.
    fn permit(&self, begun: Begun) -> Result<(), Refusal> {
        let within = match begun {
            Begun::Group(_) => self.groups.len() < GROUPS_MOST,
            Begun::Draft(_) => self.drafts.len() < DRAFTS_MOST,
            Begun::Answers(saves) => saves <= SAVES_MOST,
        };
        if within {
            Ok(())
        } else {
            Err(Refusal::AddressUnproven)
        }
    }

    /// Whether their time is over.
    fn has_expired(&self, today: Date) -> bool {
        today > self.since.saturating_add(jiff::Span::new().days(DAYS_KEPT))
    }

    /// The reason of the erasure, for the record.
    fn reason(&self) -> Prose {
        format!(
            "Begun on {} on a public page, and left without showing an address.",
            self.since
        )
        .parse()
        .expect("a short text")
    }
}
