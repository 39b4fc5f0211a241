//! Everything that a rule can answer instead of events. Each refusal is a state of the world with a stable code.

use jiff::civil::Date;

use super::money::{BelowZero, Money};

/// A rule said no. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, strum::IntoStaticStr, strum::VariantNames)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    // Who
    #[error("your role does not include this")]
    NotYours,
    #[error("this belongs to a group that you are not a member of")]
    NotOfGroup,
    #[error("this needs a second person: you already acted on it")]
    SamePerson,
    #[error("you last keyed the payee, so another person must approve or verify")]
    KeyedPayee,
    #[error("a role that moves money or gives roles must be proposed by one person and confirmed by another")]
    NeedsTwoPeople,
    #[error("an auditor cannot sit on the panel, nor a panel member audit")]
    RolesExclude,
    #[error("the person already holds this role")]
    RoleHeld,
    #[error("the person does not hold this role")]
    RoleNotHeld,
    #[error("nothing of this kind has been proposed")]
    NotProposed,
    #[error("two administrators must remain")]
    LastAdministrators,
    #[error("the first people have been named: two administrators now propose and confirm roles")]
    FoundingOver,
    // What there is
    #[error("there is no such {0}")]
    Unknown(&'static str),
    #[error("this {0} exists already")]
    Exists(&'static str),
    #[error("this {0} belongs to somebody else already")]
    Taken(&'static str),
    #[error("the personal data of this person or group was erased")]
    Erased,
    // States
    #[error("the fund is {0}")]
    FundNotInState(&'static str),
    #[error("the round is {0}")]
    RoundNotInState(&'static str),
    #[error("the round takes applications from {opens_on} to the end of {closes_on}")]
    RoundClosed { opens_on: Date, closes_on: Date },
    #[error("the round takes applications to the end of {0}")]
    RoundOpen(Date),
    #[error("a deadline never moves earlier than {0}")]
    DeadlineEarlier(Date),
    #[error("the application is {0}")]
    ApplicationNotInState(&'static str),
    #[error("the grant is {0}")]
    GrantNotInState(&'static str),
    #[error("the payment is {0}")]
    PaymentNotInState(&'static str),
    #[error("the update is {0}")]
    UpdateNotInState(&'static str),
    #[error("the check is {0}")]
    CheckNotInState(&'static str),
    #[error("the offer ran out at the end of {0}")]
    OfferExpired(Date),
    #[error("the offer stands until the end of {0}")]
    OfferStands(Date),
    // Money
    #[error("an award is from £500.00 to £2,500.00, and a fund may only narrow that")]
    BoundsTooWide,
    #[error("the amount must be from {minimum} to {maximum}")]
    OutsideBounds { minimum: Money, maximum: Money },
    #[error("the group asked for {0}: awarding more needs a reason")]
    AboveAsked(Money),
    #[error("{asked} is more than the {left} that is uncommitted for this area")]
    NotAffordable { asked: Money, left: Money },
    #[error("a payment of {asked} exceeds the {left} left on this grant")]
    OverPaid { asked: Money, left: Money },
    #[error("{asked} is more than the {left} that could be unspent")]
    UnderspendTooLarge { asked: Money, left: Money },
    #[error("{asked} is more than the {due} that is due back")]
    ReturnNotDue { asked: Money, due: Money },
    #[error("{taken} is more than the {from} that is there")]
    BelowZero { from: Money, taken: Money },
    #[error("the amount must be more than nothing")]
    Nothing,
    // What is missing
    #[error("the fund needs {0} people who may approve payments before it opens")]
    TooFewApprovers(usize),
    #[error("the fund's rules are not complete: {0}")]
    RulesIncomplete(&'static str),
    #[error("the area is not one of the fund's")]
    UnknownArea,
    #[error("the question {0} must be answered")]
    AnswerMissing(String),
    #[error("there is no question {0} on this form")]
    UnknownQuestion(String),
    #[error("say how much you ask for, and in which area")]
    RequestIncomplete,
    #[error("a late form needs the date on which it was received, before the deadline passed, and a reason")]
    LateWithoutReason,
    #[error("write the grant's public title and description first")]
    SummaryMissing,
    #[error("the public description must say more than the title")]
    SummaryRepeats,
    #[error("the accepted text is not the issued one")]
    AgreementDiffers,
    #[error("the agreement has not been accepted")]
    AgreementNotAccepted,
    #[error("the organisation has not published an agreement")]
    NoAgreement,
    #[error("the check {0} has neither passed nor been waived")]
    CheckOutstanding(String),
    #[error("the group's payee is not verified")]
    PayeeNotVerified,
    #[error("the group's payee has changed: look at the one that it has now")]
    PayeeChanged,
    #[error("a signature by at least {0} people is needed")]
    TooFewSigners(usize),
    #[error("the sign {0} is not in the framework")]
    UnknownSign(String),
    #[error("the last update is neither accepted nor excused")]
    UpdateOutstanding,
    #[error("a payment is still under way")]
    PaymentUnderWay,
    #[error("money is still due back")]
    ReturnOutstanding,
    #[error("the fund has grants that are not closed")]
    GrantsOpen,
    #[error("the date {0} lies in the future")]
    DateInFuture(Date),
    #[error("the dates are not in order")]
    DatesOutOfOrder,
    #[error("a score has a value from 0 to 5 for each criterion")]
    ScoreOutOfRange,
    #[error("nothing would change")]
    NoChange,
}

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
    /// The stable code: for machines, tests and the audit.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.into()
    }

    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::NotYours | Self::NotOfGroup | Self::SamePerson | Self::KeyedPayee | Self::NeedsTwoPeople => Kind::Forbidden,
            Self::Unknown(_) => Kind::Unknown,
            Self::BoundsTooWide
            | Self::OutsideBounds { .. }
            | Self::AboveAsked(_)
            | Self::Nothing
            | Self::RulesIncomplete(_)
            | Self::UnknownArea
            | Self::AnswerMissing(_)
            | Self::UnknownQuestion(_)
            | Self::RequestIncomplete
            | Self::LateWithoutReason
            | Self::SummaryRepeats
            | Self::AgreementDiffers
            | Self::TooFewSigners(_)
            | Self::UnknownSign(_)
            | Self::DateInFuture(_)
            | Self::DatesOutOfOrder
            | Self::ScoreOutOfRange => Kind::Input,
            _ => Kind::State,
        }
    }
}

impl From<BelowZero> for Refusal {
    fn from(below: BelowZero) -> Self {
        Self::BelowZero { from: below.from, taken: below.taken }
    }
}
