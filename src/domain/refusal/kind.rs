//! Which kind of no each refusal is: the API's status and the pages' words follow from it.

use super::Refusal;

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
