//! Grants from the offer to the close.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{Projection, Touches};
use crate::domain::grant::GrantState;
use crate::domain::text::Slug;
use crate::domain::{Event, FundId, GrantEvent, GroupId, Money};
use crate::log::record::Recorded;

/// A grant as people see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Grant)]
pub struct GrantRow {
    pub id: Uuid,
    pub version: i64,
    pub state: GrantState,
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub area: Slug,
    pub title: String,
    pub description: String,
    /// What was awarded at the offer.
    pub offered: Money,
    /// What is committed for it now.
    pub award: Money,
    /// What was paid and has not come back.
    pub paid: Money,
    pub returned: Money,
    /// What the group still has to give back.
    pub due_back: Money,
    #[schema(value_type = String, format = "date")]
    pub offered_on: Date,
    #[schema(value_type = String, format = "date")]
    pub expires_on: Date,
    #[schema(value_type = String, format = "date")]
    pub ends_on: Date,
    #[schema(value_type = String, format = "date")]
    pub update_due_on: Date,
    /// The number of the update after which the grant can be closed.
    pub final_update: Option<u16>,
    pub agreement_version: u32,
    /// SHA-256 of the issued agreement: accepting names it.
    pub agreement_hash: String,
    #[schema(value_type = BTreeMap<String, CheckRow>)]
    pub checks: BTreeMap<Slug, CheckRow>,
}

/// Where a check stands, with what was noted last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Check)]
pub struct CheckRow {
    /// `outstanding`, `passed`, `failed`, `waiver_proposed` or `waived`.
    pub state: String,
    pub note: Option<String>,
}

pub(super) struct Grants;

impl Projection for Grants {
    const NAME: &'static str = "grants";
    type Row = GrantRow;

    fn touches(event: &Recorded) -> Option<Touches> {
        matches!(event.event, Event::Grant(_)).then(|| Touches::one(&event.stream))
    }

    fn project(event: &Recorded, row: Option<GrantRow>, _: Option<GrantRow>) -> Option<GrantRow> {
        let Event::Grant(happened) = &event.event else { return None };
        let mut row = match happened {
            GrantEvent::GrantOffered { .. } => offered(event, happened)?,
            _ => row?,
        };
        row.version = event.sequence;
        row.take(happened);
        Some(row)
    }
}

fn offered(event: &Recorded, happened: &GrantEvent) -> Option<GrantRow> {
    let GrantEvent::GrantOffered {
        fund, round, group, area, sources, title, description, checks, expires_on, ends_on, update_due_on, ..
    } = happened
    else {
        return None;
    };
    let outstanding = CheckRow { state: "outstanding".into(), note: None };
    Some(GrantRow {
        id: event.stream,
        version: event.sequence,
        state: GrantState::Offered,
        fund: *fund,
        round: round.clone(),
        group: *group,
        area: area.clone(),
        title: title.to_string(),
        description: description.to_string(),
        offered: sources.total(),
        award: sources.total(),
        paid: Money::ZERO,
        returned: Money::ZERO,
        due_back: Money::ZERO,
        offered_on: event.recorded_on(),
        expires_on: *expires_on,
        ends_on: *ends_on,
        update_due_on: *update_due_on,
        final_update: None,
        agreement_version: 0,
        agreement_hash: String::new(),
        checks: checks.iter().map(|check| (check.clone(), outstanding.clone())).collect(),
    })
}

/// What an event leaves of a figure; the domain saw to it that it holds.
fn less(of: Money, taken: Money) -> Money {
    of.minus(taken).unwrap_or_default()
}

impl GrantRow {
    fn take(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        use GrantState as S;
        match happened {
            E::AgreementIssued { version, hash } => {
                self.agreement_version = *version;
                self.agreement_hash.clone_from(hash);
            }
            E::AgreementAccepted { .. } => self.state = S::Accepted,
            E::OfferDeclined {} => self.end(S::OfferDeclined),
            E::OfferLapsed {} => self.end(S::OfferLapsed),
            E::OfferWithdrawn { .. } => self.end(S::OfferWithdrawn),
            E::CheckPassed { check, note, .. } => self.check(check, "passed", Some(note.to_string())),
            E::CheckFailed { check, note, .. } => self.check(check, "failed", Some(note.to_string())),
            E::WaiverProposed { check, reason, .. } => self.check(check, "waiver_proposed", Some(reason.to_string())),
            E::CheckWaived { check, .. } => {
                let note = self.checks.get(check).and_then(|row| row.note.clone());
                self.check(check, "waived", note);
            }
            E::PaymentSent { sources, .. } => {
                self.paid = self.paid.plus(sources.total());
                if self.state == S::Accepted {
                    self.state = S::Live;
                }
            }
            E::PaymentFailed { sources, .. } => self.paid = less(self.paid, sources.total()),
            E::UpdateRequested { update, last: true, .. } => self.final_update = Some(*update),
            E::UpdateReceived { update, .. } | E::UpdateExcused { update, .. } if self.final_update == Some(*update) => {
                self.state = S::Reported;
            }
            E::UnderspendDeclared { released, due_back, .. } => {
                self.award = less(self.award, released.total());
                self.due_back = self.due_back.plus(*due_back);
            }
            E::ReturnReceived { sources, .. } => {
                let back = sources.total();
                self.award = less(self.award, back);
                self.paid = less(self.paid, back);
                self.due_back = less(self.due_back, back);
                self.returned = self.returned.plus(back);
            }
            E::GrantClosed { released } => {
                self.award = less(self.award, released.total());
                self.state = S::Closed;
            }
            _ => {}
        }
    }

    fn end(&mut self, state: GrantState) {
        self.state = state;
        self.award = Money::ZERO;
    }

    fn check(&mut self, check: &Slug, state: &str, note: Option<String>) {
        self.checks.insert(check.clone(), CheckRow { state: state.to_owned(), note });
    }
}
