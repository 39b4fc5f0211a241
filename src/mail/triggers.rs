//! Mail triggers: the events that cause a mail to a group or a person, apart from access notices.

use uuid::Uuid;

use super::{MailError, Mailer, derive_id};
use crate::domain::file::FilePurpose;
use crate::domain::gathering::session_number;
use crate::domain::mail::MailKind;
use crate::domain::panel::Decision;
use crate::domain::{
    ApplicationEvent, AssetEvent, BarrierEvent, Event, GatheringEvent, GrantEvent, GroupEvent,
    IntroductionEvent, OrganisationEvent, PersonEvent, PersonId,
};
use crate::eventlog::recorded_event::RecordedEvent;
use crate::outbox::NewMail;

/// The mail that an event causes.
struct MailTrigger {
    kind: MailKind,
    recipients: Recipients,
}

/// Recipients of a mail.
pub(super) enum Recipients {
    /// Members of the group of an application, or of the grant with the same id.
    GroupOfApplication(Uuid),
    Person(PersonId),
    /// Those whom an event of a gathering concerns.
    OfGathering,
    /// Those who raised the barrier of an event.
    OfBarrier,
    /// Those who hold the entry of the directory that an event is about.
    OfAsset,
    /// Members of the group that holds the entry of an introduction.
    HostsOfIntroduction,
    /// The person who is introduced, or members of the group that is.
    Introduced,
}

impl Mailer {
    /// The mails to enqueue for an event: one for each recipient.
    pub(super) async fn triggered_mails(
        &self,
        event: &RecordedEvent,
    ) -> Result<Vec<NewMail>, MailError> {
        let mut mails: Vec<_> = self.new_address_mail(event).into_iter().collect();
        for trigger in mail_trigger(event).into_iter().chain(second_trigger(event)) {
            let recipients = self.trigger_recipients(&trigger.recipients, event).await?;
            let cause = cause_of(trigger.kind, event);
            let mail = |person: PersonId| NewMail {
                id: derive_id(&self.commands, &format!("{cause}/{person}")),
                kind: <&str>::from(trigger.kind).to_owned(),
                person: person.to_string(),
                about: event.position.to_string(),
            };
            mails.extend(recipients.into_iter().map(mail));
        }
        Ok(mails)
    }
}

/// Whether an event causes a mail to the group of its application or grant.
#[must_use]
pub fn writes_to_group(event: &RecordedEvent) -> bool {
    let recipients = mail_trigger(event).map(|trigger| trigger.recipients);
    matches!(recipients, Some(Recipients::GroupOfApplication(_)))
}

/// What a mail's id is derived from. Papers that a person sends on one day, often several in a row,
/// are acknowledged once, and people are thanked for a session once, also if the record of who came
/// is corrected.
fn cause_of(kind: MailKind, event: &RecordedEvent) -> String {
    match kind {
        MailKind::PaperReceived => {
            let kind = <&str>::from(kind);
            format!("{kind}/{}/{}", event.stream, event.recorded_on())
        }
        MailKind::SessionAfter => {
            let session = match &event.event {
                Event::Gathering(happened) => session_number(happened),
                _ => None,
            };
            let kind = <&str>::from(kind);
            format!("{kind}/{}/{}", event.stream, session.unwrap_or_default())
        }
        // The same event also causes a mail to those who hold the entry.
        MailKind::Introduced => format!("{}/{}", <&str>::from(kind), event.position),
        _ => event.position.to_string(),
    }
}

/// The other mail of an event that causes two: those who are introduced hear that it was done.
fn second_trigger(event: &RecordedEvent) -> Option<MailTrigger> {
    let is_made = matches!(
        event.event,
        Event::Introduction(IntroductionEvent::IntroductionMade { .. })
    );
    is_made.then_some(MailTrigger {
        kind: MailKind::Introduced,
        recipients: Recipients::Introduced,
    })
}

/// Whether the person who issued an event's command acted as a member of a group, not as staff.
fn is_by_member(event: &RecordedEvent) -> bool {
    event.metadata.get("roles").is_none()
}

/// The mail that an event causes, if any.
fn mail_trigger(event: &RecordedEvent) -> Option<MailTrigger> {
    let (kind, readers) = match &event.event {
        Event::Application(happened) => (
            application_mail_kind(happened)?,
            Recipients::GroupOfApplication(event.stream),
        ),
        Event::Grant(happened) => (
            grant_mail_kind(happened)?,
            Recipients::GroupOfApplication(event.stream),
        ),
        Event::Gathering(happened) => (gathering_mail_kind(happened)?, Recipients::OfGathering),
        Event::Barrier(BarrierEvent::BarrierAnswered { .. }) => {
            (MailKind::BarrierAnswered, Recipients::OfBarrier)
        }
        Event::Person(PersonEvent::PledgesReminded {}) => (
            MailKind::PledgeDue,
            Recipients::Person(PersonId(event.stream)),
        ),
        Event::Asset(AssetEvent::AssetReminded { .. }) => (MailKind::AssetDue, Recipients::OfAsset),
        Event::Introduction(happened) => introduction_mail(happened)?,
        Event::Organisation(OrganisationEvent::RoleConfirmed { person, .. }) => {
            (MailKind::ColleagueInvited, Recipients::Person(*person))
        }
        Event::Group(GroupEvent::FileKept {
            purpose: FilePurpose::Document,
            kept_by,
            ..
        }) if is_by_member(event) => (MailKind::PaperReceived, Recipients::Person(*kept_by)),
        Event::Person(PersonEvent::ContactChanged {
            replaced: Some(_), ..
        }) => (
            MailKind::ContactChanged,
            Recipients::Person(PersonId(event.stream)),
        ),
        Event::Person(PersonEvent::ErasureRequested {}) => (
            MailKind::ErasureAsked,
            Recipients::Person(PersonId(event.stream)),
        ),
        _ => return None,
    };
    Some(MailTrigger {
        kind,
        recipients: readers,
    })
}

fn application_mail_kind(event: &ApplicationEvent) -> Option<MailKind> {
    use ApplicationEvent as E;
    Some(match event {
        E::ApplicationSubmitted { .. } | E::ApplicationResubmitted { .. } => MailKind::Submitted,
        E::ChangesRequested { .. } => MailKind::ChangesRequested,
        E::EligibilityRefused { .. } => MailKind::Ineligible,
        E::Declined { letter: None, .. } => MailKind::Declined,
        E::Deferred { letter: None, .. } => MailKind::Deferred,
        E::Reserved { letter: None, .. } => MailKind::Reserved,
        E::LetterReleased { decision, .. } => match decision {
            Decision::Decline => MailKind::Declined,
            Decision::Defer => MailKind::Deferred,
            Decision::Reserve => MailKind::Reserved,
            // The offer of the grant has a mail of its own.
            Decision::Award | Decision::Promote => return None,
        },
        E::ReviewDecided { .. } => MailKind::Reviewed,
        E::DraftReminded { .. } => MailKind::DraftClosing,
        E::DraftReopened {} => MailKind::DraftReopened,
        _ => return None,
    })
}

fn grant_mail_kind(event: &GrantEvent) -> Option<MailKind> {
    use GrantEvent as E;
    Some(match event {
        E::GrantOffered { waits: false, .. } | E::OfferSent { .. } => MailKind::Offered,
        E::OfferLapsed {} | E::OfferWithdrawn { .. } => MailKind::OfferEnded,
        E::CheckRequested { .. } => MailKind::CheckRequested,
        E::PaymentSent { .. } => MailKind::Paid,
        E::ReminderSent { .. } => MailKind::UpdateDue,
        E::UpdateQueried { .. } => MailKind::UpdateQueried,
        E::ReturnRequested { .. } => MailKind::ReturnRequested,
        E::AgreementAccepted { .. } => MailKind::AgreementAccepted,
        E::VariationRequested { .. } => MailKind::VariationAsked,
        E::VariationApproved { .. } => MailKind::VariationApproved,
        E::VariationRefused { .. } => MailKind::VariationRefused,
        E::UpdateReceived { .. } | E::NewsSent { .. } => MailKind::UpdateReceived,
        E::UpdateAccepted { .. } => MailKind::UpdateAccepted,
        E::ReturnReceived { .. } => MailKind::ReturnReceived,
        E::GrantTerminated { .. } => MailKind::GrantStopped,
        E::GrantClosed { .. } => MailKind::GrantClosed,
        _ => return None,
    })
}

fn gathering_mail_kind(event: &GatheringEvent) -> Option<MailKind> {
    use GatheringEvent as E;
    Some(match event {
        E::PlaceTaken { waited: false, .. } => MailKind::SignedUp,
        E::PlaceTaken { waited: true, .. } => MailKind::PlaceFree,
        E::WaitingJoined { .. } => MailKind::WaitingJoined,
        E::SessionMoved { .. } => MailKind::SessionMoved,
        E::SessionCancelled { .. } => MailKind::SessionCancelled,
        E::SessionReminded { .. } => MailKind::SessionSoon,
        E::SessionHeld { .. } | E::AttendanceCorrected { .. } => MailKind::SessionAfter,
        E::LeadOffered { .. } => MailKind::LeadOffered,
        _ => return None,
    })
}

fn introduction_mail(event: &IntroductionEvent) -> Option<(MailKind, Recipients)> {
    use IntroductionEvent as E;
    Some(match event {
        E::IntroductionMade { .. } | E::IntroductionReminded { .. } => {
            (MailKind::IntroductionAsks, Recipients::HostsOfIntroduction)
        }
        E::IntroductionWelcomed { .. } | E::IntroductionDeclined { .. } => {
            (MailKind::IntroductionAnswered, Recipients::Introduced)
        }
        _ => return None,
    })
}
