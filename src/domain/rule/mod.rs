//! The table of rules. Commands enforce each rule, and the verifier checks it again in a log.
//!
//! An entry has the rule's sentence, its subject, and the events that can break it.
//! [`Refusal::ground`](super::Refusal::ground) says which rule a refusal keeps, and `audit::rules`
//! checks each rule of the table. `docs/rules.md` is made from the three.

mod days;
mod declare;
mod givers;
mod of_refusals;
mod steps;
mod subject;

use days::DAYS;
use declare::rules;
pub use givers::{EventPermission, Giver};
pub use of_refusals::Ground;
use steps::STEPS;
pub use subject::RuleSubject;

rules! {
    Steps {
    StepsInOrder
        "An event comes only in a state of its record that allows it: the table under `Steps` in \
         the format of the log says which events need which states, and to which state each leads. \
         So a record begins once, a round is closed after it opened, and an update is accepted \
         after it was received. The group that another is merged into takes it in \
         (`GroupTakenIn`) after that and in the same command, and no group takes in one that was \
         not merged into it so. A gathering grows from one that was planned before it."
        STEPS
    }

    People {
    ActorNamed
        "The person whom an event names as the one who acted gave its command. The name is the \
         first of `confirmed_by`, `set_by`, `by`, `approved_by`, `prepared_by`, `verified_by`, \
         `keyed_by`, `kept_by`, `removed_by`, `shared_by`, `invited_by`, `started_by`, \
         `registered_by`, `changed_by`, `proposed_by`, `merged_by` and `read_by` that the event \
         has and that is not null; it equals `actor` in the metadata. So neither the operator nor \
         a job gives such an event. `MemberAdded`, `InterestDeclared` and `ScoreSetAside` can name \
         others. A person who registers another is named in `registered_by`, from the first event \
         that shows a later program, as `fields-complete` has it."
        ["*"]
    RoleHeld
        "A person acts in a role only while they hold it: before the first event of a command, its \
         actor held each role in the metadata. All events of a command have the same metadata."
        ["*"]
    ActorAllowed
        "The actor of an event is one of those whom the catalogue of events names for it under \
         *Given by*. `administrator`, `officer`, `finance`, `panel` and `connector` held that role \
         before the first event of the command. A `member` is a member of the group before the \
         event, or of one that it was merged into, directly or through others; it is the group of \
         the record, or the one for which the application of the record was started, or, in an \
         event of a fund, that of its `grant` or `application`. The application of a grant has \
         the same id. A `lead` leads the gathering of the record, or the one that `SignUpBegun` names, before the \
         event. The group of an entry of the directory is the one that holds it. The `person` is \
         the one of the record, who holds the entry or, in `MemberAdded`, `InvitationRefused` \
         and the events of gatherings and barriers, the one in the field `person`; \
         `ExchangeRecorded` is about the group or person in the field `receiver`; for a place \
         waited for (`PlaceTaken` with `waited`), the one who gave up a place last in the command. \
         In the record of an introduction the `person` is the one in `of`, and a `member` is one \
         of the group in `of` or, for an answer and what came of it, of the `holder`. \
         `anybody` is any person; `job` and `operator` are these actors. Who is named under \
         *Earlier also* gives the event too, until the first event that shows a later program, as \
         `fields-complete` has it."
        ["*"]
    OwnKey
        "A personal value is encrypted under the key of the one whom the record is about: its \
         `subject` is the person or group of the record, and for an application or a grant the \
         group that applied. In the record of a gathering it is the person whom the event is \
         about: the one in the field `person` or `lead`, in `NeedsForgotten` one of those who \
         signed up for the session, and in `HandForgotten` one of the leads who asked. In that of a barrier it is the `group` or else the `person` \
         who raised it. In an entry of the directory it is the person or group that holds it, and \
         in the record of an introduction the one in `of`. Records of funds and of the \
         organisation are not looked at."
        ["*"]
    RoleByTwo
        "One administrator proposes a role and another administrator confirms it; the end of the \
         role withdraws a proposal, the newest proposal counts, and the one who proposed is still \
         an administrator at the confirmation. The person is registered and not erased at both, \
         and their contact details are unchanged in between: `contact` says how often they had \
         changed since the registration. A person can confirm their own role. `FounderNamed` is by \
         the operator, while there are fewer than two administrators. `RoleGiven` is of earlier \
         programs: there is none after the first event that shows a later program, as \
         `fields-complete` has it."
        ["organisation.RoleConfirmed", "organisation.RoleProposed", "organisation.RoleGiven",
         "organisation.FounderNamed"]
    RolesExclude
        "No one is auditor and panel member at the same time, nor named as both in one event."
        ["organisation.RoleConfirmed", "organisation.FounderNamed"]
    TwoAdministrators
        "Once there have been two administrators, the end of a role `administrator` that a person \
         holds leaves at least two, unless the personal data of the person were erased before, \
         also earlier in the same command."
        ["organisation.RoleEnded"]
    ContactByTwo
        "Staff who change the contact details of another person need a second person, except for \
         the one who registered them, on the same day. Without `changed_by`, the person changed \
         them or a job did. A person who holds a role does not change an address that they have \
         proven; an address is the same one if its digest is."
        ["person.ContactChanged"]
    JoinedByInvitation
        "A person becomes a member of a group in the command that registers it, if they gave that \
         command, without `added_by`; or after they were invited (`MemberInvited`) and have not \
         answered since, with the one who invited them last as `added_by`. It holds from the first \
         event that shows the third program or a newer one, as `fields-complete` has it."
        ["group.MemberAdded"]
    MessagePassedOn
        "Staff record that a person was told by phone or letter once for each message that waited \
         for it, and not before the day of its cause. The one who records it holds a role. What is \
         taken back was recorded. `about` and `kind` are not compared."
        ["person.PersonTold", "person.TellingTakenBack", "person.EmailedInstead"]
    DaysOfTheClock
        "A day that the program takes from its clock is the day in Europe/London of `decided_at` \
         in the metadata: `registered_on`, `changed_on`, `added_on`, `removed_on`, `provided_on`, \
         `verified_on`, `passed_on`, `merged_on`, `started_on`, `requested_on`, `withdrawn_on`, \
         `prepared_on`, `approved_on`, `held_on`, `planned_on`, `opened_on`, `ended_on`, \
         `recorded_on`, `published_on`, `resumed_on`, `confirmed_on`, `tied_on`, `chosen_on`, \
         `sent_on` of `ReminderSent` and `NewsSent`, `received_on` of `UpdateReceived`, and \
         `raised_on`, `answered_on`, `taken_on`, `kept_on` and `asked_on` of `HandAskedFor`. A day that a person enters for \
         what has happened is not after it: `told_on`, `met_on` of `PanelMet`, `on` of \
         `ExchangeRecorded`, `paid_on`, `failed_on`, `reversed_on`, `happened_on`, \
         `consented_on` of `StoryPublished`, `asked_on` of tallies, and every other `sent_on` and \
         `received_on`."
        DAYS
    FieldsComplete
        "A field that a later program added is absent only before the first event that shows that \
         program or a newer one. The first added `registered_on` of a person with `registered_by`, \
         `RoleEnded.ended_on`, `MemberRemoved.removed_on`, `ApplicationStarted.started_on`, \
         `PaymentPrepared.sources`, `PaymentApproved.approved_on`, `GrantHeld.held_on` and \
         `ReturnReceived.satisfied`; the second `PayeeProvided.provided_on` and \
         `GroupMerged.merged_by`; the third `ContactChanged.changed_on`, `proposal` and `contact` \
         of `RoleProposed`, and `MemberAdded.added_on`; the fourth `GroupMerged.merged_on`; the \
         fifth `take_back_until` of `EligibilityConfirmed` and `EligibilityRefused`. An event \
         shows a program by a field that it added, or by its name: the first \
         `AttendanceConfirmed`; the second `AddressProven`; the third `MemberInvited`, `OfferSent` \
         and `RevocationConfirmed`; the fourth `SettingsSet`, `PersonToTell`, `DecisionTakenBack`, \
         `LetterReleased` and `NewsSent`; the fifth `StatementShared`, `CheckpointKeyRotated`, \
         `MailLanguageChosen`, `FileRemoved`, `AgreementSigned` and `GatheringPlanned`. A verifier \
         says for which events it did not check a rule, because they are of an earlier program."
        ["person.PersonRegistered", "person.ContactChanged", "organisation.RoleEnded",
         "organisation.RoleProposed", "group.MemberAdded", "group.MemberRemoved",
         "group.PayeeProvided", "group.GroupMerged", "application.ApplicationStarted",
         "application.EligibilityConfirmed", "application.EligibilityRefused",
         "grant.PaymentPrepared", "grant.PaymentApproved", "grant.GrantHeld",
         "grant.ReturnReceived"]
    }

    Settings {
    SettingsByTwo
        "One administrator proposes settings and another confirms the same settings. Until there \
         have been two administrators, one sets them alone, but not the account for returns."
        ["organisation.SettingsSet"]
    WordsByTwo
        "Words of an email that one administrator proposed are confirmed by another, as they were \
         proposed. From the first `MailTextProposed` on, the words of `sign_in`, \
         `colleague_invited` and `contact_changed` are published in this way only."
        ["organisation.MailTextPublished"]
    WebhookByTwo
        "A webhook is confirmed by another administrator than the one who proposed it, with the \
         number of the newest proposal. The end of the webhook withdraws a proposal."
        ["organisation.WebhookConfirmed"]
    StatementShared
        "An administrator, officer or finance person shares a funder's statement in their own \
         name, by a link with the next number, for at most 90 days from the day on which the event \
         was recorded. The funder has given money to a fund, and the statement does not end before \
         it begins. A person with one of these roles ends a link, once. A verifier adds a day to \
         the 90, because clocks differ."
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
        "A round opens, money is committed and an application is started or submitted, also after \
         changes, only while the fund is open: after `FundOpened` or `FundResumed`, and before the \
         next `FundPaused`, `FundClosed` or `FundArchived`. An application starts in a round of \
         its fund that has opened and is not completed, or, with `late`, in any round of it. \
         Without `late`, the day of `decided_at` in Europe/London is one of the days of the round \
         (`opens_on` to `closes_on`). Each application is received (`received_on`) on one of them. \
         It is submitted, and a draft comes back, on one of them and before `RoundClosed`, except \
         that a submission by another `channel` than `web` with a `late_reason` may come later. A \
         draft lapses on none of them, or after the round is completed. Changes come at the latest \
         on the `due_on` of the last `ChangesRequested`. A round closes after its last day, and is \
         extended to a later one only. Where an event has no `decided_at`, its day is not compared."
        ["fund.RoundOpened", "fund.RoundExtended", "fund.RoundClosed", "fund.Committed",
         "fund.CommitmentIncreased", "application.ApplicationStarted",
         "application.ApplicationSubmitted", "application.ApplicationResubmitted",
         "application.ApplicationLapsed", "application.DraftReopened"]
    Budget
        "A fund commits and gives back no more than is free, by source. It gives back for a grant \
         no more than was committed for that grant. Money that a funder gave for an area pays for \
         that area only. A raise (`CommitmentIncreased`) has the area and the round of the offer."
        ["fund.Committed", "fund.CommitmentIncreased", "fund.CommitmentReduced",
         "fund.CommitmentReleased", "fund.CommitmentTakenBack", "fund.FundingWithdrawn"]
    CommitmentMatches
        "After the last event of each command, the amount that the fund of a grant has committed \
         for it is, by source, the amount that was awarded and has been neither released nor \
         returned, as `grants.csv` counts it. No other fund has committed anything for it."
        ["fund.Committed", "fund.CommitmentIncreased", "fund.CommitmentReduced",
         "fund.CommitmentReleased", "fund.CommitmentTakenBack", "grant.GrantOffered",
         "grant.OfferDeclined", "grant.OfferLapsed", "grant.OfferWithdrawn",
         "grant.VariationApproved", "grant.AwardGrown", "grant.GrantTerminated",
         "grant.UnderspendDeclared", "grant.ReturnReceived", "grant.EntrySettled",
         "grant.PaymentReversed", "grant.AwardTakenBack", "grant.GrantClosed"]
    }

    Applications {
    ApplicationReachable
        "Someone in the group, or in one that it was merged into, could be reached when an \
         application was submitted, and the event names all ways: email, phone and post. People \
         who were invited and have not answered count. It holds from the first submission that \
         names a way. A person whose data were erased does not count, nor do the contact details \
         of the group."
        ["application.ApplicationSubmitted", "application.ApplicationResubmitted"]
    EligibleFirst
        "An application is scored, awarded, declined, deferred or put on the reserve list only \
         after it was submitted and its eligibility was confirmed, and while that has been neither \
         refused nor taken back. It is not scored or decided again after it was awarded, declined \
         or withdrawn, unless that decision was taken back or a review was upheld."
        ["application.ScoreGiven", "application.Awarded", "application.Declined",
         "application.Deferred", "application.Reserved"]
    DeclaredBeforeScore
        "A person who scores, or revises a score, sits on the panel and had declared that they \
         have no interest; their last declaration counts. An interest stays: the same person does \
         not declare later that there is none, and if they have scored, their score is set aside \
         in the same command while the application is neither awarded, declined nor withdrawn. \
         Help with the words does not count here, and `observes` makes no difference. People set \
         their own score aside; an administrator who has declared that they have no interest sets \
         aside that of another, or `HelpConfirmed` of the person does in the same command."
        ["application.ScoreGiven", "application.ScoreRevised", "application.ScoreSetAside",
         "application.NoInterestDeclared", "application.InterestDeclared"]
    ThemeAdopted
        "The theme (`activity`) that answers name is one of the themes adopted last, and so is \
         each of the `themes` of a gathering when it is planned or described, of an entry of the \
         directory when it is recorded or published, and of a lesson, and the `theme` of a \
         barrier. The theme of an offer is the one that the answers of its application named \
         last. It holds from the first `ThemesAdopted` on; before it, an offer may name none."
        ["application.AnswersSaved", "grant.GrantOffered", "gathering.GatheringPlanned",
         "gathering.GatheringDescribed", "asset.AssetRecorded", "asset.AssetPublished",
         "barrier.BarrierRaised", "organisation.LessonPublished"]
    }

    Decisions {
    DecisionByPanel
        "A panel member gives the command of a decision, is named as the one who recorded it \
         (`recorded_by`) and as present, and everyone who is named as present sits on the panel. \
         The same holds for a decision that is taken back and for an award that is raised. Earlier \
         programs did not write `recorded_by`."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved", "application.DecisionTakenBack", "grant.VariationApproved"]
    DecisionDeclared
        "Everyone who is named as present at a decision had declared that they have no interest in \
         the application; their last declaration counts. The same holds for a decision that is \
         taken back and for an award that is raised."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved", "application.DecisionTakenBack", "grant.VariationApproved"]
    Quorum
        "As many people as the rules of the fund ask for are named as present at a decision, and \
         when an award is raised; `quorum` says how many that is (earlier programs did not write \
         it). One person takes a decision back. An award that its quorum has confirmed needs the \
         same quorum again. An award that is raised (`more` is not 0.00) has a sitting. When a \
         decision is taken back, `quorum` of the sitting is not compared."
        ["application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved", "application.DecisionTakenBack", "grant.VariationApproved"]
    QuorumConfirmed
        "Before a payment is prepared, as many of those who were named as present at the last \
         decision on the application as its `quorum` says have confirmed it, and likewise for the \
         last raise of the award, which also comes before the next raise. Each confirms for \
         themselves, with the number of the decision or of the variation. The person who recorded \
         the decision counts as confirmed. After a decision was taken back, the one before it \
         counts; decisions are numbered from 1, also those that were taken back. Earlier programs \
         wrote neither `quorum` nor `recorded_by`; then everyone counts as confirmed."
        ["grant.PaymentPrepared", "grant.VariationApproved"]
    ReviewByAnother
        "A review is decided by a person who was not present at the decline that it is about, or \
         did not refuse the eligibility, and whose last declaration is that they have no interest."
        ["application.ReviewDecided"]
    AwardBounds
        "An award is within the bounds in the rules of its fund, and between £500 and £2,500. An \
         award that is raised is at most the maximum of the fund and £2,500."
        ["application.Awarded", "grant.AwardGrown"]
    WholeAward
        "Decision, commitment and offer of an award are in one command, with the same amount, \
         area, days and conditions, and none of them is without the others. `letters_on` of the \
         decision’s `letter` and of the offer is the same, and neither has one without the other. \
         Fund, group and round are those of the application."
        ["application.Awarded", "fund.Committed", "grant.GrantOffered"]
    TakenBackInTime
        "A decision is taken back only while its letter is held and its offer was not sent, or a \
         decline before `take_back_until`, which is at most ten minutes later; an eligibility only \
         before its `take_back_until`, and before anything else happens to the application than \
         declarations, help, a choice of language, confirmed attendance and a public summary. A \
         verifier adds 10 seconds to the ten minutes and 60 seconds to the moment, because clocks \
         differ. After the command that takes an award back, nothing is committed for its grant. \
         `AwardTakenBack` and `CommitmentTakenBack` come after the `DecisionTakenBack` of their \
         award, in the same command."
        ["grant.AwardTakenBack", "fund.CommitmentTakenBack",
         "application.DecisionTakenBack", "application.EligibilityTakenBack",
         "application.EligibilityConfirmed", "application.EligibilityRefused",
         "application.Declined"]
    }

    Agreements {
    AgreementText
        "Agreements are published with the versions 1, 2, 3 and so on, each with the SHA-256 of \
         its text in hexadecimal. The text that is issued for a grant has the version and the hash \
         of the one that the organisation published last, and the group accepts and signs the text \
         that was issued last for its grant."
        ["organisation.AgreementPublished", "grant.AgreementIssued", "grant.AgreementAccepted",
         "grant.AgreementSigned"]
    AgreementSigners
        "An offer asks for as many signers as the rules of its fund, and as many accept: the names \
         count, those with one digest once, or, where each person signs with their own account, \
         the people who signed."
        ["grant.GrantOffered", "grant.AgreementAccepted"]
    SignedForSelf
        "Where each person signs with their own account, each is a member of the group, or of one \
         that it was merged into, and signs once and for themselves. The names that accept are the \
         names that were signed."
        ["grant.AgreementSigned", "grant.AgreementAccepted"]
    LettersInOrder
        "The letter of an offer is held from `GrantOffered` with `letters_on` until \
         `LetterReleased`. It is moved and released only while it is held, and its `letters_on` is \
         after the day of `decided_at` in Europe/London. An offer that `waits` is sent once, when \
         its letter is not held any more, and the group signs, accepts or declines it only after \
         that, and until its last `expires_on`. `expires_on` is at least the `offer_days` of the \
         rules of the fund after `letters_on`, or, where there is none, after the day of \
         `decided_at`."
        ["grant.GrantOffered", "grant.OfferSent", "grant.LetterMoved", "grant.LetterReleased",
         "grant.AgreementSigned", "grant.AgreementAccepted", "grant.OfferDeclined"]
    LapsedAfterLastDay
        "An offer lapses only after its last day: `expires_on` of the newest `GrantOffered`, \
         `OfferSent` or `LetterMoved` of the grant. The day on which it lapses is that in \
         Europe/London of `recorded_at`; a verifier adds 60 seconds to it, because clocks differ."
        ["grant.OfferLapsed"]
    AgreementBeforePayment
        "A payment is prepared only after the group has accepted the agreement of its newest \
         offer, and before the offer or the grant ends."
        ["grant.PaymentPrepared"]
    ChecksPassed
        "An instalment that a day releases is prepared on that day or later. An offer has each \
         check of the rules of its fund. When a payment is prepared, each check and condition of \
         the grant has passed and is in date, or was waived. A condition for one instalment, or a \
         check that was added later, holds back one instalment only if it is tied to one. A check \
         that is used again is on the file of the group, from a grant of the group that passed it. \
         In date means on `prepared_on` or later; a check that is requested or fails is open \
         again. The file is the newest one of the group or of one that it was merged with, with \
         the same `good_until`. The checks for people at risk are not looked at. After a change of \
         the amount the instalments without a payment fall away."
        ["grant.GrantOffered", "grant.CheckReused", "grant.PaymentPrepared", "group.CheckFiled"]
    CheckWaivedByTwo
        "A check is waived by another person than the one who proposed it, who is still an \
         officer, and it was neither requested, passed nor failed in between."
        ["grant.CheckWaived"]
    }

    Payments {
    PayeeByTwo
        "The newest bank details of a group are verified by a person who neither entered them nor \
         is in `behind`. `behind` has everyone on whose word the person who entered them is known: \
         who registered that person and whose invitation to the group they accepted, and so on for \
         each of these, up to people with a role. For a person who is no member of the group, or \
         became one without `added_by` after a merger, it is the one in `merged_by` of its last \
         merger instead of an invitation. `behind` is checked where `provided_on` is there."
        ["group.PayeeProvided", "group.PayeeVerified"]
    PayeeVerified
        "A payment is prepared for, and approved while it is for, the newest bank details of the \
         group, and these are verified. The bank has not returned another payment of the grant \
         from them (`PaymentFailed`, `PaymentReversed`): then the group enters bank details again. \
         This holds from the first `ThemesAdopted`, `GatheringPlanned` or payment with \
         `waits_until` on."
        ["grant.PaymentPrepared", "grant.PaymentApproved"]
    PaymentByTwo
        "An offer asks for as many people for each payment as the rules of its fund, and each \
         payment for as many as its offer. When it is sent, so many have acted on it: the person \
         who prepared it, and others who each approved it once. None of those who approved entered \
         the bank details or is in `behind`."
        ["grant.GrantOffered", "grant.PaymentPrepared", "grant.PaymentApproved",
         "grant.PaymentSent"]
    PaymentByFinance
        "The person who approves a payment holds the finance role."
        ["grant.PaymentApproved"]
    Unconnected
        "A person who confirms or refuses an eligibility, scores, decides a review, is named as \
         present at a decision, at a raise or at the proposal of a revocation, confirms that they \
         were or confirms a revocation, approves or refuses a change of a grant, verifies bank \
         details, prepares or approves a payment, lets one leave early, settles an entry of the \
         bank or gives up money or a check is not a member of the group, or of one that it was \
         merged with, and has not left one since the application began. Except for bank details \
         they have never declared an interest in it either. For bank details, the newest \
         application of the group is the one that counts. When a payment is prepared or approved, \
         this holds again for those who prepared it and who verified its bank details."
        ["group.PayeeVerified", "grant.PaymentPrepared", "grant.PaymentApproved",
         "grant.EarlyPaymentConfirmed", "grant.EntrySettled", "grant.ReturnWaived",
         "grant.CheckWaived", "application.EligibilityConfirmed", "application.EligibilityRefused",
         "application.ScoreGiven", "application.ScoreRevised", "application.ReviewDecided",
         "application.Awarded", "application.Declined", "application.Deferred",
         "application.Reserved", "application.DecisionTakenBack",
         "application.AttendanceConfirmed", "grant.VariationApproved", "grant.VariationRefused",
         "grant.RevocationProposed", "grant.RevocationConfirmed", "grant.AttendanceConfirmed"]
    NotOnHold
        "No payment is prepared, approved or sent while its grant is on hold, except that one is \
         recorded as sent, outside a batch, on a day before the hold."
        ["grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentSent"]
    PaymentOrder
        "A payment is prepared with the next number of its grant (1, 2, 3 …), then approved by all \
         who must, sent, and then confirmed, failed or reversed; only a confirmed payment is \
         reversed or its day corrected. It is rejected before it is approved by all and cancelled \
         before it is sent. It is neither sent nor paid before the day of its last approval, nor \
         does it fail before it was sent or come back before it was paid."
        ["grant.PaymentPrepared", "grant.PaymentApproved", "grant.PaymentRejected",
         "grant.PaymentCancelled", "grant.PaymentSent", "grant.PaymentConfirmed",
         "grant.PaymentCorrected", "grant.PaymentFailed", "grant.PaymentReversed"]
    PaymentAmount
        "A payment is prepared for no more than is neither paid nor reserved for other payments of \
         the grant, in total and by source; without `sources` only in total. The amount and \
         sources that are sent are those that were prepared, all of a failed payment comes back, \
         and no more of a reversed one than was sent. `BatchSent` says how many payments with its \
         `batch` are sent in its command, and their sum; no other payment names a batch."
        ["grant.PaymentPrepared", "grant.PaymentSent", "grant.PaymentFailed",
         "grant.PaymentReversed", "fund.BatchSent"]
    PaymentWaits
        "No payment leaves for the fund’s `payee_wait_days`, 3 if it has none, counted from the \
         day of the last change at the group, or at one that it was merged into: other bank \
         details, a member who joined by invitation or left, a merger, or other contact details of \
         a member. Two people, the first still an officer or of finance, the second of finance, \
         can let it leave early with the `mark` of that change: `group` counts the changes of \
         bank details and members at these groups, also mergers, and `addresses` those of contact \
         details of the members of now. It is so when it is proposed and when the payment leaves, \
         and the same in both events. The last proposal counts, once, and `until` decides nothing. \
         A change without a day makes no wait. The first bank details, members without `added_by` \
         and the end of a membership that there was not are no change. `waits_until` of \
         `PaymentPrepared` is not compared."
        ["grant.PaymentSent", "grant.EarlyPaymentConfirmed"]
    }

    Grants {
    ChangeByTwo
        "A change of a grant is approved by another person than the one who asked for it, as it \
         was asked for. A panel member approves it, or an officer if it changes neither amount nor \
         purpose. The award before it, as `grants.csv` counts it, and `more` are together the new \
         amount and `released`; the award grows by `more` in the same command, and in no other \
         way."
        ["grant.VariationApproved", "grant.AwardGrown"]
    RevocationByPanel
        "An offer is withdrawn, a grant terminated or money demanded back by as many people as the \
         last decision on the application needed (its `quorum`, or the quorum in the rules of the \
         fund if it has none). One records it and names who was present: they sit on the panel and \
         have declared that they have no interest, and `quorum` of the sitting is that number. \
         Each of the others confirms the newest proposal for themselves: `by` is the actor. It \
         takes effect once, as proposed, in a command that confirms it and after which enough \
         have, and nobody confirms it later; the one who recorded it counts. Where one person is \
         enough, a panel member does it without a proposal. As proposed means with the same kind, \
         `reason` and `amount`."
        ["grant.RevocationProposed", "grant.RevocationConfirmed", "grant.OfferWithdrawn",
         "grant.GrantTerminated", "grant.ClawbackDemanded"]
    ReturnCovered
        "No more is asked back than the bank has confirmed as paid and is not due back already. No \
         more comes back from a source than was so paid, and no more is settled or given up than \
         came back or was due. Of an entry of the bank, no more counts than came in. An entry that \
         went out counts for nothing. A return without `satisfied` settles its whole amount for \
         `owed`. The `amount` of an underspend is what it releases and what is due back."
        ["grant.UnderspendDeclared", "grant.ClawbackDemanded", "grant.ReturnReceived",
         "grant.EntrySettled", "grant.PaymentReversed", "grant.ReturnWaived"]
    ReturnWaivedByTwo
        "Money that is due back is given up by another person than the one who proposed it, who is \
         still an officer or of finance, and it is the amount that was proposed since the amount \
         that is due was last settled in part."
        ["grant.ReturnWaived"]
    EntrySettledByTwo
        "An entry of the bank is settled once, by another person than the one who proposed how, \
         who is still an officer or of finance, with the amount that was proposed. The amount is \
         the sum of `sources`."
        ["grant.EntrySettled"]
    ClosedInOrder
        "A grant is closed only after its final update was accepted or excused, and neither \
         received nor queried after that, with no payment under way and nothing due back. The \
         final update is the one that was requested last with `last`. Under way is a payment that \
         was prepared and neither confirmed, rejected, cancelled, failed nor reversed. An entry of \
         the bank may be open. A grant is terminated with no payment under way. `released` of both \
         is what was awarded and not paid, by source."
        ["grant.GrantClosed", "grant.GrantTerminated"]
    }

    Gatherings {
    GatheringLed
        "A gathering opens only while someone leads it, and with a risk check that is in date on \
         `opened_on` if it asks for one. While it is open the last lead does not leave. A person \
         takes the lead only if the newest offer was to them and no one has taken it since."
        ["gathering.GatheringOpened", "gathering.LeadLeft", "gathering.LeadTaken"]
    SessionPlaces
        "A planned session has no more people by name than places, and no one has a place or waits \
         twice. People wait only while all places are taken, each with the next `rank`, and a \
         place goes to the first of those who wait. Where people are counted, no one signs up by \
         name."
        ["gathering.PlaceTaken", "gathering.WaitingJoined", "gathering.SessionMoved"]
    }

    Directory {
    DirectoryPrivate
        "No entry that a person holds is published. One that a person holds has no name and has \
         `words`; one that no person holds has a name and no `words`. A `skill` or an `interest` \
         has a holder."
        ["asset.AssetRecorded", "asset.AssetPublished"]
    DirectoryConsent
        "What a person holds is recorded only while they agree to the purpose `skills`, and they \
         give or receive time only while they agree to `time_bank`: their last `ConsentGiven` or \
         `ConsentTakenBack` for the purpose counts."
        ["asset.AssetRecorded", "asset.ExchangeRecorded"]
    HoursBalanced
        "Each exchange has a minute or more, and the next number of its entry; only an exchange \
         that was recorded is corrected. What a party gave counts for it and what it received \
         against it, with the minutes that were recorded or corrected last, so the balances of all \
         parties together are nought."
        ["asset.ExchangeRecorded", "asset.ExchangeCorrected"]
    HoursReceived
        "The giver and the receiver of an exchange are two people or groups, and groups that were \
         merged count as one. Nobody records or corrects time that they gave, as a person or as a \
         member of the group."
        ["asset.ExchangeRecorded", "asset.ExchangeCorrected"]
    }

    Introductions {
    ConsentOnNotice
        "Who agrees names the version of the notice that is in force for what they agree to: the \
         newest `NoticePublished` for its purpose. Versions of one purpose count up from 1."
        ["person.ConsentGiven", "introduction.IntroductionAgreed", "organisation.NoticePublished"]
    IntroductionAgreed
        "An introduction is made only after it was agreed to, to the same entry of the directory, \
         and not after the agreement was taken back. What is said by phone or in person was read \
         back."
        ["introduction.IntroductionAgreed", "introduction.IntroductionMade"]
    IntroductionWelcomed
        "An introduction is asked for and made only to an entry that is listed and welcomes \
         people. `holder` is the group that holds it. Those who are introduced do not hold it; \
         groups that were merged count as one."
        ["introduction.IntroductionAsked", "introduction.IntroductionMade"]
    IntroductionChecked
        "People who may be at risk (`at_risk`, when it was asked or made) are introduced only to \
         an entry that a group holds whose check `safeguarding` is in date on `made_on`. If the \
         group was merged into another one, that one's check is in date too."
        ["introduction.IntroductionMade"]
    }

    Barriers {
    PledgeInForce
        "The pledges are published as the next version, each key once. A pledge that a person \
         takes is in the version that the event names, which is the newest then. A pledge is \
         kept or dropped only by someone who took it and has neither kept nor dropped it since."
        ["organisation.PledgesPublished", "person.PledgeTaken", "person.PledgeKept",
         "person.PledgeDropped"]
    AnswerAfterPassingOn
        "A barrier has an answer only after it was passed on. What comes of a further answer \
         (`comes_to`) is not what came of the one before. A barrier that takes in another one \
         takes in all who raised that one, in the command that joins it. What is withdrawn was \
         passed on, and has to be passed on again before an answer."
        ["barrier.BarrierAnswered", "barrier.BarrierTakenIn", "barrier.BarrierJoined",
         "barrier.BarrierWithdrawn"]
    }

    Learning {
    LessonConsented
        "Lessons are published with the numbers 1, 2, 3 and so on. A lesson with words of a group \
         has `consent`, with a `consented_on` that is not after `published_on`. It has words of a \
         group if its `voice` is `group` or if its `grew_from` names an `update`."
        ["organisation.LessonPublished"]
    TallyOfAims
        "Aims are adopted with the versions 1, 2, 3 and so on. The question of a tally is in \
         the aims of its `version`, and each option in `counts` is one of that question there. A \
         tally has the next number of its record and is of two people or more. A correction is of \
         a tally that was given, with options of the same question."
        ["organisation.AimsAdopted", "group.TallyGiven", "group.TallyCorrected",
         "gathering.TallyGiven", "gathering.TallyCorrected"]
    ChosenStory
        "A story is chosen after it was published and before it is withdrawn, and once at each \
         gathering."
        ["gathering.StoryChosen"]
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
