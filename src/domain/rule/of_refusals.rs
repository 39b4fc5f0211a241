//! The rules that each refusal enforces, or the reason why a log cannot show that a rule was
//! broken.

use super::Rule;
use crate::domain::Refusal;

const WHO_ASKED: &str =
    "the event has no trace of it: it is about who asked, and the log has who acted";
const NOTHING_RECORDED: &str =
    "nothing would have been recorded: the record is as it was asked to be, or there is none";
const FORM_ONLY: &str =
    "it is about the form of what was entered, and no money or decision depends on it";
const DEADLINE: &str = "it is about a deadline or an order of work that the office may move";
const ROLE_OF_ONE: &str = "it is about people whose role one administrator gave in an earlier \
     program: those programs let them act as a second person, and the log does not show which \
     program recorded an event. `RoleGiven` names these people";
const PERSONAL: &str = "it is about personal data, which the log does not hold";

/// What a log shows of the rules of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The refusal keeps these rules, and the verifier finds a log that breaks one.
    Checked(&'static [Rule]),
    /// The verifier does not look for it, for this reason.
    NotChecked(&'static str),
}

/// Declares the ground of every refusal. A new refusal needs a line here.
macro_rules! grounds {
    (
        checked { $( $( $kept:ident )|+ => [$( $rule:ident ),+], )+ }
        not_checked { $( $( $other:ident )|+ => $reason:ident, )+ }
    ) => {
        impl Refusal {
            /// The rules of the table that the refusal keeps.
            #[must_use]
            pub fn ground(&self) -> Ground {
                match self {
                    $( $( Self::$kept { .. } )|+ => Ground::Checked(&[$( Rule::$rule ),+]), )+
                    $( $( Self::$other { .. } )|+ => Ground::NotChecked($reason), )+
                }
            }
        }
    };
}

grounds! {
    checked {
        NotYours => [
            RoleHeld, ActorAllowed, DecisionByPanel, DeclaredBeforeScore, PaymentByFinance,
                ChangeByTwo, StatementShared, HoursReceived
        ],
        NotOfGroup => [ActorAllowed],
        OfferStands => [LapsedAfterLastDay],
        FoundingOver | ContactChangedSince => [RoleByTwo],
        NotProposed | ProposerGone => [
            RoleByTwo, SettingsByTwo, WordsByTwo, WebhookByTwo, FundRulesByTwo, CheckWaivedByTwo,
                ReturnWaivedByTwo, EntrySettledByTwo, ChangeByTwo
        ],
        RolesExclude => [RolesExclude],
        NotInvited => [JoinedByInvitation],
        LastAdministrators => [TwoAdministrators],
        NeedsTwoPeople => [ContactByTwo, SettingsByTwo, WordsByTwo, FundRulesByTwo],
        MailNotWaiting | MailNotPassedOn => [MessagePassedOn],
        DateInFuture => [DaysOfTheClock],
        SamePerson => [
            PaymentByTwo, PaymentWaits, RoleByTwo, SettingsByTwo, WordsByTwo, WebhookByTwo,
                FundRulesByTwo, CheckWaivedByTwo, ReturnWaivedByTwo, EntrySettledByTwo,
                ChangeByTwo, ReviewByAnother
        ],
        KeyedPayee => [PayeeByTwo],
        BoundsTooWide | RulesIncomplete | TooFewApprovers => [FundBounds],
        FundNotInState => [FundOpen, StepsInOrder],
        RoundClosed | RoundOpen | DeadlineEarlier | ChangesOverdue => [FundOpen],
        GroupMerged => [StepsInOrder],
        RoundNotInState | VariationNotInState | UpdateNotInState | LessonWithdrawn |
            GatheringNotInState | SessionNotInState | IntroductionNotInState |
            BarrierNotInState | Joined | NotSummedUp => [StepsInOrder],
        StoryWithdrawn => [StepsInOrder, ChosenStory],
        NotAffordable => [Budget],
        BelowZero => [Budget, PaymentAmount, ReturnCovered],
        AmountDiffers => [CommitmentMatches, WholeAward, PaymentAmount],
        NobodyReached => [ApplicationReachable],
        ApplicationNotInState => [EligibleFirst, StepsInOrder],
        NotDeclared => [DeclaredBeforeScore, DecisionDeclared],
        NotOnPanel => [DecisionByPanel],
        QuorumMissing => [Quorum, RevocationByPanel],
        AttendanceUnconfirmed => [QuorumConfirmed],
        OutsideBounds => [AwardBounds],
        TakenBackTooLate | LetterGone => [TakenBackInTime],
        ThemeUnknown => [ThemeAdopted],
        NotInAims | SingleAnswer => [TallyOfAims],
        LetterHeld | OfferExpired => [LettersInOrder],
        AgreementDiffers => [AgreementText],
        TooFewSigners => [AgreementSigners, SignedForSelf],
        AgreementNotAccepted | GrantNotInState => [AgreementBeforePayment, StepsInOrder],
        CheckOutstanding | InstalmentNotDue => [ChecksPassed],
        PayeeNotVerified | PayeeChanged => [PayeeVerified],
        Interested => [Unconnected, DeclaredBeforeScore, DecisionDeclared],
        GrantOnHold => [NotOnHold],
        PaymentNotInState => [PaymentOrder],
        OverPaid | BelowPaid => [PaymentAmount],
        PayeeWaits => [PaymentWaits],
        MoreThanPaid | ReturnNotDue | NothingDue => [ReturnCovered],
        NotAsAsked => [ReturnWaivedByTwo],
        UpdateOutstanding | PaymentUnderWay | ReturnOutstanding => [ClosedInOrder],
        NoLead | LastLead | LeadNotOffered | RiskCheckMissing => [GatheringLed],
        SignedUpAlready | TooFewPlaces | CountedOnly => [SessionPlaces],
        ListingWithdrawn | AssetNotInState => [StepsInOrder],
        Private => [DirectoryPrivate],
        SameParty => [HoursReceived, IntroductionWelcomed],
        NotWelcoming => [IntroductionWelcomed],
        NotInTimeBank => [DirectoryConsent],
        NoticeOutOfDate => [ConsentOnNotice],
        ConsentMissing => [IntroductionAgreed, LessonConsented, DirectoryConsent],
        TakenBack => [IntroductionAgreed],
        GroupNotChecked => [IntroductionChecked],
        NoPledges | PledgeUnknown => [PledgeInForce],
        NotPassedOn => [AnswerAfterPassingOn, StepsInOrder],
    }
    not_checked {
        MembersOwnAct | SawScores | InterestStands | KeyerAlone |
            AdministratorsNotSignedIn | AddressUnproven | StillInRole => WHO_ASKED,
        RoleHeld | RoleNotHeld | NoChange | Unknown | Exists | Taken | NotExpired | FileMade |
            PayeeWaitsNot | ReviewedAlready | NoEmailAddress | CheckNotInState | WebhooksFull |
            WebhooksWait | NotSignedUp => NOTHING_RECORDED,
        HelpUnsaid | NotReadBack | NotInRound | NotAskedFor | Nothing | NamedTwice |
            TooManyItems | UnknownArea | AnswerMissing | AnswerUnfit | OptionsMissing |
            UnknownQuestion | NoteWithoutQuestion | RequestIncomplete | LateWithoutReason |
            SummaryMissing | SummaryRepeats | AccountFails | SupplierMissing | ReceiptMissing |
            InstalmentMissing | QuestionChanged | UnknownSign | TextBroken | NameUnknown |
            AccentTooPale | ContactUnfit | ScoreOutOfRange | CheckForEveryPayment |
            NoAgreement | DayOutOfRange | DatesOutOfOrder | NamedOnly | LooksPersonal |
            OwnActOnline | HostMissing => FORM_ONLY,
        RankTaken | OutOfTurn | LettersNotDue | LettersDiffer | ReminderNotDue |
            ConfirmedTooLate | ScheduleDiffers | AwardChanged | UnderspendTooLarge |
            ClawbackTooLarge | CheckNotOnFile | GrantsOpen | SessionPassed | SessionNotOver |
            SessionsLeft => DEADLINE,
        Erased | GrantOpen | RecordsKept => PERSONAL,
        KnownToOne => ROLE_OF_ONE,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator as _;

    use super::{Ground, Refusal, Rule};

    /// Rules that a command cannot be refused for: the program itself writes what they are about.
    const OF_THE_PROGRAM: [Rule; 4] = [
        Rule::ActorNamed,
        Rule::FieldsComplete,
        Rule::OwnKey,
        Rule::HoursBalanced,
    ];

    #[test]
    fn roles_of_an_earlier_program_are_not_said_to_be_checked() {
        assert!(matches!(
            Refusal::KnownToOne.ground(),
            Ground::NotChecked(_)
        ));
    }

    #[test]
    fn every_rule_is_kept_by_a_refusal() {
        let mut kept: BTreeSet<Rule> = OF_THE_PROGRAM.into();
        for refusal in Refusal::iter() {
            if let Ground::Checked(rules) = refusal.ground() {
                kept.extend(rules);
            }
        }
        let missing: Vec<Rule> = Rule::iter().filter(|rule| !kept.contains(rule)).collect();
        assert_eq!(missing, []);
    }
}
