//! What each event is called in the history of a record: what its actor did, in the words of the
//! office.

/// What an actor did: "sent the application".
pub(super) fn deed_of(event: &str) -> &'static str {
    DEEDS
        .iter()
        .find(|(known, _)| *known == event)
        .map_or("changed this record", |(_, deed)| deed)
}

/// Each event, by its name.
const DEEDS: &[(&str, &str)] = &[
    // Applications.
    ("ApplicationStarted", "started the application"),
    ("AnswersSaved", "saved answers"),
    ("ApplicationSubmitted", "sent the application"),
    (
        "ApplicationResubmitted",
        "answered our question and sent it again",
    ),
    ("ApplicationWithdrawn", "withdrew the application"),
    (
        "ApplicationLapsed",
        "closed the application: it was not sent in time",
    ),
    (
        "DraftReminded",
        "reminded the group that the round closes soon",
    ),
    ("DraftReopened", "opened the application again"),
    ("LanguageChosen", "recorded the group’s language"),
    ("ChangesRequested", "asked the group a question"),
    ("EligibilityConfirmed", "marked it as eligible"),
    ("EligibilityRefused", "marked it as not eligible"),
    ("EligibilityTakenBack", "put it back to check"),
    ("InterestDeclared", "declared a conflict of interest"),
    ("NoInterestDeclared", "declared no conflict of interest"),
    ("HelpConfirmed", "confirmed who helped with the wording"),
    ("HelpRefused", "said that the named helper did not help"),
    ("ScoreGiven", "scored it"),
    ("ScoreRevised", "changed a score"),
    ("ScoreSetAside", "set a score aside"),
    (
        "PublicSummaryWritten",
        "wrote the public title and description",
    ),
    ("Awarded", "recorded the award"),
    ("Reserved", "put it on the reserve list"),
    ("Deferred", "put the decision off"),
    ("Declined", "recorded that it is not funded"),
    (
        "AttendanceConfirmed",
        "confirmed that they were at the meeting",
    ),
    ("ReviewRequested", "asked for a review of the decision"),
    ("ReviewDecided", "decided the review"),
    ("LetterReleased", "released the letter to the group"),
    ("LetterMoved", "moved the day of the letter"),
    (
        "DecisionTakenBack",
        "took the decision back before the letter went out",
    ),
    // Grants.
    ("GrantOffered", "offered the grant"),
    ("OfferSent", "sent the offer"),
    (
        "AwardTakenBack",
        "took the award back before the letter went out",
    ),
    ("OfferDeclined", "declined the offer"),
    ("OfferLapsed", "closed the offer: it ran out"),
    ("OfferWithdrawn", "withdrew the offer"),
    ("AgreementIssued", "issued the agreement"),
    ("AgreementSigned", "signed the agreement as one of several"),
    ("AgreementAccepted", "signed the agreement"),
    ("CheckRequested", "asked for a paper"),
    ("CheckPassed", "passed a check"),
    ("CheckFailed", "marked a check as not accepted"),
    ("CheckReused", "used last year’s check"),
    ("CheckWaived", "agreed to skip a check"),
    ("WaiverProposed", "asked to skip a check"),
    ("PaymentsScheduled", "planned the payments"),
    ("ScheduleProposed", "proposed a plan for the payments"),
    ("EarlyPaymentProposed", "asked to pay earlier than planned"),
    (
        "EarlyPaymentConfirmed",
        "agreed to pay earlier than planned",
    ),
    ("PaymentPrepared", "prepared a payment"),
    ("PaymentApproved", "approved a payment"),
    ("PaymentRejected", "rejected a payment"),
    ("PaymentCancelled", "cancelled a payment"),
    ("PaymentSent", "sent a payment"),
    ("PaymentConfirmed", "confirmed that a payment arrived"),
    ("PaymentFailed", "recorded that a payment bounced"),
    (
        "PaymentReversed",
        "recorded that the bank took a payment back",
    ),
    ("PaymentCorrected", "corrected the date of a payment"),
    ("EntrySettled", "matched a line of the bank statement"),
    (
        "EntryUnsettled",
        "saved a bank line that does not match yet",
    ),
    (
        "SettlementProposed",
        "proposed what a line of the bank statement is for",
    ),
    ("UpdateRequested", "set the day for a report"),
    ("UpdateSaved", "saved a part of a report"),
    ("UpdateReceived", "sent a report"),
    ("UpdateAccepted", "accepted a report"),
    ("UpdateQueried", "asked a question about a report"),
    ("UpdateExcused", "said that no report is needed"),
    ("UpdateMoved", "moved the day of a report"),
    ("UpdateCorrected", "corrected the numbers of a report"),
    ("ReminderSent", "sent a reminder"),
    ("OutcomeJudged", "added our own view of a sign"),
    ("NewsSent", "sent news"),
    ("StoryPublished", "published a story"),
    ("StoryWithdrawn", "took a story down"),
    ("VariationRequested", "asked for a change"),
    ("VariationApproved", "agreed to a change"),
    ("VariationRefused", "did not agree to a change"),
    ("AwardGrown", "raised the award"),
    ("UnderspendDeclared", "said that money is left"),
    ("ReturnRequested", "asked for money back"),
    ("ReturnReceived", "recorded that money came back"),
    (
        "ReturnWaiverProposed",
        "asked to let the group keep what is left",
    ),
    ("ReturnWaived", "let the group keep what is left"),
    ("ClawbackDemanded", "asked for the money back"),
    ("GrantHeld", "put the grant on hold"),
    ("GrantResumed", "took the grant off hold"),
    ("RevocationProposed", "proposed to stop the grant"),
    ("RevocationConfirmed", "agreed to stop the grant"),
    ("GrantTerminated", "stopped the grant"),
    ("GrantClosed", "finished the grant"),
    // Groups.
    ("GroupRegistered", "registered the group"),
    ("GroupCorrected", "corrected the group’s name or area"),
    (
        "GroupCorrectionProposed",
        "asked to correct the group’s name or area",
    ),
    ("GroupCorrectionRefused", "did not accept the correction"),
    ("ContactSet", "changed how to reach the group"),
    ("IdentifierRecorded", "recorded a registration number"),
    ("MemberInvited", "invited a member"),
    ("InvitationRefused", "turned down the invitation"),
    ("MemberAdded", "joined the group"),
    ("MemberRemoved", "ended a membership"),
    ("PayeeProvided", "gave the bank details"),
    ("PayeeVerified", "checked the bank details"),
    ("CheckFiled", "filed a check for the group"),
    ("FileKept", "added a file"),
    ("FileRemoved", "removed a file"),
    ("GrantOpened", "opened a grant for the group"),
    ("GrantEnded", "ended a grant of the group"),
    ("GroupMerged", "merged this group into another"),
    ("GroupTakenIn", "merged another group into this one"),
    ("PastGrantRecorded", "recorded a grant from before"),
    // Funds.
    ("FundCreated", "set up the fund"),
    ("RulesSet", "set the rules"),
    ("RulesProposed", "proposed new rules"),
    ("RulesConfirmed", "confirmed the rules"),
    ("RulesRefused", "did not accept the new rules"),
    ("FundOpened", "opened the fund"),
    ("FundPaused", "paused the fund"),
    ("FundResumed", "reopened the fund"),
    ("FundClosed", "closed the fund"),
    ("FundArchived", "archived the fund"),
    ("FundingAllocated", "recorded money from a funder"),
    ("FundingWithdrawn", "recorded that a funder took money back"),
    ("RoundPlanned", "planned a round"),
    ("RoundOpened", "opened a round"),
    ("RoundExtended", "moved the closing day of a round"),
    ("RoundClosed", "closed a round"),
    ("DecidingStarted", "started deciding a round"),
    ("RoundCompleted", "finished a round"),
    ("PanelMet", "recorded a panel meeting"),
    ("LettersReleased", "released the letters of a meeting"),
    ("LettersMoved", "moved the day of the letters of a meeting"),
    ("Committed", "set money aside for an award"),
    ("CommitmentIncreased", "set more money aside for an award"),
    ("CommitmentReduced", "set less money aside for an award"),
    ("CommitmentReleased", "freed money that was set aside"),
    (
        "CommitmentTakenBack",
        "freed money of an award that was taken back",
    ),
    ("ReserveListed", "put an application on the reserve list"),
    (
        "ReserveUnlisted",
        "took an application off the reserve list",
    ),
    ("BatchSent", "sent a batch of payments"),
    ("BankFileMade", "made a bank file"),
    // People.
    ("PersonRegistered", "entered the contact details"),
    ("AddressProven", "showed that the email address is theirs"),
    ("ContactChanged", "changed contact details"),
    ("MailLanguageChosen", "chose the language of emails"),
    ("ContactChangeProposed", "asked to change contact details"),
    (
        "ContactChangeRefused",
        "did not accept the change of contact details",
    ),
    (
        "PersonToTell",
        "found no email address, so someone phones or writes",
    ),
    ("PersonTold", "told them by phone or letter"),
    ("TellingTakenBack", "put them back on the list to tell"),
    ("EmailedInstead", "sent it by email after all"),
    ("AccessEnded", "ended every session and token"),
    ("GroupBegun", "started a group"),
    ("DraftBegun", "started an application"),
    // People and groups.
    ("ErasureRequested", "asked to erase what we hold"),
    ("ErasureRefused", "did not agree to erase what we hold"),
    ("PersonalDataErased", "erased the personal details"),
    // The organisation.
    ("OrganisationFounded", "set up the organisation"),
    (
        "SettingsProposed",
        "proposed new details of the organisation",
    ),
    ("SettingsSet", "changed the details of the organisation"),
    ("SettingsRefused", "did not accept the new details"),
    ("FounderNamed", "named one of the first people"),
    ("LogRestored", "restored the records from a backup"),
    (
        "CheckpointKeyRotated",
        "changed the key that signs the records",
    ),
    ("RoleProposed", "proposed a role"),
    ("RoleConfirmed", "confirmed a role"),
    ("RoleGiven", "gave a role"),
    ("RoleEnded", "ended a role"),
    ("SignsAdopted", "chose the signs of success"),
    ("ThemesAdopted", "chose the themes"),
    ("FormPublished", "published the questions"),
    ("AgreementPublished", "published the agreement"),
    ("ReportPublished", "published a report on an area"),
    ("MailTextPublished", "saved the wording of an email"),
    ("MailTextProposed", "proposed the wording of an email"),
    ("MailTextRefused", "did not accept the wording of an email"),
    (
        "WebhookProposed",
        "proposed a connection to another program",
    ),
    (
        "WebhookConfirmed",
        "confirmed a connection to another program",
    ),
    ("WebhookEnded", "ended a connection to another program"),
    ("WebhookSecretMade", "made a secret for a connection"),
    ("StatementShared", "made a link to a funder’s statement"),
    ("StatementLinkEnded", "ended a link to a funder’s statement"),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::EVENT_NAMES;

    #[test]
    fn each_event_has_its_words() {
        for name in EVENT_NAMES.iter().flat_map(|(_, names)| names.iter()) {
            assert!(DEEDS.iter().any(|(known, _)| known == name), "{name}");
        }
    }
}
