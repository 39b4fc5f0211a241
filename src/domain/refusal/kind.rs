//! Kind, code and advice of each refusal. The kind determines the API's status and the heading of a
//! page.

use strum::EnumMessage as _;

use super::Refusal;
use crate::domain::money::BelowZero;

/// Kind of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalKind {
    /// The actor is not allowed to do it.
    Forbidden,
    /// The thing does not exist.
    Unknown,
    /// The input breaks a rule, independent of the state.
    Input,
    /// The current state forbids it.
    State,
}

impl Refusal {
    #[must_use]
    pub fn kind(&self) -> RefusalKind {
        match self {
            Self::NotYours
            | Self::NotOfGroup
            | Self::SamePerson
            | Self::KeyedPayee
            | Self::NeedsTwoPeople
            | Self::KnownToOne
            | Self::SawScores
            | Self::Interested => RefusalKind::Forbidden,
            Self::Unknown(_) | Self::NotInvited => RefusalKind::Unknown,
            Self::MembersOwnAct
            | Self::NotOnPanel
            | Self::HelpUnsaid
            | Self::NotReadBack
            | Self::NobodyReached
            | Self::NotInRound
            | Self::NotAskedFor
            | Self::BoundsTooWide
            | Self::OutsideBounds { .. }
            | Self::NotAsAsked(_)
            | Self::AmountDiffers { .. }
            | Self::ScheduleDiffers { .. }
            | Self::Nothing(_)
            | Self::RulesIncomplete(_)
            | Self::NamedTwice
            | Self::TooManyItems(_)
            | Self::CheckForEveryPayment(_)
            | Self::UnknownArea
            | Self::AnswerMissing(_)
            | Self::AnswerUnfit { .. }
            | Self::OptionsMissing
            | Self::UnknownQuestion(_)
            | Self::NoteWithoutQuestion(_)
            | Self::RequestIncomplete
            | Self::LateWithoutReason
            | Self::SummaryRepeats
            | Self::AgreementDiffers
            | Self::AccountFails
            | Self::SupplierMissing
            | Self::ReceiptMissing
            | Self::InstalmentMissing
            | Self::TooFewSigners(_)
            | Self::ConsentMissing
            | Self::UnknownSign(_)
            | Self::ThemeUnknown { .. }
            | Self::PledgeUnknown(_)
            | Self::LooksPersonal { .. }
            | Self::NotInAims { .. }
            | Self::QuestionChanged(_)
            | Self::SingleAnswer
            | Self::DateInFuture(_)
            | Self::DayOutOfRange { .. }
            | Self::DatesOutOfOrder(_)
            | Self::TextBroken(_)
            | Self::NameUnknown(_)
            | Self::AccentTooPale(_)
            | Self::ContactUnfit { .. }
            | Self::CountedOnly
            | Self::NamedOnly
            | Self::NotSignedUp
            | Self::Private
            | Self::SameParty
            | Self::NotInTimeBank
            | Self::NoticeOutOfDate
            | Self::OwnActOnline
            | Self::HostMissing
            | Self::ScoreOutOfRange => RefusalKind::Input,
            _ => RefusalKind::State,
        }
    }
}

impl Refusal {
    /// The stable code, for programs, tests and the audit.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// Advice on what to do.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.get_message().unwrap_or_default()
    }

    /// All codes with their advice.
    pub fn codes_with_advice() -> impl Iterator<Item = (&'static str, &'static str)> {
        use strum::IntoEnumIterator as _;
        Self::iter().map(|refusal| (refusal.code(), refusal.advice()))
    }
}

impl From<BelowZero> for Refusal {
    fn from(below: BelowZero) -> Self {
        Self::BelowZero {
            from: below.from,
            taken: below.taken,
        }
    }
}
