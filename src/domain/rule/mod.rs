//! The table of rules: each rule that commands keep, and that the verifier checks again in a log.
//!
//! An entry has the rule's sentence, its subject, and the events that can break it.
//! [`Refusal::ground`](super::Refusal::ground) says which rule a refusal keeps, and `audit::rules`
//! checks each rule of the table. `docs/rules.md` is made from the three.

mod of_refusals;

use serde::Serialize;
use strum::EnumMessage as _;

pub use of_refusals::Ground;

/// What a rule is about. The table is in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumIter, strum::EnumMessage)]
pub enum RuleSubject {
    #[strum(message = "People and roles")]
    People,
    #[strum(message = "The organisation’s settings")]
    Settings,
    #[strum(message = "Funds and their money")]
    Funds,
    #[strum(message = "Applications")]
    Applications,
    #[strum(message = "Decisions of the panel")]
    Decisions,
    #[strum(message = "Agreements and checks")]
    Agreements,
    #[strum(message = "Bank details and payments")]
    Payments,
    #[strum(message = "Changes, returns and the end of a grant")]
    Grants,
}

impl RuleSubject {
    /// The heading of the subject in documents.
    #[must_use]
    pub fn heading(self) -> &'static str {
        self.get_message().unwrap_or_default()
    }
}

/// Declares the rules, each with its subject, its sentence and the events that can break it.
macro_rules! rules {
    ($( $subject:ident {
        $( $rule:ident $sentence:literal [$( $event:literal ),+ $(,)?] )+
    } )+) => {
        /// A rule of the service. Its name in findings is the variant's name in kebab case.
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize,
            strum::EnumIter, strum::IntoStaticStr, strum::EnumString,
        )]
        #[serde(rename_all = "kebab-case")]
        #[strum(serialize_all = "kebab-case")]
        pub enum Rule {
            $( $( #[doc = $sentence] $rule, )+ )+
        }

        impl Rule {
            /// What the rule is about.
            #[must_use]
            pub fn subject(self) -> RuleSubject {
                match self {
                    $( $( Self::$rule )|+ => RuleSubject::$subject, )+
                }
            }

            /// What must hold.
            #[must_use]
            pub fn sentence(self) -> &'static str {
                match self {
                    $( $( Self::$rule => $sentence, )+ )+
                }
            }

            /// The events that can break the rule, each as `stream.Event`, or `*` for all.
            #[must_use]
            pub fn events(self) -> &'static [&'static str] {
                match self {
                    $( $( Self::$rule => &[$( $event ),+], )+ )+
                }
            }
        }
    };
}

rules! {
    People {
    ActorNamed
        "The person whom an event names as the one who acted gave its command. The name is the first \
         of `confirmed_by`, `set_by`, `by`, `approved_by`, `prepared_by`, `verified_by`, `keyed_by`, \
         `kept_by`, `shared_by`, `invited_by`, `started_by`, `registered_by`, `changed_by`, \
         `proposed_by`, `merged_by` and `read_by` that the event has and that is not null; it equals \
         `actor` in the metadata where that is a person. `MemberAdded`, `InterestDeclared` and \
         `ScoreSetAside` can name others."
        ["*"]
    RoleHeld
        "A person acts in a role only while they hold it: before the first event of a command, its \
         actor held each role in the metadata."
        ["*"]
    RoleByTwo
        "One administrator proposes a role and another administrator confirms it; the end of the role \
         withdraws a proposal. `FounderNamed` is by the operator, while there are fewer than two \
         administrators. There is no `RoleGiven` after the first `FounderNamed` or `RoleProposed`."
        ["organisation.RoleConfirmed", "organisation.RoleProposed", "organisation.RoleGiven",
         "organisation.FounderNamed"]
    RolesExclude
        "No one is auditor and panel member at the same time."
        ["organisation.RoleConfirmed", "organisation.FounderNamed"]
    TwoAdministrators
        "Once there have been two administrators, the end of a role leaves at least two, unless the \
         personal data of the person were erased before."
        ["organisation.RoleEnded"]
    ContactByTwo
        "Staff who change the contact details of another person need a second person, except for \
         the one who registered them. A person who holds a role does not change an address that \
         they have proven."
        ["person.ContactChanged"]
    MessagePassedOn
        "Staff record that a person was told by phone or letter once for each message that waited \
         for it, and not before the day of its cause."
        ["person.PersonTold", "person.TellingTakenBack", "person.EmailedInstead"]
    }

    Settings {
    SettingsByTwo
        "One administrator proposes settings and another confirms the same settings. Until there \
         have been two administrators, one sets them alone, but not the account for returns."
        ["organisation.SettingsSet"]
    WordsByTwo
        "Words of an email that were proposed are confirmed by another person than the one who \
         proposed them. From the first `MailTextProposed` on, the words of `sign_in`, \
         `colleague_invited` and `contact_changed` are published in this way only."
        ["organisation.MailTextPublished"]
    WebhookByTwo
        "A webhook is confirmed by another administrator than the one who proposed it, with the \
         number of the newest proposal."
        ["organisation.WebhookConfirmed"]
    StatementShared
        "An administrator, officer or finance person shares a funder's statement in their own name, \
         by a link with the next number, for at most 90 days."
        ["organisation.StatementShared", "organisation.StatementLinkEnded"]
    }

    Funds {
    FundBounds
        "The rules of a fund keep its awards between £500 and £2,500, with a minimum that is not \
         above the maximum, two or three people for each payment, and a quorum of at least one."
        ["fund.FundCreated", "fund.RulesSet", "fund.RulesProposed", "fund.RulesConfirmed"]
    FundRulesByTwo
        "One administrator proposes rules for a fund that has opened and another confirms the same \
         rules. `RulesSet` comes before the fund opens."
        ["fund.RulesConfirmed", "fund.RulesSet"]
    FundOpen
        "A round opens, money is committed and an application is submitted, also after changes, only \
         while the fund is open: after `FundOpened` or `FundResumed`, and before the next \
         `FundPaused`, `FundClosed` or `FundArchived`."
        ["fund.RoundOpened", "fund.Committed", "fund.CommitmentIncreased",
         "application.ApplicationSubmitted", "application.ApplicationResubmitted"]
    Budget
        "A fund commits and gives back no more than is free, by source. Money that a funder gave \
         for an area pays for that area only."
        ["fund.Committed", "fund.CommitmentIncreased", "fund.CommitmentReduced",
         "fund.CommitmentReleased", "fund.CommitmentTakenBack", "fund.FundingWithdrawn"]
    CommitmentMatches
        "After the last event of each command, the amount that a fund has committed for a grant is \
         the amount that was awarded and has been neither released nor returned."
        ["fund.Committed", "fund.CommitmentIncreased", "fund.CommitmentReduced",
         "fund.CommitmentReleased", "fund.CommitmentTakenBack", "grant.GrantOffered",
         "grant.OfferDeclined", "grant.OfferLapsed", "grant.OfferWithdrawn",
         "grant.VariationApproved", "grant.AwardGrown", "grant.GrantTerminated",
         "grant.UnderspendDeclared", "grant.ReturnReceived", "grant.EntrySettled",
         "grant.PaymentReversed", "grant.AwardTakenBack", "grant.GrantClosed"]
    }

    Applications {
    ApplicationReachable
        "Someone in the group could be reached when an application was submitted, in the ways that \
         the event names. It holds from the first submission that names a way."
        ["application.ApplicationSubmitted", "application.ApplicationResubmitted"]
    EligibleFirst
        "An application is scored, awarded, declined, deferred or put on the reserve list only \
         after it was submitted and its eligibility was confirmed, and while that has not been \
         taken back."
        ["application.ScoreGiven", "application.Awarded", "application.Declined",
         "application.Deferred", "application.Reserved"]
    DeclaredBeforeScore
        "A person who scores sits on the panel and had declared that they have no interest."
        ["application.ScoreGiven"]
    }

    Decisions {
    DecisionByPanel
        "A panel member records a decision, and everyone who is named as present sits on the panel."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved"]
    DecisionDeclared
        "Everyone who is named as present at a decision had declared that they have no interest."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved", "application.DecisionTakenBack"]
    Quorum
        "As many people as the rules of the fund ask for are named as present at a decision."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved"]
    QuorumConfirmed
        "As many of those who were named as present as the quorum needs have confirmed it before \
         money is paid. The person who recorded the decision counts as confirmed."
        ["grant.PaymentPrepared"]
    AwardBounds
        "An award, and an award after a change, is within the bounds of its fund and between £500 \
         and £2,500."
        ["application.Awarded", "grant.AwardGrown"]
    WholeAward
        "Decision, commitment and offer of an award are in one command, with the same amount."
        ["application.Awarded", "fund.Committed", "grant.GrantOffered"]
    TakenBackInTime
        "A decision is taken back only while its letter is held, or a decline within ten minutes; \
         an eligibility only within ten minutes. Nothing of an award that was taken back remains."
        ["application.DecisionTakenBack", "application.EligibilityTakenBack",
         "application.EligibilityConfirmed", "application.EligibilityRefused",
         "application.Declined"]
    }

    Agreements {
    AgreementText
        "A group accepts and signs the text that was issued last for its grant."
        ["grant.AgreementAccepted", "grant.AgreementSigned"]
    AgreementSigners
        "As many people accept an agreement as the offer asks for."
        ["grant.AgreementAccepted"]
    SignedForSelf
        "Where each person signs with their own account, each signs once and for themselves, and \
         the names that accept are the names that were signed."
        ["grant.AgreementSigned", "grant.AgreementAccepted"]
    AgreementBeforePayment
        "A payment is prepared only after the group has accepted its agreement, and while the grant \
         has not ended."
        ["grant.PaymentPrepared"]
    ChecksPassed
        "When a payment is prepared, each check of the offer, and each condition that holds back \
         every payment, has passed and is in date, or was waived."
        ["grant.PaymentPrepared"]
    CheckWaivedByTwo
        "A check is waived by another person than the one who proposed it."
        ["grant.CheckWaived"]
    }

    Payments {
    PayeeByTwo
        "The bank details of a group are verified by a person who neither entered them nor let in \
         the person who did."
        ["group.PayeeVerified"]
    PayeeVerified
        "A payment is prepared for, and approved while it is for, the newest bank details of the \
         group, and these are verified."
        ["grant.PaymentPrepared", "grant.PaymentApproved"]
    PaymentByTwo
        "As many people as the payment needs acted on it: the person who prepared it, and others \
         who approved it. None of those entered the bank details."
        ["grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentSent"]
    PaymentByFinance
        "The person who approves a payment holds the finance role."
        ["grant.PaymentApproved"]
    Unconnected
        "A person who verifies bank details, prepares or approves a payment, settles an entry of \
         the bank or gives up money or a check is not a member of the group, or of one that it was \
         merged with, since the application began. For payments they have declared no interest."
        ["group.PayeeVerified", "grant.PaymentPrepared", "grant.PaymentApproved",
         "grant.EntrySettled", "grant.ReturnWaived", "grant.CheckWaived"]
    NotOnHold
        "No payment is prepared or approved while its grant is on hold, and none is sent on the day \
         of the command or in a batch."
        ["grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentSent"]
    PaymentOrder
        "A payment is prepared with a new number, then approved, sent, and then confirmed, failed \
         or reversed. It is rejected before it is approved and cancelled before it is sent. It does \
         not leave before the day of its last approval, nor is it paid before it left."
        ["grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentRejected",
         "grant.PaymentCancelled", "grant.PaymentSent", "grant.PaymentConfirmed",
         "grant.PaymentFailed", "grant.PaymentReversed"]
    PaymentAmount
        "The amount that is sent is the amount that was prepared, and a grant is paid no more than \
         was awarded, by source."
        ["grant.PaymentPrepared", "grant.PaymentSent", "grant.PaymentFailed",
         "grant.PaymentReversed"]
    PaymentWaits
        "A payment leaves after the day until which it waits, unless two people let it leave early."
        ["grant.PaymentSent", "grant.EarlyPaymentConfirmed"]
    }

    Grants {
    ChangeByTwo
        "A change of a grant is approved by another person than the one who asked for it. A panel \
         member approves another amount or purpose."
        ["grant.VariationApproved"]
    RevocationByPanel
        "A grant ends, or money is demanded back, by a revocation only after the people who were \
         named as present have confirmed it for themselves."
        ["grant.RevocationProposed", "grant.RevocationConfirmed"]
    ReturnCovered
        "No more comes back, and no more is settled, than was paid and was due, by source."
        ["grant.ReturnReceived", "grant.EntrySettled", "grant.PaymentReversed"]
    ReturnWaivedByTwo
        "Money that is due back is given up by another person than the one who proposed it, and it \
         is the amount that was proposed."
        ["grant.ReturnWaived"]
    EntrySettledByTwo
        "An entry of the bank is settled by another person than the one who proposed how."
        ["grant.EntrySettled"]
    ClosedInOrder
        "A grant is closed only after its final update was accepted or excused, with no payment \
         under way and nothing due back."
        ["grant.GrantClosed"]
    }
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::Rule;
    use crate::domain::event::EVENT_NAMES;

    #[test]
    fn every_event_of_a_rule_exists() {
        let known: Vec<String> = EVENT_NAMES
            .iter()
            .flat_map(|(stream, names)| names.iter().map(move |name| format!("{stream}.{name}")))
            .collect();
        for rule in Rule::iter() {
            for event in rule.events().iter().filter(|event| **event != "*") {
                assert!(known.iter().any(|name| name == event), "{rule:?}: {event}");
            }
        }
    }
}
