//! Variations of a grant: two people agree to each, and the panel decides on money and purpose.

use std::collections::BTreeMap;

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::grant::VariationChanges;
use crate::domain::{Event, GrantEvent, Money, PersonId, Role, Rule};
use crate::eventlog::recorded_event::RecordedEvent;

#[derive(Default)]
pub(super) struct Changes {
    /// By grant and number: a change that was asked for, and by whom, until it is decided.
    asked: BTreeMap<(Uuid, u16), (VariationChanges, PersonId)>,
    /// By grant: the amount by which the current command raises the award, and the position.
    raises: BTreeMap<Uuid, (Money, i64)>,
}

impl RuleRoom for Changes {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ChangeByTwo]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let Event::Grant(happened) = &event.event else {
            return;
        };
        let id = event.stream;
        match happened {
            GrantEvent::VariationRequested {
                variation,
                change,
                by,
                ..
            } => drop(self.asked.insert((id, *variation), (change.clone(), *by))),
            GrantEvent::VariationRefused { variation, .. } => {
                self.asked.remove(&(id, *variation));
            }
            GrantEvent::VariationApproved {
                variation,
                change,
                released,
                more,
                by,
                ..
            } => {
                let asked = self.asked.remove(&(id, *variation));
                let wrong = wrong_people(change, *by, asked, before)
                    .or_else(|| wrong_amount(id, change, *more, released.total(), before));
                if let Some(says) = wrong {
                    broken.report(Rule::ChangeByTwo, says);
                }
                if !more.is_zero() {
                    self.raises.insert(id, (*more, event.position));
                }
            }
            GrantEvent::AwardGrown { sources } => {
                let more = sources.total();
                let approved = self.raises.remove(&id).map(|(approved, _)| approved);
                let says = format!("an award grew by {more}, which nobody had approved");
                broken.unless(approved == Some(more), Rule::ChangeByTwo, says);
            }
            _ => {}
        }
    }

    /// Checks that the award grew by what was approved.
    fn end_command(&mut self, _: &LogState, broken: &mut Broken<'_>) {
        for (grant, (more, position)) in std::mem::take(&mut self.raises) {
            let says = format!("{more} more was approved for the grant {grant}, and not awarded");
            broken.report_at(position, grant, Rule::ChangeByTwo, says);
        }
    }
}

/// What is wrong with the people who asked for a change and who approved it, or with what they
/// agreed to.
fn wrong_people(
    change: &VariationChanges,
    by: PersonId,
    asked: Option<(VariationChanges, PersonId)>,
    before: &LogState,
) -> Option<String> {
    let Some((wanted, asked_by)) = asked else {
        return Some(format!(
            "{by} approved a change of a grant that nobody had asked for"
        ));
    };
    if asked_by == by {
        return Some(format!(
            "{by} asked for a change of a grant and approved it"
        ));
    }
    if wanted != *change {
        return Some(format!(
            "{by} approved another change of a grant than {asked_by} had asked for"
        ));
    }
    let is_only_days = change.amount.is_none() && change.purpose.is_none();
    let may_approve = before.holds_role(by, Role::Panel)
        || (is_only_days && before.holds_role(by, Role::Officer));
    (!may_approve).then(|| format!("{by} approved a change of a grant, and may not decide on it"))
}

/// What is wrong with the money of a change that was approved.
fn wrong_amount(
    grant: Uuid,
    change: &VariationChanges,
    more: Money,
    released: Money,
    before: &LogState,
) -> Option<String> {
    let award = before.grant(grant)?.award().total();
    let wanted = change.amount.unwrap_or(award);
    (award.plus(more) != wanted.plus(released)).then(|| {
        format!(
            "an award of {award} was to become {wanted}, and {more} was added and {released} taken \
             away"
        )
    })
}
