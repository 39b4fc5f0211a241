//! Who acted: events name the person who gave the command, and people act in roles that they hold.

use uuid::Uuid;

use super::{Broken, LogState, RuleRoom};
use crate::domain::{
    ApplicationEvent, Event, FundEvent, GrantEvent, GroupEvent, IntroductionEvent,
    OrganisationEvent, PersonEvent, PersonId, Rule,
};
use crate::eventlog::recorded_event::{Metadata, RecordedEvent};

#[derive(Default)]
pub(super) struct Actors {
    /// The command of the last event, and the metadata of its first event. Its roles are those
    /// before that event.
    command: Option<(Uuid, Metadata)>,
}

impl RuleRoom for Actors {
    fn rules(&self) -> &'static [Rule] {
        &[Rule::ActorNamed, Rule::RoleHeld]
    }

    fn check(&mut self, event: &RecordedEvent, before: &LogState, broken: &mut Broken<'_>) {
        let is_first = self.begins_command(event, broken);
        let author = author_of(&event.event);
        let Some(actor) = LogState::actor(event) else {
            return check_service(event, author, broken);
        };
        if let Some(author) = author {
            broken.unless(
                author == actor,
                Rule::ActorNamed,
                format!("the event names {author}, and {actor} gave the command"),
            );
        }
        let is_unnamed = before.has_people_rules() && registers_unnamed(event, actor);
        let says = format!("{actor} registered another person, and is not named");
        broken.unless(!is_unnamed, Rule::ActorNamed, says);
        let claimed = event.metadata.get("roles").filter(|_| is_first);
        let held = before.organisation().roles_of(actor);
        for role in claimed.unwrap_or_default().split_whitespace() {
            let holds = held.iter().any(|held| <&str>::from(*held) == role);
            broken.unless(
                holds,
                Rule::RoleHeld,
                format!("{actor} acted as {role}, a role that they did not hold"),
            );
        }
    }
}

impl Actors {
    /// Whether an event is the first of its command. Checks that the others have its metadata.
    fn begins_command(&mut self, event: &RecordedEvent, broken: &mut Broken<'_>) -> bool {
        match &self.command {
            Some((command, metadata)) if *command == event.command_id => {
                let says = "the events of one command have different metadata";
                broken.unless(*metadata == event.metadata, Rule::RoleHeld, says);
                false
            }
            _ => {
                self.command = Some((event.command_id, event.metadata.clone()));
                true
            }
        }
    }
}

/// Whether a person registers another and the event does not name them.
fn registers_unnamed(event: &RecordedEvent, actor: PersonId) -> bool {
    let is_unnamed = matches!(
        &event.event,
        Event::Person(PersonEvent::PersonRegistered {
            registered_by: None,
            ..
        })
    );
    is_unnamed && actor.0 != event.stream
}

/// The operator and jobs act for nobody, and in no role.
fn check_service(event: &RecordedEvent, author: Option<PersonId>, broken: &mut Broken<'_>) {
    let says = "the event names a person, and the operator or a job gave the command";
    broken.unless(author.is_none(), Rule::ActorNamed, says);
    let says = "the operator or a job acted in a role of people";
    let has_roles = event.metadata.get("roles").is_some();
    broken.unless(!has_roles, Rule::RoleHeld, says);
}

/// The person whom an event names as the one who acted.
fn author_of(event: &Event) -> Option<PersonId> {
    match event {
        Event::Organisation(event) => of_organisation(event),
        Event::Person(event) => of_person(event),
        Event::Fund(event) => of_fund(event),
        Event::Group(event) => of_group(event),
        Event::Application(event) => of_application(event),
        Event::Grant(event) => of_grant(event),
        Event::Gathering(_) | Event::Asset(_) | Event::Barrier(_) => None,
        Event::Introduction(event) => of_introduction(event),
    }
}

fn of_organisation(event: &OrganisationEvent) -> Option<PersonId> {
    use OrganisationEvent as E;
    match event {
        E::RoleProposed { proposed_by, .. }
        | E::MailTextProposed { proposed_by, .. }
        | E::SettingsProposed { proposed_by, .. }
        | E::WebhookProposed { proposed_by, .. } => Some(*proposed_by),
        E::RoleConfirmed { confirmed_by, .. } | E::WebhookConfirmed { confirmed_by, .. } => {
            Some(*confirmed_by)
        }
        E::MailTextPublished {
            proposed_by,
            confirmed_by,
            ..
        } => confirmed_by.or(*proposed_by),
        E::SettingsSet { set_by, .. } => Some(*set_by),
        E::MailTextRefused { by, .. } | E::SettingsRefused { by, .. } => Some(*by),
        E::StatementShared { shared_by, .. } => Some(*shared_by),
        _ => None,
    }
}

fn of_person(event: &PersonEvent) -> Option<PersonId> {
    use PersonEvent as E;
    match event {
        E::PersonRegistered { registered_by, .. } => *registered_by,
        E::ConsentGiven { keyed_by, .. } | E::ConsentTakenBack { keyed_by, .. } => *keyed_by,
        E::ContactChangeProposed { proposed_by, .. } => Some(*proposed_by),
        E::ContactChanged {
            changed_by,
            confirmed_by,
            ..
        } => confirmed_by.or(*changed_by),
        E::ContactChangeRefused { by, .. }
        | E::PersonTold { by, .. }
        | E::TellingTakenBack { by, .. }
        | E::EmailedInstead { by, .. } => Some(*by),
        _ => None,
    }
}

fn of_introduction(event: &IntroductionEvent) -> Option<PersonId> {
    use IntroductionEvent as E;
    match event {
        E::IntroductionAgreed { keyed_by, .. }
        | E::IntroductionWelcomed { keyed_by, .. }
        | E::IntroductionDeclined { keyed_by, .. }
        | E::IntroductionTakenBack { keyed_by, .. } => *keyed_by,
        _ => None,
    }
}

fn of_fund(event: &FundEvent) -> Option<PersonId> {
    use FundEvent as E;
    match event {
        E::RulesProposed { proposed_by, .. } => Some(*proposed_by),
        E::RulesConfirmed { confirmed_by, .. } => Some(*confirmed_by),
        E::RulesRefused { by, .. } | E::BankFileMade { by, .. } => Some(*by),
        _ => None,
    }
}

/// A member who joins is added by the person who invited them, so `MemberAdded` names another.
fn of_group(event: &GroupEvent) -> Option<PersonId> {
    use GroupEvent as E;
    match event {
        E::GroupCorrectionProposed { by, .. } | E::GroupCorrectionRefused { by, .. } => Some(*by),
        E::MemberInvited { invited_by, .. } => Some(*invited_by),
        E::PayeeProvided { keyed_by, .. } => Some(*keyed_by),
        E::PayeeVerified { verified_by, .. } => Some(*verified_by),
        E::FileKept { kept_by, .. } => Some(*kept_by),
        E::FileRemoved { removed_by, .. } => Some(*removed_by),
        E::GroupMerged { merged_by, .. } => *merged_by,
        _ => None,
    }
}

/// An interest can follow from help that another person confirmed, so `InterestDeclared` names the
/// helper.
fn of_application(event: &ApplicationEvent) -> Option<PersonId> {
    use ApplicationEvent as E;
    match event {
        E::ApplicationStarted { started_by, .. } => *started_by,
        E::AnswersSaved { keyed_by, .. } => *keyed_by,
        E::HelpConfirmed { by, .. }
        | E::HelpRefused { by, .. }
        | E::EligibilityConfirmed { by, .. }
        | E::EligibilityRefused { by, .. }
        | E::EligibilityTakenBack { by }
        | E::NoInterestDeclared { by, .. }
        | E::ScoreGiven { by, .. }
        | E::ScoreRevised { by, .. }
        | E::AttendanceConfirmed { by, .. }
        | E::ReviewDecided { by, .. } => Some(*by),
        _ => None,
    }
}

fn of_grant(event: &GrantEvent) -> Option<PersonId> {
    use GrantEvent as E;
    match event {
        E::AgreementAccepted { read_by, .. } => *read_by,
        E::ReminderSent { by, .. } => *by,
        E::PaymentPrepared { prepared_by, .. } => Some(*prepared_by),
        E::PaymentApproved { approved_by, .. } => Some(*approved_by),
        E::RevocationConfirmed { by, .. }
        | E::AgreementSigned { by, .. }
        | E::CheckRequested { by, .. }
        | E::CheckPassed { by, .. }
        | E::CheckFailed { by, .. }
        | E::WaiverProposed { by, .. }
        | E::CheckWaived { by, .. }
        | E::ScheduleProposed { by, .. }
        | E::EarlyPaymentProposed { by, .. }
        | E::EarlyPaymentConfirmed { by, .. }
        | E::VariationRequested { by, .. }
        | E::VariationApproved { by, .. }
        | E::VariationRefused { by, .. }
        | E::OutcomeJudged { by, .. }
        | E::ReturnWaiverProposed { by, .. }
        | E::ReturnWaived { by, .. }
        | E::EntryUnsettled { by, .. }
        | E::SettlementProposed { by, .. }
        | E::EntrySettled { by, .. }
        | E::AttendanceConfirmed { by, .. } => Some(*by),
        _ => None,
    }
}
