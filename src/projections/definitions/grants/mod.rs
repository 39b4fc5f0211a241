//! Grants from the offer to the close.

mod check;
mod news;
mod returns;
mod revocation;
mod schedule;
mod story;
mod variation;

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::grant::GrantState;
use crate::domain::grant_sums::GrantSums;
use crate::domain::text::Slug;
use crate::domain::{Event, FundId, GrantEvent, GroupId, Money, PersonId};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::projections::{AffectedRows, Moment, Projection, Waiting};
pub use check::CheckRow;
use check::outstanding_checks;
pub use news::NewsRow;
use returns::minus_or_zero;
pub use returns::{ProposedSettlementRow, UnsettledEntryRow};
pub use revocation::RevocationRow;
pub use schedule::{InstalmentRow, ProposedScheduleRow};
pub use story::StoryRow;
pub use variation::VariationRow;

/// A grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = GrantRecord)]
pub struct GrantRow {
    pub id: Uuid,
    pub version: i64,
    #[schema(value_type = String, format = "date-time")]
    pub created_at: Moment,
    #[schema(value_type = String, format = "date-time")]
    pub updated_at: Moment,
    pub state: GrantState,
    pub fund: FundId,
    pub round: Slug,
    pub group: GroupId,
    pub area: Slug,
    /// The theme that the application named; absent if it named none, or if an earlier version of
    /// the service recorded the offer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub theme: Option<Slug>,
    pub title: String,
    pub description: String,
    /// The amount awarded with the offer.
    pub offered: Money,
    /// Awarded by the panel, with what later changes made of it: committed, and what was returned.
    #[serde(default)]
    pub awarded: Money,
    /// Held for the grant: awarded, less what was returned.
    #[serde(default)]
    pub committed: Money,
    /// Deprecated: the old name of `committed`.
    pub award: Money,
    /// Sent to the bank, less what failed or was taken back by the bank.
    #[serde(default)]
    pub sent: Money,
    /// Of the sent money, what the bank confirmed that it paid.
    #[serde(default)]
    pub confirmed: Money,
    /// Came back from the group.
    pub returned: Money,
    /// Paid, less returned: confirmed, less what the group returned.
    #[serde(default)]
    pub paid_net: Money,
    /// Deprecated: `sent` less `returned`.
    pub paid: Money,
    /// The payments that the bank has not confirmed yet, and the amount of each.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, Money>)]
    pub at_bank: BTreeMap<u16, Money>,
    /// The amount that the group still owes: unspent or demanded.
    pub due_back: Money,
    pub underspend_due: Money,
    pub clawback_due: Money,
    #[schema(value_type = Option<String>, format = "date")]
    pub return_due_on: Option<Date>,
    /// The amount waived or written off.
    pub waived: Money,
    pub on_hold: bool,
    /// Why it is on hold, or was terminated or withdrawn.
    pub reason: Option<String>,
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
    /// SHA-256 of the issued agreement, in hexadecimal; accepting the agreement names it.
    pub agreement_hash: String,
    pub checks: BTreeMap<Slug, CheckRow>,
    /// Payments in instalments, and the condition that releases each.
    #[schema(value_type = BTreeMap<String, InstalmentRow>)]
    pub instalments: BTreeMap<u16, InstalmentRow>,
    #[schema(value_type = BTreeMap<String, VariationRow>)]
    pub variations: BTreeMap<u16, VariationRow>,
    #[schema(value_type = BTreeMap<String, StoryRow>)]
    pub stories: BTreeMap<u16, StoryRow>,
    /// The group's news, by number. Absent if it has sent none.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(value_type = BTreeMap<String, NewsRow>)]
    pub news: BTreeMap<u16, NewsRow>,
    /// Entries of the bank that two people have not settled yet.
    #[serde(default)]
    #[schema(value_type = BTreeMap<String, UnsettledEntryRow>)]
    pub unsettled: BTreeMap<u16, UnsettledEntryRow>,
    #[serde(default)]
    pub entries_wait: Waiting,
    /// A proposed schedule of payments that awaits confirmation by a second person.
    #[serde(default)]
    pub proposed_schedule: Option<ProposedScheduleRow>,
    /// The number of the last variation that increased the award, needed to confirm attendance at
    /// that decision.
    #[serde(default)]
    pub raised_by: u32,
    /// The person who recorded the increase of the award. `unconfirmed` lists the people named as
    /// present who have not confirmed it.
    #[serde(default)]
    pub recorded_by: Option<PersonId>,
    #[serde(default)]
    pub unconfirmed: BTreeSet<PersonId>,
    /// The offer is sent once the people named as present have confirmed that they decided it.
    #[serde(default)]
    pub offer_waits: bool,
    /// The day on which the offer goes out, while its letter is held. The group does not see the
    /// grant until then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "date")]
    pub letters_on: Option<Date>,
    /// A revocation that takes effect once the people named as present confirm it. Absent for a
    /// member of the group.
    #[serde(default)]
    pub revocation: Option<RevocationRow>,
}

pub(in crate::projections) struct GrantsProjection;

impl Projection for GrantsProjection {
    const NAME: &'static str = "grants";
    const SCHEMA_VERSION: i64 = 6;
    type Row = GrantRow;

    fn affected_rows(event: &RecordedEvent) -> Option<AffectedRows> {
        matches!(event.event, Event::Grant(_)).then(|| AffectedRows::of_stream(event))
    }

    fn project(
        event: &RecordedEvent,
        row: Option<GrantRow>,
        _: Option<GrantRow>,
    ) -> Option<GrantRow> {
        let Event::Grant(happened) = &event.event else {
            return None;
        };
        let mut row = match happened {
            GrantEvent::GrantOffered { .. } => offered_row(event, happened)?,
            _ => row?,
        };
        (row.version, row.updated_at) = (event.sequence, Moment::of(event));
        row.apply(happened);
        row.apply_revocation(happened);
        row.set_sums();
        Some(row)
    }
}

fn offered_row(event: &RecordedEvent, happened: &GrantEvent) -> Option<GrantRow> {
    let GrantEvent::GrantOffered {
        fund,
        round,
        group,
        area,
        sources,
        title,
        description,
        expires_on,
        ends_on,
        update_due_on,
        waits,
        letters_on,
        ..
    } = happened
    else {
        return None;
    };
    Some(GrantRow {
        id: event.stream,
        version: event.sequence,
        created_at: Moment::of(event),
        updated_at: Moment::of(event),
        state: GrantState::Offered,
        fund: *fund,
        round: round.clone(),
        group: *group,
        area: area.clone(),
        theme: theme_of(happened),
        title: title.to_string(),
        description: description.to_string(),
        offered: sources.total(),
        awarded: sources.total(),
        committed: sources.total(),
        award: sources.total(),
        sent: Money::ZERO,
        confirmed: Money::ZERO,
        returned: Money::ZERO,
        paid_net: Money::ZERO,
        paid: Money::ZERO,
        at_bank: BTreeMap::new(),
        due_back: Money::ZERO,
        underspend_due: Money::ZERO,
        clawback_due: Money::ZERO,
        return_due_on: None,
        waived: Money::ZERO,
        on_hold: false,
        reason: None,
        offered_on: event.recorded_on(),
        expires_on: *expires_on,
        ends_on: *ends_on,
        update_due_on: *update_due_on,
        final_update: None,
        agreement_version: 0,
        agreement_hash: String::new(),
        checks: outstanding_checks(happened),
        instalments: BTreeMap::new(),
        variations: BTreeMap::new(),
        stories: BTreeMap::new(),
        news: BTreeMap::new(),
        unsettled: BTreeMap::new(),
        entries_wait: Waiting::Nothing,
        proposed_schedule: None,
        raised_by: 0,
        recorded_by: None,
        unconfirmed: BTreeSet::new(),
        offer_waits: *waits,
        letters_on: *letters_on,
        revocation: None,
    })
}

fn theme_of(offered: &GrantEvent) -> Option<Slug> {
    match offered {
        GrantEvent::GrantOffered { theme, .. } => theme.clone(),
        _ => None,
    }
}

impl GrantRow {
    /// Whether members of the group may know of the grant: not while its letter is held, nor after
    /// the award was taken back.
    #[must_use]
    pub fn is_shown_to_group(&self) -> bool {
        self.letters_on.is_none() && self.state != GrantState::TakenBack
    }

    /// Sets the sums that follow from others. See `docs/reference/sums.md`.
    fn set_sums(&mut self) {
        self.committed = self.award;
        self.sent = self.paid.plus(self.returned);
        let sums = GrantSums::of_grant(self.award, [self.sent, self.confirmed, self.returned]);
        let money = |pence: i64| Money::from_pence(u64::try_from(pence).unwrap_or_default());
        self.awarded = money(sums.awarded());
        self.paid_net = money(sums.paid_net());
    }

    fn apply_letter(&mut self, happened: &GrantEvent) {
        match happened {
            GrantEvent::LetterMoved {
                letters_on,
                expires_on,
            } => (self.letters_on, self.expires_on) = (Some(*letters_on), *expires_on),
            GrantEvent::LetterReleased {} => self.letters_on = None,
            _ => {
                self.letters_on = None;
                self.end_offer(GrantState::TakenBack);
            }
        }
    }

    fn apply(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        use GrantState as S;
        match happened {
            E::AgreementIssued { version, hash, .. } => {
                self.agreement_version = *version;
                self.agreement_hash.clone_from(hash);
            }
            E::AgreementAccepted { .. } => self.state = S::Accepted,
            E::LetterMoved { .. } | E::LetterReleased {} | E::AwardTakenBack {} => {
                self.apply_letter(happened);
            }
            E::OfferDeclined {} => self.end_offer(S::OfferDeclined),
            E::OfferLapsed {} => self.end_offer(S::OfferLapsed),
            E::OfferWithdrawn { reason, .. } => {
                self.reason = Some(reason.to_string());
                self.end_offer(S::OfferWithdrawn);
            }
            E::PaymentSent { .. }
            | E::PaymentConfirmed { .. }
            | E::PaymentFailed { .. }
            | E::PaymentReversed { .. } => {
                self.apply_payment(happened);
            }
            E::UpdateRequested {
                update, last: true, ..
            } => self.final_update = Some(*update),
            E::UpdateReceived { update, .. } | E::UpdateExcused { update, .. }
                if self.final_update == Some(*update) =>
            {
                if self.state != S::Terminated {
                    self.state = S::Reported;
                }
            }
            E::GrantHeld { reason, .. } => {
                (self.on_hold, self.reason) = (true, Some(reason.to_string()));
            }
            E::GrantResumed {} => (self.on_hold, self.reason) = (false, None),
            E::GrantTerminated {
                reason, released, ..
            } => {
                self.award = minus_or_zero(self.award, released.total());
                (self.state, self.reason) = (S::Terminated, Some(reason.to_string()));
                self.drop_unpaid_instalments();
            }
            E::GrantClosed { released, .. } => {
                self.award = minus_or_zero(self.award, released.total());
                self.state = S::Closed;
            }
            E::StoryPublished { .. } | E::StoryWithdrawn { .. } => self.apply_story(happened),
            E::NewsSent { .. } => self.apply_news(happened),
            _ => {
                self.apply_schedule(happened);
                self.apply_settlement(happened);
                self.apply_check(happened);
                self.apply_variation(happened);
                self.apply_return(happened);
            }
        }
    }

    fn apply_payment(&mut self, happened: &GrantEvent) {
        use GrantEvent as E;
        use GrantState as S;
        match happened {
            E::PaymentSent {
                payment, sources, ..
            } => {
                self.paid = self.paid.plus(sources.total());
                self.at_bank.insert(*payment, sources.total());
                if self.state == S::Accepted {
                    self.state = S::Live;
                }
            }
            E::PaymentConfirmed { payment, .. } => {
                let amount = self.at_bank.remove(payment).unwrap_or_default();
                self.confirmed = self.confirmed.plus(amount);
            }
            E::PaymentFailed {
                sources, payment, ..
            } => {
                self.paid = minus_or_zero(self.paid, sources.total());
                self.at_bank.remove(payment);
                self.release_instalment(*payment);
            }
            E::PaymentReversed {
                sources,
                payment,
                released,
                satisfied,
                ..
            } => {
                self.paid = minus_or_zero(self.paid, sources.total());
                self.confirmed = minus_or_zero(self.confirmed, sources.total());
                self.award = minus_or_zero(self.award, released.total());
                self.reduce_dues(satisfied);
                self.release_instalment(*payment);
            }
            _ => {}
        }
    }

    fn end_offer(&mut self, state: GrantState) {
        self.state = state;
        self.award = Money::ZERO;
    }
}
