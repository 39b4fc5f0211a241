//! The public data on grants, from which open data is made. These rows never contain a personal
//! value, not even encrypted.
//!
//! The row of a grant begins with the application for it. It is published once the agreement is
//! accepted.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::outcome::{Sign, Strength};
use crate::domain::text::{Identifier, Slug};
use crate::domain::theme::{Theme, with_former};
use crate::domain::{
    ApplicationEvent, Event, FundEvent, FundId, GrantEvent, GroupEvent, GroupId, Money,
    OrganisationEvent,
};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Projection};

/// A published record, or one whose name a published record needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "of", content = "is", rename_all = "snake_case")]
pub enum PublishedRow {
    Organisation {
        name: String,
        signs: Vec<Sign>,
        /// All themes that were ever adopted, each under its last name.
        #[serde(default)]
        themes: Vec<Theme>,
    },
    Fund {
        id: Uuid,
        name: String,
        rounds: BTreeMap<Slug, String>,
    },
    Group {
        id: Uuid,
        name: String,
        identifiers: BTreeSet<Identifier>,
        /// The area where the group works.
        #[serde(default)]
        area: Option<Slug>,
        modified: Timestamp,
    },
    Grant(Box<PublishedGrant>),
}

/// The public data on a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedGrant {
    pub id: Uuid,
    pub applied_for: Option<Money>,
    /// The terms of the offer; absent until there is one.
    pub offer: Option<PublishedOffer>,
    /// The day on which the group accepted the agreement. The grant is not published before.
    pub accepted_on: Option<Date>,
    /// Commitments that were not taken back, by a number that is never reused.
    pub commitments: BTreeMap<u32, Movement>,
    pub commitments_made: u32,
    /// Payments that the bank has not confirmed yet.
    pub sent: BTreeMap<u16, Money>,
    /// Payments that the bank confirmed, less the money that came back.
    pub disbursements: BTreeMap<u16, Movement>,
    /// Whether money was released or returned.
    pub came_back: bool,
    /// The signs of success in accepted updates, by the group or by staff. Of two entries for a
    /// sign the later one counts, and in one update that of staff.
    pub signs: BTreeMap<Slug, Strength>,
    /// The signs of updates that are not accepted yet. They are not published.
    pub unaccepted: BTreeMap<u16, UpdateSigns>,
    pub modified: Timestamp,
}

/// The signs that the group reported in an update, and those that staff assessed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpdateSigns {
    said: BTreeMap<Slug, Strength>,
    judged: BTreeMap<Slug, Strength>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedOffer {
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub area: Slug,
    #[serde(default)]
    pub theme: Option<Slug>,
    pub title: String,
    pub description: String,
    pub awarded_on: Date,
    pub ends_on: Date,
}

/// An amount on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    pub on: Date,
    pub amount: Money,
}

impl PublishedGrant {
    /// The amount awarded, less the money taken back.
    #[must_use]
    pub fn awarded(&self) -> Money {
        self.commitments
            .values()
            .map(|movement| movement.amount)
            .sum()
    }

    /// The amount that the bank paid, less the money that came back.
    #[must_use]
    pub fn disbursed(&self) -> Money {
        self.disbursements
            .values()
            .map(|movement| movement.amount)
            .sum()
    }

    /// Whether the grant is published: the agreement is accepted, and an amount is left of the
    /// award.
    #[must_use]
    pub fn is_published(&self) -> bool {
        self.offer.is_some() && self.accepted_on.is_some() && !self.awarded().is_zero()
    }

    fn apply(&mut self, event: &RecordedEvent, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::GrantOffered {
                fund,
                round,
                group,
                area,
                theme,
                sources,
                title,
                description,
                ends_on,
                ..
            } => {
                self.offer = Some(PublishedOffer {
                    fund: *fund,
                    round: round.clone(),
                    group: *group,
                    area: area.clone(),
                    theme: theme.clone(),
                    title: title.to_string(),
                    description: description.to_string(),
                    awarded_on: event.recorded_on(),
                    ends_on: *ends_on,
                });
                self.commit(event, sources.total());
            }
            E::AwardTakenBack {} => {
                self.offer = None;
                self.commitments.clear();
            }
            E::AgreementAccepted { .. } => self.accepted_on = Some(event.recorded_on()),
            E::AwardGrown { sources, .. } => self.commit(event, sources.total()),
            E::VariationApproved {
                change, released, ..
            } => {
                self.uncommit(released.total());
                if let Some(offer) = &mut self.offer {
                    offer.ends_on = change.ends_on.unwrap_or(offer.ends_on);
                    if let Some(purpose) = &change.purpose {
                        (offer.title, offer.description) =
                            (purpose.title.to_string(), purpose.description.to_string());
                    }
                }
            }
            E::UnderspendDeclared { released, .. }
            | E::GrantTerminated { released, .. }
            | E::GrantClosed { released, .. } => {
                self.uncommit(released.total());
            }
            E::ReturnReceived { sources, .. } | E::EntrySettled { sources, .. } => {
                self.uncommit(sources.total());
                subtract_newest_first(self.disbursements.values_mut().rev(), sources.total());
            }
            E::UpdateReceived { .. }
            | E::OutcomeJudged { .. }
            | E::UpdateAccepted { .. }
            | E::UpdateExcused { .. } => self.apply_update(happened),
            _ => self.apply_payment(happened),
        }
    }

    fn apply_update(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::UpdateReceived {
                update, outcomes, ..
            } => {
                let said = outcomes
                    .iter()
                    .map(|outcome| (outcome.sign.clone(), outcome.strength))
                    .collect();
                self.unaccepted.entry(*update).or_default().said = said;
            }
            E::OutcomeJudged {
                update,
                sign,
                strength,
                ..
            } => {
                let signs = self
                    .unaccepted
                    .get_mut(update)
                    .map_or(&mut self.signs, |signs| &mut signs.judged);
                signs.insert(sign.clone(), *strength);
            }
            E::UpdateAccepted { update, .. } => {
                let UpdateSigns { said, judged } =
                    self.unaccepted.remove(update).unwrap_or_default();
                self.signs.extend(said.into_iter().chain(judged));
            }
            E::UpdateExcused { update, .. } => drop(self.unaccepted.remove(update)),
            _ => {}
        }
    }

    fn apply_payment(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        match happened {
            E::PaymentSent {
                payment, sources, ..
            } => drop(self.sent.insert(*payment, sources.total())),
            E::PaymentConfirmed {
                payment, paid_on, ..
            } => {
                if let Some(amount) = self.sent.remove(payment) {
                    self.disbursements.insert(
                        *payment,
                        Movement {
                            on: *paid_on,
                            amount,
                        },
                    );
                }
            }
            E::PaymentCorrected {
                payment, paid_on, ..
            } => {
                if let Some(found) = self.disbursements.get_mut(payment) {
                    found.on = *paid_on;
                }
            }
            E::PaymentFailed { payment, .. } => drop(self.sent.remove(payment)),
            E::PaymentReversed {
                payment,
                sources,
                released,
                ..
            } => {
                // Money that came back earlier was subtracted from the newest payments, perhaps
                // from this one. The part of the reversal that this payment no longer covers is
                // subtracted from the others.
                let own = self.disbursements.get_mut(payment);
                let left = own.as_ref().map_or(Money::ZERO, |movement| movement.amount);
                subtract_newest_first(own.into_iter(), sources.total());
                subtract_newest_first(
                    self.disbursements.values_mut().rev(),
                    sources.total().minus(left).unwrap_or_default(),
                );
                self.disbursements
                    .retain(|number, movement| number != payment || !movement.amount.is_zero());
                self.uncommit(released.total());
            }
            _ => {}
        }
    }

    /// Whether the published part differs.
    fn differs_publicly(&self, other: &Self) -> bool {
        let published = |grant: &Self| Self {
            unaccepted: BTreeMap::new(),
            ..grant.clone()
        };
        published(self) != published(other)
    }

    fn commit(&mut self, event: &RecordedEvent, amount: Money) {
        self.commitments_made += 1;
        self.commitments.insert(
            self.commitments_made,
            Movement {
                on: event.recorded_on(),
                amount,
            },
        );
    }

    fn uncommit(&mut self, amount: Money) {
        self.came_back |= !amount.is_zero();
        subtract_newest_first(self.commitments.values_mut().rev(), amount);
    }
}

impl PublishedRow {
    /// The id of the row that an event affects, if any.
    #[must_use]
    pub fn affected_id(event: &RecordedEvent) -> Option<String> {
        PublishedProjection::affected_rows(event).map(|touches| touches.id)
    }

    /// The row after an event. `None` if the event changes nothing in it.
    #[must_use]
    pub fn apply(row: Option<Self>, event: &RecordedEvent) -> Option<Self> {
        PublishedProjection::project(event, row, None)
    }
}

/// Subtracts an amount from movements, the newest first. Open data has no negative amounts.
fn subtract_newest_first<'a>(newest_first: impl Iterator<Item = &'a mut Movement>, amount: Money) {
    let mut left = amount;
    for movement in newest_first {
        let taken = movement.amount.min(left);
        movement.amount = movement.amount.minus(taken).unwrap_or_default();
        left = left.minus(taken).unwrap_or_default();
    }
}

pub(in crate::projections) struct PublishedProjection;

impl Projection for PublishedProjection {
    const NAME: &'static str = "published";
    const SCHEMA_VERSION: i64 = 4;
    type Row = PublishedRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        use ApplicationEvent as A;
        let kind = match &event.event {
            Event::Organisation(
                OrganisationEvent::OrganisationFounded { .. }
                | OrganisationEvent::SignsAdopted { .. }
                | OrganisationEvent::ThemesAdopted { .. },
            ) => "organisation",
            Event::Fund(FundEvent::FundCreated { .. } | FundEvent::RoundPlanned { .. }) => "fund",
            Event::Group(
                GroupEvent::GroupRegistered { .. }
                | GroupEvent::GroupCorrected { .. }
                | GroupEvent::IdentifierRecorded { .. },
            ) => "group",
            Event::Application(
                A::ApplicationSubmitted { .. } | A::ApplicationResubmitted { .. },
            )
            | Event::Grant(_) => "grant",
            _ => return None,
        };
        Some(AffectedRows::one(&format_args!("{kind}/{}", event.stream)))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<PublishedRow>,
        _: Option<PublishedRow>,
    ) -> Option<PublishedRow> {
        match &event.event {
            Event::Organisation(happened) => organisation(happened, row),
            Event::Fund(happened) => fund(event.stream, happened, row),
            Event::Group(happened) => group(event, happened, row),
            Event::Application(happened) => {
                use ApplicationEvent as A;
                let (A::ApplicationSubmitted { requested, .. }
                | A::ApplicationResubmitted { requested, .. }) = happened
                else {
                    return None;
                };
                let mut grant = grant_or_new(event, row);
                grant.applied_for = Some(*requested);
                Some(PublishedRow::Grant(Box::new(grant)))
            }
            Event::Grant(happened) => {
                let before = grant_or_new(event, row);
                let mut grant = before.clone();
                grant.apply(event, happened);
                if grant == before {
                    return None;
                }
                if grant.differs_publicly(&before) {
                    grant.modified = event.recorded_at;
                }
                Some(PublishedRow::Grant(Box::new(grant)))
            }
            Event::Person(_)
            | Event::Gathering(_)
            | Event::Asset(_)
            | Event::Introduction(_)
            | Event::Barrier(_) => None,
        }
    }
}

fn grant_or_new(event: &RecordedEvent, row: Option<PublishedRow>) -> PublishedGrant {
    match row {
        Some(PublishedRow::Grant(grant)) => *grant,
        _ => PublishedGrant {
            id: event.stream,
            modified: event.recorded_at,
            ..PublishedGrant::default()
        },
    }
}

fn organisation(happened: &OrganisationEvent, row: Option<PublishedRow>) -> Option<PublishedRow> {
    match (happened, row) {
        (OrganisationEvent::OrganisationFounded { name, .. }, _) => {
            Some(PublishedRow::Organisation {
                name: name.to_string(),
                signs: Vec::new(),
                themes: Vec::new(),
            })
        }
        (
            OrganisationEvent::SignsAdopted { signs, .. },
            Some(PublishedRow::Organisation { name, themes, .. }),
        ) => Some(PublishedRow::Organisation {
            name,
            signs: signs.clone(),
            themes,
        }),
        (
            OrganisationEvent::ThemesAdopted {
                themes: adopted, ..
            },
            Some(PublishedRow::Organisation {
                name,
                signs,
                themes,
            }),
        ) => Some(PublishedRow::Organisation {
            name,
            signs,
            themes: with_former(adopted, &themes),
        }),
        _ => None,
    }
}

fn fund(id: Uuid, happened: &FundEvent, row: Option<PublishedRow>) -> Option<PublishedRow> {
    match (happened, row) {
        (FundEvent::FundCreated { name, .. }, _) => Some(PublishedRow::Fund {
            id,
            name: name.to_string(),
            rounds: BTreeMap::new(),
        }),
        (
            FundEvent::RoundPlanned {
                round,
                name: called,
                ..
            },
            Some(PublishedRow::Fund {
                name, mut rounds, ..
            }),
        ) => {
            rounds.insert(round.clone(), called.to_string());
            Some(PublishedRow::Fund { id, name, rounds })
        }
        _ => None,
    }
}

fn group(
    event: &RecordedEvent,
    happened: &GroupEvent,
    row: Option<PublishedRow>,
) -> Option<PublishedRow> {
    let (id, modified) = (event.stream, event.recorded_at);
    match (happened, row) {
        (GroupEvent::GroupRegistered { name, area, .. }, _) => Some(PublishedRow::Group {
            id,
            name: name.to_string(),
            identifiers: BTreeSet::new(),
            area: Some(area.clone()),
            modified,
        }),
        (
            GroupEvent::GroupCorrected { name, area, .. },
            Some(PublishedRow::Group { identifiers, .. }),
        ) => Some(PublishedRow::Group {
            id,
            name: name.to_string(),
            identifiers,
            area: Some(area.clone()),
            modified,
        }),
        (
            GroupEvent::IdentifierRecorded { identifier, .. },
            Some(PublishedRow::Group {
                name,
                mut identifiers,
                area,
                ..
            }),
        ) => {
            identifiers.insert(identifier.clone());
            Some(PublishedRow::Group {
                id,
                name,
                identifiers,
                area,
                modified,
            })
        }
        _ => None,
    }
}
