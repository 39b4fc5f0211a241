//! Which events a group is written to about.

use uuid::Uuid;

use crate::domain::mail::MailKind;
use crate::domain::{ApplicationEvent, Event, GrantEvent};
use crate::log::record::Recorded;

/// What a mail is about. A grant has the id of the application that it came from.
pub(super) struct Concern {
    pub(super) kind: MailKind,
    pub(super) application: Uuid,
}

pub(super) fn of(event: &Recorded) -> Option<Concern> {
    let kind = match &event.event {
        Event::Application(happened) => of_application(happened),
        Event::Grant(happened) => of_grant(happened),
        _ => None,
    }?;
    Some(Concern { kind, application: event.stream })
}

fn of_application(event: &ApplicationEvent) -> Option<MailKind> {
    use ApplicationEvent as E;
    Some(match event {
        E::ApplicationSubmitted { .. } | E::ApplicationResubmitted { .. } => MailKind::Submitted,
        E::ChangesRequested { .. } => MailKind::ChangesRequested,
        E::EligibilityRefused { .. } => MailKind::Ineligible,
        E::Declined { .. } => MailKind::Declined,
        E::Deferred { .. } => MailKind::Deferred,
        E::Reserved { .. } => MailKind::Reserved,
        E::ReviewDecided { .. } => MailKind::Reviewed,
        _ => return None,
    })
}

fn of_grant(event: &GrantEvent) -> Option<MailKind> {
    use GrantEvent as E;
    Some(match event {
        E::GrantOffered { .. } => MailKind::Offered,
        E::OfferLapsed {} | E::OfferWithdrawn { .. } => MailKind::OfferEnded,
        E::CheckRequested { .. } => MailKind::CheckRequested,
        E::PaymentSent { .. } => MailKind::Paid,
        E::ReminderSent { .. } => MailKind::UpdateDue,
        E::UpdateQueried { .. } => MailKind::UpdateQueried,
        E::ReturnRequested { .. } => MailKind::ReturnRequested,
        _ => return None,
    })
}
