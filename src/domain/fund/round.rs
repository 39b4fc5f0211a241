//! Rounds: planned → open → closed → deciding → completed. A deadline never moves earlier.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{ExtendRound, Fund, FundCommand, FundEvent, PlanRound};
use crate::domain::id::ApplicationId;
use crate::domain::text::Slug;
use crate::domain::{DecisionContext, Refusal};

/// State of a round.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::IntoStaticStr,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum RoundState {
    Planned,
    Open,
    Closed,
    Deciding,
    Completed,
}

/// A dated call for applications.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Round {
    state: RoundState,
    opens_on: Date,
    closes_on: Date,
    /// The day on which the panel meets, if it is known.
    #[serde(default)]
    panel_meets_on: Option<Date>,
    /// The day by which every group has its answer, if it is promised.
    #[serde(default)]
    hear_by: Option<Date>,
    form: u32,
    /// The reserve list: application by rank.
    reserves: BTreeMap<u16, ApplicationId>,
    /// The letters that are held, by the day of the meeting.
    #[serde(default)]
    letters: BTreeMap<Date, HeldLetters>,
}

/// The letters of one meeting that are held, and the day on which they go out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct HeldLetters {
    pub(super) letters_on: Date,
    pub(super) applications: BTreeSet<ApplicationId>,
}

impl Round {
    /// The version of the form that applicants fill in.
    #[must_use]
    pub fn form(&self) -> u32 {
        self.form
    }

    /// Refuses unless an application that arrived on this day is in time: with
    /// [`Refusal::RoundNotInState`] if the round was never opened or is completed, with
    /// [`Refusal::RoundClosed`] outside its dates.
    pub fn must_accept_on(&self, day: Date) -> Result<(), Refusal> {
        let (opens_on, closes_on) = (self.opens_on, self.closes_on);
        match self.state {
            RoundState::Planned | RoundState::Completed => {
                Err(Refusal::RoundNotInState(self.state.into()))
            }
            _ if day < opens_on || day > closes_on => Err(Refusal::RoundClosed {
                opens_on,
                closes_on,
            }),
            _ => Ok(()),
        }
    }

    /// Refuses unless the round is open and the day is one of its days, with
    /// [`Refusal::RoundNotInState`] or [`Refusal::RoundClosed`].
    pub fn must_be_open_on(&self, today: Date) -> Result<(), Refusal> {
        self.must_be(RoundState::Open)?;
        self.must_accept_on(today)
    }

    #[must_use]
    pub fn opens_on(&self) -> Date {
        self.opens_on
    }

    #[must_use]
    pub fn closes_on(&self) -> Date {
        self.closes_on
    }

    /// The letters of a meeting that are held.
    pub(super) fn held_letters(&self, met_on: Date) -> Option<&HeldLetters> {
        self.letters.get(&met_on)
    }

    #[must_use]
    pub fn is_completed(&self) -> bool {
        self.state == RoundState::Completed
    }

    /// Applies a change of its days, or of those of its letters.
    fn apply_days(&mut self, event: &FundEvent) {
        match event {
            FundEvent::RoundExtended {
                closes_on,
                panel_meets_on,
                hear_by,
                ..
            } => {
                self.closes_on = *closes_on;
                self.panel_meets_on = panel_meets_on.or(self.panel_meets_on);
                self.hear_by = hear_by.or(self.hear_by);
            }
            FundEvent::PanelMet {
                met_on,
                applications,
                letters_on: Some(letters_on),
                ..
            } => {
                let held = self.letters.entry(*met_on).or_insert_with(|| HeldLetters {
                    letters_on: *letters_on,
                    applications: BTreeSet::new(),
                });
                held.applications.extend(applications);
            }
            FundEvent::LettersMoved {
                met_on, letters_on, ..
            } => {
                if let Some(held) = self.letters.get_mut(met_on) {
                    held.letters_on = *letters_on;
                }
            }
            FundEvent::LettersReleased { met_on, .. } => drop(self.letters.remove(met_on)),
            _ => {}
        }
    }

    fn must_be(&self, state: RoundState) -> Result<(), Refusal> {
        if self.state == state {
            Ok(())
        } else {
            Err(Refusal::RoundNotInState(self.state.into()))
        }
    }
}

/// Refuses with [`Refusal::DatesOutOfOrder`] unless the panel meets after the last day, and groups
/// have their answer after both.
fn panel_days_must_follow(
    closes_on: Date,
    panel_meets_on: Option<Date>,
    hear_by: Option<Date>,
) -> Result<(), Refusal> {
    if panel_meets_on.is_some_and(|day| day <= closes_on) {
        return Err(Refusal::DatesOutOfOrder(
            "the panel must meet after the round closes",
        ));
    }
    if hear_by.is_some_and(|day| day <= closes_on) {
        return Err(Refusal::DatesOutOfOrder(
            "groups must hear after the round closes",
        ));
    }
    // `None` is before every day.
    if hear_by.is_some() && hear_by < panel_meets_on {
        return Err(Refusal::DatesOutOfOrder(
            "groups must not hear before the panel meets",
        ));
    }
    Ok(())
}

/// The rounds of one fund, by key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FundRounds(BTreeMap<Slug, Round>);

impl FundRounds {
    pub(super) fn find(&self, round: &Slug) -> Option<&Round> {
        self.0.get(round)
    }

    pub(super) fn first_reserve(&self, round: &Slug) -> Option<u16> {
        self.find(round)?.reserves.keys().next().copied()
    }

    pub(super) fn is_reserved(&self, round: &Slug, rank: u16, application: ApplicationId) -> bool {
        self.find(round)
            .is_some_and(|round| round.reserves.get(&rank) == Some(&application))
    }

    pub(super) fn rank_must_be_free(&self, round: &Slug, rank: u16) -> Result<(), Refusal> {
        let round = self.find(round).ok_or(Refusal::Unknown("round"))?;
        if rank == 0 {
            return Err(Refusal::Unknown("rank"));
        }
        if round.reserves.contains_key(&rank) {
            Err(Refusal::RankTaken(rank))
        } else {
            Ok(())
        }
    }

    fn must_find(&self, round: &Slug, state: RoundState) -> Result<&Round, Refusal> {
        let found = self.find(round).ok_or(Refusal::Unknown("round"))?;
        found.must_be(state)?;
        Ok(found)
    }

    pub(super) fn decide(
        &self,
        command: &FundCommand,
        fund: &Fund,
        facts: &DecisionContext,
    ) -> Result<FundEvent, Refusal> {
        match command {
            FundCommand::PlanRound(plan) => self.plan(plan, facts),
            FundCommand::ExtendRound(extend) => self.extend(extend),
            FundCommand::OpenRound(of) => {
                fund.must_be_open()?;
                self.must_find(&of.round, RoundState::Planned)?;
                Ok(FundEvent::RoundOpened {
                    round: of.round.clone(),
                })
            }
            FundCommand::CloseRound(of) => {
                let round = self.must_find(&of.round, RoundState::Open)?;
                if facts.today <= round.closes_on {
                    return Err(Refusal::RoundOpen(round.closes_on));
                }
                Ok(FundEvent::RoundClosed {
                    round: of.round.clone(),
                })
            }
            FundCommand::StartDeciding(of) => {
                self.must_find(&of.round, RoundState::Closed)?;
                Ok(FundEvent::DecidingStarted {
                    round: of.round.clone(),
                })
            }
            FundCommand::CompleteRound(of) => {
                self.must_find(&of.round, RoundState::Deciding)?;
                Ok(FundEvent::RoundCompleted {
                    round: of.round.clone(),
                })
            }
            _ => Err(Refusal::NoChange),
        }
    }

    fn plan(&self, plan: &PlanRound, facts: &DecisionContext) -> Result<FundEvent, Refusal> {
        if self.find(&plan.round).is_some() {
            return Err(Refusal::Exists("round"));
        }
        if plan.closes_on < plan.opens_on {
            return Err(Refusal::DatesOutOfOrder(
                "the round must close after it opens",
            ));
        }
        panel_days_must_follow(plan.closes_on, plan.panel_meets_on, plan.hear_by)?;
        facts
            .organisation()?
            .form(plan.form)
            .ok_or(Refusal::Unknown("form"))?;
        Ok(FundEvent::RoundPlanned {
            round: plan.round.clone(),
            name: plan.name.clone(),
            opens_on: plan.opens_on,
            closes_on: plan.closes_on,
            panel_meets_on: plan.panel_meets_on,
            hear_by: plan.hear_by,
            form: plan.form,
        })
    }

    fn extend(&self, extend: &ExtendRound) -> Result<FundEvent, Refusal> {
        let round = self.must_find(&extend.round, RoundState::Open)?;
        if extend.closes_on <= round.closes_on {
            return Err(Refusal::DeadlineEarlier(round.closes_on));
        }
        panel_days_must_follow(
            extend.closes_on,
            extend.panel_meets_on.or(round.panel_meets_on),
            extend.hear_by.or(round.hear_by),
        )?;
        Ok(FundEvent::RoundExtended {
            round: extend.round.clone(),
            closes_on: extend.closes_on,
            panel_meets_on: extend.panel_meets_on,
            hear_by: extend.hear_by,
        })
    }

    pub(super) fn apply(&mut self, event: &FundEvent) {
        let (key, state) = match event {
            FundEvent::RoundPlanned {
                round,
                opens_on,
                closes_on,
                panel_meets_on,
                hear_by,
                form,
                ..
            } => {
                let planned = Round {
                    state: RoundState::Planned,
                    opens_on: *opens_on,
                    closes_on: *closes_on,
                    panel_meets_on: *panel_meets_on,
                    hear_by: *hear_by,
                    form: *form,
                    reserves: BTreeMap::new(),
                    letters: BTreeMap::new(),
                };
                self.0.insert(round.clone(), planned);
                return;
            }
            FundEvent::ReserveListed {
                application,
                round,
                rank,
            } => {
                if let Some(found) = self.0.get_mut(round) {
                    found.reserves.insert(*rank, *application);
                }
                return;
            }
            FundEvent::RoundExtended { round, .. }
            | FundEvent::PanelMet { round, .. }
            | FundEvent::LettersMoved { round, .. }
            | FundEvent::LettersReleased { round, .. } => {
                if let Some(found) = self.0.get_mut(round) {
                    found.apply_days(event);
                }
                return;
            }
            FundEvent::ReserveUnlisted { round, rank, .. } => {
                if let Some(found) = self.0.get_mut(round) {
                    found.reserves.remove(rank);
                }
                return;
            }
            FundEvent::RoundOpened { round } => (round, RoundState::Open),
            FundEvent::RoundClosed { round } => (round, RoundState::Closed),
            FundEvent::DecidingStarted { round } => (round, RoundState::Deciding),
            FundEvent::RoundCompleted { round } => (round, RoundState::Completed),
            _ => return,
        };
        if let Some(found) = self.0.get_mut(key) {
            found.state = state;
        }
    }
}
