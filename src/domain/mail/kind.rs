//! The kinds of mails, and the names that a template of each can use.

use serde::{Deserialize, Serialize};

/// Kind of email.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    utoipa::ToSchema,
    strum::IntoStaticStr,
    strum::EnumString,
    strum::VariantArray,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum MailKind {
    /// A link and a code to sign in with.
    SignIn,
    /// A person was given a role. It has a link to sign in with.
    ColleagueInvited,
    /// The application was submitted.
    Submitted,
    /// Changes to the application are requested.
    ChangesRequested,
    /// The application is not eligible.
    Ineligible,
    /// The application was declined.
    Declined,
    /// The decision was postponed.
    Deferred,
    /// The application is on the reserve list.
    Reserved,
    /// A review was decided.
    Reviewed,
    /// A grant is offered.
    Offered,
    /// An offer expired or was withdrawn.
    OfferEnded,
    /// A check needs something from the group.
    CheckRequested,
    /// A payment was sent.
    Paid,
    /// An update is due soon or overdue.
    UpdateDue,
    /// Staff ask a question about an update.
    UpdateQueried,
    /// Money must be returned.
    ReturnRequested,
    /// A person's contact details changed. It is sent to the previous address.
    ContactChanged,
    /// The round of a draft closes soon.
    DraftClosing,
    /// The round's deadline moved, and a lapsed draft can be submitted.
    DraftReopened,
    /// The group accepted the agreement.
    AgreementAccepted,
    /// A member of the group sent a paper.
    PaperReceived,
    /// The group asks for a change of its grant.
    VariationAsked,
    VariationApproved,
    VariationRefused,
    /// The group sent an update, or news.
    UpdateReceived,
    /// Staff accepted an update.
    UpdateAccepted,
    /// The group returned money.
    ReturnReceived,
    /// The grant was terminated.
    GrantStopped,
    /// The grant was closed.
    GrantClosed,
    /// A person's data is to be erased. It is the last email that they get.
    ErasureAsked,
    /// A person signed up for a session of a gathering and has a place.
    SignedUp,
    /// The session was full, so the person waits for a place.
    WaitingJoined,
    /// A person who waited has a place.
    PlaceFree,
    /// The session has another day, time or place.
    SessionMoved,
    SessionCancelled,
    /// The session is in the next two days.
    SessionSoon,
    /// The person came to the session.
    SessionAfter,
    /// A person is asked to lead a gathering.
    LeadOffered,
    /// A person took a pledge that is due, and kept none.
    PledgeDue,
    /// What a person said about a barrier was answered, or what was planned was made.
    BarrierAnswered,
    /// Those who hold an entry of the directory are asked whether it is still right.
    AssetDue,
    /// Somebody would like to meet a group.
    IntroductionAsks,
    /// The group knows that the person would like to come.
    Introduced,
    /// The group said whether they are welcome.
    IntroductionAnswered,
}

impl MailKind {
    /// The names that only this mail can use, in addition to the common ones.
    fn specific_names(self) -> &'static [&'static str] {
        match self {
            Self::SignIn => &["code", "minutes"],
            Self::ColleagueInvited => &["roles"],
            Self::Submitted | Self::DraftClosing | Self::DraftReopened => {
                &["reference", "round", "closes_on"]
            }
            Self::ChangesRequested => &["reference", "note", "due_on"],
            Self::Ineligible
            | Self::Declined
            | Self::Deferred
            | Self::Reserved
            | Self::Reviewed => &["reference", "note"],
            Self::Offered => &["amount", "due_on", "title"],
            Self::OfferEnded | Self::LeadOffered | Self::IntroductionAsks | Self::Introduced => {
                &["title"]
            }
            Self::IntroductionAnswered => &["title", "note"],
            Self::CheckRequested
            | Self::UpdateQueried
            | Self::VariationRefused
            | Self::GrantStopped => &["title", "note", "reference"],
            Self::Paid | Self::ReturnReceived => &["amount", "title", "reference"],
            Self::UpdateDue => &["title", "due_on", "note"],
            Self::AssetDue => &["title", "due_on"],
            Self::ReturnRequested => &["title", "due_on", "amount", "reference", "pay_to"],
            Self::ContactChanged => &["changed_on"],
            Self::AgreementAccepted
            | Self::VariationAsked
            | Self::VariationApproved
            | Self::UpdateReceived
            | Self::UpdateAccepted
            | Self::GrantClosed => &["title", "reference"],
            Self::PaperReceived | Self::ErasureAsked => &[],
            Self::SignedUp
            | Self::WaitingJoined
            | Self::PlaceFree
            | Self::SessionMoved
            | Self::SessionSoon => &["title", "day", "time", "place"],
            Self::SessionCancelled => &["title", "day", "time", "note"],
            Self::SessionAfter => &["title", "day", "note"],
            Self::PledgeDue => &["note"],
            Self::BarrierAnswered => &["note", "passed_on_to", "answer", "outcome"],
        }
    }

    /// All names that a template of this mail can use.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        let typed: &[&str] = if self.may_reach_unproven() {
            &[]
        } else if self.is_about_gathering()
            || self.is_about_own_words()
            || self == Self::AssetDue
            || self.is_about_introduction()
        {
            &TYPED_NAMES_OF_PERSON
        } else {
            &TYPED_NAMES
        };
        self.specific_names()
            .iter()
            .chain(typed)
            .chain(&COMMON_NAMES)
            .copied()
    }

    /// Whether it may go to an address that nobody has proved to be theirs. Such a mail contains
    /// nothing that a user typed. Otherwise anyone could enter a stranger's address and write to
    /// them in the office's name.
    #[must_use]
    pub fn may_reach_unproven(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::ColleagueInvited | Self::ContactChanged
        )
    }

    /// Whether it is about a gathering, and not about an application or a grant.
    #[must_use]
    pub fn is_about_gathering(self) -> bool {
        matches!(
            self,
            Self::SignedUp
                | Self::WaitingJoined
                | Self::PlaceFree
                | Self::SessionMoved
                | Self::SessionCancelled
                | Self::SessionSoon
                | Self::SessionAfter
                | Self::LeadOffered
        )
    }

    /// Whether it is about a pledge or a barrier, and so about no group.
    #[must_use]
    pub fn is_about_own_words(self) -> bool {
        matches!(self, Self::PledgeDue | Self::BarrierAnswered)
    }

    /// Whether it is about an introduction.
    #[must_use]
    pub fn is_about_introduction(self) -> bool {
        matches!(
            self,
            Self::IntroductionAsks | Self::Introduced | Self::IntroductionAnswered
        )
    }

    /// Whether its template takes two administrators: two mails let people in, and the other warns
    /// them of a change made by staff.
    #[must_use]
    pub fn needs_two_people(self) -> bool {
        matches!(
            self,
            Self::SignIn | Self::ColleagueInvited | Self::ContactChanged
        )
    }
}

/// Names that every mail can use.
const COMMON_NAMES: [&str; 3] = ["organisation", "link", "phone"];
/// Names whose values a user typed.
const TYPED_NAMES: [&str; 2] = ["name", "group"];
/// The same for a mail that is about no group.
const TYPED_NAMES_OF_PERSON: [&str; 1] = ["name"];
