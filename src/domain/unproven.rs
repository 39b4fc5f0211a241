//! Limits for a person who has not proved an address: what they may start, and for how long it is
//! stored.
//!
//! Anyone can type any name into a public page, so its effects must be bounded.

use std::collections::BTreeSet;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::id::{ApplicationId, GatheringId, GroupId};
use super::text::Prose;
use super::{DecisionContext, Person, PersonEvent, Refusal};

/// How many groups such a person may register.
pub const GROUPS_MAX: usize = 2;
/// How many applications such a person may start.
pub const DRAFTS_MAX: usize = 2;
/// How many sessions of gatherings such a person may sign up for.
pub const SIGN_UPS_MAX: usize = 3;
/// How often such a person may sign up for these, having stepped down in between: somebody may
/// change their mind. Each time someone else may be mailed.
pub const SIGN_UP_TIMES_MAX: u16 = 6;
/// How often the answers of one of their drafts may be saved. A form has a dozen questions, and
/// people return to them.
pub const SAVES_MAX: u16 = 200;
/// Days after which what they started is erased.
pub const EXPIRES_AFTER_DAYS: i64 = 14;

/// The last day on which what was started on a day is stored.
#[must_use]
pub fn last_day(since: Date) -> Date {
    since.saturating_add(jiff::Span::new().days(EXPIRES_AFTER_DAYS))
}

/// Something that a person starts or continues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnprovenActivity {
    Group(GroupId),
    Draft(ApplicationId),
    /// The answers of a draft, saved this many times.
    Answers(u16),
    /// A place at a session of a gathering, or a wait for one.
    SignUp {
        gathering: GatheringId,
        session: u16,
    },
}

/// What a person has started who has not proved an address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unproven {
    since: Date,
    groups: BTreeSet<GroupId>,
    drafts: BTreeSet<ApplicationId>,
    #[serde(default)]
    sign_ups: BTreeSet<(GatheringId, u16)>,
    /// How often they signed up.
    #[serde(default)]
    signed_up: u16,
}

impl Person {
    /// Counts what the person starts. Proved people are not counted.
    pub(super) fn count_unproven(
        &self,
        begun: UnprovenActivity,
    ) -> Result<Vec<PersonEvent>, Refusal> {
        let Some(unproven) = self.unproven() else {
            return Ok(Vec::new());
        };
        unproven.permit(begun)?;
        Ok(match begun {
            UnprovenActivity::Group(group) => vec![PersonEvent::GroupBegun { group }],
            UnprovenActivity::Draft(application) => vec![PersonEvent::DraftBegun { application }],
            UnprovenActivity::Answers(_) => Vec::new(),
            UnprovenActivity::SignUp { gathering, session } => {
                vec![PersonEvent::SignUpBegun { gathering, session }]
            }
        })
    }

    /// Erases an unproven person once their time is over. A person who was given a role since, or
    /// was proposed for one, is not erased.
    pub(super) fn expire_unproven(&self, facts: &DecisionContext) -> Result<PersonEvent, Refusal> {
        self.must_be_active()?;
        let unproven = self
            .unproven()
            .filter(|unproven| unproven.has_expired(facts.today))
            .ok_or(Refusal::NotExpired)?;
        if facts.organisation()?.has_or_awaits_role(self.id()) {
            return Err(Refusal::NotExpired);
        }
        Ok(PersonEvent::PersonalDataErased {
            reason: unproven.reason(),
        })
    }
}

impl Unproven {
    pub(super) fn new(since: Date) -> Self {
        Self {
            since,
            groups: BTreeSet::new(),
            drafts: BTreeSet::new(),
            sign_ups: BTreeSet::new(),
            signed_up: 0,
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

    /// The sessions of gatherings that they signed up for.
    pub fn sign_ups(&self) -> impl Iterator<Item = (GatheringId, u16)> {
        self.sign_ups.iter().copied()
    }

    pub(super) fn begin_sign_up(&mut self, gathering: GatheringId, session: u16) {
        self.sign_ups.insert((gathering, session));
        self.signed_up = self.signed_up.saturating_add(1);
    }

    pub(super) fn begin_group(&mut self, group: GroupId) {
        self.groups.insert(group);
    }

    pub(super) fn begin_draft(&mut self, application: ApplicationId) {
        self.drafts.insert(application);
    }

    /// Refuses with [`Refusal::AddressUnproven`] to start more than the limits allow.
    fn permit(&self, begun: UnprovenActivity) -> Result<(), Refusal> {
        let within = match begun {
            UnprovenActivity::Group(_) => self.groups.len() < GROUPS_MAX,
            UnprovenActivity::Draft(_) => self.drafts.len() < DRAFTS_MAX,
            UnprovenActivity::Answers(saves) => saves <= SAVES_MAX,
            UnprovenActivity::SignUp { gathering, session } => {
                let is_known = self.sign_ups.contains(&(gathering, session));
                (is_known || self.sign_ups.len() < SIGN_UPS_MAX)
                    && self.signed_up < SIGN_UP_TIMES_MAX
            }
        };
        if within {
            Ok(())
        } else {
            Err(Refusal::AddressUnproven)
        }
    }

    /// Whether their time is over.
    fn has_expired(&self, today: Date) -> bool {
        today > last_day(self.since)
    }

    /// The reason of the erasure, for the record.
    fn reason(&self) -> Prose {
        format!(
            "Begun online on {}, by someone who did not confirm an email address.",
            self.since
        )
        .parse()
        .expect("a short text")
    }
}
