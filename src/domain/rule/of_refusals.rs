//! Which rules each refusal keeps, or why no log can show that one was broken.

use super::Rule;
use crate::domain::Refusal;

const WHO_ASKED: &str =
    "the event has no trace of it: it is about who asked, and the log has who acted";
const NOTHING_RECORDED: &str =
    "nothing would have been recorded: the record is as it was asked to be, or there is none";
const FORM_ONLY: &str =
    "it is about the form of what was entered, and no money or decision depends on it";
const DEADLINE: &str = "it is about a deadline or an order of work that the office may move";
const PERSONAL: &str = "it is about personal data, which the log does not hold";

/// What a log shows of the rules of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ground {
    /// The refusal keeps these rules, and the verifier finds a log that breaks one.
    Checked(&'static [Rule]),
    /// The verifier does not look for it, for this reason.
    NotChecked(&'static str),
}

impl Refusal {
    /// The rules of the table that the refusal keeps. A new refusal needs an entry here.
    #[must_use]
    pub fn ground(&self) -> Ground {
        use Ground::{Checked, NotChecked};
        match self {
            Self::NotYours => Checked(&[
                Rule::RoleHeld,
                Rule::DecisionByPanel,
                Rule::DeclaredBeforeScore,
                Rule::PaymentByFinance,
                Rule::ChangeByTwo,
                Rule::StatementShared,
            ]),
            Self::KnownToOne | Self::FoundingOver | Self::ContactChangedSince => {
                Checked(&[Rule::RoleByTwo])
            }
            Self::NotProposed | Self::ProposerGone => Checked(&[
                Rule::RoleByTwo,
                Rule::SettingsByTwo,
                Rule::WordsByTwo,
                Rule::WebhookByTwo,
                Rule::FundRulesByTwo,
                Rule::CheckWaivedByTwo,
                Rule::ReturnWaivedByTwo,
                Rule::EntrySettledByTwo,
                Rule::ChangeByTwo,
            ]),
            Self::RolesExclude => Checked(&[Rule::RolesExclude]),
            Self::LastAdministrators => Checked(&[Rule::TwoAdministrators]),
            Self::NeedsTwoPeople => Checked(&[
                Rule::ContactByTwo,
                Rule::SettingsByTwo,
                Rule::WordsByTwo,
                Rule::FundRulesByTwo,
            ]),
            Self::MailNotWaiting | Self::MailNotPassedOn => Checked(&[Rule::MessagePassedOn]),
            Self::SamePerson => Checked(&[
                Rule::PaymentByTwo,
                Rule::PaymentWaits,
                Rule::RoleByTwo,
                Rule::SettingsByTwo,
                Rule::WordsByTwo,
                Rule::WebhookByTwo,
                Rule::FundRulesByTwo,
                Rule::CheckWaivedByTwo,
                Rule::ReturnWaivedByTwo,
                Rule::EntrySettledByTwo,
                Rule::ChangeByTwo,
            ]),
            Self::KeyedPayee => Checked(&[Rule::PayeeByTwo]),
            Self::BoundsTooWide | Self::RulesIncomplete(_) | Self::TooFewApprovers(_) => {
                Checked(&[Rule::FundBounds])
            }
            Self::FundNotInState(_) => Checked(&[Rule::FundOpen]),
            Self::NotAffordable { .. } => Checked(&[Rule::Budget]),
            Self::BelowZero { .. } => {
                Checked(&[Rule::Budget, Rule::PaymentAmount, Rule::ReturnCovered])
            }
            Self::AmountDiffers { .. } => Checked(&[
                Rule::CommitmentMatches,
                Rule::WholeAward,
                Rule::PaymentAmount,
            ]),
            Self::NobodyReached => Checked(&[Rule::ApplicationReachable]),
            Self::ApplicationNotInState(_) => Checked(&[Rule::EligibleFirst]),
            Self::NotDeclared => Checked(&[Rule::DeclaredBeforeScore, Rule::DecisionDeclared]),
            Self::NotOnPanel => Checked(&[Rule::DecisionByPanel]),
            Self::QuorumMissing { .. } => Checked(&[Rule::Quorum, Rule::RevocationByPanel]),
            Self::AttendanceUnconfirmed { .. } => Checked(&[Rule::QuorumConfirmed]),
            Self::OutsideBounds { .. } => Checked(&[Rule::AwardBounds]),
            Self::TakenBackTooLate | Self::LetterGone => Checked(&[Rule::TakenBackInTime]),
            Self::AgreementDiffers => Checked(&[Rule::AgreementText]),
            Self::TooFewSigners(_) => Checked(&[Rule::AgreementSigners, Rule::SignedForSelf]),
            Self::AgreementNotAccepted | Self::GrantNotInState(_) => {
                Checked(&[Rule::AgreementBeforePayment])
            }
            Self::CheckOutstanding(_) => Checked(&[Rule::ChecksPassed]),
            Self::PayeeNotVerified | Self::PayeeChanged => Checked(&[Rule::PayeeVerified]),
            Self::Interested => Checked(&[
                Rule::Unconnected,
                Rule::DeclaredBeforeScore,
                Rule::DecisionDeclared,
            ]),
            Self::GrantOnHold => Checked(&[Rule::NotOnHold]),
            Self::PaymentNotInState(_) => Checked(&[Rule::PaymentOrder]),
            Self::OverPaid { .. } | Self::BelowPaid { .. } => Checked(&[Rule::PaymentAmount]),
            Self::PayeeWaits(_) => Checked(&[Rule::PaymentWaits]),
            Self::MoreThanPaid { .. } | Self::ReturnNotDue { .. } | Self::NothingDue => {
                Checked(&[Rule::ReturnCovered])
            }
            Self::NotAsAsked(_) => Checked(&[Rule::ReturnWaivedByTwo]),
            Self::UpdateOutstanding | Self::PaymentUnderWay | Self::ReturnOutstanding => {
                Checked(&[Rule::ClosedInOrder])
            }
            Self::NotOfGroup
            | Self::MembersOwnAct
            | Self::SawScores
            | Self::InterestStands
            | Self::KeyerAlone
            | Self::NotInvited
            | Self::AdministratorsNotSignedIn
            | Self::AddressUnproven
            | Self::StillInRole => NotChecked(WHO_ASKED),
            Self::RoleHeld
            | Self::RoleNotHeld
            | Self::NoChange
            | Self::Unknown(_)
            | Self::Exists(_)
            | Self::Taken(_)
            | Self::NotExpired
            | Self::FileMade
            | Self::PayeeWaitsNot
            | Self::ReviewedAlready
            | Self::StoryWithdrawn
            | Self::NoEmailAddress
            | Self::CheckNotInState(_)
            | Self::VariationNotInState(_)
            | Self::UpdateNotInState(_)
            | Self::WebhooksFull(_)
            | Self::WebhooksWait(_)
            | Self::LetterHeld => NotChecked(NOTHING_RECORDED),
            Self::HelpUnsaid
            | Self::NotReadBack
            | Self::NotInRound
            | Self::NotAskedFor
            | Self::Nothing(_)
            | Self::NamedTwice
            | Self::TooManyItems(_)
            | Self::UnknownArea
            | Self::AnswerMissing(_)
            | Self::AnswerUnfit { .. }
            | Self::OptionsMissing
            | Self::UnknownQuestion(_)
            | Self::NoteWithoutQuestion(_)
            | Self::RequestIncomplete
            | Self::LateWithoutReason
            | Self::SummaryMissing
            | Self::SummaryRepeats
            | Self::AccountFails
            | Self::SupplierMissing
            | Self::ReceiptMissing
            | Self::InstalmentMissing
            | Self::ConsentMissing
            | Self::UnknownSign(_)
            | Self::TextBroken(_)
            | Self::NameUnknown(_)
            | Self::AccentTooPale(_)
            | Self::ContactUnfit { .. }
            | Self::ScoreOutOfRange
            | Self::CheckForEveryPayment(_)
            | Self::NoAgreement
            | Self::DayOutOfRange { .. }
            | Self::DateInFuture(_)
            | Self::DatesOutOfOrder(_) => NotChecked(FORM_ONLY),
            Self::RoundNotInState(_)
            | Self::RoundClosed { .. }
            | Self::RoundOpen(_)
            | Self::DeadlineEarlier(_)
            | Self::ChangesOverdue(_)
            | Self::OfferExpired(_)
            | Self::OfferStands(_)
            | Self::RankTaken(_)
            | Self::OutOfTurn(_)
            | Self::LettersNotDue(_)
            | Self::LettersDiffer(_)
            | Self::ReminderNotDue
            | Self::InstalmentNotDue(_)
            | Self::ConfirmedTooLate(_)
            | Self::ScheduleDiffers { .. }
            | Self::AwardChanged { .. }
            | Self::UnderspendTooLarge { .. }
            | Self::ClawbackTooLarge { .. }
            | Self::CheckNotOnFile
            | Self::GrantsOpen => NotChecked(DEADLINE),
            Self::Erased | Self::GrantOpen | Self::RecordsKept(_) | Self::GroupMerged => {
                NotChecked(PERSONAL)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use strum::IntoEnumIterator as _;

    use super::{Ground, Refusal, Rule};

    /// Rules that a command cannot be refused for: the program itself writes these events.
    const OF_THE_PROGRAM: [Rule; 1] = [Rule::ActorNamed];

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
