//! Refusals: everything that a rule can return in place of events, each with a stable code.

mod kind;

use jiff::civil::Date;

use super::money::Money;
pub use kind::RefusalKind;

/// Why a command is refused. Nothing was changed. The `error` text is the reason, the `strum`
/// message the advice.
///
/// Codes derive from the names of the variants and are public: never rename a variant.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    thiserror::Error,
    strum::IntoStaticStr,
    strum::VariantNames,
    strum::EnumMessage,
    strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum Refusal {
    // People and roles
    #[error("your role does not include this")]
    #[strum(message = "Ask somebody whose role includes it; an administrator can say who that is.")]
    NotYours,
    #[error("this belongs to a group that you are not a member of")]
    #[strum(message = "Ask a member of the group, or the office, to do it.")]
    NotOfGroup,
    #[error("this needs a second person: you already acted on it")]
    #[strum(message = "Ask somebody who has not acted on it.")]
    SamePerson,
    #[error(
        "you keyed the payee, or the person who keyed it is known here on your word, so another person must verify and approve"
    )]
    #[strum(message = "Ask a colleague who neither keyed the payee nor brought its keyer in.")]
    KeyedPayee,
    #[error("one of the two people was given their role by one administrator alone")]
    #[strum(
        message = "Ask one administrator to propose that role again, and another to confirm it."
    )]
    KnownToOne,
    #[error("this needs two people: one proposes it, and another confirms it")]
    #[strum(message = "Propose it, and ask a second person to confirm it.")]
    NeedsTwoPeople,
    #[error("the person's name or address changed after the role was proposed")]
    #[strum(message = "Look at the person's contact details, and propose the role again.")]
    ContactChangedSince,
    #[error("the person has not been asked to join this group")]
    #[strum(message = "Ask a member of the group, or the office, to add the person first.")]
    NotInvited,
    #[error(
        "two administrators must have signed in with a link that was mailed to them before a fund opens"
    )]
    #[strum(message = "Ask each administrator to sign in once with a link from their own mailbox.")]
    AdministratorsNotSignedIn,
    #[error("an auditor cannot sit on the panel, nor a panel member audit")]
    #[strum(message = "End the one role before giving the other, or choose another person.")]
    RolesExclude,
    #[error("the person already holds this role")]
    #[strum(message = "Nothing needs to be done.")]
    RoleHeld,
    #[error("the person does not hold this role")]
    #[strum(message = "Look at the person's roles again.")]
    RoleNotHeld,
    #[error("nothing of this kind has been proposed")]
    #[strum(
        message = "Propose it first, or look at what was proposed since: only what stands proposed can be confirmed."
    )]
    NotProposed,
    #[error("the person who proposed it may no longer propose it")]
    #[strum(message = "Propose it again, and ask a second person to confirm it.")]
    ProposerGone,
    #[error("two administrators must remain")]
    #[strum(message = "Give the role to another person first.")]
    LastAdministrators,
    #[error("the first people have been named: two administrators now propose and confirm roles")]
    #[strum(message = "Sign in as an administrator: one proposes a role, another confirms it.")]
    FoundingOver,
    #[error("only a member of the group does this on the web")]
    #[strum(message = "Say how it came instead: on paper, by telephone or in person.")]
    MembersOwnAct,
    // Conflicts of interest
    #[error("somebody has not declared whether they have an interest in this application")]
    #[strum(
        message = "Declare an interest, or that there is none, before scoring, deciding or seeing the assessment."
    )]
    NotDeclared,
    #[error("somebody has an interest in this application")]
    #[strum(
        message = "Leave it to those who have none. Where too few are left, two administrators give somebody from outside the panel role."
    )]
    Interested,
    #[error("an interest was declared, and nobody takes back their own")]
    #[strum(message = "Leave the application to those without an interest.")]
    InterestStands,
    #[error("you could see what others scored, so your own score would not be independent")]
    #[strum(message = "Leave scoring to panel members who have not seen the scores.")]
    SawScores,
    #[error(
        "the panel needs {needed} people for this decision, and {confirmed} have confirmed that they were there"
    )]
    #[strum(
        message = "Ask the others who were named as present to confirm on their own page that they were there."
    )]
    AttendanceUnconfirmed { needed: usize, confirmed: usize },
    #[error("somebody named as present does not sit on the panel")]
    #[strum(message = "Name only people who hold the panel role.")]
    NotOnPanel,
    #[error(
        "the fund's rules need {needed} unconflicted panel members for a decision, and {present} were present"
    )]
    #[strum(
        message = "Name everybody who was present and has declared no interest. Where too few are left, two administrators give somebody from outside the panel role."
    )]
    QuorumMissing { needed: usize, present: usize },
    #[error("whoever keyed the application in cannot decide it alone")]
    #[strum(message = "Decide it with somebody who did not key it in.")]
    KeyerAlone,
    #[error(
        "staff who hand in an application say how they helped: with its words, or by keying it in as it was"
    )]
    #[strum(message = "Say in `help` who helped and how.")]
    HelpUnsaid,
    #[error("what is keyed in as it was needs its scan, or must have been read back to the group")]
    #[strum(message = "Read it back to the group and say so, or keep the scan and name it.")]
    NotReadBack,
    // Existence, erasure and merging
    #[error("there is no such {0}")]
    #[strum(message = "Check the id, key or number.")]
    Unknown(&'static str),
    #[error("this {0} exists already")]
    #[strum(message = "Look at the one that is there; nothing was doubled.")]
    Exists(&'static str),
    #[error("this {0} belongs to somebody else already")]
    #[strum(
        message = "One e-mail address is one person: use the person that is there, or another address."
    )]
    Taken(&'static str),
    #[error("the personal data of this person or group was erased")]
    #[strum(message = "Register the person or group again if they return.")]
    Erased,
    #[error("a grant of this group is open")]
    #[strum(
        message = "Close the grant first: until then it must be known who answers for the money."
    )]
    GrantOpen,
    #[error("records of money that was paid must be kept until {0}")]
    #[strum(message = "Refuse the request with this reason, and erase after that day.")]
    RecordsKept(Date),
    #[error("the person still holds a role")]
    #[strum(message = "End every role of theirs first.")]
    StillInRole,
    #[error(
        "so much can be begun only by somebody who has shown that their e-mail address is theirs"
    )]
    #[strum(
        message = "Sign in by the link that was mailed to you, and go on from there. Without an address, call us."
    )]
    AddressUnproven,
    #[error("it is too early, or somebody else goes on with it")]
    #[strum(message = "Leave it as it is.")]
    NotExpired,
    #[error("this group was merged into another, or would be merged into itself")]
    #[strum(message = "Use the group that it was merged into: its record names it.")]
    GroupMerged,
    // States
    #[error("the fund is {0}")]
    #[strum(message = "Look at the fund's state: it decides what can be done.")]
    FundNotInState(&'static str),
    #[error("the round is {0}")]
    #[strum(message = "Look at the round's state: it decides what can be done.")]
    RoundNotInState(&'static str),
    #[error("the round takes applications from {opens_on} to the end of {closes_on}")]
    #[strum(
        message = "Apply to a round that is open. A form that came in time on paper or by telephone is for the office to key in."
    )]
    RoundClosed { opens_on: Date, closes_on: Date },
    #[error("the round takes applications to the end of {0}")]
    #[strum(message = "Wait until the deadline has passed.")]
    RoundOpen(Date),
    #[error("a deadline never moves earlier than {0}")]
    #[strum(message = "Choose a later day.")]
    DeadlineEarlier(Date),
    #[error("the application is not one of this round")]
    #[strum(message = "Name applications of the round that the meeting decided on.")]
    NotInRound,
    #[error("the application is {0}")]
    #[strum(message = "Look at the application's state: it decides what can be done.")]
    ApplicationNotInState(&'static str),
    #[error("the answers were to be changed by the end of {0}")]
    #[strum(message = "Ask the office for another day.")]
    ChangesOverdue(Date),
    #[error("only the answers that the office asked about can be changed now")]
    #[strum(
        message = "Change what was asked for, and ask the office if something else should change."
    )]
    NotAskedFor,
    #[error("the grant is {0}")]
    #[strum(message = "Look at the grant's state: it decides what can be done.")]
    GrantNotInState(&'static str),
    #[error("the grant is on hold: no payment is prepared, approved or sent")]
    #[strum(message = "Resume the grant when what held it up is settled.")]
    GrantOnHold,
    #[error("the payment is {0}")]
    #[strum(message = "Look at the payment's state: it decides what can be done.")]
    PaymentNotInState(&'static str),
    #[error("the update is {0}")]
    #[strum(message = "Look at the update's state: it decides what can be done.")]
    UpdateNotInState(&'static str),
    #[error("the check is {0}")]
    #[strum(message = "Nothing more is needed for this check.")]
    CheckNotInState(&'static str),
    #[error("the variation is {0}")]
    #[strum(message = "Ask for another variation if something else should change.")]
    VariationNotInState(&'static str),
    #[error("the award is {now} now, and the variation was asked for when it was {then}")]
    #[strum(message = "Refuse this one, and ask the group to ask again.")]
    AwardChanged { then: Money, now: Money },
    #[error("the story was withdrawn")]
    #[strum(message = "Publish it anew, with consent, if the group wants that.")]
    StoryWithdrawn,
    #[error("the offer ran out at the end of {0}")]
    #[strum(message = "Ask the office whether it can be offered again.")]
    OfferExpired(Date),
    #[error("the offer stands until the end of {0}")]
    #[strum(message = "Wait for the group's answer, or withdraw the offer with a reason.")]
    OfferStands(Date),
    #[error("a decision is reviewed once, and this one was")]
    #[strum(message = "The answer to the review stands.")]
    ReviewedAlready,
    #[error("another application has rank {0} on this round's reserve list")]
    #[strum(message = "Choose a rank that is free.")]
    RankTaken(u16),
    #[error("the application with rank {0} comes first on the reserve list")]
    #[strum(message = "Promote that one, or give the reason for promoting another.")]
    OutOfTurn(u16),
    #[error("no reminder is due")]
    #[strum(message = "Reminders go out when the fund's rules say so.")]
    ReminderNotDue,
    // Money
    #[error("an award is from £500.00 to £2,500.00, and a fund may only narrow that")]
    #[strum(message = "Set bounds within £500.00 and £2,500.00.")]
    BoundsTooWide,
    #[error("the amount must be from {minimum} to {maximum}")]
    #[strum(message = "Choose an amount within the bounds.")]
    OutsideBounds { minimum: Money, maximum: Money },
    #[error("the group asked for {0}: awarding another sum needs a reason")]
    #[strum(message = "Give the reason, which the group will read, or award what was asked for.")]
    NotAsAsked(Money),
    #[error("{asked} is more than the {left} that is uncommitted for this area")]
    #[strum(
        message = "Award less, put the application on the reserve list, or wait until money is free."
    )]
    NotAffordable { asked: Money, left: Money },
    #[error("a payment of {asked} exceeds the {left} left on this grant")]
    #[strum(message = "Pay no more than what is left.")]
    OverPaid { asked: Money, left: Money },
    #[error("{said} was said, and it is {is}")]
    #[strum(message = "Look at the amount again and say the one that stands.")]
    AmountDiffers { said: Money, is: Money },
    #[error("the instalments add up to {scheduled}, and {unpaid} is still to be paid")]
    #[strum(
        message = "Let the instalments add up to what is still to be paid; cancel prepared payments first if they should be scheduled anew."
    )]
    ScheduleDiffers { scheduled: Money, unpaid: Money },
    #[error("{asked} is less than the {paid} that is paid or on its way")]
    #[strum(
        message = "Lower the award no further than what was paid; what is unspent comes back as an underspend."
    )]
    BelowPaid { asked: Money, paid: Money },
    #[error("{asked} is more than the {left} that could be unspent")]
    #[strum(message = "Declare no more than was awarded and has not come back.")]
    UnderspendTooLarge { asked: Money, left: Money },
    #[error("{asked} is more than the {left} that was paid and is not already due back")]
    #[strum(message = "Demand no more than was paid.")]
    ClawbackTooLarge { asked: Money, left: Money },
    #[error("{asked} is more than the {due} that is due back")]
    #[strum(message = "Record no more than is due; what came too much goes back to the group.")]
    ReturnNotDue { asked: Money, due: Money },
    #[error("{asked} is more than the {left} that was paid by then and has not come back")]
    #[strum(message = "Count only what belongs to this grant, and say what happened to the rest.")]
    MoreThanPaid { asked: Money, left: Money },
    #[error("{taken} is more than the {from} that is there")]
    #[strum(message = "Take no more than there is.")]
    BelowZero { from: Money, taken: Money },
    #[error("nothing is due back for this reason")]
    #[strum(
        message = "Look at what the grant says is due, and say in `owed` whether it is the underspend or the clawback."
    )]
    NothingDue,
    #[error("the amount must be more than nothing, and a list must hold something")]
    #[strum(message = "Say an amount above zero, or at least one entry.")]
    Nothing,
    // Missing or invalid input
    #[error("the fund needs {0} people who may approve payments before it opens")]
    #[strum(message = "Give the finance role to enough people first.")]
    TooFewApprovers(usize),
    #[error("the fund's rules are not complete: {0}")]
    #[strum(message = "Complete the rules as they say.")]
    RulesIncomplete(&'static str),
    #[error("a file of this batch was made for the bank before")]
    #[strum(
        message = "Make sure that the bank did not take the first one, and say why another is needed."
    )]
    FileMade,
    #[error("the same thing is named twice")]
    #[strum(message = "Name each application, payment, sign or signer once.")]
    NamedTwice,
    #[error("no more than {0} can be named at once")]
    #[strum(message = "Send them in several parts.")]
    TooManyItems(usize),
    #[error("the check {0} holds back every payment, not one instalment")]
    #[strum(
        message = "Tie instalments to checks that were added to this grant, or to conditions that the award made for one instalment."
    )]
    CheckForEveryPayment(String),
    #[error("the area is not one of the fund's")]
    #[strum(message = "Choose one of the fund's areas.")]
    UnknownArea,
    #[error("the question {0} must be answered")]
    #[strum(message = "Answer the question, and hand the application in again.")]
    AnswerMissing(String),
    #[error("there is no question {0} on this form")]
    #[strum(message = "Answer only the questions of the round's form.")]
    UnknownQuestion(String),
    #[error(
        "say how much you ask for, in which area, and whether children or adults at risk would take part"
    )]
    #[strum(message = "Save what is missing, and hand the application in again.")]
    RequestIncomplete,
    #[error(
        "a late form needs the date on which it was received, before the deadline passed, and a reason"
    )]
    #[strum(message = "Say when it was received and why it is keyed in late.")]
    LateWithoutReason,
    #[error("write the grant's public title and description first")]
    #[strum(message = "Write the public summary, then award.")]
    SummaryMissing,
    #[error("the public description must say more than the title")]
    #[strum(message = "Write a description that says more than the title.")]
    SummaryRepeats,
    #[error("the accepted text is not the issued one")]
    #[strum(message = "Read the agreement that was issued, and accept that one by its hash.")]
    AgreementDiffers,
    #[error("the agreement has not been accepted")]
    #[strum(message = "Wait until the group has accepted the agreement.")]
    AgreementNotAccepted,
    #[error("the organisation has not published an agreement")]
    #[strum(message = "Publish an agreement first, as an administrator.")]
    NoAgreement,
    #[error("the check {0} has neither passed nor been waived, or is out of date")]
    #[strum(message = "Let the check pass, or have two people waive it with a reason.")]
    CheckOutstanding(String),
    #[error("the group has no such check on file that is still in date")]
    #[strum(message = "Make the check anew.")]
    CheckNotOnFile,
    #[error("the group's payee is not verified by somebody who is independent of the group")]
    #[strum(
        message = "Have somebody verify the payee who did not key it and is not connected with the group."
    )]
    PayeeNotVerified,
    #[error("the group's payee has changed: look at the one that it has now")]
    #[strum(
        message = "Look at the payee again; cancel a payment that was prepared for the old one."
    )]
    PayeeChanged,
    #[error(
        "the payee, the group's members or an address of theirs changed: no money leaves before {0}"
    )]
    #[strum(message = "Wait until that day, or have two people agree that it leaves earlier.")]
    PayeeWaits(Date),
    #[error("nothing holds this payment back")]
    #[strum(message = "Send the payment as usual.")]
    PayeeWaitsNot,
    #[error("the day for confirming who decided was {0}")]
    #[strum(message = "Withdraw the offer, and let the panel decide again.")]
    ConfirmedTooLate(Date),
    #[error("no bank account of this sort code has this number")]
    #[strum(message = "Compare both numbers with a bank statement: a digit may be wrong.")]
    AccountFails,
    #[error("a purchase for a group names the supplier")]
    #[strum(message = "Say from whom it is bought.")]
    SupplierMissing,
    #[error("a purchase for a group is confirmed with its receipt")]
    #[strum(message = "Keep the receipt among the group's files, and name it.")]
    ReceiptMissing,
    #[error("this grant is paid in instalments: say which")]
    #[strum(message = "Name the instalment, or schedule the payments anew.")]
    InstalmentMissing,
    #[error("the instalment is due on {0}")]
    #[strum(message = "Wait until that day, or schedule the payments anew.")]
    InstalmentNotDue(Date),
    #[error("a signature by at least {0} people is needed")]
    #[strum(message = "Name everybody who signs, each once.")]
    TooFewSigners(usize),
    #[error("what staff write down for somebody needs that person's consent")]
    #[strum(message = "Ask for consent, and say that it was given.")]
    ConsentMissing,
    #[error("the sign {0} is not in the framework")]
    #[strum(message = "Choose a sign of the framework that the organisation adopted.")]
    UnknownSign(String),
    #[error("the last update is neither accepted nor excused")]
    #[strum(message = "Accept or excuse the final update first.")]
    UpdateOutstanding,
    #[error("a payment is still under way")]
    #[strum(message = "Wait until the bank has paid, or cancel what was not sent.")]
    PaymentUnderWay,
    #[error("money is still due back")]
    #[strum(message = "Receive it, or have two people waive it, first.")]
    ReturnOutstanding,
    #[error("the fund has grants that are not closed")]
    #[strum(message = "Close its grants first.")]
    GrantsOpen,
    #[error("the date {0} lies in the future")]
    #[strum(message = "Choose today or an earlier day.")]
    DateInFuture(Date),
    #[error("{day} is not a day that can be meant here: days lie between {earliest} and {latest}")]
    #[strum(message = "Look at the year again.")]
    DayOutOfRange {
        field: &'static str,
        day: Date,
        earliest: Date,
        latest: Date,
    },
    #[error("{0}")]
    #[strum(message = "Put the dates in order.")]
    DatesOutOfOrder(&'static str),
    #[error("a score has a value from 0 to 5 for each criterion")]
    #[strum(message = "Give each criterion a value from 0 to 5.")]
    ScoreOutOfRange,
    #[error("the text cannot be written out: {0}")]
    #[strum(
        message = "Write words, and names from the list in double braces with a space on both sides; the link stands alone on its line, and no other address is written."
    )]
    TextBroken(String),
    #[error("this mail does not know the name {0}")]
    #[strum(message = "Use the names that are listed beside the text.")]
    NameUnknown(String),
    #[error("there are {0} webhooks already")]
    #[strum(message = "End one that nobody needs any more, or change it.")]
    WebhooksFull(usize),
    #[error("{0} webhooks that you proposed wait for another administrator")]
    #[strum(message = "Ask another administrator to confirm them, or end one.")]
    WebhooksWait(usize),
    #[error("nothing would change")]
    #[strum(
        message = "It stands as asked already, or nothing was asked: nothing needs to be done."
    )]
    NoChange,
}
