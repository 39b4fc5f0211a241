//! The sentences after actions on groups and applications, and after forms that are not commands.

use super::{ActionNotice, says};

pub(super) const OF_RECORDS: &[ActionNotice] = &[
    says("groups", "register", "Group added."),
    says("groups", "correct", "Name and area saved."),
    says(
        "groups",
        "take-correction",
        "Accepted. The new name and area are public now.",
    ),
    says(
        "groups",
        "refuse-correction",
        "Not accepted. The old name and area stay.",
    ),
    says("groups", "set-contact", "Contact details saved."),
    says("groups", "record-identifier", "Number saved."),
    says(
        "groups",
        "add-member",
        "Invited. They join once they say yes.",
    ),
    says("groups", "join", "Joined. They can act for the group now."),
    says("groups", "refuse-invitation", "Invitation declined."),
    says(
        "groups",
        "remove-member",
        "Removed. They can no longer act for the group.",
    ),
    says(
        "groups",
        "provide-payee",
        "Bank details saved. Someone else must check them before we pay.",
    ),
    says(
        "groups",
        "verify-payee",
        "Bank details checked. Payments can go there.",
    ),
    says("groups", "keep-file", "File saved."),
    says("groups", "remove-file", "File removed."),
    says("groups", "merge", "Groups joined into one."),
    says("groups", "record-past-grant", "Earlier grant added."),
    says(
        "groups",
        "request-erasure",
        "Erasure asked for. Someone in the office will look at it within a month.",
    ),
    says(
        "groups",
        "refuse-erasure",
        "Erasure refused. Your reason is saved.",
    ),
    says("groups", "erase", "Erased. It cannot be undone."),
    says("applications", "start", "Application started."),
    says("applications", "save-answers", "Answers saved."),
    says("applications", "submit", "Application sent."),
    says("applications", "choose-language", "Language saved."),
    says("applications", "request-changes", "Question sent.")
        .until("due_on", "Question sent. The group has until {day}."),
    says(
        "applications",
        "resubmit",
        "Sent again. It is back in the list to check.",
    ),
    says(
        "applications",
        "confirm-help",
        "Saved. They helped with the wording, so they take no part in the decision.",
    ),
    says(
        "applications",
        "confirm-eligibility",
        "Marked as eligible. The panel can score it.",
    ),
    says(
        "applications",
        "refuse-eligibility",
        "Marked as not eligible. You can undo it for ten minutes. Then the group hears.",
    ),
    says(
        "applications",
        "take-back-eligibility",
        "Undone. The application is back to check, and the group has heard nothing.",
    ),
    says(
        "applications",
        "declare",
        "Your declaration is saved. Colleagues can see what you declared.",
    ),
    says("applications", "score", "Score saved."),
    says("applications", "revise-score", "Score changed."),
    says(
        "applications",
        "set-aside-score",
        "Score set aside. It no longer counts.",
    ),
    says(
        "applications",
        "write-summary",
        "Public title and description saved.",
    ),
    says(
        "applications",
        "award",
        "Award recorded. The offer goes out once everyone named has confirmed.",
    ),
    says(
        "applications",
        "promote",
        "Award recorded. The offer goes out once everyone named has confirmed.",
    ),
    says(
        "applications",
        "decline",
        "Recorded as not funded. You can undo it for ten minutes. Then the group hears.",
    ),
    says(
        "applications",
        "defer",
        "Decision put off. The group hears that it takes longer.",
    ),
    says(
        "applications",
        "reserve",
        "Put on the reserve list. The group hears about it.",
    ),
    says(
        "applications",
        "take-back-decision",
        "Taken back. The group was never told.",
    ),
    says(
        "applications",
        "refuse-help",
        "Saved. They did not help with the wording.",
    ),
    says(
        "applications",
        "confirm-attendance",
        "Confirmed. You were at the meeting.",
    ),
    says(
        "applications",
        "request-review",
        "Review asked for. Someone who did not decide will look at it.",
    ),
    says(
        "applications",
        "decide-review",
        "Review decided. The group hears about it.",
    ),
    says("applications", "withdraw", "Application withdrawn."),
    says(
        "applications",
        "lapse",
        "Application closed. It was not sent in time.",
    ),
    says(
        "applications",
        "reopen-draft",
        "Application open again. The group can finish it.",
    ),
    says("applications", "remind-draft", "Reminder sent."),
    says("", "keyed-in", "Application saved."),
    says("", "bank-entries", "The lines you ticked are recorded."),
    says(
        "",
        "bank-entries-again",
        "These lines were recorded before. Nothing has changed.",
    ),
    says(
        "",
        "draft-saved",
        "Draft saved. Find it again in the list of applications, under Not sent yet.",
    ),
    says("", "try-again", "The email will be sent again."),
    says("", "told", "Saved. They are off the list."),
    says("", "not-told", "Undone. They are back on the list."),
    says("", "emailed", "The email is on its way."),
    says("", "colleague-invited", "Your colleague has been invited."),
    says(
        "",
        "test-sent",
        "The test message is on its way. Open the link in it.",
    ),
    says(
        "",
        "email-saved",
        "Saved. Send yourself a test message to see if it works.",
    ),
    says(
        "",
        "email-proposed",
        "Proposed. A second administrator must agree before we use it.",
    ),
    says("", "questions-ready", "The questions are ready."),
    says("", "agreement-ready", "The agreement is ready."),
    says("", "fund-ready", "The fund is set up."),
    says(
        "",
        "round-planned",
        "The round is planned. Look at it as a group sees it, then open it.",
    ),
    says("", "round-open", "The round is open. Groups can apply."),
];
