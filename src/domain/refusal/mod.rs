//! Refusals: everything that a rule can return in place of events, each with a stable code.

mod kind;
mod states;

use jiff::civil::Date;

use super::application::AnswerError;
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
    #[error("you do not have a role for this")]
    #[strum(message = "Ask a colleague who has. An administrator can tell you who that is.")]
    NotYours,
    #[error("this belongs to a group that you are not in")]
    #[strum(message = "Ask someone in the group, or our office, to do it.")]
    NotOfGroup,
    #[error("this needs a second person, and you have already had a part in it")]
    #[strum(message = "Ask a colleague who has not.")]
    SamePerson,
    #[error(
        "you entered these bank details, or you let in the person who did, so someone else must \
            check them and approve"
    )]
    #[strum(message = "Ask a colleague who had no part in entering them.")]
    KeyedPayee,
    #[error("one of you was given a role by only one administrator")]
    #[strum(message = "Propose that role again. Then ask a colleague to confirm it.")]
    KnownToOne,
    #[error("this needs two people: one proposes it and another confirms it")]
    #[strum(message = "Propose it, then ask a colleague to confirm it.")]
    NeedsTwoPeople,
    #[error("this person's name or address has changed since the role was proposed")]
    #[strum(message = "Check their contact details, then propose the role again.")]
    ContactChangedSince,
    #[error("this person has not been invited to join the group")]
    #[strum(message = "Ask someone in the group, or our office, to invite them first.")]
    NotInvited,
    #[error(
        "before a fund opens, two administrators must each have signed in with a link from their \
            own email"
    )]
    #[strum(message = "Ask each administrator to sign in once with the link we emailed them.")]
    AdministratorsNotSignedIn,
    #[error("no one can be both an auditor and a panel member")]
    #[strum(message = "End one role before you give the other, or choose someone else.")]
    RolesExclude,
    #[error("this person already has this role")]
    #[strum(message = "You do not need to do anything.")]
    RoleHeld,
    #[error("this person does not have this role")]
    #[strum(message = "Check which roles they have.")]
    RoleNotHeld,
    #[error("no call or letter is waiting for this message")]
    #[strum(
        message = "Open the list of people to phone or write to again. A colleague may have told \
            them already."
    )]
    MailNotWaiting,
    #[error("we have no record that this person knows")]
    #[strum(message = "Open the list of people to phone or write to. The message may be there.")]
    MailNotPassedOn,
    #[error("we have no email address for this person")]
    #[strum(message = "Add one first, or phone or write to them.")]
    NoEmailAddress,
    #[error("there is no such proposal to confirm")]
    #[strum(message = "Propose it first, or look at what has been proposed since.")]
    NotProposed,
    #[error("the person who proposed this no longer has the role for it")]
    #[strum(message = "Propose it again, then ask a colleague to confirm it.")]
    ProposerGone,
    #[error("there must always be two administrators")]
    #[strum(message = "Give the role to someone else first.")]
    LastAdministrators,
    #[error(
        "the first people are already set up, so it now takes two administrators to give a role"
    )]
    #[strum(message = "Sign in as an administrator. One proposes a role and another confirms it.")]
    FoundingOver,
    #[error("only someone in the group can do this online")]
    #[strum(message = "Choose how it reached you instead: on paper, by phone or in person.")]
    MembersOwnAct,
    // Conflicts of interest
    #[error("someone who takes part has not said yet if they have a conflict of interest here")]
    #[strum(
        message = "Everyone says so on the application’s page, before they read the scores, score \
            or decide. The page lists who has."
    )]
    NotDeclared,
    #[error("someone has a conflict of interest here")]
    #[strum(
        message = "Leave it to people who have none. If too few are left, two administrators can \
            add someone to the panel."
    )]
    Interested,
    #[error("you have declared a conflict of interest, and you cannot take that back yourself")]
    #[strum(message = "Leave this application to people who have no conflict of interest.")]
    InterestStands,
    #[error("you could see the scores of others, so your own would not be independent")]
    #[strum(message = "Leave the scoring to panel members who have not seen the scores.")]
    SawScores,
    #[error(
        "this decision needs {needed} panel members, and {confirmed} have confirmed that they were \
            there"
    )]
    #[strum(message = "Ask the others to sign in and confirm that they were at the meeting.")]
    AttendanceUnconfirmed { needed: usize, confirmed: usize },
    #[error("one of the people you named is not on the panel")]
    #[strum(message = "Name only people who have the panel role.")]
    NotOnPanel,
    #[error(
        "a decision needs {needed} panel members with no conflict of interest. Present: {present}"
    )]
    #[strum(
        message = "Name everyone who was there and has no conflict of interest. If too few are \
            left, two administrators can add someone to the panel."
    )]
    QuorumMissing { needed: usize, present: usize },
    #[error("the person who typed in an application cannot decide on it alone")]
    #[strum(message = "Decide together with someone who did not type it in.")]
    KeyerAlone,
    #[error("when staff send an application for a group, they must say how they helped")]
    #[strum(message = "Say who helped, and if they helped with the wording or only typed it in.")]
    HelpUnsaid,
    #[error("we have no way to reach anyone in this group")]
    #[strum(
        message = "Add a phone number, an email or a postal address, so that we can reach you."
    )]
    NobodyReached,
    #[error("when you type in an application, read it back to the group or add its scan")]
    #[strum(message = "Read it back to the group and say so, or add the scan.")]
    NotReadBack,
    // Existence, erasure and merging
    #[error("we cannot find this {0}")]
    #[strum(message = "Check the name or number. A colleague may have changed or removed it.")]
    Unknown(&'static str),
    #[error("this {0} exists already")]
    #[strum(message = "Look at the one that is there. We have not added a second one.")]
    Exists(&'static str),
    #[error("this {0} already belongs to someone else")]
    #[strum(
        message = "Each person needs their own email address. Use the person who is there, or \
            another address."
    )]
    Taken(&'static str),
    #[error("we have erased the personal details of this person or group")]
    #[strum(message = "If they come back, register them again.")]
    Erased,
    #[error("this group still has a grant")]
    #[strum(message = "Close the grant first. Until then we must know who answers for the money.")]
    GrantOpen,
    #[error("we must keep records of money that was paid until {0}")]
    #[strum(
        message = "Refuse the request and give this reason. You can erase them after that day."
    )]
    RecordsKept(Date),
    #[error("this person still has a role")]
    #[strum(message = "End each of their roles first.")]
    StillInRole,
    #[error("you cannot start another one until you have confirmed your email address")]
    #[strum(
        message = "Sign in with the link that we emailed you, then continue from there. If you \
            have no email address, phone us."
    )]
    AddressUnproven,
    #[error("it is too early for this, or someone else is still working on it")]
    #[strum(message = "You do not need to do anything.")]
    NotExpired,
    #[error("this group has been merged with another one, or you chose the same group twice")]
    #[strum(message = "Use the group that it was merged into. You will find the name on its page.")]
    GroupMerged,
    // States
    #[error("this fund is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the fund's page to see what comes next.")]
    FundNotInState(&'static str),
    #[error("this round is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the round's page to see what comes next.")]
    RoundNotInState(&'static str),
    #[error("this round takes applications from {opens_on} to the end of {closes_on}")]
    #[strum(
        message = "Apply to a round that is open. If your application reached us in time on paper \
            or by phone, our office can still enter it."
    )]
    RoundClosed { opens_on: Date, closes_on: Date },
    #[error("this round takes applications until the end of {0}")]
    #[strum(message = "Wait until the deadline has passed.")]
    RoundOpen(Date),
    #[error("you cannot move this deadline to before {0}")]
    #[strum(message = "Choose a later day.")]
    DeadlineEarlier(Date),
    #[error("this gathering is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the gathering's page to see what comes next.")]
    GatheringNotInState(&'static str),
    #[error("this session is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Choose another session.")]
    SessionNotInState(&'static str),
    #[error("this session is over")]
    #[strum(message = "Choose a session that is still to come.")]
    SessionPassed,
    #[error("this session is not over yet")]
    #[strum(message = "Wait until it has ended, then say who came.")]
    SessionNotOver,
    #[error("a session of this gathering is still planned")]
    #[strum(message = "Say who came to it, or cancel it. Then end the gathering.")]
    SessionsLeft,
    #[error("no one leads this gathering yet")]
    #[strum(message = "Offer the lead to someone. They must take it before it opens.")]
    NoLead,
    #[error("no one else leads this gathering")]
    #[strum(message = "Offer the lead to someone else first, or end the gathering.")]
    LastLead,
    #[error("the lead is not on offer to this person")]
    #[strum(message = "Ask our office, or a person who leads it, to offer the lead to them.")]
    LeadNotOffered,
    #[error("this gathering needs a risk check that is in date")]
    #[strum(message = "Make the check and record it. Then open the gathering.")]
    RiskCheckMissing,
    #[error("we count the people at this gathering, and keep no names")]
    #[strum(message = "Enter how many people want to come.")]
    CountedOnly,
    #[error("this barrier is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open its page to see what comes next.")]
    BarrierNotInState(&'static str),
    #[error("this barrier has been joined to another one")]
    #[strum(message = "Open the other one, and do it there.")]
    Joined,
    #[error("no one has written a summary of this yet")]
    #[strum(message = "Write a summary first. Then pass it on.")]
    NotSummedUp,
    #[error("this has not been passed on to anyone yet")]
    #[strum(message = "Say whom you passed it on to. Then record their answer.")]
    NotPassedOn,
    #[error("there are no pledges to choose from yet")]
    #[strum(message = "Come back once our office has published them.")]
    NoPledges,
    #[error("people sign up for this gathering by name")]
    #[strum(message = "Sign up each person.")]
    NamedOnly,
    #[error("this person has already signed up for this session")]
    #[strum(message = "You do not need to do anything.")]
    SignedUpAlready,
    #[error("this person has not signed up for this session")]
    #[strum(message = "Look at the list of people who have.")]
    NotSignedUp,
    #[error("{0} people have a place already")]
    #[strum(message = "Offer at least as many places, or ask people to step down first.")]
    TooFewPlaces(u32),
    #[error("this entry is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the entry's page to see what comes next.")]
    AssetNotInState(&'static str),
    #[error("this entry has been withdrawn from the directory")]
    #[strum(message = "Choose another entry, or record a new one.")]
    ListingWithdrawn,
    #[error("what a person holds is never public")]
    #[strum(message = "Leave it unpublished. You can introduce people to each other instead.")]
    Private,
    #[error("both sides are the same")]
    #[strum(message = "Choose someone else for one of them.")]
    SameParty,
    #[error("this person has not agreed to be in the time bank")]
    #[strum(message = "Ask for their consent, then record that they gave it.")]
    NotInTimeBank,
    #[error("this introduction is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open its page to see what comes next.")]
    IntroductionNotInState(&'static str),
    #[error("they have withdrawn their consent to this introduction")]
    #[strum(message = "Ask them first. If they wish, begin a new introduction.")]
    TakenBack,
    #[error("this is not the newest version of what we tell people")]
    #[strum(message = "Read them the newest version, then record what they say.")]
    NoticeOutOfDate,
    #[error("only they themselves can do this online")]
    #[strum(message = "Choose how it reached you instead: on paper, by phone or in person.")]
    OwnActOnline,
    #[error("they do not welcome people at the moment")]
    #[strum(message = "Choose another entry of the directory, or ask them first.")]
    NotWelcoming,
    #[error("this person may be at risk, and the group has no safeguarding check in date")]
    #[strum(message = "Check the group first, or choose one that we have checked.")]
    GroupNotChecked,
    #[error("nobody is named to welcome this person")]
    #[strum(message = "Name someone from the group who will meet them.")]
    HostMissing,
    #[error("this application is not in this round")]
    #[strum(message = "Choose applications from the round that the meeting was about.")]
    NotInRound,
    #[error("this application is {}", states::words_of(.0))]
    #[strum(
        message = "You cannot do this now. Open the application's page to see what comes next."
    )]
    ApplicationNotInState(&'static str),
    #[error("the last day to change these answers was {0}")]
    #[strum(message = "Ask our office for more time.")]
    ChangesOverdue(Date),
    #[error("for now you can change only the answers that our office asked about")]
    #[strum(message = "Change those, and tell our office if something else should change too.")]
    NotAskedFor,
    #[error("this grant is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the grant's page to see what comes next.")]
    GrantNotInState(&'static str),
    #[error("this grant is on hold, so its payments must wait")]
    #[strum(message = "Resume the grant when you have sorted out why it was held.")]
    GrantOnHold,
    #[error("this payment is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the payment's page to see what comes next.")]
    PaymentNotInState(&'static str),
    #[error("this update is {}", states::words_of(.0))]
    #[strum(message = "You cannot do this now. Open the update's page to see what comes next.")]
    UpdateNotInState(&'static str),
    #[error("this check is {}", states::words_of(.0))]
    #[strum(message = "This check needs nothing more.")]
    CheckNotInState(&'static str),
    #[error("this change is {}", states::words_of(.0))]
    #[strum(message = "If something else should change, ask for a new change.")]
    VariationNotInState(&'static str),
    #[error("the grant is {now} now, and was {then} when this change was asked for")]
    #[strum(message = "Refuse this one, and ask the group to ask again.")]
    AwardChanged { then: Money, now: Money },
    #[error("this story has been withdrawn")]
    #[strum(message = "If the group agrees, publish it again with their consent.")]
    StoryWithdrawn,
    #[error("this offer ended on {0}")]
    #[strum(message = "Ask our office whether we can make it again.")]
    OfferExpired(Date),
    #[error("the group can accept this offer until the end of {0}")]
    #[strum(message = "Wait for their answer, or withdraw the offer and give a reason.")]
    OfferStands(Date),
    #[error("we have already reviewed this decision, and we review each decision only once")]
    #[strum(message = "The answer to that review is final.")]
    ReviewedAlready,
    #[error("another application is number {0} on this reserve list")]
    #[strum(message = "Choose a number that is free.")]
    RankTaken(u16),
    #[error("the application at number {0} is next on the reserve list")]
    #[strum(message = "Choose that one, or give a reason for choosing another.")]
    OutOfTurn(u16),
    #[error("the panel has met about this application, and its letter has not been sent yet")]
    #[strum(message = "Wait until the letter has been sent, or ask our office.")]
    LetterHeld,
    #[error("this letter has already been sent")]
    #[strum(message = "Read what the group was told. You can still make a new decision.")]
    LetterGone,
    #[error("this could be taken back for ten minutes only")]
    #[strum(
        message = "Phone the group and say that it was a mistake. They can ask us to look at it \
            again."
    )]
    TakenBackTooLate,
    #[error("the letters will be sent on {0}")]
    #[strum(message = "Wait for that day, or send them yourself now.")]
    LettersNotDue(Date),
    #[error("the other letters from this meeting are held until {0}")]
    #[strum(message = "Choose the same day, or move the others first.")]
    LettersDiffer(Date),
    #[error("no reminder is due yet")]
    #[strum(message = "We send reminders on the days set in the fund's rules.")]
    ReminderNotDue,
    // Money
    #[error("each grant must be from £500 to £2,500")]
    #[strum(message = "Set a smallest and a largest grant between £500 and £2,500.")]
    BoundsTooWide,
    #[error("the amount must be from {minimum} to {maximum}")]
    #[strum(message = "Enter an amount between these two.")]
    OutsideBounds { minimum: Money, maximum: Money },
    #[error("the group asked for {0}, so you must say why you award a different amount")]
    #[strum(message = "Give a reason for the group to read, or award what they asked for.")]
    NotAsAsked(Money),
    #[error("{asked} is more than the {left} that is still free for this place")]
    #[strum(
        message = "Award less, put the application on the reserve list, or wait until more money \
            is free."
    )]
    NotAffordable { asked: Money, left: Money },
    #[error("a payment of {asked} is more than the {left} left on this grant")]
    #[strum(message = "Enter an amount that is no more than what is left.")]
    OverPaid { asked: Money, left: Money },
    #[error("you entered {said}, and the amount is {is}")]
    #[strum(message = "Check the amount and enter it again.")]
    AmountDiffers { said: Money, is: Money },
    #[error("the instalments add up to {scheduled}, and {unpaid} is still to be paid")]
    #[strum(
        message = "Change the instalments so that they add up to what is still to be paid. If you \
            want to plan a payment again that is already prepared, cancel it first."
    )]
    ScheduleDiffers { scheduled: Money, unpaid: Money },
    #[error("{asked} is less than the {paid} that is paid or on its way")]
    #[strum(
        message = "Lower the grant no further than what was paid. Money that is not spent can be \
            returned later."
    )]
    BelowPaid { asked: Money, paid: Money },
    #[error("{asked} is more than the {left} that could be left over")]
    #[strum(message = "Enter no more than what is left of the grant.")]
    UnderspendTooLarge { asked: Money, left: Money },
    #[error("{asked} is more than the {left} that you can ask for")]
    #[strum(message = "Ask for no more than what was paid and is not yet due to be returned.")]
    ClawbackTooLarge { asked: Money, left: Money },
    #[error("{asked} is more than the {due} to return")]
    #[strum(message = "Record no more than what is due. Send any extra back to the group.")]
    ReturnNotDue { asked: Money, due: Money },
    #[error("{asked} is more than the {left} that was paid by then and not returned")]
    #[strum(message = "Count only the money of this grant, and say what happened to the rest.")]
    MoreThanPaid { asked: Money, left: Money },
    #[error("{taken} is more than the {from} that is there")]
    #[strum(message = "Enter an amount that is no more than what is there.")]
    BelowZero { from: Money, taken: Money },
    #[error("there is no money to return for this reason")]
    #[strum(
        message = "Check on the page of the grant what is due, and choose money left over or money \
            asked back (`owed` in a program)."
    )]
    NothingDue,
    #[error("{0}")]
    #[strum(message = "Correct this, then try again.")]
    Nothing(&'static str),
    // Missing or invalid input
    #[error("this fund needs {0} people who can approve payments before it opens")]
    #[strum(message = "Give the finance role to more people first.")]
    TooFewApprovers(usize),
    #[error("the rules of this fund need a change: {0}")]
    #[strum(message = "Change the rules, then try again.")]
    RulesIncomplete(&'static str),
    #[error("this bank file has already been made")]
    #[strum(
        message = "Check that the bank has not paid the first one, and say why you need another."
    )]
    FileMade,
    #[error("you have chosen the same one twice")]
    #[strum(message = "Choose each application, payment, sign or person once.")]
    NamedTwice,
    #[error("you can choose up to {0} in one go")]
    #[strum(message = "Do this in smaller batches.")]
    TooManyItems(usize),
    #[error("the check {0} is for every payment, so you cannot use it for one instalment")]
    #[strum(
        message = "Choose a check that was added to this grant, or a condition that the award set \
            for one instalment."
    )]
    CheckForEveryPayment(String),
    #[error("this place is not in the fund")]
    #[strum(message = "Choose a place that the fund covers.")]
    UnknownArea,
    #[error("the question {0} needs an answer")]
    #[strum(message = "Answer the question, then send the application again.")]
    AnswerMissing(String),
    #[error("“{question}”: {why}")]
    #[strum(message = "Change your answer.")]
    AnswerUnfit { question: String, why: AnswerError },
    #[error(
        "a question to choose from needs 2 to 30 different options, and other questions have none"
    )]
    #[strum(message = "Add options to this question, or choose another kind of answer.")]
    OptionsMissing,
    #[error("this application has no question {0}")]
    #[strum(message = "Answer only the questions of this round.")]
    UnknownQuestion(String),
    #[error("you wrote something about {0}, and did not tick it")]
    #[strum(message = "Tick that question too, or clear what you wrote about it.")]
    NoteWithoutQuestion(String),
    #[error(
        "we need to know how much you ask for, which place it is for, and whether children or \
            adults at risk will take part"
    )]
    #[strum(message = "Answer what is missing, then send the application again.")]
    RequestIncomplete,
    #[error("a late application needs the day it reached us, before the deadline, and a reason")]
    #[strum(message = "Enter the day it reached us, and why you are entering it late.")]
    LateWithoutReason,
    #[error("this grant needs a public title and description first")]
    #[strum(message = "Write the public summary, then award the grant.")]
    SummaryMissing,
    #[error("the public description must say more than the title")]
    #[strum(message = "Add a sentence about what the group will do.")]
    SummaryRepeats,
    #[error("this is not the agreement that we sent")]
    #[strum(
        message = "Read the agreement that we sent, then accept that one. A program accepts it by \
            its hash."
    )]
    AgreementDiffers,
    #[error("the group has not accepted the agreement yet")]
    #[strum(message = "Wait until they have accepted it.")]
    AgreementNotAccepted,
    #[error("there is no agreement for groups to sign yet")]
    #[strum(message = "Ask an administrator to publish one first.")]
    NoAgreement,
    #[error("the check {0} has not passed, or is out of date")]
    #[strum(message = "Make the check, or ask a colleague to agree to skip it and give a reason.")]
    CheckOutstanding(String),
    #[error("this group has no check of this kind that is still in date")]
    #[strum(message = "Make the check again.")]
    CheckNotOnFile,
    #[error("someone with no tie to the group must check its bank details")]
    #[strum(message = "Ask a colleague who did not enter them and has no tie to the group.")]
    PayeeNotVerified,
    #[error("this group's bank details have changed")]
    #[strum(
        message = "Look at the new ones. If a payment was prepared for the old ones, cancel it."
    )]
    PayeeChanged,
    #[error(
        "the bank details, the people or an address of this group changed, so we cannot pay before \
            {0}"
    )]
    #[strum(message = "Wait until that day, or have two people agree to pay earlier.")]
    PayeeWaits(Date),
    #[error("nothing is holding this payment back")]
    #[strum(message = "Send the payment as usual.")]
    PayeeWaitsNot,
    #[error("the last day to confirm who made this decision was {0}")]
    #[strum(message = "Withdraw the offer, and ask the panel to decide again.")]
    ConfirmedTooLate(Date),
    #[error("this sort code and account number do not match")]
    #[strum(message = "Compare both numbers with a bank statement. One digit may be wrong.")]
    AccountFails,
    #[error("we need to know who you are buying this from for the group")]
    #[strum(message = "Enter the name of the supplier.")]
    SupplierMissing,
    #[error("we need the receipt before you can confirm a purchase for a group")]
    #[strum(message = "Add the receipt to the group's files, then choose it here.")]
    ReceiptMissing,
    #[error("this grant is paid in instalments")]
    #[strum(message = "Choose which instalment this is, or plan the payments again.")]
    InstalmentMissing,
    #[error("this instalment is due on {0}")]
    #[strum(message = "Wait until that day, or plan the payments again.")]
    InstalmentNotDue(Date),
    #[error("the agreement needs the names of {0} or more people")]
    #[strum(message = "Name everyone who signs, each of them once.")]
    TooFewSigners(usize),
    #[error("you need this person's consent before you write this down for them")]
    #[strum(message = "Ask for their consent, then record that they gave it.")]
    ConsentMissing,
    #[error("{0} is not one of your organisation's signs of success")]
    #[strum(message = "Choose one of the signs in the list.")]
    UnknownSign(String),
    #[error("{0} is not one of the current pledges")]
    #[strum(message = "Read the pledges again, then choose one of them.")]
    PledgeUnknown(String),
    #[error("this tells how someone can be reached")]
    #[strum(
        message = "Take out any email address, phone number or postcode. Everyone can read it."
    )]
    LooksPersonal { field: &'static str },
    #[error("{theme} is not one of your organisation's themes")]
    #[strum(message = "Choose one of the themes in the list.")]
    ThemeUnknown { field: &'static str, theme: String },
    #[error("{name} is not in your organisation's aims")]
    #[strum(message = "Choose a question, an answer or an aim from the list.")]
    NotInAims { field: &'static str, name: String },
    #[error("the question {0} had other words or answers before")]
    #[strum(
        message = "Add the changed question as a new one. Numbers of the old one stay beside it."
    )]
    QuestionChanged(String),
    #[error("one person's answer on its own would not stay private")]
    #[strum(message = "Ask more people, or add them to the numbers of another day.")]
    SingleAnswer,
    #[error("this lesson has been withdrawn")]
    #[strum(message = "If everyone agrees, publish it again as a new lesson.")]
    LessonWithdrawn,
    #[error("the final report has not been accepted or excused")]
    #[strum(message = "Accept or excuse the final report first.")]
    UpdateOutstanding,
    #[error("a payment is still on its way")]
    #[strum(message = "Wait until the bank has paid it, or cancel it if it was not sent.")]
    PaymentUnderWay,
    #[error("there is still money to return")]
    #[strum(
        message = "Record it when it comes, or have two people agree to let the group keep it."
    )]
    ReturnOutstanding,
    #[error("this fund still has grants that are not finished")]
    #[strum(message = "Close its grants first.")]
    GrantsOpen,
    #[error("{0} is in the future")]
    #[strum(message = "Enter today or an earlier day.")]
    DateInFuture(Date),
    #[error(
        "{} cannot be right here: the day must be between {} and {}",
        .day.strftime("%-d %B %Y"),
        .earliest.strftime("%-d %B %Y"),
        .latest.strftime("%-d %B %Y")
    )]
    #[strum(message = "Check the year.")]
    DayOutOfRange {
        field: &'static str,
        day: Date,
        earliest: Date,
        latest: Date,
    },
    #[error("{0}")]
    #[strum(message = "Check the days, then try again.")]
    DatesOutOfOrder(&'static str),
    #[error("each score must be from 0 to 5")]
    #[strum(message = "Give a score from 0 to 5 for each criterion.")]
    ScoreOutOfRange,
    #[error("this wording cannot be used: {0}")]
    #[strum(
        message = "Put each detail in double braces with a space on both sides. Put the link alone \
            on its line, and write no other web address."
    )]
    TextBroken(String),
    #[error("{{{{ {0} }}}} cannot be used in this email")]
    #[strum(message = "Use the details listed with the wording.")]
    NameUnknown(String),
    #[error("white words on this colour are hard to read; the nearest colour that works is {0}")]
    #[strum(message = "Use that colour or a darker one.")]
    AccentTooPale(String),
    #[error("{why}")]
    #[strum(message = "Check how people can reach your office, or leave it empty.")]
    ContactUnfit { field: &'static str, why: String },
    #[error("there are already {0} webhooks")]
    #[strum(message = "End one that no one needs any more, or change it.")]
    WebhooksFull(usize),
    #[error("{0} webhooks that you proposed are waiting for another administrator")]
    #[strum(message = "Ask a second administrator to confirm them, or end one.")]
    WebhooksWait(usize),
    #[error("this is already as you asked, so nothing has changed")]
    #[strum(message = "You do not need to do anything.")]
    NoChange,
}
