//! Funds with their rules and rounds. Their money is in the postings, and their batches are rows of
//! another projection.

use std::borrow::Borrow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::fund::{FundState, RoundState, Rules};
use crate::domain::language::Language;
use crate::domain::text::{Line, Slug};
use crate::domain::{ApplicationId, Event, FundEvent};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection};

/// A fund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = FundRecord)]
pub struct FundRow {
    pub id: Uuid,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: FundState,
    pub name: String,
    pub purpose: String,
    pub areas: BTreeSet<Slug>,
    pub rules: Rules,
    /// Proposed rules that await confirmation by a second person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proposed_rules: Option<Rules>,
    pub rounds: BTreeMap<Slug, RoundRow>,
}

/// A round of a fund.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Round)]
pub struct RoundRow {
    pub name: String,
    pub state: RoundState,
    #[schema(value_type = String, format = "date")]
    pub opens_on: Date,
    #[schema(value_type = String, format = "date")]
    pub closes_on: Date,
    /// The day on which the panel meets, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub panel_meets_on: Option<Date>,
    /// The day by which every group has its answer, if it is promised.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub hear_by: Option<Date>,
    pub form: u32,
    /// The reserve list: applications by rank.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, String>)]
    pub reserves: BTreeMap<u16, ApplicationId>,
    /// The days on which the panel met.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub met_on: BTreeSet<Date>,
    /// The letters that are held, by the day of the meeting.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, HeldLettersRow>)]
    pub letters: BTreeMap<Date, HeldLettersRow>,
}

/// The letters of one meeting that are held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = HeldLetters)]
pub struct HeldLettersRow {
    #[schema(value_type = String, format = "date")]
    pub letters_on: Date,
    /// The applications that the meeting decided. A decision that was taken back has no letter any
    /// more.
    pub applications: BTreeSet<ApplicationId>,
}

pub(in crate::projections) struct FundsProjection;

impl Projection for FundsProjection {
    const NAME: &'static str = "funds";
    const SCHEMA_VERSION: i64 = 4;
    type Row = FundRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Fund(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(event: &RecordedEvent, row: Option<FundRow>, _: Option<FundRow>) -> Option<FundRow> {
        let Event::Fund(happened) = &event.event else {
            return None;
        };
        if let FundEvent::FundCreated {
            name,
            purpose,
            areas,
            rules,
            ..
        } = happened
        {
            return Some(FundRow {
                id: event.stream,
                version: event.sequence,
                created_at: Moment::of(event),
                updated_at: Moment::of(event),
                state: FundState::Draft,
                name: name.to_string(),
                purpose: purpose.to_string(),
                areas: areas.clone(),
                rules: rules.clone(),
                proposed_rules: None,
                rounds: BTreeMap::new(),
            });
        }
        let mut row = row?;
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened);
        Some(row)
    }
}

impl FundRow {
    /// The fund's name in a language, or in English without a translation.
    #[must_use]
    pub fn name_in(&self, language: impl Borrow<Language>) -> &str {
        let translated = self.rules.texts.translation(*language.borrow());
        translated
            .and_then(|translated| translated.name.as_ref())
            .map_or(self.name.as_str(), Line::as_str)
    }

    /// The fund's purpose in a language, and the language that it is written in.
    #[must_use]
    pub fn purpose_in(&self, language: impl Borrow<Language>) -> (&str, Language) {
        let language = *language.borrow();
        let translated = self.rules.texts.translation(language);
        translated
            .and_then(|translated| translated.purpose.as_ref())
            .map_or((self.purpose.as_str(), Language::En), |purpose| {
                (purpose.as_str(), language)
            })
    }

    /// Who the fund is for, and the language that it is written in; `None` if the office wrote
    /// nothing.
    #[must_use]
    pub fn who_in(&self, language: impl Borrow<Language>) -> Option<(&str, Language)> {
        let language = *language.borrow();
        let texts = &self.rules.texts;
        let translated = texts
            .translation(language)
            .and_then(|translated| translated.who.as_ref());
        match translated {
            Some(who) => Some((who.as_str(), language)),
            None => texts.who.as_ref().map(|who| (who.as_str(), Language::En)),
        }
    }

    fn apply(&mut self, happened: &FundEvent) {
        match happened {
            FundEvent::RulesSet { rules, .. } => self.rules = rules.clone(),
            FundEvent::RulesProposed { rules, .. } => self.proposed_rules = Some(rules.clone()),
            FundEvent::RulesConfirmed { rules, .. } => {
                self.rules = rules.clone();
                self.proposed_rules = None;
            }
            FundEvent::RulesRefused { .. } => self.proposed_rules = None,
            FundEvent::FundOpened {} | FundEvent::FundResumed {} => self.state = FundState::Open,
            FundEvent::FundPaused { .. } => self.state = FundState::Paused,
            FundEvent::FundClosed {} => self.state = FundState::Closed,
            FundEvent::FundArchived {} => self.state = FundState::Archived,
            _ => self.apply_round(happened),
        }
    }

    fn apply_round(&mut self, happened: &FundEvent) {
        match happened {
            FundEvent::RoundPlanned {
                round,
                name,
                opens_on,
                closes_on,
                panel_meets_on,
                hear_by,
                form,
            } => {
                let planned = RoundRow {
                    name: name.to_string(),
                    state: RoundState::Planned,
                    opens_on: *opens_on,
                    closes_on: *closes_on,
                    panel_meets_on: *panel_meets_on,
                    hear_by: *hear_by,
                    form: *form,
                    reserves: BTreeMap::new(),
                    met_on: BTreeSet::new(),
                    letters: BTreeMap::new(),
                };
                self.rounds.insert(round.clone(), planned);
            }
            FundEvent::RoundExtended { round, .. }
            | FundEvent::PanelMet { round, .. }
            | FundEvent::LettersMoved { round, .. }
            | FundEvent::LettersReleased { round, .. } => {
                if let Some(found) = self.rounds.get_mut(round) {
                    found.apply_days(happened);
                }
            }
            FundEvent::ReserveListed {
                application,
                round,
                rank,
                ..
            } => {
                if let Some(found) = self.rounds.get_mut(round) {
                    found.reserves.insert(*rank, *application);
                }
            }
            FundEvent::ReserveUnlisted { round, rank, .. } => {
                if let Some(found) = self.rounds.get_mut(round) {
                    found.reserves.remove(rank);
                }
            }
            FundEvent::RoundOpened { round, .. } => self.set_round_state(round, RoundState::Open),
            FundEvent::RoundClosed { round, .. } => self.set_round_state(round, RoundState::Closed),
            FundEvent::DecidingStarted { round, .. } => {
                self.set_round_state(round, RoundState::Deciding);
            }
            FundEvent::RoundCompleted { round, .. } => {
                self.set_round_state(round, RoundState::Completed);
            }
            _ => {}
        }
    }

    fn set_round_state(&mut self, round: &Slug, state: RoundState) {
        if let Some(found) = self.rounds.get_mut(round) {
            found.state = state;
        }
    }
}

impl RoundRow {
    /// Applies a change of its days, or of those of its meetings and letters.
    fn apply_days(&mut self, happened: &FundEvent) {
        match happened {
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
                letters_on,
                ..
            } => {
                self.met_on.insert(*met_on);
                if let Some(letters_on) = letters_on {
                    self.letters
                        .entry(*met_on)
                        .or_insert_with(|| HeldLettersRow {
                            letters_on: *letters_on,
                            applications: BTreeSet::new(),
                        })
                        .applications
                        .extend(applications);
                }
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
}
