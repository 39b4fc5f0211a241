//! Policies: commands that an event triggers on other aggregates, in the same append. For example,
//! an award commits money in the fund, and the commitment offers the grant.
//!
//! All events of a chain are appended together, or none: if a triggered command is refused, the
//! first command is refused.

use jiff::civil::Date;
use uuid::Uuid;

use super::application::{ApplicationState, LetterDay, MeetingDay, MeetingItem};
use super::command::NoBody;
use super::fund::{Commit, ReserveEntry, Uncommit};
use super::funding_source::FundingSplit;
use super::gathering::StepDown;
use super::grant::{AwardIncrease, BatchedPayment, Offer, OfferDay};
use super::group::{AbsorbGroup, GrantEnd, GrantRef, MemberRef, PassedCheck};
use super::panel::{Decision, HeldLetter};
use super::unproven::UnprovenActivity;
use super::{
    Aggregate, Application, ApplicationCommand, ApplicationEvent, ApplicationId, Asset, AssetEvent,
    Command, Event, Fund, FundCommand, FundEvent, FundId, Gathering, GatheringCommand,
    GatheringEvent, GatheringId, Grant, GrantCommand, GrantEvent, GrantId, Group, GroupCommand,
    GroupEvent, GroupId, Organisation, Person, PersonCommand, PersonEvent, PersonId,
};

/// An aggregate whose events trigger commands on other aggregates.
pub trait FollowUps: Aggregate<Event: Into<Event>> {
    /// The commands that an event triggers. `self` is the state before the command, `_after` the
    /// state after all its events.
    fn follow_ups(
        &self,
        _id: Uuid,
        _command: &Self::Command,
        _event: &Self::Event,
        _after: &Self,
    ) -> Vec<Command> {
        Vec::new()
    }
}

impl FollowUps for Person {
    fn follow_ups(
        &self,
        id: Uuid,
        command: &PersonCommand,
        event: &PersonEvent,
        _: &Self,
    ) -> Vec<Command> {
        after_person_event(PersonId(id), self, command, event)
    }
}

impl FollowUps for Fund {
    fn follow_ups(
        &self,
        id: Uuid,
        command: &FundCommand,
        event: &FundEvent,
        _: &Self,
    ) -> Vec<Command> {
        after_fund_event(FundId(id), command, event)
    }
}

impl FollowUps for Grant {
    fn follow_ups(&self, id: Uuid, _: &GrantCommand, event: &GrantEvent, _: &Self) -> Vec<Command> {
        after_grant_event(GrantId(id), self, event)
    }
}

impl FollowUps for Group {
    fn follow_ups(
        &self,
        id: Uuid,
        command: &GroupCommand,
        event: &GroupEvent,
        _: &Self,
    ) -> Vec<Command> {
        after_group_event(GroupId(id), command, event)
    }
}

impl FollowUps for Application {
    fn follow_ups(
        &self,
        id: Uuid,
        _: &ApplicationCommand,
        event: &ApplicationEvent,
        after: &Self,
    ) -> Vec<Command> {
        after_application_event(ApplicationId(id), self, event, after)
    }
}

/// An organisation's events trigger nothing.
impl FollowUps for Organisation {}

impl FollowUps for Gathering {
    fn follow_ups(
        &self,
        id: Uuid,
        _: &GatheringCommand,
        event: &GatheringEvent,
        _: &Self,
    ) -> Vec<Command> {
        after_gathering_event(GatheringId(id), event)
    }
}

/// What happens to an entry of the directory triggers nothing.
impl FollowUps for Asset {}

/// Commands that an event of a gathering triggers. None of them moves money. A sign-up counts for a
/// person whose address is not proven; a place that they waited for was counted when they joined.
fn after_gathering_event(gathering: GatheringId, event: &GatheringEvent) -> Vec<Command> {
    match event {
        GatheringEvent::PlaceTaken {
            session,
            person,
            waited: false,
            ..
        }
        | GatheringEvent::WaitingJoined {
            session, person, ..
        } => {
            let session = *session;
            let begun = UnprovenActivity::SignUp { gathering, session };
            vec![count_unproven(*person, begun)]
        }
        _ => Vec::new(),
    }
}

/// Commands that an event of an application triggers.
fn after_application_event(
    id: ApplicationId,
    before: &Application,
    event: &ApplicationEvent,
    after: &Application,
) -> Vec<Command> {
    let Some(place) = after.target() else {
        return Vec::new();
    };
    let on_fund = |command| Command::Fund(place.fund, command);
    let mut following = Vec::new();
    // An award can carry a summary, which is recorded first. Only the award takes the application
    // off the reserve list.
    let is_decisive = !matches!(event, ApplicationEvent::PublicSummaryWritten { .. });
    if let Some(rank) = before.reserve_rank()
        && is_decisive
        && after.state() != ApplicationState::ReserveList
    {
        following.push(on_fund(FundCommand::Unlist(ReserveEntry {
            application: id,
            round: place.round.clone(),
            rank,
        })));
    }
    match event {
        ApplicationEvent::Awarded { terms, .. } => {
            let commit = Commit {
                grant: id.into(),
                area: terms.area.clone(),
                round: place.round.clone(),
                amount: terms.amount,
            };
            following.push(on_fund(FundCommand::Commit(commit)));
        }
        ApplicationEvent::AttendanceConfirmed { .. }
            if after.state() == ApplicationState::Awarded
                && after.held_letter().is_none()
                && after.decision_must_be_confirmed().is_ok() =>
        {
            following.push(Command::Grant(
                id.into(),
                GrantCommand::SendOffer(NoBody {}),
            ));
        }
        ApplicationEvent::LetterMoved { .. }
        | ApplicationEvent::LetterReleased { .. }
        | ApplicationEvent::DecisionTakenBack { .. } => {
            following.extend(after_letter(id, before, event, after));
        }
        ApplicationEvent::Reserved { rank, .. } => {
            following.push(on_fund(FundCommand::List(ReserveEntry {
                application: id,
                round: place.round.clone(),
                rank: *rank,
            })));
        }
        ApplicationEvent::ApplicationStarted {
            started_by: Some(person),
            ..
        } => following.push(count_unproven(*person, UnprovenActivity::Draft(id))),
        ApplicationEvent::AnswersSaved { keyed_by: None, .. }
        | ApplicationEvent::LanguageChosen { .. } => {
            following.extend(
                after.saved_by_members().map(|(person, saves)| {
                    count_unproven(person, UnprovenActivity::Answers(saves))
                }),
            );
        }
        _ => {}
    }
    following
}

/// Commands that the release, a move or the end of a held letter triggers.
fn after_letter(
    id: ApplicationId,
    before: &Application,
    event: &ApplicationEvent,
    after: &Application,
) -> Vec<Command> {
    let is_award = before.state() == ApplicationState::Awarded;
    let on_grant = |command| is_award.then(|| Command::Grant(id.into(), command));
    match event {
        ApplicationEvent::LetterMoved { letters_on } => {
            on_grant(GrantCommand::MoveLetter(OfferDay {
                letters_on: *letters_on,
            }))
            .into_iter()
            .collect()
        }
        ApplicationEvent::LetterReleased { .. } => on_grant(GrantCommand::ReleaseLetter(NoBody {}))
            .into_iter()
            .collect(),
        ApplicationEvent::DecisionTakenBack { decision, .. } => {
            let award = (*decision == Decision::Award)
                .then(|| Command::Grant(id.into(), GrantCommand::TakeBackAward(NoBody {})));
            let listed = after
                .reserve_rank()
                .zip(after.target())
                .map(|(rank, place)| {
                    let entry = ReserveEntry {
                        application: id,
                        round: place.round.clone(),
                        rank,
                    };
                    Command::Fund(place.fund, FundCommand::List(entry))
                });
            award.into_iter().chain(listed).collect()
        }
        _ => Vec::new(),
    }
}

fn count_unproven(person: PersonId, begun: UnprovenActivity) -> Command {
    Command::Person(person, PersonCommand::Begin(begun))
}

/// Commands that an event of a person triggers. The expiry of an unproven person expires the drafts
/// and groups that the person started, and gives up their places at sessions.
fn after_person_event(
    id: PersonId,
    before: &Person,
    command: &PersonCommand,
    event: &PersonEvent,
) -> Vec<Command> {
    match (command, event, before.unproven()) {
        (PersonCommand::Expire(_), PersonEvent::PersonalDataErased { .. }, Some(unproven)) => {
            let drafts = unproven
                .drafts()
                .map(|draft| Command::Application(draft, ApplicationCommand::Expire(NoBody {})));
            let groups = unproven
                .groups()
                .map(|group| Command::Group(group, GroupCommand::Expire(MemberRef { person: id })));
            let places = unproven.sign_ups().map(|(gathering, session)| {
                let place = StepDown {
                    session,
                    person: id,
                };
                Command::Gathering(gathering, GatheringCommand::GiveUp(place))
            });
            drafts.chain(groups).chain(places).collect()
        }
        _ => Vec::new(),
    }
}

/// Commands that an event of a fund triggers.
fn after_fund_event(id: FundId, command: &FundCommand, event: &FundEvent) -> Vec<Command> {
    match (command, event) {
        (_, FundEvent::Committed { grant, sources, .. }) => {
            vec![Command::Grant(
                *grant,
                GrantCommand::Offer(Offer {
                    sources: sources.clone(),
                }),
            )]
        }
        (_, FundEvent::CommitmentIncreased { grant, sources, .. }) => {
            vec![Command::Grant(
                *grant,
                GrantCommand::Grow(AwardIncrease {
                    sources: sources.clone(),
                }),
            )]
        }
        (FundCommand::SendBatch(sent), FundEvent::BatchSent { batch, sent_on, .. }) => {
            let each = |line: &super::fund::BatchLine| {
                let (payment, amount) = (line.payment, line.amount);
                let in_batch = BatchedPayment {
                    fund: id,
                    batch: batch.clone(),
                    payment,
                    amount,
                    sent_on: *sent_on,
                };
                Command::Grant(line.grant, GrantCommand::SendInBatch(in_batch))
            };
            sent.payments.iter().map(each).collect()
        }
        _ => after_meeting(id, command, event),
    }
}

/// Commands that a meeting of the panel triggers, and what happens to its letters.
fn after_meeting(id: FundId, command: &FundCommand, event: &FundEvent) -> Vec<Command> {
    match (command, event) {
        (
            FundCommand::RecordMeeting(meeting),
            FundEvent::PanelMet {
                round,
                met_on,
                letters_on,
                ..
            },
        ) => {
            let letter = letters_on.map(|letters_on| HeldLetter {
                met_on: *met_on,
                letters_on,
            });
            let decide = |line: &super::fund::DecisionLine| {
                let at = MeetingItem {
                    fund: id,
                    round: round.clone(),
                    verdict: line.verdict.clone(),
                    letter,
                };
                Command::Application(line.application, ApplicationCommand::DecideAtMeeting(at))
            };
            meeting.decisions.iter().map(decide).collect()
        }
        (
            _,
            FundEvent::LettersReleased {
                met_on,
                applications,
                ..
            },
        ) => {
            let of = MeetingDay { met_on: *met_on };
            on_each(applications, &ApplicationCommand::ReleaseLetter(of))
        }
        (
            _,
            FundEvent::LettersMoved {
                met_on,
                letters_on,
                applications,
                ..
            },
        ) => {
            let to = LetterDay {
                met_on: *met_on,
                letters_on: *letters_on,
            };
            on_each(applications, &ApplicationCommand::MoveLetter(to))
        }
        _ => Vec::new(),
    }
}

fn on_each(applications: &[ApplicationId], command: &ApplicationCommand) -> Vec<Command> {
    applications
        .iter()
        .map(|application| Command::Application(*application, command.clone()))
        .collect()
}

/// Commands that an event of a grant triggers, given the state before it.
fn after_grant_event(id: GrantId, before: &Grant, event: &GrantEvent) -> Vec<Command> {
    if let GrantEvent::GrantOffered { group, .. } = event {
        return vec![Command::Group(
            *group,
            GroupCommand::OpenGrant(GrantRef { grant: id }),
        )];
    }
    let Some(fund) = before.fund() else {
        return Vec::new();
    };
    let release =
        |sources: &FundingSplit| vec![uncommit(fund, FundCommand::Release, id, sources, None)];
    let reduce = |sources: &FundingSplit, effective_on| {
        let taken = (!sources.total().is_zero())
            .then(|| uncommit(fund, FundCommand::Reduce, id, sources, effective_on));
        taken.into_iter().collect()
    };
    let ends = |mut following: Vec<Command>| {
        let paid = before.has_ever_been_paid();
        following.extend(before.group().map(|group| {
            Command::Group(group, GroupCommand::EndGrant(GrantEnd { grant: id, paid }))
        }));
        following
    };
    match event {
        GrantEvent::OfferDeclined {}
        | GrantEvent::OfferLapsed {}
        | GrantEvent::OfferWithdrawn { .. } => ends(release(before.award())),
        GrantEvent::GrantClosed { released } => ends(release(released)),
        GrantEvent::AwardTakenBack {} => {
            let award = before.award();
            ends(vec![uncommit(fund, FundCommand::TakeBack, id, award, None)])
        }
        GrantEvent::UnderspendDeclared { released, .. }
        | GrantEvent::GrantTerminated { released, .. }
        | GrantEvent::VariationApproved { released, .. } => {
            let mut following: Vec<Command> = reduce(released, None);
            following.extend(increase_commitment(fund, id, before, event));
            following
        }
        GrantEvent::ReturnReceived {
            sources,
            received_on: day,
            ..
        }
        | GrantEvent::PaymentReversed {
            released: sources,
            reversed_on: day,
            ..
        }
        | GrantEvent::EntrySettled {
            sources,
            happened_on: day,
            ..
        } => reduce(sources, Some(*day)),
        GrantEvent::CheckPassed { .. } => file_check(id, before, event).into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The command that commits the money which a variation adds to the award.
fn increase_commitment(
    fund: FundId,
    grant: GrantId,
    before: &Grant,
    event: &GrantEvent,
) -> Option<Command> {
    let GrantEvent::VariationApproved { more, .. } = event else {
        return None;
    };
    let (area, round) = before.area_and_round().filter(|_| !more.is_zero())?;
    let commit = Commit {
        grant,
        area: area.clone(),
        round: round.clone(),
        amount: *more,
    };
    Some(Command::Fund(fund, FundCommand::Increase(commit)))
}

/// The command that files a passed check with the group, so that other grants can reuse it. A
/// condition of one award is not filed, and neither is a check without a last day.
fn file_check(grant: GrantId, before: &Grant, event: &GrantEvent) -> Option<Command> {
    let GrantEvent::CheckPassed {
        check,
        good_until: Some(good_until),
        ..
    } = event
    else {
        return None;
    };
    let group = before.group().filter(|_| !before.is_condition(check))?;
    let file = PassedCheck {
        check: check.clone(),
        grant,
        good_until: *good_until,
    };
    Some(Command::Group(group, GroupCommand::FileCheck(file)))
}

/// Commands that an event of a group triggers.
fn after_group_event(id: GroupId, command: &GroupCommand, event: &GroupEvent) -> Vec<Command> {
    match (command, event) {
        // A person who registers a group becomes its first member, so the group counts for them.
        (
            GroupCommand::Register(_),
            GroupEvent::MemberAdded {
                person,
                added_by: None,
                ..
            },
        ) => vec![count_unproven(*person, UnprovenActivity::Group(id))],
        (_, GroupEvent::GroupMerged { into, .. }) => vec![Command::Group(
            *into,
            GroupCommand::TakeIn(AbsorbGroup { group: id }),
        )],
        _ => Vec::new(),
    }
}

fn uncommit(
    fund: FundId,
    command: fn(Uncommit) -> FundCommand,
    grant: GrantId,
    sources: &FundingSplit,
    effective_on: Option<Date>,
) -> Command {
    Command::Fund(
        fund,
        command(Uncommit {
            grant,
            sources: sources.clone(),
            effective_on,
        }),
    )
}

/// The number that an event assigned to a new item of its aggregate, such as a payment, an update
/// or a version.
#[must_use]
pub fn created_number(event: &Event) -> Option<u32> {
    use super::OrganisationEvent;
    match event {
        Event::Gathering(GatheringEvent::SessionAdded { session, .. }) => Some(u32::from(*session)),
        Event::Gathering(GatheringEvent::TallyGiven { tally, .. })
        | Event::Group(GroupEvent::TallyGiven { tally, .. }) => Some(u32::from(*tally)),
        Event::Grant(
            GrantEvent::PaymentPrepared {
                payment: number, ..
            }
            | GrantEvent::UpdateRequested { update: number, .. }
            | GrantEvent::VariationRequested {
                variation: number, ..
            }
            | GrantEvent::EntryUnsettled { entry: number, .. }
            | GrantEvent::StoryPublished { story: number, .. }
            | GrantEvent::NewsSent { news: number, .. }
            | GrantEvent::PaymentsScheduled { first: number, .. },
        ) => Some(u32::from(*number)),
        Event::Asset(AssetEvent::ExchangeRecorded { exchange, .. }) => Some(*exchange),
        Event::Group(
            GroupEvent::PayeeProvided { payee: number, .. }
            | GroupEvent::GroupCorrectionProposed {
                proposal: number, ..
            },
        )
        | Event::Grant(
            GrantEvent::ScheduleProposed {
                proposal: number, ..
            }
            | GrantEvent::RevocationProposed {
                revocation: number, ..
            },
        )
        | Event::Person(PersonEvent::ContactChangeProposed {
            proposal: number, ..
        })
        | Event::Organisation(
            OrganisationEvent::MailTextProposed {
                proposal: number, ..
            }
            | OrganisationEvent::SettingsProposed {
                proposal: number, ..
            },
        ) => Some(*number),
        Event::Organisation(
            OrganisationEvent::SignsAdopted { version, .. }
            | OrganisationEvent::ThemesAdopted { version, .. }
            | OrganisationEvent::PledgesPublished { version, .. }
            | OrganisationEvent::AimsAdopted { version, .. }
            | OrganisationEvent::LessonPublished {
                lesson: version, ..
            }
            | OrganisationEvent::FormPublished { version, .. }
            | OrganisationEvent::AgreementPublished { version, .. }
            | OrganisationEvent::NoticePublished { version, .. }
            | OrganisationEvent::ReportPublished { version, .. }
            | OrganisationEvent::MailTextPublished { version, .. }
            | OrganisationEvent::SettingsSet { version, .. }
            | OrganisationEvent::WebhookProposed {
                proposal: version, ..
            }
            | OrganisationEvent::WebhookSecretMade {
                secret: version, ..
            }
            | OrganisationEvent::StatementShared { link: version, .. },
        ) => Some(*version),
        _ => None,
    }
}
