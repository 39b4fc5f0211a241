//! What each refusal comes to: its kind, from which the API's status and the pages' words follow,
//! its code and its advice.

use strum::EnumMessage as _;

use super::Refusal;
use crate::domain::money::BelowZero;

/// What kind of no it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The actor may not.
    Forbidden,
    /// There is no such thing.
    Unknown,
    /// What was sent breaks a rule by itself.
    Input,
    /// The state of the world is against it.
    State,
}

impl Refusal {
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotYours
            | Self::NotOfGroup
            | Self::SamePerson
            | Self::KeyedPayee
            | Self::NeedsTwoPeople
            | Self::KnownToOne
            | Self::SawScores
            | Self::Interested => Kind::Forbidden,
            Self::Unknown(_) | Self::NotInvited => Kind::Unknown,
            Self::MembersOwnAct
            | Self::NotOnPanel
            | Self::HelpUnsaid
            | Self::NotReadBack
            | Self::NotInRound
            | Self::NotAskedFor
            | Self::BoundsTooWide
            | Self::OutsideBounds { .. }
            | Self::NotAsAsked(_)
            | Self::AmountDiffers { .. }
            | Self::ScheduleDiffers { .. }
            | Self::Nothing
            | Self::RulesIncomplete(_)
            | Self::NamedTwice
            | Self::TooManyItems(_)
            | Self::CheckForEveryPayment(_)
            | Self::UnknownArea
            | Self::AnswerMissing(_)
            | Self::UnknownQuestion(_)
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
            | Self::DateInFuture(_)
            | Self::DayOutOfRange { .. }
            | Self::DatesOutOfOrder(_)
            | Self::TextBroken(_)
            | Self::NameUnknown(_)
            | Self::ScoreOutOfRange => Kind::Input,
            _ => Kind::State,
        }
    }
}

impl Refusal {
    /// The stable code: for machines, tests and the audit.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    /// What to do about it.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        self.get_message().unwrap_or_default()
    }

    /// Every code with its advice.
    pub fn advised() -> impl Iterator<Item = (&'static str, &'static str)> {
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
