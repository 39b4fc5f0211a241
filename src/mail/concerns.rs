//! Mail triggers: the events that cause a mail to a group or a person, apart from access notices.

use uuid::Uuid;

use crate::domain::mail::MailKind;
use crate::domain::{ApplicationEvent, Event, GrantEvent, PersonEvent, PersonId};
use crate::log::record::Recorded;

/// The mail that an event causes.
pub(super) struct Concern {
    pub(super) kind: MailKind,
    pub(super) readers: Readers,
}

/// Recipients of a mail.
pub(super) enum Readers {
    /// Members of the group of an application, or of the grant with the same id.
    GroupOf(Uuid),
    Person(PersonId),
}

/// The mail that an event causes, if any.
pub(super) fn of(event: &Recorded) -> Option<Concern> {
    let (kind, readers) = match &event.event {
        Event::Application(happened) => (of_application(happened)?, Readers::GroupOf(event.stream)),
        Event::Grant(happened) => (of_grant(happened)?, Readers::GroupOf(event.stream)),
        Event::Person(PersonEvent::ContactChanged {
            replaced: Some(_), ..
        }) => (
            MailKind::ContactChanged,
            Readers::Person(PersonId(event.stream)),
        ),
        _ => return None,
    };
    Some(Concern { kind, readers })
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
        E::DraftReminded { .. } => MailKind::DraftClosing,
        E::DraftReopened {} => MailKind::DraftReopened,
        _ => return None,
    })
}

fn of_grant(event: &GrantEvent) -> Option<MailKind> {
    use GrantEvent as E;
    Some(match event {
        E::GrantOffered { waits: false, .. } | E::OfferSent { .. } => MailKind::Offered,
        E::OfferLapsed {} | E::OfferWithdrawn { .. } => MailKind::OfferEnded,
        E::CheckRequested { .. } => MailKind::CheckRequested,
        E::PaymentSent { .. } => MailKind::Paid,
        E::ReminderSent { .. } => MailKind::UpdateDue,
        E::UpdateQueried { .. } => MailKind::UpdateQueried,
        E::ReturnRequested { .. } => MailKind::ReturnRequested,
        _ => return None,
    })
}
