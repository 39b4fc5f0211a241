//! Who may give each event: those whose permissions allow a command that causes it. Permissions are
//! declared in the command tables of the aggregates; this file declares which commands cause each
//! event.

use std::collections::BTreeSet;

use crate::domain::command::CommandSpec;
use crate::domain::event::Event;
use crate::domain::role::{Permission, Role};
use crate::domain::{
    Aggregate, Application, ApplicationCommand, ApplicationEvent, Asset, AssetCommand, AssetEvent,
    Barrier, BarrierCommand, BarrierEvent, Fund, FundCommand, FundEvent, Gathering,
    GatheringCommand, GatheringEvent, Grant, GrantCommand, GrantEvent, Group, GroupCommand,
    GroupEvent, Introduction, IntroductionCommand, IntroductionEvent, Organisation,
    OrganisationCommand, OrganisationEvent, Person, PersonCommand, PersonEvent,
};

/// Somebody who may give an event. The names in documents are the variants' in snake case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Giver {
    Administrator,
    Officer,
    Finance,
    Panel,
    Connector,
    /// A member of the group that the event is about.
    Member,
    /// A person who leads the gathering that the event is about.
    Lead,
    /// The person whom the event is about.
    Person,
    /// Any person.
    Anybody,
    /// The service itself.
    Job,
    /// The operator of the machine.
    Operator,
}

impl Giver {
    /// The role that the giver must hold, if it is one.
    #[must_use]
    pub fn role(self) -> Option<Role> {
        match self {
            Self::Administrator => Some(Role::Administrator),
            Self::Officer => Some(Role::Officer),
            Self::Finance => Some(Role::Finance),
            Self::Panel => Some(Role::Panel),
            Self::Connector => Some(Role::Connector),
            Self::Member
            | Self::Lead
            | Self::Person
            | Self::Anybody
            | Self::Job
            | Self::Operator => None,
        }
    }

    /// None for an auditor, who only reads.
    fn of_role(role: Role) -> Option<Self> {
        match role {
            Role::Administrator => Some(Self::Administrator),
            Role::Officer => Some(Self::Officer),
            Role::Finance => Some(Self::Finance),
            Role::Panel => Some(Self::Panel),
            Role::Connector => Some(Self::Connector),
            Role::Auditor => None,
        }
    }
}

/// Which commands cause an event, and which of their givers may give it.
#[derive(Clone, Copy, Debug)]
pub struct EventPermission {
    /// The commands, each as in the metadata of the event. Commands that others trigger are not
    /// listed: the metadata has the one that was given.
    commands: &'static [&'static str],
    /// Who may give the event, if that is narrower than the permissions of the commands.
    only: Option<&'static [Giver]>,
    /// Who else gave it with earlier programs.
    earlier: &'static [Giver],
}

impl EventPermission {
    /// The permission of an event by the type of its aggregate and its name.
    #[must_use]
    pub fn of(stream: &str, event: &str) -> Option<Self> {
        let (_, events) = EVENT_PERMISSIONS.iter().find(|(kind, _)| *kind == stream)?;
        let found = events.iter().find(|(name, _)| *name == event);
        found.map(|(_, permission)| *permission)
    }

    /// Everyone who may give the event.
    #[must_use]
    pub fn givers(&self) -> BTreeSet<Giver> {
        if let Some(only) = self.only {
            return only.iter().copied().collect();
        }
        let permissions = self.commands.iter().filter_map(|name| find_command(name));
        permissions
            .flat_map(|command| givers_of(command.permission))
            .collect()
    }

    /// Who else gave it with the programs from before the rules about people.
    #[must_use]
    pub fn earlier(&self) -> &'static [Giver] {
        self.earlier
    }

    /// Whether a command causes the event. The name is as in the metadata.
    #[must_use]
    pub fn has_command(&self, command: &str) -> bool {
        self.commands.contains(&command)
    }
}

const COMMANDS: [(&str, &[CommandSpec]); 10] = [
    (Person::TYPE, PersonCommand::SPECS),
    (Organisation::TYPE, OrganisationCommand::SPECS),
    (Fund::TYPE, FundCommand::SPECS),
    (Group::TYPE, GroupCommand::SPECS),
    (Application::TYPE, ApplicationCommand::SPECS),
    (Grant::TYPE, GrantCommand::SPECS),
    (Gathering::TYPE, GatheringCommand::SPECS),
    (Asset::TYPE, AssetCommand::SPECS),
    (Introduction::TYPE, IntroductionCommand::SPECS),
    (Barrier::TYPE, BarrierCommand::SPECS),
];

/// The permission of each event, by the type of its aggregate and its name.
const EVENT_PERMISSIONS: [(&str, &[(&str, EventPermission)]); 10] = [
    (Person::TYPE, PersonEvent::PERMISSIONS),
    (Organisation::TYPE, OrganisationEvent::PERMISSIONS),
    (Fund::TYPE, FundEvent::PERMISSIONS),
    (Group::TYPE, GroupEvent::PERMISSIONS),
    (Application::TYPE, ApplicationEvent::PERMISSIONS),
    (Grant::TYPE, GrantEvent::PERMISSIONS),
    (Gathering::TYPE, GatheringEvent::PERMISSIONS),
    (Asset::TYPE, AssetEvent::PERMISSIONS),
    (Introduction::TYPE, IntroductionEvent::PERMISSIONS),
    (Barrier::TYPE, BarrierEvent::PERMISSIONS),
];

fn find_command(name: &str) -> Option<&'static CommandSpec> {
    let (kind, name) = name.split_once('/')?;
    let (_, specs) = COMMANDS.iter().find(|(known, _)| *known == kind)?;
    specs.iter().find(|spec| spec.name == name)
}

fn givers_of(permission: Permission) -> BTreeSet<Giver> {
    let (roles, other): (&[Role], _) = match permission {
        Permission::Anyone => (&[], Some(Giver::Anybody)),
        Permission::Staff(roles) | Permission::Download(roles) => (roles, None),
        Permission::StaffOrMember(roles) | Permission::Upload(roles) => {
            (roles, Some(Giver::Member))
        }
        Permission::StaffOrLead(roles) => (roles, Some(Giver::Lead)),
        Permission::StaffOrJob(roles) => (roles, Some(Giver::Job)),
        Permission::Job => (&[], Some(Giver::Job)),
        Permission::Operator => (&[], Some(Giver::Operator)),
        Permission::FollowUp => (&[], None),
    };
    let of_roles = roles.iter().filter_map(|role| Giver::of_role(*role));
    of_roles.chain(other).collect()
}

impl Event {
    /// Who may give the event.
    #[must_use]
    pub fn permission(&self) -> EventPermission {
        match self {
            Self::Person(event) => event.permission(),
            Self::Organisation(event) => event.permission(),
            Self::Fund(event) => event.permission(),
            Self::Group(event) => event.permission(),
            Self::Application(event) => event.permission(),
            Self::Grant(event) => event.permission(),
            Self::Gathering(event) => event.permission(),
            Self::Asset(event) => event.permission(),
            Self::Introduction(event) => event.permission(),
            Self::Barrier(event) => event.permission(),
        }
    }
}

/// Declares which commands cause each event. A new event needs an entry.
macro_rules! event_permissions {
    (@row [$( $command:literal ),*] [] [$( $earlier:ident ),*]) => {
        EventPermission {
            commands: &[$( $command ),*],
            only: None,
            earlier: &[$( Giver::$earlier ),*],
        }
    };
    (@row [$( $command:literal ),*] [$( $only:ident ),+] [$( $earlier:ident ),*]) => {
        EventPermission {
            commands: &[$( $command ),*],
            only: Some(&[$( Giver::$only ),+]),
            earlier: &[$( Giver::$earlier ),*],
        }
    };
    ($( $events:ident {
        $( $event:ident: [$( $command:literal ),*] [$( $only:ident ),*] [$( $earlier:ident ),*]; )+
    } )+) => { $(
        impl $events {
            const PERMISSIONS: &'static [(&'static str, EventPermission)] = &[ $( (
                stringify!($event),
                event_permissions!(
                    @row [$( $command ),*] [$( $only ),*] [$( $earlier ),*]
                ),
            ) ),+ ];

            fn permission(&self) -> EventPermission {
                match self { $(
                    Self::$event { .. } => event_permissions!(
                        @row [$( $command ),*] [$( $only ),*] [$( $earlier ),*]
                    ),
                )+ }
            }
        }
    )+ };
}

event_permissions! {
    OrganisationEvent {
        OrganisationFounded: ["organisation/found"] [] [];
        FounderNamed: ["organisation/name-founder"] [] [];
        LogRestored: ["organisation/record-restore"] [] [];
        CheckpointKeyRotated: ["organisation/record-key-rotation"] [] [];
        RoleGiven: [] [Administrator] [];
        RoleProposed: ["organisation/propose-role"] [] [];
        RoleConfirmed: ["organisation/confirm-role"] [] [];
        RoleEnded: ["organisation/end-role", "organisation/end-roles-of-erased"] [] [];
        SignsAdopted: ["organisation/adopt-signs"] [] [];
        ThemesAdopted: ["organisation/adopt-themes"] [] [];
        PledgesPublished: ["organisation/publish-pledges"] [] [];
        AimsAdopted: ["organisation/adopt-aims"] [] [];
        FormPublished: ["organisation/publish-form"] [] [];
        AgreementPublished: ["organisation/publish-agreement"] [] [];
        NoticePublished: ["organisation/publish-notice"] [] [];
        ReportPublished: ["organisation/publish-report"] [] [];
        LessonPublished: ["organisation/publish-lesson"] [] [];
        LessonWithdrawn: ["organisation/withdraw-lesson"] [] [];
        MailTextPublished: [
            "organisation/publish-mail-text", "organisation/confirm-mail-text"
        ] [] [];
        MailTextProposed: ["organisation/propose-mail-text"] [] [];
        MailTextRefused: ["organisation/refuse-mail-text"] [] [];
        SettingsProposed: ["organisation/propose-settings"] [] [];
        SettingsSet: ["organisation/set-settings", "organisation/confirm-settings"] [] [];
        SettingsRefused: ["organisation/refuse-settings"] [] [];
        WebhookProposed: ["organisation/propose-webhook"] [] [];
        WebhookConfirmed: ["organisation/confirm-webhook"] [] [];
        WebhookEnded: ["organisation/end-webhook"] [] [];
        WebhookSecretMade: ["organisation/make-webhook-secret"] [] [];
        StatementShared: ["organisation/share-statement"] [] [];
        StatementLinkEnded: ["organisation/end-statement-link"] [] [];
    }
    PersonEvent {
        PersonRegistered: [
            "person/register", "person/introduce"
        ] [Administrator, Officer, Connector, Person, Job, Operator] [];
        GroupBegun: ["group/register"] [Person] [];
        DraftBegun: ["application/start"] [Person] [];
        SignUpBegun: ["gathering/sign-up"] [Officer, Connector, Lead, Person] [];
        PledgeTaken: ["person/pledge"] [Officer, Connector, Person] [];
        PledgeKept: ["person/keep-pledge"] [Officer, Connector, Person] [];
        PledgeDropped: [
            "person/drop-pledge", "person/expire"
        ] [Officer, Connector, Person, Job] [];
        PledgesReminded: ["person/remind-of-pledges"] [] [];
        ContactChangeProposed: ["person/change-contact"] [Officer] [];
        ContactChangeRefused: ["person/refuse-contact"] [Officer, Person] [];
        ContactChanged: [
            "person/change-contact", "person/confirm-contact"
        ] [Officer, Person, Job] [];
        MailLanguageChosen: ["person/choose-language"] [Officer, Person] [];
        AddressProven: ["person/prove-address"] [] [];
        AccessEnded: ["person/end-access"] [] [];
        ConsentGiven: ["person/agree"] [Officer, Connector, Person] [];
        ConsentTakenBack: ["person/take-back"] [Officer, Connector, Person] [];
        PersonToTell: ["person/await-telling"] [] [];
        PersonTold: ["person/tell"] [] [];
        TellingTakenBack: ["person/take-back-telling"] [] [];
        EmailedInstead: ["person/email-instead"] [] [];
        ErasureRequested: ["person/request-erasure"] [Officer, Person] [];
        ErasureRefused: ["person/refuse-erasure"] [] [];
        PersonalDataErased: ["person/erase", "person/erase-again", "person/expire"] [] [];
    }
    FundEvent {
        FundCreated: ["fund/create"] [] [];
        RulesSet: ["fund/set-rules"] [] [];
        RulesProposed: ["fund/propose-rules"] [] [];
        RulesConfirmed: ["fund/confirm-rules"] [] [];
        RulesRefused: ["fund/refuse-rules"] [] [];
        FundOpened: ["fund/open"] [] [];
        FundPaused: ["fund/pause"] [] [];
        FundResumed: ["fund/resume"] [] [];
        FundClosed: ["fund/close"] [] [];
        FundArchived: ["fund/archive"] [] [];
        FundingAllocated: ["fund/allocate"] [] [];
        FundingWithdrawn: ["fund/withdraw-funding"] [] [];
        RoundPlanned: ["fund/plan-round"] [] [];
        RoundOpened: ["fund/open-round"] [] [];
        RoundExtended: ["fund/extend-round"] [] [];
        RoundClosed: ["fund/close-round"] [] [];
        DecidingStarted: ["fund/start-deciding"] [] [];
        RoundCompleted: ["fund/complete-round"] [] [];
        PanelMet: ["fund/record-meeting"] [] [];
        LettersMoved: ["fund/move-letters"] [] [];
        LettersReleased: ["fund/release-letters"] [] [];
        BatchSent: ["fund/send-batch"] [] [];
        BankFileMade: ["fund/make-bank-file"] [] [];
        ReserveListed: [
            "application/reserve", "application/take-back-decision", "fund/record-meeting"
        ] [] [];
        ReserveUnlisted: [
            "application/promote", "application/decline", "application/defer",
            "application/withdraw", "application/take-back-decision", "fund/record-meeting"
        ] [] [];
        CommitmentIncreased: ["grant/approve-variation"] [] [];
        Committed: ["application/award", "application/promote", "fund/record-meeting"] [] [];
        CommitmentReduced: [
            "grant/declare-underspend", "grant/approve-variation", "grant/terminate",
            "grant/confirm-revocation", "grant/receive-return", "grant/reverse-payment",
            "grant/confirm-settlement"
        ] [] [];
        CommitmentReleased: [
            "grant/decline-offer", "grant/lapse-offer", "grant/withdraw-offer",
            "grant/confirm-revocation", "grant/close"
        ] [] [];
        CommitmentTakenBack: ["application/take-back-decision"] [] [];
    }
    GroupEvent {
        GroupRegistered: ["group/register"] [] [];
        GroupCorrected: ["group/correct", "group/take-correction"] [Officer] [];
        GroupCorrectionProposed: ["group/correct"] [] [];
        GroupCorrectionRefused: ["group/refuse-correction"] [] [];
        ContactSet: ["group/set-contact"] [] [];
        IdentifierRecorded: ["group/record-identifier"] [] [Member];
        MemberInvited: ["group/register", "group/add-member"] [Officer, Member] [];
        InvitationRefused: [
            "group/refuse-invitation", "group/remove-member"
        ] [Officer, Member, Person] [];
        MemberAdded: ["group/register", "group/join"] [Officer, Person] [Member];
        MemberRemoved: ["group/remove-member"] [] [];
        PayeeProvided: ["group/provide-payee"] [] [];
        PayeeVerified: ["group/verify-payee"] [] [];
        FileKept: ["group/keep-file"] [] [];
        FileRemoved: ["group/remove-file"] [] [];
        CheckFiled: ["grant/pass-check"] [] [];
        GroupMerged: ["group/merge"] [] [];
        GroupTakenIn: ["group/merge"] [] [];
        GrantOpened: ["application/award", "application/promote", "fund/record-meeting"] [] [];
        GrantEnded: [
            "grant/decline-offer", "grant/lapse-offer", "grant/withdraw-offer",
            "grant/confirm-revocation", "grant/close", "application/take-back-decision"
        ] [] [];
        PastGrantRecorded: ["group/record-past-grant"] [] [];
        TallyGiven: ["group/give-tally"] [] [];
        TallyCorrected: ["group/correct-tally"] [] [];
        ErasureRequested: ["group/request-erasure"] [] [];
        ErasureRefused: ["group/refuse-erasure"] [] [];
        PersonalDataErased: ["group/erase", "group/erase-again", "person/expire"] [] [];
    }
    ApplicationEvent {
        ApplicationStarted: ["application/start"] [] [];
        AnswersSaved: ["application/save-answers"] [] [];
        ApplicationSubmitted: ["application/submit"] [] [];
        HelpConfirmed: ["application/confirm-help"] [] [];
        HelpRefused: ["application/refuse-help"] [] [];
        LanguageChosen: ["application/choose-language"] [] [];
        ChangesRequested: ["application/request-changes"] [] [];
        ApplicationResubmitted: ["application/resubmit"] [] [];
        EligibilityConfirmed: ["application/confirm-eligibility"] [] [];
        EligibilityRefused: ["application/refuse-eligibility"] [] [];
        EligibilityTakenBack: ["application/take-back-eligibility"] [] [];
        NoInterestDeclared: ["application/declare"] [] [];
        InterestDeclared: ["application/declare"] [] [];
        ScoreGiven: ["application/score"] [] [];
        ScoreRevised: ["application/revise-score"] [] [];
        ScoreSetAside: [
            "application/set-aside-score", "application/declare", "application/confirm-help"
        ] [] [];
        PublicSummaryWritten: [
            "application/write-summary", "application/award", "application/promote",
            "fund/record-meeting"
        ] [] [];
        Awarded: ["application/award", "application/promote", "fund/record-meeting"] [] [];
        Declined: ["application/decline", "fund/record-meeting"] [] [];
        Deferred: ["application/defer", "fund/record-meeting"] [] [];
        Reserved: ["application/reserve", "fund/record-meeting"] [] [];
        LetterMoved: ["fund/move-letters"] [] [];
        LetterReleased: ["fund/release-letters"] [] [];
        DecisionTakenBack: ["application/take-back-decision"] [] [];
        AttendanceConfirmed: ["application/confirm-attendance"] [] [Administrator, Officer];
        ReviewRequested: ["application/request-review"] [] [];
        ReviewDecided: ["application/decide-review"] [] [];
        ApplicationWithdrawn: ["application/withdraw"] [] [];
        ApplicationLapsed: ["application/lapse", "person/expire"] [] [];
        DraftReopened: ["application/reopen-draft"] [] [];
        DraftReminded: ["application/remind-draft"] [] [];
    }
    GrantEvent {
        GrantOffered: ["application/award", "application/promote", "fund/record-meeting"] [] [];
        OfferSent: [
            "application/confirm-attendance", "fund/release-letters"
        ] [] [];
        LetterMoved: ["fund/move-letters"] [] [];
        LetterReleased: ["fund/release-letters"] [] [];
        AwardTakenBack: ["application/take-back-decision"] [] [];
        RevocationProposed: [
            "grant/withdraw-offer", "grant/terminate", "grant/demand-clawback"
        ] [] [];
        RevocationConfirmed: ["grant/confirm-revocation"] [] [];
        AgreementIssued: ["application/award", "application/promote", "fund/record-meeting"] [] [];
        AgreementSigned: ["grant/accept-agreement"] [] [];
        AgreementAccepted: ["grant/accept-agreement"] [] [];
        OfferDeclined: ["grant/decline-offer"] [] [];
        OfferLapsed: ["grant/lapse-offer"] [] [];
        OfferWithdrawn: ["grant/withdraw-offer", "grant/confirm-revocation"] [] [];
        CheckRequested: ["grant/request-check"] [] [];
        CheckPassed: ["grant/pass-check"] [] [];
        CheckReused: [
            "grant/reuse-check", "application/award", "application/promote", "fund/record-meeting"
        ] [] [];
        CheckFailed: ["grant/fail-check"] [] [];
        WaiverProposed: ["grant/propose-waiver"] [] [];
        CheckWaived: ["grant/confirm-waiver"] [] [];
        PaymentsScheduled: ["grant/schedule-payments", "grant/confirm-schedule"] [] [];
        ScheduleProposed: ["grant/schedule-payments"] [] [];
        PaymentPrepared: ["grant/prepare-payment"] [] [];
        EarlyPaymentProposed: ["grant/propose-early-payment"] [] [];
        EarlyPaymentConfirmed: ["grant/confirm-early-payment"] [] [];
        PaymentApproved: ["grant/approve-payment"] [] [];
        PaymentRejected: ["grant/reject-payment"] [] [];
        PaymentCancelled: ["grant/cancel-payment"] [] [];
        PaymentSent: ["grant/send-payment", "fund/send-batch"] [] [];
        PaymentConfirmed: ["grant/confirm-payment"] [] [];
        PaymentFailed: ["grant/fail-payment"] [] [];
        PaymentReversed: ["grant/reverse-payment"] [] [];
        PaymentCorrected: ["grant/correct-payment"] [] [];
        VariationRequested: ["grant/request-variation"] [] [];
        VariationApproved: ["grant/approve-variation"] [] [];
        VariationRefused: ["grant/refuse-variation"] [] [];
        AwardGrown: ["grant/approve-variation"] [] [];
        GrantHeld: ["grant/hold"] [] [];
        GrantResumed: ["grant/resume"] [] [];
        GrantTerminated: ["grant/terminate", "grant/confirm-revocation"] [] [];
        UpdateRequested: ["grant/accept-agreement", "grant/request-update"] [] [];
        UpdateMoved: ["grant/approve-variation"] [] [];
        ReminderSent: ["grant/remind-update", "grant/remind-now"] [] [];
        UpdateSaved: ["grant/save-update"] [] [];
        UpdateReceived: ["grant/receive-update"] [] [];
        UpdateAccepted: ["grant/accept-update"] [] [];
        UpdateQueried: ["grant/query-update"] [] [];
        UpdateExcused: ["grant/excuse-update"] [] [];
        UpdateCorrected: ["grant/correct-update"] [] [];
        OutcomeJudged: ["grant/judge-outcome"] [] [];
        NewsSent: ["grant/send-news"] [] [];
        UnderspendDeclared: ["grant/declare-underspend"] [] [];
        ReturnRequested: ["grant/request-return"] [] [];
        ClawbackDemanded: ["grant/demand-clawback", "grant/confirm-revocation"] [] [];
        ReturnReceived: ["grant/receive-return"] [] [];
        ReturnWaiverProposed: ["grant/propose-return-waiver"] [] [];
        ReturnWaived: ["grant/confirm-return-waiver"] [] [];
        EntryUnsettled: [
            "grant/record-bank-entry", "grant/fail-payment", "grant/reverse-payment",
            "grant/receive-return"
        ] [] [];
        SettlementProposed: ["grant/propose-settlement"] [] [];
        EntrySettled: ["grant/confirm-settlement"] [] [];
        AttendanceConfirmed: ["grant/confirm-attendance"] [] [Administrator, Officer];
        StoryPublished: ["grant/publish-story"] [] [];
        StoryWithdrawn: ["grant/withdraw-story"] [] [];
        GrantClosed: ["grant/close"] [] [];
    }
    IntroductionEvent {
        IntroductionAsked: ["introduction/ask"] [Officer, Connector, Member, Person] [];
        IntroductionAgreed: ["introduction/agree"] [Officer, Connector, Member, Person] [];
        IntroductionMade: ["introduction/make"] [] [];
        IntroductionWelcomed: ["introduction/welcome"] [Officer, Connector, Member] [];
        IntroductionDeclined: ["introduction/decline"] [Officer, Connector, Member] [];
        IntroductionCameTo: ["introduction/say-how"] [Officer, Connector, Member, Person] [];
        IntroductionTakenBack: [
            "introduction/take-back"
        ] [Officer, Connector, Member, Person] [];
        IntroductionClosed: ["introduction/close"] [] [];
        IntroductionReminded: ["introduction/remind"] [] [];
        MattersForgotten: ["introduction/forget-matters"] [] [];
    }
    GatheringEvent {
        GatheringPlanned: ["gathering/plan"] [] [];
        GatheringDescribed: ["gathering/describe"] [] [];
        GatheringOpened: ["gathering/open"] [] [];
        GatheringEnded: ["gathering/end"] [] [];
        SessionAdded: ["gathering/add-session"] [] [];
        SessionMoved: ["gathering/move-session"] [] [];
        SessionCancelled: ["gathering/cancel-session"] [] [];
        PlaceTaken: [
            "gathering/sign-up", "gathering/step-down", "gathering/move-session",
            "gathering/give-up", "gathering/hand-over", "person/expire"
        ] [Officer, Connector, Lead, Person, Job] [];
        WaitingJoined: [
            "gathering/sign-up", "gathering/hand-over"
        ] [Officer, Connector, Lead, Person, Job] [];
        PlaceGivenUp: [
            "gathering/step-down", "gathering/give-up", "gathering/hand-over", "person/expire"
        ] [Officer, Connector, Lead, Person, Job] [];
        WaitingLeft: [
            "gathering/step-down", "gathering/give-up", "gathering/hand-over", "person/expire"
        ] [Officer, Connector, Lead, Person, Job] [];
        SignUpsCounted: ["gathering/count-sign-ups"] [] [];
        SessionHeld: ["gathering/record-attendance"] [] [];
        AttendanceCorrected: ["gathering/correct-attendance"] [] [];
        NotesWritten: ["gathering/write-notes"] [] [];
        StoryChosen: ["gathering/choose-story"] [] [];
        TallyGiven: ["gathering/give-tally"] [] [];
        TallyCorrected: ["gathering/correct-tally"] [] [];
        LeadOffered: ["gathering/offer-lead"] [] [];
        LeadTaken: ["gathering/take-lead"] [Officer, Connector, Person] [];
        LeadLeft: ["gathering/leave-lead"] [] [];
        HandAskedFor: ["gathering/ask-for-hand"] [] [];
        HandForgotten: ["gathering/forget-hand"] [] [];
        RiskChecked: ["gathering/pass-risk-check"] [] [];
        SessionReminded: ["gathering/remind"] [] [];
        NeedsForgotten: ["gathering/forget-needs"] [] [];
    }
    AssetEvent {
        AssetRecorded: ["asset/record"] [] [];
        WordsProposed: ["asset/propose"] [Officer, Connector, Member, Person] [];
        AssetPublished: ["asset/publish"] [] [];
        AssetPaused: ["asset/pause"] [Officer, Connector, Member, Person] [];
        AssetResumed: ["asset/resume"] [Officer, Connector, Member, Person] [];
        AssetConfirmed: ["asset/confirm"] [Officer, Connector, Member, Person] [];
        AssetWithdrawn: [
            "asset/withdraw", "asset/forget-words"
        ] [Officer, Connector, Member, Person, Job] [];
        TieMade: ["asset/tie"] [] [];
        TieEnded: ["asset/untie"] [] [];
        KeeperChanged: ["asset/take-over"] [] [];
        ExchangeRecorded: ["asset/record-exchange"] [Officer, Connector, Member, Person] [];
        ExchangeCorrected: ["asset/correct-exchange"] [] [];
        AssetReminded: ["asset/remind"] [] [];
        WordsForgotten: ["asset/forget-words"] [] [];
    }
    BarrierEvent {
        BarrierRaised: ["barrier/raise"] [Officer, Connector, Person] [];
        BarrierSummedUp: ["barrier/sum-up"] [] [];
        BarrierJoined: ["barrier/join"] [] [];
        BarrierTakenIn: ["barrier/join"] [] [];
        BarrierPassedOn: ["barrier/pass-on"] [] [];
        BarrierAnswered: ["barrier/record-answer"] [] [];
        BarrierWithdrawn: ["barrier/withdraw"] [] [];
        BarrierClosed: ["barrier/close"] [] [];
        BarrierReminded: ["barrier/remind"] [] [];
        BarrierWordsForgotten: ["barrier/forget-words"] [] [];
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn rows() -> impl Iterator<Item = (&'static str, EventPermission)> {
        EVENT_PERMISSIONS
            .into_iter()
            .flat_map(|(_, events)| events.iter().copied())
    }

    #[test]
    fn every_command_that_a_caller_gives_causes_an_event() {
        let given: BTreeSet<String> = COMMANDS
            .iter()
            .flat_map(|(kind, specs)| specs.iter().map(move |spec| (kind, spec)))
            .filter(|(_, spec)| spec.permission != Permission::FollowUp)
            .map(|(kind, spec)| format!("{kind}/{}", spec.name))
            .collect();
        let named: BTreeSet<String> = rows()
            .flat_map(|(_, permission)| permission.commands)
            .map(|command| (*command).to_owned())
            .collect();
        assert_eq!(named, given);
    }

    /// A list of its own narrows the permissions of the commands, and never adds a role to them.
    #[test]
    fn an_event_is_given_only_by_those_who_may_give_its_commands() {
        for (event, permission) in rows() {
            let Some(only) = permission.only else {
                let givers = permission.givers();
                assert!(!givers.is_empty(), "nobody gives {event}");
                continue;
            };
            let of_commands = EventPermission {
                only: None,
                ..permission
            }
            .givers();
            let is_narrower = of_commands.contains(&Giver::Anybody)
                || only
                    .iter()
                    .all(|giver| of_commands.contains(giver) || *giver == Giver::Person);
            let is_of_earlier_programs = permission.commands.is_empty();
            assert!(is_narrower || is_of_earlier_programs, "{event}");
        }
    }
}
